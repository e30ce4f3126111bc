"""A web with its outfalls, and the incident that makes one of its sections fail."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from incident_maker.epanet import STEP_H, WARM_H, Epanet, cut, sweep
from incident_maker.web import ITEMS, Array, make_outfalls, make_sections, make_web

LIMIT_MG_L = np.array([1.0, 0.2, 6.0, 1.0])  # class III
DECAY_1_D = np.array([0.10, 0.04, 0.07, 0.0])
#: how strongly an incident raises each item beside the others (median; sd of ln)
RISE, RISE_SPREAD = np.array([1.2, 0.7, 1.0, 1.0]), 0.4
HOURS = (12, 24, 48, 96)
FACTOR = (2.5, 50.0)
#: the worst section peaks between these, as a multiple of its limit
PEAK = (1.25, 2.05)
#: and two readings are above this multiple: a blip between readings is no incident
SEEN = 1.1
STILL_M3_S = 0.008  # less is a dead arm
USUAL_KEPT = 0.6  # share of the webs kept in which a section fails without incident
LOAD_PULL = 0.7  # 0: every outfall is as likely the culprit; 1: by its usual share
MOST_FAILING = 3  # sections x items; worse incidents need no analyst


@dataclass
class Incident:
    """Who, when, how strong, and what the sections saw."""

    outfall: str
    first_h: int
    hours: int
    factor: float
    by_item: Array
    series: dict[str, pd.DataFrame]
    failing: list[tuple[str, str, float]]


class Case:
    """A web with its outfalls, sections, true flows and usual concentrations."""

    def __init__(self, rng: np.random.Generator, *, columns: int, rows: int) -> None:
        self.rng = rng
        self.web = make_web(rng, columns=columns, rows=rows)
        self.outfalls = make_outfalls(rng, self.web, int(rng.integers(14, 36)))
        self.sections = make_sections(rng, self.web, int(rng.integers(4, 8)))
        self.decay = DECAY_1_D * np.exp(rng.normal(0, 0.15, len(ITEMS)))
        self.pipes = cut(self.web, self.outfalls, self.sections)
        self.epanet = Epanet(self.web, self.pipes, self.outfalls)
        self.usual = {}
        for i, item in enumerate(ITEMS):
            mg_l, flow = self.epanet.run(i, self.decay[i], None)
            self.usual[item] = mg_l[list(self.sections.id)].loc[WARM_H:]
        self.pipes.flow_m3_s = flow.loc[
            [f"P{k}" for k in range(len(self.pipes.river))]
        ].to_numpy(float)
        swept = [sweep(self.pipes, k) for k in self.decay]
        self.water = swept[0][0]
        self.influence = {
            item: s[1].loc[list(self.outfalls.id), list(self.sections.id)]
            for item, s in zip(ITEMS, swept, strict=True)
        }

    def loads_g_s(self) -> pd.DataFrame:
        """Usual load of every outfall and item."""
        table = self.outfalls.set_index("id")
        flow = table.discharge_m3_d.to_numpy(float) / 86400
        return pd.DataFrame({item: table[item] * flow for item in ITEMS})

    def usual_peak(self) -> pd.DataFrame:
        """Highest usual concentration over the limit, by section and item."""
        peaks = {item: series.max() for item, series in self.usual.items()}
        return pd.DataFrame(peaks)[list(ITEMS)].div(LIMIT_MG_L)

    def fit(self) -> bool:
        """Whether a web like this is kept.

        Water passes every section (nobody samples a dead arm), and a section that
        fails without any incident is rare: of such webs only some are kept.
        """
        moving = all(self.water[s] > STILL_M3_S for s in self.sections.id)
        failing = int((self.usual_peak() >= 1).sum().sum())
        kept = failing == 0 or (failing <= 6 and self.rng.random() < USUAL_KEPT)
        return moving and kept

    def best_share(self) -> pd.Series:
        """Highest usual concentration over the limit each outfall gives a section."""
        loads = self.loads_g_s()
        parts = [
            self.influence[item].mul(loads[item] / LIMIT_MG_L[i], axis=0).max(axis=1)
            for i, item in enumerate(ITEMS)
        ]
        return pd.concat(parts, axis=1).max(axis=1).clip(lower=1e-9)

    def find_incident(self, *, tries: int = 6) -> Incident | None:
        """Try culprits until one makes a section fail, or give up.

        In random order, the larger sooner: by the power ``LOAD_PULL`` of their share.
        """
        share = self.best_share()
        draw = LOAD_PULL * np.log(share) + self.rng.gumbel(size=len(share))
        for outfall in share.index[np.argsort(-draw.to_numpy())]:
            incident = self._incident(str(outfall))
            if incident is None:
                continue
            worst = incident.failing[0][2] if incident.failing else 0.0
            if worst <= PEAK[1] and 0 < len(incident.failing) <= MOST_FAILING:
                return incident
            tries -= 1
            if tries == 0:
                break
        return None

    def _incident(self, outfall: str) -> Incident | None:
        """Raise one outfall's load by a drawn factor; nothing if too weak or strong.

        The steady influence tells which draws are worth a run; EPANET decides.
        """
        rng = self.rng
        first = int(WARM_H + 48 + rng.integers(0, 48))
        hours = int(rng.choice(HOURS))
        factor = float(rng.uniform(*FACTOR))
        by_item = RISE * np.exp(rng.normal(0, RISE_SPREAD, len(ITEMS)))
        by_item = by_item / by_item.max()  # the factor told is that of the first item
        usual = self.usual_peak()
        rise = pd.DataFrame({i: self.influence[i].loc[outfall] for i in ITEMS})
        rise = rise * self.loads_g_s().loc[outfall] * by_item / LIMIT_MG_L
        steady = (usual + (factor - 1) * rise).where((usual < 1) & (rise > 0))
        if not PEAK[0] <= steady.max().max() <= PEAK[1] * 1.1:
            return None
        incident = self._run(outfall, first, hours, factor, by_item)
        incident.failing = self._failing(incident)
        return incident

    def _run(
        self,
        outfall: str,
        first: int,
        hours: int,
        factor: float,
        by_item: Array,
    ) -> Incident:
        series = {}
        for i, item in enumerate(ITEMS):
            what = (outfall, 1 + (factor - 1) * float(by_item[i]), first, hours)
            mg_l, _ = self.epanet.run(i, self.decay[i], what)
            series[item] = mg_l[list(self.sections.id)].loc[WARM_H:]
        return Incident(outfall, first, hours, factor, by_item, series, [])

    def _failing(self, incident: Incident) -> list[tuple[str, str, float]]:
        """Sections and items that fail because of the incident, worst first."""
        usual = self.usual_peak()
        found = []
        for i, item in enumerate(ITEMS):
            ratio = incident.series[item] / LIMIT_MG_L[i]
            peak = ratio.max()
            read = ratio.iloc[::STEP_H].apply(lambda values: values.nlargest(2).min())
            for section in peak.index:
                below = self.influence[item].loc[incident.outfall, section] > 0
                fails = peak[section] >= PEAK[0] and read[section] >= SEEN
                if below and fails and usual[item][section] < 1:
                    found.append((section, item, float(peak[section])))
        return sorted(found, key=lambda row: -row[2])

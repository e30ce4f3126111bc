"""The made-up incident: what was discharged, where it shows, who could have done it."""

import itertools
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from demo import INVENTED, NOTE
from demo._curves import way_nodes
from demo._hydraulics import (
    DECAY_PER_D,
    STEP_S,
    Model,
    excess_mg_l,
    in_state,
    pieces,
    solve,
)
from demo._layout import LINES
from demo._outfalls import INCIDENT, Outfall

Array = NDArray[np.float64]

FIRST_READING = pd.Timestamp("2026-10-01 00:00")
DAYS = 30
START = pd.Timestamp("2026-10-10 06:00")
HOURS = 48
EFFLUENT_MG_L = {"NH3N": 45.0, "TP": 1.5}
"""During the incident, at the permitted amount of water."""
FAILING, SECOND = "DM03", "DM04"


@dataclass(frozen=True)
class Incident:
    """The outfall and what it adds at every point of the model over time."""

    outfall: Outfall
    excess: dict[str, dict[str, Array]]

    def at(self, section: str, item: str, when: pd.DatetimeIndex) -> Array:
        """Concentration on top of the usual one at the given times."""
        series = self.excess.get(item, {}).get(section)
        if series is None:
            return np.zeros(len(when))
        seconds = (when - FIRST_READING).total_seconds().to_numpy()
        return np.interp(seconds, np.arange(len(series)) * STEP_S, series)


def make_incident(model: Model, outfalls: list[Outfall]) -> Incident:
    """Run the incident through the model."""
    culprit = next(row for row in outfalls if row.tale == INCIDENT)
    moments = FIRST_READING + pd.to_timedelta(
        np.arange(int(DAYS * 86400 / STEP_S)) * STEP_S, unit="s"
    )
    during = (moments >= START) & (moments < START + pd.Timedelta(hours=HOURS))
    excess = {}
    for item in DECAY_PER_D:
        extra = _load_g_s(culprit, item) - culprit.load_g_s(item)
        load = np.where(during, extra, 0.0)
        excess[item] = excess_mg_l(model, culprit.outfall_id, load, item)
    return Incident(culprit, excess)


def _load_g_s(row: Outfall, item: str) -> float:
    return EFFLUENT_MG_L[item] * (row.permitted_m3_d or 0) / 86400


def truth(
    incident: Incident, outfalls: list[Outfall], readings: pd.DataFrame
) -> dict[str, object]:
    """Tell what really happened, for tests that check what the tools find."""
    row = incident.outfall
    permitted = (row.nh3n_mg_l or 0) * (row.permitted_m3_d or 0) / 1000
    discharged = _load_g_s(row, "NH3N") * 86.4
    return {
        "说明": f"{INVENTED}：事件、排污口与监测值均为虚构；{NOTE}",
        "note": "Invented: incident, outfall and readings. Schematic, not surveyed.",
        "outfall_id": row.outfall_id,
        "outfall_name": row.name,
        "river_id": row.river_id,
        "river": row.river,
        "item": "NH3N",
        "start": str(START),
        "hours": HOURS,
        "effluent_mg_l": EFFLUENT_MG_L,
        "permitted_load_kg_d": round(permitted, 1),
        "discharged_load_kg_d": round(discharged, 1),
        "times_permitted": round(discharged / permitted, 1),
        "decay_per_d": DECAY_PER_D,
        "failing_section": FAILING,
        "affected": {
            section: _arrival(incident, section) for section in (FAILING, SECOND)
        },
        "clean_sections": ["DM01", "DM02", "DM05", "DM06", "DM07", "DM08"],
        "monthly_mean_nh3n_mg_l": _means(readings),
        "relation_to_failing_section": relations(outfalls, FAILING),
    }


def _arrival(incident: Incident, section: str) -> dict[str, object]:
    series = incident.excess["NH3N"][section]
    there = np.nonzero(series > 0.02 * series.max())[0]

    def moment(step: int) -> str:
        return str((FIRST_READING + pd.Timedelta(seconds=step * STEP_S)).floor("h"))

    first_s = there[0] * STEP_S - (START - FIRST_READING).total_seconds()
    return {
        "first": moment(int(there[0])),
        "peak": moment(int(series.argmax())),
        "last": moment(int(there[-1])),
        "first_travel_time_h": round(first_s / 3600, 1),
        "peak_excess_mg_l": round(float(series.max()), 2),
    }


def _means(readings: pd.DataFrame) -> dict[str, float]:
    ammonia = readings[(readings["监测项目"] == "氨氮") & (readings["监测值"] != "--")]
    means = ammonia["监测值"].astype(float).groupby(ammonia["断面编号"]).mean()
    return {str(name): round(float(value), 2) for name, value in means.items()}


def relations(outfalls: list[Outfall], section: str) -> dict[str, list[str]]:
    """
    Sort the outfalls by how they lie to a section, from what the registers say.

    ``certain``: every way water takes is given in 流向. ``possible``: only if a line
    without 流向 (or 双向) runs the helpful way, or a gate of unknown state is open.
    ``behind_gate``: only through a gate that is closed. ``modelled``: the invented flow of the demo does lead there.
    """
    ids = [row.outfall_id for row in outfalls]
    doubtful = in_state("关闭", "不详", "")
    certain = _upstream(outfalls, section, shut=doubtful, known_only=True)
    possible = _upstream(outfalls, section, shut=in_state("关闭"), known_only=False)
    opened = _upstream(outfalls, section, shut=set(), known_only=False)
    flowing = _flowing_to(solve(outfalls), section)
    return {
        "certain": [name for name in ids if name in certain],
        "possible": [name for name in ids if name in possible - certain],
        "behind_gate": [name for name in ids if name in opened - possible],
        "not_upstream": [name for name in ids if name not in opened],
        "modelled": [name for name in ids if name in flowing],
    }


def _upstream(
    outfalls: list[Outfall], section: str, *, shut: set[str], known_only: bool
) -> set[str]:
    into: dict[str, set[str]] = defaultdict(set)
    for a, b, _, _, edge in pieces(outfalls, shut):
        sense = _sense(edge)
        if sense == 1 or (sense == 0 and not known_only):
            into[b].add(a)
        if sense == -1 or (sense == 0 and not known_only):
            into[a].add(b)
    return _all_into(into, section)


def _sense(edge: tuple[str, str]) -> int:
    """1 if 流向 says water runs along the edge, -1 against it, 0 if it does not say."""
    for line in LINES:
        nodes = way_nodes(line)
        drawn = list(itertools.pairwise(nodes))
        if edge in drawn or edge[::-1] in drawn:
            told = {"顺流": 1, "逆流": -1}.get(line.direction, 0)
            return told if edge in drawn else -told
    return 0


def _flowing_to(model: Model, section: str) -> set[str]:
    into = {
        name: {stretch.start for stretch in arriving}
        for name, arriving in model.arriving.items()
    }
    return _all_into(into, section)


def _all_into(into: dict[str, set[str]], end: str) -> set[str]:
    found, front = {end}, [end]
    while front:
        more = into.get(front.pop(), set()) - found
        found |= more
        front.extend(more)
    return found

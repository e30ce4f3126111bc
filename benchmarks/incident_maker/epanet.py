"""Hydraulics and transport by EPANET, through the PyPI package ``wntr``."""

import itertools
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from incident_maker.web import ITEMS, Array, Web

INLET_MG_L = np.array([0.25, 0.06, 3.2, 0.35])
SPAN_H, WARM_H, STEP_H = 14 * 24, 72, 4  # readings from the fourth day on
FINE_H = 1  # EPANET reports every hour
MANNING = 0.03
#: parcels that differ by less are one to EPANET: weak fronts arrive smeared
TOLERANCE_MG_L = 0.05


@dataclass
class Pipes:
    """The rivers cut at every outfall and section: EPANET's pipes, in drawing order."""

    river: Array
    tail: list[str]
    head: list[str]
    start_m: Array
    length_m: Array
    area_m2: Array
    flow_m3_s: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def hours(self) -> Array:
        """Travel time of every pipe in hours; infinite where nothing flows."""
        flow = np.abs(self.flow_m3_s)
        with np.errstate(divide="ignore"):
            return np.where(
                flow > 0, self.length_m * self.area_m2 / flow / 3600, np.inf
            )


def cut(web: Web, outfalls: pd.DataFrame, sections: pd.DataFrame) -> Pipes:
    """Cut every river at its outfalls and sections."""
    rows = []
    ends = zip(web.rivers.a, web.rivers.b, web.rivers.length, strict=True)
    for k, (a, b, full) in enumerate(ends):
        marks = [(0.0, f"N{a}"), (float(full), f"N{b}")]
        for table in (outfalls, sections):
            here = table[table.river == k]
            marks += list(zip(here.measure_m, here.id, strict=True))
        marks.sort()
        for (m0, tail), (m1, head) in itertools.pairwise(marks):
            rows.append((k, tail, head, m0, max(m1 - m0, 1.0)))
    number, tails, heads, start, length = zip(*rows, strict=True)
    return Pipes(
        np.array(number),
        list(tails),
        list(heads),
        np.array(start),
        np.array(length),
        web.rivers.width_m.to_numpy(float)[list(number)] * web.depth_m,
    )


class Epanet:
    """The case as an EPANET network; one run gives one item at all nodes."""

    def __init__(self, web: Web, pipes: Pipes, outfalls: pd.DataFrame) -> None:
        import wntr

        self.wntr, self.outfalls = wntr, outfalls
        self.inlets = [f"N{k}" for k in web.inlets]
        self.wn = wn = wntr.network.WaterNetworkModel()
        options = wn.options
        options.time.duration = SPAN_H * 3600
        options.time.hydraulic_timestep = options.time.pattern_timestep = 3600
        options.time.report_timestep = FINE_H * 3600
        options.time.quality_timestep = 300
        options.hydraulic.headloss = "C-M"
        options.hydraulic.inpfile_units = "CMH"
        options.hydraulic.accuracy = 1e-6
        options.hydraulic.trials = 200
        options.quality.parameter = "CHEMICAL"
        options.quality.inpfile_units = "mg/L"
        options.quality.tolerance = TOLERANCE_MG_L
        demand = dict(zip(outfalls.id, -outfalls.discharge_m3_d / 86400, strict=True))
        demand |= {n: -q for n, q in zip(self.inlets, web.inflow_m3_s, strict=True)}
        for name in sorted(set(pipes.tail) | set(pipes.head)):
            if name in {f"N{k}" for k in web.outlets}:
                wn.add_reservoir(name, base_head=0.0)
            else:
                wn.add_junction(name, base_demand=demand.get(name, 0.0), elevation=-5)
        for k, (tail, head) in enumerate(zip(pipes.tail, pipes.head, strict=True)):
            across = float(np.sqrt(4 * pipes.area_m2[k] / np.pi))
            wn.add_pipe(
                f"P{k}", tail, head, float(pipes.length_m[k]), across, MANNING, 0.0
            )
        wn.add_pattern("incident", [1.0])
        for name in [*self.inlets, *outfalls.id]:
            wn.add_source(f"S{name}", name, "CONCEN", 0.0, None)

    def run(
        self, item: int, decay_1_d: float, incident: tuple[str, float, int, int] | None
    ) -> tuple[pd.DataFrame, pd.Series]:
        """Concentrations (mg/L by hour and node) and flows (m3/s by pipe).

        ``incident``: outfall, factor on its concentration, first hour, hours.
        """
        wn = self.wn
        wn.options.reaction.bulk_coeff = -decay_1_d / 86400
        loads = dict(zip(self.outfalls.id, self.outfalls[ITEMS[item]], strict=True))
        loads |= dict.fromkeys(self.inlets, INLET_MG_L[item])
        times = np.ones(SPAN_H)
        if incident:
            times[incident[2] : incident[2] + incident[3]] = incident[1]
        wn.get_pattern("incident").multipliers = times
        for name, mg_l in loads.items():
            source = wn.get_source(f"S{name}")
            mine = incident is not None and incident[0] == name
            source.strength_timeseries.base_value = float(mg_l) / 1000
            source.strength_timeseries.pattern_name = "incident" if mine else None
        with tempfile.TemporaryDirectory() as folder:
            simulator = self.wntr.sim.EpanetSimulator(wn)
            result = simulator.run_sim(file_prefix=str(Path(folder) / "run"))
        mg_l = result.node["quality"] * 1000
        mg_l.index = mg_l.index / 3600
        return mg_l, result.link["flowrate"].iloc[-1]


def sweep(pipes: Pipes, decay_1_d: float) -> tuple[dict[str, float], pd.DataFrame]:
    """Steady mg/L at every node (columns) per g/s put in at a node (rows).

    Gravity flow is acyclic, so one pass in order of falling head does it. Water leaving
    a node is the sum of what its pipes carry away, or what reaches an outlet.
    """
    up = np.where(pipes.flow_m3_s >= 0, pipes.tail, pipes.head)
    down = np.where(pipes.flow_m3_s >= 0, pipes.head, pipes.tail)
    flow, days = np.abs(pipes.flow_m3_s), pipes.hours / 24
    survive = np.exp(-decay_1_d * np.minimum(days, 1e6))  # 0 x infinite is no number
    names = sorted(set(up) | set(down))
    into = {n: np.flatnonzero((down == n) & (flow > 1e-6)) for n in names}
    away = {n: np.flatnonzero((up == n) & (flow > 1e-6)) for n in names}
    water = {n: max(flow[into[n]].sum(), flow[away[n]].sum()) for n in names}
    load = pd.DataFrame(np.eye(len(names)), index=names, columns=names)
    waiting = {n: len(into[n]) for n in names}
    ready = [n for n in names if waiting[n] == 0]
    while ready:
        here = ready.pop()
        for p in away[here]:
            load[down[p]] += load[here] * flow[p] / water[here] * survive[p]
            waiting[down[p]] -= 1
            if waiting[down[p]] == 0:
                ready.append(down[p])
    if any(waiting.values()):
        raise ValueError("water runs in a circle: EPANET's flows are not converged")
    per_water = np.array([1 / water[n] if water[n] > 1e-6 else 0.0 for n in names])
    return water, load * per_water

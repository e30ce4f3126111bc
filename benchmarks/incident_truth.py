"""What nobody in the field knows of a simulated incident, put where geotool looks for it.

Parts of ``bench_incidents.py``. The first three write the truth into the layers, as an
office would that had measured it; :func:`evidence_of_truth` gives the evidence one flow
only, the exact one.
"""

from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
from incident_cases import Case

from geotool.attribution._baseline import Loads
from geotool.attribution._members import Flow, Web
from geotool.attribution._problem import Evidence, Problem
from geotool.attribution._series import baseline_of, evidence_of_flows
from geotool.attribution._series_input import SeriesInput, series_input
from geotool.tables import load_table

Array = np.ndarray[Any, Any]
WATER_M3_S = 0.2
"""An imbalance above this is an inlet that the tool placed elsewhere."""


def with_directions(case: Case) -> Case:
    """Turn every river with its true flow, and say so."""
    oracle, rivers = case.truth["oracle"]["rivers"], case.rivers
    turned = np.array([oracle[key]["flow_m3_s"] < 0 for key in rivers["river_id"]])
    lines = rivers.geometry.where(~turned, rivers.geometry.reverse())
    return replace(
        case, rivers=rivers.assign(direction="digitized").set_geometry(lines)
    )


def with_depth(case: Case) -> Case:
    """Add the true depth to every river."""
    depth = case.truth["oracle"]["depth_m"]
    return replace(case, rivers=case.rivers.assign(depth_m=depth))


def with_flows(case: Case) -> Case:
    """Add the size of the true flow to every river."""
    oracle = case.truth["oracle"]["rivers"]
    flow = [abs(oracle[key]["flow_m3_s"]) for key in case.rivers["river_id"]]
    return replace(case, rivers=case.rivers.assign(flow_m3_s=flow))


def evidence_of_truth(
    problem: Problem, rivers: gpd.GeoDataFrame, oracle: dict[str, Any], *, loads: bool
) -> Evidence | None:
    """Give the series evidence of the exact flow, depth, decay and start."""
    facts = load_table("attribution_series")
    given = series_input(problem, facts)
    if given is None:
        return None
    drawn = dict(zip(rivers["river_id"].astype(str), rivers.geometry, strict=True))
    flow_m3_s = _true_flow(problem, given, drawn, oracle)
    given = _with_inlets(given, flow_m3_s)
    if loads:
        given = replace(given, loads=_true_loads(problem, given, oracle))
    true = Flow(
        flow_m3_s=flow_m3_s[None],
        head=_head(given.web, flow_m3_s)[None],
        inlet_m3_s=np.maximum(_surplus(given.web, flow_m3_s)[given.web.inlets], 1e-9)[
            None
        ],
        depth_m=np.full((1, len(flow_m3_s)), oracle["depth_m"]),
        start_h=np.array([72.0]),  # the makers' warm-up
        decay_factor=_decay_factor(problem, oracle)[None],
    )
    return evidence_of_flows(
        problem, given, baseline_of(problem, given, facts), true, facts
    )


def _true_flow(
    problem: Problem, given: SeriesInput, drawn: dict[str, Any], oracle: dict[str, Any]
) -> Array:
    """Flow of every segment of the web, along the segment."""
    canals, reaches = problem.canals, problem.network.reaches
    names = reaches["river_id"].astype(str).to_numpy()
    lines = reaches.geometry.to_numpy()
    found = np.zeros(len(given.segments))
    for k, segment in enumerate(given.segments):
        reach = canals.reach[segment]
        line, whole = lines[reach], drawn[names[reach]]
        low, high = (
            whole.project(line.interpolate(m))
            for m in (canals.low_m[segment], canals.high_m[segment])
        )
        parts = oracle["rivers"][names[reach]]["parts"]
        middle = (low + high) / 2
        part = min(
            parts, key=lambda p: abs(middle - np.clip(middle, p["from_m"], p["to_m"]))
        )
        found[k] = part["flow_m3_s"] * (1.0 if high >= low else -1.0)
    return found


def _surplus(web: Web, flow_m3_s: Array) -> Array:
    """Give what leaves each node beyond what comes by canals and outfalls."""
    left = np.zeros(web.nodes)
    np.add.at(left, web.start, flow_m3_s)
    np.add.at(left, web.end, -flow_m3_s)
    return left - web.inflow_m3_s


def _with_inlets(given: SeriesInput, flow_m3_s: Array) -> SeriesInput:
    """Add inlets that the tool did not see where they are: gates beside a dead arm."""
    web, loads = given.web, given.loads
    lack = _surplus(web, flow_m3_s)
    lack[web.inlets] = lack[web.outlets] = 0.0
    more = np.flatnonzero(lack > WATER_M3_S)
    if not len(more):
        return given
    count = len(loads.nodes)
    like = np.append(np.arange(count), np.full(len(more), count - 1))
    spread = loads.spread[:, like][:, :, like]
    own = load_table("attribution_series")["loads"]["inlet"]["own"]
    for k in range(count, len(like)):
        spread[:, k, k] += (own * loads.mean[:, -1]) ** 2
    return replace(
        given,
        web=replace(
            web,
            inlets=np.append(web.inlets, more),
            inlet_m3_s=np.append(web.inlet_m3_s, lack[more]),
            inlet_sigma=np.append(web.inlet_sigma, np.ones(len(more))),
        ),
        loads=Loads(np.append(loads.nodes, more), loads.mean[:, like], spread),
    )


def _true_loads(problem: Problem, given: SeriesInput, oracle: dict[str, Any]) -> Loads:
    """Give the usual loads and inlet waters as they are, hardly to be fitted."""
    loads = given.loads
    ids = [*problem.sources["outfall_id"], *problem.others["outfall_id"]]
    mean = loads.mean.copy()
    if len(ids) + len(given.web.inlets) != len(loads.nodes):
        return loads
    water = next(iter(oracle["inlets"].values()))
    for k, item in enumerate(problem.items):
        mean[k, : len(ids)] = [oracle["outfalls"][i]["load_g_s"][item] for i in ids]
        mean[k, len(ids) :] = water[item]
    return replace(loads, mean=mean, spread=1e-4 * loads.spread)


def _head(web: Web, flow_m3_s: Array) -> Array:
    """Any heads that fall with the flow: the longest way down from each node."""
    tail = np.where(flow_m3_s >= 0, web.start, web.end)
    tip = np.where(flow_m3_s >= 0, web.end, web.start)
    head = np.zeros(web.nodes)
    for _ in range(web.nodes):
        before = head.copy()
        np.maximum.at(head, tail, before[tip] + 1.0)
        if (head == before).all():
            break
    return head


def _decay_factor(problem: Problem, oracle: dict[str, Any]) -> Array:
    true = np.array([oracle["decay_1_d"].get(item, 0.0) for item in problem.items])
    usual = problem.decay_per_d
    return np.where(usual > 0, true / np.maximum(usual, 1e-12), 1.0)

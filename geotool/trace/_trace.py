"""Upstream and downstream traces."""

from math import isfinite
from typing import Any

import numpy as np

from geotool.errors import NetworkError
from geotool.network import RiverNetwork, Scenario
from geotool.tables import class_words
from geotool.trace._around import surroundings
from geotool.trace._graph import Graph, near_graph
from geotool.trace._points import Points, meet_points
from geotool.trace._reached import (
    SECONDS_PER_HOUR,
    Limits,
    Stretches,
    reached_stretches,
    run_searches,
)
from geotool.trace._result import Trace
from geotool.trace._starts import find_starts
from geotool.trace._stops import stops
from geotool.trace._stretches import reach_table, reached_rows

GATE_NEAR_M = 50.0
"""A start this near to a structure is told about: which side it lies on decides."""


def trace_upstream(
    network: RiverNetwork,
    at: Any,
    *,
    points: Points | None = None,
    max_distance_m: float | None = None,
    max_time_h: float | None = None,
    scenario: Scenario | None = None,
    max_offset_m: float = 200.0,
) -> Trace:
    """
    Find everything whose water may have come to a place, and how.

    Every stretch of water belongs to the firmest of three classes. ``certain``:
    reached through known directions only, whatever the unknown ones are.
    ``scenario``: reached under the gate states, reversible reaches and inferred
    directions as they stand. ``possible``: reached if unknown reaches run the
    helpful way. All three are exact, loops and parallel reaches included. Where the
    start itself lies on a reach of unknown direction, certain is what comes to both
    its ends.

    Parameters
    ----------
    network : RiverNetwork
        Oriented: see :func:`geotool.orient_network`.
    at : GeoDataFrame of points, Point, (reach_id, measure_m), or a list of those
        Where to start. A bare Point is in the network's system.
    points : GeoDataFrame or mapping of layer name to GeoDataFrame, optional
        Candidates, such as ``{"outfalls": outfalls}``.
    max_distance_m, max_time_h : float, optional
        Reaches are cut at the exact place. Time counts by the fastest water. What is
        certain by a way beyond the limit, and possible by one within, is possible.
    scenario : Scenario, optional
        Gate states and directions; as registered if None.
    max_offset_m : float
        Farthest a point may lie from the bank.

    Returns
    -------
    Trace

    Raises
    ------
    LocateError
        If the start lies on no reach.
    NetworkError
        If a limit is not positive, or the scenario names what is not there.

    Examples
    --------
    A (known) and B (unknown) run into C:

    >>> import geopandas as gpd, shapely
    >>> from geotool.network import build_network
    >>> lines = [
    ...     shapely.LineString([(0, 0), (100, 0)]),
    ...     shapely.LineString([(100, 80), (100, 0)]),
    ...     shapely.LineString([(100, 0), (300, 0)]),
    ... ]
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": list("ABC"), "direction": ["digitized", "unknown", "digitized"]},
    ...     geometry=lines, crs=4549,
    ... )
    >>> trace = trace_upstream(build_network(rivers), ("C", 150.0))
    >>> trace.reaches[["reach_id", "relation", "distance_m"]].to_numpy().tolist()
    [['C', 'certain', 0.0], ['A', 'certain', 150.0], ['B', 'possible', 150.0]]
    """
    return _trace(
        network,
        at,
        points=points,
        limits=_limits(max_distance_m, max_time_h),
        scenario=scenario,
        max_offset_m=max_offset_m,
        upstream=True,
    )


def trace_downstream(
    network: RiverNetwork,
    at: Any,
    *,
    points: Points | None = None,
    max_distance_m: float | None = None,
    max_time_h: float | None = None,
    scenario: Scenario | None = None,
    max_offset_m: float = 200.0,
) -> Trace:
    """
    Find everything that water from a place may reach, how far and how soon.

    The mirror of :func:`trace_upstream`, with the same parameters and result.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(0, 0), (3600, 0)])
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "direction": ["digitized"], "velocity_m_s": [0.5]},
    ...     geometry=[line], crs=4549,
    ... )
    >>> intake = gpd.GeoDataFrame(
    ...     {"water_source_id": ["S1"]}, geometry=[shapely.Point(2700, 0)], crs=4549
    ... )
    >>> trace = trace_downstream(
    ...     build_network(rivers), ("A", 900.0), points={"water_sources": intake}
    ... )
    >>> float(trace.points["travel_time_min_h"].iloc[0])
    1.0
    """
    return _trace(
        network,
        at,
        points=points,
        limits=_limits(max_distance_m, max_time_h),
        scenario=scenario,
        max_offset_m=max_offset_m,
        upstream=False,
    )


def _limits(max_distance_m: float | None, max_time_h: float | None) -> Limits:
    for value, name, zh in (
        (max_distance_m, "max_distance_m", "最大距离"),
        (max_time_h, "max_time_h", "最长时间"),
    ):
        if value is not None and not (isfinite(value) and value > 0):
            raise NetworkError(
                f"{zh} {value} 应为正数。", f"{name}={value} must be a positive number."
            )
    return Limits(
        float("inf") if max_distance_m is None else float(max_distance_m),
        float("inf") if max_time_h is None else max_time_h * SECONDS_PER_HOUR,
    )


def _trace(
    network: RiverNetwork,
    at: Any,
    *,
    points: Points | None,
    limits: Limits,
    scenario: Scenario | None,
    max_offset_m: float,
    upstream: bool,
) -> Trace:
    starts, label = find_starts(network, at, max_offset_m)
    graph = near_graph(network, starts, scenario=scenario, upstream=upstream)
    found = run_searches(graph, upstream=upstream)
    stretches = reached_stretches(found, limits)
    reaches = reach_table(network, stretches)
    met, excluded, ways = meet_points(
        network, stretches, points, at=at, max_offset_m=max_offset_m
    )
    return Trace(
        reaches=reaches,
        points=met,
        stopped=stops(*surroundings(network, stretches)),
        excluded=excluded,
        settings=trace_settings(
            network, stretches, starts, label, scenario, upstream=upstream
        ),
        network_hash=network.hash,
        ways=ways,
    )


# ---------------------------------------------------------------- settings
def trace_settings(
    network: RiverNetwork,
    stretches: Stretches,
    starts: list[tuple[int, float]],
    label: str,
    scenario: Scenario | None,
    *,
    upstream: bool,
) -> dict[str, Any]:
    """Say what was asked, and what was assumed."""
    limits = stretches.limits
    return {
        "direction": "upstream" if upstream else "downstream",
        "start": label,
        "max_distance_m": limits.metres if isfinite(limits.metres) else None,
        "max_time_h": (
            limits.seconds / SECONDS_PER_HOUR if isfinite(limits.seconds) else None
        ),
        "scenario": scenario.name if scenario else "现状",
        "scenario_hash": scenario.hash if scenario else "",
        "assumptions": _assumptions(network, stretches, starts),
    }


def _assumptions(
    network: RiverNetwork, stretches: Stretches, starts: list[tuple[int, float]]
) -> list[str]:
    """Say what the answer rests on, one sentence each."""
    texts = []
    graph, rows = stretches.found.graph, reached_rows(stretches)
    inferred = network.reaches["direction_source"].iloc[rows] == "potential"
    if inferred.any():
        texts.append(
            f"{int(inferred.sum())} 个河段的流向由推断得出（水位势流），未经核实"
        )
    unknown = network.reaches["flow_mode"].iloc[rows] == "unknown"
    if unknown.any():
        texts.append(f"{int(unknown.sum())} 个河段流向不明，经过它们的结果只算“可能”")
    assumed = np.isin(graph.segments.reach, rows) & (graph.basis == "assumed")
    if assumed.any():
        texts.append("部分河段没有流速资料，流经时间按缺省流速范围估计 [M]")
    texts += _near_gates(network, graph, starts)
    texts += [
        f"{name} 处有三条以上河段相接，分不清闸的两侧，未计入；请移到其中一条河段上"
        for name in graph.unparted
    ]
    return texts


def _near_gates(
    network: RiverNetwork, graph: Graph, starts: list[tuple[int, float]]
) -> list[str]:
    texts = []
    for reach, measure in starts:
        row = network.reaches.iloc[reach]
        for node, metres in (
            (row["from_node"], measure),
            (row["to_node"], row["length_m"] - measure),
        ):
            for gate in graph.gates:
                if graph.base[gate.near] == node and metres <= GATE_NEAR_M:
                    state = class_words("structure_state")[gate.state]
                    texts.append(
                        f"起点距 {gate.name or gate.structure_id}（{state}）"
                        f"只有 {metres:.0f} m，按其落在河段 {row['reach_id']} 一侧起算；"
                        "若在闸的另一侧，结果不同"
                    )
    return texts

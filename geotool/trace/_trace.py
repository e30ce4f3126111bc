"""Upstream and downstream traces."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops

from geotool.errors import LocateError, NetworkError
from geotool.locate import as_point, locate_points, reach_position
from geotool.network import RiverNetwork, Scenario
from geotool.schema import layer_kind, layer_kinds
from geotool.trace._graph import LEVELS, Graph, build_graph
from geotool.trace._reached import (
    SECONDS_PER_HOUR,
    Hit,
    Limits,
    Searches,
    Stretch,
    hits,
    interval,
    reached_stretches,
    run_searches,
)
from geotool.trace._result import Step, Trace
from geotool.trace._search import way
from geotool.trace._stops import Helpers, helper_searches, stops, why_not

GATE_NEAR_M = 50.0
"""A start this near to a structure is told about: which side it lies on decides."""

POINT_COLUMNS = (
    "rank",
    "layer",
    "id",
    "name",
    "relation",
    "distance_m",
    "travel_time_min_h",
    "travel_time_max_h",
    "time_basis",
    "reach_id",
    "measure_m",
    "offset_m",
    "located",
    "path",
    "structures",
    "geometry",
)
EXCLUDED_COLUMNS = ("layer", "id", "name", "kind", "reason", "reason_en", "at")
REACH_COLUMNS = (
    "reach_id",
    "river_id",
    "name",
    "relation",
    "distance_m",
    "travel_time_min_h",
    "travel_time_max_h",
    "length_m",
    "from_measure_m",
    "to_measure_m",
    "geometry",
)

Points = gpd.GeoDataFrame | Mapping[str, gpd.GeoDataFrame]


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
    helpful way. All three are exact, loops and parallel reaches included.

    Parameters
    ----------
    network : RiverNetwork
        Oriented: see :func:`geotool.orient_network`.
    at : GeoDataFrame of points, Point, (reach_id, measure_m), or a list of those
        Where to start. A bare Point is in the network's system.
    points : GeoDataFrame or mapping of layer name to GeoDataFrame, optional
        Candidates, such as ``{"outfalls": outfalls}``.
    max_distance_m, max_time_h : float, optional
        Reaches are cut at the exact place. Time counts by the fastest water.
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
    starts, label = _starts(network, at, max_offset_m)
    graph = build_graph(network, starts, scenario=scenario)
    found = run_searches(graph, upstream=upstream)
    stretches = reached_stretches(found)
    reaches = _reach_table(network, found, stretches, limits)
    met, excluded, ways = _points(
        network, found, stretches, limits, _without_start(points, at), max_offset_m
    )
    return Trace(
        reaches=reaches,
        points=met,
        stopped=stops(network, found, limits),
        excluded=excluded,
        settings=_settings(
            network, graph, starts, reaches, label, limits, scenario, upstream=upstream
        ),
        network_hash=network.hash,
        ways=ways,
    )


# ---------------------------------------------------------------- start
def _starts(
    network: RiverNetwork, at: Any, max_offset_m: float
) -> tuple[list[tuple[int, float]], str]:
    """Rows and measures where the trace starts, and what to call the start."""
    if len(network.reaches) == 0:
        raise NetworkError("河网是空的，无法追踪。", "The network is empty.")
    if isinstance(at, gpd.GeoDataFrame):
        return _located_starts(network, at, max_offset_m)
    if isinstance(at, shapely.Point):
        frame = gpd.GeoDataFrame(geometry=[at], crs=network.crs)
        return _located_starts(network, frame, max_offset_m)
    if _is_position(at):
        as_point(network, at[0], float(at[1]))
        return [(reach_position(network, at[0]), float(at[1]))], f"{at[0]}@{at[1]:g} m"
    if isinstance(at, Sequence) and not isinstance(at, str) and len(at):
        parts = [_starts(network, each, max_offset_m) for each in at]
        starts = [start for found, _ in parts for start in found]
        return starts, "、".join(label for _, label in parts)
    raise LocateError(
        f"起点应为点图层、点、(河段编号, 里程) 或它们的列表，得到 {type(at).__name__}。",
        "The start must be a layer of points, a Point, (reach_id, measure_m) or a list "
        f"of those, got {type(at).__name__}.",
    )


def _is_position(at: Any) -> bool:
    return (
        isinstance(at, tuple)
        and len(at) == 2
        and isinstance(at[0], str)
        and isinstance(at[1], int | float | np.number)
    )


def _located_starts(
    network: RiverNetwork, points: gpd.GeoDataFrame, max_offset_m: float
) -> tuple[list[tuple[int, float]], str]:
    if len(points) == 0:
        raise LocateError("起点图层是空的。", "The layer of starts is empty.")
    located = locate_points(points, network, max_offset_m=max_offset_m)
    labels = [_label(row) for row in points.to_dict("records")]
    for row, label in zip(located.to_dict("records"), labels, strict=True):
        if row["located"] == "no_place":
            raise LocateError(
                f"{label or '起点'} 没有坐标，无法追踪。",
                f"{label or 'The start'} has no coordinates.",
            )
        if row["located"] == "far":
            raise LocateError(
                f"{label or '起点'} 离最近河段 {row['reach_id']} 有 "
                f"{row['offset_m']:.0f} m，超过 {max_offset_m:g} m；请核对坐标、坐标系"
                "或河网。",
                f"{label or 'The start'} lies {row['offset_m']:.0f} m from the nearest "
                f"reach {row['reach_id']}, more than {max_offset_m:g} m; check "
                "coordinates, CRS and network.",
            )
    starts = [
        (reach_position(network, reach), float(measure))
        for reach, measure in zip(
            located["reach_id"], located["measure_m"], strict=True
        )
    ]
    return starts, "、".join(label for label in labels if label) or "point"


def _label(row: dict[Any, Any]) -> str:
    ids = [layer_kind(kind).id_column for kind in layer_kinds()]
    for column in ("name", *ids):
        value = row.get(column)
        if value is not None and not pd.isna(value) and str(value):
            return str(value)
    return ""


# ---------------------------------------------------------------- reaches
def _reach_table(
    network: RiverNetwork, found: Searches, stretches: list[Stretch], limits: Limits
) -> gpd.GeoDataFrame:
    """Reached stretches; two that overlap in one segment become one row."""
    s = found.graph.segments
    by_segment: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        by_segment.setdefault(stretch.segment, []).append(stretch)
    rows = []
    for segment, ways in by_segment.items():
        spans = [(*interval(found, stretch, limits), stretch) for stretch in ways]
        spans = [span for span in spans if span[1] > span[0] + 1e-9]
        for low, high, stretch in _united(spans):
            rows.append(
                _reach_row(network, found, int(s.reach[segment]), low, high, stretch)
            )
    table = pd.DataFrame(rows, columns=list(REACH_COLUMNS))
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs=network.crs)
    return frame.sort_values(
        ["distance_m", "reach_id"], kind="stable", ignore_index=True
    )


def _united(
    spans: list[tuple[float, float, Stretch]],
) -> list[tuple[float, float, Stretch]]:
    """Join what overlaps; the nearer way gives the distance."""
    if len(spans) < 2:
        return spans
    (low, high, one), (low2, high2, other) = spans
    if max(low, low2) > min(high, high2) + 1e-9:
        return spans
    nearer = one if one.metres <= other.metres else other
    return [(min(low, low2), max(high, high2), nearer)]


def _reach_row(
    network: RiverNetwork,
    found: Searches,
    reach: int,
    low: float,
    high: float,
    stretch: Stretch,
) -> dict[str, Any]:
    facts = network.reaches.iloc[reach]
    whole = facts.geometry
    is_whole = low <= 1e-9 and high >= facts["length_m"] - 1e-9
    return {
        "reach_id": facts["reach_id"],
        "river_id": facts["river_id"],
        "name": facts["name"],
        "relation": LEVELS[stretch.level],
        "distance_m": stretch.metres,
        "travel_time_min_h": found.fast[stretch.level].cost[stretch.node]
        / SECONDS_PER_HOUR,
        "travel_time_max_h": found.slow[stretch.level].cost[stretch.node]
        / SECONDS_PER_HOUR,
        "length_m": high - low,
        "from_measure_m": low,
        "to_measure_m": high,
        "geometry": whole if is_whole else shapely.ops.substring(whole, low, high),
    }


# ---------------------------------------------------------------- points
def _layers(points: Points | None) -> dict[str, gpd.GeoDataFrame]:
    if points is None:
        return {}
    return {"points": points} if isinstance(points, gpd.GeoDataFrame) else dict(points)


def _without_start(points: Points | None, at: Any) -> dict[str, gpd.GeoDataFrame]:
    """Leave the start itself out of what is looked for."""
    layers = _layers(points)
    if not isinstance(at, gpd.GeoDataFrame):
        return layers
    for layer, table in layers.items():
        column = layer_kind(layer).id_column if layer in layer_kinds() else "id"
        if column in table.columns and column in at.columns:
            layers[layer] = table[~table[column].isin(at[column])]
    return layers


def _points(
    network: RiverNetwork,
    found: Searches,
    stretches: list[Stretch],
    limits: Limits,
    layers: dict[str, gpd.GeoDataFrame],
    max_offset_m: float,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, dict[tuple[str, str], tuple[Step, ...]]]:
    by_segment: dict[int, list[Stretch]] = {}
    for stretch in stretches:
        by_segment.setdefault(stretch.segment, []).append(stretch)
    helpers: Helpers | None = None
    met: list[dict[str, Any]] = []
    not_met: list[dict[str, Any]] = []
    ways: dict[tuple[str, str], tuple[Step, ...]] = {}
    for layer, table in layers.items():
        if len(table) == 0:
            continue
        located = locate_points(table, network, max_offset_m=max_offset_m)
        moved = located.to_crs(network.crs).geometry
        for place, row in zip(moved, located.to_dict("records"), strict=True):
            who = {"layer": layer, "id": _id(row, layer), "name": _own_name(row)}
            if row["located"] in ("far", "no_place"):
                not_met.append({**who, **_unlocated(row, max_offset_m)})
                continue
            segment = _segment_at(found.graph, network, row)
            hit = hits(found, by_segment, segment, float(row["measure_m"]))
            if hit is not None and _within(hit, limits):
                steps = _steps(network, found, hit, segment, float(row["measure_m"]))
                ways[(layer, who["id"])] = steps
                met.append({**who, **_met(found, hit, row, steps, place)})
                continue
            helpers = helpers or helper_searches(found)
            not_met.append(
                {**who, **_excluded(network, found, helpers, hit, segment, row)}
            )
    return _point_table(network, met), _excluded_table(not_met), ways


def _id(row: dict[Any, Any], layer: str) -> str:
    kinds = [layer] if layer in layer_kinds() else layer_kinds()
    for column in [*(layer_kind(kind).id_column for kind in kinds), "id"]:
        value = row.get(column)
        if column and value is not None and not pd.isna(value):
            return str(value)
    return ""


def _own_name(row: dict[Any, Any]) -> str:
    name = row.get("name")
    return "" if name is None or pd.isna(name) else str(name)


def _segment_at(graph: Graph, network: RiverNetwork, row: dict[Any, Any]) -> int:
    s = graph.segments
    reach = reach_position(network, row["reach_id"])
    mine = np.flatnonzero(s.reach == reach)
    measure = float(row["measure_m"])
    inside = mine[(s.low[mine] <= measure + 1e-9) & (measure <= s.high[mine] + 1e-9)]
    return int(inside[0]) if len(inside) else int(mine[-1])


def _within(hit: Hit, limits: Limits) -> bool:
    return hit.metres <= limits.metres and hit.seconds_min <= limits.seconds


def _steps(
    network: RiverNetwork, found: Searches, hit: Hit, segment: int, measure: float
) -> tuple[Step, ...]:
    """Way from the point to the start, as reaches and measures."""
    s, stretch = found.graph.segments, hit.stretch
    ids = network.reaches["reach_id"]
    edge = s.low[segment] if stretch.from_start else s.high[segment]
    steps: list[Step] = [(ids.iloc[int(s.reach[segment])], measure, float(edge))]
    arcs, search = found.arcs[hit.level], found.metres[hit.level]
    node = stretch.node
    for arc in way(search, node):
        k = int(arcs.segment[arc])
        if k >= 0:
            forward = int(s.start[k]) == node
            first, last = (s.low[k], s.high[k]) if forward else (s.high[k], s.low[k])
            steps.append((ids.iloc[int(s.reach[k])], float(first), float(last)))
        node = int(search.before[node])
    return tuple(steps)


def _met(
    found: Searches,
    hit: Hit,
    row: dict[Any, Any],
    steps: tuple[Step, ...],
    place: Any,
) -> dict[str, Any]:
    arcs, search = found.arcs[hit.level], found.metres[hit.level]
    taken = way(search, hit.stretch.node)
    passed = [
        (int(arcs.tail[arc]), int(arcs.head[arc]))
        for arc in taken
        if arcs.segment[arc] < 0
    ]
    gates = [
        gate.structure_id
        for gate in found.graph.gates
        if (gate.near, gate.far) in passed or (gate.far, gate.near) in passed
    ]
    used = [hit.stretch.segment, *(int(arcs.segment[a]) for a in taken)]
    bases = {str(found.graph.basis[k]) for k in used if k >= 0}
    path = list(dict.fromkeys(step[0] for step in steps))
    return {
        "relation": LEVELS[hit.level],
        "distance_m": hit.metres,
        "travel_time_min_h": hit.seconds_min / SECONDS_PER_HOUR,
        "travel_time_max_h": hit.seconds_max / SECONDS_PER_HOUR,
        "time_basis": next(
            b for b in ("assumed", "flow", "given", "scenario") if b in bases
        ),
        "reach_id": row["reach_id"],
        "measure_m": row["measure_m"],
        "offset_m": row["offset_m"],
        "located": row["located"],
        "path": path,
        "structures": gates,
        "geometry": place,
    }


def _unlocated(row: dict[Any, Any], max_offset_m: float) -> dict[str, str]:
    if row["located"] == "no_place":
        return {
            "kind": "no_place",
            "reason": "没有坐标",
            "reason_en": "no coordinates",
            "at": "",
        }
    return {
        "kind": "far",
        "reason": f"离最近河段 {row['reach_id']} 的岸边 {row['bank_offset_m']:.0f} m，"
        f"超过 {max_offset_m:g} m，未能定位到河网",
        "reason_en": f"{row['bank_offset_m']:.0f} m from the bank of the nearest reach "
        f"{row['reach_id']}, more than {max_offset_m:g} m",
        "at": str(row["reach_id"]),
    }


def _excluded(
    network: RiverNetwork,
    found: Searches,
    helpers: Helpers,
    hit: Hit | None,
    segment: int,
    row: dict[Any, Any],
) -> dict[str, str]:
    if hit is not None:
        return {
            "kind": "limit",
            "reason": f"超出设定范围：沿河 {hit.metres:.0f} m，"
            f"最快 {hit.seconds_min / SECONDS_PER_HOUR:.1f} h",
            "reason_en": f"beyond the limit: {hit.metres:.0f} m by water, "
            f"{hit.seconds_min / SECONDS_PER_HOUR:.1f} h at the fastest",
            "at": "",
        }
    kind, zh, en, at = why_not(
        network, found, helpers, segment, float(row["measure_m"])
    )
    return {"kind": kind, "reason": zh, "reason_en": en, "at": at}


def _point_table(network: RiverNetwork, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows, columns=list(POINT_COLUMNS))
    table = table.sort_values(["distance_m", "id"], kind="stable", ignore_index=True)
    table["rank"] = table.groupby("layer").cumcount() + 1
    return gpd.GeoDataFrame(table, geometry="geometry", crs=network.crs)


def _excluded_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(EXCLUDED_COLUMNS)).astype(object)


# ---------------------------------------------------------------- settings
def _settings(
    network: RiverNetwork,
    graph: Graph,
    starts: list[tuple[int, float]],
    reaches: gpd.GeoDataFrame,
    label: str,
    limits: Limits,
    scenario: Scenario | None,
    *,
    upstream: bool,
) -> dict[str, Any]:
    return {
        "direction": "upstream" if upstream else "downstream",
        "start": label,
        "max_distance_m": limits.metres if isfinite(limits.metres) else None,
        "max_time_h": (
            limits.seconds / SECONDS_PER_HOUR if isfinite(limits.seconds) else None
        ),
        "scenario": scenario.name if scenario else "现状",
        "scenario_hash": scenario.hash if scenario else "",
        "assumptions": _assumptions(network, graph, starts, reaches),
    }


def _assumptions(
    network: RiverNetwork,
    graph: Graph,
    starts: list[tuple[int, float]],
    reaches: gpd.GeoDataFrame,
) -> list[str]:
    """Say what the answer rests on, one sentence each."""
    texts = []
    rows = network.reach_position[reaches["reach_id"].drop_duplicates()].to_numpy()
    used = network.reaches.iloc[rows]
    inferred = used["direction_source"] == "potential"
    if inferred.any():
        texts.append(
            f"{int(inferred.sum())} 个河段的流向由推断得出（水位势流），未经核实"
        )
    unknown = used["flow_mode"] == "unknown"
    if unknown.any():
        texts.append(f"{int(unknown.sum())} 个河段流向不明，经过它们的结果只算“可能”")
    assumed = np.isin(graph.segments.reach, rows) & (graph.basis == "assumed")
    if assumed.any():
        texts.append("部分河段没有流速资料，流经时间按缺省流速范围估计 [M]")
    texts += _near_gates(network, graph, starts)
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
                if gate.near == node and metres <= GATE_NEAR_M:
                    texts.append(
                        f"起点距 {gate.name or gate.structure_id}（{gate.state}）"
                        f"只有 {metres:.0f} m，按其落在河段 {row['reach_id']} 一侧起算；"
                        "若在闸的另一侧，结果不同"
                    )
    return texts

"""Where a search ended, and why a point was not met."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.network import RiverNetwork
from geotool.trace._graph import NEVER, Graph
from geotool.trace._reached import Limits, Searches
from geotool.trace._search import Arcs, Search, all_arcs, search, way

GAP_M = 30.0
"""An open end this near to other water is called a gap in the drawing."""

NEAR_START_M = 30.0
"""A point this little on the wrong side of the start is within doubt of placing."""

STOPPED_COLUMNS = ("kind", "subject", "reason", "reason_en", "distance_m", "geometry")


def stops(network: RiverNetwork, found: Searches, limits: Limits) -> gpd.GeoDataFrame:
    """
    List the places where the search ended, nearest first.

    Kinds: ``closed_gate``, ``gap`` (an open end near other water), ``boundary``
    (an open end), ``unknown_direction`` (beyond it all is only possible), ``limit``.
    """
    rows = [
        *_gate_stops(network, found),
        *_open_ends(network, found, limits),
        *_unknown_stops(network, found, limits),
    ]
    table = pd.DataFrame(rows, columns=list(STOPPED_COLUMNS))
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs=network.crs)
    return frame.sort_values("distance_m", kind="stable", ignore_index=True)


def node_point(network: RiverNetwork, graph: Graph, node: int) -> shapely.Point:
    """Give the place of a node of the graph."""
    if node < len(network.nodes):
        return _place(network, node)
    for gate in graph.gates:
        if gate.far == node:
            return _place(network, gate.near)
    s = graph.segments
    at_low = np.flatnonzero(s.start == node)
    k, measure = (
        (int(at_low[0]), s.low[at_low[0]])
        if len(at_low)
        else (int(np.flatnonzero(s.end == node)[0]), None)
    )
    line = network.reaches.geometry.iloc[int(s.reach[k])]
    return line.interpolate(float(s.high[k] if measure is None else measure))


def _place(network: RiverNetwork, node: int) -> shapely.Point:
    return shapely.Point(shapely.get_coordinates(network.nodes.geometry.iloc[node]))


def _gate_stops(network: RiverNetwork, found: Searches) -> list[dict[str, Any]]:
    cost = found.metres[2].cost
    rows = []
    for gate in found.graph.gates:
        if gate.state not in ("closed", "one_way"):
            continue
        near, far = np.isfinite(cost[gate.near]), np.isfinite(cost[gate.far])
        if near == far:
            continue
        words = {
            "closed": ("关闭", "is closed"),
            "one_way": ("只向另一侧过水", "lets water through the other way only"),
        }
        zh, en = words[gate.state]
        rows.append(
            {
                "kind": "closed_gate",
                "subject": gate.structure_id,
                "reason": f"{gate.name or gate.structure_id} {zh}，到此为止",
                "reason_en": f"{gate.name or gate.structure_id} {en}",
                "distance_m": float(cost[gate.near] if near else cost[gate.far]),
                "geometry": network.nodes.geometry.iloc[gate.near],
            }
        )
    return rows


def _open_ends(
    network: RiverNetwork, found: Searches, limits: Limits
) -> list[dict[str, Any]]:
    s, cost = found.graph.segments, found.metres[2].cost
    degree = np.bincount(np.concatenate([s.start, s.end]), minlength=found.graph.nodes)
    gate_nodes = {node for gate in found.graph.gates for node in (gate.near, gate.far)}
    rows = []
    lines = np.asarray(network.reaches.geometry, dtype=object)
    tree = shapely.STRtree(lines)
    for node in np.flatnonzero((degree == 1) & np.isfinite(cost)):
        if node in gate_nodes or node in found.graph.start_nodes:
            continue
        if cost[node] > limits.metres:
            continue
        point = node_point(network, found.graph, int(node))
        own = int(s.reach[np.flatnonzero((s.start == node) | (s.end == node))[0]])
        near = [int(k) for k in tree.query(point, predicate="dwithin", distance=GAP_M)]
        gaps = [(lines[k].distance(point), k) for k in near if k != own]
        rows.append(
            _end_row(network, point, own, min(gaps, default=None), float(cost[node]))
        )
    return rows


def _end_row(
    network: RiverNetwork,
    point: shapely.Point,
    own: int,
    gap: tuple[float, int] | None,
    metres: float,
) -> dict[str, Any]:
    reach = network.reaches.iloc[own]
    name = reach["name"] or reach["reach_id"]
    if gap is None:
        return {
            "kind": "boundary",
            "subject": reach["reach_id"],
            "reason": f"{name} 的端点，河网到此为止",
            "reason_en": f"end of {name}, the network stops here",
            "distance_m": metres,
            "geometry": point,
        }
    other = network.reaches.iloc[gap[1]]
    label = other["name"] or other["reach_id"]
    return {
        "kind": "gap",
        "subject": reach["reach_id"],
        "reason": f"{name} 的端点距 {label} 只有 {gap[0]:.1f} m，未连通；请核对是否断线",
        "reason_en": f"{name} ends {gap[0]:.1f} m from {label} without joining it",
        "distance_m": metres,
        "geometry": point,
    }


def _unknown_stops(
    network: RiverNetwork, found: Searches, limits: Limits
) -> list[dict[str, Any]]:
    """Nodes beyond which nothing is better than possible."""
    s = found.graph.segments
    sure, maybe = found.metres[1].cost, found.metres[2].cost
    vague = (s.along == 2) & (s.against == 2)
    rows = []
    for k in np.flatnonzero(vague):
        near, far = int(s.start[k]), int(s.end[k])
        if np.isfinite(sure[far]) and not np.isfinite(sure[near]):
            near, far = far, near
        if not np.isfinite(sure[near]) or np.isfinite(sure[far]):
            continue
        if sure[near] > limits.metres or not np.isfinite(maybe[near]):
            continue
        reach = network.reaches.iloc[int(s.reach[k])]
        name = reach["name"] or reach["reach_id"]
        rows.append(
            {
                "kind": "unknown_direction",
                "subject": reach["reach_id"],
                "reason": f"{name}（{reach['reach_id']}）流向不明，再往外只能算“可能”",
                "reason_en": f"direction of {name} ({reach['reach_id']}) is unknown; "
                "beyond it all is only possible",
                "distance_m": float(sure[near]),
                "geometry": node_point(network, found.graph, near),
            }
        )
    return rows


# ---------------------------------------------------------------- exclusion
@dataclass(frozen=True)
class Helpers:
    """Searches that explain why a point was not met."""

    opened: Search
    opened_arcs: Arcs
    other_way: Search
    undirected: Search
    undirected_arcs: Arcs


def helper_searches(found: Searches) -> Helpers:
    """Search with gates open, in the other direction, and regardless of direction."""
    graph, s = found.graph, found.graph.segments
    arcs = all_arcs(graph)
    gates = [(g.near, g.far) for g in graph.gates] + [
        (g.far, g.near) for g in graph.gates
    ]
    tail = np.array([g[0] for g in gates], dtype=np.int64)
    head = np.array([g[1] for g in gates], dtype=np.int64)
    none = np.full(len(gates), -1)
    inner = arcs.segment >= 0
    opened = Arcs(
        np.concatenate([arcs.tail[inner], tail]),
        np.concatenate([arcs.head[inner], head]),
        np.concatenate([arcs.segment[inner], none]),
        np.concatenate([arcs.level[inner], none]),
    )
    number = np.arange(len(s.reach))
    every = Arcs(
        np.concatenate([s.start, s.end, tail]),
        np.concatenate([s.end, s.start, head]),
        np.concatenate([number, number, none]),
        np.concatenate([s.along, s.against, none]),
    )

    def run(these: Arcs, *, upstream: bool) -> Search:
        weight = np.where(these.segment >= 0, s.length[these.segment], 0.0)
        return search(
            these, weight, graph.start_nodes, nodes=graph.nodes, upstream=upstream
        )

    return Helpers(
        run(opened, upstream=found.upstream),
        opened,
        run(arcs, upstream=not found.upstream),
        run(every, upstream=True),
        every,
    )


def why_not(
    network: RiverNetwork,
    found: Searches,
    helpers: Helpers,
    segment: int,
    measure: float,
) -> tuple[str, str, str, str]:
    """
    Say why a place on a segment was not met: kind, Chinese, English, where.

    The first that holds: a closed gate, the other side of the start, a direction
    against it, another network.
    """
    s, up = found.graph.segments, found.upstream
    ends = (int(s.start[segment]), int(s.end[segment]))
    exits = [
        e
        for e, lv in zip(
            ends[::-1] if up else ends,
            (s.along[segment], s.against[segment]),
            strict=True,
        )
        if lv < NEVER
    ]
    behind = [e for e in exits if np.isfinite(helpers.opened.cost[e])]
    if behind:
        return _behind_gate(
            found, helpers, min(behind, key=lambda e: helpers.opened.cost[e])
        )
    entries = [
        e
        for e, lv in zip(
            ends if up else ends[::-1],
            (s.along[segment], s.against[segment]),
            strict=True,
        )
        if lv < NEVER
    ]
    beyond = [e for e in entries if np.isfinite(helpers.other_way.cost[e])]
    if beyond:
        node = min(beyond, key=lambda e: helpers.other_way.cost[e])
        part = (
            measure - s.low[segment] if node == ends[0] else s.high[segment] - measure
        )
        return _other_side(float(helpers.other_way.cost[node] + part), up=up)
    open_ends = [e for e in ends if np.isfinite(helpers.undirected.cost[e])]
    if open_ends:
        return _against(
            network,
            found,
            helpers,
            min(open_ends, key=lambda e: helpers.undirected.cost[e]),
            segment,
        )
    return (
        "unconnected",
        "与起点所在河网不连通（不同水系，或中间断线）",
        "not connected with the start: another water, or a gap in the drawing",
        "",
    )


def _behind_gate(
    found: Searches, helpers: Helpers, node: int
) -> tuple[str, str, str, str]:
    shut = []
    passed = {
        (int(helpers.opened_arcs.tail[arc]), int(helpers.opened_arcs.head[arc]))
        for arc in way(helpers.opened, node)
        if helpers.opened_arcs.segment[arc] < 0
    }
    for gate in found.graph.gates:
        here = {(gate.near, gate.far), (gate.far, gate.near)} & passed
        if here and gate.state in ("closed", "one_way"):
            shut.append(gate)
    names = "、".join(gate.name or gate.structure_id for gate in shut)
    metres = float(helpers.opened.cost[node])
    return (
        "closed_gate",
        f"被 {names} 隔断（关闭或只向另一侧过水）；若开启，沿河约 {metres:.0f} m",
        f"cut off by {names}; about {metres:.0f} m by water if it were open",
        "、".join(gate.structure_id for gate in shut),
    )


def _other_side(metres: float, *, up: bool) -> tuple[str, str, str, str]:
    side, side_en = ("下游", "downstream") if up else ("上游", "upstream")
    doubt = metres <= NEAR_START_M
    return (
        "other_side",
        f"在起点{side}，沿河 {metres:.0f} m"
        + ("；距离小于定位误差，请现场核实在哪一侧" if doubt else ""),
        f"{side_en} of the start, {metres:.0f} m by water"
        + ("; nearer than its place is sure, check on site" if doubt else ""),
        "",
    )


def _against(
    network: RiverNetwork, found: Searches, helpers: Helpers, node: int, segment: int
) -> tuple[str, str, str, str]:
    """Name the reach nearest to the start whose direction forbids the way."""
    arcs, s = helpers.undirected_arcs, found.graph.segments
    steps = [int(arcs.segment[a]) for a in way(helpers.undirected, node)]
    wrong = segment
    for arc, k in zip(way(helpers.undirected, node), steps, strict=True):
        if k >= 0:
            forward = int(arcs.tail[arc]) == int(s.start[k])
            level = s.along[k] if forward else s.against[k]
            back = s.against[k] if forward else s.along[k]
            if (level if found.upstream else back) >= NEVER:
                wrong = k
    reach = network.reaches.iloc[int(s.reach[wrong])]
    name = reach["name"] or reach["reach_id"]
    return (
        "against_flow",
        f"{name}（{reach['reach_id']}）的流向（{_source_zh(reach['direction_source'])}）背离起点",
        f"{name} ({reach['reach_id']}) runs the other way (by {reach['direction_source']})",
        str(reach["reach_id"]),
    )


def _source_zh(source: str) -> str:
    words = {
        "scenario": "情景",
        "user": "用户指定",
        "given": "资料给定",
        "boundary": "边界进出水",
        "drawing": "画线方向",
        "potential": "推断",
    }
    return words.get(source, source)

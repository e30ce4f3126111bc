"""Where a search ended."""

from collections.abc import Iterator
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.network import RiverNetwork
from geotool.trace._graph import LEVELS, Graph
from geotool.trace._reached import (
    FROM_HIGH,
    FROM_LOW,
    SECONDS_PER_HOUR,
    Limits,
    Searches,
    Stretches,
    rooms,
)

GAP_M = 30.0
"""An open end this near to other water is called a gap in the drawing."""

STOPPED_COLUMNS = (
    "kind",
    "subject",
    "reason",
    "reason_en",
    "relation",
    "distance_m",
    "travel_time_min_h",
    "travel_time_max_h",
    "geometry",
)

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def stops(network: RiverNetwork, stretches: Stretches) -> gpd.GeoDataFrame:
    """
    List the places where the search ended, nearest first.

    Distance and times are those of the nearest conceivable way, ``relation`` is the
    firmest class by which the place was met.

    Kinds: ``closed_gate``, ``gap`` (an open end near other water), ``boundary``
    (an open end), ``unknown_direction`` (beyond it all is only possible), ``limit``
    (the water goes on beyond what was asked for).
    """
    found = stretches.found
    inside = stretches.limits.hold(found.metres[2].cost, found.fast[2].cost)
    names = reach_names(network)
    rows = [
        *_gate_stops(network, found, inside),
        *_open_ends(network, found, inside, names),
        *_unknown_stops(network, found, stretches.limits, names),
        *_limit_stops(network, stretches, names),
    ]
    table = pd.DataFrame(rows, columns=list(STOPPED_COLUMNS))
    frame = gpd.GeoDataFrame(table, geometry="geometry", crs=network.crs)
    return frame.sort_values("distance_m", kind="stable", ignore_index=True)


def reach_names(network: RiverNetwork) -> list[str]:
    """Give what each reach is called: its river's name, else its id."""
    name = network.reaches["name"].to_numpy(dtype=object)
    key = network.reaches["reach_id"].to_numpy(dtype=object)
    nameless = pd.isna(name) | (name == "")
    return [str(text) for text in np.where(nameless, key, name)]


def _ways_to(
    found: Searches, level: int, nodes: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Distance and times to nodes at a class, and the firmest class each has."""
    met = np.stack([one.cost[nodes] for one in found.metres])
    columns = {
        "relation": np.array(LEVELS, dtype=object)[np.isfinite(met).argmax(axis=0)],
        "distance_m": met[level],
        "travel_time_min_h": found.fast[level].cost[nodes] / SECONDS_PER_HOUR,
        "travel_time_max_h": found.slow[level].cost[nodes] / SECONDS_PER_HOUR,
    }
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _way_to(found: Searches, level: int, node: int) -> dict[str, Any]:
    return _ways_to(found, level, np.array([node]))[0]


def _gate_stops(
    network: RiverNetwork, found: Searches, inside: Bools
) -> Iterator[dict[str, Any]]:
    cost = found.metres[2].cost
    words = {
        "closed": ("关闭", "is closed"),
        "one_way": ("只向另一侧过水", "lets water through the other way only"),
    }
    for gate in found.graph.gates:
        if gate.state not in words:
            continue
        met = np.isfinite(cost[[gate.near, gate.far]])
        here = gate.near if met[0] else gate.far
        if met.all() or not inside[here]:
            continue
        zh, en = words[gate.state]
        yield {
            "kind": "closed_gate",
            "subject": gate.structure_id,
            "reason": f"{gate.name or gate.structure_id} {zh}，到此为止",
            "reason_en": f"{gate.name or gate.structure_id} {en}",
            **_way_to(found, 2, here),
            "geometry": network.nodes.geometry.iloc[gate.near],
        }


_JOINED_M = 0.01
"""Lines this close share a node."""


def _open_ends(
    network: RiverNetwork, found: Searches, inside: Bools, names: list[str]
) -> Iterator[dict[str, Any]]:
    s, graph = found.graph.segments, found.graph
    both = np.concatenate([s.start, s.end])
    is_open = (np.bincount(both, minlength=graph.nodes) == 1) & inside
    is_open[graph.start_nodes] = False
    for gate in graph.gates:
        is_open[[gate.near, gate.far]] = False
    nodes = np.flatnonzero(is_open)
    if not len(nodes):
        return
    own = np.empty(graph.nodes, dtype=np.int64)
    own[both] = np.concatenate([s.reach, s.reach])
    places = np.asarray(network.nodes.geometry, dtype=object)[nodes]
    ways = _ways_to(found, 2, nodes)
    gap_m, other = _nearest_other(network, places, own[nodes])
    ids = network.reaches["reach_id"].to_numpy(dtype=object)
    for k, node in enumerate(nodes.tolist()):
        row = int(own[node])
        yield {
            **_end_words(names[row], gap_m[k], names[int(other[k])]),
            "subject": ids[row],
            **ways[k],
            "geometry": places[k],
        }


def _nearest_other(
    network: RiverNetwork, places: Any, own: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int64]]:
    """Nearest reach that is not a place's own, and how far; inf beyond the limit."""
    lines = np.asarray(network.reaches.geometry, dtype=object)
    tree = shapely.STRtree(lines)
    point, reach = tree.query(places, predicate="dwithin", distance=GAP_M)
    mine = lines[own[point]]
    # a stub drawn beyond the water it crosses hangs on that water: no gap
    stub = (shapely.length(mine) <= GAP_M) & (
        shapely.distance(mine, lines[reach]) < _JOINED_M
    )
    foreign = (reach != own[point]) & ~stub
    point, reach = point[foreign], reach[foreign]
    metres = shapely.distance(places[point], lines[reach])
    order = np.lexsort((reach, metres, point))
    which, first = np.unique(point[order], return_index=True)
    gap_m, other = np.full(len(places), np.inf), np.zeros(len(places), dtype=np.int64)
    gap_m[which] = metres[order][first]
    other[which] = reach[order][first]
    return gap_m, other


def _end_words(name: str, gap_m: float, other: str) -> dict[str, str]:
    if not np.isfinite(gap_m):
        return {
            "kind": "boundary",
            "reason": f"{name} 的端点，河网到此为止",
            "reason_en": f"end of {name}, the network stops here",
        }
    return {
        "kind": "gap",
        "reason": f"{name} 的端点距 {other} 只有 {gap_m:.1f} m，未连通；请核对是否断线",
        "reason_en": f"{name} ends {gap_m:.1f} m from {other} without joining it",
    }


def _unknown_stops(
    network: RiverNetwork, found: Searches, limits: Limits, names: list[str]
) -> Iterator[dict[str, Any]]:
    """Nodes beyond which nothing is better than possible."""
    s = found.graph.segments
    sure = found.metres[1].cost
    near_enough = limits.hold(sure, found.fast[1].cost)
    vague = (s.along == 2) & (s.against == 2)
    met = np.isfinite(sure[np.stack([s.start, s.end])])
    near = np.where(met[0], s.start, s.end)
    rows = np.flatnonzero(vague & (met[0] != met[1]) & near_enough[near])
    ids = network.reaches["reach_id"].to_numpy(dtype=object)
    for k in rows.tolist():
        reach, node = int(s.reach[k]), int(near[k])
        yield {
            "kind": "unknown_direction",
            "subject": ids[reach],
            "reason": f"{names[reach]}（{ids[reach]}）流向不明，再往外只能算“可能”",
            "reason_en": f"direction of {names[reach]} ({ids[reach]}) is unknown; "
            "beyond it all is only possible",
            **_way_to(found, 1, node),
            "geometry": node_point(network, found.graph, node, segment=k),
        }


def node_point(network: RiverNetwork, graph: Graph, node: int, *, segment: int) -> Any:
    """Give the place of a node of the graph, an end of a segment."""
    if node < len(network.nodes):
        return network.nodes.geometry.iloc[node]
    s = graph.segments
    line = network.reaches.geometry.iloc[int(s.reach[segment])]
    at_low = int(s.start[segment]) == node
    return line.interpolate(float(s.low[segment] if at_low else s.high[segment]))


def _limit_stops(
    network: RiverNetwork, stretches: Stretches, names: list[str]
) -> Iterator[dict[str, Any]]:
    limits = stretches.limits
    if not (np.isfinite(limits.metres) or np.isfinite(limits.seconds)):
        return
    graph = stretches.found.graph
    s, fast, slow = graph.segments, graph.seconds_low, graph.seconds_high
    room = rooms(stretches)
    is_cut = (room > 1e-9) & (room < s.length - 1e-9)
    # entered from both ends, the two parts may meet
    is_cut &= ~(room.sum(axis=0) >= s.length - 1e-9)
    lines = np.asarray(network.reaches.geometry, dtype=object)
    ids = network.reaches["reach_id"].to_numpy(dtype=object)
    for row in (FROM_HIGH, FROM_LOW):
        for k in np.flatnonzero(is_cut[row]).tolist():
            reach, metres = int(s.reach[k]), float(room[row, k])
            at = float(s.high[k]) - metres if row == FROM_HIGH else s.low[k] + metres
            share = metres / float(s.length[k])
            yield {
                "kind": "limit",
                "subject": ids[reach],
                "reason": f"{names[reach]} 上到达设定的范围，水面仍在延伸",
                "reason_en": f"the limit is reached on {names[reach]}, the water goes on",
                "relation": LEVELS[int(stretches.level[k])],
                "distance_m": float(stretches.metres[row, k]) + metres,
                "travel_time_min_h": (
                    float(stretches.seconds_min[row, k]) + share * float(fast[k])
                )
                / SECONDS_PER_HOUR,
                "travel_time_max_h": (
                    float(stretches.seconds_max[row, k]) + share * float(slow[k])
                )
                / SECONDS_PER_HOUR,
                "geometry": shapely.line_interpolate_point(lines[reach], at),
            }

"""Segments and points that a search reached, with class, distance and time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geotool.trace._graph import NEVER, Graph
from geotool.trace._search import Arcs, Search, all_arcs, search

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SECONDS_PER_HOUR = 3600.0
NODE_M = 1e-6
"""A point this near to the end of a reach lies on the node."""


@dataclass(frozen=True)
class Searches:
    """
    Searches at each level of sureness.

    Attributes
    ----------
    graph : Graph
    arcs : list of Arcs
        Arcs of level 0; 0 and 1; all.
    metres, fast, slow : list of Search
        By distance, by the fastest and by the slowest water; seconds.
    upstream : bool
    """

    graph: Graph
    arcs: list[Arcs]
    metres: list[Search]
    fast: list[Search]
    slow: list[Search]
    upstream: bool


def run_searches(graph: Graph, *, upstream: bool) -> Searches:
    """Search by distance and time, for what is certain, in the scenario, possible."""
    every = all_arcs(graph)
    levels: list[Arcs] = []
    metres: list[Search] = []
    fast: list[Search] = []
    slow: list[Search] = []
    for level in range(3):
        keep = every.level <= level
        arcs = Arcs(
            every.tail[keep], every.head[keep], every.segment[keep], every.level[keep]
        )
        levels.append(arcs)
        inside = arcs.segment >= 0
        for cost, found in (
            (graph.segments.length, metres),
            (graph.seconds_low, fast),
            (graph.seconds_high, slow),
        ):
            weight = np.where(inside, cost[arcs.segment], 0.0)
            found.append(
                search(
                    arcs,
                    weight,
                    graph.start_nodes,
                    nodes=graph.nodes,
                    upstream=upstream,
                )
            )
    return Searches(graph, levels, metres, fast, slow, upstream)


@dataclass(frozen=True)
class Stretch:
    """
    Part of a segment that was reached, entered from one end.

    Attributes
    ----------
    segment : int
    level : int
    node : int
        Node through which it is reached.
    from_start : bool
        Whether that node is at the segment's low measure.
    metres : float
        Distance between the start of the trace and that node.
    """

    segment: int
    level: int
    node: int
    from_start: bool
    metres: float


def reached_stretches(found: Searches) -> list[Stretch]:
    """
    List the ways into each segment at its own class.

    A segment that may run either way belongs to the firmest level at which all its
    ends are reached, whichever way it runs; else to the level of its own arc.
    """
    s = found.graph.segments
    # upstream, a segment is entered where its water comes out; downstream, where it
    # goes in
    ends = [(s.end, s.along, False), (s.start, s.against, True)]
    if not found.upstream:
        ends = [(s.start, s.along, True), (s.end, s.against, False)]
    count = len(s.reach)
    best = np.full(count, NEVER)
    open_ = np.array([way[1] < NEVER for way in ends])
    for level in (2, 1, 0):
        cost = found.metres[level].cost
        met = np.array([np.isfinite(cost[node]) for node, _, _ in ends])
        by_arc = np.array([way[1] <= level for way in ends]) & met
        whichever = (met | ~open_).all(axis=0) & open_.any(axis=0)
        best = np.where(by_arc.any(axis=0) | whichever, level, best)
    stretches = []
    for (node, arc_level, from_start), way_open in zip(ends, open_, strict=True):
        for k in np.flatnonzero((best < NEVER) & way_open):
            level = int(best[k])
            metres = float(found.metres[level].cost[node[k]])
            if not np.isfinite(metres):
                continue
            own = arc_level[k] <= level
            if own or _both_met(found, level, int(s.start[k]), int(s.end[k])):
                stretches.append(
                    Stretch(int(k), level, int(node[k]), from_start, metres)
                )
    return stretches


def _both_met(found: Searches, level: int, one: int, other: int) -> bool:
    cost = found.metres[level].cost
    return bool(np.isfinite(cost[one]) and np.isfinite(cost[other]))


@dataclass(frozen=True)
class Limits:
    """Farthest distance and longest time to look at; inf where there is none."""

    metres: float = float("inf")
    seconds: float = float("inf")


def interval(found: Searches, stretch: Stretch, limits: Limits) -> tuple[float, float]:
    """
    Give the measures of the part of a stretch that lies within the limits.

    Empty (low not below high) when the limit is reached before it.
    """
    s, k = found.graph.segments, stretch.segment
    length = float(s.length[k])
    room = min(length, limits.metres - stretch.metres)
    spare = limits.seconds - float(found.fast[stretch.level].cost[stretch.node])
    if found.graph.seconds_low[k] > 0:
        room = min(room, spare / float(found.graph.seconds_low[k]) * length)
    if stretch.from_start:
        return float(s.low[k]), float(s.low[k]) + room
    return float(s.high[k]) - room, float(s.high[k])


@dataclass(frozen=True)
class Hit:
    """How a point was reached."""

    level: int
    metres: float
    seconds_min: float
    seconds_max: float
    stretch: Stretch


def hits(
    found: Searches,
    by_segment: dict[int, list[Stretch]],
    segment: int,
    measure: float,
) -> Hit | None:
    """Give the shortest way to a place on a segment, at the segment's class."""
    s, graph = found.graph.segments, found.graph
    ways = [*by_segment.get(segment, ()), *_node_ways(found, segment, measure)]
    best: Hit | None = None
    for stretch in ways:
        part = (
            measure - s.low[segment]
            if stretch.from_start
            else (s.high[segment] - measure)
        )
        part = max(float(part), 0.0)
        length = float(s.length[segment])
        share = part / length if length else 0.0
        level, node = stretch.level, stretch.node
        hit = Hit(
            level,
            stretch.metres + part,
            float(found.fast[level].cost[node] + share * graph.seconds_low[segment]),
            float(found.slow[level].cost[node] + share * graph.seconds_high[segment]),
            stretch,
        )
        if best is None or (hit.level, hit.metres) < (best.level, best.metres):
            best = hit
    return best


def _node_ways(found: Searches, segment: int, measure: float) -> list[Stretch]:
    """Give the way from a node itself, for a point that lies on one."""
    s = found.graph.segments
    ways = []
    for node, at, from_start in (
        (int(s.start[segment]), s.low[segment], True),
        (int(s.end[segment]), s.high[segment], False),
    ):
        if abs(measure - at) > NODE_M:
            continue
        for level in range(3):
            metres = float(found.metres[level].cost[node])
            if np.isfinite(metres):
                ways.append(Stretch(segment, level, node, from_start, metres))
                break
    return ways

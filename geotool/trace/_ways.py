"""How many ways water has from a place to the start, and through which loops.

A way is counted over the water that a trace found, along arcs its class allows, and
ends where it first meets a start. In water without flow loops this is the number of
paths of a directed acyclic graph: exact, in linear time. Two-way reaches that branch
like a tree have one way between any two of their nodes, and stay exact. Where water
can run in a ring (a strongly connected part with more reaches than a tree), the ways
inside are not counted, for there may be exponentially many: the ring counts as one, and
the number is "at least".
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import spsolve_triangular

from geotool.trace._reached import Stretches

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MOST_WAYS = 10**15
"""Counts stop here; beyond, doubles are not exact, and nobody asks."""


@dataclass(frozen=True)
class NodeWays:
    """
    Ways between each node and a start, at one class.

    Attributes
    ----------
    count : array of float, one a node
        0 where there is none.
    exact : array of bool
        False where a way may pass a loop: then the number is "at least".
    loop : array of int
        Number of the loop the node lies in; -1 if none.
    segments : list of array of int
        Segments of each loop.
    """

    count: Floats
    exact: Bools
    loop: Ints
    segments: list[Ints]


@dataclass(frozen=True)
class _Steps:
    """Steps that a way may take, among nodes numbered anew; ``edge`` is what it uses."""

    nodes: Ints
    source: Ints
    target: Ints
    edge: Ints
    is_start: Bools


def count_ways(stretches: Stretches, level: int) -> NodeWays:
    """
    Count the ways between every node and a start.

    Parameters
    ----------
    stretches : Stretches
    level : int
        Firmness that each arc must have at least.
    """
    steps = _steps(stretches, level)
    total = len(steps.nodes)
    graph = sp.csr_array(
        (np.ones(len(steps.source), np.int8), (steps.source, steps.target)),
        shape=(total, total),
    )
    parts, part = sp.csgraph.connected_components(graph, connection="strong")
    part = part.astype(np.int64)
    inside = part[steps.source] == part[steps.target]
    edge, first = np.unique(steps.edge[inside], return_index=True)
    home = part[steps.source[inside]][first]
    is_ring = np.bincount(home, minlength=parts) >= np.bincount(part, minlength=parts)
    is_start = np.zeros(parts)
    is_start[part[steps.is_start]] = 1.0
    outer = part[steps.source[~inside]], part[steps.target[~inside]]
    ways = _paths(*outer, is_start)
    # a ring counts only where it lies on some way
    rings = _paths(*outer, (is_ring & (ways > 0)).astype(float))
    number = np.where(is_ring & (ways > 0), np.cumsum(is_ring) - 1, -1)
    nodes, last = stretches.found.graph.nodes, len(stretches.found.graph.segments.reach)
    found = NodeWays(
        np.zeros(nodes),
        np.ones(nodes, dtype=bool),
        np.full(nodes, -1),
        _by_ring(edge, home, is_ring, last),
    )
    found.count[steps.nodes] = np.minimum(ways, MOST_WAYS)[part]
    found.exact[steps.nodes] = ((rings == 0) & (ways < MOST_WAYS))[part]
    found.loop[steps.nodes] = number[part]
    return found


def _by_ring(edge: Ints, home: Ints, is_ring: Bools, segments: int) -> list[Ints]:
    """Segments of each ring, in the order of the rings."""
    mine = is_ring[home] & (edge < segments)
    if not mine.any():
        return [np.zeros(0, dtype=np.int64)] * int(is_ring.sum())
    order = np.argsort(home[mine], kind="stable")
    ring, first = np.unique(home[mine][order], return_index=True)
    pieces = dict(
        zip(ring.tolist(), np.split(edge[mine][order], first[1:]), strict=True)
    )
    none = np.zeros(0, dtype=np.int64)
    return [pieces.get(ring, none) for ring in np.flatnonzero(is_ring).tolist()]


def _steps(stretches: Stretches, level: int) -> _Steps:
    """List the steps toward the start within the limits; downstream, read backwards."""
    found = stretches.found
    graph, arcs = found.graph, found.arcs[level]
    near = stretches.limits.hold(found.metres[2].cost, found.fast[2].cost)
    source, target = (
        (arcs.tail, arcs.head) if found.upstream else (arcs.head, arcs.tail)
    )
    start = np.zeros(graph.nodes, dtype=bool)
    start[graph.start_nodes] = True
    # a way ends at the first start, and a ring of one reach leads nowhere
    use = near[source] & near[target] & ~start[source] & (source != target)
    source, target = source[use].astype(np.int64), target[use].astype(np.int64)
    segment = arcs.segment[use].astype(np.int64)
    gate = len(graph.segments.reach) + np.maximum(source, target)
    there = start.copy()
    there[source] = there[target] = True
    nodes = np.flatnonzero(there)
    number = np.cumsum(there) - 1
    return _Steps(
        nodes,
        number[source],
        number[target],
        np.where(segment >= 0, segment, gate),
        start[nodes],
    )


def _paths(source: Ints, target: Ints, own: Floats) -> Floats:
    """
    Sum ``own`` over all paths of a directed acyclic graph that leave each node.

    Examples
    --------
    Two ways from 2 to 0, by 1 and straight:

    >>> _paths(np.array([2, 1, 2]), np.array([1, 0, 0]), np.array([1.0, 0.0, 0.0]))
    array([1., 1., 2.])
    """
    count = len(own)
    if not len(source):
        return own
    place = _order(source, target, count)
    low, high = place[target], place[source]
    minus = sp.csr_array((np.full(len(low), -1.0), (high, low)), shape=(count, count))
    values = np.empty(count)
    values[place] = own
    lower = sp.csr_array(minus + sp.eye_array(count))
    with np.errstate(over="ignore", invalid="ignore"):
        solved = spsolve_triangular(lower, values, lower=True, unit_diagonal=True)
    if not np.isfinite(solved).all():
        solved = _summed(minus, values)
    return np.asarray(solved[place], dtype=float)


def _order(source: Ints, target: Ints, count: int) -> Ints:
    """Give each node a place so that every step leads to a lower one."""
    # the parts that scipy finds are numbered in such an order; it does not promise it
    if (source > target).all():
        return np.arange(count)
    if (source < target).all():
        return np.arange(count)[::-1].copy()
    return _sorted_places(source, target, count)


def _sorted_places(source: Ints, target: Ints, count: int) -> Ints:
    order = np.argsort(target, kind="stable")
    before, first = source[order], np.searchsorted(target[order], np.arange(count + 1))
    waiting = np.bincount(source, minlength=count).tolist()
    ready = [node for node, left in enumerate(waiting) if not left]
    place = np.empty(count, dtype=np.int64)
    for number in range(count):
        node = ready.pop()
        place[node] = number
        for other in before[first[node] : first[node + 1]].tolist():
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return place


def _summed(minus: sp.csr_array, values: Floats) -> Floats:
    """Sum as :func:`_paths` does, where the numbers outgrow doubles."""
    found = values.tolist()
    targets, first = minus.indices.tolist(), minus.indptr.tolist()
    times = (-minus.data).tolist()
    for node in range(len(found)):
        for k in range(first[node], first[node + 1]):
            found[node] += times[k] * found[targets[k]]
        found[node] = min(found[node], 2.0 * MOST_WAYS)
    return np.array(found)


def segment_ways(
    stretches: Stretches, ways: NodeWays, level: int, segments: Ints
) -> tuple[Floats, Bools]:
    """
    Count the ways from places inside segments, and tell which counts are exact.

    A place inside a two-way segment may leave through either end, but no way takes the
    segment twice.
    """
    graph = stretches.found.graph
    s = graph.segments
    own = np.stack([s.along[segments], s.against[segments]])
    if not stretches.found.upstream:
        own = own[::-1]
    ends = np.stack([s.end[segments], s.start[segments]])
    count, exact = ways.count[ends], ways.exact[ends]
    through = (own <= level) & (count > 0)
    # whichever way it runs, its water comes to one of the ends
    through |= ~through.any(axis=0) & (count > 0)
    both = through.all(axis=0) & (own <= level).all(axis=0)
    is_start = np.isin(ends, graph.start_nodes)
    total = np.where(through, count, 0.0).sum(axis=0)
    # of the other end's ways one is the segment itself
    beyond = np.where(is_start[0], count[1], count[0])
    shared = both & ~is_start.all(axis=0) & (ends[0] != ends[1])
    total = np.where(shared, beyond, total)
    sure = np.asarray((exact | ~through).all(axis=0))
    return np.asarray(np.minimum(total, MOST_WAYS)), sure

"""Shortest ways by scipy, where nothing is compiled."""

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

NONE = -1


class ByHead(NamedTuple):
    """Arcs sorted by head and tail, and where each new pair of them begins."""

    order: NDArray[np.int64]
    begin: NDArray[np.int64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]


def by_head(first: Ints, head: Ints) -> ByHead:
    """Sort arcs, given by the rows of their tails, by head; those to -1 are left out."""
    tail = np.repeat(np.arange(len(first) - 1), np.diff(first))
    order = np.argsort(head, kind="stable")
    order = order[np.searchsorted(head[order], 0) :]  # none of these: no arc
    source, target = tail[order], head[order].astype(np.int64)
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
    begin = np.flatnonzero(is_new)
    return ByHead(order, begin, source[begin], target[begin])


def backward(
    arcs: ByHead,
    weight: Floats,
    count: int,
    source: tuple[NDArray[Any], Floats] | None = None,
) -> sp.csr_array:
    """
    Arcs from head to tail, of parallel ones the shortest.

    A source is one node more, from which arcs lead to the starts.
    """
    cost, tail, head = weight[arcs.order], arcs.tail, arcs.head
    if len(arcs.begin) < len(cost):
        cost = np.minimum.reduceat(cost, arcs.begin)
    there = np.isfinite(cost)
    if not there.all():
        cost, tail, head = cost[there], tail[there], head[there]
    if source is not None:
        start, best = _cheapest(*source)
        tail, cost = np.concatenate([tail, start]), np.concatenate([cost, best])
        head = np.concatenate([head, np.full(len(start), count)])
        count += 1
    first = np.concatenate([[0], np.cumsum(np.bincount(head, minlength=count))])
    # a step of no length is kept: in a sparse graph a stored zero is an arc
    return sp.csr_array((cost, tail, first), shape=(count, count))


def _cheapest(start: NDArray[Any], cost: Floats) -> tuple[NDArray[np.int64], Floats]:
    order = np.lexsort((cost, start))
    node, at = np.unique(start[order], return_index=True)
    return node, cost[order][at]


def dijkstra(
    graph: sp.csr_array, start: NDArray[Any]
) -> tuple[Floats, NDArray[np.int64]]:
    """Give the cost of each node, and the node before it; negative if there is none."""
    cost, before, _ = sp.csgraph.dijkstra(
        graph, indices=start, min_only=True, return_predecessors=True
    )
    return cost, before.astype(np.int64)


def first_arcs(
    first: Ints,
    head: Ints,
    weight: Floats,
    cost: Floats,
    before: NDArray[np.int64],
) -> NDArray[np.int64]:
    """
    Choose the arc that each way begins with: of equal ones the first.

    Arcs of no length may form rings; there the way that scipy found is taken.
    """
    chosen = np.full(len(cost), NONE, dtype=np.int64)
    if not len(head):
        return chosen
    tail = np.repeat(np.arange(len(cost)), np.diff(first))
    beyond = np.where(head >= 0, cost[head], np.inf)
    there = (before[tail] >= 0) & np.isfinite(beyond) & np.isfinite(weight)
    there &= beyond + weight == cost[tail]
    for good in (there & (head == before[tail]), there & (beyond < cost[tail])):
        # from the last to the first, so that the first stays
        arc = np.flatnonzero(good)[::-1]
        chosen[tail[arc]] = arc
    return chosen

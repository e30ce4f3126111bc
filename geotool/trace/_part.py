"""Part of an index: what leads to some nodes, searched with costs of any kind."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geotool.trace._index import NONE, WaterIndex, kernels, ranges
from geotool.trace._scipy import ByHead, backward, by_head, dijkstra, first_arcs

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Part:
    """
    All nodes that lead to some nodes, and the arcs out of them, numbered anew.

    Attributes
    ----------
    node : array of int
        Node of each row.
    first, head, number : array of int
        Arcs out of each row: the row each leads to (-1: none of these), and what it
        is called.
    end : array of int or None
        Last row of the block of each row, where the rows are in the order of an index.
    """

    node: Ints
    first: Ints
    head: Ints
    number: Ints
    end: Ints | None

    @cached_property
    def by_head(self) -> ByHead:
        """Arcs sorted by the row they lead to, for scipy."""
        return by_head(self.first, self.head)

    @cached_property
    def inner(self) -> tuple[Ints, Ints, Ints]:
        """Arcs into each row inside its block: where each row's begin, tail, row."""
        k: Any = kernels()
        begin, tail, row = k.inner_arcs(self.end, self.first, self.head)
        return begin, tail, row

    @cached_property
    def kind(self) -> NDArray[np.int8]:
        """How each row is worked out, see the kernels."""
        k: Any = kernels()
        begin, tail, _ = self.inner
        kind: NDArray[np.int8] = k.kinds(self.end, self.first, self.head, begin, tail)
        return kind


def part_of(index: WaterIndex, start: NDArray[np.integer[Any]]) -> Part:
    """Take all nodes that lead to some nodes out of an index."""
    place = np.unique(index.position[start])[::-1].copy()
    order = index.order
    if order is None:
        met = np.zeros(len(index.node), dtype=bool)
        for one in place.tolist():
            if not met[one]:
                found = sp.csgraph.breadth_first_order(
                    index.backward, one, return_predecessors=False
                )
                met[found] = True
        row = np.flatnonzero(met)
        below, above = row, row
    else:
        k: Any = kernels()
        below, above, _ = k.slices(
            place, order.low, order.end, order.cross_first, order.cross
        )
        below, above = below[::-1].astype(np.int64), above[::-1].astype(np.int64)
        row = ranges(below, above + 1)
    arc = ranges(index.first[below], index.first[above + 1])
    base = np.cumsum(above - below + 1) - (above - below + 1)
    head = index.head[arc]
    slice_ = np.searchsorted(below, head, side="right") - 1
    is_in = (slice_ >= 0) & (head <= above[slice_])
    head = np.where(is_in, head - below[slice_] + base[slice_], NONE)
    count = index.first[row + 1] - index.first[row]
    end = None
    if order is not None:
        last = order.end[row]
        slice_ = np.searchsorted(below, last, side="right") - 1
        end = (last - below[slice_] + base[slice_]).astype(np.int32)
    return Part(
        index.node[row],
        np.concatenate([[0], np.cumsum(count)]).astype(np.int32),
        head.astype(np.int32),
        index.number[arc],
        end,
    )


def whole_part(index: WaterIndex) -> Part:
    """Take all nodes of an index, in their own order, for scipy."""
    return Part(index.node, index.first, index.head, index.number, None)


def shortest(
    part: Part, weight: Floats, start: NDArray[np.integer[Any]], start_cost: Floats
) -> tuple[Floats, NDArray[np.int64]]:
    """
    Find the cheapest ways inside a part.

    Parameters
    ----------
    part : Part
    weight : array of float, one an arc
        inf where an arc may not be taken.
    start : array of int
        Rows.
    start_cost : array of float

    Returns
    -------
    cost : array of float, one a row
        inf where no way leads to a start.
    arc : array of int
        Row of the first arc of the way; -1 at a start and where there is none.
    """
    if not len(start) or not len(part.node):
        return np.full(len(part.node), np.inf), np.full(len(part.node), NONE)
    if part.end is None:
        graph = backward(part.by_head, weight, len(part.node), (start, start_cost))
        total, before = dijkstra(graph, np.array([len(part.node)]))
        cost, before = total[:-1], before[:-1]
        before[before == len(part.node)] = NONE
        return cost, first_arcs(part.first, part.head, weight, cost, before)
    k: Any = kernels()
    begin, inner, arc = part.inner
    rows = np.arange(len(part.head), dtype=np.int32)
    sorted_ = np.argsort(start)[::-1]
    first, last = np.zeros(1, np.int32), np.array([len(part.node) - 1], dtype=np.int32)
    cost, next_ = np.empty(len(part.node)), np.empty(len(part.node), np.int32)
    k.spread(
        first,
        last,
        first,
        start[sorted_].astype(np.int32),
        start_cost[sorted_],
        part.end,
        part.kind,
        part.first,
        part.head,
        weight,
        rows,
        begin,
        inner,
        weight[arc],
        arc,
        cost,
        next_,
    )
    return cost, np.where(np.isfinite(cost), next_, NONE)


def distinct(number: NDArray[Any], count: int) -> NDArray[np.int64]:
    """
    Sort numbers below a count, each once; faster than ``np.unique``, which hashes.

    Examples
    --------
    >>> distinct(np.array([7, 2, 7]), 10).tolist()
    [2, 7]
    """
    if len(number) > count // 8:
        there = np.zeros(count, dtype=bool)
        there[number] = True
        return np.flatnonzero(there)
    ordered = np.sort(number).astype(np.int64)
    return ordered[np.diff(ordered, prepend=-1) > 0]

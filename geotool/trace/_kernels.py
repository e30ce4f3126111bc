"""Loops over arcs that numpy cannot do, compiled by numba (extra ``fast``).

Only :mod:`geotool.trace._index` imports this, when it first needs it; without numba
scipy finds the same. A compiled twin in C could take the place of this module.

Nodes stand in an order in which everything upstream of a node, as far as one search
from it meets for the first time, is the stretch of positions just below it; nodes that
can reach each other (a *block*) stand side by side. So most of what is upstream is one
slice, *cross arcs* tell of the slices further down, and one pass from high to low
positions finds every shortest way. Only inside a block does it take more.
"""
# ruff: noqa: C901  (loops that call nothing: a function each would hide the order)

from typing import Any

import numpy as np
from numba import njit

from geotool.trace._kernels_block import follow_twigs, gather_twigs, is_better, settle
from geotool.trace._kernels_order import blocks, by_key, cross_arcs, inner_arcs, kinds

__all__ = [
    "blocks",
    "by_key",
    "cross_arcs",
    "inner_arcs",
    "kinds",
    "search",
    "settle",
    "slices",
    "spread",
]

NONE = -1

HEADER = 4
"""Sizes at the head of a packed index: nodes, arcs, cross arcs, arcs inside blocks."""

SMALL = 48
"""Blocks of fewer nodes are gone over until nothing changes."""


@njit(cache=True)
def _push_place(heap: Any, size: int, value: int) -> Any:
    """Put a position on a heap that gives the highest first."""
    if size == heap.size:
        more = np.empty(2 * size, np.int32)
        more[:size] = heap
        heap = more
    i = size
    while i > 0:
        up = (i - 1) >> 1
        if heap[up] >= value:
            break
        heap[i] = heap[up]
        i = up
    heap[i] = value
    return heap


@njit(cache=True)
def _pop_place(heap: Any, size: int) -> int:
    """Take the highest position from a heap."""
    top, value, i = heap[0], heap[size - 1], 0
    size -= 1
    while True:
        child = 2 * i + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if heap[child] <= value:
            break
        heap[i] = heap[child]
        i = child
    heap[i] = value
    return top


@njit(cache=True)
def slices(start: Any, low: Any, end: Any, cross_first: Any, cross: Any) -> Any:
    """
    Find the slices of positions upstream of some positions, highest first.

    Returns
    -------
    below, above, base : array
        First and last position of each, and its place among all, lowest first.
    """
    heap, size = np.empty(64, np.int32), 0
    below, above, count = np.empty(16, np.int32), np.empty(16, np.int32), 0
    for p in start:
        heap = _push_place(heap, size, end[p])
        size += 1
    while size > 0:
        top = _pop_place(heap, size)
        size -= 1
        if count > 0 and top >= below[count - 1]:
            continue
        if count == below.size:
            more = np.empty(2 * count, np.int32)
            more[:count] = below
            below = more
            more = np.empty(2 * count, np.int32)
            more[:count] = above
            above = more
        a = low[top]
        below[count], above[count] = a, top
        count += 1
        for k in range(cross_first[a], cross_first[top + 1]):
            if cross[k] < a:
                heap = _push_place(heap, size, end[cross[k]])
                size += 1
    base, total = np.empty(count, np.int32), 0
    for s in range(count - 1, -1, -1):
        base[s] = total
        total += above[s] - below[s] + 1
    return below[:count], above[:count], base


@njit(cache=True)
def _slice_of(p: int, below: Any, above: Any, count: int) -> int:
    """Find which of the first slices holds a position; -1 if none."""
    low, high = 0, count - 1
    while low < high:
        middle = (low + high) >> 1
        if below[middle] <= p:
            high = middle
        else:
            low = middle + 1
    return low if low < count and below[low] <= p <= above[low] else -1


@njit(cache=True)
def spread(
    below: Any,
    above: Any,
    base: Any,
    start: Any,
    start_cost: Any,
    end: Any,
    kind: Any,
    first: Any,
    head: Any,
    weight: Any,
    number: Any,
    inner_first: Any,
    inner: Any,
    inner_weight: Any,
    inner_number: Any,
    cost: Any,
    next_: Any,
) -> None:
    """
    Find the shortest way from every position of some slices to the starts.

    Parameters
    ----------
    below, above, base : array
        Slices, highest first, and where the answer has each.
    start, start_cost : array
        Positions, highest first, and what each costs.
    end, kind, first, head, weight, number : array
        The index: block of each position, and its arcs out. A weight of inf is an arc
        that is not there.
    inner_first, inner, inner_weight, inner_number : array
        Arcs into each position inside its block.
    cost, next_ : array
        The answer: slice by slice from the lowest, as positions go; cost, and number of
        the arc toward the start, -1 at a start.
    """
    at = 0
    for s in range(below.size):
        a, e = below[s], above[s]
        shift = base[s] - a
        p, last = e, first[e + 1] - 1  # the last arc out of p
        while p >= a:
            is_start = at < start.size and start[at] == p
            if kind[p] == 0 and not is_start:
                h = head[last]
                if h <= e:
                    cost[p + shift] = cost[h + shift] + weight[last]
                    next_[p + shift] = number[last]
                    p, last = p - 1, last - 1
                    continue
            if kind[p] == 1 and not is_start:
                k = last - 1
                h, other = head[k], head[last]
                if h <= e and other <= e:
                    c, d = (
                        cost[h + shift] + weight[k],
                        cost[other + shift] + weight[last],
                    )
                    n, m = number[k], number[last]
                    # no branch: which way is shorter nobody foretells
                    pick = np.int32(d < c) | (np.int32(d == c) & np.int32(m < n))
                    cost[p + shift] = min(c, d)
                    next_[p + shift] = n + (m - n) * pick
                    p, last = p - 1, last - 2
                    continue
            begin = p
            while begin > a and end[begin - 1] == p:
                begin -= 1
            for q in range(p, begin - 1, -1):
                best, arc = np.inf, NONE
                while at < start.size and start[at] == q:
                    best = min(best, start_cost[at])
                    at += 1
                for k in range(first[q], first[q + 1]):
                    h = head[k]
                    if h <= p:
                        continue  # inside the block: below
                    j = h + shift
                    if h > e:  # in a slice further up, or not upstream at all
                        other = _slice_of(h, below, above, s)
                        if other < 0:
                            continue
                        j = h - below[other] + base[other]
                    c = cost[j] + weight[k]
                    if c < best:  # numbers rise: of equal ways the lowest stays
                        best, arc = c, number[k]
                cost[q + shift], next_[q + shift] = best, arc
            if begin < p and p - begin < SMALL:
                # a few rounds end it, and cost less than a heap would
                changed = True
                while changed:
                    changed = False
                    for q in range(p, begin - 1, -1):
                        d = cost[q + shift]
                        for k in range(inner_first[q], inner_first[q + 1]):
                            j, c = inner[k] + shift, d + inner_weight[k]
                            n, old = inner_number[k], cost[j]
                            if is_better(c, n, d, old, next_[j]):
                                cost[j], next_[j] = c, n
                                changed |= c < old
            elif begin < p:
                block = (begin + shift, p + shift, shift, cost, next_, kind)
                into = (inner_first, inner, inner_weight, inner_number)
                gather_twigs(*block, *into)
                settle(*block, *into)
                follow_twigs(*block, first, head, weight, number)
            p, last = begin - 1, first[begin] - 1


@njit(cache=True)
def search(start: Any, ints: Any, floats: Any, kind: Any) -> Any:
    """
    Find what leads to some nodes: the nodes, what they cost, and the first arcs.

    An index that has not been used for a while lies in no cache: then a call takes as
    long as the arrays it is given are many. So they come in one of each type, in the
    order in which :func:`geotool.trace._index.packed` lays them.

    Parameters
    ----------
    start : array
        Nodes, the highest position first.
    ints, floats, kind : array
    """
    count: Any = HEADER
    n, m = np.int64(ints[0]), np.int64(ints[1])
    c, i = np.int64(ints[2]), np.int64(ints[3])
    node, count = ints[count : count + n], count + n
    position, count = ints[count : count + n], count + n
    low, count = ints[count : count + n], count + n
    end, count = ints[count : count + n], count + n
    first, count = ints[count : count + n + 1], count + n + 1
    cross_first, count = ints[count : count + n + 1], count + n + 1
    inner_first, count = ints[count : count + n + 1], count + n + 1
    head, count = ints[count : count + m], count + m
    number, count = ints[count : count + m], count + m
    cross, count = ints[count : count + c], count + c
    inner, count = ints[count : count + i], count + i
    inner_number = ints[count : count + i]
    place = position[start]
    below, above, base = slices(place, low, end, cross_first, cross)
    total = base[0] + above[0] - below[0] + 1 if base.size else 0
    ids, cost = np.empty(total, np.int32), np.empty(total, np.float64)
    next_ = np.empty(total, np.int32)
    for s in range(below.size):
        size = above[s] - below[s] + 1
        ids[base[s] : base[s] + size] = node[below[s] : above[s] + 1]
    spread(
        below,
        above,
        base,
        place,
        np.zeros(place.size),
        end,
        kind,
        first,
        head,
        floats[:m],
        number,
        inner_first,
        inner,
        floats[m:],
        inner_number,
        cost,
        next_,
    )
    return ids, cost, next_

"""Shortest ways among nodes that can reach each other, compiled by numba (extra ``fast``).

As :mod:`geotool.trace._kernels`, which is the only one to import this.
"""
# ruff: noqa: C901  (loops that call nothing: a function each would hide the order)

from typing import Any

import numpy as np
from numba import njit

NONE = -1

BUCKETS = 4096
"""How many buckets :func:`settle_wide` has at most; a power of two."""

PER_STEP = 16
"""Buckets that a step of mean length goes through."""


@njit(cache=True)
def settle(
    first: int,
    last: int,
    shift: int,
    cost: Any,
    next_: Any,
    inner_first: Any,
    inner: Any,
    weight: Any,
    number: Any,
    key: Any,
    place: Any,
) -> None:
    """
    Find shortest ways inside a block, by Dijkstra, from the costs it has so far.

    ``first`` and ``last`` count as ``cost`` does; a position is that minus ``shift``.
    The heap is four wide: half as deep, and what it compares lies side by side.
    """
    size = 0
    for i in range(first, last + 1):
        if cost[i] < np.inf:
            size = _raise(key, place, size, cost[i], i)
    while size > 0:
        d, i = key[0], place[0]
        size -= 1
        if size > 0:
            _lower(key, place, size, key[size], place[size])
        if d > cost[i]:
            continue
        p = i - shift
        for k in range(inner_first[p], inner_first[p + 1]):
            j = inner[k] + shift
            c = d + weight[k]
            if c < cost[j]:
                cost[j], next_[j] = c, number[k]
                f = inner_first[inner[k]]
                more = inner_first[inner[k] + 1] - f
                if more == 0 or (more == 1 and inner[f] == p):
                    continue  # beyond it there is only the way back
                size = _raise(key, place, size, c, j)
            elif c == cost[j] and d < c < np.inf and number[k] < next_[j]:
                next_[j] = number[k]


@njit(cache=True)
def settle_wide(
    first: int,
    last: int,
    shift: int,
    cost: Any,
    next_: Any,
    inner_first: Any,
    inner: Any,
    weight: Any,
    number: Any,
    key: Any,
    place: Any,
) -> None:
    """
    As :func:`settle`, for many nodes: what is far off waits in buckets by its cost.

    A bucket is put on the heap when its turn comes, so that the heap stays small. A
    ring of buckets is as wide as the longest step: nothing waits longer than one turn
    of it, but what was known before, which is taken in order.
    """
    widest = total = 0.0
    count = 0
    for k in range(inner_first[first - shift], inner_first[last - shift + 1]):
        if weight[k] < np.inf:
            widest = max(widest, weight[k])
            total += weight[k]
            count += 1
    known = first + np.flatnonzero(cost[first : last + 1] < np.inf)
    known = known[np.argsort(cost[known])]
    known_cost = cost[known]
    if widest == 0.0 or len(known) == 0:
        settle(
            first,
            last,
            shift,
            cost,
            next_,
            inner_first,
            inner,
            weight,
            number,
            key,
            place,
        )
        return
    # too many of them stand empty, too few fill up
    parts = widest / (total / count) * PER_STEP
    buckets = 64
    while buckets < BUCKETS and buckets < parts:
        buckets *= 2
    scale, mask = (buckets - 2) / widest, buckets - 1
    ring = np.full(buckets, NONE, np.int32)
    # those that wait: cost, place, and the next one in the bucket or among the free
    wait_cost = np.empty(key.size, np.float64)
    wait_place, after = np.empty(key.size, np.int32), np.empty(key.size, np.int32)
    free, used, waiting, at, size = NONE, 0, 0, 0, 0
    begin = known_cost[0]
    turn = 0
    while True:
        if size == 0:
            if waiting == 0:
                if at == known.size:
                    break
                turn = max(turn, int((known_cost[at] - begin) * scale))
            elif ring[turn & mask] == NONE and (
                at == known.size or int((known_cost[at] - begin) * scale) > turn
            ):
                turn += 1
                continue
            while at < known.size and int((known_cost[at] - begin) * scale) <= turn:
                if known_cost[at] == cost[known[at]]:
                    size = _raise(key, place, size, known_cost[at], known[at])
                at += 1
            entry = ring[turn & mask]
            ring[turn & mask] = NONE
            while entry != NONE:
                if wait_cost[entry] == cost[wait_place[entry]]:
                    size = _raise(key, place, size, wait_cost[entry], wait_place[entry])
                then = after[entry]
                after[entry], free = free, entry
                entry = then
                waiting -= 1
            continue
        d, i = key[0], place[0]
        size -= 1
        if size > 0:
            _lower(key, place, size, key[size], place[size])
        if d > cost[i]:
            continue
        p = i - shift
        for k in range(inner_first[p], inner_first[p + 1]):
            j = inner[k] + shift
            c = d + weight[k]
            if c < cost[j]:
                cost[j], next_[j] = c, number[k]
                f = inner_first[inner[k]]
                more = inner_first[inner[k] + 1] - f
                if more == 0 or (more == 1 and inner[f] == p):
                    continue  # beyond it there is only the way back
                bucket = int((c - begin) * scale)
                if bucket <= turn:
                    size = _raise(key, place, size, c, j)
                    continue
                entry = free
                if entry == NONE:
                    entry, used = used, used + 1
                else:
                    free = after[entry]
                wait_cost[entry], wait_place[entry] = c, j
                after[entry] = ring[bucket & mask]
                ring[bucket & mask] = entry
                waiting += 1
            elif c == cost[j] and d < c < np.inf and number[k] < next_[j]:
                next_[j] = number[k]


@njit(cache=True)
def _raise(key: Any, place: Any, size: int, value: float, item: int) -> int:
    i = size
    while i > 0:
        up = (i - 1) >> 2
        if key[up] <= value:
            break
        key[i], place[i] = key[up], place[up]
        i = up
    key[i], place[i] = value, item
    return size + 1


@njit(cache=True)
def _lower(key: Any, place: Any, size: int, value: float, item: int) -> None:
    i = 0
    while True:
        child = 4 * i + 1
        if child >= size:
            break
        least = child
        for other in range(child + 1, min(child + 4, size)):
            if key[other] < key[least]:
                least = other
        if key[least] >= value:
            break
        key[i], place[i] = key[least], place[least]
        i = least
    key[i], place[i] = value, item

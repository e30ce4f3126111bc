"""Shortest ways among nodes that can reach each other, compiled by numba (extra ``fast``).

As :mod:`geotool.trace._kernels`, which is the only one to import this.
"""
# ruff: noqa: C901  (loops that call nothing: a function each would hide the order)

from typing import Any

import numpy as np
from numba import njit

from geotool.trace._kernels_order import TWIG

NONE = -1

BUCKETS = 4096
"""How many buckets :func:`settle` has at most; a power of two."""

PER_STEP = 16
"""Buckets that a step of mean length goes through."""

# np.record: fields by name where nothing is compiled too, as when tests are measured
PLACE = np.dtype((np.record, [("cost", "f8"), ("next", "i4"), ("first", "i4")]))
ARC = np.dtype((np.record, [("weight", "f8"), ("tail", "i4"), ("number", "i4")]))
WAITING = np.dtype((np.record, [("cost", "f8"), ("place", "i4"), ("after", "i4")]))


@njit(cache=True)
def is_better(c: float, number: int, d: float, old: float, old_number: int) -> bool:
    """
    Whether a way that costs ``c`` is to take the place of an old one.

    Of ways of one length that which begins with the arc of the lowest number; ``d`` is
    what the way costs from the end of that arc.
    """
    return c < old or (c == old and d < c < np.inf and number < old_number)


@njit(cache=True)
def gather_twigs(
    first: int,
    last: int,
    shift: int,
    cost: Any,
    next_: Any,
    kind: Any,
    inner_first: Any,
    inner: Any,
    weight: Any,
    number: Any,
) -> None:
    """Carry what starts on twigs cost down to the nodes that the twigs hang on."""
    for i in range(first, last + 1):
        p = i - shift
        if kind[p] == TWIG and cost[i] < np.inf:
            for k in range(inner_first[p], inner_first[p + 1]):
                if inner[k] > p:
                    j, c = inner[k] + shift, cost[i] + weight[k]
                    if is_better(c, number[k], cost[i], cost[j], next_[j]):
                        cost[j], next_[j] = c, number[k]


@njit(cache=True)
def follow_twigs(
    first: int,
    last: int,
    shift: int,
    cost: Any,
    next_: Any,
    kind: Any,
    out_first: Any,
    head: Any,
    weight: Any,
    number: Any,
) -> None:
    """Carry the costs of all other nodes up the twigs, by their arcs out."""
    for i in range(last, first - 1, -1):
        p = i - shift
        if kind[p] == TWIG:
            for k in range(out_first[p], out_first[p + 1]):
                j = head[k] + shift
                if i < j <= last and cost[j] < np.inf:
                    c = cost[j] + weight[k]
                    if is_better(c, number[k], cost[j], cost[i], next_[i]):
                        cost[i], next_[i] = c, number[k]


@njit(cache=True)
def settle(
    first: int,
    last: int,
    shift: int,
    cost: Any,
    next_: Any,
    kind: Any,
    inner_first: Any,
    inner: Any,
    weight: Any,
    number: Any,
) -> None:
    """
    Find shortest ways inside a block, but for its twigs, from the costs it has so far.

    ``first`` and ``last`` count as ``cost`` does; a position is that minus ``shift``.
    The search goes to and fro in the block, and memory that lies apart is what it waits
    for: so it works on a copy where all there is to a place, or an arc, lies together.
    """
    row = np.empty(last - first + 1, np.int32)
    count = 0
    for i in range(first, last + 1):
        is_twig = kind[i - shift] == TWIG
        row[i - first] = NONE if is_twig else count
        count += not is_twig
    places = np.empty(count + 1, PLACE)
    arcs = np.empty(inner_first[last - shift + 1] - inner_first[first - shift], ARC)
    at = used = 0
    for i in range(first, last + 1):
        p = i - shift
        if row[i - first] == NONE:
            continue
        places[at].cost, places[at].next, places[at].first = cost[i], next_[i], used
        at += 1
        for k in range(inner_first[p], inner_first[p + 1]):
            tail = row[inner[k] - (first - shift)]
            if tail != NONE and weight[k] < np.inf:
                arcs[used].weight, arcs[used].tail = weight[k], tail
                arcs[used].number = number[k]
                used += 1
    places[count].first = used
    _search_places(places, arcs[:used])
    for i in range(first, last + 1):
        if row[i - first] != NONE:
            cost[i], next_[i] = (
                places[row[i - first]].cost,
                places[row[i - first]].next,
            )


@njit(cache=True)
def _search_places(places: Any, arcs: Any) -> None:
    """
    Search from all places that have a cost.

    What is found waits in buckets by its cost. A ring of buckets is as wide as the
    longest step: nothing waits longer than one turn of it, but what was known before,
    which is taken in order. In a bucket the last comes first; where that has taken the
    same places too often, as it may where few steps are long and most are short, a heap
    puts each bucket in order (four wide: half as deep, and what it compares lies side
    by side).
    """
    known = np.flatnonzero(places["cost"][:-1] < np.inf)
    if known.size == 0 or arcs.size == 0:
        return
    known_cost = places["cost"][known]
    by_cost = np.argsort(known_cost)
    known, known_cost = known[by_cost], known_cost[by_cost]
    begin = known_cost[0]
    widest, total = 0.0, 0.0
    for k in range(arcs.size):
        widest = max(widest, arcs[k].weight)
        total += arcs[k].weight
    # too many of them stand empty, too few fill up
    buckets, scale = 64, 0.0
    if widest > 0.0:
        parts = widest / (total / arcs.size) * PER_STEP
        while buckets < BUCKETS and buckets < parts:
            buckets *= 2
        scale = (buckets - 2) / widest
    mask = buckets - 1
    ring = np.full(buckets, NONE, np.int32)
    patience = places.size + arcs.size
    # those that wait and, by ``after``, the next one in the bucket or among the free
    wait = np.empty(2 * patience, WAITING)
    key, place, size = np.empty(0, np.float64), np.empty(0, np.int32), 0
    free, used, waiting, made, at, turn = NONE, 0, 0, 0, 0, 0
    while True:
        if size > 0:
            d, i = key[0], place[0]
            size -= 1
            if size > 0:
                _lower(key, place, size, key[size], place[size])
        else:
            if waiting == 0:
                if at == known.size:
                    break
                turn = max(turn, int((known_cost[at] - begin) * scale))
            while at < known.size and int((known_cost[at] - begin) * scale) <= turn:
                entry = free
                if entry == NONE:
                    entry, used = used, used + 1
                else:
                    free = wait[entry].after
                wait[entry].cost, wait[entry].place = known_cost[at], known[at]
                wait[entry].after = ring[turn & mask]
                ring[turn & mask] = entry
                waiting, at = waiting + 1, at + 1
            entry = ring[turn & mask]
            if entry == NONE:
                turn += 1
                continue
            ring[turn & mask] = wait[entry].after
            d, i = wait[entry].cost, wait[entry].place
            wait[entry].after, free = free, entry
            waiting -= 1
            if made > patience:
                if key.size == 0:
                    key, place = np.empty(wait.size), np.empty(wait.size, np.int32)
                size = _raise(key, place, size, d, i)
                while ring[turn & mask] != NONE:
                    entry = ring[turn & mask]
                    size = _raise(key, place, size, wait[entry].cost, wait[entry].place)
                    ring[turn & mask] = wait[entry].after
                    wait[entry].after, free = free, entry
                    waiting -= 1
                continue
        if d > places[i].cost:
            continue
        for k in range(places[i].first, places[i + 1].first):
            j, number = arcs[k].tail, arcs[k].number
            c, old = d + arcs[k].weight, places[j].cost
            if not is_better(c, number, d, old, places[j].next):
                continue
            places[j].cost, places[j].next = c, number
            if c == old:
                continue
            bucket = max(turn, int((c - begin) * scale))
            if bucket == turn and key.size > 0:
                size = _raise(key, place, size, c, j)
                continue
            made += 1
            entry = free
            if entry == NONE:
                entry, used = used, used + 1
            else:
                free = wait[entry].after
            wait[entry].cost, wait[entry].place = c, j
            wait[entry].after = ring[bucket & mask]
            ring[bucket & mask] = entry
            waiting += 1


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

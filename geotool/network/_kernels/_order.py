"""Things put in order, as compiled loops: dealt out by key, then sorted in each heap."""

from typing import Any

import numpy as np

from geotool.network._kernels._jit import compiled
from geotool.network._kernels._prefetch import prefetch
from geotool.network._ragged import Floats, Ints

_DIGIT = 11
"""Bits by which things are dealt out at once: as many heaps as a cache has lines for."""

_KEY = 31
"""Bits of a number as a key; as many below it say which thing it is of, and one more."""

_FAR_AHEAD = 16
"""Steps ahead from which a number is asked for: little is done with each."""

_MOST = 20_000
"""From so many things of one key, numpy's sort is faster than one of each heap."""


def ordered(key: Ints, first: Any, second: Any) -> Ints:
    """Order things by a key, then by one number and another."""
    order = np.empty(len(key), np.int64)
    if len(key):
        numbers = (
            first.astype(np.float64, copy=False),
            second.astype(np.float64, copy=False),
        )
        _ordered(key, *numbers, order)
    return order


@compiled
def _ordered(key: Any, first: Any, second: Any, order: Any) -> None:
    begin = np.zeros(key.max() + 2, np.int64)
    for k in key:
        begin[k + 1] += 1
    for k in range(begin.size - 1):
        begin[k + 1] += begin[k]
    for i in range(key.size):
        order[begin[key[i]]] = i
        begin[key[i]] += 1
    low = 0
    for k in range(begin.size - 1):  # each has moved on to the begin of the next
        if begin[k] - low > 1:
            _sort(order, low, begin[k], first, second)
        low = begin[k]


@compiled
def _sort(order: Any, low: int, high: int, first: Any, second: Any) -> None:
    """Sort a stretch after Shell: most have two or three members, few have many."""
    step = 1
    while 3 * step + 1 < high - low:
        step = 3 * step + 1
    while step > 0:
        for i in range(low + step, high):
            k, j = order[i], i - step
            while j >= low and _is_before(k, order[j], first, second):
                order[j + step] = order[j]
                j -= step
            order[j + step] = k
        step //= 3


@compiled
def _is_before(a: int, b: int, first: Any, second: Any) -> Any:
    if first[a] != first[b]:
        return first[a] < first[b]
    if second[a] != second[b]:
        return second[a] < second[b]
    return a < b


# ---------------------------------------------------------------- by numbers
def ascending(first: Any, second: Any) -> Ints:
    """Order things by one number and another; what is alike in both stays as it comes."""
    first = np.ascontiguousarray(first, dtype=np.float64)
    second = np.ascontiguousarray(second, dtype=np.float64)
    if len(first) == 0:
        return np.empty(0, np.int64)
    base, top = float(first.min()), float(first.max())
    scale = (2.0**_KEY - 1) / (top - base) if top > base else 0.0
    order, is_done = _ascending(first, second, base, scale)
    return np.asarray(order if is_done else np.lexsort((second, first)))


def eastward(xy: Floats) -> tuple[Ints, Floats]:
    """Order points by x, then by y; and give them in this order."""
    order = ascending(xy[:, 0], xy[:, 1])
    return order, _taken(xy, order)


@compiled
def _ascending(first: Any, second: Any, base: float, scale: float) -> Any:
    marks = np.empty(first.size, np.int64)
    for i in range(first.size):
        marks[i] = np.int64((first[i] - base) * scale) << 32 | i
    marks = _by_digits(marks)
    # many things share a key, few of them by chance
    low, which = 0, (1 << 32) - 1
    order = marks & which
    for i in range(1, marks.size + 1):
        if i + _FAR_AHEAD < marks.size:
            prefetch(first, order[i + _FAR_AHEAD])
            prefetch(second, order[i + _FAR_AHEAD])
        if i == marks.size or marks[i] >> 32 != marks[low] >> 32:
            if i - low > _MOST:
                return order, False
            if i - low > 1:
                _sort(order, low, i, first, second)
            low = i
    return order, True


@compiled
def _by_digits(marks: Any) -> Any:
    """Sort marks by their keys, digit by digit, the last first."""
    spare, digit = np.empty_like(marks), (1 << _DIGIT) - 1
    for shift in (32, 32 + _DIGIT, 32 + 2 * _DIGIT):
        at = np.zeros(digit + 2, np.int64)
        for mark in marks:
            at[(mark >> shift & digit) + 1] += 1
        for d in range(digit):
            at[d + 1] += at[d]
        for mark in marks:
            d = mark >> shift & digit
            spare[at[d]] = mark
            at[d] += 1
        marks, spare = spare, marks
    return marks


@compiled
def _taken(xy: Any, order: Any) -> Any:
    out = np.empty((order.size, 2))
    for i in range(order.size):
        if i + _FAR_AHEAD < order.size:
            prefetch(xy, order[i + _FAR_AHEAD])
        out[i, 0], out[i, 1] = xy[order[i], 0], xy[order[i], 1]
    return out

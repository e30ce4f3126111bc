"""Things put in order, as compiled loops: dealt out by key, then sorted in each heap."""

from typing import Any

import numpy as np

from geotool.network._kernels._jit import compiled
from geotool.network._ragged import Ints


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

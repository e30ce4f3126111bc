"""Boxes around runs of segments, dealt out to strips of land, as compiled loops."""

from typing import Any

import numpy as np

from geotool.network._kernels._jit import compiled
from geotool.network._kernels._prefetch import AHEAD, prefetch
from geotool.network._ragged import Floats

_ROUNDED = 1.2e-7
"""Share of a number that a float of 32 bits may be off, and more."""

_SAMPLE = 50_000
"""So many boxes tell how high they are."""


@compiled
def runs(xy: Any, start: Any, stop: Any, pad: float, most: int) -> Any:
    """Cut lines into runs of a few segments: line, first and last vertex, wide box."""
    count = 0
    for k in range(start.size):
        count += (stop[k] - start[k] - 1 + most - 1) // most
    line = np.empty(count, np.int32)
    low = np.empty(count, np.int64)
    high = np.empty(count, np.int64)
    box = np.empty((count, 4), np.float32)
    n = 0
    for k in range(start.size):
        for first in range(start[k], stop[k] - 1, most):
            line[n] = k
            low[n] = first
            high[n] = min(first + most, stop[k] - 1)
            x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
            for i in range(first, high[n] + 1):
                x0, x1 = min(x0, xy[i, 0]), max(x1, xy[i, 0])
                y0, y1 = min(y0, xy[i, 1]), max(y1, xy[i, 1])
            # wider than a short float rounds
            by_x = pad + _ROUNDED * max(abs(x0), abs(x1))
            by_y = pad + _ROUNDED * max(abs(y0), abs(y1))
            box[n, 0], box[n, 1] = x0 - by_x, y0 - by_y
            box[n, 2], box[n, 3] = x1 + by_x, y1 + by_y
            n += 1
    return line, low, high, box


def strips(low: Floats, high: Floats) -> tuple[float, float, int]:
    """Choose strips such that a box lies in two or three of them: base, width, count."""
    base, top = float(low.min()), float(high.max())
    some = slice(None, None, 1 + len(low) // _SAMPLE)
    size = high[some] - low[some]
    wide = max(2 * float(np.median(size)), float(size.mean()) / 2, 1e-6)
    wide = max(wide, (top - base) / (2 * len(low) + 1))
    return base, wide, int((top - base) / wide) + 1


@compiled
def counted(low: Any, high: Any, base: float, wide: float, count: int) -> Any:
    """Where the boxes of each strip will begin."""
    begin = np.zeros(count + 1, np.int64)
    for k in range(low.size):
        for s in range(int((low[k] - base) / wide), int((high[k] - base) / wide) + 1):
            begin[s + 1] += 1
    for s in range(count):
        begin[s + 1] += begin[s]
    return begin


@compiled
def dealt(order: Any, box: Any, begin: Any, base: float, wide: float) -> Any:
    """Deal boxes out to strips, in the given order: number and box."""
    at = begin[:-1].copy()
    item = np.empty(begin[-1], np.int32)
    here = np.empty((begin[-1], 4), np.float32)
    for n in range(order.size):
        k = order[n]
        if n + AHEAD < order.size:
            prefetch(box, order[n + AHEAD])
        left, right = box[k, 0], box[k, 2]
        for s in range(int((left - base) / wide), int((right - base) / wide) + 1):
            item[at[s]] = k
            for c in range(4):
                here[at[s], c] = box[k, c]
            at[s] += 1
    return item, here


@compiled
def grown(a: Any) -> Any:
    b = np.empty((2 * a.shape[0], 2), np.int64)
    b[: a.shape[0]] = a
    return b

"""Lines brought into one form, measured and cut, as compiled loops."""

import math
from typing import Any

import numpy as np

from geotool.network._kernels._jit import compiled
from geotool.network._kernels._prefetch import AHEAD, prefetch
from geotool.network._limits import STRAIGHT_M
from geotool.network._ragged import Bools, Floats, Ints, Lines

_FAR = 1.01 * STRAIGHT_M * STRAIGHT_M
"""A square from which a vertex is surely not straight, however sums are rounded."""


# ---------------------------------------------------------------- one form
def canonical(xy: Floats, size: Ints) -> tuple[Floats, Ints, Bools]:
    """Bring open lines into one form; rings are left to ``_plain``."""
    out = np.empty_like(xy)
    used, count, flip = _canonical(np.ascontiguousarray(xy), size, out)
    return out[:used], count, flip


@compiled
def _canonical(xy: Any, size: Any, out: Any) -> Any:
    count = np.zeros(size.size, np.int64)
    flip = np.zeros(size.size, np.bool_)
    longest = 0
    for k in range(size.size):
        longest = max(longest, size[k])
    line = np.empty((longest, 2))
    keep = np.empty(longest, np.bool_)
    base, used = 0, 0
    for k in range(size.size):
        n = _without_repeats(xy, base, size[k], line)
        base += size[k]
        _corners(line, n, keep)
        begin, used = used, _rounded(line, n, keep, out, used)
        if used - begin < 2:
            used = begin
            continue
        count[k] = used - begin
        a, b = out[begin], out[used - 1]
        flip[k] = a[0] > b[0] or (a[0] == b[0] and a[1] > b[1])
        if flip[k]:
            _turn(out, begin, used - 1)
    return used, count, flip


@compiled
def _without_repeats(xy: Any, base: int, size: int, line: Any) -> Any:
    n = 0
    for i in range(base, base + size):
        if n == 0 or xy[i, 0] != line[n - 1, 0] or xy[i, 1] != line[n - 1, 1]:
            line[n, 0], line[n, 1] = xy[i, 0], xy[i, 1]
            n += 1
    return n


@compiled
def _rounded(line: Any, n: int, keep: Any, out: Any, used: int) -> Any:
    """Write the corners of a line to ``GRID_M``, without repeats."""
    begin = used
    for i in range(n):
        if keep[i]:
            x = np.rint(line[i, 0] * 10000.0) / 10000.0 + 0.0
            y = np.rint(line[i, 1] * 10000.0) / 10000.0 + 0.0
            if used == begin or x != out[used - 1, 0] or y != out[used - 1, 1]:
                out[used, 0], out[used, 1] = x, y
                used += 1
    return used


@compiled
def _turn(out: Any, i: int, j: int) -> None:
    while i < j:
        for c in range(2):
            out[i, c], out[j, c] = out[j, c], out[i, c]
        i += 1
        j -= 1


@compiled
def _is_straight(line: Any, i: int) -> Any:
    """Whether a line goes straight on at a vertex."""
    ax, ay = line[i, 0] - line[i - 1, 0], line[i, 1] - line[i - 1, 1]
    bx, by = line[i + 1, 0] - line[i, 0], line[i + 1, 1] - line[i, 1]
    cx, cy = line[i + 1, 0] - line[i - 1, 0], line[i + 1, 1] - line[i - 1, 1]
    beside, size = abs(ax * by - ay * bx), cx * cx + cy * cy
    if beside * beside > _FAR * size:
        return False  # most are corners, and need no root to tell
    return ax * bx + ay * by > 0 and beside <= STRAIGHT_M * math.sqrt(size)


@compiled
def _corners(line: Any, n: int, keep: Any) -> None:
    """Mark the ends and corners of a line of n vertices."""
    for i in range(n):
        keep[i] = i == 0 or i == n - 1 or not _is_straight(line, i)
    low = 0
    for high in range(1, n):
        if keep[high] and high == low + 1:
            low = high
        elif keep[high]:
            cx, cy = line[high, 0] - line[low, 0], line[high, 1] - line[low, 1]
            limit = STRAIGHT_M * math.sqrt(cx * cx + cy * cy)
            bent = False
            for i in range(low + 1, high):
                ax, ay = line[i, 0] - line[low, 0], line[i, 1] - line[low, 1]
                bent = bent or abs(cx * ay - cy * ax) > limit
            if bent:  # a slow bend stays as a whole
                for i in range(low + 1, high):
                    keep[i] = True
            low = high


# ---------------------------------------------------------------- measures
@compiled
def lengths(xy: Any, start: Any, stop: Any) -> Any:
    """Length of each line."""
    made = np.zeros(start.size)
    for k in range(start.size):
        total = 0.0
        for i in range(start[k], stop[k] - 1):
            dx, dy = xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1]
            total += math.sqrt(dx * dx + dy * dy)
        made[k] = total
    return made


def lengths_of(_: Lines, xy: Floats, number: Ints) -> Floats:
    """Measure lines, to the last bit as GEOS does."""
    return np.asarray(_lengths_of(xy, number))


@compiled
def _lengths_of(xy: Any, number: Any) -> Any:
    made = np.zeros(number[-1] + 1)
    for i in range(number.size - 1):
        if number[i] == number[i + 1]:
            dx, dy = xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1]
            made[number[i]] += math.sqrt(dx * dx + dy * dy)
    return made


@compiled
def packed(xy: Any, start: Any, stop: Any, order: Any) -> Any:
    """Copy lines, one after the other: coordinates, starts and stops."""
    total = 0
    for k in order:
        total += stop[k] - start[k]
    out = np.empty((total, 2))
    begin, end = np.empty(order.size, np.int64), np.empty(order.size, np.int64)
    used = 0
    for n in range(order.size):
        k = order[n]
        if n + AHEAD < order.size:
            ahead = order[n + AHEAD]
            for i in range(start[ahead], stop[ahead], 4):  # four to a line of cache
                prefetch(xy, i)
        begin[n] = used
        copied(xy, start[k], stop[k] - start[k], out, used, 1)
        used += stop[k] - start[k]
        end[n] = used
    return out, begin, end


@compiled
def copied(xy: Any, low: int, size: int, out: Any, at: int, step: int) -> None:
    """Copy a stretch, forwards or backwards."""
    for i in range(size):
        out[at + i * step, 0] = xy[low + i, 0]
        out[at + i * step, 1] = xy[low + i, 1]


@compiled
def is_tame(xy: Any, start: Any, stop: Any) -> Any:
    """Whether a line surely neither closes, crosses itself nor turns back sharply."""
    made = np.ones(start.size, np.bool_)
    for k in range(start.size):
        low, high = start[k], stop[k] - 1
        cx, cy = xy[high, 0] - xy[low, 0], xy[high, 1] - xy[low, 1]
        least = 1e-9 * math.sqrt(cx * cx + cy * cy)
        ax, ay = 0.0, 0.0
        for i in range(low, high):
            bx, by = xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1]
            if bx * cx + by * cy <= least or ax * bx + ay * by < 0:
                made[k] = False
                break
            ax, ay = bx, by
    return made


@compiled
def gap_to(x: float, y: float, ax: float, ay: float, bx: float, by: float) -> Any:
    """Distance of a point from a segment and its share along it, as GEOS has them."""
    dx, dy = bx - ax, by - ay
    if dx == 0.0 and dy == 0.0:
        return math.sqrt((x - ax) ** 2 + (y - ay) ** 2), 0.0
    size = dx * dx + dy * dy
    share = ((x - ax) * dx + (y - ay) * dy) / size
    if share <= 0.0:
        return math.sqrt((x - ax) ** 2 + (y - ay) ** 2), share
    if share >= 1.0:
        return math.sqrt((x - bx) ** 2 + (y - by) ** 2), share
    beside = ((ay - y) * dx - (ax - x) * dy) / size
    return abs(beside) * math.sqrt(size), share


@compiled
def locate(xy: Any, start: Any, stop: Any, line: Any, spots: Any) -> Any:
    """Metres along a line to the place on it nearest to each spot."""
    made = np.zeros(line.size)
    for k in range(line.size):
        x, y = spots[k, 0], spots[k, 1]
        before, best = 0.0, np.inf
        for i in range(start[line[k]], stop[line[k]] - 1):
            dx, dy = xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1]
            size = math.sqrt(dx * dx + dy * dy)
            gap, share = gap_to(x, y, xy[i, 0], xy[i, 1], xy[i + 1, 0], xy[i + 1, 1])
            if gap < best:
                best = gap
                made[k] = before + size * min(max(share, 0.0), 1.0)
            before += size
    return made


@compiled
def interpolate(xy: Any, start: Any, stop: Any, line: Any, measure: Any) -> Any:
    """Place on a line at some metres along it."""
    made = np.empty((line.size, 2))
    for k in range(line.size):
        low, high = start[line[k]], stop[line[k]] - 1
        before, share, at = 0.0, 1.0, high - 1
        for i in range(low, high):
            dx, dy = xy[i + 1, 0] - xy[i, 0], xy[i + 1, 1] - xy[i, 1]
            size = math.sqrt(dx * dx + dy * dy)
            if before + size > measure[k]:
                at, share = i, max((measure[k] - before) / size, 0.0)
                break
            before += size
        for c in range(2):
            step = xy[at + 1, c] - xy[at, c]
            made[k, c] = step * share + xy[at, c] if share < 1.0 else xy[at + 1, c]
    return made

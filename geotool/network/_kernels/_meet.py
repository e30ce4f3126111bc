"""Where lines meet or nearly do, as compiled loops over strips of boxes."""

import math
from typing import Any

import numpy as np

from geotool.network._kernels._jit import compiled
from geotool.network._kernels._lines import gap_to
from geotool.network._limits import EXACT_M, LONG_RUN, RUN
from geotool.network._ragged import Floats, Ints, Ragged


# ---------------------------------------------------------------- boxes in strips
@compiled
def _runs(xy: Any, start: Any, stop: Any, pad: float, most: int) -> Any:
    """Cut lines into runs of a few segments: line, first and last vertex, box."""
    count = 0
    for k in range(start.size):
        count += (stop[k] - start[k] - 1 + most - 1) // most
    line = np.empty(count, np.int32)
    low = np.empty(count, np.int64)
    high = np.empty(count, np.int64)
    box = np.empty((count, 4))
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
            box[n, 0], box[n, 1] = x0 - pad, y0 - pad
            box[n, 2], box[n, 3] = x1 + pad, y1 + pad
            n += 1
    return line, low, high, box


def _strips(low: Floats, high: Floats) -> tuple[float, float, int]:
    """Choose strips such that a box lies in two or three of them: base, height, count."""
    base, top = float(low.min()), float(high.max())
    tall = high - low
    height = max(2 * float(np.median(tall)), float(tall.mean()) / 2, 1e-6)
    height = max(height, (top - base) / (2 * len(low) + 1))
    return base, height, int((top - base) / height) + 1


@compiled
def _counted(low: Any, high: Any, base: float, tall: float, count: int) -> Any:
    """Where the boxes of each strip will begin."""
    begin = np.zeros(count + 1, np.int64)
    for k in range(low.size):
        for s in range(int((low[k] - base) / tall), int((high[k] - base) / tall) + 1):
            begin[s + 1] += 1
    for s in range(count):
        begin[s + 1] += begin[s]
    return begin


@compiled
def _dealt(order: Any, box: Any, begin: Any, base: float, tall: float) -> Any:
    """Deal boxes out to strips, in the given order: number and box."""
    at = begin[:-1].copy()
    item = np.empty(begin[-1], np.int32)
    here = np.empty((begin[-1], 4))
    for k in order:
        bottom, top = box[k, 1], box[k, 3]
        for s in range(int((bottom - base) / tall), int((top - base) / tall) + 1):
            item[at[s]] = k
            for c in range(4):
                here[at[s], c] = box[k, c]
            at[s] += 1
    return item, here


# ---------------------------------------------------------------- contacts
def contacts(
    xy: Floats, start: Ints, stop: Ints
) -> tuple[Floats, Ints, Ints, Ints, Ints]:
    """Find where segments of different lines touch or cross."""
    line, low, high, box = _runs(xy, start, stop, EXACT_M, RUN)
    base, tall, count = _strips(box[:, 1], box[:, 3])
    begin = _counted(box[:, 1], box[:, 3], base, tall, count)
    item, here = _dealt(np.argsort(box[:, 0]), box, begin, base, tall)
    del box
    room = len(start) + 1024
    while True:
        spots, pairs = np.empty((room, 2)), np.empty((room, 2), np.int64)
        over = np.empty((room, 2), np.int64)
        n, m = _contacts(
            xy, start, stop, line, low, high, begin, item, here, base, tall,
            spots, pairs, over,
        )  # fmt: skip
        if max(n, m) <= room:
            break
        room = max(n, m)
    spots, pairs, over = spots[:n].copy(), pairs[:n].copy(), over[:m].copy()
    over = np.unique(over, axis=0)
    return spots, pairs[:, 0], pairs[:, 1], over[:, 0], over[:, 1]


@compiled
def _contacts(
    xy: Any, start: Any, stop: Any, line: Any, low: Any, high: Any,
    begin: Any, item: Any, box: Any, base: float, tall: float,
    spots: Any, pairs: Any, over: Any,
) -> Any:  # fmt: skip
    """Fill in contacts as far as there is room; and say how many there are."""
    count = np.zeros(2, np.int64)
    touch = np.empty((5, 2))
    for s in range(begin.size - 1):
        for i in range(begin[s], begin[s + 1]):
            right, bottom, top = box[i, 2], box[i, 1], box[i, 3]
            for j in range(i + 1, begin[s + 1]):
                if box[j, 0] > right:
                    break
                if box[j, 1] > top or box[j, 3] < bottom:
                    continue
                if int((max(box[j, 1], bottom) - base) / tall) != s:
                    continue  # another strip has this pair, too
                a, b = i, j
                if line[item[i]] > line[item[j]]:
                    a, b = j, i
                one, other = line[item[a]], line[item[b]]
                if one != other:
                    _compare(
                        xy, start, stop, one, other, low[item[a]], high[item[a]],
                        low[item[b]], high[item[b]], box, b, touch,
                        spots, pairs, over, count,
                    )  # fmt: skip
    return count[0], count[1]


@compiled
def _compare(
    xy: Any, start: Any, stop: Any, one: int, other: int, low: int, high: int,
    first: int, last: int, box: Any, at: int, touch: Any,
    spots: Any, pairs: Any, over: Any, count: Any,
) -> None:  # fmt: skip
    """Compare the segments of two runs, and add what is found."""
    for f in range(low, high):
        if not _reaches(xy, f, box, at):
            continue
        for g in range(first, last):
            if not _meet(xy, f, g):
                continue
            k, is_over = _touches(xy, start, stop, one, other, f, g, touch)
            if is_over:
                if count[1] < len(over):
                    over[count[1], 0], over[count[1], 1] = one, other
                count[1] += 1
                continue
            for t in range(k):
                if count[0] < len(spots):
                    n = count[0]
                    spots[n, 0], spots[n, 1] = touch[t, 0], touch[t, 1]
                    pairs[n, 0], pairs[n, 1] = one, other
                count[0] += 1


@compiled
def _grown(a: Any) -> Any:
    b = np.empty((2 * a.shape[0], 2), np.int64)
    b[: a.shape[0]] = a
    return b


@compiled
def _reaches(xy: Any, f: int, box: Any, at: int) -> Any:
    """Whether a segment reaches into a box."""
    for c in range(2):
        if min(xy[f, c], xy[f + 1, c]) - EXACT_M > box[at, 2 + c]:
            return False
        if max(xy[f, c], xy[f + 1, c]) + EXACT_M < box[at, c]:
            return False
    return True


@compiled
def _meet(xy: Any, f: int, g: int) -> Any:
    """Whether the boxes of two segments meet."""
    for c in range(2):
        low, high = min(xy[f, c], xy[f + 1, c]), max(xy[f, c], xy[f + 1, c])
        under, above = min(xy[g, c], xy[g + 1, c]), max(xy[g, c], xy[g + 1, c])
        if low - EXACT_M > above + EXACT_M or under - EXACT_M > high + EXACT_M:
            return False
    return True


@compiled
def _is_end_of(xy: Any, start: Any, stop: Any, v: int, mine: int, theirs: int) -> Any:
    """Whether a vertex is an end of its own line and, to the last bit, of another."""
    if v != start[mine] and v != stop[mine] - 1:
        return False
    for e in (start[theirs], stop[theirs] - 1):
        if xy[v, 0] == xy[e, 0] and xy[v, 1] == xy[e, 1]:
            return True
    return False


@compiled
def _near(x: float, y: float, ax: float, ay: float, dx: float, dy: float) -> Any:
    """Whether a point is on a segment given by its start and its vector."""
    px, py = x - ax, y - ay
    size = dx * dx + dy * dy
    share = min(max((px * dx + py * dy) / size, 0.0), 1.0) if size > 0 else 0.0
    gx, gy = px - share * dx, py - share * dy
    return math.sqrt(gx * gx + gy * gy) <= EXACT_M


@compiled
def _touches(
    xy: Any, start: Any, stop: Any, one: int, other: int, f: int, g: int, out: Any
) -> Any:
    """List contacts of two segments; and whether they run over each other."""
    px, py, qx, qy = xy[f, 0], xy[f, 1], xy[g, 0], xy[g, 1]
    rx, ry = xy[f + 1, 0] - px, xy[f + 1, 1] - py
    sx, sy = xy[g + 1, 0] - qx, xy[g + 1, 1] - qy
    x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
    n, touched = 0, False
    for corner in range(4):
        if corner < 2:
            x, y = px + corner * rx, py + corner * ry
            on = _near(x, y, qx, qy, sx, sy)
            shared = on and _is_end_of(xy, start, stop, f + corner, one, other)
        else:
            x, y = qx + (corner - 2) * sx, qy + (corner - 2) * sy
            on = _near(x, y, px, py, rx, ry)
            shared = on and _is_end_of(xy, start, stop, g + corner - 2, other, one)
        if on:
            touched = True
            x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
            if not shared:
                out[n, 0], out[n, 1] = x, y
                n += 1
    turn = rx * sy - ry * sx
    if turn != 0:
        ax, ay = qx - px, qy - py
        t, u = (ax * sy - ay * sx) / turn, (ax * ry - ay * rx) / turn
        if 0 <= t <= 1 and 0 <= u <= 1:
            x, y = px + t * rx, py + t * ry
            if not touched:
                out[0, 0], out[0, 1] = x, y
                return 1, False
            x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
    return n, touched and max(x1 - x0, y1 - y0) > 2 * EXACT_M


# ---------------------------------------------------------------- spots near lines
def near_lines(
    spots: Floats, node: Ints, ends: Ints, shape: Ragged, reach_m: float
) -> tuple[Ints, Ints]:
    """Find lines near spots."""
    line, low, high, box = _runs(
        shape.xy, shape.start, shape.stop, reach_m + 1e-6, LONG_RUN
    )
    base, tall, count = _strips(box[:, 1], box[:, 3])
    # spots beside all boxes are near no line
    inside = (spots[:, 1] >= base) & (spots[:, 1] <= box[:, 3].max())
    which = np.flatnonzero(inside)
    which = which[np.argsort(spots[which, 0])]
    strip = ((spots[which, 1] - base) / tall).astype(np.int64)
    which = which[np.argsort(strip, kind="stable")]
    begin = np.searchsorted(np.sort(strip), np.arange(count + 1))
    found = _near_lines(
        spots[which], node[which], begin, base, tall,
        shape.xy, line, low, high, box, ends, reach_m,
    )  # fmt: skip
    pair = np.unique(which[found[:, 0]] * len(shape) + found[:, 1])
    return pair // len(shape), pair % len(shape)


@compiled
def _near_lines(
    spots: Any, node: Any, begin: Any, base: float, tall: float,
    xy: Any, line: Any, low: Any, high: Any, box: Any, ends: Any, reach_m: float,
) -> Any:  # fmt: skip
    found = np.empty((1024, 2), np.int64)
    n = 0
    for r in range(line.size):
        one, other = ends[line[r], 0], ends[line[r], 1]
        left, bottom, right, top = box[r, 0], box[r, 1], box[r, 2], box[r, 3]
        last = min(int((top - base) / tall), begin.size - 2)
        for s in range(int((bottom - base) / tall), last + 1):
            a, b = begin[s], begin[s + 1]
            while a < b:  # the first spot not left of the box
                middle = (a + b) // 2
                if spots[middle, 0] < left:
                    a = middle + 1
                else:
                    b = middle
            while a < begin[s + 1] and spots[a, 0] <= right:
                x, y = spots[a, 0], spots[a, 1]
                new = bottom <= y <= top and node[a] != one and node[a] != other
                if new and _is_near(x, y, xy, low[r], high[r], reach_m):
                    if n == len(found):
                        found = _grown(found)
                    found[n, 0], found[n, 1] = a, line[r]
                    n += 1
                a += 1
    return found[:n].copy()


@compiled
def _is_near(x: float, y: float, xy: Any, low: int, high: int, reach_m: float) -> Any:
    """Whether a spot is near any segment of a run."""
    wide = reach_m + 1e-6
    for i in range(low, high):
        ax, ay, bx, by = xy[i, 0], xy[i, 1], xy[i + 1, 0], xy[i + 1, 1]
        if (
            min(ax, bx) - wide <= x <= max(ax, bx) + wide
            and min(ay, by) - wide <= y <= max(ay, by) + wide
            and gap_to(x, y, ax, ay, bx, by)[0] <= reach_m
        ):
            return True
    return False


# ---------------------------------------------------------------- points near points
@compiled
def sweep(along: Any, point: Any, reach_m: float, wanted: Any) -> Any:
    """List pairs of points within a distance, one of them wanted, or at one place."""
    found = np.empty((1024, 2), np.int64)
    n = 0
    for i in range(along.size):
        for j in range(i + 1, along.size):
            if along[j] - along[i] > reach_m + 1e-6:
                break
            dx, dy = point[j, 0] - point[i, 0], point[j, 1] - point[i, 1]
            gap = dx * dx + dy * dy
            near = gap <= reach_m * reach_m and (wanted[i] or wanted[j])
            if near or gap <= EXACT_M * EXACT_M:
                if n == len(found):
                    found = _grown(found)
                found[n, 0], found[n, 1] = i, j
                n += 1
    return found[:n].copy()

"""Where lines meet or nearly do, as compiled loops over strips of boxes."""

import math
from typing import Any

import numpy as np

from geotool.network._kernels._jit import compiled
from geotool.network._kernels._lines import gap_to
from geotool.network._limits import EXACT_M, RUN
from geotool.network._ragged import Floats, Ints, Ragged


# ---------------------------------------------------------------- boxes in strips
@compiled
def _runs(xy: Any, start: Any, stop: Any, pad: float) -> Any:
    """Cut lines into runs of a few segments: line, first and last vertex, box."""
    count = 0
    for k in range(start.size):
        count += (stop[k] - start[k] - 1 + RUN - 1) // RUN
    line = np.empty(count, np.int32)
    low = np.empty(count, np.int64)
    high = np.empty(count, np.int64)
    box = np.empty((count, 4))
    n = 0
    for k in range(start.size):
        for first in range(start[k], stop[k] - 1, RUN):
            line[n] = k
            low[n] = first
            high[n] = min(first + RUN, stop[k] - 1)
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
def _dealt(
    order: Any, low: Any, high: Any, base: float, tall: float, count: int
) -> Any:
    """Deal boxes out to strips, in the given order: where each strip begins; boxes."""
    begin = np.zeros(count + 1, np.int64)
    for k in range(low.size):
        for s in range(int((low[k] - base) / tall), int((high[k] - base) / tall) + 1):
            begin[s + 1] += 1
    for s in range(count):
        begin[s + 1] += begin[s]
    at = begin[:-1].copy()
    item = np.empty(begin[-1], np.int32)
    for k in order:
        for s in range(int((low[k] - base) / tall), int((high[k] - base) / tall) + 1):
            item[at[s]] = k
            at[s] += 1
    return begin, item


# ---------------------------------------------------------------- contacts
def contacts(
    xy: Floats, start: Ints, stop: Ints
) -> tuple[Floats, Ints, Ints, Ints, Ints]:
    """Find where segments of different lines touch or cross."""
    line, low, high, box = _runs(xy, start, stop, EXACT_M)
    base, tall, count = _strips(box[:, 1], box[:, 3])
    order = np.argsort(box[:, 0])
    strips = _dealt(order, box[:, 1], box[:, 3], base, tall, count)
    found = _contacts(xy, start, stop, line, low, high, box, *strips, base, tall)
    spots, pairs, over = found
    over = np.unique(over, axis=0)
    return spots, pairs[:, 0], pairs[:, 1], over[:, 0], over[:, 1]


@compiled
def _contacts(
    xy: Any, start: Any, stop: Any, line: Any, low: Any, high: Any, box: Any,
    begin: Any, item: Any, base: float, tall: float,
) -> Any:  # fmt: skip
    found = (
        np.empty((1024, 2)),
        np.empty((1024, 2), np.int64),
        np.empty((1024, 2), np.int64),
        0,
        0,
    )
    touch = np.empty((5, 2))
    here = np.empty((_widest(begin), 4))
    for s in range(begin.size - 1):
        size = begin[s + 1] - begin[s]
        for i in range(size):
            here[i] = box[item[begin[s] + i]]
        for i in range(size):
            right, bottom, top = here[i, 2], here[i, 1], here[i, 3]
            for j in range(i + 1, size):
                if here[j, 0] > right:
                    break
                if here[j, 1] > top or here[j, 3] < bottom:
                    continue
                if int((max(here[j, 1], bottom) - base) / tall) != s:
                    continue  # another strip has this pair, too
                a, b = item[begin[s] + i], item[begin[s] + j]
                if line[a] > line[b]:
                    a, b = b, a
                if line[a] != line[b]:
                    found = _compared(
                        xy, start, stop, line, low, high, box, a, b, touch, found
                    )
    spots, pairs, over, n, m = found
    return spots[:n].copy(), pairs[:n].copy(), over[:m].copy()


@compiled
def _widest(begin: Any) -> Any:
    widest = 0
    for s in range(begin.size - 1):
        widest = max(widest, begin[s + 1] - begin[s])
    return widest


@compiled
def _compared(
    xy: Any, start: Any, stop: Any, line: Any, low: Any, high: Any, box: Any,
    a: int, b: int, touch: Any, found: Any,
) -> Any:  # fmt: skip
    """Compare the segments of two runs, and add what is found."""
    spots, pairs, over, n, m = found
    one, other = line[a], line[b]
    for f in range(low[a], high[a]):
        if not _reaches(xy, f, box[b]):
            continue
        for g in range(low[b], high[b]):
            if not _meet(xy, f, g):
                continue
            k, is_over = _touches(xy, start, stop, one, other, f, g, touch)
            if is_over:
                if m == len(over):
                    over = _grown(over)
                over[m, 0], over[m, 1] = one, other
                m += 1
                continue
            for t in range(k):
                if n == len(spots):
                    spots, pairs = _grown_xy(spots), _grown(pairs)
                spots[n, 0], spots[n, 1] = touch[t, 0], touch[t, 1]
                pairs[n, 0], pairs[n, 1] = one, other
                n += 1
    return spots, pairs, over, n, m


@compiled
def _grown(a: Any) -> Any:
    b = np.empty((2 * a.shape[0], 2), np.int64)
    b[: a.shape[0]] = a
    return b


@compiled
def _grown_xy(a: Any) -> Any:
    b = np.empty((2 * a.shape[0], 2))
    b[: a.shape[0]] = a
    return b


@compiled
def _reaches(xy: Any, f: int, box: Any) -> Any:
    """Whether a segment reaches into a box."""
    if min(xy[f, 0], xy[f + 1, 0]) - EXACT_M > box[2]:
        return False
    if max(xy[f, 0], xy[f + 1, 0]) + EXACT_M < box[0]:
        return False
    if min(xy[f, 1], xy[f + 1, 1]) - EXACT_M > box[3]:
        return False
    return max(xy[f, 1], xy[f + 1, 1]) + EXACT_M >= box[1]


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
    share = (px * dx + py * dy) / (dx * dx + dy * dy)
    share = min(max(share, 0.0), 1.0)
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
    line, low, high, box = _runs(shape.xy, shape.start, shape.stop, reach_m + 1e-6)
    base, tall, count = _strips(box[:, 1], box[:, 3])
    # spots beside all boxes are near no line
    inside = (spots[:, 1] >= base) & (spots[:, 1] <= base + tall * count)
    which = np.flatnonzero(inside)
    which = which[np.argsort(spots[which, 0])]
    y = np.ascontiguousarray(spots[which, 1])
    begin, item = _dealt(np.arange(len(y)), y, y, base, tall, count)
    which = which[item]
    found = _near_lines(
        np.ascontiguousarray(spots[which]), node[which], begin, base, tall, count,
        shape.xy, line, low, high, box, ends, reach_m,
    )  # fmt: skip
    pair = np.unique(which[found[:, 0]] * len(shape) + found[:, 1])
    return pair // len(shape), pair % len(shape)


@compiled
def _near_lines(
    spots: Any, node: Any, begin: Any, base: float, tall: float, count: int,
    xy: Any, line: Any, low: Any, high: Any, box: Any, ends: Any, reach_m: float,
) -> Any:  # fmt: skip
    found = np.empty((1024, 2), np.int64)
    n = 0
    for r in range(line.size):
        one, other = ends[line[r], 0], ends[line[r], 1]
        left, bottom, right, top = box[r, 0], box[r, 1], box[r, 2], box[r, 3]
        last = min(int((top - base) / tall), count - 1)
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
                if bottom <= y <= top and node[a] != one and node[a] != other:
                    for i in range(low[r], high[r]):
                        gap, _ = gap_to(
                            x, y, xy[i, 0], xy[i, 1], xy[i + 1, 0], xy[i + 1, 1]
                        )
                        if gap <= reach_m:
                            if n == len(found):
                                found = _grown(found)
                            found[n, 0], found[n, 1] = a, line[r]
                            n += 1
                            break
                a += 1
    return found[:n].copy()

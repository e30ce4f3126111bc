"""Where lines meet, as compiled loops over strips of boxes."""

import math
from typing import Any

import numpy as np

from geotool.network._kernels._boxes import counted, dealt, runs, strips
from geotool.network._kernels._jit import compiled
from geotool.network._kernels._order import ascending
from geotool.network._kernels._prefetch import AHEAD, prefetch
from geotool.network._limits import EXACT_M, RUN
from geotool.network._ragged import Floats, Ints


def contacts(
    xy: Floats, start: Ints, stop: Ints, rank: Ints | None = None
) -> tuple[Floats, Ints, Ints, Ints, Ints]:
    """Find where segments of different lines touch or cross."""
    line, low, high, box = runs(xy, start, stop, EXACT_M, RUN)
    base, wide, count = strips(box[:, 0], box[:, 2])
    begin = counted(box[:, 0], box[:, 2], base, wide, count)
    if rank is None:
        rank = np.arange(len(start))
    item, here = dealt(ascending(box[:, 1], box[:, 1]), box, begin, base, wide)
    del box
    room = len(start) + 1024
    while True:
        spots, pairs = np.empty((room, 2)), np.empty((room, 2), np.int64)
        over = np.empty((room, 2), np.int64)
        n, m = _contacts(
            xy, start, stop, rank, line, low, high, begin, item, here, base, wide,
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
    xy: Any, start: Any, stop: Any, rank: Any, line: Any, low: Any, high: Any,
    begin: Any, item: Any, box: Any, base: float, wide: float,
    spots: Any, pairs: Any, over: Any,
) -> Any:  # fmt: skip
    """Fill in contacts as far as there is room; and say how many there are."""
    count = np.zeros(2, np.int64)
    touch, room = np.empty((5, 2)), np.empty((2, RUN), np.int64)
    for s in range(begin.size - 1):
        for i in range(begin[s], begin[s + 1]):
            _ask_for(i, item, line, low, xy)
            left, right, top = box[i, 0], box[i, 2], box[i, 3]
            for j in range(i + 1, begin[s + 1]):
                if box[j, 1] > top:
                    break
                if box[j, 0] > right or box[j, 2] < left:
                    continue
                if int((max(box[j, 0], left) - base) / wide) != s:
                    continue  # another strip has this pair, too
                one, other = line[item[i]], line[item[j]]
                if one != other:
                    a, b = i, j
                    if _comes_later(rank, one, other):
                        a, b, one, other = j, i, other, one
                    ours = _reaching(xy, low[item[a]], high[item[a]], box, b, room[0])
                    if ours.size == 0:
                        continue
                    theirs = _reaching(xy, low[item[b]], high[item[b]], box, a, room[1])
                    _compare(
                        xy, start, stop, one, other, ours, theirs, touch,
                        spots, pairs, over, count,
                    )  # fmt: skip
    return count[0], count[1]


@compiled
def _ask_for(i: int, item: Any, line: Any, low: Any, xy: Any) -> None:
    """Begin to load what will be looked at a few boxes from here."""
    if i + 4 * AHEAD < item.size:
        run = item[i + 4 * AHEAD]
        prefetch(line, run)
        prefetch(low, run)
        first = low[item[i + AHEAD]]
        for v in range(first, min(first + RUN + 1, xy.shape[0]), 4):
            prefetch(xy, v)


@compiled
def _comes_later(rank: Any, one: int, other: int) -> Any:
    """Whether the first of two lines ranks behind the second."""
    return rank[one] > rank[other] or (rank[one] == rank[other] and one > other)


@compiled
def _reaching(xy: Any, low: int, high: int, box: Any, at: int, room: Any) -> Any:
    """List the segments of a run that reach into a box, without a branch for each."""
    west, south = box[at, 0] - EXACT_M, box[at, 1] - EXACT_M
    east, north = box[at, 2] + EXACT_M, box[at, 3] + EXACT_M
    run = xy[low : high + 1]  # counted from 0: no place can be taken from the end
    n, x, y = 0, run[0, 0], run[0, 1]
    for k in range(run.shape[0] - 1):
        then_x, then_y = run[k + 1, 0], run[k + 1, 1]
        room[n] = low + k
        n += (
            (min(x, then_x) <= east)
            & (max(x, then_x) >= west)
            & (min(y, then_y) <= north)
            & (max(y, then_y) >= south)
        )
        x, y = then_x, then_y
    return room[:n]


@compiled
def _compare(
    xy: Any, start: Any, stop: Any, one: int, other: int, ours: Any, theirs: Any,
    touch: Any, spots: Any, pairs: Any, over: Any, count: Any,
) -> None:  # fmt: skip
    """Compare segments of two lines, and add what is found."""
    for f in ours:
        for g in theirs:
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

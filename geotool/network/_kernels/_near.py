"""What lies near lines and points, as compiled loops over strips of boxes."""

from typing import Any

import numpy as np

from geotool.network._kernels._boxes import grown, runs, strips
from geotool.network._kernels._jit import compiled
from geotool.network._kernels._lines import gap_to
from geotool.network._kernels._order import ascending
from geotool.network._limits import EXACT_M, LONG_RUN
from geotool.network._ragged import Floats, Ints, Ragged


# ---------------------------------------------------------------- spots near lines
def near_lines(
    spots: Floats, node: Ints, ends: Ints, shape: Ragged, reach_m: float
) -> tuple[Ints, Ints]:
    """Find lines near spots."""
    line, low, high, box = runs(
        shape.xy, shape.start, shape.stop, reach_m + 1e-6, LONG_RUN
    )
    base, wide, count = strips(box[:, 0], box[:, 2])
    # spots beside all boxes are near no line
    inside = (spots[:, 0] >= base) & (spots[:, 0] <= box[:, 2].max())
    which = np.flatnonzero(inside)
    which = which[ascending(spots[which, 1], spots[which, 0])]
    which, begin, there = _spots_in_strips(spots, which, base, wide, count)
    south, north = float(box[:, 1].min()), float(box[:, 3].max())
    steps = 1 + len(which) // count  # about as many as a strip has spots
    tall = max((north - south) / steps, 1e-6)
    rung = _rungs(there, begin, south, tall, steps)
    found = _near_lines(
        there, node[which], rung, base, wide, south, tall,
        shape.xy, line, low, high, box, ends, reach_m,
    )  # fmt: skip
    pair = np.unique(which[found[:, 0]] * len(shape) + found[:, 1])
    return pair // len(shape), pair % len(shape)


@compiled
def _spots_in_strips(
    spots: Any, which: Any, base: float, wide: float, count: int
) -> Any:
    """Deal some spots out to strips, in the given order: number, begins and places."""
    strip = np.empty(which.size, np.int32)
    begin = np.zeros(count + 2, np.int64)
    for n in range(which.size):
        strip[n] = int((spots[which[n], 0] - base) / wide)
        begin[strip[n] + 2] += 1
    for s in range(count + 1):
        begin[s + 1] += begin[s]
    item, place = np.empty(which.size, np.int64), np.empty((which.size, 2))
    for n in range(which.size):
        at = begin[strip[n] + 1]
        item[at] = which[n]
        place[at, 0], place[at, 1] = spots[which[n], 0], spots[which[n], 1]
        begin[strip[n] + 1] += 1
    return item, begin[:-1], place


@compiled
def _rungs(spots: Any, begin: Any, south: float, tall: float, steps: int) -> Any:
    """Where the spots of each step to the north begin, in every strip."""
    rung = np.empty((begin.size - 1, steps + 1), np.int64)
    for s in range(begin.size - 1):
        i = begin[s]
        for step in range(steps):
            while i < begin[s + 1] and spots[i, 1] < south + step * tall:
                i += 1
            rung[s, step] = i
        rung[s, steps] = begin[s + 1]
    return rung


@compiled
def _near_lines(
    spots: Any, node: Any, rung: Any, base: float, wide: float, south: float, tall: float,
    xy: Any, line: Any, low: Any, high: Any, box: Any, ends: Any, reach_m: float,
) -> Any:  # fmt: skip
    found = np.empty((1024, 2), np.int64)
    n = 0
    for r in range(line.size):
        one, other = ends[line[r], 0], ends[line[r], 1]
        left, bottom, right, top = box[r, 0], box[r, 1], box[r, 2], box[r, 3]
        last = min(int((right - base) / wide), rung.shape[0] - 1)
        # the step below as well: places and steps are rounded
        step = min(max(int((bottom - south) / tall) - 1, 0), rung.shape[1] - 2)
        for s in range(int((left - base) / wide), last + 1):
            a, b = rung[s, step], rung[s, min(step + 3, rung.shape[1] - 1)]
            while a < b:  # the first spot not below the box
                middle = (a + b) // 2
                if spots[middle, 1] < bottom:
                    a = middle + 1
                else:
                    b = middle
            while a < rung[s, -1] and spots[a, 1] <= top:
                x, y = spots[a, 0], spots[a, 1]
                new = left <= x <= right and node[a] != one and node[a] != other
                if new and _is_near(x, y, xy, low[r], high[r], reach_m):
                    if n == len(found):
                        found = grown(found)
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
                    found = grown(found)
                found[n, 0], found[n, 1] = i, j
                n += 1
    return found[:n].copy()

"""Loops over segments that numpy cannot do: compiled by numba where it is there.

The functions are plain Python. :func:`compiled` hands them out compiled; nothing else
imports numba, and without it ``_search`` takes GEOS and numpy and finds the same.

Lines are kept in square cells, as runs: consecutive segments of one reach that touch
the cell. A cell's number is hashed by blocks of eight by eight cells, so that memory
follows the lines and not the ground they are spread over, and cells side by side stay
side by side. A cell may hold strangers that share its hash; they are too far away to
be taken.
"""

from functools import cache
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np

# pyproject's extra "fast"
IS_THERE = find_spec("numba") is not None


@cache
def compiled() -> Any:
    """Compile the loops, once; numba keeps them on disk for the next time."""
    import numba  # heavy, and most never need it

    compile_it = numba.njit(cache=True, nogil=True, error_model="numpy")
    return SimpleNamespace(
        list=compile_it(list_runs),
        sort=compile_it(sort_runs),
        search=compile_it(search_cells),
        measure=compile_it(measure_feet),
    )


def list_runs(  # noqa: C901 - a call for each piece would cost more than the piece
    xy: Any,
    start: Any,
    stop: Any,
    reaches: Any,
    x0: float,
    y0: float,
    inv: float,
    mask: int,
    run: Any,
    cell_of: Any,
) -> tuple[int, int]:
    """
    List the runs of reaches one after the other, with the cell of each.

    Writes reach, first segment and one after the last to `run`; gives how many reaches
    were done before it was full, and how many runs there are.
    """
    room, written = len(run), 0
    for k in range(len(reaches)):
        reach = reaches[k]
        kept, now, first = written, -1, start[reach]
        bx, by = (xy[first, 0] - x0) * inv, (xy[first, 1] - y0) * inv
        end_i, end_j = int(np.floor(bx)), int(np.floor(by))
        for s in range(first, stop[reach] - 1):
            ax, ay, own_i, own_j = bx, by, end_i, end_j
            bx, by = (xy[s + 1, 0] - x0) * inv, (xy[s + 1, 1] - y0) * inv
            end_i, end_j = int(np.floor(bx)), int(np.floor(by))
            # the segment before has reached the cell of this vertex: its run goes on
            if now >= 0:
                run[now, 2] = s + 1
                if own_i == end_i and own_j == end_j:
                    continue
            goes_on = now >= 0
            left, right = min(ax, bx), max(ax, bx)
            for i in range(int(np.floor(left)), int(np.floor(right)) + 1):
                one, two = ay, by
                if right - left > 0.0:  # the part of the segment in this column
                    slope = (by - ay) / (bx - ax)
                    one = ay + slope * (min(max(i, left), right) - ax)
                    two = ay + slope * (min(max(i + 1, left), right) - ax)
                first = int(np.floor(min(one, two) - 1e-9))
                last = int(np.floor(max(one, two) + 1e-9))
                if i == own_i:
                    first, last = min(first, own_j), max(last, own_j)
                if i == end_i:
                    first, last = min(first, end_j), max(last, end_j)
                for j in range(first, last + 1):
                    if goes_on and i == own_i and j == own_j:
                        continue
                    if written == room:
                        return k, kept
                    if i == end_i and j == end_j:
                        now = written
                    block = ((i >> 3) * 73856093) ^ ((j >> 3) * 19349663)
                    block = (block ^ (block >> 15)) & mask
                    cell_of[written] = 64 * block + 8 * (i & 7) + (j & 7)
                    run[written, 0], run[written, 1] = reach, s
                    run[written, 2] = s + 1
                    written += 1
    return len(reaches), written


def sort_runs(run: Any, cell_of: Any, cells: int) -> tuple[Any, Any]:
    """Put runs in the order of their cells; give where each cell begins, and the end."""
    begin = np.zeros(cells + 2, dtype=np.int32)
    for n in range(len(run)):
        begin[cell_of[n] + 2] += 1
    for cell in range(1, cells + 2):
        begin[cell] += begin[cell - 1]
    made = np.empty_like(run)
    for n in range(len(run)):  # what comes next in a cell is counted one place on
        place = begin[cell_of[n] + 1]
        made[place, 0], made[place, 1] = run[n, 0], run[n, 1]
        made[place, 2] = run[n, 2]
        begin[cell_of[n] + 1] += 1
    return begin, made


def search_cells(  # noqa: C901 - as above
    place: Any,
    at: int,
    xy: Any,
    radius: Any,
    widest: float,
    x0: float,
    y0: float,
    inv: float,
    mask: int,
    begin: Any,
    run: Any,
    stamp: Any,
    out: tuple[Any, Any, Any, Any, Any],
) -> tuple[int, int]:
    """
    Find the reaches within their radius of points, from point `at` on.

    Writes point, reach, nearest segment, share along it and squared distance; gives
    the point to go on from when `out` is full (or the number of points), and how many
    were written. `stamp` holds, for each reach, where it was written last.
    """
    point, reach, nearest, share, square = out
    room, written = len(point), 0
    for k in range(at, len(place)):
        px, py = place[k, 0], place[k, 1]
        kept = written
        i0 = int(np.floor((px - widest - x0) * inv - 1e-6))
        i1 = int(np.floor((px + widest - x0) * inv + 1e-6))
        j0 = int(np.floor((py - widest - y0) * inv - 1e-6))
        j1 = int(np.floor((py + widest - y0) * inv + 1e-6))
        for i in range(i0, i1 + 1):
            for j in range(j0, j1 + 1):
                block = ((i >> 3) * 73856093) ^ ((j >> 3) * 19349663)
                block = (block ^ (block >> 15)) & mask
                cell = 64 * block + 8 * (i & 7) + (j & 7)
                for q in range(begin[cell], begin[cell + 1]):
                    r = run[q, 0]
                    n = stamp[r]
                    is_known = kept <= n < written and reach[n] == r
                    # of the run: no branch but the last, for which segment is
                    # near cannot be foreseen
                    part = xy[run[q, 1] : run[q, 2] + 1]
                    s, t, d = 0, 0.0, np.inf
                    for v in range(len(part) - 1):
                        dx, dy = (
                            part[v + 1, 0] - part[v, 0],
                            part[v + 1, 1] - part[v, 1],
                        )
                        wx, wy = px - part[v, 0], py - part[v, 1]
                        length = dx * dx + dy * dy
                        along = (wx * dx + wy * dy) / (length if length > 0.0 else 1.0)
                        along = min(max(along, 0.0), 1.0)
                        ex, ey = wx - along * dx, wy - along * dy
                        apart = ex * ex + ey * ey
                        if apart < d:
                            s, t, d = v, along, apart
                    if d > (square[n] if is_known else radius[r] * radius[r]):
                        continue
                    s += run[q, 1]
                    if not is_known:
                        if written == room:
                            return k, kept
                        stamp[r] = n = written
                        point[n], reach[n] = k, r
                        nearest[n], share[n], square[n] = s, t, d
                        written += 1
                    elif d < square[n] or s < nearest[n]:
                        nearest[n], share[n], square[n] = s, t, d
    return len(place), written


def measure_feet(
    place: Any, xy: Any, start: Any, stop: Any, reach: Any, segment: Any, share: Any
) -> tuple[Any, Any]:
    """Give metres from the start of the reach to each foot, and the turn to the side."""
    measure = np.empty(len(reach))
    turn = np.empty(len(reach))
    for k in range(len(reach)):
        first, s, t = start[reach[k]], segment[k], share[k]
        metres = 0.0
        for v in range(first, s):
            dx, dy = xy[v + 1, 0] - xy[v, 0], xy[v + 1, 1] - xy[v, 1]
            metres += np.sqrt(dx * dx + dy * dy)
        dx, dy = xy[s + 1, 0] - xy[s, 0], xy[s + 1, 1] - xy[s, 1]
        length = np.sqrt(dx * dx + dy * dy)
        measure[k] = metres + length * t
        ex = place[k, 0] - (xy[s, 0] + t * dx)
        ey = place[k, 1] - (xy[s, 1] + t * dy)
        if length > 0.0:
            dx, dy = dx / length, dy / length
        # at a corner of the line the mean of its two directions decides
        other = s
        if t >= 1.0 and s < stop[reach[k]] - 2:
            other = s + 1
        elif t <= 0.0 and s > first:
            other = s - 1
        if other != s:
            fx = xy[other + 1, 0] - xy[other, 0]
            fy = xy[other + 1, 1] - xy[other, 1]
            length = np.sqrt(fx * fx + fy * fy)
            if length > 0.0:
                dx, dy = dx + fx / length, dy + fy / length
            length = np.sqrt(dx * dx + dy * dy)
            if length > 0.0:
                dx, dy = dx / length, dy / length
        turn[k] = dx * ey - dy * ex
    return measure, turn

"""Rings put in order and looked through: which areas are sound beyond doubt."""

# ruff: noqa: C901  (loops that call little: a function each would cost more than it does)

from typing import Any

import numpy as np

from geotool.zones._kernels._jit import compiled
from geotool.zones._kernels._measure import holds

TINY_M = 1e-6
"""Edges that pass each other by less are left to GEOS, which is exact."""

MOST_CORNERS = 400
"""Areas with more are left to GEOS: each edge is held against each other."""

APART, CROSS, UNSURE = 0, 1, 2


@compiled
def turn_rings(corner: Any, ring: Any, shell: Any) -> None:
    """Turn shells anticlockwise and holes clockwise, in place."""
    for r in range(len(ring) - 1):
        start, stop = ring[r], ring[r + 1]
        double, x, y = 0.0, corner[start, 0], corner[start, 1]
        for i in range(start, stop - 1):
            double += (corner[i, 0] - x) * (corner[i + 1, 1] - y)
            double -= (corner[i + 1, 0] - x) * (corner[i, 1] - y)
        if (double > 0.0) != shell[r]:
            for i in range((stop - start) // 2):
                for axis in range(2):
                    one = corner[start + i, axis]
                    corner[start + i, axis] = corner[stop - 1 - i, axis]
                    corner[stop - 1 - i, axis] = one


@compiled
def boxes_of(corner: Any, ring: Any, first: Any) -> Any:
    """Give west, south, east and north of each area."""
    box = np.empty((len(first) - 1, 4))
    for area in range(len(box)):
        box[area] = (np.inf, np.inf, -np.inf, -np.inf)
        for i in range(ring[first[area]], ring[first[area + 1]]):
            x, y = corner[i, 0], corner[i, 1]
            box[area, 0], box[area, 1] = min(box[area, 0], x), min(box[area, 1], y)
            box[area, 2], box[area, 3] = max(box[area, 2], x), max(box[area, 3], y)
    return box


@compiled
def meeting(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    cx: float,
    cy: float,
    dx: float,
    dy: float,
) -> int:
    """Tell how an edge from a to b meets one from c to d whose boxes overlap."""
    ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
    near_u = TINY_M * (abs(ux) + abs(uy))
    c, d = ux * (cy - ay) - uy * (cx - ax), ux * (dy - ay) - uy * (dx - ax)
    if (c > near_u and d > near_u) or (c < -near_u and d < -near_u):
        return APART
    near_v = TINY_M * (abs(vx) + abs(vy))
    a, b = vx * (ay - cy) - vy * (ax - cx), vx * (by - cy) - vy * (bx - cx)
    if (a > near_v and b > near_v) or (a < -near_v and b < -near_v):
        return APART
    if min(abs(c), abs(d)) <= near_u or min(abs(a), abs(b)) <= near_v:
        return UNSURE
    return CROSS


@compiled
def sound(corner: Any, ring: Any, first: Any, shell: Any) -> Any:
    """Tell which areas are valid beyond doubt; the others must be looked at."""
    found = np.zeros(len(first) - 1, dtype=np.bool_)
    for area in range(len(found)):
        start, stop = ring[first[area]], ring[first[area + 1]]
        if stop - start <= MOST_CORNERS:
            found[area] = _rings_apart(corner, ring, first[area], first[area + 1])
            found[area] &= _nested(corner, ring, shell, first[area], first[area + 1])
    return found


@compiled
def _rings_apart(corner: Any, ring: Any, begin: int, end: int) -> bool:
    """Tell whether no edges of some rings meet but those that follow each other."""
    room = ring[end] - ring[begin]
    edge, box, count = np.empty(room, np.int64), np.empty((room, 4)), 0
    for r in range(begin, end):
        for i in range(ring[r], ring[r + 1] - 1):
            ax, ay, bx, by = (
                corner[i, 0],
                corner[i, 1],
                corner[i + 1, 0],
                corner[i + 1, 1],
            )
            if not abs(bx - ax) + abs(by - ay) > TINY_M:
                return False  # no length, or no number
            edge[count] = i
            box[count] = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
            count += 1
            after = i + 1 if i + 2 < ring[r + 1] else ring[r]
            ux, uy = bx - ax, by - ay
            vx, vy = corner[after + 1, 0] - bx, corner[after + 1, 1] - by
            size = abs(ux) + abs(uy) + abs(vx) + abs(vy)
            if abs(ux * vy - uy * vx) <= TINY_M * size and ux * vx + uy * vy <= 0.0:
                return False  # it turns back on itself
    r = begin
    for k in range(count):
        i = edge[k]
        while i >= ring[r + 1]:
            r += 1
        low_x, low_y = box[k, 0] - TINY_M, box[k, 1] - TINY_M
        high_x, high_y = box[k, 2] + TINY_M, box[k, 3] + TINY_M
        for n in range(k + 1, count):
            if box[n, 0] > high_x or box[n, 2] < low_x:
                continue
            if box[n, 1] > high_y or box[n, 3] < low_y:
                continue
            j = edge[n]
            if j == i + 1 or (i == ring[r] and j == ring[r + 1] - 2):
                continue
            if meeting(
                corner[i, 0],
                corner[i, 1],
                corner[i + 1, 0],
                corner[i + 1, 1],
                corner[j, 0],
                corner[j, 1],
                corner[j + 1, 0],
                corner[j + 1, 1],
            ):
                return False
    return True


@compiled
def _nested(corner: Any, ring: Any, shell: Any, begin: int, end: int) -> bool:
    """Tell whether holes lie in their shell, and boxes of parts and holes apart."""
    one = np.empty(2, dtype=np.int64)
    part = begin
    for r in range(begin, end):
        if shell[r]:
            part = r
        else:
            one[0], one[1] = part, part + 1
            x, y = corner[ring[r], 0], corner[ring[r], 1]
            if not holds(corner, ring, one, 0, x, y):
                return False
        for other in range(begin, r):
            if shell[other] == shell[r] and not _boxes_apart(corner, ring, other, r):
                return False
    return True


@compiled
def _boxes_apart(corner: Any, ring: Any, one: int, two: int) -> bool:
    a, b = corner[ring[one] : ring[one + 1]], corner[ring[two] : ring[two + 1]]
    for axis in range(2):
        if a[:, axis].max() < b[:, axis].min() - TINY_M:
            return True
        if b[:, axis].max() < a[:, axis].min() - TINY_M:
            return True
    return False

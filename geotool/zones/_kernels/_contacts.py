"""Which areas touch, and where their edges cross or are the same."""

# ruff: noqa: C901  (loops that call little: a function each would cost more than it does)

from typing import Any

import numpy as np

from geotool.zones._kernels._jit import compiled
from geotool.zones._kernels._measure import holds, square_to
from geotool.zones._kernels._rings import CROSS, TINY_M, meeting

TOUCH, DOUBT, HAIR = 1, 2, 4
"""What is known of a pair: it touches; GEOS must say; it may lie a hair apart."""

MOST_TESTS = 250_000
"""Pairs of areas with more pairs of edges are left to GEOS, which sorts them."""


@compiled
def overlapping_boxes(box: Any, order: Any, axis: int, one: Any, two: Any) -> int:
    """Write pairs of boxes that overlap while there is room; give how many there are.

    ``order`` sorts the boxes by their lower end along the axis.
    """
    found, room, other = 0, len(one), 1 - axis
    for k in range(len(order)):
        a = order[k]
        for n in range(k + 1, len(order)):
            b = order[n]
            if box[b, axis] > box[a, 2 + axis]:
                break
            if (
                box[b, other] <= box[a, 2 + other]
                and box[b, 2 + other] >= box[a, other]
            ):
                if found < room:
                    one[found], two[found] = min(a, b), max(a, b)
                found += 1
    return found


@compiled
def contacts(
    corner: Any,
    ring: Any,
    first: Any,
    box: Any,
    one: Any,
    two: Any,
    hair_m: float,
    state: Any,
    node: Any,
    mate: Any,
    cross: Any,
    place: Any,
) -> int:
    """
    Look at pairs of areas edge by edge.

    Parameters
    ----------
    corner, ring, first, box
        The areas.
    one, two : array of int
        Pairs whose boxes overlap, or nearly.
    hair_m : float
        Areas that do not touch but lie no farther apart are told.
    state : array of int, shape (pairs,), written
        ``TOUCH``, ``DOUBT``, ``HAIR``.
    node : array of bool, shape (corners,), written
        Corners that two areas share.
    mate : array of int, shape (corners,), written
        The other area that has the edge, too, run the other way; -1 for none.
    cross : array of int, shape (room, 2), written
        Edge, and the other area whose edge crosses it.
    place : array of float, shape (room, 3), written
        Where: share of the edge, easting, northing.

    Returns
    -------
    int
        How many rows of ``cross`` there are; more than there is room for if rows were
        left out.
    """
    most = 0
    for area in range(len(first) - 1):
        most = max(most, ring[first[area + 1]] - ring[first[area]])
    edge_a, edge_b, box_b = (
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty((most, 4)),
    )
    crosses = 0
    for k in range(len(one)):
        a, b = one[k], two[k]
        state[k] = 0
        count_a = _edges_in(corner, ring, first, a, box[b], hair_m, edge_a)
        count_b = _edges_in(corner, ring, first, b, box[a], hair_m, edge_b)
        if count_a * count_b > MOST_TESTS:
            state[k] = DOUBT
            continue
        for n in range(count_b):
            j = edge_b[n]
            cx, cy, dx, dy = (
                corner[j, 0],
                corner[j, 1],
                corner[j + 1, 0],
                corner[j + 1, 1],
            )
            box_b[n] = (min(cx, dx), min(cy, dy), max(cx, dx), max(cy, dy))
        for m in range(count_a):
            i = edge_a[m]
            ax, ay, bx, by = (
                corner[i, 0],
                corner[i, 1],
                corner[i + 1, 0],
                corner[i + 1, 1],
            )
            low_x, high_x = min(ax, bx) - hair_m, max(ax, bx) + hair_m
            low_y, high_y = min(ay, by) - hair_m, max(ay, by) + hair_m
            for n in range(count_b):
                if box_b[n, 0] > high_x or box_b[n, 2] < low_x:
                    continue
                if box_b[n, 1] > high_y or box_b[n, 3] < low_y:
                    continue
                j = edge_b[n]
                cx, cy = corner[j, 0], corner[j, 1]
                dx, dy = corner[j + 1, 0], corner[j + 1, 1]
                ac, ad = ax == cx and ay == cy, ax == dx and ay == dy
                bc, bd = bx == cx and by == cy, bx == dx and by == dy
                if ac or ad or bc or bd:
                    state[k] |= TOUCH
                    if ac or ad:
                        node[i] = True
                    if bc or bd:
                        node[i + 1] = True
                    if ac or bc:
                        node[j] = True
                    if ad or bd:
                        node[j + 1] = True
                    if ad and bc:
                        # of three areas with one edge, two overlap
                        if mate[i] not in (-1, b) or mate[j] not in (-1, a):
                            state[k] |= DOUBT
                        mate[i], mate[j] = b, a
                    elif _lie_along(ax, ay, bx, by, cx, cy, dx, dy, ac, bd):
                        state[k] |= DOUBT
                    continue
                met = 0
                if (
                    box_b[n, 0] <= high_x - hair_m + TINY_M
                    and box_b[n, 2] >= low_x + hair_m - TINY_M
                    and box_b[n, 1] <= high_y - hair_m + TINY_M
                    and box_b[n, 3] >= low_y + hair_m - TINY_M
                ):
                    met = meeting(ax, ay, bx, by, cx, cy, dx, dy)
                if met == CROSS:
                    state[k] |= TOUCH
                    if crosses + 2 <= len(cross):
                        ux, uy, vx, vy = bx - ax, by - ay, dx - cx, dy - cy
                        under = ux * vy - uy * vx
                        t = ((cx - ax) * vy - (cy - ay) * vx) / under
                        u = ((cx - ax) * uy - (cy - ay) * ux) / under
                        x, y = ax + t * ux, ay + t * uy
                        cross[crosses] = (i, b)
                        cross[crosses + 1] = (j, a)
                        place[crosses] = (t, x, y)
                        place[crosses + 1] = (u, x, y)
                    crosses += 2
                elif met != 0:
                    state[k] |= DOUBT
                elif state[k] == 0 and _gap(ax, ay, bx, by, cx, cy, dx, dy, hair_m):
                    state[k] = HAIR
        if state[k] & TOUCH == 0 and _one_holds(corner, ring, first, a, b):
            state[k] |= TOUCH
    return crosses


@compiled
def _edges_in(
    corner: Any, ring: Any, first: Any, area: int, box: Any, more_m: float, edge: Any
) -> int:
    """Write the edges of an area whose boxes overlap a box grown."""
    west, south, east, north = (
        box[0] - more_m,
        box[1] - more_m,
        box[2] + more_m,
        box[3] + more_m,
    )
    count = 0
    for r in range(first[area], first[area + 1]):
        for i in range(ring[r], ring[r + 1] - 1):
            ax, ay, bx, by = (
                corner[i, 0],
                corner[i, 1],
                corner[i + 1, 0],
                corner[i + 1, 1],
            )
            if (ax < west and bx < west) or (ax > east and bx > east):
                continue
            if (ay < south and by < south) or (ay > north and by > north):
                continue
            edge[count] = i
            count += 1
    return count


@compiled
def _lie_along(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    cx: float,
    cy: float,
    dx: float,
    dy: float,
    ac: bool,  # noqa: FBT001 - whether ends are the same
    bd: bool,  # noqa: FBT001
) -> bool:
    """Tell whether edges that share an end may share more than that."""
    if ac and bd:
        return True  # the same edge, run the same way: the areas overlap
    # both seen from the end they share
    sx, sy = (ax, ay) if ac or (ax == dx and ay == dy) else (bx, by)
    ox, oy = (bx, by) if sx == ax and sy == ay else (ax, ay)
    qx, qy = (dx, dy) if sx == cx and sy == cy else (cx, cy)
    ux, uy, vx, vy = ox - sx, oy - sy, qx - sx, qy - sy
    size = abs(ux) + abs(uy) + abs(vx) + abs(vy)
    return abs(ux * vy - uy * vx) <= TINY_M * size and ux * vx + uy * vy > 0.0


@compiled
def _gap(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    cx: float,
    cy: float,
    dx: float,
    dy: float,
    hair_m: float,
) -> bool:
    """Tell whether an end of an edge may lie no farther than a hair from the other."""
    most = hair_m * hair_m * 1.000001
    return (
        square_to(cx, cy, dx, dy, ax, ay) <= most
        or square_to(cx, cy, dx, dy, bx, by) <= most
        or square_to(ax, ay, bx, by, cx, cy) <= most
        or square_to(ax, ay, bx, by, dx, dy) <= most
    )


@compiled
def _one_holds(corner: Any, ring: Any, first: Any, a: int, b: int) -> bool:
    """Tell whether a ring of one area lies in the other."""
    for r in range(first[a], first[a + 1]):
        x, y = corner[ring[r], 0], corner[ring[r], 1]
        if holds(corner, ring, first, b, x, y):
            return True
    for r in range(first[b], first[b + 1]):
        x, y = corner[ring[r], 0], corner[ring[r], 1]
        if holds(corner, ring, first, a, x, y):
            return True
    return False

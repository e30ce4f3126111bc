"""How far a point lies from the edge of an area, and on which side."""

from typing import Any

import numpy as np

from geotool.zones._kernels._jit import compiled

RUN = 8
"""Edges that are passed over together."""


@compiled
def holds(corner: Any, ring: Any, first: Any, area: int, px: float, py: float) -> bool:
    """Tell whether an area holds a point; on its edge it may be either."""
    inside = False
    for r in range(first[area], first[area + 1]):
        for i in range(ring[r], ring[r + 1] - 1):
            ay, by = corner[i, 1], corner[i + 1, 1]
            if (ay > py) != (by > py):
                ax, dx, dy = corner[i, 0], corner[i + 1, 0] - corner[i, 0], by - ay
                if ((px - ax) * dy - (py - ay) * dx > 0.0) == (dy < 0.0):
                    inside = not inside
    return inside


@compiled
def spans_of(corner: Any) -> Any:
    """Give lowest and highest northing of each eight edges that follow each other."""
    span = np.empty((len(corner) // RUN + 1, 2))
    for run in range(len(span)):
        low, high = np.inf, -np.inf
        for i in range(run * RUN, min(run * RUN + RUN + 1, len(corner))):
            low, high = min(low, corner[i, 1]), max(high, corner[i, 1])
        span[run, 0], span[run, 1] = low, high
    return span


@compiled
def within(
    corner: Any,
    span: Any,
    ring: Any,
    first: Any,
    area: int,
    px: float,
    py: float,
    reach_m: float,
) -> tuple[bool, float]:
    """Tell whether an area holds a point, and the square of how far its edge is.

    An edge farther than ``reach_m`` may be told as infinitely far.
    """
    inside, least = False, np.inf
    low, high, square = py - reach_m, py + reach_m, reach_m * reach_m * 1.000001
    for r in range(first[area], first[area + 1]):
        i, stop = ring[r], ring[r + 1] - 1
        while i < stop:
            run = i // RUN
            begin, i = i, min(stop, run * RUN + RUN)
            if span[run, 0] > high or span[run, 1] < low:
                continue  # neither crossed nor near
            for k in range(begin, i):
                ay, by = corner[k, 1], corner[k + 1, 1]
                if (ay < low and by < low) or (ay > high and by > high):
                    continue
                ax, bx = corner[k, 0], corner[k + 1, 0]
                dx, dy, wx, wy = bx - ax, by - ay, px - ax, py - ay
                beside = wx * dy - wy * dx
                # an edge counts with its lower end, so that a corner counts once
                if (ay > py) != (by > py) and (beside > 0.0) == (dy < 0.0):
                    inside = not inside
                if beside * beside <= square * (dx * dx + dy * dy):
                    least = min(least, square_to(ax, ay, bx, by, px, py))
    return inside, least


@compiled
def square_to(
    ax: float, ay: float, bx: float, by: float, px: float, py: float
) -> float:
    """Give the square of the distance from a point to an edge."""
    dx, dy, wx, wy = bx - ax, by - ay, px - ax, py - ay
    length, t = dx * dx + dy * dy, 0.0
    if length > 0.0:
        t = min(max((wx * dx + wy * dy) / length, 0.0), 1.0)
    ex, ey = wx - t * dx, wy - t * dy
    return ex * ex + ey * ey


@compiled
def signed(
    corner: Any, span: Any, ring: Any, first: Any, area: int, px: float, py: float
) -> float:
    """Give the distance from a point to the edge of an area, negative inside."""
    least, low, high, inside = np.inf, -np.inf, np.inf, False
    for r in range(first[area], first[area + 1]):
        i, stop = ring[r], ring[r + 1] - 1
        while i < stop:
            run = i // RUN
            begin, i = i, min(stop, run * RUN + RUN)
            if span[run, 0] > high or span[run, 1] < low:
                continue  # neither crossed nor nearer
            for k in range(begin, i):
                ax, ay = corner[k, 0], corner[k, 1]
                bx, by = corner[k + 1, 0], corner[k + 1, 1]
                dx, dy, wx, wy = bx - ax, by - ay, px - ax, py - ay
                beside = wx * dy - wy * dx
                if (ay > py) != (by > py) and (beside > 0.0) == (dy < 0.0):
                    inside = not inside
                if beside * beside > least * (dx * dx + dy * dy) * 1.000001:
                    continue  # the line it lies on is too far
                square = square_to(ax, ay, bx, by, px, py)
                if square < least:
                    least, reach = square, np.sqrt(square) * 1.000001
                    low, high = py - reach, py + reach
    distance = np.sqrt(least)
    return -distance if inside else distance


@compiled
def signed_pairs(
    xy: Any, point: Any, area: Any, corner: Any, ring: Any, first: Any
) -> Any:
    """Measure pairs of a point and an area as :func:`signed`."""
    found, span = np.empty(len(point)), spans_of(corner)
    for k in range(len(point)):
        x, y = xy[point[k], 0], xy[point[k], 1]
        found[k] = signed(corner, span, ring, first, area[k], x, y)
    return found

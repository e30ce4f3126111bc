"""Verdicts on points by signed distances to the zones near them, one by one."""

# ruff: noqa: C901  (loops that call little: a function each would cost more than it does)

from typing import Any

import numpy as np

from geotool.zones._kernels._jit import compiled
from geotool.zones._kernels._measure import signed, within

OUTSIDE, IN_BAN, NEAR_BAN, VAGUE, IN_LEVEL_3, NEAR_LEVEL_3 = range(6)
"""As :data:`geotool.zones._zone_set.CAUSES`."""

BLOCKS = 64
"""Points are judged by squares, so many along each side."""

BAN, LOOSE, EVERY = range(3)
"""Rows of ``area_of``: levels 1 and 2, zones of no known level, all of known level."""

NOT_IN, ALONE = -1, -2
"""In ``area_of``: a zone of another class; one that no other of its class touches."""


@compiled
def rows_near(
    xy: Any,
    unsure_m: Any,
    reach_m: Any,
    above_m: float,
    most_m: float,
    grid: Any,
    size: Any,
    cell: Any,
) -> tuple[Any, Any]:
    """List points in cells with zones, neighbours together: memory is read in turn.

    Only points whose reach is more than ``above_m``, and ``most_m`` or less. Gives
    their rows, and easting, northing and uncertainty of each.
    """
    west, south, cell_m = grid[0], grid[1], grid[2]
    columns, lines = size[0], size[1]
    wide = max(columns, lines) // BLOCKS + 1
    across = columns // wide + 1
    count = np.zeros(across * (lines // wide + 1) + 1, dtype=np.int64)
    block = np.full(len(xy), -1, dtype=np.int16)
    for k in range(len(xy)):
        fi, fj = (xy[k, 0] - west) / cell_m, (xy[k, 1] - south) / cell_m
        if not (above_m < reach_m[k] <= most_m and fi >= 0.0 and fj >= 0.0):
            continue
        if fi < columns and fj < lines:
            c = int(fj) * columns + int(fi)
            if cell[c] < cell[c + 1]:
                block[k] = int(fj) // wide * across + int(fi) // wide
                count[block[k] + 1] += 1
    at = np.cumsum(count)
    rows, places = np.empty(at[-1], dtype=np.int32), np.empty((at[-1], 3))
    for k in range(len(xy)):
        if block[k] >= 0:
            n = at[block[k]]
            rows[n] = k
            places[n, 0], places[n, 1], places[n, 2] = xy[k, 0], xy[k, 1], unsure_m[k]
            at[block[k]] = n + 1
    return rows, places


@compiled
def judge(
    rows: Any,
    places: Any,
    grid: Any,
    size: Any,
    cell: Any,
    listed: Any,
    corner: Any,
    span: Any,
    ring: Any,
    first: Any,
    out_corner: Any,
    out_span: Any,
    out_ring: Any,
    out_first: Any,
    area_of: Any,
    rank: Any,
    gap_m: float,
    cause: Any,
    chosen: Any,
    measured: Any,
) -> None:
    """
    Judge points as ``_screening`` does without compiled code.

    Parameters
    ----------
    rows, places
        Points as ``rows_near`` lists them.
    grid : array of float
        West, south, cell size in metres.
    size : array of int
        Columns, rows.
    cell, listed : array of int
        As ``draw_cells`` lists them: ``listed[cell[c]:cell[c + 1]]``.
    corner, span, ring, first
        Zones, and heights as ``spans_of`` gives them.
    out_corner, out_span, out_ring, out_first
        Outlines of zones put together.
    area_of : array of int, shape (3, zones)
        Outline of each zone in each class; ``NOT_IN``, ``ALONE``.
    rank : array of int
        Order in which zones are named.
    gap_m : float
        ``CLOSE_GAP_M``.
    cause, chosen, measured : arrays, written
        Where a point is clear they are left as they are.
    """
    west, south, cell_m = grid[0], grid[1], grid[2]
    columns, lines = size[0], size[1]
    most = 1
    for c in range(columns * lines):
        most = max(most, cell[c + 1] - cell[c])
    zone, away = np.empty(most, np.int64), np.empty(most)
    of_ban, of_loose, of_every = area_of[BAN], area_of[LOOSE], area_of[EVERY]
    for row in range(len(rows)):
        px, py, unsure = places[row, 0], places[row, 1], places[row, 2]
        fi, fj = (px - west) / cell_m, (py - south) / cell_m
        c = int(fj) * columns + int(fi)
        reach, count = max(unsure, 2.0 * gap_m), 0
        for e in range(cell[c], cell[c + 1]):
            z, held, least = listed[e] >> 1, True, 0.0
            if listed[e] & 1 == 0:
                inside, least = within(corner, span, ring, first, z, px, py, reach)
                if not inside and least > reach * reach:
                    continue
                held = inside or least <= 4.0 * gap_m * gap_m
            is_alone = of_ban[z] == ALONE or of_loose[z] == ALONE
            is_alone |= of_every[z] == ALONE
            zone[count], away[count] = z, 0.0
            if not held:
                away[count] = np.sqrt(least)
            elif is_alone:
                away[count] = signed(corner, span, ring, first, z, px, py)
            count += 1
        if count == 0:
            continue
        pairs = (
            px,
            py,
            zone,
            away,
            count,
            gap_m,
            out_corner,
            out_span,
            out_ring,
            out_first,
        )
        ban = _of_class(of_ban, *pairs)
        loose = _of_class(of_loose, *pairs)
        why, far = OUTSIDE, np.nan
        if ban < -unsure:
            why, far = IN_BAN, ban
        elif abs(ban) <= unsure:
            why, far = NEAR_BAN, ban
        elif loose <= unsure:
            why, far = VAGUE, loose
        else:
            every = _of_class(of_every, *pairs)
            if every < -unsure:
                why, far = IN_LEVEL_3, every
            elif abs(every) <= unsure:
                why, far = NEAR_LEVEL_3, every
        k = rows[row]
        cause[k], measured[k] = why, far
        if why != OUTSIDE:
            chosen[k] = _named(why, of_ban, of_loose, rank, zone, away, count, gap_m)


@compiled
def _of_class(
    area_of: Any,
    px: float,
    py: float,
    zone: Any,
    away: Any,
    count: int,
    gap_m: float,
    corner: Any,
    span: Any,
    ring: Any,
    first: Any,
) -> float:
    """Give the signed distance to the zones of a class, put together."""
    least, known = np.inf, -1
    for n in range(count):
        area, distance = area_of[zone[n]], away[n]
        if area == NOT_IN:
            continue
        # where zones were put together, their common edges are none
        if area != ALONE and distance <= 2.0 * gap_m:
            if area == known:
                continue
            known = area
            distance = signed(corner, span, ring, first, area, px, py)
        least = min(least, distance)
    return least


@compiled
def _named(
    why: int,
    of_ban: Any,
    of_loose: Any,
    rank: Any,
    zone: Any,
    away: Any,
    count: int,
    gap_m: float,
) -> int:
    """Choose the zone to name: of the class that decides, holding the point,
    approved before draft, strictest level, nearest, first.
    """
    chosen, best, nearest = -1, np.int64(1 << 62), np.inf
    for n in range(count):
        z = zone[n]
        far = max(away[n], 0.0)
        if why in (IN_BAN, NEAR_BAN):
            is_of = of_ban[z] != NOT_IN
        elif why == VAGUE:
            is_of = of_loose[z] != NOT_IN
        else:
            is_of = of_loose[z] == NOT_IN
        key = 1000 * (not is_of) + 100 * (far > gap_m) + rank[z]
        if key < best or (
            key == best and (far < nearest or (far == nearest and z < chosen))
        ):
            chosen, best, nearest = z, key, far
    return chosen

"""Outer edges of areas put together: what no other of them covers or shares."""

# ruff: noqa: C901  (loops that call little: a function each would cost more than it does)

from typing import Any

import numpy as np

from geotool.zones._kernels._jit import compiled
from geotool.zones._kernels._measure import holds
from geotool.zones._kernels._rings import TINY_M

MOST_CHAINS = 3000
"""Groups whose outline is in more pieces are left to GEOS."""

DONE, NOT_DONE = 1, 0


@compiled
def outlines(
    corner: Any,
    ring: Any,
    first: Any,
    box: Any,
    node: Any,
    mate: Any,
    cross: Any,
    place: Any,
    member: Any,
    group: Any,
    is_in: Any,
    hair_m: float,
    done: Any,
    out_corner: Any,
    out_ring: Any,
    out_first: Any,
) -> None:
    """
    Put groups of areas together.

    Parameters
    ----------
    corner, ring, first, box
        The areas.
    node, mate
        As :func:`contacts` wrote them.
    cross, place
        The same, sorted by edge and share of the edge.
    member, group : array of int
        Areas of each group: ``member[group[k]:group[k + 1]]``.
    is_in : array of bool
        Areas that count; others' edges are passed over.
    hair_m : float
        A group with a hole as thin as this is not done.
    done : array of bool, written
        Which groups are done; the others have no rings.
    out_corner, out_ring, out_first : arrays, written
        Outlines as ``corner``, ``ring`` and ``first``.
    """
    room = len(out_corner)
    chain = np.empty((room, 2))
    start = np.empty(room + 1, dtype=np.int64)
    rings, corners = 0, 0
    out_ring[0], out_first[0] = 0, 0
    for g in range(len(group) - 1):
        members = member[group[g] : group[g + 1]]
        chains = _exposed(
            corner,
            ring,
            first,
            box,
            node,
            mate,
            cross,
            place,
            members,
            is_in,
            chain,
            start,
        )
        made = -1
        if 0 < chains <= MOST_CHAINS:
            made = _linked(
                chain, start, chains, hair_m, out_corner, out_ring, rings, corners
            )
        done[g] = made > 0
        if made > 0:
            rings += made
            corners = out_ring[rings]
        out_first[g + 1] = rings


@compiled
def _exposed(
    corner: Any,
    ring: Any,
    first: Any,
    box: Any,
    node: Any,
    mate: Any,
    cross: Any,
    place: Any,
    members: Any,
    is_in: Any,
    chain: Any,
    start: Any,
) -> int:
    """Write the pieces of edges that no other member covers or shares.

    ``chain[start[c]:start[c + 1]]`` are the corners of a piece. Gives how many there
    are, or -1 if edges cross too near each other to be told apart.
    """
    chains, used = 0, 0
    start[0] = 0
    for z in members:
        at_cross = np.searchsorted(cross[:, 0], ring[first[z]])
        for r in range(first[z], first[z + 1]):
            is_open, status = False, -1
            for i in range(ring[r], ring[r + 1] - 1):
                is_shared = mate[i] >= 0 and is_in[mate[i]]
                if node[i]:
                    status = -1
                x0, y0, last = corner[i, 0], corner[i, 1], False
                while not last:
                    while (
                        at_cross < len(cross)
                        and cross[at_cross, 0] == i
                        and not is_in[cross[at_cross, 1]]
                    ):
                        at_cross += 1
                    last = not (at_cross < len(cross) and cross[at_cross, 0] == i)
                    if last:
                        x1, y1 = corner[i + 1, 0], corner[i + 1, 1]
                    else:
                        x1, y1 = place[at_cross, 1], place[at_cross, 2]
                        at_cross += 1
                    if abs(x1 - x0) + abs(y1 - y0) <= TINY_M:
                        return -1
                    if status < 0 and not is_shared:
                        x, y = 0.5 * (x0 + x1), 0.5 * (y0 + y1)
                        status = _is_covered(corner, ring, first, box, members, z, x, y)
                    if is_shared or status == 1:
                        is_open = False
                    else:
                        if not is_open:
                            start[chains] = used
                            chain[used] = (x0, y0)
                            chains += 1
                            used += 1
                            is_open = True
                        chain[used] = (x1, y1)
                        used += 1
                        start[chains] = used
                    if not last:
                        status = -1
                    x0, y0 = x1, y1
                if is_shared:
                    status = -1
    return chains


@compiled
def _is_covered(
    corner: Any,
    ring: Any,
    first: Any,
    box: Any,
    members: Any,
    own: int,
    x: float,
    y: float,
) -> int:
    for z in members:
        if z == own or x < box[z, 0] or x > box[z, 2] or y < box[z, 1] or y > box[z, 3]:
            continue
        if holds(corner, ring, first, z, x, y):
            return 1
    return 0


@compiled
def _linked(
    chain: Any,
    start: Any,
    chains: int,
    hair_m: float,
    out_corner: Any,
    out_ring: Any,
    ring: int,
    corners: int,
) -> int:
    """Join pieces to rings end to end; give how many there are, -1 if none fits."""
    used = np.zeros(chains, dtype=np.bool_)
    rings, first_ring = 0, ring
    for c in range(chains):
        if used[c]:
            continue
        begin, at = corners, c
        sx, sy = chain[start[c], 0], chain[start[c], 1]
        while True:
            used[at] = True
            for i in range(start[at], start[at + 1]):
                if i > start[at] or corners == begin:
                    out_corner[corners] = chain[i]
                    corners += 1
            ex, ey = chain[start[at + 1] - 1, 0], chain[start[at + 1] - 1, 1]
            if ex == sx and ey == sy:
                break
            at = _following(chain, start, chains, used, ex, ey)
            if at < 0:
                return -1
        if corners - begin < 4 or _is_slit(out_corner, begin, corners, hair_m):
            return -1
        rings += 1
        out_ring[first_ring + rings] = corners
    return rings


@compiled
def _following(
    chain: Any, start: Any, chains: int, used: Any, x: float, y: float
) -> int:
    """Find the one piece that begins where another ends; -1 if it is not one."""
    found = -1
    for c in range(chains):
        if not used[c] and chain[start[c], 0] == x and chain[start[c], 1] == y:
            if found >= 0:
                return -1
            found = c
    return found


@compiled
def _is_slit(corner: Any, begin: int, end: int, hair_m: float) -> bool:
    """Tell whether a ring is a hole that is nowhere wider than a hair."""
    double, length, x, y = 0.0, 0.0, corner[begin, 0], corner[begin, 1]
    for i in range(begin, end - 1):
        dx, dy = corner[i + 1, 0] - corner[i, 0], corner[i + 1, 1] - corner[i, 1]
        double += (corner[i, 0] - x) * dy - (corner[i, 1] - y) * dx
        length += np.sqrt(dx * dx + dy * dy)
    return double < 0.0 and -double < hair_m * length

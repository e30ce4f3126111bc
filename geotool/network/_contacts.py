"""Where lines touch, cross or share a stretch, for all of them at once.

Segments are compared by numpy, which takes a tenth of the time of one overlay for
each pair of lines. Pairs that run over each other are left to GEOS.
"""

from typing import NamedTuple

import numpy as np
import shapely

from geotool.network._lines import Bools, Floats, Ints, Lines

EXACT_M = 1e-3
"""Points closer than this are the same point: rounding of files and projections."""


class _Pairs(NamedTuple):
    """Pairs of segments of different lines: first points and vectors."""

    p: Floats
    r: Floats
    q: Floats
    s: Floats
    one: Ints
    other: Ints


def contacts(lines: Lines) -> tuple[Floats, Ints]:
    """
    List the points at which lines meet, and a line that each lies on.

    Touches and crossings are listed for both lines; of a stretch that two lines share,
    the ends.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 9 0)", "LINESTRING (4 5, 4 -5)"])
    >>> xy, line = contacts(lines)
    >>> xy.tolist(), line.tolist()
    ([[4.0, 0.0], [4.0, 0.0]], [0, 1])
    """
    pairs = _near_segments(lines)
    crossing, is_crossing = _crossings(pairs)
    spots, where, is_overlap = _touches(pairs, crossing, is_crossing)
    # a line runs over another if any of its segments does
    count = len(lines)
    key = pairs.one * count + pairs.other
    over = np.unique(key[is_overlap])
    plain = ~np.isin(key, over)
    is_crossing &= plain
    xy = [crossing[is_crossing]] * 2
    part = [pairs.one[is_crossing], pairs.other[is_crossing]]
    kept = plain[where]
    spots, where = spots[kept], where[kept]
    xy += [spots, spots]
    part += [pairs.one[where], pairs.other[where]]
    shared_xy, shared_part = _shared(lines, over // count, over % count)
    return np.vstack([*xy, shared_xy]), np.concatenate([*part, shared_part])


def _near_segments(lines: Lines) -> _Pairs:
    """Find pairs of segments of different lines whose boxes meet."""
    xy, of = shapely.get_coordinates(lines, return_index=True)
    inner = np.flatnonzero(of[1:] == of[:-1])
    first, last, line = xy[inner], xy[inner + 1], of[inner].astype(np.int64)
    low, high = np.minimum(first, last) - EXACT_M, np.maximum(first, last) + EXACT_M
    # a segment stands for its box
    low_high = np.stack([low, high], axis=1)
    boxes: Lines = np.asarray(shapely.linestrings(low_high), dtype=object)
    one, other = shapely.STRtree(boxes).query(boxes)
    keep = line[one] < line[other]
    one, other = one[keep], other[keep]
    return _Pairs(
        first[one],
        last[one] - first[one],
        first[other],
        last[other] - first[other],
        line[one],
        line[other],
    )


def _cross(a: Floats, b: Floats) -> Floats:
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def _crossings(pairs: _Pairs) -> tuple[Floats, Bools]:
    """Point at which each pair crosses, and whether it lies inside both."""
    apart = pairs.q - pairs.p
    turn = _cross(pairs.r, pairs.s)
    skew = turn != 0
    safe = np.where(skew, turn, 1.0)
    t, u = _cross(apart, pairs.s) / safe, _cross(apart, pairs.r) / safe
    inside = skew & (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)
    return pairs.p + np.where(inside, t, 0.0)[:, None] * pairs.r, inside


def _touches(
    pairs: _Pairs, crossing: Floats, is_crossing: Bools
) -> tuple[Floats, Ints, Bools]:
    """
    Find ends of segments on the other segment: place, pair, and which pairs overlap.

    A crossing right at such an end is the same contact; ``is_crossing`` forgets it.
    """
    corners = (
        (pairs.p, pairs.q, pairs.s),
        (pairs.p + pairs.r, pairs.q, pairs.s),
        (pairs.q, pairs.p, pairs.r),
        (pairs.q + pairs.s, pairs.p, pairs.r),
    )
    spots, where = [], []
    for corner, start, along in corners:
        near = np.flatnonzero(_distance(corner, start, along) <= EXACT_M)
        spots.append(corner[near])
        where.append(near)
    xy, pair = np.vstack(spots), np.concatenate(where)
    # contacts of one pair at two places: they run over each other for a while
    every = np.vstack([xy, crossing[is_crossing]])
    of = np.concatenate([pair, np.flatnonzero(is_crossing)])
    low = np.full((len(pairs.p), 2), np.inf)
    high = np.full((len(pairs.p), 2), -np.inf)
    np.minimum.at(low, of, every)
    np.maximum.at(high, of, every)
    touched = np.zeros(len(pairs.p), dtype=bool)
    touched[pair] = True
    is_overlap = touched & ((high - low).max(axis=1, initial=-np.inf) > 2 * EXACT_M)
    is_crossing &= ~touched
    return xy, pair, is_overlap


def _distance(point: Floats, start: Floats, along: Floats) -> Floats:
    arm = point - start
    share = (arm * along).sum(axis=1) / (along * along).sum(axis=1)
    gap = arm - np.clip(share, 0.0, 1.0)[:, None] * along
    return np.asarray(np.hypot(gap[:, 0], gap[:, 1]))


def _shared(lines: Lines, one: Ints, other: Ints) -> tuple[Floats, Ints]:
    """Contacts of pairs of lines that run over each other."""
    # on a grid of 1 mm, lines that run over each other but for rounding do share
    # the stretch; a plain crossing is taken exactly
    shared = shapely.intersection(lines[one], lines[other], grid_size=EXACT_M)
    is_point = shapely.get_type_id(shared) == 0
    exact = shapely.intersection(lines[one[is_point]], lines[other[is_point]])
    fine = (shapely.get_type_id(exact) == 0) & ~shapely.is_empty(exact)
    shared[np.flatnonzero(is_point)[fine]] = exact[fine]
    is_line = shapely.length(shared) > 0
    points, of = _points_of(shared[~is_line], np.flatnonzero(~is_line))
    ends, of_line = _overlap_ends(shared[is_line], np.flatnonzero(is_line))
    tips, of_tip, side = _tips(lines, one, other)
    xy = np.vstack([points, points, ends, ends, tips])
    part = [one[of], other[of], one[of_line], other[of_line]]
    part.append(np.where(side, one[of_tip], other[of_tip]))
    return xy, np.concatenate(part).astype(np.int64)


def _tips(lines: Lines, one: Ints, other: Ints) -> tuple[Floats, Ints, Bools]:
    """Find ends of one line on the other, which an overlay on a grid may miss."""
    spots, pairs, sides = [], [], []
    for side, of, to in ((False, one, other), (True, other, one)):
        for end in (0, -1):
            tip = shapely.get_point(lines[of], end)
            near = np.flatnonzero(shapely.distance(tip, lines[to]) <= EXACT_M)
            spots.append(shapely.get_coordinates(tip[near]).reshape(-1, 2))
            pairs.append(near)
            sides.append(np.full(len(near), side))
    return np.vstack(spots), np.concatenate(pairs), np.concatenate(sides)


def _points_of(shapes: Lines, number: Ints) -> tuple[Floats, Ints]:
    xy, index = shapely.get_coordinates(shapes, return_index=True)
    return xy.reshape(-1, 2), number[index]


def _overlap_ends(shapes: Lines, number: Ints) -> tuple[Floats, Ints]:
    """Give the ends of each stretch two lines share, and points beside them."""
    parts, index = shapely.get_parts(shapes, return_index=True)
    is_point = shapely.get_type_id(parts) == 0
    stretches = shapely.multilinestrings(parts[~is_point], indices=index[~is_point])
    merged = shapely.line_merge(stretches)
    xy, of = _points_of(shapely.boundary(merged), number)
    dots, of_dots = _points_of(parts[is_point], number[index[is_point]])
    return np.vstack([xy, dots]), np.concatenate([of, of_dots])

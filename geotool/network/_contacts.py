"""Where lines touch, cross or share a stretch, for all of them at once.

Segments are compared by an engine, which takes a tenth of the time of one overlay for
each pair of lines. Pairs that run over each other are left to GEOS.
"""

import numpy as np
import shapely

from geotool.network._engine import engine
from geotool.network._limits import EXACT_M
from geotool.network._ragged import Bools, Floats, Ints, Lines, Ragged


def contacts(shape: Ragged, rank: Ints | None = None) -> tuple[Floats, Ints]:
    """
    List the points at which lines meet, and a line that each lies on.

    Touches and crossings are listed for both lines; of a stretch that two lines share,
    the ends. Ends that two lines share to the last bit are left out.

    Parameters
    ----------
    shape : Ragged
    rank : array of int, optional
        Which of two lines comes first: what they share is measured from it, so that
        the last bits do not depend on how lines lie in memory.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 9 0)", "LINESTRING (4 5, 4 -5)"])
    >>> xy, line = contacts(Ragged.of(lines))
    >>> xy.tolist(), line.tolist()
    ([[4.0, 0.0], [4.0, 0.0]], [0, 1])
    """
    spots, one, other, over, under = engine(len(shape.xy)).contacts(
        shape.xy, shape.start, shape.stop, rank
    )
    # a line runs over another if any of its segments does
    plain = ~np.isin(one * len(shape) + other, over * len(shape) + under)
    spots, one, other = spots[plain], one[plain], other[plain]
    used, which = np.unique(np.concatenate([over, under]), return_inverse=True)
    lines = shape.lines(used)
    shared_xy, shared = _shared(lines, which[: len(over)], which[len(over) :])
    xy = np.vstack([spots, spots, shared_xy])
    part = np.concatenate([one, other, used[shared]])
    # in an order of their own, whoever found them
    order = engine(len(shape.xy)).ordered(part, xy[:, 0], xy[:, 1])
    xy, part = xy[order], part[order]
    fresh = np.ones(len(part), dtype=bool)
    fresh[1:] = (part[1:] != part[:-1]) | (xy[1:] != xy[:-1]).any(axis=1)
    return xy[fresh], part[fresh]


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

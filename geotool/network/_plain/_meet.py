"""Where lines meet or nearly do, and ends joined in clusters, in numpy and GEOS."""

from collections.abc import Iterator

import numpy as np
import shapely

from geotool.network._limits import EXACT_M, RUN
from geotool.network._plain._lines import cross, norm
from geotool.network._ragged import Bools, Floats, Ints, Ragged, chunks, spread


# ---------------------------------------------------------------- contacts
def contacts(
    xy: Floats, start: Ints, stop: Ints, rank: Ints | None = None
) -> tuple[Floats, Ints, Ints, Ints, Ints]:
    """
    Find where segments of different lines touch or cross.

    Parameters
    ----------
    xy : array of float, shape (k, 2)
    start, stop : array of int
    rank : array of int, optional
        Which of two lines comes first in a pair; as they lie by default.

    Returns
    -------
    spots : array of float, shape (k, 2)
    one, other : array of int
        The two lines; ends that two lines share to the last bit are not listed.
    over, under : array of int
        Pairs of lines that run over each other for a while.
    """
    spots, ones, others = [np.zeros((0, 2))], [np.zeros(0, int)], [np.zeros(0, int)]
    overs = [np.zeros((0, 2), dtype=np.int64)]
    shape = Ragged(xy, start, stop)
    for first, second, one, other in _near_segments(shape, rank):
        p, q = xy[first], xy[second]
        r, s = xy[first + 1] - p, xy[second + 1] - q
        crossing, is_crossing = _crossings(p, r, q, s)
        touch, pair, corner = _touches(p, r, q, s)
        is_overlap = _overlaps(touch, pair, crossing, is_crossing)
        is_crossing[pair] = False
        vertex = np.stack([first, first + 1, second, second + 1])[corner, pair]
        mine = np.where(corner < 2, one[pair], other[pair])
        theirs = np.where(corner < 2, other[pair], one[pair])
        shared = _is_end_of(shape, vertex, mine, theirs) | is_overlap[pair]
        touch, pair = touch[~shared], pair[~shared]
        spots += [crossing[is_crossing], touch]
        ones += [one[is_crossing], one[pair]]
        others += [other[is_crossing], other[pair]]
        overs.append(np.column_stack([one[is_overlap], other[is_overlap]]))
    over = np.unique(np.vstack(overs), axis=0)
    return (
        np.vstack(spots),
        np.concatenate(ones),
        np.concatenate(others),
        over[:, 0],
        over[:, 1],
    )


def _is_end_of(shape: Ragged, vertex: Ints, mine: Ints, theirs: Ints) -> Bools:
    """Whether a vertex is an end of its own line and, to the last bit, of another."""
    is_end = (vertex == shape.start[mine]) | (vertex == shape.stop[mine] - 1)
    at = shape.xy[vertex]
    low = (at == shape.xy[shape.start[theirs]]).all(axis=1)
    high = (at == shape.xy[shape.stop[theirs] - 1]).all(axis=1)
    return np.asarray(is_end & (low | high))


def runs(shape: Ragged) -> tuple[Ints, Ints, Ints]:
    """Cut lines into runs of a few segments: line, first and last vertex of each."""
    segments = shape.stop - shape.start - 1
    line, number = spread(np.zeros(len(shape), dtype=np.int64), -(-segments // RUN))
    low = shape.start[line] + RUN * number
    return line, low, np.minimum(low + RUN, shape.stop[line] - 1)


def _near_segments(
    shape: Ragged, rank: Ints | None
) -> Iterator[tuple[Ints, Ints, Ints, Ints]]:
    """Find pairs of segments of different lines whose boxes meet; and their lines."""
    line, low, high = runs(shape)
    if len(line) == 0:
        return
    number, at = spread(low, high + 1)
    begin = np.searchsorted(number, np.arange(len(line)))
    least = np.minimum.reduceat(shape.xy[at], begin) - EXACT_M
    most = np.maximum.reduceat(shape.xy[at], begin) + EXACT_M
    boxes = shapely.box(least[:, 0], least[:, 1], most[:, 0], most[:, 1])
    one, other = shapely.STRtree(boxes).query(boxes)
    before = line if rank is None else rank[line]
    keep = (before[one] < before[other]) | (
        # lines cut from one line come in the order of its pieces
        (before[one] == before[other]) & (line[one] < line[other])
    )
    one, other = one[keep], other[keep]
    for part in chunks(len(one), 1 << 17):
        a, b = one[part], other[part]
        # the segments of either run that reach into the box of the other
        of_a, first = _within(shape.xy, low[a], high[a], least[b], most[b])
        of_b, second = _within(shape.xy, low[b], high[b], least[a], most[a])
        begin = np.searchsorted(of_b, of_a, side="left")
        end = np.searchsorted(of_b, of_a, side="right")
        which, at = spread(begin, end)
        first, second = first[which], second[at]
        meet = _boxes_meet(shape.xy, first, second)
        pair = of_a[which[meet]]
        yield first[meet], second[meet], line[a[pair]], line[b[pair]]


def _within(
    xy: Floats, low: Ints, high: Ints, least: Floats, most: Floats
) -> tuple[Ints, Ints]:
    number, at = spread(low, high)
    here = np.minimum(xy[at], xy[at + 1]) - EXACT_M <= most[number]
    here &= np.maximum(xy[at], xy[at + 1]) + EXACT_M >= least[number]
    inside = here.all(axis=1)
    return number[inside], at[inside]


def _boxes_meet(xy: Floats, first: Ints, second: Ints) -> Bools:
    a, b, c, d = xy[first], xy[first + 1], xy[second], xy[second + 1]
    meet = np.minimum(a, b) - EXACT_M <= np.maximum(c, d) + EXACT_M
    meet &= np.minimum(c, d) - EXACT_M <= np.maximum(a, b) + EXACT_M
    return np.asarray(meet.all(axis=1))


def _crossings(p: Floats, r: Floats, q: Floats, s: Floats) -> tuple[Floats, Bools]:
    """Point at which each pair crosses, and whether it lies inside both."""
    apart = q - p
    turn = cross(r, s)
    skew = turn != 0
    safe = np.where(skew, turn, 1.0)
    t, u = cross(apart, s) / safe, cross(apart, r) / safe
    inside = skew & (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)
    return p + np.where(inside, t, 0.0)[:, None] * r, inside


def _touches(p: Floats, r: Floats, q: Floats, s: Floats) -> tuple[Floats, Ints, Ints]:
    """Find ends of segments on the other segment: place, pair, and which end."""
    spots, where, which = [], [], []
    ends = ((p, q, s), (p + r, q, s), (q, p, r), (q + s, p, r))
    for number, (corner, start, along) in enumerate(ends):
        near = np.flatnonzero(_distance(corner, start, along) <= EXACT_M)
        spots.append(corner[near])
        where.append(near)
        which.append(np.full(len(near), number))
    return np.vstack(spots), np.concatenate(where), np.concatenate(which)


def _overlaps(xy: Floats, pair: Ints, crossing: Floats, is_crossing: Bools) -> Bools:
    """Which pairs have contacts at two places: they run over each other for a while."""
    every = np.vstack([xy, crossing[is_crossing]])
    of = np.concatenate([pair, np.flatnonzero(is_crossing)])
    low = np.full((len(is_crossing), 2), np.inf)
    high = np.full((len(is_crossing), 2), -np.inf)
    np.minimum.at(low, of, every)
    np.maximum.at(high, of, every)
    touched = np.zeros(len(is_crossing), dtype=bool)
    touched[pair] = True
    far = (high - low).max(axis=1, initial=-np.inf) > 2 * EXACT_M
    return np.asarray(touched & far)


def _distance(point: Floats, start: Floats, along: Floats) -> Floats:
    arm = point - start
    size = (along * along).sum(axis=1)
    share = (arm * along).sum(axis=1) / np.where(size > 0, size, 1.0)
    return norm(arm - np.clip(share, 0.0, 1.0)[:, None] * along)


def near_lines(
    spots: Floats, node: Ints, ends: Ints, shape: Ragged, reach_m: float
) -> tuple[Ints, Ints]:
    """
    Find lines near spots.

    Parameters
    ----------
    spots : array of float, shape (m, 2)
    node : array of int
        Node that each spot is.
    ends : array of int, shape (n, 2)
        Nodes at which each line ends; such lines need not be found.
    shape : Ragged
    reach_m : float

    Returns
    -------
    which, line : array of int
    """
    lines = shape.lines(np.arange(len(shape)))
    points = np.asarray(shapely.points(spots), dtype=object)
    which, line = shapely.STRtree(lines).query(
        points, predicate="dwithin", distance=reach_m
    )
    new = (ends[line] != node[which][:, None]).all(axis=1)
    return which[new].astype(np.int64), line[new].astype(np.int64)


def sweep(along: Floats, point: Floats, reach_m: float, wanted: Bools) -> Ints:
    """
    List pairs of points within a distance, one of them wanted, or at one place.

    Parameters
    ----------
    along : array of float
        Where each point lies along some direction, ascending.
    point : array of float, shape (n, 2)
    reach_m : float
        At least ``EXACT_M``.
    wanted : array of bool
    """
    found = [np.zeros((0, 2), dtype=np.int64)]
    step, live = 1, np.arange(len(along) - 1)
    while len(live):
        # the margin is for rounding: distances are measured exactly
        live = live[along[live + step] - along[live] <= reach_m + 1e-6]
        gap = ((point[live + step] - point[live]) ** 2).sum(axis=1)
        near = (gap <= reach_m * reach_m) & (wanted[live] | wanted[live + step])
        near = live[near | (gap <= EXACT_M * EXACT_M)]
        found.append(np.column_stack([near, near + step]))
        step += 1
        live = live[live + step < len(along)]
    return np.vstack(found)

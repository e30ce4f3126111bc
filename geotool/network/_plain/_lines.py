"""Lines brought into one form, measured and cut, in numpy and GEOS."""

import numpy as np
import shapely

from geotool.network._limits import GRID_M, STRAIGHT_M
from geotool.network._ragged import Bools, Floats, Ints, Lines, Ragged, chunks, spread


def cross(a: Floats, b: Floats) -> Floats:
    """Turn from one vector to another, times their lengths."""
    return np.asarray(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])


def norm(v: Floats) -> Floats:
    """Length of each vector."""
    return np.asarray(np.sqrt(v[:, 0] * v[:, 0] + v[:, 1] * v[:, 1]))


# ---------------------------------------------------------------- one form
def canonical(xy: Floats, size: Ints) -> tuple[Floats, Ints, Bools]:
    """
    Bring lines into one form.

    Parameters
    ----------
    xy : array of float, shape (k, 2)
        Vertices of all lines, one line after the other.
    size : array of int
        Vertices of each line.

    Returns
    -------
    xy, size
        Corners only, to ``GRID_M``, from the lower end to the higher one; nothing of
        lines without length.
    flip : array of bool
        Whether the line was drawn the other way.
    """
    count = len(size)
    part = np.repeat(np.arange(count), size)
    xy, part = _without_repeats(xy, part)
    xy = _ringed(xy, part)
    keep = corners(xy, part)
    xy = xy[keep].round(4) + 0.0  # GRID_M; no negative zero
    xy, part = _without_repeats(xy, part[keep])
    long = np.bincount(part, minlength=count) > 1
    xy, part = xy[long[part]], part[long[part]]
    flip = np.zeros(count, dtype=bool)
    if len(xy):
        first, last = _bounds_of(part)
        flip[part[first]] = _runs_down(xy, first, last)
        here, line = (
            np.arange(len(xy)),
            np.cumsum(np.bincount(first, minlength=len(xy))),
        )
        line = line[: len(xy)] - 1
        turn = flip[part]
        xy = xy[np.where(turn, first[line] + last[line] - here, here)]
    return xy, np.bincount(part, minlength=count), flip


def _without_repeats(xy: Floats, part: Ints) -> tuple[Floats, Ints]:
    keep = np.ones(len(xy), dtype=bool)
    keep[1:] = (part[1:] != part[:-1]) | (xy[1:] != xy[:-1]).any(axis=1)
    return xy[keep], part[keep]


def _bounds_of(part: Ints) -> tuple[Ints, Ints]:
    """Give the first and last position of each run of equal numbers."""
    change = np.flatnonzero(np.diff(part)) + 1
    return (
        np.concatenate([[0], change]).astype(np.int64),
        np.concatenate([change - 1, [len(part) - 1]]).astype(np.int64),
    )


def closes(first: Floats, last: Floats) -> Bools:
    """Whether lines end where they begin, as far as ``GRID_M`` tells."""
    near = (first.round(4) == last.round(4)).all(axis=1)
    return np.asarray(near | (np.abs(first - last).max(axis=1) < GRID_M / 2))


def _ringed(xy: Floats, part: Ints) -> Floats:
    """Let closed lines start at their lowest corner."""
    if len(xy) == 0:
        return xy
    first, last = _bounds_of(part)
    closed = closes(xy[first], xy[last]) & (last - first > 1)
    if not closed.any():
        return xy
    xy = xy.copy()
    for start, stop in zip(first[closed], last[closed], strict=True):
        ring = xy[start:stop]
        near = ring.round(4)
        lowest = int(np.lexsort((near[:, 1], near[:, 0]))[0])
        ring = np.roll(ring, -lowest, axis=0)
        xy[start : stop + 1] = np.vstack([ring, ring[:1]])
    return xy


def corners(xy: Floats, part: Ints) -> Bools:
    """
    Whether each vertex is an end or a corner of its line.

    Examples
    --------
    >>> xy = np.array([[0.0, 0], [1, 0], [2, 0], [2, 5]])
    >>> corners(xy, np.zeros(4, int)).tolist()
    [True, False, True, True]
    """
    keep = np.ones(len(xy), dtype=bool)
    if len(xy) < 3:
        return keep
    inner = (part[:-2] == part[1:-1]) & (part[2:] == part[1:-1])
    into, out = xy[1:-1] - xy[:-2], xy[2:] - xy[1:-1]
    chord = xy[2:] - xy[:-2]
    beside = np.abs(cross(into, out))
    onward = (into * out).sum(axis=1) > 0
    keep[1:-1] = ~(inner & onward & (beside <= STRAIGHT_M * norm(chord)))
    # a slow bend is straight at each of its vertices but not as a whole: it stays
    kept, dropped = np.flatnonzero(keep), np.flatnonzero(~keep)
    after = np.searchsorted(kept, dropped)
    low, high = xy[kept[after - 1]], xy[kept[after]]
    chord, arm = high - low, xy[dropped] - low
    bent = np.abs(cross(chord, arm)) > STRAIGHT_M * norm(chord)
    keep[dropped[np.isin(after, after[bent])]] = True
    return keep


def _runs_down(xy: Floats, first: Ints, last: Ints) -> Bools:
    """Whether each part runs from its higher end to its lower one."""
    a, b = xy[first], xy[last]
    down = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    for k in np.flatnonzero((a == b).all(axis=1)):
        ring = xy[first[k] : last[k] + 1]
        down[k] = ring.tolist() > ring[::-1].tolist()
    return np.asarray(down)


# ---------------------------------------------------------------- measures
def lengths_of(lines: Lines, _xy: Floats, _number: Ints) -> Floats:
    """Measure lines; their vertices, and whose each is, are known."""
    return np.asarray(shapely.length(lines))


def packed(
    xy: Floats, start: Ints, stop: Ints, order: Ints
) -> tuple[Floats, Ints, Ints]:
    """Copy lines in some order, one after the other: coordinates, starts and stops."""
    made = Ragged(xy, start[order], stop[order]).packed()
    return made.xy, made.start, made.stop


def lengths(xy: Floats, start: Ints, stop: Ints) -> Floats:
    """Length of each line."""
    made = np.zeros(len(start))
    for part in chunks(len(start)):
        number, at = spread(start[part], stop[part] - 1)
        step = norm(xy[at + 1] - xy[at])
        made[part] = np.bincount(number, step, minlength=len(start[part]))
    return made


def is_tame(xy: Floats, start: Ints, stop: Ints) -> Bools:
    """Whether a line surely neither closes, crosses itself nor turns back sharply."""
    made = np.zeros(len(start), dtype=bool)
    for part in chunks(len(start)):
        low, high = start[part], stop[part]
        number, at = spread(low, high - 1)
        step = xy[at + 1] - xy[at]
        chord = xy[high - 1] - xy[low]
        onward = (step * chord[number]).sum(axis=1)
        bad = onward <= 1e-9 * norm(chord)[number]
        turns = (step[1:] * step[:-1]).sum(axis=1) < 0
        bad[1:] |= turns & (number[1:] == number[:-1])
        made[part] = np.bincount(number, bad, minlength=len(low)) == 0
    return made


def locate(xy: Floats, start: Ints, stop: Ints, line: Ints, spots: Floats) -> Floats:
    """Metres along a line to the place on it nearest to each spot."""
    used, which = np.unique(line, return_inverse=True)
    lines = Ragged(xy, start, stop).lines(used)
    return np.asarray(shapely.line_locate_point(lines[which], shapely.points(spots)))


def interpolate(
    xy: Floats, start: Ints, stop: Ints, line: Ints, measure: Floats
) -> Floats:
    """Place on a line at some metres along it."""
    used, which = np.unique(line, return_inverse=True)
    lines = Ragged(xy, start, stop).lines(used)
    foot = shapely.line_interpolate_point(lines[which], measure)
    return np.asarray(shapely.get_coordinates(foot)).reshape(-1, 2)

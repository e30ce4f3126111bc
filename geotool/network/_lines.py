"""Lines that neither close nor cross themselves."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely

from geotool.network._engine import engine
from geotool.network._log import LOG_COLUMNS, Log, spot
from geotool.network._ragged import Bools, Floats, Ints, Lines, Ragged

__all__ = ["LOG_COLUMNS", "Log", "SimpleLines", "halves", "simple_lines", "spot"]

FOLD_M = 1e-3
"""A line that turns back within this distance of itself is folded there."""


@dataclass(frozen=True)
class SimpleLines:
    """
    Lines that neither close nor cross themselves.

    Attributes
    ----------
    shape : Ragged
    row : array of int
        Position of each in the rivers.
    joint : array of bool, shape (n, 2)
        Whether the start or end is only a cut of ours, no end as drawn.
    whole : array of int
        Place, in the order of rivers, of the line each was cut from.
    offset_m : array of float
        Metres along that line to the start.
    length_m : array of float
    flipped : array of bool
        Whether it was drawn the other way.
    home : array of int
        Where each starts in ``home_xy``, which has the same lines in the order of
        rivers, or -1 where it was cut: from there, pieces are made in a row.
    home_xy : array of float, shape (k, 2)
    """

    shape: Ragged
    row: Ints
    joint: Bools
    whole: Ints
    offset_m: Floats
    length_m: Floats
    flipped: Bools
    home: Ints
    home_xy: Floats

    def ends(self) -> tuple[Floats, Floats]:
        """Give the first and the last point of each."""
        return self.shape.xy[self.shape.start], self.shape.xy[self.shape.stop - 1]


def simple_lines(
    shape: Ragged,
    row: Ints,
    flipped: Bools,
    rank: Ints | None = None,
    home: Ragged | None = None,
) -> SimpleLines:
    """
    Cut rings, folds and self-crossing lines into simple ones.

    Parameters
    ----------
    shape : Ragged
    row : array of int
    flipped : array of bool
    rank : array of int, optional
        Place of each line in the order of rivers, where lines lie in another.
    home : Ragged, optional
        The lines of ``shape`` where they lay in the order of rivers.

    Examples
    --------
    >>> fold = np.array([shapely.LineString([(0, 0), (9, 0), (4, 0)])])
    >>> simple = simple_lines(Ragged.of(fold), np.array([0]), np.array([False]))
    >>> [line.wkt for line in simple.shape.lines(np.arange(2))], simple.joint.tolist()
    (['LINESTRING (0 0, 9 0)', 'LINESTRING (9 0, 4 0)'], [[False, True], [True, False]])
    """
    odd, folds = _odd(shape)
    number = np.delete(np.arange(len(shape)), odd)
    lines: list[shapely.LineString] = []
    wholes: list[int] = []
    offsets: list[float] = []
    joints: list[tuple[bool, bool]] = []
    for k in odd.tolist():
        xy = shape.xy[shape.start[k] : shape.stop[k]]
        pieces = [p for bit in _split_at(xy, folds.get(k, [])) for p in _untie(bit)]
        ring, last = bool((xy[0] == xy[-1]).all()), len(pieces) - 1
        lines += pieces
        wholes += [k] * len(pieces)
        offsets += [0.0, *np.cumsum(shapely.length(pieces))[:-1].tolist()]
        joints += [(j > 0 or ring, j < last or ring) for j in range(len(pieces))]
    more = Ragged.of(np.array(lines, dtype=object))
    of = np.concatenate([number, np.array(wholes, dtype=np.int64)])
    offset = np.concatenate([np.zeros(len(number)), np.array(offsets, dtype=float)])
    joint = np.zeros((len(of), 2), dtype=bool)
    joint[len(number) :] = np.array(joints, dtype=bool).reshape(-1, 2)
    if len(more):
        base = len(shape.xy)
        shape = Ragged(
            np.concatenate([shape.xy, more.xy]),
            np.concatenate([shape.start[number], more.start + base]),
            np.concatenate([shape.stop[number], more.stop + base]),
        )
        order = np.lexsort((offset, of))
        shape, of = shape.at(order), of[order]
        offset, joint = offset[order], joint[order]
    length = engine(len(shape.xy)).lengths(shape.xy, shape.start, shape.stop)
    whole = of if rank is None else rank[of]
    at = shape.start if home is None else _still_there(of, home, odd)
    return SimpleLines(
        shape, row[of], joint, whole, offset, length, flipped[of],
        at, shape.xy if home is None else home.xy,
    )  # fmt: skip


def _still_there(of: Ints, home: Ragged, odd: Ints) -> Ints:
    start = home.start.copy()
    start[odd] = -1
    return start[of]


def _odd(shape: Ragged) -> tuple[Ints, dict[int, list[int]]]:
    """Lines that close, cross or fold back on themselves; and where they fold."""
    tame = engine(len(shape.xy)).is_tame(shape.xy, shape.start, shape.stop)
    odd, folds = [], {}
    doubtful = np.flatnonzero(~tame)
    for part in (doubtful[k : k + 50_000] for k in range(0, len(doubtful), 50_000)):
        line = shape.lines(part)
        wrong = ~shapely.is_simple(line) | shapely.is_closed(line)
        found = _folds(line)
        wrong[list(found)] = True
        odd.append(part[wrong])
        folds.update({int(part[k]): vertices for k, vertices in found.items()})
    return np.concatenate([np.zeros(0, dtype=np.int64), *odd]), folds


def _folds(line: Lines) -> dict[int, list[int]]:
    """Vertices at which a line turns back over itself, by line."""
    xy, of = shapely.get_coordinates(line, return_index=True)
    if len(xy) < 3:
        return {}
    inner = (of[:-2] == of[1:-1]) & (of[2:] == of[1:-1])
    into, out = xy[1:-1] - xy[:-2], xy[2:] - xy[1:-1]
    longer = np.maximum(np.hypot(*into.T), np.hypot(*out.T))
    beside = np.abs(into[:, 0] * out[:, 1] - into[:, 1] * out[:, 0])
    back = inner & ((into * out).sum(axis=1) < 0) & (beside <= FOLD_M * longer)
    at = np.flatnonzero(back) + 1
    start = np.searchsorted(of, of[at])
    found: dict[int, list[int]] = {}
    for number, vertex in zip(of[at].tolist(), (at - start).tolist(), strict=True):
        found.setdefault(number, []).append(vertex)
    return found


def _split_at(xy: Floats, vertices: list[int]) -> list[shapely.LineString]:
    stops = [0, *vertices, len(xy) - 1]
    return [shapely.LineString(xy[a : b + 1]) for a, b in pairwise(stops)]


def _untie(line: shapely.LineString) -> list[shapely.LineString]:
    """Halve a line until each piece is simple and open."""
    if line.is_simple and not line.is_closed:
        return [line]
    if line.is_closed and line.is_simple:
        first, second = halves(line)
    else:
        xy = shapely.get_coordinates(line)
        first, second = _split_at(xy, [len(xy) // 2])
    return [*_untie(first), *_untie(second)]


def halves(line: shapely.LineString) -> list[shapely.LineString]:
    """
    Cut a line at half its length.

    Examples
    --------
    >>> [half.length for half in halves(shapely.LineString([(0, 0), (3, 0), (3, 1)]))]
    [2.0, 2.0]
    """
    xy = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    half = along[-1] / 2
    middle = shapely.get_coordinates(line.interpolate(half))
    # a vertex right there gives way to the middle
    before, after = along < half - 1e-6, along > half + 1e-6
    return [
        shapely.LineString(np.vstack([xy[before], middle])),
        shapely.LineString(np.vstack([middle, xy[after]])),
    ]

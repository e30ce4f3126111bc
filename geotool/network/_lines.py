"""Lines that neither close nor cross themselves, and the log of what was changed."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

LOG_COLUMNS = ("step", "subject", "before", "after", "note")

Lines = NDArray[np.object_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

FOLD_M = 1e-3
"""A line that turns back within this distance of itself is folded there."""


@dataclass
class Log:
    """What building changed, one row a change."""

    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def add(
        self, step: str, subject: object, before: object, after: object, note: str
    ) -> None:
        """Write one change down."""
        self.rows.append((step, str(subject), str(before), str(after), note))

    def table(self) -> pd.DataFrame:
        """Give the changes as a table."""
        return pd.DataFrame(self.rows, columns=list(LOG_COLUMNS)).astype(object)


def spot(xy: Any) -> str:
    """
    Write a place for the log.

    Examples
    --------
    >>> spot((481152.8141, 3569592.237))
    '481152.81 3569592.24'
    """
    return f"{xy[0]:.2f} {xy[1]:.2f}"


@dataclass(frozen=True)
class SimpleLines:
    """
    Lines that neither close nor cross themselves.

    Attributes
    ----------
    line : array of LineString, 2-D
    row : array of int
        Position of each in the rivers.
    joint : array of bool, shape (n, 2)
        Whether the start or end is only a cut of ours, no end as drawn.
    whole : array of int
        Number of the line each was cut from.
    offset_m : array of float
        Metres along that line to the start.
    flipped : array of bool
        Whether it was drawn the other way.
    """

    line: Lines
    row: Ints
    joint: Bools
    whole: Ints
    offset_m: Floats
    flipped: Bools


def simple_lines(line: Lines, row: Ints, flipped: Bools) -> SimpleLines:
    """
    Cut rings, folds and self-crossing lines into simple ones.

    Examples
    --------
    >>> fold = np.array([shapely.LineString([(0, 0), (9, 0), (4, 0)])])
    >>> simple = simple_lines(fold, np.array([0]), np.array([False]))
    >>> [line.wkt for line in simple.line], simple.joint.tolist()
    (['LINESTRING (0 0, 9 0)', 'LINESTRING (9 0, 4 0)'], [[False, True], [True, False]])
    """
    odd = ~shapely.is_simple(line) | shapely.is_closed(line)
    folds = _folds(line)
    odd[list(folds)] = True
    number = np.flatnonzero(~odd)
    lines, wholes, offsets = list(line[~odd]), number.tolist(), [0.0] * len(number)
    joints = [(False, False)] * len(number)
    for k in np.flatnonzero(odd).tolist():
        xy = shapely.get_coordinates(line[k])
        pieces = [p for bit in _split_at(xy, folds.get(k, [])) for p in _untie(bit)]
        ring, last = bool(line[k].is_closed), len(pieces) - 1
        lines += pieces
        wholes += [k] * len(pieces)
        offsets += [0.0, *np.cumsum(shapely.length(pieces))[:-1].tolist()]
        joints += [(j > 0 or ring, j < last or ring) for j in range(len(pieces))]
    made = np.empty(len(lines), dtype=object)
    made[:] = lines
    whole = np.array(wholes, dtype=np.int64)
    offset = np.array(offsets, dtype=float)
    order = np.lexsort((offset, whole))
    return SimpleLines(
        made[order],
        row[whole[order]],
        np.array(joints, dtype=bool).reshape(-1, 2)[order],
        whole[order],
        offset[order],
        flipped[whole[order]],
    )


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
    before, after = along < half, along > half
    return [
        shapely.LineString(np.vstack([xy[before], middle])),
        shapely.LineString(np.vstack([middle, xy[after]])),
    ]

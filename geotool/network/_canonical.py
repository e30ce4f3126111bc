"""River lines as they came → parts in one form, however they were drawn.

The same water drawn the other way round, with more vertices, in another order or
carried through degrees and back gives the same parts, to the last bit. What comes after
therefore cannot depend on the drawing; each part remembers which way it was drawn.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.errors import NetworkError
from geotool.network._lines import Bools, Floats, Ints, Lines, Log

GRID_M = 1e-4
"""Corners are taken to a tenth of a millimetre: what is finer is noise of projecting."""

STRAIGHT_M = 1e-6
"""A vertex this close to the straight line between its neighbours is no corner."""


@dataclass(frozen=True)
class Parts:
    """
    Lines in one form, sorted by row.

    Attributes
    ----------
    line : array of LineString, 2-D
        Only corners; from the lower end (west, then south) to the higher one. A ring
        starts at its lowest corner.
    row : array of int
        Position in the rivers.
    flipped : array of bool
        Whether it was drawn the other way.
    """

    line: Lines
    row: Ints
    flipped: Bools

    def reordered(self, order: Ints) -> "Parts":
        """Follow rows that are put in another order."""
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        sort = np.argsort(place[self.row], kind="stable")
        return Parts(self.line[sort], place[self.row[sort]], self.flipped[sort])


def canonical_parts(geometry: Lines) -> Parts:
    """
    Bring lines into one form; empty and zero-length ones are left out.

    Parameters
    ----------
    geometry : array of LineString or MultiLineString
        In metres; missing ones are allowed.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (9 0, 5 0, 0 0)", "LINESTRING (0 0, 9 0)"])
    >>> parts = canonical_parts(lines)
    >>> [line.wkt for line in parts.line], parts.flipped.tolist()
    (['LINESTRING (0 0, 9 0)', 'LINESTRING (0 0, 9 0)'], [True, False])
    """
    single, row = shapely.get_parts(shapely.force_2d(geometry), return_index=True)
    xy, part = shapely.get_coordinates(single, return_index=True)
    xy, part = _without_repeats(xy, part.astype(np.int64))
    xy = _ringed(xy, part)
    keep = corners(xy, part)
    xy = xy[keep].round(4) + 0.0  # GRID_M; no negative zero
    xy, part = _without_repeats(xy, part[keep])
    long = np.bincount(part, minlength=len(single)) > 1
    xy, part = xy[long[part]], part[long[part]]
    there, part = np.unique(part, return_inverse=True)
    if len(there) == 0:
        empty = np.array([], dtype=object)
        return Parts(empty, there.astype(np.int64), np.zeros(0, dtype=bool))
    flip = _runs_down(xy, part)
    xy = _turned(xy, part, flip)
    line = np.asarray(shapely.linestrings(xy, indices=part), dtype=object)
    row = row[there].astype(np.int64)
    first = xy[np.searchsorted(part, np.arange(len(there)))]
    order = np.lexsort((shapely.to_wkb(line), first[:, 1], first[:, 0], row))
    return Parts(line[order], row[order], flip[order])


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


def _ringed(xy: Floats, part: Ints) -> Floats:
    """Let closed lines start at their lowest corner."""
    if len(xy) == 0:
        return xy
    first, last = _bounds_of(part)
    near = (xy[first].round(4) == xy[last].round(4)).all(axis=1)
    near |= np.abs(xy[first] - xy[last]).max(axis=1) < GRID_M / 2
    closed = near & (last - first > 1)
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
    size = np.hypot(chord[:, 0], chord[:, 1])
    beside = np.abs(into[:, 0] * out[:, 1] - into[:, 1] * out[:, 0])
    onward = (into * out).sum(axis=1) > 0
    keep[1:-1] = ~(inner & onward & (beside <= STRAIGHT_M * size))
    # a slow bend is straight at each of its vertices but not as a whole: it stays
    kept, dropped = np.flatnonzero(keep), np.flatnonzero(~keep)
    after = np.searchsorted(kept, dropped)
    low, high = xy[kept[after - 1]], xy[kept[after]]
    chord, arm = high - low, xy[dropped] - low
    beside = np.abs(chord[:, 0] * arm[:, 1] - chord[:, 1] * arm[:, 0])
    bent = beside > STRAIGHT_M * np.hypot(chord[:, 0], chord[:, 1])
    keep[dropped[np.isin(after, after[bent])]] = True
    return keep


def _runs_down(xy: Floats, part: Ints) -> Bools:
    """Whether each part runs from its higher end to its lower one."""
    first, last = _bounds_of(part)
    a, b = xy[first], xy[last]
    down = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    for k in np.flatnonzero((a == b).all(axis=1)):
        ring = xy[first[k] : last[k] + 1]
        down[k] = ring.tolist() > ring[::-1].tolist()
    return down


def _turned(xy: Floats, part: Ints, flip: Bools) -> Floats:
    first, last = _bounds_of(part)
    here = np.arange(len(xy))
    return xy[np.where(flip[part], first[part] + last[part] - here, here)]


# ---------------------------------------------------------------- rows
def check_lines(rivers: gpd.GeoDataFrame, subjects: list[str]) -> None:
    """
    Refuse what is no line.

    Raises
    ------
    NetworkError
        If a geometry is no line, or has a coordinate that is no number.
    """
    geometry = np.asarray(rivers.geometry, dtype=object)
    kinds = shapely.get_type_id(geometry)
    odd = ~np.isin(kinds, (-1, 1, 5)) & ~shapely.is_empty(geometry)
    if odd.any():
        first = int(np.flatnonzero(odd)[0])
        raise NetworkError(
            f"河流应为线，{subjects[first]} 是 {geometry[first].geom_type}；"
            "面状水系请先提取中心线。",
            f"Rivers must be lines, {subjects[first]} is a "
            f"{geometry[first].geom_type}; take the centreline of polygons first.",
        )
    xy, index = shapely.get_coordinates(geometry, return_index=True)
    broken = ~np.isfinite(xy).all(axis=1)
    if broken.any():
        first = int(index[broken][0])
        raise NetworkError(
            f"{subjects[first]} 有坐标不是数；请修正该线或坐标系。",
            f"{subjects[first]} has a coordinate that is no number; mend the line or "
            "its reference system.",
        )


def row_order(rivers: gpd.GeoDataFrame, parts: Parts, ids: list[str]) -> Ints:
    """
    Order rows by id, place, shape and what else they hold.

    Parameters
    ----------
    rivers : GeoDataFrame
    parts : Parts
        Of ``rivers``.
    ids : list of str
        River id of each row, or nothing.
    """
    count = len(rivers)
    shape = [b""] * count
    for row, code in zip(parts.row.tolist(), shapely.to_wkb(parts.line), strict=True):
        shape[row] += code
    first = np.full((count, 2), np.inf)
    rows, at = np.unique(parts.row, return_index=True)
    first[rows] = shapely.get_coordinates(shapely.get_point(parts.line[at], 0))
    keys = list(zip(ids, *first.T.tolist(), shape, strict=True))
    twice = pd.Series(keys, dtype=object).duplicated(keep=False).to_numpy()
    plain = pd.DataFrame(rivers.drop(columns=rivers.geometry.name))
    plain = plain[sorted(plain.columns, key=str)]
    facts = [""] * count
    for row in np.flatnonzero(twice).tolist():
        facts[row] = repr(plain.iloc[row].tolist())
    ranked = sorted(range(count), key=lambda row: (keys[row], facts[row]))
    return np.array(ranked, dtype=np.int64)


def log_left_out(
    rivers: gpd.GeoDataFrame, parts: Parts, subjects: list[str], log: Log
) -> None:
    """Tell of rows and parts that are no line at all."""
    geometry = np.asarray(rivers.geometry, dtype=object)
    _, row = shapely.get_parts(geometry, return_index=True)
    bare = np.setdiff1d(np.arange(len(geometry)), row)
    for position in bare.tolist():
        log.add("drop", subjects[position], "", "", "没有几何 no geometry")
    count = len(geometry)
    lost = np.bincount(row, minlength=count) - np.bincount(parts.row, minlength=count)
    for position in np.flatnonzero(lost > 0).tolist():
        for _ in range(int(lost[position])):
            log.add("drop", subjects[position], "0 m", "", "长度为零 zero length")

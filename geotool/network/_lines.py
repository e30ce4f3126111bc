"""River lines as they came → simple lines, each knowing its row."""

from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.errors import NetworkError

LOG_COLUMNS = ("step", "subject", "before", "after", "note")

Lines = NDArray[np.object_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


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
    """

    line: Lines
    row: Ints
    joint: NDArray[np.bool_]


def simple_lines(
    rivers: gpd.GeoDataFrame, subjects: pd.Series, log: Log
) -> SimpleLines:
    """
    Take multi-parts, rings and self-crossing lines apart; tell what was left out.

    Parameters
    ----------
    rivers : GeoDataFrame of lines
        In metres.
    subjects : Series of str
        What the log calls each row.
    log : Log

    Raises
    ------
    NetworkError
        If a geometry is no line.
    """
    geometry = np.asarray(rivers.geometry, dtype=object)
    kinds = shapely.get_type_id(geometry)
    odd = ~np.isin(kinds, (-1, 1, 5)) & ~shapely.is_empty(geometry)
    if odd.any():
        first = int(np.flatnonzero(odd)[0])
        raise NetworkError(
            f"河流应为线，{subjects.iloc[first]} 是 {geometry[first].geom_type}；"
            "面状水系请先提取中心线。",
            f"Rivers must be lines, {subjects.iloc[first]} is a "
            f"{geometry[first].geom_type}; take the centreline of polygons first.",
        )
    parts, row = shapely.get_parts(shapely.force_2d(geometry), return_index=True)
    parts = shapely.remove_repeated_points(parts, 0.0)
    bare = np.setdiff1d(np.arange(len(geometry)), row)
    for position in bare:
        log.add("drop", subjects.iloc[position], "", "", "没有几何 no geometry")
    length = shapely.length(parts)
    for position in row[length == 0]:
        log.add("drop", subjects.iloc[position], "0 m", "", "长度为零 zero length")
    parts, row = parts[length > 0], row[length > 0]
    return _without_knots(parts, row)


def _without_knots(parts: Lines, row: Ints) -> SimpleLines:
    """Cut rings in two and self-crossing lines into simple pieces."""
    fine = shapely.is_simple(parts) & ~shapely.is_closed(parts)
    lines, rows = list(parts[fine]), list(row[fine])
    joints = [(False, False)] * len(lines)
    for line, at in zip(parts[~fine], row[~fine], strict=True):
        pieces = _untie(_turn_ring(line)) if line.is_closed else _untie(line)
        closed = bool(line.is_closed)
        last = len(pieces) - 1
        lines += pieces
        rows += [at] * len(pieces)
        joints += [(k > 0 or closed, k < last or closed) for k in range(len(pieces))]
    made = np.empty(len(lines), dtype=object)
    made[:] = lines
    return SimpleLines(
        made,
        np.array(rows, dtype=np.int64),
        np.array(joints, dtype=bool).reshape(-1, 2),
    )


def _turn_ring(line: shapely.LineString) -> shapely.LineString:
    """Let a ring start at its lowest corner, so that its halves are always the same."""
    xy = shapely.get_coordinates(line)[:-1]
    start = int(np.lexsort((xy[:, 1], xy[:, 0]))[0])
    turned = np.roll(xy, -start, axis=0)
    return shapely.LineString([*turned, turned[0]])


def _untie(line: shapely.LineString) -> list[shapely.LineString]:
    """Halve a line until each piece is simple and open."""
    if line.is_simple and not line.is_closed:
        return [line]
    if line.is_closed and line.is_simple:
        first, second = halves(line)
    else:
        xy = shapely.get_coordinates(line)
        middle = len(xy) // 2
        first = shapely.LineString(xy[: middle + 1])
        second = shapely.LineString(xy[middle:])
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

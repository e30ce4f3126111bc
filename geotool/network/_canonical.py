"""River lines as they came → parts in one form, however they were drawn.

The same water drawn the other way round, with more vertices, in another order or
carried through degrees and back gives the same parts, to the last bit. What comes after
therefore cannot depend on the drawing; each part remembers which way it was drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from operator import lt

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.errors import NetworkError
from geotool.network import _plain
from geotool.network._engine import engine
from geotool.network._limits import GRID_M
from geotool.network._log import Log
from geotool.network._ragged import Bools, Floats, Ints, Lines, Ragged, chunks


@dataclass(frozen=True)
class Parts:
    """
    Lines in one form, sorted by row.

    Attributes
    ----------
    shape : Ragged
        Only corners; from the lower end (west, then south) to the higher one. A ring
        starts at its lowest corner.
    row : array of int
        Position in the rivers.
    flipped : array of bool
        Whether it was drawn the other way.
    """

    shape: Ragged
    row: Ints
    flipped: Bools

    def reordered(self, order: Ints) -> "Parts":
        """Follow rows that are put in another order."""
        if (order[1:] > order[:-1]).all():
            return self
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(len(order))
        sort = np.argsort(place[self.row], kind="stable")
        return Parts(self.shape.at(sort), place[self.row[sort]], self.flipped[sort])


def canonical_parts(geometry: Lines, subjects: Sequence[str] | None = None) -> Parts:
    """
    Bring lines into one form; empty and zero-length ones are left out.

    Parameters
    ----------
    geometry : array of LineString or MultiLineString
        In metres; missing ones are allowed.
    subjects : sequence of str, optional
        What to call each line in a message.

    Raises
    ------
    NetworkError
        If a coordinate is no number.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (9 0, 5 0, 0 0)", "LINESTRING (0 0, 9 0)"])
    >>> parts = canonical_parts(lines)
    >>> [line.wkt for line in parts.shape.lines(np.arange(2))], parts.flipped.tolist()
    (['LINESTRING (0 0, 9 0)', 'LINESTRING (0 0, 9 0)'], [True, False])
    """
    single, row = _singles(geometry)
    size = shapely.get_num_coordinates(single).astype(np.int64)
    pool = np.empty((int(size.sum()), 2))
    flip = np.zeros(len(single), dtype=bool)
    start = np.zeros(len(single), dtype=np.int64)
    used = 0
    for part in chunks(len(single)):
        raw, drawn = shapely.get_coordinates(single[part]), size[part].copy()
        _refuse_broken(raw, drawn, row[part], subjects)
        # what is left of each line goes where it is written, rings after the rest
        ring = _may_close(raw, drawn)
        for some, work in ((~ring, engine(len(pool))), (ring, _plain)):
            if not some.any():
                continue
            taken = raw if some.all() else raw[np.repeat(some, drawn)]
            number = part.start + np.flatnonzero(some)
            xy, size[number], flip[number] = work.canonical(taken, drawn[some])
            start[number] = used + np.cumsum(size[number]) - size[number]
            pool[used : used + len(xy)] = xy
            used += len(xy)
    there = np.flatnonzero(size)
    shape = Ragged(pool[:used], start[there], (start + size)[there])
    return _by_row(Parts(shape, row[there], flip[there]))


def _singles(geometry: Lines) -> tuple[Lines, Ints]:
    """Give single lines and the row of each."""
    if (shapely.get_type_id(geometry) == 1).all():
        return geometry, np.arange(len(geometry))
    row = np.repeat(np.arange(len(geometry)), shapely.get_num_geometries(geometry))
    return np.asarray(shapely.get_parts(geometry), dtype=object), row


def _may_close(xy: Floats, size: Ints) -> Bools:
    stop = np.cumsum(size)
    ring = size > 2
    first, last = xy[(stop - size)[ring]], xy[stop[ring] - 1]
    gap = np.abs(first - last)
    near = np.maximum(gap[:, 0], gap[:, 1]) < 2 * GRID_M  # most are far from closing
    near[near] = _plain.closes(first[near], last[near])
    ring[ring] = near
    return np.asarray(ring)


def _by_row(parts: Parts) -> Parts:
    """Put the parts of each row in an order of their own: by place, then shape."""
    row = parts.row
    several = np.zeros(len(row), dtype=bool)
    several[1:] = row[1:] == row[:-1]
    several[:-1] |= several[1:]
    which = np.flatnonzero(several)
    if len(which) == 0:
        return parts
    first = parts.shape.xy[parts.shape.start[which]]
    code = shapely.to_wkb(parts.shape.lines(which))
    order = np.arange(len(row))
    order[which] = which[np.lexsort((code, first[:, 1], first[:, 0], row[which]))]
    return Parts(parts.shape.at(order), row[order], parts.flipped[order])


# ---------------------------------------------------------------- rows
def _refuse_broken(
    xy: Floats, size: Ints, row: Ints, subjects: Sequence[str] | None
) -> None:
    if np.isfinite(xy).all():
        return
    vertex = int(np.flatnonzero(~np.isfinite(xy).all(axis=1))[0])
    k = int(row[np.searchsorted(np.cumsum(size), vertex, side="right")])
    subject = subjects[k] if subjects is not None else f"{k + 1}"
    raise NetworkError(
        f"{subject} 有坐标不是数；请修正该线或坐标系。",
        f"{subject} has a coordinate that is no number; mend the line or "
        "its reference system.",
    )


def check_lines(rivers: gpd.GeoDataFrame, subjects: Sequence[str]) -> None:
    """
    Refuse what is no line.

    Raises
    ------
    NetworkError
        If a geometry is no line.
    """
    geometry = np.asarray(rivers.geometry, dtype=object)
    kinds = shapely.get_type_id(geometry)
    odd = np.flatnonzero((kinds != 1) & (kinds != 5) & (kinds != -1))
    odd = odd[~shapely.is_empty(geometry[odd])]
    if len(odd):
        first = int(odd[0])
        raise NetworkError(
            f"河流应为线，{subjects[first]} 是 {geometry[first].geom_type}；"
            "面状水系请先提取中心线。",
            f"Rivers must be lines, {subjects[first]} is a "
            f"{geometry[first].geom_type}; take the centreline of polygons first.",
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
    if all(map(lt, ids, islice(ids, 1, None))):
        return np.arange(len(ids))  # most layers come sorted by id
    ranked = sorted(range(len(ids)), key=ids.__getitem__)
    order = np.array(ranked, dtype=np.int64)
    if len(set(ids)) == len(ids):
        return order
    fresh = np.ones(len(ids), dtype=bool)
    fresh[1:] = [ids[a] != ids[b] for a, b in pairwise(ranked)]
    number = np.empty(len(ids), dtype=np.int64)
    number[order] = np.cumsum(fresh)
    first = np.full((len(ids), 2), np.inf)
    rows, at = np.unique(parts.row, return_index=True)
    first[rows] = parts.shape.xy[parts.shape.start[at]]
    order = np.lexsort((first[:, 1], first[:, 0], number))
    same = number[order][1:] == number[order][:-1]
    same &= (first[order][1:] == first[order][:-1]).all(axis=1)
    return _ranked(rivers, parts, order, same)


def _ranked(rivers: gpd.GeoDataFrame, parts: Parts, order: Ints, same: Bools) -> Ints:
    """Order rows that have one id and begin at one place by shape and facts."""
    tied = np.zeros(len(order), dtype=bool)
    tied[1:] = same
    tied[:-1] |= same
    rows = order[tied]
    if len(rows) == 0:
        return order
    shape = dict.fromkeys(rows.tolist(), b"")
    which = np.flatnonzero(np.isin(parts.row, rows))
    for row, code in zip(
        parts.row[which].tolist(),
        shapely.to_wkb(parts.shape.lines(which)).tolist(),
        strict=True,
    ):
        shape[row] += code
    plain = pd.DataFrame(rivers.drop(columns=rivers.geometry.name))
    plain = plain[sorted(plain.columns, key=str)].iloc[rows]
    facts = dict(
        zip(rows.tolist(), map(repr, plain.to_numpy(object).tolist()), strict=True)
    )
    group = np.cumsum(np.concatenate([[True], ~same]))[tied]
    ranked = sorted(
        zip(group.tolist(), rows.tolist(), strict=True),
        key=lambda pair: (pair[0], shape[pair[1]], facts[pair[1]]),
    )
    order = order.copy()
    order[tied] = [row for _, row in ranked]
    return order


def log_left_out(
    rivers: gpd.GeoDataFrame, parts: Parts, subjects: Sequence[str], log: Log
) -> None:
    """Tell of rows and parts that are no line at all."""
    count = shapely.get_num_geometries(np.asarray(rivers.geometry, dtype=object))
    for position in np.flatnonzero(count == 0).tolist():
        log.add("drop", subjects[position], "", "", "没有几何 no geometry")
    lost = count - np.bincount(parts.row, minlength=len(count))
    for position in np.flatnonzero(lost > 0).tolist():
        for _ in range(int(lost[position])):
            log.add("drop", subjects[position], "0 m", "", "长度为零 zero length")

"""Gates, pumps, weirs and culverts put on reaches; each becomes a node that cuts one."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.network._log import Log, spot
from geotool.network._pieces import Pieces, stacked
from geotool.network._ragged import Floats, Ints, Lines, chunks

INWARD_M = 2.0
"""A gate at a junction stands this far inside the canal it closes, at most."""

STRUCTURE_COLUMNS = ("structure_id", "node_id", "name", "kind", "role", "state")
UNPLACED_COLUMNS = ("structure_id", "name", "kind", "distance_m", "geometry")
PASSING_KINDS = ("siphon", "aqueduct", "culvert")
"""Structures that lead one water past another without joining them."""


@dataclass(frozen=True)
class Placed:
    """
    Structures on the network.

    Attributes
    ----------
    pieces : Pieces
        Cut at the structures.
    table : DataFrame
        ``STRUCTURE_COLUMNS``; ``node_id`` numbers nodes of ``pieces``.
    unplaced : GeoDataFrame
        Structures too far from any reach.
    """

    pieces: Pieces
    table: pd.DataFrame
    unplaced: gpd.GeoDataFrame


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()


def structure_facts(structures: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Give id, name, kind, role and state of every structure as text.

    A missing id becomes ``ST1``, ``ST2`` …, a missing state ``unknown``.
    """
    count = len(structures)
    table = {}
    for column in ("structure_id", "name", "kind", "role", "state", "river"):
        cells = structures[column] if column in structures.columns else [""] * count
        table[column] = [_text(cell) for cell in cells]
    facts = pd.DataFrame(table, dtype=object)
    numbers = [f"ST{k + 1}" for k in range(count)]
    facts["structure_id"] = [
        own or made for own, made in zip(facts["structure_id"], numbers, strict=True)
    ]
    facts["kind"] = facts["kind"].replace("", "other")
    facts["state"] = facts["state"].replace("", "unknown")
    return facts


def place_structures(
    pieces: Pieces,
    structures: gpd.GeoDataFrame,
    river_names: list[str],
    *,
    max_m: float,
    log: Log,
) -> Placed:
    """
    Put each structure on a reach and cut the reach there.

    The reach of the river that the register names is taken if it lies within the
    limit, else the nearest. At a junction a structure moves a little into its reach.

    Parameters
    ----------
    pieces : Pieces
    structures : GeoDataFrame of points
        In the system of the pieces.
    river_names : list of str
        Name of each river, by row.
    max_m : float
    log : Log
    """
    facts = structure_facts(structures)
    points = np.asarray(structures.geometry, dtype=object)
    chosen = _choose(pieces, points, facts, river_names, max_m)
    away = np.array([c is None for c in chosen], dtype=bool)
    placed = np.flatnonzero(~away)
    piece = np.array([chosen[k][0] for k in placed], dtype=np.int64)  # type: ignore[index]
    used, which = np.unique(piece, return_inverse=True)
    line = pieces.lines(used)[which]
    measure = _inward(line, points[placed])
    measure = _spread(piece, measure, shapely.length(line))
    foot = shapely.get_coordinates(
        shapely.line_interpolate_point(line, measure)
    ).reshape(-1, 2)
    node = len(pieces.node_xy) + np.arange(len(placed))
    for k, xy in zip(placed, foot, strict=True):
        before = shapely.get_coordinates(points[k])[0]
        moved = f"{np.hypot(*(xy - before)):.2f} m"
        log.add(
            "structure", facts["structure_id"].iloc[k], spot(before), spot(xy), moved
        )
    table = facts.iloc[placed].assign(node_id=node)[list(STRUCTURE_COLUMNS)]
    return Placed(
        _cut_at(pieces, piece, measure, foot),
        table.reset_index(drop=True),
        _unplaced(pieces, points, facts, away, structures.crs),
    )


def _choose(
    pieces: Pieces,
    points: Lines,
    facts: pd.DataFrame,
    river_names: list[str],
    max_m: float,
) -> list[tuple[int, float] | None]:
    """Choose (piece, distance) for each structure, or None when all are too far."""
    there = ~(shapely.is_missing(points) | shapely.is_empty(points))
    some = _in_reach(pieces, points[there], max_m)
    line = pieces.lines(some)
    which, at = shapely.STRtree(line).query(
        points[there], predicate="dwithin", distance=max_m
    )
    which = np.flatnonzero(there)[which]
    distance = shapely.distance(points[which], line[at])
    found: list[tuple[int, float] | None] = [None] * len(points)
    best: dict[int, tuple[Hashable, ...]] = {}
    for k, j, d in zip(which.tolist(), at.tolist(), distance.tolist(), strict=True):
        p = int(some[j])
        river = facts["river"].iloc[k]
        name = river_names[pieces.row[p]]
        other = not (river and name and (river in name or name in river))
        middle = line[j].interpolate(0.5, normalized=True)
        key = (other, round(d, 3), round(middle.x, 3), round(middle.y, 3))
        if k not in best or key < best[k]:
            best[k], found[k] = key, (p, d)
    return found


def _in_reach(pieces: Pieces, points: Lines, max_m: float) -> Ints:
    """Pieces whose box lies within a distance of any of the points."""
    if len(points) == 0:
        return np.zeros(0, dtype=np.int64)
    tree = shapely.STRtree(
        shapely.buffer(points, max_m * 1.001 + 1e-6, cap_style="square")
    )
    near = np.zeros(len(pieces), dtype=bool)
    for part in chunks(len(pieces)):
        box = shapely.box(*pieces.bounds(np.arange(part.start, part.stop)).T)
        near[part.start + np.unique(tree.query(box)[0])] = True
    return pieces.ranked(np.flatnonzero(near))


def _inward(line: Lines, points: Lines) -> Floats:
    """Measure of each structure, kept off the ends of its reach."""
    length = shapely.length(line)
    measure = shapely.line_locate_point(line, points)
    margin = np.minimum(INWARD_M, length / 3)
    return np.clip(measure, margin, length - margin)


def _spread(piece: Ints, measure: Floats, length: Floats) -> Floats:
    """Keep two structures at one place apart, in a fixed order."""
    measure = measure.copy()
    order = np.lexsort((measure, piece))
    for a, b in pairwise(order):
        if piece[a] == piece[b] and measure[b] - measure[a] < 0.01:
            room = length[b] - measure[a]
            measure[b] = measure[a] + min(0.5, room / 3)
    return measure


def _cut_at(pieces: Pieces, piece: Ints, measure: Floats, foot: Floats) -> Pieces:
    """Cut pieces at measures; node numbers follow those there are."""
    if len(piece) == 0:
        return pieces
    node_xy = np.vstack([pieces.node_xy, foot])
    used = np.unique(piece)
    wholes = dict(zip(used.tolist(), pieces.lines(used), strict=True))
    order = np.lexsort((measure, piece))
    line: list[shapely.LineString] = []
    source: list[int] = []
    start: list[int] = []
    end: list[int] = []
    offset: list[float] = []
    for number, group in groupby(order.tolist(), key=lambda k: int(piece[k])):
        here = list(group)
        nodes = [len(pieces.node_xy) + k for k in here]
        whole = wholes[number]
        cuts = [0.0, *measure[here].tolist(), whole.length]
        line += [
            _between(whole, cuts[k], cuts[k + 1], node_xy, nodes, k)
            for k in range(len(cuts) - 1)
        ]
        source += [number] * (len(cuts) - 1)
        start += [int(pieces.start[number]), *nodes]
        end += [*nodes, int(pieces.end[number])]
        offset += cuts[:-1]
    made = np.empty(len(line), dtype=object)
    made[:] = line
    bits = pieces.at(np.array(source, dtype=np.int64))
    bits = replace(
        bits.reshaped(made),
        start=np.array(start, dtype=np.int64),
        end=np.array(end, dtype=np.int64),
        along_m=bits.along_m + np.array(offset),
        node_xy=node_xy,
    )
    whole_ones = np.ones(len(pieces), dtype=bool)
    whole_ones[piece] = False
    return stacked(pieces.at(whole_ones), bits)


def _between(
    line: shapely.LineString,
    low: float,
    high: float,
    node_xy: Floats,
    nodes: list[int],
    k: int,
) -> shapely.LineString:
    """Stretch of a line between two measures, exactly from node to node."""
    xy = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    inner = xy[(along > low + 1e-6) & (along < high - 1e-6)]
    first = xy[0] if k == 0 else node_xy[nodes[k - 1]]
    final = xy[-1] if k == len(nodes) else node_xy[nodes[k]]
    return shapely.LineString(np.vstack([first, inner, final]))


def _unplaced(
    pieces: Pieces, points: Lines, facts: pd.DataFrame, away: Any, crs: Any
) -> gpd.GeoDataFrame:
    rows = np.flatnonzero(away)
    distance = np.full(len(rows), np.nan)
    there = ~(shapely.is_missing(points[rows]) | shapely.is_empty(points[rows]))
    if there.any() and len(pieces):
        distance[there] = _nearest(pieces, points[rows][there])
    table = facts.iloc[rows][["structure_id", "name", "kind"]].reset_index(drop=True)
    table["distance_m"] = distance
    return gpd.GeoDataFrame(table, geometry=list(points[rows]), crs=crs)


def _nearest(pieces: Pieces, points: Lines) -> Floats:
    """Distance of each point from the nearest piece."""
    least = np.full(len(points), np.inf)
    for part in chunks(len(pieces)):
        tree = shapely.STRtree(pieces.lines(np.arange(part.start, part.stop)))
        _, found = tree.query_nearest(points, return_distance=True, all_matches=False)
        least = np.minimum(least, found)
    return least

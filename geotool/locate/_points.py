"""A layer of points with the reach of each."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool._progress import long_step
from geotool.crs import reproject, require_crs
from geotool.errors import LocateError
from geotool.locate._choice import (
    Choice,
    choose,
    is_same_river,
    name_codes,
    rivers_of,
)
from geotool.locate._index import (
    SIDES,
    Floats,
    Ints,
    Pairs,
    index_of,
    measure_of,
)
from geotool.locate._search import nearest, pairs_near
from geotool.network import RiverNetwork

LOCATE_COLUMNS = (
    "reach_id",
    "measure_m",
    "offset_m",
    "bank_offset_m",
    "side",
    "located",
    "chosen_by",
    "score",
    "candidates",
    "runner_up_reach_id",
    "runner_up_offset_m",
    "runner_up_score",
)
_NUMBERS = (
    "measure_m",
    "offset_m",
    "bank_offset_m",
    "score",
    "runner_up_offset_m",
    "runner_up_score",
)


@long_step("点上河", "locating points")
def locate_points(
    points: gpd.GeoDataFrame, network: RiverNetwork, *, max_offset_m: float = 200.0
) -> gpd.GeoDataFrame:
    """
    Put points on the nearest reach by projection onto its line.

    Distances count from the bank (half the width where it is known), so that an
    outfall on the bank of a wide river is not given to a ditch behind it. Where the
    point names its river (column ``river``) a reach of that name within the limit
    is taken before a nearer one. Where two are as near, within a metre, the river
    of the higher class (column ``rank``) is taken.

    Parameters
    ----------
    points : GeoDataFrame of points
        Any system; the distance is measured in the network's.
    network : RiverNetwork
    max_offset_m : float
        Farthest from the bank. Points beyond are marked ``far``, never dropped.

    Returns
    -------
    GeoDataFrame
        The same rows, columns and system, and :data:`LOCATE_COLUMNS`: ``measure_m``
        counts from the start of the reach as drawn, ``offset_m`` from its line,
        ``side`` is ``left``, ``right`` or ``on`` (the line, or straight ahead of
        its end) looking along the drawing;
        ``located`` is one of ``on``, ``ambiguous`` (another river is less than
        :data:`CLOSE_CALL_M` farther), ``far`` and ``no_place``; ``chosen_by`` is
        ``name``, ``class``, ``distance`` or ``only`` (there was no other);
        ``score`` is 100 on the bank of a large river of the name that was given,
        50 of it for the name and 50 for the distance and class; ``candidates``
        counts the reaches within the limit. :func:`locate_candidates` lists them.

    Raises
    ------
    LocateError
        If the network is empty, a geometry is no point, or the limit is negative.
    CrsError
        If the points have no reference system.

    Examples
    --------
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(0, 0), (100, 0)])
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[line], crs=4549)
    >>> outfall = gpd.GeoDataFrame(geometry=[shapely.Point(30, 4)], crs=4549)
    >>> found = locate_points(outfall, build_network(rivers)).iloc[0]
    >>> found.reach_id, float(found.measure_m), float(found.offset_m), found.side
    ('A', 30.0, 4.0, 'left')
    """
    place, there = places_of(points, network, max_offset_m)
    columns: dict[str, NDArray[Any]] = {
        name: np.full(len(points), None, dtype=object) for name in LOCATE_COLUMNS
    }
    columns |= {name: np.full(len(points), np.nan) for name in _NUMBERS}
    columns["candidates"] = np.zeros(len(points), dtype=np.int64)
    columns["located"][:] = "no_place"
    ids, index = rivers_of(network).reach_id, index_of(network)
    for rows, choice in choices(points, place, there, network, max_offset_m):
        best, rival = choice.pairs.at(choice.first), choice.rival
        known = rival >= 0
        columns["reach_id"][rows] = ids[best.reach]
        measure, side = measure_of(
            index, place[rows], best.reach, best.segment, best.share
        )
        columns["measure_m"][rows] = measure
        columns["side"][rows] = np.array(SIDES, dtype=object)[side]
        columns["offset_m"][rows] = best.offset_m
        columns["bank_offset_m"][rows] = choice.bank_m[choice.first]
        columns["located"][rows] = choice.located
        columns["chosen_by"][rows] = choice.chosen_by
        columns["score"][rows] = choice.score[choice.first]
        columns["candidates"][rows] = np.where(choice.located == "far", 0, choice.count)
        rows, rival = rows[known], rival[known]
        columns["runner_up_reach_id"][rows] = ids[choice.pairs.reach[rival]]
        columns["runner_up_offset_m"][rows] = choice.pairs.offset_m[rival]
        columns["runner_up_score"][rows] = choice.score[rival]
    return _joined(points, columns)


def _joined(
    points: gpd.GeoDataFrame, columns: dict[str, NDArray[Any]]
) -> gpd.GeoDataFrame:
    """Set new columns beside the old ones, before the geometry."""
    name = points.geometry.name
    old = [column for column in columns if column in points.columns]
    kept = pd.DataFrame(points.drop(columns=[*old, name]))
    table = {
        key: pd.Series(value, index=points.index, dtype=value.dtype, copy=False)
        for key, value in columns.items()
    }
    joined = pd.concat([kept, pd.DataFrame(table, copy=False)], axis=1)
    joined[name] = points.geometry.to_numpy()
    return gpd.GeoDataFrame(joined, geometry=name, crs=points.crs)


# ---------------------------------------------------------------- input
def places_of(
    points: gpd.GeoDataFrame, network: RiverNetwork, max_offset_m: float
) -> tuple[Floats, Ints]:
    """
    Check the input; give places in the network's system and the rows that have one.

    Raises
    ------
    LocateError, CrsError
        As :func:`locate_points` says.
    """
    require_crs(points, "points")
    if len(network.reaches) == 0:
        raise LocateError("河网是空的，无法定位。", "The network is empty.")
    if not (isfinite(max_offset_m) and max_offset_m >= 0):
        raise LocateError(
            f"最大偏距 {max_offset_m} 应为不小于 0 的米数。",
            f"max_offset_m={max_offset_m} must be metres, not below 0.",
        )
    kind = shapely.get_type_id(points.geometry.to_numpy())
    if ((kind != 0) & (kind != -1)).any():
        odd = sorted(set(points.geom_type.dropna()) - {"Point"})
        raise LocateError(
            f"只能定位点，得到 {'、'.join(odd)}；面请先取代表点。",
            f"Only points can be located, got {', '.join(odd)}; take a "
            "representative point of polygons first.",
        )
    moved = np.asarray(reproject(points, network.crs).geometry, dtype=object)
    place = np.column_stack([shapely.get_x(moved), shapely.get_y(moved)])
    return place, np.flatnonzero(np.isfinite(place).all(axis=1))


def choices(
    points: gpd.GeoDataFrame,
    place: Floats,
    there: Ints,
    network: RiverNetwork,
    max_offset_m: float,
) -> Iterator[tuple[Ints, Choice]]:
    """
    Choose a reach for the points, block by block.

    Yields
    ------
    rows : array of int
        Positions in `points`, each once; a block's first candidates follow them.
    choice : Choice
    """
    index = index_of(network)
    rivers = rivers_of(network)
    if "river" in points.columns:
        code, names = name_codes(points["river"])
    else:
        code, names = np.full(len(points), -1), []

    def made(rows: Ints, pairs: Pairs) -> Choice:
        named = is_same_river(names, code[rows[pairs.point]], rivers, pairs.reach)
        return choose(index, rivers, pairs, named, max_offset_m)

    rest = []
    for block, pairs in pairs_near(index, place[there], max_offset_m):
        rows = there[block]
        met = np.zeros(len(rows), dtype=bool)
        met[pairs.point] = True
        rest.append(rows[~met])
        if met.any():
            number = np.cumsum(met) - 1
            pairs = pairs._replace(point=number[pairs.point])
            yield rows[met], made(rows[met], pairs)
    for rows in _blocks(rest):
        yield rows, made(rows, nearest(index, place[rows], max_offset_m))


def _blocks(rest: list[Ints]) -> Iterator[Ints]:
    """Points with no reach in reach, some at a time."""
    rows = np.concatenate(rest) if rest else np.empty(0, dtype=np.int64)
    for at in range(0, len(rows), 65_536):
        yield rows[at : at + 65_536]

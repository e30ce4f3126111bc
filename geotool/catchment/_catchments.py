"""Drainage areas of points, from heights or from ready directions of flow."""

from os import PathLike
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool._progress import long_step
from geotool.catchment._delineate import Basin, Choice, find_basins
from geotool.catchment._flow import require_pyflwdir
from geotool.catchment._grid import CellGrid, cell_grid
from geotool.catchment._known import add_known, known_polygons, known_pumps
from geotool.catchment._limits import limit, state_of, words_of
from geotool.catchment._patch import (
    PatchReader,
    direction_reader,
    height_reader,
)
from geotool.catchment._shapes import cell_polygon, mask_area_m2, moved
from geotool.crs import GEOGRAPHIC_CRS, reproject, require_crs
from geotool.errors import LayerError
from geotool.network import ElevationGrid
from geotool.schema import layer_kind, layer_kinds
from geotool.tables import load_table


@long_step("汇水区", "drainage areas")
def dem_catchments(
    points: gpd.GeoDataFrame,
    elevation: ElevationGrid | str | PathLike[str],
    *,
    max_snap_m: float | None = None,
    min_line_km2: float | None = None,
    height_error_m: float | None = None,
    polders: gpd.GeoDataFrame | None = None,
    structures: gpd.GeoDataFrame | None = None,
    most_cells: int | None = None,
) -> gpd.GeoDataFrame:
    """
    Delineate what drains to sections or outfalls by the shape of the land.

    Depressions are filled (Wang and Liu 2006) and water follows the steepest of eight
    ways (D8). Each point is moved to the nearest cell of a drainage line. This holds
    in hills; on plains, and where water is pumped, heights do not tell where water
    goes: the result says so, or refuses.

    A grid of more than ``most_cells`` cells is never read whole: a window round the
    point grows until its basin lies inside, and once more until a window twice as
    wide gives the same. A depression that spills beyond even that is not seen.

    Parameters
    ----------
    points : GeoDataFrame of points
        Any layer and system.
    elevation : path or ElevationGrid
        Metres. Degrees are as good as metres: areas are those of the ellipsoid.
    max_snap_m : float, optional
        How far a point may be moved, to the middle of a cell; 500 if None.
    min_line_km2 : float, optional
        Water of how much land makes a drainage line; 1 if None.
    height_error_m : float, optional
        Error of heights; 4 m if None, as of common global models. Less relief than
        that is refused.
    polders : GeoDataFrame of polygons, optional
        Drainage areas known from data (圩区、排水分区), with ``name`` where known. A
        point in one takes it; a catchment that overlaps one is doubtful.
    structures : GeoDataFrame, optional
        A ``structures`` layer; pumping stations in a catchment make it doubtful.
    most_cells : int, optional
        Cells held in memory at once; 20 million (about 1.5 GB) if None.

    Returns
    -------
    GeoDataFrame
        One row a point, order, index and system kept: id columns and ``name``,
        ``area_km2, cells, snap_distance_m, pour_lon, pour_lat, lines_near, relief_m,
        level_share, state, state_zh, issues, note, note_en, geometry``. ``state`` is
        ``ok``, ``given`` (from ``polders``), ``doubtful``, ``incomplete`` (the edge
        of the raster cuts it, the area is a lower bound) or ``refused`` (no area).
        ``level_share`` is the share of cells that do not fall. ``issues`` are the keys
        of ``tables/catchment.toml``, joined by spaces.

    Raises
    ------
    LayerError
        If a geometry is not a point, or no point at all lies on the raster.
    SourceError
        If the raster cannot be read, or pyflwdir (extra ``dem``) is missing.
    CrsError
        If a layer or the raster has no reference system.

    Examples
    --------
    >>> down, across = np.mgrid[0:60, 0:40]
    >>> valley = 200.0 - 2 * down + 5 * abs(across - 20)  # falls to the south
    >>> grid = ElevationGrid(valley, 500_000, 3_540_000, 100, -100, 4549)
    >>> outfall = gpd.GeoDataFrame(
    ...     {"outfall_id": ["PW1"]},
    ...     geometry=gpd.points_from_xy([502_180], [3_535_950]), crs=4549,
    ... )
    >>> found = dem_catchments(outfall, grid)
    >>> found.snap_distance_m.round().tolist(), found.state_zh.tolist()
    ([130.0], ['不完整'])
    >>> found.issues[0].split()[0], found.area_km2.round(2).tolist()
    ('raster_edge', [16.4])
    """
    require_pyflwdir()
    grid = cell_grid(elevation)
    choice = _choice(max_snap_m, min_line_km2, most_cells, height_error_m)
    basins = _basins(points, grid, height_reader(grid), choice)
    return _table(points, basins, grid, choice, polders, structures)


@long_step("汇水区", "drainage areas")
def d8_catchments(
    points: gpd.GeoDataFrame,
    directions: str | PathLike[str],
    *,
    max_snap_m: float | None = None,
    min_line_km2: float | None = None,
    polders: gpd.GeoDataFrame | None = None,
    structures: gpd.GeoDataFrame | None = None,
    most_cells: int | None = None,
) -> gpd.GeoDataFrame:
    """
    Delineate what drains to points by a ready grid of D8 directions.

    Parameters
    ----------
    points : GeoDataFrame of points
    directions : path
        ESRI codes: 1, 2, 4 … 128 clockwise from east, 0 a pit; 247 and 255 count as
        no data.
    max_snap_m, min_line_km2, polders, structures, most_cells
        As of :func:`dem_catchments`.

    Returns
    -------
    GeoDataFrame
        As of :func:`dem_catchments`; without heights, flatness is not checked and
        ``relief_m`` and ``level_share`` are missing. A basin found by growing windows
        is exactly that of the whole grid.

    Raises
    ------
    LayerError
        Also if the raster holds other codes.
    SourceError, CrsError
        As of :func:`dem_catchments`.
    """
    require_pyflwdir()
    grid = cell_grid(directions)
    _check_north_up(grid)
    choice = _choice(max_snap_m, min_line_km2, most_cells, None)
    basins = _basins(points, grid, direction_reader(grid), choice)
    return _table(points, basins, grid, choice, polders, structures)


def _check_north_up(grid: CellGrid) -> None:
    """See that up in the grid is north: a code says which way by the compass."""
    a, b, _, d, e, _ = grid.transform
    if not (a > 0 > e and b == d == 0):
        raise LayerError(
            "流向栅格不是上北下南（行序颠倒或旋转），流向编码会读错；请先转正。",
            "The grid of directions is not north-up (turned or upside down), its codes "
            "would be misread; warp it first.",
        )


def _choice(
    max_snap_m: float | None,
    min_line_km2: float | None,
    most_cells: int | None,
    height_error_m: float | None,
) -> Choice:
    return Choice(
        max_snap_m=_number("max_snap_m", max_snap_m),
        min_line_km2=_number("min_line_km2", min_line_km2),
        most_cells=int(_number("most_cells", most_cells)),
        height_error_m=_number("height_error_m", height_error_m),
    )


def _number(name: str, value: float | None) -> float:
    number = limit(name) if value is None else float(value)
    if not np.isfinite(number) or number < 0:
        raise LayerError(
            f"{name}={value} 应为不小于 0 的数。",
            f"{name}={value} must be a number not below 0.",
        )
    return number


def _basins(
    points: gpd.GeoDataFrame, grid: CellGrid, read: PatchReader, choice: Choice
) -> list[Basin]:
    require_crs(points, "points")
    odd = set(points.geom_type.dropna()) - {"Point"}
    if odd:
        raise LayerError(
            f"划汇水区的对象应为点，得到 {'、'.join(sorted(odd))}。",
            f"Catchments are those of points, got {', '.join(sorted(odd))}.",
        )
    has_place = ~(points.geometry.isna() | points.geometry.is_empty).to_numpy()
    positions: list[tuple[float, float] | None] = [None] * len(points)
    if has_place.any():
        there = reproject(points.loc[has_place, [points.geometry.name]], grid.crs)
        x, y = there.geometry.x.to_numpy(), there.geometry.y.to_numpy()
        rows, columns = grid.position(x, y)
        for place, row, column in zip(
            np.flatnonzero(has_place), rows, columns, strict=True
        ):
            positions[int(place)] = float(row), float(column)
    basins = find_basins(grid, read, positions, choice)
    placed = [one for one in basins if one.flags != ["no_place"]]
    if placed and all(one.flags == ["outside"] for one in placed):
        raise LayerError(
            f"{len(placed)} 个点都在栅格范围外；请核对坐标系，或换覆盖这些点的栅格。",
            f"All {len(placed)} points lie outside the raster; check the reference "
            "system, or take a raster that covers them.",
        )
    return basins


def _table(
    points: gpd.GeoDataFrame,
    basins: list[Basin],
    grid: CellGrid,
    choice: Choice,
    polders: gpd.GeoDataFrame | None,
    structures: gpd.GeoDataFrame | None,
) -> gpd.GeoDataFrame:
    shapes = [
        None if one.mask is None else cell_polygon(grid, one.window, one.mask)
        for one in basins
    ]
    drawn = moved(shapes, grid.crs, points.crs)
    known = known_polygons(polders, points.crs)
    pumps = known_pumps(structures, points.crs)
    spots = np.asarray(points.geometry, dtype=object)
    areas = list(np.asarray(drawn, dtype=object))
    rows = []
    for place, one in enumerate(basins):
        areas[place] = add_known(one, spots[place], areas[place], known, pumps)
        row = _row(one, grid, choice)
        if row["state"] == "refused":
            areas[place] = None
        if row["state"] == "given":
            row["area_km2"] = _given_km2(areas[place], points.crs)
        rows.append(row)
    ids = {layer_kind(kind).id_column for kind in layer_kinds()} | {"name"}
    kept = pd.DataFrame(points[[name for name in points.columns if name in ids]])
    made = pd.DataFrame(rows, columns=list(_EMPTY), index=points.index)
    joined = pd.concat([kept, made], axis=1)
    return gpd.GeoDataFrame(
        joined,
        geometry=gpd.GeoSeries(areas, index=points.index, crs=points.crs),
    )


_EMPTY: dict[str, Any] = {
    "area_km2": np.nan,
    "cells": 0,
    "snap_distance_m": np.nan,
    "pour_lon": np.nan,
    "pour_lat": np.nan,
    "lines_near": 0,
    "relief_m": np.nan,
    "level_share": np.nan,
    "state": "",
    "state_zh": "",
    "issues": "",
    "note": "",
    "note_en": "",
}


def _row(one: Basin, grid: CellGrid, choice: Choice) -> dict[str, Any]:
    facts = {
        "max_snap_m": choice.max_snap_m,
        "min_line_km2": choice.min_line_km2,
        "most_cells": choice.most_cells,
        "height_error_m": choice.height_error_m,
        **one.facts,
    }
    state = state_of(one.flags)
    if one.mask is None and state != "given":
        state = "refused"
    zh, en = words_of(one.flags, facts)
    row = {
        **_EMPTY,
        "state": state,
        "state_zh": load_table("catchment")["states"][state]["zh"],
        "issues": " ".join(one.flags),
        "note": zh,
        "note_en": en,
    }
    if state not in ("refused", "given") and one.mask is not None:
        row["area_km2"] = mask_area_m2(grid, one.window, one.mask) / 1e6
        row["cells"] = int(one.mask.sum())
    for name in ("lines_near", "relief_m", "level_share"):
        row[name] = one.facts.get(name, row[name])
    if one.cell is not None and one.position is not None and state != "given":
        row |= _pour(one, grid)
    return row


def _pour(one: Basin, grid: CellGrid) -> dict[str, float]:
    """Tell where the point was moved to, and how far."""
    assert one.cell is not None
    assert one.position is not None
    middle = one.cell[0] + 0.5, one.cell[1] + 0.5
    here, there = grid.degrees(*one.position), grid.degrees(*middle)
    _, _, far = grid.geod.inv(*here, *there)
    return {
        "snap_distance_m": float(far),
        "pour_lon": float(there[0]),
        "pour_lat": float(there[1]),
    }


def _given_km2(shape: Any, crs: Any) -> float:
    """Measure a polygon from data on the ellipsoid."""
    layer = gpd.GeoDataFrame(geometry=[shapely.segmentize(shape, _side(crs))], crs=crs)
    degrees = reproject(layer, GEOGRAPHIC_CRS) if not crs.is_geographic else layer
    geod = crs.get_geod()
    area, _ = geod.geometry_area_perimeter(degrees.geometry.iloc[0])
    return abs(area) / 1e6


def _side(crs: Any) -> float:
    return 0.01 if crs.is_geographic else 1000.0

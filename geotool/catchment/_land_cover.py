"""What covers the land of catchments, from a raster of classes."""

from collections.abc import Mapping
from os import PathLike
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.catchment._grid import CellGrid, cell_grid
from geotool.crs import reproject, require_crs
from geotool.errors import LayerError

_ROWS_CELLS = 4_000_000
"""Cells read at once."""

_NO_DATA = "no_data"


def land_cover_shares(
    areas: gpd.GeoDataFrame,
    land_cover: str | PathLike[str],
    *,
    classes: Mapping[int, str] | None = None,
) -> pd.DataFrame:
    """
    Sum the classes of a land-cover raster within areas.

    A cell counts where its middle lies in the area, with its true area on the
    ellipsoid. The raster is read in strips, so that it may be larger than memory.

    Parameters
    ----------
    areas : GeoDataFrame of polygons
        Such as :func:`dem_catchments` gives; rows without a geometry have no result.
    land_cover : path
        Whole numbers in the first band.
    classes : mapping of int to str, optional
        Names of classes; without one a class is called by its number.

    Returns
    -------
    DataFrame
        ``row`` (index of the area), its id columns and name, ``class_code,
        class_name, area_km2, share, covered_share``. ``share`` is of the cells with
        data; ``covered_share`` says how much of the area itself they cover, below 1
        where the raster has gaps or ends. Largest class first.

    Raises
    ------
    LayerError
        If a geometry is not a polygon, or no area meets the raster.
    SourceError, CrsError
        If the raster cannot be read, or a system is missing.
    """
    require_crs(areas, "areas")
    odd = set(areas.geom_type.dropna()) - {"Polygon", "MultiPolygon"}
    if odd:
        raise LayerError(
            f"统计土地利用的对象应为面，得到 {'、'.join(sorted(odd))}。",
            f"Land cover is summed within polygons, got {', '.join(sorted(odd))}.",
        )
    grid = cell_grid(land_cover)
    there = areas[areas.geometry.notna() & ~areas.geometry.is_empty]
    placed = reproject(there, grid.crs).geometry
    rows: list[dict[str, Any]] = []
    for index, shape in zip(there.index, placed, strict=True):
        sums = _sums(grid, shape)
        rows += _rows(index, sums, classes or {})
    if not rows:
        raise LayerError(
            "各区域都不在土地利用栅格的范围内；请核对坐标系或换栅格。",
            "No area meets the land-cover raster; check the systems or the raster.",
        )
    made = pd.DataFrame(rows)
    kept = [name for name in areas.columns if name.endswith("_id") or name == "name"]
    ids = pd.DataFrame(areas[kept]).loc[made["row"]].reset_index(drop=True)
    order = ["row", *kept, *(name for name in made.columns if name != "row")]
    return pd.concat([made, ids], axis=1)[order]


def _rows(
    index: Any, sums: dict[Any, float], classes: Mapping[int, str]
) -> list[dict[str, Any]]:
    total, empty = sum(sums.values()), sums.pop(_NO_DATA, 0.0)
    if not sums:
        return []
    known = total - empty
    return [
        {
            "row": index,
            "class_code": int(code),
            "class_name": classes.get(int(code), str(int(code))),
            "area_km2": area / 1e6,
            "share": area / known,
            "covered_share": known / total,
        }
        for code, area in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
    ]


def _sums(grid: CellGrid, shape: Any) -> dict[Any, float]:
    """Area of each class within a shape, m²; what lies beyond the raster is no data."""
    sums: dict[Any, float] = {}
    r0, r1, c0, c1 = _box(grid, shape)
    # cells beyond the raster are cells of the area too
    strip = max(1, _ROWS_CELLS // max(c1 - c0, 1))
    for top in range(r0, r1, strip):
        rows = min(strip, r1 - top)
        inside = _inside(grid, shape, top, c0, rows, c1 - c0)
        down, right = np.nonzero(inside)
        if not len(down):
            continue
        down, right = down + top, right + c0
        areas = grid.areas_m2(down, right)
        codes, has = _codes(grid, down, right)
        for code in np.unique(codes[has]):
            here = areas[has & (codes == code)].sum()
            sums[int(code)] = sums.get(int(code), 0.0) + float(here)
        sums[_NO_DATA] = sums.get(_NO_DATA, 0.0) + float(areas[~has].sum())
    return sums


def _box(grid: CellGrid, shape: Any) -> tuple[int, int, int, int]:
    corners = shapely.get_coordinates(shapely.envelope(shape))
    rows, columns = grid.position(corners[:, 0], corners[:, 1])
    return (
        int(np.floor(rows.min())),
        int(np.ceil(rows.max())),
        int(np.floor(columns.min())),
        int(np.ceil(columns.max())),
    )


def _inside(
    grid: CellGrid, shape: Any, top: int, left: int, rows: int, columns: int
) -> NDArray[np.bool_]:
    from affine import Affine
    from rasterio.features import geometry_mask

    to_grid = Affine(*grid.transform) @ Affine.translation(left, top)
    return np.asarray(
        geometry_mask([shape], (rows, columns), to_grid, invert=True), dtype=bool
    )


def _codes(
    grid: CellGrid, down: NDArray[Any], right: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Read the class of cells; the second array says where there is one."""
    codes = np.zeros(len(down), dtype=np.int64)
    has = (down >= 0) & (down < grid.shape[0])
    has &= (right >= 0) & (right < grid.shape[1])
    if not has.any():
        return codes, has
    top, left = int(down[has].min()), int(right[has].min())
    window = top, left, int(down[has].max()) - top + 1, int(right[has].max()) - left + 1
    cells = np.ma.asarray(grid.reader(*window))
    picked = cells[down[has] - top, right[has] - left]
    missing = np.ma.getmaskarray(picked)
    codes[has] = np.ma.filled(picked, 0).astype(np.int64)
    has[has] = ~missing
    return codes, has

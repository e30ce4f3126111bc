"""Heights out of a raster file, only the cells that are asked for."""

from os import PathLike
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geotool.crs import reproject
from geotool.errors import CrsError, SourceError

Floats = NDArray[np.float64]

LOWEST_M, HIGHEST_M = -450.0, 9000.0
"""No water on land lies outside; such cells are no heights, whatever the file says
(-9999 and -32768 without a declared "no data" are common)."""

_TILE = 1024
"""Cells read at once, each way: eight megabytes."""


def read_elevation(path: str | PathLike[str], points: gpd.GeoSeries) -> Floats:
    """
    Read the height of the cell under each point.

    Parameters
    ----------
    path : path
        A raster that GDAL opens, heights in metres in its first band.
    points : GeoSeries of points
        In any system; they are moved to the raster's.

    Returns
    -------
    array of float
        Metres; NaN outside the raster, where it has no data, and for values that are
        no height of water on Earth.

    Raises
    ------
    SourceError
        If there is no such file or it is no raster.
    CrsError
        If the raster or the points have no system.
    """
    import rasterio  # slow to load, and most never need it
    from rasterio.errors import RasterioError, RasterioIOError

    file = Path(path)
    if not file.exists():
        raise SourceError(
            f"找不到高程文件 {file.name}；请核对路径。",
            f"There is no elevation file {file.name}; check the path.",
        )
    try:
        with rasterio.open(file) as raster:
            if raster.crs is None:
                raise CrsError(
                    f"高程文件 {file.name} 没有坐标系；请先用 GIS 软件指定。",
                    f"The elevation file {file.name} has no reference system; set it "
                    "with a GIS program first.",
                )
            crs = pyproj.CRS.from_user_input(raster.crs.to_wkt())
            moved = reproject(gpd.GeoDataFrame(geometry=points), crs)
            xy = shapely.get_coordinates(moved.geometry.to_numpy())
            return _cells_under(raster, xy)
    except (RasterioIOError, RasterioError) as error:
        raise SourceError(
            f"{file.name} 不是可读的栅格：{error}",
            f"{file.name} cannot be read as a raster: {error}",
        ) from None


def _cells_under(raster: "object", xy: Floats) -> Floats:
    """Read tile by tile what lies under places in the raster's own system."""
    from rasterio.windows import Window

    inverse = ~raster.transform  # type: ignore[attr-defined]
    column = np.floor(inverse.a * xy[:, 0] + inverse.b * xy[:, 1] + inverse.c)
    row = np.floor(inverse.d * xy[:, 0] + inverse.e * xy[:, 1] + inverse.f)
    height, width = raster.height, raster.width  # type: ignore[attr-defined]
    inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
    found = np.full(len(xy), np.nan)
    places = np.flatnonzero(inside)
    row, column = row[places].astype(np.int64), column[places].astype(np.int64)
    tile = (row // _TILE) * (width // _TILE + 1) + column // _TILE
    order = np.argsort(tile, kind="stable")
    for group in np.split(order, np.flatnonzero(np.diff(tile[order])) + 1):
        if len(group) == 0:
            continue
        top, left = int(row[group].min()), int(column[group].min())
        rows, columns = (
            int(row[group].max()) - top + 1,
            int(column[group].max()) - left + 1,
        )
        window = Window(left, top, columns, rows)
        cells = raster.read(1, window=window, masked=True)  # type: ignore[attr-defined]
        # stored as whole numbers, such as decimetres, with the factor in the file
        scaled = cells.astype(float) * raster.scales[0] + raster.offsets[0]  # type: ignore[attr-defined]
        heights = scaled.filled(np.nan)
        found[places[group]] = heights[row[group] - top, column[group] - left]
    found[(found < LOWEST_M) | (found > HIGHEST_M)] = np.nan
    return found

"""Basins of cells as polygons with their true area."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geotool.catchment._grid import CellGrid, Window
from geotool.crs import reproject

_LONGEST_CELLS = 16
"""Longest straight side of a polygon in degrees, so that it stays where it is when it
is projected."""


def cell_polygon(
    grid: CellGrid, window: Window, mask: NDArray[np.bool_]
) -> BaseGeometry:
    """
    Draw round cells. Cells that touch at a corner only are parts of their own.

    Returns
    -------
    Polygon or MultiPolygon
        In the grid's system.
    """
    from affine import Affine
    from rasterio.features import shapes

    to_grid = Affine(*grid.transform) @ Affine.translation(window[1], window[0])
    found = shapes(mask.astype(np.uint8), mask=mask, connectivity=4, transform=to_grid)
    parts = [shapely.geometry.shape(shape) for shape, _ in found]
    whole = shapely.union_all(parts)
    side = max(abs(grid.transform[0]), abs(grid.transform[4]))
    return shapely.segmentize(whole, _LONGEST_CELLS * side)


def mask_area_m2(grid: CellGrid, window: Window, mask: NDArray[np.bool_]) -> float:
    """Sum the true areas of cells."""
    rows, columns = np.nonzero(mask)
    return float(grid.areas_m2(rows + window[0], columns + window[1]).sum())


def moved(shapes: list[Any], source: Any, target: Any) -> gpd.GeoSeries:
    """Bring shapes from one system to another; missing ones stay missing."""
    layer = gpd.GeoDataFrame(geometry=gpd.GeoSeries(shapes, crs=source))
    there = layer.geometry.notna()
    if not there.any():
        return gpd.GeoSeries(shapes, crs=target)
    some = reproject(layer[there], target).geometry
    made = pd.Series([None] * len(shapes), dtype=object)
    made[there.to_numpy()] = list(some)
    return gpd.GeoSeries(list(made), crs=target)

"""A grid of cells: where they lie and how large they are."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np
import pyproj
from numpy.typing import NDArray

from geotool.errors import CrsError
from geotool.io import raster_file
from geotool.network import ElevationGrid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Window = tuple[int, int, int, int]
"""Top, left, rows, columns."""

LOWEST_M, HIGHEST_M = -450.0, 9000.0
"""No land lies outside; such cells are no heights, declared or not."""

_SCALE_SAMPLES = 20_000
"""Cells whose areal scale is looked up: it hardly changes within a catchment."""


@dataclass(frozen=True)
class CellGrid:
    """
    Cells of a raster file or of an array, read by windows.

    Attributes
    ----------
    shape : (int, int)
    transform : tuple of six floats
        As of :class:`geotool.io.RasterFile`.
    crs : pyproj.CRS
    reader : callable
        Gives a masked array of a window.
    """

    shape: tuple[int, int]
    transform: tuple[float, float, float, float, float, float]
    crs: pyproj.CRS
    reader: Callable[[int, int, int, int], Any]

    def __post_init__(self) -> None:
        if self.crs.is_geographic and (self.transform[1] or self.transform[3]):
            raise CrsError(
                "经纬度栅格是旋转的，量不准面积；请先投影或转正。",
                "A raster in degrees that is rotated cannot be measured; warp it first.",
            )

    def read_heights(self, window: Window) -> NDArray[np.float32]:
        """Read heights in metres, NaN where there are none."""
        values = self.reader(*window).astype(np.float32).filled(np.nan)
        values[(values < LOWEST_M) | (values > HIGHEST_M)] = np.nan
        return values

    @cached_property
    def _to_degrees(self) -> pyproj.Transformer:
        geodetic = self.crs.geodetic_crs
        if geodetic is None:
            raise CrsError(
                f"栅格的坐标系 {self.crs.name} 没有大地基准，量不出面积。",
                f"The raster's system {self.crs.name} has no geodetic datum to measure "
                "by.",
            )
        return pyproj.Transformer.from_crs(self.crs, geodetic, always_xy=True)

    @cached_property
    def geod(self) -> pyproj.Geod:
        """Ellipsoid to measure on."""
        return self.crs.get_geod() or pyproj.Geod(ellps="GRS80")

    def xy(self, row: Any, column: Any) -> tuple[Any, Any]:
        """Give places in the grid's system; a whole number is a corner of a cell."""
        a, b, c, d, e, f = self.transform
        return a * column + b * row + c, d * column + e * row + f

    def position(self, x: Any, y: Any) -> tuple[Any, Any]:
        """Give row and column of places, with decimals."""
        a, b, c, d, e, f = self.transform
        det = a * e - b * d
        return (a * (y - f) - d * (x - c)) / det, (e * (x - c) - b * (y - f)) / det

    def degrees(self, row: Any, column: Any) -> tuple[Any, Any]:
        """Give longitude and latitude of places."""
        return self._to_degrees.transform(*self.xy(row, column))

    def cell_size_m(self, row: Any, column: Any) -> tuple[Floats, Floats]:
        """Measure the cells at places: metres to the next column and to the next row."""
        row, column = np.broadcast_arrays(
            np.asarray(row, float), np.asarray(column, float)
        )
        here = self.degrees(row + 0.5, column + 0.5)
        right = self.degrees(row + 0.5, column + 1.5)
        below = self.degrees(row + 1.5, column + 0.5)
        _, _, dx = self.geod.inv(*here, *right)
        _, _, dy = self.geod.inv(*here, *below)
        return np.asarray(dx, float), np.asarray(dy, float)

    def steps(self, window: Window) -> tuple[Floats, Floats]:
        """Give the steps that slopes are reckoned with, one row of cells each.

        They must not depend on the window. A map projection in use keeps shapes, so
        that its own units serve.
        """
        top, _, rows, _ = window
        if self.crs.is_geographic:
            return self.cell_size_m(np.arange(top, top + rows), 0)
        a, b, _, d, e, _ = self.transform
        return np.full(rows, np.hypot(a, d)), np.full(rows, np.hypot(b, e))

    def areas_m2(self, rows: Ints, columns: Ints) -> Floats:
        """Measure cells on the ellipsoid: true areas, whatever the projection does."""
        if self.crs.is_geographic:
            unique, which = np.unique(rows, return_inverse=True)
            north = self.xy(unique, 0)[1]
            south = self.xy(unique + 1, 0)[1]
            band = _area_to_latitude(north, self.geod) - _area_to_latitude(
                south, self.geod
            )
            return np.abs(band * np.radians(self.transform[0]))[which]
        a, b, _, d, e, _ = self.transform
        some = np.unique(
            np.linspace(0, len(rows) - 1, min(len(rows), _SCALE_SAMPLES)).astype(int)
        )
        where = self.degrees(rows[some] + 0.5, columns[some] + 0.5)
        factors = pyproj.Proj(self.crs).get_factors(*where)
        scale = np.interp(np.arange(len(rows)), some, factors.areal_scale)
        unit = self.crs.axis_info[0].unit_conversion_factor
        return np.abs(a * e - b * d) * unit**2 / scale


def _plane(crs: pyproj.CRS) -> pyproj.CRS:
    """Leave out the system of heights where a raster names one besides."""
    return crs.sub_crs_list[0] if crs.is_compound else crs


def _area_to_latitude(degrees: Floats, geod: pyproj.Geod) -> Floats:
    """Area between the equator and a latitude, for each radian of longitude, m².

    Closed form for the ellipsoid (Snyder 1987, equation 3-12).
    """
    sine = np.sin(np.radians(degrees))
    e = np.sqrt(geod.es)
    if e == 0:
        return geod.a**2 * sine
    q = sine / (1 - geod.es * sine**2) + np.arctanh(e * sine) / e
    return geod.b**2 * q / 2


def cell_grid(source: ElevationGrid | str | PathLike[str]) -> CellGrid:
    """
    Make the grid of a raster file or of an array in memory.

    Raises
    ------
    SourceError, CrsError
        If the file is not there, is no raster, or has no reference system.
    """
    if not isinstance(source, ElevationGrid):
        file = raster_file(source)
        return CellGrid(file.shape, file.transform, _plane(file.crs), file.read)
    values = np.ma.masked_invalid(np.asarray(source.values, dtype=float))

    def reader(top: int, left: int, rows: int, columns: int) -> Any:
        return values[top : top + rows, left : left + columns]

    return CellGrid(
        (int(values.shape[0]), int(values.shape[1])),
        (source.dx, 0.0, source.left, 0.0, source.dy, source.top),
        pyproj.CRS.from_user_input(source.crs),
        reader,
    )

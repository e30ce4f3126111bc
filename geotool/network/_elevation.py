"""Direction by height: water runs down, where the fall is more than the error."""

from dataclasses import dataclass
from os import PathLike
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray

from geotool.crs import reproject
from geotool.errors import NetworkError
from geotool.io import read_elevation
from geotool.network._model import RiverNetwork

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAMPLES_ALONG = 9
"""Places along a reach where its height is taken; the medians of its first and last
third are compared, so that a bridge or a tree in the model does not decide."""

ELEVATION_ERROR_M = 5.0
"""Error of a drop read off a common global model (90 %); a plain falls less."""

SURE_TIMES = 3.0
"""A drop of this many errors makes a direction known, a smaller one only likely."""

LIKELY, SURE = 0.8, 0.9
_AT_ONCE = 100_000


@dataclass(frozen=True)
class ElevationGrid:
    """
    Heights in memory, as a raster.

    Attributes
    ----------
    values : array, rows by columns
        Metres; NaN where unknown. Row 0 is the northern one if ``dy_m`` is negative.
    left, top : float
        Outer corner of the first cell.
    dx, dy : float
        Size of a cell along x and, usually negative, along y.
    crs : anything pyproj understands
        Of the corner.

    Examples
    --------
    >>> grid = ElevationGrid(np.array([[3.0, 2.0]]), 0.0, 30.0, 30.0, -30.0, 4549)
    >>> places = gpd.GeoSeries(gpd.points_from_xy([1, 59, 61], [5, 5, 5]), crs=4549)
    >>> grid.at(places).tolist()
    [3.0, 2.0, nan]
    """

    values: NDArray[Any]
    left: float
    top: float
    dx: float
    dy: float
    crs: Any

    def __post_init__(self) -> None:
        if np.ndim(self.values) != 2 or not (self.dx and self.dy):
            raise NetworkError(
                f"高程数组应为二维且像元大小不为 0，得到形状 {np.shape(self.values)}、"
                f"像元 {self.dx} × {self.dy}。",
                f"Heights must be an array of rows by columns with cells of some size; "
                f"got the shape {np.shape(self.values)}, cells {self.dx} by {self.dy}.",
            )

    def at(self, places: gpd.GeoSeries) -> Floats:
        """Give the height of the cell under each place; NaN outside."""
        moved = _moved(places, self.crs)
        xy = shapely.get_coordinates(moved.to_numpy())
        column = np.floor((xy[:, 0] - self.left) / self.dx)
        row = np.floor((xy[:, 1] - self.top) / self.dy)
        rows, columns = np.shape(self.values)
        inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
        height = np.full(len(xy), np.nan)
        cells = row[inside].astype(np.int64), column[inside].astype(np.int64)
        height[inside] = np.asarray(self.values)[cells]
        return height


Elevation = pd.Series | ElevationGrid | str | PathLike[str]


def _moved(places: gpd.GeoSeries, crs: Any) -> gpd.GeoSeries:
    return reproject(
        gpd.GeoDataFrame(geometry=places), pyproj.CRS.from_user_input(crs)
    ).geometry


def elevation_drops(network: RiverNetwork, elevation: Elevation) -> Floats:
    """
    Give the fall of each reach from its start to its end as drawn.

    Parameters
    ----------
    network : RiverNetwork
    elevation : Series, ElevationGrid or path
        Heights in metres: by ``node_id``, or of a raster.

    Returns
    -------
    array of float
        Metres; NaN where heights are missing.
    """
    if isinstance(elevation, pd.Series):
        return _drops_of_nodes(network, elevation)
    lines = np.asarray(network.reaches.geometry, dtype=object)
    drop = np.full(len(lines), np.nan)
    share = (np.arange(SAMPLES_ALONG) + 0.5) / SAMPLES_ALONG
    for begin in range(0, len(lines), _AT_ONCE):
        some = lines[begin : begin + _AT_ONCE]
        points = shapely.line_interpolate_point(
            np.repeat(some, SAMPLES_ALONG), np.tile(share, len(some)), normalized=True
        )
        places = gpd.GeoSeries(points, crs=network.crs)
        if isinstance(elevation, ElevationGrid):
            height = elevation.at(places)
        else:
            height = read_elevation(elevation, places)
        drop[begin : begin + _AT_ONCE] = _fall(height.reshape(-1, SAMPLES_ALONG))
    return drop


def _drops_of_nodes(network: RiverNetwork, elevation: pd.Series) -> Floats:
    if not elevation.index.is_unique:
        twice = elevation.index[elevation.index.duplicated()][0]
        raise NetworkError(
            f"节点 {twice} 有不止一个高程；每个节点只能有一个。",
            f"Node {twice} has more than one height; give one for each node.",
        )
    heights = pd.to_numeric(elevation, errors="coerce")
    odd = heights.isna() & elevation.notna()
    if odd.any():
        raise NetworkError(
            f"节点 {elevation.index[odd][0]} 的高程 {elevation[odd].iloc[0]!r} 不是数字。",
            f"The height of node {elevation.index[odd][0]} is "
            f"{elevation[odd].iloc[0]!r}, not a number.",
        )
    strange = heights.index.difference(pd.Index(network.nodes["node_id"]))
    if len(strange):
        raise NetworkError(
            f"elevation 中的 {strange[0]!r} 不是节点编号；索引应为 node_id。",
            f"elevation names {strange[0]!r}, which is no node; its index must be "
            "node_id.",
        )
    height = heights.reindex(network.nodes["node_id"]).to_numpy(float)
    ends = network.ends
    drop: Floats = height[ends[:, 0]] - height[ends[:, 1]]
    return drop


def _fall(height: Floats) -> Floats:
    """Fall along lines, by the medians of the first and the last third."""
    third = SAMPLES_ALONG // 3
    ends = []
    for part in (height[:, :third], height[:, -third:]):
        enough = (~np.isnan(part)).sum(axis=1) >= 2
        middle = np.full(len(part), np.nan)
        middle[enough] = np.nanmedian(part[enough], axis=1)
        ends.append(middle)
    # the middles of the thirds are two thirds of the reach apart
    fall: Floats = (ends[0] - ends[1]) * SAMPLES_ALONG / (SAMPLES_ALONG - third)
    return fall


def elevation_votes(drop: Floats, error_m: float) -> tuple[Ints, Floats]:
    """
    Vote for the way down where the fall exceeds its error.

    Returns
    -------
    vote : array of int
        1 as drawn, -1 against, -9 where too flat or unknown.
    confidence : array of float

    Examples
    --------
    >>> vote, sure = elevation_votes(np.array([6.0, -20.0, 1.0, np.nan]), 5.0)
    >>> vote.tolist(), sure.tolist()
    ([1, -1, -9, -9], [0.8, 0.9, 0.0, 0.0])
    """
    if not (np.isfinite(error_m) and error_m >= 0):
        raise NetworkError(
            f"高程误差 {error_m} 应为不小于 0 的米数。",
            f"An error of heights of {error_m} is no number of metres from 0 up.",
        )
    falls = np.abs(drop) > error_m
    vote = np.where(falls, np.sign(drop), -9).astype(np.int64)
    confidence = np.where(np.abs(drop) > SURE_TIMES * error_m, SURE, LIKELY)
    return vote, np.where(falls, confidence, 0.0)

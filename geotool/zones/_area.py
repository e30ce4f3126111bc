"""Areas on the ellipsoid, whatever system a layer is in."""

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geotool.crs import to_degrees

_EDGE_M = 2_000.0  # straight edges longer than this bend when projected


def areas_m2(layer: gpd.GeoDataFrame) -> NDArray[np.float64]:
    """
    Measure polygons in an equal-area projection about their middle.

    Parameters
    ----------
    layer : GeoDataFrame
        Any system. Lines and points have no area.

    Returns
    -------
    array of float
        Square metres on the ellipsoid; NaN where there is no shape.

    Examples
    --------
    A square of a tenth of a degree on the equator, and the same far in the north:

    >>> layer = gpd.GeoDataFrame(
    ...     geometry=[shapely.box(120, 0, 120.1, 0.1), shapely.box(120, 70, 120.1, 70.1)],
    ...     crs=4326,
    ... )
    >>> (areas_m2(layer) / 1e6).round(2)
    array([123.09,  42.5 ])
    """
    found = np.full(len(layer), np.nan)
    has_shape = ~(layer.geometry.isna() | layer.geometry.is_empty).to_numpy()
    if not has_shape.any():
        return found
    shapes = layer[has_shape][[layer.geometry.name]]
    crs = shapes.crs
    if crs is not None and crs.is_projected:
        shapes = shapes.set_geometry(shapely.segmentize(shapes.geometry, _EDGE_M))
    degrees = to_degrees(shapes)
    west, south, east, north = degrees.total_bounds
    equal = pyproj.CRS.from_proj4(
        f"+proj=laea +lat_0={(south + north) / 2:.4f} +lon_0={(west + east) / 2:.4f} "
        f"+ellps=WGS84 +units=m"
    )
    geodetic = degrees.crs
    mover = pyproj.Transformer.from_crs(geodetic, equal, always_xy=True)

    def flatten(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(mover.transform(xy[:, 0], xy[:, 1]))

    flat = shapely.transform(degrees.geometry.to_numpy(), flatten)
    found[has_shape] = shapely.area(flat)
    return found

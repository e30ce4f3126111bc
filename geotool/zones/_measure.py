"""Signed distances of points to the edges of areas, pair by pair, by GEOS."""

from importlib.util import find_spec

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

IS_THERE = find_spec("numba") is not None
"""Whether pyproject's extra "fast" is installed."""

COMPILED_FROM = 200_000
"""Loading compiled code takes a second, and the first time on a machine half a minute of
compiling; fewer points are judged sooner without it."""


def signed(shapes: NDArray[np.object_], xy: Floats, point: Ints, area: Ints) -> Floats:
    """
    Measure pairs: metres from a point to the edge of an area, negative inside.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
    xy : array of float, shape (points, 2)
    point, area : array of int
        Positions of the pairs.

    Examples
    --------
    >>> square = np.array([shapely.box(0, 0, 10, 10)])
    >>> xy = np.array([[5.0, 4.0], [13.0, 14.0]])
    >>> signed(square, xy, np.array([0, 1]), np.array([0, 0])).tolist()
    [-4.0, 5.0]
    """
    place, shape = shapely.points(xy[point]), shapes[area]
    distance = shapely.distance(place, shapely.boundary(shapes)[area])
    inside = shapely.intersects_xy(shape, xy[point, 0], xy[point, 1])
    return np.where(inside, -distance, distance)

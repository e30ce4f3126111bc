"""What dykes mean to the land of a zone: where it starts, or where it ends."""

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geotool.zones._bands import QUADRANT_SEGMENTS, stretch_band
from geotool.zones._ground import Shapes

STEP_M = 20.0
"""Dykes are followed in steps of this length."""


def near_dykes(
    lines: Shapes, radius_m: NDArray[np.float64], dykes: Shapes, search_m: float
) -> Shapes:
    """
    Give the parts of dykes beside a stretch, in short steps.

    Parameters
    ----------
    lines : array of LineString
        The stretch.
    radius_m : array of float
        How far the water lies from each line.
    dykes : array of LineString or MultiLineString
    search_m : float
        A dyke farther from the bank than this is another river's.

    Returns
    -------
    array of LineString
    """
    if len(dykes) == 0:
        return dykes
    beside = stretch_band(lines, radius_m + search_m)
    met = dykes[shapely.intersects(dykes, beside)]
    parts = shapely.get_parts(shapely.get_parts(shapely.intersection(met, beside)))
    parts = parts[(shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0)]
    return shapely.segmentize(parts, STEP_M)


def land_from_toe(
    area: BaseGeometry, lines: Shapes, dykes: Shapes, *, reach_m: float, land_m: float
) -> BaseGeometry:
    """
    Let the land count from the toe: add what lies up to it, and its depth beyond.

    Parameters
    ----------
    area : Polygon or MultiPolygon
        The zone with its land counted from the bank.
    lines : array of LineString
        The stretch.
    dykes : array of LineString
        As :func:`near_dykes` gives them.
    reach_m : float
        Half the width of the corridor in which the stretch ends square.
    land_m : float

    Examples
    --------
    A river 20 m wide with a dyke 50 m off its centreline, 100 m of land:

    >>> line = np.array([shapely.LineString([(0, 0), (200, 0)])])
    >>> dyke = near_dykes(
    ...     line, np.array([10.0]),
    ...     np.array([shapely.LineString([(0, 50), (200, 50)])]), 500.0,
    ... )
    >>> bank = stretch_band(line, np.array([110.0]))
    >>> land_from_toe(bank, line, dyke, reach_m=650.0, land_m=100.0).bounds
    (0.0, -110.0, 200.0, 150.0)
    """
    beyond = shapely.buffer(dykes, land_m, quad_segs=QUADRANT_SEGMENTS)
    corridor = stretch_band(lines, np.full(len(lines), reach_m))
    kept = shapely.intersection(shapely.union_all(beyond), corridor)
    return shapely.union_all([area, kept, _between(lines, dykes, outwards_m=None)])


def land_to_dyke(
    area: BaseGeometry,
    water: BaseGeometry,
    lines: Shapes,
    dykes: Shapes,
    *,
    reach_m: float,
) -> BaseGeometry:
    """
    Let the land end at the dyke; the water stays whole.

    Examples
    --------
    >>> line = np.array([shapely.LineString([(0, 0), (200, 0)])])
    >>> dyke = near_dykes(
    ...     line, np.array([10.0]),
    ...     np.array([shapely.LineString([(0, 50), (200, 50)])]), 500.0,
    ... )
    >>> area = stretch_band(line, np.array([110.0]))
    >>> river = stretch_band(line, np.array([10.0]))
    >>> land_to_dyke(area, river, line, dyke, reach_m=650.0).bounds
    (0.0, -110.0, 200.0, 50.0)
    """
    beyond = _between(lines, dykes, outwards_m=reach_m)
    return shapely.union(shapely.difference(area, beyond), water)


def _between(lines: Shapes, dykes: Shapes, *, outwards_m: float | None) -> BaseGeometry:
    """Fill the strip between dykes and the centreline, or from dykes outwards."""
    tree = shapely.STRtree(lines)
    quads = []
    for dyke in dykes:
        top = shapely.get_coordinates(dyke)
        place = shapely.points(top)
        near = lines[tree.query_nearest(place, all_matches=False)[1]]
        at = shapely.line_locate_point(near, place)
        foot = shapely.get_coordinates(shapely.line_interpolate_point(near, at))
        if outwards_m is not None:
            away = top - foot
            length = np.hypot(*away.T)[:, None]
            foot = top + outwards_m * np.divide(
                away, length, out=np.zeros_like(away), where=length > 0
            )
        corners = np.stack([top[:-1], top[1:], foot[1:], foot[:-1]], axis=1)
        hulls: Any = shapely.convex_hull(shapely.multipoints(corners))
        quads += list(hulls)
    return shapely.union_all([each for each in quads if each.geom_type == "Polygon"])

"""Shapes along water: bands about stretches of river, in metres. Geometry only."""

from collections import defaultdict
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, Point
from shapely.geometry.base import BaseGeometry

QUADRANT_SEGMENTS = 16
"""Chords a quarter circle is drawn with; the area is short by 0.16 %."""

SLIVER_M2 = 0.01
"""Parts smaller than this are rounding of the overlay, not land."""

SLIVER_WIDTH_M = 0.1
"""Parts that are nowhere as wide as this are rounding too."""

Lines = NDArray[Any]
"""Array of LineString."""


def stretch_band(lines: Lines, radii_m: NDArray[np.float64]) -> BaseGeometry:
    """
    Widen stretches of river to a band, square at the ends of the stretch.

    Each line is widened by its own radius with flat ends, so that the band stops
    where the stretch stops. Where two lines meet, the wedge that flat ends leave
    open on the outer side of a bend is filled with the smaller radius of the two.

    Parameters
    ----------
    lines : array of LineString, shape (n,)
        In metres; lines that meet share their end vertex to a millimetre.
    radii_m : array of float, shape (n,)
        Half width plus land depth.

    Returns
    -------
    Polygon or MultiPolygon, empty when there are no lines

    Examples
    --------
    >>> line = np.array([LineString([(0, 0), (100, 0)])])
    >>> stretch_band(line, np.array([10.0])).area
    2000.0
    """
    bands = shapely.buffer(
        lines, radii_m, quad_segs=QUADRANT_SEGMENTS, cap_style="flat"
    )
    return shapely.union_all([*bands, *_joints(lines, radii_m)])


def _joints(lines: Lines, radii_m: NDArray[np.float64]) -> list[BaseGeometry]:
    """Patches over the nodes where lines meet, one for each pair of line ends."""
    ends: dict[tuple[int, int], list[tuple[NDArray[np.float64], float]]]
    ends = defaultdict(list)
    for line, radius in zip(lines, radii_m, strict=True):
        points = shapely.get_coordinates(shapely.remove_repeated_points(line))
        for pair in (points[:2], points[-2:][::-1]):
            key = (round(pair[0, 0] * 1000), round(pair[0, 1] * 1000))
            ends[key].append((pair, radius))
    corners, widths = [], []
    for meeting in ends.values():
        for (one, r_one), (two, r_two) in combinations(meeting, 2):
            if _same_way(one, two):
                continue  # one line twice: its end is an end, and flat
            corners.append(LineString([one[1], one[0], two[1]]))
            widths.append(min(r_one, r_two))
    return list(
        shapely.buffer(
            np.array(corners, dtype=object),
            np.array(widths, dtype=float),
            quad_segs=QUADRANT_SEGMENTS,
            cap_style="flat",
        )
    )


def _same_way(one: NDArray[np.float64], two: NDArray[np.float64]) -> bool:
    """Whether two lines leave a node in the same direction, to a degree."""
    a, b = one[1] - one[0], two[1] - two[0]
    return bool(a @ b > np.cos(np.radians(1)) * np.hypot(*a) * np.hypot(*b))


def near_bank_part(
    band: BaseGeometry, lines: Lines, intake: Point, keep_m: float
) -> BaseGeometry | None:
    """
    Cut a band about one wide river to the water near the intake's bank.

    Kept is the intake's side of the centreline and, towards the other bank, what
    lies within ``keep_m`` of the intake, measured across the river.

    Parameters
    ----------
    band : Polygon or MultiPolygon
        Made from ``lines`` by :func:`stretch_band`.
    lines : array of LineString
        The river's own centreline.
    intake : Point
    keep_m : float

    Returns
    -------
    Polygon or MultiPolygon, or None
        None when the centreline does not part the band in two (islands, loops).

    Examples
    --------
    A river 1 000 m wide, the intake 400 m off its centreline:

    >>> line = np.array([LineString([(0, 0), (100, 0)])])
    >>> band = stretch_band(line, np.array([500.0]))
    >>> near_bank_part(band, line, Point(50, 400), 500.0).bounds
    (0.0, -100.0, 100.0, 500.0)
    """
    middle = shapely.line_merge(shapely.union_all(lines))
    if middle.geom_type != "LineString" or middle.is_closed:
        return None
    cells = shapely.get_parts(
        shapely.polygonize(
            shapely.get_parts(shapely.union_all([band.boundary, _longer(middle)]))
        )
    )
    # crumbs along the flat ends are rounding
    cells = cells[shapely.area(cells) > SLIVER_M2]
    if len(cells) != 2:
        return None
    own, far = cells[np.argsort(shapely.distance(cells, intake))]
    reach_m = keep_m - shapely.distance(middle, intake)
    if reach_m < 0:
        return shapely.difference(own, shapely.buffer(middle, -reach_m))
    strip = shapely.buffer(middle, reach_m, cap_style="flat")
    return shapely.union(own, shapely.intersection(far, strip))


def _longer(line: LineString, by_m: float = 1.0) -> LineString:
    """Draw a line out a little at both ends, so that it surely cuts flat ends."""
    points = shapely.get_coordinates(line)
    steps = points[[0, -1]] - points[[1, -2]]
    steps *= by_m / np.hypot(*steps.T)[:, None]
    return LineString([points[0] + steps[0], *points, points[-1] + steps[1]])


def rings(nested: list[BaseGeometry]) -> list[BaseGeometry]:
    """
    Take from each extent the one before, so that none overlap.

    Parameters
    ----------
    nested : list of Polygon or MultiPolygon
        Innermost first.

    Examples
    --------
    >>> inner, outer = shapely.box(0, 0, 1, 1), shapely.box(0, 0, 3, 1)
    >>> [ring.area for ring in rings([inner, outer])]
    [1.0, 2.0]
    """
    found = nested[:1]
    for inner, outer in pairwise(nested):
        found.append(only_areas(shapely.difference(outer, inner)))
    return found


def only_areas(geometry: BaseGeometry, *, min_area: float = SLIVER_M2) -> BaseGeometry:
    """Mend a geometry and keep its polygons above an area (squared units of it)."""
    parts = shapely.get_parts(shapely.make_valid(geometry))
    parts = shapely.get_parts(parts)  # a collection may hold multipolygons
    areas = [
        part for part in parts if part.geom_type == "Polygon" and part.area > min_area
    ]
    if len(areas) == 1:
        return areas[0]
    return shapely.MultiPolygon(areas)


def without_slivers(geometry: BaseGeometry) -> BaseGeometry:
    """
    Keep the polygons that are wider than a hair somewhere.

    Where two edges that should be one differ by millimetres, an overlay leaves parts
    that are long and have no width: they are no land.

    Examples
    --------
    >>> field, sliver = shapely.box(0, 0, 9, 9), shapely.box(20, 0, 900, 0.01)
    >>> without_slivers(shapely.multipolygons([field, sliver])).area
    81.0
    """
    parts = shapely.get_parts(only_areas(geometry))
    wide = ~shapely.is_empty(shapely.buffer(parts, -SLIVER_WIDTH_M / 2))
    if wide.sum() == 1:
        return parts[wide][0]
    return shapely.MultiPolygon(list(parts[wide]))

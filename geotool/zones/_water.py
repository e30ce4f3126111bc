"""The water of a stretch of river, taken from water polygons.

A polygon does not say where a stretch of it ends. Each place of the water belongs to
the nearest centreline, so what belongs to the stretch ends square to the river where
the stretch ends, and what belongs to a tributary ends at the confluence.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from geotool.network import RiverNetwork
from geotool.zones._bands import QUADRANT_SEGMENTS, stretch_band
from geotool.zones._ground import Shapes
from geotool.zones._rules import table_number

SEARCH_M = 3_000.0
"""Water farther from the centreline than this belongs to no stretch."""

MOST_PLACES = 6_000
"""Places the centrelines are sampled at, at most; the step grows with the length."""

_END_M = 0.5  # the samples beside a cut lie so far from it, on both sides


@dataclass(frozen=True, eq=False)
class Wet:
    """
    The water of a stretch, piece by piece.

    Attributes
    ----------
    lines : array of LineString, shape (n,)
    parts : array of Polygon or MultiPolygon, shape (n,)
        The water of each piece; empty where no piece lies in a polygon, for then
        lines and radii tell all.
    radius_m : array of float, shape (n,)
        How far that water lies from its line, at most.
    share : array of float, shape (n,)
        How much of each line lies in water polygons, 0 to 1.
    """

    lines: Shapes
    parts: Shapes
    radius_m: NDArray[np.float64]
    share: NDArray[np.float64]

    def area(self, of: NDArray[np.bool_], land_m: float) -> BaseGeometry:
        """Give the water of some pieces with the land beside it."""
        if not self.share.any():
            return stretch_band(self.lines[of], self.radius_m[of] + land_m)
        water = shapely.union_all(self.parts[of])
        if land_m == 0:
            return water
        land = shapely.buffer(water, land_m, quad_segs=QUADRANT_SEGMENTS)
        # square to the river at the ends of the stretch
        beside = stretch_band(self.lines[of], self.radius_m[of] + land_m)
        return shapely.union(water, shapely.intersection(land, beside))


def wet_stretch(
    network: RiverNetwork,
    pieces: gpd.GeoDataFrame,
    half_m: NDArray[np.float64],
    surfaces: Shapes,
) -> Wet:
    """
    Give the water of a stretch: from polygons where they are, else by the width.

    Parameters
    ----------
    network : RiverNetwork
    pieces : GeoDataFrame
        ``reach_id, from_measure_m, to_measure_m, geometry`` of the stretch.
    half_m : array of float
        Half the width of each piece, for where there is no polygon.
    surfaces : array of Polygon or MultiPolygon
    """
    lines = np.asarray(pieces.geometry, dtype=object)
    surface = _surface(lines, surfaces)
    share = np.zeros(len(lines))
    if surface is not None:
        inside = shapely.length(shapely.intersection(lines, surface))
        share = inside / shapely.length(lines)
    if surface is None or share.max() == 0:
        nothing = np.full(len(lines), shapely.MultiPolygon(), dtype=object)
        return Wet(lines, nothing, half_m, share)
    others = _other_lines(network, pieces, surface)
    own = _allotted(lines, others, surface)
    parts, radius = own.copy(), np.zeros(len(lines))
    for k, line in enumerate(lines):
        radius[k] = _farthest(own[k], line)
        # culverts, and reaches too narrow for the map, have their width
        dry = shapely.get_parts(shapely.difference(line, surface))
        dry = dry[shapely.length(dry) > _END_M]
        if len(dry):
            band = shapely.buffer(
                dry, half_m[k], quad_segs=QUADRANT_SEGMENTS, cap_style="flat"
            )
            parts[k] = shapely.union_all([own[k], *band])
            radius[k] = max(radius[k], half_m[k])
    return Wet(lines, parts, radius, share)


def _surface(lines: Shapes, surfaces: Shapes) -> BaseGeometry | None:
    """Give the water that the lines run through, not farther than the search."""
    if len(surfaces) == 0:
        return None
    met = np.unique(shapely.STRtree(surfaces).query(lines, predicate="intersects")[1])
    if len(met) == 0:
        return None
    west, south, east, north = shapely.total_bounds(lines)
    frame = (west - SEARCH_M, south - SEARCH_M, east + SEARCH_M, north + SEARCH_M)
    near = shapely.union_all(shapely.clip_by_rect(surfaces[met], *frame))
    parts = shapely.get_parts(near)
    touched = np.unique(shapely.STRtree(parts).query(lines, predicate="intersects")[1])
    return shapely.union_all(parts[touched]) if len(touched) else None


def _other_lines(
    network: RiverNetwork, pieces: gpd.GeoDataFrame, surface: BaseGeometry
) -> Shapes:
    """Give the centrelines in the water that are not of the stretch."""
    lines = np.asarray(network.reaches.geometry, dtype=object)
    ids = network.reaches["reach_id"].to_numpy(dtype=object)
    met = shapely.STRtree(lines).query(surface, predicate="intersects")
    found = []
    for row in np.sort(met):
        mine = pieces[pieces["reach_id"] == ids[row]]
        spans = mine[["from_measure_m", "to_measure_m"]].to_numpy(float)
        at, whole = 0.0, float(lines[row].length)
        for low, high in np.sort(np.sort(spans, axis=1), axis=0):
            if low - at > 2 * _END_M:
                found.append(substring(lines[row], at, low))
            at = max(at, high)
        if whole - at > 2 * _END_M:
            found.append(substring(lines[row], at, whole))
    return np.array(found, dtype=object)


def _allotted(lines: Shapes, others: Shapes, surface: BaseGeometry) -> Shapes:
    """Give to each line the water nearer to it than to any other."""
    every = np.concatenate([lines, others])
    step = table_number("along", "allot_step_m")
    step = max(step, float(shapely.length(every).sum()) / MOST_PLACES)
    spots, owner = [], []
    for k, line in enumerate(every):
        count = int(np.ceil(line.length / step)) + 1
        near_end = min(_END_M, line.length / 4)
        at = np.linspace(near_end, line.length - near_end, max(count, 2))
        spots.append(shapely.get_coordinates(shapely.line_interpolate_point(line, at)))
        owner.append(np.full(len(at), k))
    place, of = np.concatenate(spots), np.concatenate(owner)
    # a reach that may run either way is there twice; what comes first has it
    _, first = np.unique(place.round(3), axis=0, return_index=True)
    place, of = place[np.sort(first)], of[np.sort(first)]
    cells = _cells(place, surface)
    mine = [
        shapely.intersection(shapely.union_all(cells[of == k]), surface)
        for k in range(len(lines))
    ]
    return np.array([_touching(*pair) for pair in zip(mine, lines, strict=True)])


def _cells(place: NDArray[np.float64], surface: BaseGeometry) -> Shapes:
    if len(place) == 1:
        return np.array([shapely.box(*shapely.bounds(surface))], dtype=object)
    diagram = shapely.voronoi_polygons(
        shapely.multipoints(place), extend_to=surface, ordered=True
    )
    return shapely.get_parts(diagram)


def _touching(water: BaseGeometry, line: BaseGeometry) -> BaseGeometry:
    """Drop water that only lies near: ponds and other arms beyond land."""
    parts = shapely.get_parts(water)
    parts = parts[shapely.area(parts) > 0]
    return shapely.union_all(parts[shapely.dwithin(parts, line, 0.01)])


def _farthest(water: BaseGeometry, line: BaseGeometry) -> float:
    if water.is_empty:
        return 0.0
    corners = shapely.points(shapely.get_coordinates(water))
    return float(shapely.distance(corners, line).max())

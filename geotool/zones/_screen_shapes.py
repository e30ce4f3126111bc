"""Lines and polygons against protection zones: pipelines, plants, projects."""

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.zones._area import areas_m2
from geotool.zones._measure import Floats
from geotool.zones._merge import Merged
from geotool.zones._plan import ZonePlan
from geotool.zones._screened import Screening
from geotool.zones._zone_set import (
    IN_BAN,
    IN_LEVEL_3,
    NEAR_BAN,
    NEAR_LEVEL_3,
    OUTSIDE,
    VAGUE,
    Verdicts,
    ZoneSet,
)
from geotool.zones._zone_table import shapes_in

Shapes = NDArray[np.object_]

_LINES = ("LineString", "MultiLineString")
_AREAS = ("Polygon", "MultiPolygon")


def screen_lines(
    lines: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame | ZonePlan,
    *,
    on: date | None = None,
    uncertainty_m: float | None = None,
) -> gpd.GeoDataFrame:
    """
    Hold lines, such as pipelines and roads, against protection zones.

    Parameters
    ----------
    lines : GeoDataFrame of lines
    zones, on, uncertainty_m
        As :func:`screen_points`.

    Returns
    -------
    GeoDataFrame
        As :func:`screen_points`, with ``overlap_m``: the length in the zones that
        decide (levels 1 and 2 for a conflict). ``distance_m`` is 0 where line and
        zones overlap. A conflict or attention holds wherever the line truly lies
        within its uncertainty; a line that only touches a zone's edge, or crosses a
        zone narrower than twice the uncertainty, is uncertain.

    Raises
    ------
    LayerError
        If a geometry is no line, or a zone has no area.
    CrsError
        If a layer has no reference system.

    Examples
    --------
    >>> zone = gpd.GeoDataFrame(
    ...     {"zone_id": ["ZN1"], "level": ["2"], "status": ["approved"]},
    ...     geometry=[shapely.box(0, 0, 2000, 2000)], crs=4549,
    ... )
    >>> pipe = gpd.GeoDataFrame(
    ...     {"datum_status": ["known"]},
    ...     geometry=[shapely.LineString([(-500, 900), (700, 900)])], crs=4549,
    ... )
    >>> found = screen_lines(pipe, zone, on=date(2026, 9, 1))
    >>> found.grade[0], float(found.overlap_m[0])
    ('conflict', 700.0)
    """
    return _screen(
        lines, zones, on, uncertainty_m, name="lines", kinds=_LINES, figure="overlap_m"
    )


def screen_polygons(
    polygons: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame | ZonePlan,
    *,
    on: date | None = None,
    uncertainty_m: float | None = None,
) -> gpd.GeoDataFrame:
    """
    Hold polygons, such as plants, parks and projects, against protection zones.

    Parameters
    ----------
    polygons : GeoDataFrame of polygons
    zones, on, uncertainty_m
        As :func:`screen_points`.

    Returns
    -------
    GeoDataFrame
        As :func:`screen_lines`, with ``overlap_m2`` on the ellipsoid.

    Examples
    --------
    >>> zone = gpd.GeoDataFrame(
    ...     {"zone_id": ["ZN1"], "level": ["3"], "status": ["approved"]},
    ...     geometry=[shapely.box(500_000, 3_540_000, 502_000, 3_542_000)], crs=4549,
    ... )
    >>> plant = gpd.GeoDataFrame(
    ...     {"datum_status": ["known"]},
    ...     geometry=[shapely.box(501_900, 3_540_100, 502_300, 3_540_200)], crs=4549,
    ... )
    >>> found = screen_polygons(plant, zone, on=date(2026, 9, 1))
    >>> found.grade[0], round(float(found.overlap_m2[0]), -1)
    ('attention', 10000.0)
    """
    return _screen(
        polygons,
        zones,
        on,
        uncertainty_m,
        name="polygons",
        kinds=_AREAS,
        figure="overlap_m2",
    )


def _screen(
    features: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame | ZonePlan,
    on: date | None,
    uncertainty_m: float | None,
    *,
    name: str,
    kinds: tuple[str, ...],
    figure: str,
) -> gpd.GeoDataFrame:
    screening = Screening.of(features, zones, name, kinds, on, uncertainty_m)
    overlap = np.full(len(features), np.nan)
    rows = screening.placed()
    if screening.zones is not None and len(rows):
        shapes = shapes_in(features, rows, screening.zones.table.crs)
        if kinds == _AREAS:
            shapes = shapely.make_valid(shapes)
        overlap[rows] = _judge(
            screening.zones, shapes, rows, screening.verdicts, figure
        )
    return screening.findings({figure: overlap})


def _judge(
    zones: ZoneSet,
    shapes: Shapes,
    rows: NDArray[np.intp],
    verdicts: Verdicts,
    figure: str,
) -> Floats:
    """Write the verdicts of shapes; give what overlaps."""
    unsure = zones.widened(shapes, verdicts.unsure_m[rows])
    ban, vague, every = (
        _Against(merged, shapes, unsure)
        for merged in (zones.ban, zones.vague, zones.every)
    )
    cause = np.select(
        [ban.is_deep, ban.is_near, vague.is_near, every.is_deep, every.is_near],
        [IN_BAN, NEAR_BAN, VAGUE, IN_LEVEL_3, NEAR_LEVEL_3],
        OUTSIDE,
    ).astype(np.int8)
    by_class = [np.isin(cause, (IN_BAN, NEAR_BAN)), cause == VAGUE]
    away = np.select(by_class, [ban.away, vague.away], every.away)
    zone, nearest = _named(zones, shapes, cause)
    is_clear = cause == OUTSIDE
    verdicts.cause[rows] = cause
    verdicts.zone[rows] = zone
    verdicts.distance_m[rows] = np.where(is_clear, nearest, away)
    verdicts.unsure_m[rows] = unsure
    parts = [one.overlap(figure, zones.table.crs) for one in (ban, vague, every)]
    return np.where(is_clear, 0.0, np.select(by_class, parts[:2], parts[2]))


class _Against:
    """Shapes beside one class of zones, put together."""

    def __init__(self, merged: Merged, shapes: Shapes, unsure_m: Floats) -> None:
        self.merged, self.shapes = merged, shapes
        self.is_deep = np.zeros(len(shapes), dtype=bool)
        self.away = np.full(len(shapes), np.inf)
        tree = shapely.STRtree(merged.shapes)
        shape, area = tree.query(shapes, predicate="dwithin", distance=unsure_m)
        np.minimum.at(
            self.away, shape, shapely.distance(shapes[shape], merged.shapes[area])
        )
        self.is_near = np.isfinite(self.away)
        self.shape, self.area = shape, area
        for metres in np.unique(unsure_m[shape]):
            pairs = np.flatnonzero(unsure_m[shape] == metres)
            used, of = np.unique(area[pairs], return_inverse=True)
            # what is still met by the zone shrunk is met wherever the shape truly is
            core = shapely.buffer(merged.shapes[used], -metres, quad_segs=32)
            met = shapely.intersects(shapes[shape[pairs]], core[of])
            if metres == 0:  # to touch the edge is not to lie in the zone
                met &= ~shapely.touches(shapes[shape[pairs]], core[of])
            self.is_deep[shape[pairs[met]]] = True

    def overlap(self, figure: str, crs: Any) -> Floats:
        """Measure what lies in the class: metres of lines, square metres of areas."""
        common = shapely.intersection(
            self.shapes[self.shape], self.merged.shapes[self.area]
        )
        size = (
            shapely.length(common)
            if figure == "overlap_m"
            else np.nan_to_num(areas_m2(gpd.GeoDataFrame(geometry=common, crs=crs)))
        )
        return np.bincount(self.shape, size, len(self.shapes)).astype(float)


def _named(
    zones: ZoneSet, shapes: Shapes, cause: NDArray[np.int8]
) -> tuple[NDArray[np.int32], Floats]:
    """Choose the zone to name: of the class that decides, nearest, approved before
    draft, strictest level; and tell how far the nearest of all is.
    """
    (shape, zone), away = zones.tree.query_nearest(
        shapes, all_matches=True, return_distance=True
    )
    nearest = np.zeros(len(shapes))
    nearest[shape] = away
    # of the class that decides one may lie a little farther than another's
    more = [
        (np.full(len(kept), row), kept) for row, kept in _of_class(zones, shapes, cause)
    ]
    shape = np.concatenate([shape, *(one[0] for one in more)]).astype(np.intp)
    zone = np.concatenate([zone, *(one[1] for one in more)]).astype(np.intp)
    away = shapely.distance(shapes[shape], zones.shapes[zone])
    of_class = np.select(
        [np.isin(cause[shape], (IN_BAN, NEAR_BAN)), cause[shape] == VAGUE],
        [zones.is_ban[zone], zones.is_vague[zone]],
        ~zones.is_vague[zone],
    )
    order = np.lexsort((zone, zones.rank[zone], away, ~of_class, shape))
    first = np.flatnonzero(np.diff(shape[order], prepend=-1))
    chosen = np.full(len(shapes), -1, dtype=np.int32)
    chosen[shape[order][first]] = zone[order][first]
    return chosen, nearest


def _of_class(
    zones: ZoneSet, shapes: Shapes, cause: NDArray[np.int8]
) -> list[tuple[int, NDArray[np.intp]]]:
    """List for each shape that met a class the nearest zones of it."""
    found = []
    for causes, is_in in (
        ((IN_BAN, NEAR_BAN), zones.is_ban),
        ((VAGUE,), zones.is_vague),
    ):
        rows, members = np.flatnonzero(np.isin(cause, causes)), np.flatnonzero(is_in)
        if len(rows) and len(members):
            tree = shapely.STRtree(zones.shapes[members])
            at, zone = tree.query_nearest(shapes[rows], all_matches=True)
            found += [
                (int(rows[a]), members[[z]]) for a, z in zip(at, zone, strict=True)
            ]
    return found

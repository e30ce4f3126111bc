"""Points against protection zones: which may break the law, which cannot be told.

An outfall in level 1 or 2 is a candidate for a violation, in level 3 it asks for a
legal check (level 3 lies outside the protection zone of the law). A point nearer to
the deciding boundary than its position is sure has no confident verdict.
"""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.errors import LayerError
from geotool.zones._finding_table import findings_table
from geotool.zones._laws import as_day
from geotool.zones._measure import COMPILED_FROM, IS_THERE, Floats
from geotool.zones._merge import CLOSE_GAP_M, Merged
from geotool.zones._plan import ZonePlan
from geotool.zones._threads import WORKERS
from geotool.zones._zone_set import (
    IN_BAN,
    NEAR_BAN,
    NO_PLACE,
    NO_ZONES,
    OUTSIDE,
    VAGUE,
    Verdicts,
    ZoneSet,
    causes,
)
from geotool.zones._zone_table import (
    check_shapes,
    datum_codes,
    has_place,
    protection_rows,
    shapes_in,
    unsure_metres,
)

Ints = NDArray[np.intp]

CHUNK = 1 << 16
"""Points judged at once, so that memory stays small however many there are."""


def screen_points(
    points: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame | ZonePlan,
    *,
    on: date | None = None,
    uncertainty_m: float | None = None,
    nearest_within_m: float | None = None,
) -> gpd.GeoDataFrame:
    """
    Hold points, such as outfalls, against protection zones.

    Parameters
    ----------
    points : GeoDataFrame of points
        Any layer and system. ``datum_status`` (known, declared, unknown) decides
        how sure a place is; a missing column or cell counts as unknown.
    zones : GeoDataFrame or ZonePlan
        A ``zones`` layer. Only protection zones are judged: buffers and the like
        carry no ban. Levels may be rings or overlap; the strictest counts.
    on : date, optional
        Date of the finding: the law changed on 2026-08-15. Today if None.
    uncertainty_m : float, optional
        How far a point of known or declared datum may be off; 10 m if None. With
        an unknown datum it is at least 600 m (a GCJ-02 shift).
    nearest_within_m : float, optional
        A clear point is told its nearest zone if it is no farther than this; always
        if None. Most of the work on a million points is this; 0 leaves it out.

    Returns
    -------
    GeoDataFrame
        One row a point, order, index and system kept: its id columns and ``name``,
        ``grade, grade_zh, zone_id, zone_name, level, zone_status, distance_m,
        clause, clause_en, law_on, datum_status, uncertainty_m, confidence, reason,
        reason_en, geometry``. Texts are categories: a million rows stay small.

        ``grade``: ``conflict`` (in level 1 or 2), ``attention`` (in level 3),
        ``uncertain`` (too near a deciding boundary, no coordinates, or no zones to
        compare with), ``clear``. ``distance_m``: to the boundary that decides,
        negative inside; it is the outer edge of levels 1 and 2 together for a
        conflict (the line between them decides nothing), of all levels otherwise.
        ``zone_id`` is the zone meant, for ``clear`` the nearest. ``confidence`` is
        the weakest mark (V, 1, M) among zone and clause.

    Raises
    ------
    LayerError
        If a geometry is not a point, or a zone has no area.
    CrsError
        If a layer has no reference system.

    Examples
    --------
    >>> zone = gpd.GeoDataFrame(
    ...     {"zone_id": ["ZN1"], "level": ["2"], "status": ["approved"]},
    ...     geometry=[shapely.box(0, 0, 2000, 2000)],
    ...     crs=4549,
    ... )
    >>> outfall = gpd.GeoDataFrame(
    ...     {"outfall_id": ["PW1"], "datum_status": ["known"]},
    ...     geometry=gpd.points_from_xy([1000], [500]),
    ...     crs=4549,
    ... )
    >>> found = screen_points(outfall, zone, on=date(2026, 9, 1))
    >>> found.grade_zh[0], float(found.distance_m[0]), found.clause[0]
    ('疑似违法', -500.0, '《生态环境法典》第三百一十八条')
    """
    layer = zones.zones if isinstance(zones, ZonePlan) else zones
    day = as_day(on)
    check_shapes(points, "points", ("Point",))
    within_m = np.inf if nearest_within_m is None else float(nearest_within_m)
    if not within_m >= 0:
        raise LayerError(
            f"nearest_within_m={nearest_within_m} 应为不小于 0 的米数。",
            f"nearest_within_m={nearest_within_m} must be metres, not below 0.",
        )
    datum = datum_codes(points)
    verdicts = Verdicts.all_of(NO_ZONES, unsure_metres(datum, uncertainty_m))
    table = protection_rows(layer)
    _judge_all(points, table, verdicts, within_m)
    return findings_table(points, verdicts, table, day=day, datum=datum)


def _judge_all(
    points: gpd.GeoDataFrame,
    table: gpd.GeoDataFrame | None,
    verdicts: Verdicts,
    within_m: float,
) -> None:
    """Write the verdicts of all points, some at a time."""
    there = has_place(points)
    verdicts.cause[~there] = NO_PLACE
    if table is None or not there.any():
        return
    zone_set = ZoneSet(table, fast=IS_THERE and len(points) >= COMPILED_FROM)

    def judge(start: int) -> None:
        rows = start + np.flatnonzero(there[start : start + CHUNK])
        if len(rows):
            shapes = shapes_in(points, rows, table.crs)
            _judge(zone_set, shapes, rows, verdicts, within_m)

    first, *rest = range(0, len(points), CHUNK)
    judge(first)  # makes what all the others share
    # GEOS and compiled code let go of the interpreter: chunks run side by side
    with ThreadPoolExecutor(WORKERS) as pool:
        for _ in pool.map(judge, rest):
            pass


def _judge(
    zones: ZoneSet,
    places: NDArray[np.object_],
    rows: Ints,
    verdicts: Verdicts,
    within_m: float,
) -> None:
    """Write the verdicts of some points that have a place."""
    unsure = zones.widened(places, verdicts.unsure_m[rows])
    verdicts.unsure_m[rows] = unsure
    xy = shapely.get_coordinates(places)
    reach = np.maximum(unsure, 2 * CLOSE_GAP_M)
    point, zone = zones.in_boxes(float(reach.max()), places, xy)
    met = zones.edges.reached(
        xy, point, zone, reach, hold_m=2 * CLOSE_GAP_M, fast=zones.fast
    )
    point, zone, met = point[met > 0], zone[met > 0], met[met > 0]
    # most points lie far from all zones, and are done with
    is_near = np.zeros(len(places), dtype=bool)
    is_near[point] = True
    near = np.flatnonzero(is_near)
    point = (np.cumsum(is_near) - 1)[point]
    chosen = np.full(len(places), -1, dtype=np.int32)
    cause = np.full(len(places), OUTSIDE, dtype=np.int8)
    measured = np.full(len(places), np.nan)
    cause[near], chosen[near], measured[near] = _judge_near(
        zones, xy[near], unsure[near], point, zone, met == 2
    )
    clear = np.flatnonzero(cause == OUTSIDE)
    _tell_nearest(zones, places, clear, chosen, measured, within_m)
    verdicts.cause[rows] = cause
    verdicts.zone[rows] = chosen
    verdicts.distance_m[rows] = measured


def _judge_near(
    zones: ZoneSet,
    xy: Floats,
    unsure: Floats,
    point: Ints,
    zone: Ints,
    held: NDArray[np.bool_],
) -> tuple[NDArray[np.int8], NDArray[np.int32], Floats]:
    """Judge points in or by a zone: give cause, zone and signed distance."""
    distance = _own_distance(zones, xy, point, zone, held)
    pairs = xy, point, zone, distance
    ban = _class_distance(zones, zones.ban, *pairs)
    vague = _class_distance(zones, zones.vague, *pairs)
    # all levels together count only where levels 1 and 2 decide nothing
    is_open = (np.abs(ban) > unsure) & (ban > 0) & (vague > unsure)
    rest = is_open[point]
    every = _class_distance(
        zones, zones.every, xy, point[rest], zone[rest], distance[rest]
    )
    cause = causes(ban, vague, every, unsure)
    chosen = _named(zones, cause, point, zone, distance)
    measured = np.select(
        [np.isin(cause, (IN_BAN, NEAR_BAN)), cause == VAGUE, cause == OUTSIDE],
        [ban, vague, np.nan],
        every,
    )
    return cause, chosen, measured


def _own_distance(
    zones: ZoneSet, xy: Floats, point: Ints, zone: Ints, held: NDArray[np.bool_]
) -> Floats:
    """Measure points to the zones themselves, where the zones put together do not do.

    Points that a zone holds have 0 where their distance will be that to the outer edge.
    """
    rows = np.flatnonzero(~held | zones.stands_alone[zone])
    distance = np.zeros(len(point))
    distance[rows] = zones.edges.signed(xy, point[rows], zone[rows], fast=zones.fast)
    return distance


def _class_distance(
    zones: ZoneSet,
    merged: Merged,
    xy: Floats,
    point: Ints,
    zone: Ints,
    distance: Floats,
) -> Floats:
    """Give the signed distance of each point to one class; far where no pair is."""
    result = np.full(len(xy), np.inf)
    area = merged.of_zone[zone]
    keep = area >= 0
    point, area, distance = point[keep], area[keep], distance[keep].copy()
    if len(point) == 0:
        return result
    # where zones were put together, their common edges are none
    inner = np.flatnonzero((distance <= 2 * CLOSE_GAP_M) & ~merged.is_single[area])
    distance[inner] = merged.edges.signed(
        xy, point[inner], area[inner], fast=zones.fast
    )
    first = np.flatnonzero(np.diff(point, prepend=-1))
    result[point[first]] = np.minimum.reduceat(distance, first)
    return result


def _named(
    zones: ZoneSet, cause: NDArray[np.int8], point: Ints, zone: Ints, distance: Floats
) -> NDArray[np.int32]:
    """Choose for each point the zone to name: of the class that decides, holding the
    point, approved before draft, strictest level, nearest.
    """
    chosen = np.full(len(cause), -1, dtype=np.int32)
    keep = cause[point] != OUTSIDE
    point, zone, distance = point[keep], zone[keep], distance[keep]
    for_ban = np.isin(cause[point], (IN_BAN, NEAR_BAN))
    of_class = np.select(
        [for_ban, cause[point] == VAGUE],
        [zones.is_ban[zone], zones.is_vague[zone]],
        ~zones.is_vague[zone],
    )
    away = np.maximum(distance, 0.0)
    key = 1000 * ~of_class + 100 * (away > CLOSE_GAP_M) + zones.rank[zone]
    order = np.lexsort((zone, away, key, point))
    point, zone = point[order], zone[order]
    first = np.flatnonzero(np.diff(point, prepend=-1))
    chosen[point[first]] = zone[first]
    return chosen


def _tell_nearest(
    zones: ZoneSet,
    places: NDArray[np.object_],
    rows: Ints,
    chosen: NDArray[np.int32],
    measured: Floats,
    within_m: float,
) -> None:
    """Name the nearest zone of clear points."""
    if within_m == 0 or len(rows) == 0:
        return
    (at, zone), away = zones.tree.query_nearest(
        places[rows],
        max_distance=None if np.isinf(within_m) else within_m,
        all_matches=False,
        return_distance=True,
    )
    chosen[rows[at]] = zone
    measured[rows[at]] = away

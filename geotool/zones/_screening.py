"""Points against protection zones: which may break the law, which cannot be told.

An outfall in level 1 or 2 is a candidate for a violation, in level 3 it asks for a
legal check (level 3 lies outside the protection zone of the law). A point nearer to
the deciding boundary than its position is sure has no confident verdict.
"""

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import date

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.errors import LayerError
from geotool.zones._measure import COMPILED_FROM, IS_THERE, Floats, signed
from geotool.zones._merge import CLOSE_GAP_M, Merged
from geotool.zones._plan import ZonePlan
from geotool.zones._screened import Screening
from geotool.zones._threads import WORKERS
from geotool.zones._zone_set import (
    IN_BAN,
    NEAR_BAN,
    OUTSIDE,
    VAGUE,
    Verdicts,
    ZoneSet,
    causes,
)

Ints = NDArray[np.intp]

CHUNK = 1 << 19
"""Points judged at once, so that memory stays small however many there are."""

STEP = 1 << 16
"""Points that a thread takes at a time."""


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
    within_m = np.inf if nearest_within_m is None else float(nearest_within_m)
    if not within_m >= 0:
        raise LayerError(
            f"nearest_within_m={nearest_within_m} 应为不小于 0 的米数。",
            f"nearest_within_m={nearest_within_m} must be metres, not below 0.",
        )
    quick = IS_THERE and len(points) >= COMPILED_FROM
    screening = Screening.of(
        points, zones, "points", ("Point",), on, uncertainty_m, quick=quick
    )
    _judge_all(screening, within_m, quick=quick)
    return screening.findings()


def _judge_all(screening: Screening, within_m: float, *, quick: bool) -> None:
    """Write the verdicts of all points, some at a time."""
    zones, count = screening.zones, len(screening.features)
    if zones is None:
        screening.placed()
        return
    judge = _judge
    if quick:
        from geotool.zones._quick import QuickZones  # compiles, which few points repay

        judge = QuickZones(zones).judge
    # GEOS and compiled code let go of the interpreter: steps run side by side
    with ThreadPoolExecutor(WORKERS) as pool:
        for start in range(0, count, CHUNK):
            stop = min(start + CHUNK, count)
            xy = np.empty((stop - start, 2))

            def read(step: int, start: int = start, xy: Floats = xy) -> None:
                part = xy[step : step + STEP]
                first = start + step
                part[:] = screening.coordinates(zones, first, first + len(part))

            in_steps(pool, read, len(xy))
            some = screening.verdicts.part(start, stop)
            placed = np.flatnonzero(some.cause == OUTSIDE)
            if zones.loose.any():
                places = _places(xy[placed])
                some.unsure_m[placed] = zones.widened(places, some.unsure_m[placed])
            judge(zones, xy, some, pool)
            _tell_nearest(zones, xy, some, within_m)


def in_steps(pool: Executor, work: Callable[[int], None], count: int) -> None:
    """Do work on so many points in steps, side by side."""
    for _ in pool.map(work, range(0, count, STEP)):
        pass


def _judge(zones: ZoneSet, xy: Floats, into: Verdicts, pool: Executor) -> None:
    """Write the verdicts of points that are not clear."""
    zones.warm()

    def judge(start: int) -> None:
        stop = start + STEP
        _judge_some(zones, xy[start:stop], into.part(start, stop))

    in_steps(pool, judge, len(xy))


def _judge_some(zones: ZoneSet, xy: Floats, into: Verdicts) -> None:
    rows = np.flatnonzero(into.cause == OUTSIDE)
    reach = np.maximum(into.unsure_m[rows], 2 * CLOSE_GAP_M)
    point, zone = zones.near(_places(xy[rows]), reach)
    point = rows[point]
    # most points lie far from all zones, and are done with
    near, point = np.unique(point, return_inverse=True)
    distance = signed(zones.shapes, xy[near], point, zone)
    # where zones are put together, the edge that decides is measured later
    distance[(distance <= 2 * CLOSE_GAP_M) & ~zones.stands_alone[zone]] = 0.0
    into.cause[near], into.zone[near], into.distance_m[near] = _judge_near(
        zones, xy[near], into.unsure_m[near], point, zone, distance
    )


def _judge_near(
    zones: ZoneSet,
    xy: Floats,
    unsure: Floats,
    point: Ints,
    zone: Ints,
    distance: Floats,
) -> tuple[NDArray[np.int8], NDArray[np.int32], Floats]:
    """Judge points in or by a zone: give cause, zone and signed distance."""
    pairs = xy, point, zone, distance
    ban = _class_distance(zones.ban, *pairs)
    vague = _class_distance(zones.vague, *pairs)
    # all levels together count only where levels 1 and 2 decide nothing
    is_open = (np.abs(ban) > unsure) & (ban > 0) & (vague > unsure)
    rest = is_open[point]
    every = _class_distance(zones.every, xy, point[rest], zone[rest], distance[rest])
    cause = causes(ban, vague, every, unsure)
    chosen = _named(zones, cause, point, zone, distance)
    measured = np.select(
        [np.isin(cause, (IN_BAN, NEAR_BAN)), cause == VAGUE, cause == OUTSIDE],
        [ban, vague, np.nan],
        every,
    )
    return cause, chosen, measured


def _class_distance(
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
    distance[inner] = signed(merged.shapes, xy, point[inner], area[inner])
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


def _tell_nearest(zones: ZoneSet, xy: Floats, into: Verdicts, within_m: float) -> None:
    """Name the nearest zone of clear points."""
    if within_m == 0:
        return
    rows = np.flatnonzero(into.cause == OUTSIDE)
    (at, zone), away = zones.tree.query_nearest(
        _places(xy[rows]),
        max_distance=None if np.isinf(within_m) else within_m,
        all_matches=False,
        return_distance=True,
    )
    into.zone[rows[at]] = zone
    into.distance_m[rows[at]] = away


def _places(xy: Floats) -> NDArray[np.object_]:
    return np.asarray(shapely.points(xy), dtype=object)

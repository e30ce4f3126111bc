"""Points against protection zones: which may break the law, which cannot be told.

An outfall in level 1 or 2 is a candidate for a violation, in level 3 it asks for a
legal check (level 3 lies outside the protection zone of the law). A point nearer to
the deciding boundary than its position is sure has no confident verdict.
"""

from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geotool.crs import reproject, require_crs, to_metric
from geotool.errors import LayerError
from geotool.schema import canonical_value, layer_kind, layer_kinds
from geotool.zones._approved import canonical_level
from geotool.zones._findings import Verdict, describe
from geotool.zones._laws import as_day, levels_of
from geotool.zones._plan import ZonePlan, text_of
from geotool.zones._rules import table_number

Floats = NDArray[np.float64]

_CLOSE_GAP_M = 0.1
"""Hair gaps between rings that were projected apart are closed; not real gaps."""

_SURE_DATUMS = ("known", "declared")


def screen_points(
    points: gpd.GeoDataFrame,
    zones: gpd.GeoDataFrame | ZonePlan,
    *,
    on: date | None = None,
    uncertainty_m: float | None = None,
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

    Returns
    -------
    GeoDataFrame
        One row a point, order, index and system kept: its id columns and ``name``,
        ``grade, grade_zh, zone_id, zone_name, level, zone_status, distance_m,
        clause, clause_en, law_on, datum_status, uncertainty_m, reason, reason_en,
        geometry``.

        ``grade``: ``conflict`` (in level 1 or 2), ``attention`` (in level 3),
        ``uncertain`` (too near a deciding boundary, no coordinates, or no zones to
        compare with), ``clear``. ``distance_m``: to the boundary that decides,
        negative inside; it is the outer edge of levels 1 and 2 together for a
        conflict (the line between them decides nothing), of all levels otherwise.
        ``zone_id`` is the zone meant, for ``clear`` the nearest.

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
    _check_points(points)
    datum = _datum(points)
    sure_m = _own_uncertainty(uncertainty_m)
    vague_m = max(table_number("screening", "unknown_datum_m"), sure_m)
    unsure_m = np.where(datum.isin(_SURE_DATUMS).to_numpy(), sure_m, vague_m)
    has_place = ~(points.geometry.isna() | points.geometry.is_empty).to_numpy()
    protection = _protection(layer)
    verdicts = [Verdict("uncertain", cause="no_place") for _ in range(len(points))]
    if protection is None:
        verdicts = [Verdict("uncertain", cause="no_zones") for _ in verdicts]
    elif has_place.any():
        places = reproject(points[has_place], protection.crs).geometry.to_numpy()
        judged, unsure_m[has_place] = _judge(places, protection, unsure_m[has_place])
        for row, verdict in zip(np.flatnonzero(has_place), judged, strict=True):
            verdicts[row] = verdict
    rows = [
        describe(verdict, day=day, datum_status=status, uncertainty_m=float(unsure))
        for verdict, status, unsure in zip(verdicts, datum, unsure_m, strict=True)
    ]
    return _findings(points, rows)


def _check_points(points: gpd.GeoDataFrame) -> None:
    require_crs(points, "points")
    odd = set(points.geom_type.dropna()) - {"Point"}
    if odd:
        raise LayerError(
            f"筛查对象应为点，得到 {'、'.join(sorted(odd))}；面可先取代表点。",
            f"Screening takes points, got {', '.join(sorted(odd))}; "
            "take a representative point of polygons first.",
        )


def _datum(points: gpd.GeoDataFrame) -> pd.Series:
    """Read the datum status; whatever is not known or declared is unknown."""
    if "datum_status" not in points.columns:
        return pd.Series("unknown", index=points.index, dtype=object)
    text = points["datum_status"].map(text_of)
    return text.where(text.isin(_SURE_DATUMS), "unknown")


def _own_uncertainty(uncertainty_m: float | None) -> float:
    if uncertainty_m is None:
        return table_number("screening", "uncertainty_m")
    if not (isfinite(uncertainty_m) and uncertainty_m >= 0):
        raise LayerError(
            f"坐标误差 uncertainty_m={uncertainty_m} 应为不小于 0 的米数。",
            f"uncertainty_m={uncertainty_m} must be metres, not below 0.",
        )
    return float(uncertainty_m)


def _protection(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame | None:
    """Pick the protection zones, in metres, with plain columns; None without any."""
    require_crs(layer, "zones")
    rows = layer
    if "kind" in layer.columns:
        kinds = layer["kind"].map(text_of)
        named = [
            not kind or canonical_value(kind, "zones", "kind") == "protection"
            for kind in kinds
        ]
        rows = layer[np.array(named, dtype=bool)]
    if rows.empty:
        return None
    shapes = np.asarray(rows.geometry, dtype=object)
    bare = ~(shapely.area(shapely.make_valid(shapes)) > 0)  # missing is NaN
    if bare.any():
        raise LayerError(
            f"{int(bare.sum())} 个保护区没有面状图形，无法比对；请先补图形或移除。",
            f"{int(bare.sum())} protection zones have no area and cannot be compared; "
            "draw or remove them first.",
        )
    metric = to_metric(rows, "zones")
    plain = {
        name: _column(metric, name).map(text_of)
        for name in ("zone_id", "name", "datum_status")
    }
    plain["level"] = _column(metric, "level").map(canonical_level)
    plain["status"] = _column(metric, "status").map(
        lambda value: canonical_value(text_of(value), "zones", "status") or ""
    )
    shapes = shapely.make_valid(metric.geometry.to_numpy())
    table = pd.DataFrame(plain).reset_index(drop=True).astype(object)
    return gpd.GeoDataFrame(table, geometry=shapes, crs=metric.crs)


def _column(layer: gpd.GeoDataFrame, name: str) -> pd.Series:
    if name in layer.columns:
        return layer[name]
    return pd.Series(None, index=layer.index, dtype=object)


@dataclass(frozen=True)
class _Signed:
    """Distances of all points to the edges that decide, negative inside, metres."""

    ban: Floats
    every: Floats
    vague: Floats


def _judge(
    places: NDArray[Any], zones: gpd.GeoDataFrame, unsure_m: Floats
) -> tuple[list[Verdict], Floats]:
    """Grade points that have a place against zones that are there."""
    unsure_m = _widen(places, zones, unsure_m)
    level = zones["level"]
    ban = level.isin(levels_of("conflict")).to_numpy()
    vague = level.isna().to_numpy()
    shapes = zones.geometry.to_numpy()
    signed = _Signed(
        ban=_signed_distance(places, shapes[ban]),
        every=_signed_distance(places, shapes[~vague]),
        vague=_signed_distance(places, shapes[vague]),
    )
    cause = _causes(signed, unsure_m)
    chosen = _choose_zones(places, zones, cause, unsure_m, ban=ban, vague=vague)
    decides = np.select(
        [np.isin(cause, ("in_ban", "near_ban")), cause == "vague"],
        [signed.ban, signed.vague],
        np.where(
            cause == "outside", np.minimum(signed.every, signed.vague), signed.every
        ),
    )
    grade = {
        "in_ban": "conflict",
        "in_level_3": "attention",
        "outside": "clear",
    }
    verdicts = []
    for why, position, distance_m in zip(cause, chosen, decides, strict=True):
        zone = zones.iloc[int(position)]
        verdicts.append(
            Verdict(
                grade.get(why, "uncertain"),
                cause=str(why),
                distance_m=float(distance_m),
                zone_id=zone["zone_id"],
                zone_name=zone["name"],
                level=zone["level"],
                zone_status=zone["status"],
                zone_datum=zone["datum_status"],
            )
        )
    return verdicts, unsure_m


def _widen(places: NDArray[Any], zones: gpd.GeoDataFrame, unsure_m: Floats) -> Floats:
    """Points by a zone whose own place is unsure are no surer than the zone."""
    loose = (zones["datum_status"] == "unknown").to_numpy()
    if not loose.any():
        return unsure_m
    wide_m = table_number("screening", "unknown_datum_m")
    tree = shapely.STRtree(zones.geometry.to_numpy()[loose])
    near, _ = tree.query(places, predicate="dwithin", distance=wide_m)
    widened = unsure_m.copy()
    widened[near] = np.maximum(widened[near], wide_m)
    return widened


def _signed_distance(places: NDArray[Any], shapes: NDArray[Any]) -> Floats:
    """Distance to the edge of the union of some areas, negative inside."""
    if len(shapes) == 0:
        return np.full(len(places), np.inf)
    union = _closed(shapes)
    shapely.prepare(union)
    distance = shapely.distance(places, shapely.boundary(union))
    return np.where(shapely.intersects(union, places), -distance, distance)


def _closed(shapes: NDArray[Any]) -> BaseGeometry:
    grown = shapely.buffer(shapely.union_all(shapes), _CLOSE_GAP_M, join_style="mitre")
    return shapely.buffer(grown, -_CLOSE_GAP_M, join_style="mitre")


def _causes(signed: _Signed, unsure_m: Floats) -> NDArray[np.str_]:
    """Say for each point what its grade rests on; the first that holds."""
    return np.select(
        [
            signed.ban < -unsure_m,
            np.abs(signed.ban) <= unsure_m,
            signed.vague <= unsure_m,
            signed.every < -unsure_m,
            np.abs(signed.every) <= unsure_m,
        ],
        ["in_ban", "near_ban", "vague", "in_level_3", "near_level_3"],
        "outside",
    )


def _choose_zones(
    places: NDArray[Any],
    zones: gpd.GeoDataFrame,
    cause: NDArray[np.str_],
    unsure_m: Floats,
    *,
    ban: NDArray[np.bool_],
    vague: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """Choose for each point the zone to name: of the class that decides, holding the
    point, approved before draft, strictest level, nearest.
    """
    shapes = zones.geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    nearest = tree.query_nearest(places, all_matches=False)[1].astype(np.intp)
    point, zone = tree.query(places, predicate="dwithin", distance=unsure_m)
    distance = shapely.distance(places[point], shapes[zone])
    of_class = np.select(
        [np.isin(cause[point], ("in_ban", "near_ban")), cause[point] == "vague"],
        [ban[zone], vague[zone]],
        ~vague[zone],
    )
    level = zones["level"].fillna("9").to_numpy(dtype=str)[zone]
    is_draft = (zones["status"] != "approved").to_numpy()[zone]
    order = np.lexsort(
        (zone, distance, level, is_draft, distance > _CLOSE_GAP_M, ~of_class, point)
    )
    first, start = np.unique(point[order], return_index=True)
    nearest[first] = zone[order][start]
    return nearest


def _findings(points: gpd.GeoDataFrame, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    """Put the findings beside the ids; contacts and the like stay behind."""
    ids = {layer_kind(kind).id_column for kind in layer_kinds()} | {"name"}
    kept = [name for name in points.columns if name in ids and name != "zone_id"]
    columns = list(describe(Verdict("clear"), day=date.min, datum_status="").keys())
    table = pd.DataFrame(rows, columns=columns, index=points.index)
    joined = pd.concat([pd.DataFrame(points[kept]), table], axis=1)
    return gpd.GeoDataFrame(joined, geometry=points.geometry.to_numpy(), crs=points.crs)

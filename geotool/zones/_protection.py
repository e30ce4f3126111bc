"""Protection zones of drinking-water sources: drafts along the network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geotool.crs import reproject
from geotool.network import RiverNetwork
from geotool.zones._along import Intake, Waterway, river_extent
from geotool.zones._approved import approved_rows
from geotool.zones._bands import only_areas, rings
from geotool.zones._plan import (
    DRAFT_EN,
    DRAFT_ZH,
    Notes,
    ZonePlan,
    text_of,
    zone_name,
    zone_table,
)
from geotool.zones._rules import Extent, ZoneRule, level_words, weakest, zone_rule
from geotool.zones._sources import (
    Source,
    check_sources,
    locate_sources,
    prepare_sources,
)

CIRCLE_SEGMENTS = 64
"""Chords a quarter circle is drawn with; a radius of 1 km is short by 8 cm at most."""

_BASIS = {
    "中心线": (
        "只有河道中心线，岸线按半河宽推得，范围可能偏小",
        "only a centreline is known; the bank is taken half the width away",
    ),
    "取水口": ("圆形范围，未按水域裁剪", "a circle, not cut to the water"),
    "岸线": ("按水面多边形裁剪", "cut to the water polygon"),
}


def protection_zones(
    water_sources: gpd.GeoDataFrame,
    network: RiverNetwork | None,
    *,
    rule: str | Mapping[str, Any] = "jiangsu",
    approved: gpd.GeoDataFrame | None = None,
    water: gpd.GeoDataFrame | None = None,
    max_offset_m: float = 500.0,
) -> ZonePlan:
    """
    Draw the protection zones of drinking-water sources.

    Rivers: the intake is put on the network and each level reaches by river distance
    up- and downstream, tributaries included; the water is the centreline widened
    by half the width, the land is counted from there. Reaches that may run
    either way are included both ways, shut gates do not shorten a zone. Lakes,
    reservoirs and groundwater: circles round the intake. What is drawn is a draft
    for screening; approved polygons take its place.

    Parameters
    ----------
    water_sources : GeoDataFrame of points
        A ``water_sources`` layer with unique ids, any system. Without a ``kind`` the
        rule's default is taken, and noted.
    network : RiverNetwork or None
        None serves where no source is on a river.
    rule : str or mapping
        ``"jiangsu"``, ``"hj338"``, or a mapping of the same form as
        ``[rules.jiangsu]`` of ``tables/zones.toml``.
    approved : GeoDataFrame, optional
        Approved zones with ``water_source_id`` (and ``level``, ``approval``). A
        source that has any gets no draft. Zones of other sources are kept too.
    water : GeoDataFrame of polygons, optional
        Water surfaces; the circle of a lake is cut to the one it lies in.
    max_offset_m : float
        A river source farther than this from the bank of any reach gets no zone.

    Returns
    -------
    ZonePlan
        ``.zones`` in the system of ``water_sources``: levels as rings that do not
        overlap; ``.cumulative`` has them grown. ``.notes`` tells what was assumed
        and which sources have no zone.

    Raises
    ------
    LayerError
        If ids are missing or double, or a geometry is not a point.
    TableError
        If the rule is unknown or malformed.
    CrsError
        If a layer has no reference system.

    Examples
    --------
    >>> well = gpd.GeoDataFrame(
    ...     {"water_source_id": ["SY1"], "kind": ["groundwater"]},
    ...     geometry=gpd.points_from_xy([500_000], [3_540_000]),
    ...     crs=4549,
    ... )
    >>> plan = protection_zones(well, None)
    >>> plan
    <ZonePlan jiangsu: 1 water sources, 2 zones (0 approved, 2 draft), 5 notes>
    >>> (plan.zones.area / 1e6).round(2).tolist()  # rings of 300 m and 1 000 m
    [0.28, 2.86]
    >>> plan.zones.level_zh.tolist(), plan.cumulative.area.round(-4).tolist()
    (['一级', '二级'], [280000.0, 3140000.0])
    """
    chosen, notes = zone_rule(rule), Notes()
    check_sources(water_sources)
    rows = approved_rows(approved, crs=water_sources.crs, notes=notes)
    settled = {row["water_source_id"] for row in rows}
    ids = water_sources["water_source_id"].map(text_of)
    open_ = water_sources[~ids.isin(settled)]
    drafts: list[dict[str, Any]] = []
    metric: Any = water_sources.crs
    if len(open_):
        for zh, en in (*chosen.left_out, (DRAFT_ZH, DRAFT_EN)):
            notes.add("", "info", f"{chosen.zh}：{zh}", f"{chosen.en}: {en}")
        sources, metric = prepare_sources(open_, network, chosen, notes)
        ponds = None if water is None else reproject(water, metric).geometry
        intakes = locate_sources(sources, network, max_offset_m, metric, notes)
        way = None if network is None else Waterway(network)
        for source in sources:
            intake = intakes.get(source.source_id)
            nested, basis = _extents(source, intake, way, chosen, ponds, notes)
            drafts += _rows(source, nested, basis, chosen, notes)
    computed = reproject(zone_table(drafts, metric), water_sources.crs)
    zones = gpd.GeoDataFrame(
        pd.concat([zone_table(rows, water_sources.crs), computed], ignore_index=True)
    )
    return ZonePlan(zones=zones, notes=notes.table(), rule=chosen.key)


@dataclass(frozen=True)
class _Drawn:
    """One level as drawn, cumulative, in metres."""

    extent: Extent
    area: BaseGeometry
    confidence: str


def _extents(
    source: Source,
    intake: Intake | None,
    way: Waterway | None,
    rule: ZoneRule,
    ponds: gpd.GeoSeries | None,
    notes: Notes,
) -> tuple[list[_Drawn], str]:
    """Draw each level, cumulative: each holds the one before by construction."""
    if source.rule.shape == "radius":
        drawn, basis = _circles(source, ponds, notes)
    elif intake is None or way is None:
        return [], "中心线"
    else:
        drawn, basis = _stretches(source, intake, way, rule, notes), "中心线"
    nested: list[_Drawn] = []
    for one in drawn:
        area = shapely.union(nested[-1].area, one.area) if nested else one.area
        nested.append(_Drawn(one.extent, area, one.confidence))
    return nested, basis


def _stretches(
    source: Source, intake: Intake, way: Waterway, rule: ZoneRule, notes: Notes
) -> list[_Drawn]:
    side = rule.kind_rule("river") if "river" in rule.kinds else source.rule
    drawn = []
    for extent in source.rule.extents:
        area, is_assumed = river_extent(
            way,
            intake,
            extent,
            kind=source.rule,
            side_width_m=side.assumed_width_m,
            notes=notes,
        )
        trust = weakest(extent.confidence, "M" if is_assumed else "V")
        drawn.append(_Drawn(extent, area, trust))
    return drawn


def _circles(
    source: Source, ponds: gpd.GeoSeries | None, notes: Notes
) -> tuple[list[_Drawn], str]:
    """Draw circles round the intake, cut to its lake where that is given."""
    circles: list[BaseGeometry] = [
        source.point.buffer(extent.radius_m, quad_segs=CIRCLE_SEGMENTS)
        for extent in source.rule.extents
    ]
    lake = None if ponds is None else _lake(source, ponds, notes)
    if lake is not None:
        circles = [
            _wet_part(source, extent, circle, lake, notes)
            for extent, circle in zip(source.rule.extents, circles, strict=True)
        ]
    drawn = [
        _Drawn(extent, circle, extent.confidence)
        for extent, circle in zip(source.rule.extents, circles, strict=True)
    ]
    return drawn, "取水口" if lake is None else "岸线"


def _lake(source: Source, ponds: gpd.GeoSeries, notes: Notes) -> BaseGeometry | None:
    """Find the water the intake lies in or by; groundwater has none."""
    if source.kind == "groundwater" or not source.rule.extents:
        return None
    distance = ponds.distance(source.point)
    if not (distance <= source.rule.extents[0].radius_m).any():
        notes.add(
            source.source_id,
            "warning",
            "取水口附近没有水面多边形，圆形范围未裁剪",
            "no water polygon is near the intake; the circle is not cut",
        )
        return None
    return shapely.make_valid(ponds.iloc[int(distance.argmin())])


def _wet_part(
    source: Source,
    extent: Extent,
    circle: BaseGeometry,
    lake: BaseGeometry,
    notes: Notes,
) -> BaseGeometry:
    wet = shapely.intersection(circle, lake)
    if extent.land_m:
        return shapely.buffer(wet, extent.land_m)
    notes.add(
        source.source_id,
        "warning",
        "规则表无湖库陆域深度，只含水域部分",
        "the rule gives no land depth for lakes; only the water is drawn",
    )
    return wet


def _rows(
    source: Source,
    nested: list[_Drawn],
    basis: str,
    rule: ZoneRule,
    notes: Notes,
) -> list[dict[str, Any]]:
    """Make zone rows of one source; a level that adds nothing is noted, not drawn."""
    if not nested:
        return []
    notes.add(source.source_id, "info", *_BASIS[basis])
    areas = rings([only_areas(one.area) for one in nested])
    found = []
    for one, area in zip(nested, areas, strict=True):
        if not area.is_empty:
            found.append(_zone(source, one, area, basis, rule))
            continue
        zh, en = level_words(one.extent.level)
        notes.add(
            source.source_id,
            "warning",
            f"{zh}保护区没有超出内圈的范围（河网到此为止），未出图",
            f"{en} adds no area (the network ends here); it is not drawn",
        )
    if any(row["confidence"] == "M" for row in found):
        notes.add(
            source.source_id,
            "warning",
            "含记忆值或假定值 [M]，使用前请核对规程原文与河宽",
            "uses numbers from memory or assumed [M]; check the standard and the width",
        )
    if not nested[-1].area.intersects(source.point):
        notes.add(
            source.source_id,
            "warning",
            "取水口不在所划范围内，请核对坐标、河宽或河网",
            "the intake lies outside its own zones; check coordinates, width, network",
        )
    text = "；".join([DRAFT_ZH, *notes.of(source.source_id)])
    return [{**row, "note": text} for row in found]


def _zone(
    source: Source, one: _Drawn, area: BaseGeometry, basis: str, rule: ZoneRule
) -> dict[str, Any]:
    level = one.extent.level
    return {
        "zone_id": f"ZN-{source.source_id}-{level}",
        "name": zone_name(source.name, level),
        "kind": "protection",
        "level": level,
        "level_zh": level_words(level)[0],
        "water_source_id": source.source_id,
        "status": "draft",
        "approval": None,
        "rule": rule.key,
        "basis": basis,
        "confidence": one.confidence,
        "datum_status": source.datum_status,
        "geometry": area,
    }

"""Protection zones of drinking-water sources: drafts along the network."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geotool._progress import long_step
from geotool.crs import reproject, to_metric
from geotool.network import RiverNetwork
from geotool.zones._along import Intake, Waterway, river_extent
from geotool.zones._approved import approved_rows
from geotool.zones._area import areas_m2
from geotool.zones._bands import only_areas, rings
from geotool.zones._circles import round_levels
from geotool.zones._ground import Ground, cut_to_limit, make_ground
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

EDGE_M = 500.0
"""Edges are cut to this length before zones are brought to another system."""

_BASIS = {
    "中心线": (
        "只有河道中心线，岸线按半河宽推得，范围可能偏小",
        "only a centreline is known; the bank is taken half the width away",
    ),
    "部分岸线": (
        "部分河段有水面多边形，其余按中心线和河宽推得，范围可能偏小",
        "some reaches have a water polygon; elsewhere the bank is half the width away",
    ),
    "取水口": ("圆形范围，未按水域裁剪", "a circle, not cut to the water"),
    "岸线": ("水域取自水面多边形", "the water is that of the water polygon"),
    "汇水区": ("整个汇水区，取自所给多边形", "the whole catchment, as given"),
}


@long_step("划保护区", "drawing zones")
def protection_zones(
    water_sources: gpd.GeoDataFrame,
    network: RiverNetwork | None,
    *,
    rule: str | PathLike[str] | Mapping[str, Any] = "jiangsu",
    approved: gpd.GeoDataFrame | None = None,
    water: gpd.GeoDataFrame | None = None,
    dykes: gpd.GeoDataFrame | None = None,
    catchments: gpd.GeoDataFrame | None = None,
    clip: gpd.GeoDataFrame | None = None,
    max_offset_m: float = 500.0,
) -> ZonePlan:
    """
    Draw the protection zones of drinking-water sources.

    Rivers: the intake is put on the network and each level reaches by river distance
    up- and downstream, tributaries included. The water is that of the water polygons
    the river runs through, elsewhere the centreline widened by half the width; the
    land is counted from there, or from the toe of a dyke. Reaches that may run
    either way are included both ways, shut gates do not shorten a zone. Lakes,
    reservoirs and groundwater: by radius, or whole, by their size. Standby and
    emergency sources count like the others. What is drawn is a draft for screening;
    approved polygons take its place.

    Parameters
    ----------
    water_sources : GeoDataFrame of points
        A ``water_sources`` layer with unique ids, any system. Without a ``kind`` the
        rule's default is taken, and noted. ``size``, ``capacity_m3`` (reservoirs)
        and ``aquifer`` are read where the rule asks for them.
    network : RiverNetwork or None
        None serves where no source is on a river.
    rule : str, path or mapping
        ``"jiangsu"``, ``"hj338"``, or a file or mapping of the same form as
        ``[rules.jiangsu]`` of ``tables/zones.toml``.
    approved : GeoDataFrame, optional
        Approved zones with ``water_source_id`` (and ``level``, ``approval``). A
        source that has any gets no draft. Zones of other sources are kept too.
    water : GeoDataFrame of polygons, optional
        Water surfaces of rivers and lakes. Their edge is the bank, basis 岸线;
        without them basis 中心线, and zones may be too small.
    dykes : GeoDataFrame of lines, optional
        Landward toes of dykes. Under ``jiangsu`` land counts from them, under
        ``hj338`` it ends there.
    catchments : GeoDataFrame of polygons, optional
        For levels that are a whole catchment: by ``water_source_id``, else the one
        the source lies in.
    clip : GeoDataFrame of polygons, optional
        A district or watershed where zones end; what is cut off is noted.
    max_offset_m : float
        A river source farther than this from the bank of any reach gets no zone.

    Returns
    -------
    ZonePlan
        ``.zones`` in the system of ``water_sources``: levels as rings that do not
        overlap, ``area_m2`` on the ellipsoid; ``.cumulative`` has them grown. ``.notes`` tells what was assumed
        and which sources have no zone.

    Raises
    ------
    LayerError
        If ids are missing or double, or a layer has other shapes than it must have.
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
    <ZonePlan jiangsu: 1 water sources, 2 zones (0 approved, 2 draft), 3 notes>
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
        metric = _metres_of(open_, network) or metric
        ground = make_ground(
            metric, water=water, dykes=dykes, clip=clip, catchments=catchments
        )
        sources = prepare_sources(open_, metric, chosen, ground, notes)
        intakes = locate_sources(sources, network, max_offset_m, metric, notes)
        way = None if network is None else Waterway(network)
        for source in sources:
            intake = intakes.get(source.source_id)
            levels = _levels(source, intake, way, chosen, ground, notes)
            drafts += _rows(source, levels, chosen, notes)
    computed = _moved(zone_table(drafts, metric), water_sources.crs)
    zones = gpd.GeoDataFrame(
        pd.concat([zone_table(rows, water_sources.crs), computed], ignore_index=True)
    )
    zones["area_m2"] = areas_m2(zones)
    return ZonePlan(zones=zones, notes=notes.table(), rule=chosen.key)


def _moved(zones: gpd.GeoDataFrame, crs: Any) -> gpd.GeoDataFrame:
    """Bring drafts to the system of the sources, and mend what crosses itself there.

    An edge that is straight in metres is none in degrees: one of 4 km is off by 20 cm.
    """
    if zones.empty or zones.crs == crs:
        return reproject(zones, crs)
    fine = shapely.segmentize(zones.geometry.to_numpy(), EDGE_M)
    moved = reproject(zones.set_geometry(gpd.GeoSeries(fine, crs=zones.crs)), crs)
    shapes = np.array(moved.geometry, dtype=object)
    for row in np.flatnonzero(~shapely.is_valid(shapes)):
        shapes[row] = only_areas(shapes[row], min_area=0.0)  # may be in degrees
    return moved.set_geometry(gpd.GeoSeries(shapes, crs=moved.crs))


def _metres_of(sources: gpd.GeoDataFrame, network: RiverNetwork | None) -> Any:
    """Choose the system to draw in: the network's, else one of the sources' place."""
    if network is not None:
        return network.crs
    placed = ~(sources.geometry.isna() | sources.geometry.is_empty)
    return to_metric(sources[placed], "water_sources").crs if placed.any() else None


@dataclass(frozen=True)
class _Level:
    """One level as drawn, cumulative, in metres."""

    extent: Extent
    area: BaseGeometry
    confidence: str
    basis: str


def _levels(
    source: Source,
    intake: Intake | None,
    way: Waterway | None,
    rule: ZoneRule,
    ground: Ground,
    notes: Notes,
) -> list[_Level]:
    """Draw each level, cumulative: each holds the one before by construction."""
    if source.rule.shape == "radius":
        drawn = [
            _Level(extent, area, extent.confidence, basis)
            for extent, area, basis in round_levels(source, ground, notes)
        ]
    elif intake is None or way is None:
        return []
    else:
        drawn = _stretches(source, intake, way, rule, ground, notes)
    areas: list[BaseGeometry] = []
    for one in drawn:
        areas.append(shapely.union(areas[-1], one.area) if areas else one.area)
    areas = cut_to_limit(
        [only_areas(area) for area in areas],
        [one.extent.level for one in drawn],
        ground=ground,
        source_id=source.source_id,
        place=source.point,
        notes=notes,
    )
    return [replace(one, area=area) for one, area in zip(drawn, areas, strict=True)]


def _stretches(
    source: Source,
    intake: Intake,
    way: Waterway,
    rule: ZoneRule,
    ground: Ground,
    notes: Notes,
) -> list[_Level]:
    side = rule.kind_rule("river") if "river" in rule.kinds else source.rule
    found = []
    for extent in source.rule.extents:
        drawn = river_extent(
            way,
            intake,
            extent,
            kind=source.rule,
            side_width_m=side.assumed_width_m,
            ground=ground,
            notes=notes,
        )
        trust = weakest(extent.confidence, "M" if drawn.is_assumed else "V")
        found.append(_Level(extent, drawn.area, trust, drawn.basis))
    return found


def _rows(
    source: Source, levels: list[_Level], rule: ZoneRule, notes: Notes
) -> list[dict[str, Any]]:
    """Make zone rows of one source; a level that adds nothing is noted, not drawn."""
    if not levels:
        return []
    for basis in dict.fromkeys(one.basis for one in levels):
        notes.add(source.source_id, "info", *_BASIS[basis])
    areas = rings([one.area for one in levels])
    found = []
    for one, area in zip(levels, areas, strict=True):
        if not area.is_empty:
            found.append(_zone(source, one, area, rule))
            continue
        zh, en = level_words(one.extent.level)
        notes.add(
            source.source_id,
            "warning",
            f"{zh}保护区没有超出内圈的范围（河网、水域或界线到此为止），未出图",
            f"{en} adds no area (network, water or limit end here); it is not drawn",
        )
    if any(row["confidence"] == "M" for row in found):
        notes.add(
            source.source_id,
            "warning",
            "含记忆值或假定值 [M]，使用前请核对规程原文与河宽",
            "uses numbers from memory or assumed [M]; check the standard and the width",
        )
    if not levels[-1].area.intersects(source.point):
        notes.add(
            source.source_id,
            "warning",
            "取水口不在所划范围内，请核对坐标、河宽或河网",
            "the intake lies outside its own zones; check coordinates, width, network",
        )
    text = "；".join([DRAFT_ZH, *notes.of(source.source_id)])
    return [{**row, "note": text} for row in found]


def _zone(
    source: Source, one: _Level, area: BaseGeometry, rule: ZoneRule
) -> dict[str, Any]:
    level = one.extent.level
    return {
        "zone_id": f"ZN-{source.source_id}-{level}",
        "name": zone_name(source.name, level),
        "kind": "protection",
        "level": level,
        "level_zh": level_words(level)[0],
        "water_source_id": source.source_id,
        "source_status": source.status or None,
        "status": "draft",
        "approval": None,
        "rule": rule.key,
        "basis": one.basis,
        "confidence": one.confidence,
        "datum_status": source.datum_status,
        "geometry": area,
    }

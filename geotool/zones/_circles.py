"""Zones of lakes, reservoirs and wells: by radius, the whole water, the catchment."""

import shapely
from shapely.geometry.base import BaseGeometry

from geotool.zones._ground import Ground
from geotool.zones._plan import Notes
from geotool.zones._rules import Extent, level_words, table_number
from geotool.zones._sources import Source

CIRCLE_SEGMENTS = 64
"""Chords a quarter circle is drawn with; a radius of 1 km is short by 8 cm at most."""


def round_levels(
    source: Source, ground: Ground, notes: Notes
) -> list[tuple[Extent, BaseGeometry, str]]:
    """
    Draw the levels of a source that does not lie on a river.

    Returns
    -------
    list of (Extent, area, basis)
        A level whose polygon is not given is noted and left out.
    """
    lake = None
    if source.kind != "groundwater" and source.rule.extents:
        lake = _lake(source, ground, notes)
    found = []
    for extent in source.rule.extents:
        if extent.area == "catchment":
            area = ground.basin(source.source_id, source.point)
            basis = "汇水区"
        elif extent.area == "water":
            area = None if lake is None else _with_land(lake, lake, extent.land_m)
            basis = "岸线"
        else:
            area, basis = _round(source, extent, lake, notes)
        if area is None:
            _note_missing(source, extent, notes)
        else:
            found.append((extent, area, basis))
    return found


def _lake(source: Source, ground: Ground, notes: Notes) -> BaseGeometry | None:
    """Find the water the intake lies in or by."""
    within_m = max(
        source.rule.extents[0].radius_m, table_number("along", "lake_search_m")
    )
    lake = ground.lake(source.point, within_m)
    if lake is None and len(ground.water):
        notes.add(
            source.source_id,
            "warning",
            "取水口附近没有水面多边形，圆形范围未裁剪",
            "no water polygon is near the intake; the circle is not cut",
        )
    return lake


def _round(
    source: Source, extent: Extent, lake: BaseGeometry | None, notes: Notes
) -> tuple[BaseGeometry, str]:
    circle = shapely.buffer(source.point, extent.radius_m, quad_segs=CIRCLE_SEGMENTS)
    if lake is None:
        return circle, "取水口"
    wet = shapely.intersection(circle, lake)
    if extent.land_m == 0:
        notes.add(
            source.source_id,
            "warning",
            "规则表无湖库陆域深度，只含水域部分",
            "the rule gives no land depth for lakes; only the water is drawn",
        )
    return _with_land(wet, lake, extent.land_m), "岸线"


def _with_land(wet: BaseGeometry, lake: BaseGeometry, land_m: float) -> BaseGeometry:
    """Add the land by the water; the lake beyond the radius is no land."""
    if land_m == 0:
        return wet
    land = shapely.buffer(wet, land_m, quad_segs=CIRCLE_SEGMENTS)
    return shapely.union(wet, shapely.difference(land, lake))


def _note_missing(source: Source, extent: Extent, notes: Notes) -> None:
    zh, en = level_words(extent.level)
    what, what_en, keyword = (
        ("整个汇水区", "the whole catchment", "catchments")
        if extent.area == "catchment"
        else ("全部水域", "the whole water", "water")
    )
    notes.add(
        source.source_id,
        "error",
        f"{zh}保护区为{what}，没有所需多边形（{keyword}），该级未计算保护区",
        f"{en} is {what_en}; its polygon is not given ({keyword}), it is not drawn",
    )

"""What a sheet of the atlas says of a source, its zones and what lies in them."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from geotool._angles import format_angle
from geotool.crs import reproject, require_crs, to_degrees
from geotool.errors import LayerError
from geotool.maps._style import layer_label
from geotool.report._atlas_points import DMS_DECIMALS
from geotool.schema import canonical_value, layer_kind
from geotool.zones import (
    ZonePlan,
    screen_lines,
    screen_points,
    screen_polygons,
)
from geotool.zones._approved import canonical_level
from geotool.zones._area import areas_m2
from geotool.zones._plan import DRAFT_ZH, NOTE_COLUMNS, text_of, zone_table
from geotool.zones._rules import level_words
from geotool.zones._sources import check_sources

CONFLICT_COLUMNS = (
    "layer",
    "id",
    "name",
    "grade",
    "grade_zh",
    "zone_name",
    "distance_m",
    "overlap_m",
    "overlap_m2",
    "clause",
    "reason",
)
_FACTS = ("river", "kind", "level", "status", "plant", "target_class")
_KINDS = {
    "large_river": "河流型（大河）",
    "river": "河流型",
    "tidal_river": "感潮河流型",
    "lake": "湖泊型",
    "reservoir": "水库型",
    "groundwater": "地下水型",
}
_ORDER = {"conflict": 0, "attention": 1, "uncertain": 2}
_MARKS = {"V": "两处来源", "1": "一处来源", "M": "记忆或假定值，请核对"}


def source_table(water_sources: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Check the register; ids and names as texts, a source without a name has its id."""
    check_sources(water_sources)
    made = water_sources.copy()
    made["water_source_id"] = made["water_source_id"].map(text_of)
    names = made["name"].map(text_of) if "name" in made else made["water_source_id"]
    made["name"] = names.where(names != "", made["water_source_id"])
    return made


def protection_rows(
    zones: ZonePlan | gpd.GeoDataFrame, crs: Any
) -> tuple[ZonePlan, tuple[str, ...]]:
    """
    Take the protection zones of a plan or of a layer.

    Returns
    -------
    plan : ZonePlan
    left_out : tuple of str
        Words on what has no source, and so no sheet.
    """
    if isinstance(zones, ZonePlan):
        layer, notes, rule = zones.zones, zones.notes, zones.rule
    else:
        layer, rule = zones, ""
        notes = pd.DataFrame(columns=list(NOTE_COLUMNS), dtype=object)
    require_crs(layer, "zones")
    rows = [
        _zone_row(row, shape)
        for row, shape in zip(
            pd.DataFrame(layer.drop(columns=layer.geometry.name)).to_dict("records"),
            reproject(layer, crs).geometry,
            strict=True,
        )
        if _is_protection(row) and shape is not None and not shape.is_empty
    ]
    owned = [row for row in rows if row["water_source_id"]]
    lost = len(rows) - len(owned)
    said = (f"{lost} 个保护区没有水源地编号，未入图集",) if lost else ()
    table = zone_table(sorted(owned, key=lambda row: str(row["level"] or "9")), crs)
    return ZonePlan(zones=table, notes=notes, rule=rule), said


def _is_protection(row: dict[Any, Any]) -> bool:
    kind = text_of(row.get("kind"))
    return not kind or canonical_value(kind, "zones", "kind") == "protection"


def _zone_row(row: dict[Any, Any], shape: Any) -> dict[str, Any]:
    level = canonical_level(row.get("level"))
    status = canonical_value(text_of(row.get("status")), "zones", "status")
    return {
        **row,
        "level": level,
        "level_zh": level_words(level)[0],
        "water_source_id": text_of(row.get("water_source_id")),
        "status": status or "draft",  # nobody said that it was approved
        "geometry": shapely.make_valid(shape),
    }


def zone_facts(
    rings: gpd.GeoDataFrame, cumulative: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Give each level as it is drawn on the ground, with its areas on the ellipsoid."""
    made = cumulative.copy()
    made["ring_km2"] = areas_m2(rings) / 1e6
    made["area_km2"] = areas_m2(cumulative) / 1e6
    made["status_zh"] = [
        "已批复" if status == "approved" else "草案" for status in made["status"]
    ]
    for column in ("zone_id", "name", "approval", "rule", "basis", "confidence"):
        made[column] = made[column].map(text_of)
    return made


def source_facts(here: gpd.GeoDataFrame, source_id: str) -> tuple[tuple[str, str], ...]:
    """List what the register says; nothing personal, nothing empty."""
    facts = [("水源地编号", source_id)]
    if not len(here):
        return (*facts, ("登记", "水源地名录中没有此编号"))
    row = here.iloc[0]
    columns = layer_kind("water_sources").columns
    facts.append(("名称", row["name"]))
    for column in _FACTS:
        text = text_of(row.get(column))
        if text:
            label = columns[column].label
            facts.append((label, _KINDS.get(text, text) if column == "kind" else text))
    facts.append(("取水口", _where(here)))
    return tuple(facts)


def _where(here: gpd.GeoDataFrame) -> str:
    place = here.geometry.iloc[0]
    if place is None or place.is_empty:
        return "没有坐标"
    degrees = shapely.get_coordinates(to_degrees(here).geometry.iloc[0])[0]
    return "，".join(
        format_angle(float(value), decimals=DMS_DECIMALS) for value in degrees
    )


def _by_shape(table: gpd.GeoDataFrame) -> list[tuple[Any, gpd.GeoDataFrame]]:
    """Part a layer by what can be held against zones; what has no shape is a point."""
    kinds = table.geom_type.fillna("Point")
    is_line, is_area = kinds.str.endswith("LineString"), kinds.str.endswith("Polygon")
    return [
        (screen_points, table[~is_line & ~is_area]),
        (screen_lines, table[is_line]),
        (screen_polygons, table[is_area]),
    ]


def _met(found: pd.DataFrame, layer: str) -> pd.DataFrame:
    """Give what was met under the columns of the atlas."""
    ids = [name for name in found.columns if name.endswith("_id") and name != "zone_id"]
    made = found.reindex(columns=list(CONFLICT_COLUMNS))
    made["layer"] = layer
    made["id"] = found[ids[0]].map(text_of) if ids else ""
    made["name"] = found["name"].map(text_of) if "name" in found else ""
    # a place that is not known is a fault of the register, not of this source
    return made[made["grade"].isin(list(_ORDER)) & made["distance_m"].notna()]


def conflict_table(
    screened: Mapping[str, gpd.GeoDataFrame],
    rings: gpd.GeoDataFrame,
    on: dt.date | None,
) -> pd.DataFrame:
    """Hold layers against the zones of one source; what is clear is left out."""
    parts = []
    for layer, table in screened.items():
        for screen, some in _by_shape(table):
            if not len(rings) or not len(some):
                continue
            try:
                found = pd.DataFrame(screen(some, rings, on=on))
            except LayerError as error:
                raise LayerError(
                    f"{layer}：{error.zh}", f"{layer}: {error.en}"
                ) from None
            parts.append(_met(found, layer_label(layer)))
    if not parts:
        return pd.DataFrame(columns=list(CONFLICT_COLUMNS))
    met = pd.concat(parts, ignore_index=True)
    order = met["grade"].map(_ORDER)
    return met.assign(order=order).sort_values(
        ["order", "distance_m"], kind="stable", ignore_index=True
    )[list(CONFLICT_COLUMNS)]


def source_notes(
    plan: ZonePlan,
    source_id: str,
    rings: gpd.GeoDataFrame,
    here: gpd.GeoDataFrame,
    thinning: pd.DataFrame,
) -> tuple[str, ...]:
    """Say what is to be known before the sheet is used, the gravest first."""
    notes = []
    drafts = rings[rings["status"] != "approved"]
    if len(drafts):
        notes.append(f"本图保护区为{DRAFT_ZH}，不作执法和审批依据")
    if not len(rings):
        notes.append("没有划出保护区")
    status = text_of(here.iloc[0].get("datum_status")) if len(here) else ""
    if status in ("", "unknown"):
        notes.append("水源地坐标基准不明（若为 GCJ-02 偏约 500 m），坐标不可直接使用")
    own = plan.notes[plan.notes["water_source_id"] == source_id]
    ranked = {"error": 0, "warning": 1, "info": 2}
    order = own["severity"].map(ranked).sort_values(kind="stable").index
    notes += [str(own.loc[index, "note"]) for index in order]
    weakest = [mark for mark in ("M", "1") if (drafts["confidence"] == mark).any()]
    if weakest:
        notes.append(f"划定用数的最低把握：{_MARKS[weakest[0]]}")
    notes += _thinning_words(thinning)
    if len(drafts):
        general = plan.notes[plan.notes["water_source_id"] == ""]
        notes += [str(note) for note in general["note"] if DRAFT_ZH not in str(note)]
    return tuple(dict.fromkeys(notes))


def _thinning_words(thinning: pd.DataFrame) -> list[str]:
    if not len(thinning):
        return []
    thinned = thinning[thinning["tolerance_m"] > 0]
    kept = thinning[thinning["tolerance_m"] == 0]
    words = []
    if len(kept):
        words.append(f"拐点未抽稀的分区 {len(kept)} 个，共 {kept['n_points'].sum()} 点")
    if len(thinned):
        change = thinned["area_change_share"].abs().max()
        words.append(
            f"拐点由 {thinned['n_before'].sum()} 个抽稀为 {thinned['n_points'].sum()} 个："
            f"容差 {thinned['tolerance_m'].iloc[0]:g} m，"
            f"最大偏移 {thinned['max_offset_m'].max():.1f} m，面积最多变化 {change:.2%}"
        )
    return words

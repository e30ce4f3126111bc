"""Water sources made ready: kind, rule, and place on the network."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point

from geotool.crs import reproject, require_crs
from geotool.errors import LayerError
from geotool.locate import locate_points
from geotool.network import RiverNetwork
from geotool.schema import canonical_value
from geotool.tables import load_table
from geotool.zones._along import Intake, Waterway
from geotool.zones._ground import Ground
from geotool.zones._plan import Notes, text_of
from geotool.zones._rules import KindRule, ZoneRule, table_number


@dataclass(frozen=True)
class Source:
    """One water source on its way to zones; ``point`` is in metres."""

    source_id: str
    name: str
    river: str
    kind: str
    status: str
    rule: KindRule
    datum_status: str | None
    point: Point


def check_sources(sources: gpd.GeoDataFrame) -> None:
    require_crs(sources, "water_sources")
    if "water_source_id" not in sources.columns:
        raise LayerError(
            "水源地图层没有 water_source_id（水源地编号）列；"
            "请用 gt.read_layer(…, 'water_sources') 导入。",
            "The water sources lack the column water_source_id; "
            "import them with gt.read_layer(…, 'water_sources').",
        )
    ids = sources["water_source_id"].map(text_of)
    bad = ids[ids.duplicated() | (ids == "")]
    if len(bad):
        raise LayerError(
            f"水源地编号应唯一且不为空，得到 {bad.iloc[0]!r}；请补编号或改名。",
            f"Water source ids must be unique and not empty, got {bad.iloc[0]!r}; "
            "number them.",
        )
    shapes = set(sources.geom_type.dropna()) - {"Point"}
    if shapes:
        raise LayerError(
            f"水源地应为点（取水口），得到 {'、'.join(sorted(shapes))}。",
            f"Water sources must be points (intakes), got {', '.join(sorted(shapes))}.",
        )


def prepare_sources(
    table: gpd.GeoDataFrame, crs: Any, rule: ZoneRule, ground: Ground, notes: Notes
) -> list[Source]:
    """Bring sources to metres and read their kind; those without a place drop out."""
    placed = ~(table.geometry.isna() | table.geometry.is_empty)
    for value in table.loc[~placed, "water_source_id"]:
        notes.add(
            text_of(value),
            "error",
            "水源地没有坐标，未计算保护区",
            "the water source has no coordinates; no zone",
        )
    if not placed.any():
        return []
    moved = reproject(table[placed], crs)
    shapes = np.asarray(moved.geometry, dtype=object)
    return [
        _source(row, point, rule, ground, notes)
        for row, point in zip(moved.to_dict("records"), shapes, strict=True)
    ]


def _source(
    row: dict[Any, Any], point: Point, rule: ZoneRule, ground: Ground, notes: Notes
) -> Source:
    source_id = text_of(row["water_source_id"])
    kind = _kind(source_id, row.get("kind"), rule, notes)
    column = rule.variant_column(kind)
    variant = text_of(row.get(column)) if column else ""
    size = _size(row, point, rule.size_column(kind), ground)
    kind_rule = rule.kind_rule(kind, variant, size=size)
    severity = "warning" if kind_rule.extents else "error"
    for zh, en in kind_rule.notes:
        notes.add(source_id, severity, zh, en)
    datum = text_of(row.get("datum_status")) or None
    if datum == "unknown":
        notes.add(
            source_id,
            "warning",
            "水源地坐标基准不明，保护区位置可能偏移约 500 m",
            "the datum of the water source is unknown; its zones may be off by "
            "about 500 m",
        )
    status = text_of(row.get("source_status")) or text_of(row.get("status"))
    _note_status(source_id, status, notes)
    return Source(
        source_id=source_id,
        name=text_of(row.get("name")) or source_id,
        river=text_of(row.get("river")),
        kind=kind,
        status=status,
        rule=kind_rule,
        datum_status=datum,
        point=point,
    )


def _size(
    row: dict[Any, Any], point: Point, column: str, ground: Ground
) -> float | None:
    """Give the size a rule tells variants by: of the register, or of the water."""
    value = pd.to_numeric(text_of(row.get(column)), errors="coerce") if column else None
    if value is not None and value > 0:
        return float(value)
    if column != "water_km2":
        return None
    lake = ground.lake(point, table_number("along", "lake_search_m"))
    return None if lake is None else float(lake.area) / 1e6


def _note_status(source_id: str, status: str, notes: Notes) -> None:
    """Say what the state of a source means to its zones."""
    for row in load_table("zones")["source_status"]:
        if any(word in status.lower() for word in row["words"]):
            notes.add(
                source_id,
                row["severity"],
                f"使用状态“{status}”：{row['zh']}",
                f"status {status!r}: {row['en']}",
            )
            return


def _kind(source_id: str, value: object, rule: ZoneRule, notes: Notes) -> str:
    text = text_of(value)
    kind = canonical_value(text, "water_sources", "kind") if text else None
    if kind is not None:
        return kind
    got, got_en = (
        (f"{text!r} 不认识", f"{text!r} is unknown")
        if text
        else (
            "未填",
            "is missing",
        )
    )
    notes.add(
        source_id,
        "warning",
        f"水源类型{got}，按 {rule.default_kind} 计算",
        f"the kind {got_en}; computed as {rule.default_kind}",
    )
    return rule.default_kind


def locate_sources(
    sources: list[Source],
    network: RiverNetwork | None,
    max_offset_m: float,
    crs: Any,
    notes: Notes,
) -> dict[str, Intake]:
    """Put river sources on the network; distances count from the bank."""
    rivers = [source for source in sources if source.rule.shape == "river"]
    if network is None or len(network.reaches) == 0:
        for source in rivers:
            notes.add(
                source.source_id,
                "error",
                "没有河网，河流型水源无法计算保护区",
                "there is no network; no zone for a source on a river",
            )
        return {}
    if not rivers:
        return {}
    layer = gpd.GeoDataFrame(
        {
            "water_source_id": [source.source_id for source in rivers],
            "river": [source.river or None for source in rivers],
        },
        geometry=[source.point for source in rivers],
        crs=crs,
    )
    widths = Waterway(network).width_m
    widest = max(
        widths.max(skipna=True) if widths.notna().any() else 0.0,
        *(source.rule.assumed_width_m for source in rivers),
        0.0,
    )
    found = locate_points(layer, network, max_offset_m=max_offset_m + widest / 2)
    intakes = {}
    for source, row in zip(rivers, found.to_dict("records"), strict=True):
        intake = _intake(source, row, widths, max_offset_m, notes)
        if intake is not None:
            _note_river(source, intake, network, notes)
            intakes[source.source_id] = intake
    return intakes


def _intake(
    source: Source,
    row: dict[Any, Any],
    widths: pd.Series,
    max_offset_m: float,
    notes: Notes,
) -> Intake | None:
    reach_id = text_of(row["reach_id"])
    offset_m = float(row["offset_m"])
    width = widths.get(reach_id, float("nan"))
    half = (source.rule.assumed_width_m if pd.isna(width) else float(width)) / 2
    if not reach_id or row["located"] == "far" or offset_m - half > max_offset_m:
        notes.add(
            source.source_id,
            "error",
            f"水源地距最近河段岸边超过 {max_offset_m:g} m，未计算保护区；"
            "请核对坐标或河网，或放宽 max_offset_m",
            f"the water source lies more than {max_offset_m:g} m from the bank of any "
            "reach; no zone. Check coordinates and network, or raise max_offset_m",
        )
        return None
    if row["located"] == "ambiguous":
        other = text_of(row.get("runner_up_reach_id"))
        notes.add(
            source.source_id,
            "warning",
            f"水源地落在哪条河段有歧义：取 {reach_id}，另有 {other}，请核对",
            f"the reach of the water source is ambiguous: {reach_id} is taken, {other} "
            "is as near; check it",
        )
    return Intake(
        source_id=source.source_id,
        point=source.point,
        reach_id=reach_id,
        measure_m=float(row["measure_m"]),
        offset_m=offset_m,
    )


def _note_river(
    source: Source, intake: Intake, network: RiverNetwork, notes: Notes
) -> None:
    """Doubt a place whose river has another name than the register says."""
    position = network.reach_position[intake.reach_id]
    name = text_of(network.reaches["name"].iloc[position])
    if source.river and name and source.river not in name and name not in source.river:
        notes.add(
            source.source_id,
            "warning",
            f"登记水体为“{source.river}”，最近河段为“{name}”，请核对",
            f"the register says {source.river!r}, the nearest reach is {name!r}; "
            "check it",
        )

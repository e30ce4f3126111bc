"""Zones that an authority approved; they override whatever is computed."""

from typing import Any

import geopandas as gpd
import shapely

from geotool.crs import reproject, require_crs
from geotool.errors import LayerError
from geotool.schema import canonical_value
from geotool.zones._bands import only_areas
from geotool.zones._plan import Notes, text_of, zone_name
from geotool.zones._rules import LEVELS, level_words


def canonical_level(value: object) -> str | None:
    """
    Read the level of a zone; None when it is missing or unknown.

    Examples
    --------
    >>> canonical_level("二级"), canonical_level(1.0), canonical_level("核心")
    ('2', '1', None)
    """
    return canonical_value(text_of(value), "zones", "level")


def approved_rows(
    approved: gpd.GeoDataFrame | None, *, crs: Any, notes: Notes
) -> list[dict[str, Any]]:
    """
    Take over the approved protection zones.

    Parameters
    ----------
    approved : GeoDataFrame or None
        A ``zones`` layer. Rows of another kind, or whose status is ``draft``, are
        left out with a note, and so are rows without an area.
    crs : anything pyproj understands
        System of the result.
    notes : Notes

    Raises
    ------
    LayerError
        If the layer has no column ``water_source_id``.
    """
    if approved is None or len(approved) == 0:
        return []
    require_crs(approved, "approved")
    if "water_source_id" not in approved.columns:
        raise LayerError(
            "批复保护区图层没有 water_source_id（水源地编号）列，无法与水源地对应；"
            f"图层有：{'、'.join(map(str, approved.columns))}。",
            "The approved zones lack the column water_source_id, which ties them to "
            f"water sources; the layer has {', '.join(map(str, approved.columns))}.",
        )
    moved = reproject(approved, crs)
    records = moved.drop(columns=moved.geometry.name).to_dict("records")
    rows = [
        _row(record, geometry, number=number, notes=notes)
        for number, (record, geometry) in enumerate(
            zip(records, moved.geometry, strict=True), start=1
        )
    ]
    kept = [row for row in rows if row is not None]
    _note_levels(kept, notes)
    return _with_ids(kept)


def _row(
    record: dict[Any, Any], geometry: Any, *, number: int, notes: Notes
) -> dict[str, Any] | None:
    source = text_of(record.get("water_source_id"))
    reason = _unfit(record, geometry)
    if reason:
        notes.add(
            source,
            "warning",
            f"批复图层第 {number} 行未采用：{reason[0]}",
            f"row {number} of the approved layer is not used: {reason[1]}",
        )
        return None
    if not shapely.is_valid(geometry):
        notes.add(
            source,
            "warning",
            f"批复图层第 {number} 行图形自相交，已修复后采用，请核对",
            f"row {number} of the approved layer crosses itself; a mended shape is "
            "used, check it",
        )
        geometry = only_areas(geometry, min_area=0.0)  # may be in degrees
    level = canonical_level(record.get("level"))
    if level is None:
        notes.add(
            source,
            "warning",
            f"批复图层第 {number} 行级别 {text_of(record.get('level'))!r} 不明，"
            "落入其中的点判为存疑",
            f"row {number} of the approved layer has no known level; points in it are "
            "uncertain",
        )
    return {
        "zone_id": text_of(record.get("zone_id")),
        "name": text_of(record.get("name")) or zone_name(source, level),
        "kind": "protection",
        "level": level,
        "level_zh": level_words(level)[0],
        "water_source_id": source or None,
        "status": "approved",
        "approval": text_of(record.get("approval")) or None,
        "rule": text_of(record.get("rule")) or None,
        "basis": "批复图形",
        "confidence": "",
        "datum_status": text_of(record.get("datum_status")) or None,
        "note": text_of(record.get("note")) or None,
        "geometry": geometry,
    }


def _unfit(record: dict[Any, Any], geometry: Any) -> tuple[str, str] | None:
    """Say why a row is not an approved protection zone, or None."""
    kind, status = text_of(record.get("kind")), text_of(record.get("status"))
    if kind and canonical_value(kind, "zones", "kind") != "protection":
        return f"类型为 {kind!r}，不是保护区", f"its kind is {kind!r}"
    if status and canonical_value(status, "zones", "status") != "approved":
        return f"状态为 {status!r}，不是已批复", f"its status is {status!r}"
    # a shape that crosses itself may have no area until it is mended
    if geometry is None or shapely.make_valid(geometry).area == 0:
        return "没有面积", "it has no area"
    return None


def _note_levels(rows: list[dict[str, Any]], notes: Notes) -> None:
    """Tell when a source's approved set lacks a level of the legal zone."""
    for source in sorted({row["water_source_id"] or "" for row in rows}):
        mine = [row for row in rows if (row["water_source_id"] or "") == source]
        have = {row["level"] for row in mine}
        missing = [level for level in LEVELS[:2] if level not in have]
        if not source:
            notes.add(
                "",
                "warning",
                f"批复图层有 {len(mine)} 个分区没有水源地编号，已采用，"
                "但不能替代计算的草案",
                f"{len(mine)} approved zones name no water source; they are used but "
                "replace no draft",
            )
        elif missing:
            words = "、".join(level_words(level)[0] for level in missing)
            notes.add(
                source,
                "warning",
                f"已批复图形缺{words}保护区；按批复采用，未补算草案，请核对批复文件",
                f"the approved set has no level {', '.join(missing)}; no draft is "
                "added, check the approval",
            )


def _with_ids(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give an id to rows without one, distinct from all others."""
    taken = {row["zone_id"] for row in rows}
    for row in rows:
        if not row["zone_id"]:
            stem = f"ZN-{row['water_source_id'] or ''}-{row['level'] or 'x'}-P"
            number = 1
            while f"{stem}{number}" in taken:
                number += 1
            row["zone_id"] = f"{stem}{number}"
            taken.add(row["zone_id"])
    return rows

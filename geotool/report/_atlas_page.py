"""A sheet of the atlas as a figure, and its tables in words."""

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geotool.crs import metric_crs, reproject, to_degrees
from geotool.maps._style import class_entries
from geotool.maps.sheet_figures import Block, plot_sheet
from geotool.tables import load_table

if TYPE_CHECKING:
    from geotool.report._atlas import AtlasSheet

_LEAST_HALF_M = 600.0
"""Half the width of a map round a source without zones."""

_CHINA = (73.0, 18.0, 135.0, 54.0)

_MOST_CONFLICTS, _MOST_NOTES = 8, 9

Rows = list[tuple[str, ...]]
ZONE_HEADER = ("级别", "性质", "面积 km²", "累计 km²", "依据／批复文号")
POINT_HEADER = ("点号", "经度", "纬度", "X（北）m", "Y（东）m")
CONFLICT_HEADER = ("对象", "判定", "距边界 m／重叠", "条款")


def zone_rows(sheet: "AtlasSheet") -> Rows:
    """Give the table of zones in words."""
    return [
        (
            f"{row['level_zh']}保护区" if row["level"] else row["level_zh"],
            row["status_zh"],
            _km2(row["ring_km2"]),
            _km2(row["area_km2"]),
            row["approval"]
            or "；".join(filter(None, (_rule(row["rule"]), row["basis"]))),
        )
        for row in sheet.zones.to_dict("records")
    ]


def _rule(key: str) -> str:
    """Call a rule as a person does; one of the user's own keeps its name."""
    return str(load_table("zones")["rules"].get(key, {}).get("zh", key))


def _km2(value: float) -> str:
    return f"{value:.4f}" if value < 1 else f"{value:.3f}"


def conflict_rows(sheet: "AtlasSheet") -> Rows:
    """Give the table of conflicts in words."""
    if sheet.conflicts is None:
        return []
    return [
        (
            " ".join(dict.fromkeys(filter(None, (row["id"], row["name"])))),
            row["grade_zh"],
            _where(row),
            row["clause"] if isinstance(row["clause"], str) else "",
        )
        for row in sheet.conflicts.to_dict("records")
    ]


def _where(row: dict[Any, Any]) -> str:
    """Say how far a point is from the edge, or how much of a line or area is inside."""
    for column, unit in (("overlap_m2", "m²"), ("overlap_m", "m")):
        if row[column] > 0:
            return f"重叠 {row[column]:.0f} {unit}"
    return f"{row['distance_m']:.0f}"


def conflict_words(sheet: "AtlasSheet") -> str:
    """Say what the table of conflicts leaves open."""
    if sheet.conflicts is None:
        return "未做筛查：没有给出排污口等对象"
    if not len(sheet.zones):
        return "没有保护区可比对"
    if not len(sheet.conflicts):
        return "筛查对象都在本水源地保护区外"
    return "距边界：内为负。疑似违法、须核对的均为筛查结果，须现场核实。"


def point_rows(points: pd.DataFrame) -> Rows:
    """Give the table of boundary points in words."""
    return [
        (
            str(row["label"]),
            str(row["lon_dms"]),
            str(row["lat_dms"]),
            f"{row['x_north_m']:.1f}",
            f"{row['y_east_m']:.1f}",
        )
        for row in points.to_dict("records")
    ]


def grid_words(sheet: "AtlasSheet") -> str:
    """Name the plane system that X and Y are in."""
    if not len(sheet.points):
        return ""
    crs = metric_crs(float(sheet.points["lon"].min() + sheet.points["lon"].max()) / 2)
    # the name ends in the central meridian
    return f"X、Y：{crs.name}（EPSG:{crs.to_epsg()}），Y 不含带号"


def draw_sheet(sheet: "AtlasSheet") -> Any:
    """Draw a sheet of the atlas, A3 landscape."""
    marks = _marks(sheet)
    # the legend counts what is in view; the drafts of others are not this sheet's
    layers = dict(sheet.layers)
    if len(sheet.rings):
        layers["zones"] = sheet.rings
    return plot_sheet(
        layers,
        _blocks(sheet),
        marks=marks,
        title=sheet.title,
        subtitle=f"{sheet.source_id}　{_areas(sheet)}",
        notice=sheet.notice,
        source=sheet.source,
        date=sheet.date,
        extent=_extent(sheet),
    )


def _areas(sheet: "AtlasSheet") -> str:
    return "　".join(f"{row[0]} {row[2]} km²" for row in zone_rows(sheet))


def _marks(sheet: "AtlasSheet") -> gpd.GeoDataFrame:
    color = {
        entry["value"]: entry.get("print", entry["color"])
        for entry in class_entries("zone")
    }
    marks = sheet.points[["label", "level", sheet.points.geometry.name]].copy()
    marks["color"] = [color.get(level, "#5a4a42") for level in marks["level"]]
    return marks


def _blocks(sheet: "AtlasSheet") -> list[Block]:
    conflicts, said = conflict_rows(sheet), conflict_words(sheet)
    more = "，见 Word 文档"
    return [
        Block("基本信息", list(sheet.facts), (0.2, 0.8)),
        Block(
            "保护区与面积",
            zone_rows(sheet),
            (0.17, 0.11, 0.14, 0.14, 0.44),
            header=ZONE_HEADER,
        ),
        Block(
            "冲突筛查",
            conflicts or [(said,)],
            (0.4, 0.13, 0.17, 0.3) if conflicts else (1.0,),
            header=CONFLICT_HEADER if conflicts else (),
            most_rows=_MOST_CONFLICTS,
            more=more,
        ),
        Block(
            "说明",
            [(f"· {note}",) for note in sheet.notes],
            most_rows=_MOST_NOTES,
            more=more,
            size=8.0,
        ),
        Block(
            "保护区边界拐点坐标（CGCS2000，度分秒）",
            [row[:3] for row in point_rows(sheet.points)],
            (0.18, 0.42, 0.4),
            header=POINT_HEADER[:3],
            across=3,
            more="，见 Word 文档和拐点坐标表",
            size=7.0,
        ),
    ]


def _extent(sheet: "AtlasSheet") -> tuple[float, float, float, float]:
    """Bounds of the zones, or a little round the source."""
    if len(sheet.rings):
        west, south, east, north = to_degrees(sheet.rings).total_bounds
        margin = 0.08 * max(east - west, north - south)
        return west - margin, south - margin, east + margin, north + margin
    register = sheet.layers["water_sources"]
    placed = register[register.geometry.notna() & ~register.geometry.is_empty]
    here = placed[placed["water_source_id"] == sheet.source_id]
    if not len(here):  # no place of its own: where the others are, or China
        if not len(placed):
            return _CHINA
        west, south, east, north = to_degrees(placed).total_bounds
        return float(west), float(south), float(east), float(north)
    metric = metric_crs(float(to_degrees(here).total_bounds[0]))
    near = reproject(here, metric).buffer(_LEAST_HALF_M)
    west, south, east, north = to_degrees(gpd.GeoDataFrame(geometry=near)).total_bounds
    return float(west), float(south), float(east), float(north)

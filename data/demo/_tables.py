"""All other tables of the demo, as bureaus would hold them."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from demo import INVENTED, NOTE
from demo import _facts as facts
from demo._curves import chance, river_lines
from demo._layout import CANALS, CRS, LINES, OPERATOR, STRUCTURES, Line
from demo._outfalls import FISH, INDUSTRY, LIVESTOCK, PARK, PORT, TOWN_WORKS, Outfall
from demo._places import (
    SECTION_PLACES,
    SOURCE_PLACES,
    TOWNSHIPS,
    YANGZHONG_PLACES,
    degrees,
    structure_points,
    township_at,
    township_polygons,
)

_PLACE_NOTE = f"坐标{NOTE}"


def rivers(velocity: dict[str, float]) -> gpd.GeoDataFrame:
    """River lines as drawn; field names fit the ten bytes a shapefile gives them."""
    rows = [_river(line, velocity) for line in LINES]
    shapes = [river_lines()[line.river_id] for line in LINES]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=CRS)


def _river(line: Line, velocity: dict[str, float]) -> dict[str, object]:
    canal = CANALS[line.canal]
    invented = "；河名虚构" if canal.invented else ""
    return {
        "河流编号": line.river_id,
        "河流名称": line.canal,
        "河流等级": canal.rank,
        "水体类型": "湖泊" if canal.rank == "湖库" else "河流",
        "流向": line.direction or None,
        "河宽": canal.width_m,
        "水深": canal.depth_m,
        "流速": velocity.get(line.river_id) if line.has_velocity else None,
        "街道": line.township,
        "备注": f"{NOTE}{invented}",
    }


def structures() -> pd.DataFrame:
    """Gates, pumps, a culvert, a siphon and a weir."""
    points = structure_points()
    rows = []
    for row in STRUCTURES:
        lon, lat = degrees(points[row.structure_id])
        rows.append(
            {
                "建筑物编号": row.structure_id,
                "建筑物名称": row.name,
                "建筑物类型": row.kind,
                "进出水": row.role,
                "启闭状态": row.state,
                "所在河流": row.river,
                "设计流量（m³/s）": row.capacity_m3_s,
                "管理单位": OPERATOR,
                "经度": lon,
                "纬度": lat,
                "备注": f"{NOTE}，状态与流量{INVENTED}"
                + (f"；{row.note}" if row.note else ""),
            }
        )
    return pd.DataFrame(rows)


def sections_nantong() -> pd.DataFrame:
    """Sections of the Nantong zone, from table 1 of the plan."""
    rows = [(*row, facts.NANTONG_TABLE_1) for row in facts.NANTONG_SECTIONS]
    table = pd.DataFrame(rows, columns=list(facts.SECTION_COLUMNS))
    places = {name: degrees(place.point) for name, place in SECTION_PLACES.items()}
    return _with_places(table, "断面编号", places)


def sections_yangzhong() -> pd.DataFrame:
    """Sections of Yangzhong, from table 2 of the plan."""
    rows = [(*row, facts.YANGZHONG_TABLE_2) for row in facts.YANGZHONG_SECTIONS]
    table = pd.DataFrame(rows, columns=list(facts.SECTION_COLUMNS))
    return _with_places(table, "断面编号", YANGZHONG_PLACES)


def water_sources_nantong() -> pd.DataFrame:
    """Drinking-water sources of the Nantong zone, from table 2 of the plan."""
    rows = [(*row, facts.NANTONG_TABLE_2) for row in facts.NANTONG_WATER_SOURCES]
    table = pd.DataFrame(rows, columns=list(facts.WATER_SOURCE_COLUMNS))
    places = {name: degrees(place.point) for name, place in SOURCE_PLACES.items()}
    return _with_places(table, "水源地编号", places)


def water_sources_yangzhong() -> pd.DataFrame:
    """Drinking-water sources of Yangzhong, from table 3 of the plan."""
    rows = [(*row, facts.YANGZHONG_TABLE_3) for row in facts.YANGZHONG_WATER_SOURCES]
    table = pd.DataFrame(rows, columns=list(facts.WATER_SOURCE_COLUMNS))
    return _with_places(table, "水源地编号", YANGZHONG_PLACES)


def _with_places(
    table: pd.DataFrame, key: str, places: dict[str, tuple[float, float]]
) -> pd.DataFrame:
    lon, lat = zip(*(places[name] for name in table[key]), strict=True)
    return table.assign(经度=lon, 纬度=lat, 备注=_PLACE_NOTE)


def projects() -> pd.DataFrame:
    """Projects of the Nantong zone; facts of the plan, without a place."""
    rows = [(*row, facts.NANTONG_PROJECTS) for row in facts.NANTONG_PROJECTS_ROWS]
    table = pd.DataFrame(rows, columns=list(facts.PROJECT_COLUMNS))
    table["投资（万元）"] = table["投资（万元）"].astype("Int64")
    return table.assign(备注="计划原文，无坐标；示例数据其余部分为示意，非实测")


_TRADES = {
    INDUSTRY: ("金属表面处理", "印染", "化纤", "电子专用材料", "食品制造", "建材"),
    PARK: ("工业污水集中处理",),
    TOWN_WORKS: ("城镇污水处理",),
    LIVESTOCK: ("畜禽养殖",),
    FISH: ("水产养殖",),
    PORT: ("港口码头",),
}


def factories(outfalls: list[Outfall]) -> pd.DataFrame:
    """Enterprises behind the outfalls with a permit, some way inland of each."""
    rows = []
    for outfall in outfalls:
        if outfall.category not in _TRADES:
            continue
        number = int(outfall.outfall_id[2:])
        trades = _TRADES[outfall.category]
        trade = trades[int(len(trades) * chance("trade", number))]
        angle = 2 * np.pi * chance("angle", number)
        away = 90 + 140 * chance("away", number)
        here = outfall.point
        place = shapely.Point(
            here.x + away * np.cos(angle), here.y + away * np.sin(angle)
        )
        lon, lat = degrees(place)
        name = outfall.name if outfall.tale else f"示例{trade}单位{number}（模拟）"
        rows.append(
            {
                "污染源编号": f"WR{number:03d}",
                "污染源名称": name,
                "行业类别": trade,
                "受纳水体": outfall.river,
                "行政区": f"{township_at(place)}街道",
                "排污许可证号": f"MN-XK-{number:04d}",
                "排污口编号": outfall.outfall_id,
                "经度": lon,
                "纬度": lat,
                "联系人": f"虚构企{number:03d}",
                "联系电话": f"000-0001-{number:04d}",
                "备注": f"{INVENTED}，{NOTE}",
            }
        )
    return pd.DataFrame(rows)


def admin() -> list[tuple[dict[str, object], shapely.Polygon]]:
    """Schematic districts: properties and polygon in metres."""
    return [
        (
            {
                "行政区代码": TOWNSHIPS[name][0],
                "行政区名称": f"{name}街道",
                "备注": f"边界{NOTE}，代码{INVENTED}",
            },
            shape,
        )
        for name, shape in township_polygons().items()
    ]


def approved_zones() -> list[tuple[dict[str, object], shapely.Polygon]]:
    """Invent an approval for the reservoir: levels 1 and 2, irregular rings."""
    centre = SOURCE_PLACES["SY02"].point
    found = []
    for level, radius in (("一级", 480.0), ("二级", 1450.0)):
        angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
        reach = [radius * (0.9 + 0.2 * chance("approved", level, k)) for k in range(24)]
        ring = shapely.Polygon(
            np.c_[centre.x + reach * np.cos(angles), centre.y + reach * np.sin(angles)]
        )
        if found:
            ring = ring.difference(found[0][1])
        found.append(
            (
                {
                    "分区编号": f"PF{len(found) + 1}",
                    "分区名称": f"老洪港水库{level}保护区（示例）",
                    "分区类型": "保护区",
                    "保护区级别": level,
                    "水源地编号": "SY02",
                    "划定状态": "已批复",
                    "批复文号": "示意〔0000〕0号（虚构）",
                    "备注": f"{INVENTED}，{NOTE}",
                },
                ring,
            )
        )
    return found

"""An invented county, as its bureau keeps it: registers with mistakes, rivers half drawn
backwards.

Water enters in the west and leaves in the east, by two canals with cross canals between
them (loops); a closed gate keeps the northern canal from the eastern cross canal. The
culprit is the dye works on the southern canal, two kilometres above the failing section.
"""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from openpyxl import Workbook

WEST, SOUTH = 500_000.0, 3_610_000.0
"""South-west corner in EPSG:4549 (CGCS2000, 120° E): about 120.0 E, 32.6 N."""

RIVERS = {
    # name: width, corners in metres from the south-west corner, as the water runs
    "沐泽河": (
        45,
        [(0, 2000), (3000, 2100), (6000, 1900), (9000, 2000), (12000, 2050)],
    ),
    "北塘河": (30, [(0, 6000), (4000, 6200), (8000, 5900), (12000, 6000)]),
    "西横河": (18, [(3000, 6150), (2950, 4000), (3000, 2100)]),
    "中横河": (15, [(6000, 6050), (6100, 4000), (6000, 1900)]),
    "东横河": (20, [(9000, 5930), (9050, 4000), (9000, 2000)]),
    "纺织港": (12, [(7000, 200), (7000, 1100), (7020, 1928)]),
    # ends 0.6 m short of the canal it runs into: drawn carelessly
    "小庄沟": (6, [(10500, 4200), (10500, 3000), (10500, 2025.6)]),
}

OUTFALLS = [
    # id, name, kind, river, metres east and north, m3/d, mg/L of NH3-N, party
    ("MZ-001", "沐泽县城污水处理厂排口", "城镇污水处理厂排污口", "沐泽河", (1500, 2052), 12000, 5, "沐泽水务有限公司"),
    ("MZ-002", "兴达印染排口", "工业排污口", "纺织港", (7003, 700), 3600, 15, "兴达印染有限公司"),
    ("MZ-003", "永丰食品排口", "工业排污口", "北塘河", (5000, 6132), 900, 8, "永丰食品有限公司"),
    ("MZ-004", "西郊雨洪排口", "城镇雨洪排口", "西横河", (2962, 4500), None, None, None),
    ("MZ-005", "东横养殖场排口", "规模化畜禽养殖排污口", "东横河", (9046, 4300), 260, 40, "东横养殖专业合作社"),
    ("MZ-006", "小庄农田退水口", "农业排口", "小庄沟", (10502, 3300), None, None, "小庄村委会"),
    ("MZ-007", "开发区下游排口", "工业排污口", "沐泽河", (11600, 2046), 1500, 10, "沐泽开发区管委会"),
]  # fmt: skip


def at(east: float, north: float) -> tuple[float, float]:
    """Longitude and latitude of a place of the county."""
    place = gpd.GeoSeries([shapely.Point(WEST + east, SOUTH + north)], crs=4549)
    spot = place.to_crs(4490).iloc[0]
    return float(spot.x), float(spot.y)


def degrees(value: float) -> str:
    """How an inspector writes an angle: 120°03'07.2\"."""
    whole, rest = divmod(value * 3600, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{int(whole)}°{int(minutes):02d}′{seconds:05.2f}″"


def write_register(path: Path) -> None:
    """Write a register with a title, two rows of headers, degrees as text and mistakes."""
    book = Workbook()
    sheet = book.active
    sheet.title = "排口登记"
    sheet.append(["沐泽县入河排污口登记表（2026年）"])
    sheet.merge_cells("A1:K1")
    sheet.append(["填表单位：沐泽生态环境局", *[None] * 8, "日期：2026年9月"])
    sheet.append(
        ["序号", "排污口编号", "排污口名称", "排污口类型", "受纳水体", "坐标", None,
         "排水量（万吨/年）", "许可氨氮浓度(mg/L)", "责任单位", "联系电话"]
    )  # fmt: skip
    sheet.append([*[None] * 5, "经度", "纬度"])
    sheet.merge_cells("F3:G3")
    for column in "ABCDEHIJK":
        sheet.merge_cells(f"{column}3:{column}4")
    for number, (key, name, kind, river, place, flow, nh3n, party) in enumerate(
        OUTFALLS, 1
    ):
        lon, lat = map(degrees, at(*place))
        if key == "MZ-003":
            lon, lat = lat, lon  # swapped by hand
        yearly = None if flow is None else round(flow * 365 / 10_000, 2)
        sheet.append([number, key, name, kind, river, lon, lat, yearly, nh3n, party, "13800000000"])  # fmt: skip
    lon, lat = map(degrees, at(8000, 1950))
    sheet.append([8, "MZ-002", "编号重复的排口", "工业排污口", "沐泽河", lon, lat, "约300", None, None, None])  # fmt: skip
    sheet.append([9, "MZ-009", "没有坐标的排口", "工业排污口", "沐泽河"])
    sheet.append([])
    sheet.append(["注：坐标为手持 GPS 实测"])
    book.save(path)


def write_rivers(path: Path) -> None:
    """Write the rivers as a Shapefile in GBK without .cpg, every second line backwards."""
    lines = [
        shapely.LineString(np.array(corners) + np.array([WEST, SOUTH]))
        for _, corners in RIVERS.values()
    ]
    backwards = [line.reverse() if row % 2 else line for row, line in enumerate(lines)]
    rivers = gpd.GeoDataFrame(
        {
            "河道名称": list(RIVERS),
            "河宽": [width for width, _ in RIVERS.values()],
        },
        geometry=backwards,
        crs=4549,
    )
    rivers.to_file(path, encoding="GBK", engine="pyogrio")
    path.with_suffix(".cpg").unlink()


def _points(rows: list[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    """Make a table whose last column, a place, becomes degrees."""
    table = pd.DataFrame(rows, columns=[*columns, "place"])
    table[["经度", "纬度"]] = [
        [round(v, 6) for v in at(*place)] for place in table["place"]
    ]
    return table.drop(columns="place")


def write_tables(folder: Path) -> None:
    """Write gates, sections, factories, the intake and a district."""
    _points(
        [("ZZ01", "东横节制闸", "节制闸", "关", "东横河", (9045, 5200)),
         ("ZZ02", "西横闸", "节制闸", "开", "西横河", (2952, 5000))],
        ["闸站编号", "闸站名称", "类型", "状态", "所在河流"],
    ).to_excel(folder / "闸站.xlsx", index=False)  # fmt: skip
    _points(
        [("MZD1", "入境断面", "沐泽河", "III类", (100, 2003)),
         ("MZD2", "纺织桥", "沐泽河", "III类", (8600, 1987)),
         ("MZD3", "出境断面", "沐泽河", "III类", (11900, 2048)),
         ("MZD4", "北塘大桥", "北塘河", "III类", (7600, 5930)),
         ("MZD5", "北塘出境断面", "北塘河", "III类", (11900, 5998))],
        ["断面代码", "断面名称", "所在河流", "水质目标"],
    ).to_csv(folder / "断面.csv", index=False, encoding="gbk")  # fmt: skip
    _points(
        [("兴达印染有限公司", "印染", "纺织港", (7050, 700)),
         ("永丰食品有限公司", "食品加工", "北塘河", (5000, 6200)),
         ("沐泽水务有限公司", "污水处理", "沐泽河", (1500, 2120))],
        ["企业名称", "行业", "所在河流"],
    ).to_csv(folder / "企业.csv", index=False, encoding="gbk")  # fmt: skip
    _points(
        [("沐泽水厂取水口", "北塘河", "河流型", "在用", (2000, 6095))],
        ["水源地名称", "所在水体", "水源地类型", "状态"],
    ).to_excel(folder / "水源地.xlsx", index=False)
    outline = shapely.box(WEST - 500, SOUTH - 500, WEST + 12500, SOUTH + 7000)
    gpd.GeoDataFrame(
        {"行政区划代码": ["329999"], "名称": ["沐泽县"]}, geometry=[outline], crs=4549
    ).to_file(folder / "行政区.geojson")


def readings_of(day: str, nh3n: dict[str, float | str]) -> pd.DataFrame:
    """One sampling round: a row a section, a column an item, as a laboratory sends it."""
    others = {"pH": 7.6, "溶解氧": 6.4, "高锰酸盐指数": 4.8, "总磷": "0.12"}
    return pd.DataFrame(
        [
            {"断面名称": name, "采样日期": day, **others, "氨氮": value}
            for name, value in nh3n.items()
        ]
    )


def write_readings(folder: Path) -> None:
    """Write three good months, then October: the dye works' water at two sections."""
    good = {
        "入境断面": 0.31,
        "纺织桥": 0.52,
        "出境断面": 0.55,
        "北塘大桥": "<0.025",
        "北塘出境断面": 0.2,
    }
    bad = {
        "入境断面": 0.33,
        "纺织桥": 1.86,
        "出境断面": 1.52,
        "北塘大桥": 0.30,
        "北塘出境断面": 0.28,
    }
    rounds = [readings_of(f"2026-{month:02d}-05", good) for month in (7, 8, 9)]
    with pd.ExcelWriter(folder / "监测_三季度.xlsx", engine="openpyxl") as book:
        pd.concat(rounds).to_excel(book, sheet_name="手工监测", index=False)
    readings_of("2026-10-09 09:00", bad).to_excel(
        folder / "监测_10月.xlsx", index=False
    )


def write_county(folder: Path) -> Path:
    """Write all files of the bureau into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_register(folder / "入河排污口登记表.xlsx")
    write_rivers(folder / "河流.shp")
    write_tables(folder)
    write_readings(folder)
    return folder

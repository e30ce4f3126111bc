"""From a raw table to a layer: places, cells, identifiers, and rows that add up."""

import html.parser
from difflib import SequenceMatcher

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geotool as gt
from geotool._angles import format_angle, parse_angle
from geotool.crs import bd09_to_gcj02, gcj02_to_bd09, gcj02_to_wgs84, wgs84_to_gcj02
from geotool.errors import CrsError, LayerError, SourceError
from geotool.layers import build_layer, read_layer
from geotool.layers._columns import LIKENESS, _likeness

LON, LAT = 119.812345, 32.234567


def register(**columns):
    """A small register of outfalls, rows numbered as in Excel."""
    size = len(next(iter(columns.values())))
    table = {"编号": [f"P{n}" for n in range(1, size + 1)], **columns}
    return pd.DataFrame(table, dtype=object, index=range(2, size + 2))


def outfalls(table, **options):
    done = build_layer(table, "outfalls", **options)
    assert len(done.layer) + len(done.rejected) == len(table)
    return done


def notes(done, row=None):
    table = done.notes
    if row is not None:
        table = table[table["row"] == row]
    return "；".join(table["reason"])


def at(done, place=0):
    point = done.layer.geometry.iloc[place]
    return point.x, point.y


# ---------------------------------------------------------------- angles


@pytest.mark.parametrize(
    "text",
    [
        "113°18′30″", "113°18'30\"", "113º18’30”", "东经113度18分30秒", "１１３°１８′３０″",
        "113-18-30", "113 18 30", "113:18:30", "113.18.30", "E113°18′30″", "113°18′30″E",
        "113°18′30″ 东经", "113度18分30秒", "113°18.5′", "113° 18′ 30″", "东经：113°18′30″",
        "经度113°18′30″", "113°18′30''", "113°18´30″", "113−18−30",
    ],
)  # fmt: skip
def test_every_spelling_of_degrees(text):
    angle = parse_angle(text)
    assert angle.problem == ""
    assert angle.value == pytest.approx(113 + 18.5 / 60, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("113°61′30″", "minutes"), ("113°18′60″", "minutes"), ("113.18.3", "unsure"),
        ("113.18.305", "unsure"), ("113.1.30", "unsure"), ("待测", "unreadable"),
        ("113,18", "unreadable"), ("", "missing"), ("/", "missing"), (None, "missing"),
        (float("nan"), "missing"), (True, "unreadable"), ("113°18′30″30", "unreadable"),
        ("113.5°18′", "unreadable"), (float("inf"), "unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_angle(text, problem):
    angle = parse_angle(text)
    assert angle.problem == problem
    assert angle.value != angle.value


def test_west_and_south_are_negative():
    assert parse_angle("西经113°18′").value == pytest.approx(-113.3)
    assert parse_angle("30°S").value == -30


@settings(deadline=None)
@given(st.floats(-180, 180, allow_nan=False))
def test_degrees_there_and_back(degrees):
    "four decimals of a second are three millimetres"
    text = format_angle(degrees)
    assert parse_angle(text).value == pytest.approx(degrees, abs=2e-8)


@settings(deadline=None)
@given(st.floats(73, 135), st.floats(3.5, 53.5))
def test_shifted_datums_there_and_back(lon, lat):
    "below a millimetre (1e-8 degree)"
    x, y = gcj02_to_wgs84(*wgs84_to_gcj02([lon], [lat]))
    assert abs(x[0] - lon) < 1e-8
    assert abs(y[0] - lat) < 1e-8
    x, y = bd09_to_gcj02(*gcj02_to_bd09([lon], [lat]))
    assert abs(x[0] - lon) < 1e-8
    assert abs(y[0] - lat) < 1e-8


@settings(max_examples=30, deadline=None)
@given(st.integers(25, 45), st.floats(-1.4, 1.4), st.floats(18, 53))
def test_projected_there_and_back(zone, away, lat):
    "a position written with its zone comes back within a millimetre"
    lon = zone * 3 + away
    to_metres = pyproj.Transformer.from_crs(4490, 4513 + zone - 25, always_xy=True)
    east, north = to_metres.transform(lon, lat)
    done = outfalls(register(横坐标=[f"{east:.4f}"], 纵坐标=[f"{north:.4f}"]))
    point = done.layer.to_crs(4490).geometry.iloc[0]
    assert abs(point.x - lon) * 111_320 < 0.001
    assert abs(point.y - lat) * 111_320 < 0.001


# ---------------------------------------------------------------- coordinates


def test_decimal_degrees_as_numbers_and_texts():
    done = outfalls(
        register(经度=[LON, f" {LON} "], 纬度=[LAT, str(LAT)]), datum="wgs84"
    )
    assert at(done) == at(done, 1) == (LON, LAT)
    assert done.layer.crs.to_epsg() == 4490
    assert done.layer["datum_status"].tolist() == ["declared"] * 2
    assert done.layer["经度"].tolist()  # the columns of the source stay


def test_unknown_datum_is_told():
    done = outfalls(register(经度=[LON], 纬度=[LAT]))
    assert done.layer["datum_status"].tolist() == ["unknown"]
    assert "坐标基准不明" in notes(done)
    assert (
        outfalls(register(经度=[LON], 纬度=[LAT]), datum="unknown").source[
            "datum_status"
        ]
        == "unknown"
    )


@pytest.mark.parametrize(("datum", "metres"), [("gcj02", 523), ("bd09", 1158)])
def test_shifted_datum_is_undone_and_told_once(datum, metres):
    done = outfalls(register(经度=[LON, LON], 纬度=[LAT, LAT]), datum=datum)
    x, y = at(done)
    moved = pyproj.Geod(ellps="GRS80").inv(x, y, LON, LAT)[2]
    assert moved == pytest.approx(metres, rel=0.1)
    assert done.layer["经度"].tolist() == [LON, LON]
    assert notes(done).count("已纠偏") == 1


def test_datum_named_in_the_header():
    done = outfalls(register(**{"经度(GCJ02)": [LON], "纬度(GCJ02)": [LAT]}))
    assert done.source["datum"] == "gcj02"
    assert at(done) != (LON, LAT)


def test_swapped_pair_is_corrected_and_told():
    done = outfalls(register(经度=[LON, LAT], 纬度=[LAT, LON]), datum="wgs84")
    assert at(done, 1) == (LON, LAT)
    assert "填反了" in notes(done, 3)
    assert notes(done, 2) == ""


def test_degrees_times_a_million():
    done = outfalls(register(经度=[119812345], 纬度=["32234567"]), datum="wgs84")
    assert at(done) == (LON, LAT)
    assert "度×10⁶" in notes(done, 2)


def test_degrees_minutes_seconds_in_columns_of_their_own():
    parts = {"lon_d": [119, 119], "lon_m": [48, 61], "lon_s": [44.4, 0]}
    parts |= {"lat_d": [32, 32], "lat_m": [14, 0], "lat_s": ["4.44", None]}
    done = outfalls(register(**parts), datum="wgs84")
    assert at(done) == pytest.approx(
        (119 + 48 / 60 + 44.4 / 3600, 32 + 14 / 60 + 4.44 / 3600)
    )
    assert done.rejected["reason"].tolist() == ["分或秒不小于 60，或度数过大"]


def test_both_coordinates_in_one_cell():
    texts = [
        "119.8, 32.2",
        "32.2，119.8",
        "东经119°48′ 北纬32°12′",
        "北纬32°12′，东经119°48′",
        "这里",
    ]
    done = outfalls(register(经纬度=texts), datum="wgs84")
    assert len(done.layer) == 4
    for place in range(4):
        assert at(done, place) == pytest.approx((119.8, 32.2))


@pytest.mark.parametrize("code", [4528, 4549, 4491 + 21 - 13])
def test_projected_positions_with_a_zone_or_a_declared_system(code):
    to_metres = pyproj.Transformer.from_crs(4490, code, always_xy=True)
    east, north = to_metres.transform(LON, LAT)
    declared = None if code != 4549 else f"EPSG:{code}"
    done = outfalls(register(横坐标=[east], 纵坐标=[north]), crs=declared)
    assert done.layer.crs.to_epsg() == code
    x, y = done.layer.to_crs(4490).geometry.iloc[0].coords[0]
    assert (x, y) == pytest.approx((LON, LAT), abs=1e-9)
    assert done.source["datum_status"] == ("declared" if declared else "unknown")


def test_chinese_x_is_the_northing():
    east, north = 40481152.814, 3569592.237
    done = outfalls(register(X坐标=[north], Y坐标=[east]))
    point = done.layer.to_crs(4490).geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx((119.8, 32.25), abs=1e-7)


def test_x_and_y_the_other_way_round_are_read_by_their_size():
    done = outfalls(register(x=[3569592.237], y=[40481152.814]))
    point = done.layer.to_crs(4490).geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx((119.8, 32.25), abs=1e-7)
    assert "北坐标" in notes(done)


def test_positions_of_two_zones_become_degrees():
    done = outfalls(
        register(横坐标=[40481152.814, 39481152.814], 纵坐标=[3569592.237] * 2)
    )
    assert done.layer.crs.to_epsg() == 4490
    assert at(done)[0] - at(done, 1)[0] == pytest.approx(3)


def test_projected_positions_without_a_zone_are_refused():
    with pytest.raises(CrsError, match=r"没有带号.*--crs"):
        outfalls(register(横坐标=[481152.8], 纵坐标=[3569592.2]))
    with pytest.raises(CrsError, match="是经纬度"):
        outfalls(register(横坐标=[481152.8], 纵坐标=[3569592.2]), crs=4490)


def test_one_projected_row_among_degrees_is_refused_alone():
    table = register(经度=[LON, 481152.8, LON + 1], 纬度=[LAT, 3569592.2, LAT])
    done = outfalls(table, datum="wgs84")
    assert done.rejected["row"].tolist() == [3]
    assert "没有带号" in done.rejected["reason"].iloc[0]


def test_old_datum_is_never_moved_by_a_guess():
    done = outfalls(register(横坐标=[40481152.8], 纵坐标=[3569592.2]), crs="EPSG:2364")
    assert done.layer.crs.to_epsg() == 2364
    with pytest.raises(CrsError, match="没有公开的精确转换参数"):
        gt.to_metric(done.layer.assign(geometry=done.layer.geometry).to_crs(4610))


@pytest.mark.parametrize(
    ("lon", "lat", "reason"),
    [
        (0, 0, "(0, 0)"), (None, LAT, "缺坐标"), (LON, "", "缺坐标"), (LON, "北面", "无法识别"),
        (12.09, LAT, "不在中国"), (LON, -LAT, "不在中国"), (1e12, 1e12, "不是经纬度"),
        ("113.18.3", LAT, "两种读法"), (1194844, 321204, "两种读法"), (LON, "32°75′", "不小于 60"),
    ],
)  # fmt: skip
def test_absurd_coordinates_are_refused_with_the_reason(lon, lat, reason):
    table = register(经度=[LON, LON + 0.1, lon], 纬度=[LAT, LAT, lat])
    done = outfalls(table, datum="wgs84")
    assert done.rejected["row"].tolist() == [4]
    assert reason in done.rejected["reason"].iloc[0]
    assert done.rejected["remedy"].iloc[0]
    assert done.rejected["reason_en"].iloc[0]


@pytest.mark.parametrize(
    "options",
    [{"datum": "mars"}, {"crs": "EPSG:99999"}, {"crs": "nonsense"}, {"crs": 4549}],
)
def test_wrong_declarations(options):
    with pytest.raises(CrsError):
        outfalls(register(经度=[LON], 纬度=[LAT]), **options)


def test_shifted_datum_of_projected_positions_is_refused():
    with pytest.raises(CrsError, match="只用于经纬度"):
        outfalls(register(横坐标=[40481152.8], 纵坐标=[3569592.2]), datum="gcj02")


def test_which_of_two_pairs_is_used_is_told():
    table = register(LON_OUT=[LON], LAT_OUT=[LAT], LON_WWTP=[LON + 1], LAT_WWTP=[LAT])
    done = outfalls(table, datum="wgs84")
    assert at(done) == (LON, LAT)
    assert "LON_WWTP、LAT_WWTP”未用" in notes(done)


# ---------------------------------------------------------------- columns and cells


def placed(**columns):
    size = len(next(iter(columns.values())))
    return register(
        经度=[LON + n / 10 for n in range(size)], 纬度=[LAT] * size, **columns
    )


def test_headers_are_recognised_and_others_stay():
    done = outfalls(placed(排口名称=["东口"], 颜色=["绿"]), datum="wgs84")
    assert done.layer["name"].tolist() == ["东口"]
    assert done.layer["颜色"].tolist() == ["绿"]
    assert done.source["columns"] == {"编号": "outfall_id", "排口名称": "name"}


def test_user_says_which_column_is_which():
    done = outfalls(
        placed(甲=["东口"], 排口名称=["西口"]), datum="wgs84", columns={"甲": "name"}
    )
    assert done.layer["name"].tolist() == ["东口"]
    with pytest.raises(LayerError, match="不成立"):
        outfalls(placed(甲=["东口"]), columns={"乙": "name"})
    with pytest.raises(LayerError, match="不成立"):
        outfalls(placed(甲=["东口"]), columns={"甲": "colour"})


def test_similar_headers_are_proposed_but_never_used():
    done = outfalls(placed(受纳水体名=["长江"]), datum="wgs84")
    assert "river" not in done.layer
    assert done.proposals[["header", "column"]].to_numpy().tolist() == [
        ["受纳水体名", "river"]
    ]


@pytest.mark.parametrize(
    ("header", "cell", "value"),
    [
        ("排水量(m³/d)", 500, 500), ("排水量（m³/h）", 10, 240), ("排水量(万吨/年)", 36.5, 1000),
        ("排水量(吨/日)", "１,２00", 1200), ("排水量", "5万吨/日", 50000), ("流量(L/s)", "1", 86.4),
    ],
)  # fmt: skip
def test_units_are_converted_and_told(header, cell, value):
    done = outfalls(placed(**{header: [cell]}), datum="wgs84")
    assert done.layer["discharge_m3_d"].tolist() == pytest.approx([value])
    if value not in (500, 1200):
        assert "换算" in notes(done)


def test_unit_that_does_not_fit_leaves_the_column_alone():
    done = outfalls(placed(**{"排水量(mg/L)": [5]}), datum="wgs84")
    assert "discharge_m3_d" not in done.layer
    assert done.layer["排水量(mg/L)"].tolist() == [5]
    assert "换算不成" in notes(done)


def test_text_in_a_number_column_is_refused_with_its_cell():
    done = outfalls(placed(排水量=[100, "约五百", "不详", "/"]), datum="wgs84")
    line = done.rejected.iloc[0]
    assert (line["row"], line["column"], line["value"]) == (3, "排水量", "约五百")
    assert "不是数字" in line["reason"]
    assert len(done.layer) == 3


def test_doubtful_number_is_kept_and_told():
    done = outfalls(placed(排水量=[-5]), datum="wgs84")
    assert done.layer["discharge_m3_d"].tolist() == [-5]
    assert "可疑" in notes(done, 2)


def test_dates_in_every_shape():
    cells = [
        "2024-05-01",
        45413,
        "2024年5月1日",
        pd.Timestamp(2024, 5, 1),
        None,
        "五月",
    ]
    done = outfalls(placed(整治期限=cells), datum="wgs84")
    assert done.layer["deadline"].tolist()[:4] == [pd.Timestamp(2024, 5, 1)] * 4
    assert done.rejected["reason"].tolist() == ["日期无法识别"]


def sections(table):
    return build_layer(table, "sections", datum="wgs84")


def test_allowed_values_in_other_spellings():
    done = sections(
        placed(水质目标=["Ⅲ类", "三类", "3", "Ⅱ（总磷<0.1）", "蓝色", None])
    )
    assert done.layer["target_class"].tolist()[:4] == ["III", "III", "III", "II"]
    assert done.layer["target_class"].isna().tolist()[4:] == [True, True]
    # what was written is not lost
    assert done.layer["水质目标_原值"].tolist()[3:5] == ["Ⅱ（总磷<0.1）", "蓝色"]
    assert "不认识的值" in notes(done, 6)


def test_two_header_rows_are_matched_by_the_lower_name(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "编号,名称,位置,,\n,,经度,纬度,乡镇\nP1,东口,119.8,32.2,新坝\n", "utf-8"
    )
    done = read_layer(path, "outfalls", datum="wgs84")
    assert at(done) == (119.8, 32.2)
    assert done.layer["name"].tolist() == ["东口"]


# ---------------------------------------------------------------- identifiers


def test_second_row_of_an_id_is_refused():
    done = outfalls(placed(名称=["甲", "乙"]).assign(编号=["P1", "P1"]), datum="wgs84")
    assert done.rejected["row"].tolist() == [3]
    assert done.rejected["reason"].tolist() == ["编号与第 2 行重复"]
    assert "Row 2 has the same id" in done.rejected["reason_en"].iloc[0]


def test_refused_row_does_not_hold_its_id():
    table = placed(名称=["甲", "乙"]).assign(编号=["P1", "P1"])
    table.loc[2, "经度"] = 0
    table.loc[2, "纬度"] = 0
    done = outfalls(table, datum="wgs84")
    assert done.rejected["row"].tolist() == [2]
    assert done.layer["outfall_id"].tolist() == ["P1"]


def test_missing_ids_are_made_and_told():
    done = outfalls(
        placed(名称=["甲", "乙", "丙"]).assign(编号=["P1", None, "PW0004"]),
        datum="wgs84",
    )
    assert done.layer["outfall_id"].tolist() == ["P1", "PW0003", "PW0004"]
    assert "缺编号" in notes(done, 3)
    assert done.layer["outfall_id"].is_unique


def test_ids_are_texts_without_decimals():
    table = placed(名称=["甲", "乙", "丙"]).assign(编号=[3206120.0, "００７", "007a"])
    assert outfalls(table, datum="wgs84").layer["outfall_id"].tolist() == [
        "3206120",
        "007",
        "007a",
    ]


def test_doubt_about_the_datum_survives_an_export(tmp_path):
    "a register of unknown datum does not become certain by being saved"
    from geotool.layers import export_layers

    layer = outfalls(register(经度=[LON], 纬度=[LAT])).layer
    export_layers({"outfalls": layer}, tmp_path / "a.gpkg")
    again = read_layer(tmp_path / "a.gpkg", "outfalls").layer
    assert again["datum_status"].tolist() == ["unknown"]
    stated = read_layer(tmp_path / "a.gpkg", "outfalls", datum="cgcs2000").layer
    assert stated["datum_status"].tolist() == ["declared"]


def test_thousands_of_points_on_one_spot_are_no_trouble():
    size = 4000
    done = outfalls(register(经度=[LON] * size, 纬度=[LAT] * size), datum="wgs84")
    assert (done.notes["column"] == "outfall_id").sum() == size - 1


def test_points_on_one_spot_are_noted():
    done = outfalls(
        register(经度=[LON, LON + 1e-5], 纬度=[LAT, LAT], 名称=["甲", "甲"]),
        datum="wgs84",
    )
    assert len(done.layer) == 2
    assert "同名，可能重复" in notes(done)


def test_column_without_repeats_is_pointed_out():
    table = placed(总号=["a", "b", "c"]).assign(编号=["1", "1", "2"])
    assert "没有重复的列：总号" in notes(outfalls(table, datum="wgs84"))


def test_several_faults_of_a_row_are_one_line():
    table = placed(排水量=["多", 5], 整治期限=["快", None])
    table.loc[2, "经度"] = "东"
    done = outfalls(table, datum="wgs84")
    assert len(done.rejected) == 1
    for word in ("坐标无法识别", "不是数字", "日期无法识别"):
        assert word in done.rejected["reason"].iloc[0]


# ---------------------------------------------------------------- shapes


def shapes(*geometry, crs=4549, **columns):
    return gpd.GeoDataFrame(
        columns, geometry=list(geometry), crs=crs, index=range(1, len(geometry) + 1)
    )


LINE = shapely.LineString([(480_000, 3_569_000), (481_000, 3_570_000)])


def test_spatial_layer_keeps_its_own_system():
    done = build_layer(shapes(LINE, 名称=["长江"]), "rivers")
    assert done.layer.crs.to_epsg() == 4549
    assert done.layer["datum_status"].tolist() == ["known"]
    assert done.layer["river_id"].tolist() == ["RV0001"]


def test_shapes_of_the_wrong_type_and_empty_ones_are_refused():
    ring = shapely.Point(480_500, 3_569_500).buffer(10)
    table = shapes(
        LINE, ring, None, shapely.LineString(), shapely.MultiLineString([LINE])
    )
    done = build_layer(table, "rivers")
    assert done.rejected["row"].tolist() == [2, 3, 4]
    assert "河流需要线" in done.rejected["reason"].iloc[0]
    assert done.layer.geom_type.tolist() == ["LineString", "LineString"]


def test_invalid_polygon_is_repaired_and_told():
    bow = shapely.Polygon(
        [
            (480_000, 3_569_000),
            (481_000, 3_570_000),
            (481_000, 3_569_000),
            (480_000, 3_570_000),
        ]
    )
    done = build_layer(shapes(bow), "zones")
    assert done.layer.is_valid.all()
    assert done.layer.area.iloc[0] == pytest.approx(500_000)
    assert "已修复" in notes(done, 1)


def test_heights_are_dropped_and_told():
    done = build_layer(shapes(shapely.force_3d(LINE, 5)), "rivers")
    assert not done.layer.has_z.any()
    assert "高程" in notes(done)


def test_culvert_drawn_as_a_line_is_its_middle():
    done = build_layer(shapes(LINE), "structures")
    assert at(done) == (480_500, 3_569_500)


def test_degrees_without_a_system_are_doubtful_and_metres_refused():
    line = shapely.LineString([(119.8, 32.2), (119.9, 32.3)])
    done = build_layer(shapes(line, crs=None), "rivers")
    assert done.layer.crs.to_epsg() == 4490
    assert done.layer["datum_status"].tolist() == ["unknown"]
    with pytest.raises(CrsError, match="--crs"):
        build_layer(shapes(LINE, crs=None), "rivers")
    assert (
        build_layer(shapes(LINE, crs=None), "rivers", crs=4549).source["datum_status"]
        == "declared"
    )


def test_local_system_of_a_drawing_is_refused():
    local = pyproj.CRS.from_wkt('LOCAL_CS["CAD",UNIT["metre",1]]')
    with pytest.raises(CrsError, match="局部坐标"):
        build_layer(shapes(LINE, crs=local), "rivers")


def test_file_in_a_shifted_datum_is_moved_back():
    box = shapely.box(119.8, 32.2, 119.9, 32.3)
    done = build_layer(shapes(box, crs=4326), "zones", datum="gcj02")
    x, _ = gcj02_to_wgs84([119.8], [32.2])
    assert done.layer.total_bounds[0] == pytest.approx(x[0])
    assert done.source["datum_status"] == "declared"
    with pytest.raises(CrsError, match="只用于经纬度"):
        build_layer(shapes(LINE), "rivers", datum="gcj02")


def test_one_shape_outside_china_is_refused_and_a_foreign_layer_kept():
    far = shapely.LineString([(0.1, 0.1), (1, 1)])
    near = [shapely.LineString([(119 + n, 32), (119.5 + n, 33)]) for n in range(2)]
    done = build_layer(shapes(*near, far, crs=4326), "rivers")
    assert done.rejected["row"].tolist() == [3]
    done = build_layer(shapes(far, far, crs=4326), "rivers")
    assert done.rejected.empty
    assert "在中国之外" in notes(done)


def test_text_in_a_river_column_does_not_lose_the_river():
    done = build_layer(shapes(LINE, 河宽=["很宽"]), "rivers")
    assert len(done.layer) == 1
    assert done.layer["河宽_原值"].tolist() == ["很宽"]


def test_projects_without_any_place_are_a_table():
    done = build_layer(
        pd.DataFrame({"项目名称": ["搬迁"], "投资(亿元)": [0.5]}), "projects"
    )
    assert not isinstance(done.layer, gpd.GeoDataFrame)
    assert done.layer["amount_10k_cny"].tolist() == [5000]


# ---------------------------------------------------------------- refused as a whole


def test_source_without_coordinates_names_what_it_has():
    with pytest.raises(LayerError, match=r"没有坐标.*编号、名称"):
        build_layer(pd.DataFrame({"编号": [1], "名称": ["a"]}), "outfalls")
    with pytest.raises(LayerError, match="没有图层种类"):
        build_layer(pd.DataFrame({"a": [1]}), "wells")
    with pytest.raises(LayerError, match="河流需要线"):
        build_layer(register(经度=[LON], 纬度=[LAT]), "rivers")
    with pytest.raises(LayerError, match="同名"):
        build_layer(pd.DataFrame([[1, 2]], columns=["a", "a"]), "outfalls")
    with pytest.raises(SourceError, match="找不到"):
        read_layer("nowhere.xlsx", "outfalls")


def test_empty_table_gives_an_empty_layer():
    done = outfalls(register(经度=[LON], 纬度=[LAT]).head(0))
    assert len(done.layer) == 0
    assert done.layer.crs.to_epsg() == 4490


# ---------------------------------------------------------------- the three tables


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["P1", "P2", None, "ＰＷ３", 7.0]),
            st.one_of(
                st.floats(),
                st.sampled_from([LON, LAT, "东经119°48′", "x", None, 4e7, 119812345]),
            ),
            st.one_of(
                st.floats(), st.sampled_from([LAT, LON, "32.2", "", 3.5e6, 32234567])
            ),
            st.one_of(st.none(), st.floats(), st.text(max_size=5)),
        ),
        max_size=8,
    )
)
def test_accepted_and_refused_rows_always_add_up(rows):
    table = pd.DataFrame(rows, columns=["编号", "经度", "纬度", "排水量"], dtype=object)
    try:
        done = outfalls(table)
    except CrsError:
        return  # positions in metres of which nobody knows the zone
    assert done.layer["outfall_id"].is_unique
    assert done.rejected["row"].is_unique
    assert done.layer.geometry.notna().all()


def test_refused_rows_can_be_mended_and_imported_again(tmp_path):
    table = placed(名称=['=HYPERLINK("http://a")', "乙", "丙"], 排水量=["多", 5, 6])
    table.loc[3, "经度"] = "东"
    done = outfalls(table, datum="wgs84")
    path = done.write_rejects(tmp_path / "退回.xlsx")
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["被退回", "修改说明", "说明"]
    sheet = book["被退回"]
    head = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, head.index("名称") + 1).data_type == "s"  # never a formula
    filled = {
        (cell.row, head[cell.column - 1])
        for row in sheet.iter_rows(min_row=2)
        for cell in row
        if cell.fill.fill_type == "solid"
    }
    assert filled == {(2, "排水量"), (3, "经度"), (3, "纬度")} or filled == {
        (2, "排水量"),
        (3, "经度"),
    }
    assert [
        row[head.index("退回_行号")].value for row in sheet.iter_rows(min_row=2)
    ] == [2, 3]
    with pytest.raises(SourceError, match=r"\.xlsx"):
        done.write_rejects(tmp_path / "退回.csv")
    sheet.cell(2, head.index("排水量") + 1).value = 100
    sheet.cell(3, head.index("经度") + 1).value = LON
    book.save(path)
    again = read_layer(path, "outfalls", datum="wgs84")
    assert len(again.layer) == 2
    assert again.rejected.empty
    assert "退回_原因" not in again.layer


def test_notes_from_elsewhere_are_kept_with_the_import():
    done = outfalls(placed(名称=["甲"]), datum="wgs84")
    before = len(done.notes)
    more = pd.DataFrame(
        {"reason": ["坐标不在“扬中市”内"], "id": ["P1"], "column": ["district"]}
    )
    again = done.with_notes(more)
    assert len(done.notes) == before
    assert len(again.notes) == before + 1
    assert again.notes["reason"].tolist()[-1] == "坐标不在“扬中市”内"
    assert list(again.notes.columns) == list(done.notes.columns)
    assert done.with_notes(more.iloc[:0]) is done


def test_two_sections_of_one_name_are_noted():
    table = pd.DataFrame(
        {
            "断面": ["大桥", "大桥", "A", "A"],
            "时间": ["2026-05-01"] * 4,
            "氨氮": [0.5, 0.9, 1, 1],
        }
    )
    said = "；".join(build_layer(table, "readings").notes["reason"])
    assert "大桥" in said
    assert "1 个断面名" in said


@pytest.mark.parametrize("year", [26, 1900, "2026", True, 2026.0])
def test_year_that_is_none_is_refused(year):
    table = pd.DataFrame({"断面": ["A"], "时间": ["05-01"], "氨氮": [0.5]})
    with pytest.raises(LayerError, match="年份"):
        build_layer(table, "readings", year=year)


class _Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attrs):
        del attrs
        self.tags.add(tag)


def test_text_of_a_file_is_no_markup_in_a_notebook():
    table = placed(排水量=["<script>alert(1)</script>"])
    reader = _Tags()
    reader.feed(outfalls(table, datum="wgs84")._repr_html_())
    assert "script" not in reader.tags


def test_source_says_where_everything_came_from(tmp_path):
    path = tmp_path / "台账.csv"
    path.write_text("编号,名称,经度,纬度\nP1,东口,119.8,32.2\n", "gbk")
    source = read_layer(path, "outfalls", datum="gcj02").source
    assert source["name"] == "台账.csv"  # no folder of this machine
    assert len(source["sha256"]) == 64
    assert source["encoding"] == "gb18030"
    assert (source["rows_read"], source["rows_accepted"], source["rows_rejected"]) == (
        1,
        1,
        0,
    )
    assert (source["datum"], source["datum_status"], source["crs"]) == (
        "gcj02",
        "declared",
        "EPSG:4490",
    )


def test_layer_named_as_the_kind_is_taken_from_several(tmp_path):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(shapes(LINE, 名称=["长江"]), path, layer="rivers")
    pyogrio.write_dataframe(shapes(LINE, 名称=["淮河"]), path, layer="其他")
    assert read_layer(path, "rivers").layer["name"].tolist() == ["长江"]


def test_readings_come_through_the_same_door(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "断面,时间,项目,结果\nA,2024-05-01,氨氮,0.5\nA,坏,氨氮,0.5\n", "utf-8"
    )
    done = read_layer(path, "readings")
    assert (len(done.layer), len(done.rejected), done.source["rows_read"]) == (1, 1, 2)
    assert done.rejected["row"].tolist() == [3]


HEADERS = st.text(alphabet="排污口名称编号x", min_size=2, max_size=9)


@given(HEADERS, HEADERS)
def test_headers_that_cannot_be_alike_are_passed_over_only_when_they_are_not(a, b):
    whole = SequenceMatcher(None, a, b, autojunk=False).ratio()
    if len(b) >= 3 and (a in b or b in a):
        whole = max(whole, 0.75)
    if whole >= LIKENESS:
        assert _likeness(a, b) == whole
    else:
        assert _likeness(a, b) < LIKENESS

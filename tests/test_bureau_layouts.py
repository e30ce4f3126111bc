"""Sheets as bureaus lay them out: units below names, totals of parts, stations abreast."""

import openpyxl
import pandas as pd
import pytest
from _workbooks import book

from geotool.io import read_readings
from geotool.layers import build_layer, read_layer
from geotool.layers._dates import read_day
from geotool.quality import assess_sections
from geotool.readings import parse_time


def values(done):
    table = done.layer
    return {(r.section_id, r.item): r.value_mg_l for r in table.itertuples()}


@pytest.mark.parametrize("none", ["无量纲", "/", "—", None])
def test_a_row_of_units_may_have_words_that_are_none(tmp_path, none):
    rows = [
        ["断面名称", "监测时间", "pH", "水温", "溶解氧", "总磷", "粪大肠菌群"],
        [None, None, none, "℃", "mg/L", "μg/L", "个/L"],
        ["东桥", "2024-03-01", 7.2, 12.1, 8.1, 120, 800],
    ]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert done.rejected.empty
    assert values(done) == {
        ("东桥", "PH"): 7.2,
        ("东桥", "WT"): 12.1,
        ("东桥", "DO"): 8.1,
        ("东桥", "TP"): pytest.approx(0.12),
        ("东桥", "FC"): 800,
    }


def test_a_row_of_data_with_units_in_it_is_no_row_of_units(tmp_path):
    rows = [
        ["断面", "时间", "监测项目", "监测值", "单位"],
        ["东桥", "2024-03-01", "氨氮", 0.3, "mg/L"],
    ]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert values(done) == {("东桥", "NH3N"): 0.3}


BESIDE = [
    ["2024年水质监测结果"],
    ["监测日期", "东桥（国控）", None, "西桥", None, None],
    [None, "氨氮", "总磷", "氨氮", "总磷", "高锰酸盐指数"],
    [None, "mg/L", "mg/L", "mg/L", "μg/L", "mg/L"],
    ["2024.1.5", 0.3, "0.05L", 0.8, 210, 5.2],
    ["2024.2.6", None, None, 1.2, "坏", None],
    ["2024.3.6", None, None, None, None, None],
    ["3月6日", 1, 1, 1, 1, 1],
]


def test_stations_side_by_side(tmp_path):
    path = book(tmp_path / "a.xlsx", BESIDE, ("B2:C2", "D2:F2", "A2:A4"))
    done = read_layer(path, "readings")
    table = done.layer
    first = table[table["time"] == pd.Timestamp("2024-01-05")]
    assert {(r.section_id, r.item): r.value_mg_l for r in first.itertuples()} == {
        ("东桥（国控）", "NH3N"): 0.3,
        ("东桥（国控）", "TP"): 0.025,
        ("西桥", "NH3N"): 0.8,
        ("西桥", "TP"): pytest.approx(0.21),
        ("西桥", "CODMN"): 5.2,
    }
    assert len(table) == 6
    assert done.rejected[["row", "column"]].to_numpy().tolist() == [
        [6, "西桥 / 总磷(μg/L)"],
        [7, ""],
        [8, "监测日期"],
    ]
    assert "东桥（国控）、西桥" in " ".join(done.notes["reason"])
    assert len(read_readings(path)[0]) == 6


def test_refused_readings_of_stations_side_by_side_come_back(tmp_path):
    path = book(tmp_path / "a.xlsx", BESIDE, ("B2:C2", "D2:F2", "A2:A4"))
    back = read_layer(path, "readings").write_rejects(tmp_path / "back.xlsx")
    made = openpyxl.load_workbook(back)
    sheet = made["被退回"]
    heads = [cell.value for cell in sheet[1]]
    sheet.cell(2, heads.index("西桥 / 总磷(μg/L)") + 1).value = 190
    made.save(back)
    again = read_layer(back, "readings")
    assert values(again)["西桥", "TP"] == pytest.approx(0.19)


def test_one_section_in_two_spellings_is_one(tmp_path):
    rows = [
        ["断面名称", "采样时间", "氨氮"],
        ["东桥（上游）", "2024-03-01", 0.3],
        ["东桥(上游)", "2024-04-01", 0.4],
        ["西桥", "2024-04-01", 0.4],
    ]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert done.layer["section_id"].tolist() == ["东桥（上游）", "东桥（上游）", "西桥"]
    assert done.notes[["before", "after"]].to_numpy().tolist() == [
        ["东桥(上游)", "东桥（上游）"]
    ]


def test_totals_of_parts_are_no_data(tmp_path):
    rows = [
        [
            "县（市、区）",
            "序号",
            "排污口名称",
            "东经",
            "北纬",
            "排放量（t/d）",
            "排入水体",
        ],
        ["东区", 1, "甲", 120.9, 31.9, 36.5, "长河"],
        [None, 2, "乙", 120.91, 31.91, 73, "长河"],
        [None, "小 计", None, 0, 0, 109.5, "2条"],
        ["西区", 3, "小计河口", 120.92, 31.92, 20, "短河"],
        ["西区小计", None, None, None, None, 20, None],
        ["全市合计", None, None, None, None, 129.5, None],
    ]
    path = book(tmp_path / "a.xlsx", rows, ("A2:A4",))
    done = read_layer(path, "outfalls", datum="wgs84")
    assert done.layer["name"].tolist() == ["甲", "乙", "小计河口"]
    assert done.layer["district"].tolist() == ["东区", "东区", "西区"]
    assert done.layer["river"].tolist() == ["长河", "长河", "短河"]
    assert done.rejected.empty
    told = done.notes[done.notes["reason"] == "合计行，不是数据"]
    assert told["row"].tolist() == [4, 6, 7]


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("二〇二四年六月", "2024-06-30"),
        ("二零二四年十二月三十一日", "2024-12-31"),
        ("二〇二四年底", "2024-12-31"),
        ("2024年12月31日前", "2024-12-31"),
        (2024.12, "2024-12-31"),
        (2024.3, "2024-03-31"),
        ("2024.10", "2024-10-31"),
    ],
)
def test_more_deadlines(cell, day):
    read = read_day(cell, "deadline")
    assert (read.time, read.problem) == (pd.Timestamp(day), "")


@pytest.mark.parametrize(
    "cell", [2024.1, 2024.13, 2024.25, "二〇二四年十三月", "二〇二四"]
)
def test_months_nobody_can_be_sure_of(cell):
    assert read_day(cell, "deadline").problem == "unreadable"


def test_times_in_chinese_numerals():
    assert parse_time("二〇二四年三月五日")[0] == pd.Timestamp("2024-03-05")
    assert parse_time(2024.5)[0] == pd.Timestamp("2024-05-01")
    assert parse_time(2024.1)[1] == "unreadable"


def test_what_is_not_closed_out_has_no_day():
    table = pd.DataFrame(
        {
            "编号": ["A", "B"],
            "经纬度": ["120.9,31.9", "120.8,31.9"],
            "销号时间": ["未销号", "2024-3-5"],
        }
    )
    done = build_layer(table, "outfalls", datum="wgs84")
    assert done.rejected.empty
    assert done.layer["closed_out"].isna().tolist() == [True, False]
    assert done.layer["销号时间_原值"].tolist() == ["未销号", None]


def test_degrees_minutes_and_seconds_under_their_signs(tmp_path):
    rows = [
        ["编号", "名称", "东经", None, None, "北纬", None, None],
        [None, None, "°", "′", "″", "°", "′", "″"],
        ["A1", "甲", 120, 54, 44.4, 31, 57, 0],
        ["A2", "乙", 120, 54, None, 31, 57, None],
    ]
    path = book(tmp_path / "a.xlsx", rows, ("C1:E1", "F1:H1"))
    places = read_layer(path, "outfalls", datum="wgs84").layer.geometry
    assert places.x.tolist() == pytest.approx([120.912333, 120.9], abs=1e-6)
    assert places.y.tolist() == pytest.approx([31.95, 31.95])


def test_halves_behind_the_numbers_of_a_pair():
    table = pd.DataFrame({"编号": ["A"], "坐标": ["31.95 N，120.91 E"]})
    point = build_layer(table, "outfalls", datum="wgs84").layer.geometry.iloc[0]
    assert (point.x, point.y) == (120.91, 31.95)


def test_years_and_months_in_columns_with_their_words(tmp_path):
    rows = [
        ["断面名称", "年", "月", "氨氮"],
        ["东桥", "2024年", "3月", 0.3],
        ["东桥", 2024, 10, 0.4],
    ]
    times = read_layer(book(tmp_path / "a.xlsx", rows), "readings").layer["time"]
    assert times.tolist() == [pd.Timestamp("2024-03-01"), pd.Timestamp("2024-10-01")]


def test_readings_with_code_and_name_meet_sections_known_by_another_code(tmp_path):
    """The platform's code and the bureau's own differ; the name is what both know."""
    rows = [["断面编码", "断面名称", "时间", "氨氮(mg/L)"]]
    rows += [["A3206_01", "营船港闸", f"2026-05-0{day} 08:00", 1.3] for day in (3, 4)]
    tidy, refused = read_readings(book(tmp_path / "读数.xlsx", rows))
    sections = pd.DataFrame(
        {"section_id": ["DM03"], "name": ["营船港闸"], "target_class": ["III"]}
    )
    assert refused.empty
    found = assess_sections(tidy, sections)
    assert found["section_id"].tolist() == ["DM03"]
    assert found["water_class"].tolist() == ["IV"]


def test_signatures_and_means_of_the_town_are_no_data(tmp_path):
    rows = [
        ["序号", "断面名称", "监测时间", "氨氮", "总磷", "pH"],
        [1, "东桥", "2026-03-05", 0.31, 0.05, 7.2],
        ["全市平均", None, None, 0.31, 0.05, 7.2],
        ["填表人：", "张三", "审核人：", "李四", "2026年3月6日", None],
        ["填表人：王五", None, None, "审核人：李四", None, "2026.3.6"],
    ]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert done.rejected.empty
    assert values(done) == {
        ("东桥", "NH3N"): 0.31,
        ("东桥", "TP"): 0.05,
        ("东桥", "PH"): 7.2,
    }
    assert done.notes["row"].tolist() == [3, 4, 5]
    assert done.notes["reason"].tolist() == [
        "统计行（平均、最大等），不是数据",
        "表下的说明，不是数据",
        "表下的说明，不是数据",
    ]


def test_a_daily_mean_in_the_first_column_is_data(tmp_path):
    rows = [
        ["数据类型", "断面", "监测时间", "氨氮"],
        ["日均值", "东桥", "2026-03-05", 0.3],
    ]
    assert len(read_layer(book(tmp_path / "a.xlsx", rows), "readings").layer) == 1


@pytest.mark.parametrize("text", ["0.3~0.5", "0.3-0.5", "0.3～0.5mg/L", "0.3至0.5"])
def test_a_range_is_refused_as_one(tmp_path, text):
    rows = [["断面", "监测时间", "氨氮"], ["东桥", "2026-03-05", text]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert done.rejected["reason"].tolist() == ["是一个范围，不是一个数"]

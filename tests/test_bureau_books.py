"""Registers as bureaus keep them: what is data, what is not, and nothing goes quietly."""

import datetime as dt

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from _workbooks import book
from openpyxl.styles import PatternFill

from geotool._angles import parse_angle, parse_angles
from geotool.layers import build_layer, read_layer
from geotool.layers._axes import coordinate_names
from geotool.layers._dates import read_day
from geotool.layers._values import parse_number, parse_numbers

HEADERS = ["排污口编号", "排污口名称", "经度", "纬度"]


def outfalls(path, rows, merged=(), **cells):
    done = read_layer(book(path, rows, merged, **cells), "outfalls", datum="wgs84")
    assert len(done.layer) + len(done.rejected) == done.source["rows_read"]
    return done


def reasons(done):
    rows = done.notes[done.notes["row"].notna()]
    return dict(zip(rows["row"], rows["reason"], strict=True))


def test_the_signatures_below_a_register_are_no_data(tmp_path):
    rows = [
        HEADERS,
        ["A1", "甲", 120.9, 31.9],
        ["注：坐标为 CGCS2000"],
        ["填表人：张三", None, "审核人：李四", "电话：0513-1"],
    ]
    done = outfalls(tmp_path / "a.xlsx", rows)
    assert len(done.layer) == 1
    assert done.rejected.empty
    assert reasons(done) == {3: "表下的说明，不是数据", 4: "表下的说明，不是数据"}


def test_a_row_that_begins_as_a_remark_but_holds_data_is_data(tmp_path):
    rows = [HEADERS, ["A1", "甲", 120.9, 31.9], ["备注：旧口", "乙", 120.91, 31.9]]
    assert len(outfalls(tmp_path / "a.xlsx", rows).layer) == 2


@pytest.mark.parametrize(
    ("text", "merged"),
    [
        ("一、东区", ()),
        ("（二）西区", ()),
        ("东区各口", ("A2:D2",)),
        ("某市清单（续）", ()),
    ],
)
def test_headings_between_rows_are_no_data(tmp_path, text, merged):
    rows = [HEADERS, [text], ["A1", "甲", 120.9, 31.9]]
    if "清单" in text:
        rows = [["某市清单"], *rows]
    done = outfalls(tmp_path / "a.xlsx", rows, merged)
    assert len(done.layer) == 1
    assert done.rejected.empty
    assert "小标题行，不是数据" in reasons(done).values()


def test_a_row_of_an_id_alone_is_refused_and_no_heading(tmp_path):
    done = outfalls(tmp_path / "a.xlsx", [HEADERS, ["A1"], ["A2", "乙", 120.9, 31.9]])
    assert done.rejected["row"].tolist() == [2]


@pytest.mark.parametrize("word", ["平均值", "最大值", "合 计", "以下空白"])
def test_statistics_and_the_end_are_no_data(tmp_path, word):
    filled = [word] if word == "以下空白" else [word, None, 120.9, 31.9]
    rows = [HEADERS, ["A1", "甲", 120.9, 31.9], filled]
    done = outfalls(tmp_path / "a.xlsx", rows)
    assert len(done.layer) == 1
    assert done.rejected.empty
    assert 3 in reasons(done)


def test_a_third_row_of_units_is_part_of_the_header(tmp_path):
    rows = [
        ["序号", "排污口", None, "位置", None, "排放", None],
        [None, "编号", "名称", "经度", "纬度", "流量", "氨氮限值"],
        [None, None, None, "°", "°", "万吨/年", "μg/L"],
        [1, "A1", "甲", 120.9, 31.9, 3.65, 800],
    ]
    done = outfalls(tmp_path / "a.xlsx", rows)
    row = done.layer.iloc[0]
    assert row["discharge_m3_d"] == pytest.approx(100)
    assert row["permitted_nh3n_mg_l"] == pytest.approx(0.8)


def test_three_merged_header_rows(tmp_path):
    rows = [
        ["序号", "排污口", None, "位置", None, None],
        [None, "编号", "名称", "坐标", None, "乡镇"],
        [None, None, None, "经度", "纬度", None],
        [1, "A1", "甲", 120.9, 31.9, "一镇"],
    ]
    merged = ("A1:A3", "B1:C1", "D1:F1", "B2:B3", "C2:C3", "D2:E2", "F2:F3")
    done = outfalls(tmp_path / "a.xlsx", rows, merged)
    assert done.layer[["outfall_id", "township"]].to_numpy().tolist() == [
        ["A1", "一镇"]
    ]


@pytest.mark.parametrize(
    "parts", [("（度）", "（分）", "（秒）"), ("(°)", "(′)", "(″)"), ("度", "分", "秒")]
)
def test_degrees_minutes_seconds_named_in_brackets(parts):
    numbers = {"经度": (120, 54, 44.4), "纬度": (31, 57, 0)}
    cells = {
        f"{axis}{part}": [value]
        for axis, values in numbers.items()
        for part, value in zip(parts, values, strict=True)
    }
    done = build_layer(
        pd.DataFrame({"编号": ["A"], **cells}), "outfalls", datum="wgs84"
    )
    point = done.layer.geometry.iloc[0]
    assert (point.x, point.y) == pytest.approx((120.912333, 31.95), abs=1e-6)


def test_a_unit_of_degrees_alone_is_a_whole_longitude():
    assert coordinate_names(["经度（度）", "纬度（度）"]) == {
        "longitude": "经度（度）",
        "latitude": "纬度（度）",
    }


def test_formulas_nobody_computed_and_errors_are_told(tmp_path):
    rows = [[*HEADERS, "排水量"], ["A1", "甲", 120.9, 31.9], ["A2", "乙", 120.91, 31.9]]
    done = outfalls(tmp_path / "a.xlsx", rows, E2="=10*5", E3="#N/A")
    said = " ".join(done.notes["reason"])
    assert "1 个公式没有算出的值（E2）" in said
    assert "1 个单元格是错误值" in said
    assert "E3" in said


def test_a_sheet_without_formulas_tells_nothing(tmp_path):
    done = outfalls(tmp_path / "a.xlsx", [HEADERS, ["A1", "甲", 120.9, 31.9]])
    assert done.notes.empty


def test_a_workbook_from_1904(tmp_path):
    path = tmp_path / "a.xlsx"
    made = xlsxwriter.Workbook(str(path), {"date_1904": True})
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, [*HEADERS, "整治期限"])
    sheet.write_row(1, 0, ["A1", "甲", 120.9, 31.9])
    form = made.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_datetime(1, 4, dt.datetime(2026, 5, 3), form)
    made.close()
    done = read_layer(path, "outfalls", datum="wgs84")
    assert done.layer["deadline"].tolist() == [pd.Timestamp("2026-05-03")]
    assert "1904" in " ".join(done.notes["reason"])


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026年5月", "2026-05-31"),
        ("2026-02", "2026-02-28"),
        ("2026年6月底前", "2026-06-30"),
        ("2026年底", "2026-12-31"),
        ("2026年第二季度", "2026-06-30"),
        ("2026年上半年", "2026-06-30"),
        ("2026年5月3号", "2026-05-03"),
        ("2026、5、3", "2026-05-03"),
        ("'2026-05-03", "2026-05-03"),
    ],
)
def test_deadlines_in_words(text, day):
    done = build_layer(
        pd.DataFrame({"编号": ["A"], "经纬度": ["120.9,31.9"], "整治期限": [text]}),
        "outfalls",
        datum="wgs84",
    )
    assert done.layer["deadline"].tolist() == [pd.Timestamp(day)]
    rough = read_day(text, "deadline").rough == "last"
    assert ("2026" in "".join(map(str, done.notes["before"]))) == rough


@pytest.mark.parametrize(
    "text", ["看情况", "5月3日", "26/5/3", "2026年13月", "2026年13月底"]
)
def test_days_nobody_can_be_sure_of_are_refused(text):
    assert read_day(text, "deadline").problem == "unreadable"


def test_a_month_that_is_no_deadline_is_its_first_day():
    assert read_day("2026年5月") == (pd.Timestamp("2026-05-01"), "", "first")


def test_ids_that_excel_cut_short_are_told():
    ids = [320612000000000001.0, "3.20612E+17", "320612000000000001", "A1", 12.0]
    places = [f"{120 + n / 10},31.9" for n in range(5)]
    table = pd.DataFrame({"编号": pd.Series(ids, dtype=object), "经纬度": places})
    done = build_layer(table, "outfalls", datum="wgs84")
    told = done.notes[done.notes["reason"].str.contains("15 位")]
    assert told["row"].tolist() == [0, 1]
    assert len(done.layer) == 5


def test_headers_that_name_another_datum_than_declared():
    table = pd.DataFrame(
        {"编号": ["A"], "经度（高德）": [120.9], "纬度（高德）": [31.9]}
    )
    done = build_layer(table, "outfalls", datum="cgcs2000")
    assert done.notes["reason"].str.contains("gcj02，与声明的 cgcs2000 不同").any()
    same = build_layer(table, "outfalls", datum="gcj02")
    assert not same.notes["reason"].str.contains("不同").any()


def test_texts_beside_readings_are_told(tmp_path):
    rows = [
        ["断面名称", "日期", "天气", "氨氮(mg/L)", "备注"],
        ["A", "2026-05-03", "晴", 0.3, "雨后"],
        ["B", "2026-05-03", "阴", "0.01L", None],
    ]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert len(done.layer) == 2
    assert done.notes["column"].tolist() == ["天气", "备注", "备注"]
    assert done.notes.iloc[-1][["row", "before"]].tolist() == [2, "雨后"]
    long = pd.DataFrame(
        {
            "断面": ["A"],
            "时间": ["2026-05-03"],
            "项目": ["氨氮"],
            "结果": [1],
            "样品": ["S1"],
        }
    )
    assert build_layer(long, "readings").notes["column"].tolist() == ["样品"]


def test_columns_of_readings_that_are_read_are_not_told(tmp_path):
    rows = [["断面名称", "日期", "氨氮"], ["A", "2026-05-03", 0.3]]
    assert read_layer(book(tmp_path / "a.xlsx", rows), "readings").notes.empty


def test_refused_rows_are_mended_where_they_are_coloured(tmp_path):
    rows = [
        ["序号", "排口", None, "东经", None, None, "北纬", None, None, "整治期限"],
        [None, "编号", "名称", "度", "分", "秒", "度", "分", "秒", None],
        [1, "A1", "甲", 120, 61, 44, 31, 57, 0, "看情况"],
        [2, "A2", "乙", 120, 54, 44, 31, 57, 0, "2026-05-03"],
    ]
    done = outfalls(tmp_path / "a.xlsx", rows)
    back = done.write_rejects(tmp_path / "back.xlsx")
    made = openpyxl.load_workbook(back)
    sheet = made["被退回"]
    heads = [cell.value for cell in sheet[1]]
    red = [cell for cell in sheet[2] if cell.fill != PatternFill()]
    assert {heads[cell.column - 1] for cell in red} == {"东经 / 分", "整治期限"}
    for cell, value in zip(red, (54, "2026-06-30"), strict=True):
        cell.value = value
    made.save(back)
    again = read_layer(back, "outfalls", datum="wgs84")
    assert again.rejected.empty
    assert again.layer["outfall_id"].tolist() == ["A1"]
    assert again.layer.geometry.iloc[0].x == pytest.approx(120.912222, abs=1e-6)


def test_columns_of_angles_and_numbers_are_read_as_their_cells_are():
    cells = ["120.5", "-3", "120°54′44.4″", "120°61′00″", "120°5'", "１２０", "", None, 7.5,
             "12\n13", "121°30'15''", "x", 3, True, float("inf"), "1e3", "1 200", "+5", "05"]  # fmt: skip
    read = parse_angles(cells)
    one = [parse_angle(cell) for cell in cells]
    np.testing.assert_array_equal(read.value, [angle.value for angle in one])
    assert read.problem.tolist() == [angle.problem for angle in one]
    assert read.half.tolist() == [angle.half for angle in one]
    values, states = parse_numbers(cells)
    alone = [parse_number(cell) for cell in cells]
    np.testing.assert_array_equal(values, [value for value, _ in alone])
    assert states.tolist() == [state for _, state in alone]


def test_spaces_between_thousands():
    assert parse_number("1 200.5") == (1200.5, "folded")
    assert parse_number("12 34")[1] == "unreadable"
    assert parse_number("1 200,300")[1] == "unreadable"

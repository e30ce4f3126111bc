"""Cells and sheets an analyst would read: no end date, 万, ranges, tables in one sheet."""

import openpyxl
import pandas as pd
import pytest
from _workbooks import book

from geotool.errors import SourceError
from geotool.io import read_table
from geotool.layers import build_layer, read_layer
from geotool.layers._dates import read_day
from geotool.layers._values import parse_number

HEADERS = ["排污口编号", "排污口名称", "经度", "纬度"]
PLACE = {"经度": [120.9], "纬度": [31.9]}


def one(kind="outfalls", **cells):
    table = pd.DataFrame({"编号": ["A"], **PLACE, **{k: [v] for k, v in cells.items()}})
    return build_layer(table, kind, datum="wgs84")


@pytest.mark.parametrize(
    "word", ["长期", " 持续推进", "持续整治", "持续实施", "立行立改", "常态化"]
)
def test_a_deadline_that_is_no_day_is_left_open(word):
    done = one(整治期限=word)
    assert done.rejected.empty
    assert done.layer["deadline"].isna().all()
    assert done.layer["整治期限_原值"].tolist() == [word.strip()]
    told = done.notes[done.notes["column"] == "整治期限"]
    assert told["before"].tolist() == [word]
    assert "不计逾期" in told["reason"].iloc[0]


def test_only_a_deadline_may_be_open():
    assert read_day("长期").problem == "unreadable"
    assert read_day("长期", "deadline").problem == "undated"


@pytest.mark.parametrize(
    ("text", "value"), [("1.2万", 12000.0), ("3亿", 3e8), ("１．１ 万", 11000.0)]
)
def test_ten_thousands_behind_a_number(text, value):
    assert parse_number(text) == (value, "large")


def test_ten_thousands_are_taken_and_told():
    done = one(**{"流量（m³/h）": "1.2万"})
    assert done.layer["discharge_m3_d"].tolist() == [288000.0]
    assert done.notes["before"].tolist().count("1.2万") == 1


def test_ten_thousands_in_the_header_and_in_the_cell_are_not_guessed():
    done = one(**{"流量（万吨/年）": "1.2万"})
    assert done.layer.empty
    assert "又写了一次" in done.rejected["reason"].iloc[0]


@pytest.mark.parametrize("text", ["50-60", "50～60", "50至60", "0.5—0.8 m3/d"])
def test_a_range_is_refused_with_what_to_do(text):
    done = one(**{"流量（m³/d）": text})
    assert done.rejected["value"].tolist() == [text]
    assert done.rejected["reason"].tolist() == ["是一个范围，不是一个数"]
    assert "写一个数" in done.rejected["remedy"].iloc[0]


@pytest.mark.parametrize("text", ["-5", "2-", "1.2", "5e-3", "1-2-3"])
def test_what_is_no_range(text):
    assert parse_number(text)[1] != "range"


def test_a_second_table_below_is_told_and_not_read(tmp_path):
    rows = [
        HEADERS,
        ["A1", "甲", 120.9, 31.9],
        [],
        ["断面一览表"],
        ["序号", "断面编号", "断面名称", "水质目标"],
        [1, "S1", "东桥", "Ⅲ"],
        [2, "S2", "西桥", "Ⅲ"],
    ]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "outfalls", datum="wgs84")
    assert done.layer["outfall_id"].tolist() == ["A1"]
    assert done.rejected.empty
    assert done.source["rows_read"] == 1
    told = done.notes.iloc[0]
    assert told["reason"].startswith("第 5 行起是另一张表，其下 2 行没有读")
    assert told["before"] == "序号、断面编号、断面名称、水质目标"


def test_the_header_again_is_no_second_table(tmp_path):
    rows = [HEADERS, ["A1", "甲", 120.9, 31.9], HEADERS, ["A2", "乙", 120.91, 31.9]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "outfalls", datum="wgs84")
    assert done.layer["outfall_id"].tolist() == ["A1", "A2"]


def test_the_header_again_in_other_words_is_no_second_table(tmp_path):
    again = ["排口编号", "名称", "东经", "北纬（°）"]
    rows = [HEADERS, ["A1", "甲", 120.9, 31.9], again, ["A2", "乙", 120.91, 31.9]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "outfalls", datum="wgs84")
    assert done.layer["outfall_id"].tolist() == ["A1", "A2"]
    assert done.rejected["row"].tolist() == [3]


def test_the_same_headers_in_another_order_are_another_table(tmp_path):
    again = [HEADERS[1], HEADERS[0], HEADERS[3], HEADERS[2]]
    rows = [HEADERS, ["A1", "甲", 120.9, 31.9], again, ["乙", "A2", 31.9, 120.91]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "outfalls", datum="wgs84")
    assert done.layer["outfall_id"].tolist() == ["A1"]
    assert "第 3 行起是另一张表" in " ".join(done.notes["reason"])


def test_a_second_table_beside_is_told(tmp_path):
    rows = [
        [*HEADERS, None, *HEADERS],
        ["A1", "甲", 120.9, 31.9, None, "B1", "乙", 120.91, 31.9],
    ]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "outfalls", datum="wgs84")
    assert done.layer["outfall_id"].tolist() == ["A1"]
    assert done.notes["reason"].iloc[0].startswith("右边还有一张同样的表")


def test_rows_that_excel_hides_are_read_and_told(tmp_path):
    rows = [HEADERS, *([f"A{n}", f"口{n}", 120.9 + n / 100, 31.9] for n in range(3))]
    path = book(tmp_path / "a.xlsx", rows, hide=(3, 9))
    done = read_layer(path, "outfalls", datum="wgs84")
    assert len(done.layer) == 3
    assert done.notes["reason"].tolist() == [
        "1 行在 Excel 里被隐藏或筛掉（第 3 行），也读入了；不要的请删除"
    ]


def test_columns_that_excel_hides_are_read_and_told(tmp_path):
    rows = [
        ["断面", "时间", "氨氮", "总磷", None],
        ["东桥", "2026-05-01", 0.3, 0.1, None],
    ]
    path = book(tmp_path / "a.xlsx", rows)
    made = openpyxl.load_workbook(path)
    widths = made.active.column_dimensions
    widths["C"].hidden = True
    widths["D"].hidden = True
    widths.group(
        "F", "XFD", hidden=True
    )  # the empty rest of the sheet: not worth a word
    made.save(path)
    done = read_layer(path, "readings")
    assert done.layer["item"].tolist() == ["NH3N", "TP"]
    assert done.notes["reason"].tolist() == [
        "2 列在 Excel 里被隐藏（C 列“氨氮”、D 列“总磷”），也读入了；不要的请删除"
    ]


def test_a_hidden_sheet_is_told_whether_read_or_not(tmp_path):
    made = openpyxl.Workbook()
    for sheet in (made.active, made.create_sheet("旧")):
        sheet.append(HEADERS)
        sheet.append([f"{sheet.title}1", "甲", 120.9, 31.9])
    made["旧"].sheet_state = "hidden"
    made.save(tmp_path / "a.xlsx")
    one, old = (read_table(tmp_path / "a.xlsx", sheet=name) for name in (None, "旧"))
    assert one.cells.iloc[0, 0] == "Sheet1"
    assert one.notes["reason"].tolist() == ["只读了工作表 Sheet；未读：旧（隐藏）"]
    assert old.cells.iloc[0, 0] == "旧1"
    assert old.notes["reason"].tolist() == ["工作表 旧 在 Excel 里是隐藏的，按指定读入"]


def test_a_question_about_the_sheet_is_not_called_a_broken_file(tmp_path):
    made = openpyxl.Workbook()
    for name in ("东", "西"):
        sheet = made.create_sheet(name)
        sheet.append(HEADERS)
        sheet.append(["A1", "甲", 120.9, 31.9])
    made.save(tmp_path / "a.xlsx")
    for sheet, said in (
        (None, "有多个工作表像数据表：东、西"),
        ("南", "没有工作表 '南'"),
    ):
        with pytest.raises(SourceError, match=said) as caught:
            read_table(tmp_path / "a.xlsx", sheet=sheet)
        assert "完好" not in str(caught.value)

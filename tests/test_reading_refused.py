"""Sheets of readings with the sections or the hours across: what to make of them."""

import datetime as dt

import pytest
from _workbooks import book

from geotool.errors import LayerError
from geotool.io import read_readings
from geotool.layers import read_layer

TITLE = ["2026年3月5日断面水质监测结果"]
BODY = [["氨氮(mg/L)", 0.3, "<0.02"], ["总磷", 0.1, 0.2]]
ACROSS = [
    [TITLE, ["监测项目", "东桥", "西桥"], *BODY],
    [TITLE, ["序号", "项目", "单位", "东桥", "西桥", "备注"],
     [1, "氨氮", "mg/L", 0.3, 0.4, "晴"], [2, "总磷", "mg/L", 0.1, 0.2, None]],
    [["日期", "项目", "东桥", "西桥"], ["2026-03-05", "氨氮", 1, 2], ["2026-03-06", "氨氮", 3, 4]],
    [TITLE, ["项目\\断面", "东桥", "西桥"], *BODY],
    [TITLE, ["断面/项目", "东桥", "西桥"], *BODY],
    [TITLE, ["断面名称", "东桥", "西桥"], ["采样日期", "2026-03-05", "2026-03-06"], *BODY],
    [TITLE, ["监测项目", "断面", None], [None, "东桥", "西桥"], *BODY],
]  # fmt: skip


@pytest.mark.parametrize("rows", ACROSS)
def test_sections_across_are_refused_with_what_to_do(tmp_path, rows):
    with pytest.raises(LayerError, match=r"（东桥、西桥.*转置.*加一列“监测时间”"):
        read_layer(book(tmp_path / "a.xlsx", rows), "readings")


def test_a_group_of_sections_in_merged_cells_is_refused_as_well(tmp_path):
    path = book(tmp_path / "a.xlsx", ACROSS[-1], ["A2:A3", "B2:C2"])
    with pytest.raises(LayerError, match=r"（东桥、西桥）.*转置"):
        read_readings(path)


def test_sections_called_like_an_item_are_refused_across_too(tmp_path):
    rows = [TITLE, ["监测项目", "S1", "S2"], *BODY]
    with pytest.raises(LayerError, match=r"（S1、S2）.*转置"):
        read_readings(book(tmp_path / "a.xlsx", rows))


def test_turned_as_it_is_told_it_is_read(tmp_path):
    rows = [
        ["断面", "监测时间", "氨氮(mg/L)", "总磷"],
        ["东桥", "2026-03-05", 0.3, 0.1],
    ]
    rows += [["西桥", "2026-03-05", "<0.02", 0.2]]
    readings, rejected = read_readings(book(tmp_path / "a.xlsx", rows))
    assert (len(readings), len(rejected)) == (4, 0)


HOURS = [
    [f"{hour}时" for hour in range(24)],
    [f"{hour:02d}:00" for hour in range(24)],
    [dt.time(hour) for hour in range(24)],
    [*range(24)],
    [*range(1, 25)],
]


@pytest.mark.parametrize("hours", HOURS)
@pytest.mark.parametrize("with_item", [True, False])
def test_hours_across_are_refused_with_what_to_do(tmp_path, hours, with_item):
    item = ["氨氮"] if with_item else []
    rows = [["2026年3月5日氨氮"], ["断面", *(["项目"] if with_item else []), *hours]]
    rows += [["东桥", *item, *range(24)]]
    with pytest.raises(LayerError, match=r"各列是小时.*一行一个时刻"):
        read_readings(book(tmp_path / "a.xlsx", rows))


@pytest.mark.parametrize(
    ("names", "rows", "columns"),
    [
        (  # columns that the user maps
            ["站", "项目", "日期", "测得", "检出"],
            [[32, "氨氮", "2026-03-05", 0.3, 0.1], [33, "氨氮", "2026-03-05", 0.4, 0.1]],
            {"站": "section_id", "测得": "value"},
        ),
        (["断面", "日期", "监测项目", "结果"], [["S2", "2026-03-05", "氨氮", 1]], {}),
        (["断面", "日期", "氨氮", "8时水位"], [["S2", "2026-03-05", 1, 2]], {}),
        (["断面", "项目", "1月", "2月"], [["S2", "氨氮", 1, 2]], {}),
    ],
)  # fmt: skip
def test_what_is_read_is_not_refused(tmp_path, names, rows, columns):
    path = book(tmp_path / "a.xlsx", [names, *rows])
    assert len(read_layer(path, "readings", columns=columns, year=2026).layer)


def test_codes_that_are_items_as_well_stay_sections(tmp_path):
    rows = [["断面", "采样人", "天气"], ["S1", "张", "晴"], ["S2", "李", "阴"]]
    with pytest.raises(LayerError, match="监测数据缺少“监测时间”列"):
        read_readings(book(tmp_path / "a.xlsx", rows))

"""Readings as county bureaus keep them: every value right, refused or told of, none lost."""

import datetime as dt

import pytest
from _workbooks import book

from geotool.layers import read_layer
from geotool.layers._dates import read_day

NO = None


def read(tmp_path, rows, merged=(), name="a", **options):
    return read_layer(
        book(tmp_path / f"{name}.xlsx", rows, merged), "readings", **options
    )


def values(done):
    """Section, item, day → value in the unit of the item; None below no stated limit."""
    found = {
        (r.section_id, r.item, f"{r.time:%m-%d}"): None
        if r.value_mg_l != r.value_mg_l
        else pytest.approx(r.value_mg_l)
        for r in done.layer.itertuples()
    }
    assert len(found) == len(done.layer)
    return found


def test_a_month_above_items_above_units_with_totals_and_notes(tmp_path):
    rows = [
        ["某县2026年断面监测结果表"],
        ["序号", "断面名称", "1月", NO, "2月", NO, "备注"],
        [NO, NO, "氨氮", "总磷", "氨氮", "总磷", NO],
        [NO, NO, "mg/L", "μg/L", "mg/L", "μg/L", NO],
        [1, "东桥", 0.3, "10L", 0.4, "未检出", NO],
        [2, "西桥", "—", "/", "<0.025", "５００", "断流"],
        ["合计", NO, 0.3, 0.01, 0.4, 0.5, NO],
        ["注：L表示低于检出限"],
    ]
    merged = ["A2:A4", "B2:B4", "C2:D2", "E2:F2", "G2:G4", "A1:G1"]
    done = read(tmp_path, rows, merged)
    assert values(done) == {
        ("东桥", "NH3N", "01-01"): 0.3,
        ("东桥", "TP", "01-01"): 0.005,
        ("东桥", "NH3N", "02-01"): 0.4,
        ("东桥", "TP", "02-01"): NO,
        ("西桥", "NH3N", "02-01"): 0.0125,
        ("西桥", "TP", "02-01"): 0.5,
    }
    assert done.rejected["value"].tolist() == ["—", "/"]
    assert {1, 6, 7, 8} <= {*done.notes["row"].dropna()}


@pytest.mark.parametrize(
    "lower",
    [["浓度(μg/L)", "类别"], ["监测值(μg/L)", "评价"], ["结果（μg/L）", "类别"]],
)
def test_a_unit_below_the_item_is_not_lost(tmp_path, lower):
    rows = [["断面名称", "监测月份", "氨氮", NO, "总磷", NO], [NO, NO, *lower, *lower]]
    rows += [["东桥", "2026年1月", 300, "Ⅱ", 100, "Ⅱ"]]
    done = read(tmp_path, rows, ["A1:A2", "B1:B2", "C1:D1", "E1:F1"])
    assert [*values(done).values()] == [0.3, 0.1]
    assert done.rejected.empty
    assert done.notes["reason"].str.contains("不是监测值，没有带入").sum() == 2


def test_values_below_their_items_without_a_unit(tmp_path):
    rows = [
        ["断面", "日期", "氨氮", NO, "总磷", NO],
        [NO, NO, *["监测值", "超标倍数"] * 2],
    ]
    rows += [["东桥", "2026-03-05", 1.2, 0.2, 0.1, 0]]
    done = read(tmp_path, rows, ["A1:A2", "B1:B2", "C1:D1", "E1:F1"])
    assert [*values(done).values()] == [1.2, 0.1]
    assert done.rejected["column"].tolist() == ["氨氮 / 超标倍数", "总磷 / 超标倍数"]


def test_a_row_of_symbols_above_the_row_of_units(tmp_path):
    rows = [["断面", "时间", "氨氮", "总磷"], [NO, NO, "NH3-N", "TP"]]
    rows += [[NO, NO, "mg/L", "μg/L"], ["东桥", "2026-01", 0.3, 100]]
    done = read(tmp_path, rows)
    assert [*values(done).values()] == [0.3, 0.1]
    assert done.notes["row"].tolist() == [2, 3]


def test_limits_and_means_between_months_are_no_sections(tmp_path):
    rows = [["2026年氨氮"], ["断面", "1月", "2月"], ["东桥", 0.1, 0.2]]
    rows += [
        [word, 1, 1]
        for word in ("年均", "月均值", "Ⅲ类标准", "标准限值", "检出限", "达标率")
    ]
    done = read(tmp_path, rows)
    assert {*done.layer["section_id"]} == {"东桥"}
    assert done.notes["row"].dropna().tolist() == [1, 4, 5, 6, 7, 8, 9]


def test_a_section_may_begin_like_a_limit(tmp_path):
    names = ["标准厂房桥", "检查站", "目标河", "年丰桥", "超标断面一"]
    rows = [["2026年氨氮"], ["断面", "1月", "2月"], *([n, 0.1, 0.2] for n in names)]
    assert {*read(tmp_path, rows).layer["section_id"]} == {*names}


def test_marks_in_a_column_beside_the_value(tmp_path):
    rows = [["断面", "日期", "氨氮", "氨氮标识", "总磷", "总磷标记"]]
    rows += [["东桥", "2026-3-1", 0.025, "L", 0.1, "<"]]
    rows += [["东桥", "2026-3-2", 0.025, "N", 0.1, "无效"]]
    rows += [["东桥", "2026-3-3", "0.025L", "L", "<0.1", "<"]]
    done = read(tmp_path, rows)
    assert [*values(done).values()] == [0.0125, 0.05, 0.025, 0.0125, 0.05]
    assert done.rejected["value"].tolist() == ["0.1(无效)"]
    long = [["断面", "日期", "项目", "监测值", "标识"]]
    long += [
        ["东桥", "2026-3-1", "氨氮", 0.025, "L"],
        ["东桥", "2026-3-1", "总磷", 0.1, "无效"],
    ]
    done = read(tmp_path, long)
    assert [*values(done).values()] == [0.0125]
    assert done.rejected["reason"].tolist() == ["标记写明这个监测值无效"]


def test_dates_of_all_sorts(tmp_path):
    good = {
        "2026.3.5": "03-05 00:00",
        "2026年3月": "03-01 00:00",
        "46086": "03-05 00:00",
        46086.25: "03-05 06:00",
        dt.datetime(2026, 3, 5, 8): "03-05 08:00",
        "20260306": "03-06 00:00",
        "２０２６－３－７": "03-07 00:00",
        "二〇二六年三月八日": "03-08 00:00",
        "2026年3月上旬": "03-01 00:00",
    }
    bad = ["2026-3-5上午", "26.3.5", "05/03/2026", "2026.3.5-3.7", "2026年", "3.5"]
    rows = [["断面", "日期", "氨氮"], *(["东桥", cell, 1] for cell in (*good, *bad))]
    done = read(tmp_path, rows)
    assert done.layer["time"].dt.strftime("%m-%d %H:%M").tolist() == [*good.values()]
    assert done.rejected["value"].tolist() == bad


@pytest.mark.parametrize(
    "clock", ["08:30:15", "8时30分15秒", dt.time(8, 30, 15), 30615 / 86400]
)
def test_a_date_and_a_time_of_the_day_in_two_columns(tmp_path, clock):
    rows = [["断面", "日期", "时间", "氨氮"], ["东桥", "2026-03-05", clock, 1]]
    rows += [["东桥", dt.datetime(2026, 3, 6), NO, 1]]
    times = read(tmp_path, rows).layer["time"].dt.strftime("%d %H:%M:%S").tolist()
    assert times == ["05 08:30:15", "06 00:00:00"]


def test_marks_and_misspellings_of_all_sorts(tmp_path):
    good = {
        "＜0.025": 0.0125, "0.025 L": 0.0125, "0.025Ｌ": 0.0125, "<DL": NO,
        "未检出(0.025)": 0.0125, "＜0.025mg/L": 0.0125, "25μg/L": 0.025, "1.2E-2": 0.012,
        "０．３": 0.3, "1,200": 1200, "*2": 2, "3*": 3,
    }  # fmt: skip
    bad = [
        "L0.025",
        "低于0.025",
        "≈0.3",
        "0..3",
        "0。3",
        "0,31",
        "O.31",
        "2O",
        "Ⅲ类",
        "-0.3",
    ]
    gone = ["—", "/", "--", "…", "未监测", "断流"]
    cells = [*good, *bad, *gone]
    rows = [["断面", "日期", "氨氮"]]
    rows += [[f"断面{n}", "2026-3-1", cell] for n, cell in enumerate(cells)]
    done = read(tmp_path, rows)
    assert [*values(done).values()] == [*good.values()]
    assert done.rejected["value"].tolist() == [*bad, *gone]
    assert len(done.layer) + len(done.rejected) == len(cells)


def test_days_counted_in_the_header_and_years_above_months(tmp_path):
    days = [["2026年3月氨氮日均值"], ["断面", *range(1, 32)], ["东桥", *range(1, 32)]]
    found = values(read(tmp_path, days))
    assert [*found.values()] == [*range(1, 32)]
    assert [*found][-1] == ("东桥", "NH3N", "03-31")
    years = [
        ["断面", "氨氮(μg/L)", NO, NO],
        [NO, "2025年1月", "2026年1月", "同比变化(%)"],
    ]
    done = read(tmp_path, [*years, ["东桥", 100, 200, "100%"]], ["A1:A2", "B1:D1"])
    assert done.layer["value_mg_l"].tolist() == [0.1, 0.2]
    assert done.layer["time"].dt.year.tolist() == [2025, 2026]


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026年6月上旬", "06-10"), ("2026年6月下旬前", "06-30"), ("2026Q2", "06-30")],
)
def test_ten_days_of_a_deadline_end_with_their_last(text, day):
    assert read_day(text, "deadline")[1:] == ("", "last")
    assert f"{read_day(text, 'deadline').time:%m-%d}" == day

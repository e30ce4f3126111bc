"""Readings by ten days, quarters and days; what a half-known time becomes of it."""

import argparse
import datetime as dt

import pandas as pd
import pytest
from _workbooks import book

from geotool._periods import UNITS, Period, read_period
from geotool.cli._given import given_cells, given_readings
from geotool.cli._parser import build_parser
from geotool.errors import LayerError, SourceError
from geotool.io import read_readings
from geotool.layers import read_layer
from geotool.layers._dates import read_day
from geotool.readings import parse_time, tidy_readings

TENS = ["上旬", "中旬", "下旬"]
DAYS = [f"{day}日" for day in range(1, 32)]


def readings(tmp_path, rows, name="a", merged=(), **options):
    return read_layer(
        book(tmp_path / f"{name}.xlsx", rows, merged), "readings", **options
    )


def days(done):
    return {
        (row.item, f"{row.time:%Y-%m-%d}"): row.value_mg_l
        for row in done.layer.itertuples()
    }


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("year", [None, 2026])
def test_a_period_is_read_as_it_is_written(unit, year):
    firsts = {"quarter": (1, 4, 7, 10), "half_year": (1, 7)}.get(unit, range(1, 13))
    parts = {"ten_days": (1, 11, 21), "day": range(1, 32)}.get(unit, (1,))
    for period in (Period(unit, year, m, part) for m in firsts for part in parts):
        assert read_period(period.text) == period
        if year and period.part <= 28:
            day = pd.Timestamp(year, period.month, period.part)
            assert parse_time(period.text) == (day, "")


@pytest.mark.parametrize(
    ("texts", "first", "last"),
    [
        (["2026上半年", "2026年上半年", "2026H1", "2026年h1", "二〇二六年上半年"], "2026-01-01", "2026-06-30"),
        (["2026年第一季度", "2026一季度", "2026第1季度", "2026Q1", "2026-Q1"], "2026-01-01", "2026-03-31"),
        (["2024年2月下旬"], "2024-02-21", "2024-02-29"),
        (["2026年6月份", "2026-06", "202606"], "2026-06-01", "2026-06-30"),
    ],
)  # fmt: skip
def test_a_period_is_read_alike_everywhere(tmp_path, texts, first, last):
    assert len({read_period(text) for text in texts}) == 1
    assert {f"{read_day(text, 'deadline').time:%Y-%m-%d}" for text in texts} == {last}
    assert {f"{parse_time(text)[0]:%Y-%m-%d}" for text in texts} == {first}
    rows = [["断面", "日期", "氨氮"], *(["东桥", text, 1] for text in texts)]
    done = readings(tmp_path, rows)
    assert {f"{time:%Y-%m-%d}" for time in done.layer["time"]} == {first}
    assert done.rejected.empty


def test_h1_alone_is_no_period_and_year_ends_are_days():
    assert read_period("H1") is None
    ends = ("2026年底", "2026年年末", "2026 年底前", "2026H2", "2026年下半年之前")
    assert {f"{read_day(text).time:%Y-%m-%d}" for text in ends} == {"2026-12-31"}
    assert read_day("2026年6月").rough == "first"
    assert read_day("2026.6", "deadline").time == pd.Timestamp("2026-06-30")
    for text in (
        "2026年13月底",
        "2026年0月底",
        "0000年底",
        "2026年2月30日",
        "2150年底",
    ):
        assert read_day(text).problem == "unreadable"
    assert read_period("2026年2月30日").last_day is None


@pytest.mark.parametrize(
    ("columns", "title", "options", "found"),
    [
        (TENS, "2026年3月", {}, ["2026-03-01", "2026-03-11", "2026-03-21"]),
        ([f"三月{t}" for t in TENS], None, {"year": 2026}, ["2026-03-01", "2026-03-11", "2026-03-21"]),
        (["一季度", "第2季度", "Q3"], "2026年", {}, ["2026-01-01", "2026-04-01", "2026-07-01"]),
        (["2025年第四季度", "2026Q1"], None, {}, ["2025-10-01", "2026-01-01"]),
        (["上半年", "下半年"], None, {"year": 2026}, ["2026-01-01", "2026-07-01"]),
        (["1日", "2号"], "2026-03", {}, ["2026-03-01", "2026-03-02"]),
        (["3月1日", "3月2日"], "2026年", {}, ["2026-03-01", "2026-03-02"]),
        ([dt.datetime(2026, 3, d) for d in (1, 2)], None, {}, ["2026-03-01", "2026-03-02"]),
    ],
)  # fmt: skip
def test_periods_as_columns(tmp_path, columns, title, options, found):
    rows = [[title]] if title else []
    rows += [["断面", "项目", *columns], ["东桥", "氨氮", *range(1, len(columns) + 1)]]
    done = readings(tmp_path, rows, **options)
    assert days(done) == {("NH3N", day): n for n, day in enumerate(found, start=1)}
    assert done.rejected.empty


def test_a_month_above_its_ten_days_and_an_item_above_its_days(tmp_path):
    rows = [["断面", "1月", None, None, "2月", None, None], [None, *TENS, *TENS]]
    rows = [["2026年氨氮"], *rows, ["东桥", *range(1, 7)]]
    found = days(readings(tmp_path, rows, merged=["A2:A3", "B2:D2", "E2:G2"]))
    assert [*found.values()] == [1, 2, 3, 4, 5, 6]
    assert [*found][4] == ("NH3N", "2026-02-11")
    rows = [["断面", "氨氮", None, "总磷", None], [None, *DAYS[:2], *DAYS[:2]]]
    rows += [["东桥", 1, 2, 3, 4]]
    done = readings(tmp_path, rows, name="2026年3月日报", merged=["B1:C1", "D1:E1"])
    assert days(done)["TP", "2026-03-02"] == 4
    assert done.notes["reason"].iloc[0].endswith("年月 2026年3月 取自文件名")


def test_a_quarter_beside_its_months_is_left_out_and_told(tmp_path):
    rows = [
        ["2026年氨氮"],
        ["断面", "1月", "2月", "3月", "一季度"],
        ["东桥", 1, 2, 3, 2],
    ]
    done = readings(tmp_path, rows)
    assert [*days(done).values()] == [1, 2, 3]
    assert done.notes["reason"].str.contains("“一季度”列不是监测值").any()


def test_days_that_the_month_has_not_are_refused_each(tmp_path):
    rows = [["2026年2月氨氮"], ["断面", *DAYS], ["东桥", *range(1, 31), None]]
    done = readings(tmp_path, rows)
    assert [*days(done).values()] == [*range(1, 29)]
    assert done.rejected["value"].tolist() == ["2026年2月29日", "2026年2月30日"]


@pytest.mark.parametrize(
    ("columns", "title", "words"),
    [
        (TENS, None, "哪年哪月"),
        (TENS, "2026年1-3月", "哪年哪月"),
        (["一季度", "二季度"], None, "--year"),
        (["5月1日", "5月2日"], None, "--year"),
    ],
)
def test_half_known_columns_are_asked_for(tmp_path, columns, title, words):
    rows = [[title]] if title else []
    rows += [["断面", "项目", *columns], ["东桥", "氨氮", *[1] * len(columns)]]
    with pytest.raises(LayerError, match=words):
        read_readings(book(tmp_path / "a.xlsx", rows))


def test_periods_in_the_column_of_times(tmp_path):
    cells = ["2026年3月中旬", "2026年一季度", "3月上旬", "5日", "Q2", "2026年13月"]
    rows = [
        ["断面", "日期", "氨氮"],
        *(["东桥", cell, n] for n, cell in enumerate(cells)),
    ]
    done = readings(tmp_path, rows)
    assert days(done) == {("NH3N", "2026-03-11"): 0, ("NH3N", "2026-01-01"): 1}
    assert done.rejected[["value", "reason"]].to_numpy().tolist() == [
        ["3月上旬", "监测时间没有年份"],
        ["5日", "监测时间没有月份"],
        ["Q2", "监测时间没有年份"],
        ["2026年13月", "监测时间无法识别"],
    ]
    assert "--year" in done.rejected["remedy"].iloc[0]
    said = " ".join(done.notes["reason"])
    assert "1 个监测时间只写到旬，按每旬第一天" in said
    assert "1 个监测时间只写到季度，按每季第一天读" in said


def test_the_month_of_a_title_completes_days_and_its_own_dates_only(tmp_path):
    cells = ["下旬", "5日", "3月8日", "12月28日"]
    rows = [["2026年3月水质"], ["断面", "日期", "氨氮"]]
    rows += [["东桥", cell, n] for n, cell in enumerate(cells)]
    done = readings(tmp_path, rows)
    assert [key[1] for key in days(done)] == ["2026-03-21", "2026-03-05", "2026-03-08"]
    assert done.rejected["value"].tolist() == ["12月28日"]
    assert (
        done.notes["reason"].str.startswith("3 个监测时间没写全，年月 2026年3月").any()
    )
    rows[2:] = [["东桥", day, day] for day in (1, 2, 31)]
    assert [key[1][-2:] for key in days(readings(tmp_path, rows))] == ["01", "02", "31"]


@pytest.mark.parametrize(
    ("header", "cells", "day"),
    [
        (["年份", "季度"], [2026, "二"], "2026-04-01"),
        (["年", "月", "旬"], ["2026年", "3月", "中"], "2026-03-11"),
        (["年", "月", "日"], [2026, 3, "5日"], "2026-03-05"),
        (["月份"], ["2026年3月"], "2026-03-01"),
    ],
)
def test_parts_of_a_time_in_columns(tmp_path, header, cells, day):
    rows = [["断面", *header, "氨氮"], ["东桥", *cells, 1]]
    assert days(readings(tmp_path, rows)) == {("NH3N", day): 1}


def test_a_table_without_a_file_takes_the_year_too():
    table = pd.DataFrame({"断面": ["A"], "项目": ["氨氮"], "1月": [1], "2月": [2]})
    assert tidy_readings(table)[1]["reason"].tolist() == ["监测时间没有年份"] * 2
    times = tidy_readings(table, year=2026)[0]["time"]
    assert times.dt.strftime("%Y-%m").tolist() == ["2026-01", "2026-02"]


# ---------------------------------------------------------------- --year everywhere
def test_every_command_that_reads_readings_takes_a_year():
    commands = next(
        action.choices
        for action in build_parser()._actions
        if isinstance(action, argparse._SubParsersAction)
    )
    reads = {
        name: {option for a in parser._actions for option in a.option_strings}
        for name, parser in commands.items()
    }
    with_file = {name for name, options in reads.items() if "--readings" in options}
    assert {"trace", "report", "alert", "assess"} <= with_file
    assert all("--year" in reads[name] for name in with_file | {"import"})


class NoSections:
    """A workspace without a list of sections."""

    def has(self, _):
        return False


def test_the_year_reaches_the_file(tmp_path):
    months = [["断面", "项目", "1月", "2月"], ["东桥", "氨氮", 1, 2]]
    dates = [["断面", "日期", "氨氮"], ["东桥", "5月3日", 1]]
    for rows in (months, dates):
        path = str(book(tmp_path / "a.xlsx", rows))
        chosen = argparse.Namespace(readings=path, year=2025)
        tidy, rejected, notes = given_readings(NoSections(), chosen)
        assert len(notes) or rows is dates
        assert {*tidy["time"].dt.year} == {2025}
        assert rejected.empty
        cells, taken = given_cells(NoSections(), chosen)
        assert len(taken) == len(notes)
        again, refused = tidy_readings(cells)
        assert {*again["time"].dt.year} == {2025}
        assert refused.empty


@pytest.mark.parametrize("given", [None, "-"])
def test_a_year_without_a_file_is_told(given):
    chosen = argparse.Namespace(readings=given, year=2026)
    for call in (
        lambda: given_readings(NoSections(), chosen),
        lambda: given_cells(NoSections(), chosen),
    ):
        with pytest.raises(SourceError, match="--year 只用于"):
            call()

"""Readings with a column a month: the year and the item may stand in the title."""

import datetime as dt

import pandas as pd
import pytest
from _workbooks import book

from geotool.errors import LayerError
from geotool.io import read_readings
from geotool.layers import read_layer

DIGITS = [f"{month}月" for month in range(1, 13)]
WORDS = [f"{word}月" for word in (*"一二三四五六七八九十", "十一", "十二")]


def told(done):
    return {
        (row.section_id, row.item, f"{row.time:%Y-%m}"): row.value_mg_l
        for row in done.layer.itertuples()
    }


@pytest.mark.parametrize("months", [DIGITS, WORDS, [f"{word}份" for word in WORDS]])
def test_a_year_in_the_title_and_an_item_a_row(tmp_path, months):
    rows = [
        ["2026年断面水质逐月统计（GB 3838-2002）"],
        ["断面名称", "监测项目", *months],
    ]
    rows += [["东桥", "氨氮", *range(1, 13)], ["东桥", "总磷", "0.02L", *[None] * 11]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert done.rejected.empty
    found = told(done)
    assert len(found) == 13
    assert found["东桥", "NH3N", "2026-12"] == 12
    assert found["东桥", "TP", "2026-01"] == pytest.approx(0.01)
    told_zh = "各月并列，一列一个月，按每月第一天读；年份 2026 取自标题"
    assert done.notes["reason"].eq(told_zh).any()
    assert done.notes["reason_en"].str.contains("taken for its first day").any()


@pytest.mark.parametrize(
    "months",
    [
        ["2026年1月", "2026年2月"],
        ["2026-01", "2026-02"],
        ["202601", "202602"],
        [202601, 202602],
        [dt.datetime(2026, 1, 1), dt.datetime(2026, 2, 1)],
    ],
)
def test_months_with_their_year(tmp_path, months):
    rows = [["断面名称", "监测项目", *months], ["东桥", "氨氮", 0.3, "0.4mg/L"]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert told(done) == {
        ("东桥", "NH3N", "2026-01"): 0.3,
        ("东桥", "NH3N", "2026-02"): 0.4,
    }


def test_one_item_a_sheet_with_its_unit_in_the_title(tmp_path):
    rows = [["2026年氨氮监测结果（单位：μg/L）"], ["断面名称", *DIGITS, "年均"]]
    rows += [["东桥", *[310] * 12, 310], ["西桥", *[None] * 12, None]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert set(told(done).values()) == {0.31}
    assert len(done.layer) == 12
    assert done.rejected[["row", "reason"]].to_numpy().tolist() == [[4, "没有监测值"]]
    assert done.notes["reason"].str.contains("“年均”列不是监测值").any()


@pytest.mark.parametrize("above", ["item", "month", "year"])
def test_two_header_rows(tmp_path, above):
    rows = {
        "item": [["断面", "氨氮", None, "总磷", None], [None, "1月", "2月", "1月", "2月"]],
        "month": [["断面", "1月", None, "2月", None], [None, "氨氮", "总磷", "氨氮", "总磷"]],
        "year": [["断面", "项目", "2025年", None, "2026年", None],
                 [None, None, "1月", "2月", "1月", "2月"]],
    }[above]  # fmt: skip
    rows += [["东桥", *(["氨氮"] if above == "year" else []), 1, 2, 3, 4]]
    year = None if above == "year" else 2026
    found = told(read_layer(book(tmp_path / "a.xlsx", rows), "readings", year=year))
    keys = {
        "item": [("NH3N", "2026-01"), ("NH3N", "2026-02"), ("TP", "2026-01"), ("TP", "2026-02")],
        "month": [("NH3N", "2026-01"), ("TP", "2026-01"), ("NH3N", "2026-02"), ("TP", "2026-02")],
        "year": [("NH3N", "2025-01"), ("NH3N", "2025-02"), ("NH3N", "2026-01"), ("NH3N", "2026-02")],
    }[above]  # fmt: skip
    assert found == {("东桥", *key): n for n, key in enumerate(keys, start=1)}


def test_a_year_in_a_column_of_its_own(tmp_path):
    rows = [["断面", "年份", "项目", "1月", "2月"], ["东桥", 2025, "氨氮", 1, 2]]
    rows += [["东桥", "2026年", "氨氮", 3, 4]]
    assert told(read_layer(book(tmp_path / "a.xlsx", rows), "readings")) == {
        ("东桥", "NH3N", "2025-01"): 1,
        ("东桥", "NH3N", "2025-02"): 2,
        ("东桥", "NH3N", "2026-01"): 3,
        ("东桥", "NH3N", "2026-02"): 4,
    }


@pytest.mark.parametrize(
    ("title", "names", "year", "words"),
    [
        (None, ["断面", "项目"], None, "哪一年"),
        ("2025、2026年", ["断面", "项目"], None, "哪一年"),
        ("2025年", ["断面", "项目"], 2026, "标题写的是 2025 年"),
        ("2025年", ["断面"], None, "哪个监测项目"),
        ("2025年氨氮、总磷", ["断面"], None, "标题里有 氨氮、总磷"),
    ],
)
def test_what_nobody_says_is_asked_for(tmp_path, title, names, year, words):
    rows = [[title]] if title else []
    rows += [[*names, "1月", "2月"], ["东桥", *["氨氮"] * (len(names) - 1), 1, 2]]
    with pytest.raises(LayerError, match=words):
        read_readings(book(tmp_path / "a.xlsx", rows), year=year)


def test_one_month_twice_is_a_question(tmp_path):
    rows = [["断面", "项目", "1月", "一月"], ["东桥", "氨氮", 1, 2]]
    with pytest.raises(LayerError, match="同一个月"):
        read_readings(book(tmp_path / "a.xlsx", rows), year=2026)


def test_what_was_refused_can_be_mended_and_read_again(tmp_path):
    rows = [["2026年氨氮"], ["断面", "1月", "2月"], ["东桥", 1, "?"], ["西桥", 3, 4]]
    done = read_layer(book(tmp_path / "a.xlsx", rows), "readings")
    assert done.rejected[["row", "column", "value"]].to_numpy().tolist() == [
        [3, "2026年2月", "?"]
    ]
    sent = pd.read_excel(done.write_rejects(tmp_path / "退回.xlsx"), engine="openpyxl")
    sent["2026年2月"] = 2.5
    again = read_layer(
        book(tmp_path / "b.xlsx", [[*sent.columns], *sent.to_numpy().tolist()]),
        "readings",
    )
    assert told(again) == {
        ("东桥", "NH3N", "2026-01"): 1,
        ("东桥", "NH3N", "2026-02"): 2.5,
    }

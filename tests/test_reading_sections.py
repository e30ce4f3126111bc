"""Readings against the list of sections: the code first, then the name."""

import pandas as pd
import pytest
from _workbooks import book

from geotool._register import by_register
from geotool.io import read_readings
from geotool.layers import build_layer, read_layer

SECTIONS = pd.DataFrame(
    {
        "section_id": ["3206001", "DM2", "DM3", "DM4"],
        "name": ["东桥", "西桥(上)", "同名", "同名"],
    }
)


def found(rows, headers=("断面编码", "断面名称"), sections=SECTIONS):
    table = pd.DataFrame(
        [[*row, "2026-05-01", 1] for row in rows], columns=[*headers, "日期", "氨氮"]
    )
    done = build_layer(table, "readings", sections=sections)
    assert len(done.layer) + len(done.rejected) == len(rows)
    return done


@pytest.mark.parametrize(
    ("code", "name", "section"),
    [
        ("3206001", "东桥（旧名）", "3206001"),  # a name that no section has
        (3206001.0, "东桥（旧名）", "3206001"),  # as Excel keeps numbers
        ("dm2", None, "DM2"),  # no name at all
        ("D9", "东桥", "东桥"),  # a code nobody knows: the name finds it, as written
        ("D9", "西桥（上）", "DM2"),  # brackets of another width
        (None, "东桥", "东桥"),
        ("DM3", "同名", "DM3"),  # a name that two have decides nothing
        ("D9", "同名", "同名"),
        ("D9", "北桥", "北桥"),  # nobody knows it: as it was
    ],
)
def test_the_code_finds_the_section_and_then_the_name(code, name, section):
    done = found([(code, name)])
    assert done.layer["section_id"].tolist() == [section]
    ids = dict(zip(SECTIONS["section_id"], SECTIONS["section_id"], strict=True))
    known = section in ids or section == "东桥"
    told = done.notes["after"].eq(section).any()
    assert told == (known and section != "东桥")


def test_a_code_and_a_name_of_two_sections_are_told():
    done = found([("DM2", "东桥")])
    assert done.layer["section_id"].tolist() == ["DM2"]
    line = done.notes[done.notes["reason"].str.contains("请核对")].iloc[0]
    assert line["reason"] == (
        "按“断面编码”DM2 对应断面 DM2，而“断面名称”东桥 是 3206001；请核对"
    )
    assert (line["row"], line["before"], line["after"]) == (0, "东桥", "DM2")


def test_conflicts_inside_the_file_are_told_as_without_a_list():
    rows = [("DM2", "西桥(上)"), ("DM2", "北桥")]
    words = "“断面编码”同为 DM2，“断面名称”却有 西桥(上)、北桥"
    for sections in (None, SECTIONS):
        done = found(rows, sections=sections)
        assert done.notes["reason"].str.startswith(words).any()


def test_one_column_is_enough_and_nothing_is_changed_without_a_list():
    done = found([("西桥（上）",), ("东 桥",), ("别处",)], headers=("断面",))
    assert done.layer["section_id"].tolist() == ["DM2", "3206001", "别处"]
    cells = pd.DataFrame({"断面": ["西桥（上）"]})
    assert by_register(cells, None) == (cells, [])


def test_files_that_are_read_at_once_are_matched_too(tmp_path):
    rows = [["断面编码", "断面名称", "日期", "氨氮"]]
    rows += [["3206001", "东桥（旧名）", "2026-05-01", 1]]
    path = book(tmp_path / "a.xlsx", rows)
    assert read_readings(path)[0]["section_id"].tolist() == ["东桥（旧名）"]
    assert read_readings(path, sections=SECTIONS)[0]["section_id"].tolist() == [
        "3206001"
    ]
    done = read_layer(path, "readings", sections=SECTIONS)
    assert done.layer["section_id"].tolist() == ["3206001"]

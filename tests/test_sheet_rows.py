"""Rows made as they are asked for are those that are made all at once."""

import datetime as dt
from contextlib import nullcontext

import numpy as np
import pytest
import python_calamine as calamine
import xlsxwriter
from _workbooks import book
from hypothesis import given
from hypothesis import strategies as st
from test_texts import seen_whole

from geotool._texts import ColumnLook
from geotool.errors import SourceError
from geotool.io import _grid, _quick, _sound, read_table
from geotool.io._quick import quick_copy
from geotool.io._rows import SheetRows, sheet_rows


def long_sheet(path, *, top=0, left=0, rows=700):
    made = xlsxwriter.Workbook(str(path))
    sheet = made.add_worksheet("台账")
    day = made.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(top, left, ["编号", "名称", "类别", "流量", "日期", "备注"])
    for row in range(1, rows):
        if row % 97 == 0:
            continue
        sheet.write_row(top + row, left, [f"P{row}", f"{row}号口", f"第{row % 5}类"])
        sheet.write(top + row, left + 3, "约5" if row % 50 == 0 else row / 7)
        sheet.write_datetime(top + row, left + 4, dt.datetime(2026, 1, 1), day)
        if row > rows - 9:
            sheet.write_string(top + row, left + 5, " 见 附件\n")
    made.close()
    return path


def opened(path):
    return calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0)


@pytest.mark.parametrize(("top", "left"), [(0, 0), (5, 0), (400, 0), (0, 1), (2, 3)])
def test_rows_are_those_of_calamine(tmp_path, top, left):
    path = long_sheet(tmp_path / "a.xlsx", top=top, left=left)
    whole = opened(path).to_python(skip_empty_area=False)
    rows = sheet_rows(opened(path), nullcontext)
    assert isinstance(rows, SheetRows) is (left == 0)
    assert len(rows) == len(whole)
    assert [*rows] == whole
    for place in (0, 3, 255, 256, -1, len(whole) - 1):
        assert rows[place] == whole[place]
    for part in (slice(4), slice(2, 30), slice(250, 300), slice(3, None), slice(-4)):
        assert rows[part] == whole[part]
    assert [*rows] == whole  # also when all are there
    with pytest.raises(IndexError):
        rows[len(whole)]


def test_a_header_is_found_without_making_the_rows_below(tmp_path, monkeypatch):
    """What makes it fast: all cells at once are made for odd sheets only."""
    asked = []
    real = SheetRows.__getitem__
    monkeypatch.setattr(
        SheetRows, "__getitem__", lambda s, p: asked.append((s, p)) or real(s, p)
    )
    table = read_table(long_sheet(tmp_path / "a.xlsx"))
    assert len(table) == 699 - 7
    assert asked
    assert all(rows._all is None for rows, _ in asked)


@pytest.mark.parametrize("rows_at_once", [1, 7, 512, 10**6])
@pytest.mark.parametrize("merged", [(), ["C300:C305"]])
def test_a_table_is_the_same_in_parts_of_any_size(
    tmp_path, monkeypatch, rows_at_once, merged
):
    rows = [["编号", "名称", "乡镇", "流量"]]
    rows += [[f"P{n}", None if n % 40 == 0 else "口 ", "东", n] for n in range(600)]
    path = book(tmp_path / "a.xlsx", rows, merged=merged, D500="约3", E2="x")
    whole = read_table(path)
    monkeypatch.setattr(_grid, "_PART", rows_at_once)
    part = read_table(path)
    assert part.cells.equals(whole.cells)
    assert part.notes.equals(whole.notes)
    assert part.plain == whole.plain == {"编号", "乡镇", "列E"}
    if merged:
        assert part.cells["乡镇"].loc[300:305].tolist() == ["东"] * 6


CELLS = st.lists(
    st.one_of(
        st.sampled_from(["", " ", "东口", "a b", "锟斤拷", None, True, dt.time(8)]),
        st.sampled_from([1, 2.5, float("nan"), dt.timedelta(hours=3)]),
    ),
    max_size=12,
)


@given(CELLS, st.integers(1, 5))
def test_a_column_seen_in_parts_is_the_column(cells, size):
    values = np.empty(len(cells), dtype=object)
    values[:] = cells
    look, given_back = ColumnLook(len(cells)), []
    for start in range(0, len(cells), size):
        given_back += look.at(cells[start : start + size])
    whole = seen_whole(values)
    assert repr(given_back) == repr(values.tolist())
    assert look.seen[1:] == whole[1:]
    assert repr(look.seen.blank) == repr(whole.blank)


@pytest.mark.parametrize("late", ["", " ", 3.0, None])
def test_few_words_are_one_object_each_and_late_cells_are_seen(late):
    cells = ["".join(["东", str(n % 3)]) for n in range(5000)] + [late]
    look, given_back = ColumnLook(len(cells)), []
    for start in range(0, len(cells), 600):
        given_back += look.at(cells[start : start + 600])
    assert given_back == cells
    assert len({id(cell) for cell in given_back[:4000]}) == 3
    blank = late in ("", " ", None)
    assert (look.seen.blank is not None) is blank
    if blank:
        assert np.flatnonzero(look.seen.blank).tolist() == [5000]
    assert look.seen.plain is (late in ("", None))


def test_sheets_are_scanned_on_the_way_into_the_copy(tmp_path, monkeypatch):
    monkeypatch.setattr(_quick, "LARGE", 1)
    monkeypatch.setattr(_sound, "_BLOCK", 400)  # cells are cut by the ends of blocks
    monkeypatch.setattr(_sound, "_OVERLAP", 200)
    rows = [["编号", "名称"], *([f"P{n}", "=1+1"] for n in range(60))]
    path = book(tmp_path / "a.xlsx", rows, hide=range(3, 60))
    alone = _sound.check_workbook(path, "a")
    scanned = {}
    with quick_copy(path, scanned) as quick:
        assert quick != path
        monkeypatch.setattr(_sound, "_scanned", None)  # nobody looks a second time
        assert _sound.check_workbook(quick, "a", scanned=scanned) == alone
    (seen,) = alone.values()
    assert seen.hidden == [*map(str, range(3, 60))]
    assert seen.uncomputed == [f"B{row}" for row in range(2, 62)]


def test_a_stray_cell_is_refused_when_seen_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(_quick, "LARGE", 1)
    made = xlsxwriter.Workbook(str(tmp_path / "a.xlsx"))
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, ["编号", "名称"])
    sheet.write_string(1_048_575, 16_383, "x")
    made.close()
    with pytest.raises(ValueError, match="16384"):
        read_table(tmp_path / "a.xlsx")


@pytest.mark.parametrize("row", [3, 400])
@pytest.mark.parametrize("merge", [False, True])
def test_a_cell_that_python_cannot_hold_is_told_in_one_line(tmp_path, row, merge):
    path = tmp_path / "a.xlsx"
    made = xlsxwriter.Workbook(str(path))
    sheet = made.add_worksheet()
    sheet.write_row(0, 0, ["编号", "名称", "时长"])
    for number in range(1, 500):
        sheet.write_row(number, 0, [f"P{number}", "口"])
    sheet.write_number(row, 2, 1e9, made.add_format({"num_format": "[h]:mm"}))
    if merge:  # looked at from below: all cells at once
        sheet.merge_range("B450:B460", "口")
    made.close()
    with pytest.raises(SourceError, match="不是完好的 Excel 文件"):
        read_table(path)

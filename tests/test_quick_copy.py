"""A workbook read from the quick copy gives the very cells it gives by itself."""

import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
import xlsxwriter
from _workbooks import book

from geotool.io import _excel, _quick, read_table
from geotool.io._quick import quick_copy

ROOT = Path(__file__).parents[1]
BOOKS = [
    *sorted((ROOT / "data").glob("*.xlsx")),
    *sorted((ROOT.parent / "shared" / "data").rglob("*.xlsx")),
]


@pytest.fixture
def any_size(monkeypatch):
    monkeypatch.setattr(_quick, "LARGE", 1)


def grids(path):
    found = {}
    with _excel._opened(path) as opened:
        for name in opened.sheet_names:
            grid, merged = _excel._cells(opened, name, path.name)
            found[name] = ([[*map(repr, row)] for row in grid], merged)
    return found


def same_cells(path):
    with quick_copy(path) as quick:
        assert quick != path
        assert grids(quick) == grids(path)
    assert not quick.exists()


@pytest.mark.usefixtures("any_size")
@pytest.mark.parametrize("path", BOOKS, ids=lambda path: path.name)
def test_bundled_and_shared_workbooks(path):
    same_cells(path)


def odd_sheet(path, *, merged):
    made = xlsxwriter.Workbook(str(path))
    sheet = made.add_worksheet("台账")
    day = made.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    if merged:
        sheet.merge_range("A1:E1", "一览表")
        sheet.merge_range("A3:A5", "东区")
    sheet.write_row(1, 0, ["编号", "名称", "经度", "日期", "对"])
    sheet.write_string(2, 1, "0012")
    sheet.write_number(2, 2, 12)
    sheet.write_datetime(2, 3, pd.Timestamp("2026-05-03 08:30").to_pydatetime(), day)
    sheet.write_boolean(2, 4, True)
    sheet.write_formula(3, 2, "=1/0", None, "#DIV/0!")
    sheet.write_formula(3, 3, '="</sheetData><mergeCells>"', None, "</sheetData>")
    sheet.write_comment("B3", "<mergeCells>")
    sheet.conditional_format("C3:C9", {"type": "cell", "criteria": ">", "value": 3})
    made.add_worksheet("空")
    made.close()
    return path


@pytest.mark.usefixtures("any_size")
@pytest.mark.parametrize("merged", [True, False])
def test_every_kind_of_cell(tmp_path, merged):
    path = odd_sheet(tmp_path / "a.xlsx", merged=merged)
    same_cells(path)
    with quick_copy(path) as quick, zipfile.ZipFile(quick) as copy:
        sheet = copy.read("xl/worksheets/sheet1.xml")
    assert 0 < sheet.index(b"<mergeCells") < sheet.index(b"<sheetData")


@pytest.mark.usefixtures("any_size")
def test_a_workbook_of_another_program(tmp_path):
    made = openpyxl.Workbook()
    made.active.append(["编号", "名称"])
    made.active.append(["0012", None])
    made.active.append([None, 3.5])
    made.active.merge_cells("A2:B3")
    made.save(tmp_path / "a.xlsx")
    same_cells(tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    "sheet",
    [
        b"<x:worksheet><x:sheetData></x:sheetData><x:mergeCells/></x:worksheet>",
        b"<worksheet><!-- <sheetData> --><sheetData></sheetData></worksheet>",
        b"<worksheet><sheetData></sheetData><!-- <mergeCells> --></worksheet>",
        b'<worksheet><sheetData></sheetData><mergeCells count="0"/></worksheet>',
        b"<worksheet><sheetData></sheetData><x:mergeCells></x:mergeCells></worksheet>",
        b"<worksheet><sheetData/></worksheet>",
    ],
)
def test_what_is_written_otherwise_is_left_as_it_is(sheet):
    assert _quick._merges_first(sheet) == [sheet]


def test_small_and_damaged_and_other_workbooks_are_given_themselves(tmp_path):
    small = book(tmp_path / "small.xlsx", [["编号"], ["P1"]])
    with quick_copy(small) as quick:
        assert quick == small
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(small.read_bytes()[:-200])
    with quick_copy(broken) as quick:
        assert quick == broken


@pytest.mark.usefixtures("any_size")
def test_a_damaged_sheet_is_left_to_its_reader(tmp_path):
    path = odd_sheet(tmp_path / "a.xlsx", merged=True)
    with zipfile.ZipFile(path) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    data = bytearray(path.read_bytes())
    data[part.header_offset + 30 + len(part.filename) + part.compress_size // 2] ^= 255
    path.write_bytes(bytes(data))
    with quick_copy(path) as quick:
        assert quick == path


def test_messages_and_notes_are_the_same_for_a_large_workbook(tmp_path, monkeypatch):
    rows = [
        ["编号", "名称", "经度"],
        *[[f"P{n:05d}", f"排口{n}", 120.5] for n in range(30)],
    ]
    path = book(tmp_path / "台账.xlsx", [*rows, ["合计", 30]])
    plain = read_table(path)
    monkeypatch.setattr(_quick, "LARGE", 1)
    quick = read_table(path)
    pd.testing.assert_frame_equal(quick.cells, plain.cells)
    pd.testing.assert_frame_equal(quick.notes, plain.notes)
    assert quick.source == plain.source

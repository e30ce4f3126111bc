"""The workbook of an assessment: all sheets, coloured classes, nothing a formula."""

import openpyxl
import pandas as pd
import pytest

from geotool.quality import CLASSES, assess_sections
from geotool.report import write_assessment

SECTIONS = pd.DataFrame(
    {
        "section_id": ["A", "B"],
        "name": ["=1+1", "西桥"],
        "river": ["通江河", "通江河"],
        "water_type": "river",
        "target_class": "III",
        "district": ["东区", "西区"],
        "level": ["国考", "省考"],
    }
)


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    months = pd.period_range("2025-01", periods=13, freq="M").to_timestamp()
    values = [0.1, 0.4, 0.8, 1.2, 1.8, 3.0, 0.95, 0.3, 0.3, 0.2, 0.2, 0.2, 1.3]
    readings = pd.DataFrame(
        {
            "section_id": "A",
            "time": months,
            "item": "NH3N",
            "value_mg_l": values,
        }
    )
    table = assess_sections(readings, SECTIONS)
    path = tmp_path_factory.mktemp("book") / "评价.xlsx"
    write_assessment(table, path, sections=SECTIONS)
    return openpyxl.load_workbook(path)


def cells(sheet):
    rows = list(sheet.iter_rows(values_only=True))
    return pd.DataFrame(rows[1:], columns=rows[0])


def test_every_sheet_is_there_with_frozen_header_and_filter(book):
    assert book.sheetnames == [
        "断面评价", "河流评价", "区域汇总", "逐期达标率", "类别变化", "预警", "趋势", "说明",
    ]  # fmt: skip
    for sheet in book:
        assert sheet.freeze_panes == "A2"
        assert sheet.auto_filter.ref
        assert sheet.page_setup.orientation == "landscape"
        assert sheet.print_title_rows == "$1:$1"


def test_classes_are_coloured_by_what_stands_in_the_cell(book):
    sheet = book["断面评价"]
    column = next(c.column_letter for c in sheet[1] if c.value == "水质类别")
    rules = {
        rule.formula[0].strip('"'): rule.dxf.fill.bgColor.rgb
        for area in sheet.conditional_formatting
        if str(area.sqref).startswith(column)
        for rule in area.rules
    }
    assert set(rules) == set(CLASSES)
    assert len(set(rules.values())) == len(CLASSES)


def test_names_are_text_and_shares_are_numbers(book):
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
    rates = cells(book["逐期达标率"])
    assert rates["达标率"].dropna().between(0, 1).all()


def test_what_is_written_is_what_was_assessed(book):
    table = cells(book["断面评价"])
    first = table[table["断面编号"] == "A"]
    assert first["水质类别"].tolist()[:6] == list(CLASSES)
    alerts = cells(book["预警"])
    assert alerts["预警内容"].str.contains("同比").any()  # I in 2025-01, IV in 2026-01
    about = cells(book["说明"]).set_index("项目")["内容"]
    assert about["评价标准"] == "GB3838-2002"
    assert about["断面数"] == "2"


def test_an_empty_assessment_is_a_workbook_too(tmp_path):
    empty = assess_sections(
        pd.DataFrame({"section_id": [], "time": [], "item": [], "value_mg_l": []}),
        SECTIONS.head(0),
    )
    path = write_assessment(empty, tmp_path / "空.xlsx", sections=SECTIONS.head(0))
    assert openpyxl.load_workbook(path).sheetnames == ["断面评价", "说明"]

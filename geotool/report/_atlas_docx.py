"""A sheet of the atlas as a Word document, with every boundary point."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geotool.io import replacing
from geotool.maps.sheet_figures import map_part
from geotool.report._atlas_page import (
    CONFLICT_HEADER,
    POINT_HEADER,
    ZONE_HEADER,
    conflict_rows,
    conflict_words,
    grid_words,
    point_rows,
    zone_rows,
)
from geotool.report._formats import require_word
from geotool.report._word import plain_text

if TYPE_CHECKING:
    from geotool.report._atlas import AtlasSheet

_PICTURE_MM = 174.0
_PICTURE_DPI = 200
_MOST_POINTS = 3000
"""Rows of a document; Word is slow with more, and the workbook has them all."""

_SONG, _HEI = "宋体", "黑体"


def write_sheet_docx(sheet: "AtlasSheet", path: Path, figure: Any) -> Path:
    """
    Write a sheet as a Word document: the drawn sheet, then its tables in full.

    Parameters
    ----------
    sheet : AtlasSheet
    path : Path
    figure : Figure
        The sheet as drawn.

    Raises
    ------
    ReportError
        If python-docx, of the extra ``report``, is not installed.
    """
    require_word()
    from docx import Document
    from docx.shared import Mm

    document = Document()
    _set_page(document)
    _heading(document, sheet.title, size=18, center=True)
    _text(document, sheet.notice, center=True, color="7A4B00")
    picture = io.BytesIO()
    # the tables beside the map would be too small to read on A4; they follow in full
    figure.savefig(
        picture, format="png", dpi=_PICTURE_DPI, bbox_inches=map_part(figure)
    )
    picture.seek(0)
    document.add_picture(picture, width=Mm(_PICTURE_MM))
    _heading(document, "一、基本信息")
    _table(document, (), list(sheet.facts), (30, 144))
    _heading(document, "二、保护区与面积")
    if len(sheet.zones):
        _table(document, ZONE_HEADER, zone_rows(sheet), (28, 18, 26, 26, 76))
        _text(document, "面积按椭球面计；累计面积含内圈各级。")
    else:
        _text(document, "没有划出保护区，原因见说明。")
    _heading(document, "三、冲突筛查")
    rows = conflict_rows(sheet)
    if rows:
        _table(document, CONFLICT_HEADER, rows, (58, 20, 34, 62))
    _text(document, conflict_words(sheet))
    _heading(document, "四、边界拐点坐标")
    _points(document, sheet)
    _heading(document, "五、说明")
    for note in sheet.notes:
        _text(document, f"· {note}")
    _text(document, _ending(sheet))
    with replacing(path) as beside:
        document.save(str(beside))
    return path


def _ending(sheet: "AtlasSheet") -> str:
    source = f"数据来源：{sheet.source}　" if sheet.source else ""
    return f"{source}坐标系：CGCS2000　制图日期：{sheet.date}"


def _points(document: Any, sheet: "AtlasSheet") -> None:
    points = sheet.points
    if not len(points):
        _text(document, "没有拐点。")
        return
    _text(
        document,
        "CGCS2000 经纬度（度分秒）；每级自西北角起顺时针编号，首尾不重复，"
        f"为该级及其内圈的外边界。{grid_words(sheet)}",
    )
    for zone_id, level_zh in dict(
        zip(points["zone_id"], points["level_zh"], strict=True)
    ).items():
        some = points[points["zone_id"] == zone_id]
        level = f"{level_zh}保护区" if level_zh in ("一级", "二级", "准") else level_zh
        _text(document, f"{level}（{zone_id}），{len(some)} 点", bold=True)
        shown = point_rows(some.head(_MOST_POINTS))
        _table(document, POINT_HEADER, shown, (22, 42, 42, 34, 34))
        if len(some) > _MOST_POINTS:
            _text(document, f"（其余 {len(some) - _MOST_POINTS} 点见拐点坐标表）")


# ---------------------------------------------------------------- Word
def _set_page(document: Any) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(18)
    section.top_margin = section.bottom_margin = Mm(20)
    style = document.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(10.5)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), _SONG)
    style.paragraph_format.space_after = Pt(3)


def _run(paragraph: Any, text: str, *, font: str = _SONG) -> Any:
    from docx.oxml.ns import qn

    run = paragraph.add_run(plain_text(text))
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    return run


def _heading(
    document: Any, text: str, *, size: float = 13, center: bool = False
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before = Pt(8)
    paragraph.paragraph_format.keep_with_next = True
    if center:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = _run(paragraph, text, font=_HEI)
    run.font.size, run.font.bold = Pt(size), True


def _text(
    document: Any,
    text: str,
    *,
    center: bool = False,
    bold: bool = False,
    color: str = "",
) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import RGBColor

    paragraph = document.add_paragraph()
    if center:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    run = _run(paragraph, text)
    run.font.bold = bold
    if color:
        run.font.color.rgb = RGBColor.from_string(color)


def _table(
    document: Any,
    header: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    widths_mm: tuple[float, ...],
) -> None:
    """Add a table; its header is repeated on every page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    lines = [*([header] if header else []), *rows]
    table = document.add_table(rows=len(lines), cols=len(widths_mm))
    table.style = "Table Grid"
    table.autofit = False
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width)  # LibreOffice goes by the grid, Word by the cells
    # python-docx looks a cell up by walking the table: once is enough
    cells = table._cells
    for place, text in enumerate(cell for line in lines for cell in line):
        cell = cells[place]
        cell.width = Mm(widths_mm[place % len(widths_mm)])
        paragraph = cell.paragraphs[0]
        paragraph.paragraph_format.space_before = Pt(1.5)
        paragraph.paragraph_format.space_after = Pt(1.5)
        run = _run(paragraph, str(text))
        run.font.size = Pt(9)
        run.font.bold = bool(header) and place < len(widths_mm)
    if header:
        mark = OxmlElement("w:tblHeader")
        mark.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(mark)

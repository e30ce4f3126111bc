"""An alert as a page to print, a workbook, or plain data."""

import json
import re
from collections.abc import Sequence
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geotool.errors import SourceError
from geotool.io import SheetLook, replacing, write_book
from geotool.report._blocks import Block, blocks_html
from geotool.report._formats import INCIDENT_FORMATS, require_word

if TYPE_CHECKING:
    from geotool.report._incident_result import IncidentAlert

_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""

_SIZES = {"title": 15.0, "lead": 11.0, "head": 10.0, "text": 9.0, "small": 8.0}
_CELL_PT, _LIST_PT = 7.5, 7.5
_FONT, _FONT_ZH = "Calibri", "宋体"
_PAGE_MM = (210.0, 297.0)
_MARGIN_MM = 11.0
_HEAD_FILL = "DBE5F1"


def write_incident(
    alert: "IncidentAlert", path: str | PathLike[str], *, language: str = "zh"
) -> Path:
    """
    Write an alert by the ending of the name; the old file stays until the new is whole.

    Parameters
    ----------
    alert : IncidentAlert
    path : path
        ``.docx`` (the page, A4), ``.html`` (the same, one file), ``.xlsx`` (all
        tables) or ``.json``.
    language : {"zh", "en"}
        Of the page. Tables of a workbook are Chinese; json has both.

    Raises
    ------
    SourceError
        If the ending is another, the folder cannot be written, or a Word document is
        asked for and python-docx is not installed.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in INCIDENT_FORMATS:
        raise SourceError(
            f"不能把预警写成 {target.name}；可用后缀：{'、'.join(INCIDENT_FORMATS)}。",
            f"An alert cannot be written as {target.name}; use one of "
            f"{', '.join(INCIDENT_FORMATS)}.",
        )
    if language not in ("zh", "en"):
        raise SourceError(
            f"language 应为 zh 或 en，得到 {language!r}。",
            f"language is zh or en, got {language!r}.",
        )
    if suffix == ".xlsx":
        sheets = alert.tables()
        look = SheetLook(
            formats={"概率": "0.0%", "属前三的概率": "0.0%", "贡献占比": "0.0%"}
        )
        with replacing(target) as beside:
            write_book(sheets, beside, looks=dict.fromkeys(sheets, look))
        return target
    if suffix == ".docx":
        document = _document(alert.blocks(), language)
        with replacing(target) as beside:
            document.save(str(beside))
        return target
    if suffix == ".json":
        text = json.dumps(
            alert.to_dict(), ensure_ascii=False, indent=1, allow_nan=False
        )
    else:
        text = _page(alert, language)
    with replacing(target) as beside:
        beside.write_text(text, encoding="utf-8")
    return target


_STYLE = """
body{font:14px/1.45 "Microsoft YaHei","Noto Sans CJK SC",sans-serif;max-width:60em;
margin:1.5em auto;padding:0 1em;color:#222}
h2{margin:0 0 .3em}h4{margin:1em 0 .3em}ul{margin:.3em 0;padding-left:1.4em}
table{border-collapse:collapse;width:100%;font-size:12.5px}
th,td{border:1px solid #b9c4d0;padding:.15em .4em;text-align:left;vertical-align:top}
th{background:#dbe5f1}small{color:#555}
@media print{body{margin:0;max-width:none;font-size:11px}@page{size:A4;margin:15mm}}
"""


def _page(alert: "IncidentAlert", language: str) -> str:
    title = escape(alert.headline[0 if language == "zh" else 1])
    code = "zh-CN" if language == "zh" else "en"
    return (
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body>"
        f"{blocks_html(alert.blocks(), language=language)}</body></html>"
    )


# ---------------------------------------------------------------- Word
def _document(blocks: Sequence[Block], language: str) -> Any:
    require_word()
    import docx
    from docx.shared import Mm

    document = docx.Document()
    section = document.sections[0]
    section.page_width, section.page_height = (Mm(side) for side in _PAGE_MM)
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Mm(_MARGIN_MM))
    k = 0 if language == "zh" else 1
    for block in blocks:
        if block.kind == "table":
            if block.text[k]:
                _paragraph(document, block.text[k], "head")
            _table(document, block, k)
        elif block.kind == "list":
            for line in block.lines:
                _line(document, line[k])
        else:
            _paragraph(document, block.text[k], block.kind)
    return document


def _paragraph(document: Any, text: str, kind: str) -> None:
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    space = paragraph.paragraph_format
    space.space_before = Pt(7 if kind == "head" else 0)
    space.space_after = Pt(2)
    space.keep_with_next = kind == "head"
    _write(paragraph, text, _SIZES[kind], bold=kind in ("title", "lead", "head"))


def _line(document: Any, text: str) -> None:
    from docx.shared import Mm, Pt

    paragraph = document.add_paragraph()
    space = paragraph.paragraph_format
    space.space_before = space.space_after = Pt(0)
    space.left_indent, space.first_line_indent = Mm(4), Mm(-3)
    _write(paragraph, f"· {text}", _LIST_PT)


def _write(paragraph: Any, text: str, size: float, *, bold: bool = False) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    run = paragraph.add_run(_ILLEGAL.sub("", text))
    run.font.size, run.font.name, run.bold = Pt(size), _FONT, bold
    # Word keeps a font of its own for Chinese
    run._element.rPr.rFonts.set(qn("w:eastAsia"), _FONT_ZH)


def _table(document: Any, block: Block, k: int) -> None:
    from docx.shared import Mm, Pt

    table = document.add_table(rows=1 + len(block.rows), cols=len(block.header))
    table.style = "Table Grid"
    table.autofit = False
    room = _PAGE_MM[0] - 2 * _MARGIN_MM
    widths = [Mm(room * share / sum(block.widths)) for share in block.widths]
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width  # LibreOffice goes by these, Word by those of the cells
    for place, row in enumerate((block.header, *block.rows)):
        cells = table.rows[place].cells
        for cell, words, width in zip(cells, row, widths, strict=True):
            cell.width = width
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            _write(paragraph, words[k], _CELL_PT, bold=place == 0)
            if place == 0:
                _shade(cell)
    _repeat_header(table.rows[0])


def _shade(cell: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    shade = OxmlElement("w:shd")
    for key, value in (("val", "clear"), ("color", "auto"), ("fill", _HEAD_FILL)):
        shade.set(qn(f"w:{key}"), value)
    cell._element.get_or_add_tcPr().append(shade)


def _repeat_header(row: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement("w:tblHeader")
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)

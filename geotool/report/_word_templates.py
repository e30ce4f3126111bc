"""The templates of our own, made when they are asked for: no binary to fall out of step.

A bureau takes one with ``write_template``, changes it in Word, and names it when it
writes its reports.
"""

import io
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from geotool.errors import ReportError
from geotool.io import replacing
from geotool.report._formats import require_word
from geotool.tables import load_table

BODY_FONT, HEAD_FONT = "宋体", "黑体"
"""What Chinese office documents are set in; Word and WPS have both."""


def template_kinds() -> tuple[str, ...]:
    """
    Name the reports that have a template.

    Examples
    --------
    >>> template_kinds()
    ('section', 'outfall', 'bulletin')
    """
    return tuple(load_table("report")["templates"])


def default_template(kind: str) -> bytes:
    """
    Make the template of a report.

    Parameters
    ----------
    kind : str
        One of :func:`template_kinds`.

    Returns
    -------
    bytes
        A .docx.

    Raises
    ------
    ReportError
        If there is no such report, or the extra ``report`` is not installed.

    Examples
    --------
    >>> default_template("section")[:2]
    b'PK'
    """
    plans = load_table("report")["templates"]
    if kind not in plans:
        raise ReportError(
            f"没有报告 {kind!r} 的模板；有：{'、'.join(plans)}。",
            f"No template for the report {kind!r}; there are {', '.join(plans)}.",
        )
    document = _blank()
    for block in plans[kind]["blocks"]:
        _WRITERS[block["as"]](document, block)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def write_template(kind: str, path: str | PathLike[str]) -> Path:
    """
    Write the template of a report, to be changed in Word.

    Parameters
    ----------
    kind, path
        As :func:`default_template`; a name that ends in .docx.
    """
    target = Path(path)
    if target.suffix.lower() != ".docx":
        raise ReportError(
            f"模板的后缀应为 .docx，得到 {target.name}。",
            f"A template ends in .docx, got {target.name}.",
        )
    data = default_template(kind)
    with replacing(target) as beside:
        beside.write_bytes(data)
    return target


def _blank() -> Any:
    """Give an empty A4 document in Chinese fonts."""
    require_word()
    from docx import Document
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm, Pt, RGBColor

    document = Document()
    page = document.sections[0]
    page.page_width, page.page_height = Mm(210), Mm(297)
    page.left_margin = page.right_margin = Mm(24)
    page.top_margin = page.bottom_margin = Mm(22)
    _number_pages(page)
    for name, (font, size, before, after) in _LOOKS.items():
        style = _style(document, name)
        style.font.size = Pt(size)
        style.font.color.rgb = RGBColor(0, 0, 0)
        style.font.italic = False
        style.font.bold = font == HEAD_FONT
        style.paragraph_format.space_before = Pt(before)
        style.paragraph_format.space_after = Pt(after)
        _set_font(style, font)
    for name in _BOXED:
        _shade(document.styles[name])
    for name in ("Title", "Subtitle"):
        document.styles[name].paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for name in ("Heading 1", "Heading 2", "Source"):
        document.styles[name].paragraph_format.keep_with_next = True
    return document


_LOOKS = {
    "Normal": (BODY_FONT, 10.5, 0, 4),
    "Title": (HEAD_FONT, 20, 0, 6),
    "Subtitle": (BODY_FONT, 9, 0, 8),
    "Heading 1": (HEAD_FONT, 14, 12, 4),
    "Heading 2": (HEAD_FONT, 11.5, 8, 3),
    "Source": (HEAD_FONT, 10.5, 6, 2),
    "List Bullet": (BODY_FONT, 10.5, 0, 2),
    "Caption": (BODY_FONT, 9, 2, 4),
    "Notice": (HEAD_FONT, 10.5, 2, 6),
    "Gap": (BODY_FONT, 5, 0, 0),
}
"""Font, size, and space before and after, in points, of each style."""

_BOXED = ("Notice",)
"""Styles on a grey ground: what must not be overlooked."""


def _style(document: Any, name: str) -> Any:
    """Give a style; one that Word does not bring is made."""
    from docx.enum.style import WD_STYLE_TYPE

    if name in [style.name for style in document.styles]:
        return document.styles[name]
    made = document.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    made.base_style = document.styles["Normal"]
    return made


def _shade(style: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    ground = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "EDEDED")):
        ground.set(qn(f"w:{name}"), value)
    layout = style.element.get_or_add_pPr()
    layout.insert_element_before(ground, *_AFTER_SHADE)


_AFTER_SHADE = tuple(
    f"w:{name}"
    for name in [
        "tabs",
        "suppressAutoHyphens",
        "kinsoku",
        "wordWrap",
        "overflowPunct",
        "topLinePunct",
        "autoSpaceDE",
        "autoSpaceDN",
        "bidi",
        "adjustRightInd",
        "snapToGrid",
        "spacing",
        "ind",
        "contextualSpacing",
        "mirrorIndents",
        "suppressOverlap",
        "jc",
        "textDirection",
        "textAlignment",
        "textboxTightWrap",
        "outlineLvl",
        "divId",
        "cnfStyle",
        "rPr",
        "sectPr",
        "pPrChange",
    ]
)
"""What comes after a ground in a layout (ECMA-376, CT_PPr): Word reads in order only."""


def _number_pages(page: Any) -> None:
    """Put the number of the page below it: sheets are printed and fall apart."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    foot = page.footer.paragraphs[0]
    foot.alignment = WD_ALIGN_PARAGRAPH.CENTER
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    foot._p.append(field)


def _set_font(style: Any, font: str) -> None:
    """Set the font of a style, the one for Chinese too: Word keeps them apart."""
    from docx.oxml.ns import qn

    style.font.name = "Times New Roman"
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)  # a theme would win over the name
    fonts.set(qn("w:eastAsia"), font)


def _title(document: Any, block: dict[str, Any]) -> None:
    document.add_paragraph(block["text"], style="Title")


def _heading(document: Any, block: dict[str, Any]) -> None:
    document.add_heading(block["text"], level=block.get("level", 1))


def _text(document: Any, block: dict[str, Any]) -> None:
    document.add_paragraph(block["text"], style=block.get("style", "Normal"))


def _control(document: Any, block: dict[str, Any]) -> None:
    """Write a mark that takes its whole paragraph with it."""
    document.add_paragraph(f"{{%p {block['text']} %}}")


def _each(document: Any, block: dict[str, Any]) -> None:
    """Write one paragraph for each text of a list."""
    document.add_paragraph(f"{{%p for text in {block['of']} %}}")
    document.add_paragraph("{{ text }}", style=block.get("style", "List Bullet"))
    document.add_paragraph("{%p endfor %}")


def _picture(document: Any, block: dict[str, Any]) -> None:
    """Write a picture where there is one, else the words for its absence."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    document.add_paragraph(f"{{%p if {block['of']} %}}")
    place = document.add_paragraph(f"{{{{ {block['of']} }}}}")
    place.alignment = WD_ALIGN_PARAGRAPH.CENTER
    place.paragraph_format.keep_with_next = True
    caption = document.add_paragraph(block["text"], style="Caption")
    caption.alignment = WD_ALIGN_PARAGRAPH.CENTER
    document.add_paragraph("{%p else %}")
    document.add_paragraph(block["missing"])
    document.add_paragraph("{%p endif %}")


def _facts(document: Any, block: dict[str, Any]) -> None:
    """Write two columns: what is asked, and the answer."""
    table = _grid(document, 3, (36.0, 126.0))
    _mark(table.rows[0], f"for row in {block['of']}")
    _fill_row(table.rows[1], ("{{ row[0] }}", "{{ row[1] }}"), bold=(True, False))
    _mark(table.rows[2], "endfor")
    document.add_paragraph(style="Gap")


def _table(document: Any, block: dict[str, Any]) -> None:
    """Write a table with one row for each of a list."""
    columns = block["columns"]
    widths = tuple(float(column["mm"]) for column in columns)
    table = _grid(document, 4, widths)
    heads = tuple(column["head"] for column in columns)
    _fill_row(table.rows[0], heads, bold=(True,) * len(heads))
    _repeat_on_every_page(table.rows[0])
    _mark(table.rows[1], f"for row in {block['of']}")
    cells = tuple(f"{{{{ row.{column['key']} }}}}" for column in columns)
    _fill_row(table.rows[2], cells, bold=(False,) * len(cells))
    _mark(table.rows[3], "endfor")
    document.add_paragraph(style="Gap")


def _grid(document: Any, rows: int, widths_mm: Sequence[float]) -> Any:
    from docx.shared import Mm

    table = document.add_table(rows=rows, cols=len(widths_mm), style="Table Grid")
    table.autofit = False
    for column, width in zip(table.columns, widths_mm, strict=True):
        column.width = Mm(width)  # the grid; the cells below are what Word looks at
    for row in table.rows:
        for cell, width in zip(row.cells, widths_mm, strict=True):
            cell.width = Mm(width)
    return table


def _mark(row: Any, text: str) -> None:
    row.cells[0].paragraphs[0].add_run(f"{{%tr {text} %}}")


def _fill_row(row: Any, texts: Sequence[str], *, bold: Sequence[bool]) -> None:
    from docx.shared import Pt

    # rows may break across pages: Word would cut off what is longer than one
    for cell, text, strong in zip(row.cells, texts, bold, strict=True):
        run = cell.paragraphs[0].add_run(text)
        run.bold, run.font.size = strong, Pt(9)
        layout = cell.paragraphs[0].paragraph_format
        layout.space_before = layout.space_after = Pt(1)


def _repeat_on_every_page(row: Any) -> None:
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))


_WRITERS = {
    "title": _title,
    "heading": _heading,
    "text": _text,
    "control": _control,
    "each": _each,
    "picture": _picture,
    "facts": _facts,
    "table": _table,
}
"""What writes each kind of block of ``tables/report.toml``."""

"""Word documents from templates: a bureau may put its own in place of ours.

The template engine is docxtpl (Jinja inside a .docx). What is ours is the care for
text that comes from files: it is escaped, control characters that no document can hold
are left out, and a template can reach nothing but the values it is given.
"""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from geotool.errors import ReportError
from geotool.io import replacing
from geotool.report._formats import require_word

_ILLEGAL = re.compile("[\x00-\x09\x0b-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold, or what the engine takes for a command (tab, form feed)."""

_LONGEST = 4000
"""Letters of one text in a document; a register's cell may hold 32 767."""


@dataclass(frozen=True)
class Picture:
    """
    A picture to stand in a document.

    Attributes
    ----------
    data : bytes
        As a PNG or JPEG file.
    width_mm : float
    """

    data: bytes
    width_mm: float = 160.0


def write_word(
    values: Mapping[str, Any],
    path: str | PathLike[str],
    *,
    template: bytes | str | PathLike[str],
) -> Path:
    r"""
    Fill a template and write it; the old file stays until the new is whole.

    Parameters
    ----------
    values : mapping
        Texts, numbers, lists and mappings of them, and :class:`Picture`.
    path : path
        ``.docx``.
    template : bytes or path
        A .docx with Jinja marks.

    Returns
    -------
    Path

    Raises
    ------
    ReportError
        If the name does not end in .docx, the template cannot be read, asks for a value
        that there is not, or the extra ``report`` is not installed.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from docx import Document
    >>> made = Document()
    >>> _ = made.add_paragraph("断面 {{ name }}")
    >>> with TemporaryDirectory() as folder:
    ...     made.save(Path(folder) / "mine.docx")
    ...     path = write_word({"name": "<东桥>&\x07"}, Path(folder) / "out.docx",
    ...                       template=Path(folder) / "mine.docx")
    ...     Document(path).paragraphs[0].text
    '断面 <东桥>&'
    """
    target = Path(path)
    if target.suffix.lower() != ".docx":
        raise ReportError(
            f"Word 文档的后缀应为 .docx，得到 {target.name}。",
            f"A Word document ends in .docx, got {target.name}.",
        )
    document = _opened(template)
    _fill(document, values, template)
    with replacing(target) as beside:
        document.save(str(beside))
    return target


def check_template(template: bytes | str | PathLike[str]) -> None:
    """
    See that a template can be read and its marks are whole, before any work is done.

    Which values it asks for is seen when it is filled.

    Raises
    ------
    ReportError
        As :func:`write_word`.

    Examples
    --------
    >>> check_template(b"no document")
    Traceback (most recent call last):
        ...
    geotool.errors.ReportError: 模板 （内置） 读不了...
    """
    from jinja2 import TemplateError

    document = _opened(template)
    try:
        document.get_undeclared_template_variables(_engine())
    except TemplateError as error:
        raise _wrong_marks(template, error) from None


def _engine() -> Any:
    """Give the engine: a template comes from anywhere, it may read what it is given."""
    from jinja2 import StrictUndefined
    from jinja2.sandbox import SandboxedEnvironment

    return SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)


def _wrong_marks(
    template: bytes | str | PathLike[str], error: BaseException
) -> ReportError:
    return ReportError(
        f"模板 {_named(template)} 的标记有误（{_said(error)}）；"
        "请对照 geotool report --write-template 写出的模板修改。",
        f"The marks of the template {_named(template)} are wrong ({_said(error)}); "
        "compare the one that geotool report --write-template writes.",
    )


def _opened(template: bytes | str | PathLike[str]) -> Any:
    """Open a template."""
    import zipfile

    require_word()
    from docx.opc.exceptions import OpcError
    from docxtpl import DocxTemplate

    source: Any = io.BytesIO(template) if isinstance(template, bytes) else template
    try:
        document = DocxTemplate(source)
        document.init_docx()
    except (OpcError, zipfile.BadZipFile, OSError, KeyError, ValueError) as error:
        raise ReportError(
            f"模板 {_named(template)} 读不了（{_said(error)}）；请用 Word 另存为 .docx。",
            f"Cannot read the template {_named(template)} ({_said(error)}); save it in "
            "Word as .docx.",
        ) from None
    return document


def _fill(
    document: Any, values: Mapping[str, Any], template: bytes | str | PathLike[str]
) -> None:
    from docx.image.exceptions import (
        InvalidImageStreamError,
        UnexpectedEndOfFileError,
        UnrecognizedImageError,
    )
    from jinja2 import TemplateError, UndefinedError

    try:
        document.render(_ready(values, document), jinja_env=_engine(), autoescape=True)
    except UndefinedError as error:
        raise ReportError(
            f"模板 {_named(template)} 用了没有的值（{_said(error)}）；"
            f"可用：{'、'.join(sorted(values))}。",
            f"The template {_named(template)} asks for a value there is not "
            f"({_said(error)}); there are {', '.join(sorted(values))}.",
        ) from None
    except (
        InvalidImageStreamError,
        UnexpectedEndOfFileError,
        UnrecognizedImageError,
    ):
        raise ReportError(
            "有一幅图片不是 PNG 或 JPEG，放不进文档；请检查图片文件。",
            "A picture is neither PNG nor JPEG and cannot stand in a document.",
        ) from None
    except TemplateError as error:
        raise _wrong_marks(template, error) from None


def _ready(value: Any, document: Any) -> Any:
    """Make values fit for a document, however deep they lie."""
    if isinstance(value, Picture):
        from docx.shared import Mm
        from docxtpl import InlineImage

        return InlineImage(
            document, io.BytesIO(value.data), width=Mm(round(value.width_mm))
        )
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, Mapping):
        return {key: _ready(each, document) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_ready(each, document) for each in value]
    return value


def plain_text(text: str) -> str:
    r"""
    Leave out what a document cannot hold, and cut what no page can.

    Examples
    --------
    >>> plain_text("东\x00口\t一")
    '东口 一'
    >>> len(plain_text("长" * 9000))
    4003
    """
    text = _ILLEGAL.sub("", text.replace("\t", " ").replace("\r\n", "\n"))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}（略）"


def _named(template: bytes | str | PathLike[str]) -> str:
    return "（内置）" if isinstance(template, bytes) else Path(template).name


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:160] or type(error).__name__

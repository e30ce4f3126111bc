"""Workbooks: xlsx, xlsm, xlsb, xls and ods, through python-calamine."""

import posixpath
import zipfile
import zlib
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import python_calamine as calamine

from geotool._notes import note
from geotool._texts import is_blank
from geotool.errors import SourceError
from geotool.io._header import HEADER_DEPTH, Merge, recognised
from geotool.io._rows import sheet_rows
from geotool.io._sound import Unread

ZIPPED, OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
"""First bytes of xlsx, ods (zip) and of xls, or of an encrypted xlsx."""


@dataclass(frozen=True)
class Book:
    """One sheet of a workbook, and the names of the others."""

    sheet: str
    grid: Sequence[list[Any]]
    merged: list[Merge]
    notes: list[dict[str, Any]]


def is_workbook(data: bytes) -> bool:
    """Whether a file begins as a workbook does."""
    return data.startswith((ZIPPED, OLD))


def _opened(path: Path) -> calamine.CalamineWorkbook:
    """Open a workbook: its sheets are listed and its shared texts read."""
    with _faults_told(path.name):
        return calamine.CalamineWorkbook.from_path(str(path))


def read_book(path: Path, *, sheet: str | int | None) -> Book:
    """
    Read one sheet.

    Parameters
    ----------
    path : Path
    sheet : str, int or None
        Name, or place counted from 1. None: the only sheet with a table in it.

    Raises
    ------
    SourceError
        If the file is no workbook, is locked, lacks the sheet, or several sheets
        hold tables.
    """
    with _faults_told(path.name), _opened(path) as book:  # closed: it may be a copy
        visible = {
            meta.name: meta.visible == calamine.SheetVisibleEnum.Visible
            for meta in book.sheets_metadata
            if meta.typ == calamine.SheetTypeEnum.WorkSheet
        }
        if sheet is None:
            return _only_table(book, path, visible)
        name = _chosen(path, [*visible], sheet)
        grid, merged = _cells(book, name, path.name)
    if not any(not is_blank(cell) for row in grid for cell in row):
        raise SourceError(
            f"{path.name} 的工作表 {name} 是空的；请换一个工作表（--sheet）。",
            f"Sheet {name} of {path.name} is empty; name another with --sheet.",
        )
    notes = []
    if not visible[name]:
        zh = f"工作表 {name} 在 Excel 里是隐藏的，按指定读入"
        notes.append(note(zh, f"Sheet {name} is hidden in Excel and read as named"))
    return Book(name, grid, merged, notes)


# calamine reports a broken workbook by these; a damaged part inside the zip may also
# end in a panic of its Rust code, which pyo3 raises as a BaseException of its own
_CALAMINE_FAULTS = (
    calamine.CalamineError,
    ValueError,
    OSError,
    OverflowError,
    IndexError,
    KeyError,
    TypeError,
    MemoryError,
)


@contextmanager
def _faults_told(name: str) -> Iterator[None]:
    """Say of a workbook that cannot be read why."""
    try:
        yield
    except SourceError:  # a ValueError, too: said already
        raise
    except calamine.PasswordError:
        raise locked(name) from None
    except _CALAMINE_FAULTS as error:
        raise SourceError(
            f"{name} 不是完好的 Excel 文件（{_short(error)}）；"
            "请用 Excel 打开后另存为 xlsx。",
            f"{name} is not a sound workbook ({_short(error)}); "
            "open it in Excel and save it as xlsx.",
        ) from None


@contextmanager
def panic_told(name: str) -> Iterator[None]:
    """Say of a file that its reader, written in Rust, gave up that it is damaged."""
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise SourceError(
            f"{name} 已损坏，读不出来；请用 Excel 打开后另存为 xlsx。",
            f"{name} is damaged; open it in Excel and save it as xlsx.",
        ) from None


@contextmanager
def _cell_faults_told(name: str) -> Iterator[None]:
    """Say the same of cells that are made after the workbook was closed."""
    with panic_told(name), _faults_told(name):
        yield


_ZIP_FAULTS = (RuntimeError, OSError, EOFError, NotImplementedError, KeyError,
               ValueError)  # fmt: skip


def _short(error: BaseException) -> str:
    return " ".join(str(error).split())[:80]


def locked(name: str) -> SourceError:
    """Say that a workbook needs a password."""
    return SourceError(
        f"{name} 有打开密码；请在 Excel 中取消密码后另存。",
        f"{name} is locked by a password; save it without one.",
    )


def is_encrypted(path: Path) -> bool:
    """Look for the stream of an encrypted xlsx in an old-style container."""
    data = path.read_bytes()
    return data.startswith(OLD) and "EncryptedPackage".encode("utf-16-le") in data


def _cells(
    book: calamine.CalamineWorkbook, name: str, file: str
) -> tuple[Sequence[list[Any]], list[Merge]]:
    sheet = book.get_sheet_by_name(name)
    merged = getattr(sheet, "merged_cell_ranges", None) or []
    return sheet_rows(sheet, partial(_cell_faults_told, file)), list(merged)


def _chosen(path: Path, names: list[str], sheet: str | int) -> str:
    if isinstance(sheet, int) and not isinstance(sheet, bool):
        if 1 <= sheet <= len(names):
            return names[sheet - 1]
    elif sheet in names:
        return sheet
    elif str(sheet).strip() in [name.strip() for name in names]:
        return next(name for name in names if name.strip() == str(sheet).strip())
    raise SourceError(
        f"{path.name} 里没有工作表 {sheet!r}；有：{'、'.join(names)}。",
        f"No sheet {sheet!r} in {path.name}; there are: {', '.join(names)}.",
    )


def _only_table(
    book: calamine.CalamineWorkbook, path: Path, visible: dict[str, bool]
) -> Book:
    """Find the one sheet that holds a table; two are a question, not a guess."""
    found = {}
    for name in (name for name, shown in visible.items() if shown):
        grid, merged = _cells(book, name, path.name)
        if any(not is_blank(cell) for row in grid for cell in row):
            found[name] = (grid, merged)
    if not found:
        raise SourceError(
            f"{path.name} 的工作表都是空的（或被隐藏）；请检查文件。",
            f"All sheets of {path.name} are empty or hidden; check the file.",
        )
    likely = _likely_tables(found)
    if len(likely) > 1:
        raise SourceError(
            f"{path.name} 有多个工作表像数据表：{'、'.join(likely)}；"
            "请用 sheet（--sheet）选一个，分别导入。",
            f"Several sheets of {path.name} look like tables: {', '.join(likely)}; "
            "choose one with --sheet and import them one by one.",
        )
    grid, merged = found[likely[0]]
    others = {name: shown for name, shown in visible.items() if name != likely[0]}
    notes = []
    if others:
        said = "、".join(
            f"{n}{'' if shown else '（隐藏）'}" for n, shown in others.items()
        )
        told = ", ".join(
            f"{n}{'' if shown else ' (hidden)'}" for n, shown in others.items()
        )
        zh = f"只读了工作表 {likely[0]}；未读：{said}"
        en = f"Only sheet {likely[0]} was read; not read: {told}"
        notes.append(note(zh, en))
    return Book(likely[0], grid, merged, notes)


def _likely_tables(found: Mapping[str, tuple[Sequence[list[Any]], Any]]) -> list[str]:
    """Give the sheets that have nearly as many known headers as the best one."""
    if len(found) == 1:
        return [*found]
    scores = {
        name: recognised(grid[:HEADER_DEPTH]) for name, (grid, _) in found.items()
    }
    best = max(scores.values())
    if best < 2:
        return [*found]
    return [name for name, score in scores.items() if 2 * score >= best]


def sheet_names(path: Path) -> list[str]:
    """List the sheets of a workbook."""
    return [*_parts(path).sheets] or list(_opened(path).sheet_names)


@dataclass(frozen=True)
class _Parts:
    """What an xlsx says of itself."""

    sheets: dict[str, str]
    """Name of a sheet → its member of the zip."""
    from_1904: bool


_NO_PARTS = _Parts({}, from_1904=False)


def _parts(path: Path) -> _Parts:
    """Read where an xlsx says what is in it: calamine would read all texts, too."""
    try:
        with zipfile.ZipFile(path) as archive:
            book = _small_xml(archive, "xl/workbook.xml")
            links = _small_xml(archive, "xl/_rels/workbook.xml.rels")
    except (zipfile.BadZipFile, zlib.error, ElementTree.ParseError, *_ZIP_FAULTS):
        return _NO_PARTS  # no xlsx, or a damaged one: its reader says what is wrong
    members = {
        str(link.get("Id")): posixpath.normpath(
            posixpath.join("/xl", str(link.get("Target")))
        ).removeprefix("/")
        for link in links.iter()
    }
    sheets = {
        str(sheet.get("name")): members.get(
            next((v for k, v in sheet.items() if k.endswith("}id")), ""), ""
        )
        for sheet in book.iter()
        if sheet.tag.endswith("}sheet")
    }
    flags = (e.get("date1904") for e in book.iter() if e.tag.endswith("}workbookPr"))
    return _Parts(sheets, from_1904=next(flags, None) in ("1", "true"))


def _small_xml(archive: zipfile.ZipFile, member: str) -> ElementTree.Element:
    if archive.getinfo(member).file_size > 1 << 24:
        raise ValueError(member)
    text = archive.read(member)
    if b"<!" in text:  # entities, which can grow without end
        raise ValueError(member)
    return ElementTree.fromstring(text)


def of_sheet(path: Path, sheet: str, unread: Mapping[str, Unread]) -> Unread:
    """Give what is known of one sheet among those of its workbook."""
    return unread.get(_parts(path).sheets.get(sheet, ""), Unread())


def book_notes(path: Path, cells: Unread, rows: Container[int]) -> list[dict[str, Any]]:
    """
    Say what the cells of a sheet do not show.

    Parameters
    ----------
    path : Path
    cells : Unread
        Of the sheet, from :func:`of_sheet`.
    rows : container of int
        Numbers of the rows that are data.
    """
    notes = []
    if cells.uncomputed:
        many, some = len(cells.uncomputed), "、".join(cells.uncomputed[:5])
        zh = (
            f"{many} 个公式没有算出的值（{some}{'等' if many > 5 else ''}），"
            "按空单元格读；请用 Excel 打开并保存后再导入"
        )
        en = (
            f"{many} formulas without a value ({', '.join(cells.uncomputed[:5])}) are "
            "read as empty; open the file in Excel, save it and import it again"
        )
        notes.append(note(zh, en))
    if cells.faulty:
        many, some = len(cells.faulty), "、".join(cells.faulty[:5])
        zh = (
            f"{many} 个单元格是错误值（#N/A、#REF! 等；"
            f"{some}{'等' if many > 5 else ''}），按空单元格读"
        )
        en = (
            f"{many} cells show an error such as #N/A ({', '.join(cells.faulty[:5])}) "
            "and are read as empty"
        )
        notes.append(note(zh, en))
    hidden = [row for row in cells.hidden if int(row) in rows]
    if hidden:
        many, some = len(hidden), "、".join(hidden[:5])
        zh = (
            f"{many} 行在 Excel 里被隐藏或筛掉（第 {some}{'等' if many > 5 else ''} 行），"
            "也读入了；不要的请删除"
        )
        en = (
            f"{many} rows that Excel hides or filters out ({', '.join(hidden[:5])}) "
            "were read, too; delete what is not wanted"
        )
        notes.append(note(zh, en))
    if _parts(path).from_1904:
        zh = "工作簿用 1904 日期系统；没有设成日期格式的日期序号会读早约四年，请核对"
        en = (
            "The workbook counts days from 1904; a day number without the format of a "
            "date is read four years too early"
        )
        notes.append(note(zh, en))
    return notes

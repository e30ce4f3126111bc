"""A sheet of cells → header, data rows, and what is neither.

Registers carry titles above the header, two header rows, merged cells, blank rows
between, totals and remarks below. Row 1 is the first row, as Excel counts.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from geotool._notes import note
from geotool.io._header import (
    Cell,
    Merge,
    cell_text,
    find_header,
    is_blank,
    is_name,
)
from geotool.schema import fold_name

_REMARK = re.compile(
    r"^\s*[*※（(]?\s*(?:注|备注|说明|附注|填表说明|填报说明|填表人|填报人|填报单位|制表|审核|"
    r"负责人|单位负责人|数据来源|资料来源|联系人|填表日期|填报日期|notes?|remarks?|source)"
    r"\s*[\d一二三]*\s*[:：.、]",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:合计|总计|小计|共计|累计|总数|total|subtotal|sum)[:：]?", re.IGNORECASE
)
_SERIAL = frozenset(("序号", "编号", "no", "№", "序", "行号", "id"))


@dataclass
class Sheet:
    """What was found in a grid of cells."""

    headers: list[str]
    columns: list[int]
    rows: list[int] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    blank: int = 0


def read_sheet(
    grid: Sequence[Sequence[Cell]], merged: Sequence[Merge] = (), *, name: str
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """
    Make a table of a sheet of cells.

    Parameters
    ----------
    grid : sequence of rows
        All rows from the first one of the sheet.
    merged : sequence
        ``((top, left), (bottom, right))``, from 0, both ends included.
    name : str
        What to call the sheet in a message.

    Returns
    -------
    cells : DataFrame
        Index: row numbers as Excel shows them.
    notes : list of dict

    Examples
    --------
    >>> cells, notes = read_sheet(
    ...     [["一览表", ""], ["编号", "名称"], ["P1", "东口"], ["合计", 1]], name="x"
    ... )
    >>> cells.index.tolist(), [line["reason"] for line in notes]
    ([3], ['表头上方的标题行，不是数据', '合计行，不是数据'])
    """
    first, after, names = find_header(grid, merged, name=name)
    rows = _filled_down(grid, merged, after)
    sheet = _named_columns(names, rows[after:], first + 1)
    for number, cells in enumerate(grid[:first], start=1):
        text = " ".join(cell_text(cell) for cell in cells if not is_blank(cell))
        if text:
            zh = "表头上方的标题行，不是数据"
            line = note(zh, "Title row above the header", row=number, before=text)
            sheet.notes.append(line)
    sheet.notes.extend(_merge_notes(merged, after))
    _sort_rows(sheet, rows, after, grid[first:after])
    data = [
        [
            rows[row][column] if column < len(rows[row]) else None
            for column in sheet.columns
        ]
        for row in sheet.rows
    ]
    table = pd.DataFrame(
        data,
        columns=pd.Index(sheet.headers, dtype=object),
        index=pd.Index([row + 1 for row in sheet.rows], name="row", dtype="int64"),
        dtype=object,
    )
    if sheet.blank:
        zh, en = f"跳过空行 {sheet.blank} 行", f"{sheet.blank} blank rows skipped"
        sheet.notes.append(note(zh, en))
    return table.map(_cleaned).astype(object), sheet.notes


def _cleaned(cell: Cell) -> Cell:
    """Blank text is no value; everything else stays as it came."""
    if is_blank(cell):
        return None
    if isinstance(cell, dt.timedelta):
        return str(cell)
    return cell


def _filled_down(
    grid: Sequence[Sequence[Cell]], merged: Sequence[Merge], after: int
) -> list[list[Cell]]:
    rows = [list(cells) for cells in grid]
    for (top, left), (bottom, _) in merged:
        if top < after or bottom <= top or top >= len(rows) or left >= len(rows[top]):
            continue
        for row in range(top + 1, min(bottom + 1, len(rows))):
            if left < len(rows[row]) and not _is_footer(rows[top]):
                rows[row][left] = rows[top][left]
    return rows


def _is_footer(cells: Sequence[Cell]) -> bool:
    there = [cell for cell in cells if not is_blank(cell)]
    return len(there) <= 1


def _merge_notes(merged: Sequence[Merge], after: int) -> list[dict[str, Any]]:
    tall = [(top, bottom) for (top, _), (bottom, _) in merged if after <= top < bottom]
    if not tall:
        return []
    zh = f"竖向合并单元格 {len(tall)} 处，按首格填入各行"
    en = f"{len(tall)} vertically merged cells: every row takes the value of the first"
    return [note(zh, en)]


def _named_columns(names: list[str], rows: list[list[Cell]], row: int) -> Sheet:
    """Give every used column one name of its own."""
    width = max([len(names), *map(len, rows)])
    sheet = Sheet([], [])
    for column in range(width):
        name = names[column] if column < len(names) else ""
        if not name:
            if not any(len(r) > column and not is_blank(r[column]) for r in rows):
                continue
            name = f"列{column_letter(column)}"
            zh, en = (
                "这一列没有列名，按位置命名",
                "The column has no name; called by place",
            )
            sheet.notes.append(note(zh, en, row=row, column=name))
        unique, number = name, 2
        while unique in sheet.headers:
            unique, number = f"{name}_{number}", number + 1
        if unique != name:
            zh, en = (
                "列名重复，后一列改名",
                "The name is used twice; the later one is renamed",
            )
            sheet.notes.append(
                note(zh, en, row=row, column=name, before=name, after=unique)
            )
        sheet.headers.append(unique)
        sheet.columns.append(column)
    return sheet


def column_letter(column: int) -> str:
    """
    Name a column as Excel does, from 0.

    Examples
    --------
    >>> column_letter(0), column_letter(27)
    ('A', 'AB')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _sort_rows(
    sheet: Sheet,
    rows: list[list[Cell]],
    after: int,
    header: Sequence[Sequence[Cell]],
) -> None:
    """Tell data rows from blank rows, totals, remarks and repeated headers."""
    filled = [[c for c in cells if not is_blank(c)] for cells in rows[after:]]
    wide = [row for row, there in enumerate(filled, start=after) if len(there) > 1]
    last = wide[-1] if wide else after - 1
    repeated = [
        [cell_text(cell) for cell in cells if not is_blank(cell)] for cells in header
    ]
    for row, there in enumerate(filled, start=after):
        if not there or _is_only_serial(sheet, rows[row], there):
            sheet.blank += 1
            continue
        reason = _not_data(there, len(sheet.columns), beyond=row > last)
        if _is_repeated(there, repeated):
            reason = ("重复的表头，不是数据", "The header again, no data")
        elif row == after and _is_numbering(there):
            reason = ("列号行，不是数据", "Row of column numbers, no data")
        if reason:
            text = " ".join(cell_text(cell) for cell in there)
            sheet.notes.append(note(*reason, row=row + 1, before=text))
        else:
            sheet.rows.append(row)


def _is_repeated(there: list[Cell], repeated: list[list[str]]) -> bool:
    first = cell_text(there[0])  # nearly always enough to tell
    return any(
        bool(names)
        and first == names[0]
        and [cell_text(cell) for cell in there] == names
        for names in repeated
    )


def _is_only_serial(sheet: Sheet, cells: list[Cell], there: list[Cell]) -> bool:
    """Tell a row that was numbered beforehand and has nothing else in it."""
    if len(there) != 1 or len(sheet.columns) < 3 or is_name(there[0]):
        return False
    name = next(
        (
            header
            for header, column in zip(sheet.headers, sheet.columns, strict=True)
            if column < len(cells) and not is_blank(cells[column])
        ),
        "",
    )
    return fold_name(name) in _SERIAL


def _is_numbering(there: list[Cell]) -> bool:
    texts = [cell_text(cell).strip("()（）") for cell in there]
    return len(texts) >= 4 and texts == [str(n + 1) for n in range(len(texts))]


def _not_data(there: list[Cell], width: int, *, beyond: bool) -> tuple[str, str] | None:
    first = cell_text(there[0])
    compact = re.sub(r"\s", "", first)
    if width > 1 and _TOTAL.fullmatch(compact):
        return "合计行，不是数据", "Row of totals, no data"
    few = len(there) <= 2 or (len(there) <= 4 and beyond)
    if width > 2 and few and _REMARK.match(first):
        return "表下的说明，不是数据", "Remark, no data"
    if (
        width > 2
        and beyond
        and len(there) == 1
        and len(first) >= 6
        and is_name(there[0])
    ):
        return "表下的说明，不是数据", "Remark, no data"
    return None

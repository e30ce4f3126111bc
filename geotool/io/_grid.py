"""A sheet of cells → header, data rows, and what is neither.

Registers carry titles above the header, two header rows, merged cells, blank rows
between, totals and remarks below. Row 1 is the first row, as Excel counts.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._notes import note
from geotool._texts import ColumnLook, Seen, is_blank, is_destroyed
from geotool.io._header import Cell, Merge, cell_text, find_header
from geotool.io._nodata import Sheet, data_rows, first_cells, headings_of
from geotool.io._rows import SheetRows
from geotool.io._stacked import abreast_notes, end_of_table, stacked_note

_PART = 512
"""Rows whose cells are made and looked at in one go: they fit beside the processor."""


def read_sheet(
    grid: Sequence[Sequence[Cell]],
    merged: Sequence[Merge] = (),
    *,
    name: str,
    unseen: Sequence[tuple[int, int]] = (),
) -> tuple[pd.DataFrame, list[dict[str, Any]], frozenset[str]]:
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
    unseen : sequence
        First and last of the columns that are not shown, from 0.

    Returns
    -------
    cells : DataFrame
        Index: row numbers as Excel shows them.
    notes : list of dict
    plain : set of str
        Headers of the columns that hold nothing but clean texts and blank cells.

    Examples
    --------
    >>> cells, notes, plain = read_sheet(
    ...     [["一览表", ""], ["编号", "名称"], ["P1", "东口"], ["合计", 1]], name="x"
    ... )
    >>> cells.index.tolist(), [line["reason"] for line in notes]
    ([3], ['表头上方的标题行，不是数据', '合计行，不是数据'])
    >>> sorted(plain)
    ['编号']
    """
    first, after, names = find_header(grid, merged, name=name)
    block, seen = _columns(_filled_down(grid, merged, after), after, len(names))
    there = _there(block, seen)
    other = end_of_table(block, there, first_cells(block, there), names)
    below = []
    if other is not None:
        end, row = other
        many = int(there[:, row + 1 :].any(axis=0).sum())
        below = [stacked_note(block[:, row].tolist(), row + after + 1, many)]
        block, there = block[:, :end], there[:, :end]
    sheet = _named_columns(names, there, first + 1)
    for number, cells in enumerate(grid[:first], start=1):
        text = " ".join(cell_text(cell) for cell in cells if not is_blank(cell))
        if text:
            zh = "表头上方的标题行，不是数据"
            line = note(zh, "Title row above the header", row=number, before=text)
            sheet.notes.append(line)
    sheet.notes.extend(_merge_notes(merged, after))
    sheet.notes.extend(_unseen_notes(sheet, there, unseen))
    sheet.notes.extend([*below, *abreast_notes(names)])
    headings = headings_of(grid[:first], merged, len(names))
    kept = data_rows(sheet, block, there, after, grid[first:after], headings)
    if not kept.all():
        block = block[:, kept]
    plain = {
        header
        for header, column in zip(sheet.headers, sheet.columns, strict=True)
        if seen[column].plain
    }
    sheet.notes.extend(_destroyed_notes(sheet, block, seen))
    if sheet.columns != [*range(len(block))]:
        block = block[sheet.columns]
    table = pd.DataFrame(
        block.T,
        columns=pd.Index(sheet.headers, dtype=object),
        index=pd.Index(np.flatnonzero(kept) + after + 1, name="row", dtype="int64"),
        dtype=object,
        copy=False,
    )
    if sheet.blank:
        zh, en = f"跳过空行 {sheet.blank} 行", f"{sheet.blank} blank rows skipped"
        sheet.notes.append(note(zh, en))
    return table, sheet.notes, frozenset(plain)


def _columns(
    grid: Sequence[Sequence[Cell]], after: int, width: int
) -> tuple[NDArray[np.object_], list[Seen]]:
    """Turn the rows below a header into columns; what is blank becomes None."""
    count = len(grid) - after
    width = max(width, _widest(grid, after))
    block = np.empty((width, count), dtype=object)
    looks = [ColumnLook(count) for _ in range(width)]
    rows = islice(iter(grid), after, None)
    for start in range(0, count, _PART):
        even = [
            row if len(row) == width else [*row, *[None] * (width - len(row))]
            for row in islice(rows, _PART)
        ]
        for values, cells, look in zip(
            block, zip(*even, strict=True), looks, strict=True
        ):
            values[start : start + len(even)] = look.at(cells)
    seen = [look.seen for look in looks]
    for values, (blank, *_) in zip(block, seen, strict=True):
        if blank is not None:
            values[blank] = None
    return block, seen


def _widest(grid: Sequence[Sequence[Cell]], after: int) -> int:
    """Give the most cells that a row has."""
    if isinstance(grid, SheetRows):
        return grid.width  # to look at all rows would make their cells twice
    return max(map(len, islice(grid, after, None)), default=0)


def _there(block: NDArray[np.object_], seen: Sequence[Seen]) -> NDArray[np.bool_]:
    """Mark the cells that have something in them."""
    there = np.ones(block.shape, dtype=bool)
    for column, (blank, *_) in enumerate(seen):
        if blank is not None:
            there[column] = ~blank
    return there


def _destroyed_notes(
    sheet: Sheet, block: NDArray[np.object_], seen: Sequence[Seen]
) -> list[dict[str, Any]]:
    return [
        destroyed_note(header)
        for header, column in zip(sheet.headers, sheet.columns, strict=True)
        # seen in all rows: it may have been in one that is no data
        if seen[column].destroyed and is_destroyed(block[column].tolist())
    ]


def destroyed_note(header: str) -> dict[str, Any]:
    """Say that the texts of a column cannot be read any more."""
    zh = "这一列的文字在别处已被存坏（锟斤拷），无法还原"
    en = "The texts of this column were destroyed before, beyond repair"
    return note(zh, en, column=header)


def _filled_down(
    grid: Sequence[Sequence[Cell]], merged: Sequence[Merge], after: int
) -> Sequence[Sequence[Cell]]:
    tall = [
        (top, left, bottom)
        for (top, left), (bottom, _) in merged
        if after <= top < bottom and top < len(grid) and left < len(grid[top])
    ]
    if not tall:
        return grid
    rows = [list(cells) for cells in grid]
    for top, left, bottom in tall:
        if _is_footer(rows[top]):
            continue
        for row in range(top + 1, min(bottom + 1, len(rows))):
            if left < len(rows[row]):
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


def _unseen_notes(
    sheet: Sheet, there: NDArray[np.bool_], unseen: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    """Say which columns were read that Excel does not show."""
    hidden = [
        f"{column_letter(column)} 列“{header}”"
        for header, column in zip(sheet.headers, sheet.columns, strict=True)
        if there[column].any() and any(one <= column <= two for one, two in unseen)
    ]
    if not hidden:
        return []
    many, some = len(hidden), "、".join(hidden[:5])
    zh = (
        f"{many} 列在 Excel 里被隐藏（{some}{'等' if many > 5 else ''}），也读入了；"
        "不要的请删除"
    )
    names = ", ".join(hidden[:5]).replace(" 列", " ")
    en = f"{many} columns that Excel hides ({names}) were read, too; delete what is not wanted"
    return [note(zh, en)]


def _named_columns(names: list[str], there: NDArray[np.bool_], row: int) -> Sheet:
    """Give every used column one name of its own."""
    sheet = Sheet([], [])
    for column in range(len(there)):
        name = names[column] if column < len(names) else ""
        if not name:
            if not there[column].any():
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

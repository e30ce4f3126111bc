"""Which rows of a sheet are no data: totals, remarks, headings, the header again."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool._items import split_header
from geotool._marks import UNREADABLE, parse_value
from geotool._notes import note
from geotool._texts import is_blank
from geotool.io._header import Cell, Merge, cell_text, is_name
from geotool.schema import SERIAL, fold_name

_REMARK = re.compile(
    r"^\s*[*※（(]?\s*(?:注|备注|说明|附注|填表说明|填报说明|填表人|填报人|填报单位|制表|审核|"
    r"负责人|单位负责人|数据来源|资料来源|联系人|填表日期|填报日期|notes?|remarks?|source)"
    r"\s*[\d一二三]*\s*[:：.、]",
    re.IGNORECASE,
)
_TOTAL = re.compile(
    r"(?:合计|总计|小计|共计|累计|总数|total|subtotal|sum)[:：]?", re.IGNORECASE
)
_SOME_TOTAL = re.compile(r"\S{0,8}(?:合计|总计|小计|共计)[:：]?")
"""A total of a part: 东区小计, 全市合计."""
_STATISTIC = re.compile(
    r"(?:(?:全[^\s\d]{1,3}|各?断面|总体?|[^\s\d]{1,4}[市县区])的?)?(?:平均值?|均值)"
    r"|最[大小高低]值|中位数|average|mean|max|min",
    re.IGNORECASE,
)
_MEAN = re.compile(
    r"(?:逐?[年月季日周旬]度?|[上下]半年|第?[一二三四1-4]季度)(?:均值?|平均值?)"
)
"""Also what kind of data a row holds: then a name stands beside it."""
_LIMIT = re.compile(
    r"(?:(?:劣?[ⅠⅡⅢⅣⅤIV]{1,3}类?|地表水)?(?:评价|水质)?标准(?:限?值)?|(?:水质)?目标(?:限?值)"
    r"|(?:方法|最低)?检出限|(?:超标|达标|检出)率|超标倍数|样[品本]数)[:：]?"
)
"""Rows under readings that say what these are held against."""
_NOTHING_MORE = re.compile(r"[（(]?(?:以下|此页|本页)(?:为?空白|无正文|无内容)[）)]?")
_MAY_BE_TOTAL = re.compile(
    r"\s*[合总小共累平均最中tsam标地评水目方检超达样劣ⅠⅡⅢⅣⅤiv]", re.IGNORECASE
)
_LABELLED = re.compile(r"[^\d\s:：]{2,10}\s*[:：].*", re.DOTALL)
_LABEL = re.compile(r"[^\d\s:：]{2,10}\s*[:：]")
_DAY = re.compile(r"\d{4}\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?")
_NUMBERED = re.compile(r"[（(]?[一二三四五六七八九十]{1,3}[、.．)）]")
_CONTINUED = re.compile(r"[（(]?续表?[）)]?$")


@dataclass
class Sheet:
    """What was found in a grid of cells."""

    headers: list[str]
    columns: list[int]
    notes: list[dict[str, Any]] = field(default_factory=list)
    blank: int = 0


@dataclass(frozen=True)
class Headings:
    """
    What tells that a row with one text in it is a heading.

    Attributes
    ----------
    titles : set of str
        Texts above the header, which a printed page repeats.
    spread : set of int
        Rows, from 0, whose cells are merged into one across the sheet.
    down : bool
        Whether cells are merged downwards: a total may then have the name of its
        group in front of it.
    """

    titles: frozenset[str]
    spread: frozenset[int]
    down: bool = False

    def holds(self, row: int, there: Sequence[Cell], width: int) -> bool:
        """Whether a row holds one text, which is a heading of the rows below it."""
        if len(there) != 1 or width <= 2 or not is_name(there[0]):
            return False
        text = cell_text(there[0])
        bare = _CONTINUED.sub("", text).strip()
        known = row in self.spread or bare in self.titles
        return known or bool(_NUMBERED.match(text))


def headings_of(
    above: Sequence[Sequence[Cell]], merged: Sequence[Merge], width: int
) -> Headings:
    titles = {
        _CONTINUED.sub("", cell_text(cell)).strip()
        for cells in above
        for cell in cells
        if not is_blank(cell)
    }
    spread = {
        top
        for (top, left), (bottom, right) in merged
        if top == bottom and right - left + 1 >= max(3, 0.6 * width)
    }
    down = any(bottom > top for (top, _), (bottom, _) in merged)
    return Headings(frozenset(titles), frozenset(spread), down)


def data_rows(
    sheet: Sheet,
    block: NDArray[np.object_],
    there: NDArray[np.bool_],
    after: int,
    header: Sequence[Sequence[Cell]],
    headings: Headings,
) -> NDArray[np.bool_]:
    """
    Tell data rows from blank rows, totals, remarks, headings and headers again.

    Parameters
    ----------
    sheet : Sheet
        Told of the rows that are no data.
    block, there : array
        Cells by column and row, and which of them hold something.
    after : int
        Row of the sheet, from 0, that is the first of the block.
    header : rows
        Cells of the header.
    headings : Headings

    Returns
    -------
    array of bool
        Which rows are data.
    """
    filled = there.sum(axis=0)
    first = first_cells(block, there)
    last = _last_wide(block, filled)
    repeated = [
        [cell_text(cell) for cell in cells if not is_blank(cell)] for cells in header
    ]
    doubtful = _doubtful(filled, first, repeated)
    if headings.down and len(block) > 1:
        doubtful |= np.array([*map(_is_some_total, block[1])], dtype=bool)
    for row in np.flatnonzero(doubtful).tolist():
        cells = block[:, row].tolist()
        said = [cell for cell in cells if cell is not None]
        if not said or _is_only_serial(sheet, cells, said):
            sheet.blank += 1
            continue
        reason = _not_data(said, len(sheet.columns), beyond=row > last)
        if _is_repeated(said, repeated):
            reason = ("重复的表头，不是数据", "The header again, no data")
        elif row == 0 and _is_numbering(said):
            reason = ("列号行，不是数据", "Row of column numbers, no data")
        elif not reason and headings.holds(row + after, said, len(sheet.columns)):
            reason = ("小标题行，不是数据", "Heading of the rows below, no data")
        if reason:
            text = " ".join(cell_text(cell) for cell in said)
            sheet.notes.append(note(*reason, row=row + after + 1, before=text))
        else:
            doubtful[row] = False
    return ~doubtful


def first_cells(
    block: NDArray[np.object_], there: NDArray[np.bool_]
) -> NDArray[np.object_]:
    """Give the first cell of every row that is not blank."""
    if not len(block):
        return np.array([], dtype=object)
    return block[there.argmax(axis=0), np.arange(block.shape[1])]


def _last_wide(block: NDArray[np.object_], filled: NDArray[np.int64]) -> int:
    """Find the last row of several cells that is not signed or remarked at the foot."""
    for row in np.flatnonzero(filled > 1)[::-1].tolist():
        said = [cell for cell in block[:, row].tolist() if cell is not None]
        if not _is_signed(said):
            return int(row)
    return -1


def _is_signed(there: list[Cell]) -> bool:
    """
    Whether a row holds nothing but labels, what they label, and the day.

    Examples
    --------
    >>> _is_signed(["填表人：张三", "审核人：", "李四", "2026年3月6日"])
    True
    >>> _is_signed(["备注：", "东口", 120.5])
    False
    """
    if not _REMARK.match(cell_text(there[0])):
        return False
    named = False  # whether the cell before was a label with nothing behind it
    for text in map(cell_text, there):
        label = bool(_LABELLED.fullmatch(text))
        if not (named or label or _DAY.fullmatch(text)):
            return False
        named = not named and bool(_LABEL.fullmatch(text))
    return True


def _doubtful(
    filled: NDArray[np.int64], first: Iterable[Cell], repeated: list[list[str]]
) -> NDArray[np.bool_]:
    """Pick the rows that may be no data: few cells, or a first cell that says so."""
    begins = {names[0][:1] for names in repeated if names}
    doubtful = filled <= 4
    doubtful[:1] = True
    odd = [
        place
        for place, cell in enumerate(first)
        if type(cell) is str
        and (
            _MAY_BE_TOTAL.match(cell)
            or "计" in cell
            or "均" in cell
            or "：" in cell
            or ":" in cell
            or cell.lstrip()[:1] in begins
        )
    ]
    doubtful[odd] = True
    return doubtful


def _is_some_total(cell: Cell) -> bool:
    """Whether a cell says 小计 or 合计, of a part or of everything."""
    return type(cell) is str and bool(_SOME_TOTAL.fullmatch("".join(cell.split())))


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
    return fold_name(name) in SERIAL


def _is_numbering(there: list[Cell]) -> bool:
    texts = [cell_text(cell).strip("()（）") for cell in there]
    return len(texts) >= 4 and texts == [str(n + 1) for n in range(len(texts))]


def _beside_name(there: list[Cell]) -> bool:
    """
    Whether the second cell is a name, and neither a value nor an item.

    Examples
    --------
    >>> [_beside_name(["日均值", cell]) for cell in ("东桥", "未检出", "氨氮", 0.3)]
    [True, False, False, False]
    """
    second = there[1] if len(there) > 1 else None
    if not isinstance(second, str) or split_header(second)[0]:
        return False
    return parse_value(second)[2] == UNREADABLE and is_name(second)


def _not_data(there: list[Cell], width: int, *, beyond: bool) -> tuple[str, str] | None:
    first = cell_text(there[0])
    compact = "".join(first.split())
    if width > 2 and any(map(_is_some_total, there[:2])):
        return "合计行，不是数据", "Row of totals, no data"
    if width > 1 and _TOTAL.fullmatch(compact):
        return "合计行，不是数据", "Row of totals, no data"
    if width > 1 and _STATISTIC.fullmatch(compact):
        return "统计行（平均、最大等），不是数据", "Row of statistics, no data"
    if width > 1 and _MEAN.fullmatch(compact) and not _beside_name(there):
        return "统计行（平均、最大等），不是数据", "Row of statistics, no data"
    if width > 2 and _LIMIT.fullmatch(compact):
        return "标准、检出限一类的行，不是数据", "Row of limits, no data"
    if len(there) == 1 and _NOTHING_MORE.fullmatch(compact):
        return "表下的说明，不是数据", "Remark, no data"
    if width > 2 and _REMARK.match(first):
        few = len(there) <= 2 or (len(there) <= 4 and beyond)
        if few or _is_signed(there):
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

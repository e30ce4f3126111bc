"""Which row of a sheet is its header, when titles, groups and units stand about it."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from geotool._items import split_header
from geotool._months import is_period_word, read_when
from geotool._texts import is_blank
from geotool._units import looks_like_unit
from geotool.errors import SourceError
from geotool.io._side_headers import below_sections
from geotool.schema import fold_name, known_headers

Cell = Any
Merge = tuple[tuple[int, int], tuple[int, int]]

_DEGREES = frozenset(("°", "(°)", "（°）"))
"""Units that a row of units has above coordinates; 度 may be a part of 度, 分, 秒."""

_NO_UNIT = frozenset(("/", "-", "--", "—", "——", "无"))
"""What a row of units has above columns without one."""

_BARE_UNITS = frozenset(
    (
        "无量纲",
        "℃",
        "°c",
        "ntu",
        "度",
        "倍",
        "cm",
        "mm",
        "m",
        "个",
        "mpn/100ml",
        "cfu/ml",
    )
)
"""Units that do not look like one, as they stand in a row of units."""

_UNIT_BEHIND = re.compile(r"[(（][^()（）]*/[^()（）]*[)）]$")
"""A unit in brackets behind a name."""

HEADER_DEPTH = 30
"""Rows from the top among which the header is looked for."""


def cell_text(cell: Cell) -> str:
    """Write a header on one line; Chinese needs no space where the line broke."""
    if is_blank(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    line = " ".join(str(cell).split())
    return re.sub(r"(?<=[\u4e00-\u9fff（）()]) (?=[\u4e00-\u9fff（）()])", "", line)


def is_name(cell: Cell) -> bool:
    """Whether a cell may be a header: text that is no number."""
    return isinstance(cell, str) and not re.fullmatch(r"[\d\s.,:%+-]*", cell.strip())


def is_known(cell: Cell) -> bool:
    """Whether a cell is a header of some layer, an item, a period or a coordinate."""
    return isinstance(cell, str) and len(cell) <= 60 and _is_known(cell)


@lru_cache(maxsize=10_000)
def _is_known(cell: str) -> bool:
    """Look a text up once: the rows at the top are read several ways, as a header."""
    tail = cell.rsplit(" / ", 1)[-1]
    bare = _UNIT_BEHIND.sub("", tail)  # 浓度(mg/L)
    folded = {fold_name(cell), fold_name(tail), fold_name(bare)} - {""}
    known = bool(folded & known_headers()) or is_period_word(tail)
    if known or split_header(tail)[0] is not None:
        return True
    return tail != cell and read_when(cell) is not None  # 氨氮 / 2026年1月


def _score(cells: Sequence[Cell]) -> int:
    return len(
        {fold_name(cell) for cell in cells if not is_blank(cell) and is_known(cell)}
    )


def recognised(grid: Sequence[Sequence[Cell]]) -> int:
    """Count the known headers of the row that has most of them."""
    return max((_score(row) for row in grid[:HEADER_DEPTH]), default=0)


def _spans(row: int, merged: Sequence[Merge]) -> dict[int, tuple[int, int]]:
    """Column → (first, last) of the horizontal merge it lies in, for one row."""
    return {
        column: (left, right)
        for (top, left), (bottom, right) in merged
        if top <= row <= bottom and right > left
        for column in range(left, right + 1)
    }


def _upper_names(
    row: int, cells: Sequence[Cell], below: Sequence[Cell], merged: Sequence[Merge]
) -> list[str]:
    """Spread the names of group headers over the columns they stand above."""
    spans = _spans(row, merged)
    names, current = [], ""
    for column, cell in enumerate(cells):
        if column in spans:
            name = cell_text(cells[spans[column][0]])
            current = ""
        elif not is_blank(cell):
            name = current = cell_text(cell)
        else:  # a file without merges: blank cells belong to the name on their left
            has_below = column < len(below) and not is_blank(below[column])
            name = current if has_below and not merged else ""
        names.append(name)
    return names


def _joined(
    row: int, grid: Sequence[Sequence[Cell]], merged: Sequence[Merge]
) -> list[str] | None:
    """Join a row and the one below into one header, if the lower is a sub-header."""
    if row + 1 >= len(grid):
        return None
    above, below = grid[row], grid[row + 1]
    filled = [column for column, cell in enumerate(below) if not is_blank(cell)]
    distinct = {cell_text(cell) for cell in above if not is_blank(cell)}
    units = _are_units([below[column] for column in filled])
    names_only = all(is_name(below[column]) for column in filled)
    if len(distinct) < 2 or not filled or not (names_only or units):
        return None
    upper = _upper_names(row, above, below, merged)
    if not units and not _is_sub_header(row, above, below, upper, merged):
        return None
    join = _with_unit if units else _one_name
    return [join(name, cell_text(cell)) for name, cell in _beside(upper, below)]


def _are_units(cells: Sequence[Cell]) -> bool:
    """Whether cells are a row of units; some may be bare ones, or say that none is."""
    texts = [cell_text(cell) for cell in cells]
    real = [text for text in texts if text not in _DEGREES]
    others = [text for text in real if not looks_like_unit(text)]
    return len(others) < len(real) and all(
        text in _NO_UNIT or text.casefold() in _BARE_UNITS for text in others
    )


def _third(
    row: int,
    grid: Sequence[Sequence[Cell]],
    names: list[str],
    merged: Sequence[Merge],
) -> tuple[list[str], int] | None:
    """
    Join a third row to a header of two: names below groups, or units.

    Returns
    -------
    names, score
        The score counts a row of units, which adds no name but is no data either.
    """
    below = grid[row + 2] if row + 2 < len(grid) else []
    filled = [column for column, cell in enumerate(below) if not is_blank(cell)]
    if not filled or filled[-1] >= len(names):
        return None
    spans = _spans(row + 1, merged)
    names = [names[spans.get(column, (column,))[0]] for column in range(len(names))]
    units = _are_units([below[column] for column in filled])
    grouped = all(
        is_name(below[column]) and names.count(names[column]) > 1 for column in filled
    )
    if not units and not grouped:
        return None
    join = _with_unit if units else _one_name
    made = [join(name, cell_text(cell)) for name, cell in _beside(names, below)]
    known = all(is_known(below[column]) for column in filled)
    return made, _score(made) + (2 if units else int(known))


def _beside(upper: list[str], below: Sequence[Cell]) -> list[tuple[str, Cell]]:
    width = max(len(upper), len(below))
    return [
        (
            upper[column] if column < len(upper) else "",
            below[column] if column < len(below) else "",
        )
        for column in range(width)
    ]


def _is_sub_header(
    row: int,
    above: Sequence[Cell],
    below: Sequence[Cell],
    upper: list[str],
    merged: Sequence[Merge],
) -> bool:
    """Every lower name must stand below a group of two or more columns."""
    spans = _spans(row, merged)
    groups = {name: upper.count(name) for name in upper if name}
    alone = 0
    known = bool(spans) and all(is_known(cell) for cell in below if not is_blank(cell))
    for column, (name, cell) in enumerate(_beside(upper, below)):
        if is_blank(cell):
            alone += bool(name)
        elif column not in spans and groups.get(name, 0) < 2 and name and not known:
            return False
    # a title row above a whole header has nothing standing alone
    return alone > 0 or (bool(spans) and len({*groups}) > 1 and _score(above) > 0)


def _one_name(upper: str, lower: str) -> str:
    if not lower or lower == upper:
        return upper
    if not upper:
        return lower
    if looks_like_unit(lower) or lower in _DEGREES:
        return f"{upper}({lower.strip('()（）')})"
    return f"{upper} / {lower}"


def _with_unit(upper: str, unit: str) -> str:
    """Put what stands in a row of units behind the name above it."""
    if not unit or unit in _NO_UNIT:
        return upper
    return f"{upper}({unit.strip('()（）')})" if upper else unit


def find_header(
    grid: Sequence[Sequence[Cell]], merged: Sequence[Merge], *, name: str
) -> tuple[int, int, list[str]]:
    """
    Find the header of a sheet.

    Returns
    -------
    first, after : int
        Row of the header and of the first row below it, counted from 0.
    names : list of str

    Raises
    ------
    SourceError
        If no row looks like one.
    """
    best: tuple[int, int, int, list[str]] | None = None
    for row, cells in enumerate(grid[:HEADER_DEPTH]):
        single = [cell_text(cell) for cell in cells]
        if sum(map(bool, single)) >= 1 and not _is_numbers(cells):
            best = _better(best, (_score(cells), row, row + 1, single))
        joined = _joined(row, grid, merged)
        if joined is not None:
            # a row of units adds no name, but it is no data either
            units = sum(name.endswith(")") for name in joined)
            grouped = bool(_spans(row, merged))  # merged above names: a group of them
            score = _score(joined) + (units > 0) + grouped + len(below_sections(joined))
            best = _better(best, (score, row, row + 2, joined))
            third = _third(row, grid, joined, merged)
            if third is not None:
                best = _better(best, (third[1] + grouped, row, row + 3, third[0]))
    if best is None or best[0] < 2:
        plain = _plain_header(grid)
        if plain is not None and (best is None or best[0] == 0 or len(plain[2]) > 1):
            return plain
    first = _plain_header(grid, share=0.9)
    if first is not None and best is not None and first[0] < best[1]:
        # a whole row of names above one where few are known: names are its data
        known = best[0] / max(sum(map(bool, best[3])), 1)
        if known < 0.6:
            return first
    if best is None or best[0] == 0:
        raise SourceError(
            f"{name} 里没有找到表头：前 {HEADER_DEPTH} 行中没有一行像列名。"
            "请在数据上方加一行列名（如 排污口编号、经度、纬度）。",
            f"No header found in {name}: none of the first {HEADER_DEPTH} rows looks "
            "like column names. Add a row of names above the data.",
        )
    return best[1], best[2], best[3]


def _better(
    best: tuple[int, int, int, list[str]] | None, new: tuple[int, int, int, list[str]]
) -> tuple[int, int, int, list[str]]:
    return new if best is None or new[0] > best[0] else best


def _is_numbers(cells: Sequence[Cell]) -> bool:
    return not any(is_name(cell) for cell in cells if not is_blank(cell))


def _plain_header(
    grid: Sequence[Sequence[Cell]], share: float = 0.6
) -> tuple[int, int, list[str]] | None:
    """Take the first row that is all names and as wide as the table is."""
    filled = [sum(not is_blank(cell) for cell in row) for row in grid[:200]]
    width = max(filled, default=0)
    for row, cells in enumerate(grid[:HEADER_DEPTH]):
        there = [cell for cell in cells if not is_blank(cell)]
        names = {cell_text(cell) for cell in there}
        wide = len(there) >= max(1, share * width) and len(names) >= 0.8 * len(there)
        if wide and there and all(is_name(cell) for cell in there):
            return row, row + 1, [cell_text(cell) for cell in cells]
    return None

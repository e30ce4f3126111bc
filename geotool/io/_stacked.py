"""A second table on the same sheet: below the first one, or beside it."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool._notes import note
from geotool.io._header import Cell, cell_text, is_known, is_name
from geotool.schema import SERIAL, align_names, fold_name, known_headers, layer_kinds
from geotool.tables import load_table

_LEAST_HEADERS = 3
_SHARE = 0.6


def end_of_table(
    block: NDArray[np.object_],
    there: NDArray[np.bool_],
    first: Iterable[Cell],
    names: Sequence[str],
) -> tuple[int, int] | None:
    """
    Find where a second table begins: a row of other known headers.

    Parameters
    ----------
    block, there : array
        Cells by column and row, and which of them hold something.
    first : iterable
        The first cell of every row.
    names : sequence of str
        The header of the first table.

    Returns
    -------
    tuple of int or None
        Rows of the block, from 0: of the title above the second header (or of the
        header itself), and of the header.
    """
    known = known_headers() | SERIAL
    filled = there.sum(axis=0)
    for row, cell in enumerate(first):
        if type(cell) is not str or cell not in known or filled[row] < _LEAST_HEADERS:
            continue
        if _is_other_header(block[:, row].tolist(), names):
            title = row
            while title > 0 and filled[title - 1] <= 1:  # its title, and blank rows
                title -= 1
            return (title, row) if title > 0 else None
    return None


def _is_other_header(cells: list[Cell], names: Sequence[str]) -> bool:
    said = [cell for cell in cells if cell is not None]
    if not all(map(is_name, said)):
        return False
    headers = [cell for cell in said if is_known(cell)]
    if len(headers) < max(_LEAST_HEADERS, _SHARE * len(said)):
        return False
    again = [name.rsplit(" / ", 1)[-1] for name in names]
    same = sum(
        cell is not None and _are_alike(cell_text(cell), name)
        for cell, name in zip(cells, again, strict=False)
    )
    return same < len(said) - 1  # but for one word, the header of the first again


def _are_alike(one: str, other: str) -> bool:
    """Whether two headers are the same, or two words for the same column."""
    folded = {fold_name(one), fold_name(other)}
    if len(folded) == 1:
        return True
    places = load_table("layers")["coordinates"].values()
    if any(folded <= {fold_name(alias) for alias in aliases} for aliases in places):
        return True
    return any(
        {*align_names([one], kind).values()} & {*align_names([other], kind).values()}
        for kind in layer_kinds()
    )


def stacked_note(cells: list[Cell], row: int, rows: int) -> dict[str, Any]:
    """Say that another table begins in a row, and that it was not read."""
    header = "、".join(cell_text(cell) for cell in cells if cell is not None)
    zh = f"第 {row} 行起是另一张表，其下 {rows} 行没有读；请移到单独的工作表，另行导入"
    en = (
        f"Another table begins in row {row}; the {rows} rows below it were not read: "
        "move it to a sheet of its own and import that"
    )
    return note(zh, en, before=header)


def abreast_notes(names: Sequence[str]) -> list[dict[str, Any]]:
    """
    Say that the columns of a second table stand beside the first.

    Examples
    --------
    >>> abreast_notes(["编号", "经度", "纬度"] * 2)[0]["reason"][:12]
    '右边还有一张同样的表（编'
    >>> abreast_notes(["编号", "经度", "纬度", "备注", "备注"])
    []
    """
    twice = [n for n in dict.fromkeys(names) if names.count(n) > 1 and is_known(n)]
    if len(twice) < _LEAST_HEADERS:
        return []
    said = "、".join(twice)
    zh = f"右边还有一张同样的表（{said}），没有当作行读；请移到第一张表的下面"
    en = (
        f"Another table of the same columns ({said}) stands beside the first; its rows "
        "were not read: move it below the first"
    )
    return [note(zh, en)]

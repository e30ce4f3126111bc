"""The rows of a sheet, made into cells of Python only when they are asked for.

A register of 100 000 rows is more than a million cells. Made all at once they fill the
memory before the first one is looked at; made as they are read, the words of a column
are put together while they come, and most of the cells are gone again.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, overload

import python_calamine as calamine

Told = Callable[[], AbstractContextManager[None]]

_HEAD = 256
"""Rows kept from the top, where headers are looked for again and again."""


class SheetRows(Sequence[list[Any]]):
    """
    All rows of a sheet from the first one, blank rows and columns included.

    Parameters
    ----------
    sheet : CalamineSheet
        Whose cells begin in column A: see :func:`sheet_rows`.
    end : tuple of int
        Its last row and column, from 0.
    told : callable
        Gives a context that says of a cell that cannot be made what is wrong.

    Attributes
    ----------
    width : int
        Cells of every row.
    """

    def __init__(
        self, sheet: calamine.CalamineSheet, end: tuple[int, int], told: Told
    ) -> None:
        self._sheet, self._told = sheet, told
        self._head = sheet.to_python(skip_empty_area=False, nrows=_HEAD)
        self._all: list[list[Any]] | None = None
        self._length, self.width = end[0] + 1, end[1] + 1

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[list[Any]]:
        if self._all is not None:
            yield from self._all
            return
        with self._told():
            yield from self._sheet.iter_rows()

    @overload
    def __getitem__(self, place: int) -> list[Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[list[Any]]: ...
    def __getitem__(self, place: int | slice) -> list[Any] | list[list[Any]]:
        last = place.stop if isinstance(place, slice) else place
        if last is not None and 0 <= last < len(self._head):
            return self._head[place]
        if self._all is None:
            with self._told():
                self._all = self._sheet.to_python(skip_empty_area=False)
        return self._all[place]


def sheet_rows(sheet: calamine.CalamineSheet, told: Told) -> Sequence[list[Any]]:
    """
    Give the rows of a sheet, a long one's as they are asked for.

    Parameters
    ----------
    sheet : CalamineSheet
        One whose first columns are blank is read at once: row by row calamine leaves
        these out.
    told : callable
        As :class:`SheetRows`.
    """
    start, end = sheet.start, sheet.end
    if start is None or end is None or start[1] != 0 or end[0] < _HEAD:
        return sheet.to_python(skip_empty_area=False)
    return SheetRows(sheet, end, told)

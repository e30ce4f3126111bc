"""What kind of cells a column holds, found by looking at all of them at once.

A register of a hundred thousand rows has millions of cells. Joined to one long text,
the cells of a column are searched by the string routines of the interpreter, many
times faster than one by one.
"""

import datetime as dt
import operator
from collections.abc import Sequence
from itertools import islice
from types import NoneType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from geotool._marks import is_missing

REPLACED = "\ufffd"
DESTROYED = (REPLACED, "锟斤")
"""What is left of text that was once saved in the wrong encoding."""

_BETWEEN = "\0"
_SAMPLE = 1000


class Seen(NamedTuple):
    """
    What was seen in a column of cells.

    Attributes
    ----------
    blank : array of bool or None
        Which cells have nothing in them; None when every cell has.
    plain : bool
        Whether all others are texts on one line without any white space.
    destroyed : bool
        Whether a text was destroyed by a wrong encoding before it came here.
    """

    blank: NDArray[np.bool_] | None
    plain: bool
    destroyed: bool


class ColumnLook:
    """
    A look at the cells of a column that comes in parts, from the top.

    Cells that were made a moment ago are still near the processor: a long sheet is
    looked at some thousand rows at a time.

    Parameters
    ----------
    length : int
        Of the whole column.

    Examples
    --------
    >>> look = ColumnLook(3)
    >>> [look.at(part) for part in (["东口"], ["", "西口"])]
    [['东口'], ['', '西口']]
    >>> look.seen
    Seen(blank=array([False,  True, False]), plain=True, destroyed=False)
    >>> odd = ColumnLook(2)
    >>> odd.at([1.5, "锟斤拷"])
    [1.5, '锟斤拷']
    >>> odd.seen
    Seen(blank=None, plain=False, destroyed=True)
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._rows = 0
        self._words: dict[Any, Any] | None = None
        """The words so far of a column that repeats few of them."""
        self._empty: set[str] = set()
        self.seen = Seen(None, plain=True, destroyed=False)

    def at(self, cells: Sequence[Any]) -> Sequence[Any]:
        """
        Look at the next cells, and give them back.

        Times of day that Excel gives as spans become their text, and equal words of a
        long column one object.
        """
        if self._rows == 0 and self._length > 2 * _SAMPLE and _are_few(cells):
            self._words = {}
        seen = None
        if self._words is not None:
            seen = self._see_few(cells, self._words)
        cells, part = seen or _see_texts(cells)
        blank = self.seen.blank
        if part.blank is not None:
            if blank is None:
                blank = np.zeros(self._length, dtype=bool)
            blank[self._rows : self._rows + len(cells)] = part.blank
        self._rows += len(cells)
        if self._words is not None and len(self._words) > self._rows // 2:
            self._words = None  # not so few after all
        self.seen = Seen(
            blank,
            self.seen.plain and part.plain,
            self.seen.destroyed or part.destroyed,
        )
        return cells

    def _see_few(
        self, cells: Sequence[Any], words: dict[Any, Any]
    ) -> tuple[Sequence[Any], Seen] | None:
        """Look at new words, and make equal ones one object; None: not all texts."""
        known = len(words)
        try:
            same = [*map(words.setdefault, cells, cells)]
            fresh = [*islice(words, known, None)]
            joined = _BETWEEN.join(fresh)
        except TypeError:  # a number among the texts, or what cannot be hashed
            self._words = None
            return None
        self._empty.update(word for word in fresh if not word or word.isspace())
        blank = None
        if self._empty:
            blank = np.array([word in self._empty for word in same], dtype=bool)
        if blank is not None and not blank.any():
            blank = None
        return same, Seen(blank, not has_white_space(joined), _destroyed(joined))


def _are_few(cells: Sequence[Any]) -> bool:
    """Whether a long column begins with texts that are nearly all the same few."""
    first = cells[:_SAMPLE]
    return set(map(type, first)) == {str} and len(set(first)) < len(first) // 2


def _see_texts(cells: Sequence[Any]) -> tuple[Sequence[Any], Seen]:
    """Look at cells that are most likely texts, which need not repeat."""
    try:
        joined = _BETWEEN.join(cells)
    except TypeError:
        return _see_mixed(cells)
    blank = None
    spaced = has_white_space(joined)
    if spaced:
        blank = np.array([not c or c.isspace() for c in cells], dtype=bool)
    elif _may_hold_empty(joined):
        blank = np.array([not c for c in cells], dtype=bool)
    if blank is not None and not blank.any():
        blank = None
    return cells, Seen(blank, not spaced, _destroyed(joined))


def _may_hold_empty(joined: str) -> bool:
    """Whether one of the texts that were joined may be empty."""
    ends = joined[:1] == _BETWEEN or joined[-1:] in ("", _BETWEEN)
    return ends or _BETWEEN * 2 in joined


def _see_mixed(cells: Sequence[Any]) -> tuple[Sequence[Any], Seen]:
    kinds = set(map(type, cells))
    if kinds == {float}:
        odd = np.isnan(np.array(cells, dtype=float))
        return cells, Seen(odd if odd.any() else None, plain=False, destroyed=False)
    if dt.timedelta in kinds:
        cells = [str(c) if type(c) is dt.timedelta else c for c in cells]
    joined = _BETWEEN.join([c for c in cells if type(c) is str])
    spaced = has_white_space(joined)
    blank = None
    if kinds <= {str, float, int}:  # most columns of mixed cells
        if spaced or _may_hold_empty(joined):
            told = [type(c) is str and (not c or c.isspace()) for c in cells]
            blank = np.array(told, dtype=bool)
        if float in kinds:
            # only nan differs from itself
            odd = np.array([*map(operator.ne, cells, cells)], dtype=bool)
            blank = odd if blank is None else blank | odd
    else:
        blank = np.array([is_blank(cell) for cell in cells], dtype=bool)
    return cells, Seen(
        blank if blank is not None and blank.any() else None,
        kinds <= {str, NoneType} and not spaced,
        _destroyed(joined),
    )


def is_blank(cell: Any) -> bool:
    """
    Whether nothing stands in a cell.

    Examples
    --------
    >>> is_blank("  "), is_blank(0), is_blank(float("nan"))
    (True, False, True)
    """
    if isinstance(cell, str):
        return not cell or cell.isspace()
    if type(cell) is float:
        return cell != cell  # noqa: PLR0124 - the quick way to tell nan
    return cell is None or is_missing(cell)


def number_text(cell: object) -> str:
    """
    Write a number as a cell shows it.

    Examples
    --------
    >>> number_text(np.float64(0.31)), number_text(310.0)
    ('0.31', '310')
    """
    if isinstance(cell, (float, np.floating)):
        return repr(int(cell)) if float(cell).is_integer() else repr(float(cell))
    return str(cell)


def has_white_space(joined: str) -> bool:
    """
    Whether there is any white space in a text.

    Examples
    --------
    >>> has_white_space("东 口"), has_white_space("东口"), has_white_space("")
    (True, False, False)
    """
    return bool(joined) and joined.split(maxsplit=1) != [joined]


def is_destroyed(values: Sequence[Any]) -> bool:
    """
    Whether a column holds text that was destroyed before it came here.

    Examples
    --------
    >>> is_destroyed(["锟斤拷锟斤拷"]), is_destroyed(["长江"])
    (True, False)
    """
    return _destroyed(_BETWEEN.join([v for v in values if type(v) is str]))


def _destroyed(joined: str) -> bool:
    return any(mark in joined for mark in DESTROYED)


def distinct(cells: Sequence[Any]) -> tuple[NDArray[np.intp], list[Any]]:
    """
    Give the distinct cells of a column, and which of them each row has.

    Cells of different types stay apart: 1 is not 1.0 or True.

    Examples
    --------
    >>> at, words = distinct(["甲", "乙", "甲", None])
    >>> at.tolist(), words
    ([0, 1, 0, 2], ['甲', '乙', None])
    >>> distinct([1, 1.0, True])[1]
    [1, 1.0, True]
    """
    try:
        if set(map(type, cells)) <= {str, NoneType}:
            return _numbered(cells)
        at, pairs = _numbered([*zip(map(type, cells), cells, strict=True)])
    except TypeError:  # a cell that cannot be hashed, such as a list
        return np.arange(len(cells)), [*cells]
    return at, [cell for _, cell in pairs]


def _numbered(cells: Sequence[Any]) -> tuple[NDArray[np.intp], list[Any]]:
    order = {cell: place for place, cell in enumerate(dict.fromkeys(cells))}
    return np.fromiter(map(order.__getitem__, cells), np.intp, len(cells)), [*order]


def names_where(mask: NDArray[np.bool_], names: Sequence[str]) -> list[str]:
    """
    Join in each row the names of the columns that are true.

    Examples
    --------
    >>> names_where(np.array([[True, True], [False, False]]), ["总磷", "氨氮"])
    ['总磷、氨氮', '']
    """
    if not len(names):
        return [""] * len(mask)
    patterns, at = np.unique(mask, axis=0, return_inverse=True)
    texts = [
        "、".join(name for name, true in zip(names, row, strict=True) if true)
        for row in patterns
    ]
    return [texts[place] for place in at.reshape(-1)]

"""What kind of cells a column holds, found by looking at all of them at once.

A register of a hundred thousand rows has millions of cells. Joined to one long text,
the cells of a column are searched by the string routines of the interpreter, many
times faster than one by one.
"""

import datetime as dt
from collections.abc import Sequence
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


def see_cells(values: NDArray[np.object_]) -> Seen:
    """
    Look at the cells of a column; spans of time become text on the way.

    Parameters
    ----------
    values : array of object
        Times of day that Excel gives as spans are replaced by their text in place, and
        equal words of a long column by one of them.

    Examples
    --------
    >>> see_cells(np.array(["东口", ""], dtype=object))
    Seen(blank=array([False,  True]), plain=True, destroyed=False)
    >>> see_cells(np.array([1.5, "锟斤拷"], dtype=object))
    Seen(blank=None, plain=False, destroyed=True)
    """
    if _are_few(values):
        seen = _see_few(values)
        if seen is not None:
            return seen
    cells = values.tolist()
    try:
        joined = _BETWEEN.join(cells)
    except TypeError:
        return _see_mixed(values, cells)
    blank = None
    spaced = has_white_space(joined)
    if spaced:
        blank = np.array([not c or c.isspace() for c in cells], dtype=bool)
    elif _may_hold_empty(joined):
        blank = np.array([not c for c in cells], dtype=bool)
    if blank is not None and not blank.any():
        blank = None
    return Seen(blank, not spaced, _destroyed(joined))


def _are_few(values: NDArray[np.object_]) -> bool:
    """Whether a long column begins with texts that are nearly all the same few."""
    first = values[:_SAMPLE].tolist()
    texts = len(values) > 2 * _SAMPLE and set(map(type, first)) == {str}
    return texts and len(set(first)) < _SAMPLE // 2


def _see_few(values: NDArray[np.object_]) -> Seen | None:
    """Look at each word once, and make equal words one object; None: not all texts."""
    cells = values.tolist()
    words: dict[Any, Any] = {}
    try:
        same = [*map(words.setdefault, cells, cells)]
        joined = _BETWEEN.join(words)
    except TypeError:  # a number among the texts, or what cannot be hashed
        return None
    values[:] = same
    empty = {word for word in words if not word or word.isspace()}
    blank = np.array([w in empty for w in same], dtype=bool) if empty else None
    return Seen(blank, not has_white_space(joined), _destroyed(joined))


def _may_hold_empty(joined: str) -> bool:
    """Whether one of the texts that were joined may be empty."""
    ends = joined[:1] == _BETWEEN or joined[-1:] in ("", _BETWEEN)
    return ends or _BETWEEN * 2 in joined


def _see_mixed(values: NDArray[np.object_], cells: list[Any]) -> Seen:
    kinds = set(map(type, cells))
    if kinds == {float}:
        odd = np.isnan(np.array(cells, dtype=float))
        return Seen(odd if odd.any() else None, plain=False, destroyed=False)
    if dt.timedelta in kinds:
        cells = [str(c) if type(c) is dt.timedelta else c for c in cells]
        values[:] = cells
    joined = _BETWEEN.join([c for c in cells if type(c) is str])
    spaced = has_white_space(joined)
    blank = None
    if kinds <= {str, float, int}:  # most columns of mixed cells
        if spaced or _may_hold_empty(joined):
            told = [type(c) is str and (not c or c.isspace()) for c in cells]
            blank = np.array(told, dtype=bool)
        if float in kinds:
            odd = values != values  # noqa: PLR0124 - only nan differs from itself
            blank = odd if blank is None else blank | odd
    else:
        blank = np.array([is_blank(cell) for cell in cells], dtype=bool)
    return Seen(
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

"""What single cells say: text, identifiers, numbers; and whole columns of them."""

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from itertools import compress
from types import NoneType
from typing import Any

import numpy as np
import pandas as pd

from geotool._marks import is_missing
from geotool._texts import distinct, has_white_space, number_text
from geotool._units import unit_factor

_MISSING = frozenset(
    ("", "/", "-", "--", "—", "——", "\\", "无", "不详", "未知", "未测", "暂无", "空", "na",
     "n/a", "#n/a", "nan", "null", "none", "无数据", "未填", "待定", "…")
)  # fmt: skip
LONGEST = max(map(len, _MISSING))

_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?")
_WITH_UNIT = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*([^\d\s].*)")
_LARGE = re.compile(r"([+-]?\d+(?:\.\d+)?)\s*(万|亿)")
_LARGE_POWERS = {"万": 4, "亿": 8}
_RANGE = re.compile(
    r"\d+(?:\.\d+)?\s*(?:[-~∼〜—–―]+|至|到)\s*\d+(?:\.\d+)?\s*([^\d\s~∼〜—–―至到-].*)?"
)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(?:([, ])\d{3})(?:\1\d{3})*(?:\.\d+)?")


def is_missing_word(cell: Any) -> bool:
    """
    Whether a cell says that there is nothing.

    Examples
    --------
    >>> is_missing_word("不详"), is_missing_word(" - "), is_missing_word(0)
    (True, True, False)
    """
    if type(cell) is not str and is_missing(cell):
        return True
    if not isinstance(cell, str):
        return False
    word = cell.strip()
    if not word.isascii():
        word = unicodedata.normalize("NFKC", word).strip()
    return len(word) <= LONGEST and word.casefold() in _MISSING


def clean_text(cell: Any) -> str | None:
    r"""
    Write a cell as text on one line; whole numbers without a decimal point.

    Examples
    --------
    >>> clean_text(3206120.0), clean_text("  东 口\n"), clean_text(None)
    ('3206120', '东 口', None)
    """
    if type(cell) is str:  # nearly every cell
        return " ".join(cell.split()) or None
    if is_missing(cell):
        return None
    if isinstance(cell, (dt.datetime, pd.Timestamp)):
        midnight = cell.time() == dt.time(0)
        return cell.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")
    if isinstance(cell, (float, np.floating, int, np.integer)) and not isinstance(
        cell, bool
    ):
        return number_text(cell) if math.isfinite(float(cell)) else None
    return " ".join(str(cell).split()) or None


def clean_texts(cells: pd.Series) -> pd.Series:
    """
    Write a column of cells as text; one that is clean already stays as it is.

    Examples
    --------
    >>> clean_texts(pd.Series(["东  口", None, 3.0, np.nan], dtype=object)).tolist()
    ['东 口', None, '3', None]
    >>> clean_texts(pd.Series([" 东口", "西口 "], dtype=object)).tolist()
    ['东口', '西口']
    """
    values = cells.tolist()
    return clean_values(values, set(map(type, values)), cells)


def clean_values(values: list[Any], kinds: set[type], cells: pd.Series) -> pd.Series:
    """Write cells as text, of which the types are known."""
    if not kinds <= {str, float, NoneType}:
        return objects([*map(clean_text, values)], cells)
    texts = [cell for cell in values if type(cell) is str]
    untidy = "" in texts or has_white_space("\0".join(texts))
    if float in kinds:
        values = _spelled(values)
    if untidy:
        values = [None if c is None else " ".join(c.split()) or None for c in values]
    elif float not in kinds:
        return cells.astype(object)
    return objects(values, cells)


def _spelled(cells: list[Any]) -> list[Any]:
    """Write the numbers among texts as :func:`clean_text` does; most are not whole."""
    spelled = [repr(cell) if type(cell) is float else cell for cell in cells]
    written = "\0".join([text for text in spelled if text is not None]) + "\0"
    if ".0\0" not in written and "e+" not in written and "n" not in written:
        return spelled  # none is whole, nan or infinite
    numbers = np.array([c if type(c) is float else 0.5 for c in cells], dtype=float)
    with np.errstate(invalid="ignore"):
        special = np.flatnonzero(~(numbers % 1 > 0))
    for place in special.tolist():
        spelled[place] = clean_text(cells[place])
    return spelled


def objects(values: list[Any], like: pd.Series) -> pd.Series:
    """Make a column of objects; None stays None."""
    return pd.Series(values, index=like.index, dtype=object)


def each_once(cells: pd.Series, read: Callable[[Any], Any]) -> pd.Series:
    """Apply a rule once to every distinct cell, for columns of few words."""
    at, words = distinct(cells.tolist())
    told = np.empty(len(words), dtype=object)
    told[:] = [read(word) for word in words]
    return pd.Series(told[at], index=cells.index, dtype=object)


def clean_id(cell: Any) -> str | None:
    """
    Write an identifier: full-width letters and digits become plain.

    Examples
    --------
    >>> clean_id("ＰＷ００１ "), clean_id(12.0)
    ('PW001', '12')
    """
    if is_missing_word(cell):
        return None
    text = clean_text(cell)
    if text is None or text.isascii():
        return text
    return unicodedata.normalize("NFKC", text).strip()


def parse_number(cell: Any, unit: str = "") -> tuple[float, str]:
    """
    Read a cell as a number.

    Parameters
    ----------
    cell : object
    unit : str
        Unit of the column; a unit behind the number is converted to it.

    Returns
    -------
    value : float
    state : str
        ``""``, ``missing``, ``unreadable``, ``unit`` (a unit was converted),
        ``large`` (万 or 亿 behind it was taken), ``range`` (two numbers, of which none
        is taken) or ``folded`` (thousands separators or full-width digits).

    Examples
    --------
    >>> parse_number("１,２00"), parse_number("5万吨/日", "m3/d"), parse_number("约500")
    ((1200.0, 'folded'), (50000.0, 'unit'), (nan, 'unreadable'))
    >>> parse_number("1.2万"), parse_number("50-60")
    ((12000.0, 'large'), (nan, 'range'))
    """
    if is_missing_word(cell):
        return math.nan, "missing"
    if isinstance(cell, (bool, np.bool_, dt.date, dt.time)):
        return math.nan, "unreadable"
    if isinstance(cell, (int, float, np.number)):
        number = float(cell)
        return (number, "") if math.isfinite(number) else (math.nan, "unreadable")
    text = unicodedata.normalize("NFKC", str(cell)).strip().casefold()
    text = text.removeprefix("'").replace("−", "-")
    if _PLAIN.fullmatch(text):
        return float(text), "" if text == str(cell).strip().casefold() else "folded"
    if _THOUSANDS.fullmatch(text):
        return float(re.sub("[, ]", "", text)), "folded"
    found = _WITH_UNIT.fullmatch(text)
    factor = unit_factor(found[2], unit) if found and unit else None
    if found and factor is not None:
        return float(found[1]) * factor, "unit"
    large = _LARGE.fullmatch(text)
    if large:
        return float(f"{large[1]}e{_LARGE_POWERS[large[2]]}"), "large"
    return math.nan, "range" if _RANGE.fullmatch(text) else "unreadable"


def parse_numbers(cells: list[Any], unit: str = "") -> tuple[Any, Any]:
    """
    Read a column of cells as numbers; what is a number already, all at once.

    Returns
    -------
    values, states : array
        As :func:`parse_number`.

    Examples
    --------
    >>> parse_numbers([1.5, "2", None])
    (array([1.5, 2. , nan]), array(['', '', 'missing'], dtype=object))
    """
    if set(map(type, cells)) <= {float, int}:
        number, plain = np.ones(len(cells), dtype=bool), cells
    else:
        told = [type(cell) in (float, int) for cell in cells]
        number, plain = np.array(told, dtype=bool), [*compress(cells, told)]
    values = np.full(len(cells), np.nan)
    states = np.full(len(cells), "", dtype=object)
    values[number] = np.array(plain, dtype=float)
    states[np.isinf(values)], states[np.isnan(values)] = "unreadable", "missing"
    values[np.isinf(values)] = np.nan
    for place in np.flatnonzero(~number).tolist():
        cell = cells[place]
        if type(cell) is str and _DECIMAL.fullmatch(cell):
            values[place], states[place] = float(cell), ""
        else:
            values[place], states[place] = parse_number(cell, unit)
    return values, states

"""Cells of readings that hold more than a value: its unit, or a remark in brackets."""

import re
import unicodedata
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import is_unit
from geotool._marks import UNREADABLE, parse_value
from geotool.tables import load_table

_REMARKED = re.compile(r"(.*?)\s*[(（]([^()（）]*)[)）]", re.DOTALL)
_WITH_UNIT = re.compile(
    r"(\**(?:<=|>=|[<>≤≥＜＞])?\s*[+-]?(?:\d+\.?\d*|\.\d+)"
    r"(?:\s*[×xX*]\s*10\s*\^?[+-]?[\d⁰¹²³⁴-⁹⁺⁻]+|[eE][+-]?\d+(?![a-zA-Z]))?)\s*"
    r"[(（\[]?([^\d\s()（）\[\].+*-][^()（）\[\]]*)[)）\]]?"
)
_LARGE = re.compile(
    r"(?P<mark>(?:<=|>=|[<>≤≥＜＞])?\s*)(?P<number>\d+(?:\.\d+)?)\s*(?P<power>[万亿])\s*"
    r"(?P<unit>[^\d\s()（）].*)?"
)
_LIKE_UNIT = re.compile(r"(?![,，;；:：、]).*(?:[/%‰°℃]|[a-zA-Zμµ]{2}).*")
"""What a text has that stands for a unit: 级 and 超标 are none, nor O for zero."""
_POWERS = {"万": 4, "亿": 8}
_EXCEEDING = re.compile(
    r"超标\d+(?:\.\d+)?倍?|(?:劣?[ⅠⅡⅢⅣⅤIVⅰ-ⅹ]+|[一二三四五]|劣五)类"
)


_RANGE = re.compile(
    r"\d+(?:\.\d+)?\s*(?:[-~∼〜～—–―－]+|至|到)\s*\d+(?:\.\d+)?(?:\s*[^\d\s~～-].*)?"
)


class Cell(NamedTuple):
    """A value, the unit behind it, the remark behind that, and 万; empty where none is."""

    value: str
    unit: str = ""
    remark: str = ""
    power: str = ""


@cache
def _remarks() -> frozenset[str]:
    return frozenset(load_table("pollutants")["marks"]["remarks"])


def split_cell(text: str) -> Cell | None:
    """
    Part a text that is no value by itself; None where it cannot be one.

    Examples
    --------
    >>> split_cell("0.31 mg/l"), split_cell("＜0.025mg/L")
    (Cell(value='0.31', unit='mg/l', remark='', power=''), Cell(value='＜0.025', unit='mg/L', remark='', power=''))
    >>> split_cell("0.31（超标0.5倍）")
    Cell(value='0.31', unit='', remark='超标0.5倍', power='')
    >>> split_cell("＞1.2万MPN/L")
    Cell(value='＞12000', unit='MPN/L', remark='', power='万')
    >>> split_cell("0.01(检出限)"), split_cell("0.3~0.5mg/L"), split_cell("3级")
    (None, None, None)
    """
    remark, rest = "", text.strip()
    found = _REMARKED.fullmatch(rest)
    if found and _is_remark(found[2]):
        rest, remark = found[1], found[2].strip()
        if parse_value(rest)[2] != UNREADABLE:
            return Cell(rest, "", remark)
    parted = _WITH_UNIT.fullmatch(rest)
    if parted and is_unit(parted[2]) and parse_value(parted[1])[2] != UNREADABLE:
        return Cell(parted[1].strip(), parted[2].strip(), remark)
    large = _LARGE.fullmatch(rest)
    if large and (not large["unit"] or is_unit(large["unit"])):
        power = large["power"]
        number = Decimal(large["number"]).scaleb(_POWERS[power])
        value = f"{large['mark'].strip()}{number:f}"
        return Cell(value, (large["unit"] or "").strip(), remark, power)
    return None


def unknown_units(raw: pd.Series, flags: pd.Series) -> NDArray[np.object_]:
    """
    Give what stands like a unit behind a number and is none; else an empty text.

    Examples
    --------
    >>> cells = pd.Series(["5.2mg/kg", "3级", "12 %", "0.3"])
    >>> unknown_units(cells, pd.Series(["unreadable"] * 3 + [""])).tolist()
    ['mg/kg', '', '%', '']
    """
    odd = (flags == UNREADABLE).to_numpy(bool)
    found = np.full(len(raw), "", dtype=object)
    for at in np.flatnonzero(odd):
        cell = raw.iloc[at]
        parted = _WITH_UNIT.fullmatch(cell.strip()) if isinstance(cell, str) else None
        if parted and _LIKE_UNIT.fullmatch(parted[2]) and not is_unit(parted[2]):
            found[at] = parted[2].strip()
    return found


def _is_remark(text: str) -> bool:
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    whole = "".join(text.split())
    return plain in _remarks() or bool(_EXCEEDING.fullmatch(whole))


def split_cells(
    raw: pd.Series, unit: pd.Series, flags: pd.Series
) -> tuple[pd.Series, pd.Series]:
    """
    Part the cells of a column that are unreadable as they are.

    Parameters
    ----------
    raw, unit : Series
        Cells, and the unit each has by its header.
    flags : Series of str
        As :func:`geotool._marks.parse_values` gives them.

    Returns
    -------
    raw, unit : Series
        The value alone where there was more, and the unit that stood behind it.
    """
    odd = (flags == UNREADABLE).to_numpy(bool)
    texts = [text for text in raw[odd] if type(text) is str]
    if not texts:
        return raw, unit
    read = {text: split_cell(text) for text in dict.fromkeys(texts)}
    parted = {text: cell for text, cell in read.items() if cell is not None}
    some = odd & np.array([type(c) is str and c in parted for c in raw], dtype=bool)
    values, units = raw.copy(), unit.copy()
    values[some] = [parted[text].value for text in raw[some]]
    units[some] = [
        parted[text].unit or own
        for text, own in zip(raw[some], unit[some], strict=True)
    ]
    return values, units


def are_ranges(raw: pd.Series, flags: pd.Series) -> NDArray[np.bool_]:
    """
    Tell the unreadable cells that are two numbers instead of one.

    Examples
    --------
    >>> are_ranges(pd.Series(["0.3~0.5mg/L", "0.3-", 1.0]), pd.Series(["unreadable"] * 3))
    array([ True, False, False])
    """
    odd = (flags == UNREADABLE).to_numpy(bool, copy=True)
    if odd.any():
        odd[odd] = [bool(_RANGE.fullmatch(str(cell).strip())) for cell in raw[odd]]
    return odd


def beyond(
    values: NDArray[np.float64], items: pd.Series, *, usual: bool = False
) -> NDArray[np.bool_]:
    """
    Tell values that no water has, or that water seldom has.

    Parameters
    ----------
    values : array of float
        In the units of the items.
    items : Series of str
    usual : bool
        Judge by what is usual, not by what is possible.

    Examples
    --------
    >>> beyond(np.array([7.2, 17.2]), pd.Series(["PH", "PH"]))
    array([False,  True])
    """
    ranges = load_table("pollutants")["ranges"]
    limits = {
        item: row["usual"] if usual else (row["low"], row["high"])
        for item, row in ranges.items()
    }
    wide = (-np.inf, np.inf)
    pairs = np.array([limits.get(item, wide) for item in items], dtype=float)
    pairs = pairs.reshape(-1, 2)
    return (values < pairs[:, 0]) | (values > pairs[:, 1])

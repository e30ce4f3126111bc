"""Cells of a laboratory sheet: values with their marks, and times."""

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._chinese_dates import arabic_date
from geotool._clock import (
    CHINA_TIME,
    FIRST_YEAR,
    LAST_YEAR,
    UNREADABLE,
    built,
    in_range,
    start_of,
)
from geotool.tables import load_table

__all__ = [
    "CHINA_TIME",
    "MISSING",
    "UNREADABLE",
    "is_missing",
    "moments",
    "parse_time",
    "parse_times",
    "parse_value",
    "parse_values",
]

MISSING = "missing"

_SUPERSCRIPT = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_POWER = re.compile(r"[×xX*]\s*10\s*(?:\^\s*\(?([+-]?\d+)\)?|([⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+))")
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_VALUE = re.compile(
    rf"(?P<before>\**)(?P<sign><=|>=|[<>≤≥])?(?P<number>{_NUMBER})"
    r"(?P<limit>l|\(l\))?(?P<after>\**)"
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?=\D|$)")

_SURE_MONTH = re.compile(r"(?:19|20)\d\d\.(?:[2-9]|0[1-9]|1[12])")
"""A number that was meant as a month and can only be that one: not 2026.1."""
_EXCEL_DAYS = (20000.0, 73100.0)
"""Day numbers of Excel taken for dates: late 1954 to early 2100."""

_TIME = re.compile(
    r"(?P<year>\d{4})(?:[-/.年](?P<month>\d{1,2})(?:[-/.月](?P<day>\d{1,2})日?|月)?)"
    r"(?:[T\s]*(?P<hour>\d{1,2})(?:[:时点](?P<minute>\d{1,2})?"
    r"(?:[:分](?P<second>\d{1,2})(?:\.\d+)?秒?|分)?))?"
    r"\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})?(?:(\d{2})(\d{2})(\d{2})?)?")
_NO_YEAR = re.compile(r"\d{1,2}[-/.月]\d{1,2}日?(?:\s+\d.*)?")


@cache
def _words(kind: str) -> frozenset[str]:
    return frozenset(_plain(word) for word in load_table("pollutants")["marks"][kind])


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"\s", "", folded).replace("〈", "<").replace("〉", ">")


def is_missing(value: Any) -> bool:
    """
    Tell whether a cell is empty, by any of pandas' signs for it.

    Examples
    --------
    >>> is_missing(float("nan")), is_missing(""), is_missing([])
    (True, False, False)
    """
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def parse_value(text: object) -> tuple[float, bool, str]:
    """
    Read one cell of a laboratory sheet.

    Parameters
    ----------
    text : object
        A number, or text such as ``"<0.01"``, ``"0.01L"``, ``"未检出"``, ``"--"``,
        ``"1.2*"``, ``"３.5×10³"``.

    Returns
    -------
    value : float
        The number as printed; for a value below detection that is the detection
        limit, not half of it. NaN when there is none.
    detected : bool
        False below the detection limit and where there is no number.
    flag : str
        ``""``, ``"<"``, ``"≤"``, ``"L"`` or ``"ND"`` (below detection), ``">"`` or
        ``"≥"`` (at least), ``"*"``, ``"missing"`` or ``"unreadable"``.

    Notes
    -----
    ``0.01L`` (limit followed by L) is the way of the Chinese monitoring reports.
    A comma is read as a thousands separator and never as a decimal point:
    ``0,31`` is unreadable.

    Examples
    --------
    >>> parse_value("０.３１"), parse_value("＜0.01"), parse_value("0.01L")
    ((0.31, True, ''), (0.01, False, '<'), (0.01, False, 'L'))
    >>> parse_value("未检出"), parse_value("--"), parse_value("1.2*")
    ((nan, False, 'ND'), (nan, False, 'missing'), (1.2, True, '*'))
    """
    if is_missing(text):
        return math.nan, False, MISSING
    if isinstance(text, (bool, np.bool_, dt.date)):
        return math.nan, False, UNREADABLE  # a cell that Excel made a date of
    if isinstance(text, (int, float, np.number)):
        number = float(text)
        good = math.isfinite(number)
        return (number, True, "") if good else (math.nan, False, UNREADABLE)
    raw = _POWER.sub(
        lambda match: "e" + (match[1] or match[2].translate(_SUPERSCRIPT)), str(text)
    )
    plain = _plain(raw)
    if re.fullmatch(r"[-—–―−/\\…]*", plain) or plain in _words("missing"):
        return math.nan, False, MISSING
    plain = _THOUSANDS.sub(lambda match: match[0].replace(",", ""), plain)
    return _not_detected(plain) or _number(plain)


def _not_detected(plain: str) -> tuple[float, bool, str] | None:
    """Read ``nd``, ``未检出(0.01)`` or ``0.01(nd)``; None when it is neither."""
    for word in _words("not_detected"):
        rest = plain.replace(word, "", 1) if word in plain else None
        if rest is None:
            continue
        rest = rest.strip("()[]:,;<")
        if not rest:
            return math.nan, False, "ND"
        match = re.fullmatch(rf"({_NUMBER})l?", rest)
        if match:
            return float(match[1]), False, "ND"
    return None


def _number(plain: str) -> tuple[float, bool, str]:
    match = _VALUE.fullmatch(plain)
    if not match or not math.isfinite(float(match["number"])):
        return math.nan, False, UNREADABLE
    sign = (match["sign"] or "").replace("<=", "≤").replace(">=", "≥")
    if match["limit"] and sign in (">", "≥"):
        return math.nan, False, UNREADABLE
    star = "*" if match["before"] or match["after"] else ""
    flag = (sign or ("L" if match["limit"] else "")) + star
    detected = sign not in ("<", "≤") and not match["limit"]
    return float(match["number"]), detected, flag


def parse_values(values: pd.Series) -> pd.DataFrame:
    """
    Read a column of cells; each distinct text is read once.

    Parameters
    ----------
    values : Series
        Cells as :func:`parse_value` takes them.

    Returns
    -------
    DataFrame
        ``value`` (float), ``detected`` (bool), ``flag`` (text); index as given.

    Examples
    --------
    >>> parse_values(pd.Series(["0.31", "<0.01"]))
       value  detected flag
    0   0.31      True
    1   0.01     False    <
    """
    if pd.api.types.is_float_dtype(values.dtype):
        return _parse_floats(values)
    cells = values.astype(object)
    read = _each_once(cells, parse_value)
    return pd.DataFrame(
        {
            "value": np.array([cell[0] for cell in read], dtype=float),
            "detected": np.array([cell[1] for cell in read], dtype=bool),
            "flag": [cell[2] for cell in read],
        },
        index=values.index,
    )


def _parse_floats(values: pd.Series) -> pd.DataFrame:
    """Read a column of plain numbers all at once."""
    numbers = values.to_numpy(float, na_value=np.nan)
    finite = np.isfinite(numbers)
    flag = np.where(finite, "", np.where(np.isnan(numbers), MISSING, UNREADABLE))
    return pd.DataFrame(
        {
            "value": np.where(finite, numbers, np.nan),
            "detected": finite,
            "flag": flag.astype(object),
        },
        index=values.index,
    )


def _each_once(cells: pd.Series, read: Callable[[Any], Any]) -> list[Any]:
    """Apply ``read`` once to every distinct cell (1, 1.0 and True stay apart)."""
    seen: dict[tuple[type, Any], Any] = {}
    results = []
    for cell in cells:
        try:
            key = (type(cell), cell)
            if key not in seen:
                seen[key] = read(cell)
            results.append(seen[key])
        except TypeError:  # a cell that cannot be hashed, such as a list
            results.append(read(str(cell)))
    return results


def parse_time(
    value: object, *, year: int | None = None, month: int | None = None
) -> tuple[pd.Timestamp, str]:
    """
    Read one cell as a time.

    Parameters
    ----------
    value : object
        A date, an Excel day number, or text such as ``"2026-05-03 08:00"``,
        ``"2026年5月"``, ``"20260503"``. A time with a zone becomes Chinese time.
    year, month : int, optional
        Of a time that is written without them.

    Returns
    -------
    time : Timestamp
        Without a zone; NaT when it cannot be read. A month stands for its first day,
        and so do 5月中旬 (the 11th), 二季度 and 下半年.
    problem : str
        ``""``, ``"missing"``, ``"no_year"``, ``"no_month"`` or ``"unreadable"``.

    Examples
    --------
    >>> parse_time("2026年5月3日 8时")
    (Timestamp('2026-05-03 08:00:00'), '')
    >>> parse_time("08-21 20:00"), parse_time(46145.5)
    ((NaT, 'no_year'), (Timestamp('2026-05-03 12:00:00'), ''))
    >>> parse_time("2026年5月中旬")[0], parse_time("二季度", year=2026)[0]
    (Timestamp('2026-05-11 00:00:00'), Timestamp('2026-04-01 00:00:00'))
    >>> parse_time("5日", year=2026)
    (NaT, 'no_month')
    """
    if is_missing(value) or str(value).strip() in ("", "--", "-", "/"):
        return pd.NaT, MISSING  # type: ignore[return-value]
    if isinstance(value, (dt.datetime, dt.date, np.datetime64)):
        return in_range(pd.Timestamp(value))
    text = arabic_date(unicodedata.normalize("NFKC", str(value)).strip())
    if re.fullmatch(_NUMBER, text) and _EXCEL_DAYS[0] <= float(text) < _EXCEL_DAYS[1]:
        seconds = round((float(text) - 25569) * 86400)  # 25569 is 1970-01-01
        return in_range(pd.Timestamp(seconds, unit="s"))
    text = re.sub(r"\.0$", "", text)  # 20260503.0, a day read as a number
    # 2026.1: or is it October?
    if isinstance(value, float) and ("." in text and not _SURE_MONTH.fullmatch(text)):
        return pd.NaT, UNREADABLE  # type: ignore[return-value]
    match = _TIME.fullmatch(text)
    if match:
        return built(*match.groups())
    compact = _COMPACT.fullmatch(text)
    if compact:
        return built(*compact.groups(), None)
    if not _NO_YEAR.fullmatch(text):
        return start_of(text, year, month)
    match = _TIME.fullmatch(f"{year}-{text.replace('月', '-')}") if year else None
    if match:
        return built(*match.groups())
    return pd.NaT, (UNREADABLE if year else "no_year")  # type: ignore[return-value]


def moments(values: pd.Series) -> NDArray[np.datetime64]:
    """
    Take a column of times as it is; one beyond the years that can be becomes NaT.

    Examples
    --------
    >>> moments(pd.Series(pd.to_datetime(["2026-05-03", "1700-01-01"])))
    array(['2026-05-03T00:00:00.000000', 'NaT'], dtype='datetime64[us]')
    """
    times = values.to_numpy("datetime64[us]")
    first = np.datetime64(f"{FIRST_YEAR}-01-01", "us")
    after = np.datetime64(f"{LAST_YEAR + 1}-01-01", "us")
    good = (times >= first) & (times < after)  # NaT is never between
    return times if good.all() else np.where(good, times, np.datetime64("NaT", "us"))


def parse_times(values: pd.Series, *, year: int | None = None) -> pd.DataFrame:
    """
    Read a column of cells as times.

    Parameters
    ----------
    values : Series
    year : int, optional
        Year of times that are written without one.

    Returns
    -------
    DataFrame
        ``time`` (datetime without a zone) and ``problem``, see :func:`parse_time`.

    Examples
    --------
    >>> parse_times(pd.Series(["2026-05-03", "5月3日"]))
            time  problem
    0 2026-05-03
    1        NaT  no_year
    >>> parse_times(pd.Series(["08-21 20:00", "5月3日"]), year=2026)["time"].tolist()
    [Timestamp('2026-08-21 20:00:00'), Timestamp('2026-05-03 00:00:00')]
    """
    if isinstance(values.dtype, np.dtype) and values.dtype.kind == "M":
        times = moments(values)
        lost = np.isnat(times)
        problem = np.where(values.isna(), MISSING, np.where(lost, UNREADABLE, ""))
        return pd.DataFrame(
            {"time": times, "problem": problem.astype(object)}, index=values.index
        )
    read = _each_once(values.astype(object), partial(parse_time, year=year))
    return pd.DataFrame(
        {
            "time": pd.Series([cell[0] for cell in read], dtype="datetime64[us]"),
            "problem": pd.Series([cell[1] for cell in read], dtype=object),
        }
    ).set_axis(values.index)

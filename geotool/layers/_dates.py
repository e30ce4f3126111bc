"""Days as a register writes them: also a month, the end of a year, a quarter."""

import calendar
import re
import unicodedata
from typing import Any, NamedTuple

import pandas as pd

from geotool._chinese_dates import arabic_date
from geotool._marks import parse_time
from geotool._periods import read_period
from geotool.layers._values import is_missing_word

_END = re.compile(
    r"(?P<year>\d{4})\s*年?\s*(?:(?P<month>\d{1,2})月[底末]|年?[底末]|"
    r"第?(?P<quarter>[一二三四1-4])季度[底末]?|[qQ](?P<q>[1-4])|(?P<half>[上下])半年)(?:之?前)?"
)
_MONTH = re.compile(r"(\d{4})(?:[-/.年]\s*(\d{1,2})月?|(\d{2}))")
_QUARTERS = {word: 3 * n for n, word in enumerate("一二三四", start=1)} | {
    str(n): 3 * n for n in range(1, 5)
}

UNDATED = {
    "deadline": frozenset(
        ("长期", "长期坚持", "长期整治", "长期推进", "长期实施", "长期持续", "常年", "持续", "持续推进", "持续整治",
         "持续实施", "常态化", "无期限", "不限", "立行立改", "立即", "立即整改", "即知即改")
    ),
    "closed_out": frozenset(
        ("未销号", "未完成", "未验收", "未整治", "尚未完成", "整治中", "正在整治", "进行中", "否")
    ),
}  # fmt: skip
"""Column → what is written in it for: there is no such day."""


class Day(NamedTuple):
    """
    One reading of one cell.

    Attributes
    ----------
    time : Timestamp
        NaT where there is none.
    problem : str
        ``""``, ``missing``, ``unreadable`` or ``undated`` (said to be none).
    rough : str
        ``""``, ``first`` (a month, taken for its first day) or ``last`` (a month or
        longer, taken for its last day).
    """

    time: pd.Timestamp
    problem: str = ""
    rough: str = ""


def read_day(cell: Any, column: str = "") -> Day:
    """
    Read a cell of a column of dates.

    Parameters
    ----------
    cell : object
        As :func:`geotool.readings.parse_time`; also ``2026年6月底前``, ``2026年底``,
        ``2026年第二季度``.
    column : str
        Key of the column. Of a ``deadline`` a mere month means its last day:
        otherwise work would be overdue a month too early. It may also be none,
        ``长期``, and so may ``closed_out``.

    Examples
    --------
    >>> read_day("2026年6月底前").time, read_day("2026年5月", "deadline").rough
    (Timestamp('2026-06-30 00:00:00'), 'last')
    >>> read_day("2026年6月中旬前").time, read_day("2026Q2").rough
    (Timestamp('2026-06-20 00:00:00'), 'last')
    >>> read_day("2026年5月3号").time, read_day("长期").problem
    (Timestamp('2026-05-03 00:00:00'), 'unreadable')
    >>> read_day("长期", "deadline").problem, read_day("未销号", "closed_out").problem
    ('undated', 'undated')
    """
    if is_missing_word(cell):
        return Day(pd.NaT, "missing")  # type: ignore[arg-type]
    rough = ""
    if isinstance(cell, str):
        text = unicodedata.normalize("NFKC", cell).strip().removeprefix("'")
        text = arabic_date(text)
        text = re.sub(r"(?<=\d)号$", "日", text)
        text = re.sub(r"(?<=\d)、(?=\d)", "-", text)
        if text in UNDATED.get(column, ()):
            return Day(pd.NaT, "undated")  # type: ignore[arg-type]
        if column == "deadline":
            text = re.sub(r"(?<=日)(?:之?前|以前|前完成)$", "", text)
        end, month = _END.fullmatch(text), _MONTH.fullmatch(text)
        if end:
            return _last_day(int(end["year"]), _last_month(end))
        if month and column == "deadline":
            return _last_day(int(month[1]), int(month[2] or month[3]))
        tens = read_period(re.sub(r"(?<=旬)(?:之?前)$", "", text))
        if tens and tens.unit == "ten_days" and tens.year and tens.month:
            last = tens.part + 9 if tens.part < 21 else None
            return _last_day(tens.year, tens.month, last)
        rough = "first" if month else ""
        cell = text
    elif isinstance(cell, float) and column == "deadline":
        number = _MONTH.fullmatch(f"{cell:g}")
        if number and not parse_time(cell)[1]:
            return _last_day(int(number[1]), int(number[2] or number[3]))
    time, problem = parse_time(cell)
    unread = "unreadable" if problem in ("no_year", "no_month") else problem
    return Day(time, unread, "" if problem else rough)


def _last_month(end: re.Match[str]) -> int:
    if end["month"]:
        return int(end["month"])
    if quarter := end["quarter"] or end["q"]:
        return _QUARTERS[quarter]
    return 6 if end["half"] == "上" else 12


def _last_day(year: int, month: int, day: int | None = None) -> Day:
    if not 1 <= month <= 12:
        return Day(pd.NaT, "unreadable")  # type: ignore[arg-type]
    last = day or calendar.monthrange(year, month)[1]
    time, problem = parse_time(f"{year}-{month}-{last}")
    return Day(time, problem, "" if problem else "last")

"""Days as a register writes them: also a month, the end of a year, a quarter."""

import datetime as dt
import re
import unicodedata
from typing import Any, NamedTuple

import pandas as pd

from geotool._chinese_dates import arabic_date
from geotool._marks import parse_time
from geotool._periods import Period, read_period
from geotool.layers._values import is_missing_word

_YEAR_END = re.compile(r"(\d{4})\s*年?\s*年?[底末]")
_BARE_MONTH = re.compile(r"(\d{4})\s*[.年]\s*(\d{1,2})")
"""2026.5: of a number nobody could say, in a column of dates it is a month."""

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
    >>> {read_day(text).time.month for text in ("2026上半年", "2026H1", "2026年6月底")}
    {6}
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
        last = _end_said(text, column)
        if last is not None:
            return last
        rough = "first" if _month_of(text) else ""
        cell = text
    elif isinstance(cell, float) and column == "deadline":
        month = _month_of(f"{cell:g}")
        if month and not parse_time(cell)[1]:
            return _last_day(month.last_day)
    time, problem = parse_time(cell)
    unread = "unreadable" if problem in ("no_year", "no_month") else problem
    return Day(time, unread, "" if problem else rough)


def _end_said(text: str, column: str) -> Day | None:
    """Read what means the last day of a period; None where a text does not."""
    whole = re.sub(r"之?前$", "", text)
    bare = re.sub(r"[底末]$", "", whole)
    if year := _YEAR_END.fullmatch(whole):
        return _last_day(f"{year[1]}-12-31")
    month = _month_of(bare)
    if month:
        ends = bare != whole or column == "deadline"
        return _last_day(month.last_day) if ends else None
    period = read_period(bare)
    if period is None or period.unit == "day" or not (period.year and period.month):
        return None
    return _last_day(period.last_day)


def _month_of(text: str) -> Period | None:
    """Read a text that is a month of a year."""
    period = read_period(_BARE_MONTH.sub(r"\1-\2", text))
    is_month = period is not None and period.unit == "month" and period.year
    return period if is_month else None


def _last_day(day: dt.date | str | None) -> Day:
    time, problem = parse_time(day)
    return Day(time, problem, "" if problem else "last")

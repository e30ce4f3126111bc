"""Figures and dates as a report of a bureau writes them."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pandas as pd

from geotool.errors import ReportError

UNKNOWN = "未填"
"""What stands where a register says nothing."""

_ROMAN = {"I": "Ⅰ", "II": "Ⅱ", "III": "Ⅲ", "IV": "Ⅳ", "V": "Ⅴ", "劣V": "劣Ⅴ"}


def class_text(name: Any) -> str:
    """
    Write a class as a bulletin does.

    Examples
    --------
    >>> class_text("IV"), class_text("劣V"), class_text(None)
    ('Ⅳ类', '劣Ⅴ类', '未定')
    """
    return f"{_ROMAN[name]}类" if name in _ROMAN else "未定"


def cell_text(value: Any, missing: str = UNKNOWN) -> str:
    """
    Write a cell of a register.

    Examples
    --------
    >>> cell_text(120.0), cell_text(None), cell_text(pd.Timestamp("2026-12-31"))
    ('120', '未填', '2026-12-31')
    """
    if (
        value is None
        or value is pd.NaT
        or (not isinstance(value, str) and pd.isna(value))
    ):
        return missing
    if isinstance(value, pd.Timestamp | dt.datetime):
        at_midnight = value.hour == value.minute == value.second == 0
        return f"{value:%Y-%m-%d}" if at_midnight else f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, float):
        return f"{value:.10g}"
    text = " ".join(str(value).split())
    return text or missing


def amount_text(value: Any, missing: str = "—") -> str:
    """
    Write a measured figure with four digits at most: nobody measures more.

    Examples
    --------
    >>> amount_text(1.081261), amount_text(0.0974), amount_text(1.0), amount_text(None)
    ('1.081', '0.0974', '1', '—')
    >>> amount_text(12345.6)
    '12346'
    """
    if value is None or pd.isna(value):
        return missing
    number = float(value)
    return (
        f"{number:.0f}" if abs(number) >= 10_000 else f"{float(f'{number:.4g}'):.10g}"
    )


def multiple_text(value: Any) -> str:
    """
    Write a multiple of exceedance; one that is small does not read as none.

    Examples
    --------
    >>> multiple_text(0.0812), multiple_text(0.0021), multiple_text(float("nan"))
    ('0.08', '0.002', '—')
    """
    if value is None or pd.isna(value):
        return "—"
    return f"{value:.2f}" if value >= 0.005 else f"{value:.1g}"


def distance_text(metres: Any) -> str:
    """
    Write a way by water.

    Examples
    --------
    >>> distance_text(349.6), distance_text(5432.1)
    ('350 m', '5.4 km')
    """
    if metres is None or pd.isna(metres):
        return "—"
    return f"{metres:.0f} m" if metres < 1000 else f"{metres / 1000:.1f} km"


def hours_text(low: Any, high: Any) -> str:
    """
    Write a range of travel times.

    Examples
    --------
    >>> hours_text(32.4, 41.8), hours_text(0.44, 1.5), hours_text(3.0, 3.0)
    ('32–42 h', '0.4–1.5 h', '3.0 h')
    """
    ends = [value for value in (low, high) if value is not None and not pd.isna(value)]
    if not ends:
        return "—"
    digits = 1 if max(ends) < 10 else 0
    texts = list(dict.fromkeys(f"{value:.{digits}f}" for value in ends))
    return f"{'–'.join(texts)} h"


def share_text(value: Any) -> str:
    """
    Write a probability or a share; what is small is not written as none.

    Examples
    --------
    >>> share_text(0.336), share_text(0.004), share_text(0.0), share_text(0.997)
    ('34%', '<1%', '0%', '>99%')
    """
    if value is None or pd.isna(value):
        return "—"
    if 0 < value < 0.01:
        return "<1%"
    return ">99%" if 0.99 < value < 1 else f"{value:.0%}"


def taken_lines(taken: Iterable[tuple[str, str]]) -> list[str]:
    """
    Write in Chinese what was taken for granted when readings were read.

    Examples
    --------
    >>> taken_lines([("年份 2026 取自标题", "year 2026 from the title")])
    ['读数：年份 2026 取自标题。']
    """
    return [f"读数：{zh}。" for zh, _ in taken]


def report_day(value: Any) -> dt.date:
    """
    Read the day of a report; today if None.

    Raises
    ------
    ReportError
        If it is no date.

    Examples
    --------
    >>> report_day("2026-11-01")
    datetime.date(2026, 11, 1)
    """
    if value is None:
        return dt.datetime.now().date()
    try:
        moment: Any = pd.Timestamp(value)
    except (ValueError, TypeError):
        moment = pd.NaT
    if pd.isna(moment):
        raise ReportError(
            f"报告日期应写成 2026-11-01，得到 {value!r}。",
            f"The date of a report is written 2026-11-01, got {value!r}.",
        )
    return moment.date()

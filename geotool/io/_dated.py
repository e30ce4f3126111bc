"""The times of a readings sheet: parts in columns of their own, half of it in the title."""

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pandas as pd

from geotool._marks import parse_time
from geotool._notes import note
from geotool._periods import Period, read_period
from geotool._texts import number_text
from geotool.io._monthly import Notes, said_month
from geotool.io._raw import RawTable
from geotool.schema import align_names, column_headers, fold_name

_PARTS = {
    "year": ("年份", "年度", "年", "year"),
    "month": ("月份", "月", "month"),
    "tens": ("旬", "旬别"),
    "day": ("日", "day"),
    "quarter": ("季度", "quarter"),
}


def with_time(cells: pd.DataFrame) -> pd.DataFrame:
    """
    Join year, month and day (or ten days, or a quarter) that stand in columns.

    Examples
    --------
    >>> parts = pd.DataFrame({"年": ["2026年"], "月": [3], "日": ["5日"], "氨氮": [1]})
    >>> with_time(parts).iloc[0].to_dict()
    {'氨氮': 1, '监测时间': '2026-3-5'}
    >>> with_time(pd.DataFrame({"年份": [2026], "季度": ["一"]})).iloc[0, 0]
    '2026年一季度'
    """
    names = [str(name) for name in cells.columns]
    if "time" in align_names(names, "readings").values():
        return _with_clock(cells)
    folded = {fold_name(name): name for name in names}
    parts = {
        key: folded[fold_name(word)]
        for key, words in _PARTS.items()
        for word in words[::-1]
        if fold_name(word) in folded
    }
    if "month" in parts:
        parts.pop("quarter", None)  # a quarter beside a month says no more
    if not {*parts} - {"year"}:
        return cells
    texts = {
        key: [
            number_text(cell).strip() if cell is not None else ""
            for cell in cells[name]
        ]
        for key, name in parts.items()
    }
    rows = [
        dict(zip(texts, row, strict=True)) for row in zip(*texts.values(), strict=True)
    ]
    time = pd.Series([_joined(row) or None for row in rows], cells.index, dtype=object)
    return cells.drop(columns=[*parts.values()]).assign(监测时间=time)


_CLOCK = re.compile(r"\d{1,2}(?:[:：时点]\d{0,2})(?:[:：分]\d{0,2})?秒?")


def _with_clock(cells: pd.DataFrame) -> pd.DataFrame:
    """
    Join a date and the time of the day that stand in two columns.

    Examples
    --------
    >>> two = pd.DataFrame({"日期": ["2026-03-05"], "时间": ["8:30"], "氨氮": [1]})
    >>> _with_clock(two).iloc[0].to_dict()
    {'氨氮': 1, '监测时间': '2026-03-05 8:30'}
    """
    times = column_headers("readings", "time")
    names = [n for n in map(str, cells.columns) if fold_name(n) in times]
    clocks = [name for name in names if _are_clocks(cells[name])]
    dates = [name for name in names if name not in clocks]
    if len(clocks) != 1 or len(dates) != 1:
        return cells
    time = [
        None if day is None else f"{_day_text(day)} {_clock_text(clock)}".strip()
        for day, clock in zip(cells[dates[0]], cells[clocks[0]], strict=True)
    ]
    made = cells.drop(columns=[*dates, *clocks])
    return made.assign(监测时间=pd.Series(time, cells.index, dtype=object))


def _are_clocks(cells: pd.Series) -> bool:
    there = [cell for cell in cells if cell is not None]
    return bool(there) and all(
        isinstance(cell, dt.time)
        or (isinstance(cell, float) and 0 <= cell < 1)
        or (isinstance(cell, str) and bool(_CLOCK.fullmatch(cell.strip())))
        for cell in there
    )


def _clock_text(clock: Any) -> str:
    """Write the time of a day; Excel may keep it as a part of one."""
    if isinstance(clock, float):
        minutes, seconds = divmod(round(clock * 86400), 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds:02d}"
    if isinstance(clock, dt.time):
        return clock.isoformat("seconds")
    return "" if clock is None else str(clock).strip()


def _day_text(day: Any) -> str:
    """Write a date as a text that a time may follow."""
    read, problem = parse_time(day)
    return number_text(day).strip() if problem else f"{read:%Y-%m-%d}"


def _joined(parts: dict[str, str]) -> str:
    """Write the parts of a time as one text."""
    year, month = parts.get("year", "").rstrip("年度"), parts.get("month", "")
    said = f"{year}年" if year else ""
    if quarter := parts.get("quarter", ""):
        whole = "季度" in quarter or "q" in quarter.lower()
        return f"{said}{quarter}{'' if whole else '季度'}"
    whole_month = read_period(month)
    if whole_month is not None and whole_month.year:  # 2026年3月, under 月份
        year, month = str(whole_month.year), str(whole_month.month)
        said = f"{year}年"
    month, day = month.rstrip("月份"), parts.get("day", "").rstrip("日号")
    said += f"{month}月" if read_period(f"{month}月") else month
    if tens := parts.get("tens", "").removesuffix("旬"):
        return f"{said}{tens}旬"
    if year:
        return "-".join(part for part in (year, month, day) if part)
    return said + (f"{day}日" if day else "")


def dated(
    cells: pd.DataFrame, table: RawTable, year: int | None
) -> tuple[pd.DataFrame, Notes]:
    """
    Give times without a year, or days without a month, those of the title.

    Parameters
    ----------
    cells : DataFrame
    table : RawTable
        Where they are from.
    year : int, optional
        Said by the user; then no title is asked for it.

    Returns
    -------
    cells, notes
        The title counts where it names one month (2026年3月): it gives 5日 its month
        and 3月5日 its year. A time of another month keeps no year, it may be of the
        year before; nor is a year alone taken from there.
    """
    names = align_names(map(str, cells.columns), "readings")
    header = next((name for name, key in names.items() if key == "time"), None)
    if header is None:
        return cells, []
    times = _days_of_month(cells[header])
    month, (zh, en) = said_month(table)
    made: dict[str, tuple[str, bool]] = {}
    for cell in dict.fromkeys(c for c in times if isinstance(c, str)):
        if cell[:4].isdecimal():  # has its year: not read twice
            continue
        problem = parse_time(cell)[1]
        if problem in ("no_year", "no_month"):
            done = _completed(cell, problem, month, year)
            made |= {cell: done} if done else {}
    if not made:
        return cells, []
    found = [made.get(cell) if isinstance(cell, str) else None for cell in times]
    whole = [
        old if done is None else done[0]
        for done, old in zip(found, cells[header], strict=True)
    ]
    many = sum(done is not None and done[1] for done in found)
    said = note(
        f"{many} 个监测时间没写全，年月 {month.text if month else ''} {zh}",
        f"{many} times are not whole; {month.text if month else ''} {en}",
        column=header,
    )
    whole_cells = pd.Series(whole, cells.index, dtype=object)
    return cells.assign(**{header: whole_cells}), [said] if many else []


def _completed(
    cell: str, problem: str, month: Period | None, year: int | None
) -> tuple[str, bool] | None:
    """Complete a time, and say whether by the title; None where nothing fits."""
    if problem == "no_month":
        if month is None or year not in (None, month.year):
            return None
        return _written(cell, month.year, month.month), True
    if year is not None:
        return _written(cell, year), False
    if month is not None and parse_time(cell, year=month.year)[0].month == month.month:
        return _written(cell, month.year), True
    return None


def _written(cell: str, year: int | None, month: int | None = None) -> str:
    """Write a time with what it lacked; 上旬 stays that, for its note."""
    period = read_period(cell)
    if period is not None:
        return replace(period, year=year, month=period.month or month).text
    time, problem = parse_time(cell, year=year)
    return cell if problem else f"{time:%Y-%m-%d %H:%M}".removesuffix(" 00:00")


def _days_of_month(times: pd.Series) -> pd.Series:
    """Write a column that only counts the days of a month, 1 to 31, as 1日 to 31日."""
    days = {str(day) for day in range(1, 32)} | {f"0{day}" for day in range(1, 10)}
    there = [cell for cell in times if cell is not None]
    if not there or not all(number_text(cell).strip() in days for cell in there):
        return times
    return times.map(lambda c: None if c is None else f"{int(float(c))}日")

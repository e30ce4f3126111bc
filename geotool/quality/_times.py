"""Which period a time falls in, and what the period is called."""

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.errors import TableError
from geotool.tables import load_table

Codes = NDArray[np.int64]
_STEP = {"hour": "h", "day": "D"}


def period_rule(period: str) -> dict[str, Any]:
    """
    Give what the assessment asks of a period.

    Raises
    ------
    TableError
        If the period is not known.

    Examples
    --------
    >>> period_rule("year")
    {'min_months': 8}
    """
    rules = load_table("assessment")["periods"]
    known = [name for name, row in rules.items() if isinstance(row, dict)]
    if period not in known:
        raise TableError(
            f"没有评价时段 {period!r}；可用：{'、'.join(known)}。",
            f"No period {period!r}; choose one of {', '.join(known)}.",
        )
    return dict(rules[period])


def base_step(period: str) -> str:
    """
    Name the step whose values are averaged first: hour, day, or month for all others.

    Examples
    --------
    >>> base_step("year"), base_step("day")
    ('M', 'D')
    """
    return _STEP.get(period, "M")


def steps_of(times: NDArray[np.datetime64], step: str) -> Codes:
    """
    Count hours, days or months since 1970.

    Examples
    --------
    >>> steps_of(np.array(["1971-02-03"], dtype="datetime64[us]"), "M")
    array([13])
    """
    microseconds = times.astype("datetime64[us]", copy=False).view(np.int64)
    if step == "h":
        return microseconds // 3_600_000_000
    days = microseconds // 86_400_000_000
    return days if step == "D" else months_of_days(days)


def months_of_days(days: Codes) -> Codes:
    """
    Say in which month each day is: looked up, as there are few days and many readings.

    Examples
    --------
    >>> months_of_days(np.array([0, 31, 400]))
    array([ 0,  1, 13])
    """
    if not len(days):
        return days
    first = int(days.min())
    every = np.arange(first, int(days.max()) + 1)
    months = every.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    return months[days - first]


@cache
def _seasons() -> dict[int, tuple[str, int]]:
    """Month of the year → season, and how many years later its name is."""
    found = {}
    for row in load_table("assessment")["seasons"]["entries"]:
        over = {12, 1} <= set(row["months"])
        for month in row["months"]:
            found[month] = (str(row["zh"]), int(over and month >= 7))
    return found


def periods_of_months(months: Codes, period: str) -> tuple[NDArray[np.intp], list[str]]:
    """
    Say for each month which periods its mean counts in.

    Parameters
    ----------
    months : array of int
        Since 1970, distinct and rising.
    period : str
        Any but hour and day.

    Returns
    -------
    month : array of int
        Places in ``months``, repeated for a month that counts in several.
    names : list of str
        Name of the period, as long as ``month``.

    Examples
    --------
    >>> months = np.array([670, 671, 672])  # 2025-11, 2025-12, 2026-01
    >>> periods_of_months(months, "season")[1]
    ['2025-平水期', '2026-枯水期', '2026-枯水期']
    >>> at, names = periods_of_months(months, "cumulative")
    >>> at.tolist(), names
    ([0, 0, 1, 2], ['2025-01~11', '2025-01~12', '2025-01~12', '2026-01~01'])
    """
    at = np.arange(len(months))
    if period == "cumulative":
        pairs = [
            (place, other)
            for place, month in enumerate(months)
            for other in months
            if month <= other and month // 12 == other // 12
        ]
        at = np.array([place for place, _ in pairs], dtype=np.intp)
        ends = [int(other) for _, other in pairs]
        return at, [f"{1970 + m // 12}-01~{m % 12 + 1:02d}" for m in ends]
    return at, [_month_name(int(month), period) for month in months]


def _month_name(number: int, period: str) -> str:
    year, month = 1970 + number // 12, number % 12 + 1
    if period == "month":
        return f"{year}-{month:02d}"
    if period == "quarter":
        return f"{year}-Q{(month + 2) // 3}"
    if period == "half":
        return f"{year}-H{1 if month <= 6 else 2}"
    if period == "season":
        name, later = _seasons()[month]
        return f"{year + later}-{name}"
    return str(year)


def step_names(steps: Codes, step: str) -> list[str]:
    """
    Name hours or days.

    Examples
    --------
    >>> step_names(np.array([0, 25]), "h"), step_names(np.array([1]), "D")
    (['1970-01-01 00:00', '1970-01-02 01:00'], ['1970-01-02'])
    """
    texts = np.datetime_as_string(steps.astype(f"datetime64[{step}]")).tolist()
    return [t.replace("T", " ") + ":00" for t in texts] if step == "h" else list(texts)


def period_labels(times: pd.Series, period: str) -> pd.Series:
    """
    Name the period each time falls in; empty where the time is unknown.

    A time counts in several cumulative periods; the one of its own month is named.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2026-05-03", None]))
    >>> [period_labels(times, name).tolist() for name in ("month", "half", "day")]
    [['2026-05', ''], ['2026-H1', ''], ['2026-05-03', '']]
    """
    moments = pd.to_datetime(times).to_numpy("datetime64[us]")
    known = ~np.isnat(moments)
    step = base_step(period)
    at, steps = pd.factorize(steps_of(moments[known], step))
    if step != "M":
        names = step_names(steps, step)
    elif period == "cumulative":
        names = [f"{1970 + m // 12}-01~{m % 12 + 1:02d}" for m in steps.tolist()]
    else:
        names = [_month_name(int(month), period) for month in steps]
    made = np.full(len(times), "", dtype=object)
    made[known] = np.array([*names, ""], dtype=object)[at]
    return pd.Series(made, index=times.index, dtype=object)

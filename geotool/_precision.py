"""How finely times are told: what is known to the month has no day and no hour."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

PRECISIONS = ("minute", "day", "month")
"""From the finest to the coarsest."""

_FORMS = {
    "minute": ("%Y-%m-%d %H:%M", "%m-%d %H:%M"),
    "day": ("%Y-%m-%d", "%m-%d"),
    "month": ("%Y-%m", "%Y-%m"),  # a month alone reads like a number
}


def precision_of(times: pd.Series) -> str:
    """
    Tell how finely times are known: where all are the first of a month, to the month.

    One time alone, which may have been read on just that day, is told by the day.

    Parameters
    ----------
    times : Series of datetime
        Of one section: a value of a month or a day stands for its first moment.

    Returns
    -------
    str
        One of :data:`PRECISIONS`; the finest where there is no time.

    Examples
    --------
    >>> def of(*texts):
    ...     return precision_of(pd.Series([*texts], dtype="datetime64[us]"))
    >>> of("2026-03-01", "2026-04-01"), of("2026-03-01", "2026-04-02")
    ('month', 'day')
    >>> of("2026-03-01", "2026-03-01 04:00"), of("2026-03-01"), of()
    ('minute', 'day', 'minute')
    """
    there = pd.DatetimeIndex(times.dropna())
    if not len(there) or not (there == there.normalize()).all():
        return "minute"
    is_series = there.min() < there.max()
    return "month" if is_series and (there.day == 1).all() else "day"


def finest(precisions: Iterable[str]) -> str:
    """
    Give the finest of several; the finest there is where there are none.

    Examples
    --------
    >>> finest(["month", "day"]), finest([])
    ('day', 'minute')
    """
    return min(precisions, key=PRECISIONS.index, default="minute")


def moment_text(
    moment: Any, precision: str = "minute", *, with_year: bool = True
) -> str:
    """
    Write a moment no finer than it is known; nothing where there is none.

    Examples
    --------
    >>> moment = pd.Timestamp("2026-03-01")
    >>> [moment_text(moment, precision) for precision in PRECISIONS]
    ['2026-03-01 00:00', '2026-03-01', '2026-03']
    >>> [moment_text(moment, one, with_year=False) for one in PRECISIONS]
    ['03-01 00:00', '03-01', '2026-03']
    """
    long, short = _FORMS[precision]
    return "" if pd.isna(moment) else f"{moment:{long if with_year else short}}"

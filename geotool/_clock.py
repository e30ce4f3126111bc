"""Times put together from their parts, in Chinese time and within sensible years."""

import datetime as dt

import pandas as pd

from geotool._periods import read_period

UNREADABLE = "unreadable"

CHINA_TIME = dt.timezone(dt.timedelta(hours=8))
FIRST_YEAR, LAST_YEAR = 1950, 2100


def start_of(
    text: str, year: int | None, month: int | None
) -> tuple[pd.Timestamp, str]:
    """Give the first day of a period; a month or a year that nobody says is a problem."""
    period = read_period(text)
    if period is None:
        return pd.NaT, UNREADABLE  # type: ignore[return-value]
    if not (period.month or month):
        return pd.NaT, "no_month"  # type: ignore[return-value]
    if not (period.year or year):
        return pd.NaT, "no_year"  # type: ignore[return-value]
    day = (period.year or year, period.month or month, period.part)
    return built(*map(str, day), None, None, None, None)


def built(*parts: str | None) -> tuple[pd.Timestamp, str]:
    """
    Make a time of year, month, day, hour, minute, second and zone, as texts.

    Examples
    --------
    >>> built("2026", "5", None, "24", None, None, None)
    (Timestamp('2026-05-02 00:00:00'), '')
    """
    *numbers, zone = parts
    year, month, day, hour, minute, second = (
        int(part) if part else None for part in numbers
    )
    try:
        midnight = dt.datetime(year or 0, month or 1, day or 1)
        # 24:00 closes the day in Chinese logs
        if (hour or 0) > 24 or (hour == 24 and (minute or second)):
            raise ValueError
        clock = dt.time(0 if hour == 24 else hour or 0, minute or 0, second or 0)
    except ValueError:
        return pd.NaT, UNREADABLE  # type: ignore[return-value]
    moment = dt.datetime.combine(midnight, clock)
    if hour == 24:
        moment += dt.timedelta(days=1)
    if zone:
        moment = moment.replace(tzinfo=_zone(zone))
    return in_range(pd.Timestamp(moment))


def _zone(text: str) -> dt.timezone:
    if text == "Z":
        return dt.UTC
    sign = -1 if text[0] == "-" else 1
    hours, minutes = int(text[1:3]), int(text[-2:])
    return dt.timezone(sign * dt.timedelta(hours=hours, minutes=minutes))


def in_range(time: pd.Timestamp) -> tuple[pd.Timestamp, str]:
    """
    Take a time in Chinese time, if it is of a year that can be.

    Examples
    --------
    >>> in_range(pd.Timestamp("2026-05-03T00:00Z")), in_range(pd.Timestamp("1700-01-01"))
    ((Timestamp('2026-05-03 08:00:00'), ''), (NaT, 'unreadable'))
    """
    if time.tzinfo is not None:
        time = time.tz_convert(CHINA_TIME).tz_localize(None)
    if not FIRST_YEAR <= time.year <= LAST_YEAR:
        return pd.NaT, UNREADABLE  # type: ignore[return-value]
    return time, ""

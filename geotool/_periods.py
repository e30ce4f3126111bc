"""Periods as bureaus write them: 3月, 3月上旬, 一季度, 上半年, 5日, with a year or not."""

import calendar
import datetime as dt
import re
import unicodedata
from dataclasses import dataclass, replace

from geotool._chinese_dates import arabic_date

_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_MONTH = r"(?P<month>\d{1,2}|[一二三四五六七八九十]{1,2})月(?:份)?"
_WORDS = re.compile(
    r"(?:(?P<year>(?:19|20)\d\d)(?:年度?|[-./]|(?=[qh第上下]|[一二三四1-4]季)))?(?:"
    rf"{_MONTH}(?:(?P<tens>[上中下])旬|(?P<day>\d{{1,2}})[日号])?"
    r"|(?P<only_tens>[上中下])旬|(?P<only_day>\d{1,2})[日号]"
    r"|第?(?P<quarter>[一二三四1-4])季度|q(?P<q>[1-4])"
    r"|(?P<half>[上下])半年|(?<=.)h(?P<h>[12]))"  # H1 alone may be a name
)
_NUMBERS = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?:[-/](?P<month>\d{1,2})"
    r"|(?P<joined>\d\d)(?P<joined_day>\d\d)?"
    r"|[-/.](?P<of>\d{1,2})[-/.](?P<day>\d{1,2})(?:00:00:00)?)"
)
_SPAN = re.compile(r"(?<=[旬度年])\(\d{1,2}[日号月]?[-~—至]\d{1,2}[日号月]?\)$")
"""What 上旬 or 一季度 is, in brackets behind it."""
_TENS = ("上", "中", "下")
_FINEST_FIRST = ("day", "ten_days", "month", "quarter", "half_year")
_MONTHS = {"month": 1, "ten_days": 1, "day": 1, "quarter": 3, "half_year": 6}

UNITS = {
    "day": ("日", "一列一日", "day", "", ""),
    "ten_days": ("旬", "一列一旬", "ten days",
                 "，按每旬第一天（1、11、21 日）读", ", each taken for its first day"),
    "month": ("月", "一列一个月", "month",
              "，按每月第一天读", ", each taken for its first day"),
    "quarter": ("季度", "一列一个季度", "quarter",
                "，按每季第一天读", ", each taken for its first day"),
    "half_year": ("半年", "一列半年", "half-year",
                  "，按第一天（1 月 1 日、7 月 1 日）读", ", each taken for its first day"),
}  # fmt: skip
"""Word, one a column, English, and the day that stands for all of it, if it is longer."""


@dataclass(frozen=True)
class Period:
    """
    A day, ten days, a month, a quarter or half a year.

    Attributes
    ----------
    unit : str
        Key of :data:`UNITS`.
    year, month : int or None
        None where they are not said; of a quarter, its first month.
    part : int
        Day of the month; of ten days their first one (1, 11, 21); else 1.
    """

    unit: str
    year: int | None
    month: int | None
    part: int = 1

    @property
    def text(self) -> str:
        """One way to write it, which :func:`read_period` reads."""
        year = f"{self.year}年" if self.year else ""
        month = f"{self.month}月" if self.month else ""
        if self.unit == "quarter":
            return f"{year}第{(self.month or 1) // 3 + 1}季度"
        if self.unit == "half_year":
            return f"{year}{'上' if self.month == 1 else '下'}半年"
        if self.unit == "ten_days":
            return f"{year}{month}{_TENS[self.part // 10]}旬"
        return f"{year}{month}{self.part}日" if self.unit == "day" else year + month

    @property
    def grain(self) -> int:
        """The smaller, the shorter it is."""
        return _FINEST_FIRST.index(self.unit)

    @property
    def last_day(self) -> dt.date | None:
        """
        Its last day; None where the year or the month is not said, or has no such day.

        Examples
        --------
        >>> read_period("2026H1").last_day, read_period("2026年2月下旬").last_day
        (datetime.date(2026, 6, 30), datetime.date(2026, 2, 28))
        """
        if self.year is None or self.month is None:
            return None
        month = self.month + _MONTHS[self.unit] - 1
        day = calendar.monthrange(self.year, month)[1]
        if self.unit == "day":
            return dt.date(self.year, month, self.part) if self.part <= day else None
        if self.unit == "ten_days" and self.part < 21:
            day = self.part + 9
        return dt.date(self.year, month, day)

    def within(self, outer: "Period") -> "Period | None":
        """
        Take the year and the month of a longer period about it; None if they differ.

        Examples
        --------
        >>> read_period("上旬").within(read_period("2026年3月")).text
        '2026年3月上旬'
        >>> read_period("5月").within(read_period("一季度")) is None
        True
        """
        if self.grain >= outer.grain or outer.month is None:
            return None
        if self.year and outer.year and self.year != outer.year:
            return None
        month = self.month
        if month is None and outer.unit == "month":
            month = outer.month
        after = outer.month + _MONTHS[outer.unit]
        if month is None or not outer.month <= month < after:
            return None
        return replace(self, year=self.year or outer.year, month=month)


def plain_date(text: str) -> str:
    """
    Write a date without spaces, in half-width characters and Arabic numerals.

    Examples
    --------
    >>> plain_date("二〇二六年三月 上旬"), plain_date("２０２６．３")
    ('2026年3月上旬', '2026.3')
    """
    return "".join(arabic_date(unicodedata.normalize("NFKC", text)).split())


def read_period(text: str) -> Period | None:
    """
    Read a text that is a period and nothing else.

    Examples
    --------
    >>> read_period("十二月份"), read_period("2026年第一季度").text
    (Period(unit='month', year=None, month=12, part=1), '2026年第1季度')
    >>> {read_period(text).text for text in ("2026H1", "2026上半年", "2026年上半年")}
    {'2026年上半年'}
    >>> read_period("3月中旬").part, read_period("2026Q4").month, read_period("5号").month
    (11, 10, None)
    >>> read_period("上旬（1～10日）").part, read_period("一季度(1-3月)").month
    (1, 1)
    >>> [read_period(text) for text in ("13月", "0月", "2026.1", "五日生化需氧量")]
    [None, None, None, None]
    """
    plain = _SPAN.sub("", plain_date(text).casefold())
    found = _WORDS.fullmatch(plain)
    period = _in_words(found) if found else _in_numbers(_NUMBERS.fullmatch(plain))
    good = period is not None and (period.month is None or 1 <= period.month <= 12)
    return period if good and period and 1 <= period.part <= 31 else None


def _in_words(found: re.Match[str]) -> Period:
    year = int(found["year"]) if found["year"] else None
    if quarter := found["quarter"] or found["q"]:
        return Period("quarter", year, 3 * _number(quarter) - 2)
    if half := found["half"] or found["h"]:
        return Period("half_year", year, 1 if half in "上1" else 7)
    month = _number(found["month"]) if found["month"] else None
    if tens := found["tens"] or found["only_tens"]:
        return Period("ten_days", year, month, 10 * _TENS.index(tens) + 1)
    if day := found["day"] or found["only_day"]:
        return Period("day", year, month, int(day))
    return Period("month", year, month)


def _in_numbers(found: re.Match[str] | None) -> Period | None:
    if not found:
        return None
    month = int(found["month"] or found["joined"] or found["of"])
    day = found["joined_day"] or found["day"]
    unit = "day" if day else "month"
    return Period(unit, int(found["year"]), month, int(day or 1))


def _number(word: str) -> int:
    """Give a month in digits or in words; 0 for what is none."""
    if word.isdigit():
        return int(word)
    return _NUMERALS.index(word) + 1 if word in _NUMERALS else 0

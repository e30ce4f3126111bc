"""Months that stand side by side as columns: 一月 … 十二月, 2026-01, 氨氮 / 1月."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from geotool._chinese_dates import arabic_date
from geotool._items import item_table, split_header
from geotool.schema import align_names, fold_name

_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_MONTH = re.compile(
    r"(?:(?P<year>\d{4})(?:年|[-./]))?(?P<month>\d{1,2}|[一二三四五六七八九十]{1,2})月(?:份)?"
)
_NUMBERS = re.compile(
    r"(?P<year>(?:19|20)\d\d)(?:[-/](?P<month>\d{1,2})(?:-01(?:00:00:00)?)?|(?P<joined>\d\d))"
)
_YEAR = re.compile(r"((?:19|20)\d\d)年?")
_STANDARD = re.compile(
    r"(?:GB|HJ|DB\d*|SL)[\s/T]*[\d.]+\s*[-—–]\s*\d{4}", re.IGNORECASE
)
_SAID_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
YEAR_HEADERS = frozenset(map(fold_name, ("年份", "年", "年度", "year")))


@dataclass(frozen=True)
class Month:
    """What a header with a month in it says."""

    year: int | None
    month: int
    item: str = ""
    """Header of the item that stands above or below the month; mostly empty."""

    @property
    def header(self) -> str:
        """One way to write it."""
        when = f"{self.year}年{self.month}月" if self.year else f"{self.month}月"
        return f"{self.item} / {when}" if self.item else when


def read_month(name: str) -> Month | None:
    """
    Read a header as a month.

    Examples
    --------
    >>> read_month("十二月"), read_month("2026年 / 1月份")
    (Month(year=None, month=12, item=''), Month(year=2026, month=1, item=''))
    >>> read_month("202601").header, read_month("氨氮(mg/L) / 2026-01").header
    ('2026年1月', '氨氮(mg/L) / 2026年1月')
    >>> read_month("13月") is None, read_month("2026.1") is None
    (True, True)
    """
    parts = name.split(" / ")
    if len(parts) > 2:
        return None
    months = [_bare_month(part) for part in parts]
    found = [month for month in months if month is not None]
    if len(found) != 1:
        return None
    other = next((p for p, m in zip(parts, months, strict=True) if m is None), "")
    if not other or split_header(other)[0]:
        return Month(found[0].year, found[0].month, other)
    year = _YEAR.fullmatch(_plain(other))
    if year and found[0].year in (None, int(year[1])):
        return Month(int(year[1]), found[0].month)
    return None


def _plain(text: str) -> str:
    return "".join(arabic_date(unicodedata.normalize("NFKC", text)).split())


def _bare_month(text: str) -> Month | None:
    plain = _plain(text)
    found = _MONTH.fullmatch(plain)
    if found:
        word = found["month"]
        month = int(word) if word.isdigit() else [*_NUMERALS, word].index(word) + 1
    else:
        found = _NUMBERS.fullmatch(plain)
        if not found:
            return None
        month = int(found["month"] or found["joined"])
    year = int(found["year"]) if found["year"] else None
    return Month(year, month) if 1 <= month <= 12 else None


def is_month_word(text: str) -> bool:
    """
    Whether a text is a month and nothing else: a date may be data as well.

    Examples
    --------
    >>> is_month_word("十二月"), is_month_word("1月份"), is_month_word("2026年1月")
    (True, True, False)
    """
    if "月" not in text or len(text) > 6:
        return False
    found = _bare_month(text)
    return found is not None and found.year is None


def month_columns(names: Iterable[str]) -> dict[str, Month]:
    """
    Find the headers that are months, where no other column says the time.

    Examples
    --------
    >>> [*month_columns(["断面", "1月", "2月", "年均"])]
    ['1月', '2月']
    >>> month_columns(["断面", "监测时间", "1月", "2月"]), month_columns(["断面", "1月"])
    ({}, {})
    """
    names = [*names]
    if "time" in align_names(names, "readings").values():
        return {}
    read = {name: read_month(name) for name in names}
    found = {name: month for name, month in read.items() if month is not None}
    return found if len(found) > 1 else {}


def years_in(text: str) -> list[int]:
    """
    Give the years that a title names; the year of a standard is none.

    Examples
    --------
    >>> years_in("2026年断面水质（GB 3838-2002）"), years_in("20260301导出")
    ([2026], [])
    """
    found = _SAID_YEAR.findall(_STANDARD.sub("", unicodedata.normalize("NFKC", text)))
    return sorted({*map(int, found)})


def items_in(text: str) -> list[str]:
    """
    Give the items that a title names, by their keys.

    Examples
    --------
    >>> items_in("2026年氨氮监测结果"), items_in("总磷、总氮逐月统计")
    (['NH3N'], ['TP', 'TN'])
    """
    words = {
        word: key
        for key, item in item_table().items()
        for word in (item.zh, *item.alias)
        if len(word) > 1 and not word.isascii()
    }
    found = []
    for word in sorted(words, key=len, reverse=True):
        if word in text:
            found.append((text.index(word), words[word]))
            text = text.replace(word, "\0" * len(word))
    return [*dict.fromkeys(key for _, key in sorted(found))]

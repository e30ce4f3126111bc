"""Periods that stand side by side as columns: 1月 … 12月, 2026-01, 氨氮 / 1月 / 上旬."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from geotool._items import item_table, split_header
from geotool._periods import Period, plain_date, read_period
from geotool.schema import align_names, fold_name

_YEAR = re.compile(r"((?:19|20)\d\d)年?度?")
_STANDARD = re.compile(
    r"(?:GB|HJ|DB\d*|SL)[\s/T]*[\d.]+\s*[-—–]\s*\d{4}", re.IGNORECASE
)
_SAID_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_SAID_MONTH = re.compile(
    r"(?<!\d)((?:19|20)\d\d)(?:年(\d{1,2})月|[-/.](\d{1,2})(?![\d./~～至—-]))"
)
YEAR_HEADERS = frozenset(map(fold_name, ("年份", "年", "年度", "year")))


@dataclass(frozen=True)
class When:
    """What a header with a period in it says."""

    period: Period
    item: str = ""
    """Header of the item that stands above or below the period; mostly empty."""

    @property
    def header(self) -> str:
        """One way to write it."""
        return f"{self.item} / {self.period.text}" if self.item else self.period.text


def read_when(name: str) -> When | None:
    """
    Read a header as a period, with an item or without.

    Examples
    --------
    >>> read_when("十二月").header, read_when("2026年 / 1月份").header
    ('12月', '2026年1月')
    >>> read_when("202601").header, read_when("氨氮(mg/L) / 2026-01").header
    ('2026年1月', '氨氮(mg/L) / 2026年1月')
    >>> read_when("2026年 / 1月 / 上旬").header, read_when("一季度 / 2月").header
    ('2026年1月上旬', '2月')
    >>> read_when("13月"), read_when("2026.1"), read_when("一季度 / 平均")
    (None, None, None)
    """
    period: Period | None = None
    year, item = None, ""
    for part in name.split(" / "):
        found, only_year = read_period(part), _YEAR.fullmatch(plain_date(part))
        if found is not None:
            period = found if period is None else _one_of(period, found)
            if period is None:
                return None
        elif only_year and year is None:
            year = int(only_year[1])
        elif item or not split_header(part)[0]:
            return None
        else:
            item = part
    if period is None or (year and period.year not in (None, year)):
        return None
    return When(replace(period, year=period.year or year), item)


def _one_of(one: Period, other: Period) -> Period | None:
    """Join two periods of which one lies in the other: a month above ten days."""
    return one.within(other) or other.within(one)


def is_period_word(text: str) -> bool:
    """
    Whether a text is a period and nothing else: a date may be data as well.

    Examples
    --------
    >>> [is_period_word(text) for text in ("十二月", "1月份", "上旬", "2026年1月")]
    [True, True, True, False]
    """
    if len(text) > 6 or not text.strip():
        return False
    found = read_period(text)
    return found is not None and found.year is None


def period_columns(names: Iterable[str]) -> dict[str, When]:
    """
    Find the headers that are periods, where no other column says the time.

    Of periods of two lengths the shorter ones are taken: a quarter beside its months
    is their mean.

    Examples
    --------
    >>> [*period_columns(["断面", "1月", "2月", "3月", "一季度", "年均"])]
    ['1月', '2月', '3月']
    >>> period_columns(["断面", "监测时间", "1月", "2月"]), period_columns(["断面", "1月"])
    ({}, {})
    """
    names = [*names]
    if "time" in align_names(names, "readings").values():
        return {}
    read = {name: read_when(name) for name in names}
    found = _months_of_dates({name: when for name, when in read.items() if when})
    finest = min((when.period.grain for when in found.values()), default=0)
    found = {n: when for n, when in found.items() if when.period.grain == finest}
    return found if len(found) > 1 else {}


def _months_of_dates(found: dict[str, When]) -> dict[str, When]:
    """Take dates that are all the first of a month for the month, as Excel writes it."""
    dates = {n: w for n, w in found.items() if w.period.unit == "day"}
    firsts = all(w.period.part == 1 and w.period.year for w in dates.values())
    if not firsts or len({w.period.month for w in dates.values()}) < 2:
        return found
    months = {
        name: replace(when, period=replace(when.period, unit="month"))
        for name, when in dates.items()
    }
    return {**found, **months}


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


def months_in(text: str) -> list[tuple[int, int]]:
    """
    Give the months that a title names with their year; a span of months is none.

    Examples
    --------
    >>> months_in("2026年3月水质日报"), months_in("2026-03"), months_in("2026年1-3月")
    ([(2026, 3)], [(2026, 3)], [])
    >>> months_in("二〇二六年三月"), months_in("2026年13月")
    ([], [])
    """
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    found = _SAID_MONTH.findall(_STANDARD.sub("", plain))
    pairs = {(int(year), int(one or two)) for year, one, two in found}
    return sorted(pair for pair in pairs if 1 <= pair[1] <= 12)


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

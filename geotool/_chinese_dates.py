"""Dates that are written in Chinese numerals: 二〇二四年六月三十日."""

import re

_DIGITS = {word: str(n) for n, word in enumerate("零一二三四五六七八九")} | {
    "〇": "0", "○": "0", "◯": "0", "O": "0", "o": "0",
}  # fmt: skip
_NUMERALS = "一二三四五六七八九十"
_DATE = re.compile(
    r"(?P<year>[二一][〇零○◯Oo一二三四五六七八九]{3})年"
    rf"(?:(?P<month>[{_NUMERALS}]{{1,2}})月(?:(?P<day>[{_NUMERALS}]{{1,3}})(?=[日号]))?)?"
)


def arabic_date(text: str) -> str:
    """
    Write the year, month and day at the beginning of a text in Arabic numerals.

    Examples
    --------
    >>> arabic_date("二〇二四年六月底前"), arabic_date("二零二四年十二月三十一日")
    ('2024年6月底前', '2024年12月31日')
    >>> arabic_date("二〇二四年第一季度"), arabic_date("2024年6月")
    ('2024年第一季度', '2024年6月')
    """
    found = _DATE.match(text)
    if not found:
        return text
    made = "".join(_DIGITS[character] for character in found["year"]) + "年"
    made += f"{_number(found['month'])}月" if found["month"] else ""
    made += str(_number(found["day"])) if found["day"] else ""
    return made + text[found.end() :]


def _number(words: str) -> int:
    """Give a number below a hundred, such as 二十一; 0 for what is none."""
    tens, ten, ones = words.rpartition("十")
    if len(tens) > 1 or len(ones) > 1 or "十" in tens:
        return 0
    units = int(_DIGITS[ones]) if ones else 0
    return units + 10 * (int(_DIGITS[tens]) if tens else 1) if ten else units

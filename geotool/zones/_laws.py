"""Which clause a finding rests on, by the date of the finding."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from geotool.errors import TableError
from geotool.tables import load_table


def clause_on(grade: str, day: date) -> tuple[str, str]:
    """
    Cite the clause in force on a day, in Chinese and English.

    Parameters
    ----------
    grade : str
        ``conflict`` or ``attention``; other grades rest on no clause of their own.
    day : date

    Examples
    --------
    >>> clause_on("conflict", date(2026, 8, 15))[1]
    'Ecological Environment Code, Art. 318'
    >>> clause_on("conflict", date(2026, 8, 14))[1]
    'Water Pollution Prevention and Control Law, Art. 64'
    """
    law = _law(grade, day)
    text_of = law.get("text_of")
    if text_of is not None and day < text_of:
        return (
            f"{law['zh']}（条号据 {text_of.year} 年修正文本，当时条号须核对）",
            f"{law['en']} (numbered as in the text of {text_of.year}; check)",
        )
    return law["zh"], law["en"]


def clause_mark(grade: str, day: date) -> str:
    """
    Say how sure the number of a clause is: ``V``, ``1`` or ``M``.

    Examples
    --------
    >>> clause_mark("conflict", date(2026, 8, 15)), clause_mark("conflict", date(2020, 1, 1))
    ('1', 'V')
    """
    return str(_law(grade, day)["confidence"])


def law_on(laws: Sequence[dict[str, Any]], day: date) -> dict[str, Any] | None:
    """
    Choose among laws the one in force on a day; None before the first.

    Examples
    --------
    >>> laws = [{"zh": "旧法"}, {"zh": "法典", "since": date(2026, 8, 15)}]
    >>> law_on(laws, date(2026, 8, 14))
    {'zh': '旧法'}
    """
    known = [each for each in laws if each.get("since", date.min) <= day]
    return known[-1] if known else None


def _law(grade: str, day: date) -> dict[str, Any]:
    laws = load_table("zones")["clauses"][grade]["laws"]
    law = law_on(laws, day)
    if law is None:
        raise TableError(
            f"条款表 {grade} 在 {day} 没有适用的法律；首条应无 since。",
            f"The clauses of {grade} have no law on {day}; the first must lack since.",
        )
    return law


def what_is_ruled(grade: str) -> tuple[str, str]:
    """
    Say what the clause of a grade rules, in Chinese and English.

    Examples
    --------
    >>> what_is_ruled("conflict")[0]
    '饮用水水源保护区内禁止设置排污口'
    """
    clause = load_table("zones")["clauses"][grade]
    return clause["zh"], clause["en"]


def levels_of(grade: str) -> list[str]:
    """
    List the zone levels a grade is given for.

    Examples
    --------
    >>> levels_of("conflict"), levels_of("attention")
    (['1', '2'], ['3'])
    """
    return list(load_table("zones")["clauses"][grade]["levels"])


def as_day(on: date | None) -> date:
    """
    Give the date of the finding; today if None, the date of a time.

    Raises
    ------
    TableError
        If it is not a date.
    """
    if on is None:
        return date.today()
    if isinstance(on, datetime):
        on = on.date()
    if not isinstance(on, date):
        raise TableError(
            f"on={on!r} 应为日期（datetime.date）。",
            f"on={on!r} must be a date (datetime.date).",
        )
    return on

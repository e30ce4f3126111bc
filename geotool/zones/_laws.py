"""Which clause a finding rests on, by the date of the finding."""

from datetime import date, datetime

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
    laws = load_table("zones")["clauses"][grade]["laws"]
    law = [each for each in laws if each.get("since", date.min) <= day][-1]
    text_of = law.get("text_of")
    if text_of is not None and day < text_of:
        return (
            f"{law['zh']}（条号据 {text_of.year} 年修正文本，当时条号须核对）",
            f"{law['en']} (numbered as in the text of {text_of.year}; check)",
        )
    return law["zh"], law["en"]


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

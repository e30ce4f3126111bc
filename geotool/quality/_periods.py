"""Names of periods as places in time: which one comes before, which a year before."""

import re

_NAME = re.compile(
    r"(?P<year>\d{4})(?:-(?:(?P<month>\d{2})|Q(?P<quarter>[1-4])|H(?P<half>[12])))?"
)
_PER_YEAR = {"month": 12, "quarter": 4, "half": 2, "year": 1}


def period_place(name: object) -> tuple[str, int] | None:
    """
    Give the kind of a period and its number; None for a name of another kind.

    Periods of a kind that follow each other have numbers that do.

    Examples
    --------
    >>> period_place("2026-01"), period_place("2025-Q4"), period_place("2026")
    (('month', 24312), ('quarter', 8103), ('year', 2026))
    >>> period_place("平水期") is None
    True
    """
    found = _NAME.fullmatch(str(name))
    if not found:
        return None
    kind = next((k for k in ("month", "quarter", "half") if found[k]), "year")
    within = int(found[kind]) - 1 if kind != "year" else 0
    if kind == "month" and not 0 <= within < 12:
        return None
    return kind, int(found["year"]) * _PER_YEAR[kind] + within


def year_before(name: object) -> tuple[str, int] | None:
    """
    Give the place of the same period a year before.

    Examples
    --------
    >>> year_before("2026-05") == period_place("2025-05")
    True
    """
    place = period_place(name)
    return None if place is None else (place[0], place[1] - _PER_YEAR[place[0]])


def period_before(name: object) -> tuple[str, int] | None:
    """
    Give the place of the period just before.

    Examples
    --------
    >>> period_before("2026-01") == period_place("2025-12")
    True
    """
    place = period_place(name)
    return None if place is None else (place[0], place[1] - 1)

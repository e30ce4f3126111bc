"""Names of periods as places in time: which one comes before, which a year before."""

import re

_NAME = re.compile(
    r"(?P<year>\d{4})(?:-(?:(?P<month>\d{2})|Q(?P<quarter>[1-4])|H(?P<half>[12])"
    r"|01~(?P<cumulative>\d{2})))?"
)
_PER_YEAR = {"month": 12, "quarter": 4, "half": 2, "cumulative": 12, "year": 1}


def period_place(name: object) -> tuple[str, int] | None:
    """
    Give the kind of a period and its number; None for a name of another kind.

    Periods of a kind that follow each other have numbers that do.

    Examples
    --------
    >>> period_place("2026-01"), period_place("2025-Q4"), period_place("2026")
    (('month', 24312), ('quarter', 8103), ('year', 2026))
    >>> period_place("2026-01~05")
    ('cumulative', 24316)
    >>> period_place("平水期") is None
    True
    """
    found = _NAME.fullmatch(str(name))
    if not found:
        return None
    kinds = ("month", "quarter", "half", "cumulative")
    kind = next((k for k in kinds if found[k]), "year")
    within = int(found[kind]) - 1 if kind != "year" else 0
    if not 0 <= within < _PER_YEAR[kind]:
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

    January of a cumulative series has none: the whole year before is no such period.

    Examples
    --------
    >>> period_before("2026-01") == period_place("2025-12")
    True
    >>> period_before("2026-01~01") is None
    True
    """
    place = period_place(name)
    if place is None or (place[0] == "cumulative" and place[1] % 12 == 0):
        return None
    return place[0], place[1] - 1

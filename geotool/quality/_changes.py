"""Class of a section against the period before and the same period of last year."""

from collections.abc import Callable

import pandas as pd

from geotool.quality._limits import CLASSES
from geotool.quality._periods import period_before, period_place, year_before
from geotool.tables import load_table

CHANGE_COLUMNS = (
    "section_id",
    "name",
    "period",
    "water_class",
    "class_before",
    "change_before",
    "class_last_year",
    "change_last_year",
)


def class_changes(assessment: pd.DataFrame) -> pd.DataFrame:
    """
    Compare the class of each section with earlier periods.

    Parameters
    ----------
    assessment : DataFrame
        As :func:`assess_sections` gives it.

    Returns
    -------
    DataFrame
        One row per row of ``assessment``: ``section_id, name, period, water_class,
        class_before, change_before`` (with the period just before) and
        ``class_last_year, change_last_year``. A change is one of 明显好转, 有所好转,
        无明显变化, 有所变差, 明显变差; None where one of the two has no class.

    Notes
    -----
    One class is "some" change, two and more a "clear" one: ``assessment.toml``,
    ``change`` (from memory of 环办〔2011〕22号, 2.5).

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"section_id": "A", "name": "东桥", "period": ["2025-12", "2026-01"],
    ...      "water_class": ["II", "IV"]}
    ... )
    >>> class_changes(table)[["class_before", "change_before"]].iloc[1].tolist()
    ['II', '明显变差']
    """
    classes = {
        (str(section), place): name
        for section, period, name in zip(
            assessment["section_id"],
            assessment["period"],
            assessment["water_class"],
            strict=True,
        )
        if (place := period_place(period)) is not None and name in CLASSES
    }

    def earlier(find: Callable[[object], tuple[str, int] | None]) -> list[str | None]:
        pairs = zip(assessment["section_id"], assessment["period"], strict=True)
        return [
            None if (place := find(period)) is None else classes.get((str(one), place))
            for one, period in pairs
        ]

    table = pd.DataFrame(index=assessment.index)
    for name in ("section_id", "name", "period", "water_class"):
        table[name] = assessment[name].astype(object)
    for label, find in (("before", period_before), ("last_year", year_before)):
        table[f"class_{label}"] = pd.Series(
            earlier(find), index=table.index, dtype=object
        )
        table[f"change_{label}"] = pd.Series(
            [
                change_word(old, new)
                for old, new in zip(
                    table[f"class_{label}"], table["water_class"], strict=True
                )
            ],
            index=table.index,
            dtype=object,
        )
    return table[list(CHANGE_COLUMNS)]


def class_steps(old: object, new: object) -> int | None:
    """
    Count the classes a water fell; negative when it became better.

    Examples
    --------
    >>> class_steps("II", "IV"), class_steps("劣V", "V"), class_steps(None, "II")
    (2, -1, None)
    """
    if old not in CLASSES or new not in CLASSES:
        return None
    return CLASSES.index(str(new)) - CLASSES.index(str(old))


def change_word(old: object, new: object) -> str | None:
    """
    Say in the words of the bulletins how a class changed.

    Examples
    --------
    >>> change_word("III", "IV"), change_word("V", "II"), change_word("II", "II")
    ('有所变差', '明显好转', '无明显变化')
    """
    steps = class_steps(old, new)
    if steps is None:
        return None
    rule = load_table("assessment")["change"]
    word = "worse" if steps > 0 else "better" if steps < 0 else "same"
    if abs(steps) >= rule["clear_from"]:
        word = f"much_{word}"
    return str(rule["words"][word])

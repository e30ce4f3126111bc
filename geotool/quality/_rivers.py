"""Rivers and basins from their sections: shares of classes, or the mean where few."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.quality._classify import class_grade, class_name, rank_waters
from geotool.quality._layer import section_facts
from geotool.quality._limits import CLASSES, standard_table
from geotool.quality._periods import period_before, period_place, year_before
from geotool.quality._words import main_pollutant_text
from geotool.tables import load_table

_GOOD = CLASSES.index("III") + 1
_WORST = CLASSES.index("劣V") + 1


def assess_rivers(
    assessment: pd.DataFrame,
    sections: pd.DataFrame | None = None,
    *,
    by: str = "river",
    standard: str = "GB3838-2002",
) -> pd.DataFrame:
    """
    Grade each river (or basin, or district) in each period from its sections.

    Parameters
    ----------
    assessment : DataFrame
        As :func:`assess_sections` gives it.
    sections : DataFrame, optional
        Layer ``sections``, where ``by`` is a column of it that the assessment lacks.
    by : str
        Column to group by, such as ``"river"``, ``"basin"`` or ``"district"``.
    standard : str
        The one the sections were assessed by.

    Returns
    -------
    DataFrame
        One row per group, kind of water and period: ``by``, ``water_type``,
        ``period, n_sections`` (with a class), ``n_unknown``, ``method`` ("ratio" or
        "mean"), ``good_share`` (I to III), ``worst_share`` (劣V), ``grade``,
        ``water_class`` (mean method only: the ratio method gives a river no class),
        ``main_pollutants, change_before, change_last_year, note, note_en``.

    Raises
    ------
    TableError
        If the standard is not known.
    KeyError
        If there is no column ``by``.

    Notes
    -----
    Five sections or more: grade by shares of sections, main pollutants by the share
    of sections worse than class III (断面超标率). Fewer: the mean of each item over
    the sections, then its class and grade, without shares of exceeding sections
    (环办〔2011〕22号; ``assessment.toml``, ``rivers``). Lakes and rivers of one name
    are judged apart: their limits of phosphorus differ.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"section_id": list("ABCDE"), "river": "通江河", "period": "2026-05",
    ...      "water_type": "river", "water_class": ["II", "III", "III", "III", "V"],
    ...      "nh3n_mg_l": [0.3, 0.8, 0.9, 0.9, 1.8]}
    ... )
    >>> row = assess_rivers(table).iloc[0]
    >>> row["method"], float(row["good_share"]), row["grade"], row["main_pollutants"]
    ('ratio', 0.8, '良好', '')
    """
    standard = standard_table(standard)["key"]
    table = _with_group(assessment, sections, by)
    items = {
        item_table()[key].column: key
        for key in item_table()
        if item_table()[key].column in table.columns
    }
    rows = [
        {
            by: group,
            "water_type": kind,
            "period": period,
            **_grade(part, items, standard),
        }
        for (group, kind, period), part in table.groupby(
            [by, "water_type", "period"], sort=True
        )
    ]
    columns = [by, "water_type", "period", *_COLUMNS]
    graded = pd.DataFrame(rows, columns=columns)
    return _with_changes(graded, by)


_COLUMNS = (
    "n_sections",
    "n_unknown",
    "method",
    "good_share",
    "worst_share",
    "grade",
    "water_class",
    "main_pollutants",
    "change_before",
    "change_last_year",
    "note",
    "note_en",
)


def _with_group(
    assessment: pd.DataFrame, sections: pd.DataFrame | None, by: str
) -> pd.DataFrame:
    table = assessment.copy()
    if sections is not None and by not in table:
        table[by] = section_facts(sections, by, section_ids=table["section_id"])
    if by not in table:
        raise KeyError(by)
    table[by] = table[by].astype(object).where(table[by].notna(), "")
    table = table[(table[by] != "") & table["period"].notna()]
    # a kind of water that nobody wrote was judged as a river, and the section says so
    kinds = table["water_type"].astype(object)
    return table.assign(water_type=kinds.where(kinds == "lake", "river"))


def _grade(part: pd.DataFrame, items: dict[str, str], standard: str) -> dict[str, Any]:
    rule = load_table("assessment")["rivers"]
    known = part[part["water_class"].isin(CLASSES)]
    ranks = np.array([CLASSES.index(name) + 1 for name in known["water_class"]])
    row: dict[str, Any] = dict.fromkeys(_COLUMNS)
    row |= {"n_sections": len(known), "n_unknown": len(part) - len(known)}
    row |= {"note": "", "note_en": "", "main_pollutants": "", "grade": ""}
    if row["n_unknown"]:
        row["note"] = f"{row['n_unknown']} 个断面没有类别，未计入"
        row["note_en"] = f"{row['n_unknown']} section(s) without a class left out"
    if len(known) == 0:
        return row
    row["good_share"] = float((ranks <= _GOOD).mean())
    row["worst_share"] = float((ranks == _WORST).mean())
    means = known[list(items)].rename(columns=items).astype(float)
    lake = np.full(len(means), str(part["water_type"].iloc[0]) == "lake")
    if len(known) >= rule["ratio_from"]:
        row["method"] = "ratio"
        row["grade"] = ratio_grade(row["good_share"], row["worst_share"])
        if row["grade"] not in _good_grades():  # 优、良好 have none
            row["main_pollutants"] = _by_share(means, lake, standard)
        return row
    row["method"] = "mean"
    mean = means.mean().to_frame().T
    one = rank_waters(mean, lake[:1], standard=standard)
    row["water_class"] = class_name(int(one.overall[0]))
    row["grade"] = class_grade(row["water_class"])
    row["main_pollutants"] = main_pollutant_text(mean, one, lake[:1], standard)[0]
    return row


def ratio_grade(good_share: float, worst_share: float) -> str:
    """
    Give the grade of a river from the shares of its sections.

    Parameters
    ----------
    good_share : float
        Share of sections of class I to III, 0 to 1.
    worst_share : float
        Share of sections worse than class V.

    Examples
    --------
    >>> [ratio_grade(g, w) for g, w in ((0.9, 0), (0.6, 0.4), (0.7, 0.1))]
    ['优', '重度污染', '轻度污染']
    """
    slack = 1e-9
    for row in load_table("assessment")["rivers"]["entries"]:
        if good_share < row.get("good_min", 0.0) - slack:
            continue
        if worst_share >= row.get("bad_below", np.inf) - slack:
            continue
        return str(row["zh"])
    raise AssertionError("the last row has no condition")


def _good_grades() -> set[str]:
    entries = load_table("assessment")["rivers"]["entries"]
    return {str(row["zh"]) for row in entries if "good_min" in row}


def _by_share(means: pd.DataFrame, lake: np.ndarray, standard: str) -> str:
    """Name the items that most sections exceed class III by, with the share."""
    rule = load_table("assessment")["main_pollutants"]
    goal = CLASSES.index(rule["worse_than"]) + 1
    items = rank_waters(means, lake, standard=standard).items
    shares = [
        (float((items[key] > goal).sum()) / len(items), -place, str(key))
        for place, key in enumerate(items)
    ]
    first = sorted((s for s in shares if s[0] > 0), reverse=True)[: rule["count"]]
    return "、".join(f"{item_table()[key].zh}({share:.1%})" for share, _, key in first)


def _with_changes(graded: pd.DataFrame, by: str) -> pd.DataFrame:
    """Compare the shares of each group with the period before and last year."""
    balance = {
        (row[by], row["water_type"], period_place(row["period"])): row["good_share"]
        - row["worst_share"]
        for row in graded.to_dict("records")
        if row["method"] == "ratio"
    }
    for column, find in (
        ("change_before", period_before),
        ("change_last_year", year_before),
    ):
        graded[column] = pd.Series(
            [
                _change(
                    balance.get((group, kind, find(period))),
                    balance.get((group, kind, period_place(period))),
                )
                for group, kind, period in _keys(graded, by)
            ],
            index=graded.index,
            dtype=object,
        )
    return graded


def _keys(graded: pd.DataFrame, by: str) -> Sequence[tuple[Any, Any, Any]]:
    return list(zip(graded[by], graded["water_type"], graded["period"], strict=True))


def _change(old: float | None, new: float | None) -> str | None:
    """Say how shares changed: points of (share of I to III − share of 劣V)."""
    if old is None or new is None:
        return None
    points = round(100 * (new - old), 9)
    limits = load_table("assessment")["rivers"]["change"]
    words = load_table("assessment")["change"]["words"]
    if abs(points) <= limits["some"]:
        return str(words["same"])
    way = "better" if points > 0 else "worse"
    return str(words[way if abs(points) <= limits["clear"] else f"much_{way}"])

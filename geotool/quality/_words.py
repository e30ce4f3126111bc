"""Exceedances and main pollutants, in the words of the bulletins."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.quality._classify import Ranks
from geotool.quality._limits import CLASSES, limit_table
from geotool.tables import load_table


def limit_at(key: str, rank: int, *, lake: bool, standard: str) -> float:
    """
    Give the limit of an item for a class; NaN for a range.

    Examples
    --------
    >>> limit_at("NH3N", 3, lake=False, standard="GB3838-2002")
    1.0
    """
    limits = limit_table(standard, "lake" if lake else "river")[key].classes
    return limits[rank - 1] if limits and 1 <= rank <= len(limits) else float("nan")


def exceedance_multiple(
    key: str, value: float, rank: int, *, lake: bool, standard: str
) -> float:
    """
    Compute the multiple of exceedance, (C − limit) / limit.

    Parameters
    ----------
    key : str
        Item.
    value : float
        In the unit of the item.
    rank : int
        Class whose limit is exceeded, 1 to 5.

    Returns
    -------
    float
        NaN for dissolved oxygen, pH and temperature, which have none.

    Examples
    --------
    >>> exceedance_multiple("NH3N", 1.31, 3, lake=False, standard="GB3838-2002")
    0.31
    """
    if key in load_table("assessment")["values"]["no_multiple"]:
        return float("nan")
    limit = limit_at(key, rank, lake=lake, standard=standard)
    return (value - limit) / limit


def exceedance_phrase(key: str, multiple: float) -> str:
    """
    Write an item and its multiple of exceedance as a bulletin does.

    A multiple below 0.005 keeps one figure, so that it does not read as none.

    Examples
    --------
    >>> exceedance_phrase("NH3N", 0.31), exceedance_phrase("DO", float("nan"))
    ('氨氮(0.31)', '溶解氧')
    >>> exceedance_phrase("TP", 0.0021)
    '总磷(0.002)'
    """
    name = item_table()[key].zh
    if np.isnan(multiple):
        return name
    return f"{name}({multiple:.2f})" if multiple >= 0.005 else f"{name}({multiple:.1g})"


def _exceeding(
    means: pd.Series, ranks: pd.Series, goal: int, *, lake: bool, standard: str
) -> list[tuple[str, float]]:
    """Items worse than a class, the worst class first, then the largest multiple."""
    found = []
    for place, (name, rank) in enumerate(ranks.items()):
        key = str(name)
        if rank > goal:
            multiple = exceedance_multiple(
                key, means[key], goal, lake=lake, standard=standard
            )
            size = -np.inf if np.isnan(multiple) else multiple
            found.append((-rank, -size, place, key, multiple))
    return [(key, multiple) for *_, key, multiple in sorted(found)]


def exceedance_text(
    means: pd.DataFrame,
    ranks: Ranks,
    target: NDArray[np.int_],
    lake: NDArray[np.bool_],
    standard: str,
) -> list[str]:
    """
    Name what is worse than the target, row by row; empty without a target.

    Parameters
    ----------
    means : DataFrame
        Items by key.
    ranks : Ranks
    target : array of int
        Rank of the target class, 0 where there is none.
    lake : array of bool
    standard : str
    """
    return [
        "、".join(
            exceedance_phrase(key, multiple)
            for key, multiple in _exceeding(
                means.iloc[row],
                ranks.items.iloc[row],
                int(target[row]),
                lake=bool(lake[row]),
                standard=standard,
            )
        )
        if target[row] and ranks.overall[row] > target[row]
        else ""
        for row in range(len(means))
    ]


def main_pollutant_text(
    means: pd.DataFrame, ranks: Ranks, lake: NDArray[np.bool_], standard: str
) -> list[str]:
    """Name the main pollutants of waters worse than class III, row by row."""
    rule = load_table("assessment")["main_pollutants"]
    goal = CLASSES.index(rule["worse_than"]) + 1
    texts = []
    for row in range(len(means)):
        found = (
            _exceeding(
                means.iloc[row],
                ranks.items.iloc[row],
                goal,
                lake=bool(lake[row]),
                standard=standard,
            )
            if ranks.overall[row] > goal
            else []
        )
        named = found[: rule["count"]] + [
            pair for pair in found[rule["count"] :] if pair[0] in rule["always"]
        ]
        texts.append("、".join(exceedance_phrase(*pair) for pair in named))
    return texts


def below_detection_text(readings: pd.DataFrame) -> pd.Series:
    """
    Say how many values of each item were below detection, by section and period.

    Examples
    --------
    >>> readings = pd.DataFrame(
    ...     {"section_id": "A", "period": "2026-05", "item": ["HG", "HG", "TP"],
    ...      "detected": [False, True, True]}
    ... )
    >>> below_detection_text(readings).tolist()
    ['汞(1/2)']
    """
    below = readings.assign(below=~readings["detected"].astype(bool))
    groups = below.groupby(["section_id", "period", "item"])["below"]
    counts = pd.DataFrame({"below": groups.sum(), "all": groups.size()})
    counts = counts[counts["below"] > 0].reset_index()
    counts["text"] = [
        f"{item_table()[key].zh}({below}/{every})"
        for key, below, every in zip(
            counts["item"], counts["below"], counts["all"], strict=True
        )
    ]
    texts = counts.groupby(["section_id", "period"])["text"].agg("、".join)
    return texts.rename("below_detection")

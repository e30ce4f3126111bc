"""Means of the readings of each section, item and period, and what is behind them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.quality._doubts import Notes, automatic_first, tell_doubtful
from geotool.quality._inputs import Coded
from geotool.quality._steps import PeriodsOfSteps, numbered, periods_of_steps
from geotool.quality._times import base_step, months_of_days, steps_of


@dataclass(frozen=True)
class Means:
    """
    What an assessment is made of.

    Attributes
    ----------
    table : DataFrame
        Rows: section and period; columns: items by key, in the order of the table of
        items; NaN where not measured.
    counts : DataFrame
        Same rows: ``n_readings, n_days, n_months``.
    below : Series of str
        ``汞(1/2)``: how many values of an item were below detection; only rows that
        have any.
    notes : dict
        Values that are doubtful, manual samples that were not used.
    """

    table: pd.DataFrame
    counts: pd.DataFrame
    below: pd.Series
    notes: Notes


def period_means(coded: Coded, period: str) -> Means:
    """
    Average readings by section, item and period.

    Hours, days and months are means of the values; all longer periods are means of
    the monthly means, so that a month with many readings does not outweigh others.

    Parameters
    ----------
    coded : Coded
    period : str
        See :func:`geotool.quality._times.period_rule`.
    """
    notes: Notes = {}
    coded = automatic_first(coded, period, notes)
    step = base_step(period)
    days = steps_of(coded.time, "D")
    key, first, width = _keys(coded, days, step)
    n_items = max(len(coded.items), 1)
    group, keys = _grouped(key, len(coded.sections) * width * n_items)
    number = np.bincount(group, minlength=len(keys))
    mean = np.bincount(group, coded.value, minlength=len(keys)) / np.maximum(number, 1)
    lost = ~coded.detected
    below = np.bincount(group[lost], minlength=len(keys)) if lost.any() else number * 0
    whole = pd.DataFrame(
        {
            "section": keys // n_items // width,
            "step": keys // n_items % width + first,
            "item": keys % n_items,
            "mean": mean,
            "number": number,
            "below": below,
        }
    )
    tell_doubtful(coded, group, whole, period, notes)
    base = whole[number > 0].reset_index(drop=True)
    names = periods_of_steps(np.unique(base["step"].to_numpy(np.int64)), step, period)
    return Means(
        _values(base, names, coded),
        _counts(base, names, coded, days, step),
        _below(base, names, coded),
        notes,
    )


def _keys(
    coded: Coded, days: NDArray[np.int64], step: str
) -> tuple[NDArray[np.int64], int, int]:
    """Give section, step and item of each reading one number; first step and width.

    Arrays of millions are changed in place: their room costs more than the sums.
    """
    n_items = max(len(coded.items), 1)
    if step == "h":
        key = steps_of(coded.time, step)
    else:
        key = days.copy() if step == "D" else months_of_days(days)
    first = int(key.min()) if len(key) else 0
    width = int(key.max()) - first + 1 if len(key) else 1
    key -= first
    key *= n_items
    key += coded.item
    key += (np.arange(max(len(coded.sections), 1)) * (width * n_items))[coded.section]
    return key, first, width


def _grouped(
    key: NDArray[np.int64], size: int
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Give keys numbers; where there are few in all, they are numbers already."""
    if size <= max(1_000_000, 2 * len(key)):
        return key, np.arange(size)
    return numbered(key)


def _distinct(key: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    if size > max(1_000_000, 2 * len(key)):
        return np.asarray(pd.unique(key), dtype=np.int64)
    seen = np.zeros(size, dtype=bool)
    seen[key] = True
    return np.flatnonzero(seen)


def _index(
    section: NDArray[Any], period: NDArray[Any], names: PeriodsOfSteps, coded: Coded
) -> pd.MultiIndex:
    labels = np.array([*names.labels, None], dtype=object)
    sections = np.array([*coded.sections, None], dtype=object)
    return pd.MultiIndex.from_arrays(
        [sections[section], labels[period]], names=["section_id", "period"]
    )


def _values(base: pd.DataFrame, names: PeriodsOfSteps, coded: Coded) -> pd.DataFrame:
    """Mean of the means of the steps, one column an item."""
    table = names.spread(base[["section", "step", "item", "mean"]])
    n_periods = names.count
    row, rows = numbered(
        table["section"].to_numpy(np.int64) * n_periods
        + table["period"].to_numpy(np.int64)
    )
    shape = (len(rows), max(len(coded.items), 1))
    cell = row * shape[1] + table["item"].to_numpy(np.int64)
    total = np.bincount(
        cell, table["mean"].to_numpy(float), minlength=shape[0] * shape[1]
    )
    number = np.bincount(cell, minlength=shape[0] * shape[1])
    with np.errstate(invalid="ignore"):
        means = significant((total / number).reshape(shape))
    made = pd.DataFrame(
        means[:, : len(coded.items)],
        columns=list(coded.items),
        index=_index(rows // n_periods, rows % n_periods, names, coded),
    )
    return made[[key for key in item_table() if key in made.columns]]


def significant(values: NDArray[np.float64], digits: int = 12) -> NDArray[np.float64]:
    """
    Round to significant digits: 0.1 + 0.2 is 0.3.

    Examples
    --------
    >>> significant(np.array([0.1 + 0.2, np.nan, 0.0, 123456.7890123456]))
    array([3.00000000e-01,            nan, 0.00000000e+00, 1.23456789e+05])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        places = digits - 1 - np.floor(np.log10(np.abs(values)))
    # a power of ten up to 22 is exact, so that the quotient is the nearest number
    known = np.isfinite(places) & (places >= 0) & (places <= 22)
    scale = np.power(10.0, np.where(known, places, 0.0))
    return np.where(known, np.round(values * scale) / scale, values)


def _counts(
    base: pd.DataFrame,
    names: PeriodsOfSteps,
    coded: Coded,
    days: NDArray[np.int64],
    step: str,
) -> pd.DataFrame:
    n_periods = names.count

    def row_of(table: pd.DataFrame) -> NDArray[np.int64]:
        section = table["section"].to_numpy(np.int64)
        return section * n_periods + table["period"].to_numpy(np.int64)

    readings = names.spread(base[["section", "step", "number"]])
    row, rows = numbered(row_of(readings))
    counts = pd.DataFrame(
        {
            "n_readings": np.bincount(row, readings["number"].to_numpy(float)).astype(
                int
            )
        },
        index=rows,
    )
    first = int(days.min()) if len(days) else 0
    width = int(days.max()) - first + 1 if len(days) else 1
    key = coded.section * width
    key += days
    key -= first
    seen = _distinct(key, len(coded.sections) * width)
    day = seen % width + first
    table = pd.DataFrame({"section": seen // width, "day": day})
    table["step"] = months_of_days(day) if step == "M" else day
    if step == "h":  # an hour lies in one day
        counts["n_days"] = 1
    else:
        spread = names.spread(table)
        row, at = numbered(row_of(spread))
        counts["n_days"] = pd.Series(np.bincount(row), index=at)
    months = base[["section", "step"]].drop_duplicates()
    spread = names.spread(months)
    row, at = numbered(row_of(spread))
    counts["n_months"] = pd.Series(np.bincount(row), index=at)
    where = counts.index.to_numpy(np.int64)
    return counts.set_axis(
        _index(where // n_periods, where % n_periods, names, coded), axis=0
    )


def _below(base: pd.DataFrame, names: PeriodsOfSteps, coded: Coded) -> pd.Series:
    some = base.groupby(["section", "item"])["below"].transform("sum") > 0
    table = names.spread(base.loc[some, ["section", "step", "item", "number", "below"]])
    sums = table.groupby(["section", "period", "item"], sort=False)[["below", "number"]]
    lines = sums.sum().reset_index()
    lines = lines[lines["below"] > 0]
    order = {key: place for place, key in enumerate(item_table())}
    lines["order"] = [order[coded.items[item]] for item in lines["item"]]
    lines = lines.sort_values(["section", "period", "order"], kind="stable")
    texts = [
        f"{item_table()[coded.items[item]].zh}({below}/{number})"
        for item, below, number in zip(
            lines["item"], lines["below"], lines["number"], strict=True
        )
    ]
    index = _index(
        lines["section"].to_numpy(), lines["period"].to_numpy(), names, coded
    )
    joined = pd.Series(texts, index=index, dtype=object).groupby(
        level=[0, 1], sort=False
    )
    return joined.agg("、".join).rename("below_detection").astype(object)

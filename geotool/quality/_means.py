"""Means of the readings of each section, item and period, and what is behind them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.quality._inputs import Coded
from geotool.quality._times import (
    base_step,
    months_of_days,
    periods_of_months,
    step_names,
    steps_of,
)
from geotool.tables import load_table

_LEAST = 1e-6
"""Smaller values count as this when it is asked what is usual."""

Notes = dict[tuple[str, str], list[tuple[str, str]]]
"""Section and period → sentences, Chinese and English."""


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
    coded = _automatic_first(coded, period, notes)
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
    _doubtful(coded, group, whole, period, notes)
    base = whole[number > 0].reset_index(drop=True)
    names = _names(np.unique(base["step"].to_numpy(np.int64)), step, period)
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
    return _numbered(key)


def _distinct(key: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    if size > max(1_000_000, 2 * len(key)):
        return np.asarray(pd.unique(key), dtype=np.int64)
    seen = np.zeros(size, dtype=bool)
    seen[key] = True
    return np.flatnonzero(seen)


def _numbered(key: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    group, keys = pd.factorize(key)
    return group, np.asarray(keys, dtype=np.int64)


def _names(steps: NDArray[np.int64], step: str, period: str) -> pd.DataFrame:
    """Pair each step with the periods it counts in; periods numbered by their place."""
    if step == "M":
        at, names = periods_of_months(steps, period)
    else:
        at, names = np.arange(len(steps)), step_names(steps, step)
    codes, labels = pd.factorize(np.array(names, dtype=object))
    pairs = pd.DataFrame({"step": steps[at], "period": codes})
    pairs.attrs["labels"] = list(labels)
    return pairs


def _spread(table: pd.DataFrame, names: pd.DataFrame) -> pd.DataFrame:
    """Repeat the rows of a step for every period it counts in."""
    if len(names) == names["step"].nunique():
        steps = names["step"].to_numpy()
        order = np.argsort(steps)
        place = order[np.searchsorted(steps, table["step"].to_numpy(), sorter=order)]
        return table.assign(period=names["period"].to_numpy()[place])
    return table.merge(names, on="step")


def _index(
    section: NDArray[Any], period: NDArray[Any], names: pd.DataFrame, coded: Coded
) -> pd.MultiIndex:
    labels = np.array([*names.attrs["labels"], None], dtype=object)
    sections = np.array([*coded.sections, None], dtype=object)
    return pd.MultiIndex.from_arrays(
        [sections[section], labels[period]], names=["section_id", "period"]
    )


def _values(base: pd.DataFrame, names: pd.DataFrame, coded: Coded) -> pd.DataFrame:
    """Mean of the means of the steps, one column an item."""
    table = _spread(base[["section", "step", "item", "mean"]], names)
    n_periods = max(len(names.attrs["labels"]), 1)
    row, rows = _numbered(
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
    names: pd.DataFrame,
    coded: Coded,
    days: NDArray[np.int64],
    step: str,
) -> pd.DataFrame:
    n_periods = max(len(names.attrs["labels"]), 1)

    def row_of(table: pd.DataFrame) -> NDArray[np.int64]:
        section = table["section"].to_numpy(np.int64)
        return section * n_periods + table["period"].to_numpy(np.int64)

    readings = _spread(base[["section", "step", "number"]], names)
    row, rows = _numbered(row_of(readings))
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
        spread = _spread(table, names)
        row, at = _numbered(row_of(spread))
        counts["n_days"] = pd.Series(np.bincount(row), index=at)
    months = base[["section", "step"]].drop_duplicates()
    spread = _spread(months, names)
    row, at = _numbered(row_of(spread))
    counts["n_months"] = pd.Series(np.bincount(row), index=at)
    where = counts.index.to_numpy(np.int64)
    return counts.set_axis(
        _index(where // n_periods, where % n_periods, names, coded), axis=0
    )


def _below(base: pd.DataFrame, names: pd.DataFrame, coded: Coded) -> pd.Series:
    some = base.groupby(["section", "item"])["below"].transform("sum") > 0
    table = _spread(
        base.loc[some, ["section", "step", "item", "number", "below"]], names
    )
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


# ------------------------------------------------------------------ what is doubtful
def _automatic_first(coded: Coded, period: str, notes: Notes) -> Coded:
    """Leave manual samples out where the section has an automatic value that month."""
    if coded.manual is None or not coded.manual.any():
        return coded
    first = load_table("assessment")["methods"]["automatic_first"]
    counts = np.array([key in first for key in coded.items], dtype=bool)[coded.item]
    months = steps_of(coded.time, "M")
    low = int(months.min())
    width = int(months.max()) - low + 1
    key = (coded.section * width + months - low) * len(coded.items) + coded.item
    group, keys = _numbered(key)
    automatic = np.bincount(group, ~coded.manual, minlength=len(keys)) > 0
    dropped = coded.manual & counts & automatic[group]
    if not dropped.any():
        return coded
    _tell(
        coded,
        np.flatnonzero(dropped),
        period,
        notes,
        "{item}有自动监测值，{n}个手工值未用",
        "{item}: automatic values come first, {n} manual value(s) not used",
    )
    return coded.taken(~dropped)


def _doubtful(
    coded: Coded,
    group: NDArray[np.intp],
    whole: pd.DataFrame,
    period: str,
    notes: Notes,
) -> None:
    """Tell of values far above what is usual in the section; they count all the same."""
    times = float(load_table("assessment")["doubtful"]["times_median"])
    n_items = max(len(coded.items), 1)
    pair = (whole["section"] * n_items + whole["item"]).to_numpy(np.intp)
    # single precision is enough to ask what is usual, and many times faster
    logs = coded.value.astype(np.float32)
    np.log(np.maximum(logs, _LEAST, out=logs), out=logs)
    total = np.bincount(pair, np.bincount(group, logs, minlength=len(whole)))
    number = np.maximum(np.bincount(pair, whole["number"].to_numpy(float)), 1)
    far = times**0.5 * np.exp(total / number)
    # far above the geometric mean first: the median of every group would cost a sort
    odd = np.flatnonzero(coded.value > far[pair][group])
    found = []
    for one in np.unique(pair[group[odd]]).tolist():
        section, item = divmod(one, n_items)
        values = coded.value[(coded.section == section) & (coded.item == item)]
        median = float(np.median(values))
        mine = odd[pair[group[odd]] == one]
        if len(values) >= 3 and median > 0:
            found.append(mine[coded.value[mine] >= times * median])
    rows = np.concatenate(found) if found else np.array([], dtype=np.intp)
    _tell(
        coded,
        rows,
        period,
        notes,
        f"{{item}}有{{n}}个值达本断面中位数的{times:g}倍以上，疑似单位或小数点有误，已计入",
        f"{{item}}: {{n}} value(s) {times:g} times the median of the section or more, "
        "perhaps a wrong unit; counted",
    )


def _tell(
    coded: Coded, rows: NDArray[Any], period: str, notes: Notes, zh: str, en: str
) -> None:
    if not len(rows):
        return
    months = np.unique(steps_of(coded.time[rows], base_step(period)))
    pairs = _names(months, base_step(period), period)
    table = pd.DataFrame(
        {
            "section": coded.section[rows],
            "item": coded.item[rows],
            "step": steps_of(coded.time[rows], base_step(period)),
        }
    )
    counts = _spread(table, pairs).groupby(["section", "period", "item"]).size()
    labels = pairs.attrs["labels"]
    for section, name, item, n in counts.reset_index().itertuples(index=False):
        one = item_table()[coded.items[item]]
        said = (zh.format(item=one.zh, n=n), en.format(item=one.en, n=n))
        notes.setdefault((coded.sections[section], labels[name]), []).append(said)

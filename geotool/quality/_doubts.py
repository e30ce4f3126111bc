"""Readings that are doubtful or stand back for others, and what is said of them."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.quality._inputs import Coded
from geotool.quality._steps import numbered, periods_of_steps
from geotool.quality._times import base_step, steps_of
from geotool.tables import load_table

_LEAST = 1e-6
"""Smaller values count as this when it is asked what is usual."""

Notes = dict[tuple[str, str], list[tuple[str, str]]]
"""Section and period → sentences, Chinese and English."""


def automatic_first(coded: Coded, period: str, notes: Notes) -> Coded:
    """Leave manual samples out where the section has an automatic value that month."""
    if coded.manual is None or not coded.manual.any():
        return coded
    first = load_table("assessment")["methods"]["automatic_first"]
    counts = np.array([key in first for key in coded.items], dtype=bool)[coded.item]
    months = steps_of(coded.time, "M")
    low = int(months.min())
    width = int(months.max()) - low + 1
    key = (coded.section * width + months - low) * len(coded.items) + coded.item
    group, keys = numbered(key)
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


def tell_doubtful(
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
    periods = periods_of_steps(months, base_step(period), period)
    table = pd.DataFrame(
        {
            "section": coded.section[rows],
            "item": coded.item[rows],
            "step": steps_of(coded.time[rows], base_step(period)),
        }
    )
    counts = periods.spread(table).groupby(["section", "period", "item"]).size()
    for section, name, item, n in counts.reset_index().itertuples(index=False):
        one = item_table()[coded.items[item]]
        said = (zh.format(item=one.zh, n=n), en.format(item=one.en, n=n))
        notes.setdefault((coded.sections[section], periods.labels[name]), []).append(
            said
        )

"""Exceedances that are over: when they began, when the target was met again."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.quality._exceed import judge_each, section_positions
from geotool.quality._limits import CLASSES, standard_table

ENDED_COLUMNS = (
    "section_id",
    "name",
    "target_class",
    "item",
    "item_name",
    "since",
    "last",
    "over_since",
    "n_readings",
    "peak",
)


def ended_exceedances(
    readings: pd.DataFrame,
    sections: pd.DataFrame,
    *,
    standard: str | Mapping[str, Any] = "GB3838-2002",
) -> pd.DataFrame:
    """
    Find the last exceedance of each section and item that meets its target now.

    What still exceeds is told by :func:`geotool.exceedances`; this is the rest, so that
    an incident which passed before the last reading is not overlooked.

    Parameters
    ----------
    readings, sections, standard
        As :func:`geotool.exceedances`.

    Returns
    -------
    DataFrame
        ``section_id, name, target_class, item, item_name, since, last`` (first and last
        reading of the run), ``over_since`` (first good reading after it),
        ``n_readings, peak`` (unit of the item; for dissolved oxygen the lowest), the
        latest first.

    Raises
    ------
    TableError, LayerError
        As :func:`geotool.assess_sections`.

    Examples
    --------
    >>> sections = pd.DataFrame({"section_id": ["A"], "target_class": ["III"]})
    >>> readings = pd.DataFrame(
    ...     {"section_id": "A", "item": "NH3N", "value_mg_l": [0.8, 1.1, 1.6, 0.7],
    ...      "time": ["2026-05-01", "2026-05-02", "2026-05-03", "2026-05-04"]}
    ... )
    >>> found = ended_exceedances(readings, sections).iloc[0]
    >>> found["since"], found["over_since"], float(found["peak"])
    (Timestamp('2026-05-02 00:00:00'), Timestamp('2026-05-04 00:00:00'), 1.6)
    """
    key = standard_table(standard)["key"]
    judged = judge_each(readings, sections, standard=key)
    ids = judged.wide.index.get_level_values("section_id")
    times = judged.wide.index.get_level_values("time")
    aimed = np.flatnonzero(judged.target > 0)
    rows = []
    for section, at in section_positions(ids[aimed], aimed):
        goal = int(judged.target[at[0]])
        for item in map(str, judged.ranks):
            ranks = judged.ranks[item].to_numpy()[at]
            measured = np.flatnonzero(ranks > 0)
            bad = ranks[measured] > goal
            if not bad.any() or bad[-1]:
                continue
            last = int(np.flatnonzero(bad)[-1])
            good = np.flatnonzero(~bad[:last])
            first = int(good[-1]) + 1 if len(good) else 0
            run = at[measured[first : last + 1]]
            values = judged.wide[item].to_numpy()[run]
            rows.append(
                {
                    "section_id": section,
                    "name": judged.inputs.sections.loc[section, "name"],
                    "target_class": CLASSES[goal - 1],
                    "item": item,
                    "item_name": item_table()[item].zh,
                    "since": times[run[0]],
                    "last": times[run[-1]],
                    "over_since": times[at[measured[last + 1]]],
                    "n_readings": len(run),
                    "peak": float(values.min() if item == "DO" else values.max()),
                }
            )
    table = pd.DataFrame(rows, columns=list(ENDED_COLUMNS))
    return table.sort_values(
        ["last", "section_id", "item"], ascending=[False, True, True], ignore_index=True
    )

"""What a reader filters outfalls by that no register says outright."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from geotool.maps._prepare import MapLayer
from geotool.maps._style import class_entries, classify
from geotool.tables import load_table

LAYER = "outfalls"

_FINISHED = ("done", "closed", "exempt")  # stages after which nothing is due
_DUE = (None, "finished", "due", "unclear", "overdue")
_RANGES = {
    "discharge_range": "discharge_m3_d",
    "permitted_range": "permitted_discharge_m3_d",
}
"""Set of classes → the column it puts into ranges."""


def with_derived(layer: MapLayer, date: str) -> MapLayer:
    """
    Add whether an outfall is overdue, and the range of its discharge.

    They are classes to filter by and no columns of the popup or of a list.

    Parameters
    ----------
    layer : MapLayer
    date : str
        Day of the map, ``2026-03-31``; where it is no day, nothing is overdue.
    """
    if layer.name != LAYER:
        return layer
    added = {
        name: discharge_range(layer.table[column])
        for name, column in _RANGES.items()
        if column in layer.table
    }
    day = _day(date)
    if day is not None and "deadline" in layer.table:
        added["overdue"] = overdue(layer.table, day)
    return replace(layer, table=layer.table.assign(**added))


def overdue(table: pd.DataFrame, day: dt.date) -> pd.Series:
    """
    Tell which rows are past their deadline on a day.

    Returns
    -------
    Series of str
        ``overdue``, ``due`` (later), ``finished``; ``unclear`` where the deadline has
        passed and the stage is not known; None without a deadline.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"deadline": ["2026-01-31", "2026-01-31", "2027-01-31", "2026-01-31", None],
    ...      "stage": ["整治中", "已销号", "未整治", None, "未整治"]}
    ... )
    >>> overdue(table, dt.date(2026, 3, 31)).tolist()
    ['overdue', 'finished', 'due', 'unclear', None]
    """
    deadline = pd.to_datetime(table["deadline"], errors="coerce", format="mixed")
    if deadline.dt.tz is not None:
        deadline = deadline.dt.tz_localize(None)
    stage = classify(table, "stage")
    values = [entry["value"] for entry in class_entries("stage")]
    finished = np.isin(stage, [values.index(value) for value in _FINISHED])
    late = (deadline < pd.Timestamp(day)).to_numpy()
    known = [finished, ~late, stage < 0]
    place = np.select([deadline.isna().to_numpy(), *known], range(4), len(_DUE) - 1)
    found = np.array(_DUE, dtype=object)[place]
    return pd.Series(found, index=table.index, dtype=object)


def discharge_range(cells: pd.Series) -> pd.Series:
    """
    Put discharges (m3/d) into the ranges of ``styles.toml``.

    Examples
    --------
    >>> discharge_range(pd.Series([0.0, 99.9, 100.0, 25_000.0, None])).tolist()
    ['r0', 'r0', 'r1', 'r3', None]
    """
    steps = load_table("styles")["discharge_steps_m3_d"]
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float)
    place = np.searchsorted(steps, numbers, side="right")
    names = np.array(
        [*(f"r{one}" for one in range(len(steps) + 1)), None], dtype=object
    )
    found = names[np.where(numbers >= 0, place, -1)]
    return pd.Series(found, index=cells.index, dtype=object)


def _day(date: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(date)
    except ValueError:
        return None

"""What a section fails in: by the mean of the last period, and by single readings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geotool._items import fold_item, item_table
from geotool._marks import parse_times
from geotool._precision import moment_text, precision_of
from geotool.attribution._measured import NO_LOAD
from geotool.errors import LayerError
from geotool.quality import (
    CLASSES,
    assess_sections,
    ended_exceedances,
    exceedances,
)
from geotool.quality._classify import rank_waters
from geotool.quality._exceed import judge_each
from geotool.quality._inputs import ids_by_text
from geotool.quality._limits import Limits, limit_table, standard_table
from geotool.quality._periods import period_place
from geotool.quality._times import period_labels
from geotool.quality._words import exceedance_multiple


@dataclass(frozen=True, eq=False)
class Failure:
    """
    What a section fails in.

    Attributes
    ----------
    periods : DataFrame
        Rows of the assessment of this section that rest on readings, oldest first.
    items : DataFrame
        What fails by the mean of the last period, the worst first: ``item, name, mean,
        unit, limit_text, multiple, item_class``.
    current, ended : DataFrame
        Of this section: :func:`geotool.exceedances`, ``ended_exceedances``.
    item : str or None
        The one to look for: that asked for, else the worst that adds up from loads.
    is_asked : bool
        Whether the item was asked for.
    single : mapping
        Of the readings of ``item`` in the last period: ``n, n_over, worst, worst_time,
        unit``; empty where there are none.
    running : int
        Periods in a row that missed the target, up to the last.
    standard : str
    precision : str
        How finely the times of its readings are known: minute, day or month.
    """

    periods: pd.DataFrame
    items: pd.DataFrame
    current: pd.DataFrame
    ended: pd.DataFrame
    item: str | None
    is_asked: bool
    single: Mapping[str, Any]
    running: int
    standard: str
    precision: str = "minute"

    def when(self, moment: Any) -> str:
        """Write a time of the section no finer than its readings are known."""
        return moment_text(pd.Timestamp(moment), self.precision)

    @property
    def latest(self) -> pd.Series | None:
        """The last period with readings; None where there is none."""
        return self.periods.iloc[-1] if len(self.periods) else None

    @property
    def has_target(self) -> bool:
        """Whether there is a class that readings can be held against."""
        return self.latest is not None and self.latest["target_class"] in CLASSES

    @property
    def is_judged(self) -> bool:
        """Whether the last period has a class and a target to hold it against."""
        return self.latest is not None and self.latest["reached"] is not None

    @property
    def fails(self) -> bool:
        """Whether the last mean, or the last reading, is worse than the target."""
        missed = self.latest is not None and self.latest["reached"] is False
        return missed or bool(len(self.current))


ITEM_COLUMNS = (
    "item",
    "name",
    "mean",
    "unit",
    "limit_text",
    "multiple",
    "item_class",
)


def section_failure(
    readings: pd.DataFrame,
    sections: pd.DataFrame,
    section_id: str,
    *,
    item: str | None = None,
    standard: str | Mapping[str, Any] = "GB3838-2002",
    period: str = "month",
) -> Failure:
    """
    Find what a section fails in, since when and by how much.

    Parameters
    ----------
    readings : DataFrame
        Tidy.
    sections : DataFrame
        The whole layer: a name may stand for its section only if no other has it.
    section_id : str
    item : str, optional
        What to look for, by any of its names.
    standard, period : str
        As :func:`geotool.assess_sections`.

    Raises
    ------
    LayerError
        If the item is not known.

    Examples
    --------
    >>> sections = pd.DataFrame({"section_id": ["A"], "target_class": ["III"]})
    >>> readings = pd.DataFrame(
    ...     {"section_id": "A", "item": "NH3N", "value_mg_l": [1.6, 0.7],
    ...      "time": ["2026-05-01", "2026-05-04"]}
    ... )
    >>> found = section_failure(readings, sections, "A")
    >>> found.item, found.fails, len(found.current), found.single["n_over"]
    ('NH3N', True, 0, 1)
    """
    standard = str(standard_table(standard)["key"])
    key = _key(item)
    table = assess_sections(readings, sections, standard=standard, period=period)
    own = table[(table["section_id"] == section_id) & (table["n_readings"] > 0)]
    own = own.reset_index(drop=True)
    now = exceedances(readings, sections, standard=standard)
    now = now[(now["section_id"] == section_id) & now["item"].notna()]
    ended = ended_exceedances(readings, sections, standard=standard)
    ended = ended[ended["section_id"] == section_id]
    items = _failing_items(own.iloc[-1], standard) if len(own) else _no_items()
    chosen = key or _worst(items["item"]) or _worst(now["item"])
    single: dict[str, Any] = {}
    if chosen is not None and len(own):
        last = str(own.iloc[-1]["period"])
        single = _single(
            readings, sections, section_id, chosen, (last, period), standard
        )
    return Failure(
        periods=own,
        items=items,
        current=now.reset_index(drop=True),
        ended=ended.reset_index(drop=True),
        item=chosen,
        is_asked=key is not None,
        single=single,
        running=_running(own),
        standard=standard,
        precision=_precision(readings, sections, section_id),
    )


def _precision(readings: pd.DataFrame, sections: pd.DataFrame, section_id: str) -> str:
    """Tell how finely the times of a section's readings are known."""
    ids = ids_by_text(sections)
    texts = [text for text, one in ids.items() if one == section_id]
    own = readings.loc[readings["section_id"].isin(texts), "time"]
    return precision_of(parse_times(own)["time"])


def _key(item: str | None) -> str | None:
    if item is None:
        return None
    key = fold_item(item)
    if key is None:
        raise LayerError(
            f"不认识的监测项目 {item!r}；请用 氨氮、NH3N、TP 等名称。",
            f"Unknown item {item!r}; use a name such as 氨氮, NH3N or TP.",
        )
    return key


def _worst(items: pd.Series) -> str | None:
    """Take the first that adds up from loads: only for such can sources be ranked."""
    keys = [str(key) for key in items]
    loaded = [key for key in keys if key not in NO_LOAD]
    return next(iter((*loaded, *keys)), None)


def _no_items() -> pd.DataFrame:
    return pd.DataFrame(columns=list(ITEM_COLUMNS))


def _failing_items(row: pd.Series, standard: str) -> pd.DataFrame:
    """List what the means of a period fail in, the worst class first."""
    if row["target_class"] not in CLASSES:
        return _no_items()
    goal = CLASSES.index(row["target_class"]) + 1
    lake = row["water_type"] == "lake"
    limits = limit_table(standard, "lake" if lake else "river")
    means = {
        key: float(row[item_table()[key].column])
        for key in limits
        if item_table()[key].column in row.index
        and pd.notna(row[item_table()[key].column])
    }
    if not means:
        return _no_items()
    ranks = rank_waters(
        pd.DataFrame([means]), np.array([lake]), standard=standard
    ).items.iloc[0]
    rows: list[dict[str, Any]] = []
    for name, rank in ranks.items():
        key = str(name)
        if rank <= goal:
            continue
        multiple = exceedance_multiple(
            key, means[key], goal, lake=lake, standard=standard
        )
        rows.append(
            {
                "item": key,
                "name": item_table()[key].zh,
                "mean": means[key],
                "unit": item_table()[key].unit,
                "limit_text": limit_text(limits[key], goal),
                "multiple": multiple,
                "item_class": CLASSES[int(rank) - 1],
                "size": (-int(rank), -np.nan_to_num(multiple, nan=-np.inf)),
            }
        )
    rows.sort(key=lambda one: one["size"])
    return pd.DataFrame(rows, columns=list(ITEM_COLUMNS))


def limit_text(limits: Limits, goal: int) -> str:
    """
    Write the limit of a class: at most, at least, or between.

    Examples
    --------
    >>> limit_text(limit_table("GB3838-2002", "river")["NH3N"], 3)
    '≤1'
    >>> limit_text(limit_table("GB3838-2002", "river")["DO"], 3)
    '≥5'
    """
    if limits.kind == "range":
        return f"{limits.low:g}–{limits.high:g}"
    sign = "≥" if limits.kind == "lower" else "≤"
    return f"{sign}{limits.classes[goal - 1]:g}"


def _single(
    readings: pd.DataFrame,
    sections: pd.DataFrame,
    section_id: str,
    item: str,
    period: tuple[str, str],
    standard: str,
) -> dict[str, Any]:
    """Count single readings of an item over the target in a period."""
    judged = judge_each(readings, sections, standard=standard)
    if item not in judged.wide or item not in judged.ranks:
        return {}
    times = judged.wide.index.get_level_values("time").to_series()
    name, kind = period
    values = judged.wide[item].to_numpy(float)
    wanted = (
        (judged.wide.index.get_level_values("section_id") == section_id)
        & (period_labels(times, kind).to_numpy() == name)
        & np.isfinite(values)
    )
    if not wanted.any():
        return {}
    over = judged.ranks[item].to_numpy()[wanted] > judged.target[wanted]
    own = values[wanted]
    at = int(own.argmin() if item == "DO" else own.argmax())
    return {
        "n": int(wanted.sum()),
        "n_over": int((over & (judged.target[wanted] > 0)).sum()),
        "worst": float(own[at]),
        "worst_time": times.to_numpy()[wanted][at],
        "unit": item_table()[item].unit,
    }


def _running(periods: pd.DataFrame) -> int:
    """Count the periods in a row, up to the last, that missed the target."""
    count, later = 0, None
    for period, reached in zip(
        periods["period"][::-1], periods["reached"][::-1], strict=True
    ):
        place = period_place(period)
        apart = later is not None and place is not None and later[1] - place[1] != 1
        if reached is not False or apart:  # nobody knows what was in between
            break
        count, later = count + 1, place
    return count

"""Which section exceeds its target in which item, and since when."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.quality._classify import rank_waters
from geotool.quality._inputs import Inputs, prepare
from geotool.quality._limits import CLASSES, standard_table
from geotool.quality._words import exceedance_multiple, limit_at

EXCEEDANCE_COLUMNS = (
    "section_id",
    "name",
    "river",
    "target_class",
    "item",
    "item_name",
    "limit",
    "since",
    "last",
    "n_readings",
    "latest",
    "peak",
    "multiple",
    "item_class",
    "standard",
    "note",
    "note_en",
)


_TYPES = {
    "limit": "float64",
    "since": "datetime64[us]",
    "last": "datetime64[us]",
    "n_readings": "Int64",
    "latest": "float64",
    "peak": "float64",
    "multiple": "float64",
}


def exceedances(
    readings: pd.DataFrame,
    sections: pd.DataFrame,
    *,
    standard: str | Mapping[str, Any] = "GB3838-2002",
) -> pd.DataFrame:
    """
    Find what exceeds the target now, and since when.

    A section exceeds in an item when its last reading of the item is worse than the
    target; the run goes back to the first reading after the last good one. Single
    readings are compared, not means: this is for tracing, not for a bulletin.

    Parameters
    ----------
    readings : DataFrame
        Tidy, or as they came from a file.
    sections : DataFrame or GeoDataFrame
        Layer ``sections`` with ``target_class`` and ``water_type``.
    standard : str or mapping

    Returns
    -------
    DataFrame
        One row per section and item, the largest multiple first: ``section_id, name,
        river, target_class, item, item_name, limit`` (unit of the item; NaN for pH),
        ``since, last`` (first and last reading of the run), ``n_readings`` (in the
        run), ``latest, peak`` (unit of the item; for dissolved oxygen the lowest),
        ``multiple`` (of the latest; NaN for oxygen and pH), ``item_class, standard,
        note, note_en``. Sections that could not be judged follow with ``item`` None
        and the reason.

    Raises
    ------
    TableError, LayerError
        As :func:`assess_sections`.

    Examples
    --------
    >>> sections = pd.DataFrame({"section_id": ["A"], "target_class": ["III"]})
    >>> readings = pd.DataFrame(
    ...     {"section_id": "A", "item": "NH3N", "value_mg_l": [0.8, 1.1, 1.6],
    ...      "time": ["2026-05-01", "2026-05-02", "2026-05-03"]}
    ... )
    >>> found = exceedances(readings, sections).iloc[0]
    >>> found["since"], float(found["multiple"]), found["item_class"]
    (Timestamp('2026-05-02 00:00:00'), 0.6, 'V')
    """
    key = str(standard_table(standard)["key"])
    judged = judge_each(readings, sections, standard=key)
    inputs, wide, ranks = judged.inputs, judged.wide, judged.ranks
    register = inputs.sections
    ids = wide.index.get_level_values("section_id")
    facts = {section: dict(row) for section, row in register.iterrows()}
    target = judged.target
    rows = [
        row
        for section, at in section_positions(
            ids[target > 0], np.flatnonzero(target > 0)
        )
        for row in _section_rows(facts[section], wide, ranks, at, key)
    ]
    found = pd.DataFrame(rows, columns=list(EXCEEDANCE_COLUMNS)).astype(_TYPES)
    found = found.sort_values(
        ["multiple", "section_id"], ascending=[False, True], ignore_index=True
    )
    rest = _not_judged(register, set(ids), inputs.problems, key)
    parts = [part for part in (found, rest) if len(part)]
    every = pd.concat(parts, ignore_index=True) if parts else found
    for column in ("item", "item_name", "item_class"):
        every[column] = every[column].astype(object).where(every[column].notna(), None)
    return every


@dataclass(frozen=True, eq=False)
class JudgedReadings:
    """
    Every reading with its class.

    Attributes
    ----------
    inputs : Inputs
    wide : DataFrame
        Values by ``section_id, time`` (rows, sorted) and item.
    ranks : DataFrame
        Class of each value, 1 to 6; 0 where there is none.
    target : array of int, one a row
        Class that is aimed at; 0 where there is none.
    """

    inputs: Inputs
    wide: pd.DataFrame
    ranks: pd.DataFrame
    target: NDArray[np.intp]


def judge_each(
    readings: pd.DataFrame, sections: pd.DataFrame, *, standard: str
) -> JudgedReadings:
    """Hold every single reading against the classes of its water."""
    inputs = prepare(readings, sections)
    wide = inputs.readings.pivot_table(
        index=["section_id", "time"], columns="item", values="value", aggfunc="mean"
    )
    listed = inputs.sections.reindex(wide.index.get_level_values("section_id"))
    target = np.array(
        [
            CLASSES.index(text) + 1 if text in CLASSES else 0
            for text in listed["target_class"]
        ],
        dtype=np.intp,
    )
    lake = (listed["water_type"] == "lake").to_numpy()
    ranks = rank_waters(wide, lake, standard=standard).items
    return JudgedReadings(inputs, wide, ranks, target)


def section_positions(
    ids: pd.Index, rows: NDArray[np.intp]
) -> list[tuple[str, NDArray[np.intp]]]:
    """Rows of each section, in the order of the table (sorted by time)."""
    codes, names = pd.factorize(ids)
    order = np.argsort(codes, kind="stable")
    cuts = np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]
    groups = np.split(rows[order], cuts)
    return list(zip(names, groups, strict=True)) if len(names) else []


def _section_rows(
    facts: dict[str, Any],
    wide: pd.DataFrame,
    ranks: pd.DataFrame,
    at: NDArray[np.intp],
    standard: str,
) -> list[dict[str, object]]:
    """One row per item in which the section exceeds its target now."""
    goal = CLASSES.index(facts["target_class"]) + 1
    rows = []
    for key in map(str, ranks):
        rank = ranks[key].to_numpy()[at]
        run = _current_run(rank, goal=goal)
        if not len(run):
            continue
        seen = wide[key].iloc[at[run]].droplevel("section_id")
        whole = not (rank[: run[0]] > 0).any()
        name = CLASSES[rank[run[-1]] - 1]
        rows.append(_row(facts, key, seen, name, standard=standard, whole=whole))
    return rows


def _current_run(ranks: NDArray[np.int8], *, goal: int) -> NDArray[np.intp]:
    """Positions of the last unbroken run of readings worse than the goal."""
    measured = np.flatnonzero(ranks > 0)
    good = np.flatnonzero(ranks[measured] <= goal)
    return measured[good[-1] + 1 :] if len(good) else measured


def _row(
    facts: dict[str, Any],
    key: str,
    seen: pd.Series,
    item_class: str,
    *,
    standard: str,
    whole: bool,
) -> dict[str, object]:
    goal = CLASSES.index(facts["target_class"]) + 1
    lake = facts["water_type"] == "lake"
    latest = float(seen.iloc[-1])
    multiple = exceedance_multiple(key, latest, goal, lake=lake, standard=standard)
    return {
        "section_id": facts["section_id"],
        "name": facts["name"],
        "river": facts["river"],
        "target_class": facts["target_class"],
        "item": key,
        "item_name": item_table()[key].zh,
        "limit": limit_at(key, goal, lake=lake, standard=standard),
        "since": seen.index[0],
        "last": seen.index[-1],
        "n_readings": len(seen),
        "latest": latest,
        "peak": float(seen.min() if key == "DO" else seen.max()),
        "multiple": multiple,
        "item_class": item_class,
        "standard": standard,
        "note": "有记录以来一直超标，开始时间可能更早" if whole else "",
        "note_en": "exceeded in all readings: it may have begun earlier"
        if whole
        else "",
    }


def _not_judged(
    register: pd.DataFrame, seen: set[str], problems: pd.DataFrame, standard: str
) -> pd.DataFrame:
    """Sections without readings, without a target, or not in the list."""
    rows = []
    for section in [
        *register["section_id"],
        *sorted(seen - set(register["section_id"])),
    ]:
        listed = section in register.index
        if not listed:
            note = ("断面不在断面名录中", "section not in the list")
        elif section not in seen:
            note = ("没有可用的监测数据", "no usable reading")
        elif not register.loc[section, "target_class"]:
            note = ("没有水质目标，未判超标", "no target, not judged")
        else:
            continue
        row = register.loc[section].to_dict() if listed else {"section_id": section}
        rows.append(row | {"note": note[0], "note_en": note[1]})
    for (section, zh, en), group in problems.groupby(["section_id", "zh", "en"]):
        note = (f"{len(group)}条读数未用（{zh}）", f"{len(group)} not used ({en})")
        rows.append(
            {"section_id": section or None, "note": note[0], "note_en": note[1]}
        )
    table = pd.DataFrame(rows, columns=list(EXCEEDANCE_COLUMNS))
    return table.assign(standard=standard).astype(_TYPES)

"""Sections to look at: fell a class, missed the target again, near the limit."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.quality._changes import class_changes, class_steps
from geotool.quality._layer import truths
from geotool.quality._limits import CLASSES, Limits, limit_table, standard_table
from geotool.quality._periods import period_place
from geotool.tables import load_table

ALERT_COLUMNS = (
    "section_id",
    "name",
    "period",
    "kind",
    "severity",
    "message",
    "message_en",
)


def section_alerts(
    assessment: pd.DataFrame,
    *,
    period: str | None = None,
    near_share: float | None = None,
    standard: str = "GB3838-2002",
) -> pd.DataFrame:
    """
    List what deserves attention in a period.

    Parameters
    ----------
    assessment : DataFrame
        As :func:`assess_sections` gives it, with the periods before it.
    period : str, optional
        The last one if None; ``"all"`` for every one.
    near_share : float, optional
        Share of the limit from which a value is near it; by default that of
        ``assessment.toml``, ``alerts``.
    standard : str

    Returns
    -------
    DataFrame
        ``section_id, name, period, kind, severity, message, message_en``. Kinds:
        ``missed`` (target not reached), ``running`` (missed in periods one after
        another), ``fell`` (worse than the period before), ``fell_year`` (worse than
        the same period of last year), ``near`` (reached, but an item is near its
        limit). Severity ``high`` for two classes and more or missed again, else
        ``medium`` or ``low``. Worst first.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"section_id": "A", "name": "东桥", "period": ["2026-04", "2026-05"],
    ...      "water_type": "river", "target_class": "III", "water_class": ["III", "IV"],
    ...      "reached": [True, False], "exceedances": ["", "氨氮(0.2)"],
    ...      "nh3n_mg_l": [0.95, 1.2]}
    ... )
    >>> section_alerts(table)[["kind", "message"]].values.tolist()
    [['missed', '未达III类：氨氮(0.2)'], ['fell', '水质由III类变为IV类（环比）']]
    >>> section_alerts(table, period="2026-04")["message"].tolist()
    ['氨氮 0.95 mg/L，为III类限值 1 mg/L 的 95%']
    """
    standard = standard_table(standard)["key"]
    share = load_table("assessment")["alerts"]["near_share"]
    share = share if near_share is None else near_share
    named = assessment["section_id"].notna() & assessment["period"].notna()
    table = assessment[named]
    table = table.assign(reached=truths(table["reached"])).reset_index(drop=True)
    changes = class_changes(table)
    if period is None and len(table):
        period = str(table["period"].max())
    found: list[dict[str, Any]] = []
    missed = _missed(table)
    wanted = table if period == "all" else table[table["period"] == period]
    for place in wanted.index.tolist():
        row = wanted.loc[place]
        lines = [
            *_about_target(row, missed),
            *_about_change(changes.loc[place]),
            *_about_limits(row, share, standard),
        ]
        where = {name: row[name] for name in ("section_id", "name", "period")}
        found += [
            {**where, **dict(zip(ALERT_COLUMNS[3:], line, strict=True))}
            for line in lines
        ]
    made = pd.DataFrame(found, columns=list(ALERT_COLUMNS))
    order = made["severity"].map({"high": 0, "medium": 1, "low": 2})
    return made.iloc[np.argsort(order.to_numpy(float), kind="stable")].reset_index(
        drop=True
    )


Line = tuple[str, str, str, str]


def _missed(table: pd.DataFrame) -> set[tuple[str, tuple[str, int]]]:
    return {
        (str(section), place)
        for section, period, reached in zip(
            table["section_id"], table["period"], table["reached"], strict=True
        )
        if reached is False and (place := period_place(period))
    }


def _about_target(
    row: pd.Series, missed: set[tuple[str, tuple[str, int]]]
) -> Iterator[Line]:
    place = period_place(row["period"])
    section = str(row["section_id"])
    if place is None or (section, place) not in missed:
        return
    running = 1
    while (section, (place[0], place[1] - running)) in missed:
        running += 1
    what = f"：{row['exceedances']}" if row["exceedances"] else ""
    goal = row["target_class"]
    if running >= load_table("assessment")["alerts"]["running"]:
        yield (
            "running",
            "high",
            f"连续{running}期未达{goal}类{what}",
            f"target {goal} missed {running} periods running{what}",
        )
    else:
        yield "missed", "medium", f"未达{goal}类{what}", f"target {goal} missed{what}"


def _about_change(change: pd.Series) -> Iterator[Line]:
    for kind, column, zh, en in (
        ("fell", "class_before", "环比", "the period before"),
        ("fell_year", "class_last_year", "同比", "the same period of last year"),
    ):
        old, new = change[column], change["water_class"]
        steps = class_steps(old, new)
        if steps is None or steps < 1:
            continue
        clear = steps >= load_table("assessment")["change"]["clear_from"]
        yield (
            kind,
            "high" if clear else "medium",
            f"水质由{old}类变为{new}类（{zh}）",
            f"class {new}, was {old} in {en}",
        )


def _about_limits(row: pd.Series, share: float, standard: str) -> Iterator[Line]:
    goal = row["target_class"]
    if row["reached"] is not True or goal not in CLASSES[:5]:
        return
    water = "lake" if row["water_type"] == "lake" else "river"
    excluded = load_table("assessment")["items"]["excluded"]
    for key, limits in limit_table(standard, water).items():
        column = item_table()[key].column
        if key in excluded or column not in row.index or limits.kind == "range":
            continue
        value, limit = row[column], limits.classes[CLASSES.index(goal)]
        used = _used(value, limit, limits)
        if np.isnan(used) or used < share - 1e-9:
            continue
        item = item_table()[key]
        said = f"{value:.4g} {item.unit}"
        zh = f"{item.zh} {said}，为{goal}类限值 {limit:g} {item.unit} 的 {value / limit:.0%}"
        en = f"{item.en} {said}, {value / limit:.0%} of the limit of class {goal}"
        yield "near", "low", zh, en


def _used(value: Any, limit: float, limits: Limits) -> float:
    """Give the share of a limit that is used up; a lower limit counts downwards."""
    number = float(value) if value is not None else np.nan
    if np.isnan(number) or (limits.kind == "lower" and number <= 0):
        return np.nan
    return limit / number if limits.kind == "lower" else number / limit

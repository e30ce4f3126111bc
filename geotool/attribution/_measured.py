"""Readings, items, limits and effluents of a problem."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from geotool._items import fold_item, item_table
from geotool.attribution._loads import Loads, typical_mg_l
from geotool.attribution._problem import Floats, Words
from geotool.errors import LayerError
from geotool.schema import canonical_value
from geotool.tables import load_table

NO_LOAD = ("PH", "DO", "WT", "TURB", "SD", "CHLA", "ALGAE", "FC")
"""Items that no load adds up to."""

GOAL = "III"
"""Target class taken where a section has none; the result says so."""


@dataclass
class Notes:
    """What is worth saying, in order."""

    words: list[Words] = field(default_factory=list)

    def add(self, zh: str, en: str) -> None:
        """Add a sentence in both languages."""
        self.words.append((zh, en))


def item_key(item: str) -> str:
    key = fold_item(item)
    if key is None:
        raise LayerError(
            f"未知监测项目 {item!r}；请用标准名称，如 氨氮、NH3N、TP。",
            f"Unknown item {item!r}; use a standard name such as NH3N or TP.",
        )
    if key in NO_LOAD:
        raise LayerError(
            f"{item_table()[key].zh}不是可按负荷相加的项目，不能据以排序；"
            "请改用氨氮、总磷、高锰酸盐指数等。",
            f"{item_table()[key].en} does not add up from loads; rank by ammonia, "
            "phosphorus, permanganate index or the like.",
        )
    return key


def items_in_play(
    tidy: pd.DataFrame,
    key: str,
    items: Sequence[str] | None,
    notes: Notes,
) -> list[str]:
    """Items in play: the one that failed, then others that sources discharge."""
    there = [one for one in tidy["item"].drop_duplicates() if one != key]
    if items is not None:
        wanted = {item_key(one) for one in items}
        there = [one for one in there if one in wanted]
    effluents = load_table("pollutants")["effluent"]
    known = set().union(*(row["typical_mg_l"] for row in effluents.values()))
    others = sorted(one for one in there if one in known and one not in NO_LOAD)
    unused = sorted(set(there) - set(others))
    if unused:
        names = [item_table()[one] for one in unused]
        notes.add(
            f"未用于排序的监测项目：{'、'.join(one.zh for one in names)}",
            f"items not used for ranking: {', '.join(one.en for one in names)}",
        )
    return [key, *others]


def section_limits(
    placed: pd.DataFrame,
    keys: list[str],
    target: int,
    limit_mg_l: float | None,
    notes: Notes,
) -> Floats:
    """Limit of each item at each section, by its target class."""
    if limit_mg_l is not None and not (np.isfinite(limit_mg_l) and limit_mg_l > 0):
        raise LayerError(
            f"限值 {limit_mg_l} 应为正数。",
            f"limit_mg_l={limit_mg_l} must be a positive number.",
        )
    rows = load_table("gb3838_2002")["items"]
    goals = []
    for record in placed.to_dict("records"):
        text = record.get("target_class")
        known = None if text is None or pd.isna(text) else str(text)
        goals.append(canonical_value(known, "sections", "target_class") or "")
    missing = [
        str(name)
        for name, goal in zip(placed["section_id"], goals, strict=True)
        if not goal
    ]
    if missing:
        notes.add(
            f"断面 {'、'.join(missing)} 没有水质目标，按 {GOAL} 类估计",
            f"sections {', '.join(missing)} have no target: class {GOAL} taken",
        )
    classes = load_table("gb3838_2002")["classes"]
    limits = np.full((len(placed), len(keys)), np.nan)
    for s, goal in enumerate(goals):
        lake = str(placed.iloc[s].get("water_type", "")) in ("lake", "湖泊", "湖库")
        for k, key in enumerate(keys):
            row = rows.get(key, {})
            values = row.get("lake", row.get("limits")) if lake else None
            values = values or row.get("river", row.get("limits"))
            if values and row.get("kind") == "upper":
                limits[s, k] = float(values[classes.index(goal or GOAL)])
    if limit_mg_l is not None:
        limits[target, 0] = limit_mg_l
    return limits


def effluent_profiles(
    declared: Loads, keys: list[str], groups: int
) -> tuple[Floats, Floats]:
    """Concentrations and their errors; an unregistered source may be of any class."""
    facts = load_table("attribution")["evidence"]
    classes = load_table("pollutants")["effluent"]
    every = np.stack([typical_mg_l(name, keys) for name in classes])
    with np.errstate(divide="ignore"):
        logs = np.where(every > 0, np.log(every), np.nan)
    count = np.isfinite(logs).sum(axis=0)
    mean = np.where(count > 0, np.nansum(logs, axis=0) / np.maximum(count, 1), 0.0)
    middle = np.exp(mean)
    own = np.where(declared.profile_mg_l > 0, declared.profile_mg_l, middle)
    profile = np.concatenate([own, np.tile(middle, (groups, 1))])
    sigma = np.concatenate(
        [
            np.full(len(own), float(facts["profile_error"]["value"])),
            np.full(groups, float(facts["group_profile_error"]["value"])),
        ]
    )
    return profile, sigma


def water_temperature(tidy: pd.DataFrame) -> float | None:
    """Mean water temperature, where it was measured."""
    values = tidy.loc[tidy["item"] == "WT", "value_mg_l"].dropna()
    return float(values.mean()) if len(values) else None


def tell_decay(keys: list[str], decay: list[Any], notes: Notes) -> None:
    strange = [
        item_table()[key]
        for key, one in zip(keys, decay, strict=True)
        if not one.is_listed
    ]
    if strange:
        notes.add(
            f"{'、'.join(one.zh for one in strange)} 没有降解系数，按不降解计",
            f"{', '.join(one.en for one in strange)}: no decay known, taken as none",
        )


def used_readings(
    tidy: pd.DataFrame, placed: pd.DataFrame, keys: list[str], notes: Notes
) -> pd.DataFrame:
    """Give the readings that count, one a section, item and time."""
    number = {str(key): k for k, key in enumerate(placed["section_id"])}
    if "name" in placed.columns:
        once = placed.loc[~placed["name"].duplicated(keep=False)]
        for name, k in zip(once["name"], once.index, strict=True):
            if isinstance(name, str):
                number.setdefault(name, int(k))
    row = tidy["section_id"].map(number)
    strange = sorted(set(tidy.loc[row.isna(), "section_id"]))
    if strange:
        shown = "、".join(strange[:8]) + ("…" if len(strange) > 8 else "")
        notes.add(
            f"断面 {shown} 不在断面图层或河网上，{int(row.isna().sum())} 条监测值未用",
            f"sections {shown.replace('、', ', ')} are not in the layer or on the "
            f"network: {int(row.isna().sum())} readings not used",
        )
    table = tidy[row.notna() & tidy["item"].isin(keys)].copy()
    table["section"] = row[table.index].astype(int)
    table = _without_limit(table, notes)
    keyed = ["section", "item", "time"]
    twice = int(table.duplicated(keyed).sum())
    if twice:
        notes.add(
            f"{twice} 条重复时刻的监测值取平均",
            f"{twice} readings of the same time were averaged",
        )
    used = table.groupby(keyed, as_index=False, sort=True).agg(
        value_mg_l=("value_mg_l", "mean"), detected=("detected", "any")
    )
    return used[["section", "time", "item", "value_mg_l", "detected"]]


def _without_limit(table: pd.DataFrame, notes: Notes) -> pd.DataFrame:
    """Give "not detected" without a limit half of the least value of its item."""
    unknown = table["value_mg_l"].isna()
    if not unknown.any():
        return table
    least = table[table["value_mg_l"] > 0].groupby("item")["value_mg_l"].min() / 2
    table.loc[unknown, "value_mg_l"] = table.loc[unknown, "item"].map(least)
    left = table["value_mg_l"].isna()
    filled = int(unknown.sum() - left.sum())
    if filled:
        notes.add(
            f"{filled} 条“未检出”没有检出限，取该项目最小值的一半",
            f"{filled} not detected without a limit: half of the item's least value",
        )
    if left.any():
        notes.add(
            f"{int(left.sum())} 条“未检出”没有检出限，未用",
            f"{int(left.sum())} not detected without a limit were not used",
        )
    return table[~left]

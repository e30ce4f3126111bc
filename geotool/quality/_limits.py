"""Limits of a standard, and the best class whose limit a value meets."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import fold_item, item_table, plain_text
from geotool.errors import TableError
from geotool.tables import load_table

CLASSES = ("I", "II", "III", "IV", "V", "劣V")
"""Classes from best to worst; the rank of a class is its place, counted from 1."""

WATER_TYPES = ("river", "lake")
"""Kinds of water body; phosphorus has other limits in lakes and reservoirs."""


@dataclass(frozen=True)
class Limits:
    """The limits of one item in one kind of water body.

    Attributes
    ----------
    key : str
        Item.
    kind : str
        ``upper``, ``lower`` or ``range``.
    classes : tuple of float
        Five limits, classes I to V, in the unit of the item; for a range empty.
    low, high : float
        Ends of a range.
    saturation_share : float
        Share of oxygen saturation that makes class I; NaN where there is none.
    decimals : int
        Places an assessment is reported with.
    """

    key: str
    kind: str
    classes: tuple[float, ...]
    low: float = float("nan")
    high: float = float("nan")
    saturation_share: float = float("nan")
    decimals: int = 3


_GIVEN: dict[str, dict[str, Any]] = {}
"""Tables of the user, by their key."""


def standard_table(standard: str | Mapping[str, Any]) -> dict[str, Any]:
    """
    Give the table of a standard.

    Parameters
    ----------
    standard : str or mapping
        The name of a standard geotool has, or a table in the form of
        ``tables/gb3838_2002.toml``: ``key``, ``items`` with ``kind``, ``limits`` of
        classes I to V (``low`` and ``high`` for a range), ``lake`` where lakes differ.

    Raises
    ------
    TableError
        If the standard is not known, or the table is not in that form.

    Examples
    --------
    >>> standard_table("GB3838-2002")["in_force"]
    '2002-06-01'
    >>> own = {"key": "DB-2030", "items": {"氨氮": {"limits": [0.1, 0.3, 0.8, 1, 2]}}}
    >>> standard_table(own)["items"]["NH3N"]["kind"]
    'upper'
    """
    if isinstance(standard, Mapping):
        return _given(standard)
    names = load_table("assessment")["standards"]
    wanted = _plain_name(standard)
    if wanted in _GIVEN:
        return _GIVEN[wanted]
    for name, file in names.items():
        table = load_table(file)
        if wanted in {_plain_name(text) for text in (name, *table["alias"])}:
            return table
    known = [*names, *(str(table["key"]) for table in _GIVEN.values())]
    raise TableError(
        f"没有标准 {standard!r}；可用：{'、'.join(known)}，或给一个标准表（TOML）。",
        f"No standard {standard!r}; there are: {', '.join(known)}; or give a table.",
    )


def _plain_name(text: str) -> str:
    return plain_text(text).replace("-", "")


def _given(table: Mapping[str, Any]) -> dict[str, Any]:
    """Check a table of the user and remember it by its key."""
    key = str(table.get("key") or "").strip()
    items = table.get("items")
    if not key or not isinstance(items, Mapping) or not items:
        raise TableError(
            "标准表需要 key（名称）和 items（各项目限值）；格式见 gb3838_2002.toml。",
            "The table of a standard needs key and items; see gb3838_2002.toml.",
        )
    built_in = load_table("assessment")["standards"]
    if _plain_name(key) in {_plain_name(name) for name in built_in}:
        raise TableError(
            f"标准表的 key {key} 与自带的标准同名；请换一个名称。",
            f"The key {key} is that of a standard geotool has; choose another.",
        )
    made = {
        **table,
        "key": key,
        "alias": [],
        "items": dict(_given_item(key, name, row) for name, row in items.items()),
    }
    name = _plain_name(key)
    if _GIVEN.get(name) != made:
        _GIVEN[name] = made
        limit_table.cache_clear()
    return made


def _given_item(key: str, name: str, row: Any) -> tuple[str, dict[str, Any]]:
    item = fold_item(name)
    fault = None
    if item is None:
        fault = ("不认识的项目", "unknown item")
    elif not isinstance(row, Mapping):
        fault = ("应是一个表", "must be a table")
    else:
        row = {"kind": "upper", "decimals": 3, **row}
        fault = _fault_of(row)
    if fault is None and item is not None:
        return item, dict(row)
    zh, en = fault or ("", "")
    raise TableError(f"标准 {key} 的 {name}：{zh}。", f"Standard {key}, {name}: {en}.")


def _fault_of(row: Mapping[str, Any]) -> tuple[str, str] | None:
    if row["kind"] == "none":
        return None
    if row["kind"] not in ("upper", "lower", "range"):
        return "kind 应为 upper、lower、range 或 none", "kind must be upper, lower, …"
    if row["kind"] == "range":
        low, high = row.get("low", np.nan), row.get("high", np.nan)
        if not (_is_number(low) and _is_number(high) and low < high):
            return "需要 low 小于 high", "low must be below high"
        return None
    lists = [row[name] for name in ("limits", "lake", "river") if name in row]
    if not lists:
        return "缺 limits（五个限值）", "limits (five numbers) are missing"
    for limits in lists:
        good = isinstance(limits, list | tuple) and len(limits) == len(CLASSES) - 1
        if not good or not all(map(_is_number, limits)):
            return "需要五个数字，I 到 V 类", "five numbers are needed, classes I to V"
        order = sorted(limits, reverse=row["kind"] == "lower")
        if list(limits) != order:
            return (
                "I 到 V 类的限值应依次放宽",
                "limits must not get stricter from I to V",
            )
    return None


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and bool(np.isfinite(value))
    )


@cache
def limit_table(standard: str, water_type: str) -> dict[str, Limits]:
    """
    List the limits of a standard for one kind of water body, by item.

    Items without a limit on a concentration (water temperature), or without one
    for this kind of water (total nitrogen in rivers), are not in it.

    Raises
    ------
    TableError
        If the standard or the kind of water body is not known.

    Examples
    --------
    >>> limit_table("GB3838-2002", "river")["TP"].classes
    (0.02, 0.1, 0.2, 0.3, 0.4)
    >>> "TN" in limit_table("GB3838-2002", "river")
    False
    """
    if water_type not in WATER_TYPES:
        raise TableError(
            f"没有水体类型 {water_type!r}；可用：river（河流）、lake（湖库）。",
            f"No kind of water body {water_type!r}; choose river or lake.",
        )
    table = {}
    for key, row in standard_table(standard)["items"].items():
        if row["kind"] == "none" or row.get("water", water_type) != water_type:
            continue
        table[key] = Limits(
            key=key,
            kind=row["kind"],
            classes=tuple(row.get(water_type, row.get("limits", ()))),
            low=row.get("low", np.nan),
            high=row.get("high", np.nan),
            saturation_share=row.get("saturation_share", np.nan),
            decimals=row["decimals"],
        )
    return table


def class_limits(
    *, standard: str = "GB3838-2002", water_type: str = "river"
) -> pd.DataFrame:
    """
    Show the limits of a standard as a table.

    Parameters
    ----------
    standard : str
        Such as ``"GB3838-2002"``.
    water_type : str
        ``"river"`` or ``"lake"``.

    Returns
    -------
    DataFrame
        One row per item: ``item, name, unit, kind`` and the classes I to V. Of a
        range both ends, as text.

    Raises
    ------
    TableError
        If the standard or the kind of water body is not known.

    Examples
    --------
    >>> table = class_limits(water_type="lake").set_index("item")
    >>> table.loc["TP", "II"], table.loc["PH", "III"]
    (0.025, '6–9')
    """
    rows = []
    for key, limits in limit_table(standard, water_type).items():
        item = item_table()[key]
        values: tuple[object, ...] = limits.classes
        if limits.kind == "range":
            values = (f"{limits.low:g}–{limits.high:g}",) * 5
        row = {"item": key, "name": item.zh, "unit": item.unit, "kind": limits.kind}
        rows.append(row | dict(zip(CLASSES, values, strict=False)))
    return pd.DataFrame(rows)


def oxygen_saturation(temperature_c: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Estimate the saturation of dissolved oxygen at sea level.

    Parameters
    ----------
    temperature_c : array of float
        ℃; outside the range of the formula the result is NaN.

    Returns
    -------
    array of float
        mg/L: 468 / (31.6 + T), the formula of HJ 2.3 (from memory, see
        ``assessment.toml``).

    Examples
    --------
    >>> oxygen_saturation(np.array([20.0, -5.0])).round(2)
    array([9.07,  nan])
    """
    rule = load_table("assessment")["class"]["do_saturation"]
    t = np.asarray(temperature_c, float)
    inside = (t >= rule["t_min"]) & (t <= rule["t_max"])
    return rule["a"] / (rule["b"] + np.where(inside, t, np.nan))


def item_ranks(
    values: NDArray[np.float64], limits: Limits, temperature_c: NDArray[np.float64]
) -> NDArray[np.int8]:
    """
    Rank values of one item: 1 is class I, 6 is worse than V, 0 was not measured.

    Parameters
    ----------
    values : array of float
        In the unit of the item; NaN where not measured.
    limits : Limits
    temperature_c : array of float
        Water temperature for the saturation of oxygen; NaN where not measured.

    Examples
    --------
    >>> nh3n = limit_table("GB3838-2002", "river")["NH3N"]
    >>> item_ranks(np.array([0.15, 1.0, 2.01, np.nan]), nh3n, np.full(4, np.nan))
    array([1, 3, 6, 0], dtype=int8)
    """
    slack = load_table("assessment")["class"]["equal_within"]
    value = np.asarray(values, float)
    if limits.kind == "range":
        good = (value >= limits.low * (1 - slack)) & (
            value <= limits.high * (1 + slack)
        )
        met = good[:, None] & np.ones(5, dtype=bool)
    elif limits.kind == "upper":
        met = value[:, None] <= np.array(limits.classes) * (1 + slack)
    else:
        bounds = np.tile(np.array(limits.classes), (len(value), 1))
        share = limits.saturation_share * oxygen_saturation(temperature_c)
        bounds[:, 0] = np.fmin(bounds[:, 0], share)
        met = value[:, None] >= bounds * (1 - slack)
    rank = np.where(met.any(axis=1), met.argmax(axis=1) + 1, 6)
    return np.where(np.isnan(value), 0, rank).astype(np.int8)

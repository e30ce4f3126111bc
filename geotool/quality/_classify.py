"""Class of the water from concentrations: single factor, the worst item decides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import fold_item, item_table
from geotool._texts import names_where
from geotool.errors import LayerError
from geotool.quality._limits import (
    CLASSES,
    WATER_TYPES,
    item_ranks,
    limit_table,
    standard_table,
)
from geotool.tables import load_table


@dataclass(frozen=True)
class Classification:
    """
    The class of one water, item by item.

    Attributes
    ----------
    water_class : str or None
        ``"I"`` … ``"V"``, ``"劣V"``; None when no item could be judged.
    determining : tuple of str
        Items that have this class (定类因子), by key.
    item_classes : dict
        Class of each item that counts.
    apart : dict
        Class of items judged beside the class (total nitrogen and faecal coliforms
        in lakes).
    not_assessed : dict
        Why the other items do not count.
    standard : str
        What it was judged by.
    water_type : str
        ``"river"`` or ``"lake"``.
    """

    water_class: str | None
    determining: tuple[str, ...]
    item_classes: dict[str, str]
    apart: dict[str, str]
    not_assessed: dict[str, str]
    standard: str
    water_type: str


@dataclass(frozen=True)
class Ranks:
    """Ranks of many waters: 1 is class I, 6 worse than V, 0 not measured.

    Attributes
    ----------
    items : DataFrame of int
        One column per item that counts.
    apart : DataFrame of int
        One column per item judged beside the class.
    overall : array of int
        The worst of ``items``; 0 when none was measured.
    """

    items: pd.DataFrame
    apart: pd.DataFrame
    overall: NDArray[np.int8]


def rank_waters(
    means: pd.DataFrame, lake: NDArray[np.bool_], *, standard: str
) -> Ranks:
    """
    Rank every item of every water.

    Parameters
    ----------
    means : DataFrame
        One row per water, columns are keys of items, values in their units, NaN
        where not measured.
    lake : array of bool
        Which rows are lakes or reservoirs.
    standard : str

    Examples
    --------
    >>> means = pd.DataFrame({"TP": [0.1, 0.1]})
    >>> rank_waters(means, np.array([False, True]), standard="GB3838-2002").overall
    array([2, 4], dtype=int8)
    """
    temperature = _column(means, "WT")
    rules = load_table("assessment")["items"]
    counted, apart = {}, {}
    for key in means.columns:
        ranks = np.zeros(len(means), dtype=np.int8)
        for water_type in WATER_TYPES:
            limits = limit_table(standard, water_type).get(key)
            here = lake if water_type == "lake" else ~lake
            if limits is None or (
                key in rules["excluded"] and key not in rules["apart"][water_type]
            ):
                continue
            ranks[here] = item_ranks(
                means[key].to_numpy(float)[here], limits, temperature[here]
            )
        if key in rules["excluded"]:
            apart[key] = ranks
        else:
            counted[key] = ranks
    items = pd.DataFrame(counted, index=means.index)
    items = items.loc[:, (items > 0).any(axis=0)]
    overall = (
        items.to_numpy(np.int8).max(axis=1, initial=0)
        if len(items.columns)
        else np.zeros(len(means), dtype=np.int8)
    )
    return Ranks(items, pd.DataFrame(apart, index=means.index), overall)


def _column(means: pd.DataFrame, key: str) -> NDArray[np.float64]:
    if key in means:
        return means[key].to_numpy(float)
    return np.full(len(means), np.nan)


def class_name(rank: int) -> str | None:
    """
    Name the class of a rank; None for 0.

    Examples
    --------
    >>> class_name(3), class_name(6), class_name(0)
    ('III', '劣V', None)
    """
    return CLASSES[rank - 1] if rank else None


def class_grade(water_class: str | None) -> str:
    """
    Give the grade (水质状况) of a class; empty where there is no class.

    Examples
    --------
    >>> class_grade("II"), class_grade("劣V"), class_grade(None)
    ('优', '重度污染', '')
    """
    for row in load_table("assessment")["grades"]["entries"]:
        if water_class in row["classes"]:
            return str(row["zh"])
    return ""


@overload
def classify(
    concentrations: Mapping[str, float],
    *,
    water_type: str = ...,
    standard: str = ...,
) -> Classification: ...
@overload
def classify(
    concentrations: pd.DataFrame, *, water_type: str = ..., standard: str = ...
) -> pd.DataFrame: ...
def classify(
    concentrations: Mapping[str, float] | pd.DataFrame,
    *,
    water_type: str = "river",
    standard: str = "GB3838-2002",
) -> Classification | pd.DataFrame:
    """
    Classify one water, or one in each row, by the worst of its items.

    Parameters
    ----------
    concentrations : mapping or DataFrame
        Item (key or any name, see ``pollutants.toml``) → value in its unit, mg/L
        for concentrations; NaN where not measured. Of values below detection, half
        the limit. Water temperature ``WT`` lets dissolved oxygen reach class I by
        90 % saturation.
    water_type : str
        ``"river"`` or ``"lake"`` (lakes and reservoirs): phosphorus differs.
    standard : str
        Such as ``"GB3838-2002"``.

    Returns
    -------
    Classification or DataFrame
        For a mapping the class and what made it. For a table one row per row: the
        class of each item by its key, ``water_class``, ``determining`` (Chinese
        names), ``not_assessed`` and ``standard``.

    Raises
    ------
    LayerError
        If two columns are the same item, or a concentration is negative or no number.
    TableError
        If the standard or the kind of water body is not known.

    Notes
    -----
    Limits are inclusive, and where two classes have the same limit the better one
    holds. Water temperature, total nitrogen and faecal coliforms do not count
    (环办〔2011〕22号).

    Examples
    --------
    >>> water = classify({"NH3N": 1.31, "溶解氧": 6.2, "TN": 4.0})
    >>> water.water_class, water.determining, water.item_classes["DO"]
    ('IV', ('NH3N',), 'II')
    >>> water.not_assessed
    {'TN': '不参与定类'}
    """
    standard = standard_table(standard)["key"]
    if isinstance(concentrations, pd.DataFrame):
        return _classify_rows(concentrations, water_type, standard)
    table = pd.DataFrame({str(name): [value] for name, value in concentrations.items()})
    table = table if len(table) else pd.DataFrame(index=[0])
    means, unknown = _as_items(table)
    ranks = rank_waters(means, np.full(1, water_type == "lake"), standard=standard)
    limit_table(standard, water_type)  # an unknown kind of water must not pass
    items = {key: int(rank) for key, rank in ranks.items.iloc[0].items() if rank}
    apart = {key: int(rank) for key, rank in ranks.apart.iloc[0].items() if rank}
    worst = int(ranks.overall[0])
    return Classification(
        water_class=class_name(worst),
        determining=tuple(str(key) for key, rank in items.items() if rank == worst),
        item_classes={str(key): CLASSES[rank - 1] for key, rank in items.items()},
        apart={str(key): CLASSES[rank - 1] for key, rank in apart.items()},
        not_assessed=unknown
        | {
            key: _why_not(key, measured=bool(means[key].notna().iloc[0]))
            for key in map(str, means)
            if key not in items and key not in apart
        },
        standard=standard,
        water_type=water_type,
    )


def _why_not(key: str, *, measured: bool) -> str:
    if not measured:
        return "未监测"
    if key in load_table("assessment")["items"]["excluded"]:
        return "不参与定类"
    return "标准表1无此项目限值"


def _as_items(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Name columns by item key; unknown ones come back with the reason."""
    keys = {name: fold_item(name) for name in table.columns}
    unknown = {str(name): "未知项目" for name, key in keys.items() if key is None}
    known = [name for name, key in keys.items() if key is not None]
    means = table[known].set_axis([keys[name] for name in known], axis=1)
    twice = means.columns[means.columns.duplicated()]
    if len(twice):
        raise LayerError(
            f"有两列都是{item_table()[twice[0]].zh}；请只留一列。",
            f"Two columns are {item_table()[twice[0]].en}; keep one.",
        )
    try:
        means = means.astype(float)
    except (TypeError, ValueError) as error:
        raise LayerError(
            f"浓度必须是数字（{error}）；带标记的原始数据请先用 tidy_readings 整理。",
            f"Concentrations must be numbers ({error}); raw readings with marks go "
            "through tidy_readings first.",
        ) from None
    bad = [
        key
        for key in map(str, means)
        if np.isinf(means[key]).any() or (key != "WT" and (means[key] < 0).any())
    ]
    if bad:
        key = bad[0]
        raise LayerError(
            f"{item_table()[key].zh} 有负值或无穷值，不能定类；请核对数据。",
            f"{item_table()[key].en} has negative or infinite values; check the data.",
        )
    return means, unknown


def _classify_rows(table: pd.DataFrame, water_type: str, standard: str) -> pd.DataFrame:
    means, unknown = _as_items(table)
    limit_table(standard, water_type)
    lake = np.full(len(means), water_type == "lake")
    ranks = rank_waters(means, lake, standard=standard)
    names = np.array([None, *CLASSES], dtype=object)
    result: dict[str, Any] = {
        str(key): names[ranks.items[key].to_numpy()] for key in ranks.items
    }
    result["water_class"] = names[ranks.overall]
    result["determining"] = determining_text(ranks)
    rest = [f"{name}（{why}）" for name, why in unknown.items()] + [
        f"{item_table()[key].zh}（{_why_not(key, measured=True)}）"
        for key in map(str, means)
        if key not in ranks.items and means[key].notna().any()
    ]
    result["not_assessed"] = "、".join(rest)
    result["standard"] = standard
    rows = pd.DataFrame(result, index=table.index)
    missing = rows.columns.drop(["determining", "not_assessed", "standard"])
    rows[missing] = rows[missing].astype(object).where(rows[missing].notna(), None)
    return rows


def determining_text(ranks: Ranks) -> list[str]:
    """
    Name the items whose class is the class of the water, row by row.

    Examples
    --------
    >>> means = pd.DataFrame({"TP": [0.35, 0.1], "NH3N": [1.8, 0.1]})
    >>> ranks = rank_waters(means, np.zeros(2, dtype=bool), standard="GB3838-2002")
    >>> determining_text(ranks)
    ['总磷、氨氮', '总磷']
    """
    names = [item_table()[str(key)].zh for key in ranks.items]
    grid = ranks.items.to_numpy(np.int8).reshape(len(ranks.overall), len(names))
    return names_where((grid > 0) & (grid == ranks.overall[:, None]), names)

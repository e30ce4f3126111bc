"""Trophic state of lakes and reservoirs: the comprehensive index TLI(Σ)."""

import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.tables import load_table


def trophic_state(means: pd.DataFrame) -> pd.DataFrame:
    """
    Compute the trophic state index of lakes.

    Parameters
    ----------
    means : DataFrame
        One row per lake (section) and period; columns by item as
        :func:`assess_sections` gives them: ``chla_mg_l, tp_mg_l, tn_mg_l, sd_m,
        codmn_mg_l``, or by key (``CHLA`` …). Chlorophyll in mg/L, depth in m.

    Returns
    -------
    DataFrame
        Same index: ``tli_chla … tli_codmn`` of each item, ``tli`` (their weighted
        sum; NaN unless all five were measured), ``state``, ``state_en``, ``note``,
        ``note_en`` (why there is none).

    Notes
    -----
    《湖泊（水库）富营养化评价方法及分级技术规定》, as in ``assessment.toml``, ``trophic``.
    Weights are r² / Σ r². With an item missing there is no index: a sum over fewer
    items is another quantity.

    Examples
    --------
    >>> lake = pd.DataFrame(
    ...     {"CHLA": [0.020], "TP": [0.08], "TN": [1.5], "SD": [0.5], "CODMN": [5.0]}
    ... )
    >>> row = trophic_state(lake).iloc[0]
    >>> round(float(row["tli"]), 3), row["state"]
    (56.242, '轻度富营养')
    """
    rule = load_table("assessment")["trophic"]
    items = rule["items"]
    total = sum(row["r"] ** 2 for row in items.values())
    table = pd.DataFrame(index=means.index)
    index = np.zeros(len(means))
    reasons: list[list[str]] = [[] for _ in range(len(means))]
    for key, row in items.items():
        value = _values(means, key) * row["per_unit"]
        good = value > 0
        with np.errstate(divide="ignore", invalid="ignore"):
            one = np.where(good, 10 * (row["a"] + row["b"] * np.log(value)), np.nan)
        table[f"tli_{key.lower()}"] = one
        index += row["r"] ** 2 / total * one
        for place in np.flatnonzero(~good).tolist():
            reasons[place].append(key)
    table["tli"] = index
    states = [_state(value, rule["states"]) for value in index]
    table["state"] = pd.Series([zh for zh, _ in states], table.index, dtype=object)
    table["state_en"] = pd.Series([en for _, en in states], table.index, dtype=object)
    table["note"] = [
        f"缺{'、'.join(item_table()[key].zh for key in keys)}，未计算" if keys else ""
        for keys in reasons
    ]
    table["note_en"] = [
        f"no {', '.join(item_table()[key].en for key in keys)}: no index"
        if keys
        else ""
        for keys in reasons
    ]
    return table


def _values(means: pd.DataFrame, key: str) -> np.ndarray:
    for name in (item_table()[key].column, key):
        if name in means:
            return means[name].to_numpy(float, na_value=np.nan)
    return np.full(len(means), np.nan)


def _state(value: float, states: list[dict]) -> tuple[str | None, str | None]:
    if np.isnan(value):
        return None, None
    for row in states:
        inside = (
            value < row["below"] if "below" in row else value <= row.get("to", np.inf)
        )
        if inside:
            return str(row["zh"]), str(row["en"])
    raise AssertionError("the last state has no upper end")

"""What a source is declared to discharge, and how far that may be off.

The first figure there is counts: measured, permit, discharge and the limit of its
class, what is usual of its class, nothing. Figures are in ``tables/pollutants.toml``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.attribution._problem import Floats
from geotool.errors import LayerError
from geotool.layers._classes import outfall_class
from geotool.schema import fold_name
from geotool.tables import load_table

GRAMS_PER_SECOND = 1.0 / 86_400.0
"""1 m3/d at 1 mg/L (1 g/m3) in g/s."""

BASES = ("measured", "permit", "capacity", "class", "count")
"""What a load rests on, the firmest first."""

OTHER = "other"


@dataclass(frozen=True)
class Decay:
    """
    First-order loss of an item.

    Attributes
    ----------
    per_d : float
        At about 20 to 25 ℃.
    sigma : float
        Standard deviation of its logarithm between places.
    per_degree : float
    confidence : str
    is_listed : bool
        Whether the table knows the item.
    """

    per_d: float
    sigma: float
    per_degree: float
    confidence: str
    is_listed: bool


def decay_of(item: str, *, temperature_c: float | None = None) -> Decay:
    """
    Give the decay of an item, at a temperature where one was measured.

    Examples
    --------
    >>> decay_of("NH3N").per_d, decay_of("F").per_d, decay_of("HG").is_listed
    (0.07, 0.0, False)
    >>> decay_of("NH3N", temperature_c=10.0).per_d
    0.0324
    """
    table = load_table("pollutants")["decay"]
    row = table.get(item, table["other"])
    per_d = float(row["per_d"])
    if temperature_c is not None:
        per_d *= float(row["per_degree"]) ** (temperature_c - 20.0)
    return Decay(
        per_d,
        float(row["sigma"]),
        float(row["per_degree"]),
        str(row["confidence"]),
        item in table,
    )


@cache
def _class_by_name() -> dict[str, str]:
    rows = load_table("pollutants")["effluent"]
    return {
        fold_name(name): key
        for key, row in rows.items()
        for name in (*row["names"], *row.get("alias", ()))
    }


@cache
def effluent_class(category: str) -> str:
    """
    Give the class of effluent of an outfall's category, however it is spelled.

    Examples
    --------
    >>> effluent_class("城镇雨洪"), effluent_class("wwtp"), effluent_class("")
    ('storm', 'sewage_works', 'other')
    """
    found = outfall_class(category)
    for name in (fold_name(category), fold_name(found.level_2)):
        if name in _class_by_name():
            return _class_by_name()[name]
    by_first = {"工业排污口": "industry", "城镇污水处理厂排污口": "sewage_works"}
    return by_first.get(found.level_1, OTHER)


def class_words(key: str) -> tuple[str, str]:
    """Give what a class of effluent is called."""
    row = load_table("pollutants")["effluent"][key]
    return str(row["zh"]), str(row["en"])


def typical_mg_l(key: str, items: Sequence[str]) -> Floats:
    """Give the usual concentrations of a class; NaN for items it does not list."""
    row = load_table("pollutants")["effluent"][key]["typical_mg_l"]
    return np.array([float(row.get(item, np.nan)) for item in items])


@dataclass(frozen=True, eq=False)
class Loads:
    """
    Declared loads of sources.

    Attributes
    ----------
    load_g_s, sigma : array of float, sources x items
    basis : array of str, sources x items
        One of :data:`BASES`.
    profile_mg_l : array of float, sources x items
        Concentrations, its own where declared, else of its class.
    discharge_m3_d : array of float
        NaN where neither declared nor known of its class.
    """

    load_g_s: Floats
    sigma: Floats
    basis: NDArray[np.object_]
    profile_mg_l: Floats
    discharge_m3_d: Floats


def declared_loads(
    outfalls: pd.DataFrame,
    items: Sequence[str],
    *,
    measured: pd.DataFrame | None = None,
) -> Loads:
    """
    Give what each outfall is declared to discharge.

    Parameters
    ----------
    outfalls : DataFrame
        Columns of the layer ``outfalls``; all but ``outfall_id`` may be missing.
    items : sequence of str
    measured : DataFrame, optional
        Loads from online monitoring: ``outfall_id, item, load_g_s``.

    Raises
    ------
    LayerError
        If the measured loads lack a column or hold a number below zero.

    Examples
    --------
    >>> outfalls = pd.DataFrame({
    ...     "outfall_id": ["P1", "P2"], "category": ["城镇污水处理厂", None],
    ...     "permitted_discharge_m3_d": [10_000.0, None],
    ...     "permitted_nh3n_mg_l": [5.0, None],
    ... })
    >>> loads = declared_loads(outfalls, ["NH3N"])
    >>> loads.basis[:, 0].tolist(), loads.load_g_s[:, 0].round(3).tolist()
    (['permit', 'count'], [0.347, 0.347])
    """
    keys = [effluent_class(text) for text in _texts(outfalls, "category")]
    first = [effluent_class(text) for text in _texts(outfalls, "category_1")]
    keys = [a if a != OTHER else b for a, b in zip(keys, first, strict=True)]
    stated = [
        bool(a or b)
        for a, b in zip(
            _texts(outfalls, "category"), _texts(outfalls, "category_1"), strict=True
        )
    ]
    rows = load_table("pollutants")["effluent"]
    usual = np.array([float(rows[key]["discharge_m3_d"]) for key in keys])
    permitted = _numbers(outfalls, "permitted_discharge_m3_d")
    actual = _numbers(outfalls, "discharge_m3_d")
    declared = np.where(actual > 0, actual, permitted)
    parts = [
        _one_item(outfalls, item, keys, np.array(stated, bool), declared, usual)
        for item in items
    ]
    load, sigma, profile = (
        np.stack([part[k] for part in parts], axis=1).astype(float) for k in range(3)
    )
    basis = np.stack([part[3] for part in parts], axis=1)
    if measured is not None:
        _take_measured(outfalls, items, measured, load, sigma, basis)
    _fill_counted(load, basis)
    return Loads(
        load,
        sigma,
        basis,
        profile,
        np.where(declared > 0, declared, np.where(stated, usual, np.nan)),
    )


def _one_item(
    outfalls: pd.DataFrame,
    item: str,
    keys: list[str],
    stated: NDArray[np.bool_],
    declared: Floats,
    usual: Floats,
) -> tuple[Floats, Floats, Floats, NDArray[np.object_]]:
    """Load, its error, concentration and basis of one item."""
    effluent, facts = (load_table("pollutants")[name] for name in ("effluent", "load"))
    own = _numbers(outfalls, f"permitted_{item_table()[item].column}")
    rows: list[dict[str, Any]] = [effluent[key] for key in keys]
    typical = np.array([row["typical_mg_l"].get(item, np.nan) for row in rows])
    limit = np.array([row["limit_mg_l"].get(item, np.nan) for row in rows])
    ways = (
        ("permit", own * declared, (own >= 0) & (declared >= 0)),
        ("capacity", limit * declared, (limit > 0) & (declared >= 0) & stated),
        ("capacity", typical * declared, (typical > 0) & (declared >= 0)),
        ("class", typical * usual, (typical > 0) & stated),
    )
    load = np.full(len(keys), np.nan)
    basis = np.full(len(keys), "count", dtype=object)
    for name, figure, there in ways:
        free = (basis == "count") & there
        load[free] = figure[free] * facts[name]["factor"] * GRAMS_PER_SECOND
        basis[free] = name
    sigma = np.array([float(facts[name]["sigma"]) for name in basis])
    return load, sigma, np.where(own > 0, own, typical), basis


def _fill_counted(load: Floats, basis: NDArray[np.object_]) -> None:
    """Give sources of which nothing is known the middle of the others."""
    for k in range(load.shape[1]):
        counted = basis[:, k] == "count"
        known = load[~counted, k]
        known = known[known > 0]
        middle = float(np.exp(np.log(known).mean())) if len(known) else 1.0
        load[counted, k] = middle


def _take_measured(
    outfalls: pd.DataFrame,
    items: Sequence[str],
    measured: pd.DataFrame,
    load: Floats,
    sigma: Floats,
    basis: NDArray[np.object_],
) -> None:
    missing = {"outfall_id", "item", "load_g_s"} - set(measured.columns)
    if missing:
        raise LayerError(
            f"实测负荷缺少列：{'、'.join(sorted(missing))}。",
            f"The measured loads lack the columns {', '.join(sorted(missing))}.",
        )
    values = pd.to_numeric(measured["load_g_s"], errors="coerce")
    if not (values >= 0).all():
        bad = measured.loc[~(values >= 0)].iloc[0]
        raise LayerError(
            f"实测负荷 {bad['load_g_s']!r}（{bad['outfall_id']}）应为不小于 0 的数。",
            f"The measured load {bad['load_g_s']!r} of {bad['outfall_id']} must be a "
            "number not below zero.",
        )
    row = {str(key): k for k, key in enumerate(outfalls["outfall_id"])}
    column = {item: k for k, item in enumerate(items)}
    means = values.groupby(
        [measured["outfall_id"].astype(str), measured["item"].astype(str)]
    ).mean()
    facts = load_table("pollutants")["load"]["measured"]
    for key, value in means.items():
        outfall, item = map(str, key) if isinstance(key, tuple) else (str(key), "")
        if outfall in row and item in column:
            at = row[outfall], column[item]
            load[at], sigma[at] = float(value), float(facts["sigma"])
            basis[at] = "measured"


def _numbers(table: pd.DataFrame, column: str) -> Floats:
    if column not in table.columns:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[column], errors="coerce").to_numpy(float)


def _texts(table: pd.DataFrame, column: str) -> list[str]:
    if column not in table.columns:
        return [""] * len(table)
    return ["" if pd.isna(cell) else str(cell) for cell in table[column]]

"""Looks of layers, as ``tables/styles.toml`` gives them.

Code asks here for a label, a group or a class; it carries no colour itself.
"""

import datetime as dt
import unicodedata
from collections.abc import Collection
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.schema import layer_kind, layer_kinds
from geotool.tables import load_table

OTHER_LAYER = "other"
"""Style of a layer whose name no table knows."""


def drawn_layers() -> list[str]:
    """
    List the layers that have a style of their own, lowest first.

    Examples
    --------
    >>> drawn_layers()[:2]
    ['admin', 'zones']
    """
    styles = load_table("styles")["layers"]
    names = [name for name in styles if name != OTHER_LAYER]
    return sorted(names, key=lambda name: styles[name]["order"])


def layer_style(name: str) -> dict[str, Any]:
    """
    Give the style of a layer; an unknown name gets the neutral one.

    Examples
    --------
    >>> layer_style("outfalls")["shape_by"], layer_style("厂区雨水口")["group"]
    ('outfall_class', 'other')
    """
    styles = load_table("styles")["layers"]
    return styles.get(name if name != OTHER_LAYER else "", styles[OTHER_LAYER])


def layer_label(name: str) -> str:
    """
    Call a layer as a person does; an unknown name stands for itself.

    Examples
    --------
    >>> layer_label("sections"), layer_label("trace_points"), layer_label("雨水口")
    ('监测断面', '溯源点位', '雨水口')
    """
    if name in layer_kinds():
        return layer_kind(name).zh
    return str(layer_style(name).get("zh", name))


def column_label(name: str, column: str) -> str:
    """
    Call a column as a person does; an unknown column keeps its own name.

    Parameters
    ----------
    name : str
        Layer.
    column : str
        Key of a column, or a header of the source.

    Examples
    --------
    >>> column_label("outfalls", "party"), column_label("outfalls", "distance_m")
    ('责任主体', '沿河距离（m）')
    >>> column_label("outfalls", "管径")
    '管径'
    """
    if name in layer_kinds() and column in layer_kind(name).columns:
        return layer_kind(name).columns[column].label
    return str(load_table("styles")["columns"].get(column, column))


def class_entries(key: str) -> list[dict[str, Any]]:
    """
    List the entries of a set of classes, in the order of the legend.

    Examples
    --------
    >>> [entry["zh"] for entry in class_entries("relation")][0]
    '确定'
    """
    return list(load_table("styles")["classes"][key]["entries"])


@cache
def _entry_of(key: str) -> dict[str, int]:
    """Folded spelling → position of the entry it stands for."""
    found: dict[str, int] = {}
    for position, entry in enumerate(class_entries(key)):
        for text in (entry["value"], entry["zh"], *entry.get("alias", ())):
            found.setdefault(_fold_value(text), position)
    return found


def _fold_value(value: object) -> str:
    """Reduce a value to what matters when two are compared.

    Less is dropped than from a header: ``I-II`` must not become ``III``.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column with gaps turns 1 into 1.0
    text = unicodedata.normalize("NFKC", str(value)).casefold()
    return "".join(text.replace("_", "").split())


def classify(table: pd.DataFrame, key: str) -> NDArray[np.int16]:
    """
    Put each row into a class.

    Parameters
    ----------
    table : DataFrame
        Columns by their keys.
    key : str
        A set of classes of ``styles.toml``, such as ``"outfall_class"``.

    Returns
    -------
    array of int16
        Position of the entry, -1 where no column has a known value.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"category_1": ["工业排污口", None], "category": ["雨洪", "城镇雨洪排口"]}
    ... )
    >>> classify(table, "outfall_class")
    array([0, 3], dtype=int16)
    """
    codes = np.full(len(table), -1, dtype=np.int16)
    for column in load_table("styles")["classes"][key]["columns"]:
        if column not in table:
            continue
        cells = table[column]
        plain = isinstance(cells.dtype, pd.StringDtype)  # takes half the time as it is
        positions, values = pd.factorize(cells if plain else cells.astype(object))
        entry = [_entry_of(key).get(_fold_value(value), -1) for value in values]
        found = np.array([*entry, -1], dtype=np.int16)  # position -1 is missing
        codes = np.where(codes < 0, found[positions], codes)
    return codes


def opens(name: str, layers: Collection[str]) -> bool:
    """Whether a layer is on when the map opens."""
    style = layer_style(name)
    return not style.get("hidden") and style.get("hidden_beside") not in layers


def map_date(date: str | dt.date | None) -> str:
    """
    Word the day of a map.

    Examples
    --------
    >>> map_date(dt.date(2026, 3, 1)), map_date("2026年第一季度")
    ('2026-03-01', '2026年第一季度')
    """
    return str(date if date is not None else dt.date.today())

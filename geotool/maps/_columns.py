"""One column of a layer, packed: numbers scaled to integers, words by a list or not."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.maps._blocks import Pack
from geotool.maps._prepare import MapLayer
from geotool.tables import load_table

MISSING = -(2**31)
"""Stands for no value among scaled integers."""

_DICTIONARY_LIMIT = 65_535
_DECIMALS = 7


def pack_column(
    layer: MapLayer, key: str, pack: Pack, *, whole: bool
) -> dict[str, Any]:
    """
    Pack one column of a layer.

    Parameters
    ----------
    layer : MapLayer
    key : str
    pack : Pack
    whole : bool
        List the words however many they are, for the reader to filter by.

    Returns
    -------
    dict
        What the page must know of it.
    """
    head: dict[str, Any] = {"key": key, "label": layer.labels[key]}
    cells = layer.table[key]
    if pd.api.types.is_numeric_dtype(cells.dtype):
        numbers = _as_numbers(cells)
        if numbers is not None:
            styles = load_table("styles")
            if key in styles["percent"]:
                head["percent"] = True
            if key in styles["decimals"]:
                head["round"] = styles["decimals"][key]
            return {**head, **pack_numbers(numbers, pack)}
    codes, words = layer.words(key)
    few = len(words) < max(16, len(codes) // 3)
    if (few or whole) and len(words) < _DICTIONARY_LIMIT:
        order = sorted(range(len(words)), key=words.__getitem__)
        place = np.zeros(len(words) + 1, dtype=np.int64)
        place[order] = np.arange(len(words)) + 1
        width = "<u1" if len(words) < 255 else "<u2"  # 0 stands for no value
        return {
            **head,
            "as": "codes",
            "width": int(width[-1]),
            "words": [words[position] for position in order],
            "data": pack.array(place[codes].astype(width)),
        }
    texts = np.array([*words, ""], dtype=object)[codes]
    joined = "\0".join(texts.tolist())
    return {**head, "as": "text", "data": pack.add(joined.encode("utf-8", "replace"))}


def _as_numbers(cells: pd.Series) -> NDArray[np.float64] | None:
    """Numbers as doubles, or None where a double cannot hold them."""
    numbers = cells.to_numpy(dtype="f8", na_value=np.nan)
    whole = pd.api.types.is_integer_dtype(cells.dtype)
    # an eighteen-digit code is an integer that a double would round
    return None if whole and (np.abs(numbers) > 2**53).any() else numbers


def pack_numbers(numbers: NDArray[np.float64], pack: Pack) -> dict[str, Any]:
    """Pack numbers as scaled integers where few decimals say them, else as doubles."""
    there = np.isfinite(numbers)
    for decimals in range(_DECIMALS):
        scaled = np.round(numbers[there] * 10**decimals)
        if (np.abs(scaled) >= -MISSING).any():
            break
        if np.allclose(scaled / 10**decimals, numbers[there], rtol=1e-12, atol=0):
            values = np.full(len(numbers), MISSING, dtype="<i4")
            values[there] = scaled
            data = pack.array(values)
            return {"as": "decimal", "decimals": decimals, "data": data}
    values = np.where(there, numbers, np.nan).astype("<f8")
    return {"as": "double", "data": pack.array(values)}

"""Which entries of two registers may be the same thing."""

from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool.crs import reproject, to_metric
from geotool.errors import LayerError
from geotool.layers._summary import column_of
from geotool.schema import fold_name, layer_kind


def match_registers(
    one: gpd.GeoDataFrame,
    other: gpd.GeoDataFrame,
    *,
    kind: str = "outfalls",
    max_distance_m: float = 100.0,
    min_score: float = 0.5,
) -> pd.DataFrame:
    """
    Propose which entries of two registers are the same thing; nothing is joined.

    Parameters
    ----------
    one, other : GeoDataFrame
        Registers of one kind.
    kind : str
    max_distance_m : float
        Farther pairs are proposed only when a code or the whole name agrees.
    min_score : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        ``one_id, other_id, one_name, other_name, distance_m, likeness, same_code,
        score, best, reason``; ``best``: neither has a better partner. The likeliest
        first.

    Examples
    --------
    >>> one = gpd.GeoDataFrame(
    ...     {"outfall_id": ["A1"], "name": ["东口"]},
    ...     geometry=gpd.points_from_xy([119.8], [32.2]), crs=4490)
    >>> other = one.assign(outfall_id="B7", name="东口排污口")
    >>> match_registers(one, other)[["one_id", "other_id", "best"]].values.tolist()
    [['A1', 'B7', True]]
    """
    what = layer_kind(kind)
    require(one, what.id_column)
    require(other, what.id_column)
    first = to_metric(one, "one")
    second = reproject(other, first.crs)
    pairs = _candidates(first, second, max_distance_m, what.id_column)
    lines = [
        _pair(first.iloc[a], second.iloc[b], what.id_column, max_distance_m)
        for a, b in sorted(pairs)
    ]
    columns = [
        "one_id", "other_id", "one_name", "other_name", "distance_m", "likeness",
        "same_code", "score", "best", "reason",
    ]  # fmt: skip
    table = pd.DataFrame(lines, columns=[name for name in columns if name != "best"])
    table = table[table["score"] >= min_score]
    table = table.sort_values(
        "score", ascending=False, kind="stable", ignore_index=True
    )
    top_one = table.groupby("one_id")["score"].transform("max")
    top_other = table.groupby("other_id")["score"].transform("max")
    table["best"] = (table["score"] == top_one) & (table["score"] == top_other)
    return table[columns]


def require(table: pd.DataFrame, *columns: str) -> None:
    for column in columns:
        if column not in table:
            have = "、".join(map(str, table.columns))
            raise LayerError(
                f"登记表缺少“{column}”列；现有：{have}。",
                f"The register lacks the column {column}; it has {have}.",
            )


def _candidates(
    one: gpd.GeoDataFrame, other: gpd.GeoDataFrame, distance_m: float, id_column: str
) -> set[tuple[int, int]]:
    """Pairs that are near, or of the same code, id or name."""
    right, left = one.sindex.query(
        other.geometry, predicate="dwithin", distance=distance_m
    )
    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    for keys in (("code", id_column), ("name",)):
        places: dict[str, list[int]] = {}
        for place, text in _texts(other, keys):
            places.setdefault(text, []).append(place)
        for place, text in _texts(one, keys):
            partners = places.get(text, [])
            if len(partners) <= 20:  # a name that half the register bears says nothing
                pairs.update((place, partner) for partner in partners)
    return pairs


def _texts(table: pd.DataFrame, keys: Iterable[str]) -> list[tuple[int, str]]:
    found = []
    for key in keys:
        for place, value in enumerate(column_of(table, key)):
            text = "" if value is None else fold_name(value)
            if len(text) >= 2:
                found.append((place, text))
    return found


def _likeness(one: Any, other: Any) -> float:
    a, b = fold_name(one or ""), fold_name(other or "")
    if not a or not b:
        return 0.0
    for word in ("入河排污口", "排污口", "排口"):
        a, b = a.replace(word, "") or a, b.replace(word, "") or b
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def _pair(
    one: pd.Series, other: pd.Series, id_column: str, max_m: float
) -> dict[str, Any]:
    distance = float(one.geometry.distance(other.geometry))
    names = value_of(one, "name"), value_of(other, "name")
    likeness = _likeness(*names)
    codes = [
        {fold_name(v) for v in (value_of(row, "code"), value_of(row, id_column)) if v}
        for row in (one, other)
    ]
    same = bool(codes[0] & codes[1])
    near = max(0.0, 1 - distance / max_m) if np.isfinite(distance) else 0.0
    score = max(0.8 * same, 0.0) + (1 - 0.8 * same) * (0.6 * likeness + 0.4 * near)
    said = [f"相距 {distance:.0f} 米", f"名称相似 {likeness:.0%}"]
    return {
        "one_id": value_of(one, id_column),
        "other_id": value_of(other, id_column),
        "one_name": names[0],
        "other_name": names[1],
        "distance_m": round(distance, 1),
        "likeness": round(likeness, 2),
        "same_code": same,
        "score": round(score, 3),
        "reason": "；".join(["编码相同", *said] if same else said),
    }


def value_of(row: pd.Series, key: str) -> Any:
    value = row.get(key)
    return None if value is None or pd.isna(value) else value

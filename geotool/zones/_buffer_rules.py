"""Width of a buffer strip by rank and width of the river, from rows of your own.

No width is a standard of Jiangsu (domain.md section 5): there are no default rows.
"""

from collections.abc import Mapping
from os import PathLike
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool.errors import TableError
from geotool.io import read_mapping
from geotool.schema import fold_name
from geotool.tables import load_table
from geotool.zones._plan import text_of
from geotool.zones._rule_parts import number_of

_KNOWN = {"rank", "width_from_m", "width_below_m", "distance_m", "note"}


def buffer_distances(
    rivers: gpd.GeoDataFrame, *, rule: str | PathLike[str] | Mapping[str, Any]
) -> pd.DataFrame:
    """
    Look up the buffer distance of each river by its rank and width.

    Parameters
    ----------
    rivers : GeoDataFrame
        ``rank`` and ``width_m`` are read where they are.
    rule : path or mapping
        ``rows``, each with ``distance_m`` and any of ``rank`` (a word or a list of
        words; other words for the same class count), ``width_from_m``,
        ``width_below_m``. The first row that fits a river holds for it.

    Returns
    -------
    DataFrame
        ``distance_m`` (NaN where no row fits) and ``reason``, one row a river.
        Hand ``distance_m`` on to :func:`buffer_zones`.

    Raises
    ------
    TableError
        If the rule has no rows, or a row is malformed.

    Examples
    --------
    >>> rivers = gpd.GeoDataFrame(
    ...     {"rank": ["县级", "镇级", "村级"], "width_m": [40.0, 12.0, 3.0]},
    ...     geometry=gpd.points_from_xy([0, 1, 2], [0, 0, 0]),
    ... )
    >>> rule = {"rows": [
    ...     {"rank": "县级", "distance_m": 50},
    ...     {"width_from_m": 10, "distance_m": 20},
    ... ]}
    >>> buffer_distances(rivers, rule=rule)["distance_m"].tolist()
    [50.0, 20.0, nan]
    """
    table = rule if isinstance(rule, Mapping) else read_mapping(rule)
    rows = table.get("rows")
    if not isinstance(rows, list) or not rows:
        raise TableError(
            "缓冲带规则缺少 rows（每行含 distance_m，可含 rank、width_from_m、width_below_m）。",
            "The buffer rule lacks rows, each with distance_m and any of rank, "
            "width_from_m, width_below_m.",
        )
    count = len(rivers)
    rank = _column(rivers, "rank").map(text_of).map(_class_of)
    width = pd.to_numeric(_column(rivers, "width_m"), errors="coerce").to_numpy(float)
    distance, reason = np.full(count, np.nan), np.full(count, "", dtype=object)
    for number, row in enumerate(rows, start=1):
        metres, fits, words = _row(row, number, rank, width)
        fits &= np.isnan(distance)
        distance[fits], reason[fits] = metres, words
    missing = np.isnan(distance)
    why = np.where(
        np.isnan(width), "没有适用的行（等级不符或河宽不明）", "没有适用的行"
    )
    reason[missing] = why[missing]
    return pd.DataFrame({"distance_m": distance, "reason": reason}, index=rivers.index)


def _row(
    row: Any, number: int, rank: pd.Series, width: np.ndarray
) -> tuple[float, np.ndarray, str]:
    if not isinstance(row, Mapping) or "distance_m" not in row or set(row) - _KNOWN:
        raise TableError(
            f"缓冲带规则第 {number} 行应含 distance_m，可含 "
            f"{'、'.join(sorted(_KNOWN))}，得到 {row!r}。",
            f"Row {number} of the buffer rule must have distance_m and may have "
            f"{', '.join(sorted(_KNOWN))}, got {row!r}.",
        )
    where = f"buffer.{number}"
    metres, _ = number_of(row["distance_m"], f"{where}.distance_m")
    fits, words = np.ones(len(width), dtype=bool), []
    if "rank" in row:
        asked = row["rank"] if isinstance(row["rank"], list) else [row["rank"]]
        fits &= rank.isin([_class_of(text_of(each)) for each in asked]).to_numpy()
        words.append(f"等级 {'、'.join(map(str, asked))}")
    with np.errstate(invalid="ignore"):
        if "width_from_m" in row:
            low, _ = number_of(row["width_from_m"], f"{where}.width_from_m")
            fits &= width >= low
            words.append(f"河宽 ≥ {low:g} m")
        if "width_below_m" in row:
            high, _ = number_of(row["width_below_m"], f"{where}.width_below_m")
            fits &= width < high
            words.append(f"河宽 < {high:g} m")
    return metres, fits, f"第 {number} 行：{'，'.join(words) or '其余'}，{metres:g} m"


def _class_of(word: str) -> str:
    """Give words for the same class of river the same key."""
    folded = fold_name(word)
    for row in load_table("river_classes")["classes"]:
        if folded and folded in {fold_name(each) for each in row["words"]}:
            return f"class {row['level']}"
    return folded


def _column(rivers: gpd.GeoDataFrame, name: str) -> pd.Series:
    if name in rivers.columns:
        return rivers[name]
    return pd.Series(None, index=rivers.index, dtype=object)

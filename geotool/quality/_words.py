"""Exceedances and main pollutants, in the words of the bulletins."""

import itertools
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.quality._classify import Ranks
from geotool.quality._limits import CLASSES, limit_table
from geotool.tables import load_table


def limit_at(key: str, rank: int, *, lake: bool, standard: str) -> float:
    """
    Give the limit of an item for a class; NaN for a range.

    Examples
    --------
    >>> limit_at("NH3N", 3, lake=False, standard="GB3838-2002")
    1.0
    """
    limits = limit_table(standard, "lake" if lake else "river")[key].classes
    return limits[rank - 1] if limits and 1 <= rank <= len(limits) else float("nan")


def exceedance_multiple(
    key: str, value: float, rank: int, *, lake: bool, standard: str
) -> float:
    """
    Compute the multiple of exceedance, (C − limit) / limit.

    Parameters
    ----------
    key : str
        Item.
    value : float
        In the unit of the item.
    rank : int
        Class whose limit is exceeded, 1 to 5.

    Returns
    -------
    float
        NaN for dissolved oxygen, pH and temperature, which have none.

    Examples
    --------
    >>> exceedance_multiple("NH3N", 1.31, 3, lake=False, standard="GB3838-2002")
    0.31
    """
    if key in load_table("assessment")["values"]["no_multiple"]:
        return float("nan")
    limit = limit_at(key, rank, lake=lake, standard=standard)
    return (value - limit) / limit


def exceedance_phrase(key: str, multiple: float) -> str:
    """
    Write an item and its multiple of exceedance as a bulletin does.

    A multiple below 0.005 keeps one figure, so that it does not read as none.

    Examples
    --------
    >>> exceedance_phrase("NH3N", 0.31), exceedance_phrase("DO", float("nan"))
    ('氨氮(0.31)', '溶解氧')
    >>> exceedance_phrase("TP", 0.0021)
    '总磷(0.002)'
    """
    name = item_table()[key].zh
    if np.isnan(multiple):
        return name
    return f"{name}({multiple:.2f})" if multiple >= 0.005 else f"{name}({multiple:.1g})"


@dataclass(frozen=True)
class _Exceeding:
    """Items worse than a goal: of each row the worst class first, then the multiple."""

    row: NDArray[np.intp]
    key: list[str]
    multiple: NDArray[np.float64]


def _exceeding(
    means: pd.DataFrame,
    ranks: Ranks,
    goal: NDArray[np.int_],
    lake: NDArray[np.bool_],
    standard: str,
) -> _Exceeding:
    keys = [str(key) for key in ranks.items]
    grid = ranks.items.to_numpy(np.int8).reshape(len(means), len(keys))
    wanted = (goal > 0) & (ranks.overall > goal)
    row, column = np.nonzero((grid > goal[:, None]) & wanted[:, None])
    limits = np.array(
        [
            [
                [_limit(key, rank, lake=water, standard=standard) for rank in range(6)]
                for key in keys
            ]
            for water in (False, True)
        ]
    ).reshape(2, len(keys), 6)
    value = means[keys].to_numpy(float)[row, column]
    limit = limits[lake[row].astype(int), column, goal[row]]
    multiple = (value - limit) / limit
    size = np.where(np.isnan(multiple), -np.inf, multiple)
    order = np.lexsort((column, -size, -grid[row, column].astype(int), row))
    return _Exceeding(
        row[order], [keys[place] for place in column[order]], multiple[order]
    )


def _limit(key: str, rank: int, *, lake: bool, standard: str) -> float:
    """Give the limit a multiple is of; NaN where none is computed."""
    if key in load_table("assessment")["values"]["no_multiple"] or rank == 0:
        return float("nan")
    if key not in limit_table(standard, "lake" if lake else "river"):
        return float("nan")
    return limit_at(key, rank, lake=lake, standard=standard)


def _joined(rows: int, row: NDArray[np.intp], phrases: list[str]) -> list[str]:
    """Join the phrases of each row; rows come in order."""
    texts = [""] * rows
    bounds = np.flatnonzero(np.diff(row, prepend=-1, append=-1)).tolist()
    for first, after in itertools.pairwise(bounds):
        texts[row[first]] = "、".join(phrases[first:after])
    return texts


def exceedance_text(
    means: pd.DataFrame,
    ranks: Ranks,
    target: NDArray[np.int_],
    lake: NDArray[np.bool_],
    standard: str,
) -> list[str]:
    """
    Name what is worse than the target, row by row; empty without a target.

    Parameters
    ----------
    means : DataFrame
        Items by key.
    ranks : Ranks
    target : array of int
        Rank of the target class, 0 where there is none.
    lake : array of bool
    standard : str
    """
    found = _exceeding(means, ranks, target, lake, standard)
    pairs = zip(found.key, found.multiple.tolist(), strict=True)
    return _joined(len(means), found.row, [exceedance_phrase(*pair) for pair in pairs])


def main_pollutant_text(
    means: pd.DataFrame, ranks: Ranks, lake: NDArray[np.bool_], standard: str
) -> list[str]:
    """Name the main pollutants of waters worse than class III, row by row."""
    rule = load_table("assessment")["main_pollutants"]
    goal = CLASSES.index(rule["worse_than"]) + 1
    found = _exceeding(means, ranks, np.full(len(means), goal), lake, standard)
    first = np.flatnonzero(np.diff(found.row, prepend=-1))
    place = np.arange(len(found.row))
    start = np.maximum.accumulate(np.where(np.isin(place, first), place, 0))
    kept = [
        n
        for n, key in enumerate(found.key)
        if n - start[n] < rule["count"] or key in rule["always"]
    ]
    phrases = [exceedance_phrase(found.key[n], float(found.multiple[n])) for n in kept]
    return _joined(len(means), found.row[kept], phrases)

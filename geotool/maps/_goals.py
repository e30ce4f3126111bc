"""What the readings on a map are held against: limits of a class, or a permit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.errors import TableError
from geotool.maps._prepare import MapLayer
from geotool.maps._style import class_entries, column_label
from geotool.quality import CLASSES
from geotool.quality._limits import Limits, limit_table

SECTIONS, OUTFALLS = "sections", "outfalls"

NO_LIMIT = -2.0
"""Excess of what has no limit: below that of whatever is within its own."""

_PERMIT = "许可浓度"
_WORST_SHARE = 10.0  # of a value of nothing below a lower limit

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Ends:
    """
    Limits of some series, NaN where there is none, and what to call them.

    Attributes
    ----------
    low, high : array of float
        In the unit of the item.
    words : list of str
    """

    low: Floats
    high: Floats
    words: list[str]


class Goal:
    """What the readings of one layer are held against."""

    def __init__(
        self,
        layer: MapLayer,
        sections: pd.DataFrame,
        rows: NDArray[np.int64],
        standard: str,
    ) -> None:
        self.layer = layer
        self.is_section = layer.name == SECTIONS
        if self.is_section:
            self.rank = np.zeros(len(layer.table), dtype=np.int64)
            self.rank[rows] = [
                CLASSES.index(one) + 1 if one in CLASSES[:5] else 0
                for one in sections["target_class"]
            ]
            self.lake = np.zeros(len(layer.table), dtype=bool)
            self.lake[rows] = (sections["water_type"] == "lake").to_numpy()
            self.limits = [_limits(standard, water) for water in ("river", "lake")]

    def ends(self, key: str, rows: NDArray[np.int64]) -> Ends:
        """Limits of an item at some rows."""
        return self._of_class(key, rows) if self.is_section else self._permit(key, rows)

    def _of_class(self, key: str, rows: NDArray[np.int64]) -> Ends:
        low, high = np.full(len(rows), np.nan), np.full(len(rows), np.nan)
        words = [""] * len(rows)
        names = [entry["zh"] for entry in class_entries("water_class")]
        for at, row in enumerate(rows.tolist()):
            rank, lake = int(self.rank[row]), bool(self.lake[row])
            limits = self.limits[lake].get(key)
            if not rank or limits is None:
                continue
            if limits.kind == "range":
                low[at], high[at] = limits.low, limits.high
            else:
                end = low if limits.kind == "lower" else high
                end[at] = limits.classes[rank - 1]
            words[at] = f"{names[rank - 1]}限值{'（湖库）' if lake else ''}"
        return Ends(low, high, words)

    def _permit(self, key: str, rows: NDArray[np.int64]) -> Ends:
        """Permitted concentrations, where the column surely is in the item's unit."""
        none = np.full(len(rows), np.nan)
        column = f"permitted_{item_table()[key].column}"
        table, labels = self.layer.table, self.layer.labels
        if labels.get(column) != column_label(OUTFALLS, column):
            return Ends(none, none, [""] * len(rows))
        cells = pd.to_numeric(table[column], errors="coerce").to_numpy(float)[rows]
        high = np.where(cells > 0, cells, np.nan)
        return Ends(none, high, [_PERMIT if one > 0 else "" for one in high])


def _limits(standard: str, water_type: str) -> dict[str, Limits]:
    try:
        return limit_table(standard, water_type)
    except TableError:  # a table of the user's that this session was not given
        return {}


def excess(values: Floats, low: Floats, high: Floats) -> Floats:
    """
    How far values are beyond their limits, as a share of these.

    Within them it is 0 at the limit and -1 far from it; inside a range it is -1, and
    without a limit -2.

    Examples
    --------
    >>> nothing = np.full(3, np.nan)
    >>> excess(np.array([1.5, 1.0, 0.5]), nothing, np.ones(3)).tolist()
    [0.5, 0.0, -0.5]
    >>> excess(np.array([2.5, 5.0, 0.0]), np.full(3, 5.0), nothing).tolist()
    [1.0, 0.0, 10.0]
    >>> excess(np.array([9.9, 7.0]), np.full(2, 6.0), np.full(2, 9.0)).round(3).tolist()
    [0.1, -1.0]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        over = values / high - 1
        under = np.minimum(low / values - 1, _WORST_SHARE)
        beyond = np.maximum(over, 1 - values / low)
    ranged = np.isfinite(low) & np.isfinite(high)
    found = np.where(np.isfinite(high), over, np.where(np.isfinite(low), under, np.nan))
    found = np.where(ranged, np.where(beyond > 0, beyond, -1.0), found)
    return np.where(np.isnan(found), NO_LIMIT, found)

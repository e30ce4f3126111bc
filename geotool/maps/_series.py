"""Readings as they travel inside the map, for the small chart of a popup.

The page's ``onemap_series.js`` reads what is written here: of each layer and item the
rows that have readings, and their times, values and limits one after the other.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool.errors import MapError
from geotool.maps._blocks import Pack
from geotool.maps._columns import pack_numbers
from geotool.maps._goals import NO_LIMIT, OUTFALLS, SECTIONS, Goal, excess
from geotool.maps._prepare import MapLayer
from geotool.quality._inputs import Coded, prepare

STANDARD = "GB3838-2002"

MOST_BYTES = 20_000_000
"""Of all readings together; a map beyond it is no file to send around."""

Floats = NDArray[np.float64]


class ItemSeries:
    """
    The readings of one item at some rows, by row and time.

    Attributes
    ----------
    key : str
    part : Coded
    rows : array of int
        Rows that have readings, ascending.
    first, counts : array of int
        Where the readings of each row begin, and how many there are.
    ends : Ends
        Limits of each row.
    beyond : array of float
        Of each reading, see :func:`excess`.
    """

    def __init__(
        self, key: str, part: Coded, row: NDArray[np.int64], goal: Goal
    ) -> None:
        self.key, self.part = key, part
        self.rows, self.first, self.counts = np.unique(
            row, return_index=True, return_counts=True
        )
        self.ends = goal.ends(key, self.rows)
        each = np.repeat(np.arange(len(self.rows)), self.counts)
        self.beyond = excess(part.value, self.ends.low[each], self.ends.high[each])

    @property
    def scores(self) -> Floats:
        """How badly each row fails: what is beyond its limit, over all readings."""
        fails = np.add.reduceat(np.maximum(self.beyond, 0), self.first) / self.counts
        close = np.maximum.reduceat(self.beyond, self.first)
        return np.where(fails > 0, fails, close)


class Readings:
    """
    Readings sorted by the sections and outfalls of a map.

    A reading belongs to the section it names, else to the outfall of that id or name.

    Parameters
    ----------
    layers : mapping of name to MapLayer
    readings : DataFrame
        As :func:`geotool.read_readings` gives them, or as they came from a file.
    standard : str
        Whose limits are drawn at sections; at outfalls it is the permitted value.

    Raises
    ------
    MapError
        If no layer can have readings.
    LayerError
        If the readings lack a column.
    """

    def __init__(
        self,
        layers: Mapping[str, MapLayer],
        readings: pd.DataFrame,
        *,
        standard: str = STANDARD,
    ) -> None:
        self.names = [name for name in (SECTIONS, OUTFALLS) if name in layers]
        if not self.names:
            raise MapError(
                "给了 readings 却没有断面或排污口图层，没有可以画读数的点。",
                "readings needs the layer sections or outfalls to be drawn at.",
            )
        register = _register(layers)
        inputs = prepare(readings, register)
        self.coded, self.unused = inputs.coded, len(inputs.problems)
        ids, rows = inputs.sections.index.tolist(), register.index.to_numpy()
        row_of = dict(zip(ids, rows.tolist(), strict=True))
        place = _places(layers, self.coded, row_of)
        self._layer = place["layer"].to_numpy()[self.coded.section]
        self._row = place["row"].to_numpy()[self.coded.section]
        self._goals = {
            name: Goal(layers[name], inputs.sections, rows, standard)
            for name in self.names
        }

    def series(self, name: str) -> list[ItemSeries]:
        """List the series of a layer item by item, in the order of the table."""
        if name not in self.names:
            return []
        mine = np.flatnonzero(self._layer == self.names.index(name))
        part, row, found = self.coded.taken(mine), self._row[mine], []
        for key in (key for key in item_table() if key in part.items):
            rows = np.flatnonzero(part.item == part.items.index(key))
            rows = rows[np.lexsort((part.time[rows], row[rows]))]
            if len(rows):
                goal = self._goals[name]
                found.append(ItemSeries(key, part.taken(rows), row[rows], goal))
        return found

    def pack(self) -> str:
        """
        Pack all series, as base64; empty where there is nothing to tell.

        Raises
        ------
        MapError
            If they are too many to travel.
        """
        pack, words = Pack(), [""]
        layers = {
            name: [_pack_item(one, words, pack) for one in self.series(name)]
            for name in self.names
        }
        elsewhere = int((self._layer < 0).sum())
        if pack.length > MOST_BYTES:
            raise MapError(
                f"监测读数打包后超过 {MOST_BYTES // 1_000_000} MB，地图太大；请先按时段或"
                "项目筛选 readings。",
                f"The readings come to more than {MOST_BYTES // 1_000_000} MB; take "
                "fewer months or items.",
            )
        header = {
            "layers": layers,
            "unused": self.unused,
            "elsewhere": elsewhere,
            "words": words,
        }
        return pack.close(header) if pack.blocks or self.unused or elsewhere else ""

    def quality(self, count: int) -> pd.Series:
        """
        Tell of each outfall whether its latest readings keep to its permit.

        Returns
        -------
        Series of str
            ``over`` where the latest of any item does not, ``within`` where all do;
            None where no item has both a reading and a permit.
        """
        found = np.full(count, None, dtype=object)
        for one in self.series(OUTFALLS):
            last = np.append(one.first[1:], len(one.beyond)) - 1
            beyond = one.beyond[last]
            for row, away in zip(one.rows.tolist(), beyond.tolist(), strict=True):
                if away > NO_LIMIT and found[row] != "over":
                    found[row] = "over" if away > 0 else "within"
        return pd.Series(found, dtype=object)


# ---------------------------------------------------------------- whose they are
def _register(layers: Mapping[str, MapLayer]) -> pd.DataFrame:
    """Sections of the map, for the readings to be sorted by.

    Of two with the same id nobody can tell whose the readings are: neither is listed.
    """
    if SECTIONS not in layers:
        return pd.DataFrame({"section_id": [], "name": []}, dtype=object)
    table = layers[SECTIONS].table
    ids = pd.Series("", index=table.index, dtype=object)
    for key in ("section_id", "name"):  # as an assessment calls them
        if key in table:
            texts = table[key].fillna("").astype(str).str.split().str.join(" ")
            ids = ids.where(ids != "", texts)
    return table[(ids != "") & ~ids.duplicated(keep=False)]


def _places(
    layers: Mapping[str, MapLayer], coded: Coded, row_of: dict[str, int]
) -> pd.DataFrame:
    """Layer (position among those known) and row of each name in the readings."""
    known = [(SECTIONS, row_of)] if SECTIONS in layers else []
    if OUTFALLS in layers:
        others = set(coded.sections) - set(row_of)
        known.append((OUTFALLS, _outfall_rows(layers[OUTFALLS].table, others)))
    found = []
    for text in coded.sections:
        hits = [(at, rows[text]) for at, (_, rows) in enumerate(known) if text in rows]
        found.append(hits[0] if hits else (-1, -1))
    return pd.DataFrame(found, columns=["layer", "row"], dtype=np.int64)


def _outfall_rows(table: pd.DataFrame, wanted: set[str]) -> dict[str, int]:
    """Rows of wanted ids, and of names that only one outfall has."""
    rows: dict[str, int] = {}
    for key in ("name", "outfall_id"):  # an id counts before a name
        if key not in table or not wanted:
            continue
        texts = table[key].dropna().astype(str).str.split().str.join(" ")
        texts = texts[texts.isin(wanted)]
        once = texts[~texts.duplicated(keep=False)]
        rows |= dict(zip(once.tolist(), once.index.tolist(), strict=True))
    return rows


# ---------------------------------------------------------------- packing
def _pack_item(one: ItemSeries, words: list[str], pack: Pack) -> dict[str, Any]:
    item, part, ends = item_table()[one.key], one.part, one.ends
    minutes = part.time.astype("datetime64[m]").astype(np.int64)
    seen = None if part.detected.all() else pack.array(part.detected.astype("<u1"))
    return {
        "item": one.key,
        "name": item.zh,
        "unit": item.unit,
        "rows": pack.steps(one.rows),
        "counts": pack.steps(one.counts.astype(np.int64)),
        "low": pack.array(ends.low.astype("<f8")),
        "high": pack.array(ends.high.astype("<f8")),
        "words": pack.array(_coded(ends.words, words).astype("<u1")),
        "score": pack.array(one.scores.astype("<f8")),
        "time": pack.steps(minutes),
        "value": pack_numbers(part.value, pack),
        "detected": seen,
    }


def _coded(texts: list[str], words: list[str]) -> NDArray[np.int64]:
    """Position of each text among the words, which new ones join."""
    words += sorted(set(texts) - set(words))
    return np.array([words.index(text) for text in texts], dtype=np.int64)

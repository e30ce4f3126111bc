"""What lies above each section, as a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.errors import NetworkError
from geotool.network import RiverNetwork, Scenario
from geotool.trace._bits import Words, as_words, bits_of, has_bit
from geotool.trace._catchment_sheets import catchment_sheets, shown_table
from geotool.trace._graph import LEVELS
from geotool.trace._membership import Triple
from geotool.trace._show import context_layers, draw_map, html_result
from geotool.trace._walks import cut_lines

if TYPE_CHECKING:
    import folium

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SOURCE_COLUMNS = (
    "section_id",
    "layer",
    "id",
    "name",
    "kind",
    "relation",
    "is_own",
    "reach_id",
    "measure_m",
    "located",
)


@dataclass(frozen=True)
class Parts:
    """Pieces of reaches, and the distinct sets of sections that their water comes to."""

    reach: Ints
    low: Floats
    high: Floats
    group: Ints
    sets: list[Triple]
    words: tuple[Words, Words, Words]


@dataclass(frozen=True, eq=False)
class SectionCatchments:
    """
    What lies above each of many sections.

    Attributes
    ----------
    table : DataFrame, one row a section
        ``section_id, name, reach_id, measure_m``; ``length_certain_km,
        length_scenario_km, length_possible_km`` (each reach in its firmest class) and
        their sum ``length_km``; ``own_length_km``: the water that comes here, as
        things stand, and to no section further up; ``next_upstream``: the sections
        next up the water, ``in_loop_with``: those that lie up *and* down the water;
        ``outfalls`` and so on: points of each layer above it, ``own_outfalls`` those
        of the part of its own. With areas ``area_km2`` and ``area_share`` (of all
        areas given).
    points : DataFrame, one row a point
        ``layer, id, name, kind, reach_id, measure_m, located``.
    excluded : DataFrame
        Sections and points that lie on no reach, with reasons.
    network_hash, scenario, scenario_hash : str

    Notes
    -----
    The own parts of sections that follow each other do not overlap and add up to the
    whole. Water that divides toward two sections, neither above the other, belongs to
    the own part of both; :meth:`partition` counts every piece once.
    """

    table: pd.DataFrame
    points: pd.DataFrame
    excluded: pd.DataFrame
    network_hash: str
    scenario: str
    scenario_hash: str
    _network: RiverNetwork
    _parts: Parts
    _point_sets: list[Triple]
    _above: list[int]
    """Of each section, those strictly up the water."""

    # ------------------------------------------------------------ asking
    def above(self, section_id: str) -> pd.DataFrame:
        """
        List who lies above a section, the firmest first.

        Returns
        -------
        DataFrame
            :data:`SOURCE_COLUMNS`; ``is_own`` where no section further up is met.
        """
        bit = self._bit(section_id)
        words = self._point_words
        is_in = [has_bit(one, bit) for one in words]
        level = np.select(is_in, [0, 1, 2], len(LEVELS))
        blocked = (words[1] & self._above_words(bit)).any(axis=1)
        is_itself = (self.points["layer"] == "sections").to_numpy() & (
            self.points["id"] == section_id
        ).to_numpy()
        rows = np.flatnonzero((level < len(LEVELS)) & ~is_itself)
        found = self.points.iloc[rows].assign(
            section_id=section_id,
            relation=np.array(LEVELS, dtype=object)[level[rows]],
            is_own=(is_in[1] & ~blocked)[rows],
        )
        layer = found["layer"].to_numpy(dtype=str)
        order = np.lexsort((rows, level[rows], layer))
        return found.iloc[order][list(SOURCE_COLUMNS)].reset_index(drop=True)

    @cached_property
    def _point_words(self) -> tuple[Words, Words, Words]:
        return three_words(self._point_sets, len(self.table))

    def sources(self) -> pd.DataFrame:
        """List who lies above each section, all sections after one another."""
        tables = [self.above(key) for key in self.table["section_id"]]
        tables = [table for table in tables if len(table)]
        if not tables:
            return pd.DataFrame(columns=list(SOURCE_COLUMNS))
        return pd.concat(tables, ignore_index=True)

    def by_kind(self) -> pd.DataFrame:
        """
        Count the points above each section by layer and kind.

        Returns
        -------
        DataFrame
            ``section_id, layer, kind, certain, scenario, possible, total, own``.
        """
        found = self.sources()
        columns = ["section_id", "layer", "kind"]
        if found.empty:
            return pd.DataFrame(columns=[*columns, *LEVELS, "total", "own"])
        for level in LEVELS:
            found[level] = (found["relation"] == level).astype(int)
        found["total"], found["own"] = 1, found["is_own"].astype(int)
        counted = found.groupby(columns, sort=False)[[*LEVELS, "total", "own"]].sum()
        return counted.reset_index()

    def reaches(self, section_id: str) -> gpd.GeoDataFrame:
        """
        Give the water above a section.

        Returns
        -------
        GeoDataFrame
            ``reach_id, river_id, name, relation, is_own, length_m, from_measure_m,
            to_measure_m, geometry``.
        """
        bit, parts = self._bit(section_id), self._parts
        is_in = [has_bit(words, bit) for words in parts.words]
        level = np.select(is_in, [0, 1, 2], -1)[parts.group]
        blocked = (parts.words[1] & self._above_words(bit)).any(axis=1)
        is_own = (is_in[1] & ~blocked)[parts.group]
        rows = np.flatnonzero(level >= 0)
        source = self._network.reaches.iloc[parts.reach[rows]]
        low, high = parts.low[rows], parts.high[rows]
        lines = cut_lines(self._network, parts.reach[rows], low, high)
        ids = {
            key: source[key].to_numpy(dtype=object)
            for key in ("reach_id", "river_id", "name")
        }
        return gpd.GeoDataFrame(
            {
                **ids,
                "relation": np.array(LEVELS, dtype=object)[level[rows]],
                "is_own": is_own[rows],
                "length_m": high - low,
                "from_measure_m": low,
                "to_measure_m": high,
            },
            geometry=lines,
            crs=self._network.crs,
        )

    def partition(self) -> pd.DataFrame:
        """
        Count every piece of water once, by the sections it comes to as things stand.

        Returns
        -------
        DataFrame
            ``sections`` (list), ``length_km, points``; the row without sections is
            what comes to none.
        """
        parts, ids = self._parts, self.table["section_id"].to_list()
        length = np.bincount(
            parts.group, weights=parts.high - parts.low, minlength=len(parts.sets)
        )
        found: dict[int, list[float]] = {}
        for triple, metres in zip(parts.sets, length.tolist(), strict=True):
            found.setdefault(triple[1], [0.0, 0])[0] += metres
        for triple in self._point_sets:
            found.setdefault(triple[1], [0.0, 0])[1] += 1
        rows = [
            {
                "sections": [ids[bit] for bit in bits_of(one)],
                "length_km": metres / 1000,
                "points": int(count),
            }
            for one, (metres, count) in found.items()
        ]
        table = pd.DataFrame(rows, columns=["sections", "length_km", "points"])
        return table.sort_values(
            "length_km", ascending=False, kind="stable", ignore_index=True
        )

    def _bit(self, section_id: str) -> int:
        ids = self.table["section_id"].to_list()
        if section_id not in ids:
            gone = self.excluded[
                (self.excluded["layer"] == "sections")
                & (self.excluded["id"] == section_id)
            ]
            if len(gone):
                raise NetworkError(
                    f"断面 {section_id} 不在河网上：{gone['reason'].iloc[0]}。",
                    f"Section {section_id} lies on no reach: "
                    f"{gone['reason_en'].iloc[0]}.",
                )
            raise NetworkError(
                f"没有断面 {section_id!r}；请核对编号。",
                f"There is no section {section_id!r}; check the id.",
            )
        return ids.index(section_id)

    def _above_words(self, bit: int) -> Words:
        return as_words([self._above[bit]], len(self.table))[0]

    # ------------------------------------------------------------ what it rests on
    def is_stale(
        self, network: RiverNetwork, *, scenario: Scenario | str | None = "same"
    ) -> bool:
        """Tell whether the network, or the scenario if given, has changed since."""
        if self.network_hash != network.hash:
            return True
        if isinstance(scenario, str):
            return False
        return self.scenario_hash != (scenario.hash if scenario else "")

    # ------------------------------------------------------------ showing itself
    def tables(self) -> dict[str, pd.DataFrame]:
        """Give the tables of a workbook, under Chinese names and headers."""
        return catchment_sheets(self)

    def to_map(
        self,
        section_id: str,
        layers: Mapping[str, gpd.GeoDataFrame] | None = None,
        **choices: Any,
    ) -> "folium.Map":
        """
        Draw the water above a section on one map.

        Parameters
        ----------
        section_id : str
        layers : mapping of name to GeoDataFrame, optional
            What else to show.
        **choices
            As :func:`geotool.one_map`.
        """
        shown = context_layers(
            self._network, {"trace_reaches": self.reaches(section_id)}, layers
        )
        return draw_map(shown, **{"title": f"{section_id} 上游汇水范围", **choices})

    def __repr__(self) -> str:
        return (
            f"<SectionCatchments: {len(self.table)} sections, {len(self.points)} points "
            f"placed, {len(self.excluded)} not, scenario {self.scenario}, "
            f"network {self.network_hash}>"
        )

    def _repr_html_(self) -> str:
        notes = [f"情景：{self.scenario}；河网 {self.network_hash}"]
        if len(self.excluded):
            notes.append(f"{len(self.excluded)} 个断面或点未能上河，见 .excluded")
        title = f"断面汇水：{len(self.table)} 个断面"
        return html_result(title, shown_table(self.table), notes=notes)


def three_words(sets: list[Triple], count: int) -> tuple[Words, Words, Words]:
    """Lay the sets of each class out as words."""
    first, second, third = (
        as_words([one[level] for one in sets], count) for level in range(3)
    )
    return first, second, third

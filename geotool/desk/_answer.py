"""What the desk answers to a click: a trace, as a map and a list can show it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.crs import GEOGRAPHIC_CRS, to_degrees
from geotool.desk._lines import Lines, pack_lines
from geotool.errors import LocateError, NetworkError
from geotool.network import RiverNetwork, Scenario
from geotool.schema import layer_kind
from geotool.tables import class_words
from geotool.trace import LEVELS, RELATION_ZH, Trace, trace_downstream, trace_upstream

SHOWN = 60
"""Rows of a list; the whole table is in ``desk.trace.points``."""

DIRECTIONS = ("upstream", "downstream")


@dataclass(frozen=True, eq=False)
class Answer:
    """
    What the page shows after a click.

    Attributes
    ----------
    title : str
    rows : list of dict
        ``layer, id, name, relation, distance, time, probability, lon, lat``, texts as
        they are shown.
    stops : list of str
    notes : list of str
    lines : Lines
        The water found; ``classes`` says which line is certain, scenario, possible.
    error : str
        Why there is no answer; empty where there is one.
    """

    title: str = ""
    rows: list[dict[str, Any]] = field(default_factory=list)
    stops: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    lines: Lines | None = None
    error: str = ""

    def words(self) -> dict[str, Any]:
        """Give all but the lines, as plain data."""
        return {
            "title": self.title,
            "rows": self.rows,
            "stops": self.stops,
            "notes": self.notes,
            "error": self.error,
        }


class TraceDesk:
    """
    A network, its points and its gates, and the last question asked of them.

    Parameters
    ----------
    network : RiverNetwork
    points : mapping of layer name to GeoDataFrame
        ``outfalls``, ``sections``, ``water_sources`` …: to be met, and to start from.
    readings : DataFrame, optional
        With them the sources above a section can be ranked.
    item : str, optional
        What failed.
    max_offset_m : float
        Farthest from a reach that a click still means it.

    Attributes
    ----------
    trace : Trace or None
        The last one.
    ranking : Ranking or None
        The last one; None after any other question.
    scenario : Scenario
        Gates as they were set on the map.

    Examples
    --------
    >>> from geotool.network import build_network
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "direction": ["digitized"]},
    ...     geometry=[shapely.LineString([(500000, 3e6), (504000, 3e6)])], crs=4549,
    ... )
    >>> sections = gpd.GeoDataFrame(
    ...     {"section_id": ["S1"]}, geometry=[shapely.Point(503000, 3e6)], crs=4549
    ... )
    >>> desk = TraceDesk(build_network(rivers), {"sections": sections})
    >>> desk.from_point("sections", "S1").title
    'S1 上游：3.0 km 河道，排污口 0 个'
    >>> desk.turn("downstream").title
    'S1 下游：1.0 km 河道，排污口 0 个'
    """

    def __init__(
        self,
        network: RiverNetwork,
        points: Mapping[str, gpd.GeoDataFrame] | None = None,
        *,
        readings: pd.DataFrame | None = None,
        item: str | None = None,
        max_offset_m: float = 200.0,
    ) -> None:
        self.network, self.points = network, dict(points or {})
        self.readings, self.item = readings, item
        self.max_offset_m = max_offset_m
        self.direction = DIRECTIONS[0]
        self.scenario = Scenario(name="现状")
        self.trace: Trace | None = None
        self.ranking: Any = None
        self._start: tuple[str, Any] | None = None
        self._section = ""

    # ------------------------------------------------------------ questions
    def from_point(self, layer: str, subject_id: str) -> Answer:
        """
        Trace from a point of a layer.

        Raises
        ------
        LocateError
            If the layer has no such point.
        """
        if layer not in self.points:
            raise LocateError(
                f"没有图层 {layer!r}；有：{'、'.join(self.points)}。",
                f"No layer {layer!r}; there are {', '.join(self.points)}.",
            )
        table = self.points[layer]
        row = table[table[layer_kind(layer).id_column].astype(str) == subject_id]
        if len(row) != 1:
            raise LocateError(
                f"图层 {layer} 里编号 {subject_id!r} 的点有 {len(row)} 个，需要 1 个。",
                f"{len(row)} points of {layer} have the id {subject_id!r}; one is needed.",
            )
        self._start = subject_id, row
        self._section = subject_id if layer == "sections" else ""
        return self._answer()

    def from_place(self, lon: float, lat: float) -> Answer:
        """Trace from a place, in degrees as the map shows them."""
        place = gpd.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs=GEOGRAPHIC_CRS)
        self._start, self._section = (f"{lon:.5f}, {lat:.5f}", place), ""
        return self._answer()

    def turn(self, direction: str) -> Answer:
        """Look the other way from the same start."""
        if direction not in DIRECTIONS:
            raise NetworkError(
                f"方向应是 {'、'.join(DIRECTIONS)}，得到 {direction!r}。",
                f"A direction is one of {', '.join(DIRECTIONS)}, got {direction!r}.",
            )
        self.direction = direction
        return self._answer()

    def set_gate(self, structure_id: str, state: str) -> Answer:
        """
        Open or close a gate, and ask the last question again.

        Raises
        ------
        NetworkError
            If there is no such gate or state.
        """
        if structure_id not in self.network.structures["structure_id"].tolist():
            raise NetworkError(
                f"河网里没有闸站 {structure_id!r}。",
                f"The network has no structure {structure_id!r}.",
            )
        states = {**self.scenario.structures, structure_id: state}
        words = class_words("structure_state")
        said = "、".join(
            f"{key}{words.get(value, value)}" for key, value in states.items()
        )
        self.scenario = Scenario(name=f"地图上设定：{said}", structures=states)
        return self._answer()

    def rank(self) -> Answer:
        """
        Rank the sources above the section asked for last.

        Raises
        ------
        LocateError
            If the last question was not of a section, or there are no readings, no
            item or no outfalls.
        """
        from geotool.attribution import rank_sources

        if not self._section or self.readings is None or self.item is None:
            raise LocateError(
                "要排序请先点一个断面，并给出监测数据和项目（readings=、item=）。",
                "To rank, click a section first, and give readings and item.",
            )
        if "outfalls" not in self.points:
            raise LocateError(
                "没有排污口，无从排序。", "There are no outfalls to rank."
            )
        self.ranking = rank_sources(
            self.network,
            self._section,
            self.readings,
            self.points["outfalls"],
            item=self.item,
            sections=self.points["sections"],
            scenario=self.scenario if self.scenario.structures else None,
            max_offset_m=self.max_offset_m,
        )
        self.trace, self.direction = self.ranking.trace, DIRECTIONS[0]
        return self._ranked()

    # ------------------------------------------------------------ what the map holds
    def base_lines(self) -> Lines:
        """Give all reaches for the map."""
        return pack_lines(self.network.reaches.geometry)

    def marks(self) -> list[dict[str, Any]]:
        """List the points one may click: ``layer, id, name, lon, lat``."""
        found = []
        for layer, table in self.points.items():
            there = table[table.geometry.notna() & ~table.geometry.is_empty]
            at = to_degrees(there).geometry.representative_point()
            ids = there[layer_kind(layer).id_column].astype(str)
            names = there["name"].fillna("").astype(str) if "name" in there else ids
            found += [
                {"layer": layer, "id": key, "name": name, "lon": x, "lat": y}
                for key, name, x, y in zip(
                    ids, names, at.x.round(6), at.y.round(6), strict=True
                )
            ]
        return found

    def gates(self) -> list[dict[str, Any]]:
        """List the structures one may open and close: ``id, name, state, lon, lat``."""
        table = self.network.structures
        if not len(table):
            return []
        nodes = self.network.nodes.iloc[table["node_id"].to_numpy(int)]
        at = to_degrees(nodes).geometry
        ids = table["structure_id"].astype(str)
        own = table["state"].fillna("unknown").astype(str)
        columns = zip(
            ids,
            table["name"].fillna("").astype(str),
            [
                self.scenario.structures.get(key, state)
                for key, state in zip(ids, own, strict=True)
            ],
            at.x.round(6),
            at.y.round(6),
            strict=True,
        )
        names = ("id", "name", "state", "lon", "lat")
        return [dict(zip(names, row, strict=True)) for row in columns]

    # ------------------------------------------------------------ answers
    def _answer(self) -> Answer:
        self.ranking = None
        if self._start is None:
            return Answer(title="点一个断面、排污口或河上任意一点。")
        label, at = self._start
        step = trace_upstream if self.direction == DIRECTIONS[0] else trace_downstream
        self.trace = step(
            self.network,
            at,
            points=self.points,
            scenario=self.scenario if self.scenario.structures else None,
            max_offset_m=self.max_offset_m,
        )
        side = "上游" if self.direction == DIRECTIONS[0] else "下游"
        sources = int((self.trace.points["layer"] == "outfalls").sum())
        length_km = self.trace.reaches["length_m"].sum() / 1000
        return self._shown(
            self.trace,
            title=f"{label} {side}：{length_km:.1f} km 河道，排污口 {sources} 个",
            notes=["按沿河距离由近到远，不代表责任大小"],
            probability={},
        )

    def _ranked(self) -> Answer:
        ranking = self.ranking
        table = ranking.table
        odds = dict(zip(table["outfall_id"], table["probability"], strict=True))
        outside = f"不在名录里的来源：{ranking.unregistered_probability:.0%}"
        notes = [outside, f"依据等级 {ranking.level}：{ranking.level_words[0]}"]
        notes += [ranking.next_sample[0]] if ranking.next_sample[0] else []
        notes += ["排序说的是先查哪里，不是结论"]
        return self._shown(
            ranking.trace, title=ranking.headline[0], notes=notes, probability=odds
        )

    def _shown(
        self,
        trace: Trace,
        *,
        title: str,
        notes: list[str],
        probability: Mapping[str, float],
    ) -> Answer:
        points = trace.points
        if probability:
            points = points[points["layer"] == "outfalls"].assign(
                odds=lambda t: t["id"].map(probability).fillna(0.0)
            )
            points = points.sort_values("odds", ascending=False, kind="stable")
        rows = []
        if len(points):
            first = points.head(SHOWN)
            at = to_degrees(first).geometry
            rows = [
                _row(row, x, y, probability)
                for row, x, y in zip(first.to_dict("records"), at.x, at.y, strict=True)
            ]
        if len(points) > SHOWN:
            notes = [*notes, f"共 {len(points)} 个，列出前 {SHOWN} 个"]
        levels = {name: place for place, name in enumerate(LEVELS)}
        return Answer(
            title=title,
            rows=rows,
            stops=list(dict.fromkeys(trace.stopped["reason"].astype(str)))[:12],
            notes=[*notes, *trace.settings["assumptions"]],
            lines=pack_lines(
                trace.reaches.geometry, trace.reaches["relation"].map(levels)
            ),
        )


def _row(
    row: Mapping[Any, Any], lon: float, lat: float, probability: Mapping[str, float]
) -> dict[str, Any]:
    low, high = row["travel_time_min_h"], row["travel_time_max_h"]
    timed = np.isfinite(low) and np.isfinite(high)
    odds = probability.get(row["id"]) if row["layer"] == "outfalls" else None
    return {
        "layer": row["layer"],
        "id": str(row["id"]),
        "name": str(row["name"] or ""),
        "relation": RELATION_ZH[row["relation"]],
        "distance": f"{row['distance_m'] / 1000:.1f} km",
        "time": f"{low:.0f}–{high:.0f} h" if timed else "不明",
        "probability": "" if odds is None else f"{odds:.0%}",
        "lon": round(float(lon), 6),
        "lat": round(float(lat), 6),
    }

"""What a trace found, as a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
import shapely.ops

from geotool.errors import NetworkError
from geotool.network import RiverNetwork
from geotool.trace._graph import LEVELS

SOURCES = "outfalls"
"""Layer whose points are possible sources; sections and intakes are no suspects."""

RELATION_ZH = {"certain": "确定", "scenario": "情景", "possible": "可能"}
"""Words of the three classes."""

Step = tuple[str, float, float]
"""Reach id and the measures between which a way runs through it."""


@dataclass(frozen=True, eq=False)
class Trace:
    """
    Everything that water reached from, or reaches.

    Attributes
    ----------
    reaches : GeoDataFrame
        Stretches of reaches: ``reach_id, river_id, name, relation, distance_m``
        (shortest way by water between the start and the near end),
        ``travel_time_min_h, travel_time_max_h, length_m, from_measure_m,
        to_measure_m, geometry``, nearest first.
    points : GeoDataFrame
        Points met: ``rank, layer, id, name, relation, distance_m, travel_time_min_h,
        travel_time_max_h, time_basis, reach_id, measure_m, offset_m, located, path,
        structures, geometry``. ``path`` lists reach ids from the point to the start.
        Sorted by distance; the class does not change the order. ``rank`` counts
        within a layer. The start itself is left out.
    stopped : GeoDataFrame
        Where and why the search ended: ``kind, subject, reason, reason_en,
        distance_m, geometry``.
    excluded : DataFrame
        A plain reason for each point that was not met: ``layer, id, name, kind,
        reason, reason_en, at``.
    settings : dict
        What was asked, and what was assumed.
    network_hash : str
        Fingerprint of the network the trace was made on.
    """

    reaches: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    stopped: gpd.GeoDataFrame
    excluded: pd.DataFrame
    settings: Mapping[str, Any]
    network_hash: str
    ways: Mapping[tuple[str, str], tuple[Step, ...]] = field(
        default_factory=dict, repr=False
    )

    def path(self, point_id: str, *, layer: str | None = None) -> list[str]:
        """
        List the reaches between a point and the start.

        Raises
        ------
        NetworkError
            If the trace did not meet the point.
        """
        return [step[0] for step in self._way(point_id, layer)]

    def path_line(
        self, point_id: str, network: RiverNetwork, *, layer: str | None = None
    ) -> shapely.LineString:
        """
        Draw the way between a point and the start.

        Raises
        ------
        NetworkError
            If the trace did not meet the point, or the network is another one.
        """
        self.require_current(network)
        bits = []
        for reach_id, start, stop in self._way(point_id, layer):
            line = network.reaches.geometry.iloc[network.reach_position[reach_id]]
            bits.append(shapely.ops.substring(line, start, stop))
        coordinates = [xy for bit in bits for xy in bit.coords]
        if len(coordinates) < 2:
            coordinates *= 2
        return shapely.LineString(coordinates)

    def _way(self, point_id: str, layer: str | None) -> tuple[Step, ...]:
        for (kind, key), steps in self.ways.items():
            if key == point_id and layer in (None, kind):
                return steps
        raise NetworkError(
            f"溯源结果里没有 {point_id!r}；可能不在上游，见 .excluded。",
            f"The trace did not meet {point_id!r}; see .excluded.",
        )

    def map_layers(self) -> dict[str, gpd.GeoDataFrame]:
        """
        Give the layers that a map or a GeoPackage holds.

        Lists become text, and only outfalls keep a rank.

        Returns
        -------
        dict
            ``trace_points``, ``trace_reaches`` and ``trace_stopped``.
        """
        points = self.points.copy()
        for column in ("path", "structures"):
            points[column] = [">".join(cell) for cell in points[column]]
        points["rank"] = points["rank"].where(points["layer"] == SOURCES)
        return {
            "trace_points": points,
            "trace_reaches": self.reaches,
            "trace_stopped": self.stopped,
        }

    def is_current(self, network: RiverNetwork) -> bool:
        """Tell whether the trace was made on this very network."""
        return self.network_hash == network.hash

    def require_current(self, network: RiverNetwork) -> None:
        """
        Refuse a network that was edited since.

        Raises
        ------
        NetworkError
            If the fingerprints differ.
        """
        if not self.is_current(network):
            raise NetworkError(
                "河网在溯源之后改过，结果已过期；请重新溯源。",
                "The network was changed after the trace; trace again.",
            )

    def counts(self) -> dict[str, int]:
        """Count the points of each class."""
        found = self.points["relation"].value_counts()
        return {level: int(found.get(level, 0)) for level in LEVELS}

    def __repr__(self) -> str:
        km = self.reaches["length_m"].sum() / 1000
        numbers = ", ".join(f"{n} {level}" for level, n in self.counts().items())
        return (
            f"<Trace {self.settings['direction']} of {self.settings['start']}: "
            f"{km:.1f} km of water, {len(self.points)} points ({numbers}), "
            f"{len(self.stopped)} stops, {len(self.excluded)} excluded>"
        )

    def _repr_html_(self) -> str:
        columns = {
            "rank": "序",
            "name": "名称",
            "relation": "可达性",
            "distance_m": "沿河距离 m",
            "travel_time_min_h": "时间下限 h",
            "travel_time_max_h": "时间上限 h",
        }
        head = self.points[list(columns)].head(12).rename(columns=columns)
        head["可达性"] = head["可达性"].map(RELATION_ZH)
        table = pd.DataFrame(head).to_html(index=False, float_format="{:,.1f}".format)
        return f"<p><b>{escape(repr(self)[1:-1])}</b></p>{table}"

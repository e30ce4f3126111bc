"""What a trace found, as a frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd
import shapely

from geotool.errors import NetworkError
from geotool.network import RiverNetwork, Scenario
from geotool.trace._graph import LEVELS
from geotool.trace._routes import Key, Routes
from geotool.trace._show import context_layers, draw_figure, draw_map
from geotool.trace._told import (
    drawn_layers,
    heads,
    html_of,
    map_layers,
    not_met,
    why_stale,
)
from geotool.trace._walks import Step, Walk, walk_table, way_line

if TYPE_CHECKING:
    import folium
    from matplotlib.figure import Figure

REACHES = "reaches"
"""What :meth:`Trace.path` calls the layer of the reaches themselves."""


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
        to_measure_m, geometry``, nearest first. :meth:`details` tells more.
    points : GeoDataFrame
        Points met: ``rank, layer, id, name, relation, distance_m, travel_time_min_h,
        travel_time_max_h, time_basis, reach_id, measure_m, offset_m, located, path,
        structures, n_ways, ways_exact, loops, earliest_h, geometry``. ``path`` lists
        reach ids from the point to the start, ``structures`` and ``loops`` what that
        way passes. ``n_ways`` counts the ways that the class allows over the water
        found; where one may pass a loop of flow, the loop counts once and
        ``ways_exact`` is False: there are at least so many. ``earliest_h`` is the
        time of the fastest water by any conceivable way, whatever its class.
        Sorted by distance; the class does not change the order. ``rank`` counts
        within a layer. The start itself is left out.
    stopped : GeoDataFrame
        Where and why the search ended: ``kind, subject, reason, reason_en, relation,
        distance_m, travel_time_min_h, travel_time_max_h, geometry``.
    excluded : DataFrame
        A plain reason for each point that was not met: ``layer, id, name, kind,
        reason, reason_en, at``.
    settings : dict
        What was asked, and what was assumed.
    network_hash : str
        Fingerprint of the network the trace was made on.
    ways : Routes
        The way of each point met, by layer and id, as steps.
    """

    reaches: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    stopped: gpd.GeoDataFrame
    excluded: pd.DataFrame
    settings: Mapping[str, Any]
    network_hash: str
    ways: Mapping[Key, tuple[Step, ...]] = field(default_factory=dict, repr=False)

    # ------------------------------------------------------------ ways
    def path(self, subject_id: str, *, layer: str | None = None) -> list[str]:
        """
        List the reaches between a point, or a reach, and the start.

        Parameters
        ----------
        subject_id : str
            Id of a point met, or of a reach found.
        layer : str, optional
            Where several layers have the id; ``"reaches"`` for the reach.

        Raises
        ------
        NetworkError
            If the trace met no such point or reach, or several.
        """
        walk = self._walk(subject_id, layer)
        return list(dict.fromkeys(step[0] for step in walk.steps))

    def path_table(
        self, subject_id: str, *, layer: str | None = None
    ) -> gpd.GeoDataFrame:
        """
        Give the way between a point, or a reach, and the start, step by step.

        Parameters
        ----------
        subject_id, layer
            As :meth:`path`.

        Returns
        -------
        GeoDataFrame
            ``step, reach_id, name, from_measure_m, to_measure_m, length_m,
            distance_m`` (left to go at the end of the step), ``structures`` (passed
            there), ``geometry``.
        """
        return walk_table(self._routes.network, self._walk(subject_id, layer))

    def path_line(
        self,
        subject_id: str,
        network: RiverNetwork | None = None,
        *,
        layer: str | None = None,
    ) -> shapely.LineString:
        """
        Draw the way between a point, or a reach, and the start as one line.

        Parameters
        ----------
        subject_id, layer
            As :meth:`path`.
        network : RiverNetwork, optional
            The network of today, to be held against the trace's own.

        Raises
        ------
        NetworkError
            If the trace met no such point or reach, or the network is another one.
        """
        if network is not None:
            self.require_current(network)
        return way_line(self.path_table(subject_id, layer=layer))

    @property
    def _routes(self) -> Routes:
        if not isinstance(self.ways, Routes):
            raise NetworkError(
                "这个追踪结果没有保存路径；请重新追踪。",
                "This trace holds no ways; trace again.",
            )
        return self.ways

    def _walk(self, subject_id: str, layer: str | None) -> Walk:
        routes = self._routes
        found = [
            key for key in routes if key[1] == subject_id and layer in (None, key[0])
        ]
        if len(found) > 1:
            layers = "、".join(key[0] for key in found)
            raise NetworkError(
                f"编号 {subject_id!r} 在几个图层里都有（{layers}）；请用 layer= 指明。",
                f"Several layers have the id {subject_id!r} ({layers}); say which with "
                "layer=.",
            )
        if found:
            return routes.walks[found[0]]
        rows = self.reaches[self.reaches["reach_id"] == subject_id]
        if len(rows) and layer in (None, REACHES):
            return routes.reach_walk(rows.iloc[0].to_dict())
        raise not_met(self, subject_id)

    def details(self) -> gpd.GeoDataFrame:
        """
        Give ``reaches`` with what the shortest way of each passes.

        Returns
        -------
        GeoDataFrame
            Besides: ``n_ways, ways_exact, structures, loops``, as of points, counted
            from a place inside the stretch.
        """
        notes = self._routes.reach_notes(self.reaches)
        table = pd.concat([self.reaches.drop(columns="geometry"), notes], axis=1)
        shapes = self.reaches.geometry
        return gpd.GeoDataFrame(table, geometry=shapes, crs=self.reaches.crs)

    @property
    def loops(self) -> pd.DataFrame:
        """Loops of flow within the water found: ``loop_id, relation, n_reaches …``."""
        return self._routes.loops()

    # ------------------------------------------------------------ what it rests on
    def is_current(self, network: RiverNetwork) -> bool:
        """Tell whether the trace was made on this very network."""
        return self.network_hash == network.hash

    def is_stale(
        self, network: RiverNetwork, *, scenario: Scenario | str | None = "same"
    ) -> bool:
        """
        Tell whether the network, or the scenario, has changed since the trace.

        Parameters
        ----------
        network : RiverNetwork
            The network of today.
        scenario : Scenario or None
            The scenario of today, None for as registered; not asked if left out.
        """
        return self.why_stale(network, scenario=scenario) is not None

    def why_stale(
        self, network: RiverNetwork, *, scenario: Scenario | str | None = "same"
    ) -> tuple[str, str] | None:
        """
        Say in Chinese and English why the trace no longer holds; None if it does.

        Parameters
        ----------
        network, scenario
            As :meth:`is_stale`.
        """
        return why_stale(self, network, scenario)

    def checked(
        self, network: RiverNetwork, *, scenario: Scenario | str | None = "same"
    ) -> "Trace":
        """
        Hold the trace against the network of today.

        Parameters
        ----------
        network, scenario
            As :meth:`is_stale`.

        Returns
        -------
        Trace
            The same, which says in its ``repr`` and in what is written of it when it
            is stale.
        """
        why = self.why_stale(network, scenario=scenario)
        settings = {key: v for key, v in self.settings.items() if key != "stale"}
        if why is not None:
            settings["stale"] = " / ".join(why)
        return replace(self, settings=settings)

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

    # ------------------------------------------------------------ drawing
    def map_layers(self) -> dict[str, gpd.GeoDataFrame]:
        """
        Give the layers that a map or a GeoPackage holds.

        Lists become text, and only outfalls keep a rank.

        Returns
        -------
        dict
            ``trace_points``, ``trace_reaches`` and ``trace_stopped``.
        """
        return map_layers(self)

    def to_map(
        self,
        layers: Mapping[str, gpd.GeoDataFrame] | None = None,
        *,
        title: str | None = None,
        notice: str | None = None,
        **choices: Any,
    ) -> "folium.Map":
        """
        Draw the trace on one map that opens without a network.

        Parameters
        ----------
        layers : mapping of name to GeoDataFrame, optional
            What else to show, such as ``{"outfalls": outfalls}``.
        title, notice, **choices
            As :func:`geotool.one_map`.
        """
        shown = context_layers(self._routes.network, drawn_layers(self), layers)
        return draw_map(shown, **heads(self, title, notice), **choices)

    def plot(
        self,
        layers: Mapping[str, gpd.GeoDataFrame] | None = None,
        *,
        title: str | None = None,
        notice: str | None = None,
        **choices: Any,
    ) -> "Figure":
        """
        Draw the trace on a sheet of paper.

        Parameters
        ----------
        layers : mapping of name to GeoDataFrame, optional
            What else to show, such as ``{"sections": sections}``.
        title, notice, **choices
            As :func:`geotool.plot_map`.
        """
        shown = context_layers(self._routes.network, drawn_layers(self), layers)
        return draw_figure(shown, **heads(self, title, notice), **choices)

    # ------------------------------------------------------------ showing itself
    def counts(self) -> dict[str, int]:
        """Count the points of each class."""
        found = self.points["relation"].value_counts()
        return {level: int(found.get(level, 0)) for level in LEVELS}

    def __repr__(self) -> str:
        km = self.reaches["length_m"].sum() / 1000
        numbers = ", ".join(f"{n} {level}" for level, n in self.counts().items())
        stale = ", STALE" if "stale" in self.settings else ""
        return (
            f"<Trace {self.settings['direction']} of {self.settings['start']}: "
            f"{km:.1f} km of water, {len(self.points)} points ({numbers}), "
            f"{len(self.stopped)} stops, {len(self.excluded)} excluded, "
            f"scenario {self.settings['scenario']}, network {self.network_hash}{stale}>"
        )

    def _repr_html_(self) -> str:
        return html_of(self)

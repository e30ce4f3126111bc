"""The river network as it travels inside the map, for searches without Python.

The page's ``onemap_travel.js`` reads what is written here. It follows the same rules
as :mod:`geotool.trace`: the ends and levels of every reach under a scenario, both
sides of every gate, and where the points of each layer lie on the reaches. Lengths
and measures are whole millimetres; a place is at the end of a reach here exactly
where it is for a trace.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.crs import reproject, to_degrees
from geotool.errors import MapError
from geotool.locate import locate_points
from geotool.maps._blocks import Pack
from geotool.maps._look import look_at
from geotool.maps._pack import class_heads, page_style
from geotool.maps._prepare import MapLayer, Parts, prepare_layer, value_labels
from geotool.maps._style import column_label, layer_label
from geotool.network import RiverNetwork, Scenario
from geotool.trace._layout import Layout, layout_of
from geotool.trace._segments import NODE_M
from geotool.trace._velocity import BASES, velocity_ranges

Ints = NDArray[np.int64]

POINT_KINDS = ("sections", "outfalls", "water_sources", "sources")
"""Layers whose points a search meets, in the order in which the page lists them."""

REACHES = "reaches"
"""Layer that draws the reaches of the network, row by row."""

MAX_OFFSET_M = 200.0
"""Farthest a point may lie from the bank; that of a trace."""

LOCATED = ("on", "ambiguous", "far", "no_place")
"""How a point was put on the network; the page reads positions in this list."""

_SHORTEST_MM = 2  # a measure inside a reach needs a millimetre on either side
_TOLD = (
    "name",
    "reach_id",
    "relation",
    "distance_m",
    "travel_time_min_h",
    "travel_time_max_h",
    "time_basis",
    "rank",
)
"""Columns of an answer that have a label of their own."""

_MADE = ("trace_reaches", "trace_points", "trace_start", "trace_ends")


@dataclass(frozen=True)
class Travel:
    """
    A network, the way its gates stand, and the layers that lie on it.

    Attributes
    ----------
    network : RiverNetwork
    scenario : Scenario or None
        Gate states and directions; as registered if None.
    """

    network: RiverNetwork
    scenario: Scenario | None = None

    def __post_init__(self) -> None:
        if not len(self.network.reaches):
            raise MapError(
                "河网是空的，没有可以随图保存的河段；请先建网，或不给 network。",
                "The network has no reaches to travel with the map; build it first, or "
                "give none.",
            )

    def with_reaches(
        self, layers: Mapping[str, gpd.GeoDataFrame]
    ) -> dict[str, gpd.GeoDataFrame]:
        """
        Let the reaches on the map be those of the network.

        Raises
        ------
        MapError
            If the map is given the reaches of another network.
        """
        own = self.network.reaches
        given = layers.get(REACHES)
        if given is not None and "reach_id" in given:
            theirs = set(given["reach_id"].astype(str))
            strange = sorted(theirs - set(own["reach_id"].astype(str)))
            if strange:
                raise MapError(
                    f"图层 reaches 里的河段 {strange[0]} 不在 network 里，两者不是同一张河网；"
                    "请给同一次建网的结果。",
                    f"Reach {strange[0]} of the layer reaches is not in the network: "
                    "they are two networks; give the reaches of this one.",
                )
        found = dict(layers)
        found[REACHES] = own
        return found

    def pack(
        self,
        layers: Mapping[str, gpd.GeoDataFrame],
        ready: Mapping[str, MapLayer] | None = None,
    ) -> str:
        """
        Pack the network with the places of the points of some layers.

        Parameters
        ----------
        layers : mapping of name to GeoDataFrame
            As they are drawn, row by row.
        ready : mapping of name to MapLayer, optional
            The same, prepared, where that has been done.

        Returns
        -------
        str
            Base64, as :meth:`geotool.maps._pack.Pack.close` gives it.
        """
        layout, pack = layout_of(self.network, self.scenario), Pack()
        length = whole_lengths(layout)
        gates = layout.gate_arcs.astype(np.int64)
        header = {
            "nodes": layout.nodes,
            "start": pack.steps(layout.start.astype(np.int64)),
            "end": pack.steps(layout.end.astype(np.int64)),
            "along": pack.array(layout.along.astype("<i1")),
            "against": pack.array(layout.against.astype("<i1")),
            "length": pack.array(length.astype("<i4")),
            "speeds": _speeds(self.network, self.scenario, pack),
            "bases": [value_labels("trace_points", "time_basis")[one] for one in BASES],
            "gates": [
                {
                    "id": gate.structure_id,
                    "name": gate.name or gate.structure_id,
                    "state": gate.state,
                    "sides": [int(gate.near), int(gate.far)],
                    "at": at,
                }
                for gate, at in zip(
                    layout.gates, _gate_places(self.network, layout), strict=True
                )
            ],
            "gateArcs": pack.array(gates.astype("<i4").ravel()),
            "unparted": [str(name) for name in layout.unparted],
            "scenario": self.scenario.name if self.scenario else "",
            "maxOffset": MAX_OFFSET_M,
            "places": {
                name: self._places(layers[name].geometry, table, length, pack)
                for name, table in _tables(layers, ready or {}).items()
            },
            "looks": {name: _look(name) for name in _MADE},
        }
        return pack.close(header)

    def _places(
        self, shape: gpd.GeoSeries, table: pd.DataFrame, length: Ints, pack: Pack
    ) -> dict[str, Any]:
        """Reach and measure of each row; a reach of -1 where it is on none."""
        network = self.network
        place = _metric_points(shape, network)
        rows = _rows_near(place, network)
        how = np.where(shapely.is_missing(place) | shapely.is_empty(place), 3, 2)
        reach, measure = np.full(len(place), -1), np.zeros(len(place), dtype=np.int64)
        if len(rows):
            known = [key for key in ("river", "rank") if key in table]
            near = gpd.GeoDataFrame(
                table[known].iloc[rows], geometry=place[rows], crs=network.crs
            )
            found = locate_points(near, network, max_offset_m=MAX_OFFSET_M)
            how[rows] = pd.Categorical(found["located"], categories=LOCATED).codes
            lies = how[rows] < LOCATED.index("far")
            rows, found = rows[lies], found[lies]
            reach[rows] = network.reach_position[found["reach_id"]].to_numpy()
            measure[rows] = whole_measures(
                found["measure_m"].to_numpy(float),
                network.reaches["length_m"].to_numpy(float)[reach[rows]],
                length[reach[rows]],
            )
        return {
            "reach": pack.array(reach.astype("<i4")),
            "measure": pack.array(measure.astype("<i4")),
            "how": pack.array(how.astype("<i1")),
        }


def _speeds(
    network: RiverNetwork, scenario: Scenario | None, pack: Pack
) -> dict[str, Any]:
    """Velocities that occur, what they rest on, and which each reach has."""
    told = scenario.velocities_m_s if scenario else None
    speed = velocity_ranges(network, told)
    kind = speed.groupby(list(speed), sort=False).ngroup()
    ranges = speed.drop_duplicates()  # in the same order
    return {
        "low": pack.array(ranges["low_m_s"].to_numpy("<f8")),
        "high": pack.array(ranges["high_m_s"].to_numpy("<f8")),
        "basis": pack.array(ranges["basis"].map(BASES.index).to_numpy("<i1")),
        "of": pack.steps(kind.to_numpy(np.int64)),
    }


def _tables(
    layers: Mapping[str, gpd.GeoDataFrame], ready: Mapping[str, MapLayer]
) -> dict[str, pd.DataFrame]:
    """Tables of the layers that are looked for, columns under their keys."""
    return {
        name: (ready.get(name) or prepare_layer(name, layers[name])).table
        for name in POINT_KINDS
        if name in layers and len(layers[name])
    }


def _metric_points(shape: gpd.GeoSeries, network: RiverNetwork) -> Any:
    """Points in the network's system; an area stands for itself by one inside it."""
    shape = gpd.GeoSeries(shape.reset_index(drop=True), crs=shape.crs)
    kind = shapely.get_type_id(np.asarray(shape, dtype=object))
    is_area = (kind > 0) & ~shape.is_empty.to_numpy()
    if is_area.any():
        inside = shape.where(~is_area, shape.representative_point())
        shape = gpd.GeoSeries(inside, crs=shape.crs)
    frame = gpd.GeoDataFrame(geometry=shape)
    there = shape.notna() & ~shape.is_empty
    if not there.any():
        return np.asarray(shape, dtype=object)
    return np.asarray(reproject(frame, network.crs).geometry, dtype=object)


def _rows_near(place: Any, network: RiverNetwork) -> Ints:
    """Rows that may lie on a reach; to look for the nearest of all others is slow."""
    widest = network.reaches["width_m"].to_numpy(float)
    half = float(np.nanmax(widest, initial=0.0)) / 2
    tree = shapely.STRtree(np.asarray(network.reaches.geometry, dtype=object))
    row, _ = tree.query(place, predicate="dwithin", distance=MAX_OFFSET_M + half + 1)
    return np.unique(row).astype(np.int64)


def whole_lengths(layout: Layout) -> Ints:
    """Lengths of the reaches in whole millimetres."""
    found = np.round(layout.length * 1000).astype(np.int64)
    if (found > np.iinfo(np.int32).max).any():
        raise MapError(
            "有河段长于 2147 km，装不进地图；请检查河网的坐标系。",
            "A reach is longer than 2147 km, which the map cannot hold; check the CRS.",
        )
    return np.maximum(found, _SHORTEST_MM)


def whole_measures(
    measure_m: NDArray[np.float64],
    length_m: NDArray[np.float64],
    length_mm: Ints,
) -> Ints:
    """
    Measures in whole millimetres, at an end only where a trace takes them for it.

    Examples
    --------
    >>> whole_measures(
    ...     np.array([0.0, 1e-5, 99.9999, 100.0]), np.full(4, 100.0),
    ...     np.full(4, 100_000),
    ... ).tolist()
    [0, 1, 99999, 100000]
    """
    inner = np.clip(np.round(measure_m * 1000).astype(np.int64), 1, length_mm - 1)
    at_end = measure_m >= length_m - NODE_M
    return np.where(measure_m <= NODE_M, 0, np.where(at_end, length_mm, inner))


def _gate_places(network: RiverNetwork, layout: Layout) -> list[list[float]]:
    """Longitude and latitude of each gate, to a decimetre."""
    if not layout.gates:
        return []
    nodes = network.nodes.iloc[[gate.near for gate in layout.gates]]
    places = gpd.GeoDataFrame(geometry=list(nodes.geometry), crs=network.crs)
    shapes = to_degrees(places).geometry
    return np.column_stack([shapes.x, shapes.y]).round(6).tolist()


def _look(name: str) -> dict[str, Any]:
    """How the page draws what a search found: in the style of a trace."""
    table = pd.DataFrame(
        {
            "name": "",
            "reach_id": "",
            "relation": ["certain", "scenario", "possible"],
            "distance_m": 0.0,
            "travel_time_min_h": 0.0,
            "travel_time_max_h": 0.0,
            "time_basis": "",
            "rank": 1.0,
        }
    )
    labels = {key: column_label(name, key) for key in _TOLD}
    nowhere = Parts(np.zeros(0, dtype=object), np.zeros(0, dtype=np.intp))
    layer = MapLayer(name, layer_label(name), table, labels, nowhere, 0)
    look = look_at(layer)
    heads = [{"key": key, "as": "text"} for key in _TOLD]
    return {
        "label": layer.label,
        "labels": labels,
        "style": page_style(look, heads),
        "classes": class_heads(look),
    }

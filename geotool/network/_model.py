"""The river network as two tables and the structures that stand in it."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from operator import lt
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from geotool.crs import require_crs
from geotool.errors import NetworkError

if TYPE_CHECKING:
    import folium
    import networkx as nx
    from matplotlib.figure import Figure

FLOW_MODES = ("normal", "bidirectional", "controlled", "reservoir", "unknown")
"""How water moves in a reach; only ``normal`` has one direction, as drawn."""

KNOWN_CONFIDENCE = 0.9
"""A direction counts as known from this confidence up; below it is inferred."""

CONTROLLABLE_KINDS = ("sluice", "pump")
"""Structures that people open and close; a weir or culvert just stands there."""

REACH_COLUMNS = (
    "reach_id",
    "river_id",
    "name",
    "from_node",
    "to_node",
    "length_m",
    "flow_mode",
    "direction_source",
    "direction_confidence",
    "width_m",
    "depth_m",
    "flow_m3_s",
    "velocity_m_s",
    "geometry",
)
_HASHED_NUMBERS = (
    *("from_node", "to_node", "length_m", "direction_confidence"),
    *("width_m", "depth_m", "flow_m3_s", "velocity_m_s"),
)

NODE_COLUMNS = ("node_id", "kind", "structure_id", "geometry")
STRUCTURE_COLUMNS = ("structure_id", "node_id", "name", "kind", "role", "state")


@dataclass(frozen=True, eq=False)
class RiverNetwork:
    """
    Reaches between nodes, with the structures that control them. Frozen.

    Attributes
    ----------
    reaches : GeoDataFrame, one row a reach, index 0 … n-1
        :data:`REACH_COLUMNS`. ``reach_id`` is text and unique. ``from_node`` and
        ``to_node`` are positions in ``nodes``; the line is drawn from the one to
        the other, with the flow where ``flow_mode`` is ``normal``. ``length_m`` is
        measured in ``crs``. Unknown numbers are NaN.
    nodes : GeoDataFrame, one row a node, index 0 … m-1
        :data:`NODE_COLUMNS`; ``node_id`` equals the index. ``kind`` is ``end``,
        ``pass`` (two reaches meet), ``junction`` or ``structure``.
    structures : DataFrame
        :data:`STRUCTURE_COLUMNS`; each cuts a reach at its own node, which has
        exactly one reach on either side. ``state`` is as registered.
    log : DataFrame
        What building and orienting changed: ``step, subject, before, after, note``.
    unplaced : GeoDataFrame
        Structures that stand on no reach: ``structure_id, name, kind, distance_m``.
    votes : DataFrame
        What each source said of a direction: ``reach_id, source, direction``.
    crs : pyproj.CRS
        Projected, in metres.
    """

    reaches: gpd.GeoDataFrame
    nodes: gpd.GeoDataFrame
    structures: pd.DataFrame
    log: pd.DataFrame = field(default_factory=pd.DataFrame)
    unplaced: gpd.GeoDataFrame = field(default_factory=gpd.GeoDataFrame)
    votes: pd.DataFrame = field(default_factory=pd.DataFrame)

    def __post_init__(self) -> None:
        _check_columns(self.reaches, REACH_COLUMNS, "reaches")
        _check_columns(self.nodes, NODE_COLUMNS, "nodes")
        _check_columns(self.structures, STRUCTURE_COLUMNS, "structures")
        ids = self.reaches["reach_id"]
        if not (_only_grow(ids) or _surely_differ(ids) or ids.is_unique):
            twice = ids[ids.duplicated()]
            raise NetworkError(
                f"河段编号重复：{twice.iloc[0]}。",
                f"Reach id {twice.iloc[0]} occurs twice.",
            )
        ends = self.reaches[["from_node", "to_node"]].to_numpy()
        if len(ends) and not (ends.min() >= 0 and ends.max() < len(self.nodes)):
            raise NetworkError(
                f"河段引用了不存在的节点；节点编号应在 0 到 {len(self.nodes) - 1}。",
                f"A reach names a node that is not there; nodes are 0 to "
                f"{len(self.nodes) - 1}.",
            )

    @property
    def crs(self) -> pyproj.CRS:
        """Projected reference system of both tables."""
        return require_crs(self.reaches, "reaches")

    @cached_property
    def hash(self) -> str:
        """Fingerprint of topology, directions, hydraulics, geometry and structures."""
        digest = hashlib.sha256()
        for column in ("reach_id", "flow_mode", "direction_source"):
            digest.update("\0".join(map(str, self.reaches[column])).encode())
        # all that a trace rests on: an edit of a width or velocity is an edit
        numbers = self.reaches[list(_HASHED_NUMBERS)].to_numpy(float, copy=True)
        numbers[np.isnan(numbers)] = np.nan  # there are several, with other bits
        digest.update(np.ascontiguousarray(numbers).tobytes())
        digest.update(shapely.get_coordinates(self.reaches.geometry).tobytes())
        table = self.structures[list(STRUCTURE_COLUMNS)].astype(str)
        digest.update(table.to_csv(index=False).encode())
        return digest.hexdigest()[:16]

    @cached_property
    def reach_position(self) -> pd.Series:
        """Position of each reach, by reach id."""
        return pd.Series(
            np.arange(len(self.reaches)), index=self.reaches["reach_id"].to_numpy()
        )

    @cached_property
    def ends(self) -> np.ndarray:
        """First and last node of each reach, a row each; not to be written in."""
        ends = self.reaches[["from_node", "to_node"]].to_numpy(np.int64, copy=True)
        ends.flags.writeable = False
        return ends

    @cached_property
    def component(self) -> np.ndarray:
        """Number of the connected part each node belongs to, ignoring direction."""
        import scipy.sparse as sp  # slow to load, and a map of layers does without

        n, ends = len(self.nodes), self.ends
        graph = sp.coo_array((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), (n, n))
        return sp.csgraph.connected_components(graph, directed=False)[1]

    def to_networkx(self) -> "nx.MultiDiGraph":
        """
        Give the network as a networkx graph, for whoever wants one.

        Returns
        -------
        networkx.MultiDiGraph
            Nodes by ``node_id`` with ``kind``, ``x``, ``y``; edges keyed by reach id,
            drawn as the reach is, with every column but the geometry. Water runs along
            an edge only where its ``flow_mode`` is ``normal``.

        Examples
        --------
        >>> from geotool.network import build_network
        >>> line = shapely.LineString([(0, 0), (100, 0)])
        >>> rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[line], crs=4549)
        >>> graph = build_network(rivers).to_networkx()
        >>> graph.edges[0, 1, "A"]["length_m"]
        100.0
        """
        import networkx as nx  # heavy, and most never need it

        graph: nx.MultiDiGraph[int] = nx.MultiDiGraph(crs=self.crs.to_string())
        xy = shapely.get_coordinates(self.nodes.geometry)
        for node, kind, (x, y) in zip(
            self.nodes["node_id"], self.nodes["kind"], xy.tolist(), strict=True
        ):
            graph.add_node(int(node), kind=kind, x=x, y=y)
        plain = pd.DataFrame(self.reaches.drop(columns=self.reaches.geometry.name))
        for row in plain.to_dict("records"):
            ends = int(row.pop("from_node")), int(row.pop("to_node"))
            graph.add_edge(
                *ends, key=row["reach_id"], **{str(k): v for k, v in row.items()}
            )
        return graph

    def summary(self) -> dict[str, Any]:
        """
        Count what there is.

        Returns
        -------
        dict
            ``reaches, nodes, length_km, components, loops, structures`` and
            ``unknown_share`` (share of length without a known direction).
            Loops are independent cycles of the undirected network.
        """
        length = self.reaches["length_m"].to_numpy(float)
        parts = len(np.unique(self.component)) if len(self.nodes) else 0
        unknown = (self.reaches["flow_mode"] == "unknown").to_numpy()
        total = float(length.sum())
        return {
            "reaches": len(self.reaches),
            "nodes": len(self.nodes),
            "length_km": total / 1000,
            "components": parts,
            "loops": len(self.reaches) - len(self.nodes) + parts,
            "structures": len(self.structures),
            "unknown_share": float(length[unknown].sum() / total) if total else 0.0,
        }

    # ------------------------------------------------------------ showing itself
    def map_layers(
        self, issues: gpd.GeoDataFrame | None = None
    ) -> dict[str, gpd.GeoDataFrame]:
        """
        Give the layers that a map of the network holds.

        Parameters
        ----------
        issues : GeoDataFrame, optional
            Of :func:`geotool.check_network`; rows may have been taken out. Default:
            all of them but notes of what building mended.

        Returns
        -------
        dict
            ``reaches``, ``structures`` at their nodes, and ``issues`` as points: one
            that is about lines stands in the middle of the first.
        """
        if issues is None:
            from geotool.network._check import check_network  # it imports this module

            issues = check_network(self)
            issues = issues[issues["kind"] != "mended"]
        at = self.nodes.geometry.iloc[self.structures["node_id"].to_numpy(int)]
        structures = gpd.GeoDataFrame(
            self.structures.drop(columns="node_id"),
            geometry=list(at),
            crs=self.crs,
        )
        places = issues.geometry.map(_middle)
        return {
            "reaches": self.reaches,
            "structures": structures,
            "issues": issues.set_geometry(gpd.GeoSeries(places, crs=issues.crs)),
        }

    def plot(
        self,
        *,
        issues: gpd.GeoDataFrame | None = None,
        title: str = "河网",
        **choices: Any,
    ) -> "Figure":
        """
        Draw the network on a sheet of paper: directions, unknown reaches, issues.

        Parameters
        ----------
        issues : GeoDataFrame, optional
            As for :meth:`map_layers`.
        title, **choices
            As :func:`geotool.plot_map`.
        """
        from geotool.maps import plot_map  # a way out; the network needs no map

        return plot_map(self.map_layers(issues), title=title, **choices)

    def to_map(
        self,
        *,
        issues: gpd.GeoDataFrame | None = None,
        title: str = "河网",
        **choices: Any,
    ) -> "folium.Map":
        """
        Draw the network on one map that opens without a network connection.

        Parameters
        ----------
        issues : GeoDataFrame, optional
            As for :meth:`map_layers`.
        title, **choices
            As :func:`geotool.one_map`.
        """
        from geotool.maps import one_map  # a way out; the network needs no map

        return one_map(self.map_layers(issues), title=title, **choices)

    def __repr__(self) -> str:
        facts = self.summary()
        return (
            f"<RiverNetwork: {facts['reaches']} reaches, {facts['nodes']} nodes, "
            f"{facts['length_km']:.1f} km, {facts['components']} parts, "
            f"{facts['loops']} loops, {facts['structures']} structures, "
            f"{facts['unknown_share']:.0%} of length without direction, "
            f"{':'.join(self.crs.to_authority() or ('CRS', self.crs.name))}>"
        )

    def _repr_html_(self) -> str:
        facts = self.summary()
        rows = (
            ("河段 reaches", f"{facts['reaches']}"),
            ("节点 nodes", f"{facts['nodes']}"),
            ("总长 length", f"{facts['length_km']:.1f} km"),
            ("连通部分 parts", f"{facts['components']}"),
            ("环 loops", f"{facts['loops']}"),
            ("闸站 structures", f"{facts['structures']}"),
            ("流向未知 unknown", f"{facts['unknown_share']:.0%}"),
            ("坐标系 CRS", ":".join(self.crs.to_authority() or ("", self.crs.name))),
        )
        cells = "".join(f"<tr><th>{a}</th><td>{b}</td></tr>" for a, b in rows)
        return f"<table><caption>河网 RiverNetwork</caption>{cells}</table>"


def _middle(shape: Any) -> Any:
    """Give a point to mark a place by."""
    if shape is None or shape.is_empty or shape.geom_type == "Point":
        return shape
    part = shapely.get_parts(shape)[0]
    if part.geom_type == "LineString":
        return part.interpolate(0.5, normalized=True)
    return part.representative_point()


def _only_grow(texts: pd.Series) -> bool:
    """Whether each text comes after the one before it, as most numbered ones do."""
    last = ""
    for some in _batches(texts):
        if set(map(type, some)) != {str} or not all(map(lt, [last, *some], some)):
            return False
        last = some[-1]
    return True


def _surely_differ(texts: pd.Series) -> bool:
    """
    Whether no two texts have one hash; then no two are alike.

    A table of a million texts, which telling for certain takes, needs 200 MB.
    """
    hashes = np.fromiter(
        chain.from_iterable(map(hash, some) for some in _batches(texts)),
        dtype=np.int64,
        count=len(texts),
    )
    hashes.sort()
    return bool((hashes[1:] != hashes[:-1]).all())


def _batches(texts: pd.Series) -> Iterator[list[Any]]:
    for low in range(0, len(texts), 4_000):  # so few stay in the cache
        yield texts.iloc[low : low + 4_000].tolist()


def _check_columns(table: pd.DataFrame, needed: tuple[str, ...], name: str) -> None:
    missing = [column for column in needed if column not in table.columns]
    if missing:
        raise NetworkError(
            f"{name} 表缺少列：{'、'.join(missing)}。",
            f"The {name} table lacks the columns {', '.join(missing)}.",
        )

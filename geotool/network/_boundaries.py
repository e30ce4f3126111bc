"""Where water enters and leaves, as the user, the gates and known reaches tell."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.crs import reproject
from geotool.errors import NetworkError
from geotool.network._model import RiverNetwork
from geotool.network._rim import inner_mouths, node_degree, rim_ends, shut_nodes
from geotool.network._scenario import Scenario

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

BOUNDARY_M = 200.0
"""Farthest an inlet or outlet point may lie from the node it means."""


@dataclass(frozen=True)
class Boundaries:
    """
    Nodes at which water passes the rim of the network.

    Attributes
    ----------
    inlets, outlets : array of int
        All of them; a node told to be both is an outlet.
    told_in, told_out : array of int
        Those that the user or a gate names, in so many words.
    both : array of int
        Nodes told to be both.
    """

    inlets: Ints
    outlets: Ints
    told_in: Ints
    told_out: Ints
    both: Ints

    def votes(self, network: RiverNetwork) -> Ints:
        """Let reaches at a named open end run out of an inlet, into an outlet."""
        ends = network.ends
        degree = node_degree(network)
        vote = np.full(len(ends), -9, dtype=np.int64)
        for nodes, leaving in ((self.told_in, 1), (self.told_out, -1)):
            open_end = np.zeros(len(degree), dtype=bool)
            open_end[nodes] = True
            open_end &= degree == 1
            vote[open_end[ends[:, 0]]] = leaving
            vote[open_end[ends[:, 1]]] = -leaving
        # a reach between two named ends of one kind cannot run both ways out
        same = np.zeros(len(degree), dtype=bool)
        for nodes in (self.told_in, self.told_out):
            same[:] = False
            same[nodes] = True
            vote[same[ends].all(axis=1)] = -9
        return vote


def find_boundaries(
    network: RiverNetwork,
    sign: Ints,
    *,
    inlets: gpd.GeoDataFrame | None,
    outlets: gpd.GeoDataFrame | None,
    scenario: Scenario | None,
) -> Boundaries:
    """
    Gather the nodes where water enters and leaves.

    Parameters
    ----------
    network : RiverNetwork
    sign : array of int
        Directions known so far; open ends they lead to count, too.
    inlets, outlets : GeoDataFrame of points or None
    scenario : Scenario or None
    """
    shut = set(shut_nodes(network, scenario))
    told_in = rim_ends(network, "inlet", shut=shut)
    told_out = rim_ends(network, "outlet", shut=shut)
    told_in |= _nearest_nodes(network, inlets, "inlets")
    told_out |= _nearest_nodes(network, outlets, "outlets")
    into, out = _known_ends(network, sign)
    into |= told_in | inner_mouths(network, "inlet", shut=shut)
    out |= told_out
    # a gate drawn as an outlet inside the network may lead to the water beyond; it is
    # where the water leaves only if that part knows no other way out
    parts = set(network.component[_sorted(out)].tolist())
    mouths = inner_mouths(network, "outlet", shut=shut)
    out |= {node for node in mouths if int(network.component[node]) not in parts}
    return Boundaries(
        _sorted(into - out),
        _sorted(out),
        _sorted(told_in - told_out),
        _sorted(told_out),
        _sorted(told_in & told_out),
    )


def _sorted(nodes: set[int]) -> Ints:
    return np.array(sorted(nodes), dtype=np.int64)


def _known_ends(network: RiverNetwork, sign: Ints) -> tuple[set[int], set[int]]:
    """Open ends that directed reaches run out of, and into."""
    degree = node_degree(network)
    ends = network.ends
    one_way = np.abs(sign) == 1
    first = np.where(sign == -1, ends[:, 1], ends[:, 0])[one_way]
    last = np.where(sign == -1, ends[:, 0], ends[:, 1])[one_way]
    return (
        set(first[degree[first] == 1].tolist()),
        set(last[degree[last] == 1].tolist()),
    )


def _nearest_nodes(
    network: RiverNetwork, points: gpd.GeoDataFrame | None, what: str
) -> set[int]:
    if points is None or len(points) == 0:
        return set()
    moved = reproject(points, network.crs)
    places = np.asarray(moved.geometry, dtype=object)
    bare = shapely.is_missing(places) | shapely.is_empty(places)
    if bare.any():
        raise NetworkError(
            f"{what} 第 {int(np.argmax(bare)) + 1} 个点没有坐标；请补上或去掉。",
            f"Point {int(np.argmax(bare)) + 1} of {what} has no place; give it one or "
            "take it out.",
        )
    tree = shapely.STRtree(np.asarray(network.nodes.geometry, dtype=object))
    (_, node), distance = tree.query_nearest(
        places, return_distance=True, all_matches=False
    )
    if (distance > BOUNDARY_M).any():
        far, row = float(distance.max()), int(distance.argmax()) + 1
        raise NetworkError(
            f"{what} 中第 {row} 个点离最近节点 {far:.0f} m，超过 {BOUNDARY_M:g} m；"
            "应是河流进出的端点，可直接给出端点的经度、纬度。",
            f"Point {row} of {what} lies {far:.0f} m from any node, more than "
            f"{BOUNDARY_M:g} m; give the place of the river's end.",
        )
    return set(node.tolist())

"""What a trace met and what lies beside it, as a small network of its own."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray

from geotool.locate._index import index_of
from geotool.network import RiverNetwork
from geotool.trace._graph import Graph
from geotool.trace._part import distinct
from geotool.trace._reached import Stretches
from geotool.trace._stops import GAP_M

Ints = NDArray[np.int64]


def surroundings(
    network: RiverNetwork, stretches: Stretches
) -> tuple[RiverNetwork, Stretches]:
    """
    Take the reaches that a trace touched out of a network, and those near its open ends.

    Takes time in the size of the answer; whatever looks at all reaches does too, then.

    Returns
    -------
    near : RiverNetwork
        Its nodes are the first of the graph's, its reaches keep their order.
    stretches : Stretches
        The same, whose segments tell rows of ``near``.
    """
    found, graph = stretches.found, stretches.found.graph
    s, inside = (
        graph.segments,
        stretches.limits.hold(found.metres[2].cost, found.fast[2].cost),
    )
    touched = np.flatnonzero(inside[s.start] | inside[s.end])
    near_ends = _near_open_ends(network, graph, touched, inside)
    rows = distinct(np.concatenate([s.reach[touched], near_ends]), len(network.reaches))
    place = graph.layout.place[graph.base]
    reaches = network.reaches.iloc[rows].reset_index(drop=True)
    for column in ("from_node", "to_node"):
        ends = reaches[column].to_numpy()
        reaches[column] = _first_with(place, ends, len(network.nodes))
    nodes = network.nodes.iloc[place].reset_index(drop=True)
    near = RiverNetwork(
        gpd.GeoDataFrame(reaches), gpd.GeoDataFrame(nodes), network.structures.iloc[:0]
    )
    segments = s.take(touched)
    segments = replace(segments, reach=np.searchsorted(rows, segments.reach))
    part = replace(
        graph,
        segments=segments,
        seconds_low=graph.seconds_low[touched],
        seconds_high=graph.seconds_high[touched],
        basis=graph.basis[touched],
    )
    return near, Stretches(
        replace(found, graph=part),
        stretches.limits,
        stretches.level[touched],
        stretches.node[:, touched],
        stretches.entered[:, touched],
    )


def _first_with(place: NDArray[np.int32], node: Ints, count: int) -> Ints:
    """Give the number of each node; 0 for those of reaches that were not touched."""
    if len(place) > count // 8:
        number = np.zeros(count, dtype=np.int64)
        number[place[::-1]] = np.arange(len(place))[::-1]
        return number[node]
    order = np.argsort(place, kind="stable")
    found = order[np.minimum(np.searchsorted(place[order], node), len(order) - 1)]
    return np.where(place[found] == node, found, 0)


def _near_open_ends(
    network: RiverNetwork, graph: Graph, touched: Ints, inside: NDArray[np.bool_]
) -> Ints:
    """Rows of reaches near places where a line ends that was met."""
    s = graph.segments
    if len(touched) > len(network.reaches) // 2:  # no use looking
        return np.arange(len(network.reaches))
    ends = np.concatenate([s.start[touched], s.end[touched]])
    is_open = (np.bincount(ends, minlength=graph.nodes) == 1) & inside
    place = graph.layout.place[graph.base[np.flatnonzero(is_open[: len(graph.base)])]]
    if not len(place):
        return np.zeros(0, dtype=np.int64)
    places = np.array(network.nodes.geometry.iloc[place], dtype=object)
    index = index_of(network)
    rows = [
        group.reaches[tree.query(places, predicate="dwithin", distance=GAP_M)[1]]
        for group, tree in zip(index.groups, index.trees, strict=True)
    ]
    return np.concatenate(rows)

"""Shortest ways by water, at each level of sureness."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geotool.trace._graph import NEVER, Graph

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Arcs:
    """
    Arcs of a graph, with the flow.

    Attributes
    ----------
    tail, head : array of int
    segment : array of int
        Segment each runs through; -1 for a gate.
    level : array of int
    """

    tail: Ints
    head: Ints
    segment: Ints
    level: Ints

    def at(self, index: Ints | Bools) -> "Arcs":
        """Take some of the arcs."""
        return Arcs(
            self.tail[index], self.head[index], self.segment[index], self.level[index]
        )

    def weight(self, cost: Floats) -> Floats:
        """Give what each arc costs; a gate costs nothing."""
        return np.where(self.segment >= 0, cost[self.segment], 0.0)

    @cached_property
    def order(self) -> tuple[Ints, Ints]:
        """Arcs by tail and head, and where each new pair of them begins."""
        order = np.lexsort((self.head, self.tail))
        tail, head = self.tail[order], self.head[order]
        is_new = np.ones(len(order), dtype=bool)
        is_new[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        return order, np.flatnonzero(is_new)


def stacked(one: Arcs, other: Arcs) -> Arcs:
    """Put arcs after others."""
    return Arcs(
        np.concatenate([one.tail, other.tail]),
        np.concatenate([one.head, other.head]),
        np.concatenate([one.segment, other.segment]),
        np.concatenate([one.level, other.level]),
    )


def all_arcs(graph: Graph) -> Arcs:
    """List the ways water may take."""
    s = graph.segments
    number = np.arange(len(s.reach))
    gates = graph.gate_arcs
    arcs = Arcs(
        tail=np.concatenate([s.start, s.end, gates[:, 0]]),
        head=np.concatenate([s.end, s.start, gates[:, 1]]),
        segment=np.concatenate([number, number, np.full(len(gates), -1)]),
        level=np.concatenate([s.along, s.against, gates[:, 2]]),
    )
    return arcs.at(arcs.level < NEVER)


@dataclass(frozen=True)
class Search:
    """
    What one search found.

    Attributes
    ----------
    cost : array of float, one a node
        Smallest cost of the way between the node and a start; inf if none.
    before : array of int
        Next node on the way to the start; negative at a start or if there is none.
    arc : array of int
        Arc of that step; -1 at a start.
    """

    cost: Floats
    before: Ints
    arc: Ints

    def way(self, node: int) -> Iterator[tuple[int, int]]:
        """Give the arcs from a node to the start, in that order, and their far nodes."""
        while self.arc[node] >= 0:
            arc, node = int(self.arc[node]), int(self.before[node])
            yield arc, node


@dataclass(frozen=True)
class Joined:
    """
    Several searches; each node has the cheapest that holds for it.

    Attributes
    ----------
    searches : list of Search
    cost : array of float
    choice : array of int
        Which search each node has its cost from.
    """

    searches: list[Search]
    cost: Floats
    choice: Ints

    def way(self, node: int) -> Iterator[tuple[int, int]]:
        """Give the arcs from a node to the start, in that order, and their far nodes."""
        return self.searches[int(self.choice[node])].way(node)


def joined(searches: list[Search], holds: list[Bools | None]) -> Joined:
    """
    Choose the cheapest search for each node.

    Parameters
    ----------
    searches : list of Search
    holds : list of (array of bool or None)
        Nodes that a search is good for; None for all.
    """
    cost = searches[0].cost
    choice = np.zeros(len(cost), dtype=np.int64)
    for number, (one, good) in enumerate(zip(searches, holds, strict=True)):
        mine = one.cost if good is None else np.where(good, one.cost, np.inf)
        choice = np.where(mine < cost, number, choice)
        cost = np.minimum(mine, cost)
    return Joined(searches, cost, choice)


def search(
    arcs: Arcs,
    weight: Floats,
    starts: list[int],
    *,
    nodes: int,
    upstream: bool,
) -> Search:
    """
    Find the cheapest way from every node to a start (or from a start, downstream).

    Parameters
    ----------
    arcs : Arcs
    weight : array of float, one an arc
        Metres or seconds, not negative.
    starts : list of int
    nodes : int
    upstream : bool
        Search against the arcs.
    """
    number = _cheapest(arcs, weight)
    tail, head = arcs.tail[number], arcs.head[number]
    # a step of no length is kept: in a sparse graph a stored zero is an arc
    graph = sp.csr_array((weight[number], (tail, head)), shape=(nodes, nodes))
    total, before, _ = sp.csgraph.dijkstra(
        graph.T.tocsr() if upstream else graph,
        directed=True,
        indices=np.unique(starts),
        min_only=True,
        return_predecessors=True,
    )
    arc = np.full(nodes, -1, dtype=np.int64)
    far = np.flatnonzero(before >= 0)
    near = before[far].astype(np.int64)
    key = far * nodes + near if upstream else near * nodes + far
    # the arcs are sorted by tail and head
    arc[far] = number[np.searchsorted(tail * nodes + head, key)]
    return Search(total, before.astype(np.int64), arc)


def _cheapest(arcs: Arcs, weight: Floats) -> Ints:
    """Of parallel arcs the cheapest, sorted by tail and head."""
    order, begin = arcs.order
    if len(begin) == len(order):
        return order
    pair = np.zeros(len(order), dtype=np.int64)
    pair[begin] = 1
    ranked = np.lexsort((order, weight[order], np.cumsum(pair)))
    return order[ranked[begin]]


def reached_from(arcs: Arcs, start: int, *, nodes: int, upstream: bool) -> Bools:
    """Tell which nodes a search from one node meets."""
    source, target = (arcs.head, arcs.tail) if upstream else (arcs.tail, arcs.head)
    graph = sp.csr_array((np.ones(len(source)), (source, target)), shape=(nodes, nodes))
    met = sp.csgraph.breadth_first_order(graph, start, return_predecessors=False)
    found = np.zeros(nodes, dtype=bool)
    found[met] = True
    return found

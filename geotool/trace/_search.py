"""Shortest ways by water, at each level of sureness."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool.trace._graph import NEVER, Graph, Whole
from geotool.trace._index import COMPILED_FROM, kernels
from geotool.trace._part import Part, shortest

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


def stacked(one: Arcs, other: Arcs) -> Arcs:
    """Put arcs after others."""
    return Arcs(
        np.concatenate([one.tail, other.tail]),
        np.concatenate([one.head, other.head]),
        np.concatenate([one.segment, other.segment]),
        np.concatenate([one.level, other.level]),
    )


def all_arcs(graph: Graph | Whole) -> Arcs:
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
        # a view gives plain integers, several times faster than the array does
        arcs, before = self.arc.data, self.before.data
        while (arc := arcs[node]) >= 0:
            node = before[node]
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

    Of equally cheap ways the one that begins with the lowest arc.

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
    if _pays(len(weight)) and kernels() is not None:
        return _compiled_search(arcs, weight, starts, nodes=nodes, upstream=upstream)
    near, far = (arcs.head, arcs.tail) if upstream else (arcs.tail, arcs.head)
    order = np.argsort(far, kind="stable")
    first = np.searchsorted(far[order], np.arange(nodes + 1)).astype(np.int32)
    every = np.arange(nodes, dtype=np.int32)
    part = Part(
        every, first, near[order].astype(np.int32), order.astype(np.int32), None
    )
    begin = np.unique(starts)
    cost, row = shortest(part, weight[order], begin, np.zeros(len(begin)))
    arc = np.append(order, -1)[row]
    before = np.where(arc >= 0, np.append(near, -1)[arc], -1)
    return Search(cost, before, arc)


def _pays(arcs: int) -> bool:
    """Tell whether compiled loops are faster; to load them takes a second by itself."""
    is_loaded = "geotool.trace._kernels" in sys.modules
    return arcs >= COMPILED_FROM * (1 if is_loaded else 5)


def _compiled_search(
    arcs: Arcs, weight: Floats, starts: list[int], *, nodes: int, upstream: bool
) -> Search:
    k: Any = kernels()
    near, far = (arcs.head, arcs.tail) if upstream else (arcs.tail, arcs.head)
    cost, arc = np.full(nodes, np.inf), np.full(nodes, -1, dtype=np.int32)
    cost[starts] = 0.0
    first, order = k.by_key(near.astype(np.int32), nodes)
    k.settle(
        0,
        nodes - 1,
        0,
        cost,
        arc,
        np.zeros(nodes, np.int8),  # no twigs are told apart
        first,
        far[order].astype(np.int32),
        weight[order],
        order,
    )
    before = np.where(arc >= 0, np.append(near, -1)[arc], -1)
    return Search(cost, before, arc.astype(np.int64))

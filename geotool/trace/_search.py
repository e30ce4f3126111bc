"""Shortest ways by water, at each level of sureness."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geotool.trace._graph import NEVER, Graph

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

GATE_M = 0.0
"""A gate has no length."""


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


def all_arcs(graph: Graph) -> Arcs:
    """List the ways water may take."""
    s = graph.segments
    number = np.arange(len(s.reach))
    gates = graph.gate_arcs
    tail = np.concatenate([s.start, s.end, gates[:, 0]])
    head = np.concatenate([s.end, s.start, gates[:, 1]])
    segment = np.concatenate([number, number, np.full(len(gates), -1)])
    level = np.concatenate([s.along, s.against, gates[:, 2]])
    there = level < NEVER
    return Arcs(tail[there], head[there], segment[there], level[there])


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
        Arc of that step.
    """

    cost: Floats
    before: Ints
    arc: Ints


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
    source, target = (arcs.head, arcs.tail) if upstream else (arcs.tail, arcs.head)
    order = np.lexsort((np.arange(len(source)), weight, target, source))
    source, target, cost = source[order], target[order], weight[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (source[1:] != source[:-1]) | (target[1:] != target[:-1])
    source, target, cost, number = (
        source[first],
        target[first],
        cost[first],
        order[first],
    )
    # of parallel ways the cheapest counts; a shift keeps steps of no length as arcs
    graph = sp.csr_array((cost + 1e-9, (source, target)), shape=(nodes, nodes))
    total, before, _ = sp.csgraph.dijkstra(
        graph,
        directed=True,
        indices=np.unique(starts),
        min_only=True,
        return_predecessors=True,
    )
    arc = np.full(nodes, -1, dtype=np.int64)
    reached = np.flatnonzero(before >= 0)
    key = before[reached].astype(np.int64) * nodes + reached
    arc[reached] = number[np.searchsorted(source * nodes + target, key)]
    exact = _exact_cost(total, before, arc, weight)
    return Search(exact, before.astype(np.int64), arc)


def _exact_cost(
    total: Floats, before: NDArray[np.int32], arc: Ints, weight: Floats
) -> Floats:
    """Add the weights up again along the ways, without the shift."""
    exact = np.full(len(total), np.inf)
    reached = np.flatnonzero(np.isfinite(total))
    for node in reached[np.argsort(total[reached], kind="stable")]:
        exact[node] = 0.0 if arc[node] < 0 else exact[before[node]] + weight[arc[node]]
    return exact


def way(found: Search, node: int) -> list[int]:
    """List the arcs from a node to the start, in that order."""
    arcs = []
    while found.arc[node] >= 0:
        arcs.append(int(found.arc[node]))
        node = int(found.before[node])
    return arcs

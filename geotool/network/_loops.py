"""The flow problem parted: sums along bridges, a sparse system for the loops."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import SuperLU, splu

from geotool.network._blocks import Forest, find_blocks

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LEAK = 1e-6
"""What is left of the conductance where a reach is known to run against the drop."""


@dataclass(frozen=True)
class Canals:
    """
    Arrays of a network for the flow solve.

    Attributes
    ----------
    start, end : array of int, one a reach
        As drawn.
    conductance, length : array of float
    nodes : int
    outlets, inlets : array of int
        Nodes where water leaves and enters.
    known : array of int
        +1 where the reach is known to run as drawn, -1 against, 0 else.
    """

    start: Ints
    end: Ints
    conductance: Floats
    length: Floats
    nodes: int
    outlets: Ints
    inlets: Ints
    known: Ints


@dataclass(frozen=True)
class Water:
    """
    The network with its outlets taken as one node, the ground.

    Attributes
    ----------
    canals : Canals
    start, end : array of int
        Nodes of each reach, the ground for an outlet.
    ground : int
        Its number, one more than the last node.
    forest : Forest
    part : array of int, one a node
        Connected part as drawn, without the ground.
    part_drains : array of bool, one a part
    lateral : array of float, one a node
        Half the length of the reaches there, as inflow.
    """

    canals: Canals
    start: Ints
    end: Ints
    ground: int
    forest: Forest
    part: Ints
    part_drains: Bools
    lateral: Floats

    @classmethod
    def of(cls, canals: Canals) -> "Water":
        """Join the outlets and find the blocks of loops."""
        ground = canals.nodes
        merged = np.arange(canals.nodes + 1)
        merged[canals.outlets] = ground
        start, end = merged[canals.start], merged[canals.end]
        graph = sp.coo_array(
            (np.ones(len(start)), (canals.start, canals.end)),
            (canals.nodes, canals.nodes),
        )
        parts, part = sp.csgraph.connected_components(graph, directed=False)
        drains = np.zeros(parts, dtype=bool)
        drains[part[canals.outlets]] = True
        half = canals.length / 2
        lateral = np.bincount(canals.start, half, canals.nodes).astype(float)
        lateral = lateral + np.bincount(canals.end, half, canals.nodes)
        forest = find_blocks(start, end, canals.nodes + 1, ground)
        return cls(canals, start, end, ground, forest, part, drains, lateral)

    def inflow(self, share: Floats) -> Floats:
        """
        Give each part as much as its lateral inflow, by shares of its inlets.

        Parameters
        ----------
        share : array of float, one an inlet
        """
        canals, part = self.canals, self.part[self.canals.inlets]
        wet = np.bincount(self.part, self.lateral, len(self.part_drains))
        whole = np.bincount(part, share, len(wet))[part]
        through = wet[part] * share / whole
        made = np.bincount(canals.inlets, through, self.ground + 1).astype(float)
        made[canals.outlets] = 0.0
        return made

    def by_bridges(self, inflow: Floats) -> tuple[Floats, Floats]:
        """Give what each node sends up its bridge, and what so arrives at each node."""
        forest = self.forest
        child = np.flatnonzero(forest.up >= 0)
        child = child[forest.bridge[forest.up[child]]]
        sent = np.zeros_like(inflow)
        sent[child] = forest.gathered(inflow)[child]
        arriving = np.bincount(forest.parent[child], sent[child], len(inflow))
        return sent, inflow + arriving


@dataclass(frozen=True)
class Loops:
    """
    The blocks of loops, factored.

    Attributes
    ----------
    node : array of int
        Node of each unknown head; those where blocks drain have none.
    reaches : array of int
        Reaches in blocks.
    one, other : array of int
        Unknown at the start and end of each of these; the last for none.
    conductance : array of float
        Of each of these.
    factor : SuperLU or None
    """

    node: Ints
    reaches: Ints
    one: Ints
    other: Ints
    conductance: Floats
    factor: SuperLU | None

    @classmethod
    def of(cls, water: Water, forced: Bools) -> "Loops":
        """Factor what drains, with forced reaches as good as closed."""
        forest = water.forest
        drained = np.zeros(water.ground + 1, dtype=bool)
        drained[forest.order] = True
        inner = ~forest.bridge & (water.start != water.end) & drained[water.start]
        reaches = np.flatnonzero(inner)
        node = np.flatnonzero(drained & ~forest.top)
        number = np.full(water.ground + 1, len(node))
        number[node] = np.arange(len(node))
        conductance = water.canals.conductance[reaches]
        conductance = np.where(forced[reaches], LEAK * conductance, conductance)
        one, other = number[water.start[reaches]], number[water.end[reaches]]
        factor = _factor(one, other, conductance, len(node))
        return cls(node, reaches, one, other, conductance, factor)

    def flows(self, arriving: Floats | None, put: Floats) -> tuple[Floats, Floats]:
        """
        Solve for the flow along the drawing in each reach, and the heads.

        Parameters
        ----------
        arriving : array of float, one a node, or None
            Inflow, from bridges too.
        put : array of float, one a reach
            Flow forced through, beside what the drop makes.

        Returns
        -------
        flow : array of float, one a reach
        head : array of float
            Of each unknown; the last is 0, where blocks drain.
        """
        if self.factor is None:
            return put, np.zeros(1)
        size = len(self.node)
        right = np.bincount(self.other, put, size + 1)[:size].astype(float)
        right -= np.bincount(self.one, put, size + 1)[:size]
        if arriving is not None:
            right += arriving[self.node]
        head = np.append(self.factor.solve(right), 0.0)
        drop = head[self.one] - head[self.other]
        return self.conductance * drop + put, head


def _factor(one: Ints, other: Ints, conductance: Floats, size: int) -> SuperLU | None:
    if size == 0:
        return None
    degree = np.bincount(one, conductance, size + 1)[:size]
    degree += np.bincount(other, conductance, size + 1)[:size]
    inner = (one < size) & (other < size)
    rows = np.concatenate([one[inner], other[inner], np.arange(size)])
    columns = np.concatenate([other[inner], one[inner], np.arange(size)])
    value = np.concatenate([-conductance[inner], -conductance[inner], degree])
    matrix = sp.coo_array((value, (rows, columns)), (size, size)).tocsc()
    # symmetric with a strong diagonal: no pivoting, and an ordering for such
    return splu(
        matrix,
        permc_spec="MMD_AT_PLUS_A",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )

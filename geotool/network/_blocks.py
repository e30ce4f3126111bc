"""Where water has one way only, and where it has a choice: bridges and blocks.

Every part of a network that drains is hung up at its outlets, taken as one node, the
ground. A reach without which something would be cut off from the ground is a bridge:
all that falls above it passes through it, so its flow is a sum and needs no solving.
What is left are blocks of loops, each with one node where its water leaves.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import SuperLU, splu

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LABEL_BITS = 30
"""Labels of this size add up exactly in a double for eight million reaches."""


@dataclass(frozen=True)
class Forest:
    """
    A spanning tree of what drains, with the bridges and blocks found by it.

    Attributes
    ----------
    order : array of int
        Nodes that drain, the ground first, each after its parent.
    parent, up : array of int, one a node
        The node towards the ground and the reach that leads there; -1 at the ground
        and at nodes that do not drain.
    bridge : array of bool, one a reach
        Whether the reach is a bridge.
    block : array of int, one a node
        Number of the block; a node alone is a block of its own.
    top : array of bool, one a node
        Whether the water of the block leaves at this node.
    """

    order: Ints
    parent: Ints
    up: Ints
    bridge: Bools
    block: Ints
    top: Bools

    @cached_property
    def _sums(self) -> SuperLU:
        return _sum_operator(self.order, self.parent)

    def gathered(self, inflow: Floats) -> Floats:
        """
        Sum what falls on each node and on all that hangs on it.

        Parameters
        ----------
        inflow : array, one row a node
            Columns, if any, are summed each by itself.
        """
        made = np.zeros_like(inflow)
        rows = self.order[::-1]
        made[rows] = self._sums.solve(inflow[rows])
        return made


def find_blocks(start: Ints, end: Ints, nodes: int, ground: int) -> Forest:
    """
    Find bridges and blocks of what hangs together with the ground.

    Parameters
    ----------
    start, end : array of int
        Nodes of each reach; parallel ones and rings are fine.
    nodes, ground : int

    Examples
    --------
    A triangle 0-1-2 drains to the ground 3, a dead end 4 hangs on it:

    >>> forest = find_blocks(
    ...     np.array([0, 1, 2, 0, 2]), np.array([1, 2, 0, 3, 4]), nodes=5, ground=3
    ... )
    >>> forest.bridge.tolist()
    [False, False, False, True, True]
    >>> forest.gathered(np.ones(5)).tolist()
    [4.0, 1.0, 2.0, 5.0, 1.0]
    >>> np.flatnonzero(forest.top).tolist()
    [0, 3, 4]
    """
    order, parent = _spread(start, end, nodes, ground)
    up = _reach_up(start, end, parent)
    drained = np.zeros(nodes, dtype=bool)
    drained[order] = True
    bare = Forest(order, parent, up, np.empty(0, bool), parent, drained)
    is_tree = np.zeros(len(start), dtype=bool)
    is_tree[up[up >= 0]] = True
    across = ~is_tree & (start != end) & drained[start]
    # what crosses a tree reach is the sum, below it, of labels given with + to one
    # end of every other reach and with - to its other end; nothing crosses: a bridge
    rng = np.random.default_rng(20_260_815)
    label = np.zeros((len(start), 2))
    label[across] = rng.integers(1, 2**_LABEL_BITS, (int(across.sum()), 2))
    mark = np.column_stack(
        [
            np.bincount(start, one, nodes) - np.bincount(end, one, nodes)
            for one in label.T
        ]
    )
    crossed = (bare.gathered(mark) != 0).any(axis=1)
    bridge = np.zeros(len(start), dtype=bool)
    below = np.flatnonzero((up >= 0) & ~crossed)
    bridge[up[below]] = True
    inner = ~bridge
    block = _parts(start[inner], end[inner], nodes)
    top = np.zeros(nodes, dtype=bool)
    top[order[np.unique(block[order], return_index=True)[1]]] = True
    return Forest(order, parent, up, bridge, block, top)


def _parts(start: Ints, end: Ints, nodes: int) -> Ints:
    graph = sp.coo_array((np.ones(len(start)), (start, end)), (nodes, nodes))
    part: Ints = sp.csgraph.connected_components(graph, directed=False)[1]
    return part


def _spread(start: Ints, end: Ints, nodes: int, ground: int) -> tuple[Ints, Ints]:
    """Nodes in breadth-first order from the ground, and the parent of each."""
    graph = sp.coo_array((np.ones(len(start)), (start, end)), (nodes, nodes)).tocsr()
    order, parent = sp.csgraph.breadth_first_order(graph, ground, directed=False)
    parent = parent.astype(np.int64)
    return order.astype(np.int64), np.where(parent < 0, -1, parent)


def _reach_up(start: Ints, end: Ints, parent: Ints) -> Ints:
    """Give the first of the reaches between each node and its parent."""
    nodes = len(parent)
    pair = np.minimum(start, end) * nodes + np.maximum(start, end)
    by_pair = np.argsort(pair, kind="stable")
    child = np.flatnonzero(parent >= 0)
    wanted = np.minimum(child, parent[child]) * nodes + np.maximum(child, parent[child])
    up = np.full(nodes, -1, dtype=np.int64)
    up[child] = by_pair[np.searchsorted(pair[by_pair], wanted)]
    return up


def _sum_operator(order: Ints, parent: Ints) -> SuperLU:
    """Factor (1 - "is child of"), leaves first: solving it sums over subtrees."""
    count = len(order)
    place = np.empty(len(parent), dtype=np.int64)
    place[order[::-1]] = np.arange(count)
    child = order[1:]
    rows = np.concatenate([np.arange(count), place[parent[child]]])
    columns = np.concatenate([np.arange(count), place[child]])
    value = np.concatenate([np.ones(count), -np.ones(len(child))])
    matrix = sp.coo_array((value, (rows, columns)), (count, count)).tocsc()
    # triangular and in order already: nothing to permute, nothing fills in
    return splu(
        matrix,
        permc_spec="NATURAL",
        diag_pivot_thresh=0.0,
        options={"SymmetricMode": True},
    )

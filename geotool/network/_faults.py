"""Inferred directions that cannot be: circles, and water that begins or ends inside."""

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geotool.network._loops import Canals

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def without_faults(
    canals: Canals, sign: Ints, is_inferred: Bools, trust: Floats
) -> Bools:
    """
    Say which inferred directions stand.

    Inferred reaches on a directed cycle do not; of those at a node where all water
    arrives, or all leaves, the least trusted does not. One look is enough: with a
    direction less no cycle and no such node can come to be.

    Parameters
    ----------
    canals : Canals
    sign : array of int
        Direction of every reach, known or inferred; 1, -1, or another number for none.
    is_inferred : array of bool
    trust : array of float
        Of two that are trusted alike the earlier one is taken back.

    Examples
    --------
    Both reaches were thought to run to the node 1 between them:

    >>> canals = Canals(
    ...     start=np.array([0, 1]), end=np.array([1, 2]), conductance=np.ones(2),
    ...     length=np.ones(2), nodes=3, outlets=np.array([2]),
    ...     inlets=np.array([0]), known=np.zeros(2, int),
    ... )
    >>> both = np.array([True, True])
    >>> without_faults(canals, np.array([1, -1]), both, np.array([0.9, 0.8])).tolist()
    [True, False]
    """
    stands = is_inferred & ~in_cycle(canals.start, canals.end, sign, canals.nodes)
    # judged with the cycles still in: what is taken back only leaves nodes undecided
    fault = one_sided(canals.start, canals.end, sign, canals.nodes)
    fault[canals.outlets] = fault[canals.inlets] = False
    reach = np.tile(np.flatnonzero(is_inferred), 2)
    node = np.concatenate([canals.start[is_inferred], canals.end[is_inferred]])
    at_fault = fault[node]
    reach, node = reach[at_fault], node[at_fault]
    order = np.lexsort((reach, trust[reach], node))
    weakest = order[np.unique(node[order], return_index=True)[1]]
    stands[reach[weakest]] = False
    return stands


def in_cycle(start: Ints, end: Ints, sign: Ints, nodes: int) -> Bools:
    """Whether a directed reach lies on a directed cycle."""
    directed = np.abs(sign) == 1
    tail = np.where(sign == -1, end, start)
    head = np.where(sign == -1, start, end)
    graph = sp.coo_array(
        (np.ones(int(directed.sum())), (tail[directed], head[directed])),
        (nodes, nodes),
    )
    part = sp.csgraph.connected_components(graph, connection="strong")[1]
    found: Bools = directed & (part[tail] == part[head])
    return found


def one_sided(start: Ints, end: Ints, sign: Ints, nodes: int) -> Bools:
    """Nodes of two or more reaches, all directed, that all run in or all run out."""
    directed = np.abs(sign) == 1
    out = np.bincount(np.where(sign == -1, end, start)[directed], minlength=nodes)
    into = np.bincount(np.where(sign == -1, start, end)[directed], minlength=nodes)
    degree = np.bincount(start, minlength=nodes) + np.bincount(end, minlength=nodes)
    found: Bools = (degree >= 2) & ((out == degree) | (into == degree))
    return found

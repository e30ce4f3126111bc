"""An index of directed arcs that answers "what leads here, how far, which way" at once.

Building it takes one pass over the network; after that a search takes time in the size
of its answer. It holds for any directed multigraph: loops, parallel and two-way arcs.

>>> tail, head = np.array([0, 1, 1, 2]), np.array([1, 2, 2, 0])
>>> index = build_index(tail, head, np.array([10.0, 30.0, 20.0, 5.0]), nodes=3)
>>> found = reached(index, 2)
>>> order = np.argsort(found.distance_m)
>>> found.ids[order].tolist(), found.distance_m[order].tolist()
([2, 1, 0], [0.0, 20.0, 30.0])
>>> found.next[order].tolist()  # by arc 2, the shorter of two
[-1, 2, 0]
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from geotool.trace._scipy import NONE, backward, by_head, dijkstra, first_arcs

Ints = NDArray[np.int32]
Floats = NDArray[np.float64]

COMPILED_FROM = 200_000
"""With fewer arcs a search by scipy is over before numba is loaded."""


class Reached(NamedTuple):
    """
    Nodes that lead to a start.

    Attributes
    ----------
    ids : array of int
        Nodes, each once, in no promised order.
    distance_m : array of float
        Length of the shortest way to a start.
    next : array of int
        Number of the first arc of that way; -1 at a start. Of ways of one length that
        which begins with the lowest number.
    """

    ids: Ints
    distance_m: Floats
    next: Ints


@cache
def kernels() -> ModuleType | None:
    """Give the compiled loops; None where numba is not installed."""
    if find_spec("numba") is None:
        return None
    # heavy, and small networks never need it
    from geotool.trace import _kernels

    return _kernels


@dataclass(frozen=True)
class Order:
    """
    What the order of the positions tells, for the compiled search.

    Attributes
    ----------
    low, end : array of int
        First position of the slice, and last of the block, of each position.
    kind : array of int
        How a position is worked out: see the kernels.
    cross_first, cross : array of int
        Positions below the slice of a position that lead to it.
    inner_first, inner : array of int
        Arcs into each position inside its block.
    ints, floats : array
        All arrays of the index, one after another: the others are parts of these.
    """

    low: Ints
    end: Ints
    kind: NDArray[np.int8]
    cross_first: Ints
    cross: Ints
    inner_first: Ints
    inner: Ints
    ints: Ints
    floats: Floats


@dataclass(frozen=True)
class WaterIndex:
    """
    Arcs by the position of their tail.

    Attributes
    ----------
    node, position : array of int
        Node at each position, and position of each node.
    first, head, length_m, number : array
        Arcs out of each position.
    order : Order or None
        None where scipy searches.
    """

    node: Ints
    position: Ints
    first: Ints
    head: Ints
    length_m: Floats
    number: Ints
    order: Order | None

    @property
    def nbytes(self) -> int:
        """Memory of all arrays."""
        if self.order is not None:
            order = self.order
            return order.ints.nbytes + order.floats.nbytes + order.kind.nbytes
        return sum(
            part.nbytes for part in vars(self).values() if isinstance(part, np.ndarray)
        )

    @cached_property
    def backward(self) -> sp.csr_array:
        """Arcs from head to tail, for scipy."""
        return backward(by_head(self.first, self.head), self.length_m, len(self.node))


def build_index(
    tail: NDArray[np.integer[Any]],
    head: NDArray[np.integer[Any]],
    length_m: Floats,
    *,
    nodes: int,
    number: NDArray[np.integer[Any]] | None = None,
    compiled: bool | None = None,
) -> WaterIndex:
    """
    Index arcs for searches against them.

    Parameters
    ----------
    tail, head : array of int
        Nodes that each arc leaves and enters. For searches with the arcs, exchange
        them.
    length_m : array of float
        Not negative.
    nodes : int
    number : array of int, optional
        What the arcs are called in ``next``, rising, from 0; else their rows.
    compiled : bool, optional
        Search by compiled loops; if None, where it pays and numba is installed.
    """
    wanted = len(tail) >= COMPILED_FROM if compiled is None else compiled
    k = kernels() if wanted else None
    leaves, enters = tail.astype(np.int32), head.astype(np.int32)
    called = (np.arange(len(tail)) if number is None else number).astype(np.int32)
    if k is None:
        row = np.lexsort((called, leaves))
        first = np.searchsorted(leaves[row], np.arange(nodes + 1)).astype(np.int32)
        same = np.arange(nodes, dtype=np.int32)
        ends = enters[row]
        return WaterIndex(same, same, first, ends, length_m[row], called[row], None)
    into, row = k.by_key(enters, nodes)
    # outlets first: what lies upstream of one is a single slice
    is_outlet = np.bincount(leaves, minlength=nodes) == 0
    roots = np.concatenate([np.flatnonzero(is_outlet), np.flatnonzero(~is_outlet)])
    node, low, end = k.blocks(into, leaves[row], roots.astype(np.int32))
    position = np.empty(nodes, np.int32)
    position[node] = np.arange(nodes, dtype=np.int32)
    first, row = k.by_key(position[leaves], nodes)
    to, metres, called = position[enters[row]], length_m[row], called[row]
    inner_first, inner, arc = k.inner_arcs(end, first, to)
    kind = k.kinds(end, first, to, inner_first, inner)
    cross = k.cross_arcs(low, first, to)
    places = (node, position, low, end, first, cross[0], inner_first)
    arcs = (to, called, cross[1], inner, called[arc])
    floats = np.concatenate([metres, metres[arc]])
    return packed(places, arcs, floats, kind)


def packed(
    places: tuple[Ints, ...],
    arcs: tuple[Ints, ...],
    floats: Floats,
    kind: NDArray[np.int8],
) -> WaterIndex:
    """
    Lay the arrays of an index side by side, for ``search`` of the kernels.

    Parameters
    ----------
    places : tuple of array
        Node, position, low, end, and where the arcs out, cross arcs and inner arcs
        begin.
    arcs : tuple of array
        Head and number of the arcs out; cross arcs; tail and number of the inner arcs.
    floats : array
        Lengths of the arcs out, then of the inner arcs.
    kind : array of int
    """
    sizes = [len(places[0]), *(len(arcs[at]) for at in (0, 2, 3))]
    parts = [np.array(sizes, dtype=np.int32), *places, *arcs]
    ints = np.concatenate(parts)
    at = np.cumsum([len(part) for part in parts])[:-1]
    node, position, low, end, first, cross_first, inner_first, *rest = np.split(
        ints, at
    )[1:]
    head, number, cross, inner, _ = rest
    order = Order(low, end, kind, cross_first, cross, inner_first, inner, ints, floats)
    metres = floats[: len(head)]
    return WaterIndex(node, position, first, head, metres, number, order)


def reached(index: WaterIndex, start: int | Sequence[int]) -> Reached:
    """
    Find all nodes that lead to a start, how far they are, and by which arc.

    Parameters
    ----------
    index : WaterIndex
    start : int or sequence of int
        Node or nodes.
    """
    nodes = np.array(start, dtype=np.int32, ndmin=1)
    order = index.order
    if order is None:
        cost, before = dijkstra(index.backward, np.unique(nodes))
        arc = first_arcs(index.first, index.head, index.length_m, cost, before)
        met = np.flatnonzero(np.isfinite(cost))
        next_ = np.append(index.number, NONE)[arc[met]]
        return Reached(index.node[met], cost[met], next_.astype(np.int32))
    if len(nodes) > 1:
        nodes = nodes[np.argsort(-index.position[nodes])]
    k: Any = kernels()
    return Reached(*k.search(nodes, order.ints, order.floats, order.kind))


def ranges(low: NDArray[Any], stop: NDArray[Any]) -> NDArray[np.int64]:
    """
    Put ranges one after another.

    Examples
    --------
    >>> ranges(np.array([3, 8]), np.array([5, 9])).tolist()
    [3, 4, 8]
    """
    count = (stop - low).astype(np.int64)
    if len(count) == 1:
        return np.arange(low[0], stop[0], dtype=np.int64)
    skip = low - (np.cumsum(count) - count)
    return np.repeat(skip, count) + np.arange(int(count.sum()))

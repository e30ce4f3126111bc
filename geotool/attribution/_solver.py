"""How the load that leaves a node, and its adjoint, are solved for.

Without directed cycles by one sweep in the order of the flow, else by a sparse LU.
"""

from functools import cache, cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.linalg.lapack import dtrtrs
from scipy.sparse.linalg import splu, spsolve_triangular

from geotool.attribution._problem import Floats, Ints

if TYPE_CHECKING:
    from geotool.attribution._operator import Transport

DENSE_NODES = 300
"""Up to so many nodes a full matrix is solved before scipy has made a sparse one."""

COMPILED_FROM = 200_000
"""With fewer arcs a triangular solve by scipy is over before numba is loaded."""


class Order(NamedTuple):
    """
    Arcs sorted by their tail, nodes numbered against the flow.

    Attributes
    ----------
    arc : array of int
        Place of each among the arcs as given.
    first : array of int
        First arc of each node, and one past the last.
    head : array of int
    """

    arc: Ints
    first: Ints
    head: Ints


def order_of(tail: Ints, head: Ints, number: Ints) -> Order:
    """
    Sort arcs for a sweep.

    Parameters
    ----------
    tail, head : array of int
    number : array of int, one a node
        Smaller downstream.
    """
    own = number[tail]
    arc = np.argsort(own, kind="stable")
    count = np.bincount(own, minlength=len(number))
    return Order(arc, np.append(0, np.cumsum(count)), number[head[arc]])


@cache
def _compiled() -> Any:
    """Give the compiled loops; None where numba is not installed."""
    if find_spec("numba") is None:
        return None
    from geotool.attribution import _kernels

    return _kernels


class Sweep:
    """
    One pass in the order of the flow.

    Parameters
    ----------
    transport : Transport
        Without directed cycles.
    compiled : bool, optional
        Whether by compiled loops; if None, where they are there and pay.
    """

    def __init__(self, transport: "Transport", *, compiled: bool | None = None) -> None:
        self.number, self.order = transport.component, transport.order
        self.weight = transport.weight[self.order.arc]
        if compiled is None:
            compiled = len(self.weight) >= COMPILED_FROM
        self.loops = _compiled() if compiled else None

    def up(self, right: Floats) -> Floats:
        """Solve the adjoint."""
        return self._solve(right, upward=True)

    def down(self, right: Floats) -> Floats:
        """Solve the forward system."""
        return self._solve(right, upward=False)

    def _solve(self, right: Floats, *, upward: bool) -> Floats:
        moved = np.empty_like(right)
        moved[self.number] = right
        if self.loops is None:
            return self._by_scipy(moved, upward=upward)[self.number]
        sweep = self.loops.sweep_up if upward else self.loops.sweep_down
        columns = moved.reshape(len(moved), -1)
        sweep(self.order.first, self.order.head, self.weight, columns)
        return columns.reshape(moved.shape)[self.number]

    @cached_property
    def _full(self) -> Floats:
        """The whole triangle, its diagonal of ones left out."""
        nodes, order = len(self.number), self.order
        tail = np.repeat(np.arange(nodes), np.diff(order.first))
        filled = np.bincount(
            tail * nodes + order.head, -self.weight, minlength=nodes * nodes
        )
        return filled.reshape(nodes, nodes)

    def _by_scipy(self, right: Floats, *, upward: bool) -> Floats:
        nodes, order = len(right), self.order
        if nodes <= DENSE_NODES:
            found, _ = dtrtrs(
                self._full, right, lower=1, trans=0 if upward else 1, unitdiag=1
            )
            return np.asarray(found)
        matrix = sp.csr_array(
            (-self.weight, order.head, order.first), shape=(nodes, nodes)
        ) + sp.eye_array(nodes, format="csr")
        found = spsolve_triangular(
            matrix if upward else matrix.T.tocsr(),
            right,
            lower=upward,
            unit_diagonal=True,
            overwrite_b=True,
        )
        return np.asarray(found)


class Factor:
    """Sparse LU, once for a flow state."""

    def __init__(self, transport: "Transport") -> None:
        matrix = sp.eye_array(transport.nodes) - transport.matrix(transport.weight)
        self.lu = splu(matrix.tocsc(), diag_pivot_thresh=0.0)

    def up(self, right: Floats) -> Floats:
        """Solve the adjoint."""
        return np.asarray(self.lu.solve(right, trans="T"))

    def down(self, right: Floats) -> Floats:
        """Solve the forward system."""
        return np.asarray(self.lu.solve(right))

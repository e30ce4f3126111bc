"""Load that leaves a node, and the influence of every node on a section.

``x = A x + s`` with ``A = split share x survival`` (attribution.md, equations 1 to 6).
Without directed cycles the solve is one sweep against the flow; where pumps make
cycles, a sparse LU. A set of nodes that water enters and never leaves has no steady
state and is refused with its nodes named.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from geotool.attribution._problem import Bools, Floats, Ints
from geotool.attribution._solver import Factor, Order, Sweep, order_of
from geotool.attribution._survival import SECONDS_PER_DAY
from geotool.errors import NetworkError

NO_LOSS = 1e-12
"""A column of a component that loses less than this has no exit."""

MANY_ROUNDS = 20.0
"""Warn when water passes a node more often than this on average."""

DENSE_NODES = 400
"""Components up to this size are inverted to count their rounds."""


@dataclass(frozen=True, eq=False)
class Transport:
    """
    How loads move over the arcs of one flow state.

    Attributes
    ----------
    nodes : int
    tail, head : array of int, one an arc
        In the direction of flow.
    share : array of float
        Of all water leaving the tail, withdrawals included, the part in this arc.
    survival : array of float
        Part of the load that is left at the head.
    time_s : array of float
        Time through the arc (of a pool: minus the derivative of ln survival by k).
    names : sequence of str, optional
        What to call the nodes in a message.

    Examples
    --------
    Two clean-mixing inflows of 3 and 1 m3/s:

    >>> meet = Transport(3, np.array([0, 1]), np.array([2, 2]), np.ones(2), np.ones(2))
    >>> psi = meet.influence([2], [4.0])
    >>> (psi[0] * [1.5, 4.0, 0.0]).tolist()
    [0.375, 1.0, 0.0]
    """

    nodes: int
    tail: Ints
    head: Ints
    share: Floats
    survival: Floats
    time_s: Floats | None = None
    names: Sequence[str] | None = None

    @cached_property
    def weight(self) -> Floats:
        """Share times survival, one an arc: the entries of ``A``."""
        return self.share * self.survival

    @cached_property
    def component(self) -> Ints:
        """Strongly connected component of each node (Tarjan's, by scipy)."""
        graph = self.matrix(np.ones(len(self.tail)), transposed=True)
        return np.asarray(
            sp.csgraph.connected_components(graph, connection="strong")[1], np.int64
        )

    @cached_property
    def is_cyclic(self) -> bool:
        """Whether water can come back to where it was."""
        label = self.component
        if (label[self.tail] == label[self.head]).any():
            return True
        # scipy numbers components against the flow; the sweep relies on it, so look
        return not bool((label[self.tail] > label[self.head]).all())

    def matrix(self, values: Floats, *, transposed: bool = False) -> sp.csr_array:
        """Give a matrix with a value for each arc, in row head and column tail."""
        ends = (self.tail, self.head) if transposed else (self.head, self.tail)
        return sp.csr_array((values, ends), shape=(self.nodes, self.nodes))

    def upstream_of(self, at: Sequence[int] | Ints) -> tuple["Transport", Ints]:
        """
        Keep what can reach any of some nodes.

        Returns
        -------
        transport : Transport
        kept : array of int
            Node of the whole for each of its nodes.
        """
        into = self.matrix(np.ones(len(self.tail)))
        met = np.zeros(self.nodes, dtype=bool)
        for node in np.asarray(at, dtype=np.int64).tolist():
            if not met[node]:
                met[
                    sp.csgraph.breadth_first_order(
                        into, node, return_predecessors=False
                    )
                ] = True
        return self._part(met), np.flatnonzero(met)

    def _part(self, met: Bools) -> "Transport":
        kept = np.flatnonzero(met)
        number = np.full(self.nodes, -1, dtype=np.int64)
        number[kept] = np.arange(len(kept))
        arcs = met[self.tail] & met[self.head]
        return Transport(
            nodes=len(kept),
            tail=number[self.tail[arcs]],
            head=number[self.head[arcs]],
            share=self.share[arcs],
            survival=self.survival[arcs],
            time_s=None if self.time_s is None else self.time_s[arcs],
            names=None
            if self.names is None
            else [self.names[k] for k in kept.tolist()],
        )

    def with_survival(self, left: Floats) -> "Transport":
        """Give the same water with another survival; its order is not sought again."""
        other = replace(self, survival=left)
        shared = ("component", "is_cyclic", *(() if self.is_cyclic else ("order",)))
        for name in shared:
            other.__dict__[name] = getattr(self, name)
        return other

    # ------------------------------------------------------------ solving
    @cached_property
    def order(self) -> Order:
        """Arcs in the order of a sweep, where no water comes back."""
        return order_of(self.tail, self.head, self.component)

    @cached_property
    def _solver(self) -> Sweep | Factor:
        self.require_exits()
        return Factor(self) if self.is_cyclic else Sweep(self)

    def require_exits(self) -> None:
        """
        Refuse water that goes round for ever.

        Raises
        ------
        NetworkError
            If a component loses nothing: no outflow, withdrawal or decay.
        """
        inside = self.component[self.tail] == self.component[self.head]
        if not inside.any():
            return
        stays = np.bincount(
            self.tail[inside], self.weight[inside], minlength=self.nodes
        )
        loses = np.maximum(1.0 - stays, 0.0)
        most = np.zeros(int(self.component.max()) + 1)
        np.maximum.at(most, self.component, loses)
        shut = np.flatnonzero(most[self.component] <= NO_LOSS)
        if len(shut):
            first = shut[self.component[shut] == self.component[shut[0]]]
            names = [self.names[k] if self.names else str(k) for k in first.tolist()]
            shown = "、".join(names[:12]) + ("…" if len(names) > 12 else "")
            raise NetworkError(
                f"节点 {shown} 之间的水只进不出（没有出流、取水或降解），没有稳定状态；"
                "请核对流向、闸站状态或补上出口。",
                f"Water goes round nodes {shown.replace('、', ', ')} for ever (no "
                "outflow, withdrawal or decay): no steady state; check directions and "
                "gates, or add an outlet.",
            )

    def influence(
        self, at: Sequence[int] | Ints, flow_m3_s: Sequence[float] | Floats
    ) -> Floats:
        """
        Give mg/L at sections for 1 g/s put in at each node (3).

        Parameters
        ----------
        at : sequence of int
            Node of each section.
        flow_m3_s : sequence of float
            Water leaving it.

        Returns
        -------
        array of float, sections x nodes

        Raises
        ------
        NetworkError
            If a loop has no exit, or a section no flow.
        """
        flow = np.asarray(flow_m3_s, dtype=float)
        if not (flow > 0).all():
            raise NetworkError(
                "断面流量应为正数，无法由负荷算浓度；请核对断面或河段的流量。",
                "A section has no flow, so that a load gives no concentration; check "
                "its flow.",
            )
        right = np.zeros((self.nodes, len(flow)))
        right[np.asarray(at, dtype=np.int64), np.arange(len(flow))] = 1.0 / flow
        return self._solver.up(right).T

    def loads(self, source_g_s: Floats) -> Floats:
        """Give the load leaving each node (1)."""
        return self._solver.down(np.asarray(source_g_s, dtype=float))

    def travel_time_s(self, psi: Floats) -> Floats:
        """
        Give the mean travel time from each node to a section, weighted by load (5).

        Parameters
        ----------
        psi : array of float, sections x nodes
            What :meth:`influence` gave.

        Returns
        -------
        array of float, sections x nodes
            NaN where nothing arrives.
        """
        if self.time_s is None:
            raise NetworkError(
                "没有流经时间，算不出平均流达时间。",
                "There are no times through the arcs, so no travel times.",
            )
        timed = self.time_s * self.weight
        right = [
            np.bincount(self.tail, timed * row[self.head], minlength=self.nodes)
            for row in psi
        ]
        theta = self._solver.up(np.stack(right, axis=1)).T
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(psi > 0, theta / psi, np.nan)

    # ------------------------------------------------------------ sensitivities
    def by_share(self, psi: Floats, load_g_s: Floats) -> Floats:
        """Give dC/df of each arc, its load and the section's flow held (6)."""
        return psi[..., self.head] * self.survival * load_g_s[self.tail]

    def by_log_decay(
        self, psi: Floats, load_g_s: Floats, decay_per_d: float | Floats
    ) -> Floats:
        """Give dC/d ln k, arc by arc: which reach's decay matters (6)."""
        if self.time_s is None:
            raise NetworkError(
                "没有流经时间，算不出降解的影响。",
                "There are no times through the arcs, so no effect of decay.",
            )
        kt = np.asarray(decay_per_d) * self.time_s / SECONDS_PER_DAY
        return -kt * psi[..., self.head] * self.weight * load_g_s[self.tail]

    # ------------------------------------------------------------ self-tests
    def rounds(self) -> Floats:
        """Give how often a load put in at a node passes it: 1 without a cycle."""
        visits = np.ones(self.nodes)
        if not self.is_cyclic:
            return visits
        label, size = self.component, np.bincount(self.component)
        matrix = self.matrix(self.weight)
        for part in np.flatnonzero(size > 1).tolist():
            inside = np.flatnonzero(label == part)
            block = sp.eye_array(len(inside)) - matrix[inside][:, inside]
            if len(inside) <= DENSE_NODES:
                visits[inside] = np.diag(np.linalg.inv(block.toarray()))
                continue
            # too large to invert: the nodes that most arcs come back to
            busy = np.argsort(-np.bincount(self.head, minlength=self.nodes)[inside])
            factor = splu(block.tocsc())
            for k in busy[:32].tolist():
                unit = np.zeros(len(inside))
                unit[k] = 1.0
                visits[inside[k]] = factor.solve(unit)[k]
        return visits

    def continuity_error(self, inflow_m3_s: Floats, flow_m3_s: Floats) -> float:
        """Route the water itself; the largest miss as a share of the largest flow."""
        water = Transport(
            self.nodes, self.tail, self.head, self.share, np.ones(len(self.tail))
        )
        miss = np.abs(water.loads(inflow_m3_s) - flow_m3_s)
        return float(miss.max(initial=0.0) / max(np.abs(flow_m3_s).max(), 1e-300))


def mean_over_states(
    values: Floats, weights: Sequence[float] | Floats
) -> float | Floats:
    """
    Average what several flow states give (attribution.md 2.4).

    Parameters
    ----------
    values : array of float
        States along the first axis: influence or concentration.
    weights : sequence of float
        Share of time of each state for a mean over time; share of time times flow for
        a mean over load.

    Examples
    --------
    A section the source reaches only while the canal is reversed, 30 % of the time:

    >>> c = np.array([0.4, 2.2])
    >>> float(mean_over_states(c, [0.7, 0.3]))
    0.94
    """
    return np.average(np.asarray(values), axis=0, weights=np.asarray(weights))

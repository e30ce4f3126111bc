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
from numpy.typing import NDArray
from scipy.sparse.linalg import splu, spsolve_triangular

from geotool.attribution._problem import Bools, Floats, Ints
from geotool.errors import NetworkError

SECONDS_PER_DAY = 86_400.0

NO_LOSS = 1e-12
"""A column of a component that loses less than this has no exit."""

MANY_ROUNDS = 20.0
"""Warn when water passes a node more often than this on average."""

DENSE_NODES = 400
"""Components up to this size are inverted to count their rounds."""


def survival(decay_per_d: float | Floats, time_s: float | Floats) -> Floats:
    """
    Give the share that is left after a time of plug flow (2a).

    Examples
    --------
    >>> float(survival(0.1, 86_400.0))
    0.9048374
    """
    return np.asarray(np.exp(-np.asarray(decay_per_d) * time_s / SECONDS_PER_DAY))


def pool_survival(
    decay_per_d: float | Floats, volume_m3: float | Floats, flow_m3_s: float | Floats
) -> Floats:
    """
    Give the share that leaves a stirred pool, lake or forebay (2b).

    Examples
    --------
    >>> float(pool_survival(0.05, 5e6, 2.0))
    0.4087039
    """
    rounds = np.asarray(volume_m3) / np.asarray(flow_m3_s) / SECONDS_PER_DAY
    return np.asarray(1.0 / (1.0 + np.asarray(decay_per_d) * rounds))


def lateral_survival(decay_per_d: float | Floats, time_s: float | Floats) -> Floats:
    """
    Give the share left at the end of a reach of a load spread along it.

    Exact: (1 - exp(-kT)) / (kT); SPARROW's half-reach rule is 4 % off at kT = 1.

    Examples
    --------
    >>> float(lateral_survival(0.1, 100_000.0)), float(lateral_survival(0.0, 9.0))
    (0.9442991, 1.0)
    """
    kt = np.asarray(decay_per_d, dtype=float) * time_s / SECONDS_PER_DAY
    safe = np.where(np.abs(kt) < 1e-8, 1.0, kt)
    return np.asarray(
        np.where(np.abs(kt) < 1e-8, 1.0 - kt / 2, -np.expm1(-safe) / safe)
    )


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
        graph = self._matrix(np.ones(len(self.tail)), transposed=True)
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

    def _matrix(self, values: Floats, *, transposed: bool = False) -> sp.csr_array:
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
        into = self._matrix(np.ones(len(self.tail)))
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
        for name in ("component", "is_cyclic"):
            other.__dict__[name] = getattr(self, name)
        return other

    # ------------------------------------------------------------ solving
    @cached_property
    def _solver(self) -> "_Sweep | _Factor":
        self.require_exits()
        return _Factor(self) if self.is_cyclic else _Sweep(self)

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
        timed = self._matrix(self.time_s * self.weight)
        theta = self._solver.up(timed.T @ psi.T).T
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
        matrix = self._matrix(self.weight)
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


class _Sweep:
    """One triangular solve in the order of the flow."""

    def __init__(self, transport: Transport) -> None:
        n = transport.nodes
        # components are numbered against the flow: without cycles an order of nodes
        place = n - 1 - transport.component
        rows = np.concatenate([np.arange(n), place[transport.tail]])
        columns = np.concatenate([np.arange(n), place[transport.head]])
        values = np.concatenate([np.ones(n), -transport.weight])
        self.place = place
        self.matrix = sp.csr_array((values, (rows, columns)), shape=(n, n))

    def up(self, right: Floats) -> Floats:
        """Solve the adjoint."""
        return self._solve(right, upward=True)

    def down(self, right: Floats) -> Floats:
        """Solve the forward system."""
        return self._solve(right, upward=False)

    def _solve(self, right: Floats, *, upward: bool) -> Floats:
        moved = np.empty_like(right)
        moved[self.place] = right
        matrix = self.matrix if upward else self.matrix.T.tocsr()
        found = spsolve_triangular(
            matrix, moved, lower=not upward, unit_diagonal=True, overwrite_b=True
        )
        return np.asarray(found)[self.place]


class _Factor:
    """Sparse LU, once for a flow state."""

    def __init__(self, transport: Transport) -> None:
        matrix = sp.eye_array(transport.nodes) - transport._matrix(transport.weight)
        self.lu = splu(matrix.tocsc(), diag_pivot_thresh=0.0)

    def up(self, right: Floats) -> Floats:
        """Solve the adjoint."""
        return np.asarray(self.lu.solve(right, trans="T"))

    def down(self, right: Floats) -> Floats:
        """Solve the forward system."""
        return np.asarray(self.lu.solve(right))


def flow_transport(
    nodes: int,
    ends: tuple[Ints, Ints],
    flow_m3_s: Floats,
    *,
    leaving_m3_s: Floats,
    survival: Floats,
    time_s: Floats,
) -> tuple[Transport, NDArray[np.intp]]:
    """
    Make the operator of a flow state.

    Parameters
    ----------
    nodes : int
    ends : tuple of array
        Start and end of each segment as drawn.
    flow_m3_s : array of float
        Along the drawing; negative runs against it.
    leaving_m3_s : array of float, one a node
        Water that leaves the network there.
    survival, time_s : array of float, one a segment

    Returns
    -------
    transport : Transport
        Arcs in the direction of flow; still segments have none.
    segment : array of int
        Segment of each arc.
    """
    moving = np.flatnonzero(flow_m3_s != 0)
    forward = flow_m3_s[moving] > 0
    start, end = (part[moving] for part in ends)
    tail, head = np.where(forward, start, end), np.where(forward, end, start)
    flow = np.abs(flow_m3_s[moving])
    out = np.bincount(tail, flow, minlength=nodes) + np.maximum(leaving_m3_s, 0.0)
    transport = Transport(
        nodes, tail, head, flow / out[tail], survival[moving], time_s[moving]
    )
    return transport, moving


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

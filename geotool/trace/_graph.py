"""The part of a network that a trace can meet, cut where the trace starts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool.network import RiverNetwork, Scenario
from geotool.trace._layout import LEVELS, NEVER, Gate, Layout, layout_of
from geotool.trace._part import Part, distinct, part_of, whole_part
from geotool.trace._segments import (
    NODE_M,
    Segments,
    Start,
    StartReach,
    cut,
    start_reaches,
)
from geotool.trace._velocity import velocity_ranges

__all__ = [
    "LEVELS",
    "NEVER",
    "NODE_M",
    "Gate",
    "Graph",
    "Segments",
    "StartReach",
    "Whole",
    "build_graph",
    "near_graph",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Whole:
    """
    All of the network, numbered on from the part that a trace can meet.

    Attributes
    ----------
    segments : Segments
        Those of the part, and then every reach uncut: segment numbers as
        :meth:`Segments.at` gives them.
    nodes : int
    gates : list of Gate
    gate_arcs : array of int, shape (k, 3)
    start_nodes : list of int
    """

    segments: Segments
    nodes: int
    gates: list[Gate]
    gate_arcs: Ints
    start_nodes: list[int]


@dataclass(frozen=True, eq=False)
class Graph:
    """
    Everything a search needs.

    Attributes
    ----------
    layout : Layout
    base : array of int
        Node of the layout of each node; those where a reach is cut come after them.
    part : Part or None
        The first nodes: all that lead to the start, and the arcs between them. None
        where these are all nodes of the layout.
    rows : array of int
        Rows of the reaches, sorted.
    segments : Segments
    nodes : int
    gates : list of Gate
    gate_arcs : array of int, shape (k, 3)
        From, to, level.
    unparted : list of str
        Structures left out, because more than two reaches meet at their node.
    start_nodes : list of int
        Where the trace starts.
    start_reaches : list of StartReach
        Reaches cut by a start.
    slow_m_s, fast_m_s : array of float, one a row
        Slowest and fastest water.
    seconds_low, seconds_high : array of float
        Fastest and slowest time through each segment.
    basis : array of str
        What the velocity of each segment rests on.
    """

    layout: Layout
    base: Ints
    part: Part | None
    rows: Ints
    segments: Segments
    nodes: int
    gates: list[Gate]
    gate_arcs: Ints
    unparted: list[str]
    start_nodes: list[int]
    start_reaches: list[StartReach]
    slow_m_s: Floats
    fast_m_s: Floats
    seconds_low: Floats
    seconds_high: Floats
    basis: NDArray[np.object_]

    @property
    def first_piece(self) -> int:
        """Number of the first segment that is part of a reach only."""
        pieces = [pair.first for pair in self.start_reaches]
        return min(pieces, default=len(self.segments.reach))

    def core(self, *, upstream: bool) -> Part:
        """Give the nodes that can be met, and the arcs between them."""
        if self.part is not None:
            return self.part
        return whole_part(self.layout.index(upstream=upstream, compiled=False))

    @cached_property
    def whole(self) -> Whole:
        """All of the network, to say why a place was not met."""
        layout, s = self.layout, self.segments
        number = self.nodes + np.arange(layout.nodes)
        number[self.base] = np.arange(len(self.base))
        count = len(layout.start)
        every = Segments(
            np.concatenate([s.reach, np.arange(count)]),
            np.concatenate([s.low, np.zeros(count)]),
            np.concatenate([s.high, layout.length]),
            np.concatenate([s.start, number[layout.start]]),
            np.concatenate([s.end, number[layout.end]]),
            np.concatenate([s.along, layout.along]),
            np.concatenate([s.against, layout.against]),
        )
        gates, arcs = _gates_among(layout, lambda node: number[node])
        return Whole(every, self.nodes + layout.nodes, gates, arcs, self.start_nodes)


def _numbers(base: Ints, count: int) -> Callable[[NDArray[Any]], Ints]:
    """Look up the number of nodes of the layout; -1 if they have none."""
    if len(base) > count // 8:
        number = np.full(count, -1, dtype=np.int64)
        number[base] = np.arange(len(base))
        return lambda node: number[node]
    order = np.argsort(base)
    sorted_ = base[order]

    def look(node: NDArray[Any]) -> Ints:
        at = np.minimum(np.searchsorted(sorted_, node), len(base) - 1)
        return np.where(sorted_[at] == node, order[at], -1)

    return look


def _gates_among(
    layout: Layout, number: Callable[[NDArray[Any]], Ints]
) -> tuple[list[Gate], Ints]:
    """Gates that have a number at both sides, and their arcs."""
    if not layout.gates:
        return [], layout.gate_arcs
    far = np.arange(layout.nodes - len(layout.gates), layout.nodes)
    near, far = number(layout.place[far]), number(far)
    gates = [
        replace(layout.gates[k], near=int(near[k]), far=int(far[k]))
        for k in np.flatnonzero((near >= 0) & (far >= 0)).tolist()
    ]
    tail, head = number(layout.gate_arcs[:, 0]), number(layout.gate_arcs[:, 1])
    arcs = np.stack([tail, head, layout.gate_arcs[:, 2]], axis=1)
    return gates, arcs[(tail >= 0) & (head >= 0)]


def build_graph(
    network: RiverNetwork, starts: list[Start], *, scenario: Scenario | None
) -> Graph:
    """
    Lay the whole network out for a search, its nodes numbered as they are.

    Parameters
    ----------
    network : RiverNetwork
    starts : list of (row of the reach, measure)
    scenario : Scenario or None

    Raises
    ------
    NetworkError
        If the scenario names a structure or reach that is not there.
    """
    layout = layout_of(network, scenario)
    rows, base = np.arange(len(layout.start)), np.arange(layout.nodes)
    return _graph(network, layout, None, rows, base, starts, scenario)


def near_graph(
    network: RiverNetwork,
    starts: list[Start],
    *,
    scenario: Scenario | None,
    upstream: bool,
    compiled: bool | None = None,
) -> Graph:
    """
    Lay out what can be met from some starts, and the reaches that touch it.

    Takes time in the size of that, once the network has been laid out.

    Parameters
    ----------
    network : RiverNetwork
    starts : list of (row of the reach, measure)
    scenario : Scenario or None
    upstream : bool
    compiled : bool, optional
        As :func:`geotool.trace._index.build_index`.

    Raises
    ------
    NetworkError
        If the scenario names a structure or reach that is not there.
    """
    layout = layout_of(network, scenario)
    index = layout.index(upstream=upstream, compiled=compiled)
    part = part_of(index, _roots(layout, starts, upstream=upstream))
    core = part.node.astype(np.int64)
    touched = part.number[part.number < 2 * len(layout.start)] >> 1
    own = [reach for reach, _ in starts]
    rows = distinct(np.concatenate([touched, own]).astype(np.int64), len(layout.start))
    touched = np.concatenate([core, layout.start[rows], layout.end[rows]])
    sides = _gate_sides(layout, touched)
    ends = distinct(np.concatenate([touched, sides]), layout.nodes)
    border = ends[~_is_among(ends, core, layout.nodes)]
    base = np.concatenate([core, border])
    return _graph(network, layout, part, rows, base, starts, scenario)


def _is_among(some: Ints, others: Ints, count: int) -> NDArray[np.bool_]:
    """Tell which nodes are among others."""
    if len(others) > count // 8:
        there = np.zeros(count, dtype=bool)
        there[others] = True
        return there[some]
    return np.isin(some, others)


def _gate_sides(layout: Layout, nodes: Ints) -> Ints:
    """Both sides of the gates that stand at any of some nodes."""
    if not layout.gates:
        return np.zeros(0, dtype=np.int64)
    far = np.arange(layout.nodes - len(layout.gates), layout.nodes)
    near = layout.place[far].astype(np.int64)
    met = _is_among(near, nodes, layout.nodes) | _is_among(far, nodes, layout.nodes)
    return np.concatenate([near[met], far[met]])


def _roots(layout: Layout, starts: list[Start], *, upstream: bool) -> Ints:
    """Nodes from which everything can be met: of a start inside a reach, its ends."""
    found: list[int] = []
    for reach, measure in starts:
        low, high = int(layout.start[reach]), int(layout.end[reach])
        along, against = int(layout.along[reach]), int(layout.against[reach])
        if measure <= NODE_M:
            found.append(low)
        elif measure >= layout.length[reach] - NODE_M:
            found.append(high)
        else:
            into_low, into_high = (along, against) if upstream else (against, along)
            # where a class does not know which way it runs, both ends count
            either = min(along, against) > 0
            found += [low] * (either or into_low < NEVER)
            found += [high] * (either or into_high < NEVER)
    return np.array(found, dtype=np.int64)


def _graph(
    network: RiverNetwork,
    layout: Layout,
    part: Part | None,
    rows: Ints,
    base: Ints,
    starts: list[Start],
    scenario: Scenario | None,
) -> Graph:
    number = _numbers(base, layout.nodes)
    whole = Segments(
        rows,
        np.zeros(len(rows)),
        layout.length[rows],
        number(layout.start[rows]),
        number(layout.end[rows]),
        layout.along[rows].astype(np.int64),
        layout.against[rows].astype(np.int64),
    )
    segments, nodes = cut(whole, starts, nodes=len(base))
    gates, arcs = _gates_among(layout, number)
    speed = velocity_ranges(
        network, scenario.velocities_m_s if scenario else None, rows=rows
    )
    slow, fast = (speed[name].to_numpy(float) for name in ("low_m_s", "high_m_s"))
    mine = np.searchsorted(rows, segments.reach)
    return Graph(
        layout=layout,
        base=base,
        part=part,
        rows=rows,
        segments=segments,
        nodes=nodes,
        gates=gates,
        gate_arcs=arcs,
        unparted=layout.unparted,
        start_nodes=[segments.node(*start) for start in starts],
        start_reaches=start_reaches(segments, starts),
        slow_m_s=slow,
        fast_m_s=fast,
        seconds_low=segments.length / fast[mine],
        seconds_high=segments.length / slow[mine],
        basis=speed["basis"].to_numpy(dtype=object)[mine],
    )

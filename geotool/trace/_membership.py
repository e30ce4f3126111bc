"""Which sections the water of each place comes to, and how surely.

The three classes are those of :func:`geotool.trace_upstream`, for all sections at once:
a section inside a reach is met by what comes to the upper end of its water, or, where
nobody knows which end that is, by what comes to both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geotool.network import RiverNetwork, Scenario
from geotool.trace._bits import sets_reached
from geotool.trace._layout import Layout, layout_of
from geotool.trace._segments import NODE_M

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Triple = tuple[int, int, int]
"""Sections that water comes to: for certain; in the scenario too; possibly too."""

LEVEL_COUNT = 3


@dataclass(frozen=True)
class Place:
    """A section on a reach: bit, row of the reach, measure."""

    bit: int
    reach: int
    measure: float


@dataclass(frozen=True)
class _Level:
    """Sets at one class: of nodes and of whole reaches, each by group."""

    node: Ints
    node_sets: list[int]
    reach: Ints
    reach_sets: list[int]


@dataclass(frozen=True)
class Membership:
    """
    Sections that the water of every place comes to.

    Attributes
    ----------
    start, end : array of int
        Nodes of each reach.
    along, against : array of int
        Level of the way with and against its drawing.
    length : array of float
    levels : list of _Level
    hosts : dict
        Row of a reach → sections inside it.
    """

    start: Ints
    end: Ints
    along: NDArray[np.int8]
    against: NDArray[np.int8]
    length: Floats
    levels: list[_Level]
    hosts: dict[int, list[Place]]

    def at(self, reach: int, measure: float) -> Triple:
        """Give the sections that the water of one place comes to."""
        first, second, third = (
            self._at(level, reach, measure) for level in range(LEVEL_COUNT)
        )
        return first, first | second, first | second | third

    def _at(self, level: int, reach: int, measure: float) -> int:
        found = self.levels[level]
        low = found.node_sets[found.node[self.start[reach]]]
        high = found.node_sets[found.node[self.end[reach]]]
        bits = found.reach_sets[found.reach[reach]]
        runs_up = self.along[reach] <= level
        runs_down = self.against[reach] <= level
        for place in self.hosts.get(reach, ()):
            mine = 1 << place.bit
            if abs(measure - place.measure) <= NODE_M:
                is_in = True
            elif measure < place.measure:
                is_in = bool(runs_up or low & mine)
            else:
                is_in = bool(runs_down or high & mine)
            bits = bits | mine if is_in else bits & ~mine
        # a place on a node is met where the node is
        if measure <= NODE_M:
            bits |= low
        if self.length[reach] - measure <= NODE_M:
            bits |= high
        return bits

    def pieces(self) -> tuple[Ints, Floats, Floats, Ints, list[Triple]]:
        """
        Cut the reaches at the sections inside them, and tell where each piece's water comes.

        Returns
        -------
        reach : array of int
            Row of each piece's reach.
        low, high : array of float
            Measures.
        group : array of int
        sets : list of Triple
            Of each group, no two alike.
        """
        count = len(self.length)
        group, sets = self._whole()
        numbers = {one: k for k, one in enumerate(sets)}
        is_whole = np.ones(count, dtype=bool)
        is_whole[list(self.hosts)] = False
        reach, low, high, mine = [], [], [], []
        for row, places in self.hosts.items():
            cuts = {0.0, float(self.length[row]), *(one.measure for one in places)}
            ends = sorted(cuts)
            for one, other in pairwise(ends):
                reach.append(row)
                low.append(one)
                high.append(other)
                triple = self.at(row, (one + other) / 2)
                mine.append(numbers.setdefault(triple, len(numbers)))
        rows = np.flatnonzero(is_whole)
        return (
            np.concatenate([rows, np.array(reach, dtype=np.int64)]),
            np.concatenate([np.zeros(len(rows)), low]),
            np.concatenate([self.length[rows], high]),
            np.concatenate([group[rows], np.array(mine, dtype=np.int64)]),
            list(numbers),
        )

    def _whole(self) -> tuple[Ints, list[Triple]]:
        """Group of each reach as a whole, by the sets of all three classes."""
        code = self.levels[0].reach
        for level in self.levels[1:]:
            code = code * len(level.reach_sets) + level.reach
            # numbered anew, so that the code stays small
            code = np.unique(code, return_inverse=True)[1].reshape(-1)
        _, first, group = np.unique(code, return_index=True, return_inverse=True)
        sets: list[Triple] = []
        for row in first.tolist():
            one, two, three = (f.reach_sets[f.reach[row]] for f in self.levels)
            sets.append((one, one | two, one | two | three))
        return _merged(group.reshape(-1), sets)


def _merged(group: Ints, sets: Sequence[Triple]) -> tuple[Ints, list[Triple]]:
    numbers: dict[Triple, int] = {}
    new = [numbers.setdefault(one, len(numbers)) for one in sets]
    return np.array(new, dtype=np.int64)[group], list(numbers)


def memberships(
    network: RiverNetwork, places: Sequence[Place], *, scenario: Scenario | None
) -> Membership:
    """
    Work out, for all sections at once, whose water comes to them.

    Parameters
    ----------
    network : RiverNetwork
    places : list of Place
        Sections, numbered from 0.
    scenario : Scenario or None
    """
    layout = layout_of(network, scenario)
    start, end = layout.start.astype(np.int64), layout.end.astype(np.int64)
    along, against, length = layout.along, layout.against, layout.length
    inside = [
        one for one in places if NODE_M < one.measure < length[one.reach] - NODE_M
    ]
    hosts: dict[int, list[Place]] = {}
    for one in inside:
        hosts.setdefault(one.reach, []).append(one)
    levels: list[_Level] = []
    reaches = Membership(start, end, along, against, length, levels, hosts)
    for level in range(LEVEL_COUNT):
        levels.append(_level(reaches, layout, places, level))
    return reaches


def _level(
    reaches: Membership, layout: Layout, places: Sequence[Place], level: int
) -> _Level:
    start, end = reaches.start, reaches.end
    with_, back = reaches.along <= level, reaches.against <= level
    gates = layout.gate_arcs[layout.gate_arcs[:, 2] <= level]
    tail = np.concatenate([start[with_], end[back], gates[:, 0]])
    head = np.concatenate([end[with_], start[back], gates[:, 1]])
    count = len(places)
    # bit k: comes to the low end of the reach of section k; bit k + count: to the high
    own: list[tuple[int, int]] = []
    by_low = by_high = 0
    for one in places:
        mine, row = 1 << one.bit, one.reach
        if one.measure <= NODE_M or one.measure >= reaches.length[row] - NODE_M:
            node = start[row] if one.measure <= NODE_M else end[row]
            own.append((int(node), mine))
            by_low |= mine
            continue
        own.append((int(start[row]), mine))
        own.append((int(end[row]), mine << count))
        by_low |= mine * bool(with_[row])
        by_high |= mine * bool(back[row])
    group, both = sets_reached(tail, head, own, nodes=layout.nodes)
    either = ((1 << count) - 1) & ~(by_low | by_high)
    node_group, node_sets = _renumbered(
        group, [_arrived(one, count, by_low, by_high, either) for one in both]
    )
    return _Level(node_group, node_sets, *_reach_sets(reaches, node_group, node_sets))


def _arrived(ends: int, count: int, by_low: int, by_high: int, either: int) -> int:
    """Sections that water comes to which comes to these ends of their reaches."""
    low, high = ends & ((1 << count) - 1), ends >> count
    return (low & by_low) | (high & by_high) | (low & high & either)


def _reach_sets(
    reaches: Membership, node: Ints, sets: list[int]
) -> tuple[Ints, list[int]]:
    """
    Sections that the water of whole reaches comes to.

    Those that both ends lead to: where it is known which way it runs, what the lower
    end leads to the upper end leads to as well.
    """
    low, high = node[reaches.start], node[reaches.end]
    code = low * len(sets) + high
    _, first, group = np.unique(code, return_index=True, return_inverse=True)
    found = [sets[low[k]] & sets[high[k]] for k in first.tolist()]
    return _renumbered(group.reshape(-1), found)


def _renumbered(group: Ints, sets: Sequence[int]) -> tuple[Ints, list[int]]:
    """Give groups new numbers, so that no two have the same set."""
    numbers: dict[int, int] = {}
    new = [numbers.setdefault(one, len(numbers)) for one in sets]
    return np.array(new, dtype=np.int64)[group], list(numbers)

"""The searches of a trace: by distance and time, at each level of sureness.

Nodes are met through the core of the graph; a start inside a reach costs the nodes at
its ends as much as the water needs from there.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from geotool.trace._graph import Graph
from geotool.trace._part import Part, shortest
from geotool.trace._search import Arcs, Bools, Joined, Search, joined

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

KINDS = ("metres", "fast", "slow")


@dataclass(frozen=True)
class Searches:
    """
    Searches at each level of sureness.

    Attributes
    ----------
    graph : Graph
    arcs : list of Arcs
        Arcs of level 0; 0 and 1; all. Ways out of a start reach of unknown direction
        follow them.
    metres, fast, slow : list of Joined
        By distance, by the fastest and by the slowest water; seconds.
    upstream : bool
    """

    graph: Graph
    arcs: list[Arcs]
    metres: list[Joined]
    fast: list[Joined]
    slow: list[Joined]
    upstream: bool

    def cost(self, kind: str, level: Ints, node: Ints) -> Floats:
        """Give the cost of many nodes, each at its own level."""
        found = np.empty(node.shape)
        for one, joined_ in enumerate(getattr(self, kind)):
            mine = level == one
            found[mine] = joined_.cost[node[mine]]
        return found


class _Source(NamedTuple):
    """A node from which ways lead on to a start: what they cost, and by which arc."""

    node: int
    segment: int  # -1: it is a start itself
    arc: int
    before: int


@dataclass(frozen=True)
class _Core:
    """
    The core of a graph as arcs with costs.

    Attributes
    ----------
    graph : Graph
    part : Part
    upstream : bool
    """

    graph: Graph
    part: Part
    upstream: bool
    _weights: dict[str, Floats] = field(default_factory=dict)

    @cached_property
    def reach(self) -> Ints:
        """Place in the graph's rows of the reach of each arc; -1 for a gate."""
        number = self.part.number
        reach, _, gate = self.graph.layout.parts(number)
        rows = self.graph.rows
        is_all = len(rows) == len(self.graph.layout.start)
        place = reach if is_all else np.searchsorted(rows, reach)
        return np.where(gate >= 0, -1, place)

    @cached_property
    def level(self) -> NDArray[np.int8]:
        """Level of each arc."""
        return self.graph.layout.levels(self.part.number)

    def weight(self, kind: str) -> Floats:
        """Give what each arc costs."""
        if kind not in self._weights:
            metres = self.graph.layout.length[self.graph.rows]
            cost = {
                "metres": lambda: metres,
                "fast": lambda: metres / self.graph.fast_m_s,
                "slow": lambda: metres / self.graph.slow_m_s,
            }[kind]()
            # the last: what a gate costs
            self._weights[kind] = np.append(cost, 0.0)[self.reach]
        return self._weights[kind]

    @cached_property
    def use(self) -> Ints:
        """Arcs between nodes of the core, but of reaches that are cut."""
        s, part = self.graph.segments, self.part
        there = part.head >= 0
        pieces = np.unique(s.reach[self.graph.first_piece :])
        is_cut = np.isin(self.graph.rows, pieces)
        if is_cut.any():
            there &= ~np.append(is_cut, False)[self.reach]
        return np.flatnonzero(there)

    @cached_property
    def arcs(self) -> Arcs:
        """Arcs in ``use``, and both ways through each piece of a reach that is cut."""
        graph, part, use = self.graph, self.part, self.use
        s, first = graph.segments, graph.first_piece
        pieces = np.arange(first, len(s.reach))
        own = np.searchsorted(s.reach[:first], graph.rows)
        near = np.repeat(np.arange(len(part.node)), np.diff(part.first))[use]
        far = part.head[use].astype(np.int64)
        tail, head = (near, far) if self.upstream else (far, near)
        return Arcs(
            np.concatenate([tail, s.start[pieces], s.end[pieces]]),
            np.concatenate([head, s.end[pieces], s.start[pieces]]),
            np.concatenate([np.append(own, -1)[self.reach[use]], pieces, pieces]),
            np.concatenate([self.level[use], s.along[pieces], s.against[pieces]]),
        )

    def piece_arc(self, segment: int, *, along: bool) -> int:
        """Give the row in ``arcs`` of the way through a piece."""
        count = len(self.graph.segments.reach) - self.graph.first_piece
        at = len(self.use) + segment - self.graph.first_piece
        return at if along else at + count

    def allowed(self, kind: str, level: int) -> Floats:
        """Give what each arc costs at a level; inf where it may not be taken."""
        return np.where(self.level <= level, self.weight(kind), np.inf)


def run_searches(graph: Graph, *, upstream: bool) -> Searches:
    """Search by distance and time, for what is certain, in the scenario, possible."""
    found = Searches(graph, [], [], [], [], upstream)
    core = _Core(graph, graph.core(upstream=upstream), upstream)
    before = -1
    for level in range(3):
        ways = _either_ways(core, level)
        count = int((core.arcs.level <= level).sum())
        if not ways and count == before:
            # nothing is less sure than what the level before had
            found.arcs.append(found.arcs[-1])
            for kind in (found.metres, found.fast, found.slow):
                kind.append(kind[-1])
            continue
        _search_level(found, core, ways, level)
        before = -1 if ways else count
    return found


@dataclass(frozen=True)
class _EitherWay:
    """The ends of a start reach that runs one way or the other."""

    sources: list[_Source]
    holds: Bools


def _either_ways(core: _Core, level: int) -> list[_EitherWay]:
    """
    Start reaches whose direction a level does not know.

    Whichever way such a reach runs, its water comes from what reaches both its ends.
    """
    graph, found = core.graph, []
    s = graph.segments
    for pair in graph.start_reaches:
        first, last = pair.first, pair.last
        if min(s.along[first], s.against[first]) <= level:
            continue
        low, high = int(s.start[first]), int(s.end[last])
        weight = core.allowed("metres", level)
        met = [
            np.isfinite(shortest(core.part, weight, np.array([end]), np.zeros(1))[0])
            for end in (low, high)
        ]
        holds = np.zeros(graph.nodes, dtype=bool)
        holds[: len(core.part.node)] = met[0] & met[1]
        # upstream the water leaves the reach toward the start, downstream it comes
        along = core.upstream
        sources = [
            _Source(low, first, core.piece_arc(first, along=along), int(s.end[first])),
            _Source(
                high, last, core.piece_arc(last, along=not along), int(s.start[last])
            ),
        ]
        found.append(_EitherWay(sources, holds))
    return found


def _sources(core: _Core, level: int) -> list[_Source]:
    """Nodes at which ways to the starts begin at a level, the starts first."""
    graph, s = core.graph, core.graph.segments
    found = [
        _Source(node, -1, -1, -1)
        for node in graph.start_nodes
        if node < len(graph.base)
    ]
    for pair in graph.start_reaches:
        first, last = pair.first, pair.last
        along = core.upstream
        ways = (
            (int(s.start[first]), first, along, int(s.end[first])),
            (int(s.end[last]), last, not along, int(s.start[last])),
        )
        for node, segment, is_along, before in ways:
            own = s.along[segment] if is_along else s.against[segment]
            if own <= level:
                arc = core.piece_arc(segment, along=is_along)
                found.append(_Source(node, segment, arc, before))
    return found


def _search_level(
    found: Searches, core: _Core, ways: list[_EitherWay], level: int
) -> None:
    """Search at a level; the arcs it may take come first, those of ``ways`` after."""
    arcs, graph = core.arcs, found.graph
    kept = np.flatnonzero(arcs.level <= level)
    extra = [source.arc for way in ways for source in way.sources]
    number = np.full(len(arcs.tail), -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    number[extra] = len(kept) + np.arange(len(extra))
    mine = arcs.at(np.concatenate([kept, np.array(extra, dtype=np.int64)]))
    found.arcs.append(mine)
    row = np.full(len(core.part.head), -1, dtype=np.int64)
    row[core.use] = np.arange(len(core.use))
    costs = (graph.segments.length, graph.seconds_low, graph.seconds_high)
    for kind, cost in zip(KINDS, costs, strict=True):
        weight = core.allowed(kind, level)
        tries = [_sources(core, level), *(way.sources for way in ways)]
        searches = [
            _one_search(core, sources, cost, weight, (row, number, mine))
            for sources in tries
        ]
        for node in graph.start_nodes:
            searches[0].cost[node] = 0.0
        holds: list[Bools | None] = [None, *(way.holds for way in ways)]
        getattr(found, kind).append(joined(searches, holds))


def _one_search(
    core: _Core,
    sources: list[_Source],
    cost: Floats,
    weight: Floats,
    numbers: tuple[Ints, Ints, Arcs],
) -> Search:
    """Search from sources, and number the steps as the arcs of the level are."""
    graph, (row, number, mine) = core.graph, numbers
    total = np.full(graph.nodes, np.inf)
    arc = np.full(graph.nodes, -1, dtype=np.int64)
    before = np.full(graph.nodes, -1, dtype=np.int64)
    start = np.array([source.node for source in sources], dtype=np.int64)
    own = np.array(
        [0.0 if source.segment < 0 else cost[source.segment] for source in sources]
    )
    count = len(core.part.node)
    total[:count], step = shortest(core.part, weight, start, own)
    there = np.flatnonzero(step >= 0)
    arc[there] = number[row[step[there]]]
    before[there] = (mine.head if core.upstream else mine.tail)[arc[there]]
    for source, metres in zip(reversed(sources), own[::-1], strict=True):
        # the first of equal ones, the starts themselves before all
        if step[source.node] < 0 and total[source.node] == metres:
            is_start = source.arc < 0
            arc[source.node] = -1 if is_start else number[source.arc]
            before[source.node] = source.before
    return Search(total, before, arc)

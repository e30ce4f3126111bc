"""The network as arcs that water may take, each with how sure that is.

Level 0: evidence gives the direction. Level 1: it holds in this scenario, or was
inferred, or the water runs both ways at times. Level 2: it may be, nobody knows.
A closed gate has no arc at all.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.errors import NetworkError
from geotool.network import (
    CONTROLLABLE_KINDS,
    KNOWN_CONFIDENCE,
    RiverNetwork,
    Scenario,
)
from geotool.trace._velocity import velocity_ranges

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVELS = ("certain", "scenario", "possible")
"""Names of the levels 0, 1 and 2."""

NEVER = 9
"""Level of an arc that does not exist."""


@dataclass(frozen=True)
class Gate:
    """
    A structure between the two sides of its node.

    Attributes
    ----------
    structure_id, name, state : str
    near, far : int
        Nodes on either side.
    """

    structure_id: str
    name: str
    state: str
    near: int
    far: int


@dataclass(frozen=True)
class Segments:
    """
    Reaches, cut where a trace starts.

    Attributes
    ----------
    reach : array of int
        Row of the reach.
    low, high : array of float
        Measures of both ends.
    start, end : array of int
        Nodes at ``low`` and ``high``.
    along, against : array of int
        Level of the way with and against the drawing.
    """

    reach: Ints
    low: Floats
    high: Floats
    start: Ints
    end: Ints
    along: Ints
    against: Ints

    @property
    def length(self) -> Floats:
        """Length in metres."""
        return self.high - self.low

    @cached_property
    def _order(self) -> tuple[Ints, Ints]:
        """Segments by reach and measure, and the reach of each."""
        order = np.lexsort((self.low, self.reach))
        return order, self.reach[order]

    def at(self, reach: int, measure: float, *, before: bool = True) -> int:
        """
        Give the segment that holds a measure of a reach.

        Parameters
        ----------
        reach : int
            Row of the reach.
        measure : float
        before : bool
            Of two segments that meet at the measure, take the first.
        """
        order, row = self._order
        first, stop = np.searchsorted(row, [reach, reach + 1])
        mine = order[first:stop]
        inside = (self.low[mine] <= measure + 1e-9) & (
            measure <= self.high[mine] + 1e-9
        )
        found = mine[inside] if inside.any() else mine[-1:]
        return int(found[0] if before else found[-1])


@dataclass(frozen=True)
class StartReach:
    """
    A reach with starts inside: the segments before the first and after the last.

    Its water runs one way in all of it, so that where nobody knows which way, the
    two segments are not unknown independently of each other.
    """

    first: int
    last: int


@dataclass(frozen=True)
class Graph:
    """
    Everything a search needs.

    Attributes
    ----------
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
    seconds_low, seconds_high : array of float
        Fastest and slowest time through each segment.
    basis : array of str
        What the velocity of each segment rests on.
    """

    segments: Segments
    nodes: int
    gates: list[Gate]
    gate_arcs: Ints
    unparted: list[str]
    start_nodes: list[int]
    start_reaches: list[StartReach]
    seconds_low: Floats
    seconds_high: Floats
    basis: NDArray[np.object_]


@dataclass
class _Draft:
    """Segments while they are being cut."""

    reach: list[int] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)


def build_graph(
    network: RiverNetwork,
    starts: list[tuple[int, float]],
    *,
    scenario: Scenario | None,
) -> Graph:
    """
    Lay the network out for a search.

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
    _check_scenario(network, scenario)
    along, against = reach_levels(network, scenario)
    segments, count = _cut(network, starts, along, against)
    parted = _split_gates(network, segments, count, scenario)
    segments = parted.segments
    speed = velocity_ranges(network, scenario.velocities_m_s if scenario else None)
    low = speed["low_m_s"].to_numpy(float)[segments.reach]
    high = speed["high_m_s"].to_numpy(float)[segments.reach]
    return Graph(
        segments=segments,
        nodes=parted.nodes,
        gates=parted.gates,
        gate_arcs=np.array(parted.arcs, dtype=np.int64).reshape(-1, 3),
        unparted=parted.unparted,
        start_nodes=[_start_node(segments, *start) for start in starts],
        start_reaches=_start_reaches(segments, starts),
        seconds_low=segments.length / high,
        seconds_high=segments.length / low,
        basis=speed["basis"].to_numpy(dtype=object)[segments.reach],
    )


def _check_scenario(network: RiverNetwork, scenario: Scenario | None) -> None:
    if scenario is None:
        return
    known = set(network.structures["structure_id"].astype(str))
    known_reaches = set(network.reaches["reach_id"]) | set(network.reaches["river_id"])
    for keys, there, zh, en in (
        (scenario.structures, known, "水工建筑物", "structure"),
        (scenario.directions, known_reaches, "河段或河流", "reach or river"),
        (scenario.velocities_m_s, known_reaches, "河段或河流", "reach or river"),
    ):
        strange = [key for key in keys if key not in there]
        if strange:
            raise NetworkError(
                f"情景“{scenario.name}”提到的{zh} {'、'.join(strange)} 不在河网上；"
                "请核对编号，或检查该建筑物是否离河过远。",
                f"Scenario {scenario.name!r} names the {en} {', '.join(strange)}, "
                "which the network does not have; check the id, or whether the "
                "structure lies too far from any reach.",
            )


def reach_levels(network: RiverNetwork, scenario: Scenario | None) -> tuple[Ints, Ints]:
    """Level of both ways through every reach."""
    reaches = network.reaches
    mode = reaches["flow_mode"].to_numpy(dtype=object)
    known = reaches["direction_confidence"].to_numpy(float) >= KNOWN_CONFIDENCE
    one_way = mode == "normal"
    both_ways = np.isin(mode, ("bidirectional", "reservoir"))
    along = np.select([one_way & known, one_way | both_ways], [0, 1], 2)
    # what was only inferred may be wrong: against it, possible
    against = np.select([one_way & known, both_ways], [NEVER, 1], 2)
    levels = {
        "forward": (1, NEVER),
        "backward": (NEVER, 1),
        "both": (1, 1),
        "unknown": (2, 2),
    }
    words = scenario.directions if scenario else {}
    # a river first, its single reaches after: what is said more exactly counts
    for column in ("river_id", "reach_id"):
        ids = reaches[column].to_numpy(dtype=object)
        for key, word in words.items():
            named = ids == key
            along[named], against[named] = levels[word]
    return along.astype(np.int64), against.astype(np.int64)


NODE_M = 1e-6
"""A place this near to the end of a reach is its node."""


def _cut(
    network: RiverNetwork, starts: list[tuple[int, float]], along: Ints, against: Ints
) -> tuple[Segments, int]:
    """Cut reaches at the starts inside them."""
    reaches, count = network.reaches, len(network.nodes)
    length = reaches["length_m"].to_numpy(float)
    ends = reaches[["from_node", "to_node"]].to_numpy(dtype=np.int64)
    inner: dict[int, set[float]] = {}
    for reach, measure in starts:
        if NODE_M < measure < length[reach] - NODE_M:
            inner.setdefault(reach, set()).add(measure)
    whole = np.ones(len(reaches), dtype=bool)
    whole[list(inner)] = False
    draft = _Draft()
    for reach, cuts in inner.items():
        measures = [0.0, *sorted(cuts), float(length[reach])]
        nodes = [
            int(ends[reach, 0]),
            *range(count, count + len(cuts)),
            int(ends[reach, 1]),
        ]
        count += len(cuts)
        for k in range(len(measures) - 1):
            draft.reach.append(reach)
            draft.low.append(measures[k])
            draft.high.append(measures[k + 1])
            draft.start.append(nodes[k])
            draft.end.append(nodes[k + 1])
    rows = np.concatenate(
        [np.flatnonzero(whole), np.array(draft.reach, dtype=np.int64)]
    )
    segments = Segments(
        reach=rows,
        low=np.concatenate([np.zeros(int(whole.sum())), draft.low]),
        high=np.concatenate([length[whole], draft.high]),
        start=np.concatenate([ends[whole, 0], np.array(draft.start, dtype=np.int64)]),
        end=np.concatenate([ends[whole, 1], np.array(draft.end, dtype=np.int64)]),
        along=along[rows],
        against=against[rows],
    )
    return segments, count


def _start_node(segments: Segments, reach: int, measure: float) -> int:
    """
    Give the node of a start, once the nodes of gates are parted.

    A start at the end of a reach lies on that reach's side of a gate.
    """
    k = segments.at(reach, measure)
    if measure - segments.low[k] <= NODE_M:
        return int(segments.start[k])
    return int(segments.end[k])


def _start_reaches(
    segments: Segments, starts: list[tuple[int, float]]
) -> list[StartReach]:
    found = {
        reach: StartReach(
            segments.at(reach, 0.0), segments.at(reach, np.inf, before=False)
        )
        for reach, _ in starts
    }
    return [pair for pair in found.values() if pair.first != pair.last]


def gate_levels(kind: str, state: str) -> tuple[int, int]:
    """
    Give the levels of passing a structure with and against the drawing.

    Examples
    --------
    >>> gate_levels("sluice", "open"), gate_levels("weir", "unknown")
    ((1, 1), (0, 0))
    >>> gate_levels("sluice", "closed"), gate_levels("sluice", "one_way")
    ((9, 9), (1, 9))
    """
    if state == "closed":
        return NEVER, NEVER
    if state == "one_way":
        return 1, NEVER
    if kind not in CONTROLLABLE_KINDS:
        return 0, 0
    return (1, 1) if state == "open" else (2, 2)


@dataclass(frozen=True)
class _Parted:
    """Segments whose gate nodes are two nodes each."""

    segments: Segments
    nodes: int
    gates: list[Gate]
    arcs: list[tuple[int, int, int]]
    unparted: list[str]


def _split_gates(
    network: RiverNetwork, segments: Segments, count: int, scenario: Scenario | None
) -> _Parted:
    """Part each structure's node into its two sides, joined by the gate's arcs."""
    states = scenario.structures if scenario else {}
    start, end = segments.start.copy(), segments.end.copy()
    gates: list[Gate] = []
    unparted: list[str] = []
    arcs: list[tuple[int, int, int]] = []
    at_start, at_end = _by_node(start, count), _by_node(end, count)
    for row in network.structures.to_dict("records"):
        node, key = int(row["node_id"]), str(row["structure_id"])
        state = states.get(key, str(row["state"]))
        ending, beginning = at_end(node), at_start(node)
        if len(ending) + len(beginning) != 2:
            if len(ending) + len(beginning) > 2:
                unparted.append(_name(row) or key)
            continue  # the end of the network: nothing to part
        with_, back = gate_levels(str(row["kind"]), state)
        if len(ending) == 1:  # drawn through: the far side is where the drawing goes
            start[beginning[0]] = count
        elif len(ending) == 2:
            end[ending[1]] = count
            with_, back = _unsure(with_, back)
        else:
            start[beginning[1]] = count
            with_, back = _unsure(with_, back)
        gates.append(Gate(key, _name(row), state, node, count))
        arcs += [(node, count, with_), (count, node, back)]
        count += 1
    parted = replace(segments, start=start, end=end)
    there = [arc for arc in arcs if arc[2] < NEVER]
    return _Parted(parted, count, gates, there, unparted)


def _by_node(node: Ints, count: int) -> Callable[[int], Ints]:
    """Look up the segments that have an end at a node."""
    order = np.argsort(node, kind="stable")
    first = np.searchsorted(node[order], np.arange(count + 1))
    return lambda which: order[first[which] : first[which + 1]]


def _unsure(along: int, against: int) -> tuple[int, int]:
    """Which way a one-way gate points is unknown where the drawing changes sides."""
    return (along, against) if along == against else (2, 2)


def _name(row: dict[Any, Any]) -> str:
    name = row.get("name")
    return "" if name is None or pd.isna(name) else str(name)

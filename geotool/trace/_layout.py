"""A network as arcs that water may take under a scenario, made once and kept.

Level 0: evidence gives the direction. Level 1: it holds in this scenario, or was
inferred, or the water runs both ways at times. Level 2: it may be, nobody knows.
A closed gate has no arc at all.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

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
from geotool.trace._index import COMPILED_FROM, WaterIndex, build_index, kernels

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

LEVELS = ("certain", "scenario", "possible")
"""Names of the levels 0, 1 and 2."""

NEVER = 9
"""Level of an arc that does not exist."""

KEPT = 4
"""Scenarios whose arcs are kept with a network, the last asked for."""


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


@dataclass(frozen=True, eq=False)
class Layout:
    """
    Ends and levels of all reaches, and the gates between them.

    An arc is called twice the row of its reach, and one more against the drawing; a
    gate's, the row in ``gate_arcs`` after all of these.

    Attributes
    ----------
    start, end : array of int
        Nodes of each reach: those of the network, and one more for the far side of
        each gate.
    along, against : array of int
        Level of the way with and against the drawing.
    length : array of float
    place : array of int
        Row in the network's nodes of each node.
    gates : list of Gate
    gate_arcs : array of int, shape (k, 3)
        From, to, level.
    unparted : list of str
        Structures left out, because more than two reaches meet at their node.
    """

    start: NDArray[np.int32]
    end: NDArray[np.int32]
    along: NDArray[np.int8]
    against: NDArray[np.int8]
    length: Floats
    place: NDArray[np.int32]
    gates: list[Gate]
    gate_arcs: Ints
    unparted: list[str]
    _indexes: dict[tuple[bool, bool], WaterIndex] = field(default_factory=dict)

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.place)

    @property
    def nbytes(self) -> int:
        """Memory of its arrays and indexes; the lengths are the network's own."""
        own = (self.start, self.end, self.along, self.against, self.place)
        indexes = [index.nbytes for index in self._indexes.values()]
        return sum(one.nbytes for one in own) + sum(indexes)

    def index(self, *, upstream: bool, compiled: bool | None = None) -> WaterIndex:
        """Give the index for searches against the flow, or with it."""
        if compiled is None:
            # a reach has one arc or two
            compiled = len(self.start) >= COMPILED_FROM and kernels() is not None
        if (upstream, compiled) not in self._indexes:
            both = np.stack([self.along, self.against], axis=1).ravel()
            gates = len(both) + np.arange(len(self.gate_arcs))
            number = np.concatenate([np.flatnonzero(both < NEVER), gates])
            tail, head = self.ends(number)
            self._indexes[(upstream, compiled)] = build_index(
                tail if upstream else head,
                head if upstream else tail,
                self.metres(number),
                nodes=self.nodes,
                number=number,
                compiled=compiled,
            )
        return self._indexes[(upstream, compiled)]

    def ends(self, number: NDArray[Any]) -> tuple[Ints, Ints]:
        """Give the nodes that arcs leave and enter, with the flow."""
        reach, back, gate = self.parts(number)
        tail = np.where(back, self.end[reach], self.start[reach]).astype(np.int64)
        head = np.where(back, self.start[reach], self.end[reach]).astype(np.int64)
        is_gate = gate >= 0
        tail[is_gate] = self.gate_arcs[gate[is_gate], 0]
        head[is_gate] = self.gate_arcs[gate[is_gate], 1]
        return tail, head

    def metres(self, number: NDArray[Any]) -> Floats:
        """Give the lengths of arcs; a gate has none."""
        reach, _, gate = self.parts(number)
        return np.where(gate >= 0, 0.0, self.length[reach])

    def levels(self, number: NDArray[Any]) -> NDArray[np.int8]:
        """Give the levels of arcs."""
        reach, back, gate = self.parts(number)
        found = np.where(back, self.against[reach], self.along[reach])
        found[gate >= 0] = self.gate_arcs[gate[gate >= 0], 2]
        return found

    def parts(
        self, number: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[Any]]:
        """Give the reach of each arc, whether it runs against it, and the gate or -1."""
        gate = number - 2 * len(self.start)
        reach = np.where(gate >= 0, 0, number >> 1)
        return reach, (number & 1) == 1, np.maximum(gate, -1)


_Key = tuple[Any, ...]
_KEPT: "WeakKeyDictionary[RiverNetwork, OrderedDict[_Key, Layout]]" = (
    WeakKeyDictionary()
)


def layout_of(network: RiverNetwork, scenario: Scenario | None) -> Layout:
    """
    Lay a network out under a scenario; what was made before is kept with the network.

    Raises
    ------
    NetworkError
        If the scenario names a structure or reach that is not there.
    """
    words = scenario or Scenario()
    key = (
        tuple(sorted(words.structures.items())),
        tuple(sorted(words.directions.items())),
        # the ids only: they are checked with the rest
        tuple(sorted(words.velocities_m_s)),
    )
    kept = _KEPT.setdefault(network, OrderedDict())
    if key not in kept:
        _check_scenario(network, words)
        kept[key] = _laid_out(network, words)
        while len(kept) > KEPT:
            kept.popitem(last=False)
    kept.move_to_end(key)
    return kept[key]


def _laid_out(network: RiverNetwork, scenario: Scenario) -> Layout:
    along, against = reach_levels(network, scenario)
    reaches, nodes = network.reaches, len(network.nodes)
    start = reaches["from_node"].to_numpy().astype(np.int32)
    end = reaches["to_node"].to_numpy().astype(np.int32)
    gates, arcs, unparted = _part_gates(network, scenario, start, end)
    near = [gate.near for gate in gates]
    return Layout(
        start,
        end,
        along.astype(np.int8),
        against.astype(np.int8),
        reaches["length_m"].to_numpy(float),
        np.concatenate([np.arange(nodes), near]).astype(np.int32),
        gates,
        np.array(arcs, dtype=np.int64).reshape(-1, 3),
        unparted,
    )


def _check_scenario(network: RiverNetwork, scenario: Scenario) -> None:
    known = set(network.structures["structure_id"].astype(str))
    is_reach = network.reach_position.index.isin
    rivers = network.reaches["river_id"]
    for keys, zh, en in (
        (list(scenario.structures), "水工建筑物", "structure"),
        (list(scenario.directions), "河段或河流", "reach or river"),
        (list(scenario.velocities_m_s), "河段或河流", "reach or river"),
    ):
        if en == "structure":
            strange = [key for key in keys if key not in known]
        elif keys:
            there = set(network.reach_position.index[is_reach(keys)])
            there |= set(rivers[rivers.isin(keys)])
            strange = [key for key in keys if key not in there]
        else:
            strange = []
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
    both_ways = (mode == "bidirectional") | (mode == "reservoir")
    along = np.select([one_way & known, one_way | both_ways], [0, 1], 2)
    # what was only inferred may be wrong: against it, possible
    against = np.select([one_way & known, both_ways], [NEVER, 1], 2)
    levels = {
        "forward": (1, NEVER),
        "backward": (NEVER, 1),
        "both": (1, 1),
        "unknown": (2, 2),
    }
    for rows, word in named_rows(reaches, scenario.directions if scenario else {}):
        along[rows], against[rows] = levels[word]
    return along.astype(np.int64), against.astype(np.int64)


def named_rows(reaches: pd.DataFrame, said: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """
    Give the rows that each key of a scenario names, and what is said of them.

    A river first, its single reaches after: what is said more exactly counts.
    """
    if not said:
        return []
    found = []
    for column in ("river_id", "reach_id"):
        ids = reaches[column]
        rows = np.flatnonzero(ids.isin(list(said)))
        mine = ids.iloc[rows].to_numpy(dtype=object)
        found += [(rows[mine == key], said[key]) for key in dict.fromkeys(mine)]
    return found


# ---------------------------------------------------------------- gates
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


def _part_gates(
    network: RiverNetwork, scenario: Scenario, start: Any, end: Any
) -> tuple[list[Gate], list[tuple[int, int, int]], list[str]]:
    """Part each structure's node into its two sides, joined by the gate's arcs."""
    count = len(network.nodes)
    gates: list[Gate] = []
    unparted: list[str] = []
    arcs: list[tuple[int, int, int]] = []
    if len(network.structures) == 0:
        return gates, arcs, unparted
    at_start, at_end = _by_node(start.copy(), count), _by_node(end.copy(), count)
    for row in network.structures.to_dict("records"):
        node, key = int(row["node_id"]), str(row["structure_id"])
        state = scenario.structures.get(key, str(row["state"]))
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
    return gates, [arc for arc in arcs if arc[2] < NEVER], unparted


def _by_node(node: NDArray[np.int32], count: int) -> Callable[[int], Ints]:
    """Look up the reaches that have an end at a node."""
    order = np.argsort(node, kind="stable")
    first = np.searchsorted(node[order], np.arange(count + 1))
    return lambda which: order[first[which] : first[which + 1]]


def _unsure(along: int, against: int) -> tuple[int, int]:
    """Which way a one-way gate points is unknown where the drawing changes sides."""
    return (along, against) if along == against else (2, 2)


def _name(row: dict[Any, Any]) -> str:
    name = row.get("name")
    return "" if name is None or pd.isna(name) else str(name)

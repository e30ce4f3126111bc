"""The network cut at every source and section, so that each is a node of its own."""

from dataclasses import dataclass

import numpy as np

from geotool.attribution._problem import Bools, Canals, Floats, Ints
from geotool.network import KNOWN_CONFIDENCE, RiverNetwork, Scenario
from geotool.network._rim import inner_mouths, node_degree, rim_ends, shut_nodes
from geotool.tables import load_table
from geotool.trace import velocity_ranges

SAME_M = 0.01
"""Places no farther apart on a reach share a node."""


@dataclass(frozen=True, eq=False)
class Cuts:
    """
    Segments, and the node of every place.

    Attributes
    ----------
    canals : Canals
    node : array of int
        Node of each place asked for.
    segment_in : array of int
        Segment drawn towards it, else the one drawn away from it.
    """

    canals: Canals
    node: Ints
    segment_in: Ints


def cut_network(
    network: RiverNetwork,
    reach: Ints,
    measure_m: Floats,
    discharge_m3_s: Floats,
    *,
    scenario: Scenario | None = None,
) -> Cuts:
    """
    Cut the network at places on its reaches.

    Parameters
    ----------
    network : RiverNetwork
        Oriented.
    reach : array of int
        Row of the reach of each place.
    measure_m : array of float
    discharge_m3_s : array of float
        Water that each place adds; 0 for a section.
    scenario : Scenario, optional
        Gate states, directions and velocities; as registered if None.
    """
    length = network.reaches["length_m"].to_numpy(float)
    row, low, high, first = _pieces(length, reach, measure_m)
    ends = network.ends
    inner = np.flatnonzero(low > 0)
    start, end = ends[row, 0].copy(), ends[row, 1].copy()
    number = len(network.nodes) + np.arange(len(inner))
    start[inner], end[inner - 1] = number, number
    nodes = len(network.nodes) + len(inner)
    start, end, nodes = _part_shut(start, end, nodes, shut_nodes(network, scenario))
    known, inferred = _directions(network, scenario)
    # a place belongs to the piece whose end it is, at the head of a reach to its start
    piece, at_end = _piece_of(row, high, first, reach, measure_m, length)
    node = np.where(at_end, end[piece], start[piece])
    sign = known[row]
    inlets, outlets, mouths, weight = _boundary(network, scenario, known)
    facts = load_table("hydraulics")["canal_flow"]
    width = network.reaches["width_m"].to_numpy(float)
    has_width = width > 0
    usual = (
        np.median(width[has_width]) if has_width.any() else facts["width_m"]["value"]
    )
    speed = velocity_ranges(network, scenario.velocities_m_s if scenario else None)
    canals = Canals(
        reach=row,
        low_m=low,
        high_m=high,
        start=start,
        end=end,
        nodes=nodes,
        inlets=inlets,
        outlets=outlets,
        mouths=mouths,
        inlet_weight=weight,
        inflow_m3_s=np.bincount(node, discharge_m3_s, minlength=nodes).astype(float),
        width_m=np.where(has_width, width, usual)[row],
        is_width_known=has_width[row],
        depth_m=network.reaches["depth_m"].to_numpy(float)[row],
        known=sign,
        inferred=inferred[row],
        speed_low_m_s=speed["low_m_s"].to_numpy(float)[row],
        speed_high_m_s=speed["high_m_s"].to_numpy(float)[row],
        speed_basis=speed["basis"].to_numpy(dtype=object)[row],
        flow_m3_s=network.reaches["flow_m3_s"].to_numpy(float)[row],
    )
    return Cuts(canals, node, piece)


def _pieces(
    length: Floats, reach: Ints, measure: Floats
) -> tuple[Ints, Floats, Floats, Ints]:
    """Row, low and high of every piece, in order; and the first piece of each reach."""
    inside = (measure > SAME_M) & (measure < length[reach] - SAME_M)
    row, at = reach[inside], measure[inside]
    order = np.lexsort((at, row))
    row, at = row[order], at[order]
    apart = np.ones(len(row), dtype=bool)
    apart[1:] = (np.diff(row) != 0) | (np.diff(at) > SAME_M)
    row, at = row[apart], at[apart]
    every = np.concatenate([np.arange(len(length)), row])
    low = np.concatenate([np.zeros(len(length)), at])
    order = np.lexsort((low, every))
    every, low = every[order], low[order]
    last = np.ones(len(every), dtype=bool)
    last[:-1] = np.diff(every) != 0
    high = np.where(last, length[every], np.append(low[1:], 0.0))
    first = np.searchsorted(every, np.arange(len(length)))
    return every.astype(np.int64), low, high, first.astype(np.int64)


def _piece_of(
    row: Ints, high: Floats, first: Ints, reach: Ints, measure: Floats, length: Floats
) -> tuple[Ints, Bools]:
    """Give the piece that a place ends, or starts at the head of a reach."""
    # measures grow along each reach: one search in (reach, measure), scaled to be one
    span = float(length.max(initial=1.0)) + 10.0
    key = row * span + high
    found = np.searchsorted(key, reach * span + measure - SAME_M)
    last = np.append(first[1:], len(row))[reach] - 1
    piece = np.minimum(np.maximum(found, first[reach]), last)
    at_head = measure <= SAME_M
    return piece.astype(np.int64), ~at_head


def _part_shut(
    start: Ints, end: Ints, nodes: int, shut: list[int]
) -> tuple[Ints, Ints, int]:
    """Part the node of each shut gate into one for every segment that meets there."""
    for node in shut:
        touching = np.flatnonzero((start == node) | (end == node))
        for k in touching[1:].tolist():
            start[k] = nodes if start[k] == node else start[k]
            end[k] = nodes if end[k] == node else end[k]
            nodes += 1
    return start, end, nodes


_SIGN = {"forward": 1, "backward": -1}


def _directions(network: RiverNetwork, scenario: Scenario | None) -> tuple[Ints, Ints]:
    """Directions that are sure, and as the network has them."""
    reaches = network.reaches
    one_way = (reaches["flow_mode"] == "normal").to_numpy()
    sure = reaches["direction_confidence"].to_numpy(float) >= KNOWN_CONFIDENCE
    known = (one_way & sure).astype(np.int64)
    inferred = one_way.astype(np.int64)
    words = scenario.directions if scenario else {}
    # a river first, its single reaches after: what is said more exactly counts
    for column in ("river_id", "reach_id"):
        ids = reaches[column].to_numpy(dtype=object)
        for key, word in words.items():
            named = ids == key
            known[named] = inferred[named] = _SIGN.get(word, 0)
    return known, inferred


def _boundary(
    network: RiverNetwork, scenario: Scenario | None, known: Ints
) -> tuple[Ints, Ints, Ints, Floats]:
    """Nodes where water enters, leaves and may leave, and how much enters at each."""
    degree = node_degree(network)
    ends = network.ends
    first = np.where(known < 0, ends[:, 1], ends[:, 0])
    last = np.where(known < 0, ends[:, 0], ends[:, 1])
    sure = known != 0
    shut = set(shut_nodes(network, scenario))
    out = set(last[sure & (degree[last] == 1)].tolist()) | rim_ends(network, "outlet")
    gates = rim_ends(network, "inlet") | inner_mouths(network, "inlet", shut=shut)
    into = gates | set(first[sure & (degree[first] == 1)].tolist())
    # a gate inside may lead to water beyond that is not drawn; it is where the water
    # leaves only if its part knows no other way out
    parts = {int(network.component[node]) for node in out}
    mouths = inner_mouths(network, "outlet", shut=shut)
    out |= {node for node in mouths if int(network.component[node]) not in parts}
    doubtful = mouths - out - into
    inlets = sorted(into - out)
    open_end = float(load_table("hydraulics")["canal_flow"]["open_end"]["value"])
    weight = [1.0 if node in gates or not gates else open_end for node in inlets]
    return (
        np.array(inlets, dtype=np.int64),
        np.array(sorted(out), dtype=np.int64),
        np.array(sorted(doubtful), dtype=np.int64),
        np.array(weight, dtype=float),
    )

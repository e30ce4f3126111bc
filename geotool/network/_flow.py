"""Which way water would run by itself: potential flow between inlets and outlets.

Heads solve a sparse Laplacian with the conductance of a channel, w^(5/3)/L. Every
node gets a little lateral inflow, so that dead ends drain instead of lying still.
What the answer hangs on (widths, inflows, levels at the outlets) is not known, so all
of them are perturbed; the share of perturbed flows in which a reach keeps its
direction is the confidence in that direction.

Only loops need solving (see :mod:`geotool.network._blocks`), and they are factored
once: a perturbed inflow or level is another right-hand side, and so is, to first
order, a perturbed conductance (its change times the drop is a flow put in at one end
of the reach and taken out at the other).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geotool.network._loops import Canals, Loops, Water

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SAMPLES = 24
"""Perturbed flows behind a confidence."""

CONDUCTANCE_SPREAD = 0.5
"""Relative spread of conductances: a width known to about a third."""

INFLOW_SPREAD = 1.0
"""Log-normal spread of the inflow through each inlet and through all."""

OUTLET_SPREAD = 0.1
"""Spread of outlet levels, as a share of the largest head in their part."""

INLET_SHARE = 5.0
"""Inflow through the inlets of a part, as a multiple of its lateral inflow (assumed)."""

STILL = 1e-6
"""Flow below this share of what passes at its ends counts as none."""

_FORCING_ROUNDS = 4


@dataclass(frozen=True)
class Potential:
    """
    Direction by potential flow.

    Attributes
    ----------
    sign : array of int
        +1 as drawn, -1 against, 0 still or undecided.
    agreement : array of float
        Share of perturbed flows with the same sign.
    drains : array of bool, one a node
        Whether the node's part of the network has an outlet.
    """

    sign: Ints
    agreement: Floats
    drains: Bools


def potential_flow(canals: Canals) -> Potential:
    """
    Solve the flow as assumed, then perturb it.

    The answer depends on the order of reaches and nodes by rounding only; hand them
    over in an order of their own where not even that may matter.

    Examples
    --------
    Water enters at node 0 and leaves at node 2; the dead end 3 drains to 1:

    >>> canals = Canals(
    ...     start=np.array([0, 2, 1]), end=np.array([1, 1, 3]),
    ...     conductance=np.ones(3), length=np.full(3, 100.0), nodes=4,
    ...     outlets=np.array([2]), inlets=np.array([0]), known=np.zeros(3, int),
    ... )
    >>> potential_flow(canals).sign.tolist()
    [1, -1, -1]
    """
    count = len(canals.start)
    if len(canals.outlets) == 0:
        still = np.zeros(count, dtype=np.int64)
        return Potential(still, np.zeros(count), np.zeros(canals.nodes, dtype=bool))
    water = Water.of(canals)
    loops, flow, drop, levels = _settled(water)
    limit = STILL * _passing(water, flow)
    sign = np.where(np.abs(flow) <= limit, 0, np.sign(flow)).astype(np.int64)
    kept = np.full(count, float(SAMPLES))  # nothing can turn what has one way only
    rows = loops.reaches
    kept[rows] = 0.0
    floor = limit[rows] - flow[rows] * sign[rows]
    for change in _perturbed(water, loops, drop, levels):
        kept[rows] += change * sign[rows] > floor
    agreement = np.where(sign == 0, 0.0, kept / SAMPLES)
    return Potential(sign, agreement, water.part_drains[water.part])


def _base_inflow(water: Water) -> Floats:
    inflow = np.append(water.lateral, 0.0)
    return inflow + INLET_SHARE * water.inflow(np.ones(len(water.canals.inlets)))


def _pushed(water: Water, forced: Bools) -> Floats:
    """Push what is known against the potential through: half a usual inflow."""
    usual = 0.5 * water.lateral.sum() / max(len(water.start), 1)
    return usual * water.canals.known * forced


def _settled(water: Water) -> tuple[Loops, Floats, Floats, Floats]:
    """Solve, and solve again with what runs against known directions closed.

    Returns
    -------
    loops, flow, drop, levels
        Drop in the reaches of the loops, spread of the level at each outlet.
    """
    sent, inflow = water.by_bridges(_base_inflow(water))
    forced = np.zeros(len(water.start), dtype=bool)
    flow = _bridge_flows(water, sent)
    levels = np.zeros(len(water.canals.outlets))
    for k in range(_FORCING_ROUNDS):
        loops = Loops.of(water, forced)
        rows = loops.reaches
        flow[rows], head = loops.flows(inflow, _pushed(water, forced)[rows])
        levels = levels if k else _level_spread(water, loops, head)
        against = (water.canals.known * flow < 0) & ~forced & ~water.forest.bridge
        if not against.any():
            break
        forced |= against
    return loops, flow, head[loops.one] - head[loops.other], levels


def _level_spread(water: Water, loops: Loops, head: Floats) -> Floats:
    """Give a share of the largest head above the outlets in each one's part."""
    block = water.forest.block
    beside = np.flatnonzero(block[loops.node] == block[water.ground])
    top = np.zeros(len(water.part_drains))
    np.maximum.at(top, water.part[loops.node[beside]], head[beside])
    spread: Floats = OUTLET_SPREAD * top[water.part[water.canals.outlets]]
    return spread


def _bridge_flows(water: Water, sent: Floats) -> Floats:
    forest = water.forest
    child = np.flatnonzero(forest.up >= 0)
    child = child[forest.bridge[forest.up[child]]]
    reach = forest.up[child]
    flow = np.zeros(len(water.start))
    flow[reach] = np.where(water.start[reach] == child, sent[child], -sent[child])
    return flow


def _perturbed(
    water: Water, loops: Loops, drop: Floats, levels: Floats
) -> Iterator[Floats]:
    """Give the change of the flow in each reach of the loops, case by case."""
    rng = np.random.default_rng(20_260_815)
    canals, rows = water.canals, loops.reaches
    inlets = len(canals.inlets)
    base = INLET_SHARE * water.inflow(np.ones(inlets))
    level = np.zeros(canals.nodes)
    level[canals.outlets] = 1.0
    beside = np.flatnonzero(level[canals.start[rows]] + level[canals.end[rows]])
    one, other = canals.start[rows[beside]], canals.end[rows[beside]]
    for _ in range(SAMPLES if len(rows) else 0):
        level[canals.outlets] = levels * rng.normal(size=len(levels))
        put = CONDUCTANCE_SPREAD * rng.standard_normal(len(rows)) * drop
        put[beside] += level[one] - level[other]
        put *= loops.conductance
        arriving = None
        if inlets:
            share = np.exp(rng.normal(0.0, INFLOW_SPREAD, inlets))
            more = INLET_SHARE * np.exp(rng.normal(0.0, INFLOW_SPREAD))
            arriving = water.by_bridges(more * water.inflow(share) - base)[1]
        yield loops.flows(arriving, put)[0]


def _passing(water: Water, flow: Floats) -> Floats:
    """Give what passes at the busier end of each reach, with lateral inflow."""
    canals = water.canals
    at = water.lateral.copy()
    at += np.bincount(canals.start, np.abs(flow), canals.nodes)
    at += np.bincount(canals.end, np.abs(flow), canals.nodes)
    passing: Floats = np.maximum(at[canals.start], at[canals.end]) / 2
    return passing

"""Which way water would run by itself: potential flow between inlets and outlets.

Heads solve a sparse Laplacian with the conductance of a channel, w^(5/3)/L. Every
node gets a little lateral inflow, so that dead ends drain instead of lying still.
What the answer hangs on (widths, inflows, levels at the outlets) is not known, so the
system is solved again with perturbed numbers; the share of solutions in which a
reach keeps its direction is the confidence in that direction.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SAMPLES = 24
"""Perturbed solutions behind a confidence; fewer where the network is very large."""

LARGE_NETWORK = 200_000
CONDUCTANCE_SPREAD = 0.5
"""Log-normal spread of conductances: a width known to about a third."""

INFLOW_SPREAD = 1.0
OUTLET_SPREAD = 0.1
"""Spread of outlet levels, as a share of the largest head."""

INLET_SHARE = 5.0
"""Inflow through all inlets, as a multiple of all lateral inflow (assumed)."""

LEAK = 1e-6
STILL = 1e-6
"""Flow below this share of the largest counts as none."""


@dataclass(frozen=True)
class Canals:
    """
    Arrays of a network for the flow solve.

    Attributes
    ----------
    start, end : array of int, one a reach
        As drawn.
    conductance, length : array of float
    nodes : int
    outlets, inlets : array of int
        Nodes where water leaves and enters.
    known : array of int
        +1 where the reach is known to run as drawn, -1 against, 0 else.
    order : array of int
        Rank of each reach in a fixed order, so that row order does not matter.
    """

    start: Ints
    end: Ints
    conductance: Floats
    length: Floats
    nodes: int
    outlets: Ints
    inlets: Ints
    known: Ints
    order: Ints


@dataclass(frozen=True)
class Potential:
    """
    Direction by potential flow.

    Attributes
    ----------
    sign : array of int
        +1 as drawn, -1 against, 0 still or undecided.
    agreement : array of float
        Share of perturbed solutions with the same sign.
    drains : array of bool, one a node
        Whether the node's part of the network has an outlet.
    """

    sign: Ints
    agreement: Floats
    drains: Bools


def potential_flow(canals: Canals) -> Potential:
    """
    Solve the flow, once as assumed and then perturbed.

    Examples
    --------
    Water enters at node 0 and leaves at node 2; the dead end 3 drains to 1:

    >>> canals = Canals(
    ...     start=np.array([0, 2, 1]), end=np.array([1, 1, 3]),
    ...     conductance=np.ones(3), length=np.full(3, 100.0), nodes=4,
    ...     outlets=np.array([2]), inlets=np.array([0]),
    ...     known=np.zeros(3, int), order=np.arange(3),
    ... )
    >>> potential_flow(canals).sign.tolist()
    [1, -1, -1]
    """
    drains = _drained_nodes(canals)
    inside = drains[canals.start]
    if not inside.any():
        still = np.zeros(len(canals.start), dtype=np.int64)
        return Potential(still, np.zeros(len(still)), drains)
    forced = np.zeros(len(canals.start), dtype=bool)
    flow = np.zeros(len(canals.start))
    for _ in range(6):
        flow = _solve(canals, drains, forced, None)
        against = (canals.known * flow < 0) & inside & ~forced
        if not against.any():
            break
        forced |= against
    sign = _sign(flow)
    count = SAMPLES if len(canals.start) <= LARGE_NETWORK else SAMPLES // 4
    rng = np.random.default_rng(20_260_815)
    same = np.zeros(len(sign))
    for _ in range(count):
        same += _sign(_solve(canals, drains, forced, rng)) == sign
    agreement = np.where(sign == 0, 0.0, same / count)
    return Potential(sign, agreement, drains)


def _sign(flow: Floats) -> Ints:
    top = np.abs(flow).max(initial=0.0)
    return np.where(np.abs(flow) <= STILL * top, 0, np.sign(flow)).astype(np.int64)


def _drained_nodes(canals: Canals) -> Bools:
    """Nodes whose connected part has an outlet."""
    graph = sp.coo_array(
        (np.ones(len(canals.start)), (canals.start, canals.end)),
        (canals.nodes, canals.nodes),
    )
    part = sp.csgraph.connected_components(graph, directed=False)[1]
    return np.isin(part, part[canals.outlets])


def _solve(
    canals: Canals, drains: Bools, forced: Bools, rng: np.random.Generator | None
) -> Floats:
    """Flow in every reach, along the drawing; 0 where nothing drains."""
    n = canals.nodes
    noise = np.zeros(len(canals.start))
    inlet_share, inlet_noise = INLET_SHARE, np.zeros(len(canals.inlets))
    levels = np.zeros(len(canals.outlets))
    if rng is not None:
        noise = rng.normal(0.0, CONDUCTANCE_SPREAD, len(noise))[canals.order]
        inlet_share *= float(np.exp(rng.normal(0.0, INFLOW_SPREAD)))
        inlet_noise = rng.normal(0.0, INFLOW_SPREAD, len(inlet_noise))
        levels = rng.normal(0.0, OUTLET_SPREAD, len(levels))
    conductance = canals.conductance * np.exp(noise)
    conductance = np.where(forced, LEAK * conductance, conductance)
    lateral = np.bincount(canals.start, canals.length / 2, n)
    lateral += np.bincount(canals.end, canals.length / 2, n)
    inflow = lateral.astype(float)
    share = np.exp(inlet_noise)
    if len(canals.inlets):
        inflow[canals.inlets] += inlet_share * lateral.sum() * share / share.sum()
    # what is known against the potential is pushed through
    push = 0.5 * lateral.sum() / max(len(canals.start), 1) * canals.known * forced
    np.add.at(inflow, canals.start, -push)
    np.add.at(inflow, canals.end, push)
    head = _heads(canals, drains, conductance, inflow, levels)
    drop = head[canals.start] - head[canals.end]
    flow = conductance * drop + push
    return np.where(drains[canals.start], flow, 0.0)


def _heads(
    canals: Canals, drains: Bools, conductance: Floats, inflow: Floats, levels: Floats
) -> Floats:
    n = canals.nodes
    rows = np.concatenate([canals.start, canals.end])
    columns = np.concatenate([canals.end, canals.start])
    weight = np.tile(conductance, 2)
    degree = np.bincount(rows, weight, n)
    free = drains.copy()
    free[canals.outlets] = False
    number = np.cumsum(free) - 1
    inner = free[rows] & free[columns]
    laplacian = sp.coo_array(
        (-weight[inner], (number[rows[inner]], number[columns[inner]])),
        (int(free.sum()), int(free.sum())),
    ).tocsc() + sp.diags_array(degree[free], format="csc")
    head = np.zeros(n)
    if not free.any():
        return head
    factor = splu(laplacian.tocsc())
    right = inflow[free].astype(float)
    head[free] = factor.solve(right)
    if levels.any():
        # outlet levels are spread by a share of the largest head
        head_scale = np.abs(head).max()
        fixed = np.zeros(n)
        fixed[canals.outlets] = levels * head_scale
        to_fixed = free[rows] & ~free[columns]
        np.add.at(
            right, number[rows[to_fixed]], weight[to_fixed] * fixed[columns[to_fixed]]
        )
        head = fixed
        head[free] = factor.solve(right)
    return head

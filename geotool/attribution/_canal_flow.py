"""Flow in a web of canals from few data.

Heads solve one sparse symmetric system: ``q = g (h_i - h_j)``, ``g = w^(5/3) / L``,
continuity with lateral water, inlets and outfalls, fixed levels at outlets (attribution.md
2.4). Widths, inflows and levels are not known, so it is solved for many perturbed sets
of them; what was measured (flows at sections, directions) then corrects all members at
once through their covariance. Every correction is a sum of members, so water stays
conserved at every node.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from geotool.attribution._flow_transport import flow_transport
from geotool.attribution._gauged import Gauged, corrected, scaled
from geotool.attribution._problem import Canals, Floats, Ints, Words
from geotool.tables import load_table

TINY = 1e-9
"""Flow below this share of the largest is none."""


@dataclass(frozen=True, eq=False)
class Flows:
    """
    Flow states that the data allow, all equally likely.

    Attributes
    ----------
    flow_m3_s : array of float, members x segments
        Along the drawing.
    quality : str
        ``measured`` (some flow was), ``assumed`` (widths only) or ``poor``.
    notes : tuple of Words
    """

    flow_m3_s: Floats
    quality: str
    notes: tuple[Words, ...] = ()

    def leaving(self, canals: Canals, member: int) -> Floats:
        """Water that leaves the network at each node."""
        return np.maximum(-injected(canals, self.flow_m3_s[member]), 0.0)


def injected(canals: Canals, flow: Floats) -> Floats:
    """Water that must enter at each node to keep a flow (negative: must leave)."""
    out = np.bincount(canals.start, flow, minlength=canals.nodes)
    return np.asarray(out - np.bincount(canals.end, flow, minlength=canals.nodes))


def canal_flows(
    canals: Canals, gauged: Gauged, *, sink: int, members: int | None = None
) -> Flows:
    """
    Estimate the flow in every segment.

    Parameters
    ----------
    canals : Canals
    gauged : Gauged
    sink : int
        A node water can leave at if its part of the network has no outlet.
    members : int, optional
        How many perturbed solutions; as the table says if None. Networks larger than
        the table's limit are routed along the directions they have, once.
    """
    facts = load_table("hydraulics")["canal_flow"]
    if len(canals.reach) > facts["most_segments"]["value"]:
        return _routed(canals, gauged, facts)
    budget = facts["members"]
    count = int(
        np.clip(
            budget["segments"] // len(canals.reach), budget["least"], budget["most"]
        )
        if members is None
        else members
    )
    outlets, notes = _outlets(canals, sink)
    part = _parts(canals)
    rng = np.random.default_rng(20_260_815)
    flow = np.stack(
        [
            _solve(canals, outlets, part, facts, rng if member else None)
            for member in range(count)
        ]
    )
    flow = corrected(canals, flow, gauged, facts, rng)
    flow[np.abs(flow) <= TINY * np.abs(flow).max(initial=0.0)] = 0.0
    wrong = ((canals.known * flow.mean(axis=0)) < 0).sum()
    if wrong:
        notes.append(
            (
                f"{wrong} 个河段的已知流向与估算的水量平衡不符，请核对宽度、进出口",
                (
                    f"{wrong} stretches: the known direction does not fit the water "
                    "balance; check widths, inlets and outlets"
                ),
            )
        )
    return Flows(flow, _quality(canals, gauged), tuple(notes))


def _quality(canals: Canals, gauged: Gauged) -> str:
    if len(gauged.segment):
        return "measured"
    return "assumed" if canals.is_width_known.any() else "poor"


def _outlets(canals: Canals, sink: int) -> tuple[Ints, list[Words]]:
    """Outlets, and the section itself where its part of the network has none."""
    part = _parts(canals)
    if np.isin(part[sink], part[canals.outlets]):
        return canals.outlets, []
    note = (
        "断面所在河网没有已知出口，按水流向断面估算",
        "the section's part of the network has no known outlet: taken to drain to it",
    )
    return np.append(canals.outlets, sink), [note]


def _parts(canals: Canals) -> Ints:
    graph = sp.coo_array(
        (np.ones(len(canals.start)), (canals.start, canals.end)),
        (canals.nodes, canals.nodes),
    )
    return np.asarray(sp.csgraph.connected_components(graph, directed=False)[1])


# ---------------------------------------------------------------- one solution
def _solve(
    canals: Canals,
    outlets: Ints,
    part: Ints,
    facts: dict[str, Any],
    rng: np.random.Generator | None,
) -> Floats:
    """Flow of one set of widths, inflows and levels: as assumed without a generator."""

    def spread(count: int, key: str) -> Floats:
        if rng is None:
            return np.ones(count)
        return np.exp(rng.normal(0.0, facts[key]["value"], count))

    if rng is not None and len(canals.mouths):
        # a gate inside may lead to water that is not drawn: in half of the members
        open_ = canals.mouths[rng.random(len(canals.mouths)) < 0.5]
        outlets = np.unique(np.concatenate([outlets, open_]))
    length = np.maximum(canals.length_m, 0.1)
    # one width for a whole reach: perturbing each piece would average out
    reaches, number = np.unique(canals.reach, return_inverse=True)
    noise = spread(len(reaches), "conveyance_sigma")[number]
    g = noise * canals.width_m ** facts["exponent"]["value"] / length
    lateral = length / 1000 * facts["lateral_m3_s_km"]["value"]
    lateral = lateral * spread(1, "inflow_sigma")
    inflow: Floats = np.zeros(canals.nodes)
    np.add.at(inflow, canals.start, lateral / 2)
    np.add.at(inflow, canals.end, lateral / 2)
    entering = canals.inlet_weight * spread(len(canals.inlets), "inflow_sigma")
    if entering.sum() > 0:
        total = facts["inlet_share"]["value"] * lateral.sum()
        total *= float(spread(1, "inflow_sigma")[0])
        inflow[canals.inlets] += total * entering / entering.sum()
    inflow += canals.inflow_m3_s
    levels = np.zeros(len(outlets))
    if rng is not None:
        levels = rng.normal(0.0, facts["outlet_level"]["value"], len(outlets))
    return potential_flow(canals, g, inflow, outlets, levels, part=part)


def potential_flow(
    canals: Canals,
    g: Floats,
    inflow: Floats,
    outlets: Ints,
    levels: Floats,
    *,
    part: Ints | None = None,
) -> Floats:
    """
    Solve heads and give the flow along the drawing of every segment.

    Parameters
    ----------
    canals : Canals
    g : array of float, one a segment
        Conveyance over length.
    inflow : array of float, one a node
    outlets : array of int
    levels : array of float, one an outlet
        As a share of the largest head.
    part : array of int, optional
        Connected part of each node, where it is known already.

    Returns
    -------
    array of float
        0 in parts of the network without outlet.
    """
    part = _parts(canals) if part is None else part
    drains = np.isin(part, part[outlets])
    free = drains.copy()
    free[outlets] = False
    number = np.cumsum(free) - 1
    rows = np.concatenate([canals.start, canals.end])
    columns = np.concatenate([canals.end, canals.start])
    weight = np.concatenate([g, g])
    degree = np.bincount(rows, weight, minlength=canals.nodes)
    inner = free[rows] & free[columns]
    size = int(free.sum())
    head = np.zeros(canals.nodes)
    if size == 0:
        return np.zeros(len(g))
    laplacian = sp.coo_array(
        (-weight[inner], (number[rows[inner]], number[columns[inner]])), (size, size)
    ).tocsc() + sp.diags_array(degree[free], format="csc")
    factor = splu(laplacian.tocsc())
    head[free] = factor.solve(inflow[free])
    if levels.any():
        fixed = np.zeros(canals.nodes)
        fixed[outlets] = levels * np.abs(head).max()
        edge = free[rows] & ~free[columns]
        pull = np.bincount(
            number[rows[edge]], weight[edge] * fixed[columns[edge]], minlength=size
        )
        head[free] = factor.solve(inflow[free] + pull)
        head[outlets] = fixed[outlets]
    flow = g * (head[canals.start] - head[canals.end])
    return np.where(drains[canals.start], flow, 0.0)


# ---------------------------------------------------------------- large networks
def _routed(canals: Canals, gauged: Gauged, facts: dict[str, Any]) -> Flows:
    """Route water along the directions there are, split by conveyance."""
    sign = canals.inferred.astype(float)
    split = sign * canals.width_m ** facts["exponent"]["value"]
    lateral = canals.length_m / 1000 * facts["lateral_m3_s_km"]["value"]
    inflow = np.bincount(canals.start, lateral / 2, minlength=canals.nodes)
    inflow += np.bincount(canals.end, lateral / 2, minlength=canals.nodes)
    if len(canals.inlets):
        total = facts["inlet_share"]["value"] * lateral.sum() * canals.inlet_weight
        inflow[canals.inlets] += total / canals.inlet_weight.sum()
    transport, moving = flow_transport(
        canals.nodes,
        (canals.start, canals.end),
        split,
        leaving_m3_s=np.zeros(canals.nodes),
        survival=np.ones(len(split)),
        time_s=np.zeros(len(split)),
    )
    through = transport.loads(inflow + canals.inflow_m3_s)
    flow = np.zeros(len(split))
    flow[moving] = sign[moving] * transport.share * through[transport.tail]
    flow = scaled(flow[None], gauged)
    still = int((sign == 0).sum())
    notes: list[Words] = [
        (
            "河网很大，流量按现有流向逐段汇流、按河宽分配",
            "large network: flow routed along the directions, split by width",
        )
    ]
    if still:
        notes.append(
            (
                f"{still} 个河段流向不明，按不过水计",
                f"{still} stretches of unknown direction taken as still",
            )
        )
    return Flows(flow, _quality(canals, gauged), tuple(notes))

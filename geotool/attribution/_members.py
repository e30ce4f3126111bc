"""Flow of a canal web from few data: an ensemble drawn towards what was measured."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geotool.attribution._band import Band
from geotool.attribution._problem import Floats, Ints

LEAST_FLOW_M3_S = 1e-6
"""Water that stands still is given this flow: its travel time stays finite."""

TURNS, SURE_TURNS = 8, 24
"""Rounds of the flow solve: while flows are sought, and for those that are kept."""


@dataclass(frozen=True, eq=False)
class Web:
    """
    A canal web whose flow is sought.

    Attributes
    ----------
    start, end : array of int, one a segment
        Nodes, as drawn.
    length_m, width_m : array of float
    depth_m : array of float
        NaN where unknown.
    group : array of int
        Segments with the same number share their conveyance (one river).
    known : array of int
        +1 where water surely runs as drawn, -1 against, 0 where nobody knows.
    nodes : int
    inflow_m3_s : array of float, one a node
        Water of the outfalls.
    inlets : array of int
        Nodes where an unknown flow enters.
    inlet_m3_s, inlet_sigma : array of float
        Its median before any measurement, and the sd of its logarithm.
    outlets : array of int
        Nodes where water leaves, each at a level of its own.
    gauge, gauge_m3_s : array
        Segments with a rough flow, whichever way it runs.
    gauge_sigma : array of float
        Standard deviation of its logarithm.
    """

    start: Ints
    end: Ints
    length_m: Floats
    width_m: Floats
    depth_m: Floats
    group: Ints
    known: Ints
    nodes: int
    inflow_m3_s: Floats
    inlets: Ints
    inlet_m3_s: Floats
    inlet_sigma: Floats
    outlets: Ints
    gauge: Ints
    gauge_m3_s: Floats
    gauge_sigma: Floats


@dataclass(frozen=True)
class FlowPrior:
    """
    What is believed of flow before the readings; see ``attribution_series.toml``.

    Attributes
    ----------
    conveyance_sigma : float
        Of the logarithm, around width^(5/3) / length.
    direction_weight : float
        How strongly flow against a known direction is held against a member.
    depth_m, depth_sigma : float
        One depth for all water of unknown depth.
    start_h, start_sigma : float
        How long before the first reading the web was last clean.
    """

    conveyance_sigma: float = 0.6
    direction_weight: float = 2.0
    depth_m: float = 1.6
    depth_sigma: float = 0.5
    start_h: float = 72.0
    start_sigma: float = 0.8


@dataclass(frozen=True, eq=False)
class Flow:
    """
    Flow of every member.

    Attributes
    ----------
    flow_m3_s : array, members x segments
        Along the drawing.
    head : array, members x nodes
        Any unit; water runs from high to low.
    inlet_m3_s : array, members x inlets
    depth_m : array, members x segments
    start_h : array, one a member
    decay_factor : array, members x items
    """

    flow_m3_s: Floats
    head: Floats
    inlet_m3_s: Floats
    depth_m: Floats
    start_h: Floats
    decay_factor: Floats


class FlowModel:
    """
    Potential flow from parameters: conveyances, inflows, outlet levels, depth.

    Parameters
    ----------
    web : Web
    prior : FlowPrior
    decay_sigma : array of float, one an item
        Of the logarithm of its decay.

    Attributes
    ----------
    mean, sd : array of float, one a parameter
    """

    def __init__(self, web: Web, prior: FlowPrior, decay_sigma: Floats) -> None:
        self.web, self.prior = web, prior
        groups = int(web.group.max()) + 1 if len(web.group) else 0
        levels = max(len(web.outlets) - 1, 0)
        parts = (groups, len(web.inlets), levels, 1, 1, len(decay_sigma))
        ends = np.cumsum(parts)
        self._part = [
            slice(a, b) for a, b in zip([0, *ends[:-1]], ends.tolist(), strict=True)
        ]
        self.mean = np.concatenate(
            [
                np.zeros(groups),
                np.log(web.inlet_m3_s),
                np.zeros(levels),
                [np.log(prior.depth_m), np.log(prior.start_h)],
                np.zeros(len(decay_sigma)),
            ]
        )
        self.sd = np.concatenate(
            [
                np.full(groups, prior.conveyance_sigma),
                web.inlet_sigma,
                np.ones(levels),
                [prior.depth_sigma, prior.start_sigma],
                decay_sigma,
            ]
        )
        depth = np.where(np.isnan(web.depth_m), prior.depth_m, web.depth_m)
        radius = web.width_m * depth / (web.width_m + 2.0 * depth)
        carried = web.width_m * depth * radius ** (2 / 3)
        self._conveyance = np.log(carried**2 / web.length_m)
        segment = np.arange(len(web.start))
        self._drop = np.zeros((web.nodes, len(segment)))
        self._drop[web.start, segment] += 1.0
        self._drop[web.end, segment] -= 1.0
        self._free = np.setdiff1d(np.arange(web.nodes), web.outlets)
        self._band = Band(web.start, web.end, web.nodes, self._free)
        usual = float(np.median(web.gauge_m3_s)) if len(web.gauge) else 0.0
        self._slow = 0.02 * max(usual, 0.05)
        self._level = 1.0
        head = self.flow(self.mean[None]).head
        self._level = max(0.3 * float(np.abs(head).max(initial=0.0)), 1e-12)
        self._step = 0.01 * (1.0 + usual)

    def flow(self, values: Floats, *, turns: int = TURNS) -> Flow:
        """
        Solve the flow of every member.

        A few rounds do for nearly all; where water is about to turn, some more are
        needed until none is lost (:data:`SURE_TURNS`).
        """
        web, part = self.web, self._part
        conveyance = np.exp(self._conveyance + values[:, part[0]][:, web.group])
        inlet = np.exp(values[:, part[1]])
        inflow = np.repeat(web.inflow_m3_s[None], len(values), axis=0)
        where: Any = (slice(None), web.inlets)
        np.add.at(inflow, where, inlet)
        head = np.zeros((len(values), web.nodes))
        head[:, web.outlets[1:]] = values[:, part[2]] * self._level
        flow = self._solve(conveyance, inflow, head, turns)
        depth = np.exp(values[:, part[3]])
        return Flow(
            flow_m3_s=flow,
            head=head,
            inlet_m3_s=inlet,
            depth_m=np.where(np.isnan(web.depth_m), depth, web.depth_m),
            start_h=np.exp(values[:, part[4]][:, 0]),
            decay_factor=np.exp(values[:, part[5]]),
        )

    def _solve(self, ease: Floats, inflow: Floats, head: Floats, turns: int) -> Floats:
        """
        Solve for the heads inside, in place, and give the flow.

        The head lost grows with the square of the flow, as Manning has it; very slow
        water loses it in proportion. Todini's iteration: each round is linear.
        """
        web, free = self.web, self._free
        inner, outer = self._drop[free], self._drop[web.outlets]
        total = inflow.sum(axis=1, keepdims=True)
        flow = np.zeros((len(ease), len(web.start)))
        slow = np.full_like(flow, 0.3) * np.maximum(total, self._slow)
        level = head[:, web.outlets] @ outer
        for turn in range(turns):
            lost = flow * (np.abs(flow) + self._slow) / ease
            gain = ease / (2.0 * np.abs(flow) + self._slow) if turn else ease / slow
            held = flow - gain * (lost - level)
            right = inflow[:, free] - held @ inner.T
            head[:, free] = self._band.solve(gain, right)
            flow = held + gain * (head[:, free] @ inner)
        drop = np.abs(head @ self._drop) * ease
        size = (np.sqrt(self._slow**2 + 4.0 * drop) - self._slow) / 2.0
        return np.sign(head @ self._drop) * size

    def residuals(self, flow: Flow) -> Floats:
        """Give what speaks against each member: gauges missed, directions broken."""
        web, prior, step = self.web, self.prior, self._step
        missed = (
            np.log(np.abs(flow.flow_m3_s[:, web.gauge]) + step)
            - np.log(web.gauge_m3_s + step)
        ) / web.gauge_sigma
        sure = np.flatnonzero(web.known)
        along = flow.flow_m3_s[:, sure] * web.known[sure]
        broken = np.arcsinh(np.minimum(0.0, along - 0.1 * step) / step)
        return np.hstack([missed, prior.direction_weight * broken])

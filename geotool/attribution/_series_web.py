"""The canals about a section as the web whose flow is sought, with what is known of it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from geotool.attribution._members import Web
from geotool.attribution._problem import Bools, Canals, Floats, Ints, Problem

LONGEST_M = 1500.0
"""Longer segments are cut: an unregistered source may lie anywhere on them."""

LEAST_M = 0.1
"""Two places on one spot are this far apart: a canal has a length."""


@dataclass(frozen=True, eq=False)
class Pieces:
    """
    The part of the canals about a node, long segments cut into pieces.

    Attributes
    ----------
    part : array of bool, one a node of the canals
        Whether it hangs together with the node asked for.
    place : array of int, one a node of the canals
        Its number in the part, -1 outside.
    segment : array of int, one a piece
        Segment of the canals.
    start, end : array of int
        Numbers of the nodes, those between pieces after the others.
    nodes : int
    length_m : array of float
    shore : array of int
        Nodes where the part meets a large river.
    """

    part: Bools
    place: Ints
    segment: Ints
    start: Ints
    end: Ints
    nodes: int
    length_m: Floats
    shore: Ints


def cut_long(
    canals: Canals,
    node: int,
    *,
    longest_m: float = LONGEST_M,
    large_m: float = np.inf,
) -> Pieces:
    """
    Give numbers to what hangs together with a node, cut where it is long.

    Rivers as wide as ``large_m`` are no part of it: the canals do not move their water.
    Where they meet, the web has a shore.
    """
    small = canals.width_m < large_m
    graph = sp.coo_array(
        (np.ones(small.sum()), (canals.start[small], canals.end[small])),
        (canals.nodes, canals.nodes),
    )
    label = sp.csgraph.connected_components(graph, directed=False)[1]
    part = np.asarray(label == label[node])
    place = np.where(part, np.cumsum(part) - 1, -1).astype(np.int64)
    inside = np.flatnonzero(part[canals.start] & small)
    beside = np.concatenate([canals.start[~small], canals.end[~small]])
    shore = np.unique(place[beside[part[beside]]])
    length = np.maximum(canals.length_m[inside], LEAST_M)
    count = np.maximum(np.ceil(length / longest_m).astype(np.int64), 1)
    segment = np.repeat(inside, count)
    first = np.repeat(np.cumsum(count) - count, count)
    number = np.arange(len(segment)) - first
    between = np.flatnonzero(number > 0)
    start, end = place[canals.start[segment]], place[canals.end[segment]]
    fresh = int(part.sum()) + np.arange(len(between))
    start[between], end[between - 1] = fresh, fresh
    return Pieces(
        part=part,
        place=place,
        segment=segment,
        start=start,
        end=end,
        nodes=int(part.sum()) + len(between),
        length_m=np.repeat(length / count, count),
        shore=shore,
    )


def web_of(problem: Problem, pieces: Pieces, facts: dict[str, Any]) -> Web | None:
    canals, part, place = problem.canals, pieces.part, pieces.place
    segment, start, end, nodes = pieces.segment, pieces.start, pieces.end, pieces.nodes
    out = np.union1d(canals.outlets, canals.mouths)
    gates = canals.inlets[part[canals.inlets]]
    weight = canals.inlet_weight[part[canals.inlets]]
    is_gate = weight >= 1.0
    shore = np.setdiff1d(pieces.shore, place[gates[is_gate]])
    outlets = np.union1d(place[out[part[out]]], shore)
    if not len(outlets) or not len(segment):
        return None
    gates = np.setdiff1d(place[gates[is_gate]], outlets)
    degree = np.bincount(np.concatenate([start, end]), minlength=nodes)
    open_end = np.setdiff1d(
        np.union1d(
            np.flatnonzero(degree == 1), place[canals.inlets[part[canals.inlets]]]
        ),
        np.union1d(outlets, gates),
    )
    stated = stated_flow(canals, segment, facts)
    rough = float(facts["gauge_sigma"]["value"])
    gauge, flow, sigma = _gauges(problem, segment, stated, rough)
    inflow = np.zeros(nodes)
    inflow[: int(part.sum())] = canals.inflow_m3_s[part]
    most = max(flow.max(initial=0.0), 3.0 * float(inflow.sum()), 0.1)
    river = pd.factorize(problem.network.reaches["river_id"])[0][canals.reach[segment]]
    per_gate = facts["gate"]["share"] * most / max(len(gates), 1)
    end_flow, end_sigma = _open_ends(open_end, (start, end), stated, most, facts)
    if not is_flow_measured(problem, segment):
        way = canals.known[segment] * np.array([[1], [-1]])
        for tip, inward in zip((start, end), way > 0, strict=True):
            _through_ends(
                (end_flow, end_sigma),
                open_end,
                np.where(inward, tip, -1),
                canals.width_m[segment],
                facts["through_end"]["share"] * most,
                float(facts["through_end"]["sigma"]),
            )
    return Web(
        start=start,
        end=end,
        length_m=pieces.length_m,
        width_m=canals.width_m[segment],
        depth_m=canals.depth_m[segment],
        group=np.unique(river, return_inverse=True)[1].astype(np.int64),
        known=canals.known[segment],
        nodes=nodes,
        inflow_m3_s=inflow,
        inlets=np.concatenate([gates, open_end]),
        inlet_m3_s=np.concatenate([np.full(len(gates), per_gate), end_flow]),
        inlet_sigma=np.concatenate(
            [np.full(len(gates), float(facts["gate"]["sigma"])), end_sigma]
        ),
        outlets=outlets,
        gauge=gauge,
        gauge_m3_s=flow,
        gauge_sigma=sigma,
    )


def stated_flow(
    canals: Canals, segment: Ints, facts: dict[str, Any]
) -> tuple[Floats, Floats]:
    """
    Give the flow that the layer states for each segment, whichever way it runs.

    Its flow, else its velocity through the cross-section; NaN where there is neither.
    With it the standard deviation of its logarithm.
    """
    depth, speed_sigma = facts["depth_m"], facts["speed_sigma"]["value"]
    known = np.isfinite(canals.depth_m[segment])
    deep = np.where(known, canals.depth_m[segment], depth["value"])
    speed = np.sqrt(canals.speed_low_m_s[segment] * canals.speed_high_m_s[segment])
    moved = speed * canals.width_m[segment] * deep
    stated = np.isin(canals.speed_basis[segment], ("given", "scenario"))
    own = np.abs(canals.flow_m3_s[segment])
    flow = np.where(np.isfinite(own), own, np.where(stated, moved, np.nan))
    rough = np.hypot(speed_sigma, np.where(known, 0.0, depth["sigma"]))
    sigma = np.where(np.isfinite(own), facts["gauge_sigma"]["value"], rough)
    return np.asarray(flow), np.asarray(sigma)


def _open_ends(
    nodes: Ints,
    tips: tuple[Ints, Ints],
    stated: tuple[Floats, Floats],
    most: float,
    facts: dict[str, Any],
) -> tuple[Floats, Floats]:
    """
    Give what may enter at open ends: the median, and the sd of its logarithm.

    Mere ends of side canals bring little; where the layer states a flow or a velocity,
    the canal goes on beyond the map and brings that.
    """
    flow = np.full(len(nodes), facts["open_end"]["share"] * most)
    sigma = np.full(len(nodes), float(facts["open_end"]["sigma"]))
    there = np.flatnonzero(stated[0] > 0)
    for tip in tips:
        at = {int(tip[k]): k for k in there.tolist()}
        for place, node in enumerate(nodes.tolist()):
            if node in at:
                flow[place], sigma[place] = (one[at[node]] for one in stated)
    return flow, sigma


def _through_ends(
    inlet: tuple[Floats, Floats],
    nodes: Ints,
    tip: Ints,
    width_m: Floats,
    most: float,
    sigma: float,
) -> None:
    """
    Raise what may enter, in place, where water surely runs in from an open end.

    Where no flow was measured anywhere nothing else tells of it: the canal goes on
    beyond the map and may bring the more the wider it is (Manning).
    """
    widest = float(width_m.max(initial=1.0))
    wide = {int(node): float(width_m[k]) for k, node in enumerate(tip.tolist())}
    for place, node in enumerate(nodes.tolist()):
        if node in wide:
            part = most * (wide[node] / widest) ** (8 / 3)
            if part > inlet[0][place]:
                inlet[0][place], inlet[1][place] = part, sigma


def is_flow_measured(problem: Problem, segment: Ints) -> bool:
    """Whether the flow of a section, or of a segment, in a web is known."""
    canals, table = problem.canals, problem.sections
    at = table["segment_in"].to_numpy(dtype=np.int64)
    own = np.isfinite(table["flow_m3_s"].to_numpy(float)) & np.isin(at, segment)
    return bool(own.any() or np.isfinite(canals.flow_m3_s[segment]).any())


def _gauges(
    problem: Problem, segment: Ints, stated: tuple[Floats, Floats], rough: float
) -> tuple[Ints, Floats, Floats]:
    """
    Segments whose flow is roughly known, in any direction, with the sd of its logarithm.

    Those of sections, and those that the layer states; each once.
    """
    canals, table = problem.canals, problem.sections
    number = np.full(len(canals.start), -1)
    number[segment] = np.arange(len(segment))
    at = table["segment_in"].to_numpy(dtype=np.int64)
    flow = np.abs(table["flow_m3_s"].to_numpy(float))
    own = (at >= 0) & np.isfinite(flow) & (number[at] >= 0)
    layer_flow, sigma = stated
    once = np.append(segment[1:] != segment[:-1], True)  # one piece a segment
    layer = np.flatnonzero(np.isfinite(layer_flow) & once)
    return (
        np.concatenate([number[at[own]], layer]).astype(np.int64),
        np.concatenate([flow[own], layer_flow[layer]]),
        np.concatenate([np.full(int(own.sum()), rough), sigma[layer]]),
    )

"""Measured flows, and how they and known directions correct an ensemble of flows."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geotool.attribution._problem import Bools, Canals, Floats, Ints

LEAST_M3_S = 1e-3
"""No flow is measured better than this."""


@dataclass(frozen=True, eq=False)
class Gauged:
    """
    Measured flows.

    Attributes
    ----------
    segment : array of int
    flow_m3_s : array of float
        Along the drawing where ``signed``, else only how much.
    signed : array of bool
    """

    segment: Ints
    flow_m3_s: Floats
    signed: Bools


def corrected(
    canals: Canals,
    flow: Floats,
    gauged: Gauged,
    facts: dict[str, Any],
    rng: np.random.Generator,
) -> Floats:
    """Let measured flows, then known directions, correct all members."""
    if len(flow) < 2:
        return scaled(flow, gauged)
    error = float(facts["measured_error"]["value"])
    if len(gauged.segment):
        flow = scaled(flow, gauged)
        # each member may keep its own direction where the measurement has none
        own = np.where(flow[:, gauged.segment] < 0, -1.0, 1.0)
        size = np.abs(gauged.flow_m3_s)
        wanted = np.where(gauged.signed, gauged.flow_m3_s, own * size)
        floor = max(0.02 * float(size.max()), LEAST_M3_S)
        sd = np.maximum(error * size, floor)
        noisy = wanted + rng.normal(0.0, 1.0, wanted.shape) * sd
        flow = _updated(flow, gauged.segment, noisy, sd)
    known = np.flatnonzero(canals.known)
    for _ in range(3):
        along = flow[:, known] * canals.known[known]
        broken = (along < 0).mean(axis=0) > 0.05
        if not broken.any():
            break
        at = known[broken]
        typical = np.maximum(np.abs(flow[:, at]).mean(axis=0), 1e-12)
        # only members that run the wrong way are pushed
        aim = np.maximum(along[:, broken], 0.1 * typical) * canals.known[at]
        flow = _updated(flow, at, aim, 0.3 * typical)
    return flow


def scaled(flow: Floats, gauged: Gauged) -> Floats:
    """Bring the size of each member to what was measured: the middle ratio."""
    if not len(gauged.segment):
        return flow
    own = np.abs(flow[:, gauged.segment])
    there = (own > 0) & (gauged.flow_m3_s != 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(there, np.abs(gauged.flow_m3_s) / own, np.nan)
    scale = np.ones(len(flow))
    some = there.any(axis=1)
    if some.any():
        scale[some] = np.exp(np.nanmedian(np.log(ratio[some]), axis=1))
    return flow * scale[:, None]


def _updated(flow: Floats, at: Ints, wanted: Floats, sd: Floats) -> Floats:
    """Correct all members by their covariance with what was measured."""
    away = flow - flow.mean(axis=0)
    seen = away[:, at]
    # one unit of error each, so that large and small canals weigh alike; the solve is
    # in the space of members, which are fewer than the known directions
    scaled = seen / sd / np.sqrt(len(flow) - 1)
    miss = ((wanted - flow[:, at]) / sd).T
    small = np.eye(len(flow)) + scaled @ scaled.T
    gain = miss - scaled.T @ np.linalg.solve(small, scaled @ miss)
    weight = scaled @ gain / np.sqrt(len(flow) - 1)
    return np.asarray(flow + weight.T @ away)

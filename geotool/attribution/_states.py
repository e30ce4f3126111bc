"""Influence of every candidate on every section, for all flows the data allow."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.attribution._canal_flow import Flows, canal_flows
from geotool.attribution._continuity import lost_words, require_numbers
from geotool.attribution._gauged import Gauged
from geotool.attribution._member import Member, group_place
from geotool.attribution._problem import (
    Canals,
    Floats,
    Problem,
    State,
    Words,
)
from geotool.attribution._survival import SECONDS_PER_DAY
from geotool.tables import load_table


@dataclass(frozen=True, eq=False)
class Influence:
    """
    What a ranking multiplies loads by.

    Attributes
    ----------
    psi : array of float, members x items x sections x candidates
        mg/L at the section for 1 g/s of the candidate.
    others : array of float, members x items x sections x others
        The same of outfalls that are no candidates.
    time_h : array of float, members x candidates
        Mean travel time to the target, weighted by load; NaN where nothing arrives.
    flow_m3_s : array of float, members x sections
    section_time_h : array of float, members x sections
        Mean travel time from each section to the target; NaN where it lies elsewhere.
    state_psi : array of float, states x sections x candidates
        Means over members for the item that failed.
    flows : tuple of Flows, one a state
    quality : str
        How well the flow is known: ``measured``, ``assumed``, ``poor``.
    notes : tuple of Words
    """

    psi: NDArray[np.float64]
    others: NDArray[np.float64]
    time_h: Floats
    flow_m3_s: Floats
    section_time_h: Floats
    state_psi: Floats
    flows: tuple[Flows, ...]
    quality: str
    notes: tuple[Words, ...]

    @cached_property
    def mean(self) -> Floats:
        """Mean over members for the item that failed, sections x candidates."""
        return np.asarray(self.psi[:, 0].mean(axis=0))

    @cached_property
    def middle_time_h(self) -> Floats:
        """Middle travel time to the target of each candidate; NaN where none is."""
        return pd.DataFrame(self.time_h).median().to_numpy(float)


def gauged_flows(problem: Problem, state: State) -> Gauged:
    """Collect the flows that the sections and the layer of rivers state."""
    canals, table = state.canals, problem.sections
    own = np.flatnonzero(np.isfinite(table["flow_m3_s"].to_numpy(float)))
    segment = table["segment_in"].to_numpy()[own]
    value = table["flow_m3_s"].to_numpy(float)[own]
    sign = np.where(canals.known[segment] < 0, -1.0, 1.0)
    # a negative flow at a section runs against the direction the network has
    signed = canals.known[segment] != 0
    layer = np.flatnonzero(np.isfinite(canals.flow_m3_s))
    _, once = np.unique(canals.reach[layer], return_index=True)
    layer = layer[once]
    return Gauged(
        np.concatenate([segment, layer]).astype(np.int64),
        np.concatenate([value * sign, canals.flow_m3_s[layer]]),
        np.concatenate([signed, np.ones(len(layer), dtype=bool)]),
    )


def influences(problem: Problem, *, members: int | None = None) -> Influence:
    """
    Solve the adjoint of every section in every member.

    Parameters
    ----------
    problem : Problem
    members : int, optional
        Flow fields; as ``tables/hydraulics.toml`` says if None.
    """
    parts = [_in_state(problem, state, members) for state in problem.states]
    weight = np.array([state.weight for state in problem.states])
    count = min(len(part.psi) for part in parts)
    psi = sum(w * part.psi[:count] for w, part in zip(weight, parts, strict=True))
    arriving = [
        w * part.psi[:count, 0, problem.target]
        for w, part in zip(weight, parts, strict=True)
    ]
    with np.errstate(divide="ignore", invalid="ignore"):
        time = sum(
            a * np.nan_to_num(part.time_h[:count])
            for a, part in zip(arriving, parts, strict=True)
        ) / sum(arriving)
    notes = [note for part in parts for note in part.notes]
    return Influence(
        psi=np.asarray(psi),
        others=np.asarray(
            sum(w * part.others[:count] for w, part in zip(weight, parts, strict=True))
        ),
        time_h=np.asarray(time),
        flow_m3_s=np.asarray(
            sum(
                w * part.flow_m3_s[:count]
                for w, part in zip(weight, parts, strict=True)
            )
        ),
        section_time_h=parts[0].section_time_h,
        state_psi=np.stack([part.psi[:, 0].mean(axis=0) for part in parts]),
        flows=tuple(part.flows for part in parts),
        quality=parts[0].flows.quality,
        notes=tuple(dict.fromkeys(notes)),
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """The influence in one flow state."""

    psi: NDArray[np.float64]
    others: NDArray[np.float64]
    time_h: Floats
    section_time_h: Floats
    flow_m3_s: Floats
    flows: Flows
    notes: tuple[Words, ...]


def _in_state(problem: Problem, state: State, members: int | None) -> _Part:
    canals = state.canals
    flows = canal_flows(
        canals,
        gauged_flows(problem, state),
        sink=int(state.section_nodes[problem.target]),
        members=members,
    )
    require_numbers(flows.flow_m3_s, state=state.name)
    count = len(flows.flow_m3_s)
    rng = np.random.default_rng(7)
    place = group_place(problem.groups, len(canals.reach))
    shape = (
        count,
        len(problem.items),
        len(problem.sections),
        problem.n + len(problem.groups),
    )
    psi = np.zeros(shape)
    others = np.zeros((*shape[:3], len(problem.others)))
    time_h = np.full((count, shape[3]), np.nan)
    section_time_h = np.full((count, shape[2]), np.nan)
    flow = np.zeros((count, shape[2]))
    sink = int(state.section_nodes[problem.target])
    notes = [*flows.notes, *lost_words(problem, canals, flows.flow_m3_s, sink=sink)]
    for member in range(count):
        first = member == 0 or count == 1
        speed = speeds(canals, flows, member, None if first else rng)
        noise = np.zeros(shape[1]) if first else rng.normal(size=shape[1])
        decay = problem.decay_per_d * np.exp(problem.decay_sigma * noise)
        made = Member(problem, state, flows, member, speed, place)
        flow[member] = made.flow_m3_s
        for k, per_d in enumerate(decay.tolist()):
            if k and per_d == decay[0]:
                psi[member, k] = psi[member, 0]
                others[member, k] = others[member, 0]
                continue
            found = made.solve(per_d, timed=k == 0)
            psi[member, k], others[member, k], times = found
            if times is not None:
                time_h[member], section_time_h[member] = times
        if first:
            notes += made.warnings()
    return _Part(psi, others, time_h, section_time_h, flow, flows, tuple(notes))


def speeds(
    canals: Canals, flows: Flows, member: int, rng: np.random.Generator | None
) -> Floats:
    """
    Give the velocity in every segment: given, of flow and depth, or by class.

    Parameters
    ----------
    canals, flows : Canals, Flows
    member : int
    rng : Generator or None
        Perturbs what is not known; None gives the middle.
    """
    facts = load_table("hydraulics")["canal_flow"]
    middle = np.sqrt(canals.speed_low_m_s * canals.speed_high_m_s)
    stated = np.isin(canals.speed_basis, ("given", "scenario"))
    sigma = facts["sigma_ln_speed"]
    common = 0.0 if rng is None else float(rng.normal())
    if flows.quality != "measured":
        error = np.where(stated, sigma["given"], sigma["assumed"])
        return np.asarray(middle * np.exp(error * common))
    depth = np.where(canals.depth_m > 0, canals.depth_m, facts["depth_m"]["value"])
    solved = np.abs(flows.flow_m3_s[member]) / (canals.width_m * depth)
    # slower or faster than water in canals ever is: the flow there is not known
    solved = np.clip(solved, facts["speed"]["low_m_s"], facts["speed"]["high_m_s"])
    error = np.where(
        stated,
        sigma["given"],
        np.where(canals.depth_m > 0, sigma["flow"], sigma["solved"]),
    )
    return np.asarray(np.where(stated, middle, solved) * np.exp(error * common))


def distance_influence(problem: Problem) -> Floats:
    """
    Give psi by distance alone: exp(-k d / v) at the usual speed (level 0).

    Nothing is diluted or split; groups take the least of what their reaches have.
    """
    facts = load_table("hydraulics")["velocity"]["canal"]
    speed = np.sqrt(facts["low_m_s"]["value"] * facts["high_m_s"]["value"])
    per_d = max(float(problem.decay_per_d[0]), 1e-3)
    distance = problem.sources["distance_m"].to_numpy(float)
    own = np.exp(-per_d * distance / speed / SECONDS_PER_DAY)
    middle = float(np.exp(np.log(own).mean())) if len(own) else 1.0
    return np.concatenate([own, np.full(len(problem.groups), middle)])

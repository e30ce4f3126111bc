"""Influence of every candidate on every section, for all flows the data allow."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from geotool.attribution._canal_flow import Flows, Gauged, canal_flows, injected
from geotool.attribution._continuity import (
    lost_words,
    require_influence,
    require_numbers,
    require_water,
)
from geotool.attribution._operator import (
    MANY_ROUNDS,
    SECONDS_PER_DAY,
    Transport,
    flow_transport,
    lateral_survival,
    survival,
)
from geotool.attribution._problem import (
    Canals,
    Floats,
    Ints,
    Problem,
    ReachGroup,
    State,
    Words,
)
from geotool.tables import load_table

STILL = 1e-9
"""A section with less flow than this share of the largest has none."""


MOST_ROUTED = 200_000
"""Segments up to which the self-test routes the water itself, and a load."""


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
    number = _group_numbers(problem.groups, len(canals.reach))
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
        made = _Member(problem, state, flows, member, speed, number)
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


def _group_numbers(groups: tuple[ReachGroup, ...], segments: int) -> Ints:
    """Give the group of each segment; -1 where there is none."""
    number = np.full(segments, -1, dtype=np.int64)
    for k, group in enumerate(groups):
        number[group.segments] = k
    return number


class _Member:
    """One flow field: its operator in the water above the sections."""

    def __init__(
        self,
        problem: Problem,
        state: State,
        flows: Flows,
        member: int,
        speed: Floats,
        number: Ints,
    ) -> None:
        canals = state.canals
        self.problem, self.canals = problem, canals
        self.leaving = flows.leaving(canals, member)
        whole, moving = flow_transport(
            canals.nodes,
            (canals.start, canals.end),
            flows.flow_m3_s[member],
            leaving_m3_s=self.leaving,
            survival=np.ones(len(canals.reach)),
            time_s=canals.length_m / speed,
        )
        out = np.bincount(
            whole.tail, np.abs(flows.flow_m3_s[member])[moving], minlength=canals.nodes
        )
        through = out + self.leaving
        self.inflow = np.maximum(injected(canals, flows.flow_m3_s[member]), 0.0)
        # routing takes a solve: once for a flow state, and not in very large networks
        self.routed = member == 0 and len(canals.reach) <= MOST_ROUTED
        nodes = state.section_nodes
        self.flow_m3_s = through[nodes]
        self.there = self.flow_m3_s > STILL * through.max(initial=0.0)
        if not self.there.any():
            self.part: Transport | None = None
            return
        met = np.zeros(len(moving), dtype=bool)
        self.part, self.kept = whole.upstream_of(nodes[self.there])
        self.inflow = self.inflow[self.kept]
        require_water(
            self.part,
            self.inflow,
            through[self.kept],
            routed=self.routed,
            state=state.name,
        )
        inside = np.zeros(canals.nodes, dtype=bool)
        inside[self.kept] = True
        met = inside[whole.tail] & inside[whole.head]
        segment = moving[met]
        self.group, self.length = number[segment], canals.length_m[segment]
        self.place = np.searchsorted(self.kept, nodes[self.there])
        self.source = _positions(self.kept, state.source_nodes)
        self.section = _positions(self.kept, nodes)
        self.other = _positions(self.kept, state.other_nodes)

    def solve(
        self, per_d: float, *, timed: bool
    ) -> tuple[Floats, Floats, tuple[Floats, Floats] | None]:
        """Give psi of every section and candidate, of others, and times to the target.

        Times are those of the candidates and of the sections.
        """
        problem = self.problem
        candidates = problem.n + len(problem.groups)
        psi = np.zeros((len(problem.sections), candidates))
        others = np.zeros((len(problem.sections), len(problem.others)))
        if self.part is None or self.part.time_s is None:
            return psi, others, None
        base = self.part
        assert base.time_s is not None
        left = survival(per_d, base.time_s)
        moved = base.with_survival(left)
        flow = self.flow_m3_s[self.there]
        at_nodes = moved.influence(self.place, flow)
        loads = self.inflow if self.routed and timed else None
        require_influence(moved, at_nodes, self.place, flow, loads=loads)
        spread = self.length * lateral_survival(per_d, base.time_s)
        psi[self.there] = np.concatenate(
            [self._sources(at_nodes), self._groups(at_nodes, spread)], axis=1
        )
        padded = np.concatenate([at_nodes, np.zeros((len(at_nodes), 1))], axis=1)
        others[self.there] = padded[:, self.other]
        if not timed or not self.there[problem.target]:
            return psi, others, None
        row = int(self.there[: problem.target].sum())
        theta = moved.travel_time_s(at_nodes[row][None])
        sections = np.append(theta[0], np.nan)[self.section] / 3600.0
        timed_psi = np.nan_to_num(theta) * at_nodes[row]
        # half of the reach for a load spread along it
        groups = self._groups(timed_psi, spread) + self._groups(
            at_nodes[row][None], spread * base.time_s / 2
        )
        own = np.concatenate([self._sources(timed_psi), groups], axis=1)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            time = np.where(psi[problem.target] > 0, own / psi[problem.target], np.nan)
        return psi, others, (time / 3600.0, sections)

    def _sources(self, at_nodes: Floats) -> Floats:
        """Read values at nodes off for the sources."""
        padded = np.concatenate([at_nodes, np.zeros((len(at_nodes), 1))], axis=1)
        return padded[:, self.source]

    def _groups(self, at_nodes: Floats, spread: Floats) -> Floats:
        """Give the mean along each group of values at the lower end of its segments."""
        assert self.part is not None
        groups = self.problem.groups
        inside = self.group >= 0
        gather = sp.csr_array(
            (spread[inside], (self.group[inside], self.part.head[inside])),
            shape=(len(groups), self.part.nodes),
        )
        total = np.array([group.length_m for group in groups])
        return np.asarray((gather @ at_nodes.T).T / np.maximum(total, 1e-9))

    def warnings(self) -> list[Words]:
        """Say when the answer hangs on water that goes round."""
        if self.part is None:
            return []
        worst = float(self.part.rounds().max(initial=1.0))
        if worst <= MANY_ROUNDS:
            return []
        return [
            (
                f"上游有循环水流，水平均经过同一处 {worst:.0f} 次，结果取决于回流比例",
                (
                    f"water goes round upstream, passing a place {worst:.0f} times on "
                    "average: the answer hangs on the return share"
                ),
            )
        ]


def _positions(kept: Ints, nodes: Ints) -> Ints:
    """Place of nodes among the kept ones; one past the end where not kept."""
    if not len(kept):
        return np.zeros(len(nodes), dtype=np.int64)
    place = np.minimum(np.searchsorted(kept, nodes), len(kept) - 1)
    return np.where(kept[place] == nodes, place, len(kept)).astype(np.int64)


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

"""One flow field: its operator in the water above the sections, solved for any decay."""

import numpy as np

from geotool.attribution._canal_flow import Flows, injected
from geotool.attribution._continuity import require_influence, require_water
from geotool.attribution._flow_transport import flow_transport
from geotool.attribution._operator import MANY_ROUNDS, Transport
from geotool.attribution._problem import (
    Floats,
    Ints,
    Problem,
    ReachGroup,
    State,
    Words,
)
from geotool.attribution._survival import lateral_survival, survival

STILL = 1e-9
"""A section with less flow than this share of the largest has none."""

MOST_ROUTED = 200_000
"""Segments up to which the self-test routes the water itself, and a load."""


def group_place(groups: tuple[ReachGroup, ...], segments: int) -> Ints:
    """Give the group of each segment; -1 where there is none."""
    number = np.full(segments, -1, dtype=np.int64)
    for k, group in enumerate(groups):
        number[group.segments] = k
    return number


class Member:
    """
    One flow field.

    Parameters
    ----------
    problem, state : Problem, State
    flows, member : Flows, int
    speed : array of float, one a segment
    group : array of int, one a segment
        From :func:`group_place`.
    """

    def __init__(
        self,
        problem: Problem,
        state: State,
        flows: Flows,
        member: int,
        speed: Floats,
        group: Ints,
    ) -> None:
        canals = state.canals
        self.problem = problem
        flow = flows.flow_m3_s[member]
        injection = injected(canals, flow)
        leaving = np.maximum(-injection, 0.0)
        whole, moving = flow_transport(
            canals.nodes,
            (canals.start, canals.end),
            flow,
            leaving_m3_s=leaving,
            survival=np.ones(len(canals.reach)),
            time_s=canals.length_m / speed,
        )
        out = np.bincount(whole.tail, np.abs(flow)[moving], minlength=canals.nodes)
        through = out + leaving
        # routing takes a solve: once for a flow state, and not in very large networks
        self.routed = member == 0 and len(canals.reach) <= MOST_ROUTED
        nodes = state.section_nodes
        self.flow_m3_s = through[nodes]
        self.there = self.flow_m3_s > STILL * through.max(initial=0.0)
        if not self.there.any():
            self.part: Transport | None = None
            return
        self.part, kept = whole.upstream_of(nodes[self.there])
        self.inflow = np.maximum(injection, 0.0)[kept]
        require_water(
            self.part,
            self.inflow,
            through[kept],
            routed=self.routed,
            state=state.name,
        )
        inside = np.zeros(canals.nodes, dtype=bool)
        inside[kept] = True
        segment = moving[inside[whole.tail] & inside[whole.head]]
        self.place = np.searchsorted(kept, nodes[self.there])
        self.source = _positions(kept, state.source_nodes)
        self.section = _positions(kept, nodes)
        self.other = _positions(kept, state.other_nodes)
        self._group(group[segment], canals.length_m[segment])

    def _group(self, group: Ints, length_m: Floats) -> None:
        """Keep the arcs that lie in a group."""
        assert self.part is not None
        groups = self.problem.groups
        inside = np.flatnonzero(group >= 0)
        self.arc, self.owner = inside, group[inside]
        self.tip, self.length = self.part.head[self.arc], length_m[self.arc]
        self.total = np.array([max(one.length_m, 1e-9) for one in groups])

    def solve(
        self, per_d: float, *, timed: bool
    ) -> tuple[Floats, Floats, tuple[Floats, Floats] | None]:
        """Give psi of every section and candidate, of others, and times to the target.

        Times are those of the candidates and of the sections.
        """
        problem, base = self.problem, self.part
        candidates = problem.n + len(problem.groups)
        psi = np.zeros((len(problem.sections), candidates))
        others = np.zeros((len(problem.sections), len(problem.others)))
        if base is None or base.time_s is None:
            return psi, others, None
        moved = base.with_survival(survival(per_d, base.time_s))
        flow = self.flow_m3_s[self.there]
        at_nodes = moved.influence(self.place, flow)
        loads = self.inflow if self.routed and timed else None
        require_influence(moved, at_nodes, self.place, flow, loads=loads)
        time_s = base.time_s[self.arc]
        spread = self.length * lateral_survival(per_d, time_s)
        psi[self.there] = np.concatenate(
            [_read(at_nodes, self.source), self._along(at_nodes, spread)], axis=1
        )
        others[self.there] = _read(at_nodes, self.other)
        if not timed or not self.there[problem.target]:
            return psi, others, None
        row = int(self.there[: problem.target].sum())
        own = at_nodes[row][None]
        theta = moved.travel_time_s(own)
        sections = np.append(theta[0], np.nan)[self.section] / 3600.0
        timed_psi = np.nan_to_num(theta) * own
        # half of the reach for a load spread along it
        groups = self._along(timed_psi, spread) + self._along(own, spread * time_s / 2)
        made = np.concatenate([_read(timed_psi, self.source), groups], axis=1)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            time = np.where(psi[problem.target] > 0, made / psi[problem.target], np.nan)
        return psi, others, (time / 3600.0, sections)

    def _along(self, at_nodes: Floats, spread: Floats) -> Floats:
        """Give the mean along each group of values at the lower end of its segments."""
        made = [
            np.bincount(self.owner, spread * row[self.tip], minlength=len(self.total))
            for row in at_nodes
        ]
        return np.array(made) / self.total

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


def _read(at_nodes: Floats, place: Ints) -> Floats:
    """Read values at nodes off; 0 one past the end."""
    inside = place < at_nodes.shape[1]
    found = np.zeros((len(at_nodes), len(place)))
    found[:, inside] = at_nodes[:, place[inside]]
    return found


def _positions(kept: Ints, nodes: Ints) -> Ints:
    """Place of nodes among the kept ones; one past the end where not kept."""
    if not len(kept):
        return np.zeros(len(nodes), dtype=np.int64)
    place = np.minimum(np.searchsorted(kept, nodes), len(kept) - 1)
    return np.where(kept[place] == nodes, place, len(kept)).astype(np.int64)

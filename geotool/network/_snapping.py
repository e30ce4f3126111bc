"""What almost meets is joined: ends to ends, then ends to lines.

Nothing is merged by a chain of small steps: a cluster takes a new member only if that
member lies within the tolerance of all that are in it (complete linkage, in growing
distance). A crossing never moves, ends move to it.
"""

from dataclasses import dataclass, field

import numpy as np
import shapely
from scipy.spatial import cKDTree

from geotool.network._lines import Bools, Floats, Ints, Log, SimpleLines, spot
from geotool.network._noding import EXACT_M, Meetings, same_place


@dataclass
class Clusters:
    """
    Groups of points that become one node each.

    Attributes
    ----------
    xy : array of float, shape (g, 2)
        Place of each group; changes as groups are joined.
    leader : array of int
        Group that stands for each group's cluster.
    """

    xy: Floats
    leader: Ints
    members: dict[int, list[int]] = field(default_factory=dict)

    def find(self, group: int) -> int:
        """Find the leader of a group."""
        while self.leader[group] != group:
            group = int(self.leader[group])
        return group

    def of(self, leader: int) -> list[int]:
        """List the groups of a cluster."""
        return self.members.get(leader, [leader])

    def join(self, keep: int, lose: int) -> None:
        """Put one cluster into another, whose place stays."""
        self.members[keep] = [*self.of(keep), *self.of(lose)]
        self.members.pop(lose, None)
        self.leader[lose] = keep

    def all_leaders(self) -> Ints:
        """Find the leader of every group."""
        leaders = self.leader
        while True:
            higher = leaders[leaders]
            if (higher == leaders).all():
                return leaders
            leaders = higher


class _Facts:
    """What each group is made of."""

    def __init__(self, meetings: Meetings) -> None:
        group = meetings.group
        count = int(group.max()) + 1 if len(group) else 0
        order = np.lexsort(
            (meetings.xy[:, 1], meetings.xy[:, 0], ~meetings.is_end, group)
        )
        self._start = np.searchsorted(group[order], np.arange(count + 1))
        self._whole = meetings.whole[order]
        self._is_end = meetings.is_end[order]
        self.xy: Floats = meetings.xy[order][self._start[:-1]]
        self.weight: Ints = np.bincount(group, minlength=count)
        self.has_end: Bools = np.bincount(group, meetings.is_end, count) > 0
        self.is_fixed: Bools = np.bincount(group, ~meetings.is_end, count) > 0
        joints = np.bincount(group, meetings.is_joint, count)
        self.is_joint: Bools = joints == self.weight

    def lines(self, group: int) -> set[int]:
        """Lines that meet in a group."""
        return set(self._whole[self._start[group] : self._start[group + 1]].tolist())

    def lines_ending(self, group: int) -> set[int]:
        """Lines that have an end in a group."""
        here = slice(self._start[group], self._start[group + 1])
        return set(self._whole[here][self._is_end[here]].tolist())


def snap_ends(meetings: Meetings, *, snap_m: float, log: Log) -> Clusters:
    """
    Join ends that lie within the tolerance, the nearest first.

    Returns
    -------
    Clusters
        Over the groups of ``meetings``.
    """
    facts = _Facts(meetings)
    clusters = Clusters(facts.xy.copy(), np.arange(len(facts.xy)))
    if snap_m <= 0 or len(facts.xy) == 0:
        return clusters
    # a cut of ours is no place to join; ends near it are joined to the line
    real = np.flatnonzero(~facts.is_joint)
    pairs = real[cKDTree(facts.xy[real]).query_pairs(snap_m, output_type="ndarray")]
    hopeless = facts.is_fixed[pairs].all(axis=1) | ~facts.has_end[pairs].any(axis=1)
    pairs = pairs[~hopeless]
    distance = np.hypot(*(facts.xy[pairs[:, 0]] - facts.xy[pairs[:, 1]]).T)
    low = np.minimum(facts.xy[pairs[:, 0]], facts.xy[pairs[:, 1]])
    order = np.lexsort((low[:, 1], low[:, 0], distance.round(6)))
    for one, other in pairs[order].tolist():
        _try_join(
            clusters,
            facts,
            clusters.find(one),
            clusters.find(other),
            snap_m=snap_m,
            log=log,
        )
    return clusters


def _try_join(
    clusters: Clusters, facts: _Facts, one: int, other: int, *, snap_m: float, log: Log
) -> None:
    if one == other:
        return
    these, those = clusters.of(one), clusters.of(other)
    if not _may_join(facts, these, those, snap_m):
        return
    rank = [
        (bool(facts.is_fixed[group]), int(facts.weight[group]), *(-facts.xy[group]))
        for group in (one, other)
    ]
    keep, lose = (one, other) if rank[0] >= rank[1] else (other, one)
    log.add(
        "snap",
        spot(clusters.xy[lose]),
        spot(clusters.xy[lose]),
        spot(clusters.xy[keep]),
        f"端点捕捉 {np.hypot(*(clusters.xy[lose] - clusters.xy[keep])):.3f} m end to end",
    )
    clusters.join(keep, lose)


def _may_join(facts: _Facts, these: list[int], those: list[int], snap_m: float) -> bool:
    """Whether two clusters are near in all their members and no reach would vanish."""
    if any(facts.is_fixed[g] for g in these) and any(facts.is_fixed[g] for g in those):
        return False  # crossings cannot move
    if not any(facts.has_end[g] for g in (*these, *those)):
        return False
    gap = facts.xy[these][:, None, :] - facts.xy[those][None, :, :]
    if np.hypot(gap[..., 0], gap[..., 1]).max() > snap_m:
        return False
    for one in these:
        for other in those:
            shared = facts.lines(one) & facts.lines(other)
            ends_one, ends_other = facts.lines_ending(one), facts.lines_ending(other)
            # an end that pokes past a crossing of its own line is a stub; anything
            # else that lies on the same line is a short reach, and stays
            if any((line in ends_one) == (line in ends_other) for line in shared):
                return False
    return True


@dataclass(frozen=True)
class Cuts:
    """
    Where each line is cut, ends included.

    Attributes
    ----------
    part : array of int
    measure_m : array of float
    node : array of int
        Cluster leader; places in ``node_xy``.
    node_xy : array of float, shape (g, 2)
    """

    part: Ints
    measure_m: Floats
    node: Ints
    node_xy: Floats


def place_cuts(
    simple: SimpleLines,
    meetings: Meetings,
    clusters: Clusters,
    *,
    snap_m: float,
    log: Log,
) -> Cuts:
    """Turn clusters into cuts, and let ends near the inside of a line cut it."""
    facts = _Facts(meetings)
    part, measure = meetings.part, meetings.measure_m
    node = clusters.all_leaders()[meetings.group]
    joiner = _Joiner(simple, meetings, facts, clusters, max(snap_m, EXACT_M), log)
    new = joiner.run()
    if new:
        extra = np.array([(p, m, c) for p, m, c in new])
        part = np.concatenate([part, extra[:, 0].astype(np.int64)])
        measure = np.concatenate([measure, extra[:, 1]])
        node = np.concatenate([node, extra[:, 2].astype(np.int64)])
    # two ends that reach a line at one place are one node
    leaders = np.unique(node)
    place = same_place(clusters.xy[leaders])
    first = leaders[np.unique(place, return_index=True)[1]]
    one = np.arange(len(clusters.xy))
    one[leaders] = first[place]
    return Cuts(part, measure, one[node], clusters.xy)


@dataclass
class _Joiner:
    """Joins ends to the inside of lines: T-junctions without a node."""

    simple: SimpleLines
    meetings: Meetings
    facts: _Facts
    clusters: Clusters
    reach_m: float
    log: Log

    def run(self) -> list[tuple[int, float, int]]:
        """Give (line, measure, cluster) for each end near a line, the nearest first."""
        self.length: Floats = np.asarray(shapely.length(self.simple.line))
        real = np.flatnonzero(~self.meetings.is_joint)
        self._by_part = real[np.argsort(self.meetings.part[real], kind="stable")]
        self._part = self.meetings.part[self._by_part]
        group, part, distance = self._candidates()
        found: list[tuple[int, float, int]] = []
        settled: set[int] = set()
        for leader, line, gap in zip(
            group.tolist(), part.tolist(), distance.tolist(), strict=True
        ):
            place = shapely.Point(self.clusters.xy[leader])
            if leader in settled:
                # only lines drawn over the one it was joined to
                gap = float(shapely.distance(place, self.simple.line[line]))
                if gap > EXACT_M:
                    continue
            measure = float(self.simple.line[line].project(place))
            if self._may_join(leader, line, measure):
                settled.add(leader)
                found.append((line, measure, leader))
                self._move(leader, line, measure, gap)
        return found

    def _candidates(self) -> tuple[Ints, Ints, Floats]:
        """Clusters with an end, and the lines near them that do not meet there yet."""
        lines, xy = self.simple.line, self.clusters.xy
        leaders = self.clusters.all_leaders()
        with_end = np.unique(leaders[self.facts.has_end])
        places = np.asarray(shapely.points(xy[with_end]), dtype=object)
        which, line = shapely.STRtree(lines).query(
            places, predicate="dwithin", distance=self.reach_m
        )
        group = with_end[which]
        count = int(self.simple.whole.max()) + 1
        mine = leaders[self.meetings.group] * count + self.meetings.whole
        new = ~np.isin(group * count + self.simple.whole[line], mine)
        group, line, which = group[new], line[new], which[new]
        distance = shapely.distance(places[which], lines[line])
        order = np.lexsort((line, xy[group, 1], xy[group, 0], distance.round(6)))
        return group[order], line[order], distance[order]

    def _may_join(self, leader: int, line: int, measure: float) -> bool:
        at_start, at_end = measure <= EXACT_M, measure >= self.length[line] - EXACT_M
        joint = self.simple.joint[line]
        if (at_start and not joint[0]) or (at_end and not joint[1]):
            return False  # nearest to its end: refused by the separation check
        if self._is_fixed(leader):
            # both are nodes already and neither can move: they stay apart
            return not self._has_node(line, measure)
        # no end of the cluster may end up farther off than the tolerance
        foot = self._foot(line, measure)
        gap = self.facts.xy[self.clusters.of(leader)] - foot
        return bool(np.hypot(*gap.T).max() <= self.reach_m + 1e-9)

    def _is_fixed(self, leader: int) -> bool:
        return bool(self.facts.is_fixed[self.clusters.of(leader)].any())

    def _has_node(self, line: int, measure: float) -> bool:
        low, high = np.searchsorted(self._part, [line, line + 1])
        there = self.meetings.measure_m[self._by_part[low:high]]
        return bool((np.abs(there - measure) <= self.reach_m).any())

    def _foot(self, line: int, measure: float) -> Floats:
        foot = self.simple.line[line].interpolate(measure)
        return np.array([foot.x, foot.y])

    def _move(self, leader: int, line: int, measure: float, gap: float) -> None:
        before = spot(self.clusters.xy[leader])
        if gap > EXACT_M and not self._is_fixed(leader):
            self.clusters.xy[leader] = self._foot(line, measure)
        self.log.add(
            "t_junction",
            before,
            before,
            spot(self.clusters.xy[leader]),
            f"端点接到线上 {gap:.3f} m end joined to a line",
        )

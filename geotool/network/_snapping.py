"""What almost meets is joined: ends to ends, then ends to lines.

Nothing is merged by a chain of small steps: a cluster takes a new member only if that
member lies within the tolerance of all that are in it (complete linkage, in growing
distance). A crossing never moves, ends move to it.
"""

from dataclasses import dataclass

import numpy as np
import shapely

from geotool.network._engine import engine
from geotool.network._limits import EXACT_M
from geotool.network._lines import SimpleLines
from geotool.network._log import Log, fixed, spots, worded
from geotool.network._near import linked, near_pairs
from geotool.network._noding import Meetings
from geotool.network._ragged import Bools, Floats, Ints


class Groups:
    """
    What each place is made of.

    Attributes
    ----------
    xy : array of float, shape (g, 2)
        Its lowest end, or its lowest point where no line ends.
    weight : array of int
        Number of points.
    has_end, is_fixed : array of bool
        Whether a line ends here as drawn; whether it must not move.
    has_joint, is_joint, is_inner : array of bool
        Whether a cut of ours is here; whether it is nothing else; whether a line
        passes.
    begin, whole, ends : array
        Lines that meet in place k are ``whole[begin[k]:begin[k + 1]]``, and whether
        each ends there.
    """

    def __init__(self, meetings: Meetings) -> None:
        group, order = meetings.group, meetings.places.order
        self.weight: Ints = np.bincount(group, minlength=meetings.places.count)
        self.begin: Ints = np.concatenate([[0], np.cumsum(self.weight)])
        self.whole: Ints = meetings.whole[order]
        self.ends: Bools = meetings.is_end[order]
        ends = self._counted(self.ends)
        joints = self._counted(meetings.is_joint[order])
        self.has_end: Bools = ends > 0
        self.is_fixed: Bools = ends < self.weight
        self.has_joint: Bools = joints > 0
        self.is_joint: Bools = joints == self.weight
        self.is_inner: Bools = ends + joints < self.weight
        first = order[self.begin[:-1]]
        # contacts of one place differ in the last bits: the lowest stands for them
        bits = order[np.repeat(~self.has_end & (self.weight > 1), self.weight)]
        some = meetings.xy[bits]
        lowest = engine(20 * len(group)).ordered(group[bits], some[:, 0], some[:, 1])
        bits = bits[lowest][::-1]
        first[group[bits]] = bits
        at = np.flatnonzero(self.ends)
        before = np.cumsum(ends) - ends  # ends in the places further west
        first[self.has_end] = order[at[before[self.has_end]]]
        self.stands_for: Ints = first
        self.xy: Floats = meetings.xy[first]

    def _counted(self, which: Bools) -> Ints:
        """Say how many points of each place are such."""
        total = np.concatenate([[0], np.cumsum(which)])
        return np.asarray(total[self.begin[1:]] - total[self.begin[:-1]])


@dataclass
class Clusters:
    """
    Groups of places that become one node each.

    Attributes
    ----------
    xy : array of float, shape (g, 2)
        Place of each; the leader's is the node's.
    leader : array of int
        Place that stands for each place's cluster.
    """

    xy: Floats
    leader: Ints


def log_splits(groups: Groups, log: Log) -> None:
    """Write down where lines are cut because another touches or crosses them."""
    low = groups.begin[:-1]
    several = np.minimum.reduceat(groups.whole, low) != np.maximum.reduceat(
        groups.whole, low
    )
    split = groups.is_inner | (groups.has_joint & (groups.has_end | several))
    where = spots(groups.xy[split])
    how = np.where(
        groups.has_end[split],
        "端点落在线上，已打断 end on a line, split there",
        "两线相交，已打断 lines cross, split there",
    )
    log.extend("split", where, "", where, how.astype(object).tolist())


def snap_ends(
    meetings: Meetings, groups: Groups, *, snap_m: float, log: Log
) -> Clusters:
    """
    Join ends that lie within the tolerance, the nearest first.

    Returns
    -------
    Clusters
        Over the places of ``meetings``.
    """
    xy = groups.xy
    clusters = Clusters(xy.copy(), np.arange(len(xy)))
    if snap_m <= 0 or len(xy) == 0:
        return clusters
    pairs = meetings.places.near(groups.stands_for)
    # a cut of ours is no place to join; ends near it are joined to the line
    pairs = pairs[~groups.is_joint[pairs].any(axis=1)]
    hopeless = groups.is_fixed[pairs].all(axis=1) | ~groups.has_end[pairs].any(axis=1)
    pairs = pairs[~hopeless]
    gap = xy[pairs[:, 0]] - xy[pairs[:, 1]]
    distance = np.hypot(*gap.T)
    low = np.minimum(xy[pairs[:, 0]], xy[pairs[:, 1]])
    order = _by_distance(distance.round(6), low)
    order = order[(gap[order] ** 2).sum(axis=1) <= snap_m * snap_m]
    work = engine(20 * len(meetings.xy))
    keep, lose, clusters.leader = work.join(
        pairs[order], xy, groups.weight, groups.has_end, groups.is_fixed,
        groups.begin, groups.whole, groups.ends, snap_m,
    )  # fmt: skip
    was, now = xy[lose], xy[keep]
    before, after = spots(was), spots(now)
    notes = worded("端点捕捉 {} m end to end", fixed(np.hypot(*(was - now).T), 3))
    log.extend("snap", before, before, after, notes)
    return clusters


def _by_distance(distance: Floats, low: Floats) -> Ints:
    """Order pairs by distance; those as far, by where the lower point lies."""
    order = np.argsort(distance, kind="stable")
    run = distance[order]
    fresh = np.ones(len(run), dtype=bool)
    fresh[1:] = run[1:] != run[:-1]
    run = np.cumsum(fresh) - 1
    first, second = low[order, 0], low[order, 1]
    return order[engine(20 * len(run)).ordered(run, first, second)]


@dataclass(frozen=True)
class Cuts:
    """
    Where each line is cut, ends included: first all starts, then all ends.

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
    groups: Groups,
    clusters: Clusters,
    *,
    snap_m: float,
    log: Log,
) -> Cuts:
    """Turn clusters into cuts, and let ends near the inside of a line cut it."""
    part, measure = meetings.part, meetings.measure_m
    node = clusters.leader[meetings.group]
    joiner = _Joiner(simple, meetings, groups, clusters, max(snap_m, EXACT_M), log)
    new = joiner.run()
    if not new:
        return Cuts(part, measure, node, clusters.xy)
    extra = np.array(new, dtype=float)
    part = np.concatenate([part, extra[:, 0].astype(np.int64)])
    measure = np.concatenate([measure, extra[:, 1]])
    node = np.concatenate([node, extra[:, 2].astype(np.int64)])
    leaders = np.flatnonzero(clusters.leader == np.arange(len(clusters.leader)))
    one = _one_place(clusters.xy, leaders, np.unique(node[-len(new) :]))
    return Cuts(part, measure, one[node], clusters.xy)


def _one_place(xy: Floats, leaders: Ints, moved: Ints) -> Ints:
    """Two ends that reach a line at one place are one node: the first of them."""
    west = np.sort(xy[moved, 0])
    at = np.searchsorted(west, xy[leaders, 0] - EXACT_M)
    beside = west[np.minimum(at, len(west) - 1)] - xy[leaders, 0]
    some = leaders[np.abs(beside) <= EXACT_M]
    place = linked(len(some), near_pairs(xy[some], EXACT_M))
    one = np.arange(len(xy))
    one[some] = some[np.unique(place, return_index=True)[1]][place]
    return one


@dataclass
class _Joiner:
    """Joins ends to the inside of lines: T-junctions without a node."""

    simple: SimpleLines
    meetings: Meetings
    groups: Groups
    clusters: Clusters
    reach_m: float
    log: Log

    def run(self) -> list[tuple[int, float, int]]:
        """Give (line, measure, cluster) for each end near a line, the nearest first."""
        leader, line = self._candidates()
        if len(leader) == 0:
            return []
        self._prepare(leader, line)
        xy = self.clusters.xy
        found: list[tuple[int, float, int]] = []
        settled: set[int] = set()
        rows: list[tuple[Floats, Floats, float]] = []
        whole = self.simple.whole[line]
        for k in np.lexsort(
            (line, whole, xy[leader, 1], xy[leader, 0], self._gap.round(6))
        ).tolist():
            node = int(leader[k])
            if node in settled:
                # only lines drawn over the one it was joined to
                self._measure_again(k, node)
                if self._gap[k] > EXACT_M:
                    continue
            if self._may_join(k, node):
                settled.add(node)
                found.append((int(line[k]), float(self._measure[k]), node))
                before = xy[node].copy()
                if self._gap[k] > EXACT_M and not self._fixed[node]:
                    xy[node] = self._foot[k]
                rows.append((before, xy[node].copy(), float(self._gap[k])))
        self._write(rows)
        return found

    def _candidates(self) -> tuple[Ints, Ints]:
        """Clusters with an end, and the lines near them that do not meet there yet."""
        shape, whole = self.simple.shape, self.simple.whole
        leaders = self.clusters.leader
        with_end = np.zeros(len(leaders), dtype=bool)
        with_end[leaders[self.groups.has_end]] = True
        node = np.flatnonzero(with_end)
        ends = leaders[self.meetings.group[: 2 * len(shape)]].reshape(2, -1).T
        which, line = engine(len(shape.xy)).near_lines(
            self.clusters.xy[node], node, ends, shape, self.reach_m
        )
        group = node[which]
        if len(group) == 0:
            return group, line
        count = int(whole.max()) + 1
        some = np.zeros(len(leaders), dtype=bool)
        some[group] = True
        here = leaders[self.meetings.group]
        here, wholes = here[some[here]], self.meetings.whole[some[here]]
        new = ~np.isin(group * count + whole[line], here * count + wholes)
        return group[new], line[new]

    def _prepare(self, leader: Ints, line: Ints) -> None:
        """Measure all candidates at once: few are measured again later."""
        used, self._which = np.unique(line, return_inverse=True)
        self._lines = self.simple.shape.lines(used)
        lines = self._lines[self._which]
        places = shapely.points(self.clusters.xy[leader])
        self._line = line
        self._gap: Floats = np.asarray(shapely.distance(places, lines))
        self._measure: Floats = np.asarray(shapely.line_locate_point(lines, places))
        self._foot: Floats = shapely.get_coordinates(
            shapely.line_interpolate_point(lines, self._measure)
        )
        fixed = self.clusters.leader[self.groups.is_fixed]
        self._fixed: Bools = np.zeros(len(self.clusters.leader), dtype=bool)
        self._fixed[fixed] = True
        # members of the clusters asked for, one after the other
        asked = np.zeros(len(self._fixed), dtype=bool)
        asked[leader] = True
        self._member = np.flatnonzero(asked[self.clusters.leader])
        of = self.clusters.leader[self._member]
        order = np.argsort(of, kind="stable")
        self._member = self._member[order]
        self._first, self._last = (
            np.searchsorted(of[order], leader, side) for side in ("left", "right")
        )
        # and the cuts of the lines asked for
        wanted = np.zeros(len(self.simple.shape), dtype=bool)
        wanted[line] = True
        real = np.flatnonzero(wanted[self.meetings.part] & ~self.meetings.is_joint)
        order = real[np.argsort(self.meetings.part[real], kind="stable")]
        self._cut = self.meetings.measure_m[order]
        self._low, self._high = (
            np.searchsorted(self.meetings.part[order], line, side)
            for side in ("left", "right")
        )

    def _measure_again(self, k: int, node: int) -> None:
        """Measure a candidate whose node has been moved."""
        place = shapely.Point(self.clusters.xy[node])
        line = self._lines[self._which[k]]
        self._gap[k] = shapely.distance(place, line)
        self._measure[k] = line.project(place)
        self._foot[k] = shapely.get_coordinates(line.interpolate(self._measure[k]))

    def _may_join(self, k: int, node: int) -> bool:
        line, measure = self._line[k], self._measure[k]
        at_start = measure <= EXACT_M
        at_end = measure >= self.simple.length_m[line] - EXACT_M
        joint = self.simple.joint[line]
        if (at_start and not joint[0]) or (at_end and not joint[1]):
            return False  # nearest to its end: refused by the separation check
        if self._fixed[node]:
            # both are nodes already and neither can move: they stay apart
            there = self._cut[self._low[k] : self._high[k]]
            return not bool((np.abs(there - measure) <= self.reach_m).any())
        # no end of the cluster may end up farther off than the tolerance
        member = self._member[self._first[k] : self._last[k]]
        gap = self.groups.xy[member] - self._foot[k]
        return bool(np.hypot(*gap.T).max() <= self.reach_m + 1e-9)

    def _write(self, rows: list[tuple[Floats, Floats, float]]) -> None:
        before = spots(np.array([row[0] for row in rows]).reshape(-1, 2))
        after = spots(np.array([row[1] for row in rows]).reshape(-1, 2))
        notes = [f"端点接到线上 {row[2]:.3f} m end joined to a line" for row in rows]
        self.log.extend("t_junction", before, before, after, notes)

"""Where lines meet: crossings, shared ends, ends that almost touch.

Nothing is merged by a chain of small steps: a cluster takes a new member only if that
member lies within the tolerance of all that are in it (complete linkage, in growing
distance). A crossing never moves, ends move to it.
"""

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geotool.network._lines import Floats, Ints, Lines, Log, SimpleLines, spot

EXACT_M = 1e-3
"""Points closer than this are the same point: rounding of files and projections."""


@dataclass(frozen=True)
class Meetings:
    """
    Points of lines that may become nodes: all ends, then all intersections.

    Attributes
    ----------
    xy : array of float, shape (k, 2)
    part : array of int
        Line each lies on.
    measure_m : array of float
        Metres from the start of the line.
    is_end : array of bool
    group : array of int
        Points of one place share a number.
    """

    xy: Floats
    part: Ints
    measure_m: Floats
    is_end: NDArray[np.bool_]
    group: Ints


def find_meetings(
    simple: SimpleLines, *, over: Lines, over_m: float, log: Log
) -> Meetings:
    """
    Collect the ends and intersections of all lines.

    Parameters
    ----------
    simple : SimpleLines
    over : array of Point
        Siphons, aqueducts and culverts: a crossing within ``over_m`` of one is none.
    over_m : float
    log : Log
    """
    lines = simple.line
    n = len(lines)
    length = shapely.length(lines)
    first, last = _ends(lines)
    xy, part = _intersections(lines)
    measure = shapely.line_locate_point(lines[part], shapely.points(xy))
    keep = _not_passing_over(xy, part, measure, length, over, over_m, log)
    xy, part, measure = xy[keep], part[keep], measure[keep]
    at_end = (measure <= EXACT_M) | (measure >= length[part] - EXACT_M)
    xy, part, measure = xy[~at_end], part[~at_end], measure[~at_end]
    all_xy = np.vstack([first, last, xy])
    meetings = Meetings(
        xy=all_xy,
        part=np.concatenate([np.arange(n), np.arange(n), part]),
        measure_m=np.concatenate([np.zeros(n), length, measure]),
        is_end=np.arange(len(all_xy)) < 2 * n,
        group=same_place(all_xy),
    )
    _log_splits(meetings, log)
    return meetings


def _log_splits(meetings: Meetings, log: Log) -> None:
    """Write down where lines are cut because another touches or crosses them."""
    inside = ~meetings.is_end
    has_end = np.bincount(meetings.group, weights=meetings.is_end) > 0
    for group in np.unique(meetings.group[inside]):
        where = spot(meetings.xy[np.flatnonzero(meetings.group == group)[0]])
        how = (
            "端点落在线上，已打断 end on a line, split there"
            if has_end[group]
            else "两线相交，已打断 lines cross, split there"
        )
        log.add("split", where, "", where, how)


def _ends(lines: Lines) -> tuple[Floats, Floats]:
    return (
        shapely.get_coordinates(shapely.get_point(lines, 0)),
        shapely.get_coordinates(shapely.get_point(lines, -1)),
    )


def _intersections(lines: Lines) -> tuple[Floats, Ints]:
    """All points where two lines cross or touch, and ends of what they share."""
    tree = shapely.STRtree(lines)
    one, other = tree.query(lines, predicate="dwithin", distance=EXACT_M / 2)
    pair = one < other
    one, other = one[pair], other[pair]
    # on a grid of 1 mm, lines that run over each other but for rounding do share
    # the stretch; a plain crossing is taken exactly
    shared = shapely.intersection(lines[one], lines[other], grid_size=EXACT_M)
    is_point = shapely.get_type_id(shared) == 0
    exact = shapely.intersection(lines[one[is_point]], lines[other[is_point]])
    fine = (shapely.get_type_id(exact) == 0) & ~shapely.is_empty(exact)
    shared[np.flatnonzero(is_point)[fine]] = exact[fine]
    is_line = shapely.length(shared) > 0
    points, of = _points_of(shared[~is_line], np.flatnonzero(~is_line))
    ends, of_line = _overlap_ends(shared[is_line], np.flatnonzero(is_line))
    xy = np.vstack([points, points, ends, ends])
    part = np.concatenate([one[of], other[of], one[of_line], other[of_line]])
    return xy, part.astype(np.int64)


def _points_of(shapes: Lines, number: Ints) -> tuple[Floats, Ints]:
    xy, index = shapely.get_coordinates(shapes, return_index=True)
    return xy.reshape(-1, 2), number[index]


def _overlap_ends(shapes: Lines, number: Ints) -> tuple[Floats, Ints]:
    """Give the ends of each stretch two lines share, and points beside them."""
    parts, index = shapely.get_parts(shapes, return_index=True)
    is_point = shapely.get_type_id(parts) == 0
    stretches = shapely.multilinestrings(parts[~is_point], indices=index[~is_point])
    merged = shapely.line_merge(stretches)
    xy, of = _points_of(shapely.boundary(merged), number)
    dots, of_dots = _points_of(parts[is_point], number[index[is_point]])
    return np.vstack([xy, dots]), np.concatenate([of, of_dots])


def _not_passing_over(
    xy: Floats,
    part: Ints,
    measure: Floats,
    length: Floats,
    over: Lines,
    over_m: float,
    log: Log,
) -> NDArray[np.bool_]:
    """Which intersections are real; crossings under a siphon or aqueduct are not."""
    keep = np.ones(len(xy), dtype=bool)
    if len(over) == 0 or len(xy) == 0:
        return keep
    inside = (measure > EXACT_M) & (measure < length[part] - EXACT_M)
    # a crossing is inside both lines; a touch at the end of one joins them
    place = same_place(xy)
    is_crossing = np.bincount(place, weights=inside) == np.bincount(place)
    distance, _ = cKDTree(shapely.get_coordinates(over)).query(xy)
    passes = is_crossing[place] & (distance <= over_m)
    for number in np.unique(place[passes]):
        where = spot(xy[np.flatnonzero(place == number)[0]])
        log.add("pass_over", where, "crossing", "", "立交，不连通 passes over")
    return ~passes


def same_place(xy: Floats) -> Ints:
    """
    Give points within 1 mm of each other the same number.

    Examples
    --------
    >>> same_place(np.array([[0, 0], [5, 0], [0, 0.0001]])).tolist()
    [0, 1, 0]
    """
    if len(xy) == 0:
        return np.zeros(0, dtype=np.int64)
    pairs = cKDTree(xy).query_pairs(EXACT_M, output_type="ndarray")
    graph = sp.coo_array(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (len(xy), len(xy))
    )
    return sp.csgraph.connected_components(graph, directed=False)[1].astype(np.int64)


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


@dataclass(frozen=True)
class _Facts:
    """What a group is made of."""

    xy: Floats
    parts: list[set[int]]
    ends_of: list[set[int]]
    is_fixed: NDArray[np.bool_]
    weight: Ints


def _facts(meetings: Meetings) -> _Facts:
    count = int(meetings.group.max()) + 1 if len(meetings.group) else 0
    parts: list[set[int]] = [set() for _ in range(count)]
    ends_of: list[set[int]] = [set() for _ in range(count)]
    for group, part, is_end in zip(
        meetings.group.tolist(),
        meetings.part.tolist(),
        meetings.is_end.tolist(),
        strict=True,
    ):
        parts[group].add(part)
        if is_end:
            ends_of[group].add(part)
    order = np.lexsort(
        (meetings.xy[:, 1], meetings.xy[:, 0], ~meetings.is_end, meetings.group)
    )
    _, first = np.unique(meetings.group[order], return_index=True)
    weight = np.bincount(meetings.group, minlength=count)
    inner = np.bincount(meetings.group, weights=~meetings.is_end, minlength=count)
    return _Facts(
        xy=meetings.xy[order][first],
        parts=parts,
        ends_of=ends_of,
        is_fixed=inner > 0,
        weight=weight,
    )


def snap_ends(meetings: Meetings, *, snap_m: float, log: Log) -> Clusters:
    """
    Join ends that lie within the tolerance, the nearest first.

    Returns
    -------
    Clusters
        Over the groups of ``meetings``.
    """
    facts = _facts(meetings)
    clusters = Clusters(facts.xy.copy(), np.arange(len(facts.xy)))
    if snap_m <= 0 or len(facts.xy) == 0:
        return clusters
    pairs = cKDTree(facts.xy).query_pairs(snap_m, output_type="ndarray")
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
    if not any(facts.ends_of[g] for g in (*these, *those)):
        return False
    gap = facts.xy[these][:, None, :] - facts.xy[those][None, :, :]
    if np.hypot(gap[..., 0], gap[..., 1]).max() > snap_m:
        return False
    for one in these:
        for other in those:
            shared = facts.parts[one] & facts.parts[other]
            # an end that pokes past a crossing of its own line is a stub; anything
            # else that lies on the same line is a short reach, and stays
            if any(
                (part in facts.ends_of[one]) == (part in facts.ends_of[other])
                for part in shared
            ):
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
    facts = _facts(meetings)
    part, measure = meetings.part, meetings.measure_m
    node = clusters.all_leaders()[meetings.group]
    new = _inside_cuts(simple, meetings, facts, clusters, snap_m=snap_m, log=log)
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


def _inside_cuts(
    simple: SimpleLines,
    meetings: Meetings,
    facts: _Facts,
    clusters: Clusters,
    *,
    snap_m: float,
    log: Log,
) -> list[tuple[int, float, int]]:
    """T-junctions without a node: (line, measure, cluster) for each end near a line."""
    leaders = np.unique(clusters.all_leaders()) if len(facts.xy) else facts.weight
    with_end = np.array(
        [g for g in leaders.tolist() if any(facts.ends_of[k] for k in clusters.of(g))],
        dtype=np.int64,
    )
    if len(with_end) == 0:
        return []
    tree = shapely.STRtree(simple.line)
    places: Lines = np.asarray(shapely.points(clusters.xy[with_end]), dtype=object)
    reach = max(snap_m, EXACT_M)
    which, line = tree.query(places, predicate="dwithin", distance=reach)
    distance = shapely.distance(places[which], simple.line[line])
    order = np.lexsort(
        (
            clusters.xy[with_end[which], 1],
            clusters.xy[with_end[which], 0],
            distance.round(6),
        )
    )
    length: Floats = np.asarray(shapely.length(simple.line))
    found: list[tuple[int, float, int]] = []
    settled: set[int] = set()
    for k in order.tolist():
        group, part, gap = int(with_end[which[k]]), int(line[k]), float(distance[k])
        mine = set().union(*(facts.parts[g] for g in clusters.of(group)))
        if part in mine:
            continue
        place = places[which[k]]
        if group in settled:
            # only lines drawn over the one it was joined to
            place = shapely.Point(clusters.xy[group])
            gap = float(shapely.distance(place, simple.line[part]))
            if gap > EXACT_M:
                continue
        measure = float(shapely.line_locate_point(simple.line[part], place))
        if not EXACT_M < measure < length[part] - EXACT_M:
            continue  # nearest to its end: refused by the separation check
        if _is_fixed(facts, clusters, group) and _has_node(
            meetings, part, measure, snap_m
        ):
            continue  # both are nodes already and neither can move: they stay apart
        if not _may_move(simple, facts, clusters, group, part, measure, snap_m):
            continue
        settled.add(group)
        found.append((part, measure, group))
        facts.parts[group].add(part)
        _move_to_line(simple, facts, clusters, group, part, measure, gap, log)
    return found


def _is_fixed(facts: _Facts, clusters: Clusters, group: int) -> bool:
    return any(facts.is_fixed[g] for g in clusters.of(group))


def _may_move(
    simple: SimpleLines,
    facts: _Facts,
    clusters: Clusters,
    group: int,
    part: int,
    measure: float,
    snap_m: float,
) -> bool:
    """Whether no end of the cluster would end up farther off than the tolerance."""
    if _is_fixed(facts, clusters, group):
        return True
    foot = shapely.get_coordinates(
        shapely.line_interpolate_point(simple.line[part], measure)
    )[0]
    gap = facts.xy[clusters.of(group)] - foot
    return bool(np.hypot(*gap.T).max() <= max(snap_m, EXACT_M) + 1e-9)


def _has_node(meetings: Meetings, part: int, measure: float, snap_m: float) -> bool:
    on_line = meetings.part == part
    return bool((np.abs(meetings.measure_m[on_line] - measure) <= snap_m).any())


def _move_to_line(
    simple: SimpleLines,
    facts: _Facts,
    clusters: Clusters,
    group: int,
    part: int,
    measure: float,
    gap: float,
    log: Log,
) -> None:
    before = clusters.xy[group].copy()
    if gap > EXACT_M and not _is_fixed(facts, clusters, group):
        foot = shapely.line_interpolate_point(simple.line[part], measure)
        clusters.xy[group] = shapely.get_coordinates(foot)[0]
    log.add(
        "t_junction",
        spot(before),
        spot(before),
        spot(clusters.xy[group]),
        f"端点接到线上 {gap:.3f} m end joined to a line",
    )

"""Doubtful lines: drawn twice, over themselves, across others, or very short."""

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.network._check_log import passages
from geotool.network._issues import Facts, Row, issue

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TWIN_M = 2.0
"""Two lines that run this close from end to end are likely one river drawn twice."""

SHORT_M = 1.0
BESIDE_M = 1.0
"""Lines that share a node may touch this near to it; digitising is no finer."""

_AT_ONCE = 200_000
_ROUNDING_M = 1e-3
_TURN = np.arange(8) * np.pi / 8
_DIRECTIONS = np.column_stack([np.cos(_TURN), np.sin(_TURN)])


def twins(facts: Facts) -> Iterator[Row]:
    """Give pairs of reaches that run side by side all the way."""
    lines, length = facts.lines, facts.length
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    one, other = facts.tree.query(middle, predicate="dwithin", distance=TWIN_M)
    close = (one != other) & (length[one] > 2 * TWIN_M) & (length[other] > 2 * TWIN_M)
    one, other = one[close], other[close]
    alike = shapely.hausdorff_distance(lines[one], lines[other]) <= TWIN_M
    pairs = np.sort(np.column_stack([one[alike], other[alike]]), axis=1)
    ids, labels = facts.ids, facts.labels
    for a, b in np.unique(pairs, axis=0).tolist():
        yield issue(
            "twin_line",
            "warning",
            f"{ids[a]}、{ids[b]}",
            (
                f"{labels[a]} 与 {labels[b]} 几乎重合，可能重复绘制",
                f"{ids[a]} and {ids[b]} almost coincide",
            ),
            ("保留一条", "keep one of them"),
            lines[b],
        )


def faulty_lines(facts: Facts) -> Iterator[Row]:
    """Give lines of no length, over themselves, or shorter than anyone draws."""
    ids, labels = facts.ids, facts.labels
    for k in np.flatnonzero(facts.length == 0).tolist():
        yield issue(
            "zero_length",
            "error",
            ids[k],
            (f"{labels[k]} 长度为 0", f"{ids[k]} has no length"),
            ("删去，或补画", "take it out, or draw it again"),
            facts.lines[k],
        )
    for k in np.flatnonzero(~shapely.is_simple(facts.lines)).tolist():
        yield issue(
            "self_overlap",
            "warning",
            ids[k],
            (f"{labels[k]} 与自身相交或重叠", f"{ids[k]} crosses or overlaps itself"),
            (
                "改画，或用 build_network 打断",
                "draw it anew, or cut it with build_network",
            ),
            facts.lines[k],
        )
    is_gate = np.zeros(facts.nodes, dtype=bool)
    is_gate[facts.network.structures["node_id"].to_numpy(np.int64)] = True
    # a bit between a gate and its junction is meant
    short = (facts.length < SHORT_M) & (facts.length > 0)
    short &= ~is_gate[facts.ends].any(axis=1)
    for k in np.flatnonzero(short).tolist():
        yield issue(
            "short_reach",
            "info",
            ids[k],
            (
                f"{labels[k]} 只有 {facts.length[k]:.2f} m",
                f"{ids[k]} is only {facts.length[k]:.2f} m long",
            ),
            ("核对两端是否本为一点", "check whether its ends are one point"),
            facts.lines[k],
        )


def crossings(facts: Facts) -> Iterator[Row]:
    """
    Give pairs of reaches that meet where they have no node.

    Where building was told that one passes over the other it says so itself.
    """
    one, other = _suspects(facts)
    meet = shapely.intersection(facts.lines[one], facts.lines[other])
    meet = _off_shared_nodes(facts, one, other, meet)
    keep = ~shapely.is_empty(meet)
    one, other, meet = one[keep], other[keep], meet[keep]
    keep = ~_told(facts, one, other, meet)
    ids, labels = facts.ids, facts.labels
    for a, b, place in zip(
        one[keep].tolist(), other[keep].tolist(), meet[keep], strict=True
    ):
        yield issue(
            "crossing",
            "warning",
            f"{ids[a]}、{ids[b]}",
            (
                f"{labels[a]} 与 {labels[b]} 相交而无节点，水不相通",
                f"{ids[a]} and {ids[b]} meet without a node; no water passes",
            ),
            (
                "相通则用 build_network 打断；立交则补充倒虹吸、渡槽或涵洞",
                "node them with build_network, or add the siphon, aqueduct or culvert",
            ),
            place,
        )


def _suspects(facts: Facts) -> tuple[Ints, Ints]:
    """
    Give pairs that may meet, but for beside a node they share.

    Two lines that a straight line parts do not meet; if they share a node, and two
    straight lines part them, they meet there only. Few pairs are left to compare.
    """
    low, high = _extents(facts.lines)
    found = [(np.empty(0, dtype=np.int64),) * 2]
    for begin in range(0, facts.count, _AT_ONCE):
        one, other = facts.tree.query(facts.lines[begin : begin + _AT_ONCE])
        one += begin
        half = one < other
        one, other = one[half], other[half]
        shared = np.zeros(len(one), dtype=bool)
        for mark in (0, 1):
            node = facts.ends[one, mark]
            shared |= (facts.ends[other] == node[:, None]).any(axis=1)
        room = np.where(shared, _ROUNDING_M, 0.0)
        times = np.zeros(len(one), dtype=np.int8)
        for k in range(len(_DIRECTIONS)):
            gap = np.maximum(low[one, k] - high[other, k], low[other, k] - high[one, k])
            times += gap > -room
        # two lines may run together along the one that parts them, but not along two
        parted = times >= np.where(shared, 2, 1)
        found.append((one[~parted], other[~parted]))
    pairs = [np.concatenate(column) for column in zip(*found, strict=True)]
    return pairs[0], pairs[1]


def _extents(lines: NDArray[np.object_]) -> tuple[Floats, Floats]:
    """Say how far each line reaches, least and most, in each of the directions."""
    low = np.empty((len(lines), len(_DIRECTIONS)))
    high = np.empty_like(low)
    for begin in range(0, len(lines), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        xy, of = shapely.get_coordinates(lines[some], return_index=True)
        first = np.searchsorted(of, np.arange(len(lines[some])))
        for k, direction in enumerate(_DIRECTIONS):
            along = xy @ direction
            low[some, k] = np.minimum.reduceat(along, first)
            high[some, k] = np.maximum.reduceat(along, first)
    return low, high


def _off_shared_nodes(
    facts: Facts, one: Ints, other: Ints, meet: NDArray[np.object_]
) -> NDArray[np.object_]:
    """Take away what lies beside a node that both reaches end at."""
    for mark in (0, 1):
        node = facts.ends[one, mark]
        shared = (facts.ends[other] == node[:, None]).any(axis=1)
        shared &= ~shapely.is_empty(meet)
        rows = np.flatnonzero(shared)
        far = shapely.hausdorff_distance(meet[rows], facts.places[node[rows]])
        meet[rows[far <= BESIDE_M]] = shapely.Point()
        rows = rows[far > BESIDE_M]
        around = shapely.buffer(facts.places[node[rows]], BESIDE_M)
        meet[rows] = shapely.difference(meet[rows], around)
    return meet


def _told(
    facts: Facts, one: Ints, other: Ints, meet: NDArray[np.object_]
) -> NDArray[np.bool_]:
    """Whether a pair is told of already: as an open end, or where one passes over."""
    told = np.zeros(len(one), dtype=bool)
    for reach in (one, other):
        for mark in (0, 1):
            node = facts.ends[reach, mark]
            far = shapely.hausdorff_distance(meet, facts.places[node])
            told |= (facts.degree[node] == 1) & (far <= BESIDE_M)
    over = passages(facts.network)
    if len(over):
        tree = shapely.STRtree(over)
        told[tree.query(meet, predicate="dwithin", distance=BESIDE_M)[0]] = True
    return told

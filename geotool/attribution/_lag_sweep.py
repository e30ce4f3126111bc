"""The sweep against the flow that makes lag kernels, for all members at once.

Which way water runs hangs on the member, so that no two are swept in one order; but each
has the same few kinds of nodes. Where there is one way on, a node follows the next one
down: all such chains are shortened together, by doubling. Where water parts, the lowest
partings of all members are summed in one step, then the next ones.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool.attribution._problem import Bools, Floats, Ints
from geotool.network._ragged import chunks

AT_ONCE = 1_000_000
"""Numbers of the kernels that are made together: they stay in the processor's cache."""


@dataclass(frozen=True, eq=False)
class Sweep:
    """
    Shares of water by lag, of some members.

    Attributes
    ----------
    root : array of int, members x nodes
        Row of ``arrives``; row 0 is of water that passes no section.
    delay : array, members x nodes
        Steps from the node to its root.
    arrives : array, members x roots x lags x sections
        s/m3: share of the water of the root that passes a section, in each step of lag,
        by the flow there.
    """

    root: Ints
    delay: Floats
    arrives: Floats


@dataclass(frozen=True, eq=False)
class Ways:
    """
    Where water goes, one row a member.

    Attributes
    ----------
    tail, tip : array of int, members x segments
        Nodes of each segment, as the water runs.
    takes : array, members x segments
        Steps through a segment.
    share : array, members x segments
        Part of the water of its tail.
    passing_m3_s : array, members x sections
        Flow of each section.
    order : array of int, members x nodes
        The lowest node first.
    """

    tail: Ints
    tip: Ints
    takes: Floats
    share: Floats
    passing_m3_s: Floats
    order: Ints


def sweeps(ways: Ways, sections: Ints, *, lags: int) -> Iterator[Sweep]:
    """
    Give the sweeps of all members, as many of them at once as is quick.

    Parameters
    ----------
    ways : Ways
    sections : array of int
        Node of each section.
    lags : int
        Longest lag kept, in steps.

    Yields
    ------
    Sweep
        Of the next members.
    """
    members, nodes = ways.order.shape
    count = summed_by_node(ways.tail, nodes)
    is_section = np.zeros(nodes, dtype=bool)
    is_section[sections] = True
    parts = (count > 1) | is_section
    each = int(parts.sum(axis=1).max(initial=0) + 1) * (lags + 1) * len(sections)
    for some in chunks(members, max(AT_ONCE // max(each, 1), 1)):
        yield _sweep(_some(ways, some), parts[some], sections, lags)


def summed_by_node(
    node: Ints, nodes: int, values: Floats | None = None
) -> NDArray[Any]:
    """
    Sum what belongs to each node, row by row; count it where there are no values.

    Examples
    --------
    >>> summed_by_node(np.array([[0, 0], [1, 0]]), 2).tolist()
    [[2, 0], [1, 1]]
    """
    rows = len(node)
    flat = (node + np.arange(rows)[:, None] * nodes).ravel()
    weight = None if values is None else values.ravel()
    return np.bincount(flat, weight, minlength=rows * nodes).reshape(rows, nodes)


def _some(ways: Ways, some: slice) -> Ways:
    return Ways(
        ways.tail[some],
        ways.tip[some],
        ways.takes[some],
        ways.share[some],
        ways.passing_m3_s[some],
        ways.order[some],
    )


def _sweep(ways: Ways, parts: Bools, sections: Ints, lags: int) -> Sweep:
    members, nodes = ways.order.shape
    rows = np.arange(members)[:, None]
    # partings are numbered from the lowest up, each member's for itself
    sorted_parts = parts[rows, ways.order]
    number = np.zeros((members, nodes), dtype=np.int64)
    number[rows, ways.order] = np.cumsum(sorted_parts, axis=1) * sorted_parts
    place = np.empty((members, nodes), dtype=np.int64)
    place[rows, ways.order] = np.arange(nodes)
    # still water of level heads may seem to run up: it arrives nowhere
    falls = place[rows, ways.tip] < place[rows, ways.tail]
    root, delay = _chains(ways, parts, number, falls)
    root[delay >= lags] = 0
    delay[root == 0] = 0.0
    roots = int(number.max(initial=0)) + 1
    # before the first lag lies nothing
    held = np.zeros((members, roots, lags + 1, len(sections)), np.float32)
    own = rows, number[:, sections], 1, np.arange(len(sections))
    held[own] = 1.0 / ways.passing_m3_s
    _add_up(held, ways, parts[rows, ways.tail] & falls, number, (root, delay))
    return Sweep(root, delay, held[:, :, 1:])


def _chains(
    ways: Ways, parts: Bools, number: Ints, falls: Bools
) -> tuple[Ints, Floats]:
    """Give the next parting below each node, and how many steps away it is."""
    members, nodes = number.shape
    # one more node in each row: nowhere
    width = nodes + 1
    base = np.arange(members)[:, None] * width
    follow = np.broadcast_to(base + nodes, (members, width)).copy()
    late = np.zeros((members, width))
    member, node = np.nonzero(parts)
    follow[member, node] = member * width + node
    member, segment = np.nonzero(falls & ~parts[np.arange(members)[:, None], ways.tail])
    tail = ways.tail[member, segment]
    follow[member, tail] = member * width + ways.tip[member, segment]
    late[member, tail] = ways.takes[member, segment]
    to, steps = follow.ravel(), late.ravel()
    while True:
        further = to[to]
        if (further == to).all():
            break
        steps = steps + steps[to]
        to = further
    ends = np.zeros((members, width), dtype=np.int64)
    ends[:, :nodes] = number
    root = ends.ravel()[to].reshape(members, width)[:, :nodes]
    return root, steps.reshape(members, width)[:, :nodes]


def _add_up(
    held: Floats,
    ways: Ways,
    kept: Bools,
    number: Ints,
    found: tuple[Ints, Floats],
) -> None:
    """Sum what the ways on from each parting bring, in place, the lowest first."""
    root, delay = found
    lags = held.shape[2] - 1
    member, segment = np.nonzero(kept)
    tip, own = ways.tip[member, segment], number[member, ways.tail[member, segment]]
    late = delay[member, tip] + ways.takes[member, segment]
    whole = late.astype(np.int64)
    source = root[member, tip]
    near = np.flatnonzero((source > 0) & (whole < lags - 1))
    # of the ways of one parting, one after the other
    key = member * held.shape[1] + own
    near = near[np.argsort(key[near], kind="stable")]
    _, first, count = np.unique(key[near], return_index=True, return_counts=True)
    turn = np.arange(len(near)) - np.repeat(first, count)
    steps = own[near] * (int(turn.max(initial=0)) + 1) + turn
    near = near[np.argsort(steps, kind="stable")]
    bounds = np.flatnonzero(np.diff(np.sort(steps), prepend=-1))
    for one in np.split(near, bounds[1:]):
        if not len(one):
            continue
        part = (late[one] - whole[one])[:, None, None]
        share = ways.share[member[one], segment[one]][:, None, None]
        came = _late_rows(held, member[one], source[one], whole[one])
        here = came[:, 1:] * (share * (1.0 - part)).astype(np.float32)
        before = came[:, :-1]
        before *= (share * part).astype(np.float32)
        here += before
        held[member[one], own[one[0]], 1:] += here


def _late_rows(held: Floats, member: Ints, source: Ints, whole: Ints) -> Floats:
    """Give the rows of some kernels, so many steps later, and one before the first."""
    rows, sections = held.shape[2], held.shape[3]
    row = np.maximum(np.arange(-1, rows - 1) - whole[:, None] + 1, 0)
    row += ((member * held.shape[1] + source) * rows)[:, None]
    return held.reshape(-1, sections).take(row, axis=0)

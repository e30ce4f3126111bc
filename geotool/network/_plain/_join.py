"""Ends joined in clusters, pair by pair, in Python."""

import numpy as np

from geotool.network._plain._lines import norm
from geotool.network._ragged import Bools, Floats, Ints


def join(
    pairs: Ints,
    xy: Floats,
    weight: Ints,
    has_end: Bools,
    is_fixed: Bools,
    begin: Ints,
    whole: Ints,
    ends: Bools,
    snap_m: float,
) -> tuple[Ints, Ints, Ints]:
    """
    Join places in clusters, pair by pair.

    Parameters
    ----------
    pairs : array of int, shape (k, 2)
        Places, in the order in which they are to be joined.
    xy, weight, has_end, is_fixed, begin, whole, ends
        As in ``Groups``.
    snap_m : float
        No two members of a cluster may lie farther apart.

    Returns
    -------
    keep, lose : array of int
        Leaders of the clusters that were joined, in order.
    leader : array of int
        Leader of each place at the end.
    """
    leader = list(range(len(xy)))
    members: dict[int, list[int]] = {}
    joined = []

    def may_pair(one: int, other: int) -> bool:
        return _may_pair(one, other, xy, begin, whole, ends, snap_m)

    for pair in pairs.tolist():
        one, other = (_found(leader, place) for place in pair)
        if one == other:
            continue
        these, those = members.get(one, [one]), members.get(other, [other])
        if is_fixed[these].any() and is_fixed[those].any():
            continue  # crossings cannot move
        if not (has_end[these].any() or has_end[those].any()):
            continue
        if not all(may_pair(a, b) for a in these for b in those):
            continue
        rank = [
            (bool(is_fixed[k]), int(weight[k]), *(-xy[k]).tolist())
            for k in (one, other)
        ]
        keep, lose = (one, other) if rank[0] >= rank[1] else (other, one)
        members[keep] = [*members.get(keep, [keep]), *members.pop(lose, [lose])]
        leader[lose] = keep
        joined.append((keep, lose))
    made = np.array(joined, dtype=np.int64).reshape(-1, 2)
    last = np.array(leader, dtype=np.int64)
    while (last[last] != last).any():
        last = last[last]
    return made[:, 0], made[:, 1], last


def _found(leader: list[int], place: int) -> int:
    while leader[place] != place:
        place = leader[place]
    return place


def _may_pair(
    one: int,
    other: int,
    xy: Floats,
    begin: Ints,
    whole: Ints,
    ends: Bools,
    snap_m: float,
) -> bool:
    """Whether two places may be in one cluster."""
    if norm((xy[one] - xy[other])[None, :])[0] > snap_m:
        return False
    # an end that pokes past a crossing of its own line is a stub; anything else
    # that lies on the same line is a short reach, and stays
    here, there = slice(*begin[one : one + 2]), slice(*begin[other : other + 2])
    shared = set(whole[here].tolist()) & set(whole[there].tolist())
    if not shared:
        return True
    ends_here = set(whole[here][ends[here]].tolist())
    ends_there = set(whole[there][ends[there]].tolist())
    return all((line in ends_here) != (line in ends_there) for line in shared)

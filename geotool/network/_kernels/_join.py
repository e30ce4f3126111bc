"""Ends joined in clusters, pair by pair, as a compiled loop."""

import math
from typing import Any

import numpy as np

from geotool.network._kernels._jit import compiled
from geotool.network._kernels._prefetch import AHEAD, prefetch


@compiled
def _found(leader: Any, k: int) -> Any:
    while leader[k] != k:
        k = leader[k]
    return k


@compiled
def _may_pair(
    one: int, other: int, xy: Any, begin: Any, whole: Any, ends: Any, snap_m: float
) -> Any:
    """Whether two places may be in one cluster."""
    dx, dy = xy[one, 0] - xy[other, 0], xy[one, 1] - xy[other, 1]
    if math.sqrt(dx * dx + dy * dy) > snap_m:
        return False
    for i in range(begin[one], begin[one + 1]):
        shared, ends_here, ends_there = False, False, False
        for j in range(begin[other], begin[other + 1]):
            if whole[j] == whole[i]:
                shared = True
                ends_there = ends_there or ends[j]
        if shared:
            for j in range(begin[one], begin[one + 1]):
                if whole[j] == whole[i]:
                    ends_here = ends_here or ends[j]
            if ends_here == ends_there:
                return False
    return True


@compiled
def _ranks_first(one: int, other: int, fixed: Any, weight: Any, xy: Any) -> Any:
    if fixed[one] != fixed[other]:
        return fixed[one]
    if weight[one] != weight[other]:
        return weight[one] > weight[other]
    if xy[one, 0] != xy[other, 0]:
        return xy[one, 0] < xy[other, 0]
    return xy[one, 1] <= xy[other, 1]


@compiled
def _ask_for(
    pairs: Any, k: int, leader: Any, begin: Any, xy: Any, whole: Any, ends: Any
) -> None:
    """Begin to load what pairs a few steps from here need: they lie anywhere."""
    if k + 2 * AHEAD < len(pairs):
        for place in pairs[k + 2 * AHEAD]:
            prefetch(leader, place)
            prefetch(begin, place)
            prefetch(xy, place)
        for place in pairs[k + AHEAD]:
            prefetch(whole, begin[place])
            prefetch(ends, begin[place])


@compiled
def join(
    pairs: Any, xy: Any, weight: Any, has_end: Any, is_fixed: Any,
    begin: Any, whole: Any, ends: Any, snap_m: float,
) -> Any:  # fmt: skip
    """Join places in clusters, pair by pair."""
    leader = np.arange(len(xy))
    after = np.full(len(xy), -1)  # the next member of a cluster
    last = np.arange(len(xy))
    fixed, ended = is_fixed.copy(), has_end.copy()
    keeps = np.empty(len(pairs), np.int64)
    loses = np.empty(len(pairs), np.int64)
    n = 0
    for k in range(len(pairs)):
        _ask_for(pairs, k, leader, begin, xy, whole, ends)
        one, other = _found(leader, pairs[k, 0]), _found(leader, pairs[k, 1])
        if one == other or (fixed[one] and fixed[other]):
            continue
        allowed = ended[one] or ended[other]
        a = one
        while allowed and a >= 0:
            b = other
            while allowed and b >= 0:
                allowed = _may_pair(a, b, xy, begin, whole, ends, snap_m)
                b = after[b]
            a = after[a]
        if not allowed:
            continue
        keep, lose = one, other
        if not _ranks_first(one, other, is_fixed, weight, xy):
            keep, lose = other, one
        leader[lose] = keep
        after[last[keep]] = lose
        last[keep] = last[lose]
        fixed[keep] = fixed[keep] or fixed[lose]
        ended[keep] = ended[keep] or ended[lose]
        keeps[n], loses[n] = keep, lose
        n += 1
    for k in range(len(xy)):
        leader[k] = _found(leader, k)
    return keeps[:n].copy(), loses[:n].copy(), leader

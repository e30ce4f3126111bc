"""Open ends: near other water without joining it, or the end of a dead-end river."""

from collections.abc import Iterator

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.network._issues import Facts, Row, issue
from geotool.network._links import DeadEnds, Near, dead_ends, open_tips, water_beyond

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NEAR_M = 10.0
"""An open end this near to other water is likely meant to join it."""


def open_ends(facts: Facts) -> Iterator[Row]:
    """Give ends near other water, and dead-end rivers (断头河)."""
    yield from _dangling(facts)
    dead = dead_ends(facts)
    if len(dead.node):
        yield from _dead_ends(facts, dead, water_beyond(facts, dead))


def near_ends(facts: Facts) -> tuple[Ints, Ints, Ints, Floats]:
    """
    Give open ends with other water near.

    Returns
    -------
    node, own, near : array of int
        The end, its reach and the nearest other one.
    gap_m : array of float
    """
    node, own = open_tips(facts)
    places = facts.places[node]
    which, other = facts.tree.query(places, predicate="dwithin", distance=NEAR_M)
    strange = (other != own[which]) & ~_joined_already(facts, node, own, which, other)
    which, other = which[strange], other[strange]
    distance = shapely.distance(places[which], facts.lines[other])
    order = np.lexsort((other, distance, which))
    order = order[np.unique(which[order], return_index=True)[1]]
    at = which[order]
    return node[at], own[at], other[order], distance[order]


def _joined_already(
    facts: Facts, node: Ints, own: Ints, which: Ints, other: Ints
) -> NDArray[np.bool_]:
    """Whether a tip is a stub beyond the water it joins: drawn too far, not too short."""
    far = facts.ends[own].sum(axis=1) - node
    short = facts.length[own] <= NEAR_M
    return short[which] & (facts.ends[other] == far[which, None]).any(axis=1)


def _dangling(facts: Facts) -> Iterator[Row]:
    ids, labels = facts.ids, facts.labels
    found = [part.tolist() for part in near_ends(facts)]
    for node, own, near, gap in zip(*found, strict=True):
        enough = f"{max(np.ceil(gap), 1):g}"
        yield issue(
            "dangling_near",
            "warning",
            ids[own],
            (
                f"{labels[own]} 的端点距 {labels[near]} {gap:.1f} m，未连通",
                f"{ids[own]} ends {gap:.1f} m from {ids[near]} without joining it",
            ),
            (
                (
                    f"若实际相通，把端点延长 {gap:.1f} m（geotool build --repair，或 "
                    f"apply_repairs），或以 {enough} m 捕捉（--snap-m）重建"
                ),
                (
                    f"if they join, extend the end (build --repair, apply_repairs), or "
                    f"build with snap_m={enough}"
                ),
            ),
            facts.places[node],
        )


def _dead_ends(facts: Facts, dead: DeadEnds, near: Near) -> Iterator[Row]:
    ids, labels = facts.ids, facts.labels
    part, water = facts.part, np.bincount(facts.part, facts.length) / 1000
    others, gaps = near.other.tolist(), near.gap_m.tolist()
    for k, (node, own) in enumerate(
        zip(dead.node.tolist(), dead.reach.tolist(), strict=True)
    ):
        many = f"，共 {len(dead.rivers[k])} 段" if len(dead.rivers[k]) > 1 else ""
        length, other = dead.length_m[k], others[k]
        zh = en = ""
        if other >= 0:
            joins = part[own] != part[other]
            km = water[part[other]]
            zh = f"；最近的其他水体 {labels[other]} 相距 {gaps[k]:.0f} m，" + (
                f"连通后接入 {km:.2f} km 河网" if joins else "连通后可形成过流"
            )
            en = (
                f"; other water, {ids[other]}, is {gaps[k]:.0f} m away: a link would "
                + (f"join {km:.2f} km of water" if joins else "let water through")
            )
        yield issue(
            "dead_end",
            "info",
            ids[own],
            (
                f"{labels[own]} 一端不通（断头），到第一个汊口长 {length:.0f} m{many}{zh}",
                f"one end of {ids[own]} is open; {length:.0f} m to the first junction{en}",
            ),
            (
                "若为断头河可列入连通整治；若是河网边界，用 orient_network 指明进出水口",
                "a dead-end river to be connected; if it is the rim, name it as inlet or outlet",
            ),
            facts.places[node],
        )

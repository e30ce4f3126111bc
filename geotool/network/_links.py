"""The missing links of a network: dead ends and parts apart, and the water nearest."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.network._issues import Facts, groups
from geotool.network._model import RiverNetwork
from geotool.network._rim import rim_ends

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

LINK_M = 1000.0
"""A dead end is not looked over farther for other water."""

PART_M = 5000.0
"""Nor is a part that hangs on nothing."""

_FEW = 50
"""Parts of more reaches are looked at one by one."""

_EVIDENCE = ("scenario", "user", "structure", "given", "boundary", "drawing")
"""Sources of a direction by which an open end is the rim of the network, no dead end."""

LINK_COLUMNS = (
    "kind",
    "reach_id",
    "river_id",
    "name",
    "reaches",
    "length_m",
    "nearest_reach_id",
    "nearest_name",
    "link_m",
    "joins",
    "joined_km",
    "geometry",
)


@dataclass(frozen=True)
class Near:
    """
    Nearest other water of places or parts.

    Attributes
    ----------
    own, other : array of int
        Reaches the link would lead from and to; -1 where nothing is near.
    gap_m : array of float
        NaN where nothing is near.
    """

    own: Ints
    other: Ints
    gap_m: Floats


@dataclass(frozen=True)
class DeadEnds:
    """
    Rivers with an open end, from there to the first junction.

    Attributes
    ----------
    node : array of int
        The open end.
    reach : array of int
        The reach it belongs to.
    rivers : list of list of int
        Reaches from there to the junction or the other end.
    junction : array of int
        Node where the river meets others, -1 where it does not.
    length_m : array of float
    """

    node: Ints
    reach: Ints
    rivers: list[list[int]]
    junction: Ints
    length_m: Floats


def open_tips(facts: Facts) -> tuple[Ints, Ints]:
    """Give the nodes that one reach ends at, and the reach."""
    node = np.flatnonzero(facts.degree == 1)
    last = np.full(facts.nodes, -1, dtype=np.int64)
    last[facts.ends] = np.arange(facts.count)[:, None]
    return node, last[node]


def dead_ends(facts: Facts) -> DeadEnds:
    """Find dead ends: open ends where nothing tells that water passes."""
    node, reach = open_tips(facts)
    told = facts.one_way & np.isin(facts.source, _EVIDENCE)
    beyond = rim_ends(facts.network, "inlet") | rim_ends(facts.network, "outlet")
    dead = ~told[reach] & ~np.isin(node, sorted(beyond))
    node, reach = node[dead], reach[dead]
    walked = [
        _to_junction(facts, *pair)
        for pair in zip(node.tolist(), reach.tolist(), strict=True)
    ]
    return DeadEnds(
        node,
        reach,
        [river for river, _ in walked],
        np.array([junction for _, junction in walked], dtype=np.int64),
        np.array([facts.length[river].sum() for river, _ in walked], dtype=float),
    )


def _to_junction(facts: Facts, node: int, reach: int) -> tuple[list[int], int]:
    """List the reaches from an open end to the first junction or other end."""
    river = [reach]
    while True:
        one, other = facts.ends[river[-1]].tolist()
        node = other if one == node else one
        if facts.degree[node] != 2:
            return river, node if facts.degree[node] > 2 else -1
        beside = facts.beside(node)
        onward = beside[0] if beside[1] == river[-1] else beside[1]
        if onward in (river[-1], reach):
            return river, -1
        river.append(onward)


def water_beyond(facts: Facts, dead: DeadEnds, *, max_m: float = LINK_M) -> Near:
    """Find the water nearest to each dead end that it does not touch already."""
    count = len(dead.node)
    other, gap = np.full(count, -1), np.full(count, np.nan)
    river = np.full(facts.count, -1, dtype=np.int64)
    key = np.array([min(reaches) for reaches in dead.rivers], dtype=np.int64)
    for first, reaches in zip(key.tolist(), dead.rivers, strict=True):
        river[reaches] = first
    left = np.arange(count)
    for radius_m in _widening(max_m):
        which, near = facts.tree.query(
            facts.places[dead.node[left]], predicate="dwithin", distance=radius_m
        )
        tip = left[which]
        strange = river[near] != key[tip]
        at = dead.junction[tip]
        strange &= (at < 0) | (facts.ends[near] != at[:, None]).all(axis=1)
        tip, near = tip[strange], near[strange]
        distance = shapely.distance(facts.places[dead.node[tip]], facts.lines[near])
        best = _first_of_each(tip, distance, near)
        other[tip[best]], gap[tip[best]] = near[best], distance[best]
        left = left[other[left] < 0]
        if len(left) == 0:
            break
    return Near(dead.reach, other, gap)


def _widening(max_m: float) -> list[float]:
    """Radii to look within, one after the other."""
    steps = [radius for radius in (50.0, 250.0, 1000.0) if radius < max_m]
    return [*steps, max_m]


def _first_of_each(label: Ints, *keys: NDArray[np.generic]) -> Ints:
    """Positions of the entry with the least keys of each label."""
    order = np.lexsort((*reversed(keys), label))
    first: Ints = order[np.unique(label[order], return_index=True)[1]]
    return first


# ---------------------------------------------------------------- parts
def main_part(facts: Facts) -> int:
    """Give the number of the longest part."""
    return int(np.argmax(np.bincount(facts.part, facts.length)))


def parts_apart(
    facts: Facts, *, max_m: float = PART_M
) -> dict[int, tuple[int, int, float]]:
    """
    Find the other water nearest to each part but the longest.

    Returns
    -------
    dict
        Part → its reach, the other reach and metres between; parts with nothing near
        are left out.
    """
    size = np.bincount(facts.part)
    main = main_part(facts)
    found: dict[int, tuple[int, int, float]] = {}
    small = (size[facts.part] <= _FEW) & (facts.part != main)
    _near_small(facts, np.flatnonzero(small), found, max_m)
    for number in np.flatnonzero(
        (size > _FEW) & (np.arange(len(size)) != main)
    ).tolist():
        near = _near_large(facts, np.flatnonzero(facts.part == number), max_m)
        if near:
            found[number] = near
    return found


def _near_small(
    facts: Facts, left: Ints, found: dict[int, tuple[int, int, float]], max_m: float
) -> None:
    for radius_m in _widening(max_m):
        which, other = facts.tree.query(
            facts.lines[left], predicate="dwithin", distance=radius_m
        )
        own = left[which]
        strange = facts.part[own] != facts.part[other]
        own, other = own[strange], other[strange]
        gap = shapely.distance(facts.lines[own], facts.lines[other])
        for k in _first_of_each(facts.part[own], gap, own, other).tolist():
            found[int(facts.part[own[k]])] = (int(own[k]), int(other[k]), float(gap[k]))
        left = left[~np.isin(facts.part[left], list(found))]
        if len(left) == 0:
            return


def _near_large(
    facts: Facts, inside: Ints, max_m: float
) -> tuple[int, int, float] | None:
    """Do the same for one part, asking only the others' lines in its surroundings."""
    number, bounds = facts.part[inside[0]], shapely.total_bounds(facts.lines[inside])
    for radius_m in _widening(max_m):
        grown = bounds + np.array([-radius_m, -radius_m, radius_m, radius_m])
        around = facts.tree.query(shapely.box(*grown))
        around = np.sort(around[facts.part[around] != number])
        which, near = shapely.STRtree(facts.lines[around]).query(
            facts.lines[inside], predicate="dwithin", distance=radius_m
        )
        if len(which) == 0:
            continue
        own, other = inside[which], around[near]
        gap = shapely.distance(facts.lines[own], facts.lines[other])
        k = int(np.lexsort((other, own, gap))[0])
        return int(own[k]), int(other[k]), float(gap[k])
    return None


# ---------------------------------------------------------------- the product
def missing_links(
    network: RiverNetwork, *, max_link_m: float = LINK_M
) -> gpd.GeoDataFrame:
    """
    List dead-end rivers (断头河) and parts apart, with what one link would connect.

    Parameters
    ----------
    network : RiverNetwork
        Open ends at which water is known to come in or go out are no dead ends.
    max_link_m : float
        Look for other water within this distance.

    Returns
    -------
    GeoDataFrame
        :data:`LINK_COLUMNS`, the shortest link first. ``kind`` is ``dead_end`` or
        ``isolated_part``; ``reaches`` and ``length_m`` tell how much water hangs on
        the link (of a dead end: to its first junction); ``joins`` is ``loop`` (both
        sides hang together already, water would pass through), ``part`` (with
        ``joined_km`` of water on the other side) or ``nothing`` within reach. The
        shape is the link, or the open end where there is none.

    Examples
    --------
    >>> from geotool.network import build_network
    >>> lines = [
    ...     shapely.LineString([(0, 0), (900, 0)]),
    ...     shapely.LineString([(400, 600), (400, 80)]),
    ... ]
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A", "B"]}, geometry=lines, crs=4549)
    >>> links = missing_links(build_network(rivers))
    >>> links[["reach_id", "nearest_reach_id", "link_m"]].iloc[:1].to_dict("records")
    [{'reach_id': 'B', 'nearest_reach_id': 'A', 'link_m': 80.0}]
    """
    facts = Facts(network)
    water = np.bincount(facts.part, facts.length).astype(float)
    rows = [
        *_part_links(facts, water, max_link_m),
        *_end_links(facts, water, max_link_m),
    ]
    columns = {name: [row[k] for row in rows] for k, name in enumerate(LINK_COLUMNS)}
    table = gpd.GeoDataFrame(columns, geometry="geometry", crs=network.crs)
    return table.sort_values("link_m", kind="stable").reset_index(drop=True)


def _part_links(facts: Facts, water: Floats, max_m: float) -> list[tuple[object, ...]]:
    near, main = parts_apart(facts, max_m=max_m), main_part(facts)
    rows = []
    for inside in groups(facts.part):
        number = int(facts.part[inside[0]])
        if number == main:
            continue
        own, other, gap = near.get(number, (int(inside[0]), -1, np.nan))
        shape = (
            shapely.shortest_line(facts.lines[own], facts.lines[other])
            if other >= 0
            else facts.places[facts.ends[own, 0]]
        )
        size = len(inside), float(water[number])
        rows.append(_row(facts, "isolated_part", (own, other, gap), size, water, shape))
    return rows


def _row(
    facts: Facts,
    kind: str,
    link: tuple[int, int, float],
    size: tuple[int, float],
    water: Floats,
    shape: object,
) -> tuple[object, ...]:
    """Give a row of :data:`LINK_COLUMNS`."""
    own, other, gap = link
    joins = "nothing"
    if other >= 0:
        joins = "loop" if facts.part[own] == facts.part[other] else "part"
    reaches = facts.network.reaches
    return (
        kind,
        facts.ids[own],
        reaches["river_id"].iat[own],
        reaches["name"].iat[own],
        *size,
        facts.ids[other] if other >= 0 else None,
        reaches["name"].iat[other] if other >= 0 else None,
        gap,
        joins,
        float(water[facts.part[other]]) / 1000 if joins == "part" else np.nan,
        shape,
    )


def _end_links(facts: Facts, water: Floats, max_m: float) -> list[tuple[object, ...]]:
    dead = dead_ends(facts)
    near = water_beyond(facts, dead, max_m=max_m)
    tips = facts.places[dead.node]
    return [
        _row(
            facts,
            "dead_end",
            (own, other, gap),
            (len(river), length),
            water,
            shapely.shortest_line(tip, facts.lines[other]) if other >= 0 else tip,
        )
        for own, other, gap, river, length, tip in zip(
            near.own.tolist(),
            near.other.tolist(),
            near.gap_m.tolist(),
            dead.rivers,
            dead.length_m.tolist(),
            tips,
            strict=True,
        )
    ]

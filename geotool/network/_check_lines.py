"""Doubtful lines: open ends, lines drawn twice, very short ones."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from geotool.network._issues import Row, ends_of, issue, label_of
from geotool.network._model import RiverNetwork
from geotool.network._rim import rim_ends

NEAR_M = 10.0
"""An open end this near to other water is likely meant to join it."""

TWIN_M = 2.0
"""Two lines that run this close from end to end are likely one river drawn twice."""

SHORT_M = 1.0
_EVIDENCE = ("scenario", "user", "given", "boundary", "drawing")
"""Sources of a direction by which an open end is the rim of the network, no dead end."""


def open_ends(network: RiverNetwork) -> Iterator[Row]:
    """Give ends near other water, and dead-end rivers (断头河)."""
    ends = ends_of(network)
    degree = np.bincount(ends.ravel(), minlength=len(network.nodes))
    lines = np.asarray(network.reaches.geometry, dtype=object)
    nodes = np.flatnonzero(degree == 1)
    if len(nodes) == 0:
        return
    last = np.full(len(degree), -1)
    last[ends] = np.arange(len(ends))[:, None]
    own = last[nodes]
    places = np.asarray(network.nodes.geometry, dtype=object)[nodes]
    near, gap = _nearest_other(lines, places, own)
    rim = _is_rim(network, nodes, own)
    walks = _Walks(ends)
    length = network.reaches["length_m"].to_numpy(float)
    for k, node in enumerate(nodes.tolist()):
        if near[k] >= 0:
            yield _dangling(
                network, int(own[k]), int(near[k]), float(gap[k]), places[k]
            )
        if not rim[k]:
            river = walks.to_junction(node, int(own[k]))
            yield _dead_end(network, river, float(length[river].sum()), places[k])


def _nearest_other(lines: Any, places: Any, own: Any) -> tuple[Any, Any]:
    """Nearest other reach within reach of each place, or -1, and how far it is."""
    which, other = shapely.STRtree(lines).query(
        places, predicate="dwithin", distance=NEAR_M
    )
    distance = shapely.distance(places[which], lines[other])
    strange = other != own[which]
    which, other, distance = which[strange], other[strange], distance[strange]
    order = np.lexsort((other, distance, which))
    at, first = np.unique(which[order], return_index=True)
    near, gap = np.full(len(places), -1), np.full(len(places), np.nan)
    near[at], gap[at] = other[order][first], distance[order][first]
    return near, gap


def _is_rim(network: RiverNetwork, nodes: Any, own: Any) -> Any:
    """Whether water is known to come in or go out at open ends."""
    reaches = network.reaches
    rim = (
        (reaches["flow_mode"] == "normal") & reaches["direction_source"].isin(_EVIDENCE)
    ).to_numpy()[own]
    beyond = rim_ends(network, "inlet") | rim_ends(network, "outlet")
    return rim | np.isin(nodes, sorted(beyond))


class _Walks:
    """Walks along reaches that have no junction between them."""

    def __init__(self, ends: Any) -> None:
        self._ends = ends
        flat = ends.ravel()
        self._order = np.argsort(flat, kind="stable") // 2
        self._start = np.searchsorted(np.sort(flat), np.arange(flat.max() + 2))

    def to_junction(self, node: int, reach: int) -> list[int]:
        """List the reaches from an open end to the first junction or other end."""
        river = [reach]
        while True:
            one, other = self._ends[river[-1]].tolist()
            node = other if one == node else one
            beside = self._order[self._start[node] : self._start[node + 1]].tolist()
            if len(beside) != 2:
                return river
            onward = beside[0] if beside[1] == river[-1] else beside[1]
            if onward in (river[-1], reach):
                return river
            river.append(onward)


def _dangling(
    network: RiverNetwork, own: int, near: int, gap: float, place: Any
) -> Row:
    ids = network.reaches["reach_id"]
    enough = f"{max(np.ceil(gap), 1):g}"
    return issue(
        "dangling_near",
        "warning",
        str(ids.iloc[own]),
        (
            f"{label_of(network, own)} 的端点距 {label_of(network, near)} {gap:.1f} m，未连通",
            f"{ids.iloc[own]} ends {gap:.1f} m from {ids.iloc[near]} without joining it",
        ),
        (
            f"若实际相通，把端点延长 {gap:.1f} m，或以 snap_m={enough} 重建",
            f"if they join, extend the end, or build with snap_m={enough}",
        ),
        place,
    )


def _dead_end(
    network: RiverNetwork, river: list[int], length_m: float, place: Any
) -> Row:
    own = river[0]
    many = f"，共 {len(river)} 段" if len(river) > 1 else ""
    return issue(
        "dead_end",
        "info",
        str(network.reaches["reach_id"].iloc[own]),
        (
            f"{label_of(network, own)} 一端不通（断头），到第一个汊口长 {length_m:.0f} m{many}",
            (
                f"one end of {network.reaches['reach_id'].iloc[own]} is open; "
                f"{length_m:.0f} m to the first junction"
            ),
        ),
        (
            "若为断头河可列入连通整治；若是河网边界，用 orient_network 指明进出水口",
            "a dead-end river to be connected; if it is the rim, name it as inlet or outlet",
        ),
        place,
    )


def twins(network: RiverNetwork) -> Iterator[Row]:
    """Give pairs of reaches that run side by side all the way."""
    lines = np.asarray(network.reaches.geometry, dtype=object)
    length = network.reaches["length_m"].to_numpy(float)
    middle = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    tree = shapely.STRtree(lines)
    one, other = tree.query(middle, predicate="dwithin", distance=TWIN_M)
    close = (one != other) & (length[one] > 2 * TWIN_M) & (length[other] > 2 * TWIN_M)
    one, other = one[close], other[close]
    alike = shapely.hausdorff_distance(lines[one], lines[other]) <= TWIN_M
    for a, b in sorted(
        {
            tuple(sorted(pair))
            for pair in zip(one[alike].tolist(), other[alike].tolist(), strict=True)
        }
    ):
        yield issue(
            "twin_line",
            "warning",
            f"{network.reaches['reach_id'].iloc[a]}、{network.reaches['reach_id'].iloc[b]}",
            (
                f"{label_of(network, a)} 与 {label_of(network, b)} 几乎重合，可能重复绘制",
                (
                    f"{network.reaches['reach_id'].iloc[a]} and "
                    f"{network.reaches['reach_id'].iloc[b]} almost coincide"
                ),
            ),
            ("保留一条", "keep one of them"),
            lines[b],
        )


def short_reaches(network: RiverNetwork) -> Iterator[Row]:
    """Give reaches shorter than anyone draws, but for those at a gate."""
    length = network.reaches["length_m"].to_numpy(float)
    gates = set(network.structures["node_id"])
    ends = ends_of(network)
    for k in np.flatnonzero(length < SHORT_M):
        if set(ends[k].tolist()) & gates:
            continue  # a bit between a gate and its junction is meant
        reach = network.reaches.iloc[k]
        yield issue(
            "short_reach",
            "info",
            reach["reach_id"],
            (
                f"{label_of(network, int(k))} 只有 {length[k]:.2f} m",
                f"{reach['reach_id']} is only {length[k]:.2f} m long",
            ),
            ("核对两端是否本为一点", "check whether its ends are one point"),
            reach["geometry"],
        )

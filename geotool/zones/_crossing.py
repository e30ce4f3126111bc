"""Rivers that join a stretch: so far up each of them from its junction."""

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any
from weakref import WeakKeyDictionary

import geopandas as gpd
import numpy as np
from numpy.typing import NDArray
from shapely.ops import substring

from geotool.network import RiverNetwork

_TOUCH_M = 0.01


def crossing_pieces(
    network: RiverNetwork,
    pieces: gpd.GeoDataFrame,
    own: set[str],
    distance_m: float,
) -> gpd.GeoDataFrame:
    """
    Give the water within a distance up the rivers that join a stretch.

    A reach that surely runs away from the junction is none of them; one whose
    direction is unknown or changes is.

    Parameters
    ----------
    network : RiverNetwork
    pieces : GeoDataFrame
        The stretch: ``reach_id, from_measure_m, to_measure_m``.
    own : set of str
        Reaches of the river itself: they are left out.
    distance_m : float
        From each junction up the joining river and what feeds it.

    Returns
    -------
    GeoDataFrame
        ``reach_id, relation, from_measure_m, to_measure_m, geometry``.
    """
    feeders = _feeders_of(network)
    length, ends = feeders.length_m, feeders.ends
    left_out = {int(network.reach_position[each]) for each in own}
    queue = [(0.0, node) for node in _junctions(network, pieces, own)]
    best = {node: 0.0 for _, node in queue}
    covered: dict[tuple[int, bool], float] = {}
    while queue:
        gone, node = heappop(queue)
        if gone > best[node]:
            continue
        for row, with_drawing in feeders.at(node):
            if row in left_out:
                continue
            left = distance_m - gone
            covered[row, with_drawing] = max(
                covered.get((row, with_drawing), 0.0), min(left, length[row])
            )
            far = ends[row, 0] if with_drawing else ends[row, 1]
            if left > length[row] and gone + length[row] < best.get(far, np.inf):
                best[far] = gone + length[row]
                heappush(queue, (best[far], far))
    return _cut(network, covered)


@dataclass(frozen=True, eq=False)
class _Feeders:
    """For each node the reaches that may bring water to it, sorted by node."""

    node: NDArray[np.intp]
    row: NDArray[np.intp]
    with_drawing: NDArray[np.bool_]
    length_m: NDArray[np.float64]
    ends: NDArray[np.intp]

    def at(self, node: int) -> list[tuple[int, bool]]:
        """List the reaches, and whether they run to the node as they are drawn."""
        low, high = np.searchsorted(self.node, (node, node + 1))
        return list(
            zip(
                self.row[low:high].tolist(),
                self.with_drawing[low:high].tolist(),
                strict=True,
            )
        )


_FEEDERS: "WeakKeyDictionary[RiverNetwork, _Feeders]" = WeakKeyDictionary()


def _feeders_of(network: RiverNetwork) -> _Feeders:
    """Give the feeders of a network; they live as long as the network does."""
    if network not in _FEEDERS:
        reaches = network.reaches
        ends = reaches[["from_node", "to_node"]].to_numpy(np.intp)
        other = np.flatnonzero((reaches["flow_mode"] != "normal").to_numpy())
        row = np.concatenate([np.arange(len(ends)), other])
        node = np.concatenate([ends[:, 1], ends[other, 0]])
        with_drawing = np.arange(len(row)) < len(ends)
        order = np.argsort(node, kind="stable")
        _FEEDERS[network] = _Feeders(
            node[order],
            row[order],
            with_drawing[order],
            reaches["length_m"].to_numpy(float),
            ends,
        )
    return _FEEDERS[network]


def _junctions(
    network: RiverNetwork, pieces: gpd.GeoDataFrame, own: set[str]
) -> list[int]:
    """Give the nodes that lie on the stretch of the river itself."""
    mine = pieces[pieces["reach_id"].isin(own)]
    rows = network.reaches.iloc[
        [network.reach_position[each] for each in mine["reach_id"]]
    ]
    low = mine[["from_measure_m", "to_measure_m"]].min(axis=1).to_numpy(float)
    high = mine[["from_measure_m", "to_measure_m"]].max(axis=1).to_numpy(float)
    at_start = rows["from_node"].to_numpy(int)[low <= _TOUCH_M]
    whole = rows["length_m"].to_numpy(float)
    at_end = rows["to_node"].to_numpy(int)[high >= whole - _TOUCH_M]
    return sorted({*at_start.tolist(), *at_end.tolist()})


def _cut(
    network: RiverNetwork, covered: dict[tuple[int, bool], float]
) -> gpd.GeoDataFrame:
    rows: list[dict[str, Any]] = []
    reaches = network.reaches
    for (row, with_drawing), metres in sorted(covered.items()):
        line: Any = reaches.geometry.iloc[row]
        whole = float(reaches["length_m"].iloc[row])
        low, high = (whole - metres, whole) if with_drawing else (0.0, metres)
        if high - low > _TOUCH_M:
            rows.append(
                {
                    "reach_id": reaches["reach_id"].iloc[row],
                    "relation": "crossing",
                    "from_measure_m": low,
                    "to_measure_m": high,
                    "geometry": substring(line, low, high),
                }
            )
    columns = ["reach_id", "relation", "from_measure_m", "to_measure_m", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=network.crs)

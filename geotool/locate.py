"""Points put on the network: which reach, how far along it, how far beside it."""

from dataclasses import dataclass
from math import isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.crs import reproject, require_crs
from geotool.errors import LocateError
from geotool.network import RiverNetwork

Floats = NDArray[np.float64]

CLOSE_CALL_M = 5.0
"""A runner-up on another river, no farther behind than this, makes a point ambiguous."""

LOCATED = ("on", "ambiguous", "far", "no_place")
"""``far``: beyond the limit; ``no_place``: the point has no coordinates."""

LOCATE_COLUMNS = (
    "reach_id",
    "measure_m",
    "offset_m",
    "bank_offset_m",
    "side",
    "located",
    "chosen_by",
    "runner_up_reach_id",
    "runner_up_offset_m",
)


def locate_points(
    points: gpd.GeoDataFrame, network: RiverNetwork, *, max_offset_m: float = 200.0
) -> gpd.GeoDataFrame:
    """
    Put points on the nearest reach by projection onto its line.

    Distances count from the bank (half the width where it is known), so that an
    outfall on the bank of a wide river is not given to a ditch behind it. Where the
    point names its river (column ``river``) a reach of that name within the limit
    is taken before a nearer one.

    Parameters
    ----------
    points : GeoDataFrame of points
        Any system; the distance is measured in the network's.
    network : RiverNetwork
    max_offset_m : float
        Farthest from the bank. Points beyond are marked ``far``, never dropped.

    Returns
    -------
    GeoDataFrame
        The same rows, columns and system, and :data:`LOCATE_COLUMNS`: ``measure_m``
        counts from the start of the reach as drawn, ``offset_m`` from its line,
        ``side`` is ``left``, ``right`` or ``on`` (the line, or straight ahead of
        its end) looking along the drawing;
        ``located`` is one of :data:`LOCATED`; ``chosen_by`` is ``name``, ``distance``
        or ``only`` (there was no other).

    Raises
    ------
    LocateError
        If the network is empty, a geometry is no point, or the limit is negative.
    CrsError
        If the points have no reference system.

    Examples
    --------
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(0, 0), (100, 0)])
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[line], crs=4549)
    >>> outfall = gpd.GeoDataFrame(geometry=[shapely.Point(30, 4)], crs=4549)
    >>> found = locate_points(outfall, build_network(rivers)).iloc[0]
    >>> found.reach_id, float(found.measure_m), float(found.offset_m), found.side
    ('A', 30.0, 4.0, 'left')
    """
    _check(points, network, max_offset_m)
    moved = reproject(points, network.crs)
    place = np.asarray(moved.geometry, dtype=object)
    there = np.flatnonzero(~(shapely.is_missing(place) | shapely.is_empty(place)))
    table = pd.DataFrame(
        {name: np.full(len(points), None, dtype=object) for name in LOCATE_COLUMNS},
        index=points.index,
    )
    numbers = ["measure_m", "offset_m", "bank_offset_m", "runner_up_offset_m"]
    table[numbers] = np.nan
    table["located"] = "no_place"
    if len(there):
        rows = _located(place[there], _names(points)[there], network, max_offset_m)
        for column in LOCATE_COLUMNS:
            values = table[column].to_numpy(copy=True)
            values[there] = rows[column].to_numpy(dtype=values.dtype)
            table[column] = values
    kept = points.drop(columns=[c for c in LOCATE_COLUMNS if c in points.columns])
    joined = pd.concat(
        [pd.DataFrame(kept.drop(columns=kept.geometry.name)), table], axis=1
    )
    name = points.geometry.name
    joined[name] = points.geometry.to_numpy()
    return gpd.GeoDataFrame(joined, geometry=name, crs=points.crs)


def _check(
    points: gpd.GeoDataFrame, network: RiverNetwork, max_offset_m: float
) -> None:
    require_crs(points, "points")
    if len(network.reaches) == 0:
        raise LocateError("河网是空的，无法定位。", "The network is empty.")
    if not (isfinite(max_offset_m) and max_offset_m >= 0):
        raise LocateError(
            f"最大偏距 {max_offset_m} 应为不小于 0 的米数。",
            f"max_offset_m={max_offset_m} must be metres, not below 0.",
        )
    odd = set(points.geom_type.dropna()) - {"Point"}
    if odd:
        raise LocateError(
            f"只能定位点，得到 {'、'.join(sorted(odd))}；面请先取代表点。",
            f"Only points can be located, got {', '.join(sorted(odd))}; take a "
            "representative point of polygons first.",
        )


def _names(points: gpd.GeoDataFrame) -> NDArray[np.object_]:
    if "river" not in points.columns:
        return np.full(len(points), "", dtype=object)
    return np.array(
        ["" if pd.isna(name) else str(name).strip() for name in points["river"]],
        dtype=object,
    )


@dataclass(frozen=True)
class _Candidates:
    """Pairs of point and reach, the best first for each point."""

    point: NDArray[np.int64]
    reach: NDArray[np.int64]
    offset_m: Floats
    bank_m: Floats
    is_named: NDArray[np.bool_]


def _candidates(
    place: NDArray[np.object_],
    names: NDArray[np.object_],
    network: RiverNetwork,
    max_offset_m: float,
) -> _Candidates:
    lines = np.asarray(network.reaches.geometry, dtype=object)
    width = network.reaches["width_m"].to_numpy(float)
    half = np.where(width > 0, width, 0.0) / 2
    tree = shapely.STRtree(lines)
    near = tree.query(place, predicate="dwithin", distance=max_offset_m + half.max())
    nearest = tree.query_nearest(place, all_matches=True)
    point, reach = np.unique(np.hstack([near, nearest]), axis=1)
    offset = shapely.distance(place[point], lines[reach])
    bank = np.maximum(offset - half[reach], 0.0)
    is_named = _same_river(names[point], network, reach)
    # among reaches whose bank the point is on, the nearer line; at a shared node,
    # where nothing else differs, the reach id decides
    rank = network.reaches["reach_id"].rank(method="first").to_numpy()[reach]
    named_first = ~(is_named & (bank <= max_offset_m))
    order = np.lexsort((rank, offset.round(3), bank.round(3), named_first, point))
    return _Candidates(
        point[order], reach[order], offset[order], bank[order], is_named[order]
    )


def _same_river(
    names: NDArray[np.object_], network: RiverNetwork, reach: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether a name the point gives is the reach's, or one holds the other."""
    own = network.reaches["name"].fillna("").astype(str).to_numpy()[reach]
    return np.array(
        [
            bool(name) and bool(river) and (name in river or river in name)
            for name, river in zip(names, own, strict=True)
        ],
        dtype=bool,
    )


def _located(
    place: NDArray[np.object_],
    names: NDArray[np.object_],
    network: RiverNetwork,
    max_offset_m: float,
) -> pd.DataFrame:
    found = _candidates(place, names, network, max_offset_m)
    first = np.searchsorted(found.point, np.arange(len(place)))
    reach, offset, bank = found.reach[first], found.offset_m[first], found.bank_m[first]
    second = _runner_up(found, first, network)
    rival = np.where(second >= 0, found.bank_m[np.maximum(second, 0)], np.inf)
    by_name = found.is_named[first] & (bank <= max_offset_m)
    close = (rival - bank <= CLOSE_CALL_M) & (second >= 0) & ~by_name
    ids = network.reaches["reach_id"].to_numpy(dtype=object)
    lines = np.asarray(network.reaches.geometry, dtype=object)[reach]
    measure = shapely.line_locate_point(lines, place)
    alone = np.bincount(found.point, minlength=len(place)) == 1
    return pd.DataFrame(
        {
            "reach_id": ids[reach],
            "measure_m": measure,
            "offset_m": offset,
            "bank_offset_m": bank,
            "side": _side(lines, measure, place, offset),
            "located": np.select(
                [bank > max_offset_m, close], ["far", "ambiguous"], "on"
            ).astype(object),
            "chosen_by": np.select(
                [by_name, alone], ["name", "only"], "distance"
            ).astype(object),
            "runner_up_reach_id": [
                ids[found.reach[k]] if k >= 0 else None for k in second
            ],
            "runner_up_offset_m": np.where(
                second >= 0, found.offset_m[np.maximum(second, 0)], np.nan
            ),
        }
    )


def _runner_up(
    found: _Candidates, first: NDArray[np.int64], network: RiverNetwork
) -> NDArray[np.int64]:
    """Best candidate that does not merely meet the chosen reach where it lies."""
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    river = network.reaches["river_id"].to_numpy(dtype=object)
    number = np.repeat(
        np.arange(len(first)), np.diff(np.append(first, len(found.point)))
    )
    best = first[number]
    chosen, other = found.reach[best], found.reach
    # a reach of the same river that shares a node is the continuation, no rival
    joined = (ends[chosen][:, :, None] == ends[other][:, None, :]).any(axis=(1, 2))
    is_rival = (np.arange(len(other)) != best) & ~(
        joined & (river[chosen] == river[other])
    )
    rivals = np.flatnonzero(is_rival)
    second = np.full(len(first), -1, dtype=np.int64)
    at, best_rival = np.unique(number[rivals], return_index=True)
    second[at] = rivals[best_rival]
    return second


def _side(
    lines: NDArray[np.object_],
    measure: Floats,
    place: NDArray[np.object_],
    offset: Floats,
) -> NDArray[np.object_]:
    """Left or right of the line, looking along its drawing."""
    length = shapely.length(lines)
    step = np.minimum(0.5, length / 4)
    back = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, np.maximum(measure - step, 0.0))
    )
    ahead = shapely.get_coordinates(
        shapely.line_interpolate_point(lines, np.minimum(measure + step, length))
    )
    along, beside = ahead - back, shapely.get_coordinates(place) - back
    turn = along[:, 0] * beside[:, 1] - along[:, 1] * beside[:, 0]
    # a point straight ahead of an end is on neither side
    straight = np.abs(turn) < 1e-6 * np.hypot(along[:, 0], along[:, 1])
    return np.select(
        [(offset < 1e-6) | straight, turn > 0], ["on", "left"], "right"
    ).astype(object)


def reach_position(network: RiverNetwork, reach_id: str) -> int:
    """
    Give the row of a reach.

    Raises
    ------
    LocateError
        If the network has no such reach.
    """
    if reach_id not in network.reach_position.index:
        raise LocateError(
            f"河网中没有河段 {reach_id!r}。", f"The network has no reach {reach_id!r}."
        )
    return int(network.reach_position[reach_id])


def as_point(network: RiverNetwork, reach_id: str, measure_m: float) -> Any:
    """
    Give the point at a measure of a reach.

    Raises
    ------
    LocateError
        If there is no such reach or the measure lies beyond its ends.
    """
    row = network.reaches.iloc[reach_position(network, reach_id)]
    if not -1e-6 <= measure_m <= row["length_m"] + 1e-6:
        raise LocateError(
            f"里程 {measure_m:g} m 不在河段 {reach_id}（{row['length_m']:.1f} m）上。",
            f"Measure {measure_m:g} m is not on reach {reach_id} "
            f"({row['length_m']:.1f} m long).",
        )
    return shapely.line_interpolate_point(row.geometry, measure_m)

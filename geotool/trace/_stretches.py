"""Reached stretches of water as a table."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
import shapely.ops
from numpy.typing import NDArray

from geotool.network import RiverNetwork
from geotool.trace._graph import LEVELS
from geotool.trace._part import distinct
from geotool.trace._reached import (
    FROM_HIGH,
    FROM_LOW,
    SECONDS_PER_HOUR,
    Stretches,
    rooms,
)

Floats = NDArray[np.float64]

SAME_M = 1e-9
"""Measures no farther apart are the same."""

REACH_COLUMNS = (
    "reach_id",
    "river_id",
    "name",
    "relation",
    "distance_m",
    "travel_time_min_h",
    "travel_time_max_h",
    "length_m",
    "from_measure_m",
    "to_measure_m",
    "geometry",
)


def reach_table(network: RiverNetwork, stretches: Stretches) -> gpd.GeoDataFrame:
    """
    List reached stretches, nearest first, cut at the limits.

    Two that were reached from either end of a segment and meet become one row, whose
    distance is that of the nearer end.
    """
    segment, row, low, high = spans(stretches)
    s = stretches.found.graph.segments
    reach = s.reach[segment]
    rows = network.reaches
    length = rows["length_m"].iloc[reach].to_numpy(float)
    level = stretches.level[segment]
    columns: dict[str, Any] = {
        "reach_id": rows["reach_id"].iloc[reach].to_numpy(dtype=object),
        "river_id": rows["river_id"].iloc[reach].to_numpy(dtype=object),
        "name": rows["name"].iloc[reach].to_numpy(dtype=object),
        "relation": np.array(LEVELS, dtype=object)[level],
        "distance_m": stretches.metres[row, segment],
        "travel_time_min_h": stretches.seconds_min[row, segment] / SECONDS_PER_HOUR,
        "travel_time_max_h": stretches.seconds_max[row, segment] / SECONDS_PER_HOUR,
        "length_m": high - low,
        "from_measure_m": low,
        "to_measure_m": high,
    }
    lines = np.array(rows.geometry.iloc[reach], dtype=object)
    for k in np.flatnonzero((low > SAME_M) | (high < length - SAME_M)).tolist():
        lines[k] = shapely.ops.substring(lines[k], low[k], high[k])
    table = pd.DataFrame(columns, columns=list(REACH_COLUMNS[:-1]))
    frame = gpd.GeoDataFrame(table, geometry=lines, crs=network.crs)
    return frame.sort_values(
        ["distance_m", "reach_id", "from_measure_m"], kind="stable", ignore_index=True
    )


def reached_rows(stretches: Stretches) -> NDArray[np.int64]:
    """Give the rows of the reaches in :func:`reach_table`, each once."""
    reach = stretches.found.graph.segments.reach[spans(stretches)[0]]
    return distinct(reach, len(stretches.found.graph.layout.start))


def spans(
    stretches: Stretches,
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats, Floats]:
    """Give segment, the end it is entered through, and measures of each stretch."""
    s = stretches.found.graph.segments
    room = np.clip(rooms(stretches), 0.0, s.length)
    some = room > SAME_M
    meet = some.all(axis=0) & (room.sum(axis=0) >= s.length - SAME_M)
    is_nearer = stretches.metres[FROM_HIGH] <= stretches.metres[FROM_LOW]
    parts = []
    for end in (FROM_HIGH, FROM_LOW):
        nearer = is_nearer if end == FROM_HIGH else ~is_nearer
        k = np.flatnonzero(some[end] & (~meet | nearer))
        low = s.low[k] if end == FROM_LOW else s.high[k] - room[end, k]
        high = s.high[k] if end == FROM_HIGH else s.low[k] + room[end, k]
        low, high = np.where(meet[k], s.low[k], low), np.where(meet[k], s.high[k], high)
        parts.append((k, np.full(len(k), end), low, high))
    one, other = parts
    segment, row, start, stop = (
        np.concatenate(p) for p in zip(one, other, strict=True)
    )
    return segment, row, start, stop

"""One way through the water, step by step, and the lines it runs along."""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
import shapely.ops
from numpy.typing import NDArray

from geotool.network import RiverNetwork

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SAME_M = 1e-6
"""Measures no farther apart are the same."""

Step = tuple[str, float, float]
"""Reach id and the measures between which a way runs through it."""


@dataclass(frozen=True)
class Walk:
    """
    One way, from a place to a start.

    Attributes
    ----------
    steps : tuple of (reach id, measure, measure)
    structures : tuple of (int, str)
        Structures passed, each after how many steps.
    loops : tuple of str
        Ids of the loops passed.
    segments : tuple of int
    """

    steps: tuple[Step, ...]
    structures: tuple[tuple[int, str], ...]
    loops: tuple[str, ...]
    segments: tuple[int, ...]


def walk_table(network: RiverNetwork, walk: Walk) -> gpd.GeoDataFrame:
    """
    Give a way step by step, with its geometry.

    Returns
    -------
    GeoDataFrame
        ``step, reach_id, name, from_measure_m, to_measure_m, length_m,
        distance_m`` (left to go at the step's end), ``structures`` (passed after
        it), ``geometry`` (drawn with the way).
    """
    lines = np.asarray(network.reaches.geometry, dtype=object)
    names = network.reaches["name"].to_numpy(dtype=object)
    rows = [int(network.reach_position[step[0]]) for step in walk.steps]
    low = np.array([step[1] for step in walk.steps])
    high = np.array([step[2] for step in walk.steps])
    length = np.abs(high - low)
    after: dict[int, list[str]] = {}
    for step, structure in walk.structures:
        after.setdefault(step, []).append(structure)
    return gpd.GeoDataFrame(
        {
            "step": range(1, len(rows) + 1),
            "reach_id": [step[0] for step in walk.steps],
            "name": names[rows],
            "from_measure_m": low,
            "to_measure_m": high,
            "length_m": length,
            "distance_m": length.sum() - np.cumsum(length),
            "structures": [after.get(k + 1, []) for k in range(len(rows))],
        },
        geometry=[
            shapely.ops.substring(lines[row], a, b)
            for row, a, b in zip(rows, low, high, strict=True)
        ],
        crs=network.crs,
    )


def way_line(table: gpd.GeoDataFrame) -> shapely.LineString:
    """Join the steps of a way into one line."""
    coordinates = [xy for bit in table.geometry for xy in bit.coords]
    if len(coordinates) < 2:
        coordinates *= 2
    return shapely.LineString(coordinates)


def cut_lines(
    network: RiverNetwork, reach: Ints, low: Floats, high: Floats
) -> NDArray[np.object_]:
    """Give the lines of reaches between two measures each."""
    lines = np.array(network.reaches.geometry, dtype=object)[reach]
    length = network.reaches["length_m"].to_numpy(float)[reach]
    is_part = (low > SAME_M) | (high < length - SAME_M)
    for k in np.flatnonzero(is_part).tolist():
        lines[k] = shapely.ops.substring(lines[k], low[k], high[k])
    return lines

"""Reaches by id, and places along them."""

from typing import Any

import shapely

from geotool.errors import LocateError
from geotool.network import RiverNetwork


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

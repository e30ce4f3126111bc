"""Where a trace starts."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.errors import LocateError, NetworkError
from geotool.locate import as_point, locate_points, reach_position
from geotool.network import RiverNetwork
from geotool.schema import layer_kind, layer_kinds


def find_starts(
    network: RiverNetwork, at: Any, max_offset_m: float
) -> tuple[list[tuple[int, float]], str]:
    """
    Give rows and measures where a trace starts, and what to call the start.

    Parameters
    ----------
    network : RiverNetwork
    at : GeoDataFrame of points, Point, (reach_id, measure_m), or a list of those
    max_offset_m : float

    Raises
    ------
    NetworkError
        If the network is empty.
    LocateError
        If the start lies on no reach, or is none of these.
    """
    if len(network.reaches) == 0:
        raise NetworkError("河网是空的，无法追踪。", "The network is empty.")
    if isinstance(at, gpd.GeoDataFrame):
        return _located_starts(network, at, max_offset_m)
    if isinstance(at, shapely.Point):
        frame = gpd.GeoDataFrame(geometry=[at], crs=network.crs)
        return _located_starts(network, frame, max_offset_m)
    if _is_position(at):
        if not isfinite(at[1]):
            raise LocateError(
                f"里程 {at[1]} 不是数。", f"The measure {at[1]} is no number."
            )
        as_point(network, at[0], float(at[1]))
        return [(reach_position(network, at[0]), float(at[1]))], f"{at[0]}@{at[1]:g} m"
    if isinstance(at, Sequence) and not isinstance(at, str) and len(at):
        parts = [find_starts(network, each, max_offset_m) for each in at]
        starts = [start for found, _ in parts for start in found]
        return starts, "、".join(label for _, label in parts)
    raise LocateError(
        f"起点应为点图层、点、(河段编号, 里程) 或它们的列表，得到 {type(at).__name__}。",
        "The start must be a layer of points, a Point, (reach_id, measure_m) or a list "
        f"of those, got {type(at).__name__}.",
    )


def _is_position(at: Any) -> bool:
    return (
        isinstance(at, tuple)
        and len(at) == 2
        and isinstance(at[0], str)
        and isinstance(at[1], int | float | np.number)
    )


def _located_starts(
    network: RiverNetwork, points: gpd.GeoDataFrame, max_offset_m: float
) -> tuple[list[tuple[int, float]], str]:
    if len(points) == 0:
        raise LocateError("起点图层是空的。", "The layer of starts is empty.")
    located = locate_points(points, network, max_offset_m=max_offset_m)
    labels = [_label(row) for row in points.to_dict("records")]
    for row, label in zip(located.to_dict("records"), labels, strict=True):
        if row["located"] == "no_place":
            raise LocateError(
                f"{label or '起点'} 没有坐标，无法追踪。",
                f"{label or 'The start'} has no coordinates.",
            )
        if row["located"] == "far":
            raise LocateError(
                f"{label or '起点'} 离最近河段 {row['reach_id']} 有 "
                f"{row['offset_m']:.0f} m，超过 {max_offset_m:g} m；请核对坐标、坐标系"
                "或河网。",
                f"{label or 'The start'} lies {row['offset_m']:.0f} m from the nearest "
                f"reach {row['reach_id']}, more than {max_offset_m:g} m; check "
                "coordinates, CRS and network.",
            )
    starts = [
        (reach_position(network, reach), float(measure))
        for reach, measure in zip(
            located["reach_id"], located["measure_m"], strict=True
        )
    ]
    return starts, "、".join(label for label in labels if label) or "point"


def _label(row: dict[Any, Any]) -> str:
    ids = [layer_kind(kind).id_column for kind in layer_kinds()]
    for column in ("name", *ids):
        value = row.get(column)
        if value is not None and not pd.isna(value) and str(value):
            return str(value)
    return ""

"""Boundary points of zones: thinned by a told tolerance, numbered, in CGCS2000."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool._angles import format_angle
from geotool.crs import metric_crs, reproject, to_degrees
from geotool.errors import LayerError

DMS_DECIMALS = 2
"""Of a second: 0.3 m, finer than any thinning."""

POINT_COLUMNS = (
    "label",
    "zone_id",
    "level",
    "level_zh",
    "part",
    "ring",
    "lon",
    "lat",
    "lon_dms",
    "lat_dms",
    "x_north_m",
    "y_east_m",
)
THINNING_COLUMNS = (
    "zone_id",
    "level_zh",
    "n_before",
    "n_points",
    "tolerance_m",
    "max_offset_m",
    "area_change_share",
)


def boundary_points(
    zones: gpd.GeoDataFrame, *, tolerance_m: float = 5.0
) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """
    List the corners of zones as numbered points.

    Parameters
    ----------
    zones : GeoDataFrame of polygons
        ``zone_id, level, level_zh``; each with the levels inside it, so that its
        outline is the outer line of that level. Where ``status`` is ``approved``, no
        corner is left out.
    tolerance_m : float
        Corners nearer to the straight line between their neighbours may be left out
        (Douglas-Peucker), as long as the thinned outline nowhere lies farther than
        that from the drawn one; 0 keeps all. How far it does lies in the second table.

    Returns
    -------
    points : GeoDataFrame
        ``label`` (level and number, clockwise from the north-western corner; the
        closing point is not repeated), ``part`` and ``ring`` (0 the outer line, others
        islands left out), degrees as numbers and as 度分秒, and ``x_north_m, y_east_m``
        in the three-degree system of :func:`geotool.metric_crs`, X being north as in
        Chinese surveying. In degrees of CGCS2000.
    thinning : DataFrame
        A row a zone: corners before and after, the greatest offset in metres, and by
        what share the area changed.

    Raises
    ------
    LayerError
        If the tolerance is not a number from 0 up.

    Examples
    --------
    >>> zone = gpd.GeoDataFrame(
    ...     {"zone_id": ["ZN1"], "level": ["1"], "level_zh": ["一级"]},
    ...     geometry=[shapely.box(500_000, 3_540_000, 500_900, 3_540_400)], crs=4549,
    ... )
    >>> points, thinning = boundary_points(zone)
    >>> points.label.tolist(), points.lat_dms[0]
    (['1-1', '1-2', '1-3', '1-4'], '31°59′12.85″')
    >>> points.y_east_m.tolist()
    [500000.0, 500900.0, 500900.0, 500000.0]
    """
    if not (np.isfinite(tolerance_m) and tolerance_m >= 0):
        raise LayerError(
            f"抽稀容差应为不小于 0 的米数，得到 {tolerance_m}。",
            f"The tolerance must be metres, not below 0, got {tolerance_m}.",
        )
    crs = _zone_crs(zones)
    metric = reproject(to_degrees(zones), crs)
    rows: list[dict[str, Any]] = []
    told = []
    count: dict[str, int] = {}
    for row, shape in zip(
        metric.drop(columns=metric.geometry.name).to_dict("records"),
        metric.geometry,
        strict=True,
    ):
        # the corners of an approval are the law's; they are listed as they are
        own_m = 0.0 if row.get("status") == "approved" else tolerance_m
        thin = _thinned(shape, own_m)
        told.append(_told(row, shape, thin, own_m))
        level = str(row["level"]) if isinstance(row["level"], str) else "?"
        for part, ring, corner in _corners(thin):
            count[level] = count.get(level, 0) + 1
            rows.append(
                {
                    "label": f"{level}-{count[level]}",
                    "zone_id": row["zone_id"],
                    "level": level,
                    "level_zh": row["level_zh"],
                    "part": part,
                    "ring": ring,
                    "x_north_m": round(float(corner[1]), 2),
                    "y_east_m": round(float(corner[0]), 2),
                }
            )
    table = pd.DataFrame(rows, columns=list(POINT_COLUMNS))
    places = gpd.GeoDataFrame(
        table,
        geometry=gpd.points_from_xy(
            table["y_east_m"].astype(float), table["x_north_m"].astype(float)
        ),
        crs=crs,
    )
    places = to_degrees(places) if len(places) else places
    places["lon"], places["lat"] = places.geometry.x, places.geometry.y
    places["lon_dms"] = [
        format_angle(value, decimals=DMS_DECIMALS) for value in places["lon"]
    ]
    places["lat_dms"] = [
        format_angle(value, decimals=DMS_DECIMALS) for value in places["lat"]
    ]
    return places, pd.DataFrame(told, columns=list(THINNING_COLUMNS))


def _zone_crs(zones: gpd.GeoDataFrame) -> Any:
    if not len(zones):
        return metric_crs(120.0)
    west, _, east, _ = to_degrees(zones).total_bounds
    return metric_crs(float(west + east) / 2)


def _thinned(shape: Any, tolerance_m: float) -> Any:
    """Thin a shape; what is left stays valid, whole, and within the tolerance."""
    step = tolerance_m
    while step > tolerance_m / 100:  # never, with a tolerance of 0
        thin = shapely.simplify(shape, step, preserve_topology=True)
        # simplify measures to lines that may run on beyond their ends
        if _offset_m(shape, thin) <= tolerance_m:
            return thin
        step *= 0.7
    return shape


def _offset_m(shape: Any, thin: Any) -> float:
    if thin is shape:
        return 0.0
    return float(
        shapely.hausdorff_distance(shapely.boundary(shape), shapely.boundary(thin))
    )


def _told(
    row: dict[Any, Any], shape: Any, thin: Any, tolerance_m: float
) -> dict[str, Any]:
    closings = sum(1 for _ in _rings(thin))
    before = sum(1 for _ in _rings(shape))
    return {
        "zone_id": row["zone_id"],
        "level_zh": row["level_zh"],
        "n_before": shapely.get_num_coordinates(shape) - before,
        "n_points": shapely.get_num_coordinates(thin) - closings,
        "tolerance_m": tolerance_m,
        "max_offset_m": _offset_m(shape, thin),
        "area_change_share": (thin.area - shape.area) / shape.area,
    }


def _rings(shape: Any) -> Any:
    """Rings of all parts, the largest part first: part, ring, coordinates."""
    parts = [one for one in shapely.get_parts(shape) if one.geom_type == "Polygon"]
    parts.sort(key=lambda one: -one.area)
    for number, part in enumerate(parts, start=1):
        for ring, line in enumerate([part.exterior, *part.interiors]):
            yield number, ring, line


def _corners(shape: Any) -> Any:
    for part, ring, line in _rings(shape):
        for corner in _clockwise(shapely.get_coordinates(line)[:-1]):
            yield part, ring, corner


def _clockwise(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Order corners clockwise, from the one farthest to the north-west."""
    x, y = corners[:, 0], corners[:, 1]
    turning = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)
    if turning > 0:
        corners = corners[::-1]
    first = int(np.argmax(corners[:, 1] - corners[:, 0]))
    return np.roll(corners, -first, axis=0)

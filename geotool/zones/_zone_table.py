"""Layers made ready for screening: zones as plain columns, places with their doubt."""

from collections.abc import Callable
from math import isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.crs import reproject, require_crs, to_metric
from geotool.errors import LayerError
from geotool.schema import canonical_value
from geotool.zones._approved import canonical_level
from geotool.zones._bands import only_areas
from geotool.zones._plan import text_of
from geotool.zones._rules import table_number
from geotool.zones._threads import in_threads

Floats = NDArray[np.float64]

_STEP = 1 << 16

SURE_DATUMS = ("known", "declared")
DATUMS = ("known", "declared", "unknown")

TYPES = {
    "POINT": "Point",
    "LINESTRING": "LineString",
    "LINEARRING": "LinearRing",
    "POLYGON": "Polygon",
    "MULTIPOINT": "MultiPoint",
    "MULTILINESTRING": "MultiLineString",
    "MULTIPOLYGON": "MultiPolygon",
    "GEOMETRYCOLLECTION": "GeometryCollection",
}
"""Types of shapes as GeoJSON and geopandas call them."""


def datum_codes(layer: gpd.GeoDataFrame) -> NDArray[np.int8]:
    """Read the datum status as a position in :data:`DATUMS`; unclear is unknown."""
    if "datum_status" not in layer.columns:
        return np.full(len(layer), DATUMS.index("unknown"), dtype=np.int8)
    codes, words = pd.factorize(layer["datum_status"], use_na_sentinel=True)
    place = [
        DATUMS.index(text) if (text := text_of(word)) in DATUMS else 2 for word in words
    ]
    return np.array([*place, 2], dtype=np.int8)[codes]


def unsure_metres(datum: NDArray[np.int8], uncertainty_m: float | None) -> Floats:
    """
    Say how far each place may be off.

    Raises
    ------
    LayerError
        If ``uncertainty_m`` is no length.
    """
    if uncertainty_m is None:
        uncertainty_m = table_number("screening", "uncertainty_m")
    if not (isfinite(uncertainty_m) and uncertainty_m >= 0):
        raise LayerError(
            f"坐标误差 uncertainty_m={uncertainty_m} 应为不小于 0 的米数。",
            f"uncertainty_m={uncertainty_m} must be metres, not below 0.",
        )
    vague_m = max(table_number("screening", "unknown_datum_m"), uncertainty_m)
    sure = len(SURE_DATUMS)
    return np.where(datum < sure, float(uncertainty_m), vague_m)


def check_shapes(layer: gpd.GeoDataFrame, name: str, kinds: tuple[str, ...]) -> None:
    """
    See that a layer has a system and the shapes that a screening is for.

    Raises
    ------
    LayerError, CrsError
    """
    require_crs(layer, name)
    shapes = np.asarray(layer.geometry.array)
    codes: set[int] = set()
    for start in range(0, len(shapes), _STEP):  # no copy of a whole column
        codes |= {
            *np.unique(shapely.get_type_id(shapes[start : start + _STEP])).tolist()
        }
    names = [shapely.GeometryType(code).name for code in codes if code >= 0]
    odd = {TYPES[name] for name in names} - set(kinds)
    if odd:
        raise LayerError(
            f"{name} 应为 {'、'.join(kinds)}，得到 {'、'.join(sorted(odd))}。",
            f"{name} must be {' or '.join(kinds)}, got {', '.join(sorted(odd))}.",
        )


def has_place(layer: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    """Tell which rows have a shape that is there, not empty, its coordinates numbers."""
    shapes = np.asarray(layer.geometry.array)
    found = np.empty(len(shapes), dtype=bool)
    for start in range(0, len(shapes), _STEP):
        some = shapes[start : start + _STEP]
        # the bounds of what is missing or empty are no numbers
        found[start : start + _STEP] = np.isfinite(shapely.bounds(some)).all(axis=1)
    return found


def shapes_in(
    layer: gpd.GeoDataFrame, rows: NDArray[np.intp], crs: Any
) -> NDArray[np.object_]:
    """Give the shapes of some rows in another system."""
    if layer.crs == crs:
        return np.asarray(layer.geometry.array, dtype=object)[rows]
    some = gpd.GeoDataFrame(geometry=layer.geometry.iloc[rows])
    return np.asarray(reproject(some, crs).geometry, dtype=object)


def valid(shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Tell which shapes are valid."""
    return in_threads(shapely.is_valid, shapes)


def protection_rows(
    layer: gpd.GeoDataFrame, *, valid: Callable[[Any], NDArray[np.bool_]] = valid
) -> gpd.GeoDataFrame | None:
    """
    Pick the protection zones, in metres, with plain columns; None without any.

    Parameters
    ----------
    layer : GeoDataFrame
    valid : callable, optional
        Tells which shapes are valid; called last with those of the result, unless
        some had to be mended.

    Returns
    -------
    GeoDataFrame or None
        ``zone_id, name, datum_status, level, status, confidence, geometry``.

    Raises
    ------
    LayerError
        If a zone has no area.
    """
    require_crs(layer, "zones")
    rows = layer
    if "kind" in layer.columns:
        kinds = _mapped(layer["kind"], _is_protection)
        rows = layer[kinds.to_numpy(dtype=bool)]
    if rows.empty:
        return None
    shapes = np.asarray(rows.geometry, dtype=object)
    flawed = ~valid(shapes)
    bare = ~(shapely.area(shapes) > 0)  # missing is NaN
    # a shape that crosses itself may have no area until it is mended
    bare[flawed] = ~(shapely.area(shapely.make_valid(shapes[flawed])) > 0)
    if bare.any():
        raise LayerError(
            f"{int(bare.sum())} 个保护区没有面状图形，无法比对；请先补图形或移除。",
            f"{int(bare.sum())} protection zones have no area and cannot be compared; "
            "draw or remove them first.",
        )
    metric = to_metric(rows, "zones")
    plain = {
        name: _mapped(_column(metric, name), text_of)
        for name in ("zone_id", "name", "datum_status", "confidence")
    }
    plain["level"] = _mapped(_column(metric, "level"), canonical_level)
    plain["status"] = _mapped(_column(metric, "status"), _status)
    shapes = np.asarray(metric.geometry, dtype=object)
    if metric is not rows:
        flawed = ~valid(shapes)
    flawed |= ~np.isin(shapely.get_type_id(shapes), (3, 6))  # collections with areas
    if flawed.any():
        mended = [only_areas(shape, min_area=0.0) for shape in shapes[flawed]]
        shapes = shapes.copy()
        shapes[flawed] = mended
    table = pd.DataFrame(plain).reset_index(drop=True).astype(object)
    return gpd.GeoDataFrame(table, geometry=shapes, crs=metric.crs)


def _is_protection(kind: Any) -> bool:
    text = text_of(kind)
    return not text or canonical_value(text, "zones", "kind") == "protection"


def _status(value: Any) -> str:
    return canonical_value(text_of(value), "zones", "status") or ""


def _column(layer: gpd.GeoDataFrame, name: str) -> pd.Series:
    if name in layer.columns:
        return layer[name]
    return pd.Series(None, index=layer.index, dtype=object)


def _mapped(column: pd.Series, read: Any) -> pd.Series:
    """Read each value once, however often it is there."""
    codes, values = pd.factorize(column, use_na_sentinel=True)
    found = np.empty(len(values) + 1, dtype=object)
    for k, value in enumerate([*values, None]):
        found[k] = read(value)
    return pd.Series(found[codes], index=column.index, dtype=object)

"""Which system to measure in, and ways between systems that are no guess."""

from functools import lru_cache
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj

from geotool.errors import CrsError

GEOGRAPHIC_CRS = "EPSG:4490"
"""CGCS2000 in degrees: what a register in longitude and latitude is taken to be in."""

CHINA_LONGITUDE = (73.0, 136.0)
CHINA_LATITUDE = (3.0, 54.0)
"""Bounds of China, degrees. The two ranges do not overlap: a swapped pair shows."""

_MODERN_DATUMS = (
    "wgs 84",
    "wgs_1984",
    "world geodetic system 1984",
    "china geodetic coordinate system 2000",
    "china 2000",
    "china_2000",
    "cgcs2000",
    "cgcs_2000",
)


def metric_crs(longitude: float) -> pyproj.CRS:
    """
    Choose the CGCS2000 three-degree system to measure in.

    Parameters
    ----------
    longitude : float
        Degrees east, of the middle of the data.

    Returns
    -------
    pyproj.CRS
        EPSG:4534 to 4554, central meridians 75°E to 135°E, eastings without a
        zone number. Outside China the UTM zone of WGS 84, north of the equator.

    Examples
    --------
    >>> metric_crs(120.9).to_epsg(), metric_crs(121.6).to_epsg()
    (4549, 4550)
    """
    if not -180 <= longitude <= 360:
        raise CrsError(
            f"经度 {longitude} 不是度数。", f"Longitude {longitude} is not in degrees."
        )
    zone = round(longitude / 3)
    if 25 <= zone <= 45:
        return pyproj.CRS.from_epsg(4534 + zone - 25)
    return pyproj.CRS.from_epsg(32601 + int((longitude + 180) // 6) % 60)


def require_crs(layer: gpd.GeoDataFrame, name: str) -> pyproj.CRS:
    """
    Give the layer's reference system, or say that it has none.

    Parameters
    ----------
    layer : GeoDataFrame
    name : str
        What to call it in the message.

    Raises
    ------
    CrsError
        If the layer has no reference system.
    """
    if layer.crs is None:
        raise CrsError(
            f"{name} 没有坐标系；请用 set_crs（或 --crs EPSG:…）声明。",
            f"{name} has no CRS; declare it with set_crs (or --crs EPSG:…).",
        )
    return layer.crs


def require_metric(layer: gpd.GeoDataFrame, name: str) -> pyproj.CRS:
    """
    Give the layer's reference system if lengths in it are metres.

    Raises
    ------
    CrsError
        If it has none, is in degrees, is not in metres, or is Web Mercator,
        whose lengths are too long by 1/cos(latitude).

    Examples
    --------
    >>> layer = gpd.GeoDataFrame(geometry=gpd.points_from_xy([120.9], [32.0]), crs=4490)
    >>> require_metric(layer, "sections")
    Traceback (most recent call last):
        ...
    geotool.errors.CrsError: sections 的坐标系 EPSG:4490 以度为单位，量不出米；...
    """
    crs = require_crs(layer, name)
    authority = _crs_name(crs)
    if crs.is_geographic:
        raise CrsError(
            f"{name} 的坐标系 {authority} 以度为单位，量不出米；"
            "请先用 gt.to_metric 投影。",
            f"{name} is in degrees ({authority}), lengths need metres; "
            "project it first with gt.to_metric.",
        )
    units = {axis.unit_name for axis in crs.axis_info}
    if units != {"metre"} or crs.to_epsg() == 3857:
        raise CrsError(
            f"{name} 的坐标系 {authority} 不能用来量长度；请先用 gt.to_metric 投影。",
            f"{name}: lengths cannot be measured in {authority}; "
            "project it first with gt.to_metric.",
        )
    return crs


def _crs_name(crs: pyproj.CRS) -> str:
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.name)


def to_metric(layer: gpd.GeoDataFrame, name: str = "layer") -> gpd.GeoDataFrame:
    """
    Project a layer to metres, unless it is in metres already.

    Parameters
    ----------
    layer : GeoDataFrame
        Any reference system. Shifted datums must have been undone before.
    name : str
        What to call it in messages.

    Returns
    -------
    GeoDataFrame
        In the three-degree CGCS2000 system of its middle; the same object when
        nothing had to be done.

    Examples
    --------
    >>> layer = gpd.GeoDataFrame(
    ...     geometry=gpd.points_from_xy([119.8], [32.25]), crs=4490
    ... )
    >>> point = to_metric(layer).geometry.iloc[0]
    >>> round(point.x, 3), round(point.y, 3)
    (481152.814, 3569592.237)
    """
    crs = require_crs(layer, name)
    try:
        require_metric(layer, name)
    except CrsError:
        own = crs.geodetic_crs or pyproj.CRS.from_user_input(GEOGRAPHIC_CRS)
        degrees = layer if crs.is_geographic else reproject(layer, own)
        bounds = degrees.total_bounds
        if len(layer) == 0 or not np.isfinite(bounds).all():
            raise CrsError(
                f"{name} 没有几何，无法选择投影带。",
                f"{name} has no geometry to choose a projection zone by.",
            ) from None
        return reproject(degrees, metric_crs(float(bounds[0] + bounds[2]) / 2))
    return layer


def reproject(layer: gpd.GeoDataFrame, crs: Any) -> gpd.GeoDataFrame:
    """
    Change the reference system, but never by a guess.

    PROJ moves Xian 80 and Beijing 54 to CGCS2000 by doing nothing at all (a
    "ballpark" step), although the datums lie tens of metres apart. Such a step is
    refused here.

    Parameters
    ----------
    layer : GeoDataFrame
    crs : anything pyproj understands

    Raises
    ------
    CrsError
        If no accurate way between the two systems is known, or if coordinates
        lie outside the area where the system is defined.

    Examples
    --------
    >>> old = gpd.GeoDataFrame(geometry=gpd.points_from_xy([113.3], [23.1]), crs=4610)
    >>> reproject(old, 4490)
    Traceback (most recent call last):
        ...
    geotool.errors.CrsError: 从 EPSG:4610 到 EPSG:4490 没有公开的精确转换参数...
    """
    source = require_crs(layer, "layer")
    target = pyproj.CRS.from_user_input(crs)
    if source == target:
        return layer
    if not (_is_modern(source) and _is_modern(target)) and _is_guess(source, target):
        raise CrsError(
            f"从 {_crs_name(source)} 到 {_crs_name(target)} 没有公开的精确转换参数；"
            "请用控制点或七参数转换后再导入。",
            f"No accurate transformation from {_crs_name(source)} to "
            f"{_crs_name(target)} is public; convert with control points or seven "
            "parameters first.",
        )
    moved = layer.to_crs(target)
    if len(moved) and not np.isfinite(moved.total_bounds).all():
        raise CrsError(
            f"有坐标超出 {_crs_name(target)} 的范围，无法投影；请检查经纬度。",
            f"Some coordinates lie outside {_crs_name(target)} and cannot be "
            "projected; check longitude and latitude.",
        )
    return moved


def to_degrees(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Bring a layer to longitude and latitude.

    CGCS2000 for Chinese systems; WGS 84 for others, to which PROJ knows the accurate
    way that it does not know to CGCS2000. The two agree to decimetres.

    Raises
    ------
    CrsError
        If the layer has no system, or none that can be followed.

    Examples
    --------
    >>> dutch = gpd.GeoDataFrame(
    ...     geometry=gpd.points_from_xy([155_000], [463_000]), crs=28992
    ... )
    >>> round(float(to_degrees(dutch).geometry.iloc[0].x), 3)
    5.387
    """
    is_modern = _is_modern(require_crs(layer, "layer"))
    return reproject(layer, GEOGRAPHIC_CRS if is_modern else "EPSG:4326")


def _is_modern(crs: pyproj.CRS) -> bool:
    """Whether a system rests on WGS 84 or CGCS2000, which agree to decimetres.

    PROJ lists no operation between the two and would call the step a guess.
    """
    geodetic = crs.geodetic_crs
    datum = geodetic.datum if geodetic is not None else None
    name = f"{getattr(geodetic, 'name', '')} {getattr(datum, 'name', '')}".lower()
    return any(known in name for known in _MODERN_DATUMS)


@lru_cache(maxsize=64)
def transformer_to_degrees(crs: pyproj.CRS) -> pyproj.Transformer:
    """
    Give the way from a system to degrees; each is made once, which may take long.

    To WGS 84; of CGCS2000, which agrees with it to decimetres, to its own degrees: the
    numbers are the same, and PROJ need not look for an operation that it does not have.

    Parameters
    ----------
    crs : CRS

    Raises
    ------
    pyproj.exceptions.ProjError
        If there is none.

    Examples
    --------
    >>> x, y = transformer_to_degrees(pyproj.CRS(4549)).transform(500_000.0, 3_540_000.0)
    >>> round(x, 6), round(y, 3)
    (120.0, 31.983)
    """
    geodetic = crs.geodetic_crs
    is_plain = geodetic is not None and geodetic.type_name == "Geographic 2D CRS"
    target = geodetic if is_plain and _is_modern(crs) else "EPSG:4326"
    return pyproj.Transformer.from_crs(crs, target, always_xy=True)


def _is_guess(source: pyproj.CRS, target: pyproj.CRS) -> bool:
    """Whether PROJ knows no real operation between two systems."""
    try:
        pyproj.Transformer.from_crs(source, target, allow_ballpark=False)
    except pyproj.exceptions.ProjError:
        return True
    return False

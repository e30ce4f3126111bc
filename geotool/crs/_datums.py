"""The two shifted Chinese datums, GCJ-02 and BD-09, there and back."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geotool.errors import CrsError

_GCJ_AXIS_M = 6378245.0
_GCJ_ECCENTRICITY2 = 0.00669342162296594323
_BD_ANGLE = np.pi * 3000.0 / 180.0

DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09", "unknown")
"""What a file's longitudes and latitudes may refer to."""


def _gcj_shift(
    longitude: NDArray[np.float64], latitude: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Offset of GCJ-02 from WGS 84, degrees (the published algorithm)."""
    x, y = longitude - 105.0, latitude - 35.0
    root = np.sqrt(np.abs(x))
    waves = (20 * np.sin(6 * np.pi * x) + 20 * np.sin(2 * np.pi * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + waves
    north += (20 * np.sin(np.pi * y) + 40 * np.sin(np.pi / 3 * y)) * 2 / 3
    north += (160 * np.sin(np.pi / 12 * y) + 320 * np.sin(np.pi / 30 * y)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + waves
    east += (20 * np.sin(np.pi * x) + 40 * np.sin(np.pi / 3 * x)) * 2 / 3
    east += (150 * np.sin(np.pi / 12 * x) + 300 * np.sin(np.pi / 30 * x)) * 2 / 3
    radians = np.radians(latitude)
    curve = 1 - _GCJ_ECCENTRICITY2 * np.sin(radians) ** 2
    meridian = _GCJ_AXIS_M * (1 - _GCJ_ECCENTRICITY2) / curve**1.5
    parallel = _GCJ_AXIS_M / np.sqrt(curve) * np.cos(radians)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def wgs84_to_gcj02(
    longitude: ArrayLike, latitude: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Shift WGS 84 (or CGCS2000) degrees to GCJ-02, as Amap and Tencent draw.

    Examples
    --------
    >>> lon, lat = wgs84_to_gcj02([119.8], [32.25])
    >>> lon.round(6), lat.round(6)
    (array([119.804978]), array([32.247903]))
    """
    lon, lat = np.asarray(longitude, float), np.asarray(latitude, float)
    east, north = _gcj_shift(lon, lat)
    return lon + east, lat + north


def gcj02_to_wgs84(
    longitude: ArrayLike, latitude: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Undo GCJ-02 by fixed-point iteration; exact to below 1e-9 degree.

    Examples
    --------
    >>> lon, lat = gcj02_to_wgs84(*wgs84_to_gcj02([119.8], [32.25]))
    >>> bool(abs(lon - 119.8).max() < 1e-9 and abs(lat - 32.25).max() < 1e-9)
    True
    """
    lon, lat = np.asarray(longitude, float), np.asarray(latitude, float)
    x, y = lon.copy(), lat.copy()
    for _ in range(8):  # each round gains about three digits
        east, north = _gcj_shift(x, y)
        x, y = lon - east, lat - north
    return x, y


def gcj02_to_bd09(
    longitude: ArrayLike, latitude: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Shift GCJ-02 degrees to BD-09, as Baidu draws.

    Examples
    --------
    >>> lon, lat = gcj02_to_bd09([119.804978], [32.247903])
    >>> lon.round(4), lat.round(4)
    (array([119.8115]), array([32.2536]))
    """
    lon, lat = np.asarray(longitude, float), np.asarray(latitude, float)
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BD_ANGLE)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BD_ANGLE)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def bd09_to_gcj02(
    longitude: ArrayLike, latitude: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Undo BD-09 by fixed-point iteration; exact to below 1e-9 degree.

    Examples
    --------
    >>> lon, lat = bd09_to_gcj02(*gcj02_to_bd09([119.8], [32.25]))
    >>> bool(abs(lon - 119.8).max() < 1e-9 and abs(lat - 32.25).max() < 1e-9)
    True
    """
    lon, lat = np.asarray(longitude, float), np.asarray(latitude, float)
    x, y = lon - 0.0065, lat - 0.006
    for _ in range(12):
        east, north = gcj02_to_bd09(x, y)
        x, y = x + lon - east, y + lat - north
    return x, y


def to_wgs84(
    longitude: ArrayLike, latitude: ArrayLike, *, datum: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """
    Bring longitudes and latitudes of a stated datum to WGS 84.

    Parameters
    ----------
    longitude, latitude : array of float
        Degrees.
    datum : str
        One of :data:`DATUMS`. ``unknown`` and ``cgcs2000`` are left as they are:
        CGCS2000 and WGS 84 agree to decimetres.

    Raises
    ------
    CrsError
        If the datum has another name.
    """
    lon, lat = np.asarray(longitude, float), np.asarray(latitude, float)
    if datum not in DATUMS:
        raise CrsError(
            f"不认识的基准 {datum!r}；可用：{'、'.join(DATUMS)}。",
            f"Unknown datum {datum!r}; choose one of {', '.join(DATUMS)}.",
        )
    if datum == "bd09":
        lon, lat = bd09_to_gcj02(lon, lat)
    if datum in ("bd09", "gcj02"):
        lon, lat = gcj02_to_wgs84(lon, lat)
    return lon, lat

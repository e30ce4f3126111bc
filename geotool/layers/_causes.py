"""Why a point may lie outside its district: shifted datums and slips of the pen."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.crs import to_wgs84, wgs84_to_gcj02

NEAR_M = 1500.0
"""A shifted datum moves a point by up to this much."""

CAUSES = {
    "swapped": ("经度和纬度填反", "longitude and latitude swapped"),
    "gcj02": ("坐标可能是 GCJ-02（高德、腾讯）", "the position may be GCJ-02"),
    "bd09": ("坐标可能是 BD-09（百度）", "the position may be BD-09"),
    "shifted_twice": (
        "坐标可能本来就是 WGS84，被多纠偏了一次",
        "the position may have been WGS 84 already and was shifted back once too often",
    ),
    "dms": (
        "度分秒可能被当成十进制度（119.4830 实为 119°48′30″）",
        "degrees and minutes may have been written as decimals",
    ),
    "missing_digit": ("坐标可能漏了一位数字", "a digit may be missing"),
    "transposed": ("坐标可能有相邻两位数字颠倒", "two digits may be transposed"),
    "wrong_digit": ("坐标可能有一位数字写错", "one digit may be wrong"),
    "zone": ("投影带可能声明错（差 3°）", "the zone may be wrong by three degrees"),
    "near_border": (
        "离界线很近，可能是界线不准",
        "near the border, which may be rough",
    ),
    "elsewhere": ("坐标或行政区有一个不对", "the position or the district is wrong"),
    "unknown_district": (
        "行政区名称不在行政区图层里，未核对",
        "the district is not in the layer: not checked",
    ),
}
"""Chinese, English; of causes that fit, the one that stands first is named."""


def likely_cause(
    lon: float, lat: float, area: Any, distance_m: float
) -> tuple[str, tuple[float, float] | None]:
    """Find the first cause that would put the point into its district."""
    tries = list(_shifts(lon, lat)) if distance_m < NEAR_M else []
    tries.append(("swapped", (lat, lon)))
    for name, place in tries:
        if shapely.contains_xy(area, *place):
            return name, place
    if distance_m < NEAR_M:
        return "near_border", None
    for name, xs, ys in _misspelled(lon, lat):
        inside = np.flatnonzero(shapely.contains_xy(area, xs, ys))
        if len(inside):
            return name, (float(xs[inside[0]]), float(ys[inside[0]]))
    return "elsewhere", None


def _shifts(lon: float, lat: float) -> Iterator[tuple[str, tuple[float, float]]]:
    for name in ("gcj02", "bd09"):
        x, y = to_wgs84(lon, lat, datum=name)
        yield name, (float(x), float(y))
    x, y = wgs84_to_gcj02(lon, lat)
    yield "shifted_twice", (float(x), float(y))


def _misspelled(
    lon: float, lat: float
) -> Iterator[tuple[str, NDArray[np.float64], NDArray[np.float64]]]:
    """Give the positions that a slip of the pen may have come from, kind by kind."""
    x, y = _as_minutes(lon), _as_minutes(lat)
    if not np.isnan(x + y):
        yield "dms", np.array([x]), np.array([y])
    yield "zone", np.array([lon - 3, lon + 3]), np.array([lat, lat])
    for name, change in (
        ("missing_digit", _inserted),
        ("transposed", _transposed),
        ("wrong_digit", _replaced),
    ):
        xs, ys = change(f"{lon:.6f}"), change(f"{lat:.6f}")
        yield (
            name,
            np.array([*xs, *[lon] * len(ys)]),
            np.array([*[lat] * len(xs), *ys]),
        )


_DIGITS = 4
"""Decimals that a slip is looked for in: the later ones move a point by metres."""


def _as_minutes(value: float) -> float:
    """Read 119.4830 as 119°48′30″; NaN when it cannot be that."""
    whole, _, decimals = f"{value:.6f}".partition(".")
    minutes, seconds = int(decimals[:2]), float(f"{decimals[2:4]}.{decimals[4:]}")
    if minutes >= 60 or seconds >= 60:
        return float("nan")
    return int(whole) + minutes / 60 + seconds / 3600


def _inserted(text: str) -> list[float]:
    """Put a digit that was left out back in; a nought is left out most often."""
    point = text.index(".")
    return [
        float(text[:at] + digit + text[at:])
        for digit in "0123456789"
        for at in range(point + 1, point + 1 + _DIGITS)
    ]


def _transposed(text: str) -> list[float]:
    point = text.index(".")
    pairs = [(at, at + 1) for at in range(point + _DIGITS) if at + 1 != point]
    pairs = [(a, b + 1 if text[b] == "." else b) for a, b in pairs if text[a] != "."]
    found = []
    for one, other in pairs:
        letters = list(text)
        letters[one], letters[other] = letters[other], letters[one]
        found.append(float("".join(letters)))
    return found


def _replaced(text: str) -> list[float]:
    """Change one digit, the least first: 8 for 9 is likelier than 0."""
    point = text.index(".")
    places = [at for at in range(point + _DIGITS) if at != point]
    options = [
        (abs(int(text[at]) - digit), float(f"{text[:at]}{digit}{text[at + 1 :]}"))
        for at in places
        for digit in range(10)
        if str(digit) != text[at]
    ]
    return [value for _, value in sorted(options)]

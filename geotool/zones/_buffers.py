"""Buffers along the banks of rivers and lakes (缓冲带)."""

from collections.abc import Iterator, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geotool.crs import reproject, require_crs, to_metric
from geotool.errors import LayerError
from geotool.schema import layer_kind
from geotool.zones._area import areas_m2
from geotool.zones._bands import QUADRANT_SEGMENTS, without_slivers
from geotool.zones._ground import make_ground
from geotool.zones._plan import text_of
from geotool.zones._rules import table_number
from geotool.zones._zone_table import has_place

MOST_STRETCH = 2e-3
"""A projection that is off by more than this at the rim of a layer is told."""

_BASIS = {True: "中心线", False: "岸线"}
_LINES = ("LineString", "MultiLineString")
_AREAS = ("Polygon", "MultiPolygon")

BUFFER_COLUMNS = (
    "zone_id",
    "name",
    "kind",
    "status",
    "rule",
    "distance_m",
    "basis",
    "area_m2",
    "note",
    "geometry",
)


def buffer_zones(
    rivers: gpd.GeoDataFrame,
    *,
    distance_m: float | Sequence[float] | pd.Series | NDArray[np.float64],
    by: str | None = None,
    clip: gpd.GeoDataFrame | None = None,
    kind: str = "buffer",
    rule: str = "",
    assumed_width_m: float | None = None,
) -> gpd.GeoDataFrame:
    """
    Draw the band of land along the banks, without the water.

    Lines are centrelines: the bank lies half the width (``width_m``) away, basis
    中心线; it is an estimate, and where the true bank lies farther out the band is
    too small. Polygons are water surfaces: the bank is their edge, basis 岸线. No
    width is a standard here: ``distance_m`` is what your rule says.

    Parameters
    ----------
    rivers : GeoDataFrame of lines or polygons
        Any system; degrees are projected to metres for the work.
    distance_m : float, or one for each river
        Width of the band from the bank; NaN for a river without one. By rank and
        width of the rivers: :func:`buffer_distances`.
    by : str, optional
        Column to keep apart, such as ``"name"``; all is dissolved if None.
    clip : GeoDataFrame of polygons, optional
        Bands end at the edge of these, a district or a basin; what is cut off is
        told in ``note``.
    kind : str
        ``buffer``, ``shore`` or ``survey``, as in the layer ``zones``.
    rule : str
        Where the distance comes from; kept with the result.
    assumed_width_m : float, optional
        Width of lines without ``width_m``; from ``tables/zones.toml`` if None.

    Returns
    -------
    GeoDataFrame
        One row for each basis, distance (and value of ``by``), dissolved:
        :data:`BUFFER_COLUMNS`, in the system of ``rivers``. ``area_m2`` is measured
        on the ellipsoid. Bands of different distance overlap where rivers meet.

    Raises
    ------
    LayerError
        If a distance is not above 0, or ``kind`` or ``by`` does not exist, or the
        clip holds no polygons.
    CrsError
        If the layer has no reference system.

    Examples
    --------
    >>> river = gpd.GeoDataFrame(
    ...     {"width_m": [20.0]},
    ...     geometry=[shapely.LineString([(0, 0), (1000, 0)])],
    ...     crs=4549,
    ... )
    >>> band = buffer_zones(river, distance_m=50)
    >>> band.basis[0], band.geometry[0].bounds
    ('中心线', (-60.0, -60.0, 1060.0, 60.0))
    """
    distances = _distances(rivers, distance_m)
    _check(rivers, by, kind)
    width = table_number("buffers", "assumed_width_m")
    if assumed_width_m is not None:
        width = assumed_width_m
    there = has_place(rivers) & ~np.isnan(distances)
    drawn = rivers[there]
    if drawn.empty:
        return _table([], rivers.crs)
    metric = to_metric(drawn, "rivers")
    without = int((has_place(rivers) & np.isnan(distances)).sum())
    warnings = [_stretched(drawn)] if _stretched(drawn) else []
    if without:
        warnings.append(f"另有 {without} 条没有给出宽度，未划")
    limit = make_ground(
        metric.crs, water=None, dykes=None, clip=clip, catchments=None
    ).limit
    names = [""] * len(metric) if by is None else [text_of(each) for each in metric[by]]
    rows = [
        {
            "name": name or None,
            "distance_m": metres,
            "note": note,
            "basis": basis,
            "geometry": band,
        }
        for (name, metres, basis), note, band in _bands(
            metric, names, distances[there], width, limit, warnings
        )
    ]
    table = _table(rows, metric.crs).assign(
        zone_id=[f"HC-{number}" for number in range(1, len(rows) + 1)],
        kind=kind,
        status="draft",
        rule=rule or None,
    )
    table["area_m2"] = areas_m2(table)
    return reproject(table, rivers.crs)


def _distances(rivers: gpd.GeoDataFrame, distance_m: Any) -> NDArray[np.float64]:
    """Give the distance of each river; NaN for none."""
    values = np.asarray(distance_m, dtype=float)
    if values.ndim == 0:
        values = np.where(np.isnan(values), -1.0, values)  # one for all must be one
        values = np.full(len(rivers), float(values))
    bad = ~(np.isnan(values) | ((values > 0) & np.isfinite(values)))
    if values.shape != (len(rivers),) or bad.any():
        raise LayerError(
            f"缓冲带宽度 distance_m={distance_m} 应为大于 0 的米数，或每条河一个。",
            f"distance_m={distance_m} must be metres above 0, or one for each river.",
        )
    return values


def _check(rivers: gpd.GeoDataFrame, by: str | None, kind: str) -> None:
    require_crs(rivers, "rivers")
    kinds = [
        each
        for each in layer_kind("zones").columns["kind"].allowed
        if each != "protection"
    ]
    if kind not in kinds:
        raise LayerError(
            f"缓冲带类型 {kind!r} 不可用；可用：{'、'.join(kinds)}。",
            f"A buffer cannot be of kind {kind!r}; choose one of {', '.join(kinds)}.",
        )
    if by is not None and by not in rivers.columns:
        raise LayerError(
            f"没有 {by!r} 列可用来分组；图层有：{'、'.join(map(str, rivers.columns))}。",
            f"No column {by!r} to keep apart by; the layer has "
            f"{', '.join(map(str, rivers.columns))}.",
        )
    odd = set(rivers.geom_type.dropna()) - {*_LINES, *_AREAS}
    if odd:
        raise LayerError(
            f"缓冲带只能从线（中心线）或面（水面）划，得到 {'、'.join(sorted(odd))}。",
            "Buffers are drawn from lines (centrelines) or polygons (water), got "
            f"{', '.join(sorted(odd))}.",
        )


def _bands(
    metric: gpd.GeoDataFrame,
    names: list[str],
    distances: NDArray[np.float64],
    width_m: float,
    limit: BaseGeometry | None,
    warnings: list[str],
) -> Iterator[tuple[tuple[str, float, str], str | None, BaseGeometry]]:
    """Give ((name, distance, basis), note, band) of each kind, all water cut out."""
    shapes = shapely.make_valid(np.asarray(metric.geometry, dtype=object))
    is_line = metric.geom_type.isin(_LINES).to_numpy()
    width = np.full(len(metric), np.nan)
    if "width_m" in metric.columns:
        width = pd.to_numeric(metric["width_m"], errors="coerce").to_numpy(float)
    is_assumed = is_line & ~(width > 0)
    half = np.where(is_line, np.where(is_assumed, width_m, width) / 2, 0.0)
    wet = shapely.union_all(shapely.buffer(shapes, half, quad_segs=QUADRANT_SEGMENTS))
    land = shapely.buffer(shapes, half + distances, quad_segs=QUADRANT_SEGMENTS)
    rows_of: dict[tuple[str, bool, float], list[int]] = {}
    for row, key in enumerate(
        zip(names, is_line.tolist(), distances.tolist(), strict=True)
    ):
        rows_of.setdefault(key, []).append(row)
    for (name, line, metres), rows in sorted(rows_of.items()):
        whole = without_slivers(shapely.difference(shapely.union_all(land[rows]), wet))
        notes = list(warnings)
        if line:
            guessed = bool(is_assumed[rows].any())
            notes.append(_note(is_assumed=guessed, width_m=width_m))
        band = whole
        if limit is not None:
            band = without_slivers(shapely.intersection(whole, limit))
            gone = whole.area - band.area
            if gone > 1:
                notes.append(f"按所给界线裁去 {gone:.0f} m²（{gone / whole.area:.0%}）")
        if not band.is_empty:
            yield (name, metres, _BASIS[line]), "；".join(notes) or None, band


def _stretched(drawn: gpd.GeoDataFrame) -> str:
    """Warn of layers too wide for one projection to keep distances."""
    if not require_crs(drawn, "rivers").is_geographic:
        return ""
    west, south, east, north = drawn.total_bounds
    nearest = min(abs(south), abs(north))
    off = (np.radians(east - west) / 2 * np.cos(np.radians(nearest))) ** 2 / 2
    if off < MOST_STRETCH:
        return ""
    return (
        f"图层东西宽 {east - west:.0f}°，一个投影带内距离偏差可达 {off:.1%}，请分带处理"
    )


def _note(*, is_assumed: bool, width_m: float) -> str:
    text = "只有河道中心线，岸线按半河宽推得，范围可能偏小"
    if is_assumed:
        text += f"；无河宽的按 {width_m:g} m 假定 [M]"
    return text


def _table(rows: list[dict[str, Any]], crs: Any) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows, columns=list(BUFFER_COLUMNS))
    return gpd.GeoDataFrame(table, geometry="geometry", crs=crs)

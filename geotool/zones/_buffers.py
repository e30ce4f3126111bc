"""Buffers along the banks of rivers and lakes (缓冲带)."""

from collections.abc import Iterator
from math import isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from geotool.crs import reproject, require_crs, to_metric
from geotool.errors import LayerError
from geotool.schema import layer_kind
from geotool.zones._bands import QUADRANT_SEGMENTS, only_areas
from geotool.zones._plan import text_of
from geotool.zones._rules import table_number

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
    "note",
    "geometry",
)


def buffer_zones(
    rivers: gpd.GeoDataFrame,
    *,
    distance_m: float,
    by: str | None = None,
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
    distance_m : float
        Width of the band from the bank.
    by : str, optional
        Column to keep apart, such as ``"name"``; all is dissolved if None.
    kind : str
        ``buffer``, ``shore`` or ``survey``, as in the layer ``zones``.
    rule : str
        Where the distance comes from; kept with the result.
    assumed_width_m : float, optional
        Width of lines without ``width_m``; from ``tables/zones.toml`` if None.

    Returns
    -------
    GeoDataFrame
        One row for each basis (and value of ``by``): :data:`BUFFER_COLUMNS`, in the
        system of ``rivers``.

    Raises
    ------
    LayerError
        If the distance is not above 0, or ``kind`` or ``by`` does not exist.
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
    _check(rivers, distance_m, by, kind)
    width = table_number("buffers", "assumed_width_m")
    if assumed_width_m is not None:
        width = assumed_width_m
    drawn = rivers[~(rivers.geometry.isna() | rivers.geometry.is_empty)]
    if drawn.empty:
        return _table([], rivers.crs)
    metric = to_metric(drawn, "rivers")
    names = [""] * len(metric) if by is None else [text_of(each) for each in metric[by]]
    rows = [
        {"name": name or None, "note": note, "basis": basis, "geometry": band}
        for name, basis, note, band in _bands(metric, names, distance_m, width)
    ]
    table = _table(rows, metric.crs).assign(
        zone_id=[f"HC-{number}" for number in range(1, len(rows) + 1)],
        kind=kind,
        status="draft",
        rule=rule or None,
        distance_m=float(distance_m),
    )
    return reproject(table, rivers.crs)


def _check(
    rivers: gpd.GeoDataFrame, distance_m: float, by: str | None, kind: str
) -> None:
    require_crs(rivers, "rivers")
    if not (isfinite(distance_m) and distance_m > 0):
        raise LayerError(
            f"缓冲带宽度 distance_m={distance_m} 应为大于 0 的米数。",
            f"distance_m={distance_m} must be metres above 0.",
        )
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
    metric: gpd.GeoDataFrame, names: list[str], distance_m: float, width_m: float
) -> Iterator[tuple[str, str, str | None, BaseGeometry]]:
    """Give (name, basis, note, band) for each name and basis, all water cut out."""
    shapes = shapely.make_valid(np.asarray(metric.geometry, dtype=object))
    is_line = metric.geom_type.isin(_LINES).to_numpy()
    width = np.full(len(metric), np.nan)
    if "width_m" in metric.columns:
        width = pd.to_numeric(metric["width_m"], errors="coerce").to_numpy(float)
    is_assumed = is_line & ~(width > 0)
    half = np.where(is_line, np.where(is_assumed, width_m, width) / 2, 0.0)
    wet = shapely.union_all(shapely.buffer(shapes, half, quad_segs=QUADRANT_SEGMENTS))
    land = shapely.buffer(shapes, half + distance_m, quad_segs=QUADRANT_SEGMENTS)
    key = list(zip(names, is_line, strict=True))
    for name, line in sorted(set(key)):
        rows = np.array([each == (name, line) for each in key])
        band = shapely.difference(shapely.union_all(land[rows]), wet)
        note = _note(is_assumed=bool(is_assumed[rows].any()), width_m=width_m)
        yield name, _BASIS[bool(line)], note if line else None, only_areas(band)


def _note(*, is_assumed: bool, width_m: float) -> str:
    text = "只有河道中心线，岸线按半河宽推得，范围可能偏小"
    if is_assumed:
        text += f"；无河宽的按 {width_m:g} m 假定 [M]"
    return text


def _table(rows: list[dict[str, Any]], crs: Any) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows, columns=list(BUFFER_COLUMNS))
    return gpd.GeoDataFrame(table, geometry="geometry", crs=crs)

"""From what the user hands over to layers ready to be packed.

A layer is split into a table of attributes, one row a feature, and simple parts of
geometry in degrees that point back to their row.
"""

import datetime as dt
import numbers
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.crs import require_crs, to_degrees
from geotool.errors import CrsError, MapError
from geotool.maps._datum import datum_of
from geotool.maps._personal import is_personal
from geotool.maps._style import class_entries, column_label, drawn_layers, layer_label
from geotool.maps._words import Words, words_of
from geotool.schema import align_names, layer_kind, layer_kinds
from geotool.tables import load_table

LATITUDE_LIMIT = 85.05
"""Degrees. Beyond it a Web Mercator map has no place."""

_WGS84 = "EPSG:4326"
_COLLECTIONS = (4, 5, 6, 7)  # shapely type ids that hold other geometries


@dataclass(frozen=True)
class Parts:
    """
    Simple geometries and the row each belongs to.

    Attributes
    ----------
    geometry : array of Point, LineString, LinearRing or Polygon
        Longitude and latitude in degrees, WGS 84 or CGCS2000 (they agree to
        decimetres).
    row : array of int
        Position in the table, ascending.
    """

    geometry: NDArray[np.object_]
    row: NDArray[np.intp]


@dataclass(frozen=True)
class MapLayer:
    """
    One layer ready to be packed.

    Attributes
    ----------
    name, label : str
        As given, and as a person calls it.
    table : DataFrame
        Columns under their canonical keys where known, personal ones left out.
    labels : dict
        Column → what the popup calls it.
    parts : Parts
    undrawn : int
        Rows of which some or all geometry is missing or not finite.
    datum : str
        What its degrees refer to, as :func:`geotool.maps._datum.datum_of` calls it.
    """

    name: str
    label: str
    table: pd.DataFrame
    labels: dict[str, str]
    parts: Parts
    undrawn: int
    datum: str = ""
    _words: dict[str, Words] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    def words(self, key: str) -> Words:
        """Cells of a column as words; they are looked for once."""
        if key not in self._words:
            labels = value_labels(self.name, key)
            self._words[key] = words_of(self.table[key], labels)
        return self._words[key]


def collect_layers(layers: Any) -> dict[str, gpd.GeoDataFrame]:
    """
    List the layers to draw.

    Parameters
    ----------
    layers : mapping of name to GeoDataFrame, or a workspace
        Of a mapping every layer is drawn; of a workspace (``layers()`` and
        ``read(name)``) those that ``styles.toml`` names. Plain tables of kinds
        that may lack geometry (readings, projects) are not drawn.

    Raises
    ------
    MapError
        If there is nothing to draw, or something is no layer.
    """
    found = dict(layers) if isinstance(layers, Mapping) else _read_workspace(layers)
    drawn = {
        str(name): _require_spatial(table, str(name))
        for name, table in found.items()
        if not _is_plain_table(table, str(name))
    }
    if not drawn:
        raise MapError(
            "没有可以上图的图层；请给出如 {'outfalls': 排污口, 'rivers': 河流}。",
            "There is no layer to draw; give, for example, "
            "{'outfalls': outfalls, 'rivers': rivers}.",
        )
    return drawn


def _read_workspace(workspace: Any) -> dict[str, Any]:
    if isinstance(workspace, pd.DataFrame) or not (
        hasattr(workspace, "layers") and hasattr(workspace, "read")
    ):
        raise MapError(
            f"一张图需要“图层名→图层”的字典或工作空间，得到的是 "
            f"{type(workspace).__name__}；例如 one_map({{'outfalls': 排污口}})。",
            f"one_map needs a mapping of names to layers or a workspace, got "
            f"{type(workspace).__name__}; for example one_map({{'outfalls': …}}).",
        )
    names = set(workspace.layers())
    return {name: workspace.read(name) for name in drawn_layers() if name in names}


def _is_plain_table(table: object, name: str) -> bool:
    """Whether it is a table of a kind that may come without geometry."""
    if isinstance(table, gpd.GeoDataFrame) and table.active_geometry_name is not None:
        return False
    may = name in layer_kinds() and "None" in layer_kind(name).geometry
    return isinstance(table, pd.DataFrame) and (may or table.empty)


def _require_spatial(table: object, name: str) -> gpd.GeoDataFrame:
    if isinstance(table, gpd.GeoSeries):
        return gpd.GeoDataFrame(geometry=table)
    if isinstance(table, gpd.GeoDataFrame) and table.active_geometry_name is not None:
        return table
    raise MapError(
        f"图层 {name!r} 没有几何（{type(table).__name__}）；请先用 gt.read_layer 读入，"
        "或转成 GeoDataFrame。",
        f"Layer {name!r} has no geometry ({type(table).__name__}); read it with "
        "gt.read_layer or make it a GeoDataFrame.",
    )


def prepare_layer(
    name: str, layer: gpd.GeoDataFrame, *, personal: Collection[str] = ()
) -> MapLayer:
    """
    Make one layer ready to be packed.

    Parameters
    ----------
    name : str
        Kind of layer, a result such as ``trace_reaches``, or any other name.
    layer : GeoDataFrame
        Any CRS, any geometry; rows without geometry are kept in the table.
    personal : collection of str
        Personal columns to show, by key or by header.

    Raises
    ------
    CrsError
        If the layer has rows but no CRS, or coordinates that are no degrees.

    Examples
    --------
    >>> spot = gpd.GeoDataFrame(
    ...     {"排口名称": ["东港"], "联系电话": ["138"]},
    ...     geometry=gpd.points_from_xy([120.9], [31.8]), crs=4490,
    ... )
    >>> ready = prepare_layer("outfalls", spot)
    >>> ready.table.columns.tolist(), ready.labels
    (['name'], {'name': '排污口名称'})
    """
    table, labels = _prepare_table(name, layer, personal)
    parts, undrawn = _prepare_geometry(name, layer)
    datum = datum_of(layer.crs) if len(parts.geometry) else ""
    return MapLayer(name, layer_label(name), table, labels, parts, undrawn, datum)


# ---------------------------------------------------------------- attributes
def _prepare_table(
    name: str, layer: gpd.GeoDataFrame, personal: Collection[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Columns under their keys, cleaned, in the order a person expects."""
    headers = [str(header) for header in layer.columns]
    keys = align_names(headers, name) if name in layer_kinds() else {}
    columns: dict[str, pd.Series] = {}
    labels: dict[str, str] = {}
    for position, header in enumerate(headers):
        key = keys.get(header, header)
        cells = layer.iloc[:, position].reset_index(drop=True)
        if isinstance(cells.dtype, gpd.array.GeometryDtype) or key in columns:
            continue
        if is_personal(header) and not {header, key} & set(personal):
            continue
        columns[key] = cells
        labels[key] = _label(name, key, header)
    order = [*layer_kind(name).columns] if name in layer_kinds() else []
    ordered = [key for key in order if key in columns]
    ordered += [key for key in columns if key not in ordered]
    table = pd.DataFrame(
        {key: _clean(columns[key]) for key in ordered}, index=range(len(layer))
    )
    return table, {key: labels[key] for key in ordered}


def _label(name: str, key: str, header: str) -> str:
    """Canonical label, unless the source's header may speak of another unit."""
    if header != key and layer_kind(name).columns[key].unit:
        return header
    return column_label(name, key)


def _clean(cells: pd.Series) -> pd.Series:
    """Turn what is no number, date or text into text; leave the rest alone."""
    if isinstance(cells.dtype, pd.CategoricalDtype):
        cells = cells.astype(object)
    if pd.api.types.is_bool_dtype(cells.dtype):
        return cells.astype(object)
    if cells.dtype != object:
        return cells
    return cells.map(_clean_cell)


def _clean_cell(cell: object) -> object:
    """Keep plain values; anything that has parts becomes its text."""
    if cell is None or isinstance(cell, str | bool | np.bool_ | numbers.Real):
        return cell
    if cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        return str(cell.date())
    if isinstance(cell, list | tuple | set | np.ndarray):
        return "、".join(str(part) for part in cell) or None
    return str(cell)


def value_labels(name: str, column: str) -> dict[str, str]:
    """
    Give the words for the coded values of a column.

    Examples
    --------
    >>> value_labels("structures", "kind")["sluice"]
    '闸'
    >>> value_labels("trace_points", "relation")["certain"]
    '确定'
    """
    found: dict[str, str] = {}
    if name in layer_kinds() and column in layer_kind(name).columns:
        spellings = load_table("layers")["values"].get(column, {})
        for value in layer_kind(name).columns[column].allowed:
            found[value] = next((text for text in spellings.get(value, ()) if text), "")
    found |= load_table("styles")["values"].get(column, {})
    if column == "layer":
        found.update({kind: layer_label(kind) for kind in drawn_layers()})
    if not any(found.values()):
        for key, facts in load_table("styles")["classes"].items():
            if facts["columns"] == [column]:
                found = {entry["value"]: entry["zh"] for entry in class_entries(key)}
    return {value: label for value, label in found.items() if label}


# ---------------------------------------------------------------- geometry
def _prepare_geometry(name: str, layer: gpd.GeoDataFrame) -> tuple[Parts, int]:
    """Split into simple finite parts in degrees; count the rows that lost some."""
    geometry = np.asarray(layer.geometry.to_numpy(), dtype=object)
    parts, rows = _explode(geometry)
    finite = _finite(parts)
    whole = np.zeros(len(layer), dtype=bool)
    whole[rows] = True
    whole[rows[~finite]] = False
    undrawn = int((~whole).sum())
    parts, rows = parts[finite], rows[finite]
    if len(layer):
        require_crs(layer, layer_label(name))
    if len(parts):
        parts = _to_degrees(parts, layer.crs, name)
    return Parts(parts, rows), undrawn


def _explode(
    geometry: NDArray[np.object_],
) -> tuple[NDArray[np.object_], NDArray[np.intp]]:
    """Take multi-parts and collections apart, however deep; drop the empty."""
    parts = shapely.force_2d(geometry) if shapely.has_z(geometry).any() else geometry
    rows = np.arange(len(parts))
    while np.isin(shapely.get_type_id(parts), _COLLECTIONS).any():
        parts, inside = shapely.get_parts(parts, return_index=True)
        rows = rows[inside]
    there = ~(shapely.is_missing(parts) | shapely.is_empty(parts))
    return parts[there], rows[there]


def _finite(parts: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Whether all coordinates of each part are numbers."""
    coordinates, part = shapely.get_coordinates(parts, return_index=True)
    finite = np.ones(len(parts), dtype=bool)
    finite[part[~np.isfinite(coordinates).all(axis=1)]] = False
    return finite


def _to_degrees(parts: NDArray[np.object_], crs: Any, name: str) -> NDArray[np.object_]:
    """Bring parts to the geographic system their own datum leads to."""
    degrees = parts
    if crs != _WGS84:  # which PROJ brings to CGCS2000 by doing nothing, slowly
        frame = gpd.GeoDataFrame(geometry=gpd.GeoSeries(parts, crs=crs))
        degrees = np.asarray(to_degrees(frame).geometry.to_numpy(), dtype=object)
    low_x, low_y, high_x, high_y = shapely.total_bounds(degrees)
    if max(abs(low_x), abs(high_x)) > 180 or max(-low_y, high_y) > LATITUDE_LIMIT:
        label = layer_label(name)
        raise CrsError(
            f"{label} 的坐标（{low_x:.6g} {low_y:.6g} 至 {high_x:.6g} {high_y:.6g}）"
            "不是经纬度；请检查坐标系声明和坐标列。",
            f"{label}: coordinates ({low_x:.6g} {low_y:.6g} to {high_x:.6g} "
            f"{high_y:.6g}) are no longitudes and latitudes; check the declared CRS.",
        )
    return degrees

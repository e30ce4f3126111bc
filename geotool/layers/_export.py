"""Layers for other people: known names of columns, no contact data unless asked for."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.errors import SourceError
from geotool.io import replacing, storable, write_book, write_table, write_vector
from geotool.io._export import write_geodatabase, write_shapefile
from geotool.schema import fold_name, layer_kind, layer_kinds, personal_headers

EXPORTS = (".gdb", ".shp", ".geojson", ".parquet", ".xlsx", ".csv", ".gpkg")


def without_personal(
    table: pd.DataFrame, kind: str, *, personal: Collection[str] = ()
) -> pd.DataFrame:
    """
    Leave out contact data, also under headers of the source's own.

    Parameters
    ----------
    table : DataFrame
    kind : str
        Name of its layer.
    personal : collection of str
        Columns to keep all the same, by name.

    Examples
    --------
    >>> table = pd.DataFrame({"name": ["东口"], "phone": ["1"], "联系人2": ["某"]})
    >>> list(without_personal(table, "outfalls"))
    ['name']
    >>> list(without_personal(table, "outfalls", personal=["phone"]))
    ['name', 'phone']
    """
    ours = layer_kind(kind).personal_columns if kind in layer_kinds() else []
    words = personal_headers()
    dropped = [
        column
        for column in table.columns
        if column not in personal
        and (column in ours or any(word in fold_name(column) for word in words))
        and not (kind in layer_kinds() and _is_ours(str(column), kind))
    ]
    return table.drop(columns=dropped)


def _is_ours(column: str, kind: str) -> bool:
    known = layer_kind(kind).columns.get(column)
    return known is not None and not known.personal


def export_layers(
    layers: Mapping[str, pd.DataFrame], path: Any, *, personal: Collection[str] = ()
) -> list[Path]:
    """
    Write layers for somebody else, by the ending of the name.

    Parameters
    ----------
    layers : mapping
        Name → table. ``.gdb``, ``.gpkg`` and ``.xlsx`` take several.
    path : path
        ``.gdb`` (best for ArcGIS: long names), ``.shp`` (GBK, names of five Chinese
        characters, and a table of names), ``.geojson``, ``.parquet`` (extra ``big``),
        ``.xlsx``, ``.csv``, ``.gpkg``.
    personal : collection of str
        Contact columns to write all the same, by name.

    Returns
    -------
    list of Path
        Files written.

    Raises
    ------
    SourceError
        If the ending is unknown, or one file cannot hold the layers.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    if suffix not in EXPORTS:
        raise SourceError(
            f"不能导出为 {target.name}；可用的扩展名：{'、'.join(EXPORTS)}。",
            f"Cannot export {target.name}; endings: {', '.join(EXPORTS)}.",
        )
    if not layers or (len(layers) > 1 and suffix not in (".gdb", ".gpkg", ".xlsx")):
        raise SourceError(
            f"{target.name} 要放一个图层，给了 {len(layers)} 个；多个图层请用 gdb 或 xlsx。",
            f"{target.name} holds one layer, {len(layers)} given; use gdb or xlsx.",
        )
    clean = {
        name: without_personal(table, name, personal=personal)
        for name, table in layers.items()
    }
    # a field name has no room for brackets: there the unit is left out
    with_unit = suffix not in (".gdb", ".shp")
    labels = {
        name: _labels(name, table, with_unit=with_unit) for name, table in clean.items()
    }
    if suffix == ".gdb":
        return [write_geodatabase(clean, target, labels)]
    if suffix == ".xlsx":
        named = {n: table.rename(columns=labels[n]) for n, table in clean.items()}
        with replacing(target) as beside:
            write_book(named, beside)
        return [target]
    if suffix == ".gpkg":
        return [_geopackage(clean, target)]
    name, table = next(iter(clean.items()))
    if suffix == ".shp":
        if not isinstance(table, gpd.GeoDataFrame):
            raise SourceError(
                f"{name} 没有几何，不能导出为 Shapefile。",
                f"{name} has no geometry for a Shapefile.",
            )
        return write_shapefile(table, target, labels[name])
    return [write_table(table.rename(columns=labels[name]), target, layer=name)]


def _geopackage(tables: Mapping[str, pd.DataFrame], target: Path) -> Path:
    with replacing(target) as beside:
        for name, table in tables.items():
            write_vector(storable(table), beside, layer=name, driver="GPKG")
    return target


def _labels(name: str, table: pd.DataFrame, *, with_unit: bool) -> dict[str, str]:
    """Give the Chinese names of the columns that geotool knows."""
    if name not in layer_kinds():
        return {}
    columns = layer_kind(name).columns
    taken = {str(column) for column in table.columns if column not in columns}
    return {
        key: label
        for key, column in columns.items()
        for label in [column.label if with_unit else column.zh]
        if key in table.columns and label not in taken
    }

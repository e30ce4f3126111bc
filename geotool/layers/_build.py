"""A file, or a table in memory → a layer."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geotool._progress import long_step
from geotool.io import RawTable, list_layers, read_table
from geotool.layers._builder import Builder, Choice
from geotool.layers._inputs import (
    checked_year,
    collector_paused,
    declared_crs,
    only_waterways,
    osm_layer,
    raw_table,
    without_ours,
)
from geotool.layers._readings import readings_layer
from geotool.layers._result import LayerImport
from geotool.schema import layer_kind


@long_step("读入", "reading")
def read_layer(
    path: Any,
    kind: str,
    *,
    crs: Any = None,
    datum: str | None = None,
    encoding: str | None = None,
    sheet: str | int | None = None,
    source_layer: str | None = None,
    columns: Mapping[str, str] | None = None,
    year: int | None = None,
    sections: pd.DataFrame | None = None,
) -> LayerImport:
    r"""
    Read a file as a layer.

    Parameters
    ----------
    path : path
        Any format of :func:`geotool.io.read_table`.
    kind : str
        Such as ``"outfalls"``; see :func:`geotool.schema.layer_kinds`.
    crs : optional
        Reference system of the coordinates where the file does not say it, or says
        it wrongly.
    datum : str, optional
        ``wgs84``, ``cgcs2000``, ``gcj02``, ``bd09`` or ``unknown``: what longitudes
        and latitudes refer to.
    encoding, sheet : optional
        As :func:`geotool.io.read_table`.
    source_layer : str, optional
        Layer of the file; by default its only one, or the one named as the kind.
    columns : mapping, optional
        Header → column key, where geotool does not know the header.
    year : int, optional
        Of readings: the year of times that are written without one.
    sections : DataFrame, optional
        Of readings: the list of sections, in which each is found by its code, else by
        its name.

    Returns
    -------
    LayerImport

    Raises
    ------
    SourceError, LayerError, CrsError
        If the file cannot be read, has no place or lacks a needed column, or if
        nobody says where its coordinates are.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> text = "编号,名称,经度,纬度\nP1,东口,120.9,31.95\nP2,西口,31.96,120.8\n"
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "台账.csv"
    ...     _ = path.write_text(text, encoding="gbk")
    ...     done = read_layer(path, "outfalls", datum="wgs84")
    >>> done
    <LayerImport 入河排污口 台账.csv：读入 2 行，采用 2 行，退回 0 行，说明 1 条>
    """
    layer_kind(kind)
    with collector_paused():
        return _read_layer(
            path,
            kind,
            sheet=sheet,
            source_layer=source_layer,
            encoding=encoding,
            crs=crs,
            datum=datum,
            columns=columns,
            year=year,
            sections=sections,
        )


def _read_layer(
    path: Any,
    kind: str,
    *,
    sheet: str | int | None,
    source_layer: str | None,
    encoding: str | None,
    **choices: Any,
) -> LayerImport:
    if source_layer is None:
        names = list_layers(path)
        if len(names) > 1 and kind in names and sheet is None:
            sheet, source_layer = _by_kind(path, kind)
    table = read_table(
        path,
        sheet=sheet,
        layer=source_layer or osm_layer(path, layer_kind(kind)),
        encoding=encoding,
    )
    table = only_waterways(table, kind)
    return build_layer(table, kind, **choices)


def _by_kind(path: Any, kind: str) -> tuple[str | None, str | None]:
    book = (
        str(path).lower().endswith((".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods"))
    )
    return (kind, None) if book else (None, kind)


def build_layer(
    table: RawTable | pd.DataFrame,
    kind: str,
    *,
    crs: Any = None,
    datum: str | None = None,
    columns: Mapping[str, str] | None = None,
    year: int | None = None,
    sections: pd.DataFrame | None = None,
) -> LayerImport:
    """
    Make a layer of a table that is in memory.

    Parameters
    ----------
    table : RawTable, DataFrame or GeoDataFrame
        The index of a DataFrame is the row number that messages name.
    kind, crs, datum, columns, year, sections : optional
        As :func:`read_layer`.

    Returns
    -------
    LayerImport

    Examples
    --------
    >>> table = pd.DataFrame({"编号": ["P1", "P1"], "经纬度": ["120.9,31.9"] * 2})
    >>> done = build_layer(table, "outfalls", datum="wgs84")
    >>> len(done.layer), done.rejected["reason"].tolist()
    (1, ['编号与第 0 行重复'])
    """
    what = layer_kind(kind)
    raw = table if isinstance(table, RawTable) else raw_table(table)
    raw = without_ours(raw)
    choice = Choice(declared_crs(crs), datum, columns)
    if what.kind == "readings":
        return readings_layer(raw, what, columns, checked_year(year), sections=sections)
    return Builder(raw, what, choice).build()

"""Writing tables, by the ending of the name."""

import csv
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely

from geotool.crs import reproject
from geotool.errors import SourceError
from geotool.io._parquet import write_parquet
from geotool.io._replace import replacing
from geotool.io._sheets import (
    flat_table,
    is_formula,
    plain_cell,
    storable,
    write_book,
)
from geotool.io._vector import GDAL_FAULTS

WRITABLE = (".csv", ".xlsx", ".json", ".geojson", ".gpkg", ".parquet")
"""Endings that :func:`write_table` knows."""


def write_table(table: pd.DataFrame, path: Any, *, layer: str | None = None) -> Path:
    """
    Write a table by the ending of its name; the old file stays until the new is whole.

    Parameters
    ----------
    table : DataFrame or GeoDataFrame
    path : path
        ``.csv`` (UTF-8 with a mark that Excel understands), ``.xlsx``, ``.json``
        (records), ``.geojson`` (WGS 84), ``.gpkg`` or ``.parquet`` (extra ``big``).
    layer : str, optional
        Name of the sheet or layer.

    Returns
    -------
    Path

    Notes
    -----
    Text that a spreadsheet would run as a formula stays text. Shapes become columns
    ``lon`` and ``lat`` (CGCS2000) or ``wkt`` where the format has no shapes.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = write_table(pd.DataFrame({"a": ["=1+1", -2]}), Path(folder) / "a.csv")
    ...     path.read_text("utf-8-sig").split()
    ['a', "'=1+1", '-2']
    """
    target = Path(path)
    suffix = target.suffix.lower()
    writers = {
        ".csv": _write_csv,
        ".xlsx": _write_xlsx,
        ".json": _write_json,
        ".geojson": _write_geojson,
        ".gpkg": _write_gpkg,
        ".parquet": _write_parquet,
    }
    if suffix not in writers:
        raise SourceError(
            f"不能写 {target.name}；可用的扩展名：{'、'.join(WRITABLE)}。",
            f"Cannot write {target.name}; endings: {', '.join(WRITABLE)}.",
        )
    with replacing(target) as beside:
        writers[suffix](table, beside, layer or target.stem)
    return target


def _write_csv(table: pd.DataFrame, path: Path, layer: str) -> None:
    del layer  # a text file has no name inside
    flat = flat_table(table)
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow([_guarded(str(name)) for name in flat.columns])
        for row in flat.itertuples(index=False, name=None):
            writer.writerow([_guarded(plain_cell(value)) for value in row])


def _guarded(value: Any) -> Any:
    if isinstance(value, str) and is_formula(value):
        return f"'{value}"
    return value


def _write_xlsx(table: pd.DataFrame, path: Path, layer: str) -> None:
    write_book({layer: table}, path)


def _write_json(table: pd.DataFrame, path: Path, layer: str) -> None:
    del layer
    shapes = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else None
    rows = [
        {
            str(name): shapely.geometry.mapping(value)
            if name == shapes and value is not None
            else plain_cell(value)
            for name, value in zip(table.columns, row, strict=True)
        }
        for row in table.itertuples(index=False, name=None)
    ]
    text = json.dumps(rows, ensure_ascii=False, indent=1, allow_nan=False)
    path.write_text(text, encoding="utf-8")


def _shaped(table: pd.DataFrame, name: str) -> gpd.GeoDataFrame:
    if not isinstance(table, gpd.GeoDataFrame):
        raise SourceError(
            f"{name} 没有几何，不能写成空间格式；请写成 csv 或 xlsx。",
            f"{name} has no geometry; write it as csv or xlsx.",
        )
    return table


def _write_geojson(table: pd.DataFrame, path: Path, layer: str) -> None:
    degrees = reproject(_shaped(table, layer), "EPSG:4326")
    _pyogrio(storable(degrees), path, layer, "GeoJSON")


def _write_gpkg(table: pd.DataFrame, path: Path, layer: str) -> None:
    _pyogrio(storable(table), path, layer, "GPKG")


def _write_parquet(table: pd.DataFrame, path: Path, layer: str) -> None:
    del layer
    write_parquet(storable(table), path)


def _pyogrio(table: pd.DataFrame, path: Path, layer: str, driver: str) -> None:
    write_vector(table, path, layer=layer, driver=driver)


def write_vector(
    table: pd.DataFrame, path: Path, *, layer: str, driver: str, **options: Any
) -> None:
    """
    Write one layer by pyogrio, in place: call it inside :func:`replacing`.

    Raises
    ------
    SourceError
        If the driver refuses.
    """
    geometry_type = None
    if isinstance(table, gpd.GeoDataFrame):
        kinds = set(table.geometry.geom_type.dropna().tolist())
        simple = kinds.pop() if len(kinds) == 1 else "Unknown"
        geometry_type = options.pop("geometry_type", None) or simple
    try:
        pyogrio.write_dataframe(
            table,
            path,
            layer=layer,
            driver=driver,
            geometry_type=geometry_type,
            **options,
        )
    except GDAL_FAULTS as error:
        said = " ".join(str(error).split())[:160]
        raise SourceError(
            f"图层 {layer} 写不成 {driver}（{said}）。",
            f"Layer {layer} cannot be written as {driver} ({said}).",
        ) from None

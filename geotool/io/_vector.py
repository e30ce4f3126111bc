"""Spatial files through pyogrio; encodings and missing parts are our affair."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyogrio.errors
import shapely
from pyproj.exceptions import CRSError as PyprojError

from geotool._notes import note
from geotool.errors import SourceError
from geotool.io import _shapefile

GDAL_FAULTS = (
    pyogrio.errors.DataSourceError,
    pyogrio.errors.DataLayerError,
    pyogrio.errors.CRSError,
    pyogrio.errors.FeatureError,
    pyogrio.errors.FieldError,
    pyogrio.errors.GeometryError,
    shapely.errors.GEOSException,
    PyprojError,
    RuntimeError,
    ValueError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
    OSError,
    UnboundLocalError,  # pyogrio, when the text of a CRS is not UTF-8
)
"""How pyogrio reports a file that GDAL cannot read."""


@contextmanager
def told(notes: list[dict[str, Any]]) -> Iterator[None]:
    """Turn warnings of GDAL into notes: the user reads those."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    seen = dict.fromkeys(" ".join(str(one.message).split())[:200] for one in caught)
    for text in seen:
        notes.append(note(f"读取时的提示：{text}", f"Said while reading: {text}"))


def unreadable(name: str, error: BaseException) -> SourceError:
    """Say in one line that a file cannot be read."""
    said = " ".join(str(error).split())[:160]
    return SourceError(
        f"{name} 读不出来（{said}）；请确认文件完整，或用原软件重新导出。",
        f"{name} cannot be read ({said}); see that it is whole, or export it again.",
    )


def layer_names(path: Path) -> list[str]:
    """List the layers of a spatial file."""
    try:
        with told([]), _shapefile.openable(path) as there:
            return [str(name) for name, _ in pyogrio.list_layers(there)]
    except GDAL_FAULTS as error:
        raise unreadable(path.name, error) from None


def read_vector(
    path: Path, *, layer: str | None, encoding: str | None, source: bytes | None = None
) -> tuple[pd.DataFrame, gpd.GeoSeries | None, list[dict[str, Any]], dict[str, Any]]:
    """
    Read one layer of a spatial file.

    Parameters
    ----------
    path : Path
    layer : str, optional
        Needed when there are several.
    encoding : str, optional
        Of the texts of a shapefile; told by the texts otherwise.
    source : bytes, optional
        Contents to read instead of the file.

    Returns
    -------
    cells, geometry, notes, source
    """
    _shapefile.lone_table(path)
    notes: list[dict[str, Any]] = []
    is_dbf = path.suffix.lower() in (".shp", ".dbf")
    if is_dbf and encoding is None:
        encoding, notes = _shapefile.text_encoding(path)
    try:
        with told(notes), _shapefile.openable(path) as there:
            # contents in memory have a name of their own at every opening
            name = _one_layer(path, there, layer) if source is None else None
            if is_dbf:
                table = _read_dbf(there, encoding or "UTF-8")
            else:
                table = pyogrio.read_dataframe(
                    source or there, layer=name, encoding=encoding
                )
    except GDAL_FAULTS as error:
        if isinstance(error, SourceError):
            raise
        raise unreadable(path.name, error) from None
    if is_dbf and there != path and _shapefile.part(path, ".shx") is None:
        notes.append(note("缺少 .shx，已重建索引后读取", "No .shx: index made anew"))
    geometry = None
    if isinstance(table, gpd.GeoDataFrame):
        geometry = table.geometry
        table = pd.DataFrame(table.drop(columns=table.geometry.name))
    given = layer if is_dbf or name is None else str(name)
    facts = {"layer": given, "encoding": encoding}
    return plain_cells(table), geometry, notes, facts


def _one_layer(path: Path, source: Any, layer: str | None) -> str:
    names = [str(name) for name, _ in pyogrio.list_layers(source)]
    if not names:
        raise SourceError(
            f"{path.name} 里没有图层。", f"There is no layer in {path.name}."
        )
    if layer is None:
        if len(names) > 1:
            raise SourceError(
                f"{path.name} 有多个图层：{'、'.join(names)}；请用 layer 选一个。",
                f"{path.name} has several layers: {', '.join(names)}; choose one.",
            )
        return names[0]
    if layer not in names and not (len(names) == 1 and layer == path.stem):
        raise SourceError(
            f"{path.name} 里没有图层 {layer!r}；有：{'、'.join(names)}。",
            f"No layer {layer!r} in {path.name}; there are: {', '.join(names)}.",
        )
    return layer if layer in names else names[0]


def _read_dbf(path: Path, encoding: str) -> pd.DataFrame:
    """Read a shapefile; if a name or text was cut in mid-character, decode it here."""
    try:
        return pyogrio.read_dataframe(path, encoding=encoding)
    except LookupError:
        raise SourceError(
            f"没有编码 {encoding!r}；常用：utf-8、gb18030、big5。",
            f"No encoding {encoding!r}; usual ones: utf-8, gb18030, big5.",
        ) from None
    except UnicodeError:
        table = pyogrio.read_dataframe(path, encoding="ISO-8859-1")

    def again(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        return value.encode("latin-1", "ignore").decode(encoding, "ignore")

    shapes = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else None
    for column in table.columns:
        if column != shapes and pd.api.types.is_string_dtype(table[column]):
            table[column] = table[column].map(again)
    names = [column if column == shapes else again(column) for column in table.columns]
    unique = [
        name if name and names.count(name) == 1 else f"{name or '列'}_{place}"
        for place, name in enumerate(names, start=1)
    ]
    return table.set_axis(unique, axis=1)


def plain_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Make all cells plain objects, missing ones None."""
    cells = table.astype(object)
    cells = cells.where(table.notna(), None)
    for column in cells.columns:
        if any(isinstance(cell, np.ndarray) for cell in cells[column].head(50)):
            cells[column] = [
                "; ".join(map(str, cell)) if isinstance(cell, np.ndarray) else cell
                for cell in cells[column]
            ]
    return cells.set_axis([str(name) for name in cells.columns], axis=1)

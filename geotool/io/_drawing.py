"""Drawings (DXF): the encoding of their texts, and one layer of the drawing by name."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from geotool._notes import note
from geotool.errors import SourceError
from geotool.io._vector import GDAL_FAULTS, plain_cells, told, unreadable

_BINARY = b"AutoCAD Binary DXF"
_UTF8_SINCE = "AC1021"
"""AutoCAD 2007: from here on texts are UTF-8, before in the code page of the office."""


def text_encoding(path: Path) -> str:
    """
    Tell the encoding of the texts of a drawing.

    Returns
    -------
    str
        ``UTF-8`` for drawings of AutoCAD 2007 and later, and where older ones are
        valid UTF-8 all the same; else ``CP936`` or ``CP950`` by the code page.
    """
    data = path.read_bytes()
    if data.startswith(_BINARY):
        raise SourceError(
            f"{path.name} 是二进制 DXF；请在 CAD 中另存为 ASCII（文本）DXF。",
            f"{path.name} is a binary DXF; save it as ASCII DXF.",
        )
    head = data[:20_000]
    if b"SECTION" not in head:
        raise SourceError(
            f"{path.name} 不是 DXF 图形文件；请在 CAD 中另存为 DXF。",
            f"{path.name} is no DXF drawing; save it as DXF.",
        )
    version = _variable(head, b"$ACADVER") or ""
    if version >= _UTF8_SINCE:
        return "UTF-8"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        page = _variable(head, b"$DWGCODEPAGE") or ""
        return "CP950" if "950" in page or "BIG5" in page.upper() else "CP936"
    return "UTF-8"


def _variable(head: bytes, name: bytes) -> str | None:
    found = re.search(re.escape(name) + rb"\s+\d+\s+([^\r\n]+)", head)
    return found[1].decode("ascii", "replace").strip() if found else None


@contextmanager
def _texts_in(encoding: str) -> Iterator[None]:
    # the encoding option of the reader is ignored: only this one counts
    pyogrio.set_gdal_config_options({"DXF_ENCODING": encoding})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"DXF_ENCODING": None})


def _entities(path: Path, encoding: str | None, notes: list[Any]) -> gpd.GeoDataFrame:
    try:
        with told(notes), _texts_in(encoding or text_encoding(path)):
            return pyogrio.read_dataframe(path)
    except GDAL_FAULTS as error:
        if isinstance(error, SourceError):
            raise
        raise unreadable(path.name, error) from None


def drawing_layers(path: Path) -> list[str]:
    """List the layers of a drawing that have something on them."""
    table = _entities(path, None, [])
    return [str(name) for name in dict.fromkeys(table["Layer"].dropna())]


def read_drawing(
    path: Path, *, layer: str | None, encoding: str | None
) -> tuple[pd.DataFrame, gpd.GeoSeries | None, list[dict[str, Any]], dict[str, Any]]:
    """
    Read one layer of a drawing; blocks come taken apart into their shapes.

    Parameters
    ----------
    path : Path
    layer : str, optional
        Needed when there are several.
    encoding : str, optional
        Of the texts, where the drawing is wrong about it.

    Returns
    -------
    cells, geometry, notes, source
    """
    notes: list[dict[str, Any]] = []
    used = encoding or text_encoding(path)
    table = _entities(path, used, notes)
    names = [str(name) for name in dict.fromkeys(table["Layer"].dropna())]
    if layer is None and len(names) > 1:
        raise SourceError(
            f"{path.name} 有多个图层：{'、'.join(names)}；请用 layer 选一个。",
            f"{path.name} has several layers: {', '.join(names)}; choose one.",
        )
    if layer is not None and layer not in names:
        raise SourceError(
            f"{path.name} 里没有图层 {layer!r}；有：{'、'.join(names)}。",
            f"No layer {layer!r} in {path.name}; there are: {', '.join(names)}.",
        )
    chosen = layer or (names[0] if names else None)
    if chosen is not None:
        table = table[table["Layer"] == chosen].reset_index(drop=True)
    zh = "DXF 图形不带坐标系，需要用 crs（--crs EPSG:…）声明"
    notes.append(note(zh, "A drawing has no CRS: declare it with --crs EPSG:…"))
    geometry = gpd.GeoSeries(table.geometry.to_numpy(), crs=None)
    cells = pd.DataFrame(table.drop(columns=table.geometry.name))
    return plain_cells(cells), geometry, notes, {"layer": chosen, "encoding": used}

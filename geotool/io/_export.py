"""Handing data over: Shapefile as old programs read it, FileGDB with long names."""

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.errors import SourceError
from geotool.io._sheets import plain_cell, storable
from geotool.io._vector import told
from geotool.io._write import write_table, write_vector

NAME_BYTES, TEXT_BYTES = 10, 254
"""What a .dbf holds: bytes of a field name, bytes of a text."""

_CHINESE_LANGUAGE = 0x4D


def write_shapefile(
    table: gpd.GeoDataFrame, path: Path, labels: Mapping[str, str]
) -> list[Path]:
    """
    Write a Shapefile in GBK, with names of five Chinese characters.

    Beside it goes ``…_字段对照.csv``: which field is which column, and how many texts
    were too long or had characters GBK lacks.

    Parameters
    ----------
    table : GeoDataFrame
        One type of shape.
    path : Path
    labels : mapping
        Column → name to show.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    SourceError
        If there are several types of shape.
    """
    kinds = {str(k).removeprefix("Multi") for k in table.geom_type.dropna().unique()}
    if len(kinds) > 1:
        raise SourceError(
            f"{path.name}：Shapefile 只能放一种图形，这里有 {'、'.join(sorted(kinds))}；"
            "请改用 gdb 或 gpkg。",
            f"{path.name}: a Shapefile holds one type of shape, here are "
            f"{', '.join(sorted(kinds))}; use gdb or gpkg.",
        )
    made = storable(table)
    lines, taken = [], {"fid"}
    columns: dict[str, Any] = {}
    for column in made.columns:
        if column == made.geometry.name:
            continue
        name = _field_name(str(labels.get(column, column)), taken)
        values, cut, lost = _field_values(made[column])
        columns[name] = values
        lines.append((name, column, labels.get(column, ""), cut, lost))
    frame = gpd.GeoDataFrame(columns, geometry=made.geometry, crs=made.crs)
    written = _place_shapefile(frame, path)
    heads = ["字段名", "列", "中文名", "截短的格数", "GBK 没有的字所在格数"]
    names = path.with_name(f"{path.stem}_字段对照.csv")
    write_table(pd.DataFrame(lines, columns=heads), names)
    return [*written, names]


def _field_name(label: str, taken: set[str]) -> str:
    """Make a name of at most ten bytes that no other field has."""
    plain = "".join(c for c in label if c.isalnum() or c == "_") or "field"
    name, number = _cut(plain, NAME_BYTES), 2
    while name.casefold() in taken:
        tail = str(number)
        name, number = _cut(plain, NAME_BYTES - len(tail)) + tail, number + 1
    taken.add(name.casefold())
    return name


def _cut(text: str, size: int) -> str:
    """Cut a text to a number of bytes in GBK, at a whole character."""
    return text.encode("gbk", "replace")[:size].decode("gbk", "ignore")


def _field_values(column: pd.Series) -> tuple[pd.Series, int, int]:
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.map(plain_cell, na_action="ignore").astype(object), 0, 0
    if pd.api.types.is_bool_dtype(column):
        return column.astype("Int64").astype(float), 0, 0
    if pd.api.types.is_numeric_dtype(column):
        return column, 0, 0
    cut = lost = 0
    values: list[str | None] = []
    for cell in column:
        if not isinstance(cell, str):
            values.append(None)
            continue
        known = cell.encode("gbk", "replace").decode("gbk")
        lost += known != cell
        short = _cut(known, TEXT_BYTES)
        cut += short != known
        values.append(short)
    return pd.Series(values, index=column.index, dtype=object), cut, lost


def _place_shapefile(frame: gpd.GeoDataFrame, path: Path) -> list[Path]:
    """Write in a folder of our own, then move the parts; the .shp comes last."""
    if not path.parent.is_dir():
        raise SourceError(
            f"文件夹 {path.parent} 不存在；请先建立。",
            f"Folder {path.parent} does not exist; make it first.",
        )
    with TemporaryDirectory(dir=path.parent, prefix=".geotool-") as folder:
        inner = Path(folder) / "layer.shp"
        with told([]):
            # the lower-case option: the upper-case one leaves the names in UTF-8
            write_vector(
                frame, inner, layer="layer", driver="ESRI Shapefile", encoding="GBK"
            )
        dbf = inner.with_suffix(".dbf")
        data = bytearray(dbf.read_bytes())
        data[29] = _CHINESE_LANGUAGE  # programs that ignore the .cpg look here
        dbf.write_bytes(data)
        parts = sorted(Path(folder).iterdir(), key=lambda part: part.suffix == ".shp")
        written = []
        for part in parts:
            target = path.with_suffix(part.suffix)
            part.replace(target)
            written.append(target)
    return written


def write_geodatabase(
    tables: Mapping[str, pd.DataFrame],
    path: Path,
    labels: Mapping[str, Mapping[str, str]],
) -> Path:
    """
    Write layers to a FileGDB, with Chinese names of fields as aliases of any length.

    Parameters
    ----------
    tables : mapping
        Layer → table.
    path : Path
        Folder that ends in ``.gdb``; an old one is replaced when the new is whole.
    labels : mapping
        Layer → column → name to show, used as the name of the field.

    Returns
    -------
    Path
    """
    beside = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}.gdb")
    old = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}.old")
    try:
        for name, table in tables.items():
            with told([]):
                write_vector(
                    _named(storable(table), labels.get(name, {})),
                    beside,
                    layer=name,
                    driver="OpenFileGDB",
                    TIME_IN_UTC="NO",  # a deadline is a day here, not in Greenwich
                )
        if path.exists():
            path.rename(old)
        beside.rename(path)
    finally:
        for left in (beside, old):
            if left.is_dir():
                shutil.rmtree(left)
    return path


def _named(table: pd.DataFrame, labels: Mapping[str, str]) -> pd.DataFrame:
    """Call the columns as a person does; names stay unique."""
    taken: set[str] = set()
    names = {}
    for column in table.columns:
        name = "".join(
            c if c.isalnum() else "_" for c in str(labels.get(column, column))
        ).strip("_")
        unique, number = name or "field", 2
        while unique.casefold() in taken:
            unique, number = f"{name}_{number}", number + 1
        taken.add(unique.casefold())
        names[str(column)] = unique
    if isinstance(table, gpd.GeoDataFrame):
        shapes = str(table.geometry.name)
        names[shapes] = shapes
    return table.rename(columns=names)

"""Which reader a file goes to."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool._notes import note, notes_table
from geotool._texts import is_destroyed
from geotool.errors import SourceError
from geotool.io import (
    _archive,
    _drawing,
    _excel,
    _json,
    _kml,
    _osm,
    _parquet,
    _shapefile,
    _sound,
    _text,
    _vector,
)
from geotool.io._grid import destroyed_note, read_sheet
from geotool.io._quick import quick_copy
from geotool.io._raw import RawTable, checked_path, fingerprint

Parts = tuple[pd.DataFrame, gpd.GeoSeries | None, list[dict[str, Any]], dict[str, Any]]

BOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".et", ".ods")
TEXTS = (".csv", ".tsv", ".txt")
VECTORS = (".shp", ".dbf", ".gpkg", ".fgb", ".gdb", *_osm.ENDINGS)
DRAWINGS = (".dxf",)
PARQUETS = (".parquet", ".geoparquet")
JSONS = (".geojson", ".json")
KMLS = (".kml", ".kmz", ".ovkml", ".ovkmz")
ZIPS = (".zip", ".kmz", ".ovkmz")
_PLAIN = "plain"
"""Among the facts of a sheet: its columns of clean texts."""

READABLE = (*BOOKS, *TEXTS, *VECTORS, *DRAWINGS, *PARQUETS, *JSONS, *KMLS)
"""Endings of files that can be read."""


def read_table(
    path: Any,
    *,
    sheet: str | int | None = None,
    layer: str | None = None,
    encoding: str | None = None,
) -> RawTable:
    r"""
    Read a file as it is: cells, row numbers, shapes, and what was no data.

    Parameters
    ----------
    path : path
        Workbook (xlsx, xls, xlsb, ods), text (csv, tsv, txt), Shapefile, GeoPackage,
        GeoJSON, GeoParquet, FlatGeobuf, FileGDB, KML, KMZ, OVKML, DXF, OSM PBF; also
        one of these in a zip.
    sheet : str or int, optional
        Sheet of a workbook, by name or place from 1. Needed when several sheets hold
        tables.
    layer : str, optional
        Layer of a spatial file, or file in a zip. Needed when there are several.
    encoding : str, optional
        Of the texts. By default UTF-8, then GB 18030.

    Returns
    -------
    RawTable

    Raises
    ------
    SourceError
        If the file is missing, empty, broken, locked, of another kind than its name
        says, or holds no table or several.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "台账.csv"
    ...     _ = path.write_text("排口一览表\n编号,名称\n1,东口\n", encoding="gbk")
    ...     read_table(path)
    <RawTable 台账.csv: 1 rows; 编号、名称>
    """
    found = checked_path(path)
    suffix = found.suffix.lower()
    if suffix not in READABLE and suffix not in ZIPS and suffix not in (".shx", ".prj"):
        raise SourceError(
            f"不认识 {found.name} 的格式；可读：{'、'.join(_short(READABLE))}、zip。",
            f"Cannot read {found.name}; formats: {', '.join(_short(READABLE))}, zip.",
        )
    _refuse(found, sheet, layer)
    if suffix in ZIPS and found.is_file() and _begins(found, _excel.ZIPPED):
        with _archive.unpacked(found, layer=layer, endings=READABLE) as inner:
            many = (".gpkg", ".gdb", *DRAWINGS, *_osm.ENDINGS)
            inner_layer = layer if inner.suffix in many else None
            parts = _read(inner, sheet, inner_layer, encoding, name=found)
    elif suffix == ".zip":
        raise SourceError(
            f"{found.name} 不是 zip 压缩包；请重新压缩或解压后再导入。",
            f"{found.name} is no zip file; unpack it and import that.",
        )
    else:
        parts = _read(found, sheet, layer, encoding, name=found)
    return _finished(found, parts)


def _short(endings: tuple[str, ...]) -> list[str]:
    return [ending[1:] for ending in endings]


def _refuse(path: Path, sheet: str | int | None, layer: str | None) -> None:
    suffix = path.suffix.lower()
    if sheet is not None and suffix not in (*BOOKS, ".zip"):
        raise SourceError(
            f"{path.name} 没有工作表，不能指定 sheet。",
            f"{path.name} has no sheets; do not name one.",
        )
    if layer is not None and suffix in (*BOOKS, *TEXTS):
        raise SourceError(
            f"{path.name} 没有图层，请用 sheet 指定工作表。",
            f"{path.name} has no layers; name a sheet instead.",
        )


def _begins(path: Path, magic: bytes) -> bool:
    with path.open("rb") as stream:
        return stream.read(len(magic)) == magic


def _read(
    path: Path,
    sheet: str | int | None,
    layer: str | None,
    encoding: str | None,
    *,
    name: Path,
) -> Parts:
    suffix = path.suffix.lower()
    if suffix in BOOKS:
        return _book(path, sheet, encoding, name)
    if suffix in TEXTS:
        return _lines(path, encoding, name, suffix)
    if suffix in KMLS:
        cells, geometry, notes, facts = _kml.read_kml(path.read_bytes(), name)
        return cells, geometry, notes, facts
    if suffix in JSONS:
        return _json.read_json(path, layer=layer, encoding=encoding, name=name)
    if suffix in PARQUETS:
        return _parquet.read_parquet(path)
    if suffix in DRAWINGS:
        return _drawing.read_drawing(path, layer=layer, encoding=encoding)
    if suffix in _osm.ENDINGS:
        return _osm.read_osm(path, layer=layer)
    return _vector.read_vector(path, layer=layer, encoding=encoding)


def _begins_as_book(path: Path) -> bool:
    return _begins(path, _excel.ZIPPED) or _begins(path, _excel.OLD)


def _book(
    path: Path, sheet: str | int | None, encoding: str | None, name: Path
) -> Parts:
    with path.open("rb") as stream:
        head = stream.read(2048)
    if not _excel.is_workbook(head):
        if b"<html" in head.lower() or b"<table" in head.lower():
            raise SourceError(
                f"{name.name} 其实是网页（HTML）；请用 Excel 打开后另存为 xlsx。",
                f"{name.name} is an HTML page; open it in Excel and save it as xlsx.",
            )
        if path.suffix.lower() != ".xls" or b"\0" in head:
            raise SourceError(
                f"{name.name} 不是 Excel 文件；请用 Excel 打开后另存为 xlsx，"
                "或改用真实的扩展名。",
                f"{name.name} is not a workbook; save it as xlsx, or give it the "
                "ending of what it is.",
            )
        cells, _, notes, facts = _lines(path, encoding, name, ".txt")
        zh = "扩展名是 xls，内容是文本，按文本读"
        notes.append(note(zh, "Named xls but text inside: read as text"))
        return cells, None, notes, facts
    if _excel.is_encrypted(path):
        raise _excel.locked(name.name)
    scanned: dict[str, _sound.Scan] = {}
    with quick_copy(path, scanned) as quick:
        unread = _sound.check_workbook(quick, name.name, scanned=scanned)
        book = _guarded(_excel.read_book, quick, name, sheet=sheet)
    title = f"{name.name}[{book.sheet}]"
    known = _excel.of_sheet(path, book.sheet, unread)
    cells, notes, plain = read_sheet(
        book.grid, book.merged, name=title, unseen=known.unseen
    )
    told = _excel.book_notes(path, known, cells.index)
    told = [*book.notes, *told, *notes]
    return cells, None, told, {"sheet": book.sheet, _PLAIN: plain}


def _guarded(read: Callable[..., Any], path: Path, name: Path, **options: Any) -> Any:
    """Call a reader written in Rust: a damaged file may make it panic."""
    with _excel.panic_told(name.name):
        return read(path, **options)


def _lines(path: Path, encoding: str | None, name: Path, suffix: str) -> Parts:
    data = path.read_bytes()
    if _excel.is_workbook(data):
        cells, geometry, notes, facts = _book(path, None, None, name)
        zh = f"扩展名是 {suffix[1:]}，内容是 Excel，按 Excel 读"
        notes.append(note(zh, f"Named {suffix[1:]} but a workbook: read as one"))
        return cells, geometry, notes, facts
    text, used = _text.decode(data, name=name.name, encoding=encoding)
    rows = _text.split_rows(text, name=name.name, suffix=suffix)
    if not any(cell.strip() for row in rows for cell in row):
        raise SourceError(
            f"{name.name} 里没有内容；请重新导出。",
            f"There is nothing in {name.name}; export it again.",
        )
    cells, notes, plain = read_sheet(rows, name=name.name)
    return cells, None, notes, {"encoding": used, _PLAIN: plain}


def _finished(path: Path, parts: Parts) -> RawTable:
    cells, geometry, notes, facts = parts
    if not isinstance(cells.index, pd.RangeIndex):
        index = cells.index
    else:
        index = pd.Index(range(1, len(cells) + 1), name="row", dtype="int64")
    cells = cells.set_axis(index, axis=0)
    if geometry is not None:
        geometry = geometry.set_axis(index)
    plain = facts.pop(_PLAIN, None)
    if plain is None:  # not looked at yet, as the cells of a sheet are
        destroyed = [c for c in cells.columns if is_destroyed(cells[c].tolist())]
        notes.extend(destroyed_note(str(column)) for column in destroyed)
    crs = None if geometry is None or geometry.crs is None else geometry.crs
    source = {
        "name": path.name,
        "sha256": fingerprint(path),
        "format": path.suffix.lower().lstrip("."),
        "sheet": None,
        "layer": None,
        "encoding": None,
        "crs": None if crs is None else (crs.to_string()[:200]),
        "datum": None,
        **facts,
        "rows_read": len(cells),
    }
    return RawTable(cells, geometry, notes_table(notes), source, plain or frozenset())


def list_layers(path: Any) -> list[str]:
    """
    List the sheets of a workbook or the layers of a spatial file.

    Parameters
    ----------
    path : path

    Returns
    -------
    list of str
        Empty where the format knows no layers.
    """
    found = checked_path(path)
    suffix = found.suffix.lower()
    if suffix in VECTORS:
        _shapefile.lone_table(found)
        return _vector.layer_names(found)
    if suffix in DRAWINGS:
        return _drawing.drawing_layers(found)
    if suffix in BOOKS and _begins_as_book(found):
        if _excel.is_encrypted(found):
            raise _excel.locked(found.name)
        if _begins(found, _excel.OLD):
            _sound.check_workbook(found, found.name)
        return _guarded(_excel.sheet_names, found, found)
    return []

"""What may be handed to build_layer."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj

from geotool._notes import note, notes_table
from geotool.errors import CrsError, LayerError
from geotool.io import RawTable
from geotool.layers._coordinates import check_system
from geotool.layers._result import OUR_COLUMNS
from geotool.schema import LayerKind

PROPOSAL_COLUMNS = ("header", "column", "zh", "likeness")


@contextmanager
def collector_paused() -> Iterator[None]:
    """
    Let Python not look for garbage for a while.

    A workbook of 100 000 rows becomes millions of cells that all stay; the collector
    would walk through them again and again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def raw_table(table: pd.DataFrame) -> RawTable:
    """Make a raw table of a DataFrame; its index is the row number."""
    geometry = None
    if isinstance(table, gpd.GeoDataFrame):
        geometry = table.geometry
        table = pd.DataFrame(table.drop(columns=geometry.name))
    if not table.index.is_unique or not pd.api.types.is_integer_dtype(table.index):
        rows = pd.RangeIndex(1, len(table) + 1)
        table = table.set_axis(rows, axis=0)
        geometry = None if geometry is None else geometry.set_axis(rows)
    cells = table.astype(object)
    cells = cells.where(table.notna(), None).set_axis(
        list(map(str, table.columns)), axis=1
    )
    if cells.columns.duplicated().any():
        twice = cells.columns[cells.columns.duplicated()][0]
        raise LayerError(
            f"表里有两列同名：{twice}；请改名。",
            f"Two columns are named {twice}; rename one.",
        )
    return RawTable(cells, geometry, source={"name": "", "rows_read": len(cells)})


def without_ours(raw: RawTable) -> RawTable:
    """Leave out the columns that a workbook of refused rows has besides."""
    ours = [name for name in raw.cells.columns if name in OUR_COLUMNS]
    if not ours:
        return raw
    return replace(raw, cells=raw.cells.drop(columns=ours))


def osm_layer(path: Any, kind: LayerKind) -> str | None:
    """Name the layer of an OpenStreetMap file that a kind is drawn in."""
    if not str(path).lower().endswith((".pbf", ".osm")):
        return None
    names = {"LineString": "lines", "Polygon": "multipolygons"}
    return names.get(kind.geometry[0], "points")


def only_waterways(raw: RawTable, kind: str) -> RawTable:
    """Leave the roads of an OpenStreetMap file out when rivers are wanted."""
    if kind != "rivers" or raw.source.get("format") not in ("pbf", "osm"):
        return raw
    water = raw.cells.get("waterway")
    if water is None or water.notna().all():
        return raw
    kept = water.notna().to_numpy(bool)
    zh = f"文件里还有 {int((~kept).sum())} 条线没有 waterway 标签（道路等），未读"
    en = f"{int((~kept).sum())} lines without a tag waterway (roads) were not read"
    notes = notes_table([*note_lines(raw.notes), note(zh, en)])
    geometry = None if raw.geometry is None else gpd.GeoSeries(raw.geometry[kept])
    source = {**raw.source, "rows_read": int(kept.sum())}
    return replace(
        raw, cells=raw.cells[kept], geometry=geometry, notes=notes, source=source
    )


def declared_crs(crs: Any) -> pyproj.CRS | None:
    """Read what the user calls a reference system."""
    if crs is None:
        return None
    try:
        declared = pyproj.CRS.from_user_input(crs)
    except (pyproj.exceptions.CRSError, TypeError, ValueError):
        raise CrsError(
            f"不认识的坐标系 {crs!r}；请写成 EPSG:4549 这样的形式。",
            f"Unknown CRS {crs!r}; write it as EPSG:4549.",
        ) from None
    check_system(declared, "--crs")
    return declared


def note_lines(notes: pd.DataFrame) -> list[dict[str, Any]]:
    """Give notes of a table as lines that others can be added to."""
    return [
        {str(name): value for name, value in line.items()}
        for line in notes.to_dict("records")
    ]


def checked_year(year: Any) -> int | None:
    """Give the year that the user states, if it is one."""
    if year is None:
        return None
    if isinstance(year, int) and not isinstance(year, bool) and 1950 <= year <= 2100:
        return year
    raise LayerError(
        f"年份 {year!r} 应是 1950 到 2100 之间的整数。",
        f"The year {year!r} must be a whole number from 1950 to 2100.",
    )

"""What may be handed to build_layer, and readings, which have rules of their own."""

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj

from geotool._notes import note, notes_table
from geotool.errors import CrsError, LayerError
from geotool.io import RawTable, reading_cells
from geotool.layers._coordinates import check_system
from geotool.layers._result import OUR_COLUMNS, LayerImport
from geotool.readings import tidy_readings
from geotool.schema import LayerKind, align_names, fold_name

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


def readings_layer(
    raw: RawTable,
    kind: LayerKind,
    columns: Mapping[str, str] | None,
    year: int | None,
) -> LayerImport:
    """Read readings, which have rules of their own in geotool.readings."""
    cells = reading_cells(raw)
    names = dict(columns or {})
    unknown = [h for h in names if h not in cells.columns]
    if unknown or not set(names.values()) <= set(kind.columns):
        bad = "、".join([*unknown, *(set(names.values()) - set(kind.columns))])
        raise LayerError(
            f"指定的列对应不成立：{bad}；现有列：{'、'.join(map(str, cells.columns))}。",
            f"Cannot map {bad}; there are: {', '.join(map(str, cells.columns))}.",
        )
    tidy, rejected = tidy_readings(cells.rename(columns=names), year=year)
    faulty = rejected["row"].dropna().astype(int).tolist()
    source: dict[str, Any] = {
        "kind": kind.kind,
        "kind_zh": kind.zh,
        **raw.source,
        "rows_read": len(tidy) + len(rejected),
        "source_rows": len(raw.cells),
        "rows_accepted": len(tidy),
        "rows_rejected": len(rejected),
        "year": year,
    }
    lines = [
        *note_lines(raw.notes),
        *_two_of_one_name(cells.rename(columns=names), tidy),
    ]
    if year is not None:
        zh = f"没有年份的监测时间按 {year} 年读"
        lines.append(note(zh, f"Times without a year are taken for {year}"))
    return LayerImport(
        tidy,
        rejected,
        notes_table(lines),
        source,
        pd.DataFrame(columns=list(PROPOSAL_COLUMNS)),
        cells.loc[cells.index.isin(faulty)],
        [
            (int(row), str(column))
            for row, column in zip(rejected["row"], rejected["column"], strict=True)
            if pd.notna(row)
        ],
    )


_PLACE_HEADERS = frozenset(
    map(fold_name, ("省份", "省", "城市", "地市", "流域", "水体", "所在水体", "河流"))
)
"""Columns beside readings that are the same for all readings of one section."""


def _two_of_one_name(cells: pd.DataFrame, tidy: pd.DataFrame) -> list[dict[str, Any]]:
    """Note sections that may be two: two provinces, or two values at one time."""
    keys = ["section_id", "time", "item"]
    again = tidy[tidy.duplicated(keys, keep=False)]
    differ = again.groupby(keys)["value_mg_l"].transform("nunique") > 1
    names = set(again.loc[differ, "section_id"])
    header = {k: n for n, k in align_names(cells.columns, "readings").items()}
    for column in cells.columns:
        if fold_name(column) in _PLACE_HEADERS:
            places = cells.groupby(header["section_id"])[column].nunique()
            names |= set(map(str, places.index[places > 1]))
    if not names:
        return []
    shown = "、".join(sorted(names)[:5])
    zh = f"{len(names)} 个断面名（如 {shown}）或许是不同断面同名：省份、水体或同一时间的值不同"
    en = (
        f"{len(names)} names ({shown}) may each be two sections: another province or "
        "water body, or two values at one time"
    )
    return [note(zh, en, column=str(header["section_id"]))]

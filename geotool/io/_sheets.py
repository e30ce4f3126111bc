"""Cells and sheets as other programs take them."""

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool._colors import is_dark
from geotool._marks import is_missing
from geotool.crs import GEOGRAPHIC_CRS, reproject
from geotool.errors import CrsError, SourceError

_SHEET_ROWS, _CELL_TEXT = 1_048_576, 32_767
_A4 = 9
_FORMULA = re.compile(r"[=@\t\r]|[+-](?!\s*$)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?%?|-+")


def is_formula(text: str) -> bool:
    """
    Whether a spreadsheet would take a text for a formula.

    Examples
    --------
    >>> [is_formula(text) for text in ("=1+1", "@SUM(A1)", "-2.5", "--", "+86 10")]
    [True, True, False, False, True]
    """
    return bool(_FORMULA.match(text)) and not _NUMBER.fullmatch(text.strip())


def flat_table(table: pd.DataFrame) -> pd.DataFrame:
    """Turn shapes into columns: ``lon`` and ``lat`` for points, else ``wkt``."""
    if not isinstance(table, gpd.GeoDataFrame):
        return table
    shapes = table.geometry
    flat = pd.DataFrame(table.drop(columns=shapes.name))
    points = bool((shapes.isna() | (shapes.geom_type == "Point")).all())
    if points and shapes.crs is not None:
        try:
            degrees = reproject(table[[shapes.name]], GEOGRAPHIC_CRS).geometry
        except CrsError:
            pass  # no accurate way to degrees: the shapes are written as they are
        else:
            flat[_free("lon", flat)] = degrees.x.round(9)
            flat[_free("lat", flat)] = degrees.y.round(9)
            return flat
    flat[_free("wkt", flat)] = [None if s is None else s.wkt for s in shapes]
    return flat


def _free(name: str, table: pd.DataFrame) -> str:
    taken = {str(column).casefold() for column in table.columns}
    while name.casefold() in taken:
        name = f"{name}_geotool"
    return name


def plain_cell(value: Any) -> Any:
    """Make a cell that text formats can hold; None when there is nothing."""
    if isinstance(value, (list, tuple, dict)):
        return json.dumps(value, ensure_ascii=False, default=str)
    if is_missing(value):
        return None
    if isinstance(value, (pd.Timestamp, dt.datetime)):
        midnight = value.time() == dt.time(0)
        return value.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M:%S")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, shapely.Geometry):
        return shapely.to_wkt(value, rounding_precision=-1)
    return value.item() if isinstance(value, np.generic) else value


def storable(table: pd.DataFrame) -> pd.DataFrame:
    """
    Make every column one that a spatial format can hold: mixed cells become text.

    Examples
    --------
    >>> storable(pd.DataFrame({"a": [1, "x"]}))["a"].tolist()
    ['1', 'x']
    """
    shapes = table.geometry.name if isinstance(table, gpd.GeoDataFrame) else None
    made = table.copy()
    for place, column in enumerate(made.columns):
        if column == shapes:
            continue
        cells = made.iloc[:, place]
        stored = _storable_column(cells)
        if stored is not cells:
            made.isetitem(place, stored.array)
    return made


def _storable_column(column: pd.Series) -> pd.Series:
    if column.dtype != object:
        if isinstance(column.dtype, pd.CategoricalDtype):
            return column.astype(object).map(_text, na_action="ignore")
        if isinstance(column.dtype, pd.DatetimeTZDtype):
            return column.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)
        return column
    there = [cell for cell in column if not is_missing(cell)]
    kinds = {type(cell) for cell in there}
    if kinds and kinds <= {bool, np.bool_}:
        return column.astype("boolean")
    if kinds and kinds <= {int, np.int64, np.int32}:
        if len(there) == len(column) and all(abs(int(cell)) < 2**63 for cell in there):
            return column.astype("int64")
        return column.astype(float)
    if kinds and kinds <= {int, float, np.int64, np.float64, np.int32, np.float32}:
        return column.astype(float)
    moments = bool(kinds) and kinds <= {pd.Timestamp, dt.datetime}
    if moments and all(cell.tzinfo is None for cell in there):
        return pd.to_datetime(column).astype("datetime64[ms]")
    return column.map(_text).astype(object)


def _text(cell: Any) -> str | None:
    value = plain_cell(cell)
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return str(value)


@dataclass(frozen=True)
class SheetLook:
    """
    How a sheet looks beside its cells.

    Attributes
    ----------
    colors : mapping
        Header → text of a cell → fill, such as ``"#ffe400"``. Excel colours by what
        stands in the cell, so that a corrected cell takes its new colour.
    formats : mapping
        Header → number format of Excel, such as ``"0.0%"``.
    """

    colors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    formats: Mapping[str, str] = field(default_factory=dict)


def write_book(
    sheets: Mapping[str, pd.DataFrame],
    path: Path,
    *,
    faulty: Mapping[str, Sequence[tuple[int, int]]] | None = None,
    looks: Mapping[str, SheetLook] | None = None,
) -> None:
    """
    Write sheets to a workbook, header frozen, no text ever a formula or a link.

    Printed, each sheet is as wide as an A4 page lies and repeats its header.

    Parameters
    ----------
    sheets : mapping
        Name → table.
    path : Path
        Written in place: call it inside :func:`replacing`.
    faulty : mapping, optional
        Sheet → cells (row, column, from 0 below the header) to colour.
    looks : mapping, optional
        Sheet → colours and number formats.
    """
    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": True,
        "constant_memory": False,
    }
    import xlsxwriter  # slow to load, and most never need it

    book = xlsxwriter.Workbook(str(path), options)
    head = book.add_format({"bold": True, "bg_color": "#dbe5f1", "text_wrap": True})
    red = book.add_format({"bg_color": "#f8c9c4", "border": 1})
    used: set[str] = set()
    try:
        for name, table in sheets.items():
            sheet = book.add_worksheet(_sheet_name(name, used))
            cells = set((faulty or {}).get(name, ()))
            flat = flat_table(table)
            _fill_sheet(sheet, flat, head, red, cells)
            _dress(book, sheet, flat, (looks or {}).get(name, SheetLook()))
    finally:
        book.close()


def _sheet_name(name: str, used: set[str]) -> str:
    """Make a name Excel takes: at most 31 characters, no brackets, not used twice."""
    plain = re.sub(r"[\[\]:*?/\\]", "_", name).strip("'")[:31] or "Sheet"
    unique, number = plain, 2
    while unique.casefold() in used:
        unique, number = f"{plain[:28]}_{number}", number + 1
    used.add(unique.casefold())
    return unique


def _fill_sheet(
    sheet: Any, table: pd.DataFrame, head: Any, red: Any, faulty: set[tuple[int, int]]
) -> None:
    if len(table) >= _SHEET_ROWS:
        raise SourceError(
            f"{len(table)} 行超过 Excel 的上限 {_SHEET_ROWS - 1} 行；请写成 csv 或 gpkg。",
            f"{len(table)} rows are more than the {_SHEET_ROWS - 1} of Excel; "
            "write csv or gpkg.",
        )
    widths = []
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, str(name), head)
        values = [plain_cell(value) for value in table.iloc[:, column]]
        for row, value in enumerate(values):
            style = red if (row, column) in faulty else None
            _put(sheet, row + 1, column, value, style)
        shown = [str(name), *(str(v) for v in values[:200] if v is not None)]
        widths.append(max(map(_width, shown)))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width + 2, 8), 48))
    sheet.freeze_panes(1, 0)
    if len(table) and len(table.columns):
        sheet.autofilter(0, 0, len(table), len(table.columns) - 1)


def _dress(book: Any, sheet: Any, table: pd.DataFrame, look: SheetLook) -> None:
    sheet.set_landscape()
    sheet.set_paper(_A4)
    sheet.repeat_rows(0)
    sheet.fit_to_pages(1, 0)
    for column, name in enumerate(map(str, table.columns)):
        if name in look.formats:
            shape = {"type": "no_errors", "format": None}
            shape["format"] = book.add_format({"num_format": look.formats[name]})
            sheet.conditional_format(1, column, max(len(table), 1), column, shape)
        for text, fill in look.colors.get(name, {}).items():
            ink = "#ffffff" if is_dark(fill) else "#000000"
            sheet.conditional_format(
                1,
                column,
                max(len(table), 1),
                column,
                {
                    "type": "cell",
                    "criteria": "==",
                    "value": f'"{text}"',
                    "format": book.add_format({"bg_color": fill, "font_color": ink}),
                },
            )


def _width(text: str) -> int:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


def _put(sheet: Any, row: int, column: int, value: Any, style: Any) -> None:
    if value is None:
        sheet.write_blank(row, column, None, style)
    elif isinstance(value, bool):
        sheet.write_boolean(row, column, value, style)
    elif isinstance(value, (int, float)) and abs(value) < 1e15:
        sheet.write_number(row, column, value, style)
    else:
        text = str(value)
        if len(text) > _CELL_TEXT:
            raise SourceError(
                f"有一格文字长 {len(text)} 字，超过 Excel 的 {_CELL_TEXT}；请写成 csv。",
                f"A text of {len(text)} characters does not fit into a cell of Excel; "
                "write csv.",
            )
        sheet.write_string(row, column, text, style)

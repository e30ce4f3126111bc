"""Put tables into files, the same bytes (or cells) at every run."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
import shapely
import xlsxwriter

from demo import INVENTED, NOTE
from demo._places import degrees

_MADE = dt.datetime(2026, 11, 1, 8, 0, 0)
"""A date for the files' own records, so that they do not change from day to day."""


def write_csv(table: pd.DataFrame, path: Path, *, encoding: str = "utf-8-sig") -> None:
    """Write a table as Excel saves it: UTF-8 with a mark, or GBK."""
    text = table.to_csv(index=False, lineterminator="\n")
    path.write_bytes(text.encode(encoding))


def write_json(content: dict[str, Any], path: Path) -> None:
    """Write plain data as text people can read."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    path.write_bytes(f"{text}\n".encode())


def write_geojson(
    rows: list[tuple[dict[str, object], shapely.Polygon]], path: Path
) -> None:
    """Write polygons in degrees, one feature a line."""
    features = [
        {"type": "Feature", "properties": properties, "geometry": _in_degrees(shape)}
        for properties, shape in rows
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in features)
    name = json.dumps(f"{path.stem}（{INVENTED}，{NOTE}）", ensure_ascii=False)
    path.write_bytes(
        f'{{"type": "FeatureCollection", "name": {name}, "features": [\n{lines}\n]}}\n'.encode()
    )


def _in_degrees(shape: shapely.Polygon) -> dict[str, object]:
    oriented = shapely.geometry.polygon.orient(shape)
    rings = [oriented.exterior, *oriented.interiors]
    return {
        "type": "Polygon",
        "coordinates": [
            [list(degrees(shapely.Point(xy))) for xy in ring.coords] for ring in rings
        ],
    }


def write_shapefile(layer: gpd.GeoDataFrame, path: Path) -> None:
    """Write a shapefile in GBK without the .cpg that would say so, as is common."""
    pyogrio.write_dataframe(
        layer,
        path,
        driver="ESRI Shapefile",
        encoding="GBK",
        layer_options={"DBF_DATE_LAST_UPDATE": _MADE.strftime("%Y-%m-%d")},
    )
    path.with_suffix(".cpg").unlink(missing_ok=True)


def write_register(
    table: pd.DataFrame, path: Path, *, title: str, remark: str, footnote: str
) -> None:
    """Write a workbook with a merged title, a remark, headers, rows and a footnote."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": title, "comments": NOTE, "created": _MADE})
        sheet = book.add_worksheet("排污口登记表")
        last = len(table.columns) - 1
        bold = book.add_format({"bold": True, "align": "center", "font_size": 14})
        head = book.add_format({"bold": True, "text_wrap": True, "border": 1})
        sheet.merge_range(0, 0, 0, last, title, bold)
        sheet.merge_range(1, 0, 1, last, remark)
        for column, name in enumerate(table.columns):
            sheet.write_string(2, column, name, head)
        _cells(sheet, table, first_row=3)
        sheet.write_string(len(table) + 3, 0, footnote)
        sheet.set_column(0, last, 12)
        sheet.freeze_panes(3, 3)


def write_sheet(table: pd.DataFrame, path: Path, *, title: str) -> None:
    """Write a workbook with a title row above the headers."""
    with xlsxwriter.Workbook(path) as book:
        book.set_properties({"title": title, "comments": NOTE, "created": _MADE})
        sheet = book.add_worksheet("逐月监测")
        sheet.merge_range(0, 0, 0, len(table.columns) - 1, title)
        for column, name in enumerate(table.columns):
            sheet.write_string(1, column, name)
        _cells(sheet, table, first_row=2)
        sheet.set_column(0, len(table.columns) - 1, 13)


def _cells(
    sheet: xlsxwriter.worksheet.Worksheet, table: pd.DataFrame, *, first_row: int
) -> None:
    """Write text as text and numbers as numbers; empty cells stay empty."""
    for i, row in enumerate(table.to_numpy(dtype=object)):
        for column, value in enumerate(row):
            if isinstance(value, str):
                if value:
                    sheet.write_string(first_row + i, column, value)
            elif not pd.isna(value):
                sheet.write_number(first_row + i, column, value)

"""What may be handed to build_layer, and readings, which have rules of their own."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import pandas as pd
import pyproj

from geotool.errors import CrsError, LayerError
from geotool.io import RawTable, reading_cells
from geotool.layers._coordinates import check_system
from geotool.layers._result import OUR_COLUMNS, LayerImport
from geotool.readings import tidy_readings
from geotool.schema import LayerKind

PROPOSAL_COLUMNS = ("header", "column", "zh", "likeness")


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
    return RawTable(raw.cells.drop(columns=ours), raw.geometry, raw.notes, raw.source)


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


def readings_layer(
    raw: RawTable, kind: LayerKind, columns: Mapping[str, str] | None
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
    tidy, rejected = tidy_readings(cells.rename(columns=names))
    faulty = rejected["row"].dropna().astype(int).tolist()
    source: dict[str, Any] = {
        "kind": kind.kind,
        "kind_zh": kind.zh,
        **raw.source,
        "rows_read": len(tidy) + len(rejected),
        "source_rows": len(raw.cells),
        "rows_accepted": len(tidy),
        "rows_rejected": len(rejected),
    }
    return LayerImport(
        tidy,
        rejected,
        raw.notes,
        source,
        pd.DataFrame(columns=list(PROPOSAL_COLUMNS)),
        cells.loc[cells.index.isin(faulty)],
        [
            (int(row), str(column))
            for row, column in zip(rejected["row"], rejected["column"], strict=True)
            if pd.notna(row)
        ],
    )

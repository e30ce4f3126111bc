"""Readings and settings: files that need a word more than reading their cells."""

import json
import tomllib
from typing import Any

import pandas as pd

from geotool._months import month_columns
from geotool._sections import section_groups
from geotool._texts import number_text
from geotool.errors import SourceError
from geotool.io import _text
from geotool.io._monthly import with_months
from geotool.io._raw import RawTable, checked_path
from geotool.io._read import read_table
from geotool.readings import tidy_readings
from geotool.schema import align_names, fold_name


def read_readings(
    path: Any,
    *,
    sheet: str | int | None = None,
    encoding: str | None = None,
    year: int | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Read monitoring values, one reading a row, in one unit per item.

    Parameters
    ----------
    path : path
        Workbook or text, one column an item or one row a value.
    sheet, encoding : optional
        As :func:`read_table`.
    year : int, optional
        Year of times that are written without one (``08-21 20:00``).

    Returns
    -------
    readings, rejected : DataFrame
        As :func:`geotool.readings.tidy_readings` gives them; rows as in Excel.
    """
    table = read_table(path, sheet=sheet, encoding=encoding)
    return tidy_readings(reading_cells(table, year=year), year=year)


def reading_cells(table: RawTable, *, year: int | None = None) -> pd.DataFrame:
    """Give the cells with the lower name of two header rows where it is enough."""
    return noted_cells(table, year=year)[0]


def noted_cells(
    table: RawTable, *, year: int | None = None
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """
    Give the cells of :func:`reading_cells`, and notes on what was taken from a title.

    Parameters
    ----------
    table : RawTable
    year : int, optional
        Year of months that stand as columns without one.
    """
    names = [str(name) for name in table.cells.columns]
    beside = {name for headers in section_groups(names).values() for name in headers}
    beside |= {*month_columns(names)}
    lower = [name.rsplit(" / ", 1)[-1] for name in names]
    chosen = [
        low if lower.count(low) == 1 and name not in beside else name
        for name, low in zip(names, lower, strict=True)
    ]
    return with_months(_with_time(table.cells.set_axis(chosen, axis=1)), table, year)


_DATE_PARTS = (("年份", "年", "year"), ("月份", "月", "month"), ("日", "day"))


def _with_time(cells: pd.DataFrame) -> pd.DataFrame:
    """Join year, month and day that stand in columns of their own."""
    names = [str(name) for name in cells.columns]
    if "time" in align_names(names, "readings").values():
        return cells
    folded = {fold_name(name): name for name in names}
    year, month, day = (
        next((folded[word] for word in words if word in folded), None)
        for words in _DATE_PARTS
    )
    if year is None or month is None:
        return cells
    used = [part for part in (year, month, day) if part is not None]
    time = [
        "-".join(
            number_text(cell).strip().rstrip("年月日号")
            for cell in row
            if cell is not None
        )
        or None
        for row in cells[used].itertuples(index=False, name=None)
    ]
    return cells.drop(columns=used).assign(
        监测时间=pd.Series(time, index=cells.index, dtype=object)
    )


def read_mapping(path: Any) -> dict[str, Any]:
    """
    Read a TOML or JSON file of settings.

    Parameters
    ----------
    path : path
        Ending ``.toml`` or ``.json``.

    Returns
    -------
    dict

    Raises
    ------
    SourceError
        If it is missing, broken, or no mapping.
    """
    found = checked_path(path)
    suffix = found.suffix.lower()
    if suffix not in (".toml", ".json"):
        raise SourceError(
            f"{found.name} 需要是 .toml 或 .json 文件。",
            f"{found.name} must be a .toml or .json file.",
        )
    text, _ = _text.decode(found.read_bytes(), name=found.name)
    try:
        content = tomllib.loads(text) if suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{found.name} 的写法有误（{error}）。",
            f"{found.name} is not well formed ({error}).",
        ) from None
    if not isinstance(content, dict):
        raise SourceError(
            f"{found.name} 应是“名称: 值”的形式。",
            f"{found.name} must be a mapping of names to values.",
        )
    return content

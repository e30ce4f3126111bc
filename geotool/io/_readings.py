"""Readings and settings: files that need a word more than reading their cells."""

import json
import tomllib
from typing import Any

import pandas as pd

from geotool._months import period_columns
from geotool._notes import notes_table
from geotool._register import by_register
from geotool._sections import section_groups
from geotool.errors import SourceError
from geotool.io import _text
from geotool.io._dated import dated, with_time
from geotool.io._item_columns import of_items, with_marks, with_units
from geotool.io._monthly import with_periods
from geotool.io._raw import RawTable, checked_path
from geotool.io._read import read_table
from geotool.io._refused import refuse_across
from geotool.io._side_headers import below_sections
from geotool.readings import tidy_readings


def read_readings(
    path: Any,
    *,
    sheet: str | int | None = None,
    encoding: str | None = None,
    year: int | None = None,
    sections: pd.DataFrame | None = None,
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
    sections : DataFrame, optional
        List of sections, in which each is found by its code, else by its name.

    Returns
    -------
    readings, rejected : DataFrame
        As :func:`geotool.readings.tidy_readings` gives them; rows as in Excel.
    """
    table = read_table(path, sheet=sheet, encoding=encoding)
    cells, _ = reading_cells(table, year=year, sections=sections)
    return tidy_readings(cells, year=year)


def reading_cells(
    table: RawTable, *, year: int | None = None, sections: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Give the cells as :func:`geotool.readings.tidy_readings` takes them.

    Parameters
    ----------
    table : RawTable
    year, sections : optional
        As :func:`read_readings`.

    Returns
    -------
    cells : DataFrame
    notes : DataFrame
        What was taken for granted: times, units and sections that the cells do not
        state themselves. What was found about the cells is in the notes of ``table``.
    """
    cells, taken = noted_cells(table, year=year)
    cells, found = by_register(cells, sections)
    return cells, notes_table([*taken, *found])


def noted_cells(
    table: RawTable, *, year: int | None = None
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """
    Give the cells of :func:`reading_cells`, and notes on what was taken from a title.

    Parameters
    ----------
    table : RawTable
    year : int, optional
        Year of times, in a column or as columns, that are written without one.
    """
    names = of_items([str(name) for name in table.cells.columns])
    beside = {name for headers in section_groups(names).values() for name in headers}
    beside |= {*period_columns(names), *below_sections(names)}
    lower = [name.rsplit(" / ", 1)[-1] for name in names]
    chosen = [
        low if lower.count(low) == 1 and name not in beside else name
        for name, low in zip(names, lower, strict=True)
    ]
    cells, of_units = with_units(table.cells.set_axis(chosen, axis=1))
    cells, of_marks = with_marks(cells)
    refuse_across(cells)
    cells, of_times = dated(with_time(cells), table, year)
    made, of_periods = with_periods(cells, table, year)
    return made, [*of_units, *of_marks, *of_times, *of_periods]


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

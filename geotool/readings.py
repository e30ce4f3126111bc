"""Readings as they come from a workbook → one tidy table in one unit per item.

A laboratory writes ``<0.01``, ``0.01L``, ``未检出``, ``--`` or ``1.2*``; headers say
``氨氮（mg/L）`` or ``w21003``. Names, units and marks are data in
``tables/pollutants.toml``. Nothing is lost: what is not a reading comes back in
a second table with the reason.
"""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from geotool._items import (
    Item,
    fold_item,
    fold_unit,
    item_table,
    split_header,
)
from geotool._marks import (
    MISSING,
    UNREADABLE,
    is_missing,
    parse_time,
    parse_times,
    parse_value,
    parse_values,
)
from geotool._months import YEAR_HEADERS, When, period_columns
from geotool._reading_values import convert_units, judge
from geotool._register import section_headers
from geotool._rejections import REASONS, REJECTED_COLUMNS, rejections, stacked
from geotool._sections import one_spelling, section_groups
from geotool.errors import LayerError
from geotool.schema import SERIAL, align_names, fold_name

__all__ = [
    "Item",
    "convert_units",
    "fold_item",
    "fold_unit",
    "item_table",
    "parse_time",
    "parse_times",
    "parse_value",
    "parse_values",
    "split_header",
    "tidy_readings",
]

_OURS = ("value_mg_l", "detected")
"""Columns of a tidy table that are made again from ``value`` when it is read."""


def tidy_readings(
    table: pd.DataFrame, *, year: int | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Make one row per reading, in one unit per item.

    Parameters
    ----------
    table : DataFrame
        Cells as they came. Either one reading a row (columns for section, time,
        item, value, and unit and flag if there are any) or one column an item.
        Headers as in ``layers.toml``, layer ``readings``, and ``pollutants.toml``.
        The index is the row number that a message names.
    year : int, optional
        Year of times that are written without one; without it such rows are rejected.

    Returns
    -------
    readings : DataFrame
        ``section_id`` (text), ``time`` (datetime, Chinese time without a zone),
        ``item`` (key), ``value`` (text as it came), ``value_mg_l`` (float, in the
        unit of the item: mg/L, but ℃ for WT, none for PH, 个/L for FC), ``unit``
        (of ``value``, as written in the source, else empty: the unit of the item),
        ``flag``, ``detected`` (bool).
        Below detection ``value_mg_l`` is half of the detection limit, as means and
        classes need it (domain.md 0.8; a sum takes 0: use ``detected``); NaN when
        the limit is not stated. ``method`` follows where the source tells automatic
        values from manual ones.
    rejected : DataFrame
        ``row, column, value, reason, reason_en, remedy, remedy_en``. In the long
        form the rows of both tables add up to the rows of the source. In the wide
        form an empty cell is no reading; a row without any value and a column
        that is no known item each give one rejected row (``row`` is missing for a
        column).

    Raises
    ------
    LayerError
        If the columns for section, time, or items and values are not there.

    Examples
    --------
    >>> wide = pd.DataFrame(
    ...     {"断面名称": ["A", "A"], "日期": ["2026-05-03", "5月4日"],
    ...      "氨氮(μg/L)": [310, 500], "总磷": ["<0.01", 0.2]}
    ... )
    >>> tidy, rejected = tidy_readings(wide)
    >>> tidy[["item", "value", "value_mg_l", "unit", "detected"]]
       item  value  value_mg_l  unit  detected
    0  NH3N    310       0.310  μg/L      True
    1    TP  <0.01       0.005           False
    >>> rejected[["row", "column", "reason"]].to_numpy().tolist()
    [[1, '日期', '监测时间没有年份']]
    """
    names = [name for name in map(str, table.columns) if name not in _OURS]
    if "value" not in names and "value_mg_l" in map(str, table.columns):
        names.append("value_mg_l")
    cells = table.set_axis(list(map(str, table.columns)), axis=1)
    if cells.columns.duplicated().any():
        twice = cells.columns[cells.columns.duplicated()][0]
        raise LayerError(
            f"监测数据有两列同名：{twice}；请改名。",
            f"Two columns of the readings are named {twice}; rename one.",
        )
    headers = {key: name for name, key in align_names(names, "readings").items()}
    groups = section_groups(names)
    if groups:
        return _side_by_side(cells, groups, year)
    periods = period_columns(names)
    if periods:
        return _period_by_period(cells, periods, year)
    _require(headers, names, "section_id", "time")
    if "item" in headers:
        _require(headers, names, "value")
        long, rejected = _long_form(cells, headers, year)
    else:
        long, rejected = _wide_form(cells, headers, names, year)
    readings, refused = judge(long)
    every = stacked([rejected, refused])
    every = every.sort_values("row", kind="stable", ignore_index=True)
    return readings, every[list(REJECTED_COLUMNS)]


def _side_by_side(
    cells: pd.DataFrame, groups: Mapping[str, Mapping[str, str]], year: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read stations that stand side by side one after the other."""
    grouped = {name for headers in groups.values() for name in headers}
    common = [name for name in cells.columns if name not in grouped]
    left = cells[[*grouped]].isna().all(axis=1)  # rows without a value: told once

    def parts() -> Iterator[_Part]:
        for station, headers in groups.items():
            rows = cells[[*headers]].notna().any(axis=1)
            if station == next(iter(groups)):
                rows |= left
            part = cells.loc[rows, [*common, *headers]].rename(columns=dict(headers))
            part.insert(0, "断面", station)
            yield part, {item: header for header, item in headers.items()}

    return _one_after_the_other(parts(), year)


def _period_by_period(
    cells: pd.DataFrame, columns: Mapping[str, When], year: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the columns of one period after those of the other."""
    common = [name for name in cells.columns if name not in columns]
    years = next((name for name in common if fold_name(name) in YEAR_HEADERS), None)
    left = _blank(cells[[*columns]]).all(axis=1)  # rows without a value: told once
    each = [*dict.fromkeys(when.period for when in columns.values())]

    def parts() -> Iterator[_Part]:
        for period in each:
            same = {
                n: when.item for n, when in columns.items() if when.period == period
            }
            rows = ~_blank(cells[[*same]]).all(axis=1)
            if period == each[0]:
                rows |= left
            renamed = {name: item or "监测值" for name, item in same.items()}
            part = cells.loc[rows, [*common, *same]].rename(columns=renamed)
            said = period.text
            if period.year is None and years is not None:
                stated = part.pop(years).map(_id_text).str.rstrip("年度")
                part["监测时间"] = stated + f"年{said}"
            else:
                part["监测时间"] = said
            yield part, {new: old for old, new in renamed.items()}

    return _one_after_the_other(parts(), year)


_Part = tuple[pd.DataFrame, dict[str, str]]
"""Columns of one station or month, and what the file calls those it had to name anew."""


def _one_after_the_other(
    parts: Iterable[_Part], year: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read parts of a table by themselves; rejects speak of the file's own headers."""
    made, refused = [], []
    for part, headers in parts:
        readings, bad = tidy_readings(part, year=year)
        made.append(readings)
        refused.append(bad.assign(column=bad["column"].replace(headers)))
    rejected = stacked(refused).drop_duplicates(["row", "column", "reason", "value"])
    rejected = rejected.sort_values("row", kind="stable", ignore_index=True)
    return pd.concat(made, ignore_index=True), rejected


def _blank(cells: pd.DataFrame) -> pd.DataFrame:
    return cells.isna() | (cells == "")


def _require(headers: dict[str, str], names: list[str], *keys: str) -> None:
    words = {
        "section_id": ("断面编号（或断面名称）", "section_id"),
        "time": ("监测时间", "time"),
        "value": ("监测值", "value"),
    }
    for key in keys:
        if key not in headers:
            raise LayerError(
                f"监测数据缺少“{words[key][0]}”列；现有列：{'、'.join(names)}。",
                f"The readings lack a column {words[key][1]}; "
                f"there are: {', '.join(names)}.",
            )


def _keys(
    cells: pd.DataFrame, headers: dict[str, str], year: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read section and time of every row; rows without either are rejected."""
    section = one_spelling(cells[headers["section_id"]].map(_id_text))
    times = parse_times(cells[headers["time"]], year=year)
    reason = np.select(
        [section == "", *(times["problem"] == word for word in _TIME_PROBLEMS)],
        ["section", *(f"time_{word}" for word in _TIME_PROBLEMS)],
        default="",
    )
    keys = pd.DataFrame(
        {"row": cells.index, "section_id": section.array, "time": times["time"].array},
        index=range(len(cells)),
    )
    if "method" in headers:
        keys["method"] = cells[headers["method"]].map(_id_text).array
    rejected = [
        rejections(cells.index[reason == name], header, bad, name)
        for name in REASONS
        if (reason == name).any()
        for header in [headers["section_id" if name == "section" else "time"]]
        for bad in [cells.loc[reason == name, header].to_numpy(dtype=object)]
    ]
    return keys[reason == ""], stacked(rejected)


_TIME_PROBLEMS = (MISSING, "no_year", "no_month", UNREADABLE)


def _id_text(cell: object) -> str:
    """Make an id text; Excel turns 3206120 into 3206120.0."""
    if is_missing(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())


def _long_form(
    cells: pd.DataFrame, headers: dict[str, str], year: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    keys, rejected = _keys(cells, headers, year)
    at = keys.index.to_numpy()
    long = keys.reset_index(drop=True)
    value = headers["value"]
    long["column"] = value
    long["item_as_written"] = cells[headers["item"]].to_numpy(dtype=object)[at]
    long["raw"] = cells[value].to_numpy(dtype=object)[at]
    for key in ("unit", "flag"):
        texts = cells[headers[key]].map(_id_text) if key in headers else ""
        long[key] = texts if isinstance(texts, str) else texts.to_numpy(object)[at]
    read = {name: split_header(name) for name in long["item_as_written"].unique()}
    long["item"] = [read[name][0] for name in long["item_as_written"]]
    named = [read[name][1] or "" for name in long["item_as_written"]]
    # the unit beside the value is nearest to it, then that of the item's name, then
    # that of the header, where it fits
    long["unit"] = long["unit"].where(long["unit"] != "", named)
    long["unit"] = _with_header_unit(long, value)
    long["halved"] = fold_name(value) == fold_name("value_mg_l")
    return long, rejected


def _with_header_unit(long: pd.DataFrame, header: str) -> list[str]:
    """Take the unit in the header of the values for items that can have it."""
    text = header.replace("value_mg_l", "value(mg/L)")
    bracket = text[text.find("(") + 1 :].rstrip(")") if "(" in text else ""
    if "（" in text:
        bracket = text[text.find("（") + 1 :].rstrip("）")
    fits = {
        item: (fold_unit(bracket, item) or "") if bracket else ""
        for item in long["item"].dropna().unique()
    }
    return [
        unit or fits.get(item, "")
        for unit, item in zip(long["unit"], long["item"], strict=True)
    ]


def _wide_form(
    cells: pd.DataFrame, headers: dict[str, str], names: list[str], year: int | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    others = [name for name in names if name not in headers.values()]
    read = {name: split_header(name) for name in others}
    items = [name for name in others if read[name][0]]
    if not items:
        raise LayerError(
            "监测数据里没有监测项目：需要“监测项目”和“监测值”两列，"
            f"或以项目为列名（氨氮、总磷…）；现有列：{'、'.join(names)}。",
            "The readings name no item: columns item and value are needed, or one "
            f"column per item (氨氮, TP …); there are: {', '.join(names)}.",
        )
    keys, rejected = _keys(cells, headers, year)
    at = keys.index.to_numpy()
    grid = cells[items].to_numpy(dtype=object)[at]
    filled = ~pd.isna(grid) & (grid != "")
    row, column = np.nonzero(filled)
    long = keys.iloc[row].reset_index(drop=True)
    long["column"] = np.array(items, dtype=object)[column]
    long["raw"] = grid[row, column]
    long["item"] = [read[name][0] for name in long["column"]]
    long["item_as_written"] = long["column"]
    long["unit"] = [read[name][1] or "" for name in long["column"]]
    long["flag"], long["halved"] = "", False
    blank = keys.loc[~filled.any(axis=1), "row"]
    known = SERIAL | section_headers()  # a code beside the name is no measurement
    free = [n for n in others if n not in items and fold_name(n) not in known]
    unread = [name for name in free if _numeric(cells[name])]
    parts = [
        rejected,
        rejections(blank.array, "", [""] * len(blank), "empty_row"),
        *(rejections([None], name, [""], "column") for name in unread),
    ]
    return long, stacked(parts)


def _numeric(column: pd.Series) -> bool:
    """Whether a column nobody knows may hold measurements: mostly numbers."""
    read = parse_values(column.dropna())
    there = read[read["flag"] != MISSING]
    return len(there) > 0 and bool((there["flag"] != UNREADABLE).mean() > 0.5)

"""A sheet with a column a period: which year they are of, and of which item."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pandas as pd

from geotool._items import fold_unit, item_table
from geotool._months import (
    YEAR_HEADERS,
    When,
    items_in,
    months_in,
    period_columns,
    years_in,
)
from geotool._notes import note
from geotool._periods import UNITS, Period
from geotool.errors import LayerError
from geotool.io._raw import RawTable
from geotool.schema import align_names, fold_name

Notes = list[dict[str, Any]]


def said_of(table: RawTable) -> Iterator[tuple[str, tuple[str, str]]]:
    """Give what is written about a table, and where: titles, its sheet, its file."""
    titles = table.notes["before"][table.notes["reason"].str.startswith("表头上方")]
    for text in (*titles, table.source.get("sheet") or ""):
        yield str(text), ("取自标题", "is in the title")
    yield str(table.source.get("name") or ""), ("取自文件名", "is in the file's name")


def said_year(table: RawTable) -> tuple[list[int], tuple[str, str]]:
    """Give the years that the first text about a table names, and where it stands."""
    found = ((years_in(text), where) for text, where in said_of(table))
    return next((pair for pair in found if pair[0]), ([], ("", "")))


def said_month(table: RawTable) -> tuple[Period | None, tuple[str, str]]:
    """Give the one month that the first text about a table names, and where."""
    found = ((months_in(text), where) for text, where in said_of(table))
    months, where = next((pair for pair in found if pair[0]), ([], ("", "")))
    return (Period("month", *months[0]) if len(months) == 1 else None), where


def with_periods(
    cells: pd.DataFrame, table: RawTable, year: int | None
) -> tuple[pd.DataFrame, Notes]:
    """
    Give every period its year and the rows their item, from the titles of the sheet.

    Parameters
    ----------
    cells : DataFrame
    table : RawTable
        Where they are from: its titles and the name of its sheet may say the rest.
    year : int, optional
        Said by the user.

    Returns
    -------
    cells, notes
        As they came where periods are no columns.

    Raises
    ------
    LayerError
        If nothing says, or two things say differently, which year, month or item it
        is.
    """
    cells = _numbered_days(cells)
    columns = period_columns(map(str, cells.columns))
    if not columns:
        return cells, []
    columns, in_month = _of_a_month(columns, table, year)
    stated, where = _year(columns, [*map(str, cells.columns)], table, year)
    headers = {
        name: replace(
            when, period=replace(when.period, year=when.period.year or stated)
        ).header
        for name, when in columns.items()
    }
    unit = next(iter(columns.values())).period.unit
    zh, each, en, rough, rough_en = UNITS[unit]
    if len({*headers.values()}) < len(headers):
        word = "个月" if unit == "month" else zh
        raise LayerError(
            f"有两列是同一{word}：{'、'.join(columns)}；请删去一列，或在列名里写上年份。",
            f"Two columns are of one {en}: {', '.join(columns)}; drop one, or write "
            "the years into the headers.",
        )
    zh = f"各{zh}并列，{each}{rough}{in_month[0]}{where[0]}"
    en = f"One column a {en}{rough_en}{in_month[1]}{where[1]}"
    made = cells.rename(columns=headers)
    item = _item(made, columns, [text for text, _ in said_of(table)][:-1])
    if item:
        made.insert(0, "监测项目", item)
        zh, en = f"{zh}；项目“{item}”取自标题", f"{en}; the item {item} is in the title"
    return made, [note(zh, en)]


def _numbered_days(cells: pd.DataFrame) -> pd.DataFrame:
    """
    Call columns that count the days of a month, 1 to 28 or more, 1日, 2日 and so on.

    Examples
    --------
    >>> days = pd.DataFrame(columns=["断面", *map(str, range(1, 32))])
    >>> [*_numbered_days(days)][:3], [*_numbered_days(days.iloc[:, :13])][:3]
    (['断面', '1日', '2日'], ['断面', '1', '2'])
    """
    days = {str(name): str(name) for name in cells.columns if str(name).isdecimal()}
    counted = [*days] == [str(day) for day in range(1, len(days) + 1)]
    if not counted or not 28 <= len(days) <= 31:
        return cells
    return cells.rename(columns={name: f"{name}日" for name in days})


def _of_a_month(
    columns: dict[str, When], table: RawTable, year: int | None
) -> tuple[dict[str, When], tuple[str, str]]:
    """Give days and ten days without a month the one that the title names."""
    if all(when.period.month for when in columns.values()):
        return columns, ("", "")
    month, (zh, en) = said_month(table)
    made = {
        name: replace(when, period=period)
        for name, when in columns.items()
        for period in [when.period.within(month) if month else None]
        if period is not None
    }
    wrong = month is not None and year not in (None, month.year)
    if month is None or wrong or len(made) < len(columns):
        some = "、".join([*columns][:3])
        raise LayerError(
            f"各列是日或旬（{some}…），看不出是哪年哪月；请在标题、工作表名或文件名里写上"
            "年月（如 2026年3月），再导入"
            + (f"（现写的是 {month.text}，与列名或 --year 不合）。" if month else "。"),
            f"The columns are days or ten days ({some} …) of an unknown month; write "
            "it into the title or the name of the sheet or file (2026年3月)"
            + (
                f"; {month.text} does not agree with the columns or --year."
                if month
                else "."
            ),
        )
    return made, (f"；年月 {month.text} {zh}", f"; the month {month.text} {en}")


def _year(
    columns: dict[str, When], names: list[str], table: RawTable, year: int | None
) -> tuple[int | None, tuple[str, str]]:
    """Find the year of periods without one, and say where it is from."""
    if all(when.period.year for when in columns.values()):
        return None, ("", "")
    if any(fold_name(name) in YEAR_HEADERS for name in names):
        return None, ("；年份取自“年份”列", "; the year stands in a column")
    years, (zh, en) = said_year(table)
    if year is not None and years and year not in years and "文件" not in zh:
        told = "、".join(map(str, years))
        raise LayerError(
            f"标题写的是 {told} 年，指定的是 {year} 年；请核对，或在列名里写上年份。",
            f"The title says {told}, the option {year}; check it, or write the years "
            "into the headers.",
        )
    if year is not None:
        return year, (f"；年份按指定的 {year} 年", f"; the year {year} is as stated")
    if len(years) == 1:
        return years[0], (f"；年份 {years[0]} {zh}", f"; the year {years[0]} {en}")
    some = [*columns][:3]
    word = UNITS[columns[some[0]].period.unit][0]
    raise LayerError(
        f"各{word}并列（{'、'.join(some)}…），看不出是哪一年；请用 year（--year 2026）"
        "指明，或在标题、列名里写上年份。",
        f"The columns are periods ({', '.join(some)} …) of an unknown year; "
        "state it with --year, or write it into the title or the headers.",
    )


def _item(cells: pd.DataFrame, columns: dict[str, When], said: list[str]) -> str:
    """Give the item that the title names, with its unit; empty where columns say it."""
    if "item" in align_names(map(str, cells.columns), "readings").values():
        return ""
    if all(when.item for when in columns.values()):
        return ""
    named = next((found for text in said if (found := items_in(text))), [])
    if len(named) != 1:
        told = "、".join(item_table()[key].zh for key in named)
        raise LayerError(
            "各列是时段，看不出是哪个监测项目"
            + (f"（标题里有 {told}）" if told else "")
            + "；请加一列“监测项目”，或在标题里写上一个项目。",
            "The columns are periods of an unknown item; add a column 监测项目, or name "
            "one item in the title.",
        )
    words = [
        word
        for text in said
        for word in re.split(r"[()（）\[\]【】:：,，;；\s]|单位", text)
    ]
    units = [unit for word in words if word and (unit := fold_unit(word, named[0]))]
    zh = item_table()[named[0]].zh
    return f"{zh}({units[0]})" if units else zh

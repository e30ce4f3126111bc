"""A sheet with a column a month: which year they are of, and of which item."""

import re
from typing import Any

import pandas as pd

from geotool._items import fold_unit, item_table
from geotool._months import YEAR_HEADERS, Month, items_in, month_columns, years_in
from geotool._notes import note
from geotool.errors import LayerError
from geotool.io._raw import RawTable
from geotool.schema import align_names, fold_name

Notes = list[dict[str, Any]]


def with_months(
    cells: pd.DataFrame, table: RawTable, year: int | None
) -> tuple[pd.DataFrame, Notes]:
    """
    Give every month its year and the rows their item, from the titles of the sheet.

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
        As they came where months are no columns.

    Raises
    ------
    LayerError
        If nothing says, or two things say differently, which year or item it is.
    """
    months = month_columns(map(str, cells.columns))
    if not months:
        return cells, []
    titles = table.notes["before"][table.notes["reason"].str.startswith("表头上方")]
    said = [*map(str, titles), str(table.source.get("sheet") or "")]
    stated, where = _year(months, [*map(str, cells.columns)], said, year)
    headers = {
        name: Month(month.year or stated, month.month, month.item).header
        for name, month in months.items()
    }
    if len({*headers.values()}) < len(headers):
        raise LayerError(
            f"有两列是同一个月：{'、'.join(months)}；请删去一列，或在列名里写上年份。",
            f"Two columns are of one month: {', '.join(months)}; drop one, or write "
            "the years into the headers.",
        )
    zh, en = f"各月并列，一列一个月{where[0]}", f"One column a month{where[1]}"
    made = cells.rename(columns=headers)
    item = _item(made, months, said)
    if item:
        made.insert(0, "监测项目", item)
        zh, en = f"{zh}；项目“{item}”取自标题", f"{en}; the item {item} is in the title"
    return made, [note(zh, en)]


def _year(
    months: dict[str, Month], names: list[str], said: list[str], year: int | None
) -> tuple[int | None, tuple[str, str]]:
    """Find the year of months without one, and say where it is from."""
    if all(month.year for month in months.values()):
        return None, ("", "")
    if any(fold_name(name) in YEAR_HEADERS for name in names):
        return None, ("；年份取自“年份”列", "; the year stands in a column")
    titles = next((found for text in said if (found := years_in(text))), [])
    if year is not None and titles and year not in titles:
        told = "、".join(map(str, titles))
        raise LayerError(
            f"标题写的是 {told} 年，指定的是 {year} 年；请核对，或在列名里写上年份。",
            f"The title says {told}, the option {year}; check it, or write the years "
            "into the headers.",
        )
    if year is not None:
        return year, (f"；年份按指定的 {year} 年", f"; the year {year} is as stated")
    if len(titles) == 1:
        where = (
            f"；年份 {titles[0]} 取自标题",
            f"; the year {titles[0]} is in the title",
        )
        return titles[0], where
    raise LayerError(
        f"各月并列（{'、'.join([*months][:3])}…），看不出是哪一年；请用 year（--year 2026）"
        "指明，或在标题、列名里写上年份。",
        f"The columns are months ({', '.join([*months][:3])} …) of an unknown year; "
        "state it with --year, or write it into the title or the headers.",
    )


def _item(cells: pd.DataFrame, months: dict[str, Month], said: list[str]) -> str:
    """Give the item that the title names, with its unit; empty where columns say it."""
    if "item" in align_names(map(str, cells.columns), "readings").values():
        return ""
    if all(month.item for month in months.values()):
        return ""
    named = next((found for text in said if (found := items_in(text))), [])
    if len(named) != 1:
        told = "、".join(item_table()[key].zh for key in named)
        raise LayerError(
            "各月并列，看不出是哪个监测项目"
            + (f"（标题里有 {told}）" if told else "")
            + "；请加一列“监测项目”，或在标题里写上一个项目。",
            "The columns are months of an unknown item; add a column 监测项目, or name "
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

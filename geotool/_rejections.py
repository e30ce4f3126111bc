"""What is wrong with a row of readings, in words; and the table that says so."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

REJECTED_COLUMNS = (
    "row",
    "column",
    "value",
    "reason",
    "reason_en",
    "remedy",
    "remedy_en",
)

REASONS = {
    "section": (
        "缺断面编号",
        "No section id",
        "补上断面编号或断面名称",
        "Fill in the section id or name",
    ),
    "time_missing": (
        "缺监测时间",
        "No time",
        "补上监测时间",
        "Fill in the time",
    ),
    "time_no_year": (
        "监测时间没有年份",
        "The time has no year",
        "写成 2026-05-03 08:00，或用 year（--year）指明年份",
        "Write it as 2026-05-03 08:00, or state the year with --year",
    ),
    "time_no_month": (
        "监测时间没有月份",
        "The time has no month",
        "写成 2026-05-03，或在标题、工作表名里写上年月（2026年5月）",
        "Write it as 2026-05-03, or name the month in the title of the sheet (2026年5月)",
    ),
    "time_unreadable": (
        "监测时间无法识别",
        "The time cannot be read",
        "写成 2026-05-03 08:00",
        "Write it as 2026-05-03 08:00",
    ),
    "item": (
        "未知监测项目",
        "Unknown item",
        "改用标准名称（如 氨氮、NH3-N、w21003），或在 pollutants.toml 增加别名",
        "Use a standard name (氨氮, NH3-N, w21003) or add an alias to pollutants.toml",
    ),
    "value_missing": (
        "没有监测值",
        "No value",
        "如已监测，补上数值",
        "Fill in the value if it was measured",
    ),
    "value_unreadable": (
        "监测值无法识别",
        "The value cannot be read",
        "写成数字、<检出限 或 检出限L，小数点用英文句点",
        "Write a number, <limit or limitL, with a point as decimal sign",
    ),
    "value_range": (
        "是一个范围，不是一个数",
        "A range, not a number",
        "写一个数（取哪一个由填表人定）",
        "Write one number; which is yours to choose",
    ),
    "value_void": (
        "标记写明这个监测值无效",
        "The mark says that the value is void",
        "核实；有效的请删去标记",
        "Check it; if it is sound, delete the mark",
    ),
    "value_negative": (
        "监测值为负",
        "The value is negative",
        "核对原始记录",
        "Check the original record",
    ),
    "value_impossible": (
        "监测值不可能：超出该项目在水中的物理范围（pollutants.toml 的 ranges）",
        "No water has this value: outside the range of the item in pollutants.toml",
        "核对小数点、单位和原始记录",
        "Check the decimal point, the unit and the original record",
    ),
    "unit": (
        "单位不认识或不适用于该项目",
        "The unit is unknown or does not fit the item",
        "改用该项目的单位（如 mg/L、μg/L）",
        "Use a unit of the item (such as mg/L or μg/L)",
    ),
    "empty_row": (
        "本行没有任何监测值",
        "The row has no value at all",
        "如已监测，补上数值",
        "Fill in the values if they were measured",
    ),
    "column": (
        "列名不是已知监测项目，整列未读",
        "The header is no known item; the column was not read",
        "改用标准名称（如 氨氮、NH3-N、w21003），或在 pollutants.toml 增加别名",
        "Use a standard name (氨氮, NH3-N, w21003) or add an alias to pollutants.toml",
    ),
}
"""Chinese, English, remedy in Chinese, in English."""


def rejections(
    rows: Sequence[Any],
    column: str | Sequence[Any],
    values: Sequence[Any],
    reason: str,
) -> pd.DataFrame:
    """
    Make one row per fault.

    Parameters
    ----------
    rows : sequence
        Row numbers as the analyst sees them; None for a whole column.
    column : str or sequence of str
        Header of the faulty cell.
    values : sequence
        What stands there.
    reason : str
        Key of :data:`REASONS`.

    Examples
    --------
    >>> rejections([7], "日期", ["5月3日"], "time_no_year").iloc[0, :4].tolist()
    [7, '日期', '5月3日', '监测时间没有年份']
    """
    zh, en, remedy, remedy_en = REASONS[reason]
    table = pd.DataFrame({"row": np.array(rows, dtype=object)})
    table["column"] = column if isinstance(column, str) else np.array(column, object)
    table["value"] = np.array(values, dtype=object)
    table["reason"], table["reason_en"] = zh, en
    table["remedy"], table["remedy_en"] = remedy, remedy_en
    return table[list(REJECTED_COLUMNS)].astype(object)


def stacked(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """
    Put tables of faults under each other.

    Examples
    --------
    >>> len(stacked([]))
    0
    """
    parts = [part for part in parts if len(part)]
    if not parts:
        return pd.DataFrame(columns=list(REJECTED_COLUMNS), dtype=object)
    return pd.concat(parts, ignore_index=True)

"""Shapes of a sheet of readings that are not read: what to make of them instead."""

import re
import unicodedata
from collections.abc import Sequence

import pandas as pd

from geotool._items import split_header
from geotool._marks import MISSING, UNREADABLE, parse_values
from geotool._months import period_columns
from geotool._register import section_headers
from geotool._texts import number_text
from geotool.errors import LayerError
from geotool.io._side_headers import is_corner
from geotool.schema import SERIAL, align_names, fold_name

_HOUR = re.compile(r"\d{1,2}(?:时(?:\d{2}分)?整?|:\d{2}(?::00)?)")
_COUNTED = (range(24), range(1, 25))
_NO_VALUE = (MISSING, UNREADABLE)
_CODE = re.compile(r"[A-Za-z]{1,2}\d+")


def refuse_across(cells: pd.DataFrame) -> None:
    """
    Refuse sheets with the hours or the sections across, which no reading is made of.

    Parameters
    ----------
    cells : DataFrame

    Raises
    ------
    LayerError
        Saying how the sheet is to be turned.

    Examples
    --------
    >>> refuse_across(pd.DataFrame({"断面": ["东桥"], "日期": ["5月3日"], "氨氮": [1]}))
    >>> try:
    ...     refuse_across(pd.DataFrame({"项目": ["氨氮"], "东桥": [0.3], "西桥": [0.4]}))
    ... except LayerError as error:
    ...     print(error.zh[:27])
    各行是监测项目、各列是断面（东桥、西桥）的表不能直接读
    """
    names = [*map(str, cells.columns)]
    keys = {key: name for name, key in align_names(names, "readings").items()}
    if "value" in keys or any(map(_is_item, names)):
        return
    if period_columns(names):
        return
    hours = _hours(names)
    if hours:
        some = "、".join(hours[:3])
        raise LayerError(
            f"各列是小时（{some}…）的表不能直接读；请改成一行一个时刻：断面、监测时间（"
            "2026-03-05 08:00）、监测项目、监测值各一列（Excel 的 Power Query 可“逆透视其他"
            "列”，再把日期与小时合成一列）。",
            f"A sheet with the hours across ({some} …) is not read; make it one row a "
            "time, with columns 断面, 监测时间 (2026-03-05 08:00), 监测项目 and 监测值 "
            "(unpivot it, and join the date and the hour).",
        )
    places = _places(cells, names, keys)
    if places:
        some = "、".join(places[:3]) + ("…" if len(places) > 3 else "")
        raise LayerError(
            f"各行是监测项目、各列是断面（{some}）的表不能直接读；请在 Excel 里复制，选择性"
            "粘贴时勾“转置”，使一行一个断面、一列一个项目，左上角写“断面”，再加一列“监测"
            "时间”。",
            f"A sheet with items down and sections across ({some}) is not read; "
            "transpose it (paste special), write 断面 into the corner and add a column "
            "监测时间.",
        )


def _hours(names: Sequence[str]) -> list[str]:
    """List the headers that are hours of a day, or numbers that count them."""
    counted = [name for name in names if name.isdecimal()]
    if any(counted == [str(hour) for hour in hours] for hours in _COUNTED):
        return counted
    plain = {name: unicodedata.normalize("NFKC", name).strip() for name in names}
    found = [name for name in names if _HOUR.fullmatch(plain[name])]
    return found if len(found) > 1 else []


def _places(
    cells: pd.DataFrame, names: Sequence[str], keys: dict[str, str]
) -> list[str]:
    """List what stands across where the items stand down; empty for other sheets."""
    down = [name for name in names if is_corner(name)]
    sections = [name for name in names if fold_name(name) in section_headers()]
    if not down and len(sections) == 1 and _are_items(cells[sections[0]]):
        down = sections
    beside = {*keys.values(), *down}
    free = [n for n in names if n not in beside and fold_name(n) not in SERIAL]
    if not down and not ("item" in keys and _hold_values(cells, keys, free)):
        return []
    return [name.rpartition(" / ")[2] for name in free]


def _hold_values(
    cells: pd.DataFrame, keys: dict[str, str], free: Sequence[str]
) -> bool:
    """Whether the other columns hold values, each item once: no header may say so."""
    once = [keys[key] for key in ("time", "item") if key in keys]
    if "section_id" in keys or len(free) < 2 or cells.duplicated(once).any():
        return False
    texts = [parse_values(cells[name])["flag"].isin(_NO_VALUE) for name in free]
    return sum(bool(text.mean() < 0.5) for text in texts) > 1


def _are_items(column: pd.Series) -> bool:
    """Whether half of the cells are items."""
    texts = [number_text(cell).strip() for cell in column if cell is not None]
    items = sum(map(_is_item, texts))
    return items > 0 and 2 * items >= len(texts)


def _is_item(text: str) -> bool:
    """Whether a text is an item, and no code of a section: S2 is sulfide as well."""
    return not _CODE.fullmatch(text) and split_header(text)[0] is not None

"""Columns of readings, one an item: what stands about a value and belongs to it."""

import re
from typing import Any

import pandas as pd

from geotool._items import fold_unit, split_header
from geotool._marks import is_missing, parse_value
from geotool._notes import note
from geotool._texts import number_text
from geotool.schema import align_names

_VALUE_BELOW = re.compile(
    r"(?P<item>.+) / (?:监测|检测|测定)?(?:值|浓度|结果|浓度值|数值)"
    r"(?:[(（](?P<unit>[^()（）]*)[)）])?"
)
_FLAG = re.compile(
    r"(?P<item>.+?)[_\-\s/]*(?:标识|标记|检出标志|检出标识|flag)", re.IGNORECASE
)
_SOUND = frozenset(("", "n", "正常", "有效", "-", "--", "/", "—"))
"""Marks beside a value that say nothing against it."""
_TOP = 3
"""Rows from the top among which a row of units is looked for."""


def of_items(names: list[str]) -> list[str]:
    """
    Call the value below an item by the item, with the unit that stands there.

    Examples
    --------
    >>> of_items(["断面", "氨氮 / 浓度(μg/L)", "氨氮 / 类别", "总磷 / 监测值"])
    ['断面', '氨氮(μg/L)', '氨氮 / 类别', '总磷']
    """
    made = []
    for name in names:
        found = _VALUE_BELOW.fullmatch(name)
        if found and split_header(found["item"])[0]:
            unit = found["unit"]
            name = found["item"] + (f"({unit})" if unit else "")
        made.append(name)
    return made if len({*made}) == len(made) else names


def with_units(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """
    Take a row of units that stands among the first rows into the headers.

    Examples
    --------
    >>> rows = [[None, "NH3-N", "TP"], [None, "mg/L", "μg/L"], ["东桥", 0.3, 100]]
    >>> cells = pd.DataFrame(rows, columns=["断面", "氨氮", "总磷"])
    >>> made, notes = with_units(cells)
    >>> [*made], made.index.tolist(), [line["row"] for line in notes]
    (['断面', '氨氮(mg/L)', '总磷(μg/L)'], [2], [0, 1])
    """
    names = [*map(str, cells.columns)]
    keys = align_names(names, "readings")
    items = {n: item for n in names if n not in keys and (item := split_header(n)[0])}
    if not items:
        return cells, []
    for place in range(min(_TOP, len(cells))):
        row = cells.iloc[place]
        said = {
            name: str(cell).strip()
            for name, cell in zip(names, row, strict=True)
            if not is_missing(cell)
        }
        units = {name: unit for name, unit in said.items() if name in items}
        if not units or not _says_again(said, items):
            return cells, []  # data begin
        fits = [
            fold_unit(unit, items[name]) is not None for name, unit in units.items()
        ]
        if all(fits) and any("/" in unit for unit in units.values()):
            return _below_header(cells, place, units)
    return cells, []


def _says_again(said: dict[str, str], items: dict[str, str]) -> bool:
    """Whether a row holds units or other names of the items, and nothing else."""
    return all(
        name in items
        and (
            fold_unit(text, items[name]) is not None
            or split_header(text)[0] == items[name]
        )
        for name, text in said.items()
    )


def _below_header(
    cells: pd.DataFrame, place: int, units: dict[str, str]
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    headers = {
        name: f"{name}({unit})"
        for name, unit in units.items()
        if "/" in unit and split_header(name)[1] is None
    }
    notes = []
    for row in range(place + 1):
        texts = [str(cell) for cell in cells.iloc[row] if not is_missing(cell)]
        zh = "表头下的单位行，不是数据" if row == place else "表头下的项目名，不是数据"
        en = "Row of units, no data" if row == place else "Names of the items, no data"
        where = int(cells.index[row])
        notes.append(note(zh, en, row=where, before=" ".join(texts)))
    return cells.iloc[place + 1 :].rename(columns=headers), notes


def with_marks(cells: pd.DataFrame) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """
    Put the marks that stand in a column beside an item to its values.

    Examples
    --------
    >>> cells = pd.DataFrame({"氨氮": [0.025, 0.3, 0.4], "氨氮标识": ["L", None, "无效"]})
    >>> made, notes = with_marks(cells)
    >>> made.to_dict("list")
    {'氨氮': ['0.025L', 0.3, '0.4(无效)']}
    """
    names = [*map(str, cells.columns)]
    items = {item: name for name in names if (item := split_header(name)[0])}
    made, notes = cells, []
    for name in names:
        found = _FLAG.fullmatch(name)
        item = split_header(found["item"])[0] if found else None
        if item is None or item not in items or items[item] == name:
            continue
        value = items[item]
        marked = [
            _marked(cell, mark)
            for cell, mark in zip(made[value], made[name], strict=True)
        ]
        changed = pd.Series(marked, cells.index, dtype=object)
        made = made.assign(**{value: changed}).drop(columns=name)
        zh, en = f"“{name}”列的标记并入“{value}”", f"The marks of {name} go to {value}"
        notes.append(note(zh, en, column=name))
    return made, notes


def _marked(cell: Any, mark: Any) -> Any:
    said = "" if is_missing(mark) else str(mark).strip()
    if is_missing(cell) or said.casefold() in _SOUND:
        return cell
    text = number_text(cell).strip()
    if parse_value(text)[2] not in ("", "*"):
        return cell  # it says so itself
    if said in ("<", "＜"):
        return f"<{text}"
    return f"{text}L" if said.casefold() == "l" else f"{text}({said})"

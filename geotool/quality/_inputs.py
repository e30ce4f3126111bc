"""Readings and sections as an assessment needs them, and what does not fit."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from geotool._items import fold_item
from geotool._marks import is_missing, parse_times
from geotool.errors import LayerError
from geotool.readings import tidy_readings
from geotool.schema import align_names, canonical_value

SECTION_COLUMNS = (
    "section_id",
    "name",
    "river",
    "water_type",
    "target_class",
    "target_note",
)
PROBLEM_COLUMNS = ("section_id", "time", "zh", "en")


@dataclass(frozen=True)
class Inputs:
    """What can be assessed.

    Attributes
    ----------
    readings : DataFrame
        ``section_id, time, item, value, detected``; values in the unit of the item,
        none missing. ``section_id`` is that of the list of sections where the
        section is in it.
    sections : DataFrame
        :data:`SECTION_COLUMNS`, indexed by ``section_id``; ``target_class`` is
        canonical or empty, ``water_type`` is ``river``, ``lake`` or empty.
    problems : DataFrame
        Readings that could not be used: ``section_id`` and ``time`` where known,
        and why, in Chinese and English.
    """

    readings: pd.DataFrame
    sections: pd.DataFrame
    problems: pd.DataFrame


def prepare(readings: pd.DataFrame, sections: pd.DataFrame) -> Inputs:
    """
    Bring readings and sections together.

    Parameters
    ----------
    readings : DataFrame
        Tidy (``value_mg_l`` is a column of numbers) or as it came from a file.
    sections : DataFrame or GeoDataFrame
        Columns of the layer ``sections``, or their aliases.

    Raises
    ------
    LayerError
        If a column is missing or a section stands twice in the list.
    """
    register = _register(sections)
    numeric = "value_mg_l" in readings and pd.api.types.is_numeric_dtype(
        readings["value_mg_l"]
    )
    usable, problems = _tidy(readings) if numeric else _raw(readings)
    names = _ids_by_text(register)
    for table in (usable, problems):
        table["section_id"] = [names.get(text, text) for text in table["section_id"]]
    return Inputs(usable, register, problems)


def _text(cell: object) -> str:
    if is_missing(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())


def _texts(cells: pd.Series) -> list[str]:
    """Clean each distinct text once."""
    codes, distinct = pd.factorize(cells, use_na_sentinel=True)
    clean = [*map(_text, distinct), ""]  # position -1 is missing
    return [clean[code] for code in codes]


def _register(sections: pd.DataFrame) -> pd.DataFrame:
    headers = align_names(map(str, sections.columns), "sections")
    table = pd.DataFrame(index=range(len(sections)))
    for key in SECTION_COLUMNS:
        found = [name for name, column in headers.items() if column == key]
        cells = sections[found[0]].map(_text).array if found else ""
        table[key] = pd.Series(cells, index=table.index, dtype=object)
    if len(sections) and not (table["section_id"] + table["name"]).any():
        raise LayerError(
            "断面名录没有断面编号也没有断面名称；"
            f"现有列：{'、'.join(map(str, sections.columns))}。",
            "The sections have neither an id nor a name; there are: "
            f"{', '.join(map(str, sections.columns))}.",
        )
    table["section_id"] = table["section_id"].where(
        table["section_id"] != "", table["name"]
    )
    twice = table["section_id"][table["section_id"].duplicated()]
    if len(twice):
        raise LayerError(
            f"断面编号重复：{twice.iloc[0] or '（空）'}；请先在断面名录中区分。",
            f"Section id {twice.iloc[0] or '(empty)'} occurs twice; tell them apart "
            "in the list of sections first.",
        )
    for key in ("water_type", "target_class"):
        table[f"{key}_as_written"] = table[key]
        table[key] = [
            canonical_value(cell, "sections", key) or "" for cell in table[key]
        ]
    return table.set_index("section_id", drop=False)


def _ids_by_text(register: pd.DataFrame) -> dict[str, str]:
    """Section named in the readings → its id; a name counts if only one has it."""
    once = register[~register["name"].duplicated(keep=False) & (register["name"] != "")]
    ids = dict(zip(once["name"], once["section_id"], strict=True))
    return ids | {section: section for section in register["section_id"]}


def _tidy(readings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Take a tidy table; ``value_mg_l`` is used as it is."""
    for column in ("section_id", "time", "item"):
        if column not in readings:
            raise LayerError(
                f"监测数据缺少 {column} 列；需要 section_id、time、item、value_mg_l。",
                f"The readings lack column {column}; "
                "section_id, time, item and value_mg_l are needed.",
            )
    items = {name: fold_item(name) for name in readings["item"].unique()}
    table = pd.DataFrame(
        {
            "section_id": _texts(readings["section_id"]),
            "time": parse_times(readings["time"])["time"].array,
            "item": [items[name] for name in readings["item"]],
            "value": readings["value_mg_l"].to_numpy(float, na_value=np.nan),
            "detected": readings["detected"].to_numpy(bool)
            if "detected" in readings
            else True,
            "as_written": _texts(readings["item"]),
        }
    )
    value = table["value"]
    faults = [
        (table["section_id"] == "", "缺断面编号", "no section id"),
        (table["time"].isna(), "监测时间缺失或无法识别", "time missing or unreadable"),
        (table["item"].isna(), "未知项目：{}", "unknown item: {}"),
        (
            value.isna() & ~table["detected"],
            "未检出且未给检出限",
            "below detection, limit not stated",
        ),
        (value.isna(), "没有监测值", "no value"),
        (
            np.isinf(value) | ((value < 0) & (table["item"] != "WT")),
            "监测值为负或无穷",
            "negative or infinite value",
        ),
    ]
    return _split(table, faults)


def _split(
    table: pd.DataFrame, faults: list[tuple[pd.Series, str, str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    which = np.select([mask for mask, *_ in faults], range(len(faults)), default=-1)
    bad = table[which >= 0]
    texts = [faults[position][1:] for position in which[which >= 0]]
    problems = pd.DataFrame(
        {
            "section_id": bad["section_id"].array,
            "time": bad["time"].array,
            "zh": [
                zh.format(name)
                for (zh, _), name in zip(texts, bad["as_written"], strict=True)
            ],
            "en": [
                en.format(name)
                for (_, en), name in zip(texts, bad["as_written"], strict=True)
            ],
        }
    )
    good = table[which < 0].drop(columns="as_written").reset_index(drop=True)
    return good, problems


def _raw(readings: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read a table as it came; rejected rows keep their section and time."""
    cells = readings.reset_index(drop=True)
    tidy, rejected = tidy_readings(cells)
    usable, problems = _tidy(tidy)
    headers = {
        key: name
        for name, key in align_names(map(str, cells.columns), "readings").items()
    }
    rows = [row for row in rejected["row"] if row is not None]
    at = cells.set_axis(list(map(str, cells.columns)), axis=1).loc[rows]
    lost = rejected[rejected["row"].notna()]
    refused = pd.DataFrame(
        {
            "section_id": at[headers["section_id"]].map(_text).array,
            "time": parse_times(at[headers["time"]])["time"].array,
            "zh": [_sentence(*row, "：") for row in _words(lost, "reason")],
            "en": [_sentence(*row, ": ") for row in _words(lost, "reason_en")],
        }
    )
    columns = rejected[rejected["row"].isna()]
    whole = pd.DataFrame(
        {
            "section_id": "",
            "time": pd.NaT,
            "zh": [
                _sentence(*row, "：") for row in _words(columns, "reason", "column")
            ],
            "en": [
                _sentence(*row, ": ") for row in _words(columns, "reason_en", "column")
            ],
        }
    )
    parts = [part for part in (problems, refused, whole) if len(part)]
    every = pd.concat(parts, ignore_index=True) if parts else problems
    return usable, every[list(PROBLEM_COLUMNS)]


def _words(
    table: pd.DataFrame, reason: str, shown: str = "value"
) -> list[tuple[str, str]]:
    return [
        (str(why), _text(what))
        for why, what in zip(table[reason], table[shown], strict=True)
    ]


def _sentence(why: str, what: str, colon: str) -> str:
    return f"{why}{colon}{what}" if what else why

"""Readings and sections as an assessment needs them, and what does not fit."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import fold_item
from geotool._marks import is_missing, moments, parse_times
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
class Coded:
    """
    Readings as numbers: millions of them are grouped by integers, not by text.

    Attributes
    ----------
    section, item : array of int
        Place in ``sections`` and in ``items``.
    time : array of datetime64
    value : array of float
        In the unit of the item, none missing.
    detected : array of bool
    manual : array of bool or None
        Which are manual samples, where the readings say so.
    sections : tuple of str
        Ids; those of the list of sections where the section is in it.
    items : tuple of str
        Keys.
    """

    section: NDArray[np.intp]
    item: NDArray[np.intp]
    time: NDArray[np.datetime64]
    value: NDArray[np.float64]
    detected: NDArray[np.bool_]
    manual: NDArray[np.bool_] | None
    sections: tuple[str, ...]
    items: tuple[str, ...]

    def frame(self) -> pd.DataFrame:
        """Give them as a table: ``section_id, time, item, value, detected``."""
        sections = np.array([*self.sections, None], dtype=object)
        items = np.array([*self.items, None], dtype=object)
        return pd.DataFrame(
            {
                "section_id": pd.Series(sections[self.section], dtype=object),
                "time": self.time,
                "item": pd.Series(items[self.item], dtype=object),
                "value": self.value,
                "detected": self.detected,
            }
        )

    def taken(self, rows: NDArray[Any]) -> "Coded":
        """Take some of the readings."""
        return replace(
            self,
            section=self.section[rows],
            item=self.item[rows],
            time=self.time[rows],
            value=self.value[rows],
            detected=self.detected[rows],
            manual=None if self.manual is None else self.manual[rows],
        )


@dataclass(frozen=True)
class Inputs:
    """What can be assessed.

    Attributes
    ----------
    coded : Coded
    sections : DataFrame
        :data:`SECTION_COLUMNS`, indexed by ``section_id``; ``target_class`` is
        canonical or empty, ``water_type`` is ``river``, ``lake`` or empty.
    problems : DataFrame
        Readings that could not be used: ``section_id`` and ``time`` where known,
        and why, in Chinese and English.
    """

    coded: Coded
    sections: pd.DataFrame
    problems: pd.DataFrame

    @property
    def readings(self) -> pd.DataFrame:
        """The readings as a table."""
        return self.coded.frame()


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
    names = _ids_by_text(register)
    numeric = "value_mg_l" in readings and pd.api.types.is_numeric_dtype(
        readings["value_mg_l"]
    )
    read = _tidy if numeric else _raw
    usable, problems = read(readings, names)
    problems["section_id"] = [names.get(text, text) for text in problems["section_id"]]
    return Inputs(usable, register, problems)


def _text(cell: object) -> str:
    if is_missing(cell):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return " ".join(str(cell).split())


def _coded_texts(cells: pd.Series) -> tuple[NDArray[np.intp], list[str]]:
    """Clean each distinct text once; what is missing is the empty text."""
    codes, distinct = pd.factorize(cells, use_na_sentinel=True)
    clean = [*map(_text, distinct)]
    if (codes < 0).any():
        codes, clean = np.where(codes < 0, len(clean), codes), [*clean, ""]
    return codes, clean


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


def ids_by_text(sections: pd.DataFrame) -> dict[str, str]:
    """
    Give the id of the section that each text of the readings means: an id, or a name.

    Examples
    --------
    >>> ids_by_text(pd.DataFrame({"section_id": ["S1"], "name": ["东桥"]}))
    {'东桥': 'S1', 'S1': 'S1'}
    """
    return _ids_by_text(_register(sections))


def _ids_by_text(register: pd.DataFrame) -> dict[str, str]:
    """Section named in the readings → its id; a name counts if only one has it."""
    once = register[~register["name"].duplicated(keep=False) & (register["name"] != "")]
    ids = dict(zip(once["name"], once["section_id"], strict=True))
    return ids | {section: section for section in register["section_id"]}


def _tidy(readings: pd.DataFrame, names: dict[str, str]) -> tuple[Coded, pd.DataFrame]:
    """Take a tidy table; ``value_mg_l`` is used as it is."""
    for column in ("section_id", "time", "item"):
        if column not in readings:
            raise LayerError(
                f"监测数据缺少 {column} 列；需要 section_id、time、item、value_mg_l。",
                f"The readings lack column {column}; "
                "section_id, time, item and value_mg_l are needed.",
            )
    section, written = _coded_texts(readings["section_id"])
    section, sections = _merged(section, [names.get(text, text) for text in written])
    item, spelled = _coded_texts(readings["item"])
    keys = [fold_item(name) if name else None for name in spelled]
    dtype = readings["time"].dtype
    times = (
        moments(readings["time"])
        if isinstance(dtype, np.dtype) and dtype.kind == "M"
        else parse_times(readings["time"])["time"].to_numpy("datetime64[us]")
    )
    value = readings["value_mg_l"].to_numpy(float, na_value=np.nan)
    detected = (
        readings["detected"].to_numpy(bool)
        if "detected" in readings
        else np.ones(len(readings), dtype=bool)
    )
    which = _faults(section, sections, item, keys, times, value, detected)
    problems = _problems(which, section, sections, item, spelled, times)
    code, items = _merged(item, [key or "" for key in keys])
    coded = Coded(
        section,
        code,
        times,
        value,
        detected,
        _manual(readings),
        tuple(sections),
        tuple(items),
    )
    return (coded if which is None else coded.taken(which < 0)), problems


def _merged(
    codes: NDArray[np.intp], texts: list[str]
) -> tuple[NDArray[np.intp], list[str]]:
    """Give one code to texts that are the same."""
    at, distinct = pd.factorize(np.array(texts, dtype=object))
    if len(distinct) == len(texts):
        return codes, texts
    return at[codes], list(distinct)


def _manual(readings: pd.DataFrame) -> NDArray[np.bool_] | None:
    """Tell manual samples from automatic stations, where the readings say it."""
    if "method" not in readings:
        return None
    codes, texts = _coded_texts(readings["method"])
    words = [canonical_value(text, "readings", "method") for text in texts]
    return np.array([word == "manual" for word in words], dtype=bool)[codes]


FAULTS = (
    ("缺断面编号", "no section id"),
    ("监测时间缺失或无法识别", "time missing or unreadable"),
    ("未知项目：{}", "unknown item: {}"),
    ("未检出且未给检出限", "below detection, limit not stated"),
    ("没有监测值", "no value"),
    ("监测值为负或无穷", "negative or infinite value"),
)
"""Why a reading cannot be used, in this order."""


def _faults(
    section: NDArray[np.intp],
    sections: list[str],
    item: NDArray[np.intp],
    keys: list[str | None],
    times: NDArray[np.datetime64],
    value: NDArray[np.float64],
    detected: NDArray[np.bool_],
) -> NDArray[np.intp] | None:
    """Give the fault of each reading, -1 where there is none; None when all are good."""
    nameless = np.array([text == "" for text in sections], dtype=bool)
    unknown = np.array([key is None for key in keys], dtype=bool)
    cold = np.array([key == "WT" for key in keys], dtype=bool)
    bad = ~np.isfinite(value) | np.isnat(times)
    bad |= value < 0
    if nameless.any() or unknown.any():
        bad |= nameless[section] | unknown[item]
    rows = np.flatnonzero(bad)
    if not len(rows):
        return None
    v, d = value[rows], detected[rows]
    found = np.select(
        [
            nameless[section[rows]],
            np.isnat(times[rows]),
            unknown[item[rows]],
            np.isnan(v) & ~d,
            np.isnan(v),
            np.isinf(v) | ((v < 0) & ~cold[item[rows]]),
        ],
        range(len(FAULTS)),
        default=-1,
    )
    which = np.full(len(value), -1, dtype=np.intp)
    which[rows] = found
    return which


def _problems(
    which: NDArray[np.intp] | None,
    section: NDArray[np.intp],
    sections: list[str],
    item: NDArray[np.intp],
    spelled: list[str],
    times: NDArray[np.datetime64],
) -> pd.DataFrame:
    rows = np.array([], dtype=np.intp) if which is None else np.flatnonzero(which >= 0)
    faults = [FAULTS[which[row]] for row in rows] if which is not None else []
    named = [spelled[item[row]] for row in rows]
    ids = [sections[section[row]] for row in rows]
    return pd.DataFrame(
        {
            "section_id": pd.Series(ids, dtype=object),
            "time": times[rows],
            "zh": [zh.format(one) for (zh, _), one in zip(faults, named, strict=True)],
            "en": [en.format(one) for (_, en), one in zip(faults, named, strict=True)],
        }
    )


def _raw(readings: pd.DataFrame, names: dict[str, str]) -> tuple[Coded, pd.DataFrame]:
    """Read a table as it came; rejected rows keep their section and time."""
    cells = readings.reset_index(drop=True)
    tidy, rejected = tidy_readings(cells)
    usable, problems = _tidy(tidy, names)
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

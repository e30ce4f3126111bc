"""Readings against the list of sections: by code first, then by name."""

import re
import unicodedata
from typing import Any

import pandas as pd

from geotool._marks import is_missing
from geotool._notes import note
from geotool._texts import number_text
from geotool.schema import align_names, column_headers, fold_name

_CODE = re.compile(r"编号|编码|代码|站码|code|id$")


def section_headers() -> frozenset[str]:
    """List the folded headers of a section, by its code or its name."""
    return column_headers("readings", "section_id")


def by_register(
    cells: pd.DataFrame, sections: pd.DataFrame | None
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """
    Find the section of every row in the list of sections.

    Parameters
    ----------
    cells : DataFrame
        As they came, with a column for the section or several.
    sections : DataFrame, optional
        ``section_id`` and ``name``; without them nothing is changed.

    Returns
    -------
    cells : DataFrame
        The column that is read has the id of the section found, unless what stands
        there is its id or its name already, or nothing was found.
    notes : list of dict

    Examples
    --------
    >>> cells = pd.DataFrame({"断面编码": ["D1"], "断面名称": ["东桥（旧名）"], "氨氮": [1]})
    >>> sections = pd.DataFrame({"section_id": ["D1"], "name": ["东桥"]})
    >>> made, notes = by_register(cells, sections)
    >>> made["断面名称"].tolist(), notes[0]["reason"]
    (['D1'], '断面名录里没有“东桥（旧名）”，按“断面编码”D1 对应')
    """
    names = [n for n in map(str, cells.columns) if fold_name(n) in section_headers()]
    keys = {key: name for name, key in align_names(names, "readings").items()}
    used = keys.get("section_id")
    if sections is None or used is None:
        return cells, []
    register = _Register(sections)
    ordered = sorted(names, key=lambda name: not _CODE.search(fold_name(name)))
    texts = {name: cells[name].map(_text) for name in ordered}
    rows = list(zip(*texts.values(), strict=True))
    read = {row: register.find(row) for row in dict.fromkeys(rows)}
    at = ordered.index(used)
    written = {row: register.written(row[at], read[row]) for row in read}
    values = [
        old if written[row] == row[at] else written[row]
        for row, old in zip(rows, cells[used], strict=True)
    ]
    notes = [
        line
        for row, found in read.items()
        if any(row)
        for line in _notes(row, found, ordered, used, register, rows, cells.index)
    ]
    return cells.assign(**{used: pd.Series(values, cells.index, dtype=object)}), notes


def _text(cell: Any) -> str:
    return "" if is_missing(cell) else " ".join(number_text(cell).split())


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


class _Register:
    """Sections by id, and by the names that only one of them has."""

    def __init__(self, sections: pd.DataFrame) -> None:
        ids = [_text(cell) for cell in sections["section_id"]]
        named = "name" in sections
        names = [_text(c) for c in sections["name"]] if named else [""] * len(ids)
        self.exact: dict[str, str] = {}
        self.by_id = {_fold(one): one for one in ids if one}
        self.by_name: dict[str, str] = {}
        count = pd.Series([_fold(name) for name in names]).value_counts()
        for one, name in zip(ids, names, strict=True):
            if name and one and count[_fold(name)] == 1:
                self.by_name[_fold(name)] = one
                self.exact[name] = one
        self.exact |= {one: one for one in ids if one}

    def one(self, text: str) -> str | None:
        """Give the id of the section that a text names."""
        folded = _fold(text)
        return self.by_id.get(folded) or self.by_name.get(folded)

    def find(self, texts: tuple[str, ...]) -> list[str | None]:
        """Give what each text names, codes first."""
        return [self.one(text) if text else None for text in texts]

    def written(self, text: str, found: list[str | None]) -> str:
        """Give what to write: the text where it names the section as it is."""
        first = next((one for one in found if one is not None), None)
        return text if first is None or self.exact.get(text) == first else first


def _notes(
    row: tuple[str, ...],
    found: list[str | None],
    headers: list[str],
    used: str,
    register: _Register,
    rows: list[tuple[str, ...]],
    index: pd.Index,
) -> list[dict[str, Any]]:
    """Say of one spelling of code and name how its section was found."""
    first = next((at for at, one in enumerate(found) if one is not None), None)
    if first is None:
        return []
    section, text = found[first], row[headers.index(used)]
    where = int(index[rows.index(row)])
    others = [
        f"“{headers[at]}”{row[at]} 是 {one}"
        for at, one in enumerate(found)
        if one not in (None, section)
    ]
    if others:
        zh = f"按“{headers[first]}”{row[first]} 对应断面 {section}，而{'、'.join(others)}；请核对"
        en = (
            f"Taken for {section} by {headers[first]}; another column names another one"
        )
        return [note(zh, en, row=where, column=used, before=text, after=section)]
    if register.exact.get(text) == section:
        return []
    if headers[first] == used:
        zh, en = (
            f"断面按名录里的写法对应 {section}",
            f"Spelled as in the list: {section}",
        )
    else:
        zh = f"断面名录里没有“{text}”，按“{headers[first]}”{row[first]} 对应"
        en = f"No section is named {text}; {headers[first]} {row[first]} is"
    return [note(zh, en, row=where, column=used, before=text, after=section)]

"""What happens to rows while a layer is made: refused cells, changed cells."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import pandas as pd

from geotool._notes import note, notes_table
from geotool._rejections import REJECTED_COLUMNS


class Words(NamedTuple):
    """Why a row is refused and what to do, in both languages."""

    zh: str
    en: str
    remedy: str
    remedy_en: str


class Ledger:
    """
    A book kept while a layer is made.

    A row may have several faults; the table of refused rows has one line for each
    row, so that accepted and refused rows add up.
    """

    def __init__(self) -> None:
        self.faults: list[tuple[int, str, Any, Words]] = []
        self.notes: list[dict[str, Any]] = []

    def refuse(
        self, rows: Iterable[int], column: str, values: Sequence[Any], words: Words
    ) -> None:
        """Refuse rows for one reason."""
        for row, value in zip(rows, values, strict=True):
            self.faults.append((int(row), column, value, words))

    def tell(self, zh: str, en: str, **where: Any) -> None:
        """Note something about the whole table or one row."""
        self.notes.append(note(zh, en, **where))

    def tell_each(
        self,
        rows: Iterable[int],
        column: str,
        before: Sequence[Any],
        after: Sequence[Any],
        zh: str,
        en: str,
    ) -> None:
        """Note the same change of several rows."""
        for row, old, new in zip(rows, before, after, strict=True):
            self.tell(zh, en, row=int(row), column=column, before=old, after=new)

    @property
    def refused(self) -> set[int]:
        """Row numbers that are refused."""
        return {row for row, *_ in self.faults}

    def notes_table(self) -> pd.DataFrame:
        """Give the notes as a table."""
        return notes_table(self.notes)

    def rejected_table(self) -> pd.DataFrame:
        """Give the refused rows, one line each, in the order of the source."""
        lines: dict[int, dict[str, Any]] = {}
        for row, column, value, words in self.faults:
            if row not in lines:
                values = (row, column, value, *words)
                lines[row] = dict(zip(REJECTED_COLUMNS, values, strict=True))
                continue
            line = lines[row]
            if words.zh in line["reason"] and column in line["reason"]:
                continue
            line["reason"] += f"；{column}：{words.zh}"
            line["reason_en"] += f"; {column}: {words.en}"
            if words.remedy not in line["remedy"]:
                line["remedy"] += f"；{words.remedy}"
                line["remedy_en"] += f"; {words.remedy_en}"
        ordered = [lines[row] for row in sorted(lines)]
        return pd.DataFrame(ordered, columns=list(REJECTED_COLUMNS), dtype=object)

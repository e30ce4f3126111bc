"""What was changed or is doubtful, in words: one line a note, one table for all."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

NOTE_COLUMNS = ("row", "column", "before", "after", "reason", "reason_en")


def note(
    zh: str,
    en: str,
    *,
    row: int | None = None,
    column: str = "",
    before: Any = "",
    after: Any = "",
) -> dict[str, Any]:
    """
    Make one note. Without a row it speaks of the whole table or column.

    Examples
    --------
    >>> note("空行 2 行", "2 blank rows")["reason"]
    '空行 2 行'
    """
    return {
        "row": row,
        "column": column,
        "before": before,
        "after": after,
        "reason": zh,
        "reason_en": en,
    }


def notes_table(notes: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """
    Put notes into a table: those on the whole table first, then by row.

    Examples
    --------
    >>> table = notes_table([note("乙", "b", row=7), note("甲", "a")])
    >>> table[["row", "reason"]].to_numpy().tolist()
    [[None, '甲'], [7, '乙']]
    """
    ordered = sorted(
        notes, key=lambda line: (line["row"] is not None, line["row"] or 0)
    )
    table = pd.DataFrame(ordered, columns=list(NOTE_COLUMNS), dtype=object)
    return table.astype(object)

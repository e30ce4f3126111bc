"""Results that are several tables, as one workbook."""

from os import PathLike
from pathlib import Path
from typing import Protocol

import pandas as pd

from geotool.errors import SourceError
from geotool.io import replacing, write_book


class HasTables(Protocol):
    """A result that gives its tables under the names of sheets."""

    def tables(self) -> dict[str, pd.DataFrame]:
        """Give tables by the name of their sheet."""
        ...


def write_sheets(result: HasTables, path: str | PathLike[str]) -> Path:
    """
    Write scenarios side by side, or catchments of sections, as a workbook.

    The old file stays until the new is whole.

    Parameters
    ----------
    result : ScenarioComparison or SectionCatchments
        Or whatever has ``tables()``.
    path : path
        Ending in ``.xlsx``.

    Raises
    ------
    SourceError
        If the ending is another, or the folder cannot be written.
    """
    target = Path(path)
    if target.suffix.lower() != ".xlsx":
        raise SourceError(
            f"多张表要写成 .xlsx 工作簿，得到 {target.name}；单张表可用 write_table。",
            f"Several tables are written as .xlsx, got {target.name}; write_table "
            "writes a single one.",
        )
    with replacing(target) as beside:
        write_book(result.tables(), beside)
    return target

"""What options name: readings, tables of rules and standards."""

import argparse
from typing import Any

import pandas as pd

from geotool._notes import notes_table
from geotool.cli._options import FROM_WORKSPACE
from geotool.cli._say import counted_notes, note_texts, say
from geotool.errors import SourceError, WorkspaceError
from geotool.io import read_mapping, read_table, reading_cells
from geotool.readings import tidy_readings
from geotool.workspace import Workspace


def table_of(text: str) -> Any:
    """
    Give a name as it is, and what stands in a file where one is named.

    Examples
    --------
    >>> table_of("jiangsu")
    'jiangsu'
    """
    return read_mapping(text) if text.lower().endswith((".toml", ".json")) else text


def given_readings(
    workspace: Workspace,
    chosen: argparse.Namespace,
    *,
    sections: pd.DataFrame | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """
    Read the readings of a file, or else those of the workspace.

    Parameters
    ----------
    workspace : Workspace
    chosen : Namespace
    sections : DataFrame, optional
        List of sections, where it was read already.

    Returns
    -------
    readings, rejected : DataFrame
    notes : DataFrame
        What was taken for granted in a file.

    Raises
    ------
    WorkspaceError
        If neither is there.
    SourceError
        If a year is stated and no file is named.
    """
    if _names_file(chosen):
        listed = sections_of(workspace) if sections is None else sections
        cells, notes = _cells_of_file(chosen, listed)
        return *tidy_readings(cells, year=chosen.year), notes
    refuse_year(chosen)
    if not workspace.has("readings"):
        raise WorkspaceError(
            f"{workspace.path.name} 里没有监测数据；请用 --readings 指明文件，或先导入："
            "geotool import 监测.xlsx --as readings --into …",
            f"{workspace.path.name} holds no readings; name a file with --readings, or "
            "import one as readings.",
        )
    return workspace.read("readings"), pd.DataFrame(), notes_table([])


def given_cells(
    workspace: Workspace, chosen: argparse.Namespace
) -> tuple[pd.DataFrame | None, list[tuple[str, str]]]:
    """
    Give the readings of a file as they came, with the year stated; None without one.

    What was taken for granted in the file is told here and given in Chinese and English
    for the document; what cannot be used of it is told where it is used.
    """
    if _names_file(chosen):
        cells, notes = _cells_of_file(chosen, sections_of(workspace))
        for text in note_texts(notes):
            say(f"  注意：{text}")
        return cells, counted_notes(notes)
    refuse_year(chosen)
    return None, []


def _cells_of_file(
    chosen: argparse.Namespace, sections: pd.DataFrame | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the readings of a file as they came, and what was taken for granted."""
    table = read_table(chosen.readings)
    return reading_cells(table, year=chosen.year, sections=sections)


def sections_of(workspace: Workspace) -> pd.DataFrame | None:
    """Give the list of sections of a workspace; None where it has none."""
    return workspace.read("sections") if workspace.has("sections") else None


def _names_file(chosen: argparse.Namespace) -> bool:
    return bool(chosen.readings) and chosen.readings != FROM_WORKSPACE


def refuse_year(chosen: argparse.Namespace) -> None:
    """Tell of a year that nothing is read with."""
    if chosen.year is not None:
        raise SourceError(
            "--year 只用于从文件读入的监测数据（--readings FILE 或 --as readings），这里不读"
            "这样的文件；请去掉。",
            "--year is for readings that come from a file (--readings FILE or --as "
            "readings), and none is read here; leave it out.",
        )

"""What options name: readings, tables of rules and standards."""

import argparse
from typing import Any

import pandas as pd

from geotool.cli._options import FROM_WORKSPACE
from geotool.errors import WorkspaceError
from geotool.io import read_mapping, read_readings
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
    workspace: Workspace, chosen: argparse.Namespace
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """
    Read the readings of a file, or else those of the workspace.

    Returns
    -------
    readings, rejected : DataFrame

    Raises
    ------
    WorkspaceError
        If neither is there.
    """
    if chosen.readings and chosen.readings != FROM_WORKSPACE:
        return read_readings(chosen.readings)
    if not workspace.has("readings"):
        raise WorkspaceError(
            f"{workspace.path.name} 里没有监测数据；请用 --readings 指明文件，或先导入："
            "geotool import 监测.xlsx --as readings --into …",
            f"{workspace.path.name} holds no readings; name a file with --readings, or "
            "import one as readings.",
        )
    return workspace.read("readings"), pd.DataFrame()

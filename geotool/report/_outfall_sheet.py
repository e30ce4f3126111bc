"""一口一策: the sheet of an outfall, one at a time or in bulk."""

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from geotool._progress import progress
from geotool.errors import ReportError
from geotool.network import RiverNetwork, Scenario
from geotool.report import _outfall_words as words
from geotool.report._file_names import safe_name
from geotool.report._given import Given, Workspaces, one_row
from geotool.report._outfall_maker import OutfallReport, sheet_maker
from geotool.report._phrases import cell_text
from geotool.report._word_templates import default_template


def outfall_report(
    workspace: Workspaces,
    outfall: str,
    *,
    scenario: Scenario | None = None,
    network: RiverNetwork | None = None,
    max_offset_m: float = 200.0,
    photos: str | PathLike[str] | None = None,
    on: Any = None,
    notice: str = "",
) -> OutfallReport:
    """
    Make the sheet of an outfall: register, remedy, photograph, map, downstream, zones.

    Parameters
    ----------
    workspace : Workspace, path of one, or mapping of name to layer
        ``outfalls`` and ``rivers``; ``sections``, ``water_sources``, ``zones`` where
        there are any.
    outfall : str
        Id, or name where only one outfall has it.
    scenario : Scenario, optional
        Gate states and directions; as registered if None.
    network : RiverNetwork, optional
        That of the workspace if None.
    max_offset_m : float
        Farthest the outfall may lie from the bank.
    photos : path, optional
        Folder of the photographs that the register names; that of the workspace if
        None. What leads out of it is not taken.
    on : date, optional
        Day of the report, by which a deadline is overdue; today if None.
    notice : str
        A warning to stand on the sheet.

    Returns
    -------
    OutfallReport
        Write it with ``.to_docx("PK001.docx")``. Contacts never go along.

    Raises
    ------
    ReportError
        If a layer that is needed is missing.
    LayerError
        If the outfall is unknown.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "name": ["东河"], "direction": ["digitized"]},
    ...     geometry=[shapely.LineString([(5e5, 35e5), (509e3, 35e5)])], crs=4549,
    ... )
    >>> outfalls = gpd.GeoDataFrame(
    ...     {"outfall_id": ["P1"], "name": ["东口"], "stage": ["整治中"],
    ...      "deadline": ["2026-09-30"]},
    ...     geometry=[shapely.Point(502e3, 35e5)], crs=4549,
    ... )
    >>> report = outfall_report(
    ...     {"rivers": rivers, "outfalls": outfalls}, "P1", on="2026-11-01"
    ... )
    >>> report.values["deadline_note"]
    '整治期限 2026-09-30 已过 32 天，登记的阶段是“整治中”，逾期。'
    """
    given = Given(workspace)
    row = one_row(given.read("outfalls"), "outfalls", outfall)
    maker = sheet_maker(given, scenario, network, max_offset_m, photos, on, notice)
    return maker.sheet(row)


def write_outfall_reports(
    workspace: Workspaces,
    folder: str | PathLike[str],
    *,
    outfalls: Iterable[str] | None = None,
    template: str | PathLike[str] | bytes | None = None,
    scenario: Scenario | None = None,
    network: RiverNetwork | None = None,
    max_offset_m: float = 200.0,
    photos: str | PathLike[str] | None = None,
    on: Any = None,
    notice: str = "",
) -> pd.DataFrame:
    """
    Write one sheet for each of many outfalls into a folder.

    Parameters
    ----------
    workspace, scenario, network, max_offset_m, photos, on, notice
        As :func:`outfall_report`.
    folder : path
        Made where it is not there. Files are named by id and name of the outfall;
        what no name of a file can hold becomes ``_``.
    outfalls : iterable of str, optional
        Ids or names; all if None.
    template : path, optional
        A bureau's own.

    Returns
    -------
    DataFrame
        ``outfall_id, name, file, overdue, note``, one row for each that was asked for.

    Raises
    ------
    ReportError
        If a layer is missing, or the folder is a file.
    LayerError
        If an outfall is unknown: nothing is written then.
    """
    given = Given(workspace)
    layer = given.read("outfalls")
    target = _folder(folder)
    if outfalls is None:
        rows = [layer.iloc[[n]] for n in range(len(layer))]
    else:
        wanted = dict.fromkeys(str(key) for key in outfalls)
        rows = [one_row(layer, "outfalls", key) for key in wanted]
    maker = sheet_maker(given, scenario, network, max_offset_m, photos, on, notice)
    chosen = default_template("outfall") if template is None else template
    taken: set[str] = set()
    told = []
    for row in progress(rows, "一口一策", "sheets of outfalls"):
        report = maker.sheet(row)
        facts = dict(row.iloc[0])
        name = cell_text(facts.get("name"), "")
        file = safe_name(f"{facts['outfall_id']}_{name}".strip("_"), taken=taken)
        report.to_docx(target / file, template=chosen)
        told.append(
            {
                "outfall_id": str(facts["outfall_id"]),
                "name": name,
                "file": file,
                "overdue": words.is_overdue(facts, maker.day),
                "note": "" if report.trace is not None else report["downstream_note"],
            }
        )
    columns = ["outfall_id", "name", "file", "overdue", "note"]
    return pd.DataFrame(told, columns=columns)


def _folder(folder: str | PathLike[str]) -> Path:
    target = Path(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReportError(
            f"不能建文件夹 {target}（{error.strerror}）；请换一个名字。",
            f"Cannot make the folder {target} ({error.strerror}); choose another name.",
        ) from None
    return target

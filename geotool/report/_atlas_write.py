"""The atlas as files: a picture, a PDF and a Word document a source, points as a table."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd

from geotool._progress import progress
from geotool.errors import ReportError, SourceError
from geotool.io import replacing, write_book
from geotool.report._atlas import AtlasSheet, SourceAtlas
from geotool.report._atlas_docx import write_sheet_docx
from geotool.report._atlas_page import draw_sheet
from geotool.report._formats import require_word

ATLAS_FORMATS = ("pdf", "png", "docx")
"""What a sheet may be written as."""

POINTS_BOOK = "拐点坐标.xlsx"
WHOLE_BOOK = "水源地图集.pdf"

_POINT_HEADERS = {
    "water_source_id": "水源地编号",
    "source_name": "水源地名称",
    "label": "点号",
    "level_zh": "级别",
    "zone_id": "分区编号",
    "part": "图斑",
    "ring": "环（0 为外环）",
    "lon": "经度（°）",
    "lat": "纬度（°）",
    "lon_dms": "经度",
    "lat_dms": "纬度",
    "x_north_m": "X（北）m",
    "y_east_m": "Y（东）m",
}
_AREA_HEADERS = {
    "water_source_id": "水源地编号",
    "source_name": "水源地名称",
    "zone_id": "分区编号",
    "name": "分区名称",
    "level_zh": "级别",
    "status_zh": "性质",
    "approval": "批复文号",
    "rule": "依据",
    "basis": "起算",
    "confidence": "把握",
    "ring_km2": "面积（km²）",
    "area_km2": "累计面积（km²）",
}
_CONFLICT_HEADERS = {
    "water_source_id": "水源地编号",
    "source_name": "水源地名称",
    "layer": "图层",
    "id": "编号",
    "name": "名称",
    "grade_zh": "判定",
    "zone_name": "分区",
    "distance_m": "距边界（m，内为负）",
    "overlap_m": "重叠长度（m）",
    "overlap_m2": "重叠面积（m²）",
    "clause": "条款",
    "reason": "理由",
}


def write_source_atlas(
    atlas: SourceAtlas,
    folder: str | PathLike[str],
    *,
    formats: Sequence[str] = ATLAS_FORMATS,
) -> list[Path]:
    """
    Write the sheets of an atlas into a folder.

    Parameters
    ----------
    atlas : SourceAtlas
    folder : path
        Made if it is not there; its parent must be.
    formats : sequence of {"pdf", "png", "docx"}
        A file a source and format, called by the source's id. With ``pdf`` all sheets
        together besides, as ``水源地图集.pdf``.

    Returns
    -------
    list of Path
        Also ``拐点坐标.xlsx``: boundary points, areas and conflicts of all sources.

    Raises
    ------
    ReportError
        If a format is unknown, there is no sheet, or the extra ``report`` is needed
        and missing.
    SourceError
        If the folder cannot be written.
    """
    odd = [one for one in formats if one not in ATLAS_FORMATS]
    if odd or not formats:
        raise ReportError(
            f"图集不能写成 {'、'.join(odd) or '空'}；可用 {'、'.join(ATLAS_FORMATS)}。",
            f"An atlas cannot be written as {', '.join(odd) or 'nothing'}; use "
            f"{', '.join(ATLAS_FORMATS)}.",
        )
    if not len(atlas):
        raise ReportError(
            "图集里没有水源地，没有可写的。", "The atlas has no sheet to write."
        )
    if "docx" in formats:
        require_word()
    target = _folder(folder)
    names = file_names([sheet.source_id for sheet in atlas])
    made: list[Path] = []
    with _pages(target / WHOLE_BOOK, wanted="pdf" in formats) as keep:
        for name, sheet in progress(
            list(zip(names, atlas, strict=True)), "水源地图集", "atlas of sources"
        ):
            made += _write_sheet(sheet, target / name, formats, keep)
    made += [target / WHOLE_BOOK] if "pdf" in formats else []
    with replacing(target / POINTS_BOOK) as beside:
        write_book(_book(atlas), beside)
    return [*made, target / POINTS_BOOK]


def _folder(folder: str | PathLike[str]) -> Path:
    target = Path(folder)
    if target.exists() and not target.is_dir():
        raise SourceError(
            f"{target} 是文件，不是文件夹；图集要写进文件夹。",
            f"{target} is a file; an atlas is written into a folder.",
        )
    try:
        target.mkdir(exist_ok=True)
    except OSError as error:
        raise SourceError(
            f"建不了文件夹 {target}（{error.strerror}）；请核对上级文件夹。",
            f"Cannot make the folder {target} ({error.strerror}); check its parent.",
        ) from None
    return target


def file_names(source_ids: Sequence[str]) -> list[str]:
    """
    Make file names of ids: an id is data, and never a path.

    Examples
    --------
    >>> file_names(["SY01", "../a", "..:a", "", "SY01"])
    ['SY01', '_a', '_a-2', '水源地', 'SY01-2']
    """
    found: list[str] = []
    for source_id in source_ids:
        plain = re.sub(r"[^\w\-]+", "_", source_id)[:60].strip() or "水源地"
        name, number = plain, 1
        while name.casefold() in {one.casefold() for one in found}:
            number += 1
            name = f"{plain}-{number}"
        found.append(name)
    return found


@contextmanager
def _pages(path: Path, *, wanted: bool) -> Iterator[Callable[[Any], None]]:
    """Gather the pages of the whole atlas, one after the other, none kept in memory."""
    if not wanted:
        yield lambda _figure: None
        return
    from matplotlib.backends.backend_pdf import PdfPages

    with replacing(path) as beside, PdfPages(beside) as pages:
        yield pages.savefig


def _write_sheet(
    sheet: AtlasSheet,
    stem: Path,
    formats: Sequence[str],
    keep: Callable[[Any], None],
) -> list[Path]:
    made = []
    figure = draw_sheet(sheet)
    if "pdf" in formats:
        keep(figure)
    for ending in ("pdf", "png"):
        if ending in formats:
            path = stem.with_name(f"{stem.name}.{ending}")
            with replacing(path) as beside:
                figure.savefig(beside)
            made.append(path)
    if "docx" in formats:
        made.append(
            write_sheet_docx(sheet, stem.with_name(f"{stem.name}.docx"), figure)
        )
    return made


def _book(atlas: SourceAtlas) -> dict[str, pd.DataFrame]:
    """Boundary points, areas and conflicts of all sources, a sheet each."""
    points = [_of(sheet, pd.DataFrame(sheet.points), _POINT_HEADERS) for sheet in atlas]
    areas = [_of(sheet, pd.DataFrame(sheet.zones), _AREA_HEADERS) for sheet in atlas]
    found = [
        _of(sheet, sheet.conflicts, _CONFLICT_HEADERS)
        for sheet in atlas
        if sheet.conflicts is not None
    ]
    notes = [
        (sheet.source_id, sheet.name, note) for sheet in atlas for note in sheet.notes
    ]
    book = {
        "拐点坐标": pd.concat(points, ignore_index=True),
        "面积": pd.concat(areas, ignore_index=True),
    }
    if found:
        book["冲突筛查"] = pd.concat(found, ignore_index=True)
    notes += [("", "", note) for note in atlas.notes]
    book["说明"] = pd.DataFrame(notes, columns=["水源地编号", "水源地名称", "说明"])
    return book


def _of(
    sheet: AtlasSheet, table: pd.DataFrame, headers: dict[str, str]
) -> pd.DataFrame:
    made = table.assign(water_source_id=sheet.source_id, source_name=sheet.name)
    made = made[list(headers)].copy()
    for column, digits in (
        ("lon", 7),
        ("lat", 7),
        ("distance_m", 1),
        ("overlap_m", 1),
        ("overlap_m2", 1),
    ):
        if column in made:
            made[column] = made[column].astype(float).round(digits)
    for column in ("ring_km2", "area_km2"):
        if column in made:
            made[column] = made[column].astype(float).round(6)
    return made.rename(columns=headers)

"""A table as it came out of a file: cells, row numbers, where it was and what it says."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool._notes import notes_table
from geotool.errors import SourceError


@dataclass(frozen=True, eq=False)
class RawTable:
    """
    Rows of a file before anything is made of them.

    Attributes
    ----------
    cells : DataFrame
        One column a header, cells as they came. The index is the row number the
        analyst sees in Excel (for spatial files the number of the feature, from 1).
    geometry : GeoSeries or None
        Shapes of the rows, same index; None for a table without shapes.
    notes : DataFrame
        ``row, column, before, after, reason, reason_en``: title rows, footnotes and
        blank rows that are no data, filled merged cells, repaired text.
    source : dict
        ``name`` of the file, ``sha256``, ``format``, ``sheet`` or ``layer``,
        ``encoding``, ``rows_read``, ``crs``, ``datum`` where the file states it.
    plain : set of str
        Headers of columns known to hold nothing but texts on one line without any
        white space, and None.
    """

    cells: pd.DataFrame
    geometry: gpd.GeoSeries | None = None
    notes: pd.DataFrame = field(default_factory=lambda: notes_table([]))
    source: dict[str, Any] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()

    @property
    def crs(self) -> Any:
        """Reference system of the shapes, None when there is none."""
        return None if self.geometry is None else self.geometry.crs

    def __len__(self) -> int:
        return len(self.cells)

    def __repr__(self) -> str:
        shapes = "" if self.geometry is None else ", geometry"
        where = self.source.get("sheet") or self.source.get("layer") or ""
        name = f"{self.source.get('name', 'table')}{f'[{where}]' if where else ''}"
        columns = "、".join(map(str, self.cells.columns[:8]))
        return f"<RawTable {name}: {len(self)} rows{shapes}; {columns}>"


def checked_path(path: Any) -> Path:
    """Make a path of what was given, and see that there is something in it."""
    try:
        found = Path(path)
        there = found.exists()
    except (TypeError, ValueError, OSError):
        raise SourceError(
            f"不是文件路径：{path!r}。", f"Not the path of a file: {path!r}."
        ) from None
    if not there:
        raise SourceError(
            f"找不到文件 {found}；请检查路径和文件名。",
            f"File {found} not found; check the path and the name.",
        )
    if found.is_dir() and found.suffix.lower() != ".gdb":
        raise SourceError(
            f"{found} 是文件夹，需要一个文件；请给出文件夹里的文件名。",
            f"{found} is a folder, a file is needed; name a file inside it.",
        )
    if found.is_file() and found.stat().st_size == 0:
        raise SourceError(
            f"{found.name} 是空文件（0 字节）；请重新导出。",
            f"{found.name} is empty (0 bytes); export it again.",
        )
    return found


def fingerprint(path: Path) -> str:
    """
    Compute the SHA-256 of a file; of a shapefile or FileGDB, of all its parts.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for part in _parts(path):
        with part.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def _parts(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(part for part in path.rglob("*") if part.is_file())
    if path.suffix.lower() != ".shp":
        return [path]
    ours = (".shp", ".dbf", ".shx", ".prj", ".cpg")
    beside = path.parent.iterdir()
    return sorted(
        part
        for part in beside
        if part.stem == path.stem and part.suffix.lower() in ours
    )

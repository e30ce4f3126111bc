"""What computing protection zones gives: the zones, the notes, the rule."""

import html
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.zones._area import areas_m2
from geotool.zones._rules import LEVELS, level_words

ZONE_COLUMNS = (
    "zone_id",
    "name",
    "kind",
    "level",
    "level_zh",
    "water_source_id",
    "source_status",
    "status",
    "approval",
    "rule",
    "basis",
    "confidence",
    "datum_status",
    "area_m2",
    "note",
    "geometry",
)
NOTE_COLUMNS = ("water_source_id", "severity", "note", "note_en")

DRAFT_ZH = "草案，供筛查，以批复为准"
DRAFT_EN = "draft for screening; the approved zone decides"


@dataclass(frozen=True, eq=False)
class ZonePlan:
    """
    Protection zones with what is to be known about them. Frozen.

    Attributes
    ----------
    zones : GeoDataFrame
        One row a water source and level. Levels are rings: level 2 is without
        level 1, level 3 without both, so that areas add up; see
        :attr:`cumulative`. ``status`` is ``approved`` or ``draft``; ``basis`` says
        what distances start from: 中心线 (centreline and half width), 岸线 (a water
        polygon), 部分岸线 (both), 取水口 (a circle round the intake), 汇水区 (a given
        catchment) or 批复图形. ``area_m2`` is measured on the ellipsoid, of the ring. ``confidence`` is the
        weakest mark among the numbers used (V, 1, M; empty when approved).
        ``datum_status`` is that of the water source.
    notes : DataFrame
        ``water_source_id, severity, note, note_en``; a source without a zone has a
        row of severity ``error``; an empty id speaks of the whole.
    rule : str
        Name of the rule the drafts follow.
    """

    zones: gpd.GeoDataFrame
    notes: pd.DataFrame
    rule: str

    @property
    def cumulative(self) -> gpd.GeoDataFrame:
        """
        The same rows with each level grown by the levels inside it.

        Zones of unknown level stay as they are.
        """
        shapes = np.asarray(self.zones.geometry, dtype=object)
        level = self.zones["level"].to_numpy(dtype=object)
        source = self.zones["water_source_id"].to_numpy(dtype=object)
        grown = shapes.copy()
        for row in range(len(shapes)):
            if level[row] in LEVELS and source[row] is not None:
                inside = [
                    level[other] in LEVELS
                    and level[other] <= level[row]
                    and source[other] == source[row]
                    for other in range(len(shapes))
                ]
                grown[row] = shapely.union_all(shapes[inside])
        table = self.zones.set_geometry(gpd.GeoSeries(grown, crs=self.zones.crs))
        return table.assign(area_m2=areas_m2(table))

    def __repr__(self) -> str:
        status = self.zones["status"].value_counts()
        return (
            f"<ZonePlan {self.rule}: {self.zones['water_source_id'].nunique()} water "
            f"sources, {len(self.zones)} zones ({status.get('approved', 0)} approved, "
            f"{status.get('draft', 0)} draft), {len(self.notes)} notes>"
        )

    def _repr_html_(self) -> str:
        words = self.zones["status"] + " " + self.zones["level_zh"]
        rows = [(str(word), str(n)) for word, n in words.value_counts().items()]
        serious = self.notes[self.notes["severity"] == "error"]
        rows += [
            (str(row.water_source_id), str(row.note)) for row in serious.itertuples()
        ]
        cells = "".join(
            f"<tr><th>{html.escape(a)}</th><td>{html.escape(b)}</td></tr>"
            for a, b in rows
        )
        title = f"饮用水水源保护区 ZonePlan（{html.escape(self.rule)}，{DRAFT_ZH}）"
        return f"<table><caption>{title}</caption>{cells}</table>"


@dataclass
class Notes:
    """Notes gathered while zones are made."""

    rows: list[tuple[str, str, str, str]] = field(default_factory=list)

    def add(self, source_id: str, severity: str, zh: str, en: str) -> None:
        """Write down one note: severity is ``info``, ``warning`` or ``error``."""
        row = (source_id, severity, zh, en)
        if row not in self.rows:
            self.rows.append(row)

    def of(self, source_id: str) -> list[str]:
        """Give what was noted of a source, in Chinese."""
        return [zh for each, _, zh, _ in self.rows if each == source_id]

    def table(self) -> pd.DataFrame:
        """Give all notes as a table."""
        return pd.DataFrame(self.rows, columns=list(NOTE_COLUMNS), dtype=object)


def zone_table(rows: Iterable[dict[str, Any]], crs: Any) -> gpd.GeoDataFrame:
    """Make the zone layer of its rows; all columns are there even without rows."""
    table = pd.DataFrame(list(rows), columns=list(ZONE_COLUMNS), dtype=object)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=crs)


def zone_name(source_name: str, level: str | None) -> str:
    """
    Name a zone after its water source.

    Examples
    --------
    >>> zone_name("二墩港水源地", "3")
    '二墩港水源地准保护区'
    """
    words = level_words(level)[0] if level else ""
    return f"{source_name}{words}保护区"


def text_of(value: Any) -> str:
    """
    Give a cell as text; missing is empty, a whole number has no decimals.

    Examples
    --------
    >>> text_of(None), text_of(1.0), text_of(" a ")
    ('', '1', 'a')
    """
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()

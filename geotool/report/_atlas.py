"""The atlas of drinking-water sources: what each sheet says, before it is drawn."""

import datetime as dt
import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool._progress import progress
from geotool.crs import reproject, require_crs
from geotool.errors import ReportError
from geotool.report._atlas_facts import (
    conflict_table,
    protection_rows,
    source_facts,
    source_notes,
    source_table,
    zone_facts,
)
from geotool.report._atlas_points import boundary_points
from geotool.zones import ZonePlan

DRAFT_NOTICE = "草案 draft：计算所得，供筛查，以批复为准"
APPROVED_NOTICE = "已批复 approved：范围以批复文件为准"
MIXED_NOTICE = "含草案 partly draft：草案部分以批复为准"
NONE_NOTICE = "未划出保护区 no zone：原因见说明"


@dataclass(frozen=True, eq=False)
class AtlasSheet:
    """
    One water source. Frozen.

    Attributes
    ----------
    source_id, name : str
    title, notice : str
        What stands above the map, and the warning in its corner.
    facts : tuple of (str, str)
        Label and value of what the register says.
    zones : GeoDataFrame
        A row a level, grown by the levels inside it: ``zone_id, name, level, level_zh,
        status, status_zh, approval, rule, basis, confidence, ring_km2, area_km2``.
    rings : GeoDataFrame
        The same zones as rings, for the map.
    points : GeoDataFrame
        As of :func:`geotool.report.boundary_points`.
    thinning : DataFrame
        How the points were thinned.
    conflicts : DataFrame or None
        ``layer, id, name, grade, grade_zh, zone_name, distance_m, overlap_m,
        overlap_m2, clause, reason``; None if nothing was held against the zones, which is not the same as no conflict.
    notes : tuple of str
    layers : dict
        What else the map shows.
    source, date : str
        Of the data, and of the map.
    """

    source_id: str
    name: str
    title: str
    notice: str
    facts: tuple[tuple[str, str], ...]
    zones: gpd.GeoDataFrame
    rings: gpd.GeoDataFrame
    points: gpd.GeoDataFrame
    thinning: pd.DataFrame
    conflicts: pd.DataFrame | None
    notes: tuple[str, ...]
    layers: dict[str, gpd.GeoDataFrame]
    source: str = ""
    date: str = ""

    @property
    def is_draft(self) -> bool:
        """Whether any zone on the sheet was computed, not approved."""
        return bool((self.zones["status"] != "approved").any())

    def figure(self) -> Any:
        """Draw the sheet; a notebook shows it as a picture."""
        from geotool.report._atlas_page import draw_sheet

        return draw_sheet(self)

    def __repr__(self) -> str:
        found = "not screened" if self.conflicts is None else len(self.conflicts)
        return (
            f"<AtlasSheet {self.source_id} {self.name}: {len(self.zones)} zones, "
            f"{len(self.points)} boundary points, conflicts {found}>"
        )


@dataclass(frozen=True, eq=False)
class SourceAtlas:
    """
    The sheets of all water sources. Frozen.

    Attributes
    ----------
    sheets : tuple of AtlasSheet
    notes : tuple of str
        What is in no sheet, and why.
    """

    sheets: tuple[AtlasSheet, ...]
    notes: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.sheets)

    def __iter__(self) -> Iterator[AtlasSheet]:
        return iter(self.sheets)

    def __getitem__(self, source_id: str) -> AtlasSheet:
        for sheet in self.sheets:
            if sheet.source_id == source_id:
                return sheet
        have = "、".join(sheet.source_id for sheet in self.sheets[:20])
        raise ReportError(
            f"图集里没有水源地 {source_id!r}；有：{have}。",
            f"The atlas has no water source {source_id!r}; it has {have}.",
        )

    @property
    def table(self) -> pd.DataFrame:
        """A row a source: zones, area, points, conflicts."""
        return pd.DataFrame(
            [
                {
                    "water_source_id": sheet.source_id,
                    "name": sheet.name,
                    "zones": len(sheet.zones),
                    "is_draft": sheet.is_draft,
                    "area_km2": sheet.zones["ring_km2"].astype(float).sum(),
                    "points": len(sheet.points),
                    "conflicts": None
                    if sheet.conflicts is None
                    else len(sheet.conflicts),
                    "notice": sheet.notice,
                }
                for sheet in self.sheets
            ]
        )

    def __repr__(self) -> str:
        drafts = sum(sheet.is_draft for sheet in self.sheets)
        return f"<SourceAtlas: {len(self)} water sources, {drafts} with drafts>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{html.escape(sheet.source_id)}</th><td>{html.escape(sheet.name)}"
            f"</td><td>{len(sheet.zones)}</td><td>{len(sheet.points)}</td>"
            f"<td>{'未筛查' if sheet.conflicts is None else len(sheet.conflicts)}</td>"
            f"<td>{html.escape(sheet.notice)}</td></tr>"
            for sheet in self.sheets
        )
        head = "".join(
            f"<th>{text}</th>"
            for text in ("编号", "水源地", "分区", "拐点", "冲突", "性质")
        )
        caption = f"水源地图集 SourceAtlas（{len(self)} 处）"
        return f"<table><caption>{caption}</caption><tr>{head}</tr>{rows}</table>"


def source_atlas(
    water_sources: gpd.GeoDataFrame,
    zones: ZonePlan | gpd.GeoDataFrame,
    *,
    screened: Mapping[str, gpd.GeoDataFrame] | None = None,
    context: Mapping[str, gpd.GeoDataFrame] | None = None,
    on: dt.date | None = None,
    tolerance_m: float = 5.0,
    source: str = "",
    date: str | dt.date | None = None,
) -> SourceAtlas:
    """
    Make a sheet for each drinking-water source: map, zones, boundary points, conflicts.

    Parameters
    ----------
    water_sources : GeoDataFrame of points
        A ``water_sources`` layer with unique ids.
    zones : ZonePlan or GeoDataFrame
        As :func:`geotool.protection_zones` gives them, or a ``zones`` layer; buffers
        and the like are left out. Zones of a source that is not in the register get a
        sheet too.
    screened : mapping of name to GeoDataFrame, optional
        Layers of points, lines or polygons to hold against the zones of each source
        by :func:`geotool.screen_points` and its like, such as ``{"outfalls":
        outfalls}``. Without it the sheets say that nothing was screened.
    context : mapping of name to GeoDataFrame, optional
        Further layers for the map, such as ``rivers``.
    on : date, optional
        Date of the findings, which decides the law; today if None.
    tolerance_m : float
        Of thinning the boundary points; told on the sheet with what it did.
    source : str
        Where the data come from.
    date : str or date, optional
        Of the map; today if None.

    Returns
    -------
    SourceAtlas

    Raises
    ------
    LayerError
        If ids are missing or double, or a layer is of the wrong kind.
    CrsError
        If a layer has no reference system.

    Examples
    --------
    >>> from geotool.zones import protection_zones
    >>> well = gpd.GeoDataFrame(
    ...     {"water_source_id": ["SY1"], "name": ["东井"], "kind": ["groundwater"]},
    ...     geometry=gpd.points_from_xy([500_000], [3_540_000]), crs=4549,
    ... )
    >>> atlas = source_atlas(well, protection_zones(well, None))
    >>> atlas
    <SourceAtlas: 1 water sources, 1 with drafts>
    >>> sheet = atlas["SY1"]
    >>> sheet.zones.area_km2.round(2).tolist(), sheet.notice[:2]
    ([0.28, 3.14], '草案')
    """
    from geotool.maps._style import map_date

    require_crs(water_sources, "water_sources")
    register = source_table(water_sources)
    plan, left_out = protection_rows(zones, reproject(register, water_sources.crs).crs)
    ids = list(register["water_source_id"])
    ids += [one for one in plan.zones["water_source_id"].unique() if one not in ids]
    sheets = tuple(
        _sheet(
            source_id,
            register,
            plan,
            screened=screened,
            context=dict(context or {}),
            on=on,
            tolerance_m=tolerance_m,
            source=source,
            date=map_date(date),
        )
        for source_id in progress(ids, "水源地图集", "atlas of sources")
    )
    return SourceAtlas(sheets, left_out)


def _sheet(
    source_id: str,
    register: gpd.GeoDataFrame,
    plan: ZonePlan,
    *,
    screened: Mapping[str, gpd.GeoDataFrame] | None,
    context: dict[str, gpd.GeoDataFrame],
    on: dt.date | None,
    tolerance_m: float,
    source: str,
    date: str,
) -> AtlasSheet:
    mine = (plan.zones["water_source_id"] == source_id).to_numpy()
    rings = plan.zones[mine].reset_index(drop=True)
    own = ZonePlan(zones=rings, notes=plan.notes, rule=plan.rule)
    zones = zone_facts(rings, own.cumulative)
    points, thinning = boundary_points(zones, tolerance_m=tolerance_m)
    here = register[register["water_source_id"] == source_id]
    name = str(here["name"].iloc[0]) if len(here) else source_id
    conflicts = None
    if screened is not None:
        conflicts = conflict_table(screened, rings, on)
    return AtlasSheet(
        source_id=source_id,
        name=name,
        title=f"{name}饮用水水源保护区图" + ("（草案）" if _any_draft(rings) else ""),
        notice=_notice(rings),
        facts=source_facts(here, source_id),
        zones=zones,
        rings=rings,
        points=points,
        thinning=thinning,
        conflicts=conflicts,
        notes=source_notes(plan, source_id, rings, here, thinning),
        layers={**context, **dict(screened or {}), "water_sources": register},
        source=source,
        date=date,
    )


def _any_draft(rings: gpd.GeoDataFrame) -> bool:
    return bool((rings["status"] != "approved").any())


def _notice(rings: gpd.GeoDataFrame) -> str:
    if not len(rings):
        return NONE_NOTICE
    approved = rings["status"] == "approved"
    if approved.all():
        return APPROVED_NOTICE
    return MIXED_NOTICE if approved.any() else DRAFT_NOTICE

"""The section that failed, and the others that have readings."""

from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.attribution._measured import Notes
from geotool.crs import reproject, require_crs
from geotool.errors import LayerError, LocateError
from geotool.locate import as_point, locate_points
from geotool.network import RiverNetwork
from geotool.schema import align_names

SECTION_NEAR_M = 50.0
"""A place this near to a section on the same reach is that section."""


def find_section(
    network: RiverNetwork,
    at: Any,
    sections: gpd.GeoDataFrame | None,
    tidy: pd.DataFrame,
) -> tuple[gpd.GeoDataFrame, str]:
    """Give the register of sections, and the id of the one that failed."""
    register = None if sections is None else named_sections(sections)
    if isinstance(at, str):
        if register is None:
            raise LocateError(
                f"只给了断面编号 {at!r}；还需要断面图层 sections。",
                f"Only the section id {at!r} was given; the layer of sections is "
                "needed too.",
            )
        return register, _by_name(register, at)
    if isinstance(at, gpd.GeoDataFrame):
        if len(at) != 1:
            raise LocateError(
                f"一次只排一个断面，得到 {len(at)} 个。",
                f"One section is ranked at a time, got {len(at)}.",
            )
        own = named_sections(at)
        name = str(own["section_id"].iloc[0])
        if register is None:
            return own, name
        if name not in set(register["section_id"]):
            register = _joined(register, own)
        return register, name
    return _section_at(network, at, register, tidy)


def named_sections(sections: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a register of sections with columns by key."""
    names = align_names(map(str, sections.columns), "sections")
    table = sections.rename(
        columns={a: b for a, b in names.items() if b not in sections.columns}
    ).reset_index(drop=True)
    if "section_id" not in table.columns:
        if "name" not in table.columns:
            raise LayerError(
                "断面图层没有断面编号，也没有断面名称。",
                "The sections have neither an id nor a name.",
            )
        table["section_id"] = table["name"]
    table["section_id"] = [" ".join(str(cell).split()) for cell in table["section_id"]]
    twice = table["section_id"][table["section_id"].duplicated()]
    if len(twice):
        raise LayerError(
            f"断面编号重复：{twice.iloc[0]}。",
            f"Section id {twice.iloc[0]} occurs twice.",
        )
    return table


def _by_name(register: gpd.GeoDataFrame, text: str) -> str:
    """Find a section by its id, or its name if only one has it."""
    if text in set(register["section_id"]):
        return text
    if "name" in register.columns:
        named = register.loc[register["name"] == text, "section_id"]
        if len(named) == 1:
            return str(named.iloc[0])
    have = "、".join(register["section_id"].astype(str)[:12])
    raise LocateError(
        f"没有断面 {text!r}；现有：{have}。",
        f"There is no section {text!r}; there are: {have}.",
    )


def _section_at(
    network: RiverNetwork,
    at: Any,
    register: gpd.GeoDataFrame | None,
    tidy: pd.DataFrame,
) -> tuple[gpd.GeoDataFrame, str]:
    """Find the section that stands at a place, else make one of it."""
    from geotool.trace._starts import find_starts

    (reach, measure), *_ = find_starts(network, at, 200.0)[0]
    if register is not None:
        located = locate_points(register, network)
        same = (located["reach_id"] == network.reaches["reach_id"].iloc[reach]) & (
            (located["measure_m"] - measure).abs() <= SECTION_NEAR_M
        )
        if same.any():
            return register, str(located.loc[same, "section_id"].iloc[0])
    listed = set() if register is None else set(register["section_id"])
    others = sorted(set(tidy["section_id"]) - listed)
    if len(others) != 1:
        raise LocateError(
            "起点处没有断面，无法知道哪些监测值属于它；请给断面编号和断面图层。",
            "There is no section at the start, so that its readings are not known; "
            "give a section id and the layer of sections.",
        )
    reach_id = str(network.reaches["reach_id"].iloc[reach])
    made = gpd.GeoDataFrame(
        {"section_id": [others[0]]},
        geometry=[as_point(network, reach_id, measure)],
        crs=network.crs,
    )
    if register is None:
        return made, others[0]
    return _joined(register, made), others[0]


def _joined(one: gpd.GeoDataFrame, more: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Put rows below a layer, in its system."""
    moved = reproject(more, require_crs(one, "sections"))
    tables: list[pd.DataFrame] = [one, moved]
    return gpd.GeoDataFrame(pd.concat(tables, ignore_index=True), crs=one.crs)


def placed_sections(
    network: RiverNetwork,
    register: gpd.GeoDataFrame,
    target_id: str,
    tidy: pd.DataFrame,
    notes: Notes,
    max_offset_m: float,
) -> gpd.GeoDataFrame:
    """Locate the sections that have readings; the target always."""
    texts = set(tidy["section_id"])
    name = register["name"] if "name" in register.columns else register["section_id"]
    there = register["section_id"].isin(texts) | name.isin(texts)
    wanted = register[there | (register["section_id"] == target_id)]
    located = locate_points(wanted, network, max_offset_m=max_offset_m)
    bad = located["located"].isin(["far", "no_place"])
    lost = located.loc[bad, "section_id"].tolist()
    if target_id in lost:
        raise LocateError(
            f"断面 {target_id} 不在河网上（没有坐标或超过 {max_offset_m:g} m）。",
            f"Section {target_id} is not on the network (no coordinates, or more than "
            f"{max_offset_m:g} m away).",
        )
    if lost:
        notes.add(
            f"断面 {'、'.join(lost)} 不在河网上，其监测值未用",
            f"sections {', '.join(lost)} are not on the network: readings not used",
        )
    # by id: what is drawn at random later must not hang on the order of the rows
    return located[~bad].sort_values("section_id", kind="stable", ignore_index=True)

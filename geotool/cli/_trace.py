"""What ``geotool trace`` does: follow the water, and weigh the evidence where there is any."""

import argparse
from typing import Any

import geopandas as gpd
import shapely

import geotool as gt
from geotool.cli._given import given_readings, refuse_year
from geotool.cli._say import note_texts, say, say_ranking, say_trace
from geotool.crs import GEOGRAPHIC_CRS
from geotool.errors import LayerError, SourceError
from geotool.report import write_ranking, write_trace
from geotool.report._given import one_row
from geotool.schema import layer_kind
from geotool.workspace import Workspace, open_workspace


def run_trace(chosen: argparse.Namespace) -> None:
    """Trace from a section, an outfall or a place; rank where readings are given."""
    item = _item(chosen.item)
    workspace = open_workspace(chosen.workspace)
    sections = workspace.read("sections") if _ranks(chosen) else None
    label, at = start_of(workspace, chosen, sections=sections)
    scenario = gt.read_scenario(chosen.scenario) if chosen.scenario else None
    network, stale = gt.workspace_network(workspace)
    if sections is not None:
        _rank(chosen, workspace, sections, network, label, item, scenario, stale)
        return
    warnings = _readings_warning(workspace, chosen)
    step = gt.trace_downstream if chosen.down else gt.trace_upstream
    trace = step(
        network,
        at,
        points=gt.workspace_points(workspace),
        max_distance_m=None if chosen.max_km is None else chosen.max_km * 1000,
        max_time_h=chosen.max_hours,
        scenario=scenario,
        max_offset_m=chosen.max_offset_m,
    )
    write_trace(
        trace,
        chosen.out,
        network=network,
        section_id=label,
        item=item,
        warnings=(*stale, *warnings),
    )
    if chosen.save:
        # empty ones too, or those of the trace before would stay on the map
        workspace.write(trace.map_layers())
    say_trace(trace)
    for text in (*stale, *warnings):
        say(f"  注意：{text}")
    say(f"结果：{chosen.out}")


_CAN_RANK = (
    "这里按沿河距离排列；工作空间里有监测数据，加 --readings 可按证据排“谁最可能” / by "
    "distance; the workspace has readings: --readings ranks by evidence"
)


def _ranks(chosen: argparse.Namespace) -> bool:
    """Whether the command asks who did it: readings at a section, looking upstream."""
    return bool(chosen.readings and chosen.section and not chosen.down)


def _rank(
    chosen: argparse.Namespace,
    workspace: Workspace,
    sections: gpd.GeoDataFrame,
    network: Any,
    label: str,
    item: str | None,
    scenario: Any,
    stale: tuple[str, ...],
) -> None:
    """Weigh the readings and write the ranking."""
    if not workspace.has("outfalls"):
        raise LayerError(
            f"{workspace.path.name} 里没有排污口（outfalls），没有可排序的；请先导入。",
            f"{workspace.path.name} has no outfalls to rank; import them first.",
        )
    readings, rejected, notes = given_readings(workspace, chosen, sections=sections)
    warnings = [*stale, *note_texts(notes)]
    if len(rejected):
        warnings.append(
            f"监测数据退回 {len(rejected)} 条，如：{rejected['reason'].iloc[0]} / "
            f"{len(rejected)} readings rejected"
        )
    if chosen.max_km is not None or chosen.max_hours is not None:
        warnings.append(
            "证据归因考虑全部上游来源，距离和时间范围未起作用 / limits of distance and "
            "time do not apply to a ranking"
        )
    if item is None:
        item, said = _worst_item(readings, sections, label)
        warnings.append(said)
    ranking = gt.rank_sources(
        network,
        label,
        readings,
        workspace.read("outfalls"),
        item=item,
        sections=sections,
        scenario=scenario,
        max_offset_m=chosen.max_offset_m,
    )
    write_ranking(ranking, chosen.out, network=network, warnings=tuple(warnings))
    if chosen.save:
        workspace.write(ranking.map_layers())
    say_ranking(ranking)
    for text in warnings:
        say(f"  注意：{text}")
    say(f"结果：{chosen.out}")


def _worst_item(readings: Any, sections: Any, section: str) -> tuple[str, str]:
    """Find what the section exceeds most; without --item somebody must choose."""
    from geotool.quality import exceedances

    found = exceedances(readings, sections)
    found = found[(found["section_id"] == section) & found["item"].notna()]
    if not len(found):
        raise LayerError(
            f"断面 {section} 最近的监测值没有超过目标；要查过去的超标，请用 --item 指明项目。",
            f"The latest readings of {section} do not exceed its target; for an earlier "
            "exceedance name the item with --item.",
        )
    row = found.iloc[0]
    return (
        str(row["item"]),
        f"未指定项目，取超标最重的 {row['item_name']} / item chosen: {row['item']}",
    )


def _item(name: str | None) -> str | None:
    if name is None:
        return None
    from geotool.readings import fold_item

    key = fold_item(name)
    if key is None:
        raise LayerError(
            f"不认识的监测项目 {name!r}；请用 氨氮、NH3N、TP 等名称。",
            f"Unknown item {name!r}; use a name such as 氨氮, NH3N or TP.",
        )
    return key


def _readings_warning(
    workspace: Workspace, chosen: argparse.Namespace
) -> tuple[str, ...]:
    """Tell of readings that would rank; read a file all the same, to tell of a bad one."""
    if not chosen.readings:
        refuse_year(chosen)
        useful = workspace.has("readings") and chosen.section and not chosen.down
        return (_CAN_RANK,) if useful else ()
    readings, rejected, _ = given_readings(workspace, chosen)
    return (
        (
            f"已读入 {len(readings)} 个监测值（退回 {len(rejected)} 条），只有从断面向上游溯源时"
            "才用来排序，这里没有用 / readings rank sources only upstream of a section; "
            "not used here"
        ),
    )


def start_of(
    workspace: Workspace,
    chosen: argparse.Namespace,
    *,
    sections: gpd.GeoDataFrame | None = None,
) -> tuple[str, Any]:
    """
    Give the start that the options name: what it is called, and where it is.

    ``sections`` is the layer, where it was read already.
    """
    if chosen.at:
        return chosen.at, _place(chosen.at)
    kind, key = ("sections", chosen.section)
    if chosen.outfall:
        kind, key = "outfalls", chosen.outfall
    given = sections if kind == "sections" else None
    row = one_row(workspace.read(kind) if given is None else given, kind, key)
    return str(row[layer_kind(kind).id_column].iloc[0]), row


def _place(text: str) -> gpd.GeoDataFrame:
    try:
        lon, lat = (float(bit) for bit in text.replace("，", ",").split(","))
    except ValueError:
        raise SourceError(
            f"--at 应写成 经度,纬度，得到 {text!r}。",
            f"--at takes LON,LAT, got {text!r}.",
        ) from None
    return gpd.GeoDataFrame(geometry=[shapely.Point(lon, lat)], crs=GEOGRAPHIC_CRS)

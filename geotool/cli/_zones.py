"""What ``geotool zones`` does: draw zones, hold things against them, list conflicts."""

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

import geotool as gt
from geotool.cli._atlas import write_workspace_atlas
from geotool.cli._given import table_of
from geotool.cli._layers import zone_layers
from geotool.cli._say import say, say_findings, say_zones
from geotool.errors import LayerError, SourceError
from geotool.io import read_table
from geotool.network import RiverNetwork
from geotool.report import write_findings
from geotool.workspace import Workspace, open_workspace
from geotool.zones import ZonePlan

GROUND = ("water", "dykes", "catchments", "clip")
"""Options that name a layer about the ground."""

_SCREENS = {
    "Point": gt.screen_points,
    "LineString": gt.screen_lines,
    "Polygon": gt.screen_polygons,
}


def run_zones(chosen: argparse.Namespace) -> None:
    """Draw zones, hold outfalls against them, list conflicts."""
    workspace = open_workspace(chosen.workspace)
    rule = table_of(chosen.rule)
    on = _day(chosen.on)
    atlas = Path(chosen.atlas) if chosen.atlas else None
    if chosen.out and not workspace.has("outfalls"):
        raise LayerError(
            f"{workspace.path.name} 里没有排污口（outfalls），没有可筛查的；请去掉 --out，"
            "或先导入排污口。",
            f"{workspace.path.name} has no outfalls to screen; leave --out out, or "
            "import outfalls first.",
        )
    network, _ = gt.workspace_network(workspace)
    ground = ground_layers(workspace, chosen)
    zones, plan = zone_layers(
        workspace, network, rule=rule, buffer_m=chosen.buffer_m, **ground
    )
    tables: dict[str, pd.DataFrame] = {"zones": zones}
    say_zones(zones, plan, workspace.read("water_sources"))
    if workspace.has("outfalls"):
        findings = gt.screen_points(workspace.read("outfalls"), plan, on=on)
        tables["findings"] = findings
        say_findings(findings)
        if chosen.out:
            write_findings(findings, chosen.out)
            say(f"筛查结果：{chosen.out}")
    tables |= further_findings(workspace, network, plan, chosen, ground=ground, on=on)
    workspace.write(tables)
    if atlas is not None:
        write_workspace_atlas(workspace, plan, atlas, on=on)


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise SourceError(
            f"日期应写成 2026-09-01，得到 {text!r}。",
            f"A date is written 2026-09-01, got {text!r}.",
        ) from None


def ground_layers(
    workspace: Workspace, chosen: argparse.Namespace
) -> dict[str, gpd.GeoDataFrame]:
    """
    Read the layers of water, dykes, catchments and limits that were named.

    Raises
    ------
    LayerError
        If a file has no shapes.
    SourceError
        If a name is neither a layer of the workspace nor a readable file.
    """
    return {
        name: _named_layer(workspace, getattr(chosen, name), f"--{name}")
        for name in GROUND
        if getattr(chosen, name)
    }


def _named_layer(workspace: Workspace, text: str, option: str) -> gpd.GeoDataFrame:
    if workspace.has(text) and not Path(text).exists():
        layer = workspace.read(text)
        if isinstance(layer, gpd.GeoDataFrame):
            return layer
    raw = read_table(text)
    if raw.geometry is None:
        raise LayerError(
            f"{option} {text} 没有图形，需要图层文件或工作空间里的图层名。",
            f"{option} {text} has no shapes; give a spatial file, or the name of a "
            "layer of the workspace.",
        )
    return gpd.GeoDataFrame(raw.cells, geometry=raw.geometry, crs=raw.crs)


def further_findings(
    workspace: Workspace,
    network: RiverNetwork,
    plan: ZonePlan,
    chosen: argparse.Namespace,
    *,
    ground: dict[str, gpd.GeoDataFrame],
    on: dt.date | None,
) -> dict[str, pd.DataFrame]:
    """Hold other layers against zones and shores, and look upstream, as asked."""
    tables: dict[str, pd.DataFrame] = {}
    for name in chosen.screen:
        parts = [
            _SCREENS[kind](part, plan, on=on)
            for kind, part in _by_shape(_kept(workspace, name))
        ]
        tables[f"findings_{name}"] = _joined(parts)
        _tell(f"筛查 {name}", tables[f"findings_{name}"])
    if chosen.shore:
        waters = _waters(network, ground, chosen.shore_of)
        rule = _number(chosen.shore)
        for name in chosen.screen or ["outfalls"]:
            found = gt.screen_shore(_kept(workspace, name), waters, rule=rule, on=on)
            tables[f"shore_{name}"] = found
            _tell(f"岸线规则 {chosen.shore}：{name}", found)
    if chosen.upstream_km or chosen.upstream_hours:
        tables["upstream"] = _upstream(workspace, network, chosen)
    return tables


def _upstream(
    workspace: Workspace, network: RiverNetwork, chosen: argparse.Namespace
) -> pd.DataFrame:
    points = {
        name: _as_points(_kept(workspace, name))
        for name in ("outfalls", "sources")
        if workspace.has(name)
    }
    metres = None if chosen.upstream_km is None else 1000 * chosen.upstream_km
    found = gt.upstream_of_sources(
        workspace.read("water_sources"),
        network,
        points,
        max_distance_m=metres,
        max_time_h=chosen.upstream_hours,
    )
    counts = found.dropna(subset="id").groupby("water_source_id", dropna=True)["id"]
    for source, count in counts.count().items():
        say(f"取水口上游：{source} {count} 个")
    return found


def _waters(
    network: RiverNetwork, ground: dict[str, gpd.GeoDataFrame], named: str | None
) -> gpd.GeoDataFrame:
    """Choose the waters of a shore rule: polygons where given, else by the name."""
    if named is None:
        return ground.get("water", network.reaches)
    known = network.reaches["name"].fillna("").astype(str)
    waters = network.reaches[known.str.contains(named, regex=False)]
    if waters.empty:
        raise LayerError(
            f"河网里没有名称含“{named}”的河段。",
            f"The network has no reach whose name contains {named!r}.",
        )
    return waters


def _kept(workspace: Workspace, name: str) -> gpd.GeoDataFrame:
    layer = workspace.read(name)
    if not isinstance(layer, gpd.GeoDataFrame):
        raise LayerError(
            f"{name} 没有图形，不能筛查。", f"{name} has no shapes to be screened."
        )
    return layer


def _by_shape(layer: gpd.GeoDataFrame) -> list[tuple[str, gpd.GeoDataFrame]]:
    """Part a layer by the kind of its shapes; rows without one go with points."""
    kinds = layer.geom_type.str.removeprefix("Multi").fillna("Point")
    return [(kind, layer[kinds == kind]) for kind in _SCREENS if (kinds == kind).any()]


def _as_points(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give a works drawn as an area a point inside it."""
    is_area = ~layer.geom_type.isin(["Point"]) & layer.geometry.notna()
    return layer.set_geometry(
        layer.geometry.where(~is_area, layer.representative_point())
    )


def _joined(parts: list[Any]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame(columns=["grade", "grade_zh"])
    return pd.concat([pd.DataFrame(part) for part in parts]).pipe(
        lambda table: gpd.GeoDataFrame(table, geometry="geometry", crs=parts[0].crs)
    )


def _number(text: str) -> str | float:
    try:
        return float(text)
    except ValueError:
        return text


def _tell(what: str, found: pd.DataFrame) -> None:
    counts = found["grade_zh"].value_counts()
    say(f"{what}：" + "，".join(f"{word} {count}" for word, count in counts.items()))

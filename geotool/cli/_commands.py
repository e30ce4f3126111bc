"""What each command does: read, call one step of geotool, write, say what came out."""

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

import geotool as gt
from geotool.cli._atlas import write_workspace_atlas
from geotool.cli._given import given_readings, table_of
from geotool.cli._layers import (
    ASSESSMENT,
    map_extras,
    map_layers,
    zone_layers,
)
from geotool.cli._say import say, say_assessment, say_findings, say_zones
from geotool.cli._zones import further_findings, ground_layers
from geotool.errors import LayerError, SourceError
from geotool.report import write_assessment, write_findings
from geotool.workspace import open_workspace


def run_assess(chosen: argparse.Namespace) -> None:
    """Assess the sections of a workspace."""
    workspace = open_workspace(chosen.workspace)
    sections = workspace.read("sections")
    readings, rejected = given_readings(workspace, chosen)
    if len(rejected):
        say(f"监测数据退回 {len(rejected)} 条，如：{rejected['reason'].iloc[0]}")
    table = gt.assess_sections(
        readings,
        sections,
        standard=table_of(chosen.standard),
        period=chosen.period,
        rounding=chosen.rounding,
    )
    write_assessment(table, chosen.out, sections=sections)
    if workspace.is_ours:
        workspace.write({ASSESSMENT: table})
    say_assessment(table)
    say(f"评价表：{chosen.out}")


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


def run_map(chosen: argparse.Namespace) -> None:
    """Write the one map of a workspace."""
    workspace = open_workspace(chosen.workspace)
    layers = map_layers(workspace)
    words = {
        "title": chosen.title,
        "subtitle": chosen.subtitle,
        "notice": chosen.notice,
        "source": chosen.source,
    }
    extras, warnings = map_extras(workspace)
    if chosen.photos:
        extras["photos"] = chosen.photos
    if chosen.tianditu_key:
        extras["base"] = gt.tianditu(chosen.tianditu_key)
    path = gt.save_map(gt.one_map(layers, **words, **extras), chosen.out)
    for text in warnings:
        say(f"  注意：{text}；图中不带河网，不能沿河查找")
    say(f"一张图：{path}（{path.stat().st_size / 1e6:.1f} MB，双击即可打开）")
    if chosen.png:
        save_figure(gt.plot_map(layers, **words), Path(chosen.png))
        say(f"打印图：{chosen.png}")


def save_figure(figure: Any, path: Path) -> None:
    """
    Write a figure; the old file stays until the new is whole.

    Raises
    ------
    SourceError
        If the ending is none that a figure can have.
    """
    from geotool.io import replacing

    known = figure.canvas.get_supported_filetypes()
    if path.suffix.lower().lstrip(".") not in known:
        raise SourceError(
            f"打印图不能写成 {path.name}；请用 .png 或 .pdf。",
            f"A printed map cannot be written as {path.name}; use .png or .pdf.",
        )
    with replacing(path) as beside:
        figure.savefig(beside)

"""What each command does: read, call one step of geotool, write, say what came out."""

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

import geotool as gt
from geotool.cli._alert import run_alert
from geotool.cli._atlas import write_workspace_atlas
from geotool.cli._import import run_import
from geotool.cli._layers import (
    ASSESSMENT,
    map_extras,
    map_layers,
    zone_layers,
)
from geotool.cli._report import run_report
from geotool.cli._say import (
    SEVERITY_ZH,
    say,
    say_assessment,
    say_findings,
    say_network,
)
from geotool.cli._trace import run_trace
from geotool.cli._zones import further_findings, ground_layers
from geotool.errors import LayerError, SourceError
from geotool.io import (
    read_mapping,
    read_readings,
)
from geotool.network import network_tables
from geotool.report import (
    write_assessment,
    write_findings,
    write_issues,
)
from geotool.workspace import open_workspace

MAX_SNAP_M = 100.0
"""A tolerance beyond this joins what lies apart; it is a slip of the pen."""


# ---------------------------------------------------------------- network
def run_build(chosen: argparse.Namespace) -> None:
    """Make the network of a workspace."""
    if chosen.snap_m > MAX_SNAP_M:
        raise SourceError(
            f"--snap-m {chosen.snap_m:g} 太大（最多 {MAX_SNAP_M:g} m），会把分开的河连在一起；"
            "断线请先 geotool check 查明再改图。",
            f"--snap-m {chosen.snap_m:g} is too much (at most {MAX_SNAP_M:g} m): it joins "
            "rivers that lie apart. See geotool check for gaps.",
        )
    workspace = open_workspace(chosen.workspace)
    built = gt.build_network(
        workspace.read("rivers"),
        structures=workspace.read("structures")
        if workspace.has("structures")
        else None,
        snap_m=chosen.snap_m,
    )
    network = gt.orient_network(built, drawing_is_flow=chosen.drawn_with_flow)
    issues = gt.check_network(network)
    workspace.write({**network_tables(network), "issues": issues})
    say_network(network, issues)


def run_check(chosen: argparse.Namespace) -> int:
    """List the issues of a network; status 3 when there are errors."""
    network, _ = gt.workspace_network(open_workspace(chosen.workspace))
    issues = gt.check_network(network)
    say_network(network, issues)
    shown = issues[issues["severity"] != "info"].head(20)
    for row in shown.to_dict("records"):
        say(f"  [{SEVERITY_ZH[row['severity']]}] {row['message']}；{row['repair']}")
    if chosen.out:
        write_issues(issues, chosen.out)
        say(f"问题清单：{chosen.out}")
    return 3 if (issues["severity"] == "error").any() else 0


# ---------------------------------------------------------------- assess, zones, map
def run_assess(chosen: argparse.Namespace) -> None:
    """Assess the sections of a workspace."""
    workspace = open_workspace(chosen.workspace)
    sections = workspace.read("sections")
    if chosen.readings:
        readings, rejected = read_readings(chosen.readings)
        if len(rejected):
            say(f"监测数据退回 {len(rejected)} 条，如：{rejected['reason'].iloc[0]}")
    else:
        readings = workspace.read("readings")
    standard: Any = chosen.standard
    if standard.lower().endswith((".toml", ".json")):
        standard = read_mapping(standard)
    table = gt.assess_sections(
        readings,
        sections,
        standard=standard,
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
    rule = chosen.rule
    if rule.lower().endswith((".toml", ".json")):
        rule = read_mapping(rule)
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
    say(f"保护区与缓冲带 {len(zones)} 个（{plan!r}）")
    for row in plan.notes[plan.notes["severity"] != "info"].to_dict("records"):
        say(f"  {row['water_source_id']} {row['note']}")
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


COMMANDS: dict[str, Callable[[argparse.Namespace], int | None]] = {
    "import": run_import,
    "build": run_build,
    "check": run_check,
    "trace": run_trace,
    "alert": run_alert,
    "assess": run_assess,
    "zones": run_zones,
    "map": run_map,
    "report": run_report,
}
"""Function of each command."""

"""What each command does: read, call one step of geotool, write, say what came out."""

import argparse
import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

import geotool as gt
from geotool.cli._layers import (
    ASSESSMENT,
    map_layers,
    network_of,
    trace_points,
    zone_layers,
)
from geotool.crs import GEOGRAPHIC_CRS, reproject, require_crs
from geotool.errors import LayerError, SourceError
from geotool.io import (
    fingerprint,
    list_layers,
    read_mapping,
    read_readings,
    write_table,
)
from geotool.network import network_tables
from geotool.report import (
    write_assessment,
    write_findings,
    write_issues,
    write_trace,
)
from geotool.schema import layer_kind
from geotool.workspace import Workspace, create_workspace, open_workspace


def say(text: str = "") -> None:
    """Print a line of the story."""
    print(text)


# ---------------------------------------------------------------- import
def run_import(chosen: argparse.Namespace) -> None:
    """Read a file as a layer into a workspace."""
    layer_kind(chosen.kind)  # an unknown kind is told before the file is opened
    columns = dict(_pair(text) for text in chosen.columns)
    into = Path(chosen.into)
    if chosen.kind == "readings":
        _refuse_options(chosen)
        _import_readings(chosen, into)
        return
    done = gt.read_layer(
        chosen.file,
        chosen.kind,
        crs=chosen.crs,
        datum=chosen.datum,
        encoding=chosen.encoding,
        sheet=_sheet(chosen),
        source_layer=chosen.layer,
        columns=columns or None,
    )
    _refuse_nothing(done, chosen)
    workspace = open_or_create(into)
    done = with_places(done, workspace, chosen.kind)
    layer = done.layer
    if chosen.append and workspace.has(chosen.kind):
        layer = appended(workspace.read(chosen.kind), layer, chosen.kind)
    workspace.write({chosen.kind: layer}, source=done)
    say(done.summary)
    if chosen.append:
        say(f"  已有图层 {chosen.kind} 现共 {len(layer)} 行")
    for header, column in done.proposals[["header", "column"]].head(6).to_numpy():
        say(f"  可能对应：--map {header}={column} maybe this column is that")
    _say_notes(done.notes)
    if chosen.rejects and len(done.rejected):
        done.write_rejects(chosen.rejects)
        say(f"  退回行已写入 {chosen.rejects}，改正后可再次导入")
    elif len(done.rejected):
        first = done.rejected.iloc[0]
        say(
            f"  退回 {len(done.rejected)} 行，如第 {first['row']} 行“{first['column']}”："
            f"{first['reason']}；{first['remedy']}（--rejects FILE.xlsx 可全部写出）"
        )
    if chosen.kind in ("rivers", "structures") and workspace.has("reaches"):
        say("  河流或闸站已变，请重新 geotool build")


def with_places(done: Any, workspace: Workspace, kind: str) -> Any:
    """Note the points that lie outside the district or township their row names."""
    if kind not in _PLACED_KINDS or not workspace.has("admin"):
        return done
    admin = workspace.read("admin")
    for column in ("district", "township"):
        if column in done.layer.columns:
            names = set(done.layer[column].dropna().astype(str))
            if names & set(admin["name"].dropna().astype(str)):
                notes = gt.check_places(done.layer, admin, kind=kind, column=column)
                who = notes["id"].astype(str)
                notes["reason"] = who + "：" + notes["reason"]
                notes["reason_en"] = who + ": " + notes["reason_en"]
                done = done.with_notes(notes)
    return done


_PLACED_KINDS = ("outfalls", "sections", "sources", "water_sources")


def _refuse_nothing(done: Any, chosen: argparse.Namespace) -> None:
    """Keep a layer from being replaced by one without rows."""
    if len(done.layer) or not len(done.rejected):
        return
    if chosen.rejects:
        done.write_rejects(chosen.rejects)
    first = done.rejected.iloc[0]
    count = len(done.rejected)
    back = (
        f"；退回行已写入 {chosen.rejects}"
        if chosen.rejects
        else "；加 --rejects 可写出"
    )
    raise LayerError(
        f"{count} 行全部不合格，没有写入（如第 {first['row']} 行：{first['reason']}；"
        f"{first['remedy']}）{back}。",
        f"All {count} rows were refused and nothing was written (row {first['row']}: "
        f"{first['reason_en']}; {first['remedy_en']}).",
    )


def _pair(text: str) -> tuple[str, str]:
    header, sign, column = text.rpartition("=")
    if not sign or not header or not column:
        raise SourceError(
            f"--map 应写成 列名=column，得到 {text!r}。",
            f"--map takes header=column, got {text!r}.",
        )
    return header, column


def _refuse_options(chosen: argparse.Namespace) -> None:
    """Tell of an option that does nothing for readings: they have no place."""
    given = {
        "--map": chosen.columns,
        "--crs": chosen.crs,
        "--datum": chosen.datum,
        "--layer": chosen.layer,
    }
    useless = [name for name, value in given.items() if value]
    if useless:
        raise SourceError(
            f"{'、'.join(useless)} 对监测数据（readings）不起作用；请去掉，"
            "列名请改成 断面编号、监测时间、监测项目、监测值。",
            f"{', '.join(useless)} does nothing for readings; leave it out and name the "
            "columns section_id, time, item and value.",
        )


def _sheet(chosen: argparse.Namespace) -> str | int | None:
    """Take digits for the place of a sheet, unless a sheet is named so: 2025."""
    text: str | None = chosen.sheet
    if text is None or not text.isdigit() or text in list_layers(chosen.file):
        return text
    return int(text)


def open_or_create(path: Path) -> Workspace:
    """Open a workspace, or make a new one where there is none."""
    return open_workspace(path) if path.exists() else create_workspace(path)


def appended(old: Any, new: Any, kind: str) -> Any:
    """
    Put new rows under those that are there.

    Raises
    ------
    LayerError
        If an id occurs in both.
    """
    key = layer_kind(kind).id_column
    both = sorted(set(old[key]) & set(new[key])) if key else []
    if both:
        raise LayerError(
            f"编号 {both[0]} 等 {len(both)} 个在已有图层里也有，未并入；请先改正，"
            "或去掉 --append 整体替换。",
            f"{len(both)} ids such as {both[0]} are in the layer already; nothing was "
            "added. Correct them, or leave --append out to replace the layer.",
        )
    if isinstance(old, gpd.GeoDataFrame) and isinstance(new, gpd.GeoDataFrame):
        new = reproject(new, require_crs(old, kind))
    return pd.concat([old, new], ignore_index=True)


def _say_notes(notes: pd.DataFrame) -> None:
    for reason, count in notes["reason"].value_counts().head(8).items():
        say(f"  说明：{reason}" + (f"（{count} 处）" if count > 1 else ""))


def _import_readings(chosen: argparse.Namespace, into: Path) -> None:
    readings, rejected = read_readings(
        chosen.file,
        sheet=_sheet(chosen),
        encoding=chosen.encoding,
        year=chosen.year,
    )
    if readings.empty and len(rejected):
        raise LayerError(
            f"{len(rejected)} 个监测值全部不合格，没有写入（如第 "
            f"{rejected['row'].iloc[0]} 行：{rejected['reason'].iloc[0]}）。",
            f"All {len(rejected)} readings were refused and nothing was written (row "
            f"{rejected['row'].iloc[0]}: {rejected['reason_en'].iloc[0]}).",
        )
    workspace = open_or_create(into)
    source = {
        "name": Path(chosen.file).name,
        "sha256": fingerprint(Path(chosen.file)),
        "rows_read": len(readings) + len(rejected),
        "rows_accepted": len(readings),
        "rows_rejected": len(rejected),
    }
    table, again = readings, 0
    if chosen.append and workspace.has("readings"):
        table, again = _added_readings(workspace.read("readings"), readings)
    workspace.write({"readings": table}, source=source)
    say(
        f"监测数据 {Path(chosen.file).name}：采用 {len(readings)} 个监测值，"
        f"退回 {len(rejected)} 条"
    )
    if chosen.append:
        say(f"  与已有完全相同、未重复计入 {again} 个；现共 {len(table)} 个监测值")
    for reason, count in rejected["reason"].value_counts().head(6).items():
        say(f"  退回：{reason}（{count} 条）")
    if chosen.rejects and len(rejected):
        write_table(rejected, chosen.rejects, layer="被退回")


def _added_readings(old: pd.DataFrame, new: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Put new readings under the old; one that is there already counts once."""
    keys = [c for c in ("section_id", "time", "item", "value", "unit") if c in new]
    known = set(old[keys].astype(str).itertuples(index=False, name=None))
    fresh = [
        row not in known
        for row in new[keys].astype(str).itertuples(index=False, name=None)
    ]
    joined = pd.concat([old, new[fresh]], ignore_index=True)
    return joined, len(new) - sum(fresh)


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


def say_network(network: Any, issues: gpd.GeoDataFrame) -> None:
    """Tell the size of a network and its issues by kind."""
    facts = network.summary()
    say(
        f"河网：{facts['reaches']} 个河段，{facts['length_km']:.1f} km，"
        f"{facts['components']} 个连通部分，{facts['loops']} 个环，"
        f"{facts['structures']} 座闸站；流向未知占河长 {facts['unknown_share']:.0%}"
    )
    counts = issues.groupby(["severity", "kind"], sort=False).size().reset_index()
    for severity, kind, count in counts.itertuples(index=False):
        say(f"  {SEVERITY_ZH[severity]} {kind} × {count}")


SEVERITY_ZH = {"error": "错误", "warning": "警告", "info": "提示"}


def run_check(chosen: argparse.Namespace) -> int:
    """List the issues of a network; status 3 when there are errors."""
    network, _ = network_of(open_workspace(chosen.workspace))
    issues = gt.check_network(network)
    say_network(network, issues)
    shown = issues[issues["severity"] != "info"].head(20)
    for row in shown.to_dict("records"):
        say(f"  [{SEVERITY_ZH[row['severity']]}] {row['message']}；{row['repair']}")
    if chosen.out:
        write_issues(issues, chosen.out)
        say(f"问题清单：{chosen.out}")
    return 3 if (issues["severity"] == "error").any() else 0


# ---------------------------------------------------------------- trace
def run_trace(chosen: argparse.Namespace) -> None:
    """Trace from a section, an outfall or a place."""
    item = _item(chosen.item)
    workspace = open_workspace(chosen.workspace)
    label, at = _start(workspace, chosen)
    scenario = gt.read_scenario(chosen.scenario) if chosen.scenario else None
    warnings = _readings_warning(chosen)
    network, stale = network_of(workspace)
    step = gt.trace_downstream if chosen.down else gt.trace_upstream
    trace = step(
        network,
        at,
        points=trace_points(workspace),
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


def _readings_warning(chosen: argparse.Namespace) -> tuple[str, ...]:
    """Read the readings all the same, so that a bad file is told."""
    if not chosen.readings:
        return ()
    readings, rejected = read_readings(chosen.readings)
    return (
        (
            f"已读入 {len(readings)} 个监测值（退回 {len(rejected)} 条），但本版本尚不做证据归因，"
            "监测值未影响顺序 / readings were read but this version does not rank by "
            "evidence yet"
        ),
    )


def _start(workspace: Workspace, chosen: argparse.Namespace) -> tuple[str, Any]:
    if chosen.at:
        return chosen.at, _place(chosen.at)
    kind, key = ("sections", chosen.section)
    if chosen.outfall:
        kind, key = "outfalls", chosen.outfall
    row = one_row(workspace.read(kind), kind, key)
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


def one_row(layer: gpd.GeoDataFrame, kind: str, key: str) -> gpd.GeoDataFrame:
    """
    Find a row by its id, or by its name where only one has it.

    Raises
    ------
    LayerError
        If there is none, or the name is that of several.
    """
    column = layer_kind(kind).id_column
    found = layer[layer[column].astype(str) == key]
    if found.empty and "name" in layer:
        found = layer[layer["name"].astype(str) == key]
    zh = layer_kind(kind).zh
    if found.empty:
        some = "、".join(layer[column].astype(str).head(6))
        raise LayerError(
            f"{zh}里没有编号或名称为 {key!r} 的；有：{some}{'…' if len(layer) > 6 else ''}。",
            f"No {kind} with the id or name {key!r}; there are {some}.",
        )
    if len(found) > 1:
        raise LayerError(
            f"{zh}里有 {len(found)} 个叫 {key!r}；请改用编号："
            f"{'、'.join(found[column].astype(str))}。",
            f"{len(found)} {kind} are named {key!r}; use an id: "
            f"{', '.join(found[column].astype(str))}.",
        )
    return found


def say_trace(trace: Any) -> None:
    """Tell what a trace found, the nearest first."""
    from geotool.trace import RELATION_ZH

    up = trace.settings["direction"] == "upstream"
    sources = trace.points[trace.points["layer"] == "outfalls"]
    numbers = sources["relation"].value_counts()
    words = "、".join(
        f"{zh} {int(numbers.get(key, 0))}" for key, zh in RELATION_ZH.items()
    )
    say(
        f"{trace.settings['start']} {'上游' if up else '下游'}："
        f"{trace.reaches['length_m'].sum() / 1000:.1f} km 河道，排污口 "
        f"{len(sources)} 个（{words}）"
    )
    for row in sources.head(5).to_dict("records"):
        say(
            f"  {row['id']} {row['name']}：{RELATION_ZH[row['relation']]}，沿河 "
            f"{row['distance_m']:.0f} m，{row['travel_time_min_h']:.1f}–"
            f"{row['travel_time_max_h']:.1f} h"
        )
    if len(sources) > 5:
        say(f"  … 共 {len(sources)} 个，按沿河距离排列，不代表责任大小")
    for row in trace.stopped[trace.stopped["kind"] == "closed_gate"].to_dict("records"):
        say(f"  止于：{row['reason']}")


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
    table = gt.assess_sections(
        readings, sections, standard=chosen.standard, period=chosen.period
    )
    write_assessment(table, chosen.out)
    if workspace.is_ours:
        workspace.write({ASSESSMENT: table})
    say_assessment(table)
    say(f"评价表：{chosen.out}")


def say_assessment(table: pd.DataFrame) -> None:
    """Tell which sections missed their target in the last period."""
    last = table[table["period"] == table["period"].max()]
    judged = last[last["reached"].notna()]
    failed = judged[~judged["reached"].astype(bool)]
    say(
        f"{last['period'].iloc[0] if len(last) else ''}：评价 {len(judged)} 个断面，"
        f"{len(judged) - len(failed)} 个达标，{len(failed)} 个未达标"
    )
    for row in failed.to_dict("records"):
        say(
            f"  {row['section_id']} {row['name']}：目标 {row['target_class']} 类，"
            f"实为 {row['water_class']} 类，{row['exceedances']}"
        )


def run_zones(chosen: argparse.Namespace) -> None:
    """Draw zones, hold outfalls against them, list conflicts."""
    workspace = open_workspace(chosen.workspace)
    rule = chosen.rule
    if rule.lower().endswith((".toml", ".json")):
        rule = read_mapping(rule)
    on = _day(chosen.on)
    if chosen.out and not workspace.has("outfalls"):
        raise LayerError(
            f"{workspace.path.name} 里没有排污口（outfalls），没有可筛查的；请去掉 --out，"
            "或先导入排污口。",
            f"{workspace.path.name} has no outfalls to screen; leave --out out, or "
            "import outfalls first.",
        )
    network, _ = network_of(workspace)
    zones, plan = zone_layers(workspace, network, rule=rule, buffer_m=chosen.buffer_m)
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
    workspace.write(tables)


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        raise SourceError(
            f"日期应写成 2026-09-01，得到 {text!r}。",
            f"A date is written 2026-09-01, got {text!r}.",
        ) from None


def say_findings(findings: gpd.GeoDataFrame) -> None:
    """Tell how many points lie where, and the clause for those that matter."""
    counts = findings["grade_zh"].value_counts()
    say("筛查：" + "，".join(f"{grade} {count}" for grade, count in counts.items()))
    for row in findings[findings["grade"].isin(["conflict", "attention"])].to_dict(
        "records"
    ):
        say(
            f"  {row['grade_zh']} {row['outfall_id']} {row['name']}：{row['zone_name']}"
            f"，{row['clause']}"
        )


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
    path = gt.save_map(gt.one_map(layers, **words), chosen.out)
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
    "assess": run_assess,
    "zones": run_zones,
    "map": run_map,
}
"""Function of each command."""

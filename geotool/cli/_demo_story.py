"""The whole story on the bundled demo data."""

import argparse
import time
from pathlib import Path
from unicodedata import east_asian_width

import geotool as gt
from geotool.cli._import import open_or_create
from geotool.cli._layers import (
    ASSESSMENT,
    assessment_words,
    map_extras,
    map_layers,
    zone_layers,
)
from geotool.cli._map import save_figure
from geotool.cli._say import (
    say,
    say_assessment,
    say_findings,
    say_network,
    say_trace,
)
from geotool.errors import ReportError, SourceError
from geotool.network import network_tables
from geotool.report import write_assessment, write_findings, write_trace
from geotool.workspace import Workspace

NOTICE = "示意，非实测：位置为示意，排污口与监测值为模拟"
SOURCE = "名称与目标：公开规划（见 data/README.md）；其余模拟"
TITLE = "南通开发区入河排污口一张图（示例）"
WORKSPACE = "geotool_demo.gpkg"

REGISTERS = (
    ("rivers", "rivers_schematic.shp"),
    ("structures", "structures.csv"),
    ("outfalls", "outfall_register.xlsx"),
    ("sections", "sections_nantong.csv"),
    ("water_sources", "water_sources_nantong.csv"),
    ("sources", "factories_gbk.csv"),
    ("admin", "townships_schematic.geojson"),
    ("projects", "projects_nantong.csv"),
)
READINGS = "readings_4h_2026-10.csv"
SHEET = "一断面一策.docx"
BUFFER_M = 15.0
"""An example width; no rule at hand gives one (domain.md section 5)."""


def demo_data(folder: str | None) -> Path:
    """
    Find the bundled data: beside the package in a checkout, or where told.

    Raises
    ------
    SourceError
        If they are not there.
    """
    found = Path(folder) if folder else Path(gt.__file__).parents[1] / "data"
    if not (found / REGISTERS[0][1]).exists():
        raise SourceError(
            f"{found} 里没有示例数据；请在 geotool 源码目录运行，或用 --data 指明 data 目录。",
            f"There are no demo data in {found}; run in a checkout of geotool, or name "
            "the folder with --data.",
        )
    return found


def run_demo(chosen: argparse.Namespace) -> None:
    """Run every step on the demo data and tell what came out."""
    started = time.perf_counter()
    data, folder = demo_data(chosen.data), Path(chosen.folder)
    folder.mkdir(parents=True, exist_ok=True)
    say(f"geotool 示例（{NOTICE}）")
    say("\n一、读入登记表和图层 registers in")
    workspace = open_or_create(folder / WORKSPACE)
    _import(workspace, data, folder)
    say("\n二、建河网并检查 network")
    network = _network(workspace)
    say("\n三、断面评价 assessment")
    failing = _assess(workspace, folder)
    say("\n四、溯源 upstream trace")
    for number, section_id in enumerate(failing):
        _trace(workspace, network, section_id, folder, first=number == 0)
    say("\n五、水源保护区（草案）与筛查 zones and conflicts")
    _zones(workspace, network, folder)
    say("\n六、出图 maps")
    _maps(workspace, folder)
    say("\n七、谁最可能，一断面一策 who did it, and the sheet")
    for section_id in failing:
        _sheet(workspace, network, section_id, folder)
    _tell_files(folder, time.perf_counter() - started)


def _import(workspace: Workspace, data: Path, folder: Path) -> None:
    for kind, name in REGISTERS:
        # the registers in degrees do not say their datum; data/README.md does
        datum = "cgcs2000" if name.endswith((".csv", ".xlsx")) else None
        done = gt.read_layer(data / name, kind, datum=datum)
        workspace.write({kind: done.layer}, source=done)
        say(f"  {done.summary}")
        for row in done.rejected.to_dict("records"):
            say(f"    退回第 {row['row']} 行：{row['reason']}")
        if len(done.rejected):
            path = done.write_rejects(folder / f"{kind}_rejects.xlsx")
            say(f"    退回行与修改说明：{path}")
    done = gt.read_layer(data / READINGS, "readings")
    workspace.write({"readings": done.layer}, source=done)
    say(
        f"  监测数据 {READINGS}：采用 {len(done.layer)} 个监测值，"
        f"退回 {len(done.rejected)} 条"
    )


def _network(workspace: Workspace) -> gt.RiverNetwork:
    built = gt.build_network(
        workspace.read("rivers"), structures=workspace.read("structures")
    )
    network = gt.orient_network(built)
    issues = gt.check_network(network)
    workspace.write({**network_tables(network), "issues": issues})
    say_network(network, issues)
    return network


def _assess(workspace: Workspace, folder: Path) -> list[str]:
    table = gt.assess_sections(workspace.read("readings"), workspace.read("sections"))
    write_assessment(table, folder / "assessment.xlsx")
    workspace.write({ASSESSMENT: table})
    say_assessment(table)
    judged = table[table["reached"].notna()]
    failed = judged[~judged["reached"].astype(bool)]
    return list(dict.fromkeys(failed["section_id"]))


def _trace(
    workspace: Workspace,
    network: gt.RiverNetwork,
    section_id: str,
    folder: Path,
    *,
    first: bool,
) -> None:
    sections = workspace.read("sections")
    at = sections[sections["section_id"] == section_id]
    trace = gt.trace_upstream(network, at, points=gt.workspace_points(workspace))
    say_trace(trace)
    kinds = trace.excluded.loc[trace.excluded["layer"] == "outfalls", "kind"]
    gone = kinds.value_counts()
    say(
        f"  未列入的排污口 {len(kinds)} 个，逐个有原因：被关闭的闸隔断 "
        f"{int(gone.get('closed_gate', 0))}，不在上游 "
        f"{len(kinds) - int(gone.get('closed_gate', 0))}"
    )
    for text in trace.settings["assumptions"]:
        say(f"  依据：{text}")
    stem = "trace" if first else f"trace_{section_id}"
    for suffix in (".xlsx", ".json"):
        write_trace(
            trace,
            folder / f"{stem}{suffix}",
            network=network,
            section_id=section_id,
            item="NH3N",
        )
    if first:
        workspace.write(trace.map_layers())


def _zones(workspace: Workspace, network: gt.RiverNetwork, folder: Path) -> None:
    zones, plan = zone_layers(workspace, network, rule="jiangsu", buffer_m=BUFFER_M)
    findings = gt.screen_points(workspace.read("outfalls"), plan)
    workspace.write({"zones": zones, "findings": findings})
    write_findings(findings, folder / "findings.xlsx")
    say(f"  {plan!r}；缓冲带示例宽度 {BUFFER_M:g} m")
    say_findings(findings)


def _maps(workspace: Workspace, folder: Path) -> None:
    layers = map_layers(workspace)
    words = {
        "title": TITLE,
        "subtitle": assessment_words(workspace.read(ASSESSMENT)),
        "notice": NOTICE,
        "source": SOURCE,
    }
    extras, _ = map_extras(workspace)  # the network was built a moment ago
    path = gt.save_map(gt.one_map(layers, **words, **extras), folder / "onemap.html")
    say(f"  一张图 {path.stat().st_size / 1e6:.1f} MB，单个文件，断网可用")
    save_figure(gt.plot_map(layers, **words), folder / "map.png")


def _sheet(
    workspace: Workspace, network: gt.RiverNetwork, section_id: str, folder: Path
) -> None:
    """Rank the sources above a section that failed, and write its sheet."""
    report = gt.section_report(workspace, section_id, network=network, notice=NOTICE)
    for text in report["summary"]:
        say(f"  {text}")
    say("  排序说的是先查哪里，不是结论；本例没有任何流量资料，概率因此很宽")
    try:
        report.to_docx(folder / f"{section_id}_{SHEET}")
    except ReportError as error:  # the extra is a choice; the story goes on without
        say(f"  未写 Word 文档：{error.zh}")


def _tell_files(folder: Path, seconds: float) -> None:
    names = {
        "onemap.html": "一张图，双击打开 the one map",
        "map.png": "打印图 printed map",
        "trace.xlsx": "溯源表 trace table",
        "trace.json": "溯源结果 trace for programs",
        "assessment.xlsx": "断面评价表 assessment",
        "findings.xlsx": "保护区筛查 findings",
        f"DM03_{SHEET}": "一断面一策 sheet of the section",
        "outfalls_rejects.xlsx": "退回的登记行 rows sent back",
        WORKSPACE: "工作空间，可用 QGIS 打开 workspace",
    }
    say(f"\n用时 {seconds:.0f} 秒，文件在 {folder.resolve()}：")
    for name, text in names.items():
        if (folder / name).exists():
            say(f"  {name}{' ' * (24 - _columns(name))}{text}")
    say(f"\n请双击打开 open this: {(folder / 'onemap.html').resolve()}")


def _columns(text: str) -> int:
    """Width of a text on a terminal: a Chinese character takes two columns."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)

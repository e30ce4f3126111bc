"""What ``geotool report`` does: sheets of sections and outfalls, bulletins, templates."""

import argparse
from pathlib import Path
from typing import Any

import pandas as pd

import geotool as gt
from geotool.cli._given import given_cells, refuse_year, table_of
from geotool.cli._say import say
from geotool.errors import LayerError, SourceError
from geotool.io import read_table
from geotool.report._word import check_template
from geotool.schema import align_names

TABLE_SUFFIX = "_评价表.xlsx"
"""What the workbook beside a bulletin is called after the document's own name."""


def run_report(chosen: argparse.Namespace) -> None:
    """Write the document that was asked for."""
    if chosen.write_template:
        path = gt.write_template(chosen.write_template, chosen.out)
        say(f"模板：{path}（在 Word 里修改后用 --template 指明）")
        return
    if not chosen.workspace:
        raise SourceError(
            "请给出工作空间：geotool report WS.gpkg --section DM01 --out DM01.docx。",
            "Name the workspace: geotool report WS.gpkg --section DM01 --out DM01.docx.",
        )
    if chosen.template:
        check_template(chosen.template)
    workspace = gt.open_workspace(chosen.workspace)
    if chosen.bulletin:
        _bulletin(workspace, chosen)
    elif chosen.section:
        _section(workspace, chosen)
    else:
        _outfalls(workspace, chosen)


def _section(workspace: Any, chosen: argparse.Namespace) -> None:
    say("评价、溯源、排查次序；监测序列长时需要十几秒…")
    readings, taken = given_cells(workspace, chosen)
    report = gt.section_report(
        workspace,
        chosen.section,
        item=chosen.item,
        readings=readings,
        taken=taken,
        scenario=_scenario(chosen),
        standard=table_of(chosen.standard),
        max_offset_m=chosen.max_offset_m,
        on=chosen.on,
        notice=chosen.notice,
    )
    path = report.to_docx(chosen.out, template=chosen.template)
    _say_summary(report)
    say(f"一断面一策：{path}")


def _outfalls(workspace: Any, chosen: argparse.Namespace) -> None:
    refuse_year(chosen)
    choices: dict[str, Any] = {
        "scenario": _scenario(chosen),
        "max_offset_m": chosen.max_offset_m,
        "photos": chosen.photos,
        "on": chosen.on,
        "notice": chosen.notice,
    }
    if chosen.outfall:
        report = gt.outfall_report(workspace, chosen.outfall, **choices)
        path = report.to_docx(chosen.out, template=chosen.template)
        _say_summary(report)
        say(f"一口一策：{path}")
        return
    wanted = None if chosen.outfalls == "all" else _wanted(chosen.outfalls)
    table = gt.write_outfall_reports(
        workspace, chosen.out, outfalls=wanted, template=chosen.template, **choices
    )
    overdue = table[table["overdue"]]
    untraced = table[table["note"] != ""]
    say(f"一口一策 {len(table)} 份：{chosen.out}")
    say(f"  整治逾期 {len(overdue)} 个{_some(overdue)}")
    if len(untraced):
        say(f"  下游不明 {len(untraced)} 个{_some(untraced)}，原因写在各自的表里")


def _some(table: pd.DataFrame) -> str:
    if not len(table):
        return ""
    more = "…" if len(table) > 5 else ""
    return f"：{'、'.join(table['outfall_id'].head(5))}{more}"


def _bulletin(workspace: Any, chosen: argparse.Namespace) -> None:
    readings, taken = given_cells(workspace, chosen)
    made = gt.bulletin(
        workspace,
        period=chosen.period,
        readings=readings,
        taken=taken,
        standard=table_of(chosen.standard),
        on=chosen.on,
        notice=chosen.notice,
    )
    out = Path(chosen.out)
    beside = out.with_name(f"{out.stem}{TABLE_SUFFIX}")
    if chosen.readings and beside.resolve() == Path(chosen.readings).resolve():
        raise SourceError(
            f"评价表会写到 {beside.name}，它是要读取的文件；请给 --out 换一个名字。",
            f"The table would be written to {beside.name}, which is read; choose "
            "another --out.",
        )
    path = made.to_docx(out, template=chosen.template)
    made.to_xlsx(beside)
    _say_summary(made)
    say(f"通报：{path}")
    say(f"评价表：{beside}")


def _say_summary(report: Any) -> None:
    for text in report["summary"]:
        say(f"  {text}")


def _scenario(chosen: argparse.Namespace) -> Any:
    return gt.read_scenario(chosen.scenario) if chosen.scenario else None


def _wanted(text: str) -> list[str]:
    """Read the ids, or names, of a list of outfalls."""
    cells = read_table(text).cells
    names = align_names([str(name) for name in cells.columns], "outfalls")
    for key in ("outfall_id", "name"):
        header = next((one for one, to in names.items() if to == key), None)
        if header is not None:
            found = [str(cell).strip() for cell in cells[header].dropna()]
            return [cell for cell in found if cell]
    raise LayerError(
        f"{Path(text).name} 里没有“排污口编号”或“排污口名称”列；"
        f"有：{'、'.join(map(str, cells.columns))}。",
        f"{Path(text).name} has no column of outfall ids or names.",
    )

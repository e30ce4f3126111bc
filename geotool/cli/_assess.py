"""What ``geotool assess`` does: the class of the water at each section."""

import argparse

import geotool as gt
from geotool.cli._given import given_readings, table_of
from geotool.cli._layers import ASSESSMENT
from geotool.cli._say import note_texts, say, say_assessment
from geotool.report import write_assessment
from geotool.workspace import open_workspace


def run_assess(chosen: argparse.Namespace) -> None:
    """Assess the sections of a workspace."""
    workspace = open_workspace(chosen.workspace)
    sections = workspace.read("sections")
    readings, rejected, notes = given_readings(workspace, chosen, sections=sections)
    for text in note_texts(notes):
        say(f"  注意：{text}")
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

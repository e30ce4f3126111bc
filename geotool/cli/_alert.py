"""What ``geotool alert`` does: from a file of readings to one page to act on."""

import argparse

import geotool as gt
from geotool.cli._given import given_readings, table_of
from geotool.cli._say import counted_notes, note_texts, say
from geotool.workspace import open_workspace


def run_alert(chosen: argparse.Namespace) -> None:
    """Tell what exceeds since when, who may have done it and who must act."""
    # the other commands need not load what ranks
    from geotool.report import incident_alert, write_incident

    workspace = open_workspace(chosen.workspace)
    scenario = gt.read_scenario(chosen.scenario) if chosen.scenario else None
    readings, rejected, notes = given_readings(workspace, chosen)
    network, stale = gt.workspace_network(workspace)
    alert = incident_alert(
        network,
        readings,
        workspace,
        item=chosen.item,
        until=chosen.until,
        scenario=scenario,
        standard=table_of(chosen.standard),
        lead_h=chosen.lead_hours,
        max_offset_m=chosen.max_offset_m,
        unread=rejected if len(rejected) else None,
        taken=counted_notes(notes),
    )
    write_incident(alert, chosen.out, language=chosen.language)
    say(alert.headline[0])
    for row in alert.exceeding.to_dict("records"):
        say(
            f"  {row['section_id']} {row['name']}：{row['item_name']} 自 "
            f"{alert.when(row['since'], row['section_id'])} 起，{row['n_readings']} 次读数"
            + (f"（{row['note']}）" if row["note"] else "")
        )
    for ranking in alert.rankings.values():
        say(f"  {ranking.headline[0]}")
    for row in alert.untold.to_dict("records"):
        say(f"  {row['section_id']} 的{row['what']}未能查明：{row['reason']}")
    if len(alert.ended):
        say(
            f"  另有 {len(alert.ended)} 项曾超标、已恢复；要溯源请加 --until 当时的时间"
        )
    if len(alert.unjudged):
        say(f"  未判断的断面或读数 {len(alert.unjudged)} 项，见输出")
    if len(alert.unused):
        say(
            f"  未用的单元格 {len(alert.unused)} 个，如：{alert.unused['reason'].iloc[0]}"
        )
    for text in (*stale, *note_texts(notes)):
        say(f"  注意：{text}")
    say(f"预警：{chosen.out}")

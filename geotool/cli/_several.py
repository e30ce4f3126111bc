"""What ``compare`` and ``catchments`` do: many traces side by side, as one workbook."""

import argparse
from collections import Counter
from typing import Any

import geotool as gt
from geotool.cli._say import say
from geotool.cli._trace import start_of
from geotool.errors import SourceError
from geotool.report import write_sheets
from geotool.workspace import open_workspace

SHOWN = 10
"""Rows told on the screen; all stand in the workbook."""


def run_compare(chosen: argparse.Namespace) -> None:
    """Trace one place as registered and under scenarios: what each gains and loses."""
    workspace = open_workspace(chosen.workspace)
    _, at = start_of(workspace, chosen)
    scenarios = [gt.read_scenario(file) for file in chosen.scenarios]
    network, stale = gt.workspace_network(workspace)
    found = gt.compare_scenarios(
        network,
        at,
        [None, *scenarios],
        points=gt.workspace_points(workspace),
        weights=_weights(chosen.weights, len(scenarios) + 1),
        direction="downstream" if chosen.down else "upstream",
        max_distance_m=None if chosen.max_km is None else chosen.max_km * 1000,
        max_time_h=chosen.max_hours,
        max_offset_m=chosen.max_offset_m,
    )
    write_sheets(found, chosen.out)
    for k, row in enumerate(found.summary.to_dict("records")):
        against = (
            f"；比现状 +{row['gained_km']:.1f} −{row['lost_km']:.1f} km，"
            f"点位 +{row['gained_points']} −{row['lost_points']}"
        )
        say(
            f"{row['scenario']}：{row['length_km']:.1f} km 河道，{row['points']} 个点位"
            + against * (k > 0)
        )
    for text in stale:
        say(f"  注意：{text}")
    say(f"情景对比：{chosen.out}")


def _weights(text: str | None, count: int) -> list[float] | None:
    """Read shares of time, the state as registered first."""
    if text is None:
        return None
    try:
        weights = [float(bit) for bit in text.replace("，", ",").split(",")]
    except ValueError:
        weights = []
    if len(weights) != count:
        raise SourceError(
            f"--weights 应是 {count} 个数，用逗号隔开，现状在前，得到 {text!r}。",
            f"--weights takes {count} numbers with commas between, as registered first, "
            f"got {text!r}.",
        )
    return weights


def run_catchments(chosen: argparse.Namespace) -> None:
    """Tell who lies above each section, nobody counted twice."""
    workspace = open_workspace(chosen.workspace)
    sections = workspace.read("sections")
    scenario = gt.read_scenario(chosen.scenario) if chosen.scenario else None
    network, stale = gt.workspace_network(workspace)
    points = gt.workspace_points(workspace)
    points.pop("sections", None)
    found = gt.section_catchments(
        network,
        sections,
        points=points,
        scenario=scenario,
        max_offset_m=chosen.max_offset_m,
    )
    write_sheets(found, chosen.out)
    for row in found.table.head(SHOWN).to_dict("records"):
        say(_section_line(row, points))
    if len(found.table) > SHOWN:
        say(f"  … 共 {len(found.table)} 个断面")
    lost = Counter(found.excluded["layer"])
    if lost:
        counts = "，".join(f"{_zh(name)} {count} 个" for name, count in lost.items())
        say(f"  未列入：{counts}，原因见表")
    for text in stale:
        say(f"  注意：{text}")
    say(f"断面汇水清单：{chosen.out}")


def _section_line(row: dict[Any, Any], points: dict[str, Any]) -> str:
    counts = [
        f"{_zh(name)} {row.get(name, 0)} 个（自有 {row.get(f'own_{name}', 0)}）"
        for name in points
    ]
    return (
        f"{row['section_id']} {row['name']}：上游 {row['length_km']:.1f} km（自有 "
        f"{row['own_length_km']:.1f}）" + "".join(f"，{each}" for each in counts)
    )


def _zh(name: str) -> str:
    return gt.schema.layer_kind(name).zh

"""The atlas of water sources from a workspace."""

import datetime as dt
from pathlib import Path

import geotool as gt
from geotool.cli._say import say
from geotool.workspace import Workspace
from geotool.zones import ZonePlan

CONTEXT = ("admin", "rivers", "sections")
"""Layers that a sheet shows besides the zones and what was held against them."""

SCREENED = ("outfalls",)


def write_workspace_atlas(
    workspace: Workspace, plan: ZonePlan, folder: Path, *, on: dt.date | None
) -> None:
    """Write a sheet for each water source of a workspace, and say what came out."""
    layers = {
        name: workspace.read(name)
        for name in (*CONTEXT, *SCREENED)
        if workspace.has(name)
    }
    screened = {name: layers[name] for name in SCREENED if name in layers}
    atlas = gt.source_atlas(
        workspace.read("water_sources"),
        plan,
        screened=screened or None,
        context={name: layers[name] for name in CONTEXT if name in layers},
        on=on,
    )
    made = gt.write_source_atlas(atlas, folder)
    drafts = sum(sheet.is_draft for sheet in atlas)
    say(
        f"水源地图集：{folder}，{len(atlas)} 处，其中草案 {drafts} 处，{len(made)} 个文件"
    )
    for note in atlas.notes:
        say(f"  {note}")

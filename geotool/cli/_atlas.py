"""The atlas of water sources from a workspace."""

import datetime as dt
from pathlib import Path

import geotool as gt
from geotool.cli._say import say
from geotool.errors import SourceError
from geotool.workspace import Workspace
from geotool.zones import ZonePlan

CONTEXT = ("admin", "rivers", "sections")
"""Layers that a sheet shows besides the zones and what was held against them."""

SCREENED = ("outfalls",)


def check_atlas_folder(text: str) -> Path:
    """
    See that an atlas can be written into a folder, before any work is done.

    Raises
    ------
    SourceError
        If the name is a file, or the folder it would lie in is not there.
    """
    folder = Path(text)
    if folder.exists() and not folder.is_dir():
        raise SourceError(
            f"--atlas {text} 是文件；图集要写进文件夹。",
            f"--atlas {text} is a file; an atlas is written into a folder.",
        )
    if not folder.parent.is_dir():
        raise SourceError(
            f"--atlas 的上级文件夹 {folder.parent} 不存在；请先建立。",
            f"The folder {folder.parent} of --atlas does not exist; make it first.",
        )
    return folder


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

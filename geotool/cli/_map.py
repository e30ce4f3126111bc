"""What ``geotool map`` does: one page for the screen, and a figure where one is asked."""

import argparse
from pathlib import Path
from typing import Any

import geotool as gt
from geotool.cli._layers import map_extras, map_layers
from geotool.cli._say import say
from geotool.errors import SourceError
from geotool.io import replacing
from geotool.workspace import open_workspace


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
    known = figure.canvas.get_supported_filetypes()
    if path.suffix.lower().lstrip(".") not in known:
        raise SourceError(
            f"打印图不能写成 {path.name}；请用 .png 或 .pdf。",
            f"A printed map cannot be written as {path.name}; use .png or .pdf.",
        )
    with replacing(path) as beside:
        figure.savefig(beside)

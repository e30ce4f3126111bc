"""The commands ``build`` and ``check``: rivers become a network, and what is wrong in it."""

import argparse
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

import geotool as gt
from geotool.cli._say import SEVERITY_ZH, say, say_network
from geotool.crs import GEOGRAPHIC_CRS, to_degrees
from geotool.errors import LayerError, SourceError
from geotool.network import REPAIRABLE, network_tables
from geotool.report import write_issues
from geotool.report._given import one_row
from geotool.schema import layer_kind
from geotool.workspace import Workspace, open_workspace

MAX_SNAP_M = 100.0
"""A tolerance beyond this joins what lies apart; it is a slip of the pen."""

ALL_REPAIRS = "all"
"""Word for every kind of repair."""

_PLACED_KINDS = ("sections", "structures", "outfalls", "water_sources")
"""Layers whose points may be named as the place where water enters or leaves."""


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
    ends = {
        "inlets": places(workspace, chosen.inlet, "--inlet"),
        "outlets": places(workspace, chosen.outlet, "--outlet"),
    }
    built = gt.build_network(
        workspace.read("rivers"),
        structures=workspace.read("structures")
        if workspace.has("structures")
        else None,
        snap_m=chosen.snap_m,
    )
    if chosen.repair:
        built = _mended(built, chosen.repair)
    network = gt.orient_network(
        built,
        drawing_is_flow=chosen.drawn_with_flow,
        elevation=chosen.elevation,
        **ends,
    )
    issues = gt.check_network(network)
    workspace.write({**network_tables(network), "issues": issues})
    say_network(network, issues)
    if (issues["kind"] == "no_outlet").any() and not chosen.outlet:
        say(
            "  水从哪里流出还不知道，流向无法推断：加 --outlet 指明出境断面或“经度,纬度”，"
            "可重复；详见 geotool check"
        )


def _mended(network: gt.RiverNetwork, wanted: list[str]) -> gt.RiverNetwork:
    """Carry out the repairs that were asked for, and tell which."""
    only = None if ALL_REPAIRS in wanted else wanted
    mended = gt.apply_repairs(network, gt.check_network(network), only=only)
    steps = mended.log["step"].value_counts()
    skipped = int(steps.get("repair_skipped", 0))
    say(
        f"修补 {int(steps.get('repair', 0))} 处"
        + (f"，未修补 {skipped} 处" if skipped else "")
        + "（只改河网，不改河流图层；逐处见图层 network_log）"
    )
    return mended


def places(
    workspace: Workspace, texts: list[str], option: str
) -> gpd.GeoDataFrame | None:
    """
    Find the points that texts name.

    Parameters
    ----------
    workspace : Workspace
    texts : list of str
        ``LON,LAT``, or the id or name of a section, structure, outfall or intake.
    option : str
        To be named in a message.

    Returns
    -------
    GeoDataFrame or None
        In degrees; None where nothing is named.

    Raises
    ------
    SourceError
        If a text is none of these.
    LayerError
        If a name is that of several points, or the point has no place.
    """
    if not texts:
        return None
    found = [_place(workspace, text, option) for text in texts]
    return gpd.GeoDataFrame(geometry=found, crs=GEOGRAPHIC_CRS)


def _place(workspace: Workspace, text: str, option: str) -> shapely.Point:
    spot = lon_lat(text)
    if spot is not None:
        return spot
    for kind in _PLACED_KINDS:
        layer: Any = workspace.read(kind) if workspace.has(kind) else pd.DataFrame()
        keys = [c for c in ("name", layer_kind(kind).id_column) if c in layer]
        if any((layer[key].astype(str) == text).any() for key in keys):
            point: Any = to_degrees(one_row(layer, kind, text)).geometry.iloc[0]
            if point is None or point.is_empty:
                raise LayerError(
                    f"{option} {text} 没有坐标。", f"{option} {text} has no place."
                )
            return point
    raise SourceError(
        f"{option} {text} 既不是“经度,纬度”，也不是断面、闸站、排污口、水源地的编号或名称。",
        f"{option} {text} is neither LON,LAT nor the id or name of a section, structure, "
        "outfall or water source.",
    )


def lon_lat(text: str) -> shapely.Point | None:
    """
    Read ``LON,LAT``; None where the text is nothing of that kind.

    Examples
    --------
    >>> lon_lat("120.93，31.88"), lon_lat("出境断面")
    (<POINT (120.93 31.88)>, None)
    """
    try:
        lon, lat = (float(bit) for bit in text.replace("，", ",").split(","))
    except ValueError:
        return None
    return shapely.Point(lon, lat)


def run_check(chosen: argparse.Namespace) -> int:
    """List the issues of a network; status 3 when there are errors."""
    network, _ = gt.workspace_network(open_workspace(chosen.workspace))
    issues = gt.check_network(network)
    say_network(network, issues)
    shown = issues[issues["severity"] != "info"].head(20)
    for row in shown.to_dict("records"):
        say(f"  [{SEVERITY_ZH[row['severity']]}] {row['message']}；{row['repair']}")
    able = issues["kind"].isin(REPAIRABLE)
    if able.any():
        kinds = "、".join(issues.loc[able, "kind"].unique())
        say(
            f"  其中 {able.sum()} 处可自动修补：核对后 geotool build … --repair {kinds} "
            "（或问题编号；改的是河网，不是河流图层）"
        )
    if chosen.out:
        write_issues(issues, chosen.out)
        say(f"问题清单：{chosen.out}")
    return 3 if (issues["severity"] == "error").any() else 0

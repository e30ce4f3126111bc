"""Layers of a workspace put together for a step."""

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

import geotool as gt
from geotool.network import NETWORK_TABLES, RiverNetwork, workspace_network
from geotool.quality._layer import truths
from geotool.workspace import Workspace

if TYPE_CHECKING:  # a map needs nothing of what draws zones
    from geotool.zones import ZonePlan

ASSESSMENT = "assessment"
"""Table of a workspace that the last assessment is kept in."""


def zone_layers(
    workspace: Workspace,
    network: RiverNetwork,
    *,
    rule: Any,
    buffer_m: float | None,
    **ground: gpd.GeoDataFrame,
) -> tuple[gpd.GeoDataFrame, "ZonePlan"]:
    """Give the protection zones (approved ones kept) and buffers of a workspace.

    ``ground`` are further layers :func:`geotool.protection_zones` draws by.
    """
    approved = None
    if workspace.has("zones"):
        before = workspace.read("zones")
        approved = before[before["status"] == "approved"]
    plan = gt.protection_zones(
        workspace.read("water_sources"),
        network,
        rule=rule,
        approved=approved,
        **ground,
    )
    zones = plan.zones
    if buffer_m is not None:
        bands = gt.buffer_zones(
            network.reaches,
            distance_m=buffer_m,
            clip=ground.get("clip"),
            rule=f"自岸边 {buffer_m:g} m（使用者指定）",
        )
        zones = gpd.GeoDataFrame(
            pd.concat([zones, bands.to_crs(zones.crs)], ignore_index=True)
        )
    return zones, plan


def map_extras(workspace: Workspace) -> tuple[dict[str, Any], tuple[str, ...]]:
    """
    Give what the one map of a workspace carries besides layers.

    Returns
    -------
    extras : dict
        ``network``, ``assessment`` and ``readings``, as :func:`geotool.one_map` takes
        them. A network older than its rivers stays out: the map could not say that it is.
    warnings : tuple of str
    """
    extras: dict[str, Any] = {}
    warnings: tuple[str, ...] = ()
    if all(workspace.has(name) for name in NETWORK_TABLES[:3]):
        network, warnings = workspace_network(workspace)
        if not warnings and len(network.reaches):
            extras["network"] = network
    sections = workspace.read("sections") if workspace.has("sections") else ()
    if workspace.has(ASSESSMENT) and len(sections):
        extras["assessment"] = workspace.read(ASSESSMENT)
    if workspace.has("readings") and any(
        workspace.has(name) and len(workspace.read(name))
        for name in ("sections", "outfalls")
    ):
        extras["readings"] = workspace.read("readings")
    return extras, warnings


def assessment_words(table: pd.DataFrame) -> str:
    """
    Say in one line how the sections of the last period stand.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"section_id": ["A", "B"], "name": ["东桥", "西桥"], "period": "2026-10",
    ...      "reached": [True, False], "exceedances": ["", "氨氮(0.08)"]}
    ... )
    >>> assessment_words(table)
    '2026-10 评价断面 2 个，未达标 1 个：西桥 氨氮(0.08)'
    """
    reached = truths(table["reached"])  # a GeoPackage keeps truth as text or number
    judged = table[reached.notna()]
    if judged.empty:
        return ""
    period = judged["period"].max()
    now = judged[judged["period"] == period]
    failed = now[~reached[now.index].astype(bool)]
    names = [
        f"{row['name']} {row['exceedances']}".strip()
        for row in failed.to_dict("records")
    ]
    more = f" 等 {len(names)} 个" if len(names) > 3 else ""
    told = f"：{'、'.join(names[:3])}{more}" if names else ""
    return f"{period} 评价断面 {len(now)} 个，未达标 {len(names)} 个{told}"


def map_layers(workspace: Workspace) -> dict[str, gpd.GeoDataFrame]:
    """Give what the one map of a workspace shows."""
    from geotool.maps._style import drawn_layers

    found = {
        name: workspace.read(name) for name in drawn_layers() if workspace.has(name)
    }
    if "sections" in found and workspace.has(ASSESSMENT):
        found["sections"] = gt.sections_with_class(
            found["sections"], workspace.read(ASSESSMENT)
        )
    return {
        name: layer
        for name, layer in found.items()
        if isinstance(layer, gpd.GeoDataFrame) and len(layer)
    }

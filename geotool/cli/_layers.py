"""Layers of a workspace put together for a step."""

from typing import Any

import geopandas as gpd
import pandas as pd

import geotool as gt
from geotool.network import NETWORK_TABLES, RiverNetwork, network_from_tables
from geotool.workspace import Workspace
from geotool.zones import ZonePlan

ASSESSMENT = "assessment"
"""Table of a workspace that the last assessment is kept in."""

TRACED_KINDS = ("outfalls", "sections", "water_sources", "sources")
"""Layers whose points a trace looks for."""


def network_of(workspace: Workspace) -> tuple[RiverNetwork, tuple[str, ...]]:
    """
    Give the network of a workspace; it is built in memory where there is none.

    Returns
    -------
    network : RiverNetwork
    warnings : tuple of str
        Tells when rivers or structures were imported after the network was built.
    """
    if not all(workspace.has(name) for name in NETWORK_TABLES[:3]):
        structures = (
            workspace.read("structures") if workspace.has("structures") else None
        )
        built = gt.build_network(workspace.read("rivers"), structures=structures)
        return gt.orient_network(built), ()
    tables = {
        name: workspace.read(name) for name in NETWORK_TABLES if workspace.has(name)
    }
    return network_from_tables(tables), _stale(workspace)


def _stale(workspace: Workspace) -> tuple[str, ...]:
    # what was written last stands last; clocks may be wrong and count seconds
    order = {name: k for k, name in enumerate(workspace.provenance()["layer"])}
    built = order.get("reaches", len(order))
    newer = [name for name in ("rivers", "structures") if order.get(name, -1) > built]
    if not newer:
        return ()
    return (
        (
            f"{'、'.join(newer)} 在建网之后更新过，结果可能过期，请重新 geotool build / "
            f"{', '.join(newer)} changed after the network was built"
        ),
    )


def trace_points(workspace: Workspace) -> dict[str, gpd.GeoDataFrame]:
    """Give the layers of points that a trace may meet."""
    found = {}
    for kind in TRACED_KINDS:
        if workspace.has(kind):
            layer = workspace.read(kind)
            # a works drawn as an area stands for itself by a point inside it
            is_area = ~layer.geom_type.isin(["Point"]) & layer.geometry.notna()
            found[kind] = layer.set_geometry(
                layer.geometry.where(~is_area, layer.representative_point())
            )
    return found


def zone_layers(
    workspace: Workspace,
    network: RiverNetwork,
    *,
    rule: Any,
    buffer_m: float | None,
) -> tuple[gpd.GeoDataFrame, ZonePlan]:
    """Give the protection zones (approved ones kept) and buffers of a workspace."""
    approved = None
    if workspace.has("zones"):
        before = workspace.read("zones")
        approved = before[before["status"] == "approved"]
    plan = gt.protection_zones(
        workspace.read("water_sources"), network, rule=rule, approved=approved
    )
    zones = plan.zones
    if buffer_m is not None:
        bands = gt.buffer_zones(
            network.reaches,
            distance_m=buffer_m,
            rule=f"自岸边 {buffer_m:g} m（使用者指定）",
        )
        zones = gpd.GeoDataFrame(
            pd.concat([zones, bands.to_crs(zones.crs)], ignore_index=True)
        )
    return zones, plan


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

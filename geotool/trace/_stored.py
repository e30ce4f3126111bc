"""The points of a workspace that a trace may meet."""

from typing import TYPE_CHECKING

import geopandas as gpd

if TYPE_CHECKING:
    from geotool.workspace import Workspace

TRACED_KINDS = ("outfalls", "sections", "water_sources", "sources")
"""Layers whose points a trace looks for."""


def workspace_points(workspace: "Workspace") -> dict[str, gpd.GeoDataFrame]:
    """
    Give the layers of points of a workspace that a trace may meet.

    Parameters
    ----------
    workspace : Workspace
        From :func:`geotool.open_workspace`.

    Returns
    -------
    dict of name to GeoDataFrame
        Those of :data:`TRACED_KINDS` that there are; an area stands for itself by a
        point inside it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from geotool.workspace import create_workspace
    >>> with TemporaryDirectory() as folder:
    ...     workspace_points(create_workspace(Path(folder) / "a.gpkg"))
    {}
    """
    return {
        kind: as_points(workspace.read(kind))
        for kind in TRACED_KINDS
        if workspace.has(kind)
    }


def as_points(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Let what was drawn as an area stand for itself by a point inside it."""
    is_area = ~layer.geom_type.isin(["Point"]) & layer.geometry.notna()
    return layer.set_geometry(
        layer.geometry.where(~is_area, layer.representative_point())
    )

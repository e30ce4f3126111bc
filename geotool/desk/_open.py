"""Opening the desk in JupyterLab."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geotool.desk._answer import TraceDesk
from geotool.errors import MapError
from geotool.network import RiverNetwork

if TYPE_CHECKING:
    from geotool.desk._widget import TraceMap


def trace_map(
    network: RiverNetwork,
    points: Mapping[str, gpd.GeoDataFrame] | None = None,
    *,
    readings: pd.DataFrame | None = None,
    item: str | None = None,
    max_offset_m: float = 200.0,
    height_px: int = 520,
) -> "TraceMap":
    """
    Show a map in JupyterLab that traces where one clicks; it needs no Internet.

    Click a section, an outfall or any place on the water: what lies upstream lights
    up, with distances and times beside. Click a gate to open or close it. With
    readings and an item the sources above a section can be ranked. What was found is
    in ``.trace``, ``.ranking`` and ``.scenario``.

    Parameters
    ----------
    network : RiverNetwork
    points, readings, item, max_offset_m
        As :class:`TraceDesk`.
    height_px : int
        Of the map.

    Returns
    -------
    TraceMap
        An anywidget.

    Raises
    ------
    MapError
        If the extra ``lab`` is not installed.
    """
    try:
        from geotool.desk._widget import TraceMap
    except ModuleNotFoundError as error:
        if error.name not in ("anywidget", "traitlets", "ipywidgets"):
            raise
        raise MapError(
            'JupyterLab 里的溯源地图需要 anywidget：请运行 pip install "geotool[lab]"。',
            'The map in JupyterLab needs anywidget: pip install "geotool[lab]".',
        ) from None
    desk = TraceDesk(
        network, points, readings=readings, item=item, max_offset_m=max_offset_m
    )
    made: Any = TraceMap(desk, height_px=height_px)
    return made

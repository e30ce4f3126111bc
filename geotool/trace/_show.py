"""How results show themselves: tables in a notebook, a figure, a map."""

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import pandas as pd

from geotool.schema import layer_kind, layer_kinds

if TYPE_CHECKING:
    import folium
    from matplotlib.figure import Figure

    from geotool.network import RiverNetwork

RELATION_ZH = {"certain": "确定", "scenario": "情景", "possible": "可能"}
"""Words of the three classes."""

NOTICES = {
    "upstream": "按沿河距离排列，不代表责任大小",
    "downstream": "到达时间是按流速范围的估算，以现场监测为准",
}
"""What a map of a trace warns of."""


def html_result(
    title: str, table: pd.DataFrame, *, notes: list[str] | None = None, rows: int = 12
) -> str:
    """Give a title, the first rows of a table and notes as HTML; all text is escaped."""
    shown = pd.DataFrame(table).head(rows)
    body = shown.to_html(index=False, float_format="{:,.1f}".format, na_rep="")
    more = f"<p>… 共 {len(table)} 行</p>" if len(table) > rows else ""
    lines = "".join(f"<p><small>{escape(note)}</small></p>" for note in notes or [])
    return f"<p><b>{escape(title)}</b></p>{body}{more}{lines}"


def layer_zh(name: str) -> str:
    """
    Say in Chinese what a layer is; its own name if it is of no known kind.

    Examples
    --------
    >>> layer_zh("outfalls"), layer_zh("reaches"), layer_zh("mine")
    ('入河排污口', '河段', 'mine')
    """
    if name == "reaches":
        return "河段"
    return layer_kind(name).zh if name in layer_kinds() else name


def ways_text(n_ways: int, exact: Any) -> str:
    """
    Say how many ways there are.

    Examples
    --------
    >>> ways_text(3, True), ways_text(2, False), ways_text(1, True)
    ('3', '至少 2（环内走法不计）', '1')
    """
    return f"{n_ways}" if exact else f"至少 {n_ways}（环内走法不计）"


def context_layers(
    network: "RiverNetwork | None",
    results: Mapping[str, gpd.GeoDataFrame],
    layers: Mapping[str, gpd.GeoDataFrame] | None,
) -> dict[str, gpd.GeoDataFrame]:
    """
    Put results over the network and what else the user gives.

    Without rivers among those, the reaches of the network stand for them.
    """
    shown: dict[str, gpd.GeoDataFrame] = dict(layers or {})
    if network is not None and not {"rivers", "reaches"} & set(shown):
        columns = ["reach_id", "river_id", "name", "flow_mode", "width_m", "geometry"]
        shown["reaches"] = network.reaches[columns]
    drawn = {name: table for name, table in results.items() if len(table)}
    return {**shown, **drawn}


def draw_figure(layers: Mapping[str, gpd.GeoDataFrame], **choices: Any) -> "Figure":
    """Draw layers with :func:`geotool.plot_map`, loaded here for it is heavy."""
    from geotool.maps import plot_map

    return plot_map(layers, **choices)


def draw_map(layers: Mapping[str, gpd.GeoDataFrame], **choices: Any) -> "folium.Map":
    """Draw layers with :func:`geotool.one_map`, loaded here for it is heavy."""
    from geotool.maps import one_map

    return one_map(layers, **choices)

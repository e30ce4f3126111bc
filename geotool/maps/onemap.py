"""One map of everything, as a folium map that needs nothing but itself."""

import datetime as dt
import html
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import folium
import geopandas as gpd
from branca.element import Element, Figure
from folium.map import Layer
from folium.template import Template

from geotool.maps._look import look_at
from geotool.maps._offline import render_offline, write_page
from geotool.maps._pack import pack_layer, pack_settings
from geotool.maps._prepare import (
    MapLayer,
    check_personal,
    collect_layers,
    prepare_layer,
)
from geotool.maps._style import map_date, opens
from geotool.tables import load_table

_MAX_ZOOM = 19


class OneMap(folium.Map):
    """
    A folium map drawn by geotool's own script.

    It takes any further folium layer (``folium.GeoJson(...).add_to(map)``), shows in
    JupyterLab, and is written by :func:`geotool.save_map`; every way out of it gives
    a page that asks nothing of a network.
    """

    def __init__(self, title: str, settings: dict[str, Any]) -> None:
        # Leaflet's own zoom buttons have English names; the panel brings its own.
        super().__init__(
            [32.0, 120.0],
            zoom_start=8,
            tiles=None,
            prefer_canvas=True,
            zoom_control=False,
            attribution_control=False,
            zoom_snap=0.25,  # a whole step would leave half of the window empty
            max_zoom=_MAX_ZOOM,
        )
        self._id = "onemap"  # the same input gives the same file
        self._parent = self._page = _OfflineFigure(title)
        self._page._children[self.get_name()] = self
        self.settings = settings

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]  # as folium's
        """Render the layers, then start the panel, which must know them all."""
        super().render(**kwargs)
        figure, layers = self._page, self._overlays()
        ours = [layer for layer in layers if isinstance(layer, PackedLayer)]
        others = [layer for layer in layers if layer not in ours and layer.control]
        names = [str(layer.layer_name) for layer in others]
        payload = pack_settings({**_page_styles(), **self.settings, "others": names})
        figure.html.add_child(
            Element(
                f'<script type="application/x-onemap" id="settings">{payload}</script>'
            ),
            name="settings",
        )
        figure.script.add_child(
            Element(
                f'OneMap.start({self.get_name()}, "settings", '
                f"[{_variables(ours)}], [{_variables(others)}]);"
            ),
            name="start",
        )

    def _overlays(self) -> list[Layer]:
        layers = [one for one in self._children.values() if isinstance(one, Layer)]
        return [layer for layer in layers if layer.overlay]

    def save(self, outfile: Any, close_file: bool = True, **kwargs: Any) -> None:  # noqa: ARG002, FBT001, FBT002
        """Write the map to a file or into an open one, self-contained."""
        page = self._page.render()
        if not hasattr(outfile, "write"):
            write_page(page, outfile)
            return
        outfile.write(page.encode())
        if close_file:
            outfile.close()


def _variables(layers: Sequence[Layer]) -> str:
    return ", ".join(layer.get_name() for layer in layers)


def _page_styles() -> dict[str, Any]:
    """Colours and groups that are no single layer's."""
    styles = load_table("styles")
    keys = ("background", "ink", "other", "selected", "groups")
    return {key: styles[key] for key in keys}


class _OfflineFigure(Figure):
    """Where folium would write a page full of links, write one that has none."""

    def __init__(self, title: str) -> None:
        super().__init__(ratio="62%", title=html.escape(title))

    def render(self, **kwargs: Any) -> str:  # noqa: ARG002
        return render_offline(self)


class PackedLayer(Layer):
    """A layer as packed columns; see ``_pack.py`` and ``onemap_layer.js``."""

    _template = Template("""
        {% macro html(this, kwargs) %}
        <script type="application/x-onemap" id="{{ this.get_name() }}_data">
        {{- this.payload -}}
        </script>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = OneMap.layer("{{ this.get_name() }}_data");
        {% endmacro %}""")

    def __init__(self, layer: MapLayer, position: int, *, show: bool) -> None:
        # Not for folium's layer control, which would write the name as HTML.
        super().__init__(name=layer.label, overlay=True, control=False, show=show)
        self._name, self._id = "PackedLayer", str(position)
        self.payload = pack_layer(layer, look_at(layer))


def one_map(
    layers: Mapping[str, gpd.GeoDataFrame] | Any,
    *,
    title: str = "入河排污口一张图",
    subtitle: str = "",
    notice: str = "",
    source: str = "",
    date: str | dt.date | None = None,
    personal: Collection[str] = (),
) -> OneMap:
    """
    Draw layers on one map that opens without a network.

    Parameters
    ----------
    layers : mapping of name to GeoDataFrame, or a workspace
        Kinds of ``layers.toml`` (outfalls, rivers, sections …) and results
        (reaches, issues, trace_reaches, trace_points) are drawn in their own style,
        any other name in a neutral one.
    title, subtitle : str
        Shown on top, and in print.
    notice : str
        A warning that stays in sight on screen and in print, such as
        ``"示意，非实测"``.
    source : str
        Where the data come from.
    date : str or date, optional
        Day of the map; today if not given.
    personal : collection of str
        Personal columns (contact, phone) to show all the same, by name.

    Returns
    -------
    OneMap
        A ``folium.Map``; add folium layers to it, show it in JupyterLab, write it
        with :func:`geotool.save_map`.

    Raises
    ------
    MapError
        If there is nothing to draw.
    CrsError
        If a layer has no reference system, or one that cannot be followed.
    LayerError
        If ``personal`` names a column that no layer has.

    Examples
    --------
    >>> outfalls = gpd.GeoDataFrame(
    ...     {"排污口名称": ["东港工业排污口"], "类型": ["工业排污口"]},
    ...     geometry=gpd.points_from_xy([120.9], [31.9]), crs=4490,
    ... )
    >>> map = one_map({"outfalls": outfalls}, title="江城排污口一张图")
    >>> isinstance(map, folium.Map)
    True
    """
    found = collect_layers(layers)
    check_personal(found, personal)
    map = OneMap(
        title,
        {
            "title": title,
            "subtitle": subtitle,
            "notice": notice,
            "source": source,
            "date": map_date(date),
        },
    )
    for position, (name, table) in enumerate(found.items()):
        ready = prepare_layer(name, table, personal=personal)
        PackedLayer(ready, position, show=opens(name, found)).add_to(map)
    return map

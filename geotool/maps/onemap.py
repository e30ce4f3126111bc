"""One map of everything, as a folium map that needs nothing but itself."""

import datetime as dt
import html
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import folium
import geopandas as gpd
import pandas as pd
from branca.element import Element, Figure
from folium.map import Layer
from folium.template import Template

from geotool._progress import long_step
from geotool.errors import MapError
from geotool.maps._datum import map_datum
from geotool.maps._derived import with_derived
from geotool.maps._goals import OUTFALLS
from geotool.maps._ground import BaseMap
from geotool.maps._look import look_at
from geotool.maps._offline import render_offline, write_page
from geotool.maps._pack import pack_layer, pack_settings
from geotool.maps._periods import CLASSES, LAYER, read_periods, with_period
from geotool.maps._personal import check_personal
from geotool.maps._photos import Photos
from geotool.maps._pinyin import page_initials
from geotool.maps._prepare import (
    MapLayer,
    collect_layers,
    prepare_layer,
)
from geotool.maps._series import STANDARD, Readings
from geotool.maps._style import map_date, opens
from geotool.maps._travel import Travel
from geotool.network import RiverNetwork, Scenario
from geotool.tables import load_table

_MAX_ZOOM = 19


class OneMap(folium.Map):
    """
    A folium map drawn by geotool's own script.

    It takes any further folium layer (``folium.GeoJson(...).add_to(map)``), shows in
    JupyterLab, and is written by :func:`geotool.save_map`; every way out of it gives
    a page that asks nothing of a network.
    """

    def __init__(
        self,
        title: str,
        settings: dict[str, Any],
        *,
        packs: Mapping[str, str] | None = None,
        base: BaseMap | None = None,
    ) -> None:
        # Leaflet's own zoom buttons have English names; the panel brings its own.
        super().__init__(
            [32.0, 120.0],
            zoom_start=8,
            tiles=None,
            prefer_canvas=True,
            zoom_control=False,
            attribution_control=False,
            zoom_snap=0.25,  # a whole step would leave half of the window empty
        )
        self.options["max_zoom"] = _MAX_ZOOM  # folium passes none on without tiles
        self._id = "onemap"  # the same input gives the same file
        self._parent = self._page = _OfflineFigure(title)
        self._page._children[self.get_name()] = self
        self.settings = settings
        self.packs = {name: pack for name, pack in (packs or {}).items() if pack}
        self.base = base

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]  # as folium's
        """Render the layers, then start the panel, which must know them all."""
        super().render(**kwargs)
        figure, layers = self._page, self._overlays()
        ours = [layer for layer in layers if isinstance(layer, PackedLayer)]
        others = [layer for layer in layers if layer not in ours and layer.control]
        names = [str(layer.layer_name) for layer in others]
        facts = {**_page_styles(), **self.settings, "others": names}
        facts["packs"] = list(self.packs)
        facts["base"] = self.base.settings() if self.base else None
        for name, payload in {**self.packs, "settings": pack_settings(facts)}.items():
            figure.html.add_child(_data_element(name, payload), name=name)
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


class _Text(Element):
    """Text as it is: branca would compile megabytes of data as a template."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render(self, **kwargs: Any) -> str:  # noqa: ARG002
        return self._text


def _data_element(name: str, payload: str) -> Element:
    return _Text(f'<script type="application/x-onemap" id="{name}">{payload}</script>')


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
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = OneMap.layer("{{ this.get_name() }}_data");
        {% endmacro %}""")

    def __init__(
        self,
        layer: MapLayer,
        position: int,
        *,
        show: bool,
        also: Collection[str] = (),
    ) -> None:
        # Not for folium's layer control, which would write the name as HTML.
        super().__init__(name=layer.label, overlay=True, control=False, show=show)
        self._name, self._id = "PackedLayer", str(position)
        self.payload = pack_layer(layer, look_at(layer, also=also))

    def render(self, **kwargs: Any) -> None:  # type: ignore[override]  # as folium's
        """Put the data into the page, and the call that reads them."""
        figure, name = self.get_root(), f"{self.get_name()}_data"
        assert isinstance(figure, Figure)  # folium puts every map into one
        figure.html.add_child(_data_element(name, self.payload), name=name)
        super().render(**kwargs)


@long_step("一张图", "the one map")
def one_map(
    layers: Mapping[str, gpd.GeoDataFrame] | Any,
    *,
    title: str = "入河排污口一张图",
    subtitle: str = "",
    notice: str = "",
    source: str = "",
    date: str | dt.date | None = None,
    personal: Collection[str] = (),
    network: RiverNetwork | None = None,
    scenario: Scenario | None = None,
    assessment: pd.DataFrame | None = None,
    readings: pd.DataFrame | None = None,
    base: BaseMap | None = None,
    photos: str | os.PathLike[str] | None = None,
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
    network : RiverNetwork, optional
        Oriented. It travels in the file: a reader clicks a section to see what lies
        upstream, an outfall to see where its water goes, with the classes and
        distances of :func:`geotool.trace_upstream`. Its reaches become the layer
        ``reaches``.
    scenario : Scenario, optional
        Gate states and directions for these searches; as registered if None.
    assessment : DataFrame, optional
        Of :func:`geotool.assess_sections`. The sections are coloured by their class
        of the last period, and a slider shows the others where there are several.
    readings : DataFrame, optional
        Of :func:`geotool.read_readings`. The popup of a section draws those of the
        item that fails worst (the reader may choose another) with the limit of the
        section's target; that of an outfall whose id they name, with what its permit
        allows, and outfalls can be coloured by whether they keep to it.
    base : BaseMap, optional
        Of :func:`geotool.tianditu` or :func:`geotool.tile_folder`; off until the
        reader turns it on.
    photos : path, optional
        Folder of the photos that the column ``photo`` names. They are shrunk, lose
        what the camera wrote into them, and travel in the file; names that are no
        picture in the folder are counted at the foot.

    Returns
    -------
    OneMap
        A ``folium.Map``; add folium layers to it, show it in JupyterLab, write it
        with :func:`geotool.save_map`.

    Raises
    ------
    MapError
        If there is nothing to draw, the reaches are those of another network,
        ``scenario``, ``assessment`` or ``readings`` have nothing to speak of, or there
        are too many photos or readings.
    CrsError
        If a layer has no reference system, or one that cannot be followed.
    LayerError
        If ``personal`` names a column that no layer has, or ``readings`` lack one.

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
    if scenario is not None and network is None:
        raise MapError(
            "给了 scenario 却没有 network；情景只用于图里的沿河查找，请一并给 network。",
            "scenario needs network: it is for the searches along the water.",
        )
    travel = Travel(network, scenario) if network is not None else None
    found = collect_layers(layers)
    if travel:
        found = travel.with_reaches(found)
    check_personal(found, personal)
    day = map_date(date)
    ready = {
        name: with_derived(prepare_layer(name, table, personal=personal), day)
        for name, table in found.items()
    }
    periods = _take_periods(ready, assessment)
    datum = map_datum(ready.values())
    settings: dict[str, Any] = {
        "title": title,
        "subtitle": subtitle,
        "notice": notice,
        "source": source,
        "date": day,
        "datum": datum.foot,
        "datumShort": datum.short,
    }
    packs = {
        "network": travel.pack(found, ready) if travel else "",
        "periods": periods,
        "readings": _take_readings(ready, readings, assessment),
        "photos": Photos(photos).take(ready.values()) if photos is not None else "",
    }
    settings["pinyin"] = page_initials(ready.values())
    map = OneMap(title, settings, packs=packs, base=base)
    for position, (name, layer) in enumerate(ready.items()):
        also = CLASSES if name == LAYER and periods else ()
        PackedLayer(layer, position, show=opens(name, found), also=also).add_to(map)
    return map


def _take_readings(
    ready: dict[str, MapLayer],
    readings: pd.DataFrame | None,
    assessment: pd.DataFrame | None,
) -> str:
    """Pack the readings, with the limits of the standard of the assessment.

    The outfalls learn whether their latest ones keep to their permit.
    """
    if readings is None:
        return ""
    told = [] if assessment is None else [*assessment.get("standard", [])]
    standards = {str(one) for one in told if isinstance(one, str) and one}
    standard = standards.pop() if len(standards) == 1 else STANDARD
    sorted_ = Readings(ready, readings, standard=standard)
    if OUTFALLS in ready:
        layer = ready[OUTFALLS]
        quality = sorted_.quality(len(layer.table))
        table = layer.table.assign(discharge_quality=quality)
        ready[OUTFALLS] = replace(layer, table=table)
    return sorted_.pack()


def _take_periods(ready: dict[str, MapLayer], assessment: pd.DataFrame | None) -> str:
    """Give the sections their class of the last period; pack all where several are."""
    if assessment is None:
        return ""
    if LAYER not in ready:
        raise MapError(
            "给了 assessment 却没有断面图层 sections，没有可着色的断面。",
            "assessment needs the layer sections, whose classes it tells.",
        )
    periods = read_periods(ready[LAYER], assessment)
    if not periods.names:
        return ""
    ready[LAYER] = with_period(ready[LAYER], periods.last)
    return periods.pack()

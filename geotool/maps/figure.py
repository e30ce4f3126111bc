"""One map for the page, drawn with matplotlib in the styles of the screen map."""

import datetime as dt
import io
from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from geotool._progress import long_step
from geotool.crs import GEOGRAPHIC_CRS, metric_crs
from geotool.errors import MapError
from geotool.maps import _page
from geotool.maps._datum import map_datum
from geotool.maps._drawing import PIXEL, Drawing, draw_layer
from geotool.maps._font import MISSING
from geotool.maps._labels import Labels
from geotool.maps._legend import legend_rows
from geotool.maps._look import look_at
from geotool.maps._prepare import MapLayer, collect_layers, prepare_layer
from geotool.maps._style import map_date, opens
from geotool.tables import load_table


class MapFigure(Figure):
    """A figure that a notebook shows as a picture."""

    def _repr_png_(self) -> bytes:
        picture = io.BytesIO()
        self.savefig(picture, format="png", dpi=min(float(self.dpi), SCREEN_DPI))
        return picture.getvalue()


SCREEN_DPI = 110.0
"""A notebook needs no more dots than a screen has."""

PAPER_INCHES = {"A4": (11.69, 8.27), "A3": (16.54, 11.69)}
"""Long and short side."""

_ORIENTATIONS = ("landscape", "portrait")
_SIDE, _TOP, _FOOT, _LEGEND = 30.0, 62.0, 40.0, 152.0  # points
_LEGEND_BELOW = 176.0
_SMALLEST_M = 200.0  # half a map's width at least, where all lies in one place


@long_step("打印图", "the printed map")
def plot_map(
    layers: Mapping[str, gpd.GeoDataFrame] | Any,
    *,
    title: str = "入河排污口一张图",
    subtitle: str = "",
    notice: str = "",
    source: str = "",
    date: str | dt.date | None = None,
    paper: str = "A4",
    orientation: str = "landscape",
    dpi: float = 200,
    extent: tuple[float, float, float, float] | None = None,
) -> Figure:
    """
    Draw layers on a sheet of paper.

    Parameters
    ----------
    layers : mapping of name to GeoDataFrame, or a workspace
        As for :func:`geotool.one_map`, drawn in the same styles. Layers that are off
        when the screen map opens are left out.
    title, subtitle : str
        Written above the map.
    notice : str
        A warning in the map's corner, such as ``"示意，非实测"``.
    source : str
        Where the data come from.
    date : str or date, optional
        Day of the map; today if not given.
    paper : {"A4", "A3"}
    orientation : {"landscape", "portrait"}
    dpi : float
        Dots an inch, for what is saved as a picture.
    extent : (west, south, east, north), optional
        Degrees. If not given, the trace where there is one, else all layers.

    Returns
    -------
    matplotlib.figure.Figure
        Save it with ``figure.savefig("map.pdf")``.

    Raises
    ------
    MapError
        If there is nothing to draw, or the paper is unknown.
    CrsError
        If a layer has no reference system, or one that cannot be followed.

    Examples
    --------
    >>> outfalls = gpd.GeoDataFrame(
    ...     {"排污口名称": ["东港工业排污口"], "类型": ["工业排污口"]},
    ...     geometry=gpd.points_from_xy([120.9], [31.9]), crs=4490,
    ... )
    >>> figure = plot_map({"outfalls": outfalls}, title="江城排污口一张图")
    >>> figure.get_size_inches()
    array([11.69,  8.27])
    >>> figure._repr_png_()[1:4]
    b'PNG'
    """
    figure = make_figure(paper, orientation, dpi)
    ready = ready_layers(layers)
    bounds = _bounds(ready, extent)
    axes, legend_box, columns = _lay_out(figure, orientation)
    draw_map(axes, ready, bounds, notice, legend_box=legend_box, columns=columns)
    _page.draw_head(figure, title, subtitle)
    dated = f"坐标系：{map_datum(ready).foot}　制图日期：{map_date(date)}"
    _page.draw_foot(figure, foot_words(figure, source), dated)
    return figure


def ready_layers(layers: Mapping[str, gpd.GeoDataFrame] | Any) -> list[MapLayer]:
    """
    Prepare the layers that are drawn.

    Raises
    ------
    MapError
        If there is nothing to draw.
    """
    found = collect_layers(layers)
    ready = [
        prepare_layer(name, table)
        for name, table in found.items()
        if opens(name, found)
    ]
    ready = [layer for layer in ready if len(layer.parts.geometry)]
    if not ready:
        raise MapError(
            "各图层都没有几何，画不出图；请检查坐标。",
            "No layer has any geometry to draw; check the coordinates.",
        )
    return ready


def draw_map(
    axes: Axes,
    ready: list[MapLayer],
    bounds: tuple[float, float, float, float],
    notice: str,
    *,
    legend_box: tuple[float, float, float, float],
    columns: int,
) -> pyproj.Transformer:
    """
    Draw layers with degrees, north arrow, scale bar and legend.

    Returns
    -------
    pyproj.Transformer
        From degrees to the metres of the axes.
    """
    to_metric = pyproj.Transformer.from_crs(
        GEOGRAPHIC_CRS, metric_crs((bounds[0] + bounds[2]) / 2), always_xy=True
    )
    scale = _set_view(axes, to_metric, bounds)
    drawings = sorted(
        (Drawing(layer, look_at(layer), to_metric) for layer in ready),
        key=lambda drawing: drawing.look.style["order"],
    )
    paper_zoom = _zoom(scale, (bounds[1] + bounds[3]) / 2)
    _draw(axes, drawings, scale, paper_zoom, notice)
    _page.draw_degrees(axes, to_metric)
    _page.draw_north(axes)
    _page.draw_scale(axes, scale)
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    rows = [
        row
        for drawing in sorted(drawings, key=_place_in_legend)
        for row in legend_rows(drawing, (x0, y0, x1, y1))
    ]
    figure: Any = axes.figure
    _page.draw_legend(figure, legend_box, rows, columns=columns)
    return to_metric


def make_figure(paper: str, orientation: str, dpi: float) -> MapFigure:
    """
    Make an empty sheet of paper.

    Raises
    ------
    MapError
        If the paper or how it lies is unknown.
    """
    if paper not in PAPER_INCHES or orientation not in _ORIENTATIONS:
        raise MapError(
            f"不认识的纸张 {paper!r} {orientation!r}；可用 A4、A3 和 "
            "landscape（横）、portrait（竖）。",
            f"Unknown paper {paper!r} {orientation!r}; use A4 or A3, landscape or "
            "portrait.",
        )
    size = PAPER_INCHES[paper]
    # A figure of its own, not pyplot's: nothing to close, no window, no warning.
    figure = MapFigure(
        figsize=size if orientation == "landscape" else size[::-1], dpi=dpi
    )
    FigureCanvasAgg(figure)
    return figure


def _lay_out(
    figure: Figure, orientation: str
) -> tuple[Axes, tuple[float, float, float, float], int]:
    """Axes of the map, box of the legend in points, columns of the legend."""
    wide, high = figure.get_size_inches() * _page.INCH
    if orientation == "landscape":
        map_box = (_SIDE, _FOOT, wide - 2 * _SIDE - _LEGEND - 14, high - _TOP - _FOOT)
        legend = (wide - _SIDE - _LEGEND, _FOOT, _LEGEND, high - _TOP - _FOOT)
        columns = 1
    else:
        low = _FOOT + _LEGEND_BELOW
        map_box = (_SIDE, low, wide - 2 * _SIDE, high - _TOP - low)
        legend = (_SIDE, _FOOT - 12, wide - 2 * _SIDE, _LEGEND_BELOW - 14)
        columns = 4
    return map_axes(figure, map_box), legend, columns


def map_axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    """Make the framed axes of a map; the box is in points."""
    wide, high = figure.get_size_inches() * _page.INCH
    left, bottom, width, height = box
    axes = figure.add_axes((left / wide, bottom / high, width / wide, height / high))
    styles = load_table("styles")
    axes.set_facecolor(styles["background"])
    for spine in axes.spines.values():
        spine.set(color=styles["ink"], linewidth=0.9, zorder=150)
    return axes


def _bounds(
    layers: list[MapLayer], extent: tuple[float, float, float, float] | None
) -> tuple[float, float, float, float]:
    """West, south, east, north of what the map shows, degrees."""
    if extent is not None:
        return extent
    styles = {layer.name: look_at(layer).style for layer in layers}
    framing = [layer for layer in layers if styles[layer.name].get("extent", True)]
    traced = [layer for layer in layers if styles[layer.name]["group"] == "trace"]
    chosen = traced or framing or layers
    boxes = np.array([shapely.total_bounds(layer.parts.geometry) for layer in chosen])
    west, south = boxes[:, :2].min(axis=0)
    east, north = boxes[:, 2:].max(axis=0)
    return west, south, east, north


def _set_view(
    axes: Axes,
    to_metric: pyproj.Transformer,
    bounds: tuple[float, float, float, float],
) -> float:
    """Fill the frame around the bounds; give points of paper per metre."""
    west, south, east, north = to_metric.transform_bounds(*bounds)
    box = axes.get_position()
    wide, high = axes.figure.get_size_inches() * _page.INCH  # type: ignore[union-attr]
    width, height = box.width * wide, box.height * high
    half_x = max((east - west) / 2 * 1.08, _SMALLEST_M)
    half_y = max((north - south) / 2 * 1.08, _SMALLEST_M)
    half_x = max(half_x, half_y * width / height)
    half_y = half_x * height / width
    x, y = (west + east) / 2, (south + north) / 2
    axes.set(xlim=(x - half_x, x + half_x), ylim=(y - half_y, y + half_y))
    axes.set_autoscale_on(False)
    return width / (2 * half_x)


def _zoom(scale: float, latitude: float) -> float:
    """Zoom of the screen map at which things look as large as on this paper."""
    metres_a_pixel = PIXEL / scale
    return float(np.log2(156543.03 * np.cos(np.radians(latitude)) / metres_a_pixel))


def _draw(
    axes: Axes, drawings: list[Drawing], scale: float, zoom: float, notice: str
) -> None:
    """Draw the layers, lowest first, then what is written on them."""
    traced = any(drawing.look.style.get("casing") for drawing in drawings)
    labels = Labels(axes, scale)
    if notice:
        labels.reserve_corner(*_page.draw_notice(axes, notice, labels.width))
    for drawing in drawings:
        fade = drawing.look.style.get("fade", 1.0) if traced else 1.0
        draw_layer(axes, drawing, zoom=zoom, opacity=fade)
        labels.reserve(drawing.arrows)
    for drawing in reversed(drawings):
        quiet = traced and drawing.look.style.get("fade", 1.0) < 1
        labels.write(drawing, zoom=zoom, quiet=quiet)


def _place_in_legend(drawing: Drawing) -> tuple[int, float]:
    """Legend in the order of the screen map's tree."""
    groups = list(load_table("styles")["groups"])
    style = drawing.look.style
    return groups.index(style["group"]), -style["order"]


def foot_words(figure: Figure, source: str) -> str:
    """Source of the data, and what the reader must know of the writing."""
    parts = [f"数据来源：{source}"] if source else []
    if any(MISSING in str(text.get_text()) for text in figure.findobj(Text)):
        parts.append(f"图中 {MISSING} 为字库没有的生僻字")
    return "　".join(parts)

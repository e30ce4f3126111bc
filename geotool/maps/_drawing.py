"""Features drawn on matplotlib axes, as the styles say."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.markers import MarkerStyle
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform
from numpy.typing import NDArray

from geotool.maps._arrows import arrows_along
from geotool.maps._look import Look
from geotool.maps._page import INCH, write
from geotool.maps._prepare import MapLayer
from geotool.tables import load_table

PIXEL = 0.62
"""Points on paper for a pixel of ``styles.toml``: paper is read from nearer."""

_MARKED_MOST = 300  # more symbols than this are drawn without letters
_VECTORS_MOST = 4_000  # more symbols than this are put into a PDF as a picture
_CROWDS = ((20_000, 0.35), (4_000, 0.5), (1_000, 0.75))  # more points, smaller ones

_UNIT = {
    "square": [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
    "triangle": [(0, 1.2), (1.15, -0.85), (-1.15, -0.85)],
    "diamond": [(0, 1.2), (1.2, 0), (0, -1.2), (-1.2, 0)],
    "flag": [(-0.7, -1.2), (-0.7, 1.2), (1, 0.6), (-0.4, -0.1), (-0.4, -1.2)],
}


class Drawing:
    """A layer with its looks, its parts in metres and sorted by kind."""

    def __init__(
        self, layer: MapLayer, look: Look, to_metric: pyproj.Transformer
    ) -> None:
        self.layer, self.look = layer, look
        geometry = layer.parts.geometry.copy()
        degrees = shapely.get_coordinates(geometry)
        metres = to_metric.transform(degrees[:, 0], degrees[:, 1])
        geometry = shapely.set_coordinates(geometry, np.column_stack(metres))
        kind = shapely.get_type_id(geometry)
        row = layer.parts.row
        point, area = kind == 0, kind == 3
        line = ~(point | area)
        self.points = shapely.get_coordinates(geometry[point])
        self.lines = [shapely.get_coordinates(one) for one in geometry[line]]
        self.areas = geometry[area]
        self.row = {"points": row[point], "lines": row[line], "areas": row[area]}
        self._geometry = geometry
        self.arrows: list[NDArray[np.float64]] = []
        """Outlines of the two-way arrows drawn on its lines: names keep off them."""

    def rows_within(self, view: tuple[float, float, float, float]) -> NDArray[np.intp]:
        """Rows of which something lies in a view, metres."""
        within = shapely.intersects(self._geometry, shapely.box(*view))
        return np.unique(self.layer.parts.row[within])

    @property
    def base(self) -> dict[str, Any]:
        """The layer's look where no class decides."""
        return self.look.style["base"]

    def groups(
        self, part: str, *aspects: str
    ) -> Iterator[tuple[NDArray[np.intp], dict[str, Any]]]:
        """
        Give the parts of one look together, with that look.

        The look holds ``color`` and, for each aspect asked for, the entry that
        decides it (or nothing).
        """
        rows = self.row[part]
        keys = {aspect: self.look.by.get(aspect, "") for aspect in aspects}
        if self.look.color_by:
            keys["color"] = self.look.color_by[0]
        used = {aspect: key for aspect, key in keys.items() if key}
        codes = [self.look.codes[key][rows] for key in used.values()]
        table = np.column_stack(codes) if codes else np.zeros((len(rows), 0), int)
        kinds, member = np.unique(table, axis=0, return_inverse=True)
        for position, kind in enumerate(kinds):
            found = {
                aspect: self.look.entries(key)[code] if code >= 0 else {}
                for (aspect, key), code in zip(used.items(), kind, strict=True)
            }
            yield np.flatnonzero(member.ravel() == position), self._looks(found)

    def _looks(self, found: dict[str, dict[str, Any]]) -> dict[str, Any]:
        tint = found.pop("color", None)
        color = paper_color(tint or {}, self.base["color"])
        if tint == {} and self.look.color_by[0] == "outfall_class":
            color = load_table("styles")["other"]["color"]
        return {**found, "color": color, "fill": (tint or {}).get("fill")}


def paper_color(entry: dict[str, Any], default: str) -> str:
    """Colour of an entry on paper."""
    return str(entry.get("print", entry.get("color", default)))


def marker(shape: str) -> tuple[Path, float]:
    """Outline of a symbol of radius one, and how far it reaches."""
    if shape in _UNIT:
        corners = [*_UNIT[shape], _UNIT[shape][0]]
        return Path(corners, closed=True), float(np.abs(corners).max())
    if shape == "drop":
        angle = np.radians(np.linspace(-205, 25, 24))
        round_end = np.column_stack([np.cos(angle), np.sin(angle) - 0.4])
        outline = np.vstack([round_end, [(0, 1.4)], round_end[:1]])
        return Path(outline, closed=True), 1.4
    if shape == "pin":
        angle = np.radians(np.linspace(-40, 220, 24))
        head = np.column_stack([0.85 * np.cos(angle), 0.85 * np.sin(angle) + 0.3])
        outline = np.vstack([head, [(0, -1.25)], head[:1]])
        return Path(outline, closed=True), 1.25
    return Path.unit_circle(), 1.0


def ink_on(color: str) -> str:
    """Dark ink on light colours, white on dark ones."""
    red, green, blue = (channel**2.2 for channel in to_rgb(color))
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.3
    return str(load_table("styles")["ink"]) if light else "#ffffff"


def draw_layer(axes: Axes, drawing: Drawing, *, zoom: float, opacity: float) -> None:
    """Draw areas, lines and points of a layer; `opacity` fades all of it."""
    order = drawing.look.style["order"]
    if len(drawing.areas):
        _draw_areas(axes, drawing, order, opacity)
    if drawing.lines:
        _draw_lines(axes, drawing, order, opacity, zoom)
        _draw_arrows(axes, drawing, order, opacity)
    if len(drawing.points):
        _draw_points(axes, drawing, order, opacity)


def _draw_areas(axes: Axes, drawing: Drawing, order: float, opacity: float) -> None:
    base = drawing.base
    for members, look in drawing.groups("areas", "dash"):
        fill = look["fill"] if look["fill"] is not None else base["fill"]
        dash = look.get("dash", {}).get("dash", base.get("dash"))
        rgb = to_rgb(look["color"])
        axes.add_collection(
            PathCollection(
                [_area_path(one) for one in drawing.areas[members]],
                facecolors=[(*rgb, fill * opacity)],
                edgecolors=[(*rgb, opacity)],
                linewidths=base["width"] * PIXEL,
                linestyles=linestyle_of(dash),
                zorder=order,
            ),
            autolim=False,
        )


def _area_path(area: Any) -> Path:
    rings = [area.exterior, *area.interiors]
    return Path.make_compound_path(
        *(Path(shapely.get_coordinates(ring), closed=True) for ring in rings)
    )


def linestyle_of(dash: list[float] | None) -> Any:
    """Dashes in line widths, as both styles.toml and matplotlib count them."""
    if not dash:
        return "solid"
    return (0, [float(length) for length in dash])


def _draw_lines(
    axes: Axes, drawing: Drawing, order: float, opacity: float, zoom: float
) -> None:
    base, cased = drawing.base, drawing.look.style.get("casing", False)
    thin = 1.0 if cased else min(1.25, max(0.5, (zoom - 6) / 6))
    for members, look in drawing.groups("lines", "width", "dash"):
        lines = [drawing.lines[member] for member in members]
        width = look.get("width", {}).get("width", base["width"]) * PIXEL * thin
        looks: dict[str, Any] = {"capstyle": "round", "joinstyle": "round"}
        if cased:
            casing = LineCollection(
                lines, colors="white", linewidths=width + 2.4, zorder=order, **looks
            )
            axes.add_collection(casing, autolim=False)
        dash = look.get("dash", {}).get("dash")
        axes.add_collection(
            LineCollection(
                lines,
                colors=[(*to_rgb(look["color"]), opacity)],
                linewidths=width,
                linestyles=linestyle_of(dash),
                zorder=order + 0.5,
                **looks,
            ),
            autolim=False,
        )


def _draw_arrows(axes: Axes, drawing: Drawing, order: float, opacity: float) -> None:
    """Show the way of the water on lines whose class knows it."""
    if "arrow" not in drawing.look.by:
        return
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    wide = axes.figure.get_size_inches()[0]  # type: ignore[union-attr]
    scale = axes.get_position().width * wide * INCH / (x1 - x0)
    for members, look in drawing.groups("lines", "arrow"):
        arrow = look.get("arrow", {}).get("arrow")
        heads = [
            head
            for line in (drawing.lines[member] for member in members if arrow)
            for head in arrows_along(line, scale=scale, both=arrow == "both", size=1)
            if x0 < head[0, 0] < x1 and y0 < head[0, 1] < y1
        ]
        drawing.arrows += heads if arrow == "both" else []
        axes.add_collection(
            PolyCollection(
                heads,
                facecolors=[(*to_rgb(look["color"]), opacity)],
                edgecolors="white",
                linewidths=0.6,
                joinstyle="miter",
                zorder=order + 0.6,
            ),
            autolim=False,
        )


def _draw_points(axes: Axes, drawing: Drawing, order: float, opacity: float) -> None:
    rank = drawing.look.style.get("rank", "")
    if rank in drawing.layer.table:
        _draw_ranked(axes, drawing, drawing.layer.table[rank].to_numpy(), order)
        return
    count = len(drawing.points)
    crowd = next((small for most, small in _CROWDS if count > most), 1.0)
    radius = drawing.base["size"] * PIXEL * crowd
    for members, look in drawing.groups("points", "shape", "mark", "ring"):
        shape = look.get("shape", {}).get("shape", drawing.base["shape"])
        mark = look.get("mark", {}).get("mark", drawing.base.get("mark", ""))
        spots = drawing.points[members]
        ring = look.get("ring") or None
        draw_symbols(
            axes, spots, shape, look["color"], radius, order, ring=ring, opacity=opacity
        )
        if mark and count <= _MARKED_MOST:
            _write_marks(axes, spots, [mark] * len(spots), look["color"], radius, order)


def draw_symbols(
    axes: Axes,
    spots: NDArray[np.float64],
    shape: str,
    color: str,
    radius: float,
    order: float,
    *,
    ring: dict[str, Any] | None = None,
    opacity: float = 1.0,
    halo: float = 3.2,
) -> None:
    """Draw symbols of one look; `radius` and `halo` are in points."""
    path, reach = marker(shape)
    size = (2 * radius * reach) ** 2
    edge, line = ("white" if ink_on(color) == "#ffffff" else ink_on(color)), 0.4
    if ring:
        edge, line = ring["color"], 1.8 if ring.get("halo") else 1.1
        if ring.get("halo"):
            size_halo = (2 * (radius + halo)) ** 2
            halo_look = {
                "facecolors": ring["color"],
                "edgecolors": "face",
                "alpha": 0.3,
            }
            halo_look |= {"linewidths": 0, "zorder": order}
            _put(axes, spots, MarkerStyle("o"), size_halo, **halo_look)
    _put(
        axes,
        spots,
        MarkerStyle(path),
        size,
        facecolors=color,
        alpha=opacity,
        edgecolors=edge,
        linewidths=line * min(1.0, radius / 2.5),
        rasterized=len(spots) > _VECTORS_MOST,
        zorder=order + 0.2,
    )


def _put(
    axes: Axes,
    spots: NDArray[np.float64],
    symbol: MarkerStyle,
    size: float,
    **look: Any,
) -> None:
    """Put a symbol at places. As ``scatter`` does, which costs four times as much."""
    outline = symbol.get_path().transformed(symbol.get_transform())
    drawn = PathCollection(
        (outline,), (size,), offsets=spots, offset_transform=axes.transData, **look
    )
    drawn.set_transform(IdentityTransform())
    axes.add_collection(drawn, autolim=False)


def _draw_ranked(
    axes: Axes, drawing: Drawing, rank: NDArray[Any], order: float
) -> None:
    """Ranked points carry their number; the first lies on top."""
    for members, look in drawing.groups("points"):
        for member in members:
            place = rank[drawing.row["points"][member]]
            known = bool(0 < place < 100)
            size = 5 if not known else 12 if place <= 3 else 9.5 if place <= 20 else 7.5
            above = order + (100 - place) / 25 if known else order
            spot = drawing.points[[member]]
            radius = size * PIXEL
            draw_symbols(axes, spot, "circle", look["color"], radius, above)
            if known:
                number = [str(int(place))]
                _write_marks(axes, spot, number, look["color"], radius, above)


def _write_marks(
    axes: Axes,
    spots: NDArray[np.float64],
    marks: list[str],
    color: str,
    radius: float,
    order: float,
) -> None:
    for (x, y), mark in zip(spots, marks, strict=True):
        write(
            axes,
            x,
            y,
            mark,
            radius * 1.15,
            color=ink_on(color),
            ha="center",
            va="center_baseline",
            zorder=order + 0.3,
            clip_on=True,
        )

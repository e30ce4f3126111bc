"""Furniture of a printed map: title, legend, scale bar, north arrow, degrees, foot.

Lengths are points (1/72 inch) unless a name says otherwise.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyproj
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke

from geotool.maps._font import fit_text, font
from geotool.tables import load_table

INCH = 72.0
SOFT = "#4c5b69"
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_ROW = 15.0


@dataclass(frozen=True)
class LegendRow:
    """One line of the legend; a heading has no picture."""

    label: str
    draw: Callable[[Axes, float, float], None] | None = None


def write(target: Any, x: float, y: float, text: str, size: float, **looks: Any) -> Any:
    """Write a text as it is: never as mathematics, always in a font that knows it."""
    text, path = fit_text(text)
    looks.setdefault("color", load_table("styles")["ink"])
    bold = looks.pop("bold", False)
    halo = looks.pop("halo", 0.0)
    written = target.text(
        x, y, text, fontproperties=font(size, path=path), parse_math=False, **looks
    )
    effects = []
    if halo:
        effects.append(withStroke(linewidth=halo, foreground="white"))
    if bold:  # the carried font has one weight
        effects.append(withStroke(linewidth=size / 28, foreground=looks["color"]))
    if effects:
        written.set_path_effects(effects)
    return written


def text_width(text: str, size: float) -> float:
    """
    Estimate the width of a text: a Chinese character is as wide as it is high.

    Examples
    --------
    >>> text_width("通江河A", 10)
    36.0
    """
    return size * sum(1.0 if ord(one) > 0x2E7F else 0.6 for one in text)


def shorten(text: str, size: float, most: float) -> str:
    """
    Cut a text to a width, and show that it was cut.

    Examples
    --------
    >>> shorten("通江河入河排污口", 10, 45), shorten("通江河", 10, 45)
    ('通江河…', '通江河')
    """
    if text_width(text, size) <= most:
        return text
    while text and text_width(text + "…", size) > most:
        text = text[:-1]
    return text + "…"


# ---------------------------------------------------------------- head and foot
def draw_head(figure: Figure, title: str, subtitle: str) -> None:
    """Write title and subtitle above the map."""
    wide, high = figure.get_size_inches() * INCH
    most = wide - 60
    size = min(21.0, 21.0 * most / max(text_width(title, 21.0), 1))
    title = shorten(title, max(size, 11), most)
    write(figure, 0.5, 1 - 34 / high, title, max(size, 11), ha="center", bold=True)
    subtitle = shorten(subtitle, 10.5, most)
    write(figure, 0.5, 1 - 52 / high, subtitle, 10.5, ha="center", color=SOFT)


def draw_foot(figure: Figure, left: str, right: str) -> None:
    """Write source and date under the map."""
    wide, high = figure.get_size_inches() * INCH
    y = 13 / high
    left = shorten(left, 8, wide - 60 - text_width(right, 8) - 20)
    write(figure, 30 / wide, y, left, 8, color=SOFT)
    write(figure, 1 - 30 / wide, y, right, 8, ha="right", color=SOFT)


def draw_notice(axes: Axes, notice: str, width: float) -> tuple[float, float]:
    """Write a warning into the map's upper left corner; give the box it takes."""
    notice = shorten(notice, 11, width - 110)
    write(
        axes.figure,
        *_inside(axes, 15, -19),
        notice,
        11,
        va="center",
        color="#7a4b00",
        zorder=200,
        bbox={"boxstyle": "square,pad=0.5", "fc": "#fff4d6", "ec": "#9a6700"},
    )
    return text_width(notice, 11) + 26, 34


def _inside(axes: Axes, x: float, y: float) -> tuple[float, float]:
    """Place in the figure, given in points from the map's upper left corner."""
    box = axes.get_position()
    wide, high = axes.figure.get_size_inches() * INCH  # type: ignore[union-attr]
    return box.x0 + x / wide, box.y1 + y / high


# ---------------------------------------------------------------- on the map
def draw_north(axes: Axes) -> None:
    """Draw a north arrow in the upper right corner."""
    ink = load_table("styles")["ink"]
    inset = _inset(axes, right=22, top=10, width=24, height=46)
    for side, color in ((-8, ink), (8, "white")):
        corners = [(0, 44), (side, 15), (0, 21)]
        inset.add_patch(Polygon(corners, fc=color, ec=ink, lw=0.8, clip_on=False))
    inset.set(xlim=(-12, 12), ylim=(0, 46))
    write(inset, 0, 2, "北", 10, ha="center", bold=True, halo=2.5)


def draw_scale(axes: Axes, points_m: float) -> None:
    """Draw a scale bar in the lower left corner; `points_m` points are a metre."""
    most = 110 / points_m
    power = 10.0 ** np.floor(np.log10(most))
    length = next(one for one in (5, 2, 1) if one * power <= most) * power
    width = length * points_m
    unit, name = (1000.0, "km") if length >= 2000 else (1.0, "m")
    inset = _inset(axes, left=14, bottom=10, width=width + 36, height=26)
    inset.set(xlim=(-10, width + 26), ylim=(0, 26))
    inset.add_patch(Rectangle((-10, 0), width + 36, 26, fc="white", alpha=0.85))
    ink = load_table("styles")["ink"]
    for part, color in ((0, ink), (1, "white")):
        inset.add_patch(
            Rectangle((part * width / 2, 4), width / 2, 5, fc=color, ec=ink, lw=0.8)
        )
    write(inset, 0, 13, "0", 7.5, ha="center")
    write(inset, width / 2, 13, f"{length / 2 / unit:g}", 7.5, ha="center")
    write(inset, width - 3, 13, f"{length / unit:g} {name}", 7.5)


def _inset(axes: Axes, *, width: float, height: float, **place: float) -> Axes:
    """Small axes in points, so many from the given sides of the map."""
    box = axes.get_position()
    figure = axes.figure
    wide, high = figure.get_size_inches() * INCH  # type: ignore[union-attr]
    left = (
        box.x0 + place["left"] / wide
        if "left" in place
        else box.x1 - (place["right"] + width / 2) / wide
    )
    low = (
        box.y0 + place["bottom"] / high
        if "bottom" in place
        else box.y1 - (place["top"] + height) / high
    )
    inset = figure.add_axes((left, low, width / wide, height / high), zorder=100)
    inset.set_axis_off()
    return inset


def draw_degrees(axes: Axes, to_metric: pyproj.Transformer) -> None:
    """Draw a faint net of degrees, named along the lower and the left edge."""
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    corners = to_metric.transform(
        [west, east, west, east], [south, south, north, north], direction="INVERSE"
    )
    (x0, x1), (y0, y1) = [(min(values), max(values)) for values in corners]
    step = next((one for one in _STEPS if (x1 - x0) / one <= 6), 30)
    lines, along = [], np.linspace(0, 1, 20)
    digits = max(0, int(np.ceil(-np.log10(step))))
    xticks, yticks = {}, {}
    for degree in np.arange(np.ceil(x0 / step), np.floor(x1 / step) + 1) * step:
        x, y = to_metric.transform(np.full(20, degree), y0 + along * (y1 - y0))
        lines.append(np.column_stack([x, y]))
        xticks[float(np.interp(south, y, x))] = f"{degree:.{digits}f}°E"
    for degree in np.arange(np.ceil(y0 / step), np.floor(y1 / step) + 1) * step:
        x, y = to_metric.transform(x0 + along * (x1 - x0), np.full(20, degree))
        lines.append(np.column_stack([x, y]))
        yticks[float(np.interp(west, x, y))] = f"{degree:.{digits}f}°N"
    axes.add_collection(
        LineCollection(lines, colors="#9aa3ab", linewidths=0.4, alpha=0.6, zorder=1),
        autolim=False,
    )
    axes.set_xticks([x for x in xticks if west < x < east])
    axes.set_yticks([y for y in yticks if south < y < north])
    axes.set_xticklabels([xticks[float(x)] for x in axes.get_xticks()])
    axes.set_yticklabels([yticks[float(y)] for y in axes.get_yticks()], rotation=90)
    for label in [*axes.get_xticklabels(), *axes.get_yticklabels()]:
        label.set(fontproperties=font(7), color=SOFT, parse_math=False)
    for label in axes.get_yticklabels():
        label.set_verticalalignment("center")
    axes.tick_params(length=3, color=SOFT, width=0.6)


# ---------------------------------------------------------------- legend
def draw_legend(
    figure: Figure,
    box: tuple[float, float, float, float],
    rows: Sequence[LegendRow],
    *,
    columns: int = 1,
) -> None:
    """Draw the legend into a box of the page; more than fits is drawn smaller."""
    left, low, width, height = box
    wide, high = figure.get_size_inches() * INCH
    axes = figure.add_axes((left / wide, low / high, width / wide, height / high))
    axes.set_axis_off()
    each = max(1, -(-(len(rows) + columns - 1) // columns))
    rows = list(rows)
    for last in range(each - 1, len(rows), each):
        if last < len(rows) - 1 and rows[last].draw is None:
            rows.insert(last, LegendRow(""))  # no heading at a column's foot
    small = min(1.0, (height - 24) / (each * _ROW))
    axes.set(xlim=(0, width), ylim=(0, height))
    write(axes, 0, height - 12, "图例", 12, bold=True)
    across = width / columns
    for place, row in enumerate(rows):
        x = place // each * across
        y = height - 24 - (place % each + 0.5) * _ROW * small
        size = 8.5 * small
        heading = row.draw is None
        room = across - (6 if heading else 34)
        size = max(6.0, min(size, size * room / max(text_width(row.label, size), 1)))
        label = shorten(row.label, size, room)
        if row.draw is not None:
            row.draw(axes, x + 11, y)
        left = x if heading else x + 26
        write(axes, left, y, label, size, va="center", bold=heading)

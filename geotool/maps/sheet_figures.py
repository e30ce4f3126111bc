"""A map with tables beside it on one sheet of paper, such as a sheet of an atlas.

Lengths are points (1/72 inch).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.transforms import Bbox

from geotool.crs import to_degrees
from geotool.maps import _page
from geotool.maps._datum import map_datum
from geotool.maps._page import SOFT, shorten, text_width, write
from geotool.maps._style import map_date
from geotool.maps.figure import (
    MapFigure,
    draw_map,
    foot_words,
    make_figure,
    map_axes,
    ready_layers,
)
from geotool.tables import load_table

_SIDE, _TOP, _FOOT = 30.0, 62.0, 30.0
_LEGEND = 118.0
_PANEL = 404.0
_GAP = 14.0
_HEAD, _TEXT = 11.0, 8.8
_LEADING = 1.36
_LEAST_BLOCK = 52.0
"""Height of a block of which only the heading and what is left out fits."""

_LABEL_GAP = 9.0
"""Numbers of points stand no closer on the paper than this."""

_AROUND = [(a, b) for a in (-1, 0, 1) for b in (-1, 0, 1)]


@dataclass(frozen=True)
class Block:
    """
    A heading with a table or with lines of text under it.

    Attributes
    ----------
    heading : str
    rows : sequence of tuples of str
        Cells; a cell too long for its column runs on in a second and third line.
    widths : sequence of float
        Shares of the panel, one a column.
    header : tuple of str
        Names of the columns, or none.
    most_rows : int
        More are told of, not written.
    across : int
        Copies of the table side by side, for many short rows.
    more : str
        Where the rest is, said when not all rows fit.
    size : float
        Of the letters.
    """

    heading: str
    rows: Sequence[tuple[str, ...]]
    widths: Sequence[float] = (1.0,)
    header: tuple[str, ...] = ()
    most_rows: int = 1000
    across: int = 1
    more: str = ""
    size: float = field(default=_TEXT)


def plot_sheet(
    layers: Mapping[str, gpd.GeoDataFrame],
    blocks: Sequence[Block],
    *,
    marks: gpd.GeoDataFrame | None = None,
    title: str,
    subtitle: str = "",
    notice: str = "",
    source: str = "",
    date: str | dt.date | None = None,
    extent: tuple[float, float, float, float],
    dpi: float = 150,
) -> MapFigure:
    """
    Draw a map with tables at its right, A3 landscape.

    Parameters
    ----------
    layers : mapping of name to GeoDataFrame
        As for :func:`geotool.plot_map`.
    blocks : sequence of Block
        Written from top to bottom; what does not fit is told.
    marks : GeoDataFrame of points, optional
        Numbered points: column ``label``, and ``color`` if they differ. Where they
        are crowded some numbers are left out, never a point.
    title, subtitle, notice, source, date
        As for :func:`geotool.plot_map`.
    extent : (west, south, east, north)
        Degrees.
    dpi : float

    Returns
    -------
    MapFigure

    Raises
    ------
    MapError
        If there is nothing to draw.
    CrsError
        If a layer has no reference system.

    Examples
    --------
    >>> well = gpd.GeoDataFrame(
    ...     {"water_source_id": ["SY1"], "name": ["东水源"]},
    ...     geometry=gpd.points_from_xy([120.9], [31.9]), crs=4490,
    ... )
    >>> figure = plot_sheet(
    ...     {"water_sources": well}, [Block("基本信息", [("名称", "东水源")], (0.3, 0.7))],
    ...     title="东水源", extent=(120.8, 31.8, 121.0, 32.0),
    ... )
    >>> figure.get_size_inches()
    array([16.54, 11.69])
    """
    figure = make_figure("A3", "landscape", dpi)
    wide, high = figure.get_size_inches() * _page.INCH
    width = wide - 2 * _SIDE - _PANEL - _GAP
    low = _FOOT + _LEGEND
    axes = map_axes(figure, (_SIDE, low + 20, width, high - _TOP - low - 20))
    ready = ready_layers(layers)
    to_metric = draw_map(
        axes,
        ready,
        extent,
        notice,
        legend_box=(_SIDE, _FOOT - 4, width, _LEGEND),
        columns=5,
    )
    if marks is not None and len(marks):
        _draw_marks(axes, marks, to_metric)
    _page.draw_head(figure, title, subtitle)
    box = (wide - _SIDE - _PANEL, _FOOT, _PANEL, high - _TOP - _FOOT)
    _draw_panel(figure, box, blocks)
    dated = f"坐标系：{map_datum(ready).foot}　制图日期：{map_date(date)}"
    _page.draw_foot(figure, foot_words(figure, source), dated)
    return figure


def map_part(figure: Any) -> Bbox:
    """Give the part of a sheet that is map and legend, inches, for a narrower page."""
    wide, high = figure.get_size_inches()
    right = wide - (_SIDE + _PANEL + _GAP / 2) / _page.INCH
    low = (_FOOT - 8) / _page.INCH
    return Bbox([[0.05, low], [right, high - (_TOP - 4) / _page.INCH]])


def _draw_marks(
    axes: Axes, marks: gpd.GeoDataFrame, to_metric: pyproj.Transformer
) -> None:
    """Draw numbered points; numbers keep apart, and away from their area's middle."""
    degrees = shapely.get_coordinates(to_degrees(marks).geometry.to_numpy())
    x, y = to_metric.transform(degrees[:, 0], degrees[:, 1])
    ink = load_table("styles")["ink"]
    colors = list(marks["color"]) if "color" in marks else [ink] * len(marks)
    axes.scatter(x, y, s=11, c=colors, edgecolors=ink, linewidths=0.5, zorder=160)
    box = axes.get_position()
    wide = axes.figure.get_size_inches()[0] * _page.INCH  # type: ignore[union-attr]
    (x0, x1), (y0, y1) = axes.get_xlim(), axes.get_ylim()
    scale = box.width * wide / (x1 - x0)
    middle = np.array([np.mean(x), np.mean(y)])
    taken: set[tuple[int, int]] = set()
    widest = max(text_width(str(label), 6.4) for label in marks["label"])
    gap = max(_LABEL_GAP, 0.6 * widest)
    for label, px, py in zip(marks["label"], x, y, strict=True):
        way = np.array([px, py]) - middle
        way = way / (np.hypot(*way) or 1.0) * 7.5 / scale
        spot = px + way[0], py + way[1]
        if not (x0 < spot[0] < x1 and y0 < spot[1] < y1):
            continue
        # a coarse net: numbers in cells that touch would stand too close
        net = (
            int((spot[0] - x0) * scale / gap),
            int((spot[1] - y0) * scale / gap),
        )
        if any((net[0] + a, net[1] + b) in taken for a, b in _AROUND):
            continue
        taken.add(net)
        write(
            axes, *spot, str(label), 6.4, ha="center",
            va="center_baseline", halo=1.8, zorder=165, clip_on=True,
        )  # fmt: skip


# ---------------------------------------------------------------- panel
def _draw_panel(
    figure: Any, box: tuple[float, float, float, float], blocks: Sequence[Block]
) -> None:
    wide, high = figure.get_size_inches() * _page.INCH
    left, low, width, height = box
    axes = figure.add_axes((left / wide, low / high, width / wide, height / high))
    axes.set_axis_off()
    axes.set(xlim=(0, width), ylim=(0, height))
    y = height
    for place, block in enumerate(blocks):
        # room for the headings still to come: none is left out without a word
        floor = (len(blocks) - 1 - place) * _LEAST_BLOCK
        y = _draw_block(axes, block, width, y, floor) - 9


def _draw_block(
    axes: Axes, block: Block, width: float, y: float, floor: float
) -> float:
    """Write one block from y down, not below the floor; give where it ended."""
    write(axes, 0, y - _HEAD, block.heading, _HEAD, bold=True)
    y -= _HEAD + 4
    _rule(axes, 0, width, y, 0.8)
    across = width / block.across
    columns = np.concatenate([[0], np.cumsum(block.widths)]) * (across - 6)
    line = block.size * _LEADING
    if block.header:
        for copy in range(block.across):
            for place, cell in enumerate(block.header):
                x = copy * across + columns[place]
                write(axes, x, y - line, cell, block.size, color=SOFT)
        y -= line + 2.5
        _rule(axes, 0, width, y, 0.4)
    if block.across > 1:
        return _draw_columns(axes, block, columns, across, y, floor)
    shown = 0
    for row in block.rows[: block.most_rows]:
        cells = [
            wrap(cell, block.size, columns[n + 1] - columns[n] - 3)
            for n, cell in enumerate(row)
        ]
        tall = max(len(cell) for cell in cells) * line
        last = shown == len(block.rows) - 1
        if y - tall - (0 if last else line) < floor:
            break
        for n, lines in enumerate(cells):
            for k, text in enumerate(lines):
                write(axes, columns[n], y - (k + 1) * line, text, block.size)
        y -= tall + 1.5
        shown += 1
    return _tell_rest(axes, block, shown, y, line)


def _draw_columns(
    axes: Axes, block: Block, columns: Any, across: float, y: float, floor: float
) -> float:
    """Write short rows in columns side by side, down the first, then the next."""
    line = block.size * _LEADING
    each = max(int((y - floor - line) // line), 0)
    fits = each * block.across
    shown = min(len(block.rows), fits, block.most_rows)
    each = min(each, -(-shown // block.across)) if shown else 0
    for place in range(shown):
        copy, down = divmod(place, each)
        for n, cell in enumerate(block.rows[place]):
            x = copy * across + columns[n]
            room = columns[n + 1] - columns[n]
            text = shorten(cell, block.size, room + 2)
            write(axes, x, y - (down + 1) * line, text, block.size)
    return _tell_rest(axes, block, shown, y - each * line, line)


def _tell_rest(axes: Axes, block: Block, shown: int, y: float, line: float) -> float:
    rest = len(block.rows) - shown
    if rest:
        text = f"（其余 {rest} 行{block.more}）"
        write(axes, 0, max(y - line, 0), text, block.size, color="#7a4b00")
        y -= line
    return y


def _rule(axes: Axes, x0: float, x1: float, y: float, width: float) -> None:
    axes.add_line(Line2D([x0, x1], [y, y], color="#9aa3ab", linewidth=width))


def wrap(text: str, size: float, room: float, most: int = 6) -> list[str]:
    """
    Break a text into lines of a width; Chinese may break anywhere, a word not.

    Examples
    --------
    >>> wrap("通江河入河排污口", 10, 45)
    ['通江河入', '河排污口']
    >>> wrap("通江河入河排污口", 10, 45, most=1)
    ['通江河…']
    """
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and text_width(lines[-1] + piece, size) > room:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    if len(lines) > most:
        kept = lines[:most]
        kept[-1] = shorten(kept[-1] + "……", size, room)
        return kept
    return lines


def _pieces(text: str) -> list[str]:
    """Cut a text where a line may end."""
    pieces: list[str] = []
    for one in " ".join(str(text).split()):
        joins = pieces and ord(one) < 0x2E80 and ord(pieces[-1][-1]) < 0x2E80
        closes = pieces and one in "，。；：、）》”’！？"
        if closes or (joins and pieces[-1][-1] != " " and len(pieces[-1]) < 24):
            pieces[-1] += one
        else:
            pieces.append(one)
    return pieces

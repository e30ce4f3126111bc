"""What the legend of a printed map says: only what is on the map."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle

from geotool.maps._arrows import arrows_along
from geotool.maps._drawing import (
    PIXEL,
    Drawing,
    draw_symbols,
    ink_on,
    linestyle_of,
    paper_color,
)
from geotool.maps._page import LegendRow, write
from geotool.tables import load_table


def legend_rows(
    drawing: Drawing, view: tuple[float, float, float, float]
) -> list[LegendRow]:
    """
    List the legend's rows for what one layer shows in a view.

    A layer with classes gets a heading and a row for each class that occurs; one
    without gets a single row; one of which nothing is in view gets none.
    """
    look = drawing.look
    rows_drawn = drawing.rows_within(view)
    if not len(rows_drawn):
        return []
    color_key = look.color_by[0] if look.color_by else ""
    keys = [key for key in dict.fromkeys([color_key, *look.by.values()]) if key]
    rows: list[LegendRow] = []
    label = drawing.layer.label
    for key in keys:
        facts = load_table("styles")["classes"][key]
        codes = look.codes[key][rows_drawn]
        heading = f"{label} · {facts['zh']}" if len(keys) > 1 else label
        found = [
            LegendRow(f"{entry['zh']}（{count:,}）", _Picture(drawing, entry, key))
            for code, entry in enumerate(look.entries(key))
            if (count := int((codes == code).sum()))
        ]
        rest = int((codes < 0).sum())
        if rest and key == keys[0]:
            other = load_table("styles")["other"]
            entry = other if key == "outfall_class" else {}
            words = f"{other['zh']}（{rest:,}）"
            found.append(LegendRow(words, _Picture(drawing, entry, key)))
        if found:
            rows += [LegendRow(heading), *found]
    if rows:
        return rows
    return [LegendRow(f"{label}（{len(rows_drawn):,}）", _Picture(drawing, {}, ""))]


class _Picture:
    """Draws how features of one class look, at a place of the legend."""

    def __init__(self, drawing: Drawing, entry: dict[str, Any], key: str) -> None:
        self.drawing, self.entry, self.key = drawing, entry, key

    def __call__(self, axes: Axes, x: float, y: float) -> None:
        if len(self.drawing.points):
            self._symbol(axes, x, y)
        elif self.drawing.lines:
            self._line(axes, x, y)
        else:
            self._area(axes, x, y)

    def _symbol(self, axes: Axes, x: float, y: float) -> None:
        base, by = self.drawing.base, self.drawing.look.by
        ring = self.entry if self.key == by.get("ring") else None
        color = base["color"] if ring else paper_color(self.entry, base["color"])
        radius = min(base["size"], 7) * PIXEL
        spot = np.array([[x, y]])
        shape = self.entry.get("shape", base["shape"])
        draw_symbols(axes, spot, shape, color, radius, 1, ring=ring, halo=1.4)
        mark = "" if ring else self.entry.get("mark", base.get("mark", ""))
        if by.get("mark") not in (None, self.key):
            mark = ""
        if self.drawing.look.style.get("rank") in self.drawing.layer.table:
            mark = "1"
        size, ink = radius * 1.15, ink_on(color)
        write(axes, x, y, mark, size, color=ink, ha="center", va="center_baseline")

    def _line(self, axes: Axes, x: float, y: float) -> None:
        base = self.drawing.base
        width = self.entry.get("width", base["width"]) * PIXEL
        axes.add_line(
            Line2D(
                [x - 9, x + 9],
                [y, y],
                color=paper_color(self.entry, base["color"]),
                linewidth=width,
                linestyle=linestyle_of(self.entry.get("dash")),
                dash_capstyle="round",
                solid_capstyle="round",
            )
        )
        arrow = self.entry.get("arrow")
        if arrow and "arrow" in self.drawing.look.by:
            sample = np.array([[x - 9, y], [x + 9, y]])
            for head in arrows_along(sample, scale=1, both=arrow == "both", size=1):
                color = paper_color(self.entry, base["color"])
                axes.add_patch(
                    Polygon(head, facecolor=color, edgecolor="white", linewidth=0.5)
                )

    def _area(self, axes: Axes, x: float, y: float) -> None:
        base = self.drawing.base
        rgb = to_rgb(paper_color(self.entry, base["color"]))
        fill = max(0.12, self.entry.get("fill", base["fill"]))
        dash = self.entry.get("dash", base.get("dash"))
        axes.add_patch(
            Rectangle(
                (x - 9, y - 4.5),
                18,
                9,
                facecolor=(*rgb, fill),
                edgecolor=rgb,
                linewidth=0.8,
                linestyle=linestyle_of(dash),
            )
        )

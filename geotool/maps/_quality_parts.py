"""What the figures of water quality share: axes, words on them, colours and legends."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Polygon

from geotool.maps._font import fit_text, font
from geotool.maps.figure import MapFigure
from geotool.tables import load_table

CLASSES = ("I", "II", "III", "IV", "V", "劣V")
INK, FAINT, RULE = "#222222", "#707070", "#c9c9c9"


def class_colors() -> dict[str, str]:
    """
    Give the print colour of each class.

    Examples
    --------
    >>> class_colors()["III"], len(class_colors())
    ('#2fa84f', 6)
    """
    entries = load_table("styles")["classes"]["water_class"]["entries"]
    return {name: row["print"] for name, row in zip(CLASSES, entries, strict=True)}


def class_marks() -> dict[str, str]:
    """Give the letter of each class."""
    entries = load_table("styles")["classes"]["water_class"]["entries"]
    return {name: row["mark"] for name, row in zip(CLASSES, entries, strict=True)}


def make_axes(width: float, height: float, dpi: float) -> tuple[MapFigure, Axes]:
    """Make a figure with one plain pair of axes."""
    figure = MapFigure(figsize=(width, height), dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(FAINT)
    return figure, axes


def write_title(axes: Axes, title: str) -> None:
    """Write a title that is text, whatever is in it."""
    text, path = fit_text(title)
    looks: Any = {"fontproperties": font(12, path=path), "color": INK, "loc": "left"}
    axes.set_title(text, **looks).set_parse_math(False)


def write_ticks(axes: Axes, side: str, places: Sequence[int], names: list[str]) -> None:
    """Write names along one side."""
    axis = axes.yaxis if side == "y" else axes.xaxis
    fitted = [fit_text(name) for name in names]
    axis.set_ticks(list(places), [text for text, _ in fitted])
    for label, (_, path) in zip(axis.get_ticklabels(), fitted, strict=True):
        label.set_fontproperties(font(8, path=path))
        label.set_parse_math(False)  # a name is text, also with dollar signs in it
    axis.set_tick_params(length=0, colors=INK)


def section_names(table: pd.DataFrame) -> list[str]:
    """Call sections by their name, else by their id."""
    if "name" not in table:
        return [str(one) for one in table.index]
    pairs = zip(table["name"], table.index, strict=True)
    return [str(n) if isinstance(n, str) and n else str(one) for n, one in pairs]


def shorten(name: str, most: int) -> str:
    """Cut a name that is too long for its place."""
    return name if len(name) <= most else name[: most - 1] + "…"


def class_legend(figure: MapFigure, axes: Axes, *, missing: bool) -> None:
    """Explain the colours of the classes, and the other marks that occur."""
    entries = load_table("styles")["classes"]["water_class"]["entries"]
    parts = [Patch(facecolor=row["print"], label=row["zh"]) for row in entries]
    if missing:
        parts.append(
            Patch(facecolor="#ffffff", edgecolor=RULE, hatch="////", label="无数据")
        )
    if any(isinstance(patch, Polygon) for patch in axes.patches):
        parts.append(Patch(facecolor="#000000", label="黑角：未达目标"))
    _legend(figure, parts)


def series_legend(figure: MapFigure, target: str | None, *, hollow: np.ndarray) -> None:
    """Explain bands, the limit and hollow points where they occur."""
    entries = load_table("styles")["classes"]["water_class"]["entries"]
    parts: list[Any] = [
        Patch(facecolor=row["print"], alpha=0.3, label=row["zh"]) for row in entries
    ]
    if target is not None:
        line = Line2D([], [], color="#b00000", linewidth=1.1, linestyle=(0, (5, 3)))
        line.set_label(f"目标{target}类限值")
        parts.append(line)
    if hollow.any():
        spot = Line2D([], [], marker="o", color=INK, markerfacecolor="#ffffff")
        spot.set(linestyle="", markersize=4, label="低于检出限（按一半计）")
        parts.append(spot)
    _legend(figure, parts)


def _legend(figure: MapFigure, parts: list[Any]) -> None:
    figure.legend(
        handles=parts, loc="outside right upper", prop=font(8), frameon=False,
        handlelength=1.3, handleheight=1.0,
    )  # fmt: skip

"""Figures of water quality: class calendar, series with class bands, shares of classes.

Drawn as the printed map is: with the carried font, in the print colours of
``tables/styles.toml``, and shown by a notebook as they are. They take tables and know
no analysis.
"""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateFormatter, AutoDateLocator
from matplotlib.patches import Polygon, Rectangle
from matplotlib.ticker import MaxNLocator, PercentFormatter

from geotool._colors import is_dark
from geotool.errors import MapError
from geotool.maps._font import font
from geotool.maps._quality_parts import (
    CLASSES,
    INK,
    RULE,
    class_colors,
    class_legend,
    class_marks,
    make_axes,
    section_names,
    series_legend,
    shorten,
    write_ticks,
    write_title,
)
from geotool.maps.figure import MapFigure

_MOST_ROWS = 120
"""Sections of one calendar: more would be smaller than can be read."""


# ------------------------------------------------------------------ calendar
def plot_class_calendar(
    assessment: pd.DataFrame, *, title: str = "断面水质类别", dpi: float = 160
) -> MapFigure:
    """
    Draw the class of each section in each period as a table of colours.

    Parameters
    ----------
    assessment : DataFrame
        As :func:`geotool.assess_sections` gives it: ``section_id, name, period,
        water_class``; ``target_class`` and ``reached`` where known. A cell that misses
        its target has a dark corner; one without data is hatched.
    title : str
    dpi : float

    Returns
    -------
    MapFigure
        Save it with ``figure.savefig("calendar.png")``.

    Raises
    ------
    MapError
        If there is nothing to draw, or more than 120 sections: draw a district at a
        time.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"section_id": "A", "name": "东桥", "period": ["2026-04", "2026-05"],
    ...      "water_class": ["II", "IV"], "reached": [True, False]}
    ... )
    >>> plot_class_calendar(table).axes[0].get_yticklabels()[0].get_text()
    '东桥'
    """
    table = assessment.dropna(subset=["section_id", "period"])
    names = table.drop_duplicates("section_id").set_index("section_id")
    periods = sorted(table["period"].unique())
    if not len(names) or not periods:
        raise MapError(
            "评价表里没有断面和时段，画不出类别图。",
            "The assessment has no section and period to draw.",
        )
    if len(names) > _MOST_ROWS:
        raise MapError(
            f"有 {len(names)} 个断面，一张图最多画 {_MOST_ROWS} 个；请按区县或流域分开画。",
            f"{len(names)} sections, at most {_MOST_ROWS} fit one figure; draw a "
            "district or basin at a time.",
        )
    width = min(2.6 + 0.42 * len(periods), 16)
    figure, axes = make_axes(width, 1.5 + 0.26 * len(names), dpi)
    cells = table.drop_duplicates(["section_id", "period"])
    for record in cells.to_dict("records"):
        x = periods.index(record["period"])
        y = list(names.index).index(record["section_id"])
        _draw_cell(axes, x, y, record, small=len(periods) > 24)
    axes.set_xlim(-0.5, len(periods) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    write_ticks(
        axes, "y", range(len(names)), [shorten(n, 14) for n in section_names(names)]
    )
    step = max(1, int(np.ceil(len(periods) / 24)))
    shown = range(0, len(periods), step)
    write_ticks(axes, "x", shown, [str(periods[n]) for n in shown])
    for label in axes.get_xticklabels():
        label.set_rotation(90 if len(periods) > 6 else 0)
    write_title(axes, title)
    class_legend(figure, axes, missing=_lacks(cells, names, periods))
    return figure


def _lacks(cells: pd.DataFrame, names: pd.DataFrame, periods: Sequence[Any]) -> bool:
    return int(cells["water_class"].isin(CLASSES).sum()) < len(names) * len(periods)


def _draw_cell(
    axes: Axes, x: int, y: int, row: Mapping[Any, Any], *, small: bool
) -> None:
    name = row.get("water_class")
    box = (x - 0.5, y - 0.5)
    if name not in CLASSES:
        axes.add_patch(_square(box, "#ffffff", hatch="////"))
        return
    color = class_colors()[str(name)]
    axes.add_patch(_square(box, color))
    ink = "#ffffff" if is_dark(color) else "#000000"
    if not small:
        axes.text(
            x, y, class_marks()[str(name)], ha="center", va="center", color=ink,
            fontproperties=font(7.5),
        )  # fmt: skip
    if row.get("reached") is False or str(row.get("reached")).casefold() == "false":
        corner = [(x + 0.5, y - 0.5), (x + 0.16, y - 0.5), (x + 0.5, y - 0.1)]
        axes.add_patch(Polygon(corner, facecolor="#000000", linewidth=0))


def _square(corner: tuple[float, float], color: str, hatch: str = "") -> Any:
    return Rectangle(
        corner, 1, 1, facecolor=color, edgecolor="#ffffff" if not hatch else RULE,
        linewidth=0.8, hatch=hatch or None,
    )  # fmt: skip


# ------------------------------------------------------------------ series
def plot_series(
    readings: pd.DataFrame,
    limits: Sequence[float],
    *,
    target: str | None = None,
    title: str = "",
    unit: str = "mg/L",
    lower_is_worse: bool = False,
    dpi: float = 160,
) -> MapFigure:
    """
    Draw the readings of one item at one section over the bands of the classes.

    Parameters
    ----------
    readings : DataFrame
        ``time`` and ``value_mg_l``; ``detected`` where known: what was below detection
        is drawn hollow, at the value it counts with.
    limits : sequence of five numbers
        Of classes I to V, see :func:`geotool.quality.class_limits`.
    target : str, optional
        Class whose limit is drawn as a line.
    title, unit : str
    lower_is_worse : bool
        True for dissolved oxygen.
    dpi : float

    Returns
    -------
    MapFigure

    Raises
    ------
    MapError
        If there is no reading, or not five limits.

    Notes
    -----
    Points further apart than four times the usual step are not joined: a line across
    a gap would show values nobody measured.

    Examples
    --------
    >>> readings = pd.DataFrame(
    ...     {"time": pd.date_range("2026-05-01", periods=3), "value_mg_l": [0.4, 1.2, 0.8]}
    ... )
    >>> figure = plot_series(readings, [0.15, 0.5, 1, 1.5, 2], target="III")
    >>> len(figure.axes[0].patches)  # six bands
    6
    """
    if len(limits) != len(CLASSES) - 1:
        raise MapError(
            f"需要五个限值（I 到 V 类），给了 {len(limits)} 个。",
            f"Five limits are needed (classes I to V), {len(limits)} were given.",
        )
    table = readings.dropna(subset=["time", "value_mg_l"]).sort_values("time")
    if not len(table):
        raise MapError("没有可画的监测值。", "There is no reading to draw.")
    figure, axes = make_axes(9.2, 3.9, dpi)
    values = table["value_mg_l"].to_numpy(float)
    times = pd.to_datetime(table["time"]).to_numpy("datetime64[us]")
    goal = CLASSES.index(target) if target in CLASSES[:5] else None
    reach = [*values, limits[goal] if goal is not None else values[0]]
    top = max(reach) * 1.12 or 1.0
    _bands(axes, list(limits), top, lower_is_worse=lower_is_worse)
    if goal is not None:
        axes.axhline(
            limits[goal], color="#b00000", linewidth=1.1, linestyle=(0, (5, 3))
        )
    for part in _runs(times):
        axes.plot(times[part], values[part], color=INK, linewidth=0.9)
    found = (
        table["detected"].to_numpy(bool)
        if "detected" in table
        else np.ones(len(table), dtype=bool)
    )
    size = 9 if len(table) <= 400 else 3
    axes.scatter(times[found], values[found], s=size, color=INK, zorder=3)
    axes.scatter(
        times[~found], values[~found], s=size + 4, facecolors="#ffffff",
        edgecolors=INK, linewidths=0.7, zorder=3,
    )  # fmt: skip
    axes.set_ylim(0, top)
    if times[0] == times[-1]:  # an axis without length has no dates to mark
        day = np.timedelta64(1, "D")
        axes.set_xlim(times[0] - day, times[0] + day)
    write_title(axes, title)
    axes.set_ylabel(unit, fontproperties=font(9), color=INK)
    axes.yaxis.set_major_locator(MaxNLocator(6))
    days = AutoDateLocator(minticks=3, maxticks=8)  # from five, many spans have no step
    axes.xaxis.set_major_locator(days)
    axes.xaxis.set_major_formatter(AutoDateFormatter(days, defaultfmt="%Y-%m-%d"))
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font(8))
    axes.tick_params(colors=INK, length=3)
    series_legend(figure, target if goal is not None else None, hollow=~found)
    return figure


def _bands(
    axes: Axes, limits: list[float], top: float, *, lower_is_worse: bool
) -> None:
    colors = list(class_colors().values())
    edges = [0.0, *limits, np.inf] if not lower_is_worse else [np.inf, *limits, 0.0]
    for place, color in enumerate(colors):
        low, high = sorted(edges[place : place + 2])
        high = min(high, max(top, low))
        axes.axhspan(min(low, top), high, color=color, alpha=0.17, linewidth=0)


def _runs(times: np.ndarray) -> list[slice]:
    """Cut a series where nothing was measured for long."""
    if len(times) < 3:
        return [slice(0, len(times))]
    gaps = np.diff(times.astype(np.int64))
    cuts = np.flatnonzero(gaps > 4 * np.median(gaps)) + 1
    bounds = [0, *cuts.tolist(), len(times)]
    return [slice(a, b) for a, b in itertools.pairwise(bounds)]


# ------------------------------------------------------------------ shares
def plot_class_shares(
    summary: pd.DataFrame,
    *,
    by: str = "period",
    title: str = "各类水质断面比例",
    dpi: float = 160,
) -> MapFigure:
    """
    Draw the shares of the classes as bars, one for each period or district.

    Parameters
    ----------
    summary : DataFrame
        As :func:`geotool.summarise_sections` gives it: ``n_I … n_劣V`` and ``by``.
    by : str
        Column that names the bars.
    title : str
    dpi : float

    Returns
    -------
    MapFigure

    Raises
    ------
    MapError
        If there is nothing to draw or no such column.

    Examples
    --------
    >>> summary = pd.DataFrame(
    ...     {"period": ["2026-04", "2026-05"], "n_I": [0, 0], "n_II": [3, 2],
    ...      "n_III": [1, 1], "n_IV": [0, 1], "n_V": [0, 0], "n_劣V": [0, 0]}
    ... )
    >>> len(plot_class_shares(summary).axes[0].containers)
    6
    """
    if by not in summary or not len(summary):
        raise MapError(
            f"汇总表里没有“{by}”可画；请先用 summarise_sections 汇总。",
            f"The summary has nothing to draw by {by}; make it with "
            "summarise_sections.",
        )
    counts = summary[[f"n_{name}" for name in CLASSES]].to_numpy(float)
    total = counts.sum(axis=1)
    shares = np.divide(counts, total[:, None], where=total[:, None] > 0, out=counts * 0)
    figure, axes = make_axes(min(3.2 + 0.5 * len(summary), 16), 4.2, dpi)
    below = np.zeros(len(summary))
    for place, name in enumerate(CLASSES):
        color = class_colors()[name]
        axes.bar(
            range(len(summary)), shares[:, place], bottom=below, color=color,
            edgecolor="#ffffff", linewidth=0.6, width=0.78,
        )  # fmt: skip
        _write_counts(axes, counts[:, place], shares[:, place], below, color)
        below += shares[:, place]
    names = [str(one) for one in summary[by]]
    write_ticks(axes, "x", range(len(names)), [shorten(n, 10) for n in names])
    longest = max(map(len, names), default=0)
    for label in axes.get_xticklabels():
        label.set_rotation(90 if len(names) > 8 or longest > 7 else 0)
    axes.set_xlim(-0.6, len(summary) - 0.4)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    for label in axes.get_yticklabels():
        label.set_fontproperties(font(8))
    write_title(axes, title)
    class_legend(figure, axes, missing=False)
    return figure


def _write_counts(
    axes: Axes, counts: np.ndarray, shares: np.ndarray, below: np.ndarray, color: str
) -> None:
    ink = "#ffffff" if is_dark(color) else "#000000"
    for x, (count, share, start) in enumerate(zip(counts, shares, below, strict=True)):
        if share >= 0.06:
            axes.text(
                x, start + share / 2, f"{count:.0f}", ha="center", va="center",
                color=ink, fontproperties=font(7.5),
            )  # fmt: skip

"""A ranking as bars with ranges, and beside the readings it rests on."""

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.attribution._problem import Floats
from geotool.attribution._reasons import WORTH_TELLING
from geotool.readings import tidy_readings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from geotool.attribution._ranking import Ranking

BAR, SHARE, OUTSIDE = "#b3003c", "#0072b2", "#8a8f94"
FOR, AGAINST, MADE = "#1b7837", "#b3003c", "#e08214"
NAME = 16
"""Letters of a name beside a bar."""

MOST_PANELS = 6
"""Sections of one figure: more would be too flat to read."""


def _write(text: str, size: float) -> dict[str, Any]:
    """Give a text and its font as matplotlib takes them, Chinese or not."""
    # the fonts only: a figure with Chinese words needs the one that maps carries
    from geotool.maps._font import fit_text, font

    shown, path = fit_text(text)
    return {"s": shown, "fontproperties": font(size, path=path)}


def _clipped(text: str) -> str:
    """Shorten a long name: bars need room too."""
    return text if len(text) <= NAME else f"{text[: NAME - 1]}…"


def _wrapped(text: str, width: int) -> str:
    """Break a headline that is longer than the figure is wide."""
    return "\n".join(textwrap.wrap(text, width)) if len(text) > width else text


def _title(axes: "Axes", text: str, size: float, *, color: str = "#222222") -> None:
    words = _write(text, size)
    face = words["fontproperties"]
    axes.set_title(words["s"], fontproperties=face, loc="left", color=color)


def ranking_figure(
    ranking: "Ranking", *, count: int = 10, title: str | None = None
) -> "Figure":
    """
    Draw probability as bars, the share of the concentration as a dot with its range.

    The last bar, in grey, is the probability that the source is in no register.
    """
    from geotool.maps.figure import MapFigure

    rows = min(len(ranking.table), count) + 1
    figure = MapFigure(figsize=(7.5, 1.6 + 0.38 * rows), layout="constrained")
    axes = figure.subplots()
    _draw_bars(axes, ranking, count)
    words = _write(title or ranking.headline[0], 11.5)
    figure.suptitle(_wrapped(words["s"], 40), fontproperties=words["fontproperties"])
    return figure


def _draw_bars(
    axes: "Axes", ranking: "Ranking", count: int, *, key: str = "name"
) -> None:
    rows = ranking.table.head(count)
    names = [
        f"{row['rank']} {_clipped(str(row[key] or row['outfall_id']))}"
        for row in rows.to_dict("records")
    ]
    names.append("登记外 unregistered")
    place = np.arange(len(names))[::-1]
    value = [*rows["probability"], ranking.unregistered_probability]
    colors = [BAR] * len(rows) + [OUTSIDE]
    axes.barh(place, value, height=0.62, color=colors, alpha=0.85)
    share = rows["contribution_share"].to_numpy(float)
    low, high = (rows[key].to_numpy(float) for key in ("share_low", "share_high"))
    axes.errorbar(
        share,
        place[:-1] - 0.2,
        # a mean may lie outside the range of a very skew share
        xerr=[np.maximum(share - low, 0), np.maximum(high - share, 0)],
        fmt="o",
        color=SHARE,
        markersize=4,
        linewidth=1.2,
        capsize=2,
    )
    for y, p in zip(place, value, strict=True):
        axes.text(min(p + 0.01, 0.93), y + 0.05, f"{p:.0%}", va="center", fontsize=9)
    axes.set_yticks(place)
    for label, name in zip(axes.set_yticklabels(names), names, strict=True):
        words = _write(name, 9.5)
        label.set_text(words["s"])
        label.set_fontproperties(words["fontproperties"])
    axes.set_xlim(0, 1)
    words = _write("柱：概率 probability；点线：对断面浓度的贡献及 80 % 范围 share", 9)
    axes.set_xlabel(words["s"], fontproperties=words["fontproperties"])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


# ---------------------------------------------------------------- beside the readings
def evidence_figure(
    ranking: "Ranking",
    readings: pd.DataFrame,
    *,
    outfall_id: str | None = None,
    count: int = 6,
    title: str | None = None,
) -> "Figure":
    """Draw the bars, and beside them the readings of the sections: see ``Ranking``."""
    from geotool.maps.figure import MapFigure

    row = _candidate(ranking, outfall_id)
    own = _series(ranking, readings)
    panels = _panels(ranking, own, row)
    bars = min(len(ranking.table), count) + 1
    height = max(1.3 + 1.15 * max(len(panels), 1), 1.6 + 0.38 * bars)
    figure = MapFigure(figsize=(11.5, height), layout="constrained")
    halves = figure.add_gridspec(1, 2, width_ratios=(1.0, 1.6))
    axes = figure.add_subplot(halves[0])
    _draw_bars(axes, ranking, count, key="outfall_id")
    words = _write(title or ranking.headline[0], 11.5)
    figure.suptitle(_wrapped(words["s"], 62), fontproperties=words["fontproperties"])
    grid = halves[1].subgridspec(max(len(panels), 1), 1)
    shared: Any = None
    for place, key in enumerate(panels):
        shared = one = figure.add_subplot(grid[place], sharex=shared)
        _draw_series(one, ranking, key, own[own["section_id"] == key], row)
        last = place == len(panels) - 1
        one.tick_params(axis="x", labelrotation=20, labelsize=8, labelbottom=last)
    return figure


def _candidate(ranking: "Ranking", outfall_id: str | None) -> "pd.Series[Any] | None":
    if outfall_id is None:
        return ranking.table.iloc[0] if len(ranking.table) else None
    rows = ranking.table[ranking.table["outfall_id"] == outfall_id]
    if not len(rows):
        raise KeyError(outfall_id)
    return rows.iloc[0]


def _series(ranking: "Ranking", readings: pd.DataFrame) -> pd.DataFrame:
    tidy, _ = tidy_readings(readings)
    own = tidy[(tidy["item"] == ranking.item) & tidy["value_mg_l"].notna()]
    return own.sort_values("time", kind="stable")


def _panels(
    ranking: "Ranking", own: pd.DataFrame, row: "pd.Series[Any] | None"
) -> list[str]:
    """Sections to show: the one that failed, then those that say most."""
    there = [key for key in own["section_id"].unique() if key != ranking.section_id]
    ratio = {} if row is None else row["by_section"]
    there.sort(key=lambda key: (-abs(ratio.get(key, 0.0)), key))
    first = (
        [ranking.section_id] if (own["section_id"] == ranking.section_id).any() else []
    )
    return [*first, *there[: MOST_PANELS - len(first)]]


def _draw_series(
    axes: "Axes",
    ranking: "Ranking",
    section_id: str,
    own: pd.DataFrame,
    row: "pd.Series[Any] | None",
) -> None:
    time, value = own["time"].to_numpy(), own["value_mg_l"].to_numpy(float)
    axes.plot(time, value, "o-", color=SHARE, markersize=2.5, linewidth=0.9)
    is_target = section_id == ranking.section_id
    if is_target and np.isfinite(ranking.limit_mg_l):
        axes.axhline(ranking.limit_mg_l, color=AGAINST, linewidth=1.0)
    item = item_table()[ranking.item]
    said, color = f"{section_id} {item.zh}（{item.unit}）", "#222222"
    if row is not None:
        if is_target:
            made = made_at_target(row, own, (ranking.since, ranking.until))
            axes.plot(made.index, made, color=MADE, linewidth=1.6)
            said += f"　橙线：{_made_words(row, own, ranking)}"
        ratio = float(row["by_section"].get(section_id, 0.0))
        if abs(ratio) >= WORTH_TELLING:
            said += f"　{'支持' if ratio > 0 else '不支持'} {row['outfall_id']}"
            color = FOR if ratio > 0 else AGAINST
    _title(axes, said, 9, color=color)
    axes.set_ylim(bottom=0)
    axes.tick_params(axis="y", labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _made_words(row: "pd.Series[Any]", own: pd.DataFrame, ranking: "Ranking") -> str:
    if not pd.isna(row["onset"]):
        return f"若由 {row['outfall_id']} 造成应有的过程（高度按读数）"
    outside = (own["time"] < ranking.since) | (own["time"] > ranking.until)
    if outside.any():
        return f"若由 {row['outfall_id']} 造成应有的高度（按估算）"
    return f"{row['outfall_id']} 约能增加的部分（按估算）"


def made_at_target(
    row: "pd.Series[Any]", own: pd.DataFrame, window: tuple[Any, Any]
) -> "pd.Series[float]":
    """
    Give the course that a candidate's discharge would have at the section that failed.

    By series of readings its time is that of the evidence, from onset to end (or on,
    where they show none), later by the range of travel times, and only its height is
    taken from the readings, by least squares. Without, it stands in the window of the
    exceedance, as high as the candidate would make it. Both lie above the median of the
    readings outside, above nothing where there are none.

    Parameters
    ----------
    row : Series
        Of a ranking's table.
    own : DataFrame
        ``time, value_mg_l`` at the section, sorted.
    window : pair of Timestamp
        When the section failed.

    Returns
    -------
    Series of float, indexed by time
    """
    shape = _shape(row, own["time"], window)
    value = own["value_mg_l"].to_numpy(float)
    outside = value[shape <= 1e-9]
    base = float(np.median(outside)) if len(outside) else 0.0
    height = float(row["made_mg_l"])
    if not pd.isna(row["onset"]):
        size = float(shape @ shape)
        height = max(float(shape @ (value - base)) / size, 0.0) if size > 0 else 0.0
    return pd.Series(base + height * shape, index=own["time"].to_numpy())


def _shape(
    row: "pd.Series[Any]", time: "pd.Series[Any]", window: tuple[Any, Any]
) -> Floats:
    """Between 0 and 1: how much of the discharge has come to the section."""
    onset, end = row["onset"], row["end"]
    low, high = row["travel_time_min_h"], row["travel_time_max_h"]
    timed = not pd.isna(onset) and np.isfinite([low, high]).all()
    if not timed:
        inside = (time >= window[0]) & (time <= window[1])
        return inside.to_numpy(float)
    hours = (time - onset).dt.total_seconds().to_numpy() / 3600.0
    # no end: it goes on
    length = np.inf if pd.isna(end) else (end - onset).total_seconds() / 3600.0
    # the front arrives, and the tail leaves, within the range of travel times
    corners = [low, max(high, low + 1e-6)]
    come = np.interp(hours, corners, [0.0, 1.0])
    return np.asarray(come - np.interp(hours - length, corners, [0.0, 1.0]))

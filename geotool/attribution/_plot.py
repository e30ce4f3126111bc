"""A ranking as bars with ranges."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

    from geotool.attribution._ranking import Ranking

BAR, SHARE, OUTSIDE = "#b3003c", "#0072b2", "#8a8f94"


def ranking_figure(
    ranking: "Ranking", *, count: int = 10, title: str | None = None
) -> "Figure":
    """
    Draw probability as bars, the share of the concentration as a dot with its range.

    The last bar, in grey, is the probability that the source is in no register.
    """
    from matplotlib.figure import Figure

    # the fonts only: a figure with Chinese words needs the one that maps carries
    from geotool.maps._font import fit_text, font

    rows = ranking.table.head(count)
    names = [
        f"{row['rank']} {row['name'] or row['outfall_id']}"
        for row in rows.to_dict("records")
    ]
    names.append("登记外 unregistered")
    place = np.arange(len(names))[::-1]
    value = [*rows["probability"], ranking.unregistered_probability]
    figure = Figure(figsize=(7.5, 1.6 + 0.38 * len(names)), layout="constrained")
    axes = figure.subplots()
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

    def write(text: str, size: float) -> "tuple[str, FontProperties]":
        shown, path = fit_text(text)
        return shown, font(size, path=path)

    axes.set_yticks(place)
    for label, name in zip(axes.set_yticklabels(names), names, strict=True):
        text, face = write(name, 9.5)
        label.set_text(text)
        label.set_fontproperties(face)
    axes.set_xlim(0, 1)
    text, face = write(
        "柱：概率 probability；点线：对断面浓度的贡献及 80 % 范围 share", 9
    )
    axes.set_xlabel(text, fontproperties=face)
    text, face = write(title or ranking.headline[0], 11.5)
    axes.set_title(text, fontproperties=face, loc="left")
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure

"""Figures of water quality show what the tables say."""

import warnings

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Polygon, Rectangle

from geotool.errors import MapError
from geotool.maps.quality_figures import (
    CLASSES,
    class_colors,
    plot_class_calendar,
    plot_class_shares,
    plot_series,
)
from geotool.quality import class_limits, summarise_sections

PERIODS = ["2026-03", "2026-04", "2026-05"]


def assessment(classes, names=("东桥", "西桥")):
    return pd.DataFrame(
        [
            {
                "section_id": f"DM{n}",
                "name": names[n],
                "period": period,
                "water_class": one,
                "reached": None if one is None else CLASSES.index(one) <= 2,
            }
            for n, row in enumerate(classes)
            for period, one in zip(PERIODS, row, strict=True)
        ]
    )


def test_every_cell_has_the_colour_of_its_class_and_a_gap_is_hatched():
    classes = [["I", "III", None], ["劣V", "IV", "II"]]
    axes = plot_class_calendar(assessment(classes)).axes[0]
    cells = {
        (round(box.get_x() + 0.5), round(box.get_y() + 0.5)): box
        for box in axes.patches
        if isinstance(box, Rectangle)
    }
    for y, row in enumerate(classes):
        for x, one in enumerate(row):
            box = cells[x, y]
            if one is None:
                assert box.get_hatch()
            else:
                assert to_hex(box.get_facecolor()) == class_colors()[one]
    corners = [patch for patch in axes.patches if isinstance(patch, Polygon)]
    assert len(corners) == 2  # 劣V and IV miss class III


def test_colours_follow_the_official_order_and_differ():
    colors = list(class_colors().values())
    assert len(set(colors)) == len(CLASSES)


def test_names_are_text_whatever_they_hold(tmp_path):
    names = ("$x^2$ 桥", "㙦河\n断面" + "长" * 30)
    figure = plot_class_calendar(
        assessment([["I", "II", "III"]] * 2, names), title="a$b$ 类别"
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(tmp_path / "c.png")
        figure.savefig(tmp_path / "c.pdf")
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0] == "$x^2$ 桥"
    assert len(labels[1]) <= 14


def test_too_many_sections_or_none_is_an_error():
    many = pd.DataFrame(
        {
            "section_id": [f"DM{n}" for n in range(121)],
            "name": "x",
            "period": "2026-05",
            "water_class": "II",
        }
    )
    with pytest.raises(MapError, match="121"):
        plot_class_calendar(many)
    with pytest.raises(MapError, match="没有断面"):
        plot_class_calendar(many.head(0))


@pytest.mark.parametrize("item", ["NH3N", "DO"])
def test_bands_of_a_series_lie_at_the_limits(item):
    limits = class_limits().set_index("item").loc[item, list(CLASSES[:5])].astype(float)
    times = pd.date_range("2026-05-01", periods=20, freq="4h")
    readings = pd.DataFrame({"time": times, "value_mg_l": np.linspace(0.1, 9, 20)})
    figure = plot_series(
        readings, limits.tolist(), target="III", lower_is_worse=item == "DO"
    )
    bands = figure.axes[0].patches
    for name, band in zip(CLASSES, bands, strict=True):
        low, high = band.get_y(), band.get_y() + band.get_height()
        assert to_hex(band.get_facecolor()) == class_colors()[name]
        if name in limits.index:
            edge = low if item == "DO" else high
            assert edge == pytest.approx(limits[name])
    target = figure.axes[0].lines[0]
    assert target.get_ydata()[0] == limits["III"]


def test_a_gap_is_not_joined_and_non_detects_are_hollow():
    times = pd.date_range("2026-05-01", periods=30, freq="4h")
    keep = np.r_[0:10, 20:30]
    readings = pd.DataFrame(
        {"time": times[keep], "value_mg_l": 0.3, "detected": [False] * 3 + [True] * 17}
    )
    axes = plot_series(readings, [0.15, 0.5, 1, 1.5, 2]).axes[0]
    assert [len(line.get_xdata()) for line in axes.lines] == [10, 10]
    solid, hollow = axes.collections
    assert (len(solid.get_offsets()), len(hollow.get_offsets())) == (17, 3)


@pytest.mark.parametrize(
    "span", ["4h", "29h", "100h", "3D", "20D", "60D", "90D", "700D", "1500D", "9000D"]
)
def test_dates_below_a_series_are_few_whatever_its_span(span):
    ends = pd.Timestamp("2026-05-01 02:10") + pd.to_timedelta(["0h", span])
    readings = pd.DataFrame({"time": ends, "value_mg_l": [0.4, 1.2]})
    figure = plot_series(readings, [0.15, 0.5, 1, 1.5, 2], target="III")
    figure.canvas.draw()  # a span without a fitting step would warn
    assert 2 <= len(figure.axes[0].get_xticks()) <= 9


def test_a_series_without_readings_or_limits_is_an_error():
    readings = pd.DataFrame({"time": [pd.NaT], "value_mg_l": [1.0]})
    with pytest.raises(MapError, match="没有可画"):
        plot_series(readings, [1, 2, 3, 4, 5])
    with pytest.raises(MapError, match="五个限值"):
        plot_series(readings, [1, 2])


def test_bars_are_the_shares_of_the_summary():
    table = assessment([["I", "III", None], ["劣V", "IV", "II"]])
    summary = summarise_sections(table, by=[])
    axes = plot_class_shares(summary).axes[0]
    for place, name in enumerate(CLASSES):
        heights = [bar.get_height() for bar in axes.containers[place]]
        expected = summary[f"n_{name}"] / summary["n_assessed"]
        assert heights == pytest.approx(expected.tolist())
    with pytest.raises(MapError, match="district"):
        plot_class_shares(summary, by="district")


def test_one_reading_and_one_period_are_drawn_without_a_warning(tmp_path):
    one = pd.DataFrame({"time": [pd.Timestamp("2026-05-01")], "value_mg_l": [0.4]})
    figure = plot_series(one, [0.15, 0.5, 1, 1.5, 2], target="III")
    figure.savefig(tmp_path / "one.png")
    low, high = figure.axes[0].get_xlim()
    assert high > low
    table = pd.DataFrame(
        {"section_id": ["A"], "name": ["东桥"], "period": ["2026-04"],
         "water_class": ["II"], "reached": [True]}
    )  # fmt: skip
    plot_class_calendar(table).savefig(tmp_path / "calendar.png")

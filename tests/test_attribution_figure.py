"""What the figures of a ranking show, read off the figure itself."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from test_attribution_ranking import BETWEEN, TWO, readings, stem

from geotool.attribution._plot import (
    AGAINST,
    BAR,
    FOR,
    MADE,
    MOST_PANELS,
    NAME,
    OUTSIDE,
    SHARE,
    _clipped,
    _panels,
    _shape,
    _wrapped,
    made_at_target,
)

NAN = np.nan
WINDOW = tuple(pd.to_datetime(["2026-05-03 00:00", "2026-05-04 00:00"]))


@pytest.fixture(scope="module")
def ranking():
    return stem(TWO, BETWEEN, readings({"S1": 0.3, "S2": 2.4}))


@pytest.fixture(scope="module")
def several(ranking):
    """Twelve ranks with shares, two of which lie outside of their range."""
    table = pd.concat([ranking.table.head(1)] * 12, ignore_index=True)
    return replace(
        ranking,
        table=table.assign(
            rank=np.arange(1, 13), outfall_id=[f"P{k}" for k in range(12)],
            name=["东厂", "", "很长的名字" * 6] + [""] * 9,
            probability=np.linspace(0.9, 0.01, 12),
            contribution_share=np.linspace(0.5, 0.05, 12),
            share_low=np.linspace(0.6, 0.0, 12), share_high=np.full(12, 0.3),
        ),
        unregistered_probability=0.07,
    )  # fmt: skip


# ---------------------------------------------------------------- bars
@pytest.mark.parametrize("count", [3, 10, 40])
def test_each_bar_is_as_long_as_its_probability_the_first_on_top(several, count):
    figure = several.plot(count=count)
    (axes,) = figure.axes
    rows = min(count, 12)
    bars = axes.patches
    assert len(bars) == rows + 1
    wanted = [*several.table["probability"].head(rows), 0.07]
    assert [bar.get_width() for bar in bars] == pytest.approx(wanted)
    middles = [bar.get_y() + bar.get_height() / 2 for bar in bars]
    assert middles == pytest.approx(list(range(rows, -1, -1)))
    assert 0.5 < bars[0].get_height() < 1, "bars do not touch"
    colors = [to_hex(bar.get_facecolor()) for bar in bars]
    assert colors == [BAR] * rows + [OUTSIDE]
    assert axes.get_xlim() == (0, 1)
    assert figure.get_size_inches() == pytest.approx((7.5, 1.6 + 0.38 * (rows + 1)))
    said = [text.get_text() for text in axes.texts]
    assert said == [f"{p:.0%}" for p in wanted]
    for text, p, middle in zip(axes.texts, wanted, middles, strict=True):
        x, y = text.get_position()
        assert y == pytest.approx(middle + 0.05), "above the dot of the share"
        assert x == pytest.approx(min(p + 0.01, 0.93))
        assert text.get_va() == "center"
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[:3] == ["1 东厂", "2 P1", "3 很长的名字很长的名字很长的名字…"]
    assert names[-1] == "登记外 unregistered"
    assert list(axes.get_yticks()) == list(range(rows, -1, -1))
    assert not axes.spines["top"].get_visible()
    assert not axes.spines["right"].get_visible()
    assert axes.spines["left"].get_visible()
    assert "概率 probability" in axes.get_xlabel()
    assert "80 % 范围 share" in axes.get_xlabel()


def test_ten_ranks_are_shown_beside_readings_six(several):
    assert len(several.plot().axes[0].patches) == 11
    assert len(several.plot_evidence(READ).axes[0].patches) == 7


def test_the_dot_of_a_share_has_its_range_below_the_bar(several):
    (axes,) = several.plot(count=12).axes
    (held,) = axes.containers[1:]
    dots, caps, ranges = held.lines
    x, y = dots.get_data()
    table = several.table
    np.testing.assert_allclose(x, table["contribution_share"])
    np.testing.assert_allclose(y, np.arange(12, 0, -1) - 0.2)
    ends = np.array(ranges[0].get_segments())[:, :, 0]
    # a mean outside of its range has no arm on that side
    np.testing.assert_allclose(
        ends[:, 0], np.minimum(table["share_low"], table["contribution_share"])
    )
    np.testing.assert_allclose(
        ends[:, 1], np.maximum(table["share_high"], table["contribution_share"])
    )
    assert len(caps) == 2
    assert dots.get_marker() == "o"
    assert to_hex(dots.get_color()) == SHARE


def test_the_headline_is_the_title_unless_another_is_given(ranking):
    assert ranking.plot().get_suptitle() == ranking.headline[0]
    assert ranking.plot(title="甲").get_suptitle() == "甲"
    long = ranking.plot(title="字" * 41).get_suptitle()
    assert [len(line) for line in long.split("\n")] == [40, 1]
    table = readings({"S1": 0.3, "S2": 2.4})
    wide = ranking.plot_evidence(table, title="字" * 63).get_suptitle()
    assert [len(line) for line in wide.split("\n")] == [62, 1]
    assert ranking.plot_evidence(table).get_suptitle() == ranking.headline[0]


def test_names_and_titles_are_shortened_only_where_they_are_too_long():
    assert _clipped("字" * NAME) == "字" * NAME
    assert _clipped("字" * (NAME + 1)) == "字" * (NAME - 1) + "…"
    assert _wrapped("a b " * 3, 12) == "a b " * 3, "as it is, where it fits"
    assert _wrapped("字" * 13, 12) == "字" * 12 + "\n字"


# ---------------------------------------------------------------- beside the readings
def course(values, *, hours=6.0, section="S2", item="NH3N", begin="2026-05-02"):
    time = pd.date_range(begin, periods=len(values), freq=pd.Timedelta(hours=hours))
    return pd.DataFrame(
        {"section_id": section, "time": time, "item": item, "value": values}
    )


READ = pd.concat(
    [course([0.3, 0.4, 0.3], section="S1"), course([0.5, 2.4, 0.6, 0.5]),
     course([9.0], section="S1", item="TP")]
)  # fmt: skip


def test_sections_come_in_the_order_of_what_they_say(ranking):
    own = pd.DataFrame({"section_id": [f"S{k}" for k in range(9)]})
    row = pd.Series({"by_section": {"S5": -3.0, "S7": 2.0, "S1": 2.0, "S2": 99.0}})
    found = _panels(ranking, own, row)
    assert found == ["S2", "S5", "S1", "S7", "S0", "S3"]
    assert len(found) == MOST_PANELS
    assert _panels(ranking, own, None) == ["S2", "S0", "S1", "S3", "S4", "S5"]
    without = own[own["section_id"] != "S2"]
    assert _panels(ranking, without, row) == ["S5", "S1", "S7", "S0", "S3", "S4"]


def test_the_readings_stand_beside_the_bars_with_limit_and_verdict(ranking):
    figure = ranking.plot_evidence(READ)
    bars, first, second = figure.axes
    assert figure.get_size_inches() == pytest.approx((11.5, 1.3 + 1.15 * 2))
    names = [label.get_text() for label in bars.get_yticklabels()]
    assert names == ["1 P2", "2 P1", "登记外 unregistered"]
    drawn, limit, made = first.lines
    assert drawn.get_ydata().tolist() == [0.5, 2.4, 0.6, 0.5]
    assert to_hex(drawn.get_color()) == SHARE
    assert set(limit.get_ydata()) == {1.0}
    assert to_hex(limit.get_color()) == AGAINST
    assert to_hex(made.get_color()) == MADE
    # in the window of one reading it is as high as estimated, else as it was outside
    added = ranking.table["made_mg_l"].iloc[0]
    inside = (READ["time"][READ["section_id"] == "S2"] == ranking.since).to_numpy()
    np.testing.assert_allclose(made.get_ydata(), 0.5 + added * inside, atol=0.06)
    assert first.get_title(loc="left") == (
        "S2 氨氮（mg/L） 橙线：若由 P2 造成应有的高度（按估算） 支持 P2"
    )
    assert second.lines[0].get_ydata().tolist() == [0.3, 0.4, 0.3]
    assert len(second.lines) == 1
    assert second.get_title(loc="left") == "S1 氨氮（mg/L） 支持 P2"
    for axes in (first, second):
        assert axes.get_ylim()[0] == 0
        assert not axes.spines["top"].get_visible()
        assert not axes.spines["right"].get_visible()
        assert axes.get_shared_x_axes().joined(first, second)
        assert to_hex(axes._left_title.get_color()) == FOR
    assert not first.xaxis.get_tick_params()["labelbottom"]
    assert second.xaxis.get_tick_params()["labelbottom"]
    boxes = [axes.get_position() for axes in (bars, first, second)]
    assert boxes[0].x1 < boxes[1].x0
    assert boxes[1].width > boxes[0].width, "a series needs more room than bars"
    assert boxes[2].y1 < boxes[1].y0


def test_what_speaks_against_a_candidate_is_red_and_little_is_not_said(ranking):
    first, second = ranking.plot_evidence(READ, outfall_id="P1").figure.axes[1:]
    assert first.get_title(loc="left").endswith(" 不支持 P1")
    assert to_hex(second._left_title.get_color()) == AGAINST
    sections = [{"S1": 0.199, "S2": -0.2}, {}]
    some = replace(ranking, table=ranking.table.assign(by_section=sections))
    first, second = some.plot_evidence(READ).axes[1:]
    assert first.get_title(loc="left").endswith(" 不支持 P2")
    assert second.get_title(loc="left") == "S1 氨氮（mg/L）"
    assert to_hex(second._left_title.get_color()) == "#222222"


def test_without_limit_or_candidates_only_the_readings_are_drawn(ranking):
    bare = replace(ranking, table=ranking.table.head(0), limit_mg_l=NAN)
    figure = bare.plot_evidence(READ)
    first = figure.axes[1]
    assert len(first.lines) == 1
    assert first.get_title(loc="left") == "S2 氨氮（mg/L）"
    none = bare.plot_evidence(READ[READ["item"] == "TP"])
    assert len(none.axes) == 1
    assert none.get_size_inches() == pytest.approx((11.5, 1.3 + 1.15))
    many = replace(ranking, table=pd.concat([ranking.table] * 6, ignore_index=True))
    assert many.plot_evidence(READ).get_size_inches()[1] == pytest.approx(
        1.6 + 0.38 * 7
    )
    assert len(many.plot_evidence(READ, count=2).axes[0].patches) == 3


@pytest.mark.parametrize(
    ("values", "begin", "onset", "words"),
    [
        ([0.5, 2.4], "2026-05-03 02:00", pd.NaT, "应有的高度（按估算）"),
        ([2.4, 0.5], "2026-05-03 08:00", pd.NaT, "应有的高度（按估算）"),
        ([2.4], "2026-05-03 08:00", pd.NaT, "约能增加的部分（按估算）"),
        ([0.5, 2.4], "2026-05-03 02:00", WINDOW[0], "应有的过程（高度按读数）"),
    ],
)
def test_the_line_is_told_by_what_it_rests_on(ranking, values, begin, onset, words):
    table = ranking.table.assign(onset=onset, end=WINDOW[1])
    made = replace(ranking, table=table).plot_evidence(course(values, begin=begin))
    title = made.axes[1].get_title(loc="left")
    assert f"{words} " in title
    assert ("若由 P2 造成" in title) == ("约能" not in words)


# ---------------------------------------------------------------- the course
def row(**facts):
    usual = {
        "onset": WINDOW[0], "end": WINDOW[1], "travel_time_min_h": 6.0,
        "travel_time_max_h": 18.0, "made_mg_l": 0.7,
    }  # fmt: skip
    return pd.Series({**usual, **facts})


def test_a_discharge_comes_and_goes_within_the_range_of_travel_times():
    time = pd.Series(
        WINDOW[0] + pd.to_timedelta([0, 6, 12, 18, 30, 36, 42, 60], unit="h")
    )
    found = _shape(row(), time, WINDOW)
    np.testing.assert_allclose(found, [0, 0, 0.5, 1, 1, 0.5, 0, 0], atol=1e-9)
    sharp = _shape(row(travel_time_min_h=18.0), time, WINDOW)
    np.testing.assert_allclose(sharp, [0, 0, 0, 0, 1, 1, 1, 0], atol=1e-6)
    going_on = _shape(row(end=pd.NaT), time, WINDOW)
    np.testing.assert_allclose(going_on, [0, 0, 0.5, 1, 1, 1, 1, 1], atol=1e-9)


@pytest.mark.parametrize(
    "facts", [{"onset": pd.NaT}, {"travel_time_max_h": NAN}, {"travel_time_min_h": NAN}],
)  # fmt: skip
def test_without_times_it_stands_in_the_window_of_the_exceedance(facts):
    time = pd.Series(WINDOW[0] + pd.to_timedelta([-1, 0, 5, 24, 25], unit="h"))
    assert _shape(row(**facts), time, WINDOW).tolist() == [0, 1, 1, 1, 0]


def test_the_height_is_by_least_squares_and_never_below_nought():
    time = WINDOW[0] + pd.to_timedelta(np.arange(-12, 60, 6.0), unit="h")
    shape = _shape(row(), pd.Series(time), WINDOW)
    draw = np.random.default_rng(0).normal(0, 0.2, len(time))
    value = np.where(shape > 1e-9, 0.4 + 2.0 * shape + draw, 0.4)
    found = made_at_target(
        row(), pd.DataFrame({"time": time, "value_mg_l": value}), WINDOW
    )
    height = (shape @ (value - 0.4)) / (shape @ shape)
    np.testing.assert_allclose(found, 0.4 + height * shape)
    assert found.index.equals(pd.DatetimeIndex(time))
    low = pd.DataFrame({"time": time, "value_mg_l": np.where(shape > 0, 0.1, 0.4)})
    np.testing.assert_allclose(made_at_target(row(), low, WINDOW), 0.4)
    late = row(onset=time[-1], end=time[-1] + pd.Timedelta(hours=9))
    own = pd.DataFrame({"time": time, "value_mg_l": value})
    np.testing.assert_allclose(made_at_target(late, own, WINDOW), np.median(value))
    inside = own[shape > 0.5]
    bare = made_at_target(row(onset=pd.NaT, made_mg_l=0.7), inside, (time[0], time[-1]))
    np.testing.assert_allclose(bare, 0.7)

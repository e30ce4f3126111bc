"""What no listed class can make, and what is not mixed across yet, is told."""

import io
import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_attribution_ranking import (
    TWO,
    network,
    outfall,
    points,
    readings,
    section,
    stem,
)

from geotool.attribution import rank_sources
from geotool.attribution._inputs import build_problem
from geotool.attribution._loads import typical_mg_l
from geotool.attribution._mixing import mixing_length_m, source_mixing_m
from geotool.attribution._mixture import _Seen, _shapes, best_misfits, between
from geotool.attribution._plot import made_at_target
from geotool.tables import load_table

ITEMS = ("NH3N", "TP", "F")


@pytest.mark.parametrize("tiny", [5e-324, 1e-300, 1e-30])
def test_a_source_of_which_nothing_arrives_has_no_mixture_and_makes_no_noise(tiny):
    "Of a million reaches some pass on so little that its ratios are beyond numbers."
    psi = np.full((1, 2, 1, 2), 0.5)
    psi[0, 0, 0, 1] = tiny
    problem = SimpleNamespace(
        items=("NH3N", "TP"), n=2, target=0, profile_mg_l=np.full((2, 2), 8.0),
        sources=pd.DataFrame({"outfall_id": ["P1", "P2"]}),
    )  # fmt: skip
    names, shapes = _shapes(problem, SimpleNamespace(psi=psi), ("NH3N", "TP"))
    assert ("P1", "P1") in names
    assert ("P2", "P2") not in names
    np.testing.assert_allclose(shapes[0], [1.0, 1.0])
    assert np.nanmax(shapes) < 1e3


def of(values, section_id="S2"):
    parts = [readings({section_id: value}, item=item) for item, value in values.items()]
    return pd.concat(parts, ignore_index=True)


def told(ranking):
    return [zh for zh, en in ranking.notes if "can make this mixture" in en]


ONE = {"S2": section(8000, 0)}


@pytest.mark.parametrize("key", sorted(load_table("pollutants")["effluent"]))
@pytest.mark.parametrize("times", [0.1, 0.6])
def test_each_listed_class_makes_its_own_mixture(key, times):
    # water at its usual background, and the effluent of one class on top
    profile = dict(zip(ITEMS, typical_mg_l(key, ITEMS), strict=True))
    unit = times * 4.0 / profile["NH3N"]
    values = {
        item: 0.25 * limit + unit * profile[item]
        for item, limit in (("NH3N", 1.0), ("TP", 0.2), ("F", 1.0))
    }
    assert not told(stem(TWO, ONE, of(values)))


@pytest.mark.parametrize(
    ("values", "item"),
    [
        ({"NH3N": 1.3, "TP": 0.05, "F": 40.0}, "氟"),
        ({"NH3N": 1.4, "TP": 6.0, "F": 0.25}, "氟"),
    ],
)
def test_a_mixture_that_no_class_makes_is_told_with_the_item(values, item):
    found = told(stem(TWO, ONE, of(values)))
    assert len(found) == 1
    assert item in found[0]
    assert "倍误差" in found[0]


def test_one_item_says_nothing_of_a_mixture():
    assert not told(stem(TWO, ONE, of({"NH3N": 20.0})))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.floats(0.01, 50), min_size=3, max_size=3),
    st.lists(st.floats(0.05, 20), min_size=3, max_size=3),
)
def test_the_best_size_is_no_worse_than_any_other(value, shape):
    value, shape = np.array(value), np.array(shape) / shape[0]
    mean = np.array([0.25, 0.05, 0.25])
    seen = _Seen(ITEMS, value, mean, (0.1 * value) ** 2 + 0.01, 0.2, 0.35)
    misfit, made, off = best_misfits(seen, shape[None])
    assert misfit[0] == pytest.approx(np.abs(off[0]).max())
    size = (made[0] - mean) / shape
    assert size == pytest.approx([size[0]] * 3, abs=1e-6)
    for other in np.geomspace(1e-3, 3, 80) * value[0]:
        effect = other * shape
        plain = np.sqrt(seen.variance + (0.2 * (mean + effect)) ** 2)
        own = 0.35 * between(effect, np.maximum(value - mean, plain))
        worst = np.abs((value - mean - effect) / np.hypot(plain, own)).max()
        assert misfit[0] <= worst + 1e-9


def test_an_item_a_class_says_nothing_of_does_not_speak_against_it():
    seen = _Seen(
        ITEMS, np.array([2.0, 0.2, 9.0]), np.zeros(3), np.full(3, 0.01), 0.2, 0.35
    )
    with_f, without = (np.array([[1.0, 0.1, last]]) for last in (0.2, np.nan))
    assert best_misfits(seen, with_f)[0] > 3
    assert best_misfits(seen, without)[0] < 3


# ---------------------------------------------------------------- mixing across
def test_the_length_is_that_of_the_formula_and_independent_of_velocity():
    width, depth, n, g = 30.0, 1.5, 0.03, 9.81
    for v in (0.05, 0.5):
        u = v * n * math.sqrt(g) / depth ** (1 / 6)
        expected = 0.4 * width**2 * v / (0.6 * depth * u)
        got = mixing_length_m(np.array([width]), np.array([depth]))[0]
        assert got == pytest.approx(expected, rel=1e-9)


def near(x):
    return stem({"P1": outfall(x, 5)}, ONE, readings({"S2": 2.4}))


def test_an_outfall_just_above_the_section_is_told_one_far_above_is_not():
    # the canal is 20 m wide, of the usual depth of 2 m: 1.6 km
    close, far = near(7900), near(2000)
    assert any("横向混匀" in zh and "P1" in zh for zh, _ in close.notes)
    assert any("mixed across" in en for _, en in close.notes)
    why = " ".join(close.why("P1"))
    assert "采样在哪一岸" in why
    assert "100 m" in why
    assert "bank that is sampled" in " ".join(close.why("P1", language="en"))
    assert not any("横向混匀" in zh for zh, _ in far.notes)
    assert "采样在哪一岸" not in " ".join(far.why("P1"))


def test_a_clean_section_just_below_an_outfall_is_no_sure_alibi():
    both = {"S1": section(4000, 0), "S2": section(8000, 0)}
    beside = stem(
        {"P1": outfall(3900, 5), "P2": outfall(6000, 5)},
        both,
        readings({"S1": 0.3, "S2": 2.4}),
    )
    assert any("S1 只有 100 m" in text for text in beside.why("P1"))
    # the section above an outfall never reads its water
    assert not any("距断面 S1" in text for text in beside.why("P2"))


@pytest.mark.parametrize("seed", range(3))
def test_each_source_takes_width_and_depth_of_its_own_reach(seed):
    rng = np.random.default_rng(seed)
    widths, depths = rng.uniform(5, 60, 3), rng.uniform(0.5, 4, 3)
    lines = {f"R{k}": [(3000 * k, 0), (3000 * (k + 1), 0)] for k in range(3)}
    where = rng.uniform(100, 8800, 6)
    problem = build_problem(
        network(lines, width_m=widths, depth_m=depths),
        "S",
        readings({"S": 2.0}),
        points("outfall_id", {f"P{k}": outfall(x, 2) for k, x in enumerate(where)}),
        item="NH3N",
        sections=points("section_id", {"S": section(8900, 0)}),
    ).problem
    row = {key: k for k, key in enumerate(problem.sources["outfall_id"])}
    reach = (where // 3000).astype(int)
    expected = mixing_length_m(widths[reach], depths[reach])
    got = source_mixing_m(problem)[[row[f"P{k}"] for k in range(6)]]
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_the_ranking_without_outfalls_says_nothing_of_mixing():
    alone = rank_sources(
        network({"A": [(0, 0), (9000, 0)]}),
        "S",
        readings({"S": 2.0}),
        points("outfall_id", {"P": outfall(8900, 0)}),
        item="NH3N",
        sections=points("section_id", {"S": section(4000, 0)}),
    )
    assert not any("横向混匀" in zh for zh, _ in alone.notes)


# ---------------------------------------------------------------- the figure of it
def made(onset, end, value, low=6.0, high=10.0):
    "The course at the section of a discharge, over readings of ten days."
    time = pd.Series(pd.date_range("2026-05-01", periods=len(value), freq="4h"))
    row = pd.Series(
        {
            "onset": onset,
            "end": end,
            "travel_time_min_h": low,
            "travel_time_max_h": high,
            "made_mg_l": 0.7,
        }
    )
    window = (time.iloc[20], time.iloc[30])
    return made_at_target(
        row, pd.DataFrame({"time": time, "value_mg_l": value}), window
    )


@pytest.mark.parametrize("height", [0.5, 3.0])
def test_a_course_stands_on_the_median_and_is_as_high_as_the_readings(height):
    time = pd.date_range("2026-05-01", periods=60, freq="4h")
    onset, end = time[15], time[30]
    hours = (time - onset).total_seconds().to_numpy() / 3600
    shape = np.interp(hours, [6, 10], [0, 1]) - np.interp(hours - 60, [6, 10], [0, 1])
    found = made(onset, end, 0.4 + height * shape)
    np.testing.assert_allclose(found, 0.4 + height * shape, atol=1e-9)
    # before the front and after the tail nothing is made
    assert found[: onset + pd.Timedelta(hours=5)].max() == pytest.approx(0.4)
    assert found[end + pd.Timedelta(hours=11) :].max() == pytest.approx(0.4)


def test_without_a_time_the_course_is_the_estimate_in_the_window():
    value = np.full(60, 0.4)
    value[20:31] = 2.0
    found = made(pd.NaT, pd.NaT, value)
    assert found.iloc[:20].tolist() == [0.4] * 20
    assert found.iloc[20:31].tolist() == pytest.approx([1.1] * 11)


def test_the_evidence_is_drawn_with_the_section_that_failed_first():
    both = {"S1": section(4000, 0), "S2": section(8000, 0)}
    table = readings({"S1": 0.3, "S2": 2.4})
    ranking = stem(TWO, both, table)
    figure = ranking.plot_evidence(table)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles[1].startswith("S2")
    assert "P2" in titles[1]
    assert titles[2].startswith("S1")
    # a picture, in a notebook too
    assert figure._repr_png_()[:4] == b"\x89PNG"
    assert ranking.plot()._repr_png_()[:4] == b"\x89PNG"
    with pytest.raises(KeyError):
        ranking.plot_evidence(table, outfall_id="nobody")


def test_long_names_leave_room_for_the_bars():
    long = {"P1": outfall(2000, 5, name="很长的名字" * 12), "P2": outfall(6000, -5)}
    ranking = stem(long, ONE, readings({"S2": 2.4}))
    figure = ranking.plot()
    figure.savefig(io.BytesIO(), format="png")
    axes = figure.axes[0]
    assert axes.get_position().width > 0.5

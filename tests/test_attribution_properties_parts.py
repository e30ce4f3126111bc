"""Small parts of a ranking, held against what one finds by hand."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geotool.attribution._groups import BANDS, _bands
from geotool.attribution._hinges import hinges
from geotool.attribution._mixing import mixing_length_m, mixing_words, near_sections
from geotool.attribution._observe import observe
from geotool.attribution._plain import number_of, plain, text_of
from geotool.tables import load_table

START = pd.Timestamp("2026-05-01")


# ------------------------------------------------------------------ the window
def problem_of(table, *, limit, sections=2, target=1):
    return SimpleNamespace(
        readings=table,
        target=target,
        item="NH3N",
        items=("NH3N", "TP"),
        sections=pd.DataFrame({"section_id": [f"S{k}" for k in range(sections)]}),
        limits=np.column_stack([np.full(sections, limit), np.full(sections, 77.0)]),
    )


def readings(hours, values, *, section=1, item="NH3N"):
    return pd.DataFrame(
        {
            "section": section,
            "item": item,
            "time": START + pd.to_timedelta(np.asarray(hours, float), unit="h"),
            "value_mg_l": np.asarray(values, float),
        }
    )


def seen(table, *, limit=1.0, travel_h=(0.0, 0.0)):
    influence = SimpleNamespace(section_time_h=np.array([travel_h, travel_h]))
    return observe(problem_of(table, limit=limit), influence)


def worst_run(values, limit):
    """First and last place of the run with the most excess, tried one by one."""
    best, found = 0.0, None
    for a in range(len(values)):
        for b in range(a, len(values)):
            run = values[a : b + 1]
            if min(run) > limit and sum(v - limit for v in run) > best + 1e-12:
                best, found = sum(v - limit for v in run), (a, b)
    return found


@pytest.mark.parametrize("seed", range(12))
def test_the_window_is_the_run_with_the_most_excess(seed):
    chance = np.random.default_rng(seed)
    values = chance.lognormal(0, 0.5, 15).round(3)
    hours = np.cumsum(chance.integers(1, 9, 15))
    made = seen(readings(hours, values).sample(frac=1, random_state=seed))
    a, b = worst_run(values.tolist(), 1.0)
    assert made.since == START + pd.Timedelta(hours=int(hours[a]))
    assert made.until == START + pd.Timedelta(hours=int(hours[b]))
    assert made.value_mg_l[1, 0] == pytest.approx(values[a : b + 1].mean())
    assert made.count[1, 0] == b - a + 1
    assert not any("没有超标" in zh for zh, _ in made.notes)


@pytest.mark.parametrize("limit", [5.0, np.nan])
def test_where_nothing_fails_the_largest_reading_counts_and_is_said(limit):
    made = seen(readings([0, 6, 12], [0.3, 0.9, 0.5]), limit=limit)
    assert made.since == made.until == START + pd.Timedelta(hours=6)
    assert made.value_mg_l[1, 0] == 0.9
    assert any("没有超标" in zh for zh, _ in made.notes) == (limit == 5.0)
    at_limit = seen(readings([0, 6], [0.3, 1.0]), limit=1.0)
    assert any("没有超标" in zh for zh, _ in at_limit.notes), "the limit itself is met"


def test_upstream_counts_earlier_by_the_travel_time_and_never_too_long():
    facts = load_table("attribution")["evidence"]
    times = facts["lookback_times"]["value"]
    pad = max(facts["least_window_h"]["value"], 3.0)  # readings six hours apart
    for travel in (0.0, 30.0, 1e4):
        back = max(min(times * travel, 15 * 24.0), pad)
        hours = [-back - 0.1, -back + 0.1, 0.0, pad - 0.1, pad + 0.1]
        values = [1.0, 2.0, 4.0, 8.0, 16.0]
        table = pd.concat(
            [
                readings([-6, 0, 6], [0.1, 3.0, 0.1]),
                readings(hours, values, section=0),
            ]
        )
        made = seen(table, travel_h=(travel, 0.0))
        assert made.count[0].tolist() == [3, 0]
        assert made.value_mg_l[0, 0] == pytest.approx((2.0 + 4.0 + 8.0) / 3)
        assert np.isnan(made.value_mg_l[0, 1])
        assert made.notes == ()


def test_rare_readings_are_heard_half_a_step_before_and_behind():
    rare = readings([-96, 0, 96], [0.1, 3.0, 0.1])
    for hours, count in ((47.9, 3), (48.1, 1)):
        near = readings([-hours, 0.0, hours], [1.0, 2.0, 4.0], section=0)
        assert seen(pd.concat([rare, near])).count[0, 0] == count
    one = readings([0, 0], [3.0, 0.2], item="NH3N")
    near = readings([-23.9, 23.9], [1.0, 2.0], section=0)
    assert seen(pd.concat([one, near])).count[0, 0] == 2, (
        "a day, where there is no step"
    )


def test_a_section_that_was_silent_is_named():
    table = pd.concat(
        [readings([0], [3.0]), readings([-5000], [3.0], section=0, item="TP")]
    )
    made = seen(table)
    assert [("S0" in zh, "S0" in en) for zh, en in made.notes] == [(True, True)]
    assert made.count.tolist() == [[0, 0], [1, 0]]


# ------------------------------------------------------------------ mixing
@pytest.mark.parametrize("factor", [0.5, 2.0, 10.0])
def test_wide_water_mixes_late_by_the_square_and_deep_water_earlier(factor):
    width, depth = np.array([20.0]), np.array([2.0])
    usual = mixing_length_m(width, depth)
    assert mixing_length_m(factor * width, depth) == pytest.approx(factor**2 * usual)
    deeper = mixing_length_m(width, factor * depth)
    assert deeper == pytest.approx(usual * factor ** (-5 / 6))


def near(distance_m):
    sections = pd.DataFrame(
        {"reach": [0, 0, 1], "measure_m": [900.0, 400.0, 10.0],
         "section_id": ["S0", "S1", "S2"]}
    )  # fmt: skip
    row = {"reach": 0, "measure_m": 500.0, "distance_m": distance_m}
    return SimpleNamespace(sections=sections, target=0, source=lambda _: row)


def test_sections_too_near_are_the_target_by_water_and_others_on_the_reach():
    problem = near(distance_m=400.0)
    assert near_sections(problem, 0, 100.0) == []
    assert near_sections(problem, 0, 100.1) == [(1, 100.0)]
    assert near_sections(problem, 0, 1000.0) == [(0, 400.0), (1, 100.0)]
    assert near_sections(near(distance_m=5000.0), 0, 1000.0) == [(1, 100.0)]


@pytest.mark.parametrize("n", [0, 1, 5, 6, 9])
def test_outfalls_too_near_the_section_are_counted_and_the_nearest_named(n):
    metres = np.array([50.0 + 10 * k for k in range(9, -1, -1)])
    ids = [f"P{k}" for k in range(9, -1, -1)]
    problem = SimpleNamespace(
        sources=pd.DataFrame({"outfall_id": ids, "distance_m": metres})
    )
    said = mixing_words(problem, np.full(10, 50.0 + 10 * n))
    if not n:
        assert said == []
    else:
        [(zh, en)] = said
        assert zh.startswith(f"{n} 个")
        assert en.startswith(f"{n} of the outfalls")
        shown = "、".join(f"P{k}" for k in range(min(n, 5)))
        assert f"（{shown}{'…' if n > 5 else ''}）" in zh


def test_outfalls_as_near_as_each_other_are_named_in_their_order():
    ids = [f"P{k:02}" for k in range(60)]
    metres = np.repeat([70.0, 50.0], 30)
    problem = SimpleNamespace(
        sources=pd.DataFrame({"outfall_id": ids, "distance_m": metres})
    )
    [(zh, _)] = mixing_words(problem, np.full(60, 100.0))
    assert "（P30、P31、P32、P33、P34…）" in zh


# ------------------------------------------------------------------ what it hangs on
def told(*, structures=(), relation="certain", located="on", psi=(1.0, 1.0), states=()):
    by_state = np.array(states, float) if len(states) else np.ones((1, 1, 3))
    row = {
        "structures": list(structures),
        "relation": relation,
        "located": located,
        "reach": 0,
        "measure_m": 0.0,
        "distance_m": 1e6,
    }
    sections = pd.DataFrame({"section_id": ["S0"], "reach": [9], "measure_m": [0.0]})
    problem = SimpleNamespace(
        source=lambda _: row,
        sections=sections,
        target=0,
        n=3,
        load_g_s=np.array([[1.0, 9.0], [2.0, 1.0], [3.0, 1.0]]),
        states=[SimpleNamespace(name=f"态{k}") for k in range(len(by_state))],
    )
    all_psi = np.ones((len(psi), 2, 1, 3))
    all_psi[:, 0, 0, 0] = psi
    influence = SimpleNamespace(psi=all_psi, state_psi=by_state)
    return SimpleNamespace(
        problem=problem, influence=influence, mixing_m=np.full(3, 1000.0)
    )


def test_a_candidate_on_known_water_hangs_on_nothing():
    assert hinges(told(), 0) == []


@pytest.mark.parametrize("n", [1, 3, 4])
def test_what_a_rank_hangs_on_is_said_each_by_its_own_words(n):
    gates = [f"Z{k}" for k in range(n)]
    [(zh, en)] = hinges(told(structures=gates), 0)
    assert "、".join(gates[:3]) in zh
    assert "Z3" not in zh
    assert ", ".join(gates[:3]) in en
    [(zh, _)] = hinges(told(relation="possible"), 0)
    assert "流向不明" in zh
    [(zh, _)] = hinges(told(located="ambiguous"), 0)
    assert "歧义" in zh
    every = told(structures=gates, relation="possible", located="ambiguous")
    assert len(hinges(every, 0)) == 3


@pytest.mark.parametrize(("met", "of"), [(1, 4), (18, 20), (19, 20), (20, 20), (1, 1)])
def test_a_flow_that_often_misses_the_section_is_said_with_its_share(met, of):
    words = hinges(told(psi=[1.0] * met + [0.0] * (of - met)), 0)
    if met / of < 0.95:
        assert f"{met / of:.0%}" in words[0][0]
    else:
        assert words == []


def test_states_are_named_where_only_some_bring_the_water_or_the_rank_leaps():
    some = told(states=[[[1.0, 1, 1]], [[0.0, 1, 1]], [[2.0, 1, 1]]])
    [(zh, _)] = hinges(some, 0)
    assert "只在“态0、态2”时到达" in zh
    steady = told(states=[[[1.0, 1, 1]], [[1.0, 1, 1]]])
    assert hinges(steady, 0) == []
    two = told(states=[[[9.0, 1, 1]], [[0.5, 1, 1]]])
    assert hinges(two, 0) == [], "first, then third: two places are no leap"
    leap = told(states=[[[9.0, 1, 2, 3, 9]], [[0.5, 1, 2, 3, 9]]])
    leap.problem.n, leap.problem.load_g_s = 4, np.array([[1.0, 9.0], *[[1.0, 0.1]] * 3])
    assert hinges(leap, 0) == [
        (
            "流态（按负荷：“态0”第 1、“态1”第 4）",
            "the flow state (by load: “态0” 1, “态1” 4)",
        )
    ]
    assert hinges(leap, 1) == []


# ------------------------------------------------------------------ groups, plain values
@pytest.mark.parametrize("n", [1, BANDS - 1, BANDS, 3 * BANDS + 1, 500])
def test_bands_part_distances_evenly_in_order_and_keep_equal_ones_together(n):
    chance = np.random.default_rng(n)
    distance = chance.permutation(np.arange(n)).astype(float)
    band = _bands(distance)
    order = np.argsort(distance)
    assert (np.diff(band[order]) >= 0).all(), "farther is never in a nearer band"
    count = np.bincount(band)
    assert count[count > 0].max() - count[count > 0].min() <= 1
    assert len(count[count > 0]) == min(n, 8)
    equal = _bands(np.repeat(distance, 3)).reshape(-1, 3)
    assert (equal == equal[:, :1]).all()


@pytest.mark.parametrize(
    "value",
    [
        None, True, np.bool_(False), 3, np.int64(7), 2.0, np.float32(0.1), "文",
        float("inf"), float("nan"), pd.NaT, pd.Timestamp("2026-05-01"),
        [1, (2, np.array([3.5, np.nan]))], {"a": {1: np.nan}},
    ],
)  # fmt: skip
def test_whatever_is_plain_is_json_and_stays_as_it_is(value):
    made = plain(value)
    json.dumps(made, allow_nan=False)
    assert plain(made) == made
    if isinstance(value, bool | np.bool_):
        assert made is bool(value)
    if isinstance(value, np.integer):
        assert type(made) is int
        assert made == value


def test_numbers_keep_six_digits_and_text_is_text():
    chance = np.random.default_rng(1)
    for value in chance.lognormal(0, 10, 50):
        assert number_of(value) == pytest.approx(value, rel=5e-6)
    assert [number_of(v) for v in (np.inf, -np.inf, np.nan)] == [None] * 3
    assert [text_of(v) for v in ("甲", 3, None, np.nan)] == ["甲", "3", None, None]

"""The source in no register: whether it is one, and the stretch in which it lies."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from test_attribution_ranking import BETWEEN, TWO, outfall, readings, stem
from test_attribution_series import _probability as pulse_probability
from test_attribution_series import _problem as pulse_problem
from test_attribution_series import _readings as pulse_readings
from test_attribution_series import one_member

import geotool as gt
from geotool.attribution._lags import step_responses, travel_hours
from geotool.attribution._members import Flow, Web
from geotool.attribution._opinion import pooled
from geotool.attribution._outside import humbled, sharpened
from geotool.attribution._places import Places, with_places
from geotool.attribution._stretch import credible_stretch, shortest
from geotool.attribution._weigh import PulseRule, weigh_pulses
from geotool.maps._style import layer_label

CHANCES = st.lists(st.floats(0.01, 1.0), min_size=3, max_size=8)


# ---------------------------------------------------------------- whether
@given(weights=CHANCES, power=st.floats(0.5, 3.0), parts=st.integers(2, 6))
def test_how_finely_the_water_is_parted_does_not_matter(weights, power, parts):
    p = np.array(weights) / sum(weights)
    n = len(p) - 1
    whole = np.exp(sharpened(np.log(p), n, power))
    split = np.append(p[:n], np.full(parts, p[n] / parts))
    parted = np.exp(sharpened(np.log(split), n, power))
    assert parted[:n] == pytest.approx(whole[:n], rel=1e-9)
    assert parted[n:].sum() == pytest.approx(whole[n], rel=1e-9)
    even = np.full(parts, 1.0 / parts)
    assert pooled(parted, np.append(whole[:n], whole[n] * even), n)[
        :n
    ] == pytest.approx(pooled(whole, whole, n)[:n], rel=1e-6)


@given(weights=CHANCES, doubt=st.floats(0.0, 0.9))
def test_a_free_place_never_wins_more_than_the_doubt_leaves(weights, doubt):
    p = np.array(weights) / sum(weights)
    n, before = (
        len(p) - 1,
        np.log(np.append(np.full(len(p) - 1, 0.9 / (len(p) - 1)), 0.1)),
    )
    found = np.exp(humbled(np.log(p), before, n, doubt))
    assert found.sum() == pytest.approx(1.0)
    assert found[n] == pytest.approx((1 - doubt) * p[n] + doubt * 0.1)
    # who it was among the registered is told as before
    assert found[:n] / found[:n].sum() == pytest.approx(p[:n] / p[:n].sum())


# ---------------------------------------------------------------- where
@given(
    logs=arrays(float, 6, elements=st.floats(-40, 0)),
    length=arrays(float, 6, elements=st.floats(10, 3000)),
    doubt=st.floats(0.01, 0.99),
)
def test_no_place_falls_below_what_the_doubt_leaves_its_length(logs, length, doubt):
    rule = PulseRule(
        temper=1.0, blunt=0.0, doubt=0.1, power=1.0, trust=0.5, outside=0.0,
        place_temper=1.0, place_doubt=doubt,
    )  # fmt: skip
    found = weigh_pulses(
        [np.append(0.0, logs)[:, None]],
        np.append(0, np.ones(6, int)),
        np.append(1.0, length),
        np.log([0.5, 0.5]),
        registered=1,
        rule=rule,
    ).place_share
    assert found.sum() == pytest.approx(1.0)
    assert (found >= doubt * length / length.sum() - 1e-12).all()


@given(
    chance=arrays(float, 7, elements=st.floats(0.001, 1)),
    length=arrays(float, 7, elements=st.floats(10, 3000)),
    share=st.floats(0.05, 0.95),
)
def test_the_stretch_is_the_shortest_that_holds_its_share(chance, length, share):
    chance = chance / chance.sum()
    kept = shortest(chance, length, share)
    assert chance[kept].sum() >= share - 1e-9
    # without its thinnest piece it would hold too little, and none outside is denser
    density = chance / length
    thinnest = np.flatnonzero(kept)[density[kept].argmin()]
    assert chance[kept].sum() - chance[thinnest] < share + 1e-9
    if not kept.all():
        assert density[kept].min() >= density[~kept].max() - 1e-12


def fork(flow):
    """Water of one canal that parts into two, a section on each arm."""
    web = Web(
        start=np.array([0, 1, 1]),
        end=np.array([1, 2, 3]),
        length_m=np.array([3600.0, 1800.0, 1800.0]),
        width_m=np.full(3, 10.0),
        depth_m=np.full(3, 2.0),
        group=np.arange(3),
        known=np.zeros(3, dtype=np.int64),
        nodes=4,
        inflow_m3_s=np.zeros(4),
        inlets=np.array([0]),
        inlet_m3_s=np.ones(1),
        inlet_sigma=np.ones(1),
        outlets=np.array([2, 3]),
        gauge=np.zeros(0, dtype=np.int64),
        gauge_m3_s=np.zeros(0),
        gauge_sigma=np.zeros(0),
    )
    flows = np.array([flow])
    return web, Flow(
        flow_m3_s=flows,
        head=np.array([[3.0, 2.0, 1.0, 0.0]]),
        inlet_m3_s=np.ones((1, 1)),
        depth_m=np.full((1, 3), 2.0),
        start_h=np.full(1, 72.0),
        decay_factor=np.ones((1, 1)),
    )


def test_a_place_below_a_parting_sends_nothing_down_the_other_arm():
    web, flow = fork([10.0, 5.0, 5.0])
    hours = travel_hours(web.length_m, web.width_m, web.depth_m, flow.flow_m3_s[0])
    kernels = one_member(
        web.start, web.end, flow.flow_m3_s[0], hours, flow.head[0], np.array([2, 3])
    )
    places = Places(
        piece=np.array([0, 1]),
        part=np.array([0.5, 0.25]),
        owner=np.array([0, 1]),
        segment=np.array([0, 1]),
        low_m=np.zeros(2),
        high_m=web.length_m[:2],
    )
    both = with_places(kernels, web, flow, 0, places)
    found = step_responses(both, np.array([4, 5]), np.array([48.0]), np.zeros(1))
    above, arm = found[0, :, 0]
    # half of what is put in above the parting goes down each arm of 5 m3/s
    assert above == pytest.approx([0.1, 0.1], rel=1e-5)
    assert arm == pytest.approx([0.2, 0.0], abs=1e-6)
    # and it is as late as the rest of its own piece and of what lies below
    assert both.delay_h[5] == pytest.approx(0.75 * hours[1])


def test_a_place_is_as_late_as_the_water_runs_whichever_way_it_was_drawn():
    web, flow = fork([10.0, 5.0, 5.0])
    turned = Web(
        **{
            **vars(web),
            "start": np.array([1, 2, 1]),
            "end": np.array([0, 1, 3]),
        }
    )
    hours = travel_hours(web.length_m, web.width_m, web.depth_m, flow.flow_m3_s[0])
    sections = np.array([2, 3])
    one = Places(*(np.array([k]) for k in (1, 0.25, 0, 1, 0.0, 1800.0)))
    other = Places(*(np.array([k]) for k in (1, 0.75, 0, 1, 0.0, 1800.0)))
    drawn = one_member(
        web.start, web.end, flow.flow_m3_s[0], hours, flow.head[0], sections
    )
    back = Flow(**{**vars(flow), "flow_m3_s": np.array([[-10.0, -5.0, 5.0]])})
    against = one_member(
        turned.start, turned.end, back.flow_m3_s[0], hours, flow.head[0], sections
    )
    first = with_places(drawn, web, flow, 0, one)
    second = with_places(against, turned, back, 0, other)
    assert first.delay_h[4] == pytest.approx(second.delay_h[4])


# ---------------------------------------------------------------- as it is told
def missing_between():
    above = {"P1": outfall(1000, 5), "P2": outfall(2000, 5)}
    return stem(above, BETWEEN, readings({"S1": 0.25, "S2": 3.0}))


def test_the_stretch_between_two_sections_is_named():
    ranking = missing_between()
    (part,) = ranking.stretch.parts.to_dict("records")
    assert (part["reach_id"], part["from_measure_m"], part["to_measure_m"]) == (
        "A",
        pytest.approx(4000),
        pytest.approx(8000),
    )
    assert ranking.stretch.span_km == pytest.approx((0.0, 4.0))
    assert ranking.stretch.share == pytest.approx(0.5)
    zh, en = ranking.stretch_words
    assert "S2 断面上游 0.0–4.0 km 河段" in zh
    assert "most likely 0.0 to 4.0 km above S2" in en
    assert ranking.headline[0].endswith(ranking.first_stretch[0])


def test_what_is_not_worth_a_word_is_not_drawn():
    ranking = stem(TWO, BETWEEN, readings({"S1": 0.3, "S2": 2.4}))
    assert ranking.unregistered_probability < 0.1
    assert ranking.stretch_words is None
    assert "trace_unregistered" not in ranking.map_layers()


def test_the_stretch_goes_into_json_and_map():
    ranking = missing_between()
    told = json.loads(json.dumps(ranking.to_dict(), allow_nan=False))["unregistered"]
    assert told["reaches"][0]["reach_id"] == "A"
    assert told["stretch"]["parts"][0]["reach_id"] == "A"
    assert told["stretch"]["length_m"] == pytest.approx(4000)
    layer = ranking.map_layers()["trace_unregistered"]
    assert layer.geometry.length.sum() == pytest.approx(4000)
    assert 0 < layer["probability"].sum() <= ranking.unregistered_probability
    assert layer_label("trace_unregistered") == "名录外来源最可能的河段"
    gt.one_map({"trace_unregistered": layer})


def test_with_distances_only_no_stretch_is_named():
    bare = {"P1": (2000, 5, {}), "P2": (6000, -5, {})}
    ranking = stem(bare, {"S2": BETWEEN["S2"]}, readings({"S2": 2.4}))
    assert ranking.level == 0
    assert ranking.stretch is None


def test_series_name_the_place_of_a_culprit_that_is_struck_off():
    """Plug flow by hand: P4 lies 3.5 km down arm B, whose water S2 reads at 4.5 km."""
    problem = pulse_problem(pulse_readings("P4"), without="P4")
    found, chance = pulse_probability(problem)
    stretch = credible_stretch(problem, chance.to_numpy(), found.facts)
    parts = stretch.parts.set_index("reach_id")
    rivers = problem.network.reaches.set_index("reach_id")["river_id"]
    assert set(rivers[parts.index]) == {"B"}
    assert ((parts["from_measure_m"] <= 3500) & (parts["to_measure_m"] >= 3500)).any()
    assert stretch.share < 0.5

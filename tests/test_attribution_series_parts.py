"""From a problem to series, web and suspects, each number by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geotool.attribution import _series as _series_module
from geotool.attribution._ensemble import Ensemble
from geotool.attribution._found import (
    TOLD,
    Found,
    Yardstick,
    pulse_facts,
    travel_hours_of,
)
from geotool.attribution._lags import Kernels
from geotool.attribution._members import SURE_TURNS, FlowPrior
from geotool.attribution._problem import Evidence
from geotool.attribution._pulses import PulseGrid, PulseScore
from geotool.attribution._series import (
    _notes,
    baseline_of,
    evidence_of_flows,
    likely_flows,
)
from geotool.attribution._series_input import (
    _loads,
    _series,
    _suspects,
    _window,
    item_scale,
)
from geotool.attribution._series_web import (
    LEAST_M,
    Pieces,
    _open_ends,
    _through_ends,
    cut_long,
    is_flow_measured,
    stated_flow,
    web_of,
)
from geotool.tables import load_table

FACTS = load_table("attribution_series")
NAN = np.nan
START = pd.Timestamp("2026-05-01")


def ints(*values):
    return np.array(values, np.int64)


# ---------------------------------------------------------------- readings
def read(hours, values, *, section=0, item="NH3N"):
    time = START + pd.to_timedelta(np.asarray(hours, float), unit="h")
    return pd.DataFrame(
        {"section": section, "item": item, "time": time, "value_mg_l": values}
    )


def asked(table, **more):
    return SimpleNamespace(
        readings=table, target=0, item="NH3N", items=("NH3N", "TP"),
        sections=pd.DataFrame({"section_id": ["S0", "S1", "S2"]}),
        limits=np.array([[1.0, NAN], [1.5, NAN], [NAN, NAN]]), **more,
    )  # fmt: skip


def test_the_window_lies_about_the_worst_reading():
    hours = np.arange(-600.0, 601.0, 10.0)
    values = np.where(hours == 0, 9.0, 0.5)
    other = read([-264.5, -263.5, 167.5, 168.5], 1.0, section=1)
    table, first = _window(
        asked(pd.concat([read(hours, values), other])), FACTS["readings"]
    )
    assert first == START - pd.Timedelta(hours=263.5)
    own = table[table["section"] == 0]
    assert own["time"].min() == START - pd.Timedelta(hours=260)
    assert own["time"].max() == START + pd.Timedelta(hours=160)
    assert (table["section"] == 1).sum() == 2
    assert (table["hour"] % 2 == 0).all(), "two hours are one time"
    late = table.loc[table["section"] == 1, "hour"].tolist()
    assert late == [0.0, round((167.5 + 263.5) / 2) * 2]


@pytest.mark.parametrize(
    ("times", "step", "outside", "kept"),
    [(12, 12.0, 0, True), (11, 12.0, 0, False), (12, 12.1, 0, False),
     (11, 12.0, 5, False), (30, 2.0, 0, True)],
)  # fmt: skip
def test_a_series_has_a_dozen_times_half_a_day_apart_at_most(
    times, step, outside, kept
):
    hours = np.append(np.arange(times) * step, 1000.0 + np.arange(outside))
    values = np.append([9.0], np.full(len(hours) - 1, 0.5))
    found = _window(asked(read(hours, values)), FACTS["readings"])
    assert (found is not None) == kept
    assert _window(asked(read(hours, values, item="TP")), FACTS["readings"]) is None


def test_readings_of_one_time_are_averaged_and_others_left_out():
    table = pd.concat(
        [read([0, 0, 4], [1.0, 3.0, 5.0], section=1), read([4], [0.2], section=1, item="TP"),
         read([8], [7.0], section=2), read([4], [9.0], section=1, item="F")]
    )  # fmt: skip
    table = table.assign(hour=(table["time"] - START) / pd.Timedelta(hours=1))
    found = _series(asked(table), table, ints(0, 1), FACTS["readings"])
    assert found.times_h.tolist() == [0.0, 4.0, 8.0]
    np.testing.assert_array_equal(
        found.value,
        [[[NAN, 2.0], [NAN, 5.0], [NAN, NAN]], [[NAN, NAN], [NAN, 0.2], [NAN, NAN]]],
    )
    assert found.sigma.shape == found.aside.shape == (2, 3, 2)
    level = 0.07 * 3.5, 0.05 * np.nanpercentile([2.0, 5.0], 80)
    assert found.sigma[0, 0, 1] >= np.hypot(*level) * 0.9


def test_an_item_is_scaled_by_its_largest_limit_else_by_twice_what_is_read():
    problem = asked(read([0, 1, 2], [0.1, 0.3, 0.9], item="TP"))
    np.testing.assert_allclose(item_scale(problem), [1.5, 0.6])
    problem.items = ("NH3N", "F")
    np.testing.assert_allclose(item_scale(problem), [1.5, 2.0])


# ---------------------------------------------------------------- the web
def canals(**changes):
    """A stem of three segments, a wide river across its end, and a part beyond it."""
    facts = {
        "reach": ints(0, 0, 1, 2, 3),
        "low_m": np.array([0.0, 400.0, 0.0, 0.0, 0.0]),
        "high_m": np.array([400.0, 4000.0, 300.0, 900.0, 700.0]),
        "start": ints(0, 1, 2, 3, 5),
        "end": ints(1, 2, 3, 4, 4),
        "nodes": 6,
        "inlets": ints(0),
        "outlets": ints(),
        "mouths": ints(),
        "inlet_weight": np.array([0.1]),
        "inflow_m3_s": np.array([0.0, 0.2, 0.0, 0.1, 0.0, 9.0]),
        "width_m": np.array([20.0, 20.0, 30.0, 400.0, 10.0]),
        "depth_m": np.array([2.0, NAN, 1.0, 9.0, NAN]),
        "known": ints(1, 1, 1, 0, 0),
        "speed_low_m_s": np.array([0.1, 0.1, 0.2, 0.1, 0.1]),
        "speed_high_m_s": np.array([0.4, 0.4, 0.8, 0.4, 0.4]),
        "speed_basis": np.array(
            ["class", "given", "scenario", "class", "class"], object
        ),
        "flow_m3_s": np.full(5, NAN),
        **changes,
    }
    one = SimpleNamespace(**facts)
    one.length_m = one.high_m - one.low_m
    return one


def water(*, flow=(NAN, NAN), at=(1, 2), **changes):
    reaches = pd.DataFrame({"river_id": ["A", "B", "C", "D"]})
    return SimpleNamespace(
        canals=canals(**changes), network=SimpleNamespace(reaches=reaches),
        sections=pd.DataFrame({"segment_in": at, "flow_m3_s": flow}),
    )  # fmt: skip


def cut(one, node=1, **options):
    return cut_long(one, node, **{"large_m": 300.0, **options})


def test_long_segments_are_cut_and_wide_rivers_are_the_shore():
    found = cut(canals())
    assert found.part.tolist() == [True, True, True, True, False, False]
    assert found.place.tolist() == [0, 1, 2, 3, -1, -1]
    assert found.segment.tolist() == [0, 1, 1, 1, 2]
    assert found.start.tolist() == [0, 1, 4, 5, 2]
    assert found.end.tolist() == [1, 4, 5, 2, 3]
    assert found.nodes == 6
    np.testing.assert_allclose(found.length_m, [400, 1200, 1200, 1200, 300])
    assert found.shore.tolist() == [3]
    whole = cut(canals(), large_m=np.inf, longest_m=4000.0)
    assert whole.segment.tolist() == [0, 1, 2, 3, 4]
    assert whole.shore.tolist() == []
    for metres, count in ((1500.0, 1), (1500.5, 2), (3000.5, 3)):
        ends = np.array([metres, 4000.0, 300.0, 900.0, 700.0])
        one = cut(canals(high_m=ends))
        assert (one.segment == 0).sum() == count
    other = cut(canals(), 5)
    assert other.place.tolist() == [-1, -1, -1, -1, 0, 1]
    assert other.shore.tolist() == [0]
    one = canals(high_m=np.array([400.0, 400.0, 300.0, 900.0, 700.0]))
    assert cut(one).length_m[1] == LEAST_M == 0.1


def test_what_the_layer_states_is_a_flow_else_a_speed_through_the_section():
    one = canals(flow_m3_s=np.array([NAN, NAN, NAN, -7.0, NAN]))
    flow, sigma = stated_flow(one, np.arange(5), FACTS["flow"])
    facts = FACTS["flow"]
    np.testing.assert_allclose(
        flow, [NAN, 0.2 * 20 * facts["depth_m"]["value"], 0.4 * 30 * 1.0, 7.0, NAN]
    )
    rough = np.hypot(facts["speed_sigma"]["value"], facts["depth_m"]["sigma"])
    assert sigma[1] == pytest.approx(rough)
    assert sigma[2] == facts["speed_sigma"]["value"]
    assert sigma[3] == facts["gauge_sigma"]["value"]


def test_an_open_end_brings_little_but_what_is_stated_there():
    flow, sigma = _open_ends(
        ints(7, 4, 9), (ints(7, 1, 2), ints(1, 9, 2)),
        (np.array([3.0, 2.0, NAN]), np.array([0.3, 0.2, 0.1])), 10.0, FACTS["flow"],
    )  # fmt: skip
    end = FACTS["flow"]["open_end"]
    np.testing.assert_allclose(flow, [3.0, 10 * end["share"], 2.0])
    np.testing.assert_allclose(sigma, [0.3, end["sigma"], 0.2])


def test_where_water_surely_runs_in_the_wider_canal_may_bring_more():
    flow, sigma = np.array([0.1, 0.1, 0.1, 5.0]), np.full(4, 1.5)
    _through_ends(
        (flow, sigma), ints(3, 5, 6, 8), ints(3, -1, 5, 8),
        np.array([10.0, 90.0, 20.0, 40.0]), 4.0, 0.7,
    )  # fmt: skip
    part = 4.0 * (20.0 / 90.0) ** (8 / 3)
    np.testing.assert_allclose(flow, [0.1, max(0.1, part), 0.1, 5.0])
    changed = [1.5, 0.7 if part > 0.1 else 1.5, 1.5, 1.5]
    np.testing.assert_allclose(sigma, changed)
    _through_ends(
        (flow, sigma), ints(3, 5), ints(3, 5), np.array([10.0, 10.0]), 4.0, 0.7
    )
    np.testing.assert_allclose(flow[:2], [4.0, 4.0])


@pytest.mark.parametrize(
    ("flow", "at", "layer", "known"),
    [((NAN, NAN), (1, 2), NAN, False), ((3.0, NAN), (1, 2), NAN, True),
     ((3.0, NAN), (3, 2), NAN, False), ((NAN, NAN), (1, 2), 2.0, True)],
)  # fmt: skip
def test_a_flow_counts_as_measured_within_the_web_only(flow, at, layer, known):
    one = water(flow=flow, at=at, flow_m3_s=np.array([NAN, layer, NAN, 8.0, NAN]))
    assert is_flow_measured(one, ints(0, 1, 1, 2)) == known


def test_the_web_has_its_gauges_once_and_its_shore_for_an_outlet():
    one = water(flow=(-3.0, NAN), flow_m3_s=np.array([NAN, 6.0, NAN, NAN, NAN]))
    pieces = cut(one.canals)
    web = web_of(one, pieces, FACTS["flow"])
    assert web.outlets.tolist() == [3]
    # the section at segment 1 is gauged at its last piece, the layer's flow too
    assert web.gauge.tolist() == [3, 3, 4]
    np.testing.assert_allclose(web.gauge_m3_s, [3.0, 6.0, 12.0])
    rough = FACTS["flow"]["gauge_sigma"]["value"]
    np.testing.assert_allclose(
        web.gauge_sigma, [rough, rough, FACTS["flow"]["speed_sigma"]["value"]]
    )
    np.testing.assert_allclose(web.inflow_m3_s, [0, 0.2, 0, 0.1, 0, 0])
    assert web.inlets.tolist() == [0]
    assert web.group.tolist() == [0, 0, 0, 0, 1]
    assert web.width_m.tolist() == [20, 20, 20, 20, 30]
    assert web.known.tolist() == [1] * 5
    # the largest flow known is 12: an open end brings a share of it
    end = FACTS["flow"]["open_end"]
    np.testing.assert_allclose(web.inlet_m3_s, [12 * end["share"]])
    np.testing.assert_allclose(web.inlet_sigma, [end["sigma"]])
    assert web.nodes == 6


def test_gates_share_what_is_let_in_and_an_open_end_may_go_on_beyond_the_map():
    facts = FACTS["flow"]
    basis = np.full(5, "class", dtype=object)
    one = water(speed_basis=basis, inlets=ints(0), inlet_weight=np.array([1.0]))
    web = web_of(one, cut(one.canals), facts)
    most = 3 * 0.3  # nothing is gauged: thrice the water of the outfalls
    assert web.inlets.tolist() == [0]
    np.testing.assert_allclose(web.inlet_m3_s, [facts["gate"]["share"] * most])
    np.testing.assert_allclose(web.inlet_sigma, [facts["gate"]["sigma"]])
    bare = water(speed_basis=basis, inflow_m3_s=np.zeros(6))
    web = web_of(bare, cut(bare.canals), facts)
    part = facts["through_end"]["share"] * 0.1 * (20 / 30) ** (8 / 3)
    np.testing.assert_allclose(web.inlet_m3_s, [max(part, 0.1 * 0.015)])
    np.testing.assert_allclose(web.inlet_sigma, [facts["through_end"]["sigma"]])
    turned = water(
        speed_basis=basis, inflow_m3_s=np.zeros(6), known=-ints(1, 1, 1, 0, 0)
    )
    web = web_of(turned, cut(turned.canals), facts)
    np.testing.assert_allclose(web.inlet_m3_s, [0.1 * facts["open_end"]["share"]])
    two = water(speed_basis=basis, inlets=ints(0, 2), inlet_weight=np.ones(2))
    web = web_of(two, cut(two.canals), facts)
    assert web.inlets.tolist() == [0, 2]
    np.testing.assert_allclose(web.inlet_m3_s, [facts["gate"]["share"] * most / 2] * 2)


def test_an_outlet_is_no_inlet_and_without_one_there_is_no_web():
    one = water(outlets=ints(2), mouths=ints(3), inlets=ints(0, 3),
                inlet_weight=np.array([0.1, 1.0]))  # fmt: skip
    web = web_of(one, cut(one.canals, large_m=np.inf), FACTS["flow"])
    assert web.outlets.tolist() == [2, 3]
    assert web.inlets.tolist() == [0, 5]
    gated = water(inlets=ints(3), inlet_weight=np.ones(1))
    assert web_of(gated, cut(gated.canals), FACTS["flow"]) is None, (
        "the shore is a gate"
    )
    shut = water()
    assert web_of(shut, cut(shut.canals, large_m=np.inf), FACTS["flow"]) is None
    alone = Pieces(
        np.ones(6, bool), np.arange(6), ints(), ints(), ints(), 6, np.zeros(0), ints()
    )
    open_ = water(outlets=ints(2))
    assert web_of(open_, alone, FACTS["flow"]) is None


# ---------------------------------------------------------------- loads and suspects
def loaded(n=3, groups=1):
    return SimpleNamespace(
        n=n, items=("NH3N", "TP"), limits=np.array([[1.0, 0.2]]),
        readings=read([0], [1.0]),
        sources=pd.DataFrame({"node": [0, 5, 2], "discharge_m3_s": [0.0, 0.4, 0.2]}).head(n),
        others=pd.DataFrame({"node": [1, 4]}),
        load_g_s=np.array([[2.0, 0.3], [7.0, 7.0], [1.0, NAN]])[:n],
        load_sigma=np.array([[0.5, 1.2], [1.0, 1.0], [9.0, NAN]])[:n],
        others_load_g_s=np.array([[0.5, 0.0], [9.0, 9.0]]),
        others_sigma=np.full((2, 2), 0.8),
        profile_mg_l=np.array([[5.0, 1.0]] * n + [[4.0, NAN]] * groups),
        is_group=np.arange(n + groups) >= n,
    )  # fmt: skip


def test_loads_are_unsure_each_by_itself_and_all_together():
    part = np.array([True, True, True, True, False, False])
    place = ints(0, 1, 2, 3, -1, -1)
    found = _loads(
        loaded(), SimpleNamespace(inlets=ints(0, 3)), part, place, FACTS["loads"]
    )
    facts = FACTS["loads"]
    assert found.nodes.tolist() == [0, 2, 1, 0, 3]
    water_mg_l = facts["inlet"]["share"] * np.array([1.0, 0.2])
    each = np.array([[2.0, 1.0, 0.5], [0.3, 0.0, 0.0]])
    sigma = np.array([[0.5, 9.0, 0.8], [1.2, 1.0, 0.8]])
    for k in range(2):
        np.testing.assert_allclose(found.mean[k], [*each[k], *[water_mg_l[k]] * 2])
        own = np.minimum(facts["own"]["value"] * sigma[k], 1.0) * each[k]
        spread = np.diag(own**2) + facts["common"]["value"] ** 2 * np.outer(
            each[k], each[k]
        )
        np.testing.assert_allclose(found.spread[k, :3, :3], spread, atol=1e-15)
        assert (np.diag(found.spread[k]) > 0).all()
        common = facts["inlet"]["common"] ** 2 + facts["inlet"]["own"] ** 2 * np.eye(2)
        np.testing.assert_allclose(found.spread[k, 3:, 3:], water_mg_l[k] ** 2 * common)
        assert not found.spread[k, :3, 3:].any()


def test_an_item_that_nothing_discharges_is_known_to_be_none():
    one = loaded()
    one.load_g_s, one.others_load_g_s = one.load_g_s * 0, one.others_load_g_s * 0
    part, place = np.array([True] * 4 + [False] * 2), ints(0, 1, 2, 3, -1, -1)
    found = _loads(one, SimpleNamespace(inlets=ints()), part, place, FACTS["loads"])
    assert np.abs(found.spread).max() < 1e-12
    assert (np.diagonal(found.spread, axis1=1, axis2=2) > 0).all()


@pytest.mark.parametrize("n", [3, 0])
def test_suspects_are_the_outfalls_in_the_web_and_the_places(n):
    places = SimpleNamespace(owner=ints(n, n), piece=ints(0, 1))
    found = _suspects(
        loaded(n), ints(0, 1, 2, 3, -1, -1), SimpleNamespace(nodes=8), places,
        {"registered": 0.5, "unregistered": 0.9},
    )  # fmt: skip
    rest = [[4.0 * (0.3 if n else 0.01), 0.0]] * 2
    if n:
        assert found.nodes.tolist() == [0, 2, 8, 9]
        assert found.owner.tolist() == [0, 2, 3, 3]
        assert found.sigma.tolist() == [0.5, 0.5, 0.9, 0.9]
        np.testing.assert_allclose(found.load_g_s, [[2.0, 0.3], [1.0, 0.0], *rest])
    else:
        assert found.nodes.tolist() == [8, 9]
        np.testing.assert_allclose(found.load_g_s, rest)


# ---------------------------------------------------------------- what is told
def test_the_prior_of_flow_is_that_of_the_table(monkeypatch):
    monkeypatch.setattr(_series_module, "FlowModel", lambda *given: given)
    monkeypatch.setattr(_series_module, "Baseline", lambda *given: given)
    given = SimpleNamespace(
        web="web",
        section_nodes="nodes",
        series="series",
        loads="loads",
        decay_sigma="k",
    )
    flow = {
        "conveyance_sigma": {"value": 0.11}, "direction_weight": {"value": 0.22},
        "depth_m": {"value": 0.33, "sigma": 0.44}, "start_h": {"value": 0.55, "sigma": 0.66},
    }  # fmt: skip
    model, *rest = baseline_of(SimpleNamespace(decay_per_d="d"), given, {"flow": flow})
    prior = FlowPrior(
        conveyance_sigma=0.11, direction_weight=0.22, depth_m=0.33, depth_sigma=0.44,
        start_h=0.55, start_sigma=0.66,
    )  # fmt: skip
    assert model == ("web", prior, "k")
    assert rest == ["nodes", "series", "loads", "d"]


def test_pulses_are_tried_as_the_table_says_and_none_is_no_evidence(monkeypatch):
    seen = []

    class Tried:
        def __init__(self, *given):
            seen.append(given)

        def score(self, *given):
            return SimpleNamespace(gain=np.array([[given[1] * 1.0]]))

    monkeypatch.setattr(_series_module, "Pulses", Tried)
    monkeypatch.setattr(_series_module, "with_places", lambda *given: given)
    monkeypatch.setattr(_series_module, "_evidence", lambda *given: given)
    base = SimpleNamespace(
        kernels=lambda _: range(3), doubtful_weight=lambda *given: given[1:]
    )
    given = SimpleNamespace(suspects="suspects", web="web", places="places")
    flow = SimpleNamespace(head=np.zeros((3, 1)), flow_m3_s="flow")
    pulse = {
        "step_h": {"value": 3.0}, "lengths_h": {"values": [6, 9]}, "kept": {"value": 7},
        "multiples": {"low": 2.0, "high": 30.0, "steps": 5}, "least_gain": {"value": 2.0},
    }  # fmt: skip
    *_, found, facts = evidence_of_flows("problem", given, base, flow, {"pulse": pulse})
    assert found.search.tolist() == [0, 0, 0], "flows that were given are no draw"
    (tried,) = seen
    assert tried == (
        base, "suspects",
        PulseGrid(step_h=3.0, lengths_h=(6.0, 9.0), multiples=(2.0, 30.0),
                  multiple_steps=5, kept=7),
    )  # fmt: skip
    assert [one.gain.item() for one in found.scores] == [0.0, 1.0, 2.0]
    assert found.kernels == [(k, "web", flow, k, "places") for k in range(3)]
    assert (found.flow_m3_s, facts) == ("flow", {"pulse": pulse})
    pulse["least_gain"]["value"] = 2.001
    assert evidence_of_flows("problem", given, base, flow, {"pulse": pulse}) is None


def test_flows_are_sought_as_the_table_says_and_the_best_of_each_kept(monkeypatch):
    asked = {}

    def smoothed(*given, **named):
        number = named["seed"][1]
        asked[number] = {**named, "given": given}
        return Ensemble(
            10.0 * number + np.arange(4.0)[:, None], np.array([3.0, 1.0, 2.0, 0.0])
        )

    monkeypatch.setattr(_series_module, "smooth_ensemble", smoothed)
    model = SimpleNamespace(
        mean="mean",
        sd="sd",
        flow=lambda states, turns: [turns, *states.ravel().tolist()],
    )
    base = SimpleNamespace(model=model, residuals="residuals")
    keys = "members", "rounds", "kept", "seed", "later", "settled"
    search = {key: {"value": n} for n, key in enumerate(keys)}
    found = likely_flows(base, {"search": search}, range(4, 7))
    assert found == [SURE_TURNS, 43.0, 41.0, 53.0, 51.0, 63.0, 61.0]
    assert sorted(asked) == [4, 5, 6]
    for number, told in asked.items():
        assert told == {
            "given": ("residuals", "mean", "sd"),
            "members": 0,
            "rounds": 1,
            "seed": (3, number),
            "later": 4,
            "settled": (2, 5),
        }


def found_of(gain):
    kernel = np.zeros((2, 4, 2))
    kernel[1, :, 1] = [0.0, 1.0, 1.0, 0.0]
    one = Kernels(np.array([1, 0]), np.array([5.0, 0.0]), kernel, 2.0)
    other = Kernels(np.array([0, 0]), np.zeros(2), kernel, 2.0)
    late = Kernels(np.array([1, 1]), np.array([9.0, 1.0]), kernel, 2.0)
    score = PulseScore(
        gain=np.array([gain]), start_h=np.array([[3.0, 6.0]]),
        length_h=np.array([[8.0, 24.0]]), multiple=np.array([[2.0, 7.0]]),
        by_section=np.array([[4.0, -4.0, 0.5]]), by_item=np.array([[9.0, 3.0, -1.0]]),
    )  # fmt: skip
    return Found(
        [score, score, score], [one, other, late], np.ones((3, 1)), ints(0, 0, 1)
    )


YARD = Yardstick(temper=0.5, most=7.0, log_prior=np.log([0.2, 0.8]))


def given_of(target=1, nodes=(0,), last=50.0):
    return SimpleNamespace(
        suspects=SimpleNamespace(nodes=ints(*nodes), owner=ints(0)), target=target,
        first=START, sections=ints(0, 2, 1),
        series=SimpleNamespace(times_h=np.array([0.0, last])),
    )  # fmt: skip


PROBLEM = SimpleNamespace(sections=pd.DataFrame({"section_id": ["S0", "S1", "S2"]}))


def test_the_facts_of_a_candidate_are_those_of_its_best_pulse():
    found = found_of([5.0, 9.0])
    np.testing.assert_allclose(travel_hours_of(given_of(), found, 0), [8.0, 12.0])
    said = pulse_facts(PROBLEM, given_of(), found, 0, 1, YARD)
    assert said == {
        "travel_time_min_h": 8.0, "travel_time_max_h": 12.0, "amplitude": 7.0,
        "is_least": True, "onset": START + pd.Timedelta(hours=6),
        "end": START + pd.Timedelta(hours=30),
        "fits": {}, "against": {}, "fingerprint": 0.0,
    }, "alone it is the average"  # fmt: skip
    assert TOLD == 0.7, "a factor of two"
    weak = found_of([0.0, TOLD / 0.5 - 1e-9])
    assert "onset" not in pulse_facts(PROBLEM, given_of(), weak, 0, 0, YARD)
    least = found_of([0.0, TOLD / 0.5])
    assert "onset" in pulse_facts(PROBLEM, given_of(), least, 0, 0, YARD)
    more = replace(YARD, most=7.1)
    assert not pulse_facts(PROBLEM, given_of(), found, 0, 0, more)["is_least"]
    only = pulse_facts(PROBLEM, given_of(nodes=[1]), found, 0, 0, YARD)
    assert only["travel_time_min_h"] == only["travel_time_max_h"] == 4.0
    dry = pulse_facts(PROBLEM, given_of(target=0), found, 0, 0, YARD)
    assert "travel_time_min_h" not in dry


@pytest.mark.parametrize(("last", "seen"), [(38.0, True), (37.9, False)])
def test_an_end_is_told_once_its_water_may_have_come(last, seen):
    "It would have ended at 30 h; the fastest flow takes 8 h to the section."
    said = pulse_facts(PROBLEM, given_of(last=last), found_of([5.0, 9.0]), 0, 1, YARD)
    assert pd.isna(said["end"]) != seen
    assert said["onset"] == START + pd.Timedelta(hours=6)


def rivals(by_section, *, gain=((5.0,), (9.0,), (4.0,)), multiple=3.0):
    "Three points of two candidates, the second with two."
    return PulseScore(
        gain=np.array(gain), start_h=np.zeros((3, 1)), length_h=np.full((3, 1), 8.0),
        multiple=np.full((3, 1), multiple), by_section=np.array(by_section, float),
        by_item=np.array([[50.0, 1.0, 2.0], [50.0, 0.0, 0.0], [50.0, 9.0, 9.0]]),
    )  # fmt: skip


def test_what_all_explain_alike_says_nothing_of_who_it_was():
    owner = ints(0, 1, 1)
    same = rivals([[900.0, 0.0], [900.0, 6.0], [0.0, 99.0]])
    first, second = (YARD.compared(same, owner, point) for point in (0, 1))
    np.testing.assert_allclose([first[0], second[0]], 0.0, atol=1e-9)
    # the odds between two are those of their likelihoods, whatever the average
    np.testing.assert_allclose(first - second, 0.5 * np.array([0.0, -6.0, 3.0]))
    # weighed by what was believed before, the ratios to the average are one in the mean
    mean = 0.2 * np.exp(first) + 0.8 * np.exp(second)
    np.testing.assert_allclose(mean, 1.0)


def test_of_a_hopeless_candidate_only_the_section_that_failed_speaks():
    found = found_of([5.0, 9.0])
    given = given_of(nodes=[0, 0, 0])
    given.suspects.owner = ints(0, 1, 1)
    score = rivals([[0.0, 0.0, 0.0], [9.0, 90.0, 9.0], [0.0, 0.0, 0.0]])
    lost = replace(score, multiple=np.array([[NAN], [3.0], [3.0]]))
    found = replace(found, scores=[lost] * 3)
    said = pulse_facts(PROBLEM, given, found, 0, 0, YARD)
    assert set(said) == {"travel_time_min_h", "travel_time_max_h", "against"}
    # the target is the second of those with series
    assert set(said["against"]) == {"S2"}
    assert said["against"]["S2"] == pytest.approx(-45.0, abs=0.3)
    alike = replace(lost, by_section=np.zeros((3, 3)))
    found = replace(found, scores=[alike] * 3)
    assert pulse_facts(PROBLEM, given, found, 0, 0, YARD)["against"] == {}


@pytest.mark.parametrize("measured", [True, False])
def test_the_series_are_counted_and_a_missing_flow_is_said(measured):
    given = SimpleNamespace(
        series=SimpleNamespace(value=np.zeros((3, 60, 2))), is_flow_measured=measured
    )
    (zh, en), *rest = _notes(given)
    assert zh == "依据 2 个断面、3 个项目、60 个时刻的监测序列"
    assert en == "by series of 3 items at 2 sections and 60 times"
    assert bool(rest) != measured
    assert Evidence("series", np.zeros(1), 5).flow_m3_s is None

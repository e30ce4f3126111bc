"""Flow of canals: heads, splits, gauges and speeds against dense algebra."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geotool.attribution import _canal_flow
from geotool.attribution._canal_flow import (
    Flows,
    _parts,
    _quality,
    _routed,
    _solve,
    canal_flows,
    potential_flow,
)
from geotool.attribution._flow_transport import flow_transport
from geotool.attribution._gauged import LEAST_M3_S, Gauged, _updated, corrected, scaled
from geotool.attribution._problem import Canals
from geotool.attribution._states import (
    distance_influence,
    gauged_flows,
    speeds,
)
from geotool.tables import load_table

FACTS = load_table("hydraulics")["canal_flow"]
NO_GAUGE = Gauged(np.zeros(0, np.int64), np.zeros(0), np.zeros(0, dtype=bool))


def canals(**changes):
    """
    A braid of seven segments on five reaches, from node 0 to the outlet 4.

    Nodes 6 and 7 are a part of their own that nothing leaves.
    """
    facts = {
        "reach": np.array([0, 0, 1, 2, 3, 4, 5]),
        "low_m": np.array([0.0, 500, 0, 0, 0, 0, 0]),
        "high_m": np.array([500.0, 1200, 800, 900, 1000, 600, 400]),
        "start": np.array([0, 5, 1, 1, 2, 4, 6]),
        "end": np.array([5, 1, 2, 3, 4, 3, 7]),
        "nodes": 8,
        "inlets": np.array([0, 3]),
        "outlets": np.array([4]),
        "mouths": np.zeros(0, np.int64),
        "inlet_weight": np.array([1.0, 0.25]),
        "inflow_m3_s": np.array([0, 0, 0.02, 0, 0, 0.01, 0, 0]),
        "width_m": np.array([20.0, 20, 10, 12, 10, 15, 8]),
        "is_width_known": np.ones(7, dtype=bool),
        "depth_m": np.array([2.0, np.nan, 1.0, np.nan, 2, 2, 2]),
        "known": np.array([1, 1, 0, 0, 0, 0, 0]),
        "inferred": np.array([1, 1, 1, 1, 1, -1, 0]),
        "speed_low_m_s": np.full(7, 0.04),
        "speed_high_m_s": np.full(7, 0.25),
        "speed_basis": np.array(["class"] * 6 + ["given"], dtype=object),
        "flow_m3_s": np.full(7, np.nan),
    }
    return Canals(**{**facts, **changes})


def dense_flow(one, g, inflow, fixed):
    """Heads by a dense matrix; ``fixed`` gives those of the outlets."""
    matrix = np.zeros((one.nodes, one.nodes))
    for a, b, ease in zip(one.start, one.end, g, strict=True):
        matrix[a, a] += ease
        matrix[b, b] += ease
        matrix[a, b] -= ease
        matrix[b, a] -= ease
    right = inflow.copy()
    for node in (*fixed, 6, 7):
        matrix[node], right[node] = np.eye(one.nodes)[node], fixed.get(node, 0.0)
    head = np.linalg.solve(matrix, right)
    return np.where(one.start < 6, g * (head[one.start] - head[one.end]), 0.0), head


def usual_inflow(one):
    lateral = one.length_m / 1000 * FACTS["lateral_m3_s_km"]["value"]
    inflow = one.inflow_m3_s.copy()
    for k in range(7):
        inflow[[one.start[k], one.end[k]]] += lateral[k] / 2
    total = FACTS["inlet_share"]["value"] * lateral.sum()
    for node, weight in zip(one.inlets, one.inlet_weight, strict=True):
        inflow[node] += total * weight / one.inlet_weight.sum()
    return inflow


# ---------------------------------------------------------------- one solution
def test_the_usual_flow_is_that_of_a_dense_solve():
    one = canals()
    g = one.width_m ** (5 / 3) / one.length_m
    wanted, _ = dense_flow(one, g, usual_inflow(one), {4: 0.0})
    flows = canal_flows(one, NO_GAUGE, sink=1, members=1)
    np.testing.assert_allclose(flows.flow_m3_s, [wanted], rtol=1e-6)
    assert flows.quality == "assumed"
    assert flows.notes == ()
    # what is let in leaves at the outlet, and nowhere else
    leaving = flows.leaving(one, 0)
    assert np.flatnonzero(leaving > 1e-9).tolist() == [4]
    assert leaving[4] == pytest.approx(np.delete(usual_inflow(one)[:6], 4).sum())


def test_levels_at_several_outlets_move_the_water():
    one = canals(outlets=np.array([4, 3]), inlets=np.array([0]))
    g, inflow = np.linspace(1, 2, 7), np.linspace(0.1, 0.5, 8)
    plain, head = dense_flow(one, g, inflow, {4: 0.0, 3: 0.0})
    both = potential_flow(one, g, inflow, one.outlets, np.zeros(2))
    np.testing.assert_allclose(both, plain)
    top = np.abs(head).max()
    levels = np.array([0.2, -0.1])
    moved, _ = dense_flow(one, g, inflow, {4: 0.2 * top, 3: -0.1 * top})
    found = potential_flow(one, g, inflow, one.outlets, levels)
    np.testing.assert_allclose(found, moved, atol=1e-12)
    every = potential_flow(one, g, inflow, np.arange(8), np.zeros(8))
    assert not every.any()


def test_short_segments_count_as_a_tenth_of_a_metre():
    tiny, short = (
        canals(high_m=np.array([500.0, 1200, 800, 900, 1000, metres, 400]))
        for metres in (1e-6, 0.1)
    )
    found, wanted = (
        _solve(one, one.outlets, _parts(one), FACTS, None) for one in (tiny, short)
    )
    np.testing.assert_array_equal(found, wanted)


def test_members_are_drawn_about_the_usual_one():
    one = canals()
    flows = canal_flows(one, NO_GAUGE, sink=1, members=200).flow_m3_s
    assert len(flows) == 200
    usual = flows[0]
    again = canal_flows(one, NO_GAUGE, sink=1, members=1).flow_m3_s[0]
    np.testing.assert_allclose(usual, again)
    logs = np.log(np.abs(flows[1:, 0] / usual[0]))
    # inflow is unsure by about e, lateral and let in alike
    assert 0.9 < logs.std() < 1.9
    share = flows[1:, 2] / flows[1:, 1]
    assert 0.05 < share.std() < 0.6
    assert not flows[:, 6].any()


def test_in_half_of_the_members_a_gate_inside_may_let_water_out():
    one = canals(mouths=np.array([2]))
    flows = canal_flows(one, NO_GAUGE, sink=1, members=80)
    out = np.array([flows.leaving(one, m)[2] > 1e-9 for m in range(80)])
    assert not out[0]
    assert 0.3 < out.mean() < 0.6
    dry = canals(inlets=np.zeros(0, np.int64), inlet_weight=np.zeros(0))
    found = canal_flows(dry, NO_GAUGE, sink=1, members=1).flow_m3_s[0]
    inflow = usual_inflow(dry)
    wanted, _ = dense_flow(dry, dry.width_m ** (5 / 3) / dry.length_m, inflow, {4: 0.0})
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_how_many_members_follows_the_size_and_the_table(monkeypatch):
    assert len(canal_flows(canals(), NO_GAUGE, sink=1).flow_m3_s) == 32
    table = {"canal_flow": {**FACTS}}
    monkeypatch.setattr(_canal_flow, "load_table", lambda _: table)
    for segments, count in ((70, 10), (7, 8), (7000, 32)):
        table["canal_flow"]["members"] = {**FACTS["members"], "segments": segments}
        assert len(canal_flows(canals(), NO_GAUGE, sink=1).flow_m3_s) == count
    table["canal_flow"]["most_segments"] = {"value": 7}
    assert len(canal_flows(canals(), NO_GAUGE, sink=1).flow_m3_s) == 32
    table["canal_flow"]["most_segments"] = {"value": 6}
    large = canal_flows(canals(), NO_GAUGE, sink=1)
    assert large.flow_m3_s.shape == (1, 7)
    assert "large network" in large.notes[0][1]


def test_a_part_without_outlet_drains_to_the_section_and_says_so():
    flows = canal_flows(canals(), NO_GAUGE, sink=7, members=2)
    assert "taken to drain to it" in flows.notes[0][1]
    assert (flows.flow_m3_s[:, 6] > 0).all()


def test_a_direction_that_the_balance_does_not_fit_is_told():
    # two canals to one outlet: water of the first cannot run back
    wrong = canals(known=np.array([-1, -1, 0, 0, 0, 0, 0]))
    ((zh, en),) = canal_flows(wrong, NO_GAUGE, sink=1, members=1).notes
    assert zh.startswith("2 个河段")
    assert en.startswith("2 stretches")


def test_the_quality_of_a_flow_is_that_of_what_it_rests_on():
    gauge = Gauged(np.array([0]), np.array([1.0]), np.array([True]))
    bare = canals(is_width_known=np.zeros(7, dtype=bool))
    assert _quality(canals(), gauge) == _quality(bare, gauge) == "measured"
    assert _quality(canals(), NO_GAUGE) == "assumed"
    assert _quality(bare, NO_GAUGE) == "poor"


def test_water_is_routed_along_the_directions_in_very_large_networks():
    one = canals()
    flows = _routed(one, NO_GAUGE, FACTS)
    inflow = usual_inflow(one)
    wide = one.width_m ** (5 / 3)
    expected = np.zeros(7)
    expected[0] = inflow[0]
    expected[1] = expected[0] + inflow[5]
    at_1 = expected[1] + inflow[1]
    expected[2] = at_1 * wide[2] / (wide[2] + wide[3])
    expected[3] = at_1 - expected[2]
    expected[4] = expected[2] + inflow[2]
    # the last was drawn against the water
    expected[5] = -(expected[3] + inflow[3])
    np.testing.assert_allclose(flows.flow_m3_s, [expected], rtol=1e-7)
    assert flows.quality == "assumed"
    assert [en.split(" ")[0] for _, en in flows.notes] == ["large", "1"]
    inflow_m3_s = np.append(one.inflow_m3_s, 0.0)
    more = _routed(canals(nodes=9, inflow_m3_s=inflow_m3_s), NO_GAUGE, FACTS)
    np.testing.assert_allclose(more.flow_m3_s, flows.flow_m3_s)
    sure = canals(inferred=np.array([1, 1, 1, 1, 1, -1, 1]))
    assert len(_routed(sure, NO_GAUGE, FACTS).notes) == 1
    gauge = Gauged(np.array([1]), np.array([7.0]), np.array([False]))
    twice = _routed(one, gauge, FACTS)
    np.testing.assert_allclose(
        twice.flow_m3_s[0], expected * 7 / expected[1], rtol=1e-7
    )
    assert twice.quality == "measured"
    dry = canals(inlets=np.zeros(0, np.int64), inlet_weight=np.zeros(0))
    first = _routed(dry, NO_GAUGE, FACTS).flow_m3_s[0, 0]
    assert first == pytest.approx(usual_inflow(dry)[0])


def test_arcs_run_with_the_water_and_what_leaves_takes_its_share():
    transport, moving = flow_transport(
        3, (np.array([0, 2, 0]), np.array([1, 1, 2])), np.array([3.0, -1.0, 0.0]),
        leaving_m3_s=np.array([-9.0, 3.0, 0.0]), survival=np.array([0.9, 0.8, 0.7]),
        time_s=np.array([10.0, 20.0, 30.0]),
    )  # fmt: skip
    assert moving.tolist() == [0, 1]
    assert (transport.tail.tolist(), transport.head.tolist()) == ([0, 1], [1, 2])
    np.testing.assert_allclose(transport.share, [1.0, 0.25])
    np.testing.assert_allclose(transport.survival, [0.9, 0.8])
    np.testing.assert_allclose(transport.time_s, [10.0, 20.0])


# ---------------------------------------------------------------- what was measured
def test_members_are_scaled_by_the_middle_ratio_of_what_was_measured():
    flow = np.array([[2.0, -4.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0]])
    gauge = Gauged(np.array([0, 1, 2]), np.array([-8.0, 4.0, 3.0]), np.ones(3, bool))
    found = scaled(flow, gauge)
    np.testing.assert_allclose(found, flow * [[2.0], [1.0]])
    np.testing.assert_allclose(scaled(flow, NO_GAUGE), flow)
    still = Gauged(np.array([0, 1]), np.array([0.0, 4.0]), np.ones(2, bool))
    np.testing.assert_allclose(scaled(flow[:1], still), flow[:1])
    half = Gauged(np.array([0, 1]), np.array([0.0, 2.0]), np.ones(2, bool))
    np.testing.assert_allclose(scaled(flow[:1], half), flow[:1] / 2)


def test_the_correction_is_the_kalman_gain_of_the_ensemble():
    draw = np.random.default_rng(0)
    flow = draw.normal(2, 1, (9, 6))
    at, sd = np.array([1, 4]), np.array([0.3, 2.0])
    wanted = draw.normal(3, 1, (9, 2))
    spread = np.cov(flow.T)
    gain = spread[:, at] @ np.linalg.inv(spread[np.ix_(at, at)] + np.diag(sd**2))
    expected = flow + (wanted - flow[:, at]) @ gain.T
    np.testing.assert_allclose(_updated(flow, at, wanted, sd), expected)


def ensemble(seed=1):
    return np.random.default_rng(seed).normal([2.0, 1, 1, 1, 1, 1, 1], 0.7, (60, 7))


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("size", [6.0, 0.004])
def test_what_was_measured_corrects_within_its_error(signed, size):
    one = canals(known=np.zeros(7, np.int64))
    value = size * np.array([-1.0, 0.5, 1e-4])
    gauge = Gauged(np.array([0, 1, 3]), value, np.full(3, signed))
    flow = ensemble()
    found = corrected(one, flow, gauge, FACTS, np.random.default_rng(2))
    first = scaled(flow, gauge)
    # off by a fifth, and nothing is measured better than to a fiftieth of the largest
    sd = np.maximum(0.2 * np.abs(value), max(0.02 * size, LEAST_M3_S))
    own = np.where(first[:, gauge.segment] < 0, -1, 1) * np.abs(value)
    wanted = np.where(signed, value, own)
    noise = np.random.default_rng(2).normal(0.0, 1.0, wanted.shape)
    expected = _updated(first, gauge.segment, wanted + noise * sd, sd)
    np.testing.assert_allclose(found, expected)
    alone = corrected(one, flow[:1], gauge, FACTS, np.random.default_rng(2))
    np.testing.assert_allclose(alone, first[:1])
    pair = corrected(one, flow[:2], gauge, FACTS, np.random.default_rng(2))
    assert not np.allclose(pair, first[:2]), "two already tell how far they may be off"


def test_members_that_run_the_wrong_way_are_pushed_others_left():
    right = canals(known=np.array([1, 0, 0, 0, 0, -1, 0]))
    flow = ensemble()
    flow[:, 0] = np.abs(flow[:, 0]) + 0.1
    flow[:, 5] = -np.abs(flow[:, 5]) - 0.1
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(corrected(right, flow, NO_GAUGE, FACTS, rng), flow)
    few = flow.copy()
    few[:3, 0] *= -1  # one in twenty is borne
    np.testing.assert_array_equal(corrected(right, few, NO_GAUGE, FACTS, rng), few)
    many = flow.copy()
    many[:24, 0] *= -1
    found = corrected(right, many, NO_GAUGE, FACTS, rng)
    assert (found[:, 0] < 0).sum() < 12
    assert np.abs(found[24:, 0] - many[24:, 0]).mean() < 0.2
    typical = np.abs(many[:, [0]]).mean(axis=0)
    aim = np.maximum(many[:, [0]], 0.1 * typical)
    once = _updated(many, np.array([0]), aim, 0.3 * typical)
    again = (once[:, 0] < 0).mean() > 0.05
    assert again or np.allclose(found, once)
    # four of sixty: one push, as if measured to three tenths, is enough
    some = flow.copy()
    some[:4, 0] = -0.05
    typical = np.abs(some[:, [0]]).mean(axis=0)
    aim = np.maximum(some[:, [0]], 0.1 * typical)
    once = _updated(some, np.array([0]), aim, 0.3 * typical)
    assert (once[:, 0] < 0).mean() <= 0.05
    np.testing.assert_allclose(
        corrected(right, some, NO_GAUGE, FACTS, rng), once, rtol=1e-9
    )


def test_gauges_are_sections_and_one_segment_of_each_reach_with_a_flow():
    flow = np.array([3.0, 3.0, np.nan, -2.0, np.nan, np.nan, np.nan])
    one = canals(known=np.array([1, -1, 0, 0, 0, 0, 0]), flow_m3_s=flow)
    sections = {"flow_m3_s": [5.0, 4.0, np.nan, 6.0], "segment_in": [0, 1, 2, 3]}
    problem = SimpleNamespace(sections=pd.DataFrame(sections))
    found = gauged_flows(problem, SimpleNamespace(canals=one))
    assert found.segment.tolist() == [0, 1, 3, 0, 3]
    assert found.flow_m3_s.tolist() == [5.0, -4.0, 6.0, 3.0, -2.0]
    assert found.signed.tolist() == [True, True, False, True, True]


# ---------------------------------------------------------------- speeds
def test_speeds_are_given_or_of_flow_and_depth_or_of_the_class():
    one = canals()
    middle = np.sqrt(0.04 * 0.25)
    flow = np.array([[4.0, -4.0, 1e-9, 99.0, 1.0, 3.0, 1.0]])
    usual = speeds(one, Flows(flow, "assumed"), 0, None)
    np.testing.assert_allclose(usual, middle)
    found = speeds(one, Flows(flow, "measured"), 0, None)
    expected = [4 / 40, 4 / 40, 0.005, 1.5, 1 / 20, 3 / 30, middle]
    np.testing.assert_allclose(found, expected)
    sigma = FACTS["sigma_ln_speed"]
    for quality, base in (("assumed", usual), ("measured", found)):
        rng = np.random.default_rng(4)
        noise = np.random.default_rng(4).normal()
        moved = speeds(one, Flows(flow, quality), 0, rng)
        error = np.log(moved / base) / noise
        own = (
            [sigma["assumed"]] * 6
            if quality == "assumed"
            else [sigma["flow" if d > 0 else "solved"] for d in one.depth_m[:6]]
        )
        np.testing.assert_allclose(error, [*own, sigma["given"]])


@pytest.mark.parametrize("per_d", [0.0, 0.07, 2.0])
def test_by_distance_alone_influence_falls_off_with_the_usual_speed(per_d):
    problem = SimpleNamespace(
        decay_per_d=np.array([per_d, 9.0]), groups=[1, 2],
        sources=pd.DataFrame({"distance_m": [0.0, 9000.0]}),
    )  # fmt: skip
    found = distance_influence(problem)
    speed = np.sqrt(0.03 * 0.3)
    far = np.exp(-max(per_d, 1e-3) * 9000 / speed / 86400)
    np.testing.assert_allclose(found, [1.0, far, far**0.5, far**0.5])
    problem.sources = problem.sources.head(0)
    assert distance_influence(problem).tolist() == [1.0, 1.0]

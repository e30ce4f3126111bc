"""Every run tests itself: a flow that loses water, or a wrong influence, is refused."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_attribution_ranking import (
    BETWEEN,
    TWO,
    points,
    readings,
    section,
    stem,
    stem_network,
)

from geotool.attribution import _member, _rank, _states
from geotool.attribution._continuity import lost_shares, may_leave
from geotool.attribution._inputs import build_problem
from geotool.attribution._operator import Transport
from geotool.attribution._opinion import pooled
from geotool.attribution._problem import Evidence
from geotool.errors import NetworkError
from geotool.network import Scenario

FAILED = readings({"S1": 0.3, "S2": 2.4})


def test_a_sound_run_passes():
    assert len(stem(TWO, BETWEEN, FAILED).table) == 2


@pytest.mark.parametrize(("part", "percent"), [(0.8, 20), (1.25, 25), (1 - 1e-4, 0.01)])
def test_water_lost_or_made_on_the_way_is_refused(monkeypatch, part, percent):
    whole = _member.flow_transport

    def leaking(*given, **named):
        transport, moving = whole(*given, **named)
        return replace(transport, share=transport.share * part), moving

    monkeypatch.setattr(_member, "flow_transport", leaking)
    with pytest.raises(NetworkError, match="水量不守恒") as caught:
        stem(TWO, BETWEEN, FAILED)
    # the size of the miss is told, and it is that of the leak
    told = re.search(r"差 ([\d.e+-]+)%", caught.value.zh)
    assert float(told.group(1)) == pytest.approx(percent, rel=0.05)
    assert "not conserved" in caught.value.en


def test_a_flow_that_is_no_number_is_refused(monkeypatch):
    whole = _states.canal_flows

    def broken(*given, **named):
        flows = whole(*given, **named)
        flow = flows.flow_m3_s.copy()
        flow[-1, 0] = np.nan
        return replace(flows, flow_m3_s=flow)

    monkeypatch.setattr(_states, "canal_flows", broken)
    with pytest.raises(NetworkError, match="不是有限的数"):
        stem(TWO, BETWEEN, FAILED)


def test_every_flow_state_is_tested(monkeypatch):
    whole, seen = _member.require_water, []

    def watching(*given, **named):
        seen.append((named["state"], named["routed"]))
        if named["state"] == "乙" and named["routed"]:
            given = (given[0], given[1] * 1.5, given[2])
        whole(*given, **named)

    monkeypatch.setattr(_member, "require_water", watching)
    states = [(Scenario("甲"), 0.5), (Scenario("乙"), 0.5)]
    with pytest.raises(NetworkError, match="乙"):
        stem(TWO, BETWEEN, FAILED, states=states)
    # all members of the first, and it was routed once
    assert sum(name == "甲" for name, _ in seen) > 1
    assert sum(routed for name, routed in seen if name == "甲") == 1


@pytest.mark.parametrize("wrong", [1.01, -1.0, np.nan])
def test_an_influence_that_does_not_close_is_refused(monkeypatch, wrong):
    whole = Transport.influence
    monkeypatch.setattr(Transport, "influence", lambda *given: whole(*given) * wrong)
    with pytest.raises(NetworkError, match="自检"):
        stem(TWO, BETWEEN, FAILED)


def prepared():
    return build_problem(
        stem_network(),
        "S2",
        FAILED,
        points("outfall_id", TWO),
        item="NH3N",
        sections=points("section_id", BETWEEN),
    )


@pytest.mark.parametrize(
    ("factor", "refused"), [(1.0, False), (0.9, True), (1 - 1e-4, True)]
)
def test_the_flow_of_the_series_is_tested_too(monkeypatch, factor, refused):
    problem = prepared().problem
    flow = np.ones(len(problem.canals.start))
    # the last segment but one carries less on than came to it
    flow[-2:] *= factor
    count = problem.n + len(problem.groups)
    made = Evidence("series", np.zeros(count), 5, flow_m3_s=flow)
    monkeypatch.setattr(_rank, "SERIES_TIMES", 1)
    monkeypatch.setattr(_rank, "series_evidence", lambda _: made)
    if not refused:
        assert stem(TWO, BETWEEN, FAILED).level == 5
        return
    with pytest.raises(NetworkError, match="时间序列拟合的水流"):
        stem(TWO, BETWEEN, FAILED)


@pytest.mark.parametrize("seed", range(4))
def test_lost_shares_are_those_of_a_loop_over_nodes(seed):
    rng = np.random.default_rng(seed)
    canals = prepared().problem.canals
    flow = rng.normal(1.0, 0.4, (3, len(canals.start)))
    free = rng.random(canals.nodes) < 0.3
    expected = np.zeros(canals.nodes)
    for one in flow:
        leaves = [
            max(
                sum(q for q, b in zip(one, canals.end, strict=True) if b == node)
                - sum(q for q, a in zip(one, canals.start, strict=True) if a == node),
                0.0,
            )
            for node in range(canals.nodes)
        ]
        expected += np.array(leaves) / sum(leaves) / 3
    expected[free] = 0
    np.testing.assert_allclose(lost_shares(canals, flow, free), expected, atol=1e-12)


def test_water_that_the_gauges_make_vanish_is_told_with_its_size():
    # 5 m3/s pass the upper section, 1 m3/s the lower: four fifths are gone
    gone = {"S1": section(4000, 0, flow=5.0), "S2": section(8000, 0, flow=1.0)}
    notes = stem(TWO, gone, FAILED).notes
    told = [zh for zh, en in notes if "no outlet is registered" in en]
    assert len(told) == 1
    assert "%" in told[0]
    assert "取水" in told[0]
    sound = stem(TWO, BETWEEN, FAILED).notes
    assert not any("没有登记出口" in zh for zh, _ in sound)


def test_water_may_leave_where_an_outlet_is():
    problem = prepared().problem
    free = may_leave(problem.canals, int(problem.sections["node"].iloc[problem.target]))
    assert free[problem.canals.outlets].all()
    assert not free.all()


# ---------------------------------------------------------------- the other half
def opinion(monkeypatch, log_likelihood):
    "Notes of a ranking whose series say this of P1, P2 and the water above."
    problem = prepared().problem
    rest = [0.0] * len(problem.groups)
    ids = problem.sources["outfall_id"].tolist()
    by_id = dict(zip(("P1", "P2"), log_likelihood, strict=True))
    made = Evidence("series", np.array([*(by_id[key] for key in ids), *rest]), 5)
    monkeypatch.setattr(_rank, "SERIES_TIMES", 1)
    monkeypatch.setattr(_rank, "series_evidence", lambda _: made)
    notes = stem(TWO, BETWEEN, FAILED).notes
    return [zh for zh, en in notes if "disagree" in en]


def test_series_that_clear_what_the_means_put_first_are_told(monkeypatch):
    told = opinion(monkeypatch, (8.0, -8.0))
    assert len(told) == 1
    assert "P2" in told[0]
    assert "两者都要查" in told[0]


def test_halves_that_agree_say_nothing(monkeypatch):
    assert not opinion(monkeypatch, (-8.0, 8.0))
    # nor where the series leave both open
    assert not opinion(monkeypatch, (0.5, 0.0))


@given(
    st.lists(st.floats(1e-3, 1.0), min_size=2, max_size=8),
    st.integers(0, 10_000),
)
def test_the_pool_is_between_the_halves(weights, seed):
    series = np.array(weights) / sum(weights)
    steady = np.random.default_rng(seed).dirichlet(np.ones(len(series)))
    found = pooled(series, steady, len(series))
    assert found.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(pooled(series, series, len(series)), series)
    # of two candidates that both halves put in one order, the pool does too
    for one in range(len(series)):
        for two in range(len(series)):
            if series[one] >= series[two] and steady[one] >= steady[two]:
                assert found[one] >= found[two] - 1e-12
    turn = np.random.default_rng(seed).permutation(len(series))
    np.testing.assert_allclose(
        pooled(series[turn], steady[turn], len(turn)), found[turn]
    )


def test_what_one_half_rules_out_is_doubted_not_lost():
    found = pooled(np.array([0.0, 1.0]), np.array([0.9, 0.1]), 2)
    assert 0 < found[0] < 0.05

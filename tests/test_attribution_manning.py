"""What every run tests of its flow, and the flow of the series by Manning."""

import numpy as np
import pytest
from test_attribution_baseline import web
from test_attribution_flow import canals

from geotool.attribution._canal_flow import (
    injected,
)
from geotool.attribution._continuity import (
    may_leave,
    require_influence,
    require_numbers,
    require_water,
)
from geotool.attribution._members import SURE_TURNS, TURNS, FlowModel, FlowPrior
from geotool.attribution._operator import Transport
from geotool.errors import NetworkError


# ---------------------------------------------------------------- self-tests
def test_a_small_miss_of_one_node_is_found_a_smaller_is_rounding():
    stem = Transport(3, np.array([0, 1]), np.array([1, 2]), np.ones(2), np.ones(2))
    inflow = np.array([2.0, 1.0, 0.0])
    for routed in (False, True):
        require_water(stem, inflow, np.array([2.0, 3.0, 3.0 + 1e-6]), routed=routed)
        for wrong in (3.0 + 1e-5, 3.0 - 1e-5):
            with pytest.raises(NetworkError, match="乙"):
                require_water(
                    stem, inflow, np.array([2.0, 3.0, wrong]), routed=routed, state="乙"
                )
    require_water(stem, np.zeros(3), np.zeros(3), routed=True)
    # a loss that grows node by node is within rounding at each, not in all
    long = Transport(40, np.arange(39), np.arange(1, 40), np.full(39, 1.0), np.ones(39))
    through = 3.0 * (1 - 7e-7) ** np.arange(40)
    start = np.append(3.0, np.zeros(39))
    require_water(long, start, through, routed=False)
    with pytest.raises(NetworkError, match="不守恒"):
        require_water(long, start, through, routed=True)


@pytest.mark.parametrize("state", ["", "开闸"])
def test_a_flow_without_a_number_names_its_state(state):
    with pytest.raises(NetworkError) as caught:
        require_numbers(np.array([1.0, np.inf]), state=state)
    assert ("“开闸”" in caught.value.zh) == bool(state)
    require_numbers(np.ones(2), state=state)


def test_an_influence_is_held_against_both_of_its_equations():
    stem = Transport(
        3,
        np.array([0, 1]),
        np.array([1, 2]),
        np.array([1.0, 0.5]),
        np.array([0.9, 0.8]),
    )
    at, flow = np.array([2, 1]), np.array([4.0, 2.0])
    psi = stem.influence(at, flow)
    loads = np.array([1.0, 2.0, 3.0])
    require_influence(stem, psi, at, flow, loads=loads)
    require_influence(stem, psi, at, flow, loads=None)
    second = psi.copy()
    second[1, 0] *= 1 + 1e-5
    require_influence(stem, second, at, flow, loads=None)
    for wrong in (second, -psi, psi * np.nan, psi + 1e-5):
        with pytest.raises(NetworkError, match="自检"):
            require_influence(stem, wrong, at, flow, loads=loads)
    first = psi.copy()
    first[0, 1] *= 1 - 1e-5
    with pytest.raises(NetworkError, match="自检"):
        require_influence(stem, first, at, flow, loads=None)
    require_influence(stem, psi * (1 + 1e-9), at, flow, loads=loads)


def test_water_may_leave_at_outlets_inlets_mouths_and_the_section():
    one = canals(mouths=np.array([2]))
    assert np.flatnonzero(may_leave(one, 5)).tolist() == [0, 2, 3, 4, 5]
    flow = np.array([1.0, 2.0, 0, 0, 0, 0, -1.0])
    np.testing.assert_allclose(injected(one, flow), [1, -2, 0, 0, 0, 1, -1, 1])
    more = canals(nodes=9)
    np.testing.assert_allclose(injected(more, flow), [1, -2, 0, 0, 0, 1, -1, 1, 0])


# ---------------------------------------------------------------- Manning's flow
def test_the_parameters_are_named_in_order_with_their_prior():
    one = web(outlets=np.array([4, 3]), inlets=np.array([0]))
    prior = FlowPrior(conveyance_sigma=0.7, depth_m=1.8, depth_sigma=0.4, start_h=50.0,
                      start_sigma=0.9)  # fmt: skip
    model = FlowModel(one, prior, np.array([0.2, 0.3]))
    mean = [0, 0, 0, np.log(4), 0, np.log(1.8), np.log(50), 0, 0]
    np.testing.assert_allclose(model.mean, mean)
    np.testing.assert_allclose(model.sd, [0.7] * 3 + [0.5, 1, 0.4, 0.9, 0.2, 0.3])


@pytest.mark.parametrize("turns", [1, 2, 5])
def test_a_member_flows_alike_whoever_stands_beside_it(turns):
    model = FlowModel(web(), FlowPrior(depth_m=1.8), np.array([0.2]))
    draw = np.random.default_rng(5)
    values = model.mean + model.sd * draw.standard_normal((6, len(model.mean)))
    values[0, 3] += 3.0  # twenty times the water of the others
    beside = model.flow(values, turns=turns)
    for m in range(6):
        alone = model.flow(values[[m]], turns=turns)
        np.testing.assert_allclose(
            beside.flow_m3_s[m], alone.flow_m3_s[0], rtol=1e-9, atol=1e-12
        )


@pytest.mark.parametrize("outlets", [[4], [4, 3]])
def test_heads_lose_by_manning_and_water_is_kept(outlets):
    one = web(outlets=np.array(outlets))
    model = FlowModel(one, FlowPrior(depth_m=1.8), np.array([0.2]))
    draw = np.random.default_rng(3)
    values = model.mean + 0.5 * model.sd * draw.standard_normal((5, len(model.mean)))
    found = model.flow(values)
    depth = np.where(np.isnan(one.depth_m), 1.8, one.depth_m)
    area = one.width_m * depth
    carried = area * (area / (one.width_m + 2 * depth)) ** (2 / 3)
    slow = 0.02 * 4.0
    levels = len(outlets) - 1
    usual = model.flow(model.mean[None]).head
    for m in range(5):
        ease = carried**2 / one.length_m * np.exp(values[m, one.group])
        flow, head = found.flow_m3_s[m], found.head[m]
        drop = head[one.start] - head[one.end]
        np.testing.assert_allclose(flow * (np.abs(flow) + slow), ease * drop)
        inflow = one.inflow_m3_s.copy()
        inflow[0] += np.exp(values[m, 3])
        out = np.bincount(one.start, flow, minlength=5)
        out = out - np.bincount(one.end, flow, minlength=5)
        free = np.setdiff1d(np.arange(5), outlets)
        np.testing.assert_allclose(out[free], inflow[free], atol=2e-3 * inflow[0])
        assert head[4] == 0
        if levels:
            assert head[3] == pytest.approx(values[m, 4] * 0.3 * np.abs(usual).max())
        rest = values[m, 4 + levels :]
        unknown = np.isnan(one.depth_m)
        np.testing.assert_allclose(found.depth_m[m, unknown], np.exp(rest[0]))
        np.testing.assert_allclose(found.depth_m[m, ~unknown], one.depth_m[~unknown])
        assert found.start_h[m] == pytest.approx(np.exp(rest[1]))
        assert found.decay_factor[m] == pytest.approx(np.exp(rest[2:]))
        assert found.inlet_m3_s[m] == pytest.approx(np.exp(values[m, [3]]))


def test_flows_that_are_kept_lose_no_water_even_where_it_is_about_to_turn():
    number = np.arange(30).reshape(5, 6)
    start = np.concatenate([number[:, :-1].ravel(), number[:-1].ravel()])
    end = np.concatenate([number[:, 1:].ravel(), number[1:].ravel()])
    draw, none = np.random.default_rng(11), np.zeros(0)
    one = web(
        start=start, end=end, length_m=np.full(49, 900.0), width_m=np.full(49, 20.0),
        depth_m=np.full(49, np.nan), group=np.arange(49), known=np.zeros(49, int),
        nodes=30, inflow_m3_s=draw.exponential(0.05, 30), outlets=np.array([24, 29]),
        gauge=none.astype(int), gauge_m3_s=none, gauge_sigma=none,
    )  # fmt: skip
    model = FlowModel(one, FlowPrior(depth_m=1.8), np.array([0.2]))
    values = model.mean + 2 * model.sd * draw.standard_normal((1000, len(model.mean)))

    def lost(turns):
        found = model.flow(values, turns=turns)
        inflow = np.tile(one.inflow_m3_s, (len(values), 1))
        np.add.at(inflow, (slice(None), one.inlets), found.inlet_m3_s)
        ends = np.zeros((one.nodes, len(one.start)))
        np.add.at(ends, (one.start, np.arange(len(one.start))), 1.0)
        np.add.at(ends, (one.end, np.arange(len(one.start))), -1.0)
        gone = found.flow_m3_s @ ends.T - inflow
        gone[:, one.outlets] = 0.0
        return np.abs(gone).sum(axis=1) / inflow.sum(axis=1)

    assert lost(TURNS).max() > 1e-6, "or the rounds of a search would do"
    assert lost(SURE_TURNS).max() < 1e-9


def test_what_speaks_against_a_flow_is_its_gauges_and_its_known_directions():
    one = web(known=np.array([1, 0, 0, -1, 0]), gauge=np.array([0, 2]),
              gauge_m3_s=np.array([4.0, 2.0]), gauge_sigma=np.array([0.25, 0.5]))  # fmt: skip
    model = FlowModel(one, FlowPrior(direction_weight=3.0), np.array([0.2]))
    flow = model.flow(model.mean[None])
    q = flow.flow_m3_s[0]
    assert q[3] > 0, "against what is known"
    step = 0.01 * (1 + 3.0)
    missed = [
        (np.log(abs(q[k]) + step) - np.log(g + step)) / s
        for k, g, s in ((0, 4.0, 0.25), (2, 2.0, 0.5))
    ]
    wrong = [3.0 * np.arcsinh(min(0.0, sign * q[k] - 0.1 * step) / step)
             for k, sign in ((0, 1), (3, -1))]  # fmt: skip
    np.testing.assert_allclose(model.residuals(flow)[0], [*missed, *wrong])


def test_without_any_gauge_water_is_taken_as_slow():
    none = np.zeros(0)
    one = web(gauge=none.astype(int), gauge_m3_s=none, gauge_sigma=none)
    flow = FlowModel(one, FlowPrior(), np.zeros(0)).flow(
        FlowModel(one, FlowPrior(), np.zeros(0)).mean[None]
    )
    q, head = flow.flow_m3_s[0], flow.head[0]
    depth = np.where(np.isnan(one.depth_m), 1.6, one.depth_m)
    area = one.width_m * depth
    ease = (area * (area / (one.width_m + 2 * depth)) ** (2 / 3)) ** 2 / one.length_m
    drop = head[one.start] - head[one.end]
    np.testing.assert_allclose(q * (np.abs(q) + 0.001), ease * drop)

"""The readings without an incident, step by step against plain loops."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_attribution_series import _random_web, one_member

from geotool.attribution import _lag_sweep
from geotool.attribution._baseline import (
    Baseline,
    Loads,
    Series,
    _bump,
    bumps,
    reading_sigma,
)
from geotool.attribution._ensemble import _misfit, _renew, best_members, smooth_ensemble
from geotool.attribution._lags import (
    LEAST_FLOW_M3_S,
    lag_kernels,
    step_responses,
    travel_hours,
)
from geotool.attribution._members import FlowModel, FlowPrior, Web


# ---------------------------------------------------------------- kernels
def kernel_by_hand(start, end, flow, hours, sections, *, step_h, lags):
    """Root array and delay in steps of every node, by recursion along the water."""
    tail, tip = np.where(flow >= 0, start, end), np.where(flow >= 0, end, start)
    size = np.maximum(np.abs(flow), LEAST_FLOW_M3_S)

    def of(node):
        ways = np.flatnonzero(tail == node)
        here = np.flatnonzero(sections == node)
        if len(ways) == 1 and not len(here):
            array, delay = of(tip[ways[0]])
            late = delay + hours[ways[0]] / step_h
            return (array, late) if late < lags else (np.zeros_like(array), 0.0)
        total = np.zeros((lags, len(sections)))
        for k in ways:
            array, delay = of(tip[k])
            late = delay + hours[k] / step_h
            for lag in range(lags):
                for at, part in (
                    (lag + int(late), 1 - late % 1),
                    (lag + int(late) + 1, late % 1),
                ):
                    if at < lags:
                        total[at] += size[k] / size[ways].sum() * part * array[lag]
        total[0, here] += 1.0
        return total, 0.0

    passing = [
        max(size[tip == node].sum(), size[tail == node].sum()) for node in sections
    ]
    return lambda node: (of(node)[0] / passing, of(node)[1])


@pytest.mark.parametrize("seed", range(4))
def test_kernels_are_those_of_a_recursion_along_the_water(seed):
    start, end, flow, hours, head = _random_web(seed, nodes=9)
    sections = np.array([8, 4, 4, 0])
    options = {"step_h": 1.5, "lags": 30}
    found = one_member(start, end, flow, hours, head, sections, **options)
    by_hand = kernel_by_hand(start, end, flow, hours, sections, **options)
    assert found.step_h == 1.5
    for node in range(9):
        array, delay = by_hand(node)
        own = found.kernel[found.root[node]]
        np.testing.assert_allclose(own, array, rtol=1e-4, atol=1e-6)
        if array.any():
            assert found.delay_h[node] == pytest.approx(1.5 * delay)


@pytest.mark.parametrize("at_once", [1, 3_000, 10**9])
def test_many_members_are_swept_as_each_alone(monkeypatch, at_once):
    monkeypatch.setattr(_lag_sweep, "AT_ONCE", at_once)
    start, end, *_ = _random_web(3, nodes=9)
    draw = np.random.default_rng(8)
    head = draw.normal(size=(40, 9))
    head[::5, 4] = head[::5, 2]  # still water in between
    ease = draw.uniform(0.1, 3.0, (40, len(start)))
    flow = ease * (head[:, start] - head[:, end])
    hours = draw.uniform(0.1, 9.0, flow.shape)
    sections = np.array([8, 4, 4, 0])
    options = {"step_h": 1.5, "lags": 30}
    every = list(lag_kernels(start, end, flow, hours, head, sections, **options))
    assert len(every) == 40
    for k, found in enumerate(every):
        alone = one_member(start, end, flow[k], hours[k], head[k], sections, **options)
        np.testing.assert_array_equal(found.root, alone.root)
        np.testing.assert_allclose(found.delay_h, alone.delay_h)
        np.testing.assert_allclose(
            found.kernel[found.root], alone.kernel[alone.root], rtol=1e-6
        )
        by_hand = kernel_by_hand(start, end, flow[k], hours[k], sections, **options)
        for node in range(9) if k % 5 else ():
            own = found.kernel[found.root[node]]
            np.testing.assert_allclose(own, by_hand(node)[0], rtol=1e-4, atol=1e-6)


def test_water_that_ends_without_a_section_shows_nowhere():
    ends = np.array([0, 0]), np.array([1, 2])
    flow, head = np.array([3.0, 1.0]), np.array([1.0, 0.0, 0.0])
    found = one_member(*ends, flow, np.full(2, 4.0), head, np.array([1]))
    assert found.root[2] == 0
    assert not found.kernel[0].any()
    # a quarter of the water at node 0 never passes the section of 3 m3/s
    assert found.kernel[found.root[0], :, 0].sum() == pytest.approx(0.75 / 3)
    assert found.kernel[found.root[0], 2, 0] == pytest.approx(0.25)


@pytest.mark.parametrize(
    ("hours", "comes"), [(19.9, True), (20.0, False), (38.0, False)]
)
def test_what_is_later_than_the_last_lag_never_comes(hours, comes):
    ends = np.array([0, 1]), np.array([1, 2])
    flow, took = np.full(2, 3.0), np.array([hours, 1e-3])
    found = one_member(
        *ends, flow, took, np.array([2.0, 1.0, 0.0]), np.array([1]), lags=10
    )
    assert (found.root[0] > 0) == comes
    assert found.delay_h[0] == (hours if comes else 0.0)


@pytest.mark.parametrize("seed", range(3))
def test_step_responses_are_sums_over_the_lags(seed):
    start, end, flow, hours, head = _random_web(seed, nodes=9)
    kernels = one_member(
        start, end, flow, hours, head, np.array([8, 4]), step_h=3.0, lags=25
    )
    times, decay = np.array([-5.0, 0.0, 0.4, 7.3, 20.0, 500.0]), np.array([0.0, 2.0])
    nodes = np.array([0, 3, 3, 7])
    found = step_responses(kernels, nodes, times, decay)
    assert found.shape == (2, 4, 6, 2)
    for i, node in enumerate(nodes):
        late = kernels.delay_h[node]
        for t, hour in enumerate(times):
            for k, per_d in enumerate(decay):
                come = np.zeros(2)
                for lag, share in enumerate(kernels.kernel[kernels.root[node]]):
                    part = np.clip((hour - late) / 3.0 + 0.5 - lag, 0, 1)
                    left = np.exp(-per_d * (3.0 * lag + late) / 24)
                    come += part * left * share
                np.testing.assert_allclose(found[k, i, t], come, rtol=1e-4, atol=1e-6)


def test_water_that_stands_still_takes_long_but_not_for_ever():
    found = travel_hours(*(np.array([one]) for one in (36.0, 10.0, 2.0, 0.0)))
    assert found[0] == pytest.approx(720 / LEAST_FLOW_M3_S / 3600)


# ---------------------------------------------------------------- errors of readings
def sigma_by_hand(series, limit, share, model_share, floor):
    read = series[~np.isnan(series)]
    high = np.percentile(read, 80) if len(read) else 0.0
    found = []
    for k in range(len(series)):
        near = series[max(k - 2, 0) : k + 3]
        close = series[max(k - 1, 0) : k + 2]
        mean = read.mean() if len(read) else 0.0
        near, close = near[~np.isnan(near)], close[~np.isnan(close)]
        level = np.median(near) if len(near) else mean
        jump = np.ptp(close) if len(close) else 0.0
        jump = max(jump - 3 * share * level, 0)
        parts = (
            share * level,
            0.25 * jump,
            model_share * high,
            max(0.004 * limit, floor),
        )
        found.append(np.sqrt(sum(part**2 for part in parts)))
    return found


@pytest.mark.parametrize("limit", [0.2, 30.0])
def test_the_error_of_a_reading_is_that_of_level_jump_and_model(limit):
    draw = np.random.default_rng(1)
    value = draw.lognormal(0, 0.6, (2, 40, 3))
    found = reading_sigma(value, np.full(2, limit), share=0.07, model_share=0.05)
    for item, section in np.ndindex(2, 3):
        one = value[item, :, section]
        by_hand = sigma_by_hand(one, limit, 0.07, 0.05, 0.0)
        np.testing.assert_allclose(found[item, 2:-2, section], by_hand[2:-2])


@pytest.mark.parametrize(("times", "known"), [(4, False), (5, True), (9, True)])
def test_what_is_read_again_and_again_at_the_bottom_is_the_end_of_the_scale(
    times, known
):
    value = np.linspace(0.5, 0.9, 24)
    value[:times] = 0.01
    value[times] = 0.0149  # as good as the end of the scale; 0.0151 is a reading
    value[times + 1] = 0.0151
    found = reading_sigma(
        value[None, :, None], np.array([0.1]), share=0.0, model_share=0.0
    )[0, :, 0]
    assert found[0] == pytest.approx(0.01 if known else 0.0004, rel=1e-6)
    jump = 0.25 * (0.0151 - 0.01)
    assert (found[times] ** 2 - jump**2) ** 0.5 == pytest.approx(
        0.01 if known else 0.0004, rel=0.2
    )
    # what is never near nought, beside the limit, is read off well
    far = reading_sigma(
        value[None, :, None], np.array([0.0999]), share=0.0, model_share=0.0
    )
    assert far[0, 0, 0] == pytest.approx(0.0004, rel=1e-2)


def bump_by_hand(series, floor, longest=30, beside=8, least=6.0):
    noise = max(0.08 * np.median(series), floor, 1e-12)
    best, found = least, None
    for a in range(3, len(series)):
        for b in range(a + 2, min(a + longest, len(series) - 4) + 1):
            before, behind = series[max(a - beside, 0) : a], series[b : b + beside]
            clear = series[a:b].mean() - max(before.mean(), behind.mean())
            fewer = min(len(before), len(behind))
            clear /= noise * np.sqrt(1 / (b - a) + 1 / fewer)
            if clear > best + 1e-9:
                best, found = clear, (a, b)
    return found


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.integers(9, 45), st.sampled_from([0.0, 0.5, 3.0]))
def test_the_clearest_bump_is_the_one_found_by_trying_all(seed, count, height):
    draw = np.random.default_rng(seed)
    series = 1.0 + 0.1 * draw.standard_normal(count)
    begin, size = draw.integers(0, count), draw.integers(1, 40)
    series[begin : begin + size] += height
    for floor in (0.0, 0.3):
        assert _bump(series, floor) == bump_by_hand(series, floor)


def test_bumps_are_marked_with_a_margin_and_across_gaps():
    value = np.full((2, 40, 2), np.nan)
    value[0, :, 0] = 0.3
    value[0, 14:20, 0] = 2.0
    value[1, ::2, 1] = 0.3
    value[1, 14:20:2, 1] = 2.0
    value[0, :11, 1] = 0.3  # eleven readings are too few to tell
    value[0, 4:7, 1] = 9.0
    found = bumps(value, np.array([1.0, 1.0]))
    assert np.flatnonzero(found[0, :, 0]).tolist() == list(range(12, 22))
    assert np.flatnonzero(found[1, :, 1]).tolist() == list(range(12, 21))
    assert not found[0, :, 1].any()
    assert not found[1, :, 0].any()
    wide = bumps(value, np.array([1.0, 1.0]), margin=0)
    assert np.flatnonzero(wide[0, :, 0]).tolist() == list(range(14, 20))
    early = value[:1, 11:, :1]
    assert np.flatnonzero(bumps(early, np.ones(1))[0, :, 0])[0] == 1


@pytest.mark.parametrize(("limit", "told"), [(10.0, False), (0.1, True)])
def test_what_is_nothing_beside_the_limit_is_no_bump(limit, told):
    value = np.full((1, 40, 1), 0.001)
    value[0, 14:20] = 0.01
    assert bumps(value, np.array([limit])).any() == told


# ---------------------------------------------------------------- loads fitted
def web(**changes):
    """A canal that parts into two arms, which meet again before the outlet."""
    facts = {
        "start": np.array([0, 1, 2, 1, 3]),
        "end": np.array([1, 2, 4, 3, 4]),
        "length_m": np.array([3000.0, 2000.0, 2500.0, 4000.0, 1000.0]),
        "width_m": np.array([20.0, 10.0, 10.0, 12.0, 12.0]),
        "depth_m": np.array([2.0, np.nan, 1.5, np.nan, 2.0]),
        "group": np.array([0, 1, 1, 2, 2]),
        "known": np.array([1, 0, 0, 1, 0]),
        "nodes": 5,
        "inflow_m3_s": np.array([0.0, 0.0, 0.3, 0.0, 0.0]),
        "inlets": np.array([0]),
        "inlet_m3_s": np.array([4.0]),
        "inlet_sigma": np.array([0.5]),
        "outlets": np.array([4]),
        "gauge": np.array([0]),
        "gauge_m3_s": np.array([4.0]),
        "gauge_sigma": np.array([0.25]),
    }
    return Web(**{**facts, **changes})


def baseline(seed=0, *, aside=True):
    """Two items at three sections and twenty times, two outfalls and the inlet."""
    draw = np.random.default_rng(seed)
    value = draw.lognormal(0, 0.4, (2, 20, 3))
    value[draw.random(value.shape) < 0.15] = np.nan
    marked = np.zeros(value.shape, dtype=bool)
    if aside:
        marked[0, 5:9, 1] = True
    each = np.array([[3.0, 2.0, 0.4], [0.5, 1.0, 0.1]])
    spread = np.stack(
        [np.diag((0.5 * one) ** 2) + 0.1 * np.outer(one, one) for one in each]
    )
    return Baseline(
        FlowModel(web(), FlowPrior(), np.array([0.3, 0.3])),
        np.array([1, 3, 4]),
        Series(np.arange(20) * 4.0, value, draw.uniform(0.1, 0.3, value.shape), marked),
        Loads(np.array([2, 1, 0]), each, spread),
        np.array([0.07, 0.0]),
    )


def some_flow(base, members=3, seed=5):
    draw = np.random.default_rng(seed)
    model = base.model
    return model.flow(
        model.mean + model.sd * draw.standard_normal((members, len(model.mean)))
    )


def kernels_of(base, flow):
    return list(base.kernels(flow))


def fit_by_hand(base, flow, member, weight):
    kernels = kernels_of(base, flow)[member]
    times = base.series.times_h + flow.start_h[member]
    decay = base.decay_per_d * flow.decay_factor[member]
    for item in range(2):
        effect = step_responses(kernels, base.loads.nodes, times, decay)[item]
        effect = effect.reshape(3, -1).astype(float)
        # an inlet brings mg/L: its water makes g/s of it
        effect[2] *= flow.inlet_m3_s[member, 0]
        read = base.series.value[item].ravel()
        there = ~np.isnan(read)
        mean, spread = base.loads.mean[item], base.loads.spread[item]
        root = np.linalg.cholesky(np.linalg.inv(spread)).T
        scale = np.sqrt(weight[item][there])
        left = np.vstack([(effect[:, there] * scale).T, root])
        right = np.concatenate([read[there] * scale, root @ mean])
        load, *_ = np.linalg.lstsq(left, right, rcond=None)
        rest = np.where(there, read - load @ effect, np.nan)
        yield effect, rest, np.linalg.inv(left.T @ left), load - mean


@pytest.mark.parametrize("member", [0, 2])
def test_the_loads_are_those_of_least_squares_with_their_prior(member):
    base = baseline()
    flow = some_flow(base)
    weight = base.weight
    fit = base.fit(flow, member, kernels_of(base, flow)[member], weight)
    for item, by_hand in enumerate(fit_by_hand(base, flow, member, weight)):
        effect, rest, inverse, _ = by_hand
        np.testing.assert_allclose(fit.effect[item], effect, rtol=1e-5, atol=1e-7)
        there = ~np.isnan(rest)
        np.testing.assert_allclose(fit.rest[item][there], rest[there], atol=1e-5)
        np.testing.assert_allclose(fit.inverse[item], inverse, rtol=1e-4, atol=1e-7)


def test_readings_weigh_by_their_errors_and_bumps_are_set_aside():
    base = baseline()
    read = ~np.isnan(base.series.value)
    weight = base.weight.reshape(read.shape)
    np.testing.assert_allclose(weight[read], base.series.sigma[read] ** -2.0)
    assert not weight[~read].any()
    kept = base.kept_weight.reshape(read.shape)
    aside = base.series.aside
    assert not kept[aside].any()
    np.testing.assert_array_equal(kept[~aside], weight[~aside])


def test_a_section_that_a_member_misses_is_trusted_less():
    base = baseline()
    flow = some_flow(base)
    kernels = kernels_of(base, flow)[1]
    fit = base.fit(flow, 1, kernels, base.kept_weight)
    trusted = base.doubtful_weight(flow, 1, kernels)
    shape = base.series.value.shape
    rest, kept, own, found = (
        one.reshape(shape) for one in (fit.rest, base.kept_weight, base.weight, trusted)
    )
    less = 0
    for item, section in np.ndindex(2, 3):
        at = item, slice(None), section
        count = np.count_nonzero(kept[at])
        wrong = max((rest[at] ** 2 * kept[at]).sum() / count, 1.0)
        less += wrong > 1.0
        np.testing.assert_allclose(found[at], own[at] / wrong)
    assert less
    # with fewer readings than are needed to tell, none is doubted
    same = base.doubtful_weight(flow, 1, kernels, least=21)
    np.testing.assert_array_equal(same, base.weight)
    counts = np.count_nonzero(kept, axis=1)
    most = base.doubtful_weight(flow, 1, kernels, least=int(counts.max()))
    changed = (most != base.weight).reshape(shape).any(axis=1)
    assert changed.any()
    assert (counts[changed] == counts.max()).all()


def test_the_residuals_of_members_are_of_flow_readings_and_loads():
    base = baseline()
    draw = np.random.default_rng(5)
    model = base.model
    values = model.mean + model.sd * draw.standard_normal((3, len(model.mean)))
    found = base.residuals(values)
    flow = model.flow(values)
    own = model.residuals(flow)
    np.testing.assert_allclose(found[:, : own.shape[1]], own)
    rest = np.sinh(found[:, own.shape[1] :] / 3) * 3
    shape = (2, len(base.loads.nodes))
    for member in range(3):
        missed, pull = np.split(rest[member], [base.value.size])
        by_hand = list(fit_by_hand(base, flow, member, base.kept_weight))
        left = np.nan_to_num([one[1] for one in by_hand]) * np.sqrt(base.kept_weight)
        np.testing.assert_allclose(missed.reshape(left.shape), left, atol=1e-4)
        for item, (*_, change) in enumerate(by_hand):
            square = change @ np.linalg.solve(base.loads.spread[item], change)
            size = (pull.reshape(shape)[item] ** 2).sum()
            assert size == pytest.approx(square, rel=1e-3)


# ---------------------------------------------------------------- the ensemble
def test_the_worst_members_give_way_to_copies_of_the_best():
    values = np.arange(8.0)[:, None]
    found, misfit = values * 10, np.array([3.0, 1, 7, 5, 0, 2, 6, 4])
    _renew(values, found, misfit, 0.25, np.random.default_rng(0))
    changed = np.flatnonzero(values[:, 0] != np.arange(8))
    assert set(changed) == {2, 6}
    assert set(values[changed, 0]) <= {4.0, 1.0}
    np.testing.assert_array_equal(found, values * 10)
    before = values.copy()
    _renew(values, found, misfit, 0.1, np.random.default_rng(0))
    np.testing.assert_array_equal(values, before)


def test_the_misfit_is_half_the_squares_of_residuals_and_of_the_way_from_the_prior():
    values = np.array([[1.0, 4.0], [0.0, 0.0]])
    found = _misfit(values, np.array([[3.0], [1.0]]), np.zeros(2), np.array([1.0, 2.0]))
    np.testing.assert_allclose(found, [(9 + 1 + 4) / 2, 0.5])


@pytest.mark.parametrize("rounds", [0, 1, 5])
def test_the_members_told_are_those_that_were_judged(rounds):
    """A residual without bound does not carry a member away."""
    seen = []

    def residuals(values):
        seen.append(values.copy())
        return np.hstack([(values - 1.0) / 0.2, 1e6 * values])

    found = smooth_ensemble(
        residuals, np.full(2, 3.0), np.full(2, 0.5), members=12, rounds=rounds, seed=3
    )
    assert len(seen) == rounds + 1
    assert found.states.shape == (12, 2)
    np.testing.assert_array_equal(found.states, seen[-1])
    capped = np.clip(np.hstack([(found.states - 1) / 0.2, 1e6 * found.states]), -30, 30)
    far = ((found.states - 3.0) / 0.5) ** 2
    np.testing.assert_allclose(
        found.misfit, ((capped**2).sum(axis=1) + far.sum(axis=1)) / 2
    )
    assert best_members(found, 3).tolist() == np.argsort(found.misfit)[:3].tolist()
    if not rounds:
        draw = np.random.default_rng(3).standard_normal((12, 2))
        np.testing.assert_allclose(found.states, 3.0 + 0.5 * draw)

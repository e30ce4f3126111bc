"""Pulses against readings, and what becomes of their gains, against plain loops."""

import numpy as np
import pytest
from test_attribution_baseline import baseline, kernels_of, some_flow

from geotool.attribution import _pulses
from geotool.attribution._lags import step_responses
from geotool.attribution._logs import logsumexp
from geotool.attribution._multiples import _scatter, own_multiples, summed_gain
from geotool.attribution._pulses import PulseGrid, Pulses, Suspects
from geotool.attribution._weigh import (
    PulseRule,
    averaged,
    candidate_likelihood,
    even_prior,
    weigh_pulses,
)
from geotool.tables import load_table

GRID = PulseGrid(
    step_h=4.0, lengths_h=(8.0, 20.0), before_h=8.0, multiples=(1.0, 60.0), kept=4
)
SUSPECTS = Suspects(
    nodes=np.array([2, 1, 0, 3]),
    owner=np.array([0, 1, 2, 2]),
    load_g_s=np.array([[3.0, 0.4], [2.0, 1.1], [1.0, 0.2], [0.5, 0.5]]),
    sigma=np.array([0.5, 0.5, 0.9, 0.9]),
)


@pytest.fixture(scope="module")
def setting():
    base = baseline(aside=False)
    base.weight /= 20.0  # some gains of tens, as in a case of the field
    # a pulse of the second suspect on top of what was drawn
    flow = some_flow(base)
    kernels = kernels_of(base, flow)[1]
    response = pulse_by_hand(base, flow, kernels, 1, 12.0, 20.0)
    base.value += 6.0 * np.where(base.weight > 0, response, 0.0)
    return base, flow, kernels


def pulse_by_hand(base, flow, kernels, point, start, length):
    """Items x readings: what the usual load makes between start and end."""
    decay = base.decay_per_d * flow.decay_factor[1]

    def since(begin):
        # readings are put on half steps; before its start a load shows nothing
        hours = np.round((base.series.times_h - begin) / 2.0) * 2.0
        node = SUSPECTS.nodes[[point]]
        found = step_responses(kernels, node, np.maximum(hours, 0), decay)[:, 0]
        return np.where(hours[:, None] > 0, found, 0.0)

    both = since(start) - since(start + length)
    load = SUSPECTS.load_g_s[point]
    return (both * load[:, None, None]).reshape(2, -1)


def rough_by_hand(setting):
    base, flow, kernels = setting
    fit = base.fit(flow, 1, kernels, base.weight)
    starts = np.arange(-8.0, base.series.times_h[-1] + 1, 4.0)
    found = np.zeros((4, len(starts), 2))
    for point, s, k in np.ndindex(*found.shape):
        pulse = pulse_by_hand(base, flow, kernels, point, starts[s], GRID.lengths_h[k])
        on = (base.weight * pulse * fit.rest).sum(axis=1)
        size = np.maximum((base.weight * pulse**2).sum(axis=1), 1e-12)
        found[point, s, k] = (np.maximum(on, 0) ** 2 / size).sum() / 2
    return starts, found


def test_the_pulses_weighed_exactly_are_the_best_of_all_roughly(setting):
    base, flow, kernels = setting
    score = Pulses(base, SUSPECTS, GRID).score(flow, 1, kernels, base.weight)
    starts, rough = rough_by_hand(setting)
    assert score.gain.shape == (4, 12)
    for point in range(4):
        flat = rough[point].ravel()
        best = np.argsort(-flat)[:4]
        assert flat[best[-1]] > flat[np.argsort(-flat)[4]] * (1 + 1e-5), "a tie"
        s, k = np.unravel_index(best, rough[point].shape)
        wanted = {
            (starts[a] + late, GRID.lengths_h[b])
            for a, b in zip(s, k, strict=True)
            for late in (-2.0, 0.0, 2.0)
        }
        tried = zip(score.start_h[point], score.length_h[point], strict=True)
        assert set(tried) == wanted


def test_the_exact_gain_fits_the_loads_anew_and_sums_the_multiple(setting, monkeypatch):
    base, flow, kernels = setting
    monkeypatch.setattr(_pulses, "HOPELESS", 1e9)
    score = Pulses(base, SUSPECTS, GRID).score(flow, 1, kernels, base.weight)
    fit = base.fit(flow, 1, kernels, base.weight)
    for point in range(4):
        top = score.gain[point].argmax()
        for place in {0, 7, int(top)}:
            start, length = score.start_h[point, place], score.length_h[point, place]
            pulse = pulse_by_hand(base, flow, kernels, point, start, length)
            on, size = np.zeros((2, 1, 1)), np.zeros((2, 1, 1))
            for k in range(2):
                weighed = base.weight[k] * pulse[k]
                both = fit.effect[k] @ weighed
                on[k] = weighed @ fit.rest[k]
                size[k] = weighed @ pulse[k] - both @ fit.inverse[k] @ both
            gain, multiple, each = summed_gain(
                on, size, SUSPECTS.sigma[[point]], GRID.trials
            )
            assert score.gain[point, place] == pytest.approx(
                gain[0, 0], rel=1e-3, abs=1e-3
            )
            assert score.multiple[point, place] == pytest.approx(multiple[0, 0])
            if place != top:
                continue
            np.testing.assert_allclose(
                score.by_item[point], each[:, 0, 0], rtol=1e-3, atol=1e-3
            )
            np.testing.assert_allclose(
                score.by_section[point].sum(),
                explained(base, fit, pulse, on, size, multiple, point),
                rtol=2e-3,
                atol=1e-3,
            )
    # the one that did it explains most
    assert score.gain.max(axis=1).argmax() == 1
    top = score.gain[1].argmax()
    assert score.start_h[1, top] == pytest.approx(12.0, abs=4.0)
    assert score.length_h[1, top] == 20.0


def explained(base, fit, pulse, on, size, multiple, point):
    "How much less the readings miss with the pulse and the loads that then fit."
    sigma = SUSPECTS.sigma[[point]]
    much, cost = own_multiples(on[..., 0], size[..., 0], sigma, multiple[0])
    gained = cost.sum()
    for k in range(2):
        loads = fit.inverse[k] @ fit.effect[k] @ (base.weight[k] * pulse[k])
        rest = fit.rest[k] - much[k, 0] * (pulse[k] - loads @ fit.effect[k])
        gained += base.weight[k] @ (fit.rest[k] ** 2 - rest**2) / 2
    return gained


def test_who_cannot_come_near_keeps_the_rough_bound(setting, monkeypatch):
    base, flow, kernels = setting
    pulses = Pulses(base, SUSPECTS, GRID)
    monkeypatch.setattr(_pulses, "HOPELESS", 1e9)
    full = pulses.score(flow, 1, kernels, base.weight)
    _, rough = rough_by_hand(setting)
    top = rough.reshape(4, -1).max(axis=1)
    apart = np.sort(top)[::-1]
    monkeypatch.setattr(_pulses, "HOPELESS", apart[0] - (apart[1] + apart[2]) / 2)
    found = pulses.score(flow, 1, kernels, base.weight)
    near = top >= (apart[1] + apart[2]) / 2
    assert near.sum() == 2
    np.testing.assert_allclose(found.gain[near], full.gain[near], rtol=1e-5)
    for name in ("multiple", "by_section", "by_item"):
        own, every = getattr(found, name), getattr(full, name)
        np.testing.assert_allclose(own[near], every[near], rtol=1e-4, atol=1e-5)
    assert np.isnan(found.multiple[~near]).all()
    assert not found.by_section[~near].any()
    assert not found.by_item[~near].any()
    for point in np.flatnonzero(~near):
        best = np.sort(rough[point].ravel())[::-1][:4]
        told = np.sort(found.gain[point])[::-1]
        np.testing.assert_allclose(told, np.repeat(best, 3), rtol=1e-3)


def test_a_multiple_is_found_about_what_was_put_in():
    for truth in (1.0, 4.0, 30.0):
        size = np.full((2, 1, 1), 400.0)
        gain, multiple, each = summed_gain(
            truth * size, size, np.array([0.5]), PulseGrid().trials
        )
        assert np.log(multiple[0, 0]) == pytest.approx(np.log(truth), abs=0.25)
        assert each.shape == (2, 1, 1)
        assert gain[0, 0] < each.sum() < truth**2 * 400


def test_an_item_takes_its_own_multiple_as_far_as_that_is_likely():
    common, sigma = np.array([10.0]), np.array([0.5])
    size = np.array([[1.0], [1e6], [0.0], [1e6]])
    wanted = np.array([[10.0], [14.0], [900.0], [5.0]])
    found, cost = own_multiples(wanted * size, size, sigma, common)
    # readings that know it decide; those that do not leave the common one
    np.testing.assert_allclose(found[[0, 1, 3], 0], [10.0, 14.0, 5.0], rtol=0.05)
    assert found[2, 0] == pytest.approx(10.0, rel=0.05)
    assert cost[[0, 2], 0] == pytest.approx(0.0, abs=0.02)
    z = np.log(found[[1, 3], 0] / 10.0) / 0.5
    assert cost[[1, 3], 0] == pytest.approx(-(z**2) / 2, rel=0.1)
    # what is plainly wrong costs no more than one in ten that are
    far, dear = own_multiples(np.array([[70e6]]), np.array([[1e6]]), sigma, common)
    assert far[0, 0] == pytest.approx(70.0, rel=0.05)
    assert -6 < dear[0, 0] < np.log(0.1)


def test_the_scatter_of_an_item_is_a_chance_with_a_wild_tenth():
    own = np.arange(-8, 8, 0.08)
    found = _scatter(own[:, None] - np.array([0.0, 1.0]), 0.5)
    np.testing.assert_allclose(found.sum(axis=0), 1.0)
    # between 3 and 10 sd lies next to nothing but what is plainly wrong
    far = (np.abs(own) > 1.5) & (np.abs(own) < 5)
    assert found[far, 0].sum() == pytest.approx(0.1 * 0.23, rel=0.15)
    middle = np.exp(np.log(found[:, 1] + 1e-300) - np.log(found[:, 0] + 1e-300))
    assert (middle[own > 0.6] >= 1).all()
    assert (middle[own < 0.4] <= 1).all()


# ---------------------------------------------------------------- to candidates
RULE = PulseRule(
    temper=0.8, blunt=0.1, doubt=0.3, power=1.5, trust=0.4, outside=0.2,
    place_temper=0.6, place_doubt=0.4,
)  # fmt: skip


def normed(p):
    return p / p.sum()


@pytest.mark.parametrize("seed", range(3))
def test_candidates_are_weighed_as_by_plain_sums(seed):
    draw = np.random.default_rng(seed)
    gains = [draw.normal(0, 4, (6, 5)) for _ in range(3)]
    owner, weight = np.array([0, 1, 1, 3, 3, 4]), draw.uniform(0.5, 2, 6)
    prior = normed(draw.uniform(0.5, 1, 5))
    found = weigh_pulses(gains, owner, weight, np.log(prior), registered=3, rule=RULE)

    def point(power):
        return np.array([np.exp(power * one).sum(axis=1) / 5 for one in gains])

    def posterior(joint):
        """Average over members, each with its evidence to the power of trust."""
        part = joint.sum(axis=1) ** RULE.trust
        each = joint / joint.sum(axis=1, keepdims=True)
        return (part[:, None] * each).sum(axis=0) / part.sum()

    def likelihood(power):
        made = np.zeros((3, 5))
        for k in set(owner):
            own = owner == k
            made[:, k] = (point(power) * weight)[:, own].sum(axis=1) / weight[own].sum()
        return made

    sure, dull = (posterior(likelihood(power) * prior) for power in (0.8, 0.1))
    mixed = 0.7 * sure + 0.3 * dull
    # sharpened with all unregistered as one
    own, rest = mixed[:3] ** 1.5, mixed[3:].sum() ** 1.5
    total = own.sum() + rest
    known = 0.8 * own.sum() / total + 0.2 * prior[:3].sum()
    own = known * normed(own)
    places = owner >= 3
    shares = [posterior((point(power) * weight)[:, places]) for power in (0.6, 0.1)]
    share = 0.6 * shares[0] + 0.4 * shares[1]
    expected = [*own, (1 - known) * share[:2].sum(), (1 - known) * share[2]]
    with np.errstate(divide="ignore"):
        made = np.exp(found.log_likelihood + np.log(prior))
    np.testing.assert_allclose(made, expected, rtol=1e-9)
    np.testing.assert_allclose(found.place_share, share)
    assert found.log_likelihood[2] == -np.inf, "no point: it cannot be"
    assert set(found.best) == {0, 1, 3, 4}
    for k, (member, best) in found.best.items():
        assert owner[best] == k
        tops = [np.exp(0.8 * one[owner == k]).sum(axis=1).max() for one in gains]
        assert member == int(np.argmax(tops))


def test_rows_of_logarithms_far_apart_are_summed_each_by_itself():
    far = np.array([[0.0, 0.0], [-2000.0, -2000.0], [-np.inf, 3000.0]])
    np.testing.assert_allclose(
        logsumexp(far, axis=1), [np.log(2), -2000 + np.log(2), 3000.0]
    )


def test_without_places_nothing_is_told_of_them():
    found = weigh_pulses(
        [np.zeros((2, 1))], np.array([0, 1]), np.ones(2), np.log([0.5, 0.5]),
        registered=2, rule=RULE,
    )  # fmt: skip
    assert len(found.place_share) == 0
    np.testing.assert_allclose(np.exp(found.log_likelihood) * 0.5, [0.5, 0.5])


def test_many_pulses_or_members_alike_are_no_more_likely_than_one():
    one = np.array([[1.0], [2.0]])
    owner, weight = np.array([0, 1]), np.ones(2)
    options = {"temper": 1.0, "candidates": 2}
    (few,), _ = candidate_likelihood([one], owner, weight, **options)
    many, _ = candidate_likelihood(
        [np.repeat(one, 7, axis=1)] * 4, owner, weight, **options
    )
    np.testing.assert_allclose(few, [1.0, 2.0])
    np.testing.assert_allclose(many, [few] * 4)
    even = np.zeros(2)
    for trust in (0.0, 0.3, 1.0):
        np.testing.assert_allclose(
            averaged(many, even, trust), averaged(few[None], even, trust)
        )


def test_the_more_evidence_is_trusted_the_more_the_largest_pulse_decides():
    told = np.array([[0.0, -9.0], [0.0, -9.0], [-9.0, 9.0]])
    even = np.log([0.5, 0.5])
    second = [np.exp(averaged(told, even, trust))[1] for trust in (0, 0.1, 0.3, 1.0)]
    assert second[0] == pytest.approx(1 / 3, abs=1e-3), "members count alike"
    assert (np.diff(second) > 0.05).all()
    whole = np.exp(told).sum(axis=0)
    assert second[-1] == pytest.approx(whole[1] / whole.sum()), "all members as one"


def test_a_member_that_fits_nothing_does_not_spoil_the_average():
    told = np.array([[0.0, -np.inf], [0.0, -np.inf]])
    found = np.exp(averaged(told, np.log([0.5, 0.5]), 0.1))
    np.testing.assert_allclose(found, [1.0, 0.0])


def test_the_rule_is_read_off_the_table_and_doubts_more_without_a_flow():
    table = {
        "pulse": {"value": 0.75}, "blunt": {"value": 0.02}, "power": {"value": 1.4},
        "trust": {"value": 0.03}, "outside": {"value": 0.21}, "doubt": {"measured": 0.1, "unmeasured": 0.8},
        "place": {"power": 0.5, "doubt": 0.25},
    }  # fmt: skip
    measured = PulseRule.of_table(table, measured=True)
    assert measured == PulseRule(0.75, 0.02, 0.1, 1.4, 0.03, 0.21, 0.5, 0.25)
    without = PulseRule.of_table(table, measured=False)
    assert without == PulseRule(0.75, 0.02, 0.8, 1.4, 0.03, 0.21, 0.5, 0.8)


class _Group:
    def __init__(self, length_m):
        self.length_m = length_m


class _Problem:
    def __init__(self, n, lengths):
        self.n, self.groups = n, [_Group(one) for one in lengths]


@pytest.mark.parametrize(
    ("n", "lengths", "expected"),
    [
        (2, [100.0, 300.0], [0.45, 0.45, 0.025, 0.075]),
        (0, [100.0, 300.0], [0.25, 0.75]),
        (4, [], [0.25] * 4),
        (1, [7.0], [0.9, 0.1]),
    ],
)
def test_before_the_readings_all_registered_are_alike_and_every_metre_is(
    n, lengths, expected
):
    assert load_table("attribution")["evidence"]["unregistered_prior"]["value"] == 0.1
    np.testing.assert_allclose(np.exp(even_prior(_Problem(n, lengths))), expected)

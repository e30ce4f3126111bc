"""What readings say of each candidate, and what follows, against plain loops."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from geotool.attribution import _posterior
from geotool.attribution._evidence import _level, _Likelihood, steady_evidence
from geotool.attribution._expected import (
    amplitude_gain,
    expected,
    item_scales,
    log_prior,
    student,
)
from geotool.attribution._posterior import (
    _differing,
    _gain,
    _releases,
    contribution_shares,
    probabilities,
)
from geotool.attribution._problem import Evidence
from geotool.tables import load_table

FACTS = load_table("attribution")["evidence"]


def setting(seed=0, *, members=2, n=3, groups=2, quality="assumed"):
    """Candidates, two items and three sections, drawn at random."""
    draw = np.random.default_rng(seed)
    count = n + groups
    psi = draw.uniform(0.05, 0.5, (members, 2, 3, count))
    psi[:, :, 0, 0] = 0.0  # the first does not reach the first section
    problem = SimpleNamespace(
        n=n,
        groups=[SimpleNamespace(length_m=100.0 * (k + 1)) for k in range(groups)],
        items=("NH3N", "TP"),
        target=1,
        sections=pd.DataFrame({"section_id": ["S0", "S1", "S2"]}),
        limits=np.array([[1.0, 0.2], [1.0, np.nan], [0.5, 0.1]]),
        readings=pd.DataFrame(
            {"item": ["TP", "TP", "NH3N"], "value_mg_l": [0.1, 0.5, 2.0]}
        ),
        load_g_s=draw.uniform(0.2, 2.0, (n, 2)),
        load_sigma=draw.uniform(0.2, 1.2, (n, 2)),
        load_basis=np.full((n, 2), "permit", dtype=object),
        others_load_g_s=draw.uniform(0.1, 0.5, (2, 2)),
        others_sigma=np.full((2, 2), 0.8),
        profile_mg_l=np.abs(draw.normal(4, 2, (count, 2))) + np.array([1.0, 0.0]),
        profile_sigma=np.append(np.full(n, 0.35), np.full(groups, 0.9)),
        background_mg_l=np.full((3, 2), 0.1),
    )
    influence = SimpleNamespace(
        psi=psi, others=draw.uniform(0, 0.3, (members, 2, 3, 2)), quality=quality
    )
    value = np.array([[2.6, 0.9], [4.4, 2.7], [np.nan, 2.2]])
    observed = SimpleNamespace(value_mg_l=value, notes=(("甲", "a"),))
    return problem, influence, observed


# ---------------------------------------------------------------- before the readings
def test_an_item_is_sized_by_its_limit_else_by_its_middle_reading():
    problem, _, _ = setting()
    np.testing.assert_allclose(item_scales(problem), [[1, 0.2], [1, 0.3], [0.5, 0.1]])
    problem.items = ("NH3N", "F")
    assert item_scales(problem)[1, 1] == 1.0, "nothing was read at all"


def expected_by_hand(problem, influence, m, k):
    scale = np.where(np.isfinite(problem.limits[:, k]), problem.limits[:, k], 0.3)
    mean, spread = FACTS["background"]["mean"] * scale, np.zeros((3, 3))
    both = (
        (influence.psi[m, k], problem.load_g_s[:, k], problem.load_sigma[:, k]),
        (influence.others[m, k], problem.others_load_g_s[:, k],
         problem.others_sigma[:, k]),
    )  # fmt: skip
    for psi, loads, sigmas in both:
        for j, (load, sigma) in enumerate(zip(loads, sigmas, strict=True)):
            mean = mean + psi[:, j] * load
            wide = sigma**2 + FACTS["profile_error"]["value"] ** 2
            variance = load**2 * (np.exp(wide) - 1)
            spread += variance * np.outer(psi[:, j], psi[:, j])
    common = FACTS["background"]["spread"] * scale
    return mean, spread + np.outer(common, common)


def test_what_declared_loads_make_is_summed_with_their_errors():
    problem, influence, _ = setting(1)
    found = expected(problem, influence)
    for m, k in np.ndindex(2, 2):
        mean, spread = expected_by_hand(problem, influence, m, k)
        np.testing.assert_allclose(found.mean[m, k], mean)
        np.testing.assert_allclose(found.spread[m, k], spread)


@pytest.mark.parametrize(
    ("n", "groups", "arriving", "p"),
    [
        (2, 1, [3.0, 1.0, 9.0], [0.9 * 0.625, 0.9 * 0.375, 0.1]),
        # where nothing registered arrives, half of it is left
        (2, 2, [0.0, 0.0, 9.0, 9.0], np.array([27, 27, 4, 8]) / 66),
        (2, 0, [1.0, 0.0], [0.75, 0.25]),
        (0, 2, [5.0, 1.0], [1 / 3, 2 / 3]),
    ],
)
def test_the_prior_is_half_even_half_by_what_arrives(n, groups, arriving, p):
    problem, _, _ = setting(n=n, groups=groups)
    problem.load_g_s = np.ones((n, 2))
    found = log_prior(problem, np.array(arriving))
    np.testing.assert_allclose(np.exp(found), p)


def test_a_source_that_nothing_sees_gains_nothing():
    spread = np.eye(2)
    assert amplitude_gain(np.zeros(2), np.ones(2), spread) == (0.0, 0.0)
    size, gain = amplitude_gain(np.array([1.0, 0.0]), np.array([-2.0, 5.0]), spread)
    assert (size, gain) == (-2.0, 0.0), "a load below nought explains nothing"
    with pytest.raises(np.linalg.LinAlgError):
        student(np.zeros((1, 1)), np.zeros((1, 1, 1)), 4.0)


# ---------------------------------------------------------------- one window
def density_by_hand(problem, influence, value, m, k, effect, sigma):
    """Log-density of an item, up to what is the same for all candidates."""
    there = np.isfinite(value[:, k])
    mean, spread = expected_by_hand(problem, influence, m, k)
    scale = np.where(np.isfinite(problem.limits[:, k]), problem.limits[:, k], 0.3)
    total = mean + effect
    share = FACTS["model_error"]["measured" if len(influence.psi) > 1 else "assumed"]
    own = (
        (FACTS["reading_error"]["value"] * np.nan_to_num(value[:, k])) ** 2
        + (FACTS["floor"]["value"] * scale) ** 2
        + (share * total) ** 2
    )
    spread = spread + np.diag(own) + sigma**2 * np.outer(effect, effect)
    miss = (value[:, k] - total)[there]
    freedom = FACTS["freedom"]["value"]
    spread = spread[np.ix_(there, there)]
    square = miss @ np.linalg.solve(spread, miss)
    return (
        -(freedom + len(miss)) / 2 * np.log(1 + square / freedom)
        - np.linalg.slogdet(spread)[1] / 2
    )


def weighed_by_hand(problem, influence, value):
    extra, members = FACTS["extra"], len(influence.psi)
    steps = np.exp(
        np.linspace(np.log(extra["low"]), np.log(extra["high"]), extra["steps"])
    )
    width = np.log(extra["high"] / extra["low"])
    at = influence.psi[:, 0, 1].mean(axis=0)
    usual = np.mean(
        [expected_by_hand(problem, influence, m, 0)[0][1] for m in range(members)]
    )
    unit = usual / np.maximum(at, 1e-4 * at.max())
    profile = problem.profile_mg_l / np.maximum(problem.profile_mg_l[:, :1], 1e-12)
    middle = np.median(problem.load_g_s[problem.load_g_s[:, 0] > 0, 0])
    totals, sizes = [], []
    for h in range(len(at)):
        grid = np.zeros((members, len(steps)))
        for m, a in np.ndindex(*grid.shape):
            load = unit[h] * steps[a]
            prior = 1 / width
            if h < problem.n:
                declared = max(problem.load_g_s[h, 0], extra["least_share"] * middle)
                prior = norm.pdf(
                    np.log(load / declared), np.log(extra["times_declared"]),
                    extra["sigma"],
                )  # fmt: skip
            grid[m, a] = np.log(prior * width / len(steps)) + sum(
                density_by_hand(
                    problem, influence, value, m, k,
                    load * influence.psi[m, k][:, h] * profile[h, k],
                    problem.profile_sigma[h],
                )
                for k in range(2)
            )  # fmt: skip
        weight = np.exp(grid)
        totals.append(np.log(weight.sum() / members))
        each = (weight @ np.log(steps)) / weight.sum(axis=1)
        share = weight.sum(axis=1) / weight.sum()
        sizes.append(unit[h] * np.exp(share @ each))
    return np.array(totals), np.array(sizes)


@pytest.mark.parametrize("members", [1, 2])
def test_the_likelihood_is_the_sum_over_loads_and_flows(members):
    problem, influence, observed = setting(2, members=members)
    if members == 2:
        problem.load_g_s[2, 0] = 0.0  # declares nothing
        influence.psi[:, :, 1, 4] = 0.0  # hardly reaches the target
        influence.psi[1, 0, 1, 4] = 1e-9
    found, amplitude = _Likelihood(problem, influence, observed).weigh()
    by_hand, sizes = weighed_by_hand(problem, influence, observed.value_mg_l)
    np.testing.assert_allclose(found - found[0], by_hand - by_hand[0], atol=1e-6)
    np.testing.assert_allclose(amplitude, sizes, rtol=1e-6)


@pytest.mark.parametrize("read", ["both", "first"])
def test_of_very_many_the_best_are_weighed_and_the_rest_are_quiet(read):
    problem, influence, observed = setting(3, n=5)
    value = observed.value_mg_l.copy()
    if read == "first":
        value[:, 1] = np.nan
    whole = _Likelihood(problem, influence, SimpleNamespace(value_mg_l=value))
    full, sizes = whole.weigh()
    gain = np.zeros(7)
    for h, k in np.ndindex(7, 1 if read == "first" else 2):
        there = np.isfinite(value[:, k])
        by_member = [expected_by_hand(problem, influence, m, k) for m in (0, 1)]
        mean = (by_member[0][0] + by_member[1][0]) / 2
        own = (0.1 * value[:, k]) ** 2 + (0.03 * item_scales(problem)[:, k]) ** 2
        spread = (by_member[0][1] + np.diag(np.nan_to_num(own)))[np.ix_(there, there)]
        shape = problem.profile_mg_l[h, k] / problem.profile_mg_l[h, 0]
        effect = influence.psi[:, k].mean(axis=0)[there, h] * shape
        gain[h] += amplitude_gain(effect, (value[:, k] - mean)[there], spread)[1]
    whole.most = 3
    found, amplitude = whole.weigh()
    best = np.sort(np.argsort(-gain)[:3])
    rest = np.setdiff1d(np.arange(7), best)
    np.testing.assert_allclose(found[best], full[best])
    np.testing.assert_allclose(amplitude[best], sizes[best])
    assert not amplitude[rest].any()
    quiet = [
        sum(
            density_by_hand(problem, influence, value, m, k, np.zeros(3), 0.0)
            for k in range(2)
            if np.isfinite(value[:, k]).any()
        )
        for m in (0, 1)
    ]
    np.testing.assert_allclose(found[rest], np.log(np.exp(quiet).mean()))


def test_of_candidates_alike_the_first_are_weighed():
    problem, influence, observed = setting(n=60)
    influence.psi[:] = influence.psi[..., :1] + 0.1
    problem.profile_mg_l[:] = problem.profile_mg_l[0]
    model = _Likelihood(problem, influence, observed)
    model.most = 40
    assert model._promising().tolist() == list(range(40))


def test_facts_tell_each_section_and_the_other_items_against_the_average():
    problem, influence, observed = setting(4)
    problem.load_g_s[1, 0] = 0.0
    made = steady_evidence(problem, influence, observed)
    assert (made.name, made.level, made.notes) == ("steady", 4, observed.notes)
    value, count = observed.value_mg_l, 5
    _, amplitude = _Likelihood(problem, influence, observed).weigh()
    logs = np.full((count, 2, 3), np.nan)
    for h, k, s in np.ndindex(*logs.shape):
        if np.isnan(value[s, k]):
            continue
        means, spreads = zip(
            *(expected_by_hand(problem, influence, m, k) for m in (0, 1)), strict=True
        )
        shape = problem.profile_mg_l[h, k] / problem.profile_mg_l[h, 0]
        effect = amplitude[h] * shape * influence.psi[:, k, s, h].mean()
        total = np.mean(means, axis=0)[s] + effect
        variance = (
            np.mean(spreads, axis=0)[s, s] + (0.1 * value[s, k]) ** 2
            + (0.03 * item_scales(problem)[s, k]) ** 2 + (0.2 * total) ** 2
            + (problem.profile_sigma[h] * effect) ** 2
        )  # fmt: skip
        logs[h, k, s] = norm.logpdf(value[s, k], total, np.sqrt(variance))
    by_section = np.nansum(logs, axis=1)
    by_section = by_section - np.log(np.exp(by_section).mean(axis=0))
    items = logs[:, 1, 1] - np.log(np.exp(logs[:, 1, 1]).mean())
    for h, facts in enumerate(made.facts):
        assert facts["extra_g_s"] == pytest.approx(amplitude[h])
        at = influence.psi[:, 0, 1, h].mean()
        assert facts["extra_mg_l"] == pytest.approx(at * amplitude[h])
        told = [facts["sections"][f"S{s}"] for s in range(3)]
        np.testing.assert_allclose(told, by_section[h], atol=1e-9)
        assert facts["fingerprint"] == pytest.approx(items[h], abs=1e-9)
        if h in (0, 2):
            times = amplitude[h] / problem.load_g_s[h, 0]
            assert facts["amplitude"] == pytest.approx(times)
        else:
            assert np.isnan(facts["amplitude"])
    silent = SimpleNamespace(value_mg_l=value.copy(), notes=())
    silent.value_mg_l[2] = np.nan
    told = steady_evidence(problem, influence, silent).facts[0]["sections"]
    assert sorted(told) == ["S0", "S1"]


@pytest.mark.parametrize(
    ("value", "basis", "level"),
    [
        ([[0.3, np.nan], [2.0, np.nan], [np.nan, np.nan]], "count", 4),
        ([[np.nan, np.nan], [2.0, 0.1], [np.nan, np.nan]], "count", 3),
        ([[np.nan, np.nan], [2.0, np.nan], [np.nan, np.nan]], "permit", 2),
        ([[np.nan, np.nan], [2.0, np.nan], [np.nan, np.nan]], "measured", 2),
        ([[np.nan, np.nan], [2.0, np.nan], [np.nan, np.nan]], "capacity", 2),
        ([[np.nan, np.nan], [2.0, np.nan], [np.nan, np.nan]], "class", 1),
        ([[np.nan, np.nan], [2.0, np.nan], [np.nan, np.nan]], "count", 0),
    ],
)
def test_the_level_is_that_of_the_best_there_is(value, basis, level):
    problem, _, _ = setting()
    problem.load_basis[:] = "count"
    problem.load_basis[1, 0] = basis
    assert _level(problem, SimpleNamespace(value_mg_l=np.array(value))) == level


# ---------------------------------------------------------------- after the readings
def test_what_cannot_be_has_no_probability_and_nothing_at_all_leaves_the_prior():
    prior = np.log([0.5, 0.3, 0.2])
    one = Evidence("steady", np.array([0.0, -np.inf, 900.0]), 4)
    np.testing.assert_allclose(probabilities(prior, one), [0, 0, 1], atol=1e-300)
    two = Evidence("steady", np.array([np.log(0.4), -np.inf, np.log(1.0)]), 4)
    np.testing.assert_allclose(probabilities(prior, two), [0.5, 0, 0.5])
    none = Evidence("steady", np.full(3, -np.inf), 4)
    np.testing.assert_allclose(probabilities(prior, none), [0.5, 0.3, 0.2])


def shares_of(psi, load, sigma, probability, extra, *, background=0.5):
    """Of the first of two items at the second of two sections; the rest is noise."""
    n = len(load)
    problem = SimpleNamespace(
        n=n, target=1, load_g_s=np.column_stack([load, np.full(n, 99.0)]),
        load_sigma=np.column_stack([np.full(n, sigma), np.full(n, 3.0)]),
        background_mg_l=np.array([[9.0, 9.0], [background, 9.0]]),
    )  # fmt: skip
    every = np.full((len(psi), 2, 2, len(probability)), 7.0)
    every[:, 0, 1] = psi
    return contribution_shares(
        problem,
        SimpleNamespace(psi=every),
        np.array(probability),
        np.array(extra, float),
    )


def test_shares_without_doubt_are_the_parts_of_the_concentration():
    load = [4.0, 3.0, 2.0, 1.0, 0.5]
    found = shares_of([[0.5] * 6], load, 0.0, [0, 0, 0, 0, 0, 1.0], [0] * 6)
    expected_share = [*(0.5 * np.array(load) / (0.5 * 10.5 + 0.5)), 0.0]
    for part in (found.share, found.low, found.high):
        np.testing.assert_allclose(part, expected_share)
    assert found.top_three.tolist() == [1, 1, 1, 0, 0, 0]
    # two that make something are no three, whoever stands beside them
    few = shares_of(
        [[0.5, 0.0, 0.5, 0.0, 0.0]], [1.0] * 4, 0.0, [0, 0, 0, 0, 1], [0] * 5
    )
    assert few.top_three.tolist() == [1, 0, 1, 0, 0]


def test_the_extra_load_goes_to_whoever_it_was():
    found = shares_of([[1.0] * 3], [1.0, 1.0], 0.0, [0.6, 0.3, 0.1], [8.0, 8.0, 8.0])
    total = 1 + 1 + 0.5 + 8
    # four times in ten another one adds to the rest
    assert found.share[0] == pytest.approx(0.6 * 9 / total + 0.4 / total, abs=0.03)
    assert found.share[1] == pytest.approx(0.3 * 9 / total + 0.7 / total, abs=0.03)
    assert found.share[2] == pytest.approx(0.1 * 8 / total, abs=0.02)
    assert found.low[0] < 0.15
    assert found.high[0] > 0.8
    # the last declares nothing: it is among them where it is the one
    assert found.top_three == pytest.approx([1, 1, 0.1], abs=0.02)


@pytest.mark.parametrize("sigma", [0.0, 0.8])
def test_the_range_holds_eight_in_ten_of_the_error(sigma):
    found = shares_of([[1.0]], [2.0], sigma, [1.0], [3.0 if not sigma else 0.0])
    spread = sigma or 0.35
    middle, fixed = (3.0, 2.0) if not sigma else (2.0, 0.0)
    for told, z in ((found.low, -1.2816), (found.high, 1.2816)):
        made = fixed + middle * np.exp(spread * z)
        assert told[0] == pytest.approx(made / (made + 0.5), rel=0.03)


def test_members_and_those_beyond_the_largest_count(monkeypatch):
    two = shares_of([[1.0, 0.0], [0.0, 1.0]], [1.0, 1.0], 0.0, [0.5, 0.5], [0.0, 0.0])
    np.testing.assert_allclose(two.share, 0.5 / 1.5, atol=0.03)
    np.testing.assert_allclose(two.high, 1 / 1.5)
    np.testing.assert_allclose(two.low, 0.0)
    table = {**load_table("attribution")}
    table["draws"] = {**table["draws"], "largest": 2}
    monkeypatch.setattr(_posterior, "load_table", lambda _: table)
    found = shares_of(
        [[1.0] * 4], [5.0, 0.1, 4.0, 0.2], 0.0, [0.0, 1.0, 0, 0], [9.0, 3.0, 0, 0]
    )
    # the load of who is not among the largest still dilutes their shares
    assert found.share[[1, 3]].tolist() == [0, 0]
    np.testing.assert_allclose(found.share[0] / found.share[2], 1.25)
    assert found.share[0] == pytest.approx(5 / (9.5 + 3.2), rel=0.03)
    assert found.top_three.tolist() == [1, 0, 1, 0]


# ---------------------------------------------------------------- the next sample
@pytest.mark.parametrize("limit", [1.0, np.nan])
def test_the_gain_of_a_sample_is_its_mutual_information(limit):
    limits = np.array([[9.0, 9.0], [limit, 90.0]])
    problem = SimpleNamespace(target=1, limits=limits)
    weight = np.array([0.5, 0.3, 0.2])
    c = np.array([[1.0, 1.0, 1.0], [0.5, 0.9, 1.5], [0.1, 3.0, 40.0]])
    floor = 0.03 * (1.0 if np.isfinite(limit) else 40.0)
    grid = np.linspace(-20, 90, 60_001)
    for found, row in zip(_gain(c, weight, problem), c, strict=True):
        sd = np.hypot(np.hypot(0.2, 0.1) * row, floor)
        each = norm.pdf(grid[:, None], row, sd)
        mixture = np.maximum(each @ weight, 1e-300)
        with np.errstate(divide="ignore", invalid="ignore"):
            bits = np.where(each > 0, each * np.log2(each / mixture[:, None]), 0.0)
        exact = (bits.sum(axis=0) * (grid[1] - grid[0])) @ weight
        assert found == pytest.approx(exact, abs=0.03)


def test_a_sample_is_worth_most_where_candidates_differ_by_a_factor(monkeypatch):
    c = np.array([[1.0, 1.1], [1.0, 5.0], [100.0, 150.0], [2.0, 2.0], [0.0, 1.0]])
    weight, open_ = np.array([0.5, 0.5]), np.array([True, True, True, True, False])
    assert _differing(c, weight, open_).tolist() == [1, 2, 0]
    monkeypatch.setattr(_posterior, "TRIAL_NODES", 2)
    assert _differing(c, weight, open_).tolist() == [1, 2]


def test_a_stretch_sends_its_load_from_all_along_it():
    problem = SimpleNamespace(
        n=2,
        sources=pd.DataFrame({"node": [7, 3]}),
        groups=[SimpleNamespace(segments=np.array([0])),
                SimpleNamespace(segments=np.array([1, 2]))],
        canals=SimpleNamespace(
            length_m=np.array([5.0, 100.0, 300.0]), end=np.array([1, 4, 6])
        ),
    )  # fmt: skip
    (column, load), node = _releases(
        problem, np.array([3, 1]), np.array([9.0, 2.0, 9.0, 8.0])
    )
    assert column.tolist() == [0, 0, 1]
    assert node.tolist() == [4, 6, 3]
    np.testing.assert_allclose(load, [2.0, 6.0, 2.0])

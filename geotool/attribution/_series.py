"""Evidence of time series: flow, travel times and the pulse, all unsure, all together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logsumexp
from threadpoolctl import threadpool_limits

from geotool.attribution._baseline import Baseline
from geotool.attribution._lags import Kernels
from geotool.attribution._members import (
    Flow,
    FlowModel,
    FlowPrior,
    best_members,
    smooth_ensemble,
)
from geotool.attribution._problem import Evidence, Floats, Ints, Problem, Words
from geotool.attribution._pulses import PulseGrid, Pulses, PulseScore
from geotool.attribution._series_input import SeriesInput, series_input
from geotool.tables import load_table

LEVEL = 5
"""Level of the data that series at sections make (attribution.md 2.9)."""

TOLD = 0.7
"""Log-ratios smaller than this (a factor of two) are not worth telling."""


def series_evidence(problem: Problem) -> Evidence | None:
    """
    Weigh every candidate by the time series of all sections and items.

    An ensemble of flows is drawn towards the section flows, the known directions and
    the readings outside the incident: levels, fronts and their times tell of splits,
    depth and speed. In each of its best members every candidate's rectangular pulses
    are tried on all readings, the declared loads fitted anew. The likelihood of a
    candidate is the sum over members and pulses, tempered so that a stated probability
    is how often it is right.

    Parameters
    ----------
    problem : Problem

    Returns
    -------
    Evidence or None
        None where there is no series, no way out of the water, or no pulse.
    """
    facts = load_table("attribution_series")
    given = series_input(problem, facts)
    if given is None or not len(given.suspects.nodes):
        return None
    # thousands of small matrices: more threads than one only wait for each other
    with threadpool_limits(limits=1, user_api="blas"):
        baseline = baseline_of(problem, given, facts)
        flow = likely_flows(baseline, facts)
        return evidence_of_flows(problem, given, baseline, flow, facts)


@dataclass(frozen=True, eq=False)
class _Found:
    """Members weighed: scores, kernels and flow of each, the best first."""

    scores: list[PulseScore]
    kernels: list[Kernels]
    flow_m3_s: Floats


def _value(facts: dict[str, Any], part: str, key: str) -> float:
    return float(facts[part][key]["value"])


def baseline_of(
    problem: Problem, given: SeriesInput, facts: dict[str, Any]
) -> Baseline:
    """Give the readings as a function of flow, with what is believed of flow before."""
    depth, start = facts["flow"]["depth_m"], facts["flow"]["start_h"]
    prior = FlowPrior(
        conveyance_sigma=_value(facts, "flow", "conveyance_sigma"),
        direction_weight=_value(facts, "flow", "direction_weight"),
        depth_m=depth["value"],
        depth_sigma=depth["sigma"],
        start_h=start["value"],
        start_sigma=start["sigma"],
    )
    return Baseline(
        FlowModel(given.web, prior, given.decay_sigma),
        given.section_nodes,
        given.series,
        given.loads,
        problem.decay_per_d,
    )


def likely_flows(baseline: Baseline, facts: dict[str, Any]) -> Flow:
    """Draw flows towards what was measured, and keep those that fit best."""
    model, search = baseline.model, facts["search"]
    ensemble = smooth_ensemble(
        baseline.residuals,
        model.mean,
        model.sd,
        members=search["members"]["value"],
        rounds=search["rounds"]["value"],
        seed=search["seed"]["value"],
    )
    return model.flow(
        ensemble.states[best_members(ensemble, search["weighed"]["value"])]
    )


def evidence_of_flows(
    problem: Problem,
    given: SeriesInput,
    baseline: Baseline,
    flow: Flow,
    facts: dict[str, Any],
) -> Evidence | None:
    """Weigh every candidate in each of some flows; None where none shows a pulse."""
    pulse = facts["pulse"]
    grid = PulseGrid(
        step_h=pulse["step_h"]["value"],
        lengths_h=tuple(float(h) for h in pulse["lengths_h"]["values"]),
        multiples=(pulse["multiples"]["low"], pulse["multiples"]["high"]),
        multiple_steps=pulse["multiples"]["steps"],
        kept=pulse["kept"]["value"],
    )
    pulses = Pulses(baseline, given.suspects, grid)
    kernels = [baseline.kernels(flow, k) for k in range(len(flow.head))]
    scores = [
        pulses.score(flow, k, one, baseline.doubtful_weight(flow, k, one))
        for k, one in enumerate(kernels)
    ]
    if max(float(one.gain.max()) for one in scores) < _value(
        facts, "pulse", "least_gain"
    ):
        return None
    return _evidence(problem, given, _Found(scores, kernels, flow.flow_m3_s), facts)


def _evidence(
    problem: Problem, given: SeriesInput, found: _Found, facts: dict[str, Any]
) -> Evidence:
    temper, blunt = (_value(facts, "calibration", key) for key in ("pulse", "blunt"))
    gains = [one.gain for one in found.scores]
    owner, candidates = given.suspects.owner, problem.n + len(problem.groups)
    sharp, points = candidate_likelihood(
        gains, owner, temper=temper, candidates=candidates
    )
    dull, _ = candidate_likelihood(gains, owner, temper=blunt, candidates=candidates)
    prior = _log_prior(problem)
    doubt = facts["calibration"]["doubt"]
    likelihood = hedged_likelihood(
        sharp,
        dull,
        prior,
        doubt=doubt["measured" if given.is_flow_measured else "unmeasured"],
        power=_value(facts, "calibration", "power"),
    )
    told: list[dict[str, Any]] = [{} for _ in likelihood]
    for candidate, (member, point) in points.items():
        told[candidate] = _facts(problem, given, found, point, member, temper)
    flow = np.full(len(problem.canals.start), np.nan)
    flow[given.segments] = found.flow_m3_s.mean(axis=0)
    return Evidence(
        name="series",
        log_likelihood=likelihood,
        level=LEVEL,
        facts=tuple(told),
        notes=_notes(given),
        log_prior=prior,
        flow_m3_s=flow,
    )


def candidate_likelihood(
    gains: list[Floats], owner: Ints, *, temper: float, candidates: int
) -> tuple[Floats, dict[int, tuple[int, int]]]:
    """
    Sum over members, points and pulses, all as likely before.

    Parameters
    ----------
    gains : list of array, points x pulses
        Of each member.
    owner : array of int
        Candidate of each point.
    temper : float
        Power of the likelihood of a pulse.
    candidates : int

    Returns
    -------
    array of float, dict
        Log-likelihood of each candidate, -inf where it has no point; and the member
        and point that do most for it.

    Examples
    --------
    >>> log, best = candidate_likelihood(
    ...     [np.array([[0.0], [2.0], [4.0]])], np.array([0, 2, 2]),
    ...     temper=0.5, candidates=3)
    >>> log.round(2).tolist(), best[2]
    ([0.0, -inf, 1.62], (0, 2))
    """
    each = np.stack([logsumexp(temper * one, axis=1) for one in gains])
    each -= np.log(gains[0].shape[1] * len(gains))
    likelihood = np.full(candidates, -np.inf)
    best = {}
    for candidate in np.unique(owner).tolist():
        points = np.flatnonzero(owner == candidate)
        own = each[:, points]
        likelihood[candidate] = logsumexp(own) - np.log(len(points))
        member, point = np.unravel_index(int(np.argmax(own)), own.shape)
        best[candidate] = (int(member), int(points[point]))
    return likelihood, best


def hedged_likelihood(
    sharp: Floats, blunt: Floats, log_prior: Floats, *, doubt: float, power: float
) -> Floats:
    """
    Allow for flows that are quite other than all members have it.

    Then only blunt evidence counts: the posterior is that of the sharp likelihood with
    chance ``1 - doubt``, that of the blunt one with chance ``doubt``. So no candidate
    that fits at all is ruled out by the flow alone.

    Parameters
    ----------
    sharp, blunt : array of float
        Log-likelihood of each candidate, hardly and strongly tempered.
    log_prior : array of float
    doubt : float
    power : float
        Of the mixed posterior.

    Returns
    -------
    array of float
        The log-likelihood that gives that posterior.

    Examples
    --------
    >>> even = np.log([0.5, 0.5])
    >>> found = hedged_likelihood(
    ...     np.array([0.0, -300.0]), np.array([0.0, 0.0]), even, doubt=0.1, power=1.0)
    >>> np.exp(found + even).round(3).tolist()
    [0.95, 0.05]
    """
    each = [one + log_prior for one in (sharp, blunt)]
    sure, unsure = (one - logsumexp(one) for one in each)
    mixed = np.logaddexp(np.log1p(-doubt) + sure, np.log(doubt) + unsure)
    return np.asarray(power * mixed - log_prior)


def _log_prior(problem: Problem) -> Floats:
    """Any source may have an accident: even odds, the unregistered by length."""
    outside = load_table("attribution")["evidence"]["unregistered_prior"]["value"]
    prior = np.zeros(problem.n + len(problem.groups))
    both = problem.n > 0 and len(problem.groups) > 0
    if problem.n:
        prior[: problem.n] = (1.0 - outside if both else 1.0) / problem.n
    if problem.groups:
        length = np.array([group.length_m for group in problem.groups])
        prior[problem.n :] = (outside if both else 1.0) * length / length.sum()
    return np.log(np.maximum(prior, 1e-12))


def _facts(
    problem: Problem,
    given: SeriesInput,
    found: _Found,
    point: int,
    member: int,
    temper: float,
) -> dict[str, Any]:
    """Tell what the reasons of a candidate rest on, from its best pulse."""
    score = found.scores[member]
    pulse = int(np.argmax(score.gain[point]))
    hours = _travel_hours(given, found, point)
    start = float(score.start_h[point, pulse])
    length = float(score.length_h[point, pulse])
    said: dict[str, Any] = {}
    if len(hours):
        said["travel_time_min_h"] = float(hours.min())
        said["travel_time_max_h"] = float(hours.max())
    if score.gain[point, pulse] * temper < TOLD:
        return said
    part = temper * score.by_section[point]
    names = problem.sections["section_id"].astype(str).to_numpy(dtype=object)
    each = dict(zip(names[given.sections].tolist(), part.tolist(), strict=True))
    said["amplitude"] = float(score.multiple[point, pulse])
    said["onset"] = given.first + pd.Timedelta(hours=start)
    said["end"] = given.first + pd.Timedelta(hours=start + length)
    said["fits"] = {key: value for key, value in each.items() if value > TOLD}
    said["against"] = {key: value for key, value in each.items() if value < -TOLD}
    said["fingerprint"] = float(temper * score.by_item[point, 1:].sum())
    return said


def _travel_hours(given: SeriesInput, found: _Found, point: int) -> Floats:
    """Mean hours to the target in each member where water goes there."""
    node = int(given.suspects.nodes[point])
    hours = []
    for one in found.kernels:
        kernel = one.kernel[one.root[node], :, given.target]
        size = float(kernel.sum())
        if size > 0:
            lag = np.arange(len(kernel)) * one.step_h + one.delay_h[node]
            hours.append(float((kernel * lag).sum() / size))
    return np.array(hours)


def _notes(given: SeriesInput) -> tuple[Words, ...]:
    items, times, sections = given.series.value.shape
    said: list[Words] = [
        (
            f"依据 {sections} 个断面、{items} 个项目、{times} 个时刻的监测序列",
            f"by series of {items} items at {sections} sections and {times} times",
        )
    ]
    if not given.is_flow_measured:
        said.append(
            (
                "没有断面或河段流量，水往哪里分、走多快只能推断，概率因此放宽；补测流量最有用",
                (
                    "no section or reach has a flow: how water parts and how fast it "
                    "goes is inferred, probabilities are wider for it; measure flows"
                ),
            )
        )
    return tuple(said)

"""Evidence of time series: flow, travel times and the pulse, all unsure, all together."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logsumexp

from geotool.attribution._baseline import Baseline
from geotool.attribution._lags import Kernels
from geotool.attribution._members import (
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
    found = _search(problem, given, facts)
    if max(float(one.gain.max()) for one in found.scores) < _value(
        facts, "pulse", "least_gain"
    ):
        return None
    return _evidence(problem, given, found, facts)


@dataclass(frozen=True, eq=False)
class _Found:
    """Members weighed: scores, kernels and flow of each, the best first."""

    scores: list[PulseScore]
    kernels: list[Kernels]
    flow_m3_s: Floats
    misfit: Floats


def _value(facts: dict[str, Any], part: str, key: str) -> float:
    return float(facts[part][key]["value"])


def _search(problem: Problem, given: SeriesInput, facts: dict[str, Any]) -> _Found:
    flow_facts, search = facts["flow"], facts["search"]
    prior = FlowPrior(
        conveyance_sigma=_value(facts, "flow", "conveyance_sigma"),
        gauge_sigma=_value(facts, "flow", "gauge_sigma"),
        direction_weight=_value(facts, "flow", "direction_weight"),
        depth_m=flow_facts["depth_m"]["value"],
        depth_sigma=flow_facts["depth_m"]["sigma"],
        start_h=flow_facts["start_h"]["value"],
        start_sigma=flow_facts["start_h"]["sigma"],
    )
    model = FlowModel(given.web, prior, given.decay_sigma)
    baseline = Baseline(
        model, given.section_nodes, given.series, given.loads, problem.decay_per_d
    )
    ensemble = smooth_ensemble(
        baseline.residuals,
        model.mean,
        model.sd,
        members=search["members"]["value"],
        rounds=search["rounds"]["value"],
        seed=search["seed"]["value"],
    )
    best = best_members(ensemble, search["weighed"]["value"])
    flow = model.flow(ensemble.states[best])
    pulse = facts["pulse"]
    grid = PulseGrid(
        step_h=pulse["step_h"]["value"],
        lengths_h=tuple(float(h) for h in pulse["lengths_h"]["values"]),
        multiples=(pulse["multiples"]["low"], pulse["multiples"]["high"]),
        multiple_steps=pulse["multiples"]["steps"],
        kept=pulse["kept"]["value"],
    )
    pulses = Pulses(baseline, given.suspects, grid)
    kernels = [baseline.kernels(flow, k) for k in range(len(best))]
    scores = [
        pulses.score(flow, k, one, baseline.fit(flow, k, one, baseline.weight))
        for k, one in enumerate(kernels)
    ]
    return _Found(scores, kernels, flow.flow_m3_s, ensemble.misfit[best])


def _evidence(
    problem: Problem, given: SeriesInput, found: _Found, facts: dict[str, Any]
) -> Evidence:
    temper = _value(facts, "calibration", "pulse")
    fit = -_value(facts, "calibration", "member") * (found.misfit - found.misfit.min())
    likelihood, points = candidate_likelihood(
        [one.gain for one in found.scores],
        given.suspects.owner,
        fit,
        temper=temper,
        candidates=problem.n + len(problem.groups),
    )
    told: list[dict[str, Any]] = [{} for _ in likelihood]
    for candidate, (member, point) in points.items():
        told[candidate] = _facts(problem, given, found, point, member, temper)
    weight = np.exp(fit - logsumexp(fit))
    flow = np.full(len(problem.canals.start), np.nan)
    flow[given.segments] = weight @ found.flow_m3_s
    return Evidence(
        name="series",
        log_likelihood=likelihood,
        level=LEVEL,
        facts=tuple(told),
        notes=_notes(given),
        log_prior=_log_prior(problem),
        flow_m3_s=flow,
    )


def candidate_likelihood(
    gains: list[Floats],
    owner: Ints,
    fit: Floats,
    *,
    temper: float,
    candidates: int,
) -> tuple[Floats, dict[int, tuple[int, int]]]:
    """
    Sum over members, points and pulses.

    Parameters
    ----------
    gains : list of array, points x pulses
        Of each member.
    owner : array of int
        Candidate of each point.
    fit : array of float
        Logarithm of the weight of each member.
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
    ...     [np.array([[0.0], [2.0], [4.0]])], np.array([0, 2, 2]), np.zeros(1),
    ...     temper=0.5, candidates=3)
    >>> log.round(2), best[2]
    (array([0.  , -inf, 1.62]), (0, 2))
    """
    each = np.stack([logsumexp(temper * one, axis=1) for one in gains])
    each += fit[:, None] - logsumexp(fit) - np.log(gains[0].shape[1])
    likelihood = np.full(candidates, -np.inf)
    best = {}
    for candidate in np.unique(owner).tolist():
        points = np.flatnonzero(owner == candidate)
        own = each[:, points]
        likelihood[candidate] = logsumexp(own) - np.log(len(points))
        member, point = np.unravel_index(int(np.argmax(own)), own.shape)
        best[candidate] = (int(member), int(points[point]))
    return likelihood, best


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
    return (
        (
            f"依据 {sections} 个断面、{items} 个项目、{times} 个时刻的监测序列",
            f"by series of {items} items at {sections} sections and {times} times",
        ),
    )

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
from geotool.attribution._problem import Evidence, Floats, Problem, Words
from geotool.attribution._pulses import Pulses, PulseGrid, PulseScore
from geotool.attribution._series_input import SeriesInput, series_input
from geotool.tables import load_table

LEVEL = 5
"""Level of the data that series at sections make (attribution.md 2.9)."""

TOLD = 0.7
"""Log-ratios smaller than this (a factor of two) are not worth telling."""


def series_evidence(problem: Problem, readings: pd.DataFrame) -> Evidence | None:
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
    readings : DataFrame
        The problem's readings.

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
    if max(float(one.gain.max()) for one in found.scores) < _value(facts, "pulse", "least_gain"):
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
    flow = model.flow(ensemble.values[best])
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
    gain = np.stack(
        [logsumexp(temper * one.gain, axis=1) for one in found.scores]
    ) - np.log(found.scores[0].gain.shape[1])
    count = problem.n + len(problem.groups)
    likelihood = np.full(count, -np.inf)
    weighed = gain + fit[:, None]
    likelihood[given.present] = logsumexp(weighed, axis=0) - logsumexp(fit)
    best = np.argmax(weighed, axis=0)
    told: list[dict[str, Any]] = [{} for _ in range(count)]
    for k, candidate in enumerate(given.present.tolist()):
        told[candidate] = _facts(problem, given, found, k, int(best[k]), temper)
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
    suspect: int,
    member: int,
    temper: float,
) -> dict[str, Any]:
    """What the reasons of a candidate tell, from its best pulse."""
    score = found.scores[member]
    pulse = int(np.argmax(score.gain[suspect]))
    hours = _travel_hours(given, found, suspect)
    start = float(score.start_h[suspect, pulse])
    length = float(score.length_h[suspect, pulse])
    said: dict[str, Any] = {}
    if len(hours):
        said["travel_time_min_h"] = float(hours.min())
        said["travel_time_max_h"] = float(hours.max())
    if score.gain[suspect, pulse] * temper < TOLD:
        return said
    part = temper * score.by_section[suspect]
    names = problem.sections["section_id"].astype(str).to_numpy(dtype=object)
    each = dict(zip(names[given.sections].tolist(), part.tolist(), strict=True))
    said["amplitude"] = float(score.multiple[suspect, pulse])
    said["onset"] = given.first + pd.Timedelta(hours=start)
    said["end"] = given.first + pd.Timedelta(hours=start + length)
    said["fits"] = {key: value for key, value in each.items() if value > TOLD}
    said["against"] = {key: value for key, value in each.items() if value < -TOLD}
    said["fingerprint"] = float(temper * score.by_item[suspect, 1:].sum())
    return said


def _travel_hours(given: SeriesInput, found: _Found, suspect: int) -> Floats:
    """Mean hours to the target in each member where water goes there."""
    nodes = given.suspects.nodes[given.suspects.owner == suspect]
    hours = []
    for one in found.kernels:
        kernel = one.kernel[one.root[nodes], :, given.target]
        size = kernel.sum()
        if size > 0:
            lag = np.arange(kernel.shape[1]) * one.step_h + one.delay_h[nodes][:, None]
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

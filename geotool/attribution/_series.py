"""Evidence of time series: flow, travel times and the pulse, all unsure, all together."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from geotool.attribution._baseline import Baseline
from geotool.attribution._ensemble import best_members, smooth_ensemble
from geotool.attribution._lags import Kernels
from geotool.attribution._members import Flow, FlowModel, FlowPrior
from geotool.attribution._places import places_told, with_places
from geotool.attribution._problem import Evidence, Floats, Problem, Words
from geotool.attribution._pulses import PulseGrid, Pulses, PulseScore
from geotool.attribution._series_input import SeriesInput, series_input
from geotool.attribution._weigh import PulseRule, even_prior, weigh_pulses
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
        later=search["later"]["value"],
        settled=(search["weighed"]["value"], search["settled"]["value"]),
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
    kernels = [
        with_places(baseline.kernels(flow, k), given.web, flow, k, given.places)
        for k in range(len(flow.head))
    ]

    def scored(k: int) -> PulseScore:
        weight = baseline.doubtful_weight(flow, k, kernels[k])
        return pulses.score(flow, k, kernels[k], weight)

    # members know nothing of each other, and numpy lets others run while it counts
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(kernels))) as pool:
        scores = list(pool.map(scored, range(len(kernels))))
    if max(float(one.gain.max()) for one in scores) < _value(
        facts, "pulse", "least_gain"
    ):
        return None
    return _evidence(problem, given, _Found(scores, kernels, flow.flow_m3_s), facts)


def _evidence(
    problem: Problem, given: SeriesInput, found: _Found, facts: dict[str, Any]
) -> Evidence:
    gains = [one.gain for one in found.scores]
    rule = PulseRule.of_table(facts["calibration"], measured=given.is_flow_measured)
    prior = even_prior(problem)
    weighed = weigh_pulses(
        gains,
        given.suspects.owner,
        given.weight,
        prior,
        registered=problem.n,
        rule=rule,
    )
    told: list[dict[str, Any]] = [{} for _ in prior]
    for candidate, (member, point) in weighed.best.items():
        told[candidate] = _facts(problem, given, found, point, member, rule.temper)
    for candidate, places in places_told(given.places, weighed.place_share).items():
        told[candidate]["places"] = places
    flow = np.full(len(problem.canals.start), np.nan)
    flow[given.segments] = found.flow_m3_s.mean(axis=0)
    return Evidence(
        name="series",
        log_likelihood=weighed.log_likelihood,
        level=LEVEL,
        facts=tuple(told),
        notes=_notes(given),
        log_prior=prior,
        flow_m3_s=flow,
    )


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


DRAWN: Words = (
    "概率由随机试出的流量方案估计，换一组通常变 0.03，个别变过 0.5；概率相近的几位都要查",
    (
        "probabilities rest on a random draw of flows; another moves one by 0.03 in the "
        "usual case, by 0.5 at worst: look at all that are close together"
    ),
)
"""Told with every ranking by series: measured in ``benchmarks/bench_incidents.py``."""


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
    said.append(DRAWN)
    return tuple(said)

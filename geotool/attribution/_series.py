"""Evidence of time series: flow, travel times and the pulse, all unsure, all together."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from geotool.attribution._baseline import Baseline
from geotool.attribution._draws import draw_error
from geotool.attribution._ensemble import best_members, smooth_ensemble
from geotool.attribution._found import Found, Yardstick, pulse_facts
from geotool.attribution._members import SURE_TURNS, Flow, FlowModel, FlowPrior
from geotool.attribution._places import places_told, with_places
from geotool.attribution._posterior import probabilities
from geotool.attribution._problem import Evidence, Floats, Ints, Problem, Words
from geotool.attribution._pulses import PulseGrid, Pulses, PulseScore
from geotool.attribution._series_input import SeriesInput, series_input
from geotool.attribution._weigh import Pulled, PulseRule, even_prior, weigh_pulses
from geotool.tables import load_table

LEVEL = 5
"""Level of the data that series at sections make (attribution.md 2.9)."""


def series_evidence(problem: Problem) -> Evidence | None:
    """
    Weigh every candidate by the time series of all sections and items.

    Ensembles of flows are drawn towards the section flows, the known directions and
    the readings outside the incident: levels, fronts and their times tell of splits,
    depth and speed. In each of their best members every candidate's rectangular pulses
    are tried on all readings, the declared loads fitted anew. In a member the likelihood
    of a candidate is the sum over its pulses, tempered so that a stated probability is
    how often it is right; the posteriors of the members are averaged. More is drawn
    while the answer still hangs on the draw.

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
    search = facts["search"]
    batch, most = search["searches"]["value"], search["most"]["value"]
    # thousands of small matrices: more threads than one only wait for each other
    with threadpool_limits(limits=1, user_api="blas"):
        baseline = baseline_of(problem, given, facts)

        def found_by(numbers: range) -> Found:
            flow = likely_flows(baseline, facts, numbers)
            part = np.repeat(np.array(numbers), len(flow.head) // len(numbers))
            return _found(given, baseline, flow, part, facts)

        found = found_by(range(batch))
        if not _shows_pulse(found, facts):
            return None
        evidence = _evidence(problem, given, found, facts)
        unsteady = search["unsteady"]["value"]
        while found.searches < most and error_of(problem, evidence) >= unsteady:
            more = range(found.searches, min(found.searches + batch, most))
            found = found.with_more(found_by(more))
            evidence = _evidence(problem, given, found, facts)
    return evidence


def error_of(problem: Problem, evidence: Evidence) -> float:
    """Give how far another draw of flows would move the probability of one, at worst."""
    assert evidence.log_prior is not None
    left_out = [
        probabilities(evidence.log_prior, replace(evidence, log_likelihood=one))
        for one in evidence.left_out
    ]
    return float(draw_error(left_out, problem.n).max())


def _value(facts: dict[str, Any], part: str, key: str) -> float:
    return float(facts[part][key]["value"])


def each_by_thread(work: Callable[[int], Any], numbers: Sequence[int]) -> list[Any]:
    """
    Call with each number; numpy lets other threads run while it counts.

    Examples
    --------
    >>> each_by_thread(lambda k: k * k, range(4))
    [0, 1, 4, 9]
    """
    with ThreadPoolExecutor(min(os.cpu_count() or 1, len(numbers))) as pool:
        return list(pool.map(work, numbers))


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


def likely_flows(
    baseline: Baseline, facts: dict[str, Any], numbers: Sequence[int]
) -> Flow:
    """
    Draw flows towards what was measured, and keep those that fit best.

    One search ends with all its members near one another, and which of several flows
    that fit as well they are near hangs on the draw. So several searches are made, and
    the best of each are kept.

    Parameters
    ----------
    baseline : Baseline
    facts : dict
        Table ``attribution_series``.
    numbers : sequence of int
        One a search: each has a draw of its own.
    """
    model = baseline.model
    search = {key: one["value"] for key, one in facts["search"].items()}

    def kept(number: int) -> Floats:
        ensemble = smooth_ensemble(
            baseline.residuals,
            model.mean,
            model.sd,
            members=search["members"],
            rounds=search["rounds"],
            seed=(search["seed"], number),
            later=search["later"],
            settled=(search["kept"], search["settled"]),
        )
        return ensemble.states[best_members(ensemble, search["kept"])]

    states = np.concatenate([kept(number) for number in numbers])
    return model.flow(states, turns=SURE_TURNS)


def evidence_of_flows(
    problem: Problem,
    given: SeriesInput,
    baseline: Baseline,
    flow: Flow,
    facts: dict[str, Any],
) -> Evidence | None:
    """Weigh every candidate in each of some flows; None where none shows a pulse."""
    found = _found(
        given, baseline, flow, np.zeros(len(flow.head), dtype=np.int64), facts
    )
    return (
        _evidence(problem, given, found, facts) if _shows_pulse(found, facts) else None
    )


def _shows_pulse(found: Found, facts: dict[str, Any]) -> bool:
    return found.largest_gain >= _value(facts, "pulse", "least_gain")


def _found(
    given: SeriesInput,
    baseline: Baseline,
    flow: Flow,
    search: Ints,
    facts: dict[str, Any],
) -> Found:
    """Try every candidate's pulses in each of some flows."""
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
        with_places(one, given.web, flow, k, given.places)
        for k, one in enumerate(baseline.kernels(flow))
    ]

    def scored(k: int) -> PulseScore:
        weight = baseline.doubtful_weight(flow, k, kernels[k])
        return pulses.score(flow, k, kernels[k], weight)

    scores = each_by_thread(scored, range(len(kernels)))
    return Found(scores, kernels, flow.flow_m3_s, search)


def _evidence(
    problem: Problem, given: SeriesInput, found: Found, facts: dict[str, Any]
) -> Evidence:
    rule = PulseRule.of_table(facts["calibration"], measured=given.is_flow_measured)
    prior = even_prior(problem)

    def weighed_by(members: Ints) -> Pulled:
        return weigh_pulses(
            [found.scores[k].gain for k in members.tolist()],
            given.suspects.owner,
            given.weight,
            prior,
            registered=problem.n,
            rule=rule,
        )

    weighed = weighed_by(np.arange(len(found.scores)))
    numbers = np.unique(found.search)
    left_out = tuple(
        weighed_by(np.flatnonzero(found.search != one)).log_likelihood
        for one in (numbers if len(numbers) > 1 else ())
    )
    told: list[dict[str, Any]] = [{} for _ in prior]
    most = float(facts["pulse"]["multiples"]["high"])
    yardstick = Yardstick(rule.temper, most, prior)
    for candidate, (member, point) in weighed.best.items():
        told[candidate] = pulse_facts(problem, given, found, point, member, yardstick)
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
        left_out=left_out,
    )


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

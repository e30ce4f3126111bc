"""Rank the sources of an exceedance."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool._progress import long_step
from geotool.attribution._continuity import require_series_flow
from geotool.attribution._draws import draw_error, draw_words
from geotool.attribution._evidence import steady_evidence
from geotool.attribution._expected import item_scales, log_prior
from geotool.attribution._inputs import Prepared, build_problem
from geotool.attribution._mixing import mixing_words, source_mixing_m
from geotool.attribution._mixture import mixture_words
from geotool.attribution._observe import Observed, observe
from geotool.attribution._opinion import POOLED, contradiction, pooled
from geotool.attribution._posterior import (
    best_trial,
    contribution_shares,
    probabilities,
)
from geotool.attribution._problem import Evidence, Floats, Problem, Words
from geotool.attribution._ranking import Ranking
from geotool.attribution._records import extra_evidence
from geotool.attribution._result import Weighed, make_ranking
from geotool.attribution._series import series_evidence
from geotool.attribution._states import Influence, distance_influence, influences
from geotool.network import RiverNetwork, Scenario
from geotool.tables import load_table

SERIES_TIMES = 8
"""From this many times of one item at a section on, readings are a series."""


@long_step("排查来源", "ranking the sources")
def rank_sources(
    network: RiverNetwork,
    at: Any,
    readings: pd.DataFrame,
    outfalls: gpd.GeoDataFrame,
    *,
    item: str,
    sections: gpd.GeoDataFrame | None = None,
    scenario: Scenario | None = None,
    states: Sequence[tuple[Scenario, float]] = (),
    limit_mg_l: float | None = None,
    items: Sequence[str] | None = None,
    loads: pd.DataFrame | None = None,
    records: pd.DataFrame | None = None,
    rain_mm: pd.Series | None = None,
    max_offset_m: float = 200.0,
) -> Ranking:
    """
    Rank the outfalls that may have made a section fail, with reasons.

    Flow is estimated from what is known, the influence of every outfall on every
    section follows from one adjoint solve a section, and readings weigh the candidates:
    how much, which items, when, and what sections that stayed clean did not see. A
    probability goes to every outfall and to "not in the register, on reaches …". What
    it rests on is told by the level of the data; with distances only it is an order by
    distance and says so.

    Parameters
    ----------
    network : RiverNetwork
        Oriented: see :func:`geotool.orient_network`.
    at : str, GeoDataFrame of one section, Point or (reach_id, measure_m)
        The section that failed; by its id or name where ``sections`` is given.
    readings : DataFrame
        As they came or tidy, in long or wide form: see
        :func:`geotool.readings.tidy_readings`.
    outfalls : GeoDataFrame
        Layer ``outfalls``; permitted or actual figures where there are any.
    item : str
        What failed, by any of its names.
    sections : GeoDataFrame, optional
        Layer ``sections``: all that have readings are evidence.
    scenario : Scenario, optional
        Gate states and directions; as registered if None.
    states : sequence of (Scenario, share of time), optional
        Instead of one scenario, the flow states that took turns.
    limit_mg_l : float, optional
        Limit at the section; by its target class if None.
    items : sequence of str, optional
        Use only these besides ``item``.
    loads : DataFrame, optional
        Measured loads: ``outfall_id, item, load_g_s``.
    records : DataFrame, optional
        Online records of sources: ``outfall_id, time, value_mg_l`` of the item; whose
        changes lead those of the section in time gains.
    rain_mm : Series, optional
        Rain by time, to tell what is washed in from what is discharged evenly.
    max_offset_m : float
        Farthest a point may lie from the bank.

    Returns
    -------
    Ranking

    Raises
    ------
    LayerError
        If the item is unknown or does not add up from loads, the section has no
        usable reading, or a table lacks a column.
    LocateError
        If the section is unknown or not on the network.
    NetworkError
        If water goes round above the section without any exit.

    Examples
    --------
    Two outfalls, a clean section between them, one that failed below both:

    >>> import shapely
    >>> from geotool.network import build_network
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "direction": ["digitized"], "width_m": [20.0]},
    ...     geometry=[shapely.LineString([(0, 0), (9000, 0)])], crs=4549,
    ... )
    >>> def points(column, ids, metres, **others):
    ...     places = [shapely.Point(x, 0) for x in metres]
    ...     return gpd.GeoDataFrame({column: ids, **others}, geometry=places, crs=4549)
    >>> sections = points(
    ...     "section_id", ["S1", "S2"], [4000, 8000],
    ...     target_class=["III", "III"], flow_m3_s=[2.0, 2.0],
    ... )
    >>> outfalls = points(
    ...     "outfall_id", ["P1", "P2"], [2000, 6000],
    ...     permitted_discharge_m3_d=[4000.0, 4000.0], permitted_nh3n_mg_l=[8.0, 8.0],
    ... )
    >>> readings = pd.DataFrame({
    ...     "断面编号": ["S1", "S2"], "时间": ["2026-05-03 08:00"] * 2, "氨氮": [0.3, 2.1],
    ... })
    >>> ranking = rank_sources(
    ...     build_network(rivers), "S2", readings, outfalls,
    ...     item="氨氮", sections=sections,
    ... )
    >>> ranking.table["outfall_id"].tolist(), ranking.level
    (['P2', 'P1'], 4)
    """
    prepared = build_problem(
        network,
        at,
        readings,
        outfalls,
        item=item,
        sections=sections,
        scenario=scenario,
        states=states,
        limit_mg_l=limit_mg_l,
        loads=loads,
        items=items,
        max_offset_m=max_offset_m,
    )
    return rank_problem(prepared, records=records, rain_mm=rain_mm)


def rank_problem(
    prepared: Prepared,
    *,
    records: pd.DataFrame | None = None,
    rain_mm: pd.Series | None = None,
) -> Ranking:
    """
    Rank the candidates of a problem that was built before.

    Parameters
    ----------
    prepared : Prepared
        From :func:`build_problem`.
    records, rain_mm : optional
        As in :func:`rank_sources`.
    """
    problem = prepared.problem
    influence = influences(problem)
    problem = _with_sized_counts(problem, influence)
    observed = observe(problem, influence)
    evidence, notes = _evidence(problem, influence, observed)
    arriving = influence.mean[problem.target]
    if evidence.name == "distance":
        arriving = distance_influence(problem)
    prior = log_prior(problem, arriving)
    if evidence.log_prior is not None:
        prior = evidence.log_prior
    extra, said = extra_evidence(problem, influence, records, rain_mm)
    probability = probabilities(prior + extra, evidence)
    if evidence.name == "series":
        other = None
        steady = steady_evidence(problem, influence, observed)
        if steady.level > 0:
            other = probabilities(log_prior(problem, arriving) + extra, steady)
            said += [*contradiction(problem, probability, other), POOLED]

        def both(series: Evidence) -> Floats:
            own = probabilities(prior + extra, series)
            return own if other is None else pooled(own, other, problem.n)

        probability = both(evidence)
        left_out = [
            both(replace(evidence, log_likelihood=one)) for one in evidence.left_out
        ]
        error = draw_error(left_out, problem.n)
        said += draw_words(problem, probability, error)
    facts = _with_extra(problem, evidence, extra)
    extra_g_s = _extra_loads(problem, facts)
    extra_mg_l = influence.mean[problem.target] * extra_g_s
    shares = contribution_shares(problem, influence, probability, extra_mg_l)
    trial = best_trial(problem, influence, probability, extra_g_s)
    weighed = Weighed(
        problem=problem,
        influence=influence,
        observed=observed,
        evidence=evidence,
        facts=facts,
        probability=probability,
        extra_mg_l=extra_mg_l,
        order_by=_order(problem, probability, arriving, evidence),
        shares=shares,
        trial=trial,
        notes=(
            *problem.notes,
            *influence.notes,
            *evidence.notes,
            *notes,
            *said,
            *mixture_words(problem, influence, observed),
            *mixing_words(problem, source_mixing_m(problem)),
        ),
    )
    return make_ranking(weighed, prepared)


def _with_sized_counts(problem: Problem, influence: Influence) -> Problem:
    """Size loads of which nothing is known by what the water usually carries.

    Where no source declares an item, all are alike and only their sum matters: it is
    taken to make the usual background at the section.
    """
    load, others = problem.load_g_s.copy(), problem.others_load_g_s.copy()
    counted = (problem.load_basis == "count").all(axis=0)
    usual = load_table("attribution")["evidence"]["background"]["mean"]
    scale = usual * item_scales(problem)[problem.target]
    psi = influence.psi[:, :, problem.target, : problem.n].mean(axis=0)
    for k in np.flatnonzero(counted).tolist():
        made = float(psi[k] @ load[:, k])
        if made > 0:
            load[:, k] *= scale[k] / made
            others[:, k] *= scale[k] / made
    return replace(problem, load_g_s=load, others_load_g_s=others)


def _order(
    problem: Problem, probability: Floats, arriving: Floats, evidence: Evidence
) -> Floats:
    """Give what sources are sorted by; nearest first where only that is known."""
    if evidence.name == "distance":
        return -problem.sources["distance_m"].to_numpy(float)
    # equal probabilities by what arrives, so that the order never hangs on the rows
    own = np.log(np.maximum(arriving[: problem.n], 1e-300))
    with np.errstate(divide="ignore"):
        logs = np.log(probability[: problem.n])
    rank = np.lexsort((own, np.round(logs, 9)))
    # those that are alike in both share a place: their ids decide later
    pair = np.stack([np.round(logs, 9), own])[:, rank]
    fresh = np.append(True, (pair[:, 1:] != pair[:, :-1]).any(axis=0))[: problem.n]
    place = np.empty(problem.n)
    place[rank] = np.maximum.accumulate(np.where(fresh, np.arange(problem.n), 0))
    return place


def _evidence(
    problem: Problem, influence: Influence, observed: Observed
) -> tuple[Evidence, list[Words]]:
    """Series evidence where readings are series, else that of one window."""
    reaches = influence.psi[:, 0, problem.target].max(initial=0.0) > 0
    if not reaches:
        note = (
            "估算的水流没有经过断面，只能按距离排序",
            "by the estimated flow no water passes the section: distances only",
        )
        return _by_distance(problem), [note]
    if _is_series(problem.readings):
        found = series_evidence(problem)
        if found is not None:
            require_series_flow(problem, found.flow_m3_s)
            return found, []
    steady = steady_evidence(problem, influence, observed)
    return (_by_distance(problem) if steady.level == 0 else steady), []


def _by_distance(problem: Problem) -> Evidence:
    count = problem.n + len(problem.groups)
    return Evidence("distance", np.zeros(count), 0, tuple({} for _ in range(count)))


def _is_series(readings: pd.DataFrame) -> bool:
    counts = readings.groupby(["section", "item"])["time"].nunique()
    return bool(len(counts)) and int(counts.max()) >= SERIES_TIMES


def _extra_loads(problem: Problem, facts: tuple[dict[str, Any], ...]) -> Floats:
    """Give what each would discharge beyond its declared load, in g/s."""
    declared = np.zeros(len(facts))
    declared[: problem.n] = problem.load_g_s[:, 0]
    found = [
        one.get("extra_g_s", one.get("amplitude", 0.0) * load)
        for one, load in zip(facts, declared.tolist(), strict=True)
    ]
    return np.nan_to_num(np.array(found, dtype=float))


def _with_extra(
    problem: Problem, evidence: Evidence, extra: Floats
) -> tuple[dict[str, Any], ...]:
    """Add what records and rain said to the facts of each candidate."""
    count = problem.n + len(problem.groups)
    given = evidence.facts or tuple({} for _ in range(count))
    return tuple(
        {**one, "wet": float(extra[k])} if extra[k] else dict(one)
        for k, one in enumerate(given)
    )

"""From a problem to the arrays that the search of flows and pulses works on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from geotool.attribution._baseline import Loads, Series, bumps, reading_sigma
from geotool.attribution._members import Web
from geotool.attribution._places import Places, places_of
from geotool.attribution._problem import Bools, Floats, Ints, Problem
from geotool.attribution._pulses import Suspects
from geotool.attribution._series_web import cut_long, is_flow_measured, web_of

FINE_H = 2.0
"""Readings closer together than this are averaged."""


@dataclass(frozen=True, eq=False)
class SeriesInput:
    """
    A problem as the search needs it.

    Attributes
    ----------
    web : Web
        The part of the canals that holds the target section.
    segments : array of int
        Segments of the canals that are in the web.
    sections : array of int
        Rows of the problem's sections in play.
    section_nodes : array of int
        Their nodes in the web.
    target : int
        Which of them failed.
    series : Series
    first : Timestamp
        Time zero.
    loads : Loads
    suspects : Suspects
        Owners are the problem's candidates; those outside the web have no point.
        Registered ones come first, then the places of stretches, numbered as nodes
        after those of the web.
    places : Places
        Where an unregistered source may lie.
    weight : array of float, one a suspect
        How likely it is before, beside the others of its owner.
    decay_sigma : array of float
    is_flow_measured : bool
        Whether the flow of any section in play, or of any segment, is known.
    """

    web: Web
    segments: Ints
    sections: Ints
    section_nodes: Ints
    target: int
    series: Series
    first: pd.Timestamp
    loads: Loads
    suspects: Suspects
    places: Places
    weight: Floats
    decay_sigma: Floats
    is_flow_measured: bool


def series_input(problem: Problem, facts: dict[str, Any]) -> SeriesInput | None:
    """
    Prepare a problem, or give None where series cannot tell more than single values.

    Parameters
    ----------
    problem : Problem
    facts : dict
        Table ``attribution_series``.
    """
    problem = _plain_numbers(problem)
    chosen = _window(problem, facts["readings"])
    if chosen is None:
        return None
    table, first = chosen
    nodes = problem.sections["node"].to_numpy(dtype=np.int64)
    pieces = cut_long(
        problem.canals,
        int(nodes[problem.target]),
        large_m=facts["flow"]["large_width_m"]["value"],
    )
    part, place = pieces.part, pieces.place
    if pieces.nodes > facts["flow"]["most_nodes"]["value"]:
        return None
    inside = part[nodes] & np.isin(np.arange(len(nodes)), table["section"])
    sections = np.flatnonzero(inside)
    web = web_of(problem, pieces, facts["flow"])
    if web is None:
        return None
    places = places_of(problem, pieces)
    suspects = _suspects(problem, place, web, places, facts["pulse"]["item_spread"])
    registered = len(suspects.nodes) - len(places.piece)
    return SeriesInput(
        web=web,
        segments=pieces.segment,
        sections=sections,
        section_nodes=place[nodes[sections]],
        target=int(np.searchsorted(sections, problem.target)),
        series=_series(problem, table, sections, facts["readings"]),
        first=first,
        loads=_loads(problem, web, part, place, facts["loads"]),
        suspects=suspects,
        places=places,
        weight=np.append(np.ones(registered), places.length_m),
        decay_sigma=np.maximum(
            problem.decay_sigma
            * (problem.decay_per_d > 0)
            * facts["loads"]["decay"]["value"],
            0.01,
        ),
        is_flow_measured=is_flow_measured(problem, pieces.segment),
    )


def _plain_numbers(problem: Problem) -> Problem:
    """
    Round what is known of water and loads to a millionth: nobody knows it better.

    The search is a chain of steps of which each makes ten or twenty times more of a
    difference in the one before: the sixteenth digit of a permitted discharge, which
    hangs on how it was computed, must not tell. That makes the answer repeatable, and
    the search no less sensitive: a change that is larger than the rounding tells.
    """
    canals = problem.canals
    water = problem.sources["discharge_m3_s"].to_numpy(float)
    return replace(
        problem,
        canals=replace(
            canals,
            inflow_m3_s=rounded(canals.inflow_m3_s),
            flow_m3_s=rounded(canals.flow_m3_s),
        ),
        sources=problem.sources.assign(discharge_m3_s=rounded(water)),
        load_g_s=rounded(problem.load_g_s),
        others_load_g_s=rounded(problem.others_load_g_s),
    )


def rounded(values: Floats, share: float = 1e-6) -> Floats:
    """
    Round to a share of each value: to steps of its logarithm.

    Decimal places would not do: declared figures have few digits, and their products
    often end in a five just where they are to be rounded.

    Examples
    --------
    >>> one = rounded(np.array([0.5, 0.5 * (1 + 1e-13), -3.0, 0.0, np.nan]))
    >>> bool(one[0] == one[1]), bool(abs(one[2] + 3.0) < 3e-6), one[3:].tolist()
    (True, True, [0.0, nan])
    """
    size = np.abs(values)
    known = np.isfinite(values) & (size > 0)
    steps = np.round(np.log(np.where(known, size, 1.0)) / share)
    return np.asarray(np.where(known, np.sign(values) * np.exp(steps * share), values))


# ---------------------------------------------------------------- readings
def _window(
    problem: Problem, facts: dict[str, Any]
) -> tuple[pd.DataFrame, pd.Timestamp] | None:
    """Give the readings about the worst of the failing item, on a clock in hours."""
    table = problem.readings
    own = table[(table["section"] == problem.target) & (table["item"] == problem.item)]
    if own["time"].nunique() < facts["least_times"]["value"]:
        return None
    worst = own["time"].iloc[int(np.argmax(own["value_mg_l"].to_numpy(float)))]
    hour = pd.Timedelta(hours=1)
    window = facts["window_h"]
    near = (table["time"] >= worst - window["before"] * hour) & (
        table["time"] <= worst + window["after"] * hour
    )
    table = table[near]
    own = own[own["time"].isin(table["time"])]
    step = own["time"].drop_duplicates().sort_values().diff().median()
    step = pd.Timedelta(step) / hour
    enough = own["time"].nunique() >= facts["least_times"]["value"]
    if not enough or step > facts["longest_step_h"]["value"]:
        return None
    first = table["time"].min()
    clock = ((table["time"] - first) / hour).to_numpy(float)
    table = table.assign(hour=np.round(clock / FINE_H) * FINE_H)
    return table, first


def _series(
    problem: Problem, table: pd.DataFrame, sections: Ints, facts: dict[str, Any]
) -> Series:
    times = np.unique(table["hour"].to_numpy(float))
    row = np.full(len(problem.sections), -1)
    row[sections] = np.arange(len(sections))
    item = pd.Index(problem.items).get_indexer(pd.Index(table["item"]))
    where = row[table["section"].to_numpy(dtype=np.int64)]
    used = (where >= 0) & (item >= 0)
    shape = (len(problem.items), len(times), len(sections))
    at = np.ravel_multi_index(
        (
            item[used],
            np.searchsorted(times, table["hour"].to_numpy(float)[used]),
            where[used],
        ),
        shape,
    )
    size = int(np.prod(shape))
    count = np.bincount(at, minlength=size)
    total = np.bincount(at, table["value_mg_l"].to_numpy(float)[used], minlength=size)
    value = np.where(count > 0, total / np.maximum(count, 1), np.nan).reshape(shape)
    scale = item_scale(problem)
    return Series(
        times_h=times,
        value=value,
        sigma=reading_sigma(
            value,
            scale,
            share=facts["noise"]["value"],
            model_share=facts["model_error"]["value"],
        ),
        aside=bumps(value, scale),
    )


def item_scale(problem: Problem) -> Floats:
    """Give a concentration that matters for each item: its limit, else what is read."""
    held = np.where(np.isnan(problem.limits), 0.0, problem.limits).max(axis=0)
    usual = problem.readings.groupby("item")["value_mg_l"].median()
    read = usual.reindex(list(problem.items)).fillna(1.0).to_numpy(float)
    return np.maximum(np.where(held > 0, held, 2.0 * read), 1e-9)


# ---------------------------------------------------------------- loads and suspects
def _loads(
    problem: Problem, web: Web, part: Bools, place: Ints, facts: dict[str, Any]
) -> Loads:
    node = np.concatenate([problem.sources["node"], problem.others["node"]])
    node = node.astype(np.int64)
    load = np.concatenate([problem.load_g_s, problem.others_load_g_s])
    sigma = np.concatenate([problem.load_sigma, problem.others_sigma])
    inside = (node >= 0) & part[node]
    node, load = place[node[inside]], np.nan_to_num(load[inside])
    own = np.minimum(facts["own"]["value"] * np.nan_to_num(sigma[inside], nan=1.0), 1.0)
    water = facts["inlet"]["share"] * item_scale(problem)
    count, inlets = len(node), len(web.inlets)
    spread = np.zeros((len(water), count + inlets, count + inlets))
    for item in range(len(water)):
        each = load[:, item]
        tiny = 1e-9 * max(float(each.max(initial=0.0)), 1e-9)
        spread[item, :count, :count] = np.diag((own[:, item] * each) ** 2 + tiny**2) + (
            facts["common"]["value"] ** 2
        ) * np.outer(each, each)
        spread[item, count:, count:] = water[item] ** 2 * (
            facts["inlet"]["own"] ** 2 * np.eye(inlets) + facts["inlet"]["common"] ** 2
        )
    mean = np.concatenate([load.T, np.repeat(water[:, None], inlets, axis=1)], axis=1)
    return Loads(np.concatenate([node, web.inlets]), mean, spread)


def _suspects(
    problem: Problem, place: Ints, web: Web, places: Places, spread: dict[str, Any]
) -> Suspects:
    """Points of every candidate in the web; a stretch may be met at each place."""
    node = place[problem.sources["node"].to_numpy(np.int64)]
    present = np.flatnonzero(node >= 0)
    discharge = problem.sources["discharge_m3_s"].to_numpy(float)
    middle = np.median(discharge[discharge > 0]) if (discharge > 0).any() else 0.01
    load = np.concatenate(
        [problem.load_g_s, problem.profile_mg_l[problem.n :] * middle]
    )
    owner = np.concatenate([present, places.owner])
    sigma = np.where(
        problem.is_group, spread["unregistered"], spread["registered"]
    ).astype(float)
    return Suspects(
        nodes=np.concatenate([node[present], web.nodes + np.arange(len(places.piece))]),
        owner=owner,
        load_g_s=np.nan_to_num(load[owner]),
        sigma=sigma[owner],
    )

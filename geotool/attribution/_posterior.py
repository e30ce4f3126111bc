"""From evidence to probability, shares, P(top 3), and the sample that would tell most."""

from dataclasses import dataclass

import numpy as np

from geotool.attribution._flow_transport import flow_transport
from geotool.attribution._problem import (
    Bools,
    Evidence,
    Floats,
    Ints,
    Problem,
)
from geotool.attribution._states import Influence, speeds
from geotool.attribution._survival import survival
from geotool.tables import load_table

TRIAL_CANDIDATES = 12
"""Candidates a trial sample is judged by."""

WORTH_BITS = 0.05
"""A smaller gain is not worth the way."""

TRIAL_NODES = 200
"""Nodes at which the gain is worked out: those where the candidates differ most."""

TRIAL_SEGMENTS = 200_000
"""No trial sites are sought in larger networks."""


def probabilities(prior: Floats, evidence: Evidence) -> Floats:
    """
    Multiply prior and likelihood; all candidates sum to one (10).

    Examples
    --------
    >>> even = Evidence("steady", np.log([0.2, 0.8]), level=4)
    >>> probabilities(np.log([0.5, 0.5]), even).round(2).tolist()
    [0.2, 0.8]
    """
    logs = prior + evidence.log_likelihood
    if not np.isfinite(logs).any():
        logs = prior
    weight = np.exp(logs - logs[np.isfinite(logs)].max())
    return np.asarray(np.nan_to_num(weight) / np.nan_to_num(weight).sum())


@dataclass(frozen=True, eq=False)
class Shares:
    """
    What each candidate makes of the concentration at the section.

    Attributes
    ----------
    share, low, high : array of float, one a candidate
        Part of the concentration at the target, and its 80 % range.
    top_three : array of float
        How often it is among the three largest contributors.
    """

    share: Floats
    low: Floats
    high: Floats
    top_three: Floats


def contribution_shares(
    problem: Problem,
    influence: Influence,
    probability: Floats,
    extra_mg_l: Floats,
) -> Shares:
    """
    Draw contributions: declared loads, and the extra load of whoever it was.

    Parameters
    ----------
    problem, influence : Problem, Influence
    probability : array of float, one a candidate
    extra_mg_l : array of float
        What each would add at the target if it were the one.
    """
    facts = load_table("attribution")
    draws = int(facts["draws"]["count"])
    rng = np.random.default_rng(facts["draws"]["seed"])
    count = len(probability)
    arriving = influence.psi[:, 0, problem.target]
    member = rng.integers(0, len(arriving), draws)
    declared = np.zeros(count)
    declared[: problem.n] = problem.load_g_s[:, 0]
    size = arriving.mean(axis=0) * declared + probability * extra_mg_l
    kept = np.sort(np.argsort(-size, kind="stable")[: int(facts["draws"]["largest"])])
    sigma = np.zeros(count)
    sigma[: problem.n] = problem.load_sigma[:, 0]
    noise = np.exp(rng.normal(size=(draws, len(kept))) * sigma[kept])
    made = arriving[member][:, kept] * declared[kept] * noise
    who = rng.choice(count, size=draws, p=probability)
    place = np.searchsorted(kept, who)
    inside = (place < len(kept)) & (kept[np.minimum(place, len(kept) - 1)] == who)
    profile = float(facts["evidence"]["profile_error"]["value"])
    extra = extra_mg_l[who] * np.exp(rng.normal(size=draws) * profile)
    made[np.flatnonzero(inside), place[inside]] += extra[inside]
    background = float(problem.background_mg_l[problem.target, 0])
    total = made.sum(axis=1) + background + np.where(inside, 0.0, extra)
    parts = made / np.maximum(total, 1e-300)[:, None]
    top = min(3, len(kept))
    largest = np.argpartition(-made, top - 1, axis=1)[:, :top]
    # who makes nothing is no contributor, however few there are
    largest = largest[np.take_along_axis(made, largest, axis=1) > 0]
    often = np.bincount(largest, minlength=len(kept)) / draws
    share, low, high, three = (np.zeros(count) for _ in range(4))
    share[kept] = parts.mean(axis=0)
    low[kept], high[kept] = np.quantile(parts, [0.1, 0.9], axis=0)
    three[kept] = often
    return Shares(share, low, high, three)


@dataclass(frozen=True)
class Trial:
    """
    A place where one more sample would tell most.

    Attributes
    ----------
    reach : int
        Row of the reach.
    measure_m : float
    bits : float
        Expected gain of information on who it was.
    """

    reach: int
    measure_m: float
    bits: float


def best_trial(
    problem: Problem,
    influence: Influence,
    probability: Floats,
    extra_g_s: Floats,
) -> Trial | None:
    """
    Find where one more sample of the item would settle most.

    Each likely candidate's extra load is sent down the network; at every node the
    hypotheses then differ in concentration. The gain is the mutual information between
    who it was and the reading there.

    Returns
    -------
    Trial or None
        None where nothing would be learned, or the network is too large.
    """
    canals = problem.canals
    if len(canals.reach) > TRIAL_SEGMENTS:
        return None
    order = np.argsort(-probability, kind="stable")[:TRIAL_CANDIDATES]
    order = order[(probability[order] > 0.01) & (extra_g_s[order] > 0)]
    if len(order) < 2:
        return None
    put, where = _releases(problem, order, extra_g_s)
    flows = influence.flows[0]
    per_d = float(problem.decay_per_d[0])
    leaving = flows.leaving(canals, 0)
    transport, moving = flow_transport(
        canals.nodes,
        (canals.start, canals.end),
        flows.flow_m3_s[0],
        leaving_m3_s=leaving,
        survival=survival(per_d, canals.length_m / speeds(canals, flows, 0, None)),
        time_s=np.zeros(len(canals.reach)),
    )
    through = leaving + np.bincount(
        transport.tail, np.abs(flows.flow_m3_s[0])[moving], minlength=canals.nodes
    )
    release = np.zeros((canals.nodes, len(order) + 1))
    np.add.at(release, (where, put[0]), put[1])
    release[:, -1] = np.bincount(
        problem.sources["node"].to_numpy(),
        problem.load_g_s[:, 0],
        minlength=canals.nodes,
    )
    load = transport.loads(release)
    wet = through > 1e-6 * through.max(initial=0.0)
    c = np.where(wet[:, None], load / np.maximum(through, 1e-12)[:, None], 0.0)
    base = c[:, -1:] + problem.background_mg_l[problem.target, 0]
    weight = probability[order] / probability[order].sum()
    # not where a sample was taken already, nor where no stretch ends
    open_ = wet & np.isin(np.arange(canals.nodes), canals.end[moving])
    open_[problem.sections["node"].to_numpy()] = False
    at = _differing(base + c[:, :-1], weight, open_)
    if not len(at):
        return None
    bits = _gain((base + c[:, :-1])[at], weight, problem)
    if bits.max() < WORTH_BITS:
        return None
    best = int(at[bits.argmax()])
    segment = int(np.flatnonzero(canals.end == best)[0])
    return Trial(
        int(canals.reach[segment]), float(canals.high_m[segment]), float(bits.max())
    )


def _differing(c: Floats, weight: Floats, open_: Bools) -> Ints:
    """Nodes at which the candidates would make the most different readings."""
    logs = np.log(np.maximum(c, 1e-12))
    spread = ((logs - (logs @ weight)[:, None]) ** 2) @ weight
    spread[~open_] = 0.0
    most = np.argsort(-spread, kind="stable")[:TRIAL_NODES]
    return np.asarray(most[spread[most] > 0])


def _releases(
    problem: Problem, order: Ints, extra_g_s: Floats
) -> tuple[tuple[Ints, Floats], Ints]:
    """Give columns, loads and nodes at which the candidates' extra loads enter."""
    column: list[int] = []
    load: list[float] = []
    node: list[int] = []
    source_node = problem.sources["node"].to_numpy()
    canals = problem.canals
    for k, candidate in enumerate(order.tolist()):
        if candidate < problem.n:
            column.append(k)
            load.append(float(extra_g_s[candidate]))
            node.append(int(source_node[candidate]))
            continue
        group = problem.groups[candidate - problem.n]
        length = canals.length_m[group.segments]
        part = extra_g_s[candidate] * length / length.sum()
        column += [k] * len(part)
        load += part.tolist()
        node += canals.end[group.segments].tolist()
    return (np.array(column), np.array(load)), np.array(node, dtype=np.int64)


def _gain(c: Floats, weight: Floats, problem: Problem) -> Floats:
    """Mutual information, in bits, between the candidate and a reading at each node."""
    facts = load_table("attribution")["evidence"]
    limit = problem.limits[problem.target, 0]
    floor = facts["floor"]["value"] * (limit if np.isfinite(limit) else c.max())
    error = np.hypot(facts["model_error"]["measured"], facts["reading_error"]["value"])
    sd = np.hypot(error * c, max(floor, 1e-9))
    # Gauss-Hermite points of every hypothesis, against the mixture of all
    x, w = np.polynomial.hermite_e.hermegauss(7)
    w = w / w.sum()
    value = c[:, :, None] + sd[:, :, None] * x
    z = (value[:, :, :, None] - c[:, None, None, :]) / sd[:, None, None, :]
    density = np.exp(-0.5 * z**2) / sd[:, None, None, :]
    mixture = density @ weight
    own = np.exp(-0.5 * x**2) / sd[:, :, None]
    information = (np.log2(own / np.maximum(mixture, 1e-300)) * w).sum(axis=2)
    return np.asarray(np.maximum(information @ weight, 0.0))

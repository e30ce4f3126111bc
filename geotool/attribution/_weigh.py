"""From the gains of pulses to the likelihood of each candidate, tempered and hedged."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geotool.attribution._logs import logsumexp
from geotool.attribution._outside import humbled, sharpened
from geotool.attribution._problem import Floats, Ints, Problem
from geotool.tables import load_table


@dataclass(frozen=True)
class PulseRule:
    """
    How pulses are weighed; see ``[calibration]`` in ``attribution_series.toml``.

    Attributes
    ----------
    temper, blunt : float
        Power of the likelihood of a pulse; and where the flows may be quite other.
    doubt : float
        Chance that they are.
    power : float
        Of the mixed posterior.
    trust : float
        Power of a member's evidence, by which it counts beside the others.
    outside : float
        Chance that how well places fit does not tell whether the source is registered.
    place_temper, place_doubt : float
        ``temper`` and ``doubt`` of where it lies if it is not.
    """

    temper: float
    blunt: float
    doubt: float
    power: float
    trust: float
    outside: float
    place_temper: float
    place_doubt: float

    @classmethod
    def of_table(cls, calibration: dict[str, Any], *, measured: bool) -> "PulseRule":
        """Take it from the table; more is in doubt where no flow was measured."""
        doubt = float(calibration["doubt"]["measured" if measured else "unmeasured"])
        place = calibration["place"]
        return cls(
            temper=float(calibration["pulse"]["value"]),
            blunt=float(calibration["blunt"]["value"]),
            doubt=doubt,
            power=float(calibration["power"]["value"]),
            trust=float(calibration["trust"]["value"]),
            outside=float(calibration["outside"]["value"]),
            place_temper=float(place["power"]),
            place_doubt=max(doubt, float(place["doubt"])),
        )


@dataclass(frozen=True, eq=False)
class Pulled:
    """
    Candidates weighed by their pulses.

    Attributes
    ----------
    log_likelihood : array of float, one a candidate
        With the prior it gives the posterior; -inf where a candidate has no point.
    best : dict
        Member and point that do most for each candidate.
    place_share : array of float, one a place
        How likely each is if the source is in no register.
    """

    log_likelihood: Floats
    best: dict[int, tuple[int, int]]
    place_share: Floats


def weigh_pulses(
    gains: list[Floats],
    owner: Ints,
    weight: Floats,
    log_prior: Floats,
    *,
    registered: int,
    rule: PulseRule,
) -> Pulled:
    """
    Weigh every candidate, and every place of the unregistered.

    Allow for flows that are quite other than all members have it: then only blunt
    evidence counts. The posterior is that of the sharp likelihood with chance
    ``1 - doubt``, that of the blunt one with chance ``doubt``, so that no candidate that
    fits at all is ruled out by the flow alone.

    Parameters
    ----------
    gains : list of array, points x pulses
        Of each member.
    owner : array of int
        Candidate of each point.
    weight : array of float, one a point
    log_prior : array of float, one a candidate
    registered : int
        How many candidates are; points of the others are places.
    rule : PulseRule

    Examples
    --------
    >>> found = weigh_pulses(
    ...     [np.array([[0.0], [-300.0], [-300.0]])], np.array([0, 1, 2]), np.ones(3),
    ...     np.log([0.5, 0.25, 0.25]), registered=1,
    ...     rule=PulseRule(temper=1.0, blunt=0.0, doubt=0.1, power=1.0, trust=0.0,
    ...                    outside=0.0, place_temper=1.0, place_doubt=0.1))
    >>> np.exp(found.log_likelihood + np.log([0.5, 0.25, 0.25])).round(3).tolist()
    [0.95, 0.025, 0.025]
    """
    count = len(log_prior)
    sharp, best = candidate_likelihood(
        gains, owner, weight, temper=rule.temper, candidates=count
    )
    dull, _ = candidate_likelihood(
        gains, owner, weight, temper=rule.blunt, candidates=count
    )
    sure, unsure = (averaged(one, log_prior, rule.trust) for one in (sharp, dull))
    posterior = sharpened(
        hedged(sure, unsure, doubt=rule.doubt), registered, rule.power
    )
    posterior = humbled(posterior, log_prior, registered, rule.outside)
    places = owner >= registered
    share = np.zeros(0)
    if places.any():
        even = np.log(weight[places])
        sure, unsure = (
            averaged(_by_point(gains, power)[:, places], even, rule.trust)
            for power in (rule.place_temper, rule.blunt)
        )
        share = np.exp(hedged(sure, unsure, doubt=rule.place_doubt))
        each = np.bincount(owner[places], share, minlength=count)[registered:]
        with np.errstate(divide="ignore"):
            posterior[registered:] = logsumexp(posterior[registered:]) + np.log(each)
    return Pulled(posterior - log_prior, best, share)


def hedged(sharp: Floats, blunt: Floats, *, doubt: float) -> Floats:
    """
    Mix two posteriors, given up to a constant as logarithms.

    Examples
    --------
    >>> np.exp(hedged(np.array([0.0, -300.0]), np.zeros(2), doubt=0.1)).round(3).tolist()
    [0.95, 0.05]
    """
    sure, unsure = (one - logsumexp(one) for one in (sharp, blunt))
    return np.asarray(np.logaddexp(np.log1p(-doubt) + sure, np.log(doubt) + unsure))


def _by_point(gains: list[Floats], temper: float) -> Floats:
    """Sum over the pulses of each point; members x points."""
    each = np.stack([logsumexp(temper * one, axis=1) for one in gains])
    return np.asarray(each - np.log(gains[0].shape[1]))


def averaged(log_likelihood: Floats, log_prior: Floats, trust: float) -> Floats:
    """
    Average the posteriors of all members, each by a power of its evidence.

    With power 1 this is the posterior of all members as one model, in which one member
    that shows by far the largest pulse decides alone; and which member that is hangs on
    the draw. The members are few and none of them is the truth: a small power lets all
    flows speak that fit about as well (Bayesian model averaging, tempered; Hoeting and
    others 1999).

    Parameters
    ----------
    log_likelihood : array, members x candidates
    log_prior : array of float, one a candidate
    trust : float

    Returns
    -------
    array of float
        Logarithm of the posterior, which sums to one.

    Examples
    --------
    Two members, the second with the larger pulse, each sure of another candidate:

    >>> told = np.array([[10.0, 0.0], [10.0, 20.0]])
    >>> even = np.log([0.5, 0.5])
    >>> [np.exp(averaged(told, even, one)).round(2).tolist() for one in (1.0, 0.0)]
    [[0.0, 1.0], [0.5, 0.5]]
    """
    joint = log_likelihood + log_prior
    evidence = logsumexp(joint, axis=1)
    share = trust * evidence - logsumexp(trust * evidence)
    return np.asarray(logsumexp(joint + (share - evidence)[:, None], axis=0))


def candidate_likelihood(
    gains: list[Floats],
    owner: Ints,
    weight: Floats,
    *,
    temper: float,
    candidates: int,
) -> tuple[Floats, dict[int, tuple[int, int]]]:
    """
    Sum over points and pulses in each member; pulses are as likely before.

    Parameters
    ----------
    gains : list of array, points x pulses
        Of each member.
    owner : array of int
        Candidate of each point.
    weight : array of float
        How likely each point is before, beside the others of its owner.
    temper : float
        Power of the likelihood of a pulse.
    candidates : int

    Returns
    -------
    array, members x candidates; dict
        Log-likelihood, -inf where a candidate has no point; and the member and point
        that do most for it.

    Examples
    --------
    >>> log, best = candidate_likelihood(
    ...     [np.array([[0.0], [2.0], [4.0]])], np.array([0, 2, 2]), np.ones(3),
    ...     temper=0.5, candidates=3)
    >>> log.round(2).tolist(), best[2]
    ([[0.0, -inf, 1.62]], (0, 2))
    """
    each = _by_point(gains, temper)
    likelihood = np.full((len(gains), candidates), -np.inf)
    best = {}
    for candidate in np.unique(owner).tolist():
        points = np.flatnonzero(owner == candidate)
        own = each[:, points]
        share = np.log(weight[points] / weight[points].sum())
        likelihood[:, candidate] = logsumexp(own + share, axis=1)
        member, point = np.unravel_index(int(np.argmax(own)), own.shape)
        best[candidate] = (int(member), int(points[point]))
    return likelihood, best


def even_prior(problem: Problem) -> Floats:
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

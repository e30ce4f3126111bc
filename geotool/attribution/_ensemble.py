"""An ensemble of parameters drawn from a prior towards what was measured."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geotool.attribution._problem import Floats

Residuals = Callable[[Floats], Floats]
"""From parameters of all members to their residuals, both one row a member."""


@dataclass(frozen=True, eq=False)
class Ensemble:
    """
    Members after the update.

    Attributes
    ----------
    states : array, members x parameters
    misfit : array of float, one a member
        Half the sum of squares of its residuals and of its distance from the prior.
    """

    states: Floats
    misfit: Floats


def smooth_ensemble(
    residuals: Residuals,
    mean: Floats,
    sd: Floats,
    *,
    members: int,
    rounds: int,
    seed: int | tuple[int, ...],
    later: int | None = None,
    settled: tuple[int, float] | None = None,
    renewed: float = 0.25,
    cap: float = 30.0,
) -> Ensemble:
    """
    Draw an ensemble from the prior and move it towards small residuals.

    An ensemble smoother with several assimilations: in each round the covariance of
    parameters and residuals within the ensemble tells where to go, and the step is the
    shorter the worse the fit still is. No gradient is needed. Between rounds the worst
    members give way to copies of the best, which the next step moves apart again.

    Parameters
    ----------
    residuals : callable
        Parameters, one row a member, to residuals in standard deviations.
    mean, sd : array of float
        The prior, independent and normal.
    members, rounds : int
    seed : int or tuple of int
    later : int, optional
        Members from the second round on: the best of the first; as many if None.
    settled : tuple of int and float, optional
        No more rounds once the misfit of the member of that place, the best first, has
        fallen by less than so much in one; all rounds if None.
    renewed : float
        Share of the members that give way after each round but the last.
    cap : float
        A residual counts no more than this in a step.

    Returns
    -------
    Ensemble

    Examples
    --------
    >>> found = smooth_ensemble(lambda x: (x - 2) / 0.1, np.zeros(1), np.ones(1),
    ...                         members=200, rounds=6, seed=1)
    >>> bool(abs(found.states.mean() - 1.98) < 0.1)
    True
    """
    draw = np.random.default_rng(seed)
    values = mean + sd * draw.standard_normal((members, len(mean)))
    found = np.clip(residuals(values), -cap, cap)
    misfit = _misfit(values, found, mean, sd)
    for turn in range(rounds):
        before = misfit
        if turn == 1 and later is not None:
            best = np.argsort(misfit, kind="stable")[:later]
            values, found = values[best], found[best]
        elif turn:
            _renew(values, found, misfit, renewed, draw)
        values = values + sd * _step(values, found, sd, draw)
        found = np.clip(residuals(values), -cap, cap)
        misfit = _misfit(values, found, mean, sd)
        if settled is not None and _has_settled(before, misfit, *settled):
            break
    return Ensemble(values, misfit)


def _has_settled(before: Floats, misfit: Floats, place: int, least: float) -> bool:
    """Whether the misfit of one place fell by less than that."""
    at = min(place, len(misfit)) - 1
    return bool(np.sort(before)[at] - np.sort(misfit)[at] < least)


def _misfit(values: Floats, found: Floats, mean: Floats, sd: Floats) -> Floats:
    far = ((values - mean) / sd) ** 2
    return np.asarray(((found**2).sum(axis=1) + far.sum(axis=1)) / 2.0)


def _renew(
    values: Floats,
    found: Floats,
    misfit: Floats,
    share: float,
    draw: np.random.Generator,
) -> None:
    """Put copies of the best members in place of the worst."""
    order = np.argsort(misfit, kind="stable")
    count = int(share * len(order))
    if count:
        kept = order[draw.integers(0, count, count)]
        values[order[-count:]] = values[kept]
        found[order[-count:]] = found[kept]


def _step(
    values: Floats, found: Floats, sd: Floats, draw: np.random.Generator
) -> Floats:
    """Give the Kalman step of every member, in standard deviations of the prior."""
    members = len(values)
    apart = found - found.mean(axis=0)
    scaled = (values - values.mean(axis=0)) / sd
    # the worse the fit, the less of the data is taken in at once
    slow = max(3.0 * float((found**2).mean()), 1.0)
    noise = draw.standard_normal(found.shape) * np.sqrt(slow)
    inner = apart @ apart.T / (members - 1) / slow + np.eye(members)
    gain = np.linalg.inv(inner) / slow
    return np.asarray(-(found + noise) @ apart.T / (members - 1) @ gain @ scaled)


def best_members(ensemble: Ensemble, count: int) -> NDArray[np.int64]:
    """Give the members that fit best, the best first."""
    return np.argsort(ensemble.misfit, kind="stable")[:count]

"""What is expected of readings and of candidates before they are weighed.

With it the closed forms of one amplitude and one stretch (attribution.md, 7 to 9).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geotool.attribution._problem import Floats, Problem
from geotool.attribution._states import Influence
from geotool.attribution._survival import SECONDS_PER_DAY
from geotool.tables import load_table


def amplitude_gain(effect: Floats, miss: Floats, spread: Floats) -> tuple[float, float]:
    """
    Fit one amplitude: its size and the gain in log-likelihood, without a grid.

    Parameters
    ----------
    effect : array of float
        mg/L at each section for one unit of the extra load.
    miss : array of float
        Reading minus what is expected without it.
    spread : array of float
        Covariance of the miss.

    Examples
    --------
    A source above both sections, of which the upper one sits at what is expected:

    >>> spread = np.diag([0.04, 0.0025])
    >>> amplitude_gain(np.array([0.2, 0.15]), np.array([1.7, 0.0]), spread)
    (0.85, 3.6125)
    """
    weighted = np.linalg.solve(spread, effect)
    size = float(effect @ weighted)
    if size <= 0:
        return 0.0, 0.0
    along = float(weighted @ miss)
    return along / size, max(along, 0.0) ** 2 / (2 * size)


def bracketed(
    below_mg_l: float,
    below_m3_s: float,
    above_mg_l: float,
    above_m3_s: float,
    *,
    decay_per_d: float,
    time_s: float,
) -> tuple[float, float]:
    """
    Give the load that enters between two sections, and the share from above.

    Examples
    --------
    >>> bracketed(1.8, 5.0, 0.6, 4.0, decay_per_d=0.1, time_s=129_600.0)
    (6.9343, 0.22952)
    """
    come = above_mg_l * above_m3_s * np.exp(-decay_per_d * time_s / SECONDS_PER_DAY)
    load = below_mg_l * below_m3_s
    return float(load - come), float(come / load)


@dataclass(frozen=True, eq=False)
class Expected:
    """
    What is expected without an extra load, and how far that may be off.

    Attributes
    ----------
    mean : array of float, members x items x sections
    spread : array of float, members x items x sections x sections
    """

    mean: Floats
    spread: NDArray[np.float64]


def expected(problem: Problem, influence: Influence) -> Expected:
    """Sum what the declared loads make, with the covariance of their errors (7)."""
    facts = load_table("attribution")["evidence"]
    psi = influence.psi[..., : problem.n]
    own = np.hypot(problem.load_sigma, facts["profile_error"]["value"])
    sd = problem.load_g_s * np.sqrt(np.expm1(own**2))
    mean = np.einsum("mpsn,np->mps", psi, problem.load_g_s)
    parts = psi * sd.T[None, :, None, :]
    spread = parts @ parts.swapaxes(-1, -2)
    # outfalls that are no candidates feed the other sections
    mean += np.einsum("mpsn,np->mps", influence.others, problem.others_load_g_s)
    own = np.hypot(problem.others_sigma, facts["profile_error"]["value"])
    sd = problem.others_load_g_s * np.sqrt(np.expm1(own**2))
    parts = influence.others * sd.T[None, :, None, :]
    spread = spread + parts @ parts.swapaxes(-1, -2)
    scale = item_scales(problem)
    background = facts["background"]
    mean = mean + (background["mean"] * scale).T[None]
    # the same unknown background at all sections
    common = background["spread"] * scale
    spread = spread + np.einsum("sp,tp->pst", common, common)[None]
    return Expected(mean, spread)


def item_scales(problem: Problem) -> Floats:
    """Give a size for each section and item: its limit, else its middle reading."""
    scale = problem.limits.copy()
    for k, item in enumerate(problem.items):
        values = problem.readings.loc[problem.readings["item"] == item, "value_mg_l"]
        middle = float(values.median()) if len(values) else 1.0
        scale[~np.isfinite(scale[:, k]), k] = max(middle, 1e-9)
    return scale


def student(miss: Floats, spread: Floats, freedom: float) -> Floats:
    """
    Give the log-density of misses, many at once, up to a constant.

    Student's t of several dimensions: near a Gaussian of the same spread, but one
    section that fits nothing (still water, a wrong map) does not decide alone.

    Parameters
    ----------
    miss : array of float, sections x any
    spread : array of float, sections x sections x any
        Covariances. Both are overwritten.
    freedom : float

    Raises
    ------
    numpy.linalg.LinAlgError
        If a covariance is not positive definite.

    Examples
    --------
    >>> student(np.array([1.0, 0.0]), np.eye(2), 1e9).round(6).tolist()
    -0.5
    """
    # hundreds of thousands of small matrices: eliminating row by row in all of them at
    # once takes a third of the time of as many calls
    square, size = np.zeros(miss.shape[1:]), np.zeros(miss.shape[1:])
    for k in range(len(miss)):
        pivot = spread[k, k]
        if not (pivot > 0).all():
            raise np.linalg.LinAlgError("a spread that is not positive definite")
        square += miss[k] ** 2 / pivot
        size += np.log(pivot)
        part = spread[k, k + 1 :] / pivot
        miss[k + 1 :] -= part * miss[k]
        for row in range(k + 1, len(miss)):  # it is symmetric: half of it does
            spread[row, row:] -= part[row - k - 1] * spread[k, row:]
    power = (freedom + len(miss)) / 2
    return np.asarray(-power * np.log1p(square / freedom) - size / 2)


def log_prior(problem: Problem, arriving: Floats) -> Floats:
    """
    Weigh candidates before any reading (9), unregistered ones included.

    Parameters
    ----------
    problem : Problem
    arriving : array of float, one a candidate
        Influence on the target, any unit.
    """
    facts = load_table("attribution")["evidence"]
    even = float(facts["even_prior"]["value"])
    outside = float(facts["unregistered_prior"]["value"])
    prior = np.zeros(len(arriving))
    if problem.n:
        part = arriving[: problem.n] * problem.load_g_s[:, 0]
        share = part / part.sum() if part.sum() > 0 else np.zeros(problem.n)
        prior[: problem.n] = (1 - even) * share + even / problem.n
    if problem.groups:
        length = np.array([group.length_m for group in problem.groups])
        prior[problem.n :] = length / length.sum()
    weight = outside if problem.n and problem.groups else 1.0
    prior[problem.n :] *= weight
    prior[: problem.n] *= 1 - outside if problem.groups else 1.0
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(prior / prior.sum()))

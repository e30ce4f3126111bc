"""What readings at sections say of each candidate (attribution.md, 7 to 10).

A hypothesis: one candidate discharges an extra load beyond what is declared. A section
that passed is evidence as much as one that failed: what lies above it and would have
shown there is cleared in proportion to how well that section is known.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool.attribution._observe import Observed
from geotool.attribution._operator import SECONDS_PER_DAY
from geotool.attribution._problem import Evidence, Floats, Problem
from geotool.attribution._states import Influence
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


# ---------------------------------------------------------------- likelihood
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


def steady_evidence(
    problem: Problem, influence: Influence, observed: Observed
) -> Evidence:
    """
    Weigh every candidate by the readings of one window (7, 8).

    Returns
    -------
    Evidence
        ``facts`` of each candidate: ``amplitude`` (extra load over the declared),
        ``extra_g_s``, ``extra_mg_l`` at the target, ``sections`` (log-ratio of each
        section for this candidate against the average one), ``fingerprint`` (the same
        of the items other than the one that failed).
    """
    model = _Likelihood(problem, influence, observed)
    total, amplitude = model.weigh()
    return Evidence(
        name="steady",
        log_likelihood=total,
        level=_level(problem, observed),
        facts=model.facts(amplitude),
        notes=observed.notes,
    )


def _level(problem: Problem, observed: Observed) -> int:
    """Level of the data (attribution.md 2.9)."""
    measured = np.isfinite(observed.value_mg_l)
    others = np.delete(measured, problem.target, axis=0)
    if others.any():
        return 4
    if measured[problem.target].sum() > 1:
        return 3
    basis = set(problem.load_basis[:, 0])
    if basis & {"measured", "permit", "capacity"}:
        return 2
    return 1 if "class" in basis else 0


class _Likelihood:
    """The grid of amplitudes for every candidate, in every member."""

    def __init__(
        self, problem: Problem, influence: Influence, observed: Observed
    ) -> None:
        self.problem, self.influence = problem, influence
        facts = load_table("attribution")["evidence"]
        self.expected = expected(problem, influence)
        # where flows were drawn many times, their error is in the members already
        quality = "measured" if len(influence.psi) > 1 else influence.quality
        self.model_error = float(facts["model_error"][quality])
        self.reading_error = float(facts["reading_error"]["value"])
        self.freedom = float(facts["freedom"]["value"])
        self.value = observed.value_mg_l
        self.floor = facts["floor"]["value"] * item_scales(problem)
        extra = facts["extra"]
        self.steps = np.exp(
            np.linspace(np.log(extra["low"]), np.log(extra["high"]), extra["steps"])
        )
        self.most = int(facts["grid_candidates"]["value"])
        size = np.nan_to_num(problem.profile_mg_l)
        # one unit of a candidate: an effluent that carries 1 g/s of the item
        self.profile = size / np.maximum(size[:, :1], 1e-12)
        self.unit = self._unit()
        self.size_prior = self._size_prior()

    def _unit(self) -> Floats:
        """Load of each candidate that makes at the target what is expected there."""
        at = self.influence.psi[:, 0, self.problem.target].mean(axis=0)
        reference = float(self.expected.mean[:, 0, self.problem.target].mean())
        top = at.max(initial=0.0)
        return np.asarray(reference / np.maximum(at, 1e-4 * top if top > 0 else 1.0))

    def _size_prior(self) -> Floats:
        """Log-weight of each amplitude: how much more than declared it would be."""
        problem = self.problem
        extra = load_table("attribution")["evidence"]["extra"]
        width = np.log(extra["high"] / extra["low"])
        count = self.influence.psi.shape[-1]
        prior = np.full((count, len(self.steps)), -np.log(width))
        load = problem.load_g_s[:, :1]
        # an outfall that declares next to nothing may discharge all the same
        some = load[load > 0]
        least = extra["least_share"] * float(np.median(some)) if len(some) else 1.0
        times = np.log(self.steps) + np.log(
            self.unit[: problem.n, None] / np.maximum(load, least)
        )
        z = (times - np.log(extra["times_declared"])) / extra["sigma"]
        prior[: problem.n] = -0.5 * z**2 - np.log(extra["sigma"] * np.sqrt(2 * np.pi))
        return prior + np.log(width / len(self.steps))

    def weigh(self) -> tuple[Floats, Floats]:
        """Give the log-likelihood of each candidate and its likely extra load."""
        chosen = self._promising()
        count = self.influence.psi.shape[-1]
        quiet = self._quiet()
        total = np.full(count, -np.inf)
        amplitude = np.zeros(count)
        by_member, sizes = [], []
        for member in range(len(self.influence.psi)):
            grid = sum(
                self._item(member, k, chosen) for k in range(len(self.problem.items))
            )
            grid = grid + self.size_prior[chosen]
            top = grid.max(axis=1, keepdims=True)
            weight = np.exp(grid - top)
            by_member.append(top[:, 0] + np.log(weight.sum(axis=1)))
            sizes.append((weight * np.log(self.steps)).sum(axis=1) / weight.sum(axis=1))
        found = np.stack(by_member)
        best = found.max(axis=0)
        share = np.exp(found - best)
        total[chosen] = best + np.log(share.mean(axis=0))
        size = (share * np.stack(sizes)).sum(axis=0) / share.sum(axis=0)
        amplitude[chosen] = np.exp(size) * self.unit[chosen]
        # the rest explains nothing more than no extra load at all does
        total[np.isneginf(total)] = quiet
        return total, amplitude

    def _promising(self) -> NDArray[np.int64]:
        """Candidates worth the grid: the largest gains of a single amplitude."""
        count = self.influence.psi.shape[-1]
        if count <= self.most:
            return np.arange(count)
        gain = np.zeros(count)
        for k in range(len(self.problem.items)):
            there = np.isfinite(self.value[:, k])
            if not there.any():
                continue
            mean = self.expected.mean[:, k].mean(axis=0)[there]
            spread = self._base(0, k)[np.ix_(there, there)]
            effect = self.influence.psi[:, k].mean(axis=0)[there] * self.profile[:, k]
            solved = np.linalg.solve(spread, effect)
            size = np.maximum((effect * solved).sum(axis=0), 1e-300)
            along = np.maximum((self.value[there, k] - mean) @ solved, 0.0)
            gain += along**2 / (2 * size)
        return np.sort(np.argsort(-gain, kind="stable")[: self.most])

    def _quiet(self) -> float:
        """Log-likelihood of no extra load, averaged over members."""
        found = np.array(
            [
                sum(
                    self._density(np.zeros((1, 1, len(self.value))), member, k)[0, 0]
                    for k in range(len(self.problem.items))
                )
                for member in range(len(self.influence.psi))
            ],
            dtype=float,
        )
        top = found.max()
        return float(top + np.log(np.exp(found - top).mean()))

    def _item(self, member: int, k: int, chosen: NDArray[np.int64]) -> Floats:
        """Log-likelihood of one item, candidates x amplitudes."""
        psi = self.influence.psi[member, k][:, chosen].T
        size = self.unit[chosen, None] * self.steps
        effect = size[:, :, None] * (psi * self.profile[chosen, k, None])[:, None, :]
        return self._density(effect, member, k, self.problem.profile_sigma[chosen])

    def _base(self, member: int, k: int) -> Floats:
        seen = np.nan_to_num(self.value[:, k])
        own = (self.reading_error * seen) ** 2 + self.floor[:, k] ** 2
        return np.asarray(self.expected.spread[member, k] + np.diag(own))

    def _density(
        self, effect: Floats, member: int, k: int, sigma: Floats | None = None
    ) -> Floats:
        there = np.isfinite(self.value[:, k])
        if not there.any():
            return np.zeros(effect.shape[:2])
        effect = effect[..., there]
        mean = self.expected.mean[member, k, there] + effect
        miss = self.value[there, k] - mean
        spread = np.broadcast_to(
            self._base(member, k)[np.ix_(there, there)], (*mean.shape, there.sum())
        ).copy()
        own = np.arange(int(there.sum()))
        spread[..., own, own] += (self.model_error * mean) ** 2
        if sigma is not None:
            moved = sigma[:, None, None] * effect
            spread += moved[..., :, None] * moved[..., None, :]
        return student(miss, spread, self.freedom)

    # ------------------------------------------------------------ facts
    def facts(self, amplitude: Floats) -> tuple[dict[str, Any], ...]:
        """Tell, for each candidate, what each section and the other items say."""
        problem, target = self.problem, self.problem.target
        chosen = np.flatnonzero(amplitude > 0)
        declared = np.full(len(amplitude), np.nan)
        declared[: problem.n] = problem.load_g_s[:, 0]
        at_target = self.influence.psi[:, 0, target].mean(axis=0) * amplitude
        found: list[dict[str, Any]] = [{} for _ in amplitude]
        by_section = self._by_section(amplitude, chosen)
        by_item = self._by_item(amplitude, chosen)
        names = problem.sections["section_id"].tolist()
        for place, k in enumerate(chosen.tolist()):
            found[k] = {
                "extra_g_s": float(amplitude[k]),
                "extra_mg_l": float(at_target[k]),
                "amplitude": float(amplitude[k] / declared[k])
                if declared[k] > 0
                else float("nan"),
                "sections": {
                    str(name): float(by_section[place, s])
                    for s, name in enumerate(names)
                    if np.isfinite(by_section[place, s])
                },
                "fingerprint": float(by_item[place]),
            }
        return tuple(found)

    def _alone(self, amplitude: Floats, chosen: NDArray[np.int64]) -> Floats:
        """Log-likelihood of each reading alone, candidates x items x sections."""
        psi = self.influence.psi.mean(axis=0)[..., chosen]
        mean = self.expected.mean.mean(axis=0)
        shape = len(chosen), len(self.problem.items), len(self.value)
        found = np.full(shape, np.nan)
        for k in range(shape[1]):
            effect = (amplitude[chosen] * self.profile[chosen, k] * psi[k]).T
            own = (
                np.diag(self.expected.spread[:, k].mean(axis=0))
                + (self.reading_error * np.nan_to_num(self.value[:, k])) ** 2
            )
            sigma = self.problem.profile_sigma[chosen, None]
            total = mean[k] + effect
            variance = (
                own
                + self.floor[:, k] ** 2
                + (self.model_error * total) ** 2
                + (sigma * effect) ** 2
            )
            miss = self.value[:, k] - total
            found[:, k] = -0.5 * (miss**2 / variance + np.log(variance))
        return found

    def _by_section(self, amplitude: Floats, chosen: NDArray[np.int64]) -> Floats:
        alone = self._alone(amplitude, chosen)
        there = np.isfinite(alone).any(axis=1)
        summed = np.where(there, np.nansum(alone, axis=1), np.nan)
        return np.asarray(summed - _middle(summed))

    def _by_item(self, amplitude: Floats, chosen: NDArray[np.int64]) -> Floats:
        alone = self._alone(amplitude, chosen)[:, 1:, self.problem.target]
        summed = np.nansum(alone, axis=1)
        return np.asarray(summed - _middle(summed[:, None])[0])


def _middle(values: Floats) -> Floats:
    """Logarithm of the mean likelihood over candidates."""
    if not len(values):
        return np.zeros(values.shape[1:])
    top = np.nan_to_num(values.max(axis=0))
    return np.asarray(top + np.log(np.exp(values - top).mean(axis=0)))


def student(miss: Floats, spread: Floats, freedom: float) -> Floats:
    """
    Give the log-density of misses, many at once, up to a constant.

    Student's t of several dimensions: near a Gaussian of the same spread, but one
    section that fits nothing (still water, a wrong map) does not decide alone.

    Examples
    --------
    >>> student(np.array([[1.0, 0.0]]), np.array([np.eye(2)]), 1e9).round(6).tolist()
    [-0.5]
    """
    root = np.linalg.cholesky(spread)
    size = np.log(np.diagonal(root, axis1=-2, axis2=-1)).sum(axis=-1)
    inner = np.linalg.solve(root, miss[..., None])[..., 0]
    square = (inner**2).sum(axis=-1)
    power = (freedom + miss.shape[-1]) / 2
    return np.asarray(-power * np.log1p(square / freedom) - size)


# ---------------------------------------------------------------- prior
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

"""What readings at sections say of each candidate (attribution.md, 7 to 10).

A hypothesis: one candidate discharges an extra load beyond what is declared. A section
that passed is evidence as much as one that failed: what lies above it and would have
shown there is cleared in proportion to how well that section is known.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool.attribution._expected import expected, item_scales, student
from geotool.attribution._observe import Observed
from geotool.attribution._problem import Evidence, Floats, Problem
from geotool.attribution._states import Influence
from geotool.network._ragged import chunks
from geotool.tables import load_table

AT_ONCE = 150_000
"""Numbers of the matrices that are weighed together: they stay in the cache."""


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
        each = len(chosen) * len(self.steps) * len(self.value) ** 2
        batch = max(AT_ONCE // max(each, 1), 1)
        for members in chunks(len(self.influence.psi), batch):
            grid = sum(
                self._item(members, k, chosen) for k in range(len(self.problem.items))
            )
            grid = grid + self.size_prior[chosen]
            top = grid.max(axis=2, keepdims=True)
            weight = np.exp(grid - top)
            whole = weight.sum(axis=2)
            by_member.append(top[..., 0] + np.log(whole))
            sizes.append((weight @ np.log(self.steps)) / whole)
        found = np.concatenate(by_member)
        best = found.max(axis=0)
        share = np.exp(found - best)
        total[chosen] = best + np.log(share.mean(axis=0))
        size = (share * np.concatenate(sizes)).sum(axis=0) / share.sum(axis=0)
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
            spread = self._base(slice(1), k)[0][np.ix_(there, there)]
            effect = self.influence.psi[:, k].mean(axis=0)[there] * self.profile[:, k]
            solved = np.linalg.solve(spread, effect)
            size = np.maximum((effect * solved).sum(axis=0), 1e-300)
            along = np.maximum((self.value[there, k] - mean) @ solved, 0.0)
            gain += along**2 / (2 * size)
        return np.sort(np.argsort(-gain, kind="stable")[: self.most])

    def _quiet(self) -> float:
        """Log-likelihood of no extra load, averaged over members."""
        # all members at once: each is a few numbers
        nothing = np.zeros((len(self.value), len(self.influence.psi), 1, 1))
        found = np.zeros(nothing.shape[1])
        for k in range(len(self.problem.items)):
            found += self._density(nothing, slice(None), k)[:, 0, 0]
        top = found.max()
        return float(top + np.log(np.exp(found - top).mean()))

    def _item(self, members: slice, k: int, chosen: NDArray[np.int64]) -> Floats:
        """Log-likelihood of one item, members x candidates x amplitudes."""
        psi = self.influence.psi[members, k][..., chosen].swapaxes(0, 1)
        each = psi * (self.unit[chosen] * self.profile[chosen, k])
        effect = each[..., None] * self.steps
        return self._density(effect, members, k, self.problem.profile_sigma[chosen])

    def _base(self, members: slice, k: int) -> Floats:
        """Covariance of readings without an extra load, members x sections x sections."""
        seen = np.nan_to_num(self.value[:, k])
        own = (self.reading_error * seen) ** 2 + self.floor[:, k] ** 2
        return np.asarray(self.expected.spread[members, k] + np.diag(own))

    def _density(
        self, effect: Floats, members: slice, k: int, sigma: Floats | None = None
    ) -> Floats:
        """
        Give the log-density of one item by what an extra load makes.

        Parameters
        ----------
        effect : array, sections x members x candidates x amplitudes
        members : slice
        k : int
            The item.
        sigma : array of float, one a candidate
            How unsure the item's part in the extra load is.
        """
        there = np.flatnonzero(np.isfinite(self.value[:, k]))
        if not len(there):
            return np.zeros(effect.shape[1:])
        effect = effect[there]
        base = self._base(members, k)[:, there[:, None], there]
        mean = self.expected.mean[members, k][:, there].T[..., None, None] + effect
        miss = self.value[there, k][:, None, None, None] - mean
        unsure = 0.0 if sigma is None else sigma[:, None]
        moved = unsure * effect
        spread = moved[:, None] * moved
        spread += np.moveaxis(base, 0, -1)[..., None, None]
        own = np.arange(len(there))
        mean *= self.model_error
        spread[own, own] += mean**2
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

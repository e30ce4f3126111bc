"""What was found in several flows, and the facts of a candidate's best pulse."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geotool.attribution._lags import Kernels
from geotool.attribution._logs import logsumexp
from geotool.attribution._problem import Floats, Ints, Problem
from geotool.attribution._pulses import PulseScore
from geotool.attribution._series_input import SeriesInput

TOLD = 0.7
"""Log-ratios smaller than this (a factor of two) are not worth telling."""


@dataclass(frozen=True, eq=False)
class Found:
    """
    Members weighed: scores, kernels and flow of each, and the search that found it.

    Of each search the best comes first.
    """

    scores: list[PulseScore]
    kernels: list[Kernels]
    flow_m3_s: Floats
    search: Ints

    @property
    def searches(self) -> int:
        """How many searches they are from."""
        return len(np.unique(self.search))

    @property
    def largest_gain(self) -> float:
        """Log-likelihood ratio of the best pulse of all."""
        return max(float(one.gain.max()) for one in self.scores)

    def with_more(self, other: "Found") -> "Found":
        """Put what further searches found behind it."""
        return Found(
            self.scores + other.scores,
            self.kernels + other.kernels,
            np.concatenate([self.flow_m3_s, other.flow_m3_s]),
            np.concatenate([self.search, other.search]),
        )


@dataclass(frozen=True, eq=False)
class Yardstick:
    """
    What the pulses of a candidate are held against: those of the others.

    Attributes
    ----------
    temper : float
        Power of the likelihood of a pulse.
    most : float
        Largest multiple of the usual load that was tried.
    log_prior : array of float, one a candidate
    """

    temper: float
    most: float
    log_prior: Floats

    def compared(self, score: PulseScore, owner: Ints, point: int) -> Floats:
        """
        Give what each section and, last, the other items say of a point.

        Of log-odds against the average candidate in the same flow, each by its best
        point: what explains the readings, but no better than any other does, says
        nothing of who it was.
        """
        others = score.by_item[:, 1:].sum(axis=1)
        each = self.temper * np.column_stack([score.by_section, others])
        order = np.lexsort((-score.gain.max(axis=1), owner))
        best = order[np.unique(owner[order], return_index=True)[1]]
        prior = self.log_prior[owner[best]]
        average = logsumexp(each[best] + prior[:, None], axis=0) - logsumexp(prior)
        return np.asarray(each[point] - average)


def pulse_facts(
    problem: Problem,
    given: SeriesInput,
    found: Found,
    point: int,
    member: int,
    yardstick: Yardstick,
) -> dict[str, Any]:
    """Tell what the reasons of a candidate rest on, from its best pulse."""
    score = found.scores[member]
    pulse = int(np.argmax(score.gain[point]))
    hours = travel_hours_of(given, found, point)
    start = float(score.start_h[point, pulse])
    length = float(score.length_h[point, pulse])
    said: dict[str, Any] = {}
    if len(hours):
        said["travel_time_min_h"] = float(hours.min())
        said["travel_time_max_h"] = float(hours.max())
    *part, others = yardstick.compared(score, given.suspects.owner, point).tolist()
    names = problem.sections["section_id"].astype(str).to_numpy(dtype=object)
    each = dict(zip(names[given.sections].tolist(), part, strict=True))
    multiple = float(score.multiple[point, pulse])
    # no pulse comes near: what it would do elsewhere is not known
    if np.isnan(multiple):
        own = names[given.sections[given.target]]
        said["against"] = {own: each[own]} if each[own] < -TOLD else {}
        return said
    said["fits"] = {key: value for key, value in each.items() if value > TOLD}
    said["against"] = {key: value for key, value in each.items() if value < -TOLD}
    said["fingerprint"] = others
    if score.gain[point, pulse] * yardstick.temper < TOLD:
        return said
    said["amplitude"] = multiple
    said["is_least"] = multiple >= yardstick.most * (1.0 - 1e-9)
    said["onset"] = given.first + pd.Timedelta(hours=start)
    # an end whose water has not come yet is none that was seen
    seen_h = float(given.series.times_h[-1]) - hours.min(initial=np.inf)
    ended = start + length <= seen_h
    said["end"] = given.first + pd.Timedelta(hours=start + length) if ended else pd.NaT
    return said


def travel_hours_of(given: SeriesInput, found: Found, point: int) -> Floats:
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

"""What was found in several flows, and the facts of a candidate's best pulse."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geotool.attribution._lags import Kernels
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


def pulse_facts(
    problem: Problem,
    given: SeriesInput,
    found: Found,
    point: int,
    member: int,
    temper: float,
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
    if score.gain[point, pulse] * temper < TOLD:
        return said
    part = temper * score.by_section[point]
    names = problem.sections["section_id"].astype(str).to_numpy(dtype=object)
    each = dict(zip(names[given.sections].tolist(), part.tolist(), strict=True))
    said["amplitude"] = float(score.multiple[point, pulse])
    said["onset"] = given.first + pd.Timedelta(hours=start)
    said["end"] = given.first + pd.Timedelta(hours=start + length)
    said["fits"] = {key: value for key, value in each.items() if value > TOLD}
    said["against"] = {key: value for key, value in each.items() if value < -TOLD}
    said["fingerprint"] = float(temper * score.by_item[point, 1:].sum())
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

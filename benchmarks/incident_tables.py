"""Outcomes of simulated incidents, laid out as tables.

Parts of ``bench_incidents.py``.
"""

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from statistics import median

import geopandas as gpd
import numpy as np
import pandas as pd
from incident_cases import Case

BANDS = (0.0, 0.4, 0.6, 0.8, 0.95, 1.0)
LAST = 10**6
"""Rank of a culprit that is not in the list."""


@dataclass(frozen=True)
class Outcome:
    """Where the culprit came, and what was said of it."""

    case: Case
    place: int
    first: float
    culprit: float
    unregistered: float
    seconds: float
    by_nearness: int = LAST
    by_load: int = LAST
    by_both: int = LAST
    stretch_m: float = float("nan")
    stretch_share: float = float("nan")
    is_held: bool = False


def summary(label: str, outcomes: Iterable[Outcome]) -> str:
    """Lay out one line of a table."""
    all_of = list(outcomes)
    place = np.array([one.place for one in all_of])
    said = np.array([one.first for one in all_of])
    hit = float((place == 1).mean())
    return (
        f"{label:30s} {len(all_of):5d} {hit:6.2f} {(place <= 3).mean():6.2f} "
        f"{(1 / place).mean():6.2f} {said.mean():8.2f} {said.mean() - hit:+6.2f} "
        f"{np.mean([one.culprit for one in all_of]):8.2f} "
        f"{np.mean([one.unregistered for one in all_of]):6.2f}"
    )


HEAD = (
    f"{'':30s} {'cases':>5s} {'first':>6s} {'three':>6s} {'mrr':>6s} "
    f"{'P first':>8s} {'off':>6s} {'P culpr':>8s} {'unreg':>6s}"
)


def baselines(outcomes: list[Outcome]) -> Iterator[str]:
    """Orders without evidence, of the same outfalls."""
    for label, name in (
        ("nearest first", "by_nearness"),
        ("largest declared load first", "by_load"),
        ("load over distance", "by_both"),
    ):
        place = np.array([getattr(one, name) for one in outcomes])
        yield (
            f"{label:30s} {len(place):5d} {(place == 1).mean():6.2f} "
            f"{(place <= 3).mean():6.2f} {(1 / place).mean():6.2f}"
        )


def calibration(outcomes: list[Outcome]) -> Iterator[str]:
    """Stated probability of the first beside how often it was right, by bands."""
    said = np.array([one.first for one in outcomes])
    right = np.array([one.place == 1 for one in outcomes])
    yield f"{'P of the first':30s} {'cases':>5s} {'stated':>6s} {'right':>6s}"
    for low, high in itertools.pairwise(BANDS):
        within = (said >= low) & ((said < high) | (high == 1.0))
        if within.any():
            yield (
                f"{f'{low:.2f} to {high:.2f}':30s} {within.sum():5d} "
                f"{said[within].mean():6.2f} {right[within].mean():6.2f}"
            )


def broken_down(outcomes: list[Outcome]) -> Iterator[str]:
    """By item, number of sections and share of rivers of unknown direction."""
    keys = pd.DataFrame(
        {
            "item": [one.case.query["item"] for one in outcomes],
            "sections": [f"{len(one.case.sections)} sections" for one in outcomes],
            "unknown": [_unknown_band(one.case.rivers) for one in outcomes],
        }
    )
    for column in keys:
        for value, rows in keys.groupby(column).groups.items():
            yield summary(str(value), [outcomes[k] for k in rows])


def _unknown_band(rivers: gpd.GeoDataFrame) -> str:
    share = float((rivers["direction"] == "unknown").mean())
    bands = ((0.25, "up to 25 %"), (0.35, "25 to 35 %"), (1.01, "over 35 %"))
    return next(f"{text} unknown" for most, text in bands if share <= most)


def stretch_line(outcomes: list[Outcome]) -> str:
    """Tell how likely the missing outfall was held to be missing, and where it was put."""
    most = [one.unregistered > one.first for one in outcomes]
    known = [one for one in outcomes if np.isfinite(one.stretch_m)]
    if not known:
        return f"{'':6s}likelier than any outfall in {np.mean(most):.2f}; no stretch"
    km = median(one.stretch_m for one in known) / 1000
    return (
        f"{'':6s}likelier than any outfall in {np.mean(most):.2f}; the stretch holds it "
        f"in {np.mean([one.is_held for one in known]):.2f}, {km:.1f} km in the middle, "
        f"{median(one.stretch_share for one in known):.2f} of the water upstream"
    )

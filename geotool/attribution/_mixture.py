"""Whether any listed class of effluent can make what a section read.

The best of all candidates may still be a bad one: a mixture of items that neither a
registered source nor any class of the table makes, whatever its size, points to a kind
that is not listed, to several sources at once, or to a wrong reading (the "normalised
error of the virtual mixture" of fingerPro; attribution.md 2.8).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from geotool._items import item_table
from geotool.attribution._expected import expected, item_scales
from geotool.attribution._loads import class_words, typical_mg_l
from geotool.attribution._observe import Observed
from geotool.attribution._problem import Floats, Problem, Words
from geotool.attribution._states import Influence
from geotool.tables import load_table

STEPS = 80
"""Sizes of the extra load that are tried."""

HARDLY = 1e-12
"""What arrives of the item that failed, beside the most of any, below which none does."""


@dataclass(frozen=True, eq=False)
class _Seen:
    """Items read at the target: what was read, what was to be expected, and its error."""

    items: tuple[str, ...]
    value: Floats
    mean: Floats
    variance: Floats
    model_error: float
    profile_error: float


def mixture_words(
    problem: Problem, influence: Influence, observed: Observed
) -> list[Words]:
    """
    Say so when no listed class can make the mixture at the section.

    Parameters
    ----------
    problem : Problem
    influence : Influence
    observed : Observed

    Returns
    -------
    list of Words
        Empty where one fits, or where fewer than two items were read.
    """
    seen = _seen(problem, influence, observed)
    if seen is None:
        return []
    names, shapes = _shapes(problem, influence, seen.items)
    misfit, predicted, off = best_misfits(seen, shapes)
    best = int(np.argmin(misfit))
    facts = load_table("attribution")["evidence"]["mixture"]
    if not misfit[best] > facts["sigmas"]:
        return []
    k = int(np.argmax(np.abs(off[best])))
    item = item_table()[seen.items[k]]
    zh, en = names[best]
    read, made = f"{seen.value[k]:.3g}", f"{predicted[best, k]:.2g}"
    return [
        (
            (
                f"登记和常见的类别里，没有哪一类排水能造成这样的组成：最接近的是{zh}，"
                f"但{item.zh}实测 {read}、按它应约 {made} {item.unit}"
                f"（差 {misfit[best]:.1f} 倍误差）；可能是没有列出的类型、几处同时排放或监测有误"
            ),
            (
                f"no listed class of effluent can make this mixture: the nearest is {en}, "
                f"yet {item.en} reads {read} where that makes about {made} {item.unit} "
                f"({misfit[best]:.1f} errors off); a kind that is not listed, several "
                "sources at once, or a wrong reading"
            ),
        )
    ]


def _seen(problem: Problem, influence: Influence, observed: Observed) -> _Seen | None:
    target = problem.target
    value = observed.value_mg_l[target]
    there = np.flatnonzero(np.isfinite(value))
    if len(there) < 2 or 0 not in there:
        return None
    facts = load_table("attribution")["evidence"]
    base = expected(problem, influence)
    made = base.mean[:, there, target]
    quality = "measured" if len(influence.psi) > 1 else influence.quality
    floor = facts["floor"]["value"] * item_scales(problem)[target, there]
    variance = base.spread[:, there, target, target].mean(axis=0) + made.var(axis=0)
    variance = variance + (facts["reading_error"]["value"] * value[there]) ** 2
    return _Seen(
        tuple(problem.items[k] for k in there.tolist()),
        value[there],
        made.mean(axis=0),
        variance + floor**2,
        float(facts["model_error"][quality]),
        float(facts["profile_error"]["value"]),
    )


def _shapes(
    problem: Problem, influence: Influence, items: tuple[str, ...]
) -> tuple[list[Words], Floats]:
    """Give what each source and class makes of the items, for 1 mg/L of the first."""
    place = [problem.items.index(one) for one in items]
    psi = influence.psi[:, place, problem.target].mean(axis=0)
    # of what hardly arrives no ratio is left, but rounding (and sizes beyond all numbers)
    reached = psi[0] > HARDLY * psi[0].max(initial=0.0)
    left = np.where(reached, psi / np.where(reached, psi[0], 1.0), np.nan)
    own = problem.profile_mg_l[: problem.n, place] * left[:, : problem.n].T
    ids = problem.sources["outfall_id"].astype(str)
    names: list[Words] = list(zip(ids, ids, strict=True))
    # decay on the way as it is in the middle of the water above
    usual = np.nanmedian(left, axis=1) if reached.any() else np.ones(len(place))
    for key in load_table("pollutants")["effluent"]:
        names.append(class_words(key))
        own = np.vstack([own, typical_mg_l(key, items) * usual])
    with np.errstate(divide="ignore", invalid="ignore"):
        shape = own / own[:, :1]
    # one without the item that failed cannot have made it
    fits = np.isfinite(shape[:, 0])
    return [one for one, good in zip(names, fits, strict=True) if good], shape[fits]


def best_misfits(seen: Any, shapes: Floats) -> tuple[Floats, Floats, Floats]:
    """
    Fit the size of each shape, so that its worst item is as little off as can be.

    Parameters
    ----------
    seen : _Seen
    shapes : array of float, shapes x items
        NaN where a shape tells nothing of an item.

    Returns
    -------
    misfit : array of float, one a shape
        The largest miss, in standard errors.
    predicted, off : array of float, shapes x items
        What the shape makes at its best size, and the misses.
    """
    size = np.geomspace(1e-3, 3.0, STEPS) * max(float(seen.value[0]), 1e-12)
    size = np.append(0.0, size)
    effect = np.nan_to_num(shapes)[:, None, :] * size[None, :, None]
    total = seen.mean + effect
    plain = np.sqrt(seen.variance + (seen.model_error * total) ** 2)
    excess = np.maximum(seen.value - seen.mean, plain)
    own = seen.profile_error * between(effect, excess)
    off = (seen.value - total) / np.hypot(plain, own)
    off = np.where(np.isfinite(shapes)[:, None, :], off, 0.0)
    worst = np.abs(off).max(axis=2)
    at = np.argmin(worst, axis=1)
    rows = np.arange(len(shapes))
    return worst[rows, at], total[rows, at], off[rows, at]


def between(one: Floats, other: Floats) -> Floats:
    """
    Give the logarithmic mean of two sizes.

    A concentration that may be off by a factor is off by ``ln(one / other) / sigma``
    errors when its error is sigma times this mean: too much and too little weigh alike.

    Examples
    --------
    >>> size = between(np.array([8.0]), np.array([2.0]))
    >>> float(((8.0 - 2.0) / size)[0]), float(np.log(8.0 / 2.0))
    (1.3863, 1.3863)
    """
    low = np.maximum(np.minimum(one, other), 1e-300)
    high = np.maximum(one, other)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (high - low) / np.log(high / low)
    return np.asarray(np.where(high <= low * (1 + 1e-9), high, mean))

"""What a source's own record, and rain, say besides (attribution.md 2.8)."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from geotool.attribution._problem import Floats
from geotool.tables import load_table


def lag_evidence(
    source: pd.Series, section: pd.Series, *, travel_time_h: float
) -> float:
    """
    Tell whether a record upstream leads the section's.

    Changes of ln c on the coarser of both steps; the best correlation at a lag of half
    to twice the travel time, less the best outside (rain moves everything at once).

    Parameters
    ----------
    source, section : Series of float, indexed by time
    travel_time_h : float

    Returns
    -------
    float
        ln of the likelihood ratio, between -3 and 3; 0 where it cannot be told.
    """
    step = max(_step_h(source), _step_h(section))
    if not np.isfinite(step) or step <= 0:
        return 0.0
    start = max(source.index.min(), section.index.min())
    stop = min(source.index.max(), section.index.max())
    grid = pd.date_range(start, stop, freq=pd.Timedelta(hours=step))
    if len(grid) < 10:
        return 0.0
    a, b = (_changes(series, grid) for series in (source, section))
    lags = np.arange(0, len(grid) // 2)
    gains = np.array([_lag_gain(a, b, int(lag)) for lag in lags])
    hours = lags * step
    inside = (hours >= travel_time_h / 2) & (hours <= 2 * travel_time_h)
    if not inside.any() or inside.all():
        return 0.0
    return float(np.clip(gains[inside].max() - gains[~inside].max(), -3.0, 3.0))


def _step_h(series: pd.Series) -> float:
    steps = pd.Series(series.index).sort_values().diff().dropna()
    return pd.Timedelta(steps.median()).total_seconds() / 3600 if len(steps) else np.nan


def _changes(series: pd.Series, grid: pd.DatetimeIndex) -> Floats:
    series = series[series > 0].sort_index()
    clock = grid.to_numpy().astype("datetime64[s]").astype(float)
    own = series.index.to_numpy().astype("datetime64[s]").astype(float)
    return np.diff(np.interp(clock, own, np.log(series.to_numpy(float))))


def _lag_gain(a: Floats, b: Floats, lag: int) -> float:
    x, y = a[: len(a) - lag], b[lag:]
    if len(x) < 8 or x.std() == 0 or y.std() == 0:
        return 0.0
    r = float(np.corrcoef(x, y)[0, 1])
    if r <= 0:
        return 0.0
    memory = _memory(x) * _memory(y)
    number = len(x) * (1 - memory) / (1 + memory)
    return -0.5 * max(number, 1.0) * float(np.log(max(1 - r * r, 1e-12)))


def _memory(x: Floats) -> float:
    """Correlation of a series with itself one step later."""
    if len(x) < 4 or x[:-1].std() == 0 or x[1:].std() == 0:
        return 0.0
    return float(np.clip(np.corrcoef(x[:-1], x[1:])[0, 1], -0.95, 0.95))


# ---------------------------------------------------------------- wet and dry
WET_CLASSES = ("storm", "irrigation", "aquaculture", "livestock")
DRY_CLASSES = ("industry", "industry_works", "sewage_works", "rural_works")


def wet_dry_ratio(series: pd.Series, rain_mm: pd.Series) -> float:
    """
    Give the median after rain over the median in dry weather; NaN where too few.

    Parameters
    ----------
    series : Series of float, indexed by time
        Readings.
    rain_mm : Series of float, indexed by time
    """
    facts = load_table("attribution")["evidence"]["wet_dry"]
    window = pd.Timedelta(hours=facts["hours"])
    rain = rain_mm.sort_index()
    fallen = np.array(
        [
            float(rain[(rain.index > time - window) & (rain.index <= time)].sum())
            for time in series.index
        ]
    )
    wet = fallen > facts["rain_mm"]
    if min(wet.sum(), (~wet).sum()) < facts["least"]:
        return float("nan")
    values = series.to_numpy(float)
    dry = float(np.median(values[~wet]))
    return float(np.median(values[wet]) / dry) if dry > 0 else float("nan")


def wet_dry_evidence(ratio: float, classes: Sequence[str]) -> Floats:
    """
    Favour what rain washes in, or what discharges evenly.

    Examples
    --------
    >>> wet_dry_evidence(2.0, ["storm", "industry", "other"]).round(2).tolist()
    [0.69, -0.69, 0.0]
    """
    facts = load_table("attribution")["evidence"]["wet_dry"]
    found = np.zeros(len(classes))
    if not np.isfinite(ratio) or facts["dry"] <= ratio <= facts["wet"]:
        return found
    size = float(np.clip(np.log(ratio), -facts["cap"], facts["cap"]))
    kinds = np.array(classes, dtype=object)
    found[np.isin(kinds, WET_CLASSES)] = size
    found[np.isin(kinds, DRY_CLASSES)] = -size
    return found

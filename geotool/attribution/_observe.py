"""One value a section and item, from the time in which the section failed."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.attribution._problem import Floats, Problem, Words
from geotool.attribution._states import Influence
from geotool.tables import load_table

MOST_LOOKBACK_H = 15 * 24.0
"""No reading of a section upstream counts that is older than this."""


@dataclass(frozen=True, eq=False)
class Observed:
    """
    One value a section and item, from the window in which the target failed.

    Attributes
    ----------
    value_mg_l : array of float, sections x items
        NaN where nothing was measured in time.
    count : array of int, sections x items
    since, until : Timestamp
        The window of the target.
    notes : tuple of Words
    """

    value_mg_l: Floats
    count: NDArray[np.int64]
    since: pd.Timestamp
    until: pd.Timestamp
    notes: tuple[Words, ...]


def observe(problem: Problem, influence: Influence) -> Observed:
    """
    Take the mean of each section's readings over the time that counts.

    At the target that is the unbroken run that exceeded most (the largest reading where
    none did); elsewhere the same time, upstream earlier by up to two travel times.
    """
    facts = load_table("attribution")["evidence"]
    table = problem.readings
    target = table[table["section"] == problem.target]
    since, until = _failing(target[target["item"] == problem.item], problem)
    pad = max(
        pd.Timedelta(hours=facts["least_window_h"]["value"]), _usual_step(target) / 2
    )
    travel = pd.DataFrame(influence.section_time_h).median().fillna(0.0).to_numpy()
    hours = np.minimum(facts["lookback_times"]["value"] * travel, MOST_LOOKBACK_H)
    back = np.maximum(pd.to_timedelta(hours, unit="h").to_numpy(), pad.to_timedelta64())
    section, time = table["section"].to_numpy(), table["time"].to_numpy()
    low = np.datetime64(since) - back[section]
    high = np.datetime64(until) + pad.to_timedelta64()
    here = (time >= np.datetime64(since)) & (time <= np.datetime64(until))
    inside = np.where(section == problem.target, here, (time >= low) & (time <= high))
    shape = len(problem.sections), len(problem.items)
    value, count = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    number = {item: k for k, item in enumerate(problem.items)}
    means = table[inside].groupby(["section", "item"])["value_mg_l"]
    for key, values in means:
        row, item = key if isinstance(key, tuple) else (key, "")
        cell = int(str(row)), number[str(item)]
        value[cell], count[cell] = float(values.mean()), len(values)
    heard = set(table.loc[inside, "section"])
    deaf = sorted(set(table["section"]) - heard)
    notes: list[Words] = []
    limit, seen = problem.limits[problem.target, 0], value[problem.target, 0]
    if np.isfinite(limit) and seen <= limit:
        notes.append(
            (
                f"断面没有超标（最高 {seen:.3g}，限值 {limit:.3g} mg/L），按最高值排序",
                (
                    f"the section does not fail (at most {seen:.3g}, limit "
                    f"{limit:.3g} mg/L): ranked by its largest reading"
                ),
            )
        )
    if deaf:
        names = problem.sections["section_id"].iloc[deaf].astype(str).tolist()
        notes.append(
            (
                f"断面 {'、'.join(names)} 在相关时段没有监测值，未作证据",
                f"sections {', '.join(names)} were not measured in time: no evidence",
            )
        )
    return Observed(value, count, since, until, tuple(notes))


def _failing(
    series: pd.DataFrame, problem: Problem
) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Unbroken run with the most excess above the limit, else the largest reading."""
    series = series.sort_values("time")
    value, time = series["value_mg_l"].to_numpy(float), series["time"]
    limit = problem.limits[problem.target, 0]
    over = np.maximum(value - limit, 0.0) if np.isfinite(limit) else np.zeros(1)
    if not over.any():
        top = time.iloc[int(value.argmax())]
        return top, top
    run = np.cumsum(over == 0)
    most = int(np.bincount(run, over).argmax())
    own = np.flatnonzero((run == most) & (over > 0))
    return time.iloc[int(own[0])], time.iloc[int(own[-1])]


def _usual_step(series: pd.DataFrame) -> pd.Timedelta:
    times = series["time"].drop_duplicates().sort_values()
    steps = times.diff().dropna()
    return pd.Timedelta(steps.median()) if len(steps) else pd.Timedelta(0)

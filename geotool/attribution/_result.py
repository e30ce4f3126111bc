"""From weighed candidates to the table and the words of a ranking."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.attribution._inputs import Prepared
from geotool.attribution._observe import Observed
from geotool.attribution._posterior import Shares, Trial
from geotool.attribution._problem import (
    Evidence,
    Floats,
    Ints,
    Problem,
    ReachGroup,
    Words,
)
from geotool.attribution._ranking import (
    RANK_COLUMNS,
    UNREGISTERED_COLUMNS,
    Ranking,
)
from geotool.attribution._reasons import Told, reasons, strength_words
from geotool.attribution._states import Influence
from geotool.attribution._stretch import credible_stretch
from geotool.tables import load_table


def _beyond(most: int) -> Words:
    return (
        f"位次在 {most} 以后，未逐条说明",
        f"beyond rank {most}: not explained one by one",
    )


MOST_INTERVALS = 20_000
"""Stretches that are listed of the water in which an unregistered source may lie."""


@dataclass(frozen=True, eq=False)
class Weighed:
    """
    Candidates with all that was found of them.

    Attributes
    ----------
    problem, influence, observed, evidence
    facts : tuple of dict, one a candidate
    probability : array of float, one a candidate
    extra_mg_l : array of float, one a candidate
        What each would add at the section beyond its declared load.
    order_by : array of float, one a source
        The largest comes first.
    shares : Shares
    trial : Trial or None
    notes : tuple of Words
    """

    problem: Problem
    influence: Influence
    observed: Observed
    evidence: Evidence
    facts: tuple[dict[str, Any], ...]
    probability: Floats
    extra_mg_l: Floats
    order_by: Floats
    shares: Shares
    trial: Trial | None
    notes: tuple[Words, ...]


def make_ranking(weighed: Weighed, prepared: Prepared) -> Ranking:
    """Put what was weighed into a ranking."""
    problem = weighed.problem
    observed = weighed.observed
    item = item_table()[problem.item]
    notes = list(weighed.notes)
    if len(prepared.rejected):
        notes.append(_rejected_words(prepared.rejected))
    if weighed.evidence.level < 4:
        row = load_table("attribution")["levels"][str(weighed.evidence.level)]
        notes.append(
            (f"资料等级 {weighed.evidence.level}：{row['zh']}", str(row["en"]))
        )
    unknown = (problem.canals.known == 0).mean()
    if unknown > 0:
        notes.append(
            (
                f"{unknown:.0%} 的河段流向未经证实，已计入不确定性",
                (
                    f"the direction of {unknown:.0%} of the stretches is not certain; it "
                    "is part of the uncertainty"
                ),
            )
        )
    return Ranking(
        table=_table(weighed),
        unregistered=_unregistered(weighed),
        unregistered_probability=float(weighed.probability[problem.n :].sum()),
        stretch=credible_stretch(problem, weighed.probability, weighed.facts)
        if weighed.evidence.level > 0
        else None,
        level=weighed.evidence.level,
        section_id=str(problem.sections["section_id"].iloc[problem.target]),
        item=item.key,
        since=observed.since,
        until=observed.until,
        value_mg_l=float(observed.value_mg_l[problem.target, 0]),
        limit_mg_l=float(problem.limits[problem.target, 0]),
        next_sample=_next_sample(weighed),
        excluded=problem.excluded,
        notes=tuple(dict.fromkeys(notes)),
        unused=prepared.rejected,
        trace=prepared.trace,
    )


def _rejected_words(rejected: pd.DataFrame) -> Words:
    counts = rejected["reason"].value_counts()
    english = dict(zip(rejected["reason"], rejected["reason_en"], strict=True))
    zh = "；".join(f"{reason} {count} 条" for reason, count in counts.items())
    en = "; ".join(f"{english[reason]}: {count}" for reason, count in counts.items())
    return f"未用的监测值：{zh}", f"readings not used: {en}"


def _times(weighed: Weighed) -> Floats:
    """Middle, low and high travel time of each source, in hours."""
    problem = weighed.problem
    found = np.full((problem.n, 3), np.nan)
    hours = weighed.influence.time_h[:, : problem.n]
    for k in range(problem.n):
        own = hours[np.isfinite(hours[:, k]), k]
        if len(own) >= 2:
            found[k] = np.quantile(own, [0.5, 0.1, 0.9])
        elif len(own):
            found[k, 0] = own[0]
    # where the flow says nothing, the range of usual velocities
    for column, name in ((1, "travel_time_min_h"), (2, "travel_time_max_h")):
        usual = problem.sources[name].to_numpy(float)
        found[:, column] = np.where(
            np.isfinite(found[:, column]), found[:, column], usual
        )
        given = np.array([one.get(name, np.nan) for one in weighed.facts[: problem.n]])
        found[:, column] = np.where(np.isfinite(given), given, found[:, column])
    given = np.array(
        [one.get("travel_time_h", np.nan) for one in weighed.facts[: problem.n]]
    )
    found[:, 0] = np.where(np.isfinite(given), given, found[:, 0])
    inside = (found[:, 0] >= found[:, 1]) & (found[:, 0] <= found[:, 2])
    with np.errstate(invalid="ignore"):
        middle = np.sqrt(found[:, 1] * found[:, 2])
    found[:, 0] = np.where(inside, found[:, 0], middle)
    return found


def _table(weighed: Weighed) -> pd.DataFrame:
    problem, shares = weighed.problem, weighed.shares
    time = _times(weighed)
    told = Told(
        problem,
        weighed.influence,
        weighed.facts,
        weighed.observed.value_mg_l,
        time,
        weighed.evidence.level,
    )
    ids = problem.sources["outfall_id"].to_numpy(dtype=object)
    # equal sources in the order of their ids: the order of the rows must not matter
    order = np.lexsort((ids.astype(str), -np.round(weighed.order_by, 15)))
    most = int(load_table("attribution")["draws"]["largest"])
    sources = problem.sources.iloc[order]
    # of a million reaches only those with a source are made strings
    reach_ids = problem.network.reaches["reach_id"].iloc[sources["reach"]]
    p = weighed.probability[order]
    words = _strengths(p, weighed.probability)
    said = [reasons(told, k) for k in order[:most].tolist()]
    said += [[_beyond(most)]] * (len(order) - len(said))
    facts = weighed.facts[: problem.n]
    times = [float(one.get("amplitude", np.nan)) for one in facts]
    is_least = [bool(one.get("is_least", False)) for one in facts]
    columns = {
        "rank": np.arange(1, len(order) + 1),
        "outfall_id": ids[order],
        "name": sources["name"].to_numpy(dtype=object),
        "category": sources["category"].to_numpy(dtype=object),
        "probability": p,
        "top_three": shares.top_three[order],
        "strength": [zh for zh, _ in words],
        "strength_en": [en for _, en in words],
        "contribution_share": shares.share[order],
        "share_low": shares.low[order],
        "share_high": shares.high[order],
        "relation": sources["relation"].to_numpy(dtype=object),
        "distance_m": sources["distance_m"].to_numpy(float),
        "travel_time_h": time[order, 0],
        "travel_time_min_h": time[order, 1],
        "travel_time_max_h": time[order, 2],
        "declared_kg_d": problem.load_g_s[order, 0] * 86.4,
        "load_basis": problem.load_basis[order, 0],
        "times_declared": np.array(times, dtype=float)[order],
        "times_is_least": np.array(is_least, dtype=bool)[order],
        "reach_id": reach_ids.to_numpy(dtype=object),
        "measure_m": sources["measure_m"].to_numpy(float),
        "made_mg_l": weighed.extra_mg_l[order],
        "onset": _moments(weighed, "onset", order),
        "end": _moments(weighed, "end", order),
        "by_section": [_by_section(weighed.facts[k]) for k in order.tolist()],
        "reasons": [[zh for zh, _ in each] for each in said],
        "reasons_en": [[en for _, en in each] for each in said],
    }
    return pd.DataFrame(columns, columns=list(RANK_COLUMNS))


def _moments(weighed: Weighed, key: str, order: Ints) -> "pd.Series[Any]":
    """Give a time of each source; NaT where the evidence tells none."""
    told = [weighed.facts[k].get(key, pd.NaT) for k in order.tolist()]
    return pd.Series(pd.to_datetime(pd.Series(told, dtype=object)))


def _by_section(facts: dict[str, Any]) -> dict[str, float]:
    """Give what each section says of a source."""
    told = {**facts.get("fits", {}), **facts.get("against", {})}
    return {
        str(key): float(value) for key, value in facts.get("sections", told).items()
    }


def _strengths(p: Floats, every: Floats) -> list[Words]:
    """Give the word for each probability: the first against the second, others so."""
    best = np.sort(every)[::-1]
    even = 1.0 / max(len(every), 1)
    first, second = best[0], best[1] if len(best) > 1 else best[0]
    return [
        strength_words(one, one / max(second if one == first else first, 1e-12), even)
        for one in p.tolist()
    ]


def _unregistered(weighed: Weighed) -> pd.DataFrame:
    problem = weighed.problem
    rows = [
        {
            "group_id": group.group_id,
            "label": group.label[0],
            "label_en": group.label[1],
            "probability": float(weighed.probability[problem.n + k]),
            "length_m": group.length_m,
            "reaches": len(group.rows),
            "intervals": group,
        }
        for k, group in enumerate(problem.groups)
    ]
    table = pd.DataFrame(rows, columns=list(UNREGISTERED_COLUMNS))
    table = table.sort_values(
        ["probability", "group_id"], ascending=[False, True], ignore_index=True
    )
    # in very large networks the intervals of the likely groups only
    listed = table["reaches"].cumsum() <= MOST_INTERVALS
    intervals = [
        _intervals(problem, group) if shown else []
        for group, shown in zip(table["intervals"], listed, strict=True)
    ]
    return table.assign(intervals=pd.Series(intervals, dtype=object))


def _intervals(problem: Problem, group: ReachGroup) -> list[tuple[str, float, float]]:
    """Give the stretches of a group: reach id, from and to in metres."""
    canals = problem.canals
    reach = canals.reach[group.segments]
    first = np.flatnonzero(np.append(True, np.diff(reach) != 0))
    low = np.minimum.reduceat(canals.low_m[group.segments], first)
    high = np.maximum.reduceat(canals.high_m[group.segments], first)
    ids = problem.network.reaches["reach_id"].iloc[reach[first]]
    return list(zip(map(str, ids), low.tolist(), high.tolist(), strict=True))


def _next_sample(weighed: Weighed) -> Words:
    trial = weighed.trial
    if trial is None:
        return "", ""
    network = weighed.problem.network
    row = network.reaches.iloc[trial.reach]
    name = row["name"] if isinstance(row["name"], str) and row["name"] else ""
    item = item_table()[weighed.problem.item]
    where = f"{name}（{row['reach_id']}）" if name else str(row["reach_id"])
    where_en = f"{name} ({row['reach_id']})" if name else where
    km = trial.measure_m / 1000
    # so many bits leave that part of the candidates there were
    gone = 1.0 - 2.0**-trial.bits
    return (
        (
            f"下一个样：在 {where} {km:.2f} km 处测{item.zh}，预计能把候选范围缩小约 "
            f"{gone:.0%}（信息量 {trial.bits:.1f} 比特）"
        ),
        (
            f"next sample: {item.en} on {where_en} at {km:.2f} km, expected to rule out "
            f"about {gone:.0%} of the candidates (gain {trial.bits:.1f} bit)"
        ),
    )

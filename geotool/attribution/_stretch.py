"""Where a source that is in no register most likely lies: a stretch, not a point.

Readings at a few sections cannot name one spot on a long canal. What they can name is
the shortest water that holds so much of the probability, with its length told beside it:
a stretch as long as all the water above says that the data do not tell where.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import scipy.sparse as sp
from shapely.ops import substring

from geotool.attribution._problem import Bools, Canals, Floats, Ints, Problem, Words
from geotool.tables import load_table

STRETCH_COLUMNS = (
    "reach_id",
    "name",
    "from_measure_m",
    "to_measure_m",
    "probability",
    "nearest_m",
    "farthest_m",
)

MOST_SEGMENTS = 20_000
"""A longer stretch is not named, and no distances are worked out in larger networks."""

NAMED = 4
"""Parts of the stretch that are named in words."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """
    The shortest water that holds so much of the probability of the unregistered.

    Attributes
    ----------
    parts : GeoDataFrame
        :data:`STRETCH_COLUMNS` and the lines, the likeliest first. ``probability``: that it lies there
        if it is in no register; ``nearest_m``, ``farthest_m``: by water from the section,
        NaN in very large networks.
    credible : float
        So much of the probability was asked for; the parts hold at least that.
    length_m, upstream_m : float
        Of the stretch, and of all water from which it may have come.
    section_id : str
    """

    parts: gpd.GeoDataFrame
    credible: float
    length_m: float
    upstream_m: float
    section_id: str

    @property
    def share(self) -> float:
        """Length of the stretch as a share of the water upstream."""
        return self.length_m / self.upstream_m

    @property
    def span_km(self) -> tuple[float, float]:
        """How far above the section it begins and ends, by water; NaN if not known."""
        near, far = self.parts["nearest_m"].min(), self.parts["farthest_m"].max()
        return float(near) / 1000, float(far) / 1000

    @cached_property
    def words(self) -> Words:
        """Where to look for it, in one sentence."""
        facts = load_table("attribution")["evidence"]["stretch"]
        wide = self.share >= facts["wide"] and self.length_m >= facts["wide_m"]
        near, far = self.span_km
        known = np.isfinite([near, far]).all()
        zh = f"上游 {near:.1f}–{far:.1f} km 河段" if known else "上游河段"
        en = f" {near:.1f} to {far:.1f} km above" if known else "above"
        km, part = self.length_m / 1000, f"{self.share:.0%}"
        if wide:
            return (
                (
                    f"名录外来源：现有资料定不出河段（{self.credible:.0%} 的可能分布在"
                    f"{zh}，共 {km:.1f} km，占上游水网 {part}）"
                ),
                (
                    "a source in no register: the data do not tell where "
                    f"({self.credible:.0%} of the probability is spread over {km:.1f} km, "
                    f"{part} of the water upstream)"
                ),
            )
        return (
            (
                f"名录外来源：最可能在 {self.section_id} 断面{zh}（{self.credible:.0%} 可信，"
                f"共 {km:.1f} km，占上游水网 {part}）：{self._named('、', '等')}"
            ),
            (
                f"a source in no register: most likely{en.removeprefix('above')} "
                f"{'above ' if not known else ''}{self.section_id} ({self.credible:.0%} "
                f"credible, {km:.1f} km, {part} of the water upstream): "
                f"{self._named(', ', ' and others')}"
            ),
        )

    @property
    def first(self) -> Words:
        """The likeliest part of it."""
        text = _named(self.parts.iloc[0].to_dict())
        return text, text

    def _named(self, between: str, more: str) -> str:
        each = [_named(row) for row in self.parts.head(NAMED).to_dict("records")]
        return between.join(each) + (more if len(self.parts) > NAMED else "")

    def to_dict(self) -> dict[str, Any]:
        """Give it as plain data, for JSON."""
        near, far = self.span_km
        return {
            "credible": self.credible,
            "length_m": round(self.length_m, 1),
            "share_of_upstream": round(self.share, 4),
            "nearest_m": round(near * 1000, 1) if np.isfinite(near) else None,
            "farthest_m": round(far * 1000, 1) if np.isfinite(far) else None,
            "words": list(self.words),
            "parts": [
                {
                    "reach_id": str(row["reach_id"]),
                    "from_measure_m": round(row["from_measure_m"], 1),
                    "to_measure_m": round(row["to_measure_m"], 1),
                    "probability": round(row["probability"], 6),
                }
                for row in self.parts.to_dict("records")
            ],
        }

    def layer(self, probability: float) -> gpd.GeoDataFrame:
        """Give the parts for a map; theirs is a share of that probability."""
        each = self.parts["probability"] * probability
        return self.parts.assign(probability=each, credible=self.credible)


def _named(row: Mapping[Any, Any]) -> str:
    """Name a part by river, reach and measures."""
    key = str(row["reach_id"])
    low, high = row["from_measure_m"] / 1000, row["to_measure_m"] / 1000
    name = f"{row['name']}（{key}）" if row["name"] else key
    return f"{name} {low:.2f}–{high:.2f} km"


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Pieces of the water upstream that were chosen, and what each holds."""

    segment: Ints
    low_m: Floats
    high_m: Floats
    chance: Floats


def credible_stretch(
    problem: Problem, probability: Floats, facts: Sequence[Mapping[str, Any]]
) -> Stretch | None:
    """
    Find the shortest water that holds so much of the probability of the unregistered.

    Parameters
    ----------
    problem : Problem
    probability : array of float, one a candidate
    facts : sequence of mapping, one a candidate
        ``places`` of a stretch, where the evidence tells them apart: segment, from, to
        and part of the probability of the stretch.

    Returns
    -------
    Stretch or None
        None where no water lies upstream, or too much to name.
    """
    total = float(probability[problem.n :].sum())
    if not problem.groups or not total > 0:
        return None
    share = float(load_table("attribution")["evidence"]["stretch"]["share"])
    pieces = _pieces(problem, probability[problem.n :] / total, facts, share)
    if len(pieces.segment) > MOST_SEGMENTS:
        return None
    near, far = _distances(problem, pieces)
    return Stretch(
        parts=_parts(problem, pieces, near, far),
        credible=share,
        length_m=float((pieces.high_m - pieces.low_m).sum()),
        upstream_m=float(sum(group.length_m for group in problem.groups)),
        section_id=str(problem.sections["section_id"].iloc[problem.target]),
    )


def shortest(chance: Floats, length_m: Floats, share: float) -> Bools:
    """
    Choose the densest pieces until they hold so much of the probability.

    Examples
    --------
    >>> shortest(np.array([0.5, 0.3, 0.2]), np.array([100.0, 300.0, 50.0]), 0.7).tolist()
    [True, False, True]
    """
    order = np.argsort(-chance / np.maximum(length_m, 1e-9), kind="stable")
    held = np.cumsum(chance[order])
    count = int(np.searchsorted(held, share * held[-1] - 1e-12)) + 1
    chosen = np.zeros(len(chance), dtype=bool)
    chosen[order[:count]] = True
    return chosen


def _pieces(
    problem: Problem,
    chance: Floats,
    facts: Sequence[Mapping[str, Any]],
    share: float,
) -> _Pieces:
    """Choose places, and whole stretches where the evidence does not tell them apart."""
    places, whole = [], []
    for number, told in enumerate(facts[problem.n :]):
        if "places" in told:
            own = told["places"].copy()
            own[:, 3] *= chance[number]
            places.append(own)
        else:
            whole.append(number)
    found = np.concatenate([np.zeros((0, 4)), *places])
    length = [problem.groups[number].length_m for number in whole]
    kept = shortest(
        np.concatenate([found[:, 3], chance[whole]]),
        np.concatenate([found[:, 2] - found[:, 1], length]),
        share,
    )
    rows = [found[_without_holes(problem, found, kept[: len(found)])]]
    for number in np.array(whole, dtype=np.int64)[kept[len(found) :]].tolist():
        rows.append(_whole(problem, number, float(chance[number])))
    segment, low, high, mass = np.concatenate(rows).T
    return _Pieces(segment.astype(np.int64), low, high, mass)


def _without_holes(problem: Problem, places: Floats, kept: Bools) -> Bools:
    """Keep what lies between two kept neighbours: one place is no finer than the data."""
    reach = problem.canals.reach[places[:, 0].astype(np.int64)]
    order = np.lexsort((places[:, 1], reach))
    own, where = kept[order], reach[order]
    between = own[:-2] & own[2:] & (where[:-2] == where[2:])
    filled = own.copy()
    filled[1:-1] |= between
    found = np.empty_like(kept)
    found[order] = filled
    return found


def _whole(problem: Problem, number: int, chance: float) -> Floats:
    """Give the segments of a stretch, its probability parted by length."""
    segment = problem.groups[number].segments
    low, high = problem.canals.low_m[segment], problem.canals.high_m[segment]
    part = chance * (high - low) / max(float((high - low).sum()), 1e-9)
    return np.column_stack([segment, low, high, part])


def _distances(problem: Problem, pieces: _Pieces) -> tuple[Floats, Floats]:
    """Nearest and farthest metres by water of each piece; NaN where it is not known."""
    canals, segment = problem.canals, pieces.segment
    if len(canals.start) > MOST_SEGMENTS:
        nothing = np.full(len(segment), np.nan)
        return nothing, nothing
    node = int(problem.sections["node"].iloc[problem.target])
    metres = _metres_up(canals, node)
    along, against = canals.known[segment] >= 0, canals.known[segment] <= 0
    ends = []
    for at in (pieces.low_m, pieces.high_m):
        down = metres[canals.end[segment]] + canals.high_m[segment] - at
        back = metres[canals.start[segment]] + at - canals.low_m[segment]
        down, back = np.where(along, down, np.inf), np.where(against, back, np.inf)
        ends.append(np.minimum(down, back))
    # rounded ends of reaches may lie a hair below the section: no "-0.0 km"
    both = np.where(np.isfinite(ends), np.maximum(ends, 0.0) + 0.0, np.nan)
    return both.min(axis=0), both.max(axis=0)


def _metres_up(canals: Canals, node: int) -> Floats:
    """Give the metres of every node above one, against the water where it is known."""
    up, down = canals.known >= 0, canals.known <= 0
    tail = np.concatenate([canals.end[up], canals.start[down]])
    tip = np.concatenate([canals.start[up], canals.end[down]])
    length = np.maximum(canals.length_m, 1e-3)
    length = np.concatenate([length[up], length[down]])
    # of two canals between the same nodes the shorter counts; a sparse array adds them
    order = np.lexsort((length, tip, tail))
    tail, tip, length = tail[order], tip[order], length[order]
    shorter = np.append(True, (np.diff(tail) != 0) | (np.diff(tip) != 0))
    edges = length[shorter], (tail[shorter], tip[shorter])
    graph = sp.coo_array(edges, (canals.nodes, canals.nodes)).tocsr()
    return np.asarray(sp.csgraph.dijkstra(graph, indices=node))


def _parts(
    problem: Problem, pieces: _Pieces, near: Floats, far: Floats
) -> gpd.GeoDataFrame:
    """Join pieces that follow each other on a reach; the likeliest parts first."""
    reaches = problem.network.reaches
    reach = problem.canals.reach[pieces.segment]
    low, high = pieces.low_m, pieces.high_m
    order = np.lexsort((low, reach))
    reach, low, high = reach[order], low[order], high[order]
    begins = np.append(True, (np.diff(reach) != 0) | (low[1:] > high[:-1] + 1.0))
    first = np.flatnonzero(begins)
    row = reach[first]
    name = reaches["name"].iloc[row]
    low, high = np.minimum.reduceat(low, first), np.maximum.reduceat(high, first)
    lines = np.array(reaches.geometry.iloc[row], dtype=object)
    table = gpd.GeoDataFrame(
        {
            "reach_id": reaches["reach_id"]
            .iloc[row]
            .astype(str)
            .to_numpy(dtype=object),
            "name": [one if isinstance(one, str) else "" for one in name],
            "from_measure_m": low,
            "to_measure_m": high,
            "probability": np.add.reduceat(pieces.chance[order], first),
            "nearest_m": np.fmin.reduceat(near[order], first),
            "farthest_m": np.fmax.reduceat(far[order], first),
        },
        columns=list(STRETCH_COLUMNS),
        geometry=[
            substring(line, begin, end)
            for line, begin, end in zip(lines, low, high, strict=True)
        ],
        crs=reaches.crs,
    )
    return table.sort_values(
        ["probability", "reach_id", "from_measure_m"],
        ascending=[False, True, True],
        ignore_index=True,
    )

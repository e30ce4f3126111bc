"""Which of the reaches near a point is its own, with a score and a reason.

One rule for all: a reach of the river the point names comes first; then the nearer
bank; a higher class counts as at most a metre. The score says the same as a number.
"""

from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.locate._index import Floats, Ints, Pairs, ReachIndex
from geotool.network import RiverNetwork
from geotool.schema import fold_name
from geotool.tables import load_table

Bools = NDArray[np.bool_]

CLOSE_CALL_M = 5.0
"""A runner-up on another river, no farther behind than this, makes a point ambiguous."""

CLASS_M = 1.0
"""The highest class of river counts as this much nearer than the lowest."""

LOCATED = ("on", "ambiguous", "far", "no_place")
"""``far``: beyond the limit; ``no_place``: the point has no coordinates."""

CHOSEN_BY = ("name", "class", "distance", "only")
"""Why a reach was taken; see :func:`geotool.locate_points`."""

_NAME_SCORE = 50.0
_FARTHEST_MM = 1 << 38  # farther than anything on earth


@dataclass(frozen=True, eq=False)
class Rivers:
    """What tells rivers apart, by reach; numbers stand for words."""

    reach_id: NDArray[np.object_]
    name_code: Ints
    names: list[str]
    river_code: Ints
    bonus_m: Floats
    ends: Ints

    def continues(self, one: Ints, other: Ints) -> Bools:
        """Whether reaches are the same river and share a node: no rivals."""
        same = self.river_code[one] == self.river_code[other]
        named = self.name_code[one] >= 0
        same |= named & (self.name_code[one] == self.name_code[other])
        a, b = self.ends[one], self.ends[other]
        joined = (a[:, :1] == b).any(axis=1) | (a[:, 1:] == b).any(axis=1)
        return same & joined


_RIVERS: "WeakKeyDictionary[RiverNetwork, Rivers]" = WeakKeyDictionary()


def rivers_of(network: RiverNetwork) -> Rivers:
    """Give what tells the rivers of a network apart; kept as long as the network."""
    if network not in _RIVERS:
        _RIVERS[network] = _rivers(network.reaches)
    return _RIVERS[network]


def _rivers(reaches: pd.DataFrame) -> Rivers:
    code, names = name_codes(reaches["name"])
    return Rivers(
        reach_id=reaches["reach_id"].to_numpy(dtype=object),
        name_code=code,
        names=names,
        river_code=pd.factorize(reaches["river_id"])[0].astype(np.int64),
        bonus_m=_bonus(reaches),
        ends=reaches[["from_node", "to_node"]].to_numpy(dtype=np.int64),
    )


def name_codes(cells: "pd.Series[Any]") -> tuple[Ints, list[str]]:
    """Words without blanks as numbers, -1 where there is none."""
    code, values = pd.factorize(cells)
    words = [str(value).strip() for value in values]
    kept = np.array([*(k if word else -1 for k, word in enumerate(words)), -1])
    return kept[code].astype(np.int64), words


def _bonus(reaches: pd.DataFrame) -> Floats:
    """Metres that the class of a reach counts for; half where it is not known."""
    if "rank" not in reaches.columns:
        return np.full(len(reaches), CLASS_M / 2)
    classes = load_table("river_classes")["classes"]
    level = {fold_name(word): one["level"] for one in classes for word in one["words"]}
    lowest = max(level.values())
    code, words = pd.factorize(reaches["rank"])
    share = [
        (lowest - level[fold_name(word)]) / (lowest - 1)
        if fold_name(word) in level
        else 0.5
        for word in words
    ]
    return CLASS_M * np.array([*share, 0.5])[code]


def is_same_river(names: list[str], point: Ints, rivers: Rivers, reach: Ints) -> Bools:
    """
    Whether the name a point gives is the reach's, or one holds the other.

    Parameters
    ----------
    names : list of str
        Names that points give.
    point : array of int
        Position in `names` for each pair, -1 where the point gives none.
    """
    other = rivers.name_code[reach]
    both = np.flatnonzero((point >= 0) & (other >= 0))
    found = np.zeros(len(point), dtype=bool)
    if len(both) == 0:
        return found
    width = len(rivers.names) + 1
    kinds, kind = np.unique(point[both] * width + other[both], return_inverse=True)
    same = [
        names[k // width] in rivers.names[k % width]
        or rivers.names[k % width] in names[k // width]
        for k in kinds.tolist()
    ]
    found[both] = np.array(same, dtype=bool)[kind]
    return found


@dataclass(frozen=True)
class Choice:
    """
    Candidates of some points, best first, and what was decided.

    Attributes
    ----------
    pairs : Pairs
        Sorted by point, then from the best to the last.
    bank_m, score : array of float
    is_named : array of bool
    first : array of int
        Where each point's best candidate stands; the point has one at least.
    rival : array of int
        Where its best rival stands, -1 where there is none: a reach that merely
        continues the chosen one along the same river is no rival.
    chosen_by, located : array of str
        By point.
    """

    pairs: Pairs
    bank_m: Floats
    score: Floats
    is_named: Bools
    first: Ints
    rival: Ints
    chosen_by: NDArray[np.object_]
    located: NDArray[np.object_]

    @property
    def count(self) -> Ints:
        """Candidates of each point."""
        return np.diff(np.append(self.first, len(self.pairs.point)))


def choose(
    index: ReachIndex,
    rivers: Rivers,
    pairs: Pairs,
    is_named: Bools,
    max_offset_m: float,
) -> Choice:
    """Rank the candidates of points that have one at least."""
    bank = np.maximum(pairs.offset_m - index.half_m[pairs.reach], 0.0)
    is_named = is_named & (bank <= max_offset_m)
    counted = bank - rivers.bonus_m[pairs.reach]
    order = _order(pairs, is_named, counted, rivers)
    pairs, bank, counted = pairs.at(order), bank[order], counted[order]
    is_named = is_named[order]
    near = 1 - (counted + CLASS_M) / (max_offset_m + CLASS_M)
    score = _NAME_SCORE * is_named + (100 - _NAME_SCORE) * np.clip(near, 0, 1)
    first = np.flatnonzero(np.diff(pairs.point, prepend=-1))
    rival = _rival(pairs, first, rivers)
    # a river of another name is no match for the one that was named
    weighty = (rival >= 0) & (is_named[rival] | ~is_named[first])
    close = weighty & (bank[rival] - bank[first] <= CLOSE_CALL_M)
    far = bank[first] > max_offset_m
    return Choice(
        pairs=pairs,
        bank_m=bank,
        score=np.round(score, 2),
        is_named=is_named,
        first=first,
        rival=rival,
        chosen_by=_chosen_by(pairs, first, bank, is_named),
        located=_words(np.select([far, close], [2, 1], 0), LOCATED),
    )


def _order(pairs: Pairs, is_named: Bools, counted: Floats, rivers: Rivers) -> Ints:
    """Best candidates first, point by point; millimetres do not count."""
    metres = np.rint((counted + CLASS_M) * 1e3)
    near = np.minimum(metres, _FARTHEST_MM).astype(np.int64)
    key = (pairs.point * 2 + ~is_named) * (_FARTHEST_MM + 1) + near
    order = np.argsort(key)
    key = key[order]
    # among reaches whose bank the point is on, the nearer line; at a shared node,
    # where nothing else differs, the reach id decides
    same = np.flatnonzero(
        (np.diff(key, prepend=-1) == 0) | (np.diff(key, append=-1) == 0)
    )
    tied = order[same]
    offset = np.rint(pairs.offset_m[tied] * 1e3)
    ids, place = np.unique(pairs.reach[tied], return_inverse=True)
    rank = np.empty(len(ids), dtype=np.int64)
    rank[np.argsort(rivers.reach_id[ids], kind="stable")] = np.arange(len(ids))
    finer = np.lexsort((rank[place], offset, key[same]))
    order[same] = tied[finer]
    return order


def _rival(pairs: Pairs, first: Ints, rivers: Rivers) -> Ints:
    """Best candidate that does not merely continue the chosen reach."""
    rival = np.full(len(first), -1, dtype=np.int64)
    end = np.append(first[1:], len(pairs.point))
    open_to, at = np.arange(len(first)), first + 1
    while True:
        open_to = open_to[at[open_to] < end[open_to]]
        if len(open_to) == 0:
            return rival
        chosen, other = pairs.reach[first[open_to]], pairs.reach[at[open_to]]
        continues = rivers.continues(chosen, other)
        rival[open_to[~continues]] = at[open_to[~continues]]
        open_to = open_to[continues]
        at[open_to] += 1


def _chosen_by(
    pairs: Pairs, first: Ints, bank: Floats, is_named: Bools
) -> NDArray[np.object_]:
    alone = np.diff(np.append(first, len(pairs.point))) == 1
    # nearest among those that the name leaves
    number = np.cumsum(np.isin(np.arange(len(bank)), first)) - 1
    open_to = is_named | ~is_named[first][number]
    nearest = np.minimum.reduceat(np.where(open_to, bank, np.inf), first)
    by_class = bank[first] > nearest + 1e-3
    code = np.select([is_named[first], alone, by_class], [0, 3, 1], 2)
    return _words(code, CHOSEN_BY)


def _words(code: Any, words: tuple[str, ...]) -> NDArray[np.object_]:
    return np.array(words, dtype=object)[code]

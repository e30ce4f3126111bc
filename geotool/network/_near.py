"""Points near each other: pairs, and those that are one place."""

import numpy as np
import scipy.sparse as sp

from geotool.network._engine import engine
from geotool.network._limits import EXACT_M
from geotool.network._ragged import Bools, Floats, Ints

_SLANT = 0.7390851332151607
"""Points are swept at this odd angle: line work has none of it."""

_SAMPLE = 64
_CROWDED = 40
"""From so many points in the sweep's window, a tree is faster."""

_THIN = 10
"""Up to so many, points that are sorted from west to east are swept as they are."""


def near_pairs(xy: Floats, reach_m: float, wanted: Bools | None = None) -> Ints:
    """
    List the pairs of points within a distance, each once.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
    reach_m : float
        At least ``EXACT_M``.
    wanted : array of bool, optional
        Then only pairs with one of these, and those that are one place.

    Examples
    --------
    >>> near_pairs(np.array([[0.0, 0], [9, 9], [0, 1]]), 1.0).tolist()
    [[0, 2]]
    """
    if len(xy) == 0:
        return np.zeros((0, 2), dtype=np.int64)
    if wanted is None:
        wanted = np.ones(len(xy), dtype=bool)
    work = engine(10 * len(xy))
    along = xy[:, 0]
    if (along[1:] >= along[:-1]).all() and _crowd(along, reach_m) <= _THIN:
        pairs = work.sweep(np.ascontiguousarray(along), xy, reach_m, wanted)
    else:
        along = xy @ np.array([np.cos(_SLANT), np.sin(_SLANT)])
        order = np.argsort(along)
        along = along[order]
        if _crowd(along, reach_m) > _CROWDED:
            pairs = _pairs_by_tree(xy, reach_m, wanted)
        else:
            pairs = order[work.sweep(along, xy[order], reach_m, wanted[order])]
    pairs = np.sort(pairs.astype(np.int64), axis=1)
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _crowd(along: Floats, reach_m: float) -> float:
    """Say how many points ahead of a point the sweep has to look at."""
    ahead = np.searchsorted(along, along[::_SAMPLE] + reach_m)
    return float(np.mean(ahead - np.arange(0, len(along), _SAMPLE)))


def _pairs_by_tree(xy: Floats, reach_m: float, wanted: Bools) -> Ints:
    from scipy.spatial import cKDTree  # slow to load, and most never need it

    tree, some = cKDTree(xy), np.flatnonzero(wanted)
    found = cKDTree(xy[some]).sparse_distance_matrix(
        tree, reach_m, output_type="ndarray"
    )
    pairs = np.column_stack([some[found["i"]], found["j"]])
    pairs = pairs[(pairs[:, 0] < pairs[:, 1]) | ~wanted[pairs[:, 1]]]
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    same = tree.query_pairs(EXACT_M, output_type="ndarray")
    return np.vstack([pairs, same[~wanted[same].any(axis=1)]])


def west_to_east(xy: Floats) -> Ints:
    """
    Sort points by x, then by y.

    Examples
    --------
    >>> west_to_east(np.array([[5.0, 0], [0, 9], [0, 1]])).tolist()
    [2, 1, 0]
    """
    order: Ints = engine(10 * len(xy)).ascending(xy[:, 0], xy[:, 1])
    return order


def linked(count: int, pairs: Ints) -> Ints:
    """
    Give groups that pairs link a number, in the order of their first members.

    Examples
    --------
    >>> linked(4, np.array([[0, 2]])).tolist()
    [0, 1, 0, 2]
    """
    if len(pairs) == 0:
        return np.arange(count)
    graph = sp.coo_array(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (count, count)
    )
    return sp.csgraph.connected_components(graph, directed=False)[1].astype(np.int64)


class Places:
    """
    Points that lie within 1 mm of each other are one place.

    Parameters
    ----------
    xy : array of float, shape (n, 2)
    reach_m : float
        How near places have to be to be found by ``near``.
    wanted : array of bool, optional
        Then ``near`` finds only pairs with one of these.

    Attributes
    ----------
    number : array of int
        Place of each point; places are numbered from west to east.
    order : array of int
        Points sorted by place, then by coordinates.
    count : int

    Examples
    --------
    >>> places = Places(np.array([[5.0, 0], [0, 0], [0, 0.0001]]))
    >>> places.number.tolist(), places.order.tolist()
    ([1, 0, 0], [1, 2, 0])
    """

    def __init__(
        self, xy: Floats, reach_m: float = EXACT_M, wanted: Bools | None = None
    ) -> None:
        near = xy.round(9)
        order, near = engine(10 * len(xy)).eastward(near)
        fresh = np.ones(len(xy), dtype=bool)
        fresh[1:] = near[1:, 0] != near[:-1, 0]
        fresh[1:] |= near[1:, 1] != near[:-1, 1]
        distinct = np.cumsum(fresh) - 1
        unique = near[fresh]
        reach_m = max(reach_m, EXACT_M) + 1e-6  # points stand for those beside them
        if wanted is not None:
            wanted = np.logical_or.reduceat(wanted[order], np.flatnonzero(fresh))
        self._pairs = near_pairs(unique, reach_m, wanted)
        gap = unique[self._pairs[:, 0]] - unique[self._pairs[:, 1]]
        same = (gap * gap).sum(axis=1) <= EXACT_M * EXACT_M
        label = linked(len(unique), self._pairs[same])
        self.number = np.empty(len(xy), dtype=np.int64)
        self.number[order] = label[distinct]
        self.count = int(label.max()) + 1 if len(label) else 0
        self._distinct = np.empty(len(xy), dtype=np.int64)
        self._distinct[order] = distinct
        if same.any():
            order = order[np.argsort(self.number[order], kind="stable")]
        self.order = order

    def near(self, point: Ints) -> Ints:
        """List pairs of places that are near by the points that stand for them."""
        stands_for = np.full(len(self._distinct), -1, dtype=np.int64)
        stands_for[self._distinct[point]] = np.arange(len(point))
        pairs = stands_for[self._pairs]
        return pairs[(pairs >= 0).all(axis=1)]

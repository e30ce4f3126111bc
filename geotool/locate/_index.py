"""The reaches of a network, ready to be searched again and again."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.locate import _kernels
from geotool.network import RiverNetwork
from geotool.network._engine import engine

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

COMPILED_FROM = 20_000
"""Loading compiled code takes a second; fewer points are found sooner without it."""

MANY_REACHES = 200_000
"""A tree of so many lines takes longer to make than compiled code to load."""

SIDES = ("on", "left", "right")

MARGIN_M = 1e-6
"""Searches look this much farther, so that rounding loses nothing; then it is cut."""

_OCTAVE = 4.0  # reaches whose widths differ by less are searched together
_NARROW_M = 50.0


class Pairs(NamedTuple):
    """
    Points and reaches near them, sorted by point.

    Attributes
    ----------
    point, reach : array of int
    segment : array of int
        The nearest piece of the line: position of its first vertex.
    share : array of float
        How far along that piece the foot lies, 0 to 1.
    offset_m : array of float
    """

    point: Ints
    reach: Ints
    segment: Ints
    share: Floats
    offset_m: Floats

    def at(self, index: NDArray[np.bool_] | Ints | slice) -> "Pairs":
        """Take some of the pairs."""
        return Pairs(
            self.point[index],
            self.reach[index],
            self.segment[index],
            self.share[index],
            self.offset_m[index],
        )

    @staticmethod
    def together(many: "list[Pairs]") -> "Pairs":
        """Put lists of pairs one behind the other."""
        return Pairs(
            np.concatenate([one.point for one in many]),
            np.concatenate([one.reach for one in many]),
            np.concatenate([one.segment for one in many]),
            np.concatenate([one.share for one in many]),
            np.concatenate([one.offset_m for one in many]),
        )


_NONE = np.empty(0, dtype=np.int64)
NO_PAIRS = Pairs(_NONE, _NONE, _NONE, np.empty(0), np.empty(0))


@dataclass(frozen=True)
class Group:
    """Reaches of about one width, which are searched with one radius."""

    reaches: Ints
    low_m: float
    high_m: float


@dataclass(frozen=True, eq=False)
class ReachIndex:
    """
    Lines as one array of vertices, and half the width of each.

    Attributes
    ----------
    lines : array of LineString
    order : array of int
        Reaches in an order in which neighbours follow each other.
    xy : array of float, shape (vertices, 2)
        Vertices of the lines, one line after the other.
    start, stop : array of int
        First vertex of each reach, and the one after its last.
    half_m : array of float
        Half the width where it is known, else 0.
    """

    lines: NDArray[np.object_]
    order: Ints
    xy: Floats
    start: Ints
    stop: Ints
    half_m: Floats

    @cached_property
    def groups(self) -> list[Group]:
        """Reaches by width: a wide river must not make every search wide."""
        ratio = np.maximum(self.half_m[self.order] / _NARROW_M, 1.0)
        level = np.ceil(np.log(ratio) / np.log(_OCTAVE))
        found = []
        for one in np.unique(level):
            reaches = self.order[level == one]
            half = self.half_m[reaches]
            found.append(Group(reaches, float(half.min()), float(half.max())))
        return found

    @cached_property
    def cells(self) -> dict[int, Any]:
        """Cells of the groups by number, made when first searched with."""
        return {}

    @cached_property
    def trees(self) -> list[shapely.STRtree]:
        """One tree of lines for each group."""
        return [shapely.STRtree(self.lines[group.reaches]) for group in self.groups]


_INDEXES: "WeakKeyDictionary[RiverNetwork, ReachIndex]" = WeakKeyDictionary()


def index_of(network: RiverNetwork) -> ReachIndex:
    """Give the index of a network; it lives as long as the network does."""
    if network not in _INDEXES:
        width = network.reaches["width_m"].to_numpy(float)
        half = np.where(width > 0, width, 0.0) / 2
        lines = np.asarray(network.reaches.geometry, dtype=object)
        _INDEXES[network] = _index(lines, half)
    return _INDEXES[network]


def _index(lines: NDArray[np.object_], half_m: Floats) -> ReachIndex:
    box = shapely.bounds(lines)
    order = by_place((box[:, :2] + box[:, 2:]) / 2)
    count = shapely.get_num_coordinates(lines)
    stop = np.cumsum(count).astype(np.int64)
    xy = shapely.get_coordinates(lines)
    return ReachIndex(lines, order, xy, stop - count, stop, half_m)


def by_place(place: Floats) -> Ints:
    """Give an order in which neighbours follow each other."""
    if len(place) < 2:
        return np.arange(len(place))
    x, y = place[:, 0], place[:, 1]
    low_x, low_y = x.min(), y.min()
    step = max(x.max() - low_x, y.max() - low_y, MARGIN_M) / 2047
    column = ((x - low_x) / step).astype(np.int64)
    row = ((y - low_y) / step).astype(np.int64)
    row = np.where(column % 2, 2048 - row, row)  # up one column, down the next
    key = column * 4096 + row
    order: Ints = engine(10 * len(place)).ascending(key, key)
    return order


# ---------------------------------------------------------------- feet on lines
def project(
    index: ReachIndex, place: Floats, point: Ints, reach: Ints
) -> tuple[Ints, Floats, Floats]:
    """
    Find the foot of points on reaches, pair by pair.

    Of places equally near the first along the line is taken. The compiled search does
    the same sums in the same order, so that both give the same bits.

    Returns
    -------
    segment, share, square : array
        As in :class:`Pairs`; the squared distance.
    """
    if len(reach) == 0:
        return np.empty(0, dtype=np.int64), np.empty(0), np.empty(0)
    first = index.start[reach]
    count = index.stop[reach] - first - 1
    own = np.repeat(np.arange(len(reach)), count)
    begin = np.cumsum(count) - count
    segment = np.arange(len(own)) + np.repeat(first - begin, count)
    a, b = index.xy[segment], index.xy[segment + 1]
    d, w = b - a, place[point][own] - a
    dx, dy, wx, wy = d[:, 0], d[:, 1], w[:, 0], w[:, 1]
    length = dx * dx + dy * dy
    along = np.divide(
        wx * dx + wy * dy, length, out=np.zeros(len(own)), where=length > 0
    )
    t = np.minimum(np.maximum(along, 0.0), 1.0)
    ex, ey = wx - t * dx, wy - t * dy
    square = ex * ex + ey * ey
    least = np.minimum.reduceat(square, begin)
    hit = np.flatnonzero(square == least[own])
    chosen = hit[np.concatenate([[True], np.diff(own[hit]) > 0])]
    return segment[chosen], t[chosen], least


def foot_of(index: ReachIndex, segment: Ints, share: Floats) -> Floats:
    """Place of the foot of each pair."""
    a, b = index.xy[segment], index.xy[segment + 1]
    return a + share[:, None] * (b - a)


def measure_of(
    index: ReachIndex,
    place: Floats,
    reach: Ints,
    segment: Ints,
    share: Floats,
    *,
    fast: bool | None = None,
) -> tuple[Floats, Ints]:
    """
    Tell how far along its reach each foot lies, and on which side the point.

    The side is a position in :data:`SIDES`, looking along the drawing. At a corner
    of the line the mean of its two directions decides. A point straight ahead of an
    end is on neither side.

    Parameters
    ----------
    place : array of float
        Of the point of each foot.
    reach, segment, share : array
        As in :class:`Pairs`.
    fast : bool, optional
        Whether to take compiled code. By default where it is loaded already.
    """
    if fast is None:
        fast = _kernels.IS_THERE and len(reach) >= COMPILED_FROM
    lines = (index.xy, index.start, index.stop)
    measure, turn = (
        _kernels.compiled().measure(place, *lines, reach, segment, share)
        if fast
        else (
            _metres(index, reach, segment, share),
            _turn(index, place, reach, segment, share),
        )
    )
    return measure, (turn > MARGIN_M) + 2 * (turn < -MARGIN_M)


def _metres(index: ReachIndex, reach: Ints, segment: Ints, share: Floats) -> Floats:
    first = index.start[reach]
    count = segment - first + 1  # the last piece is gone along in part
    own = np.repeat(np.arange(len(reach)), count)
    begin = np.cumsum(count) - count
    piece = np.arange(len(own)) + np.repeat(first - begin, count)
    step = index.xy[piece + 1] - index.xy[piece]
    metres = np.sqrt(step[:, 0] * step[:, 0] + step[:, 1] * step[:, 1])
    metres[begin + count - 1] *= share
    return np.bincount(own, metres, len(reach)).astype(float)


def _turn(
    index: ReachIndex, place: Floats, reach: Ints, segment: Ints, share: Floats
) -> Floats:
    """Metres to the left of the line."""
    along = _unit(index.xy[segment + 1] - index.xy[segment])
    after = (share >= 1) & (segment < index.stop[reach] - 2)
    before = (share <= 0) & (segment > index.start[reach])
    for corner, step in ((after, 1), (before & ~after, -1)):
        other = segment[corner] + step
        both = along[corner] + _unit(index.xy[other + 1] - index.xy[other])
        along[corner] = _unit(both)
    beside = place - foot_of(index, segment, share)
    return along[:, 0] * beside[:, 1] - along[:, 1] * beside[:, 0]


def _unit(vector: Floats) -> Floats:
    x, y = vector[:, 0], vector[:, 1]
    length = np.sqrt(x * x + y * y)[:, None]
    return np.divide(vector, length, out=np.zeros_like(vector), where=length > 0)

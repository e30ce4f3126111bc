"""Which reaches lie near points: by compiled cells or by trees, with equal answers."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from geotool.locate import _kernels
from geotool.locate._index import (
    COMPILED_FROM,
    MANY_REACHES,
    MARGIN_M,
    NO_PAIRS,
    Floats,
    Group,
    Ints,
    Pairs,
    ReachIndex,
    by_place,
    project,
)

_ROOM = 1 << 20  # pairs held at once
_SAMPLE = 10_000  # reaches whose lengths tell how long pieces are
_VISITS = 20_000_000  # cells looked into for points that are far away
_PIECES = 1 << 21  # segments worked on at once without compiled code


def pairs_near(
    index: ReachIndex, place: Floats, max_offset_m: float, *, fast: bool | None = None
) -> Iterator[tuple[Ints, Pairs]]:
    """
    Find all reaches whose bank is within a distance of points.

    Comes in blocks that hold all pairs of some of the points, so that memory stays
    small however many there are.

    Parameters
    ----------
    index : ReachIndex
    place : array of float, shape (points, 2)
    max_offset_m : float
    fast : bool, optional
        Whether to take compiled code. By default where it is there and pays.

    Yields
    ------
    points : array of int
        The points a block is about, each in exactly one block.
    pairs : Pairs
        ``point`` is a position in ``points``.
    """
    if fast is None:
        many = len(place) >= COMPILED_FROM or len(index.lines) >= MANY_REACHES
        fast = _kernels.IS_THERE and many
    order = by_place(place)
    blocks = _by_cells if fast else _by_trees
    for first, last, pairs in blocks(index, place[order], max_offset_m):
        within = pairs.offset_m - index.half_m[pairs.reach] <= max_offset_m
        yield order[first:last], pairs.at(within)


# ---------------------------------------------------------------- compiled
class Cells:
    """Lines of a group in square cells."""

    def __init__(self, index: ReachIndex, group: Group, cell_m: float) -> None:
        self.cell_m, inv = cell_m, 1.0 / cell_m
        segments = _segments(index, group)
        blocks = 1 << int(max(np.log2(segments / 96), 4))
        low = float(index.xy[:, 0].min()), float(index.xy[:, 1].min())
        reaches = np.sort(group.reaches)  # as they lie in memory
        lines = (index.xy, index.start, index.stop, reaches)
        self.frame = (*low, inv, blocks - 1)
        loops, room = _kernels.compiled(), len(group.reaches) * 4 + segments // 4
        while True:
            run = np.empty((room, 3), dtype=np.int32)
            cell_of = np.empty(room, dtype=np.int32)
            done, count = loops.list(*lines, *self.frame, run, cell_of)
            if done == len(group.reaches):
                break
            room *= 2
        self.begin, self.run = loops.sort(run[:count], cell_of[:count], 64 * blocks)

    @property
    def parts(self) -> tuple[Any, ...]:
        """What a search needs, in its order."""
        return (*self.frame, self.begin, self.run)


def _segments(index: ReachIndex, group: Group) -> int:
    vertices = index.stop[group.reaches] - index.start[group.reaches]
    return max(int(vertices.sum()) - len(vertices), 1)


def _cells_of(index: ReachIndex, number: int, radius_m: float) -> Cells:
    """Give the cells of a group, made anew only where the radius asks for it."""
    kept, group = index.cells, index.groups[number]
    # long pieces in small cells would fill the memory
    some = group.reaches[:: max(len(group.reaches) // _SAMPLE, 1)]
    pieces = int((index.stop[some] - index.start[some]).sum())
    length = float(shapely.length(index.lines[some]).sum())
    cell_m = max(1.5 * radius_m, 2 * length / pieces, 1e-3)
    if number not in kept or not 0.4 <= kept[number].cell_m / cell_m <= 2.5:
        kept[number] = Cells(index, group, cell_m)
    return kept[number]


def _by_cells(
    index: ReachIndex, place: Floats, max_offset_m: float
) -> Iterator[tuple[int, int, Pairs]]:
    cells = [
        _cells_of(index, number, max_offset_m + group.high_m)
        for number, group in enumerate(index.groups)
    ]
    return _look_up(index, cells, place, max_offset_m)


def _look_up(
    index: ReachIndex, cells: list[Cells], place: Floats, max_offset_m: float
) -> Iterator[tuple[int, int, Pairs]]:
    search = _kernels.compiled().search
    radius = index.half_m + max_offset_m + MARGIN_M
    stamp = np.full(len(index.half_m), -1, dtype=np.int32)
    at, room = 0, min(_ROOM, 64 + 8 * len(place))
    while at < len(place):
        found, stop = [], len(place)
        for group, cell in zip(index.groups, cells, strict=True):
            out = (
                np.empty(room, dtype=np.int64),
                np.empty(room, dtype=np.int64),
                np.empty(room, dtype=np.int64),
                np.empty(room),
                np.empty(room),
            )
            widest = max_offset_m + group.high_m + MARGIN_M
            end, count = search(
                place[:stop], at, index.xy, radius, widest, *cell.parts, stamp, out
            )
            stop = min(stop, int(end))
            found.append(Pairs(*out).at(slice(count)))
        if stop == at:
            room *= 4
            continue
        yield at, stop, _sorted(found, at, stop)
        at = stop


def _sorted(found: list[Pairs], first: int, stop: int) -> Pairs:
    """Put the pairs of all groups together, counted from the first point."""
    whole = found[0] if len(found) == 1 else Pairs.together(found)
    if len(found) > 1:
        whole = whole.at(whole.point < stop)
        whole = whole.at(np.argsort(whole.point, kind="stable"))
    return whole._replace(point=whole.point - first, offset_m=np.sqrt(whole.offset_m))


# ---------------------------------------------------------------- trees
def _by_trees(
    index: ReachIndex, place: Floats, max_offset_m: float
) -> Iterator[tuple[int, int, Pairs]]:
    at, step = 0, 4096
    while at < len(place):
        stop = min(at + step, len(place))
        spots = shapely.points(place[at:stop])
        found = [
            tree.query(
                spots,
                predicate="dwithin",
                distance=max_offset_m + group.high_m + MARGIN_M,
            )
            for group, tree in zip(index.groups, index.trees, strict=True)
        ]
        yield at, stop, pairs_of(index, place[at:stop], found)
        at = stop


def pairs_of(index: ReachIndex, place: Floats, found: list[Any]) -> Pairs:
    """Project what the trees of the groups found."""
    point = np.concatenate([one[0] for one in found])
    reach = np.concatenate(
        [group.reaches[one[1]] for group, one in zip(index.groups, found, strict=True)]
    )
    order = np.argsort(point, kind="stable")
    point, reach = point[order], reach[order]
    pieces = np.cumsum(index.stop[reach] - index.start[reach])
    parts = []
    at = 0
    while at < len(point):
        done = int(pieces[at - 1]) if at else 0
        stop = max(int(np.searchsorted(pieces, done + _PIECES)), at + 1)
        segment, share, square = project(index, place, point[at:stop], reach[at:stop])
        parts.append(
            Pairs(point[at:stop], reach[at:stop], segment, share, np.sqrt(square))
        )
        at = stop
    return Pairs.together(parts) if parts else NO_PAIRS


# ---------------------------------------------------------------- however far
def nearest(index: ReachIndex, place: Floats, max_offset_m: float) -> Pairs:
    """
    Find the reach whose bank is nearest, however far; all that are as near.

    Parameters
    ----------
    index : ReachIndex
    place : array of float, shape (points, 2)
    max_offset_m : float
        Within it there is none.
    """
    found, rest = _widening(index, place, max_offset_m)
    if len(rest):
        beyond = _nearest_by_trees(index, place[rest])
        found.append(beyond._replace(point=rest[beyond.point]))
    pairs = Pairs.together(found)
    pairs = pairs.at(np.argsort(pairs.point, kind="stable"))
    bank = np.maximum(pairs.offset_m - index.half_m[pairs.reach], 0.0)
    least = np.full(len(place), np.inf)
    np.minimum.at(least, pairs.point, bank)
    return pairs.at(bank <= least[pairs.point] + 1e-3)


def _widening(
    index: ReachIndex, place: Floats, max_offset_m: float
) -> tuple[list[Pairs], Ints]:
    """
    Look in wider and wider circles, if there are cells and few points.

    A tree for a handful of far points would cost more than all the others.
    """
    found, rest, radius = [NO_PAIRS], np.arange(len(place)), max_offset_m
    cells = list(index.cells.values())
    if len(cells) < len(index.groups):
        return found, rest
    while len(rest):
        radius = max(4 * radius, 2 * cells[0].cell_m)
        widths = [2 * (radius + group.high_m) for group in index.groups]
        across = [w / c.cell_m + 2 for w, c in zip(widths, cells, strict=True)]
        if len(rest) * sum(one * one for one in across) > _VISITS:
            break
        for first, last, pairs in _look_up(index, cells, place[rest], radius):
            near = pairs.offset_m - index.half_m[pairs.reach] <= radius
            point = rest[first:last][pairs.point]
            found.append(pairs._replace(point=point).at(near))
        rest = np.setdiff1d(rest, np.concatenate([one.point for one in found]))
    return found, rest


def _nearest_by_trees(index: ReachIndex, place: Floats) -> Pairs:
    """
    Ask the trees.

    A tree knows the nearest line, not the nearest bank: of each group of like width
    it tells how far away the nearest bank can be at most, and what may be nearer
    than that is looked at.
    """
    spots = shapely.points(place)
    most = np.full(len(place), np.inf)
    for group, tree in zip(index.groups, index.trees, strict=True):
        (point, _), away = tree.query_nearest(
            spots, return_distance=True, all_matches=False
        )
        most[point] = np.minimum(most[point], np.maximum(away - group.low_m, 0.0))
    found = [
        tree.query(spots, predicate="dwithin", distance=most + group.high_m + 2e-3)
        for group, tree in zip(index.groups, index.trees, strict=True)
    ]
    return pairs_of(index, place, found)

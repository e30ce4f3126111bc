"""Which boxes points lie in, by square cells: what a tree finds, some times faster.

Needs numba; :class:`geotool.zones._zone_set.ZoneSet` takes a tree without it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

MOST_ENTRIES = 4_000_000
"""Boxes listed in cells, at most: boxes that cover each other are a tree's work."""


@dataclass(frozen=True, eq=False)
class BoxGrid:
    """
    Boxes listed by the square cells they touch.

    Attributes
    ----------
    box : array of float, shape (boxes, 4)
    origin, cell_m : float
        Corner of the grid, and the side of a cell.
    shape : (int, int)
        Columns and rows.
    first, member : array of int
        Boxes of each cell: ``member[first[cell]:first[cell + 1]]``.
    """

    box: Floats
    origin: tuple[float, float]
    cell_m: float
    shape: tuple[int, int]
    first: NDArray[np.int32]
    member: NDArray[np.int32]

    @classmethod
    def of(cls, box: Floats) -> "BoxGrid | None":
        """Make the grid; None where the boxes cover each other too much."""
        west, south = box[:, :2].min(axis=0)
        east, north = box[:, 2:].max(axis=0)
        side = max(east - west, north - south, 1.0)
        cell_m = max(
            float(np.sqrt((east - west) * (north - south) / (4 * len(box)))),
            side / 2_000,
        )
        columns = int((east - west) / cell_m) + 1
        rows = int((north - south) / cell_m) + 1
        low = ((box[:, :2] - (west, south)) / cell_m).astype(np.int64)
        high = ((box[:, 2:] - (west, south)) / cell_m).astype(np.int64)
        size = high - low + 1
        count = size[:, 0] * size[:, 1]
        if count.sum() > MOST_ENTRIES:
            return None
        own = np.repeat(np.arange(len(box)), count)
        step = np.arange(len(own)) - np.repeat(np.cumsum(count) - count, count)
        i = low[own, 0] + step % size[own, 0]
        j = low[own, 1] + step // size[own, 0]
        cell = j * columns + i
        order = np.argsort(cell, kind="stable")
        first = np.searchsorted(cell[order], np.arange(columns * rows + 1))
        return cls(
            box,
            (float(west), float(south)),
            cell_m,
            (columns, rows),
            first.astype(np.int32),
            own[order].astype(np.int32),
        )

    def query(self, xy: Floats) -> tuple[Ints, Ints]:
        """
        List points with the boxes they lie in, sorted by point.

        Returns
        -------
        point, box : array of int
        """
        room = 4 * len(xy) + 64
        while True:
            point, box = np.empty(room, np.intp), np.empty(room, np.intp)
            count = compiled()(
                xy,
                self.box,
                *self.origin,
                self.cell_m,
                *self.shape,
                self.first,
                self.member,
                point,
                box,
            )
            if count <= room:
                return point[:count], box[:count]
            room = count


@cache
def compiled() -> Any:
    """Compile the loop, once; numba keeps it on disk for the next time."""
    import numba  # heavy, and most never need it

    return numba.njit(cache=True, nogil=True)(list_pairs)


def list_pairs(
    xy: Any,
    box: Any,
    west: float,
    south: float,
    cell_m: float,
    columns: int,
    rows: int,
    first: Any,
    member: Any,
    point: Any,
    area: Any,
) -> int:
    """Write pairs while there is room; give how many there are. Plain Python."""
    found, room = 0, len(point)
    for k in range(len(xy)):
        px, py = xy[k, 0], xy[k, 1]
        fi, fj = (px - west) / cell_m, (py - south) / cell_m
        if fi < 0.0 or fj < 0.0 or fi >= columns or fj >= rows:
            continue
        cell = int(fj) * columns + int(fi)
        for e in range(first[cell], first[cell + 1]):
            b = member[e]
            if box[b, 0] <= px <= box[b, 2] and box[b, 1] <= py <= box[b, 3]:
                if found < room:
                    point[found], area[found] = k, b
                found += 1
    return found

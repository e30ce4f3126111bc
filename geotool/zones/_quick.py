"""Points judged by compiled loops: the same verdicts as :mod:`_screening`, sooner.

Cells tell which zones a point is in or near, so that most points are done with at once.
Loading compiled code takes a second, compiling it once half a minute, so few points are
judged without.
"""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool.zones._corners import Corners
from geotool.zones._merge import CLOSE_GAP_M
from geotool.zones._outlines import Contacts
from geotool.zones._threads import WORKERS
from geotool.zones._zone_set import Verdicts, ZoneSet

Floats = NDArray[np.float64]
Ints = NDArray[np.integer[Any]]

MOST_CELLS = 1_000_000
"""Cells, and entries of zones in them, at most: more are slower to make than they save."""


@dataclass(frozen=True, eq=False)
class Cells:
    """
    Square cells with the zones in or near them.

    Attributes
    ----------
    grid : array of float
        West, south, side in metres.
    size : array of int
        Columns, rows.
    cell, listed : array of int
        Zones of cell ``c``: ``listed[cell[c]:cell[c + 1]]``, as ``draw_cells``
        lists them.
    """

    grid: Floats
    size: Ints
    cell: NDArray[np.int32]
    listed: NDArray[np.int32]

    @classmethod
    def of(cls, corners: Corners, reach_m: float) -> "Cells":
        """Draw zones, for points that may be off by so much."""
        from geotool.zones._kernels import draw_cells

        low = corners.box[:, :2].min(axis=0) - reach_m
        extent = corners.box[:, 2:].max(axis=0) + reach_m - low
        side = corners.box[:, 2:] - corners.box[:, :2] + 2 * reach_m
        cell_m = max(float(np.sqrt(extent.prod() / MOST_CELLS)), 1.0)
        while (room := (side / cell_m + 2).prod(axis=1).sum()) > (
            MOST_CELLS + 9 * len(side)
        ):
            cell_m *= 1.25
        size = (extent / cell_m).astype(np.intp) + 1
        grid = np.array([*low, cell_m])
        cell = np.zeros(int(size.prod()) + 1, dtype=np.int32)
        listed = draw_cells(
            *corners.rings, corners.box, reach_m, grid, size[0], int(room), cell
        )
        return cls(grid, size, cell, listed)


class QuickZones:
    """
    Zones of a layer ready to be held against many points.

    Parameters
    ----------
    zones : ZoneSet
    """

    def __init__(self, zones: ZoneSet) -> None:
        from geotool.zones._kernels import spans_of

        self.contacts = Contacts.of(zones.shapes, zones.corners)
        self.rank = zones.rank
        self._cells: dict[float, Cells] = {}
        known = [self.contacts.outlines(is_in) for is_in in _classes(zones)]
        parts = [part for _, outlines in known for part in outlines]
        self.area_of, count = np.empty((len(known), len(self.rank)), np.int32), 0
        for row, (area_of, outlines) in enumerate(known):
            self.area_of[row] = np.where(area_of >= 0, area_of + count, area_of)
            count += sum(len(part.first) - 1 for part in outlines)
        out_corner = np.concatenate(
            [np.empty((0, 2)), *(part.corner for part in parts)]
        )
        self.outlines = (
            out_corner,
            spans_of(out_corner),
            _offsets([part.ring for part in parts]),
            _offsets([part.first for part in parts]),
        )
        corner, *offsets = self.contacts.corners.rings
        self.zones = (corner, spans_of(corner), *offsets)

    def judge(self, zones: ZoneSet, xy: Floats, into: Verdicts, pool: Executor) -> None:
        """Write the verdicts of points that are not clear."""
        from geotool.zones._kernels import judge, rows_near

        del zones  # they are known
        reach = np.maximum(into.unsure_m, 2 * CLOSE_GAP_M)
        steps = np.unique(reach)
        if len(steps) > 3:  # a wide reach does for all
            steps = steps[-1:]
        for low, step in zip([-np.inf, *steps[:-1]], steps, strict=True):
            cells = self._cells_of(float(step))
            drawn = cells.grid, cells.size, cells.cell
            near = rows_near(xy, into.unsure_m, reach, low, step, *drawn)

            def part(rows: Ints, places: Floats, cells: Cells = cells) -> None:
                judge(
                    rows,
                    places,
                    cells.grid,
                    cells.size,
                    cells.cell,
                    cells.listed,
                    *self.zones,
                    *self.outlines,
                    self.area_of,
                    self.rank,
                    CLOSE_GAP_M,
                    into.cause,
                    into.zone,
                    into.distance_m,
                )

            for _ in pool.map(part, *(np.array_split(each, WORKERS) for each in near)):
                pass

    def _cells_of(self, reach_m: float) -> Cells:
        if reach_m not in self._cells:
            self._cells[reach_m] = Cells.of(self.contacts.corners, reach_m)
        return self._cells[reach_m]


def _classes(zones: ZoneSet) -> tuple[NDArray[np.bool_], ...]:
    return zones.is_ban, zones.is_vague, ~zones.is_vague


def _offsets(parts: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Count offsets of parts on through all parts."""
    steps = [np.diff(part) for part in parts]
    return np.concatenate([[0], np.cumsum(np.concatenate([[0], *steps]))[1:]]).astype(
        np.int64
    )

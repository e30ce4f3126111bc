"""One window of a grid with the flow in it: pour points and basins."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from geotool.catchment._flow import (
    NO_DATA,
    Codes,
    Flow,
    Heights,
    directions_from_heights,
    directions_of,
    is_level,
)
from geotool.catchment._grid import CellGrid, Ints, Window

_AROUND = np.ones((3, 3), dtype=bool)


@dataclass(frozen=True)
class Patch:
    """
    A window of the grid.

    Attributes
    ----------
    window : (int, int, int, int)
        Top, left, rows, columns.
    whole : (int, int)
        Rows and columns of the whole grid.
    codes : array of uint8
    heights : array of float32 or None
    """

    window: Window
    whole: tuple[int, int]
    codes: Codes
    heights: Heights | None

    @cached_property
    def flow(self) -> Flow:
        return Flow(self.codes)

    @cached_property
    def above(self) -> Ints:
        """Cells above each cell, in this window."""
        return self.flow.cells_above()

    @cached_property
    def open_rim(self) -> NDArray[np.bool_]:
        """Cells at a side of the window beyond which the grid goes on."""
        top, left, rows, columns = self.window
        rim = np.zeros(self.codes.shape, dtype=bool)
        rim[0, :] |= top > 0
        rim[-1, :] |= top + rows < self.whole[0]
        rim[:, 0] |= left > 0
        rim[:, -1] |= left + columns < self.whole[1]
        return rim

    @cached_property
    def unsure(self) -> NDArray[np.bool_]:
        """Cells that may have water from beyond the window."""
        if not self.open_rim.any():
            return np.zeros(self.codes.shape, dtype=bool)
        return self.flow.below(self.open_rim & (self.codes != NO_DATA))

    @cached_property
    def grid_rim(self) -> NDArray[np.bool_]:
        """Cells at the edge of the whole grid."""
        top, left, rows, columns = self.window
        rim = np.zeros(self.codes.shape, dtype=bool)
        rim[0, :] |= top == 0
        rim[-1, :] |= top + rows == self.whole[0]
        rim[:, 0] |= left == 0
        rim[:, -1] |= left + columns == self.whole[1]
        return rim

    @cached_property
    def empty(self) -> NDArray[np.bool_]:
        return np.asarray(self.codes == NO_DATA)

    @cached_property
    def beside_empty(self) -> NDArray[np.bool_]:
        return np.asarray(ndimage.binary_dilation(self.empty, _AROUND) & ~self.empty)

    @cached_property
    def voids(self) -> NDArray[np.bool_]:
        """Cells without data that data surround: holes, not the land's end."""
        labels, _ = ndimage.label(self.empty, _AROUND)
        rim = np.unique(
            np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
        )
        return self.empty & ~np.isin(labels, rim)

    @cached_property
    def level(self) -> NDArray[np.bool_] | None:
        return None if self.heights is None else is_level(self.heights, self.codes)


PatchReader = Callable[[Window], Patch]


def height_reader(grid: CellGrid) -> PatchReader:
    """Give what reads windows of heights and works out the flow in them."""

    def read(window: Window) -> Patch:
        heights = grid.read_heights(window)
        codes = directions_from_heights(heights, *grid.steps(window))
        return Patch(window, grid.shape, codes, heights)

    return read


def direction_reader(grid: CellGrid) -> PatchReader:
    """Give what reads windows of ready directions."""

    def read(window: Window) -> Patch:
        return Patch(window, grid.shape, directions_of(grid.reader(*window)), None)

    return read


@dataclass(frozen=True)
class Snap:
    """
    Where a point meets the drainage line.

    Attributes
    ----------
    cell : (int, int) or None
        Row and column in the grid.
    lines : int
        Drainage lines that come into the circle looked at.
    settled : bool
        False if cells near the point may have more water than this window shows.
    """

    cell: tuple[int, int] | None
    lines: int
    settled: bool


def snap_to_line(
    patch: Patch,
    position: tuple[float, float],
    step_m: tuple[float, float],
    *,
    max_snap_m: float,
    least_cells: int,
) -> Snap:
    """
    Find the nearest cell of a drainage line: one with water of ``least_cells`` or more.

    Parameters
    ----------
    patch : Patch
    position : (float, float)
        Row and column of the point in the grid, with decimals.
    step_m : (float, float)
        Size of a cell there, metres to the next column and to the next row.
    max_snap_m : float
        To the middle of a cell. The cell that holds the point counts in any case.
    least_cells : int
    """
    top, left, rows, columns = patch.window
    dx, dy = step_m
    reach = int(np.ceil(max_snap_m / dy)) + 1, int(np.ceil(max_snap_m / dx)) + 1
    own = int(position[0]), int(position[1])
    low = [max(own[n] - reach[n], 0) for n in (0, 1)]
    high = [min(own[n] + reach[n] + 1, patch.whole[n]) for n in (0, 1)]
    r0, r1 = low[0] - top, high[0] - top
    c0, c1 = low[1] - left, high[1] - left
    if r0 < 0 or c0 < 0 or r1 > rows or c1 > columns:
        return Snap(None, 0, settled=False)
    near = slice(r0, r1), slice(c0, c1)
    down, right = np.mgrid[low[0] : high[0], low[1] : high[1]]
    distance = np.hypot(
        (down + 0.5 - position[0]) * dy, (right + 0.5 - position[1]) * dx
    )
    circle = (distance <= max_snap_m) | ((down == own[0]) & (right == own[1]))
    line = circle & (patch.above[near] >= least_cells)
    if (circle & ~line & patch.unsure[near]).any():
        return Snap(None, 0, settled=False)
    if not line.any():
        return Snap(None, 0, settled=True)
    # stable for equal distances: rows, then columns
    best = int(np.argmin(np.where(line, distance, np.inf)))
    cell = int(down.flat[best]), int(right.flat[best])
    return Snap(cell, _heads(patch, line, near), settled=True)


def _heads(patch: Patch, line: NDArray[np.bool_], near: Any) -> int:
    """Count the lines that come into a circle: line cells with none above in it."""
    index = np.arange(patch.codes.size).reshape(patch.codes.shape)[near]
    below = patch.flow.downstream.reshape(patch.codes.shape)[near]
    fed = np.isin(index, below[line & (below != index)])
    return int((line & ~fed).sum())


def basin_masks(
    patch: Patch, cells: list[tuple[int, int]]
) -> list[tuple[Window, NDArray[np.bool_]]]:
    """
    Find what drains to cells of a grid: all of them in one sweep.

    Each cell belongs to the first of the cells on its way; what lies above a cell are
    its own cells and those of all further up.
    """
    top, left, _, columns = patch.window
    local = [(row - top) * columns + column - left for row, column in cells]
    unique = list(dict.fromkeys(local))
    labels = patch.flow.basins(unique)
    flat, below = labels.ravel(), patch.flow.downstream
    into: dict[int, list[int]] = {}
    for number, cell in enumerate(unique, start=1):
        target = int(flat[below[cell]]) if below[cell] != cell else 0
        into.setdefault(target, []).append(number)
    boxes = ndimage.find_objects(labels, max_label=len(unique))
    made: dict[int, tuple[Window, NDArray[np.bool_]]] = {}
    for number, cell in enumerate(unique, start=1):
        members, open_ = [number], [number]
        while open_:
            more = into.get(open_.pop(), [])
            members += more
            open_ += more
        some = [boxes[one - 1] for one in members]
        r0, r1 = min(b[0].start for b in some), max(b[0].stop for b in some)
        c0, c1 = min(b[1].start for b in some), max(b[1].stop for b in some)
        mask = np.isin(labels[r0:r1, c0:c1], members)
        made[cell] = (top + r0, left + c0, r1 - r0, c1 - c0), mask
    return [made[cell] for cell in local]

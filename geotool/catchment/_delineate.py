"""From points to basins: the whole grid where it fits, growing windows where not."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geotool.catchment._flow import NO_DATA
from geotool.catchment._grid import CellGrid, Window
from geotool.catchment._limits import limit
from geotool.catchment._patch import (
    Patch,
    PatchReader,
    basin_masks,
    snap_to_line,
)

_FIRST_CELLS = 128
"""Half the side of the first window."""


@dataclass(frozen=True)
class Choice:
    """What the caller chose."""

    max_snap_m: float
    min_line_km2: float
    most_cells: int
    height_error_m: float


@dataclass
class Basin:
    """
    What was found of one point.

    Attributes
    ----------
    position : (float, float) or None
        Row and column of the point with decimals.
    cell : (int, int) or None
        The cell on the drainage line.
    window, mask
        Where its cells lie.
    flags : list of str
        Keys of ``[flags]`` of ``tables/catchment.toml``.
    facts : dict
        Numbers that the words of flags are filled with.
    """

    position: tuple[float, float] | None
    cell: tuple[int, int] | None = None
    window: Window = (0, 0, 0, 0)
    mask: NDArray[np.bool_] | None = None
    flags: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


def find_basins(
    grid: CellGrid,
    read: PatchReader,
    positions: list[tuple[float, float] | None],
    choice: Choice,
) -> list[Basin]:
    """Find the basin of each point; a point without one says why."""
    found = [_placed(grid, position) for position in positions]
    open_ = [one for one in found if not one.flags]
    if not open_:
        return found
    if grid.shape[0] * grid.shape[1] <= choice.most_cells:
        patch = read((0, 0, *grid.shape))
        for one in open_:
            _snap(one, patch, grid, choice)
        _fill(patch, [one for one in open_ if one.cell is not None], choice)
    else:
        for one in open_:
            _grow(one, grid, read, choice)
    return found


def _placed(grid: CellGrid, position: tuple[float, float] | None) -> Basin:
    if position is None or not np.isfinite(position).all():
        return Basin(None, flags=["no_place"])
    row, column = position
    if not (0 <= row < grid.shape[0] and 0 <= column < grid.shape[1]):
        return Basin(position, flags=["outside"])
    return Basin(position)


def _least_cells(one: Basin, grid: CellGrid, choice: Choice) -> int:
    assert one.position is not None
    row, column = (np.array([int(value)]) for value in one.position)
    cell_m2 = float(grid.areas_m2(row, column)[0])
    return max(1, int(np.ceil(choice.min_line_km2 * 1e6 / cell_m2 - 1e-9)))


def _snap(one: Basin, patch: Patch, grid: CellGrid, choice: Choice) -> bool:
    """Put a point on the drainage line; False if the window is too small to tell."""
    assert one.position is not None
    top, left = patch.window[:2]
    row, column = int(one.position[0]), int(one.position[1])
    if patch.codes[row - top, column - left] == NO_DATA:
        one.flags = ["no_data"]
        return True
    dx, dy = grid.cell_size_m(row, column)
    snap = snap_to_line(
        patch,
        one.position,
        (float(dx), float(dy)),
        max_snap_m=choice.max_snap_m,
        least_cells=_least_cells(one, grid, choice),
    )
    one.cell, one.facts["lines_near"] = snap.cell, snap.lines
    if not snap.settled:
        return False
    if snap.cell is None:
        one.flags = ["no_line"]
    elif patch.flow.in_loop.reshape(patch.codes.shape)[
        snap.cell[0] - top, snap.cell[1] - left
    ]:
        one.cell, one.flags = None, ["loop"]
    return True


def _fill(patch: Patch, some: list[Basin], choice: Choice) -> None:
    """Find the basins of points on the line, and what is to be said of them."""
    if not some:
        return
    cells = [one.cell for one in some if one.cell is not None]
    for one, (window, mask) in zip(some, basin_masks(patch, cells), strict=True):
        one.window, one.mask = window, mask
        _judge(one, patch, choice)


def _judge(one: Basin, patch: Patch, choice: Choice) -> None:
    assert one.mask is not None
    near = _within(patch, one.window)
    mask = one.mask
    one.facts["cells"] = int(mask.sum())
    tests = {
        "raster_edge": (patch.grid_rim[near] & mask).any(),
        "no_data_beside": (patch.beside_empty[near] & mask).any(),
        "voids": patch.voids[near].any(),
        "few_cells": mask.sum() < limit("few_cells"),
        "several_lines": one.facts["lines_near"] > 1,
        **_terrain(one, patch, near, choice),
    }
    if tests.get("flat"):
        tests = {"flat": True}
    one.flags = [key for key, holds in tests.items() if holds]


def _terrain(one: Basin, patch: Patch, near: Any, choice: Choice) -> dict[str, Any]:
    """Ask the heights whether they can carry a catchment."""
    if patch.heights is None or patch.level is None:
        return {"no_heights": True}
    # the extreme hundredths may be masts and holes of the model
    low, high = np.percentile(patch.heights[near][one.mask], [1, 99])
    relief_m = float(high - low)
    share = float(patch.level[near][one.mask].mean())
    one.facts |= {"relief_m": relief_m, "level_share": share}
    here_m = _relief_here(one, patch)
    one.facts |= {"relief_here_m": here_m, "around_cells": int(limit("around_cells"))}
    sure_m = limit("sure_relief_errors") * choice.height_error_m
    return {
        "flat": relief_m <= choice.height_error_m,
        "low_relief": relief_m < sure_m,
        "level_here": here_m <= choice.height_error_m,
        "level": share > limit("level_share"),
    }


def _relief_here(one: Basin, patch: Patch) -> float:
    """Measure the relief round the pour point, where a plain would lead water astray."""
    assert one.cell is not None
    assert patch.heights is not None
    row, column = one.cell[0] - patch.window[0], one.cell[1] - patch.window[1]
    far = int(limit("around_cells"))
    near = patch.heights[
        max(row - far, 0) : row + far + 1, max(column - far, 0) : column + far + 1
    ]
    low, high = np.nanpercentile(near, [1, 99])
    return float(high - low)


def _within(patch: Patch, window: Window) -> tuple[slice, slice]:
    top, left = window[0] - patch.window[0], window[1] - patch.window[1]
    return slice(top, top + window[2]), slice(left, left + window[3])


# ---------------------------------------------------------------- growing windows
def _grow(one: Basin, grid: CellGrid, read: PatchReader, choice: Choice) -> None:
    """
    Read round a point, wider until its basin is whole.

    A basin none of whose cells lies at an open side of the window is whole: water from
    beyond would have to pass such a cell. With heights the flow itself depends on what
    lies around (a depression may spill farther off), so that one window more, twice as
    wide, must give the same cells.
    """
    assert one.position is not None
    dx, dy = grid.cell_size_m(*(int(value) for value in one.position))
    half = max(_FIRST_CELLS, int(2 * choice.max_snap_m / min(float(dx), float(dy))) + 2)
    before: tuple[Any, ...] | None = None
    window = _around(one.position, half, half, grid.shape)
    while True:
        patch = read(window)
        is_whole = not patch.open_rim.any()
        sides: tuple[bool, ...] = (True,) * 4
        one.flags = []
        if _snap(one, patch, grid, choice) and one.flags:
            return
        if one.cell is not None:
            _fill(patch, [one], choice)
            assert one.mask is not None
            sides = _open_sides(one, patch)
            same = before is not None and _same(before, one)
            if not any(sides) and (is_whole or same or patch.heights is None):
                return
            before = (one.cell, one.window, one.mask) if not any(sides) else None
        wider = _wider(window, sides if any(sides) else (True,) * 4, grid.shape)
        if wider == window:
            return
        if wider[2] * wider[3] > choice.most_cells:
            one.flags = [*one.flags, "too_large" if any(sides) else "unsettled"]
            return
        window = wider


def _around(
    position: tuple[float, float], rows: int, columns: int, whole: tuple[int, int]
) -> Window:
    top, left = max(int(position[0]) - rows, 0), max(int(position[1]) - columns, 0)
    low = min(int(position[0]) + rows + 1, whole[0])
    right = min(int(position[1]) + columns + 1, whole[1])
    return top, left, low - top, right - left


def _open_sides(one: Basin, patch: Patch) -> tuple[bool, ...]:
    """Which open sides of the window the basin touches: top, bottom, left, right."""
    top, left, rows, columns = patch.window
    r, c, n, m = one.window
    return (
        r == top and top > 0,
        r + n == top + rows and top + rows < patch.whole[0],
        c == left and left > 0,
        c + m == left + columns and left + columns < patch.whole[1],
    )


def _wider(window: Window, sides: tuple[bool, ...], whole: tuple[int, int]) -> Window:
    """Move sides out by half the size of the window, as far as the grid goes."""
    top, left, rows, columns = window
    down, across = rows // 2 + 1, columns // 2 + 1
    new_top = max(top - down, 0) if sides[0] else top
    low = min(top + rows + down, whole[0]) if sides[1] else top + rows
    new_left = max(left - across, 0) if sides[2] else left
    right = min(left + columns + across, whole[1]) if sides[3] else left + columns
    return new_top, new_left, low - new_top, right - new_left


def _same(before: tuple[Any, ...], one: Basin) -> bool:
    cell, window, mask = before
    if one.mask is None or (cell, window) != (one.cell, one.window):
        return False
    return bool(np.array_equal(mask, one.mask))

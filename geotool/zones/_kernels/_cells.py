"""Square cells that tell which areas their points are in, may be in, or are near."""

# ruff: noqa: C901  (loops that call little: a function each would cost more than it does)

from typing import Any

import numpy as np

from geotool.zones._kernels._jit import compiled


@compiled
def draw_cells(
    corner: Any,
    ring: Any,
    first: Any,
    box: Any,
    reach_m: float,
    grid: Any,
    columns: int,
    room: int,
    count: Any,
) -> Any:
    """
    List for each cell twice the number of each area near it, 1 more if all inside.

    Parameters
    ----------
    corner, ring, first, box
        The areas.
    reach_m : float
        A cell that lies inside an area, farther than this from its edge, is all inside;
        one that lies outside, farther than this, has nothing to do with it.
    grid : array of float
        West, south, side of a cell in metres; the cells take in all areas grown by the
        reach.
    columns : int
    room : int
        No fewer than what is listed.
    count : array of int, shape (cells + 1,), written
        Where in the list each cell begins, from zeros.
    """
    west, south, cell_m = grid[0], grid[1], grid[2]
    most = _largest_window(box, reach_m, west, south, cell_m)
    window = np.zeros(most, dtype=np.int8)
    cells, kinds, used = np.empty(room, np.int32), np.empty(room, np.int32), 0
    for area in range(len(box)):
        wide, high, i0, j0 = _draw(
            corner, ring, first, box, area, reach_m, west, south, cell_m, window
        )
        for k in range(wide * high):
            if window[k] != 0:
                cell = (j0 + k // wide) * columns + i0 + k % wide
                cells[used], kinds[used] = cell, 2 * area + (window[k] == 2)
                count[cell + 1] += 1
                used += 1
                window[k] = 0
    for cell in range(1, len(count)):
        count[cell] += count[cell - 1]
    listed = np.empty(used, dtype=np.int32)
    # written from the end, each cell's list moves its beginning to where it belongs
    for k in range(used - 1, -1, -1):
        cell = cells[k]
        count[cell + 1] -= 1
        listed[count[cell + 1]] = kinds[k]
    for cell in range(len(count) - 1):
        count[cell] = count[cell + 1]
    count[len(count) - 1] = used
    return listed


@compiled
def _largest_window(
    box: Any, reach_m: float, west: float, south: float, cell_m: float
) -> int:
    most = 1
    for area in range(len(box)):
        wide, high, _, _ = _window(box, area, reach_m, west, south, cell_m)
        most = max(most, wide * high)
    return most


@compiled
def _window(
    box: Any, area: int, reach_m: float, west: float, south: float, cell_m: float
) -> tuple[int, int, int, int]:
    """Give width, height and first cell of the cells about an area."""
    i0 = int((box[area, 0] - reach_m - west) / cell_m)
    j0 = int((box[area, 1] - reach_m - south) / cell_m)
    i1 = int((box[area, 2] + reach_m - west) / cell_m)
    j1 = int((box[area, 3] + reach_m - south) / cell_m)
    return i1 - i0 + 1, j1 - j0 + 1, i0, j0


@compiled
def _draw(
    corner: Any,
    ring: Any,
    first: Any,
    box: Any,
    area: int,
    reach_m: float,
    west: float,
    south: float,
    cell_m: float,
    window: Any,
) -> tuple[int, int, int, int]:
    """Draw an area in its window of cells: 1 by the edge, 2 all inside, 0 outside."""
    wide, high, i0, j0 = _window(box, area, reach_m, west, south, cell_m)
    x0, y0 = west + i0 * cell_m, south + j0 * cell_m
    # a point on the line between cells may be counted to either
    grown = reach_m + 1e-6 * cell_m
    far = grown + 0.5 * np.sqrt(2.0) * cell_m
    for r in range(first[area], first[area + 1]):
        for k in range(ring[r], ring[r + 1] - 1):
            ax, ay = corner[k, 0] - x0, corner[k, 1] - y0
            bx, by = corner[k + 1, 0] - x0, corner[k + 1, 1] - y0
            # 4: the row's line of centres crosses an edge before this cell's centre
            low = int(np.ceil(min(ay, by) / cell_m - 0.5))
            high_row = int(np.ceil(max(ay, by) / cell_m - 0.5))
            for j in range(max(low, 0), min(high_row, high)):
                y = (j + 0.5) * cell_m
                x = ax + (y - ay) / (by - ay) * (bx - ax)
                i = max(int(np.ceil(x / cell_m - 0.5)), 0)
                if i < wide:
                    window[j * wide + i] ^= 4
            from_i = max(int((min(ax, bx) - grown) / cell_m), 0)
            from_j = max(int((min(ay, by) - grown) / cell_m), 0)
            to_i = min(int((max(ax, bx) + grown) / cell_m), wide - 1)
            to_j = min(int((max(ay, by) + grown) / cell_m), high - 1)
            dx, dy = bx - ax, by - ay
            most = far * np.sqrt(dx * dx + dy * dy)
            is_small = (to_i - from_i) * (to_j - from_j) <= 1
            for j in range(from_j, to_j + 1):
                wy = (j + 0.5) * cell_m - ay
                for i in range(from_i, to_i + 1):
                    wx = (i + 0.5) * cell_m - ax
                    if is_small or abs(wx * dy - wy * dx) <= most:
                        window[j * wide + i] |= 1
    for j in range(high):
        inside = False
        for i in range(wide):
            kind = window[j * wide + i]
            if kind & 4:
                inside = not inside
            window[j * wide + i] = 1 if kind & 1 else 2 if inside else 0
    return wide, high, i0, j0

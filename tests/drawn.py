"""Networks drawn in text, for tests that a reader can check by eye.

Upper-case letters are nodes, ``-`` and ``|`` and the slashes are water; an arrow
(``<``, ``>``, ``^``, ``v``) on a line is its known direction, both arrows mean both
ways, none means unknown. A character is 50 m wide and high.
"""

import geopandas as gpd
import shapely

STEP_M = 50.0
CRS = 4549
ORIGIN = (500_000.0, 3_540_000.0)
_WAYS = {
    (0, 1): ("-<>", ">", "<"),
    (1, 0): ("|^v", "v", "^"),
    (1, 1): ("\\", "", ""),
    (1, -1): ("/", "", ""),
}


def place(grid, letter):
    row, column = grid[letter]
    return ORIGIN[0] + column * STEP_M, ORIGIN[1] - row * STEP_M


def parse(picture):
    """Letters with their places, and edges (one, other, arrows) of a picture."""
    lines = [line for line in picture.split("\n") if line.strip()]
    cells = {(r, c): ch for r, line in enumerate(lines) for c, ch in enumerate(line)}
    grid = {ch: at for at, ch in cells.items() if ch.isalpha() and ch.isupper()}
    edges = []
    for letter, (row, column) in grid.items():
        for (down, right), (allowed, forth, back) in _WAYS.items():
            seen, r, c = "", row + down, column + right
            while cells.get((r, c), " ") in allowed:
                seen += cells[(r, c)]
                r, c = r + down, c + right
            end = cells.get((r, c), " ")
            if seen and end in grid:
                ways = (bool(forth) and forth in seen, bool(back) and back in seen)
                edges.append((letter, end, ways))
    return grid, edges


def rivers(picture, **columns):
    """Make a rivers layer of a picture; river ids are the two letters."""
    grid, edges = parse(picture)
    rows = []
    for one, other, (forth, back) in edges:
        direction = {
            (True, False): "digitized",
            (False, True): "reversed",
            (True, True): "both",
            (False, False): "unknown",
        }[(forth, back)]
        line = shapely.LineString([place(grid, one), place(grid, other)])
        rows.append((one + other, direction, line))
    return gpd.GeoDataFrame(
        {
            "river_id": [row[0] for row in rows],
            "direction": [row[1] for row in rows],
            **columns,
        },
        geometry=[row[2] for row in rows],
        crs=CRS,
    )


def points(picture, letters, **columns):
    """Points at letters of a picture."""
    grid, _ = parse(picture)
    return gpd.GeoDataFrame(
        {"id": list(letters), **columns},
        geometry=[shapely.Point(place(grid, letter)) for letter in letters],
        crs=CRS,
    )

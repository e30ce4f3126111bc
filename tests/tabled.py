"""Tables spelled out in text, and gates in drawn networks, for tests read by eye."""

import drawn
import geopandas as gpd
import pandas as pd
import shapely


def rows(table, columns):
    """Give the named columns as one line of text a row; numbers to five digits.

    An empty text is shown as ``-``, a list with commas, a missing value as ``?``.
    """
    return [
        " ".join(_cell(value) for value in row)
        for row in zip(*(table[name] for name in columns.split()), strict=True)
    ]


def _cell(value):
    if isinstance(value, list):
        return ",".join(map(_cell, value)) or "[]"
    if isinstance(value, str):
        return value.replace(" ", "_") or "-"
    if pd.isna(value):
        return "?"
    return f"{value:.5g}" if isinstance(value, float) else str(value)


def gates(picture, *rows):
    """Gates half-way between two letters each: (letters, id, state, kind, name)."""
    grid, _ = drawn.parse(picture)
    shapes = []
    for (one, other), *_ in rows:
        (a, b), (c, d) = drawn.place(grid, one), drawn.place(grid, other)
        shapes.append(shapely.Point((a + c) / 2, (b + d) / 2))
    names = ["structure_id", "state", "kind", "name"]
    columns = {name: [row[k + 1] for row in rows] for k, name in enumerate(names)}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=drawn.CRS)

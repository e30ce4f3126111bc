"""Line work of any size, with the faults of real line work: for ``bench_network.py``."""

from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

CELL_M = 1000.0
VERTICES = 20
SNAP_M = 1.0
"""Ends lie less than this off."""
REAL = (
    Path(__file__).parents[2] / "shared/data/osm_raw_waterways_ruhr_de/waterway.geojson"
)


def rivers(count: int, *, seed: int = 7) -> gpd.GeoDataFrame:
    """Draw a drainage network after Scheidegger, with the faults of real line work."""
    rng = np.random.default_rng(seed)
    x, y = _drainage(count, rng)
    shuffled = rng.permutation(count)
    return _layer(np.stack([x, y], axis=2)[shuffled], rng)


def towns(count: int, *, seed: int = 7) -> gpd.GeoDataFrame:
    """Draw the same network together into towns: a hundredth of the land has half."""
    rng = np.random.default_rng(seed)
    x, y = _drainage(count, rng)
    block = CELL_M * 40
    xy = np.stack([x, y], axis=2)
    middle = (np.floor(xy / block) + 0.5) * block
    away = (xy - middle) / (block / 2)
    # an odd, growing map of each block onto itself: dense in the middle
    xy = middle + np.sign(away) * (0.06 * np.abs(away) + 0.94 * away**4) * block / 2
    return _layer(xy[rng.permutation(count)], rng)


def real(count: int, *, seed: int = 7) -> gpd.GeoDataFrame:
    """Lay the raw waterways of the Ruhr out side by side until there are enough."""
    rng = np.random.default_rng(seed)
    layer = gpd.read_file(REAL, columns=[])
    lines = layer.geometry[layer.geom_type == "LineString"].to_crs(25832).to_numpy()
    xy, of = shapely.get_coordinates(lines, return_index=True)
    wide, high = np.ptp(xy, axis=0) + 500.0
    copies = -(-count // len(lines))
    across = int(np.ceil(np.sqrt(copies)))
    made = [
        shapely.linestrings(
            xy + np.array([k % across * wide, k // across * high]), indices=of
        )
        for k in range(copies)
    ]
    return _table(np.concatenate(made)[:count], rng, 25832)


def _drainage(count: int, rng: np.random.Generator) -> tuple[Any, Any]:
    across = int(np.sqrt(count))
    number = np.arange(count)
    row, column = number // across, number % across
    drift = rng.integers(0, 2, count)
    x0 = column * CELL_M + rng.uniform(-0.15, 0.15, count) * CELL_M
    y0 = -row * CELL_M + rng.uniform(-0.15, 0.15, count) * CELL_M
    below = (row + 1) * across + column + drift
    flows = (below < count) & (column + drift < across)
    target = np.minimum(below, count - 1)
    x1 = np.where(flows, x0[target], x0 + drift * CELL_M * 0.6)
    y1 = np.where(flows, y0[target], y0 - CELL_M * 0.6)
    share = np.linspace(0, 1, VERTICES)
    dx, dy = x1 - x0, y1 - y0
    length = np.hypot(dx, dy)
    sway = rng.normal(0, CELL_M / 30, (count, 3))
    wave = sum(
        sway[:, k : k + 1] * np.sin(np.pi * (k + 1) * share)[None] for k in range(3)
    )
    x = x0[:, None] + dx[:, None] * share - (dy / length)[:, None] * wave
    y = y0[:, None] + dy[:, None] * share + (dx / length)[:, None] * wave
    # three ends in ten are a little off
    off = np.flatnonzero(rng.random(count) < 0.3)
    turn = rng.uniform(0, 2 * np.pi, len(off))
    step = rng.uniform(0, SNAP_M * 0.45, len(off))
    x[off, -1] += step * np.cos(turn)
    y[off, -1] += step * np.sin(turn)
    # one mouth in twenty lies on the side of the line below, between its vertices
    tee = np.flatnonzero(flows & (rng.random(count) < 0.05))
    tee = tee[flows[target[tee]] & ~np.isin(target[tee], tee)]
    at = rng.integers(3, VERTICES // 2, len(tee))
    part = rng.random(len(tee))
    for c in (x, y):
        side = c[target[tee]]
        here = np.arange(len(tee))
        c[tee, -1] = side[here, at] * (1 - part) + side[here, at + 1] * part
    # one line in a hundred is a canal across
    canal = rng.choice(count, max(count // 100, 1), replace=False)
    x[canal] = x0[canal, None] + 0.1 * CELL_M + 1.5 * CELL_M * share
    y[canal] = y0[canal, None] - 0.45 * CELL_M + 0.02 * CELL_M * np.sin(9 * share)
    return x + 500_000, y + 3_500_000


def _layer(xy: Any, rng: np.random.Generator) -> gpd.GeoDataFrame:
    return _table(shapely.linestrings(xy), rng, 4549)


def _table(lines: Any, rng: np.random.Generator, crs: int) -> gpd.GeoDataFrame:
    count = len(lines)
    columns = {
        "river_id": [f"R{k:07d}" for k in range(count)],
        "name": [f"河{k % 977}" for k in range(count)],
        "direction": np.where(rng.random(count) < 0.2, "digitized", "unknown"),
        "width_m": rng.gamma(2, 5, count).round(1),
    }
    return gpd.GeoDataFrame(columns, geometry=lines, crs=crs)

"""How long building a network takes beside noding the same lines with GEOS.

    python benchmarks/bench_network.py --sizes 1000 10000 100000

The lines are a jittered grid of canals; some canals end on the side of another (exactly
or a little short of it), some cross others without a node. The peer does the noding
alone (``shapely.union_all``, which nodes and removes doubles; ``shapely.node`` beside
it): no tolerance, no attributes, no log, no node numbers. Times are the best of the
repeats, all in one run on one machine; only the ratios are worth comparing.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geotool.network import build_network, check_network, orient_network

CELL_M = 200.0
VERTICES = 20


def canal_grid(count: int, *, seed: int = 7) -> gpd.GeoDataFrame:
    """
    Draw about ``count`` canals of 20 vertices.

    Four fifths are a grid with shared nodes; a tenth are side canals that end on
    another canal (half of them 0.4 m short), a tenth cross a few canals.
    """
    rng = np.random.default_rng(seed)
    side = max(int(np.sqrt(0.8 * count / 2)), 2)
    spot = np.stack(np.meshgrid(np.arange(side + 1), np.arange(side + 1)), axis=-1)
    spot = spot * CELL_M + rng.uniform(-0.2, 0.2, spot.shape) * CELL_M
    spot += (500_000, 3_500_000)
    across = np.stack([spot[:, :-1], spot[:, 1:]], axis=2).reshape(-1, 2, 2)
    down = np.stack([spot[:-1], spot[1:]], axis=2).reshape(-1, 2, 2)
    grid = _wavy(np.concatenate([across, down])[: int(0.8 * count)], rng)
    few = count // 10
    host = grid[rng.integers(0, len(grid), few)]
    at = rng.integers(4, VERTICES - 5, few)
    foot = host[np.arange(few), at : at + 1] if few == 0 else host[np.arange(few), at]
    ahead = host[np.arange(few), at + 1] - foot
    beside = np.stack([-ahead[:, 1], ahead[:, 0]], axis=1)
    beside /= np.hypot(*beside.T)[:, None]
    gap = np.where(np.arange(few) % 2, 0.4, 0.0)[:, None]
    sides = _wavy(np.stack([foot + gap * beside, foot + 45 * beside], axis=1), rng, 1.0)
    start = spot.reshape(-1, 2)[rng.integers(0, (side + 1) ** 2, few)] + CELL_M * 0.37
    turn = rng.uniform(0, 2 * np.pi, few)
    far = start + 350 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    crossing = _wavy(np.stack([start, far], axis=1), rng)
    lines = shapely.linestrings(np.concatenate([grid, sides, crossing]))
    ids = [f"C{k:06d}" for k in range(len(lines))]
    return gpd.GeoDataFrame({"river_id": ids}, geometry=lines, crs=4549)


def _wavy(
    ends: np.ndarray, rng: np.random.Generator, wave_m: float = 4.0
) -> np.ndarray:
    """Lines of 20 vertices between pairs of ends, a little crooked in between."""
    share = np.linspace(0, 1, VERTICES)[None, :, None]
    line = ends[:, :1] * (1 - share) + ends[:, 1:] * share
    wave = rng.normal(0.0, wave_m, line.shape)
    wave[:, [0, -1]] = 0.0
    return line + wave


def _best(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        made = work()
        times.append(time.perf_counter() - start)
    return min(times), made


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--all", action="store_true", help="orient and check, too")
    choices = parser.parse_args()
    print(
        "lines    reaches  build s  union s  node s  build/union  build/node  exponent"
    )
    before: tuple[int, float] | None = None
    for size in choices.sizes:
        rivers = canal_grid(size)
        many = shapely.multilinestrings(list(rivers.geometry))
        build, network = _best(lambda r=rivers: build_network(r), choices.repeats)
        union, _ = _best(
            lambda r=rivers: shapely.get_parts(shapely.union_all(r.geometry)),
            choices.repeats,
        )
        node, _ = _best(
            lambda m=many: shapely.get_parts(shapely.node(m)), choices.repeats
        )
        growth = ""
        if before:
            growth = f"{np.log(build / before[1]) / np.log(size / before[0]):.2f}"
        before = (size, build)
        print(
            f"{size:<8} {len(network.reaches):<8} {build:<8.2f} {union:<8.2f} "
            f"{node:<7.2f} {build / union:<12.2f} {build / node:<11.2f} {growth}"
        )
        if choices.all:
            start = time.perf_counter()
            orient_network(network, drawing_is_flow=True)
            middle = time.perf_counter()
            check_network(network)
            end = time.perf_counter()
            print(f"         orient {middle - start:.2f} s, check {end - middle:.2f} s")


if __name__ == "__main__":
    main()

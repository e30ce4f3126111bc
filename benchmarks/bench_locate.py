"""How long locating points on reaches takes beside geopandas and beside a plain tree.

    python benchmarks/bench_locate.py            1e4 and 1e5 points on as many reaches
    python benchmarks/bench_locate.py --large    and 1e6 on 1e6, the size of the goal

Reaches have 20 vertices. ``uniform`` spreads them evenly; ``clustered`` puts nine
tenths into towns on a hundredth of the ground, which is how registers look. Points
lie beside reaches, a few far away; half of them name their river.

What each delivers: ours the reach, measure, offset from line and bank, side, score,
runner-up, reason and flag of every point, into a table; ``candidates`` also lists up
to five reaches of each point with reasons; ``sjoin_nearest`` a nearest reach and its
distance; ``dwithin`` (shapely.STRtree, the fastest way with GEOS) the nearest within
the limit, its distance and measure. Both peers ignore names, classes and widths.
Times are processor seconds, the least of the rounds after a small warm-up, all in one
process; only ratios are worth comparing. ``peak`` is the memory above what the input holds.
"""

import time
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from command_line import Level, begin, command_line, exponent, progress, skip
from memory_peak import Peak

from geotool.locate import _index, _kernels, locate_candidates, locate_points
from geotool.network import RiverNetwork

LEVELS = {
    "small": Level((2_000,), 1, 0.5),
    "usual": Level((10_000, 100_000), 2, 3),
    "large": Level((10_000, 100_000, 1_000_000), 2, 30),
}
KINDS = ("uniform", "clustered")
VERTICES = 20
LIMIT_M = 200.0
NAMES = 5_000


def make_lines(count: int, *, clustered: bool, seed: int = 3) -> np.ndarray:
    """Draw crooked lines of 20 vertices, about a kilometre long, in no order."""
    rng = np.random.default_rng(seed)
    side = np.sqrt(count) * 1000.0
    place = rng.uniform(0, side, (count, 2))
    if clustered:  # towns cover a hundredth of the ground and hold nine tenths
        town = rng.uniform(0, side, (max(count // 2000, 3), 2))
        spread = 0.1 * side / np.sqrt(len(town)) / 2
        inside = rng.random(count) < 0.9
        whose = rng.integers(0, len(town), count)
        near = town[whose] + rng.normal(0, spread, (count, 2))
        place = np.where(inside[:, None], near, place)
    turn = rng.uniform(0, 2 * np.pi, (count, 1)) + np.cumsum(
        rng.normal(0, 0.25, (count, VERTICES - 1)), axis=1
    )
    step = rng.uniform(25, 75, turn.shape)
    walk = np.stack([step * np.cos(turn), step * np.sin(turn)], axis=-1)
    start = np.zeros((count, 1, 2))
    lines = place[:, None] + np.concatenate([start, walk.cumsum(axis=1)], axis=1)
    return lines + np.array([400_000.0, 3_500_000.0])


def make_network(lines: np.ndarray) -> RiverNetwork:
    """Put lines into a network without building one: locating is what is measured."""
    n = len(lines)
    rng = np.random.default_rng(5)
    words = np.array([f"第{k}河" for k in range(NAMES)], dtype=object)
    ranks = np.array(["一级", "二级", "三级", "四级", None], dtype=object)
    reaches = gpd.GeoDataFrame(
        {
            "reach_id": np.char.add("R", np.arange(n).astype(str)).astype(object),
            "river_id": np.char.add("V", (np.arange(n) // 5).astype(str)).astype(
                object
            ),
            "name": words[rng.integers(0, NAMES, n)],
            "from_node": 2 * np.arange(n),
            "to_node": 2 * np.arange(n) + 1,
            "length_m": np.hypot(*np.diff(lines, axis=1).transpose(2, 0, 1)).sum(
                axis=1
            ),
            "flow_mode": "normal",
            "direction_source": "",
            "direction_confidence": 0.0,
            "width_m": np.where(rng.random(n) < 0.01, 60.0, 12.0),
            "depth_m": np.nan,
            "flow_m3_s": np.nan,
            "velocity_m_s": np.nan,
            "rank": ranks[rng.integers(0, len(ranks), n)],
        },
        geometry=shapely.linestrings(lines),
        crs=4549,
    )
    ends = lines[:, [0, -1]].reshape(-1, 2)
    nodes = gpd.GeoDataFrame(
        {"node_id": np.arange(2 * n), "kind": "end", "structure_id": None},
        geometry=shapely.points(ends),
        crs=4549,
    )
    columns = ["structure_id", "node_id", "name", "kind", "role", "state"]
    return RiverNetwork(reaches, nodes, pd.DataFrame(columns=columns))


def make_points(
    lines: np.ndarray, network: RiverNetwork, count: int
) -> gpd.GeoDataFrame:
    """Put points some 40 m beside reaches, one in a thousand far away."""
    rng = np.random.default_rng(11)
    of = rng.integers(0, len(lines), count)
    spot = lines[of, rng.integers(0, VERTICES, count)] + rng.normal(0, 40, (count, 2))
    spot[rng.random(count) < 0.001] += 5_000
    name = network.reaches["name"].to_numpy(dtype=object)[of]
    name[rng.random(count) < 0.5] = None
    return gpd.GeoDataFrame({"river": name}, geometry=shapely.points(spot), crs=4549)


# ---------------------------------------------------------------- peers
def sjoin(points: gpd.GeoDataFrame, network: RiverNetwork) -> Any:
    """Give a nearest reach and its distance."""
    lines = network.reaches[["reach_id", "geometry"]]
    return gpd.sjoin_nearest(points, lines, max_distance=LIMIT_M, distance_col="d")


def dwithin(points: gpd.GeoDataFrame, network: RiverNetwork) -> Any:
    """Give the nearest reach within the limit, its distance and the measure."""
    place = points.geometry.to_numpy()
    lines = network.reaches.geometry.to_numpy()
    a, b = shapely.STRtree(lines).query(place, predicate="dwithin", distance=LIMIT_M)
    away = shapely.distance(place[a], lines[b])
    order = np.lexsort((away, a))
    a, b = a[order], b[order]
    first = np.flatnonzero(np.diff(a, prepend=-1))
    return shapely.line_locate_point(lines[b[first]], place[a[first]])


def ours(points: gpd.GeoDataFrame, network: RiverNetwork) -> Any:
    """Locate; given a new network, the index is made first."""
    return locate_points(points, network, max_offset_m=LIMIT_M)


def ours_listed(points: gpd.GeoDataFrame, network: RiverNetwork) -> Any:
    """List the candidates; given a new network, the index is made first."""
    return locate_candidates(points, network, max_offset_m=LIMIT_M)


def ours_warm(points: gpd.GeoDataFrame, network: RiverNetwork) -> Any:
    """Locate on an index that is there."""
    return locate_points(points, network, max_offset_m=LIMIT_M)


def ours_trees(points: gpd.GeoDataFrame, network: RiverNetwork) -> Any:
    """Locate without compiled code."""
    there, _kernels.IS_THERE = _kernels.IS_THERE, False
    try:
        return ours(points, network)
    finally:
        _kernels.IS_THERE = there


# ---------------------------------------------------------------- measuring
def measure(
    work: Callable[..., Any],
    points: gpd.GeoDataFrame,
    network: RiverNetwork,
    *,
    rounds: int,
) -> tuple[float, float]:
    """Give the least processor time of the rounds, and the peak memory."""
    times, peak = [], 0.0
    for _ in range(rounds):
        given = network
        if work is not ours_warm:  # the index is kept with the network
            given = RiverNetwork(network.reaches, network.nodes, network.structures)
        with Peak() as memory:
            start = time.process_time()
            work(points, given)
            times.append(time.process_time() - start)
        peak = max(peak, memory.mb)
    return min(times), peak


WORKS: dict[str, Callable[..., Any]] = {
    "locate_points": ours,
    "the same, index there": ours_warm,
    "locate_candidates": ours_listed,
    "locate_points, no numba": ours_trees,
    "STRtree dwithin": dwithin,
    "sjoin_nearest": sjoin,
}


def main() -> None:
    """Measure and print the table."""
    parser = command_line(__doc__, LEVELS, of="points on as many reaches")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--only", nargs="+", choices=WORKS, default=list(WORKS))
    choices = begin(parser.parse_args())
    if not _kernels.IS_THERE:
        skip("compiled code, numba is not there: pip install geotool[fast]")
    for kind in choices.kinds:
        clustered = kind == "clustered"
        before: dict[str, tuple[int, float]] = {}
        lines = make_lines(200, clustered=clustered)
        small = make_network(lines)
        few = make_points(lines, small, _index.COMPILED_FROM)
        for name in choices.only:
            WORKS[name](few, small)  # compile and load
        for size in choices.sizes:
            progress(f"{kind}, {size:,} points")
            lines = make_lines(size, clustered=clustered)
            network = make_network(lines)
            points = make_points(lines, network, size)
            del lines
            ours_warm(points.iloc[: _index.COMPILED_FROM], network)
            print(f"\n{kind}, {size:,} on {size:,}")
            print(
                f"{'':26}{'CPU s':>8}{'µs/point':>10}{'x ours':>8}{'peak MB':>9}  exponent"
            )
            base = 0.0
            for name in choices.only:
                seconds, peak = measure(
                    WORKS[name], points, network, rounds=choices.rounds
                )
                base = base or seconds
                growth = ""
                if name in before:
                    growth = f"{exponent(before[name], (size, seconds)):.2f}"
                before[name] = (size, seconds)
                print(
                    f"{name:26}{seconds:8.2f}{seconds / size * 1e6:10.1f}"
                    f"{seconds / base:8.2f}{peak:9.0f}  {growth}",
                    flush=True,
                )


if __name__ == "__main__":
    main()

"""How long building a network takes, and how much memory, beside noding with GEOS.

    python benchmarks/bench_network.py            # 1e4 and 1e5 lines: a minute or two
    python benchmarks/bench_network.py --large    # 1e6 lines too: tens of minutes, 6 GB

Lines have 20 vertices. ``rivers`` is a drainage network with 30 % of its ends a little
off, 5 % of its mouths on the side of another line without a vertex there, and 1 % of
canals across; ``towns`` is the same drawn together into dense towns with open land
between them; ``real`` is the line work of shared/data, where that is present, laid out
side by side many times.

Ours delivers all of ``build_network``: snapping, T-junctions, crossings, doubles, ids,
attributes, node and reach tables, the log. The peers deliver less: ``node`` and
``union`` split lines where they meet exactly, without rows; ``node + rows`` says which
row each piece is of; ``self query`` only finds the pairs that meet; ``by hand`` snaps,
splits and keeps rows with STRtree, cKDTree and substring.

Seconds are CPU time, the best of the repeats, all in one process a data set, with the
garbage collector off for everyone. Memory is the peak of a process of its own beyond
what it holds once the lines are there. Compiled code is warm. Only ratios are worth
comparing.
"""

import argparse
import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from scipy.sparse import coo_array, csgraph
from scipy.spatial import cKDTree
from shapely.ops import substring

from geotool.network import _engine, build_network

CELL_M = 1000.0
VERTICES = 20
SNAP_M = 1.0
REAL = (
    Path(__file__).parents[2] / "shared/data/osm_raw_waterways_ruhr_de/waterway.geojson"
)


# ---------------------------------------------------------------- lines
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


DATA: dict[str, Callable[..., gpd.GeoDataFrame]] = {
    "rivers": rivers,
    "towns": towns,
    "real": real,
}


# ---------------------------------------------------------------- peers
def ours(layer: gpd.GeoDataFrame) -> int:
    """Build with whatever is there."""
    return len(build_network(layer, snap_m=SNAP_M).reaches)


def ours_plain(layer: gpd.GeoDataFrame) -> int:
    """Build without compiled code."""
    before = _engine.COMPILED_FROM, _engine.WARM_FROM
    _engine.COMPILED_FROM = _engine.WARM_FROM = 10**18
    try:
        return ours(layer)
    finally:
        _engine.COMPILED_FROM, _engine.WARM_FROM = before


def node(layer: gpd.GeoDataFrame) -> int:
    """Split all lines where they meet."""
    return len(_noded(layer))


def _noded(layer: gpd.GeoDataFrame) -> Any:
    every = shapely.multilinestrings(layer.geometry.to_numpy())
    return shapely.get_parts(shapely.node(every))


def node_rows(layer: gpd.GeoDataFrame) -> int:
    """Split all lines, then find the row of each piece and its attributes."""
    pieces = _noded(layer)
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    tree = shapely.STRtree(layer.geometry.to_numpy())
    piece, row = tree.query(middle, predicate="dwithin", distance=0.001)
    first = np.unique(piece, return_index=True)[1]
    plain = layer.drop(columns="geometry").iloc[row[first]].reset_index(drop=True)
    return len(gpd.GeoDataFrame(plain, geometry=pieces[piece[first]], crs=layer.crs))


def union(layer: gpd.GeoDataFrame) -> int:
    """Split all lines and drop doubles."""
    return len(shapely.get_parts(shapely.union_all(layer.geometry.to_numpy())))


def self_query(layer: gpd.GeoDataFrame) -> int:
    """Find the pairs of lines that meet."""
    lines = layer.geometry.to_numpy()
    return len(shapely.STRtree(lines).query(lines, predicate="intersects")[0])


def by_hand(layer: gpd.GeoDataFrame) -> int:
    """Snap ends, find touches and crossings, and cut, with what shapely offers."""
    lines = layer.geometry.to_numpy()
    n = len(lines)
    ends = np.vstack(
        [shapely.get_coordinates(shapely.get_point(lines, k)) for k in (0, -1)]
    )
    pairs = cKDTree(ends).query_pairs(SNAP_M, output_type="ndarray")
    graph = coo_array((np.ones(len(pairs)), pairs.T), (2 * n, 2 * n))
    place = csgraph.connected_components(graph, directed=False)[1]
    tree, points = shapely.STRtree(lines), shapely.points(ends)
    end, line = tree.query(points, predicate="dwithin", distance=SNAP_M)
    new = (place[end] != place[line]) & (place[end] != place[n + line])
    end, line = end[new], line[new]
    one, other = tree.query(lines, predicate="crosses")
    one, other = one[one < other], other[one < other]
    xy, of = shapely.get_coordinates(
        shapely.intersection(lines[one], lines[other]), return_index=True
    )
    cut = np.concatenate([line, one[of], other[of]])
    spot = np.concatenate([points[end], *[shapely.points(xy)] * 2])
    measure = shapely.line_locate_point(lines[cut], spot)
    order = np.lexsort((measure, cut))
    cut, measure = cut[order], measure[order]
    made = n
    for k, start in zip(*np.unique(cut, return_index=True), strict=True):
        stop = np.searchsorted(cut, k, side="right")
        stops = [0.0, *measure[start:stop].tolist(), lines[k].length]
        pieces = [substring(lines[k], a, b) for a, b in pairwise(stops) if b > a]
        made += len(pieces) - 1
    return made


PEERS: dict[str, tuple[Callable[[gpd.GeoDataFrame], int], int]] = {
    # what, and the most lines it is tried on
    "ours": (ours, 10**7),
    "node": (node, 10**7),
    "node + rows": (node_rows, 10**7),
    "union": (union, 10**7),
    "self query": (self_query, 10**7),
    "by hand": (by_hand, 10**5),
    "ours, no numba": (ours_plain, 10**5),
}
IN_MEMORY = ("ours", "node", "node + rows", "union")


# ---------------------------------------------------------------- measuring
def timed(data: str, size: int, repeats: int) -> dict[str, float]:
    """CPU seconds of each, the best of the repeats."""
    layer = DATA[data](size)
    warm = DATA["rivers"](60_000)
    ours(warm)
    took: dict[str, float] = {}
    for _ in range(repeats):
        for name, (work, most) in PEERS.items():
            if size > most:
                continue
            gc.collect()
            gc.disable()
            start = time.process_time()
            work(layer)
            spent = time.process_time() - start
            gc.enable()
            took[name] = min(took.get(name, np.inf), spent)
    return took


def peak(data: str, size: int, name: str) -> float:
    """Megabytes that one of them needs at its peak beyond the lines themselves."""
    ours(DATA["rivers"](60_000))
    layer = DATA[data](size)
    gc.collect()
    # what making the lines needed must not count: Linux can forget the peak so far
    Path("/proc/self/clear_refs").write_text("5")
    before = _memory("VmRSS")
    PEERS[name][0](layer)
    return _memory("VmHWM") - before


def _memory(field: str) -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    line = next(line for line in status if line.startswith(field))
    return int(line.split()[1]) / 1024


def _in_process(*arguments: str) -> Any:
    command = [sys.executable, __file__, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--data", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--large", action="store_true", help="a million lines too")
    parser.add_argument("--one", choices=["times", "peak"], help=argparse.SUPPRESS)
    parser.add_argument("--what", default="ours", help=argparse.SUPPRESS)
    choices = parser.parse_args()
    if choices.one:
        data, size = choices.data[0], choices.sizes[0]
        if choices.one == "times":
            print(json.dumps(timed(data, size, choices.repeats)))
        else:
            print(json.dumps(peak(data, size, choices.what)))
        return
    sizes = [*choices.sizes, 1_000_000] if choices.large else choices.sizes
    for data in choices.data:
        if data == "real" and not REAL.exists():
            print("real: shared/data is not here")
            continue
        _report(data, sizes, choices.repeats)


def _report(data: str, sizes: list[int], repeats: int) -> None:
    before: tuple[int, float] | None = None
    for size in sizes:
        many = str(1 if size > 300_000 else repeats)
        common = ("--data", data, "--sizes", str(size), "--repeats", many)
        took = _in_process("--one", "times", *common)
        print(f"\n{data}, {size} lines{' ' * 12}CPU s    ratio to ours")
        for name, seconds in took.items():
            print(f"  {name:<24} {seconds:8.2f} {seconds / took['ours']:8.1f}")
        if before:
            growth = np.log(took["ours"] / before[1]) / np.log(size / before[0])
            print(f"  growth exponent of ours from {before[0]}: {growth:.2f}")
        before = (size, took["ours"])
        if size < 100_000:
            continue
        most = {
            name: _in_process("--one", "peak", "--what", name, *common)
            for name in IN_MEMORY
        }
        for name, megabytes in most.items():
            share = most["ours"] / megabytes if megabytes else np.nan
            print(
                f"  peak of {name:<16} {megabytes:8.0f} MB; ours is {share:.2f} of it"
            )


if __name__ == "__main__":
    main()

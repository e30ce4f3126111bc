"""How long building a network takes, and how much memory, beside noding with GEOS.

    python benchmarks/bench_network.py            1e4 and 1e5 lines
    python benchmarks/bench_network.py --large    and 1e6, the size of the goal: 6 GB

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

Seconds are CPU time, the least of the rounds, all in one process a data set, with the
garbage collector off for everyone; what is made is kept until the clock stands still.
The first round pays for the memory of all that follow: take two at least. Memory is the
peak of a process of its own beyond what it holds once the lines are there. Compiled code
is warm. Only ratios are worth comparing.
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
from command_line import Level, begin, command_line, exponent, progress, skip
from network_lines import REAL, SNAP_M, real, rivers, towns
from scipy.sparse import coo_array, csgraph
from scipy.spatial import cKDTree
from shapely.ops import substring

from geotool.network import _engine, build_network

LEVELS = {
    "small": Level((2_000,), 1, 1),
    "usual": Level((10_000, 100_000), 2, 5),
    "large": Level((10_000, 100_000, 1_000_000), 2, 60),
}
MEMORY_FROM = 100_000
"""Of fewer lines the peak is that of the libraries."""
FORGETS = Path("/proc/self/clear_refs")

DATA: dict[str, Callable[..., gpd.GeoDataFrame]] = {
    "rivers": rivers,
    "towns": towns,
    "real": real,
}


# ---------------------------------------------------------------- peers
def ours(layer: gpd.GeoDataFrame) -> Any:
    """Build with whatever is there."""
    return build_network(layer, snap_m=SNAP_M)


def ours_plain(layer: gpd.GeoDataFrame) -> Any:
    """Build without compiled code."""
    before = _engine.COMPILED_FROM, _engine.WARM_FROM
    _engine.COMPILED_FROM = _engine.WARM_FROM = 10**18
    try:
        return ours(layer)
    finally:
        _engine.COMPILED_FROM, _engine.WARM_FROM = before


def node(layer: gpd.GeoDataFrame) -> Any:
    """Split all lines where they meet."""
    every = shapely.multilinestrings(layer.geometry.to_numpy())
    return shapely.get_parts(shapely.node(every))


def node_rows(layer: gpd.GeoDataFrame) -> Any:
    """Split all lines, then find the row of each piece and its attributes."""
    pieces = node(layer)
    middle = shapely.line_interpolate_point(pieces, 0.5, normalized=True)
    tree = shapely.STRtree(layer.geometry.to_numpy())
    piece, row = tree.query(middle, predicate="dwithin", distance=0.001)
    first = np.unique(piece, return_index=True)[1]
    plain = layer.drop(columns="geometry").iloc[row[first]].reset_index(drop=True)
    return gpd.GeoDataFrame(plain, geometry=pieces[piece[first]], crs=layer.crs)


def union(layer: gpd.GeoDataFrame) -> Any:
    """Split all lines and drop doubles."""
    return shapely.get_parts(shapely.union_all(layer.geometry.to_numpy()))


def self_query(layer: gpd.GeoDataFrame) -> Any:
    """Find the pairs of lines that meet."""
    lines = layer.geometry.to_numpy()
    return shapely.STRtree(lines).query(lines, predicate="intersects")


def by_hand(layer: gpd.GeoDataFrame) -> Any:
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
    made = []
    for k, start in zip(*np.unique(cut, return_index=True), strict=True):
        stop = np.searchsorted(cut, k, side="right")
        stops = [0.0, *measure[start:stop].tolist(), lines[k].length]
        made += [substring(lines[k], a, b) for a, b in pairwise(stops) if b > a]
    return made


PEERS: dict[str, tuple[Callable[[gpd.GeoDataFrame], Any], int]] = {
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
def timed(data: str, size: int, rounds: int) -> dict[str, float]:
    """CPU seconds of each, the least of the rounds."""
    layer = DATA[data](size)
    warm = DATA["rivers"](60_000)
    ours(warm)
    took: dict[str, float] = {}
    for _ in range(rounds):
        for name, (work, most) in PEERS.items():
            if size > most:
                continue
            gc.collect()
            gc.disable()
            start = time.process_time()
            made = work(layer)
            spent = time.process_time() - start
            del made
            gc.enable()
            took[name] = min(took.get(name, np.inf), spent)
    return took


def peak(data: str, size: int, name: str) -> float:
    """Megabytes that one of them needs at its peak beyond the lines themselves."""
    ours(DATA["rivers"](60_000))
    layer = DATA[data](size)
    gc.collect()
    # what making the lines needed must not count: Linux can forget the peak so far
    FORGETS.write_text("5")
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
    parser = command_line(__doc__, LEVELS, of="lines")
    parser.add_argument("--kinds", nargs="+", choices=DATA, default=list(DATA))
    parser.add_argument("--one", choices=["times", "peak"], help=argparse.SUPPRESS)
    parser.add_argument("--what", default="ours", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        data, size = chosen.kinds[0], chosen.sizes[0]
        if chosen.one == "times":
            print(json.dumps(timed(data, size, chosen.rounds)))
        else:
            print(json.dumps(peak(data, size, chosen.what)))
        return
    begin(chosen)
    for data in chosen.kinds:
        if data == "real" and not REAL.exists():
            skip("real line work, ../shared/data is not beside this folder")
            continue
        _report(data, chosen.sizes, chosen.rounds)


def _report(data: str, sizes: list[int], rounds: int) -> None:
    before: tuple[int, float] | None = None
    for size in sizes:
        progress(f"{data}, {size:,} lines")
        common = ("--kinds", data, "--sizes", str(size), "--rounds", str(rounds))
        took = _in_process("--one", "times", *common)
        print(f"\n{data}, {size} lines{' ' * 12}CPU s    ratio to ours")
        for name, seconds in took.items():
            print(f"  {name:<24} {seconds:8.2f} {seconds / took['ours']:8.1f}")
        now = size, took["ours"]
        if before:
            print(f"  exponent of ours from {before[0]}: {exponent(before, now):.2f}")
        before = now
        sys.stdout.flush()
        if size >= MEMORY_FROM:
            _report_memory(data, size, common)


def _report_memory(data: str, size: int, common: tuple[str, ...]) -> None:
    if not FORGETS.exists():
        skip("peak memory of building, only Linux can forget an earlier peak")
        return
    most = {}
    for name in IN_MEMORY:
        progress(f"{data}, {size:,} lines: memory of {name}")
        most[name] = _in_process("--one", "peak", "--what", name, *common)
    for name, megabytes in most.items():
        share = most["ours"] / megabytes if megabytes else np.nan
        print(
            f"  peak of {name:<16} {megabytes:8.0f} MB; ours is {share:.2f} of it",
            flush=True,
        )


if __name__ == "__main__":
    main()

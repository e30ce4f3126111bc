"""How long directions and checks take beside one sparse solve of the same network.

    python benchmarks/bench_orient.py            1e4 and 1e5 reaches
    python benchmarks/bench_orient.py --large    and 1e6: 8 GB

The network is a jittered grid of canals with a sixth of its pieces missing, a side
canal with an open end at every fifth node, and a few separate parts; an outlet for
every twenty thousand reaches. Peers, in the same run: ``scipy.sparse.linalg.spsolve`` of
the Laplacian of the whole network, once, as anyone would write it (``orient`` gives a
confidence from 24 more, votes, and turned lines besides), and
``shapely.STRtree.query(predicate="intersects")`` of the lines with themselves, once,
for ``check``. Times are processor time; only the ratios and the exponents are worth comparing.
"""

import resource
import time
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely
from command_line import Level, begin, command_line, exponent, progress
from scipy.sparse.linalg import spsolve

from geotool.network import RiverNetwork, check_network, orient_network
from geotool.network._model import STRUCTURE_COLUMNS
from geotool.network._orient import conductance

LEVELS = {
    "small": Level((2_000,), 1, 0.3),
    "usual": Level((10_000, 100_000), 2, 0.5),
    "large": Level((10_000, 100_000, 1_000_000), 2, 15),
}
CELL_M = 200.0
VERTICES = 5


def canal_network(count: int, *, seed: int = 7) -> tuple[RiverNetwork, Any]:
    """
    Make a network of about ``count`` reaches and the places of its outlets.

    Returns
    -------
    network : RiverNetwork
    outlets : GeoDataFrame of points
    """
    rng = np.random.default_rng(seed)
    side = max(int(np.sqrt(count / 1.87)), 4)
    number = np.arange(side * side).reshape(side, side)
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1)
    xy = (grid * CELL_M + rng.uniform(-50, 50, grid.shape)).reshape(-1, 2)
    across = np.stack([number[:, :-1].ravel(), number[:, 1:].ravel()], axis=1)
    down = np.stack([number[:-1].ravel(), number[1:].ravel()], axis=1)
    ends = np.concatenate([across, down])
    ends = ends[rng.random(len(ends)) > 1 / 6]
    used, ends = np.unique(ends, return_inverse=True)
    xy, ends = xy[used] + (500_000, 3_500_000), ends.reshape(-1, 2)
    hosts = rng.choice(len(xy), len(xy) // 5, replace=False)
    turn = rng.uniform(0, 2 * np.pi, len(hosts))
    tips = xy[hosts] + 45 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    new = np.stack([hosts, len(xy) + np.arange(len(hosts))], axis=1)
    xy, ends = np.concatenate([xy, tips]), np.concatenate([ends, new])
    network = _network(xy, ends, rng)
    outlets = rng.choice(len(tips), max(3, count // 20_000), replace=False)
    return network, gpd.GeoDataFrame(geometry=shapely.points(tips[outlets]), crs=4549)


def _network(xy: np.ndarray, ends: np.ndarray, rng: np.random.Generator) -> Any:
    share = np.linspace(0, 1, VERTICES)[None, :, None]
    line = xy[ends[:, :1]] * (1 - share) + xy[ends[:, 1:]] * share
    wave = rng.normal(0.0, 2.0, line.shape)
    wave[:, [0, -1]] = 0.0
    lines = shapely.linestrings(line + wave)
    ids = np.array([f"C{k:07d}" for k in range(len(ends))], dtype=object)
    empty = np.full(len(ends), np.nan)
    reaches = gpd.GeoDataFrame(
        {
            "reach_id": ids,
            "river_id": ids,
            "name": None,
            "from_node": ends[:, 0],
            "to_node": ends[:, 1],
            "length_m": shapely.length(lines),
            "flow_mode": "unknown",
            "direction_source": "",
            "direction_confidence": 0.0,
            "width_m": rng.choice([5.0, 10.0, 20.0], len(ends)),
            "depth_m": empty,
            "flow_m3_s": empty,
            "velocity_m_s": empty,
        },
        geometry=lines,
        crs=4549,
    )
    nodes = gpd.GeoDataFrame(
        {"node_id": np.arange(len(xy)), "kind": "pass", "structure_id": None},
        geometry=shapely.points(xy),
        crs=4549,
    )
    return RiverNetwork(reaches, nodes, pd.DataFrame(columns=list(STRUCTURE_COLUMNS)))


def one_solve(network: RiverNetwork) -> np.ndarray:
    """Solve the heads of the whole network once, node 0 held."""
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    weight, n = conductance(network), len(network.nodes)
    rows, columns = ends.ravel(), ends[:, ::-1].ravel()
    twice = np.repeat(weight, 2)
    degree = np.bincount(rows, twice, n) + 1e-6  # so that parts apart have a solution
    laplacian = sp.diags_array(degree) - sp.coo_array((twice, (rows, columns)), (n, n))
    return spsolve(laplacian.tocsc(), np.ones(n))


def self_join(network: RiverNetwork) -> int:
    """Find all pairs of reaches that meet."""
    lines = network.reaches.geometry.to_numpy()
    return shapely.STRtree(lines).query(lines, predicate="intersects").shape[1]


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()  # of this process: others may use the machine, too
    made = work()
    return time.process_time() - start, made


def main() -> None:
    """Measure and print the table."""
    chosen = begin(command_line(__doc__, LEVELS, of="reaches").parse_args())
    print(
        "reaches   orient s  one spsolve s  ratio  exponent   "
        "check s  self-join s  ratio  exponent   issues   unknown  peak MB"
    )
    before: tuple[int, float, float] | None = None
    for size in chosen.sizes:
        progress(f"{size:,} reaches")
        network, outlets = canal_network(size)
        best = [np.inf] * 4
        for _ in range(1 if size >= 1_000_000 else chosen.rounds):
            oriented_s, oriented = _timed(
                lambda n=network, o=outlets: orient_network(n, outlets=o)
            )
            checked_s, issues = _timed(lambda n=oriented: check_network(n))
            solved_s, _ = _timed(lambda n=network: one_solve(n))
            joined_s, _ = _timed(lambda n=network: self_join(n))
            found = [oriented_s, solved_s, checked_s, joined_s]
            best = [min(a, b) for a, b in zip(best, found, strict=True)]
        count, (orient, solve, check, join) = len(network.reaches), best
        grow = ["", ""]
        if before:
            grow = [
                f"{exponent((before[0], then), (count, now)):.2f}"
                for now, then in ((orient, before[1]), (check, before[2]))
            ]
        before = (count, orient, check)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        unknown = oriented.summary()["unknown_share"]
        print(
            f"{count:<9} {orient:<9.2f} {solve:<14.2f} {orient / solve:<6.2f} "
            f"{grow[0]:<10} {check:<8.2f} {join:<12.2f} {check / join:<6.2f} "
            f"{grow[1]:<10} {len(issues):<8} {unknown:<8.0%} {peak}",
            flush=True,
        )


if __name__ == "__main__":
    main()

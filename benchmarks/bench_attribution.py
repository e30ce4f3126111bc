"""How long a ranking takes, and its solve beside scipy and networkx, in one run.

    python benchmarks/bench_attribution.py            1e4 and 1e5 reaches
    python benchmarks/bench_attribution.py --large    and 1e6, the size of the goal: 6 GB

Two shapes: ``tree`` (dendritic, one outlet, no two rivers across each other) and ``web``
(a grid of canals that drains to one corner; every second reach closes a loop). ``pumped``
is the web with one arc in a thousand pumped back, so that there are directed cycles and a
sparse LU is needed. One outfall to a hundred reaches, six sections of which the lowest
fails, four items.

- ``first``: ``gt.rank_sources`` on a network that was just made: whatever is kept with
  a network (its order for tracing, its index for locating) is made within;
- ``call``: the same again, as for the next section or item; nothing of the ranking
  itself is kept, every outfall and section is located anew. ``cpu`` is the time of the
  processor in it, which a busy machine hardly changes; one percent of the reaches are
  sources;
- ``build`` and ``rank``: its parts, ``build_problem`` (locate, trace, cut) and
  ``rank_problem`` (flow, influence of every outfall on every section, evidence,
  probability, reasons). The goal is 2 s at 1e6 reaches with 1e4 sources after build:
  ``rank`` keeps it, a whole ``call`` takes twice as long;
- ``solve``: the adjoint of all sections, upstream cone and order included, beside
  ``scipy.sparse.linalg.spsolve`` on the same matrix, and (up to 1e5) a sweep over
  networkx's topological order. Their matrices and graphs are made outside the clock.

The answers are held against each other in every run.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely
from command_line import Level, begin, command_line, exponent, progress
from scipy.sparse.linalg import spsolve

import geotool as gt
from geotool.attribution import Transport, build_problem, rank_problem
from geotool.attribution._survival import survival
from geotool.network import RiverNetwork
from geotool.network._model import STRUCTURE_COLUMNS

LEVELS = {
    "small": Level((1_000,), 1, 0.5),
    "usual": Level((10_000, 100_000), 3, 3),
    "large": Level((10_000, 100_000, 1_000_000), 3, 30),
}
SHAPES = ("tree", "web", "pumped")
NETWORKX_MOST = 100_000
ITEMS = ("NH3N", "TP", "CODMN", "F")


def tree_edges(count: int, rng: np.random.Generator) -> np.ndarray:
    """
    Edges of a tree of neighbours that drains to its first corner (Scheidegger 1967).

    No river runs over others: among lines across the whole country each point would be
    near hundreds.
    """
    side = max(int(np.sqrt(count)), 2)
    child = np.arange(1, side * side)
    row, column = child // side, child % side
    down = (row > 0) & ((column == 0) | (rng.random(len(child)) < 0.5))
    return np.stack([child, np.where(down, child - side, child - 1)], axis=1)


def web_edges(count: int, rng: np.random.Generator) -> np.ndarray:
    """Edges of a grid that drains to its first corner."""
    side = int(np.sqrt(count / 2)) + 1
    number = np.arange(side * side).reshape(side, side)
    across = np.stack([number[:, 1:].ravel(), number[:, :-1].ravel()], axis=1)
    down = np.stack([number[1:].ravel(), number[:-1].ravel()], axis=1)
    edges = np.concatenate([across, down])
    return edges[rng.permutation(len(edges))]


def network_of(edges: np.ndarray, rng: np.random.Generator) -> RiverNetwork:
    """Lay edges out as reaches that all run as drawn, with an outlet beyond node 0."""
    grid = int(edges.max()) + 1
    edges = np.concatenate([edges, [[0, grid]]])
    count, side = grid + 1, round(np.sqrt(grid))
    # the outlet beside the first corner, not behind the last
    at = np.append(np.arange(grid), 0)
    xy = np.stack([at % side, at // side], axis=1) * 300.0
    xy[grid, 0] -= 300.0
    xy += 500_000.0 + rng.uniform(-60, 60, xy.shape)
    ends = xy[edges]
    lines = shapely.linestrings(ends)
    reaches = pd.DataFrame(
        {
            "reach_id": [f"R{k:07d}" for k in range(len(edges))],
            "river_id": [f"C{k // 20:06d}" for k in range(len(edges))],
            "name": "",
            "from_node": edges[:, 0],
            "to_node": edges[:, 1],
            "length_m": shapely.length(lines),
            "flow_mode": "normal",
            "direction_source": "given",
            "direction_confidence": 1.0,
            "width_m": rng.uniform(5, 30, len(edges)),
            **dict.fromkeys(("depth_m", "flow_m3_s", "velocity_m_s"), np.nan),
        }
    )
    nodes = {"node_id": np.arange(count), "kind": "junction", "structure_id": None}
    return RiverNetwork(
        gpd.GeoDataFrame(reaches, geometry=lines, crs=4549),
        gpd.GeoDataFrame(nodes, geometry=shapely.points(xy), crs=4549),
        pd.DataFrame(columns=list(STRUCTURE_COLUMNS)),
    )


def points_on(network: RiverNetwork, rows: np.ndarray, **columns: Any) -> Any:
    """Put points in the middle of reaches."""
    lines = np.asarray(network.reaches.geometry, dtype=object)[rows]
    places = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    return gpd.GeoDataFrame(columns, geometry=places, crs=network.crs)


def incident(network: RiverNetwork, rng: np.random.Generator) -> dict[str, Any]:
    """Make outfalls, sections and readings: the lowest section fails."""
    count = len(network.reaches)
    rows = rng.choice(count, count // 100, replace=False)
    outfalls = points_on(
        network,
        rows,
        outfall_id=[f"P{k}" for k in range(len(rows))],
        category="城镇污水处理厂排污口",
        permitted_discharge_m3_d=rng.lognormal(7, 1, len(rows)),
        **{
            f"permitted_{item.lower()}_mg_l": rng.lognormal(1, 0.4, len(rows))
            for item in ITEMS
        },
    )
    # the last reach is the way out; the others lie somewhere above
    at = np.append(count - 1, rng.choice(count - 1, 5, replace=False))
    names = [f"S{k}" for k in range(len(at))]
    sections = points_on(network, at, section_id=names, target_class="III")
    readings = pd.DataFrame(
        [
            {
                "section_id": name,
                "time": "2026-05-03 08:00",
                "item": item,
                "value": 3.0 if name == "S0" else 0.2,
            }
            for name in names
            for item in ITEMS
        ]
    )
    return {"outfalls": outfalls, "sections": sections, "readings": readings}


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Give the median time and the last answer."""
    times, answer = [], None
    for _ in range(repeats):
        start = time.perf_counter()
        answer = work()
        times.append(time.perf_counter() - start)
    return median(times), answer


def transport_of(edges: np.ndarray, rng: np.random.Generator, pumped: int) -> Transport:
    """Make an operator; of ``pumped`` nodes a part of the water goes back."""
    nodes = int(edges.max()) + 1
    weight = rng.uniform(0.2, 2.0, len(edges))
    if pumped:
        at = rng.choice(len(edges), pumped, replace=False)
        edges = np.concatenate([edges, edges[at][:, ::-1]])
        weight = np.append(weight, rng.uniform(0.02, 0.2, pumped))
    out = np.bincount(edges[:, 0], weight, minlength=nodes) + 1e-3
    seconds = rng.uniform(1e3, 3e4, len(edges))
    return Transport(
        nodes,
        edges[:, 0].copy(),
        edges[:, 1].copy(),
        weight / out[edges[:, 0]],
        survival(0.1, seconds),
        seconds,
    )


def by_networkx(graph: nx.DiGraph, order: list[int], at: int) -> dict[int, float]:
    """Sweep against networkx's topological order, one section."""
    psi = dict.fromkeys(order, 0.0)
    psi[at] = 1.0
    for node in reversed(order):
        psi[node] += sum(w * psi[m] for _, m, w in graph.out_edges(node, data="weight"))
    return psi


def solve_row(edges: np.ndarray, pumped: int, repeats: int) -> dict[str, float]:
    """Time the solve of six sections against the peers."""
    transport = transport_of(edges, np.random.default_rng(1), pumped)
    at = np.array([0, 1, 2, 5, 9, 20])
    flow = np.ones(len(at))

    def ours() -> np.ndarray:
        part, kept = transport.upstream_of(at)
        return part.influence(np.searchsorted(kept, at), flow)[
            :, np.argsort(np.argsort(kept))
        ], kept

    seconds, (psi, kept) = timed(ours, repeats)
    A = sp.csc_array(
        (transport.weight, (transport.head, transport.tail)),
        shape=(transport.nodes, transport.nodes),
    )
    system = (sp.eye_array(transport.nodes) - A.T).tocsc()
    right = np.zeros((transport.nodes, len(at)))
    right[at, np.arange(len(at))] = 1.0
    theirs, found = timed(lambda: spsolve(system, right), 1)
    miss = np.abs(np.asarray(found)[kept].T - psi).max() / psi.max()
    if not miss < 1e-9:
        raise SystemExit(f"the answers differ by {miss}")
    row = {"solve": seconds, "scipy": theirs / seconds, "networkx": np.nan}
    if not pumped and len(edges) <= NETWORKX_MOST:
        graph = nx.DiGraph()
        graph.add_weighted_edges_from(
            zip(
                transport.tail.tolist(),
                transport.head.tolist(),
                transport.weight.tolist(),
                strict=True,
            )
        )
        order = list(nx.topological_sort(graph))
        one, swept = timed(lambda: by_networkx(graph, order, int(at[0])), 1)
        own = np.array([swept.get(int(k), 0.0) for k in kept])
        if not np.allclose(own, psi[0], rtol=1e-9, atol=1e-15):
            raise SystemExit("networkx differs")
        row["networkx"] = one * len(at) / seconds
    return row


def measure(shape: str, size: int, repeats: int) -> dict[str, float]:
    """Measure one network."""
    rng = np.random.default_rng(size)
    edges = (tree_edges if shape == "tree" else web_edges)(size, rng)
    row = solve_row(edges, size // 1000 if shape == "pumped" else 0, repeats)
    if shape == "pumped":
        return {"reaches": len(edges), **row}
    network = network_of(edges, rng)
    made = incident(network, rng)
    asked = (network, "S0", made["readings"], made["outfalls"])
    given = {"item": "NH3N", "sections": made["sections"]}
    first, _ = timed(lambda: gt.rank_sources(*asked, **given), 1)
    cpu = time.process_time()
    call, ranking = timed(lambda: gt.rank_sources(*asked, **given), repeats)
    cpu = (time.process_time() - cpu) / repeats
    build, prepared = timed(lambda: build_problem(*asked, **given), repeats)
    rank, _ = timed(lambda: rank_problem(prepared), repeats)
    total = ranking.table["probability"].sum() + ranking.unregistered_probability
    if not abs(total - 1) < 1e-9 or not len(ranking.table):
        raise SystemExit("the probabilities do not sum to one")
    return {
        "reaches": len(edges),
        "sources": len(ranking.table),
        "first": first,
        "call": call,
        "cpu": cpu,
        "build": build,
        "rank": rank,
        **row,
    }


def growth(before: dict[str, float], now: dict[str, float]) -> str:
    """Write the exponents of the solve and of the whole call."""
    return "  ".join(
        f"{exponent((before['reaches'], before[key]), (now['reaches'], now[key])):.2f}"
        for key in ("solve", "call")
        if key in now
    )


def main() -> None:
    """Measure and print the table."""
    parser = command_line(__doc__, LEVELS, of="reaches")
    parser.add_argument("--kinds", nargs="+", choices=SHAPES, default=SHAPES)
    chosen = begin(parser.parse_args())
    names = ("first", "call", "cpu", "build", "rank", "solve")
    print(
        f"{'shape':<8} {'reaches':<8} {'sources':<8} "
        + " ".join(f"{name + ' s':<8}" for name in names)
        + " scipy/solve  networkx/solve  exponent of solve, call"
    )
    for shape in chosen.kinds:
        before: dict[str, float] | None = None
        for size in chosen.sizes:
            progress(f"{shape}, {size:,} reaches")
            got = measure(shape, size, chosen.rounds)
            print(
                f"{shape:<8} {got['reaches']:<8} {got.get('sources', 0):<8.0f} "
                + " ".join(f"{got.get(name, np.nan):<8.3f}" for name in names)
                + f" {got['scipy']:<12.1f} {got['networkx']:<15.1f}"
                + (growth(before, got) if before else ""),
                flush=True,
            )
            before = got
    print("the answers of all were equal")


if __name__ == "__main__":
    main()

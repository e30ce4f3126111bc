"""How long a trace takes beside networkx and scipy on the same network, in one run.

    python benchmarks/bench_trace.py [--sizes 1000 10000 100000]

Three shapes: ``tree`` (dendritic, one outlet), ``loops`` (a grid of canals with known
directions, so that every second reach closes a loop) and ``unknown`` (the same, where
nobody knows the direction of every fourth reach: the peers take those both ways, which
is the widest of our three classes). ``trace_upstream`` gives classes, distances, travel
times, stops and a table with geometry; the peers give only

- networkx ``ancestors``: the set;
- networkx ``single_source_dijkstra``: distances and paths, on the reversed graph;
- scipy ``csgraph.dijkstra``: distances and predecessors, on arrays.

Their graphs are made outside the clock. ``with points`` traces 200 outfalls besides and
gives the path of each. Times are medians; only the ratios are worth comparing. The
answers are held against each other in every run. Memory is the peak of Python's
allocations for one trace.
"""

import argparse
import time
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely

from geotool.network import RiverNetwork
from geotool.network._model import STRUCTURE_COLUMNS
from geotool.trace import Trace, trace_upstream


def tree_edges(count: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Edges of a tree that drains to node 0; depth grows like the root of its size."""
    child = np.arange(1, count + 1)
    # each node joins one of the last few: long stems with side branches
    reach_back = np.maximum((np.sqrt(child) * rng.random(count) ** 2).astype(int), 0)
    parent = np.maximum(child - 1 - reach_back, 0)
    return np.stack([child, parent], axis=1), 0


def loop_edges(count: int, rng: np.random.Generator) -> tuple[np.ndarray, int]:
    """Edges of a grid that drains to one corner, a tenth of them drawn twice."""
    side = int(np.sqrt(count / 2.2)) + 1
    number = np.arange(side * side).reshape(side, side)
    across = np.stack([number[:, 1:].ravel(), number[:, :-1].ravel()], axis=1)
    down = np.stack([number[1:].ravel(), number[:-1].ravel()], axis=1)
    edges = np.concatenate([across, down])
    twice = edges[rng.integers(0, len(edges), len(edges) // 10)]
    return np.concatenate([edges, twice]), 0


def network_of(
    edges: np.ndarray, rng: np.random.Generator, *, shape: str
) -> RiverNetwork:
    """Lay edges out as reaches of 2 vertices with lengths of their own."""
    count = int(edges.max()) + 1
    side = int(np.sqrt(count)) + 1
    xy = np.stack([np.arange(count) % side, np.arange(count) // side], axis=1) * 300.0
    xy += 500_000.0 + rng.uniform(-60, 60, xy.shape)
    ends = xy[edges]
    if shape == "tree":  # drawn apart: crossing lines would all be gaps to tell of
        ends[:, 1] = ends[:, 0] + rng.uniform(20, 100, (len(edges), 2))
    lines = shapely.linestrings(ends)
    unknown = (np.arange(len(edges)) % 4 == 3) & (shape == "unknown")
    reaches = pd.DataFrame(
        {
            "reach_id": [f"R{k:07d}" for k in range(len(edges))],
            "river_id": [f"C{k // 20:06d}" for k in range(len(edges))],
            "name": "",
            "from_node": edges[:, 0],
            "to_node": edges[:, 1],
            "length_m": shapely.length(lines),
            "flow_mode": np.where(unknown, "unknown", "normal"),
            "direction_source": np.where(unknown, "", "given"),
            "direction_confidence": np.where(unknown, 0.0, 1.0),
            **dict.fromkeys(
                ("width_m", "depth_m", "flow_m3_s", "velocity_m_s"), np.nan
            ),
        }
    )
    nodes = {"node_id": np.arange(count), "kind": "junction", "structure_id": None}
    return RiverNetwork(
        gpd.GeoDataFrame(reaches, geometry=lines, crs=4549),
        gpd.GeoDataFrame(nodes, geometry=shapely.points(xy), crs=4549),
        pd.DataFrame(columns=list(STRUCTURE_COLUMNS)),
    )


def outfalls_of(network: RiverNetwork, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Put 200 outfalls on reaches."""
    rows = rng.integers(0, len(network.reaches), 200)
    spots = network.reaches.geometry.iloc[rows].interpolate(0.4, normalized=True)
    ids = [f"P{k}" for k in range(len(rows))]
    return gpd.GeoDataFrame(
        {"outfall_id": ids}, geometry=spots.to_numpy(), crs=network.crs
    )


def timed(work: Callable[[], Any], repeats: int) -> tuple[float, Any]:
    """Give the median time and the last answer."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        answer = work()
        times.append(time.perf_counter() - start)
    return median(times), answer


def peers(network: RiverNetwork) -> tuple[nx.DiGraph, Any]:
    """Make the graphs of the peers; of parallel reaches they keep the shortest."""
    rows = network.reaches
    ends = rows[["from_node", "to_node"]].to_numpy()
    both = (rows["flow_mode"] == "unknown").to_numpy()
    edges = np.concatenate([ends, ends[both][:, ::-1]])
    length = rows["length_m"].to_numpy()
    length = np.concatenate([length, length[both]])
    order = np.argsort(-length)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(
        zip(*edges[order].T.tolist(), length[order].tolist(), strict=True)
    )
    kept = np.array(graph.edges)
    weight = np.array([w for *_, w in graph.edges(data="weight")])
    count = len(network.nodes)
    backward = sp.csr_array((weight, (kept[:, 1], kept[:, 0])), shape=(count, count))
    return graph, backward


def check(trace: Trace, network: RiverNetwork, mouth: int, answers: list[Any]) -> None:
    """Hold the answers against each other."""
    above, (far, _), metres = answers
    rows, found = network.reaches, trace.reaches
    ends = rows[["from_node", "to_node"]].to_numpy()
    met = np.isin(ends, np.array([*above, mouth]))
    either = (rows["flow_mode"] == "unknown").to_numpy()
    wanted = met[:, 1] | (either & met[:, 0])
    if set(found["reach_id"]) != set(rows["reach_id"][wanted]):
        raise SystemExit("the sets differ")
    # a certain reach is measured along certain water only, in the shape "unknown"
    free = trace.reaches["relation"] == ("possible" if either.any() else "certain")
    row = network.reach_position[found["reach_id"][free]].to_numpy()
    theirs = np.where(either[row], metres[ends[row]].min(axis=1), metres[ends[row, 1]])
    paths = np.array([far[node] for node in above])
    if not (
        np.allclose(found["distance_m"][free], theirs)
        and np.allclose(paths, metres[list(above)])
    ):
        raise SystemExit("the distances differ")


def measure(shape: str, size: int, repeats: int) -> dict[str, float]:
    """Measure one network."""
    rng = np.random.default_rng(size)
    edges, mouth = (tree_edges if shape == "tree" else loop_edges)(size, rng)
    network = network_of(edges, rng, shape=shape)
    last = int(np.flatnonzero(edges[:, 1] == mouth)[0])
    at = (
        network.reaches["reach_id"].iloc[last],
        network.reaches["length_m"].iloc[last],
    )
    outfalls = {"outfalls": outfalls_of(network, rng)}
    graph, backward = peers(network)
    upward = graph.reverse()
    ours, trace = timed(lambda: trace_upstream(network, at), repeats)
    met, _ = timed(lambda: trace_upstream(network, at, points=outfalls), repeats)
    ancestors, above = timed(lambda: nx.ancestors(graph, mouth), repeats)
    paths, found = timed(lambda: nx.single_source_dijkstra(upward, mouth), repeats)
    arrays, answer = timed(
        lambda: sp.csgraph.dijkstra(backward, indices=mouth, return_predecessors=True),
        repeats,
    )
    check(trace, network, mouth, [above, found, answer[0]])
    tracemalloc.start()
    trace_upstream(network, at)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "reaches": len(edges),
        "ours": ours,
        "points": met,
        "ancestors": ancestors,
        "dijkstra": paths,
        "scipy": arrays,
        "bytes": peak / len(edges),
    }


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    print(
        "shape    reaches  trace s  with points s  /ancestors  /nx dijkstra  "
        "/scipy dijkstra  bytes a reach  exponent"
    )
    for shape in ("tree", "loops", "unknown"):
        before: dict[str, float] | None = None
        for size in chosen.sizes:
            got = measure(shape, size, chosen.repeats)
            growth = ""
            if before:
                grown = np.log(got["ours"] / before["ours"])
                growth = f"{grown / np.log(got['reaches'] / before['reaches']):.2f}"
            before = got
            print(
                f"{shape:<8} {got['reaches']:<8} {got['ours']:<8.3f} "
                f"{got['points']:<14.3f} {got['ours'] / got['ancestors']:<11.2f} "
                f"{got['ours'] / got['dijkstra']:<13.2f} "
                f"{got['ours'] / got['scipy']:<16.1f} {got['bytes']:<14.0f} {growth}"
            )
    print("the sets and distances of all were equal")


if __name__ == "__main__":
    main()

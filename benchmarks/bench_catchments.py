"""How long the catchments of many sections take beside one networkx search each.

    python benchmarks/bench_catchments.py             5e3 and 5e4 reaches
    python benchmarks/bench_catchments.py --large     1e4, 1e5 and 1e6

Three shapes: ``tree`` (dendritic, one outlet), ``loops`` (a grid of canals with known
directions, a tenth of them double) and ``unknown`` (the same, where nobody knows the
direction of every fourth reach; the peer takes those both ways).

``section_catchments`` puts sections and 200 outfalls on the network, carries sets of
sections down the water in three classes, and adds up lengths by class, the own part of
each section and which sections follow which. Sections stand ``anywhere``, or on
``rivers``: of ten times as many places those with the most water above. The peer gives
the set of nodes upstream of each section and nothing more (``networkx.ancestors``; its
graph is made outside the clock). Lengths of both are held against each other. Times are
processor time, the least of the rounds: only the ratio is worth comparing. Memory is
the peak of Python's allocations.
"""

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from command_line import Level, begin, command_line, count, exponent, progress

from geotool.network import RiverNetwork
from geotool.network._model import STRUCTURE_COLUMNS
from geotool.trace import SectionCatchments, section_catchments

LEVELS = {
    "small": Level((2_000,), 1, 0.3),
    "usual": Level((5_000, 50_000), 1, 3),
    "large": Level((10_000, 100_000, 1_000_000), 1, 40),
}
SHAPES = ("tree", "loops", "unknown")
Before = dict[str, tuple[float, float]]
"""Reaches and seconds of the size before, by the name of the line."""


def edges_of(shape: str, count: int, rng: np.random.Generator) -> np.ndarray:
    """Pairs of nodes; all water ends at node 0."""
    if shape == "tree":  # each node joins one of the last few: long stems with branches
        child = np.arange(1, count + 1)
        back = (np.sqrt(child) * rng.random(count) ** 2).astype(int)
        return np.stack([child, np.maximum(child - 1 - back, 0)], axis=1)
    side = int(np.sqrt(count / 2.2)) + 1
    number = np.arange(side * side).reshape(side, side)
    across = np.stack([number[:, 1:].ravel(), number[:, :-1].ravel()], axis=1)
    down = np.stack([number[1:].ravel(), number[:-1].ravel()], axis=1)
    edges = np.concatenate([across, down])
    twice = edges[rng.integers(0, len(edges), len(edges) // 10)]
    return np.concatenate([edges, twice])


def network_of(shape: str, count: int, rng: np.random.Generator) -> RiverNetwork:
    """Lay edges out as short lines apart from each other."""
    edges = edges_of(shape, count, rng)
    n, nodes = len(edges), int(edges.max()) + 1
    side = int(np.sqrt(n)) + 1
    xy = np.stack([np.arange(n) % side, np.arange(n) // side], axis=1) * 300.0 + 5e5
    ends = np.stack([xy, xy + rng.uniform(40, 100, xy.shape)], axis=1)
    lines = shapely.linestrings(ends)
    unknown = (np.arange(n) % 4 == 3) & (shape == "unknown")
    reaches: dict[str, Any] = {
        "reach_id": [f"R{k:07d}" for k in range(n)],
        "river_id": [f"C{k // 20:06d}" for k in range(n)],
        "name": "",
        "from_node": edges[:, 0],
        "to_node": edges[:, 1],
        "length_m": shapely.length(lines),
        "flow_mode": np.where(unknown, "unknown", "normal"),
        "direction_source": np.where(unknown, "", "given"),
        "direction_confidence": np.where(unknown, 0.0, 1.0),
        **dict.fromkeys(("width_m", "depth_m", "flow_m3_s", "velocity_m_s"), np.nan),
    }
    places = {"node_id": np.arange(nodes), "kind": "junction", "structure_id": None}
    spots = shapely.points(np.zeros((nodes, 2)))
    return RiverNetwork(
        gpd.GeoDataFrame(reaches, geometry=lines, crs=4549),
        gpd.GeoDataFrame(places, geometry=spots, crs=4549),
        pd.DataFrame(columns=list(STRUCTURE_COLUMNS)),
    )


def spots_of(
    network: RiverNetwork, rows: np.ndarray, *, id_column: str
) -> gpd.GeoDataFrame:
    """Put points in the middle of reaches."""
    lines = np.asarray(network.reaches.geometry, dtype=object)[rows]
    return gpd.GeoDataFrame(
        {id_column: [f"{id_column[0].upper()}{k}" for k in range(len(rows))]},
        geometry=list(shapely.line_interpolate_point(lines, 0.5, normalized=True)),
        crs=network.crs,
    )


def graph_of(network: RiverNetwork) -> nx.DiGraph:
    """Make the peer's graph; unknown reaches run both ways."""
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    both = (network.reaches["flow_mode"] == "unknown").to_numpy()
    graph = nx.DiGraph()
    graph.add_nodes_from(range(len(network.nodes)))
    graph.add_edges_from(ends.tolist())
    graph.add_edges_from(ends[both][:, ::-1].tolist())
    return graph


def upstream_km(
    network: RiverNetwork, above: list[set[int]], found: SectionCatchments
) -> list[float]:
    """Length above each section, of the nodes that the peer found."""
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    unknown = (network.reaches["flow_mode"] == "unknown").to_numpy()
    length = network.reaches["length_m"].to_numpy(float)
    sums = []
    for reach_id, nodes in zip(found.table["reach_id"], above, strict=True):
        k = int(network.reach_position[reach_id])
        is_above = np.zeros(len(network.nodes), dtype=bool)
        is_above[[ends[k, 0], *nodes]] = True
        into = is_above[ends[:, 1]] | (unknown & is_above[ends[:, 0]])
        own = 0.0 if into[k] else length[k] / 2
        sums.append(float(length[into].sum() + own) / 1000)
    return sums


def run(shape: str, reaches: int, sections: int, rounds: int, before: Before) -> None:
    """Measure one shape."""
    rng = np.random.default_rng(5)
    network = network_of(shape, reaches, rng)
    known = np.flatnonzero(network.reaches["flow_mode"] == "normal")
    some = rng.choice(known, min(10 * sections, len(known)), replace=False)
    every = section_catchments(network, spots_of(network, some, id_column="section_id"))
    # monitoring sections stand on the larger waters: those with the most above them
    largest = np.argsort(-every.table["length_km"].to_numpy(), kind="stable")
    for where, rows in (
        ("anywhere", some[:sections]),
        ("rivers", some[largest[:sections]]),
    ):
        compare(f"{shape}, {where}", network, rows, rng, rounds, before)


def compare(
    name: str,
    network: RiverNetwork,
    rows: np.ndarray,
    rng: np.random.Generator,
    rounds: int,
    before: Before,
) -> None:
    """Measure sections on some reaches and print a line."""
    points = spots_of(network, rows, id_column="section_id")
    outfalls = spots_of(
        network, rng.integers(0, len(network.reaches), 200), id_column="outfall_id"
    )
    graph = graph_of(network)
    tails = network.reaches["from_node"].to_numpy()[rows].tolist()
    network.hash  # noqa: B018 - the network keeps it; no part of the work

    def ours() -> SectionCatchments:
        return section_catchments(network, points, points={"outfalls": outfalls})

    first, found = timed(ours)  # what is kept with a network is made here
    again = theirs = np.inf
    for _ in range(rounds):
        took, found = timed(ours)
        again = min(again, took)
        took, above = timed(lambda: [nx.ancestors(graph, tail) for tail in tails])
        theirs = min(theirs, took)
    tracemalloc.start()
    ours()
    peak = tracemalloc.get_traced_memory()[1] / len(network.reaches)
    tracemalloc.stop()

    assert np.allclose(found.table["length_km"], upstream_km(network, above, found))
    now = float(len(network.reaches)), again
    growth = f"   exponent {exponent(before[name], now):.2f}" if name in before else ""
    before[name] = now
    print(
        f"{name:18} {len(network.reaches):>8} x {len(rows):<5} "
        f"ours {first:6.2f} s, again {again:6.2f} s   networkx {theirs:7.2f} s   "
        f"ratio {theirs / first:5.1f}, again {theirs / again:5.1f}   "
        f"peak {peak:4.0f} B/reach{growth}",
        flush=True,
    )


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Give the processor time and the answer."""
    start = time.process_time()
    answer = work()
    return time.process_time() - start, answer


def main() -> None:
    """Run all shapes."""
    parser = command_line(__doc__, LEVELS, of="reaches")
    parser.add_argument("--kinds", nargs="+", choices=SHAPES, default=SHAPES)
    parser.add_argument("--sections", type=count, default=300, metavar="N")
    chosen = begin(parser.parse_args())
    for shape in chosen.kinds:
        before: Before = {}
        for size in chosen.sizes:
            progress(f"{shape}, {size:,} reaches, {chosen.sections} sections")
            run(shape, size, chosen.sections, chosen.rounds, before)


if __name__ == "__main__":
    main()

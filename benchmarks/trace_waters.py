"""Networks to trace on, and the peers of a trace: what ``bench_trace.py`` measures."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely

from geotool.network import RiverNetwork
from geotool.network._model import STRUCTURE_COLUMNS

SHAPES = {
    "tree": (0.0, 0.0, 0.0),
    "looped": (0.1, 0.01, 0.0),
    "20 %": (0.1, 0.0, 0.2),
    "100 %": (0.1, 0.0, 1.0),
}
"""Share of reaches more than a tree has; of them, and of all, that run both ways."""


@dataclass
class Water:
    """Reaches between nodes, and which run both ways."""

    nodes: int
    ends: np.ndarray
    length: np.ndarray
    both: np.ndarray

    def arcs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Tail, head and length of every way through a reach."""
        ends = np.concatenate([self.ends, self.ends[self.both][:, ::-1]])
        return ends[:, 0], ends[:, 1], np.concatenate(
            [self.length, self.length[self.both]]
        )  # fmt: skip


def tree_parents(count: int, rng: np.random.Generator) -> np.ndarray:
    """
    Draw a river system: any binary tree is as likely as any other (Shreve).

    Nodes are numbered as one comes by them walking upstream, each branch in turn; the
    first is the mouth.
    """
    forks = (count - 1) // 2
    is_fork = np.zeros(2 * forks + 1, dtype=bool)
    is_fork[:forks] = True
    rng.shuffle(is_fork)
    # of all rotations one is a tree
    is_fork = np.roll(is_fork, -int(np.argmin(np.cumsum(np.where(is_fork, 1, -1)))) - 1)
    parent = np.full(len(is_fork), -1)
    waiting: list[int] = []
    for node, forks_here in enumerate(is_fork.tolist()):
        if waiting:
            parent[node] = waiting.pop()
        if forks_here:
            waiting += [node, node]
    return parent


def water(count: int, shape: str) -> Water:
    """Draw a network of about so many reaches, its rows and nodes in no order."""
    more, both_of_more, both_of_all = SHAPES[shape]
    rng = np.random.default_rng(count)
    parent = tree_parents(int(count / (1 + more)), rng)
    nodes = len(parent)
    extra = count - nodes if more else 0
    # half rejoin their river a few reaches down, half link to what lies near
    begin = rng.integers(60, nodes, extra)
    end = begin.copy()
    steps = rng.integers(2, 9, extra)
    for k in range(8):
        end = np.where((steps > k) & (end > 0), parent[end], end)
    near = begin - rng.integers(1, 60, extra)
    end = np.where(np.arange(extra) % 2 == 0, end, near)
    child = np.arange(1, nodes)
    ends = np.concatenate(
        [np.stack([child, parent[1:]], axis=1), np.stack([begin, end], axis=1)]
    )
    length = rng.gamma(2.0, 200.0, len(ends))
    length[nodes - 1 :: 2] *= 0.9 * steps[::2]
    both = rng.random(len(ends)) < both_of_all
    both[nodes - 1 + rng.permutation(extra)[: int(both_of_more * count)]] = True
    row, name = rng.permutation(len(ends)), rng.permutation(nodes)
    return Water(nodes, name[ends[row]], length[row], both[row])


# ---------------------------------------------------------------- peers
Answer = tuple[int, np.ndarray | None]
"""How many nodes, and how far each is where the peer tells."""


def by_scipy(net: Water) -> tuple[Callable[[int], Answer], Callable[[int], Answer]]:
    """Give scipy's two searches; of parallel reaches its graph keeps the shortest."""
    tail, head, length = net.arcs()
    order = np.lexsort((length, tail, head))
    tail, head, length = tail[order], head[order], length[order]
    kept = np.append(True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1]))
    graph = sp.csr_array(
        (length[kept], (head[kept], tail[kept])), shape=(net.nodes, net.nodes)
    )

    def dijkstra(start: int) -> Answer:
        far, _ = sp.csgraph.dijkstra(graph, indices=start, return_predecessors=True)
        return -1, far

    def breadth_first(start: int) -> Answer:
        met, _ = sp.csgraph.breadth_first_order(graph, start)
        return len(met), None

    return dijkstra, breadth_first


def by_networkx(net: Water) -> Callable[[int], Answer]:
    """Give networkx's Dijkstra."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    tail, head, length = net.arcs()
    order = np.argsort(-length)
    edges = zip(
        head[order].tolist(), tail[order].tolist(), length[order].tolist(), strict=True
    )
    graph.add_weighted_edges_from(edges)

    def search(start: int) -> Answer:
        far, _ = nx.single_source_dijkstra(graph, start)
        return len(far), None

    return search


def by_sqlite(net: Water) -> Callable[[int], Answer]:
    """Give a recursive query."""
    tail, head, _ = net.arcs()
    base = sqlite3.connect(":memory:")
    base.execute("CREATE TABLE arc (head INTEGER, tail INTEGER)")
    rows = zip(head.tolist(), tail.tolist(), strict=True)
    base.executemany("INSERT INTO arc VALUES (?, ?)", rows)
    base.execute("CREATE INDEX by_head ON arc (head, tail)")
    query = (
        "WITH RECURSIVE up(node) AS (SELECT ? UNION SELECT arc.tail FROM up JOIN arc "
        "ON arc.head = up.node) SELECT count(*) FROM up"
    )
    return lambda start: (base.execute(query, (start,)).fetchone()[0], None)


# ---------------------------------------------------------------- as a network
def network_of(net: Water) -> RiverNetwork:
    """Lay water out as reaches of 2 vertices, drawn apart: all would be gaps else."""
    count = len(net.ends)
    side = int(np.sqrt(net.nodes)) + 1
    xy = np.stack([np.arange(net.nodes) % side, np.arange(net.nodes) // side], axis=1)
    xy = xy * 300.0 + 500_000.0
    angle = np.arange(count) * 2.4
    step = np.stack([np.cos(angle), np.sin(angle)], axis=1) * net.length[:, None]
    begin = xy[net.ends[:, 0]]
    lines = shapely.linestrings(np.stack([begin, begin + step], axis=1))
    reaches = pd.DataFrame(
        {
            "reach_id": [f"R{k:07d}" for k in range(count)],
            "river_id": [f"C{k // 20:06d}" for k in range(count)],
            "name": "",
            "from_node": net.ends[:, 0],
            "to_node": net.ends[:, 1],
            "length_m": shapely.length(lines),
            "flow_mode": np.where(net.both, "bidirectional", "normal"),
            "direction_source": "given",
            "direction_confidence": 1.0,
            **dict.fromkeys(
                ("width_m", "depth_m", "flow_m3_s", "velocity_m_s"), np.nan
            ),
        }
    )
    nodes = {"node_id": np.arange(net.nodes), "kind": "junction", "structure_id": None}
    return RiverNetwork(
        gpd.GeoDataFrame(reaches, geometry=lines, crs=4549),
        gpd.GeoDataFrame(nodes, geometry=shapely.points(xy), crs=4549),
        pd.DataFrame(columns=list(STRUCTURE_COLUMNS)),
    )


def outfalls_of(network: RiverNetwork) -> gpd.GeoDataFrame:
    """Put 200 outfalls on reaches."""
    rows = np.random.default_rng(0).integers(0, len(network.reaches), 200)
    spots = network.reaches.geometry.iloc[rows].interpolate(0.4, normalized=True)
    ids = [f"P{k}" for k in range(len(rows))]
    return gpd.GeoDataFrame(
        {"outfall_id": ids}, geometry=spots.to_numpy(), crs=network.crs
    )

"""How long a trace takes beside its peers on the same network, in one run.

    python benchmarks/bench_trace.py            1e4 and 1e5 reaches
    python benchmarks/bench_trace.py --large    and 1e6; growth to 8.5e6: 8 GB

First the search alone: the index (``geotool.trace._index``) gives the set of nodes
upstream, exact distances and the first arc of each shortest way. Four shapes:
``tree`` (dendritic), ``looped`` (a tenth more reaches, 1 % run both ways), ``20 %`` and
``100 %`` (the same, that many reaches both ways). The peers, their graphs made outside
the clock:

- networkx ``single_source_dijkstra``: set, distances, paths, on the reversed graph;
- scipy ``csgraph.dijkstra``: distances and predecessors, arrays as long as the network;
- scipy ``csgraph.breadth_first_order``: set and predecessors, no distances;
- SQLite, a recursive query over an indexed table: the set.

A column of ratios tells how many times longer a peer takes; of the peers only the two
Dijkstras give distances. ``of floor`` tells how many times longer ours takes than to
gather such an answer (nodes, distances, arcs) with numpy out of arrays that have it
already, in the order of the network. All answers are held against each other in every
round.

Then the growth with the network at equal answers: ours alone, small and large network
in turn; ``cold`` with the caches emptied before each call, by a sum over 64 MB, ``hot``
at once again. Then the growth with the answer; memory; and the whole call of
``trace_upstream`` (starts, three classes, times, tables with geometry, stops; with 200
outfalls besides).

Times are medians of processor time, peers in turn, five starts for each size of answer.
Only ratios are worth comparing.
"""

import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import pandas as pd
from command_line import Level, begin, command_line, progress, skip
from trace_waters import (
    SHAPES,
    Water,
    by_networkx,
    by_scipy,
    by_sqlite,
    network_of,
    outfalls_of,
    water,
)

from geotool.network import RiverNetwork
from geotool.trace import trace_upstream
from geotool.trace._index import WaterIndex, build_index, kernels, reached
from geotool.trace._layout import layout_of

LEVELS = {
    "small": Level((2_000,), 1, 0.5),
    "usual": Level((10_000, 100_000), 3, 4),
    "large": Level((10_000, 100_000, 1_000_000), 3, 60),
}
ANSWERS = (10, 100, 1000, 10_000, 100_000)
"""Sizes of answers looked for, and the whole."""

CACHES = np.ones(8_000_000)
"""More than the caches hold."""

HUGE = 8_500_000

BUDGET_S = 2.0
"""A peer that takes longer for one answer is not asked for more of the kind."""


# ---------------------------------------------------------------- measuring
def starts(index: WaterIndex, nodes: int) -> Iterator[list[int]]:
    """Nodes with about as many upstream as wanted, and the one with most."""
    rng = np.random.default_rng(1)
    sample = rng.permutation(nodes)[: min(nodes, 20_000)]
    size = np.array([_size(index, node) for node in sample.tolist()])
    for wanted in ANSWERS:
        fit = sample[(size > wanted / 2) & (size < wanted * 1.5)]
        if wanted < nodes / 3 and len(fit):
            yield fit[:5].tolist()
    yield [int(sample[np.argmax(size)])]


def _size(index: WaterIndex, node: int) -> int:
    """How many nodes lead to one; counted by slices where the index has them."""
    k: Any = kernels()
    if index.order is None or k is None:
        return len(reached(index, node).ids)
    place, order = index.position[[node]], index.order
    below, above, _ = k.slices(
        place, order.low, order.end, order.cross_first, order.cross
    )
    return int((above - below + 1).sum())


def measure(net: Water, rounds: int, *, with_all: bool) -> list[dict[str, float]]:
    """Time ours and the peers for each size of answer."""
    tail, head, length = net.arcs()
    index = build_index(tail, head, length, nodes=net.nodes, compiled=True)
    dijkstra, breadth_first = by_scipy(net)
    peers = {"dijkstra": dijkstra, "bfs": breadth_first}
    if with_all:
        peers |= {"networkx": by_networkx(net), "sqlite": by_sqlite(net)}
    rows, slow = [], set()
    for nodes in starts(index, net.nodes):
        names = ("ours", "floor", *peers)
        times: dict[str, list[float]] = {name: [] for name in names}
        sizes = []
        for again in range(rounds):
            for start in nodes:
                took, found = timed(lambda start=start: reached(index, start))
                times["ours"].append(took)
                sizes.append(len(found.ids))
                for name, peer in peers.items():
                    if name in slow or (name in ("networkx", "sqlite") and again):
                        continue
                    took, (count, far) = timed(lambda p=peer, s=start: p(s))
                    times[name].append(took)
                    same(found, count, far)
                    if far is not None:
                        took, _ = timed(lambda f=found, d=far: gathered(f, d))
                        times["floor"].append(took)
        slow |= {n for n, t in times.items() if t and median(t) > BUDGET_S / 20}
        slow -= {"ours", "floor", "dijkstra", "bfs"}
        row = {name: median(t) for name, t in times.items() if t}
        rows.append({"answer": median(sizes), **row})
    return rows


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Give the processor time and the answer."""
    begin = time.process_time()
    answer = work()
    return time.process_time() - begin, answer


def same(found: Any, count: int, far: np.ndarray | None) -> None:
    """Hold answers against each other."""
    if far is not None:
        count = int(np.isfinite(far).sum())
        if not np.array_equal(far[found.ids], found.distance_m):
            raise SystemExit("the distances differ")
    if count != len(found.ids):
        raise SystemExit("the sets differ")


def gathered(found: Any, far: np.ndarray) -> tuple[np.ndarray, ...]:
    """Take an answer out of arrays as long as the network, the least there is to do."""
    ids = found.ids.copy()
    return ids, far[ids], _ARCS[: len(far)][ids]


_ARCS = np.zeros(HUGE, np.int32)


def times_longer(row: dict[str, float], name: str) -> str:
    """Write how many times longer a peer takes."""
    return f"{row[name] / row['ours']:.1f}" if name in row else "-"


def searches(sizes: list[int], rounds: int) -> None:
    """Print the table of searches, and the growth with the answer."""
    names = ("dijkstra", "bfs", "networkx", "sqlite")
    print(f"{'shape':<8}{'reaches':>9}{'answer':>9}{'ours ms':>10}", end="")
    print("".join(f"{'/' + name:>11}" for name in names) + f"{'of floor':>11}")
    found: dict[tuple[str, int], list[dict[str, float]]] = {}
    for shape in SHAPES:
        for size in sizes:
            progress(f"searches, {shape}, {size:,} reaches")
            rows = measure(water(size, shape), rounds, with_all=size <= 100_000)
            found[(shape, size)] = rows
            for row in rows:
                print(
                    f"{shape:<8}{size:>9}{row['answer']:>9.0f}"
                    f"{row['ours'] * 1000:>10.3f}"
                    + "".join(f"{times_longer(row, name):>11}" for name in names)
                    + f"{row['ours'] / row['floor']:>11.1f}",
                    flush=True,
                )
    for (shape, size), rows in found.items():
        big = [row for row in rows if row["answer"] >= 1000]
        if len(big) > 1 and size == sizes[-1]:
            growth = np.polyfit(
                np.log([row["answer"] for row in big]),
                np.log([row["ours"] for row in big]),
                1,
            )[0]
            print(f"  exponent with the answer, {shape}, {size}: {growth:.2f}")


# ---------------------------------------------------------------- growth
def starts_of(size: int, shape: str) -> tuple[WaterIndex, list[list[int]]]:
    """Index a network, and choose its starts."""
    net = water(size, shape)
    index = build_index(*net.arcs(), nodes=net.nodes, compiled=True)
    return index, list(starts(index, net.nodes))[:-1]


def one_call(index: WaterIndex, node: int) -> tuple[float, float, int]:
    """Time a search with the caches emptied, and again at once."""
    CACHES.sum()
    cold, found = timed(lambda: reached(index, node))
    hot, found = timed(lambda: reached(index, node))
    return cold, hot, len(found.ids)


def growth(sizes: list[int]) -> None:
    """Print how many times longer equal answers take in a larger network."""
    if len(sizes) < 2:
        return
    print("\nat equal answers, the larger network to the smaller: cold, hot")
    for shape in ("tree", "looped"):
        less, small = starts_of(sizes[0], shape)
        for size in sizes[1:]:
            progress(f"growth, {shape}, {size:,} reaches")
            more, large = starts_of(size, shape)
            for near, far in zip(small, large, strict=False):
                took = np.array(
                    [
                        (one_call(less, one), one_call(more, other))
                        for _ in range(9)
                        for one, other in zip(near, far, strict=False)
                    ]
                )
                one, other = np.median(took, axis=0)
                # of larger answers the time goes with their size
                scale = one[2] / other[2] if one[2] > 500 else 1.0
                ratio = other[:2] / one[:2] * scale
                print(
                    f"  {shape:<8}{sizes[0]:>8} to {size:<8} answer {one[2]:>8.0f}: "
                    f"{ratio[0]:5.2f} {ratio[1]:5.2f}"
                )


# ---------------------------------------------------------------- the whole call
def table_bytes(network: RiverNetwork) -> float:
    """Memory of the tables apart from geometry."""
    tables = (network.reaches, network.nodes)
    return sum(
        float(pd.DataFrame(t.drop(columns="geometry")).memory_usage(deep=True).sum())
        for t in tables
    )


def call_times(size: int) -> tuple[list[tuple[int, float, float, float]], str]:
    """Time whole calls on one network: answer, alone, with outfalls, scipy dijkstra."""
    net = water(size, "looped")
    network = network_of(net)
    outfalls = {"outfalls": outfalls_of(network)}
    at = _at(network, net, 0)
    first, _ = timed(lambda: trace_upstream(network, at, points=outfalls))
    index = build_index(*net.arcs(), nodes=net.nodes, compiled=True)
    dijkstra, _ = by_scipy(net)
    rows = []
    for nodes in starts(index, net.nodes):
        took: list[list[float]] = [[], [], []]
        for node in nodes[:3]:
            place = _at(network, net, node)
            works: tuple[Callable[[], Any], ...] = (
                partial(trace_upstream, network, place),
                partial(trace_upstream, network, place, points=outfalls),
                partial(dijkstra, node),
            )
            for into, work in zip(took, works, strict=True):
                into.append(timed(work)[0])
        answer = len(reached(index, nodes[0]).ids)
        own, met, peer = (median(one) for one in took)
        rows.append((answer, own, met, own / peer))
    tables = table_bytes(network) / size
    laid_out = layout_of(network, None).nbytes / size
    memory = (
        f"  first trace {first:.2f} s; bytes a reach: tables {tables:.0f}, index "
        f"{laid_out:.0f}, together {tables + laid_out:.0f}"
    )
    return rows, memory


def calls(sizes: list[int]) -> None:
    """Print how long whole calls take, and the memory."""
    print(
        f"\n{'reaches':>9}{'answer':>9}{'trace ms':>10}{'200 points':>12}"
        f"{'of scipy dijkstra':>19}"
    )
    for size in sizes:
        progress(f"whole calls, {size:,} reaches")
        rows, memory = call_times(size)
        for answer, own, met, ratio in rows:
            print(
                f"{size:>9}{answer:>9}{own * 1000:>10.1f}{met * 1000:>12.1f}"
                f"{ratio:>19.2f}"
            )
        print(memory)


def _at(network: RiverNetwork, net: Water, node: int) -> tuple[str, float]:
    """Give the place of a node: the end of a reach that runs to it, or begins there."""
    ends = np.flatnonzero(net.ends[:, 1] == node)
    row = int(ends[0] if len(ends) else np.flatnonzero(net.ends[:, 0] == node)[0])
    metres = float(network.reaches["length_m"].iloc[row]) if len(ends) else 0.0
    return network.reaches["reach_id"].iloc[row], metres


def main() -> None:
    """Measure and print the tables."""
    chosen = begin(command_line(__doc__, LEVELS, of="reaches").parse_args())
    if kernels() is None:
        skip("traces, numba is not there: pip install geotool[fast]")
        return
    progress("compiling, minutes the first time")
    warm = water(1000, "20 %")  # the compiler's time is not the search's
    reached(build_index(*warm.arcs(), nodes=warm.nodes, compiled=True), 0)
    searches(chosen.sizes, chosen.rounds)
    # growth is asked for from 1e5 on
    growth([*chosen.sizes[1:], HUGE] if chosen.level == "large" else chosen.sizes)
    calls(chosen.sizes)
    print("\nthe sets and distances of all were equal")


if __name__ == "__main__":
    main()

"""The index finds what scipy and networkx find, on any directed multigraph."""

import importlib.util
from types import SimpleNamespace

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trace_exact import cases, network_of, positions

import geotool as gt
from geotool.trace import _index, _layout, _search
from geotool.trace._graph import build_graph, near_graph
from geotool.trace._index import build_index, reached
from geotool.trace._layout import layout_of
from geotool.trace._part import part_of, shortest
from geotool.trace._reached import Limits, reached_stretches, run_searches
from geotool.trace._search import all_arcs, search

ENGINES = [
    pytest.param(False, id="scipy"),
    pytest.param(
        True,
        id="compiled",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("numba") is None,
            reason="numba (extra `fast`) is not installed",
        ),
    ),
]
both_engines = pytest.mark.parametrize("compiled", ENGINES)


@pytest.fixture
def compiled_always(monkeypatch):
    """Take the compiled search for the smallest network too."""
    pytest.importorskip("numba")
    for module in (_index, _layout, _search):
        monkeypatch.setattr(module, "COMPILED_FROM", 0)


def multigraph(seed, *, most=12, zero=False):
    """Arcs with loops, parallel, two-way and self-arcs; few lengths, so that ways tie."""
    rng = np.random.default_rng(seed)
    nodes = int(rng.integers(1, most))
    count = int(rng.integers(0, 3 * nodes))
    tail, head = rng.integers(0, nodes, (2, count))
    length = rng.choice([0.0, 10.0] if zero else [10.0, 20.0, 35.5], count)
    back = rng.random(count) < 0.2
    twice = rng.random(count) < 0.1
    return SimpleNamespace(
        nodes=nodes,
        tail=np.concatenate([tail, head[back], tail[twice]]),
        head=np.concatenate([head, tail[back], head[twice]]),
        length=np.concatenate([length, length[back], length[twice] + 1.0]),
    )


def long_rings(seed, *, nodes=2500):
    """A crooked tree with side channels and two-way arcs: blocks of all sizes."""
    rng = np.random.default_rng(seed)
    child = np.arange(1, nodes)
    parent = np.maximum(child - 1 - rng.integers(0, 6, nodes - 1), 0)
    more = rng.integers(0, nodes, nodes // 8)
    other = np.clip(more + rng.integers(-40, 40, len(more)), 0, nodes - 1)
    tail, head = np.concatenate([child, more]), np.concatenate([parent, other])
    back = rng.random(len(tail)) < (0.0, 0.02, 0.2, 1.0)[seed % 4]
    length = rng.gamma(2.0, 500.0, len(tail))
    if seed >= 4:  # a few very long ones, and some of no length
        length = np.round(rng.pareto(0.7, len(tail)) * 10)
    names = rng.permutation(nodes)
    return SimpleNamespace(
        nodes=nodes,
        tail=names[np.concatenate([tail, head[back]])],
        head=names[np.concatenate([head, tail[back]])],
        length=np.concatenate([length, length[back]]),
    )


def index_of(g, *, compiled):
    return build_index(g.tail, g.head, g.length, nodes=g.nodes, compiled=compiled)


def distances(g, start):
    """Distance of every node that leads to a start, by networkx."""
    graph = nx.MultiDiGraph()
    graph.add_nodes_from(range(g.nodes))
    graph.add_weighted_edges_from(zip(g.head, g.tail, g.length, strict=True))
    return nx.multi_source_dijkstra_path_length(graph, set(start))


def as_dict(found):
    ids, metres = found.ids.tolist(), found.distance_m.tolist()
    assert len(set(ids)) == len(ids), "each node once"
    return dict(zip(ids, metres, strict=True))


def check_ways(g, found, start):
    """Each arc leads one step on, and the steps add up to the distance."""
    metres = as_dict(found)
    arcs = dict(zip(found.ids.tolist(), found.next.tolist(), strict=True))
    for node, arc in arcs.items():
        if arc < 0:
            assert node in start
            assert metres[node] == 0
            continue
        assert g.tail[arc] == node
        assert metres[node] == metres[g.head[arc]] + g.length[arc]
    for first in metres:
        node, steps = first, 0
        while arcs[node] >= 0:
            node, steps = int(g.head[arcs[node]]), steps + 1
            assert steps <= g.nodes, "a way ends"


@both_engines
@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("block", range(6))
def test_sets_distances_and_ways_equal_networkx(compiled, zero, block):
    "on 600 small multigraphs, from one start and from several"
    for seed in range(block, 300 if zero else 600, 6):
        g = multigraph(seed, zero=zero)
        rng = np.random.default_rng(seed)
        index = index_of(g, compiled=compiled)
        for count in (1, 2):
            start = rng.integers(0, g.nodes, count).tolist()
            found = reached(index, start if count > 1 else start[0])
            assert as_dict(found) == distances(g, start)
            check_ways(g, found, start)


@both_engines
@pytest.mark.parametrize("seed", range(8))
def test_long_rings_equal_networkx(compiled, seed):
    g = long_rings(seed)
    index = index_of(g, compiled=compiled)
    for start in np.random.default_rng(seed).integers(0, g.nodes, 3).tolist():
        found = reached(index, start)
        assert as_dict(found) == distances(g, [start])
        check_ways(g, found, [start])


@both_engines
@pytest.mark.parametrize("seed", [3, 7])
def test_one_very_long_reach_among_short_ones(compiled, seed):
    "steps are then all alike to what orders them"
    g = long_rings(seed)
    half = len(g.tail) // 2
    g.length[[0, half]] = 1e12  # both ways
    index = index_of(g, compiled=compiled)
    for start in (0, 1000):
        found = reached(index, start)
        assert as_dict(found) == distances(g, [start])
        check_ways(g, found, [start])


@pytest.mark.parametrize("block", range(6))
def test_both_engines_choose_the_same_way_among_equal_ones(block):
    pytest.importorskip("numba")
    for seed in range(block, 600, 6):
        g = multigraph(seed)
        one, other = (
            reached(index_of(g, compiled=compiled), 0) for compiled in (True, False)
        )
        ways = [
            dict(zip(found.ids.tolist(), found.next.tolist(), strict=True))
            for found in (one, other)
        ]
        assert ways[0] == ways[1]


@both_engines
def test_the_order_of_arcs_and_nodes_does_not_matter(compiled):
    for seed in range(200):
        g = multigraph(seed)
        rng = np.random.default_rng(seed)
        row, name = rng.permutation(len(g.tail)), rng.permutation(g.nodes)
        other = SimpleNamespace(
            nodes=g.nodes,
            tail=name[g.tail[row]],
            head=name[g.head[row]],
            length=g.length[row],
        )
        plain = as_dict(reached(index_of(g, compiled=compiled), 0))
        found = reached(index_of(other, compiled=compiled), int(name[0]))
        assert as_dict(found) == {int(name[k]): metres for k, metres in plain.items()}


def test_a_search_leaves_the_index_as_it_was():
    "what is done to one answer does not show in the next"
    pytest.importorskip("numba")
    g = long_rings(3)
    index = index_of(g, compiled=True)
    first = reached(index, 0)
    kept = [np.array(part) for part in first]
    for start in range(1, 30):
        reached(index, start)
    assert all(
        np.array_equal(one, before) for one, before in zip(first, kept, strict=True)
    )
    for part in first:
        part[:] = -1
    for other, before in zip(reached(index, 0), kept, strict=True):
        assert np.array_equal(other, before)


@both_engines
def test_a_part_answers_for_any_costs_and_starts(compiled):
    "costs of its own, arcs that may not be taken, starts that cost something"
    for seed in range(200):
        g = multigraph(seed)
        rng = np.random.default_rng(seed)
        roots = rng.integers(0, g.nodes, 2)
        part = part_of(index_of(g, compiled=compiled), roots)
        above = distances(g, roots.tolist())
        assert sorted(part.node.tolist()) == sorted(above)
        # all arcs out of the part are there
        inside = np.isin(g.tail, part.node)
        assert sorted(part.number.tolist()) == np.flatnonzero(inside).tolist()
        cost = rng.choice([5.0, 7.0, np.inf], len(part.number))
        start = rng.integers(0, len(part.node), 3)
        own = rng.choice([0.0, 3.0, 11.0], 3)
        found, arc = shortest(part, cost, start, own)
        graph = nx.MultiDiGraph()
        graph.add_nodes_from([*range(len(part.node)), "start"])
        tail = np.repeat(np.arange(len(part.node)), np.diff(part.first))
        for one, other, metres in zip(part.head, tail, cost, strict=True):
            if one >= 0 and np.isfinite(metres):
                graph.add_edge(int(one), int(other), weight=metres)
        for one, metres in zip(start, own, strict=True):
            graph.add_edge("start", int(one), weight=metres)
        wanted = nx.single_source_dijkstra_path_length(graph, "start")
        assert found.tolist() == [wanted.get(k, np.inf) for k in range(len(found))]
        for k in np.flatnonzero(arc >= 0).tolist():
            assert tail[arc[k]] == k
            assert found[k] == found[part.head[arc[k]]] + cost[arc[k]]


# ---------------------------------------------------------------- traces
COLUMNS = ["reach_id", "relation", "distance_m", "travel_time_min_h",
           "travel_time_max_h", "from_measure_m", "to_measure_m"]  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(cases(), st.booleans())
def test_a_trace_is_the_same_with_either_engine(case, up):
    pytest.importorskip("numba")
    network, starts, scenario = case
    at = positions(network, starts)
    spots = network.reaches[["reach_id", "geometry"]].rename(columns={"reach_id": "id"})
    spots["geometry"] = spots.geometry.interpolate(0.3, normalized=True)
    step = gt.trace_upstream if up else gt.trace_downstream
    one = step(network, at, points=spots, scenario=scenario)
    # the same network once more, so that nothing is left from before
    again = gt.network_from_tables(gt.network_tables(network))
    with pytest.MonkeyPatch.context() as patch:
        for module in (_index, _layout, _search):
            patch.setattr(module, "COMPILED_FROM", 0)
        other = step(again, at, points=spots, scenario=scenario)
    pd.testing.assert_frame_equal(one.reaches[COLUMNS], other.reaches[COLUMNS])
    for table in ("points", "stopped", "excluded"):
        mine, theirs = getattr(one, table), getattr(other, table)
        sort = [
            c for c in ("layer", "id", "kind", "subject", "distance_m") if c in mine
        ]
        pd.testing.assert_frame_equal(
            pd.DataFrame(mine).sort_values(sort, kind="stable", ignore_index=True),
            pd.DataFrame(theirs).sort_values(sort, kind="stable", ignore_index=True),
        )
    for key, steps in one.ways.items():
        assert sum(abs(b - a) for _, a, b in steps) == pytest.approx(
            sum(abs(b - a) for _, a, b in other.ways[key])
        )


@settings(max_examples=80, deadline=None)
@given(cases(), st.booleans())
def test_what_is_near_is_all_there_is(case, up):
    "the part that can be met gives the classes and costs that the whole network gives"
    network, starts, scenario = case
    rows = network.reach_position
    places = [(int(rows[key]), m) for key, m in positions(network, starts)]
    near = near_graph(network, places, scenario=scenario, upstream=up)
    whole = build_graph(network, places, scenario=scenario)
    found = [
        reached_stretches(run_searches(graph, upstream=up), Limits())
        for graph in (near, whole)
    ]
    tables = []
    for one in found:
        s = one.found.graph.segments
        met = one.level < 9
        tables.append(
            sorted(
                zip(
                    s.reach[met].tolist(),
                    s.low[met].tolist(),
                    one.level[met].tolist(),
                    *(c[:, met].T.tolist() for c in (one.metres, one.seconds_max)),
                    strict=True,
                )
            )
        )
    assert tables[0] == tables[1]


@pytest.mark.usefixtures("compiled_always")
def test_the_arcs_are_made_once_for_a_network_and_scenario():
    edges = [(0, 1, "known", 100.0, "closed"), (1, 2, "unknown", 100.0, None)]
    network = network_of(edges, 3)
    opened = gt.Scenario("开", structures={"Z0": "open"})
    gt.trace_upstream(network, ("R1", 50.0))
    plain = layout_of(network, None)
    gt.trace_upstream(network, ("R1", 50.0), scenario=opened)
    assert layout_of(network, None) is plain
    assert layout_of(network, gt.Scenario("另名")) is plain
    assert layout_of(network, opened) is not plain
    assert list(plain._indexes) == [(True, True)]
    gt.trace_downstream(network, ("R1", 50.0))
    assert set(plain._indexes) == {(True, True), (False, True)}
    for k in range(9):
        layout_of(network, gt.Scenario("x", velocities_m_s={"R1": 1.0}, note=str(k)))
        layout_of(network, gt.Scenario("x", directions={"R1": "both"}))
    assert len(_layout._KEPT[network]) <= _layout.KEPT


@settings(max_examples=40, deadline=None)
@given(cases(), st.booleans())
def test_the_search_behind_the_reasons_is_the_same_compiled(case, up):
    pytest.importorskip("numba")
    network, starts, scenario = case
    rows = network.reach_position
    places = [(int(rows[key]), m) for key, m in positions(network, starts)]
    graph = build_graph(network, places, scenario=scenario)
    arcs = all_arcs(graph)
    weight = arcs.weight(graph.segments.length)
    run = {"nodes": graph.nodes, "upstream": up}
    plain = search(arcs, weight, graph.start_nodes, **run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_search, "COMPILED_FROM", 0)
        fast = search(arcs, weight, graph.start_nodes, **run)
    assert plain.cost.tolist() == fast.cost.tolist()
    for node in range(graph.nodes):
        metres = sum(weight[arc] for arc, _ in fast.way(node))
        assert not np.isfinite(fast.cost[node]) or metres == pytest.approx(
            fast.cost[node]
        )

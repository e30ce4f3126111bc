"""The order of an index and its loops, spelled out for small graphs checked by hand."""

import networkx as nx
import numpy as np
import pytest

from geotool.trace import _index, _search
from geotool.trace._index import build_index, kernels, ranges, reached
from geotool.trace._part import distinct, part_of, shortest, whole_part
from geotool.trace._scipy import backward, by_head, dijkstra, first_arcs
from geotool.trace._search import Arcs, Search, joined, search, stacked

INF = float("inf")

ARCS = [
    (7, 0), (0, 1), (1, 2), (3, 1), (3, 1), (4, 5), (5, 4), (5, 6), (6, 5), (5, 0),
    (6, 8), (9, 4), (4, 9), (2, 2),
]  # fmt: skip
"""Ring 4 ⇄ 5 ⇄ 6 with the twig 9 leads to 0 → 1 → 2 and to 8; 7 and 3 (twice) join.

The outlet is 8 alone: the arc of 2 to itself leads out of it.
"""


def index_of_arcs(*, compiled):
    if compiled:
        pytest.importorskip("numba")
    tail, head = np.array(ARCS).T
    length = np.arange(1.0, len(ARCS) + 1)
    return build_index(tail, head, length, nodes=10, compiled=compiled)


def lists(*arrays):
    return [array.tolist() for array in arrays]


def test_nodes_stand_below_what_they_lead_to_and_rings_side_by_side():
    index = index_of_arcs(compiled=True)
    order = index.order
    assert index.node.tolist() == [9, 4, 5, 6, 8, 7, 0, 3, 1, 2]
    assert index.position[index.node].tolist() == list(range(10))
    # the ring and its twig are one block; 8 is the outlet, so that all above is below
    assert order.low.tolist() == [0, 0, 0, 0, 0, 5, 5, 7, 7, 9]
    assert order.end.tolist() == [3, 3, 3, 3, 4, 5, 6, 7, 8, 9]
    # twigs that hang on the last of the ring; 3 has two arcs out, 7, 0, 1 have one
    assert order.kind.tolist() == [3, 3, 3, 2, 2, 0, 0, 1, 0, 2]
    assert lists(order.cross_first, order.cross) == [
        [0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 3],
        [2, 6, 8],
    ]
    assert lists(order.inner_first, order.inner) == [
        [0, 1, 3, 5, 6, 6, 6, 6, 6, 6, 6],
        [1, 0, 2, 1, 3, 2],
    ]
    assert lists(index.first, index.head, index.number) == [
        [0, 1, 3, 6, 8, 8, 9, 10, 12, 13, 14],
        [1, 2, 0, 1, 3, 6, 2, 4, 6, 8, 8, 8, 9, 9],
        [11, 5, 12, 6, 7, 9, 8, 10, 0, 1, 3, 4, 2, 13],
    ]
    assert index.length_m.tolist() == [number + 1 for number in index.number.tolist()]
    ints = 4 + 3 + 7 * 10 + 2 * len(ARCS) + 3 + 2 * 6
    floats = len(ARCS) + 6
    assert index.nbytes == 4 * ints + 8 * floats + 10


@pytest.mark.parametrize(
    ("starts", "slices"),
    [
        ([8], [[0], [4], [0]]),
        ([2], [[9, 7, 5, 0], [9, 8, 6, 3], [8, 6, 4, 0]]),
        ([2, 8], [[9, 7, 5, 0], [9, 8, 6, 4], [9, 7, 5, 0]]),
        ([0], [[5, 0], [6, 3], [4, 0]]),
    ],
)
def test_what_lies_upstream_is_a_few_slices_and_one_of_an_outlet(starts, slices):
    index = index_of_arcs(compiled=True)
    place = np.sort(index.position[np.array(starts)])[::-1].copy()
    o = index.order
    found = kernels().slices(place, o.low, o.end, o.cross_first, o.cross)
    assert lists(*found) == slices


@pytest.mark.parametrize("compiled", [False, True])
def test_a_part_has_all_arcs_out_of_its_nodes(compiled):
    part = part_of(index_of_arcs(compiled=compiled), np.array([8]))
    if compiled:
        assert lists(part.node, part.first, part.head, part.number, part.end) == [
            [9, 4, 5, 6, 8],
            [0, 1, 3, 6, 8, 8],
            [1, 2, 0, 1, 3, -1, 2, 4],
            [11, 5, 12, 6, 7, 9, 8, 10],
            [3, 3, 3, 3, 4],
        ]
        assert part.kind.tolist() == [3, 3, 3, 2, 2]
        assert lists(*part.inner) == [
            [0, 1, 3, 5, 6, 6], [1, 0, 2, 1, 3, 2], [2, 0, 3, 1, 6, 4]
        ]  # fmt: skip
    else:
        assert lists(part.node, part.first, part.head, part.number) == [
            [4, 5, 6, 8, 9],
            [0, 2, 5, 7, 7, 8],
            [1, 4, 0, 2, -1, 1, 3, 0],
            [5, 12, 6, 7, 9, 8, 10, 11],
        ]
        assert part.end is None


@pytest.mark.parametrize("compiled", [False, True])
def test_places_far_up_have_the_ways_that_networkx_finds(compiled):
    "a hundred waters that each have an outlet of their own, and one in common"
    if compiled:
        pytest.importorskip("numba")
    own = [(100 + k, k) for k in range(100)]
    common = [(100 + k, 300) for k in range(100)]
    above = [(200 + k, 100 + k) for k in range(100)]
    tail, head = np.array(own + common + above).T
    length = np.random.default_rng(1).integers(1, 99, len(tail)).astype(float)
    index = build_index(tail, head, length, nodes=301, compiled=compiled)
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(
        zip(head.tolist(), tail.tolist(), length, strict=True)
    )
    for start in (300, [300, 17, 117], 199):
        found = reached(index, start)
        wanted = nx.multi_source_dijkstra_path_length(
            graph, set(np.atleast_1d(start).tolist())
        )
        assert dict(zip(found.ids.tolist(), found.distance_m, strict=True)) == wanted
    part = part_of(index, np.array([300]))
    assert sorted(part.node.tolist()) == [*range(100, 301)]


def test_numbers_of_arcs_are_those_that_were_given():
    tail, head = np.array([0, 1, 1]), np.array([1, 2, 2])
    for compiled in (False, kernels() is not None):
        index = build_index(
            tail, head, np.array([5.0, 7.0, 7.0]), nodes=3, number=np.array([4, 6, 9]),
            compiled=compiled,
        )  # fmt: skip
        found = reached(index, 2)
        way = dict(zip(found.ids.tolist(), found.next.tolist(), strict=True))
        assert way == {2: -1, 1: 6, 0: 4}


@pytest.mark.parametrize("compiled", [False, True])
def test_of_ways_as_long_the_arc_of_the_lowest_number_even_the_very_first(compiled):
    "from 3 by 2 (arc 0) and by 1 (arc 1) it is as far; a third arc is longer"
    if compiled:
        pytest.importorskip("numba")
    tail, head = np.array([3, 3, 3, 1, 2]), np.array([2, 1, 1, 0, 0])
    length = np.array([10.0, 10.0, 50.0, 10.0, 10.0])
    found = reached(build_index(tail, head, length, nodes=4, compiled=compiled), 0)
    way = dict(zip(found.ids.tolist(), found.next.tolist(), strict=True))
    assert way == {0: -1, 1: 3, 2: 4, 3: 0}


def test_compiled_from_a_number_of_arcs_on_and_only_with_numba(monkeypatch):
    pytest.importorskip("numba")
    tail, head, length = np.array([0, 1]), np.array([1, 2]), np.ones(2)

    def is_compiled(**choice):
        return build_index(tail, head, length, nodes=3, **choice).order is not None

    assert not is_compiled()
    assert is_compiled(compiled=True)
    monkeypatch.setattr(_index, "COMPILED_FROM", 2)
    assert is_compiled()
    assert not is_compiled(compiled=False)
    monkeypatch.setattr(_index, "COMPILED_FROM", 3)
    assert not is_compiled()
    monkeypatch.setattr(_index, "find_spec", lambda _: None)
    kernels.cache_clear()
    try:
        assert kernels() is None
        assert not is_compiled(compiled=True)
    finally:
        kernels.cache_clear()


def test_loading_the_compiled_loops_pays_for_larger_networks_only(monkeypatch):
    monkeypatch.setattr(_search, "COMPILED_FROM", 10)
    loaded = dict(_search.sys.modules)
    loaded["geotool.trace._kernels"] = object()
    monkeypatch.setattr(_search.sys, "modules", loaded)
    assert [_search._pays(n) for n in (9, 10, 50)] == [False, True, True]
    del loaded["geotool.trace._kernels"]
    assert [_search._pays(n) for n in (10, 49, 50)] == [False, False, True]


# ---------------------------------------------------------------- scipy
def test_arcs_by_head_leave_out_those_that_lead_nowhere():
    found = by_head(np.array([0, 2, 3, 5]), np.array([2, -1, 2, 1, 1]))
    assert lists(found.order, found.begin) == [[3, 4, 0, 2], [0, 2, 3]]
    assert lists(found.tail, found.head) == [[2, 0, 1], [1, 2, 2]]


def test_of_parallel_arcs_the_shortest_and_of_equal_ways_the_first():
    first, head = np.array([0, 0, 2, 4]), np.array([0, 0, 1, 0])
    weight = np.array([9.0, 4.0, 3.0, 7.0])
    graph = backward(by_head(first, head), weight, 3)
    assert graph.toarray().tolist() == [[0, 4, 7], [0, 0, 3], [0, 0, 0]]
    cost, before = dijkstra(graph, np.array([0]))
    assert cost.tolist() == [0, 4, 7]
    arc = first_arcs(first, head, weight, cost, before)
    # from 2 by 1 (arc 2) and straight (arc 3) it is as far
    assert arc.tolist() == [-1, 1, 2]
    source = np.array([1, 1, 2]), np.array([8.0, 6.0, 1.0])
    graph = backward(by_head(first, head), np.array([INF, 4.0, INF, 7.0]), 3, source)
    assert graph.toarray().tolist() == [
        [0, 4, 7, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 6, 1, 0]
    ]  # fmt: skip


def test_a_step_of_no_length_is_a_step():
    first, head = np.array([0, 0, 1, 2]), np.array([0, 1])
    graph = backward(by_head(first, head), np.zeros(2), 3)
    cost, before = dijkstra(graph, np.array([0]))
    assert cost.tolist() == [0, 0, 0]
    assert first_arcs(first, head, np.zeros(2), cost, before).tolist() == [-1, 0, 1]
    none = first_arcs(np.zeros(3), np.zeros(0), np.zeros(0), np.zeros(2), np.zeros(2))
    assert none.tolist() == [-1, -1]


def test_costs_of_a_start_count_and_arcs_that_may_not_be_taken_do_not():
    tail, head = np.array([0, 1, 2]), np.array([1, 2, 3])
    part = whole_part(build_index(tail, head, np.ones(3), nodes=4, compiled=False))
    weight = np.array([2.0, INF, 5.0])
    cost, arc = shortest(part, weight, np.array([3, 1]), np.array([10.0, 1.0]))
    assert cost.tolist() == [3, 1, 15, 10]
    assert arc.tolist() == [0, -1, 2, -1]
    cost, arc = shortest(part, weight, np.zeros(0, dtype=int), np.zeros(0))
    assert lists(cost, arc) == [[INF] * 4, [-1] * 4]


@pytest.mark.parametrize("count", [8, 1000])
def test_numbers_once_each_in_order_whichever_way_is_quicker(count):
    assert distinct(np.array([7, 0, 2, 7, 0]), count).tolist() == [0, 2, 7]
    assert distinct(np.zeros(0, dtype=int), count).tolist() == []


def test_ranges_one_after_another():
    assert ranges(np.array([4]), np.array([7])).tolist() == [4, 5, 6]
    assert ranges(np.array([9, 5, 0]), np.array([11, 5, 1])).tolist() == [9, 10, 0]


# ---------------------------------------------------------------- searches
def arcs():
    return Arcs(
        tail=np.array([0, 1, 1, 3]),
        head=np.array([1, 2, 2, 2]),
        segment=np.array([0, 1, -1, 2]),
        level=np.array([0, 0, 1, 2]),
    )


def test_a_gate_costs_nothing_and_arcs_are_put_side_by_side():
    both = stacked(arcs().at(np.array([3, 0])), arcs().at(arcs().level == 1))
    assert lists(*vars(both).values()) == [[3, 0, 1], [2, 1, 2], [2, 0, -1], [2, 0, 1]]
    assert both.weight(np.array([5.0, 6.0, 7.0])).tolist() == [7.0, 5.0, 0.0]


def test_a_search_either_way_begins_with_the_lowest_of_equal_arcs():
    weight = np.array([1.0, 4.0, 4.0, 9.0])
    up = search(arcs(), weight, [2, 2], nodes=5, upstream=True)
    assert lists(up.cost, up.before, up.arc) == [
        [5, 4, 0, 9, INF], [1, 2, -1, 2, -1], [0, 1, -1, 3, -1]
    ]  # fmt: skip
    assert list(up.way(0)) == [(0, 1), (1, 2)]
    down = search(arcs(), weight, [0], nodes=5, upstream=False)
    assert lists(down.cost, down.before, down.arc) == [
        [0, 1, 5, INF, INF], [-1, 0, 1, -1, -1], [-1, 0, 1, -1, -1]
    ]  # fmt: skip


def test_of_several_searches_the_cheapest_that_holds_and_of_equal_ones_the_first():
    one, other, third = (
        Search(np.array(cost), np.array([-1, 0, 0]), np.array([-1, k, k]))
        for k, cost in enumerate([[0.0, 5.0, INF], [0.0, 3.0, 7.0], [0.0, 3.0, 1.0]])
    )
    good = np.array([True, True, False])
    found = joined([one, other, third], [None, None, good])
    assert found.cost.tolist() == [0, 3, 7]
    assert found.choice.tolist() == [0, 1, 1]
    assert list(found.way(1)) == [(1, 0)]

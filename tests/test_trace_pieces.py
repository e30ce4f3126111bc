"""Reaches cut at starts, ways counted, sections inside reaches: the small parts."""

import drawn
import numpy as np
import pytest
import scipy.sparse as sp
from test_trace_exact import network_of

import geotool as gt
from geotool.network import Scenario
from geotool.trace._bits import as_words, bits_of, has_bit, sets_reached
from geotool.trace._graph import build_graph, near_graph
from geotool.trace._membership import Place, memberships
from geotool.trace._reached import (
    Limits,
    hits,
    reached_stretches,
    rooms,
    run_searches,
)
from geotool.trace._segments import NODE_M, Segments, cut, start_reaches
from geotool.trace._ways import MOST_WAYS, _order, _paths, _sorted_places, _summed

INF = float("inf")


def lists(*arrays):
    return [array.tolist() for array in arrays]


# ---------------------------------------------------------------- segments
def three():
    "Rows 2, 5 and 6 of a network; 6 runs both ways."
    return Segments(
        reach=np.array([2, 5, 6]),
        low=np.zeros(3),
        high=np.array([100.0, 40.0, 250.0]),
        start=np.array([0, 1, 2]),
        end=np.array([1, 2, 3]),
        along=np.array([0, 2, 1]),
        against=np.array([9, 2, 1]),
    )


def test_reaches_are_cut_at_the_starts_inside_them():
    starts = [(5, 30.0), (2, 0.0), (5, 10.0), (6, 250.0), (5, 30.0), (6, 5.0)]
    found, nodes = cut(three(), starts, nodes=4)
    assert nodes == 7
    assert lists(found.reach, found.low, found.high) == [
        [2, 5, 5, 5, 6, 6],
        [0, 0, 10, 30, 0, 5],
        [100, 10, 30, 40, 5, 250],
    ]
    assert lists(found.start, found.end) == [[0, 1, 4, 5, 2, 6], [1, 4, 5, 2, 6, 3]]
    assert lists(found.along, found.against) == [[0, 2, 2, 2, 1, 1], [9, 2, 2, 2, 1, 1]]
    assert found.length.tolist() == [100, 10, 20, 10, 5, 245]
    assert [found.at(5, m) for m in (0.0, 10.0, 10.1, 29.0, 40.0)] == [1, 1, 2, 2, 3]
    assert [found.at(5, m, before=False) for m in (0.0, 10.0, 30.0)] == [1, 2, 3]
    assert found.at(5, 41.0) == 3, "beyond its end, the last"
    assert [found.at(reach, 1.0) for reach in (0, 4, 7)] == [6, 10, 13]
    assert [found.node(*start) for start in starts] == [5, 0, 4, 3, 5, 6]
    assert [(one.first, one.last) for one in start_reaches(found, starts)] == [
        (1, 3), (4, 5)
    ]  # fmt: skip


def test_a_start_within_a_thousandth_of_a_millimetre_is_the_node():
    for measure in (NODE_M, 40.0 - NODE_M):
        whole, nodes = cut(three(), [(5, measure)], nodes=4)
        assert (len(whole.reach), nodes) == (3, 4)
    for measure in (2 * NODE_M, 40.0 - 2 * NODE_M):
        found, nodes = cut(three(), [(5, measure)], nodes=4)
        assert (len(found.reach), nodes) == (4, 5)


def test_near_a_start_there_is_no_more_than_can_be_met_and_what_touches_it():
    "0 → 1 → 2 → 3 with 4 → 2 and, from 1, the closed gate to 5"
    edges = [
        (0, 1, "known", 100.0, None),
        (1, 2, "known", 100.0, None),
        (2, 3, "known", 100.0, None),
        (4, 2, "known", 100.0, None),
        (5, 1, "known", 100.0, "closed"),
        (3, 6, "known", 100.0, None),
    ]
    network = network_of(edges, 7)
    near = near_graph(network, [(1, 50.0)], scenario=None, upstream=True)
    assert near.rows.tolist() == [0, 1, 5]
    assert sorted(near.base.tolist()) == [0, 1, 2, 7, 8]
    assert near.nodes == 6
    assert [gate.structure_id for gate in near.gates] == ["Z4"]
    assert near.start_nodes == [5]
    assert near.first_piece == 2
    every = build_graph(network, [(1, 50.0)], scenario=None)
    assert every.rows.tolist() == list(range(7))
    assert every.base.tolist() == list(range(9))
    assert every.first_piece == 6
    down = near_graph(network, [(1, 50.0)], scenario=None, upstream=False)
    assert down.rows.tolist() == [1, 2, 3, 6]
    # all of the network is there to say why a place was not met
    whole = near.whole
    assert len(whole.segments.reach) == len(near.segments.reach) + 7
    assert whole.segments.at(1, 50.0) == near.segments.at(1, 50.0)
    assert whole.nodes == near.nodes + 9


# ---------------------------------------------------------------- reached
def test_limits_hold_what_lies_on_them():
    limits = Limits(100.0, 60.0)
    metres = np.array([100.0, 100.1, 50.0, 50.0, INF])
    seconds = np.array([60.0, 1.0, 60.0, 60.1, 1.0])
    assert limits.hold(metres, seconds).tolist() == [True, False, True, False, False]
    assert Limits().hold(metres, seconds).tolist() == [True, True, True, True, False]


def stretches_of(edges, n, start, *, limits=None, up=True):
    network = network_of(edges, n)
    graph = near_graph(network, [start], scenario=None, upstream=up)
    return reached_stretches(run_searches(graph, upstream=up), limits or Limits())


def test_a_place_is_hit_by_the_firmest_way_and_of_those_the_shortest():
    edges = [
        (0, 1, "known", 100.0, None),
        (0, 1, "known", 300.0, None),
        (0, 1, "unknown", 10.0, None),
        (1, 2, "known", 50.0, None),
    ]
    found = stretches_of(edges, 3, (3, 50.0))
    s = found.found.graph.segments
    one = hits(found, s.at(1, 200.0), 200.0)
    assert (one.level, one.metres, one.edge) == (0, 150.0, 300.0)
    assert one.seconds_min == pytest.approx(150 / 0.3)
    assert one.seconds_max == pytest.approx(150 / 0.03)
    node = hits(found, s.at(1, 0.0), 0.0)
    assert (node.level, node.metres) == (0, 150.0), "a node has its nearest way"
    vague = hits(found, s.at(2, 4.0), 4.0)
    # whichever way it runs its water comes here; the nearer end counts
    assert (vague.level, vague.metres, vague.edge) == (0, 56.0, 10.0)
    assert hits(found, len(s.reach), 0.0) is None


def test_how_much_of_a_segment_lies_within_the_limits():
    edges = [(0, 1, "known", 100.0, None), (1, 2, "known", 100.0, None)]
    by_metres = stretches_of(edges, 3, (1, 60.0), limits=Limits(130.0))
    assert rooms(by_metres)[0].tolist() == [70, 60, -INF]
    assert rooms(by_metres)[1].tolist() == [-INF] * 3
    s = by_metres.found.graph.segments
    assert hits(by_metres, s.at(0, 30.0), 30.0).metres == 130.0
    assert hits(by_metres, s.at(0, 29.0), 29.0) is None
    by_time = stretches_of(edges, 3, (1, 60.0), limits=Limits(INF, 300.0))
    assert rooms(by_time)[0].tolist() == pytest.approx([30, 60, -INF])
    down = stretches_of(edges, 3, (0, 60.0), limits=Limits(130.0), up=False)
    assert rooms(down)[1].tolist() == [90, -INF, 40]


# ---------------------------------------------------------------- ways
STEPS = np.array([[4, 2], [4, 3], [2, 0], [3, 0], [3, 1], [5, 4]]).T
"""From 4 by 2 or 3 to 0, by 3 to 1; 5 leads to 4."""


def test_every_step_leads_to_a_lower_place_however_nodes_are_numbered():
    source, target = STEPS
    assert _order(source, target, 6).tolist() == [0, 1, 2, 3, 4, 5]
    assert _order(target, source, 6).tolist() == [5, 4, 3, 2, 1, 0]
    name = np.array([3, 0, 5, 1, 4, 2])
    place = _order(name[source], name[target], 6)
    assert sorted(place.tolist()) == list(range(6))
    assert (place[name[source]] > place[name[target]]).all()
    assert _sorted_places(source, target, 6)[[0, 1]].max() <= 2


def test_paths_are_summed_whatever_the_numbering():
    own = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0])
    assert _paths(*STEPS, own).tolist() == [1, 1, 1, 2, 3, 3]
    name = np.array([3, 0, 5, 1, 4, 2])
    mixed = np.empty(6)
    mixed[name] = own
    assert _paths(name[STEPS[0]], name[STEPS[1]], mixed)[name].tolist() == [
        1, 1, 1, 2, 3, 3
    ]  # fmt: skip
    none = np.zeros(0, dtype=int)
    assert _paths(none, none, own).tolist() == own.tolist()


def test_sums_that_outgrow_doubles_stop_at_a_bound():
    "two steps from each node to the next, for as many as no double holds"
    count = 1200
    source = np.repeat(np.arange(1, count), 2)
    own = np.zeros(count)
    own[0] = 1.0
    found = _paths(source, source - 1, own)
    assert found[:50].tolist() == [2.0**k for k in range(50)]
    assert (found[50:] >= MOST_WAYS).all()
    assert np.isfinite(found).all()
    minus = sp.csr_array(([-2.0, -1.0], ([1, 2], [0, 1])), shape=(3, 3))
    assert _summed(minus, np.array([3.0, 1.0, 0.5])).tolist() == [3, 7, 7.5]


def test_a_ring_counts_once_and_water_that_only_divides_by_every_way():
    picture = """
A--->B--->C--->D--->E
          ^    ^
          v    v
          F<-->G
"""
    network = gt.build_network(drawn.rivers(picture))
    points = {"p": drawn.points(picture, "ABF")}
    both_ways = Scenario("双向", directions={"CD": "both"})
    trace = gt.trace_upstream(network, ("DE", 50.0), points=points, scenario=both_ways)
    ways = {row.id: (row.n_ways, row.ways_exact) for row in trace.points.itertuples()}
    assert ways == {"A": (1, False), "B": (1, False), "F": (1, False)}
    loops = trace.loops
    assert loops["loop_id"].tolist() == ["环:CD"]
    assert loops["relation"].tolist() == ["scenario"]
    assert loops["reaches"].tolist() == [["CD", "CF", "DG", "FG"]]
    assert loops[["n_reaches", "length_m"]].to_numpy().tolist() == [[4, 800.0]]
    told = Scenario(
        "单向", directions={"CF": "forward", "FG": "forward", "DG": "backward"}
    )
    plain = gt.trace_upstream(network, ("DE", 50.0), points=points, scenario=told)
    counts = dict(zip(plain.points["id"], plain.points["n_ways"], strict=True))
    # what is certain goes straight; F was never certain and has its one way
    assert counts == {"A": 1, "B": 1, "F": 1}
    assert plain.points["ways_exact"].all()
    assert plain.loops.empty
    assert list(plain.loops) == list(loops)


# ---------------------------------------------------------------- sections
def test_where_the_water_of_every_piece_comes():
    edges = [
        (0, 1, "known", 100.0, None),
        (1, 2, "unknown", 100.0, None),
        (2, 3, "bidirectional", 100.0, None),
        (3, 4, "known", 100.0, None),
    ]
    network = network_of(edges, 5)
    places = [Place(0, 0, 40.0), Place(1, 1, 60.0), Place(2, 2, 50.0), Place(3, 3, 0.0)]
    member = memberships(network, places, scenario=None)
    reach, low, high, group, sets = member.pieces()
    told = {
        (r, a, b): tuple(bits_of(one) for one in sets[g])
        for r, a, b, g in zip(*lists(reach, low, high, group), strict=True)
    }
    assert told == {
        (3, 0, 100): ([], [], []),
        (0, 0, 40): ([0], [0], [0, 1, 2, 3]),
        (0, 40, 100): ([], [], [1, 2, 3]),
        (1, 0, 60): ([], [], [1, 2, 3]),
        (1, 60, 100): ([], [], [1, 2, 3]),
        (2, 0, 50): ([], [2, 3], [1, 2, 3]),
        (2, 50, 100): ([], [2, 3], [1, 2, 3]),
    }
    assert [bits_of(one) for one in member.at(0, 40.0)] == [[0], [0], [0, 1, 2, 3]]
    assert [bits_of(one) for one in member.at(3, 0.0)] == [[3], [2, 3], [1, 2, 3]]
    assert [bits_of(one) for one in member.at(3, 1.0)] == [[], [], []]


def test_sets_of_more_than_a_word():
    sets = [1 << 63, (1 << 64) | 1, (1 << 128) - 1]
    words = as_words(sets, 128)
    assert words.shape == (3, 2)
    assert as_words([1], 64).shape == (1, 1)
    assert as_words([], 65).shape == (0, 2)
    assert as_words([0], 0).shape == (1, 1)
    for bit in (0, 63, 64, 127):
        assert has_bit(words, bit).tolist() == [bool(one >> bit & 1) for one in sets]
    assert bits_of(sets[1]) == [0, 64]
    tail, head = np.array([0, 1, 2, 4]), np.array([1, 2, 3, 3])
    group, found = sets_reached(tail, head, [(3, 1 << 70), (1, 2)], nodes=6)
    assert [bits_of(found[k]) for k in group] == [
        [1, 70], [1, 70], [70], [70], [70], []
    ]  # fmt: skip
    assert len(found) == 3

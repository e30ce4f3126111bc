"""The flow that is shown, what is lost of it, and how far water comes."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geotool.attribution import _series
from geotool.attribution._continuity import lost_words, require_series_flow
from geotool.attribution._found import Found
from geotool.attribution._member import Member, _positions, _read
from geotool.attribution._mixing import _segments
from geotool.attribution._operator import DENSE_NODES, Transport
from geotool.attribution._solver import Sweep
from geotool.attribution._stretch import _distances, _metres_up, _without_holes
from geotool.errors import NetworkError
from geotool.tables import load_table

NAN = np.nan


# ---------------------------------------------------------------- flow that is shown
def test_the_flow_of_the_series_is_the_mean_over_its_members():
    problem = SimpleNamespace(n=1, groups=[], canals=SimpleNamespace(start=np.zeros(3)))
    given = SimpleNamespace(
        suspects=SimpleNamespace(owner=np.array([0])), weight=np.ones(1),
        places=SimpleNamespace(
            segment=[], low_m=[], high_m=[], owner=np.zeros(0, np.int64)
        ),
        is_flow_measured=True, segments=np.array([2, 0]), series=SimpleNamespace(
            value=np.zeros((1, 2, 1))),
    )  # fmt: skip
    score = SimpleNamespace(gain=np.array([[9.0]]))
    found = Found(
        [score, score], [], np.array([[1.0, 4.0], [3.0, 8.0]]), np.array([5, 5])
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_series, "pulse_facts", lambda *_: {"amplitude": 1.0})
        made = _series._evidence(
            problem, given, found, load_table("attribution_series")
        )
    np.testing.assert_array_equal(made.flow_m3_s, [6.0, NAN, 2.0])
    assert (made.name, made.level) == ("series", 5)
    assert made.facts == ({"amplitude": 1.0},)
    assert made.log_prior.tolist() == [0.0]
    assert made.left_out == (), "one search: nothing to compare"


def stem_canals(flow_known=(1, 1, 1)):
    return SimpleNamespace(
        start=np.array([0, 1, 2]), end=np.array([1, 2, 3]), nodes=4,
        outlets=np.array([3]), inlets=np.array([0]), mouths=np.zeros(0, np.int64),
        known=np.array(flow_known), reach=np.array([0, 0, 1]),
        low_m=np.array([0.0, 100.0, 0.0]), high_m=np.array([100.0, 300.0, 50.0]),
        length_m=np.array([100.0, 200.0, 50.0]),
    )  # fmt: skip


def asked():
    reaches = pd.DataFrame({"reach_id": ["A", "B"]})
    return SimpleNamespace(
        canals=stem_canals(), target=0, sections=pd.DataFrame({"node": [3]}),
        network=SimpleNamespace(reaches=reaches),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lost", "told"), [(0.049, False), (0.0501, True), (0.4, True)]
)
def test_water_that_is_lost_inside_is_told_with_its_place(lost, told):
    flow = np.array([[1.0, 1.0, 1.0 - lost], [1.0, 1.0, 1.0 - lost]])
    words = lost_words(asked(), stem_canals(), flow, sink=3)
    assert bool(words) == told
    if told:
        [(zh, en)] = words
        assert f"{lost:.0%} 的水" in zh
        assert "最多在 A 附近" in zh
        assert f"{lost:.0%} of the water is lost" in en
    assert lost_words(asked(), stem_canals(), flow, sink=2) == []


def test_the_series_may_lose_water_only_where_nothing_is_known():
    require_series_flow(asked(), None)
    require_series_flow(asked(), np.array([1.0, 1.0, 1.0]))
    require_series_flow(asked(), np.array([1.0, NAN, 0.5]))
    with pytest.raises(NetworkError, match=r"少了 0\.5"):
        require_series_flow(asked(), np.array([1.0, 0.5, 0.5]))
    require_series_flow(asked(), np.array([NAN, 1.0, 1.0]))


def test_values_are_read_at_the_nodes_that_were_kept():
    kept = np.array([2, 5, 9])
    place = _positions(kept, np.array([9, 3, 2, 11, 0]))
    assert place.tolist() == [2, 3, 0, 3, 3]
    np.testing.assert_allclose(_read(np.array([[1.0, 2, 3]]), place), [[3, 0, 1, 0, 0]])
    assert _positions(np.zeros(0, np.int64), np.array([4, 5])).tolist() == [0, 0]


@pytest.mark.parametrize(("rounds", "told"), [(20.0, False), (20.6, True)])
def test_water_that_goes_round_too_often_is_told(rounds, told):
    member = Member.__new__(Member)
    member.part = SimpleNamespace(rounds=lambda: np.array([1.0, rounds]))
    words = member.warnings()
    assert bool(words) == told
    if told:
        assert "平均经过同一处 21 次" in words[0][0]
        assert "passing a place 21 times" in words[0][1]
    member.part = None
    assert member.warnings() == []


# ---------------------------------------------------------------- distances
def test_metres_are_counted_against_the_water_where_it_is_known():
    one = stem_canals()
    assert _metres_up(one, 3).tolist() == [350.0, 250.0, 50.0, 0.0]
    turned = stem_canals((1, -1, 1))
    assert _metres_up(turned, 3).tolist() == [np.inf, np.inf, 50.0, 0.0]
    assert _metres_up(turned, 1).tolist() == [100.0, 0.0, 200.0, np.inf]
    both = stem_canals((1, 0, 1))
    assert _metres_up(both, 3).tolist() == [350.0, 250.0, 50.0, 0.0]
    assert _metres_up(both, 1)[2] == 200.0
    # of two canals between the same nodes the shorter counts
    twin = stem_canals()
    twin.start, twin.end = np.array([0, 2, 2]), np.array([1, 3, 3])
    assert _metres_up(twin, 3)[2] == 50.0


@pytest.mark.parametrize(
    ("known", "node", "near", "far"),
    [((1, 1, 1), 3, 130.0, 200.0), ((1, -1, 1), 1, 50.0, 120.0),
     ((1, 1, 1), 1, NAN, NAN), ((1, 0, 1), 1, 50.0, 120.0), ((1, -1, 1), 3, NAN, NAN)],
)  # fmt: skip
def test_a_piece_is_as_far_as_the_water_goes_from_it(known, node, near, far):
    problem = asked()
    problem.canals = stem_canals(known)
    problem.sections = pd.DataFrame({"node": [node]})
    pieces = SimpleNamespace(
        segment=np.array([1]), low_m=np.array([150.0]), high_m=np.array([220.0])
    )
    np.testing.assert_allclose(np.ravel(_distances(problem, pieces)), [near, far])


def test_only_a_hole_of_one_place_on_one_reach_is_filled():
    problem = SimpleNamespace(canals=SimpleNamespace(reach=np.array([0, 0, 1])))
    low = np.array([0.0, 10, 20, 30, 40, 50, 0, 10])
    segment = np.array([0, 0, 0, 1, 1, 1, 2, 2])
    places = np.column_stack([segment, low, low + 10, low * 0])
    kept = np.array([True, False, True, False, False, True, False, True])
    turn = np.array([5, 2, 7, 0, 3, 6, 1, 4])
    found = np.empty(8, bool)
    found[turn] = _without_holes(problem, places[turn], kept[turn])
    assert found.tolist() == [True, True, True, False, False, True, False, True]


# ---------------------------------------------------------------- solvers
def test_the_solver_follows_the_size_and_a_cone_keeps_its_names(monkeypatch):
    stem = Transport(
        4, np.array([0, 1, 3]), np.array([1, 2, 2]), np.ones(3), np.ones(3),
        np.arange(3.0), names=["甲", "乙", "丙", "丁"],
    )  # fmt: skip
    part, kept = stem.upstream_of([1])
    assert kept.tolist() == [0, 1]
    assert list(part.names) == ["甲", "乙"]
    assert part.time_s.tolist() == [0.0]
    assert not stem.is_cyclic
    assert stem.rounds().tolist() == [1.0] * 4
    monkeypatch.setattr("geotool.attribution._solver.COMPILED_FROM", 4)
    assert Sweep(stem).loops is None
    bare = Transport(2, np.array([0]), np.array([1]), np.ones(1), np.ones(1))
    for asks in (
        lambda: bare.travel_time_s(np.ones((1, 2))),
        lambda: bare.by_log_decay(np.ones(2), np.ones(2), 0.1),
    ):
        with pytest.raises(NetworkError, match="没有流经时间"):
            asks()
    assert DENSE_NODES == 400


def test_the_rounds_of_every_loop_are_counted():
    twice = Transport(
        5, np.array([0, 1, 1, 2, 3, 3]), np.array([1, 0, 2, 3, 2, 4]),
        np.array([1.0, 0.5, 0.5, 1.0, 0.75, 0.25]), np.ones(6),
    )  # fmt: skip
    np.testing.assert_allclose(twice.rounds(), [2.0, 2.0, 4.0, 4.0, 1.0])


def test_a_source_lies_on_the_segment_that_begins_before_it():
    canals = SimpleNamespace(
        low_m=np.array([50.0, 0.0, 0.0, 90.0]), high_m=np.array([90.0, 50, 70, 120]),
        reach=np.array([1, 1, 0, 1]),
    )  # fmt: skip
    table = pd.DataFrame(
        {"reach": [1, 1, 1, 0, 1], "measure_m": [49.9, 50.0, 120.0, 70.0, 0.0]}
    )
    found = _segments(SimpleNamespace(canals=canals, sources=table))
    assert found.tolist() == [1, 0, 3, 2, 1]

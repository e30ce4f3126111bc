"""Sources all at once are what a trace finds one by one; the rest is made when looked at."""

import pickle

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trace_exact import cases

import geotool as gt
from geotool.errors import LocateError
from geotool.trace._reached import hits
from geotool.trace._sources import many_hits, sources_upstream

COLUMNS = [
    "id",
    "name",
    "relation",
    "distance_m",
    "travel_time_min_h",
    "travel_time_max_h",
    "reach_id",
    "measure_m",
    "located",
]


def scattered(network, count, seed):
    "Points along the reaches, some on nodes, one far away, one without a place."
    rng = np.random.default_rng(seed)
    lines = np.asarray(network.reaches.geometry, dtype=object)
    rows = rng.integers(0, len(lines), count)
    part = np.where(
        rng.random(count) < 0.3, rng.integers(0, 2, count), rng.random(count)
    )
    places = shapely.line_interpolate_point(lines[rows], part, normalized=True)
    places = [*places, shapely.Point(9e5, 9e6), None]
    ids = [f"P{k}" for k in rng.permutation(count + 2)]
    return gpd.GeoDataFrame(
        {"outfall_id": ids, "name": [f"名{key}" for key in ids]},
        geometry=list(places),
        crs=network.crs,
    )


def upstream(network, at, outfalls, **choices):
    return sources_upstream(network, at, gt.locate_points(outfalls, network), **choices)


def same(network, at, outfalls, scenario):
    whole = gt.trace_upstream(
        network, at, points={"outfalls": outfalls}, scenario=scenario
    )
    met, trace = upstream(network, at, outfalls, scenario=scenario)
    expected = pd.DataFrame(whole.points)
    pd.testing.assert_frame_equal(
        met[COLUMNS], expected[COLUMNS], check_dtype=False, rtol=1e-12
    )
    assert [list(path) for path in met["path"]] == expected["path"].tolist()
    passed = [list(one) for one in met["structures"]]
    assert passed == expected["structures"].tolist()
    left = trace.excluded.sort_values("id", ignore_index=True)
    gone = whole.excluded.sort_values("id", ignore_index=True)
    pd.testing.assert_frame_equal(left, gone)
    pd.testing.assert_frame_equal(
        pd.DataFrame(trace.points), pd.DataFrame(whole.points), check_dtype=False
    )
    pd.testing.assert_frame_equal(
        pd.DataFrame(trace.reaches), pd.DataFrame(whole.reaches)
    )
    pd.testing.assert_frame_equal(
        pd.DataFrame(trace.stopped), pd.DataFrame(whole.stopped)
    )
    assert dict(trace.settings) == dict(whole.settings)
    return trace, whole


@settings(max_examples=25, deadline=None)
@given(cases(), st.integers(0, 99))
def test_all_at_once_is_one_by_one(case, seed):
    network, starts, scenario = case
    length = network.reaches.set_index("reach_id")["length_m"]
    at = [(reach, part * float(length[reach])) for reach, part in starts]
    same(network, at, scattered(network, 12, seed), scenario)


STEM = gpd.GeoDataFrame(
    {"river_id": list("AB"), "name": ["甲河", "乙河"], "direction": "digitized"},
    geometry=[
        shapely.LineString([(0, 0), (5000, 0)]),
        shapely.LineString([(2000, 900), (2000, 0)]),
    ],
    crs=4549,
)


@pytest.fixture
def stem():
    return gt.build_network(STEM)


def test_places_at_the_ends_and_the_start_itself(stem):
    outfalls = scattered(stem, 30, 3)
    reach = stem.reaches["reach_id"].iloc[-1]
    length = float(stem.reaches["length_m"].iloc[-1])
    for measure in (0.0, length / 2, length):
        same(stem, (reach, measure), outfalls, None)


def test_many_hits_are_hits_one_by_one(stem):
    _, trace = upstream(stem, ("B", 900.0), scattered(stem, 3, 1))
    stretches = trace.ways.stretches
    segments = stretches.found.graph.segments
    rng = np.random.default_rng(5)
    chosen = rng.integers(0, len(segments.reach) + 2, 200)
    k = np.minimum(chosen, len(segments.reach) - 1)
    measure = rng.uniform(segments.low[k], segments.high[k])
    measure[:20] = segments.low[k[:20]]
    got = many_hits(stretches, chosen, measure)
    for place in range(200):
        one = hits(stretches, int(chosen[place]), float(measure[place]))
        if one is None:
            assert got["level"][place] == 3
            continue
        assert got["level"][place] == one.level
        assert got["metres"][place] == pytest.approx(one.metres, abs=1e-9)
        assert got["fast"][place] == pytest.approx(one.seconds_min, abs=1e-9)
        assert got["slow"][place] == pytest.approx(one.seconds_max, abs=1e-9)


def test_a_place_on_a_reach_of_no_length_takes_no_time_there(stem):
    is_b = stem.reaches["reach_id"] == "B"
    reaches = stem.reaches.assign(length_m=stem.reaches["length_m"].mask(is_b, 0.0))
    network = type(stem)(reaches, stem.nodes, stem.structures)
    _, trace = upstream(network, ("A-2", 500.0), scattered(stem, 3, 1))
    stretches = trace.ways.stretches
    segment = stretches.found.graph.segments.at(int(network.reach_position["B"]), 0.0)
    one = hits(stretches, segment, 0.0)
    got = many_hits(stretches, np.array([segment]), np.zeros(1))
    assert (one.metres, got["metres"].tolist()) == (500, [500])
    assert one.seconds_min == pytest.approx(500 / 0.3)
    assert got["fast"].tolist() == pytest.approx([one.seconds_min])
    assert got["slow"].tolist() == pytest.approx([one.seconds_max])


def test_a_trace_made_later_is_a_trace(stem):
    outfalls = scattered(stem, 6, 2)
    trace, whole = same(stem, ("B", 900.0), outfalls, None)
    assert isinstance(trace, gt.Trace)
    assert repr(trace) == repr(whole)
    assert trace._repr_html_() == whole._repr_html_()
    assert trace.path(whole.points["id"].iloc[0]) == whole.path(
        whole.points["id"].iloc[0]
    )
    again = pickle.loads(pickle.dumps(upstream(stem, ("B", 900.0), outfalls)[1]))
    assert repr(again) == repr(whole)
    edited = gt.orient_network(stem, fixed={"A": "unknown"})
    assert "stale" in trace.checked(edited).settings
    with pytest.raises(AttributeError, match="nothing"):
        _ = trace.nothing


def test_a_start_that_is_nowhere_is_told_at_once(stem):
    with pytest.raises(LocateError):
        upstream(stem, shapely.Point(9e5, 9e6), scattered(stem, 3, 1))


def test_a_direction_of_no_known_source_is_not_called_nan():
    rivers = gpd.GeoDataFrame(
        {"river_id": ["A", "B"]},
        geometry=[
            shapely.LineString([(0, 0), (1000, 0)]),
            shapely.LineString([(1000, 0), (2000, 0)]),
        ],
        crs=4549,
    )
    outfalls = gpd.GeoDataFrame(
        {"outfall_id": ["P"]}, geometry=[shapely.Point(1500, 0)], crs=4549
    )
    network = gt.build_network(rivers)
    for way in ("forward", "backward"):
        turned = gt.Scenario("试", directions={"A": "forward", "B": way})
        trace = gt.trace_upstream(
            network,
            shapely.Point(500, 0),
            points={"outfalls": outfalls},
            scenario=turned,
        )
        told = " ".join(trace.excluded["reason"]) + " ".join(
            trace.excluded["reason_en"]
        )
        assert "nan" not in told
        assert "None" not in told

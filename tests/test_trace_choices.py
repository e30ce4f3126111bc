"""What one may ask of comparisons and catchments, and what is refused."""

import drawn
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import tabled
from test_trace_exact import network_of

import geotool as gt
from geotool.errors import LocateError, NetworkError
from geotool.network import Scenario
from geotool.trace import compare_scenarios, section_catchments
from geotool.trace._catchments import _next_above, _up_the_water
from geotool.trace._compare import _named, _pieces, _shares
from geotool.trace._sources import span_table
from geotool.trace._told import drawn_layers
from geotool.trace._walks import cut_lines, way_line

CHAIN = "A--->B--->C--->D"  # 250 m each


@pytest.fixture(scope="module")
def network():
    return gt.build_network(drawn.rivers(CHAIN))


# ---------------------------------------------------------------- shares of time
@pytest.mark.parametrize(
    ("weights", "shares"),
    [
        ([3, 1], [0.75, 0.25]),
        ([0.75, 0.25], [0.75, 0.25]),
        ([1, 1], [0.5, 0.5]),
        ([1, 0], [1.0, 0.0]),
        ([0.5, 0.5 + 9e-7], [0.5, 0.5]),
        ({"乙": 1, "甲": 4}, [0.8, 0.2]),
        (None, [np.nan, np.nan]),
    ],
)
def test_weights_are_shares_or_days(weights, shares):
    found = _shares(["甲", "乙"], weights)
    assert found.index.tolist() == ["甲", "乙"]
    assert found.tolist() == pytest.approx(shares, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ([0.5, 0.5 + 2e-6], "时间占比合计 1.000002，应为 1"),
        ([1, 0.2], "时间占比合计 1.2，应为 1；.* up to 1.2, not 1"),
        ([1, 1, 1], "2 个情景，却有 3 个权重。.*2 scenarios, but 3 weights"),
        ([1, float("inf")], "应为不小于 0 的数"),
        ([2, -1], "不小于 0"),
        (
            {"甲": 1},
            "权重的名称 甲 与情景 甲、乙 对不上.*for 甲, the scenarios are 甲, 乙",
        ),
    ],
)
def test_weights_that_are_none_are_told(weights, words):
    with pytest.raises(NetworkError, match=words):
        _shares(["甲", "乙"], weights)


def test_scenarios_are_called_by_their_names():
    one, other = Scenario("甲"), Scenario("乙")
    assert _named([None, one]) == {"现状": None, "甲": one}
    assert _named({"a": one, "b": other}) == {"a": one, "b": other}
    for given, words in (
        ([one], "至少要两个情景，得到 1 个"),
        ([one, other, 3], "得到 int"),
        ({"a": one, "share_min": other}, "不能叫“share_min”.* called 'share_min'"),
        ({"a": one, " ": other}, "不能叫“ ”"),
    ):
        with pytest.raises(NetworkError, match=words):
            _named(given)


def test_a_reach_is_cut_at_all_ends_and_only_where_something_changes():
    spans = {
        "甲": [(0.0, 40.0, "certain"), (40.0, 100.0, "certain")],
        "乙": [(10.0, 60.0, "possible"), (60.0 + 5e-7, 90.0, "scenario")],
        "丙": [],
    }
    assert _pieces(spans) == [
        (0.0, 10.0, "certain", "", ""),
        (10.0, 60.0, "certain", "possible", ""),
        (60.0, 90.0, "certain", "scenario", ""),
        (90.0, 100.0, "certain", "", ""),
    ]
    apart = {"甲": [(0.0, 20.0, "certain"), (50.0, 70.0, "certain")]}
    assert _pieces(apart) == [(0.0, 20.0, "certain"), (50.0, 70.0, "certain")]


def test_points_are_in_the_order_of_the_nearest_scenario(network):
    points = drawn.points(CHAIN, "CBA")
    shut = Scenario("断", directions={"AB": "backward"})
    found = compare_scenarios(
        network, ("CD", 50.0), {"甲": shut, "乙": None}, points=points, weights=[1, 3]
    )
    assert tabled.rows(found.points, "layer id 甲 乙 share_min share_max") == [
        "points C certain certain 1 1",
        "points B certain certain 1 1",
        "points A - certain 0.75 0.75",
    ]
    assert found.points["甲 distance_m"].isna().tolist() == [False, False, True]
    assert found.trace("甲").settings["scenario"] == "断"
    with pytest.raises(
        NetworkError, match=r"没有情景“丁”；有：甲、乙.*there are 甲, 乙"
    ):
        found.trace("丁")
    twice = pd.concat([points, points.iloc[:1]])
    with pytest.raises(NetworkError, match="图层 points 有两个点编号都是 'C'"):
        compare_scenarios(network, ("CD", 50.0), [None, shut], points=twice)


def test_limits_and_offsets_hold_in_a_comparison(network):
    points = drawn.points(CHAIN, "AB")
    near = points.set_geometry(points.translate(yoff=90))
    turned = Scenario("反", directions={"AB": "backward"})
    choices = {"points": near, "max_offset_m": 95.0}
    by_metres = compare_scenarios(
        network, ("CD", 0.0), [None, turned], max_distance_m=300, **choices
    )
    assert by_metres.points["id"].tolist() == ["B"]
    assert by_metres.reaches["length_m"].tolist() == [250, 50]
    by_time = compare_scenarios(
        network, ("CD", 0.0), [None, turned], max_time_h=300 / 0.3 / 3600, **choices
    )
    assert by_time.reaches["length_m"].tolist() == pytest.approx([250, 50])
    far = compare_scenarios(
        network, ("CD", 0.0), [None, turned], points=near, max_offset_m=85.0
    )
    assert far.points.empty
    down = compare_scenarios(
        network, ("AB", 0.0), [None, turned], direction="downstream"
    )
    assert down.reaches["反"].tolist() == ["", "", ""]


@pytest.mark.parametrize(("offset_m", "count"), [(199.5, 1), (200.5, 0)])
def test_points_lie_at_most_two_hundred_metres_off_unless_told(
    network, offset_m, count
):
    far = drawn.points(CHAIN, "B")
    far["geometry"] = far.translate(yoff=offset_m)
    for step in (gt.trace_upstream, gt.trace_downstream):
        trace = step(network, [("AB", 0.0), ("CD", 250.0)], points=far)
        assert len(trace.points) == count
    both = compare_scenarios(network, ("CD", 250.0), [None, Scenario("另")], points=far)
    assert len(both.points) == count
    found = section_catchments(network, sections_of("D"), points=far)
    assert len(found.points) == count


# ---------------------------------------------------------------- catchments
def test_who_is_above_whom_and_next():
    "water of 0 comes to 1 and 2, of 1 to 2; 3 and 4 lie in one ring, 0 above both"
    to = [0b11111, 0b00110, 0b00100, 0b11000, 0b11000]
    above, ring = _up_the_water([(0, one, one) for one in to])
    assert above == [0, 0b1, 0b11, 0b1, 0b1]
    assert ring == [0, 0, 0, 0b10000, 0b01000]
    assert [_next_above(above, bit) for bit in range(5)] == [[], [0], [1], [0], [0]]


def sections_of(letters, **columns):
    return drawn.points(CHAIN, letters, **columns).rename(columns={"id": "section_id"})


def test_one_layer_of_points_areas_as_a_series_and_reaches_cut(network):
    half = sections_of("BD")
    half["geometry"] = half.translate(xoff=-50)
    points = drawn.points(CHAIN, "AC", kind=["甲类", None])
    found = section_catchments(
        network, half, points=points, areas=pd.Series({"AB": 5.0, "CD": 10.0})
    )
    assert tabled.rows(found.table, "section_id measure_m area_km2 area_share") == [
        "B 200 4 0.26667",
        "D 200 13 0.86667",
    ]
    assert found.table["own_area_km2"].tolist() == pytest.approx([4, 9])
    assert tabled.rows(found.table, "points own_points next_upstream") == [
        "1 1 []",
        "2 1 B",
    ]
    assert tabled.rows(found.points, "layer id kind") == ["points A 甲类", "points C -"]
    nothing = section_catchments(network, half, areas={"AB": 0.0})
    assert nothing.table["area_share"].tolist() == [0, 0]
    assert nothing.points.empty
    assert nothing.sources().empty
    assert list(nothing.sources()) == list(found.sources())
    assert list(nothing.by_kind()) == list(found.by_kind())
    assert "outfalls" not in nothing.table


def test_points_of_several_layers_are_numbered_through(network):
    outfalls = drawn.points(CHAIN, "AB").rename(columns={"id": "outfall_id"})
    gone = outfalls.set_geometry([outfalls.geometry.iloc[0], None])
    layers = {"outfalls": gone, "none": outfalls.iloc[:0], "mine": gone}
    found = section_catchments(network, sections_of("D"), points=layers)
    assert found.points.index.tolist() == [0, 1]
    assert found.excluded.index.tolist() == [0, 1]
    assert tabled.rows(found.excluded, "layer id kind") == [
        "outfalls B no_place",
        "mine B no_place",
    ]
    assert found.above("D")["layer"].tolist() == ["mine", "outfalls"]


@pytest.mark.parametrize(
    ("areas", "words"),
    [
        ({"AB": float("inf")}, "河段 AB 的面积 inf 应为不小于 0"),
        ({"AB": 0.0, "BC": -0.1}, "河段 BC 的面积 -0.1 .*area -0.1 of reach BC"),
        ({"AB": 1.0, "Q": 1.0, "P": 1.0}, "河段 'Q' 不在河网上（共 2 个）"),
    ],
)
def test_areas_that_are_none_are_told(network, areas, words):
    with pytest.raises(NetworkError, match=words):
        section_catchments(network, sections_of("B"), areas=areas)


def test_sections_without_an_id_or_far_away_are_told(network):
    for ids in (["", "B"], ["B", "B"]):
        with pytest.raises(NetworkError, match=f"断面编号 '{ids[0]}' 为空或重复"):
            section_catchments(network, sections_of("AB").assign(section_id=ids))
    high = sections_of("AB")
    high["geometry"] = high.translate(yoff=60)
    with pytest.raises(LocateError, match=r"2 个断面都不在河网上（限 59.5 m）"):
        section_catchments(network, high, max_offset_m=59.5)
    assert len(section_catchments(network, high, max_offset_m=60.5).table) == 2


# ---------------------------------------------------------------- lines
def test_stretches_are_lines_between_their_measures(network):
    reach, low = np.array([0, 2, 0]), np.array([0.0, 30.0, 0.0])
    lines = cut_lines(network, reach, low, np.array([250.0, 250.0, 70.0]))
    x = drawn.ORIGIN[0]
    assert [(line.coords[0][0] - x, line.coords[-1][0] - x) for line in lines] == [
        (0, 250), (530, 750), (0, 70)
    ]  # fmt: skip
    assert lines[0] is network.reaches.geometry.iloc[0]
    dot = gpd.GeoDataFrame(geometry=[shapely.LineString([(1, 2), (1, 2)])])
    assert list(way_line(dot).coords) == [(1, 2)] * 2


def test_a_start_inside_a_two_way_reach_has_a_way_to_either_side():
    edges = [(0, 1, "bidirectional", 100.0, None), (1, 2, "known", 50.0, None)]
    network = network_of(edges, 3)
    trace = gt.trace_upstream(network, ("R0", 75.0))
    columns = "reach_id distance_m from_measure_m to_measure_m"
    assert tabled.rows(trace.reaches, columns) == ["R0 0 0 75", "R0 0 75 100"]
    assert tabled.rows(trace.details(), "n_ways ways_exact structures") == [
        "1 True []",
        "1 True []",
    ]
    way = trace.path_table("R0")
    assert tabled.rows(way, "from_measure_m to_measure_m distance_m") == ["0 75 0"]
    spans = span_table(trace.ways.stretches)
    told = "row from_measure_m to_measure_m distance_m"
    assert sorted(tabled.rows(spans, told)) == ["0 0 75 0", "0 75 100 0"]
    start = trace.ways.start_points()
    assert drawn_layers(trace)["trace_start"].geometry.tolist() == start
    line = network.reaches.geometry.iloc[0]
    assert line.project(start[0]) == pytest.approx(75)
    low, high = (trace.reaches.iloc[[k]].to_dict("records")[0] for k in (0, 1))
    walks = [trace.ways.reach_walk(row).steps for row in (low, high)]
    assert walks == [(("R0", 0.0, 75.0),), (("R0", 100.0, 75.0),)]

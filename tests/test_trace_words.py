"""What is said of starts and of places that were not met, to the letter."""

import drawn
import geopandas as gpd
import numpy as np
import pytest
import shapely
import tabled
from test_trace_exact import network_of

import geotool as gt
from geotool.errors import LocateError, NetworkError
from geotool.network import Scenario
from geotool.trace._points import point_id, point_name
from geotool.trace._stored import as_points

CHAIN = "A--->B--->C--->D"  # 250 m each


def spot(network, reach, measure, key="p"):
    place = network.reaches.set_index("reach_id").geometry[reach].interpolate(measure)
    return gpd.GeoDataFrame({"id": [key]}, geometry=[place], crs=network.crs)


def why(trace):
    (row,) = trace.excluded.to_dict("records")
    return row["kind"], row["reason"], row["reason_en"], row["at"]


# ---------------------------------------------------------------- starts
def test_a_start_is_called_by_its_name_or_id_or_place():
    network = gt.build_network(drawn.rivers(CHAIN))
    named = drawn.points(CHAIN, "C", name=["丙断面"]).rename(
        columns={"id": "section_id"}
    )
    nameless = named.assign(name=None)
    empty = named.assign(name="", section_id=None)
    bare = named.geometry.iloc[0]
    calls = [named, nameless, empty, bare, ("BC", 250.0), [named, bare, ("AB", 0.5)]]
    labels = ["丙断面", "C", "point", "point", "BC@250 m", "丙断面、point、AB@0.5 m"]
    for at, label in zip(calls, labels, strict=True):
        trace = gt.trace_upstream(network, at)
        assert trace.settings["start"] == label
        assert trace.reaches["length_m"].sum() == pytest.approx(500)
    both = drawn.points(CHAIN, "BC", name=["乙", None])
    assert gt.trace_upstream(network, both).settings["start"] == "乙"


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (("AB", float("nan")), r"里程 nan 不是数。 / The measure nan is no number\."),
        (("AB", float("inf")), "里程 inf 不是数"),
        (("AB", "1"), r"得到 str.* got str\."),
        (("AB", 1.0, 2.0), "得到 str"),
        (3, "得到 int"),
        (gpd.GeoDataFrame(geometry=[], crs=4549), "起点图层是空的"),
    ],
)
def test_a_start_that_is_none_is_told(at, words):
    network = gt.build_network(drawn.rivers(CHAIN))
    with pytest.raises(LocateError, match=words):
        gt.trace_upstream(network, at)


def test_a_start_far_off_or_without_a_place_is_told_by_its_name():
    network = gt.build_network(drawn.rivers(CHAIN))
    x, y = drawn.ORIGIN
    for place, words in (
        (shapely.Point(x + 100, y + 230), "北断面 离最近河段 AB 有 230 m，超过 200 m"),
        (None, "北断面 没有坐标"),
    ):
        frame = gpd.GeoDataFrame({"name": ["北断面"]}, geometry=[place], crs=drawn.CRS)
        with pytest.raises(LocateError, match=words):
            gt.trace_downstream(network, frame)
        with pytest.raises(LocateError, match=words.replace("北断面", "起点")):
            gt.trace_downstream(network, frame[["geometry"]])
    near = gpd.GeoDataFrame(geometry=[shapely.Point(x + 100, y + 230)], crs=drawn.CRS)
    found = gt.trace_downstream(network, near, max_offset_m=230.0)
    assert found.reaches["from_measure_m"].tolist() == [100, 0, 0]


# ---------------------------------------------------------------- points
def test_a_point_has_the_id_of_its_layer_or_of_any_or_its_place_in_the_layer():
    assert point_id({"outfall_id": "P", "section_id": "S"}, "sections") == "S"
    assert point_id({"outfall_id": "P", "section_id": "S"}, "outfalls") == "P"
    assert point_id({"outfall_id": "P", "id": "I"}, "sections") == "I"
    assert point_id({"outfall_id": None, "id": 7}, "outfalls") == "7"
    assert point_id({"section_id": "S", "id": "I"}, "mine") == "S"
    assert point_id({"outfall_id": np.nan}, "outfalls") == ""
    assert [point_name({"name": n}) for n in (None, np.nan, "甲", 3)] == [
        "", "", "甲", "3"
    ]  # fmt: skip
    assert point_name({}) == ""


def test_the_start_is_no_candidate_but_others_of_its_layer_are():
    network = gt.build_network(drawn.rivers(CHAIN))
    sections = drawn.points(CHAIN, "ABC").rename(columns={"id": "section_id"})
    outfalls = drawn.points(CHAIN, "BC").rename(columns={"id": "outfall_id"})
    layers = {"sections": sections, "outfalls": outfalls, "empty": outfalls.iloc[:0]}
    for start in (sections.iloc[2:], [sections.iloc[2:]]):
        trace = gt.trace_upstream(network, start, points=layers)
        assert tabled.rows(trace.points, "rank layer id distance_m") == [
            "1 outfalls C 0",
            "1 sections B 250",
            "2 outfalls B 250",
            "2 sections A 500",
        ]
        assert trace.excluded.empty
    two = gt.trace_upstream(
        network, [sections.iloc[1:2], sections.iloc[2:]], points=layers
    )
    assert two.points["id"].tolist() == ["B", "C", "A"]
    mine = drawn.points(CHAIN, "BC")
    alone = gt.trace_upstream(network, mine.iloc[1:], points=mine)
    assert tabled.rows(alone.points, "layer id") == ["points B"]


def test_a_point_beyond_a_limit_or_the_bank_is_told_how_far():
    network = gt.build_network(drawn.rivers(CHAIN, velocity_m_s=0.1))
    points = drawn.points(CHAIN, "A")
    short = gt.trace_upstream(network, ("CD", 110.0), points=points, max_distance_m=609)
    assert why(short) == (
        "limit",
        "超出设定范围：沿河 610 m，最快 1.7 h",
        "beyond the limit: 610 m by water, 1.7 h at the fastest",
        "",
    )
    exact = gt.trace_upstream(network, ("CD", 110.0), points=points, max_distance_m=610)
    assert exact.points["distance_m"].tolist() == [610]
    quick = gt.build_network(drawn.rivers(CHAIN, velocity_m_s=0.5))
    for hours, count in ((0.4, 1), (0.3999, 0)):  # 720 m at 0.5 m/s take 0.4 h
        at = ("CD", 220.0)
        timed = gt.trace_upstream(quick, at, points=points, max_time_h=hours)
        assert len(timed.points) == count
    off = points.set_geometry(points.translate(yoff=120))
    assert why(
        gt.trace_upstream(network, ("CD", 1.0), points=off, max_offset_m=99.5)
    ) == (
        "far",
        "离最近河段 AB 的岸边 120 m，超过 99.5 m，未能定位到河网",
        "120 m from the bank of the nearest reach AB, more than 99.5 m",
        "AB",
    )
    nowhere = points.set_geometry([None])
    assert why(gt.trace_upstream(network, ("CD", 1.0), points=nowhere)) == (
        "no_place", "没有坐标", "no coordinates", ""
    )  # fmt: skip


def test_the_earliest_water_counts_whatever_its_class():
    "known and slow by 1, unknown and quick straight"
    edges = [
        (0, 1, "known", 90.0, None),
        (1, 2, "known", 90.0, None),
        (0, 2, "unknown", 108.0, None),
        (3, 0, "known", 54.0, None),
    ]
    network = network_of(edges, 4)
    points = spot(network, "R3", 0.0)
    row = gt.trace_upstream(network, ("R1", 90.0), points=points).points.iloc[0]
    assert (row["relation"], row["distance_m"]) == ("certain", 234)
    assert row["travel_time_min_h"] == pytest.approx(234 / 0.3 / 3600)
    assert row["travel_time_max_h"] == pytest.approx(234 / 0.03 / 3600)
    assert row["earliest_h"] == pytest.approx(162 / 0.3 / 3600)
    inside = gt.trace_upstream(network, ("R1", 90.0), points=spot(network, "R2", 27.0))
    row = inside.points.iloc[0]
    assert row["earliest_h"] == pytest.approx(81 / 0.3 / 3600)
    down = gt.trace_downstream(network, ("R3", 0.0), points=spot(network, "R1", 90.0))
    assert down.points["earliest_h"].iloc[0] == pytest.approx(162 / 0.3 / 3600)


# ---------------------------------------------------------------- reasons
def test_a_point_just_beyond_the_start_is_doubtful():
    network = gt.build_network(drawn.rivers(CHAIN))
    for metres, doubt in ((30.0, True), (31.0, False)):
        at, place = ("BC", 100.0), spot(network, "BC", 100.0 + metres)
        kind, zh, en, where = why(gt.trace_upstream(network, at, points=place))
        assert (kind, where) == ("other_side", "")
        tail = "；距离小于定位误差，请现场核实在哪一侧" if doubt else ""
        assert zh == f"在起点下游，沿河 {metres:.0f} m{tail}"
        tail = "; nearer than its place is sure, check on site" if doubt else ""
        assert en == f"downstream of the start, {metres:.0f} m by water{tail}"
        place = spot(network, "BC", 100.0 - metres)
        kind, zh, en, where = why(gt.trace_downstream(network, at, points=place))
        assert zh.startswith(f"在起点上游，沿河 {metres:.0f} m")
        assert en.startswith("upstream of the start")


def test_what_is_perhaps_downstream_says_by_what():
    edges = [(0, 1, "known", 100.0, None), (1, 2, "unknown", 100.0, None),
             (2, 3, "known", 100.0, None)]  # fmt: skip
    network = network_of(edges, 4)
    trace = gt.trace_upstream(network, ("R0", 50.0), points=spot(network, "R2", 50.0))
    assert why(trace) == (
        "other_side",
        "可能在起点下游（经流向不明的河段），沿河 200 m",
        "perhaps downstream of the start, 200 m by water",
        "",
    )


@pytest.mark.parametrize("up", [True, False])
def test_gates_that_cut_a_place_off_are_named_in_order(up):
    edges = [
        (0, 1, "known", 100.0, "closed"),
        (1, 2, "known", 60.0, "one_way"),
        (2, 3, "known", 80.0, "closed"),
    ]
    network = network_of(edges, 4)
    if up:
        trace = gt.trace_upstream(
            network, ("R2b", 20.0), points=spot(network, "R0", 15)
        )
        names, ids = "闸0、闸2", "Z0、Z2"
    else:
        trace = gt.trace_downstream(
            network, ("R0", 15.0), points=spot(network, "R2b", 20)
        )
        names, ids = "闸2、闸0", "Z2、Z0"
    assert why(trace) == (
        "closed_gate",
        f"被 {names} 隔断（关闭或只向另一侧过水）；若开启，沿河约 205 m",
        f"cut off by {names}; about 205 m by water if it were open",
        ids,
    )


def test_the_reach_nearest_to_the_start_is_the_one_that_runs_away():
    edges = [
        (1, 0, "known", 100.0, None),
        (2, 1, "known", 100.0, None),
        (1, 3, "known", 100.0, None),
        (4, 3, "known", 100.0, None),
        (4, 5, "known", 100.0, None),
    ]
    network = network_of(edges, 6)
    trace = gt.trace_upstream(network, ("R0", 50.0), points=spot(network, "R4", 50.0))
    kind, zh, en, where = why(trace)
    assert (kind, where) == ("against_flow", "R2")
    assert zh == "R2（R2）的流向（资料给定）背离起点"
    assert en == "R2 (R2) runs the other way (by given)"
    down = gt.trace_downstream(network, ("R0", 50.0), points=spot(network, "R4", 50.0))
    assert why(down)[0] == "against_flow"
    assert why(down)[3] == "R1" or why(down)[3] == "R0"


# ---------------------------------------------------------------- others
def test_a_trace_without_ways_or_of_another_network_is_refused():
    network = gt.build_network(drawn.rivers(CHAIN))
    trace = gt.trace_upstream(network, ("CD", 50.0), points=drawn.points(CHAIN, "A"))
    plain = type(trace)(*(getattr(trace, name) for name in list(vars(trace))[:6]))
    for ask in (lambda: plain.path("A"), plain.details, plain.to_map):
        with pytest.raises(NetworkError, match=r"没有保存路径.*holds no ways"):
            ask()
    other = gt.orient_network(network, fixed={"AB": "unknown"})
    with pytest.raises(NetworkError, match="过期"):
        trace.path_line("A", other)
    assert trace.path_line("A", network).length == pytest.approx(550)
    assert trace.is_stale(other)
    changed = f"{network.hash} → {other.hash}"
    assert trace.why_stale(other)[0] == (
        f"结果已过期：河网在溯源之后改过（{changed}），请重新溯源"
    )
    opened = Scenario("开")
    assert trace.why_stale(network, scenario=opened)[0] == (
        "结果已过期：它用的情景“现状”与现在的“开”不同，请重新溯源"
    )
    assert trace.why_stale(network, scenario=None) is None
    with pytest.raises(NetworkError, match=r"没有编号 'ZZ' 的点或河段.*不在上游"):
        trace.path("ZZ")
    assert trace.path("AB", layer="reaches") == ["AB", "BC", "CD"]
    with pytest.raises(NetworkError, match="'AB'"):
        trace.path("AB", layer="p")


def test_an_area_stands_for_itself_by_a_point_inside_it():
    frame = gpd.GeoDataFrame(
        {"id": list("abc")},
        geometry=[shapely.box(0, 0, 2, 2), shapely.Point(5, 5), None],
        crs=4549,
    )
    found = as_points(frame)
    assert frame.geometry.iloc[0].contains(found.geometry.iloc[0])
    assert found.geometry.iloc[1] == shapely.Point(5, 5)
    assert found.geometry.iloc[2] is None
    assert found["id"].tolist() == list("abc")

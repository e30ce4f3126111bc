"""Ways, alerts and scenarios: counted against brute force, told with times and reasons."""

from collections import defaultdict

import drawn
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trace_exact import RANK, World, cases, positions

import geotool as gt
from geotool.errors import LayerError, NetworkError, SourceError
from geotool.network import Scenario
from geotool.report import write_sheets
from geotool.tables import load_table
from geotool.trace import (
    alert_sheet,
    alert_table,
    border_points,
    compare_scenarios,
    section_catchments,
)
from geotool.trace._told import drawn_layers


# ---------------------------------------------------------------- ways
def simple_ways(world, level, reach, measure):
    """Count, one by one, the walks from a place to a start that meet no node twice."""
    arcs = defaultdict(list)
    for k, (row, a, b, *_) in enumerate(world.pieces):
        word = world.ways[row][level]
        for sign in "+-" if word == "?" and level == 2 else word.replace("?", ""):
            tail, head = (a, b) if sign == "+" else (b, a)
            arcs[tail].append((k, head))
    for k, (near, far) in enumerate(world._passages(level)):
        arcs[near].append((("gate", k), far))

    def walks(node, met, used):
        if node in world.targets:
            return 1
        return sum(
            walks(head, met | {head}, used)
            for edge, head in arcs[node]
            if head not in met and edge != used
        )

    name = world.name(reach, measure)
    nodes = {n for piece in world.pieces for n in piece[1:3]}
    if name in nodes:
        return walks(name, {name}, None)
    ids = world.network.reaches["reach_id"].tolist()
    piece = next(
        k for k, (row, _, _, low, high) in enumerate(world.pieces)
        if ids[row] == reach and low < measure < high
    )  # fmt: skip
    word = world.ways[world.pieces[piece][0]][level]
    if word == "?" and level < 2:
        return None  # certain whichever way it runs: no one way to count
    ends = {"+": world.pieces[piece][2], "-": world.pieces[piece][1]}
    signs = "+-" if word == "?" else word
    return sum(walks(ends[s], {ends[s]}, piece) for s in signs)


@settings(max_examples=60, deadline=None)
@given(cases(), st.data())
def test_ways_are_counted_exactly_or_said_to_be_more(case, data):
    hold_against_every_way(case, data)


@pytest.mark.long
@settings(max_examples=1500, deadline=None)
@given(cases(), st.data())
def test_ways_are_counted_exactly_many_times(case, data):
    hold_against_every_way(case, data)


def hold_against_every_way(case, data):
    network, starts, scenario = case
    at = positions(network, starts)
    rows = network.reaches
    k = data.draw(st.integers(0, len(rows) - 1))
    share = data.draw(st.sampled_from([0.0, 0.3, 0.9]))
    place = rows.geometry.iloc[k].interpolate(share, normalized=True)
    spot = gpd.GeoDataFrame({"id": ["p"]}, geometry=[place], crs=4549)
    trace = gt.trace_upstream(network, at, points=spot, scenario=scenario)
    if trace.points.empty:
        return
    row, world = trace.points.iloc[0], World(network, starts, scenario)
    level = RANK[row["relation"]]
    start_rows = {rows["reach_id"].tolist().index(key) for key, _ in at}
    if level < 2 and any(world.ways[r][level] == "?" for r in start_rows):
        assert row["n_ways"] >= 1
        return
    brute = simple_ways(world, level, row["reach_id"], row["measure_m"])
    if brute is None:
        assert row["n_ways"] >= 1
    elif row["ways_exact"]:
        assert row["n_ways"] == brute
    else:
        assert 1 <= row["n_ways"] <= brute
        assert row["loops"] or len(trace.loops)


LADDER = """
A--->B--->C--->D--->E
     |    ^    |    ^
     v    |    v    |
     F--->G    H--->I
"""


def test_ways_multiply_along_a_ladder_and_are_shown():
    network = gt.build_network(drawn.rivers(LADDER))
    end = drawn.points(LADDER, "E")
    points = {"p": drawn.points(LADDER, "ABDH").rename(columns={"id": "no"})}
    points["p"]["outfall_id"] = points["p"].pop("no")
    trace = gt.trace_upstream(network, end, points=points)
    ways = trace.points.set_index("id")["n_ways"].to_dict()
    assert ways == {"A": 4, "B": 4, "D": 2, "H": 1}
    details = trace.details().set_index("reach_id")
    assert details.loc[["AB", "BF", "CD", "DE"], "n_ways"].tolist() == [4, 2, 2, 1]
    assert details["ways_exact"].all()


def test_many_diamonds_are_counted_in_linear_time_and_stop_at_a_bound():
    "sixty diamonds have 2**60 ways: more than a double holds"
    edges = []
    for k in range(60):
        edges += [(2 * k, 2 * k + 1, True), (2 * k, 2 * k + 1, False)]
        edges += [(2 * k + 1, 2 * k + 2, True)]
    lines = [
        shapely.LineString(
            [(a * 100, 0), (a * 100 + 50, 20 if up else -20), (b * 100, 0)]
        )
        for a, b, up in edges
    ]
    rivers = gpd.GeoDataFrame(
        {"river_id": [f"R{k}" for k in range(len(lines))], "direction": "digitized"},
        geometry=lines,
        crs=4549,
    )
    network = gt.build_network(rivers)
    spots = gpd.GeoDataFrame(
        {"id": ["near", "far"]},
        geometry=[shapely.Point(100 * (120 - 20), 0), shapely.Point(0, 0)],
        crs=4549,
    )
    at = shapely.Point(100 * 120, 0)
    points = gt.trace_upstream(network, at, points=spots).points.set_index("id")
    assert points.loc["near", ["n_ways", "ways_exact"]].tolist() == [2**10, True]
    assert points.loc["far", ["n_ways", "ways_exact"]].tolist() == [10**15, False]


WHEEL = """
A--->B<-->C
     ^    ^
     v    v
     D<-->E--->F
"""


def test_a_ring_of_flow_is_named_and_its_ways_are_at_least():
    network = gt.build_network(drawn.rivers(WHEEL))
    trace = gt.trace_upstream(
        network, ("EF", 100.0), points={"p": drawn.points(WHEEL, "A")}
    )
    row = trace.points.iloc[0]
    assert (row["n_ways"], row["ways_exact"]) == (1, False)
    assert row["loops"] == trace.loops["loop_id"].tolist()
    assert set(trace.loops["reaches"].iloc[0]) == {"BC", "BD", "CE", "DE"}
    assert trace.loops["length_m"].iloc[0] == pytest.approx(
        network.reaches.loc[
            network.reaches["flow_mode"] == "bidirectional", "length_m"
        ].sum()
    )
    assert "至少 1" in trace._repr_html_()


def test_two_way_reaches_without_a_ring_have_one_way():
    picture = "A<-->B<-->C<-->D--->E"
    network = gt.build_network(drawn.rivers(picture))
    trace = gt.trace_upstream(
        network, ("DE", 100.0), points={"p": drawn.points(picture, "AB")}
    )
    assert trace.points["n_ways"].tolist() == [1, 1]
    assert trace.points["ways_exact"].all()
    assert trace.loops.empty


@settings(max_examples=25, deadline=None)
@given(cases())
def test_every_reach_has_its_way_and_what_it_passes(case):
    network, starts, scenario = case
    trace = gt.trace_upstream(network, positions(network, starts), scenario=scenario)
    details = trace.details()
    assert details["reach_id"].tolist() == trace.reaches["reach_id"].tolist()
    assert (details["n_ways"] >= 1).all()
    nearest = details.drop_duplicates("reach_id")
    for row in nearest.itertuples():
        way = trace.path_table(row.reach_id)
        assert way["length_m"].sum() == pytest.approx(row.distance_m + row.length_m)
        assert way.geometry.length.sum() == pytest.approx(way["length_m"].sum())
        assert way["reach_id"].iloc[0] == row.reach_id
        assert [s for cell in way["structures"] for s in cell] == row.structures
        assert trace.path(row.reach_id) == list(dict.fromkeys(way["reach_id"]))


def test_path_of_a_place_nobody_met_says_why():
    network = gt.build_network(drawn.rivers("A--->B--->C"))
    points = drawn.points("A--->B--->C", "AC")
    trace = gt.trace_upstream(network, ("AB", 100.0), points={"p": points})
    assert trace.path("A") == ["AB"]
    with pytest.raises(NetworkError, match="在起点下游"):
        trace.path("C")
    with pytest.raises(NetworkError, match="核对编号"):
        trace.path("ZZ")
    twice = gt.trace_upstream(network, ("AB", 100.0), points={"p": points, "q": points})
    with pytest.raises(NetworkError, match="layer="):
        twice.path("A")
    assert twice.path("A", layer="q") == ["AB"]


# ---------------------------------------------------------------- alert
SPILL = """
A--->B--->C--->D
     |         ^
     E---------F
"""
"""B to C is known and long; B E F D is unknown."""


def spill_trace(**columns):
    network = gt.build_network(drawn.rivers(SPILL, velocity_m_s=0.1, **columns))
    intakes = drawn.points(SPILL, "CD").rename(columns={"id": "water_source_id"})
    sections = drawn.points(SPILL, "F").rename(columns={"id": "section_id"})
    return gt.trace_downstream(
        network,
        ("AB", 50.0),
        points={"water_sources": intakes, "sections": sections},
    )


def test_an_alert_is_in_the_order_of_time_and_counts_back_from_the_front():
    trace = spill_trace()
    alert = alert_table(trace, spill_time="2026-10-01 08:00", lead_h=0.1)
    assert alert["first_arrival_min_h"].is_monotonic_increasing
    assert alert["order"].tolist() == list(range(1, len(alert) + 1))
    front = load_table("hydraulics")["arrival"]["leading_edge_factor"]["value"]
    row = alert.set_index("id").loc["C"]
    hours = (200.0 + 250.0) / 0.1 / 3600
    assert row["peak_min_h"] == pytest.approx(hours)
    assert row["first_arrival_min_h"] == pytest.approx(front * hours)
    assert row["action"] == "必须关闭取水口"
    began = pd.Timestamp("2026-10-01 08:00")
    assert row["act_by"] == began + pd.Timedelta(
        seconds=round((front * hours - 0.1) * 3600)
    )
    section = alert.set_index("id").loc["F"]
    assert section["action"] == "预备加密监测"


def test_a_possible_short_cut_brings_the_alarm_forward():
    "D is certain by C, but may be met sooner by the unknown water round E and F"
    picture = SPILL.replace("--->C--->", "-->C---->")
    rivers = drawn.rivers(picture)
    rivers["velocity_m_s"] = np.where(rivers["direction"] == "unknown", 1.0, 0.05)
    intakes = drawn.points(picture, "D").rename(columns={"id": "water_source_id"})
    trace = gt.trace_downstream(
        gt.build_network(rivers), ("AB", 50.0), points={"water_sources": intakes}
    )
    row = trace.points.iloc[0]
    assert row["relation"] == "certain"
    assert row["earliest_h"] < row["travel_time_min_h"]
    alert = alert_table(trace).set_index("id").loc["D"]
    assert alert["first_arrival_min_h"] < 0.89 * alert["peak_min_h"]
    assert "近路" in alert["note"]


def test_a_closed_gate_and_the_end_of_the_network_stand_in_the_alert():
    picture = "A--->B--->C"
    grid, _ = drawn.parse(picture)
    one, other = drawn.place(grid, "B"), drawn.place(grid, "C")
    gate = gpd.GeoDataFrame(
        {
            "structure_id": ["Z1"],
            "name": ["东闸"],
            "kind": ["sluice"],
            "state": ["closed"],
        },
        geometry=[shapely.Point((one[0] + other[0]) / 2, one[1])],
        crs=drawn.CRS,
    )
    shut = gt.build_network(drawn.rivers(picture, velocity_m_s=0.1), structures=gate)
    alert = alert_table(gt.trace_downstream(shut, ("AB", 50.0)))
    assert alert["id"].tolist() == ["Z1"]
    assert alert["action"].tolist() == ["保持关闭"]
    opened = Scenario("开", structures={"Z1": "open"})
    free = alert_table(gt.trace_downstream(shut, ("AB", 50.0), scenario=opened))
    assert free["layer"].tolist() == ["boundary"]
    assert free["action"].tolist() == ["按现有闸况须通报下游（水由此流出河网）"]
    assert alert_sheet(free)["类别"].tolist() == ["河网出口"]
    assert "最迟行动时间" not in alert_sheet(free).columns


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"up": True}, "下游"),
        ({"spill_time": "昨天"}, "不是时间"),
        ({"lead_h": -1.0}, "不小于 0"),
        ({"lead_h": float("nan")}, "不小于 0"),
    ],
)
def test_bad_alerts_are_told_in_one_line(choices, words):
    trace = spill_trace()
    if choices.pop("up", None):
        trace = gt.trace_upstream(trace.ways.network, ("AB", 50.0))
    with pytest.raises(NetworkError, match=words) as caught:
        alert_table(trace, **choices)
    assert "\n" not in str(caught.value)


def test_borders_are_found_inside_reaches_and_at_nodes():
    picture = "A--->B--->C--->D"
    network = gt.build_network(drawn.rivers(picture, velocity_m_s=0.1))
    grid, _ = drawn.parse(picture)
    x = {letter: drawn.place(grid, letter)[0] for letter in "ABCD"}
    y = drawn.place(grid, "A")[1]
    areas = [
        shapely.box(x["A"] - 50, y - 50, x["B"] + 100, y + 50),
        shapely.box(x["B"] + 100, y - 50, x["C"], y + 50),
        shapely.box(x["C"], y - 50, x["D"] + 50, y + 50),
    ]
    admin = gpd.GeoDataFrame({"name": list("甲乙丙")}, geometry=areas, crs=drawn.CRS)
    borders = border_points(network, admin)
    assert borders["name"].tolist() == ["甲 → 乙", "丙 / 乙"]
    trace = gt.trace_downstream(network, ("AB", 50.0), points={"borders": borders})
    alert = alert_table(trace)
    assert alert["name"].tolist()[:2] == ["甲 → 乙", "丙 / 乙"]
    assert alert["action"].tolist()[0] == "必须通报下游辖区"
    with pytest.raises(LayerError, match="name"):
        border_points(network, admin.drop(columns="name"))


# ---------------------------------------------------------------- scenarios
GATED = """
A--->B--->C--->D
     ^
     |
     E--->F
"""


def gated():
    grid, _ = drawn.parse(GATED)
    one, other = drawn.place(grid, "E"), drawn.place(grid, "B")
    gate = gpd.GeoDataFrame(
        {
            "structure_id": ["Z1"],
            "name": ["北闸"],
            "kind": ["sluice"],
            "state": ["closed"],
        },
        geometry=[shapely.Point((one[0] + other[0]) / 2, (one[1] + other[1]) / 2)],
        crs=drawn.CRS,
    )
    return gt.build_network(drawn.rivers(GATED), structures=gate)


OPEN = Scenario("开闸", structures={"Z1": "open"})


def test_scenarios_tell_what_a_gate_changes():
    network = gated()
    points = {
        "outfalls": drawn.points(GATED, "AE").rename(columns={"id": "outfall_id"})
    }
    both = compare_scenarios(
        network,
        ("CD", 50.0),
        [None, OPEN],
        points=points,
        weights={"现状": 300, "开闸": 65},
    )
    changed = both.changes[both.changes["layer"] == "outfalls"]
    assert changed[["change", "id", "before", "after"]].to_numpy().tolist() == [
        ["gained", "E", "", "scenario"]
    ]
    met = both.points.set_index("id")
    assert met["share_min"].to_dict() == pytest.approx({"A": 1.0, "E": 65 / 365})
    assert both.summary.set_index("scenario").loc["开闸", "gained_points"] == 1
    assert both.trace("开闸").settings["scenario"] == "开闸"
    assert "+1 -0" in repr(both)
    assert not both.is_stale(network)
    assert both.is_stale(gt.orient_network(network, fixed={"AB": "unknown"}))
    assert both.tables()["情景对比"]["增加点位"].tolist() == [0, 1]


@settings(max_examples=25, deadline=None)
@given(cases(), st.data())
def test_side_by_side_is_each_trace_cut_alike(case, data):
    "lengths by class come out as of each trace; shares lie between 0 and 1 and in order"
    network, starts, scenario = case
    at = positions(network, starts)
    rivers = sorted(set(network.reaches["river_id"]))
    words = st.sampled_from(["forward", "backward", "both", "unknown"])
    other = Scenario(
        "另",
        directions=data.draw(
            st.dictionaries(st.sampled_from(rivers), words, max_size=2)
        ),
    )
    limit = data.draw(st.sampled_from([None, 130.0]))
    both = compare_scenarios(
        network,
        at,
        {"甲": scenario, "乙": other},
        weights=[0.25, 0.75],
        max_distance_m=limit,
    )
    for name, one in (("甲", scenario), ("乙", other)):
        trace = gt.trace_upstream(network, at, scenario=one, max_distance_m=limit)
        expected = trace.reaches.groupby("relation")["length_m"].sum().to_dict()
        found = both.reaches[both.reaches[name] != ""]
        found = found.groupby(name)["length_m"].sum().to_dict()
        assert found == pytest.approx(expected)
    table = both.reaches
    assert (table["share_min"] <= table["share_max"] + 1e-12).all()
    assert table["share_max"].between(0.25 - 1e-12, 1 + 1e-12).all()
    is_reach = both.changes["layer"] == "reaches"
    gained = both.changes[is_reach & (both.changes["change"] == "gained")]
    lost = both.changes[is_reach & (both.changes["change"] == "lost")]
    total = [both.trace(name).reaches["length_m"].sum() for name in ("甲", "乙")]
    difference = gained["length_m"].sum() - lost["length_m"].sum()
    assert total[1] - total[0] == pytest.approx(difference, abs=1e-6)


def test_without_weights_nobody_claims_a_share():
    both = compare_scenarios(gated(), ("CD", 50.0), [None, OPEN])
    assert both.reaches["share_min"].isna().all()
    assert both.reaches["share_max"].isna().all()
    assert "时间权重" not in both._repr_html_()


@pytest.mark.parametrize(
    ("scenarios", "options", "words"),
    [
        ([None], {}, "至少要两个"),
        ([OPEN, OPEN], {}, "都叫"),
        ([None, "开闸"], {}, "read_scenario"),
        ([None, Scenario("x", structures={"Q": "open"})], {}, "Q"),
        ([None, Scenario("name")], {}, "改名"),
        ([None, OPEN], {"weights": [1.0]}, "1 个权重"),
        ([None, OPEN], {"weights": [0.5, 0.4]}, "合计 0.9"),
        ([None, OPEN], {"weights": [0.5, 1.0]}, "合计 1.5"),
        ([None, OPEN], {"weights": [2.0, -1.0]}, "不小于 0"),
        ([None, OPEN], {"weights": [0.0, 0.0]}, "不全为 0"),
        ([None, OPEN], {"weights": {"现状": 1.0, "关": 0.0}}, "对不上"),
        ([None, OPEN], {"direction": "up"}, "upstream"),
        ([None, OPEN], {"max_distance_m": -5.0}, "正数"),
    ],
)
def test_bad_comparisons_are_told_in_one_line(scenarios, options, words):
    with pytest.raises(NetworkError, match=words) as caught:
        compare_scenarios(gated(), ("CD", 50.0), scenarios, **options)
    assert "\n" not in str(caught.value)
    assert " / " in str(caught.value)


def test_results_of_several_tables_make_one_workbook(tmp_path):
    network = gated()
    evil = drawn.points(GATED, "A", name=["=1+1"]).rename(columns={"id": "outfall_id"})
    both = compare_scenarios(
        network, ("CD", 50.0), [None, OPEN], points={"outfalls": evil}
    )
    path = write_sheets(both, tmp_path / "c.xlsx")
    book = pd.read_excel(path, sheet_name=None, engine="calamine")
    assert list(book) == ["情景对比", "增减", "点位", "河段", "说明"]
    assert book["点位"]["名称"].tolist() == ["=1+1"]
    sections = drawn.points(GATED, "CD").rename(columns={"id": "section_id"})
    found = section_catchments(network, sections, points={"outfalls": evil})
    book = pd.read_excel(
        write_sheets(found, tmp_path / "s.xlsx"), sheet_name=None, engine="calamine"
    )
    assert book["断面汇水"]["断面编号"].tolist() == ["C", "D"]
    with pytest.raises(SourceError, match="xlsx"):
        write_sheets(found, tmp_path / "s.csv")


def test_points_without_an_id_are_told_apart_and_double_ids_refused():
    network = gated()
    spots = drawn.points(GATED, "AB")[["geometry"]]
    trace = gt.trace_upstream(network, ("CD", 50.0), points={"outfalls": spots})
    assert sorted(trace.points["id"]) == ["#1", "#2"]
    assert trace.path("#1") == ["AB", "BC", "CD"]
    spots["outfall_id"] = "P"
    with pytest.raises(NetworkError, match="分不清"):
        compare_scenarios(
            network, ("CD", 50.0), [None, OPEN], points={"outfalls": spots}
        )


def test_results_without_anything_in_them_are_whole():
    network = gated()
    shut = gt.trace_downstream(network, ("CD", 200.0), max_distance_m=1.0)
    alert = alert_table(shut, spill_time="2026-10-01")
    assert alert.empty
    assert alert_sheet(alert).empty
    assert shut.points.empty
    assert "0 个点" in shut._repr_html_()
    both = compare_scenarios(network, ("CD", 50.0), [None, OPEN])
    assert both.points.empty
    assert both.changes["layer"].tolist() == ["reaches"] * len(both.changes)
    sections = drawn.points(GATED, "C").rename(columns={"id": "section_id"})
    found = section_catchments(network, sections)
    assert found.above("C").empty
    assert found.by_kind().empty
    assert found.tables()["上游清单"].empty


def test_an_edit_of_a_velocity_makes_a_trace_stale():
    network = gated()
    trace = gt.trace_upstream(network, ("CD", 50.0))
    faster = network.reaches.assign(velocity_m_s=0.7)
    edited = type(network)(faster, network.nodes, network.structures)
    assert trace.is_stale(edited)


def test_results_draw_themselves():
    network = gated()
    points = {"outfalls": drawn.points(GATED, "A").rename(columns={"id": "outfall_id"})}
    trace = gt.trace_upstream(network, ("CD", 50.0), points=points)
    assert trace.plot(points)._repr_png_()[1:4] == b"PNG"
    assert "上游追踪" in trace.to_map(points).get_root().render()
    start = network.reaches.set_index("reach_id").geometry["CD"].interpolate(50.0)
    assert drawn_layers(trace)["trace_start"].geometry.iloc[0].distance(start) < 1e-6
    late = trace.checked(gt.orient_network(network, fixed={"AB": "unknown"}))
    assert "已过期" in late.to_map().get_root().render()
    both = compare_scenarios(network, ("CD", 50.0), [None, OPEN])
    assert "开闸（对比现状）" in both.to_map().get_root().render()
    with pytest.raises(NetworkError, match="没有情景"):
        both.to_map("关闸")
    sections = drawn.points(GATED, "CD").rename(columns={"id": "section_id"})
    found = section_catchments(network, sections)
    assert "C 上游汇水范围" in found.to_map("C").get_root().render()


# ---------------------------------------------------------------- stale
def test_a_stale_trace_says_so_in_its_repr_and_in_every_file(tmp_path):
    network = gated()
    points = {"outfalls": drawn.points(GATED, "A").rename(columns={"id": "outfall_id"})}
    trace = gt.trace_upstream(network, ("CD", 50.0), points=points)
    other = gt.orient_network(network, fixed={"AB": "unknown"})
    assert not trace.is_stale(network)
    assert trace.is_stale(other)
    assert trace.is_stale(network, scenario=OPEN)
    assert not trace.is_stale(network, scenario=None)
    assert network.hash in repr(trace)
    assert "STALE" not in repr(trace.checked(network))
    late = trace.checked(other)
    assert "STALE" in repr(late)
    assert "过期" in late._repr_html_()
    assert "STALE" not in repr(late.checked(network))
    for made, word in ((network, False), (other, True)):
        document = gt.trace_document(trace, network=made)
        assert bool(document["stale"]) is word
        assert any("过期" in text for text in document["warnings"]) is word
        for ending in ("csv", "xlsx", "gpkg", "geojson"):
            path = gt.write_trace(trace, tmp_path / f"t.{ending}", network=made)
            assert ("过期" in read_back(path)) is word
            assert trace.network_hash in read_back(path)


def read_back(path):
    if path.suffix == ".csv":
        table = pd.read_csv(path, keep_default_na=False)
        return "".join(table["是否过期"].astype(str)) + "".join(table["河网指纹"])
    if path.suffix == ".xlsx":
        table = pd.read_excel(path, sheet_name="说明", engine="calamine")
        rows = table.set_index("内容")["取值"].astype(str)
        stale = rows["是否过期 stale"]
        return ("" if stale.startswith("否") else stale) + rows["河网指纹 network hash"]
    layer = None if path.suffix == ".geojson" else "trace_points"
    table = gpd.read_file(path, layer=layer) if layer else gpd.read_file(path)
    return "".join(table["stale"].fillna("")) + "".join(table["network_hash"])

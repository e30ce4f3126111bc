"""What a trace tells, spelled out for one drawn network, up and down the water.

A box is 50 m; CD and DE run at 1 km/h, so that hours are kilometres there. BC has a
flow (0.6 to 1.6 km/h), AB is a large river (1.08 to 5.4 km/h), the rest canals nobody
measured (0.108 to 1.08 km/h).
"""

from itertools import pairwise

import drawn
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import tabled

import geotool as gt
from geotool.network import Scenario
from geotool.trace._told import drawn_layers

PICTURE = """
          K
          |
          |
A--->B--->C--->D--->E
     ^    |    ^
     |    v    |
     F    G    H

I--->J
"""
KM_H = 1 / 3.6
NAMES = dict(
    zip("ACFGHIEK", ["排一", "", None, "庚", "辛", "壬", "戊", "癸"], strict=True)
)

REACHES = (
    "reach_id river_id name relation distance_m travel_time_min_h travel_time_max_h "
    "length_m from_measure_m to_measure_m"
)
DETAILS = "reach_id n_ways ways_exact structures loops"
WHO = "rank layer id name reach_id measure_m offset_m located path structures"
HOW = (
    "id relation distance_m travel_time_min_h travel_time_max_h earliest_h time_basis "
    "n_ways ways_exact loops"
)
STOPS = "kind subject relation distance_m travel_time_min_h travel_time_max_h"
STEPS = "step reach_id name from_measure_m to_measure_m length_m distance_m structures"


def picture_rivers():
    rivers = drawn.rivers(PICTURE)
    ids = rivers["river_id"]
    rivers["name"] = [{"A": "甲河", "B": "甲河"}.get(key[0]) for key in ids]
    rivers["velocity_m_s"] = np.where(ids.isin(["CD", "DE"]), KM_H, np.nan)
    for column, told in (
        ("width_m", {"AB": 120.0, "BC": 10.0}),
        ("depth_m", {"BC": 2.0}),
        ("flow_m3_s", {"BC": -20 * KM_H}),
    ):
        rivers[column] = ids.map(told).to_numpy()
    return rivers


def far_chain(count):
    "Water that has nothing to do with the picture, a hundred kilometres off."
    x = drawn.ORIGIN[0] + 1e5 + 60.0 * np.arange(count + 1)
    lines = [
        shapely.LineString([(one, 3e6), (other, 3e6)]) for one, other in pairwise(x)
    ]
    ids = [f"X{k}" for k in range(count)]
    columns = {"river_id": ids, "direction": "digitized"}
    return gpd.GeoDataFrame(columns, geometry=lines, crs=drawn.CRS)


@pytest.fixture(scope="module", params=["alone", "corner"])
def network(request):
    "The picture by itself, and as a corner of a large network."
    rivers = picture_rivers()
    if request.param == "corner":
        rivers = pd.concat([far_chain(150), rivers], ignore_index=True)
    gates = tabled.gates(
        PICTURE,
        ("FB", "Z1", "closed", "sluice", "南闸"),
        ("BC", "Z2", "open", "sluice", None),
    )
    return gt.build_network(rivers, structures=gates)


@pytest.fixture(scope="module")
def points():
    outfalls = drawn.points(PICTURE, "".join(NAMES), name=list(NAMES.values()))
    return {
        "outfalls": outfalls.rename(columns={"id": "outfall_id"}),
        "sections": drawn.points(PICTURE, "DB").rename(columns={"id": "section_id"}),
    }


@pytest.fixture(scope="module")
def up(network, points):
    return gt.trace_upstream(network, ("DE", 100.0), points=points)


@pytest.fixture(scope="module")
def down(network, points):
    return gt.trace_downstream(network, ("AB", 50.0), points=points)


def test_reaches_up_the_water(up):
    assert tabled.rows(up.reaches, REACHES) == [
        "DE DE ? certain 0 0 0 100 0 100",
        "CD CD ? certain 100 0.1 0.1 250 0 250",
        "DH DH ? certain 100 0.1 0.1 150 0 150",
        "BC-2 BC 甲河 certain 350 0.35 0.35 125 0 125",
        "KC KC ? possible 350 0.35 0.35 150 0 150",
        "BC-1 BC 甲河 scenario 475 0.42812 0.55833 125 0 125",
        "AB AB 甲河 scenario 600 0.50625 0.76667 250 0 250",
        "BF-2 BF 甲河 scenario 600 0.50625 0.76667 75 0 75",
    ]
    assert tabled.rows(up.details(), DETAILS) == [
        *(f"{key} 1 True [] []" for key in ("DE", "CD", "DH", "BC-2", "KC")),
        *(f"{key} 1 True Z2 []" for key in ("BC-1", "AB", "BF-2")),
    ]
    assert up.reaches.geometry.length.tolist() == pytest.approx(up.reaches["length_m"])


def test_reaches_down_the_water(down):
    assert tabled.rows(down.reaches, REACHES) == [
        "AB AB 甲河 certain 0 0 0 200 50 250",
        "BC-1 BC 甲河 certain 200 0.037037 0.18519 125 0 125",
        "BC-2 BC 甲河 scenario 325 0.11516 0.39352 125 0 125",
        "CD CD ? scenario 450 0.19329 0.60185 250 0 250",
        "CG CG ? scenario 450 0.19329 0.60185 150 0 150",
        "KC KC ? possible 450 0.19329 0.60185 150 0 150",
        "DE DE ? scenario 700 0.44329 0.85185 250 0 250",
    ]
    assert tabled.rows(down.details(), DETAILS) == [
        *(f"{key} 1 True [] []" for key in ("AB", "BC-1")),
        *(f"{key} 1 True Z2 []" for key in ("BC-2", "CD", "CG", "KC", "DE")),
    ]


def test_points_up_the_water(up):
    assert tabled.rows(up.points, WHO) == [
        "1 sections D - CD 250 0 ambiguous CD,DE []",
        "1 outfalls H 辛 DH 0 0 on DH,DE []",
        "2 outfalls C - BC-2 125 0 ambiguous BC-2,CD,DE []",
        "3 outfalls K 癸 KC 0 0 on KC,CD,DE []",
        "2 sections B - AB 250 0 on AB,BC-1,BC-2,CD,DE Z2",
        "4 outfalls A 排一 AB 0 0 on AB,BC-1,BC-2,CD,DE Z2",
    ]
    assert tabled.rows(up.points, HOW) == [
        "D certain 100 0.1 0.1 0.1 given 1 True []",
        "H certain 250 0.23889 1.4889 0.23889 assumed 1 True []",
        "C certain 350 0.35 0.35 0.35 flow 1 True []",
        "K possible 500 0.48889 1.7389 0.48889 assumed 1 True []",
        "B scenario 600 0.50625 0.76667 0.50625 assumed 1 True []",
        "A scenario 850 0.55255 0.99815 0.55255 assumed 1 True []",
    ]


def test_points_down_the_water(down):
    assert tabled.rows(down.points, WHO) == [
        "1 sections B - AB 250 0 on AB []",
        "1 outfalls C - BC-2 125 0 ambiguous BC-2,BC-1,AB Z2",
        "2 outfalls G 庚 CG 150 0 on CG,BC-2,BC-1,AB Z2",
        "3 outfalls K 癸 KC 0 0 on KC,BC-2,BC-1,AB Z2",
        "2 sections D - CD 250 0 ambiguous CD,BC-2,BC-1,AB Z2",
        "4 outfalls E 戊 DE 250 0 on DE,CD,BC-2,BC-1,AB Z2",
    ]
    assert tabled.rows(down.points, HOW) == [
        "B certain 200 0.037037 0.18519 0.037037 assumed 1 True []",
        "C scenario 450 0.19329 0.60185 0.19329 assumed 1 True []",
        "G scenario 600 0.33218 1.9907 0.33218 assumed 1 True []",
        "K possible 600 0.33218 1.9907 0.33218 assumed 1 True []",
        "D scenario 700 0.44329 0.85185 0.44329 assumed 1 True []",
        "E scenario 950 0.69329 1.1019 0.69329 assumed 1 True []",
    ]


def test_stops_up_the_water(up):
    assert tabled.rows(up.stopped, STOPS) == [
        "boundary DH certain 250 0.23889 1.4889",
        "unknown_direction KC certain 350 0.35 0.35",
        "boundary KC possible 500 0.48889 1.7389",
        "closed_gate Z1 scenario 675 0.57569 1.4611",
        "boundary AB scenario 850 0.55255 0.99815",
    ]
    assert up.stopped["reason"].tolist() == [
        "DH 的端点，河网到此为止",
        "KC（KC）流向不明，再往外只能算“可能”",
        "KC 的端点，河网到此为止",
        "南闸 关闭，到此为止",
        "甲河 的端点，河网到此为止",
    ]
    assert up.stopped["reason_en"].tolist() == [
        "end of DH, the network stops here",
        "direction of KC (KC) is unknown; beyond it all is only possible",
        "end of KC, the network stops here",
        "南闸 is closed",
        "end of 甲河, the network stops here",
    ]
    x, y = drawn.ORIGIN
    places = [(point.x - x, y - point.y) for point in up.stopped.geometry]
    assert places == [(750, 300), (500, 150), (500, 0), (250, 225), (0, 150)]


def test_stops_down_the_water(down):
    assert tabled.rows(down.stopped, STOPS) == [
        "unknown_direction KC scenario 450 0.19329 0.60185",
        "boundary CG scenario 600 0.33218 1.9907",
        "boundary KC possible 600 0.33218 1.9907",
        "boundary DE scenario 950 0.69329 1.1019",
    ]
    x, y = drawn.ORIGIN
    places = [(point.x - x, y - point.y) for point in down.stopped.geometry]
    assert places == [(500, 150), (500, 300), (500, 0), (1000, 150)]


def test_every_point_that_was_not_met_has_its_reason(up, down):
    assert tabled.rows(up.excluded, "layer id name kind at") == [
        "outfalls F - closed_gate Z1",
        "outfalls G 庚 against_flow CG",
        "outfalls I 壬 unconnected -",
        "outfalls E 戊 other_side -",
    ]
    assert up.excluded["reason"].tolist() == [
        "被 南闸 隔断（关闭或只向另一侧过水）；若开启，沿河约 750 m",
        "CG（CG）的流向（资料给定）背离起点",
        "与起点所在河网不连通（不同水系，或中间断线）",
        "在起点下游，沿河 150 m",
    ]
    assert up.excluded["reason_en"].tolist() == [
        "cut off by 南闸; about 750 m by water if it were open",
        "CG (CG) runs the other way (by given)",
        "not connected with the start: another water, or a gap in the drawing",
        "downstream of the start, 150 m by water",
    ]
    assert tabled.rows(down.excluded, "id kind at reason") == [
        "A other_side - 在起点上游，沿河_50_m",
        "F against_flow BF-2 甲河（BF-2）的流向（资料给定）背离起点",
        "H against_flow DH DH（DH）的流向（资料给定）背离起点",
        "I unconnected - 与起点所在河网不连通（不同水系，或中间断线）",
    ]


def test_the_way_of_a_point_step_by_step(up, down):
    assert tabled.rows(up.path_table("K"), STEPS) == [
        "1 KC ? 0 150 150 350 []",
        "2 CD ? 0 250 250 100 []",
        "3 DE ? 0 100 100 0 []",
    ]
    steps = down.path_table("K")
    assert tabled.rows(steps, STEPS) == [
        "1 KC ? 0 150 150 450 []",
        "2 BC-2 甲河 125 0 125 325 Z2",
        "3 BC-1 甲河 125 0 125 200 []",
        "4 AB 甲河 250 50 200 0 []",
    ]
    # drawn with the way: each step goes on where the last ended
    ends = [(line.coords[0], line.coords[-1]) for line in steps.geometry]
    assert all(one[1] == other[0] for one, other in pairwise(ends))
    assert down.path_line("K").length == pytest.approx(600)


def test_what_was_asked_and_assumed(up, network):
    assert up.settings == {
        "direction": "upstream",
        "start": "DE@100 m",
        "max_distance_m": None,
        "max_time_h": None,
        "scenario": "现状",
        "scenario_hash": "",
        "assumptions": [
            "1 个河段流向不明，经过它们的结果只算“可能”",
            "部分河段没有流速资料，流经时间按缺省流速范围估计 [M]",
        ],
    }
    told = Scenario("开闸", structures={"Z1": "open"})
    at = ("BF-2", 40.0)
    other = gt.trace_downstream(
        network, at, scenario=told, max_distance_m=900, max_time_h=2
    )
    assert other.settings["start"] == "BF-2@40 m"
    assert other.settings["direction"] == "downstream"
    limits = other.settings["max_distance_m"], other.settings["max_time_h"]
    assert limits == (900.0, 2.0)
    assert other.settings["scenario"] == "开闸"
    assert other.settings["scenario_hash"] == told.hash
    assert other.settings["assumptions"][-1] == (
        "起点距 南闸（开启）只有 40 m，按其落在河段 BF-2 一侧起算；若在闸的另一侧，结果不同"
    )
    beside = gt.trace_downstream(network, ("BF-2", 51.0)).settings["assumptions"]
    assert not any("南闸" in text for text in beside)


def test_a_notebook_shows_the_points_and_what_was_assumed(up, down, network):
    html = up._repr_html_()
    head = ["序", "名称", "可达性", "沿河距离 m", "时间下限 h", "时间上限 h", "路径数"]
    assert html.count("<th>") == len(head)
    assert all(f"<th>{word}</th>" in html for word in head)
    cells = ["4", "排一", "情景", "850.0", "0.6", "1.0", "1"]
    assert "\n      ".join(f"<td>{cell}</td>" for cell in cells) in html
    assert "<small>1 个河段流向不明，经过它们的结果只算“可能”</small>" in html
    assert html.startswith(
        "<p><b>DE@100 m 上游：水体 1.2 km，6 个点（确定 3、情景 2、可能 1），止于 5 处，"
        f"未列入 4；情景 现状；河网 {up.network_hash}</b></p>"
    )
    assert "stale" not in html
    late = down.checked(gt.orient_network(network, fixed={"IJ": "unknown"}))
    head = late._repr_html_().split("</b>")[0]
    assert head.startswith("<p><b>AB@50 m 下游（已过期）：水体 1.2 km，6 个点")
    assert repr(up).startswith(
        "<Trace upstream of DE@100 m: 1.2 km of water, 6 points (3 certain, 2 scenario, "
        "1 possible), 5 stops, 4 excluded, scenario 现状, network "
    )


def test_what_goes_on_a_map_is_flat_and_only_outfalls_have_a_rank(up):
    layers = up.map_layers()
    assert tabled.rows(layers["trace_points"], "id rank path structures loops") == [
        "D ? CD>DE - -",
        "H 1 DH>DE - -",
        "C 2 BC-2>CD>DE - -",
        "K 3 KC>CD>DE - -",
        "B ? AB>BC-1>BC-2>CD>DE Z2 -",
        "A 4 AB>BC-1>BC-2>CD>DE Z2 -",
    ]
    assert layers["trace_reaches"]["structures"].tolist()[-1] == "Z2"
    shown = drawn_layers(up)
    assert sorted(shown) == [
        "trace_ends", "trace_points", "trace_reaches", "trace_start"
    ]  # fmt: skip
    assert shown["trace_ends"]["name"].tolist() == ["南闸 关闭，到此为止"]
    assert shown["trace_start"]["name"].tolist() == ["DE@100 m"]

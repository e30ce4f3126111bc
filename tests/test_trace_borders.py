"""Borders that water crosses, how fast it runs, and how tables show themselves."""

import drawn
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
import tabled

import geotool as gt
from geotool.errors import LayerError
from geotool.trace import border_points, velocity_ranges
from geotool.trace._show import context_layers, html_result
from geotool.trace._told import heads

KM_H = 1 / 3.6
COLUMNS = "id name river reach_id measure_m"


def line_network(*lines, **columns):
    rivers = gpd.GeoDataFrame(
        {
            "river_id": [f"R{k}" for k in range(len(lines))],
            "direction": "digitized",
            **columns,
        },
        geometry=[shapely.LineString(line) for line in lines],
        crs=4549,
    )
    return gt.build_network(rivers)


def districts(*boxes, names="甲乙丙丁"):
    shapes = [shapely.box(*box) for box in boxes]
    columns = {"name": list(names[: len(boxes)])}
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


# ---------------------------------------------------------------- borders
def test_a_border_inside_a_reach_is_named_the_way_it_is_drawn():
    network = line_network([(0, 0), (1000, 0)], name=["长河"])
    admin = districts((-9, -9, 300, 9), (300, -9, 700.4, 9))
    found = border_points(network, admin)
    assert list(found) == [*COLUMNS.split(), "geometry"]
    assert tabled.rows(found, COLUMNS) == [
        "R0@300 甲_→_乙 长河 R0 300",
        "R0@700 乙_→_界外 长河 R0 700.4",
    ]
    assert [(p.x, p.y) for p in found.geometry] == [(300, 0), (700.4, 0)]
    assert found.crs == network.crs
    back = border_points(line_network([(1000, 0), (0, 0)]), admin)
    assert tabled.rows(back, "id name") == ["R0@300 界外_→_乙", "R0@700 乙_→_甲"]


def test_districts_in_another_system_and_without_a_name_are_told():
    network = line_network([(4e5, 35e5), (4e5 + 1000, 35e5)])
    admin = districts((4e5 - 9, 35e5 - 9, 4e5 + 400, 35e5 + 9), names=[None])
    # nobody knows whose it is: no border is claimed
    assert border_points(network, admin.to_crs(4490)).empty
    named = border_points(network, admin.assign(name="甲").to_crs(4490))
    assert named["name"].tolist() == ["甲 → 界外"]
    assert named["measure_m"].tolist() == pytest.approx([400.0], abs=0.01)
    with pytest.raises(LayerError, match=r"缺少 name 列.*no column 'name'"):
        border_points(network, admin.drop(columns="name"))


def test_water_along_a_border_and_a_district_inside_another():
    network = line_network([(0, 0), (100, 0), (100, 200), (300, 200)])
    # the first leg and a half lie in 甲, then it follows the rim, then 乙
    admin = districts((-9, -9, 100, 250), (100, -9, 400, 250))
    found = border_points(network, admin)
    assert tabled.rows(found, "name measure_m") == ["甲_→_乙 300"]
    inner = districts((-9, -9, 400, 250), (40, -5, 60, 5))
    # where two overlap, the first in the table counts
    assert border_points(network, inner).empty
    turned = inner.iloc[::-1]
    names = border_points(network, turned)["name"].tolist()
    assert names == ["甲 → 乙", "乙 → 甲"]


@pytest.mark.parametrize(("offset_m", "names"), [(0.0, 1), (0.9, 1), (1.5, 0)])
def test_reaches_of_two_districts_meet_at_a_node_on_the_border(offset_m, names):
    network = line_network([(0, 0), (100, 0)], [(100, 0), (250, 0)], name=["前", "后"])
    admin = districts((-9, -9, 100 + offset_m, 9), (100 + offset_m, -9, 400, 9))
    found = border_points(network, admin)
    slashes = found[found["name"] == "乙 / 甲"]
    assert len(slashes) == names
    assert len(found) == 1
    if names:
        assert tabled.rows(slashes, COLUMNS) == ["R0@100 乙_/_甲 前 R0 100"]
        assert (slashes.geometry.iloc[0].x, slashes.geometry.iloc[0].y) == (100, 0)
    else:
        assert found["name"].tolist() == ["甲 → 乙"]


def test_a_node_away_from_borders_and_one_on_the_outer_rim():
    network = line_network([(0, 0), (100, 0)], [(100, 0), (250, 0)])
    assert border_points(network, districts((-9, -9, 400, 9))).empty
    found = border_points(network, districts((-9, -9, 100, 9)))
    assert found["name"].tolist() == ["甲 / 界外"]


# ---------------------------------------------------------------- velocity
def test_what_a_velocity_rests_on():
    network = line_network(
        *([(0, 100 * k), (100, 100 * k)] for k in range(7)),
        width_m=[np.nan, 99.9, 100.0, 10.0, 10.0, 10.0, 200.0],
        depth_m=[np.nan, np.nan, np.nan, 2.0, 2.0, np.nan, 2.0],
        flow_m3_s=[np.nan, np.nan, np.nan, 10.0, 0.0, 10.0, -100.0],
        velocity_m_s=[np.nan, np.nan, np.nan, np.nan, np.nan, 0.0, 0.7],
    )
    table = velocity_ranges(network)
    assert tabled.rows(table, "low_m_s high_m_s basis") == [
        "0.03 0.3 assumed",
        "0.03 0.3 assumed",
        "0.3 1.5 assumed",
        "0.3 0.8 flow",
        "0.03 0.3 assumed",
        "0.03 0.3 assumed",
        "0.7 0.7 given",
    ]
    told = {"R5": 0.2, "R6": 0.1}
    some = velocity_ranges(network, told, rows=np.array([6, 3, 5]))
    assert tabled.rows(some, "low_m_s high_m_s basis") == [
        "0.1 0.1 scenario",
        "0.3 0.8 flow",
        "0.2 0.2 scenario",
    ]


# ---------------------------------------------------------------- showing
def test_twelve_rows_are_shown_and_how_many_there_are():
    table = pd.DataFrame({"名": [f"<{k}>" for k in range(13)], "数": [1234.56] * 13})
    table.loc[0, "数"] = np.nan
    html = html_result("<b>", table, notes=["<i>", "二"])
    assert html.startswith("<p><b>&lt;b&gt;</b></p><table")
    assert html.count("<tr>") == 12
    assert "&lt;11&gt;" in html
    assert "&lt;12&gt;" not in html
    assert html.count("<td>1,234.6</td>") == 11
    assert html.count("<td></td>") == 1
    assert "<th></th>" not in html, "no index"
    assert "<p>… 共 13 行</p>" in html
    assert html.endswith("<p><small>&lt;i&gt;</small></p><p><small>二</small></p>")
    assert "共" not in html_result("t", table.head(12))
    assert html_result("t", table, rows=2).count("<tr>") == 2


def test_results_lie_over_what_the_user_gives_or_the_reaches():
    network = line_network([(0, 0), (100, 0)])
    result = {"trace": network.nodes, "nothing": network.nodes.iloc[:0]}
    plain = context_layers(network, result, None)
    assert list(plain) == ["reaches", "trace"]
    assert list(plain["reaches"]) == [
        "reach_id", "river_id", "name", "flow_mode", "width_m", "geometry"
    ]  # fmt: skip
    mine = {"rivers": network.reaches, "outfalls": network.nodes.iloc[:0]}
    assert list(context_layers(network, result, mine)) == [
        "rivers",
        "outfalls",
        "trace",
    ]
    assert list(context_layers(None, result, None)) == ["trace"]


def test_a_map_is_headed_and_warns_unless_the_user_says_otherwise():
    network = gt.build_network(drawn.rivers("A--->B"))
    for step, word, notice in (
        (gt.trace_upstream, "上游", "按沿河距离排列，不代表责任大小"),
        (gt.trace_downstream, "下游", "到达时间是按流速范围的估算，以现场监测为准"),
    ):
        trace = step(network, ("AB", 50.0))
        told = {"title": f"AB@50 m {word}追踪", "notice": notice}
        assert heads(trace, None, None) == told
        assert heads(trace, "", "我的") == {"title": "", "notice": "我的"}
        stale = trace.checked(gt.orient_network(network, fixed={"AB": "unknown"}))
        assert heads(stale, None, None)["title"] == f"AB@50 m {word}追踪（已过期）"

"""An alert and two scenarios side by side, spelled out for one drawn network.

All water runs at 0.1 km/h: ten hours a kilometre. B F I J is of unknown direction.
"""

from types import SimpleNamespace

import drawn
import pandas as pd
import pytest
import tabled

import geotool as gt
from geotool.network import Scenario
from geotool.trace import alert_sheet, alert_table, compare_scenarios

PICTURE = """
A--->B--->C--->D--->E
     |    |    |
     F    v    v
     |    G    H
     |         |
     |         |
     I-------->J
"""
TIDE = Scenario("涨潮", structures={"Z2": "closed", "Z1": "open"})
SURE = "在哪条河段上有歧义，请核实"
PASSED = "途经_Z2，关闸可拦截或改道"


@pytest.fixture(scope="module")
def network():
    gates = tabled.gates(
        PICTURE,
        ("CG", "Z1", "closed", "sluice", "南闸"),
        ("CD", "Z2", "open", "sluice", None),
        ("DE", "W1", "unknown", "weir", "堰"),
    )
    rivers = drawn.rivers(PICTURE, velocity_m_s=0.1 / 3.6)
    return gt.build_network(rivers, structures=gates)


@pytest.fixture(scope="module")
def points():
    gates = tabled.gates(
        PICTURE,
        ("CG", "Z1", "closed", "sluice", "南闸"),
        ("CD", "Z2", "open", "sluice", None),
        ("DE", "W1", "unknown", "weir", "堰"),
    )
    intakes = drawn.points(PICTURE, "BD", name=["取水一", None])
    return {
        "water_sources": intakes.rename(columns={"id": "water_source_id"}),
        "sections": drawn.points(PICTURE, "EJ").rename(columns={"id": "section_id"}),
        "outfalls": drawn.points(PICTURE, "C").rename(columns={"id": "outfall_id"}),
        "structures": gates[["structure_id", "name", "geometry"]],
    }


@pytest.fixture(scope="module")
def trace(network, points):
    return gt.trace_downstream(network, ("AB", 50.0), points=points)


@pytest.fixture(scope="module")
def alert(trace):
    return alert_table(trace, spill_time="2026-10-01 08:00", lead_h=2)


def test_who_acts_and_how_firmly(alert):
    assert tabled.rows(alert, "order layer id name relation") == [
        "1 water_sources B 取水一 certain",
        "2 outfalls C - certain",
        "3 closed_gate Z1 南闸_关闭，到此为止 certain",
        "4 structures Z2 - certain",
        "5 water_sources D - scenario",
        "6 structures W1 堰 scenario",
        "7 boundary DE-2 DE-2_的端点，河网到此为止 scenario",
        "8 sections E - scenario",
        "9 sections J - possible",
    ]
    assert alert["action"].tolist() == [
        "必须关闭取水口",
        "",
        "保持关闭",
        "可关闸拦截",
        "按现有闸况须关闭取水口",
        "",
        "按现有闸况须通报下游（水由此流出河网）",
        "按现有闸况须加密监测",
        "预备加密监测",
    ]
    assert alert["action_en"].tolist() == [
        "must: close the intake",
        "",
        "keep the gate shut",
        "the gate can hold it",
        "must, as the gates stand: close the intake",
        "",
        "must, as the gates stand: warn downstream: it leaves here",
        "must, as the gates stand: sample more often",
        "be ready to: sample more often",
    ]


def test_how_far_by_which_gates_and_what_is_to_be_said(alert):
    columns = "id distance_m structures note n_ways ways_exact time_basis"
    assert tabled.rows(alert, columns) == [
        f"B 200 - {SURE} 1 True given",
        f"C 450 - {SURE} 1 True given",
        "Z1 525 - - ? ? ?",
        "Z2 575 - - 1 True given",
        f"D 700 Z2 {PASSED}；{SURE} 1 True given",
        f"W1 825 Z2 {PASSED} 1 True given",
        "DE-2 950 - - ? ? ?",
        f"E 950 W1、Z2 {PASSED} 1 True given",
        f"J 1000 Z2 {PASSED}；{SURE} 2 True given",
    ]


def test_hours_of_the_front_and_of_the_peak(alert):
    columns = "id first_arrival_min_h first_arrival_max_h peak_min_h peak_max_h"
    assert tabled.rows(alert, columns) == [
        "B 1.78 1.78 2 2",
        "C 4.005 4.005 4.5 4.5",
        "Z1 4.6725 4.6725 5.25 5.25",
        "Z2 5.1175 5.1175 5.75 5.75",
        "D 6.23 6.23 7 7",
        "W1 7.3425 7.3425 8.25 8.25",
        "DE-2 8.455 8.455 9.5 9.5",
        "E 8.455 8.455 9.5 9.5",
        "J 8.9 8.9 10 10",
    ]


def test_the_clock_never_asks_to_act_before_the_spill(alert, trace):
    times = alert.set_index("id")
    day = pd.Timestamp("2026-10-01")
    assert times["act_by"].dropna().sub(day).astype(str).str[7:].to_dict() == {
        "B": "08:00:00",
        "Z1": "10:40:21",
        "Z2": "11:07:03",
        "D": "12:13:48",
        "DE-2": "14:27:18",
        "E": "14:27:18",
        "J": "14:54:00",
    }
    spans = times.loc["D", ["first_arrival", "peak_from", "peak_to"]].astype(str)
    assert spans.tolist() == [
        f"2026-10-01 {t}" for t in ("14:13:48", *["15:00:00"] * 2)
    ]
    hours = alert_table(trace)
    clocks = ["act_by", "first_arrival", "peak_from", "peak_to"]
    assert hours[clocks].isna().all(axis=None)
    pd.testing.assert_frame_equal(
        hours.drop(columns=clocks), alert.drop(columns=clocks)
    )


def test_the_sheet_that_is_sent_out(alert, trace):
    sheet = alert_sheet(alert)
    assert list(sheet) == [
        *("序号", "措施", "最迟行动时间", "对象", "类别", "编号", "可达性"),
        *("沿河距离（m）", "首达最早（h）", "首达最晚（h）", "峰值最早（h）"),
        *("峰值最晚（h）", "说明"),
    ]
    columns = "类别 编号 可达性 沿河距离（m） 首达最早（h） 峰值最晚（h）"
    assert tabled.rows(sheet, columns) == [
        "饮用水水源地 B 确定 200 1.8 2",
        "入河排污口 C 确定 450 4 4.5",
        "关闭的闸 Z1 确定 525 4.7 5.2",
        "水工建筑物 Z2 确定 575 5.1 5.8",
        "饮用水水源地 D 情景 700 6.2 7",
        "水工建筑物 W1 情景 825 7.3 8.2",
        "河网出口 DE-2 情景 950 8.5 9.5",
        "监测断面 E 情景 950 8.5 9.5",
        "监测断面 J 可能 1000 8.9 10",
    ]
    third = alert.assign(distance_m=1 / 3, layer="borders")
    assert tabled.rows(alert_sheet(third).iloc[:1], "类别 沿河距离（m）") == [
        "行政交界 0"
    ]
    assert "最迟行动时间" not in alert_sheet(alert_table(trace))


def test_of_a_trace_that_kept_no_ways_nobody_knows_which_gates_close(trace):
    plain = SimpleNamespace(
        settings=trace.settings, stopped=trace.stopped, points=trace.points, ways={}
    )
    table = alert_table(plain).set_index("id")
    assert table.loc[["Z2", "J"], "action"].tolist() == ["", "预备加密监测"]
    assert table.loc["J", "note"] == SURE


# ---------------------------------------------------------------- scenarios
@pytest.fixture(scope="module")
def both(network, points):
    wanted = {name: points[name] for name in ("sections", "outfalls", "water_sources")}
    return compare_scenarios(
        network,
        ("AB", 50.0),
        [None, TIDE],
        points=wanted,
        direction="downstream",
        weights=[3, 1],
    )


def test_every_piece_has_its_class_in_every_scenario(both):
    columns = "reach_id from_measure_m to_measure_m 现状 涨潮 share_min share_max"
    assert tabled.rows(both.reaches, columns) == [
        "AB 50 250 certain certain 1 1",
        "BC 0 250 certain certain 1 1",
        "BF 0 100 possible possible 0 1",
        "FI 0 200 possible possible 0 1",
        "CD-1 0 125 certain certain 1 1",
        "CG-2 0 75 certain certain 1 1",
        "IJ 0 500 possible possible 0 1",
        "CD-2 0 125 scenario - 0.75 0.75",
        "DE-1 0 125 scenario - 0.75 0.75",
        "DH 0 150 scenario - 0.75 0.75",
        "DE-2 0 125 scenario - 0.75 0.75",
        "HJ 0 150 possible possible 0 1",
        "CG-1 0 75 - scenario 0.25 0.25",
    ]
    assert both.reaches.geometry.length.tolist() == pytest.approx(
        both.reaches["length_m"]
    )
    assert both.reaches["river_id"].tolist()[-1] == "CG"


def test_every_point_has_its_class_and_distance_in_every_scenario(both):
    table = both.points.rename(columns=lambda name: name.replace(" ", "_"))
    columns = (
        "layer id name 现状 涨潮 现状_distance_m 涨潮_distance_m share_min share_max"
    )
    assert list(table) == [*columns.split(), "geometry"]
    assert tabled.rows(table, columns) == [
        "water_sources B 取水一 certain certain 200 200 1 1",
        "outfalls C - certain certain 450 450 1 1",
        "water_sources D - scenario - 700 ? 0.75 0.75",
        "sections E - scenario - 950 ? 0.75 0.75",
        "sections J - possible possible 1000 1000 0 1",
    ]


def test_what_a_scenario_changes_and_the_sum_of_it(both):
    columns = (
        "scenario change layer id name before after distance_before_m "
        "distance_after_m length_m"
    )
    assert list(both.changes) == columns.split()
    assert tabled.rows(both.changes, columns) == [
        "涨潮 lost water_sources D - scenario - 700 ? ?",
        "涨潮 lost sections E - scenario - 950 ? ?",
        "涨潮 lost reaches CD-2 ? scenario - 575 ? 125",
        "涨潮 lost reaches DE-1 ? scenario - 700 ? 125",
        "涨潮 lost reaches DH ? scenario - 700 ? 150",
        "涨潮 lost reaches DE-2 ? scenario - 825 ? 125",
        "涨潮 gained reaches CG-1 ? - scenario ? 525 75",
    ]
    columns = (
        "scenario weight length_km points gained_km gained_points lost_km lost_points"
    )
    assert tabled.rows(both.summary, columns) == [
        "现状 0.75 2.125 5 0 0 0 0",
        "涨潮 0.25 1.675 3 0.075 0 0.525 2",
    ]


def test_the_sheets_of_a_comparison(both):
    sheets = both.tables()
    assert {name: list(table) for name, table in sheets.items()} == {
        "情景对比": [
            *("情景", "时间权重", "涉及河长（km）", "点位数", "增加河长（km）"),
            *("增加点位", "减少河长（km）", "减少点位"),
        ],
        "增减": [
            *("情景", "变化", "图层", "编号", "名称", "原可达性", "现可达性"),
            *("原沿河距离（m）", "现沿河距离（m）", "长度（m）"),
        ],
        "点位": [
            *("图层", "编号", "名称", "现状", "涨潮", "现状 沿河距离（m）"),
            *("涨潮 沿河距离（m）", "时间占比下限", "时间占比上限"),
        ],
        "河段": [
            *(
                "河段编号",
                "河流编号",
                "名称",
                "起里程（m）",
                "止里程（m）",
                "长度（m）",
            ),
            *("现状", "涨潮", "时间占比下限", "时间占比上限"),
        ],
        "说明": ["内容", "取值"],
    }
    assert tabled.rows(sheets["增减"].iloc[[0, -1]], "变化 图层 原可达性 现可达性") == [
        "减少 饮用水水源地 情景 —",
        "增加 河段 — 情景",
    ]
    assert tabled.rows(sheets["点位"].iloc[1:3], "图层 编号 现状 涨潮") == [
        "入河排污口 C 确定 确定",
        "饮用水水源地 D 情景 —",
    ]
    assert tabled.rows(sheets["河段"].iloc[-2:], "河段编号 现状 涨潮") == [
        "HJ 可能 可能",
        "CG-1 — 情景",
    ]
    notes = dict(sheets["说明"].to_numpy().tolist())
    assert list(notes) == [
        *("起点 start", "方向 direction", "河网指纹 network hash", "情景指纹 现状"),
        *("情景指纹 涨潮", "时间占比下限", "时间占比上限"),
    ]
    assert notes["起点 start"] == "AB@50 m"
    assert notes["方向 direction"] == "downstream"
    assert notes["情景指纹 现状"] == "（按登记状态）"
    assert notes["情景指纹 涨潮"] == TIDE.hash


def test_a_comparison_shows_itself(both):
    assert repr(both) == (
        "<ScenarioComparison of AB@50 m: 现状 2.1 km, 5 points (+0 -0); "
        f"涨潮 1.7 km, 3 points (+0 -2); network {both.network_hash}>"
    )
    html = both._repr_html_()
    assert "<b>情景对比：AB@50 m</b>" in html
    assert "<td>75%</td>" in html
    assert "增减都与“现状”相比" in html


def test_classes_that_grow_firmer_or_vaguer_are_no_gain_and_no_loss(network):
    turned = Scenario("反", directions={"BC": "unknown", "BF": "forward"})
    found = compare_scenarios(
        network, ("AB", 50.0), {"甲": None, "乙": turned}, direction="downstream"
    )
    of = found.changes.set_index("id")[["change", "before", "after"]]
    assert of.loc["BC"].tolist() == ["vaguer", "certain", "possible"]
    assert of.loc["BF"].tolist() == ["firmer", "possible", "scenario"]
    assert "lost" not in set(of["change"])
    assert found.summary["gained_km"].tolist() == [0, 0]
    assert found.tables()["增减"]["变化"].iloc[0] in ("更确定", "更不确定")

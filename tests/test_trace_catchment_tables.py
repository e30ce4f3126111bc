"""What lies above each section, spelled out for one drawn network with a gate."""

from dataclasses import replace

import drawn
import pandas as pd
import pytest
import shapely
import tabled

import geotool as gt
from geotool.errors import NetworkError
from geotool.network import Scenario
from geotool.trace import section_catchments

PICTURE = """
A--->B--->C--->D--->E
     ^    |    |
     |    v    |
     F    G    H
"""
"""DH is unknown; nobody knows whether the gate between F and B is open."""

OPEN = Scenario("开闸", structures={"Z1": "open"}, directions={"DH": "backward"})


@pytest.fixture(scope="module")
def network():
    rivers = drawn.rivers(PICTURE)
    rivers["name"] = [
        "甲河" if key in ("AB", "BC") else None for key in rivers.river_id
    ]
    gate = tabled.gates(PICTURE, ("FB", "Z1", "unknown", "sluice", "南闸"))
    return gt.build_network(rivers, structures=gate)


def catchments(network, scenario=None):
    sections = drawn.points(
        PICTURE, "CEG", name=["丙", "戊", None], level=["国控", None, "省控"]
    ).rename(columns={"id": "section_id"})
    lost = {"section_id": "X", "name": "远", "geometry": shapely.Point(5e5, 35405e2)}
    sections.loc[3] = lost
    outfalls = drawn.points(
        PICTURE,
        "AFHDB",
        name=["a", "f", "h", "d", None],
        category=["工业", "生活", "工业", None, "生活"],
    ).rename(columns={"id": "outfall_id"})
    sources = drawn.points(PICTURE, "A", kind="企业").rename(
        columns={"id": "source_id"}
    )
    return section_catchments(
        network,
        sections,
        points={
            "outfalls": outfalls,
            "sections": sections.iloc[:3],
            "sources": sources,
        },
        areas={"AB": 2.0, "BC": 4.0, "CD": 1.0, "DE": 1.0, "DH": 8.0},
        scenario=scenario,
    )


@pytest.fixture(scope="module")
def found(network):
    return catchments(network)


def test_every_length_area_and_count_of_every_section(found):
    lengths = (
        "section_id name reach_id measure_m length_certain_km length_scenario_km "
        "length_possible_km length_km own_length_km"
    )
    assert tabled.rows(found.table, lengths) == [
        "C 丙 BC 250 0.575 0 0.075 0.65 0.575",
        "E 戊 DE 250 1.075 0 0.225 1.3 0.5",
        "G - CG 150 0.725 0 0.075 0.8 0.15",
    ]
    areas = "area_km2 area_share own_area_km2 next_upstream in_loop_with"
    assert tabled.rows(found.table, areas) == [
        "6 0.375 6 [] []",
        "16 1 2 C []",
        "6 0.375 0 C []",
    ]
    counts = "outfalls own_outfalls sections own_sections sources own_sources"
    assert tabled.rows(found.table, counts) == [
        "3 2 0 0 1 1",
        "5 1 1 0 1 0",
        "3 0 1 0 1 0",
    ]
    assert list(found.table) == [*lengths.split(), *areas.split(), *counts.split()]


def test_the_counts_are_those_of_the_lists(found):
    for row in found.table.to_dict("records"):
        above = found.above(row["section_id"])
        for layer in ("outfalls", "sections", "sources"):
            mine = above[above["layer"] == layer]
            assert len(mine) == row[layer]
            assert mine["is_own"].sum() == row[f"own_{layer}"]


def test_who_lies_above_a_section_the_firmest_first(found):
    columns = "section_id layer id name kind relation is_own reach_id measure_m located"
    above = found.above("E")
    assert list(above) == columns.split()
    assert tabled.rows(above, columns) == [
        "E outfalls A a 工业 certain False AB 0 on",
        "E outfalls D d - certain True CD 250 ambiguous",
        "E outfalls B - 生活 certain False AB 250 ambiguous",
        "E outfalls F f 生活 possible False BF-1 0 on",
        "E outfalls H h 工业 possible False DH 150 on",
        "E sections C 丙 国控 certain False BC 250 ambiguous",
        "E sources A - 企业 certain False AB 0 on",
    ]
    assert above.index.tolist() == list(range(7))
    every = [found.above(key) for key in "CEG"]
    pd.testing.assert_frame_equal(found.sources(), pd.concat(every, ignore_index=True))


def test_points_by_layer_and_kind(found):
    columns = "section_id layer kind certain scenario possible total own"
    table = found.by_kind()
    assert list(table) == columns.split()
    assert tabled.rows(table[table["section_id"] == "E"], columns) == [
        "E outfalls 工业 1 0 1 2 0",
        "E outfalls - 1 0 0 1 1",
        "E outfalls 生活 1 0 1 2 0",
        "E sections 国控 1 0 0 1 0",
        "E sources 企业 1 0 0 1 0",
    ]


def test_the_water_above_a_section_piece_by_piece(found, network):
    columns = (
        "reach_id river_id name relation is_own length_m from_measure_m to_measure_m"
    )
    reaches = found.reaches("E")
    assert list(reaches) == [*columns.split(), "geometry"]
    assert tabled.rows(reaches, columns) == [
        "AB AB 甲河 certain False 250 0 250",
        "BC BC 甲河 certain False 250 0 250",
        "BF-1 BF ? possible False 75 0 75",
        "BF-2 BF ? certain False 75 0 75",
        "CD CD ? certain True 250 0 250",
        "DE DE ? certain True 250 0 250",
        "DH DH ? possible False 150 0 150",
    ]
    assert reaches.geometry.length.tolist() == reaches["length_m"].tolist()
    assert reaches.crs == network.crs


def test_a_scenario_moves_water_from_possible_to_the_middle_class(found, network):
    opened = catchments(network, OPEN)
    columns = "length_certain_km length_scenario_km length_possible_km own_length_km"
    assert tabled.rows(opened.table, columns) == [
        "0.575 0.075 0 0.65",
        "1.075 0.225 0 0.65",
        "0.725 0.075 0 0.15",
    ]
    assert opened.table["own_outfalls"].tolist() == [3, 2, 0]
    assert (opened.scenario, opened.scenario_hash) == ("开闸", OPEN.hash)
    assert opened.is_stale(network, scenario=None)
    assert not opened.is_stale(network, scenario=OPEN)
    assert "情景：开闸" in opened._repr_html_()
    notes = dict(opened.tables()["说明"].to_numpy().tolist())
    assert notes["情景指纹 scenario hash"] == OPEN.hash
    assert (found.scenario, found.scenario_hash) == ("现状", "")


def test_every_piece_of_water_once(found):
    assert tabled.rows(found.partition(), "sections length_km points") == [
        "C,E,G 0.575 4",
        "E 0.5 2",
        "[] 0.225 2",
        "G 0.15 1",
    ]


def test_the_sheets_of_a_workbook(found):
    sheets = found.tables()
    assert {name: list(table) for name, table in sheets.items()} == {
        "断面汇水": [
            *("断面编号", "名称", "所在河段", "里程（m）", "确定（km）", "情景（km）"),
            *("可能（km）", "合计（km）", "区间（km）", "汇水面积（km²）", "面积占比"),
            *(
                "区间面积（km²）",
                "上一断面",
                "同环断面",
                "入河排污口",
                "区间入河排污口",
            ),
            *("监测断面", "区间监测断面", "污染源", "区间污染源"),
        ],
        "分类统计": [
            *("断面编号", "图层", "类型", "确定", "情景", "可能", "合计", "区间"),
        ],
        "上游清单": [
            *("断面编号", "图层", "编号", "名称", "类型", "可达性", "属本区间"),
            *("所在河段", "里程（m）", "上河定位"),
        ],
        "不重复分区": ["可到断面", "合计（km）", "点位数"],
        "未列入及原因": ["图层", "编号", "名称", "类型", "原因", "Reason", "位置"],
        "说明": ["内容", "取值"],
    }
    assert sheets["断面汇水"]["上一断面"].tolist() == ["", "C", "C"]
    assert tabled.rows(sheets["上游清单"].iloc[4:8], "图层 编号 可达性 属本区间") == [
        "入河排污口 A 确定 False",
        "入河排污口 D 确定 True",
        "入河排污口 B 确定 False",
        "入河排污口 F 可能 False",
    ]
    assert sheets["不重复分区"]["可到断面"].tolist() == [
        "C、E、G", "E", "（不到任何断面）", "G"
    ]  # fmt: skip
    assert tabled.rows(sheets["未列入及原因"], "图层 编号 名称 类型 原因 位置") == [
        "监测断面 X 远 far 离最近河段_AB_的岸边_500_m，超过_200_m，未能定位到河网 AB",
    ]
    notes = dict(sheets["说明"].to_numpy().tolist())
    assert list(notes)[:3] == [
        "情景 scenario", "河网指纹 network hash", "情景指纹 scenario hash"
    ]  # fmt: skip
    assert notes["情景指纹 scenario hash"] == "（按登记状态）"
    assert notes["河网指纹 network hash"] == found.network_hash


def test_a_list_longer_than_a_sheet_is_left_out_and_told(found, monkeypatch):
    rows = len(found.sources())
    for most, is_told in ((rows, False), (rows - 1, True)):
        monkeypatch.setattr("geotool.trace._catchment_sheets.MOST_ROWS", most)
        sheets = found.tables()
        assert len(sheets["上游清单"]) == (0 if is_told else rows)
        notes = dict(sheets["说明"].to_numpy().tolist())
        assert ("上游清单" in notes) is is_told
        assert not is_told or notes["上游清单"].startswith(f"{rows} 行，")


def test_it_shows_itself_rounded_and_says_what_is_missing(found):
    html = found._repr_html_()
    assert "<b>断面汇水：3 个断面</b>" in html
    assert "<small>1 个断面或点未能上河，见 .excluded</small>" in html
    assert html.count("<th>") == len(found.table.columns)
    assert repr(found) == (
        "<SectionCatchments: 3 sections, 9 points placed, 1 not, scenario 现状, "
        f"network {found.network_hash}>"
    )
    thirds = replace(found, table=found.table.assign(length_km=1 / 3))
    assert thirds.tables()["断面汇水"]["合计（km）"].tolist() == [0.333] * 3


def test_a_section_that_is_nowhere_is_told_apart_from_one_that_is_not_there(found):
    with pytest.raises(NetworkError, match=r"X 不在河网上：离最近河段 AB .*X lies on"):
        found.above("X")
    with pytest.raises(NetworkError, match=r"没有断面 'Q'.*no section 'Q'"):
        found.reaches("Q")

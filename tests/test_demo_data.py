"""The bundled demo data: in step with its script, true to the plans, openly schematic."""

import json
import subprocess
import sys
import tomllib
from collections import Counter
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from geotool.network import Scenario

DATA = Path(__file__).resolve().parents[1] / "data"
TEXTS = (".csv", ".json", ".geojson", ".toml", ".prj")
GBK = ("factories_gbk.csv",)
REGISTER_HEADER = 3


def made_files(folder):
    """Give the files the script makes, without the script itself."""
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc", ".md")
    )


@pytest.fixture(scope="module")
def remade(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    script = DATA / "make_demo_data.py"
    subprocess.run(
        [sys.executable, str(script), "--out", str(folder)],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="module")
def rivers():
    table = gpd.read_file(DATA / "rivers_schematic.shp", encoding="GBK")
    return table.set_index("河流编号")


@pytest.fixture(scope="module")
def sheet():
    """Give the register as Excel shows it: row 1 is the title."""
    cells = pd.read_excel(
        DATA / "outfall_register.xlsx", header=None, engine="calamine", dtype=object
    )
    return cells.set_axis(range(1, len(cells) + 1))


@pytest.fixture(scope="module")
def register(sheet):
    """Give the rows below the header, by row number."""
    table = sheet.loc[REGISTER_HEADER + 1 :].set_axis(
        sheet.loc[REGISTER_HEADER].tolist(), axis=1
    )
    return table


@pytest.fixture(scope="module")
def truth():
    return json.loads((DATA / "incident_truth.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def readings():
    table = pd.read_csv(DATA / "readings_4h_2026-10.csv", encoding="utf-8-sig")
    table["监测时间"] = pd.to_datetime(table["监测时间"])
    table["监测值"] = pd.to_numeric(table["监测值"].mask(table["监测值"] == "--"))
    return table


def csv(name, encoding="utf-8-sig"):
    return pd.read_csv(DATA / name, encoding=encoding, dtype=str, keep_default_na=False)


def cells_of(path):
    return pd.read_excel(path, header=None, engine="calamine", dtype=object)


# ---------------------------------------------------------------- in step


def test_the_script_makes_the_same_set_of_files(remade):
    assert made_files(DATA) == made_files(remade)


def test_text_files_are_the_same_bytes(remade):
    for name in made_files(DATA):
        if name.endswith(TEXTS):
            old, new = (
                (folder / name).read_bytes().replace(b"\r\n", b"\n")
                for folder in (DATA, remade)
            )
            assert old == new, name


def test_workbooks_have_the_same_cells(remade):
    for name in made_files(DATA):
        if name.endswith(".xlsx"):
            pd.testing.assert_frame_equal(
                cells_of(DATA / name), cells_of(remade / name), obj=name
            )


def test_the_shapefile_has_the_same_lines_and_fields(remade):
    old, new = (
        gpd.read_file(folder / "rivers_schematic.shp", encoding="GBK")
        for folder in (DATA, remade)
    )
    pd.testing.assert_frame_equal(
        old.drop(columns="geometry"), new.drop(columns="geometry")
    )
    assert shapely.equals_exact(
        np.asarray(old.geometry), np.asarray(new.geometry), tolerance=1e-6
    ).all()


# ---------------------------------------------------------------- openly schematic


def test_every_file_says_that_it_is_schematic_or_invented(sheet, rivers):
    for name in made_files(DATA):
        path = DATA / name
        if name.endswith((".shp", ".shx", ".dbf", ".prj")):
            continue
        if name.endswith(".xlsx"):
            text = cells_of(path).to_csv()
        else:
            text = path.read_text("gbk" if name in GBK else "utf-8")
        assert "示意，非实测" in text or "模拟" in text, name
    assert rivers["备注"].str.contains("示意，非实测").all()
    assert "示意，非实测" in sheet.loc[2, 0]


def test_every_row_of_every_table_says_so(register):
    for path in sorted(DATA.glob("*.csv")):
        table = csv(path.name, "gbk" if path.name in GBK else "utf-8-sig")
        assert table["备注"].str.contains("示意|模拟").all(), path.name
    rows = register.dropna(subset=["排污口编号"])
    assert rows["备注"].str.contains("模拟").all()


def test_contacts_are_plainly_made_up(register):
    rows = register.dropna(subset=["排污口编号"])
    factories = csv("factories_gbk.csv", "gbk")
    for table in (rows, factories):
        assert table["联系人"].str.startswith("虚构").all()
        assert table["联系电话"].str.startswith("000-").all()


def test_no_firm_of_the_plans_is_given_an_invented_outfall(register):
    firms = ("惠平", "伟通", "金春", "旭有机材", "国核维科", "振华", "皓琦", "鸿杰")
    text = register.to_csv() + (DATA / "factories_gbk.csv").read_text("gbk")
    assert not [firm for firm in firms if firm in text]


# ---------------------------------------------------------------- facts of the plans

NANTONG_SECTIONS = """
长江团结闸（左岸）|长江|国考|Ⅱ
通启运河东方大道桥（原 G15 跨境桥）|通启运河|省考|Ⅲ
通启运河营船港闸|通启运河|省考|Ⅲ
裤子港河裤子港闸|裤子港河|市考|Ⅲ
长洪河新开闸（新开港闸）|长洪河|市考|Ⅲ
农场中心河南农闸|农场中心河|市考|Ⅳ
富民港出江涵闸|富民港|入江支流|消除劣Ⅴ
王子竖河东方红闸|王子竖河|入江支流|消除劣Ⅴ
"""
YANGZHONG_SECTIONS = """
扬子桥|三茅大港|省考|Ⅱ|总磷年均 < 0.1 mg/L
何家大港闸|联丰港|省考|Ⅱ|总磷年均 < 0.1 mg/L
万福桥闸|新坝大港|省考|Ⅱ|总磷年均 < 0.1 mg/L
王陆港（二级管控支流）|王陆港|支流||总磷年均 ≤ 0.2 mg/L
"""
WATER_SOURCES = """
南通市长江洪港水源地|长江|地级在用|Ⅲ及以上|洪港水厂
南通市老洪港水库应急水源地|星湖、云湖|地级应急备用|Ⅲ及以上|崇海水厂、洪港水厂
"""
PROJECT_AMOUNTS = [
    160, 180, 150, 27, 52, 32, 28, 834, 288, 120, 1788, 1580, 362, 398, 500, 1350,
    150, 20, 984, 583, 806, 3000, 200, 300, 20, 20, 20, 25, 30, 30, 30, None,
]  # fmt: skip


def typed(text):
    return [tuple(line.split("|")) for line in text.strip().splitlines()]


def rows_of(table, *columns):
    return list(table[list(columns)].itertuples(index=False, name=None))


def test_sections_of_nantong_are_those_of_table_1():
    table = csv("sections_nantong.csv")
    got = rows_of(table, "断面名称", "所在水体", "断面属性", "水质目标")
    assert got == typed(NANTONG_SECTIONS)
    assert set(table["来源"]) == {"南通开发区 2021 表1"}


def test_sections_of_yangzhong_are_those_of_table_2():
    table = csv("sections_yangzhong.csv")
    got = rows_of(table, "断面名称", "所在水体", "断面属性", "水质目标", "附加目标")
    assert got == typed(YANGZHONG_SECTIONS)
    assert set(table["来源"]) == {"扬中 2024 表2"}


def test_water_sources_are_those_of_the_plans():
    nantong, yangzhong = (
        csv(f"water_sources_{place}.csv") for place in ("nantong", "yangzhong")
    )
    columns = ("水源地名称", "所在水体", "水源级别", "水质目标", "供水水厂")
    assert rows_of(nantong, *columns) == typed(WATER_SOURCES)
    assert rows_of(yangzhong, *columns[:3]) == [
        ("扬中市长江主江二墩港水源地", "长江", "县级在用（国考）"),
        ("扬中市铁皮港应急水源地", "长江", "县级备用"),
    ]


def test_projects_are_the_32_of_the_plan():
    table = csv("projects_nantong.csv")
    assert table["序号"].astype(int).tolist() == list(range(1, 33))
    amounts = [int(text) if text else None for text in table["投资（万元）"]]
    assert amounts == PROJECT_AMOUNTS
    due = Counter(table["完成期限"])
    assert due == {"2021.12": 18, "2021.5": 6, "2021.6": 3, "2021.3": 5}
    targets = Counter(zip(table["目标水体"], table["目标断面"], strict=True))
    assert targets == {
        ("长洪河", "新开港闸"): 8,
        ("长江", "团结闸"): 13,
        ("农场中心河", "南农闸"): 2,
        ("通启运河", "东方大道桥"): 4,
        ("通启运河", "营船港闸"): 2,
        ("裤子港河", "裤子港闸"): 3,
    }
    assert table.set_index("序号").loc["22", "项目名称"] == "新开港闸改造"


# ---------------------------------------------------------------- the network


def test_the_shapefile_is_gbk_without_saying_so(rivers):
    assert not (DATA / "rivers_schematic.cpg").exists()
    head = (DATA / "rivers_schematic.dbf").read_bytes()
    assert head[29] in (0, 0x4D)
    assert "通启运河".encode("gbk") in head
    names = [name for name in rivers.reset_index().columns if name != "geometry"]
    assert max(len(name.encode("gbk")) for name in names) <= 10
    assert len(set(names)) == len(names)


def test_rivers_are_in_the_system_and_place_of_nantong(rivers):
    assert rivers.crs.to_epsg() == 4549
    west, south, east, north = rivers.to_crs(4490).total_bounds
    assert west > 120.85
    assert east < 121.07
    assert south > 31.78
    assert north < 31.98
    yangtze = rivers[rivers["河流名称"] == "长江"].geometry
    others = rivers[rivers["河流名称"] != "长江"].geometry
    middle = others.union_all().centroid
    nearest = shapely.shortest_line(middle, yangtze.union_all()).coords[1]
    assert nearest[0] < middle.x  # the Yangtze lies to the south-west
    assert nearest[1] < middle.y


def test_river_ids_are_unique_and_lines_are_simple(rivers):
    assert 40 <= len(rivers) <= 80
    assert rivers.index.is_unique
    assert rivers.geometry.is_simple.all()
    assert set(rivers["流向"].dropna()) == {"顺流", "逆流", "双向"}
    assert rivers["流向"].isna().sum() >= 15


def test_lines_meet_only_where_they_are_meant_to(rivers):
    """Every place where two lines meet is an end of one, a shared vertex, or planned."""
    strangers = set()
    lines = rivers.geometry
    for i, one in enumerate(lines):
        for j, other in enumerate(lines.iloc[i + 1 :], start=i + 1):
            if not one.intersects(other):
                continue
            meeting = one.intersection(other)
            assert meeting.geom_type == "Point", (lines.index[i], lines.index[j])
            if all(
                meeting.distance(shapely.MultiPoint(line.coords)) > 1
                for line in (one, other)
            ):
                strangers.add((lines.index[i], lines.index[j]))
    assert strangers == {("QC02", "DF03"), ("MS03", "XK01")}


def test_the_network_has_loops_and_dead_ends(rivers):
    lines = rivers.geometry.drop("MS03")  # it passes under XK01
    pieces = shapely.get_parts(shapely.node(shapely.multilinestrings(list(lines))))
    ends = [
        tuple(np.round(spot, 0))
        for line in pieces
        for spot in shapely.get_coordinates(line)[[0, -1]]
    ]
    nodes = Counter(ends)
    assert len(pieces) - len(nodes) + 1 >= 5
    dead = shapely.Point(rivers.geometry["XW01"].coords[-1])
    others = rivers.geometry.drop("XW01").union_all()
    assert dead.distance(others) > 100


def test_a_t_junction_has_no_node(rivers):
    end = shapely.Point(rivers.geometry["GH01"].coords[-1])
    trunk = rivers.geometry["CH03"]
    assert end.distance(trunk) < 0.01
    assert end.distance(shapely.MultiPoint(trunk.coords)) > 10


def test_one_end_misses_the_line_it_should_reach(rivers):
    end = shapely.Point(rivers.geometry["TJ02"].coords[-1])
    others = rivers.geometry.drop("TJ02")
    assert 0.6 <= others.distance(end).min() <= 0.8
    assert others.distance(end).idxmin() == "QC01"


def test_the_given_directions_agree_with_the_modelled_flow(monkeypatch):
    """So does a line drawn against its flow, which says 逆流."""
    monkeypatch.syspath_prepend(DATA)
    from demo._curves import way_nodes
    from demo._hydraulics import solve
    from demo._layout import LINES
    from demo._outfalls import outfalls

    flow = solve(outfalls()).edge_flow_m3_s
    against = 0
    for line in LINES:
        sign = {"顺流": 1, "逆流": -1}.get(line.direction, 0)
        nodes = way_nodes(line)
        for a, b in pairwise(nodes):
            along = flow.get((a, b), -flow.get((b, a), 0.0))
            if abs(along) > 0.01:  # water behind a shut gate hardly moves
                assert along * sign >= 0, line.river_id
        against += line.direction == "逆流"
    assert against >= 1


def test_structures_stand_on_the_lines(rivers):
    table = csv("structures.csv")
    points = gpd.GeoSeries.from_xy(
        table["经度"].astype(float), table["纬度"].astype(float), crs=4490
    ).to_crs(4549)
    assert points.distance(rivers.union_all()).max() < 0.5
    assert table["建筑物编号"].is_unique
    gates = {
        "团结闸", "营船港闸", "裤子港闸", "新开港闸", "南农闸", "富民港涵闸", "东方红闸",
        "天星横河东闸",
    }  # fmt: skip
    assert gates <= set(table["建筑物名称"])
    outlets = table[table["进出水"] == "出江"]
    assert gates - {"天星横河东闸"} <= set(outlets["建筑物名称"])
    closed = table[table["启闭状态"] == "关闭"].set_index("建筑物名称")["进出水"]
    assert closed["天星横河东闸"] == "节制"


def test_townships_cover_the_outfalls_without_overlap():
    table = gpd.read_file(DATA / "townships_schematic.geojson")
    assert {name[:-2] for name in table["行政区名称"]} == {
        "小海", "竹行", "新开", "中兴", "老洪港",
    }  # fmt: skip
    metric = table.to_crs(4549)
    assert metric.area.sum() == pytest.approx(metric.union_all().area, rel=1e-6)


# ---------------------------------------------------------------- outfalls

FAULTS = {
    "full_width": (26, "PK023"),
    "thousands": (78, "PK075"),
    "twice": (80, "PK076"),
    "blank": (89, ""),
    "digit": (93, "PK088"),
    "same_id": (100, "PK094"),
    "swapped": (104, "PK099"),
    "footnote": (113, ""),
}
SECOND_LEVEL = {
    "工矿企业排污口", "工矿企业雨洪排口", "工业及其他各类园区污水处理厂排污口",
    "工业及其他各类园区污水处理厂雨洪排口", "城镇污水处理厂排污口",
    "规模化畜禽养殖排污口", "规模化水产养殖排污口", "大中型灌区排口", "港口码头排口",
    "规模以下畜禽养殖排污口", "规模以下水产养殖排污口", "城镇生活污水散排口",
    "农村污水处理设施排污口", "农村生活污水散排口", "城镇雨洪排口", "其他排污口",
}  # fmt: skip
FIRST_LEVEL = {"工业排污口", "城镇污水处理厂排污口", "农业排口", "其他排口"}


def degrees(cell):
    """Read a plain number or degrees, minutes, seconds in any of the three forms."""
    if not isinstance(cell, str):
        return float(cell)
    for mark in "°′″'\"度分秒":
        cell = cell.replace(mark, " ")
    degree, minute, second = map(float, cell.split())
    return degree + minute / 60 + second / 3600


def places(register):
    """Give the outfalls that are where the register says, in metres, by id."""
    rows = register.dropna(subset=["排污口编号"]).drop_duplicates()
    lon, lat = rows["经度"].map(degrees), rows["纬度"].map(degrees)
    good = lon.between(120, 122) & lat.between(31, 33)
    points = gpd.GeoSeries.from_xy(lon[good], lat[good], crs=4490).to_crs(4549)
    return points.set_axis(rows.loc[good.to_numpy(), "排污口编号"].to_numpy())


def test_the_register_has_a_title_and_headers_with_units(sheet):
    assert sheet.loc[1, 0].startswith("南通经济技术开发区入河排污口登记表")
    headers = sheet.loc[REGISTER_HEADER].tolist()
    assert "许可排水量（m³/d）" in headers
    assert {"联系人", "联系电话"} <= set(headers)


def test_there_are_60_to_120_outfalls_of_the_official_classes(register):
    rows = register.dropna(subset=["排污口编号"])
    assert 60 <= len(rows) <= 120
    assert set(rows["排污口类型"]) <= SECOND_LEVEL
    assert set(rows["一级分类"]) == FIRST_LEVEL
    assert len(set(rows["排污口类型"])) >= 12
    permitted = rows["许可氨氮浓度（mg/L）"].notna()
    assert permitted.sum() >= 20


def test_planted_faults_stand_where_the_readme_says(sheet, register):
    number, lon, lat = "排污口编号", "经度", "纬度"
    amount = "许可排水量（m³/d）"
    for row, outfall in FAULTS.values():
        assert outfall in ("", register.loc[row, number])
    assert register.loc[26, amount] == "２０５０"
    assert register.loc[78, amount] == "2,420"
    assert register.loc[79].equals(register.loc[80])
    assert register.loc[89].isna().all()
    assert register.loc[93, lon] == pytest.approx(21.036535)
    assert register.loc[99, number] == register.loc[100, number]
    assert register.loc[104, lon] < 33 < register.loc[104, lat]
    assert sheet.loc[113, 0].startswith("注：")
    assert len(sheet) == 113


def test_no_other_row_has_a_fault_of_these_kinds(register):
    rows = register.dropna(subset=["排污口编号"])
    ids = rows["排污口编号"]
    assert set(ids[ids.duplicated()]) == {"PK094", "PK076"}
    lon, lat = rows["经度"].map(degrees), rows["纬度"].map(degrees)
    odd = ~(lon.between(120.8, 121.1) & lat.between(31.7, 32.0))
    assert odd[odd].index.tolist() == [93, 104]


def test_coordinates_come_in_several_forms(register):
    texts = [cell for cell in register["经度"] if isinstance(cell, str)]
    forms = {mark for mark in "′'度" if any(mark in text for text in texts)}
    assert forms == {"′", "'", "度"}
    assert sum(not isinstance(cell, str) for cell in register["经度"]) > 60
    amounts = register["许可排水量（m³/d）"].dropna()
    assert any(
        isinstance(cell, str) and cell.isascii() and cell.isdigit() for cell in amounts
    )


def test_the_readme_names_the_faults_and_files():
    text = (DATA / "README.md").read_text("utf-8")
    for row, outfall in FAULTS.values():
        assert f"| {row} |" in text
        assert outfall in text
    for name in made_files(DATA):
        stem = name.removesuffix(Path(name).suffix)
        assert stem in text or name.startswith("scenarios/"), name


def test_outfalls_lie_by_the_river_they_name(register, rivers):
    rows = register.dropna(subset=["排污口编号"]).drop_duplicates("排污口编号")
    rows = rows.set_index("排污口编号")["受纳水体"]
    half = rivers["河宽"] / 2
    for outfall, point in places(register).groupby(level=0).first().items():
        near = rivers.geometry.distance(point) - half
        names = rivers.loc[near < 150, "河流名称"]
        assert rows[outfall] in set(names), outfall


def test_three_to_six_outfalls_lie_in_the_draft_zones(register, rivers):
    """By distances of the Jiangsu rule; one lies just outside."""
    sources = csv("water_sources_nantong.csv").set_index("水源地编号")
    at = gpd.GeoSeries.from_xy(
        sources["经度"].astype(float), sources["纬度"].astype(float), crs=4490
    ).to_crs(4549)
    at.index = sources.index
    points = places(register)
    in_lake = set(points.index[points.distance(at["SY02"]) < 2500])
    river = rivers.geometry["CJ02"]
    along = river.project(points) - river.project(at["SY01"])
    bank = points.distance(river) - 1200
    on_yangtze = set(points.index[along.between(-4000, 2000) & (bank < 100)])
    assert in_lake == {"PK107", "PK105", "PK084", "PK106"}
    assert {name for name in on_yangtze if bank[name] > -100} == {"PK001"}
    # level 3 goes 2645 m up the canal that joins 1355 m upstream of the intake
    canal = rivers.geometry["TQ07"]
    up = canal.length - canal.project(points["PK016"])
    mouth = river.project(at["SY01"]) - river.project(shapely.Point(canal.coords[-1]))
    assert 0 < up + mouth < 4000
    assert 3 <= len(in_lake) + 2 <= 6
    assert 20 < bank["PK002"] - 100 < 60
    assert 500 < along["PK002"] < 1000


# ---------------------------------------------------------------- readings


def test_readings_are_four_hourly_for_a_month(readings):
    sections = csv("sections_nantong.csv")["断面编号"]
    assert set(readings["断面编号"]) == set(sections)
    assert set(readings["监测项目"]) == {"氨氮", "总磷", "高锰酸盐指数", "溶解氧", "pH"}
    times = readings["监测时间"].drop_duplicates().sort_values()
    assert len(times) == 180
    assert set(times.diff().dropna()) == {pd.Timedelta("4h")}
    assert len(readings) == 8 * 5 * 180
    assert readings["监测值"].isna().sum() == 3


def ammonia(readings):
    table = readings[readings["监测项目"] == "氨氮"]
    return table.pivot_table(index="监测时间", columns="断面编号", values="监测值")


def test_only_the_failing_section_misses_its_target(readings, truth):
    means = ammonia(readings).mean()
    limits = {"Ⅱ": 0.5, "Ⅲ": 1.0, "Ⅳ": 1.5, "消除劣Ⅴ": 2.0}
    targets = csv("sections_nantong.csv").set_index("断面编号")["水质目标"].map(limits)
    missed = means[means > targets.reindex(means.index)]
    assert missed.index.tolist() == [truth["failing_section"]] == ["DM03"]
    assert means["DM03"] == pytest.approx(
        truth["monthly_mean_nh3n_mg_l"]["DM03"], abs=0.01
    )


def test_without_the_incident_the_section_would_meet_its_target(readings, truth):
    values = ammonia(readings)["DM03"]
    times = truth["affected"]["DM03"]
    quiet = values[(values.index < times["first"]) | (values.index > times["last"])]
    assert quiet.mean() < 1.0
    during = values[times["first"] : times["last"]]
    assert during.max() > 2 * quiet.mean()


def test_the_pulses_arrive_when_the_truth_says(readings, truth):
    """The readings rise above their usual spread after the stated travel times."""
    start = pd.Timestamp(truth["start"])
    order = []
    for section, times in truth["affected"].items():
        values = ammonia(readings)[section].dropna()
        first = pd.Timestamp(times["first"])
        assert (first - start) / pd.Timedelta("1h") == pytest.approx(
            times["first_travel_time_h"], abs=1.0
        )
        quiet = values[values.index < start]
        high = values[values > quiet.mean() + 4 * quiet.std()]
        assert high.index.min() >= first
        assert high.index.max() <= pd.Timestamp(times["last"])
        assert len(high) >= 6
        order.append(first)
    assert order == sorted(order)


def test_other_sections_stay_clean(readings, truth):
    table = ammonia(readings)
    start = pd.Timestamp(truth["start"])
    for section in truth["clean_sections"]:
        before, after = table.loc[:start, section], table.loc[start:, section]
        assert after.mean() == pytest.approx(before.mean(), rel=0.1), section
        assert after.max() < before.mean() * 1.45, section


def test_the_incident_is_several_times_the_permit(truth, register):
    row = register[register["排污口编号"] == truth["outfall_id"]].iloc[0]
    permitted = row["许可排水量（m³/d）"] * row["许可氨氮浓度（mg/L）"] / 1000
    assert permitted == pytest.approx(truth["permitted_load_kg_d"])
    assert 3 < truth["discharged_load_kg_d"] / permitted < 12
    assert 36 <= truth["hours"] <= 60
    assert row["受纳水体"] == truth["river"]


def test_candidates_of_every_kind_lie_about_the_failing_section(truth, register):
    relation = truth["relation_to_failing_section"]
    kinds = ("certain", "possible", "behind_gate", "not_upstream")
    every = [name for kind in kinds for name in relation[kind]]
    assert len(every) == len(set(every)) == 107
    assert all(len(relation[kind]) >= 10 for kind in kinds)
    assert truth["outfall_id"] in relation["certain"]
    assert set(relation["modelled"]) <= {*relation["certain"], *relation["possible"]}
    assert set(relation["certain"]) <= set(relation["modelled"])
    known = set(register["排污口编号"].dropna()) | {"PK095"}
    assert set(every) == known


def test_monthly_readings_are_wide_with_non_detects_and_blanks():
    table = cells_of(DATA / "readings_monthly_2025.xlsx")
    assert "模拟" in table.iloc[0, 0]
    rows = table.iloc[2:].set_axis(table.iloc[1].tolist(), axis=1)
    assert Counter(rows["断面编号"].value_counts()) == {12: 12}
    cells = rows.to_numpy().ravel().tolist()
    assert "0.01L" in cells
    assert "--" in cells
    phosphorus = pd.to_numeric(rows["总磷（mg/L）"], errors="coerce")
    yearly = phosphorus.groupby(rows["断面编号"]).mean()
    assert yearly[["YZ01", "YZ02", "YZ03"]].between(0.05, 0.12).all()


# ---------------------------------------------------------------- scenarios


def test_scenarios_can_be_read_and_name_what_exists(rivers):
    known = set(csv("structures.csv")["建筑物编号"])
    names = []
    for path in sorted((DATA / "scenarios").glob("*.toml")):
        scenario = Scenario.from_dict(tomllib.loads(path.read_text("utf-8")))
        assert set(scenario.structures) <= known, path.name
        assert set(scenario.directions) <= set(rivers.index), path.name
        assert set(scenario.velocities_m_s) <= set(rivers.index), path.name
        assert "示意" in scenario.note
        names.append(scenario.name)
    assert sorted(names) == sorted(["正常排水", "引水", "排涝", "涨潮"])


def test_the_approved_zone_is_plainly_made_up():
    table = gpd.read_file(DATA / "approved_zones_example.geojson")
    assert table["批复文号"].str.contains("虚构").all()
    assert table["保护区级别"].tolist() == ["一级", "二级"]
    assert not table.geometry.iloc[0].overlaps(table.geometry.iloc[1])

"""Registers of outfalls: classes, counts, matches, changes, and handing them over."""

import datetime as dt
import json

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from geotool import io
from geotool.errors import LayerError, SourceError
from geotool.layers import (
    build_layer,
    compare_registers,
    export_layers,
    match_registers,
    outfall_class,
    remedy_word,
    summary_tables,
    without_personal,
)
from geotool.maps._style import classify
from geotool.tables import load_table


def register(size=4, **columns):
    table = {
        "编号": [f"P{n}" for n in range(size)],
        "经度": [119.8 + n / 100 for n in range(size)],
    }
    return build_layer(
        pd.DataFrame({**table, "纬度": [32.2] * size, **columns}),
        "outfalls",
        datum="wgs84",
    )


# ---------------------------------------------------------------- classes


def test_every_official_name_stands_for_itself():
    for row in load_table("outfall_classes")["classes"]:
        for key in ("level_1", "level_2"):
            if row.get(key):
                found = outfall_class(row[key])
                assert getattr(found, key) == row[key]
                assert found.review == ""


def test_no_spelling_stands_for_two_classes():
    seen = {}
    for row in load_table("outfall_classes")["classes"]:
        for name in row.get("alias", ()):
            assert seen.setdefault(outfall_class(name), row) == row, name


@pytest.mark.parametrize(
    ("older", "level_1", "level_2", "review"),
    [
        ("工业", "工业排污口", "", False), ("城镇生活污水", "", "", True), ("城镇雨洪", "其他排口", "城镇雨洪排口", False),
        ("港口码头", "其他排口", "港口码头排口", False), ("农业农村", "", "", True),
        ("沟渠、河港（涌）、排干等", "", "", True), ("其他", "其他排口", "其他排污口", False), ("彩色", "", "", True),
    ],
)  # fmt: skip
def test_older_scheme_of_seven(older, level_1, level_2, review):
    found = outfall_class(older)
    assert (found.level_1, found.level_2, bool(found.review)) == (
        level_1,
        level_2,
        review,
    )


def test_import_classifies_and_keeps_what_was_written():
    done = register(类型=["城镇雨洪", "沟渠", "工业企业", "彩色"])
    layer = done.layer
    assert layer["category_1"].fillna("").tolist() == ["其他排口", "", "工业排污口", ""]
    assert layer["category"].tolist() == [
        "城镇雨洪排口",
        "沟渠",
        "工矿企业排污口",
        "彩色",
    ]
    assert layer["category_3"].fillna("").tolist() == ["", "", "工业企业", ""]
    assert layer["review"].notna().tolist() == [False, True, False, True]
    assert layer["类型_原值"].fillna("").tolist() == ["城镇雨洪", "", "工业企业", ""]
    assert classify(layer, "outfall_class").tolist() == [
        3,
        -1,
        0,
        -1,
    ]  # as the map draws


def test_levels_that_disagree_are_flagged():
    done = register(2, 一级分类=["农业排口", "工业"], 类型=["城镇雨洪排口", None])
    assert done.layer["category_1"].tolist() == ["其他排口", "工业排污口"]
    assert "不一致" in done.layer["review"].iloc[0]
    assert pd.isna(done.layer["review"].iloc[1])


def test_register_without_classes_gets_none():
    assert "category_1" not in register().layer


@pytest.mark.parametrize(
    ("older", "word"),
    [
        ("取缔一批", "依法取缔"),
        ("合并", "清理合并"),
        ("规范", "规范整治"),
        ("整治一批", "规范整治"),
        ("另行", None),
    ],
)
def test_four_words_of_remediation_become_three(older, word):
    assert remedy_word(older) == word
    done = register(1, 整治类别=[older])
    assert done.layer["remedy"].tolist() == [word or older]


# ---------------------------------------------------------------- counts


def test_counts_add_up_and_late_ones_are_listed():
    done = register(
        区县=["扬中", "扬中", None, "江阴"],
        整治阶段=["未整治", "已销号", "进行中", None],
        整治期限=["2024-05-01", "2024-05-01", "2024-12-31", "2024-04-01"],
        销号日期=[None, None, None, "2024-03-01"],
    )
    tables = summary_tables(done.layer, today=dt.date(2024, 6, 1))
    for key in ("district", "river", "category_1", "stage"):
        assert tables[key]["total"].sum() == 4
        stages = tables[key][["todo", "doing", "done", "closed", "exempt", "not_said"]]
        assert (stages.sum(axis=1) == tables[key]["total"]).all()
    assert tables["district"]["district"].tolist() == ["扬中", "未填", "江阴"]
    assert tables["overdue"]["outfall_id"].tolist() == ["P0"]  # P3 was closed in March
    assert tables["overdue"]["days_late"].tolist() == [31]


def test_counts_of_an_empty_register():
    tables = summary_tables(register().layer.head(0))
    assert all(len(table) == 0 for table in tables.values())


# ---------------------------------------------------------------- matches


def points(ids, names, places, **columns):
    shapes = [shapely.Point(480_000 + x, 3_569_000) for x in places]
    return gpd.GeoDataFrame(
        {"outfall_id": ids, "name": names, **columns}, geometry=shapes, crs=4549
    )


def test_matches_by_name_distance_and_code():
    one = points(["A", "B", "C"], ["东口", "西口", "南口"], [0, 1000, 2000])
    other = points(["1", "2", "C"], ["东口排污口", "别的", "改名"], [8, 1030, 9000])
    found = match_registers(one, other).set_index(["one_id", "other_id"])
    assert found.loc[("A", "1"), "best"]
    assert found.loc[("C", "C"), "same_code"]
    assert ("B", "2") not in found.index  # near, but named otherwise
    assert found["score"].between(0, 1).all()


def test_matching_does_not_ask_which_system_each_is_in():
    one = points(["A"], ["东口"], [0])
    assert match_registers(one, one.to_crs(4490))["distance_m"].tolist() == [0.0]


def test_a_name_that_all_bear_matches_nothing_far_away():
    names = ["江苏"] * 30
    one = points([f"A{n}" for n in range(30)], names, range(0, 30_000, 1000))
    assert (
        len(match_registers(one, one.assign(outfall_id=[f"B{n}" for n in range(30)])))
        == 30
    )


def test_registers_need_their_identifier():
    one = points(["A"], ["东口"], [0])
    with pytest.raises(LayerError, match="outfall_id"):
        match_registers(one.drop(columns="outfall_id"), one)


# ---------------------------------------------------------------- changes


def test_what_changed_between_two_issues():
    old = points(
        ["A", "B", "C", "D"],
        ["甲", "乙", "丙", "丁"],
        [0, 1000, 2000, 3000],
        stage=["整治中"] * 4,
    )
    new = points(
        ["A", "B", "C", "E"],
        ["甲", "乙", "丙", "丁"],
        [0, 1050, 2002, 3000],
        stage=["整治中", "整治中", "销号", "整治中"],
    )
    found = compare_registers(old, new)
    lines = found[["id", "change", "column"]].to_numpy().tolist()
    assert lines == [
        ["B", "moved", "geometry"],
        ["C", "changed", "stage"],
        ["E", "added", None],
        ["D", "removed", None],
    ]
    assert found["distance_m"].tolist()[0] == 50
    assert found["other_id"].tolist()[2:] == ["D", "E"]  # the same under another id


def test_the_same_register_has_no_changes():
    old = points(["A", "B"], ["甲", None], [0, 1000])
    assert compare_registers(old, old.to_crs(4490)).empty


# ---------------------------------------------------------------- handing over


def contacts():
    columns = {
        "排口名称": ["东口", "西口"],
        "受纳水体": ["长江"] * 2,
        "排水量(m³/d)": [1.5, 2],
    }
    columns |= {
        "联系人": ["某"] * 2,
        "联系电话": ["123"] * 2,
        "备用手机": ["456"] * 2,
        "=公式": ["=1+1"] * 2,
    }
    return register(2, 整治期限=["2024-05-01"] * 2, **columns).layer


@pytest.mark.parametrize("suffix", ["gdb", "shp", "geojson", "xlsx", "csv", "gpkg"])
def test_contact_data_leave_only_when_named(tmp_path, suffix):
    export_layers({"outfalls": contacts()}, tmp_path / f"a.{suffix}")
    table = io.read_table(tmp_path / f"a.{suffix}")
    cells = table.cells.astype(str).to_numpy().tolist()
    assert not {"某", "123", "456"} & {cell for row in cells for cell in row}
    assert len(table) == 2
    export_layers(
        {"outfalls": contacts()}, tmp_path / f"b.{suffix}", personal=["phone"]
    )
    cells = (
        io.read_table(tmp_path / f"b.{suffix}").cells.astype(str).to_numpy().tolist()
    )
    assert "123" in {cell for row in cells for cell in row}
    assert "456" not in {cell for row in cells for cell in row}


@pytest.mark.parametrize("suffix", ["gdb", "geojson", "xlsx", "csv", "gpkg"])
def test_what_was_exported_can_be_imported(tmp_path, suffix):
    from geotool.layers import read_layer

    layer = contacts()
    export_layers({"outfalls": layer}, tmp_path / f"a.{suffix}")
    again = read_layer(tmp_path / f"a.{suffix}", "outfalls")
    assert again.rejected.empty
    for key in ("outfall_id", "name", "river", "discharge_m3_d", "deadline"):
        assert again.layer[key].tolist() == layer[key].tolist(), key


def test_shapefile_as_old_programs_read_it(tmp_path):
    frame = register(
        2,
        受纳水体名称=["长江", "夹江"],
        很长的一个列名甲=["a", "b"],
        很长的一个列名乙=["长" * 200, "𠮷"],
    ).layer
    written = export_layers({"outfalls": frame}, tmp_path / "排口.shp")
    assert (tmp_path / "排口.dbf").read_bytes()[29] == 0x4D
    assert (tmp_path / "排口.cpg").exists()
    (tmp_path / "排口.cpg").unlink()
    again = io.read_table(tmp_path / "排口.shp").cells
    assert "受纳水体" in again.columns
    assert all(len(name.encode("gbk")) <= 10 for name in again.columns)
    assert again["受纳水体"].tolist() == ["长江", "夹江"]
    names = io.read_table(tmp_path / "排口_字段对照.csv").cells.set_index("列")
    assert names.loc["很长的一个列名乙", "截短的格数"] == "1"
    assert names.loc["很长的一个列名乙", "GBK 没有的字所在格数"] == "1"
    assert names["字段名"].is_unique
    assert {part.suffix for part in written} >= {".shp", ".shx", ".dbf", ".csv"}
    assert not list(tmp_path.glob(".geotool*"))


def test_geodatabase_replaces_an_old_one_and_holds_several(tmp_path):
    layer = register(2).layer
    for _ in range(2):
        export_layers(
            {"outfalls": layer, "t": pd.DataFrame({"a": [1]})}, tmp_path / "a.gdb"
        )
    assert sorted(name for name, _ in pyogrio.list_layers(tmp_path / "a.gdb")) == [
        "outfalls",
        "t",
    ]
    assert [part.name for part in tmp_path.iterdir()] == ["a.gdb"]


def test_exports_that_cannot_be(tmp_path):
    layer = register(2).layer
    line = gpd.GeoDataFrame(
        geometry=[shapely.LineString([(0, 0), (1, 1)]), shapely.Point(0, 0)], crs=4490
    )
    cases = [
        ({"outfalls": layer}, "a.dwg"), ({"a": layer, "b": layer}, "a.shp"), ({}, "a.xlsx"),
        ({"a": line}, "a.shp"), ({"a": pd.DataFrame({"x": [1]})}, "a.shp"), ({"a": layer}, "no/a.shp"),
    ]  # fmt: skip
    for layers, name in cases:
        with pytest.raises(SourceError):
            export_layers(layers, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_headers_of_an_exported_workbook_are_chinese_and_safe(tmp_path):
    export_layers({"outfalls": contacts()}, tmp_path / "a.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    head = [cell.value for cell in sheet[1]]
    assert {"排污口编号", "排水量（m3/d）", "lon", "lat"} <= set(head)
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {
        "s",
        "n",
        "d",
    }


def test_geojson_is_in_wgs84(tmp_path):
    export_layers({"outfalls": points(["A"], ["东口"], [0])}, tmp_path / "a.geojson")
    content = json.loads((tmp_path / "a.geojson").read_text("utf-8"))
    lon, lat = content["features"][0]["geometry"]["coordinates"]
    assert 119 < lon < 120.5
    assert 32 < lat < 32.5


def test_known_columns_with_a_personal_sound_stay():
    table = pd.DataFrame(
        {"name": ["a"], "party": ["b"], "contact": ["c"], "note": ["d"]}
    )
    assert list(without_personal(table, "outfalls")) == ["name", "party", "note"]

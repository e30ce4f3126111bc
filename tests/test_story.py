"""The demo tells the truth that its data were made with."""

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geotool.cli import main

DATA = Path(__file__).parents[1] / "data"
FILES = (
    "geotool_demo.gpkg",
    "onemap.html",
    "map.png",
    "trace.xlsx",
    "trace.json",
    "assessment.xlsx",
    "findings.xlsx",
    "outfalls_rejects.xlsx",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    assert main(["demo", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def trace(demo):
    return json.loads((demo / "trace.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def truth():
    return json.loads((DATA / "incident_truth.json").read_text("utf-8"))


def test_all_files_are_there_and_it_runs_again(demo):
    assert main(["demo", str(demo)]) == 0
    for name in FILES:
        assert (demo / name).stat().st_size > 0, name
    left = [path.name for path in demo.iterdir() if path.name not in FILES]
    assert left == [], "nothing else is left lying about"


def test_the_trace_agrees_with_how_the_data_were_made(trace, truth):
    relation = truth["relation_to_failing_section"]
    found = {s["outfall_id"]: s["relation"] for s in trace["sources"]}
    assert {key for key in relation["certain"] if found.get(key) != "certain"} == set()
    assert set(found) == set(relation["certain"]) | set(relation["possible"])
    reasons = {
        row["id"]: row["kind"]
        for row in trace["excluded"]
        if row["layer"] == "outfalls"
    }
    behind = {key for key, kind in reasons.items() if kind == "closed_gate"}
    assert behind == set(relation["behind_gate"])
    # rows 93 and 100 of the register were refused, so they are in neither list
    assert set(reasons) - behind == set(relation["not_upstream"]) & set(reasons)


def test_the_culprit_is_found_and_its_time_brackets_the_truth(trace, truth):
    row = next(s for s in trace["sources"] if s["outfall_id"] == truth["outfall_id"])
    low, high = row["travel_time_h"]
    assert low <= truth["affected"]["DM03"]["first_travel_time_h"] <= high
    assert row["relation"] == "certain"


def test_three_rows_are_sent_back_and_add_up(demo):
    back = pd.read_excel(
        demo / "outfalls_rejects.xlsx", sheet_name="被退回", engine="calamine"
    )
    assert back["退回_行号"].tolist() == [80, 93, 100]
    layer = gpd.read_file(demo / "geotool_demo.gpkg", layer="outfalls")
    assert len(layer) + len(back) == 108
    swapped = layer[layer["outfall_id"] == "PK099"].geometry.iloc[0]
    assert 120 < swapped.x < 122


def test_only_one_section_fails(demo):
    table = pd.read_excel(demo / "assessment.xlsx", engine="calamine")
    failed = table[table["是否达标"] == "未达标"]
    assert failed["断面编号"].tolist() == ["DM03"]
    assert failed["超标项目（超目标倍数）"].tolist() == ["氨氮(0.08)"]


def test_outfalls_in_zones_are_listed_with_their_clause(demo):
    table = pd.read_excel(demo / "findings.xlsx", engine="calamine").set_index(
        "排污口编号"
    )
    conflict = table[table["判定"] == "疑似违法"]
    assert set(conflict.index) == {"PK001", "PK105", "PK107"}
    assert conflict["条款"].str.contains("第三百一十八条|第六十四条").all()
    assert set(table.index[table["判定"] == "关注"]) == {"PK016", "PK084", "PK106"}
    assert table.loc["PK002", "判定"] == "未涉及"


def test_layers_say_that_they_are_schematic(demo):
    for name in ("rivers", "structures", "outfalls"):
        layer = gpd.read_file(demo / "geotool_demo.gpkg", layer=name)
        assert layer["note"].str.contains("示意|模拟").all(), name


def test_no_contact_leaves_the_workspace(demo):
    for path in demo.iterdir():
        # the workspace and the rows sent back to their owner keep what came in
        if path.suffix == ".gpkg" or "rejects" in path.name:
            continue
        raw = path.read_bytes()
        if path.suffix == ".xlsx":
            book = zipfile.ZipFile(path)
            raw = b"".join(book.read(name) for name in book.namelist())
        assert "虚构某".encode() not in raw, path.name
        assert b"000-0000-0" not in raw, path.name

"""The whole way through the command line on real files that nobody here wrote."""

import json
import re
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geotool.cli import main

SHARED = Path(__file__).parents[2] / "shared"
DATA, INCIDENTS = SHARED / "data", SHARED / "incidents"
POLDER = DATA / "polder_bommelerwaard_nl/HyDAMO_Dommelerwaard.gpkg"
TUANHE = DATA / "osm_tuanhe_cn"
MAINE = DATA / "outfalls_maine_cso"
WASTE = DATA / "hydrowaste_jiangsu/HydroWASTE_v10_jiangsu_subset.csv"

pytestmark = pytest.mark.skipif(
    not SHARED.exists(), reason="the real data of ../shared are not here"
)


def done(*arguments):
    return main([str(each) for each in arguments])


def counts(text):
    """(read, accepted, refused) as the last import told them."""
    found = re.findall(r"读入 (\d+) 行，采用 (\d+) 行，退回 (\d+) 行", text)
    return tuple(int(number) for number in found[-1])


def document(path):
    return json.loads(path.read_text("utf-8"))


# ---------------------------------------------------------------- a polder
@pytest.fixture(scope="module")
def polder(tmp_path_factory):
    """Ditches, weirs, pumps, regulators and gauges of a Dutch polder."""
    path = tmp_path_factory.mktemp("polder") / "圩区.gpkg"
    into = ["--into", path]
    assert (
        done("import", POLDER, "--as", "rivers", "--layer", "Hydroobject", *into) == 0
    )
    for kind, name in {
        "weir": "Stuw",
        "pump": "Gemaal",
        "sluice": "Regelmiddel",
    }.items():
        # what kind a thing is stands in the name of its layer, not in a column
        rows = gpd.read_file(POLDER, layer=name)[["code", "naam", "geometry"]]
        part = path.with_name(f"{name}.gpkg")
        rows.assign(kind=kind, state="open").to_file(part, layer="x")
        argv = ["import", part, "--as", "structures", *into]
        assert done(*argv, *(["--append"] if kind != "weir" else [])) == 0
    assert (
        done("import", POLDER, "--as", "sections", "--layer", "Meetlocatie", *into) == 0
    )
    assert done("build", path) == 0
    return path


def test_a_polder_is_built_with_its_loops_and_structures(polder, tmp_path):
    names = ("rivers", "structures", "sections", "reaches")
    rows = {name: pyogrio.read_info(polder, layer=name)["features"] for name in names}
    assert (rows["rivers"], rows["structures"], rows["sections"]) == (365, 42, 39)
    assert rows["reaches"] == 365 + 42, "each structure cuts a reach"
    for ending in ("xlsx", "csv", "json", "gpkg"):
        assert done("check", polder, "--out", tmp_path / f"i.{ending}") == 0
    table = pd.read_excel(tmp_path / "i.xlsx", engine="calamine")
    assert len(table) == len(pd.read_csv(tmp_path / "i.csv"))
    assert table["经度"].between(5.2, 5.4).all()
    assert table["纬度"].between(51.7, 51.9).all()


def test_a_gauge_in_the_polder_is_traced(polder, tmp_path):
    section = gpd.read_file(polder, layer="sections")["section_id"].iloc[5]
    out = tmp_path / "t.json"
    assert done("trace", polder, "--section", section, "--out", out) == 0
    found = document(out)
    assert found["network"]["loops"] >= 40
    assert found["network"]["components"] == 2
    assert 40 < found["network"]["upstream_km"] < 46, "nobody knows a direction here"
    assert len(found["points"]) + len(found["excluded"]) == 38
    assert {row["relation"] for row in found["points"]} <= {"scenario", "possible"}
    assert any("流向不明" in text for text in found["warnings"])
    near = tmp_path / "n.json"
    assert (
        done("trace", polder, "--section", section, "--max-km", "2", "--out", near) == 0
    )
    assert document(near)["network"]["upstream_km"] < found["network"]["upstream_km"]


def test_shut_structures_cut_the_polder_up(polder, tmp_path):
    section = gpd.read_file(polder, layer="sections")["section_id"].iloc[5]
    ids = gpd.read_file(polder, layer="network_structures")["structure_id"]
    shut = tmp_path / "shut.json"
    shut.write_text(
        json.dumps({"name": "全关", "structures": dict.fromkeys(ids, "closed")})
    )
    out = tmp_path / "t.json"
    argv = ["trace", polder, "--section", section, "--scenario", shut, "--out", out]
    assert done(*argv) == 0
    found = document(out)
    assert found["scenario"] == "全关"
    gates = {row["subject"] for row in found["stopped"] if row["kind"] == "closed_gate"}
    assert gates
    assert gates <= set(ids)
    assert found["network"]["upstream_km"] < 45
    behind = [row for row in found["excluded"] if row["kind"] == "closed_gate"]
    for row in behind:
        assert set(row["at"].split("、")) <= set(ids)


# ---------------------------------------------------------------- Chinese rivers
def test_a_map_of_chinese_rivers_names_them(tmp_path, capsys):
    path, out = tmp_path / "湍河.gpkg", tmp_path / "图.html"
    for name, kind, options in (
        ("rivers", "rivers", []),
        ("canals", "rivers", ["--append"]),
        ("hydraulic-structures", "structures", []),
        ("admin-boundaries", "admin", []),
    ):
        source = TUANHE / f"{name}.geojson"
        assert done("import", source, "--as", kind, "--into", path, *options) == 0
    assert done("build", path) == 0
    said = capsys.readouterr().out
    assert "读入 19 行，采用 19 行" in said
    assert "structure_off × 22" in said, "dams beside the rivers are told, not dropped"
    layer = gpd.read_file(path, layer="rivers")
    assert len(layer) == 23
    assert "湍河" in set(layer["name"])
    assert done("map", path, "--out", out, "--title", "湍河") == 0
    assert out.stat().st_size > 200_000
    spot = layer[layer["name"] == "湍河"].to_crs(4490).geometry.iloc[0].centroid
    trace = tmp_path / "t.json"
    argv = ["trace", path, "--at", f"{spot.x},{spot.y}", "--max-offset-m", "20000"]
    assert done(*argv, "--out", trace) == 0
    assert document(trace)["network"]["upstream_km"] > 10


# ---------------------------------------------------------------- registers
def test_ids_that_repeat_are_refused_and_another_column_serves(tmp_path, capsys):
    shape, rejects = MAINE / "MaineDEP_CSO.shp", tmp_path / "r.xlsx"
    into = ["--into", tmp_path / "a.gpkg", "--rejects", rejects]
    assert done("import", shape, "--as", "outfalls", *into) == 0
    said = capsys.readouterr().out
    read, accepted, refused = counts(said)
    assert (read, accepted + refused) == (155, 155)
    assert refused > 100
    assert "MASTERID" in said, "the column that would serve is proposed"
    back = pd.read_excel(rejects, sheet_name="被退回", engine="calamine")
    assert len(back) == refused
    better = ["--into", tmp_path / "b.gpkg", "--map", "MASTERID=outfall_id"]
    assert done("import", shape, "--as", "outfalls", *better) == 0
    assert counts(capsys.readouterr().out) == (155, 155, 0)
    assert done("map", tmp_path / "b.gpkg", "--out", tmp_path / "m.html") == 0


@pytest.mark.parametrize(
    "name",
    [
        "2015_Portland_CSO_Overflow_Estimates.xls",
        "2019_Portland_CSO_Activity_and_Volumes.xlsx",
        "DEP_Annual_Totals.csv",
    ],
)
def test_a_workbook_that_is_no_register_is_refused_in_one_line(name, tmp_path, capsys):
    path = tmp_path / "w.gpkg"
    assert done("import", MAINE / name, "--as", "outfalls", "--into", path) == 2
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1
    assert "没有坐标" in said
    assert not path.exists()


def test_sewage_works_of_jiangsu_stand_where_they_discharge(tmp_path, capsys):
    path = tmp_path / "js.gpkg"
    argv = ["import", WASTE, "--as", "outfalls", "--datum", "wgs84", "--into", path]
    assert done(*argv) == 0
    assert counts(capsys.readouterr().out) == (196, 196, 0)
    layer = gpd.read_file(path, layer="outfalls").to_crs(4326)
    table = pd.read_csv(WASTE).set_index("WASTE_ID")
    row = table.loc[int(layer["outfall_id"].iloc[0])]
    place = shapely.Point(row["LON_OUT"], row["LAT_OUT"])
    assert layer.geometry.iloc[0].distance(place) < 1e-6, "the outfall, not the works"
    assert done("map", path, "--out", tmp_path / "m.html") == 0


# ---------------------------------------------------------------- incidents
@pytest.mark.parametrize("case", ["case_0001", "case_0002", "case_0003"])
def test_the_culprit_is_among_the_sources(case, tmp_path):
    folder, out = INCIDENTS / case, tmp_path / "r.json"
    query, truth = document(folder / "query.json"), document(folder / "truth.json")
    before = (folder / "layers.gpkg").read_bytes()
    argv = ["trace", folder / "layers.gpkg", "--section", query["section_id"]]
    argv += ["--item", query["item"], "--readings", folder / "observations.csv"]
    assert done(*argv, "--out", out) == 0
    found = document(out)
    sources = {s["outfall_id"]: s for s in found["sources"]}
    assert truth["outfall_id"] in sources
    assert (found["section_id"], found["item"]) == (query["section_id"], query["item"])
    gone = {row["id"] for row in found["excluded"] if row["layer"] == "outfalls"}
    assert len(sources) + len(gone) == truth["outfalls"]
    assert sorted(s["rank"] for s in found["sources"]) == list(
        range(1, len(sources) + 1)
    )
    assert (folder / "layers.gpkg").read_bytes() == before

"""The whole slice through the command line on real files that nobody here wrote."""

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest

from geotool.cli import main

SHARED = Path(__file__).parents[2] / "shared"
DATA = SHARED / "data"
POLDER = DATA / "polder_bommelerwaard_nl" / "HyDAMO_Dommelerwaard.gpkg"

pytestmark = pytest.mark.skipif(
    not DATA.exists(),
    reason="needs the real files in ../shared/data, which are not ours",
)


def run(*argv):
    assert main([str(part) for part in argv]) == 0


def read(path):
    return json.loads(Path(path).read_text("utf-8"))


def test_polder_with_its_weirs_and_pumps(tmp_path, capsys):
    "a polder of loops and dead ends: all water is possibly upstream of the pump"
    ws = tmp_path / "polder.gpkg"
    run("import", POLDER, "--as", "rivers", "--layer", "Hydroobject", "--into", ws)
    parts = []
    for layer, kind in (
        ("Stuw", "weir"),
        ("Gemaal", "pump"),
        ("Regelmiddel", "sluice"),
    ):
        part = gpd.read_file(POLDER, layer=layer, columns=["code", "naam"])
        parts.append(
            part.assign(code=layer + part["code"].astype(str), kind=kind, state="open")
        )
    structures = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True))
    structures = structures.drop_duplicates("code")
    structures.to_file(tmp_path / "structures.gpkg", layer="s")
    run("import", tmp_path / "structures.gpkg", "--as", "structures", "--into", ws)
    run("build", ws)
    said = capsys.readouterr().out
    assert "2 个连通部分" in said
    assert "42 个环" in said
    pump = structures[structures["kind"] == "pump"].iloc[[0]]
    pump = pump.rename(columns={"code": "section_id", "naam": "name"})
    pump[["section_id", "name", "geometry"]].to_file(
        tmp_path / "sections.gpkg", layer="s"
    )
    run("import", tmp_path / "sections.gpkg", "--as", "sections", "--into", ws)
    out = tmp_path / "t.json"
    run("trace", ws, "--section", pump["section_id"].iloc[0], "--out", out)
    found = read(out)
    assert found["network"]["upstream_km"] > 0.9 * 45.2
    assert any("流向不明" in text for text in found["warnings"])
    run("map", ws, "--out", tmp_path / "m.html")


def test_tuanhe_as_one_map_with_chinese_names(tmp_path):
    folder, ws = DATA / "osm_tuanhe_cn", tmp_path / "tuanhe.gpkg"
    run("import", folder / "rivers.geojson", "--as", "rivers", "--into", ws)
    run(
        "import",
        folder / "hydraulic-structures.geojson",
        "--as",
        "structures",
        "--into",
        ws,
    )
    run("import", folder / "admin-boundaries.geojson", "--as", "admin", "--into", ws)
    run("build", ws, "--drawn-with-flow")
    html = tmp_path / "tuanhe.html"
    run("map", ws, "--out", html, "--title", "湍河一张图", "--png", tmp_path / "t.png")
    assert html.stat().st_size < 3e6
    rivers = gpd.read_file(ws, layer="rivers")
    assert rivers["name"].str.contains("湍河").any()
    reaches = gpd.read_file(ws, layer="reaches")
    assert set(reaches["flow_mode"]) == {"normal"}


def test_registers_of_others(tmp_path):
    ws = tmp_path / "r.gpkg"
    folder = DATA / "outfalls_maine_cso"
    run(
        "import",
        folder / "MaineDEP_CSO.shp",
        "--as",
        "outfalls",
        "--into",
        ws,
        "--map",
        "MASTERID=outfall_id",
    )
    assert len(gpd.read_file(ws, layer="outfalls")) == 155
    source = next((DATA / "hydrowaste_jiangsu").glob("*.csv"))
    run("import", source, "--as", "outfalls", "--into", ws, "--datum", "wgs84")
    layer = gpd.read_file(ws, layer="outfalls")
    assert len(layer) == 196
    run("map", ws, "--out", tmp_path / "r.html")
    assert (tmp_path / "r.html").stat().st_size > 200_000


@pytest.mark.parametrize("case", ["case_0001", "case_0002", "case_0003"])
def test_the_culprit_of_an_incident_is_among_the_sources(case, tmp_path):
    folder = SHARED / "incidents" / case
    if not folder.exists():
        pytest.skip("needs the simulated incidents in ../shared/incidents")
    query, truth = read(folder / "query.json"), read(folder / "truth.json")
    out = tmp_path / "t.json"
    run(
        "trace",
        folder / "layers.gpkg",
        "--section",
        query["section_id"],
        "--item",
        query["item"],
        "--readings",
        folder / "observations.csv",
        "--out",
        out,
    )
    found = read(out)
    ids = [source["outfall_id"] for source in found["sources"]]
    assert truth["outfall_id"] in ids
    outfalls = gpd.read_file(folder / "layers.gpkg", layer="outfalls")
    told = {row["id"] for row in found["excluded"] if row["layer"] == "outfalls"}
    assert set(ids) | told == set(outfalls["outfall_id"]), "nobody is dropped"

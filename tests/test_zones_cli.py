"""The command `zones` reads the ground, and screens what it is told to."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from _zones_drawn import CRS, X, Y
from shapely import LineString, Point, box

import geotool as gt
from geotool.cli import main


def layer(shapes, **columns):
    moved = [shapely.transform(s, lambda xy: xy + np.array((X, Y))) for s in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=CRS)


@pytest.fixture
def ws(tmp_path):
    path = tmp_path / "局.gpkg"
    workspace = gt.create_workspace(path)
    workspace.write(
        {
            "rivers": layer(
                [LineString([(0, 0), (20_000, 0)])],
                river_id=["H1"],
                name=["长江"],
                direction=["digitized"],
                width_m=[40.0],
            ),
            "water_sources": layer(
                [Point(9_000, 0)],
                water_source_id=["SY1"],
                name=["甲水源"],
                kind=["river"],
            ),
            "outfalls": layer(
                [Point(8_500, 30), Point(8_500, 130)],
                outfall_id=["P1", "P2"],
                name=["一口", "二口"],
                datum_status=["known", "known"],
            ),
            "sources": layer(
                [Point(6_500, 10), box(8_400, -700, 8_600, -50)],
                source_id=["Q1", "Q2"],
                name=["化工一", "化工二"],
                datum_status=["known", "known"],
            ),
        }
    )
    return path


def test_ground_screening_shore_and_upstream(ws, tmp_path, capsys):
    layer([LineString([(0, 60), (20_000, 60)])]).to_file(tmp_path / "堤.geojson")
    layer([box(0, -5_000, 20_000, 100)], name=["本区"]).to_file(tmp_path / "区.gpkg")
    out = tmp_path / "筛查.csv"
    words = f"--dykes {tmp_path / '堤.geojson'} --clip {tmp_path / '区.gpkg'} "
    words += "--on 2026-09-01 --screen sources --shore yangtze_chemical_1km "
    words += f"--shore-of 长江 --upstream-km 5 --out {out}"
    done = main(["zones", str(ws), *words.split()])
    said = capsys.readouterr()
    assert done == 0, said.err
    workspace = gt.open_workspace(ws)
    zones = workspace.read("zones")
    first = zones[zones["level"] == "1"].to_crs(CRS).geometry.iloc[0]
    # land to 60 + 100 m on the dyke's side, cut at 100 m by the district
    assert first.bounds[3] == pytest.approx(Y + 100, abs=0.01)
    assert "裁去" in said.out
    findings = workspace.read("findings")
    assert findings["grade"].tolist() == ["conflict", "clear"]
    plants = workspace.read("findings_sources").set_index("source_id")
    assert plants.loc["Q1", "grade"] == "conflict"
    assert plants.loc["Q2", "overlap_m2"] == pytest.approx(200 * 70, rel=1e-3)
    shore = workspace.read("shore_sources")
    assert shore["grade"].tolist() == ["attention"] * 2
    upstream = workspace.read("upstream")
    assert set(upstream["id"]) == {"P1", "P2", "Q1", "Q2"}
    assert len(pd.read_csv(out)) == 2
    # run again: what was drawn is drawn anew, nothing is taken for approved
    assert main(["zones", str(ws)]) == 0
    assert set(gt.open_workspace(ws).read("zones")["status"]) == {"draft"}


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--water", "no.gpkg"], "no.gpkg"),
        (["--shore", "elbe"], "elbe"),
        (["--shore", "500", "--shore-of", "黄河"], "黄河"),
        (["--screen", "projects"], "projects"),
        (["--upstream-km", "-3"], "-3"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(ws, capsys, options, word):
    status = main(["zones", str(ws), *options])
    said = capsys.readouterr().err
    assert status in (1, 2)
    assert word in said
    assert "Traceback" not in said

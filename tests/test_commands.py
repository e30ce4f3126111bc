"""The command line keeps the contract: outputs, exit statuses, one-line errors."""

import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from functools import cache
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from geotool.cli import main

X, Y = 500_000.0, 3_540_000.0
RIVERS = {
    # A and B join to C; D ends in C's middle, its direction is not stated (it can only
    # drain to C, so it is inferred); E is apart
    "A": [(0, 0), (1000, 0)],
    "B": [(1000, 900), (1000, 0)],
    "C": [(1000, 0), (3000, 0)],
    "D": [(2000, -800), (2000, -0.4)],
    "E": [(8000, 0), (9000, 0)],
}


def lay_out(folder, *, gate="open", directions="ABC"):
    """Files as an analyst may hold them; returns their folder."""
    lines = [
        shapely.LineString([(X + x, Y + y) for x, y in xy]) for xy in RIVERS.values()
    ]
    rivers = gpd.GeoDataFrame(
        {
            "河道编号": list(RIVERS),
            "河流名称": [f"{key}河" for key in RIVERS],
            "流向": ["顺流" if key in directions else None for key in RIVERS],
        },
        geometry=lines,
        crs=4549,
    )
    rivers.to_file(folder / "rivers.gpkg", layer="河流")
    points = gpd.GeoSeries(
        [
            shapely.Point(X + x, Y + y)
            for x, y in ((200, 5), (1005, 600), (2005, -500), (8500, 3), (500, 5000))
        ],
        crs=4549,
    ).to_crs(4490)
    register = pd.DataFrame(
        {
            "排污口编号": ["P1", "P2", "P3", "P4", "P5"],
            "排污口名称": ["甲口", "乙口", "丙口", "丁口", "=1+1"],
            "联系人": ["张某某"] * 5,
            "联系电话": ["13800001111"] * 5,
            "经度": points.x.round(7),
            "纬度": points.y.round(7),
        }
    )
    register.to_csv(folder / "outfalls.csv", index=False, encoding="gb18030")
    place = gpd.GeoSeries([shapely.Point(X + 2900, Y)], crs=4549).to_crs(4490)
    section = {
        "断面编号": ["DM1"],
        "断面名称": ["丙河闸"],
        "水质目标": ["Ⅲ"],
        "经度": place.x,
        "纬度": place.y,
    }
    pd.DataFrame(section).to_csv(
        folder / "sections.csv", index=False, encoding="utf-8-sig"
    )
    stands = gpd.GeoSeries([shapely.Point(X + 1000, Y + 300)], crs=4549).to_crs(4490)
    gates = {
        "闸站编号": ["Z1"],
        "闸站名称": ["乙闸"],
        "类型": ["水闸"],
        "启闭状态": [gate],
        "经度": stands.x,
        "纬度": stands.y,
    }
    pd.DataFrame(gates).to_csv(folder / "gates.csv", index=False, encoding="utf-8-sig")
    readings = pd.DataFrame(
        {
            "断面编号": "DM1",
            "监测时间": ["2026-05-03", "2026-05-17", "日期不详"],
            "氨氮(mg/L)": ["1.22", "1.40", "0.3"],
            "总磷(mg/L)": ["0.01L", "0.02", ""],
        }
    )
    readings.to_csv(folder / "readings.csv", index=False, encoding="utf-8-sig")
    return folder


@cache
def _made(**options):
    """A folder with files and their workspace, made once: a second for each test adds up."""
    kept = tempfile.TemporaryDirectory(prefix="geotool_tests_")
    folder = Path(kept.name)
    lay_out(folder, **options)
    for name, kind in (
        ("rivers.gpkg", "rivers"),
        ("gates.csv", "structures"),
        ("outfalls.csv", "outfalls"),
        ("sections.csv", "sections"),
        ("readings.csv", "readings"),
    ):
        datum = [] if kind in ("rivers", "readings") else ["--datum", "cgcs2000"]
        given = ["import", str(folder / name), "--as", kind, *datum]
        assert main([*given, "--into", str(folder / "ws.gpkg")]) == 0
    return kept


def imported(folder, **options):
    """Lay a workspace and the files it came from into a folder."""
    shutil.copytree(_made(**options).name, folder, dirs_exist_ok=True)
    return str(folder / "ws.gpkg")


@pytest.fixture
def ws(tmp_path):
    return imported(tmp_path)


def traced(ws, *options, out="t.json"):
    target = Path(ws).parent / out
    assert main(["trace", ws, "--section", "DM1", "--out", str(target), *options]) == 0
    return json.loads(target.read_text("utf-8")) if out.endswith(".json") else target


# ---------------------------------------------------------------- the main job
def test_trace_keeps_the_json_contract(ws):
    found = traced(ws, "--item", "氨氮")
    assert list(found)[:4] == ["section_id", "item", "scenario", "direction"]
    assert (found["section_id"], found["item"]) == ("DM1", "NH3N")
    assert {
        "network",
        "sources",
        "unregistered",
        "excluded",
        "stopped",
        "warnings",
    } <= set(found)
    first = found["sources"][0]
    for key in [
        "outfall_id",
        "rank",
        "probability",
        "relation",
        "distance_m",
        "travel_time_h",
        "contribution_share",
        "reasons",
        "path",
    ]:
        assert key in first
    order = [(s["outfall_id"], s["rank"], s["relation"]) for s in found["sources"]]
    assert order == [("P3", 1, "scenario"), ("P2", 2, "scenario"), ("P1", 3, "certain")]
    metres = [s["distance_m"] for s in found["sources"]]
    assert metres == pytest.approx([1400, 2500, 2700], abs=1)
    assert all(s["probability"] is None for s in found["sources"])
    assert found["unregistered"]["probability"] is None
    assert found["unregistered"]["reaches"]
    reasons = {row["id"]: row["kind"] for row in found["excluded"]}
    assert reasons == {"P4": "unconnected", "P5": "far"}
    assert any("不代表责任大小" in text for text in found["warnings"])


def test_the_network_is_built_where_there_is_none(ws):
    before = traced(ws)
    assert main(["build", ws]) == 0
    after = traced(ws)
    assert before["network"]["hash"] == after["network"]["hash"]
    assert before["sources"] == after["sources"]


def test_a_shut_gate_cuts_off_and_a_scenario_opens_it(tmp_path):
    ws = imported(tmp_path, gate="closed")
    shut = traced(ws)
    assert "P2" not in [s["outfall_id"] for s in shut["sources"]]
    assert [
        row["subject"] for row in shut["stopped"] if row["kind"] == "closed_gate"
    ] == ["Z1"]
    scenario = tmp_path / "open.toml"
    scenario.write_text('name = "开闸"\n[structures]\nZ1 = "open"\n', encoding="utf-8")
    opened = traced(ws, "--scenario", str(scenario))
    assert opened["scenario"] == "开闸"
    assert "P2" in [s["outfall_id"] for s in opened["sources"]]


def test_downstream_and_limits(ws):
    out = Path(ws).parent / "d.json"
    assert main(["trace", ws, "--outfall", "P1", "--down", "--out", str(out)]) == 0
    met = json.loads(out.read_text("utf-8"))["points"]
    assert [(row["layer"], row["id"]) for row in met] == [("sections", "DM1")]
    near = traced(ws, "--max-km", "2")
    assert [s["outfall_id"] for s in near["sources"]] == ["P3"]
    assert {row["kind"] for row in near["excluded"]} >= {"limit"}


@pytest.mark.parametrize("out", ["t.csv", "t.xlsx", "t.gpkg", "t.geojson"])
def test_every_format_holds_the_same_outfalls(ws, out):
    path = traced(ws, out=out)
    if out == "t.csv":
        ids = pd.read_csv(path)["编号"].tolist()
    elif out == "t.xlsx":
        ids = pd.read_excel(path, sheet_name="排污口", engine="calamine")[
            "编号"
        ].tolist()
    elif out == "t.gpkg":
        layer = gpd.read_file(path, layer="trace_points")
        ids = layer.loc[layer["layer"] == "outfalls", "id"].tolist()
        assert set(pyogrio.list_layers(path)[:, 0]) >= {
            "trace_reaches",
            "trace_stopped",
        }
    else:
        layer = gpd.read_file(path)
        ids = layer.loc[layer["layer"] == "outfalls", "id"].tolist()
        assert layer.crs.to_epsg() == 4326
    assert ids == ["P3", "P2", "P1"]


def test_assess_zones_and_map(ws, capsys):
    folder = Path(ws).parent
    assert main(["build", ws]) == 0
    assert main(["assess", ws, "--out", str(folder / "a.xlsx")]) == 0
    table = pd.read_excel(folder / "a.xlsx", engine="calamine")
    assert table["水质类别"].tolist() == ["IV"]
    assert table["超标项目（超目标倍数）"].tolist() == ["氨氮(0.31)"]
    place = gpd.GeoSeries([shapely.Point(X + 500, Y)], crs=4549).to_crs(4490)
    intake = {
        "水源地编号": ["S1"],
        "水源地名称": ["甲水源"],
        "水源类型": ["河流型"],
        "经度": place.x,
        "纬度": place.y,
    }
    pd.DataFrame(intake).to_csv(folder / "s.csv", index=False, encoding="utf-8-sig")
    argv = ["import", str(folder / "s.csv"), "--as", "water_sources", "--into", ws]
    assert main([*argv, "--datum", "cgcs2000"]) == 0
    found = str(folder / "f.csv")
    assert (
        main(["zones", ws, "--buffer-m", "20", "--on", "2026-09-01", "--out", found])
        == 0
    )
    grades = pd.read_csv(found).set_index("排污口编号")
    assert grades.loc["P1", "判定"] == "疑似违法"
    assert "法典" in grades.loc["P1", "条款"]
    traced(ws, "--save")
    html = folder / "m.html"
    assert main(["map", ws, "--out", str(html), "--png", str(folder / "m.png")]) == 0
    assert html.stat().st_size > 200_000
    assert (folder / "m.png").read_bytes()[1:4] == b"PNG"
    assert "一张图" in capsys.readouterr().out


def test_contacts_and_formulas_stay_out(ws):
    folder = Path(ws).parent
    for out in ("t.json", "t.csv", "t.xlsx", "t.gpkg", "t.geojson"):
        traced(ws, out=out)
    assert main(["map", ws, "--out", str(folder / "m.html")]) == 0
    for path in [*folder.glob("t.*"), folder / "m.html"]:
        raw = path.read_bytes()
        if path.suffix == ".xlsx":
            book = zipfile.ZipFile(path)
            raw = b"".join(book.read(name) for name in book.namelist())
            assert b"<f>" not in raw, "no formula in a workbook"
        assert "张某某".encode() not in raw, path.name
        assert b"13800001111" not in raw, path.name


def test_check_ends_with_3_when_there_are_errors(tmp_path, capsys):
    ring = [
        shapely.LineString([(X, Y), (X + 500, Y)]),
        shapely.LineString([(X + 500, Y), (X + 250, Y + 400)]),
        shapely.LineString([(X + 250, Y + 400), (X, Y)]),
    ]
    rivers = gpd.GeoDataFrame({"direction": ["digitized"] * 3}, geometry=ring, crs=4549)
    rivers.to_file(tmp_path / "ws.gpkg", layer="rivers")
    assert main(["check", str(tmp_path / "ws.gpkg")]) == 3
    assert "首尾相接成环" in capsys.readouterr().out


def test_any_geopackage_with_such_layers_will_do(tmp_path):
    "layers of somebody else, columns by alias, nothing built"
    lay_out(tmp_path)
    path = tmp_path / "other.gpkg"
    gpd.read_file(tmp_path / "rivers.gpkg").to_file(path, layer="rivers")
    for name, layer in (("outfalls", "outfalls"), ("sections", "sections")):
        encoding = "gb18030" if name == "outfalls" else "utf-8-sig"
        table = pd.read_csv(tmp_path / f"{name}.csv", encoding=encoding)
        points = gpd.points_from_xy(table.pop("经度"), table.pop("纬度"), crs=4490)
        gpd.GeoDataFrame(table, geometry=points).to_file(path, layer=layer)
    found = traced(str(path))
    assert [s["outfall_id"] for s in found["sources"]] == ["P3", "P2", "P1"]


def test_append_adds_and_refuses_an_id_twice(ws, capsys):
    folder = Path(ws).parent
    more = folder / "more.csv"
    more.write_text("排污口编号,经度,纬度\nP9,120.01,31.98\n", encoding="utf-8-sig")
    argv = ["import", str(more), "--as", "outfalls", "--into", ws, "--append"]
    assert main([*argv, "--datum", "cgcs2000"]) == 0
    assert main([*argv, "--datum", "cgcs2000"]) == 2
    assert "P9" in capsys.readouterr().err


def test_rivers_imported_after_building_are_told(ws):
    import time

    assert main(["build", ws]) == 0
    time.sleep(1.1)  # provenance counts seconds
    folder = Path(ws).parent
    argv = ["import", str(folder / "rivers.gpkg"), "--as", "rivers", "--into", ws]
    assert main(argv) == 0
    assert any("请重新 geotool build" in text for text in traced(ws)["warnings"])


def test_headers_are_mapped_by_hand_and_rejects_come_back(tmp_path, capsys):
    source = tmp_path / "a.csv"
    source.write_text(
        "口子,东西,南北\nP1,120.5,31.9\nP1,120.6,31.9\n", encoding="utf-8-sig"
    )
    argv = [
        "import",
        str(source),
        "--as",
        "outfalls",
        "--into",
        str(tmp_path / "w.gpkg"),
    ]
    assert main(argv) == 2
    said = capsys.readouterr().err
    assert "口子" in said
    assert not (tmp_path / "w.gpkg").exists()
    source.write_text(
        "口子,经度,纬度\nP1,120.5,31.9\nP1,120.6,31.9\n", encoding="utf-8-sig"
    )
    back = tmp_path / "r.xlsx"
    argv += ["--map", "口子=outfall_id", "--rejects", str(back), "--datum", "gcj02"]
    assert main(argv) == 0
    table = pd.read_excel(back, sheet_name="被退回", engine="calamine")
    assert table["退回_行号"].tolist() == [3]
    layer = gpd.read_file(tmp_path / "w.gpkg", layer="outfalls")
    assert layer.geometry.x[0] == pytest.approx(120.4954, abs=2e-3)


def test_a_point_outside_its_district_is_told_with_the_likely_cause(tmp_path, capsys):
    ws = str(tmp_path / "w.gpkg")
    county = gpd.GeoDataFrame(
        {"admin_id": ["321182"], "name": ["扬中市"]},
        geometry=[shapely.box(119.7, 32.1, 119.9, 32.3)],
        crs=4490,
    )
    county.to_file(tmp_path / "a.gpkg", layer="a")
    argv = ["import", str(tmp_path / "a.gpkg"), "--as", "admin", "--into", ws]
    assert main(argv) == 0
    source = tmp_path / "p.csv"
    source.write_text(
        "排污口编号,行政区,经度,纬度\nP1,扬中市,119.8,32.2\nP2,扬中市,118.8,32.2\n",
        encoding="utf-8-sig",
    )
    capsys.readouterr()
    argv = ["import", str(source), "--as", "outfalls", "--into", ws]
    assert main([*argv, "--datum", "cgcs2000"]) == 0
    assert "扬中" in capsys.readouterr().out
    notes = gpd.read_file(ws, layer="notes_outfalls")
    told = notes[notes["after"].astype(str).str.contains("119.8")]
    assert told["reason"].str.startswith("P2：").tolist() == [True]


# ---------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["import", "no.xlsx", "--as", "outfalls", "--into", "w.gpkg"], "no.xlsx"),
        (["import", "outfalls.csv", "--as", "outfals", "--into", "w.gpkg"], "outfals"),
        (
            ["import", "readings.csv", "--as", "outfalls", "--into", "w.gpkg"],
            "没有坐标",
        ),
        (["import", "outfalls.csv", "--as", "outfalls", "--into", "w.txt"], "gpkg"),
        (
            [
                "import",
                "outfalls.csv",
                "--as",
                "outfalls",
                "--into",
                "w.gpkg",
                "--datum",
                "x",
            ],
            "x",
        ),
        (
            [
                "import",
                "outfalls.csv",
                "--as",
                "outfalls",
                "--into",
                "w.gpkg",
                "--map",
                "q",
            ],
            "--map",
        ),
        (
            [
                "import",
                "outfalls.csv",
                "--as",
                "outfalls",
                "--into",
                "w.gpkg",
                "--crs",
                "EPSG:0",
            ],
            "EPSG:0",
        ),
        (["build", "no.gpkg"], "no.gpkg"),
        (["build", "bad.gpkg"], "bad.gpkg"),
        (["build", "ws.gpkg", "--snap-m", "-1"], "容差"),
        (["trace", "ws.gpkg", "--section", "DM9", "--out", "t.json"], "DM9"),
        (["trace", "ws.gpkg", "--section", "DM1", "--out", "t.docx"], "t.docx"),
        (["trace", "ws.gpkg", "--section", "DM1", "--out", "no/t.json"], "no"),
        (
            [
                "trace",
                "ws.gpkg",
                "--section",
                "DM1",
                "--out",
                "t.json",
                "--max-km",
                "-1",
            ],
            "正数",
        ),
        (
            ["trace", "ws.gpkg", "--section", "DM1", "--out", "t.json", "--item", "狗"],
            "狗",
        ),
        (
            [
                "trace",
                "ws.gpkg",
                "--section",
                "DM1",
                "--out",
                "t.json",
                "--scenario",
                "no.toml",
            ],
            "no.toml",
        ),
        (
            [
                "trace",
                "ws.gpkg",
                "--section",
                "DM1",
                "--out",
                "t.json",
                "--scenario",
                "bad.toml",
            ],
            "bad.toml",
        ),
        (
            [
                "trace",
                "ws.gpkg",
                "--section",
                "DM1",
                "--out",
                "t.json",
                "--readings",
                "no.csv",
            ],
            "no.csv",
        ),
        (["trace", "ws.gpkg", "--at", "here", "--out", "t.json"], "--at"),
        (["trace", "ws.gpkg", "--at", "100,30", "--out", "t.json"], "超过"),
        (["trace", "ws.gpkg", "--out", "t.json"], "section"),
        (["assess", "ws.gpkg", "--out", "a.xlsx", "--period", "week"], "week"),
        (["assess", "ws.gpkg", "--out", "a.xlsx", "--standard", "GB1"], "GB1"),
        (["zones", "ws.gpkg"], "water_sources"),
        (["zones", "ws.gpkg", "--rule", "no.toml"], "no.toml"),
        (["map", "empty.gpkg", "--out", "m.html"], "empty.gpkg"),
        (["demo", "d", "--data", "nowhere"], "nowhere"),
        (["build", "ws.gpkg", "--outlet", "无名断面"], "无名断面"),
        (["build", "ws.gpkg", "--outlet", "100.5,20.5"], "200 m"),
        (["build", "ws.gpkg", "--repair", "everything"], "everything"),
        (["build", "ws.gpkg", "--elevation", "no.tif"], "no.tif"),
        (["frob"], "frob"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_and_status_2(argv, words, tmp_path, capsys, monkeypatch):
    imported(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.gpkg").write_text("no database")
    (tmp_path / "bad.toml").write_text("name = [")
    before = {path.name for path in tmp_path.iterdir()}
    stamp = (tmp_path / "ws.gpkg").read_bytes()
    capsys.readouterr()
    assert main(argv) == 2
    said = capsys.readouterr()
    lines = [line for line in said.err.splitlines() if line.strip()]
    assert len(lines) == 1, said.err
    assert words in lines[0]
    assert " / " in lines[0] or "usage" in lines[0], "Chinese and English"
    assert "Traceback" not in said.err
    assert {path.name for path in tmp_path.iterdir()} - before <= {"d"}
    assert (tmp_path / "ws.gpkg").read_bytes() == stamp, "nothing half-written"


def test_projected_numbers_without_a_system_are_refused(tmp_path, capsys):
    source = tmp_path / "a.csv"
    source.write_text(
        "排污口编号,横坐标,纵坐标\nP1,481152.8,3569592.2\n", encoding="utf-8-sig"
    )
    argv = [
        "import",
        str(source),
        "--as",
        "outfalls",
        "--into",
        str(tmp_path / "w.gpkg"),
    ]
    assert main(argv) == 2
    assert "--crs" in capsys.readouterr().err
    assert main([*argv, "--crs", "EPSG:4549"]) == 0
    layer = gpd.read_file(tmp_path / "w.gpkg", layer="outfalls").to_crs(4490)
    assert layer.geometry.x[0] == pytest.approx(119.8, abs=1e-4)


def test_a_name_that_several_have_asks_for_the_id(ws, capsys):
    folder = Path(ws).parent
    twice = folder / "twice.csv"
    twice.write_text(
        "断面编号,断面名称,经度,纬度\nD1,团结闸,120.02,31.98\nD2,团结闸,120.03,31.98\n",
        encoding="utf-8-sig",
    )
    argv = [
        "import",
        str(twice),
        "--as",
        "sections",
        "--into",
        ws,
        "--datum",
        "cgcs2000",
    ]
    assert main(argv) == 0
    out = str(folder / "t.json")
    assert main(["trace", ws, "--section", "团结闸", "--out", out]) == 2
    said = capsys.readouterr().err
    assert "D1" in said
    assert "D2" in said


def test_a_fault_of_ours_is_one_line_and_status_1(ws, capsys, monkeypatch):
    def broken(_):
        raise RuntimeError("wires\ncrossed")

    monkeypatch.setattr("geotool.cli._build.run_check", broken)
    assert main(["check", ws]) == 1
    said = capsys.readouterr().err
    assert len(said.strip().splitlines()) == 1
    assert "RuntimeError: wires crossed" in said


def test_help_lists_the_commands_and_loads_nothing_heavy():
    code = (
        "import sys\nfrom geotool.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('geopandas', 'folium', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    for name in ("demo", "import", "build", "check", "trace", "assess", "zones", "map"):
        assert name in done.stdout
    assert done.stdout.strip().endswith("[]")


def test_the_module_runs_too():
    done = subprocess.run(
        [sys.executable, "-m", "geotool", "--version"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("geotool ")

"""The command line under fire: contract key by key, foreign files, hostile choices."""

import json
import math
import subprocess
import sys
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely
from test_commands import X, Y, imported, lay_out, traced

from geotool.cli import _options_data, main
from geotool.schema import layer_kinds

COMMANDS = ("demo", "import", "build", "check", "trace", "assess", "zones", "map")


@pytest.fixture
def ws(tmp_path):
    return imported(tmp_path)


def run(*arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-m", "geotool", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
    )


def fails(capsys, *arguments, words, status=2):
    """Run in-process; the error is one line in both languages and says the words."""
    capsys.readouterr()
    assert main([str(each) for each in arguments]) == status
    said = capsys.readouterr().err
    lines = [line for line in said.splitlines() if line.strip()]
    assert len(lines) == 1, said
    assert words in lines[0]
    assert " / " in lines[0]
    assert "Traceback" not in said
    return lines[0]


def table(path, text):
    path.write_text(text, encoding="utf-8-sig")
    return str(path)


# ---------------------------------------------------------------- as a process
def test_the_whole_way_as_processes_with_chinese_folders(tmp_path, monkeypatch):
    """A process for each command of the way; once is enough for an import."""
    folder = tmp_path / "某某 市"
    folder.mkdir()
    lay_out(folder)
    into = ["--into", "工作 区.gpkg"]
    done = run("import", "rivers.gpkg", "--as", "rivers", *into, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    monkeypatch.chdir(folder)
    for kind in ("outfalls", "sections"):
        argv = ["import", f"{kind}.csv", "--as", kind, *into, "--datum", "cgcs2000"]
        assert main(argv) == 0
    assert run("build", "工作 区.gpkg", cwd=folder).returncode == 0
    done = run(
        "trace", "工作 区.gpkg", "--section", "DM1", "--out", "溯源.json", cwd=folder
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "不代表责任大小" in (folder / "溯源.json").read_text("utf-8")


def test_errors_of_a_process_are_one_line_without_a_traceback(tmp_path):
    done = run(
        "trace", tmp_path / "no.gpkg", "--section", "A", "--out", tmp_path / "t.csv"
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []


def test_help_lists_all_commands_and_each_has_its_own():
    done = run("--help")
    assert done.returncode == 0
    for name in COMMANDS:
        assert f" {name} " in done.stdout
    assert "--section" in run("trace", "--help").stdout


def test_without_a_command_the_help_is_shown():
    done = run()
    assert done.returncode == 2
    assert done.stdout == ""
    assert "geotool demo" in done.stderr


def test_help_of_import_names_every_kind_of_layer():
    told = [part.split()[0] for part in _options_data.KINDS.split("、")]
    assert told == list(layer_kinds())


def test_importing_main_is_light():
    code = (
        "import sys, geotool.cli; geotool.cli.main; "
        "print([m for m in ('geopandas', 'pandas', 'shapely', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "[]", done.stderr


# ---------------------------------------------------------------- the JSON contract
def is_number(value, *, low=0.0):
    return isinstance(value, int | float) and math.isfinite(value) and value >= low


SOURCE_KEYS = {
    "outfall_id": lambda v: isinstance(v, str) and v,
    "name": lambda v: isinstance(v, str),
    "rank": lambda v: isinstance(v, int) and v >= 1,
    "probability": lambda v: v is None,
    "relation": lambda v: v in ("certain", "scenario", "possible"),
    "distance_m": is_number,
    "travel_time_h": lambda v: len(v) == 2 and is_number(v[0]) and v[1] >= v[0],
    "contribution_share": lambda v: v is None,
    "reasons": lambda v: v and all(isinstance(text, str) and text for text in v),
    "path": lambda v: v and all(isinstance(text, str) for text in v),
}


def strict(path):
    def refuse(text):
        raise AssertionError(f"{text} is no JSON")

    return json.loads(path.read_text("utf-8"), parse_constant=refuse)


def test_with_readings_the_document_ranks_and_sums_to_one(ws):
    traced(ws, "--item", "TP", "--readings", str(Path(ws).parent / "readings.csv"))
    found = strict(Path(ws).parent / "t.json")
    told = [source["probability"] for source in found["sources"]]
    assert all(0 <= one <= 1 for one in told)
    assert told == sorted(told, reverse=True)
    total = sum(told) + found["unregistered"]["probability"]
    assert total == pytest.approx(1, abs=1e-3)
    assert [s["rank"] for s in found["sources"]] == [1, 2, 3]
    for source in found["sources"]:
        for key in SOURCE_KEYS.keys() - {"probability", "contribution_share"}:
            assert SOURCE_KEYS[key](source[key]), (key, source[key])
    assert found["level"] in range(6)
    assert found["headline"][0]


def test_the_document_key_by_key(ws):
    traced(ws, "--item", "TP")
    found = strict(Path(ws).parent / "t.json")
    assert (found["section_id"], found["item"], found["scenario"]) == (
        "DM1",
        "TP",
        "现状",
    )
    for key in ("reaches", "nodes", "loops", "components", "structures"):
        assert isinstance(found["network"][key], int)
    assert is_number(found["network"]["length_km"])
    assert is_number(found["network"]["upstream_km"])
    assert found["sources"]
    for source in found["sources"]:
        for key, good in SOURCE_KEYS.items():
            assert good(source[key]), (key, source[key])
    assert [s["rank"] for s in found["sources"]] == [1, 2, 3]
    metres = [s["distance_m"] for s in found["sources"]]
    assert metres == sorted(metres), "without a ranking the order is by distance"
    assert found["unregistered"]["probability"] is None
    assert set(found["unregistered"]["reaches"]) >= {"A", "D", "C-1"}
    for row in found["excluded"]:
        assert {"layer", "id", "name", "kind", "reason", "reason_en"} <= set(row)
        assert row["reason"]
        assert row["reason_en"]
    for row in found["stopped"]:
        assert {"kind", "subject", "reason", "reason_en", "distance_m"} <= set(row)
        assert 73 < row["lon"] < 135
        assert 3 < row["lat"] < 54
    assert all(isinstance(text, str) for text in found["warnings"])
    assert any("未做证据归因" in text for text in found["warnings"])
    sources = {s["outfall_id"] for s in found["sources"]}
    gone = {row["id"] for row in found["excluded"] if row["layer"] == "outfalls"}
    assert sources | gone == {"P1", "P2", "P3", "P4", "P5"}
    assert not sources & gone


def test_hours_and_kilometres_cut_and_say_so(ws):
    far = traced(ws, "--max-km", "2.6")
    assert [s["outfall_id"] for s in far["sources"]] == ["P3", "P2"]
    assert {row["kind"] for row in far["stopped"]} >= {"limit"}
    limits = [row["distance_m"] for row in far["stopped"] if row["kind"] == "limit"]
    assert limits == pytest.approx([2600.0] * len(limits))
    short = traced(ws, "--max-hours", "1")
    assert len(short["sources"]) < 3
    assert short["settings"]["max_time_h"] == 1.0


# ---------------------------------------------------------------- foreign files
ALIASES = {
    "rivers": {"河道编号": "河道编码", "流向": "水流方向"},
    "outfalls": {"排污口编号": "入河排污口编码", "排污口名称": "入河排污口名称"},
    "sections": {"断面编号": "断面代码", "断面名称": "监测断面名称"},
}


def foreign(folder):
    """A GeoPackage of somebody else: Chinese aliases, Chinese layer names."""
    lay_out(folder)
    path = folder / "外来.gpkg"
    rivers = gpd.read_file(folder / "rivers.gpkg").rename(columns=ALIASES["rivers"])
    rivers.to_file(path, layer="河流")
    for name, encoding in (("outfalls", "gb18030"), ("sections", "utf-8-sig")):
        rows = pd.read_csv(folder / f"{name}.csv", encoding=encoding)
        points = gpd.points_from_xy(rows.pop("经度"), rows.pop("纬度"), crs=4490)
        made = gpd.GeoDataFrame(rows.rename(columns=ALIASES[name]), geometry=points)
        made.to_file(path, layer=name)
    return path


def test_a_foreign_geopackage_is_traced_and_left_as_it_was(tmp_path):
    path = foreign(tmp_path)
    before = path.read_bytes()
    found = traced(str(path))
    assert [s["outfall_id"] for s in found["sources"]] == ["P3", "P2", "P1"]
    assert found["sources"][2]["name"] == "甲口"
    assert path.read_bytes() == before
    assert main(["check", str(path)]) == 0
    assert path.read_bytes() == before


def test_build_makes_a_workspace_of_a_foreign_geopackage(tmp_path):
    path = foreign(tmp_path)
    one = traced(str(path))
    assert main(["build", str(path)]) == 0
    assert {"reaches", "nodes", "issues"} <= set(pyogrio.list_layers(path)[:, 0])
    assert traced(str(path))["sources"] == one["sources"]


def test_rivers_in_degrees_are_measured_in_metres(tmp_path, capsys):
    line = shapely.LineString([(120.0, 32.0), (120.1, 32.0)])
    rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[line], crs=4490)
    rivers.to_file(tmp_path / "w.gpkg", layer="rivers")
    assert main(["build", str(tmp_path / "w.gpkg")]) == 0
    assert "9.4 km" in capsys.readouterr().out


def test_rivers_without_a_system_are_refused(tmp_path, capsys):
    line = shapely.LineString([(500_000, 3_540_000), (500_900, 3_540_000)])
    rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[line])
    with pytest.warns(UserWarning, match="crs"):
        rivers.to_file(tmp_path / "a.gpkg", layer="x")
    argv = (
        "import",
        tmp_path / "a.gpkg",
        "--as",
        "rivers",
        "--into",
        tmp_path / "w.gpkg",
    )
    fails(capsys, *argv, words="--crs")
    assert not (tmp_path / "w.gpkg").exists()
    assert main([*map(str, argv), "--crs", "EPSG:4549"]) == 0


def test_projected_numbers_without_a_system_name_the_choice(tmp_path, capsys):
    source = table(
        tmp_path / "a.csv", "排污口编号,横坐标,纵坐标\nP1,481152.8,3569592.2\n"
    )
    argv = ("import", source, "--as", "outfalls", "--into", tmp_path / "w.gpkg")
    fails(capsys, *argv, words="--crs")
    assert not (tmp_path / "w.gpkg").exists()


def test_refused_rows_of_a_foreign_layer_stay_one_line_in_an_error(tmp_path):
    points = gpd.GeoDataFrame(
        {"river_id": ["A"]}, geometry=[shapely.Point(X, Y)], crs=4549
    )
    points.to_file(tmp_path / "w.gpkg", layer="rivers")
    done = run("build", tmp_path / "w.gpkg")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "需要线" in done.stderr, "the note on the way is the reason"


# ---------------------------------------------------------------- nothing is lost
@pytest.mark.parametrize(
    "argv",
    [
        ["trace", "ws.gpkg", "--section", "DM1", "--out", "ws.gpkg"],
        ["trace", "ws.gpkg", "--section", "DM1", "--out", "./x/../ws.gpkg"],
        ["trace", "ws.gpkg", "--section", "DM1", "--out", "other.gpkg"],
        [
            "trace",
            "ws.gpkg",
            "--section",
            "DM1",
            "--readings",
            "r.csv",
            "--out",
            "r.csv",
        ],
        ["check", "ws.gpkg", "--out", "ws.gpkg"],
        ["zones", "ws.gpkg", "--out", "ws.gpkg"],
        ["assess", "ws.gpkg", "--readings", "r.csv", "--out", "r.csv"],
        ["map", "ws.gpkg", "--out", "m.html", "--png", "m.html"],
        ["map", "ws.gpkg", "--out", "m.txt"],
        ["map", "ws.gpkg", "--out", "m.html", "--png", "m.xyz"],
        [
            "import",
            "o.xlsx",
            "--as",
            "outfalls",
            "--into",
            "n.gpkg",
            "--rejects",
            "o.xlsx",
        ],
        [
            "import",
            "o.xlsx",
            "--as",
            "outfalls",
            "--into",
            "n.gpkg",
            "--rejects",
            "o.docx",
        ],
        [
            "import",
            "o.xlsx",
            "--as",
            "outfalls",
            "--into",
            "n.gpkg",
            "--rejects",
            "n/o.xlsx",
        ],
    ],
    ids=" ".join,
)
def test_an_output_is_refused_before_anything_is_written(
    argv, tmp_path, capsys, monkeypatch
):
    imported(tmp_path)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    (tmp_path / "other.gpkg").write_bytes((tmp_path / "ws.gpkg").read_bytes())
    (tmp_path / "r.csv").write_bytes((tmp_path / "readings.csv").read_bytes())
    pd.read_csv("outfalls.csv", encoding="gb18030").to_excel("o.xlsx", index=False)
    before = {
        path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()
    }
    fails(capsys, *argv, words="--")
    after = {
        path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()
    }
    assert after == before


def test_a_layer_is_not_replaced_by_one_without_rows(ws, capsys):
    folder = Path(ws).parent
    before = Path(ws).read_bytes()
    rejects = folder / "r.xlsx"
    argv = ("import", folder / "rivers.gpkg", "--as", "outfalls", "--into", ws)
    fails(capsys, *argv, "--rejects", rejects, words="需要点")
    assert Path(ws).read_bytes() == before
    back = pd.read_excel(rejects, sheet_name="被退回", engine="calamine")
    assert len(back) == 5
    bad = table(folder / "bad.csv", "断面编号,监测时间,氨氮\nDM1,某日,1.0\n")
    argv = ("import", bad, "--as", "readings", "--into", ws)
    fails(capsys, *argv, words="全部不合格")
    assert Path(ws).read_bytes() == before


def test_readings_are_added_once(ws, capsys):
    folder = Path(ws).parent
    more = table(
        folder / "more.csv",
        "断面编号,监测时间,氨氮(mg/L)\nDM1,2026-05-03,1.22\nDM1,2026-05-20,0.9\n",
    )
    argv = ["import", more, "--as", "readings", "--into", ws, "--append"]
    for expected in (5, 5):
        assert main(argv) == 0
        assert f"现共 {expected} 个监测值" in capsys.readouterr().out
        assert len(pyogrio.read_dataframe(ws, layer="readings")) == expected


def test_bad_rows_of_readings_are_counted_and_can_be_written(tmp_path, capsys):
    lay_out(tmp_path)
    rejects = tmp_path / "r.xlsx"
    argv = ["import", str(tmp_path / "readings.csv"), "--as", "readings"]
    argv += ["--into", str(tmp_path / "w.gpkg"), "--rejects", str(rejects)]
    assert main(argv) == 0
    assert "采用 4 个监测值，退回 1 条" in capsys.readouterr().out
    back = pd.read_excel(rejects, engine="calamine")
    assert back.astype(str).to_string().count("日期不详") == 1


def test_an_option_that_would_do_nothing_is_told(tmp_path, capsys):
    lay_out(tmp_path)
    argv = ("import", tmp_path / "readings.csv", "--as", "readings", "--into")
    argv += (tmp_path / "w.gpkg", "--datum", "gcj02", "--layer", "a")
    fails(capsys, *argv, words="--datum、--layer")


@pytest.mark.parametrize("column", ["time", "监测时间"])
def test_a_column_of_readings_can_be_named(tmp_path, column):
    (tmp_path / "r.csv").write_text(
        "断面编号,哪天取的,氨氮\nDM1,2026-05-03,0.5\n", "utf-8"
    )
    into = tmp_path / "w.gpkg"
    argv = ["import", str(tmp_path / "r.csv"), "--as", "readings", "--into", str(into)]
    assert main(argv) == 2
    assert main([*argv, "--map", f"哪天取的={column}"]) == 0
    assert len(pyogrio.read_dataframe(into, layer="readings")) == 1


def test_a_saved_trace_replaces_the_one_before(ws):
    assert main(["build", ws]) == 0
    traced(ws, "--save")
    assert len(pyogrio.read_dataframe(ws, layer="trace_points")) == 3
    out = str(Path(ws).parent / "e.json")
    place = gpd.GeoSeries([shapely.Point(X + 8000, Y)], crs=4549).to_crs(4490)[0]
    argv = ["trace", ws, "--at", f"{place.x},{place.y}", "--save", "--out", out]
    assert main([*argv, "--max-km", "0.1"]) == 0
    assert len(pyogrio.read_dataframe(ws, layer="trace_points")) == 0
    argv = ["map", ws, "--out", str(Path(ws).parent / "m.html")]
    assert main(argv) == 0


def test_rivers_imported_after_building_are_told_at_once(ws):
    "no clock decides: the import may be of the same second"
    assert main(["build", ws]) == 0
    assert not any("重新 geotool build" in text for text in traced(ws)["warnings"])
    source = str(Path(ws).parent / "rivers.gpkg")
    assert main(["import", source, "--as", "rivers", "--into", ws]) == 0
    assert any("重新 geotool build" in text for text in traced(ws)["warnings"])
    assert main(["build", ws]) == 0
    assert not any("重新 geotool build" in text for text in traced(ws)["warnings"])


# ---------------------------------------------------------------- choices
def test_gcj02_is_undone_by_half_a_kilometre(tmp_path):
    source = table(tmp_path / "a.csv", "排污口编号,经度,纬度\nP1,120.5,31.9\n")
    argv = ["import", source, "--as", "outfalls", "--into", str(tmp_path / "w.gpkg")]
    assert main([*argv, "--datum", "gcj02"]) == 0
    point = gpd.read_file(tmp_path / "w.gpkg", layer="outfalls").to_crs(4549)
    raw = gpd.GeoSeries([shapely.Point(120.5, 31.9)], crs=4490).to_crs(4549)
    assert 300 < point.distance(raw)[0] < 700
    assert point["datum_status"].tolist() == ["declared"]


def test_a_sheet_may_be_named_by_a_number_or_counted(tmp_path, capsys):
    book = tmp_path / "a.xlsx"
    rows = pd.DataFrame({"排污口编号": ["P1"], "经度": [120.5], "纬度": [31.9]})
    with pd.ExcelWriter(book) as writer:
        rows.to_excel(writer, sheet_name="2025", index=False)
        rows.assign(排污口编号="P2").to_excel(writer, sheet_name="2026", index=False)
    for number, (sheet, wanted) in enumerate({"2026": "P2", "1": "P1"}.items()):
        path = tmp_path / f"{number}.gpkg"
        argv = ["import", str(book), "--as", "outfalls", "--into", str(path)]
        assert main([*argv, "--sheet", sheet]) == 0
        assert gpd.read_file(path, layer="outfalls")["outfall_id"].tolist() == [wanted]
    argv = ("import", book, "--as", "outfalls", "--into", tmp_path / "n.gpkg")
    fails(capsys, *argv, "--sheet", "九", words="2025")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("structures = 3", "structures"),
        ('[velocities_m_s]\nA = "快"', "快"),
        ("[velocities_m_s]\nA = inf", "inf"),
        ("[velocities_m_s]\nA = true", "True"),
        ("[directions]\nA = 1", "A"),
        ('[directions]\nQQ = "both"', "QQ"),
        ('[structures]\nZ9 = "open"', "Z9"),
        ('[structures]\nZ1 = "半开"', "半开"),
        ("frob = 1", "frob"),
    ],
)
def test_a_bad_scenario_says_what_is_wrong(ws, capsys, text, words):
    folder = Path(ws).parent
    (folder / "s.toml").write_text(text, encoding="utf-8")
    argv = ("trace", ws, "--section", "DM1", "--out", folder / "t.json", "--scenario")
    fails(capsys, *argv, folder / "s.toml", words=words)
    assert not (folder / "t.json").exists()


@pytest.mark.parametrize("choice", [["--max-km", "-1"], ["--max-hours", "nan"],
                                    ["--max-offset-m", "-1"], ["--at", "1,2,3"]])  # fmt: skip
def test_numbers_that_make_no_sense(ws, capsys, choice):
    start = [] if choice[0] == "--at" else ["--section", "DM1"]
    out = Path(ws).parent / "t.json"
    fails(capsys, "trace", ws, *start, *choice, "--out", out, words=choice[1][:2])
    assert not out.exists()


def test_a_tolerance_that_joins_everything_is_refused(ws, capsys):
    fails(capsys, "build", ws, "--snap-m", "5000", words="--snap-m")


def test_a_start_off_the_network_says_how_far(ws, capsys):
    out = Path(ws).parent / "t.json"
    fails(capsys, "trace", ws, "--outfall", "P5", "--out", out, words="4130 m")
    assert (
        main(
            [
                "trace",
                ws,
                "--outfall",
                "P5",
                "--max-offset-m",
                "6000",
                "--out",
                str(out),
            ]
        )
        == 0
    )


def test_farms_drawn_as_areas_are_traced_too(ws):
    farm = shapely.box(X + 300, Y + 20, X + 400, Y + 90)
    made = gpd.GeoDataFrame(
        {"污染源编号": ["F1"], "企业名称": ["甲养殖场"]}, geometry=[farm], crs=4549
    )
    path = Path(ws).parent / "farms.gpkg"
    made.to_file(path, layer="farms")
    assert main(["import", str(path), "--as", "sources", "--into", ws]) == 0
    met = {row["id"]: row for row in traced(ws)["points"]}
    assert met["F1"]["relation"] == "certain"


def test_a_directed_cycle_is_an_error_of_check(tmp_path):
    spots = [(X, Y), (X + 500, Y), (X + 250, Y + 400), (X, Y)]
    ring = [shapely.LineString(spots[k : k + 2]) for k in range(3)]
    rivers = gpd.GeoDataFrame({"direction": ["digitized"] * 3}, geometry=ring, crs=4549)
    path, out = tmp_path / "w.gpkg", tmp_path / "i.geojson"
    rivers.to_file(path, layer="rivers")
    done = run("check", path, "--out", out)
    assert (done.returncode, done.stderr) == (3, "")
    issues = gpd.read_file(out)
    assert "directed_cycle" in set(issues["kind"])
    assert issues["repair"].str.len().gt(0).all()


# ---------------------------------------------------------------- outputs
@pytest.mark.parametrize("out", ["e.json", "e.csv", "e.xlsx", "e.gpkg", "e.geojson"])
def test_a_trace_that_meets_nothing_is_written_all_the_same(ws, out):
    place = gpd.GeoSeries([shapely.Point(X + 8000, Y)], crs=4549).to_crs(4490)[0]
    path = Path(ws).parent / out
    argv = ["trace", ws, "--at", f"{place.x},{place.y}", "--max-offset-m", "5"]
    source = gpd.read_file(Path(ws).parent / "rivers.gpkg")
    source["流向"] = "顺流"
    source.to_file(Path(ws).parent / "known.gpkg", layer="x")
    known = str(Path(ws).parent / "known.gpkg")
    assert main(["import", known, "--as", "rivers", "--into", ws]) == 0
    assert main([*argv, "--out", str(path)]) == 0
    if out.endswith("json") and "geo" not in out:
        found = strict(path)
        assert found["sources"] == []
        assert {row["id"] for row in found["excluded"]} >= {
            "P1",
            "P2",
            "P3",
            "P4",
            "P5",
        }
    elif out.endswith("csv"):
        assert pd.read_csv(path).empty
    elif out.endswith("xlsx"):
        book = pd.read_excel(path, sheet_name=None, engine="calamine")
        assert book["排污口"].empty
        assert len(book["未列入及原因"]) >= 5
    else:
        assert len(pyogrio.list_layers(path))


def test_downstream_as_csv_lists_what_it_meets(ws):
    path = Path(ws).parent / "d.csv"
    assert main(["trace", ws, "--outfall", "P1", "--down", "--out", str(path)]) == 0
    met = pd.read_csv(path)
    assert "DM1" in met["编号"].tolist()
    assert met.loc[met["编号"] == "DM1", "图层"].tolist() == ["sections"]
    found = Path(ws).parent / "d.json"
    assert main(["trace", ws, "--outfall", "P1", "--down", "--out", str(found)]) == 0
    assert is_number(strict(found)["network"]["downstream_km"])


def every_output(folder):
    """Every file that a command writes, of a register with formulas and contacts."""
    lay_out(folder)
    register = pd.read_csv(folder / "outfalls.csv", encoding="gb18030", dtype=str)
    register["排污口名称"] = ["=HYPERLINK(1)", "+甲", "-乙", "@丙", "=1+1"]
    register.to_csv(folder / "outfalls.csv", index=False, encoding="gb18030")
    ws = str(folder / "ws.gpkg")
    place = gpd.GeoSeries([shapely.Point(X + 500, Y)], crs=4549).to_crs(4490)[0]
    table(
        folder / "intakes.csv",
        "水源地编号,水源地名称,水源类型,联系电话,经度,纬度\n"
        f"S1,甲水源,河流型,13800001111,{place.x},{place.y}\n",
    )
    kinds = {
        "rivers.gpkg": "rivers",
        "gates.csv": "structures",
        "outfalls.csv": "outfalls",
        "sections.csv": "sections",
        "readings.csv": "readings",
        "intakes.csv": "water_sources",
    }
    for name, kind in kinds.items():
        datum = [] if kind in ("rivers", "readings") else ["--datum", "cgcs2000"]
        argv = ["import", str(folder / name), "--as", kind, "--into", ws]
        assert main([*argv, *datum]) == 0
    out = folder / "out"
    out.mkdir()
    assert main(["build", ws]) == 0
    for ending in ("json", "csv", "xlsx", "gpkg", "geojson"):
        traced(ws, out=f"out/t.{ending}")
        assert main(["check", ws, "--out", str(out / f"i.{ending}")]) == 0
        assert (
            main(["zones", ws, "--on", "2026-09-01", "--out", str(out / f"f.{ending}")])
            == 0
        )
    for ending in ("json", "csv", "xlsx"):
        assert main(["assess", ws, "--out", str(out / f"a.{ending}")]) == 0
    traced(ws, "--save")
    argv = ["map", ws, "--out", str(out / "m.html"), "--png", str(out / "m.png")]
    assert main(argv) == 0
    return out


def raw_bytes(path):
    if path.suffix != ".xlsx":
        return path.read_bytes()
    book = zipfile.ZipFile(path)
    return b"".join(book.read(name) for name in book.namelist())


def test_no_output_has_contacts_or_formulas(tmp_path):
    out = every_output(tmp_path)
    files = sorted(out.iterdir())
    assert len(files) == 20
    for path in files:
        raw = raw_bytes(path)
        assert "张某某".encode() not in raw, path.name
        assert b"13800001111" not in raw, path.name
        if path.suffix == ".xlsx":
            assert b"<f>" not in raw, path.name
            assert b"<hyperlink" not in raw, path.name
        if path.suffix == ".csv":
            cells = pd.read_csv(path, dtype=str).melt()["value"].dropna()
            assert not cells.str.match(r"[=+@]|-[^0-9]").any(), path.name
    names = pd.read_excel(out / "t.xlsx", sheet_name="排污口", engine="calamine")[
        "名称"
    ]
    assert set(names) == {"-乙", "+甲", "=HYPERLINK(1)"}, "the text is as it was"

"""One GeoPackage: whole at any moment, and it says where everything came from."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

import geotool as gt
from geotool.errors import WorkspaceError
from geotool.layers import build_layer
from geotool.workspace import create_workspace, open_workspace

LINE = shapely.LineString([(480_000, 3_569_000), (481_000, 3_570_000)])


@pytest.fixture
def workspace(tmp_path):
    return create_workspace(tmp_path / "扬中 #1%.gpkg")


def imported(size=3):
    table = pd.DataFrame(
        {
            "编号": [f"P{n}" for n in range(size)] + ["P0"],
            "名称": [f"口{n}" for n in range(size)] + ["重"],
            "经度": [119.8 + n / 100 for n in range(size + 1)],
            "纬度": [32.2] * (size + 1),
            "整治期限": ["2024-05-01"] * (size + 1),
            "整治阶段": ["未整治"] * (size + 1),
        }
    )
    return build_layer(table, "outfalls", datum="wgs84")


def lines(*geometry, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(geometry), crs=4549)


# ---------------------------------------------------------------- there and back


def test_layer_comes_back_as_it_was(workspace):
    done = imported()
    workspace.write({"outfalls": done.layer}, source=done)
    again = open_workspace(workspace.path).read("outfalls")
    assert again.crs == done.layer.crs
    assert list(again.columns) == list(done.layer.columns)
    assert again["outfall_id"].tolist() == done.layer["outfall_id"].tolist()
    assert again["deadline"].tolist() == done.layer["deadline"].tolist()
    assert again.geometry.geom_equals(done.layer.geometry).all()
    assert again["datum_status"].tolist() == ["declared"] * 3


def test_provenance_refused_rows_and_notes_are_kept(workspace):
    done = imported()
    workspace.write({"outfalls": done.layer}, source=done)
    line = workspace.provenance().iloc[0]
    assert line["layer"] == "outfalls"
    assert (line["rows_read"], line["rows_accepted"], line["rows_rejected"]) == (
        4,
        3,
        1,
    )
    assert '"datum": "wgs84"' in line["options"]
    assert workspace.rejected("outfalls")["reason"].tolist() == ["编号与第 0 行重复"]
    assert len(workspace.notes("outfalls")) == len(done.notes)
    assert workspace.layers() == ["outfalls"]  # our own tables are not layers
    again = imported(5)
    workspace.write({"outfalls": again.layer}, source=again)
    assert len(workspace.provenance()) == 1
    assert len(workspace.read("outfalls")) == 5


def test_odd_layers_come_back(workspace):
    mixed = gpd.GeoDataFrame(
        {
            "fid": [5, 6, 7],
            "geom": ["a", "b", None],
            "Name": ["x", None, "y"],
            "name": [1, 2, 3],
        },
        geometry=[shapely.Point(1, 2), LINE, None],
        crs=4549,
    )
    tables = {
        "mixed": mixed,
        "empty": mixed.head(0),
        "no_shape": gpd.GeoDataFrame({"a": [1]}, geometry=[None], crs=4490),
        "no_system": gpd.GeoDataFrame({"a": [1]}, geometry=[shapely.Point(1, 2)]),
        "plain": pd.DataFrame(
            {"a": [1, 2], "b": [True, False], "t": [pd.Timestamp(2024, 5, 1), pd.NaT]}
        ),
        "no_rows": pd.DataFrame(
            {"a": pd.Series(dtype=float), "b": pd.Series(dtype=object)}
        ),
    }
    workspace.write(tables)
    again = workspace.read("mixed")
    assert again["fid"].tolist() == [5, 6, 7]
    assert again["geom"].tolist()[:2] == ["a", "b"]
    assert again["name_2"].tolist() == [1, 2, 3]  # SQLite cannot tell Name from name
    assert again.geometry.iloc[2] is None
    assert again.geometry.iloc[1].equals(LINE)
    assert len(workspace.read("empty")) == 0
    assert workspace.read("empty").crs.to_epsg() == 4549
    assert workspace.read("no_shape").geometry.iloc[0] is None
    assert not isinstance(workspace.read("plain"), gpd.GeoDataFrame)
    assert workspace.read("plain")["b"].tolist() == [True, False]
    assert workspace.read("plain")["t"].tolist()[0] == pd.Timestamp(2024, 5, 1)
    assert list(workspace.read("no_rows").columns) == ["a", "b"]


def test_readings_and_projects_without_shapes(workspace):
    table = pd.DataFrame({"断面": ["A"], "时间": ["2024-05-01"], "氨氮": ["<0.02"]})
    readings = build_layer(table, "readings").layer
    projects = build_layer(pd.DataFrame({"项目名称": ["搬迁"]}), "projects").layer
    workspace.write({"readings": readings, "projects": projects})
    again = workspace.read("readings")
    assert again["value"].tolist() == ["<0.02"]
    assert again["detected"].tolist() == [False]
    assert again["time"].tolist() == [pd.Timestamp(2024, 5, 1)]
    assert workspace.read("projects")["project_id"].tolist() == ["GC0000"]


def test_other_layers_and_styles_survive_a_write(workspace):
    workspace.write({"rivers": build_layer(lines(LINE), "rivers").layer})
    done = imported()
    workspace.write({"outfalls": done.layer}, source=done)
    assert workspace.layers() == ["rivers", "outfalls"]
    assert len(workspace.read("rivers")) == 1
    assert [part.name for part in workspace.path.parent.iterdir()] == [
        workspace.path.name
    ]


def test_any_name_that_is_a_layer(workspace):
    for name in (
        "",
        "geotool_workspace",
        "rejected_a",
        "gpkg_contents",
        None,
        "layer_styles",
    ):
        with pytest.raises(WorkspaceError, match="图层不能叫"):
            workspace.write({name: pd.DataFrame({"a": [1]})})
    workspace.write({"半\"引'号": pd.DataFrame({"a": [1]})})
    assert len(workspace.read("半\"引'号")) == 1


def test_reprs_name_the_layers_and_escape(workspace):
    workspace.write({"t": pd.DataFrame({"a": [1]})}, source={"name": "<b>"})
    assert "t" in repr(workspace)
    assert "&lt;b&gt;" in workspace._repr_html_()


# ---------------------------------------------------------------- QGIS


def test_layers_open_styled_in_qgis(workspace):
    done = imported()
    workspace.write(
        {"outfalls": done.layer, "t": pd.DataFrame({"a": [1]})}, source=done
    )
    with sqlite3.connect(workspace.path) as database:
        rows = database.execute(
            "SELECT f_table_name, f_geometry_column, styleQML, useAsDefault FROM layer_styles"
        ).fetchall()
    assert [(row[0], row[1], row[3]) for row in rows] == [("outfalls", "geom", 1)]
    qml = ElementTree.fromstring(rows[0][2].split(">", 1)[1])
    rules = [rule.get("label") for rule in qml.iter("rule")]
    assert "未整治" in rules
    wanted = next(
        rule.get("filter") for rule in qml.iter("rule") if rule.get("label") == "未整治"
    )
    with sqlite3.connect(workspace.path) as database:  # the filter is plain SQL
        query = f"SELECT count(*) FROM outfalls WHERE {wanted}"  # noqa: S608
        assert database.execute(query).fetchone() == (3,)
    assert {a.get("name") for a in qml.iter("alias")} >= {"排污口编号", "整治阶段"}
    assert qml.get("labelsEnabled") == "1"
    assert [t.get("fieldName") for t in qml.iter("text-style")] == ["name"]


def test_style_made_by_somebody_stays_the_one_shown(workspace):
    workspace.write({"outfalls": imported().layer})
    with sqlite3.connect(workspace.path) as database:
        database.execute("UPDATE layer_styles SET styleName = '我的', useAsDefault = 1")
    workspace.write({"outfalls": imported().layer})
    with sqlite3.connect(workspace.path) as database:
        rows = database.execute(
            "SELECT styleName, useAsDefault FROM layer_styles"
        ).fetchall()
    assert sorted(rows) == [("geotool", 0), ("我的", 1)]


# ---------------------------------------------------------------- files of others


def test_foreign_geopackage_is_read_by_aliases(tmp_path):
    path = tmp_path / "a.gpkg"
    frame = lines(LINE, LINE, 河名=["长江", "夹江"], 流向=["顺流", "双向"])
    pyogrio.write_dataframe(frame, path, layer="rivers")
    foreign = open_workspace(path)
    assert not foreign.is_ours
    assert foreign.settings() == {}
    assert foreign.provenance().empty
    rivers = foreign.read("rivers")
    assert rivers["name"].tolist() == ["长江", "夹江"]
    assert rivers["direction"].tolist() == ["digitized", "both"]
    assert rivers["datum_status"].tolist() == ["known"] * 2
    foreign.write({"outfalls": imported().layer})
    assert foreign.is_ours
    assert foreign.read("rivers")["name"].tolist() == ["长江", "夹江"]


def test_chinese_layer_name_stands_for_its_kind(tmp_path):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(lines(LINE), path, layer="河流")
    assert open_workspace(path).has("rivers")
    assert len(open_workspace(path).read("rivers")) == 1


def test_refused_rows_of_a_foreign_layer_are_said(tmp_path):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(
        lines(LINE, LINE, 河道编号=["a", "a"]), path, layer="rivers"
    )
    foreign = open_workspace(path)
    with pytest.warns(UserWarning, match="1 行不合格"):
        assert len(foreign.read("rivers")) == 1
    assert foreign.rejected("rivers")["row"].tolist() == [2]


def test_what_waits_in_a_journal_is_not_lost(tmp_path):
    path = tmp_path / "a.gpkg"
    pyogrio.write_dataframe(lines(LINE), path, layer="rivers")
    open_in_qgis = sqlite3.connect(path)
    open_in_qgis.execute("PRAGMA journal_mode = WAL")
    open_in_qgis.execute("CREATE TABLE mine (a)")
    open_in_qgis.execute("INSERT INTO mine VALUES (7)")
    open_in_qgis.commit()
    with pytest.raises(WorkspaceError, match="QGIS"):
        open_workspace(path).write({"outfalls": imported().layer})
    open_in_qgis.close()
    open_workspace(path).write({"outfalls": imported().layer})
    with sqlite3.connect(path) as database:
        assert database.execute("SELECT a FROM mine").fetchall() == [(7,)]


def test_layers_are_listed_once_until_somebody_writes(workspace, monkeypatch):
    asked = []
    listed = pyogrio.list_layers
    monkeypatch.setattr(pyogrio, "list_layers", lambda p: asked.append(p) or listed(p))
    workspace.write({"rivers": lines(LINE, river_id=["A"])})
    for _ in range(3):
        assert workspace.layers() == ["rivers"]
    assert len(asked) <= 2
    other = open_workspace(workspace.path)
    other.write({"docks": lines(LINE, name=["码头"])})
    assert set(workspace.layers()) == {"rivers", "docks"}, "another file by now"
    database = sqlite3.connect(workspace.path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE notes (fid INTEGER PRIMARY KEY, text TEXT)")
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier) "
        "VALUES ('notes', 'attributes', 'notes')"
    )
    database.commit()
    assert "notes" in workspace.layers(), "though it waits in the journal"
    database.close()


def test_what_is_no_workspace(tmp_path):
    (tmp_path / "dir.gpkg").mkdir()
    (tmp_path / "text.gpkg").write_text("hello")
    (tmp_path / "empty.gpkg").write_bytes(b"")
    (tmp_path / "cut.gpkg").write_bytes(b"SQLite format 3\0" + b"\1" * 200)
    with sqlite3.connect(tmp_path / "other.gpkg") as database:
        database.execute("CREATE TABLE a (b)")
    for name in ("missing", "dir", "text", "empty", "cut", "other"):
        with pytest.raises(WorkspaceError) as caught:
            open_workspace(tmp_path / f"{name}.gpkg")
        assert f"{name}.gpkg" in str(caught.value)


def test_newer_format_is_refused(workspace):
    with sqlite3.connect(workspace.path) as database:
        database.execute(
            "UPDATE geotool_workspace SET value = '99' WHERE key = 'format_version'"
        )
    with pytest.raises(WorkspaceError, match="升级"):
        open_workspace(workspace.path)


def test_making_a_workspace_overwrites_nothing(workspace, tmp_path):
    with pytest.raises(WorkspaceError, match="已经存在"):
        create_workspace(workspace.path)
    with pytest.raises(WorkspaceError, match="不存在"):
        create_workspace(tmp_path / "no" / "a.gpkg")
    with pytest.raises(WorkspaceError, match=r"\.gpkg"):
        create_workspace(tmp_path / "a.sqlite")
    with pytest.raises(WorkspaceError, match="没有图层 rivers"):
        workspace.read("rivers")


# ---------------------------------------------------------------- never half


def test_failed_write_leaves_the_old_file(workspace, monkeypatch):
    workspace.write({"outfalls": imported().layer})
    before = workspace.path.read_bytes()
    monkeypatch.setattr("geotool.workspace._database.check_database", _refuse)
    with pytest.raises(WorkspaceError, match="检查不通过"):
        workspace.write({"outfalls": imported(9).layer})
    assert workspace.path.read_bytes() == before
    assert [part.name for part in workspace.path.parent.iterdir()] == [
        workspace.path.name
    ]


def _refuse(path, rows):
    del path, rows
    raise WorkspaceError("检查不通过", "check failed")


def test_rows_that_did_not_arrive_are_found(workspace):
    from geotool.workspace._database import check_database

    workspace.write({"outfalls": imported().layer})
    check_database(workspace.path, {"outfalls": 3})
    with pytest.raises(WorkspaceError, match="检查不通过"):
        check_database(workspace.path, {"outfalls": 4})


def test_change_by_somebody_else_is_not_overwritten(workspace, monkeypatch):
    from geotool.workspace import _database

    real = _database.write_styles

    def meanwhile(path, styles):
        real(path, styles)
        with sqlite3.connect(workspace.path) as database:
            database.execute("CREATE TABLE theirs (a)")

    monkeypatch.setattr(_database, "write_styles", meanwhile)
    with pytest.raises(WorkspaceError, match="别的程序"):
        workspace.write({"outfalls": imported().layer})
    with sqlite3.connect(workspace.path) as database:
        assert database.execute("SELECT count(*) FROM theirs").fetchone() == (0,)


WRITER = """
import sys, geotool as gt, pandas as pd
workspace = gt.open_workspace(sys.argv[1])
size = len(workspace.read("t"))
print("ready", flush=True)
while True:
    size += 1
    workspace.write({"t": pd.DataFrame({"a": range(size)}), "u": pd.DataFrame({"a": range(size)})})
"""


def killed_once(path, delay):
    """Start a writer, kill it after a while, and see what is left."""
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout.readline() == "ready\n"
    time.sleep(delay)
    os.kill(writer.pid, signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    workspace = open_workspace(path)
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    t, u = workspace.read("t")["a"].tolist(), workspace.read("u")["a"].tolist()
    assert t == list(range(len(t)))
    assert t == u  # both tables of one write, or neither
    return len(t)


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX systems")
def test_kill_leaves_the_old_or_the_new_workspace(workspace):
    start = pd.DataFrame({"a": range(1)})
    workspace.write({"t": start, "u": start})
    sizes = [killed_once(workspace.path, delay) for delay in (0.01, 0.15, 0.3)]
    assert sizes == sorted(sizes)


@pytest.mark.long
@pytest.mark.skipif(os.name != "posix", reason="SIGKILL is of POSIX systems")
def test_two_hundred_kills(workspace):
    random.seed(1)
    start = pd.DataFrame({"a": range(1)})
    workspace.write({"t": start, "u": start})
    sizes = [killed_once(workspace.path, random.uniform(0, 0.4)) for _ in range(200)]
    assert sizes == sorted(sizes)
    assert sizes[-1] > 1


def test_public_names():
    assert gt.open_workspace is open_workspace
    assert gt.create_workspace is create_workspace


def test_a_stored_network_reads_alike_by_arrow(workspace):
    "also where a column has no value at all"
    pytest.importorskip("pyarrow")
    rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[LINE], crs=4549)
    network = gt.orient_network(gt.build_network(rivers))
    workspace.write(gt.network.network_tables(network))
    stored = workspace.read_stored("nodes")
    assert stored["structure_id"].isna().all()
    assert stored.geometry.geom_equals(workspace.read("nodes").geometry).all()
    assert gt.workspace_network(workspace)[0].hash == network.hash
    with pytest.raises(WorkspaceError, match="没有图层 reaching"):
        workspace.read_stored("reaching")

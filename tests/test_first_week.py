"""A bureau's first week with geotool, by the commands of the README and nothing else."""

import contextlib
import io
import json
import shutil

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
from _county import write_county

import geotool as gt
from geotool.cli import main

WORKSPACE = "沐泽.gpkg"
REGISTERS = (
    ("入河排污口登记表.xlsx", "outfalls"),
    ("河流.shp", "rivers"),
    ("闸站.xlsx", "structures"),
    ("断面.csv", "sections"),
    ("水源地.xlsx", "water_sources"),
    ("企业.csv", "sources"),
    ("行政区.geojson", "admin"),
    ("监测_三季度.xlsx", "readings"),
)
BUILD = (
    "build", WORKSPACE, "--repair", "dangling_near", "--inlet", "入境断面",
    "--outlet", "出境断面", "--outlet", "北塘出境断面",
)  # fmt: skip


def run(capsys, *arguments, status=0):
    """Run a command as a user would; what it printed."""
    assert main(list(arguments)) == status, capsys.readouterr().err
    return capsys.readouterr().out


@pytest.fixture
def bureau(tmp_path, monkeypatch):
    """The folder of a bureau, with its files under 数据."""
    write_county(tmp_path / "数据")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def import_all():
    """Import all registers into the workspace; what each import told."""
    told = {}
    for name, kind in REGISTERS:
        datum = ["--datum", "cgcs2000"] if name.endswith((".xlsx", ".csv")) else []
        datum = [] if kind == "readings" else datum
        rejects = ["--rejects", "退回.xlsx"] if kind == "outfalls" else []
        argv = ["import", f"数据/{name}", "--as", kind, *datum, *rejects]
        with contextlib.redirect_stdout(io.StringIO()) as out:
            assert main([*argv, "--into", WORKSPACE]) == 0
        told[kind] = out.getvalue()
    return told


@pytest.fixture(scope="module")
def monday(tmp_path_factory):
    """The folder on Monday evening, and what each import told; not to be written in."""
    folder = tmp_path_factory.mktemp("monday")
    write_county(folder / "数据")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return folder, import_all()


@pytest.fixture
def tuesday(monday, tmp_path, monkeypatch):
    """A copy of that folder to go on in, and what the imports told."""
    shutil.copytree(monday[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path, monday[1]


def test_from_the_registers_to_the_monthly_report(tuesday, capsys):
    # Monday: registers in
    bureau, told = tuesday
    assert "读入 9 行，采用 7 行，退回 2 行" in told["outfalls"]
    assert "万吨/年，已换算" in told["outfalls"]
    assert "经度和纬度填反了" in told["outfalls"]
    cells = [
        str(cell.value)
        for row in openpyxl.load_workbook("退回.xlsx").worksheets[0]
        for cell in row
    ]
    assert any("没有坐标的排口" in text for text in cells)
    assert "采用 75 个监测值，退回 0 条" in told["readings"]

    # Tuesday: the network, what is wrong in it, mended
    assert "--outlet" in run(capsys, "build", WORKSPACE)
    said = run(capsys, "check", WORKSPACE, "--out", "问题.xlsx")
    assert "纺织港（RV0006） 的端点距 沐泽河" in said
    assert "小庄沟" not in said.split("提示")[0], "joined within a metre"
    assert "--repair dangling_near" in said
    said = run(capsys, *BUILD)
    assert "修补 1 处" in said
    assert "流向未知占河长 0%" in said
    assert "1 个连通部分" in said

    # Wednesday: October's readings; which section failed, who may have done it
    said = run(
        capsys, "import", "数据/监测_10月.xlsx", "--as", "readings", "--append",
        "--into", WORKSPACE,
    )  # fmt: skip
    assert "现共 100 个监测值" in said
    said = run(capsys, "assess", WORKSPACE, "--out", "评价.xlsx")
    assert "2026-10：评价 5 个断面，3 个达标，2 个未达标" in said
    assert "MZD2 纺织桥：目标 III 类，实为 V 类" in said
    said = run(
        capsys, "trace", WORKSPACE, "--section", "纺织桥", "--item", "氨氮",
        "--out", "溯源.xlsx",
    )  # fmt: skip
    assert "加 --readings" in said, "a list by distance says what it leaves out"
    run(
        capsys, "trace", WORKSPACE, "--section", "纺织桥", "--item", "氨氮",
        "--readings", "--save", "--out", "排序.json",
    )  # fmt: skip
    ranked = json.loads((bureau / "排序.json").read_text("utf-8"))
    first = ranked["sources"][0]
    assert first["outfall_id"] == "MZ-002", "the dye works"
    assert first["probability"] > 2 * ranked["sources"][2]["probability"]
    below = {row["outfall_id"]: row["probability"] for row in ranked["sources"]}
    assert below.get("MZ-007", 0) < 0.02, "it lies below the section"

    # Thursday: zones and the one map
    said = run(capsys, "zones", WORKSPACE, "--rule", "jiangsu", "--out", "筛查.xlsx")
    assert "草案" in said
    assert "沐泽水厂取水口" in said
    run(capsys, "map", WORKSPACE, "--out", "一张图.html", "--title", "沐泽县一张图")
    page = (bureau / "一张图.html").read_text("utf-8")
    assert "沐泽县一张图" in page
    assert 'src="http' not in page
    assert "13800000000" not in page


def test_friday_the_papers(tuesday, capsys):
    docx = pytest.importorskip("docx", reason='pip install "geotool[report]"')
    bureau, _ = tuesday
    run(capsys, *BUILD)
    run(
        capsys, "import", "数据/监测_10月.xlsx", "--as", "readings", "--append",
        "--into", WORKSPACE,
    )  # fmt: skip
    said = run(capsys, "alert", WORKSPACE, "--out", "预警单.docx")
    assert "2 个断面超标" in said
    assert "有记录以来一直超标" not in said, "the summer's readings were good"
    run(capsys, "report", WORKSPACE, "--section", "纺织桥", "--out", "纺织桥.docx")
    run(capsys, "report", WORKSPACE, "--outfalls", "all", "--out", "一口一策")
    run(
        capsys, "report", WORKSPACE, "--bulletin", "--period", "2026-10",
        "--out", "月报.docx",
    )  # fmt: skip
    assert len(list((bureau / "一口一策").glob("MZ-*.docx"))) == 7
    text = "\n".join(p.text for p in docx.Document("月报.docx").paragraphs)
    assert "未达标断面 2 个" in text
    for name in ("预警单.docx", "纺织桥.docx", "月报.docx"):
        assert "13800000000" not in str(
            [p.text for p in docx.Document(name).paragraphs]
        )


OWN_STANDARD = """
key = "DB32-TEST"
[items.NH3N]
limits = [0.15, 0.5, 2.0, 2.5, 3.0]
[items.TP]
limits = [0.02, 0.1, 0.2, 0.3, 0.4]
"""


def test_a_standard_of_the_users_own_holds_in_every_paper(bureau, capsys):
    docx = pytest.importorskip("docx", reason='pip install "geotool[report]"')
    (bureau / "地方标准.toml").write_text(OWN_STANDARD, "utf-8")
    for name in ("河流.shp", "断面.csv", "入河排污口登记表.xlsx", "监测_10月.xlsx"):
        kind = dict(REGISTERS).get(name, "readings")
        datum = ["--datum", "cgcs2000"] if kind in ("sections", "outfalls") else []
        run(capsys, "import", f"数据/{name}", "--as", kind, *datum, "--into", WORKSPACE)
    own = ["--standard", "地方标准.toml"]
    run(capsys, "report", WORKSPACE, "--section", "纺织桥", *own, "--out", "一.docx")
    text = "\n".join(p.text for p in docx.Document("一.docx").paragraphs)
    assert "DB32-TEST" in text
    assert "限值 ≤2" in text or "达标" in text
    assert "未达标" not in text.split("二、")[0], "1.86 is under the user's limit of 2"
    said = run(
        capsys, "report", WORKSPACE, "--bulletin", "--period", "2026-10", *own,
        "--out", "月报.docx",
    )  # fmt: skip
    assert "达标 5 个" in said
    said = run(capsys, "alert", WORKSPACE, *own, "--out", "预警.json")
    assert "超标" not in said.splitlines()[0] or "没有" in said.splitlines()[0], said
    page = json.loads((bureau / "预警.json").read_text("utf-8"))
    assert "DB32-TEST" in json.dumps(page, ensure_ascii=False)


def test_the_same_in_python(bureau):
    folder = bureau / "数据"
    read = {
        kind: gt.read_layer(
            folder / name, kind, datum=None if kind == "rivers" else "cgcs2000"
        ).layer
        for name, kind in REGISTERS[:4]
    }
    built = gt.build_network(read["rivers"], structures=read["structures"])
    mended = gt.apply_repairs(built, gt.check_network(built), only=["dangling_near"])
    ends = read["sections"].set_index("name")
    network = gt.orient_network(
        mended,
        inlets=gpd.GeoDataFrame(ends.loc[["入境断面"]]),
        outlets=gpd.GeoDataFrame(ends.loc[["出境断面", "北塘出境断面"]]),
    )
    readings = pd.concat(
        gt.read_layer(folder / name, "readings").layer
        for name in ("监测_三季度.xlsx", "监测_10月.xlsx")
    )
    ranking = gt.rank_sources(
        network, "MZD2", readings, read["outfalls"], item="氨氮",
        sections=read["sections"],
    )  # fmt: skip
    assert ranking.table["outfall_id"].iloc[0] == "MZ-002"

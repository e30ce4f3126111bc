"""``geotool compare`` and ``geotool catchments``: many traces as one workbook."""

from pathlib import Path

import pandas as pd
import pytest
from test_cli import fails
from test_commands import imported

from geotool.cli import main


@pytest.fixture
def ws(tmp_path):
    return imported(tmp_path)


def scenario(folder, name, state):
    """A file that sets the gate of the second river."""
    path = folder / f"{name}.toml"
    path.write_text(
        f'name = "{name}"\n[structures]\nZ1 = "{state}"\n', encoding="utf-8"
    )
    return path


def test_scenarios_stand_side_by_side_with_the_state_as_registered(ws, capsys):
    folder = Path(ws).parent
    shut, open_ = scenario(folder, "关闸", "closed"), scenario(folder, "开闸", "open")
    out = folder / "情景.xlsx"
    given = ("--scenario", shut, "--scenario", open_, "--weights", "300，40，25")
    argv = ("compare", ws, "--section", "DM1", *given, "--out", out)
    capsys.readouterr()
    assert main([str(each) for each in argv]) == 0
    said = capsys.readouterr().out
    assert "关闸：" in said
    sheets = pd.read_excel(out, sheet_name=None, engine="openpyxl")
    table = sheets["情景对比"].set_index("情景")
    assert table.index.tolist() == ["现状", "关闸", "开闸"]
    assert table["减少点位"].tolist() == [0, 1, 0]  # P2 lies above the gate
    gone = sheets["增减"]
    gone = gone[(gone["情景"] == "关闸") & (gone["编号"] == "P2")]
    assert len(gone) == 1
    told = next(line for line in said.splitlines() if line.startswith("关闸"))
    assert "点位 +0 −1" in told


@pytest.mark.parametrize("weights", ["1,2,3", "一半,一半", "1"])
def test_weights_that_do_not_fit_are_told(ws, capsys, weights):
    folder = Path(ws).parent
    argv = ("compare", ws, "--section", "DM1", "--out", folder / "a.xlsx", "--scenario")
    choice = (scenario(folder, "关闸", "closed"), "--weights", weights)
    fails(capsys, *argv, *choice, words="--weights")
    assert not (folder / "a.xlsx").exists()


def test_a_scenario_is_no_place_to_write_to(ws, capsys):
    folder = Path(ws).parent
    first = scenario(folder, "甲", "open")
    second = scenario(folder, "乙", "open").rename(folder / "乙.xlsx")
    argv = ("compare", ws, "--section", "DM1", "--scenario", first, "--scenario")
    fails(capsys, *argv, second, "--out", second, words="乙.xlsx")


def test_who_lies_above_each_section_is_a_workbook(ws, capsys):
    folder = Path(ws).parent
    out = folder / "汇水.xlsx"
    capsys.readouterr()
    assert main(["catchments", str(ws), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("DM1 丙河闸：上游 ")
    assert "排污口 3 个（自有 3）" in said
    sheets = pd.read_excel(out, sheet_name=None, engine="openpyxl")
    assert sheets["断面汇水"].shape[0] == 1
    assert set(sheets["上游清单"]["编号"]) == {"P1", "P2", "P3"}


def test_a_closed_gate_leaves_fewer_above_a_section(ws, capsys):
    folder = Path(ws).parent
    shut = scenario(folder, "关闸", "closed")
    out = folder / "汇水.xlsx"
    argv = ["catchments", str(ws), "--scenario", str(shut), "--out", str(out)]
    assert main(argv) == 0
    above = pd.read_excel(out, sheet_name="上游清单", engine="openpyxl")
    assert set(above["编号"]) == {"P1", "P3"}
    assert "排污口 2 个" in capsys.readouterr().out

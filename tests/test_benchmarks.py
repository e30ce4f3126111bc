"""The benchmarks run, all of them are run, and the page of comparison names them."""

import importlib
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BENCHMARKS = ROOT / "benchmarks"
SCRIPTS = sorted(path.stem for path in BENCHMARKS.glob("bench_*.py"))
QUICK = {
    "bench_assess": ("10000", "20000"),  # a thousand sections and ten items at least
    "bench_import": ("100", "400"),
    "bench_orient": ("300", "2000"),
    "bench_catchments": ("300", "1000", "--sections", "20", "--kinds", "tree"),
}


@pytest.fixture
def script(monkeypatch):
    "A script by name, found as it finds its own parts; they are forgotten afterwards."
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    before = set(sys.modules)

    def load(name, *arguments):
        monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
        return importlib.import_module(name)

    yield load
    own = {path.stem for path in BENCHMARKS.glob("*.py")} | {"mapclassify"}
    for name in own & (set(sys.modules) - before):
        del sys.modules[name]


@pytest.mark.parametrize("name", SCRIPTS)
def test_help_tells_the_sizes_and_how_long(script, capsys, name):
    with pytest.raises(SystemExit) as stop:
        script(name, "--help").main()
    assert stop.value.code == 0
    told = capsys.readouterr().out
    assert all(f"--{word}" in told for word in ("sizes", "small", "large", "rounds"))
    assert "minute" in told


@pytest.mark.parametrize("name", QUICK)
def test_two_small_sizes_give_a_ratio_and_an_exponent(script, capsys, name):
    script(name, "--rounds", "1", "--sizes", *QUICK[name]).main()
    told = capsys.readouterr()
    small, large = (f"{int(size):,}" for size in QUICK[name][:2])
    assert f"{small} and {large}" in told.out
    assert "ratio" in told.out
    assert "exponent" in told.out
    assert large in told.err  # progress


def test_sizes_that_are_none_are_refused(script, capsys):
    with pytest.raises(SystemExit) as stop:
        script("bench_assess", "--sizes", "1.5").main()
    assert stop.value.code == 2
    assert "1.5" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "place"), [("bench_incidents", "SHARED"), ("bench_network", "REAL")]
)
def test_without_shared_data_it_says_what_is_left_out(
    script, capsys, monkeypatch, tmp_path, name, place
):
    module = script(name, *(("--kinds", "real") if place == "REAL" else ()))
    monkeypatch.setattr(module, place, tmp_path / "absent")
    module.main()
    assert "\nskipped: " in capsys.readouterr().out


def test_without_numba_there_is_no_trace_to_measure(script, capsys, monkeypatch):
    module = script("bench_trace", "--small")
    monkeypatch.setattr(module, "kernels", lambda: None)
    module.main()
    assert "\nskipped: traces, numba" in capsys.readouterr().out


def test_without_chromium_maps_are_drawn_and_not_opened(script, capsys, monkeypatch):
    module = script("bench_map", "--sizes", "20", "--rounds", "1", "--only", "geotool")
    monkeypatch.setattr(module, "CHROMIUM", None)
    module.main()
    told = capsys.readouterr().out
    assert "apt-get install chromium" in told
    assert re.search(r"geotool +\d", told)


# ---------------------------------------------------------------- make bench
def test_make_bench_runs_every_script(script):
    assert sorted(f"bench_{name}" for name in script("run").NAMES) == SCRIPTS


def test_one_that_fails_does_not_stop_the_others(script, capsys, monkeypatch, tmp_path):
    (tmp_path / "bench_import.py").write_text('raise ValueError("broken")\n')
    (tmp_path / "bench_trace.py").write_text('print("skipped: it all")\n')
    module = script("run", "--only", "import", "trace")
    monkeypatch.setattr(module, "HERE", tmp_path)
    monkeypatch.setattr(module, "OUT", tmp_path / "out")
    assert module.main() == 1
    kept = (tmp_path / "out/results.txt").read_text("utf-8")
    assert "ValueError: broken" in kept
    assert "import        FAILED (1)" in kept
    assert "trace         ok" in kept
    assert kept.endswith("trace: skipped: it all\n")
    assert "failed: import" in capsys.readouterr().err


# ---------------------------------------------------------------- the page
def test_every_figure_of_the_comparison_names_the_script_that_makes_it():
    page = (ROOT / "docs/comparison.md").read_text("utf-8")
    rows = [r for r in page.partition("## 速度")[2].splitlines() if r.startswith("|")]
    assert len(rows) > 5
    for row in rows[2:]:
        assert set(re.findall(r"`(bench_\w+)`", row)) & set(SCRIPTS), row

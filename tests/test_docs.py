"""The site builds without a warning, and tells all that is public."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import geotool
from geotool.tables import load_table

ROOT = Path(__file__).parents[1]

pytest.importorskip("sphinx", reason='pip install "geotool[docs]"')


LINKED = '    "sphinx.ext.viewcode",\n'
"""Pages of the source, a quarter of the time: Sphinx's own, of code that tests read."""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The site of a copy, so that two runs do not meet; notebooks shown as written."""
    base = tmp_path_factory.mktemp("site")
    away = shutil.ignore_patterns("_site", "_build", "generated", "jupyter_execute")
    for name in ("docs", "notebooks", "geotool/tables"):
        shutil.copytree(ROOT / name, base / name, ignore=away)
    shutil.copy(ROOT / "CHANGELOG.md", base)
    choices = base / "docs" / "conf.py"
    text = choices.read_text("utf-8")
    assert LINKED in text
    choices.write_text(text.replace(LINKED, ""), "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "docs", "out"],
        cwd=base,
        env={**os.environ, "GEOTOOL_DOCS_PLAIN": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    return base / "out"


def test_every_public_name_has_an_entry(site):
    for module, names in geotool._HOME.items():
        page = (site / f"generated/reference/{module}.html").read_text("utf-8")
        for name in names:
            assert f'id="geotool.{module}.{name}"' in page, name


def test_every_notebook_is_there(site):
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        assert (site / f"generated/notebooks/{path.stem}.html").exists()


def test_rules_show_numbers_with_source_and_confidence(site):
    page = (site / "generated/rules/zones.html").read_text("utf-8")
    assert "HJ 338-2018" in page
    assert "待核实" in page


def test_every_table_of_rules_has_a_page():
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        import _site_parts as parts
    finally:
        sys.path.pop(0)
    own = {path.stem for path in (ROOT / "geotool/tables").glob("*.toml")}
    assert own - set(parts.TABLES) <= {"report"}, "a table without a page"
    doubtful = [row for row in parts.facts(load_table("zones")) if row[3] == "M"]
    assert doubtful
    assert all(row[2] for row in doubtful), "a number without a source"


def test_site_needs_no_request(site):
    page = (site / "index.html").read_text("utf-8")
    for mark in ('src="http', "url(http", '<link rel="stylesheet" href="http'):
        assert mark not in page

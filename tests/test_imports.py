"""Data go one way: no module imports one to its right, not even inside a function."""

import ast
from pathlib import Path

import pytest

import geotool

ROOT = Path(geotool.__file__).parent

ORDER = (
    ("errors",), ("tables",), ("schema", "crs"), ("readings",), ("io",), ("layers",),
    ("workspace",), ("network",), ("locate",), ("trace",), ("attribution",),
    ("quality", "catchment"), ("zones",), ("maps",), ("report",), ("desk",),
    ("cli",), ("__main__",),
)  # fmt: skip
"""From left to right; what stands together may not import each other."""

RANK = {name: place for place, names in enumerate(ORDER) for name in names}

SHOWS_ITSELF = {("trace", "maps"), ("network", "maps"), ("attribution", "maps")}
"""A result draws itself (``.plot()``, ``.to_map()``): the map is loaded when asked for."""


def imported(path):
    """Names of geotool's modules that a file imports, and whether at its top."""
    tree = ast.parse(path.read_text("utf-8"))
    checked = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    ]
    skipped = {id(inner) for node in checked for inner in ast.walk(node)}
    tops = {id(node) for node in tree.body}
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
            if node.module == "geotool":
                names = [f"geotool.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "geotool" and len(parts) > 1:
                yield parts[1], id(node) in tops


def home(path):
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def faults():
    for path in sorted(ROOT.rglob("*.py")):
        own = home(path)
        for other, at_top in imported(path):
            if own not in RANK or other not in RANK or own == other:
                continue
            if RANK[other] < RANK[own]:
                continue
            if not at_top and (own, other) in SHOWS_ITSELF:
                continue
            yield f"{path.relative_to(ROOT)} imports {other}"


def test_no_module_imports_one_to_its_right():
    assert list(faults()) == []


def test_every_module_has_a_place():
    found = {home(path) for path in ROOT.rglob("*.py")}
    known = {*RANK, "__init__", "_environment", "_version"}
    helpers = {name for name in found if name.startswith("_") and name not in known}
    assert found - known - helpers == set()


@pytest.mark.parametrize("name", ["_texts", "_notes", "_items", "_units", "_colors"])
def test_small_helpers_import_nothing_big(name):
    assert {other for other, _ in imported(ROOT / f"{name}.py") if other in RANK} <= {
        "errors", "tables", "schema", "crs",
    }  # fmt: skip


def test_a_fault_would_be_seen(tmp_path):
    wrong = tmp_path / "wrong.py"
    wrong.write_text("def f():\n    from geotool.cli import main\n    return main\n")
    assert list(imported(wrong)) == [("cli", False)]

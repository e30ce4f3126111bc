"""Data go one way: no module imports one to its right, not even inside a function."""

import ast
import subprocess
import sys
from importlib import import_module
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


PACKAGES = sorted(
    path.parent.name
    for path in ROOT.glob("*/__init__.py")
    if "on_demand(" in path.read_text("utf-8")
)


def checked_imports(package):
    """Name → module that a package tells the type checker it imports."""
    tree = ast.parse((ROOT / package / "__init__.py").read_text("utf-8"))
    return {
        alias.name: node.module
        for block in tree.body
        if isinstance(block, ast.If)
        for node in block.body
        for alias in node.names
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_gives_on_demand_what_it_names(package):
    """Its list of names, what loads them and what mypy reads say the same."""
    module = import_module(f"geotool.{package}")
    assert dir(module) == sorted(module.__all__)
    for name, home_of in checked_imports(package).items():
        assert name in module.__all__
        assert getattr(module, name) is getattr(import_module(home_of), name)
    for name in module.__all__:
        assert getattr(module, name) is not None


def loaded_by(code):
    """Modules that a fresh Python holds after running a line."""
    told = f"{code}; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", told], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_help_and_reading_a_register_load_no_solver(tmp_path):
    start = "from geotool.cli import main"
    told = loaded_by(
        f"{start}\ntry: main(['--help'])\nexcept SystemExit: pass\nif 1: 0"
    )
    assert not told & {"numpy", "pandas", "geotool.io"}
    register = Path(__file__).parents[1] / "data" / "sections_nantong.csv"
    words = ["import", str(register), "--as", "sections", "--datum", "cgcs2000"]
    read = loaded_by(f"{start}; main({[*words, '--into', str(tmp_path / 'a.gpkg')]})")
    assert "geotool.layers._build" in read
    assert not read & {"scipy.sparse", "geotool.network._build", "geotool.maps.onemap"}

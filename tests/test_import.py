"""Importing geotool is light, and foreign PROJ folders do not reach our wheels."""

import os
import subprocess
import sys

HEAVY = ["folium", "matplotlib", "rasterio", "networkx", "geopandas", "scipy"]


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_import_loads_nothing_heavy():
    done = run(
        f"import geotool, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_tracing_loads_no_drawing():
    done = run(
        "import geotool as gt, sys; gt.trace_upstream; "
        "print([m for m in ('folium', 'matplotlib', 'rasterio') if m in sys.modules])"
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_inherited_proj_folder_is_ignored(tmp_path):
    "QGIS and PostGIS set PROJ_LIB; rasterio would fail on their proj.db"
    (tmp_path / "proj.db").write_bytes(b"not a database")
    code = (
        "import geotool, rasterio.crs, pyproj; "
        "print(rasterio.crs.CRS.from_epsg(4549).to_epsg(), "
        "pyproj.CRS.from_epsg(4549).to_epsg())"
    )
    folder = str(tmp_path)
    done = run(code, PROJ_LIB=folder, PROJ_DATA=folder, CONDA_PREFIX="")
    assert done.stdout.split() == ["4549", "4549"], done.stderr

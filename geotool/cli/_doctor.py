"""Whether this machine can do the work: versions, fonts, PROJ and GDAL, disk, browser."""

import argparse
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from geotool import _environment
from geotool._version import __version__

LEAST_FREE_MB = 500
"""Room a workspace, its copy while it is written, and the map need."""


class Finding(NamedTuple):
    """One line of the check: ``ok``, ``note`` or ``bad``, and what to do."""

    state: str
    subject: str
    said: str
    remedy: str = ""


MARKS = {"ok": "✓", "note": "·", "bad": "✗"}


def run_doctor(chosen: argparse.Namespace) -> int:
    """Check the machine; status 1 when something needed does not work."""
    del chosen
    print(f"geotool {__version__} · Python {platform.python_version()} · {_system()}")
    findings = [found for check in CHECKS for found in check()]
    for state, subject, said, remedy in findings:
        tail = f" → {remedy}" if remedy else ""
        print(f" {MARKS[state]} {subject}：{said}{tail}")
    bad = sum(found.state == "bad" for found in findings)
    notes = sum(found.state == "note" for found in findings)
    if bad:
        print(f"有 {bad} 项不能用，见 ✗ / {bad} things do not work")
        return 1
    extra = f"，{notes} 项提示" if notes else ""
    print(f"可以使用{extra} / ready")
    return 0


def _system() -> str:
    return f"{platform.system()} {platform.release()} {platform.machine()}"


# ------------------------------------------------------------------ packages
def check_packages() -> Iterator[Finding]:
    """Compare what is installed with what the package asks for."""
    from packaging.requirements import Requirement

    for text in metadata.requires("geotool") or []:
        need = Requirement(text)
        extra = re.search(r"extra == ['\"](\w+)['\"]", str(need.marker or ""))
        if extra and extra[1] == "dev":
            continue
        try:
            version = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            if extra:
                remedy = f'pip install "geotool[{extra[1]}]"'
                yield Finding("note", need.name, "未装（可选）not installed", remedy)
            else:
                remedy = f'pip install "{need.name}{need.specifier}"'
                yield Finding("bad", need.name, "未装 not installed", remedy)
            continue
        good = need.specifier.contains(version, prereleases=True)
        wanted = f"{version}，需要 needs {need.specifier}"
        yield Finding(
            "ok" if good else "bad",
            need.name,
            version if good else wanted,
            "" if good else f'pip install -U "{need.name}{need.specifier}"',
        )


# ------------------------------------------------------------------ GDAL and PROJ
def check_variables() -> Iterator[Finding]:
    """Tell of settings that QGIS, ArcGIS or SuperMap left in the environment."""
    for name, value in _environment.REMOVED.items():
        said = f"{value}（别的软件所设，本进程已忽略 ignored here）"
        yield Finding("note", name, said)
    kept = [name for name in _environment.FOREIGN_VARIABLES if name in os.environ]
    for name in kept:
        yield Finding("note", name, f"{os.environ[name]}（沿用 kept）")


def check_projections() -> Iterator[Finding]:
    """Move a point of known place between the systems that registers use."""
    import pyproj

    try:
        there = pyproj.Transformer.from_crs(4490, 4549, always_xy=True)
        x, y = there.transform(120.0, 32.0)
    except pyproj.exceptions.ProjError as error:
        remedy = "重装 pyproj / reinstall pyproj"
        yield Finding("bad", "PROJ", " ".join(str(error).split()), remedy)
        return
    # on the central meridian of the zone the easting is the false easting
    good = abs(x - 500_000) < 1e-3 and 3.53e6 < y < 3.55e6
    said = f"{pyproj.proj_version_str}，EPSG:4490 → 4549 {'正确' if good else '不对'}"
    yield Finding("ok" if good else "bad", "PROJ", said)


def check_formats() -> Iterator[Finding]:
    """Write and read a GeoPackage with Chinese in it, in the folder for such things."""
    import geopandas as gpd
    import pyogrio
    from shapely import Point

    frame = gpd.GeoDataFrame({"名称": ["东排口"]}, geometry=[Point(120, 32)], crs=4490)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "试.gpkg"
        try:
            frame.to_file(path, layer="排污口")
            back = gpd.read_file(path)["名称"].tolist()
        except (OSError, RuntimeError, ValueError) as error:
            said = " ".join(str(error).split())
            yield Finding("bad", "GDAL", said, "重装 pyogrio / reinstall pyogrio")
            return
    good = back == ["东排口"]
    version = ".".join(map(str, pyogrio.__gdal_version__))
    said = f"{version}，GPKG 中文{'读写正常' if good else '读写不对'}"
    yield Finding("ok" if good else "bad", "GDAL", said)


# ------------------------------------------------------------------ the rest
def check_fonts() -> Iterator[Finding]:
    """See that Chinese can be drawn: our own font, and one for rare characters."""
    from geotool.maps._font import _own_font, _rare_fonts, missing_characters

    own = Path(_own_font())
    if not own.is_file() or missing_characters("入河排污口一张图"):
        remedy = "重装 geotool / reinstall geotool"
        yield Finding("bad", "字体 font", f"缺 {own.name}", remedy)
        return
    rare = _rare_fonts()
    if rare:
        yield Finding("ok", "字体 font", f"自带字体，生僻字用 {Path(rare[0]).name}")
    else:
        said = "自带字体；没有别的中文字体，生僻字显示为 〓"
        yield Finding("note", "字体 font", said)


def check_disk() -> Iterator[Finding]:
    """See that there is room where files are written."""
    for name, folder in (
        ("当前目录 here", Path.cwd()),
        ("临时目录 temp", Path(tempfile.gettempdir())),
    ):
        free = shutil.disk_usage(folder).free / 1e6
        writable = os.access(folder, os.W_OK)
        good = free >= LEAST_FREE_MB and writable
        said = f"{folder}，空闲 free {free / 1000:.1f} GB"
        said += "" if writable else "，不能写入 not writable"
        yield Finding("ok" if good else "bad", name, said)


def check_console() -> Iterator[Finding]:
    """See that Chinese reaches the console."""
    encoding = (sys.stdout.encoding or "ascii").casefold()
    try:
        "排污口".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        remedy = "设 PYTHONUTF8=1 / set PYTHONUTF8=1"
        yield Finding("note", "终端 console", f"{encoding} 显示不了中文", remedy)
    else:
        yield Finding("ok", "终端 console", encoding)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (
    check_packages,
    check_variables,
    check_projections,
    check_formats,
    check_fonts,
    check_disk,
    check_console,
)

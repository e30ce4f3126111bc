"""geotool doctor tells what works on this machine, and what to do where it does not."""

import importlib.metadata
import sys
from types import SimpleNamespace

import pytest

from geotool import _environment
from geotool.cli import _doctor, main


def test_this_machine_is_ready(capsys):
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "geopandas" in said
    assert "✗" not in said
    assert said.splitlines()[-1].startswith("可以使用")


def test_a_missing_package_is_bad_and_a_missing_extra_is_not(monkeypatch, capsys):
    real = importlib.metadata.version

    def version(name):
        if name in ("shapely", "pyarrow"):
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(_doctor.metadata, "version", version)
    found = {line.subject: line for line in _doctor.check_packages()}
    assert found["shapely"].state == "bad"
    assert "pip install" in found["shapely"].remedy
    assert found["pyarrow"].state == "note"
    assert found["pyarrow"].remedy == 'pip install "geotool[big]"'
    assert main(["doctor"]) == 1
    assert "✗ shapely" in capsys.readouterr().out


def test_an_old_package_is_bad(monkeypatch):
    monkeypatch.setattr(_doctor.metadata, "version", lambda _: "0.0.1")
    assert {line.state for line in _doctor.check_packages()} == {"bad"}


def test_variables_of_other_programs_are_told(monkeypatch):
    monkeypatch.setattr(_environment, "REMOVED", {"PROJ_LIB": "C:/QGIS/share/proj"})
    monkeypatch.setenv("GDAL_DATA", "C:/OSGeo4W")
    lines = {line.subject: line.said for line in _doctor.check_variables()}
    assert "C:/QGIS/share/proj" in lines["PROJ_LIB"]
    assert "C:/OSGeo4W" in lines["GDAL_DATA"]


def test_a_full_disk_is_bad(monkeypatch):
    usage = SimpleNamespace(free=1e6)
    monkeypatch.setattr(_doctor.shutil, "disk_usage", lambda _: usage)
    assert {line.state for line in _doctor.check_disk()} == {"bad"}


@pytest.mark.parametrize(("encoding", "state"), [("utf-8", "ok"), ("ascii", "note")])
def test_a_console_without_chinese_is_told(monkeypatch, encoding, state):
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(encoding=encoding))
    (line,) = _doctor.check_console()
    assert line.state == state

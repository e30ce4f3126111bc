"""The project files agree with each other."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
CONDA_NAME = {
    "matplotlib": "matplotlib-base",  # conda's matplotlib brings Qt along
    "psycopg": "psycopg",
}


def project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def wanted():
    """Name → version range of everything pyproject.toml asks for."""
    extras = project()["optional-dependencies"].values()
    texts = [*project()["dependencies"], *(text for extra in extras for text in extra)]
    return {
        CONDA_NAME.get(need.name, need.name): str(need.specifier)
        for need in map(Requirement, texts)
    }


def test_environment_yml_is_in_step_with_pyproject():
    lines = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))[
        "dependencies"
    ]
    pip = next(line["pip"] for line in lines if isinstance(line, dict))
    texts = [line for line in lines if isinstance(line, str)] + pip
    conda = {
        need.name: str(need.specifier)
        for need in (
            Requirement(text.replace(" ", ""))
            for text in texts
            if not text.startswith(("pip", "--")) or text == "pip-tools"
        )
    }
    assert conda.pop("python") == str(
        Requirement(f"python{project()['requires-python']}").specifier
    )
    assert conda == wanted()


def test_every_requirement_is_in_the_lock():
    locked = {
        Requirement(line).name.lower()
        for line in (ROOT / "requirements.lock").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    }
    names = {name for name in wanted() if name != "matplotlib-base"} | {"matplotlib"}
    assert {name.lower() for name in names} <= locked


@pytest.mark.parametrize("name", ["requirements.lock", "pyproject.toml", "README.md"])
def test_no_registry_host_or_machine_path(name):
    text = (ROOT / name).read_text("utf-8")
    assert not re.search(r"pypi\.org|pythonhosted|/root/|/work/|/home/\w", text)


def test_version_is_said_once_and_in_the_changelog():
    import geotool

    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert geotool.__version__.split(".dev")[0] in changelog


def test_public_names_exist():
    import geotool

    for name in geotool.__all__:
        assert getattr(geotool, name) is not None

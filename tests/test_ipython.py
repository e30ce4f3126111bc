"""geotool in a real IPython shell: completion finds the names, errors are short."""

import json
import os
import subprocess
import sys

import pytest

import geotool as gt
from geotool.errors import TRACEBACK_VARIABLE

pytest.importorskip("IPython", reason='pip install "geotool[lab]"')

SHELL = """
import json, sys
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

shell = InteractiveShell.instance(colors="nocolor")
with capture_output() as first:
    shell.run_cell("import geotool as gt")
with provisionalcompleter():
    names = [found.text for found in shell.Completer.completions("gt.", 3)]
with capture_output() as wrong:
    shell.run_cell("path = 'nowhere.xlsx'\\nlayer = gt.read_layer(path, 'outfalls')")
json.dump({"names": names, "error": wrong.stdout + wrong.stderr}, sys.stdout)
"""


def shell(home, **variables):
    env = {k: v for k, v in os.environ.items() if k != TRACEBACK_VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", SHELL],
        capture_output=True,
        encoding="utf-8",
        env={**env, "PYTHONIOENCODING": "utf-8", "IPYTHONDIR": str(home), **variables},
        check=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return shell(tmp_path_factory.mktemp("ipython"))


def test_completion_offers_every_public_name(told):
    offered = {name for name in told["names"] if not name.startswith("_")}
    assert offered == set(gt.__all__)


def test_an_error_is_the_users_line_and_what_to_do(told):
    lines = told["error"].strip().splitlines()
    assert len(lines) == 3, told["error"]
    assert lines[0] == "第 2 行 line 2: layer = gt.read_layer(path, 'outfalls')"
    assert lines[1].startswith("SourceError: ")
    assert "nowhere.xlsx" in lines[1]
    assert "nowhere.xlsx" in lines[2]


def test_the_whole_way_is_shown_when_asked_for(tmp_path):
    said = shell(tmp_path, **{TRACEBACK_VARIABLE: "1"})["error"]
    assert "Traceback" in said
    assert "_build.py" in said

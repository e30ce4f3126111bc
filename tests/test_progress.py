"""A bar appears where somebody watches a long step, and nowhere else."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from geotool import _progress
from geotool._progress import PROGRESS_VARIABLE, long_step, progress, stage

STEP = """
import time
from geotool import _progress
from geotool._progress import long_step, progress, stage
_progress.PATIENCE_S = {patience}

def shown():
    return _progress._live and not _progress._live[0].delay

@long_step("建河网", "building", stages=2)
def build():
    stage("求交", "noding")
    limit = time.monotonic() + {lasts}
    while time.monotonic() < limit and not shown():
        time.sleep(0.01)
    stage("打断", "cutting")
    return sum(progress(range(4), "内层", "inner"))

print(build())
"""


def run(stderr, *, patience=0.05, lasts=0.3, **variables):
    """Run a step that ends with its bar, or lasts too long for none; its stdout."""
    env = {k: v for k, v in os.environ.items() if k not in ("CI", PROGRESS_VARIABLE)}
    done = subprocess.run(
        [sys.executable, "-c", STEP.format(patience=patience, lasts=lasts)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        stdin=subprocess.DEVNULL,
        env={**env, "PYTHONIOENCODING": "utf-8", **variables},
        check=True,
    )
    return done.stdout.decode()


def on_terminal(**choices):
    """What a step prints, and what a person sees at a terminal of 100 columns."""
    pty = pytest.importorskip("pty", reason="no terminals to make here")
    import fcntl
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    try:
        out = run(theirs, **choices)
        os.set_blocking(ours, False)
        try:
            seen = os.read(ours, 1_000_000).decode()
        except BlockingIOError:
            seen = ""
    finally:
        os.close(ours)
        os.close(theirs)
    return out, seen


def test_a_long_step_is_shown_at_a_terminal_and_wiped_out():
    out, seen = on_terminal(patience=0.5, lasts=60)
    assert out == "6\n", "stdout is for results"
    assert "建河网 building" in seen
    assert "求交 noding" in seen
    assert "内层" not in seen, "one bar at a time"
    assert seen.split("\r")[-2].strip() == "", "nothing is left"


def test_a_short_step_shows_nothing():
    assert on_terminal(patience=30, lasts=0) == ("6\n", "")


@pytest.mark.parametrize("name", ["CI", PROGRESS_VARIABLE])
def test_a_variable_turns_it_off(name):
    value = {"CI": "true", PROGRESS_VARIABLE: "0"}[name]
    assert on_terminal(**{name: value}) == ("6\n", "")


def test_a_script_stays_silent(tmp_path):
    path = tmp_path / "stderr"
    with path.open("wb") as stderr:
        assert run(stderr) == "6\n"
    assert path.read_bytes() == b""


def test_a_kernel_counts_as_somebody_who_watches(monkeypatch):
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv(PROGRESS_VARIABLE, raising=False)
    for shell, watched in ((SimpleNamespace(kernel=1), True), (None, False)):
        ipython = SimpleNamespace(get_ipython=lambda shell=shell: shell)
        monkeypatch.setitem(sys.modules, "IPython", ipython)
        assert _progress.in_kernel() is watched


def test_a_bar_that_fails_leaves_room_for_the_next(monkeypatch, capsys):
    monkeypatch.setenv(PROGRESS_VARIABLE, "1")

    @long_step("一", "one", stages=1)
    def fails():
        stage("中", "middle")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not _progress._live
    for _ in progress(range(3), "二", "two"):
        assert len(_progress._live) == 1
        break
    assert not _progress._live, "a loop that is left closes its bar"
    assert capsys.readouterr().out == ""

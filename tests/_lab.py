"""A real JupyterLab on a folder with one notebook, for tests that look at it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

PATIENCE_S = 300  # a loaded machine is slow, not wrong


def address_of(runtime):
    """Where the server listens: the port is its own choice, none is free for long."""
    for told in runtime.glob("jpserver-*.json"):
        text = told.read_text()
        if text.endswith("}"):  # it is written whole
            return f"http://127.0.0.1:{json.loads(text)['port']}"
    return ""


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running_lab(folder, cells, *, name="work.ipynb"):
    """Start JupyterLab on a notebook of these cells; give its address."""
    import nbformat  # takes seconds to load, and few runs need it

    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(text) for text in cells],
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    (folder / "work").mkdir()
    nbformat.write(notebook, folder / "work" / name)
    own = {
        key: str(folder / key.lower())
        for key in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    }
    own["JUPYTERLAB_SETTINGS_DIR"] = own["JUPYTERLAB_WORKSPACES_DIR"] = str(
        folder / "settings"
    )
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", "--port=0"),
        *("--IdentityProvider.token=", "--ServerApp.password="),
        "--LabApp.news_url=None",
        f"--ServerApp.root_dir={folder / 'work'}",
    ]
    with (folder / "log.txt").open("w") as log:
        server = subprocess.Popen(
            command,
            env={**os.environ, **own},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            runtime = Path(own["JUPYTER_RUNTIME_DIR"])
            limit = time.monotonic() + PATIENCE_S
            while not ((url := address_of(runtime)) and answers(f"{url}/lab")):
                assert server.poll() is None, (folder / "log.txt").read_text()
                assert time.monotonic() < limit, (folder / "log.txt").read_text()
                time.sleep(0.3)
            yield f"{url}/lab/tree/{name}?reset"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(PATIENCE_S)


def kernel_is_idle(page):
    """Wait for the kernel: a cell that is run before it is there is lost."""
    page.get_by_text("| Idle").first.wait_for()


def outside(watch):
    """Requests that left the machine: JupyterLab's own server is not outside."""
    return [url for url in watch.outside if "://127.0.0.1:" not in url]

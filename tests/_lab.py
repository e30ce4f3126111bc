"""A real JupyterLab on a folder with one notebook, for tests that look at it."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import nbformat

PATIENCE_S = 120


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running_lab(folder, cells, *, name="work.ipynb"):
    """Start JupyterLab on a notebook of these cells; give its address."""
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
    port = free_port()
    command = [
        *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
        *("--ip=127.0.0.1", f"--port={port}", "--ServerApp.port_retries=0"),
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
            url = f"http://127.0.0.1:{port}"
            limit = time.monotonic() + PATIENCE_S
            while not answers(f"{url}/lab") and time.monotonic() < limit:
                assert server.poll() is None, (folder / "log.txt").read_text()
                time.sleep(0.3)
            yield f"{url}/lab/tree/{name}?reset"
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(20)


def kernel_is_idle(page):
    """Wait for the kernel: a cell that is run before it is there is lost."""
    page.get_by_text("| Idle").first.wait_for(timeout=PATIENCE_S * 1000)


def outside(watch):
    """Requests that left the machine: JupyterLab's own server is not outside."""
    return [url for url in watch.outside if "://127.0.0.1:" not in url]

"""A real JupyterLab shows the one map, and takes further folium layers."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest
from test_browser import OPENED, Watch, chromium, wait_until  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.notebook, pytest.mark.long]

PATIENCE_S = 120
CELLS = (
    """import sys
sys.path.insert(0, TESTS)
import folium
import geotool as gt
from _town import make_town
map = gt.one_map(make_town(), title="江城一张图", date="2026-03-31")
map""",
    """folium.Marker([31.97, 120.9], popup="看见泡沫").add_to(map)
folium.GeoJson(make_town()["zones"][["geometry"]], name="补画的区").add_to(map)
map""",
)


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


@pytest.fixture(scope="module")
def lab(request, tmp_path_factory):
    """Address of a JupyterLab on a folder with one notebook."""
    pytest.importorskip("jupyterlab")
    folder = tmp_path_factory.mktemp("lab")
    tests = str(request.config.rootpath / "tests")
    cells = [
        nbformat.v4.new_code_cell(text.replace("TESTS", repr(tests))) for text in CELLS
    ]
    notebook = nbformat.v4.new_notebook(
        cells=cells,
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
    )
    (folder / "work").mkdir()
    nbformat.write(notebook, folder / "work" / "map.ipynb")
    own = {
        name: str(folder / name.lower())
        for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
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
            yield url
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(20)


def maps_of(page):
    """Frames that hold a map that has started."""
    return [
        frame
        for frame in page.frames[1:]
        if frame.evaluate("Boolean(window.OneMap && OneMap.ready)")
    ]


def test_jupyterlab_shows_the_map_and_takes_further_layers(chromium, lab):  # noqa: F811
    context = chromium.new_context(viewport={**OPENED, "height": 1600})
    page = context.new_page()
    watch = Watch(page)
    page.goto(f"{lab}/lab/tree/map.ipynb?reset")
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).wait_for(timeout=60_000)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    for _ in CELLS:
        page.keyboard.press("Shift+Enter")
    limit = time.monotonic() + PATIENCE_S
    while len(maps_of(page)) < 2 and time.monotonic() < limit:
        page.wait_for_timeout(300)
    first, second = maps_of(page)
    for inside in (first, second):
        assert inside.locator(".om-head h1").text_content() == "江城一张图"
        assert inside.evaluate("document.querySelector('.om-canvas').width") > 300
        assert inside.evaluate("OneMap.page.panel.data.length") == 14
    assert first.get_by_label("补画的区").count() == 0
    assert second.get_by_label("补画的区").is_checked()
    assert second.locator("img.leaflet-marker-icon").count() == 1
    # it works there: a search opens a popup
    second.fill(".om-search", "通江桥")
    second.press(".om-search", "Enter")
    wait_until(second, "OneMap.page.panel.popup.isOpen()")
    outside = [
        url for url in watch.outside if not url.startswith((lab, "ws://127.0.0.1"))
    ]
    assert outside == []
    assert not [text for text in watch.complaints if "Content Security" in text]
    context.close()

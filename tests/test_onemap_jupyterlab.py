"""A real JupyterLab shows the one map, and takes further folium layers."""

import pytest
from _chromium import OPENED, Watch, eventually, wait_until
from _lab import PATIENCE_S, kernel_is_idle, outside, running_lab

pytestmark = [pytest.mark.browser, pytest.mark.notebook, pytest.mark.long]

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


@pytest.fixture(scope="module")
def lab(request, tmp_path_factory):
    """Address of a notebook in a JupyterLab."""
    pytest.importorskip("jupyterlab")
    tests = repr(str(request.config.rootpath / "tests"))
    cells = [text.replace("TESTS", tests) for text in CELLS]
    with running_lab(tmp_path_factory.mktemp("lab"), cells) as address:
        yield address


def maps_of(page):
    """Frames that hold a map that has started."""
    return [
        frame
        for frame in page.frames[1:]
        if frame.evaluate("Boolean(window.OneMap && OneMap.ready)")
    ]


def test_jupyterlab_shows_the_map_and_takes_further_layers(chromium, lab):
    context = chromium.new_context(viewport={**OPENED, "height": 1600})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_S * 1000)
    watch = Watch(page)
    page.goto(lab)
    page.locator(".jp-Notebook .jp-CodeCell").nth(1).wait_for()
    kernel_is_idle(page)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    for _ in CELLS:
        page.keyboard.press("Shift+Enter")
    first, second = eventually(
        page,
        lambda: len(found := maps_of(page)) > 1 and found,
        "two maps are there",
        patience_s=PATIENCE_S,
    )
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
    assert outside(watch) == []
    assert not [text for text in watch.complaints if "Content Security" in text]
    context.close()

"""A real JupyterLab, the network cut off: click, and the upstream lights up."""

import pytest
from _lab import PATIENCE_S, kernel_is_idle, outside, running_lab
from test_browser import OPENED, Watch, chromium  # noqa: F401 - a fixture

pytestmark = [pytest.mark.browser, pytest.mark.notebook, pytest.mark.long]

SECTION, GATE = "S1", "G"
CELLS = (
    """import sys
sys.path.insert(0, TESTS)
import geotool as gt
from test_desk import small_case
desk = gt.trace_map(*small_case())
desk""",
    """print("met", len(desk.trace.points), "gates", dict(desk.scenario.structures))""",
)


def place_of(page, key):
    """Where a mark stands on the screen."""
    return page.evaluate(
        """(key) => {
            const root = document.querySelector(".geotool-desk");
            const map = root.leafletMap, box = root.querySelector(".map").getBoundingClientRect();
            let at = null;
            map.eachLayer((one) => {
                const text = one.getTooltip && one.getTooltip() && one.getTooltip().getContent().textContent;
                if (text && text.startsWith(key + " ") || text === key) at = one.getLatLng();
            });
            const here = map.latLngToContainerPoint(at);
            return [box.x + here.x, box.y + here.y];
        }""",
        key,
    )


def told(page, text):
    """Wait until the page says it."""
    page.wait_for_function(
        "text => document.querySelector('.geotool-desk [aria-live]')"
        ".textContent.includes(text)",
        arg=text,
        timeout=PATIENCE_S * 1000,
    )


def test_click_in_jupyterlab_traces(chromium, tmp_path, request):  # noqa: F811
    tests = repr(str(request.config.rootpath / "tests"))
    cells = [text.replace("TESTS", tests) for text in CELLS]
    with running_lab(tmp_path, cells) as address:
        context = chromium.new_context(viewport={**OPENED, "height": 1200})
        page = context.new_page()
        watch = Watch(page)
        page.goto(address)
        page.locator(".jp-Notebook .jp-CodeCell").nth(1).wait_for(timeout=60_000)
        kernel_is_idle(page)
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        desk = page.locator(".geotool-desk")
        desk.locator(".map canvas").first.wait_for(timeout=PATIENCE_S * 1000)
        page.wait_for_timeout(500)
        page.mouse.click(*place_of(page, SECTION))
        told(page, f"{SECTION} 上游")
        rows = desk.locator("tbody tr").count()
        assert rows > 0
        desk.get_by_role("button", name="↓ 下游").press("Enter")
        told(page, f"{SECTION} 下游")
        desk.get_by_role("button", name="↑ 上游").press("Enter")
        told(page, f"{SECTION} 上游")
        page.mouse.click(*place_of(page, GATE))
        desk.locator(".leaflet-popup button").first.click()
        page.wait_for_function(
            "key => [...document.querySelectorAll('.geotool-desk li')]"
            ".some((line) => line.textContent.includes('关闭'))",
            arg=GATE,
        )
        page.screenshot(path=str(tmp_path / "desk.png"))
        page.keyboard.press("Escape")
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").last.click()
        page.keyboard.press("Shift+Enter")
        said = page.locator(".jp-OutputArea-output pre").filter(has_text="met ")
        said.wait_for(timeout=PATIENCE_S * 1000)
        assert said.text_content().strip() == "met 2 gates {'G': 'closed'}"
        assert not outside(watch), "no request leaves the machine"
        assert not [text for text in watch.complaints if "geotool" in text]
        context.close()

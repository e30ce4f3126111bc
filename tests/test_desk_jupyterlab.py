"""A real JupyterLab, the network cut off: click, and the upstream lights up."""

import pytest
from _chromium import OPENED, Watch, eventually
from _lab import PATIENCE_S, kernel_is_idle, outside, running_lab

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
            const here = at && map.latLngToContainerPoint(at);
            return at && [box.x + here.x, box.y + here.y];
        }""",
        key,
    )


def resting_place_of(page, key):
    """Where a mark stands once it is there and the map and the page move no more."""
    places = [None, None]

    def rests():
        places.append(place_of(page, key))
        page.wait_for_timeout(200)
        return places[-1] if places[-1] == places[-2] == places[-3] else None

    return eventually(page, rests, f"{key} is there and rests")


def told(page, text):
    """Wait until the page says it."""
    page.wait_for_function(
        "text => document.querySelector('.geotool-desk [aria-live]')"
        ".textContent.includes(text)",
        arg=text,
    )


def test_click_in_jupyterlab_traces(chromium, tmp_path, request):
    tests = repr(str(request.config.rootpath / "tests"))
    cells = [text.replace("TESTS", tests) for text in CELLS]
    with running_lab(tmp_path, cells) as address:
        context = chromium.new_context(viewport={**OPENED, "height": 1200})
        page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        watch = Watch(page)
        page.goto(address)
        page.locator(".jp-Notebook .jp-CodeCell").nth(1).wait_for()
        kernel_is_idle(page)
        page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")
        desk = page.locator(".geotool-desk")
        desk.locator(".map canvas").first.wait_for()
        page.mouse.click(*resting_place_of(page, SECTION))
        told(page, f"{SECTION} 上游")
        desk.locator("tbody tr").first.wait_for()
        desk.get_by_role("button", name="↓ 下游").press("Enter")
        told(page, f"{SECTION} 下游")
        desk.get_by_role("button", name="↑ 上游").press("Enter")
        told(page, f"{SECTION} 上游")
        page.mouse.click(*resting_place_of(page, GATE))
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
        said.wait_for()
        assert said.text_content().strip() == "met 2 gates {'G': 'closed'}"
        assert not outside(watch), "no request leaves the machine"
        assert not [text for text in watch.complaints if "geotool" in text]
        context.close()

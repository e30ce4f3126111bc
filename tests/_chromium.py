"""Chromium for tests: pages without network, and waiting for what ends later.

Nothing here sleeps and hopes: a condition is asked for again and again, and the limit is
so wide that only a page that never gets there meets it.
"""

import os
import re
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

CHROMIUM = Path("/usr/bin/chromium")
NEEDED = (
    "needs Debian's chromium and Chinese fonts: "
    "apt-get install chromium fonts-noto-cjk; and pip install playwright"
)
OPENED = {"width": 1400, "height": 900}
PATIENCE_S = 60  # a loaded machine is slow, not wrong


def missing():
    """Why the browser cannot be used, or nothing."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return NEEDED
    return "" if CHROMIUM.exists() else NEEDED


@pytest.fixture(scope="module")
def chromium():
    reason = missing()
    if reason and os.environ.get("GEOTOOL_REQUIRE_BROWSER"):
        pytest.fail(reason)
    if reason:
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


# ---------------------------------------------------------------- pages
class Watch:
    """What a page asked for and complained of."""

    def __init__(self, page):
        self.requests, self.complaints = [], []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self.listen)
        page.on("dialog", self.refuse)

    def listen(self, message):
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def refuse(self, dialog):
        self.complaints.append(f"dialog {dialog.message}")
        dialog.dismiss()

    @property
    def outside(self):
        return [
            url
            for url in self.requests
            if not url.startswith(("file:", "data:", "blob:"))
        ]


@contextmanager
def blank(chromium, **choices):
    """An empty page without network that has all the time it needs."""
    context = chromium.new_context(**{"viewport": OPENED, "offline": True, **choices})
    context.set_default_timeout(PATIENCE_S * 1000)
    try:
        yield context.new_page()
        context.unroute_all(behavior="ignoreErrors")  # a tile may be on its way
    finally:
        context.close()


def go(page, address):
    """Open a map."""
    page.goto(address)
    wait_until(page, "window.OneMap && OneMap.ready")


@contextmanager
def opened(chromium, path, size=None):
    """A page without network; at the end nothing was asked for and nothing failed."""
    with blank(chromium, viewport=size or OPENED) as page:
        page.context.route(re.compile("^https?:"), lambda route: route.abort())
        watch = Watch(page)
        go(page, path.as_uri())
        yield page
        assert watch.outside == []
        files = [url for url in watch.requests if url.startswith("file:")]
        assert files == [path.as_uri()]
        assert watch.complaints == []


# ---------------------------------------------------------------- waiting
def eventually(page, condition, told, *, patience_s=PATIENCE_S):
    """Ask again and again, while the page goes on; give the answer."""
    limit = time.monotonic() + patience_s
    while not (answer := condition()):
        if time.monotonic() > limit:
            pytest.fail(f"never came true: {told}")
        page.wait_for_timeout(20)
    return answer


def wait_until(frame, condition):
    """Wait for an expression: the page's policy forbids playwright's own waiting."""
    return eventually(frame, lambda: frame.evaluate(condition), condition)


MOVING = """async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    const { map, panel } = OneMap.page;
    const boxes = () => JSON.stringify([...document.querySelectorAll(".leaflet-popup, .folium-map")].map((one) => one.getBoundingClientRect()));
    await frame(); // what begins with the next frame has begun by then
    const before = boxes();
    await frame();
    let open = 0;
    map.eachLayer((layer) => (open += layer instanceof L.Popup));
    const found = {
        words: panel.waiting, // the search that follows typing
        pan: map._panAnim?._inProgress,
        zoom: map._animatingZoom,
        popup: document.querySelectorAll(".leaflet-popup").length !== open, // one fades out
        picture: OneMap.layers.surfaceOf(map).pending,
        fade: document.getAnimations().some((one) => one.playState === "running"),
        images: [...document.images].some((one) => !one.complete),
        fonts: document.fonts.status !== "loaded",
        place: boxes() !== before,
    };
    return Object.keys(found).filter((one) => found[one]);
}"""


def settled(page):
    """Wait until nothing on the map moves, fades, loads or waits; give the page."""
    moving = []  # told by name where it never ends

    def rests():
        moving[:] = page.evaluate(MOVING)
        return not moving

    eventually(page, rests, moving)
    return page


def search(page, words):
    """Type words to be found; the hits."""
    page.fill(".om-search", words)
    page.press(".om-search", "End")
    wait_until(page, "!OneMap.page.panel.waiting")
    return page.locator(".om-results .om-hit")

"""The README's picture: the demo's map as it opens, and nothing else.

    make picture

Runs ``geotool demo``, opens its map in Chromium without a network at 1400 × 900 and
writes ``docs/onemap.png``.
"""

import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from geotool.cli import main

TARGET = Path(__file__).with_name("onemap.png")
SIZE = {"width": 1400, "height": 900}


def shoot(page_file: Path, target: Path) -> None:
    """Open a map without a network and take its picture once it rests."""
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_context(viewport=SIZE, offline=True).new_page()
        page.goto(page_file.as_uri())
        page.wait_for_function("window.OneMap && OneMap.ready")
        page.wait_for_timeout(1500)  # the last layers are painted
        page.screenshot(path=target)
        browser.close()
    with Image.open(target) as picture:  # a palette would lose the colours of classes
        picture.convert("RGB").save(target, optimize=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main(["demo", folder])
        shoot(Path(folder, "onemap.html"), TARGET)

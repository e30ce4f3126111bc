"""How the one map looks, held against pictures that somebody has looked at.

The pictures in ``baselines/`` are shrunk by four, so that they are small and another
font's edges do not count. What is compared is the mean colour of blocks, and how many
of them differ: a font moves words within a block, a layer that is missing takes whole
blocks with it. To make them anew (and then look at them!)::

    GEOTOOL_WRITE_BASELINES=1 python -m pytest tests/test_onemap_baseline.py
"""

import os
from pathlib import Path

import numpy as np
import pytest
from _chromium import blank, go, settled
from PIL import Image
from test_onemap_travel import demo

import geotool as gt
from geotool.io import read_readings

pytestmark = pytest.mark.browser

FOLDER = Path(__file__).parent / "baselines"
SHRINK = 4
BLOCK = 6  # pixels of the small picture
FAR = 20.0  # of 255: how far the mean colour of a block may be off in any channel
MOST = 0.003  # share of blocks that may be farther off
SIZES = {"wide": (1400, 900), "middle": (1024, 768), "phone": (390, 800)}

PAINT = """async () => {
    OneMap.layers.surfaceOf(OneMap.page.map).paint();
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""

ASK = """() => {
    const { panel } = OneMap.page;
    const layer = panel.data.find(({ name }) => name === "sections");
    panel.follow.ask(layer, 2, null, true);
    panel.follow.frame();
}"""

GONE = "OneMap.page.panel.layers.find(({ data }) => data.name === '%s').remove()"
BROKEN = {
    "no outfalls": ("middle", GONE % "outfalls"),
    "no rivers": ("middle", GONE % "rivers"),
    "no structures": ("middle", GONE % "structures"),
    "no sections": ("middle", GONE % "sections"),
    "no legend": ("wide", "OneMap.page.panel.legend.remove()"),
    "no answer": ("wide", "OneMap.page.panel.follow.clear()"),
    "no layer tree": ("middle", "document.querySelector('.om-tree').remove()"),
    "no periods": ("phone", "document.querySelector('.om-period').remove()"),
    "moved": ("phone", "OneMap.page.map.panBy([60, 0], { animate: false })"),
    "other colours": (
        "middle",
        "OneMap.page.panel.colorBy(OneMap.page.panel.filters[0].layer, 'stage')",
    ),
}


@pytest.fixture(scope="module")
def path(request, tmp_path_factory):
    data = request.config.rootpath / "data"
    layers, network = demo(data)
    readings, _ = read_readings(data / "readings_monthly_2025.xlsx")
    map = gt.one_map(
        {
            **layers,
            "water_sources": gt.read_layer(
                data / "water_sources_nantong.csv", "water_sources", datum="cgcs2000"
            ).layer,
        },
        title="南通开发区入河排污口一张图（示例）",
        notice="示意，非实测",
        source="公开规划，其余模拟",
        date="2026-03-31",
        network=network,
        assessment=gt.assess_sections(readings, layers["sections"]),
    )
    return gt.save_map(map, tmp_path_factory.mktemp("look") / "map.html")


@pytest.fixture
def show(chromium, path):
    """Open the map at a size, let something happen, give the small picture."""

    def shot(size, *steps):
        width, height = SIZES[size]
        target = path.with_name("shot.png")
        with blank(chromium, viewport={"width": width, "height": height}) as page:
            go(page, path.as_uri())
            if size == "wide":
                page.evaluate(ASK)
            for step in steps:
                page.evaluate(step)
            settled(page).evaluate(PAINT)
            page.screenshot(path=target)
        with Image.open(target) as picture:
            return picture.convert("RGB").reduce(SHRINK)

    return shot


def blocks(picture):
    """Mean colour of each block."""
    pixels = np.asarray(picture, dtype=float)
    high, wide = (length // BLOCK * BLOCK for length in pixels.shape[:2])
    cut = pixels[:high, :wide].reshape(high // BLOCK, BLOCK, wide // BLOCK, BLOCK, 3)
    return cut.mean(axis=(1, 3))


def differing(one, other):
    """Share of blocks that differ by more than a font can make them."""
    assert one.size == other.size
    away = np.abs(blocks(one) - blocks(other)).max(axis=2)
    return float((away > FAR).mean())


def baseline(size):
    with Image.open(FOLDER / f"onemap_{size}.png") as picture:
        return picture.convert("RGB")


@pytest.mark.parametrize("size", SIZES)
def test_it_looks_as_it_did(show, size, path):
    now = show(size)
    if os.environ.get("GEOTOOL_WRITE_BASELINES"):
        FOLDER.mkdir(exist_ok=True)
        now.save(FOLDER / f"onemap_{size}.png", optimize=True)
    seen = path.with_name(f"now_{size}.png")
    now.save(seen)
    assert differing(now, baseline(size)) <= MOST, f"compare {seen} with the baseline"


@pytest.mark.parametrize("fault", BROKEN)
def test_what_is_missing_is_noticed(show, fault):
    size, step = BROKEN[fault]
    assert differing(show(size, step), baseline(size)) > MOST


def test_another_font_is_not_taken_for_a_fault(show):
    serif = """() => {
        const style = document.createElement("style");
        style.textContent = '.om, .om * { font-family: "Noto Serif CJK SC", serif !important; }';
        document.head.append(style);
    }"""
    assert differing(show("middle", serif), baseline("middle")) <= MOST


def test_the_pictures_are_small():
    assert sum(one.stat().st_size for one in FOLDER.glob("*.png")) < 400_000

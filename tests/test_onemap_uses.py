"""What a reader does with the one map beside searching and filtering, in Chromium.

Scale, north, zoom, full screen, order of focus, paper, what each kind of layer looks
like, and that colour-blind readers can tell classes apart.
"""

import itertools
import re

import numpy as np
import pytest
import shapely
from _chromium import (
    opened,
    search,
    settled,
    wait_until,
)
from _town import at, frame, make_outfalls, make_sections, make_town
from pyproj import Geod
from test_browser import fields, ink, option, town  # noqa: F401 - town is a fixture

import geotool as gt
from geotool.tables import load_table

GEOD = Geod(ellps="GRS80")
STYLES = load_table("styles")


@pytest.fixture(scope="module")
def page(chromium, town):  # noqa: F811 - the fixtures
    with opened(chromium, town) as page:
        yield page


@pytest.fixture
def fresh(page):
    settled(page)
    page.evaluate(
        "() => { OneMap.page.map.closePopup(); OneMap.page.panel.setOpen(true); }"
    )
    page.get_by_role("button", name="全图").click()
    return settled(page)


def colors(key):
    """Value → colour on screen of a set of classes."""
    entries = STYLES["classes"][key]["entries"]
    return {entry["value"]: entry["color"] for entry in entries}


# ---------------------------------------------------------------- layers
@pytest.mark.browser
def test_every_layer_is_drawn_and_gone_when_it_is_off(fresh):
    """The picture changes with each box of the layer tree."""
    found = fresh.evaluate(
        """() => {
            const { map, panel } = OneMap.page;
            const surface = OneMap.layers.surfaceOf(map);
            const picture = () => {
                surface.paint();
                const { canvas } = surface;
                const copy = new OffscreenCanvas(canvas.width, canvas.height);
                const ctx = copy.getContext("2d", { willReadFrequently: true });
                ctx.drawImage(canvas, 0, 0);
                return ctx.getImageData(0, 0, canvas.width, canvas.height).data;
            };
            const differ = (a, b) => { let n = 0; for (let i = 3; i < a.length; i += 4) if (a[i] !== b[i] || a[i - 1] !== b[i - 1] || a[i - 2] !== b[i - 2]) n++; return n; };
            for (const layer of panel.layers) layer.remove();
            const empty = picture();
            return Object.fromEntries(panel.layers.map((layer) => {
                layer.addTo(map);
                const on = differ(picture(), empty);
                layer.remove();
                return [layer.data.name, [on, differ(picture(), empty)]];
            }));
        }"""
    )
    fresh.evaluate(
        "() => { for (const layer of OneMap.page.panel.layers) layer.addTo(OneMap.page.map); }"
    )
    assert set(found) == set(make_town())
    for name, (on, off) in found.items():
        assert on > 20, name
        assert off == 0, name


@pytest.mark.browser
def test_structures_show_their_state_and_rivers_their_rank(chromium, tmp_path):
    states = colors("structure_state")
    lines = [shapely.LineString([at(0.1, y), at(0.9, y)]) for y in (0.2, 0.5, 0.8)]
    ranks = ["骨干河道", "县级", "镇级"]
    kinds = list(states)
    layers = {
        "rivers": frame({"name": ["甲", "乙", "丙"], "rank": ranks}, lines),
        "structures": frame(
            {"name": kinds, "kind": "sluice", "state": kinds},
            [shapely.Point(at(0.1 + 0.15 * i, 0.9)) for i in range(len(kinds))],
        ),
    }
    with opened(chromium, gt.save_map(gt.one_map(layers), tmp_path / "s.html")) as page:
        for state, color in states.items():
            assert ink(page, color) > 15, state
        drawn = page.evaluate(
            """() => {
                const layer = OneMap.page.panel.data.find(({ name }) => name === "rivers");
                return [0, 1, 2].map((row) => layer.entry(layer.colorKey, row)).map(({ color, width }) => [color, width]);
            }"""
        )
        assert [one[1] for one in drawn] == sorted(
            (one[1] for one in drawn), reverse=True
        )
        assert all(ink(page, color) > 50 for color, _ in drawn)


@pytest.mark.browser
def test_a_section_that_fails_stands_out(chromium, tmp_path):
    ring = next(
        entry
        for entry in STYLES["classes"]["reached"]["entries"]
        if entry["zh"] == "未达标"
    )["color"]
    seen = []
    for reached in (False, True):
        one = make_sections().iloc[:1].assign(reached=reached)
        path = gt.save_map(gt.one_map({"sections": one}), tmp_path / f"{reached}.html")
        with opened(chromium, path) as page:
            seen.append(ink(page, ring))
    assert seen[0] > 30
    assert seen[1] == 0


@pytest.mark.browser
def test_a_source_of_the_trace_tells_way_and_time(fresh):
    first = fresh.locator(".om-trace li").first
    assert "0.8 至 1.9 h" in first.text_content()
    first.locator("button").click()
    told = fields(fresh)
    assert (told["流经时间下限（h）"], told["流经时间上限（h）"]) == ("0.8", "1.9")
    assert told["沿河距离（m）"] == "950"
    assert told["序位"] == "1"


# ---------------------------------------------------------------- scale, north, zoom
@pytest.mark.browser
def test_the_scale_bar_is_as_long_as_it_says(fresh):
    line = fresh.locator(".leaflet-control-scale-line")
    text = line.text_content()
    metres = float(re.match(r"[\d.]+", text).group()) * (1000 if "km" in text else 1)
    width = line.evaluate("(one) => one.offsetWidth")
    west, east, lat = fresh.evaluate(
        """(width) => {
            const { map } = OneMap.page;
            const y = map.getSize().y / 2;
            const [a, b] = [[0, y], [width, y]].map((one) => map.containerPointToLatLng(one));
            return [a.lng, b.lng, a.lat];
        }""",
        width,
    )
    assert GEOD.line_length([west, east], [lat, lat]) == pytest.approx(metres, rel=0.03)


SHEET = """() => {
    const pen = CanvasRenderingContext2D.prototype;
    const { fillText, strokeRect } = pen;
    const [texts, boxes] = [[], []];
    pen.fillText = function (text, x, y, ...rest) { texts.push([text, x, y]); return fillText.call(this, text, x, y, ...rest); };
    pen.strokeRect = function (...box) { boxes.push(box); return strokeRect.apply(this, box); };
    const sheet = OneMap.sheet.compose(OneMap.page.map, OneMap.page.panel);
    Object.assign(pen, { fillText, strokeRect });
    return [texts, boxes, sheet.width, sheet.height];
}"""


@pytest.mark.browser
def test_the_scale_bar_on_paper_is_as_long_as_it_says(fresh):
    texts, boxes, *_ = fresh.evaluate(SHEET)
    bar = next(box for box in boxes if box[3] == 5)
    label = next(text for text, *_ in texts if re.fullmatch(r"\d+ k?m", text))
    said = float(label.split()[0]) * (1000 if "km" in label else 1)
    east = sorted((x, float(text[:-2])) for text, x, _ in texts if text.endswith("°E"))
    north = [float(text[:-2]) for text, *_ in texts if text.endswith("°N")]
    (x0, lng0), (x1, lng1) = east[0], east[-1]
    lat = float(np.mean(north))
    a_unit = GEOD.line_length([lng0, lng1], [lat, lat]) / (x1 - x0)
    assert bar[2] * a_unit == pytest.approx(said, rel=0.01)


@pytest.mark.browser
def test_north_is_named_and_up(fresh):
    arrow = fresh.get_by_role("img", name="上北下南")
    assert arrow.is_visible()
    assert "北" in arrow.text_content()


@pytest.mark.browser
def test_zoom_by_buttons_and_keys_and_back_to_the_whole(fresh):
    zoom = "OneMap.page.map.getZoom()"
    whole = fresh.evaluate(zoom)
    fresh.get_by_role("button", name="放大").click()
    assert settled(fresh).evaluate(zoom) > whole
    fresh.get_by_role("button", name="缩小").click()
    assert settled(fresh).evaluate(zoom) == whole
    fresh.focus(".folium-map")
    fresh.keyboard.press("+")
    assert settled(fresh).evaluate(zoom) > whole
    before = fresh.evaluate("OneMap.page.map.getCenter().lng")
    fresh.keyboard.press("ArrowRight")
    assert settled(fresh).evaluate("OneMap.page.map.getCenter().lng") > before
    fresh.get_by_role("button", name="全图").click()
    assert fresh.evaluate(zoom) == whole


@pytest.mark.browser
def test_full_screen_and_back(fresh):
    full = "Boolean(document.fullscreenElement)"
    fresh.get_by_role("button", name="全屏").click()
    wait_until(fresh, full)
    assert fresh.locator(".om-head").is_visible()
    settled(fresh).get_by_role("button", name="全屏").click()
    wait_until(fresh, f"!{full}")


# ---------------------------------------------------------------- keyboard
@pytest.mark.browser
def test_focus_goes_from_head_to_panel_to_map_and_is_seen(chromium, town):  # noqa: F811
    with opened(chromium, town) as page:
        regions, outlines, names = [], [], []
        for _ in range(400):
            page.keyboard.press("Tab")
            region, outline, name = page.evaluate(
                """() => {
                    const one = document.activeElement;
                    const region = ["om-head", "om-find", "om-trace", "om-tree", "om-filter", "om-foot", "folium-map"].find((name) => one.closest(`.${name}`)) || "";
                    return [region, getComputedStyle(one).outlineStyle, one.ariaLabel || one.textContent.trim()];
                }"""
            )
            if not region:
                break
            regions.append(region)
            outlines.append(outline)
            names.append(name)
        order = [name for name, _ in itertools.groupby(regions)]
        assert order == [
            "om-head",
            "om-find",
            "om-trace",
            "om-tree",
            "om-filter",
            "om-foot",
            "folium-map",
        ]
        assert "none" not in outlines
        assert {"放大", "全图", "打印", "导出图片"} <= set(names)


@pytest.mark.browser
def test_layers_and_filters_work_by_keyboard_alone(fresh):
    box = fresh.get_by_label("入河排污口", exact=True).first
    box.focus()
    fresh.keyboard.press("Space")
    assert not box.is_checked()
    assert ink(fresh, colors("outfall_class")["industry"]) == 0
    fresh.keyboard.press("Space")
    assert box.is_checked()
    check = option(fresh, "排污口类型", "工业排污口").locator("input")
    check.focus()
    fresh.keyboard.press("Space")
    count = (make_outfalls()["排口类型"] == "工业排污口").sum()
    assert f"显示 {count} /" in fresh.locator(".om-status").text_content()
    words = [text for text, *_ in fresh.evaluate(SHEET)[0]]
    assert any(f"已筛选：显示 {count} / 160" in text for text in words)
    fresh.keyboard.press("Space")


# ---------------------------------------------------------------- paper
@pytest.mark.browser
def test_a_tall_window_prints_upright(chromium, town):  # noqa: F811
    with opened(chromium, town, {"width": 760, "height": 1100}) as page:
        raw = page.pdf(prefer_css_page_size=True)
        boxes = re.findall(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)", raw)
        assert len(boxes) == 1
        width, height = map(float, boxes[0])
        assert height == pytest.approx(842, abs=2)
        assert width == pytest.approx(595, abs=2)
        *_, wide, high = page.evaluate(SHEET)
        assert high > wide


@pytest.mark.browser
def test_no_name_is_cut_by_the_edge_of_the_paper(fresh):
    """Names at points that are seen stand whole in the frame, or not at all."""
    search(fresh, "通江桥").first.click()
    outside = fresh.evaluate(
        """() => {
            const { map, panel } = OneMap.page;
            const pen = CanvasRenderingContext2D.prototype;
            const { strokeText } = pen;
            const cut = [];
            pen.strokeText = function (text, x, y) {
                const { a } = this.getTransform();
                const width = this.measureText(text).width;
                if (this.textAlign === "left" && a === 1 && (x < 0 || x + width > this.canvas.width)) cut.push(text);
                return strokeText.call(this, text, x, y);
            };
            for (const x of [0.02, 0.5, 0.98]) {
                const { lng, lat } = map.getCenter();
                map.setView([lat, lng + (x - 0.5) * 0.01], 14, { animate: false });
                OneMap.sheet.compose(map, panel);
            }
            pen.strokeText = strokeText;
            return cut;
        }"""
    )
    assert outside == []


# ---------------------------------------------------------------- colour-blind readers
MACHADO = {
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
"""Machado, Oliveira and Fernandes (2009), severity 1, in linear light."""

TOO_NEAR = 10.0
"""CIE76 distance below which colours are not told apart at the size of a mark."""


def lab(color, kind):
    """A colour as somebody sees it, in CIELAB."""
    rgb = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(MACHADO[kind]) @ linear, 0, 1)
    to_xyz = [
        [0.4124, 0.3576, 0.1805],
        [0.2126, 0.7152, 0.0722],
        [0.0193, 0.1192, 0.9505],
    ]
    x, y, z = np.array(to_xyz) @ linear / [0.9505, 1.0, 1.089]
    f = [t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", MACHADO)
@pytest.mark.parametrize("key", STYLES["classes"])
def test_colour_blind_readers_tell_classes_apart(key, kind):
    """By colour, or else by letter, shape, dash or width."""
    entries = [one for one in STYLES["classes"][key]["entries"] if one.get("color")]
    for one, other in itertools.combinations(entries, 2):
        away = np.linalg.norm(lab(one["color"], kind) - lab(other["color"], kind))
        second = any(
            one.get(sign) != other.get(sign)
            for sign in ("mark", "shape", "dash", "width", "fill", "halo")
        )
        assert away > TOO_NEAR or second, (one["zh"], other["zh"], away)


def test_water_classes_have_letters_of_their_own():
    marks = [one["mark"] for one in STYLES["classes"]["water_class"]["entries"]]
    assert len(set(marks)) == 6

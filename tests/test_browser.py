"""The one map in a real Chromium with the network cut off."""

import base64
import csv
import io
import os
import re
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pytest
import shapely
from _chromium import (
    NEEDED,
    Watch,
    blank,
    opened,
    search,
    settled,
    wait_until,
)
from _town import at, frame, make_outfalls, make_rivers, make_sections, make_town

import geotool as gt

TITLE = "江城市入河排污口一张图"
NOTICE = "示意，非实测"

pytestmark = pytest.mark.browser


# ---------------------------------------------------------------- fixtures
@pytest.fixture(scope="module")
def town(tmp_path_factory):
    map = gt.one_map(
        make_town(),
        title=TITLE,
        subtitle="通江桥断面氨氮超标溯源",
        notice=NOTICE,
        source="测试数据",
        date="2026-03-31",
    )
    return gt.save_map(map, tmp_path_factory.mktemp("map") / "一张图.html")


@pytest.fixture(scope="module")
def page(chromium, town):
    with opened(chromium, town) as page:
        yield page


@pytest.fixture
def fresh(page):
    """The shared page as it opened."""
    settled(page)
    page.evaluate(
        """() => {
            const { map, panel, tools } = OneMap.page;
            map.closePopup();
            tools.measure.toggle(false);
            for (const filters of panel.filters) filters.clear();
            for (const layer of panel.layers) {
                if (layer.data.name === "reaches" || layer.data.name === "issues") layer.remove();
                else layer.addTo(map);
            }
            panel.clearSearch();
            panel.setOpen(true);
            panel.afterFilter();
        }"""
    )
    return settled(page)


def fields(page):
    """Popup as label → value."""
    return dict(
        page.evaluate(
            """() => [...document.querySelectorAll(".om-popup dl > div")].map(
                (row) => [row.children[0].textContent, row.children[1].textContent])"""
        )
    )


def ink(page, name):
    """How many pixels of the map's canvas have the colour of a layer's class."""
    page.evaluate("OneMap.layers.surfaceOf(OneMap.page.map).paint()")
    return page.evaluate(
        """(color) => {
            const canvas = document.querySelector(".om-canvas");
            const copy = new OffscreenCanvas(canvas.width, canvas.height);
            const ctx = copy.getContext("2d", { willReadFrequently: true });
            ctx.drawImage(canvas, 0, 0);
            const { data } = ctx.getImageData(0, 0, canvas.width, canvas.height);
            const wanted = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16));
            let found = 0;
            for (let i = 0; i < data.length; i += 4)
                if (data[i + 3] === 255 && wanted.every((one, j) => Math.abs(one - data[i + j]) < 3)) found++;
            return found;
        }""",
        name,
    )


# ---------------------------------------------------------------- it opens
def test_title_notice_and_source_are_in_sight(fresh):
    for text in (TITLE, NOTICE, "数据来源：测试数据", "2026-03-31"):
        assert fresh.get_by_text(text).first.is_visible()


def test_chinese_is_drawn_and_not_as_boxes(fresh):
    """Two different characters look different; boxes for missing ones do not."""
    same = fresh.evaluate(
        """() => {
            const draw = (text) => {
                const canvas = document.createElement("canvas");
                const ctx = canvas.getContext("2d");
                ctx.font = `40px ${OneMap.draw.FONT}`;
                ctx.fillText(text, 10, 60);
                return canvas.toDataURL();
            };
            return draw("溯") === draw("源");
        }"""
    )
    if same and not os.environ.get("GEOTOOL_REQUIRE_BROWSER"):
        pytest.skip(NEEDED)
    assert not same


def test_trace_is_what_the_first_view_shows(chromium, town):
    with opened(chromium, town) as page:
        inside = page.evaluate(
            """() => {
                const { map, panel } = OneMap.page;
                const { longitudeOf, latitudeOf } = OneMap.data;
                const trace = panel.data.find((layer) => layer.name === "trace_reaches");
                const [w, n, e, s] = trace.box();
                const box = L.latLngBounds([latitudeOf(s), longitudeOf(w)], [latitudeOf(n), longitudeOf(e)]);
                const view = map.getBounds();
                return view.contains(box) && (box.getEast() - box.getWest()) / (view.getEast() - view.getWest()) > 0.4;
            }"""
        )
        assert inside
        assert ink(page, "#b3003c") > 2000


def test_nothing_but_our_scripts_can_run(town):
    text = town.read_text("utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy.split("style-src")[0]
    assert "connect-src 'none'" in policy


# ---------------------------------------------------------------- layers and legend
def test_layers_switch_on_and_off(fresh):
    fresh.get_by_role("button", name="全图").click()
    blue = ink(fresh, "#b3003c")
    fresh.get_by_label("溯源河段").uncheck()
    fresh.get_by_label("溯源点位").uncheck()
    assert blue > 200
    assert ink(fresh, "#b3003c") == 0
    fresh.get_by_label("溯源河段").check()
    assert ink(fresh, "#b3003c") > 200


def test_tree_has_groups_counts_and_hidden_layers_off(fresh):
    tree = fresh.locator(".om-tree")
    assert tree.locator("legend").all_text_contents() == [
        "溯源结果",
        "排污口与污染源",
        "断面与水源地",
        "河网与水工程",
        "管控分区",
        "其他图层",
    ]
    assert tree.get_by_text("入河排污口160").count() == 1
    assert not fresh.get_by_label("河网问题").is_checked()
    assert not fresh.get_by_label("概化河段").is_checked()
    assert fresh.get_by_label("雨水泵房").is_checked()


def test_legend_follows_what_is_on(fresh):
    legend = fresh.locator(".om-legend")
    assert "工业排污口" in legend.text_content()
    fresh.get_by_label("入河排污口", exact=True).first.uncheck()
    assert "工业排污口" not in legend.text_content()
    assert "确定" in legend.text_content()


def test_legend_counts_are_those_of_the_data(fresh):
    counts = make_outfalls()["排口类型"].value_counts()
    text = fresh.locator(".om-legend").inner_text()
    for name, count in counts.items():
        assert re.search(rf"{name}\s+{count}\b", text), name


def test_colour_by_stage(fresh):
    fresh.get_by_label("入河排污口按").select_option("stage")
    assert "未整治" in fresh.locator(".om-legend").text_content()
    fresh.get_by_label("入河排污口按").select_option("outfall_class")
    assert "未整治" not in fresh.locator(".om-legend").text_content()


# ---------------------------------------------------------------- search
def test_outfall_is_found_by_name_and_its_popup_tells_its_fields(fresh):
    hits = search(fresh, "西溪街道2号排口")
    hits.first.click()  # its register before its mark in the trace
    expected = make_outfalls().iloc[1]
    found = fields(fresh)
    assert fresh.locator(".om-popup h2").text_content() == "西溪街道2号排口"
    assert found["排污口编号"] == expected["排口编号"]
    assert found["受纳水体"] == expected["所在河流"]
    assert found["责任主体"] == expected["责任单位"]
    point = expected.geometry
    assert found["经纬度"] == f"{point.x:.6f}°E，{point.y:.6f}°N"
    assert "13800000000" not in str(found)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("pw-00007", 1),
        ("ＰＷ－００００７", 1),
        ("甲业", 40),
        ("通江桥", 1),
        ("横港闸", 1),
        ("没有这个", 0),
    ],
)
def test_search_by_code_party_and_other_layers(fresh, words, count):
    layer = "outfalls" if count in (1, 40) and "桥" not in words else None
    hits = search(fresh, words)
    total = fresh.locator(".om-results .om-count").text_content()
    if count == 0:
        assert "没有找到" in total
        return
    if layer and words not in ("横港闸",):
        rows = fresh.evaluate(
            """(words) => OneMap.find.search(OneMap.page.panel.data, words)
                .find(({ layer }) => layer.name === "outfalls").rows.length""",
            words,
        )
        assert rows == count
    else:
        assert hits.count() >= count


def test_words_are_parted_by_spaces_and_all_must_be_found(fresh):
    outfalls = make_outfalls()
    expected = (
        outfalls["排口名称"].str.contains("东港镇")
        & outfalls["所在河流"].str.contains("通江")
    ).sum()
    assert search(fresh, "东港镇 通江").count() == expected


def test_hit_in_a_hidden_layer_turns_it_on(fresh):
    search(fresh, "断头").first.click()
    assert fresh.get_by_label("河网问题").is_checked()
    assert fields(fresh)["建议处理"] == "接上"
    assert "dangling end" not in str(fields(fresh))


def test_keyboard_reaches_search_and_popup(fresh):
    fresh.focus(".om-search")
    fresh.keyboard.type("北桥闸口")
    fresh.keyboard.press("Enter")
    assert fresh.locator(".om-popup h2").text_content() == "北桥闸口"
    focused = "document.activeElement.getAttribute('aria-label')"
    assert fresh.evaluate(focused) == "关闭"
    settled(fresh)  # a popup that goes fades out
    assert fresh.evaluate("OneMap.page.panel.popup.isOpen()")
    fresh.keyboard.press("Escape")
    fresh.locator(".om-popup").wait_for(state="detached")


LOW_CONTRAST = """() => {
            const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
            const light = ([r, g, b]) => {
                const f = (c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
                return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b);
            };
            const found = [];
            for (const one of document.querySelectorAll(".om-head *, .om-panel *, .om-legend *, .om-notice, .om-period *, .om-popup *")) {
                if (![...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
                let ground = one;
                while (ground && (rgb(getComputedStyle(ground).backgroundColor)[3] ?? 1) === 0) ground = ground.parentElement;
                const [a, b] = [light(rgb(getComputedStyle(one).color)), light(rgb(getComputedStyle(ground).backgroundColor))];
                const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                if (ratio < 4.5) found.push([one.textContent, ratio]);
            }
            return found;
        }"""


NAMELESS = """() => [...document.querySelectorAll("button, input, select, summary")]
    .filter((one) => !(one.ariaLabel || one.textContent.trim() || one.closest("label")))
    .map((one) => one.outerHTML)"""


def test_every_control_has_a_name(fresh):
    assert fresh.evaluate(NAMELESS) == []


def test_text_contrast_is_at_least_four_and_a_half(fresh):
    """Each text against the background it stands on (WCAG 2.2, AA)."""
    assert fresh.evaluate(LOW_CONTRAST) == []


# ---------------------------------------------------------------- filters and export
def shown(page):
    """The numbers of the filter's status line."""
    text = page.locator(".om-status").text_content()
    return int(re.search(r"显示 ([\d,]+)", text).group(1).replace(",", ""))


def option(page, facet, label):
    block = page.locator(
        ".om-filter details", has=page.locator("summary", has_text=facet)
    )
    if block.get_attribute("open") is None:
        block.locator("summary").click()
    return block.locator("label", has_text=label)


def test_filters_count_right_and_together(fresh):
    outfalls = make_outfalls()
    industry = outfalls["排口类型"] == "工业排污口"
    todo = outfalls["整治状态"] == "未整治"
    option(fresh, "排污口类型", "工业排污口").locator("input").check()
    assert shown(fresh) == industry.sum()
    left = option(fresh, "整治阶段", "未整治").locator(".om-number").text_content()
    assert int(left) == (industry & todo).sum()
    farming = option(fresh, "排污口类型", "农业排口").locator(".om-number")
    assert int(farming.text_content()) == (outfalls["排口类型"] == "农业排口").sum()
    option(fresh, "整治阶段", "未整治").locator("input").check()
    assert shown(fresh) == (industry & todo).sum()
    town = outfalls["区县"] == "东港镇"
    option(fresh, "行政区", "东港镇").locator("input").check()
    assert shown(fresh) == (industry & todo & town).sum()
    fresh.get_by_role("button", name="全部显示").click()
    assert shown(fresh) == len(outfalls)


def test_csv_holds_the_filtered_rows_and_no_formula(fresh):
    outfalls = make_outfalls()
    option(fresh, "整治类别", "依法取缔").locator("input").check()
    with fresh.expect_download() as download:
        fresh.get_by_role("button", name="导出清单").click()
    raw = Path(download.value.path()).read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(raw.decode("utf-8-sig"))))
    expected = outfalls[outfalls["整治类型"] == "依法取缔"]
    assert [row["排污口编号"] for row in rows] == expected["排口编号"].tolist()
    assert np.allclose(
        [float(row["经度"]) for row in rows], expected.geometry.x, atol=1e-6
    )
    discharge = [float(row["许可排水量"]) for row in rows]
    assert np.allclose(discharge, expected["许可排水量"])
    assert "13800000000" not in raw.decode()
    assert download.value.suggested_filename == f"{TITLE}_入河排污口.csv"


def test_ranked_trace_is_listed_and_exported(fresh):
    items = fresh.locator(".om-trace li")
    assert items.count() == 7
    assert "东港镇1号排口" in items.first.text_content()
    assert "概率 41%" in items.first.text_content()
    items.first.locator("button").click()
    assert fields(fresh)["可达性"] == "确定"
    assert fields(fresh)["所属图层"] == "入河排污口"
    with fresh.expect_download() as download:
        fresh.get_by_role("button", name="导出溯源清单").click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert len(lines) == 8


# ---------------------------------------------------------------- tools
def test_click_on_the_map_opens_what_lies_there_and_pages_through(fresh):
    place = make_sections().geometry.iloc[0]
    spot = fresh.evaluate(
        """(place) => {
            const { map } = OneMap.page;
            map.setView(place, 15, { animate: false });
            const { x, y } = map.latLngToContainerPoint(place);
            const box = map.getContainer().getBoundingClientRect();
            return [x + box.left, y + box.top];
        }""",
        [place.y, place.x],
    )
    fresh.mouse.click(*spot)
    assert fresh.locator(".om-popup h2").text_content() == "通江桥"
    assert fields(fresh)["水质类别"] == "Ⅴ类"
    fresh.get_by_role("button", name="下一个").click()
    assert fresh.locator(".om-popup h2").text_content() != "通江桥"


def test_measuring_agrees_with_the_ellipsoid(fresh):
    from pyproj import Geod

    places = [(120.85, 31.93), (120.95, 31.93), (120.95, 32.01)]
    found = fresh.evaluate(
        """(places) => {
            const all = places.map(([lng, lat]) => L.latLng(lat, lng));
            const { distance, area } = OneMap.tools;
            return [distance(all[0], all[1]) + distance(all[1], all[2]), area(all)];
        }""",
        places,
    )
    geod = Geod(ellps="GRS80")
    line = shapely.LineString(places)
    assert found[0] == pytest.approx(geod.geometry_length(line), rel=1e-5)
    area = abs(geod.geometry_area_perimeter(shapely.Polygon(places))[0])
    assert found[1] == pytest.approx(area, rel=1e-3)


def test_measure_tool_by_mouse_and_escape(fresh):
    fresh.get_by_role("button", name="量测距离和面积").click()
    for spot in ((600, 400), (800, 400), (800, 600)):
        fresh.mouse.click(*spot)
    wait_until(fresh, "OneMap.page.tools.measure.places.length === 3")
    text = fresh.locator(".om-measured").text_content()
    assert "长度" in text
    assert "面积" in text
    assert settled(fresh).locator(".om-popup").count() == 0
    fresh.keyboard.press("Escape")
    assert not fresh.locator(".om-measured").is_visible()


def test_coordinates_under_the_pointer(fresh):
    fresh.evaluate("document.querySelector('.om-pointer').textContent = ''")
    fresh.mouse.move(700, 500)
    wait_until(fresh, "document.querySelector('.om-pointer').textContent")
    expected = fresh.evaluate(
        """() => {
            const { map } = OneMap.page;
            const box = map.getContainer().getBoundingClientRect();
            return map.containerPointToLatLng([700 - box.left, 500 - box.top]).lng;
        }"""
    )
    text = fresh.locator(".om-pointer").text_content()
    assert float(text.split("°E")[0]) == pytest.approx(expected, abs=2e-5)
    assert "CGCS2000" in text


def test_print_is_one_sheet_with_everything(fresh):
    words = fresh.evaluate(
        """() => {
            const written = [];
            const write = CanvasRenderingContext2D.prototype.fillText;
            CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
                written.push(text);
                return write.call(this, text, ...rest);
            };
            OneMap.sheet.compose(OneMap.page.map, OneMap.page.panel);
            CanvasRenderingContext2D.prototype.fillText = write;
            return written.join("|");
        }"""
    )
    for text in (
        TITLE,
        NOTICE,
        "图例",
        "数据来源：测试数据",
        "制图日期：2026-03-31",
        "北",
        "°E",
        "工业排污口（",
    ):
        assert text in words, text
    pdf = fresh.pdf(prefer_css_page_size=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert len(pdf) > 50_000  # the sheet's picture is in it
    wait_until(fresh, "!document.querySelector('.om-sheet')")


def test_png_is_a_page_at_print_resolution(fresh):
    with fresh.expect_download() as download:
        fresh.get_by_role("button", name="导出图片").click()
    head = Path(download.value.path()).read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = (int.from_bytes(head[i : i + 4], "big") for i in (16, 20))
    assert width > 2400
    assert width / height == pytest.approx(2**0.5, rel=0.01)


@pytest.mark.parametrize(
    ("paper", "wide"), [("A4", 842), ("A3", 1191)]
)  # points, of the long side
def test_paper_is_the_readers_choice(fresh, paper, wide):
    fresh.get_by_label("打印和导出图片的纸张").select_option(paper)
    raw = fresh.pdf(prefer_css_page_size=True)
    boxes = re.findall(rb"/MediaBox \[\s*0 0 ([\d.]+) ([\d.]+)", raw)
    fresh.get_by_label("打印和导出图片的纸张").select_option("A4")
    assert len(boxes) == 1
    assert max(map(float, boxes[0])) == pytest.approx(wide, abs=2)


# ---------------------------------------------------------------- other sizes and homes
def test_phone_width(chromium, town):
    with opened(chromium, town, {"width": 390, "height": 800}) as page:
        wide = "document.documentElement.scrollWidth"
        assert page.evaluate(wide) <= 390
        assert page.get_by_text(NOTICE).is_visible()
        assert not page.locator(".om-panel").is_visible()
        page.get_by_role("button", name="图层与查找").click()
        search(page, "通江桥").first.click()
        assert not page.locator(".om-panel").is_visible()  # the map is in sight again
        popup = settled(page).locator(".om-popup").bounding_box()
        assert popup["x"] >= 0
        assert popup["x"] + popup["width"] <= 390


def test_it_shows_in_a_notebook_cell(chromium):
    map = gt.one_map(make_town(trace=False), title=TITLE)
    with blank(chromium) as page:
        watch = Watch(page)
        page.set_content(f"<body>{map._repr_html_()}</body>")
        inside = page.frames[-1]
        wait_until(inside, "window.OneMap && OneMap.ready")
        assert inside.locator(".om-head h1").text_content() == TITLE
        assert watch.outside == []
        assert watch.complaints == []


def test_other_folium_layers_join(chromium, tmp_path):
    map = gt.one_map({"outfalls": make_outfalls(5)}, title=TITLE)
    folium.GeoJson(make_rivers(), name="老河道").add_to(map)
    group = folium.FeatureGroup(name="现场点").add_to(map)
    folium.Marker([31.97, 120.9], popup="看见<b>泡沫</b>", tooltip="点").add_to(group)
    folium.CircleMarker([31.98, 120.9], radius=9).add_to(group)
    path = gt.save_map(map, tmp_path / "more.html")
    with opened(chromium, path) as page:
        assert settled(page).get_by_label("老河道").is_checked()
        marker = page.locator("img.leaflet-marker-icon")
        assert marker.evaluate("(one) => one.naturalWidth") > 0
        marker.click()
        assert page.locator(".leaflet-popup b").text_content() == "泡沫"
        page.get_by_label("现场点").uncheck()
        assert marker.count() == 0
        assert page.evaluate(
            "OneMap.sheet.compose(OneMap.page.map, OneMap.page.panel).width"
        )


def test_many_outfalls_gather_into_rings_and_a_click_goes_nearer(chromium, tmp_path):
    map = gt.one_map({"outfalls": make_outfalls(6000)}, title=TITLE)
    with opened(chromium, gt.save_map(map, tmp_path / "many.html")) as page:
        cells = "OneMap.page.panel.data[0].cells"
        before = page.evaluate(f"{cells}.length")
        members = page.evaluate(
            "OneMap.page.panel.data[0].inCell.reduce((sum, one) => sum + one, 0)"
        )
        assert before > 5
        assert members > 5000
        zoom = page.evaluate("OneMap.page.map.getZoom()")
        spot = page.evaluate(
            f"""() => {{
                const {{ map }} = OneMap.page;
                const {{ at }} = {cells}[0];
                const place = [OneMap.data.latitudeOf(at[1]), OneMap.data.longitudeOf(at[0])];
                const point = map.latLngToContainerPoint(place);
                const box = map.getContainer().getBoundingClientRect();
                return [point.x + box.left, point.y + box.top];
            }}"""
        )
        page.mouse.click(*spot)
        wait_until(page, f"OneMap.page.map.getZoom() > {zoom}")


# ---------------------------------------------------------------- hostile text
HOSTILE = [
    '<img src=x onerror="window.__hit=1">',
    "<script>window.__hit=1</script>",
    "</script><script>window.__hit=1</script>",
    "</SCRIPT ><script>alert(1)</script>",
    "<!--<script>window.__hit=1//-->",
    "<!-- --!> <script>alert(1)</script>",
    "--></script><script>window.__hit=1</script>",
    "<svg onload=window.__hit=1>",
    "<svg><script>window.__hit=1</script></svg>",
    "<body onload=alert(1)>",
    '<iframe src="javascript:parent.__hit=1"></iframe>',
    '<iframe srcdoc="<script>parent.__hit=1</script>"></iframe>',
    '<object data="javascript:window.__hit=1"></object>',
    '<embed src="javascript:window.__hit=1">',
    '<a href="javascript:window.__hit=1">点我</a>',
    '<form action="https://evil.invalid"><input name=q></form>',
    "<link rel=stylesheet href=https://evil.invalid/x.css>",
    '<meta http-equiv=refresh content="0;url=https://evil.invalid">',
    "<base href=https://evil.invalid/>",
    "<style>*{display:none}</style>",
    "</style><script>window.__hit=1</script>",
    "</title><script>window.__hit=1</script>",
    "</textarea><script>window.__hit=1</script>",
    "<details open ontoggle=window.__hit=1>",
    "<video><source onerror=window.__hit=1></video>",
    "<input autofocus onfocus=window.__hit=1>",
    '<math><mi//xlink:href="data:x,<script>window.__hit=1</script>">',
    '"><svg/onload=window.__hit=1>',
    "'><svg/onload=window.__hit=1>",
    '" onmouseover="window.__hit=1',
    "' onmouseover='window.__hit=1",
    "`${window.__hit=1}`",
    "${window.__hit=1}",
    "{{constructor.constructor('window.__hit=1')()}}",
    "{% import os %}{{7*7}}",
    "'; window.__hit=1; '",
    '"; window.__hit=1; "',
    "\\'; window.__hit=1; //",
    "\\u003cimg src=x onerror=window.__hit=1\\u003e",
    "&lt;img src=x onerror=window.__hit=1&gt;",
    "&#60;script&#62;window.__hit=1&#60;/script&#62;",
    "javascript:window.__hit=1",
    "data:text/html,<script>window.__hit=1</script>",
    "\u2028window.__hit=1\u2029",
    "\u202e倒着写的名字\u202c",
    "__proto__",
    "constructor",
    "toString",
    "]]><script>window.__hit=1</script>",
    '=HYPERLINK("https://evil.invalid","点")',
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "很" * 300,
    "a\\b\"c'd`e",
]


def hostile_layers():
    """Every text that reaches the page is hostile: cells, headers, layer names."""
    count = len(HOSTILE)
    spots = [
        shapely.Point(at(x, y)) for x, y in np.random.default_rng(3).random((count, 2))
    ]
    outfall_columns = [
        "outfall_id",
        "name",
        "code",
        "category",
        "river",
        "party",
        "remedy",
        "stage",
        "district",
        "problem",
        "note",
    ]
    outfalls = frame(dict.fromkeys(outfall_columns, HOSTILE), spots)
    outfalls[HOSTILE[0]] = HOSTILE
    outfalls[HOSTILE[33]] = np.arange(count)
    lines = [shapely.LineString([p, (p.x + 0.01, p.y)]) for p in spots]
    areas = [p.buffer(0.004) for p in spots]
    reaches = {"reach_id": HOSTILE, "name": HOSTILE, "relation": HOSTILE}
    ranks = np.arange(count) + 1
    layers = {
        "outfalls": outfalls,
        "rivers": frame({"river_id": HOSTILE, "name": HOSTILE, "rank": HOSTILE}, lines),
        "sections": frame(
            {
                "section_id": HOSTILE,
                "name": HOSTILE,
                "target_class": HOSTILE,
                "reached": HOSTILE,
            },
            spots,
        ),
        "structures": frame(
            {
                "structure_id": HOSTILE,
                "name": HOSTILE,
                "state": HOSTILE,
                "kind": HOSTILE,
            },
            spots,
        ),
        "zones": frame({"zone_id": HOSTILE, "name": HOSTILE, "level": HOSTILE}, areas),
        "admin": frame({"admin_id": HOSTILE, "name": HOSTILE}, areas),
        "trace_reaches": frame(reaches, lines),
        "trace_points": frame(
            {"id": HOSTILE, "name": HOSTILE, "layer": HOSTILE, "rank": ranks}, spots
        ),
        "issues": frame(
            {"issue_id": HOSTILE, "message": HOSTILE, "subject": HOSTILE}, spots
        ),
    }
    for text in HOSTILE:
        layers[text] = frame({"name": [text], text + "列": [text]}, spots[:1])
    return layers


def test_hostile_text_is_only_text(chromium, tmp_path):
    everything = " ".join(HOSTILE)
    map = gt.one_map(
        hostile_layers(),
        title=everything,
        subtitle=everything,
        notice=everything,
        source=everything,
        date=everything,
    )
    for text in HOSTILE:
        folium.FeatureGroup(name=text).add_to(map)
    path = gt.save_map(map, tmp_path / "hostile.html")
    with opened(chromium, path) as page:
        assert page.title().split() == everything.split()
        assert page.locator(".om-head h1").text_content() == everything
        titles = page.evaluate(
            """() => {
                const { panel } = OneMap.page;
                const found = {};
                for (const layer of panel.data.slice(0, 9)) {
                    found[layer.name] = [];
                    for (let row = 0; row < layer.rows; row++) {
                        panel.goTo(layer, row);
                        found[layer.name].push(document.querySelector(".om-popup h2").textContent);
                    }
                }
                return found;
            }"""
        )
        expected = [text.strip() for text in HOSTILE]
        for name, found in titles.items():
            assert found == expected, name
        labels = page.locator(".om-tree label span:first-of-type").all_text_contents()
        assert set(HOSTILE) <= set(labels)
        search(page, "window.__hit")
        assert page.locator(".om-results .om-hit").count() == 50
        page.evaluate(
            """() => {
                for (const details of document.querySelectorAll(".om-panel details")) details.open = true;
                OneMap.sheet.compose(OneMap.page.map, OneMap.page.panel);
            }"""
        )
        page.pdf()
        settled(page)
        assert page.evaluate("window.__hit") is None
        assert (
            page.locator("iframe, object, embed, form, base, .om-panel a").count() == 0
        )
        text = page.evaluate("OneMap.find.table(OneMap.page.panel.data[0])")
    cells = [cell for row in csv.reader(io.StringIO(text[1:])) for cell in row]
    assert not [cell for cell in cells if cell[:1] in "=+@" and cell]
    assert not [cell for cell in cells if re.match(r"-\D|-\d+\D", cell)]


def test_hostile_text_in_a_notebook_cell(chromium):
    map = gt.one_map(hostile_layers(), title=" ".join(HOSTILE))
    with blank(chromium) as page:
        watch = Watch(page)
        page.set_content(f"<body>{map._repr_html_()}</body>")
        wait_until(page.frames[-1], "window.OneMap && OneMap.ready")
        assert page.frames[-1].evaluate("window.__hit || parent.__hit") is None
        assert len(page.frames) == 2
        assert watch.outside == []
        assert watch.complaints == []


# ---------------------------------------------------------------- every geometry
def test_packed_coordinates_come_out_as_they_went_in(chromium, tmp_path):
    """Points, lines, holes, multi-parts and rows without geometry, to a decimetre."""
    ring = shapely.box(*at(0.1, 0.1), *at(0.5, 0.5))
    holed = ring.difference(shapely.box(*at(0.2, 0.2), *at(0.3, 0.3)))
    things = [
        shapely.Point(at(0.3, 0.7)),
        shapely.MultiPoint([at(0.1, 0.9), at(0.9, 0.9)]),
        shapely.LineString([at(0, 0), at(0.5, 0.2), at(1, 0)]),
        shapely.MultiLineString([[at(0, 1), at(1, 1)], [at(0, 0.9), at(1, 0.8)]]),
        holed,
        shapely.MultiPolygon([ring, shapely.box(*at(0.7, 0.7), *at(0.8, 0.8))]),
        None,
    ]
    layer = gpd.GeoDataFrame(
        {"name": list("甲乙丙丁戊己庚")}, geometry=things, crs=4490
    )
    path = gt.save_map(gt.one_map({"图形": layer}, title=TITLE), tmp_path / "all.html")
    with opened(chromium, path) as page:
        boxes = page.evaluate(
            """() => {
                const layer = OneMap.page.panel.data[0];
                const { longitudeOf, latitudeOf } = OneMap.data;
                return [...Array(6).keys()].map((row) => {
                    const [w, n, e, s] = layer.box(row);
                    return [longitudeOf(w), latitudeOf(s), longitudeOf(e), latitudeOf(n)];
                });
            }"""
        )
        assert np.allclose(boxes, layer.geometry[:6].bounds.to_numpy(), atol=1e-6)
        assert "1 条没有（完整）位置" in page.locator(".om-foot").text_content()
        rows = page.evaluate(
            """([lng, lat]) => {
                const { map, panel } = OneMap.page;
                map.setView([lat, lng], 14, { animate: false });
                const { hits } = OneMap.layers.hit(map, map.latLngToContainerPoint([lat, lng]));
                return hits.map(({ layer, row }) => layer.title(row));
            }""",
            list(at(0.25, 0.25)),
        )
        assert rows == ["己"]  # not the one with a hole there


def test_screenshot_is_not_blank(fresh):
    assert len(base64.b64encode(fresh.screenshot())) > 100_000


# ---------------------------------------------------------------- a river network
def test_arrows_run_with_the_water_and_both_ways_where_it_may(chromium, tmp_path):
    lines = [
        shapely.LineString([at(0.1, 0.2), at(0.3, 0.2)]),
        shapely.LineString([at(0.9, 0.4), at(0.7, 0.4)]),
        shapely.LineString([at(0.1, 0.6), at(0.3, 0.6)]),
        shapely.LineString([at(0.1, 0.8), at(0.3, 0.8)]),
    ]
    modes = ["normal", "normal", "bidirectional", "unknown"]
    reaches = frame({"reach_id": list("ABCD"), "flow_mode": modes}, lines)
    path = gt.save_map(gt.one_map({"reaches": reaches}), tmp_path / "网.html")
    with opened(chromium, path) as page:
        seen = page.evaluate(
            """async () => {
                const turned = [], filled = [];
                const pen = CanvasRenderingContext2D.prototype;
                const { rotate, fill } = pen;
                pen.rotate = function (angle) { turned.push(angle); return rotate.call(this, angle); };
                pen.fill = function (...a) { if (turned.length) filled.push(turned.length); return fill.apply(this, a); };
                OneMap.page.map.panBy([3, 3], { animate: false });
                for (let k = 0; k < 100 && !turned.length; k++) await new Promise((done) => setTimeout(done, 20));
                Object.assign(pen, { rotate, fill });
                const heads = turned.map((angle, k) => filled.filter((one) => one === k + 1).length);
                return { degrees: turned.map((angle) => Math.round(Math.abs(angle) * 180 / Math.PI)), heads };
            }"""
        )
        arrows = set(zip(seen["degrees"], seen["heads"], strict=True))
        arrows = {one for one in arrows if one[1]}  # the others turned to write
        assert arrows == {(0, 1), (180, 1), (0, 2)}
        assert ink(page, "#2f7fbf") > 200

"""Periods, links to a view, base maps, pinyin and datum of the one map, in Chromium."""

import re
from urllib.parse import quote

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from _chromium import (
    Watch,
    blank,
    eventually,
    go,
    opened,
    search,
    settled,
    wait_until,
)
from _town import at, frame, make_outfalls, make_rivers, make_sections
from test_browser import HOSTILE, LOW_CONTRAST, NAMELESS, fields, ink, option, shown

import geotool as gt
from geotool.errors import MapError
from geotool.maps._ground import BaseMap

pytestmark = pytest.mark.browser

PERIODS = ["2025-01", "2025-02", "2025-03"]
CLASSES = {
    "DM01": ["V", "IV", "III"],
    "DM02": ["III", "III", None],
    "DM03": ["劣V", "V", "IV"],
    "DM04": [None, None, None],
}
WORDS = {"V": "Ⅴ类", "IV": "Ⅳ类", "III": "Ⅲ类", "劣V": "劣Ⅴ类"}


def assessment(names=PERIODS):
    rows = [
        {
            "section_id": key,
            "period": name,
            "water_class": grade,
            "reached": None if grade is None else grade == "III",
            "exceedances": f"氨氮({i}.5)" if grade and grade != "III" else "",
        }
        for key, grades in CLASSES.items()
        for i, (name, grade) in enumerate(zip(names, grades, strict=True))
    ]
    return pd.DataFrame(rows)


def layers():
    sections = make_sections()[
        ["section_id", "name", "river", "target_class", "geometry"]
    ]
    return {"rivers": make_rivers(), "outfalls": make_outfalls(), "sections": sections}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    map = gt.one_map(layers(), title="时段", assessment=assessment(), date="2026-03-31")
    return gt.save_map(map, tmp_path_factory.mktemp("view") / "时段.html")


@pytest.fixture(scope="module")
def page(chromium, path):
    with opened(chromium, path) as page:
        yield page


@pytest.fixture
def fresh(page):
    settled(page)
    page.evaluate(
        """() => {
            const { map, panel } = OneMap.page;
            map.closePopup();
            for (const filters of panel.filters) filters.clear();
            for (const layer of panel.layers) layer.addTo(map);
            panel.colorBy(panel.data.find(({ name }) => name === "outfalls"), "outfall_class");
            panel.clearSearch();
            panel.afterFilter();
            panel.periods.stop();
            panel.periods.show(2);
        }"""
    )
    page.get_by_role("button", name="全图").click()
    return settled(page)


def slide(page, at):
    page.focus(".om-period input")
    page.keyboard.press("Home")
    for _ in range(at):
        page.keyboard.press("ArrowRight")


# ---------------------------------------------------------------- periods
@pytest.mark.parametrize("at_", range(3))
def test_each_period_shows_its_own_classes(fresh, at_):
    slide(fresh, at_)
    assert fresh.locator(".om-period-name").text_content() == PERIODS[at_]
    for row, grades in enumerate(CLASSES.values()):
        told = fresh.evaluate(
            """(row) => {
                const layer = OneMap.page.panel.data.find(({ name }) => name === "sections");
                return [layer.entry("water_class", row)?.zh ?? null, layer.columns.get("exceedances").text(row)];
            }""",
            row,
        )
        grade = grades[at_]
        assert told[0] == (WORDS[grade] if grade else None)
        assert told[1] == (f"氨氮({at_}.5)" if grade and grade != "III" else "")
    counts = pd.Series([one[at_] for one in CLASSES.values()]).value_counts()
    legend = fresh.locator(".om-legend").inner_text()
    for grade, count in counts.items():
        assert re.search(rf"{WORDS[grade]}\s+{count}\b", legend), grade


def test_the_map_opens_with_the_last_period(chromium, path):
    with opened(chromium, path) as page:
        assert page.locator(".om-period-name").text_content() == PERIODS[-1]


def test_popup_follows_the_period_and_shows_all_of_them(fresh):
    search(fresh, "通江桥").first.click()
    assert fields(fresh)["水质类别"] == "Ⅲ类"
    strip = fresh.locator(".om-strip span")
    assert strip.all_text_contents() == ["Ⅴ", "Ⅳ", "Ⅲ"]
    assert "2025-01 Ⅴ类" in fresh.locator(".om-strip div").get_attribute("aria-label")
    slide(fresh, 0)
    assert fields(fresh)["水质类别"] == "Ⅴ类"
    assert (
        fields(fresh)["超标项目"] == "氨氮(0.5)"
        if "超标项目" in fields(fresh)
        else True
    )
    assert strip.nth(0).get_attribute("class") == "om-now"


def test_colours_on_the_map_change(fresh):
    slide(fresh, 0)
    worst = ink(fresh, "#8b1a1a")
    slide(fresh, 2)
    assert worst > 30
    assert ink(fresh, "#8b1a1a") == 0


def test_arrow_keys_move_the_slider_and_not_the_map(fresh):
    before = fresh.evaluate("OneMap.page.map.getCenter()")
    slide(fresh, 1)
    assert (
        fresh.locator(".om-period input").get_attribute("aria-valuetext") == PERIODS[1]
    )
    assert fresh.evaluate("OneMap.page.map.getCenter()") == before


def test_play_runs_to_the_end_and_stops(fresh):
    """What the button says is noted as it changes: it plays on while a test looks."""
    fresh.evaluate(
        """() => {
            const { periods } = OneMap.page.panel;
            periods.show(1);
            periods.noted = [];
            const note = () => periods.noted.push(`${periods.press.ariaLabel} ${periods.at}`);
            new MutationObserver(note).observe(periods.press, { attributeFilter: ["aria-label"] });
        }"""
    )
    press = fresh.get_by_role("button", name="播放")
    press.focus()
    fresh.keyboard.press("Enter")
    wait_until(fresh, "OneMap.page.panel.periods.noted.at(-1) === '播放 2'")
    assert fresh.evaluate("OneMap.page.panel.periods.noted[0]") == "暂停 1"
    assert fresh.evaluate("OneMap.page.panel.periods.timer") == 0
    assert press.count() == 1


def test_nothing_plays_by_itself_where_motion_is_not_wanted(chromium, path):
    with blank(chromium, reduced_motion="reduce") as page:
        go(page, path.as_uri())
        page.get_by_role("button", name="下一期").click()
        assert page.locator(".om-period-name").text_content() == PERIODS[0]
        assert page.evaluate("OneMap.page.panel.periods.timer") == 0


def test_slider_strip_and_search_are_named_and_readable(chromium, tmp_path):
    from test_onemap_travel import network_of

    grades = ["I", "II", "III", "IV", "V", "劣V", None]
    table = pd.DataFrame(
        {
            "section_id": "DM01",
            "period": [f"2025-0{i + 1}" for i in range(len(grades))],
            "water_class": grades,
            "reached": None,
            "exceedances": "",
        }
    )
    network = network_of([(0, 1, "known", 100.0, "closed")], 2)
    map = gt.one_map(layers(), assessment=table, network=network)
    with opened(chromium, gt.save_map(map, tmp_path / "aa.html")) as page:
        search(page, "通江桥").first.click()
        assert page.locator(".om-strip span").count() == 6  # the last has no class
        assert page.evaluate(NAMELESS) == []
        assert page.evaluate(LOW_CONTRAST) == []


def test_one_period_has_no_slider_but_its_classes(chromium, tmp_path):
    table = assessment()
    table = table[table["period"] == PERIODS[0]]
    saved = gt.save_map(gt.one_map(layers(), assessment=table), tmp_path / "one.html")
    with opened(chromium, saved) as page:
        assert page.locator(".om-period").count() == 0
        assert "劣Ⅴ类" in page.locator(".om-legend").text_content()


@pytest.mark.parametrize("column", ["section_id", "period", "water_class"])
def test_an_assessment_without_its_columns_is_refused(column):
    with pytest.raises(MapError, match=column):
        gt.one_map(layers(), assessment=assessment().drop(columns=column))


# ---------------------------------------------------------------- links to a view
def link(page):
    """The address, once it says what is in sight."""
    wait_until(page, "!OneMap.page.view.waiting")
    return page.evaluate("window.location.hash")


def test_a_link_opens_the_same_view(chromium, fresh, path):
    fresh.get_by_label("河流", exact=True).uncheck()
    fresh.get_by_label("入河排污口按").select_option("stage")
    option(fresh, "排污口类型", "工业排污口").locator("input").check()
    option(fresh, "整治阶段", "未整治").locator("input").check()
    slide(fresh, 1)
    fresh.evaluate(
        "OneMap.page.map.setView([31.95, 120.88], 13.25, { animate: false })"
    )
    left = shown(fresh)
    with blank(chromium) as page:
        watch = Watch(page)
        go(page, path.as_uri() + link(fresh))
        centre = page.evaluate(
            "[OneMap.page.map.getCenter().lat, OneMap.page.map.getCenter().lng, OneMap.page.map.getZoom()]"
        )
        assert np.allclose(centre, [31.95, 120.88, 13.25], atol=1e-4)
        assert not page.get_by_label("河流", exact=True).is_checked()
        assert page.get_by_label("监测断面", exact=True).first.is_checked()
        assert page.get_by_label("入河排污口按").input_value() == "stage"
        assert shown(page) == left
        assert page.locator(".om-period-name").text_content() == PERIODS[1]
        assert watch.complaints == []


def test_going_back_by_the_address_moves_the_map(fresh):
    fresh.evaluate("window.location.hash = 'v=31.93,120.9,12'")
    wait_until(fresh, "OneMap.page.map.getZoom() === 12")


BAD_LINKS = [
    "v=1e999,NaN,Infinity",
    "v=91,500,99",
    "v=,,",
    "v=31.9",
    "v=__proto__",
    "l=[",
    "l={}",
    'l=["__proto__","constructor","toString"]',
    "l=null",
    'l=[[[]],{},1,null,"没有这层"]',
    'k=[["outfalls","__proto__"]]',
    'k=[["outfalls"]]',
    "k=[1,null,[]]",
    'f=[["outfalls","outfall_class",["没有"]]]',
    'f=[["outfalls","__proto__",["x"]]]',
    'f=[["outfalls","stage","不是列表"]]',
    "f=[[],{},null,7]",
    "f=%E0%A4%A",
    "p=1999-01",
    "p=constructor",
    'q=["sections","DM01",1]',
    "&&&===",
    "%",
    "v=31.9,120.9,12&" + "x" * 9000,
]


@pytest.fixture(scope="module")
def plain(chromium, path):
    """What the map looks like without a link."""
    with opened(chromium, path) as page:
        yield page.evaluate(STATE)


STATE = """() => {
    const { map, panel } = OneMap.page;
    const { lat, lng } = map.getCenter();
    return JSON.stringify([lat.toFixed(4), lng.toFixed(4), map.getZoom(), panel.shown().map(({ name }) => name),
        panel.data.map(({ colorKey, keptCount }) => [colorKey, keptCount]), panel.periods.at]);
}"""


@pytest.mark.parametrize("text", [BAD_LINKS[0], BAD_LINKS[7], HOSTILE[0], HOSTILE[31]])
def test_a_link_that_makes_no_sense_changes_nothing(chromium, path, plain, text):
    with blank(chromium) as page:
        watch = Watch(page)
        go(page, f"{path.as_uri()}#{quote(text, safe='=&[]{},%')}")
        assert page.evaluate(STATE) == plain
        assert page.evaluate("window.__hit") is None
        assert watch.complaints == []


def test_no_link_that_makes_no_sense_changes_anything(fresh):
    before = fresh.evaluate(STATE)
    for text in BAD_LINKS:
        fresh.evaluate("(text) => OneMap.page.view.read(`#${text}`)", text)
        assert fresh.evaluate(STATE) == before, text


def test_hostile_text_in_every_part_of_a_link(chromium, path, plain):
    """The payloads as names of layers, classes, values and periods."""
    with blank(chromium) as page:
        watch = Watch(page)
        go(page, path.as_uri())
        page.evaluate(
            """(payloads) => {
                const { view } = OneMap.page;
                for (const text of payloads) {
                    const quoted = JSON.stringify(text);
                    const words = new URLSearchParams({ v: text, l: `[${quoted}]`, k: `[[${quoted},${quoted}]]`,
                        f: `[[${quoted},${quoted},[${quoted}]],["outfalls","stage",[${quoted}]]]`, p: text });
                    view.read(`#${words}`);
                    view.read(`#${text}`);
                }
            }""",
            HOSTILE,
        )
        link(settled(page))
        assert page.evaluate(STATE) == plain
        assert page.evaluate("window.__hit") is None
        assert watch.complaints == []
        assert watch.outside == []


# ---------------------------------------------------------------- base maps
def policy_of(map):
    text = map.get_root().render()
    return re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)


def test_policy_allows_the_one_server_and_only_for_a_map_that_has_it():
    key = "0123456789abcdef" * 2
    bare = policy_of(gt.one_map(layers()))
    with_base = policy_of(gt.one_map(layers(), base=gt.tianditu(key)))
    host = "https://t0.tianditu.gov.cn"
    assert "http" not in bare
    assert re.findall(r"https?:[^ ;]+", with_base) == [host]
    assert f"img-src data: blob: {host};" in with_base


@pytest.mark.parametrize(
    "key", ["", "short", "g" * 32, "0" * 33, '"><script>' + "0" * 22]
)
def test_what_is_no_key_is_refused(key):
    with pytest.raises(MapError, match="32"):
        gt.tianditu(key)


@pytest.mark.parametrize(
    ("folder", "datum", "told"),
    [
        ("tiles", "gcj02", "GCJ-02"),
        ("tiles", "bd09", "BD-09"),
        ("tiles", "unknown", "基准"),
        ("高德瓦片", "cgcs2000", "GCJ-02"),
        ("https://webrd01.is.autonavi.com/appmaptile", "cgcs2000", "GCJ-02"),
        ("https://maponline0.bdimg.com/tile", "wgs84", "BD-09"),
        ("https://tile.openstreetmap.org", "wgs84", "基准不明"),
        ("../tiles", "wgs84", "相对"),
        ("/tiles", "wgs84", "相对"),
        ("C:\\tiles", "wgs84", "相对"),
        ("tiles?a=1", "wgs84", "相对"),
        ("", "wgs84", "相对"),
    ],
)
def test_base_maps_that_do_not_fit_are_refused(folder, datum, told):
    with pytest.raises(MapError, match=told):
        gt.tile_folder(folder, datum=datum)


def write_tiles(folder, bounds, zooms):
    """Red tiles over an area; a tile is a picture of one colour."""
    from PIL import Image

    for zoom in zooms:
        n = 2**zoom

        def tile(lng, lat, n=n):
            s = np.sin(np.radians(lat))
            y = 0.5 - np.log((1 + s) / (1 - s)) / (4 * np.pi)
            return int((lng / 360 + 0.5) * n), int(y * n)

        (x0, y1), (x1, y0) = tile(*bounds[:2]), tile(*bounds[2:])
        for x in range(x0 - 1, x1 + 2):
            for y in range(y0 - 1, y1 + 2):
                target = folder / str(zoom) / str(x) / f"{y}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (256, 256), (255, 0, 80)).save(target)


def test_a_folder_of_tiles_is_drawn_when_it_is_turned_on(chromium, tmp_path):
    map = gt.one_map(
        layers(),
        base=gt.tile_folder("瓦片", datum="cgcs2000", max_zoom=11, credit="测绘院"),
    )
    saved = gt.save_map(map, tmp_path / "底图.html")
    write_tiles(tmp_path / "瓦片", (*at(0, 0), *at(1, 1)), (10, 11))
    with blank(chromium) as page:
        watch = Watch(page)
        go(page, saved.as_uri())
        assert page.locator(".leaflet-tile").count() == 0
        page.get_by_label("本地底图").check()
        wait_until(page, "document.querySelectorAll('.leaflet-tile-loaded').length > 3")
        assert page.evaluate(
            "[...document.querySelectorAll('.leaflet-tile-loaded')].every((one) => one.naturalWidth === 256)"
        )
        assert page.get_by_text("底图：测绘院").is_visible()
        assert watch.outside == []
        assert watch.complaints == []
        # a picture that is saved may not hold what a page cannot read; the rest is there
        with page.expect_download() as download:
            page.get_by_role("button", name="导出图片").click()
        assert download.value.path().stat().st_size > 20_000
        assert (
            page.evaluate(
                "OneMap.sheet.compose(OneMap.page.map, OneMap.page.panel, { tiles: true }).width"
            )
            > 100
        )
        page.get_by_label("本地底图").uncheck()
        assert page.locator(".leaflet-tile").count() == 0


def test_tianditu_is_asked_only_when_it_is_turned_on(chromium, tmp_path):
    key = "0123456789abcdef" * 2
    saved = gt.save_map(
        gt.one_map(layers(), base=gt.tianditu(key)), tmp_path / "底图.html"
    )
    with blank(chromium, offline=False) as page:
        asked = []
        picture = b"\x89PNG\r\n\x1a\n"

        def answer(route):
            asked.append(route.request.url)
            route.fulfill(body=picture, content_type="image/png")

        page.context.route(re.compile("^https?:"), answer)
        go(page, saved.as_uri())
        settled(page)
        assert asked == []
        page.get_by_label("天地图 矢量").check()
        page.get_by_text("底图读不到").wait_for()  # such a picture is none

        def kinds():
            return {re.search(r"/(\w+)_w/wmts", url).group(1) for url in asked}

        eventually(page, lambda: len(kinds()) > 1, "both layers are asked for")
        assert kinds() == {"vec", "cva"}
        assert all(
            url.startswith("https://t0.tianditu.gov.cn/") and url.endswith(f"&tk={key}")
            for url in asked
        )


def test_text_of_a_base_map_is_only_text(chromium, tmp_path):
    text = " ".join(HOSTILE)
    base = gt.tile_folder("tiles", datum="wgs84", label=text, credit=text)
    saved = gt.save_map(gt.one_map(layers(), base=base), tmp_path / "bad.html")
    with opened(chromium, saved) as page:
        assert (
            page.locator(".om-tree fieldset").last.locator("span").text_content()
            == text
        )
        assert page.evaluate("window.__hit") is None


def test_a_base_map_of_no_known_maker_cannot_be_slipped_in():
    """The page takes what these two functions make; both refuse shifted datums."""
    assert {name for name in vars(BaseMap) if not name.startswith("_")} == {"settings"}


# ---------------------------------------------------------------- pinyin
@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("tjq", "通江桥"),
        ("TJQ", "通江桥"),
        ("xxq", "西溪桥"),
        ("bqzk", "北桥闸口"),
        ("dgz1hpk", "东港镇1号排口"),
    ],
)
def test_initials_find_what_they_spell(fresh, words, name):
    titles = search(fresh, words).locator("span").all_text_contents()
    assert any(title.startswith(name) for title in titles)


def test_initials_find_nothing_else(fresh):
    rows = fresh.evaluate(
        """() => OneMap.find.search(OneMap.page.panel.data, "tjh").flatMap(({ layer, rows }) =>
            rows.map((row) => layer.style.search.map((key) => layer.columns.get(key).text(row)).join(" ")))"""
    )
    assert rows
    assert all("通江河" in text or "团结河" in text for text in rows)
    assert search(fresh, "qzx").count() == 0


def test_only_the_letters_of_searched_characters_travel():
    from geotool.maps._pinyin import page_initials
    from geotool.maps._prepare import prepare_layer

    layer = frame({"name": ["通江桥"], "备注": ["甲乙丙"]}, [shapely.Point(at(0, 0))])
    assert page_initials([prepare_layer("sections", layer)]) == {
        "j": "江",
        "q": "桥",
        "t": "通",
    }


# ---------------------------------------------------------------- datum
@pytest.mark.parametrize(
    ("systems", "foot"),
    [
        ((4490,), "CGCS2000"),
        ((4549,), "CGCS2000"),
        ((4326,), "WGS 84"),
        ((32651,), "WGS 84"),
        ((4490, 4326), "CGCS2000 / WGS 84（相差分米级）"),
    ],
)
def test_the_foot_names_the_datum_of_the_data(systems, foot, monkeypatch):
    import base64
    import json

    from geotool.maps import _page

    found = {
        f"层{i}": make_rivers().to_crs(4490).set_crs(4490).to_crs(crs)
        if crs == 4549
        else gpd.GeoDataFrame(
            make_rivers()[["river_id"]], geometry=list(make_rivers().geometry), crs=4326
        ).to_crs(crs)
        if crs != 4490
        else make_rivers()
        for i, crs in enumerate(systems)
    }
    text = gt.one_map(found).get_root().render()
    payload = re.search(r'id="settings">([^<]+)<', text).group(1)
    assert json.loads(base64.b64decode(payload))["datum"] == foot
    feet = []
    monkeypatch.setattr(_page, "draw_foot", lambda *words: feet.append(words[-1]))
    gt.plot_map(found, date="今天")
    assert feet == [f"坐标系：{foot}　制图日期：今天"]


WRITTEN = """() => {
    const words = [];
    const { fillText } = CanvasRenderingContext2D.prototype;
    CanvasRenderingContext2D.prototype.fillText = function (word, ...rest) {
        words.push(word);
        return fillText.call(this, word, ...rest);
    };
    OneMap.layers.surfaceOf(OneMap.page.map).paint();
    CanvasRenderingContext2D.prototype.fillText = fillText;
    return words;
}"""


def test_points_of_unknown_datum_and_those_on_one_spot_are_counted(chromium, tmp_path):
    outfalls = make_outfalls(5).assign(
        datum_status=["known", "unknown", "unknown", "known", "known"]
    )
    # three on one spot would look as one, however near the reader comes
    outfalls.loc[[1, 2], "geometry"] = outfalls.geometry[0]
    saved = gt.save_map(gt.one_map({"outfalls": outfalls}), tmp_path / "datum.html")
    with opened(chromium, saved) as page:
        assert "2 个点的坐标基准不明" in page.locator(".om-foot").text_content()
        counts = [word for word in page.evaluate(WRITTEN) if word.startswith("×")]
        assert counts == ["×3"]
        assert page.locator(".om-empty").count() == 0


def test_a_cluster_that_never_parts_opens_and_the_zoom_has_an_end(chromium, tmp_path):
    outfalls = make_outfalls(520)
    outfalls["geometry"] = outfalls.geometry[0]
    saved = gt.save_map(gt.one_map({"outfalls": outfalls}), tmp_path / "spot.html")
    with opened(chromium, saved) as page:
        wait_until(page, "OneMap.page.panel.data[0].cells.length === 1")
        spot = """() => {
            const { map } = OneMap.page;
            const { left, top } = map.getContainer().getBoundingClientRect();
            const { x, y } = map.latLngToContainerPoint(map.getCenter());
            return [left + x, top + y];
        }"""
        page.evaluate(
            "([x, y]) => OneMap.page.map.setView([y, x], 14, { animate: false })",
            [outfalls.geometry[0].x, outfalls.geometry[0].y],
        )
        page.mouse.click(*page.evaluate(spot))
        assert page.locator(".om-pager span").text_content() == "1 / 520"
        assert page.evaluate("OneMap.page.map.getMaxZoom()") == 19


def test_a_map_of_nothing_says_so(chromium, tmp_path):
    nowhere = make_outfalls(2).assign(geometry=[None, shapely.Point()])
    saved = gt.save_map(gt.one_map({"outfalls": nowhere}), tmp_path / "none.html")
    with opened(chromium, saved) as page:
        assert page.locator(".om-empty").is_visible()
        assert "2 条没有（完整）位置" in page.locator(".om-foot").text_content()


def test_the_pointer_names_it_too(chromium, tmp_path):
    foreign = gpd.GeoDataFrame(
        {"name": ["a"]}, geometry=[shapely.Point(5.1, 52.1)], crs=4326
    )
    saved = gt.save_map(gt.one_map({"河": foreign}), tmp_path / "nl.html")
    with opened(chromium, saved) as page:
        page.mouse.move(700, 500)
        wait_until(page, "document.querySelector('.om-pointer').textContent")
        text = page.locator(".om-pointer").text_content()
        assert "WGS 84" in text
        assert "CGCS2000" not in page.locator(".om-foot").text_content()


# ---------------------------------------------------------------- hostile periods and gates
def test_hostile_periods_and_gates_are_only_text(chromium, tmp_path):
    from test_trace_exact import network_of

    names = sorted(HOSTILE)
    sections = frame(
        {"section_id": ["A"], "name": ["断面"]}, [shapely.Point(at(0.5, 0.5))]
    )
    table = pd.DataFrame(
        {
            "section_id": "A",
            "period": names,
            "water_class": "III",
            "reached": True,
            "exceedances": names,
        }
    )
    edges = [(i, i + 1, "known", 100.0, "closed") for i in range(len(HOSTILE))]
    network = network_of(edges, len(HOSTILE) + 1)
    structures = network.structures.assign(name=HOSTILE)
    network = gt.RiverNetwork(
        network.reaches.assign(name=(HOSTILE * 2)[: len(network.reaches)]),
        network.nodes,
        structures,
    )
    scenario = gt.Scenario(" ".join(HOSTILE))
    map = gt.one_map(
        {"sections": sections}, assessment=table, network=network, scenario=scenario
    )
    with opened(chromium, gt.save_map(map, tmp_path / "bad.html")) as page:
        for i in range(len(names)):
            page.evaluate("(i) => OneMap.page.panel.periods.show(i)", i)
            assert page.locator(".om-period-name").text_content() == names[i]
        search(page, "断面").first.click()
        titles = page.evaluate("""() => {
            const { panel } = OneMap.page;
            const layer = panel.data.find(({ name }) => name === "reaches");
            const said = [];
            for (let row = 0; row < layer.rows; row++) {
                panel.goTo(layer, row);
                panel.follow.ask(layer, row, null, true);
                panel.renewPopup();
                for (const { gate } of panel.follow.answer.gates) said.push(gate.name);
            }
            for (const details of document.querySelectorAll("details")) details.open = true;
            OneMap.sheet.compose(OneMap.page.map, panel);
            return [said, panel.follow.body.textContent];
        }""")
        assert set(titles[0]) == set(HOSTILE)
        assert " ".join(HOSTILE) in titles[1]
        link(settled(page))
        assert page.evaluate("window.__hit") is None
        assert (
            page.locator("iframe, object, embed, form, base, .om-panel a").count() == 0
        )


# ---------------------------------------------------------------- overdue and discharge
def test_overdue_and_discharge_filter_all_outfalls(chromium, tmp_path):
    outfalls = make_outfalls()
    days = pd.to_datetime("2026-01-01") + pd.to_timedelta(
        np.arange(len(outfalls)), unit="D"
    )
    outfalls["整治期限"] = days.strftime("%Y-%m-%d")
    map = gt.one_map({"outfalls": outfalls}, date="2026-03-31")
    late = (days < pd.Timestamp("2026-03-31")) & outfalls["整治状态"].isin(
        ["未整治", "整治中"]
    )
    flow = outfalls["许可排水量"]
    wet = (flow >= 100) & (flow < 1000)
    with opened(chromium, gt.save_map(map, tmp_path / "late.html")) as page:
        option(page, "整治期限", "已逾期").locator("input").check()
        assert shown(page) == late.sum() > 0
        option(page, "许可排水量", "100 至 1 000").locator("input").check()
        assert shown(page) == (late & wet).sum() > 0
        left = option(page, "受纳水体", "通江河").locator(".om-number")
        river = outfalls["所在河流"] == "通江河"
        assert int(left.text_content()) == (late & wet & river).sum()
        text = page.evaluate("OneMap.find.table(OneMap.page.panel.data[0])")
    assert "逾期" not in text.splitlines()[0]


def test_nothing_is_overdue_where_the_map_has_no_day(chromium, tmp_path):
    outfalls = make_outfalls(5).assign(整治期限="2020-01-01")
    map = gt.one_map({"outfalls": outfalls}, date="2026年第一季度")
    with opened(chromium, gt.save_map(map, tmp_path / "noday.html")) as page:
        assert page.get_by_text("已逾期").count() == 0

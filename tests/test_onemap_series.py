"""Readings in the popup of a section or an outfall: chart, keys, table, in Chromium."""

import re

import numpy as np
import pandas as pd
import pytest
import shapely
from _chromium import opened, search, settled
from _town import at, frame, make_outfalls
from test_browser import HOSTILE, LOW_CONTRAST, NAMELESS, option, shown

import geotool as gt
from geotool.errors import LayerError, MapError
from geotool.maps import _series
from geotool.maps._prepare import prepare_layer

pytestmark = pytest.mark.browser

DAYS = pd.date_range("2026-03-01", periods=20).delete([8, 9, 10, 11, 12, 13])
NH3N = np.round(np.linspace(0.6, 1.7, len(DAYS)), 3)
"""Mostly above the limit of class III, 1 mg/L; six days are missing."""


def long(section, item, times, values, **more):
    return pd.DataFrame(
        {
            "断面编号": section,
            "监测时间": times,
            "监测项目": item,
            "监测值": values,
            **more,
        }
    )


def readings():
    table = pd.concat(
        [
            long("A", "总磷", DAYS, np.full(len(DAYS), 0.19)),
            long("A", "氨氮", DAYS, NH3N),
            long("A", "pH", DAYS[:3], [5.5, 7.0, 9.5]),
            long("A", "溶解氧", DAYS[:4], [6.0, 4.5, 5.0, 3.0]),
            long("A", "氟化物", DAYS[:4], ["<0.05", "0.3", "0.02L", "0.4"]),
            long("B", "总磷", DAYS, np.full(len(DAYS), 0.03)),
            long("B", "汞", DAYS[:2], [0.00002, 0.00007]),
            long("B", "氯化物", DAYS[:2], [200_000, 700_000]),
            long("C", "氨氮", ["2026-03-01 08:00", "2026-03-01 12:00"], [1.1, 1.2]),
            long("PW-00001", "氨氮", DAYS[:3], [12.0, 16.0, 14.0]),
            long("东港镇1号排口", "总磷", DAYS[:2], [0.2, 0.3]),
            long("别处", "氨氮", DAYS[:2], [0.2, 0.3]),
            long("A", "氨氮", DAYS[:1], ["未检出"]),
        ],
        ignore_index=True,
    )
    return gt.readings.tidy_readings(table)[0]


def layers():
    sections = frame(
        {
            "section_id": ["A", "B", "C"],
            "name": ["甲桥", "乙湖", "丙口"],
            "water_type": ["river", "lake", None],
            "target_class": ["III", "II", None],
        },
        [shapely.Point(at(x, 0.5)) for x in (0.2, 0.5, 0.8)],
    )
    outfalls = make_outfalls(4).assign(许可氨氮浓度=[None, 15.0, None, None])
    outfalls = outfalls.rename(columns={"许可氨氮浓度": "permitted_nh3n_mg_l"})
    return {"sections": sections, "outfalls": outfalls}


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    map = gt.one_map(layers(), readings=readings(), date="2026-03-31")
    path = gt.save_map(map, tmp_path_factory.mktemp("series") / "读数.html")
    with opened(chromium, path) as page:
        yield page


@pytest.fixture
def fresh(page):
    settled(page)
    page.evaluate(
        "() => { OneMap.page.panel.series.chosen = ''; OneMap.page.map.closePopup(); }"
    )
    return settled(page)


def popup(page, words):
    """The popup of what is found, once the map has made room for it."""
    search(page, words).first.click()
    return settled(page).locator(".om-popup")


def choose(page, item):
    page.locator(".om-series select").select_option(item)


def drawn(page):
    """What the chart shows: marks by kind, limits and values in the chart's units."""
    return page.evaluate(
        """() => {
            const svg = document.querySelector(".om-plot svg");
            const count = (kind) => svg.querySelectorAll(`circle.${kind}`).length;
            const y = (path) => Number(path.getAttribute("d").match(/^M\\S+ ([\\d.]+)/)[1]);
            const rows = [...svg.querySelectorAll(".om-grid")].map(y);
            const ticks = [...svg.querySelectorAll("text[text-anchor=end]:not(.om-limit-word)")].slice(0, rows.length).map((one) => Number(one.textContent));
            const value = (place) => ticks[0] + ((place - rows[0]) * (ticks[ticks.length - 1] - ticks[0])) / (rows[rows.length - 1] - rows[0]);
            const line = svg.querySelector(".om-line").getAttribute("d");
            return {
                dots: count("om-dot"), over: count("om-exceeds"), open: count("om-below"),
                limits: [...svg.querySelectorAll(".om-limit")].map((one) => value(y(one))),
                words: [...svg.querySelectorAll(".om-limit-word")].map((one) => one.textContent),
                values: [...line.matchAll(/[ML]\\S+ ([\\d.]+)/g)].map((one) => value(Number(one[1]))),
                runs: line.split("M").length - 1,
            };
        }"""
    )


# ---------------------------------------------------------------- what is drawn
def test_the_item_that_fails_worst_is_shown_with_its_limit(fresh):
    popup(fresh, "甲桥")
    assert fresh.locator(".om-series select").input_value() == "NH3N"
    seen = drawn(fresh)
    assert np.allclose(seen["values"], NH3N, atol=0.02)
    assert np.allclose(seen["limits"], [1.0], atol=0.01)
    assert seen["words"] == ["Ⅲ类限值 1 mg/L"]
    assert seen["over"] == (NH3N > 1).sum()
    assert seen["dots"] == (NH3N <= 1).sum()
    told = fresh.locator(".om-series > div > small").text_content()
    assert told == f"14 次读数，{(NH3N > 1).sum()} 次超过Ⅲ类限值 1 mg/L"


@pytest.mark.parametrize(
    ("item", "first"), [("HG", "0.00002"), ("CL", "20万"), ("TP", "0.01")]
)
def test_the_numbers_of_an_axis_are_whole(fresh, item, first):
    popup(fresh, "乙湖")
    choose(fresh, item)
    marks = fresh.evaluate(
        """() => [...document.querySelectorAll(".om-grid + text")].map(
            (one) => [one.textContent, one.getBBox().x])"""
    )
    assert [text for text, _ in marks][:2] == ["0", first]
    assert min(left for _, left in marks) >= 0


def test_a_gap_is_a_gap(fresh):
    popup(fresh, "甲桥")
    assert drawn(fresh)["runs"] == 2


def test_items_are_those_the_section_has_the_worst_first(fresh):
    popup(fresh, "甲桥")
    options = fresh.locator(".om-series option").all_text_contents()
    assert options[0] == "氨氮 mg/L"
    assert set(options) == {
        "氨氮 mg/L",
        "pH",
        "溶解氧 mg/L",
        "总磷 mg/L",
        "氟化物 mg/L",
    }
    assert options.index("总磷 mg/L") > options.index("溶解氧 mg/L")
    popup(fresh, "乙湖")
    options = fresh.locator(".om-series option").all_text_contents()
    assert options == ["总磷 mg/L", "汞 mg/L", "氯化物 mg/L"]


def test_not_detected_is_an_open_mark_and_said(fresh):
    popup(fresh, "甲桥")
    choose(fresh, "F")
    assert (drawn(fresh)["open"], drawn(fresh)["dots"]) == (2, 2)
    fresh.locator(".om-plot").press("Home")
    told = fresh.locator(".om-reading").text_content()
    assert told == "2026-03-01　未检出（按检出限一半 0.025 mg/L）"
    assert "2 次未检出" in fresh.locator(".om-plot").get_attribute("aria-label")


def test_oxygen_fails_below_its_limit_and_acidity_on_either_side(fresh):
    popup(fresh, "甲桥")
    choose(fresh, "DO")
    assert drawn(fresh)["words"] == ["Ⅲ类限值 不低于 5 mg/L"]
    assert drawn(fresh)["over"] == 2
    choose(fresh, "PH")
    assert np.allclose(drawn(fresh)["limits"], [6, 9], atol=0.02)
    assert drawn(fresh)["words"] == ["Ⅲ类限值 6 至 9"]
    assert drawn(fresh)["over"] == 2


def test_a_lake_has_the_limits_of_a_lake_and_no_target_no_line(fresh):
    popup(fresh, "乙湖")
    assert drawn(fresh)["words"] == ["Ⅱ类限值（湖库） 0.025 mg/L"]
    popup(fresh, "丙口")
    assert drawn(fresh)["limits"] == []
    assert "没有限值可比" in fresh.locator(".om-series").text_content()
    assert "12:00" in fresh.locator(".om-reading").text_content()


def test_an_outfall_shows_its_own_with_what_it_may_discharge(fresh):
    popup(fresh, "PW-00001")
    assert drawn(fresh)["words"] == ["许可浓度 15 mg/L"]
    assert drawn(fresh)["over"] == 1
    popup(fresh, "PW-00000")  # found by its name
    assert fresh.locator(".om-series select").input_value() == "TP"
    popup(fresh, "PW-00002")
    assert fresh.locator(".om-series").count() == 0


def test_outfalls_are_coloured_and_filtered_by_whether_they_keep_to_their_permit(
    fresh,
):
    """The latest reading counts: 14 of 15 mg/L, though one before had 16."""
    within, over = "最近一次在许可浓度内", "最近一次超过许可浓度"
    fresh.get_by_label("入河排污口按").select_option("discharge_quality")
    legend = fresh.locator(".om-legend").inner_text()
    assert re.search(rf"{within}\s+1\b", legend)
    assert re.search(r"未归类\s+3\b", legend)
    assert over not in legend
    option(fresh, "排放是否达标", within).locator("input").check()
    assert shown(fresh) == 1
    fresh.get_by_role("button", name="全部显示").click()
    fresh.get_by_label("入河排污口按").select_option("outfall_class")


def test_one_item_over_its_permit_is_enough():
    late = long("PW-00001", "氨氮", ["2026-04-01"], [15.1])
    tables = ready(layers())
    both = pd.concat([readings(), gt.readings.tidy_readings(late)[0]])
    found = _series.Readings(tables, both).quality(4)
    assert found.tolist() == [None, "over", None, None]


def test_what_could_not_be_used_is_counted_at_the_foot(fresh):
    told = fresh.locator(".om-foot").text_content()
    assert "监测读数：1 条不能用，2 条的断面或排污口不在图上（或编号重复）。" in told


def test_of_two_sections_with_one_id_neither_gets_the_readings():
    tables = layers()
    tables["sections"]["section_id"] = ["A", "B", "A"]
    found = _series.Readings(ready(tables), readings())
    assert {tuple(one.rows) for one in found.series("sections")} == {(1,)}


# ---------------------------------------------------------------- by hand, keys, ear
def test_the_pointer_tells_value_and_day(fresh):
    popup(fresh, "甲桥")
    box = fresh.locator(".om-plot svg").bounding_box()
    fresh.mouse.move(box["x"] + box["width"] * 32 / 300 + 1, box["y"] + 60)
    assert fresh.locator(".om-reading").text_content() == "2026-03-01　0.6 mg/L"
    fresh.mouse.move(box["x"] + box["width"] - 8, box["y"] + 60)
    told = fresh.locator(".om-reading").text_content()
    assert told == "2026-03-20　1.7 mg/L　超过Ⅲ类限值"


def test_keys_pass_from_reading_to_reading_and_leave_the_map(fresh):
    popup(fresh, "甲桥")
    plot = fresh.locator(".om-plot")
    plot.focus()
    before = fresh.evaluate("OneMap.page.map.getCenter()")
    said = []
    for key in ("Home", "ArrowRight", "PageUp", "End", "ArrowLeft"):
        fresh.keyboard.press(key)
        said.append(int(plot.get_attribute("aria-valuenow")))
    assert said == [0, 1, 11, 13, 12]
    text = plot.get_attribute("aria-valuetext")
    assert text == fresh.locator(".om-reading").text_content()
    assert text.startswith("2026-03-19")
    assert fresh.evaluate("OneMap.page.map.getCenter()") == before
    fresh.keyboard.press("Escape")
    fresh.locator(".om-popup").wait_for(state="detached")


def test_the_table_says_the_same(fresh):
    popup(fresh, "甲桥")
    fresh.locator(".om-table summary").click()
    rows = fresh.locator(".om-table tbody tr")
    rows.first.wait_for()  # the table is written when it is opened
    assert rows.count() == len(NH3N)
    assert rows.first.locator("td").all_text_contents() == ["2026-03-20", "1.7", "超过"]
    last = rows.last.locator("td").all_text_contents()
    assert last == ["2026-03-01", "0.6", ""]
    heads = fresh.locator(".om-table th").all_text_contents()
    assert heads == ["时间", "氨氮 mg/L", "Ⅲ类限值"]


def test_everything_has_a_name_and_can_be_read(fresh):
    popup(fresh, "甲桥")
    fresh.locator(".om-table summary").click()
    fresh.locator(".om-table tbody tr").first.wait_for()
    label = fresh.locator(".om-plot").get_attribute("aria-label")
    assert label.startswith("氨氮读数，2026-03-01 至 2026-03-20：14 次读数")
    assert fresh.locator(".om-plot").get_attribute("role") == "slider"
    assert fresh.evaluate(NAMELESS) == []
    assert fresh.evaluate(LOW_CONTRAST) == []


def test_the_choice_holds_for_the_next_popup(fresh):
    popup(fresh, "甲桥")
    choose(fresh, "TP")
    popup(fresh, "乙湖")
    popup(fresh, "甲桥")
    assert fresh.locator(".om-series select").input_value() == "TP"


def test_it_fits_a_phone(chromium, tmp_path):
    map = gt.one_map(layers(), readings=readings(), notice="示意，" * 12)
    path = gt.save_map(map, tmp_path / "phone.html")
    with opened(chromium, path, {"width": 390, "height": 700}) as page:
        page.evaluate(
            "() => { const { panel } = OneMap.page; panel.goTo(panel.data.find(({ name }) => name === 'sections'), 0); }"
        )
        below_the_notice(page)
        plot = page.locator(".om-plot").bounding_box()
        assert plot["x"] + plot["width"] <= 390


def below_the_notice(page):
    """The popup stands whole in the window of a phone, once the map has moved."""
    box = settled(page).locator(".om-popup").bounding_box()
    notice = page.locator(".om-notice").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] >= notice["y"] + notice["height"]
    assert box["y"] + box["height"] <= 700


MEANWHILE = {
    "the map pans": "panel.goTo(sections, 1);",
    "the popup is written anew": "panel.goTo(sections, 0); await frame(); panel.renewPopup();",
    "the map zooms out": "map.setZoom(13, { animate: false }); map.zoomOut();",
    "the map zooms in": "map.setZoom(12, { animate: false }); map.zoomIn();",
}


def test_it_fits_a_phone_whatever_the_map_is_doing(chromium, tmp_path):
    """Leaflet passes over a view, and a popup's wish for room, while it zooms."""
    map = gt.one_map(layers(), readings=readings(), notice="示意，" * 12)
    path = gt.save_map(map, tmp_path / "phone.html")
    with opened(chromium, path, {"width": 390, "height": 700}) as page:
        for first in MEANWHILE.values():
            page.evaluate(
                f"""async () => {{
                    const {{ map, panel }} = OneMap.page;
                    const frame = () => new Promise((done) => requestAnimationFrame(done));
                    const sections = panel.data.find(({{ name }}) => name === "sections");
                    {first}
                    await frame(); // a zoom begins with the next
                    panel.goTo(sections, 0);
                }}"""
            )
            below_the_notice(page)
            assert page.locator(".om-popup h2").text_content() == "甲桥"


# ---------------------------------------------------------------- what travels
def ready(tables):
    return {name: prepare_layer(name, table) for name, table in tables.items()}


def test_readings_are_packed_in_columns():
    rng = np.random.default_rng(1)
    times = pd.date_range("2026-01-01", periods=2190, freq="4h")
    table = long("A", "氨氮", times, np.round(rng.gamma(4, 0.2, len(times)), 3))
    tidy = gt.readings.tidy_readings(table)[0]
    text = _series.Readings(ready(layers()), tidy).pack()
    assert len(text) / len(times) < 2.5  # bytes of base64 a reading


def test_a_map_without_readings_has_none_of_it():
    page = gt.one_map(layers()).get_root().render()
    assert 'id="readings"' not in page


def test_other_limits_of_another_standard():
    own = {"key": "DB-2031", "items": {"氨氮": {"limits": [0.1, 0.2, 0.3, 0.4, 0.5]}}}
    table = gt.assess_sections(readings(), layers()["sections"], standard=own)
    map = gt.one_map(layers(), readings=readings(), assessment=table)
    plain = gt.one_map(layers(), readings=readings())
    assert map.packs["readings"] != plain.packs["readings"]
    unknown = table.assign(standard="没有这个标准")
    lost = gt.one_map(layers(), readings=readings(), assessment=unknown)
    assert lost.packs["readings"] not in (
        map.packs["readings"],
        plain.packs["readings"],
    )


def test_readings_that_cannot_be_shown_are_refused(monkeypatch):
    with pytest.raises(MapError, match="readings"):
        gt.one_map({"rivers": layers()["sections"]}, readings=readings())
    with pytest.raises(LayerError, match="item"):
        gt.one_map(layers(), readings=readings().drop(columns="item"))
    monkeypatch.setattr(_series, "MOST_BYTES", 100)
    with pytest.raises(MapError, match="MB"):
        gt.one_map(layers(), readings=readings())


# ---------------------------------------------------------------- hostile text
def test_hostile_text_in_readings_is_only_text(chromium, tmp_path):
    """Ids, names, items and units; what has a chart has it under its own name."""
    texts = [*HOSTILE, "x"]
    spots = [
        shapely.Point(at(x, y))
        for x, y in np.random.default_rng(3).random((len(texts), 2))
    ]
    sections = frame({"section_id": texts, "name": texts, "target_class": "III"}, spots)
    outfalls = frame({"outfall_id": [f"{text}2" for text in texts]}, spots)
    good = [
        long(text + suffix, "氨氮", ["2026-03-01", "2026-03-02"], [0.5, 1.5])
        for text in texts
        for suffix in ("", "2")
    ]
    bad = [long("x", text, ["2026-03-01"], [text], 单位=text) for text in HOSTILE]
    table = pd.concat([*good, *bad], ignore_index=True)
    map = gt.one_map({"sections": sections, "outfalls": outfalls}, readings=table)
    with opened(chromium, gt.save_map(map, tmp_path / "bad.html")) as page:
        charts = page.evaluate(
            """() => {
                const { panel } = OneMap.page;
                const found = [];
                for (const layer of panel.data) {
                    for (let row = 0; row < layer.rows; row++) {
                        panel.goTo(layer, row);
                        document.querySelector(".om-table").open = true;
                        found.push(document.querySelector(".om-plot").getAttribute("aria-label"));
                    }
                }
                return found;
            }"""
        )
        assert len(charts) == 2 * len(texts)
        assert all("2 次读数" in label for label in charts)
        settled(page)
        assert page.evaluate("window.__hit") is None
        assert page.locator("iframe, object, embed, form, base").count() == 0
        assert f"{len(HOSTILE)} 条不能用" in page.locator(".om-foot").text_content()

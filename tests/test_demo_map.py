"""The demo's own map, opened by double click with the network cut off."""

import pytest
from test_browser import chromium, opened  # noqa: F401 - a fixture

from geotool.cli import main

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo_map")
    assert main(["demo", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def page(chromium, folder):  # noqa: F811 - the fixture
    with opened(chromium, folder / "onemap.html") as page:
        yield page


def test_it_says_that_it_is_schematic(page):
    assert page.get_by_text("示意，非实测").first.is_visible()


def test_the_trace_lists_the_nearest_first_and_names_no_culprit(page):
    listed = page.locator(".om-trace li")
    assert listed.count() == 10
    assert "476 m" in listed.first.text_content()
    assert "不代表责任大小" in page.locator(".om-trace").text_content()


def test_an_outfall_is_found_by_name_and_shows_its_ledger_without_contacts(page):
    page.get_by_role("searchbox").fill("示例新材料产业园")
    page.locator(".om-results .om-hit").first.click()
    popup = page.locator(".om-popup")
    popup.wait_for()
    words = popup.text_content()
    assert "示例新材料产业园污水处理厂" in words
    assert "许可排水量" in words
    assert "虚构某" not in words
    assert "000-0000" not in words


def test_layers_switch(page):
    box = page.get_by_role("checkbox", name="入河排污口", exact=True)
    assert box.is_checked()
    box.uncheck()
    assert not box.is_checked()
    box.check()


def test_the_network_travels_and_answers_as_the_trace_did(page):
    """The numbers that ``geotool demo`` prints of the same section."""
    page.get_by_role("searchbox").fill("DM03")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="↑ 查上游").click()
    words = page.locator(".om-said").text_content()
    assert "入河排污口 54 个（确定 33、情景 8、可能 13）" in words
    assert "水路 69.4 km" in words
    assert "五圩横河控导（关闭）" in words
    assert "流向由推断得出" in page.locator(".om-answer").text_content()


def test_the_section_shows_the_readings_of_what_fails(page):
    """The numbers that ``geotool demo`` prints of the same section."""
    page.get_by_role("searchbox").fill("DM03")
    page.keyboard.press("Enter")
    chart = page.locator(".om-plot").get_attribute("aria-label")
    assert chart.startswith("氨氮读数，2026-10-01 00:00 至 2026-10-30 20:00")
    assert "180 次读数，84 次超过Ⅲ类限值 1 mg/L" in chart


def test_a_click_does_not_lay_a_second_trace_over_the_one_it_brought(page):
    assert not page.get_by_label("点断面查上游，点排污口看去向").is_checked()


def test_a_base_map_and_photos_come_by_the_command_line(folder, tmp_path):
    workspace, out = str(folder / "geotool_demo.gpkg"), tmp_path / "map.html"
    more = ["--tianditu-key", "0" * 32, "--photos", str(tmp_path)]
    assert main(["map", workspace, "--out", str(out), *more]) == 0
    text = out.read_text("utf-8")
    assert "img-src data: blob: https://t0.tianditu.gov.cn;" in text
    assert 'id="network"' in text
    assert main(["map", workspace, "--out", str(out), "--tianditu-key", "我的"]) == 2

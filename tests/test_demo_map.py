"""The demo's own map, opened by double click with the network cut off."""

import pytest
from test_browser import chromium, opened  # noqa: F401 - a fixture

from geotool.cli import main

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):  # noqa: F811 - the fixture
    folder = tmp_path_factory.mktemp("demo_map")
    assert main(["demo", str(folder)]) == 0
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

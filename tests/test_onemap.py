"""The one map without a browser: what goes into the page, and how it is written."""

import base64
import datetime as dt
import hashlib
import json
import os
import re
import zlib
from pathlib import Path

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from _town import at, frame, make_outfalls, make_town
from folium.plugins import MarkerCluster

import geotool as gt
from geotool.errors import CrsError, LayerError, MapError
from geotool.maps import _offline
from geotool.maps._look import look_at
from geotool.maps._pack import pack_layer
from geotool.maps._prepare import prepare_layer
from geotool.tables import load_table

VENDOR = Path(_offline.__file__).parent / "vendor"


def page_of(map):
    return map.get_root().render()


def header_of(layer, name="outfalls", **choices):
    """What the page is told of a layer, without its blocks."""
    ready = prepare_layer(name, layer, **choices)
    pack = base64.b64decode(pack_layer(ready, look_at(ready)))
    length = int.from_bytes(pack[:4], "little")
    return json.loads(zlib.decompress(pack[4 : 4 + length], -15))


def payloads(page):
    return re.findall(
        r'<script type="application/x-onemap"[^>]*>([^<]*)</script>', page
    )


# ---------------------------------------------------------------- one file
def test_page_names_no_address_but_the_svg_namespace():
    page = page_of(gt.one_map(make_town()))
    code = page[: page.rindex("<!--")]  # the licences at the end name their authors
    found = set(re.findall(r"https?://[^\s\"'<>)]+", code))
    allowed = re.compile(r"www\.w3\.org/2000/svg|leafletjs\.com$|bug")
    assert not [url for url in found if not allowed.search(url)]
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", code)


def test_policy_has_the_hash_of_each_script_and_no_more():
    page = page_of(gt.one_map(make_town()))
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page).group(1)
    listed = re.findall(r"'sha256-([^']+)'", policy)
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    hashes = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in scripts
    ]
    assert listed == hashes
    assert "default-src 'none'" in policy


def test_text_in_other_folium_layers_cannot_end_a_script():
    map = gt.one_map({"outfalls": make_outfalls(3)})
    bad = "</script><script>alert(1)</script><!--<script>"
    folium.Marker([32, 120], popup=bad).add_to(map)
    page = page_of(map)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page).group(1)
    assert len(re.findall(r"<script>", page)) == policy.count("sha256-") + 2
    assert "<script>alert(1)</script>" not in page


def test_same_input_gives_the_same_file():
    first = page_of(gt.one_map(make_town(), date="2026-03-31"))
    assert first == page_of(gt.one_map(make_town(), date="2026-03-31"))


def test_rendering_twice_changes_nothing():
    map = gt.one_map(make_town())
    assert page_of(map) == page_of(map)


def test_layer_added_after_a_rendering_is_known_to_the_panel():
    map = gt.one_map({"outfalls": make_outfalls(3)})
    page_of(map)
    layer = folium.GeoJson(make_outfalls(3)[["geometry"]], name="另一层").add_to(map)
    page = page_of(map)
    start = page.index("OneMap.start(map_onemap")
    assert layer.get_name() in page[start : start + 300]
    assert page.index(f"var {layer.get_name()} =") < start


def test_notebook_shows_the_same_page_in_a_frame():
    map = gt.one_map({"outfalls": make_outfalls(3)}, date="今天")
    shown = map._repr_html_()
    assert shown.count("<iframe srcdoc=") == 1
    assert "cdn.jsdelivr" not in shown


def test_every_way_of_saving_is_self_contained(tmp_path):
    map = gt.one_map({"outfalls": make_outfalls(3)}, date="今天")
    map.save(tmp_path / "a.html")
    with (tmp_path / "b.html").open("wb") as file:
        map.save(file, close_file=False)
        assert not file.closed
    gt.save_map(map, tmp_path / "c.html")
    texts = {(tmp_path / f"{name}.html").read_text("utf-8") for name in "abc"}
    assert len(texts) == 1
    assert "Content-Security-Policy" in texts.pop()


def test_vendored_copies_are_those_the_table_names():
    rows = (VENDOR / "README.md").read_text("utf-8").splitlines()
    table = [
        [cell.strip() for cell in row.split("|")[1:-1]]
        for row in rows
        if row.startswith("|")
    ]
    listed = {row[0]: row[-1] for row in table[2:]}
    for name, digest in listed.items():
        assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == digest, name
    others = {path.name for path in VENDOR.iterdir() if path.is_file()} - set(listed)
    assert {
        name for name in others if not re.search("LICENSE|OFL|README|py", name)
    } == set()
    for row in table[2:]:
        licence = re.search(r"\(([\w-]+(?:LICENSE|OFL)[\w.]*)\)", row[3] + "|" + row[3])
        assert licence, row
        assert (VENDOR / licence.group(1)).exists()


# ---------------------------------------------------------------- writing
def test_saving_replaces_in_one_step_and_leaves_nothing_beside(tmp_path):
    path = tmp_path / "一张图.html"
    path.write_text("旧")
    inode = path.stat().st_ino
    assert gt.save_map(gt.one_map({"outfalls": make_outfalls(3)}), path) == path
    assert path.stat().st_ino != inode
    assert [one.name for one in tmp_path.iterdir()] == ["一张图.html"]


def test_failed_write_keeps_the_old_map_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "map.html"
    path.write_text("旧")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MapError, match=r"map\.html.*No space"):
        gt.save_map(gt.one_map({"outfalls": make_outfalls(3)}), path)
    assert path.read_text() == "旧"
    assert [one.name for one in tmp_path.iterdir()] == ["map.html"]


def test_missing_folder_is_told_in_one_line(tmp_path):
    with pytest.raises(MapError) as told:
        gt.save_map(folium.Map(tiles=None), tmp_path / "没有" / "map.html")
    assert "文件夹是否存在" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("thing", [None, "map.html", make_outfalls(2)])
def test_save_map_takes_maps_only(thing, tmp_path):
    with pytest.raises(MapError, match="folium"):
        gt.save_map(thing, tmp_path / "map.html")


# ---------------------------------------------------------------- no silent link
def with_icon(map):
    folium.Marker([32, 120], icon=folium.Icon(color="red")).add_to(map)


def with_cluster(map):
    MarkerCluster([[32, 120]]).add_to(map)


def with_tiles(map):
    folium.TileLayer("OpenStreetMap").add_to(map)


def with_wms(map):
    folium.WmsTileLayer("https://example.invalid/wms", layers="a").add_to(map)


def with_picture(map):
    folium.raster_layers.ImageOverlay(
        "https://example.invalid/a.png", [[31, 119], [32, 120]]
    ).add_to(map)


def with_linked_script(map):
    map.get_root().header.add_child(
        folium.JavascriptLink("https://example.invalid/a.js"), name="mine"
    )


def with_linked_picture(map):
    map.get_root().html.add_child(
        folium.Element('<img src="https://example.invalid/a.png">')
    )


@pytest.mark.parametrize(
    "addition",
    [
        with_icon,
        with_cluster,
        with_tiles,
        with_wms,
        with_picture,
        with_linked_script,
        with_linked_picture,
    ],
)
def test_what_would_be_fetched_is_refused(addition, tmp_path):
    map = gt.one_map({"outfalls": make_outfalls(3)})
    addition(map)
    with pytest.raises(MapError):
        gt.save_map(map, tmp_path / "map.html")
    assert not list(tmp_path.iterdir())


def test_plain_folium_map_is_saved_without_ours(tmp_path):
    map = folium.Map([32, 120], tiles=None)
    folium.Marker([32, 120], popup="点").add_to(map)
    text = gt.save_map(map, tmp_path / "plain.html").read_text("utf-8")
    assert "OneMap" not in text
    assert "jQuery" in text  # folium's popup calls it
    assert (
        len(gt.save_map(folium.Map(tiles=None), tmp_path / "b.html").read_bytes())
        < 260_000
    )


# ---------------------------------------------------------------- what is packed
def test_text_of_the_data_stands_nowhere_in_the_open():
    word = "独一无二的名字"
    layer = make_outfalls(3).assign(排口名称=word, **{word: word})
    page = page_of(
        gt.one_map({"outfalls": layer, word: layer}, subtitle=word, notice=word)
    )
    assert word not in page
    assert any(
        word in base64.b64decode(one).decode("utf-8", "ignore")
        for one in payloads(page)
    )


def test_personal_columns_stay_out_unless_named():
    layer = make_outfalls(3)
    keys = [column["key"] for column in header_of(layer)["columns"]]
    assert "phone" not in keys
    keys = [column["key"] for column in header_of(layer, personal=["phone"])["columns"]]
    assert "phone" in keys
    with pytest.raises(LayerError, match="fone"):
        gt.one_map({"outfalls": layer}, personal=["fone"])


def test_columns_are_packed_by_what_they_hold():
    layer = frame(
        {
            "name": ["甲", "乙", None],
            "code": [320000000000000001, 2, 3],
            "discharge_m3_d": [1.25, np.nan, 3.0],
            "deadline": pd.to_datetime(["2026-01-02", None, "2026-03-04"]),
            "双精度": [1e-12, np.pi, 1e20],
            "是否": [True, False, True],
        },
        [shapely.Point(at(0, 0))] * 3,
    )
    kinds = {column["key"]: column["as"] for column in header_of(layer)["columns"]}
    assert kinds == {
        "name": "codes",
        "code": "codes",  # a double would round an eighteen-digit code
        "discharge_m3_d": "decimal",
        "deadline": "codes",
        "双精度": "double",
        "是否": "codes",
    }
    words = {
        column["key"]: column.get("words") for column in header_of(layer)["columns"]
    }
    assert "320000000000000001" in words["code"]
    assert words["deadline"] == ["2026-01-02", "2026-03-04"]
    assert words["是否"] == ["否", "是"]


def test_coded_values_are_put_into_words():
    header = header_of(make_town()["structures"], "structures")
    words = {column["key"]: column.get("words") for column in header["columns"]}
    assert "闸" in words["kind"]
    assert "sluice" not in words["kind"]


def test_class_schemes_without_values_are_left_out():
    bare = make_outfalls(5)[["排口名称", "geometry"]]
    header = header_of(bare)
    assert header["classes"] == {}
    assert header["style"]["colorBy"] == []
    assert header["style"]["facets"] == []
    full = header_of(make_outfalls(50))
    assert full["style"]["colorBy"] == ["outfall_class", "stage"]
    plain = ["outfall_class", "stage", "remedy", "district", "river"]
    assert full["style"]["facets"] == plain


def test_facet_of_many_different_values_is_still_a_list():
    layer = make_outfalls(60)
    layer["区县"] = [f"第{i}村" for i in range(60)]
    district = next(
        one for one in header_of(layer)["columns"] if one["key"] == "district"
    )
    assert district["as"] == "codes"
    assert len(district["words"]) == 60


def test_rows_without_geometry_are_counted_and_kept():
    layer = make_outfalls(4)
    layer.loc[layer.index[1], "geometry"] = None
    header = header_of(layer)
    assert (header["rows"], header["undrawn"]) == (4, 1)
    assert "row" in header["points"]
    assert "row" not in header_of(make_outfalls(4))["points"]


def test_target_colours_sections_where_no_class_was_assessed():
    sections = make_town()["sections"]
    assert header_of(sections, "sections")["style"]["colorBy"] == [
        "water_class",
        "target_class",
    ]
    planned = sections.drop(columns=["water_class", "reached"])
    style = header_of(planned, "sections")["style"]
    assert style["colorBy"] == ["target_class"]
    assert style["by"] == {"mark": "target_class"}


# ---------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    "nothing", [{}, {"readings": pd.DataFrame({"value": [1]})}, None, "a"]
)
def test_nothing_to_draw_is_said(nothing):
    with pytest.raises(MapError):
        gt.one_map(nothing)


def test_what_speaks_of_nothing_on_the_map_is_refused():
    layers = {"outfalls": make_outfalls(2)}
    with pytest.raises(MapError, match="network"):
        gt.one_map(layers, scenario=gt.Scenario("汛期"))
    with pytest.raises(MapError, match="sections"):
        gt.one_map(layers, assessment=pd.DataFrame({"section_id": []}))


def test_layer_without_crs_is_refused():
    with pytest.raises(CrsError, match="坐标系"):
        gt.one_map({"outfalls": make_outfalls(2).set_crs(None, allow_override=True)})


def test_empty_layers_make_a_map():
    empty = make_outfalls(2).iloc[:0]
    assert "OneMap.start" in page_of(gt.one_map({"outfalls": empty}))


def test_any_crs_is_followed():
    degrees = make_outfalls(5)
    metres = degrees.to_crs(4550)
    here = prepare_layer("outfalls", degrees).parts.geometry
    there = prepare_layer("outfalls", metres).parts.geometry
    assert shapely.distance(here, there).max() < 1e-8


class Workspace:
    """As much of a workspace as a map asks for."""

    def __init__(self, layers):
        self.found = layers

    def layers(self):
        return [*self.found, "network_log"]

    def read(self, name):
        return self.found[name]


def test_workspace_is_drawn_by_its_layers():
    page = page_of(gt.one_map(Workspace(make_town())))
    assert (
        page.count('type="application/x-onemap"') == 1 + 13
    )  # settings, styled layers


def test_date_is_a_day_or_words():
    for date in (dt.date(2026, 3, 31), "2026-03-31"):
        page = page_of(gt.one_map({"outfalls": make_outfalls(2)}, date=date))
        settings = [json.loads(base64.b64decode(one)) for one in payloads(page)[-1:]]
        assert settings[0]["date"] == "2026-03-31"


# ---------------------------------------------------------------- styles
def test_every_style_names_classes_shapes_and_groups_that_exist():
    styles = load_table("styles")
    script = (Path(_offline.__file__).parent / "onemap_draw.js").read_text("utf-8")
    shapes = set(re.findall(r"^    (\w+)\(path, r\)", script, re.MULTILINE))
    for name, style in styles["layers"].items():
        assert style["group"] in styles["groups"], name
        assert style["base"]["shape"] in shapes, name
        keys = list(style.get("color_by", ()))
        keys += [
            value
            for key, value in style.items()
            if key.endswith("_by") and isinstance(value, str)
        ]
        assert set(keys) <= {*styles["classes"], "color"}, name
    for key, facts in styles["classes"].items():
        for entry in facts["entries"]:
            assert entry.get("shape", "circle") in shapes, key


def test_every_script_is_read_by_the_writer():
    folder = Path(_offline.__file__).parent
    assert {path.name for path in folder.glob("*.js")} == set(_offline.SCRIPTS)


def test_no_script_writes_markup():
    for name in _offline.SCRIPTS:
        text = (Path(_offline.__file__).parent / name).read_text("utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function",
            text,
        )


def test_thousands_of_outfalls_stay_small():
    """Fewer than sixty bytes an outfall, all its attributes included."""
    small, large = (
        len(page_of(gt.one_map({"outfalls": make_outfalls(count)})))
        for count in (10, 5010)
    )
    assert (large - small) / 5000 < 60


def test_geoseries_is_a_layer():
    spots = gpd.GeoSeries([shapely.Point(at(0, 0))], crs=4490)
    assert "OneMap.start" in page_of(gt.one_map({"点": spots}))

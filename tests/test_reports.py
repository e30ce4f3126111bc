"""Reports: true figures, text that stays text, honest words where nothing is known."""

import datetime as dt
import io
import re
import sys
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
import shapely
from _workbooks import book
from docx import Document
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import geotool as gt
from geotool.attribution import rank_sources
from geotool.cli import main
from geotool.errors import GeotoolError, LayerError, ReportError
from geotool.layers import build_layer
from geotool.network import Scenario
from geotool.report import template_kinds
from geotool.report._failure import section_failure
from geotool.report._file_names import safe_name
from geotool.report._outfall_words import deadline_sentence
from geotool.report._pictures import photograph
from geotool.report._projects import section_projects
from geotool.report._section_words import (
    BY_DISTANCE,
    NO_PROOF,
    item_sentence,
    since_sentence,
    single_sentence,
)
from geotool.report._word import Picture, plain_text, write_word
from geotool.report._word_templates import _LOOKS, default_template

X, Y = 500_000.0, 3_540_000.0
EVIL = "甲<口>&{{ secret }}{% if %}{# #}"


def places(*metres):
    return [shapely.Point(X + x, Y + y) for x, y in metres]


def make_layers():
    """A canal that runs east with a side canal behind a gate; S1, S2 on it."""
    rivers = gpd.GeoDataFrame(
        {
            "river_id": ["A", "B"],
            "name": ["东河", "支浜"],
            "direction": ["digitized", "digitized"],
            "width_m": [20.0, 8.0],
        },
        geometry=[
            shapely.LineString([(X, Y), (X + 5000, Y), (X + 9000, Y)]),
            shapely.LineString([(X + 5000, Y + 2000), (X + 5000, Y)]),
        ],
        crs=4549,
    )
    sections = gpd.GeoDataFrame(
        {
            "section_id": ["S1", "S2"],
            "name": ["西桥", "东河东桥闸"],
            "river": ["东河", "东河"],
            "district": ["甲区", "乙区"],
            "level": ["省考", "国考"],
            "target_class": ["III", "III"],
            "flow_m3_s": [2.0, 2.0],
            "datum_status": ["known", "known"],
        },
        geometry=places((4000, 0), (8000, 0)),
        crs=4549,
    )
    outfalls = gpd.GeoDataFrame(
        {
            "outfall_id": ["P1", "P2", "../P3", "CON"],
            "name": ["甲口", EVIL, "丙口", "=1+1"],
            "category": ["工业排污口"] * 4,
            "river": ["东河", "东河", "支浜", "东河"],
            "permitted_discharge_m3_d": [4000.0, 4000.0, 500.0, np.nan],
            "permitted_nh3n_mg_l": [8.0, 8.0, 8.0, 8.0],
            "problem": ["标志牌缺失", None, None, None],
            "remedy": ["规范整治", "清理合并", "无需整治", None],
            "stage": ["整治中", "销号", None, None],
            "deadline": [pd.Timestamp("2026-09-30"), None, None, None],
            "photo": ["照片/p1.png", "../外面.png", "没有.jpg", None],
            "contact": ["张某某"] * 4,
            "phone": ["13800001111"] * 4,
            "datum_status": ["known"] * 4,
        },
        geometry=places((2000, 3), (6000, 3), (5003, 1500), (500, 9000)),
        crs=4549,
    )
    structures = gpd.GeoDataFrame(
        {
            "structure_id": ["Z1"],
            "name": ["支浜闸"],
            "kind": ["sluice"],
            "state": ["open"],
            "datum_status": ["known"],
        },
        geometry=places((5000, 700)),
        crs=4549,
    )
    projects = pd.DataFrame(
        {
            "project_id": ["1", "2", "3"],
            "name": ["清淤", "截污", "别处"],
            "river": ["东河", "东河", "西河"],
            "section_id": ["东桥闸", "S2", "西桥"],
            "amount_10k_cny": [160.0, np.nan, 5.0],
            "deadline": ["2026.6", "2027.12", "待定"],
        }
    )
    zones = gpd.GeoDataFrame(
        {
            "zone_id": ["ZN1"],
            "name": ["一号水源二级"],
            "kind": ["protection"],
            "level": ["2"],
            "status": ["approved"],
            "datum_status": ["known"],
        },
        geometry=[shapely.box(X + 1500, Y - 400, X + 2500, Y + 400)],
        crs=4549,
    )
    return {
        "rivers": rivers,
        "sections": sections,
        "outfalls": outfalls,
        "structures": structures,
        "projects": projects,
        "zones": zones,
    }


def readings_of(*rows):
    return pd.DataFrame(rows, columns=["section_id", "time", "item", "value"])


READINGS = readings_of(
    ("S1", "2026-04-03 08:00", "NH3N", 0.3),
    ("S1", "2026-05-03 08:00", "NH3N", 0.3),
    ("S1", "2026-05-13 08:00", "NH3N", 0.3),
    ("S2", "2026-03-03 08:00", "NH3N", 0.5),
    ("S2", "2026-04-03 08:00", "NH3N", 1.2),
    ("S2", "2026-05-03 08:00", "NH3N", 2.1),
    ("S2", "2026-05-13 08:00", "NH3N", 0.9),
    ("S2", "2026-05-13 08:00", "TP", 0.05),
)
"""S2 fails April and May by its mean; its last reading is good: nothing exceeds now."""


@pytest.fixture(scope="module")
def layers():
    return {**make_layers(), "readings": READINGS}


@pytest.fixture(scope="module")
def network(layers):
    built = gt.build_network(layers["rivers"], structures=layers["structures"])
    return gt.orient_network(built)


@pytest.fixture(scope="module")
def report(layers, network):
    return gt.section_report(layers, "S2", network=network, on="2026-11-01")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    path = tmp_path_factory.mktemp("ws") / "ws.gpkg"
    made = gt.create_workspace(path)
    made.write(
        {name: build_layer(table, name).layer for name, table in make_layers().items()}
    )
    made.write({"readings": gt.readings.tidy_readings(READINGS)[0]})
    return made


@pytest.fixture
def drawn():
    """For a test that wants real maps."""


@pytest.fixture(autouse=True)
def quick_maps(request, monkeypatch):
    """Maps are drawn where they are looked at: each takes a second."""
    if "drawn" in request.fixturenames:
        return
    dot = io.BytesIO()
    Image.new("RGB", (4, 3), "white").save(dot, format="PNG")
    for module, name in (
        ("_section_report", "section_map"),
        ("_outfall_maker", "place_map"),
    ):
        monkeypatch.setattr(
            f"geotool.report.{module}.{name}",
            lambda *_, **__: (Picture(dot.getvalue()), ""),
        )


def words_of(path):
    """All the text of a document, tables too, in order."""
    document = Document(str(path))
    return [
        node.text
        for part in document.element.body.iter(qn("w:p"))
        for node in [part]
        if (node.text or "").strip()
    ]


def text_of(path):
    return "\n".join(words_of(path))


def own_template(path, *texts):
    document = Document()
    for text in texts:
        document.add_paragraph(text)
    document.save(str(path))
    return path


# ---------------------------------------------------------------- text stays text
@pytest.mark.parametrize(
    "text", [EVIL, "<&>\"'", "{{ 7*7 }}", "{%p endfor %}", "$x$", "]]>", "&lt;", "=1+1"]
)
def test_text_of_files_stays_text(tmp_path, text):
    template = own_template(tmp_path / "t.docx", "{{ name }}", "尾")
    write_word({"name": text}, tmp_path / "o.docx", template=template)
    assert words_of(tmp_path / "o.docx") == [text, "尾"]


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=60))
def test_any_text_makes_a_document_that_opens(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("any")
    template = own_template(folder / "t.docx", "头{{ name }}尾")
    write_word({"name": text}, folder / "o.docx", template=template)
    shown = "\n".join(
        paragraph.text for paragraph in Document(folder / "o.docx").paragraphs
    )
    flat = plain_text(text)
    if "\n" not in flat and "{_{" not in flat and "}_}" not in flat:
        assert shown == f"头{flat}尾"


def test_control_characters_and_long_text():
    made = plain_text("a\x00\x07\x0b\x0c\x1fb\ud800\uffffc\td\r\ne")
    assert made == "abc d\ne"
    assert len(plain_text("长" * 50_000)) < 5000
    assert plain_text("长" * 50_000).endswith("（略）")


def test_a_long_text_in_a_table_is_whole_on_the_pages(layers, network, tmp_path):
    outfalls = layers["outfalls"].assign(note="很长的备注" * 700)
    sheet = gt.outfall_report({**layers, "outfalls": outfalls}, "P1", network=network)
    said = text_of(sheet.to_docx(tmp_path / "o.docx"))
    assert "很长的备注" * 700 in said
    with zipfile.ZipFile(tmp_path / "o.docx") as book:
        assert b"cantSplit" not in book.read("word/document.xml")


def test_the_default_templates_set_chinese_fonts():
    for kind in template_kinds():
        document = Document(io.BytesIO(default_template(kind)))
        for name in _LOOKS:
            fonts = document.styles[name].element.rPr.rFonts
            assert fonts.get(qn("w:eastAsia")) in ("宋体", "黑体"), name
            assert fonts.get(qn("w:eastAsiaTheme")) is None
        used = {paragraph.style.name for paragraph in document.paragraphs}
        assert used <= set(_LOOKS), "a style without a font of its own"


def test_the_parts_of_a_layout_stand_in_the_order_word_reads():
    document = Document(io.BytesIO(default_template("section")))
    parts = [node.tag for node in document.styles["Notice"].element.pPr]
    assert parts.index(qn("w:shd")) < parts.index(qn("w:spacing"))


# ---------------------------------------------------------------- templates
def test_a_replaced_template_is_filled(tmp_path, report):
    template = own_template(
        tmp_path / "本局.docx",
        "江城市生态环境局 {{ title }}",
        "{%p for row in upstream %}",
        "{{ row.id }}|{{ row.name }}",
        "{%p endfor %}",
    )
    report.to_docx(tmp_path / "o.docx", template=template)
    said = words_of(tmp_path / "o.docx")
    assert said[0] == "江城市生态环境局 S2 东河东桥闸 一断面一策"
    assert said[1:] == ["P2|" + EVIL, "../P3|丙口", "P1|甲口"]


@pytest.mark.parametrize(
    ("mark", "word"),
    [
        ("{{ 没有的值 }}", "没有的值"),
        ("{{ title.nothing }}", "nothing"),
        ("{% for x in %}", "标记有误"),
        ("{{ title", "标记有误"),
        ("{{ title | nosuchfilter }}", "标记有误"),
        ("{{ ''.__class__.__mro__ }}", "标记有误|没有的值"),
        ("{{ title.format.__globals__ }}", "标记有误|没有的值"),
    ],
)
def test_a_wrong_template_is_told_in_one_line(tmp_path, report, mark, word):
    template = own_template(tmp_path / "坏.docx", mark)
    target = tmp_path / "o.docx"
    target.write_bytes(b"the old one")
    with pytest.raises(ReportError, match=word) as caught:
        report.to_docx(target, template=template)
    assert "坏.docx" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert target.read_bytes() == b"the old one", "the old file stays"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["o.docx", "坏.docx"]


def test_what_is_no_docx_is_no_template(tmp_path, report):
    (tmp_path / "a.docx").write_text("just text")
    with zipfile.ZipFile(tmp_path / "b.docx", "w") as book:
        book.writestr("x.txt", "a zip of something else")
    (tmp_path / "c.docx").mkdir()
    for name in ("a.docx", "b.docx", "c.docx", "没有.docx"):
        with pytest.raises(ReportError, match="读不了") as caught:
            report.to_docx(tmp_path / "o.docx", template=tmp_path / name)
        assert name in str(caught.value)
        assert not (tmp_path / "o.docx").exists()


def test_other_endings_and_kinds_are_refused(tmp_path, report):
    for name in ("o.doc", "o.pdf", "o"):
        with pytest.raises(ReportError, match="docx"):
            report.to_docx(tmp_path / name)
    with pytest.raises(ReportError, match="docx"):
        gt.write_template("section", tmp_path / "t.doc")
    with pytest.raises(ReportError, match="没有报告"):
        gt.write_template("lake", tmp_path / "t.docx")


def test_without_the_extra_it_says_what_to_install(tmp_path, report, monkeypatch):
    monkeypatch.setitem(sys.modules, "docxtpl", None)
    with pytest.raises(ReportError, match=r"geotool\[report\]"):
        report.to_docx(tmp_path / "o.docx")
    monkeypatch.setitem(sys.modules, "docx", None)
    with pytest.raises(ReportError, match=r"geotool\[report\]"):
        gt.write_template("section", tmp_path / "t.docx")


# ---------------------------------------------------------------- a section
def test_what_fails_by_its_mean_is_found_though_the_last_reading_is_good(report):
    assert not len(report.failure.current)
    assert report.failure.fails
    assert report.failure.item == "NH3N"
    row = report.failure.items.iloc[0]
    assert row["mean"] == pytest.approx((2.1 + 0.9) / 2)
    assert row["multiple"] == pytest.approx(0.5)
    assert report.failure.running == 2
    told = report.failure.single
    assert (told["n"], told["n_over"], told["worst"]) == (2, 1, 2.1)
    said = "".join(report["summary"])
    assert "自 2026-04 起连续 2 期未达标" in said
    assert "超标 0.50 倍" in said


def test_what_was_taken_for_granted_is_in_the_document(layers, network, tmp_path):
    words = [("断面名录里没有“东桥”，按“断面编码”D1 对应", "No section is named 东桥")]
    sheet = gt.section_report(layers, "S2", network=network, taken=words)
    said = text_of(sheet.to_docx(tmp_path / "t.docx"))
    assert "读数：断面名录里没有“东桥”，按“断面编码”D1 对应。" in said
    bare = gt.section_report(layers, "S2", network=network)
    assert not any("读数：" in line for line in bare["basis"])


def test_times_are_told_as_finely_as_they_are_known(layers, network):
    def since(*times):
        rows = [
            ("S2", time, "NH3N", value)
            for time, value in zip(times, (0.5, 2.1), strict=True)
        ]
        report = gt.section_report(
            layers, "S2", network=network, readings=readings_of(*rows)
        )
        return report["since"] + report["single"] + "".join(report["basis"])

    said = since("2026-04-01", "2026-05-01")
    assert "自 2026-05 起连续 1 次" in said
    assert "最高 2.1 mg/L（2026-05）" in said
    assert "监测数据：2026-04 至 2026-05，" in said
    assert "自 2026-05-03 起连续 1 次" in since("2026-05-02", "2026-05-03")
    hours = since("2026-05-02 04:00", "2026-05-03 00:00")
    assert "自 2026-05-03 00:00 起连续 1 次" in hours


def test_a_last_reading_that_exceeds_counts_though_the_mean_is_good(layers, network):
    readings = readings_of(
        ("S2", "2026-05-03 08:00", "TP", 0.05),
        ("S2", "2026-05-04 08:00", "TP", 0.05),
        ("S2", "2026-05-05 08:00", "TP", 0.3),
    )
    report = gt.section_report(layers, "S2", network=network, readings=readings)
    assert report.failure.latest["reached"] is True
    assert report.failure.fails
    assert report.failure.item == "TP"
    assert "最近一次读数仍超标：自 2026-05-05 08:00 起连续 1 次" in report["since"]
    assert report.ranking is not None


def test_oxygen_has_no_load_to_rank_by(layers, network, tmp_path):
    readings = readings_of(
        ("S2", "2026-05-03 08:00", "DO", 3.2), ("S2", "2026-05-04 08:00", "DO", 6.0)
    )
    report = gt.section_report(layers, "S2", network=network, readings=readings)
    assert report.failure.items["limit_text"].tolist() == ["≥5"]
    assert report.failure.single["worst"] == 3.2
    assert report.ranking is None
    assert "溶解氧不是可按负荷相加的项目" in report["ranking_note"]
    said = text_of(report.to_docx(tmp_path / "o.docx"))
    assert "溶解氧均值 4.6 mg/L，限值 ≥5，超标。" in said


def test_without_a_target_nothing_is_judged(layers, network):
    sections = layers["sections"].assign(target_class=[None, None])
    report = gt.section_report({**layers, "sections": sections}, "S2", network=network)
    assert "未判是否达标" in report["result"]
    whole = str(report["summary"]) + report["item_note"] + report["ranking_note"]
    assert "无法判断" in whole
    assert "没有超标" not in whole
    assert not report.failure.fails
    assert report.ranking is None
    asked = section_failure(READINGS, sections, "S2", item="NH3N")
    for said in (since_sentence(asked), single_sentence(asked), item_sentence(asked)):
        assert "没有超标" not in said
        assert "超过目标" not in said


def test_what_was_not_measured_is_not_said_to_be_good(layers):
    found = section_failure(READINGS, layers["sections"], "S1", item="氟化物")
    for said in (since_sentence(found), item_sentence(found)):
        assert "没有超标" not in said
        assert "没有" in said
    assert single_sentence(found) == ""


@pytest.mark.parametrize(
    ("months", "running", "said"),
    [
        ({"2026-03": 0.5, "2026-04": 1.2, "2026-05": 1.2}, 2, "自 2026-04 起连续 2 期"),
        ({"2026-01": 1.2, "2026-04": 1.2, "2026-05": 1.2}, 2, "可能更早"),
        ({"2025-12": 1.2, "2026-01": 1.2}, 2, "第一期就未达标"),
        ({"2026-01": 0.2, "2026-05": 1.2}, 1, "上一期没有资料"),
        ({"2026-04": 0.2, "2026-05": 1.2}, 1, "2026-05 未达标；"),
        ({"2026-05": 1.2}, 1, "只有这一期"),
        ({"2026-04": 1.2, "2026-05": 0.2}, 0, "没有超标|回到目标"),
    ],
)
def test_a_run_of_missed_months_ends_at_a_gap(layers, months, running, said):
    readings = readings_of(
        *(("S2", f"{month}-03 08:00", "NH3N", value) for month, value in months.items())
    )
    found = section_failure(readings, layers["sections"], "S2", item="NH3N")
    assert found.running == running
    assert re.search(said, since_sentence(found))


def test_a_sheet_holds_what_a_director_asks(report, tmp_path):
    said = text_of(report.to_docx(tmp_path / "S2.docx"))
    for word in ("S2", "东河东桥闸", "乙区", "Ⅲ类", "Ⅳ类", NO_PROOF, "下一个样", "P1"):
        assert word in said, word
    assert EVIL in said
    assert len(Document(tmp_path / "S2.docx").inline_shapes) == 2, "map and series"
    assert "{{" not in said.replace(EVIL, "")
    assert "{%" not in said.replace(EVIL, "")


def test_the_ranking_is_that_of_rank_sources(report, layers, network):
    expected = rank_sources(
        network, "S2", READINGS, layers["outfalls"], item="NH3N",
        sections=layers["sections"],
    )  # fmt: skip
    assert [row["id"] for row in report["ranked"]] == [
        str(key) for key in expected.table["outfall_id"].head(10)
    ]
    assert report.ranking.trace.network_hash == network.hash


def test_upstream_is_that_of_the_trace(report, layers, network):
    at = layers["sections"].iloc[[1]]
    trace = gt.trace_upstream(network, at, points={"outfalls": layers["outfalls"]})
    rows = report["upstream"]
    assert [row["id"] for row in rows] == trace.points["id"].tolist()
    first = trace.points.iloc[0]
    assert rows[0]["distance"] == f"{first['distance_m'] / 1000:.1f} km"
    assert rows[0]["load"] == "32", "8 mg/L of 4000 m3/d"


def test_contacts_never_go_along(report, layers, network, tmp_path):
    report.to_docx(tmp_path / "s.docx")
    sheet = gt.outfall_report(layers, "P1", network=network)
    sheet.to_docx(tmp_path / "o.docx")
    for name in ("s.docx", "o.docx"):
        with zipfile.ZipFile(tmp_path / name) as book:
            whole = b"".join(book.read(part) for part in book.namelist()).decode(
                "utf-8", "ignore"
            )
        assert "13800001111" not in whole
        assert "张某某" not in whole
    assert "13800001111" not in report._repr_html_() + sheet._repr_html_()


def test_where_none_can_be_ranked_the_order_is_by_distance(
    layers, network, tmp_path, monkeypatch
):
    from geotool import attribution

    def refuse(*_, **__):
        raise GeotoolError("水在上游打转。", "water goes round.")

    monkeypatch.setattr(attribution, "rank_sources", refuse)
    report = gt.section_report(layers, "S2", network=network)
    assert report.ranking is None
    said = text_of(report.to_docx(tmp_path / "o.docx"))
    assert "水在上游打转" in said
    assert BY_DISTANCE in said
    assert [row["id"] for row in report["upstream"]] == ["P2", "../P3", "P1"]


def test_a_section_that_does_not_fail_says_so(layers, network, tmp_path):
    report = gt.section_report(layers, "西桥", network=network)
    assert not report.failure.fails
    assert report.ranking is None
    said = text_of(report.to_docx(tmp_path / "o.docx"))
    assert "达标" in said
    assert "没有超标" in said
    assert "P1" in said
    asked = gt.section_report(layers, "S1", network=network, item="氨氮")
    assert "没有超标" in asked["item_note"]
    assert asked.failure.is_asked


def test_nothing_measured_is_told(layers, network, tmp_path):
    bare = {name: layers[name] for name in ("rivers", "sections")}
    report = gt.section_report(bare, "S2", network=network)
    said = text_of(report.to_docx(tmp_path / "o.docx"))
    assert "没有可用的监测数据" in said
    assert "上游没有登记的排污口" in said
    assert "没有保护区图层" in said


def test_unused_readings_are_told(layers, network):
    spoiled = pd.concat(
        [READINGS.astype(object), readings_of(("S2", "哪天", "NH3N", "x"))],
        ignore_index=True,
    )
    report = gt.section_report(layers, "S2", network=network, readings=spoiled)
    assert any("1 条没有采用" in text for text in report["basis"])
    assert any("1 条没有采用" in text for text in report["summary"])


def test_a_closed_gate_cuts_off_what_lies_behind(layers, network):
    shut = Scenario("关支浜闸", structures={"Z1": "closed"})
    report = gt.section_report(layers, "S2", network=network, scenario=shut)
    assert [row["id"] for row in report["upstream"]] == ["P2", "P1"]
    gate = report["gates"][0]
    assert (gate["id"], gate["state"]) == ("Z1", "关闭（情景）")
    assert gate["effect"].startswith("隔断")
    assert "关支浜闸" in report["held"]
    open_ = gt.section_report(layers, "S2", network=network)
    assert open_["gates"][0]["effect"] == "来水经此"


def test_unknown_section_and_item_are_one_line(layers, network):
    with pytest.raises(LayerError, match="S9"):
        gt.section_report(layers, "S9", network=network)
    with pytest.raises(LayerError, match="臭味"):
        gt.section_report(layers, "S2", network=network, item="臭味")
    with pytest.raises(ReportError, match="sections"):
        gt.section_report({"rivers": layers["rivers"]}, "S2")
    with pytest.raises(ReportError, match="工作空间"):
        gt.section_report(7, "S2")
    raw = layers["sections"].rename(columns={"section_id": "断面编号"})
    with pytest.raises(ReportError, match="section_id"):
        gt.section_report({**layers, "sections": raw}, "S2", network=network)
    with pytest.raises(ReportError, match="日期"):
        gt.section_report(layers, "S2", network=network, on="昨天")


def test_a_report_shows_itself(report):
    assert "SectionReport" in repr(report)
    html = report._repr_html_()
    assert "一断面一策" in html
    assert "<口>" not in html


# ---------------------------------------------------------------- projects
def test_projects_are_tied_by_id_name_or_part_and_say_which(layers):
    found = section_projects(
        layers["projects"], layers["sections"], "S2", on=dt.date(2026, 11, 1)
    )
    assert [row["id"] for row in found] == ["1", "2"]
    assert found[0]["basis"] == "断面名称部分相符（“东桥闸”），请核对"
    assert found[0]["deadline"] == "2026.6（已过）"
    assert (found[1]["basis"], found[1]["deadline"]) == ("断面编号相符", "2027.12")


@pytest.mark.parametrize(
    ("told", "river", "basis"),
    [
        ("S1、S2", "", "断面编号相符"),
        ("S", "东河", None),
        ("桥", "东河", None),
        (None, "东河", "未写断面，目标水体相同"),
        (None, "西河", None),
        ("S1", "东河", None),
        ("东河东桥闸", "", "断面名称相符"),
        ("别的闸", "东河", None),
    ],
)
def test_ties_of_a_project(layers, told, river, basis):
    project = pd.DataFrame(
        {"project_id": ["1"], "name": ["x"], "river": [river], "section_id": [told]}
    )
    found = section_projects(project, layers["sections"], "S2", on=dt.date(2026, 11, 1))
    assert [row["basis"] for row in found] == ([] if basis is None else [basis])


def test_a_part_that_fits_two_sections_is_doubtful():
    sections = pd.DataFrame(
        {
            "section_id": ["A", "B"],
            "name": ["通江河大桥", "友谊港大桥"],
            "river": ["", ""],
        }
    )
    project = pd.DataFrame(
        {"project_id": ["1"], "name": ["x"], "river": [""], "section_id": ["大桥"]}
    )
    found = section_projects(project, sections, "A", on=dt.date(2026, 1, 1))
    assert found[0]["basis"] == "“大桥”也与断面 B 的名称相符，请核对"


# ---------------------------------------------------------------- an outfall
def test_overdue_is_told_relative_to_the_day_of_the_report():
    row = {
        "remedy": "规范整治",
        "stage": "整治中",
        "deadline": pd.Timestamp("2026-09-30"),
    }
    assert "逾期" not in deadline_sentence(row, dt.date(2026, 9, 30))
    assert "已过 1 天" in deadline_sentence(row, dt.date(2026, 10, 1))
    assert "还有 30 天" in deadline_sentence(row, dt.date(2026, 8, 31))
    for stage in ("销号", "完成整治"):
        assert "已过" not in deadline_sentence(
            {**row, "stage": stage}, dt.date(2027, 1, 1)
        )
    for deadline in (None, pd.NaT, "年底"):
        said = deadline_sentence({**row, "deadline": deadline}, dt.date(2027, 1, 1))
        assert "无法判断" in said


@pytest.mark.usefixtures("drawn")
def test_an_outfall_sheet_holds_its_register_and_what_lies_below(
    layers, network, tmp_path
):
    report = gt.outfall_report(layers, "P1", network=network, on="2026-11-01")
    said = text_of(report.to_docx(tmp_path / "o.docx"))
    point = layers["outfalls"].to_crs(4490).geometry.iloc[0]
    for word in (
        f"{point.x:.6f}°E，{point.y:.6f}°N",
        "整治期限 2026-09-30 已过 32 天",
        "许可排水量（m3/d）",
        "S1 西桥",
        "S2 东河东桥闸",
        "疑似违法",
    ):
        assert word in said, word
    trace = gt.trace_downstream(
        network, layers["outfalls"].iloc[[0]], points={"sections": layers["sections"]}
    )
    kept = [row["name"].split()[0] for row in report["downstream"]]
    assert kept == trace.points["id"].tolist()


def test_an_outfall_off_the_network_or_without_place_has_a_sheet(
    layers, network, tmp_path
):
    far = gt.outfall_report(layers, "CON", network=network)
    assert far.trace is None
    assert "下游不明" in far["downstream_note"]
    outfalls = layers["outfalls"].copy()
    outfalls.loc[0, "geometry"] = None
    bare = gt.outfall_report({**layers, "outfalls": outfalls}, "P1", network=network)
    said = text_of(bare.to_docx(tmp_path / "o.docx"))
    assert "没有坐标" in said
    assert "下游不明" in said


def test_photographs_come_from_one_folder_only(layers, network, tmp_path):
    folder = tmp_path / "库"
    (folder / "照片").mkdir(parents=True)
    Image.new("RGB", (3000, 2000), "green").save(folder / "照片" / "p1.png")
    Image.new("RGB", (30, 20)).save(tmp_path / "外面.png")
    (folder / "坏.jpg").write_bytes(b"no picture")
    picture, why = photograph("照片\\p1.png", folder)
    assert why == ""
    assert len(picture.data) < 200_000
    for size in ((1, 900), (900, 1)):
        Image.new("L", size).save(folder / "细.png")
        thin, _ = photograph("细.png", folder)
        assert 2.0 <= thin.width_mm <= 110.0
    for text, said in (
        ("../外面.png", "不在照片文件夹"),
        (str(tmp_path / "外面.png"), "不在照片文件夹"),
        ("没有.jpg", "找不到"),
        ("坏.jpg", "打不开"),
        ("a.exe", "不是"),
        ("x" * 5000 + ".png", "找不到"),
        ("a\0b.png", "找不到"),
        (float("nan"), "没有照片"),
    ):
        found, why = photograph(text, folder)
        assert found is None
        assert said in why, text
    report = gt.outfall_report(layers, "P1", network=network, photos=folder)
    report.to_docx(tmp_path / "o.docx")
    assert len(Document(tmp_path / "o.docx").inline_shapes) == 2, "photograph and map"
    report = gt.outfall_report(layers, "P2", network=network, photos=folder)
    said = text_of(report.to_docx(tmp_path / "o2.docx"))
    assert "不在照片文件夹" in said
    assert len(Document(tmp_path / "o2.docx").inline_shapes) == 1


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=300),
            st.sampled_from(["CON", "a.b", "..", "nul.txt", "A", "a"]),
        ),
        max_size=6,
    )
)
def test_names_of_files_are_safe_and_all_different(texts):
    taken = set()
    names = [safe_name(text, taken=taken) for text in texts]
    assert len({name.casefold() for name in names}) == len(names)
    for name in names:
        assert name.endswith(".docx")
        assert len(name.encode()) < 200
        assert not set(name) & set('<>:"/\\|?*\0\n')
        stem = name[: -len(".docx")]
        assert stem.strip(" .") == stem
        assert stem.split(".")[0].upper() not in ("CON", "PRN", "AUX", "NUL", "COM1")


def test_many_sheets_one_file_each(layers, network, tmp_path):
    folder = tmp_path / "一口一策"
    told = gt.write_outfall_reports(layers, folder, network=network, on="2026-11-01")
    assert told["outfall_id"].tolist() == ["P1", "P2", "../P3", "CON"]
    assert told["overdue"].tolist() == [True, False, False, False]
    files = sorted(one.name for one in folder.iterdir())
    assert files == sorted(told["file"])
    assert sorted(one.name for one in tmp_path.iterdir()) == ["一口一策"]
    assert told["note"].iloc[3] != ""
    for key, file in zip(told["outfall_id"], told["file"], strict=True):
        assert words_of(folder / file)[0].startswith(key)


def test_an_unknown_outfall_writes_nothing(layers, network, tmp_path):
    with pytest.raises(LayerError, match="P99"):
        gt.write_outfall_reports(
            layers, tmp_path / "x", outfalls=["P1", "P99"], network=network
        )
    assert not list((tmp_path / "x").glob("*"))
    (tmp_path / "file").write_text("x")
    with pytest.raises(ReportError, match="file"):
        gt.write_outfall_reports(layers, tmp_path / "file", network=network)


# ---------------------------------------------------------------- a bulletin
def test_a_bulletin_counts_and_compares(layers, tmp_path):
    made = gt.bulletin(layers, period="2026-05", on="2026-06-01")
    rows = {row["id"]: row for row in made["sections"]}
    assert rows["S1"]["water_class"] == "Ⅱ类"
    assert rows["S2"]["water_class"] == "Ⅳ类"
    assert rows["S2"]["before"] == "无明显变化"
    assert rows["S2"]["last_year"] == "无可比"
    assert [row["id"] for row in made["failing"]] == ["S2"]
    assert "优Ⅲ比例 50%" in made["summary"][0]
    assert any("持平" in text for text in made["summary"])
    assert any("没有上年同期" in text for text in made["summary"])
    said = text_of(made.to_docx(tmp_path / "b.docx"))
    assert "东河东桥闸" in said
    assert "乙区" in said
    assert len(Document(tmp_path / "b.docx").inline_shapes) == 2
    expected = gt.assess_sections(READINGS, layers["sections"])
    assert made.assessment["water_class"].tolist() == expected["water_class"].tolist()


def test_a_bulletin_looks_no_further_than_its_period(layers):
    made = gt.bulletin(layers, period="2026-04")
    assert made.assessment["period"].max() == "2026-04"
    assert "2026-05" not in str(made["basis"])
    year = gt.bulletin(layers, period="2026")
    assert "年报" in year["title"]
    assert gt.bulletin(layers)["period"] == "2026-05"


@pytest.mark.parametrize("period", ["2026-13", "五月", "2026-5", "2025-01", "2026-Q9"])
def test_a_period_that_is_none_or_empty_is_told(layers, period):
    with pytest.raises(ReportError) as caught:
        gt.bulletin(layers, period=period)
    assert period in str(caught.value)


def test_a_workbook_beside_holds_no_formula(layers, tmp_path):
    sections = layers["sections"].assign(name=["=1+1", "@SUM(A1)"])
    made = gt.bulletin({**layers, "sections": sections})
    made.to_xlsx(tmp_path / "b.xlsx")
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert not [cell for cell in cells if cell.data_type == "f"]
    assert "=1+1" in text_of(made.to_docx(tmp_path / "b.docx"))


def test_nothing_measured_makes_no_bulletin(layers):
    with pytest.raises(ReportError, match="readings"):
        gt.bulletin({"sections": layers["sections"]})
    with pytest.raises(ReportError, match="没有可用的监测值"):
        gt.bulletin(layers, readings=readings_of(("S1", "2026-05-01", "NH3N", "--")))


# ---------------------------------------------------------------- the command line
def ran(*words):
    return main(["report", *map(str, words)])


@pytest.mark.usefixtures("drawn")
def test_command_writes_a_section(workspace, tmp_path, capsys):
    out = tmp_path / "S2.docx"
    assert ran(workspace.path, "--section", "S2", "--out", out) == 0
    assert "先查" in capsys.readouterr().out
    assert "一断面一策" in text_of(out)


def test_command_tells_in_the_document_what_was_taken_for_granted(
    workspace, tmp_path, capsys
):
    rows = [["2026年水质监测"], ["断面名称", "项目", "4月", "5月"]]
    rows += [["S1", "氨氮", 0.3, 0.3], ["S2", "氨氮", 0.4, 2.4]]
    path = book(tmp_path / "titled.xlsx", rows)
    out = tmp_path / "S2.docx"
    words = ("--section", "S2", "--readings", path, "--out", out)
    assert ran(workspace.path, *words) == 0
    note = "各月并列，一列一个月，按每月第一天读；年份 2026 取自标题"
    assert f"注意：{note} / " in capsys.readouterr().out
    said = text_of(out)
    assert f"读数：{note}。" in said
    assert "氨氮最近一次读数仍超标：自 2026-05 起连续 1 次" in said
    assert "监测数据：2026-04 至 2026-05，" in said


def test_command_tells_in_the_bulletin_what_was_taken_for_granted(workspace, tmp_path):
    rows = [["2026年水质监测"], ["断面名称", "项目", "4月", "5月"]]
    rows += [["S1", "氨氮", 0.3, 0.3], ["S2", "氨氮", 0.4, 2.4]]
    path, out = book(tmp_path / "titled.xlsx", rows), tmp_path / "b.docx"
    words = ("--bulletin", "--period", "2026-05", "--readings", path, "--out", out)
    assert ran(workspace.path, *words) == 0
    note = "各月并列，一列一个月，按每月第一天读；年份 2026 取自标题"
    assert f"读数：{note}。" in text_of(out)


def test_command_takes_readings_scenario_item_and_template(workspace, tmp_path, capsys):
    (tmp_path / "r.csv").write_text(
        "断面编号,监测时间,氨氮,总磷\nS2,2026-07-01,0.2,0.9\nS2,坏,1,1\n",
        encoding="utf-8",
    )
    (tmp_path / "s.toml").write_text(
        'name = "关"\n[structures]\nZ1 = "closed"\n', encoding="utf-8"
    )
    own_template(
        tmp_path / "t.docx", "{{ item_note }}|{{ scenario }}|{{ basis|length > 3 }}"
    )
    assert (
        ran(
            workspace.path,
            "--section",
            "S2",
            "--item",
            "总磷",
            "--readings",
            tmp_path / "r.csv",
            "--scenario",
            tmp_path / "s.toml",
            "--template",
            tmp_path / "t.docx",
            "--out",
            tmp_path / "o.docx",
        )
        == 0
    )
    assert words_of(tmp_path / "o.docx") == ["溯源项目：总磷（指定项目）。|关|True"]
    assert "1 条没有采用" in capsys.readouterr().out


def test_command_writes_outfalls(workspace, tmp_path, capsys):
    assert ran(workspace.path, "--outfall", "P1", "--out", tmp_path / "p.docx") == 0
    folder = tmp_path / "many"
    (tmp_path / "list.csv").write_text("排污口编号\nP1\nCON\n", encoding="utf-8")
    assert (
        ran(workspace.path, "--outfalls", tmp_path / "list.csv", "--out", folder) == 0
    )
    assert len(list(folder.glob("*.docx"))) == 2
    assert "下游不明 1 个：CON" in capsys.readouterr().out
    (tmp_path / "bad.csv").write_text("什么\n1\n", encoding="utf-8")
    assert ran(workspace.path, "--outfalls", tmp_path / "bad.csv", "--out", folder) == 2
    assert ran(workspace.path, "--outfalls", "all", "--out", tmp_path / "p.docx") == 2


def test_command_writes_a_bulletin_and_its_table(workspace, tmp_path):
    out = tmp_path / "b.docx"
    assert ran(workspace.path, "--bulletin", "--period", "2026-05", "--out", out) == 0
    assert out.exists()
    assert (tmp_path / "b_评价表.xlsx").exists()


def test_command_writes_a_template_that_fills(workspace, tmp_path):
    for kind, words in (
        ("section", ("--section", "S1")),
        ("outfall", ("--outfall", "P1")),
        ("bulletin", ("--bulletin",)),
    ):
        template = tmp_path / f"{kind}.docx"
        assert main(["report", "--write-template", kind, "--out", str(template)]) == 0
        out = tmp_path / f"{kind}_out.docx"
        assert ran(workspace.path, *words, "--template", template, "--out", out) == 0
        assert text_of(out)


@pytest.mark.parametrize(
    "words",
    [
        ["--section", "S9", "--out", "o.docx"],
        ["--section", "S2", "--out", "o.pdf"],
        ["--section", "S2", "--out", "no/o.docx"],
        ["--section", "S2", "--on", "昨天", "--out", "o.docx"],
        ["--section", "S2", "--template", "no.docx", "--out", "o.docx"],
        ["--section", "S2", "--outfall", "P1", "--out", "o.docx"],
        ["--bulletin", "--period", "1999-01", "--out", "o.docx"],
        ["--outfall", "P99", "--out", "o.docx"],
        ["--out", "o.docx"],
    ],
)
def test_bad_input_is_one_line_and_status_2(
    workspace, tmp_path, monkeypatch, capsys, words
):
    monkeypatch.chdir(tmp_path)
    assert ran(workspace.path, *words) == 2
    said = capsys.readouterr().err.strip()
    assert said
    assert "\n" not in said
    assert "Traceback" not in said
    assert not (tmp_path / "o.docx").exists()


def test_what_is_read_is_not_overwritten(workspace, tmp_path, capsys):
    template = own_template(tmp_path / "t.docx", "{{ title }}")
    before = template.read_bytes()
    assert (
        ran(
            workspace.path, "--section", "S2", "--template", template, "--out", template
        )
        == 2
    )
    assert template.read_bytes() == before
    source = tmp_path / "b_评价表.xlsx"
    READINGS.to_excel(source, index=False)
    before = source.read_bytes()
    assert (
        ran(
            workspace.path,
            "--bulletin",
            "--readings",
            source,
            "--out",
            tmp_path / "b.docx",
        )
        == 2
    )
    assert source.read_bytes() == before
    assert ran("--section", "S2", "--out", tmp_path / "o.docx") == 2
    assert "工作空间" in capsys.readouterr().err


def test_a_picture_that_is_none_is_told(tmp_path):
    template = own_template(
        tmp_path / "t.docx",
        "{%p if photo %}", "{{ photo }}", "{%p else %}", "没有", "{%p endif %}",
    )  # fmt: skip
    write_word({"photo": None}, tmp_path / "o.docx", template=template)
    assert words_of(tmp_path / "o.docx") == ["没有"]
    broken = Picture(b"no picture at all")
    with pytest.raises(ReportError, match="图片"):
        write_word({"photo": broken}, tmp_path / "o.docx", template=template)

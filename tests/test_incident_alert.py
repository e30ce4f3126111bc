"""From a file of readings to one page: what exceeds, who did it, who must act."""

import json
from dataclasses import replace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from _workbooks import book
from docx import Document
from hypothesis import given, settings
from hypothesis import strategies as st
from test_attribution_ranking import network, outfall, points, readings, section

import geotool as gt
from geotool.cli import main
from geotool.errors import LayerError, SourceError
from geotool.quality import ended_exceedances, exceedances
from geotool.report import incident_alert, write_incident
from geotool.report._ranking import rank_sheet

# one canal of 12 km: P1, S1, P2, S2 (fails), the intake, S3
WATERS = network({"A": [(0, 0), (12_000, 0)]})


def layers(**more):
    outfalls = {"P1": outfall(2000, 5), "P2": outfall(6000, -5)}
    sections = {
        "S1": section(4000, 0, name="西桥"),
        "S2": section(8000, 0, name="中桥"),
        "S3": section(11_000, 0, name="东桥"),
    }
    return {
        "outfalls": points("outfall_id", outfalls),
        "sections": points("section_id", sections),
        "water_sources": points(
            "water_source_id", {"W": (9500, 0, {"name": "取水口"})}
        ),
        **more,
    }


def series(section_id, values, item="NH3N", first="2026-05-01", step_h=4):
    times = pd.date_range(first, periods=len(values), freq=pd.Timedelta(hours=step_h))
    return pd.DataFrame(
        {"section_id": section_id, "time": times, "item": item, "value": values}
    )


def table(*parts):
    return pd.concat(parts, ignore_index=True)


FAILED = table(
    series("S1", [0.3, 0.3, 0.3]),
    series("S2", [0.4, 1.8, 2.4]),
    series("S3", [0.3, 0.4, 0.5]),
)


@pytest.fixture(scope="module")
def alert():
    return incident_alert(WATERS, FAILED, layers())


@pytest.mark.parametrize("is_least", [True, False])
def test_a_multiple_that_may_be_more_is_told_as_a_least(alert, tmp_path, is_least):
    ranking = alert.rankings["S2"]
    table = ranking.table.assign(times_declared=60.0, times_is_least=is_least)
    found = replace(alert, rankings={"S2": replace(ranking, table=table)})
    for language, plain, least in (
        ("zh", ">60 倍<", ">至少 60 倍<"),
        ("en", ">60 times<", ">60 times or more<"),
    ):
        path = write_incident(found, tmp_path / "a.html", language=language)
        page = path.read_text("utf-8")
        assert (plain in page, least in page) == (not is_least, is_least)
    told = rank_sheet(found.rankings["S2"])["倍数为下限"]
    assert (told == ("是" if is_least else "")).all()


# ---------------------------------------------------------------- what exceeds
def test_it_tells_where_since_when_and_who(alert):
    row = alert.exceeding.iloc[0]
    assert (row["section_id"], row["item"]) == ("S2", "NH3N")
    assert row["since"] == pd.Timestamp("2026-05-01 04:00")
    assert row["multiple"] == pytest.approx(1.4)
    assert list(alert.rankings) == ["S2"]
    same = gt.rank_sources(
        WATERS,
        "S2",
        FAILED,
        layers()["outfalls"],
        item="NH3N",
        sections=layers()["sections"],
        limit_mg_l=1.0,
    )
    pd.testing.assert_frame_equal(alert.rankings["S2"].table, same.table)
    assert alert.inspect["outfall_id"].tolist()[0] == "P2"
    assert alert.met["section_id"].tolist() == ["S1", "S3"]
    assert "S2" in alert.headline[0]
    assert "1 section exceed" in repr(alert)


def test_who_lies_below_is_told_by_the_table_of_a_spill(alert):
    down = gt.trace_downstream(
        WATERS,
        layers()["sections"].iloc[[1]],
        points={name: layers()[name] for name in ("water_sources", "sections")},
    )
    expected = gt.alert_table(down, spill_time="2026-05-01 04:00", lead_h=1.0)
    pd.testing.assert_frame_equal(alert.downstream["S2"], expected)
    page = " ".join(
        words for block in alert.blocks() for row in block.rows for words, _ in row
    )
    assert "关闭取水口" in page
    assert "取水口" in page


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0.2, 0.9, 1.0, 1.01, 3.0]), min_size=1, max_size=12),
    st.lists(st.sampled_from([0.05, 0.19, 0.21, 0.6]), min_size=1, max_size=12),
)
def test_each_item_is_good_exceeds_or_has_ended_and_since_is_the_run(nh3n, tp):
    both = table(series("S2", nh3n), series("S2", tp, item="TP"))
    sections = layers()["sections"]
    now = exceedances(both, sections)
    now = now[now["item"].notna()].set_index("item")
    over = ended_exceedances(both, sections).set_index("item")
    assert not set(now.index) & set(over.index)
    for item, values, limit in (("NH3N", nh3n, 1.0), ("TP", tp, 0.2)):
        bad = [value > limit for value in values]
        assert (item in now.index) == bad[-1]
        assert (item in over.index) == (any(bad) and not bad[-1])
        if not any(bad):
            continue
        last = max(k for k, one in enumerate(bad) if one)
        first = last
        while first and bad[first - 1]:
            first -= 1
        row = (now if bad[-1] else over).loc[item]
        start = pd.Timestamp("2026-05-01")
        assert row["since"] == start + pd.Timedelta(hours=4 * first)
        assert row["last"] == start + pd.Timedelta(hours=4 * last)
        assert row["n_readings"] == last - first + 1
        if not bad[-1]:
            assert row["over_since"] == start + pd.Timedelta(hours=4 * (last + 1))


def test_units_and_marks_count_as_they_are_read():
    marks = pd.DataFrame(
        {
            "断面编号": ["S1", "S2", "S2", "S3"],
            "时间": ["2026-05-01 08:00"] * 2 + ["2026-05-01 12:00"] * 2,
            "项目": ["氨氮"] * 4,
            "监测值": ["<0.02", "1900", "2300", "仪器故障"],
            "单位": ["mg/L", "ug/L", "ug/L", "mg/L"],
        }
    )
    found = incident_alert(WATERS, marks, layers())
    assert found.exceeding["latest"].tolist() == [pytest.approx(2.3)]
    assert len(found.unused) == 1
    assert "S1" in found.met["section_id"].tolist()
    # the section whose only cell cannot be read is not called good
    assert "S3" not in found.met["section_id"].tolist()
    assert "S3" in found.unjudged["section_id"].tolist()


# ---------------------------------------------------------------- what cannot be told
def test_nothing_exceeds_is_said_plainly():
    found = incident_alert(WATERS, series("S1", [0.3, 0.4]), layers())
    assert not len(found.exceeding)
    assert not found.rankings
    assert "没有超标" in found.headline[0]
    assert "没有超标" in found._repr_html_()
    json.dumps(found.to_dict(), allow_nan=False)
    # two sections have no reading: that is told, not counted as good
    assert sorted(found.unjudged["section_id"]) == ["S2", "S3"]


def test_no_target_no_verdict():
    none = layers()
    none["sections"] = none["sections"].assign(target_class=[None, "III", "III"])
    found = incident_alert(WATERS, table(FAILED, series("S1", [9.0])), none)
    assert found.exceeding["section_id"].tolist() == ["S2"]
    assert (
        found.unjudged.set_index("section_id")
        .loc["S1", "note"]
        .startswith("没有水质目标")
    )


def test_no_section_can_be_judged_is_no_good_news():
    none = layers()
    none["sections"] = none["sections"].assign(target_class=None)
    found = incident_alert(WATERS, series("S1", [9.0]), none)
    assert found.headline == ("没有断面可以判断", "no section could be judged")


def test_what_does_not_add_up_from_loads_is_told_not_ranked():
    oxygen = series("S2", [2.0, 1.5], item="DO")
    found = incident_alert(
        WATERS, table(oxygen, series("S1", [7.0], item="DO")), layers()
    )
    assert found.exceeding["item"].tolist() == ["DO"]
    assert not found.rankings
    assert "溶解氧" in found.untold["reason"].iloc[0]
    assert "S2" in found.downstream
    # with an item that does, that one ranks
    both = incident_alert(WATERS, table(oxygen, FAILED), layers())
    assert both.rankings["S2"].item == "NH3N"


def test_a_section_off_the_network_does_not_hide_the_others():
    off = layers()
    far = points("section_id", {"S9": section(4000, 9000)})
    off["sections"] = gpd.GeoDataFrame(
        pd.concat([off["sections"], far], ignore_index=True), crs=4549
    )
    found = incident_alert(WATERS, table(FAILED, series("S9", [5.0])), off)
    assert set(found.exceeding["section_id"]) == {"S2", "S9"}
    assert list(found.rankings) == ["S2"]
    assert set(found.untold["section_id"]) == {"S9"}
    assert any("S9" in line for block in found.blocks() for line, _ in block.lines)


def test_one_reading_and_old_readings_are_marked():
    old = table(
        series("S2", [3.0], first="2026-05-01"), series("S1", [0.2], first="2026-05-09")
    )
    note = incident_alert(WATERS, old, layers()).exceeding["note"].iloc[0]
    assert "一次读数" in note
    assert "8.0 天" in note


def test_two_days_of_readings_are_a_short_series():
    # shorter than the longest discharge that is tried
    both = table(series("S2", [0.4] * 4 + [2.4] * 8), series("S1", [0.3] * 12))
    found = incident_alert(WATERS, both, layers())
    assert list(found.rankings) == ["S2"]
    total = found.rankings["S2"].table["probability"].sum()
    total += found.rankings["S2"].unregistered_probability
    assert total == pytest.approx(1)


def test_until_takes_no_later_reading():
    long = table(series("S2", [0.4, 1.8, 2.4, 0.5, 0.4]), series("S1", [0.3] * 5))
    now = incident_alert(WATERS, long, layers())
    assert not len(now.exceeding)
    assert now.ended["section_id"].tolist() == ["S2"]
    then = incident_alert(WATERS, long, layers(), until="2026-05-01 08:00")
    assert then.exceeding["latest"].tolist() == [2.4]
    assert then.as_of == pd.Timestamp("2026-05-01 08:00")
    assert not len(then.ended)


def test_two_sections_in_a_row_are_held_against_the_travel_time():
    both = table(
        series("S2", [0.4] * 20 + [2.5] * 12),
        series("S3", [0.4] * 27 + [1.8] * 5),
        series("S1", [0.3] * 32),
    )
    found = incident_alert(WATERS, both, layers())
    link = found.links.iloc[0]
    assert (link["above"], link["below"]) == ("S2", "S3")
    assert link["lag_h"] == 28
    assert link["distance_m"] == pytest.approx(3000)
    # of two sections that exceed, the lower one needs no warning any more
    page = [row for block in found.blocks() for row in block.rows]
    assert not any(
        "东桥" in cell and "监测断面" in cell for row in page for cell, _ in row
    )


def test_bad_input_is_refused_in_both_languages():
    none = layers()
    del none["outfalls"]
    for call, words in (
        (lambda: incident_alert(WATERS, FAILED, none), "排污口"),
        (lambda: incident_alert(WATERS, FAILED, layers(), item="xyz"), "xyz"),
        (lambda: incident_alert(WATERS, FAILED, layers(), until="昨天"), "昨天"),
        (
            lambda: incident_alert(WATERS, FAILED, layers(), until="2020-01-01"),
            "没有可用的监测值",
        ),
    ):
        with pytest.raises(LayerError, match=words) as caught:
            call()
        assert " / " in str(caught.value)


# ---------------------------------------------------------------- as files
def test_the_page_holds_the_answer_and_the_list(alert, tmp_path):
    page = Document(write_incident(alert, tmp_path / "a.docx"))
    said = "\n".join(one.text for one in page.paragraphs)
    cells = [cell.text for one in page.tables for row in one.rows for cell in row.cells]
    assert alert.headline[0] in said
    assert any(cell.startswith("P2") for cell in cells)
    assert any(cell.startswith("登记外的来源") for cell in cells)
    assert "不是责任认定" in said
    english = Document(write_incident(alert, tmp_path / "b.docx", language="en"))
    assert alert.headline[1] in "\n".join(one.text for one in english.paragraphs)


def test_json_and_workbook_hold_all(alert, tmp_path):
    path = write_incident(alert, tmp_path / "a.json")
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["exceeding"][0]["section_id"] == "S2"
    total = sum(one["probability"] for one in told["rankings"]["S2"]["sources"])
    total += told["rankings"]["S2"]["unregistered"]["probability"]
    assert total == pytest.approx(1, abs=1e-4)
    book = openpyxl.load_workbook(write_incident(alert, tmp_path / "a.xlsx"))
    assert {"预警", "超标断面", "检查名单", "来源排序", "下游预警"} <= set(
        book.sheetnames
    )


def test_text_from_files_is_data(tmp_path):
    evil = layers()
    evil["outfalls"]["name"] = ["=HYPERLINK(1)", "<script>x</script>\x07"]
    evil["sections"]["name"] = ["@SUM(A1)", "=1+1", "<b>"]
    found = incident_alert(WATERS, FAILED, evil)
    book = openpyxl.load_workbook(write_incident(found, tmp_path / "a.xlsx"))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row]
    assert all(cell.data_type != "f" for cell in cells)
    html = write_incident(found, tmp_path / "a.html").read_text(encoding="utf-8")
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<script>" not in found._repr_html_()
    page = Document(write_incident(found, tmp_path / "a.docx"))
    cells = [cell.text for one in page.tables for row in one.rows for cell in row.cells]
    assert any("<script>x</script>" in cell for cell in cells)


def test_what_cannot_be_written_is_refused(alert, tmp_path):
    with pytest.raises(SourceError, match="docx"):
        write_incident(alert, tmp_path / "a.pdf")
    with pytest.raises(SourceError, match="language"):
        write_incident(alert, tmp_path / "a.docx", language="fr")
    assert not list(tmp_path.iterdir())


# ---------------------------------------------------------------- command line
@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ws")
    made = gt.create_workspace(folder / "w.gpkg")
    made.write({**layers(), **gt.network_tables(WATERS)})
    FAILED.to_csv(folder / "readings.csv", index=False)
    return folder


@pytest.mark.parametrize("suffix", ["docx", "html", "xlsx", "json"])
def test_the_verb_writes_each_form(workspace, capsys, suffix):
    out = workspace / f"alert.{suffix}"
    argv = ["alert", str(workspace / "w.gpkg"), "--readings"]
    argv += [str(workspace / "readings.csv"), "--item", "氨氮", "--out", str(out)]
    assert main(argv) == 0
    assert "S2" in capsys.readouterr().out
    assert out.stat().st_size > 1000


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--out", "a.pdf"], "docx"),
        (["--item", "xyz", "--out", "a.json"], "xyz"),
        (["--until", "昨天", "--out", "a.json"], "昨天"),
        (["--language", "fr", "--out", "a.html"], "fr"),
    ],
)
def test_the_verb_refuses_in_one_line(workspace, capsys, monkeypatch, more, words):
    monkeypatch.chdir(workspace)
    assert main(["alert", "w.gpkg", "--readings", "readings.csv", *more]) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert words in said[0]


def test_a_workspace_gives_what_a_mapping_gives(workspace):
    one = incident_alert(WATERS, FAILED, gt.open_workspace(workspace / "w.gpkg"))
    two = incident_alert(WATERS, FAILED, layers())
    assert one.headline == two.headline
    p, q = (each.rankings["S2"].table["probability"] for each in (one, two))
    np.testing.assert_allclose(p, q, atol=1e-9)


def test_readings_of_other_items_stay_evidence():
    found = incident_alert(
        WATERS,
        table(FAILED, readings({"S2": 0.9}, item="TP", time="2026-05-01 08:00")),
        layers(),
        item="氨氮",
    )
    assert found.exceeding["item"].tolist() == ["NH3N"]
    assert (
        "TP" in str(found.rankings["S2"].table["reasons"].iloc[0])
        or found.rankings["S2"].level >= 3
    )


def test_what_was_taken_for_granted_in_a_file_is_told(workspace, capsys):
    """Months as columns: the year stands in the title only."""
    rows = [["2026年水质监测"], ["断面名称", "项目", "4月", "5月"]]
    rows += [
        ["S1", "氨氮", 0.3, 0.3],
        ["S2", "氨氮", 0.4, 2.4],
        ["S3", "氨氮", 0.3, 0.5],
    ]
    path = str(book(workspace / "titled.xlsx", rows))
    said = {}
    for verb, *more in (
        ("alert", "--out", str(workspace / "n.json")),
        ("trace", "--section", "S2", "--item", "NH3N", "--out", str(workspace / "t.json")),
        ("assess", "--out", str(workspace / "n.xlsx")),
    ):  # fmt: skip
        assert main([verb, str(workspace / "w.gpkg"), "--readings", path, *more]) == 0
        said[verb] = capsys.readouterr().out
        assert "注意：" in said[verb], said[verb]
        assert "2026" in said[verb].split("注意：")[1].splitlines()[0]
    kept = json.loads((workspace / "t.json").read_text("utf-8"))["warnings"]
    assert any("2026" in text and " / " in text for text in kept)
    page = json.loads((workspace / "n.json").read_text("utf-8"))["taken"]
    assert any("2026" in zh and "2026" in en for zh, en in page)


MONTHS = table(
    *(
        pd.DataFrame(
            {
                "section_id": key,
                "time": pd.to_datetime(["2026-01-01", "2026-02-01", "2026-03-01"]),
                "item": "NH3N",
                "value": values,
            }
        )
        for key, values in {
            "S1": [0.3, 1.4, 1.5],
            "S2": [0.4, 1.8, 2.4],
            "S3": [1.3, 0.4, 0.5],
        }.items()
    )
)


def test_monthly_readings_are_told_by_the_month(tmp_path):
    found = incident_alert(WATERS, MONTHS, layers())
    assert set(found.precisions.values()) == {"month"}
    for language in ("zh", "en"):
        path = write_incident(found, tmp_path / "a.html", language=language)
        page = path.read_text("utf-8")
        # what the ranking reckons of the discharge is its own
        told = [line for line in page.split("<") if "推算排放" not in line]
        told = [line for line in told if "would have begun" not in line]
        assert not any("00:00" in line for line in told)
        assert "2026-02" in page
        assert "2026-02-01" not in page
    assert found.headline[0].endswith("始于 2026-02")
    assert "读数截至 2026-03；" in write_incident(found, tmp_path / "a.html").read_text(
        "utf-8"
    )
    told = " ".join(zh for block in found.blocks() for zh, _ in block.lines)
    assert "也超标；读数不到小时，分不清先后" in told
    assert "S3 氨氮 2026-01 曾超标，2026-02 起已恢复" in told
    small = [block.text[0] for block in found.blocks() if block.kind == "small"]
    assert any("时刻也只写到日或月" in text for text in small)
    book_ = openpyxl.load_workbook(write_incident(found, tmp_path / "a.xlsx"))
    cells = {c.value for c in next(book_["超标断面"].iter_cols(min_col=7, max_col=7))}
    assert cells == {"开始超标", "2026-02"}


def test_daily_readings_have_no_hour_and_others_keep_theirs():
    days = series("S2", [0.4, 1.8, 2.4], first="2026-05-03", step_h=24)
    found = incident_alert(WATERS, table(days, series("S1", [0.3, 1.3])), layers())
    assert found.precisions == {"S1": "minute", "S2": "day"}
    since = dict(
        zip(found.exceeding["section_id"], found.exceeding["since"], strict=True)
    )
    assert found.when(since["S2"], "S2") == "05-04"
    assert found.when(since["S1"], "S1") == "05-01 04:00"
    assert found.when(found.as_of, with_year=True) == "2026-05-05 00:00"
    midnight = incident_alert(WATERS, series("S2", [0.4] * 6 + [1.8]), layers())
    assert midnight.headline[0].endswith("始于 05-02 00:00")


def test_a_section_found_by_its_name_is_told_by_its_readings():
    days = series("中桥", [0.4, 1.8], first="2026-05-03", step_h=24)
    found = incident_alert(WATERS, days, layers())
    assert found.precisions == {"S2": "day"}
    late = series("S9", [0.3], first="2026-05-06 08:15")  # no section of the list
    found = incident_alert(WATERS, table(days, late), layers())
    assert found.when(found.as_of) == "05-06 08:15"


def test_what_was_taken_for_granted_is_on_the_page(tmp_path):
    words = [("标题里的年份 2026", "the year of the title, 2026")]
    found = incident_alert(WATERS, FAILED, layers(), taken=words)
    html = write_incident(found, tmp_path / "a.html").read_text("utf-8")
    assert "读数：标题里的年份 2026" in html
    sheet = openpyxl.load_workbook(write_incident(found, tmp_path / "a.xlsx"))["预警"]
    assert any(words[0][0] in str(cell.value) for row in sheet for cell in row)
    assert "标题里" not in incident_alert(WATERS, FAILED, layers())._repr_html_()

"""A verdict on a point is no surer than its place, its zone and the law."""

from datetime import date, datetime

import geopandas as gpd
import numpy as np
import pytest
from _zones_drawn import (
    AFTER,
    BEFORE,
    STRAIGHT,
    X,
    Y,
    network,
    outfalls,
    sources,
    zone_layer,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

import geotool as gt
from geotool.errors import GeotoolError, LayerError

CODE, OLD_LAW = "《生态环境法典》第三百一十八条", "《水污染防治法》第六十四条"


# ---------------------------------------------------------------- screening
@pytest.mark.parametrize(
    ("x", "status", "grade", "zone", "distance"),
    [
        (1_000, "known", "conflict", "Z1", -1_000),
        (
            1_999,
            "known",
            "conflict",
            "Z1",
            -1_999,
        ),  # the line to level 2 decides nothing
        (2_001, "declared", "conflict", "Z2", -1_999),
        (3_980, "known", "conflict", "Z2", -20),
        (3_991, "known", "uncertain", "Z2", -9),
        (4_009, "known", "uncertain", "Z2", 9),
        (4_011, "known", "attention", "Z3", -1_989),
        (5_989, "known", "attention", "Z3", -11),
        (5_995, "known", "uncertain", "Z3", -5),
        (6_005, "known", "uncertain", "Z3", 5),
        (6_011, "known", "clear", "Z3", 11),
        (9_000, "declared", "clear", "Z3", 3_000),
        (1_000, "unknown", "conflict", "Z1", -1_000),
        (3_395, "unknown", "conflict", "Z2", -605),
        (3_405, "unknown", "uncertain", "Z2", -595),
        (4_595, "unknown", "uncertain", "Z2", 595),
        (5_000, "unknown", "attention", "Z3", -1_000),
        (5_405, "unknown", "uncertain", "Z3", -595),
        (6_595, "unknown", "uncertain", "Z3", 595),
        (6_605, "unknown", "clear", "Z3", 605),
        (5_000, None, "attention", "Z3", -1_000),
        (6_100, None, "uncertain", "Z3", 100),
        (6_100, "", "uncertain", "Z3", 100),
        (6_100, "gcj02", "uncertain", "Z3", 100),
    ],
)
def test_screening_by_place_and_datum(x, status, grade, zone, distance):
    row = gt.screen_points(outfalls(x, status=status), zone_layer(), on=AFTER).iloc[0]
    assert (row["grade"], row["zone_id"]) == (grade, zone)
    assert row["distance_m"] == pytest.approx(distance, abs=1e-6)
    words = {"conflict": "疑似违法", "attention": "关注", "uncertain": "存疑"}
    assert row["grade_zh"] == words.get(grade, "未涉及")
    if grade == "uncertain":
        assert "不能判定" in row["reason"]
        assert ("基准" in row["reason"]) == (status not in ("known", "declared"))


@pytest.mark.parametrize(
    ("on", "x", "clause", "clause_en"),
    [
        (BEFORE, 1_000, OLD_LAW, "Art. 64"),
        (AFTER, 1_000, CODE, "Art. 318"),
        (datetime(2026, 8, 15, 9), 1_000, CODE, "Art. 318"),
        (BEFORE, 5_000, "《水污染防治法》第六十七条", "Art. 67"),
        (AFTER, 5_000, "《生态环境法典》第三百二十一条", "Art. 321"),
        (AFTER, 4_005, CODE, "Art. 318"),
        (date(2015, 1, 1), 1_000, "须核对", "check"),
    ],
)
def test_clause_by_date(on, x, clause, clause_en):
    row = gt.screen_points(outfalls(x), zone_layer(), on=on).iloc[0]
    assert clause in row["clause"]
    assert clause_en in row["clause_en"]
    assert row["law_on"] == on.strftime("%Y-%m-%d")


def test_the_date_is_today_unless_given_and_must_be_a_date():
    before = date.today()
    row = gt.screen_points(outfalls(1_000), zone_layer()).iloc[0]
    days = {before.isoformat(), date.today().isoformat()}  # midnight may pass
    assert row["law_on"] in days
    with pytest.raises(GeotoolError, match="on='2026"):
        gt.screen_points(outfalls(1_000), zone_layer(), on="2026-08-15")


def test_drafts_are_called_drafts_and_approved_zones_are_not():
    draft = gt.screen_points(outfalls(1_000), zone_layer("draft"), on=AFTER).iloc[0]
    assert draft["grade"] == "conflict"
    assert "草案" in draft["reason"]
    assert "疑似" in draft["reason"]
    assert "draft" in draft["reason_en"]
    fixed = gt.screen_points(outfalls(1_000), zone_layer(), on=AFTER).iloc[0]
    assert "草案" not in fixed["reason"]
    assert fixed["zone_status"] == "approved"


def test_an_approved_zone_is_named_before_a_draft_of_the_same_class():
    mixed = zone_layer(["draft", "approved", "draft"])
    mixed.loc[1, "geometry"] = mixed.geometry.iloc[1].union(mixed.geometry.iloc[0])
    row = gt.screen_points(outfalls(1_000), mixed, on=AFTER).iloc[0]
    assert (row["zone_id"], row["zone_status"]) == ("Z2", "approved")


def test_all_points_stay_in_order_with_their_ids_and_without_phones():
    points = outfalls(5_000, None, 1_000, 1_000, name=list("甲乙丙丁"))
    points.index = [7, 3, 3, 0]
    found = gt.screen_points(points.to_crs(4490), zone_layer(), on=AFTER)
    assert found.index.tolist() == [7, 3, 3, 0]
    assert found["outfall_id"].tolist() == ["P0", "P1", "P2", "P3"]
    assert found["grade"].tolist() == ["attention", "uncertain", "conflict", "conflict"]
    assert "没有坐标" in found["reason"].iloc[1]
    assert "phone" not in found.columns
    assert found.crs.to_epsg() == 4490
    assert found["distance_m"].iloc[2] == pytest.approx(-1_000, abs=1e-3)


def test_without_zones_nothing_is_called_clear():
    for none in (zone_layer().iloc[:0], zone_layer().assign(kind="buffer")):
        found = gt.screen_points(outfalls(1_000, 9_000), none, on=AFTER)
        assert found["grade"].tolist() == ["uncertain"] * 2
        assert found["reason"].str.contains("没有可比对的保护区").all()


def test_no_points_give_an_empty_table_with_all_columns():
    some = gt.screen_points(outfalls(1_000), zone_layer(), on=AFTER)
    none = gt.screen_points(outfalls(1_000).iloc[:0], zone_layer(), on=AFTER)
    assert none.columns.tolist() == some.columns.tolist()
    assert len(none) == 0


def test_own_uncertainty_is_used_and_unknown_datums_keep_theirs():
    points = outfalls(6_100, 6_100, status=["known", "unknown"])
    found = gt.screen_points(points, zone_layer(), on=AFTER, uncertainty_m=150)
    assert found["grade"].tolist() == ["uncertain"] * 2
    assert found["uncertainty_m"].tolist() == [150, 600]
    sharp = gt.screen_points(points, zone_layer(), on=AFTER, uncertainty_m=0)
    assert sharp["grade"].tolist() == ["clear", "uncertain"]


def test_a_zone_of_unknown_datum_or_level_gives_no_verdict_near_it():
    loose = zone_layer(datum_status="unknown")
    found = gt.screen_points(outfalls(6_100, 3_900, 1_000), loose, on=AFTER)
    assert found["grade"].tolist() == ["uncertain", "uncertain", "conflict"]
    assert found["reason"].iloc[0].startswith("水源地坐标基准不明")
    bare = zone_layer().assign(level=None)
    row = gt.screen_points(outfalls(3_000, 9_000), bare, on=AFTER)
    assert row["grade"].tolist() == ["uncertain", "clear"]
    assert "未注明级别" in row["reason"].iloc[0]


@pytest.mark.parametrize("crs", [4490, 4550])
def test_rings_projected_apart_leave_no_seam(crs):
    "the line between levels 1 and 2 must not look like an edge of the ban"
    points = sources((9_000, 0), crs=crs)
    plan = gt.protection_zones(points, network(STRAIGHT))
    near_seam = outfalls(8_000.0, 8_000.5, 7_999.5, y=0, crs=crs)
    found = gt.screen_points(near_seam, plan, on=AFTER)
    assert found["grade"].tolist() == ["conflict"] * 3
    # 4550 stretches by 1e-3 three degrees from its meridian
    assert found["distance_m"].tolist() == pytest.approx([-110] * 3, rel=1.1e-3)


@settings(max_examples=40, deadline=None)
@given(st.floats(-3_000, 9_000), st.floats(-3_000, 13_000), st.floats(0, 900))
def test_a_verdict_survives_any_shift_within_the_uncertainty(x, y, unsure):
    "that is what a confident verdict means"
    layer = zone_layer()
    grade = gt.screen_points(
        outfalls(x, y=y), layer, on=AFTER, uncertainty_m=unsure
    ).iloc[0]["grade"]
    if grade == "uncertain":
        return
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    for angle in angles:
        at = Point(
            X + x + 0.999 * unsure * np.cos(angle),
            Y + y + 0.999 * unsure * np.sin(angle),
        )
        held = layer.loc[layer.covers(at), "level"].tolist()
        want = "clear" if not held else "attention" if min(held) == "3" else "conflict"
        assert grade == want


@pytest.mark.parametrize(
    ("points", "zones", "word"),
    [
        (outfalls(1).buffer(1).to_frame("geometry"), zone_layer(), "Polygon"),
        (outfalls(1), zone_layer().set_crs(None, allow_override=True), "坐标系"),
        (outfalls(1).set_crs(None, allow_override=True), zone_layer(), "坐标系"),
        (outfalls(1), outfalls(1), "没有面状图形"),
    ],
)
def test_bad_layers_are_refused_with_words(points, zones, word):
    with pytest.raises(GeotoolError, match=word):
        gt.screen_points(points, zones, on=AFTER)


def test_bad_uncertainty_is_refused():
    with pytest.raises(LayerError, match="uncertainty_m"):
        gt.screen_points(outfalls(1), zone_layer(), uncertainty_m=-1)


def test_the_whole_way_from_intake_to_finding():
    points = outfalls(8_500, 6_500, 4_500, 14_000, y=60)
    plan = gt.protection_zones(sources((9_000, 0)), network(STRAIGHT))
    found = gt.screen_points(points, plan, on=AFTER)
    assert found["grade"].tolist() == ["conflict", "conflict", "attention", "clear"]
    assert found["level"].tolist()[:3] == ["1", "2", "3"]
    assert found["reason"].iloc[0].startswith("位于水源1一级保护区（草案）内")


def test_a_works_is_ruled_by_other_clauses_than_an_outfall():
    zones = gpd.GeoDataFrame(
        {
            "zone_id": ["Z"],
            "kind": ["protection"],
            "level": ["1"],
            "status": ["approved"],
            "name": ["一级"],
        },
        geometry=[box(0, 0, 2000, 2000)],
        crs=4549,
    )

    def cited(column, day):
        points = gpd.GeoDataFrame(
            {column: ["A"], "datum_status": ["known"]},
            geometry=[Point(1000, 1000)],
            crs=4549,
        )
        return gt.screen_points(points, zones, on=day).iloc[0]

    new, old = date(2026, 9, 1), date(2026, 8, 1)
    outfall, works = cited("outfall_id", new), cited("source_id", new)
    assert "三百一十八" in outfall["clause"]
    assert "三百一十九" in works["clause"]
    assert "三百一十八" not in works["clause"]
    assert "无关的建设项目" in works["reason"]
    assert "六十四" in cited("outfall_id", old)["clause"]
    assert "六十五" in cited("project_id", old)["clause"]
    assert outfall["grade"] == works["grade"] == "conflict"

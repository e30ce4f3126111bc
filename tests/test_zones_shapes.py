"""Lines, polygons, shores and what lies upstream: verdicts checked the slow way."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from _zones_drawn import (
    AFTER,
    BEFORE,
    CONFLUENCE,
    CRS,
    STRAIGHT,
    X,
    Y,
    network,
    outfalls,
    rivers,
    sources,
    zone_layer,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, Polygon, box

import geotool as gt
from geotool.errors import LayerError, NetworkError, TableError
from geotool.zones import shore_rule
from geotool.zones._measure import IS_THERE, signed
from geotool.zones._merge import Links, merge_class

CODE = "《生态环境法典》第三百一十九、三百二十条"


def features(*shapes, status="known", crs=CRS, **columns):
    moved = [
        None if s is None else shapely.transform(s, lambda xy: xy + np.array((X, Y)))
        for s in shapes
    ]
    table = {"project_id": [f"G{k}" for k in range(len(shapes))], "phone": "138"}
    table |= {"datum_status": status, **columns}
    return gpd.GeoDataFrame(table, geometry=moved, crs=CRS).to_crs(crs)


# ---------------------------------------------------------------- lines and polygons
@pytest.mark.parametrize(
    ("x", "status", "grade", "zone", "overlap"),
    [
        # a square of 100 m; level 1 to 2 000, level 2 to 4 000, level 3 to 6 000
        (1_950, "known", "conflict", "Z1", 10_000),
        (3_900, "known", "conflict", "Z2", 10_000),
        (3_950, "known", "conflict", "Z2", 5_000),
        (3_995, "known", "uncertain", "Z2", 500),
        (4_005, "known", "uncertain", "Z2", 0),
        (4_050, "known", "attention", "Z3", 10_000),
        (5_950, "known", "attention", "Z3", 5_000),
        (5_995, "known", "uncertain", "Z3", 500),
        (6_005, "known", "uncertain", "Z3", 0),
        (6_050, "known", "clear", "Z3", 0),
        (3_950, "unknown", "uncertain", "Z2", 5_000),
        (1_000, "unknown", "conflict", "Z1", 10_000),
        (6_700, "unknown", "clear", "Z3", 0),
    ],
)
def test_polygons_by_place_and_datum(x, status, grade, zone, overlap):
    plant = features(box(x, 5_000, x + 100, 5_100), status=status)
    row = gt.screen_polygons(plant, zone_layer(), on=AFTER).iloc[0]
    assert (row["grade"], row["zone_id"]) == (grade, zone)
    # 4549 is true to 1e-9 at its own meridian
    assert row["overlap_m2"] == pytest.approx(overlap, rel=1e-4, abs=0.5)
    want = max(0, x - 4_000 if x < 4_010 else x - 6_000)
    assert row["distance_m"] == pytest.approx(want if x > 4_000 else 0, abs=1e-6)
    assert ("基准" in row["reason"]) == (status == "unknown")
    assert (row["clause"] == CODE) == (zone in ("Z1", "Z2"))


def test_lines_give_metres_and_keep_order_index_and_no_phones():
    lines = features(
        LineString([(3_000, 100), (7_000, 100)]),
        None,
        LineString([(5_000, 0), (5_000, -900)]),
        LineString([(7_000, 0), (8_000, 0)]),
        crs=4490,
    )
    lines.index = [5, 5, 1, 0]
    found = gt.screen_lines(lines, zone_layer(), on=AFTER)
    assert found.index.tolist() == [5, 5, 1, 0]
    assert found["grade"].tolist() == ["conflict", "uncertain", "uncertain", "clear"]
    assert found["overlap_m"].iloc[0] == pytest.approx(1_000, abs=0.01)
    assert found["overlap_m"].iloc[2] == pytest.approx(0, abs=0.01)
    assert found["distance_m"].iloc[3] == pytest.approx(1_000, abs=0.01)
    assert "没有坐标" in found["reason"].iloc[1]
    assert "phone" not in found.columns
    assert found.crs.to_epsg() == 4490


@settings(max_examples=40, deadline=None)
@given(
    st.floats(-2_000, 8_000),
    st.floats(-2_000, 12_000),
    st.floats(5, 3_000),
    st.floats(0, 3.2),
    st.floats(0, 400),
)
def test_a_verdict_on_a_line_survives_any_shift_within_the_uncertainty(
    x, y, length, turn, unsure
):
    end = (x + length * np.cos(turn), y + length * np.sin(turn))
    line = LineString([(x, y), end])
    layer = zone_layer()
    row = gt.screen_lines(features(line), layer, on=AFTER, uncertainty_m=unsure).iloc[0]
    if row["grade"] == "uncertain":
        return
    for angle in np.linspace(0, 2 * np.pi, 12, endpoint=False):
        shift = 0.99 * unsure * np.array([np.cos(angle), np.sin(angle)]) + (X, Y)
        moved = shapely.transform(line, lambda xy, by=shift: xy + by)
        held = layer.loc[layer.intersects(moved), "level"].tolist()
        want = "clear" if not held else "attention" if min(held) == "3" else "conflict"
        assert row["grade"] == want


@settings(max_examples=25, deadline=None)
@given(st.floats(-500, 6_500), st.floats(10, 2_000), st.floats(10, 900))
def test_overlap_is_that_of_the_zones_that_decide(x, wide, high):
    shape = box(x, 100, x + wide, 100 + high)
    row = gt.screen_polygons(features(shape), zone_layer(), on=AFTER).iloc[0]
    span = lambda low, top: max(0.0, min(x + wide, top) - max(x, low)) * high
    ban, every = span(0, 4_000), span(0, 6_000)
    want = {"conflict": ban, "attention": every, "clear": 0.0}
    if row["grade"] in want:
        assert row["overlap_m2"] == pytest.approx(want[row["grade"]], rel=1e-4, abs=1)
    else:
        assert row["overlap_m2"] == pytest.approx(
            ban if row["level"] in ("1", "2") else every, rel=1e-4, abs=1
        )


def test_a_tiny_polygon_is_graded_as_its_point():
    xs = np.arange(-200, 6_400, 37.0)
    points = gt.screen_points(outfalls(*xs), zone_layer(), on=AFTER)
    dots = features(*[Point(x, 5_000).buffer(0.01) for x in xs])
    areas = gt.screen_polygons(dots, zone_layer(), on=AFTER)
    assert areas["grade"].tolist() == points["grade"].tolist()
    assert areas["zone_id"].tolist() == points["zone_id"].tolist()


def test_shapes_without_zones_or_of_the_wrong_kind():
    plant, pipe = features(box(0, 0, 9, 9)), features(LineString([(0, 0), (9, 9)]))
    none = gt.screen_polygons(plant, zone_layer().iloc[:0], on=AFTER)
    assert none["grade"].tolist() == ["uncertain"]
    with pytest.raises(LayerError, match="LineString"):
        gt.screen_polygons(pipe, zone_layer())
    with pytest.raises(LayerError, match="Polygon"):
        gt.screen_lines(plant, zone_layer())
    bare = gt.screen_polygons(plant, zone_layer().assign(level=None), on=AFTER)
    assert bare["grade"].tolist() == ["uncertain"]
    assert "未注明级别" in bare["reason"].iloc[0]


# ---------------------------------------------------------------- what it rests on
def test_confidence_is_the_weakest_of_zone_and_clause():
    layer = zone_layer(["approved", "draft", "draft"], confidence=["", "M", "V"])
    points = outfalls(1_000, 3_000, 5_000, 9_000)
    after = gt.screen_points(points, layer, on=AFTER)
    assert after["confidence"].tolist() == ["1", "M", "1", "V"]
    before = gt.screen_points(points, layer, on=BEFORE)
    assert before["confidence"].tolist() == ["V", "M", "V", "V"]


@pytest.mark.parametrize("vague", [False, True])
def test_many_points_are_graded_as_few_compiled_or_not(vague):
    "the compiled way, the tree and a loop over unions give the same"
    rng = np.random.default_rng(3)
    centre = rng.uniform(0, 20_000, (60, 2))
    shapes = [
        Point(xy).buffer(r, quad_segs=5)
        for xy, r in zip(centre, rng.uniform(200, 2_500, 60), strict=True)
    ]
    shapes[0] = shapely.multipolygons(
        [shapes[0], shapely.affinity.translate(shapes[0], 6_000, 0)]
    )
    level = rng.choice(["1", "2", "3", None], 60, p=[0.2, 0.3, 0.4, 0.1])
    layer = gpd.GeoDataFrame(
        {
            "zone_id": [f"Z{k}" for k in range(60)],
            "level": level,
            "status": rng.choice(["approved", "draft"], 60),
        },
        geometry=shapes,
        crs=CRS,
    )
    count = 25_000
    xy = rng.uniform(-2_000, 22_000, (count, 2))
    status = np.where(rng.random(count) < 0.3 * vague, "unknown", "known")
    points = gpd.GeoDataFrame(
        {"datum_status": status}, geometry=shapely.points(xy), crs=CRS
    )
    found = gt.screen_points(points, layer, on=AFTER, nearest_within_m=0)
    some = rng.choice(count, 400, replace=False)
    few = gt.screen_points(points.iloc[some], layer, on=AFTER)
    ban = shapely.union_all(
        [s for s, v in zip(shapes, level, strict=True) if v in ("1", "2")]
    )
    every = shapely.union_all([s for s, v in zip(shapes, level, strict=True) if v])
    loose = shapely.union_all([s for s, v in zip(shapes, level, strict=True) if not v])
    for row, k in enumerate(some):
        place, unsure = Point(xy[k]), 600.0 if status[k] == "unknown" else 10.0
        signed = {
            name: area.boundary.distance(place) * (-1 if area.covers(place) else 1)
            for name, area in (("ban", ban), ("every", every), ("loose", loose))
        }
        if signed["ban"] < -unsure:
            want, far = "conflict", signed["ban"]
        elif abs(signed["ban"]) <= unsure:
            want, far = "uncertain", signed["ban"]
        elif signed["loose"] <= unsure:
            want, far = "uncertain", signed["loose"]
        elif signed["every"] < -unsure:
            want, far = "attention", signed["every"]
        elif abs(signed["every"]) <= unsure:
            want, far = "uncertain", signed["every"]
        else:
            want, far = "clear", min(signed["every"], signed["loose"])
        assert found["grade"].iloc[k] == few["grade"].iloc[row] == want
        assert few["distance_m"].iloc[row] == pytest.approx(far, abs=1e-3)
        if want == "clear":
            assert np.isnan(found["distance_m"].iloc[k])
            assert pd.isna(found["zone_id"].iloc[k])
        else:
            assert found["distance_m"].iloc[k] == pytest.approx(far, abs=1e-3)
            assert found["zone_id"].iloc[k] == few["zone_id"].iloc[row]
    assert set(few["grade"]) == {"conflict", "attention", "uncertain", "clear"}


@pytest.mark.skipif(not IS_THERE, reason="numba is not installed")
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_compiled_distances_are_those_of_geos(seed):
    from geotool.zones._corners import Corners
    from geotool.zones._kernels import signed_pairs

    rng = np.random.default_rng(seed)
    ring = rng.integers(0, 30, (6, 2)).astype(float)  # corners that share heights
    shapes = np.array(
        [
            shapely.convex_hull(shapely.multipoints(ring + 3)).buffer(0.5),
            box(0, 0, 10, 10).difference(box(2, 2, 4, 8)),
            shapely.multipolygons([box(20, 20, 25, 25), box(30, 20, 31, 29)]),
        ],
        dtype=object,
    )
    xy = rng.integers(-3, 35, (300, 2)).astype(float)
    point, area = np.divmod(np.arange(900), 3)
    fast = signed_pairs(xy, point, area, *Corners.of(shapes).rings)
    assert fast == pytest.approx(signed(shapes, xy, point, area), abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 100_000))
def test_zones_put_together_are_their_union(seed):
    "rings, nests, doubles, overlaps and neighbours a hair apart"
    rng = np.random.default_rng(seed)
    shapes = []
    for _ in range(4):
        x, y = rng.integers(0, 8, 2) * 10.0
        outer, inner = box(x, y, x + 20, y + 20), box(x + 5, y + 5, x + 10, y + 10)
        kind = rng.integers(0, 4)
        shapes += {
            0: [inner, outer.difference(inner)],
            1: [inner, outer],
            2: [outer, outer],
            3: [outer, box(x + 20.05, y, x + 30, y + 20)],
        }[int(kind)]
    shapes = np.array(shapes, dtype=object)
    is_in = rng.random(len(shapes)) < 0.8
    merged = merge_class(shapes, Links.of(shapes), is_in)
    whole = shapely.union_all(merged.shapes) if is_in.any() else Polygon()
    truth = shapely.union_all(shapes[is_in])
    closed = truth.buffer(0.1, join_style="mitre").buffer(-0.1, join_style="mitre")
    assert shapely.is_valid(merged.shapes).all()
    assert truth.difference(whole).area < 1e-6
    assert whole.difference(closed).area < 1e-6
    assert (merged.of_zone[~is_in] == -1).all()
    for zone in np.flatnonzero(is_in):
        of = merged.shapes[merged.of_zone[zone]]
        assert shapes[zone].difference(of).area < 1e-6


# ---------------------------------------------------------------- shores
def test_shore_distance_counts_from_the_bank():
    wide = rivers(STRAIGHT[0], width_m=[400.0], name=["长江"])
    bank = rivers(STRAIGHT[0].buffer(200, cap_style="flat"), name=["长江"])
    plants = outfalls(9_000, 9_000, 9_000, 9_000, y=0).set_geometry(
        shapely.points(X + 9_000, Y + np.array([0.0, 1_150.0, 1_195.0, 1_250.0])),
        crs=CRS,
    )
    for water, basis in ((wide, "中心线"), (bank, "岸线")):
        found = gt.screen_shore(plants, water, rule="yangtze_chemical_1km", on=AFTER)
        assert found["grade"].tolist() == [
            "attention",
            "attention",
            "uncertain",
            "clear",
        ]
        assert found["distance_m"].tolist() == pytest.approx([0, 950, 995, 1_050])
        assert set(found["basis"]) == {basis}
        assert found["reason"].str.contains("可能更近").all() == (basis == "中心线")
        assert found["clause"].iloc[0] == "《长江保护法》第二十六条"
        assert pd.isna(found["clause"].iloc[3])
        assert (found["water_name"] == "长江").all()
        assert "phone" not in found.columns


def test_where_the_width_is_unknown_nothing_by_the_river_is_called_clear():
    river = rivers(STRAIGHT[0])
    far = gt.screen_shore(outfalls(9_000, 9_000, y=2_500), river, rule=1_000, on=AFTER)
    assert far["grade"].tolist() == ["uncertain"] * 2
    assert far["reason"].str.contains("河宽不明").all()
    farther = gt.screen_shore(outfalls(9_000, y=3_100), river, rule=1_000, on=AFTER)
    assert farther["grade"].tolist() == ["clear"]
    assert farther["confidence"].tolist() == ["M"]


def test_the_bank_of_a_wide_river_may_be_nearer_than_a_ditch():
    water = rivers(
        LineString([(0, 0), (20_000, 0)]),
        LineString([(0, 1_900), (20_000, 1_900)]),
        width_m=[2_000.0, 4.0],
        name=["大江", "小沟"],
    )
    found = gt.screen_shore(outfalls(9_000, y=1_400), water, rule=500, on=AFTER)
    assert found["water_name"].tolist() == ["大江"]
    assert found["distance_m"].tolist() == pytest.approx([400])


def test_overlap_with_a_band_along_the_shore():
    water = rivers(box(0, 0, 20_000, 500))
    shapes = features(
        box(5_000, 1_400, 5_100, 1_600), LineString([(0, 400), (0, 1_700)])
    )
    found = gt.screen_shore(shapes, water, rule=1_000, on=AFTER)
    assert found["overlap_m2"].iloc[0] == pytest.approx(100 * 100, rel=1e-3)
    assert found["overlap_m"].iloc[1] == pytest.approx(1_100, abs=0.5)
    assert np.isnan(found["overlap_m2"].iloc[1])


def test_a_law_that_was_not_yet_in_force_gives_no_verdict():
    water = rivers(box(0, 0, 20_000, 500))
    found = gt.screen_shore(
        outfalls(9_000, y=900), water, rule="yangtze_chemical_1km", on=date(2020, 5, 1)
    )
    assert found["grade"].tolist() == ["uncertain"]
    assert "早于" in found["reason"].iloc[0]
    survey = gt.screen_shore(
        outfalls(9_000, y=900), water, rule="survey_2km", on=date(2020, 5, 1)
    )
    assert survey["grade"].tolist() == ["attention"]


def test_shore_screening_of_nothing_and_by_nothing():
    water = rivers(box(0, 0, 20_000, 500))
    none = gt.screen_shore(outfalls(1.0).iloc[:0], water, rule=500)
    assert len(none) == 0
    assert {"grade", "distance_m", "reason"} <= set(none.columns)
    dry = gt.screen_shore(outfalls(1.0, None), water.iloc[:0], rule=500)
    assert dry["grade"].tolist() == ["uncertain"] * 2
    assert dry["reason"].str.contains("不能判定").all()
    with pytest.raises(TableError, match="yangtze_chemical_1km"):
        gt.screen_shore(outfalls(1.0), water, rule="elbe_1km")
    with pytest.raises(TableError, match="大于 0"):
        gt.screen_shore(outfalls(1.0), water, rule=-5)
    with pytest.raises(LayerError, match="Point"):
        gt.screen_shore(outfalls(1.0), outfalls(1.0), rule=500)


@pytest.mark.parametrize("epsg", [4490, 4550, 32651])
def test_shore_distance_does_not_hang_on_the_system(epsg):
    water = rivers(STRAIGHT[0], width_m=[200.0])
    plants = outfalls(3_000, 9_000, y=700)
    one = gt.screen_shore(plants, water, rule=1_000, on=AFTER)
    two = gt.screen_shore(plants.to_crs(epsg), water.to_crs(epsg), rule=1_000, on=AFTER)
    assert two["distance_m"].tolist() == pytest.approx(
        one["distance_m"].tolist(), rel=1.2e-3
    )


def test_every_shore_rule_of_the_table_can_be_read():
    from geotool.tables import load_table

    for key in load_table("zones")["shores"]:
        rule = shore_rule(key)
        assert rule.distance_m > 0
        assert rule.grade in ("conflict", "attention")
        assert rule.kind in ("shore", "survey")


# ---------------------------------------------------------------- buffers
def test_buffers_by_rank_and_width():
    layer = rivers(
        *CONFLUENCE, rank=["县级", "镇级", "重要县域河道"], width_m=[60.0, 15.0, 15.0]
    )
    rule = {
        "rows": [
            {"rank": "四级", "width_from_m": 50, "distance_m": 100},
            {"rank": ["县级"], "distance_m": 50},
        ]
    }
    table = gt.buffer_distances(layer, rule=rule)
    assert table["distance_m"].tolist()[::2] == [100, 50]
    assert np.isnan(table["distance_m"].iloc[1])
    assert "没有适用的行" in table["reason"].iloc[1]
    band = gt.buffer_zones(layer, distance_m=table["distance_m"])
    assert sorted(band["distance_m"]) == [50, 100]
    assert band["note"].str.contains("另有 1 条没有给出宽度").all()
    lone = gt.buffer_zones(layer.iloc[[0]], distance_m=100).geometry.iloc[0]
    mine = band.loc[band["distance_m"] == 100].geometry.iloc[0]
    # the same but for the water of the river it joins
    assert mine.difference(lone).area < 1
    assert lone.difference(mine).area < np.pi * 100**2


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"rows": []},
        {"rows": [{"rank": "县级"}]},
        {"rows": [{"distance_m": -3}]},
        {"rows": [{"distance_m": 3, "wide": 4}]},
    ],
)
def test_bad_buffer_rules_are_refused(rule):
    with pytest.raises(TableError):
        gt.buffer_distances(rivers(STRAIGHT[0]), rule=rule)


def test_a_buffer_is_clipped_and_the_cut_is_told():
    district = gpd.GeoDataFrame(geometry=[box(X, Y - 900, X + 5_000, Y + 900)], crs=CRS)
    band = gt.buffer_zones(
        rivers(STRAIGHT[0], width_m=[20.0]), distance_m=50, clip=district.to_crs(4490)
    )
    assert band.area.iloc[0] == pytest.approx(2 * 5_000 * 50, rel=1e-3)
    assert band["area_m2"].iloc[0] == pytest.approx(2 * 5_000 * 50, rel=1e-3)
    assert "裁去" in band["note"].iloc[0]
    away = gpd.GeoDataFrame(geometry=[box(X, Y + 5_000, X + 9, Y + 5_009)], crs=CRS)
    assert len(gt.buffer_zones(rivers(STRAIGHT[0]), distance_m=50, clip=away)) == 0


@pytest.mark.parametrize("wrong", [[50.0, 50.0], [0.0], [-1.0], float("nan")])
def test_bad_distances_are_refused(wrong):
    with pytest.raises(LayerError, match="distance_m"):
        gt.buffer_zones(rivers(STRAIGHT[0]), distance_m=wrong)


# ---------------------------------------------------------------- upstream
def plants(*places, **columns):
    shapes = [None if p is None else Point(p[0] + X, p[1] + Y) for p in places]
    table = {"source_id": [f"P{k}" for k in range(len(places))], **columns}
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)


def test_enterprises_upstream_within_a_distance_or_a_time():
    net = network(CONFLUENCE)
    net.reaches["velocity_m_s"] = [1.0, 0.1, 0.5]
    intake = sources((8_000, 0))
    unit_a, unit_b = np.array((-0.8, 0.6)), np.array((-np.sqrt(0.5), -np.sqrt(0.5)))
    at = [
        (7_000, 30),
        tuple(np.array((4_000, 0)) + 2_000 * unit_a),
        tuple(np.array((4_000, 0)) + 900 * unit_b),
        (9_000, 0),
        (6_000, 3_000),
        None,
    ]
    found = gt.upstream_of_sources(
        intake, net, plants(*at), max_distance_m=5_000, max_time_h=2.9
    )
    mine = found[found["water_source_id"] == "SY1"]
    # 1 000 m; 6 000 m in 4 000/0.5 + 2 000/1 s = 2.78 h; 4 900 m in 4.7 h
    assert dict(zip(mine["id"], mine["within"], strict=True)) == {
        "P0": "距离、时间",
        "P2": "距离",
        "P1": "时间",
    }
    assert mine["distance_m"].tolist() == pytest.approx([1_000, 4_900, 6_000], abs=1)
    assert set(mine["grade"]) == {"attention"}
    lost = found[found["water_source_id"].isna()]
    assert set(lost["id"]) == {"P4", "P5"}
    assert (lost["grade"] == "uncertain").all()
    assert lost["reason"].str.contains("不能判定").all()


def test_a_source_off_the_network_is_told_and_unknown_directions_are_uncertain():
    net = network(STRAIGHT, mode="unknown")
    intakes = sources((8_000, 0), (8_000, 3_000))
    found = gt.upstream_of_sources(
        intakes, net, {"sources": plants((7_000, 0), (9_000, 0))}, max_distance_m=2_000
    )
    one = found[found["water_source_id"] == "SY1"]
    assert set(one["id"]) == {"P0", "P1"}
    assert set(one["grade"]) == {"uncertain"}
    two = found[found["water_source_id"] == "SY2"]
    assert len(two) == 1
    assert "请核对坐标" in two["reason"].iloc[0]


def test_upstream_needs_a_limit():
    net, intake = network(STRAIGHT), sources((8_000, 0))
    with pytest.raises(LayerError, match="max_distance_m"):
        gt.upstream_of_sources(intake, net, plants((1, 1)))
    with pytest.raises(NetworkError):
        gt.upstream_of_sources(intake, net, plants((1, 1)), max_time_h=-1)
    none = gt.upstream_of_sources(intake.iloc[:0], net, plants((1, 1)), max_time_h=1)
    assert len(none) == 0
    assert "reason" in none.columns


def test_a_zone_may_be_a_collection_and_one_that_crosses_itself_is_mended():
    layer = zone_layer()
    layer.loc[0, "geometry"] = shapely.geometrycollections(
        [layer.geometry.iloc[0], Point(X, Y)]
    )
    bow = Polygon([(0, 0), (4_000, 4_000), (4_000, 0), (0, 4_000)])
    layer.loc[1, "geometry"] = shapely.transform(bow, lambda xy: xy + (X, Y))  # noqa: RUF005
    found = gt.screen_points(outfalls(1_000, 3_500, y=2_000), layer, on=AFTER)
    assert found["grade"].tolist() == ["conflict", "conflict"]

"""Zones follow the water, nest, and never promise more than the data know."""

import itertools

import geopandas as gpd
import networkx as nx
import numpy as np
import pytest
import shapely
from _zones_drawn import (
    CONFLUENCE,
    CRS,
    DRAWN,
    LOOP,
    STRAIGHT,
    X,
    Y,
    approved,
    by_level,
    network,
    own_rule,
    plan_of,
    rivers,
    sources,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import LineString, Point, Polygon, box

import geotool as gt
from geotool.errors import CrsError, LayerError, TableError
from geotool.zones import ZonePlan
from geotool.zones._bands import near_bank_part, stretch_band
from geotool.zones._rules import zone_rule


# ---------------------------------------------------------------- along rivers
def test_areas_on_a_straight_river_are_rectangles():
    plan = plan_of(STRAIGHT, (9_000, 0))
    across = 20 + 2 * 100
    want = {"1": 1_500 * across, "2": 2_500 * across, "3": 3_000 * across}
    got = {level: shape.area for level, shape in by_level(plan.zones).items()}
    assert got == pytest.approx(want, rel=1e-9)
    bounds = by_level(plan.cumulative)["3"].bounds
    assert bounds == pytest.approx((X + 4_000, Y - 110, X + 11_000, Y + 110))


def test_hj338_has_deep_land_and_no_third_level():
    plan = plan_of(STRAIGHT, (9_000, 0), rule="hj338")
    whole = by_level(plan.cumulative)
    assert sorted(whole) == ["1", "2"]
    assert whole["1"].area == pytest.approx(1_100 * 120)
    assert whole["2"].area == pytest.approx(3_300 * 2_020)
    assert plan.zones["confidence"].tolist() == ["V", "M"]
    assert plan.zones["note"].str.contains(r"\[M\]", regex=True).all()


def river_samples(lines, place, *, up_m, down_m, step_m=10.0):
    """Sample the water within river distance, by networkx on a fine chain of points.

    Knows nothing of the code under test: returns (x, y, distance left to the limit).
    """
    graph = nx.DiGraph()
    for line in lines:
        cuts = np.append(np.arange(0, line.length, step_m), line.length)
        corners = [line.project(Point(xy)) for xy in line.coords[1:-1]]
        cuts = np.unique([*cuts, *corners, line.project(Point(place))])
        chain = [line.interpolate(cut) for cut in cuts]
        keys = [(round(p.x, 3), round(p.y, 3)) for p in chain]
        for one, two, gap in zip(keys, keys[1:], np.diff(cuts), strict=False):
            graph.add_edge(one, two, weight=gap)
    start = (float(place[0]), float(place[1]))
    found = {}
    for way, limit in ((graph.reverse(), up_m), (graph, down_m)):
        reach = nx.single_source_dijkstra_path_length(
            way, start, cutoff=limit, weight="weight"
        )
        for key, value in reach.items():
            found[key] = max(found.get(key, 0.0), limit - value)
    return np.array([(*key, left) for key, left in found.items()])


@pytest.mark.parametrize("name", DRAWN)
def test_zone_is_the_water_within_river_distance_and_its_banks(name):
    lines, place = DRAWN[name]
    plan = plan_of(lines, place)
    whole = by_level(plan.cumulative)
    for level, up_m, down_m in (("1", 1_000, 500), ("2", 3_000, 1_000)):
        zone, radius = whole[level], 110.0
        water = river_samples(lines, place, up_m=up_m, down_m=down_m)
        dots = shapely.points(water[:, 0] + X, water[:, 1] + Y)
        assert shapely.covers(shapely.buffer(zone, 1e-3), dots).all()
        # nothing lies farther from that water than the bank and the land
        chain = shapely.STRtree(dots)
        edge = shapely.points(shapely.get_coordinates(shapely.segmentize(zone, 25.0)))
        _, far = chain.query_nearest(edge, return_distance=True, all_matches=False)
        assert far.max() < np.hypot(radius, 11)
        # and all land within the radius is there, away from the ends of the stretch
        ends = {place for line in lines for place in (line.coords[0], line.coords[-1])}
        free = np.array([(x + X, y + Y) for x, y in ends if sum_at(lines, (x, y)) == 1])
        gap = shapely.distance(dots[:, None], shapely.points(free)).min(axis=1)
        inner = dots[(water[:, 2] > 2.5 * radius) & (gap > 2.5 * radius)]
        discs = shapely.buffer(inner, radius - 2.0)
        outside = shapely.area(shapely.difference(shapely.union_all(discs), zone))
        assert outside < 1.0


def sum_at(lines, place):
    return sum(place in (line.coords[0], line.coords[-1]) for line in lines)


@pytest.mark.parametrize("name", DRAWN)
def test_levels_are_rings_that_nest(name):
    plan = plan_of(*DRAWN[name])
    rings, whole = by_level(plan.zones), by_level(plan.cumulative)
    levels = sorted(rings)
    assert levels[0] == "1"
    for inner, outer in itertools.pairwise(levels):
        assert rings[inner].intersection(rings[outer]).area < 1e-3
        assert whole[inner].difference(whole[outer]).area < 1e-3
    total = sum(ring.area for ring in rings.values())
    assert whole[levels[-1]].area == pytest.approx(total, rel=1e-9)


def test_ends_are_flat_and_a_bend_at_a_node_has_no_notch():
    lines = np.array(
        [LineString([(0, 0), (500, 0)]), LineString([(500, 0), (500, 500)])]
    )
    radius = np.array([50.0, 50.0])
    band = stretch_band(lines, radius)
    assert band.bounds == pytest.approx((0, -50, 550, 500))
    # two rectangles that share a square, and a quarter disc on the outer side
    quarter = shapely.buffer(Point(0, 0), 50, quad_segs=16).area / 4
    assert band.area == pytest.approx(2 * 500 * 100 - 50 * 50 + quarter, rel=1e-9)


def test_a_tributary_counts_by_river_distance():
    plan = plan_of(CONFLUENCE, (4_500, 0))
    first = by_level(plan.cumulative)["1"]
    for end in ((0, 3_000), (0, -4_000)):
        way = np.array(end) - (4_000, 0)
        unit = way / np.hypot(*way)
        inside, outside = (
            Point(*(np.array([X + 4_000, Y]) + unit * d)) for d in (499, 501)
        )
        assert first.covers(inside)
        assert not first.covers(outside)


def test_water_that_may_run_either_way_is_included_both_ways_and_noted():
    plan = plan_of(STRAIGHT, (9_000, 0), mode="unknown")
    whole = by_level(plan.cumulative)
    assert whole["1"].bounds == pytest.approx((X + 8_000, Y - 110, X + 10_000, Y + 110))
    assert plan.notes["note"].str.contains("流向不明").any()
    sure = plan_of(STRAIGHT, (9_000, 0))
    assert not sure.notes["note"].str.contains("流向不明").any()


def test_a_shut_gate_does_not_shorten_a_zone():
    lines = [LineString([(0, 0), (8_800, 0)]), LineString([(8_800, 0), (20_000, 0)])]
    shut = gt.protection_zones(sources((9_000, 0)), network(lines, gate=1))
    free = gt.protection_zones(sources((9_000, 0)), network(lines))
    for level, area in by_level(free.zones).items():
        assert by_level(shut.zones)[level].equals_exact(area, 1e-6) or by_level(
            shut.zones
        )[level].symmetric_difference(area).area == pytest.approx(0, abs=1e-3)
    assert shut.notes["note"].str.contains("闸一").any()


def test_a_river_that_ends_gives_fewer_rings_and_says_so():
    plan = plan_of([LineString([(0, 0), (1_200, 0)])], (900, 0))
    assert plan.zones["level"].tolist() == ["1", "2"] or plan.zones[
        "level"
    ].tolist() == ["1"]
    assert plan.cumulative.geometry.iloc[-1].area == pytest.approx(1_200 * 220)
    assert plan.notes["note"].str.contains("未出图").any()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.integers(-60, 60), min_size=3, max_size=8),
    st.floats(0.05, 0.95),
    st.tuples(*[st.integers(50, 3_000)] * 4),
    st.integers(0, 300),
)
def test_zones_grow_with_distance(turns, share, lengths, land):
    "a larger reach never loses ground, on any wandering river"
    heading = np.cumsum(np.radians(turns))
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * 700
    points = np.vstack([[0, 0], np.cumsum(steps, axis=0)])
    lines = [LineString(points[k : k + 2]) for k in range(len(turns))]
    whole = LineString(points)
    place = whole.interpolate(share, normalized=True)
    small_up, small_down, more_up, more_down = lengths
    rule = own_rule(
        (small_up, more_up), (small_down, more_down), (land / 2, land), width=20
    )
    plan = plan_of(lines, (place.x, place.y), rule=rule)
    areas = by_level(plan.cumulative)
    larger = own_rule((small_up + more_up,), (small_down + more_down,), (land,))
    one = by_level(plan_of(lines, (place.x, place.y), rule=larger).cumulative)["1"]
    assert areas["1"].difference(one).area < 1.0
    assert areas[max(areas)].symmetric_difference(one).area < 1.0


@pytest.mark.parametrize("crs", [4490, 4326, 4550, 32650])
def test_result_is_in_the_sources_system_and_the_same_ground(crs):
    plain = plan_of(CONFLUENCE, (4_500, 0))
    moved = gt.protection_zones(sources((4_500, 0), crs=crs), network(CONFLUENCE))
    assert moved.zones.crs.to_epsg() == crs
    back = by_level(moved.zones.to_crs(CRS))
    for level, area in by_level(plain.zones).items():
        assert back[level].symmetric_difference(area).area < 1e-4 * area.area
    assert moved.zones.geometry.is_valid.all()


def test_a_network_in_the_next_zone_gives_the_same_ground():
    plain = plan_of(CONFLUENCE, (4_500, 0))
    other = gt.protection_zones(sources((4_500, 0)), network(CONFLUENCE, crs=4550))
    for level, area in by_level(plain.zones).items():
        # 4550 stretches by 1e-3 three degrees from its meridian, both edges move
        gone = by_level(other.zones)[level].symmetric_difference(area).area
        assert gone < 6e-3 * area.area


# ---------------------------------------------------------------- wide rivers
def test_a_wide_river_counts_500_m_towards_the_far_bank():
    plan = gt.protection_zones(
        sources((9_000, 900), kind="large_river"), network(STRAIGHT, width_m=2_000.0)
    )
    # bank at 1 000 and 100 m of land; the intake at 900, so down to 400
    want = (X + 8_500, Y + 400, X + 9_500, Y + 1_100)
    assert by_level(plan.zones)["1"].bounds == pytest.approx(want)
    assert by_level(plan.cumulative)["3"].area == pytest.approx(6_000 * 700)


def test_a_wide_river_cut_beyond_the_centreline():
    plan = gt.protection_zones(
        sources((9_000, -300), kind="large_river"), network(STRAIGHT, width_m=2_000.0)
    )
    want = (X + 8_500, Y - 1_100, X + 9_500, Y + 200)
    assert by_level(plan.zones)["1"].bounds == pytest.approx(want)


def test_tributaries_of_the_far_bank_stay_out_and_of_the_near_bank_in():
    lines = [
        LineString([(0, 0), (9_000, 0)]),
        LineString([(9_000, 0), (20_000, 0)]),
        LineString([(9_000, 3_000), (9_000, 0)]),
        LineString([(9_000, -3_000), (9_000, 0)]),
    ]
    net = network(lines, width_m=2_000.0, names=["长江", "长江", "北港", "南港"])
    net.reaches.loc[2:, "width_m"] = 20.0
    plan = gt.protection_zones(sources((9_200, 900), kind="large_river"), net)
    third = by_level(plan.cumulative)["3"]
    assert third.covers(Point(X + 9_000, Y + 1_500))
    assert third.bounds[1] == pytest.approx(Y + 400)


def test_without_a_bank_the_whole_width_is_drawn_and_noted():
    plan = gt.protection_zones(
        sources((9_000, 5), kind="large_river"), network(STRAIGHT, width_m=2_000.0)
    )
    assert by_level(plan.zones)["1"].area == pytest.approx(1_000 * 2_200)
    assert plan.notes["note"].str.contains("按全河宽").any()


def test_a_braided_river_is_not_cut():
    ring = np.array([LineString([(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)])])
    assert (
        near_bank_part(box(0, 0, 1, 1), np.append(ring, ring), Point(0, 0), 5) is None
    )


def test_missing_width_is_assumed_and_said():
    plan = plan_of(STRAIGHT, (9_000, 0), width_m=np.nan)
    assert by_level(plan.zones)["1"].area == pytest.approx(1_500 * 230)
    assert (plan.zones["confidence"] == "M").all()
    assert plan.notes["note"].str.contains("按 30 m 假定").any()


# ---------------------------------------------------------------- circles
def test_circles_for_lakes_and_wells():
    plan = gt.protection_zones(
        sources((0, 0), (9_000, 0), kind=["lake", "groundwater"]), None
    )
    areas = plan.cumulative.groupby("water_source_id")["geometry"].apply(
        lambda shapes: [shape.area for shape in shapes]
    )
    assert areas["SY1"] == pytest.approx(
        [np.pi * r**2 for r in (500, 1_500, 2_500)], rel=1e-3
    )
    assert areas["SY2"] == pytest.approx([np.pi * r**2 for r in (300, 1_000)], rel=1e-3)
    assert (plan.zones["basis"] == "取水口").all()


def test_a_lake_is_cut_to_its_water_and_a_well_is_not():
    lake = gpd.GeoDataFrame(geometry=[box(X - 200, Y - 9e3, X + 200, Y + 9e3)], crs=CRS)
    points = sources((0, 0), (100, 0), kind=["lake", "groundwater"])
    plan = gt.protection_zones(points, None, water=lake.to_crs(4490))
    whole = plan.cumulative.set_index(["water_source_id", "level"]).geometry
    assert whole["SY1", "3"].area == pytest.approx(400 * 5_000, rel=1e-2)
    assert whole["SY2", "2"].area == pytest.approx(np.pi * 1e6, rel=1e-3)
    assert set(plan.zones["basis"]) == {"岸线", "取水口"}
    deep = gt.protection_zones(points, None, water=lake, rule="hj338")
    first = by_level(deep.zones)["1"]
    assert first.bounds[0] == pytest.approx(X - 400)  # 200 m of land from the water


def test_an_aquifer_decides_and_none_gives_no_zone():
    points = sources((0, 0), (9_000, 0), kind="groundwater", aquifer=["粗砂", None])
    plan = gt.protection_zones(points, None, rule="hj338")
    assert set(plan.zones["water_source_id"]) == {"SY1"}
    assert plan.cumulative.area.tolist() == pytest.approx(
        [np.pi * 100**2, np.pi * 1_000**2], rel=1e-3
    )
    errors = plan.notes[plan.notes["severity"] == "error"]
    assert errors["water_source_id"].tolist() == ["SY2"]


# ---------------------------------------------------------------- notes, not silence
def test_each_source_without_a_zone_has_an_error_note():
    points = sources((9_000, 0), (9_000, 700), None)
    plan = gt.protection_zones(points, network(STRAIGHT))
    assert set(plan.zones["water_source_id"]) == {"SY1"}
    errors = plan.notes[plan.notes["severity"] == "error"]
    assert errors["water_source_id"].tolist() == ["SY3", "SY2"]
    assert errors["note"].str.contains("未计算保护区").all()
    wider = gt.protection_zones(points, network(STRAIGHT), max_offset_m=700)
    assert set(wider.zones["water_source_id"]) == {"SY1", "SY2"}


def test_distance_counts_from_the_bank():
    points = sources((9_000, 1_400), kind="large_river")
    plan = gt.protection_zones(points, network(STRAIGHT, width_m=2_000.0))
    assert len(plan.zones) == 3
    assert plan.notes["note"].str.contains("大于半河宽").any()


@pytest.mark.parametrize("kind", [None, "", "喷泉"])
def test_a_kind_that_is_missing_or_unknown_takes_the_default(kind):
    plan = gt.protection_zones(sources((9_000, 0), kind=[kind]), network(STRAIGHT))
    assert by_level(plan.zones)["1"].area == pytest.approx(1_500 * 220)
    assert plan.notes["note"].str.contains("水源类型").any()


def test_chinese_kinds_are_read():
    plan = gt.protection_zones(sources((0, 0), kind="地下水型"), None)
    assert plan.zones["level"].tolist() == ["1", "2"]


def test_no_network_is_said():
    plan = gt.protection_zones(sources((9_000, 0)), None)
    assert plan.zones.empty
    assert plan.notes["note"].str.contains("没有河网").any()


def test_another_river_name_is_doubted():
    points = sources((9_000, 0), river="乙河")
    plan = gt.protection_zones(points, network(STRAIGHT))
    assert plan.notes["note"].str.contains("登记水体为“乙河”").any()
    same = gt.protection_zones(sources((9_000, 0), river="甲河"), network(STRAIGHT))
    assert not same.notes["note"].str.contains("登记水体").any()


def test_every_draft_row_says_that_it_is_a_draft():
    points = sources((9_000, 0), (9_000, 900), kind=["river", "lake"])
    zones = gt.protection_zones(points, network(STRAIGHT)).zones
    assert (zones["status"] == "draft").all()
    assert zones["note"].str.startswith("草案，供筛查，以批复为准").all()
    river = zones[zones["water_source_id"] == "SY1"]
    assert (river["basis"] == "中心线").all()
    assert river["note"].str.contains("可能偏小").all()


def test_no_sources_give_an_empty_layer_with_all_columns():
    plan = gt.protection_zones(sources((0, 0)).iloc[:0], network(STRAIGHT))
    assert len(plan.zones) == 0
    assert plan.zones.crs.to_epsg() == CRS
    assert {"zone_id", "level", "note", "geometry"} <= set(plan.zones.columns)
    assert isinstance(plan, ZonePlan)
    assert len(plan.cumulative) == 0


def test_plan_shows_itself_and_escapes_names():
    points = sources((9_000, 0), (9_000, 700))
    points["water_source_id"] = ["SY1", "<b>x</b>"]
    plan = gt.protection_zones(points, network(STRAIGHT))
    assert "3 draft" in repr(plan)
    assert "<b>x" not in plan._repr_html_()
    assert "&lt;b&gt;" in plan._repr_html_()


@pytest.mark.parametrize(
    ("change", "error", "word"),
    [
        (lambda s: s.drop(columns="water_source_id"), LayerError, "water_source_id"),
        (lambda s: s.assign(water_source_id="A"), LayerError, "唯一"),
        (lambda s: s.assign(water_source_id=[None, "A"]), LayerError, "唯一"),
        (lambda s: s.set_geometry(s.buffer(1)), LayerError, "Polygon"),
        (lambda s: s.set_crs(None, allow_override=True), CrsError, "坐标系"),
    ],
)
def test_bad_sources_are_refused_with_words(change, error, word):
    with pytest.raises(error, match=word):
        gt.protection_zones(change(sources((0, 0), (9, 9))), network(STRAIGHT))


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ("zhejiang", "jiangsu"),
        ({}, "kinds"),
        ({"kinds": {"river": {"shape": "square"}}}, "shape"),
        (own_rule((-1,), (5,), (5,)), "不小于 0"),
        (own_rule((float("nan"),), (5,), (5,)), "不小于 0"),
        (own_rule(("1000",), (5,), (5,)), "不小于 0"),
        ({"kinds": {"lake": {"shape": "radius"}}}, "没有水源类型"),
        ({"kinds": {"river": {"like": "river"}}}, "like"),
        ({"kinds": {"river": {"shape": "river", "levels": {"4": {}}}}}, "级别"),
    ],
)
def test_bad_rules_are_refused_with_words(rule, word):
    with pytest.raises(TableError, match=word):
        gt.protection_zones(sources((9_000, 0)), network(STRAIGHT), rule=rule)


def test_every_number_of_the_table_has_unit_source_and_confidence():
    from geotool.tables import load_table

    table = load_table("zones")

    def numbers(entry, path):
        if isinstance(entry, dict) and "value" in entry:
            yield path, entry
        elif isinstance(entry, dict):
            for key, value in entry.items():
                yield from numbers(value, (*path, key))
        else:
            assert not isinstance(entry, int | float), path

    found = list(numbers(table, ()))
    assert len(found) > 50
    for path, entry in found:
        assert path[-1].endswith("_m"), path
        assert entry["source"] in table["sources"], path
        assert entry["confidence"] in ("V", "1", "M"), path
    kinds = gt.schema.layer_kind("water_sources").columns["kind"].allowed
    for rule in table["rules"]:
        for kind in kinds:
            assert zone_rule(rule).kind_rule(kind).shape in ("river", "radius")


# ---------------------------------------------------------------- approved
@pytest.mark.parametrize("crs", [CRS, 4490])
def test_approved_zones_take_the_place_of_drafts(crs):
    given = approved(
        ("SY1", "一级", box(8_000, -50, 9_100, 50)),
        ("SY1", 2, box(5_000, -50, 9_500, 50)),
        crs=crs,
        approval="苏政复〔2009〕2号",
    )
    points = sources((9_000, 0), (15_000, 0))
    plan = gt.protection_zones(points, network(STRAIGHT), approved=given)
    mine = plan.zones[plan.zones["water_source_id"] == "SY1"]
    assert mine["status"].tolist() == ["approved"] * 2
    assert mine["level"].tolist() == ["1", "2"]
    assert mine.geometry.iloc[0].area == pytest.approx(1_100 * 100, rel=1e-6)
    assert mine["approval"].tolist() == ["苏政复〔2009〕2号"] * 2
    other = plan.zones[plan.zones["water_source_id"] == "SY2"]
    assert other["status"].tolist() == ["draft"] * 3
    assert plan.zones["zone_id"].is_unique


def test_rows_that_are_not_approved_zones_do_not_override():
    given = approved(
        ("SY1", "1", box(0, 0, 9, 9)),
        ("SY1", "1", box(0, 0, 9, 9)),
        ("SY1", "1", Polygon()),
        status=["草案", "已批复", "已批复"],
        kind=["protection", "buffer", "protection"],
    )
    plan = gt.protection_zones(sources((9_000, 0)), network(STRAIGHT), approved=given)
    assert plan.zones["status"].tolist() == ["draft"] * 3
    assert plan.notes["note"].str.contains("未采用").sum() == 3


def test_approved_zones_that_are_odd_are_kept_and_noted():
    bow = Polygon([(0, 0), (100, 100), (100, 0), (0, 100)])
    given = approved(
        ("SY1", "核心区", box(8_000, -50, 9_100, 50)),
        (None, "1", box(0, 0, 90, 90)),
        ("SY9", "1", bow),
        crs=4490,
    )
    plan = gt.protection_zones(sources((9_000, 0)), network(STRAIGHT), approved=given)
    assert len(plan.zones) == 3
    assert plan.zones.geometry.is_valid.all()
    assert plan.zones.area.iloc[2] == pytest.approx(2 * 2_500, rel=1e-3)
    for word in ("级别", "没有水源地编号", "自相交", "缺"):
        assert plan.notes["note"].str.contains(word).any(), word
    with pytest.raises(LayerError, match="water_source_id"):
        gt.protection_zones(
            sources((9_000, 0)),
            network(STRAIGHT),
            approved=given.drop(columns="water_source_id"),
        )


# ---------------------------------------------------------------- buffers
def test_a_buffer_is_the_land_beside_the_water():
    band = buffer(rivers(STRAIGHT[0], width_m=[40.0]), 50)
    caps = shapely.buffer(Point(0, 0), 1, quad_segs=16).area
    want = 2 * 20_000 * 50 + caps * (70**2 - 20**2)
    assert band.area.iloc[0] == pytest.approx(want, rel=1e-9)
    assert band["basis"].tolist() == ["中心线"]
    assert not band.intersects(Point(X + 5_000, Y + 15)).iloc[0]


def buffer(layer, distance_m, **options):
    return gt.buffer_zones(layer, distance_m=distance_m, **options)


def test_a_buffer_of_water_polygons_starts_at_the_bank():
    band = buffer(rivers(box(0, 0, 1_000, 500)), 100)
    assert band["basis"].tolist() == ["岸线"]
    assert band.total_bounds == pytest.approx((X - 100, Y - 100, X + 1_100, Y + 600))
    assert band["note"].isna().all()


@pytest.mark.parametrize(("lon", "lat"), [(120.9, 32.0), (25.0, 70.0), (126.0, 53.0)])
def test_a_buffer_in_degrees_is_as_wide_in_metres_at_any_latitude(lon, lat):
    line = LineString([(lon, lat), (lon + 0.05, lat + 0.01)])
    layer = gpd.GeoDataFrame({"width_m": [0.0]}, geometry=[line], crs=4326)
    band = buffer(layer, 1_000, assumed_width_m=20)
    assert band.crs.to_epsg() == 4326
    edge = shapely.get_coordinates(band.geometry.iloc[0].exterior)
    geod = Geod(ellps="WGS84")
    along = [line.interpolate(s, normalized=True) for s in np.linspace(0, 1, 2_001)]
    xs, ys = np.array([p.x for p in along]), np.array([p.y for p in along])
    for x, y in edge[:: max(1, len(edge) // 25)]:
        n = len(xs)
        far = geod.inv(np.full(n, x), np.full(n, y), xs, ys)[2].min()
        assert far == pytest.approx(1_010, rel=2e-3)


def test_buffers_dissolve_or_stay_apart_by_a_column():
    layer = rivers(*CONFLUENCE, name=["甲", "乙", "甲"], width_m=[20.0, None, 20.0])
    assert len(buffer(layer, 100)) == 1
    apart = buffer(layer, 100, by="name", kind="survey", rule="两公里排查带")
    assert apart["name"].tolist() == ["乙", "甲"]
    assert apart["zone_id"].is_unique
    assert apart["kind"].unique().tolist() == ["survey"]
    assert apart["note"].str.contains("假定").tolist() == [True, False]
    together = shapely.union_all(apart.geometry)
    whole = buffer(layer, 100).geometry.iloc[0]
    assert together.symmetric_difference(whole).area < 1e-3


@settings(max_examples=20, deadline=None)
@given(st.floats(1, 500), st.floats(1, 500), st.floats(1, 300))
def test_buffers_grow_with_distance(one, two, width):
    layer = rivers(*LOOP, width_m=[width] * 4)
    near, far = sorted((one, two))
    small, large = (buffer(layer, d).geometry.iloc[0] for d in (near, far))
    assert small.difference(large).area < 1.0  # arcs are chords


def test_empty_rivers_give_no_buffer():
    band = buffer(rivers(STRAIGHT[0]).iloc[:0], 50)
    assert len(band) == 0
    assert "basis" in band.columns


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"distance_m": 0}, "distance_m"),
        ({"distance_m": float("nan")}, "distance_m"),
        ({"distance_m": 50, "kind": "protection"}, "protection"),
        ({"distance_m": 50, "by": "color"}, "color"),
    ],
)
def test_bad_buffers_are_refused_with_words(options, word):
    with pytest.raises(LayerError, match=word):
        gt.buffer_zones(rivers(STRAIGHT[0]), **options)


def test_buffers_of_points_are_refused():
    with pytest.raises(LayerError, match="Point"):
        buffer(rivers(Point(0, 0)), 50)

"""Zones follow the water, nest, and never promise more than the data know."""

import itertools
from datetime import date, datetime

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import LineString, Point, Polygon, box

import geotool as gt
from geotool.errors import CrsError, GeotoolError, LayerError, TableError
from geotool.network import RiverNetwork
from geotool.network._model import STRUCTURE_COLUMNS
from geotool.zones import ZonePlan
from geotool.zones._bands import near_bank_part, stretch_band
from geotool.zones._rules import zone_rule

X, Y, CRS = 500_000.0, 3_540_000.0, 4549
CODE, OLD_LAW = "《生态环境法典》第三百一十八条", "《水污染防治法》第六十四条"


# ---------------------------------------------------------------- drawing
def network(lines, *, mode="normal", width_m=20.0, names=None, gate=None, crs=CRS):
    """Make a network of lines that meet at equal end points."""
    lines = [
        shapely.transform(line, lambda xy: xy + np.array((X, Y))) for line in lines
    ]
    if crs != CRS:
        lines = list(gpd.GeoSeries(lines, crs=CRS).to_crs(crs))
    ends = [tuple(line.coords[k]) for line in lines for k in (0, -1)]
    places = list(dict.fromkeys(ends))
    number = {place: k for k, place in enumerate(places)}
    n = len(lines)
    reaches = gpd.GeoDataFrame(
        {
            "reach_id": [f"R{k}" for k in range(n)],
            "river_id": [f"V{k}" for k in range(n)],
            "name": names or ["甲河"] * n,
            "from_node": [number[ends[2 * k]] for k in range(n)],
            "to_node": [number[ends[2 * k + 1]] for k in range(n)],
            "length_m": [line.length for line in lines],
            "flow_mode": [mode] * n if isinstance(mode, str) else mode,
            "direction_source": "given",
            "direction_confidence": 0.95,
            "width_m": width_m,
            "depth_m": np.nan,
            "flow_m3_s": np.nan,
            "velocity_m_s": np.nan,
        },
        geometry=lines,
        crs=crs,
    )
    nodes = gpd.GeoDataFrame(
        {"node_id": range(len(places)), "kind": "end", "structure_id": None},
        geometry=[Point(place) for place in places],
        crs=crs,
    )
    rows = (
        [] if gate is None else [("Z1", gate, "闸一", "sluice", "internal", "closed")]
    )
    structures = pd.DataFrame(rows, columns=list(STRUCTURE_COLUMNS))
    if gate is not None:
        nodes.loc[gate, ["kind", "structure_id"]] = ["structure", "Z1"]
    return RiverNetwork(reaches, nodes, structures)


def sources(*points, kind="river", crs=CRS, **columns):
    shapes = [None if p is None else Point(p[0] + X, p[1] + Y) for p in points]
    table = {
        "water_source_id": [f"SY{k + 1}" for k in range(len(points))],
        "name": [f"水源{k + 1}" for k in range(len(points))],
        "kind": kind,
        **columns,
    }
    layer = gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)
    return layer if crs == CRS else layer.to_crs(crs)


STRAIGHT = [LineString([(0, 0), (20_000, 0)])]
BEND = [
    LineString([(0, 0), (6_000, 0)]),
    LineString([(6_000, 0), (6_400, 700), (6_400, 5_000)]),
]
CONFLUENCE = [
    LineString([(0, 3_000), (4_000, 0)]),
    LineString([(0, -4_000), (4_000, 0)]),
    LineString([(4_000, 0), (12_000, 0)]),
]
LOOP = [
    LineString([(0, 0), (6_000, 0)]),
    LineString([(6_000, 0), (7_000, 900), (8_000, 0)]),
    LineString([(6_000, 0), (7_000, -700), (8_000, 0)]),
    LineString([(8_000, 0), (16_000, 0)]),
]
DRAWN = {
    "straight": (STRAIGHT, (9_000, 0)),
    "bend": (BEND, (6_400, 900)),
    "confluence": (CONFLUENCE, (4_500, 0)),
    "loop": (LOOP, (8_400, 0)),
    "within the loop": (LOOP, (7_000, 900)),
    "at a confluence": (CONFLUENCE, (4_000, 0)),
    "at the first end": (STRAIGHT, (0, 0)),
    "at the last end": (STRAIGHT, (20_000, 0)),
}


def plan_of(lines, place, **options):
    keep = {key: options.pop(key) for key in ("mode", "width_m") if key in options}
    return gt.protection_zones(sources(place), network(lines, **keep), **options)


def own_rule(up, down, land, *, width=30):
    levels = {
        str(k + 1): {"up_m": u, "down_m": d, "land_m": a}
        for k, (u, d, a) in enumerate(zip(up, down, land, strict=True))
    }
    river = {"shape": "river", "assumed_width_m": width, "levels": levels}
    return {"key": "own", "kinds": {"river": river}}


def by_level(layer):
    return dict(zip(layer["level"], layer.geometry, strict=True))


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
def approved(*rows, crs=CRS, **columns):
    table = pd.DataFrame(rows, columns=["water_source_id", "level", "geometry"])
    shapes = [
        shapely.transform(s, lambda xy: xy + np.array((X, Y)))
        for s in table.pop("geometry")
    ]
    return gpd.GeoDataFrame(table.assign(**columns), geometry=shapes, crs=CRS).to_crs(
        crs
    )


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
def rivers(*lines, crs=CRS, **columns):
    shapes = [
        shapely.transform(line, lambda xy: xy + np.array((X, Y))) for line in lines
    ]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS).to_crs(crs)


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


# ---------------------------------------------------------------- screening
AFTER, BEFORE = date(2026, 8, 15), date(2026, 8, 14)


def zone_layer(status="approved", **columns):
    """Level 1 within 0…2000, level 2 to 4000, level 3 to 6000, all from x = 0."""
    return approved(
        ("SY1", "1", box(0, 0, 2_000, 10_000)),
        ("SY1", "2", box(2_000, 0, 4_000, 10_000)),
        ("SY1", "3", box(4_000, 0, 6_000, 10_000)),
        zone_id=["Z1", "Z2", "Z3"],
        name=["甲一级", "甲二级", "甲准"],
        kind="protection",
        status=status,
        **columns,
    )


def outfalls(*xs, status="known", y=5_000, crs=CRS, **columns):
    table = {
        "outfall_id": [f"P{k}" for k in range(len(xs))],
        "phone": "138",
        **columns,
    }
    if status is not None:
        table["datum_status"] = status
    shapes = [None if x is None else Point(x + X, y + Y) for x in xs]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS).to_crs(crs)


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
    row = gt.screen_points(outfalls(1_000), zone_layer()).iloc[0]
    assert row["law_on"] == date.today().isoformat()
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

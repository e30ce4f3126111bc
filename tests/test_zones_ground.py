"""Banks, dykes, limits and whole waters, held against areas found by other means."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from _zones_drawn import (
    BEND,
    CONFLUENCE,
    CRS,
    DRAWN,
    LOOP,
    STRAIGHT,
    X,
    Y,
    by_level,
    network,
    own_rule,
    plan_of,
    sources,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from shapely import LineString, Point, Polygon, box

import geotool as gt
from geotool.errors import CrsError, LayerError, TableError
from geotool.zones._area import areas_m2
from geotool.zones._bands import QUADRANT_SEGMENTS


def layer(*shapes, crs=CRS, **columns):
    moved = [shapely.transform(s, lambda xy: xy + np.array((X, Y))) for s in shapes]
    return gpd.GeoDataFrame(columns, geometry=moved, crs=CRS).to_crs(crs)


def bands(lines, half):
    """Draw water polygons as wide as the width says."""
    return layer(
        shapely.union_all(
            [line.buffer(half, quad_segs=QUADRANT_SEGMENTS) for line in lines]
        )
    )


def note_of(plan, word):
    return plan.notes["note"].str.contains(word, regex=False).any()


# ---------------------------------------------------------------- banks
@pytest.mark.parametrize("name", DRAWN)
def test_a_water_polygon_as_wide_as_the_width_gives_the_same_zone(name):
    lines, place = DRAWN[name]
    plain = plan_of(lines, place, width_m=60.0)
    polygon = plan_of(lines, place, width_m=np.nan, water=bands(lines, 30.0))
    assert set(polygon.zones["basis"]) == {"岸线"}
    assert (polygon.zones["confidence"] == "V").all()
    ends = {xy for line in lines for xy in (line.coords[0], line.coords[-1])}
    # beyond the last vertex of a line the polygon has water that the width has not
    caps = shapely.union_all([Point(x + X, y + Y).buffer(140) for x, y in ends])
    for level, area in by_level(plain.cumulative).items():
        other = by_level(polygon.cumulative)[level]
        differs = shapely.difference(area.symmetric_difference(other), caps)
        assert differs.area < 2e-3 * area.area


def test_the_bank_of_a_polygon_is_where_land_starts():
    wide = layer(box(-1_000, -40, 21_000, 200))
    plan = plan_of(STRAIGHT, (9_000, 0), water=wide)
    want = (X + 8_000, Y - 140, X + 9_500, Y + 300)
    assert by_level(plan.zones)["1"].bounds == pytest.approx(want)
    assert by_level(plan.cumulative)["3"].area == pytest.approx(7_000 * 440, rel=1e-9)
    assert not note_of(plan, "假定")


def test_water_of_another_river_in_the_same_polygon_is_left_out():
    lines = [*STRAIGHT, LineString([(0, 400), (20_000, 400)])]
    lake = layer(box(-100, -100, 20_100, 500))
    net = network(lines, names=["甲河", "乙河"])
    rule = own_rule((1_000,), (500,), (0,))
    area = by_level(
        gt.protection_zones(sources((9_000, 0)), net, water=lake, rule=rule).zones
    )["1"]
    # the water between the two centrelines is shared half and half
    assert area.bounds == pytest.approx((X + 8_000, Y - 100, X + 9_500, Y + 200), abs=1)
    assert area.area == pytest.approx(1_500 * 300, rel=1e-3)


def test_a_pond_beyond_land_is_not_the_river():
    water = layer(box(-100, -20, 20_100, 20), box(8_500, 60, 8_600, 160))
    plan = plan_of(STRAIGHT, (9_000, 0), water=water)
    assert by_level(plan.zones)["1"].area == pytest.approx(1_500 * 240, rel=1e-9)


def test_where_the_polygon_ends_the_width_goes_on():
    half = layer(box(-100, -50, 8_500, 50))
    plan = plan_of(STRAIGHT, (9_000, 0), water=half, width_m=40.0)
    first = by_level(plan.zones)["1"]
    assert set(plan.zones["basis"]) == {"部分岸线"}
    assert first.covers(Point(X + 8_200, Y + 149))
    assert first.covers(Point(X + 9_200, Y + 119))
    assert not first.covers(Point(X + 9_200, Y + 121))


def test_area_agrees_with_darts_thrown_at_it():
    "the zone is the water within river distance and all land near it, by definition"
    lines, place = CONFLUENCE, (4_500, 0)
    water = bands(lines, 80.0)
    rule = own_rule((2_500,), (800,), (100,))
    area = by_level(plan_of(lines, place, water=water, rule=rule).zones)["1"]
    rng = np.random.default_rng(7)
    west, south, east, north = area.buffer(300).bounds
    count = 20_000
    xy = rng.uniform((west, south), (east, north), (count, 2))
    dots = shapely.points(xy)
    # by hand: up to the junction 500 m, then 2 000 m up both tributaries
    axes = [LineString([(4_000, 0), (5_300, 0)])]
    for line in lines[:2]:
        axes.append(shapely.ops.substring(line, line.length - 2_000, line.length))
    axes = [shapely.transform(a, lambda v: v + np.array((X, Y))) for a in axes]
    inside = np.zeros(count, dtype=bool)
    for axis in axes:
        at = shapely.line_locate_point(axis, dots)
        beside = (at > 0) & (at < axis.length)
        inside |= beside & (shapely.distance(axis, dots) <= 180)
    inside |= shapely.distance(Point(X + 4_000, Y), dots) <= 180
    estimate = inside.mean() * (east - west) * (north - south)
    # three sigmas of the throw
    sigma = np.sqrt(inside.mean() * (1 - inside.mean()) / count)
    tolerance = 3 * sigma * (east - west) * (north - south)
    assert area.area == pytest.approx(estimate, abs=tolerance)


@pytest.mark.parametrize("crs", [4490, 4550, 32651])
def test_the_same_ground_whatever_system_the_layers_are_in(crs):
    water, dyke = bands(BEND, 40.0), layer(LineString([(0, 90), (6_000, 90)]))
    plain = plan_of(BEND, (5_000, 0), water=water, dykes=dyke)
    moved = plan_of(BEND, (5_000, 0), water=water.to_crs(crs), dykes=dyke.to_crs(crs))
    for level, area in by_level(plain.zones).items():
        other = by_level(moved.zones)[level]
        assert area.symmetric_difference(other).area < 2e-3 * area.area


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.integers(-40, 40), min_size=3, max_size=6),
    st.floats(0.1, 0.9),
    st.floats(8, 120),
    st.integers(0, 200),
)
def test_levels_nest_and_grow_on_any_river_with_a_polygon(turns, share, half, land):
    heading = np.cumsum(np.radians(turns))
    steps = np.stack([np.cos(heading), np.sin(heading)], axis=1) * 900
    points = np.vstack([[0, 0], np.cumsum(steps, axis=0)])
    lines = [LineString(points[k : k + 2]) for k in range(len(turns))]
    place = LineString(points).interpolate(share, normalized=True)
    rule = own_rule((400, 700), (300, 500), (land / 2, land))
    plan = plan_of(lines, (place.x, place.y), rule=rule, water=bands(lines, half))
    rings, whole = by_level(plan.zones), by_level(plan.cumulative)
    assert whole["1"].covers(Point(place.x + X, place.y + Y).buffer(0.01))
    if "2" in rings:
        assert rings["1"].intersection(rings["2"]).area < 1e-3
        assert whole["1"].difference(whole["2"]).area < 1e-3
    wider = plan_of(lines, (place.x, place.y), rule=rule, water=bands(lines, half + 20))
    assert whole["1"].difference(by_level(wider.cumulative)["1"]).area < 1.0


# ---------------------------------------------------------------- dykes
def test_land_counts_from_the_toe_on_the_side_that_has_one():
    dyke = layer(LineString([(0, 60), (20_000, 60)]))
    plan = plan_of(STRAIGHT, (9_000, 0), dykes=dyke)
    want = (X + 8_000, Y - 110, X + 9_500, Y + 160)
    assert by_level(plan.zones)["1"].bounds == pytest.approx(want)
    assert by_level(plan.zones)["1"].area == pytest.approx(1_500 * 270, rel=1e-6)
    assert note_of(plan, "从堤脚线起算")
    assert not note_of(plan, "可能偏小；")


def test_a_dyke_along_half_of_the_stretch_counts_there_only():
    dyke = layer(LineString([(8_600, 60), (20_000, 60)]))
    first = by_level(plan_of(STRAIGHT, (9_000, 0), dykes=dyke).zones)["1"]
    assert first.covers(Point(X + 9_000, Y + 155))
    assert not first.covers(Point(X + 8_300, Y + 115))


def test_without_a_dyke_the_draft_says_that_it_may_be_too_small():
    none = plan_of(STRAIGHT, (9_000, 0))
    assert none.zones["note"].str.contains("未给堤脚线").all()
    far = plan_of(STRAIGHT, (9_000, 0), dykes=layer(LineString([(0, 900), (9, 900)])))
    assert far.zones["note"].str.contains("500 m 内没有堤脚线").all()


def test_hj338_ends_at_the_dyke_and_keeps_the_water():
    dyke = layer(LineString([(0, 40), (20_000, 40)]))
    plan = plan_of(STRAIGHT, (9_000, 0), dykes=dyke, rule="hj338")
    whole = by_level(plan.cumulative)
    assert whole["2"].bounds == pytest.approx((X + 6_000, Y - 1_010, X + 9_300, Y + 40))
    inner = layer(LineString([(0, 5), (20_000, 5)]))  # a line drawn in the water
    wet = by_level(plan_of(STRAIGHT, (9_000, 0), dykes=inner, rule="hj338").zones)
    assert wet["1"].covers(Point(X + 9_000, Y + 9.9))


# ---------------------------------------------------------------- limits
def test_a_limit_cuts_and_the_cut_is_told():
    limit = layer(box(7_500, -5_000, 30_000, 50), crs=4490)
    plan = plan_of(STRAIGHT, (9_000, 0), clip=limit)
    whole = by_level(plan.cumulative)
    assert whole["1"].area == pytest.approx(1_500 * 160, rel=1e-4)
    assert whole["2"].area == pytest.approx(2_500 * 160, rel=1e-4)
    told = plan.notes.loc[plan.notes["note"].str.contains("裁去"), "note"].iloc[0]
    free = by_level(plan_of(STRAIGHT, (9_000, 0)).cumulative)
    assert f"一级 {free['1'].area - whole['1'].area:.0f} m²" in told
    assert plan.zones["note"].str.contains("裁去").all()
    assert whole["1"].difference(whole["2"]).area < 1e-3


def test_a_limit_that_does_not_hold_the_intake_cuts_nothing():
    plan = plan_of(STRAIGHT, (9_000, 0), clip=layer(box(0, 0, 100, 100)))
    assert by_level(plan.zones)["1"].area == pytest.approx(1_500 * 220)
    assert note_of(plan, "裁剪界线之外")


def test_cutting_along_an_edge_that_is_off_by_millimetres_leaves_no_sliver():
    limit = layer(box(0, -300, 9_000, 109.996), box(9_000, -300, 30_000, 300))
    plan = plan_of(STRAIGHT, (9_000, 0), clip=limit)
    for area in plan.zones.geometry:
        parts = shapely.get_parts(area)
        assert not shapely.is_empty(shapely.buffer(parts, -0.04)).any()


# ---------------------------------------------------------------- whole waters
POND = box(-300, -200, 300, 200)
BASIN = box(-2_000, -1_500, 2_000, 1_500)


def test_a_small_reservoir_is_protected_whole_with_its_catchment():
    points = sources((0, 0), kind="reservoir", capacity_m3=[5e6])
    basin = layer(BASIN, water_source_id=["SY1"])
    plan = gt.protection_zones(points, None, water=layer(POND), catchments=basin)
    whole = by_level(plan.cumulative)
    assert whole["1"].area == pytest.approx(POND.area)
    assert whole["2"].area == pytest.approx(BASIN.area)
    assert plan.zones["basis"].tolist() == ["岸线", "汇水区"]
    assert (plan.zones["confidence"] == "M").all()  # the limit of size is from memory
    assert note_of(plan, "capacity_m3=5e+06 判为 small")


def test_what_is_missing_for_a_whole_water_is_an_error_note_not_a_circle():
    points = sources((0, 0), kind="reservoir", size=["small"])
    plan = gt.protection_zones(points, None)
    assert len(plan.zones) == 0
    errors = plan.notes.loc[plan.notes["severity"] == "error", "note"]
    assert errors.str.contains("未计算保护区").sum() == 2
    around = gt.protection_zones(
        points, None, water=layer(POND), catchments=layer(BASIN)
    )
    assert around.zones["level"].tolist() == ["1", "2"]


@pytest.mark.parametrize(
    ("columns", "size"),
    [
        ({"kind": "reservoir", "size": ["large"], "capacity_m3": [1.0]}, "large"),
        ({"kind": "reservoir", "capacity_m3": [9.9e6]}, "small"),
        ({"kind": "reservoir", "capacity_m3": [1e7]}, "medium"),
        ({"kind": "reservoir", "capacity_m3": [1e8]}, "large"),
        ({"kind": "reservoir", "capacity_m3": [None]}, "large"),
        ({"kind": "lake"}, "small"),
    ],
)
def test_size_decides_the_rule(columns, size):
    from geotool.zones._rules import zone_rule

    plan = gt.protection_zones(
        sources((0, 0), **columns),
        None,
        water=layer(POND),
        catchments=layer(BASIN),
        rule="hj338",
    )
    want = zone_rule("hj338").kind_rule(columns["kind"], size)
    assert len(plan.zones) == len(want.extents)
    area = by_level(plan.zones)["1"]
    radius, land = want.extents[0].radius_m, want.extents[0].land_m
    wet = (
        POND
        if size == "small" and columns["kind"] == "reservoir"
        else (POND.intersection(Point(0, 0).buffer(radius, quad_segs=64)))
    )
    all_ = wet.union(wet.buffer(land, quad_segs=64).difference(POND))
    assert area.area == pytest.approx(all_.area, rel=1e-6)


def test_land_by_a_lake_is_land_and_not_more_lake():
    big = layer(box(-9_000, -9_000, 9_000, 0))
    plan = gt.protection_zones(
        sources((0, 0), kind="lake", size=["large"]), None, water=big, rule="hj338"
    )
    first = by_level(plan.zones)["1"]
    assert not first.covers(Point(X, Y - 600))  # water beyond the radius of 500 m
    assert first.covers(Point(X, Y + 199))
    assert first.covers(Point(X + 690, Y + 1))


# ---------------------------------------------------------------- crossing rivers
def test_a_river_that_joins_counts_from_the_junction():
    lines = [
        LineString([(0, 0), (8_700, 0)]),
        LineString([(8_700, 0), (20_000, 0)]),
        LineString([(8_700, 6_000), (8_700, 0)]),
        LineString([(8_700, -6_000), (8_700, 0)]),
    ]
    names = ["甲河", "甲河", "乙河", "丙河"]
    mode = ["normal", "normal", "normal", "normal"]
    net = network(lines, names=names, mode=mode)
    # 丙河 runs away from the junction: it brings nothing
    away = network([*lines[:3], lines[3].reverse()], names=names, mode=mode)
    for one, south in ((net, 2_700 + 0.5), (away, 110)):
        second = by_level(gt.protection_zones(sources((9_000, 0)), one).cumulative)["2"]
        # by river distance from the intake 3 000 - 300, from the junction 2 000
        assert second.bounds[3] == pytest.approx(Y + 2_700, abs=1)
        assert second.bounds[1] == pytest.approx(Y - south, abs=1)


def test_a_river_that_joins_below_the_intake_counts_all_the_same():
    lines = [
        LineString([(0, 0), (9_800, 0)]),
        LineString([(9_800, 0), (20_000, 0)]),
        LineString([(9_800, 6_000), (9_800, 0)]),
    ]
    net = network(lines, names=["甲河", "甲河", "乙河"])
    plan = gt.protection_zones(sources((9_000, 0)), net)
    whole = by_level(plan.cumulative)
    assert whole["1"].bounds[3] == pytest.approx(Y + 110)
    assert whole["2"].bounds[3] == pytest.approx(Y + 2_000)
    assert note_of(plan, "平交")


def test_crossing_water_is_found_as_by_networkx():
    "on a random net of ditches that run either way, by shortest paths from junctions"
    import networkx as nx

    from geotool.zones._crossing import crossing_pieces

    rng = np.random.default_rng(4)
    side = 5
    lines, main = [], []
    for i in range(side):
        for j in range(side):
            for di, dj in ((1, 0), (0, 1)):
                if i + di < side and j + dj < side and (j == 0 or rng.random() < 0.8):
                    lines.append(
                        LineString(
                            [(300 * i, 300 * j), (300 * (i + di), 300 * (j + dj))]
                        )
                    )
                    main.append(j == 0 and dj == 0)
    names = ["干河" if each else f"沟{k}" for k, each in enumerate(main)]
    mode = [rng.choice(["normal", "unknown"]) for _ in lines]
    net = network(lines, names=names, mode=mode)
    own = {f"R{k}" for k, each in enumerate(main) if each}
    pieces = net.reaches[net.reaches["reach_id"].isin(own)].assign(
        from_measure_m=0.0, to_measure_m=lambda t: t["length_m"]
    )
    found = crossing_pieces(net, pieces, own, 700.0)
    graph = nx.MultiDiGraph()
    for row in net.reaches.itertuples():
        if row.reach_id not in own:
            graph.add_edge(row.to_node, row.from_node, weight=row.length_m)
            if row.flow_mode != "normal":
                graph.add_edge(row.from_node, row.to_node, weight=row.length_m)
    starts = {*net.reaches.loc[main, "from_node"], *net.reaches.loc[main, "to_node"]}
    starts = [s for s in starts if s in graph]
    away = nx.multi_source_dijkstra_path_length(graph, starts, weight="weight")
    want = {
        row.reach_id
        for row in net.reaches.itertuples()
        if row.reach_id not in own
        and (
            away.get(row.to_node, 9e9) < 700
            or (row.flow_mode != "normal" and away.get(row.from_node, 9e9) < 700)
        )
    }
    assert set(found["reach_id"]) == want
    assert (shapely.length(found.geometry.to_numpy()) <= 700).all()


# ---------------------------------------------------------------- state, area, files
@pytest.mark.parametrize(
    ("status", "word"),
    [
        ("备用", "同样适用"),
        ("应急", "同样适用"),
        ("规划", "尚未生效"),
        ("已取消", "批复为准"),
    ],
)
def test_standby_and_emergency_sources_count(status, word):
    plan = gt.protection_zones(sources((9_000, 0), status=[status]), network(STRAIGHT))
    assert plan.zones["level"].tolist() == ["1", "2", "3"]
    assert (plan.zones["source_status"] == status).all()
    assert plan.zones["note"].str.contains(word).all()
    quiet = gt.protection_zones(sources((9_000, 0), status=["在用"]), network(STRAIGHT))
    assert not quiet.notes["note"].str.contains("使用状态").any()


def test_areas_are_those_of_the_ellipsoid_in_any_system():
    plan = plan_of(LOOP, (8_400, 0))
    geod = Geod(ellps="GRS80")
    for crs in (CRS, 4490, 4550, 3857):
        moved = plan.zones.to_crs(crs)
        truth = [
            abs(geod.geometry_area_perimeter(shape)[0])
            for shape in plan.zones.to_crs(4490).geometry
        ]
        assert areas_m2(moved) == pytest.approx(truth, rel=1e-6)
    assert plan.zones["area_m2"].to_numpy(float) == pytest.approx(truth, rel=1e-6)
    total = plan.cumulative["area_m2"].iloc[-1]
    assert total == pytest.approx(plan.zones["area_m2"].sum(), rel=1e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(75, 135), st.floats(18, 75))
def test_areas_hold_at_any_place(lon, lat):
    shape = Polygon([(lon, lat), (lon + 0.02, lat), (lon + 0.01, lat + 0.02)])
    found = areas_m2(gpd.GeoDataFrame(geometry=[shape], crs=4490))[0]
    truth = abs(Geod(ellps="GRS80").geometry_area_perimeter(shape)[0])
    assert found == pytest.approx(truth, rel=1e-5)


def test_a_rule_may_be_a_file_of_your_own(tmp_path):
    path = tmp_path / "本县.toml"
    path.write_text(
        'zh = "本县规定"\n[kinds.river]\nshape = "river"\n'
        "[kinds.river.levels.1]\nup_m = 300\ndown_m = 100\nland_m = 20\n",
        encoding="utf-8",
    )
    for rule in (path, str(path)):
        plan = plan_of(STRAIGHT, (9_000, 0), rule=rule)
        assert plan.zones.area.tolist() == pytest.approx([400 * 60])
        assert plan.zones["confidence"].tolist() == ["1"]


@pytest.mark.parametrize(
    ("options", "error", "word"),
    [
        ({"water": layer(LineString([(0, 0), (9, 9)]))}, LayerError, "water"),
        ({"dykes": layer(box(0, 0, 9, 9))}, LayerError, "dykes"),
        ({"clip": layer(Point(0, 0))}, LayerError, "clip"),
        (
            {"clip": layer(POND).set_crs(None, allow_override=True)},
            CrsError,
            "clip",
        ),
        (
            {"rule": {"kinds": {"river": {"shape": "river", "dyke": "wall"}}}},
            TableError,
            "dyke",
        ),
        (
            {
                "rule": {
                    "kinds": {
                        "river": {"shape": "river", "levels": {"1": {"area": "sea"}}}
                    }
                }
            },
            TableError,
            "area",
        ),
    ],
)
def test_bad_ground_is_refused_with_words(options, error, word):
    with pytest.raises(error, match=word):
        plan_of(STRAIGHT, (9_000, 0), **options)


def test_a_stretch_reached_from_both_ways_ends_flat_all_the_same():
    "traced up and down, a polder ditch is there twice"
    rule = own_rule((1_000,), (1_000,), (100,))
    plan = plan_of(STRAIGHT, (9_000, 0), mode="unknown", rule=rule)
    area = by_level(plan.zones)["1"]
    assert area.area == pytest.approx(2_000 * 220, rel=1e-9)

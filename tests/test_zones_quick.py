"""Points judged by compiled loops have the verdicts they have without."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from _zones_drawn import AFTER, CRS, zone_layer
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, Polygon, box

import geotool as gt
from geotool.zones import _quick, _screening
from geotool.zones._measure import IS_THERE

pytestmark = pytest.mark.skipif(not IS_THERE, reason="numba is not installed")


def both(points, zones, **options):
    """Screen with and without compiled loops; the tables must be the same."""
    options = {"on": AFTER, "nearest_within_m": 0, **options}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_screening, "COMPILED_FROM", 0)
        quick = gt.screen_points(points, zones, **options)
        patch.setattr(_screening, "IS_THERE", False)
        plain = gt.screen_points(points, zones, **options)
    for one in (quick, plain):
        for name in one.select_dtypes("category"):
            one[name] = one[name].astype(object)
    # of two zones as far to rounding either may be named; nothing else may differ
    other = quick["zone_id"].fillna("") != plain["zone_id"].fillna("")
    shapes = zones.to_crs(points.crs).set_index("zone_id").geometry
    for at, one, two in zip(
        points.geometry[other],
        quick["zone_id"][other],
        plain["zone_id"][other],
        strict=True,
    ):
        assert at.distance(shapes[one]) == pytest.approx(
            at.distance(shapes[two]), abs=1e-6
        )
    decides = ["grade", "distance_m", "clause", "uncertainty_m"]
    for columns, rows in ((decides, quick.index), (list(quick), ~other)):
        pd.testing.assert_frame_equal(
            pd.DataFrame(quick.loc[rows, columns]),
            pd.DataFrame(plain.loc[rows, columns]),
            rtol=0,
            atol=1e-6,
        )
    return quick


def layer_of(shapes, rng):
    count = len(shapes)
    return gpd.GeoDataFrame(
        {
            "zone_id": [f"Z{k}" for k in range(count)],
            "level": rng.choice(["1", "2", "3", None], count, p=[0.3, 0.3, 0.3, 0.1]),
            "status": rng.choice(["approved", "draft"], count),
            "datum_status": rng.choice(["known", "unknown"], count, p=[0.9, 0.1]),
        },
        geometry=shapes,
        crs=CRS,
    )


def points_of(xy, rng):
    status = rng.choice(["known", "declared", "unknown", None], len(xy))
    return gpd.GeoDataFrame(
        {"outfall_id": np.arange(len(xy)).astype(str), "datum_status": status},
        geometry=shapely.points(xy),
        crs=CRS,
    )


def star(rng, x, y, radius, corners=9):
    angle = np.sort(rng.uniform(0, 2 * np.pi, corners))
    arm = radius * rng.uniform(0.4, 1.0, corners)
    return Polygon(np.column_stack([x + arm * np.cos(angle), y + arm * np.sin(angle)]))


def nest(rng):
    x, y = rng.uniform(0, 20_000, 2)
    outer = Point(x, y).buffer(rng.uniform(500, 3_000), quad_segs=3)
    inner = shapely.affinity.scale(outer, 0.5, 0.5)
    return [inner, outer.difference(inner)]


def heap(rng):
    return [
        shapely.make_valid(star(rng, *rng.uniform(0, 20_000, 2), 4_000)).buffer(0)
        for _ in range(3)
    ]


def grid(rng):
    x, y = rng.integers(0, 10, 2) * 2_000.0
    return [
        box(x, y, x + 2_000, y + 2_000),
        box(x + 2_000, y, x + 4_000, y + 1_000),  # half an edge in common
        box(x, y + 2_000, x + 2_000, y + 4_000),  # a whole edge in common
        box(x + 2_000, y + 2_000, x + 3_000, y + 3_000),  # a corner in common
    ]


def odd(rng):
    x, y = rng.uniform(0, 20_000, 2)
    square = box(x, y, x + 2_000, y + 2_000)
    return [
        square,
        square,  # twice the same
        box(x + 2_000.05, y, x + 3_000, y + 2_000),  # a hair apart
        shapely.MultiPolygon(
            [box(x, y + 3_000, x + 500, y + 4_000), square.buffer(-800)]
        ),
        square.difference(box(x + 400, y + 400, x + 900, y + 1_500)),
        Polygon(
            [(x, y), (x + 900, y + 900), (x + 900, y), (x, y + 900)]
        ),  # crosses itself
    ]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 100_000),
    st.lists(st.sampled_from([nest, heap, grid, odd]), min_size=1, max_size=6),
    st.sampled_from([None, 0.0, 150.0]),
)
def test_quick_and_plain_verdicts_are_the_same(seed, kinds, unsure):
    "rings, heaps, holes, parts, edges and corners in common, hairs apart, doubles"
    rng = np.random.default_rng(seed)
    shapes = [shape for kind in kinds for shape in kind(rng) if not shape.is_empty]
    # midpoints of edges and corners are left out: to a hair either side is right
    at = rng.uniform(-3_000, 25_000, (600, 2))
    corner = shapely.get_coordinates(shapes)
    by = rng.choice(corner, 300) + rng.normal(0, 8, (300, 2))
    points = points_of(np.concatenate([at, by]), rng)
    both(points, layer_of(shapes, rng), uncertainty_m=unsure)


def test_points_on_edges_and_corners_and_without_a_place():
    rng = np.random.default_rng(5)
    shapes = [box(0, 0, 100, 100), box(100, 0, 200, 100), box(50, 50, 150, 250)]
    step = np.arange(0, 251, 25.0)
    xy = np.stack(np.meshgrid(step, step), axis=-1).reshape(-1, 2)
    points = points_of(xy, rng)
    points.loc[3, "geometry"] = None
    points.loc[4, "geometry"] = Point()
    points.loc[5, "geometry"] = Point(np.nan, np.nan)
    found = both(points, layer_of(shapes, rng).assign(level=["1", "2", "3"]))
    assert found["reason"].iloc[3:6].str.contains("没有坐标").all()
    sharp = layer_of(shapes, rng).assign(level="1", datum_status="known")
    at = both(points.assign(datum_status="known"), sharp, uncertainty_m=0.0)
    on_edge = shapely.boundary(shapely.union_all(shapes)).distance(
        points.geometry.iloc[6:]
    )
    assert (at["grade"].iloc[6:][on_edge == 0] == "uncertain").all()


def test_no_zones_one_zone_and_zones_in_another_system():
    rng = np.random.default_rng(6)
    layer = zone_layer()
    low = shapely.get_coordinates(layer.geometry).min(axis=0)
    points = points_of(low + rng.uniform(-3_000, 12_000, (500, 2)), rng)
    both(points, layer.iloc[:0])
    both(points, layer.iloc[:1])
    both(points.to_crs(4490), layer)
    found = both(points, layer.to_crs(4490), nearest_within_m=None)
    assert found["zone_id"].notna().all()


def test_groups_too_hard_for_the_loops_are_left_to_geos(monkeypatch):
    "what decides which does the work must not decide the answer"
    from geotool.zones._kernels import _outline

    rng = np.random.default_rng(7)
    shapes = [
        shape for _ in range(12) for shape in [*heap(rng), *nest(rng), *grid(rng)]
    ]
    layer = layer_of(shapes, rng)
    points = points_of(rng.uniform(-3_000, 25_000, (2_000, 2)), rng)
    assert _outline.MOST_CHAINS > 100
    one = both(points, layer)
    monkeypatch.setattr(_quick.Contacts, "_put_together", _none)
    two = both(points, layer)
    pd.testing.assert_frame_equal(
        pd.DataFrame(one), pd.DataFrame(two), rtol=0, atol=1e-6
    )


def _none(contacts, member, starts, is_in):
    del member, is_in
    from geotool.zones._corners import Corners

    empty = np.zeros(len(starts), np.int64)
    done = np.zeros(len(starts) - 1, dtype=bool)
    shell = np.zeros(0, dtype=bool)
    return Corners(contacts.corners.corner[:0], empty[:1], empty, shell), done

"""Points go onto the right reach, at the right measure, and none is lost."""

import drawn
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geotool as gt
from geotool.errors import CrsError, LocateError

CRS = 4549
X, Y = drawn.ORIGIN


def network_of(*lines, **columns):
    shapes = [shapely.LineString([(X + x, Y + y) for x, y in line]) for line in lines]
    ids = [chr(65 + k) for k in range(len(shapes))]
    rivers = gpd.GeoDataFrame({"river_id": ids, **columns}, geometry=shapes, crs=CRS)
    return gt.build_network(rivers)


def points_of(*places, **columns):
    shapes = [place and shapely.Point(X + place[0], Y + place[1]) for place in places]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)


def locate(network, *places, max_offset_m=200.0, **columns):
    points = points_of(*places, **columns)
    return gt.locate_points(points, network, max_offset_m=max_offset_m)


def test_a_point_is_projected_onto_the_line_not_the_nearest_vertex():
    found = locate(network_of([(0, 0), (1000, 0)]), (380, 30)).iloc[0]
    assert (found["measure_m"], found["offset_m"]) == (380, 30)
    assert (found["reach_id"], found["located"], found["chosen_by"]) == (
        "A",
        "on",
        "only",
    )


@pytest.mark.parametrize(
    ("place", "side"),
    [
        ((40, 7), "left"),
        ((40, -7), "right"),
        ((40, 0), "on"),
        ((130, 0), "on"),
        ((-3, 1), "left"),
    ],
)
def test_the_side_is_told_looking_along_the_drawing(place, side):
    network = network_of([(0, 0), (100, 0)], direction=["digitized"])
    assert locate(network, place)["side"].tolist() == [side]


def test_a_named_river_comes_before_a_nearer_one():
    network = network_of([(0, 0), (100, 0)], [(0, 60), (100, 60)], name=["江", "港河"])
    near = locate(network, (50, 10))
    named = locate(network, (50, 10), river=["港河"])
    part = locate(network, (50, 10), river=["东港河支流"])
    unknown = locate(network, (50, 10), river=["淮河"])
    assert near["reach_id"].tolist() == ["A"]
    assert named["reach_id"].tolist() == part["reach_id"].tolist() == ["B"]
    assert named["chosen_by"].tolist() == ["name"]
    assert named["runner_up_reach_id"].tolist() == ["A"]
    assert unknown["reach_id"].tolist() == ["A"]
    assert unknown["chosen_by"].tolist() == ["distance"]


def test_a_named_river_beyond_the_limit_is_not_taken():
    network = network_of([(0, 0), (100, 0)], [(0, 60), (100, 60)], name=["江", "港河"])
    found = locate(network, (50, 10), river=["港河"], max_offset_m=20)
    assert found["reach_id"].tolist() == ["A"]


def test_an_outfall_on_the_bank_of_a_wide_river_is_not_given_to_the_ditch_behind():
    network = network_of([(0, 0), (500, 0)], [(0, 90), (500, 90)], width_m=[120.0, 4.0])
    found = locate(network, (250, 62)).iloc[0]
    assert (found["reach_id"], found["offset_m"], found["bank_offset_m"]) == (
        "A",
        62,
        2,
    )
    assert locate(network, (250, 85))["reach_id"].tolist() == ["B"]


def test_two_rivers_about_as_near_are_ambiguous_and_the_other_is_named():
    network = network_of([(0, 0), (100, 0)], [(0, 20), (100, 20)])
    found = locate(network, (50, 8), (50, 6))
    assert found["located"].tolist() == ["ambiguous", "on"]
    assert found["runner_up_reach_id"].tolist() == ["B", "B"]
    assert found["runner_up_offset_m"].tolist() == pytest.approx([12, 14])


def test_the_next_reach_of_the_same_river_is_no_rival():
    network = network_of([(0, 0), (100, 0)], [(60, 0), (60, 90)])
    found = locate(network, (30, 2))
    assert found["located"].tolist() == ["on"]


def test_far_and_placeless_points_are_marked_not_dropped():
    found = locate(network_of([(0, 0), (100, 0)]), (50, 300), None, (50, 200))
    assert found["located"].tolist() == ["far", "no_place", "on"]
    assert found["offset_m"].tolist()[:1] == [300]
    assert pd.isna(found["reach_id"].iloc[1])
    assert np.isnan(found["measure_m"].iloc[1])


def test_an_empty_layer_gives_an_empty_layer_with_all_columns():
    empty = points_of(name=[])
    found = gt.locate_points(empty, network_of([(0, 0), (100, 0)]))
    assert len(found) == 0
    assert {"name", "reach_id", "measure_m", "located"} <= set(found.columns)


def test_index_columns_system_and_geometry_name_are_kept():
    points = points_of((10, 1), (20, 1), (20, 1), name=["a", "b", "c"])
    points.index = [7, 3, 3]
    points = points.rename_geometry("place").to_crs(4490)
    found = gt.locate_points(points, network_of([(0, 0), (100, 0)]))
    assert found.index.tolist() == [7, 3, 3]
    assert found["name"].tolist() == ["a", "b", "c"]
    assert found.crs == points.crs
    assert found.geometry.name == "place"
    assert found.geometry.geom_equals(points.geometry).all()
    assert found["measure_m"].tolist() == pytest.approx([10, 20, 20], abs=1e-6)


def test_locating_twice_gives_the_same():
    network = network_of([(0, 0), (100, 0)])
    once = locate(network, (10, 1))
    twice = gt.locate_points(once, network)
    pd.testing.assert_frame_equal(pd.DataFrame(once), pd.DataFrame(twice))


coordinate = st.floats(-200, 200).map(lambda value: round(value, 3))
place = st.tuples(coordinate, coordinate)
path = st.lists(place, min_size=2, max_size=6, unique=True).filter(
    lambda xy: shapely.LineString(xy).is_simple and shapely.LineString(xy).length > 1
)


@settings(max_examples=100, deadline=None)
@given(path, st.lists(place, min_size=1, max_size=5))
def test_the_measure_leads_back_to_the_nearest_point_of_the_water(line, places):
    network = network_of(line)
    found = locate(network, *places, max_offset_m=1000)
    drawing = shapely.LineString([(X + x, Y + y) for x, y in line])
    lines = network.reaches.set_index("reach_id").geometry
    for _, row in found.iterrows():
        foot = lines[row["reach_id"]].interpolate(row["measure_m"])
        assert foot.distance(drawing) < 1e-3
        assert foot.distance(row.geometry) == pytest.approx(row["offset_m"], abs=1e-6)
        assert row["offset_m"] == pytest.approx(
            drawing.distance(row.geometry), abs=2e-3
        )
        again = gt.locate_points(
            gpd.GeoDataFrame(geometry=[foot], crs=CRS), network
        ).iloc[0]
        back = lines[again["reach_id"]].interpolate(again["measure_m"])
        assert back.distance(foot) < 1e-6


@settings(max_examples=100, deadline=None)
@given(path, place)
def test_turning_the_drawing_mirrors_measure_and_side(line, spot):
    mirror = {"left": "right", "right": "left", "on": "on"}
    one = network_of(line, direction=["digitized"])
    two = network_of(line, direction=["reversed"])
    if len(one.reaches) > 1:
        return  # near knots are cut; each piece is a reach of its own
    here = locate(one, spot, max_offset_m=1000).iloc[0]
    there = locate(two, spot, max_offset_m=1000).iloc[0]
    length = one.reaches["length_m"].iloc[0]
    assert here["offset_m"] == pytest.approx(there["offset_m"], abs=1e-6)
    foot = one.reaches.geometry.iloc[0].interpolate(here["measure_m"])
    back = two.reaches.geometry.iloc[0].interpolate(there["measure_m"])
    if foot.distance(back) < 1e-3:  # two places of one line may be as near
        assert here["measure_m"] == pytest.approx(length - there["measure_m"], abs=1e-2)
        assert here["side"] == mirror[there["side"]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.none() | place, max_size=8), st.randoms())
def test_each_point_is_located_by_itself(places, random):
    network = network_of(
        [(-200, 0), (200, 0)], [(0, -150), (0, 150)], [(50, 40), (90, 9)]
    )
    whole = locate(network, *places)
    assert len(whole) == len(places)
    assert set(whole["located"]) <= {"on", "ambiguous", "far", "no_place"}
    order = list(range(len(places)))
    random.shuffle(order)
    shuffled = locate(network, *[places[k] for k in order])
    for column in ("reach_id", "located", "side", "measure_m"):
        one = whole[column].iloc[order].astype(str).tolist()
        assert one == shuffled[column].astype(str).tolist()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda n: locate(n, (1, 1), max_offset_m=-1), LocateError, "最大偏距"),
        (lambda n: locate(n, (1, 1), max_offset_m=np.nan), LocateError, "最大偏距"),
        (
            lambda n: gt.locate_points(
                points_of((1, 1)).set_crs(None, allow_override=True), n
            ),
            CrsError,
            "坐标系",
        ),
        (
            lambda n: gt.locate_points(
                gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=CRS), n
            ),
            LocateError,
            "只能定位点",
        ),
    ],
)
def test_bad_input_is_told_in_one_line(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call(network_of([(0, 0), (100, 0)]))
    assert "\n" not in str(caught.value)


def test_a_place_along_a_reach_must_be_on_it():
    network = network_of([(0, 0), (100, 0)])
    assert gt.locate.as_point(network, "A", 40).x == pytest.approx(X + 40)
    with pytest.raises(LocateError, match="不在河段"):
        gt.locate.as_point(network, "A", 140)
    with pytest.raises(LocateError, match="没有河段"):
        gt.locate.reach_position(network, "Q")

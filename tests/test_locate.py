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


@settings(max_examples=40, deadline=None)
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


@settings(max_examples=40, deadline=None)
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


# ---------------------------------------------------------------- which, and why
def test_a_higher_class_decides_only_where_distances_do_not():
    network = network_of(
        [(0, 0), (100, 0)], [(0, 20), (100, 20)], rank=["五级", "一级"]
    )
    found = locate(network, (50, 9.8), (50, 9))
    assert found["reach_id"].tolist() == ["B", "A"]
    assert found["chosen_by"].tolist() == ["class", "distance"]
    assert found["located"].tolist() == ["ambiguous", "ambiguous"]
    unknown = network_of([(0, 0), (100, 0)], [(0, 20), (100, 20)], rank=["甲", None])
    assert locate(unknown, (50, 9.8))["reach_id"].tolist() == ["A"]


def test_two_reaches_of_the_river_that_is_named_may_still_be_ambiguous():
    lines = [(0, 0), (100, 0)], [(0, 20), (100, 20)], [(0, 9), (100, 9)]
    network = network_of(*lines, name=["港河", "港河", "江"])
    found = locate(network, (50, 9), (50, 3), river=["港河", "港河"])
    assert found["chosen_by"].tolist() == ["name", "name"]
    assert found["located"].tolist() == ["ambiguous", "on"]


def test_the_next_stretch_of_a_river_by_name_is_no_rival():
    network = network_of([(0, 0), (50, 0)], [(50, 0), (99, 0)], name=["港河", "港河"])
    found = locate(network, (49, 2))
    assert found["located"].tolist() == ["on"]
    assert found["runner_up_reach_id"].isna().all()
    assert found["candidates"].tolist() == [2]


def test_candidates_are_listed_with_scores_and_reasons():
    network = network_of(
        [(0, 0), (100, 0)],
        [(0, 60), (100, 60)],
        [(0, 64), (100, 64)],
        [(100, 60), (190, 60)],
        name=["江", "港河", "港河", "港河"],
    )
    points = points_of((50, 10), None, (50, 900), river=["港河", "江", None])
    points.index = ["a", "b", "c"]
    listed = gt.locate.locate_candidates(points, network)
    assert listed["point"].tolist() == ["a", "a", "a", "a", "c"]
    assert listed["reach_id"].tolist() == ["B", "C", "D", "A", "C"]
    assert listed["candidate"].tolist() == [1, 2, 3, 4, 1]
    assert [reason[:4] for reason in listed["reason"]] == [
        "选用：河",
        "几乎一样",
        "所选河段",
        "与点位所",
        "超出限距",
    ]
    assert (listed.crs, len(listed.columns)) == (network.crs, 14)
    few = gt.locate.locate_candidates(points, network, most=1)
    assert few["reach_id"].tolist() == ["B", "C"]
    located = gt.locate_points(points, network)
    assert few["score"].tolist() == located["score"].dropna().tolist()


def test_listing_no_candidates_at_all_is_refused():
    with pytest.raises(LocateError, match="至少"):
        gt.locate.locate_candidates(
            points_of((1, 1)), network_of([(0, 0), (9, 0)]), most=0
        )


def test_points_without_a_place_give_an_empty_list_with_all_columns():
    listed = gt.locate.locate_candidates(points_of(None), network_of([(0, 0), (9, 0)]))
    assert tuple(listed.columns) == gt.locate.CANDIDATE_COLUMNS
    assert len(listed) == 0


# ---------------------------------------------------------------- against brute force
def crowd(seed, count, *, spread=3000.0):
    """Reaches, some of them wide, that are not noded; and points here and there."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, spread, (count, 1, 2))
    xy = xy + np.cumsum(rng.normal(0, 60, (count, 9, 2)), axis=1)
    xy[:, 4] = xy[:, 3]  # a vertex twice
    lines = shapely.linestrings(xy + np.array([X, Y]))
    reaches = gpd.GeoDataFrame(
        {
            "reach_id": [f"R{k}" for k in range(count)],
            "river_id": [f"V{k // 3}" for k in range(count)],
            "name": [["甲河", "乙河", None][k % 3] for k in range(count)],
            "from_node": 2 * np.arange(count),
            "to_node": 2 * np.arange(count) + 1,
            "length_m": shapely.length(lines),
            "width_m": rng.choice([np.nan, 8, 130, 900, 4000], count),
        },
        geometry=lines,
        crs=CRS,
    )
    plain = ("flow_mode", "direction_source", "direction_confidence", "depth_m")
    reaches[[*plain, "flow_m3_s", "velocity_m_s"]] = 0
    nodes = gpd.GeoDataFrame(
        {"node_id": np.arange(2 * count), "kind": "end", "structure_id": None},
        geometry=shapely.points(xy[:, [0, -1]].reshape(-1, 2) + np.array([X, Y])),
        crs=CRS,
    )
    columns = ["structure_id", "node_id", "name", "kind", "role", "state"]
    network = gt.RiverNetwork(reaches, nodes, pd.DataFrame(columns=columns))
    spots = rng.uniform(-spread, 2 * spread, (150, 2))
    spots[:40] = xy[rng.integers(0, count, 40), rng.integers(0, 9, 40)]  # on a vertex
    names = [["甲河", None, "丙河", "乙"][k % 4] for k in range(150)]
    place = shapely.points(spots + np.array([X, Y]))
    points = gpd.GeoDataFrame({"river": names}, geometry=place, crs=CRS)
    return network, points


@pytest.mark.parametrize("limit", [0, 30, 200, 2500])
def test_the_nearest_bank_wins_however_far_and_nothing_within_the_limit_is_missed(
    limit,
):
    network, points = crowd(limit, 60)
    points = points.drop(columns="river")
    found = gt.locate_points(points, network, max_offset_m=limit)
    offset = shapely.distance(
        points.geometry.to_numpy()[:, None], network.reaches.geometry.to_numpy()
    )
    half = network.reaches["width_m"].fillna(0).to_numpy() / 2
    bank = np.maximum(offset - half, 0)
    chosen = network.reach_position[found["reach_id"]].to_numpy()
    row = np.arange(len(points))
    assert bank[row, chosen] == pytest.approx(bank.min(axis=1), abs=1e-3)
    assert found["offset_m"].to_numpy() == pytest.approx(offset[row, chosen], abs=1e-6)
    assert found["candidates"].tolist() == (bank <= limit).sum(axis=1).tolist()
    assert (found["located"] == "far").tolist() == (bank.min(axis=1) > limit).tolist()


@pytest.fixture
def by_cells(monkeypatch):
    """Take the compiled loops from the first point on; without numba as plain Python."""
    from types import SimpleNamespace

    from geotool.locate import _index, _kernels, _search

    def switch(*, on):
        monkeypatch.setattr(_kernels, "IS_THERE", on)

    monkeypatch.setattr(_index, "COMPILED_FROM", 0)
    monkeypatch.setattr(_search, "COMPILED_FROM", 0)
    if not _kernels.IS_THERE:
        loops = SimpleNamespace(
            list=_kernels.list_runs,
            sort=_kernels.sort_runs,
            search=_kernels.search_cells,
            measure=_kernels.measure_feet,
        )
        monkeypatch.setattr(_kernels, "compiled", lambda: loops)
    return switch


@pytest.mark.parametrize("limit", [0, 30, 200, 2500])
@pytest.mark.parametrize("room", [1 << 20, 7])
def test_compiled_and_plain_code_give_the_same_bits(by_cells, monkeypatch, limit, room):
    monkeypatch.setattr("geotool.locate._search._ROOM", room)
    for seed in range(4):
        by_cells(on=True)
        network, points = crowd(seed, 40 + 30 * seed, spread=10.0 ** (seed + 1))
        fast = gt.locate_points(points, network, max_offset_m=limit)
        fast_list = gt.locate.locate_candidates(points, network, max_offset_m=limit)
        by_cells(on=False)
        network, points = crowd(seed, 40 + 30 * seed, spread=10.0 ** (seed + 1))
        plain = gt.locate_points(points, network, max_offset_m=limit)
        plain_list = gt.locate.locate_candidates(points, network, max_offset_m=limit)
        pd.testing.assert_frame_equal(fast, plain, check_exact=True)
        pd.testing.assert_frame_equal(fast_list, plain_list, check_exact=True)
        scores = fast_list.groupby("point")["score"]
        assert scores.apply(lambda s: s.is_monotonic_decreasing).all()


def test_another_limit_on_the_same_network_is_answered_as_on_a_new_one(by_cells):
    by_cells(on=True)
    network, points = crowd(5, 80)
    for limit in (200, 3, 2500, 90):
        again = gt.locate_points(points, network, max_offset_m=limit)
        fresh = gt.locate_points(points, crowd(5, 80)[0], max_offset_m=limit)
        pd.testing.assert_frame_equal(again, fresh, check_exact=True)


# ---------------------------------------------------------------- insertion
def test_inserted_points_are_nodes_and_nothing_else_moves():
    network = network_of(
        [(0, 0), (60, 0), (100, 0)], [(100, 0), (100, 80)], name=["江", "港"]
    )
    points = points_of((30, 5), (60, -3), (60, 4), (101, 0), (50, 999), None)
    located = gt.locate_points(points, network)
    cut, placed = gt.locate.insert_nodes(network, located)
    assert cut.reaches["reach_id"].tolist() == ["A.1", "A.2", "A.3", "B"]
    assert cut.reaches["name"].tolist() == ["江", "江", "江", "港"]
    assert cut.reaches["length_m"].tolist() == pytest.approx([30, 30, 40, 80])
    assert placed["node_id"].isna().tolist() == [False] * 4 + [True] * 2
    assert placed["node_id"].iloc[1] == placed["node_id"].iloc[2]
    at = cut.nodes.geometry.iloc[placed["node_id"].iloc[:4].to_numpy(int)]
    assert [point.x - X for point in at] == pytest.approx([30, 60, 60, 100])
    assert len(cut.nodes) == len(network.nodes) + 2
    assert cut.log["step"].tolist().count("insert") == 1
    assert len(network.reaches) == 2, "the network that was given stays as it is"


def test_inserting_nothing_gives_the_same_network():
    network = network_of([(0, 0), (100, 0)])
    located = gt.locate_points(points_of((0, 3), (900, 900)), network)
    assert gt.locate.insert_nodes(network, located)[0] is network


def test_inserting_where_no_reach_is_is_told():
    network = network_of([(0, 0), (100, 0)])
    spots = points_of((1, 1))
    with pytest.raises(LocateError, match="locate_points"):
        gt.locate.insert_nodes(network, spots)
    with pytest.raises(LocateError, match="没有河段"):
        gt.locate.insert_nodes(network, spots.assign(reach_id="Q", measure_m=1.0))
    with pytest.raises(LocateError, match="不在河段"):
        gt.locate.insert_nodes(network, spots.assign(reach_id="A", measure_m=101.0))


@settings(max_examples=30, deadline=None)
@given(st.lists(path, min_size=1, max_size=4), st.lists(place, min_size=1, max_size=6))
def test_insertion_keeps_length_ways_and_places(lines, places):
    import networkx as nx

    network = network_of(*lines)
    located = gt.locate_points(points_of(*places), network, max_offset_m=1000)
    cut, placed = gt.locate.insert_nodes(network, located)
    assert cut.summary()["length_km"] == pytest.approx(
        network.summary()["length_km"], abs=1e-9
    )
    for column in ("components", "loops"):
        assert cut.summary()[column] == network.summary()[column]
    before, after = (
        nx.Graph(one.to_networkx().to_undirected()) for one in (network, cut)
    )
    for one in network.nodes["node_id"]:
        old = nx.single_source_dijkstra_path_length(before, one, weight="length_m")
        new = nx.single_source_dijkstra_path_length(after, one, weight="length_m")
        for other, metres in old.items():
            assert new[other] <= metres + 1e-6
    nodes = cut.nodes.geometry.iloc[placed["node_id"].to_numpy(int)]
    for node, (_, row) in zip(nodes, placed.iterrows(), strict=True):
        foot = gt.locate.as_point(network, row["reach_id"], row["measure_m"])
        assert node.distance(foot) <= 1.1e-3
    ends = cut.reaches[["from_node", "to_node"]].to_numpy()
    for line, (start, end) in zip(cut.reaches.geometry, ends, strict=True):
        assert shapely.Point(line.coords[0]).distance(cut.nodes.geometry[start]) < 1e-6
        assert shapely.Point(line.coords[-1]).distance(cut.nodes.geometry[end]) < 1e-6

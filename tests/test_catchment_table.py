"""Catchments of many sections at once equal one trace each; nothing counts twice."""

import drawn
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from test_trace_exact import cases

import geotool as gt
from geotool.errors import LocateError, NetworkError
from geotool.network import Scenario
from geotool.trace import LEVELS, section_catchments
from geotool.trace._bits import as_words, bits_of, sets_reached
from geotool.trace._membership import Place, memberships

RANK = {level: k for k, level in enumerate(LEVELS)}


def spots(network, places):
    """Bits and positions of places (reach id, share of its length)."""
    ids = network.reaches["reach_id"].tolist()
    length = network.reaches["length_m"].to_numpy(float)
    return [
        Place(bit, ids.index(key), float(length[ids.index(key)] * share))
        for bit, (key, share) in enumerate(places)
    ]


@st.composite
def places(draw, network):
    ids = network.reaches["reach_id"].tolist()
    place = st.tuples(
        st.sampled_from(ids), st.sampled_from([0.0, 0.2, 0.25, 0.6, 0.85, 1.0])
    )
    return draw(st.lists(place, min_size=1, max_size=5))


@settings(max_examples=40, deadline=None)
@given(cases(), st.data())
def test_all_sections_at_once_equal_one_trace_each(case, data):
    "classes of every stretch, with gates, scenarios, loops and unknown reaches"
    hold_against_traces(case, data)


@pytest.mark.long
@settings(max_examples=1500, deadline=None)
@given(cases(), st.data())
def test_all_sections_at_once_equal_one_trace_each_many_times(case, data):
    hold_against_traces(case, data)


def hold_against_traces(case, data):
    network, _, scenario = case
    sections = spots(network, data.draw(places(network)))
    ids = network.reaches["reach_id"].tolist()
    reach, low, high, group, sets = memberships(
        network, sections, scenario=scenario
    ).pieces()
    for section in sections:
        at = (ids[section.reach], section.measure)
        rows = gt.trace_upstream(network, at, scenario=scenario).reaches
        one = {(a, round(b, 6), round(c, 6)): r for a, b, c, r in zip(
            rows["reach_id"], rows["from_measure_m"], rows["to_measure_m"],
            rows["relation"], strict=True)}  # fmt: skip
        for k, triple in enumerate(group):
            word = next(
                (LEVELS[n] for n in range(3) if sets[triple][n] >> section.bit & 1), ""
            )
            middle = (low[k] + high[k]) / 2
            found = [
                r for (key, a, b), r in one.items()
                if key == ids[reach[k]] and a <= middle <= b
            ]  # fmt: skip
            assert found == ([word] if word else [])


@settings(max_examples=40, deadline=None)
@given(cases(), st.data())
def test_points_have_the_class_that_a_trace_gives_them(case, data):
    network, _, scenario = case
    sections = spots(network, data.draw(places(network)))
    points = spots(network, data.draw(places(network)))
    ids = network.reaches["reach_id"].tolist()
    member = memberships(network, sections, scenario=scenario)
    from geotool.trace._graph import build_graph
    from geotool.trace._reached import (
        Limits,
        hits,
        reached_stretches,
        run_searches,
    )

    for section in sections:
        graph = build_graph(
            network, [(section.reach, section.measure)], scenario=scenario
        )
        stretches = reached_stretches(run_searches(graph, upstream=True), Limits())
        for point in points:
            segment = graph.segments.at(point.reach, point.measure)
            hit = hits(stretches, segment, point.measure)
            triple = member.at(point.reach, point.measure)
            level = next((n for n in range(3) if triple[n] >> section.bit & 1), None)
            assert (hit.level if hit else None) == level, ids[point.reach]


@settings(max_examples=25, deadline=None)
@given(cases(), st.data())
def test_every_piece_counts_once_and_own_parts_cover_the_whole(case, data):
    network, _, scenario = case
    chosen = data.draw(places(network))
    lines = network.reaches.set_index("reach_id").geometry
    table = gpd.GeoDataFrame(
        {"section_id": [f"S{k}" for k in range(len(chosen))]},
        geometry=[
            lines[key].interpolate(share, normalized=True) for key, share in chosen
        ],
        crs=network.crs,
    )
    found = section_catchments(network, table, scenario=scenario)
    total = network.reaches["length_m"].sum() / 1000
    partition = found.partition()
    assert partition["length_km"].sum() == pytest.approx(total)
    assert not partition["sections"].map(tuple).duplicated().any()
    for row in found.table.itertuples():
        mine = found.reaches(row.section_id)
        by_class = mine.groupby("relation")["length_m"].sum() / 1000
        for level in LEVELS:
            assert getattr(row, f"length_{level}_km") == pytest.approx(
                by_class.get(level, 0.0)
            )
        own = mine.loc[mine["is_own"], "length_m"].sum() / 1000
        assert row.own_length_km == pytest.approx(own)
        # what is not its own lies above one of the sections further up
        holds = partition["sections"].map(lambda ids, me=row.section_id: me in ids)
        assert partition.loc[holds, "length_km"].sum() == pytest.approx(
            row.length_certain_km + row.length_scenario_km
        )


TREE = """
A--->B--->C--->D
     ^    ^
     |    |
     E    F
"""


def tree_sections():
    sections = drawn.points(TREE, "BCD").rename(columns={"id": "section_id"})
    sections["name"] = ["乙", "丙", "丁"]
    return sections


def test_a_tree_adds_up():
    "sections at the junctions: each own part is what joins since the last"
    network = gt.build_network(drawn.rivers(TREE))
    outfalls = drawn.points(TREE, "AEF").rename(columns={"id": "outfall_id"})
    outfalls["category"] = ["工业", "生活", "工业"]
    found = section_catchments(network, tree_sections(), points={"outfalls": outfalls})
    table = found.table.set_index("section_id")
    total = network.reaches["length_m"].sum() / 1000
    assert table["own_length_km"].sum() == pytest.approx(total)
    assert table.loc["D", "length_km"] == pytest.approx(total)
    assert table["next_upstream"].tolist() == [[], ["B"], ["C"]]
    assert table["outfalls"].tolist() == [2, 3, 3]
    assert table["own_outfalls"].tolist() == [2, 1, 0]
    assert found.above("C")["id"].tolist() == ["A", "E", "F"]
    assert found.above("C")["is_own"].tolist() == [False, False, True]
    kinds = found.by_kind().set_index(["section_id", "kind"])["total"]
    assert kinds["D", "工业"] == 2


def test_sections_in_one_ring_are_told_and_not_held_against_each_other():
    picture = """
A<-->B
^    ^
v    v
C<-->D--->E
"""
    network = gt.build_network(drawn.rivers(picture))
    sections = drawn.points(picture, "ADE").rename(columns={"id": "section_id"})
    table = section_catchments(network, sections).table.set_index("section_id")
    assert table.loc["A", "in_loop_with"] == ["D"]
    assert table.loc["A", "own_length_km"] == table.loc["D", "own_length_km"] > 0
    assert table.loc["E", "next_upstream"] == ["A", "D"]


def test_areas_are_shared_by_length():
    network = gt.build_network(drawn.rivers("A------->B------->C"))
    half = gpd.GeoDataFrame(
        {"section_id": ["S"]},
        geometry=[network.reaches.geometry.iloc[1].interpolate(0.5, normalized=True)],
        crs=network.crs,
    )
    areas = {"AB": 3.0, "BC": 1.0}
    row = section_catchments(network, half, areas=areas).table.iloc[0]
    assert row["area_km2"] == pytest.approx(3.5)
    assert row["area_share"] == pytest.approx(3.5 / 4)


def test_what_is_off_the_network_is_listed_with_its_reason():
    network = gt.build_network(drawn.rivers(TREE))
    sections = tree_sections()
    sections.loc[3] = ["X", shapely.Point(0, 0), "远"]
    outfalls = drawn.points(TREE, "AE").rename(columns={"id": "outfall_id"})
    outfalls.loc[2] = ["N", None]
    found = section_catchments(network, sections, points={"outfalls": outfalls})
    assert found.excluded[["layer", "id", "kind"]].to_numpy().tolist() == [
        ["sections", "X", "far"],
        ["outfalls", "N", "no_place"],
    ]
    assert len(found.table) + 1 == len(sections)
    with pytest.raises(NetworkError, match="X 不在河网上"):
        found.above("X")


def test_it_knows_when_it_is_stale_and_shows_itself():
    network = gt.build_network(drawn.rivers(TREE))
    found = section_catchments(network, tree_sections())
    assert not found.is_stale(network)
    assert not found.is_stale(network, scenario=None)
    assert found.is_stale(network, scenario=Scenario("开"))
    assert found.is_stale(gt.orient_network(network, fixed={"AB": "unknown"}))
    assert network.hash in repr(found)
    tree = tree_sections().assign(name="<b>x</b>")
    assert "<b>x</b>" not in section_catchments(network, tree)._repr_html_()
    sheets = found.tables()
    assert network.hash in sheets["说明"]["取值"].tolist()


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"sections": "twice"}, NetworkError, "重复"),
        ({"sections": "far"}, LocateError, "都不在河网上"),
        ({"areas": {"ZZ": 1.0}}, NetworkError, "ZZ"),
        ({"areas": {"AB": -1.0}}, NetworkError, "平方公里"),
        ({"scenario": Scenario("x", structures={"Q": "open"})}, NetworkError, "Q"),
        ({"max_offset_m": -1.0}, LocateError, "不小于 0"),
    ],
)
def test_bad_input_is_told_in_one_line(change, error, words):
    network = gt.build_network(drawn.rivers(TREE))
    sections = tree_sections()
    if change.get("sections") == "twice":
        sections["section_id"] = "S"
    if change.get("sections") == "far":
        sections = sections.set_geometry([shapely.Point(0, 0)] * 3)
    rest = {key: value for key, value in change.items() if key != "sections"}
    with pytest.raises(error, match=words) as caught:
        section_catchments(network, sections, **rest)
    assert "\n" not in str(caught.value)
    assert " / " in str(caught.value)


def test_an_empty_network_is_told():
    network = gt.build_network(drawn.rivers(TREE))
    empty = type(network)(network.reaches.iloc[:0], network.nodes, network.structures)
    with pytest.raises(NetworkError, match="空"):
        section_catchments(empty, tree_sections())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_sets_reached_are_what_a_search_finds(data):
    nodes = data.draw(st.integers(1, 7))
    node = st.integers(0, nodes - 1)
    arcs = data.draw(st.lists(st.tuples(node, node), max_size=14))
    own = data.draw(st.lists(node, max_size=70))
    tail = np.array([a for a, _ in arcs], dtype=np.int64)
    head = np.array([b for _, b in arcs], dtype=np.int64)
    group, sets = sets_reached(
        tail, head, [(at, 1 << bit) for bit, at in enumerate(own)], nodes=nodes
    )
    assert len(set(sets)) == len(sets)
    for start in range(nodes):
        met, heap = {start}, [start]
        while heap:
            here = heap.pop()
            for a, b in arcs:
                if a == here and b not in met:
                    met.add(b)
                    heap.append(b)
        members = [bit for bit, at in enumerate(own) if at in met]
        assert bits_of(sets[group[start]]) == members
    words = as_words(sets, len(own))
    assert words.dtype == np.uint64
    assert pd.Series(list(map(tuple, words.tolist()))).is_unique

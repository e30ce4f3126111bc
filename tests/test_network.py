"""Line work becomes a network; nothing is lost, and drawing does not matter."""

import os

import drawn
import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geotool as gt
from geotool.errors import CrsError, NetworkError
from geotool.network import (
    apply_repairs,
    network_from_tables,
    network_from_topology,
    network_tables,
)

CRS = 4549
TIMES = float(os.environ.get("GEOTOOL_EXAMPLES", "0.6"))
"""Examples of each property are multiplied by this: 30 for a thorough run."""


def examples(count):
    return settings(max_examples=round(count * TIMES), deadline=None)


X, Y = drawn.ORIGIN


def rivers_of(*lines, **columns):
    shapes = [
        line
        if isinstance(line, shapely.geometry.base.BaseGeometry)
        else shapely.LineString([(X + x, Y + y) for x, y in line])
        for line in lines
    ]
    ids = [chr(65 + k) for k in range(len(shapes))]
    return gpd.GeoDataFrame({"river_id": ids, **columns}, geometry=shapes, crs=CRS)


def steps(network):
    return network.log["step"].value_counts().to_dict()


def shape(network):
    """Return what two networks must agree in: places of nodes and lengths of reaches."""
    xy = shapely.get_coordinates(network.nodes.geometry).round(2) + 0.0
    reaches = network.reaches
    ends = [
        tuple(sorted((tuple(xy[a]), tuple(xy[b]))))
        for a, b in zip(reaches["from_node"], reaches["to_node"], strict=True)
    ]
    lengths = reaches["length_m"].round(1)
    return sorted(zip(reaches["river_id"], ends, lengths, strict=True))


# ---------------------------------------------------------------- rules, one by one
def test_lines_that_share_an_end_are_joined():
    network = gt.build_network(rivers_of([(0, 0), (50, 0)], [(50, 0), (90, 30)]))
    assert (len(network.reaches), len(network.nodes)) == (2, 3)


def test_an_end_on_a_line_splits_it():
    network = gt.build_network(rivers_of([(0, 0), (100, 0)], [(40, 0), (40, 80)]))
    assert network.reaches["reach_id"].tolist() == ["A-1", "A-2", "B"]
    assert steps(network) == {"split": 1}


@pytest.mark.parametrize(("gap", "joined"), [(0.0, True), (0.9, True), (1.1, False)])
def test_an_end_near_a_line_is_joined_within_the_tolerance(gap, joined):
    network = gt.build_network(rivers_of([(0, 0), (100, 0)], [(40, gap), (40, 80)]))
    assert (network.summary()["components"] == 1) == joined
    if gap == 0.9:
        assert network.reaches["length_m"].sum() == pytest.approx(180.0)


def test_an_end_that_pokes_past_a_line_leaves_no_stub():
    network = gt.build_network(rivers_of([(0, 0), (100, 0)], [(40, -0.7), (40, 80)]))
    assert len(network.reaches) == 3
    assert network.reaches["length_m"].sum() == pytest.approx(180.0)
    assert steps(network)["stub"] == 1


def test_crossing_lines_meet_unless_a_siphon_leads_one_under():
    cross = rivers_of([(0, 0), (100, 0)], [(40, -50), (40, 80)])
    assert gt.build_network(cross).summary()["components"] == 1
    siphon = gpd.GeoDataFrame(
        {"structure_id": ["S"], "kind": ["siphon"]},
        geometry=[shapely.Point(X + 43, Y)],
        crs=CRS,
    )
    network = gt.build_network(cross, structures=siphon)
    assert network.summary()["components"] == 2
    assert steps(network)["pass_over"] == 1


def test_a_touch_under_a_siphon_still_joins():
    tee = rivers_of([(0, 0), (100, 0)], [(40, 0), (40, 80)])
    siphon = gpd.GeoDataFrame(
        {"structure_id": ["S"], "kind": ["siphon"]},
        geometry=[shapely.Point(X + 40, Y)],
        crs=CRS,
    )
    assert gt.build_network(tee, structures=siphon).summary()["components"] == 1


def test_a_chain_of_small_gaps_is_not_merged_into_one_node():
    "ends 0.8 m apart in a row: no two nodes of one cluster may lie farther apart"
    lines = [[(k * 0.8, 0), (k * 40.0, 50)] for k in range(6)]
    network = gt.build_network(rivers_of(*lines), snap_m=1.0)
    xy = shapely.get_coordinates(network.nodes.geometry)
    low = xy[xy[:, 1] < Y + 10]
    assert len(low) == 3
    starts = np.array([(X + k * 0.8, Y) for k in range(6)])
    gap = np.hypot(*(starts[:, None] - low[None]).transpose(2, 0, 1))
    assert (gap.min(axis=1) <= 1.0).all()


def test_a_short_reach_is_not_swallowed_by_the_tolerance():
    lines = rivers_of(
        [(0, 0), (50, 0)],
        [(50, 0), (50.6, 0)],
        [(50.6, 0), (90, 0)],
        [(50, 0), (50, 40)],
        [(50.6, 0), (50.6, -40)],
    )
    network = gt.build_network(lines, snap_m=1.0)
    assert (len(network.reaches), len(network.nodes)) == (5, 6)


def test_a_line_drawn_twice_is_kept_once():
    twice = rivers_of([(0, 0), (50, 9), (99, 0)], [(99, 0), (50, 9), (0, 0)])
    network = gt.build_network(twice)
    assert network.reaches["river_id"].tolist() == ["A"]
    assert steps(network)["double"] == 1


def test_lines_that_overlap_in_part_share_the_stretch():
    network = gt.build_network(rivers_of([(0, 0), (60, 0)], [(40, 0), (99, 0)]))
    assert network.reaches["length_m"].sum() == pytest.approx(99)
    assert len(network.reaches) == 2


def test_parallel_canals_between_two_nodes_both_stay():
    lines = rivers_of([(0, 0), (50, 20), (99, 0)], [(0, 0), (50, -20), (99, 0)])
    network = gt.build_network(lines)
    assert (len(network.reaches), network.summary()["loops"]) == (2, 1)


@pytest.mark.parametrize("start", [0, 1, 2])
def test_a_ring_is_the_same_wherever_it_starts(start):
    corners = [(0, 0), (60, 0), (60, 40)]
    turned = corners[start:] + corners[:start]
    ring = [*turned, turned[0]]
    network = gt.build_network(rivers_of(ring, [(60, 40), (90, 90)]))
    assert network.summary()["loops"] == 1
    assert (network.reaches["from_node"] != network.reaches["to_node"]).all()
    other = gt.build_network(rivers_of(ring[::-1], [(90, 90), (60, 40)]))
    assert shape(network) == shape(other)


def test_a_line_that_crosses_itself_gets_a_node_there():
    knot = rivers_of([(0, 0), (80, 0), (80, 40), (40, 40), (40, -30)])
    network = gt.build_network(knot)
    assert network.summary()["loops"] == 1
    assert network.reaches["length_m"].sum() == pytest.approx(knot.length.sum())


def test_multi_parts_and_heights_and_bare_rows():
    high = shapely.LineString([(X, Y, 3.0), (X + 50, Y, 2.0)])
    multi = shapely.MultiLineString(
        [[(X + 50, Y), (X + 90, Y)], [(X + 200, Y), (X + 240, Y)]]
    )
    dot = shapely.LineString([(X, Y), (X, Y)])
    lines = rivers_of(high, multi, dot)
    lines.loc[3] = ["E", None]
    network = gt.build_network(lines)
    assert not network.reaches.geometry.has_z.any()
    assert sorted(network.reaches["river_id"]) == ["A", "B", "B"]
    assert steps(network)["drop"] == 2
    assert network.reaches["source_row"].tolist() == [1, 2, 2]


def test_attributes_and_rows_survive_splitting():
    lines = rivers_of(
        [(0, 0), (100, 0)],
        [(40, -50), (40, 80)],
        name=["横河", "竖河"],
        width_m=[12.0, None],
        velocity_m_s=[0.1, None],
    )
    network = gt.build_network(lines)
    pieces = network.reaches[network.reaches["river_id"] == "A"]
    assert pieces["name"].tolist() == ["横河", "横河"]
    assert pieces["width_m"].tolist() == [12.0, 12.0]


def test_a_line_that_turns_back_over_itself_is_kept_once():
    fold = rivers_of([(0, 0), (80, 40), (40, 20)])
    network = gt.build_network(fold)
    assert network.reaches["reach_id"].tolist() == ["A"]
    assert network.reaches["length_m"].sum() == pytest.approx(np.hypot(80, 40))
    assert steps(network)["double"] == 1
    assert gt.build_network(fold.reverse().to_frame("geometry")).reaches[
        "length_m"
    ].sum() == pytest.approx(np.hypot(80, 40))


def test_the_start_of_a_ring_is_no_end_to_be_joined():
    "where a ring is cut is our doing: it must not join the river beside it"
    ring = [(0, 0), (60, 0), (60, 40), (0, 40), (0, 0)]
    network = gt.build_network(rivers_of(ring, [(-0.6, -50), (-0.6, 90)]))
    assert network.summary()["components"] == 2
    assert "t_junction" not in steps(network)


def test_an_end_near_a_corner_of_a_ring_joins_it():
    ring = [(0, 0), (60, 0), (60, 40), (0, 40), (0, 0)]
    network = gt.build_network(rivers_of(ring, [(-0.4, -0.4), (-50, -50)]))
    assert network.summary()["components"] == 1
    assert network.summary()["loops"] == 1


@pytest.mark.parametrize("off", [0.0, 3e-10, 4e-4])
def test_lines_that_share_a_stretch_but_for_rounding_are_one_there(off):
    lines = rivers_of(
        [(0, 0), (90, 31)], [(30, 31 / 3 + off), (60, 62 / 3 - off), (60, 90)]
    )
    network = gt.build_network(lines)
    total = np.hypot(90, 31) + 90 - 62 / 3
    assert network.reaches["length_m"].sum() == pytest.approx(total, abs=1e-2)
    assert network.summary()["loops"] == 0


# ---------------------------------------------------------------- structures
def gate(x, y, **columns):
    facts = {"structure_id": ["Z"], "kind": ["sluice"], "state": ["open"]}
    facts |= {key: [value] for key, value in columns.items()}
    return gpd.GeoDataFrame(facts, geometry=[shapely.Point(X + x, Y + y)], crs=CRS)


def test_a_structure_cuts_its_reach():
    lines = rivers_of([(0, 0), (100, 0)])
    network = gt.build_network(lines, structures=gate(30, 4))
    assert network.reaches["length_m"].tolist() == pytest.approx([30, 70])
    node = network.structures["node_id"].iloc[0]
    assert network.nodes["kind"].iloc[node] == "structure"
    assert (network.reaches[["from_node", "to_node"]] == node).sum().sum() == 2


def test_a_gate_at_a_junction_closes_the_canal_it_names():
    lines = rivers_of(
        [(0, 0), (50, 0), (100, 0)], [(50, 0), (50, 80)], name=["江", "港"]
    )
    network = gt.build_network(lines, structures=gate(50, 0, river="港"))
    assert (network.reaches["river_id"] == "B").sum() == 2
    short = network.reaches[network.reaches["river_id"] == "B"]["length_m"].min()
    assert short == pytest.approx(2.0)


def test_a_structure_far_from_any_reach_is_an_issue_not_lost():
    lines = rivers_of([(0, 0), (100, 0)])
    network = gt.build_network(lines, structures=gate(30, 400, name="远闸"))
    assert network.structures.empty
    assert network.unplaced["distance_m"].tolist() == pytest.approx([400])
    issues = gt.check_network(network)
    off = issues[issues["kind"] == "structure_off"].iloc[0]
    assert "远闸" in off["message"]


# ---------------------------------------------------------------- invariants
coordinates = st.tuples(st.integers(0, 8), st.integers(0, 8))


@st.composite
def line_work(draw):
    """A few crooked lines on a grid of 40 m, some ends a little off."""
    count = draw(st.integers(1, 7))
    lines = []
    for _ in range(count):
        corners = draw(st.lists(coordinates, min_size=2, max_size=4, unique=True))
        wobble = draw(st.sampled_from([0.0, 0.0, 0.3, 0.7]))
        xy = [(40.0 * x, 40.0 * y) for x, y in corners]
        xy[-1] = (xy[-1][0] + wobble, xy[-1][1])
        lines.append(xy)
    return rivers_of(*lines)


def total_of(network, step):
    """Sum the metres that a step of the log speaks of."""
    rows = network.log[network.log["step"] == step]
    if step in ("stub", "double"):
        return rows["before"].str.removesuffix(" m").astype(float).sum()
    return rows["note"].str.extract(r"([\d.]+) m")[0].astype(float).sum()


@examples(150)
@given(line_work(), st.randoms())
def test_row_order_and_drawing_direction_do_not_matter(rivers, random):
    order = list(range(len(rivers)))
    random.shuffle(order)
    other = rivers.iloc[order].reset_index(drop=True)
    flipped = [random.random() < 0.5 for _ in order]
    other = other.set_geometry(
        [
            line.reverse() if flip else line
            for line, flip in zip(other.geometry, flipped, strict=True)
        ],
        crs=CRS,
    )
    one, two = gt.build_network(rivers), gt.build_network(other)
    assert shape(one) == shape(two)
    assert one.reaches["reach_id"].tolist() == two.reaches["reach_id"].tolist()
    pd.testing.assert_frame_equal(one.log, two.log)


@examples(60)
@given(line_work(), st.randoms())
def test_rivers_without_ids_get_the_same_ones_in_any_order(rivers, random):
    rivers["name"] = [f"河{k}" for k in range(len(rivers))]
    bare = rivers.drop(columns="river_id")
    order = list(range(len(bare)))
    random.shuffle(order)
    one = gt.build_network(bare)
    two = gt.build_network(bare.iloc[order])
    assert one.reaches["reach_id"].tolist() == two.reaches["reach_id"].tolist()
    assert one.reaches["name"].tolist() == two.reaches["name"].tolist()
    rows = np.array(order)[two.reaches["source_row"] - 1] + 1
    assert rows.tolist() == one.reaches["source_row"].tolist()


@examples(100)
@given(line_work(), st.sampled_from([0.0, 0.5, 1.0, 5.0]))
def test_nothing_moves_farther_than_the_tolerance(rivers, snap_m):
    network = gt.build_network(rivers, snap_m=snap_m)
    before, after = rivers.geometry.union_all(), network.reaches.geometry.union_all()
    assert shapely.hausdorff_distance(before, after) <= snap_m + 0.012


@examples(80)
@given(line_work())
def test_vertex_density_does_not_matter(rivers):
    dense = rivers.set_geometry(rivers.geometry.segmentize(7.0))
    assert shape(gt.build_network(rivers)) == shape(gt.build_network(dense))


@examples(60)
@given(line_work())
def test_degrees_give_the_same_network(rivers):
    "each vertex is carried over exactly, so only touches inside a line may differ"
    degrees = rivers.to_crs(4490)
    one, two = gt.build_network(rivers), gt.build_network(degrees)
    assert two.crs.to_epsg() == 4549
    assert "project" in steps(two)
    for key in ("reaches", "components", "loops"):
        assert one.summary()[key] == two.summary()[key]
    assert two.summary()["length_km"] == pytest.approx(
        one.summary()["length_km"], rel=1e-6
    )


@examples(150)
@given(line_work())
def test_length_changes_by_no_more_than_the_log_says(rivers):
    network = gt.build_network(rivers)
    before, after = rivers.length.sum(), network.reaches["length_m"].sum()
    gained = total_of(network, "snap") + total_of(network, "t_junction")
    lost = total_of(network, "stub") + total_of(network, "double")
    rounding = 0.002 * len(network.nodes)  # places within 1 mm are one, not logged
    assert after <= before + gained * len(rivers) + rounding
    assert after >= before - lost - gained * len(rivers) - 0.01 * (len(network.log) + 1)


@examples(100)
@given(line_work())
def test_reaches_meet_only_at_nodes(rivers):
    network = gt.build_network(rivers)
    lines = network.reaches.geometry.to_numpy()
    nodes = shapely.get_coordinates(network.nodes.geometry)
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    for k, line in enumerate(lines):
        xy = shapely.get_coordinates(line)
        assert xy[[0, -1]] == pytest.approx(nodes[ends[k]], abs=1e-9)
        assert line.length == pytest.approx(network.reaches["length_m"].iloc[k])
        for j in range(k):
            shared = shapely.intersection(line, lines[j])
            for point in shapely.get_coordinates(shared):
                gap = np.hypot(*(nodes[ends[k]] - point).T).min()
                assert gap <= 1.5, "two reaches meet away from their nodes"


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: gt.build_network(rivers_of()), NetworkError, "空"),
        (
            lambda: gt.build_network(rivers_of([(0, 0), (9, 0)]), snap_m=-1),
            NetworkError,
            "容差",
        ),
        (
            lambda: gt.build_network(rivers_of(shapely.Point(X, Y).buffer(9))),
            NetworkError,
            "应为线",
        ),
        (
            lambda: gt.build_network(rivers_of([(0, 0), (0, 0)])),
            NetworkError,
            "没有可用的线",
        ),
        (
            lambda: gt.build_network(
                gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 0), (1, 1)])])
            ),
            CrsError,
            "没有坐标系",
        ),
        (
            lambda: gt.build_network(
                rivers_of([(0, 0), (90, 0)]),
                structures=pd.concat([gate(1, 0), gate(9, 0)]),
            ),
            NetworkError,
            "编号重复",
        ),
        (
            lambda: gt.orient_network(
                gt.build_network(rivers_of([(0, 0), (90, 0)])), fixed={"Q": "both"}
            ),
            NetworkError,
            "Q",
        ),
        (
            lambda: gt.orient_network(
                gt.build_network(rivers_of([(0, 0), (90, 0)])), fixed={"A": "up"}
            ),
            NetworkError,
            "up",
        ),
        (
            lambda: gt.orient_network(
                gt.build_network(rivers_of([(0, 0), (90, 0)])),
                outlets=gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=CRS),
            ),
            NetworkError,
            "最近节点",
        ),
    ],
)
def test_bad_input_is_told_in_one_line(call, error, words):
    with pytest.raises(error, match=words) as caught:
        call()
    assert "\n" not in str(caught.value)


# ---------------------------------------------------------------- directions
def directions(network):
    """Return reach → (tail, head) for reaches with a direction."""
    rows = network.reaches[network.reaches["flow_mode"] == "normal"]
    return dict(
        zip(
            rows["reach_id"],
            zip(rows["from_node"], rows["to_node"], strict=True),
            strict=True,
        )
    )


def outlet_at(picture, letter):
    return drawn.points(picture, letter)


LADDER = """
A----B----C
|    |    |
D----E----F
     |
     G
"""


def test_water_runs_to_the_outlet():
    network = gt.build_network(drawn.rivers(LADDER))
    found = gt.orient_network(network, outlets=outlet_at(LADDER, "G"))
    graph = nx.DiGraph(directions(found).values())
    assert nx.is_directed_acyclic_graph(graph)
    last = found.reaches.set_index("reach_id").loc["EG"]
    assert (last["direction_source"], last["flow_mode"]) == ("boundary", "normal")
    assert last.geometry.coords[-1] == pytest.approx(
        drawn.place(drawn.parse(LADDER)[0], "G")
    )
    inferred = found.reaches[found.reaches["direction_source"] == "potential"]
    assert len(inferred) >= 4
    assert (inferred["direction_confidence"] <= 0.85).all()


def test_a_balanced_bridge_stays_unknown():
    "by symmetry the middle reach may run either way"
    bridge = """
  A----B----C
       |    |
       D----E----F
"""
    network = gt.build_network(drawn.rivers(bridge))
    # B-C-E and B-D-E carry alike; a bridge between C and D has no drop
    tie = shapely.LineString(
        [
            drawn.place(drawn.parse(bridge)[0], "C"),
            drawn.place(drawn.parse(bridge)[0], "D"),
        ]
    )
    # the tie crosses nothing but is as long both ways round
    rivers = drawn.rivers(bridge)
    rivers.loc[len(rivers)] = ["TIE", "unknown", tie]
    network = gt.build_network(rivers)
    found = gt.orient_network(
        network, inlets=drawn.points(bridge, "A"), outlets=drawn.points(bridge, "F")
    )
    ends = {"AB", "EF"}
    known = set(directions(found))
    assert ends <= known


def test_without_an_outlet_nothing_is_guessed():
    network = gt.orient_network(gt.build_network(drawn.rivers(LADDER)))
    assert set(network.reaches["flow_mode"]) == {"unknown"}
    assert "no_outlet" in set(gt.check_network(network)["kind"])


def test_given_directions_turn_the_line_and_are_kept():
    picture = "A<---B<---C"
    network = gt.build_network(drawn.rivers(picture))
    reach = network.reaches.iloc[0]
    assert reach.geometry.coords[-1][0] < reach.geometry.coords[0][0]
    assert reach["direction_source"] == "given"


def test_the_user_is_trusted_before_the_attribute_and_the_conflict_is_logged():
    network = gt.build_network(drawn.rivers("A--->B--->C"))
    found = gt.orient_network(network, fixed={"AB": "backward"})
    reach = found.reaches.set_index("reach_id").loc["AB"]
    assert reach["direction_source"] == "user"
    assert "conflict" in steps(found)
    assert set(found.votes.loc[found.votes["reach_id"] == "AB", "source"]) >= {
        "user",
        "given",
    }


def test_orienting_again_gives_the_same():
    network = gt.build_network(drawn.rivers(LADDER))
    once = gt.orient_network(network, outlets=outlet_at(LADDER, "G"))
    twice = gt.orient_network(once, outlets=outlet_at(LADDER, "G"))
    assert once.hash == twice.hash


def test_a_gate_at_a_corner_is_where_water_leaves_if_nothing_else_is():
    """Nothing is drawn beyond the outlet gate: the water outside was left out."""
    grid, _ = drawn.parse(LADDER)
    x, y = drawn.place(grid, "C")
    mouth = gate(x - X, y - Y, role="outlet")
    network = gt.build_network(drawn.rivers(LADDER), structures=mouth)
    found = gt.orient_network(network)
    ways = nx.DiGraph(directions(found).values())
    corner = int(
        np.argmin(np.hypot(*(shapely.get_coordinates(found.nodes.geometry) - (x, y)).T))
    )
    assert len(ways) > 3
    assert ways.out_degree(corner) == 0
    assert "only_inflow" not in set(gt.check_network(found)["kind"])
    shut = gate(x - X, y - Y, role="outlet", state="closed")
    closed = gt.orient_network(gt.build_network(drawn.rivers(LADDER), structures=shut))
    assert directions(closed) == {}


def test_a_shut_gate_turns_the_water_away():
    picture = """
A----B----C
     |    |
     D    E
"""
    grid, _ = drawn.parse(picture)
    b, d = drawn.place(grid, "B"), drawn.place(grid, "D")
    shut = gate((b[0] + d[0]) / 2 - X, (b[1] + d[1]) / 2 - Y, state="closed")
    network = gt.build_network(drawn.rivers(picture), structures=shut)
    outlets = drawn.points(picture, "DE")
    found = gt.orient_network(network, outlets=outlets)
    heads = found.reaches.set_index("reach_id")
    assert heads.loc["AB", "flow_mode"] == "normal"
    assert heads.loc["BC", "flow_mode"] == "normal"
    assert heads.loc["BC"].geometry.coords[-1] == pytest.approx(drawn.place(grid, "C"))


@st.composite
def webs(draw):
    """Grid canals with some pieces missing, an outlet and some known directions."""
    width, height = draw(st.integers(2, 4)), draw(st.integers(2, 4))
    graph = nx.grid_2d_graph(width, height)
    edges = sorted(graph.edges)
    kept = [edge for edge in edges if draw(st.integers(0, 4)) > 0] or edges[:1]
    lines = [[(100.0 * x, 100.0 * y) for x, y in edge] for edge in kept]
    known = [draw(st.sampled_from(["unknown"] * 4 + ["digitized"])) for _ in lines]
    widths = [draw(st.sampled_from([5.0, 10.0, 20.0])) for _ in lines]
    rivers = rivers_of(*lines, direction=known, width_m=widths)
    rivers["river_id"] = [f"W{k}" for k in range(len(rivers))]
    out = lines[draw(st.integers(0, len(lines) - 1))][-1]
    spot = gpd.GeoDataFrame(geometry=[shapely.Point(X + out[0], Y + out[1])], crs=CRS)
    return rivers, spot


@examples(80)
@given(webs())
def test_inferred_directions_make_no_cycle_and_no_false_source_or_sink(web):
    rivers, outlet = web
    found = gt.orient_network(gt.build_network(rivers), outlets=outlet)
    reaches = found.reaches
    inferred = reaches["direction_source"] == "potential"
    graph = nx.MultiDiGraph(list(directions(found).values()))
    for part in nx.strongly_connected_components(graph):
        inside = reaches["from_node"].isin(part) & reaches["to_node"].isin(part)
        if len(part) > 1:
            assert not (inside & inferred).any()
    spot = shapely.get_coordinates(outlet.geometry)[0]
    xy = shapely.get_coordinates(found.nodes.geometry)
    one_way = reaches["flow_mode"] == "normal"
    for node in range(len(found.nodes)):
        beside = (reaches["from_node"] == node) | (reaches["to_node"] == node)
        if beside.sum() < 2 or not one_way[beside].all() or not inferred[beside].any():
            continue
        if np.hypot(*(xy[node] - spot)) < 1:
            continue
        assert (reaches["from_node"] == node).any(), "a false sink"
        assert (reaches["to_node"] == node).any(), "a false source"


@examples(40)
@given(webs(), st.randoms())
def test_directions_do_not_depend_on_rows_or_drawing(web, random):
    rivers, outlet = web
    order = list(range(len(rivers)))
    random.shuffle(order)
    other = rivers.iloc[order].reset_index(drop=True)
    unknown = other["direction"] == "unknown"
    other.loc[unknown, "geometry"] = other.loc[unknown, "geometry"].reverse()
    one = gt.orient_network(gt.build_network(rivers), outlets=outlet)
    two = gt.orient_network(gt.build_network(other), outlets=outlet)
    assert directions(one) == directions(two)


# ---------------------------------------------------------------- check, tables
def test_issues_of_a_faulty_network():
    picture = """
A--->B<---C     G----H
     |
     v
     D--->E
     ^    |
     |    v
     I<---F
"""
    network = gt.orient_network(gt.build_network(drawn.rivers(picture)))
    issues = gt.check_network(network)
    kinds = set(issues["kind"])
    assert {"directed_cycle", "isolated_part", "no_direction"} <= kinds
    assert issues["issue_id"].is_unique
    assert issues["severity"].tolist()[0] == "error"
    cycle = issues[issues["kind"] == "directed_cycle"].iloc[0]
    assert set(cycle["subject"].split("、")) == {"DE", "EF", "IF", "DI"}


def test_a_dead_end_river_is_told_with_its_length_to_the_junction():
    picture = """
A----B----C
     |
     D
     |
     E
"""
    network = gt.build_network(drawn.rivers(picture))
    issues = gt.check_network(network).set_index("subject")
    dead = issues[issues["kind"] == "dead_end"]
    assert set(dead.index) == {"AB", "BC", "DE"}
    assert "200 m" in dead.loc["DE", "message"]
    assert "250 m" in dead.loc["AB", "message"]
    assert "2 段" in dead.loc["DE", "message"]


@pytest.mark.parametrize(
    ("how", "dead"),
    [
        ({}, {"AB", "BC", "BD"}),
        ({"fixed": {"BD": "forward"}}, {"AB", "BC"}),
        ({"outlets": "C"}, {"AB", "BD"}),
        ({"outlets": "C", "inlets": "A"}, {"BD"}),
    ],
)
def test_the_rim_where_water_is_known_to_pass_is_no_dead_end(how, dead):
    picture = """
A----B----C
     |
     D
"""
    how = {
        key: value if key == "fixed" else drawn.points(picture, value)
        for key, value in how.items()
    }
    network = gt.orient_network(gt.build_network(drawn.rivers(picture)), **how)
    issues = gt.check_network(network)
    assert set(issues.loc[issues["kind"] == "dead_end", "subject"]) == dead


def test_an_outlet_sluice_at_the_rim_makes_it_no_dead_end():
    lines = rivers_of([(0, 0), (100, 0)])
    for role, dead in (("outlet", {"A-1"}), ("", {"A-1", "A-2"})):
        network = gt.build_network(lines, structures=gate(97, 0, role=role))
        issues = gt.check_network(network)
        assert set(issues.loc[issues["kind"] == "dead_end", "subject"]) == dead


def test_touches_are_one_issue_and_crossings_each_their_own():
    combs = [[(10.0 * k, 0), (10.0 * k, 50)] for k in range(1, 6)]
    rivers = rivers_of([(0, 0), (100, 0)], *combs, [(90, -30), (90, 30)])
    issues = gt.check_network(gt.build_network(rivers))
    found = issues[issues["kind"] == "mended"]
    assert sorted(found.geom_type) == ["MultiPoint", "Point"]
    assert found["message"].str.contains("5 处").sum() == 1


def test_a_sink_inside_is_an_issue():
    issues = gt.check_network(gt.build_network(drawn.rivers("A--->B<---C")))
    assert "only_inflow" in set(issues["kind"])


def test_twin_lines_are_told():
    twins = rivers_of([(0, 0), (90, 0)], [(0, 1.5), (90, 1.5)])
    issues = gt.check_network(gt.build_network(twins, snap_m=0.5))
    assert "twin_line" in set(issues["kind"])


def test_tables_round_trip():
    picture = LADDER
    network = gt.orient_network(
        gt.build_network(drawn.rivers(picture)), outlets=outlet_at(picture, "G")
    )
    again = network_from_tables(network_tables(network))
    assert again.hash == network.hash
    assert repr(again) == repr(network)


def test_network_tables_that_are_missing_are_named():
    with pytest.raises(NetworkError, match="nodes"):
        network_from_tables({"reaches": pd.DataFrame()})


# ---------------------------------------------------------------- repairs, export
def mend(network, **choices):
    return apply_repairs(network, gt.check_network(network), **choices)


def test_an_end_near_a_line_is_led_to_it_and_the_line_cut():
    network = gt.build_network(rivers_of([(0, 0), (100, 0)], [(40, 5), (40, 80)]))
    mended = mend(network)
    assert mended.reaches["reach_id"].tolist() == ["A.1", "A.2", "B"]
    assert mended.reaches["length_m"].tolist() == pytest.approx([40, 60, 80])
    assert mended.summary()["components"] == 1
    assert steps(mended)["repair"] == 1
    kinds = set(gt.check_network(mended)["kind"])
    assert not kinds & {"dangling_near", "isolated_part"}


def test_ends_that_face_each_other_are_joined_once():
    network = gt.build_network(rivers_of([(0, 0), (50, 0)], [(54, 0), (100, 0)]))
    mended = mend(network)
    assert mended.summary()["components"] == 1
    assert len(mended.reaches) == 2
    assert mended.reaches["length_m"].sum() == pytest.approx(100)
    assert steps(mended)["repair_skipped"] == 1


def test_a_twin_is_dropped_unless_something_hangs_on_it():
    twins = [[(0, 0), (90, 0)], [(0, 1.5), (90, 1.5)]]
    network = gt.build_network(rivers_of(*twins), snap_m=0.5)
    assert mend(network, only=["twin_line"]).reaches["reach_id"].tolist() == ["A"]
    hung = gt.build_network(rivers_of(*twins, [(90, 1.5), (90, 80)]), snap_m=0.5)
    mended = mend(hung, only="twin_line")
    assert len(mended.reaches) == len(hung.reaches)
    assert steps(mended)["repair_skipped"] == 1


def test_only_the_issues_that_are_named_are_repaired():
    lines = rivers_of([(0, 0), (100, 0)], [(40, 5), (40, 80)], [(70, 5), (70, 80)])
    network = gt.build_network(lines)
    issues = gt.check_network(network)
    near = issues[issues["kind"] == "dangling_near"]
    one = apply_repairs(network, issues, only=[near["issue_id"].iloc[0]])
    assert one.summary()["components"] == 2
    assert mend(network).summary()["components"] == 1
    with pytest.raises(NetworkError, match="WT9999"):
        apply_repairs(network, issues, only=["WT9999"])


@examples(40)
@given(line_work())
def test_repairs_lose_no_water_and_leave_a_sound_network(rivers):
    network = gt.build_network(rivers)
    mended = mend(network, only=["dangling_near"])
    assert mended.summary()["components"] <= network.summary()["components"]
    assert mended.reaches["length_m"].sum() >= network.reaches["length_m"].sum() - 1e-6
    nodes = shapely.get_coordinates(mended.nodes.geometry)
    ends = mended.reaches[["from_node", "to_node"]].to_numpy()
    for line, pair in zip(mended.reaches.geometry, ends, strict=True):
        xy = shapely.get_coordinates(line)
        assert xy[[0, -1]] == pytest.approx(nodes[pair], abs=1e-9)
    assert len(mended.nodes) == len(np.unique(ends))


def test_a_graph_has_every_reach_and_keeps_parallel_ones():
    lines = rivers_of([(0, 0), (50, 20), (99, 0)], [(0, 0), (50, -20), (99, 0)])
    network = gt.build_network(lines)
    graph = network.to_networkx()
    assert sorted(key for _, _, key in graph.edges(keys=True)) == ["A", "B"]
    assert set(graph.nodes) == set(network.nodes["node_id"])
    total = sum(length for _, _, length in graph.edges(data="length_m"))
    assert total == pytest.approx(network.reaches["length_m"].sum())


def test_known_nodes_join_what_they_say_and_nothing_else():
    lines = rivers_of(
        [(0, 0), (50, 0)],
        [(90, 0), (50, 0)],
        [(40, -20), (40, 20)],
        [(50, 0), (60, 60)],
    )
    lines["a"], lines["b"] = ["n1", "n2", "n5", "n9"], ["n2", "n3", "n6", "n3"]
    network = network_from_topology(lines, from_node="a", to_node="b")
    assert len(network.reaches) == 4
    assert network.summary()["components"] == 2
    assert steps(network) == {"turn": 1, "node_apart": 1}
    by_id = network.reaches.set_index("reach_id")
    assert by_id.loc["A", "to_node"] == by_id.loc["B", "from_node"]
    assert by_id.loc["B", "to_node"] == by_id.loc["D", "to_node"]
    assert set(by_id["direction_source"]) == {"given"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"a": ["n1", None]}, "第 2 行"),
        ({"a": ["n1", "n2"]}, "没有节点列 'b'"),
    ],
)
def test_missing_node_ids_are_told_in_one_line(change, words):
    lines = rivers_of([(0, 0), (50, 0)], [(50, 0), (90, 0)], **change)
    if "第" in words:
        lines["b"] = ["n2", "n3"]
    with pytest.raises(NetworkError, match=words) as caught:
        network_from_topology(lines, from_node="a", to_node="b")
    assert "\n" not in str(caught.value)

"""Directions: evidence in order of trust, no circle, no false source or sink."""

import dataclasses
import os

import drawn
import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array

import geotool as gt
from geotool.errors import CrsError, NetworkError, SourceError
from geotool.io import read_elevation
from geotool.network import Scenario, network_from_topology
from geotool.network._blocks import find_blocks
from geotool.network._elevation import ElevationGrid
from geotool.network._flow import potential_flow
from geotool.network._loops import Canals

CRS = 4549
X, Y = drawn.ORIGIN
TIMES = float(os.environ.get("GEOTOOL_EXAMPLES", "0.6"))


def examples(count):
    return settings(max_examples=round(count * TIMES), deadline=None)


def rivers_of(*lines, **columns):
    shapes = [shapely.LineString([(X + x, Y + y) for x, y in xy]) for xy in lines]
    ids = [chr(65 + k) for k in range(len(shapes))]
    return gpd.GeoDataFrame({"river_id": ids, **columns}, geometry=shapes, crs=CRS)


def gate(x, y, **columns):
    facts = {"structure_id": ["Z"], "kind": ["sluice"], "state": ["open"]}
    facts |= {key: [value] for key, value in columns.items()}
    return gpd.GeoDataFrame(facts, geometry=[shapely.Point(X + x, Y + y)], crs=CRS)


def ways(network):
    """Reach → place of its head and tail, whatever the numbers of nodes."""
    xy = shapely.get_coordinates(network.nodes.geometry).round(2)
    rows = network.reaches[network.reaches["flow_mode"] == "normal"]
    return {
        key: (tuple(xy[a]), tuple(xy[b]))
        for key, a, b in zip(
            rows["reach_id"], rows["from_node"], rows["to_node"], strict=True
        )
    }


def source_of(network, reach):
    return network.reaches.set_index("reach_id").loc[reach, "direction_source"]


# ---------------------------------------------------------------- trust, word by word
LINE = "A----B----C----D"


def hear(*said):
    """Orient LINE by some sources, each told a direction (1 from A, -1 to A)."""
    sign = dict(said)
    rivers = drawn.rivers(LINE)
    structures = None
    if "given" in sign:
        word = "digitized" if sign["given"] == 1 else "reversed"
        rivers.loc[rivers["river_id"] == "AB", "direction"] = word
    if "structure" in sign:
        role = "inlet" if sign["structure"] == 1 else "outlet"
        structures = gate(2, 0, role=role, state="one_way")
    if sign.get("drawing") == -1:
        rivers = rivers.set_geometry(rivers.geometry.reverse())
    network = gt.build_network(rivers, structures=structures)
    name = "AB-1" if structures is not None else "AB"
    name = "AB-2" if structures is not None else name
    first = network.reaches.set_index("reach_id").loc[name].geometry
    drawn_on = 1 if first.coords[0][0] < first.coords[-1][0] else -1
    how = {}
    for source, key in (("scenario", "scenario"), ("user", "fixed")):
        if source in sign:
            word = "forward" if sign[source] == drawn_on else "backward"
            told = {name: word}
            how[key] = Scenario("甲", directions=told) if key == "scenario" else told
    if "boundary" in sign:
        how["inlets" if sign["boundary"] == 1 else "outlets"] = drawn.points(LINE, "A")
    if "elevation" in sign:
        xy = shapely.get_coordinates(network.nodes.geometry)
        height = pd.Series(
            -sign["elevation"] * (xy[:, 0] - X), network.nodes["node_id"]
        )
        how["elevation"] = height
    if "drawing" in sign:
        how["drawing_is_flow"] = True
    return name, gt.orient_network(network, **how)


ORDER = ["scenario", "user", "structure", "given", "boundary", "elevation", "drawing"]
# a boundary speaks of the reach at the rim, which a gate cuts off from AB-2; an
# attribute speaks of the drawing itself
PAIRS = [
    (a, b)
    for k, a in enumerate(ORDER)
    for b in ORDER[k + 1 :]
    if {a, b} not in ({"structure", "boundary"}, {"given", "drawing"})
]


@pytest.mark.parametrize(("strong", "weak"), PAIRS)
@pytest.mark.parametrize("way", [1, -1])
def test_the_more_trusted_source_wins_and_the_conflict_is_told(strong, weak, way):
    name, network = hear((strong, way), (weak, -way))
    line = network.reaches.set_index("reach_id").loc[name].geometry
    assert (line.coords[0][0] < line.coords[-1][0]) == (way == 1)
    assert source_of(network, name) == strong
    told = network.votes[network.votes["reach_id"] == name].set_index("source")
    assert {strong, weak} <= set(told.index)
    issues = gt.check_network(network)
    conflict = issues[(issues["kind"] == "conflict") & (issues["subject"] == name)]
    assert weak in conflict["message_en"].iloc[0]


def test_a_reach_id_is_the_closer_word_whatever_the_order():
    rivers = rivers_of([(0, 0), (100, 0)], [(40, 0), (40, 80)])
    network = gt.build_network(rivers)
    for fixed in (
        {"A": "forward", "A-2": "backward"},
        {"A-2": "backward", "A": "forward"},
    ):
        found = gt.orient_network(network, fixed=fixed).votes.set_index("reach_id")
        assert found.loc["A-1", "direction"] == "forward"
        assert found.loc["A-2", "direction"] == "backward"


def test_the_drawing_counts_even_after_lines_were_turned():
    network = gt.build_network(drawn.rivers("A----B----C"))
    turned = gt.orient_network(network, outlets=drawn.points("A----B----C", "A"))
    again = gt.orient_network(turned, drawing_is_flow=True)
    assert ways(again) == ways(gt.orient_network(network, drawing_is_flow=True))


def test_only_the_classes_vouched_for_count_as_drawn_with_the_flow():
    rivers = rivers_of(
        [(0, 0), (100, 0)], [(100, 0), (200, 0)], rank=["river", "canal"]
    )
    network = gt.build_network(rivers)
    found = gt.orient_network(network, drawing_is_flow=gt.network.OSM_DRAWN_WITH_FLOW)
    assert source_of(found, "A") == "drawing"
    assert source_of(found, "B") != "drawing"


def test_a_node_told_to_be_both_is_an_outlet_and_an_issue():
    ends = drawn.points(LINE, "D")
    network = gt.orient_network(
        gt.build_network(drawn.rivers(LINE)), inlets=ends, outlets=ends
    )
    assert ways(network)["CD"][1][0] > ways(network)["CD"][0][0]
    assert "conflict" in set(gt.check_network(network)["kind"])


@pytest.mark.parametrize("kind", ["sluice", "pump"])
def test_an_outlet_pump_or_one_way_gate_settles_the_reaches_beside_it(kind):
    state = "one_way" if kind == "sluice" else "open"
    structures = gate(97, 0, role="outlet", kind=kind, state=state)
    network = gt.build_network(rivers_of([(0, 0), (100, 0)]), structures=structures)
    found = gt.orient_network(network)
    assert set(found.reaches["direction_source"]) == {"structure"}
    assert {b[0] > a[0] for a, b in ways(found).values()} == {True}
    shut = Scenario("关", structures={"Z": "closed"})
    assert ways(gt.orient_network(network, scenario=shut)) == {}


def test_pumped_reaches_go_both_ways_unless_better_is_known():
    structures = gate(75, 0, kind="pump", role="internal")
    rivers = drawn.rivers("A----B----C")
    network = gt.build_network(rivers, structures=structures)
    out = drawn.points("A----B----C", "C")
    found = gt.orient_network(network, outlets=out).reaches.set_index("reach_id")
    assert found.loc["AB-1", "flow_mode"] == "bidirectional"
    assert found.loc["AB-1", "direction_source"] == "structure"
    told = gt.orient_network(network, outlets=out, fixed={"AB": "forward"})
    assert set(told.reaches["flow_mode"]) == {"normal"}


# ---------------------------------------------------------------- scenarios
def test_orienting_under_a_scenario_turns_lines_and_builds_nothing():
    picture = "A----B----C"
    network = gt.build_network(drawn.rivers(picture))
    for word in ("forward", "backward"):
        flows = Scenario(word, directions={"AB": word, "BC": word})
        found = gt.orient_network(network, scenario=flows)
        assert found.nodes is network.nodes
        before, after = network.reaches, found.reaches
        assert before["reach_id"].tolist() == after["reach_id"].tolist()
        same = shapely.equals_exact(
            shapely.normalize(before.geometry.values),
            shapely.normalize(after.geometry.values),
        )
        assert same.all()


# ---------------------------------------------------------------- potential flow
@st.composite
def webs(draw):
    """Grid canals with parallel ones, bare and odd widths, gates and boundaries."""
    width, height = draw(st.integers(2, 5)), draw(st.integers(1, 4))
    graph = nx.grid_2d_graph(width, height)
    edges = sorted(graph.edges)
    kept = [edge for edge in edges if draw(st.integers(0, 5)) > 0] or edges[:1]
    ends = [tuple(sorted(edge)) for edge in kept]
    ends += [ends[draw(st.integers(0, len(ends) - 1))] for _ in range(2)]
    nodes = sorted({node for edge in ends for node in edge})
    return ends, nodes


def network_of(ends, nodes, *, width=None, known=None, flip=None, order=None):
    """Make a network right away, parallel reaches and all."""
    place = {node: k for k, node in enumerate(nodes)}
    rows = list(range(len(ends))) if order is None else order
    flip = flip or [False] * len(ends)
    pairs = [ends[k][::-1] if flip[k] else ends[k] for k in rows]
    lines = []
    for k, (a, b) in zip(rows, pairs, strict=True):
        low, high = np.array(ends[k]) * 100.0 + (X, Y)
        bow = low + (high - low) / 2 + (3.0 + k, 2.0 - k)
        line = shapely.LineString([low, bow, high])
        lines.append(line.reverse() if (a, b) != ends[k] else line)
    reaches = gpd.GeoDataFrame(
        {
            "reach_id": [f"R{k:02d}" for k in rows],
            "river_id": [f"R{k:02d}" for k in rows],
            "name": None,
            "from_node": [place[a] for a, _ in pairs],
            "to_node": [place[b] for _, b in pairs],
            "length_m": shapely.length(lines),
            "flow_mode": ["normal" if known and known[k] else "unknown" for k in rows],
            "direction_source": ["given" if known and known[k] else "" for k in rows],
            "direction_confidence": 0.0,
            "width_m": [width[k] if width else np.nan for k in rows],
            "depth_m": np.nan,
            "flow_m3_s": np.nan,
            "velocity_m_s": np.nan,
        },
        geometry=lines,
        crs=CRS,
    )
    points = [shapely.Point(X + 100.0 * x, Y + 100.0 * y) for x, y in nodes]
    table = gpd.GeoDataFrame(
        {"node_id": range(len(nodes)), "kind": "pass", "structure_id": None},
        geometry=points,
        crs=CRS,
    )
    columns = ["structure_id", "node_id", "name", "kind", "role", "state"]
    return gt.RiverNetwork(reaches, table, pd.DataFrame(columns=columns))


def faults_of(network, allowed):
    """Faults at inferred reaches: on a circle, or a source or sink inside."""
    reaches = network.reaches
    inferred = reaches["direction_source"].isin(["potential", "elevation"])
    one_way = reaches["flow_mode"] == "normal"
    graph = nx.MultiDiGraph()
    graph.add_edges_from(
        reaches.loc[one_way, ["from_node", "to_node"]].itertuples(index=False)
    )
    found = []
    for part in nx.strongly_connected_components(graph):
        inside = reaches["from_node"].isin(part) & reaches["to_node"].isin(part)
        if len(part) > 1 and (inside & inferred).any():
            found.append(("circle", part))
    for node in set(network.nodes["node_id"]) - allowed:
        beside = (reaches["from_node"] == node) | (reaches["to_node"] == node)
        if beside.sum() < 2 or not one_way[beside].all() or not inferred[beside].any():
            continue
        if (
            not (reaches["from_node"] == node).any()
            or not (reaches["to_node"] == node).any()
        ):
            found.append(("source or sink", node))
    return found


def point_at(nodes, k):
    x, y = nodes[k]
    return gpd.GeoDataFrame(
        geometry=[shapely.Point(X + 100.0 * x, Y + 100.0 * y)], crs=CRS
    )


widths = st.sampled_from([np.nan, 0.0, 3.0, 10.0, 400.0, np.inf, -5.0])


@examples(80)
@given(webs(), st.data())
def test_no_circle_no_false_source_or_sink_whatever_is_known(web, data):
    ends, nodes = web
    count = len(ends)
    width = data.draw(st.lists(widths, min_size=count, max_size=count))
    known = data.draw(
        st.lists(
            st.integers(0, 3).map(lambda k: k == 0), min_size=count, max_size=count
        )
    )
    out = data.draw(st.integers(0, len(nodes) - 1))
    into = data.draw(st.integers(0, len(nodes) - 1))
    heights = data.draw(
        st.none()
        | st.lists(
            st.sampled_from([0.0, 4.0, 8.0, 50.0, np.nan]),
            min_size=len(nodes),
            max_size=len(nodes),
        )
    )
    network = network_of(ends, nodes, width=width, known=known)
    how = {}
    if heights:
        how["elevation"] = pd.Series(heights)
    found = gt.orient_network(
        network, inlets=point_at(nodes, into), outlets=point_at(nodes, out), **how
    )
    assert faults_of(found, {out, into}) == []
    given_before = network.reaches["direction_source"] == "given"
    assert (found.reaches["direction_source"][given_before] == "given").all()
    inferred = found.reaches["direction_source"] == "potential"
    assert (found.reaches["direction_confidence"][inferred] < 0.9).all()


@examples(60)
@given(webs(), st.data())
def test_rows_drawing_and_numbers_of_nodes_do_not_matter(web, data):
    ends, nodes = web
    out = data.draw(st.integers(0, len(nodes) - 1))
    order = data.draw(st.permutations(range(len(ends))))
    other = data.draw(st.permutations(nodes))
    flip = data.draw(st.lists(st.booleans(), min_size=len(ends), max_size=len(ends)))
    outlet = point_at(nodes, out)
    one = gt.orient_network(network_of(ends, nodes), outlets=outlet)
    two = gt.orient_network(
        network_of(ends, other, order=order, flip=flip), outlets=outlet
    )
    assert ways(one) == ways(two)
    sure = [
        network.reaches.set_index("reach_id")["direction_confidence"].sort_index()
        for network in (one, two)
    ]
    pd.testing.assert_series_equal(*sure)


@examples(60)
@given(webs(), st.data())
def test_flow_by_bridges_and_blocks_is_the_flow_of_one_solve(web, data):
    "brute force: the Laplacian of the whole network, solved in one piece"
    ends, nodes = web
    place = {node: k for k, node in enumerate(nodes)}
    start = np.array([place[a] for a, _ in ends])
    end = np.array([place[b] for _, b in ends])
    outlets = np.unique(
        data.draw(st.lists(st.sampled_from(range(len(nodes))), min_size=1))
    )
    weight = np.array(
        data.draw(st.lists(st.floats(0.1, 9), min_size=len(ends), max_size=len(ends)))
    )
    length = np.full(len(ends), 100.0)
    canals = Canals(
        start=start,
        end=end,
        conductance=weight,
        length=length,
        nodes=len(nodes),
        outlets=outlets,
        inlets=np.empty(0, int),
        known=np.zeros(len(ends), int),
    )
    found = potential_flow(canals)
    graph = nx.MultiGraph(list(zip(start, end, strict=True)))
    wet = set().union(
        *(nx.node_connected_component(graph, k) for k in outlets.tolist())
    )
    assert set(np.flatnonzero(found.drains).tolist()) == wet
    inflow = (
        np.bincount(start, length, len(nodes)) + np.bincount(end, length, len(nodes))
    ) / 2
    free = np.array(sorted(wet - set(outlets.tolist())), dtype=int)
    flow = np.zeros(len(ends))
    if len(free):
        n = len(nodes)
        both = coo_array(
            (np.tile(weight, 2), (np.r_[start, end], np.r_[end, start])), (n, n)
        ).toarray()
        laplacian = np.diag(both.sum(axis=1)) - both
        head = np.zeros(n)
        head[free] = np.linalg.solve(laplacian[np.ix_(free, free)], inflow[free])
        flow = weight * (head[start] - head[end])
        flow[[k not in wet for k in start.tolist()]] = 0.0
    moving = np.abs(flow) > 1e-3
    assert (found.sign[moving] == np.sign(flow[moving])).all()
    assert (found.sign[np.abs(flow) < 1e-9] == 0).all()


@examples(100)
@given(webs())
def test_bridges_are_those_of_networkx(web):
    ends, nodes = web
    place = {node: k for k, node in enumerate(nodes)}
    pairs = np.array([[place[a], place[b]] for a, b in ends])
    graph = nx.MultiGraph()
    graph.add_edges_from((a, b, k) for k, (a, b) in enumerate(pairs.tolist()))
    inside = nx.node_connected_component(graph, 0)
    forest = find_blocks(pairs[:, 0], pairs[:, 1], len(nodes), 0)
    assert set(forest.order.tolist()) == inside
    # of parallel edges none is a bridge
    expected = set(nx.bridges(nx.Graph(graph))) if len(graph) else set()
    expected |= {(b, a) for a, b in expected}
    twice = {frozenset(p) for p in pairs.tolist() if graph.number_of_edges(*p) > 1}
    for k, (a, b) in enumerate(pairs.tolist()):
        single = (a, b) in expected and frozenset((a, b)) not in twice
        assert forest.bridge[k] == (single and a in inside)
    total = forest.gathered(np.ones(len(nodes)))
    assert total[0] == len(inside)


def test_agreement_is_close_to_that_of_full_solves():
    "the first-order change stands for solving anew with other widths"
    rng = np.random.default_rng(3)
    graph = nx.convert_node_labels_to_integers(nx.grid_2d_graph(7, 7))
    pairs = np.array(sorted(graph.edges))
    pairs = pairs[rng.random(len(pairs)) > 0.15]
    weight = rng.lognormal(0, 0.5, len(pairs))
    length = np.full(len(pairs), 100.0)
    canals = Canals(
        start=pairs[:, 0],
        end=pairs[:, 1],
        conductance=weight,
        length=length,
        nodes=49,
        outlets=np.array([0]),
        inlets=np.empty(0, int),
        known=np.zeros(len(pairs), int),
    )
    found = potential_flow(canals)
    inflow = np.bincount(pairs.ravel(), np.repeat(length / 2, 2), 49)
    graph = nx.Graph(pairs.tolist())
    inside = np.array(sorted(nx.node_connected_component(graph, 0) - {0}))
    same, times = np.zeros(len(pairs)), 300
    for _ in range(times):
        w = weight * np.exp(rng.normal(0, 0.5, len(pairs)))
        both = coo_array(
            (np.tile(w, 2), (pairs.T.ravel(), pairs[:, ::-1].T.ravel())), (49, 49)
        ).tocsc()
        laplacian = np.diag(both.sum(axis=1)) - both.toarray()
        head = np.zeros(49)
        head[inside] = np.linalg.solve(
            laplacian[np.ix_(inside, inside)], inflow[inside]
        )
        same += np.sign(head[pairs[:, 0]] - head[pairs[:, 1]]) == found.sign
    wet = np.isin(pairs[:, 0], [0, *inside])
    agreement = (same / times)[wet]
    assert np.abs(agreement - found.agreement[wet]).mean() < 0.08
    assert agreement[found.agreement[wet] >= 0.75].min() > 0.55


# ---------------------------------------------------------------- odd networks
def test_a_ring_with_one_way_out_is_left_where_it_parts():
    "the far side of a ring has no drop: that one reach may run either way"
    picture = """
A----B----C
|         |
D----E----F
     |
     G
"""
    network = gt.build_network(drawn.rivers(picture))
    found = gt.orient_network(network, outlets=drawn.points(picture, "G"))
    assert faults_of(found, {int(np.argmin(network.nodes.geometry.y))}) == []
    assert {"DE", "EF", "EG"} <= set(ways(found))


def test_an_isolated_ring_and_a_part_without_boundary_stay_unknown():
    picture = """
A----B    E----F    H----I
|    |    |    |
C----D    G----J
"""
    network = gt.build_network(drawn.rivers(picture))
    found = gt.orient_network(network, outlets=drawn.points(picture, "A"))
    told = found.reaches.set_index("reach_id")
    assert set(told.loc[["EF", "EG", "FJ", "HI"], "flow_mode"]) == {"unknown"}
    issues = gt.check_network(found)
    assert (issues["kind"] == "no_outlet").sum() == 2


def test_a_reach_that_starts_where_it_ends_is_borne():
    ring = shapely.LineString([(X, Y), (X + 50, Y), (X + 50, Y + 50), (X, Y)])
    lines = gpd.GeoDataFrame(
        {
            "river_id": ["R", "A"],
            "a": ["n", "m"],
            "b": ["n", "n"],
            "direction": ["unknown", ""],
        },
        geometry=[ring, shapely.LineString([(X - 90, Y), (X, Y)])],
        crs=CRS,
    )
    network = network_from_topology(lines, from_node="a", to_node="b")
    found = gt.orient_network(
        network, outlets=gpd.GeoDataFrame(geometry=[shapely.Point(X, Y)], crs=CRS)
    )
    assert found.reaches.set_index("reach_id").loc["R", "flow_mode"] == "unknown"
    gt.check_network(found)


def test_shut_gates_in_the_middle_part_the_water():
    picture = "A----B----C----D"
    middle = drawn.place(drawn.parse(picture)[0], "B")
    structures = gate(middle[0] - X + 100, 0, state="closed")
    network = gt.build_network(drawn.rivers(picture), structures=structures)
    found = gt.orient_network(network, outlets=drawn.points(picture, "A"))
    assert set(ways(found)) == {"AB", "BC-1"}
    open_ = Scenario("开", structures={"Z": "open"})
    opened = gt.orient_network(
        network, outlets=drawn.points(picture, "A"), scenario=open_
    )
    assert set(ways(opened)) == {"AB", "BC-1", "BC-2", "CD"}


def test_a_small_canal_far_up_a_large_network_still_has_a_direction():
    "what counts as still is measured by the water there, not by the river at the mouth"
    count = 3000
    line = [[(100.0 * k, 0), (100.0 * (k + 1), 0)] for k in range(count)]
    rivers = gpd.GeoDataFrame(
        {"river_id": [f"T{k}" for k in range(count)]},
        geometry=[shapely.LineString([(X + x, Y + y) for x, y in xy]) for xy in line],
        crs=CRS,
    )
    stub = gpd.GeoDataFrame(
        {"river_id": ["S"]},
        geometry=[shapely.LineString([(X, Y), (X, Y + 2)])],
        crs=CRS,
    )
    network = gt.build_network(pd.concat([rivers, stub], ignore_index=True))
    mouth = gpd.GeoDataFrame(geometry=[shapely.Point(X + 100.0 * count, Y)], crs=CRS)
    assert len(ways(gt.orient_network(network, outlets=mouth))) == count + 1


def test_surveys_that_contradict_each_other_are_obeyed_and_told():
    network = gt.build_network(drawn.rivers("A----B----C"))
    found = gt.orient_network(network, fixed={"AB": "forward", "BC": "backward"})
    issues = gt.check_network(found).set_index("kind")
    sink = issues.loc["only_inflow"]
    assert "user" in sink["message_en"]
    assert "实测" in sink["message"]
    assert found.reaches["direction_confidence"].tolist() == [0.99, 0.99]


# ---------------------------------------------------------------- heights
TREE = """
A----B----C----D
     |    |
     E----F
"""


def plane(path, *, tilt=0.1, crs=CRS, nodata=None, hole=False):
    """Write a plane that falls to the east, 10 m cells around the drawing."""
    box = gpd.GeoSeries(
        [shapely.box(X - 300, Y - 800, X + 1500, Y + 300)], crs=CRS
    ).to_crs(crs)
    west, south, east, north = box.total_bounds
    rows, columns = 110, 180
    dx, dy = (east - west) / columns, (north - south) / rows
    transform = Affine(dx, 0.0, west, 0.0, -dy, north)
    xs, ys = np.meshgrid(np.arange(columns) + 0.5, np.arange(rows) + 0.5)
    centre = west + dx * xs.ravel(), north - dy * ys.ravel()
    moved = gpd.GeoSeries(gpd.points_from_xy(*centre), crs=crs).to_crs(CRS)
    height = (200 - tilt * (moved.x.to_numpy() - X)).reshape(rows, columns)
    if hole:
        height[:, 60:] = -9999.0
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=rows,
        width=columns,
        count=1,
        dtype="float64",
        crs=f"EPSG:{crs}",
        transform=transform,
        nodata=nodata,
    ) as raster:
        raster.write(height, 1)
    return path


@pytest.mark.parametrize("crs", [CRS, 4490, 32651])
def test_on_a_tilted_plane_all_reaches_run_down(tmp_path, crs):
    network = gt.build_network(drawn.rivers(TREE))
    found = gt.orient_network(network, elevation=plane(tmp_path / "dem.tif", crs=crs))
    across = {
        key: pair
        for key, pair in ways(found).items()
        if key[0] + key[1] in ("AB", "BC", "CD", "EF")
    }
    assert len(across) == 4
    assert all(b[0] > a[0] for a, b in across.values())
    assert source_of(found, "AB") == "elevation"
    # across the fall there is no drop, so heights say nothing of BE and CF
    told = found.votes[found.votes["source"] == "elevation"]["reach_id"]
    assert set(told) == {"AB", "BC", "CD", "EF"}
    assert faults_of(found, set()) == []


@pytest.mark.parametrize("tilt", [0.0, 0.015])
def test_on_a_plain_heights_say_nothing(tmp_path, tilt):
    network = gt.build_network(drawn.rivers(TREE))
    dem = plane(tmp_path / "dem.tif", tilt=tilt)
    found = gt.orient_network(network, elevation=dem)
    assert "elevation" not in set(found.votes["source"])
    if tilt:
        finer = gt.orient_network(network, elevation=dem, elevation_error_m=0.5)
        assert "elevation" in set(finer.votes["source"])


@pytest.mark.parametrize("nodata", [None, -9999.0])
def test_cells_without_data_say_nothing(tmp_path, nodata):
    network = gt.build_network(drawn.rivers(TREE))
    dem = plane(tmp_path / "dem.tif", nodata=nodata, hole=True)
    found = gt.orient_network(network, elevation=dem)
    told = found.votes[found.votes["source"] == "elevation"]["reach_id"]
    assert set(told) == {"AB"}
    places = gpd.GeoSeries([shapely.Point(X, Y), shapely.Point(X - 9e5, Y)], crs=CRS)
    height = read_elevation(dem, places)
    assert height[0] == pytest.approx(200, abs=1)
    assert np.isnan(height[1])


def test_heights_stored_with_scale_and_offset_are_metres(tmp_path):
    dem = plane(tmp_path / "dem.tif")
    with rasterio.open(dem, "r+") as raster:
        raster.write((raster.read(1) - 50) * 10, 1)
        raster.scales, raster.offsets = (0.1,), (50.0,)
    places = gpd.GeoSeries([shapely.Point(X, Y)], crs=CRS)
    assert read_elevation(dem, places)[0] == pytest.approx(200, abs=1)


def test_heights_of_nodes_an_array_and_a_file_agree(tmp_path):
    network = gt.build_network(drawn.rivers(TREE))
    dem = plane(tmp_path / "dem.tif")
    with rasterio.open(dem) as raster:
        t = raster.transform
        grid = ElevationGrid(raster.read(1), t.c, t.f, t.a, t.e, CRS)
    nodes = pd.Series(
        200 - 0.1 * (shapely.get_coordinates(network.nodes.geometry)[:, 0] - X),
        network.nodes["node_id"],
    )
    found = [
        ways(gt.orient_network(network, elevation=how)) for how in (dem, grid, nodes)
    ]
    assert found[0] == found[1] == found[2]


def test_a_bridge_in_the_model_of_heights_does_not_turn_the_river():
    network = gt.build_network(rivers_of([(0, 0), (1000, 0)]))
    values = np.tile(np.linspace(60, 40, 100), (3, 1))
    values[:, 0:12] = 30.0  # a pit at the start
    values[:, 97:] = 90.0  # a dam at the end
    grid = ElevationGrid(values, X, Y + 15, 10.0, -10.0, CRS)
    found = gt.orient_network(network, elevation=grid)
    assert ways(found)["A"] == ((X, Y), (X + 1000, Y))


def test_ends_that_heights_lead_to_let_water_out_but_are_no_known_outlet():
    network = gt.build_network(drawn.rivers("A----B----C"))
    ids = network.nodes.geometry.x.rank().astype(int)
    high = pd.Series([9.0, 9.0, 0.0])[ids - 1].set_axis(network.nodes["node_id"])
    found = gt.orient_network(network, elevation=high)
    assert source_of(found, "BC") == "elevation"
    assert source_of(found, "AB") == "potential"
    issues = gt.check_network(found)
    assert "BC" in set(issues.loc[issues["kind"] == "dead_end", "subject"])


@pytest.mark.parametrize(
    ("how", "error", "words"),
    [
        (lambda p: {"elevation": p / "none.tif"}, SourceError, "找不到"),
        (lambda p: {"elevation": text_in(p)}, SourceError, "不是可读的栅格"),
        (lambda p: {"elevation": bare(p)}, CrsError, "坐标系"),
        (lambda _: {"elevation": pd.Series([1.0, 2.0], [0, 99])}, NetworkError, "99"),
        (
            lambda _: {"elevation": pd.Series([1.0, 2.0], [0, 0])},
            NetworkError,
            "不止一个",
        ),
        (
            lambda _: {"elevation": pd.Series(["高", 2.0], [0, 1])},
            NetworkError,
            "不是数字",
        ),
        (
            lambda _: {"elevation": pd.Series([1.0]), "elevation_error_m": -1},
            NetworkError,
            "误差",
        ),
        (
            lambda _: {"outlets": gpd.GeoDataFrame(geometry=[None], crs=CRS)},
            NetworkError,
            "没有坐标",
        ),
    ],
)
def test_bad_heights_are_told_in_one_line(tmp_path, how, error, words):
    network = gt.build_network(drawn.rivers("A----B"))
    with pytest.raises(error, match=words) as caught:
        gt.orient_network(network, **how(tmp_path))
    assert "\n" not in str(caught.value)


def text_in(folder):
    path = folder / "not.tif"
    path.write_text("no raster")
    return path


def bare(folder):
    path = folder / "bare.tif"
    with rasterio.open(
        path,
        "w",
        driver="GTiff",
        height=2,
        width=2,
        count=1,
        dtype="float32",
        transform=Affine(1, 0, 0, 0, -1, 2),
    ) as raster:
        raster.write(np.ones((2, 2), "float32"), 1)
    return path


def test_frozen_networks_stay_as_they_were():
    network = gt.build_network(drawn.rivers(TREE))
    before = network.hash, len(network.log)
    gt.orient_network(
        network, outlets=drawn.points(TREE, "D"), fixed={"AB": "backward"}
    )
    fresh = dataclasses.replace(network)
    assert (fresh.hash, len(network.log)) == before

"""Traces are exact: held against every orientation of small random networks."""

import itertools
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
from geotool.errors import LocateError, NetworkError
from geotool.network import RiverNetwork, Scenario
from geotool.network._model import STRUCTURE_COLUMNS

LEVEL = {"certain": 0, "scenario": 1, "possible": 2}
TIMES = float(os.environ.get("GEOTOOL_EXAMPLES", "0.6"))


def network_of(edges, *, n, modes, lengths=None, gates=()):
    """Make a network of numbered nodes, no geometry worth looking at.

    ``gates``: (edge, state) puts a sluice in the middle of an edge.
    """
    xy = {k: (1000.0 * np.cos(k), 1000.0 * np.sin(k)) for k in range(n)}
    rows, shapes, structures = [], [], []
    nodes = [shapely.Point(xy[k]) for k in range(n)]
    kinds, owners = ["junction"] * n, [None] * n
    for k, (a, b) in enumerate(edges):
        # parallel reaches must not coincide
        middle = ((xy[a][0] + xy[b][0]) / 2 + 10 * k, (xy[a][1] + xy[b][1]) / 2 + 7 * k)
        length = lengths[k] if lengths else 100.0
        gate = dict(gates).get(k)
        if gate is None:
            rows.append((f"R{k}", a, b, length, modes[k]))
            shapes.append(shapely.LineString([xy[a], middle, xy[b]]))
            continue
        node = len(nodes)
        nodes.append(shapely.Point(middle))
        kinds.append("structure")
        owners.append(f"Z{k}")
        structures.append((f"Z{k}", node, f"闸{k}", "sluice", "internal", gate))
        rows += [(f"R{k}", a, node, length / 2, modes[k])]
        rows += [(f"R{k}b", node, b, length / 2, modes[k])]
        shapes += [shapely.LineString([xy[a], middle])]
        shapes += [shapely.LineString([middle, xy[b]])]
    table = pd.DataFrame(
        rows, columns=["reach_id", "from_node", "to_node", "length_m", "flow_mode"]
    )
    table["river_id"] = table["reach_id"]
    table["name"] = None
    table["direction_source"] = np.where(table["flow_mode"] == "normal", "given", "")
    table["direction_confidence"] = np.where(table["flow_mode"] == "normal", 0.95, 0.0)
    for column in ("width_m", "depth_m", "flow_m3_s", "velocity_m_s"):
        table[column] = np.nan
    # the geometry is stretched to the stated length, as measures count on it
    shapes = [stretched(s, m) for s, m in zip(shapes, table["length_m"], strict=True)]
    return RiverNetwork(
        gpd.GeoDataFrame(table, geometry=shapes, crs=4549),
        gpd.GeoDataFrame(
            {"node_id": range(len(nodes)), "kind": kinds, "structure_id": owners},
            geometry=nodes,
            crs=4549,
        ),
        pd.DataFrame(structures, columns=list(STRUCTURE_COLUMNS)),
    )


def stretched(line, length):
    factor = length / line.length
    return shapely.affinity.scale(line, factor, factor, origin=line.coords[0])


@st.composite
def graphs(draw, *, modes=("normal", "unknown"), with_gates=False):
    n = draw(st.integers(2, 6))
    m = draw(st.integers(1, 8))
    node = st.integers(0, n - 1)
    edges = draw(
        st.lists(
            st.tuples(node, node).filter(lambda pair: pair[0] != pair[1]),
            min_size=m,
            max_size=m,
        )
    )
    chosen = draw(st.lists(st.sampled_from(modes), min_size=m, max_size=m))
    lengths = draw(
        st.lists(st.sampled_from([40.0, 100.0, 250.0]), min_size=m, max_size=m)
    )
    gates = ()
    if with_gates:
        states = draw(
            st.lists(
                st.sampled_from([None, None, "open", "closed"]), min_size=m, max_size=m
            )
        )
        gates = [(k, state) for k, state in enumerate(states) if state]
    return network_of(edges, n=n, modes=chosen, lengths=lengths, gates=gates)


def orientations(network):
    """Yield every digraph the unknown reaches allow (edge key = reach id)."""
    reaches = network.reaches
    unknown = np.flatnonzero(reaches["flow_mode"] == "unknown")
    for flips in itertools.product((False, True), repeat=len(unknown)):
        turned = dict(zip(unknown.tolist(), flips, strict=True))
        graph = nx.MultiDiGraph()
        graph.add_nodes_from(range(len(network.nodes)))
        for k, row in enumerate(reaches.itertuples()):
            ends = (row.from_node, row.to_node)
            if turned.get(k):
                ends = ends[::-1]
            graph.add_edge(*ends, key=row.reach_id, length=row.length_m)
        yield graph


def upstream_reaches(graph, node):
    """Reaches all of whose water may come to a node."""
    above = nx.ancestors(graph, node) | {node}
    return {key for _, head, key in graph.edges(keys=True) if head in above}


def at_node(network, node):
    """Give a position (reach, measure) that is a node."""
    reaches = network.reaches
    for row in reaches.itertuples():
        if row.from_node == node:
            return row.reach_id, 0.0
        if row.to_node == node:
            return row.reach_id, row.length_m
    return None


@settings(max_examples=round(120 * TIMES), deadline=None)
@given(graphs(), st.data())
def test_classes_equal_brute_force_over_all_orientations(network, data):
    node = data.draw(st.sampled_from(sorted(set(network.reaches["to_node"]))))
    trace = gt.trace_upstream(network, at_node(network, node))
    every = [upstream_reaches(graph, node) for graph in orientations(network)]
    found = dict(zip(trace.reaches["reach_id"], trace.reaches["relation"], strict=True))
    assert {r for r, c in found.items() if c == "certain"} == set.intersection(*every)
    assert set(found) == set.union(*every)


@settings(max_examples=80, deadline=None)
@given(graphs(), st.data())
def test_distances_are_shortest_ways(network, data):
    node = data.draw(st.sampled_from(sorted(set(network.reaches["to_node"]))))
    trace = gt.trace_upstream(network, at_node(network, node))
    shortest = {}
    for graph in orientations(network):
        reverse = graph.reverse()
        far = nx.single_source_dijkstra_path_length(reverse, node, weight="length")
        for _, head, key in graph.edges(keys=True):
            if head in far:
                shortest[key] = min(far[head], shortest.get(key, np.inf))
    possible = trace.reaches[trace.reaches["relation"] == "possible"]
    for row in possible.itertuples():
        assert row.distance_m == pytest.approx(shortest[row.reach_id])
    # a certain reach is measured along certain water, which may be longer
    for row in trace.reaches.itertuples():
        assert row.distance_m >= shortest[row.reach_id] - 1e-6


@settings(max_examples=round(40 * TIMES), deadline=None)
@given(graphs(modes=("normal", "unknown", "bidirectional"), with_gates=True), st.data())
def test_up_and_down_are_mirrors(network, data):
    "a lies upstream of b exactly when b lies downstream of a, at one distance"
    rows = network.reaches
    one, other = (
        data.draw(st.integers(0, len(rows) - 1)),
        data.draw(st.integers(0, len(rows) - 1)),
    )
    shares = data.draw(st.tuples(st.sampled_from([0.25, 0.5]), st.just(0.75)))
    places = [
        (rows["reach_id"].iloc[k], float(rows["length_m"].iloc[k]) * share)
        for k, share in zip((one, other), shares, strict=True)
    ]
    points = [
        gpd.GeoDataFrame(
            {"id": ["p"]},
            geometry=[rows.geometry.iloc[k].interpolate(place[1])],
            crs=rows.crs,
        )
        for k, place in zip((one, other), places, strict=True)
    ]
    # random lines may lie so that a point is nearer to another one: place by hand
    up = gt.trace_upstream(network, places[1], points={"a": points[0]})
    down = gt.trace_downstream(network, places[0], points={"b": points[1]})
    if _placed(up, "a", places[0]) and _placed(down, "b", places[1]):
        assert len(up.points) == len(down.points)
        for column in ("distance_m", "travel_time_min_h", "travel_time_max_h"):
            assert up.points[column].tolist() == pytest.approx(
                down.points[column].tolist()
            )


def _placed(trace, layer, place):
    met = trace.points[trace.points["layer"] == layer]
    if len(met):
        return met["reach_id"].iloc[0] == place[0]
    return trace.excluded["kind"].iloc[0] not in ("far", "no_place")


@settings(max_examples=60, deadline=None)
@given(graphs(with_gates=True), st.data())
def test_closing_a_gate_never_adds_water(network, data):
    node = data.draw(st.sampled_from(sorted(set(network.reaches["to_node"]))))
    at = at_node(network, node)
    ids = network.structures["structure_id"].tolist()
    opened = Scenario("开", structures=dict.fromkeys(ids, "open"))
    shut = data.draw(st.sets(st.sampled_from(ids))) if ids else set()
    closed = Scenario(
        "关", structures={**opened.structures, **dict.fromkeys(shut, "closed")}
    )
    before = covered(gt.trace_upstream(network, at, scenario=opened))
    after = covered(gt.trace_upstream(network, at, scenario=closed))
    for reach, level in after.items():
        assert before[reach] <= level


@settings(max_examples=60, deadline=None)
@given(graphs(), st.data())
def test_adding_a_reach_never_takes_water_away(network, data):
    node = data.draw(st.sampled_from(sorted(set(network.reaches["to_node"]))))
    at = at_node(network, node)
    keep = data.draw(st.integers(1, len(network.reaches)))
    if node not in set(network.reaches["to_node"].iloc[:keep]) | set(
        network.reaches["from_node"].iloc[:keep]
    ):
        return
    fewer = RiverNetwork(network.reaches.iloc[:keep], network.nodes, network.structures)
    before = covered(gt.trace_upstream(fewer, at_node(fewer, node)))
    after = covered(gt.trace_upstream(network, at))
    assert set(before) <= set(after)


@settings(max_examples=40, deadline=None)
@given(graphs(modes=("normal", "unknown", "bidirectional"), with_gates=True), st.data())
def test_a_reach_more_never_shrinks_what_is_possible(network, data):
    "with gates and two-way reaches, up and down, from inside a reach"
    rows = network.reaches
    keep = data.draw(st.integers(1, len(rows)))
    fewer = RiverNetwork(
        rows.iloc[:keep],
        network.nodes,
        network.structures[network.structures["node_id"].map(
            lambda node: (rows.iloc[:keep][["from_node", "to_node"]] == node).sum().sum() == 2
        )] if len(network.structures) else network.structures,
    )  # fmt: skip
    k = data.draw(st.integers(0, keep - 1))
    at = (rows["reach_id"].iloc[k], float(rows["length_m"].iloc[k]) * 0.4)
    for step in (gt.trace_upstream, gt.trace_downstream):
        before, after = step(fewer, at).reaches, step(network, at).reaches
        lengths = after.groupby("reach_id")["length_m"].sum()
        for key, length in before.groupby("reach_id")["length_m"].sum().items():
            assert lengths[key] >= length - 1e-9


def covered(trace):
    """Reach → its best class."""
    found = {}
    for row in trace.reaches.itertuples():
        found[row.reach_id] = min(LEVEL[row.relation], found.get(row.reach_id, 9))
    return found


# ---------------------------------------------------------------- drawn
RING = """
A--->B--->C
     |    |
     v    v
     D--->E--->F
"""


def test_ring_is_upstream_by_both_ways():
    network = gt.build_network(drawn.rivers(RING))
    trace = gt.trace_upstream(network, ("EF", 100.0))
    assert set(trace.reaches["reach_id"]) == {"EF", "AB", "BC", "BD", "CE", "DE"}
    assert set(trace.reaches["relation"]) == {"certain"}
    source = drawn.points(RING, "A", name=["甲"])
    found = gt.trace_upstream(network, ("EF", 100.0), points={"sources": source})
    row = found.points.iloc[0]
    assert row["distance_m"] == pytest.approx(250 + 250 + 150 + 100)
    assert found.path("A")[0] == "AB"
    assert found.path("A")[-1] == "EF"


def test_path_line_is_as_long_as_the_distance():
    network = gt.build_network(drawn.rivers(RING))
    source = drawn.points(RING, "AB")
    found = gt.trace_upstream(network, ("EF", 100.0), points={"p": source})
    for row in found.points.itertuples():
        line = found.path_line(row.id, network)
        assert line.length == pytest.approx(row.distance_m)


def test_limits_cut_at_the_exact_measure():
    network = gt.build_network(drawn.rivers("A---->B---->C"))
    trace = gt.trace_upstream(network, ("BC", 100.0), max_distance_m=170.0)
    spans = trace.reaches.set_index("reach_id")
    assert spans.loc["BC", "length_m"] == pytest.approx(100)
    assert spans.loc["AB", "length_m"] == pytest.approx(70)
    assert spans.loc["AB", "to_measure_m"] == pytest.approx(300)
    assert trace.reaches.geometry.length.sum() == pytest.approx(170)


def test_time_limit_cuts_by_the_fastest_water():
    rivers = drawn.rivers("A---->B---->C")
    rivers["velocity_m_s"] = 0.1
    network = gt.build_network(rivers)
    trace = gt.trace_upstream(network, ("BC", 180.0), max_time_h=0.75)
    assert trace.reaches["length_m"].sum() == pytest.approx(0.75 * 3600 * 0.1)


GATED = """
A--->B--->C--->D
     ^
     |
     E
     |
     F
"""


def gate_at(picture, one, other, state, **columns):
    grid, _ = drawn.parse(picture)
    a, b = drawn.place(grid, one), drawn.place(grid, other)
    middle = shapely.Point((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    return gpd.GeoDataFrame(
        {
            "structure_id": ["Z1"],
            "name": ["北闸"],
            "kind": ["sluice"],
            "state": [state],
            **columns,
        },
        geometry=[middle],
        crs=drawn.CRS,
    )


def gated(state, **columns):
    gates = gate_at(GATED, "E", "B", state, **columns)
    return gt.build_network(drawn.rivers(GATED), structures=gates)


@pytest.mark.parametrize(
    ("state", "relation"),
    [("open", "scenario"), ("unknown", "possible"), ("one_way", "scenario")],
)
def test_a_gate_decides_the_class_beyond_it(state, relation):
    network = gated(state)
    points = drawn.points(GATED, "E")
    trace = gt.trace_upstream(network, ("CD", 50.0), points={"p": points})
    assert trace.points["relation"].tolist() == [relation]
    assert trace.points["structures"].tolist() == [["Z1"]]


def test_a_closed_gate_stops_the_trace_and_is_the_reason():
    network = gated("closed")
    points = drawn.points(GATED, "EF")
    trace = gt.trace_upstream(network, ("CD", 50.0), points={"p": points})
    assert trace.points.empty
    stop = trace.stopped[trace.stopped["kind"] == "closed_gate"].iloc[0]
    assert (stop["subject"], "北闸" in stop["reason"]) == ("Z1", True)
    assert trace.excluded["kind"].tolist() == ["closed_gate", "closed_gate"]
    assert trace.excluded["at"].tolist() == ["Z1", "Z1"]
    opened = Scenario("开闸", structures={"Z1": "open"})
    again = gt.trace_upstream(
        network, ("CD", 50.0), points={"p": points}, scenario=opened
    )
    assert again.points["relation"].tolist() == ["scenario", "possible"]


def test_reasons_for_what_is_not_upstream():
    picture = """
A--->B--->C--->D
     |         ^
     v         |
     E         F

G--->H
"""
    network = gt.build_network(drawn.rivers(picture))
    points = drawn.points(picture, "DEFG")
    points.loc[len(points)] = ["X", shapely.Point(0, 0)]
    points.loc[len(points)] = ["N", None]
    trace = gt.trace_upstream(network, ("BC", 50.0), points={"p": points})
    reasons = dict(zip(trace.excluded["id"], trace.excluded["kind"], strict=True))
    assert reasons == {
        "D": "other_side",
        "E": "against_flow",
        "F": "against_flow",
        "G": "unconnected",
        "X": "far",
        "N": "no_place",
    }
    assert len(trace.points) + len(trace.excluded) == len(points)


def test_inferred_directions_are_a_scenario_and_their_reverse_is_possible():
    picture = "A----B----C--->D"
    network = gt.orient_network(gt.build_network(drawn.rivers(picture)))
    assert set(network.reaches["direction_source"]) == {"potential", "given"}
    up = gt.trace_upstream(network, ("BC", 100.0))
    kinds = dict(zip(up.reaches["reach_id"], up.reaches["relation"], strict=True))
    assert kinds["AB"] == "scenario"
    assert up.settings["assumptions"]


def test_a_point_on_a_junction_reaches_every_branch():
    picture = """
A--->B--->C
     |
     v
     D
"""
    network = gt.build_network(drawn.rivers(picture))
    spot = drawn.points(picture, "B")
    for target in ("BC", "BD"):
        trace = gt.trace_upstream(network, (target, 60.0), points={"p": spot})
        assert trace.points["distance_m"].tolist() == pytest.approx([60.0])


def test_gap_is_named_where_the_search_stops():
    rivers = drawn.rivers("A--->B--->C")
    stray = shapely.LineString([(500_000, 3_540_012), (500_000, 3_540_300)])
    extra = gpd.GeoDataFrame(
        {"river_id": ["S"], "direction": ["unknown"]}, geometry=[stray], crs=4549
    )
    network = gt.build_network(pd.concat([rivers, extra], ignore_index=True))
    trace = gt.trace_upstream(network, ("BC", 50.0))
    gap = trace.stopped[trace.stopped["kind"] == "gap"].iloc[0]
    assert "12.0 m" in gap["reason"]


def test_result_knows_when_the_network_changed():
    network = gt.build_network(drawn.rivers(RING))
    trace = gt.trace_upstream(network, ("EF", 10.0))
    assert trace.is_current(network)
    other = gt.orient_network(network, fixed={"AB": "unknown"})
    assert not trace.is_current(other)
    with pytest.raises(NetworkError, match="过期"):
        trace.require_current(other)


def test_start_beside_a_gate_is_told():
    network = gated("closed")
    reach = network.reaches[network.reaches["river_id"] == "BE"].iloc[0]
    trace = gt.trace_upstream(network, (reach["reach_id"], reach["length_m"] - 5))
    assert any("北闸" in text for text in trace.settings["assumptions"])


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda n: gt.trace_upstream(n, ("ZZ", 1.0)), LocateError, "没有河段"),
        (lambda n: gt.trace_upstream(n, ("AB", 9e9)), LocateError, "不在河段"),
        (
            lambda n: gt.trace_upstream(n, shapely.Point(0, 0)),
            LocateError,
            "超过 200 m",
        ),
        (lambda n: gt.trace_upstream(n, "AB"), LocateError, "str"),
        (lambda n: gt.trace_upstream(n, []), LocateError, "list"),
        (
            lambda n: gt.trace_upstream(n, ("AB", 1.0), max_distance_m=-1),
            NetworkError,
            "正数",
        ),
        (
            lambda n: gt.trace_upstream(n, ("AB", 1.0), max_time_h=float("nan")),
            NetworkError,
            "正数",
        ),
        (
            lambda n: gt.trace_upstream(
                n, ("AB", 1.0), scenario=Scenario("x", structures={"Q": "open"})
            ),
            NetworkError,
            "Q",
        ),
        (
            lambda n: gt.trace_upstream(
                n, ("AB", 1.0), scenario=Scenario("x", directions={"Q": "both"})
            ),
            NetworkError,
            "Q",
        ),
    ],
)
def test_bad_input_is_told_in_one_line(call, error, words):
    network = gt.build_network(drawn.rivers(RING))
    with pytest.raises(error, match=words) as caught:
        call(network)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("step", [gt.trace_upstream, gt.trace_downstream])
def test_an_empty_network_and_lost_places_are_told_both_ways(step):
    network = gt.build_network(drawn.rivers(RING))
    empty = RiverNetwork(network.reaches.iloc[:0], network.nodes, network.structures)
    nowhere = gpd.GeoDataFrame({"section_id": ["S"]}, geometry=[None], crs=4549)
    for call, error, words in (
        (lambda: step(empty, ("AB", 1.0)), NetworkError, "空"),
        (lambda: step(network, nowhere), LocateError, "没有坐标"),
        (lambda: step(network, ("AB", 1.0), max_time_h=0.0), NetworkError, "正数"),
        (lambda: step(network, ("AB", 1.0), max_offset_m=-1), None, ""),
    ):
        if error is None:
            call()  # a position needs no placing
            continue
        with pytest.raises(error, match=words) as caught:
            call()
        assert " / " in str(caught.value)


def test_a_start_with_an_id_leaves_layers_without_that_id_alone():
    network = gt.build_network(drawn.rivers(RING))
    named = drawn.points(RING, "A").rename(columns={"id": "outfall_id"})
    trace = gt.trace_upstream(network, drawn.points(RING, "F"), points={"p": named})
    assert trace.points["id"].tolist() == ["A"]


def test_repr_and_html_tell_the_story():
    network = gt.build_network(drawn.rivers(RING))
    evil = drawn.points(RING, "A", name=["<b>x</b>"])
    trace = gt.trace_upstream(network, ("EF", 10.0), points={"p": evil})
    assert "1 certain" in repr(trace)
    assert "<b>x</b>" not in trace._repr_html_()

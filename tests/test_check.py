"""Issues of a network: each told with its place and a way to mend it."""

import itertools
import os
from pathlib import Path

import drawn
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geotool as gt
from geotool.errors import NetworkError
from geotool.layers import read_layer
from geotool.network import (
    Scenario,
    apply_repairs,
    missing_links,
    network_from_topology,
    scenario_table,
    scenarios_from_table,
)
from geotool.network._issues import ISSUE_COLUMNS

CRS = 4549
X, Y = drawn.ORIGIN
HERE = Path(__file__).parents[1] / "data"
TIMES = float(os.environ.get("GEOTOOL_EXAMPLES", "0.6"))


def examples(count):
    return settings(max_examples=round(count * TIMES), deadline=None)


def rivers_of(*lines, **columns):
    shapes = [shapely.LineString([(X + x, Y + y) for x, y in xy]) for xy in lines]
    ids = [f"R{k}" for k in range(len(shapes))]
    return gpd.GeoDataFrame({"river_id": ids, **columns}, geometry=shapes, crs=CRS)


def known(*lines, nodes, **columns):
    """Make a network of lines with known nodes; nothing is mended on the way."""
    rivers = rivers_of(*lines, **columns)
    rivers["a"], rivers["b"] = zip(*nodes, strict=True)
    return network_from_topology(rivers, from_node="a", to_node="b")


def gates(*rows):
    table = pd.DataFrame(rows)
    points = [
        shapely.Point(X + x, Y + y) for x, y in zip(table["x"], table["y"], strict=True)
    ]
    return gpd.GeoDataFrame(table.drop(columns=["x", "y"]), geometry=points, crs=CRS)


def orient(network, **how):
    return gt.orient_network(network, **how)


FAULTY = {
    "directed_cycle": (
        "error",
        lambda: gt.build_network(
            rivers_of(
                [(0, 0), (90, 0)],
                [(90, 0), (50, 80)],
                [(50, 80), (0, 0)],
                direction=["digitized"] * 3,
            )
        ),
    ),
    "zero_length": (
        "error",
        lambda: squeezed(
            known([(0, 0), (50, 0)], [(50, 0), (90, 0)], nodes=[(1, 2), (2, 3)])
        ),
    ),
    "only_inflow": ("warning", lambda: gt.build_network(drawn.rivers("A--->B<---C"))),
    "only_outflow": ("warning", lambda: gt.build_network(drawn.rivers("A<---B--->C"))),
    "no_outlet": ("warning", lambda: gt.build_network(drawn.rivers("A--->B<---C"))),
    "dangling_near": (
        "warning",
        lambda: gt.build_network(rivers_of([(0, 0), (100, 0)], [(40, 5), (40, 80)])),
    ),
    "crossing": (
        "warning",
        lambda: known(
            [(0, 0), (100, 0)], [(40, -50), (40, 80)], nodes=[(1, 2), (3, 4)]
        ),
    ),
    "twin_line": (
        "warning",
        lambda: gt.build_network(
            rivers_of([(0, 0), (90, 0)], [(0, 1.5), (90, 1.5)]), snap_m=0.5
        ),
    ),
    "self_overlap": (
        "warning",
        lambda: known([(0, 0), (80, 0), (80, 40), (40, 40), (40, -30)], nodes=[(1, 2)]),
    ),
    "isolated_part": (
        "warning",
        lambda: gt.build_network(rivers_of([(0, 0), (100, 0)], [(40, 30), (40, 80)])),
    ),
    "structure_off": (
        "warning",
        lambda: gt.build_network(
            rivers_of([(0, 0), (100, 0)]),
            structures=gates(
                {"structure_id": "Z", "kind": "sluice", "x": 30, "y": 400}
            ),
        ),
    ),
    "conflict": (
        "warning",
        lambda: orient(
            gt.build_network(drawn.rivers("A--->B")), fixed={"AB": "backward"}
        ),
    ),
    "dead_end": ("info", lambda: gt.build_network(rivers_of([(0, 0), (100, 0)]))),
    "no_direction": ("info", lambda: gt.build_network(rivers_of([(0, 0), (100, 0)]))),
    "short_reach": (
        "info",
        lambda: known([(0, 0), (0.5, 0)], [(0.5, 0), (90, 0)], nodes=[(1, 2), (2, 3)]),
    ),
    "passes_over": (
        "info",
        lambda: gt.build_network(
            rivers_of([(0, 0), (100, 0)], [(40, -50), (40, 80)]),
            structures=gates({"structure_id": "S", "kind": "siphon", "x": 43, "y": 0}),
        ),
    ),
    "mended": (
        "info",
        lambda: gt.build_network(rivers_of([(0, 0), (100, 0)], [(40, 0.4), (40, 80)])),
    ),
}


def squeezed(network):
    """Shrink the first reach to nothing, as a file edited by hand may hold it."""
    reaches = network.reaches.copy()
    reaches.loc[0, "length_m"] = 0.0
    return gt.RiverNetwork(reaches, network.nodes, network.structures)


@pytest.mark.parametrize("kind", FAULTY)
def test_each_fault_is_told_with_place_sentence_and_repair(kind):
    severity, make = FAULTY[kind]
    issues = gt.check_network(make())
    assert list(issues.columns) == list(ISSUE_COLUMNS)
    assert issues.crs.to_epsg() == CRS
    found = issues[issues["kind"] == kind]
    assert len(found) >= 1
    assert set(found["severity"]) == {severity}
    assert not found.geometry.is_empty.any()
    for column in ("subject", "message", "message_en", "repair", "repair_en"):
        assert (found[column].str.len() > 0).all()
    assert not found["message_en"].str.contains("[一-鿿]").any() or kind in (
        "mended",
        "passes_over",
    )
    assert found["message"].str.contains("[一-鿿]").all()
    rank = issues["severity"].map({"error": 0, "warning": 1, "info": 2})
    assert rank.is_monotonic_increasing


def test_a_sound_network_has_no_errors_or_warnings():
    picture = "A--->B--->C"
    issues = gt.check_network(gt.build_network(drawn.rivers(picture)))
    assert issues.empty


def test_the_list_of_kinds_is_the_one_in_the_docstring():
    told = set(FAULTY)
    text = gt.check_network.__doc__
    assert all(f"``{kind}``" in text for kind in told)


# ---------------------------------------------------------------- crossings
coordinates = st.tuples(st.integers(0, 6), st.integers(0, 6))


@st.composite
def loose_lines(draw):
    """Lines with nodes of their own at each distinct end, wherever they cross."""
    lines = []
    for _ in range(draw(st.integers(2, 7))):
        corners = draw(st.lists(coordinates, min_size=2, max_size=4, unique=True))
        lines.append([(40.0 * x, 40.0 * y) for x, y in corners])
    return lines


@examples(80)
@given(loose_lines())
def test_crossings_are_all_pairs_that_meet_away_from_shared_nodes(lines):
    ends = [(str(xy[0]), str(xy[-1])) for xy in lines]
    network = known(*lines, nodes=ends)
    issues = gt.check_network(network)
    told = set()
    for kind in ("crossing", "dangling_near"):
        for _, row in issues[issues["kind"] == kind].iterrows():
            if kind == "crossing":
                told.add(frozenset(row["subject"].split("、")))
    shapes = network.reaches.set_index("reach_id").geometry
    degree = pd.Series([e for pair in ends for e in pair]).value_counts()
    expected, may = set(), set()
    for (one, a), (other, b) in itertools.combinations(
        zip(shapes.index, shapes, strict=True), 2
    ):
        k, j = int(one[1:]), int(other[1:])
        meet = a.intersection(b)
        for text in set(ends[k]) & set(ends[j]):
            place = shapely.Point(
                [c + o for c, o in zip(eval(text), (X, Y), strict=True)]
            )
            meet = meet.difference(place.buffer(1.0))
        if meet.is_empty:
            continue
        pair = frozenset((one, other))
        tips = [
            shapely.Point([c + o for c, o in zip(eval(text), (X, Y), strict=True)])
            for text in (*ends[k], *ends[j])
            if degree[text] == 1
        ]
        # an open end on another line is told as dangling, at most once an end
        if any(tip.distance(meet) < 1 for tip in tips):
            may.add(pair)
        else:
            expected.add(pair)
    assert expected <= told <= expected | may


def test_lines_that_share_a_node_and_cross_again_are_told():
    network = known(
        [(0, 0), (100, 0)], [(0, 0), (40, 60), (60, -60)], nodes=[(1, 2), (1, 3)]
    )
    issues = gt.check_network(network)
    place = issues.loc[issues["kind"] == "crossing"].geometry.iloc[0]
    assert place.distance(shapely.Point(X + 50, Y)) < 0.01


# ---------------------------------------------------------------- links
def test_a_dead_end_names_the_nearest_other_water_and_what_a_link_joins():
    lines = rivers_of(
        [(0, 0), (300, 0)],
        [(100, 0), (100, 60)],  # a dead end, 30 m short of the next water
        [(0, 90), (300, 90), (300, 0)],
    )
    network = gt.build_network(lines)
    links = missing_links(network).set_index("reach_id")
    dead = links.loc["R1"]
    assert (dead["kind"], dead["joins"], dead["link_m"]) == ("dead_end", "loop", 30.0)
    assert (dead["length_m"], dead["nearest_reach_id"]) == (60.0, "R2")
    assert dead.geometry.length == pytest.approx(30.0)
    text = gt.check_network(network).set_index("subject").loc["R1", "message"]
    assert "30 m" in text
    assert "60 m" in text


def test_a_dead_end_is_not_told_of_the_water_it_comes_from():
    network = gt.build_network(rivers_of([(0, 0), (300, 0)], [(100, 0), (100, 60)]))
    links = missing_links(network).set_index("reach_id")
    assert links.loc["R1", "joins"] == "nothing"
    assert links.loc["R1"].geometry.geom_type == "Point"


def test_a_part_apart_is_told_with_its_size_and_the_link_that_joins_it():
    lines = rivers_of(
        [(0, 0), (900, 0)], [(100, 70), (100, 200)], [(100, 200), (200, 200)]
    )
    links = missing_links(gt.build_network(lines))
    part = links[links["kind"] == "isolated_part"].iloc[0]
    assert (part["reaches"], part["length_m"]) == (2, 230.0)
    assert (part["link_m"], part["joins"], part["joined_km"]) == (70.0, "part", 0.9)


@st.composite
def parts_apart(draw):
    """Combs of many reaches here and there; some large, one the longest."""
    lines = []
    for _ in range(draw(st.integers(2, 5))):
        x, y = draw(st.integers(0, 40)) * 60.0, draw(st.integers(0, 40)) * 60.0
        teeth = draw(st.sampled_from([1, 3, 60]))
        for k in range(teeth):
            lines.append([(x + 2.0 * k, y), (x + 2.0 * (k + 1), y)])
            lines.append([(x + 2.0 * k, y), (x + 2.0 * k, y + 3.0 + k % 5)])
    return lines


@examples(40)
@given(parts_apart())
def test_links_of_parts_are_the_shortest_there_are(lines):
    network = gt.build_network(rivers_of(*lines), snap_m=0.0)
    links = missing_links(network, max_link_m=800.0)
    parts = network.component[network.reaches["from_node"].to_numpy()]
    shapes = network.reaches.geometry.to_numpy()
    unions = {p: shapely.union_all(shapes[parts == p]) for p in np.unique(parts)}
    main = max(unions, key=lambda p: (round(unions[p].length, 6), -p))
    rows = links[links["kind"] == "isolated_part"]
    assert len(rows) == len(unions) - 1
    position = network.reach_position
    for _, row in rows.iterrows():
        own = parts[position[row["reach_id"]]]
        gap = min(unions[own].distance(unions[p]) for p in unions if p != own)
        if gap <= 800:
            assert row["link_m"] == pytest.approx(gap)
            assert row.geometry.length == pytest.approx(gap)
        else:
            assert row["joins"] == "nothing"
    assert main in unions


@examples(40)
@given(loose_lines())
def test_each_dead_end_is_told_once_and_its_link_is_the_shortest(lines):
    network = gt.build_network(rivers_of(*lines), snap_m=0.0)
    links = missing_links(network)
    dead = links[links["kind"] == "dead_end"]
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    assert len(dead) == (np.bincount(ends.ravel()) == 1).sum()
    shapes = network.reaches.geometry
    for _, row in dead[dead["joins"] != "nothing"].iterrows():
        tip = shapely.Point(row.geometry.coords[0])
        other = shapes[network.reach_position[row["nearest_reach_id"]]]
        assert tip.distance(other) == pytest.approx(row["link_m"])


# ---------------------------------------------------------------- water without a way out
def test_water_above_a_sink_finds_no_way_out_and_other_water_does():
    picture = """
A--->B--->C<---D
     |
     v
     E--->F
"""
    network = gt.build_network(drawn.rivers(picture))
    issues = gt.check_network(network)
    stuck = issues[issues["kind"] == "no_outlet"]
    assert set("、".join(stuck["subject"]).split("、")) == {"BC", "CD"}


def test_a_shut_gate_is_no_sink_and_keeps_no_water_for_ever():
    "water behind it is not told as stuck: the gate is there to be opened"
    network = gt.build_network(
        drawn.rivers("A--->B--->C"),
        structures=gates(
            {"structure_id": "Z", "kind": "sluice", "state": "closed", "x": 375, "y": 0}
        ),
    )
    issues = gt.check_network(network)
    assert "only_inflow" not in set(issues["kind"])


def test_findings_of_an_earlier_orienting_are_forgotten():
    picture = "A----B----C"
    network = gt.build_network(drawn.rivers(picture))
    first = orient(network)
    assert "no_outlet" in set(gt.check_network(first)["kind"])
    then = orient(first, outlets=drawn.points(picture, "C"))
    assert "no_outlet" not in set(gt.check_network(then)["kind"])
    again = orient(then, outlets=drawn.points(picture, "C"))
    assert again.hash == then.hash


def test_an_outlet_inside_the_network_is_no_sink():
    picture = "A----B----C"
    network = gt.build_network(drawn.rivers(picture))
    found = orient(network, outlets=drawn.points(picture, "B"))
    kinds = set(gt.check_network(found)["kind"])
    assert not kinds & {"only_inflow", "no_outlet"}


# ---------------------------------------------------------------- repairs
def test_many_repairs_join_what_they_should_and_lose_nothing():
    "a comb of 300 teeth, each 3 m short of its back"
    teeth = [[(20.0 * k, 3.0), (20.0 * k, 40.0)] for k in range(1, 300)]
    network = gt.build_network(rivers_of([(0, 0), (6000, 0)], *teeth))
    issues = gt.check_network(network)
    mended = apply_repairs(network, issues, only="dangling_near")
    assert mended.summary()["components"] == 1
    assert len(mended.reaches) == 300 + 299
    total = network.reaches["length_m"].sum() + 299 * 3.0
    assert mended.reaches["length_m"].sum() == pytest.approx(total)
    back = mended.reaches[mended.reaches["river_id"] == "R0"]
    starts = back.geometry.bounds["minx"].to_numpy()
    assert (np.diff(starts) > 0).all()
    assert back["reach_id"].is_unique


# ---------------------------------------------------------------- known topology
@pytest.mark.parametrize(
    ("columns", "how"),
    [
        ({"FromNode": [1, 2, 4], "ToNode": [2, 3, 2]}, {}),
        ({"from_node": ["a", "b", "d"], "to_node": ["b", "c", "b"]}, {}),
        ({"Hydroseq": [30, 20, 40], "DnHydroseq": [20, 0, 20]}, {}),
        ({"COMID": [7.0, 8.0, 9.0], "ToComID": [8, -1, 8]}, {}),
        ({"HYRIV_ID": [7, 8, 9], "NEXT_DOWN": [8, 0, 8]}, {}),
        ({"below": ["R1", None, "R1"]}, {"next_down": "below"}),
        (
            {"no": ["1", "2", "3"], "dn": ["2", "99", "2"]},
            {"next_down": "dn", "key": "no"},
        ),
    ],
)
def test_known_topology_in_any_of_its_forms_is_one_network(columns, how):
    lines = [(0, 0), (50, 0)], [(50, 0), (90, 0)], [(50, 60), (50, 0)]
    network = network_from_topology(rivers_of(*lines, **columns), **how)
    ends = network.reaches.set_index("reach_id")[["from_node", "to_node"]]
    assert ends.loc["R0", "to_node"] == ends.loc["R1", "from_node"]
    assert ends.loc["R2", "to_node"] == ends.loc["R1", "from_node"]
    assert (len(network.nodes), network.summary()["components"]) == (4, 1)
    assert set(network.reaches["direction_source"]) == {"given"}
    missing = network.log[network.log["step"] == "next_missing"]
    assert missing["before"].tolist() == (["99"] if "dn" in columns else [])
    assert ("next" in " ".join(gt.check_network(network)["message_en"])) == bool(
        len(missing)
    )


@pytest.mark.parametrize(
    ("columns", "how", "words"),
    [
        ({}, {}, "没有认识的拓扑列"),
        ({"d": ["R0", ""]}, {"next_down": "d"}, "指向自己"),
        ({"d": ["R1", ""]}, {"next_down": "d", "from_node": "d"}, "只能用一种"),
        ({"k": [1, 1], "d": [1, 0]}, {"next_down": "d", "key": "k"}, "不唯一"),
        ({"d": ["R1", ""]}, {"next_down": "x"}, "没有节点列 'x'"),
    ],
)
def test_unsound_topology_is_told_in_one_line(columns, how, words):
    rivers = rivers_of([(0, 0), (50, 0)], [(50, 0), (90, 0)], **columns)
    with pytest.raises(NetworkError, match=words) as caught:
        network_from_topology(rivers, **how)
    assert "\n" not in str(caught.value)


@examples(40)
@given(st.data())
def test_lines_drawn_against_their_nodes_are_turned_whatever_their_number(data):
    "a random tree; each line drawn one way or the other"
    count = data.draw(st.integers(2, 12))
    below = [data.draw(st.integers(0, k)) for k in range(count)]
    place = [(60.0 * k, 37.0 * ((k * 7) % 11)) for k in range(count + 1)]
    lines = [[place[k + 1], place[below[k]]] for k in range(count)]
    flip = [data.draw(st.booleans()) for _ in lines]
    drawn_lines = [xy[::-1] if f else xy for xy, f in zip(lines, flip, strict=True)]
    network = known(*drawn_lines, nodes=[(k + 1, below[k]) for k in range(count)])
    if network.log["step"].eq("node_apart").any():
        return  # two ways to lay a branch out; told, not guessed
    xy = shapely.get_coordinates(network.nodes.geometry)
    for _, reach in network.reaches.iterrows():
        tips = shapely.get_coordinates(reach.geometry)[[0, -1]]
        ends = xy[[reach["from_node"], reach["to_node"]]]
        assert tips == pytest.approx(ends, abs=1.0)


# ---------------------------------------------------------------- scenarios
SCENARIOS = sorted((HERE / "scenarios").glob("*.toml"))


def test_the_ready_scenarios_are_the_four_of_the_plains():
    names = {gt.read_scenario(path).name for path in SCENARIOS}
    assert names == {"正常排水", "引水", "排涝", "涨潮"}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_ready_scenarios_apply_without_building_again(path):
    rivers = read_layer(HERE / "rivers_schematic.shp", "rivers").layer
    structures = read_layer(
        HERE / "structures.csv", "structures", datum="cgcs2000"
    ).layer
    network = gt.build_network(rivers, structures=structures)
    scenario = gt.read_scenario(path)
    assert set(scenario.structures) <= set(network.structures["structure_id"])
    found = orient(network, scenario=scenario)
    assert found.nodes is network.nodes
    assert found.reaches["reach_id"].tolist() == network.reaches["reach_id"].tolist()
    told = found.reaches[found.reaches["direction_source"] == "scenario"]
    assert set(told["river_id"]) | set(told["reach_id"]) >= set(scenario.directions)
    before = dict(
        zip(network.reaches["reach_id"], network.reaches.geometry, strict=True)
    )
    for key, line in zip(told["reach_id"], told.geometry, strict=True):
        river = network.reaches.loc[network.reach_position[key], "river_id"]
        word = scenario.directions.get(key) or scenario.directions[river]
        turned = line.coords[0] != before[key].coords[0]
        assert turned == (word == "backward")


def test_scenarios_survive_the_workspace():
    ready = [gt.read_scenario(path) for path in SCENARIOS]
    ready.append(Scenario("空", note="什么也不假设"))
    table = scenario_table(ready)
    as_read = table.astype("string").astype(object)
    assert scenarios_from_table(as_read) == ready
    with pytest.raises(NetworkError, match="缺少列"):
        scenarios_from_table(table.drop(columns="part"))
    bad = table.assign(part="velocities_m_s", value="快")
    with pytest.raises(NetworkError, match="不是数字"):
        scenarios_from_table(bad)


def test_large_random_networks_are_checked_without_a_fault():
    "issues name reaches that are there, and no pair twice"
    rng = np.random.default_rng(5)
    ends = rng.uniform(0, 3000, (400, 2, 2))
    ends[:, 1] = ends[:, 0] + rng.uniform(-200, 200, (400, 2))
    network = gt.build_network(rivers_of(*ends.tolist()))
    found = orient(network, drawing_is_flow=True)
    issues = gt.check_network(found)
    ids = set(found.reaches["reach_id"])
    for kind in ("dead_end", "dangling_near", "twin_line", "directed_cycle"):
        for subject in issues.loc[issues["kind"] == kind, "subject"]:
            assert set(subject.rstrip("…").split("、")) <= ids
    assert not issues.duplicated(["kind", "subject", "message"]).any()


def test_a_line_drawn_beyond_the_water_it_joins_is_no_gap():
    over = gpd.GeoDataFrame(
        {"river_id": ["A", "B"], "direction": ["digitized", "digitized"]},
        geometry=[
            shapely.LineString([(0, 0), (1000, 20)]),
            shapely.LineString([(500, 400), (500, 5)]),
        ],
        crs=4549,
    )
    network = gt.build_network(over)
    issues = gt.check_network(network)
    assert "dangling_near" not in set(issues["kind"])
    mended = gt.apply_repairs(network, issues)
    assert len(mended.reaches) == len(network.reaches)
    assert mended.reaches.geometry.is_simple.all()
    at = gpd.GeoDataFrame(geometry=[shapely.Point(800, 16)], crs=4549)
    stopped = gt.trace_upstream(network, at).stopped
    assert "gap" not in set(stopped["kind"])
    short = over.set_geometry(
        [over.geometry.iloc[0], shapely.LineString([(500, 400), (500, 15)])]
    )
    apart = gt.check_network(gt.build_network(short))
    assert (apart["kind"] == "dangling_near").sum() == 1, "5 m short is a gap"

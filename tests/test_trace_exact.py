"""The three classes are exact: held against every world that a small network allows."""

import itertools
import os
from collections import defaultdict

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geotool as gt
from geotool.network import RiverNetwork, Scenario
from geotool.network._model import STRUCTURE_COLUMNS

MODES = ("known", "unknown", "bidirectional", "inferred")
STATES = (None, None, None, "open", "closed", "one_way", "unknown", "weir")
RANK = {"certain": 0, "scenario": 1, "possible": 2}
TIMES = float(os.environ.get("GEOTOOL_EXAMPLES", "0.6"))
MAX_FREE = 6
"""Reaches whose direction a world chooses: at most 2 to the power of it worlds."""


def network_of(edges, n):
    """Edges: (from, to, mode, length, gate state); a gate stands in the middle."""
    xy = [(1000.0 * np.cos(k), 1000.0 * np.sin(k)) for k in range(n)]
    rows, shapes, structures = [], [], []
    nodes = [shapely.Point(*at) for at in xy]
    for k, (a, b, mode, length, gate) in enumerate(edges):
        middle = (
            (xy[a][0] + xy[b][0]) / 2 + 9 * (k + 1),
            (xy[a][1] + xy[b][1]) / 2 + 7 * (k + 1),
        )
        if gate is None:
            rows.append((f"R{k}", f"R{k}", a, b, length, mode))
            shapes.append([xy[a], middle, xy[b]])
            continue
        node = len(nodes)
        nodes.append(shapely.Point(middle))
        kind, state = ("weir", "unknown") if gate == "weir" else ("sluice", gate)
        structures.append((f"Z{k}", node, f"闸{k}", kind, "internal", state))
        rows.append((f"R{k}", f"R{k}", a, node, length / 2, mode))
        rows.append((f"R{k}b", f"R{k}", node, b, length / 2, mode))
        shapes += [[xy[a], middle], [middle, xy[b]]]
    columns = ["reach_id", "river_id", "from_node", "to_node", "length_m", "mode"]
    table = pd.DataFrame(rows, columns=columns)
    mode = table.pop("mode")
    one_way = mode.isin(["known", "inferred"])
    table["flow_mode"] = np.where(one_way, "normal", mode)
    table["name"] = None
    table["direction_source"] = mode.map({"known": "given", "inferred": "potential"})
    table["direction_confidence"] = mode.map({"known": 0.95, "inferred": 0.6}).fillna(0)
    for column in ("width_m", "depth_m", "flow_m3_s", "velocity_m_s"):
        table[column] = np.nan
    lines = []
    for xys, length in zip(shapes, table["length_m"], strict=True):
        line = shapely.LineString(xys)
        factor = length / line.length
        lines.append(shapely.affinity.scale(line, factor, factor, origin=xys[0]))
    return RiverNetwork(
        gpd.GeoDataFrame(table, geometry=lines, crs=4549),
        gpd.GeoDataFrame(
            {"node_id": range(len(nodes)), "kind": "junction", "structure_id": None},
            geometry=nodes,
            crs=4549,
        ),
        pd.DataFrame(structures, columns=list(STRUCTURE_COLUMNS)),
    )


@st.composite
def cases(draw, *, states=STATES, modes=MODES):
    n = draw(st.integers(2, 5))
    node = st.integers(0, n - 1)
    edge = st.tuples(
        node,
        node,
        st.sampled_from(modes),
        st.sampled_from([40.0, 100.0, 250.0]),
        st.sampled_from(states),
    )
    edges = draw(st.lists(edge, min_size=1, max_size=6))
    free, kept = 0, []
    for one in edges:
        free += (1 + (one[4] is not None)) * (one[2] != "known")
        if free <= MAX_FREE:
            kept.append(one)
    kept = kept or [(0, 1, "known", 100.0, None)]
    network = network_of(kept, n)
    ids = network.reaches["reach_id"].tolist()
    place = st.tuples(st.sampled_from(ids), st.sampled_from([0.0, 0.25, 0.6, 1.0]))
    starts = draw(st.lists(place, min_size=1, max_size=2))
    rivers = sorted(set(network.reaches["river_id"]))
    gates = network.structures["structure_id"].tolist()
    scenario = None
    if draw(st.booleans()):
        words = st.sampled_from(["forward", "backward", "both", "unknown"])
        state = st.sampled_from(["open", "closed", "one_way", "unknown"])
        scenario = Scenario(
            "试",
            directions=draw(
                st.dictionaries(st.sampled_from(rivers), words, max_size=1)
            ),
            structures=draw(st.dictionaries(st.sampled_from(gates), state, max_size=2))
            if gates
            else {},
        )
    return network, starts, scenario


class World:
    """The pieces between nodes and starts, and what each level lets pass."""

    def __init__(self, network, starts, scenario):
        self.network = network
        reaches = network.reaches
        length = dict(zip(reaches["reach_id"], reaches["length_m"], strict=True))
        cuts = defaultdict(set)
        for key, share in starts:
            cuts[key].add(share * length[key])
        self.parted = self._gates(scenario)
        self.pieces, self.targets = [], set()
        for row in reaches.itertuples():
            # a node of a gate is one node on either side
            first = self.parted.get((row.reach_id, "from"), int(row.from_node))
            last = self.parted.get((row.reach_id, "to"), int(row.to_node))
            inner = sorted(m for m in cuts[row.reach_id] if 0 < m < row.length_m)
            measures = [0.0, *inner, row.length_m]
            names = [first, *((row.reach_id, m) for m in inner), last]
            for k in range(len(measures) - 1):
                self.pieces.append(
                    (row.Index, names[k], names[k + 1], *measures[k : k + 2])
                )
            self.targets |= {
                names[measures.index(m)] for m in cuts[row.reach_id] if m in measures
            }
        self.ways = self._directions(scenario)

    def name(self, reach, measure):
        """Name of a node or a start."""
        row = self.network.reaches.set_index("reach_id").loc[reach]
        if measure < 1e-6:
            return self.parted.get((reach, "from"), int(row["from_node"]))
        if measure > row["length_m"] - 1e-6:
            return self.parted.get((reach, "to"), int(row["to_node"]))
        return (reach, measure)

    def _gates(self, scenario):
        parted, self.gates = {}, []
        states = scenario.structures if scenario else {}
        for row in self.network.structures.itertuples():
            key = row.structure_id.replace("Z", "R")
            parted[(f"{key}b", "from")] = far = ("far", int(row.node_id))
            state = states.get(row.structure_id, row.state)
            self.gates.append((int(row.node_id), far, row.kind, state))
        return parted

    def _directions(self, scenario):
        """(certain, scenario, possible) per reach: ways with and against it."""
        told = scenario.directions if scenario else {}
        ways = []
        for row in self.network.reaches.itertuples():
            word = told.get(row.river_id)
            if word is not None:
                fixed = {"forward": "+", "backward": "-", "both": "+-", "unknown": "?"}
                ways.append(("?", fixed[word], fixed[word]))
            elif row.flow_mode == "bidirectional":
                ways.append(("?", "+-", "+-"))
            elif row.flow_mode == "unknown":
                ways.append(("?", "?", "?"))
            elif row.direction_source == "potential":
                ways.append(("?", "+", "?"))
            else:
                ways.append(("+", "+", "+"))
        return ways

    def _passages(self, level):
        for near, far, kind, state in self.gates:
            if state == "closed":
                continue
            open_at = {"open": 1, "one_way": 1, "unknown": 2}[state]
            if kind == "weir" and state != "one_way":
                open_at = 0
            if open_at <= level:
                yield near, far
                if state != "one_way":
                    yield far, near

    def upstream(self, level, flips):
        """Pieces whose water comes to a target in one world."""
        back = defaultdict(set)
        arcs = []
        for k, (reach, a, b, *_) in enumerate(self.pieces):
            word = self.ways[reach][level]
            if word == "?":
                word = "-" if flips[reach] else "+"
            for sign in word:
                tail, head = (a, b) if sign == "+" else (b, a)
                arcs.append((k, head))
                back[head].add(tail)
        for tail, head in self._passages(level):
            back[head].add(tail)
        met, heap = set(self.targets), list(self.targets)
        while heap:
            for tail in back[heap.pop()] - met:
                met.add(tail)
                heap.append(tail)
        return {k for k, head in arcs if head in met}

    def classes(self):
        """Firmest class of each piece over all worlds."""
        found = {}
        for level in (2, 1, 0):
            free = [k for k, ways in enumerate(self.ways) if ways[level] == "?"]
            worlds = []
            for flips in itertools.product((False, True), repeat=len(free)):
                worlds.append(self.upstream(level, dict(zip(free, flips, strict=True))))
            here = set.union(*worlds) if level == 2 else set.intersection(*worlds)
            found.update(dict.fromkeys(here, level))
        return found


def positions(network, starts):
    length = network.reaches.set_index("reach_id")["length_m"]
    return [(key, float(share * length[key])) for key, share in starts]


def mirrored(network, scenario):
    """The same network with all water running the other way."""
    reaches = network.reaches.copy()
    reaches["from_node"], reaches["to_node"] = (
        network.reaches["to_node"],
        network.reaches["from_node"],
    )
    reaches = reaches.set_geometry(reaches.geometry.reverse())
    return RiverNetwork(reaches, network.nodes, network.structures), scenario


def found_classes(trace, world):
    """Class of each piece of a world in a trace."""
    ids = world.network.reaches["reach_id"]
    found = {}
    for row in trace.reaches.itertuples():
        for k, (reach, _, _, low, high) in enumerate(world.pieces):
            same = ids.iloc[reach] == row.reach_id
            if (
                same
                and low >= row.from_measure_m - 1e-6
                and high <= row.to_measure_m + 1e-6
            ):
                assert k not in found, "a stretch is listed once"
                found[k] = RANK[row.relation]
    return found


@settings(max_examples=round(250 * TIMES), deadline=None)
@given(cases())
def test_classes_equal_all_worlds_with_gates_scenarios_and_any_start(case):
    network, starts, scenario = case
    world = World(network, starts, scenario)
    at = positions(network, starts)
    trace = gt.trace_upstream(network, at, scenario=scenario)
    assert found_classes(trace, world) == world.classes()


@settings(max_examples=round(60 * TIMES), deadline=None)
@given(cases())
def test_downstream_is_upstream_in_the_mirrored_network(case):
    network, starts, scenario = case
    at = positions(network, starts)
    length = network.reaches.set_index("reach_id")["length_m"]
    there = [(key, float(length[key] - measure)) for key, measure in at]
    other, same = mirrored(network, scenario)
    down = gt.trace_downstream(network, at, scenario=scenario).reaches
    up = gt.trace_upstream(other, there, scenario=same).reaches
    swap = up["reach_id"].map(length)
    mirror = pd.DataFrame(
        {
            "reach_id": up["reach_id"],
            "relation": up["relation"],
            "from_m": (swap - up["to_measure_m"]).round(6) + 0.0,
            "distance_m": up["distance_m"].round(6),
        }
    )
    direct = pd.DataFrame(
        {
            "reach_id": down["reach_id"],
            "relation": down["relation"],
            "from_m": down["from_measure_m"].round(6) + 0.0,
            "distance_m": down["distance_m"].round(6),
        }
    )
    keys = list(direct.columns)
    pd.testing.assert_frame_equal(
        direct.sort_values(keys, ignore_index=True),
        mirror.sort_values(keys, ignore_index=True),
        check_dtype=False,
    )


@settings(max_examples=round(60 * TIMES), deadline=None)
@given(cases(), st.data())
def test_a_way_is_one_walk_that_the_class_allows(case, data):
    network, starts, scenario = case
    at = positions(network, starts)
    rows = network.reaches
    k = data.draw(st.integers(0, len(rows) - 1))
    measure = float(rows["length_m"].iloc[k]) * data.draw(
        st.sampled_from([0.0, 0.3, 0.9])
    )
    spot = gpd.GeoDataFrame(
        {"id": ["p"]}, geometry=[rows.geometry.iloc[k].interpolate(measure)], crs=4549
    )
    trace = gt.trace_upstream(network, at, points=spot, scenario=scenario)
    assert len(trace.points) + len(trace.excluded) == 1
    if trace.points.empty:
        assert trace.excluded["kind"].iloc[0] in {
            "closed_gate", "other_side", "against_flow", "unconnected"
        }  # fmt: skip
        return
    row = trace.points.iloc[0]
    steps = trace.ways[("points", "p")]
    assert sum(abs(b - a) for _, a, b in steps) == pytest.approx(row["distance_m"])
    world, level = World(network, starts, scenario), RANK[row["relation"]]
    passages = set(world._passages(level))
    last = world.name(steps[-1][0], steps[-1][2])
    beyond = {head for tail, head in passages if tail == last}
    assert ({last} | beyond) & world.targets, (
        "it ends at a start, or the gate beside it"
    )
    for (one, _, left), (other, entered, _) in itertools.pairwise(steps):
        ends = world.name(one, left), world.name(other, entered)
        assert ends[0] == ends[1] or ends in passages, "one walk, through open gates"
    ids = rows["reach_id"].tolist()
    for reach, first, last in steps:
        if abs(first - last) < 1e-9:
            continue
        word = world.ways[ids.index(reach)][level]
        # of a start's reach, or the place's own, it may be certain whichever way
        is_either = {reach} <= {key for key, _ in at} | {steps[0][0]}
        way = "+" if last > first else "-"
        assert way in word or (word == "?" and (level == 2 or is_either))


@settings(max_examples=round(40 * TIMES), deadline=None)
@given(cases(), st.sampled_from([33.3, 127.7, 311.1]))
def test_a_limit_takes_exactly_what_lies_beyond(case, limit_m):
    network, starts, scenario = case
    at = positions(network, starts)
    whole = gt.trace_upstream(network, at, scenario=scenario)
    cut = gt.trace_upstream(network, at, scenario=scenario, max_distance_m=limit_m)
    assert (cut.reaches["distance_m"] < limit_m).all()
    assert (cut.stopped["distance_m"] <= limit_m + 1e-6).all()
    before = whole.reaches.groupby("reach_id")["length_m"].sum()
    after = cut.reaches.groupby("reach_id")["length_m"].sum()
    assert (after <= before[after.index] + 1e-6).all()
    short = whole.reaches.groupby("reach_id")["distance_m"].min()
    assert set(after.index) >= set(short.index[short < limit_m])
    limits = cut.stopped[cut.stopped["kind"] == "limit"]
    assert limits["distance_m"].tolist() == pytest.approx([limit_m] * len(limits))
    assert (len(limits) > 0) == (after.sum() < before.sum() - 1e-6)


def test_what_is_certain_by_a_long_way_may_be_possible_within_the_limit():
    "0 → 1 → 2 is known and long; 0 — 2 is unknown and short"
    edges = [
        (0, 1, "known", 250.0, None),
        (1, 2, "known", 250.0, None),
        (0, 2, "unknown", 40.0, None),
        (3, 0, "known", 100.0, None),
    ]
    network = network_of(edges, 4)
    row = network.reaches.geometry.iloc[3]
    spot = gpd.GeoDataFrame({"id": ["p"]}, geometry=[row.interpolate(50.0)], crs=4549)
    at = ("R1", 250.0)
    far = gt.trace_upstream(network, at, points=spot).points.iloc[0]
    assert (far["relation"], far["distance_m"]) == ("certain", pytest.approx(550))
    near = gt.trace_upstream(network, at, points=spot, max_distance_m=120).points.iloc[
        0
    ]
    assert (near["relation"], near["distance_m"]) == ("possible", pytest.approx(90))
    none = gt.trace_upstream(network, at, points=spot, max_distance_m=80)
    assert none.excluded["kind"].tolist() == ["limit"]


def test_a_start_at_a_gate_lies_on_the_side_of_its_reach():
    network = network_of([(0, 1, "known", 100.0, "closed")], 2)
    above = gt.trace_upstream(network, ("R0", 50.0))
    assert above.reaches["reach_id"].tolist() == ["R0"]
    below = gt.trace_upstream(network, ("R0b", 0.0))
    assert below.reaches.empty
    assert below.stopped["kind"].tolist() == ["closed_gate"]


def test_a_start_on_an_unknown_reach_is_certain_of_what_feeds_both_its_ends():
    edges = [
        (2, 0, "known", 100.0, None),
        (2, 1, "known", 100.0, None),
        (0, 1, "unknown", 100.0, None),
        (3, 2, "known", 100.0, None),
    ]
    trace = gt.trace_upstream(network_of(edges, 4), ("R2", 30.0))
    kinds = trace.reaches.groupby("reach_id")["relation"].agg(set).to_dict()
    assert kinds["R3"] == {"certain"}
    assert kinds["R0"] == kinds["R1"] == {"possible"}
    assert kinds["R2"] == {"possible"}


def test_a_single_reach_overrules_its_river_in_a_scenario():
    network = network_of([(0, 1, "unknown", 100.0, "open")], 2)
    told = Scenario("试", directions={"R0b": "backward", "R0": "forward"})
    trace = gt.trace_upstream(network, ("R0b", 20.0), scenario=told)
    spans = trace.reaches[["reach_id", "from_measure_m", "to_measure_m"]]
    assert spans.to_numpy().tolist() == [["R0b", 20.0, 50.0]]


def test_a_gate_at_a_junction_is_told_not_ignored():
    network = network_of([(0, 1, "known", 100.0, "closed")], 2)
    reaches = network.reaches.copy()
    more = reaches.iloc[[0]].assign(reach_id="T", river_id="T")
    joined = pd.concat([reaches, more], ignore_index=True)
    odd = RiverNetwork(joined, network.nodes, network.structures)
    trace = gt.trace_upstream(odd, ("R0b", 50.0))
    assert any("闸0" in text for text in trace.settings["assumptions"])


def test_being_perhaps_downstream_is_not_stated_as_a_fact():
    edges = [(0, 1, "known", 100.0, None), (1, 2, "unknown", 100.0, None),
             (2, 3, "known", 100.0, None)]  # fmt: skip
    network = network_of(edges, 4)
    line = network.reaches.geometry.iloc[2]
    spot = gpd.GeoDataFrame({"id": ["p"]}, geometry=[line.interpolate(50.0)], crs=4549)
    row = gt.trace_upstream(network, ("R0", 50.0), points=spot).excluded.iloc[0]
    assert row["kind"] == "other_side"
    assert row["reason"].startswith("可能在起点下游")

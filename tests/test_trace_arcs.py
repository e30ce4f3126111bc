"""What a scenario makes of reaches and gates: arcs, their levels, and what is kept."""

import itertools

import drawn
import numpy as np
import pandas as pd
import pytest
import tabled
from test_trace_exact import network_of

import geotool as gt
from geotool.errors import NetworkError
from geotool.network import CONTROLLABLE_KINDS, KNOWN_CONFIDENCE, RiverNetwork, Scenario
from geotool.trace._layout import (
    KEPT,
    NEVER,
    gate_levels,
    layout_of,
    named_rows,
    reach_levels,
)

CHAIN = "A--->B--->C--->D"


def chain(*gates):
    return gt.build_network(drawn.rivers(CHAIN), structures=tabled.gates(CHAIN, *gates))


def test_the_level_of_each_way_through_a_reach():
    network = gt.build_network(drawn.rivers("A--->B--->C--->D--->E--->F--->G"))
    modes = ["normal", "normal", "bidirectional", "reservoir", "unknown", "controlled"]
    trust = [KNOWN_CONFIDENCE, KNOWN_CONFIDENCE - 1e-6, 0.95, 0.95, 0.95, 0.95]
    reaches = network.reaches.assign(flow_mode=modes, direction_confidence=trust)
    odd = type(network)(reaches, network.nodes, network.structures)
    along, against = reach_levels(odd, None)
    assert along.tolist() == [0, 1, 1, 1, 2, 2]
    assert against.tolist() == [NEVER, 2, 1, 1, 2, 2]
    said = dict(zip(["AB", "BC", "CD", "DE"], WORDS, strict=True))
    along, against = reach_levels(odd, Scenario("试", directions=said))
    assert along.tolist() == [1, NEVER, 1, 2, 2, 2]
    assert against.tolist() == [NEVER, 1, 1, 2, 2, 2]


WORDS = ["forward", "backward", "both", "unknown"]


def test_a_river_is_named_before_its_single_reaches():
    reaches = pd.DataFrame(
        {"river_id": ["R", "R", "S"], "reach_id": ["R-1", "R-2", "S"]}
    )
    found = named_rows(reaches, {"R-2": "b", "R": "a", "Q": "c"})
    assert [(rows.tolist(), said) for rows, said in found] == [
        ([0, 1], "a"),
        ([1], "b"),
    ]
    assert named_rows(reaches, {}) == []


@pytest.mark.parametrize("kind", ["sluice", "weir"])
def test_the_levels_of_a_gate_by_its_state(kind):
    can_close = kind in CONTROLLABLE_KINDS
    assert gate_levels(kind, "closed") == (NEVER, NEVER)
    assert gate_levels(kind, "one_way") == (1, NEVER)
    assert gate_levels(kind, "open") == ((1, 1) if can_close else (0, 0))
    assert gate_levels(kind, "unknown") == ((2, 2) if can_close else (0, 0))


def test_a_gate_parts_its_node_into_two_sides():
    network = chain(("AB", "Z1", "one_way", "sluice", "甲闸"))
    layout = layout_of(network, None)
    assert [vars(gate) for gate in layout.gates] == [
        {"structure_id": "Z1", "name": "甲闸", "state": "one_way", "near": 1, "far": 5}
    ]
    near, far = layout.gates[0].near, layout.gates[0].far
    assert layout.gate_arcs.tolist() == [[near, far, 1]]
    assert layout.place.tolist() == [0, 1, 2, 3, 4, near]
    assert layout.nodes == 6
    ids = network.reaches["reach_id"].tolist()
    one, other = ids.index("AB-1"), ids.index("AB-2")
    assert (layout.end[one], layout.start[other]) == (near, far)
    # arcs: two a reach, then the gates'
    number = np.array([2 * one, 2 * one + 1, 2 * len(ids)])
    tail, head = layout.ends(number)
    assert tail.tolist() == [layout.start[one], near, near]
    assert head.tolist() == [near, layout.start[one], far]
    assert layout.metres(number).tolist() == [125, 125, 0]
    assert layout.levels(number).tolist() == [0, NEVER, 1]
    reach, back, gate = layout.parts(number)
    assert reach.tolist() == [one, one, 0]
    assert back.tolist() == [False, True, False]
    assert gate.tolist() == [-1, -1, 0]


def turned(network, row):
    "The same with one reach drawn the other way."
    reaches = network.reaches.copy()
    ends = ["from_node", "to_node"]
    reaches.loc[row, ends] = reaches.loc[row, ends[::-1]].to_numpy()
    reaches.loc[row, "geometry"] = reaches.geometry.iloc[row].reverse()
    return RiverNetwork(reaches, network.nodes, network.structures)


@pytest.mark.parametrize(("row", "levels"), [(None, [1]), (0, [2, 2]), (1, [2, 2])])
def test_a_one_way_gate_points_nowhere_where_the_drawing_changes_sides(row, levels):
    "drawn through, away from the gate on both sides, toward it from both"
    network = network_of([(0, 1, "known", 100.0, "one_way")], 2)
    if row is not None:
        network = turned(network, row)
    layout = layout_of(network, None)
    assert layout.gate_arcs[:, 2].tolist() == levels
    # the two reaches meet at the gate only, one on either side
    sides = {layout.gates[0].near, layout.gates[0].far}
    assert sides == {2, 3}
    ends = [{int(layout.start[k]), int(layout.end[k])} & sides for k in (0, 1)]
    assert ends == [{2}, {3}]
    opened = layout_of(network, Scenario("开", structures={"Z0": "open"}))
    assert opened.gate_arcs.tolist() == [[2, 3, 1], [3, 2, 1]]
    shut = layout_of(network, Scenario("关", structures={"Z0": "closed"}))
    assert shut.gate_arcs.shape == (0, 3)
    assert len(shut.gates) == 1


def test_a_gate_at_the_end_of_the_water_parts_nothing_and_at_a_junction_is_told():
    network = network_of([(0, 1, "known", 100.0, "closed")], 2)
    end = RiverNetwork(network.reaches.iloc[:1], network.nodes, network.structures)
    assert (layout_of(end, None).gates, layout_of(end, None).unparted) == ([], [])
    more = network.reaches.iloc[[0]].assign(reach_id="T", river_id="T")
    reaches = pd.concat([network.reaches, more], ignore_index=True)
    joined = RiverNetwork(reaches, network.nodes, network.structures)
    assert layout_of(joined, None).gates == []
    assert layout_of(joined, None).unparted == ["闸0"]
    nameless = network.structures.assign(name=None)
    other = RiverNetwork(reaches, network.nodes, nameless)
    assert layout_of(other, None).unparted == ["Z0"]


def test_the_last_scenarios_are_kept_and_the_oldest_goes():
    network = chain()
    said = [
        Scenario(str(k), directions={key: word})
        for k, (key, word) in enumerate(itertools.product(["AB", "BC"], WORDS))
    ]
    made = [layout_of(network, one) for one in said[:KEPT]]
    assert [layout_of(network, one) for one in said[:KEPT]] == made
    layout_of(network, said[KEPT])
    # the first was asked for longest ago
    assert layout_of(network, said[1]) is made[1]
    assert layout_of(network, said[0]) is not made[0]
    assert layout_of(network, said[1]) is made[1]


def test_memory_of_a_layout_counts_its_arrays_and_indexes():
    network = chain(("AB", "Z1", "open", "sluice", None))
    layout = layout_of(network, None)
    reaches, nodes = len(network.reaches), layout.nodes
    plain = layout.nbytes
    assert plain == reaches * (4 + 4 + 1 + 1) + 4 * nodes
    index = layout.index(upstream=True, compiled=False)
    assert layout.index(upstream=True, compiled=False) is index
    assert layout.nbytes == plain + index.nbytes
    arcs = reaches + len(layout.gate_arcs)
    assert index.nbytes == 4 * (2 * nodes + nodes + 1 + 2 * arcs) + 8 * arcs


@pytest.mark.parametrize(
    ("scenario", "zh", "en"),
    [
        ({"structures": {"Q": "open"}}, "水工建筑物 Q 不在河网上", "the structure Q"),
        ({"directions": {"Q": "both", "P": "both"}}, "河段或河流 Q、P", "river Q, P"),
        ({"velocities_m_s": {"Q": 1.0}}, "河段或河流 Q 不在", "reach or river Q"),
    ],
)
def test_a_scenario_names_what_is_not_there(scenario, zh, en):
    with pytest.raises(NetworkError) as caught:
        layout_of(chain(), Scenario("试", **scenario))
    assert zh in str(caught.value)
    assert en in str(caught.value)


def test_a_scenario_may_name_rivers_and_reaches_and_gates_that_are_there():
    network = chain(("AB", "Z1", "open", "sluice", None))
    told = Scenario(
        "试",
        structures={"Z1": "closed"},
        directions={"AB": "both", "AB-1": "forward", "BC": "backward"},
        velocities_m_s={"AB": 1.0, "AB-2": 2.0},
    )
    layout = layout_of(network, told)
    levels = dict(zip(network.reaches["reach_id"], layout.along, strict=True))
    assert levels == {"AB-1": 1, "AB-2": 1, "BC": NEVER, "CD": 0}
    table = gt.trace.velocity_ranges(network, told.velocities_m_s)
    assert tabled.rows(table, "low_m_s high_m_s basis") == [
        "1 1 scenario",
        "2 2 scenario",
        "0.03 0.3 assumed",
        "0.03 0.3 assumed",
    ]

"""Ends, limits and stops of a trace, where a metre or an arrow decides."""

import drawn
import numpy as np
import pytest

import geotool as gt
from geotool.errors import NetworkError
from geotool.network import Scenario
from geotool.trace._bits import _targets_first

CHAIN = "A--->B--->C--->D"  # 250 m each


@pytest.mark.parametrize(
    "limit_m", [0.3, 0.9, 1.1, 249.6, 250.0, 250.4, 500.7, 749.5, 900.0]
)
@pytest.mark.parametrize("up", [True, False])
def test_what_is_reached_is_as_long_as_the_limit_to_the_millimetre(limit_m, up):
    network = gt.build_network(drawn.rivers(CHAIN))
    start = ("CD", 250.0) if up else ("AB", 0.0)
    go = gt.trace_upstream if up else gt.trace_downstream
    rows = go(network, start, max_distance_m=limit_m).reaches
    assert rows["length_m"].sum() == pytest.approx(min(limit_m, 750.0), abs=1e-3)
    assert rows.length.to_numpy() == pytest.approx(rows["length_m"].to_numpy())
    assert (rows["to_measure_m"] - rows["from_measure_m"]).to_numpy() == pytest.approx(
        rows["length_m"].to_numpy()
    )


@pytest.mark.parametrize("hours", [0.001, 0.02, 0.1])
def test_a_limit_of_time_reaches_as_far_as_the_quickest_water(hours):
    network = gt.build_network(drawn.rivers(CHAIN))
    whole = gt.trace_upstream(network, ("CD", 250.0)).reaches
    speed = 250.0 / whole["travel_time_min_h"].sort_values().iloc[1]
    rows = gt.trace_upstream(network, ("CD", 250.0), max_time_h=hours).reaches
    assert rows["length_m"].sum() == pytest.approx(min(hours * speed, 750.0), abs=1e-3)


@pytest.mark.parametrize(
    ("arm", "kinds"),
    [("|\n|", ["unknown_direction"]), ("^\nv", []), ("|\nv", []), ("^\n|", [])],
)
def test_only_an_arm_of_unknown_direction_stops_what_is_sure(arm, kinds):
    one, other = arm.split("\n")
    picture = f"     E\n     {one}\n     {other}\nA--->B--->C"
    network = gt.build_network(drawn.rivers(picture))
    trace = gt.trace_upstream(network, ("BC", 250.0))
    stops = trace.stopped[trace.stopped["kind"] == "unknown_direction"]
    assert stops["kind"].tolist() == kinds
    level = dict(zip(trace.reaches["reach_id"], trace.reaches["relation"], strict=True))
    arm_id = next(iter(set(network.reaches["reach_id"]) - {"AB", "BC"}))
    expected = {"|\n|": "possible", "|\nv": "certain", "^\n|": None}.get(
        arm, "scenario"
    )
    if arm != "^\nv":
        assert level.get(arm_id) == expected
    else:
        assert arm_id in level


def test_a_limit_stops_every_branch_at_its_own_place():
    picture = "A--->B--->C\n     ^\n     |\n     E"
    network = gt.build_network(drawn.rivers(picture))
    trace = gt.trace_upstream(network, ("BC", 250.0), max_distance_m=300.0)
    stops = trace.stopped[trace.stopped["kind"] == "limit"]
    assert sorted(stops["subject"]) == sorted(set(network.reaches["reach_id"]) - {"BC"})
    assert stops["distance_m"].tolist() == pytest.approx([300.0, 300.0])
    # one velocity everywhere: times are in the ratio of the distances
    entry = trace.reaches[trace.reaches["distance_m"] == 250.0].iloc[0]
    for time in ("travel_time_min_h", "travel_time_max_h"):
        assert stops[time].tolist() == pytest.approx([entry[time] * 300 / 250] * 2)
    ends = {tuple(np.round(point.coords[0], 6)) for point in stops.geometry}
    grid, _ = drawn.parse(picture)
    x, y = drawn.place(grid, "B")
    assert ends == {(x - 50.0, y), (x, y - 50.0)}


def test_a_point_beyond_the_limit_or_on_another_water_is_not_reached():
    picture = f"{CHAIN}\n\nF--->G--->H"
    network = gt.build_network(drawn.rivers(picture))
    points = drawn.points(picture, "ABCFGH")
    trace = gt.trace_upstream(
        network, ("CD", 250.0), points={"p": points}, max_distance_m=600.0
    )
    met = dict(zip(trace.points["id"], trace.points["distance_m"], strict=True))
    assert met == pytest.approx({"C": 250.0, "B": 500.0})
    why = dict(zip(trace.excluded["id"], trace.excluded["kind"], strict=True))
    assert why == {"A": "limit", **dict.fromkeys("FGH", "unconnected")}


def test_a_scenario_that_turns_every_reach_exchanges_up_and_down():
    picture = "A--->B--->C\n     |\n     v\n     E"
    network = gt.build_network(drawn.rivers(picture))
    ids = network.reaches["reach_id"].tolist()
    turned = Scenario("倒流", directions=dict.fromkeys(ids, "backward"))
    for reach in ids:
        at = (reach, 100.0)
        up = gt.trace_upstream(network, at, scenario=turned).reaches
        down = gt.trace_downstream(network, at).reaches
        assert up["reach_id"].tolist() == down["reach_id"].tolist()
        assert up["distance_m"].tolist() == pytest.approx(down["distance_m"].tolist())


def test_an_id_that_two_layers_have_is_asked_back_with_both_their_names():
    network = gt.build_network(drawn.rivers(CHAIN))
    points = drawn.points(CHAIN, "B")
    trace = gt.trace_upstream(
        network, ("CD", 250.0), points={"outfalls": points, "sections": points}
    )
    with pytest.raises(NetworkError, match="outfalls、sections"):
        trace.path("B")
    for layer in ("outfalls", "sections"):
        assert trace.path("B", layer=layer)[-2:] == ["BC", "CD"]


@pytest.mark.parametrize("measure_m", [0.0, 1.0, 125.0, 250.0])
def test_the_way_of_every_point_is_as_long_as_it_is_far(measure_m):
    picture = """
A--->B--->C--->D
     |    ^
     v    |
     E--->F
"""
    network = gt.build_network(drawn.rivers(picture))
    points = drawn.points(picture, "ABCEF")
    trace = gt.trace_upstream(network, ("CD", measure_m), points={"p": points})
    assert sorted(trace.points["id"]) == list("ABCEF")
    for row in trace.points.itertuples():
        line = trace.path_line(row.id)
        assert line.length == pytest.approx(row.distance_m, abs=1e-6)
        table = trace.path_table(row.id)
        assert table["length_m"].sum() == pytest.approx(row.distance_m, abs=1e-6)
        assert table["reach_id"].tolist() == trace.path(row.id)
    ways = trace.details().set_index("reach_id")
    assert (ways["ways_exact"]).all()
    assert ways.loc["AB", "n_ways"] == 2, "by B and C, or by E and F"


def test_the_scenario_that_is_named_twice_is_the_one_that_is_told():
    network = gt.build_network(drawn.rivers(CHAIN))
    points = drawn.points(CHAIN, "B")
    names = ["甲", "乙", "丙", "乙"]
    with pytest.raises(NetworkError, match="乙") as caught:
        gt.compare_scenarios(
            network, ("CD", 250.0), [Scenario(name) for name in names],
            points={"p": points},
        )  # fmt: skip
    assert "甲" not in str(caught.value)
    assert "丙" not in str(caught.value)


def test_a_trace_shows_its_repr_as_html_without_the_angle_brackets():
    network = gt.build_network(drawn.rivers(CHAIN))
    trace = gt.trace_upstream(network, ("CD", 250.0))
    assert repr(trace)[0] + repr(trace)[-1] == "<>"
    html = trace._repr_html_()
    assert "&lt;" not in html
    assert "&gt;" not in html


@pytest.mark.parametrize("seed", range(12))
def test_every_part_comes_after_those_it_leads_to_however_they_are_numbered(seed):
    chance = np.random.default_rng(seed)
    parts = int(chance.integers(2, 12))
    name = np.arange(parts) if seed < 2 else chance.permutation(parts)
    pairs = np.sort(chance.integers(0, parts, (20, 2)), axis=1)
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    source, target = (name[pairs[:, k]] for k in ((1, 0) if seed else (0, 1)))
    order = _targets_first(source, target, parts)
    assert sorted(order.tolist()) == list(range(parts))
    place = np.argsort(order)
    assert (place[target] < place[source]).all()

"""The network cut at every place, its stretches, and the influence in it."""

from functools import cache
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from test_attribution_ranking import outfall, points, readings, section

import geotool as gt
from geotool.attribution import _groups as groups_module
from geotool.attribution import _stretch as stretch_module
from geotool.attribution import build_problem
from geotool.attribution._cut import SAME_M, _pieces, cut_network
from geotool.attribution._groups import _group, _pieces_between, reach_groups
from geotool.attribution._member import group_place
from geotool.attribution._places import places_of, places_told
from geotool.attribution._states import influences
from geotool.attribution._stretch import credible_stretch
from geotool.network import Scenario
from geotool.tables import load_table

FORK = {
    "A": [(0, 2000), (4000, 0)],
    "B": [(0, -2000), (4000, 0)],
    "C": [(4000, 0), (9000, 0)],
}


def rivers(lines, structures=None, **columns):
    facts = {"name": [f"{key}河" for key in lines], "direction": "digitized",
             "width_m": 20.0, **columns}  # fmt: skip
    layer = gpd.GeoDataFrame(
        {"river_id": list(lines), **facts},
        geometry=[shapely.LineString(xy) for xy in lines.values()],
        crs=4549,
    )
    return gt.orient_network(gt.build_network(layer, structures=structures))


def gate(x, y, **more):
    facts = {"kind": "sluice", "role": "internal", "state": "open", **more}
    return points("structure_id", {"Z1": (x, y, facts)})


def cut(web, reach=(), measure=(), water=(), **options):
    return cut_network(
        web, np.array(reach, np.int64), np.array(measure, float),
        np.array(water, float), **options,
    )  # fmt: skip


def spot(web, node):
    """Where a node of the network lies."""
    at = web.nodes.geometry.iloc[int(node)]
    return round(at.x), round(at.y)


# ---------------------------------------------------------------- cutting
@pytest.mark.parametrize("seed", range(5))
def test_the_pieces_part_every_reach_at_its_places(seed):
    draw = np.random.default_rng(seed)
    length = draw.uniform(5, 50, 4)
    reach = draw.integers(0, 4, 12)
    measure = draw.uniform(0, 1, 12) * length[reach]
    measure[:4] = [0.0, SAME_M / 2, length[reach[2]], length[reach[3]] - SAME_M / 2]
    reach[11], measure[11] = reach[10], measure[10] + SAME_M / 2
    row, low, high, first = _pieces(length, reach, measure)
    for r in range(4):
        cuts = sorted(
            m for k, m in zip(reach[4:11], measure[4:11], strict=True) if k == r
        )
        own = row == r
        np.testing.assert_allclose(low[own], [0.0, *cuts])
        np.testing.assert_allclose(high[own], [*cuts, length[r]])
        assert first[r] == np.flatnonzero(own)[0]


def test_every_place_has_the_node_where_its_piece_ends():
    web = fork()
    ids = web.reaches["river_id"].tolist()
    c = ids.index("C")
    cuts = cut(web, [c, c, c, c], [0.0, 1000.0, 1000.005, 5000.0], [0.1, 0.2, 0.4, 0.8])
    canals, node = cuts.canals, cuts.node
    assert len(canals.start) == 4
    own = np.flatnonzero(canals.reach == c)
    assert node[0] == canals.start[own[0]]
    assert node[1] == node[2] == canals.end[own[0]] == canals.start[own[1]]
    assert node[3] == canals.end[own[1]]
    assert cuts.segment_in.tolist() == [own[0], own[0], own[0], own[1]]
    assert canals.nodes == len(web.nodes) + 1
    np.testing.assert_allclose(canals.inflow_m3_s[node], [0.1, 0.6, 0.6, 0.8])
    assert canals.inflow_m3_s.sum() == pytest.approx(1.5)
    assert spot(web, node[0]) == (4000, 0)
    assert spot(web, node[3]) == (9000, 0)
    assert sorted(spot(web, k) for k in canals.inlets) == [(0, -2000), (0, 2000)]
    assert [spot(web, k) for k in canals.outlets] == [(9000, 0)]
    assert canals.inlet_weight.tolist() == [1.0, 1.0]
    assert canals.mouths.tolist() == []
    assert canals.known.tolist() == [1] * 4


def test_widths_and_depths_are_those_of_the_reach_a_missing_width_is_the_median():
    web = rivers(FORK, width_m=[10.0, np.nan, 30.0], depth_m=[1.5, np.nan, 2.5],
                 flow_m3_s=[np.nan, 2.0, np.nan])  # fmt: skip
    order = [web.reaches["river_id"].tolist().index(key) for key in "ABC"]
    canals = cut(web).canals
    assert canals.width_m[order].tolist() == [10.0, 20.0, 30.0]
    assert canals.is_width_known[order].tolist() == [True, False, True]
    np.testing.assert_array_equal(canals.depth_m[order], [1.5, np.nan, 2.5])
    np.testing.assert_array_equal(canals.flow_m3_s[order], [np.nan, 2.0, np.nan])
    bare = cut(rivers(FORK, width_m=np.nan)).canals
    usual = load_table("hydraulics")["canal_flow"]["width_m"]["value"]
    assert set(bare.width_m) == {usual}
    assert not bare.is_width_known.any()


def test_directions_are_as_registered_or_as_a_scenario_has_them():
    web = rivers(FORK, direction=["digitized", "unknown", "reversed"])
    order = [web.reaches["river_id"].tolist().index(key) for key in "ABC"]
    one = cut(web).canals
    assert one.known[order[0]] == 1
    assert one.known[order[1]] == 0
    reach_id = web.reaches["reach_id"].iloc[order[2]]
    words = {"A": "backward", "C": "forward", reach_id: "backward", "B": "both"}
    some = Scenario("试", directions=words, velocities_m_s={"B": 0.7})
    two = cut(web, scenario=some).canals
    assert two.known[order].tolist() == [-1, 0, -1]
    assert two.inferred[order].tolist() == [-1, 0, -1]
    assert two.speed_low_m_s[order[1]] == two.speed_high_m_s[order[1]] == 0.7
    assert two.speed_basis[order[1]] == "scenario"
    assert one.speed_basis[order[1]] != "scenario"


def test_water_enters_and_leaves_by_the_directions_that_are_known():
    web = rivers(FORK, direction="unknown")
    canals = cut(web, scenario=Scenario("试", directions={"B": "backward"})).canals
    assert [spot(web, k) for k in canals.outlets] == [(0, -2000)]
    assert canals.inlets.tolist() == []
    shut = cut(web, scenario=Scenario("试", directions={"C": "backward"})).canals
    assert [spot(web, k) for k in shut.inlets] == [(9000, 0)]


def test_a_shut_gate_parts_the_water_and_an_open_one_does_not():
    web = rivers(FORK, gate(2000, 1000))
    whole = cut(web).canals
    shut = cut(web, scenario=Scenario("关", structures={"Z1": "closed"})).canals
    assert shut.nodes == whole.nodes + 1
    moved = (shut.start != whole.start) | (shut.end != whole.end)
    assert moved.sum() == 1
    assert len(np.unique(np.append(shut.start, shut.end))) == shut.nodes


@pytest.mark.parametrize("role", ["inlet", "outlet"])
def test_gates_at_the_rim_let_water_in_before_mere_open_ends(role):
    web = rivers(FORK, gate(100, 1950, role=role), direction="unknown")
    known = Scenario("试", directions={"B": "forward"})
    canals = cut(web, scenario=known).canals
    if role == "inlet":
        weight = {
            spot(web, k): w
            for k, w in zip(canals.inlets, canals.inlet_weight, strict=True)
        }
        assert weight == {(0, 2000): 1.0, (0, -2000): 0.1}
    else:
        assert [spot(web, k) for k in canals.outlets] == [(0, 2000)]
        assert canals.inlet_weight.tolist() == [1.0]


def test_a_gate_inside_lets_water_out_only_where_its_part_knows_no_other_way():
    lines = {**FORK, "C": [(4000, 0), (8000, 0)], "D": [(8000, 0), (9000, 900)],
             "E": [(8000, 0), (9000, -900)]}  # fmt: skip
    inside = gate(4001, 0, role="outlet")
    bare = rivers(lines, inside, direction="unknown")
    canals = cut(bare).canals
    assert [spot(bare, k) for k in canals.outlets] == [(4000, 0)]
    assert canals.mouths.tolist() == []
    sure = rivers(lines, inside)
    canals = cut(sure).canals
    assert sorted(spot(sure, k) for k in canals.outlets) == [(9000, -900), (9000, 900)]
    assert [spot(sure, k) for k in canals.mouths] == [(4000, 0)]
    shut = cut(sure, scenario=Scenario("关", structures={"Z1": "closed"})).canals
    assert shut.mouths.tolist() == []


# ---------------------------------------------------------------- stretches
@cache
def fork():
    return rivers(FORK)


def fork_problem(**options):
    return build_problem(
        fork(), "S",
        readings({"S": 2.5, "T": 0.3}),
        points("outfall_id", {"PA": outfall(1000, 1503), "PB": outfall(1000, -1503)}),
        item="NH3N",
        sections=points(
            "section_id", {"S": section(8000, 0), "T": section(6000, 0)}
        ),
        **options,
    )  # fmt: skip


def told_groups(problem):
    reaches = problem.network.reaches
    return {
        group.group_id: (
            round(group.length_m), reaches["river_id"].iloc[group.rows].tolist(),
            group.label,
        )
        for group in problem.groups
    }  # fmt: skip


def test_each_reach_between_sections_is_a_stretch_with_its_measures():
    problem = fork_problem().problem
    arm = round(float(np.hypot(4000, 2000)))
    assert told_groups(problem) == {
        f"A@0-{arm}": (arm, ["A"], ("A河（A 0.00–4.47 km）", "A河 (A 0.00–4.47 km)")),
        f"B@0-{arm}": (arm, ["B"], ("B河（B 0.00–4.47 km）", "B河 (B 0.00–4.47 km)")),
        "C@0-2000": (2000, ["C"], ("C河（C 0.00–2.00 km）", "C河 (C 0.00–2.00 km)")),
        "C@2000-4000": (2000, ["C"], ("C河（C 2.00–4.00 km）", "C河 (C 2.00–4.00 km)")),
    }
    place = group_place(problem.groups, len(problem.canals.start) + 2)
    for k, group in enumerate(problem.groups):
        assert np.flatnonzero(place == k).tolist() == group.segments.tolist()
    assert place[-2:].tolist() == [-1, -1]


@pytest.mark.parametrize(("most", "count"), [(4, 4), (3, 3), (2, 2)])
def test_too_many_stretches_are_taken_by_river_then_by_distance(
    monkeypatch, most, count
):
    table = {"evidence": {"most_groups": {"value": most}}}
    monkeypatch.setattr(groups_module, "load_table", lambda _: table)
    monkeypatch.setattr(groups_module, "BANDS", 3)
    problem = fork_problem().problem
    found = told_groups(problem)
    assert len(found) == count
    every = np.sort(np.concatenate([group.segments for group in problem.groups]))
    assert every.tolist() == sorted(set(every.tolist()))
    if most == 3:
        assert {tuple(rows) for _, rows, _ in found.values()} == {
            ("A",),
            ("B",),
            ("C",),
        }
    if most == 2:
        assert ("A河、B河", "A河, B河") in [label for *_, label in found.values()]


def test_sections_are_counted_along_each_reach():
    canals = SimpleNamespace(
        start=np.array([0, 9, 8, 9, 7]), low_m=np.array([0.0, 5, 8, 0, 3]),
        reach=np.array([0, 0, 0, 1, 1]),
    )  # fmt: skip
    assert _pieces_between(canals, np.array([9, 7])).tolist() == [0, 1, 1, 0, 1]
    assert _pieces_between(canals, np.array([0])).tolist() == [0] * 5


@pytest.mark.parametrize("names", [["长河"] * 5, [None] * 5, list("甲乙丙丁戊")])
def test_a_stretch_of_several_reaches_is_named_by_three(names):
    reaches = pd.DataFrame({"reach_id": list("abcde"), "name": names})
    canals = SimpleNamespace(
        reach=np.arange(5), low_m=np.zeros(5), high_m=np.full(5, 10.0),
        length_m=np.full(5, 10.0),
    )  # fmt: skip
    network = SimpleNamespace(reaches=reaches)
    group = _group(network, canals, np.array([4, 0, 2, 1, 3]))
    assert group.segments.tolist() == [0, 1, 2, 3, 4]
    assert (group.group_id, group.length_m) == ("a+4", 50.0)
    shown = {"长河": "长河", None: "a、b、c等", "甲": "甲、乙、丙等"}[names[0]]
    english = {"长河": "长河", None: "a, b, c", "甲": "甲, 乙, 丙"}[names[0]]
    assert group.label == (shown, english)
    three = _group(network, canals, np.array([0, 1, 2]))
    assert three.label[0] == shown.removesuffix("等")


def test_what_the_trace_did_not_reach_is_in_no_stretch():
    prepared = fork_problem()
    problem = prepared.problem
    spans = prepared.trace.spans
    nodes = problem.sections["node"].to_numpy()
    none = reach_groups(problem.network, problem.canals, spans.head(0), nodes)
    assert none == ()
    by_id = pd.DataFrame(
        {"reach_id": ["A"], "from_measure_m": [0.0], "to_measure_m": [1800.0],
         "distance_m": [9.0]}
    )  # fmt: skip
    (only,) = reach_groups(problem.network, problem.canals, by_id, nodes)
    # the piece above the outfall at 1118 m; the middle of the next lies beyond
    assert only.length_m == pytest.approx(1118, abs=5)


# ---------------------------------------------------------------- places of a stretch
def test_places_cover_the_water_in_equal_parts_no_closer_than_they_should():
    canals = SimpleNamespace(start=np.arange(3), low_m=np.array([0.0, 200.0, 1400.0]))
    groups = [SimpleNamespace(segments=np.array([1])), SimpleNamespace(segments=[2])]
    pieces = SimpleNamespace(
        segment=np.array([0, 1, 1, 2]), length_m=np.array([200.0, 1800, 1800, 2200])
    )
    found = places_of(SimpleNamespace(canals=canals, groups=groups, n=5), pieces)
    assert found.owner.tolist() == [5, 5, 5, 5, 6, 6, 6]
    assert found.piece.tolist() == [1, 1, 2, 2, 3, 3, 3]
    assert found.segment.tolist() == [1, 1, 1, 1, 2, 2, 2]
    np.testing.assert_allclose(
        found.low_m, [200, 1100, 2000, 2900, *(1400 + np.arange(3) * 2200 / 3)]
    )
    np.testing.assert_allclose(found.length_m, [900] * 4 + [2200 / 3] * 3)
    np.testing.assert_allclose(found.part, [0.25, 0.75] * 2 + [1 / 6, 0.5, 5 / 6])
    for length, count in ((2000.0, 2), (2000.5, 3), (0.1, 1)):
        pieces_of = SimpleNamespace(segment=np.array([1]), length_m=np.array([length]))
        own = SimpleNamespace(canals=canals, groups=groups, n=5)
        assert len(places_of(own, pieces_of).part) == count
    long = SimpleNamespace(segment=pieces.segment, length_m=pieces.length_m * 1000)
    many = places_of(SimpleNamespace(canals=canals, groups=groups, n=5), long)
    assert 100 <= len(many.owner) <= 103, "farther apart in a longer web"


def test_the_parts_of_a_stretch_add_up_to_one():
    canals = SimpleNamespace(start=np.arange(3), low_m=np.zeros(3))
    groups = [SimpleNamespace(segments=[0]), SimpleNamespace(segments=[1])]
    pieces = SimpleNamespace(
        segment=np.array([0, 1]), length_m=np.array([2000.0, 1800])
    )
    places = places_of(SimpleNamespace(canals=canals, groups=groups, n=1), pieces)
    found = places_told(places, np.array([0.3, 0.1, 0.0, 0.0]))
    np.testing.assert_allclose(found[1], [[0, 0, 1000, 0.75], [0, 1000, 2000, 0.25]])
    np.testing.assert_allclose(found[2][:, 3], [0.5, 0.5])
    assert sorted(found) == [1, 2]


# ---------------------------------------------------------------- the credible stretch
def test_the_stretch_is_joined_from_its_places_and_named_from_the_likeliest():
    problem = fork_problem().problem
    ids = [group.group_id for group in problem.groups]
    segment = {key: g.segments for key, g in zip(ids, problem.groups, strict=True)}
    chance = np.zeros(problem.n + 4)
    chance[: problem.n] = 0.25
    facts = [{} for _ in chance]
    for key, p in (("C@0-2000", 0.3), ("C@2000-4000", 0.05), (ids[0], 0.15)):
        chance[problem.n + ids.index(key)] = p
    (own,) = segment["C@0-2000"]
    table = [[own, 0.0, 500.0, 0.4], [own, 500, 1000, 0.02], [own, 1000, 1500, 0.56],
             [own, 1500, 2000, 0.02]]  # fmt: skip
    facts[problem.n + ids.index("C@0-2000")] = {"places": np.array(table)}
    found = credible_stretch(problem, chance, facts)
    # a hole of one place is no finer than the data
    first = found.parts.iloc[0]
    assert (first["reach_id"], first["name"]) == ("C", "C河")
    assert (first["from_measure_m"], first["to_measure_m"]) == (0.0, 1500.0)
    assert first["probability"] == pytest.approx(0.6 * 0.98)
    assert (first["nearest_m"], first["farthest_m"]) == pytest.approx((2500, 4000))
    second = found.parts.iloc[1]
    arm = float(np.hypot(4000, 2000))
    assert second["reach_id"] == ids[0][0]
    assert second["probability"] == pytest.approx(0.3)
    assert second["to_measure_m"] == pytest.approx(arm)
    assert (second["nearest_m"], second["farthest_m"]) == pytest.approx(
        (4000, 4000 + arm)
    )
    assert found.length_m == pytest.approx(1500 + arm)
    assert found.upstream_m == pytest.approx(4000 + 2 * arm)
    assert found.credible == 0.8
    assert found.section_id == "S"
    assert found.parts.geometry.length.tolist() == pytest.approx([1500, arm])
    assert found.span_km == pytest.approx((2.5, (4000 + arm) / 1000))
    plain = found.to_dict()
    assert plain["nearest_m"] == 2500.0
    assert plain["farthest_m"] == pytest.approx(4000 + arm, abs=0.05)
    assert credible_stretch(problem, np.append([1.0, 0.0], np.zeros(4)), facts) is None


def test_no_stretch_begins_below_its_section():
    "An end that is rounded past the section is at the section, and not at -0.0 km."
    problem = fork_problem().problem
    number = [group.group_id for group in problem.groups].index("C@2000-4000")
    (own,) = problem.groups[number].segments
    chance = np.zeros(problem.n + 4)
    chance[problem.n + number] = 1.0
    facts = [{} for _ in chance]
    table = np.array([[own, 2000.0, 4000.0 + 1e-9, 1.0]])
    facts[problem.n + number] = {"places": table}
    found = credible_stretch(problem, chance, facts)
    assert found.span_km == pytest.approx((0.0, 2.0))
    assert "-0.0" not in str(found.to_dict())


def test_a_stretch_too_long_is_not_named_and_far_water_has_no_distance(monkeypatch):
    problem = fork_problem().problem
    chance = np.full(problem.n + 4, 1.0 / (problem.n + 4))
    facts = [{} for _ in chance]
    whole = credible_stretch(problem, chance, facts)
    segments = len(whole.parts)
    monkeypatch.setattr(stretch_module, "MOST_SEGMENTS", 6)
    far = credible_stretch(problem, chance, facts)
    assert len(far.parts) == segments
    assert far.parts["nearest_m"].isna().all()
    assert not np.isfinite(far.span_km).any()
    monkeypatch.setattr(stretch_module, "MOST_SEGMENTS", 1)
    assert credible_stretch(problem, chance, facts) is None


# ---------------------------------------------------------------- influence
def test_the_influence_of_an_arm_is_its_decay_over_the_flow():
    """One member of the usual flow: closed form along arm A and canal C."""
    problem = fork_problem().problem
    found = influences(problem, members=1)
    assert found.psi.shape == (1, 1, 2, problem.n + 4)
    rows = problem.sections["section_id"].tolist()
    s, t = rows.index("S"), rows.index("T")
    ids = problem.sources["outfall_id"].tolist()
    hours, per_d = found.time_h[0], problem.decay_per_d[0]
    for key in ("PA", "PB"):
        k = ids.index(key)
        left = np.exp(-per_d * hours[k] / 24)
        assert found.psi[0, 0, s, k] * found.flow_m3_s[0, s] == pytest.approx(left)
        later = hours[k] - found.section_time_h[0, t]
        left = np.exp(-per_d * later / 24)
        assert found.psi[0, 0, t, k] * found.flow_m3_s[0, t] == pytest.approx(left)
    assert found.section_time_h[0, s] == 0.0
    names = [group.group_id for group in problem.groups]
    between = problem.n + names.index("C@2000-4000")
    assert found.psi[0, 0, t, between] == 0.0
    # of a load along a stretch the middle is on its way half as long
    assert hours[between] == pytest.approx(found.section_time_h[0, t] / 2, rel=0.02)
    kt = per_d * found.section_time_h[0, t] / 24
    mean = (1 - np.exp(-kt)) / kt
    assert found.psi[0, 0, s, between] * found.flow_m3_s[0, s] == pytest.approx(mean)
    np.testing.assert_allclose(found.mean, found.psi[0, 0])
    np.testing.assert_allclose(found.state_psi, found.psi[:, 0])
    np.testing.assert_allclose(found.middle_time_h, hours)


def test_states_that_take_turns_are_averaged_by_their_share_of_time():
    slow = Scenario("慢", velocities_m_s={"A": 0.05, "C": 0.05})
    fast = Scenario("快", velocities_m_s={"A": 0.5, "C": 0.5})
    each = [
        influences(fork_problem(scenario=one).problem, members=2)
        for one in (slow, fast)
    ]
    problem = fork_problem(states=[(slow, 3.0), (fast, 1.0)]).problem
    both = influences(problem, members=2)
    np.testing.assert_allclose(both.psi, 0.75 * each[0].psi + 0.25 * each[1].psi)
    flow = 0.75 * each[0].flow_m3_s + 0.25 * each[1].flow_m3_s
    np.testing.assert_allclose(both.flow_m3_s, flow)
    np.testing.assert_allclose(
        both.others, 0.75 * each[0].others + 0.25 * each[1].others
    )
    target = problem.target
    weight = [0.75 * each[0].psi[:, 0, target], 0.25 * each[1].psi[:, 0, target]]
    with np.errstate(invalid="ignore"):
        time = (weight[0] * each[0].time_h + weight[1] * each[1].time_h) / sum(weight)
    np.testing.assert_allclose(both.time_h, time)
    np.testing.assert_allclose(both.state_psi, [one.mean for one in each])
    np.testing.assert_allclose(both.section_time_h, each[0].section_time_h)


def test_members_differ_in_decay_and_items_that_do_not_decay_are_alike():
    table = pd.concat(
        [readings({"S": 2.5}), readings({"S": 0.4}, item="TP"),
         readings({"S": 1.4}, item="F"), readings({"S": 90.0}, item="CL")]
    )  # fmt: skip
    problem = build_problem(
        fork(), "S", table, points("outfall_id", {"PA": outfall(1000, 1503)}),
        item="F", sections=points("section_id", {"S": section(8000, 0)}),
    ).problem  # fmt: skip
    assert problem.items == ("F", "CL", "NH3N", "TP")
    psi = influences(problem, members=40).psi[:, :, 0, 0]
    np.testing.assert_allclose(psi[:, 0], psi[:, 1])
    left = -np.log(psi[:, 2:] / psi[:, :1])
    assert (left > 0).all()
    # the decay of each item is drawn by itself, about that of the table
    ratio = np.log(left[1:, 1] / left[1:, 0])
    assert 0.6 < ratio.std() < 1.6
    assert left[0, 1] / left[0, 0] == pytest.approx(0.13 / 0.07)

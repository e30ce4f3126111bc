"""Rankings on drawn networks: who is cleared, what is said, what never changes."""

import inspect
import json
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

import geotool as gt
from geotool.attribution import build_problem, rank_problem, rank_sources
from geotool.attribution._canal_flow import canal_flows, injected
from geotool.attribution._cut import cut_network
from geotool.attribution._expected import student
from geotool.attribution._gauged import Gauged
from geotool.attribution._hints import lag_evidence, wet_dry_evidence, wet_dry_ratio
from geotool.attribution._loads import decay_of, declared_loads, effluent_class
from geotool.attribution._reasons import strength_words
from geotool.attribution._states import influences
from geotool.errors import GeotoolError, LayerError, LocateError, NetworkError
from geotool.locate import locate_points
from geotool.network import Scenario
from geotool.tables import load_table
from geotool.trace import trace_upstream


# ---------------------------------------------------------------- drawn waters
def points(column, table):
    "A layer of points from {id: (x, y, {column: value})}."
    rows = [{column: key, **more} for key, (_, _, more) in table.items()]
    places = [shapely.Point(x, y) for x, y, _ in table.values()]
    return gpd.GeoDataFrame(rows, geometry=places, crs=4549)


@cache
def stem_network():
    "The canal of most cases, oriented once: a network is a frozen value."
    return network(STEM)


def network(lines, **columns):
    "An oriented network of {river: [(x, y), ...]}, all drawn with the flow."
    layer = gpd.GeoDataFrame(
        {
            "river_id": list(lines),
            "name": [f"{key}河" for key in lines],
            "direction": "digitized",
            "width_m": 20.0,
            **columns,
        },
        geometry=[shapely.LineString(xy) for xy in lines.values()],
        crs=4549,
    )
    return gt.orient_network(gt.build_network(layer))


def outfall(x, y, load=8.0, **more):
    figures = {"permitted_discharge_m3_d": 4000.0, "permitted_nh3n_mg_l": load}
    return x, y, {"category": "城镇污水处理厂排污口", **figures, **more}


def section(x, y, flow=2.0, **more):
    return x, y, {"target_class": "III", "flow_m3_s": flow, **more}


def readings(values, time="2026-05-03 08:00", item="NH3N"):
    return pd.DataFrame(
        [
            {"section_id": key, "time": time, "item": item, "value": value}
            for key, value in values.items()
        ]
    )


STEM = {"A": [(0, 0), (9000, 0)]}


def stem(outfalls, sections, table, **options):
    "A ranking on one canal of 9 km, the last section failing."
    layer = points("section_id", sections)
    return rank_sources(
        stem_network(),
        list(sections)[-1],
        table,
        points("outfall_id", outfalls),
        item="NH3N",
        sections=layer,
        **options,
    )


TWO = {"P1": outfall(2000, 5), "P2": outfall(6000, -5)}
BETWEEN = {"S1": section(4000, 0), "S2": section(8000, 0)}


def chance(ranking):
    return ranking.table.set_index("outfall_id")["probability"]


# ---------------------------------------------------------------- the evidence
def test_a_source_above_a_section_that_passed_is_cleared():
    ranking = stem(TWO, BETWEEN, readings({"S1": 0.3, "S2": 2.4}))
    p = chance(ranking)
    assert ranking.table["outfall_id"].tolist() == ["P2", "P1"]
    assert p["P2"] > 5 * p["P1"]
    why = " ".join(ranking.why("P1"))
    assert "不支持" in why
    assert "S1" in why.split("不支持")[1]
    # without the passing section nothing tells them apart
    alone = chance(stem(TWO, {"S2": BETWEEN["S2"]}, readings({"S2": 2.4})))
    assert 0.5 < alone["P2"] / alone["P1"] < 2


def test_a_section_that_failed_too_points_above_it():
    p = chance(stem(TWO, BETWEEN, readings({"S1": 2.6, "S2": 2.4})))
    assert p["P1"] > 3 * p["P2"]


def test_with_no_outfall_between_the_unregistered_is_named_first():
    above = {"P1": outfall(1000, 5), "P2": outfall(2000, 5)}
    ranking = stem(above, BETWEEN, readings({"S1": 0.25, "S2": 3.0}))
    assert ranking.unregistered_probability > 0.5
    (reach, low, high), *_ = ranking.unregistered["intervals"].iloc[0]
    assert reach == "A"
    assert (low, high) == pytest.approx((4000, 8000))
    assert "登记外" in ranking.headline[0]
    assert "in no register" in repr(ranking)


def test_the_fingerprint_tells_sources_at_one_place_apart():
    both = {
        "W": outfall(6000, 5, permitted_f_mg_l=0.7),
        "E": outfall(6000, -5, permitted_f_mg_l=24.0),
    }
    table = pd.concat(
        [readings({"S2": 2.5}), readings({"S2": 4.5}, item="F")], ignore_index=True
    )
    ranking = stem(both, {"S2": section(8000, 0)}, table)
    assert ranking.level == 3
    assert ranking.table["outfall_id"].tolist() == ["E", "W"]
    assert any("氟化物" in text for text in ranking.why("E"))
    plain = pd.concat(
        [readings({"S2": 2.5}), readings({"S2": 0.35}, item="F")], ignore_index=True
    )
    p = chance(stem(both, {"S2": section(8000, 0)}, plain))
    assert p["W"] > p["E"]


def test_the_larger_load_comes_first_where_one_section_is_all():
    ranking = stem(
        {"P1": outfall(5000, 5, 2.0), "P2": outfall(5000, -5, 20.0)},
        {"S2": section(8000, 0)},
        readings({"S2": 2.0}),
    )
    assert ranking.level == 2
    assert ranking.table["outfall_id"].tolist() == ["P2", "P1"]
    assert ranking.table["declared_kg_d"].tolist() == pytest.approx([48.0, 4.8])


def test_distances_only_is_an_order_by_distance_and_says_so():
    bare = {key: (x, 3, {}) for key, x in (("P1", 500), ("P2", 3000), ("P3", 7000))}
    ranking = stem(bare, {"S2": (8000, 0, {})}, readings({"S2": 2.0}))
    assert ranking.level == 0
    assert ranking.table["outfall_id"].tolist() == ["P3", "P2", "P1"]
    p = chance(ranking)
    assert p.max() / p.min() < 3.0
    assert "只有距离" in ranking.headline[0]
    assert "无法区分" in ranking.headline[0]
    assert any("只有距离" in text for text in ranking.why("P1"))
    assert not ranking.table["strength"].isin(["很可能", "较可能"]).any()


def test_levels_go_down_with_what_is_known():
    one = {"S2": section(8000, 0)}
    classed = {"P1": (2000, 5, {"category": "畜禽养殖"}), "P2": (6000, 5, {})}
    found = [
        stem(TWO, BETWEEN, readings({"S1": 0.3, "S2": 2.4})).level,
        stem(TWO, one, readings({"S2": 2.4})).level,
        stem(classed, one, readings({"S2": 2.4})).level,
    ]
    assert found[0] == 4
    assert found[1] == 2
    assert found[2] <= 1


def test_a_tributary_below_the_section_is_no_candidate():
    web = network(
        {
            "A": [(0, 0), (5000, 0)],
            "B": [(5000, 3000), (5000, 0)],
            "C": [(5000, 0), (9000, 0)],
        }
    )
    ranking = rank_sources(
        web,
        "S",
        readings({"S": 2.0}),
        points("outfall_id", {"PA": outfall(2000, 3), "PB": outfall(5003, 1500)}),
        item="氨氮",
        sections=points("section_id", {"S": section(4000, 0)}),
    )
    assert ranking.table["outfall_id"].tolist() == ["PA"]
    assert ranking.excluded["outfall_id"].tolist() == ["PB"]
    assert ranking.excluded["reason"].iloc[0]


def test_the_next_sample_parts_the_two_that_are_left():
    "Two equal arms, nothing measured but below: sample one of the arms."
    web = network(
        {
            "A": [(0, 2000), (4000, 0)],
            "B": [(0, -2000), (4000, 0)],
            "C": [(4000, 0), (9000, 0)],
        }
    )
    ranking = rank_sources(
        web,
        "S",
        readings({"S": 2.5}),
        points("outfall_id", {"PA": outfall(1000, 1503), "PB": outfall(1000, -1503)}),
        item="NH3N",
        sections=points("section_id", {"S": section(8000, 0)}),
    )
    assert ranking.next_sample[0].startswith("下一个样：在 ")
    assert "A河" in ranking.next_sample[0] or "B河" in ranking.next_sample[0]
    bits = float(ranking.next_sample[1].rsplit("gain ", 1)[1].removesuffix(" bit)"))
    assert 0.05 < bits <= 3.0


def test_flow_states_that_take_turns_say_when_a_source_matters():
    lines = {
        "A": [(0, 2000), (4000, 0)],
        "B": [(0, -2000), (4000, 0)],
        "C": [(4000, 0), (9000, 0)],
    }
    layer = gpd.GeoDataFrame(
        {"river_id": list(lines), "direction": "digitized", "width_m": 20.0},
        geometry=[shapely.LineString(xy) for xy in lines.values()],
        crs=4549,
    )
    gate = points("structure_id", {"Z1": (3000, 500, {"kind": "sluice"})})
    web = gt.orient_network(gt.build_network(layer, structures=gate))
    options = {
        "item": "NH3N",
        "sections": points("section_id", {"S": section(8000, 0)}),
    }
    register = points(
        "outfall_id", {"PA": outfall(1000, 1503), "PB": outfall(1000, -1503)}
    )
    shut = Scenario("关闸", structures={"Z1": "closed"})
    free = Scenario("开闸", structures={"Z1": "open"})
    table = readings({"S": 2.5})
    ranking = rank_sources(
        web, "S", table, register, states=[(shut, 0.7), (free, 0.3)], **options
    )
    assert set(ranking.table["outfall_id"]) == {"PA", "PB"}
    assert any("只在“开闸”" in text for text in ranking.why("PA"))
    assert chance(ranking)["PB"] > chance(ranking)["PA"]
    only = rank_sources(web, "S", table, register, scenario=shut, **options)
    assert only.table["outfall_id"].tolist() == ["PB"]
    assert only.excluded["outfall_id"].tolist() == ["PA"]
    with pytest.raises(NetworkError, match="只能给一个"):
        rank_sources(
            web, "S", table, register, scenario=shut, states=[(free, 1.0)], **options
        )


# ---------------------------------------------------------------- what never changes
def same(one, other, tolerance=1e-9):
    keys = ["outfall_id", "rank", "probability", "contribution_share", "top_three"]
    pd.testing.assert_frame_equal(one.table[keys], other.table[keys], rtol=tolerance)
    assert one.unregistered_probability == pytest.approx(
        other.unregistered_probability, rel=1e-9
    )


def many(seed, count=6):
    rng = np.random.default_rng(seed)
    return {
        f"P{k}": outfall(
            float(rng.uniform(100, 7900)),
            float(rng.choice([-4, 4])),
            float(rng.uniform(1, 30)),
        )
        for k in range(count)
    }


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), low=st.floats(0.05, 2.0), high=st.floats(1.1, 9.0))
def test_probabilities_sum_to_one_and_stay_within_bounds(seed, low, high):
    ranking = stem(many(seed), BETWEEN, readings({"S1": low, "S2": high}))
    table = ranking.table
    total = table["probability"].sum() + ranking.unregistered["probability"].sum()
    assert total == pytest.approx(1.0, abs=1e-12)
    assert ranking.unregistered["probability"].sum() == pytest.approx(
        ranking.unregistered_probability
    )
    for column in ("probability", "top_three", "contribution_share"):
        assert table[column].between(0, 1).all(), column
    assert (table["share_low"] <= table["share_high"]).all()
    assert table["probability"].is_monotonic_decreasing
    assert (table["travel_time_min_h"] <= table["travel_time_h"]).all()
    assert (table["travel_time_h"] <= table["travel_time_max_h"]).all()
    assert table["rank"].tolist() == list(range(1, len(table) + 1))


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_does_not_matter(seed):
    register = many(seed)
    table = readings({"S1": 0.4, "S2": 2.2})
    rng = np.random.default_rng(seed)
    first = stem(register, BETWEEN, table)
    keys = list(register)
    rng.shuffle(keys)
    again = rank_sources(
        stem_network(),
        "S2",
        table.sample(frac=1, random_state=seed),
        points("outfall_id", {key: register[key] for key in keys}),
        item="NH3N",
        sections=points("section_id", dict(reversed(BETWEEN.items()))),
    )
    same(first, again)
    assert first.table["reasons"].tolist() == again.table["reasons"].tolist()


def test_units_forms_and_names_of_the_same_readings_rank_the_same():
    "mg/L or μg/L, long or wide, codes or Chinese names, section names for ids."
    sections = {
        key: (x, y, {**more, "name": f"{key}断面"})
        for key, (x, y, more) in BETWEEN.items()
    }
    long = readings({"S1": 0.4, "S2": 2.2})
    micro = readings({"S1": 400, "S2": 2200}).assign(unit="μg/L")
    wide = pd.DataFrame(
        {
            "断面名称": ["S1断面", "S2断面"],
            "日期": "2026-05-03 08:00",
            "氨氮": [0.4, 2.2],
        }
    )
    wide_micro = wide.rename(columns={"氨氮": "w21003(μg/L)"}).assign(
        **{"w21003(μg/L)": [400, 2200]}
    )
    first = stem(many(1), sections, long)
    for other in (micro, wide, wide_micro):
        same(first, stem(many(1), sections, other))


def test_only_ratios_of_the_declared_loads_order_the_sources():
    "All permits ten times as high: the same order."
    register = many(4)
    scaled = {
        key: (x, y, {**more, "permitted_nh3n_mg_l": more["permitted_nh3n_mg_l"] * 1.5})
        for key, (x, y, more) in register.items()
    }
    table = readings({"S2": 2.2})
    one = {"S2": BETWEEN["S2"]}
    first, second = stem(register, one, table), stem(scaled, one, table)
    assert first.table["outfall_id"].tolist() == second.table["outfall_id"].tolist()


def test_non_detects_gaps_and_duplicates_are_used_or_said():
    table = pd.DataFrame(
        {
            "section_id": ["S1", "S1", "S2", "S2", "S2", "S9", "S2"],
            "time": ["2026-05-03 08:00"] * 5 + ["2026-05-03 08:00", "没有"],
            "item": ["NH3N", "TP", "NH3N", "NH3N", "TP", "NH3N", "NH3N"],
            "value": ["<0.05", "ND", "2.2", "2.6", "0.4", "1.0", "3"],
        }
    )
    ranking = stem(TWO, BETWEEN, table)
    said = " ".join(zh for zh, _ in ranking.notes)
    assert "1 条重复时刻的监测值取平均" in said
    assert "未检出" in said
    assert "S9" in said
    assert len(ranking.unused) == 1
    assert "未用的监测值" in said
    assert ranking.value_mg_l == pytest.approx(2.4)
    assert chance(ranking)["P2"] > 3 * chance(ranking)["P1"]
    for mark in ("0.05L", "<0.05", "＜0.05"):
        marked = readings({"S1": mark, "S2": 2.4})
        same(
            stem(TWO, BETWEEN, marked),
            stem(TWO, BETWEEN, readings({"S1": "<0.05", "S2": 2.4})),
        )


def test_readings_of_another_time_are_no_evidence_and_that_is_said():
    old = readings({"S1": 0.2}, time="2026-01-03 08:00")
    table = pd.concat([old, readings({"S2": 2.4})], ignore_index=True)
    ranking = stem(TWO, BETWEEN, table)
    assert any("S1 在相关时段没有监测值" in zh for zh, _ in ranking.notes)
    assert ranking.level < 4
    p = chance(ranking)
    assert 0.5 < p["P2"] / p["P1"] < 2


def test_ranking_a_problem_again_gives_the_same():
    prepared = build_problem(
        stem_network(),
        "S2",
        readings({"S1": 0.4, "S2": 2.2}),
        points("outfall_id", many(2)),
        item="NH3N",
        sections=points("section_id", BETWEEN),
    )
    same(rank_problem(prepared), rank_problem(prepared))


# ---------------------------------------------------------------- what is said
FORBIDDEN = ("就是污染源", "是污染源", "is the source", "is the polluter", "确认为")


def test_nobody_is_called_the_source():
    ranking = stem(many(3), BETWEEN, readings({"S1": 0.3, "S2": 5.0}))
    text = json.dumps(ranking.to_dict(), ensure_ascii=False)
    text += repr(ranking) + ranking._repr_html_()
    assert not [words for words in FORBIDDEN if words in text]
    words = {row["zh"] for row in load_table("attribution")["strength"]}
    assert set(ranking.table["strength"]) <= words


@pytest.mark.parametrize(
    ("p", "ratio", "even", "word"),
    [
        (0.75, 12, 0.1, "very likely"),
        (0.75, 5, 0.1, "likely"),
        (0.45, 2, 0.1, "possible"),
        (0.12, 0.2, 0.1, "possible"),
        (0.05, 0.1, 0.1, "less likely"),
        (0.009, 0.01, 0.1, "largely cleared"),
    ],
)
def test_words_for_strength_follow_the_table(p, ratio, even, word):
    assert strength_words(p, ratio, even)[1] == word


def test_the_json_holds_the_contract():
    ranking = stem(TWO, BETWEEN, readings({"S1": 0.3, "S2": 2.4}))
    data = json.loads(json.dumps(ranking.to_dict(), allow_nan=False))
    assert {
        "section_id",
        "item",
        "scenario",
        "network",
        "sources",
        "unregistered",
        "excluded",
        "stopped",
        "warnings",
    } <= set(data)
    first = data["sources"][0]
    assert {
        "outfall_id",
        "rank",
        "probability",
        "relation",
        "distance_m",
        "travel_time_h",
        "contribution_share",
        "reasons",
    } <= set(first)
    assert first["rank"] == 1
    assert all(isinstance(text, str) and text for text in first["reasons"])
    assert data["unregistered"]["reaches"][0]["reach_id"] == "A"
    total = sum(each["probability"] for each in data["sources"])
    assert total + data["unregistered"]["probability"] == pytest.approx(1, abs=1e-4)


def test_the_map_layer_carries_rank_and_probability():
    ranking = stem(TWO, BETWEEN, readings({"S1": 0.3, "S2": 2.4}))
    layers = ranking.map_layers()
    drawn = layers["trace_points"].set_index("id")
    assert drawn.loc["P2", "rank"] == 1
    assert drawn.loc["P2", "probability"] == chance(ranking)["P2"]
    assert "沿河" in drawn.loc["P2", "reasons"]
    gt.one_map({**layers, "rivers": stem_network().reaches})


def test_the_figure_has_a_bar_for_each_and_one_for_the_unregistered(tmp_path):
    ranking = stem(many(5), BETWEEN, readings({"S1": 0.3, "S2": 2.4}))
    figure = ranking.plot(count=4)
    bars = figure.axes[0].patches
    assert len(bars) == 5
    assert [bar.get_width() for bar in bars[:4]] == pytest.approx(
        ranking.table["probability"].head(4).tolist()
    )
    assert bars[-1].get_width() == pytest.approx(ranking.unregistered_probability)
    figure.savefig(tmp_path / "ranking.png")


def test_names_from_files_are_escaped():
    evil = {"P1": outfall(6000, 5, name="<script>alert(1)</script>")}
    ranking = stem(evil, BETWEEN, readings({"S1": 0.3, "S2": 2.4}))
    assert "<script>" not in ranking._repr_html_()


def test_no_outfall_upstream_leaves_the_unregistered():
    below = {"P1": outfall(8500, 5)}
    ranking = stem(below, BETWEEN, readings({"S1": 0.3, "S2": 2.4}))
    assert len(ranking.table) == 0
    assert ranking.unregistered_probability == pytest.approx(1.0)
    assert "没有登记的排污口" in ranking.headline[0] or "登记外" in ranking.headline[0]
    ranking.plot()
    json.dumps(ranking.to_dict(), allow_nan=False)
    assert ranking._repr_html_()


# ---------------------------------------------------------------- refusals
def test_bad_input_is_refused_in_one_line():
    web, register = stem_network(), points("outfall_id", TWO)
    layer, table = points("section_id", BETWEEN), readings({"S1": 0.3, "S2": 2.4})

    def call(at="S2", rows=table, outfalls=register, item="NH3N", **more):
        more = {"sections": layer, **more}
        return rank_sources(web, at, rows, outfalls, item=item, **more)

    twice = pd.concat([register, register])
    cases = [
        (LayerError, "未知监测项目", {"item": "魔法"}),
        (LayerError, "不是可按负荷相加的项目", {"item": "溶解氧"}),
        (LocateError, "没有断面 'S7'；现有：S1、S2", {"at": "S7"}),
        (LocateError, "还需要断面图层", {"sections": None}),
        (LayerError, "没有可用的氨氮监测值", {"rows": readings({"S1": 0.3})}),
        (LayerError, "没有可用的总磷监测值", {"item": "TP"}),
        (LayerError, "排污口编号重复：P1", {"outfalls": twice}),
        (
            LayerError,
            "缺少 outfall_id",
            {"outfalls": register.drop(columns="outfall_id")},
        ),
        (LayerError, "应为正数", {"limit_mg_l": 0.0}),
        (LayerError, "应为正数", {"limit_mg_l": float("nan")}),
        (LayerError, "实测负荷缺少列", {"loads": pd.DataFrame({"a": [1]})}),
        (LayerError, "在线监测记录缺少列", {"records": pd.DataFrame({"a": [1]})}),
        (LayerError, "缺少“监测时间”列", {"rows": table.drop(columns="time")}),
        (LocateError, "一次只排一个断面", {"at": layer}),
        (
            LocateError,
            "不在河网上",
            {
                "at": points("section_id", {"far": section(0, 90_000)}),
                "rows": readings({"far": 2.0}),
            },
        ),
    ]
    for kind, words, options in cases:
        with pytest.raises(kind) as error:
            call(**options)
        assert words in str(error.value), words
        assert "\n" not in str(error.value)
        assert isinstance(error.value, GeotoolError)


def test_a_place_stands_for_the_section_there():
    register, table = points("outfall_id", TWO), readings({"S1": 0.3, "S2": 2.4})
    layer = points("section_id", BETWEEN)
    options = {"item": "NH3N", "sections": layer}
    first = rank_sources(stem_network(), "S2", table, register, **options)
    for at in (shapely.Point(8001, 2), ("A", 8000.0), layer.iloc[[1]]):
        same(first, rank_sources(stem_network(), at, table, register, **options))
    alone = rank_sources(
        stem_network(), ("A", 8000.0), readings({"x": 2.4}), register, item="NH3N"
    )
    assert alone.section_id == "x"
    with pytest.raises(LocateError, match="起点处没有断面"):
        rank_sources(stem_network(), ("A", 100.0), table, register, item="NH3N")


# ---------------------------------------------------------------- flow
def ring(seed=0):
    "A ring canal between an inflow and an outlet, with a branch of unknown direction."
    layer = gpd.GeoDataFrame(
        {
            "river_id": list("ABCDEF"),
            "direction": ["digitized", *["unknown"] * 4, "digitized"],
            "width_m": [30.0, 10, 25, 15, 20, 30],
        },
        geometry=[
            shapely.LineString(xy)
            for xy in (
                [(0, 0), (1000, 0)],
                [(1000, 0), (2000, 1000)],
                [(1000, 0), (2000, -1000)],
                [(2000, 1000), (3000, 0)],
                [(2000, -1000), (3000, 0)],
                [(3000, 0), (4000, 0)],
            )
        ],
        crs=4549,
    )
    web = gt.orient_network(gt.build_network(layer))
    rng = np.random.default_rng(seed)
    reach = rng.integers(0, len(web.reaches), 5)
    measure = rng.uniform(0, 1, 5) * web.reaches["length_m"].to_numpy()[reach]
    water = rng.uniform(0, 0.2, 5)
    return web, reach, measure, water


@pytest.mark.parametrize("seed", range(4))
def test_cutting_keeps_the_water_and_finds_the_places(seed):
    web, reach, measure, water = ring(seed)
    cuts = cut_network(web, reach, measure, water)
    canals = cuts.canals
    assert canals.length_m.sum() == pytest.approx(web.reaches["length_m"].sum())
    assert (canals.length_m > 0).all()
    assert canals.inflow_m3_s.sum() == pytest.approx(water.sum())
    for k in range(len(reach)):
        ends = np.flatnonzero((canals.end == cuts.node[k]) & (canals.reach == reach[k]))
        assert canals.high_m[ends] == pytest.approx([measure[k]])


@pytest.mark.parametrize("seed", range(4))
def test_every_member_conserves_water_and_meets_what_was_measured(seed):
    web, reach, measure, water = ring(seed)
    cuts = cut_network(web, reach, measure, water)
    canals = cuts.canals
    last = int(np.flatnonzero(canals.reach == len(web.reaches) - 1)[0])
    gauged = Gauged(np.array([last]), np.array([5.0]), np.array([True]))
    flows = canal_flows(canals, gauged, sink=int(cuts.node[0]), members=24)
    assert flows.quality == "measured"
    assert np.median(flows.flow_m3_s[:, last]) == pytest.approx(5.0, rel=0.25)
    at_rim = np.zeros(canals.nodes, dtype=bool)
    at_rim[canals.outlets] = True
    for flow in flows.flow_m3_s:
        entering = injected(canals, flow)
        assert entering.sum() == pytest.approx(0.0, abs=1e-9)
        # water leaves at outlets only
        assert entering[~at_rim].min() > -0.02 * np.abs(flow).max()
    known = canals.known != 0
    agree = (flows.flow_m3_s[:, known] * canals.known[known] >= 0).mean()
    assert agree > 0.9
    again = canal_flows(canals, gauged, sink=int(cuts.node[0]), members=24)
    assert np.array_equal(again.flow_m3_s, flows.flow_m3_s)


def test_a_section_without_outlet_below_is_told():
    layer = gpd.GeoDataFrame(
        {"river_id": ["A"], "direction": ["unknown"], "width_m": [10.0]},
        geometry=[shapely.LineString([(0, 0), (9000, 0)])],
        crs=4549,
    )
    ranking = rank_sources(
        gt.orient_network(gt.build_network(layer)),
        "S2",
        readings({"S2": 2.0}),
        points("outfall_id", TWO),
        item="NH3N",
        sections=points("section_id", {"S2": section(5000, 0)}),
    )
    assert any("没有已知出口" in zh for zh, _ in ranking.notes)
    assert set(ranking.table["outfall_id"]) == {"P1", "P2"}
    assert ranking.table["relation"].eq("possible").all()


def test_psi_of_the_members_closes_with_the_loads():
    "psi . s is what the forward sweep gives, so shares add up at the target."
    prepared = build_problem(
        stem_network(),
        "S2",
        readings({"S1": 0.4, "S2": 2.2}),
        points("outfall_id", many(2)),
        item="NH3N",
        sections=points("section_id", BETWEEN),
    )
    problem = prepared.problem
    found = influences(problem)
    assert (found.psi >= 0).all()
    target = problem.target
    distance = problem.sources["distance_m"].to_numpy()
    order = np.argsort(distance)
    # one canal: nothing is split, so the nearer source never counts for less
    for member in range(len(found.psi)):
        own = found.psi[member, 0, target, : problem.n][order]
        assert (np.diff(own) <= 1e-12).all()
        time = found.time_h[member, : problem.n][order]
        assert (np.diff(time) >= -1e-9).all()
    flow = found.flow_m3_s[:, target]
    assert (found.psi[:, 0, target, : problem.n] * flow[:, None] <= 1 + 1e-9).all()


def test_groups_part_the_water_above_without_overlap():
    web = network(
        {
            "A": [(0, 2000), (4000, 0)],
            "B": [(0, -2000), (4000, 0)],
            "C": [(4000, 0), (9000, 0)],
        }
    )
    prepared = build_problem(
        web,
        "S2",
        readings({"S1": 0.4, "S2": 2.2}),
        points("outfall_id", {"PA": outfall(1000, 1503)}),
        item="NH3N",
        sections=points("section_id", {"S1": section(6000, 0), "S2": section(8000, 0)}),
    )
    problem = prepared.problem
    every = np.concatenate([group.segments for group in problem.groups])
    assert len(every) == len(set(every.tolist()))
    above = prepared.trace.reaches["length_m"].sum()
    assert sum(group.length_m for group in problem.groups) == pytest.approx(above)
    assert len(problem.groups) == 4


# ---------------------------------------------------------------- loads
def test_the_first_figure_that_is_there_counts():
    table = pd.DataFrame(
        {
            "outfall_id": ["a", "b", "c", "d", "e"],
            "category": [
                "城镇污水处理厂",
                "城镇污水处理厂",
                "养殖场？",
                "城镇雨洪",
                None,
            ],
            "permitted_discharge_m3_d": [1000.0, 1000.0, 1000.0, None, None],
            "permitted_nh3n_mg_l": [5.0, None, None, None, None],
        }
    )
    loads = declared_loads(table, ["NH3N"])
    assert loads.basis[:, 0].tolist() == [
        "permit",
        "capacity",
        "capacity",
        "class",
        "count",
    ]
    facts = load_table("pollutants")["load"]
    assert loads.sigma[:, 0].tolist() == [facts[b]["sigma"] for b in loads.basis[:, 0]]
    assert loads.load_g_s[0, 0] == pytest.approx(1000 * 5 / 86_400 * 0.6)
    measured = pd.DataFrame({"outfall_id": ["d"], "item": ["NH3N"], "load_g_s": [0.25]})
    again = declared_loads(table, ["NH3N"], measured=measured)
    assert again.basis[3, 0] == "measured"
    assert again.load_g_s[3, 0] == 0.25
    with pytest.raises(LayerError, match="不小于 0"):
        declared_loads(table, ["NH3N"], measured=measured.assign(load_g_s=[-1.0]))


def test_every_number_of_the_tables_has_a_source_and_a_confidence():
    table = load_table("pollutants")
    for part in ("decay", "effluent", "load"):
        for key, row in table[part].items():
            assert row["source"], key
            assert row["confidence"] in ("V", "1", "M"), key
    for key, row in table["decay"].items():
        assert row["low"] <= row["per_d"] <= row["high"], key
    known = set(table["items"])
    for key, row in table["effluent"].items():
        assert set(row["typical_mg_l"]) | set(row["limit_mg_l"]) <= known, key
    for key, row in load_table("attribution")["evidence"].items():
        assert row["confidence"], key


def test_decay_grows_with_temperature():
    warm, cold = decay_of("NH3N", temperature_c=30.0), decay_of("NH3N", temperature_c=5)
    assert warm.per_d / cold.per_d == pytest.approx(1.08**25)
    assert decay_of("F", temperature_c=30.0).per_d == 0.0


@pytest.mark.parametrize(
    ("category", "key"),
    [
        ("城镇污水处理厂排污口", "sewage_works"),
        ("工矿企业排污口", "industry"),
        ("农田退水口", "irrigation"),
        ("industrial", "industry"),
        ("未知的", "other"),
    ],
)
def test_categories_find_their_effluent(category, key):
    assert effluent_class(category) == key


# ---------------------------------------------------------------- hints
def test_a_record_that_leads_the_section_by_the_travel_time_gains():
    rng = np.random.default_rng(0)
    time = pd.date_range("2026-05-01", periods=240, freq="h")
    source = pd.Series(np.exp(rng.normal(0, 0.5, 240)), index=time)
    section = pd.Series(1.0 + 0.5 * source.shift(12).bfill().to_numpy(), index=time)
    assert lag_evidence(source, section, travel_time_h=12.0) > 1.5
    assert lag_evidence(source, section, travel_time_h=60.0) < 0.0
    other = pd.Series(np.exp(rng.normal(0, 0.5, 240)), index=time)
    assert abs(lag_evidence(other, section, travel_time_h=12.0)) < 3.0
    # rain that moves both at once is no lead
    assert lag_evidence(source, source, travel_time_h=12.0) < 0.0
    assert lag_evidence(source.head(5), section, travel_time_h=12.0) == 0.0


def test_rain_favours_what_is_washed_in():
    time = pd.date_range("2026-05-01", periods=40, freq="12h")
    rain = pd.Series(0.0, index=pd.date_range("2026-05-01", periods=480, freq="h"))
    rain.iloc[100:110] = rain.iloc[300:310] = 3.0
    heavy = rain.rolling(48, min_periods=1).sum().reindex(time).to_numpy() > 10
    series = pd.Series(np.where(heavy, 2.0, 1.0), index=time)
    ratio = wet_dry_ratio(series, rain)
    assert ratio == pytest.approx(2.0)
    found = wet_dry_evidence(ratio, ["storm", "industry", "other"])
    assert found[0] > 0 > found[1]
    assert found[2] == 0
    assert np.isnan(wet_dry_ratio(series, rain * 0))
    assert not wet_dry_evidence(float("nan"), ["storm"]).any()


def test_students_t_nears_the_gaussian():
    from scipy.stats import multivariate_normal, multivariate_t

    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3))
    spread = root @ root.T + np.eye(3)
    x = rng.normal(size=(2, 3))
    both = np.stack([spread, spread], axis=-1)
    ours = student(x.T.copy(), both.copy(), 4.0)
    theirs = multivariate_t(shape=spread, df=4).logpdf(x)
    assert np.diff(ours) == pytest.approx(np.diff(theirs))
    ours = student(x.T.copy(), both.copy(), 1e9)
    theirs = multivariate_normal(cov=spread).logpdf(x)
    assert np.diff(ours) == pytest.approx(np.diff(theirs), rel=1e-5)


def test_an_outfall_that_declares_nothing_is_not_cleared_by_that():
    "A permit of zero is a claim, no measurement."
    ranking = stem(
        {"P1": outfall(6000, 5, 0.0), "P2": outfall(2000, -5, 8.0)},
        BETWEEN,
        readings({"S1": 0.3, "S2": 2.4}),
    )
    p = chance(ranking)
    assert p["P1"] > p["P2"]
    assert not any("nan" in text for text in ranking.why("P1"))


def test_an_item_nobody_declares_ranks_by_sections_all_the_same():
    metal = readings({"S1": 0.00001, "S2": 0.002}, item="HG")
    ranking = rank_sources(
        stem_network(),
        "S2",
        metal,
        points("outfall_id", TWO),
        item="汞",
        sections=points("section_id", BETWEEN),
    )
    assert ranking.table["outfall_id"].tolist() == ["P2", "P1"]
    assert ranking.table["load_basis"].eq("count").all()
    assert not any("多排申报量" in text for text in ranking.why("P2"))
    assert any("没有降解系数" in zh for zh, _ in ranking.notes)


def test_outfalls_that_are_no_candidates_explain_other_sections():
    "What a tributary's own outfall makes there is not held against those upstream."
    web = network(
        {
            "A": [(0, 0), (5000, 0)],
            "B": [(5000, 3000), (5000, 0)],
            "C": [(5000, 0), (9000, 0)],
        }
    )
    prepared = build_problem(
        web,
        "S",
        readings({"S": 2.0, "B": 2.0}),
        points("outfall_id", {"PA": outfall(2000, 3), "PB": outfall(5003, 2500)}),
        item="氨氮",
        sections=points(
            "section_id", {"S": section(4000, 0), "B": section(5000, 1000)}
        ),
    )
    problem = prepared.problem
    assert problem.others["outfall_id"].tolist() == ["PB"]
    found = influences(problem)
    at = problem.sections["section_id"].tolist().index("B")
    assert (found.others[:, 0, at, 0] > 0).all()
    assert (found.others[:, 0, problem.target, 0] == 0).all()
    assert (found.psi[:, 0, at, 0] == 0).all()


def test_readings_below_the_limit_are_ranked_but_said():
    ranking = stem(TWO, BETWEEN, readings({"S1": 0.3, "S2": 0.6}))
    assert any("断面没有超标" in zh for zh, _ in ranking.notes)


def test_a_point_may_lie_as_far_off_as_elsewhere_unless_told():
    "Or the trace would show an outfall that the ranking leaves out."
    far = {
        inspect.signature(one).parameters["max_offset_m"].default
        for one in (rank_sources, build_problem, locate_points, trace_upstream)
    }
    assert len(far) == 1

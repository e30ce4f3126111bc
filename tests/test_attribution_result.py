"""From weighed candidates to table, notes, headline, JSON and page."""

import io
from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from test_attribution_ranking import BETWEEN, TWO, readings, stem

from geotool.attribution import _result
from geotool.attribution._ranking_html import SHOWN
from geotool.attribution._result import (
    _by_section,
    _intervals,
    _moments,
    _next_sample,
    _rejected_words,
    _times,
    _unregistered,
)
from geotool.attribution._stretch import STRETCH_COLUMNS, Stretch
from geotool.tables import load_table

NAN = np.nan


@pytest.fixture(scope="module")
def ranking():
    return stem(TWO, BETWEEN, readings({"S1": 0.3, "S2": 2.4}))


# ---------------------------------------------------------------- times
def times(hours, facts, usual=((1.0, 100.0),)):
    usual = np.array(usual)
    problem = SimpleNamespace(
        n=len(usual),
        sources=pd.DataFrame(usual, columns=["travel_time_min_h", "travel_time_max_h"]),
    )
    influence = SimpleNamespace(time_h=np.array(hours, float))
    return _times(SimpleNamespace(problem=problem, influence=influence, facts=facts))


def test_times_are_those_of_the_flows_with_their_eight_tenths():
    hours = np.arange(1.0, 12.0)
    found = times(np.column_stack([hours, hours]), ({},))
    np.testing.assert_allclose(found, [[6.0, 2.0, 10.0]])
    hours[[0, 10]] = NAN, np.inf
    np.testing.assert_allclose(times(hours[:, None], ({},)), [[6.0, 2.8, 9.2]])


@pytest.mark.parametrize(
    ("hours", "facts", "expected"),
    [
        ([7.0, NAN], {}, (7.0, 1.0, 100.0)),
        ([NAN, NAN], {}, (10.0, 1.0, 100.0)),
        ([500.0, NAN], {}, (10.0, 1.0, 100.0)),
        ([0.5, NAN], {}, (10.0, 1.0, 100.0)),
        ([3.0, 5.0], {"travel_time_min_h": 8.0, "travel_time_max_h": 18.0},
         (12.0, 8.0, 18.0)),
        ([3.0, 5.0], {"travel_time_h": 4.5}, (4.5, 3.2, 4.8)),
        ([3.0, 5.0], {"travel_time_h": NAN, "travel_time_max_h": 4.0},
         (4.0, 3.2, 4.0)),
        ([100.0, NAN], {}, (100.0, 1.0, 100.0)),
    ],
)  # fmt: skip
def test_where_flows_say_nothing_usual_velocities_do_and_series_come_first(
    hours, facts, expected
):
    found = times(np.array(hours)[:, None], (facts,))
    np.testing.assert_allclose(found, [expected])


def test_times_that_nobody_knows_stay_unknown():
    found = times([[NAN]], ({},), usual=((NAN, 5.0),))
    np.testing.assert_array_equal(found, [[NAN, NAN, 5.0]])


# ---------------------------------------------------------------- the table
def test_the_table_is_sorted_by_what_it_is_ordered_by_then_by_id(ranking):
    bare = {key: (x, 3, {}) for key, x in (("P10", 500), ("P9", 500), ("P1", 7000))}
    found = stem(bare, {"S2": (8000, 0, {})}, readings({"S2": 2.0})).table
    assert found["outfall_id"].tolist() == ["P1", "P10", "P9"]
    assert found["rank"].tolist() == [1, 2, 3]
    table = ranking.table.set_index("outfall_id")
    assert table["declared_kg_d"].tolist() == pytest.approx([19.2, 19.2])
    assert table["measure_m"].to_dict() == pytest.approx({"P2": 6000, "P1": 2000})
    assert table["distance_m"].to_dict() == pytest.approx({"P2": 2000, "P1": 6000})
    assert table["reach_id"].tolist() == ["A", "A"]
    assert table[["onset", "end"]].isna().all(axis=None)
    assert str(table["onset"].dtype).startswith("datetime64")
    for _, row in table.iterrows():
        # what it would add is so many times what its declared load makes
        share = row["made_mg_l"] / row["times_declared"]
        assert f"解释断面 2.4 mg/L 中的 {share:.2g}；" in row["reasons"][1]
        assert set(row["by_section"]) == {"S1", "S2"}
        assert len(row["reasons"]) == len(row["reasons_en"])
        assert row["strength"] in "很可能较可能有可能可能性较小基本排除"


def test_the_numbers_are_those_of_the_item_that_failed():
    figures = {"permitted_tp_mg_l": 5.0}
    both = {key: (x, y, {**more, **figures}) for key, (x, y, more) in TWO.items()}
    table = pd.concat([readings({"S2": 0.3}, item="TP"), readings({"S2": 2.4})])
    found = stem(both, {"S2": BETWEEN["S2"]}, table)
    assert (found.value_mg_l, found.limit_mg_l, found.item) == (2.4, 1.0, "NH3N")
    assert found.table["declared_kg_d"].tolist() == pytest.approx([19.2, 19.2])
    share = found.table["made_mg_l"] / found.table["times_declared"]
    assert share.max() < 0.11, "19.2 kg/d in 2 m3/s"


def test_beyond_the_most_that_are_told_one_sentence_stands_for_all(monkeypatch):
    table = {**load_table("attribution")}
    table["draws"] = {**table["draws"], "largest": 1}
    monkeypatch.setattr(
        _result, "load_table",
        lambda name: table if name == "attribution" else load_table(name),
    )  # fmt: skip
    found = stem(TWO, BETWEEN, readings({"S1": 0.3, "S2": 2.4}))
    assert len(found.why("P2")) == 3
    assert found.why("P1") == ["位次在 1 以后，未逐条说明"]
    assert found.why("P1", language="en") == ["beyond rank 1: not explained one by one"]


def test_onset_and_sections_are_read_from_the_facts():
    when = pd.Timestamp("2026-05-03 04:00")
    facts = ({"onset": when}, {"sections": {1: 2}}, {"fits": {"S1": 1.0}})
    weighed = SimpleNamespace(facts=facts)
    assert _moments(weighed, "onset", np.array([1, 0])).tolist() == [pd.NaT, when]
    assert _by_section(facts[1]) == {"1": 2.0}
    assert _by_section({**facts[2], "against": {"S2": -1.0}}) == {"S1": 1.0, "S2": -1.0}
    assert _by_section({"sections": {}, "fits": {"S1": 1.0}}) == {}


# ---------------------------------------------------------------- notes
@pytest.mark.parametrize("level", [2, 4])
def test_a_low_level_of_data_is_said(level, ranking):
    made = ranking
    if level == 2:
        made = stem(TWO, {"S2": BETWEEN["S2"]}, readings({"S2": 2.4}))
    assert made.level == level
    row = load_table("attribution")["levels"]["2"]
    told = (f"资料等级 2：{row['zh']}", row["en"]) in made.notes
    assert told == (level == 2)
    assert not any("流向未经证实" in zh for zh, _ in ranking.notes)


def test_readings_that_were_rejected_are_counted_by_reason():
    table = pd.DataFrame({"reason": ["甲", "乙", "甲"], "reason_en": ["a", "b", "a"]})
    assert _rejected_words(table) == (
        "未用的监测值：甲 2 条；乙 1 条", "readings not used: a: 2; b: 1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "where"), [("长河", "长河（A1）"), (None, "A1"), ("", "A1")]
)
def test_the_next_sample_is_told_with_its_place_and_gain(name, where):
    trial = SimpleNamespace(reach=1, measure_m=2345.0, bits=1.0)
    reaches = pd.DataFrame({"name": [None, name], "reach_id": ["A0", "A1"]})
    problem = SimpleNamespace(network=SimpleNamespace(reaches=reaches), item="NH3N")
    weighed = SimpleNamespace(trial=trial, problem=problem)
    zh, en = _next_sample(weighed)
    assert (
        zh
        == f"下一个样：在 {where} 2.35 km 处测氨氮，预计能把候选范围缩小约 50%（信息量 1.0 比特）"
    )
    assert en == (
        f"next sample: Ammonia nitrogen on {f'{name} (A1)' if name else 'A1'} at 2.35 km, "
        "expected to rule out about 50% of the candidates (gain 1.0 bit)"
    )
    weighed.trial = None
    assert _next_sample(weighed) == ("", "")


# ---------------------------------------------------------------- in no register
def water(reaches=(0, 0, 1, 0)):
    canals = SimpleNamespace(
        reach=np.array(reaches), low_m=np.array([0.0, 10.0, 0.0, 40.0]),
        high_m=np.array([10.0, 25.0, 7.0, 90.0]),
    )  # fmt: skip
    reaches = pd.DataFrame({"reach_id": ["A", "B"]})
    return SimpleNamespace(canals=canals, network=SimpleNamespace(reaches=reaches))


def test_a_stretch_is_listed_reach_by_reach():
    group = SimpleNamespace(segments=np.arange(4))
    assert _intervals(water(), group) == [
        ("A", 0.0, 25.0), ("B", 0.0, 7.0), ("A", 40.0, 90.0),
    ]  # fmt: skip


def test_stretches_are_sorted_and_in_very_large_networks_the_likely_listed(monkeypatch):
    groups = [
        SimpleNamespace(
            group_id=f"g{k}", label=(f"河{k}", f"r{k}"), length_m=100.0 * (k + 1),
            rows=np.arange(k + 1), segments=np.array([k]),
        )
        for k in range(3)
    ]  # fmt: skip
    problem = water()
    problem.n, problem.groups = 1, groups
    weighed = SimpleNamespace(
        problem=problem, probability=np.array([0.4, 0.1, 0.4, 0.1])
    )
    found = _unregistered(weighed)
    assert found["group_id"].tolist() == ["g1", "g0", "g2"]
    assert found["probability"].tolist() == [0.4, 0.1, 0.1]
    assert found["reaches"].tolist() == [2, 1, 3]
    assert found["length_m"].tolist() == [200.0, 100.0, 300.0]
    assert found["label_en"].tolist() == ["r1", "r0", "r2"]
    assert found["intervals"].str.len().tolist() == [1, 1, 1]
    monkeypatch.setattr(_result, "MOST_INTERVALS", 3)
    assert _unregistered(weighed)["intervals"].str.len().tolist() == [1, 1, 0]
    problem.groups = []
    assert list(_unregistered(weighed).columns) == list(found.columns)


# ---------------------------------------------------------------- the answer
def stretch(p, *, parts=1, length=1000.0, upstream=8000.0, near=0.0, far=1000.0):
    lines = [shapely.LineString([(k, 0), (k, 5)]) for k in range(parts)]
    table = gpd.GeoDataFrame(
        {
            "reach_id": [f"A{k}" for k in range(parts)],
            "name": ["长河" if not k else "" for k in range(parts)],
            "from_measure_m": np.arange(parts) * 1000.0,
            "to_measure_m": np.arange(parts) * 1000.0 + 456.0,
            "probability": np.full(parts, p / parts),
            "nearest_m": near + np.arange(parts),
            "farthest_m": far + np.arange(parts),
        },
        columns=list(STRETCH_COLUMNS), geometry=lines, crs=4549,
    )  # fmt: skip
    return Stretch(table, 0.8, length, upstream, "S2")


@pytest.mark.parametrize("p", [0.5, 0.499])
def test_the_headline_names_the_stretch_from_one_half_on(p, ranking):
    one = replace(ranking, unregistered_probability=p, stretch=stretch(0.8))
    zh, en = one.headline
    if p == 0.5:
        assert (
            zh == "S2 氨氮：登记外的排放可能性最大（50%），先查 长河（A0） 0.00–0.46 km"
        )
        assert en == (
            "S2 NH3N: most likely a source in no register (50%); look first at "
            "长河（A0） 0.00–0.46 km"
        )
    else:
        assert zh == "S2 氨氮：先查 P2（较可能，89%）"
        assert en == "S2 NH3N: look first at P2 (likely, 89%)"
    none = replace(one, stretch=None)
    if p == 0.5:
        assert none.first_stretch == ("A河（A 4.00–8.00 km）", "A河 (A 4.00–8.00 km)")
    bare = replace(one, unregistered=one.unregistered.head(0), table=one.table.head(0))
    assert bare.headline[1] == "S2 NH3N: no registered outfall upstream"


def test_a_name_comes_before_an_id_and_distances_say_so(ranking):
    table = ranking.table.assign(name=["东厂", ""])
    assert "先查 东厂（" in replace(ranking, table=table).headline[0]
    far = replace(ranking, level=0)
    assert far.headline == (
        "S2 氨氮：只有距离，2 个候选无法区分",
        "S2 NH3N: distances only; 2 candidates cannot be told apart",
    )
    assert repr(ranking) == (
        "<Ranking of 2 sources: S2 NH3N: look first at P2 (likely, 89%); unregistered 9%;"
        " level 4 (several sections); 0 excluded>"
    )


@pytest.mark.parametrize("p", [0.1, 0.0999])
def test_a_stretch_is_worth_a_word_from_a_tenth_on(p, ranking):
    one = replace(ranking, unregistered_probability=p, stretch=stretch(0.8))
    assert (one.stretch_words is not None) == (p == 0.1)
    layers = one.map_layers()
    assert ("trace_unregistered" in layers) == (p == 0.1)
    if p == 0.1:
        drawn = layers["trace_unregistered"]
        assert drawn["probability"].tolist() == pytest.approx([0.08])
        assert drawn["credible"].tolist() == [0.8]
    assert replace(one, stretch=None).stretch_words is None


def test_reasons_are_asked_for_by_id_and_language(ranking):
    assert ranking.why("P1") == ranking.table["reasons"].iloc[1]
    assert ranking.why("P1", language="en") == ranking.table["reasons_en"].iloc[1]
    with pytest.raises(KeyError, match="P3"):
        ranking.why("P3")


def test_plain_data_hold_every_part_by_its_number(ranking):
    data = ranking.to_dict()
    assert data["value_mg_l"] == 2.4
    assert data["limit_mg_l"] == 1.0
    assert data["since"] == data["until"] == "2026-05-03 08:00:00"
    assert data["level"] == 4
    assert data["headline"] == list(ranking.headline)
    assert data["next_sample"] == list(ranking.next_sample)
    assert data["level_meaning"] == ["多个断面", "several sections"]
    assert data["network"] == {"hash": ranking.trace.network_hash}
    assert [row["outfall_id"] for row in data["sources"]] == ["P2", "P1"]
    assert data["sources"][0]["by_section"]["S1"] == pytest.approx(0.62314, abs=1e-4)
    assert [row["subject"] for row in data["stopped"]] == ["A"]
    assert "geometry" not in data["stopped"][0]
    first, second = data["unregistered"]["reaches"]
    assert first["from_measure_m"], first["to_measure_m"] == (4000.0, 8000.0)
    assert first["group_id"] == "A@4000-8000"
    assert first["probability"] > second["probability"]
    assert data["warnings"] == [zh for zh, _ in ranking.notes]
    told = replace(ranking, notes=(("甲", "a"),), stretch=None).to_dict()
    assert (told["warnings"], told["warnings_en"]) == (["甲"], ["a"])
    assert told["unregistered"]["stretch"] is None


def test_map_points_come_in_the_order_of_the_ranks(ranking):
    points = ranking.map_layers()["trace_points"]
    assert points["id"].tolist()[:2] == ["P2", "P1"]
    assert points["rank"].tolist()[:2] == [1.0, 2.0]
    assert points["reasons"].iloc[0] == "\n".join(ranking.why("P2"))
    assert points["strength"].iloc[1] == "基本排除"
    short = replace(ranking, table=ranking.table.head(1)).map_layers()["trace_points"]
    assert short["reasons"].iloc[1] == ""
    assert np.isnan(short["rank"].iloc[1])


# ---------------------------------------------------------------- the page
def test_the_page_shows_the_first_ranks_with_what_they_rest_on(ranking):
    page = ranking._repr_html_()
    assert page.startswith(f"<p><b>{ranking.headline[0]}</b></p><table")
    cells = pd.read_html(io.StringIO(page))[0]
    assert cells.columns.tolist() == [
        "序", "名称", "概率", "判断", "贡献", "沿河距离 m", "时间 h", "可达性",
    ]  # fmt: skip
    assert cells.iloc[0].tolist() == [1, "P2", "89%", "较可能", "76%", 2000, 11, "确定"]
    assert page.count("<li>") == 3 + 2
    assert ranking.next_sample[0] in page
    assert "资料等级 4：多个断面" in page
    bare = replace(
        ranking, next_sample=("", ""), notes=(("<甲>", "a"),),
        table=ranking.table.assign(travel_time_h=NAN, name=["东厂", ""]),
    )._repr_html_()  # fmt: skip
    assert bare.count("<li>") == 3 + 2
    assert "&lt;甲&gt;" in bare
    cells = pd.read_html(io.StringIO(bare))[0]
    assert cells["名称"].tolist() == ["东厂", "P1"]
    assert cells["时间 h"].isna().all()
    none = replace(ranking, table=ranking.table.head(0))._repr_html_()
    assert "第一位的理由" not in none


def test_the_page_shows_a_dozen(ranking):
    many = pd.concat([ranking.table] * SHOWN, ignore_index=True)
    assert replace(ranking, table=many)._repr_html_().count("<tr>") == SHOWN == 12


# ---------------------------------------------------------------- words of a stretch
def test_a_stretch_is_told_with_length_share_and_parts():
    zh, en = stretch(0.8).words
    assert zh == (
        "名录外来源：最可能在 S2 断面上游 0.0–1.0 km 河段（80% 可信，共 1.0 km，"
        "占上游水网 12%）：长河（A0） 0.00–0.46 km"
    )
    assert en == (
        "a source in no register: most likely 0.0 to 1.0 km above S2 (80% credible, "
        "1.0 km, 12% of the water upstream): 长河（A0） 0.00–0.46 km"
    )
    unknown = stretch(0.8, near=NAN, far=NAN)
    assert "最可能在 S2 断面上游河段（80% 可信" in unknown.words[0]
    assert "most likely above S2 (80% credible" in unknown.words[1]


@pytest.mark.parametrize(
    ("length", "upstream", "wide"),
    [(6000.0, 10_000.0, True), (5999.0, 10_000.0, False), (4999.0, 6000.0, False),
     (5000.0, 6000.0, True)],
)  # fmt: skip
def test_a_stretch_that_is_most_of_the_water_tells_nothing(length, upstream, wide):
    zh, en = stretch(0.8, length=length, upstream=upstream).words
    assert ("定不出河段" in zh) == wide
    assert ("do not tell where" in en) == wide
    if wide:
        share = f"{length / upstream:.0%}"
        assert zh == (
            "名录外来源：现有资料定不出河段（80% 的可能分布在上游 0.0–1.0 km 河段，"
            f"共 {length / 1000:.1f} km，占上游水网 {share}）"
        )
        assert en.endswith(
            f"(80% of the probability is spread over {length / 1000:.1f} km, {share} of "
            "the water upstream)"
        )


@pytest.mark.parametrize("parts", [4, 5])
def test_four_parts_are_named_the_rest_is_said_to_be(parts):
    made = stretch(0.8, parts=parts)
    zh, en = made.words
    assert zh.endswith("A3 3.00–3.46 km" + ("等" if parts == 5 else ""))
    assert en.endswith("A3 3.00–3.46 km" + (" and others" if parts == 5 else ""))
    assert "A1 1.00–1.46 km、A2" in zh
    assert "A1 1.00–1.46 km, A2" in en
    assert made.span_km == pytest.approx((0.0, 1.0 + (parts - 1) / 1000))


def test_a_stretch_as_plain_data():
    data = stretch(0.8, near=3.14159, far=1000.04).to_dict()
    third = stretch(1 / 3).to_dict()
    assert third["parts"][0]["probability"] == 0.333333
    uneven = stretch(0.8, length=1000.07, upstream=7000.0).to_dict()
    assert (uneven["length_m"], uneven["share_of_upstream"]) == (1000.1, 0.1429)
    assert data["words"] == list(stretch(0.8).words)
    del data["words"]
    assert data == {
        "credible": 0.8, "length_m": 1000.0, "share_of_upstream": 0.125,
        "nearest_m": 3.1, "farthest_m": 1000.0,
        "parts": [
            {"reach_id": "A0", "from_measure_m": 0.0, "to_measure_m": 456.0,
             "probability": 0.8}
        ],
    }  # fmt: skip
    unknown = stretch(0.8, near=NAN, far=NAN).to_dict()
    assert unknown["nearest_m"] is unknown["farthest_m"] is None

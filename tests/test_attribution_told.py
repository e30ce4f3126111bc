"""The sentences of a ranking, word by word, from facts that are given."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geotool.attribution._reasons import Told, _times, reasons, strength_words
from geotool.attribution._result import _strengths
from geotool.tables import load_table
from geotool.trace._sources import LaterList

STRENGTH = {
    row["key"]: (row["zh"], row["en"]) for row in load_table("attribution")["strength"]
}
NAN = np.nan


class Facts(SimpleNamespace):
    """A problem with a target S1, a section above it and one elsewhere."""

    def source(self, k):
        return self.sources.iloc[k].to_dict()


def problem(*, items=("NH3N",), basis="permit", **row):
    one = {
        "outfall_id": "P1", "category": "城镇污水处理厂", "distance_m": 2345.0,
        "path": ["a", "b", "c"], "structures": [], "relation": "certain",
        "located": "on", "reach": 0, "measure_m": 10.0,
        **row,
    }  # fmt: skip
    reaches = pd.DataFrame({"name": ["长河", None, "长河", "短河"]})
    made = Facts(
        network=SimpleNamespace(
            reaches=reaches,
            reach_position=pd.Series(range(4), index=list("abcd")),
        ),
        sources=pd.DataFrame({key: [value, value] for key, value in one.items()}),
        n=2, groups=[], target=1, item=items[0], items=items,
        sections=pd.DataFrame(
            {"section_id": ["S0", "S1", "S2"], "reach": 9, "measure_m": 0.0}
        ),
        limits=np.full((3, len(items)), 1.0),
        load_g_s=np.full((2, len(items)), 0.5),
        load_basis=np.full((2, len(items)), basis, dtype=object),
        states=[SimpleNamespace(name="现状")],
        canals=SimpleNamespace(
            reach=np.array([0]), low_m=np.zeros(1), high_m=np.array([100.0]),
            width_m=np.array([20.0]), depth_m=np.array([2.0]),
        ),
    )  # fmt: skip
    # what is said of the one asked for must not be that of another one or item
    made.limits[:, 1:], made.load_g_s[:, 1:], made.load_g_s[0] = 77.0, 9.0, 7.0
    made.load_basis[:, 1:] = made.load_basis[0] = "measured"
    made.sources.loc[0, ["category", "distance_m"]] = ["工矿企业排污口", 9999.0]
    return made


def told(
    facts=None, *, psi=0.4, flow=2.0, value=(0.6, 2.5, 3.0), hours=(NAN, NAN, NAN),
    level=4, at=problem, members=2, **more,
):  # fmt: skip
    one = at(**more)
    array = np.zeros((members, len(one.items), 3, 2))
    array[:, :, 1] = psi
    array[:, :, 0] = 0.0
    array[: members // 2, :, 2] = 0.1  # half of the flows bring it to S2
    array[:, 1:], array[..., 0] = 0.66, 0.77
    passing = np.full((members, 3), 50.0)
    passing[:, 1] = flow
    influence = SimpleNamespace(
        psi=array, flow_m3_s=passing, mean=array[:, 0].mean(axis=0),
        state_psi=array[:, 0].mean(axis=0)[None],
    )  # fmt: skip
    table = np.full((3, len(one.items)), 0.1)
    table[:, 0] = value
    given = {"amplitude": 99.0, "sections": {"S1": 9.0}, "onset": pd.NaT}, facts or {}
    return Told(one, influence, given, table, np.array([(1.0, 1.0, 1.0), hours]), level)


def said(facts=None, **more):
    return reasons(told(facts, **more), 1)


WAY = ("沿河 2.3 km，经 长河，其负荷的 80% 到达断面",
       "2.3 km by water by 长河; 80% of its load arrives")  # fmt: skip
SIZE = (
    "氨氮负荷 43.2 kg/d（许可浓度与排水量，按通常排放六成计），解释断面 2.5 mg/L 中的 0.2",
    (
        "Ammonia nitrogen load 43.2 kg/d (permit, six tenths of it as usual) makes 0.2 "
        "of 2.5 mg/L at the section"
    ),
)


# ---------------------------------------------------------------- way and size
def test_a_candidate_of_which_nothing_speaks_is_told_by_way_and_load():
    assert said() == [WAY, SIZE]


@pytest.mark.parametrize("rows", [["a", "b"], LaterList])
def test_names_of_rivers_are_told_in_order_each_once(rows):
    path = ["d", "a", "b", "c"]
    if rows is LaterList:
        path = LaterList(SimpleNamespace(rows=np.array([3, 0, 1, 2])), "path")
    [(zh, en), *_] = said(path=path)
    assert "，经 短河、长河，" in zh
    assert " by 短河, 长河;" in en
    [(zh, en), *_] = said(path=["b"])
    assert zh.startswith("沿河 2.3 km，其")
    assert en.startswith("2.3 km by water;")


@pytest.mark.parametrize(
    ("hours", "zh", "en"),
    [
        ((5.4, 3.2, 9.7), "，约 5.4 h（3.2–9.7 h）", ", about 5.4 h (3.2 to 9.7 h)"),
        ((5.4, 3.2, 10.2), "，约 5 h（3–10 h）", ", about 5 h (3 to 10 h)"),
        ((NAN, 3.2, 9.7), "，3.2–9.7 h", ", 3.2 to 9.7 h"),
        ((5.4, NAN, 9.7), "经 长河，其", "by 长河;"),
        ((5.4, 3.2, np.inf), "经 长河，其", "by 长河;"),
    ],
)
def test_times_are_told_as_far_as_they_are_known(hours, zh, en):
    [(one, other), *_] = said(hours=hours)
    assert zh in one
    assert en in other


def test_distances_only_tells_the_way_and_that_no_more_is_known():
    row = load_table("attribution")["levels"]["0"]
    way, rest = said(level=0)
    assert way == ("沿河 2.3 km，经 长河", "2.3 km by water by 长河")
    assert rest == (row["zh"], row["en"])


@pytest.mark.parametrize(("psi", "hardly"), [(0.0099, True), (0.0101, False)])
def test_what_only_the_fitted_flows_bring_is_told_so(psi, hardly):
    times = {"travel_time_min_h": 1.0}
    (way, _), (size, _) = said(times, psi=psi)[:2]
    assert ("平常的水流很少把它带到断面" in way) == hardly
    assert ("到达断面" in way) != hardly
    assert ("解释断面" in size) != hardly
    assert "平常的水流" not in said(None, psi=psi)[0][0], "no series, no such flow"


def test_more_than_all_of_a_load_never_arrives():
    assert "其负荷的 100% 到达断面" in said(psi=0.9)[0][0]


@pytest.mark.parametrize("value", [NAN, 2.5])
def test_the_load_is_told_with_its_part_where_the_section_was_read(value):
    zh, en = said(value=(0.6, value, 3.0))[1]
    assert ("解释断面" in zh) == (value == 2.5)
    assert (" makes " in en) == (value == 2.5)


@pytest.mark.parametrize(
    ("amplitude", "basis", "told_of"),
    [(3.21, "permit", True), (NAN, "permit", False), (0.0, "permit", False),
     (3.21, "count", False)],
)  # fmt: skip
def test_how_many_times_the_declared_load_it_would_take(amplitude, basis, told_of):
    zh, en = said({"amplitude": amplitude}, basis=basis)[1]
    assert zh.endswith("；若由它造成，约需多排申报量的 3.2 倍") == told_of
    assert en.endswith("; if it made the rest, about 3.2 times that more") == told_of
    # the largest that was tried: it may need more
    zh, en = said({"amplitude": amplitude, "is_least": True}, basis=basis)[1]
    assert zh.endswith("；若由它造成，至少需多排申报量的 3.2 倍") == told_of
    assert en.endswith("; if it made the rest, at least 3.2 times that more") == told_of


def test_a_load_that_makes_all_and_more_leaves_no_rest():
    zh, en = said({"amplitude": 0.3}, value=(0.6, 0.19, 3.0))[1]
    assert zh.endswith("，单按此数断面就有 0.2 mg/L（实测 0.19）")
    assert en.endswith(" alone makes 0.2 mg/L at the section, where 0.19 was read")


@pytest.mark.parametrize("end", [pd.NaT, pd.Timestamp("2026-05-04 20:40"), None])
def test_when_it_would_have_begun_and_ended(end):
    facts = {"onset": pd.Timestamp("2026-05-03 08:15"), "end": end}
    zh, en = said(facts)[2]
    known = end is not None and not pd.isna(end)
    assert zh == "推算排放约始于 05-03 08 时" + (
        "，约止于 05-04 21 时" if known else "，读数里还看不到停"
    )
    assert en == "would have begun about 05-03 08:00" + (
        " and ended about 05-04 21:00" if known else "; the readings show no end yet"
    )
    assert len(said({"onset": pd.NaT, "end": end})) == 2


# ---------------------------------------------------------------- for and against
@pytest.mark.parametrize(
    ("facts", "value", "zh", "en"),
    [
        ({"S1": 0.7}, 2.5, "支持：断面 S1 的浓度 2.5 mg/L 相符 ×2.0",
         "for: the concentration 2.5 mg/L at S1 fits ×2.0"),
        ({"S1": -0.7}, 2.5, "不支持：断面 S1 的浓度 2.5 mg/L 不易解释 ×0.50",
         "against: the concentration 2.5 mg/L at S1 is hard to explain ×0.50"),
        ({"S2": 2.5}, 3.0, "支持：其下游断面 S2 也超标（氨氮 3 mg/L） ×12",
         "for: S2 below it failed too (NH3N 3 mg/L) ×12"),
        ({"S2": -9.0}, 3.0,
         "不支持：其下游断面 S2 超标，但浓度与其不符（氨氮 3 mg/L） ×<0.01",
         ("against: S2 below it failed, but not by as much as would fit (NH3N 3 mg/L)"
          " ×<0.01")),
        ({"S2": 9.0}, 1.0, "支持：其排水经过断面 S2，浓度与其相符（氨氮 1 mg/L） ×>100",
         "for: its water passes S2, where the reading fits (NH3N 1 mg/L) ×>100"),
        ({"S2": -0.2}, NAN, "不支持：其排水经过断面 S2，那里的浓度与其不符 ×0.82",
         "against: its water passes S2, where the reading does not fit ×0.82"),
        ({"S0": 0.2}, 3.0, "支持：断面 S0 超标与它无关，仍相符（氨氮 3 mg/L） ×1.2",
         "for: S0 failed without it, which still fits (NH3N 3 mg/L) ×1.2"),
        ({"S0": -1.0}, 3.0, "不支持：断面 S0 也超标，但其排水到不了那里（氨氮 3 mg/L） ×0.37",
         "against: S0 failed too, but its water does not get there (NH3N 3 mg/L) ×0.37"),
        ({"S0": 1.0}, 0.5, "支持：断面 S0 未受影响，其排水不经过那里（氨氮 0.5 mg/L） ×2.7",
         "for: S0 stayed clean, and its water does not pass there (NH3N 0.5 mg/L) ×2.7"),
        ({"S0": -1.0}, 0.5,
         "不支持：断面 S0 的浓度不易解释，其排水不经过那里（氨氮 0.5 mg/L） ×0.37",
         ("against: the reading at S0 is hard to explain, its water does not pass "
          "there (NH3N 0.5 mg/L) ×0.37")),
    ],
)  # fmt: skip
def test_what_a_section_says_is_told_by_where_it_lies_and_what_it_read(
    facts, value, zh, en
):
    read = [value if key in facts else 0.6 for key in ("S0", "S1", "S2")]
    *_, found = said({"sections": facts}, value=read)
    assert found == (zh, en)


def test_little_is_not_worth_a_word_nor_is_a_section_nobody_knows():
    facts = {"sections": {"S1": 0.19, "S0": -0.19, "S9": 3.0}}
    assert len(said(facts)) == 2
    assert len(said({"fits": {"S1": 0.7}, "against": {"S0": -0.7}})) == 4
    # what series say counts only where no window does
    mixed = said({"sections": {"S1": 0.7}, "against": {"S0": -0.7}})
    assert [zh[:2] for zh, _ in mixed[2:]] == ["支持"]


@pytest.mark.parametrize(("ratio", "word"), [(0.25, "相符"), (-0.25, "不符")])
def test_other_items_records_and_rain_speak_too(ratio, word):
    facts = {"fingerprint": ratio, "lag": 2 * ratio, "wet": 3 * ratio}
    [(zh, en)] = said(facts, items=("NH3N", "TP", "F"))[2:]
    side, factors = (
        ("支持", (2.1, 1.6, 1.3)) if ratio > 0 else ("不支持", (0.47, 0.61, 0.78))
    )
    wet, lag, own = factors
    assert zh == (
        f"{side}：与雨情的关系{word} ×{wet}；时间先后{word} ×{lag}；"
        f"总磷、氟化物的比例与其排水（城镇污水处理厂）{word} ×{own}"
    )
    fit = ("fits", "fit") if ratio > 0 else ("does not fit", "do not fit")
    assert en == (
        f"{'for' if ratio > 0 else 'against'}: response to rain {fit[0]} ×{wet}; "
        f"timing {fit[0]} ×{lag}; TP, F {fit[1]} its effluent (sewage works) ×{own}"
    )
    assert len(said({"fingerprint": ratio})) == 2, "there is no other item"
    small = {key: value / 2 for key, value in facts.items() if key != "wet"}
    assert len(said({**small, "lag": ratio / 2}, items=("NH3N", "TP"))) == 2


def test_no_more_than_four_are_told_for_and_four_against():
    facts = {"sections": {"S0": 0.3, "S1": 0.5, "S2": 0.4}, "lag": 0.6, "wet": 0.2}
    [(zh, _)] = said({**facts, "fingerprint": 0.21}, items=("NH3N", "TP"))[2:]
    assert zh.count("；") == 3
    assert zh.index("时间先后") < zh.index("S1") < zh.index("S2") < zh.index("S0")
    turned = {"sections": {key: -r for key, r in facts["sections"].items()}}
    turned |= {"lag": -0.6, "wet": -0.2, "fingerprint": -0.21}
    [(zh, _)] = said(turned, items=("NH3N", "TP"))[2:]
    assert zh.index("时间先后") < zh.index("S1") < zh.index("S2") < zh.index("S0")
    assert zh.count("；") == 3


def test_what_it_hangs_on_and_what_it_needs_come_last():
    found = said(
        {"sections": {"S1": 1.0}, "needs": ("要查", "look")}, structures=["Z1"]
    )
    assert [zh.split("：")[0] for zh, _ in found[2:]] == ["支持", "取决于", "要查"]
    assert found[-1] == ("要查", "look")
    assert found[3][1] == "depends on: the state of Z1, which its water passes"


@pytest.mark.parametrize(
    ("factor", "text"),
    [(9.94, "×9.9"), (10.0, "×10"), (99.4, "×99"), (101.0, "×>100"), (1.0, "×1.0"),
     (0.994, "×0.99"), (0.0101, "×0.01"), (0.0099, "×<0.01"), (1e9, "×>100"),
     (1e-9, "×<0.01")],
)  # fmt: skip
def test_a_ratio_is_written_as_a_factor(factor, text):
    assert _times(float(np.log(factor))) == f" {text}"


# ---------------------------------------------------------------- words of strength
@pytest.mark.parametrize(
    ("p", "ratio", "even", "key"),
    [
        (0.7, 10.0, 0.1, "very_likely"), (0.6999, 10.0, 0.1, "likely"),
        (0.7, 9.99, 0.1, "likely"), (0.4, 3.0, 0.1, "likely"),
        (0.3999, 3.0, 0.1, "possible"), (0.4, 2.99, 0.1, "possible"),
        (0.01, 0.1, 0.1, "cleared"), (0.0101, 0.1, 0.1, "less_likely"),
        (0.1, 1.0, 0.1, "possible"), (0.0999, 1.0, 0.1, "less_likely"),
    ],
)  # fmt: skip
def test_each_word_holds_from_its_own_edge(p, ratio, even, key):
    assert strength_words(p, ratio, even) == STRENGTH[key]


def test_what_no_row_of_the_table_holds_for_is_told_by_its_last():
    assert strength_words(NAN, NAN, 0.1) == STRENGTH["less_likely"]


def test_the_first_is_held_against_the_second_and_the_others_against_the_first():
    every = np.array([0.75, 0.07, 0.05, 0.13])
    found = _strengths(every[:3], every)
    assert found == [
        STRENGTH["likely"],
        STRENGTH["less_likely"],
        STRENGTH["less_likely"],
    ]
    alone = _strengths(np.array([0.8, 0.05]), np.array([0.8, 0.05, 0.05, 0.1]))
    assert alone == [STRENGTH["likely"], STRENGTH["less_likely"]]
    far = _strengths(np.array([0.92, 0.04]), np.array([0.92, 0.04, 0.04]))
    assert far == [STRENGTH["very_likely"], STRENGTH["less_likely"]]
    assert _strengths(np.ones(1), np.ones(1)) == [STRENGTH["possible"]]
    sure = _strengths(np.array([1.0, 0.0]), np.array([1.0, 0.0, 0.0]))
    assert sure == [STRENGTH["very_likely"], STRENGTH["cleared"]]

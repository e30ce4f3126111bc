"""Classes, targets and exceedances, against the limits typed in by hand."""

import json
import math
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geotool.errors import LayerError, TableError
from geotool.quality import (
    CLASSES,
    assess_sections,
    class_limits,
    classify,
    exceedances,
)
from geotool.readings import fold_item, fold_unit, item_table, tidy_readings
from geotool.tables import load_table

SHARED = Path(__file__).parents[2] / "shared" / "data"

# domain.md 1.1, typed in: item → limits of classes I to V.
UPPER = {
    "CODMN": (2, 4, 6, 10, 15),
    "COD": (15, 15, 20, 30, 40),
    "BOD5": (3, 3, 4, 6, 10),
    "NH3N": (0.15, 0.5, 1.0, 1.5, 2.0),
    "TP": (0.02, 0.1, 0.2, 0.3, 0.4),
    "CU": (0.01, 1.0, 1.0, 1.0, 1.0),
    "ZN": (0.05, 1.0, 1.0, 2.0, 2.0),
    "F": (1.0, 1.0, 1.0, 1.5, 1.5),
    "SE": (0.01, 0.01, 0.01, 0.02, 0.02),
    "AS": (0.05, 0.05, 0.05, 0.1, 0.1),
    "HG": (0.00005, 0.00005, 0.0001, 0.001, 0.001),
    "CD": (0.001, 0.005, 0.005, 0.005, 0.01),
    "CR6": (0.01, 0.05, 0.05, 0.05, 0.1),
    "PB": (0.01, 0.01, 0.05, 0.05, 0.1),
    "CN": (0.005, 0.05, 0.2, 0.2, 0.2),
    "PHENOL": (0.002, 0.002, 0.005, 0.01, 0.1),
    "OIL": (0.05, 0.05, 0.05, 0.5, 1.0),
    "LAS": (0.2, 0.2, 0.2, 0.3, 0.3),
    "S": (0.05, 0.1, 0.2, 0.5, 1.0),
}
DO = (7.5, 6, 5, 3, 2)
TP_LAKE = (0.01, 0.025, 0.05, 0.1, 0.2)
TN_LAKE = (0.2, 0.5, 1.0, 1.5, 2.0)
FC = (200, 2000, 10000, 20000, 40000)
TABLE_2 = {"SO4": 250, "CL": 250, "NO3N": 10, "FE": 0.3, "MN": 0.1}
CODES = {
    "WT": "w01010",
    "PH": "w01001",
    "DO": "w01009",
    "CODMN": "w01019",
    "COD": "w01018",
    "BOD5": "w01017",
    "NH3N": "w21003",
    "TP": "w21011",
    "TN": "w21001",
    "CU": "w20122",
    "ZN": "w20123",
    "F": "w21017",
    "SE": "w20128",
    "AS": "w20141",
    "HG": "w20111",
    "CD": "w20115",
    "CR6": "w20117",
    "PB": "w20120",
    "CN": "w21016",
    "PHENOL": "w23002",
    "OIL": "w22001",
    "LAS": "w19002",
    "S": "w21019",
    "FC": "w02003",
}
COUNTED = [*UPPER, "DO", "PH"]


def best(limits, value):
    """Apply the rule for upper limits, in one line."""
    met = [name for name, limit in zip(CLASSES, limits, strict=False) if value <= limit]
    return met[0] if met else "劣V"


# ---------------------------------------------------------------- the tables


def test_table_1_has_24_items_and_their_limits():
    rows = load_table("gb3838_2002")["items"]
    assert [row["no"] for row in rows.values()] == list(range(1, 25))
    river = class_limits().set_index("item")
    lake = class_limits(water_type="lake").set_index("item")
    for key, limits in UPPER.items():
        assert tuple(river.loc[key, list(CLASSES[:5])]) == limits, key
        assert tuple(lake.loc[key, list(CLASSES[:5])]) == (
            TP_LAKE if key == "TP" else limits
        ), key
    assert tuple(river.loc["DO", list(CLASSES[:5])]) == DO
    assert tuple(river.loc["FC", list(CLASSES[:5])]) == FC
    assert tuple(lake.loc["TN", list(CLASSES[:5])]) == TN_LAKE
    assert set(river.loc["PH", list(CLASSES[:5])]) == {"6–9"}
    assert set(river.index) == {*UPPER, "DO", "FC", "PH"}
    assert set(lake.index) == {*UPPER, "DO", "FC", "PH", "TN"}
    assert river["kind"].to_dict() == dict.fromkeys(river.index, "upper") | {
        "DO": "lower",
        "PH": "range",
    }


def test_table_2_and_the_temperature_rule():
    table = load_table("gb3838_2002")
    assert {key: row["limit"] for key, row in table["supplementary"].items()} == TABLE_2
    assert table["items"]["WT"]["weekly_mean_rise_max"] == 1
    assert table["items"]["WT"]["weekly_mean_drop_max"] == 2
    assert table["confidence"] == "V"


def test_every_item_of_the_standard_is_a_pollutant_in_the_same_unit():
    table = load_table("gb3838_2002")
    for key, row in (table["items"] | table["supplementary"]).items():
        assert item_table()[key].unit == row["unit"], key
        assert fold_item(row["zh"]) == key
    assert {key: item_table()[key].code for key in CODES} == CODES


def test_no_two_items_share_a_name():
    seen: dict[str, str] = {}
    for item in item_table().values():
        for name in (item.key, item.zh, item.en, item.column, item.code, *item.alias):
            if name:
                assert fold_item(name) == item.key, name
                assert seen.setdefault(name.casefold(), item.key) == item.key


def test_columns_of_means_are_unique_and_carry_the_unit():
    columns = [item.column for item in item_table().values()]
    assert len(set(columns)) == len(columns)
    for item in item_table().values():
        assert item.unit != "mg/L" or item.column.endswith("_mg_l")


# ---------------------------------------------------------------- one item


@pytest.mark.parametrize("key", UPPER)
@pytest.mark.parametrize("place", range(5))
def test_upper_limits_on_just_below_just_above(key, place):
    limit = UPPER[key][place]
    for value in (limit, limit * (1 - 1e-6), limit * (1 + 1e-6)):
        water = classify({key: value})
        assert water.water_class == best(UPPER[key], value), value
        assert water.determining == (key,)


@pytest.mark.parametrize("place", range(5))
def test_oxygen_is_a_lower_limit(place):
    below = [*CLASSES[1:]][place]
    assert classify({"DO": DO[place]}).water_class == CLASSES[place]
    assert classify({"DO": DO[place] * (1 + 1e-6)}).water_class == CLASSES[place]
    assert classify({"DO": DO[place] * (1 - 1e-6)}).water_class == below


def test_oxygen_saturation_needs_the_temperature():
    warm = 0.9 * 468 / (31.6 + 30)  # 6.84 mg/L is 90 % of saturation at 30 ℃
    assert classify({"DO": warm}).water_class == "II"
    assert classify({"DO": warm, "WT": 30}).water_class == "I"
    assert classify({"DO": warm * 0.999, "WT": 30}).water_class == "II"
    # cold water: 7.5 is enough although it is far from saturated
    assert classify({"DO": 7.5, "WT": 5}).water_class == "I"
    # a temperature that cannot be is no help
    assert classify({"DO": 7.0, "WT": 300}).water_class == "II"


@pytest.mark.parametrize(
    ("ph", "expected"),
    [(6, "I"), (9, "I"), (7.2, "I"), (5.99, "劣V"), (9.01, "劣V"), (0, "劣V")],
)
def test_ph_is_a_range_with_both_ends(ph, expected):
    assert classify({"PH": ph}).water_class == expected


@pytest.mark.parametrize("place", range(5))
def test_phosphorus_in_lakes(place):
    limit = TP_LAKE[place]
    assert classify({"TP": limit}, water_type="lake").water_class == CLASSES[place]
    above = classify({"TP": limit * 1.000001}, water_type="lake")
    assert above.water_class == CLASSES[place + 1]
    assert classify({"TP": limit}).water_class == best(UPPER["TP"], limit)


def test_temperature_nitrogen_and_coliforms_never_count():
    clean = {"NH3N": 0.1, "WT": 39.0, "TN": 30.0, "FC": 1e9}
    river = classify(clean)
    assert river.water_class == "I"
    assert river.apart == {}
    assert set(river.not_assessed) == {"WT", "TN", "FC"}
    lake = classify(clean, water_type="lake")
    assert lake.water_class == "I"
    assert lake.apart == {"TN": "劣V", "FC": "劣V"}
    assert set(lake.not_assessed) == {"WT"}


def test_equal_limits_give_the_best_class():
    assert classify({"COD": 15}).item_classes["COD"] == "I"
    assert classify({"CU": 0.9}).item_classes["CU"] == "II"
    assert classify({"CD": 0.005}).item_classes["CD"] == "II"
    assert classify({"F": 1.5}).item_classes["F"] == "IV"


def test_rounding_of_the_computer_is_no_exceedance():
    assert np.mean([0.1, 0.2, 0.3]) > 0.2  # what makes the test worth while
    assert classify({"TP": float(np.mean([0.1, 0.2, 0.3]))}).water_class == "III"
    assert 3 * 0.1 > 0.3
    assert classify({"TP": 3 * 0.1}).water_class == "IV"


# ---------------------------------------------------------------- many items


def test_worst_item_decides_and_all_that_share_the_class_are_named():
    water = classify({"NH3N": 1.2, "TP": 0.25, "COD": 18, "DO": 8.0, "镍": 3.0})
    assert water.water_class == "IV"
    assert water.determining == ("NH3N", "TP")
    assert water.not_assessed == {"镍": "未知项目"}
    assert water.standard == "GB3838-2002"


def test_nothing_measured_has_no_class():
    assert classify({}).water_class is None
    assert classify({"NH3N": math.nan}).water_class is None
    assert classify({"NH3N": math.nan}).not_assessed == {"NH3N": "未监测"}
    assert classify({"TN": 0.1, "SO4": 10}).water_class is None


def test_a_table_is_classified_row_by_row_like_single_waters():
    rng = np.random.default_rng(1)
    table = pd.DataFrame(
        {
            key: np.where(rng.random(200) < 0.2, np.nan, rng.random(200) * 1.5 * top)
            for key, top in (("NH3N", 2), ("TP", 0.4), ("COD", 40), ("DO", 9))
        },
        index=range(5, 205),
    )
    for water_type in ("river", "lake"):
        many = classify(table, water_type=water_type)
        assert list(many.index) == list(table.index)
        for row, one in zip(table.to_dict("records"), many.itertuples(), strict=True):
            single = classify(row, water_type=water_type)
            assert one.water_class == single.water_class
            names = [item_table()[key].zh for key in single.determining]
            assert one.determining == "、".join(names)
            assert one.standard == "GB3838-2002"


value = st.floats(0, 100, allow_nan=False)


@given(
    water=st.dictionaries(st.sampled_from(list(UPPER)), value, min_size=1),
    data=st.data(),
    lake=st.booleans(),
)
@settings(max_examples=150, deadline=None)
def test_raising_a_concentration_never_improves_a_class(water, data, lake):
    kind = "lake" if lake else "river"
    key = data.draw(st.sampled_from(sorted(water)))
    more = water | {key: water[key] + data.draw(value)}
    before, after = classify(water, water_type=kind), classify(more, water_type=kind)
    assert CLASSES.index(after.item_classes[key]) >= CLASSES.index(
        before.item_classes[key]
    )
    assert CLASSES.index(after.water_class) >= CLASSES.index(before.water_class)


@given(low=value, more=value, t=st.none() | st.floats(-5, 60))
@settings(max_examples=150, deadline=None)
def test_more_oxygen_never_worsens_a_class(low, more, t):
    warm = {} if t is None else {"WT": t}
    before, after = classify({"DO": low} | warm), classify({"DO": low + more} | warm)
    assert CLASSES.index(after.water_class) <= CLASSES.index(before.water_class)


@given(
    water=st.dictionaries(st.sampled_from(COUNTED), value, min_size=1),
    lake=st.booleans(),
)
@settings(max_examples=100, deadline=None)
def test_the_class_is_the_worst_of_its_items(water, lake):
    kind = "lake" if lake else "river"
    whole = classify(water, water_type=kind)
    worst = max(
        CLASSES.index(classify({key: one}, water_type=kind).water_class)
        for key, one in water.items()
    )
    assert CLASSES.index(whole.water_class) == worst


@pytest.mark.parametrize(
    ("water", "choice", "error", "word"),
    [
        ({"NH3N": -0.1}, {}, LayerError, "负"),
        ({"NH3N": math.inf}, {}, LayerError, "无穷"),
        ({"NH3N": "<0.01"}, {}, LayerError, "tidy_readings"),
        ({"NH3N": 1.0, "氨氮": 2.0}, {}, LayerError, "氨氮"),
        ({"NH3N": 1.0}, {"standard": "GB3838-2023"}, TableError, "GB3838-2023"),
        ({"NH3N": 1.0}, {"water_type": "sea"}, TableError, "sea"),
        ({}, {"water_type": "sea"}, TableError, "sea"),
    ],
)
def test_what_cannot_be_classified_is_said_in_one_line(water, choice, error, word):
    with pytest.raises(error, match=word) as caught:
        classify(water, **choice)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["GB 3838-2002", "gb3838-2002", "GB3838"])
def test_standard_by_its_other_names(name):
    assert classify({"NH3N": 1.0}, standard=name).water_class == "III"


# ---------------------------------------------------------------- sections


def sections(**columns):
    table = {
        "section_id": ["A", "B"],
        "name": ["营船港闸", "河南农闸"],
        "river": ["通启运河", "农场中心河"],
        "water_type": ["river", "river"],
        "target_class": ["III", "IV"],
    }
    return pd.DataFrame(table | columns)


def readings(rows):
    return pd.DataFrame(rows, columns=["section_id", "time", "item", "value_mg_l"])


def test_class_from_means_never_from_mean_of_classes():
    # I, I, 劣V: the mean of classes would be III; the mean 1.2 is IV
    rows = [
        ("A", f"2026-05-{day}", "NH3N", v) for day, v in ((1, 0.1), (2, 0.1), (3, 3.4))
    ]
    row = assess_sections(readings(rows), sections()).iloc[0]
    assert row["nh3n_mg_l"] == pytest.approx(1.2)
    assert (row["water_class"], row["reached"], row["determining"]) == (
        "IV",
        False,
        "氨氮",
    )
    assert row["exceedances"] == "氨氮(0.20)"
    assert (row["n_readings"], row["n_days"]) == (3, 3)
    assert row["period"] == "2026-05"
    assert row["standard"] == "GB3838-2002"


def test_reached_is_true_false_or_none():
    rows = [("A", "2026-05-01", "NH3N", 1.0), ("B", "2026-05-01", "NH3N", 1.0)]
    table = sections(target_class=["III", None])
    result = assess_sections(readings(rows), table)
    assert result["reached"].tolist() == [True, None]
    assert result["reached"].tolist()[0] is True
    assert "未判达标" in result["note"][1]


def test_every_section_has_a_row_in_every_period():
    rows = [("A", "2026-05-01", "NH3N", 1.0), ("A", "2026-07-01", "NH3N", 1.0)]
    result = assess_sections(readings(rows), sections())
    assert result[["section_id", "period"]].to_numpy().tolist() == [
        ["A", "2026-05"],
        ["A", "2026-07"],
        ["B", "2026-05"],
        ["B", "2026-07"],
    ]
    empty = result[result["section_id"] == "B"]
    assert empty["water_class"].isna().all()
    assert (empty["note"].str.contains("没有可用的监测数据")).all()


def test_a_section_that_is_not_in_the_list_is_reported_with_its_means():
    rows = [("Z", "2026-05-01", "TP", 0.15), ("A", "2026-05-01", "TP", 0.15)]
    result = assess_sections(readings(rows), sections()).set_index("section_id")
    assert result.loc["Z", "water_class"] is None
    assert "不在断面名录" in result.loc["Z", "note"]
    assert result.loc["Z", "tp_mg_l"] == 0.15
    assert result.loc["A", "water_class"] == "III"


def test_a_section_may_be_named_by_its_name_if_only_one_has_it():
    rows = [("营船港闸", "2026-05-01", "TP", 0.15), ("A", "2026-05-02", "TP", 0.25)]
    result = assess_sections(readings(rows), sections())
    assert result["tp_mg_l"].iloc[0] == pytest.approx(0.2)
    same = sections(name=["江桥", "江桥"])
    rows = [("江桥", "2026-05-01", "TP", 0.15)]
    result = assess_sections(readings(rows), same)
    assert result["section_id"].tolist() == ["A", "B", "江桥"]
    assert result["water_class"].tolist() == [None, None, None]


def test_unknown_items_and_lost_readings_are_told():
    raw = pd.DataFrame(
        {
            "断面名称": ["A", "A", "A", "A", None, "A"],
            "时间": ["2026-05-01"] * 5 + ["05-01 08:00"],
            "项目": ["氨氮", "镍", "总磷", "汞", "氨氮", "氨氮"],
            "结果": ["1.0", "1", "--", "未检出", "2", "3"],
        }
    )
    result = assess_sections(raw, sections())
    note = result["note"].iloc[0]
    for part in (
        "未知监测项目：镍",
        "没有监测值：--",
        "未检出且未给检出限",
        "没有年份",
    ):
        assert part in note, part
    last = result.iloc[-1]
    assert last["section_id"] is None
    assert "缺断面编号" in last["note"]
    assert result["n_readings"].iloc[0] == 1
    tidy_note = assess_sections(readings([("A", "2026-05-01", "镍", 1.0)]), sections())
    assert "未知项目：镍" in tidy_note["note"].iloc[0]


def test_no_readings_and_no_sections():
    none = readings([]).astype({"value_mg_l": float})
    result = assess_sections(none, sections())
    assert result["section_id"].tolist() == ["A", "B"]
    assert result["water_class"].tolist() == [None, None]
    assert len(assess_sections(none, sections().head(0))) == 0
    some = readings([("A", "2026-05-01", "TP", 0.15)])
    assert assess_sections(some, sections().head(0))["water_class"].tolist() == [None]


def test_below_detection_counts_half_and_is_told():
    raw = pd.DataFrame(
        {
            "section_id": "A",
            "time": ["2026-05-01", "2026-05-02"],
            "item": "HG",
            "value": ["<0.0001", "0.00005"],
        }
    )
    row = assess_sections(raw, sections()).iloc[0]
    assert row["hg_mg_l"] == pytest.approx(0.00005)
    assert row["water_class"] == "I"
    assert row["below_detection"] == "汞(1/2)"


def test_tidy_and_raw_readings_give_the_same_assessment():
    raw = pd.DataFrame(
        {
            "断面": ["A", "B", "A"],
            "采样时间": ["2026-05-01", "2026-05-02", "2026-06-01"],
            "氨氮(μg/L)": ["310", "<20", "1800L"],
            "总磷": ["0.3*", "0.05", ""],
        }
    )
    tidy, _ = tidy_readings(raw)
    pd.testing.assert_frame_equal(
        assess_sections(raw, sections()), assess_sections(tidy, sections())
    )
    # what a user changes in value_mg_l is what counts, not the text beside it
    doubled = tidy.assign(value_mg_l=tidy["value_mg_l"] * 2)
    assert assess_sections(doubled, sections())["tp_mg_l"].iloc[0] == pytest.approx(0.6)


def test_lakes_are_told_from_the_register_not_from_the_name():
    rows = [(key, "2026-05-01", "TP", 0.1) for key in "AB"]
    table = sections(name=["太湖心", "河"], water_type=["河流", "湖库"])
    result = assess_sections(readings(rows), table)
    assert result["water_class"].tolist() == ["II", "IV"]
    unknown = assess_sections(readings(rows), sections(water_type=[None, "沼泽"]))
    assert unknown["water_class"].tolist() == ["II", "II"]
    assert "按河流评价" in unknown["note"].iloc[0]
    assert "沼泽" in unknown["note"].iloc[1]


def test_lake_nitrogen_is_stated_apart():
    rows = [("A", "2026-05-01", "TN", 1.7), ("A", "2026-05-01", "TP", 0.02)]
    row = assess_sections(readings(rows), sections(water_type=["lake", "lake"])).iloc[0]
    assert row["water_class"] == "II"
    assert "单独评价：总氮V类" in row["note"]


def test_exceedances_have_no_multiple_for_oxygen_and_ph():
    rows = [
        ("A", "2026-05-01", item, value)
        for item, value in (("NH3N", 1.31), ("DO", 2.5), ("PH", 9.5), ("TP", 0.21))
    ]
    row = assess_sections(readings(rows), sections()).iloc[0]
    assert row["exceedances"] == "pH、溶解氧、氨氮(0.31)、总磷(0.05)"
    assert row["determining"] == "pH"
    assert row["water_class"] == "劣V"


def test_exceedances_compare_with_the_target_main_pollutants_with_iii():
    rows = [("A", "2026-05-01", "TP", 0.15), ("B", "2026-05-01", "TP", 0.5)]
    result = assess_sections(readings(rows), sections(target_class=["II", "IV"]))
    assert result["exceedances"].tolist() == ["总磷(0.50)", "总磷(0.67)"]
    assert result["main_pollutants"].tolist() == ["", "总磷(1.50)"]


def test_main_pollutants_are_three_and_the_metals():
    rows = [
        ("A", "2026-05-01", item, value)
        for item, value in (
            *(("NH3N", 3.0), ("TP", 1.0), ("COD", 45.0), ("BOD5", 5.0)),
            *(("CODMN", 7.0), ("PB", 0.06)),
        )
    ]
    row = assess_sections(readings(rows), sections()).iloc[0]
    assert (
        row["main_pollutants"] == "总磷(4.00)、氨氮(2.00)、化学需氧量(1.25)、铅(0.20)"
    )
    assert row["exceedances"].count("、") == 5


def test_a_small_exceedance_does_not_read_as_none():
    rows = [("A", "2026-05-01", "NH3N", 1.002)]
    row = assess_sections(readings(rows), sections()).iloc[0]
    assert row["exceedances"] == "氨氮(0.002)"
    assert "修约后为III类" in row["note"]


def test_quarter_and_year_are_means_of_months():
    rows = [("A", f"2026-01-{day:02d}", "NH3N", 0.4) for day in range(1, 29)]
    rows += [("A", "2026-02-10", "NH3N", 2.0)]
    month = assess_sections(readings(rows), sections().head(1))
    assert month["nh3n_mg_l"].tolist() == [0.4, 2.0]
    quarter = assess_sections(readings(rows), sections().head(1), period="quarter")
    assert quarter["period"].tolist() == ["2026-Q1"]
    assert quarter["nh3n_mg_l"].iloc[0] == pytest.approx(1.2)
    assert quarter["note"].iloc[0] == ""
    year = assess_sections(readings(rows), sections().head(1), period="year")
    assert year["nh3n_mg_l"].iloc[0] == pytest.approx(1.2)
    assert "只有2个月" in year["note"].iloc[0]
    assert year["n_months"].iloc[0] == 2


def test_a_further_target_is_not_passed_over():
    rows = [("A", "2026-05-01", "TP", 0.15)]
    table = sections(target_note=["总磷年均<0.1", None])
    assert "总磷年均<0.1" in assess_sections(readings(rows), table)["note"].iloc[0]


def test_registers_with_chinese_headers_and_geometry():
    table = gpd.GeoDataFrame(
        {"断面名称": ["营船港闸"], "水质目标": ["消除劣Ⅴ"], "水体类型": ["河流"]},
        geometry=gpd.points_from_xy([120.95], [31.87]),
        crs=4490,
    )
    rows = [("营船港闸", "2026-05-01", "NH3N", 2.0)]
    row = assess_sections(readings(rows), table).iloc[0]
    assert (row["target_class"], row["water_class"], row["reached"]) == ("V", "V", True)


@pytest.mark.parametrize(
    ("change", "choice", "error", "word"),
    [
        ({"section_id": ["A", "A"]}, {}, LayerError, "重复"),
        ({}, {"period": "week"}, TableError, "week"),
        ({}, {"period": "confidence"}, TableError, "month"),
        ({}, {"standard": "GB3838-2023"}, TableError, "GB3838-2002"),
    ],
)
def test_bad_choices_are_said_in_one_line(change, choice, error, word):
    with pytest.raises(error, match=word):
        assess_sections(
            readings([("A", "2026-05-01", "TP", 0.1)]), sections(**change), **choice
        )


def test_missing_columns_are_named():
    with pytest.raises(LayerError, match="time"):
        assess_sections(
            pd.DataFrame({"section_id": [], "value_mg_l": []}).astype(float), sections()
        )
    with pytest.raises(LayerError, match="断面编号"):
        assess_sections(
            readings([("A", "2026-05-01", "TP", 0.1)]), pd.DataFrame({"x": [1]})
        )


def test_inputs_are_left_as_they_were():
    rows, table = readings([("A", "2026-05-01", "TP", 0.1)]), sections()
    copies = rows.copy(), table.copy()
    assess_sections(rows, table)
    exceedances(rows, table)
    pd.testing.assert_frame_equal(rows, copies[0])
    pd.testing.assert_frame_equal(table, copies[1])


def test_order_of_readings_does_not_matter():
    rng = np.random.default_rng(3)
    rows = [
        (key, f"2026-0{month}-{day:02d}", item, round(float(rng.random()), 3))
        for key in "AB"
        for month in (1, 2)
        for day in range(1, 20)
        for item in ("NH3N", "TP", "DO")
    ]
    table = readings(rows)
    shuffled = table.sample(frac=1, random_state=1)
    for assess in (assess_sections, exceedances):
        one, other = assess(table, sections()), assess(shuffled, sections())
        pd.testing.assert_frame_equal(one, other)


def test_result_can_be_written_as_json():
    rows = [("A", "2026-05-01", "TP", 0.1)]
    text = assess_sections(readings(rows), sections()).to_json(orient="records")
    assert json.loads(text)[0]["reached"] is True


# ---------------------------------------------------------------- since when


def day(number):
    return pd.Timestamp("2026-05-01") + pd.Timedelta(days=number)


def test_since_is_the_start_of_the_current_run():
    values = [0.8, 1.2, 0.9, 1.1, 1.6, 1.3]
    rows = [("A", day(i), "NH3N", v) for i, v in enumerate(values)]
    found = exceedances(readings(rows), sections()).iloc[0]
    assert found["since"] == day(3)
    assert found["last"] == day(5)
    assert found["n_readings"] == 3
    assert found["peak"] == 1.6
    assert found["latest"] == 1.3
    assert found["multiple"] == pytest.approx(0.3)
    assert found["limit"] == 1.0
    assert found["note"] == ""


def test_an_exceedance_that_is_over_is_not_listed():
    rows = [("A", day(0), "NH3N", 5.0), ("A", day(1), "NH3N", 0.5)]
    found = exceedances(readings(rows), sections())
    assert found["item"].tolist() == [None]  # only B, which has no readings
    assert found["section_id"].tolist() == ["B"]


def test_a_run_from_the_first_reading_says_so():
    rows = [("A", day(0), "NH3N", 5.0), ("A", day(1), "NH3N", 4.0)]
    found = exceedances(readings(rows), sections()).iloc[0]
    assert found["since"] == day(0)
    assert "更早" in found["note"]


def test_items_run_separately_and_oxygen_has_a_lowest_peak():
    rows = [("A", day(i), "DO", v) for i, v in enumerate((6.0, 4.0, 3.5))]
    rows += [("A", day(1), "TP", 0.3)]
    found = exceedances(readings(rows), sections()).set_index("item")
    assert found.loc["DO", "peak"] == 3.5
    assert np.isnan(found.loc["DO", "multiple"])
    assert found.loc["DO", "since"] == day(1)
    assert found.loc["TP", "since"] == day(1)


def test_nobody_disappears_from_the_exceedances():
    rows = [("A", day(0), "NH3N", 2.0), ("Z", day(0), "NH3N", 2.0)]
    table = sections(target_class=[None, "III"])
    found = exceedances(readings([*rows, ("A", day(0), "镍", 1.0)]), table)
    assert found["item"].tolist() == [None] * 4
    assert set(found["section_id"]) == {"A", "B", "Z"}
    assert all(found["note"])


@given(st.lists(st.floats(0, 2), min_size=1, max_size=12))
@settings(max_examples=60, deadline=None)
def test_runs_agree_with_walking_back_by_hand(values):
    rows = [("A", day(i), "NH3N", v) for i, v in enumerate(values)]
    found = exceedances(readings(rows), sections()).dropna(subset=["item"])
    start = len(values)
    while start and values[start - 1] > 1.0 * (1 + 1e-9):
        start -= 1
    if start == len(values):
        assert len(found) == 0
    else:
        assert found["since"].iloc[0] == day(start)
        assert found["n_readings"].iloc[0] == len(values) - start


# ---------------------------------------------------------------- real readings


def test_agrees_with_the_national_stations():
    path = SHARED / "cnemc_snapshot_20260821" / "cnemc_20260821_flat_derived.csv"
    if not path.exists():
        pytest.skip("shared data not here")
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table["监测时间"] = "2026-" + table["监测时间"]
    table["断面名称"] = table["省份"] + table["流域"] + table["断面名称"]
    official = table.pop("水质类别").astype(int)
    ours = {}
    for kind in ("river", "lake"):
        register = pd.DataFrame(
            {"section_id": table["断面名称"], "water_type": kind, "target_class": "III"}
        )
        result = assess_sections(table, register)
        rank = {name: place for place, name in enumerate(CLASSES, 1)}
        ours[kind] = result["water_class"].map(rank).fillna(-1).astype(int).to_numpy()
        assert len(result) == len(table)
    # the snapshot does not say which sections are lakes: there the other one agrees
    same = (ours["river"] == official) | (ours["lake"] == official)
    assert (ours["river"] == official).mean() > 0.96
    assert same.sum() == 480


def test_units_of_every_spelling_fold_to_themselves():
    for kind, rows in load_table("pollutants")["units"].items():
        key = next(k for k, item in item_table().items() if item.kind == kind)
        for row in rows:
            for name in (row["unit"], *row.get("alias", ())):
                assert fold_unit(name, key) == row["unit"], name

"""Periods, rounding, methods, doubtful values and standards of the user."""

import copy

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geotool.errors import TableError
from geotool.quality import assess_sections, assess_supplementary, classify
from geotool.quality._limits import limit_table, standard_table
from geotool.quality._means import significant
from geotool.quality._times import (
    period_labels,
    periods_of_months,
    step_names,
    steps_of,
)
from geotool.readings import tidy_readings
from geotool.tables import load_table

SECTIONS = pd.DataFrame(
    {
        "section_id": ["A", "B"],
        "name": ["东桥", "西桥"],
        "water_type": "river",
        "target_class": "III",
    }
)
MIDDLES = ("month", "quarter", "half", "year", "season", "cumulative")


def readings(times, values, *, section="A", item="NH3N", **columns):
    return pd.DataFrame(
        {
            "section_id": section,
            "time": pd.to_datetime(times),
            "item": item,
            "value_mg_l": np.asarray(values, float),
            "detected": True,
            **columns,
        }
    )


def of(table, section="A"):
    return table[table["section_id"] == section].set_index("period")


# ------------------------------------------------------------------ what a time is in
@given(st.lists(st.datetimes(pd.Timestamp("1955-01-01"), pd.Timestamp("2099-12-31"))))
def test_steps_are_those_of_numpy(times):
    moments = np.array(times, dtype="datetime64[us]")
    for step in ("h", "D", "M"):
        expected = moments.astype(f"datetime64[{step}]").astype(np.int64)
        assert steps_of(moments, step).tolist() == expected.tolist()


@pytest.mark.parametrize(
    ("period", "name"),
    [
        ("hour", "2025-12-31 23:00"),
        ("day", "2025-12-31"),
        ("month", "2025-12"),
        ("quarter", "2025-Q4"),
        ("half", "2025-H2"),
        ("year", "2025"),
        ("season", "2026-枯水期"),
        ("cumulative", "2025-01~12"),
    ],
)
def test_the_last_hour_of_a_year(period, name):
    last = pd.Timestamp("2025-12-31 23:59:59.999999")
    assert period_labels(pd.Series([last]), period).tolist() == [name]
    row = of(assess_sections(readings([last], [0.5]), SECTIONS, period=period))
    assert row.index.tolist() == [name]
    assert row["water_class"].tolist() == ["II"]


def test_every_month_is_in_one_season():
    months = np.arange(600, 624)
    at, names = periods_of_months(months, "season")
    assert at.tolist() == list(range(24))
    assert {name.split("-")[1] for name in names} == {"丰水期", "平水期", "枯水期"}


def test_names_of_hours_and_days():
    assert step_names(np.array([0]), "D") == ["1970-01-01"]
    assert step_names(np.array([13]), "h") == ["1970-01-01 13:00"]


# ------------------------------------------------------------------ means
@st.composite
def many(draw):
    n = draw(st.integers(1, 40))
    times = draw(
        st.lists(
            st.datetimes(pd.Timestamp("2024-11-01"), pd.Timestamp("2026-02-28")),
            min_size=n,
            max_size=n,
        )
    )
    values = draw(
        st.lists(st.integers(1, 4000).map(lambda v: v / 1000), min_size=n, max_size=n)
    )
    sections = draw(st.lists(st.sampled_from("AB"), min_size=n, max_size=n))
    items = draw(st.lists(st.sampled_from(["NH3N", "TP"]), min_size=n, max_size=n))
    return readings(times, values, section=sections, item=items)


def plain_means(table, period):
    """The rule in plain pandas: values by month, months by period."""
    month = table["time"].dt.to_period("M")
    if period in ("hour", "day"):
        label = period_labels(table["time"], period)
        return table.groupby([table["section_id"], label, "item"])["value_mg_l"].mean()
    monthly = table.groupby(["section_id", month, "item"])["value_mg_l"].mean()
    monthly = monthly.reset_index()
    if period != "cumulative":
        stamp = monthly["time"].dt.to_timestamp()
        monthly["period"] = period_labels(stamp, period)
        return monthly.groupby(["section_id", "period", "item"])["value_mg_l"].mean()
    parts = []
    for end in sorted(monthly["time"].unique()):
        here = (monthly["time"] <= end) & (monthly["time"].dt.year == end.year)
        name = f"{end.year}-01~{end.month:02d}"
        parts.append(monthly[here].assign(period=name))
    every = pd.concat(parts)
    return every.groupby(["section_id", "period", "item"])["value_mg_l"].mean()


@settings(max_examples=25, deadline=None)
@given(many(), st.sampled_from([*MIDDLES, "day", "hour"]))
def test_means_are_those_of_plain_pandas(table, period):
    made = assess_sections(table, SECTIONS, period=period)
    expected = plain_means(table, period)
    found = made.set_index(["section_id", "period"])
    for (section, name, item), value in expected.items():
        column = {"NH3N": "nh3n_mg_l", "TP": "tp_mg_l"}[item]
        assert found.loc[(section, name), column] == pytest.approx(value, rel=1e-9)
    columns = [c for c in ("nh3n_mg_l", "tp_mg_l") if c in found]
    assert found[columns].notna().to_numpy().sum() == len(expected)


@settings(max_examples=20, deadline=None)
@given(many(), st.sampled_from(["month", "quarter", "half", "year", "season"]))
def test_every_reading_counts_in_one_period(table, period):
    made = assess_sections(table, SECTIONS, period=period)
    assert made["n_readings"].sum() == len(table)
    days = table.groupby("section_id")["time"].apply(lambda t: t.dt.date.nunique())
    assert made["n_days"].sum() == days.sum()


@settings(max_examples=20, deadline=None)
@given(many(), st.randoms(use_true_random=False))
def test_rows_in_another_order_give_the_same(table, random):
    rows = list(range(len(table)))
    random.shuffle(rows)
    one = assess_sections(table, SECTIONS, period="quarter")
    other = assess_sections(table.iloc[rows], SECTIONS, period="quarter")
    pd.testing.assert_frame_equal(one, other[one.columns])


@settings(max_examples=20, deadline=None)
@given(many())
def test_more_data_changes_a_class_only_through_the_mean(table):
    """Every reading once more, an instant later: the same means, the same classes."""
    later = table.assign(time=table["time"].dt.floor("D") + pd.Timedelta(hours=1))
    twice = pd.concat([table, later], ignore_index=True)
    one, other = (assess_sections(part, SECTIONS) for part in (table, twice))
    columns = ["section_id", "period", "water_class", "reached", "exceedances"]
    pd.testing.assert_frame_equal(one[columns], other[columns])
    assert other["n_readings"].sum() == 2 * one["n_readings"].sum()


def test_a_month_of_many_readings_does_not_outweigh_the_others():
    times = [*pd.date_range("2026-01-01", periods=100, freq="6h"), "2026-02-01"]
    table = readings(times, [0.1] * 100 + [1.9])
    row = of(assess_sections(table, SECTIONS, period="quarter")).loc["2026-Q1"]
    assert row["nh3n_mg_l"] == 1.0
    assert (row["n_readings"], row["n_months"]) == (101, 2)


def test_too_few_months_or_samples_are_told():
    table = readings(["2026-05-01"], [0.4])
    notes = {
        name: of(assess_sections(table, SECTIONS, period=name))["note"].iloc[0]
        for name in ("half", "year", "season", "month")
    }
    assert "只有1个月数据，应不少于4个月" in notes["half"]
    assert "只有1个月数据，应不少于8个月" in notes["year"]
    assert "只有1个监测值，应不少于2个" in notes["season"]
    assert notes["month"] == ""


def test_an_unknown_period_is_named():
    with pytest.raises(TableError, match="week"):
        assess_sections(readings(["2026-05-01"], [1]), SECTIONS, period="week")


@given(st.floats(1e-9, 1e9), st.integers(1, 9))
def test_rounding_to_significant_digits_gives_the_nearest_number(value, n):
    total = sum([value] * n) / n
    assert significant(np.array([total]))[0] == float(f"{total:.12g}")


# ------------------------------------------------------------------ rounding
@pytest.mark.parametrize(
    ("rounding", "water", "other"), [("none", "IV", "III"), ("decimals", "III", "IV")]
)
def test_rounding_is_a_choice_and_the_other_answer_is_told(rounding, water, other):
    table = readings(["2026-05-01"], [1.004])
    row = of(assess_sections(table, SECTIONS, rounding=rounding)).iloc[0]
    assert row["water_class"] == water
    assert row["rounding"] == rounding
    assert f"{other}类" in row["note"]
    assert row["nh3n_mg_l"] == 1.004  # the mean is shown as it is


def test_no_word_of_rounding_where_it_changes_nothing():
    table = readings(["2026-05-01", "2026-06-01"], [0.9, 1.004])
    made = of(assess_sections(table, SECTIONS))
    assert made.loc["2026-05", "note"] == ""
    assert made.loc["2026-06", "note"] == "按评价小数位修约后为III类"
    with pytest.raises(TableError, match="up"):
        assess_sections(readings(["2026-05-01"], [0.9]), SECTIONS, rounding="up")


# ------------------------------------------------------------------ methods
def test_automatic_values_come_before_manual_ones_of_the_same_month():
    table = pd.concat(
        [
            readings(["2026-05-01", "2026-05-02"], [0.4, 0.6], method="自动"),
            readings(["2026-05-03"], [3.0], method="手工"),
            readings(["2026-06-03"], [1.2], method="手工"),
            readings(["2026-05-03"], [12.0], item="COD", method="手工"),
        ],
        ignore_index=True,
    )
    made = of(assess_sections(table, SECTIONS))
    assert made.loc["2026-05", "nh3n_mg_l"] == 0.5
    assert "1个手工值未用" in made.loc["2026-05", "note"]
    assert made.loc["2026-06", "nh3n_mg_l"] == 1.2
    assert made.loc["2026-05", "cod_mg_l"] == 12.0  # no automatic item


def test_the_method_comes_through_a_raw_table():
    raw = pd.DataFrame(
        {
            "断面": ["A", "A"],
            "时间": ["2026-05-01", "2026-05-02"],
            "监测方式": ["自动监测", "手工监测"],
            "氨氮": [0.4, 3.0],
        }
    )
    tidy, rejected = tidy_readings(raw)
    assert tidy["method"].tolist() == ["自动监测", "手工监测"]
    assert rejected.empty
    assert of(assess_sections(raw, SECTIONS)).loc["2026-05", "nh3n_mg_l"] == 0.4


# ------------------------------------------------------------------ doubtful values
def test_a_value_a_thousand_times_the_usual_is_counted_and_told():
    times = pd.date_range("2026-05-01", periods=6, freq="D")
    table = readings(times, [0.31, 0.30, 310.0, 0.29, 0.31, 0.30])
    row = of(assess_sections(table, SECTIONS)).iloc[0]
    assert "氨氮有1个值达本断面中位数的1000倍以上" in row["note"]
    assert row["n_readings"] == 6
    assert row["nh3n_mg_l"] == pytest.approx((310 + 1.51) / 6, rel=1e-9)
    fine = readings(times, [0.31, 0.30, 31.0, 0.29, 0.31, 0.30])
    assert of(assess_sections(fine, SECTIONS)).iloc[0]["note"] == ""


def test_a_doubtful_value_is_told_in_its_period_only():
    times = pd.date_range("2026-04-01", periods=60, freq="D")
    values = np.full(60, 0.3)
    values[40] = 300.0
    made = of(assess_sections(readings(times, values), SECTIONS))
    assert made.loc["2026-04", "note"] == ""
    assert "疑似单位" in made.loc["2026-05", "note"]


# ------------------------------------------------------------------ standards
def test_a_table_of_the_user_works_as_the_standard_does():
    own = copy.deepcopy(load_table("gb3838_2002"))
    own["key"] = "GB3838-COPY"
    rng = np.random.default_rng(0)
    means = pd.DataFrame(
        {key: rng.gamma(1, 1, 50) for key in limit_table("GB3838-2002", "river")}
    )
    one, other = classify(means), classify(means, standard=own)
    assert one.drop(columns="standard").equals(other.drop(columns="standard"))
    assert set(other["standard"]) == {"GB3838-COPY"}
    # known by its name from now on
    assert classify(means, standard="gb3838-copy")["water_class"].equals(
        one["water_class"]
    )


def test_a_stricter_table_is_used_and_stamped():
    own = {"key": "DB-严", "items": {"氨氮": {"limits": [0.1, 0.2, 0.3, 0.4, 0.5]}}}
    row = of(assess_sections(readings(["2026-05-01"], [0.45]), SECTIONS, standard=own))
    assert row["water_class"].tolist() == ["V"]
    assert row["standard"].tolist() == ["DB-严"]
    changed = {"key": "DB-严", "items": {"氨氮": {"limits": [1.0, 2.0, 3.0, 4.0, 5.0]}}}
    again = assess_sections(
        readings(["2026-05-01"], [0.45]), SECTIONS, standard=changed
    )
    assert of(again)["water_class"].tolist() == ["I"]


@pytest.mark.parametrize(
    ("table", "word"),
    [
        ({}, "key"),
        ({"key": "X"}, "items"),
        ({"key": "GB 3838-2002", "items": {"氨氮": {"limits": [1] * 5}}}, "同名"),
        ({"key": "X", "items": {"鱼": {"limits": [1] * 5}}}, "不认识的项目"),
        ({"key": "X", "items": {"氨氮": [1, 2]}}, "应是一个表"),
        ({"key": "X", "items": {"氨氮": {}}}, "缺 limits"),
        ({"key": "X", "items": {"氨氮": {"limits": [1, 2]}}}, "五个数字"),
        ({"key": "X", "items": {"氨氮": {"limits": [1, 2, 3, 4, "五"]}}}, "五个数字"),
        ({"key": "X", "items": {"氨氮": {"limits": [5, 4, 3, 2, 1]}}}, "依次放宽"),
        ({"key": "X", "items": {"pH": {"kind": "range", "low": 9, "high": 6}}}, "low"),
        (
            {"key": "X", "items": {"氨氮": {"kind": "around", "limits": [1] * 5}}},
            "kind",
        ),
    ],
)
def test_a_table_in_another_form_is_refused_with_the_place(table, word):
    with pytest.raises(TableError, match=word):
        standard_table(table)


# ------------------------------------------------------------------ drinking water
SECOND = load_table("gb3838_2002")["supplementary"]


@pytest.mark.parametrize("key", list(SECOND))
@pytest.mark.parametrize(("factor", "good"), [(1, True), (0.999, True), (1.001, False)])
def test_supplementary_items_on_and_beside_the_limit(key, factor, good):
    column = {"SO4": "so4_mg_l", "CL": "cl_mg_l", "NO3N": "no3n_mg_l"}.get(
        key, f"{key.lower()}_mg_l"
    )
    table = pd.DataFrame(
        {
            "section_id": ["A"],
            "name": ["x"],
            "period": ["2026-05"],
            column: [SECOND[key]["limit"] * factor],
        }
    )
    row = assess_supplementary(table).iloc[0]
    assert row["reached"] is good
    assert bool(row["exceedances"]) is not good
    assert row["items_assessed"] != ""


def test_nothing_measured_is_no_answer():
    table = pd.DataFrame({"section_id": ["A"], "name": ["x"], "period": ["2026-05"]})
    row = assess_supplementary(table).iloc[0]
    assert row["reached"] is None
    assert row["not_measured"].count("、") == 4

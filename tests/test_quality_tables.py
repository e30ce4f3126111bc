"""Tables made of an assessment: rivers, districts, changes, alerts, trends, lakes."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from geotool.errors import LayerError
from geotool.quality import CLASSES
from geotool.quality._alerts import section_alerts
from geotool.quality._changes import change_word, class_changes, class_steps
from geotool.quality._periods import period_before, period_place, year_before
from geotool.quality._rivers import assess_rivers, ratio_grade
from geotool.quality._summary import ALL, summarise_sections
from geotool.quality._trend import critical_values, section_trends
from geotool.quality._trophic import trophic_state

NH3N = {"I": 0.1, "II": 0.4, "III": 0.8, "IV": 1.2, "V": 1.8, "劣V": 3.0}


def assessed(classes, *, period="2026-05", river="通江河", **columns):
    """One section for each class, with a concentration that makes it."""
    return pd.DataFrame(
        {
            "section_id": [f"DM{n:02d}" for n in range(len(classes))],
            "name": [f"断面{n}" for n in range(len(classes))],
            "river": river,
            "period": period,
            "water_type": "river",
            "target_class": "III",
            "water_class": classes,
            "reached": [None if c is None else CLASSES.index(c) <= 2 for c in classes],
            "exceedances": "",
            "nh3n_mg_l": [NH3N.get(c, np.nan) for c in classes],
            **columns,
        }
    )


# ------------------------------------------------------------------ periods
@pytest.mark.parametrize("kind", ["month", "quarter", "half", "year"])
def test_periods_that_follow_each_other_have_numbers_that_do(kind):
    names = {
        "month": [f"{y}-{m:02d}" for y in (2025, 2026) for m in range(1, 13)],
        "quarter": [f"{y}-Q{q}" for y in (2025, 2026) for q in range(1, 5)],
        "half": [f"{y}-H{h}" for y in (2025, 2026) for h in (1, 2)],
        "year": ["2025", "2026"],
    }[kind]
    places = [period_place(name) for name in names]
    assert [place[0] for place in places] == [kind] * len(names)
    for one, other in itertools.pairwise(places):
        assert other[1] - one[1] == 1
    half = len(names) // 2
    for before, name in zip(names[:half], names[half:], strict=True):
        assert year_before(name) == period_place(before)
    assert period_before(names[-1]) == places[-2]


def test_cumulative_periods_are_compared_within_the_year_and_with_last_year():
    names = ["2025-01~01", "2025-01~02", "2026-01~01", "2026-01~02"]
    table = pd.concat(
        [
            assessed([c], period=p)
            for c, p in zip(["II", "III", "III", "V"], names, strict=True)
        ]
    )
    made = class_changes(table).set_index("period")
    assert made.loc["2026-01~01", "class_before"] is None
    assert made.loc["2026-01~02", "change_before"] == "明显变差"
    assert made.loc["2026-01~02", "class_last_year"] == "III"
    with pytest.raises(LayerError, match="累计"):
        section_trends(table)


@pytest.mark.parametrize("name", ["2026-13", "2026-00", "丰水期", "", None, "2026-Q5"])
def test_a_name_of_another_kind_has_no_place(name):
    assert period_place(name) is None
    assert period_before(name) is None
    assert year_before(name) is None


# ------------------------------------------------------------------ rivers
@pytest.mark.parametrize(
    ("good", "worst", "grade"),
    [
        (1.0, 0.0, "优"),
        (0.9, 0.1, "优"),
        (0.899, 0.0, "良好"),
        (0.75, 0.25, "良好"),
        (0.749, 0.0, "轻度污染"),
        (0.749, 0.199, "轻度污染"),
        (0.7, 0.2, "中度污染"),
        (0.6, 0.399, "中度污染"),
        (0.6, 0.4, "重度污染"),  # the hole of "< 60 %"
        (0.0, 1.0, "重度污染"),
    ],
)
def test_grade_of_a_river_on_and_beside_each_bound(good, worst, grade):
    assert ratio_grade(good, worst) == grade


@pytest.mark.parametrize(("n", "method"), [(4, "mean"), (5, "ratio"), (6, "ratio")])
def test_five_sections_make_the_ratio_method(n, method):
    row = assess_rivers(assessed(["III"] * (n - 1) + ["劣V"])).iloc[0]
    assert row["method"] == method
    assert (row["water_class"] is None) == (method == "ratio")


def test_few_sections_are_judged_by_the_mean_of_each_item():
    row = assess_rivers(assessed(["II", "劣V"])).iloc[0]
    assert row["water_class"] == "V"  # (0.4 + 3.0) / 2 = 1.7
    assert row["grade"] == "中度污染"
    assert row["main_pollutants"] == "氨氮(0.70)"


def test_main_pollutants_of_many_sections_carry_the_share_of_sections():
    row = assess_rivers(assessed(["III", "III", "IV", "V", "劣V"])).iloc[0]
    assert row["main_pollutants"] == "氨氮(60.0%)"
    assert row["grade"] == "中度污染"


def test_lakes_and_rivers_of_one_name_are_judged_apart():
    table = pd.concat(
        [assessed(["II", "III"]), assessed(["II"], water_type="lake")],
        ignore_index=True,
    )
    graded = assess_rivers(table)
    assert graded["water_type"].tolist() == ["lake", "river"]
    assert graded["n_sections"].tolist() == [1, 2]


def test_sections_without_a_class_are_counted_and_said():
    row = assess_rivers(assessed(["II", None])).iloc[0]
    assert (row["n_sections"], row["n_unknown"]) == (1, 1)
    assert "1 个断面没有类别" in row["note"]
    nothing = assess_rivers(assessed([None, None])).iloc[0]
    assert nothing["grade"] == ""
    assert nothing["method"] is None


@pytest.mark.parametrize(
    ("before", "now", "word"),
    [
        (["III"] * 10, ["III"] * 10, "无明显变化"),
        (["III"] * 10, ["III"] * 9 + ["IV"], "无明显变化"),  # ten points
        (["III"] * 10, ["III"] * 8 + ["IV"] * 2, "有所变差"),
        (["III"] * 10, ["III"] * 8 + ["劣V"] * 2, "明显变差"),  # twice twenty
        (["IV"] * 3 + ["III"] * 7, ["III"] * 10, "明显好转"),
    ],
)
def test_change_of_a_river_in_points(before, now, word):
    table = pd.concat(
        [assessed(before, period="2025-05"), assessed(now, period="2026-05")]
    )
    graded = assess_rivers(table).set_index("period")
    assert graded.loc["2026-05", "change_last_year"] == word
    assert graded.loc["2026-05", "change_before"] is None


def test_a_group_may_come_from_the_list_of_sections():
    table = assessed(["II", "IV"])
    sections = pd.DataFrame({"section_id": ["DM00", "DM01"], "basin": ["长江", None]})
    graded = assess_rivers(table, sections, by="basin")
    assert graded["basin"].tolist() == ["长江"]
    with pytest.raises(KeyError):
        assess_rivers(table, by="basin")


# ------------------------------------------------------------------ summaries
@given(
    st.lists(
        st.tuples(
            st.sampled_from([*CLASSES, None]), st.sampled_from(["东区", "西区", None])
        ),
        min_size=1,
        max_size=12,
    )
)
def test_totals_are_the_sum_of_the_districts(rows):
    classes, districts = zip(*rows, strict=True)
    table = assessed(list(classes), district=list(districts))
    made = summarise_sections(table, by="district")
    parts, total = made[made["district"] != ALL], made.iloc[-1]
    counts = [name for name in made if name.startswith("n_")]
    assert (parts[counts].sum() == total[counts].astype(int)).all()
    assert total["n_sections"] == len(rows)
    assert total["n_assessed"] == sum(c is not None for c in classes)
    assert sum(total[f"n_{name}"] for name in CLASSES) == total["n_assessed"]
    if total["n_assessed"]:
        good = sum(c in CLASSES[:3] for c in classes) / total["n_assessed"]
        assert total["good_share"] == pytest.approx(good)
    else:
        assert np.isnan(total["good_share"])


def test_target_rate_month_by_month():
    table = pd.concat(
        [assessed(["III", "IV"], period="2026-04"), assessed(["II", "II"])]
    )
    made = summarise_sections(table, by=[])
    assert made["period"].tolist() == ["2026-04", "2026-05"]
    assert made["reached_share"].tolist() == [0.5, 1.0]


def test_truth_is_read_as_a_file_keeps_it():
    table = assessed(["II", "IV"]).assign(reached=["True", "0"])
    assert summarise_sections(table, by=[])["n_reached"].tolist() == [1]
    assert section_alerts(table)["kind"].tolist() == ["missed"]


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(LayerError, match="basin"):
        summarise_sections(assessed(["II"]), by="basin")


# ------------------------------------------------------------------ changes and alerts
@given(st.sampled_from(CLASSES), st.sampled_from(CLASSES))
def test_a_change_back_is_the_opposite_change(one, other):
    assert class_steps(one, other) == -class_steps(other, one)
    opposite = {"好转": "变差", "变差": "好转"}
    word, back = change_word(one, other), change_word(other, one)
    for mine, theirs in opposite.items():
        assert (mine in word) == (theirs in back)


def months(classes, start=1, year=2026):
    names = [f"{year}-{start + n:02d}" for n in range(len(classes))]
    parts = [assessed([c], period=p) for c, p in zip(classes, names, strict=True)]
    return pd.concat(parts, ignore_index=True)


def test_changes_name_the_classes_before():
    table = pd.concat([months(["II"], year=2025), months(["III", "V"])])
    made = class_changes(table).set_index("period")
    assert made.loc["2026-01", "class_last_year"] == "II"
    assert made.loc["2026-01", "change_last_year"] == "有所变差"
    assert made.loc["2026-01", "class_before"] is None
    assert made.loc["2026-02", "change_before"] == "明显变差"


def test_running_counts_only_periods_one_after_another():
    gap = pd.concat([months(["IV"], 1), months(["IV"], 3)])
    assert section_alerts(gap)["kind"].tolist() == ["missed"]
    three = section_alerts(months(["IV", "IV", "V"]))
    assert three["kind"].tolist()[0] == "running"
    assert "连续3期未达III类" in three["message"].iloc[0]


def test_alerts_of_one_period_only_or_of_all():
    table = months(["IV", "II"])
    assert section_alerts(table).empty
    assert section_alerts(table, period="2026-01")["kind"].tolist() == ["missed"]
    assert section_alerts(table, period="all")["period"].tolist() == ["2026-01"]


def test_near_the_limit_counts_oxygen_downwards_and_leaves_nitrogen_out():
    table = assessed(["III"]).assign(
        nh3n_mg_l=0.2, do_mg_l=5.4, tp_mg_l=0.17, tn_mg_l=9.0, ph=8.9
    )
    assert section_alerts(table)["message"].tolist() == [
        "溶解氧 5.4 mg/L，为III类限值 5 mg/L 的 108%"
    ]
    near = section_alerts(table, near_share=0.8)["message"].tolist()
    assert [text[:2] for text in near] == ["溶解", "总磷"]


def test_no_sections_give_no_alerts():
    empty = assessed([])
    assert section_alerts(empty).empty
    assert summarise_sections(empty, by="river").empty
    assert assess_rivers(empty).empty


# ------------------------------------------------------------------ trend
@pytest.mark.parametrize("n", [5, 6, 7, 8])
def test_critical_values_equal_the_count_of_all_orders(n):
    """One-sided: the smallest rank correlation that at most 5 % of orders reach."""
    ranks = np.arange(n)
    orders = np.array(list(itertools.permutations(ranks)))
    spearman = 1 - 6 * ((orders - ranks) ** 2).sum(axis=1) / (n * (n * n - 1))
    for level, printed in zip((0.05, 0.01), critical_values(n), strict=True):
        steps = np.unique(spearman.round(9))
        share = np.array([(spearman >= step - 1e-9).mean() for step in steps])
        exact = steps[share <= level + 1e-9].min()
        assert printed == pytest.approx(exact, abs=6e-4)


@pytest.mark.parametrize("n", [*range(10, 31), 40])
def test_critical_values_of_more_periods_are_near_students(n):
    for level, printed in zip((0.05, 0.01), critical_values(n), strict=True):
        t = stats.t.ppf(1 - level, n - 2)
        student = t / np.sqrt(n - 2 + t * t)
        assert student - 0.02 <= printed <= student + 0.09


def yearly(values):
    return pd.DataFrame(
        {
            "section_id": "A",
            "name": "东桥",
            "period": [str(2010 + n) for n in range(len(values))],
            "nh3n_mg_l": values,
        }
    )


@given(
    st.lists(st.integers(1, 500), min_size=5, max_size=20, unique=True),
    st.randoms(use_true_random=False),
)
def test_turning_time_round_turns_the_trend_and_shuffling_rows_changes_nothing(
    values, random
):
    one = section_trends(yearly(values)).iloc[0]
    other = section_trends(yearly(values[::-1])).iloc[0]
    assert one["spearman"] == pytest.approx(-other["spearman"])
    rows = list(range(len(values)))
    random.shuffle(rows)
    again = section_trends(yearly(values).iloc[rows]).iloc[0]
    assert again["spearman"] == pytest.approx(one["spearman"])
    assert again["trend"] == one["trend"]


def test_few_periods_and_equal_values_make_no_trend():
    few = section_trends(yearly([1.0, 2.0, 3.0, 4.0])).iloc[0]
    assert few["trend"] is None
    assert "少于 5 期" in few["note"]
    assert section_trends(yearly([1.0] * 6)).iloc[0]["trend"] == "无显著变化"


def monthly(values, start="2022-01"):
    times = pd.period_range(start, periods=len(values), freq="M").astype(str)
    return yearly(values).assign(period=times)


def test_the_seasons_are_no_trend():
    """A wave that ends on its rise: Spearman may be misled, the seasonal test not."""
    wave = 1 + 0.5 * np.sin(np.arange(36) * 2 * np.pi / 12)
    row = section_trends(monthly(wave)).iloc[0]
    assert row["seasonal_trend"] == "无显著变化"
    assert row["slope_per_year"] == pytest.approx(0, abs=1e-9)


def test_a_slope_under_the_seasons_is_found_with_months_missing():
    rng = np.random.default_rng(0)
    n = np.arange(60)
    values = 1 + 0.4 * np.sin(n * 2 * np.pi / 12) + 0.1 * n / 12
    values[rng.choice(60, 12, replace=False)] = np.nan
    row = section_trends(monthly(values)).iloc[0]
    assert row["seasonal_trend"] == "显著上升"
    assert row["slope_per_year"] == pytest.approx(0.1, rel=1e-6)
    assert row["n_periods"] == 48


def test_a_trend_of_periods_of_two_kinds_is_refused():
    table = pd.concat([yearly([1.0] * 3), monthly([1.0] * 3)])
    with pytest.raises(LayerError, match="month"):
        section_trends(table)
    with pytest.raises(LayerError, match="NH3N"):
        section_trends(yearly([1.0]).rename(columns={"nh3n_mg_l": "x"}))


# ------------------------------------------------------------------ lakes
LAKE = {"CHLA": 0.020, "TP": 0.08, "TN": 1.5, "SD": 0.5, "CODMN": 5.0}


def test_trophic_state_of_the_check_vector():
    row = trophic_state(pd.DataFrame({k: [v] for k, v in LAKE.items()})).iloc[0]
    parts = [row[f"tli_{key.lower()}"] for key in LAKE]
    assert np.round(parts, 3).tolist() == [57.534, 53.342, 61.399, 64.627, 43.917]
    assert round(row["tli"], 3) == 56.242
    assert row["state"] == "轻度富营养"


@given(st.sampled_from(list(LAKE)), st.floats(1.01, 5))
def test_more_of_anything_but_clearness_is_worse(key, factor):
    lakes = pd.DataFrame([LAKE, {**LAKE, key: LAKE[key] * factor}])
    first, second = trophic_state(lakes)["tli"]
    assert (second > first) == (key != "SD")


@pytest.mark.parametrize("key", list(LAKE))
def test_with_an_item_missing_there_is_no_index_and_it_is_said(key):
    for bad in ({k: v for k, v in LAKE.items() if k != key}, {**LAKE, key: 0.0}):
        row = trophic_state(pd.DataFrame([bad])).iloc[0]
        assert np.isnan(row["tli"])
        assert row["state"] is None
        assert row["note"].startswith("缺")


@pytest.mark.parametrize(
    ("value", "state"),
    [
        (29.999, "贫营养"),
        (30.0, "中营养"),
        (50.0, "中营养"),
        (50.001, "轻度富营养"),
        (60.0, "轻度富营养"),
        (60.001, "中度富营养"),
        (70.0, "中度富营养"),
        (70.001, "重度富营养"),
    ],
)
def test_bounds_of_the_trophic_states(value, state):
    from geotool.quality._trophic import _state
    from geotool.tables import load_table

    assert _state(value, load_table("assessment")["trophic"]["states"])[0] == state

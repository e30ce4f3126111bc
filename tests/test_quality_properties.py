"""Properties of an assessment that hold whatever the readings are."""

import copy

import numpy as np
import pandas as pd
import pytest

from geotool._items import item_table
from geotool.quality import (
    CLASSES,
    assess_rivers,
    assess_sections,
    classify,
    ended_exceedances,
    exceedances,
    section_alerts,
    section_trends,
    summarise_sections,
    trophic_state,
)
from geotool.quality._classify import names_where
from geotool.quality._limits import limit_table, oxygen_saturation
from geotool.quality._trend import critical_values
from geotool.tables import load_table

SECTIONS = pd.DataFrame(
    {
        "section_id": ["A", "B"],
        "name": ["东桥", "西桥"],
        "water_type": "river",
        "target_class": "III",
    }
)


def readings(times, values, *, section="A", item="NH3N"):
    return pd.DataFrame(
        {
            "section_id": section,
            "time": pd.to_datetime(times),
            "item": item,
            "value_mg_l": np.asarray(values, float),
            "detected": True,
        }
    )


def years(values, *, section="A", name="东桥", first=2010):
    return pd.DataFrame(
        {
            "section_id": section,
            "name": name,
            "period": [str(first + n) for n in range(len(values))],
            "nh3n_mg_l": np.asarray(values, float),
        }
    )


# ------------------------------------------------------------------ trends
@pytest.mark.parametrize("n", [5, 8, 12, 30, 40])
def test_what_only_rises_rises_and_what_only_falls_falls(n):
    rising = np.linspace(0.2, 2.0, n) ** 2
    table = pd.concat(
        [years(rising), years(rising[::-1], section="B", name="西桥")],
        ignore_index=True,
    )
    made = section_trends(table)
    assert made["section_id"].tolist() == ["A", "B"]
    assert made["name"].tolist() == ["东桥", "西桥"]
    assert made["trend"].tolist() == ["显著上升", "显著下降"]
    assert made["spearman"].tolist() == pytest.approx([1, -1])
    assert made["first"].tolist() == ["2010"] * 2
    assert made["last"].tolist() == [str(2009 + n)] * 2
    assert made["n_periods"].tolist() == [n, n]


def test_a_table_without_names_has_trends_too():
    made = section_trends(years([1, 2, 3, 4, 5]).drop(columns="name"))
    assert made[["section_id", "name"]].to_numpy().tolist() == [["A", ""]]


# ------------------------------------------------------------------ means and counts
def test_hours_lie_in_one_day_and_days_in_one_month():
    times = pd.date_range("2026-05-01 00:30", periods=50, freq="h")
    for period, n_readings, n_days in (("hour", 1, 1), ("day", None, 1)):
        made = assess_sections(readings(times, 0.5), SECTIONS, period=period)
        made = made[made["section_id"] == "A"]
        assert (made["n_days"] == n_days).all()
        assert (made["n_months"] == 1).all()
        assert made["n_readings"].sum() == len(times)
        if n_readings:
            assert (made["n_readings"] == n_readings).all()


def test_days_and_months_are_counted_once_each():
    times = [f"2026-{m:02d}-{d:02d} {h:02d}:00" for m in (1, 2, 3) for d in (3, 9)
             for h in (8, 20)]  # fmt: skip
    made = assess_sections(readings(times, 0.5), SECTIONS, period="quarter")
    row = made[made["section_id"] == "A"].iloc[0]
    assert row[["n_readings", "n_days", "n_months"]].tolist() == [12, 6, 3]


def test_the_class_of_the_other_rounding_is_named_only_where_it_differs():
    # 1.004 mg/L is 1.00 rounded: III, and IV as it stands
    values = {"A": 1.004, "B": 0.7, "无名": 1.004}
    table = pd.concat(
        [readings(["2026-05-03"], [v], section=key) for key, v in values.items()]
    )
    for rounding, classes, other in (
        ("none", ["IV", "III", None], "按评价小数位修约后为III类"),
        ("decimals", ["III", "III", None], "不修约则为IV类"),
    ):
        made = assess_sections(table, SECTIONS, rounding=rounding)
        assert made["section_id"].tolist() == list(values)
        assert made["water_class"].tolist() == classes
        assert made["note"].str.contains("修约").tolist() == [True, False, False]
        assert other in made["note"].iloc[0]


@pytest.mark.parametrize("seed", range(5))
def test_names_are_joined_row_by_row_in_the_order_of_the_columns(seed):
    chance = np.random.default_rng(seed)
    names = ["氨氮", "总磷", "溶解氧", "氟化物"]
    mask = chance.random((30, 4)) < chance.random()
    mask[[0, -1]] = [[True] * 4, [False] * 4]
    expected = [
        "、".join(n for n, on in zip(names, row, strict=True) if on) for row in mask
    ]
    assert list(names_where(mask, names)) == expected


# ------------------------------------------------------------------ limits
@pytest.mark.parametrize("water_type", ["river", "lake"])
def test_saturation_limits_oxygen_alone_and_limits_never_ease_to_the_better(water_type):
    for key, limits in limit_table("GB3838-2002", water_type).items():
        assert np.isnan(limits.saturation_share) == (key != "DO")
        steps = np.diff(limits.classes)
        assert (steps <= 0).all() if limits.kind == "lower" else (steps >= 0).all()


def test_saturation_is_known_from_end_to_end_of_its_range_and_nowhere_else():
    rule = load_table("assessment")["class"]["do_saturation"]
    low, high = rule["t_min"], rule["t_max"]
    ends = oxygen_saturation(np.array([low, (low + high) / 2, high]))
    assert np.isfinite(ends).all()
    assert (np.diff(ends) < 0).all(), "warm water holds less"
    beyond = oxygen_saturation(np.array([low - 0.01, high + 0.01, np.nan]))
    assert np.isnan(beyond).all()


# ------------------------------------------------------------------ alerts
def months(classes, *, section="A", target="III", first=1, **columns):
    ranks = [CLASSES.index(name) for name in classes]
    return pd.DataFrame(
        {
            "section_id": section,
            "name": f"断面{section}",
            "period": [f"2026-{first + n:02d}" for n in range(len(classes))],
            "water_type": "river",
            "target_class": target,
            "water_class": classes,
            "reached": [rank <= CLASSES.index(target) for rank in ranks],
            "exceedances": "",
            **columns,
        }
    )


@pytest.mark.parametrize("k", range(1, 7))
def test_periods_missed_one_after_another_are_counted_back_to_the_last_good_one(k):
    table = months(["IV", "III", *["IV"] * k])
    line = section_alerts(table).iloc[0]
    if k == 1:
        assert (line["kind"], line["severity"]) == ("missed", "medium")
    else:
        assert (line["kind"], line["severity"]) == ("running", "high")
        assert line["message"].startswith(f"连续{k}期未达III类")
        assert f" {k} periods running" in line["message_en"]


@pytest.mark.parametrize("steps", range(-3, 4))
def test_a_class_that_falls_is_told_and_two_steps_are_grave(steps):
    before = CLASSES[3]
    now = CLASSES[max(0, 3 + steps)] if steps < 3 else "劣V"
    table = months([before, now], target="V")
    table = table.assign(reached=None)
    lines = section_alerts(table)
    if steps < 1:
        assert lines.empty
    else:
        assert lines["kind"].tolist() == ["fell"]
        assert lines["severity"].tolist() == ["high" if steps >= 2 else "medium"]
        assert f"由{before}类变为{now}类（环比）" in lines["message"].iloc[0]


def test_worst_alerts_come_first_whatever_the_rows_are_numbered_like():
    parts = [
        months(["II", "III"], section="低", nh3n_mg_l=[0.1, 0.97]),
        months(["III", "IV"], section="中"),
        months(["IV", "IV"], section="高"),
    ]
    table = pd.concat(parts, ignore_index=True)
    made = section_alerts(table)
    assert made["severity"].tolist() == sorted(
        made["severity"], key=["high", "medium", "low"].index
    )
    assert set(made["severity"]) == {"high", "medium", "low"}
    assert made.loc[made["section_id"] == "高", "kind"].tolist() == ["running"]
    assert made.loc[made["section_id"] == "低", "kind"].tolist() == ["fell", "near"]
    renumbered = table.set_index(pd.Index([7, 7, 3, 3, 9, 9]))
    pd.testing.assert_frame_equal(section_alerts(renumbered), made)


@pytest.mark.parametrize("target", ["I", "II", "III", "IV", "V"])
@pytest.mark.parametrize("key", ["NH3N", "TP", "DO", "CODMN"])
def test_near_is_from_the_stated_share_of_the_own_limit(target, key):
    limits = limit_table("GB3838-2002", "river")[key]
    limit = limits.classes[CLASSES.index(target)]
    column = item_table()[key].column
    for used, told in ((0.5, False), (0.8 - 1e-6, False), (0.8, True), (0.99, True)):
        value = limit / used if limits.kind == "lower" else limit * used
        table = months([target], target=target, **{column: value})
        assert (section_alerts(table, near_share=0.8)["kind"] == "near").any() == told
        assert section_alerts(table.assign(reached=None), near_share=0.8).empty


def test_what_is_near_is_told_in_lakes_by_the_limits_of_lakes():
    table = months(["III"], tp_mg_l=0.048)
    assert section_alerts(table).empty
    lake = section_alerts(table.assign(water_type="lake"))
    assert lake["message"].str.contains("96%").tolist() == [True]


# ------------------------------------------------------------------ exceedances
@pytest.fixture(scope="module")
def many():
    chance = np.random.default_rng(11)
    parts = []
    for section in [f"S{n:02d}" for n in range(12)]:
        times = pd.Timestamp("2026-01-01") + pd.to_timedelta(
            chance.choice(400, 30, replace=False), unit="D"
        )
        for key, middle in (("NH3N", 1.0), ("DO", 5.0)):
            values = middle * chance.lognormal(0, 0.3, 30)
            parts.append(readings(times, values.round(3), section=section, item=key))
    table = pd.concat(parts, ignore_index=True).sample(frac=1, random_state=3)
    listed = pd.DataFrame(
        {
            "section_id": sorted(set(table["section_id"]), reverse=True),
            "water_type": "river",
            "target_class": "III",
        }
    )
    return table, listed


def runs_by_hand(table, section, item):
    """Runs over the limit of class III, as (first, last, next, values)."""
    of = table[(table["section_id"] == section) & (table["item"] == item)]
    of = of.sort_values("time")
    values, times = of["value_mg_l"].tolist(), of["time"].tolist()
    bad = [v < 5 if item == "DO" else v > 1 for v in values]
    runs = []
    for place, is_bad in enumerate(bad):
        if is_bad and place and bad[place - 1]:
            runs[-1].append(place)
        elif is_bad:
            runs.append([place])
    return values, times, runs


def test_current_and_ended_runs_of_many_mixed_sections_are_those_found_by_hand(many):
    table, listed = many
    now = exceedances(table, listed).set_index(["section_id", "item"])
    over = ended_exceedances(table, listed).set_index(["section_id", "item"])
    for section in listed["section_id"]:
        for item in ("NH3N", "DO"):
            values, times, runs = runs_by_hand(table, section, item)
            current = [run for run in runs if run[-1] == len(values) - 1]
            ended = runs if not current else []
            assert ((section, item) in now.index) == bool(current)
            assert ((section, item) in over.index) == bool(ended)
            for rows, found in ((now, current), (over, ended)):
                if not found:
                    continue
                run, row = found[-1], rows.loc[(section, item)]
                peak = min if item == "DO" else max
                assert row["since"] == times[run[0]]
                assert row["last"] == times[run[-1]]
                assert row["n_readings"] == len(run)
                assert row["peak"] == peak(values[place] for place in run)
                if rows is over:
                    assert row["over_since"] == times[run[-1] + 1]
                else:
                    assert row["latest"] == values[-1]
                    assert bool(row["note"]) == (run[0] == 0)
    assert over["last"].is_monotonic_decreasing
    for rows in (now[now.index.get_level_values("item").notna()], over):
        names = [item_table()[key].zh for key in rows.index.get_level_values("item")]
        assert rows["item_name"].tolist() == names
        assert (rows["target_class"] == "III").all()
        assert (rows["since"] <= rows["last"]).all()


def test_sections_are_judged_each_for_itself(many):
    table, listed = many
    whole = assess_sections(table, listed, period="quarter").set_index("section_id")
    for section in ("S00", "S05", "S11"):
        alone = assess_sections(
            table[table["section_id"] == section],
            listed[listed["section_id"] == section],
            period="quarter",
        ).set_index("section_id")
        shared = whole.loc[[section]]
        shared = shared[shared["period"].isin(alone["period"])]
        columns = ["period", "water_class", "reached", "exceedances", "nh3n_mg_l"]
        pd.testing.assert_frame_equal(shared[columns], alone[columns])


# ------------------------------------------------------------------ rivers, districts
def test_districts_and_rivers_are_counted_as_one_counts_by_hand():
    chance = np.random.default_rng(2)
    classes = chance.choice([*CLASSES, None], 120)
    table = pd.DataFrame(
        {
            "section_id": [f"S{n}" for n in range(120)],
            "period": np.repeat(["2026-01", "2026-02"], 60),
            "district": chance.choice(["东区", "西区"], 120),
            "river": chance.choice(["甲河", "乙河"], 120),
            "water_type": "river",
            "water_class": classes,
            "reached": chance.choice([True, False, None], 120),
            "nh3n_mg_l": 0.3,
        }
    )
    made = summarise_sections(table).set_index(["period", "district"])
    rivers = assess_rivers(table).set_index(["period", "river"])
    for by, rows in (("district", made), ("river", rivers)):
        for (period, group), part in table.groupby(["period", by]):
            row = rows.loc[(period, group)]
            known = [c for c in part["water_class"] if c in CLASSES]
            good = sum(c in ("I", "II", "III") for c in known)
            assert row["good_share"] == pytest.approx(good / len(known))
            assert row["worst_share"] == pytest.approx(known.count("劣V") / len(known))
            if by == "river":
                assert row["n_sections"] == len(known)
                assert row["n_unknown"] == len(part) - len(known)
                assert str(len(part) - len(known)) in row["note"]
            else:
                assert row["n_sections"] == len(part)
                assert [row[f"n_{c}"] for c in CLASSES] == [
                    known.count(c) for c in CLASSES
                ]
                told = [r for r in part["reached"] if r in (True, False)]
                assert row["n_with_target"] == len(told)
                assert row["reached_share"] == pytest.approx(sum(told) / len(told))


@pytest.mark.parametrize("n", range(1, 8))
def test_from_five_sections_on_shares_grade_a_river_below_it_the_mean_does(n):
    values = np.linspace(0.2, 1.6, n)
    table = pd.DataFrame(
        {
            "section_id": [f"S{k}" for k in range(n)],
            "river": "甲河",
            "period": "2026-05",
            "water_type": "river",
            "water_class": [classify({"NH3N": v}).water_class for v in values],
            "nh3n_mg_l": values,
        }
    )
    row = assess_rivers(table).iloc[0]
    if n >= 5:
        share = (values > 1).mean()
        assert row["method"] == "ratio"
        assert row["good_share"] == pytest.approx(1 - share)
        assert row["main_pollutants"] == f"氨氮({share:.1%})"
    else:
        assert row["method"] == "mean"
        assert row["water_class"] == classify({"NH3N": values.mean()}).water_class


# ------------------------------------------------------------------ lakes
@pytest.mark.parametrize("index", [20, 45, 62.5, 75])
def test_a_lake_whose_every_item_says_the_same_index_has_that_index(index):
    items = load_table("assessment")["trophic"]["items"]
    means = pd.DataFrame(
        {
            item_table()[key].column: [
                np.exp((index / 10 - row["a"]) / row["b"]) / row["per_unit"]
            ]
            for key, row in items.items()
        }
    )
    row = trophic_state(means).iloc[0]
    parts = [row[f"tli_{key.lower()}"] for key in items]
    assert parts == pytest.approx([index] * len(items))
    assert row["tli"] == pytest.approx(index)
    assert row["note"] == ""


# ------------------------------------------------------------------ methods
@pytest.mark.parametrize("seed", range(4))
def test_manual_samples_count_only_where_no_automatic_value_is(seed):
    first = load_table("assessment")["methods"]["automatic_first"]
    chance = np.random.default_rng(seed)
    n = 150
    table = readings(
        [f"2026-{m:02d}-{d:02d}" for m, d in
         zip(chance.integers(1, 9, n), chance.integers(1, 29, n), strict=True)],
        chance.uniform(0.1, 2, n),
        section=chance.choice(["A", "B"], n),
        item=chance.choice(["NH3N", "TP", "COD", "F"], n),
    ).assign(method=chance.choice(["自动", "手工"], n, p=[0.15, 0.85]))  # fmt: skip
    month = table["time"].dt.strftime("%Y-%m")
    group = [table["section_id"], month, table["item"]]
    automatic = (table["method"] == "自动").groupby(group).transform("any")
    dropped = (table["method"] == "手工") & automatic & table["item"].isin(first)
    assert dropped.any()
    made = assess_sections(table, SECTIONS, period="month")
    made = made.set_index(["section_id", "period"])
    kept = table[~dropped].assign(period=month[~dropped])
    means = kept.groupby(["section_id", "period", "item"])["value_mg_l"].mean()
    for (section, period, item), mean in means.items():
        value = made.loc[(section, period), item_table()[item].column]
        assert value == pytest.approx(mean)
    told = made["note"].str.contains("手工值未用")
    for (section, period), part in table.groupby(["section_id", month]):
        assert told[section, period] == dropped[part.index].any()


# ------------------------------------------------------------------ words
def test_the_worst_items_of_a_river_are_named_first_and_no_more_than_allowed():
    count = load_table("assessment")["main_pollutants"]["count"]
    n = 10
    over = {"NH3N": 4, "TP": 7, "COD": 9, "CODMN": 6, "BOD5": 5}
    limits = limit_table("GB3838-2002", "river")
    table = pd.DataFrame(
        {
            "section_id": [f"S{k}" for k in range(n)],
            "river": "甲河",
            "period": "2026-05",
            "water_type": "river",
            "water_class": "劣V",
            **{
                item_table()[key].column: np.where(
                    np.arange(n) < bad, 1.2 * limits[key].classes[2], 0.01
                )
                for key, bad in over.items()
            },
        }
    )
    ordered = sorted(over, key=over.get, reverse=True)[:count]
    row = assess_rivers(table).iloc[0]
    assert row["main_pollutants"] == "、".join(
        f"{item_table()[key].zh}({over[key] / n:.1%})" for key in ordered
    )


def test_what_is_said_in_chinese_is_said_in_english_too(many):
    table, listed = many
    strange = readings(["2026-03-03"], [1.0], section="无名")
    bad = readings([None], [1.0], section="S00")
    table = pd.concat([table, strange, bad], ignore_index=True)
    listed = pd.concat(
        [listed, pd.DataFrame({"section_id": ["空"], "water_type": ["river"],
                               "target_class": [None]})], ignore_index=True,
    )  # fmt: skip
    made = [
        assess_sections(table, listed, period="quarter"),
        exceedances(table, listed),
        assess_rivers(
            pd.DataFrame(
                {
                    "section_id": ["a", "b"],
                    "river": "甲河",
                    "period": "2026-05",
                    "water_type": "river",
                    "water_class": ["II", None],
                    "nh3n_mg_l": [0.3, np.nan],
                }
            )
        ),
        section_trends(years([0.1, 0.2])),
        trophic_state(pd.DataFrame({"tp_mg_l": [0.05]})),
    ]
    for one in made:
        said = one["note"].fillna("") != ""
        assert said.any()
        assert ((one["note_en"].fillna("") != "") == said).all()


def test_only_items_that_do_not_count_are_told_as_not_assessed():
    table = pd.DataFrame({"NH3N": [0.3, 1.2], "TP": [0.1, 0.1], "WT": [20.0, np.nan]})
    made = classify(table)
    assert made["water_class"].tolist() == ["II", "IV"]
    for text in made["not_assessed"]:
        assert "水温" in text
        assert "氨氮" not in text
        assert "总磷" not in text
    rest = classify(table.assign(WT=np.nan))["not_assessed"].tolist()
    assert rest == ["", ""], "nobody measured it"


@pytest.mark.parametrize("months_seen", [22, 23, 24, 25, 40])
def test_seasons_are_parted_from_two_whole_years_on(months_seen):
    times = pd.period_range("2022-01", periods=months_seen, freq="M")
    table = pd.DataFrame(
        {
            "section_id": "A",
            "name": "东桥",
            "period": times.astype(str),
            "nh3n_mg_l": np.linspace(0.3, 1.5, months_seen),
        }
    )
    row = section_trends(table).iloc[0]
    assert row["trend"] == "显著上升"
    if months_seen >= 24:
        assert row["seasonal_trend"] is not None
        assert 0 <= row["seasonal_p"] <= 1
        assert row["note"] == "" or row["seasonal_trend"] != row["trend"]
    else:
        assert row["seasonal_trend"] is None
        assert "不足两年" in row["note"]


def test_critical_values_fall_with_the_number_and_below_the_table_are_none():
    rows = sorted(int(k) for k in load_table("assessment")["trend"]["critical"])
    assert np.isnan(critical_values(rows[0] - 1)).all()
    values = np.array([critical_values(n) for n in range(rows[0], rows[-1] + 20)])
    assert (np.diff(values, axis=0) <= 1e-3).all()
    assert (values[:, 0] < values[:, 1]).all()


@pytest.mark.parametrize("column", ["section_id", "time"])
def test_readings_that_all_lack_a_place_or_a_time_are_told_and_give_no_class(column):
    table = readings(["2026-05-01", "2026-05-02"], [0.5, 0.6]).assign(**{column: None})
    made = assess_sections(table, SECTIONS)
    assert made["water_class"].isna().all()
    assert made["note"].str.contains("2条读数未用").any()


def test_exceedances_may_be_judged_by_a_table_of_the_user(many):
    table, listed = many
    own = copy.deepcopy(load_table("gb3838_2002"))
    own["key"] = "自定"
    for find in (exceedances, ended_exceedances):
        one, other = find(table, listed), find(table, listed, standard=own)
        if "standard" in other:
            assert set(other["standard"]) == {"自定"}
            one, other = one.drop(columns="standard"), other.drop(columns="standard")
        pd.testing.assert_frame_equal(one, other)

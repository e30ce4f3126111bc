"""Classes of real readings against the class the ministry published beside them."""

import json
import re
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

import geotool as gt
from geotool.quality import CLASSES, assess_sections, class_limits, classify
from geotool.readings import item_table

DATA = Path(__file__).parents[2] / "shared" / "data"
PAGE = DATA / "cnemc_snapshot_20260821" / "cnemc_realtime_snapshot_20260821_p1.json"
TAIHU = DATA / "taihu_monthly_2007_2015" / "taihu_physicochem_2007_2015.xlsx"
pytestmark = pytest.mark.skipif(
    not (PAGE.exists() and TAIHU.exists()),
    reason="the real data of ../shared/data (CNEMC page, Taihu) are not here",
)

RANK = {name: place for place, name in enumerate(CLASSES, 1)}
CLASS_ITEMS = ["PH", "DO", "CODMN", "NH3N", "TP"]
# Sections of the page that lie in a lake or reservoir and where that decides; the page
# has no such column. Which lake is from memory, the province and basin fit.
LAKE_SECTIONS = {
    "白洋淀": ["南刘庄", "光淀张庄"],
    "镜泊湖": ["三道", "电视塔"],
    "太湖": ["锡东水厂", "拖山", "五里湖心", "乌龟山南"],
    "千岛湖": ["小金山", "三潭岛"],
    "巢湖": ["湖滨", "黄麓", "西半湖湖心", "龟山"],
}
IN_A_LAKE = {name for names in LAKE_SECTIONS.values() for name in names}
# domain.md 1.1, typed in: limits of lakes, classes I to V.
LAKE_LIMITS = {
    "COD": (15, 15, 20, 30, 40),
    "NH3N": (0.15, 0.5, 1.0, 1.5, 2.0),
    "TP": (0.01, 0.025, 0.05, 0.1, 0.2),
}
OXYGEN = (7.5, 6, 5, 3, 2)


def one_row_a_sample(readings):
    keys = ["section_id", "time", "item"]
    assert not readings.duplicated(keys).any()
    return readings.pivot_table("value_mg_l", index=keys[:2], columns="item")


# ------------------------------------------------- one page of the national stations
@cache
def page():
    "sections in the order of the page: code of the class, and the values by item"
    cells = gt.read_table(PAGE).cells.reset_index(drop=True)
    keys = pd.MultiIndex.from_arrays(
        [cells["断面名称"], pd.to_datetime("2026-" + cells["监测时间"])]
    )
    assert keys.is_unique  # two names are borne by two sections, at other hours
    readings, _ = gt.read_readings(PAGE, year=2026)
    values = one_row_a_sample(readings)
    assert values.index.isin(keys).all()
    return cells, values.reindex(keys).reset_index(drop=True), readings


def published():
    "rank of the published class; 0 where the page has none (code -1)"
    return page()[0]["水质类别"].astype(int).clip(lower=0).to_numpy()


def ranks(values, kind="river"):
    found = classify(values, water_type=kind)["water_class"]
    return found.map(RANK).fillna(0).astype(int).to_numpy()


def ranks_where_they_lie(values):
    lake = page()[0]["断面名称"].isin(IN_A_LAKE)
    return np.where(lake, ranks(values, "lake"), ranks(values))


def group(section, code, river, lake, determining, values):
    "why our class of a river is, or is not, the one that was published"
    if values.isna().all():
        return "no value" if code == river == 0 else "not explained"
    if code == river:
        return "same"
    if code == lake > river and determining == "总磷" and section in IN_A_LAKE:
        return "phosphorus of a lake"
    return "not explained"


def test_every_published_class_is_ours_or_is_explained():
    cells, values, _ = page()
    assert len(cells) == 480
    lake = classify(values, water_type="lake")
    rows = zip(
        cells["断面名称"],
        published(),
        ranks(values),
        ranks(values, "lake"),
        lake["determining"],
        (values.loc[row] for row in values.index),
        strict=True,
    )
    names = [group(*row) for row in rows]
    told = {"same": 465, "phosphorus of a lake": 14, "no value": 1}
    assert Counter(names) == told
    # where no more than the water type is put in, nothing differs
    assert (ranks_where_they_lie(values) == published()).all()


def test_lake_or_river_is_all_that_could_differ_and_hardly_ever_does():
    "317 classes depend on it: 303 were published as of rivers, 14 as of lakes"
    _, values, _ = page()
    river, lake, code = ranks(values), ranks(values, "lake"), published()
    open_ones = river != lake
    assert open_ones.sum() == 317
    assert (open_ones & (code == river)).sum() == 303
    assert (open_ones & (code == lake)).sum() == 14
    basins = page()[0]["流域"][open_ones & (code == lake)].value_counts()
    assert (basins["太湖流域"], basins["巢湖流域"]) == (4, 4)


def test_class_was_published_although_items_were_missing():
    "the ministry too judges by the items that are there"
    _, values, _ = page()
    missing = values[CLASS_ITEMS].isna().sum(axis=1).to_numpy()
    counts = {number: int((missing == number).sum()) for number in range(6)}
    assert counts == {0: 326, 1: 139, 2: 11, 3: 3, 4: 0, 5: 1}
    same = ranks_where_they_lie(values) == published()
    assert same[missing > 0].all()
    assert (published() == 0).tolist() == (missing == 5).tolist()


def test_turbidity_conductivity_nitrogen_and_algae_are_not_in_the_class():
    _, values, _ = page()
    only = values[["WT", *CLASS_ITEMS]]
    for kind in ("river", "lake"):
        assert (ranks(only, kind) == ranks(values, kind)).all()
    apart = {"EC", "TURB", "TN", "CHLA", "ALGAE"}
    assert apart | {"WT", *CLASS_ITEMS} == set(values)
    reasons = classify(values)["not_assessed"].iloc[0]
    assert all(item_table()[key].zh in reasons for key in apart)


def with_nitrogen(values):
    "the class if total nitrogen counted, in rivers too"
    limits = class_limits(water_type="lake").set_index("item").loc["TN", [*CLASSES[:5]]]
    nitrogen = 1 + np.searchsorted(limits.to_numpy(float), values["TN"])
    nitrogen = np.where(values["TN"].isna(), 0, nitrogen)
    return np.maximum(ranks_where_they_lie(values), nitrogen)


def limits_exclusive(values):
    "a value on the limit falls into the worse class"
    shifts = {"DO": -1e-6, "CODMN": 1e-6, "NH3N": 1e-6, "TP": 1e-6}
    moved = values.assign(**{key: values[key] + by for key, by in shifts.items()})
    return ranks_where_they_lie(moved)


def rounded(places):
    return lambda values: ranks_where_they_lie(values.round(places))


def without(key):
    return lambda values: ranks_where_they_lie(values.drop(columns=key))


@pytest.mark.parametrize(
    ("other_rule", "agree"),
    [
        (ranks_where_they_lie, 479),
        # these rules are refuted by the page
        (ranks, 465),  # rivers everywhere
        (with_nitrogen, 111),
        (without("PH"), 470),  # nine waters of pH 9.01 to 9.33 are 劣V by pH alone
        (rounded({"PH": 0, "DO": 1, "CODMN": 1, "NH3N": 2, "TP": 3}), 460),
        (rounded({"PH": 0}), 470),
        (rounded({"DO": 1, "CODMN": 1, "NH3N": 2, "TP": 3}), 469),
        (rounded({"TP": 2}), 470),
        (limits_exclusive, 478),
        (without("DO"), 344),
        (without("CODMN"), 391),
        (without("NH3N"), 478),
        (without("TP"), 405),
        # this one the page leaves open: no class hangs on the saturation of oxygen
        (without("WT"), 479),
    ],
)
def test_other_rules_agree_with_fewer_of_the_479_published_classes(other_rule, agree):
    _, values, _ = page()
    code = published()
    assert ((other_rule(values) == code) & (code > 0)).sum() == agree


def test_ph_out_of_range_was_published_as_worse_than_v():
    _, values, _ = page()
    out = ((values["PH"] < 6) | (values["PH"] > 9)).to_numpy()
    assert out.sum() == 9
    assert (published()[out] == RANK["劣V"]).all()
    assert (classify(values[out])["determining"] == "pH").all()


def test_values_before_the_rounding_of_the_page_give_the_same_classes():
    "the page shows 26.6 and keeps 26.58 in the title of the cell"
    _, shown, _ = page()
    rows = json.loads(PAGE.read_text(encoding="utf-8-sig"))["tbody"]
    names = ["WT", "PH", "DO", "EC", "TURB", "CODMN", "NH3N", "TP", "TN"]
    found = [
        [re.search("原始值：([^']+)'", str(cell)) for cell in row[5:14]] for row in rows
    ]
    raw = pd.DataFrame(
        [[float(one[1]) if one else np.nan for one in row] for row in found],
        columns=names,
    )
    assert raw.isna().equals(shown[names].isna())
    assert not np.array_equal(raw["TN"], shown["TN"], equal_nan=True)
    assert (ranks_where_they_lie(raw) == published()).all()


def test_assessment_by_the_hour_gives_the_published_classes():
    "the whole way: file, readings, register, assessment"
    cells, _, readings = page()
    names = cells["断面名称"].drop_duplicates()
    register = pd.DataFrame(
        {
            "section_id": names,
            "water_type": np.where(names.isin(IN_A_LAKE), "lake", "river"),
            "target_class": "III",
        }
    )
    result = assess_sections(readings, register, period="hour")
    result = result[result["n_readings"] > 0]
    assert result["n_readings"].sum() == len(readings) == 4179
    hour = pd.to_datetime("2026-" + cells["监测时间"]).dt.strftime("%Y-%m-%d %H")
    code = dict(
        zip(zip(cells["断面名称"], hour, strict=True), published(), strict=True)
    )
    periods = result["period"].str[:13].str.replace("T", " ")
    official = [code[key] for key in zip(result["section_id"], periods, strict=True)]
    assert len(result) == 479
    assert result["water_class"].map(RANK).tolist() == official
    assert result["reached"].tolist() == [rank <= RANK["III"] for rank in official]


# ------------------------------------------------------------------ Taihu, monthly
ITEMS = {
    "透明度(m)": "SD",
    "水温(℃)": "WT",
    "电导率(μs/cm)": "EC",
    "溶解氧(mg/L)": "DO",
    "pH": "PH",
    "硝酸盐氮(mg/L)": "NO3N",
    "氨态氮(mg/L)": "NH3N",
    "化学需氧量(mg/L)": "COD",
    "总磷(mg/L)": "TP",
    "总氮(mg/L)": "TN",
}


@cache
def taihu():
    "readings and rejected rows of geotool, and the sheet as pandas reads it"
    plain = pd.read_excel(TAIHU, engine="openpyxl", na_values="/")
    readings, rejected = gt.read_readings(TAIHU)
    return readings, rejected, plain.rename(columns=ITEMS)


@cache
def assessed(period):
    readings, _, _ = taihu()
    sections = sorted(set(readings["section_id"]))
    register = pd.DataFrame(
        {"section_id": sections, "water_type": "lake", "target_class": "III"}
    )
    result = assess_sections(readings, register, period=period)
    return result.sort_values(["section_id", "period"], ignore_index=True)


def plain_means(period):
    "means by pandas alone, in the order of assessed(): one sample a month"
    _, _, plain = taihu()
    label = plain["年份"].astype(str)
    if period == "month":
        label = label + "-" + plain["月份"].astype(str).str.zfill(2)
    names = ["观测站代码", label.rename("period")]
    return plain.groupby(names)[list(ITEMS.values())].mean().reset_index()


def plain_ranks(means):
    "the class by counting the limits that are not kept, item by item"
    worse = {
        key: 1 + sum((means[key] > limit).astype(int) for limit in limits)
        for key, limits in LAKE_LIMITS.items()
    }
    oxygen = 1 + sum((means["DO"] < limit).astype(int) for limit in OXYGEN)
    saturated = means["DO"] >= 0.9 * 468 / (31.6 + means["WT"])
    worse["DO"] = oxygen.where(~saturated, 1)
    worse["PH"] = 1 + 5 * ((means["PH"] < 6) | (means["PH"] > 9)).astype(int)
    return pd.DataFrame(worse).max(axis=1)


def test_every_cell_of_taihu_is_used_or_refused():
    readings, rejected, plain = taihu()
    assert plain.shape == (864, 21)
    cells = rejected[rejected["row"].notna()]
    columns = rejected[rejected["row"].isna()]
    assert len(readings) + len(cells) == 864 * len(ITEMS)
    assert (len(readings), len(cells), len(columns)) == (8637, 3, 6)
    assert set(cells["value"]) == {"/"}
    # what is left of the 21 columns: two codes of the station, year, month, remark
    names = {"台站代码", "观测站代码", "年份", "月份", "备注"}
    assert names | set(ITEMS.values()) | set(columns["column"]) == set(plain)
    used = readings["item"].value_counts()
    assert used.to_dict() == plain[list(ITEMS.values())].count().to_dict()


@pytest.mark.parametrize(("period", "rows"), [("month", 864), ("year", 72)])
def test_means_and_classes_of_taihu_are_those_of_plain_pandas(period, rows):
    result, means = assessed(period), plain_means(period)
    assert len(result) == rows == len(means)
    assert result["n_readings"].sum() == 8637
    assert result["n_months"].eq(864 // rows).all()
    assert result["section_id"].tolist() == means["观测站代码"].tolist()
    assert result["period"].tolist() == means["period"].tolist()
    for key in ITEMS.values():
        ours = result[item_table()[key].column].to_numpy(float)
        np.testing.assert_allclose(ours, means[key], rtol=1e-9)
    assert result["water_class"].map(RANK).tolist() == plain_ranks(means).tolist()


def test_classes_of_taihu_are_what_is_known_of_the_lake():
    "eutrophic: phosphorus decides, total nitrogen is worse and stands beside"
    month = assessed("month")["water_class"].value_counts().to_dict()
    assert month == {"IV": 344, "V": 302, "劣V": 161, "III": 56, "II": 1}
    year = assessed("year")
    assert year["water_class"].value_counts().to_dict() == {"V": 52, "IV": 14, "劣V": 6}
    assert year["determining"].value_counts().to_dict() == {"总磷": 70, "氨氮、总磷": 2}
    assert not year["reached"].any()
    assert year["note"].str.contains("单独评价：总氮劣V类").sum() == 70
    assert year["note"].str.contains("单独评价：总氮V类").sum() == 2
    first, last = year[year["period"] == "2007"], year[year["period"] == "2015"]
    assert last["nh3n_mg_l"].mean() < 0.25 * first["nh3n_mg_l"].mean()
    assert last["tn_mg_l"].mean() < 0.6 * first["tn_mg_l"].mean()


def test_chemical_demand_that_is_permanganate_changes_no_class():
    "the sheet says 化学需氧量, its values are of the other method (PROVENANCE)"
    readings, _, _ = taihu()
    other = readings.assign(item=readings["item"].replace("COD", "CODMN"))
    before = classify(one_row_a_sample(readings), water_type="lake")
    after = classify(one_row_a_sample(other), water_type="lake")
    # the item itself is worse almost everywhere
    assert (before["COD"].map(RANK) < after["CODMN"].map(RANK)).sum() > 700
    assert before["water_class"].equals(after["water_class"])


@cache
def marked_red():
    "cells whose figures are red: 异常值, as the remark of the first row says"
    sheet = openpyxl.load_workbook(TAIHU)["Sheet1"]
    header, *rows = sheet.iter_rows()
    assert rows[0][-1].value == "绿色数字表示离群值，红色数字表示异常值"
    red = [
        [bool(c.font.color) and c.font.color.rgb == "FFFF0000" for c in row]
        for row in rows
    ]
    table = pd.DataFrame(red, columns=[cell.value for cell in header])
    return table.rename(columns=ITEMS)


def test_red_figures_are_counted_and_this_is_how_many_classes_rest_on_them():
    "a reader of cells does not see colours: known, not mended"
    _, _, plain = taihu()
    keys = ["WT", "DO", "PH", "COD", "NH3N", "TP"]
    clean = plain.assign(**plain[keys].mask(marked_red()[keys]))
    names = ["观测站代码", "年份"]
    assert marked_red()[keys].sum().sum() == 104
    tables = [(plain, clean), [t.groupby(names)[keys].mean() for t in (plain, clean)]]
    better = [plain_ranks(with_red) - plain_ranks(rest) for with_red, rest in tables]
    assert [int((by > 0).sum()) for by in better] == [41, 9]
    assert min(by.min() for by in better) == 0

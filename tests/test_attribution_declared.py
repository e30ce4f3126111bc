"""Declared loads, items, limits and readings: which figure counts, and what is said."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geotool.attribution import _measured
from geotool.attribution._loads import (
    class_words,
    decay_of,
    declared_loads,
    effluent_class,
    typical_mg_l,
)
from geotool.attribution._measured import (
    Notes,
    _without_limit,
    effluent_profiles,
    item_key,
    items_in_play,
    section_limits,
    tell_decay,
    used_readings,
    water_temperature,
)
from geotool.errors import LayerError
from geotool.tables import load_table

NAN = np.nan
EFFLUENT, LOAD = (load_table("pollutants")[name] for name in ("effluent", "load"))
G_S = 1 / 86_400


# ---------------------------------------------------------------- declared loads
def loads_of(items=("NH3N", "TP"), **columns):
    count = len(next(iter(columns.values())))
    table = pd.DataFrame({"outfall_id": [f"P{k}" for k in range(count)], **columns})
    return declared_loads(table, items)


def test_each_figure_counts_where_those_before_it_are_missing():
    found = loads_of(
        category=["工矿企业排污口", "工矿企业排污口", "城镇雨洪排口", "城镇雨洪排口", None, None],
        permitted_discharge_m3_d=[1000.0, 1000.0, 1000.0, NAN, 1000.0, NAN],
        permitted_nh3n_mg_l=[7.0, NAN, NAN, NAN, NAN, 3.0],
    )  # fmt: skip
    basis = ["permit", "capacity", "capacity", "class", "capacity", "count"]
    assert found.basis[:, 0].tolist() == basis
    industry, storm, other = (EFFLUENT[key] for key in ("industry", "storm", "other"))
    load = [
        7.0 * 1000 * 0.6, industry["limit_mg_l"]["NH3N"] * 1000 * 0.6,
        storm["typical_mg_l"]["NH3N"] * 1000 * 0.6,
        storm["typical_mg_l"]["NH3N"] * storm["discharge_m3_d"],
        other["typical_mg_l"]["NH3N"] * 1000 * 0.6,
    ]  # fmt: skip
    np.testing.assert_allclose(found.load_g_s[:5, 0], np.array(load) * G_S)
    # of the last nothing is known: it counts as the middle one of the others
    middle = np.exp(np.log(np.array(load) * G_S).mean())
    assert found.load_g_s[5, 0] == pytest.approx(middle)
    np.testing.assert_allclose(found.sigma[:, 0], [LOAD[key]["sigma"] for key in basis])
    np.testing.assert_allclose(found.profile_mg_l[:, 0], [7, 6, 2.5, 2.5, 4, 3])
    np.testing.assert_allclose(found.profile_mg_l[:, 1], [0.5, 0.5, 0.3, 0.3, 0.5, 0.5])
    np.testing.assert_allclose(
        found.discharge_m3_d, [1000, 1000, 1000, storm["discharge_m3_d"], 1000, NAN]
    )
    assert found.basis[0, 1] == "capacity", "the permit names no phosphorus"


def test_a_permit_of_nought_is_a_figure_and_what_is_discharged_comes_first():
    found = loads_of(
        category=["工矿企业排污口"] * 4,
        permitted_discharge_m3_d=[1000.0, 1000.0, 0.0, 1000.0],
        discharge_m3_d=[NAN, 500.0, NAN, 0.0],
        permitted_nh3n_mg_l=[0.0, 5.0, 5.0, 5.0],
    )
    assert found.basis[:, 0].tolist() == ["permit"] * 4
    np.testing.assert_allclose(
        found.load_g_s[:, 0], np.array([0.0, 1500, 0, 3000]) * G_S
    )
    assert found.profile_mg_l[0, 0] == 6.0, "an effluent has a concentration"
    np.testing.assert_allclose(found.discharge_m3_d, [1000, 500, 1500, 1000])


def test_the_class_is_taken_from_the_second_level_then_the_first():
    found = loads_of(
        ("NH3N",), category=["看不懂", None, "规模化畜禽养殖排污口"],
        category_1=["农业排口", "工业排污口", "工业排污口"],
    )  # fmt: skip
    typical = [
        EFFLUENT[key]["typical_mg_l"]["NH3N"]
        for key in ("other", "industry", "livestock")
    ]
    np.testing.assert_allclose(found.profile_mg_l[:, 0], typical)
    assert found.basis[:, 0].tolist() == ["class"] * 3
    assert effluent_class("工业排污口") == "industry"
    assert effluent_class("城镇污水处理厂排污口") == "sewage_works"
    assert class_words("storm") == ("雨洪排口", "storm drain")
    np.testing.assert_array_equal(typical_mg_l("storm", ["TP", "HG"]), [0.3, NAN])


def measured(**columns):
    rows = {"outfall_id": ["P0", "P0", "P1", "P9", "P0"], "load_g_s": [1.0, 3.0, 0.0, 9, 9],
            "item": ["NH3N", "NH3N", "NH3N", "NH3N", "F"]}  # fmt: skip
    return pd.DataFrame({**rows, **columns})


def test_measured_loads_replace_what_was_declared_by_their_mean():
    table = pd.DataFrame({"outfall_id": ["P0", "P1", "P2"], "category": "城镇雨洪排口"})
    found = declared_loads(table, ["NH3N", "TP"], measured=measured())
    np.testing.assert_allclose(found.load_g_s[:2, 0], [2.0, 0.0])
    assert found.basis[:, 0].tolist() == ["measured", "measured", "class"]
    assert found.basis[:, 1].tolist() == ["class"] * 3
    np.testing.assert_allclose(found.sigma[:2, 0], LOAD["measured"]["sigma"])
    assert LOAD["measured"]["sigma"] == 0.2
    for bad in (-1e-9, "x", NAN):
        with pytest.raises(LayerError, match="P1"):
            declared_loads(
                table, ["NH3N"], measured=measured(load_g_s=[1.0, 1.0, bad, 1.0, 1.0])
            )
    with pytest.raises(LayerError, match="item、load_g_s"):
        declared_loads(table, ["NH3N"], measured=measured()[["outfall_id"]])


def test_where_nothing_is_declared_all_are_alike():
    found = loads_of(("NH3N", "HG"), category=[None, None])
    np.testing.assert_allclose(found.load_g_s, 1.0)
    assert set(found.basis.ravel()) == {"count"}
    assert np.isnan(found.discharge_m3_d).all()
    none = loads_of(category=["工矿企业排污口", None], permitted_nh3n_mg_l=[0.0, NAN],
                    permitted_discharge_m3_d=[10.0, NAN])  # fmt: skip
    assert none.load_g_s[:, 0].tolist() == [0.0, 1.0]


def test_decay_changes_with_temperature_by_its_own_factor():
    table = load_table("pollutants")["decay"]
    for key in ("NH3N", "TP", "F", "HG"):
        row = table.get(key, table["other"])
        one = decay_of(key, temperature_c=26.0)
        assert one.per_d == pytest.approx(row["per_d"] * row["per_degree"] ** 6)
        assert (one.sigma, one.per_degree) == (row["sigma"], row["per_degree"])
        assert one.confidence == row["confidence"]
        assert one.is_listed == (key != "HG")


# ---------------------------------------------------------------- items and limits
def test_items_in_play_are_those_that_sources_discharge():
    tidy = pd.DataFrame({"item": ["TP", "NH3N", "WT", "F", "PB", "TP"]})
    notes = Notes()
    assert items_in_play(tidy, "NH3N", None, notes) == ["NH3N", "F", "TP"]
    assert notes.words == [
        ("未用于排序的监测项目：铅、水温",
         "items not used for ranking: Lead, Water temperature"),
    ]  # fmt: skip
    notes = Notes()
    assert items_in_play(tidy, "NH3N", ["总磷", "COD"], notes) == ["NH3N", "TP"]
    assert notes.words == []
    assert item_key("氨氮") == "NH3N"
    for word, told in (("魔法", "未知监测项目 '魔法'"), ("pH", "pH不是可按负荷相加")):
        with pytest.raises(LayerError, match=told):
            item_key(word)


def limits_of(limit=None, **columns):
    placed = pd.DataFrame({"section_id": ["S0", "S1", "S2"], **columns})
    notes = Notes()
    return section_limits(placed, ["TP", "NH3N", "PB", "PH"], 1, limit, notes), notes


def test_limits_follow_the_target_class_and_the_kind_of_water():
    found, notes = limits_of(
        target_class=["II", "Ⅳ类", None], water_type=["river", "湖泊", NAN]
    )
    np.testing.assert_allclose(found[:, 0], [0.1, 0.1, 0.2])
    np.testing.assert_allclose(found[:, 1], [0.5, 1.5, 1.0])
    np.testing.assert_allclose(found[:, 2], [0.01, 0.05, 0.05])
    assert np.isnan(found[:, 3]).all(), "a range is no limit"
    assert notes.words == [
        (
            "断面 S2 没有水质目标，按 III 类估计",
            "sections S2 have no target: class III taken",
        )
    ]
    found, notes = limits_of(0.35, target_class=["II"] * 3)
    np.testing.assert_allclose(found[:, 0], [0.1, 0.35, 0.1])
    assert notes.words == []
    bare, notes = limits_of()
    np.testing.assert_allclose(bare[:, 1], 1.0)
    assert notes.words[0][0].startswith("断面 S0、S1、S2 没有")
    for bad in (0.0, -1.0, np.inf, NAN):
        with pytest.raises(LayerError, match="应为正数"):
            limits_of(bad)


def test_an_unregistered_source_may_be_of_any_class():
    declared = SimpleNamespace(profile_mg_l=np.array([[5.0, NAN], [0.0, 2.0]]))
    found, sigma = effluent_profiles(declared, ["NH3N", "HG"], 2)
    typical = [row["typical_mg_l"]["NH3N"] for row in EFFLUENT.values()]
    middle = np.exp(np.log(typical).mean())
    np.testing.assert_allclose(found[:, 0], [5.0, middle, middle, middle])
    np.testing.assert_allclose(found[:, 1], [1.0, 2.0, 1.0, 1.0])
    facts = load_table("attribution")["evidence"]
    own, group = (
        facts[key]["value"] for key in ("profile_error", "group_profile_error")
    )
    assert sigma.tolist() == [own, own, group, group]


def test_a_class_that_carries_nothing_of_an_item_has_no_part_in_its_middle(monkeypatch):
    "A bureau may write nought into the table: no warning, and no mean of nought."
    none = next(iter(EFFLUENT))
    monkeypatch.setattr(
        _measured,
        "typical_mg_l",
        lambda name, keys: np.full(len(keys), 0.0 if name == none else 4.0),
    )
    declared = SimpleNamespace(profile_mg_l=np.array([[NAN]]))
    found, _ = effluent_profiles(declared, ["F"], 1)
    np.testing.assert_allclose(found, 4.0)


def test_temperature_and_unlisted_decay():
    tidy = pd.DataFrame(
        {"item": ["WT", "TP", "WT", "WT"], "value_mg_l": [10.0, 1, 20, NAN]}
    )
    assert water_temperature(tidy) == 15.0
    assert water_temperature(tidy[1:2]) is None
    notes = Notes()
    tell_decay(["TP", "PB"], [decay_of("TP"), decay_of("PB")], notes)
    assert notes.words == [
        ("铅 没有降解系数，按不降解计", "Lead: no decay known, taken as none")
    ]
    tell_decay(["TP"], [decay_of("TP")], notes)
    assert len(notes.words) == 1


# ---------------------------------------------------------------- readings
def tidy(**columns):
    facts = {
        "section_id": ["S0", "河口", "S1", "S1", "S9", "S1"], "time": 1,
        "item": ["TP", "TP", "TP", "TP", "TP", "PB"],
        "value_mg_l": [0.1, 0.2, 0.3, 0.5, 9.0, 9.0],
        "detected": [True, True, False, True, True, True], **columns,
    }  # fmt: skip
    return pd.DataFrame(facts)


def used(table, names=("河口", "桥")):
    placed = pd.DataFrame({"section_id": ["S0", "S1"], "name": names})
    notes = Notes()
    return used_readings(table, placed, ["TP"], notes), notes


def test_readings_are_found_by_id_or_by_a_name_that_only_one_has():
    found, notes = used(tidy())
    assert found["section"].tolist() == [0, 1]
    np.testing.assert_allclose(found["value_mg_l"], [0.15, 0.4])
    assert found["detected"].tolist() == [True, True]
    assert notes.words[0] == (
        "断面 S9 不在断面图层或河网上，1 条监测值未用",
        "sections S9 are not in the layer or on the network: 1 readings not used",
    )
    assert notes.words[1] == (
        "2 条重复时刻的监测值取平均", "2 readings of the same time were averaged",
    )  # fmt: skip
    both, notes = used(tidy(), names=("河口", "河口"))
    np.testing.assert_allclose(both["value_mg_l"], [0.1, 0.4])
    assert "S9、河口" in notes.words[0][0]
    assert "S9, 河口" in notes.words[0][1]
    # an id counts before a name
    own, _ = used(tidy(), names=("S1", "河口"))
    assert own["section"].tolist() == [0, 1]
    many = [f"X{k}" for k in range(9)]
    _, notes = used(
        pd.concat([tidy(section_id=[*many[:6]]), tidy(section_id=[*many[6:], *"SSS"])])
    )
    assert notes.words[0][0].startswith("断面 S、X0、X1、X2、X3、X4、X5、X6… 不在")
    plain = pd.DataFrame({"section_id": ["S0", "S1"]})
    assert len(used_readings(tidy(), plain, ["TP"], Notes())) == 2


def test_what_was_not_detected_counts_as_half_of_the_least():
    table = pd.DataFrame(
        {"item": ["TP", "TP", "TP", "PB", "PB", "TP"],
         "value_mg_l": [NAN, 0.2, 0.6, NAN, 0.0, NAN]}
    )  # fmt: skip
    notes = Notes()
    found = _without_limit(table.copy(), notes)
    np.testing.assert_allclose(found["value_mg_l"], [0.1, 0.2, 0.6, 0.0, 0.1])
    assert notes.words == [
        ("2 条“未检出”没有检出限，取该项目最小值的一半",
         "2 not detected without a limit: half of the item's least value"),
        ("1 条“未检出”没有检出限，未用",
         "1 not detected without a limit were not used"),
    ]  # fmt: skip
    notes = Notes()
    assert _without_limit(table[1:3].copy(), notes) is not None
    assert len(_without_limit(table[3:5].copy(), notes)) == 1
    assert len(notes.words) == 1

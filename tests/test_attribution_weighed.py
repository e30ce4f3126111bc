"""What is made of the evidence: values, order, loads and the pool of both halves."""

import dataclasses
import importlib
import pkgutil
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import geotool.attribution
from geotool.attribution import _rank
from geotool.attribution._expected import item_scales
from geotool.attribution._opinion import contradiction, pooled
from geotool.attribution._outside import humbled, sharpened
from geotool.attribution._problem import Evidence
from geotool.attribution._rank import (
    _evidence,
    _extra_loads,
    _is_series,
    _order,
    _with_extra,
    _with_sized_counts,
)
from geotool.tables import load_table

NAN = np.nan
FACTS = load_table("attribution")["evidence"]
PLAIN = (int, float, str, bool, tuple[float, ...], tuple[float, float])


# ---------------------------------------------------------------- values
def values():
    for found in pkgutil.iter_modules(geotool.attribution.__path__):
        if found.name == "_kernels":
            continue
        module = importlib.import_module(f"geotool.attribution.{found.name}")
        for one in vars(module).values():
            if dataclasses.is_dataclass(one) and one.__module__ == module.__name__:
                yield one


def test_values_are_frozen_and_those_with_arrays_are_compared_by_identity():
    found = list(values())
    assert len(found) > 30
    for kind in found:
        facts = kind.__dataclass_params__
        if kind.__name__ == "Notes":  # gathers as it goes
            assert not facts.frozen
            continue
        is_plain = all(field.type in PLAIN for field in dataclasses.fields(kind))
        assert (facts.frozen, facts.eq) == (True, is_plain), kind


# ---------------------------------------------------------------- order and loads
def sources(n, **columns):
    facts = {"outfall_id": [f"P{k}" for k in range(n)], "name": "", **columns}
    return pd.DataFrame({"distance_m": np.arange(n) * 100.0, **facts})


def test_equal_probabilities_are_ordered_by_what_arrives_and_twins_share_a_place():
    problem = SimpleNamespace(n=5, sources=sources(5))
    p = np.array([0.2, 0.3, 0.2, 0.2, 0.0, 0.1])
    arriving = np.array([1.0, 0.0, 2.0, 1.0, 3.0, 9.0]) / 100
    found = _order(problem, p, arriving, Evidence("steady", p, 4))
    assert found[1] > found[2] > found[0] == found[3] > found[4]
    near = _order(problem, p, arriving, Evidence("distance", p, 0))
    assert near.tolist() == [0.0, -100, -200, -300, -400]
    nearly = p + np.array([0, 0, 0, 1e-12, 0, 0])
    close = _order(problem, nearly, arriving, Evidence("s", p, 4))
    assert close[0] == close[3]


def loads_of(basis, load):
    n = len(load)
    table = pd.DataFrame({"item": ["NH3N"], "value_mg_l": [2.0]})
    return dataclasses.make_dataclass(
        "Problem",
        ["n", "load_g_s", "others_load_g_s", "load_basis", "limits", "target", "items",
         "readings", "sources"],
    )(
        n, np.array(load), np.array([[4.0, 4.0]]), np.array(basis, object),
        np.array([[9.0, 9.0], [1.0, 0.2]]), 1, ("NH3N", "TP"), table, sources(n),
    )  # fmt: skip


def test_loads_of_which_nothing_is_known_make_the_usual_background_together():
    basis = [["count", "count"], ["count", "permit"]]
    problem = loads_of(basis, [[1.0, 3.0], [1.0, 5.0]])
    psi = np.array([0.2, 0.6]) * np.ones((3, 2, 2, 1))
    psi = np.concatenate([psi, np.full((3, 2, 2, 1), 7.0)], axis=-1)
    found = _with_sized_counts(problem, SimpleNamespace(psi=psi))
    usual = FACTS["background"]["mean"] * item_scales(problem)[1, 0]
    assert found.load_g_s[:, 0] @ [0.2, 0.6] == pytest.approx(usual)
    assert found.load_g_s[0, 0] == found.load_g_s[1, 0]
    assert found.others_load_g_s[0, 0] == pytest.approx(4 * found.load_g_s[0, 0])
    np.testing.assert_allclose(found.load_g_s[:, 1], [3.0, 5.0])
    assert found.others_load_g_s[0, 1] == 4.0
    assert problem.load_g_s[0, 0] == 1.0, "the problem itself stays as it was"
    dry = _with_sized_counts(problem, SimpleNamespace(psi=psi * 0))
    np.testing.assert_allclose(dry.load_g_s, problem.load_g_s)


def test_the_extra_load_is_told_or_a_multiple_of_the_declared():
    problem = SimpleNamespace(
        n=3, groups=[1], load_g_s=np.array([[2.0, 9], [3.0, 9], [4, 9]])
    )
    facts = ({"extra_g_s": 9.0, "amplitude": 5.0}, {"amplitude": 2.0}, {"amplitude": NAN},
             {"amplitude": 7.0})  # fmt: skip
    assert _extra_loads(problem, facts).tolist() == [9.0, 6.0, 0.0, 0.0]
    assert _extra_loads(problem, ({}, {}, {}, {})).tolist() == [0.0] * 4
    one = Evidence("steady", np.zeros(4), 4, facts)
    found = _with_extra(problem, one, np.array([0.0, 1.5, 0.0, -1.0]))
    assert [each.get("wet") for each in found] == [None, 1.5, None, -1.0]
    assert found[0] == facts[0]
    assert found[0] is not facts[0]
    bare = _with_extra(problem, Evidence("x", np.zeros(4), 4), np.zeros(4))
    assert bare == ({},) * 4


@pytest.mark.parametrize(("times", "is_series"), [(7, False), (8, True)])
def test_readings_are_a_series_from_eight_times_on(times, is_series):
    time = pd.date_range("2026-05-01", periods=times)
    one = pd.DataFrame({"section": 0, "item": "TP", "time": time})
    two = pd.DataFrame({"section": 1, "item": "TP", "time": time[:3]})
    assert _is_series(pd.concat([one, two, two, two])) == is_series
    assert not _is_series(one.head(0))


def test_without_water_at_the_section_only_distances_count(monkeypatch):
    problem = SimpleNamespace(n=1, groups=[1], target=0, readings=None)
    dry = SimpleNamespace(psi=np.zeros((2, 1, 1, 2)))
    found, notes = _evidence(problem, dry, None)
    assert (found.name, found.level, found.facts) == ("distance", 0, ({}, {}))
    assert found.log_likelihood.tolist() == [0.0, 0.0]
    assert "no water passes the section" in notes[0][1]
    wet = SimpleNamespace(psi=np.ones((2, 1, 1, 2)))
    made = {
        4: Evidence("steady", np.zeros(2), 4),
        0: Evidence("steady", np.zeros(2), 0),
    }
    monkeypatch.setattr(_rank, "_is_series", lambda _: False)
    for level, name in ((4, "steady"), (0, "distance")):
        monkeypatch.setattr(_rank, "steady_evidence", lambda *_, at=level: made[at])
        found, notes = _evidence(problem, wet, None)
        assert (found.name, notes) == (name, [])
    monkeypatch.setattr(_rank, "_is_series", lambda _: True)
    monkeypatch.setattr(_rank, "series_evidence", lambda _: None)
    assert _evidence(problem, wet, None)[0].name == "distance"
    series = Evidence("series", np.zeros(2), 5)
    monkeypatch.setattr(_rank, "series_evidence", lambda _: series)
    assert _evidence(problem, wet, None) == (series, [])


# ---------------------------------------------------------------- the two halves
def test_the_pool_is_the_geometric_mean_place_by_place():
    facts = FACTS["pool"]
    series, steady = np.array([0.5, 0.1, 0.3, 0.1]), np.array([0.2, 0.4, 0.1, 0.3])
    found = pooled(series, steady, 2)

    def mean(a, b):
        both = np.array(a) ** facts["series"] * np.array(b) ** facts["steady"]
        return both / both.sum()

    whole = mean([0.5, 0.1, 0.4], [0.2, 0.4, 0.4])
    within = mean([0.75, 0.25], [0.25, 0.75])
    np.testing.assert_allclose(found, [*whole[:2], *(whole[2] * within)])
    gone = pooled(np.array([0.6, 0.4, 0.0, 0.0]), steady, 2)
    assert np.isfinite(gone).all()
    np.testing.assert_allclose(
        gone[2:] / gone[2:].sum(), mean([1e-6, 1e-6], [0.25, 0.75])
    )
    np.testing.assert_allclose(
        pooled(np.array([1.0, 0.0]), np.array([0.5, 0.5]), 2), mean([1.0, 1e-6], [1, 1])
    )


@pytest.mark.parametrize(
    ("steady", "series", "told"),
    [(0.3, 0.019, True), (0.299, 0.019, False), (0.3, 0.02, False), (0.9, 0.0, True)],
)
def test_a_contradiction_is_told_from_the_edges_of_the_table_on(steady, series, told):
    problem = SimpleNamespace(n=2, sources=sources(2, name=["东厂", "西厂"]))
    halves = np.array([0.5, series, 0.4]), np.array([0.01, steady, 0.6])
    found = contradiction(problem, *halves)
    assert bool(found) == told
    if told:
        [(zh, en)] = found
        assert f"先查的是 P1 西厂（{steady:.0%}）" in zh
        assert f"P1 comes first ({steady:.0%})" in en
    empty = SimpleNamespace(n=0, sources=sources(0))
    assert contradiction(empty, np.ones(1), np.ones(1)) == []
    nameless = SimpleNamespace(n=1, sources=sources(1))
    [(zh, _)] = contradiction(nameless, np.zeros(1), np.ones(1))
    assert "先查的是 P0（100%）" in zh


def test_without_places_or_register_nothing_is_moved_between_them():
    logs = np.log([0.3, 0.7])
    for registered in (0, 2):
        assert humbled(logs, logs[::-1], registered, 0.5) is logs
    only = np.exp(sharpened(np.log([0.6, 0.4]), 2, 2.0))
    np.testing.assert_allclose(only, np.array([0.36, 0.16]) / 0.52)
    none = sharpened(np.array([0.0, -np.inf, -np.inf]), 1, 2.0)
    assert none.tolist() == [0.0, -np.inf, -np.inf]
    all_outside = np.exp(sharpened(np.log([0.5, 0.5]), 0, 2.0))
    np.testing.assert_allclose(all_outside, [0.5, 0.5])
    gone = humbled(np.array([0.0, -np.inf]), np.log([0.9, 0.1]), 1, 0.2)
    np.testing.assert_allclose(np.exp(gone), [1.0, 0.0])

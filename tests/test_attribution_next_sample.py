"""Which effluent makes a mixture, and where one more sample would tell most."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from test_attribution_weighed import sources

from geotool.attribution import _posterior
from geotool.attribution._mixture import (
    STEPS,
    _Seen,
    _seen,
    _shapes,
    best_misfits,
    between,
    mixture_words,
)
from geotool.attribution._posterior import best_trial
from geotool.tables import load_table

NAN = np.nan
FACTS = load_table("attribution")["evidence"]


# ---------------------------------------------------------------- mixtures
def mixed(value, *, members=2):
    psi = np.array([[[[0.5, 0.2, 0.1]], [[0.4, 0.2, 0.0]]]] * members)
    problem = SimpleNamespace(
        n=2, groups=[1], target=0, items=("NH3N", "TP"), limits=np.array([[1.0, 0.2]]),
        readings=pd.DataFrame({"item": [], "value_mg_l": []}),
        sources=sources(2), load_g_s=np.array([[1.0, 0.1], [0.5, 0.2]]),
        load_sigma=np.full((2, 2), 0.5), others_load_g_s=np.zeros((0, 2)),
        others_sigma=np.zeros((0, 2)), profile_mg_l=np.array([[8.0, 1.0], [4.0, NAN], [1, 1]]),
    )  # fmt: skip
    influence = SimpleNamespace(
        psi=psi, others=np.zeros((members, 2, 1, 0)), quality="poor"
    )
    return problem, influence, SimpleNamespace(value_mg_l=np.array([value]))


def test_what_was_seen_is_held_against_what_was_expected_with_its_errors():
    problem, influence, observed = mixed([3.0, 0.4])
    influence.psi[1, 0] *= 2
    seen = _seen(problem, influence, observed)
    assert seen.items == ("NH3N", "TP")
    assert seen.value.tolist() == [3.0, 0.4]
    made = np.array([0.25 + 0.5 + 0.1, 0.25 + 1.0 + 0.2])
    assert seen.mean[0] == pytest.approx(made.mean())
    spread = np.expm1(0.5**2 + 0.35**2)
    own = np.mean([(0.5**2 + 0.1**2) * spread, 4 * (0.5**2 + 0.1**2) * spread])
    variance = own + 0.25**2 + made.var() + (0.1 * 3.0) ** 2 + 0.03**2
    assert seen.variance[0] == pytest.approx(variance)
    assert (seen.model_error, seen.profile_error) == (0.2, 0.35)
    assert (
        _seen(*mixed([3.0, 0.4], members=1)).model_error == FACTS["model_error"]["poor"]
    )
    for few in ([3.0, NAN], [NAN, 0.4]):
        assert _seen(*mixed(few)) is None
        assert mixture_words(*mixed(few)) == []


def test_shapes_are_effluents_less_what_decays_on_the_way():
    problem, influence, _ = mixed([3.0, 0.4])
    names, shapes = _shapes(problem, influence, ("NH3N", "TP"))
    assert names[:2] == [("P0", "P0"), ("P1", "P1")]
    np.testing.assert_allclose(shapes[0], [1.0, 1 / 8 * 0.8])
    assert np.isnan(shapes[1, 1])
    middle = np.median([0.8, 1.0, 0.0])
    rows = load_table("pollutants")["effluent"]
    for place, row in enumerate(rows.values()):
        typical = row["typical_mg_l"]
        expected = typical["TP"] / typical["NH3N"] * middle
        assert shapes[2 + place, 1] == pytest.approx(expected)
        assert names[2 + place] == (row["zh"], row["en"])
    problem.profile_mg_l[0, 0] = NAN
    names, _ = _shapes(problem, influence, ("NH3N", "TP"))
    assert names[0] == ("P1", "P1")
    dry = SimpleNamespace(psi=influence.psi * 0)
    names, shapes = _shapes(problem, dry, ("NH3N", "TP"))
    assert len(names) == len(rows), "usual decay is unknown: as it is discharged"
    assert shapes[0, 1] == pytest.approx(0.1)


def test_a_mixture_is_told_with_the_nearest_class_and_the_worst_item():
    problem, influence, observed = mixed([1.2, 30.0])
    problem.profile_mg_l[1, 1] = 0.5  # who tells nothing of an item may have made it
    [(zh, en)] = mixture_words(problem, influence, observed)
    seen = _seen(problem, influence, observed)
    names, shapes = _shapes(problem, influence, seen.items)
    misfit, made, off = best_misfits(seen, shapes)
    best = int(misfit.argmin())
    k = int(np.abs(off[best]).argmax())
    assert f"最接近的是{names[best][0]}，但" in zh
    read, other = f"{seen.value[k]:.3g}", f"{made[best, k]:.2g}"
    assert f"实测 {read}、按它应约 {other} mg/L（差 {misfit[best]:.1f} 倍误差）" in zh
    assert f"reads {read} where that makes about {other} mg/L" in en


def test_sizes_are_tried_from_nothing_to_thrice_the_reading():
    seen = _Seen(
        ("a", "b"), np.array([4.0, 0.0]), np.zeros(2), np.full(2, 1e-6), 0.0, 0.35
    )
    _, made, _ = best_misfits(seen, np.array([[1.0, 0.0]]))
    sizes = np.append(0.0, np.geomspace(1e-3, 3.0, STEPS) * 4.0)
    assert np.abs(sizes - made[0, 0]).min() < 1e-12
    assert made[0, 0] == pytest.approx(4.0, rel=0.06)
    vague = _Seen(
        ("a", "b"), np.array([4.0, 0.0]), np.zeros(2), np.array([1e6, 1e-6]), 0.0, 0.35
    )
    _, made, _ = best_misfits(vague, np.array([[1.0, 1e9]]))
    assert made[0, 0] == 0.0, "any of it would be too much"
    huge = _Seen(
        ("a", "b"), np.array([1.0, 9.0]), np.zeros(2), np.full(2, 1e-6), 0.0, 0.35
    )
    _, made, _ = best_misfits(huge, np.array([[1e-9, 1.0]]))
    assert made[0, 1] == pytest.approx(3.0)
    assert STEPS == 80
    fits = _Seen(
        ("a", "b"), np.array([2.0, 9.0]), np.zeros(2), np.full(2, 0.04), 0.2, 0.35
    )
    misfit, _, off = best_misfits(fits, np.array([[1.0, NAN]]))
    assert misfit[0] < 0.1, "what a shape tells nothing of does not count"
    assert off[0, 1] == 0.0


@pytest.mark.parametrize(
    ("a", "b"), [(2.0, 2.0), (2.0, 2.0 + 1e-10), (0.0, 3.0), (5.0, 1.0)]
)
def test_the_mean_of_two_sizes_lies_between_them(a, b):
    found = float(between(np.array([a]), np.array([b]))[0])
    assert min(a, b) <= found <= max(a, b)
    assert found == float(between(np.array([b]), np.array([a]))[0])
    if a == 5.0:
        assert found == pytest.approx(4 / np.log(5))
    if a == 2.0:
        assert found == pytest.approx(2.0)


# ---------------------------------------------------------------- the next sample
def two_arms(
    p=(0.5, 0.5, 0.0), extra=(1.0, 1.0, 0.0), *, flow=(1.0, 1.0, 2.0), **changes
):
    """Arms 0-2 and 1-2 meet and run to the section at 3; P0 and P1 at their heads."""
    canals = SimpleNamespace(
        reach=np.array([0, 1, 2]), start=np.array([0, 1, 2]), end=np.array([4, 5, 3]),
        nodes=6, high_m=np.array([300.0, 400.0, 500.0]), length_m=np.full(3, 300.0),
        speed_low_m_s=np.full(3, 0.1), speed_high_m_s=np.full(3, 0.1),
        speed_basis=np.array(["class"] * 3, object),
    )  # fmt: skip
    problem = SimpleNamespace(
        n=2, groups=[SimpleNamespace(segments=np.array([2]))], target=0, canals=canals,
        decay_per_d=np.array([0.0, 9e4]), sources=pd.DataFrame({"node": [0, 1]}),
        load_g_s=np.array([[0.1, 50.0], [0.1, 9.0]]), background_mg_l=np.array([[0.25, 9.0]]),
        sections=pd.DataFrame({"node": [3]}), limits=np.array([[1.0, 50.0]]), **changes,
    )  # fmt: skip
    flows = SimpleNamespace(
        flow_m3_s=np.array([flow]), quality="assumed",
        leaving=lambda *_: np.array([0.0, 0, 0, 2, 1, 1]),
    )  # fmt: skip
    influence = SimpleNamespace(flows=(flows,))
    return problem, influence, np.array(p), np.array(extra)


def test_the_next_sample_is_where_the_two_differ_most():
    found = best_trial(*two_arms((0.6, 0.4, 0.0), (4.0, 1.0, 0.0)))
    assert (found.reach, found.measure_m) == (0, 300.0)
    problem, _, p, _ = two_arms((0.6, 0.4, 0.0))
    base = 0.1 + 0.25
    c = np.array([[base + 4.0, base]])
    assert found.bits == pytest.approx(_posterior._gain(c, p[:2], problem)[0])
    other = best_trial(*two_arms((0.6, 0.4, 0.0), (1.0, 4.0, 0.0)))
    assert (other.reach, other.measure_m) == (1, 400.0)


def test_no_sample_is_asked_for_where_nothing_would_be_learned(monkeypatch):
    assert best_trial(*two_arms((0.99, 0.01, 0.0))) is None, "who is one in a hundred"
    assert best_trial(*two_arms((0.98, 0.011, 0.0))) is not None
    assert best_trial(*two_arms(extra=(1.0, 0.0, 0.0))) is None
    assert best_trial(*two_arms(extra=(1e-6, 1e-6, 0.0))) is None
    assert best_trial(*two_arms((0.0, 0.5, 0.5), (0.0, 1e-12, 1.0))) is None
    problem, influence, p, extra = two_arms()
    problem.sections = pd.DataFrame({"node": [3, 4, 5]})
    assert best_trial(problem, influence, p, extra) is None, "sampled already"
    gain = best_trial(*two_arms()).bits
    monkeypatch.setattr(_posterior, "WORTH_BITS", gain + 1e-9)
    assert best_trial(*two_arms()) is None
    monkeypatch.setattr(_posterior, "WORTH_BITS", gain)
    assert best_trial(*two_arms()) is not None
    monkeypatch.setattr(_posterior, "TRIAL_SEGMENTS", 3)
    assert best_trial(*two_arms()) is not None
    monkeypatch.setattr(_posterior, "TRIAL_SEGMENTS", 2)
    assert best_trial(*two_arms()) is None


def test_the_likeliest_are_told_apart_and_decay_counts(monkeypatch):
    monkeypatch.setattr(_posterior, "TRIAL_CANDIDATES", 2)
    one = best_trial(*two_arms((0.4, 0.25, 0.35), (4.0, 9.0, 4.0)))
    assert one.reach == 0
    problem, influence, p, extra = two_arms()
    problem.decay_per_d = np.array([1e5, 0.0])
    assert best_trial(problem, influence, p, extra) is None, "nothing is left below"
    wide = (1.0, 1.0, 1e-9)
    assert (
        best_trial(*two_arms((0.5, 0.0, 0.5), (1.0, 0.0, 1.0), flow=wide)) is not None
    )

"""How far probabilities hang on the draw of flows, and when more are drawn."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from geotool.attribution import _series as series
from geotool.attribution._draws import STEADY, draw_error, draw_words
from geotool.attribution._found import Found
from geotool.attribution._problem import Evidence


@given(arrays(float, (5, 3), elements=st.floats(0.01, 1)))
def test_of_a_mean_the_jackknife_gives_the_standard_error(each):
    each = each / each.sum(axis=1, keepdims=True)
    left_out = [np.delete(each, k, axis=0).mean(axis=0) for k in range(5)]
    np.testing.assert_allclose(
        draw_error(left_out, 3)[:3], each.std(axis=0, ddof=1) / np.sqrt(5), atol=1e-12
    )


def test_the_unregistered_are_one_and_one_search_tells_nothing():
    left_out = [np.array([0.5, 0.3, 0.2]), np.array([0.5, 0.1, 0.4])]
    np.testing.assert_allclose(draw_error(left_out, 1), [0.0, 0.0], atol=1e-12)
    assert np.isnan(draw_error(left_out[:1], 2)).all()
    assert draw_error([], 2).shape == (3,)


def problem_of(*ids):
    return SimpleNamespace(n=len(ids), sources=pd.DataFrame({"outfall_id": list(ids)}))


def test_what_another_draw_would_change_is_said_of_the_first_and_the_worst():
    problem = problem_of("P1", "P2")
    probability = np.array([0.3, 0.6, 0.1])
    [(zh, en)] = draw_words(problem, probability, np.array([0.02, 0.01, 0.2]))
    assert zh.endswith("首位的概率至少会变 0.01，变得最多的 P1 至少会变 0.02")
    assert en.endswith(
        "that of the first by 0.01 or more, that of P1 the most, by 0.02 or more"
    )
    [(zh, en)] = draw_words(problem, probability, np.array([STEADY, 0.01, 0.0]))
    assert zh.endswith("；名次不稳，前几位都要查")
    assert en.endswith("; the order is unsure: look at several")
    [(zh, en)] = draw_words(problem, probability, np.array([0.0049, 0.001, 0.2]))
    assert "几乎不变（差别不到 0.01）" in zh
    assert "0.00" not in zh + en
    assert "would hardly move any (by less than 0.01)" in en
    assert draw_words(problem, probability, np.full(3, np.nan)) == []
    assert draw_words(problem_of(), np.array([1.0]), np.zeros(1)) == []


# ---------------------------------------------------------------- when more are drawn
SEARCH = {"searches": {"value": 2}, "most": {"value": 5}, "unsteady": {"value": 0.1}}
FACTS = {"search": SEARCH, "pulse": {"least_gain": {"value": 8.0}}}


def drawn(monkeypatch, steady_at, gain=9.0):
    """Run the search with stand-ins; give the numbers of the searches, and the end."""
    asked: list[list[int]] = []
    monkeypatch.setattr(series, "load_table", lambda _: FACTS)
    one = SimpleNamespace(suspects=SimpleNamespace(nodes=[0]))
    monkeypatch.setattr(series, "series_input", lambda *_: one)
    monkeypatch.setattr(series, "baseline_of", lambda *_: None)

    def flows(_, __, numbers):
        asked.append(list(numbers))
        return SimpleNamespace(head=np.zeros((3 * len(numbers), 1)))

    def found(_, __, flow, search, ___):
        score = SimpleNamespace(gain=np.array([[gain]]))
        count = len(flow.head)
        return Found([score] * count, [None] * count, np.zeros((count, 1)), search)

    def evidence(_, __, found, ___):
        apart = 0.0 if found.searches >= steady_at else 3.0
        left_out = tuple(np.array([apart * k, 0.0]) for k in range(found.searches))
        return Evidence(
            "series", np.zeros(2), 5, log_prior=np.log([0.5, 0.5]), left_out=left_out
        )

    monkeypatch.setattr(series, "likely_flows", flows)
    monkeypatch.setattr(series, "_found", found)
    monkeypatch.setattr(series, "_evidence", evidence)
    return asked, series.series_evidence(problem_of("P1", "P2"))


@pytest.mark.parametrize(
    ("steady_at", "searches"),
    [
        (0, [[0, 1]]),
        (3, [[0, 1], [2, 3]]),
        (5, [[0, 1], [2, 3], [4]]),
        (99, [[0, 1], [2, 3], [4]]),
    ],
)
def test_more_is_drawn_until_the_answer_is_steady(monkeypatch, steady_at, searches):
    asked, evidence = drawn(monkeypatch, steady_at)
    assert asked == searches, "each search once, and never more than the table allows"
    assert len(evidence.left_out) == sum(map(len, searches))


def test_without_a_pulse_nothing_more_is_drawn(monkeypatch):
    asked, evidence = drawn(monkeypatch, 99, gain=7.9)
    assert asked == [[0, 1]]
    assert evidence is None


def test_members_keep_the_number_of_their_search():
    one = Found(["a"], ["k"], np.array([[1.0]]), np.array([0]))
    both = one.with_more(Found(["b"], ["l"], np.array([[2.0]]), np.array([3])))
    assert (both.scores, both.kernels) == (["a", "b"], ["k", "l"])
    assert both.flow_m3_s.tolist() == [[1.0], [2.0]]
    assert both.search.tolist() == [0, 3]
    assert (one.searches, both.searches) == (1, 2)

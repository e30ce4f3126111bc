"""What records of sources and the rain say of who it was."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from geotool.attribution._hints import (
    DRY_CLASSES,
    WET_CLASSES,
    _changes,
    _lag_gain,
    _memory,
    _step_h,
    lag_evidence,
    wet_dry_evidence,
    wet_dry_ratio,
)
from geotool.attribution._records import extra_evidence
from geotool.errors import LayerError

NAN = np.nan


# ---------------------------------------------------------------- records and rain
def record(values, step=1.0, begin="2026-05-01"):
    index = pd.date_range(begin, periods=len(values), freq=pd.Timedelta(hours=step))
    return pd.Series(np.asarray(values, float), index=index)


def test_changes_are_of_logarithms_on_a_common_clock():
    series = record([1.0, 0.0, np.e**2, np.e], step=2.0)
    grid = pd.date_range("2026-05-01", periods=7, freq="h")
    np.testing.assert_allclose(_changes(series, grid), [0.5] * 4 + [-0.5] * 2)
    assert _step_h(series) == 2.0
    assert np.isnan(_step_h(series.head(1)))


@pytest.mark.parametrize("lag", [0, 3])
def test_a_gain_counts_what_is_new_in_each_step(lag):
    draw = np.random.default_rng(0)
    x = np.convolve(draw.normal(size=60), [1, 0.6], "valid")
    y = np.roll(x, lag) + 0.3 * draw.normal(size=len(x))
    a, b = x[: len(x) - lag], y[lag:]
    r = np.corrcoef(a, b)[0, 1]
    memory = np.corrcoef(a[:-1], a[1:])[0, 1] * np.corrcoef(b[:-1], b[1:])[0, 1]
    number = len(a) * (1 - memory) / (1 + memory)
    assert _lag_gain(x, y, lag) == pytest.approx(-0.5 * number * np.log(1 - r**2))
    assert _lag_gain(x, -y, lag) == 0.0
    assert _lag_gain(x, x * 0, lag) == _lag_gain(x * 0, x, lag) == 0.0
    assert _lag_gain(x[: 7 + lag], y[: 7 + lag], lag) == 0.0
    assert _lag_gain(x[: 8 + lag], x[: 8 + lag] if not lag else y[: 8 + lag], lag) > 0


def test_the_memory_of_a_series_is_bounded():
    assert _memory(np.arange(9.0)) == 0.95
    assert _memory(np.array([1.0, -1.0] * 5)) == -0.95
    assert _memory(np.array([1.0, 2.0, 4.0])) == 0.0
    assert (
        _memory(np.array([1.0, 1, 1, 1, 5]))
        == _memory(np.array([5.0, 1, 1, 1, 1]))
        == 0
    )


def test_a_lead_counts_within_half_to_twice_the_travel_time():
    draw = np.random.default_rng(1)
    source = record(np.exp(draw.normal(0, 0.5, 200)))
    section = record(np.exp(np.roll(np.log(source.to_numpy()), 10)))
    for hours, sign in ((5.0, 1), (20.0, 1), (4.9, -1), (20.2, -1)):
        assert lag_evidence(source, section, travel_time_h=hours) == 3.0 * sign
    # on the coarser clock, where both were read, and with too few nothing
    assert lag_evidence(source, section.iloc[::2], travel_time_h=10.0) > 0.5
    assert lag_evidence(source, section.iloc[:9], travel_time_h=10.0) == 0.0
    late = record(section.to_numpy(), begin="2026-07-01")
    assert lag_evidence(source, late, travel_time_h=10.0) == 0.0
    assert lag_evidence(source, section, travel_time_h=1e9) == 0.0
    assert lag_evidence(source, section.head(1), travel_time_h=10.0) == 0.0


def rained(hours_before, values, mm=11.0):
    """Readings a week apart, each after rain so long ago; NaN: none."""
    index = pd.date_range("2026-05-01", periods=len(values), freq="7D")
    rain = pd.Series(
        [mm if np.isfinite(h) else 0.0 for h in hours_before],
        index=index - pd.to_timedelta(np.nan_to_num(hours_before), unit="h"),
    )
    return wet_dry_ratio(
        pd.Series(values, index=index), rain.sample(frac=1, random_state=1)
    )


def test_wet_is_what_was_read_within_two_days_of_rain():
    values = [3.0, 5.0, 4.0, 1.0, 2.0, 9.0]
    dry = [NAN] * 3
    assert rained([0.0, 47.9, 10.0, *dry], values) == 2.0
    assert np.isnan(rained([0.0, 48.0, 10.0, *dry], values)), "rain of two days ago"
    assert np.isnan(rained([0.0, 1.0, 10.0, *dry], values, mm=10.0)), "ten is little"
    assert np.isnan(rained([0.0, 1.0, NAN, *dry], values)), "two readings are few"
    assert np.isnan(rained([0.0, 1.0, 2.0, 3.0, *dry[:2]], values))
    assert np.isnan(rained([0.0, 1.0, 2.0, *dry], [1.0, 1, 1, 0, 0, 0]))


@pytest.mark.parametrize(
    ("ratio", "size"),
    [(1.5, 0.0), (0.8, 0.0), (1.6, np.log(1.6)), (0.7, np.log(0.7)), (9.0, 1.0),
     (0.01, -1.0), (NAN, 0.0)],
)  # fmt: skip
def test_rain_favours_each_class_by_the_same_measure(ratio, size):
    classes = [*WET_CLASSES, *DRY_CLASSES, "other", "raw_sewage"]
    found = wet_dry_evidence(ratio, classes)
    np.testing.assert_allclose(found, [size] * 4 + [-size] * 4 + [0.0] * 2)


def test_records_and_rain_are_heard_each_for_its_source(monkeypatch):
    time = pd.date_range("2026-05-01", periods=40, freq="h")
    problem = SimpleNamespace(
        n=3, groups=[1], target=1, item="NH3N",
        sources=pd.DataFrame({"outfall_id": ["P1", "P2", "P3"],
                              "category": ["城镇雨洪排口", "工矿企业排污口", ""]}),
        readings=pd.DataFrame({"section": 1, "item": "NH3N", "time": time[::-1],
                               "value_mg_l": np.arange(40.0)}),
    )  # fmt: skip
    influence = SimpleNamespace(middle_time_h=np.array([4.0, NAN, 6.0, 1.0]))
    seen = []

    def heard(own, series, *, travel_time_h):
        seen.append((own.tolist(), travel_time_h))
        assert series.index.is_monotonic_increasing
        assert series.iloc[0] == 39.0
        return float(len(seen))

    monkeypatch.setattr("geotool.attribution._records.lag_evidence", heard)
    records = pd.DataFrame(
        {"outfall_id": ["P3", "P1", "P1", "P1", "P2", "P9"],
         "time": [str(time[1])] * 3 + [str(time[0])] * 3,
         "value_mg_l": [5.0, 1.0, 3.0, NAN, 2.0, 2.0]}
    )  # fmt: skip
    extra, said = extra_evidence(problem, influence, records, None)
    assert extra.tolist() == [1.0, 0.0, 2.0, 0.0]
    assert seen == [([2.0], 4.0), ([5.0], 6.0)]
    assert said == []
    with pytest.raises(LayerError, match="time、value_mg_l"):
        extra_evidence(problem, influence, records[["outfall_id"]], None)
    rain = pd.Series([20.0], index=[time[20]])
    extra, said = extra_evidence(problem, influence, None, rain)
    np.testing.assert_allclose(extra, [-1.0, 1.0, 0.0, 0.0])
    assert said == [("雨后与晴天浓度之比 0.32", "wet over dry concentration 0.32")]
    extra, said = extra_evidence(problem, influence, None, rain * 0)
    assert not extra.any()
    assert said == [
        ("雨天或晴天的监测值太少，未比较雨情",
         "too few readings in wet or dry weather to compare"),
    ]  # fmt: skip

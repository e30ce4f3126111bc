"""Whether a concentration rises or falls over the years."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from geotool._items import fold_item, item_table
from geotool.errors import LayerError
from geotool.quality._periods import period_place
from geotool.tables import load_table

_PER_YEAR = {"month": 12, "quarter": 4, "half": 2}
TREND_COLUMNS = (
    "section_id",
    "name",
    "item",
    "first",
    "last",
    "n_periods",
    "spearman",
    "critical_05",
    "critical_01",
    "trend",
    "seasonal_trend",
    "seasonal_p",
    "slope_per_year",
    "note",
    "note_en",
)


def section_trends(assessment: pd.DataFrame, *, item: str = "NH3N") -> pd.DataFrame:
    """
    Test each section for a trend of one item.

    Parameters
    ----------
    assessment : DataFrame
        As :func:`assess_sections` gives it, of one kind of period.
    item : str
        Key or name.

    Returns
    -------
    DataFrame
        One row per section: ``first, last, n_periods, spearman`` (rank correlation
        with time), ``critical_05, critical_01`` (one-sided), ``trend`` (显著上升,
        显著下降, 无显著变化; None below five periods). Of months, quarters and halves
        also the seasonal Kendall test: ``seasonal_trend, seasonal_p`` and
        ``slope_per_year`` (Sen, in the unit of the item). ``note`` says where the two
        tests differ or a test was not possible.

    Raises
    ------
    LayerError
        If the item is not in the table, or the periods are of several kinds.

    Notes
    -----
    Spearman's test does not know the seasons: a series that ends in summer rises for
    that alone. Hirsch & Slack's seasonal test (library pymannkendall) compares each
    month with its like only. Dissolved oxygen falling is a worsening; the words tell
    the direction of the value, not of the quality.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"section_id": "A", "name": "东桥",
    ...      "period": [str(year) for year in range(2019, 2026)],
    ...      "nh3n_mg_l": [0.9, 0.8, 0.85, 0.7, 0.6, 0.55, 0.4]}
    ... )
    >>> row = section_trends(table).iloc[0]
    >>> round(float(row["spearman"]), 3), row["trend"]
    (-0.964, '显著下降')
    """
    column = _column(assessment, item)
    rows = [
        {"section_id": section, **_one(part, column)}
        for section, part in assessment.groupby("section_id", sort=False)
    ]
    return pd.DataFrame(rows, columns=list(TREND_COLUMNS))


def _column(assessment: pd.DataFrame, item: str) -> str:
    key = fold_item(item)
    column = item if key is None else item_table()[key].column
    if column not in assessment:
        raise LayerError(
            f"评价表里没有 {item}；有：{'、'.join(_measured(assessment))}。",
            f"No {item} in the assessment; there are: "
            f"{', '.join(_measured(assessment))}.",
        )
    return column


def _measured(assessment: pd.DataFrame) -> list[str]:
    return [key for key, one in item_table().items() if one.column in assessment]


def _one(part: pd.DataFrame, column: str) -> dict[str, Any]:
    places = [period_place(name) for name in part["period"]]
    kinds = {place[0] for place in places if place is not None}
    if "cumulative" in kinds:
        raise LayerError(
            "累计时段互相重叠，不能作趋势检验；请用逐月评价。",
            "Cumulative periods overlap and make no trend; assess by month.",
        )
    if len(kinds) > 1:
        raise LayerError(
            f"评价时段混有{'、'.join(sorted(kinds))}，不能作趋势检验；请只用一种时段。",
            f"Periods of several kinds ({', '.join(sorted(kinds))}); use one.",
        )
    numbers = np.array([np.nan if p is None else p[1] for p in places], dtype=float)
    # equal means may differ in the last bits, and ranks would make a trend of it
    values = part[column].map(lambda v: float(f"{float(v):.12g}")).to_numpy(float)
    good = ~np.isnan(values) & ~np.isnan(numbers)
    order = np.argsort(numbers[good], kind="stable")
    when, value = numbers[good][order], values[good][order]
    names = part["period"].to_numpy(object)[good][order]
    row: dict[str, Any] = dict.fromkeys(TREND_COLUMNS[1:])
    row |= {
        "name": part["name"].iloc[0] if "name" in part else "",
        "item": column,
        "first": names[0] if len(names) else None,
        "last": names[-1] if len(names) else None,
        "n_periods": len(value),
        "note": "",
        "note_en": "",
    }
    row |= _spearman(when, value)
    kind = next(iter(kinds), "year")
    if kind in _PER_YEAR:
        row |= _seasonal(when, value, _PER_YEAR[kind])
    _say(row, kind)
    return row


def critical_values(n: int) -> tuple[float, float]:
    """
    Give the critical rank correlations at 0.05 and 0.01, one-sided.

    Examples
    --------
    >>> critical_values(8), critical_values(11)
    ((0.643, 0.833), (0.564, 0.746))
    """
    rows = {int(k): v for k, v in load_table("assessment")["trend"]["critical"].items()}
    if n > max(rows):
        from scipy import stats  # half a second that most calls do not need

        quantiles = stats.t.ppf([0.95, 0.99], n - 2)
        first, second = (q / np.sqrt(n - 2 + q * q) for q in quantiles)
        return float(first), float(second)
    below = max((k for k in rows if k <= n), default=None)
    return (np.nan, np.nan) if below is None else (rows[below][0], rows[below][1])


def _spearman(when: np.ndarray, value: np.ndarray) -> dict[str, Any]:
    if len(value) < load_table("assessment")["trend"]["min_periods"]:
        return {}
    first, second = critical_values(len(value))
    found: dict[str, Any] = {"critical_05": first, "critical_01": second}
    if np.ptp(value) == 0:  # all the same: no rank correlation, and no trend
        return found | {"spearman": 0.0, "trend": "无显著变化"}
    from scipy import stats

    rank = float(stats.spearmanr(when, value).statistic)
    word = "显著上升" if rank > 0 else "显著下降"
    return found | {
        "spearman": rank,
        "trend": word if abs(rank) >= first - 1e-9 else "无显著变化",
    }


def _seasonal(when: np.ndarray, value: np.ndarray, per_year: int) -> dict[str, Any]:
    """Test each season with its like; two years at least."""
    if len(value) < 3 or np.ptp(when) + 1 < 2 * per_year:
        return {}
    import pymannkendall

    start = int(when[0])
    grid = np.full(int(when[-1]) - start + 1, np.nan)
    grid[(when - start).astype(int)] = value
    found = _quietly(pymannkendall.seasonal_test, grid, per_year)
    if found is None:
        return {}
    words = {"increasing": "显著上升", "decreasing": "显著下降"}
    return {
        "seasonal_trend": words.get(found.trend, "无显著变化"),
        "seasonal_p": float(found.p),
        "slope_per_year": float(found.slope),
    }


def _quietly(test: Callable[..., Any], grid: np.ndarray, per_year: int) -> Any:
    """Call the test; None where it has nothing to compare."""
    with np.errstate(all="ignore"):
        try:
            found = test(grid, period=per_year)
        except ZeroDivisionError:  # every season was measured once
            return None
    return None if np.isnan(found.p) else found


def _say(row: dict[str, Any], kind: str) -> None:
    least = load_table("assessment")["trend"]["min_periods"]
    if row["n_periods"] < least:
        row["note"] = f"只有 {row['n_periods']} 期，少于 {least} 期，不作趋势检验"
        row["note_en"] = f"{row['n_periods']} periods, {least} are needed for a trend"
    elif kind in _PER_YEAR and row["seasonal_trend"] is None:
        row["note"] = "不足两年，未作季节性检验；季节变化可能被当作趋势"
        row["note_en"] = "Less than two years: seasons may look like a trend"
    elif row["seasonal_trend"] is not None and row["seasonal_trend"] != row["trend"]:
        row["note"] = "两种检验结果不同，以扣除季节影响的为准"
        row["note_en"] = "The two tests differ; the seasonal one allows for the seasons"

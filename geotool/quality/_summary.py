"""How many sections are good, how many reach their target: by district, level, month."""

from collections.abc import Sequence

import pandas as pd

from geotool.errors import LayerError
from geotool.quality._layer import section_facts, truths
from geotool.quality._limits import CLASSES

SUMMARY_COLUMNS = (
    "n_sections",
    "n_assessed",
    "n_good",
    "good_share",
    "n_worst",
    "worst_share",
    "n_with_target",
    "n_reached",
    "reached_share",
    *(f"n_{name}" for name in CLASSES),
)
ALL = "合计"
"""Stands for all districts (levels …) in the rows of totals."""


def summarise_sections(
    assessment: pd.DataFrame,
    sections: pd.DataFrame | None = None,
    *,
    by: str | Sequence[str] = "district",
) -> pd.DataFrame:
    """
    Count classes and reached targets of groups of sections, with totals.

    Parameters
    ----------
    assessment : DataFrame
        As :func:`assess_sections` gives it.
    sections : DataFrame, optional
        Layer ``sections``, where ``by`` are columns of it.
    by : str or sequence of str
        Such as ``"district"``, ``["district", "level"]`` (国考, 省考, 市考). An empty
        list gives one row a period: the target rate month by month.

    Returns
    -------
    DataFrame
        Per period and group: ``n_sections`` (in the list), ``n_assessed`` (with a
        class), ``n_good, good_share`` (优Ⅲ比例, of those assessed), ``n_worst,
        worst_share`` (劣Ⅴ), ``n_with_target, n_reached, reached_share`` (达标率, of
        those with a class and a target), and the number of each class. Shares are
        0 to 1, NaN where nothing was assessed. The last row of each period is 合计.

    Raises
    ------
    LayerError
        If a column is not there.

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"section_id": ["A", "B", "C"], "period": "2026-05",
    ...      "district": ["东区", "东区", "西区"], "water_class": ["II", "IV", None],
    ...      "reached": [True, False, None]}
    ... )
    >>> summarise_sections(table)[["district", "n_assessed", "good_share"]]
       district  n_assessed  good_share
    0      东区           2         0.5
    1      西区           0         NaN
    2      合计           2         0.5
    """
    keys = [by] if isinstance(by, str) else list(by)
    table = _joined(assessment, sections, keys)
    table = table[table["period"].notna() & (table["section_id"].notna())]
    parts = []
    for period, rows in table.groupby("period", sort=True):
        if keys:
            counted = pd.DataFrame(
                [
                    {**dict(zip(keys, names, strict=True)), **_counts(part)}
                    for names, part in rows.groupby(keys, sort=True)
                ]
            )
            total = {**dict.fromkeys(keys, ALL), **_counts(rows)}
            counted = pd.concat([counted, pd.DataFrame([total])], ignore_index=True)
        else:
            counted = pd.DataFrame([_counts(rows)])
        counted.insert(0, "period", period)
        parts.append(counted)
    columns = ["period", *keys, *SUMMARY_COLUMNS]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts, ignore_index=True)[columns]


def _joined(
    assessment: pd.DataFrame, sections: pd.DataFrame | None, keys: list[str]
) -> pd.DataFrame:
    table = assessment.copy()
    for key in keys:
        if key not in table and sections is not None and key in sections:
            table[key] = section_facts(sections, key, section_ids=table["section_id"])
        if key not in table:
            raise LayerError(
                f"断面没有“{key}”列，不能按它汇总；请补上或换一列。",
                f"The sections have no column {key} to summarise by; add it or choose "
                "another.",
            )
        cells = table[key].astype(object)
        table[key] = cells.where(cells.notna() & (cells != ""), "未填")
    return table


def _counts(rows: pd.DataFrame) -> dict[str, float]:
    classes = rows["water_class"]
    known = classes.isin(CLASSES)
    good = classes.isin(CLASSES[: CLASSES.index("III") + 1])
    worst = classes == CLASSES[-1]
    told = truths(rows["reached"])
    judged, reached = told.notna(), told == True
    return {
        "n_sections": len(rows),
        "n_assessed": int(known.sum()),
        "n_good": int(good.sum()),
        "good_share": _share(good.sum(), known.sum()),
        "n_worst": int(worst.sum()),
        "worst_share": _share(worst.sum(), known.sum()),
        "n_with_target": int(judged.sum()),
        "n_reached": int(reached.sum()),
        "reached_share": _share(reached.sum(), judged.sum()),
        **{f"n_{name}": int((classes == name).sum()) for name in CLASSES},
    }


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")

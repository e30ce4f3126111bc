"""One row per section and period: class, target, what exceeds it and by how much."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.errors import TableError
from geotool.quality._classify import Ranks, class_name, determining_text, rank_waters
from geotool.quality._inputs import Inputs, prepare
from geotool.quality._limits import CLASSES, limit_table, standard_table
from geotool.quality._words import (
    below_detection_text,
    exceedance_text,
    main_pollutant_text,
)
from geotool.tables import load_table

RESULT_COLUMNS = (
    "section_id",
    "name",
    "river",
    "period",
    "water_type",
    "target_class",
    "water_class",
    "grade",
    "reached",
    "determining",
    "exceedances",
    "main_pollutants",
    "items_assessed",
    "below_detection",
    "n_readings",
    "n_days",
    "n_months",
    "standard",
    "note",
    "note_en",
)
_NO_PERIOD = ""


def assess_sections(
    readings: pd.DataFrame,
    sections: pd.DataFrame,
    *,
    standard: str = "GB3838-2002",
    period: str = "month",
) -> pd.DataFrame:
    """
    Assess each section in each period that has readings.

    Parameters
    ----------
    readings : DataFrame
        Tidy, as ``read_readings`` gives them, or as they came from a file. A section
        is named by its id, or by its name where only one section has that name.
    sections : DataFrame or GeoDataFrame
        Layer ``sections``: ``section_id``, ``name``, ``water_type``, ``target_class``.
    standard : str
        Such as ``"GB3838-2002"``.
    period : str
        ``"month"`` (mean of the values), ``"quarter"`` or ``"year"`` (mean of the
        monthly means).

    Returns
    -------
    DataFrame
        One row per section of the list and period, also where nothing was measured,
        then sections that are not in the list, then readings that have no section.
        ``section_id, name, river, period`` ("2026-05", "2026-Q2", "2026"),
        ``water_type, target_class, water_class`` (I … 劣V; None when it cannot be
        given: ``note`` says why), ``grade, reached`` (True, False, None),
        ``determining`` (定类因子), ``exceedances`` (worse than the section's own
        target, such as ``氨氮(0.31)``), ``main_pollutants`` (worse than class III),
        ``items_assessed, below_detection`` (``汞(3/3)``: 3 of 3 values), ``n_readings,
        n_days, n_months, standard, note, note_en`` and the mean of each item
        (``nh3n_mg_l`` …).

    Raises
    ------
    TableError
        If the standard or the period is not known.
    LayerError
        If a column is missing or a section stands twice in the list.

    Notes
    -----
    The class comes from mean concentrations, never from the mean of classes. Values
    below detection count half the limit. Temperature, total nitrogen and faecal
    coliforms do not count. Rules in ``tables/assessment.toml``.

    Examples
    --------
    >>> sections = pd.DataFrame(
    ...     {"section_id": ["DM1"], "name": ["营船港闸"], "water_type": ["河流"],
    ...      "target_class": ["Ⅲ类"]}
    ... )
    >>> readings = pd.DataFrame(
    ...     {"section_id": "DM1", "time": ["2026-05-03", "2026-05-17"],
    ...      "item": "氨氮", "value": ["1.22", "1.40"]}
    ... )
    >>> row = assess_sections(readings, sections).iloc[0]
    >>> row["water_class"], row["reached"], row["exceedances"]
    ('IV', False, '氨氮(0.31)')
    """
    periods = load_table("assessment")["periods"]
    if period not in periods or not isinstance(periods[period], dict):
        known = [name for name, row in periods.items() if isinstance(row, dict)]
        raise TableError(
            f"没有评价时段 {period!r}；可用：{'、'.join(known)}。",
            f"No period {period!r}; choose one of {', '.join(known)}.",
        )
    standard = standard_table(standard)["key"]
    inputs = prepare(readings, sections)
    labelled = inputs.readings.assign(
        period=period_labels(inputs.readings["time"], period),
        month=period_labels(inputs.readings["time"], "month"),
    )
    problems = inputs.problems.assign(
        period=period_labels(inputs.problems["time"], period)
    )
    grid = _grid(labelled, problems, inputs.sections)
    means = _means(labelled).reindex(grid)
    result = _judged(means, inputs.sections, standard)
    result = result.join(_counts(labelled)).join(below_detection_text(labelled))
    for column in ("n_readings", "n_days", "n_months"):
        result[column] = result[column].fillna(0).astype(int)
    result["below_detection"] = result["below_detection"].astype(object).fillna("")
    notes = _notes(result, means, problems, inputs, standard, periods[period])
    result["note"], result["note_en"] = notes
    return _finished(result, means)


def period_labels(times: pd.Series, period: str) -> pd.Series:
    """
    Name the period each time falls in; empty where the time is unknown.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2026-05-03", None]))
    >>> [period_labels(times, name).tolist() for name in ("month", "quarter", "year")]
    [['2026-05', ''], ['2026-Q2', ''], ['2026', '']]
    """
    times = pd.to_datetime(times)
    year = times.dt.year.astype("Int64").astype(str)
    if period == "month":
        text = times.dt.strftime("%Y-%m").astype(object)
    elif period == "quarter":
        text = (year + "-Q" + times.dt.quarter.astype("Int64").astype(str)).astype(
            object
        )
    else:
        text = year.astype(object)
    return text.where(times.notna(), _NO_PERIOD)


def _grid(
    readings: pd.DataFrame, problems: pd.DataFrame, sections: pd.DataFrame
) -> pd.MultiIndex:
    """All pairs of section and period that get a row."""
    seen = pd.concat([readings, problems])[["section_id", "period"]].drop_duplicates()
    periods = sorted(set(seen["period"]) - {_NO_PERIOD}) or [_NO_PERIOD]
    listed = [(key, name) for key in sections["section_id"] for name in periods]
    strange = seen[~seen["section_id"].isin(sections["section_id"])]
    # what has no section or no time comes last
    rest = sorted(
        zip(strange["section_id"], strange["period"], strict=True),
        key=lambda pair: (pair[0] == "", pair[1] == _NO_PERIOD, *pair),
    )
    pairs = np.array([*listed, *rest], dtype=object).reshape(-1, 2)
    return pd.MultiIndex.from_arrays(list(pairs.T), names=["section_id", "period"])


def _means(readings: pd.DataFrame) -> pd.DataFrame:
    """Mean of the monthly means of each item, by section and period."""
    keys = ["section_id", "period", "month", "item"]
    monthly = readings.groupby(keys, observed=True)["value"].mean()
    means = monthly.reset_index().pivot_table(
        index=["section_id", "period"], columns="item", values="value", aggfunc="mean"
    )
    order = [key for key in item_table() if key in means.columns]
    return means[order].map(lambda value: float(f"{value:.12g}"))  # 0.1+0.2 is 0.3


def _counts(readings: pd.DataFrame) -> pd.DataFrame:
    groups = readings.assign(day=readings["time"].dt.normalize()).groupby(
        ["section_id", "period"]
    )
    return pd.DataFrame(
        {
            "n_readings": groups.size(),
            "n_days": groups["day"].nunique(),
            "n_months": groups["month"].nunique(),
        }
    )


def _judged(means: pd.DataFrame, sections: pd.DataFrame, standard: str) -> pd.DataFrame:
    """Class, target and exceedances of each row; sections not listed get none."""
    ids = means.index.get_level_values("section_id")
    facts = sections.reindex(ids)[["name", "river", "water_type", "target_class"]]
    result = facts.astype(object).fillna("").set_axis(means.index, axis=0)
    listed = ids.isin(sections["section_id"])
    judged = means.copy()
    judged.loc[~listed] = np.nan  # no register, no type of water, no class
    lake = (result["water_type"] == "lake").to_numpy()
    ranks = rank_waters(judged, lake, standard=standard)
    target = np.array([_target_rank(text) for text in result["target_class"]])
    known = (ranks.overall > 0) & (target > 0)
    result["target_class"] = _objects(
        (text or None for text in result["target_class"]), means.index
    )
    result["water_class"] = _objects(map(class_name, ranks.overall), means.index)
    result["grade"] = _objects(map(_grade, result["water_class"]), means.index)
    result["reached"] = _objects(
        (
            bool(rank <= goal) if both else None
            for rank, goal, both in zip(ranks.overall, target, known, strict=True)
        ),
        means.index,
    )
    result["determining"] = determining_text(ranks)
    result["exceedances"] = exceedance_text(judged, ranks, target, lake, standard)
    result["main_pollutants"] = main_pollutant_text(judged, ranks, lake, standard)
    result["items_assessed"] = _assessed_text(ranks)
    result["apart"] = _apart_text(ranks)
    result["standard"] = standard
    return result


def _objects(values: Iterable[Any], index: pd.Index) -> pd.Series:
    """Keep True, False, text and None as they are: pandas would make None a NaN."""
    return pd.Series(list(values), index=index, dtype=object)


def _target_rank(target: str) -> int:
    return CLASSES.index(target) + 1 if target in CLASSES else 0


def _grade(water_class: str | None) -> str:
    for row in load_table("assessment")["grades"]["entries"]:
        if water_class in row["classes"]:
            return str(row["zh"])
    return ""


def _assessed_text(ranks: Ranks) -> list[str]:
    names = [item_table()[str(key)].zh for key in ranks.items]
    return [
        "、".join(name for name, rank in zip(names, row, strict=True) if rank)
        for row in ranks.items.to_numpy(np.int8)
    ]


def _apart_text(ranks: Ranks) -> list[str]:
    names = [item_table()[str(key)].zh for key in ranks.apart]
    return [
        "、".join(
            f"{name}{class_name(rank)}类"
            for name, rank in zip(names, row, strict=True)
            if rank
        )
        for row in ranks.apart.to_numpy(np.int8)
    ]


def _notes(
    result: pd.DataFrame,
    means: pd.DataFrame,
    problems: pd.DataFrame,
    inputs: Inputs,
    standard: str,
    rule: dict[str, int],
) -> tuple[list[str], list[str]]:
    """Say of every row why it has no class, and what is doubtful about it."""
    rounded = _rounded_class(means, result, standard)
    lost = _problem_texts(problems)
    register = dict(inputs.sections.iterrows())
    zh, en = [], []
    for position, (section, period) in enumerate(result.index):
        row = result.iloc[position]
        facts = register.get(section)
        notes = _row_notes(row, facts, section, rule)
        if rounded[position] and rounded[position] != row["water_class"]:
            notes.append(
                (
                    f"按评价小数位修约后为{rounded[position]}类",
                    f"class {rounded[position]} if means are rounded first",
                )
            )
        notes += lost.get((section, period), [])
        if period != _NO_PERIOD and facts is not None:
            notes += lost.get((section, _NO_PERIOD), [])
        zh.append("；".join(note for note, _ in notes))
        en.append("; ".join(note for _, note in notes))
    return zh, en


def _row_notes(
    row: pd.Series, facts: pd.Series | None, section: str, rule: dict[str, int]
) -> list[tuple[str, str]]:
    notes = []
    if section == "":
        notes.append(("读数未用", "readings not used"))
    elif facts is None:
        notes.append(
            (
                "断面不在断面名录中，水体类型与目标未知，未定类",
                "section not in the list: kind of water and target unknown, no class",
            )
        )
    elif row["n_readings"] == 0:
        notes.append(("本期没有可用的监测数据", "no usable reading in this period"))
    elif row["water_class"] is None:
        notes.append(("没有参与定类的项目", "no item that counts for the class"))
    if facts is not None and row["n_readings"]:
        notes += _register_notes(facts)
        if 0 < row["n_months"] < rule["min_months"]:
            notes.append(
                (
                    f"只有{row['n_months']}个月数据，应不少于{rule['min_months']}个月",
                    f"{row['n_months']} months of data, {rule['min_months']} are needed",
                )
            )
        if row["apart"]:
            notes.append((f"单独评价：{row['apart']}", f"judged apart: {row['apart']}"))
    return notes


def _register_notes(facts: pd.Series) -> list[tuple[str, str]]:
    notes = []
    if not facts["water_type"]:
        written = facts["water_type_as_written"] or "未填"
        notes.append(
            (
                f"水体类型{written}，按河流评价",
                f"kind of water {written}: judged as a river",
            )
        )
    if not facts["target_class"]:
        written = facts["target_class_as_written"] or "未填"
        notes.append(
            (f"水质目标{written}，未判达标", f"target {written}: compliance not judged")
        )
    if facts["target_note"]:
        notes.append(
            (
                f"附加目标未评价：{facts['target_note']}",
                f"further target not judged: {facts['target_note']}",
            )
        )
    return notes


def _problem_texts(
    problems: pd.DataFrame,
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """Count equal problems of a section and period."""
    counts = problems.groupby(["section_id", "period", "zh", "en"]).size()
    texts: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for *where, zh, en, count in counts.reset_index().itertuples(index=False):
        texts.setdefault((where[0], where[1]), []).append(
            (f"{count}条读数未用（{zh}）", f"{count} reading(s) not used ({en})")
        )
    return texts


def _rounded_class(
    means: pd.DataFrame, result: pd.DataFrame, standard: str
) -> list[str | None]:
    """Class if means were rounded to the places of the standard first."""
    places = {key: row.decimals for key, row in limit_table(standard, "lake").items()}
    rounded = means.round(places)
    lake = (result["water_type"] == "lake").to_numpy()
    ranks = rank_waters(rounded, lake, standard=standard)
    known = result["water_class"].notna().to_numpy()
    return [
        class_name(rank) if one else None
        for rank, one in zip(ranks.overall, known, strict=True)
    ]


def _finished(result: pd.DataFrame, means: pd.DataFrame) -> pd.DataFrame:
    names = {key: item_table()[key].column for key in means.columns}
    table = result.reset_index()
    for column in ("section_id", "period"):
        table[column] = _objects((text or None for text in table[column]), table.index)
    columns = [*RESULT_COLUMNS, *names.values()]
    return table.join(means.rename(columns=names).reset_index(drop=True))[columns]

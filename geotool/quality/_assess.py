"""One row per section and period: class, target, what exceeds it and by how much."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table
from geotool._progress import long_step
from geotool._texts import names_where
from geotool.errors import TableError
from geotool.quality._classify import (
    Ranks,
    class_grade,
    class_name,
    determining_text,
    rank_waters,
)
from geotool.quality._inputs import prepare
from geotool.quality._limits import CLASSES, limit_table, standard_table
from geotool.quality._means import Means, period_means
from geotool.quality._remarks import remarks
from geotool.quality._times import period_labels, period_rule
from geotool.quality._words import exceedance_text, main_pollutant_text

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
    "rounding",
    "note",
    "note_en",
)
ROUNDING = ("none", "decimals")
_NO_PERIOD = ""


@long_step("断面评价", "assessing the sections")
def assess_sections(
    readings: pd.DataFrame,
    sections: pd.DataFrame,
    *,
    standard: str | Mapping[str, Any] = "GB3838-2002",
    period: str = "month",
    rounding: str = "none",
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
    standard : str or mapping
        Such as ``"GB3838-2002"``, or a table of your own in the form of
        ``tables/gb3838_2002.toml`` (see :func:`geotool.io.read_mapping`).
    period : str
        ``"hour"``, ``"day"``, ``"month"``: mean of the values. ``"quarter"``,
        ``"half"``, ``"year"``, ``"season"`` (丰、平、枯水期), ``"cumulative"`` (January
        to each month): mean of the monthly means.
    rounding : str
        ``"none"``: class from the means as they are; ``"decimals"``: from means
        rounded to the places of the standard. Where the two differ, the note says so.

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
        n_days, n_months, standard, rounding, note, note_en`` and the mean of each item
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
    rule = period_rule(period)
    if rounding not in ROUNDING:
        raise TableError(
            f"修约方式 {rounding!r} 不认识；可用：{'、'.join(ROUNDING)}。",
            f"Unknown rounding {rounding!r}; choose one of {', '.join(ROUNDING)}.",
        )
    standard = str(standard_table(standard)["key"])
    inputs = prepare(readings, sections)
    made = period_means(inputs.coded, period)
    problems = inputs.problems.assign(
        period=period_labels(inputs.problems["time"], period)
    )
    grid = _grid(made, problems, inputs.sections)
    means = made.table.reindex(grid)
    places = {key: row.decimals for key, row in limit_table(standard, "lake").items()}
    rounded = means.round(places)
    judged, other = (means, rounded) if rounding == "none" else (rounded, means)
    result = _judged(judged, inputs.sections, standard)
    result = result.join(made.counts).join(made.below)
    for column in ("n_readings", "n_days", "n_months"):
        result[column] = result[column].fillna(0).astype(int)
    result["below_detection"] = result["below_detection"].astype(object).fillna("")
    result["other_class"] = _objects(
        _other_class(other, result, standard), result.index
    )
    result["rounding"] = rounding
    result["note"], result["note_en"] = remarks(
        result, inputs.sections, problems, made.notes, rule
    )
    return _finished(result, means)


def _grid(made: Means, problems: pd.DataFrame, sections: pd.DataFrame) -> pd.MultiIndex:
    """All pairs of section and period that get a row."""
    seen = pd.concat(
        [made.table.index.to_frame(index=False), problems[["section_id", "period"]]]
    ).drop_duplicates()
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
    target = np.array(
        [_target_rank(text) for text in result["target_class"]], dtype=int
    )
    known = (ranks.overall > 0) & (target > 0)
    result["target_class"] = _objects(
        (text or None for text in result["target_class"]), means.index
    )
    result["water_class"] = _objects(map(class_name, ranks.overall), means.index)
    result["grade"] = _objects(map(class_grade, result["water_class"]), means.index)
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


def _assessed_text(ranks: Ranks) -> list[str]:
    names = [item_table()[str(key)].zh for key in ranks.items]
    grid = ranks.items.to_numpy(np.int8).reshape(len(ranks.overall), len(names))
    return names_where(grid > 0, names)


def _apart_text(ranks: Ranks) -> list[str]:
    """Name the class of every item judged apart, row by row."""
    names = [
        f"{item_table()[str(key)].zh}{one}类" for key in ranks.apart for one in CLASSES
    ]
    grid = ranks.apart.to_numpy(np.int8).reshape(
        len(ranks.overall), ranks.apart.shape[1]
    )
    steps = np.arange(1, len(CLASSES) + 1)
    mask = (grid[:, :, None] == steps).reshape(len(grid), len(names))
    return names_where(mask, names)


def _other_class(
    means: pd.DataFrame, result: pd.DataFrame, standard: str
) -> NDArray[np.object_]:
    """Class by the other way of rounding, where it differs."""
    lake = (result["water_type"] == "lake").to_numpy()
    ranks = rank_waters(means, lake, standard=standard)
    classes = np.array([None, *CLASSES], dtype=object)[ranks.overall]
    mine = result["water_class"].to_numpy(object)
    differ = [a is not None and a != b for a, b in zip(mine, classes, strict=True)]
    return np.where(np.array(differ, dtype=bool), classes, np.array(None, dtype=object))


def _finished(result: pd.DataFrame, means: pd.DataFrame) -> pd.DataFrame:
    names = {key: item_table()[key].column for key in means.columns}
    table = result.reset_index()
    for column in ("section_id", "period"):
        table[column] = _objects((text or None for text in table[column]), table.index)
    columns = [*RESULT_COLUMNS, *names.values()]
    return table.join(means.rename(columns=names).reset_index(drop=True))[columns]

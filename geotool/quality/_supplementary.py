"""Items that count for drinking-water sources only: Table 2 of the standard."""

import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.quality._limits import standard_table
from geotool.quality._words import exceedance_phrase

SUPPLEMENTARY_COLUMNS = (
    "section_id",
    "name",
    "period",
    "reached",
    "exceedances",
    "items_assessed",
    "not_measured",
    "standard",
)


def assess_supplementary(
    assessment: pd.DataFrame, *, standard: str = "GB3838-2002"
) -> pd.DataFrame:
    """
    Judge the supplementary items of centralised drinking-water sources.

    Parameters
    ----------
    assessment : DataFrame
        As :func:`assess_sections` gives it, of the sections of water sources.
    standard : str

    Returns
    -------
    DataFrame
        One row per row of ``assessment``: ``section_id, name, period, reached`` (None
        where nothing was measured), ``exceedances`` (such as ``铁(0.50)``),
        ``items_assessed, not_measured, standard``.

    Raises
    ------
    TableError
        If the standard is not known.

    Notes
    -----
    GB 3838-2002, Table 2: sulphate, chloride, nitrate, iron, manganese; one limit each,
    inclusive. They do not count for the class of the water (5.3 of the standard).

    Examples
    --------
    >>> table = pd.DataFrame(
    ...     {"section_id": ["SY1"], "name": ["二墩港"], "period": ["2026-05"],
    ...      "fe_mg_l": [0.45], "mn_mg_l": [0.1]}
    ... )
    >>> row = assess_supplementary(table).iloc[0]
    >>> row["reached"], row["exceedances"], row["items_assessed"]
    (False, '铁(0.50)', '铁、锰')
    """
    given = standard_table(standard)
    rows = given.get("supplementary", {})
    items = {key: float(row["limit"]) for key, row in rows.items()}
    made = []
    for record in assessment.to_dict("records"):
        values = {key: record.get(item_table()[key].column, np.nan) for key in items}
        there = {k: float(v) for k, v in values.items() if v is not None and v == v}  # noqa: PLR0124
        over = {
            k: (v - items[k]) / items[k]
            for k, v in there.items()
            if v > items[k] * (1 + 1e-9)
        }
        said = [exceedance_phrase(k, m) for k, m in sorted(over.items(), key=_size)]
        made.append(
            {
                **{name: record.get(name) for name in ("section_id", "name", "period")},
                "reached": not over if there else None,
                "exceedances": "、".join(said),
                "items_assessed": _names(list(there)),
                "not_measured": _names([key for key in items if key not in there]),
                "standard": str(given["key"]),
            }
        )
    table = pd.DataFrame(made, columns=list(SUPPLEMENTARY_COLUMNS))
    table["reached"] = pd.Series([row["reached"] for row in made], dtype=object)
    return table.set_axis(assessment.index, axis=0)


def _size(pair: tuple[str, float]) -> float:
    return -pair[1]


def _names(keys: list[str]) -> str:
    return "、".join(item_table()[key].zh for key in keys)

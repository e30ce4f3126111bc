"""Values of readings, one a row: units, marks, and what is no reading."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._items import item_table, unit_factor, units_of
from geotool._marks import MISSING, UNREADABLE, parse_value, parse_values
from geotool._reading_cells import are_ranges, beyond, split_cells, unknown_units
from geotool._rejections import rejections, stacked
from geotool._texts import number_text
from geotool.tables import load_table

TIDY_COLUMNS = (
    "section_id",
    "time",
    "item",
    "value",
    "value_mg_l",
    "unit",
    "flag",
    "detected",
)

_BELOW = frozenset(("<", "≤", "L", "ND"))


def convert_units(
    values: pd.Series, units: pd.Series, items: pd.Series
) -> NDArray[np.float64]:
    """
    Bring values to the unit of their item (mg/L for concentrations).

    Parameters
    ----------
    values : Series of float
    units : Series of str
        As written; empty text means the unit of the item.
    items : Series of str
        Keys.

    Returns
    -------
    array of float
        NaN where the unit does not fit the item.

    Examples
    --------
    >>> convert_units(
    ...     pd.Series([310.0, 0.31]), pd.Series(["ug/L", ""]), pd.Series(["NH3N"] * 2)
    ... )
    array([0.31, 0.31])
    """
    if len(values) == 0:  # pandas 2.3 cannot factorize nothing
        return np.array([], dtype=float)
    pairs = pd.MultiIndex.from_arrays([units.fillna(""), items])
    codes, distinct = pd.factorize(pairs)
    factors = [unit_factor(unit, item) if unit else 1.0 for unit, item in distinct]
    return values.to_numpy(float) * np.array(factors, dtype=float)[codes]


def judge(long: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read values and units; what cannot be used is rejected with the reason."""
    raw = long["raw"]
    read = parse_values(raw)
    bare, units = split_cells(raw, long["unit"], read["flag"])
    if bare is not raw:  # units or remarks behind some values
        read, long = parse_values(bare), long.assign(unit=units)
    known = long["item"].notna()
    items = long["item"].where(known, "NH3N")  # any key, the row is rejected below
    value_mg_l = convert_units(read["value"], long["unit"], items)
    odd = unknown_units(raw, read["flag"])
    long = long.assign(unit=np.where(odd != "", odd, long["unit"]))
    reason = np.select(
        [
            ~known,
            read["flag"] == MISSING,
            long["flag"].isin(load_table("pollutants")["marks"]["void"]),
            are_ranges(raw, read["flag"]),
            odd != "",
            read["flag"] == UNREADABLE,
            (read["value"] < 0) & (items != "WT"),
            np.isnan(value_mg_l) & read["value"].notna(),
            beyond(value_mg_l, items),
        ],
        [
            "item",
            "value_missing",
            "value_void",
            "value_range",
            "unit",
            "value_unreadable",
            "value_negative",
            "unit",
            "value_impossible",
        ],
        default="",
    )
    good = reason == ""
    tidy = long[good].copy()
    tidy["value"] = [_cell_text(cell) for cell in tidy["raw"]]
    detected, flag = _marks(read[good], tidy["flag"])
    half = ~read["detected"][good] | (~detected & ~tidy["halved"].to_numpy(bool))
    share = load_table("assessment")["values"]["below_detection_share"]
    tidy["value_mg_l"] = value_mg_l[good] * np.where(half, share, 1.0)
    tidy["flag"], tidy["detected"] = flag, detected
    shown = {"item": "item_as_written", "unit": "unit"}
    refused = [
        rejections(
            bad["row"].array,
            bad["column"],
            bad[shown.get(name, "raw")].to_numpy(dtype=object),
            name,
        )
        for name in dict.fromkeys(reason[~good])
        if name != "unit"
        for bad in [long[reason == name]]
    ]
    refused += _of_other_units(long[reason == "unit"])
    columns = [*TIDY_COLUMNS, *(["method"] if "method" in tidy else [])]
    return tidy.reset_index(drop=True)[columns], stacked(refused)


def _of_other_units(bad: pd.DataFrame) -> list[pd.DataFrame]:
    """Refuse values by their unit, naming it and those that the item may have."""
    made = []
    for pair, rows in bad.groupby(["unit", "item"], sort=False):
        unit, item = map(str, pair)
        shown = [cell if unit in str(cell) else unit for cell in rows["raw"]]
        columns = rows["column"].tolist()
        table = rejections(rows["row"].array, columns, shown, "unit")
        zh, fits = item_table()[item].zh, units_of(item)
        table["reason"] += f"：{zh}的“{unit}”"
        table["reason_en"] += f": {unit} of {item}"
        if fits:
            table["remedy"] = f"改用 {'、'.join(fits)}"
            table["remedy_en"] = f"Use {', '.join(fits)}"
        else:
            table["remedy"] = "该项目没有单位，只写数字"
            table["remedy_en"] = "It has no unit: write the number alone"
        made.append(table)
    return made


def _marks(
    read: pd.DataFrame, source_flag: pd.Series
) -> tuple[NDArray[np.bool_], list[str]]:
    """Join the mark in the value with the source's own column of marks."""
    parts = {flag: flag.split(";") for flag in source_flag.unique()}
    below = {flag: any(map(_is_below, parts[flag])) for flag in parts}
    detected = (read["detected"] & ~source_flag.map(below).astype(bool)).to_numpy(bool)
    joined = [
        ";".join(dict.fromkeys(part for part in (mark, *parts[flag]) if part))
        for mark, flag in zip(read["flag"], source_flag, strict=True)
    ]
    return detected, joined


def _is_below(mark: str) -> bool:
    """Whether a mark of the source says: below the detection limit."""
    return mark.upper() in _BELOW or parse_value(mark)[2] in _BELOW


def _cell_text(cell: object) -> str:
    return cell.strip() if isinstance(cell, str) else number_text(cell)

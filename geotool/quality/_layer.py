"""Sections as a layer that carries its class, so that a map can colour by it."""

from typing import Any

import geopandas as gpd
import pandas as pd

_FACTS = ("period", "water_class", "reached", "exceedances")
_TRUTH = {
    "true": True,
    "1": True,
    "1.0": True,
    "false": False,
    "0": False,
    "0.0": False,
}


def sections_with_class(
    sections: gpd.GeoDataFrame, assessment: pd.DataFrame, *, period: str | None = None
) -> gpd.GeoDataFrame:
    """
    Put class and result of a period beside each section.

    Parameters
    ----------
    sections : GeoDataFrame
        A ``sections`` layer.
    assessment : DataFrame
        As :func:`assess_sections` gives it, also when read back from a workspace.
    period : str, optional
        Such as ``"2026-10"``; the last one if None.

    Returns
    -------
    GeoDataFrame
        The same rows with ``period, water_class, reached, exceedances``; missing where
        the section was not assessed.

    Examples
    --------
    >>> sections = gpd.GeoDataFrame(
    ...     {"section_id": ["DM1", "DM2"]},
    ...     geometry=gpd.points_from_xy([120.9, 121.0], [31.9, 31.9]), crs=4490,
    ... )
    >>> table = pd.DataFrame(
    ...     {"section_id": ["DM1"], "period": ["2026-10"], "water_class": ["IV"],
    ...      "reached": [False], "exceedances": ["氨氮(0.1)"]}
    ... )
    >>> sections_with_class(sections, table)["water_class"].fillna("—").tolist()
    ['IV', '—']
    """
    wanted = assessment["period"].max() if period is None else period
    facts = assessment[assessment["period"] == wanted][["section_id", *_FACTS]]
    facts = facts.drop_duplicates("section_id").copy()
    # a GeoPackage keeps truth as text or number
    facts["reached"] = truths(facts["reached"])
    kept = sections.drop(columns=[name for name in _FACTS if name in sections.columns])
    return kept.merge(facts, on="section_id", how="left")


def truths(cells: pd.Series) -> pd.Series:
    """
    Read True, False or None, also as a file keeps them.

    Examples
    --------
    >>> truths(pd.Series([True, "false", None, 1.0], dtype=object)).tolist()
    [True, False, None, True]
    """
    made = [_TRUTH.get(str(cell).casefold()) for cell in cells]
    return pd.Series(made, index=cells.index, dtype=object)


def section_facts(
    sections: pd.DataFrame, column: str, *, section_ids: pd.Series
) -> list[Any]:
    """
    Look a column of the list of sections up by section; None where it is not listed.

    Examples
    --------
    >>> sections = pd.DataFrame({"section_id": ["A"], "basin": ["长江"]})
    >>> section_facts(sections, "basin", section_ids=pd.Series(["A", "B"]))
    ['长江', None]
    """
    ids = sections["section_id"].astype(str)
    facts = dict(zip(ids, sections[column], strict=True))
    return [facts.get(str(one)) for one in section_ids]

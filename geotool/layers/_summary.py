"""Registers of outfalls counted, and what is overdue."""

import datetime as dt
from typing import Any

import pandas as pd

from geotool._marks import CHINA_TIME
from geotool.layers._classes import stage_word

STAGES = ("todo", "doing", "done", "closed", "exempt")
_UNFINISHED = ("todo", "doing", "")
_NOT_SAID = "未填"


def summary_tables(
    outfalls: pd.DataFrame, *, today: dt.date | None = None
) -> dict[str, pd.DataFrame]:
    """
    Count outfalls by district, receiving water, class and stage; list what is overdue.

    Parameters
    ----------
    outfalls : DataFrame
        Columns by key.
    today : date, optional
        By default today, in Chinese time.

    Returns
    -------
    dict
        ``district``, ``river``, ``category_1``, ``stage``: one row a group with
        ``total``, one column a stage (``todo, doing, done, closed, exempt,
        not_said``) and ``overdue``. ``overdue``: the outfalls whose deadline is past
        while the work is not finished, with ``days_late``.

    Examples
    --------
    >>> register = pd.DataFrame(
    ...     {"outfall_id": ["a", "b"], "district": ["扬中", "扬中"],
    ...      "stage": ["整治中", "已销号"],
    ...      "deadline": pd.to_datetime(["2024-05-01", "2024-05-01"])}
    ... )
    >>> tables = summary_tables(register, today=dt.date(2024, 5, 11))
    >>> tables["district"][["district", "total", "doing", "closed", "overdue"]]
      district  total  doing  closed  overdue
    0       扬中      2      1       1        1
    >>> tables["overdue"]["days_late"].tolist()
    [10]
    """
    day = pd.Timestamp(today or dt.datetime.now(CHINA_TIME).date())
    stage = column_of(outfalls, "stage").map(lambda text: stage_word(text) or "")
    closed = _times(outfalls, "closed_out").notna()
    stage = stage.where(~(closed & stage.isin(list(_UNFINISHED))), "closed")
    deadline = _times(outfalls, "deadline")
    late = (deadline < day) & stage.isin(list(_UNFINISHED))
    facts = pd.DataFrame({"stage": stage.to_numpy(), "late": late.to_numpy()})
    tables = {}
    for key in ("district", "river", "category_1", "stage"):
        names = column_of(outfalls, key).map(
            lambda v: _NOT_SAID if v is None else str(v)
        )
        tables[key] = _counted(facts, names.to_numpy(object), key)
    wanted = ["outfall_id", "name", "district", "river", "party", "remedy", "stage"]
    there = [key for key in [*wanted, "deadline"] if key in outfalls]
    overdue = pd.DataFrame(outfalls)[there][late.to_numpy()].copy()
    overdue["days_late"] = (day - deadline[late.to_numpy()]).dt.days
    tables["overdue"] = overdue.sort_values(
        "days_late", ascending=False, ignore_index=True
    )
    return tables


def column_of(table: pd.DataFrame, key: str) -> pd.Series:
    if key not in table:
        return pd.Series(None, index=table.index, dtype=object)
    return table[key].astype(object).where(table[key].notna(), None)


def _times(table: pd.DataFrame, key: str) -> pd.Series:
    if key not in table:
        return pd.Series(pd.NaT, index=table.index, dtype="datetime64[ms]")
    return pd.to_datetime(table[key], errors="coerce")


def _counted(facts: pd.DataFrame, names: Any, key: str) -> pd.DataFrame:
    grouped = facts.assign(group=names).groupby("group", sort=True)
    counts = pd.DataFrame({"total": grouped.size()})
    for stage in (*STAGES, ""):
        here = facts["stage"] == stage
        counts[stage or "not_said"] = here.groupby(names).sum().astype(int)
    counts["overdue"] = grouped["late"].sum().astype(int)
    made = counts.rename_axis(key).reset_index()
    return made.sort_values("total", ascending=False, kind="stable", ignore_index=True)

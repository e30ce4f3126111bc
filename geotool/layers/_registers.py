"""Registers of outfalls: counted, matched with each other, compared with an older one."""

import datetime as dt
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool._marks import CHINA_TIME
from geotool.crs import reproject, to_metric
from geotool.errors import LayerError
from geotool.layers._classes import stage_word
from geotool.schema import fold_name, layer_kind

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
    stage = _column(outfalls, "stage").map(lambda text: stage_word(text) or "")
    closed = _times(outfalls, "closed_out").notna()
    stage = stage.where(~(closed & stage.isin(list(_UNFINISHED))), "closed")
    deadline = _times(outfalls, "deadline")
    late = (deadline < day) & stage.isin(list(_UNFINISHED))
    facts = pd.DataFrame({"stage": stage.to_numpy(), "late": late.to_numpy()})
    tables = {}
    for key in ("district", "river", "category_1", "stage"):
        names = _column(outfalls, key).map(lambda v: _NOT_SAID if v is None else str(v))
        tables[key] = _counted(facts, names.to_numpy(object), key)
    wanted = ["outfall_id", "name", "district", "river", "party", "remedy", "stage"]
    there = [key for key in [*wanted, "deadline"] if key in outfalls]
    overdue = pd.DataFrame(outfalls)[there][late.to_numpy()].copy()
    overdue["days_late"] = (day - deadline[late.to_numpy()]).dt.days
    tables["overdue"] = overdue.sort_values(
        "days_late", ascending=False, ignore_index=True
    )
    return tables


def _column(table: pd.DataFrame, key: str) -> pd.Series:
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


def match_registers(
    one: gpd.GeoDataFrame,
    other: gpd.GeoDataFrame,
    *,
    kind: str = "outfalls",
    max_distance_m: float = 100.0,
    min_score: float = 0.5,
) -> pd.DataFrame:
    """
    Propose which entries of two registers are the same thing; nothing is joined.

    Parameters
    ----------
    one, other : GeoDataFrame
        Registers of one kind.
    kind : str
    max_distance_m : float
        Farther pairs are proposed only when a code or the whole name agrees.
    min_score : float
        Between 0 and 1.

    Returns
    -------
    DataFrame
        ``one_id, other_id, one_name, other_name, distance_m, likeness, same_code,
        score, best, reason``; ``best``: neither has a better partner. The likeliest
        first.

    Examples
    --------
    >>> one = gpd.GeoDataFrame(
    ...     {"outfall_id": ["A1"], "name": ["东口"]},
    ...     geometry=gpd.points_from_xy([119.8], [32.2]), crs=4490)
    >>> other = one.assign(outfall_id="B7", name="东口排污口")
    >>> match_registers(one, other)[["one_id", "other_id", "best"]].values.tolist()
    [['A1', 'B7', True]]
    """
    what = layer_kind(kind)
    _require(one, what.id_column)
    _require(other, what.id_column)
    first = to_metric(one, "one")
    second = reproject(other, first.crs)
    pairs = _candidates(first, second, max_distance_m, what.id_column)
    lines = [
        _pair(first.iloc[a], second.iloc[b], what.id_column, max_distance_m)
        for a, b in sorted(pairs)
    ]
    columns = [
        "one_id", "other_id", "one_name", "other_name", "distance_m", "likeness",
        "same_code", "score", "best", "reason",
    ]  # fmt: skip
    table = pd.DataFrame(lines, columns=[name for name in columns if name != "best"])
    table = table[table["score"] >= min_score]
    table = table.sort_values(
        "score", ascending=False, kind="stable", ignore_index=True
    )
    top_one = table.groupby("one_id")["score"].transform("max")
    top_other = table.groupby("other_id")["score"].transform("max")
    table["best"] = (table["score"] == top_one) & (table["score"] == top_other)
    return table[columns]


def _require(table: pd.DataFrame, *columns: str) -> None:
    for column in columns:
        if column not in table:
            have = "、".join(map(str, table.columns))
            raise LayerError(
                f"登记表缺少“{column}”列；现有：{have}。",
                f"The register lacks the column {column}; it has {have}.",
            )


def _candidates(
    one: gpd.GeoDataFrame, other: gpd.GeoDataFrame, distance_m: float, id_column: str
) -> set[tuple[int, int]]:
    """Pairs that are near, or of the same code, id or name."""
    right, left = one.sindex.query(
        other.geometry, predicate="dwithin", distance=distance_m
    )
    pairs = set(zip(left.tolist(), right.tolist(), strict=True))
    for keys in (("code", id_column), ("name",)):
        places: dict[str, list[int]] = {}
        for place, text in _texts(other, keys):
            places.setdefault(text, []).append(place)
        for place, text in _texts(one, keys):
            partners = places.get(text, [])
            if len(partners) <= 20:  # a name that half the register bears says nothing
                pairs.update((place, partner) for partner in partners)
    return pairs


def _texts(table: pd.DataFrame, keys: Iterable[str]) -> list[tuple[int, str]]:
    found = []
    for key in keys:
        for place, value in enumerate(_column(table, key)):
            text = "" if value is None else fold_name(value)
            if len(text) >= 2:
                found.append((place, text))
    return found


def _likeness(one: Any, other: Any) -> float:
    a, b = fold_name(one or ""), fold_name(other or "")
    if not a or not b:
        return 0.0
    for word in ("入河排污口", "排污口", "排口"):
        a, b = a.replace(word, "") or a, b.replace(word, "") or b
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def _pair(
    one: pd.Series, other: pd.Series, id_column: str, max_m: float
) -> dict[str, Any]:
    distance = float(one.geometry.distance(other.geometry))
    names = _value(one, "name"), _value(other, "name")
    likeness = _likeness(*names)
    codes = [
        {fold_name(v) for v in (_value(row, "code"), _value(row, id_column)) if v}
        for row in (one, other)
    ]
    same = bool(codes[0] & codes[1])
    near = max(0.0, 1 - distance / max_m) if np.isfinite(distance) else 0.0
    score = max(0.8 * same, 0.0) + (1 - 0.8 * same) * (0.6 * likeness + 0.4 * near)
    said = [f"相距 {distance:.0f} 米", f"名称相似 {likeness:.0%}"]
    return {
        "one_id": _value(one, id_column),
        "other_id": _value(other, id_column),
        "one_name": names[0],
        "other_name": names[1],
        "distance_m": round(distance, 1),
        "likeness": round(likeness, 2),
        "same_code": same,
        "score": round(score, 3),
        "reason": "；".join(["编码相同", *said] if same else said),
    }


def _value(row: pd.Series, key: str) -> Any:
    value = row.get(key)
    return None if value is None or pd.isna(value) else value


def compare_registers(
    old: gpd.GeoDataFrame,
    new: gpd.GeoDataFrame,
    *,
    kind: str = "outfalls",
    moved_m: float = 10.0,
) -> pd.DataFrame:
    """
    Say what changed between two issues of a register.

    Parameters
    ----------
    old, new : GeoDataFrame
        With the identifier of their kind.
    kind : str
    moved_m : float
        A point that lies farther than this from where it was has moved.

    Returns
    -------
    DataFrame
        ``id, name, change, column, before, after, distance_m, other_id``. ``change``:
        ``added``, ``removed``, ``moved`` or ``changed`` (one line a column).
        ``other_id``: for an added or removed entry, one of the other side that may be
        the same under another id.

    Examples
    --------
    >>> old = gpd.GeoDataFrame(
    ...     {"outfall_id": ["A", "B"], "stage": ["整治中", "整治中"]},
    ...     geometry=gpd.points_from_xy([119.8, 119.9], [32.2, 32.2]), crs=4490)
    >>> new = old.iloc[[0]].assign(stage="销号")
    >>> compare_registers(old, new)[["id", "change", "after"]].values.tolist()
    [['A', 'changed', '销号'], ['B', 'removed', None]]
    """
    key = layer_kind(kind).id_column
    _require(old, key)
    _require(new, key)
    first = to_metric(old, "old") if len(old) else old
    second = reproject(new, first.crs)
    before, after = first.set_index(key), second.set_index(key)
    for table, issue in ((before, "old"), (after, "new")):
        if not table.index.is_unique:
            twice = table.index[table.index.duplicated()][0]
            raise LayerError(
                f"登记表 {issue} 的编号 {twice} 不唯一。",
                f"Id {twice} of {issue} is not unique.",
            )
    lines = []
    same = [name for name in before.index if name in after.index]
    columns = [
        c for c in before.columns if c in after.columns and c != before.geometry.name
    ]
    for name in same:
        lines.extend(
            _changes(name, before.loc[name], after.loc[name], columns, moved_m)
        )
    gone = before[~before.index.isin(after.index)]
    come = after[~after.index.isin(before.index)]
    partners = _renumbered(gone, come, key, kind)
    for table, change, partner in (
        (come, "added", {v: k for k, v in partners.items()}),
        (gone, "removed", partners),
    ):
        for name, row in table.iterrows():
            line = _line(name, row, change)
            lines.append({**line, "other_id": partner.get(name)})
    order = [
        "id",
        "name",
        "change",
        "column",
        "before",
        "after",
        "distance_m",
        "other_id",
    ]
    return pd.DataFrame(lines, columns=order, dtype=object)


def _line(name: Any, row: pd.Series, change: str, **facts: Any) -> dict[str, Any]:
    return {
        "id": name,
        "name": _value(row, "name"),
        "change": change,
        "column": None,
        "before": None,
        "after": None,
        "distance_m": None,
        "other_id": None,
        **facts,
    }


def _changes(
    name: Any, old: pd.Series, new: pd.Series, columns: list[Any], moved_m: float
) -> list[dict[str, Any]]:
    lines = []
    shapes = old.geometry, new.geometry
    if None not in shapes:
        distance = float(shapes[0].distance(shapes[1]))
        if distance > moved_m:
            where = [
                f"{shape.centroid.x:.1f}, {shape.centroid.y:.1f}" for shape in shapes
            ]
            facts = {"before": where[0], "after": where[1], "column": "geometry"}
            moved = _line(name, new, "moved", distance_m=round(distance, 1), **facts)
            lines.append(moved)
    for column in columns:
        before, after = _value(old, column), _value(new, column)
        if before != after:
            facts = {"column": column, "before": before, "after": after}
            lines.append(_line(name, new, "changed", **facts))
    return lines


def _renumbered(
    gone: gpd.GeoDataFrame, come: gpd.GeoDataFrame, key: str, kind: str
) -> dict[Any, Any]:
    if not len(gone) or not len(come):
        return {}
    found = match_registers(
        gone.reset_index(names=key),
        come.reset_index(names=key),
        kind=kind,
        min_score=0.6,
    )
    best = found[found["best"]]
    return dict(zip(best["one_id"], best["other_id"], strict=True))

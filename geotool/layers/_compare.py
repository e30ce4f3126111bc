"""What changed between two issues of a register."""

from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.crs import reproject, to_metric
from geotool.errors import LayerError
from geotool.layers._matches import match_registers, require, value_of
from geotool.schema import layer_kind


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
    require(old, key)
    require(new, key)
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
        "name": value_of(row, "name"),
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
        before, after = value_of(old, column), value_of(new, column)
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

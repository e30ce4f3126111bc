"""Whether what one layer names is there in the other."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from geotool.layers._names import NameBook, parts
from geotool.schema import LayerKind, layer_kind, layer_kinds

REFERENCE_COLUMNS = (
    "layer", "column", "value", "rows", "ids", "likely", "reason", "reason_en",
)  # fmt: skip

_SHOWN_IDS = 5


def check_references(layers: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """
    Look for rivers, sections, districts that rows name and no layer has.

    Parameters
    ----------
    layers : mapping
        Kind → layer, columns by key. Which column names what is said in
        ``layers.toml`` (``refers``).

    Returns
    -------
    DataFrame
        One line a name: ``layer, column, value, rows`` (how many name it), ``ids``
        (some of them), ``likely`` (names much like it), ``reason, reason_en``. Rows
        are never refused for it: a register may be right and the layer incomplete.

    Notes
    -----
    A name counts as found by id or by name, whatever its spelling (full width, case,
    扬中 for 扬中市). A cell that names several (长江、二桥港) is looked at part by part.

    Examples
    --------
    >>> outfalls = pd.DataFrame({"outfall_id": ["P1", "P2"], "river": ["二桥港", "二乔港"]})
    >>> rivers = pd.DataFrame({"river_id": ["R1"], "name": ["二桥港"]})
    >>> found = check_references({"outfalls": outfalls, "rivers": rivers})
    >>> found[["value", "rows", "ids", "likely"]].values.tolist()
    [['二乔港', 1, 'P2', '二桥港']]
    """
    lines: list[dict[str, Any]] = []
    for kind in (name for name in layer_kinds() if name in layers):
        what, table = layer_kind(kind), layers[kind]
        for column in what.columns.values():
            if not column.refers or column.key not in table:
                continue
            if column.refers in layers:
                lines += _unknown(table, what, column.key, layers[column.refers])
            elif table[column.key].notna().any():
                lines.append(_unchecked(what, column.key, column.refers))
    return pd.DataFrame(lines, columns=list(REFERENCE_COLUMNS), dtype=object)


def _unchecked(what: LayerKind, key: str, target: str) -> dict[str, Any]:
    other, column = layer_kind(target), what.columns[key]
    return {
        "layer": what.kind,
        "column": key,
        "value": None,
        "rows": 0,
        "ids": "",
        "likely": "",
        "reason": f"没有{other.zh}图层，{what.zh}的“{column.zh}”未核对",
        "reason_en": f"No layer {target}: {key} of {what.kind} was not checked",
    }


def _another_level(
    what: LayerKind, key: str, target: LayerKind, count: int
) -> dict[str, Any]:
    """Say that nothing fits: townships against a layer of counties, say."""
    column = what.columns[key]
    return {
        "layer": what.kind,
        "column": key,
        "value": None,
        "rows": 0,
        "ids": "",
        "likely": "",
        "reason": f"{what.zh}的“{column.zh}”{count} 个名称没有一个在{target.zh}图层里，"
        "图层或许是另一级、另一处",
        "reason_en": f"None of {count} names in {key} of {what.kind} is in {target.kind}: "
        "a layer of another level or place?",
    }


def _unknown(
    table: pd.DataFrame, what: LayerKind, key: str, other: pd.DataFrame
) -> list[dict[str, Any]]:
    target = layer_kind(what.columns[key].refers)
    book = NameBook(
        *(
            other[name].tolist() if name in other else []
            for name in (target.id_column, "name")
        )
    )
    rows: dict[str, list[int]] = {}
    for place, cell in enumerate(table[key].tolist()):
        if cell is not None and not pd.isna(cell):
            rows.setdefault(str(cell), []).append(place)
    missing: dict[str, list[int]] = {}
    for cell, places in rows.items():
        if not book.find(cell):
            for part in parts(cell):
                if not book.find(part):
                    missing.setdefault(part, []).extend(places)
    if len(rows) > 1 and not any(
        book.find(part) for cell in rows for part in (cell, *parts(cell))
    ):
        return [_another_level(what, key, target, len(rows))]
    own = table[what.id_column] if what.id_column in table else pd.Series(table.index)
    lines = []
    for value, places in missing.items():
        likely = "、".join(book.like(value))
        hint = f"，或许是 {likely}" if likely else ""
        lines.append(
            {
                "layer": what.kind,
                "column": key,
                "value": value,
                "rows": len(places),
                "ids": "、".join(str(own.iloc[p]) for p in places[:_SHOWN_IDS]),
                "likely": likely,
                "reason": f"{what.zh}写的“{value}”不在{target.zh}图层里{hint}",
                "reason_en": f"{value}, named by {what.kind}, is not in {target.kind}"
                + (f"; {likely}?" if likely else ""),
            }
        )
    return lines

"""Columns in which a layer of rivers says how its lines hang together."""

from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool.errors import NetworkError
from geotool.network._log import Log
from geotool.network._ragged import Ints
from geotool.network._reaches import texts_of

NODE_COLUMNS_KNOWN = (("from_node", "to_node"), ("fromnode", "tonode"))
"""Pairs of columns with the nodes a line runs from and to, in any case of letters."""

NEXT_COLUMNS_KNOWN = (
    ("hydroseq", "dnhydroseq"),
    ("comid", "tocomid"),
    ("hyriv_id", "next_down"),
    ("river_id", "next_down"),
    ("river_id", "to_river_id"),
    ("id", "toid"),
)
"""Pairs of a key and the key of the line next down: NHDPlus, HydroRIVERS, hydroloom."""

_MOUTH = ("", "0", "-1", "none", "nan")


@dataclass(frozen=True)
class NodeColumns:
    """
    Names of the two columns that tell the topology.

    Attributes
    ----------
    one, other : str
        From-node and to-node, or key and next-down.
    by_next : bool
    """

    one: str
    other: str
    by_next: bool


def choose_columns(
    rivers: gpd.GeoDataFrame,
    *,
    from_node: str | None,
    to_node: str | None,
    next_down: str | None,
    key: str,
) -> NodeColumns:
    """
    Take the columns named, else the first pair known that is there.

    Raises
    ------
    NetworkError
        If a column is not there, or no pair is known.
    """
    if next_down and (from_node or to_node):
        raise NetworkError(
            "next_down 与 from_node、to_node 只能用一种。",
            "Give either next_down, or from_node and to_node.",
        )
    if next_down:
        return _there(rivers, NodeColumns(key, next_down, by_next=True))
    if from_node or to_node:
        pair = from_node or "from_node", to_node or "to_node"
        return _there(rivers, NodeColumns(*pair, by_next=False))
    named = {str(column).lower(): str(column) for column in rivers.columns}
    for pairs, by_next in ((NODE_COLUMNS_KNOWN, False), (NEXT_COLUMNS_KNOWN, True)):
        for one, other in pairs:
            if one in named and other in named:
                return NodeColumns(named[one], named[other], by_next=by_next)
    raise NetworkError(
        "河流图层没有认识的拓扑列（如 FromNode、ToNode 或 DnHydroseq）；请用 "
        "from_node=、to_node= 或 next_down= 指明列名，或改用 build_network。",
        "The rivers have no known columns of topology (as FromNode and ToNode, or "
        "DnHydroseq); name them with from_node= and to_node= or next_down=, or use "
        "build_network.",
    )


def _there(rivers: gpd.GeoDataFrame, columns: NodeColumns) -> NodeColumns:
    for column in (columns.one, columns.other):
        if column not in rivers.columns:
            raise NetworkError(
                f"河流图层没有节点列 {column!r}；请用 from_node=、to_node= 或 "
                "next_down= 指明列名。",
                f"The rivers have no node column {column!r}; name it with from_node= "
                "and to_node=, or next_down=.",
            )
    return columns


def numbered_nodes(
    rivers: gpd.GeoDataFrame, columns: NodeColumns
) -> tuple[Ints, Ints, int]:
    """Give numbers to the nodes that two columns name: starts, ends, how many."""
    for column in (columns.one, columns.other):
        _refuse_bare(rivers, column)
    names = pd.concat([rivers[columns.one], rivers[columns.other]], ignore_index=True)
    number, known = pd.factorize(names)
    half = len(rivers)
    return number[:half].astype(np.int64), number[half:].astype(np.int64), len(known)


def _refuse_bare(rivers: gpd.GeoDataFrame, column: str) -> None:
    bare = np.flatnonzero([text == "" for text in texts_of(rivers, column)])
    if len(bare):
        row = int(rivers["source_row"].iloc[bare[0]])
        raise NetworkError(
            f"{column} 列有 {len(bare)} 行为空，首见于第 {row} 行；请补全或改用 "
            "build_network。",
            f"{len(bare)} cells of {column} are empty, the first in row {row}; fill "
            "them or use build_network.",
        )


def nodes_of_next(
    rivers: gpd.GeoDataFrame, columns: NodeColumns, subjects: Sequence[str], log: Log
) -> tuple[Ints, Ints, int]:
    """
    Give numbers to the nodes between lines that name the line next down.

    Each line has a node at its start, where those that name it end; a mouth has one
    at its end, too.
    """
    _refuse_bare(rivers, columns.one)
    keys = pd.Index(_ids(rivers, columns.one))
    if not keys.is_unique:
        raise NetworkError(
            f"{columns.one} 列的 {keys[keys.duplicated()][0]} 不唯一，next_down 无从所指。",
            f"{keys[keys.duplicated()][0]} stands twice in {columns.one}; next_down "
            "cannot tell which is meant.",
        )
    named = _ids(rivers, columns.other)
    below = keys.get_indexer(pd.Index(named))
    itself = np.flatnonzero(below == np.arange(len(keys)))
    if len(itself):
        raise NetworkError(
            f"{subjects[itself[0]]} 的 {columns.other} 指向自己；请改正。",
            f"{subjects[itself[0]]} names itself in {columns.other}; correct it.",
        )
    is_mouth = below < 0
    for k in np.flatnonzero(is_mouth).tolist():
        if named[k].lower() not in _MOUTH:
            note = "下游河段不在图层中，按河口处理 the line next down is not here"
            log.add("next_missing", subjects[k], named[k], "", note)
    count = len(keys)
    start = np.arange(count, dtype=np.int64)
    end = np.where(is_mouth, count + np.cumsum(is_mouth) - 1, below).astype(np.int64)
    return start, end, count + int(is_mouth.sum())


def _ids(rivers: gpd.GeoDataFrame, column: str) -> list[str]:
    """Cells as text; a whole number is the same text whether read as 7 or 7.0."""
    return [
        text.removesuffix(".0")
        if text.removesuffix(".0").lstrip("-").isdigit()
        else text
        for text in texts_of(rivers, column)
    ]

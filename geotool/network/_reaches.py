"""Pieces and the rivers they came from → the tables of a network."""

import re
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.network._lines import Bools, Floats, Ints, Log
from geotool.network._model import NODE_COLUMNS, RiverNetwork
from geotool.network._splitting import Pieces
from geotool.network._structures import STRUCTURE_COLUMNS, UNPLACED_COLUMNS, Placed

GIVEN_CONFIDENCE = 0.95
"""Confidence of a direction that the source states in an attribute."""

_NUMBERS = ("width_m", "depth_m", "flow_m3_s", "velocity_m_s")


def texts_of(layer: pd.DataFrame, name: str) -> list[str]:
    """Give a column as text, nothing for missing cells or where there is no column."""
    if name not in layer.columns:
        return [""] * len(layer)
    cells = layer[name]
    return [
        "" if missing else str(cell).strip()
        for cell, missing in zip(cells.tolist(), cells.isna().tolist(), strict=True)
    ]


def is_directed(rivers: gpd.GeoDataFrame) -> Bools:
    """Whether the source says that each river runs as drawn, or against it."""
    return np.isin(_objects(texts_of(rivers, "direction")), ("digitized", "reversed"))


def _objects(values: list[Any]) -> Any:
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def assemble(
    placed: Placed, rivers: gpd.GeoDataFrame, ids: list[str], log: Log
) -> RiverNetwork:
    """
    Make the tables of a network.

    Parameters
    ----------
    placed : Placed
        Pieces and structures.
    rivers : GeoDataFrame
        The rows the pieces name, with ``source_row``.
    ids : list of str
        River id of each row.
    log : Log
    """
    rank = _numbered(placed.pieces, ids)
    reach_id, order = _reach_ids(rank, ids, placed.pieces)
    pieces = placed.pieces.as_drawn()
    used, start, end = _used_nodes(pieces)
    direction, mode = _given(rivers)
    backward = (direction == "reversed")[pieces.row]
    line = pieces.line.copy()
    line[backward] = shapely.reverse(line[backward])
    start, end = np.where(backward, end, start), np.where(backward, start, end)
    stated = (direction != "")[pieces.row]
    columns = {
        "reach_id": reach_id,
        "river_id": np.array(ids, dtype=object)[pieces.row],
        "name": _texts_or_none(rivers, "name")[pieces.row],
        "from_node": start,
        "to_node": end,
        "length_m": shapely.length(line),
        "flow_mode": mode[pieces.row],
        "direction_source": np.where(stated, "given", "").astype(object),
        "direction_confidence": np.where(stated, GIVEN_CONFIDENCE, 0.0),
    }
    for column in _NUMBERS:
        columns[column] = _numbers_or_nan(rivers, column)[pieces.row]
    columns["rank"] = _texts_or_none(rivers, "rank")[pieces.row]
    columns["source_row"] = rivers["source_row"].to_numpy()[pieces.row]
    reaches = gpd.GeoDataFrame(
        {name: values[order] for name, values in columns.items()},
        geometry=line[order],
        crs=rivers.crs,
    )
    number = np.full(len(pieces.node_xy), -1)
    number[used] = np.arange(len(used))
    at = placed.table["node_id"].to_numpy(int)
    structures = placed.table.assign(node_id=number[at])
    return RiverNetwork(
        reaches,
        node_table(pieces.node_xy[used], reaches, structures),
        structures[list(STRUCTURE_COLUMNS)],
        log=log.table(),
        unplaced=placed.unplaced[list(UNPLACED_COLUMNS)],
    )


def _used_nodes(pieces: Pieces) -> tuple[Ints, Ints, Ints]:
    """Nodes that reaches use, numbered from west to east, and the ends renumbered."""
    used = np.unique(np.concatenate([pieces.start, pieces.end]))
    xy = pieces.node_xy[used].round(3)
    used = used[np.lexsort((xy[:, 1], xy[:, 0]))]
    number = np.full(len(pieces.node_xy), -1, dtype=np.int64)
    number[used] = np.arange(len(used))
    return used, number[pieces.start], number[pieces.end]


def _given(rivers: gpd.GeoDataFrame) -> tuple[Any, Any]:
    """Direction as the source states it, and the flow mode that follows."""
    direction = _objects(texts_of(rivers, "direction"))
    stated = _objects(texts_of(rivers, "flow_mode"))
    one_way = np.isin(direction, ("digitized", "reversed"))
    mode = np.where(one_way, "normal", "unknown").astype(object)
    mode = np.where(direction == "both", "bidirectional", mode)
    special = np.isin(stated, ("bidirectional", "controlled", "reservoir"))
    mode = np.where(special, stated, mode)
    known = one_way | (direction == "both") | special
    return np.where(known, np.where(direction == "", "stated", direction), ""), mode


def _texts_or_none(rivers: pd.DataFrame, name: str) -> Any:
    return _objects([text or None for text in texts_of(rivers, name)])


def _numbers_or_nan(rivers: pd.DataFrame, name: str) -> Floats:
    if name not in rivers.columns:
        return np.full(len(rivers), np.nan)
    return pd.to_numeric(rivers[name], errors="coerce").to_numpy(float)


def _numbered(pieces: Pieces, ids: list[str]) -> Ints:
    """Place of each piece along its river, from 1, or 0 where it is the only one."""
    _, river = np.unique(np.array(ids, dtype=str)[pieces.row], return_inverse=True)
    order = np.lexsort((pieces.along_m, pieces.whole, river))
    number = np.empty(len(order), dtype=np.int64)
    begin = np.searchsorted(river[order], np.arange(river.max() + 1))
    number[order] = np.arange(len(order)) - begin[river[order]] + 1
    number[np.bincount(river)[river] == 1] = 0
    return number


def _reach_ids(number: Ints, ids: list[str], pieces: Pieces) -> tuple[Any, Ints]:
    """River id and number along the river; and the order: A-2 before A-10."""
    river = np.array(ids, dtype=object)[pieces.row]
    made = np.empty(len(number), dtype=object)
    made[:] = [
        f"{name}-{k}" if k else name
        for name, k in zip(river.tolist(), number.tolist(), strict=True)
    ]
    taken = set(ids)
    split = np.flatnonzero(number > 0)
    clash = np.fromiter((made[k] in taken for k in split.tolist()), bool, len(split))
    for k in split[clash].tolist():
        while made[k] in taken:
            made[k] += "'"
    kinds = sorted(set(ids), key=_natural)
    place = {name: k for k, name in enumerate(kinds)}
    rank = np.fromiter((place[name] for name in river), np.int64, len(river))
    return made, np.lexsort((number, rank))


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Sort key with numbers as numbers."""
    return [
        (0, int(bit), "") if bit.isdigit() else (1, 0, bit)
        for bit in re.split(r"(\d+)", text)
    ]


def node_table(
    xy: Floats, reaches: gpd.GeoDataFrame, structures: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Make the table of nodes: their kind follows from what meets there."""
    ends = reaches[["from_node", "to_node"]].to_numpy().ravel()
    degree = np.bincount(ends, minlength=len(xy))
    kind = np.select([degree <= 1, degree == 2], ["end", "pass"], "junction").astype(
        object
    )
    owner = np.full(len(xy), None, dtype=object)
    at = structures["node_id"].to_numpy(int)
    kind[at] = "structure"
    owner[at] = structures["structure_id"].to_numpy(dtype=object)
    table = gpd.GeoDataFrame(
        {"node_id": np.arange(len(xy)), "kind": kind, "structure_id": owner},
        geometry=shapely.points(xy),
        crs=reaches.crs,
    )
    return table[list(NODE_COLUMNS)]

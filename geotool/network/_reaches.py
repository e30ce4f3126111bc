"""Pieces and the rivers they came from → the tables of a network."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.network._engine import engine
from geotool.network._log import Log
from geotool.network._model import NODE_COLUMNS, RiverNetwork
from geotool.network._naming import natural_rank
from geotool.network._near import west_to_east
from geotool.network._pieces import Pieces
from geotool.network._ragged import Bools, Floats, Ints
from geotool.network._structures import STRUCTURE_COLUMNS, UNPLACED_COLUMNS, Placed

GIVEN_CONFIDENCE = 0.95
"""Confidence of a direction that the source states in an attribute."""

_NUMBERS = ("width_m", "depth_m", "flow_m3_s", "velocity_m_s")


def texts_of(layer: pd.DataFrame, name: str) -> list[str]:
    """Give a column as text, nothing for missing cells or where there is no column."""
    if name not in layer.columns:
        return [""] * len(layer)
    cells = layer[name]
    values = cells.tolist()
    if set(map(type, values)) == {str}:
        return list(map(str.strip, values))
    return [
        "" if missing else str(cell).strip()
        for cell, missing in zip(values, cells.isna().tolist(), strict=True)
    ]


def _coded(layer: pd.DataFrame, name: str) -> tuple[Ints, list[str]]:
    """Give a column as few texts and which of them each row has."""
    if name not in layer.columns:
        return np.full(len(layer), -1), [""]
    cells = layer[name]
    if pd.api.types.infer_dtype(cells, skipna=True) != "string":
        # 1, 1.0 and True are alike to pandas, but not as texts
        cells = pd.Series(_objects(texts_of(layer, name)))
    code, values = pd.factorize(cells)
    kinds = texts_of(pd.DataFrame({name: pd.Series(values)}), name)
    return code.astype(np.int64), [*kinds, ""]  # a missing cell has the last code


def is_directed(rivers: gpd.GeoDataFrame) -> Bools:
    """Whether the source says that each river runs as drawn, or against it."""
    code, kinds = _coded(rivers, "direction")
    is_stated = [kind in ("digitized", "reversed") for kind in kinds]
    return np.array(is_stated, dtype=bool)[code]


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
    pieces, structures, unplaced = placed.pieces, placed.table, placed.unplaced
    reach_id, order = _reach_ids(_numbered(pieces, ids), ids, pieces)
    row = pieces.row[order]
    kind, kinds = _given(rivers)
    turned = pieces.flipped[order] ^ kinds["backward"][kind[row]]
    line, length = pieces.drawn(order, turned)
    used, number = _used_nodes(pieces)
    start, end = number[pieces.start[order]], number[pieces.end[order]]
    node_xy = pieces.node_xy[used]
    del placed, pieces  # coordinates, which the lines have now
    columns = {
        "reach_id": reach_id,
        "river_id": _texts(ids, row),
        "name": _texts(*_named(rivers, "name", row)),
        "from_node": np.where(turned, end, start),
        "to_node": np.where(turned, start, end),
        "length_m": length,
        "flow_mode": _texts(kinds["mode"], kind[row]),
        "direction_source": _texts(kinds["source"], kind[row]),
        "direction_confidence": kinds["confidence"][kind[row]],
    }
    for column in _NUMBERS:
        columns[column] = _numbers_or_nan(rivers, column)[row]
    columns["rank"] = _texts(*_named(rivers, "rank", row))
    columns["source_row"] = rivers["source_row"].to_numpy()[row]
    reaches = gpd.GeoDataFrame(columns, geometry=line, crs=rivers.crs, copy=False)
    structures = structures.assign(node_id=number[structures["node_id"].to_numpy(int)])
    return RiverNetwork(
        reaches,
        node_table(node_xy, reaches, structures),
        structures[list(STRUCTURE_COLUMNS)],
        log=log.table(),
        unplaced=unplaced[list(UNPLACED_COLUMNS)],
    )


def _texts(values: list[Any], code: Ints) -> Any:
    """Make a column of few values; texts are stored as pandas stores texts."""
    return pd.Series(_objects(values)).array.take(code)


def _used_nodes(pieces: Pieces) -> tuple[Ints, Ints]:
    """Nodes that reaches use, from west to east; and the new number of each node."""
    is_used = np.zeros(len(pieces.node_xy), dtype=bool)
    is_used[pieces.start] = is_used[pieces.end] = True
    used = np.flatnonzero(is_used)
    used = used[west_to_east(pieces.node_xy[used].round(3))]
    number = np.full(len(pieces.node_xy), -1, dtype=np.int64)
    number[used] = np.arange(len(used))
    return used, number


def _given(rivers: gpd.GeoDataFrame) -> tuple[Ints, dict[str, Any]]:
    """Direction and flow mode as the source states them: kind of each row, kinds."""
    one, directions = _coded(rivers, "direction")
    other, modes = _coded(rivers, "flow_mode")
    said = [(direction, stated) for direction in directions for stated in modes]
    meaning = [_meaning(direction, stated) for direction, stated in said]
    source = ["given" if stated else "" for _, stated in meaning]
    kinds = {
        "backward": np.array([direction == "reversed" for direction, _ in said]),
        "mode": [mode for mode, _ in meaning],
        "source": source,
        "confidence": np.array([GIVEN_CONFIDENCE if text else 0.0 for text in source]),
    }
    # a missing cell has the last code
    return one % len(directions) * len(modes) + other % len(modes), kinds


def _meaning(direction: str, stated: str) -> tuple[str, bool]:
    """Say what a direction and a flow mode mean: the mode, and whether it is stated."""
    if stated in ("bidirectional", "controlled", "reservoir"):
        return stated, True
    if direction == "both":
        return "bidirectional", True
    if direction in ("digitized", "reversed"):
        return "normal", True
    return "unknown", False


def _named(rivers: pd.DataFrame, name: str, row: Ints) -> tuple[list[Any], Ints]:
    """Give the texts of a column, nothing where there is none, and those of rows."""
    code, kinds = _coded(rivers, name)
    return [kind or None for kind in kinds], code[row]


def _numbers_or_nan(rivers: pd.DataFrame, name: str) -> Floats:
    if name not in rivers.columns:
        return np.full(len(rivers), np.nan)
    return pd.to_numeric(rivers[name], errors="coerce").to_numpy(float)


def _numbered(pieces: Pieces, ids: list[str]) -> Ints:
    """Place of each piece along its river, from 1, or 0 where it is the only one."""
    names = _objects(ids)
    river = np.zeros(len(ids), dtype=np.int64)
    river[1:] = np.cumsum(names[1:] != names[:-1])  # rows of one river lie together
    river = river[pieces.row]
    along = pieces.along_m
    order = engine(20 * len(along)).ordered(pieces.whole, along, along)
    count = np.bincount(river)
    number = np.empty(len(order), dtype=np.int64)
    begin = np.cumsum(count) - count
    number[order] = np.arange(len(order)) - begin[river[order]] + 1
    number[count[river] == 1] = 0
    return number


def _reach_ids(number: Ints, ids: list[str], pieces: Pieces) -> tuple[Any, Ints]:
    """River id and number along the river, in order; the order: A-2 before A-10."""
    rank = natural_rank(ids)[pieces.row]
    order = engine(20 * len(rank)).ordered(rank, number, number)
    made, number = _objects(ids)[pieces.row[order]], number[order]
    split = np.flatnonzero(number > 0)
    # only an id with a dash can be the same as one of ours
    taken = {text for text in ids if "-" in text} if "-" in "".join(ids) else set()
    named = [
        f"{name}-{k}"
        for name, k in zip(made[split].tolist(), number[split].tolist(), strict=True)
    ]
    if not taken.isdisjoint(named):
        for at, text in enumerate(named):
            while named[at] in taken:
                named[at] = text = f"{text}'"
    made[split] = named
    return made, order


def node_table(
    xy: Floats, reaches: gpd.GeoDataFrame, structures: pd.DataFrame
) -> gpd.GeoDataFrame:
    """Make the table of nodes: their kind follows from what meets there."""
    degree = np.bincount(reaches["from_node"], minlength=len(xy))
    degree += np.bincount(reaches["to_node"], minlength=len(xy))
    kinds = ["end", "end", "pass", "junction", "structure"]
    kind = np.minimum(degree, 3)
    owner = np.full(len(xy), None, dtype=object)
    at = structures["node_id"].to_numpy(int)
    kind[at] = 4
    owner[at] = structures["structure_id"].to_numpy(dtype=object)
    table = gpd.GeoDataFrame(
        {
            "node_id": np.arange(len(xy)),
            "kind": _texts(kinds, kind),
            "structure_id": owner,
        },
        geometry=shapely.points(xy),
        crs=reaches.crs,
    )
    return table[list(NODE_COLUMNS)]

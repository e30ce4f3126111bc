"""Line work made into reaches and nodes."""

import re
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.crs import reproject, to_metric
from geotool.errors import NetworkError
from geotool.network._lines import Floats, Log, SimpleLines, simple_lines
from geotool.network._model import NODE_COLUMNS, REACH_COLUMNS, RiverNetwork
from geotool.network._noding import find_meetings, place_cuts, snap_ends
from geotool.network._splitting import (
    Pieces,
    cut_lines,
    drop_doubles,
    drop_stubs,
    rejoin,
)
from geotool.network._structures import (
    PASSING_KINDS,
    STRUCTURE_COLUMNS,
    UNPLACED_COLUMNS,
    place_structures,
    structure_facts,
)

GIVEN_CONFIDENCE = 0.95
"""Confidence of a direction that the source states in an attribute."""

_NUMBERS = ("width_m", "depth_m", "flow_m3_s", "velocity_m_s")


def build_network(
    rivers: gpd.GeoDataFrame,
    *,
    structures: gpd.GeoDataFrame | None = None,
    snap_m: float = 1.0,
    structure_m: float = 50.0,
    over_m: float = 20.0,
) -> RiverNetwork:
    """
    Make a network of reaches and nodes out of river lines.

    Lines are joined where they share an end, touch or cross; ends within ``snap_m``
    of each other or of a line are joined too, the nearest first, but never by a chain
    of small steps. The result does not depend on the order of the rows, the way
    the lines are drawn or how dense their vertices are.

    Parameters
    ----------
    rivers : GeoDataFrame of lines
        A ``rivers`` layer; all columns are optional. Degrees are projected to the
        three-degree zone of their middle. ``direction`` says which way the water
        runs: ``digitized``, ``reversed``, ``both``, ``unknown``.
    structures : GeoDataFrame of points, optional
        A ``structures`` layer. Each cuts the nearest reach (of the river it names,
        if any). Lines that cross within ``over_m`` of a siphon, aqueduct or
        culvert do not meet.
    snap_m : float
        Tolerance in metres for ends.
    structure_m : float
        Farthest a structure may stand from its reach.
    over_m : float

    Returns
    -------
    RiverNetwork
        Directions only where the source states them: see :func:`orient_network`.
        ``.log`` has every move, split and loss; ``.unplaced`` the structures that
        stand on no reach.

    Raises
    ------
    NetworkError
        If there is no line, a geometry is no line, or a tolerance is negative.
    CrsError
        If the layer has no reference system.

    Examples
    --------
    A canal ends on the side of another, 0.4 m short of it:

    >>> lines = [
    ...     shapely.LineString([(0, 0), (100, 0)]),
    ...     shapely.LineString([(40, 60), (40, 0.4)]),
    ... ]
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A", "B"]}, geometry=lines, crs=4549)
    >>> network = build_network(rivers)
    >>> network
    <RiverNetwork: 3 reaches, 4 nodes, 0.2 km, 1 parts, 0 loops, 0 structures,
    100% of length without direction, EPSG:4549>
    >>> network.reaches[["reach_id", "from_node", "to_node"]].to_numpy().tolist()
    [['A-1', 0, 1], ['A-2', 1, 3], ['B', 2, 1]]
    """
    _check(rivers, snap_m, structure_m, over_m)
    log = Log()
    metric = to_metric(rivers, "rivers")
    if metric is not rivers:
        log.add(
            "project",
            "rivers",
            str(rivers.crs),
            str(metric.crs),
            "投影到米制 to metres",
        )
    metric = metric.reset_index(drop=True)
    points = _prepare_structures(structures, metric.crs)
    subjects, ids = _subjects(metric)
    simple = simple_lines(metric, subjects, log)
    if len(simple.line) == 0:
        raise NetworkError(
            "河流图层里没有可用的线；请检查几何。",
            "The rivers have no usable line; check the geometry.",
        )
    over = _passing(points)
    pieces = _noded(
        simple, list(subjects), snap_m=snap_m, over=over, over_m=over_m, log=log
    )
    names = [_text(name) for name in _column(metric, "name")]
    placed = place_structures(pieces, points, names, max_m=structure_m, log=log)
    return _tables(placed.pieces, metric, ids, placed.table, placed.unplaced, log)


def _check(rivers: gpd.GeoDataFrame, *metres: float) -> None:
    if len(rivers) == 0:
        raise NetworkError("河流图层是空的。", "The layer of rivers is empty.")
    for value in metres:
        if not (np.isfinite(value) and value >= 0):
            raise NetworkError(
                f"容差 {value} 应为不小于 0 的米数。",
                f"A tolerance of {value} is no number of metres from 0 up.",
            )


def _text(value: Any) -> str:
    return "" if value is None or pd.isna(value) else str(value).strip()


def _column(layer: pd.DataFrame, name: str) -> pd.Series:
    if name in layer.columns:
        return layer[name]
    return pd.Series(None, index=layer.index, dtype=object)


def _prepare_structures(
    structures: gpd.GeoDataFrame | None, crs: Any
) -> gpd.GeoDataFrame:
    if structures is None or len(structures) == 0:
        return gpd.GeoDataFrame({"structure_id": []}, geometry=[], crs=crs)
    moved = reproject(structures, crs).reset_index(drop=True)
    facts = structure_facts(moved)
    twice = facts["structure_id"][facts["structure_id"].duplicated()]
    if len(twice):
        raise NetworkError(
            f"水工建筑物编号重复：{twice.iloc[0]}；请先改正。",
            f"Structure id {twice.iloc[0]} occurs twice; correct it first.",
        )
    odd = set(moved.geom_type.dropna()) - {"Point"}
    if odd:
        moved = moved.set_geometry(moved.geometry.representative_point())
    # the order of rows must not matter
    return moved.iloc[
        np.argsort(facts["structure_id"].to_numpy(dtype=str))
    ].reset_index(drop=True)


def _passing(points: gpd.GeoDataFrame) -> Any:
    if "kind" not in points.columns:
        return np.array([], dtype=object)
    passing = points["kind"].isin(PASSING_KINDS) & ~points.geometry.is_empty
    return np.asarray(points.geometry[passing & points.geometry.notna()], dtype=object)


def _subjects(rivers: gpd.GeoDataFrame) -> tuple[pd.Series, pd.Series]:
    """Name each row for the log, and give its river id (by place if missing)."""
    ids = pd.Series(
        [_text(value) for value in _column(rivers, "river_id")], dtype=object
    )
    bare = (ids == "").to_numpy()
    if bare.any():
        bounds = rivers.geometry.bounds.round(2)
        order = np.lexsort(bounds[bare].to_numpy().T[::-1])
        made = np.empty(len(order), dtype=object)
        made[order] = [f"RV{k + 1:04d}" for k in range(len(order))]
        ids[bare] = made
    names = [_text(name) for name in _column(rivers, "name")]
    words = [f"{key} {name}".strip() for key, name in zip(ids, names, strict=True)]
    return pd.Series(words, dtype=object), ids


def _noded(
    simple: SimpleLines,
    subjects: list[str],
    *,
    snap_m: float,
    over: Any,
    over_m: float,
    log: Log,
) -> Pieces:
    """Cut lines where they meet and mend what does not quite meet."""
    meetings = find_meetings(simple, over=over, over_m=over_m, log=log)
    clusters = snap_ends(meetings, snap_m=snap_m, log=log)
    cuts = place_cuts(simple, meetings, clusters, snap_m=snap_m, log=log)
    pieces = cut_lines(simple, cuts)
    pieces = drop_stubs(pieces, snap_m=snap_m, log=log)
    pieces = drop_doubles(pieces, subjects, log=log)
    return rejoin(pieces)


# ---------------------------------------------------------------- tables
def _tables(
    pieces: Pieces,
    rivers: gpd.GeoDataFrame,
    ids: pd.Series,
    structures: pd.DataFrame,
    unplaced: gpd.GeoDataFrame,
    log: Log,
) -> RiverNetwork:
    used, (start, end) = _used_nodes(pieces)
    direction, mode = _given(rivers)
    backward = (direction == "reversed")[pieces.row]
    line = pieces.line.copy()
    line[backward] = shapely.reverse(line[backward])
    start, end = np.where(backward, end, start), np.where(backward, start, end)
    reaches = pd.DataFrame(
        {
            "reach_id": _reach_ids(pieces, rivers, ids),
            "river_id": ids.to_numpy()[pieces.row],
            "name": _texts_or_none(_column(rivers, "name"))[pieces.row],
            "from_node": start,
            "to_node": end,
            "length_m": shapely.length(line),
            "flow_mode": mode[pieces.row],
        }
    )
    stated = direction != ""
    reaches["direction_source"] = np.where(stated[pieces.row], "given", "")
    reaches["direction_confidence"] = np.where(
        stated[pieces.row], GIVEN_CONFIDENCE, 0.0
    )
    for column in _NUMBERS:
        numbers = pd.to_numeric(_column(rivers, column), errors="coerce")
        reaches[column] = numbers.to_numpy(float)[pieces.row]
    reaches["rank"] = _texts_or_none(_column(rivers, "rank"))[pieces.row]
    reaches["source_row"] = pieces.row + 1
    order = np.argsort(_natural(reaches["reach_id"]), kind="stable")
    table = gpd.GeoDataFrame(
        reaches.iloc[order].reset_index(drop=True),
        geometry=list(line[order]),
        crs=rivers.crs,
    )
    extra = [name for name in table.columns if name not in REACH_COLUMNS]
    table = table[[*REACH_COLUMNS[:-1], *extra, "geometry"]]
    number = np.full(len(pieces.node_xy), -1)
    number[used] = np.arange(len(used))
    structures = structures.assign(node_id=number[structures["node_id"].to_numpy(int)])
    nodes = _node_table(pieces.node_xy[used], table, structures)
    return RiverNetwork(
        table,
        nodes,
        structures[list(STRUCTURE_COLUMNS)],
        log=log.table(),
        unplaced=unplaced[list(UNPLACED_COLUMNS)],
    )


def _used_nodes(pieces: Pieces) -> tuple[Any, tuple[Any, Any]]:
    """Nodes that reaches use, numbered from west to east, and the ends renumbered."""
    used = np.unique(np.concatenate([pieces.start, pieces.end]))
    xy = pieces.node_xy[used].round(3)
    used = used[np.lexsort((xy[:, 1], xy[:, 0]))]
    number = np.full(len(pieces.node_xy), -1, dtype=np.int64)
    number[used] = np.arange(len(used))
    return used, (number[pieces.start], number[pieces.end])


def _given(rivers: gpd.GeoDataFrame) -> tuple[Any, Any]:
    """Direction as the source states it, and the flow mode that follows."""
    direction = np.array([_text(v) for v in _column(rivers, "direction")], dtype=object)
    stated = np.array([_text(v) for v in _column(rivers, "flow_mode")], dtype=object)
    one_way = np.isin(direction, ("digitized", "reversed"))
    mode = np.where(one_way, "normal", "unknown").astype(object)
    mode = np.where(direction == "both", "bidirectional", mode)
    special = np.isin(stated, ("bidirectional", "controlled", "reservoir"))
    mode = np.where(special, stated, mode)
    known = one_way | (direction == "both") | special
    return np.where(known, np.where(direction == "", "stated", direction), ""), mode


def _texts_or_none(column: pd.Series) -> Any:
    texts = [_text(value) or None for value in column]
    made = np.empty(len(texts), dtype=object)
    made[:] = texts
    return made


def _reach_ids(pieces: Pieces, rivers: gpd.GeoDataFrame, ids: pd.Series) -> list[str]:
    """River id and a number along the river, the same however it was drawn."""
    middle = shapely.line_interpolate_point(pieces.line, 0.5, normalized=True)
    geometry = shapely.line_merge(np.asarray(rivers.geometry, dtype=object))
    geometry = shapely.force_2d(geometry)[pieces.row]
    along = shapely.line_locate_point(geometry, middle)
    first, last = _outer_ends(geometry)
    flip = (first[:, 0] > last[:, 0]) | (
        (first[:, 0] == last[:, 0]) & (first[:, 1] > last[:, 1])
    )
    along = np.where(flip, shapely.length(geometry) - along, along)
    xy = shapely.get_coordinates(middle).round(3)
    low = np.minimum(first, last).round(2)
    river = ids.to_numpy(dtype=str)[pieces.row]
    is_ring = np.abs(first - last).max(axis=1) < 1e-6
    apart = shapely.get_type_id(geometry) == 5
    along = np.where(is_ring | apart, 0.0, along)  # no way along: numbered by place
    order = np.lexsort(
        (xy[:, 1], xy[:, 0], along.round(3), low[:, 1], low[:, 0], river)
    )
    made: dict[int, str] = {}
    taken = set(river)
    count: dict[str, int] = {}
    total = pd.Series(river).value_counts()
    for k in order.tolist():
        name = str(river[k])
        count[name] = count.get(name, 0) + 1
        if total[name] == 1:
            made[k] = name
            continue
        text = f"{name}-{count[name]}"
        while text in taken:
            text += "'"
        taken.add(text)
        made[k] = text
    return [made[k] for k in range(len(river))]


def _outer_ends(geometry: Any) -> tuple[Floats, Floats]:
    xy, index = shapely.get_coordinates(geometry, return_index=True)
    start = np.searchsorted(index, np.arange(len(geometry)))
    stop = np.append(start[1:], len(xy)) - 1
    return xy[start], xy[stop]


def _natural(texts: pd.Series) -> Any:
    """Sort keys with numbers as numbers: A-2 before A-10."""
    keys = [
        [
            (0, int(bit), "") if bit.isdigit() else (1, 0, bit)
            for bit in re.split(r"(\d+)", text)
        ]
        for text in texts
    ]
    rank = sorted(range(len(keys)), key=lambda k: keys[k])
    place = np.empty(len(keys), dtype=np.int64)
    place[rank] = np.arange(len(keys))
    return place


def _node_table(
    xy: Floats, reaches: gpd.GeoDataFrame, structures: pd.DataFrame
) -> gpd.GeoDataFrame:
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

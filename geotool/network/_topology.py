"""A network whose nodes are known already, as NHDPlus and models give it."""

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.errors import NetworkError
from geotool.network._build import in_metres, prepare_structures, sorted_rows
from geotool.network._known import choose_columns, nodes_of_next, numbered_nodes
from geotool.network._log import Log, spot
from geotool.network._model import RiverNetwork
from geotool.network._pieces import Pieces
from geotool.network._ragged import Floats, Ints, Lines
from geotool.network._reaches import assemble, texts_of
from geotool.network._structures import place_structures

APART_M = 1.0
"""Ends of one node that lie farther apart are told of."""


def network_from_topology(
    rivers: gpd.GeoDataFrame,
    *,
    from_node: str | None = None,
    to_node: str | None = None,
    next_down: str | None = None,
    key: str = "river_id",
    structures: gpd.GeoDataFrame | None = None,
    structure_m: float = 50.0,
) -> RiverNetwork:
    """
    Make a network of lines that say themselves how they hang together.

    They name the nodes they run from and to, or the line next down. Nothing is
    snapped, split or left out: lines that merely cross do not meet. Water runs from
    ``from_node`` to ``to_node``, or to the next line, unless ``direction`` says
    ``both`` or ``unknown``.

    Parameters
    ----------
    rivers : GeoDataFrame of lines
        A ``rivers`` layer with such columns.
    from_node, to_node : str, optional
        Names of the columns with the node ids.
    next_down : str, optional
        Name of the column with the ``key`` of the line next down, instead. Nothing,
        0 or -1 is a mouth.
    key : str
        Column that ``next_down`` speaks of.
    structures : GeoDataFrame of points, optional
    structure_m : float

    Returns
    -------
    RiverNetwork
        Directions are ``given``. Lines drawn against their nodes are turned; nodes
        whose ends lie apart, and lines next down that are not in the layer, are named
        in the log.

    Raises
    ------
    NetworkError
        If a column or a node id is missing, a line comes in several parts, or a line
        names itself as the next.

    Notes
    -----
    With no column named, those of :data:`NODE_COLUMNS_KNOWN` are looked for (NHDPlus
    among them), then those of :data:`NEXT_COLUMNS_KNOWN` (NHDPlus, HydroRIVERS).

    Examples
    --------
    >>> lines = [
    ...     shapely.LineString([(0, 0), (100, 0)]),
    ...     shapely.LineString([(160, 0), (100, 0)]),
    ... ]
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A", "B"], "FromNode": [7, 8], "ToNode": [8, 9]},
    ...     geometry=lines, crs=4549,
    ... )
    >>> network = network_from_topology(rivers)
    >>> network.reaches[["reach_id", "from_node", "to_node"]].to_numpy().tolist()
    [['A', 0, 1], ['B', 1, 2]]
    >>> rivers = rivers[["river_id", "geometry"]].assign(downstream=["B", None])
    >>> same = network_from_topology(rivers, next_down="downstream")
    >>> same.reaches[["reach_id", "from_node", "to_node"]].to_numpy().tolist()
    [['A', 0, 1], ['B', 1, 2]]
    """
    log = Log()
    if len(rivers) == 0:
        raise NetworkError("河流图层是空的。", "The layer of rivers is empty.")
    metric, _, ids, subjects = sorted_rows(in_metres(rivers, log))
    nodes = choose_columns(
        metric, from_node=from_node, to_node=to_node, next_down=next_down, key=key
    )
    if nodes.by_next:
        start, end, count = nodes_of_next(metric, nodes, subjects, log)
    else:
        start, end, count = numbered_nodes(metric, nodes)
    line = _single_lines(metric, subjects)
    line = _turned(line, start, end, count, subjects, log)
    xy = _places(line, start, end, count)
    _log_apart(line, start, end, xy, log)
    said = np.array(texts_of(metric, "direction"), dtype=object)
    metric["direction"] = np.where(
        np.isin(said, ("both", "unknown")), said, "digitized"
    ).astype(object)
    pieces = Pieces.of(line, start, end, xy)
    points = prepare_structures(structures, metric.crs)
    names = texts_of(metric, "name")
    placed = place_structures(pieces, points, names, max_m=structure_m, log=log)
    return assemble(placed, metric, ids, log)


def _single_lines(rivers: gpd.GeoDataFrame, subjects: Sequence[str]) -> Lines:
    line = shapely.force_2d(np.asarray(rivers.geometry, dtype=object))
    several = shapely.get_type_id(line) == 5
    line[several] = shapely.line_merge(line[several])
    wrong = (shapely.get_type_id(line) != 1) | (shapely.length(line) == 0)
    if wrong.any():
        subject = subjects[int(np.flatnonzero(wrong)[0])]
        raise NetworkError(
            f"{subject} 不是一条连续的线；请先合并或拆开。",
            f"{subject} is not one line from end to end; merge or part it first.",
        )
    return line


def _tips(line: Lines) -> tuple[Floats, Floats]:
    return (
        shapely.get_coordinates(shapely.get_point(line, 0)),
        shapely.get_coordinates(shapely.get_point(line, -1)),
    )


def _places(line: Lines, start: Ints, end: Ints, count: int) -> Floats:
    """Place of each node: the middle one of the ends that name it."""
    node = np.concatenate([start, end])
    frame = pd.DataFrame(np.vstack(_tips(line)), columns=["x", "y"])
    xy: Floats = frame.groupby(node).median().reindex(np.arange(count)).to_numpy(float)
    return xy


def _turned(
    line: Lines, start: Ints, end: Ints, count: int, subjects: Sequence[str], log: Log
) -> Lines:
    """Turn lines that are drawn from their ``to_node`` to their ``from_node``."""
    line = line.copy()
    for _ in range(len(line)):
        gain = _gain_of_turning(line, start, end, count)
        # of lines at one node only the worst: turning it moves the others' node
        rank = np.empty(len(line), dtype=np.int64)
        rank[np.argsort(gain, kind="stable")[::-1]] = np.arange(len(line))
        first = np.full(count, len(line))
        np.minimum.at(first, start, rank)
        np.minimum.at(first, end, rank)
        turn = (gain > APART_M) & (first[start] == rank) & (first[end] == rank)
        if not turn.any():
            break
        line[turn] = shapely.reverse(line[turn])
        for k in np.flatnonzero(turn).tolist():
            log.add("turn", subjects[k], "", "", "线与节点方向相反，已翻转 turned")
    return line


def _gain_of_turning(line: Lines, start: Ints, end: Ints, count: int) -> Floats:
    """By how much each line's ends would lie nearer to what else is at its nodes."""
    first, last = _tips(line)
    degree = np.bincount(np.concatenate([start, end]), minlength=count)
    total = np.zeros((count, 2))
    np.add.at(total, start, first)
    np.add.at(total, end, last)
    gain = np.zeros(len(line))
    for node, own, other in ((start, first, last), (end, last, first)):
        many = degree[node] > 1
        rest = (total[node] - own) / np.maximum(degree[node] - 1, 1)[:, None]
        here, there = np.hypot(*(own - rest).T), np.hypot(*(other - rest).T)
        gain += np.where(many, here - there, 0.0)
    return gain


def _log_apart(line: Lines, start: Ints, end: Ints, xy: Floats, log: Log) -> None:
    node = np.concatenate([start, end])
    gap = np.hypot(*(np.vstack(_tips(line)) - xy[node]).T)
    widest = np.zeros(len(xy))
    np.maximum.at(widest, node, gap)
    for k in np.flatnonzero(widest > APART_M).tolist():
        note = f"同一节点的线端相距 {widest[k]:.1f} m ends of one node lie apart"
        log.add("node_apart", spot(xy[k]), "", spot(xy[k]), note)

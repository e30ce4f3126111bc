"""A network whose nodes are known already, as NHDPlus and models give it."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.errors import NetworkError
from geotool.network._build import in_metres, prepare_structures, sorted_rows
from geotool.network._lines import Floats, Ints, Lines, Log, spot
from geotool.network._model import RiverNetwork
from geotool.network._reaches import assemble, texts_of
from geotool.network._splitting import Pieces
from geotool.network._structures import place_structures

APART_M = 1.0
"""Ends of one node that lie farther apart are told of."""


def network_from_topology(
    rivers: gpd.GeoDataFrame,
    *,
    from_node: str = "from_node",
    to_node: str = "to_node",
    structures: gpd.GeoDataFrame | None = None,
    structure_m: float = 50.0,
) -> RiverNetwork:
    """
    Make a network of lines that name the nodes they run from and to.

    Nothing is snapped, split or left out: lines that merely cross do not meet. Water
    runs from ``from_node`` to ``to_node``, unless ``direction`` says ``both`` or
    ``unknown``.

    Parameters
    ----------
    rivers : GeoDataFrame of lines
        A ``rivers`` layer with two more columns.
    from_node, to_node : str
        Names of the columns with the node ids.
    structures : GeoDataFrame of points, optional
    structure_m : float

    Returns
    -------
    RiverNetwork
        Directions are ``given``. Lines drawn against their nodes are turned, and nodes
        whose ends lie apart are named in the log.

    Raises
    ------
    NetworkError
        If a column or a node id is missing, or a line comes in several parts.

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
    >>> network = network_from_topology(rivers, from_node="FromNode", to_node="ToNode")
    >>> network.reaches[["reach_id", "from_node", "to_node"]].to_numpy().tolist()
    [['A', 0, 1], ['B', 1, 2]]
    """
    log = Log()
    if len(rivers) == 0:
        raise NetworkError("河流图层是空的。", "The layer of rivers is empty.")
    metric, _, ids, subjects = sorted_rows(in_metres(rivers, log))
    start, end, count = _numbers(metric, from_node, to_node)
    line = _single_lines(metric, subjects)
    line = _turned(line, start, end, count, subjects, log)
    xy = _places(line, start, end, count)
    _log_apart(line, start, end, xy, log)
    said = np.array(texts_of(metric, "direction"), dtype=object)
    metric["direction"] = np.where(
        np.isin(said, ("both", "unknown")), said, "digitized"
    ).astype(object)
    rows = np.arange(len(line), dtype=np.int64)
    still = np.zeros(len(line), dtype=bool)
    pieces = Pieces(line, rows, start, end, rows, np.zeros(len(line)), still, xy)
    points = prepare_structures(structures, metric.crs)
    names = texts_of(metric, "name")
    placed = place_structures(pieces, points, names, max_m=structure_m, log=log)
    return assemble(placed, metric, ids, log)


def _numbers(
    rivers: gpd.GeoDataFrame, from_node: str, to_node: str
) -> tuple[Ints, Ints, int]:
    """Give numbers to the nodes that two columns name."""
    for column in (from_node, to_node):
        if column not in rivers.columns:
            raise NetworkError(
                f"河流图层没有节点列 {column!r}；请用 from_node=、to_node= 指明列名。",
                f"The rivers have no node column {column!r}; name it with from_node= "
                "and to_node=.",
            )
        bare = np.flatnonzero([text == "" for text in texts_of(rivers, column)])
        if len(bare):
            row = int(rivers["source_row"].iloc[bare[0]])
            raise NetworkError(
                f"{column} 列有 {len(bare)} 行为空，首见于第 {row} 行；请补全或改用 "
                "build_network。",
                f"{len(bare)} cells of {column} are empty, the first in row {row}; fill "
                "them or use build_network.",
            )
    names = pd.concat([rivers[from_node], rivers[to_node]], ignore_index=True)
    number, known = pd.factorize(names)
    half = len(rivers)
    return number[:half].astype(np.int64), number[half:].astype(np.int64), len(known)


def _single_lines(rivers: gpd.GeoDataFrame, subjects: list[str]) -> Lines:
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
    line: Lines, start: Ints, end: Ints, count: int, subjects: list[str], log: Log
) -> Lines:
    """Turn lines that are drawn from their ``to_node`` to their ``from_node``."""
    line = line.copy()
    for _ in range(len(line)):
        gain = _gain_of_turning(line, start, end, count)
        worst = int(np.argmax(gain))  # one at a time: it moves the others' nodes
        if gain[worst] <= APART_M:
            break
        line[worst] = shapely.reverse(line[worst])
        log.add("turn", subjects[worst], "", "", "线与节点方向相反，已翻转 turned")
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

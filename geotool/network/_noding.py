"""Where lines meet: ends, touches, crossings and stretches they share."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
import shapely
from scipy.spatial import cKDTree

from geotool.network._contacts import EXACT_M, contacts
from geotool.network._lines import (
    Bools,
    Floats,
    Ints,
    Lines,
    Log,
    SimpleLines,
    spot,
)


@dataclass(frozen=True)
class Meetings:
    """
    Points of lines that may become nodes: all ends, then all intersections.

    Attributes
    ----------
    xy : array of float, shape (k, 2)
    part : array of int
        Simple line each lies on.
    whole : array of int
        Line that was cut into simple lines.
    measure_m : array of float
        Metres from the start of the simple line.
    is_end : array of bool
        Ends as drawn.
    is_joint : array of bool
        Ends of simple lines that are only cuts of ours.
    group : array of int
        Points of one place share a number.
    """

    xy: Floats
    part: Ints
    whole: Ints
    measure_m: Floats
    is_end: Bools
    is_joint: Bools
    group: Ints


def find_meetings(
    simple: SimpleLines, *, over: Lines, over_m: float, log: Log
) -> Meetings:
    """
    Collect the ends and intersections of all lines.

    Parameters
    ----------
    simple : SimpleLines
    over : array of Point
        Siphons, aqueducts and culverts: a crossing within ``over_m`` of one is none.
    over_m : float
    log : Log
    """
    lines = simple.line
    n = len(lines)
    length = shapely.length(lines)
    ends = np.vstack(_ends(lines))
    own = np.tile(np.arange(n), 2)
    joint = simple.joint.T.ravel()
    xy, part = contacts(lines)
    measure = shapely.line_locate_point(lines[part], shapely.points(xy))
    keep = _not_passing_over(xy, ends[~joint], over, over_m, log)
    keep &= (measure > EXACT_M) & (measure < length[part] - EXACT_M)
    xy, part, measure = xy[keep], part[keep], measure[keep]
    all_xy, all_part = np.vstack([ends, xy]), np.concatenate([own, part])
    is_inner = np.arange(len(all_xy)) >= 2 * n
    is_joint = np.concatenate([joint, np.zeros(len(xy), dtype=bool)])
    meetings = Meetings(
        xy=all_xy,
        part=all_part,
        whole=simple.whole[all_part],
        measure_m=np.concatenate([np.zeros(n), length, measure]),
        is_end=~is_inner & ~is_joint,
        is_joint=is_joint,
        group=same_place(all_xy),
    )
    _log_splits(meetings, log)
    return meetings


def _log_splits(meetings: Meetings, log: Log) -> None:
    """Write down where lines are cut because another touches or crosses them."""
    group = meetings.group
    if len(group) == 0:
        return
    count = int(group.max()) + 1
    inner = np.bincount(group, ~(meetings.is_end | meetings.is_joint), count) > 0
    has_joint = np.bincount(group, meetings.is_joint, count) > 0
    has_end = np.bincount(group, meetings.is_end, count) > 0
    low = np.full(count, np.iinfo(np.int64).max)
    high = np.full(count, -1)
    np.minimum.at(low, group, meetings.whole)
    np.maximum.at(high, group, meetings.whole)
    split = inner | (has_joint & (has_end | (low != high)))
    _, first = np.unique(group, return_index=True)
    for number in np.flatnonzero(split).tolist():
        where = spot(meetings.xy[first[number]])
        how = (
            "端点落在线上，已打断 end on a line, split there"
            if has_end[number]
            else "两线相交，已打断 lines cross, split there"
        )
        log.add("split", where, "", where, how)


def _ends(lines: Lines) -> tuple[Floats, Floats]:
    return (
        shapely.get_coordinates(shapely.get_point(lines, 0)),
        shapely.get_coordinates(shapely.get_point(lines, -1)),
    )


def _not_passing_over(
    xy: Floats, ends: Floats, over: Lines, over_m: float, log: Log
) -> Bools:
    """Which intersections are real; crossings under a siphon or aqueduct are not."""
    if len(over) == 0 or len(xy) == 0:
        return np.ones(len(xy), dtype=bool)
    distance, _ = cKDTree(shapely.get_coordinates(over)).query(xy)
    passes = distance <= over_m
    if len(ends):  # a touch at the end of a line joins, whatever stands there
        gap, _ = cKDTree(ends).query(xy[passes])
        passes[passes] = gap > EXACT_M
    _, first = np.unique(same_place(xy[passes]), return_index=True)
    for where in xy[passes][first]:
        log.add("pass_over", spot(where), "crossing", "", "立交，不连通 passes over")
    return ~passes


def same_place(xy: Floats) -> Ints:
    """
    Give points within 1 mm of each other the same number.

    Examples
    --------
    >>> same_place(np.array([[0, 0], [5, 0], [0, 0.0001]])).tolist()
    [0, 1, 0]
    """
    if len(xy) == 0:
        return np.zeros(0, dtype=np.int64)
    unique, number = np.unique(xy.round(9), axis=0, return_inverse=True)
    pairs = cKDTree(unique).query_pairs(EXACT_M, output_type="ndarray")
    graph = sp.coo_array(
        (np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (len(unique), len(unique))
    )
    place = sp.csgraph.connected_components(graph, directed=False)[1]
    return place[number.ravel()].astype(np.int64)

"""Where lines meet: ends, touches, crossings and stretches they share."""

from dataclasses import dataclass

import numpy as np
import shapely

from geotool.network._contacts import contacts
from geotool.network._engine import engine
from geotool.network._limits import EXACT_M
from geotool.network._lines import SimpleLines
from geotool.network._log import Log, spot
from geotool.network._near import Places
from geotool.network._ragged import Bools, Floats, Ints, Lines


@dataclass(frozen=True)
class Meetings:
    """
    Points of lines that may become nodes: all starts, all ends, all intersections.

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
    places : Places
        Points of one place become one node.
    """

    xy: Floats
    part: Ints
    whole: Ints
    measure_m: Floats
    is_end: Bools
    is_joint: Bools
    places: Places

    @property
    def group(self) -> Ints:
        """Number of the place of each."""
        return self.places.number


def find_meetings(
    simple: SimpleLines, *, over: Lines, over_m: float, snap_m: float, log: Log
) -> Meetings:
    """
    Collect the ends and intersections of all lines.

    Parameters
    ----------
    simple : SimpleLines
    over : array of Point
        Siphons, aqueducts and culverts: a crossing within ``over_m`` of one is none.
    over_m : float
    snap_m : float
        How near places have to be to be found by ``Places.near``.
    log : Log
    """
    n = len(simple.shape)
    length = simple.length_m
    ends = np.vstack(simple.ends())
    joint = simple.joint.T.ravel()
    xy, part = contacts(simple.shape, simple.whole)
    measure = engine(len(simple.shape.xy)).locate(
        simple.shape.xy, simple.shape.start, simple.shape.stop, part, xy
    )
    keep = (measure > EXACT_M) & (measure < length[part] - EXACT_M)
    if len(over):
        keep &= _not_passing_over(xy, ends[~joint], over, over_m, log)
    xy, part, measure = xy[keep], part[keep], measure[keep]
    all_xy = np.vstack([ends, xy])
    all_part = np.concatenate([np.tile(np.arange(n), 2), part])
    is_inner = np.arange(len(all_xy)) >= 2 * n
    is_joint = np.concatenate([joint, np.zeros(len(xy), dtype=bool)])
    is_end = ~is_inner & ~is_joint
    return Meetings(
        xy=all_xy,
        part=all_part,
        whole=simple.whole[all_part],
        measure_m=np.concatenate([np.zeros(n), length, measure]),
        is_end=is_end,
        is_joint=is_joint,
        places=Places(all_xy, snap_m, is_end),
    )


def _not_passing_over(
    xy: Floats, ends: Floats, over: Lines, over_m: float, log: Log
) -> Bools:
    """Which intersections are real; crossings under a siphon or aqueduct are not."""
    if len(xy) == 0:
        return np.ones(len(xy), dtype=bool)
    from scipy.spatial import cKDTree  # slow to load, and most never need it

    distance, _ = cKDTree(shapely.get_coordinates(over)).query(xy)
    passes = distance <= over_m
    if len(ends):  # a touch at the end of a line joins, whatever stands there
        gap, _ = cKDTree(ends).query(xy[passes])
        passes[passes] = gap > EXACT_M
    _, first = np.unique(Places(xy[passes]).number, return_index=True)
    for where in xy[passes][first]:
        log.add("pass_over", spot(where), "crossing", "", "立交，不连通 passes over")
    return ~passes

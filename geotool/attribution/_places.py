"""Places on the water at which a source that is in no register may lie.

A place is the middle of a short piece of canal. What is put in there goes the way of the
water below the piece, later by the rest of the piece: the sweep that gives every node
its kernels gives every place its own, and no further solve is needed.
"""

from dataclasses import dataclass, replace

import numpy as np

from geotool.attribution._lags import Kernels, travel_hours
from geotool.attribution._members import Flow, Web
from geotool.attribution._problem import Floats, Ints, Problem
from geotool.attribution._series_web import Pieces

LEAST_M = 1000.0
"""Places are no closer together than this, but for one on every segment."""

MANY = 100
"""About so many places; longer webs have them farther apart."""


@dataclass(frozen=True, eq=False)
class Places:
    """
    Short pieces of canal, each met at its middle.

    Attributes
    ----------
    piece : array of int
        Piece of the web on which each lies.
    part : array of float
        How far along the piece, as drawn, from 0 to 1.
    owner : array of int
        Candidate of the problem whose stretch it is part of.
    segment : array of int
        Segment of the canals.
    low_m, high_m : array of float
        From and to, on its reach.
    """

    piece: Ints
    part: Floats
    owner: Ints
    segment: Ints
    low_m: Floats
    high_m: Floats

    @property
    def length_m(self) -> Floats:
        """Length of each place."""
        return self.high_m - self.low_m


def places_of(problem: Problem, pieces: Pieces) -> Places:
    """Cut the stretches of a problem that lie in a web into places."""
    canals, segment = problem.canals, pieces.segment
    owner = np.full(len(canals.start), -1)
    for number, group in enumerate(problem.groups, start=problem.n):
        owner[group.segments] = number
    own = owner[segment]
    inside = np.flatnonzero(own >= 0)
    length = pieces.length_m
    apart = max(LEAST_M, float(length[inside].sum()) / MANY)
    count = np.maximum(np.ceil(length[inside] / apart).astype(np.int64), 1)
    piece = np.repeat(inside, count)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    share = 1.0 / np.repeat(count, count)
    # a long segment has several pieces, in the order of the drawing
    first = np.append(True, segment[1:] != segment[:-1])
    before = np.cumsum(length) - length
    begin = canals.low_m[segment] + before - before[first][np.cumsum(first) - 1]
    low = begin[piece] + number * share * length[piece]
    return Places(
        piece=piece,
        part=(number + 0.5) * share,
        owner=own[piece],
        segment=segment[piece],
        low_m=low,
        high_m=low + share * length[piece],
    )


def with_places(
    kernels: Kernels, web: Web, flow: Flow, member: int, places: Places
) -> Kernels:
    """
    Add the places to the nodes of a member's kernels, numbered after them.

    The place behind which the water goes on hangs on the member: on another flow the
    same piece runs the other way.
    """
    piece = places.piece
    hours = travel_hours(
        web.length_m, web.width_m, flow.depth_m[member], flow.flow_m3_s[member]
    )[piece]
    along = flow.flow_m3_s[member][piece] >= 0
    tip = np.where(along, web.end[piece], web.start[piece])
    late = hours * np.where(along, 1.0 - places.part, places.part)
    return replace(
        kernels,
        root=np.concatenate([kernels.root, kernels.root[tip]]),
        delay_h=np.concatenate([kernels.delay_h, kernels.delay_h[tip] + late]),
    )


def places_told(places: Places, share: Floats) -> dict[int, Floats]:
    """
    Give the places of each stretch: segment, from, to, and part of its probability.

    Parameters
    ----------
    places : Places
    share : array of float, one a place

    Returns
    -------
    dict
        Candidate to an array with four columns.
    """
    table = np.column_stack([places.segment, places.low_m, places.high_m, share])
    found = {}
    for owner in np.unique(places.owner).tolist():
        own = table[places.owner == owner]
        total = own[:, 3].sum()
        own[:, 3] = own[:, 3] / total if total > 0 else 1.0 / len(own)
        found[owner] = own
    return found

"""Zones put together by compiled loops; what these cannot tell for sure, GEOS does."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.zones._corners import Corners
from geotool.zones._merge import CLOSE_GAP_M, Links, groups, merge_class

Ints = NDArray[np.intp]
Flags = NDArray[np.bool_]

_HAIR_M = 2 * CLOSE_GAP_M
_NOT_IN, _ALONE = -1, -2


@dataclass(frozen=True, eq=False)
class Contacts:
    """
    How zones meet.

    Attributes
    ----------
    shapes : array of Polygon or MultiPolygon
    corners : Corners
        The same.
    links : Links
        Pairs that touch or lie a hair apart.
    hard : array of bool, shape (zones,)
        Zones for which compiled loops may be wrong.
    node, mate, cross, place : arrays
        As the loop ``contacts`` gives them, crossings sorted by edge.
    """

    shapes: NDArray[np.object_]
    corners: Corners
    links: Links
    hard: Flags
    node: Flags
    mate: NDArray[np.int32]
    cross: Ints
    place: NDArray[np.float64]

    @classmethod
    def of(
        cls, shapes: NDArray[np.object_], corners: Corners | None = None
    ) -> "Contacts":
        """Look at all pairs of zones whose boxes overlap."""
        from geotool.zones._kernels._contacts import DOUBT, HAIR, TOUCH

        corners = Corners.of(shapes) if corners is None else corners
        one, two = _pairs(corners.box)
        state, node, mate, cross, place = _looked_at(corners, one, two)
        touch, doubt = state & TOUCH > 0, state & DOUBT > 0
        touch[doubt] = shapely.intersects(shapes[one[doubt]], shapes[two[doubt]])
        group = groups(len(shapes), one[touch], two[touch])
        near = (state & (HAIR | DOUBT) > 0) & ~touch & (group[one] != group[two])
        near[near] = shapely.dwithin(shapes[one[near]], shapes[two[near]], _HAIR_M)
        hard = ~corners.sound
        hard[one[doubt | near]] = True
        hard[two[doubt | near]] = True
        is_hair = np.repeat([False, True], [int(touch.sum()), int(near.sum())])
        links = Links(
            np.concatenate([one[touch], one[near]]),
            np.concatenate([two[touch], two[near]]),
            is_hair,
        )
        order = np.lexsort((place[:, 0], cross[:, 0]))
        return cls(shapes, corners, links, hard, node, mate, cross[order], place[order])

    def outlines(self, is_in: Flags) -> tuple[NDArray[np.int32], list[Corners]]:
        """
        Put the zones of a class together.

        Returns
        -------
        area_of : array of int, shape (zones,)
            The outline of each zone, counted through the list; -1 for zones of other
            classes, -2 for those that no other of the class touches.
        outlines : list of Corners
        """
        mine = is_in[self.links.one] & is_in[self.links.two]
        group = groups(len(self.shapes), self.links.one[mine], self.links.two[mine])
        size = np.bincount(group[is_in], minlength=group.max() + 1)
        is_hard = np.zeros(len(size), dtype=bool)
        is_hard[group[self.hard & is_in]] = True
        area_of = np.where(is_in, _ALONE, _NOT_IN).astype(np.int32)
        together = is_in & (size[group] > 1)
        found, count = [], 0
        quick = np.flatnonzero(together & ~is_hard[group])
        if len(quick):
            quick = quick[np.argsort(group[quick], kind="stable")]
            starts = np.flatnonzero(np.diff(group[quick], prepend=-1, append=-1))
            made, done = self._put_together(quick, starts, is_in)
            is_hard[group[quick[starts[:-1][~done]]]] = True
            area_of[quick] = np.repeat(np.arange(len(done)), np.diff(starts))
            found, count = [made], len(done)
        slow = together & is_hard[group]
        if slow.any():
            merged = merge_class(self.shapes, self.links, slow)
            area_of[slow] = count + merged.of_zone[slow]
            found.append(Corners.of(merged.shapes))
        return area_of, found

    def _put_together(
        self, member: Ints, starts: Ints, is_in: Flags
    ) -> tuple[Corners, Flags]:
        from geotool.zones._kernels import outlines

        # a piece of an edge has two ends, if each began a chain of its own
        room = 2 * (len(self.corners.corner) + len(self.cross)) + 8
        corner, ring = np.empty((room, 2)), np.empty(room, np.int64)
        first, done = np.empty(len(starts), np.int64), np.empty(len(starts) - 1, bool)
        outlines(
            *self.corners.rings,
            self.corners.box,
            self.node,
            self.mate,
            self.cross,
            self.place,
            member,
            starts,
            is_in,
            _HAIR_M,
            done,
            corner,
            ring,
            first,
        )
        ring = ring[: first[-1] + 1].copy()
        shell = np.zeros(len(ring) - 1, dtype=bool)
        return Corners(corner[: ring[-1]].copy(), ring, first, shell), done


def _pairs(box: NDArray[np.float64]) -> tuple[Ints, Ints]:
    """List pairs of zones whose boxes overlap or lie a hair apart, each once."""
    from geotool.zones._kernels import overlapping_boxes

    grown = box + np.array([-0.5, -0.5, 0.5, 0.5]) * _HAIR_M
    side = grown[:, 2:] - grown[:, :2]
    extent = grown[:, 2:].max(axis=0) - grown[:, :2].min(axis=0)
    axis = int(np.argmin(side.sum(axis=0) / extent))
    order = np.argsort(grown[:, axis], kind="stable")
    room = 8 * len(box) + 64
    while True:
        one, two = np.empty(room, np.int64), np.empty(room, np.int64)
        count = overlapping_boxes(grown, order, axis, one, two)
        if count <= room:
            return one[:count], two[:count]
        room = count


def _looked_at(corners: Corners, one: Ints, two: Ints) -> tuple[NDArray, ...]:
    from geotool.zones._kernels import contacts

    state = np.empty(len(one), np.int8)
    node = np.zeros(len(corners.corner), dtype=bool)
    mate = np.full(len(corners.corner), -1, dtype=np.int32)
    room = len(corners.corner) + 64
    while True:
        cross, place = np.empty((room, 2), np.int64), np.empty((room, 3))
        count = contacts(
            *corners.rings,
            corners.box,
            one,
            two,
            _HAIR_M,
            state,
            node,
            mate,
            cross,
            place,
        )
        if count <= room:
            return state, node, mate, cross[:count].copy(), place[:count].copy()
        room = count

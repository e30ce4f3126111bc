"""Signed distances of points to the edges of areas, pair by pair.

A loop over edges is what numba does best; without it GEOS gives the same, slower.
"""

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]

IS_THERE = find_spec("numba") is not None
"""Whether pyproject's extra "fast" is installed."""

COMPILED_FROM = 20_000
"""Loading compiled code takes a second; fewer pairs are measured sooner without it."""


@dataclass(frozen=True, eq=False)
class Edges:
    """
    Areas as one array of edges.

    Attributes
    ----------
    shapes : array of Polygon or MultiPolygon
    corner : array of float, shape (corners, 2)
        Corners of the rings, those of an area one after the other.
    edge : array of int
        The corner each edge begins at; it ends at the next.
    first : array of int, shape (areas + 1,)
        First edge of each area.
    span : array of float, shape (edges, 2)
        Lowest and highest northing of each edge: most need no more to be passed over.
    """

    shapes: NDArray[np.object_]
    corner: Floats
    edge: NDArray[np.int32]
    first: NDArray[np.int64]
    span: Floats

    @classmethod
    def of(cls, shapes: NDArray[np.object_]) -> "Edges":
        """Take areas apart."""
        kind, corner, offsets = shapely.to_ragged_array(shapes, include_z=False)
        of_ring, of_part = offsets[0], offsets[1]
        of_shape = of_part
        if kind == shapely.GeometryType.MULTIPOLYGON:
            of_shape = of_part[offsets[2]]
        # the last corner of a ring begins no edge
        begins = np.ones(len(corner), dtype=bool)
        begins[of_ring[1:] - 1] = False
        edge = np.flatnonzero(begins).astype(np.int32)
        first = np.searchsorted(edge, of_ring[of_shape])
        y, after = corner[edge, 1], corner[edge + 1, 1]
        span = np.column_stack([np.minimum(y, after), np.maximum(y, after)])
        return cls(shapes, corner, edge, first, span)

    def signed(
        self, xy: Floats, point: Ints, area: Ints, *, fast: bool | None = None
    ) -> Floats:
        """
        Measure pairs: metres from a point to the edge of an area, negative inside.

        Parameters
        ----------
        xy : array of float, shape (points, 2)
        point, area : array of int
            Positions of the pairs.
        fast : bool, optional
            Whether to take compiled code; by default where it is there and pays.

        Examples
        --------
        >>> square = Edges.of(np.array([shapely.box(0, 0, 10, 10)]))
        >>> xy = np.array([[5.0, 4.0], [13.0, 14.0]])
        >>> square.signed(xy, np.array([0, 1]), np.array([0, 0])).tolist()
        [-4.0, 5.0]
        """
        if fast is None:
            fast = IS_THERE and len(point) >= COMPILED_FROM
        if fast:
            return compiled().signed(
                xy, point, area, self.corner, self.edge, self.first
            )
        place, shape = shapely.points(xy[point]), self.shapes[area]
        distance = shapely.distance(place, shapely.boundary(self.shapes)[area])
        inside = shapely.intersects_xy(shape, xy[point, 0], xy[point, 1])
        return np.where(inside, -distance, distance)

    def reached(
        self,
        xy: Floats,
        point: Ints,
        area: Ints,
        reach_m: Floats,
        *,
        hold_m: float = 0.0,
        fast: bool | None = None,
    ) -> NDArray[np.int8]:
        """
        Tell which pairs lie inside or no farther than a reach, faster than measuring.

        Parameters
        ----------
        xy, point, area, fast
            As :meth:`signed`.
        reach_m : array of float, shape (points,)
        hold_m : float
            A shorter reach, no longer than any of ``reach_m``.

        Returns
        -------
        array of int
            2 inside or within ``hold_m``, 1 within the reach, else 0.
        """
        if fast is None:
            fast = IS_THERE and len(point) >= COMPILED_FROM
        if fast:
            return compiled().reached(
                xy,
                point,
                area,
                self.corner,
                self.edge,
                self.first,
                self.span,
                reach_m,
                hold_m,
            )
        distance = self.signed(xy, point, area, fast=False)
        near = (distance <= reach_m[point]).astype(np.int8)
        return near + (distance <= hold_m)


@cache
def compiled() -> Any:
    """Compile the loops, once; numba keeps them on disk for the next time."""
    import numba  # heavy, and most never need it

    compile_it = numba.njit(cache=True, nogil=True)
    return SimpleNamespace(
        signed=compile_it(signed_pairs), reached=compile_it(reached_pairs)
    )


def reached_pairs(
    xy: Any,
    point: Any,
    area: Any,
    corner: Any,
    edge: Any,
    first: Any,
    span: Any,
    reach_m: Any,
    hold_m: float,
) -> Any:
    """Decide pairs as :meth:`Edges.reached`: plain Python, to be compiled."""
    found = np.zeros(len(point), dtype=np.int8)
    for k in range(len(point)):
        px, py, reach = xy[point[k], 0], xy[point[k], 1], reach_m[point[k]]
        inside, near, held = False, False, False
        for e in range(first[area[k]], first[area[k] + 1]):
            if span[e, 1] < py - reach or span[e, 0] > py + reach:
                continue  # neither crossed nor near
            i = edge[e]
            ax, ay = corner[i, 0], corner[i, 1]
            bx, by = corner[i + 1, 0], corner[i + 1, 1]
            dx, dy, wx, wy = bx - ax, by - ay, px - ax, py - ay
            beside, length = wx * dy - wy * dx, dx * dx + dy * dy
            if (ay > py) != (by > py) and (beside > 0.0) == (dy < 0.0):
                inside = not inside
            if beside * beside > reach * reach * length * 1.000001:
                continue
            t = 0.0
            if length > 0.0:
                t = min(max((wx * dx + wy * dy) / length, 0.0), 1.0)
            ex, ey = wx - t * dx, wy - t * dy
            square = ex * ex + ey * ey
            near |= square <= reach * reach
            held |= square <= hold_m * hold_m
        if inside or held:
            found[k] = 2
        elif near:
            found[k] = 1
    return found


def signed_pairs(
    xy: Any, point: Any, area: Any, corner: Any, edge: Any, first: Any
) -> Any:
    """Measure pairs as :meth:`Edges.signed`: plain Python, to be compiled."""
    found = np.empty(len(point))
    for k in range(len(point)):
        px, py = xy[point[k], 0], xy[point[k], 1]
        least, inside = np.inf, False
        for e in range(first[area[k]], first[area[k] + 1]):
            i = edge[e]
            ax, ay = corner[i, 0], corner[i, 1]
            bx, by = corner[i + 1, 0], corner[i + 1, 1]
            dx, dy, wx, wy = bx - ax, by - ay, px - ax, py - ay
            length, t, beside = dx * dx + dy * dy, 0.0, wx * dy - wy * dx
            # an edge counts with its lower end, so that a corner counts once
            if (ay > py) != (by > py) and (beside > 0.0) == (dy < 0.0):
                inside = not inside
            if beside * beside > least * length * 1.000001:
                continue  # the line it lies on is too far; no division
            if length > 0.0:
                t = min(max((wx * dx + wy * dy) / length, 0.0), 1.0)
            ex, ey = wx - t * dx, wy - t * dy
            least = min(least, ex * ex + ey * ey)
        distance = np.sqrt(least)
        found[k] = -distance if inside else distance
    return found

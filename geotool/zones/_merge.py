"""Zones of one class put together where they touch: the line between decides nothing."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from geotool.zones._threads import in_threads

Shapes = NDArray[np.object_]

CLOSE_GAP_M = 0.1
"""Hair gaps between rings that were projected apart are closed; not real gaps."""


@dataclass(frozen=True, eq=False)
class Links:
    """
    Pairs of shapes that touch, or lie a hair apart.

    Attributes
    ----------
    one, two : array of int
    is_hair : array of bool
        Whether the two of a pair do not touch.
    """

    one: NDArray[np.intp]
    two: NDArray[np.intp]
    is_hair: NDArray[np.bool_]

    @classmethod
    def of(cls, shapes: Shapes) -> "Links":
        """
        Find the pairs.

        Examples
        --------
        >>> row = np.array([shapely.box(x, 0, x + 1, 1) for x in (0, 1, 2.05, 5)])
        >>> links = Links.of(row)
        >>> links.one.tolist(), links.two.tolist(), links.is_hair.tolist()
        ([0, 1], [1, 2], [False, True])
        """
        one, two = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        once = one < two
        one, two = one[once], two[once]
        # those a hair apart overlap by their boxes, once these are grown
        box = shapely.bounds(shapes) + np.array([-1, -1, 1, 1]) * 2 * CLOSE_GAP_M
        a, b = shapely.STRtree(np.asarray(shapely.box(*box.T))).query(shapes)
        group = groups(len(shapes), one, two)
        apart = (a < b) & (group[a] != group[b])
        a, b = a[apart], b[apart]
        near = shapely.dwithin(shapes[a], shapes[b], 2 * CLOSE_GAP_M)
        is_hair = np.repeat([False, True], [len(one), int(near.sum())])
        return cls(
            np.concatenate([one, a[near]]), np.concatenate([two, b[near]]), is_hair
        )


def groups(
    count: int, one: NDArray[np.intp], two: NDArray[np.intp]
) -> NDArray[np.int32]:
    """Give a number to the groups that links make."""
    links = coo_array((np.ones(len(one), dtype=bool), (one, two)), (count, count))
    return connected_components(links, directed=False)[1]


@dataclass(frozen=True, eq=False)
class Merged:
    """
    The zones of one class, put together by groups.

    Attributes
    ----------
    shapes : array of Polygon or MultiPolygon
        No two of them touch.
    of_zone : array of int
        Position in ``shapes`` of each zone; -1 for zones of another class.
    is_single : array of bool
        Whether a shape is one zone as it was.
    """

    shapes: Shapes
    of_zone: NDArray[np.intp]
    is_single: NDArray[np.bool_]


def merge_class(
    shapes: Shapes,
    links: Links,
    is_in: NDArray[np.bool_],
    *,
    known: Merged | None = None,
) -> Merged:
    """
    Put the zones of one class together.

    Parameters
    ----------
    shapes : array of Polygon or MultiPolygon
        All zones.
    links : Links
        Between all zones.
    is_in : array of bool
        Which zones are of the class.
    known : Merged, optional
        A part of the class that is put together already: less to do.
    """
    rows = np.flatnonzero(is_in)
    of_zone = np.full(len(shapes), -1, dtype=np.intp)
    if len(rows) == 0:
        return Merged(shapes[rows], of_zone, np.empty(0, dtype=bool))
    mine = is_in[links.one] & is_in[links.two]
    one, two = links.one[mine], links.two[mine]
    group = groups(len(shapes), one, two)
    rows = rows[np.argsort(group[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(group[rows], prepend=-1))
    members = np.split(rows, starts[1:])
    of_zone[rows] = np.repeat(np.arange(len(members)), [len(m) for m in members])
    many = np.array([len(member) > 1 for member in members])
    made = _coverages(shapes, members)
    areas = np.add.reduceat(shapely.area(shapes[rows]), starts)
    fits = many & (np.abs(shapely.area(made) - areas) <= 1e-9 * areas)
    fits[fits] = in_threads(shapely.is_valid, made[fits])
    for k in np.flatnonzero(many & ~fits):
        made[k] = shapely.union_all(_parts(shapes, members[k], known))
    # a gap lies between two that do not touch, or is a hole as thin as a hair
    gappy = _has_slit(made) & many
    gappy[of_zone[one[links.is_hair[mine]]]] = True
    made[gappy] = close_gaps(made[gappy])
    return Merged(made, of_zone, ~many)


def _parts(shapes: Shapes, member: NDArray[np.intp], known: Merged | None) -> Shapes:
    """Give the shapes of a group, those that are together already as one."""
    if known is None:
        return shapes[member]
    of = known.of_zone[member]
    return np.concatenate(
        [known.shapes[np.unique(of[of >= 0])], shapes[member[of < 0]]]
    )


def _coverages(shapes: Shapes, members: list[NDArray[np.intp]]) -> Shapes:
    """Unite the zones of each group; groups of one size all at once."""
    made = np.empty(len(members), dtype=object)
    count = np.array([len(member) for member in members])
    for size in np.unique(count).tolist():
        rows = np.flatnonzero(count == size)
        some = shapes[np.array([members[k] for k in rows])]
        try:
            made[rows] = in_threads(_unite, some) if size > 1 else some[:, 0]
        except shapely.errors.GEOSException:  # of one group: each by itself
            made[rows] = [_coverage(group) for group in some]
    return made


def _unite(some: Shapes) -> Shapes:
    return np.asarray(shapely.coverage_union_all(some, axis=1), dtype=object)


def _coverage(shapes: Shapes) -> BaseGeometry:
    """Unite shapes that meet edge to edge, quickly; others come out wrong or empty."""
    try:
        return shapely.coverage_union_all(shapes)
    except shapely.errors.GEOSException:  # edges of one end within edges of another
        return shapely.Polygon()


def close_gaps(shapes: Shapes) -> Shapes:
    """Close gaps narrower than a hair."""
    grown = shapely.buffer(shapes, CLOSE_GAP_M, join_style="mitre")
    return shapely.buffer(grown, -CLOSE_GAP_M, join_style="mitre")


def _has_slit(shapes: Shapes) -> NDArray[np.bool_]:
    """Tell which shapes have a hole no wider than the gaps to be closed."""
    found = np.zeros(len(shapes), dtype=bool)
    parts, owner = shapely.get_parts(shapes, return_index=True)
    has_hole = shapely.get_num_interior_rings(parts) > 0
    for part, of in zip(parts[has_hole], owner[has_hole], strict=True):
        holes = shapely.polygons(shapely.get_rings(part)[1:])
        width = 2 * shapely.area(holes) / shapely.length(holes)
        found[of] |= bool((width < 2 * CLOSE_GAP_M).any())
    return found

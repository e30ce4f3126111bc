"""Areas taken apart to corners, for compiled loops."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.zones._zone_table import valid

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Corners:
    """
    Areas as one array of corners.

    Attributes
    ----------
    corner : array of float, shape (corners, 2)
        Corners of the rings one after the other, the first of a ring again as its
        last. Shells run anticlockwise, holes clockwise.
    ring : array of int, shape (rings + 1,)
        First corner of each ring.
    first : array of int, shape (areas + 1,)
        First ring of each area.
    shell : array of bool, shape (rings,)
        Which rings are shells; they stand before their holes.
    """

    corner: NDArray[np.float64]
    ring: Ints
    first: Ints
    shell: NDArray[np.bool_]

    @classmethod
    def of(cls, shapes: NDArray[np.object_]) -> "Corners":
        """Take polygons and multipolygons apart."""
        from geotool.zones._kernels import turn_rings

        kind, corner, offsets = shapely.to_ragged_array(shapes, include_z=False)
        ring, part = (np.asarray(each, dtype=np.int64) for each in offsets[:2])
        first = part
        if kind == shapely.GeometryType.MULTIPOLYGON:
            first = part[offsets[2]]
        shell = np.zeros(len(ring) - 1, dtype=bool)
        shell[part[:-1][np.diff(part) > 0]] = True
        turn_rings(corner, ring, shell)
        return cls(corner, ring, first, shell)

    @cached_property
    def sound(self) -> NDArray[np.bool_]:
        """Areas that are valid beyond doubt."""
        from geotool.zones._kernels import sound

        found: NDArray[np.bool_] = sound(*self.rings, self.shell)
        return found

    @cached_property
    def box(self) -> NDArray[np.float64]:
        """West, south, east and north of each area."""
        from geotool.zones._kernels import boxes_of

        found: NDArray[np.float64] = boxes_of(*self.rings)
        return found

    @property
    def rings(self) -> tuple[Any, Any, Any]:
        """What compiled loops take."""
        return self.corner, self.ring, self.first


class Checked:
    """
    Tells which shapes are valid, and keeps their corners.

    Attributes
    ----------
    corners : Corners or None
        Of the shapes it was called with last, if all are valid areas.
    """

    corners: Corners | None = None

    def __call__(self, shapes: NDArray[np.object_]) -> NDArray[np.bool_]:
        """Tell which are valid; GEOS is asked where corners do not say for sure."""
        self.corners = None
        if not np.isin(shapely.get_type_id(shapes), (3, 6)).all():
            return valid(shapes)
        corners = Corners.of(shapes)
        found = corners.sound.copy()
        found[~found] = valid(shapes[~found])
        if found.all():
            self.corners = corners
        return found

"""Many lines as one array of coordinates: what building works on.

A million shapely lines are a million objects; here they are one array and, for each
line, where it starts and stops in it. Shapely lines are made of the few that need GEOS.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Lines = NDArray[np.object_]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

CHUNK = 1 << 12
"""Lines taken at once where all of them would need much memory."""


@dataclass(frozen=True)
class Ragged:
    """
    Lines as stretches of one array of coordinates.

    Attributes
    ----------
    xy : array of float, shape (k, 2)
    start, stop : array of int
        Each line is ``xy[start:stop]``; stretches lie in any order.

    Examples
    --------
    >>> lines = shapely.from_wkt(["LINESTRING (0 0, 9 0)", "LINESTRING (4 5, 4 0, 4 -5)"])
    >>> ragged = Ragged.of(lines)
    >>> ragged.start.tolist(), ragged.stop.tolist()
    ([0, 2], [2, 5])
    >>> ragged.lines(np.array([1]))[0].wkt
    'LINESTRING (4 5, 4 0, 4 -5)'
    """

    xy: Floats
    start: Ints
    stop: Ints

    @classmethod
    def of(cls, lines: Lines) -> "Ragged":
        """Take the coordinates of lines."""
        stop = np.cumsum(shapely.get_num_coordinates(lines), dtype=np.int64)
        start = np.concatenate([np.zeros(1, dtype=np.int64), stop[:-1]])
        return cls(shapely.get_coordinates(lines), start[: len(lines)], stop)

    def __len__(self) -> int:
        return len(self.start)

    def at(self, index: Ints | Bools) -> "Ragged":
        """Take some of the lines, over the same coordinates."""
        return Ragged(self.xy, self.start[index], self.stop[index])

    def packed(self) -> "Ragged":
        """Give the same lines with coordinates of their own, one after the other."""
        xy, number = self.vertices()
        stop = np.cumsum(np.bincount(number, minlength=len(self)))
        return Ragged(xy, np.concatenate([[0], stop[:-1]])[: len(self)], stop)

    def vertices(self) -> tuple[Floats, Ints]:
        """Give the vertices of all lines and the number of the line each belongs to."""
        number, at = spread(self.start, self.stop)
        return self.xy[at], number

    def lines(self, index: Ints) -> Lines:
        """Make shapely lines of some."""
        if len(index) == 0:
            return np.zeros(0, dtype=object)
        xy, number = self.at(index).vertices()
        return np.asarray(shapely.linestrings(xy, indices=number), dtype=object)


def spread(start: Ints, stop: Ints) -> tuple[Ints, Ints]:
    """
    List the positions of stretches, and the number of the stretch of each.

    Examples
    --------
    >>> number, at = spread(np.array([0, 7]), np.array([3, 9]))
    >>> number.tolist(), at.tolist()
    ([0, 0, 0, 1, 1], [0, 1, 2, 7, 8])
    """
    size = stop - start
    number = np.repeat(np.arange(len(size)), size)
    before = np.cumsum(size) - size
    return number, np.arange(len(number)) + (start - before)[number]


def chunks(count: int, size: int = CHUNK) -> Iterator[slice]:
    """
    Cut a range into slices.

    Examples
    --------
    >>> list(chunks(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    for low in range(0, count, size):
        yield slice(low, min(low + size, count))

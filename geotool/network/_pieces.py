"""Pieces of lines from node to node, as stretches of arrays of coordinates."""

from dataclasses import dataclass, fields, replace

import numpy as np
import shapely

from geotool.network._engine import engine
from geotool.network._ragged import Bools, Floats, Ints, Lines, Ragged, chunks

_SHARED = ("xy", "own_xy", "node_xy")


@dataclass(frozen=True)
class Pieces:
    """
    Lines from node to node.

    Most are a stretch of a line with a node before and after it; what was cut, joined
    or moved more than that has coordinates of its own.

    Attributes
    ----------
    low, high : array of int
        Stretch of ``xy``, or of ``own_xy``.
    is_own : array of bool
        Whether it is a stretch of ``own_xy``, the places of both nodes included.
    row : array of int
        Position in the rivers.
    start, end : array of int
        Node numbers, in the direction of the parts, not of the drawing.
    whole : array of int
        Number of the part it was cut from.
    along_m : array of float
        Metres along that part to the piece: pieces are numbered by it.
    flipped : array of bool
        Whether the drawing runs the other way.
    xy, own_xy, node_xy : array of float, shape (k, 2)
    """

    low: Ints
    high: Ints
    is_own: Bools
    row: Ints
    start: Ints
    end: Ints
    whole: Ints
    along_m: Floats
    flipped: Bools
    xy: Floats
    own_xy: Floats
    node_xy: Floats

    @classmethod
    def of(cls, lines: Lines, start: Ints, end: Ints, node_xy: Floats) -> "Pieces":
        """Take lines as they are, one a row."""
        shape = Ragged.of(lines)
        count = np.arange(len(lines))
        none = np.zeros(len(lines), dtype=bool)
        return cls(
            shape.start, shape.stop, ~none, count, start, end, count,
            np.zeros(len(lines)), none, np.zeros((0, 2)), shape.xy, node_xy,
        )  # fmt: skip

    def __len__(self) -> int:
        return len(self.low)

    def at(self, index: Bools | Ints) -> "Pieces":
        """Take some of the pieces, over the same nodes."""
        names = [f.name for f in fields(self) if f.name not in _SHARED]
        return replace(self, **{name: getattr(self, name)[index] for name in names})

    def ranked(self, index: Ints) -> Ints:
        """Put some in the order of rivers, of lines cut from one, and along each line."""
        return index[np.lexsort((self.along_m[index], self.whole[index]))]

    def reshaped(self, lines: Lines) -> "Pieces":
        """Give each piece a line of its own."""
        shape = Ragged.of(lines)
        base = len(self.own_xy)
        return replace(
            self,
            low=shape.start + base,
            high=shape.stop + base,
            is_own=np.ones(len(self), dtype=bool),
            own_xy=np.concatenate([self.own_xy, shape.xy]),
        )

    def vertices(self, index: Ints, turned: Bools | None = None) -> tuple[Floats, Ints]:
        """
        Give the vertices of some pieces, and which of them each belongs to.

        Parameters
        ----------
        index : array of int
        turned : array of bool, optional
            Pieces to be given from their end to their start.
        """
        if turned is None:
            turned = np.zeros(len(index), dtype=bool)
        vertices: tuple[Floats, Ints] = engine(len(self.xy)).pieces_of(
            index,
            turned,
            self.low,
            self.high,
            self.is_own,
            (self.start, self.end, self.node_xy),
            (self.xy, self.own_xy),
        )
        return vertices

    def lines(self, index: Ints, turned: Bools | None = None) -> Lines:
        """Make shapely lines of some pieces."""
        made = np.empty(len(index), dtype=object)
        for part in chunks(len(index)):
            flip = None if turned is None else turned[part]
            xy, number = self.vertices(index[part], flip)
            made[part] = shapely.linestrings(xy, indices=number)
        return made

    def drawn(self, index: Ints, turned: Bools) -> tuple[Lines, Floats]:
        """Make shapely lines of some pieces, one after the other, and measure them."""
        made, length = np.empty(len(index), dtype=object), np.empty(len(index))
        work = engine(len(self.xy))
        for part in chunks(len(index)):
            xy, number = self.vertices(index[part], turned[part])
            made[part] = shapely.linestrings(xy, indices=number)
            length[part] = work.lengths_of(made[part], xy, number)
        return made, length

    def lengths(self, index: Ints) -> Floats:
        """Measure some pieces."""
        made = np.empty(len(index))
        own = self.is_own[index]
        low, high = self.low[index], self.high[index]
        made[own] = engine(len(self.own_xy)).lengths(self.own_xy, low[own], high[own])
        made[~own] = shapely.length(self.lines(index[~own]))
        return made

    def bounds(self, index: Ints) -> Floats:
        """Give the box around some: west, south, east, north."""
        xy, number = self.vertices(index)
        begin = np.searchsorted(number, np.arange(len(index)))
        low = np.minimum.reduceat(xy, begin) if len(index) else xy
        high = np.maximum.reduceat(xy, begin) if len(index) else xy
        return np.hstack([low, high])


def stacked(one: Pieces, other: Pieces) -> Pieces:
    """
    Put two sets of pieces together, over the coordinates and nodes of the second.

    The second set was made from the first: its arrays begin with those of the first.
    """
    names = [f.name for f in fields(Pieces) if f.name not in _SHARED]
    return replace(
        other,
        **{n: np.concatenate([getattr(one, n), getattr(other, n)]) for n in names},
    )

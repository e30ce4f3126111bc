"""Reaches as stretches of water between two nodes, cut where a trace starts."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

NODE_M = 1e-6
"""A place this near to the end of a reach is its node."""

Start = tuple[int, float]
"""Row of a reach, and measure."""


@dataclass(frozen=True)
class Segments:
    """
    Reaches, cut where a trace starts.

    Attributes
    ----------
    reach : array of int
        Row of the reach.
    low, high : array of float
        Measures of both ends.
    start, end : array of int
        Nodes at ``low`` and ``high``.
    along, against : array of int
        Level of the way with and against the drawing.
    """

    reach: Ints
    low: Floats
    high: Floats
    start: Ints
    end: Ints
    along: Ints
    against: Ints

    @property
    def length(self) -> Floats:
        """Length in metres."""
        return self.high - self.low

    def take(self, index: Ints) -> "Segments":
        """Take some of the segments."""
        return Segments(
            self.reach[index],
            self.low[index],
            self.high[index],
            self.start[index],
            self.end[index],
            self.along[index],
            self.against[index],
        )

    @cached_property
    def _order(self) -> tuple[Ints, Ints]:
        """Segments by reach and measure, and the reach of each."""
        order = np.lexsort((self.low, self.reach))
        return order, self.reach[order]

    def at(self, reach: int, measure: float, *, before: bool = True) -> int:
        """
        Give the segment that holds a measure of a reach.

        A reach that is not among these is a segment beyond them: their count and the
        row of the reach.

        Parameters
        ----------
        reach : int
            Row of the reach.
        measure : float
        before : bool
            Of two segments that meet at the measure, take the first.
        """
        order, row = self._order
        first, stop = np.searchsorted(row, [reach, reach + 1])
        if first == stop:
            return len(row) + reach
        mine = order[first:stop]
        inside = (self.low[mine] <= measure + 1e-9) & (
            measure <= self.high[mine] + 1e-9
        )
        found = mine[inside] if inside.any() else mine[-1:]
        return int(found[0] if before else found[-1])

    def node(self, reach: int, measure: float) -> int:
        """
        Give the node at an end of a segment.

        At the end of a reach it lies on that reach's side of a gate.
        """
        k = self.at(reach, measure)
        return int(self.start[k] if measure - self.low[k] <= NODE_M else self.end[k])


@dataclass(frozen=True)
class StartReach:
    """
    A reach with starts inside: the segments before the first and after the last.

    Its water runs one way in all of it, so that where nobody knows which way, the
    two segments are not unknown independently of each other.
    """

    first: int
    last: int


@dataclass
class _Draft:
    """Segments while they are being cut."""

    row: list[int] = field(default_factory=list)
    low: list[float] = field(default_factory=list)
    high: list[float] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)


def cut(whole: Segments, starts: list[Start], *, nodes: int) -> tuple[Segments, int]:
    """
    Cut reaches at the starts inside them.

    Those left whole come first, in their order.

    Parameters
    ----------
    whole : Segments
        Reaches by row, uncut.
    starts : list of (row of the reach, measure)
    nodes : int
        The new nodes are numbered from here.

    Returns
    -------
    segments : Segments
    nodes : int
    """
    inner: dict[int, set[float]] = {}
    for reach, measure in starts:
        row = int(np.searchsorted(whole.reach, reach))
        if NODE_M < measure < whole.high[row] - NODE_M:
            inner.setdefault(row, set()).add(measure)
    if not inner:
        return whole, nodes
    draft = _Draft()
    for row, cuts in inner.items():
        measures = [0.0, *sorted(cuts), float(whole.high[row])]
        ends = [
            int(whole.start[row]),
            *range(nodes, nodes + len(cuts)),
            int(whole.end[row]),
        ]
        nodes += len(cuts)
        draft.row += [row] * (len(cuts) + 1)
        draft.low += measures[:-1]
        draft.high += measures[1:]
        draft.start += ends[:-1]
        draft.end += ends[1:]
    kept = np.ones(len(whole.reach), dtype=bool)
    kept[list(inner)] = False
    rows = np.concatenate([np.flatnonzero(kept), np.array(draft.row, dtype=np.int64)])
    segments = replace(
        whole.take(rows),
        low=np.concatenate([whole.low[kept], draft.low]),
        high=np.concatenate([whole.high[kept], draft.high]),
        start=np.concatenate([whole.start[kept], np.array(draft.start, np.int64)]),
        end=np.concatenate([whole.end[kept], np.array(draft.end, np.int64)]),
    )
    return segments, nodes


def start_reaches(segments: Segments, starts: list[Start]) -> list[StartReach]:
    """List the reaches that starts have cut."""
    found = {
        reach: StartReach(
            segments.at(reach, 0.0), segments.at(reach, np.inf, before=False)
        )
        for reach, _ in starts
    }
    return [pair for pair in found.values() if pair.first != pair.last]

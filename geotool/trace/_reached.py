"""Segments and places that a search reached, with class, distance and time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from geotool.trace._graph import NEVER, NODE_M
from geotool.trace._search import Bools
from geotool.trace._sweeps import Searches, run_searches

__all__ = [
    "FROM_HIGH",
    "FROM_LOW",
    "SECONDS_PER_HOUR",
    "Hit",
    "Limits",
    "Searches",
    "Stretches",
    "hits",
    "reached_stretches",
    "rooms",
    "run_searches",
]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Limits:
    """Farthest distance and longest time to look at; inf where there is none."""

    metres: float = float("inf")
    seconds: float = float("inf")

    def hold(self, metres: Floats, seconds: Floats) -> Bools:
        """Tell which of many distances and times lie within; inf never does."""
        near = np.isfinite(metres) & (metres <= self.metres)
        return np.asarray(near & (seconds <= self.seconds))


@dataclass(frozen=True)
class Stretches:
    """
    The class of every segment, and the ends through which it was reached.

    Attributes
    ----------
    found : Searches
    limits : Limits
    level : array of int
        ``NEVER`` where a segment was not reached.
    node : array of int, shape (2, segments)
        Node at the high end and at the low end.
    entered : array of bool, shape (2, segments)
        Whether the segment is reached through that node.
    """

    found: Searches
    limits: Limits
    level: Ints
    node: Ints
    entered: Bools

    @cached_property
    def metres(self) -> Floats:
        """Distance between the start and either end; inf where not entered."""
        return self._cost("metres")

    @cached_property
    def seconds_min(self) -> Floats:
        """Time of the fastest water to either end."""
        return self._cost("fast")

    @cached_property
    def seconds_max(self) -> Floats:
        """Time of the slowest water to either end."""
        return self._cost("slow")

    def _cost(self, kind: str) -> Floats:
        level = np.minimum(self.level, 2)
        cost = np.stack([self.found.cost(kind, level, node) for node in self.node])
        return np.where(self.entered, cost, np.inf)


FROM_HIGH, FROM_LOW = 0, 1
"""Rows of a :class:`Stretches`."""


def reached_stretches(found: Searches, limits: Limits) -> Stretches:
    """
    Class every segment.

    A segment belongs to the firmest level at which it runs to a node that was met
    within the limits, or at which both its ends were: then it comes there whichever
    way it runs. (What is certain by a long way may be possible by a short one.)
    """
    s = found.graph.segments
    # upstream, a segment is entered where its water comes out; downstream, where it
    # goes in
    out_high = np.stack([s.along, s.against])
    own = out_high if found.upstream else out_high[::-1]
    node = np.stack([s.end, s.start])
    best = np.full(len(s.reach), NEVER)
    by_arc = np.zeros(node.shape, dtype=bool)
    entered = np.zeros(node.shape, dtype=bool)
    for level in (2, 1, 0):
        met = limits.hold(found.metres[level].cost, found.fast[level].cost)[node]
        by_arc = (own <= level) & met
        whichever = met.all(axis=0)
        here = by_arc.any(axis=0) | whichever
        best = np.where(here, level, best)
        ways = np.where(by_arc.any(axis=0), by_arc, (own < NEVER) & met)
        entered = np.where(here, ways, entered)
    return Stretches(found, limits, best, node, entered)


def rooms(stretches: Stretches) -> Floats:
    """
    Give how many metres of each segment lie within the limits, from either end.

    Not above 0 where a segment is not entered or the limit comes before it.
    """
    limits = stretches.limits
    graph = stretches.found.graph
    length, fast = graph.segments.length, graph.seconds_low
    room = np.where(stretches.entered, length, -np.inf)
    if np.isfinite(limits.metres):
        room = np.minimum(room, limits.metres - stretches.metres)
    if np.isfinite(limits.seconds):
        spare = limits.seconds - stretches.seconds_min
        metres_a_second = np.divide(
            length, fast, out=np.zeros_like(length), where=fast > 0
        )
        room = np.minimum(room, spare * metres_a_second)
    return np.asarray(room)


@dataclass(frozen=True)
class Hit:
    """
    How a place was reached.

    Attributes
    ----------
    level : int
    metres, seconds_min, seconds_max : float
    node : int
        Node through which its segment was entered.
    edge : float
        Measure of that node.
    """

    level: int
    metres: float
    seconds_min: float
    seconds_max: float
    node: int
    edge: float


def hits(stretches: Stretches, segment: int, measure: float) -> Hit | None:
    """Give the firmest way to a place on a segment, of those the shortest."""
    found, s = stretches.found, stretches.found.graph.segments
    limits = stretches.limits
    if segment >= len(s.reach):
        return None  # a reach that no search touched
    low, high = float(s.low[segment]), float(s.high[segment])
    length = high - low
    ways: list[Hit] = []
    for row, edge in ((FROM_HIGH, high), (FROM_LOW, low)):
        node, part = int(stretches.node[row, segment]), abs(edge - measure)
        share = part / length if length else 0.0
        graph = found.graph
        for level in _levels_of_way(stretches, row, segment, part):
            metres = float(found.metres[level].cost[node]) + part
            fast = float(
                found.fast[level].cost[node] + share * graph.seconds_low[segment]
            )
            slow = float(
                found.slow[level].cost[node] + share * graph.seconds_high[segment]
            )
            if metres <= limits.metres and fast <= limits.seconds:
                ways.append(Hit(level, metres, fast, slow, node, edge))
    return min(ways, key=lambda hit: (hit.level, hit.metres), default=None)


def _levels_of_way(
    stretches: Stretches, row: int, segment: int, part: float
) -> list[int]:
    """Give the classes a way into a segment may have; a place on a node has all."""
    node = stretches.node[row, segment]
    if part <= NODE_M:
        found = enumerate(stretches.found.metres)
        return [level for level, cost in found if np.isfinite(cost.cost[node])]
    if not stretches.entered[row, segment]:
        return []
    return [int(stretches.level[segment])]

"""Lines cut at nodes, for all lines at once: pieces from node to node."""

from dataclasses import dataclass, fields, replace

import numpy as np
import shapely

from geotool.network._lines import Bools, Floats, Ints, Lines, Log, SimpleLines, spot
from geotool.network._noding import EXACT_M
from geotool.network._snapping import Cuts

SAME_LINE_M = 0.01
"""Two pieces between the same nodes are one line if they lie this close."""


@dataclass(frozen=True)
class Pieces:
    """
    Lines from node to node.

    Attributes
    ----------
    line : array of LineString
        In the direction of the parts, not of the drawing.
    row : array of int
        Position in the rivers.
    start, end : array of int
        Node numbers.
    whole : array of int
        Number of the part it was cut from.
    along_m : array of float
        Metres along that part to the piece: pieces are numbered by it.
    flipped : array of bool
        Whether the drawing runs the other way.
    node_xy : array of float
    """

    line: Lines
    row: Ints
    start: Ints
    end: Ints
    whole: Ints
    along_m: Floats
    flipped: Bools
    node_xy: Floats

    def at(self, index: Bools | Ints) -> "Pieces":
        """Take some of the pieces, over the same nodes."""
        columns = {
            f.name: getattr(self, f.name)[index]
            for f in fields(self)
            if f.name != "node_xy"
        }
        return Pieces(**columns, node_xy=self.node_xy)

    def as_drawn(self) -> "Pieces":
        """Turn pieces the way they were drawn."""
        line = self.line.copy()
        line[self.flipped] = shapely.reverse(line[self.flipped])
        return replace(
            self,
            line=line,
            start=np.where(self.flipped, self.end, self.start),
            end=np.where(self.flipped, self.start, self.end),
            flipped=np.zeros(len(line), dtype=bool),
        )


def stacked(one: Pieces, other: Pieces) -> Pieces:
    """Put two sets of pieces together, over the nodes of the second."""
    columns = {
        f.name: np.concatenate([getattr(one, f.name), getattr(other, f.name)])
        for f in fields(Pieces)
        if f.name != "node_xy"
    }
    return Pieces(**columns, node_xy=other.node_xy)


def cut_lines(simple: SimpleLines, cuts: Cuts) -> Pieces:
    """
    Cut lines at their nodes; an end that was joined elsewhere is led to its node.

    Examples
    --------
    >>> from geotool.network._lines import simple_lines
    >>> line = np.array([shapely.LineString([(0, 0), (6, 0), (10, 0)])])
    >>> simple = simple_lines(line, np.array([0]), np.array([False]))
    >>> nodes = np.array([[0.0, 0.0], [4.0, 0.0], [10.0, 0.0]])
    >>> cuts = Cuts(np.zeros(3, int), np.array([0.0, 4, 10]), np.arange(3), nodes)
    >>> [piece.wkt for piece in cut_lines(simple, cuts).line]
    ['LINESTRING (0 0, 4 0)', 'LINESTRING (4 0, 6 0, 10 0)']
    """
    order = np.lexsort((cuts.node, cuts.measure_m, cuts.part))
    part, measure = cuts.part[order], cuts.measure_m[order]
    node = cuts.node[order]
    # the same node cut twice at one place of a line is one cut
    again = np.zeros(len(part), dtype=bool)
    again[1:] = (
        (part[1:] == part[:-1])
        & (node[1:] == node[:-1])
        & (measure[1:] - measure[:-1] <= EXACT_M)
    )
    part, measure, node = part[~again], measure[~again], node[~again]
    is_piece = part[1:] == part[:-1]
    begin = np.flatnonzero(is_piece)
    lines = _assemble(simple.line, part, measure, node, cuts.node_xy, begin)
    source = part[begin]
    return Pieces(
        line=lines,
        row=simple.row[source],
        start=node[begin],
        end=node[begin + 1],
        whole=simple.whole[source],
        along_m=simple.offset_m[source] + measure[begin],
        flipped=simple.flipped[source],
        node_xy=cuts.node_xy,
    )


def _assemble(
    lines: Lines, part: Ints, measure: Floats, node: Ints, node_xy: Floats, begin: Ints
) -> Lines:
    """Put nodes and the vertices between them together, piece by piece."""
    xy, of = shapely.get_coordinates(lines, return_index=True)
    along = _along(xy, of)
    # line k's measures are lifted above those of line k-1, so one search serves all
    lift = np.concatenate([[0.0], np.cumsum(shapely.length(lines) + 1.0)])[:-1]
    cut_at, vertex_at = lift[part] + measure, lift[of] + along
    last_cut = np.searchsorted(part, np.arange(len(lines)), side="right") - 1
    cut = np.searchsorted(cut_at, vertex_at, side="right") - 1
    cut = np.clip(cut, np.searchsorted(part, of), last_cut[of] - 1)
    gap = np.minimum(vertex_at - cut_at[cut], cut_at[cut + 1] - vertex_at)
    kept = gap > EXACT_M
    count = len(begin)
    piece_of_cut = np.full(len(part), -1, dtype=np.int64)
    piece_of_cut[begin] = np.arange(count)
    # a node beside the line is reached from the foot on the line, and left by it
    foot = shapely.get_coordinates(
        shapely.line_interpolate_point(lines[part], measure)
    ).reshape(-1, 2)
    beside = np.hypot(*(foot - node_xy[node]).T) > EXACT_M
    leaves, comes = beside[begin], beside[begin + 1]
    number = np.arange(count)
    index = np.concatenate(
        [number, number[leaves], piece_of_cut[cut[kept]], number[comes], number]
    )
    rank = np.concatenate(
        [
            np.full(count, -2.0),
            np.full(int(leaves.sum()), -1.0),
            along[kept],
            np.full(int(comes.sum()), np.finfo(float).max),
            np.full(count, np.inf),
        ]
    )
    every = np.vstack(
        [
            node_xy[node[begin]],
            foot[begin][leaves],
            xy[kept],
            foot[begin + 1][comes],
            node_xy[node[begin + 1]],
        ]
    )
    order = np.lexsort((rank, index))
    made = shapely.linestrings(every[order], indices=index[order])
    return np.asarray(made, dtype=object)


def _along(xy: Floats, of: Ints) -> Floats:
    """Metres from the start of its line for every vertex."""
    step = np.zeros(len(xy))
    if len(xy):
        step[1:] = np.hypot(*np.diff(xy, axis=0).T)
        start = np.ones(len(xy), dtype=bool)
        start[1:] = of[1:] != of[:-1]
        step[start] = 0.0
        total = np.cumsum(step)
        return total - total[start][np.cumsum(start) - 1]
    return step


def drop_stubs(pieces: Pieces, *, snap_m: float, log: Log) -> Pieces:
    """Leave out bits that begin and end in one node and are shorter than a snap."""
    length = shapely.length(pieces.line)
    stub = (pieces.start == pieces.end) & (length <= 2 * snap_m + EXACT_M)
    for k in np.flatnonzero(stub):
        log.add(
            "stub",
            spot(pieces.node_xy[pieces.start[k]]),
            f"{length[k]:.3f} m",
            "",
            "伸过交点的线头已去掉 stub removed",
        )
    return pieces.at(~stub)


def drop_doubles(pieces: Pieces, subjects: list[str], *, log: Log) -> Pieces:
    """Keep the first of the pieces that are drawn over each other."""
    low = np.minimum(pieces.start, pieces.end)
    high = np.maximum(pieces.start, pieces.end)
    order = np.lexsort((pieces.along_m, pieces.whole, high, low))
    change = (np.diff(low[order]) != 0) | (np.diff(high[order]) != 0)
    begin = np.concatenate([[0], np.flatnonzero(change) + 1])
    stop = np.append(begin[1:], len(order))
    keep = np.ones(len(order), dtype=bool)
    for first, last in zip(begin, stop, strict=True):
        if last - first < 2:
            continue
        kept: list[int] = []
        for k in order[first:last].tolist():
            line = pieces.line[k]
            twin = next((j for j in kept if _is_same_line(pieces.line[j], line)), None)
            if twin is None:
                kept.append(k)
                continue
            keep[k] = False
            middle = spot(line.interpolate(0.5, normalized=True).coords[0])
            log.add(
                "double",
                subjects[pieces.row[k]],
                f"{line.length:.2f} m",
                subjects[pieces.row[twin]],
                f"重复线已去掉 drawn twice, one kept at {middle}",
            )
    return pieces.at(keep)


def _is_same_line(one: shapely.LineString, other: shapely.LineString) -> bool:
    if abs(one.length - other.length) > 2 * SAME_LINE_M + 1e-4 * one.length:
        return False
    return bool(shapely.hausdorff_distance(one, other) <= SAME_LINE_M)

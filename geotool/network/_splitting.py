"""Lines cut at nodes, for all lines at once: pieces from node to node."""

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.network._lines import Floats, Ints, Lines, Log, SimpleLines, halves, spot
from geotool.network._noding import EXACT_M, Cuts

SAME_LINE_M = 0.01
"""Two pieces between the same nodes are one line if they lie this close."""


@dataclass(frozen=True)
class Pieces:
    """
    Lines from node to node.

    Attributes
    ----------
    line : array of LineString
        Drawn as the river was drawn.
    row : array of int
        Position in the rivers.
    start, end : array of int
        Node numbers.
    node_xy : array of float
    """

    line: Lines
    row: Ints
    start: Ints
    end: Ints
    node_xy: Floats

    def only(self, keep: NDArray[np.bool_]) -> "Pieces":
        """Keep some of the pieces."""
        return Pieces(
            self.line[keep],
            self.row[keep],
            self.start[keep],
            self.end[keep],
            self.node_xy,
        )


def cut_lines(simple: SimpleLines, cuts: Cuts) -> Pieces:
    """
    Cut lines at their nodes; an end that was joined elsewhere is led to its node.

    Examples
    --------
    >>> line = np.array([shapely.LineString([(0, 0), (6, 0), (10, 0)])])
    >>> simple = SimpleLines(line, np.array([0]), np.zeros((1, 2), bool))
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
    return Pieces(
        lines, simple.row[part[begin]], node[begin], node[begin + 1], cuts.node_xy
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
    return pieces.only(~stub)


def drop_doubles(pieces: Pieces, subjects: list[str], *, log: Log) -> Pieces:
    """Keep one of the pieces that are drawn over each other."""
    length = shapely.length(pieces.line)
    low = np.minimum(pieces.start, pieces.end)
    high = np.maximum(pieces.start, pieces.end)
    names = np.array([subjects[row] for row in pieces.row], dtype=object)
    order = np.lexsort((names.astype(str), length.round(3), high, low))
    same = (low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1])
    keep = np.ones(len(order), dtype=bool)
    for k in np.flatnonzero(same):
        # compare with every kept piece between the same nodes
        at = k
        while (
            at >= 0
            and low[order[at]] == low[order[k]]
            and high[order[at]] == high[order[k]]
        ):
            one, other = order[at], order[k + 1]
            if keep[one] and _is_same_line(pieces.line[one], pieces.line[other]):
                keep[other] = False
                log.add(
                    "double",
                    names[other],
                    f"{length[other]:.2f} m",
                    names[one],
                    "重复线已去掉 drawn twice, one kept",
                )
                break
            at -= 1
    return pieces.only(keep)


def _is_same_line(one: shapely.LineString, other: shapely.LineString) -> bool:
    if abs(one.length - other.length) > 2 * SAME_LINE_M + 1e-4 * one.length:
        return False
    return bool(shapely.hausdorff_distance(one, other) <= SAME_LINE_M)


def rejoin(pieces: Pieces) -> Pieces:
    """
    Undo cuts that nothing hangs on, and halve reaches that end where they begin.

    A node where two pieces of one river meet and nothing else does is no node: it
    came from a knot we cut, or from a line that was drawn twice.
    """
    count = len(pieces.node_xy)
    ends = np.concatenate([pieces.start, pieces.end])
    degree = np.bincount(ends, minlength=count)
    order = np.argsort(ends, kind="stable")
    first = np.searchsorted(ends[order], np.arange(count))
    idle = degree == 2
    beside = order[np.minimum(first[idle][:, None] + [0, 1], len(ends) - 1)]
    beside = beside % len(pieces.line)
    same = (beside[:, 0] != beside[:, 1]) & (
        pieces.row[beside[:, 0]] == pieces.row[beside[:, 1]]
    )
    neighbours = {
        int(node): (int(one), int(other))
        for node, (one, other) in zip(
            np.flatnonzero(idle)[same], beside[same], strict=True
        )
    }
    if not neighbours:
        return _halve_loops(pieces)
    return _halve_loops(_joined(pieces, neighbours))


def _joined(pieces: Pieces, neighbours: dict[int, tuple[int, int]]) -> Pieces:
    chains = _chains(pieces, neighbours)
    lines = np.empty(len(chains), dtype=object)
    lines[:] = [_chained(pieces, chain) for chain in chains]
    outer = [
        (_end(pieces, *chain[0], first=True), _end(pieces, *chain[-1], first=False))
        for chain in chains
    ]
    return Pieces(
        lines,
        np.array([pieces.row[chain[0][0]] for chain in chains], dtype=np.int64),
        np.array([pair[0] for pair in outer], dtype=np.int64),
        np.array([pair[1] for pair in outer], dtype=np.int64),
        pieces.node_xy,
    )


_Link = tuple[int, bool]  # a piece, and whether it is taken as drawn


def _end(pieces: Pieces, piece: int, forward: bool, *, first: bool) -> int:
    return int(pieces.start[piece] if forward == first else pieces.end[piece])


def _chains(
    pieces: Pieces, neighbours: dict[int, tuple[int, int]]
) -> list[list[_Link]]:
    """Put pieces that follow each other in a row; a ring begins at its lowest node."""
    seen = np.zeros(len(pieces.line), dtype=bool)
    count = len(pieces.line)
    node = np.concatenate([pieces.start, pieces.end])
    inner = np.isin(node, np.fromiter(neighbours, dtype=np.int64))
    xy = pieces.node_xy[node].round(3)
    order = np.lexsort((xy[:, 1], xy[:, 0], inner))
    chains = []
    for k in order.tolist():
        piece, forward = k % count, k < count
        chain: list[_Link] = []
        while not seen[piece]:
            seen[piece] = True
            chain.append((piece, forward))
            last = _end(pieces, piece, forward, first=False)
            if last not in neighbours:
                break
            one, other = neighbours[last]
            piece = other if one == piece else one
            forward = int(pieces.start[piece]) == last
        if chain:
            chains.append(_as_drawn(pieces, chain))
    return chains


def _as_drawn(pieces: Pieces, chain: list[_Link]) -> list[_Link]:
    """Turn a chain so that most of it runs as it was drawn."""
    drawn = sum(
        pieces.line[piece].length * (1 if forward else -1) for piece, forward in chain
    )
    if drawn >= -SAME_LINE_M:
        return chain
    return [(piece, not forward) for piece, forward in reversed(chain)]


def _chained(pieces: Pieces, chain: list[_Link]) -> shapely.LineString:
    """Join pieces; a vertex that is no corner was ours and goes."""
    xy = _coordinates(pieces, *chain[0])
    for link in chain[1:]:
        more = _coordinates(pieces, *link)[1:]
        if _is_straight(xy[-2], xy[-1], more[0]):
            xy = xy[:-1]
        xy = np.vstack([xy, more])
    return shapely.LineString(xy)


def _coordinates(pieces: Pieces, piece: int, forward: bool) -> Floats:
    xy = shapely.get_coordinates(pieces.line[piece])
    return xy if forward else xy[::-1]


def _is_straight(before: Floats, at: Floats, after: Floats) -> bool:
    into, out = at - before, after - at
    cross = into[0] * out[1] - into[1] * out[0]
    size = np.hypot(*into) * np.hypot(*out)
    return bool(abs(cross) <= 1e-6 * size and into @ out > 0)


def _halve_loops(pieces: Pieces) -> Pieces:
    """Cut a reach from a node to itself in two: every reach has two ends."""
    loop = pieces.start == pieces.end
    if not loop.any():
        return pieces
    made = [halves(line) for line in pieces.line[loop]]
    middle = np.array([shapely.get_coordinates(half[0])[-1] for half in made])
    number = len(pieces.node_xy) + np.arange(len(made))
    line = np.empty(2 * len(made), dtype=object)
    line[:] = [half for pair in made for half in pair]
    node = pieces.start[loop]
    return Pieces(
        np.concatenate([pieces.line[~loop], line]),
        np.concatenate([pieces.row[~loop], np.repeat(pieces.row[loop], 2)]),
        np.concatenate([pieces.start[~loop], np.column_stack([node, number]).ravel()]),
        np.concatenate([pieces.end[~loop], np.column_stack([number, node]).ravel()]),
        np.vstack([pieces.node_xy, middle]),
    )

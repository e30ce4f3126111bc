"""Cuts that nothing hangs on are undone, and reaches that end where they begin halved."""

from dataclasses import replace

import numpy as np
import shapely

from geotool.network._lines import halves
from geotool.network._pieces import Pieces, stacked
from geotool.network._ragged import Bools, Floats, Lines
from geotool.network._splitting import SAME_LINE_M


def rejoin(pieces: Pieces, directed: Bools) -> Pieces:
    """
    Undo cuts that nothing hangs on, and halve reaches that end where they begin.

    A node where two pieces of one river meet and nothing else does is no node: it
    came from a knot we cut, or from a line that was drawn twice.

    Parameters
    ----------
    pieces : Pieces
    directed : array of bool, one a row of the rivers
        Whether the way a river is drawn has a meaning; then pieces that were drawn
        head to head stay apart.
    """
    count, n = len(pieces.node_xy), len(pieces)
    ends = np.concatenate([pieces.start, pieces.end])
    idle = np.bincount(ends, minlength=count) == 2
    beside = np.empty((count, 2), dtype=np.int64)
    beside[ends[::-1], 0] = np.arange(2 * n)[::-1]  # the first of each node
    beside[ends, 1] = np.arange(2 * n)  # and the last: of two, the other
    beside = beside[idle]
    comes = (beside >= n) ^ pieces.flipped[beside % n]
    beside = beside % n
    row = pieces.row[beside]
    same = (beside[:, 0] != beside[:, 1]) & (row[:, 0] == row[:, 1])
    same &= ~directed[row[:, 0]] | (comes[:, 0] != comes[:, 1])
    neighbours = {
        int(node): (int(one), int(other))
        for node, (one, other) in zip(
            np.flatnonzero(idle)[same], beside[same], strict=True
        )
    }
    if not neighbours:
        return _halve_loops(pieces, n)
    return _halve_loops(*_joined(pieces, neighbours))


def _joined(
    pieces: Pieces, neighbours: dict[int, tuple[int, int]]
) -> tuple[Pieces, int]:
    """Undo cuts at some nodes: pieces, and how many of them, the first, are as before."""
    node = np.fromiter(neighbours, dtype=np.int64)
    inner = np.zeros(len(pieces.node_xy), dtype=bool)
    inner[node] = True
    some = pieces.ranked(np.flatnonzero(inner[pieces.start] | inner[pieces.end]))
    number = np.full(len(pieces), -1, dtype=np.int64)
    number[some] = np.arange(len(some))
    near = {
        key: (int(number[one]), int(number[other]))
        for key, (one, other) in neighbours.items()
    }
    alone = np.ones(len(pieces), dtype=bool)
    alone[some] = False
    made = stacked(pieces.at(alone), _chained_all(pieces.at(some), near))
    return made, len(pieces) - len(some)


def _chained_all(pieces: Pieces, neighbours: dict[int, tuple[int, int]]) -> Pieces:
    line = pieces.lines(np.arange(len(pieces)))
    chains = [_straightened(line, chain) for chain in _chains(pieces, neighbours)]
    lines = np.empty(len(chains), dtype=object)
    lines[:] = [_chained(line, chain) for chain in chains]
    inside = [[piece for piece, _ in chain] for chain in chains]
    lowest = np.array(
        [min(c, key=lambda k: (pieces.whole[k], pieces.along_m[k])) for c in inside],
        dtype=np.int64,
    )
    joined = replace(
        pieces.at(lowest),
        start=np.array([_end(pieces, c[0], first=True) for c in chains]),
        end=np.array([_end(pieces, c[-1], first=False) for c in chains]),
        flipped=np.array(
            [_against(line, pieces.flipped, chain) for chain in chains], dtype=bool
        ),
    )
    return joined.reshaped(lines)


_Link = tuple[int, bool]  # a piece, and whether it is taken as drawn


def _end(pieces: Pieces, link: _Link, *, first: bool) -> int:
    piece, forward = link
    return int(pieces.start[piece] if forward == first else pieces.end[piece])


def _chains(
    pieces: Pieces, neighbours: dict[int, tuple[int, int]]
) -> list[list[_Link]]:
    """Put pieces that follow each other in a row; a ring begins at its lowest node."""
    count = len(pieces)
    seen = np.zeros(count, dtype=bool)
    node = np.concatenate([pieces.start, pieces.end])
    inner = np.isin(node, np.fromiter(neighbours, dtype=np.int64))
    xy = pieces.node_xy[node].round(3)
    chains = []
    for k in np.lexsort((xy[:, 1], xy[:, 0], inner)).tolist():
        piece, forward = k % count, k < count
        chain: list[_Link] = []
        while not seen[piece]:
            seen[piece] = True
            chain.append((piece, forward))
            last = _end(pieces, (piece, forward), first=False)
            if last not in neighbours:
                break
            one, other = neighbours[last]
            piece = other if one == piece else one
            forward = int(pieces.start[piece]) == last
        if chain:
            chains.append(chain)
    return chains


def _straightened(line: Lines, chain: list[_Link]) -> list[_Link]:
    """Turn a chain so that most of it runs as its parts do."""
    if sum(_signed(line, link) for link in chain) >= -SAME_LINE_M:
        return chain
    return [(piece, not forward) for piece, forward in reversed(chain)]


def _against(line: Lines, flipped: Bools, chain: list[_Link]) -> bool:
    """Whether most of a chain was drawn the other way."""
    drawn = (_signed(line, (k, fore ^ bool(flipped[k]))) for k, fore in chain)
    return sum(drawn) < -SAME_LINE_M


def _signed(line: Lines, link: _Link) -> float:
    piece, forward = link
    length = float(line[piece].length)
    return length if forward else -length


def _chained(line: Lines, chain: list[_Link]) -> shapely.LineString:
    """Join pieces; a vertex that is no corner was ours and goes."""
    xy = _coordinates(line, chain[0])
    for link in chain[1:]:
        more = _coordinates(line, link)[1:]
        if _is_straight(xy[-2], xy[-1], more[0]):
            xy = xy[:-1]
        xy = np.vstack([xy, more])
    return shapely.LineString(xy)


def _coordinates(line: Lines, link: _Link) -> Floats:
    piece, forward = link
    xy = shapely.get_coordinates(line[piece])
    return xy if forward else xy[::-1]


def _is_straight(before: Floats, at: Floats, after: Floats) -> bool:
    into, out = at - before, after - at
    cross = into[0] * out[1] - into[1] * out[0]
    size = np.hypot(*into) * np.hypot(*out)
    return bool(abs(cross) <= 1e-6 * size and into @ out > 0)


def _halve_loops(pieces: Pieces, first: int) -> Pieces:
    """Cut a reach from a node to itself in two; the first few lie in any order."""
    is_loop = pieces.start == pieces.end
    if not is_loop.any():
        return pieces
    loop = np.flatnonzero(is_loop)
    loop = np.concatenate([pieces.ranked(loop[loop < first]), loop[loop >= first]])
    made = [halves(line) for line in pieces.lines(loop)]
    middle = np.array([shapely.get_coordinates(half[0])[-1] for half in made])
    number = len(pieces.node_xy) + np.arange(len(made))
    line = np.empty(2 * len(made), dtype=object)
    line[:] = [half for pair in made for half in pair]
    node = pieces.start[loop]
    both = pieces.at(np.repeat(loop, 2))
    both = replace(
        both.reshaped(line),
        start=np.column_stack([node, number]).ravel(),
        end=np.column_stack([number, node]).ravel(),
        along_m=both.along_m
        + np.where(np.arange(len(line)) % 2, shapely.length(line), 0.0),
        node_xy=np.vstack([pieces.node_xy, middle]),
    )
    return stacked(pieces.at(~is_loop), both)

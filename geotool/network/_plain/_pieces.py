"""Lines cut at nodes, and the vertices of the pieces, in numpy."""

import numpy as np

from geotool.network._limits import EXACT_M
from geotool.network._plain._lines import interpolate, norm
from geotool.network._ragged import Bools, Floats, Ints, Ragged, spread


# ---------------------------------------------------------------- cuts
def is_crowded(xy: Floats, start: Ints, stop: Ints) -> Bools:
    """Whether a line has a vertex right beside one of its ends."""
    crowded = np.zeros(len(start), dtype=bool)
    bent = stop - start > 2
    for end, beside in ((start, start + 1), (stop - 1, stop - 2)):
        crowded |= bent & (norm(xy[beside] - xy[end]) <= EXACT_M)
    return crowded


def inside(
    xy: Floats, start: Ints, stop: Ints, one: Ints, other: Ints, node_xy: Floats
) -> tuple[Ints, Ints]:
    """
    Give the vertices of lines between their nodes; ends that lie beside them, too.

    Parameters
    ----------
    xy : array of float, shape (k, 2)
    start, stop : array of int
    one, other : array of int
        Nodes of each line.
    node_xy : array of float, shape (g, 2)

    Returns
    -------
    low, high : array of int
        Each stretch is ``xy[low:high]``.
    """
    first = norm(xy[start] - node_xy[one]) > EXACT_M
    last = norm(xy[stop - 1] - node_xy[other]) > EXACT_M
    return start + np.where(first, 0, 1), stop - np.where(last, 0, 1)


def cut(
    shape: Ragged, part: Ints, measure: Floats, place: Floats
) -> tuple[Floats, Ints]:
    """
    Cut lines at nodes; a node beside its line is reached from the foot on the line.

    Parameters
    ----------
    shape : Ragged
    part, measure, place : array
        Line, metres along it and place of the node of each cut, sorted; the ends of
        every line are among them.

    Returns
    -------
    xy, size
        Vertices of the pieces, from node to node, and how many each has.
    """
    begin = np.flatnonzero(part[1:] == part[:-1])
    xy, of = shape.vertices()
    along = _along(xy, of)
    last = np.searchsorted(of, np.arange(len(shape)), side="right") - 1
    # line k's measures are lifted above those of line k-1, so one search serves all
    lift = np.concatenate([[0.0], np.cumsum(along[last] + 1.0)])[:-1]
    cut_at, vertex_at = lift[part] + measure, lift[of] + along
    last_cut = np.searchsorted(part, np.arange(len(shape)), side="right") - 1
    cut = np.searchsorted(cut_at, vertex_at, side="right") - 1
    cut = np.clip(cut, np.searchsorted(part, of), last_cut[of] - 1)
    gap = np.minimum(vertex_at - cut_at[cut], cut_at[cut + 1] - vertex_at)
    kept = gap > EXACT_M
    count = len(begin)
    piece_of_cut = np.full(len(part), -1, dtype=np.int64)
    piece_of_cut[begin] = np.arange(count)
    # a node beside the line is reached from the foot on the line, and left by it
    foot = interpolate(shape.xy, shape.start, shape.stop, part, measure)
    beside = np.hypot(*(foot - place).T) > EXACT_M
    leaves, comes = beside[begin], beside[begin + 1]
    inner = np.bincount(piece_of_cut[cut[kept]], minlength=count)
    size = 2 + leaves + comes + inner
    stop = np.cumsum(size)
    start = stop - size
    made = np.empty((int(size.sum()), 2))
    made[start] = place[begin]
    made[(start + 1)[leaves]] = foot[begin][leaves]
    made[(stop - 2)[comes]] = foot[begin + 1][comes]
    made[stop - 1] = place[begin + 1]
    _, at = spread(start + 1 + leaves, start + 1 + leaves + inner)
    made[at] = xy[kept]
    return made, size


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


# ---------------------------------------------------------------- vertices
def pieces_of(
    index: Ints,
    turned: Bools,
    low: Ints,
    high: Ints,
    own: Bools,
    nodes: tuple[Ints, Ints, Floats],
    pools: tuple[Floats, Floats],
) -> tuple[Floats, Ints]:
    """
    Give the vertices of some pieces.

    Parameters
    ----------
    index : array of int
        Which pieces.
    turned : array of bool
        Whether each of them is given from its end.
    low, high : array of int
        Stretch of the first pool, or of the second for those that are ``own``.
    own : array of bool
        Whether a piece is complete in itself, the places of its nodes included.
    nodes : two arrays of int and one of float, shape (g, 2)
        Node before and after each, and where nodes are.
    pools : two arrays of float, shape (k, 2)

    Returns
    -------
    xy, number
        Vertices, and of which of the pieces asked for.
    """
    low, high, own = low[index], high[index], own[index]
    one, other = nodes[0][index], nodes[1][index]
    size = high - low + 2 * ~own
    number = np.repeat(np.arange(len(size)), size)
    step = np.arange(len(number)) - (np.cumsum(size) - size)[number]
    step = np.where(turned[number], size[number] - 1 - step, step)
    xy = np.empty((len(number), 2))
    mine = own[number]
    xy[mine] = pools[1][(low[number] + step)[mine]]
    first = ~mine & (step == 0)
    last = ~mine & (step == size[number] - 1)
    xy[first], xy[last] = nodes[2][one[number[first]]], nodes[2][other[number[last]]]
    rest = ~(mine | first | last)
    xy[rest] = pools[0][(low[number] + step)[rest] - 1]
    return xy, number

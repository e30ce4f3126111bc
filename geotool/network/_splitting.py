"""Lines cut at nodes, for all lines at once: pieces from node to node."""

from collections.abc import Sequence

import numpy as np
import shapely

from geotool.network._engine import engine
from geotool.network._limits import EXACT_M
from geotool.network._lines import SimpleLines
from geotool.network._log import Log, fixed, spots, worded
from geotool.network._pieces import Pieces
from geotool.network._ragged import Bools, Floats, Ints, Lines, Ragged
from geotool.network._snapping import Cuts

SAME_LINE_M = 0.01
"""Two pieces between the same nodes are one line if they lie this close."""


def cut_lines(simple: SimpleLines, cuts: Cuts) -> Pieces:
    """
    Cut lines at their nodes; an end that was joined elsewhere is led to its node.

    Examples
    --------
    >>> from geotool.network._lines import simple_lines
    >>> line = np.array([shapely.LineString([(0, 0), (6, 0), (10, 0)])])
    >>> simple = simple_lines(Ragged.of(line), np.array([0]), np.array([False]))
    >>> nodes = np.array([[0.0, 0.0], [10.0, 0.0], [4.0, 0.0]])
    >>> measure = np.array([0.0, 10, 4])
    >>> cuts = Cuts(np.zeros(3, int), measure, np.arange(3), nodes)
    >>> [piece.wkt for piece in cut_lines(simple, cuts).lines(np.arange(2))]
    ['LINESTRING (0 0, 4 0)', 'LINESTRING (4 0, 6 0, 10 0)']
    """
    n = len(simple.shape)
    busy = _busy(simple, cuts)
    part, begin, end, measure, own = _cut_up(simple, cuts, busy)
    quiet = np.flatnonzero(~busy)
    shape = simple.shape
    low, high = engine(len(shape.xy)).inside(
        shape.xy, shape.start[quiet], shape.stop[quiet],
        cuts.node[quiet], cuts.node[n + quiet], cuts.node_xy,
    )  # fmt: skip
    homeward = simple.home[quiet] - shape.start[quiet]
    source = np.concatenate([quiet, part])
    along = simple.offset_m[source]
    along[len(quiet) :] += measure
    pieces = Pieces(
        low=np.concatenate([low + homeward, own.start]),
        high=np.concatenate([high + homeward, own.stop]),
        is_own=np.repeat([False, True], [len(quiet), len(part)]),
        row=simple.row[source],
        start=np.concatenate([cuts.node[quiet], begin]),
        end=np.concatenate([cuts.node[n + quiet], end]),
        whole=simple.whole[source],
        along_m=along,
        flipped=simple.flipped[source],
        xy=simple.home_xy,
        own_xy=own.xy,
        node_xy=cuts.node_xy,
    )
    return pieces.at(np.argsort(source, kind="stable"))


def _busy(simple: SimpleLines, cuts: Cuts) -> Bools:
    """Which lines are or were cut on their way, or have vertices beside their ends."""
    shape, n = simple.shape, len(simple.shape)
    busy = np.bincount(cuts.part[2 * n :], minlength=n) > 0
    busy |= simple.home < 0
    busy |= (cuts.node[:n] == cuts.node[n : 2 * n]) & (simple.length_m <= EXACT_M)
    busy |= engine(len(shape.xy)).is_crowded(shape.xy, shape.start, shape.stop)
    return np.asarray(busy)


def _cut_up(
    simple: SimpleLines, cuts: Cuts, busy: Bools
) -> tuple[Ints, Ints, Ints, Floats, Ragged]:
    """Cut busy lines: the line of each piece, its nodes, its measure, its shape."""
    here = np.flatnonzero(busy[cuts.part])
    part, measure, node = cuts.part[here], cuts.measure_m[here], cuts.node[here]
    order = engine(len(simple.shape.xy)).ordered(part, measure, node)
    part, measure, node = part[order], measure[order], node[order]
    # the same node cut twice at one place of a line is one cut
    again = np.zeros(len(part), dtype=bool)
    again[1:] = (
        (part[1:] == part[:-1])
        & (node[1:] == node[:-1])
        & (measure[1:] - measure[:-1] <= EXACT_M)
    )
    part, measure, node = part[~again], measure[~again], node[~again]
    begin = np.flatnonzero(part[1:] == part[:-1])
    lines = np.flatnonzero(busy)
    xy, size = engine(len(simple.shape.xy)).cut(
        simple.shape.at(lines),
        np.searchsorted(lines, part),
        measure,
        cuts.node_xy[node],
    )
    stop = np.cumsum(size)
    shape = Ragged(xy, stop - size, stop)
    return part[begin], node[begin], node[begin + 1], measure[begin], shape


def drop_stubs(pieces: Pieces, *, snap_m: float, log: Log) -> Pieces:
    """Leave out bits that begin and end in one node and are shorter than a snap."""
    loop = pieces.ranked(np.flatnonzero(pieces.start == pieces.end))
    length = pieces.lengths(loop)
    short = length <= 2 * snap_m + EXACT_M
    if not short.any():
        return pieces
    stub = np.zeros(len(pieces), dtype=bool)
    stub[loop[short]] = True
    where = spots(pieces.node_xy[pieces.start[loop[short]]])
    size = worded("{} m", fixed(length[short], 3))
    log.extend("stub", where, size, "", "伸过交点的线头已去掉 stub removed")
    return pieces.at(~stub)


def drop_doubles(pieces: Pieces, subjects: Sequence[str], *, log: Log) -> Pieces:
    """Keep the first of the pieces that are drawn over each other."""
    low = np.minimum(pieces.start, pieces.end)
    high = np.maximum(pieces.start, pieces.end)
    rivals = _repeated(low, high)
    if len(rivals) == 0:
        return pieces
    rivals = pieces.ranked(rivals)
    key = low[rivals] * len(pieces.node_xy) + high[rivals]
    order = np.argsort(key, kind="stable")
    rivals, key = rivals[order], key[order]
    line = pieces.lines(rivals)
    twin = _twins(key, line)
    gone = np.flatnonzero(twin >= 0)
    middle = shapely.line_interpolate_point(line[gone], 0.5, normalized=True)
    for k, size, place in zip(
        gone.tolist(),
        shapely.length(line[gone]).tolist(),
        spots(shapely.get_coordinates(middle)),
        strict=True,
    ):
        log.add(
            "double",
            subjects[pieces.row[rivals[k]]],
            f"{size:.2f} m",
            subjects[pieces.row[rivals[twin[k]]]],
            f"重复线已去掉 drawn twice, one kept at {place}",
        )
    keep = np.ones(len(pieces), dtype=bool)
    keep[rivals[gone]] = False
    return pieces.at(keep)


def _repeated(low: Ints, high: Ints) -> Ints:
    """Positions of pairs of nodes that stand there more than once."""
    order = engine(20 * len(low)).ordered(low, high, high)
    low, high = low[order], high[order]
    again = (low[1:] == low[:-1]) & (high[1:] == high[:-1])
    several = np.zeros(len(order), dtype=bool)
    several[1:] |= again
    several[:-1] |= again
    return np.sort(order[several])


def _twins(key: Ints, line: Lines) -> Ints:
    """For each line the earlier one of its key that it is drawn over, or -1."""
    twin = np.full(len(key), -1, dtype=np.int64)
    length = shapely.length(line)
    rest = np.arange(len(key))
    while len(rest):  # the first of each key stays, and all others are held against it
        fresh = np.ones(len(rest), dtype=bool)
        fresh[1:] = key[rest[1:]] != key[rest[:-1]]
        first = rest[fresh][np.cumsum(fresh) - 1][~fresh]
        rest = rest[~fresh]
        same = _is_same(line, length, first, rest)
        twin[rest[same]] = first[same]
        rest = rest[~same]
    return twin


def _is_same(line: Lines, length: Floats, one: Ints, other: Ints) -> Bools:
    gap = np.abs(length[one] - length[other])
    same = gap <= 2 * SAME_LINE_M + 1e-4 * length[one]
    apart = shapely.hausdorff_distance(line[one[same]], line[other[same]])
    same[same] = apart <= SAME_LINE_M
    return np.asarray(same)

"""Lines cut at nodes, and the vertices of the pieces, as compiled loops."""

import math
from typing import Any

import numpy as np

from geotool.network._kernels._jit import compiled
from geotool.network._kernels._lines import copied, interpolate
from geotool.network._kernels._prefetch import AHEAD, prefetch
from geotool.network._limits import EXACT_M
from geotool.network._ragged import Bools, Floats, Ints, Ragged


# ---------------------------------------------------------------- cuts
def cut(
    shape: Ragged, part: Ints, measure: Floats, place: Floats
) -> tuple[Floats, Ints]:
    """Cut lines at nodes; a node beside its line is reached from the foot on the line."""
    foot = interpolate(shape.xy, shape.start, shape.stop, part, measure)
    most = int((shape.stop - shape.start).sum()) + 4 * len(part)
    out = np.empty((most, 2))
    first = np.searchsorted(part, np.arange(len(shape) + 1))
    used, size = _cut(
        shape.xy, shape.start, shape.stop, first, measure, place, foot, out
    )
    return out[:used], size  # what is left over is little


@compiled
def _cut(
    xy: Any, start: Any, stop: Any, first: Any, measure: Any, place: Any, foot: Any,
    out: Any,
) -> Any:  # fmt: skip
    size = np.zeros(max(len(measure) - len(start), 0), np.int64)
    n, used = 0, 0
    for k in range(len(start)):
        i, along = start[k], 0.0
        for c in range(first[k], first[k + 1] - 1):
            begin = used
            last = c == first[k + 1] - 2
            used = _put(out, used, place, c)
            if _apart(place, foot, c):
                used = _put(out, used, foot, c)
            # a vertex belongs to the last cut at or before it
            while i < stop[k] and (last or along < measure[c + 1]):
                if min(along - measure[c], measure[c + 1] - along) > EXACT_M:
                    used = _put(out, used, xy, i)
                i += 1
                if i < stop[k]:
                    dx, dy = xy[i, 0] - xy[i - 1, 0], xy[i, 1] - xy[i - 1, 1]
                    along += math.sqrt(dx * dx + dy * dy)
            if _apart(place, foot, c + 1):
                used = _put(out, used, foot, c + 1)
            used = _put(out, used, place, c + 1)
            size[n] = used - begin
            n += 1
    return used, size[:n].copy()


@compiled
def _put(out: Any, used: int, xy: Any, k: int) -> Any:
    out[used, 0], out[used, 1] = xy[k, 0], xy[k, 1]
    return used + 1


@compiled
def _apart(one: Any, other: Any, k: int) -> Any:
    return _gap(one, k, other, k) > EXACT_M


@compiled
def is_crowded(xy: Any, start: Any, stop: Any) -> Any:
    """Whether a line has a vertex right beside one of its ends."""
    made = np.zeros(start.size, np.bool_)
    for k in range(start.size):
        low, high = start[k], stop[k] - 1
        if high - low > 1:
            made[k] = not (
                _gap(xy, low, xy, low + 1) > EXACT_M
                and _gap(xy, high, xy, high - 1) > EXACT_M
            )
    return made


@compiled
def inside(xy: Any, start: Any, stop: Any, one: Any, other: Any, node_xy: Any) -> Any:
    """Give the vertices of lines between their nodes; ends that lie beside them, too."""
    low, high = np.empty(start.size, np.int64), np.empty(start.size, np.int64)
    for k in range(start.size):
        low[k], high[k] = start[k], stop[k]
        if not _gap(xy, start[k], node_xy, one[k]) > EXACT_M:
            low[k] += 1
        if not _gap(xy, stop[k] - 1, node_xy, other[k]) > EXACT_M:
            high[k] -= 1
    return low, high


@compiled
def _gap(xy: Any, i: int, more: Any, j: int) -> Any:
    dx, dy = xy[i, 0] - more[j, 0], xy[i, 1] - more[j, 1]
    return math.sqrt(dx * dx + dy * dy)


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
    """Give the vertices of some pieces, and the number of the piece of each."""
    size = int((high[index] - low[index]).sum()) + 2 * len(index)
    out, number = np.empty((size, 2)), np.empty(size, np.int64)
    used = _pieces_of(index, turned, low, high, own, *nodes, *pools, out, number)
    return out[:used], number[:used]


@compiled
def _pieces_of(
    index: Any, turned: Any, low: Any, high: Any, own: Any,
    one: Any, other: Any, node_xy: Any, xy: Any, more: Any, out: Any, number: Any,
) -> Any:  # fmt: skip
    used = 0
    for n in range(index.size):
        k = index[n]
        if n + 2 * AHEAD < index.size:
            ahead = index[n + 2 * AHEAD]
            prefetch(low, ahead)
            prefetch(high, ahead)
            prefetch(own, ahead)
            prefetch(one, ahead)
            prefetch(other, ahead)
            ahead = index[n + AHEAD]
            prefetch(node_xy, one[ahead])
            prefetch(node_xy, other[ahead])
            pool = more if own[ahead] else xy
            for i in range(low[ahead], high[ahead], 4):
                prefetch(pool, i)
        inner = high[k] - low[k]
        size = inner if own[k] else inner + 2
        number[used : used + size] = n
        at, step = used, 1
        used += size
        if turned[n]:
            at, step = used - 1, -1
        if own[k]:
            copied(more, low[k], inner, out, at, step)
            continue
        _put(out, at, node_xy, one[k])
        copied(xy, low[k], inner, out, at + step, step)
        _put(out, at + (inner + 1) * step, node_xy, other[k])
    return used

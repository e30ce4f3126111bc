"""How long water takes from every node to every section: kernels of share and lag."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geotool.attribution._members import LEAST_FLOW_M3_S
from geotool.attribution._problem import Floats, Ints


@dataclass(frozen=True, eq=False)
class Kernels:
    """
    Share of a node's water that passes each section, by lag, per flow of the section.

    Most nodes have one way out: their kernel is that of the next place where water
    parts, delayed. Only those places keep an array, so that a delay is rounded to the
    grid once a parting and not once a segment.

    Attributes
    ----------
    root : array of int, one a node
        Row of ``kernel``; row 0 is of water that passes no section.
    delay_h : array of float, one a node
    kernel : array, roots x lags x sections
        s/m3: mg/L at the section per g/s at the root, in each step of lag.
    step_h : float
    """

    root: Ints
    delay_h: Floats
    kernel: Floats
    step_h: float


def travel_hours(
    length_m: Floats, width_m: Floats, depth_m: Floats, flow_m3_s: Floats
) -> Floats:
    """
    Give the hours that water takes through each segment.

    Examples
    --------
    >>> travel_hours(np.array([3600.0]), np.array([10.0]), np.array([2.0]),
    ...              np.array([-10.0]))
    array([2.])
    """
    water = length_m * width_m * depth_m
    return np.asarray(water / np.maximum(np.abs(flow_m3_s), LEAST_FLOW_M3_S) / 3600.0)


def lag_kernels(
    start: Ints,
    end: Ints,
    flow_m3_s: Floats,
    hours: Floats,
    head: Floats,
    sections: Ints,
    *,
    step_h: float = 2.0,
    lags: int = 210,
) -> Kernels:
    """
    Sweep once against the flow: every node by the places its water goes to.

    Parameters
    ----------
    start, end : array of int
        Nodes of each segment, as drawn.
    flow_m3_s : array of float
        Along the drawing.
    hours : array of float
        Travel time of each segment.
    head : array of float, one a node
        Water runs from high to low; gives the order of the sweep.
    sections : array of int
        Node of each section.
    step_h : float
    lags : int
        Longest lag kept, in steps; later arrivals are left out.

    Returns
    -------
    Kernels

    Examples
    --------
    >>> one = lag_kernels(np.array([0]), np.array([1]), np.array([2.0]),
    ...                   np.array([5.0]), np.array([1.0, 0.0]), np.array([1]))
    >>> float(one.delay_h[0]), float(one.kernel[one.root[0]].sum())
    (5.0, 0.5)
    """
    nodes = len(head)
    flow = np.maximum(np.abs(flow_m3_s), LEAST_FLOW_M3_S)
    tail = np.where(flow_m3_s >= 0, start, end)
    tip = np.where(flow_m3_s >= 0, end, start)
    leaving = np.bincount(tail, flow, minlength=nodes)
    share = (flow / leaving[tail]).tolist()
    out: list[list[int]] = [[] for _ in range(nodes)]
    for k, node in enumerate(tail.tolist()):
        out[node].append(k)
    at: dict[int, list[int]] = {}
    for number, node in enumerate(sections.tolist()):
        at.setdefault(node, []).append(number)
    goes, takes = tip.tolist(), (hours / step_h).tolist()
    root, delay = [0] * nodes, [0.0] * nodes
    none = np.zeros((lags, len(sections)), np.float32)
    kernel = [none]
    for node in np.argsort(head, kind="stable").tolist():
        ways, own = out[node], at.get(node)
        if len(ways) == 1 and own is None:
            late = delay[goes[ways[0]]] + takes[ways[0]]
            if late < lags:
                root[node], delay[node] = root[goes[ways[0]]], late
            continue
        if not ways and own is None:
            continue
        total = np.zeros_like(none)
        for k in ways:
            _add_late(total, kernel[root[goes[k]]], delay[goes[k]] + takes[k], share[k])
        for number in own or ():
            total[0, number] += 1.0
        root[node] = len(kernel)
        kernel.append(total)
    entering = np.bincount(tip, flow, minlength=nodes)
    passing = np.maximum(np.maximum(entering, leaving)[sections], LEAST_FLOW_M3_S)
    return Kernels(
        root=np.array(root),
        delay_h=np.array(delay) * step_h,
        kernel=np.stack(kernel) / passing.astype(np.float32),
        step_h=step_h,
    )


def _add_late(total: Floats, kernel: Floats, late: float, share: float) -> None:
    """Add a kernel, delayed by so many steps; a broken step is parted between two."""
    whole = int(late)
    part = late - whole
    keep = len(total) - whole
    if kernel is total or keep < 2:
        return
    total[whole:] += (share * (1.0 - part)) * kernel[:keep]
    total[whole + 1 :] += (share * part) * kernel[: keep - 1]


def step_responses(
    kernels: Kernels, nodes: Ints, times_h: Floats, decay_per_d: Floats
) -> Floats:
    """
    Give what every section shows at some times since a steady load began.

    Parameters
    ----------
    kernels : Kernels
    nodes : array of int
    times_h : array of float
        Hours since 1 g/s began at the node.
    decay_per_d : array of float, one an item

    Returns
    -------
    array, nodes x times x items x sections
        mg/L per g/s.

    Examples
    --------
    >>> one = lag_kernels(np.array([0]), np.array([1]), np.array([2.0]),
    ...                   np.array([5.0]), np.array([1.0, 0.0]), np.array([1]))
    >>> times = np.array([2.0, 9.0])
    >>> step_responses(one, np.array([0]), times, np.zeros(1)).ravel().tolist()
    [0.0, 0.5]
    """
    step = kernels.step_h
    items, sections = len(decay_per_d), kernels.kernel.shape[2]
    late = kernels.delay_h[nodes]
    used, root = np.unique(kernels.root[nodes], return_inverse=True)
    # the share of a step counts from half a step before its lag to half a step after;
    # nothing later than the last time is looked at
    place = (times_h - late[:, None]) / step + 0.5
    lags = min(int(place.max(initial=0.0)) + 2, kernels.kernel.shape[1])
    place = np.clip(place, 0.0, lags)
    roots = len(used)
    lost = np.exp(-np.outer(np.arange(lags) * step / 24.0, decay_per_d))
    # row 0 is nought, the last stays as the one before
    summed = np.zeros((lags + 2, roots, items, sections), np.float32)
    np.multiply(
        kernels.kernel[used, :lags].transpose(1, 0, 2)[:, :, None],
        lost[:, None, :, None].astype(np.float32),
        out=summed[1 : lags + 1],
    )
    _sum_up(summed[1:].reshape(lags + 1, -1))
    whole = place.astype(np.int64)
    part = (place - whole)[:, :, None].astype(np.float32)
    flat = summed.reshape((lags + 2) * roots, items * sections)
    row = whole * roots + root[:, None]
    found = flat[row]
    after = flat[row + roots]
    after -= found
    after *= part
    found += after
    kept = np.exp(-np.outer(late / 24.0, decay_per_d)).astype(np.float32)
    shape = (*found.shape[:2], items, sections)
    return np.asarray(found.reshape(shape) * kept[:, None, :, None])


def _sum_up(rows: Floats) -> None:
    """
    Add up rows in place, each with all before it.

    Within blocks of rows, all blocks at once, then block after block: two dozen calls
    where row by row makes hundreds, and numpy's cumsum is slower still.

    Examples
    --------
    >>> rows = np.ones((5, 2))
    >>> _sum_up(rows)
    >>> rows[:, 0].tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0]
    """
    size = max(int(len(rows) ** 0.5), 1)
    whole = len(rows) - len(rows) % size
    blocks = rows[:whole].reshape(-1, size, rows.shape[1])
    for before, row in pairwise(range(size)):
        blocks[:, row] += blocks[:, before]
    for above, block in pairwise(blocks):
        block += above[-1]
    for row in range(max(whole, 1), len(rows)):
        rows[row] += rows[row - 1]

"""How long water takes from every node to every section: kernels of share and lag."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from geotool.attribution._lag_sweep import Ways, summed_by_node, sweeps
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
) -> Iterator[Kernels]:
    """
    Sweep once against the flow: every node by the places its water goes to.

    Parameters
    ----------
    start, end : array of int
        Nodes of each segment, as drawn.
    flow_m3_s : array, members x segments
        Along the drawing.
    hours : array, members x segments
        Travel times.
    head : array, members x nodes
        Water runs from high to low; gives the order of the sweep.
    sections : array of int
        Node of each section.
    step_h : float
    lags : int
        Longest lag kept, in steps; later arrivals are left out.

    Yields
    ------
    Kernels
        Of each member.

    Examples
    --------
    >>> one, = lag_kernels(np.array([0]), np.array([1]), np.array([[2.0]]),
    ...                    np.array([[5.0]]), np.array([[1.0, 0.0]]), np.array([1]))
    >>> float(one.delay_h[0]), float(one.kernel[one.root[0]].sum())
    (5.0, 0.5)
    """
    nodes = head.shape[1]
    size = np.maximum(np.abs(flow_m3_s), LEAST_FLOW_M3_S)
    tail = np.where(flow_m3_s >= 0, start, end)
    tip = np.where(flow_m3_s >= 0, end, start)
    leaving, entering = (summed_by_node(node, nodes, size) for node in (tail, tip))
    passing = np.maximum(entering, leaving)[:, sections]
    ways = Ways(
        tail=tail,
        tip=tip,
        takes=hours / step_h,
        share=size / np.take_along_axis(leaving, tail, axis=1),
        passing_m3_s=np.maximum(passing, LEAST_FLOW_M3_S),
        order=np.argsort(head, axis=1, kind="stable"),
    )
    for found in sweeps(ways, sections, lags=lags):
        parts = found.root, found.delay * step_h, found.arrives
        for root, delay_h, kernel in zip(*parts, strict=True):
            yield Kernels(root, delay_h, kernel, step_h)


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
    array, items x nodes x times x sections
        mg/L per g/s.

    Examples
    --------
    >>> one, = lag_kernels(np.array([0]), np.array([1]), np.array([[2.0]]),
    ...                    np.array([[5.0]]), np.array([[1.0, 0.0]]), np.array([1]))
    >>> times = np.array([2.0, 9.0])
    >>> step_responses(one, np.array([0]), times, np.zeros(1)).ravel().tolist()
    [0.0, 0.5]
    """
    step = kernels.step_h
    items, sections = len(decay_per_d), kernels.kernel.shape[2]
    late = kernels.delay_h[nodes]
    number = np.bincount(kernels.root[nodes], minlength=len(kernels.kernel))
    used = np.flatnonzero(number)
    number[used] = np.arange(len(used))
    root = number[kernels.root[nodes]]
    # the share of a step counts from half a step before its lag to half a step after;
    # nothing later than the last time is looked at
    place = (times_h - late[:, None]) / step + 0.5
    lags = min(int(place.max(initial=0.0)) + 2, kernels.kernel.shape[1])
    place = np.clip(place, 0.0, lags)
    summed = _summed(kernels.kernel[used, :lags], step, decay_per_d)
    whole = place.astype(np.int64)
    # as often as there are sections: numpy is slow where the last axis is short
    part = np.repeat((place - whole).astype(np.float32), sections, axis=1)
    row = whole * (items * len(used)) + root[:, None]
    row = row + np.arange(items)[:, None, None] * len(used)
    found = summed.take(row, axis=0)
    after = summed.take(row + items * len(used), axis=0)
    after -= found
    after.reshape(items, *part.shape)[...] *= part
    found += after
    kept = np.exp(-np.outer(decay_per_d, late / 24.0)).astype(np.float32)
    found *= kept[:, :, None, None]
    return found


def _summed(kernel: Floats, step_h: float, decay_per_d: Floats) -> Floats:
    """
    Sum the shares that are left after their decay, up to each lag.

    Parameters
    ----------
    kernel : array, roots x lags x sections
    step_h : float
    decay_per_d : array of float, one an item

    Returns
    -------
    array, (lags + 2) items roots x sections
        The first lag is nought, the last stays as the one before.
    """
    roots, lags, sections = kernel.shape
    items = len(decay_per_d)
    lost = np.exp(-np.outer(np.arange(lags) * step_h / 24.0, decay_per_d))
    summed = np.zeros((lags + 2, items, roots * sections), np.float32)
    np.multiply(
        kernel.transpose(1, 0, 2).reshape(lags, 1, -1),
        lost[:, :, None].astype(np.float32),
        out=summed[1 : lags + 1],
    )
    _sum_up(summed[1:].reshape(lags + 1, -1))
    return summed.reshape(-1, sections)


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

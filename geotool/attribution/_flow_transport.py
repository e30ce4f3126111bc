"""The operator of a flow state."""

import numpy as np
from numpy.typing import NDArray

from geotool.attribution._operator import Transport
from geotool.attribution._problem import Floats, Ints


def flow_transport(
    nodes: int,
    ends: tuple[Ints, Ints],
    flow_m3_s: Floats,
    *,
    leaving_m3_s: Floats,
    survival: Floats,
    time_s: Floats,
) -> tuple[Transport, NDArray[np.intp]]:
    """
    Make the operator of a flow state.

    Parameters
    ----------
    nodes : int
    ends : tuple of array
        Start and end of each segment as drawn.
    flow_m3_s : array of float
        Along the drawing; negative runs against it.
    leaving_m3_s : array of float, one a node
        Water that leaves the network there.
    survival, time_s : array of float, one a segment

    Returns
    -------
    transport : Transport
        Arcs in the direction of flow; still segments have none.
    segment : array of int
        Segment of each arc.
    """
    moving = np.flatnonzero(flow_m3_s != 0)
    forward = flow_m3_s[moving] > 0
    start, end = (part[moving] for part in ends)
    tail, head = np.where(forward, start, end), np.where(forward, end, start)
    flow = np.abs(flow_m3_s[moving])
    out = np.bincount(tail, flow, minlength=nodes) + np.maximum(leaving_m3_s, 0.0)
    transport = Transport(
        nodes, tail, head, flow / out[tail], survival[moving], time_s[moving]
    )
    return transport, moving

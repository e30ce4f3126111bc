"""Work on many shapes in two threads: GEOS lets go of the interpreter while it works."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORKERS = 2
"""Threads at a time: an office machine has two cores, and each takes memory."""

FEW = 1000
"""With fewer shapes a thread costs more than it saves."""


def in_threads(
    work: Callable[[NDArray[Any]], NDArray[Any]], shapes: NDArray[Any]
) -> NDArray[Any]:
    """
    Apply a function of arrays to parts of an array at the same time.

    Parameters
    ----------
    work : callable
        Gives one answer a row, whatever rows stand beside it.
    shapes : array
        Parted along its first axis.

    Examples
    --------
    >>> import shapely
    >>> boxes = np.array([shapely.box(0, 0, k + 1, 1) for k in range(3)])
    >>> in_threads(shapely.area, boxes).tolist()
    [1.0, 2.0, 3.0]
    """
    if len(shapes) < FEW:
        return work(shapes)
    with ThreadPoolExecutor(WORKERS) as pool:
        return np.concatenate([*pool.map(work, np.array_split(shapes, WORKERS))])

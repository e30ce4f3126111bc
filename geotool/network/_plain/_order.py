"""Things put in order, in numpy."""

from typing import Any

import numpy as np

from geotool.network._ragged import Floats, Ints


def ordered(key: Ints, first: Any, second: Any) -> Ints:
    """
    Order things by a key, then by one number and another.

    Parameters
    ----------
    key : array of int
        From 0 up, few of them above the number of things.
    first, second : array
        What is alike in all three stays as it comes.
    """
    return np.asarray(np.lexsort((second, first, key)), dtype=np.int64)


def ascending(first: Any, second: Any) -> Ints:
    """
    Order things by one number, then by another.

    Parameters
    ----------
    first, second : array
        What is alike in both stays as it comes.
    """
    return np.asarray(np.lexsort((second, first)), dtype=np.int64)


def eastward(xy: Floats) -> tuple[Ints, Floats]:
    """Order points by x, then by y; and give them in this order."""
    order = ascending(xy[:, 0], xy[:, 1])
    return order, xy[order]

"""Lines laid out in memory as they lie on the ground.

Most steps of building look at a line and those around it. Where rows come in any other
order, each look is a wait for memory that lasts longer than what is done with it.
"""

from dataclasses import replace

import numpy as np

from geotool.network._canonical import Parts
from geotool.network._engine import engine
from geotool.network._ragged import Ints, Ragged

BEYOND_CACHE = 500_000
"""Vertices up to which all of them fit into the cache of a processor."""

WIDE = 4.0
"""Width of a strip of land, in widths of a line."""


def laid_out(parts: Parts) -> tuple[Parts, Ints, Ragged | None]:
    """
    Put parts in an order in which neighbours lie beside each other.

    Returns
    -------
    parts : Parts
        No longer sorted by row, if there are many.
    rank : array of int
        The place that each had.
    home : Ragged or None
        Where each lay, if it was moved.

    Examples
    --------
    >>> row = np.arange(2)
    >>> shape = Ragged(np.array([[0.0, 9], [0, 8], [0, 0], [0, 1]]), 2 * row, 2 * row + 2)
    >>> laid_out(Parts(shape, row, row > 0))[1].tolist()  # few lines stay as they are
    [0, 1]
    """
    shape = parts.shape
    if len(shape.xy) < BEYOND_CACHE:
        return parts, np.arange(len(shape)), None
    order = _by_strips(shape)
    packed = engine(len(shape.xy)).packed(shape.xy, shape.start, shape.stop, order)
    made = replace(
        parts, shape=Ragged(*packed), row=parts.row[order], flipped=parts.flipped[order]
    )
    return made, order, shape.at(order)


def _by_strips(shape: Ragged) -> Ints:
    """Order lines by strips from west to east, as places are, in each to the north."""
    x, y = shape.xy[shape.start].T.copy()
    wide = np.abs(shape.xy[shape.stop - 1, 0] - x)
    x, y = x - x.min(), y - y.min()
    width = max(WIDE * float(np.median(wide)), float(x.max()) / 2**20, 1e-3)
    strip = np.floor(x / width)
    share = y / (float(y.max()) + 1.0)  # below 1: the next strip comes after it
    order: Ints = engine(len(shape.xy)).ascending(strip + share, y)
    return order

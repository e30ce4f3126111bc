"""Where arrows of direction stand on lines of a printed map."""

import numpy as np
from numpy.typing import NDArray

EVERY = 90.0
"""Points of paper from one arrow of a line to the next."""

SHORTEST = 12.0
"""A line shorter than this on paper has no room for an arrow."""

_LONG, _WIDE, _NOTCH = 4.0, 2.6, 1.0  # half length, half width, notch; in points
_GAP = 0.9  # half of the gap between the two heads of a two-way arrow

Floats = NDArray[np.float64]


def arrows_along(
    line: Floats, *, scale: float, both: bool, size: float
) -> list[Floats]:
    """
    Outline the arrows of one line.

    Parameters
    ----------
    line : array of float, shape (n, 2)
        Metres, in the direction of flow.
    scale : float
        Points of paper per metre.
    both : bool
        Whether the arrow points both ways.
    size : float
        1 for the usual size.

    Returns
    -------
    list of array
        Corners in metres; none where the line is too short to carry an arrow.

    Examples
    --------
    >>> line = np.array([[0.0, 0.0], [40.0, 0.0]])
    >>> [head] = arrows_along(line, scale=1, both=False, size=1)
    >>> head[0]  # the tip, a little ahead of the middle
    array([24.,  0.])
    >>> len(arrows_along(line, scale=1, both=True, size=1))
    2
    """
    step = np.hypot(*np.diff(line, axis=0).T) * scale
    along = np.concatenate([[0.0], np.cumsum(step)])
    length = along[-1]
    if length < SHORTEST * size:
        return []
    count = max(int(length / EVERY), 1)
    spots = (np.arange(count) + 0.5) * length / count
    heads: list[Floats] = []
    for spot in spots:
        # the direction over the length of the arrow, not of a tiny piece of line
        ends = np.clip([spot - _LONG * size, spot, spot + _LONG * size], 0, length)
        x, y = np.interp(ends, along, line[:, 0]), np.interp(ends, along, line[:, 1])
        ahead = np.array([x[2] - x[0], y[2] - y[0]])
        away = float(np.hypot(*ahead))
        if away == 0:
            continue
        ahead /= away
        heads += _heads(np.array([x[1], y[1]]), ahead * size / scale, both=both)
    return heads


def _heads(at: Floats, ahead: Floats, *, both: bool) -> list[Floats]:
    """One head, or two back to back; `ahead` is as long as a point of paper."""
    if not both:
        return [_head(at, ahead, -_LONG)]
    return [_head(at, ahead, _GAP), _head(at, -ahead, _GAP)]


def _head(at: Floats, ahead: Floats, back: float) -> Floats:
    """Tip, one barb, the notch between them, the other barb."""
    beside = np.array([-ahead[1], ahead[0]])
    tail = at + back * ahead
    return np.array(
        [
            tail + 2 * _LONG * ahead,
            tail + _WIDE * beside,
            tail + _NOTCH * ahead,
            tail - _WIDE * beside,
        ]
    )

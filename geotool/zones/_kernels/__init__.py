"""Loops of screening that numba compiles: the quick way for many points.

Areas come as corners of rings one after the other (see
:class:`geotool.zones._corners.Corners`), shells anticlockwise and holes clockwise.
Nothing here is needed: :mod:`geotool.zones._screening` gives the same without, slower.
"""

from geotool.zones._kernels._cells import draw_cells
from geotool.zones._kernels._contacts import contacts, overlapping_boxes
from geotool.zones._kernels._judge import judge, rows_near
from geotool.zones._kernels._measure import signed_pairs, spans_of
from geotool.zones._kernels._outline import outlines
from geotool.zones._kernels._rings import boxes_of, sound, turn_rings

__all__ = [
    "boxes_of",
    "contacts",
    "draw_cells",
    "judge",
    "outlines",
    "overlapping_boxes",
    "rows_near",
    "signed_pairs",
    "sound",
    "spans_of",
    "turn_rings",
]

"""Lengths below which things are the same, for all steps of building."""

EXACT_M = 1e-3
"""Points closer than this are the same point: rounding of files and projections."""

GRID_M = 1e-4
"""Corners are taken to a tenth of a millimetre: what is finer is noise of projecting."""

STRAIGHT_M = 1e-6
"""A vertex this close to the straight line between its neighbours is no corner."""

RUN = 10
"""Segments that share one box when near lines are looked for."""

LONG_RUN = 20
"""Segments that share one box when lines near points are looked for."""

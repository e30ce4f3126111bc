"""The heavy steps of building as compiled loops: all that needs numba.

Each function gives what its namesake in ``_plain`` gives; read that for what it means.
"""

from geotool.network._kernels._join import join
from geotool.network._kernels._lines import (
    canonical,
    cut,
    interpolate,
    is_tame,
    lengths,
    locate,
    pieces_of,
)
from geotool.network._kernels._meet import contacts, near_lines, sweep
from geotool.network._kernels._texts import written

__all__ = [
    "canonical",
    "contacts",
    "cut",
    "interpolate",
    "is_tame",
    "join",
    "lengths",
    "locate",
    "near_lines",
    "pieces_of",
    "sweep",
    "written",
]

"""The heavy steps of building as compiled loops: all that needs numba.

Each function gives what its namesake in ``_plain`` gives; read that for what it means.
"""

from geotool.network._kernels._join import join
from geotool.network._kernels._lines import (
    canonical,
    interpolate,
    is_tame,
    lengths,
    lengths_of,
    locate,
    packed,
)
from geotool.network._kernels._meet import contacts
from geotool.network._kernels._near import near_lines, sweep
from geotool.network._kernels._order import ascending, eastward, ordered
from geotool.network._kernels._pieces import cut, inside, is_crowded, pieces_of
from geotool.network._kernels._texts import written

__all__ = [
    "ascending",
    "canonical",
    "contacts",
    "cut",
    "eastward",
    "inside",
    "interpolate",
    "is_crowded",
    "is_tame",
    "join",
    "lengths",
    "lengths_of",
    "locate",
    "near_lines",
    "ordered",
    "packed",
    "pieces_of",
    "sweep",
    "written",
]

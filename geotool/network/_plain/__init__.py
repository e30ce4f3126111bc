"""The heavy steps of building in numpy and GEOS; ``_kernels`` has them compiled."""

from geotool.network._plain._join import join
from geotool.network._plain._lines import (
    canonical,
    closes,
    cut,
    interpolate,
    is_tame,
    lengths,
    locate,
    pieces_of,
)
from geotool.network._plain._meet import contacts, near_lines, sweep
from geotool.network._plain._texts import written

__all__ = [
    "canonical",
    "closes",
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

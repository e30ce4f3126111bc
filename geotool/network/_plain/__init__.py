"""The heavy steps of building in numpy and GEOS; ``_kernels`` has them compiled."""

from geotool.network._plain._join import join
from geotool.network._plain._lines import (
    canonical,
    closes,
    interpolate,
    is_tame,
    lengths,
    lengths_of,
    locate,
    packed,
)
from geotool.network._plain._meet import contacts, near_lines, sweep
from geotool.network._plain._order import ascending, eastward, ordered
from geotool.network._plain._pieces import cut, inside, is_crowded, pieces_of
from geotool.network._plain._texts import written

__all__ = [
    "ascending",
    "canonical",
    "closes",
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

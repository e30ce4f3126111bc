"""Points put on the network: which reach, how far along it, how far beside it, and why."""

from typing import TYPE_CHECKING

from geotool._on_demand import on_demand

if TYPE_CHECKING:
    from geotool.locate._candidates import CANDIDATE_COLUMNS, locate_candidates
    from geotool.locate._choice import CLOSE_CALL_M, LOCATED
    from geotool.locate._insert import insert_nodes
    from geotool.locate._points import LOCATE_COLUMNS, locate_points
    from geotool.locate._positions import as_point, reach_position

__all__ = [
    "CANDIDATE_COLUMNS",
    "CLOSE_CALL_M",
    "LOCATED",
    "LOCATE_COLUMNS",
    "as_point",
    "insert_nodes",
    "locate_candidates",
    "locate_points",
    "reach_position",
]

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_candidates": ("CANDIDATE_COLUMNS", "locate_candidates"),
        "_choice": ("CLOSE_CALL_M", "LOCATED"),
        "_insert": ("insert_nodes",),
        "_points": ("LOCATE_COLUMNS", "locate_points"),
        "_positions": ("as_point", "reach_position"),
    },
)

"""Points put on the network: which reach, how far along it, how far beside it, and why."""

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

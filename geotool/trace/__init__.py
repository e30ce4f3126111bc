"""Follow the water: what lies upstream of a place, and what downstream."""

from geotool.trace._graph import LEVELS
from geotool.trace._result import RELATION_ZH, SOURCES, Trace
from geotool.trace._trace import trace_downstream, trace_upstream
from geotool.trace._velocity import velocity_ranges

__all__ = [
    "LEVELS",
    "RELATION_ZH",
    "SOURCES",
    "Trace",
    "trace_downstream",
    "trace_upstream",
    "velocity_ranges",
]

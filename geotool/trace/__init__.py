"""Follow the water: what lies upstream of a place, and what downstream."""

from typing import TYPE_CHECKING

from geotool._on_demand import on_demand

if TYPE_CHECKING:
    from geotool.trace._alert import alert_sheet, alert_table
    from geotool.trace._borders import BORDERS, border_points
    from geotool.trace._catchment import SectionCatchments
    from geotool.trace._catchments import section_catchments
    from geotool.trace._compare import compare_scenarios
    from geotool.trace._comparison import ScenarioComparison
    from geotool.trace._graph import LEVELS
    from geotool.trace._result import Trace
    from geotool.trace._show import RELATION_ZH
    from geotool.trace._stored import workspace_points
    from geotool.trace._told import SOURCES
    from geotool.trace._trace import trace_downstream, trace_upstream
    from geotool.trace._velocity import velocity_ranges

__all__ = [
    "BORDERS",
    "LEVELS",
    "RELATION_ZH",
    "SOURCES",
    "ScenarioComparison",
    "SectionCatchments",
    "Trace",
    "alert_sheet",
    "alert_table",
    "border_points",
    "compare_scenarios",
    "section_catchments",
    "trace_downstream",
    "trace_upstream",
    "velocity_ranges",
    "workspace_points",
]

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_alert": ("alert_sheet", "alert_table"),
        "_borders": ("BORDERS", "border_points"),
        "_catchment": ("SectionCatchments",),
        "_catchments": ("section_catchments",),
        "_compare": ("compare_scenarios",),
        "_comparison": ("ScenarioComparison",),
        "_graph": ("LEVELS",),
        "_result": ("Trace",),
        "_show": ("RELATION_ZH",),
        "_stored": ("workspace_points",),
        "_told": ("SOURCES",),
        "_trace": ("trace_downstream", "trace_upstream"),
        "_velocity": ("velocity_ranges",),
    },
)

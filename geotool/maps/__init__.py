"""Maps: one HTML file for the screen, one figure for the page.

The drawing libraries load when a function is first used.
"""

from geotool._on_demand import on_demand

__all__ = [
    "one_map",
    "plot_class_calendar",
    "plot_class_shares",
    "plot_map",
    "plot_series",
    "save_map",
    "tianditu",
    "tile_folder",
]

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_ground": ("tianditu", "tile_folder"),
        "_offline": ("save_map",),
        "figure": ("plot_map",),
        "onemap": ("one_map",),
        "quality_figures": ("plot_class_calendar", "plot_class_shares", "plot_series"),
    },
)

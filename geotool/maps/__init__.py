"""Maps: one HTML file for the screen, one figure for the page.

The drawing libraries load when a function is first used.
"""

from importlib import import_module
from typing import Any

_HOME = {
    "one_map": "onemap",
    "save_map": "_offline",
    "plot_map": "figure",
    "plot_class_calendar": "quality_figures",
    "plot_class_shares": "quality_figures",
    "plot_series": "quality_figures",
    "tianditu": "_ground",
    "tile_folder": "_ground",
}
"""Where each public name lives."""

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


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f"geotool.maps.{_HOME[name]}"), name)
    raise AttributeError(f"module 'geotool.maps' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])

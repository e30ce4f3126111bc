"""Readings at sections → class of the water, whether the target is met, since when.

Limits are data (``tables/gb3838_2002.toml``), rules too (``tables/assessment.toml``).
A class is taken from mean concentrations, never from the mean of classes, and
every result names the standard it was judged by.
"""

from typing import TYPE_CHECKING

from geotool._on_demand import on_demand

if TYPE_CHECKING:
    from geotool.quality._alerts import section_alerts
    from geotool.quality._assess import assess_sections
    from geotool.quality._changes import class_changes
    from geotool.quality._classify import Classification, classify
    from geotool.quality._ended import ended_exceedances
    from geotool.quality._exceed import exceedances
    from geotool.quality._layer import sections_with_class
    from geotool.quality._limits import CLASSES, class_limits
    from geotool.quality._rivers import assess_rivers
    from geotool.quality._summary import summarise_sections
    from geotool.quality._supplementary import assess_supplementary
    from geotool.quality._trend import section_trends
    from geotool.quality._trophic import trophic_state

__all__ = [
    "CLASSES",
    "Classification",
    "assess_rivers",
    "assess_sections",
    "assess_supplementary",
    "class_changes",
    "class_limits",
    "classify",
    "ended_exceedances",
    "exceedances",
    "section_alerts",
    "section_trends",
    "sections_with_class",
    "summarise_sections",
    "trophic_state",
]

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_alerts": ("section_alerts",),
        "_assess": ("assess_sections",),
        "_changes": ("class_changes",),
        "_classify": ("Classification", "classify"),
        "_ended": ("ended_exceedances",),
        "_exceed": ("exceedances",),
        "_layer": ("sections_with_class",),
        "_limits": ("CLASSES", "class_limits"),
        "_rivers": ("assess_rivers",),
        "_summary": ("summarise_sections",),
        "_supplementary": ("assess_supplementary",),
        "_trend": ("section_trends",),
        "_trophic": ("trophic_state",),
    },
)

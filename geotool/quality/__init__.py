"""Readings at sections → class of the water, whether the target is met, since when.

Limits are data (``tables/gb3838_2002.toml``), rules too (``tables/assessment.toml``).
A class is taken from mean concentrations, never from the mean of classes, and
every result names the standard it was judged by.
"""

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

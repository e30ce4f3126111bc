"""Readings at sections → class of the water, whether the target is met, since when.

Limits are data (``tables/gb3838_2002.toml``), rules too (``tables/assessment.toml``).
A class is taken from mean concentrations, never from the mean of classes, and
every result names the standard it was judged by.
"""

from geotool.quality._assess import assess_sections
from geotool.quality._classify import Classification, classify
from geotool.quality._exceed import exceedances
from geotool.quality._layer import sections_with_class
from geotool.quality._limits import CLASSES, class_limits

__all__ = [
    "CLASSES",
    "Classification",
    "assess_sections",
    "class_limits",
    "classify",
    "exceedances",
    "sections_with_class",
]

"""Drainage areas by the shape of the land, and what covers them.

What drains to a section *along the network* is ``trace``'s ground
(:func:`geotool.section_catchments`); here it is the land, from a grid of heights.
"""

from geotool.catchment._catchments import d8_catchments, dem_catchments
from geotool.catchment._land_cover import land_cover_shares

__all__ = ["d8_catchments", "dem_catchments", "land_cover_shares"]

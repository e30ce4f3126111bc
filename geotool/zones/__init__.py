"""Protection zones along the network, buffers along banks, and what lies in them.

Zones that are computed are drafts for screening; approved polygons take their place.
"""

from typing import TYPE_CHECKING

from geotool._on_demand import on_demand

if TYPE_CHECKING:
    from geotool.zones._buffer_rules import buffer_distances
    from geotool.zones._buffers import buffer_zones
    from geotool.zones._plan import ZonePlan
    from geotool.zones._protection import protection_zones
    from geotool.zones._screen_shapes import screen_lines, screen_polygons
    from geotool.zones._screening import screen_points
    from geotool.zones._shore_rules import ShoreRule, shore_rule
    from geotool.zones._shores import screen_shore
    from geotool.zones._upstream import upstream_of_sources

__all__ = [
    "ShoreRule",
    "ZonePlan",
    "buffer_distances",
    "buffer_zones",
    "protection_zones",
    "screen_lines",
    "screen_points",
    "screen_polygons",
    "screen_shore",
    "shore_rule",
    "upstream_of_sources",
]

__getattr__, __dir__ = on_demand(
    __name__,
    {
        "_buffer_rules": ("buffer_distances",),
        "_buffers": ("buffer_zones",),
        "_plan": ("ZonePlan",),
        "_protection": ("protection_zones",),
        "_screen_shapes": ("screen_lines", "screen_polygons"),
        "_screening": ("screen_points",),
        "_shore_rules": ("ShoreRule", "shore_rule"),
        "_shores": ("screen_shore",),
        "_upstream": ("upstream_of_sources",),
    },
)

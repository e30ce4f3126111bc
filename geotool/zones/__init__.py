"""Protection zones along the network, buffers along banks, and what lies in them.

Zones that are computed are drafts for screening; approved polygons take their place.
"""

from geotool.zones._buffers import buffer_zones
from geotool.zones._plan import ZonePlan
from geotool.zones._protection import protection_zones
from geotool.zones._screening import screen_points

__all__ = ["ZonePlan", "buffer_zones", "protection_zones", "screen_points"]

"""Reference systems: which one to measure in, and the two shifted Chinese datums.

Coordinates are longitude, latitude (east, north) in every function: EPSG:4490
and the Gauss-Krüger systems say north first, geotool never does.
"""

from geotool.crs._datums import (
    DATUMS,
    bd09_to_gcj02,
    gcj02_to_bd09,
    gcj02_to_wgs84,
    to_wgs84,
    wgs84_to_gcj02,
)
from geotool.crs._systems import (
    CHINA_LATITUDE,
    CHINA_LONGITUDE,
    GEOGRAPHIC_CRS,
    metric_crs,
    reproject,
    require_crs,
    require_metric,
    to_degrees,
    to_metric,
    transformer_to_degrees,
)

__all__ = [
    "CHINA_LATITUDE",
    "CHINA_LONGITUDE",
    "DATUMS",
    "GEOGRAPHIC_CRS",
    "bd09_to_gcj02",
    "gcj02_to_bd09",
    "gcj02_to_wgs84",
    "metric_crs",
    "reproject",
    "require_crs",
    "require_metric",
    "to_degrees",
    "to_metric",
    "to_wgs84",
    "transformer_to_degrees",
    "wgs84_to_gcj02",
]

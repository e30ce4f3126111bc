"""Lines as bytes, for a page that reads them without parsing."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geotool.crs import to_degrees

MICRO = 1_000_000
"""Degrees travel to the page as millionths: a decimetre, half the bytes of a float."""


@dataclass(frozen=True, eq=False)
class Lines:
    """
    Lines as bytes: what a browser reads without parsing.

    Attributes
    ----------
    coords : bytes
        Longitude and latitude in millionths of a degree, int32.
    starts : bytes
        First vertex of each line, and the end of the last, uint32.
    classes : bytes
        One a line, place in ``LEVELS``.
    """

    coords: bytes
    starts: bytes
    classes: bytes


def pack_lines(lines: gpd.GeoSeries, classes: Any = None) -> Lines:
    """
    Pack lines for the page.

    Parameters
    ----------
    lines : GeoSeries of LineString
        In any reference system.
    classes : sequence of int, optional

    Examples
    --------
    >>> line = gpd.GeoSeries([shapely.LineString([(120, 31), (120.5, 31)])], crs=4490)
    >>> packed = pack_lines(line, [2])
    >>> np.frombuffer(packed.coords, np.int32).tolist(), list(packed.classes)
    ([120000000, 31000000, 120500000, 31000000], [2])
    >>> np.frombuffer(packed.starts, np.uint32).tolist()
    [0, 2]
    """
    shapes = to_degrees(gpd.GeoDataFrame(geometry=lines)).geometry.to_numpy()
    ends = np.cumsum(shapely.get_num_coordinates(shapes))
    coords = np.round(shapely.get_coordinates(shapes) * MICRO)
    kinds = np.zeros(len(shapes)) if classes is None else np.asarray(classes)
    return Lines(
        coords=coords.astype("<i4").tobytes(),
        starts=np.concatenate([[0], ends]).astype("<u4").tobytes(),
        classes=kinds.astype(np.uint8).tobytes(),
    )

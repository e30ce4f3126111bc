"""Where sections, water sources and districts are put: schematic, not surveyed."""

from dataclasses import dataclass

import numpy as np
import pyproj
import shapely

from demo._curves import edge_line, node_m, river_lines
from demo._layout import CRS, ORIGIN_M, STRUCTURES

_TO_DEGREES = pyproj.Transformer.from_crs(CRS, "EPSG:4490", always_xy=True)


@dataclass(frozen=True)
class OnEdge:
    """A place beside an edge: share of its length, metres to the left of it."""

    start: str
    end: str
    share: float
    left_m: float = 0.0

    @property
    def point(self) -> shapely.Point:
        """Place in metres of the working system."""
        line = edge_line(self.start, self.end)
        at = self.share * line.length
        here = np.array(line.interpolate(at).coords[0])
        ahead = np.array(line.interpolate(min(at + 1, line.length)).coords[0])
        back = np.array(line.interpolate(max(at - 1, 0)).coords[0])
        along = (ahead - back) / np.linalg.norm(ahead - back)
        x, y = here + self.left_m * np.array([-along[1], along[0]])
        return shapely.Point(x, y)


SECTION_PLACES: dict[str, OnEdge] = {
    "DM01": OnEdge("M-团结", "M-南农", 0.22, 150.0),
    "DM02": OnEdge("T2", "T3", 0.06),
    "DM03": OnEdge("T10", "G-营船", 0.88),
    "DM04": OnEdge("K3", "G-裤子", 0.86),
    "DM05": OnEdge("C1", "G-新开", 0.90),
    "DM06": OnEdge("N4", "G-南农", 0.84),
    "DM07": OnEdge("F1", "G-富民", 0.85),
    "DM08": OnEdge("W3", "G-东方", 0.90),
}
SOURCE_PLACES: dict[str, OnEdge] = {
    "SY01": OnEdge("M-营船", "M-新开", 0.50, 170.0),
    "SY02": OnEdge("L0", "L1", 0.95, 60.0),
}
YANGZHONG_PLACES: dict[str, tuple[float, float]] = {
    "YZ01": (119.815, 32.245), "YZ02": (119.842, 32.206), "YZ03": (119.738, 32.268),
    "YZ04": (119.862, 32.178), "SY11": (119.870, 32.262), "SY12": (119.788, 32.176),
}  # fmt: skip
"""Degrees, somewhere on the island: the plans say only which water they lie on."""


def degrees(point: shapely.Point) -> tuple[float, float]:
    """Longitude and latitude (CGCS2000) to 1e-6 degrees, about 0.1 m."""
    lon, lat = _TO_DEGREES.transform(point.x, point.y)
    return round(lon, 6), round(lat, 6)


def structure_points() -> dict[str, shapely.Point]:
    """Give the place of every structure by id."""
    found = {}
    for row in STRUCTURES:
        if row.share < 0:  # a siphon stands where its canal passes under the other
            crossing = river_lines()["MS03"].intersection(river_lines()["XK01"])
            found[row.structure_id] = shapely.Point(crossing.x, crossing.y)
        else:
            found[row.structure_id] = OnEdge(row.start, row.end, row.share).point
    return found


_CORNERS_KM = {
    "nw": (5.2, 17.6), "a": (11.2, 17.6), "b": (15.5, 17.6), "ne": (19.7, 17.6),
    "c": (10.9, 12.7), "d": (15.5, 12.75), "e": (19.7, 12.8), "f": (10.8, 9.9),
    "g": (11.6, 9.1), "h": (19.7, 9.5), "se": (19.7, 1.2),
}  # fmt: skip
TOWNSHIPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "中兴": ("320601-01", ("nw", "a", "c", "f", "G-营船", "G-裤子", "G-富民")),
    "小海": ("320601-02", ("a", "b", "d", "c")),
    "竹行": ("320601-03", ("b", "ne", "e", "d")),
    "新开": ("320601-04", ("c", "d", "e", "h", "g", "f")),
    "老洪港": (
        "320601-05",
        ("f", "g", "h", "se", "G-东方", "G-南农", "G-团结", "G-长桥", "G-新开", "G-营船"),
    ),
}  # fmt: skip
"""Name → (code, made up; corners clockwise). Neighbours share their corners."""


def township_polygons() -> dict[str, shapely.Polygon]:
    """Draw the schematic districts in metres; the bank is their south-western edge."""
    return {
        name: shapely.Polygon([_corner(corner) for corner in corners])
        for name, (_, corners) in TOWNSHIPS.items()
    }


def _corner(name: str) -> tuple[float, float]:
    if name in _CORNERS_KM:
        x, y = np.array(ORIGIN_M) + 1000 * np.array(_CORNERS_KM[name])
    else:
        x, y = node_m(name)
    return float(x), float(y)


def township_at(point: shapely.Point) -> str:
    """Name the district a point lies in; the river itself counts to the nearest."""
    shapes = township_polygons()
    return min(shapes, key=lambda name: (shapes[name].distance(point), name))

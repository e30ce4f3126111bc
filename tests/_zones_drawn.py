"""Rivers, intakes, zones and outfalls drawn by hand for the tests of zones."""

from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import LineString, Point, box

import geotool as gt
from geotool.network import RiverNetwork
from geotool.network._model import STRUCTURE_COLUMNS

X, Y, CRS = 500_000.0, 3_540_000.0, 4549


# ---------------------------------------------------------------- drawing
def network(lines, *, mode="normal", width_m=20.0, names=None, gate=None, crs=CRS):
    """Make a network of lines that meet at equal end points."""
    lines = [
        shapely.transform(line, lambda xy: xy + np.array((X, Y))) for line in lines
    ]
    if crs != CRS:
        lines = list(gpd.GeoSeries(lines, crs=CRS).to_crs(crs))
    ends = [tuple(line.coords[k]) for line in lines for k in (0, -1)]
    places = list(dict.fromkeys(ends))
    number = {place: k for k, place in enumerate(places)}
    n = len(lines)
    reaches = gpd.GeoDataFrame(
        {
            "reach_id": [f"R{k}" for k in range(n)],
            "river_id": [f"V{k}" for k in range(n)],
            "name": names or ["甲河"] * n,
            "from_node": [number[ends[2 * k]] for k in range(n)],
            "to_node": [number[ends[2 * k + 1]] for k in range(n)],
            "length_m": [line.length for line in lines],
            "flow_mode": [mode] * n if isinstance(mode, str) else mode,
            "direction_source": "given",
            "direction_confidence": 0.95,
            "width_m": width_m,
            "depth_m": np.nan,
            "flow_m3_s": np.nan,
            "velocity_m_s": np.nan,
        },
        geometry=lines,
        crs=crs,
    )
    nodes = gpd.GeoDataFrame(
        {"node_id": range(len(places)), "kind": "end", "structure_id": None},
        geometry=[Point(place) for place in places],
        crs=crs,
    )
    rows = (
        [] if gate is None else [("Z1", gate, "闸一", "sluice", "internal", "closed")]
    )
    structures = pd.DataFrame(rows, columns=list(STRUCTURE_COLUMNS))
    if gate is not None:
        nodes.loc[gate, ["kind", "structure_id"]] = ["structure", "Z1"]
    return RiverNetwork(reaches, nodes, structures)


def sources(*points, kind="river", crs=CRS, **columns):
    shapes = [None if p is None else Point(p[0] + X, p[1] + Y) for p in points]
    table = {
        "water_source_id": [f"SY{k + 1}" for k in range(len(points))],
        "name": [f"水源{k + 1}" for k in range(len(points))],
        "kind": kind,
        **columns,
    }
    layer = gpd.GeoDataFrame(table, geometry=shapes, crs=CRS)
    return layer if crs == CRS else layer.to_crs(crs)


STRAIGHT = [LineString([(0, 0), (20_000, 0)])]
BEND = [
    LineString([(0, 0), (6_000, 0)]),
    LineString([(6_000, 0), (6_400, 700), (6_400, 5_000)]),
]
CONFLUENCE = [
    LineString([(0, 3_000), (4_000, 0)]),
    LineString([(0, -4_000), (4_000, 0)]),
    LineString([(4_000, 0), (12_000, 0)]),
]
LOOP = [
    LineString([(0, 0), (6_000, 0)]),
    LineString([(6_000, 0), (7_000, 900), (8_000, 0)]),
    LineString([(6_000, 0), (7_000, -700), (8_000, 0)]),
    LineString([(8_000, 0), (16_000, 0)]),
]
DRAWN = {
    "straight": (STRAIGHT, (9_000, 0)),
    "bend": (BEND, (6_400, 900)),
    "confluence": (CONFLUENCE, (4_500, 0)),
    "loop": (LOOP, (8_400, 0)),
    "within the loop": (LOOP, (7_000, 900)),
    "at a confluence": (CONFLUENCE, (4_000, 0)),
    "at the first end": (STRAIGHT, (0, 0)),
    "at the last end": (STRAIGHT, (20_000, 0)),
}


def plan_of(lines, place, **options):
    keep = {key: options.pop(key) for key in ("mode", "width_m") if key in options}
    return gt.protection_zones(sources(place), network(lines, **keep), **options)


def own_rule(up, down, land, *, width=30):
    levels = {
        str(k + 1): {"up_m": u, "down_m": d, "land_m": a}
        for k, (u, d, a) in enumerate(zip(up, down, land, strict=True))
    }
    river = {"shape": "river", "assumed_width_m": width, "levels": levels}
    return {"key": "own", "kinds": {"river": river}}


def by_level(layer):
    return dict(zip(layer["level"], layer.geometry, strict=True))


def approved(*rows, crs=CRS, **columns):
    table = pd.DataFrame(rows, columns=["water_source_id", "level", "geometry"])
    shapes = [
        shapely.transform(s, lambda xy: xy + np.array((X, Y)))
        for s in table.pop("geometry")
    ]
    return gpd.GeoDataFrame(table.assign(**columns), geometry=shapes, crs=CRS).to_crs(
        crs
    )


def rivers(*lines, crs=CRS, **columns):
    shapes = [
        shapely.transform(line, lambda xy: xy + np.array((X, Y))) for line in lines
    ]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS).to_crs(crs)


AFTER, BEFORE = date(2026, 8, 15), date(2026, 8, 14)


def zone_layer(status="approved", **columns):
    """Level 1 within 0…2000, level 2 to 4000, level 3 to 6000, all from x = 0."""
    return approved(
        ("SY1", "1", box(0, 0, 2_000, 10_000)),
        ("SY1", "2", box(2_000, 0, 4_000, 10_000)),
        ("SY1", "3", box(4_000, 0, 6_000, 10_000)),
        zone_id=["Z1", "Z2", "Z3"],
        name=["甲一级", "甲二级", "甲准"],
        kind="protection",
        status=status,
        **columns,
    )


def outfalls(*xs, status="known", y=5_000, crs=CRS, **columns):
    table = {
        "outfall_id": [f"P{k}" for k in range(len(xs))],
        "phone": "138",
        **columns,
    }
    if status is not None:
        table["datum_status"] = status
    shapes = [None if x is None else Point(x + X, y + Y) for x in xs]
    return gpd.GeoDataFrame(table, geometry=shapes, crs=CRS).to_crs(crs)

"""The canals of a simulated incident, and the outfalls and sections on them."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, Point
from shapely.geometry.base import BaseGeometry

ITEMS = ("NH3N", "TP", "CODMN", "F")
#: category: weight, discharge m3/d (median, sd of ln), concentration mg/L per item
CATEGORIES: dict[str, tuple[float, float, float, tuple[float, ...]]] = {
    "工矿企业排污口": (0.22, 950, 0.80, (6.0, 0.5, 22.0, 8.0)),
    "城镇雨洪排口": (0.20, 500, 0.95, (3.0, 0.35, 10.0, 0.4)),
    "规模化水产养殖排污口": (0.13, 1750, 0.72, (1.2, 0.5, 12.0, 0.5)),
    "农田退水口": (0.11, 1550, 0.75, (1.0, 0.4, 8.0, 0.5)),
    "规模化畜禽养殖排污口": (0.10, 170, 0.77, (40.0, 5.8, 60.0, 0.4)),
    "农村污水处理设施排污口": (0.10, 115, 0.70, (10.0, 1.2, 25.0, 0.4)),
    "城镇污水处理厂排污口": (0.08, 13000, 0.60, (4.0, 0.5, 14.0, 0.6)),
    "园区污水处理厂排污口": (0.06, 6600, 0.50, (5.0, 0.5, 20.0, 3.0)),
}
WIDTHS_M = (8.0, 12.0, 18.0, 25.0, 35.0)
Array = np.ndarray[Any, Any]


@dataclass
class Web:
    """The canals before anybody knows which way they flow."""

    nodes: Array  # x, y
    rivers: gpd.GeoDataFrame  # a, b (node numbers), width_m, geometry from a to b
    inlets: list[int]
    outlets: list[int]
    inflow_m3_s: list[float]
    depth_m: float


def make_web(rng: np.random.Generator, *, columns: int, rows: int) -> Web:
    """Draw a jittered grid of canals, take edges out, choose inlets and outlets."""
    step = rng.uniform(900, 1500, 2)
    grid = np.array([(i, j) for i in range(columns) for j in range(rows)])
    nodes = (grid + rng.uniform(-0.2, 0.2, grid.shape)) * step + (500_000, 3_540_000)
    number = {(i, j): k for k, (i, j) in enumerate(grid.tolist())}
    edges = []
    for (i, j), k in number.items():
        edges += [(k, number[p]) for p in ((i + 1, j), (i, j + 1)) if p in number]
    kept = _thin(rng, edges, len(nodes), share=rng.uniform(0.12, 0.30))
    lines = [_bent(rng, nodes[a], nodes[b]) for a, b in kept]
    rivers = gpd.GeoDataFrame(
        {
            "river_id": [f"R{k:03d}" for k in range(1, len(kept) + 1)],
            "name": [
                f"{'横' if b - a > 1 else '竖'}河{k}"
                for k, (a, b) in enumerate(kept, 1)
            ],
            "a": [a for a, _ in kept],
            "b": [b for _, b in kept],
            "width_m": rng.choice(WIDTHS_M, len(kept)),
        },
        geometry=lines,
        crs=4549,
    )
    south = [k for (_, j), k in number.items() if j == 0]
    north = [k for (_, j), k in number.items() if j == rows - 1]
    inlets = rng.choice(north, rng.integers(1, 4), replace=False)
    outlets = rng.choice(south, rng.integers(1, 3), replace=False)
    inflow = np.clip(np.exp(rng.normal(np.log(3.8), 0.65, len(inlets))), 1.0, 10.0)
    return Web(
        nodes,
        rivers,
        inlets=sorted(int(k) for k in inlets),
        outlets=sorted(int(k) for k in outlets),
        inflow_m3_s=inflow.tolist(),
        depth_m=float(rng.uniform(1.6, 2.6)),
    )


def _thin(
    rng: np.random.Generator, edges: list[tuple[int, int]], nodes: int, *, share: float
) -> list[tuple[int, int]]:
    """Take a share of the edges out, never one that would part the web."""
    kept = list(edges)
    aim = round(len(edges) * (1 - share))
    for k in rng.permutation(len(edges)):
        trial = [e for e in kept if e != edges[k]]
        a, b = edges[k]
        arms = min(sum(a in e for e in trial), sum(b in e for e in trial))
        spared = arms < 2 and rng.random() < 0.4  # dead arms are fewer than by chance
        if len(kept) > aim and not spared and _connected(trial, nodes):
            kept = trial
    return kept


def _connected(edges: list[tuple[int, int]], nodes: int) -> bool:
    root = list(range(nodes))

    def find(k: int) -> int:
        while root[k] != k:
            k = root[k]
        return k

    for a, b in edges:
        root[find(a)] = find(b)
    return len({find(k) for k in range(nodes)}) == 1


def _bent(rng: np.random.Generator, a: Array, b: Array) -> LineString:
    """Join two nodes by a line of six vertices, bowed a little to one side."""
    t = np.linspace(0, 1, 6)[:, None]
    along = b - a
    across = np.array([-along[1], along[0]])
    return LineString(a + t * along + rng.normal(0, 0.04) * np.sin(np.pi * t) * across)


def make_outfalls(rng: np.random.Generator, web: Web, count: int) -> pd.DataFrame:
    """Put outfalls on rivers: true discharge (m3/d) and concentrations (mg/L)."""
    names = list(CATEGORIES)
    weight = np.array([CATEGORIES[c][0] for c in names])
    rows = []
    for k in range(1, count + 1):
        category = names[rng.choice(len(names), p=weight / weight.sum())]
        _, median, spread, mix = CATEGORIES[category]
        river = int(rng.integers(len(web.rivers)))
        line = web.rivers.geometry.iloc[river]
        measure = float(rng.uniform(0.06, 0.94) * line.length)
        conc = np.array(mix) * np.exp(rng.normal(0, 0.25, len(ITEMS)))
        rows.append(
            {
                "id": f"PW{k:03d}",
                "category": category,
                "river": river,
                "measure_m": measure,
                "discharge_m3_d": float(median * np.exp(rng.normal(0, spread))),
                **dict(zip(ITEMS, conc.tolist(), strict=True)),
                "geometry": _beside(rng, line, measure, 2, 25),
            }
        )
    return pd.DataFrame(rows)


def make_sections(rng: np.random.Generator, web: Web, count: int) -> pd.DataFrame:
    """Put one section 120 m above each outlet and the others inside other rivers."""
    places: list[tuple[int, float]] = []
    for outlet in web.outlets:
        ends = web.rivers[(web.rivers.a == outlet) | (web.rivers.b == outlet)]
        free = [k for k in ends.index if k not in {river for river, _ in places}]
        if not free:
            continue
        river = int(rng.choice(free))
        length = web.rivers.geometry.iloc[river].length
        places.append((river, 120.0 if ends.a[river] == outlet else length - 120.0))
    taken = {river for river, _ in places}
    others = [k for k in range(len(web.rivers)) if k not in taken]
    for river in rng.choice(others, count - len(places), replace=False):
        length = web.rivers.geometry.iloc[river].length
        places.append((int(river), float(rng.uniform(0.35, 0.65) * length)))
    return pd.DataFrame(
        {
            "id": [f"DM{k:02d}" for k in range(1, len(places) + 1)],
            "river": [river for river, _ in places],
            "measure_m": [measure for _, measure in places],
            "geometry": [
                _beside(rng, web.rivers.geometry.iloc[river], measure, 0, 6)
                for river, measure in places
            ],
        }
    )


def _beside(
    rng: np.random.Generator,
    line: BaseGeometry,
    measure: float,
    low: float,
    high: float,
) -> Point:
    """Return a point some metres to the left or right of a place on the line."""
    here = np.array(line.interpolate(measure).coords[0])
    ahead = np.array(line.interpolate(min(measure + 1, line.length)).coords[0])
    back = np.array(line.interpolate(max(measure - 1, 0)).coords[0])
    x, y = (ahead - back) / np.hypot(*(ahead - back))
    return Point(
        here + rng.uniform(low, high) * rng.choice([-1, 1]) * np.array([-y, x])
    )

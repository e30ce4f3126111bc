"""From nodes to gently winding lines; every edge is drawn once and used by all."""

import hashlib
import itertools
from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray

from demo._layout import (
    CANALS,
    CROSSING_WITHOUT_NODE,
    LINES,
    NEAR_MISS,
    NODES,
    ORIGIN_M,
    T_WITHOUT_NODE,
    Line,
)

Coords = NDArray[np.float64]

_VERTEX_EVERY_M = 170.0
_MEANDER = 0.016
"""Sideways swing as a share of the length between two nodes."""


def chance(*key: object) -> float:
    """Give a number in [0, 1) that hangs on the key alone, not on what was made before."""
    text = "|".join(map(str, ("geotool demo 2026", *key)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


def node_m(name: str) -> Coords:
    """Place of a node in metres of the working system."""
    return np.array(ORIGIN_M) + 1000 * np.array(NODES[name])


@cache
def edges() -> dict[tuple[str, str], tuple[str, Coords]]:
    """Draw every stretch between two nodes: (start, end) → (canal, coordinates)."""
    found = {}
    for name, canal in CANALS.items():
        places = np.array([node_m(node) for node in canal.nodes])
        tangents = _tangents(places)
        for i, pair in enumerate(zip(canal.nodes, canal.nodes[1:], strict=False)):
            calm = name in ("长江", "星湖", "云湖") or pair[1].startswith("M-")
            swing = 0.0 if calm else _MEANDER * (0.6 + 0.8 * chance(*pair))
            curve = _curve(places[i : i + 2], tangents[i : i + 2], swing, chance(pair))
            found[pair] = (name, curve)
    return found


def edge_line(start: str, end: str) -> shapely.LineString:
    """Give an edge as a line in the asked direction."""
    if (start, end) in edges():
        return shapely.LineString(edges()[start, end][1])
    return shapely.LineString(edges()[end, start][1][::-1])


def _tangents(places: Coords) -> Coords:
    """Directions of a smooth way through the places (unit vectors)."""
    steps = np.diff(places, axis=0)
    units = steps / np.linalg.norm(steps, axis=1, keepdims=True)
    inner = units[:-1] + units[1:]
    whole = np.vstack([units[:1], inner, units[-1:]])
    return whole / np.linalg.norm(whole, axis=1, keepdims=True)


def _curve(places: Coords, tangents: Coords, swing: float, phase: float) -> Coords:
    (a, b), length = places, float(np.linalg.norm(places[1] - places[0]))
    n = max(3, round(length / _VERTEX_EVERY_M)) + 1
    t = np.linspace(0, 1, n)[:, None]
    m0, m1 = tangents * length
    way = (
        (2 * t**3 - 3 * t**2 + 1) * a
        + (t**3 - 2 * t**2 + t) * m0
        + (3 * t**2 - 2 * t**3) * b
        + (t**3 - t**2) * m1
    )
    across = np.array([a[1] - b[1], b[0] - a[0]]) / length
    waves = 1.0 + 2.0 * phase
    bend = np.sin(np.pi * t) * np.sin(np.pi * waves * t + 2 * np.pi * phase)
    way = way + swing * length * bend * across
    way[0], way[-1] = a, b
    return np.round(way, 3)


def way_nodes(line: Line) -> list[str]:
    """Nodes a river line passes, in the order it is drawn."""
    nodes = list(CANALS[line.canal].nodes)
    i, j = nodes.index(line.start), nodes.index(line.end)
    return nodes[i : j + 1] if i < j else nodes[j : i + 1][::-1]


@cache
def river_lines() -> dict[str, shapely.LineString]:
    """Draw all river lines, faults included, by river id."""
    drawn = {line.river_id: _drawn(line) for line in LINES}
    river, other, node = T_WITHOUT_NODE
    drawn[other] = _without(drawn[other], node)
    on_line = drawn[other].interpolate(
        drawn[other].project(drawn[river].boundary.geoms[1])
    )
    drawn[river] = _with_end(drawn[river], (on_line.x, on_line.y))
    for river in CROSSING_WITHOUT_NODE[:2]:
        drawn[river] = _without(drawn[river], CROSSING_WITHOUT_NODE[2])
    river, _, gap_m = NEAR_MISS
    short = drawn[river].interpolate(drawn[river].length - gap_m)
    drawn[river] = _with_end(drawn[river], (round(short.x, 3), round(short.y, 3)))
    return drawn


def _drawn(line: Line) -> shapely.LineString:
    nodes = way_nodes(line)
    parts = [
        shapely.get_coordinates(edge_line(a, b)) for a, b in itertools.pairwise(nodes)
    ]
    return shapely.LineString(np.vstack([parts[0], *(part[1:] for part in parts[1:])]))


def _without(line: shapely.LineString, node: str) -> shapely.LineString:
    coords = shapely.get_coordinates(line)
    keep = np.abs(coords - node_m(node)).max(axis=1) > 0.01
    return shapely.LineString(coords[keep])


def _with_end(line: shapely.LineString, end: tuple[float, float]) -> shapely.LineString:
    coords = shapely.get_coordinates(line).copy()
    coords[-1] = end
    return shapely.LineString(coords)

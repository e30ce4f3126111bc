"""A simple model of the town's water: steady flow, then plug flow with decay.

Flow: potential flow. Every canal edge conducts like width^(5/3) x depth / length; water
enters at the edge of the map, from every metre of canal and from the outfalls, and
leaves at the open gates to the Yangtze, whose level is 0. Closed gates conduct
nothing; a gate of unknown state is taken as open.

Transport: each stretch delays by length / velocity, velocity = flow / (width x depth),
and decays by exp(-k T); at a node the waters mix by flow. No dispersion.
"""

import itertools
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from demo._curves import edge_line, edges
from demo._layout import CANALS, INFLOWS_M3_S, STRUCTURES
from demo._outfalls import Outfall
from demo._places import SECTION_PLACES

Array = NDArray[np.float64]

LATERAL_M3_S_PER_M = 6e-6
DECAY_PER_D = {"NH3N": 0.10, "TP": 0.04}
INFLOW_MG_L = {"NH3N": 0.74, "TP": 0.095}
LATERAL_MG_L = {"NH3N": 0.90, "TP": 0.13}
STEP_S = 900.0
_STILL_M3_S = 1e-9


@dataclass(frozen=True)
class Stretch:
    """Water between two points of the model, with its steady flow (start → end)."""

    start: str
    end: str
    canal: str
    length_m: float
    flow_m3_s: float
    travel_s: float


@dataclass(frozen=True)
class Model:
    """Steady flow of the town: nodes, heads and stretches turned with the flow."""

    stretches: list[Stretch]
    order: list[str]
    inflow_m3_s: dict[str, float]
    lateral_m3_s: dict[str, float]
    edge_flow_m3_s: dict[tuple[str, str], float]
    arriving: dict[str, list[Stretch]] = field(default_factory=dict)


def in_state(*states: str) -> set[str]:
    """Give the ids of the structures registered in one of these states."""
    return {row.structure_id for row in STRUCTURES if row.state in states}


def solve(outfalls: list[Outfall]) -> Model:
    """Solve the flow with structures as registered; unknown ones count as open."""
    parts = pieces(outfalls, in_state("关闭"))
    names = sorted({name for piece in parts for name in piece[:2]})
    index = {name: i for i, name in enumerate(names)}
    n = len(names)
    matrix, inflow, lateral = np.zeros((n, n)), np.zeros(n), np.zeros(n)
    for a, b, canal, length, _ in parts:
        i, j = index[a], index[b]
        size = CANALS[canal]
        conductance = size.width_m ** (5 / 3) * size.depth_m / length
        matrix[[i, j], [i, j]] += conductance
        matrix[[i, j], [j, i]] -= conductance
        lateral[[i, j]] += LATERAL_M3_S_PER_M * length / 2
    for name, amount in INFLOWS_M3_S.items():
        inflow[index[name]] += amount
    for row in outfalls:
        if row.outfall_id in index:
            inflow[index[row.outfall_id]] += (row.discharge_m3_d or 0) / 86400
    head = _heads(
        matrix, inflow + lateral, [index[name] for name in names if _drains(name)]
    )
    stretches, edge_flow = [], {}
    for a, b, canal, length, edge in parts:
        size = CANALS[canal]
        conductance = size.width_m ** (5 / 3) * size.depth_m / length
        flow = conductance * (head[index[a]] - head[index[b]])
        if edge not in edge_flow:
            edge_flow[edge] = flow
        start, end = (a, b) if flow >= 0 else (b, a)
        travel = length * size.width_m * size.depth_m / max(abs(flow), 1e-9)
        stretches.append(Stretch(start, end, canal, length, abs(flow), travel))
    order = sorted(names, key=lambda name: (-head[index[name]], name))
    arriving: dict[str, list[Stretch]] = defaultdict(list)
    for stretch in stretches:
        if stretch.flow_m3_s > _STILL_M3_S:
            arriving[stretch.end].append(stretch)
    return Model(
        stretches,
        order,
        {name: float(inflow[index[name]]) for name in names},
        {name: float(lateral[index[name]]) for name in names},
        edge_flow,
        dict(arriving),
    )


_BY_ID = {row.structure_id: row for row in STRUCTURES}


def _drains(name: str) -> bool:
    row = _BY_ID.get(name)
    return bool(row and row.role == "出江" and row.state != "关闭")


def _heads(matrix: Array, water: Array, drains: list[int]) -> Array:
    """Heads above the Yangtze; points that no open gate drains stay level with it."""
    free = np.setdiff1d(np.arange(len(water)), drains)
    reached = set(drains)
    grown = True
    while grown:
        more = set(np.nonzero(matrix[sorted(reached)].any(axis=0))[0]) - reached
        grown = bool(more)
        reached |= more
    free = np.array([i for i in free if i in reached])
    head = np.zeros(len(water))
    head[free] = np.linalg.solve(matrix[np.ix_(free, free)], water[free])
    return head


def pieces(
    outfalls: list[Outfall], shut: set[str]
) -> list[tuple[str, str, str, float, tuple[str, str]]]:
    """
    Cut edges at outfalls, sections and structures; nothing passes ``shut`` ones.

    Returns
    -------
    list of tuple
        Start, end, canal, length in metres, edge.
    """
    stations: dict[tuple[str, str], list[tuple[float, str]]] = defaultdict(list)
    for row in outfalls:
        _station(
            stations, row.place.start, row.place.end, row.place.share, row.outfall_id
        )
    for name, place in SECTION_PLACES.items():
        _station(stations, place.start, place.end, place.share, name)
    for gate in STRUCTURES:
        if gate.share >= 0 and gate.kind in _CONTROLS:
            _station(stations, gate.start, gate.end, gate.share, gate.structure_id)
    found = []
    for (a, b), (canal, _) in edges().items():
        if canal == "长江" or b.startswith("M-"):
            continue
        length = edge_line(a, b).length
        stops = [(0.0, a), *sorted(stations[a, b]), (1.0, b)]
        for (s, p), (t, q) in itertools.pairwise(stops):
            if p in _BY_ID and _BY_ID[p].role == "出江":
                break  # beyond the gate is the Yangtze
            if q in shut:
                q = f"{q} in front"
            found.append((p, q, canal, max((t - s) * length, 1.0), (a, b)))
    return found


_CONTROLS = ("水闸", "节制闸", "涵闸", "泵站", "排涝泵站")


def _station(
    stations: dict[tuple[str, str], list[tuple[float, str]]],
    start: str,
    end: str,
    share: float,
    name: str,
) -> None:
    if (start, end) in edges():
        stations[start, end].append((share, name))
    else:
        stations[end, start].append((1 - share, name))


def usual_mg_l(model: Model, outfalls: list[Outfall], item: str) -> dict[str, float]:
    """Steady concentration at every point with the usual loads."""
    loads = {row.outfall_id: row.load_g_s(item) for row in outfalls}
    found: dict[str, float] = {}
    for name in model.order:
        water = model.inflow_m3_s[name] + model.lateral_m3_s[name]
        load = loads.get(name, 0.0) + LATERAL_MG_L[item] * model.lateral_m3_s[name]
        if name in INFLOWS_M3_S:
            load += INFLOW_MG_L[item] * model.inflow_m3_s[name]
        for stretch in model.arriving.get(name, []):
            left = np.exp(-DECAY_PER_D[item] * stretch.travel_s / 86400)
            water += stretch.flow_m3_s
            load += stretch.flow_m3_s * found[stretch.start] * left
        found[name] = load / water if water > 1e-12 else 0.0
    return found


def excess_mg_l(
    model: Model, source: str, load_g_s: Array, item: str
) -> dict[str, Array]:
    """
    Concentration on top of the usual one, over time, at every point.

    Parameters
    ----------
    model : Model
    source : str
        Outfall that discharges too much.
    load_g_s : array
        Its extra load at each time step of :data:`STEP_S`.
    item : str
        ``NH3N`` or ``TP``: decides the decay.
    """
    times = np.arange(len(load_g_s)) * STEP_S
    nothing = np.zeros(len(load_g_s))
    found: dict[str, Array] = {}
    for name in model.order:
        load = load_g_s.copy() if name == source else nothing.copy()
        water = model.inflow_m3_s[name] + model.lateral_m3_s[name]
        for stretch in model.arriving.get(name, []):
            water += stretch.flow_m3_s
            if found[stretch.start].any():
                left = np.exp(-DECAY_PER_D[item] * stretch.travel_s / 86400)
                late = np.interp(
                    times - stretch.travel_s, times, found[stretch.start], left=0.0
                )
                load += stretch.flow_m3_s * left * late
        found[name] = load / water if water > 1e-12 else nothing
    return found

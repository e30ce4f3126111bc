"""Candidates of a trace: which were met and how, which not and why."""

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.locate import locate_points, reach_position
from geotool.network import RiverNetwork
from geotool.schema import layer_kind, layer_kinds
from geotool.trace._graph import LEVELS, NEVER, NODE_M
from geotool.trace._reached import SECONDS_PER_HOUR, Hit, Stretches, hits
from geotool.trace._reasons import Helpers, why_not
from geotool.trace._routes import Routes
from geotool.trace._velocity import BASES

POINT_COLUMNS = (
    "rank",
    "layer",
    "id",
    "name",
    "relation",
    "distance_m",
    "travel_time_min_h",
    "travel_time_max_h",
    "time_basis",
    "reach_id",
    "measure_m",
    "offset_m",
    "located",
    "path",
    "structures",
    "n_ways",
    "ways_exact",
    "loops",
    "earliest_h",
    "geometry",
)
EXCLUDED_COLUMNS = ("layer", "id", "name", "kind", "reason", "reason_en", "at")

Points = gpd.GeoDataFrame | Mapping[str, gpd.GeoDataFrame]


def meet_points(
    network: RiverNetwork,
    stretches: Stretches,
    points: Points | None,
    *,
    at: Any,
    max_offset_m: float,
) -> tuple[gpd.GeoDataFrame, pd.DataFrame, Routes]:
    """
    Sort candidates into those that were met and those that were not.

    Parameters
    ----------
    network : RiverNetwork
    stretches : Stretches
    points : GeoDataFrame, mapping of layer to GeoDataFrame, or None
    at : Any
        The start, which is no candidate.
    max_offset_m : float

    Returns
    -------
    met : GeoDataFrame
    excluded : DataFrame
    routes : Routes
        The way of each point met, and of any reach on demand.
    """
    helpers = Helpers(network, stretches.found)
    met: list[dict[str, Any]] = []
    not_met: list[dict[str, Any]] = []
    routes = Routes(network, stretches)
    bases = set(stretches.found.graph.basis)
    softest = next((basis for basis in _SOFTEST_FIRST if basis in bases), "")
    for layer, table in _without_start(points, at).items():
        if len(table) == 0:
            continue
        located = locate_points(table, network, max_offset_m=max_offset_m)
        moved = located.to_crs(network.crs).geometry
        rows = located.to_dict("records")
        for number, (place, row) in enumerate(zip(moved, rows, strict=True), start=1):
            # one without an id is called by its place in the layer
            key = point_id(row, layer) or f"#{number}"
            who = {"layer": layer, "id": key, "name": point_name(row)}
            if row["located"] in ("far", "no_place"):
                not_met.append({**who, **unlocated(row, max_offset_m)})
                continue
            measure = float(row["measure_m"])
            reach = reach_position(network, row["reach_id"])
            segment = stretches.found.graph.segments.at(reach, measure)
            hit = hits(stretches, segment, measure)
            if hit is not None:
                how = _met(routes, (layer, who["id"]), hit, segment, measure, softest)
                met.append({**who, **how, **_place(row), "geometry": place})
                continue
            far = hits(helpers.unlimited, segment, measure)
            if far is not None:
                not_met.append({**who, **_beyond(far)})
            else:
                kind, zh, en, where = why_not(helpers, segment, measure)
                not_met.append(
                    {**who, "kind": kind, "reason": zh, "reason_en": en, "at": where}
                )
    return _point_table(network, met), _excluded_table(not_met), routes


def _without_start(points: Points | None, at: Any) -> dict[str, gpd.GeoDataFrame]:
    """Leave the start itself out of what is looked for."""
    if points is None:
        return {}
    layers = {"points": points} if isinstance(points, gpd.GeoDataFrame) else points
    starts = at if isinstance(at, Sequence) and not isinstance(at, str) else [at]
    kept = dict(layers)
    for layer in layers:
        column = layer_kind(layer).id_column if layer in layer_kinds() else "id"
        if column not in layers[layer].columns:
            continue
        for start in starts:
            if isinstance(start, gpd.GeoDataFrame) and column in start.columns:
                is_start = kept[layer][column].isin(start[column].dropna())
                kept[layer] = kept[layer][~is_start]
    return kept


def point_id(row: dict[Any, Any], layer: str) -> str:
    """Give the id of a point of a layer; empty if it has none."""
    kinds = [layer] if layer in layer_kinds() else layer_kinds()
    for column in [*(layer_kind(kind).id_column for kind in kinds), "id"]:
        value = row.get(column)
        if column and value is not None and not pd.isna(value):
            return str(value)
    return ""


def point_name(row: dict[Any, Any]) -> str:
    """Give the name of a point; empty if it has none."""
    name = row.get("name")
    return "" if name is None or pd.isna(name) else str(name)


def _met(
    routes: Routes,
    key: tuple[str, str],
    hit: Hit,
    segment: int,
    measure: float,
    softest: str,
) -> dict[str, Any]:
    """Tell how a place was met, and keep its way to the start."""
    walk = routes.walk(hit, segment, measure)
    routes.walks[key] = walk
    found = routes.stretches.found
    bases = set(found.graph.basis[list(walk.segments)])
    if softest not in bases:  # then the quickest way may rest on less
        bases |= set(found.graph.basis[_timed(routes, hit)])
    n_ways, exact = routes.place_ways(hit, segment, measure)
    soonest = min(_soonest_s(routes.stretches, segment, measure), hit.seconds_min)
    return {
        "relation": LEVELS[hit.level],
        "distance_m": hit.metres,
        "travel_time_min_h": hit.seconds_min / SECONDS_PER_HOUR,
        "travel_time_max_h": hit.seconds_max / SECONDS_PER_HOUR,
        # the least firm of what the way rests on
        "time_basis": next(basis for basis in _SOFTEST_FIRST if basis in bases),
        "path": list(dict.fromkeys(step[0] for step in walk.steps)),
        "structures": [name for _, name in walk.structures],
        "n_ways": n_ways,
        "ways_exact": exact,
        "loops": list(walk.loops),
        "earliest_h": soonest / SECONDS_PER_HOUR,
    }


def _timed(routes: Routes, hit: Hit) -> list[int]:
    """List the segments of the quickest ways, which the times rest on."""
    found, used = routes.stretches.found, {-1}
    arcs = found.arcs[hit.level].segment
    for ways in (found.fast[hit.level], found.slow[hit.level]):
        used.update(int(arcs[arc]) for arc, _ in ways.way(hit.node))
    return sorted(used - {-1})


def _soonest_s(stretches: Stretches, segment: int, measure: float) -> float:
    """Time of the fastest water by any conceivable way, whatever its class."""
    found, s = stretches.found, stretches.found.graph.segments
    low, high = float(s.low[segment]), float(s.high[segment])
    # as `Stretches.node`: through the high end with the drawing, upstream
    own = (int(s.along[segment]), int(s.against[segment]))
    own = own if found.upstream else own[::-1]
    best = float("inf")
    for row, edge in enumerate((high, low)):
        part = abs(edge - measure)
        if own[row] >= NEVER and part > NODE_M:
            continue
        share = part / (high - low) if high > low else 0.0
        node = int(stretches.node[row, segment])
        spent = share * float(found.graph.seconds_low[segment])
        best = min(best, float(found.fast[2].cost[node]) + spent)
    return best


_SOFTEST_FIRST = tuple(reversed(BASES))


def _place(row: dict[Any, Any]) -> dict[str, Any]:
    return {key: row[key] for key in ("reach_id", "measure_m", "offset_m", "located")}


def _beyond(hit: Hit) -> dict[str, str]:
    hours = hit.seconds_min / SECONDS_PER_HOUR
    return {
        "kind": "limit",
        "reason": f"超出设定范围：沿河 {hit.metres:.0f} m，最快 {hours:.1f} h",
        "reason_en": f"beyond the limit: {hit.metres:.0f} m by water, {hours:.1f} h at "
        "the fastest",
        "at": "",
    }


def unlocated(row: dict[Any, Any], max_offset_m: float) -> dict[str, str]:
    """Say why a point is on no reach."""
    if row["located"] == "no_place":
        return {
            "kind": "no_place",
            "reason": "没有坐标",
            "reason_en": "no coordinates",
            "at": "",
        }
    return {
        "kind": "far",
        "reason": f"离最近河段 {row['reach_id']} 的岸边 {row['bank_offset_m']:.0f} m，"
        f"超过 {max_offset_m:g} m，未能定位到河网",
        "reason_en": f"{row['bank_offset_m']:.0f} m from the bank of the nearest reach "
        f"{row['reach_id']}, more than {max_offset_m:g} m",
        "at": str(row["reach_id"]),
    }


def _point_table(network: RiverNetwork, rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    table = pd.DataFrame(rows, columns=list(POINT_COLUMNS))
    table = table.sort_values(["distance_m", "id"], kind="stable", ignore_index=True)
    table["rank"] = table.groupby("layer").cumcount() + 1
    return gpd.GeoDataFrame(table, geometry="geometry", crs=network.crs)


def _excluded_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(EXCLUDED_COLUMNS)).astype(object)

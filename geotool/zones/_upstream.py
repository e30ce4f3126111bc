"""What lies upstream of water sources, within a distance by water or a time."""

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool._progress import long_step
from geotool.crs import reproject
from geotool.errors import LayerError, LocateError
from geotool.network import RiverNetwork, Scenario
from geotool.tables import load_table
from geotool.trace import RELATION_ZH, Trace, trace_upstream
from geotool.zones._plan import text_of
from geotool.zones._sources import check_sources

UPSTREAM_COLUMNS = (
    "water_source_id",
    "water_source_name",
    "layer",
    "id",
    "name",
    "grade",
    "grade_zh",
    "relation",
    "distance_m",
    "travel_time_min_h",
    "travel_time_max_h",
    "within",
    "structures",
    "reason",
    "reason_en",
    "geometry",
)

_UNPLACED = ("far", "no_place")
_FROM_TRACE = ["layer", "id", "name", "relation", "distance_m"]
_FROM_TRACE += ["travel_time_min_h", "travel_time_max_h", "structures", "geometry"]


@long_step("取水口上游", "above the intakes")
def upstream_of_sources(
    water_sources: gpd.GeoDataFrame,
    network: RiverNetwork,
    points: gpd.GeoDataFrame | Mapping[str, gpd.GeoDataFrame],
    *,
    max_distance_m: float | None = None,
    max_time_h: float | None = None,
    scenario: Scenario | None = None,
    max_offset_m: float = 500.0,
) -> gpd.GeoDataFrame:
    """
    List enterprises, outfalls and the like upstream of each water source.

    A point counts when it is within the distance by water, or within the time by the
    fastest water: one of the two is enough.

    Parameters
    ----------
    water_sources : GeoDataFrame of points
        A ``water_sources`` layer with unique ids, any system.
    network : RiverNetwork
    points : GeoDataFrame or mapping of layer name to GeoDataFrame
        Candidates, such as ``{"sources": enterprises}``; a bare layer is
        ``sources``.
    max_distance_m, max_time_h : float, optional
        At least one must be given.
    scenario : Scenario, optional
        Gate states; as registered if None.
    max_offset_m : float
        Farthest a source or point may lie from the bank.

    Returns
    -------
    GeoDataFrame
        :data:`UPSTREAM_COLUMNS`, in the network's system, by source and distance.
        ``relation`` is that of the trace; ``grade`` is ``attention``, or ``uncertain``
        where the water only may run this way. ``within`` says by which limit: 距离,
        时间 or both. What could not be put on the network has a row of grade
        ``uncertain`` that says why, a point without ``water_source_id``.

    Raises
    ------
    LayerError
        If no limit is given, or ids are missing or double.
    NetworkError
        If a limit is not positive.

    Examples
    --------
    >>> import shapely
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(0, 0), (9000, 0)])
    >>> river = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "direction": ["digitized"]}, geometry=[line], crs=4549
    ... )
    >>> intake = gpd.GeoDataFrame(
    ...     {"water_source_id": ["SY1"]}, geometry=[shapely.Point(8000, 0)], crs=4549
    ... )
    >>> plants = gpd.GeoDataFrame(
    ...     {"source_id": ["P1", "P2"]},
    ...     geometry=gpd.points_from_xy([1000, 6000], [30, 30]), crs=4549,
    ... )
    >>> found = upstream_of_sources(
    ...     intake, build_network(river), plants, max_distance_m=5000
    ... )
    >>> found[["id", "grade", "distance_m", "within"]].to_numpy().tolist()
    [['P2', 'attention', 2000.0, '距离']]
    """
    if max_distance_m is None and max_time_h is None:
        raise LayerError(
            "请给出 max_distance_m 或 max_time_h，至少一个。",
            "Give max_distance_m or max_time_h, at least one.",
        )
    check_sources(water_sources)
    layers = points if isinstance(points, Mapping) else {"sources": points}
    limits: dict[str, dict[str, float]] = {}
    if max_distance_m is not None:
        limits["距离"] = {"max_distance_m": max_distance_m}
    if max_time_h is not None:
        limits["时间"] = {"max_time_h": max_time_h}
    moved = reproject(water_sources, network.crs).reset_index(drop=True)
    rows: list[dict[str, Any]] = []
    unplaced: dict[tuple[str, str], dict[str, Any]] = {}
    for number in range(len(moved)):
        source = moved.iloc[[number]]
        who = {
            "water_source_id": text_of(source["water_source_id"].iloc[0]),
            "water_source_name": _name(source),
        }
        try:
            found = {
                name: trace_upstream(
                    network,
                    source,
                    points=layers,
                    scenario=scenario,
                    max_offset_m=max_offset_m,
                    **limit,
                )
                for name, limit in limits.items()
            }
        except LocateError as error:
            place = source.geometry.iloc[0]
            rows.append({**who, **_unsure(error.zh, error.en), "geometry": place})
            continue
        rows += [{**who, **row} for row in _met(found)]
        for trace in found.values():
            unplaced.update(_unplaced(trace))
    return _table([*rows, *unplaced.values()], network)


def _name(source: gpd.GeoDataFrame) -> str | None:
    return text_of(source["name"].iloc[0]) or None if "name" in source else None


def _met(found: Mapping[str, Trace]) -> list[dict[str, Any]]:
    """Put together what was met under each limit, nearest first."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for limit, trace in found.items():
        for row in trace.points[_FROM_TRACE].to_dict("records"):
            key = row["layer"], row["id"]
            mine = {str(name): cell for name, cell in row.items()}
            known = rows.setdefault(key, {**mine, "within": limit})
            if known["within"] != limit:
                known["within"] = f"{known['within']}、{limit}"
    return [
        {**row, **_graded(row)}
        for row in sorted(rows.values(), key=lambda row: row["distance_m"])
    ]


def _graded(row: dict[str, Any]) -> dict[str, Any]:
    is_possible = row["relation"] == "possible"
    grade = "uncertain" if is_possible else "attention"
    zh = f"在取水口上游（{RELATION_ZH[row['relation']]}），沿水 {row['distance_m']:.0f} m"
    en = f"upstream of the intake ({row['relation']}), {row['distance_m']:.0f} m by water"
    if row["travel_time_min_h"] is not None and np.isfinite(row["travel_time_min_h"]):
        zh += f"，最快 {row['travel_time_min_h']:.1f} h 到达"
        en += f", {row['travel_time_min_h']:.1f} h at the soonest"
    if is_possible:
        zh += "；水流方向不明，可能不经过取水口"
        en += "; the water may not run this way"
    return {"grade": grade, "reason": zh, "reason_en": en}


def _unplaced(trace: Trace) -> dict[tuple[str, str], dict[str, Any]]:
    """Give rows for points that no trace can meet, for they lie on no reach."""
    table = trace.excluded
    return {
        (row["layer"], row["id"]): {
            "layer": row["layer"],
            "id": row["id"],
            "name": row["name"],
            **_unsure(row["reason"], row["reason_en"]),
        }
        for row in table[table["kind"].isin(_UNPLACED)].to_dict("records")
    }


def _unsure(zh: str, en: str) -> dict[str, Any]:
    return {
        "grade": "uncertain",
        "reason": f"{zh}；不能判定" if not zh.endswith("。") else f"{zh}不能判定。",
        "reason_en": f"{en}; no verdict",
    }


def _table(rows: list[dict[str, Any]], network: RiverNetwork) -> gpd.GeoDataFrame:
    words = load_table("zones")["grades"]
    for row in rows:
        row["grade_zh"] = words[row["grade"]]["zh"]
    table = pd.DataFrame(rows, columns=list(UPSTREAM_COLUMNS))
    for column in ("distance_m", "travel_time_min_h", "travel_time_max_h"):
        table[column] = table[column].astype(float)
    return gpd.GeoDataFrame(table, geometry="geometry", crs=network.crs)

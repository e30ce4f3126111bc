"""A trace as JSON, a workbook or map layers."""

import json
from math import isfinite
from os import PathLike
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool.crs import to_degrees
from geotool.errors import SourceError
from geotool.io import replacing, write_book, write_table, write_vector
from geotool.network import RiverNetwork
from geotool.report._formats import TRACE_FORMATS
from geotool.report._trace_sheets import WORDS, point_sheet, trace_sheets
from geotool.trace import SOURCES, Trace

NO_RANKING = (
    "概率为空：未做证据归因，仅按沿河距离由近到远排列，不代表责任大小 / "
    "probability is null: no evidence was weighed, the order is by distance along "
    "the water and says nothing of responsibility"
)


def trace_document(
    trace: Trace,
    *,
    network: RiverNetwork,
    section_id: str = "",
    item: str | None = None,
    warnings: tuple[str, ...] = (),
) -> dict[str, Any]:
    """
    Give a trace as plain data.

    Parameters
    ----------
    trace : Trace
    network : RiverNetwork
        The one the trace was made on.
    section_id : str
    item : str, optional
        Key of the item that exceeded, such as ``"NH3N"``.
    warnings : tuple of str
        Told besides what the trace itself assumes.

    Returns
    -------
    dict
        ``section_id, item, scenario, direction, network, sources, points,
        unregistered, excluded, stopped, loops, stale, warnings``. ``sources`` are the outfalls met,
        nearest first, with ``probability`` None: a trace weighs no evidence.
        ``travel_time_h`` is the range, two numbers. ``stale`` says why the trace no
        longer holds on ``network``; None if it does.
    """
    trace = _held_against(trace, network)
    points = trace.points
    is_source = points["layer"] == SOURCES
    sources = [
        {"outfall_id": row["id"], **_met(row, rank)}
        for rank, row in enumerate(points[is_source].to_dict("records"), start=1)
    ]
    others = [
        {"layer": row["layer"], "id": row["id"], **_met(row, None)}
        for row in points[~is_source].to_dict("records")
    ]
    facts, stale = network.summary(), trace.settings.get("stale")
    return {
        "section_id": section_id,
        "item": item,
        "scenario": trace.settings["scenario"],
        "direction": trace.settings["direction"],
        "network": {
            **{key: _number(value) for key, value in facts.items()},
            "crs": str(network.crs),
            "hash": trace.network_hash,
            f"{trace.settings['direction']}_km": _number(
                trace.reaches["length_m"].sum() / 1000
            ),
        },
        "sources": sources,
        "points": others,
        "unregistered": {"probability": None, "reaches": _unregistered(trace)},
        "excluded": trace.excluded.to_dict("records"),
        "stopped": _records(trace.stopped),
        "loops": _plain_records(trace.loops),
        "stale": stale,
        "settings": {
            key: value
            for key, value in trace.settings.items()
            if key not in ("assumptions", "stale")
        },
        "warnings": [
            *([stale] if stale else []),
            *trace.settings["assumptions"],
            NO_RANKING,
            *warnings,
        ],
    }


def _held_against(trace: Trace, network: RiverNetwork) -> Trace:
    """Mark a trace that was made on another network; what was found before stays."""
    return trace if "stale" in trace.settings else trace.checked(network)


def _number(value: Any) -> Any:
    if isinstance(value, int):
        return value
    number = float(value)
    return round(number, 3) if isfinite(number) else None


def _met(row: dict[Any, Any], rank: int | None) -> dict[str, Any]:
    low, high = _number(row["travel_time_min_h"]), _number(row["travel_time_max_h"])
    found = {
        "name": row["name"],
        "rank": rank,
        "probability": None,
        "relation": row["relation"],
        "distance_m": _number(row["distance_m"]),
        "travel_time_h": [low, high],
        "travel_time_min_h": low,
        "travel_time_max_h": high,
        "contribution_share": None,
        "reach_id": row["reach_id"],
        "measure_m": _number(row["measure_m"]),
        "offset_m": _number(row["offset_m"]),
        "located": row["located"],
        "path": row["path"],
        "structures": row["structures"],
        "n_ways": int(row["n_ways"]),
        "ways_exact": bool(row["ways_exact"]),
        "loops": row["loops"],
        "earliest_h": _number(row["earliest_h"]),
        "reasons": reasons(row),
    }
    if rank is None:
        del found["rank"], found["probability"], found["contribution_share"]
    return found


def reasons(row: dict[Any, Any]) -> list[str]:
    """
    Say in sentences how a point was met.

    Examples
    --------
    >>> row = {"relation": "certain", "distance_m": 1200.0, "travel_time_min_h": 2.0,
    ...        "travel_time_max_h": 9.0, "time_basis": "assumed", "structures": [],
    ...        "path": ["A", "B"], "located": "on"}
    >>> reasons(row)[0]
    '沿已知流向可达断面，沿河 1200 m，经 2 个河段'
    """
    how = {
        "certain": "沿已知流向可达断面",
        "scenario": "按现有闸站状态和推断流向可达断面",
        "possible": "只有在部分流向不明的河段朝有利方向流动时才可达断面",
    }[row["relation"]]
    texts = [f"{how}，沿河 {row['distance_m']:.0f} m，经 {len(row['path'])} 个河段"]
    low, high = row["travel_time_min_h"], row["travel_time_max_h"]
    basis = WORDS["time_basis"][row["time_basis"]]
    texts.append(f"流经时间约 {low:.1f}–{high:.1f} h（{basis}）")
    if row["structures"]:
        texts.append(f"途经闸站 {'、'.join(row['structures'])}，须核实当时启闭状态")
    if row.get("n_ways", 1) > 1 or not row.get("ways_exact", True):
        least, note = ("", "") if row["ways_exact"] else ("至少", "（环内走法不计）")
        texts.append(f"可能路径{least} {row['n_ways']} 条{note}，此为最短")
    if row["located"] == "ambiguous":
        texts.append("排入哪条河段有歧义，须现场核实")
    return texts


def _unregistered(trace: Trace) -> list[str]:
    return list(dict.fromkeys(trace.reaches["reach_id"].astype(str)))


def _records(table: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    degrees: Any = to_degrees(table).geometry if len(table) else []
    rows = pd.DataFrame(table.drop(columns="geometry")).to_dict("records")
    return [
        {
            **{str(k): _plain(v) for k, v in row.items()},
            "lon": round(p.x, 7),
            "lat": round(p.y, 7),
        }
        for row, p in zip(rows, degrees, strict=True)
    ]


def _plain_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [
        {str(k): _plain(v) for k, v in row.items()} for row in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    return _number(value) if isinstance(value, float) else value


def write_trace(
    trace: Trace,
    path: str | PathLike[str],
    *,
    network: RiverNetwork,
    section_id: str = "",
    item: str | None = None,
    warnings: tuple[str, ...] = (),
) -> Path:
    """
    Write a trace by the ending of the name; the old file stays until the new is whole.

    Parameters
    ----------
    trace : Trace
    path : path
        ``.json`` (:func:`trace_document`), ``.xlsx`` (a sheet each for outfalls,
        other points, water, stops, exclusions and assumptions; downstream an alert
        besides), ``.csv`` (outfalls),
        ``.gpkg`` (layers) or ``.geojson`` (points and water).
    network, section_id, item, warnings
        As :func:`trace_document`.

    Raises
    ------
    SourceError
        If the ending is another, or the folder cannot be written.
    """
    target = Path(path)
    suffix = target.suffix.lower()
    trace = _held_against(trace, network)
    document = trace_document(
        trace, network=network, section_id=section_id, item=item, warnings=warnings
    )
    if suffix == ".json":
        text = json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False)
        with replacing(target) as beside:
            beside.write_text(text, encoding="utf-8")
    elif suffix == ".csv":
        up = trace.settings["direction"] == "upstream"
        # downstream, what is looked for is intakes and sections
        sheet = point_sheet(trace, sources=True if up else None)
        write_table(_with_origin(sheet, trace, _ORIGIN_HEADERS), target)
    elif suffix == ".xlsx":
        with replacing(target) as beside:
            write_book(trace_sheets(trace, document), beside)
    elif suffix == ".gpkg":
        with replacing(target) as beside:
            for name, table in trace.map_layers().items():
                made = _with_origin(table, trace, _ORIGIN_KEYS)
                write_vector(made, beside, layer=name, driver="GPKG")
    elif suffix == ".geojson":
        write_table(_with_origin(_one_layer(trace), trace, _ORIGIN_KEYS), target)
    else:
        raise SourceError(
            f"不能把溯源结果写成 {target.name}；可用后缀：{'、'.join(TRACE_FORMATS)}。",
            f"A trace cannot be written as {target.name}; use one of "
            f"{', '.join(TRACE_FORMATS)}.",
        )
    return target


_ORIGIN_KEYS = ("network_hash", "scenario", "scenario_hash", "stale")
_ORIGIN_HEADERS = ("河网指纹", "情景", "情景指纹", "是否过期")


def _with_origin(table: Any, trace: Trace, names: tuple[str, ...]) -> Any:
    """Say in every row what the trace was made on: rows get copied elsewhere."""
    settings = trace.settings
    values = (
        trace.network_hash,
        settings["scenario"],
        settings["scenario_hash"],
        settings.get("stale", ""),
    )
    return table.assign(**dict(zip(names, values, strict=True)))


def _one_layer(trace: Trace) -> gpd.GeoDataFrame:
    layers = trace.map_layers()
    layers.pop("trace_stopped")
    parts = [table.assign(part=name) for name, table in layers.items() if len(table)]
    if not parts:
        return layers["trace_reaches"].assign(part="")
    joined = pd.concat(parts, ignore_index=True)
    return gpd.GeoDataFrame(joined, geometry="geometry", crs=trace.reaches.crs)

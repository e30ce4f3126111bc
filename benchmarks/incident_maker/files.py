"""The files of a case: what the analyst gets, and the truth."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
from shapely.geometry import Point

from incident_maker.case import LIMIT_MG_L, Case, Incident
from incident_maker.epanet import INLET_MG_L, SPAN_H, STEP_H, WARM_H, Pipes
from incident_maker.web import ITEMS, Array, Web

UNKNOWN_SHARE = 0.28
NOISE, MISSING, FLOOR_MG_L = 0.07, 0.03, 0.01
FLOW_NOISE, DISCHARGE_NOISE, CONCENTRATION_NOISE = 0.20, 0.25, 0.20
BEGIN = dt.datetime(2026, 5, 1)  # the water is empty of everything then


def write_case(case: Case, incident: Incident, folder: Path) -> None:
    """Write ``layers.gpkg``, ``observations.csv``, ``query.json``, ``truth.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    rivers, along = drawn_rivers(case)
    layers = {
        "rivers": rivers,
        "structures": structures(case.web),
        "outfalls": register(case),
        "sections": section_layer(case),
    }
    target = folder / "layers.gpkg"
    target.unlink(missing_ok=True)
    # the day of making is no part of a case: the same seed gives the same bytes
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{BEGIN:%Y-%m-%d}T00:00:00Z"})
    for name, layer in layers.items():
        layer.to_file(target, layer=name, driver="GPKG", engine="pyogrio")
    readings(case, incident).to_csv(folder / "observations.csv", index=False)
    section, item, peak = incident.failing[0]
    query = {
        "section_id": section,
        "item": item,
        "limit_mg_l": float(LIMIT_MG_L[ITEMS.index(item)]),
    }
    start = BEGIN + dt.timedelta(hours=incident.first_h)
    table = case.outfalls.set_index("id")
    truth = {
        "outfall_id": incident.outfall,
        "category": table.category[incident.outfall],
        "start": f"{start:%Y-%m-%d %H:%M:%S}",
        "hours": float(incident.hours),
        "factor": round(incident.factor, 1),
        "peak_ratio": round(peak, 2),
        "outfalls": len(case.outfalls),
        "sections": len(case.sections),
        "failing": incident.failing,
        "oracle": oracle(case, incident, along),
    }
    for name, content in (("query", query), ("truth", truth)):
        text = json.dumps(content, ensure_ascii=False, indent=1)
        (folder / f"{name}.json").write_text(text, encoding="utf-8")


def drawn_rivers(case: Case) -> tuple[gpd.GeoDataFrame, Array]:
    """Turn the rivers: drawn with the flow, or, where unknown, drawn either way.

    Also whether each was turned round against its line in ``case.web``.
    """
    rivers, rng = case.web.rivers, case.rng
    flow = np.array([_mean_flow(case.pipes, k) for k in range(len(rivers))])
    both = np.array([_parts(case.pipes, k) for k in range(len(rivers))])
    unknown = (rng.random(len(rivers)) < UNKNOWN_SHARE) | both
    turned = np.where(unknown, rng.random(len(rivers)) < 0.5, flow < 0)
    lines = [
        line.reverse() if t else line
        for line, t in zip(rivers.geometry, turned, strict=True)
    ]
    layer = gpd.GeoDataFrame(
        {
            "river_id": rivers.river_id,
            "name": rivers.name,
            "width_m": rivers.width_m,
            "direction": np.where(unknown, "unknown", "digitized"),
        },
        geometry=lines,
        crs=4549,
    )
    return layer, turned


def _mean_flow(pipes: Pipes, river: int) -> float:
    mine = pipes.river == river
    return float(np.average(pipes.flow_m3_s[mine], weights=pipes.length_m[mine]))


def _parts(pipes: Pipes, river: int) -> bool:
    """Tell whether water leaves this river at both ends (an outfall inside a still one)."""
    flow = pipes.flow_m3_s[pipes.river == river]
    return bool(flow.max() > 1e-6 and flow.min() < -1e-6)


def structures(web: Web) -> gpd.GeoDataFrame:
    """Sluices at the outlets and inlets, all open."""
    named = [(f"Z{k}", "outlet", n) for k, n in enumerate(web.outlets, 1)]
    named += [(f"Y{k}", "inlet", n) for k, n in enumerate(web.inlets, 1)]
    return gpd.GeoDataFrame(
        {
            "structure_id": [name for name, _, _ in named],
            "kind": "sluice",
            "role": [role for _, role, _ in named],
            "state": "open",
        },
        geometry=[Point(web.nodes[n]) for _, _, n in named],
        crs=4549,
    )


def register(case: Case) -> gpd.GeoDataFrame:
    """Lay out the outfall register as an office has it: figures that are roughly right."""
    rng, table = case.rng, case.outfalls
    off = np.exp(rng.normal(0, DISCHARGE_NOISE, len(table)))
    columns: dict[str, Any] = {
        "outfall_id": table.id,
        "name": [f"{name}号排口" for name in table.id],
        "category": table.category,
        "permitted_discharge_m3_d": (table.discharge_m3_d * off).round(0).clip(lower=1),
    }
    for item in ITEMS:
        off = np.exp(rng.normal(0, CONCENTRATION_NOISE, len(table)))
        columns[f"permitted_{item.lower()}_mg_l"] = (table[item] * off).round(2)
    return gpd.GeoDataFrame(columns, geometry=list(table.geometry), crs=4549)


def section_layer(case: Case) -> gpd.GeoDataFrame:
    """Sections with their class and a rough flow."""
    flow = np.array([case.water[name] for name in case.sections.id])
    rough = flow * np.exp(case.rng.normal(0, FLOW_NOISE, len(flow)))
    return gpd.GeoDataFrame(
        {
            "section_id": case.sections.id,
            "name": [f"{name}断面" for name in case.sections.id],
            "target_class": "III",
            "flow_m3_s": np.maximum(rough.round(2), 0.01),
        },
        geometry=list(case.sections.geometry),
        crs=4549,
    )


def readings(case: Case, incident: Incident) -> pd.DataFrame:
    """Tell what the stations report: every four hours, noisy, with gaps."""
    rows = []
    rng = case.rng
    hours = np.arange(WARM_H, SPAN_H + 1, STEP_H)
    for section in case.sections.id:
        for item in ITEMS:
            true = incident.series[item][section].loc[hours].to_numpy(float)
            seen = true * np.exp(rng.normal(0, NOISE, len(true)))
            there = rng.random(len(true)) >= MISSING
            for hour, value in zip(hours[there], seen[there], strict=True):
                time = BEGIN + dt.timedelta(hours=int(hour))
                rows.append(
                    (
                        section,
                        f"{time:%Y-%m-%d %H:%M:%S}",
                        item,
                        max(round(float(value), 3), FLOOR_MG_L),
                    )
                )
    return pd.DataFrame(rows, columns=["section_id", "time", "item", "value_mg_l"])


def oracle(case: Case, incident: Incident, turned: Array) -> dict[str, Any]:
    """Return what nobody in the field knows: flows, times, decay, loads, influence."""
    rivers = {}
    for k, name in enumerate(case.web.rivers.river_id):
        rivers[name] = _river_truth(case.pipes, k, turned=bool(turned[k]))
    loads = case.loads_g_s()
    table = case.outfalls.set_index("id")
    return {
        "about": "flow: signed along the line as drawn; m from its first vertex; "
        "influence: steady mg/L at the section per g/s at the outfall",
        "depth_m": case.web.depth_m,
        "decay_1_d": dict(zip(ITEMS, case.decay.tolist(), strict=True)),
        "inlets": {
            f"Y{k}": {"flow_m3_s": q, **dict(zip(ITEMS, INLET_MG_L, strict=True))}
            for k, q in enumerate(case.web.inflow_m3_s, 1)
        },
        "rivers": rivers,
        "outfalls": {
            name: {
                "discharge_m3_d": float(table.discharge_m3_d[name]),
                "measure_on": case.web.rivers.river_id[int(table.river[name])],
                "concentration_mg_l": {i: float(table[i][name]) for i in ITEMS},
                "load_g_s": {i: float(loads[i][name]) for i in ITEMS},
            }
            for name in table.index
        },
        "section_flow_m3_s": {s: float(case.water[s]) for s in case.sections.id},
        "influence_s_m3": {
            item: {
                s: {o: float(v) for o, v in matrix[s].items() if v > 0}
                for s in matrix.columns
            }
            for item, matrix in case.influence.items()
        },
        "factor_by_item": {
            item: 1 + (incident.factor - 1) * float(part)
            for item, part in zip(ITEMS, incident.by_item, strict=True)
        },
    }


def _river_truth(pipes: Pipes, river: int, *, turned: bool) -> dict[str, Any]:
    """Flow, velocity and travel time of one river as drawn, whole and in parts."""
    mine = np.flatnonzero(pipes.river == river)
    total = float(pipes.length_m[mine].sum())
    sign = -1.0 if turned else 1.0
    parts = []
    for p in mine[::-1] if turned else mine:
        start = float(pipes.start_m[p])
        ends = [start, start + float(pipes.length_m[p])]
        if turned:
            ends = [total - ends[1], total - ends[0]]
        hours = float(pipes.hours[p])
        parts.append(
            {
                "from_m": round(ends[0], 1),
                "to_m": round(ends[1], 1),
                "flow_m3_s": sign * float(pipes.flow_m3_s[p]),
                "travel_h": hours if np.isfinite(hours) else None,
            }
        )
    flow = sign * _mean_flow(pipes, river)
    hours = float(pipes.hours[mine].sum())
    return {
        "flow_m3_s": flow,
        "velocity_m_s": flow / float(pipes.area_m2[mine[0]]),
        "travel_h": hours if np.isfinite(hours) else None,
        "parts": parts,
    }

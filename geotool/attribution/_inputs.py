"""From layers and readings to a problem: who is a candidate, what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.attribution._cut import Cuts, cut_network
from geotool.attribution._groups import reach_groups
from geotool.attribution._loads import Loads, decay_of, declared_loads
from geotool.attribution._measured import (
    Notes,
    effluent_profiles,
    item_key,
    items_in_play,
    section_limits,
    tell_decay,
    used_readings,
    water_temperature,
)
from geotool.attribution._problem import Floats, Ints, Problem, State
from geotool.attribution._sections import find_section, placed_sections
from geotool.errors import LayerError, NetworkError
from geotool.locate import locate_points
from geotool.network import RiverNetwork, Scenario
from geotool.readings import tidy_readings
from geotool.tables import load_table
from geotool.trace import Trace
from geotool.trace._sources import sources_upstream


@dataclass(frozen=True, eq=False)
class Prepared:
    """
    A problem with what was met on the way.

    Attributes
    ----------
    problem : Problem
    trace : Trace
        What lies upstream of the section.
    rejected : DataFrame
        Readings that could not be read.
    """

    problem: Problem
    trace: Trace
    rejected: pd.DataFrame


def build_problem(
    network: RiverNetwork,
    at: Any,
    readings: pd.DataFrame,
    outfalls: gpd.GeoDataFrame,
    *,
    item: str,
    sections: gpd.GeoDataFrame | None = None,
    scenario: Scenario | None = None,
    states: Sequence[tuple[Scenario, float]] = (),
    limit_mg_l: float | None = None,
    loads: pd.DataFrame | None = None,
    max_offset_m: float = 200.0,
    items: Sequence[str] | None = None,
) -> Prepared:
    """
    Bring network, register and readings together.

    Parameters are those of :func:`geotool.attribution.rank_sources`.
    """
    notes = Notes()
    key = item_key(item)
    tidy, rejected = tidy_readings(readings)
    if len(rejected):
        notes.add(
            f"{len(rejected)} 条监测值无法使用（见 .unused）",
            f"{len(rejected)} readings cannot be used (see .unused)",
        )
    register, target_id = find_section(network, at, sections, tidy)
    placed = placed_sections(network, register, target_id, tidy, notes, max_offset_m)
    target = int(np.flatnonzero((placed["section_id"] == target_id).to_numpy())[0])
    place = (placed["reach_id"].iloc[target], float(placed["measure_m"].iloc[target]))
    held = _held(scenario, states)
    _check_outfalls(outfalls)
    located = locate_points(outfalls, network, max_offset_m=max_offset_m)
    pairs = [
        sources_upstream(
            network, place, located, scenario=one, max_offset_m=max_offset_m
        )
        for one, _ in held
    ]
    traces = [trace for _, trace in pairs]
    met = _met([table for table, _ in pairs])
    rows = _rows_of(outfalls, met["id"])
    keys = items_in_play(tidy, key, items, notes)
    declared = declared_loads(rows, keys, measured=loads)
    spare, others = _others(located, met, keys, loads)
    every = pd.concat([met[["reach_id", "measure_m"]], spare], ignore_index=True)
    water = np.nan_to_num(
        np.concatenate([declared.discharge_m3_d, others.discharge_m3_d])
    )
    cuts = [_cut(network, placed, every, water, one) for one, _ in held]
    table = _section_table(network, placed, cuts[0], len(placed))
    found = tuple(
        _state(one, weight, cut, len(placed), len(met))
        for (one, weight), cut in zip(held, cuts, strict=True)
    )
    limits = section_limits(placed, keys, target, limit_mg_l, notes)
    used = used_readings(tidy, placed, keys, notes)
    if not ((used["section"] == target) & (used["item"] == key)).any():
        raise LayerError(
            f"断面 {target_id} 没有可用的{item_table()[key].zh}监测值，无法溯源排序。",
            f"Section {target_id} has no usable reading of {item_table()[key].en}: "
            "nothing to rank by.",
        )
    groups = reach_groups(
        network,
        found[0].canals,
        pd.concat([trace.spans for trace in traces], ignore_index=True),
        table["node"].to_numpy(),
    )
    profile, sigma = effluent_profiles(declared, keys, len(groups))
    decay = [decay_of(one, temperature_c=water_temperature(tidy)) for one in keys]
    tell_decay(keys, decay, notes)
    floor = load_table("attribution")["evidence"]["background"]["mean"]
    problem = Problem(
        network=network,
        scenario=held[0][0],
        canals=found[0].canals,
        sections=table,
        target=target,
        sources=_source_table(met, rows, found[0].source_nodes, declared, network),
        groups=groups,
        item=key,
        items=tuple(keys),
        limits=limits,
        load_g_s=declared.load_g_s,
        load_sigma=declared.sigma,
        load_basis=declared.basis,
        others=pd.DataFrame(
            {
                "outfall_id": spare["outfall_id"].to_numpy(dtype=object),
                "node": found[0].other_nodes,
                "discharge_m3_s": np.nan_to_num(others.discharge_m3_d) / 86_400,
            }
        ),
        others_load_g_s=others.load_g_s,
        others_sigma=others.sigma,
        profile_mg_l=profile,
        profile_sigma=sigma,
        decay_per_d=np.array([each.per_d for each in decay]),
        decay_sigma=np.array([each.sigma for each in decay]),
        background_mg_l=floor * np.nan_to_num(limits),
        readings=used,
        excluded=_excluded(traces),
        states=found,
        notes=tuple(notes.words),
    )
    return Prepared(problem, traces[0], rejected)


def _check_outfalls(outfalls: gpd.GeoDataFrame) -> None:
    if "outfall_id" not in outfalls.columns:
        raise LayerError(
            "排污口图层缺少 outfall_id；请先用 read_layer 导入登记表。",
            "The outfalls lack outfall_id; import the register with read_layer first.",
        )
    if outfalls["outfall_id"].isna().any():
        raise LayerError(
            "有排污口没有编号 outfall_id；请先补上。",
            "An outfall has no outfall_id; fill it in first.",
        )
    twice = outfalls["outfall_id"][outfalls["outfall_id"].duplicated()]
    if len(twice):
        raise LayerError(
            f"排污口编号重复：{twice.iloc[0]}；请先区分。",
            f"Outfall id {twice.iloc[0]} occurs twice; tell them apart first.",
        )


def _rows_of(outfalls: gpd.GeoDataFrame, ids: pd.Series) -> pd.DataFrame:
    """Rows of the register in the order of the candidates."""
    table = pd.DataFrame(outfalls.drop(columns=outfalls.geometry.name))
    table = table.set_index(table["outfall_id"].astype(str), drop=False)
    rows = table.index.get_indexer(pd.Index(ids.astype(str)))
    if (rows < 0).any():
        lost = ids.iloc[int(np.flatnonzero(rows < 0)[0])]
        raise LayerError(
            f"排污口 {lost} 在登记表中找不到；请把编号存为文本。",
            f"Outfall {lost} is not found in the register; keep ids as text.",
        )
    return table.iloc[rows].reset_index(drop=True)


def _source_table(
    met: pd.DataFrame,
    rows: pd.DataFrame,
    nodes: Ints,
    declared: Loads,
    network: RiverNetwork,
) -> pd.DataFrame:
    category = pd.Series("", index=rows.index, dtype=object)
    for name in ("category_1", "category"):
        if name in rows.columns:
            category = rows[name].astype(object).where(rows[name].notna(), category)
    return pd.DataFrame(
        {
            "outfall_id": met["id"].astype(str).to_numpy(dtype=object),
            "name": met["name"].fillna("").astype(str).to_numpy(dtype=object),
            "category": category.astype(str).to_numpy(dtype=object),
            "node": nodes,
            "reach": network.reach_position[met["reach_id"]].to_numpy(),
            "measure_m": met["measure_m"].to_numpy(float),
            "discharge_m3_s": np.nan_to_num(declared.discharge_m3_d) / 86_400,
            "located": met["located"].to_numpy(dtype=object),
            "relation": met["relation"].to_numpy(dtype=object),
            "distance_m": met["distance_m"].to_numpy(float),
            "travel_time_min_h": met["travel_time_min_h"].to_numpy(float),
            "travel_time_max_h": met["travel_time_max_h"].to_numpy(float),
            "structures": met["structures"].to_numpy(dtype=object),
            "path": met["path"].to_numpy(dtype=object),
        }
    )


def _held(
    scenario: Scenario | None, states: Sequence[tuple[Scenario, float]]
) -> list[tuple[Scenario | None, float]]:
    """Flow states and their shares of time, which add up to one."""
    if not states:
        return [(scenario, 1.0)]
    if scenario is not None:
        raise NetworkError(
            "scenario 与 states 只能给一个。", "Give either scenario or states."
        )
    total = sum(share for _, share in states)
    if not all(share > 0 for _, share in states) or not np.isfinite(total):
        raise NetworkError(
            "每个流态所占时间应为正数。",
            "The share of time of each flow state must be a positive number.",
        )
    return [(one, share / total) for one, share in states]


def _met(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """Candidates of all states; what is nearest in any of them counts."""
    every = pd.concat(tables, ignore_index=True)
    every = every.sort_values(["distance_m", "id"], kind="stable")
    return every.drop_duplicates("id").reset_index(drop=True)


def _others(
    located: gpd.GeoDataFrame,
    met: pd.DataFrame,
    keys: list[str],
    loads: pd.DataFrame | None,
) -> tuple[pd.DataFrame, Loads]:
    """Outfalls that are no candidates: they feed the other sections all the same."""
    is_met = located["outfall_id"].astype(str).isin(set(met["id"].astype(str)))
    rest = located[~is_met & located["located"].isin(["on", "ambiguous"])]
    table = pd.DataFrame(rest.drop(columns=rest.geometry.name)).reset_index(drop=True)
    table["outfall_id"] = table["outfall_id"].astype(str)
    table = table.sort_values("outfall_id", kind="stable", ignore_index=True)
    where = table[["outfall_id", "reach_id", "measure_m"]]
    return where, declared_loads(table, keys, measured=loads)


def _state(
    scenario: Scenario | None, weight: float, cuts: Cuts, count: int, sources: int
) -> State:
    return State(
        scenario.name if scenario else "现状",
        weight,
        cuts.canals,
        cuts.node[:count],
        cuts.node[count : count + sources],
        cuts.node[count + sources :],
    )


def _excluded(traces: Sequence[Trace]) -> pd.DataFrame:
    """Outfalls that no state has upstream, with the reason of the first."""
    table = traces[0].excluded
    for trace in traces[1:]:
        table = table[table["id"].isin(trace.excluded["id"])]
    table = table.rename(columns={"id": "outfall_id"})
    return table[["outfall_id", "name", "kind", "reason", "reason_en"]].reset_index(
        drop=True
    )


def _cut(
    network: RiverNetwork,
    placed: pd.DataFrame,
    outfalls: pd.DataFrame,
    discharge_m3_d: Floats,
    scenario: Scenario | None,
) -> Cuts:
    """Cut the network at sections, then outfalls."""
    ids = [*placed["reach_id"], *outfalls["reach_id"]]
    reach = network.reach_position[ids].to_numpy()
    measure = np.concatenate(
        [placed["measure_m"].to_numpy(float), outfalls["measure_m"].to_numpy(float)]
    )
    water = np.concatenate([np.zeros(len(placed)), discharge_m3_d / 86_400])
    return cut_network(
        network, reach.astype(np.int64), measure, water, scenario=scenario
    )


def _section_table(
    network: RiverNetwork, placed: pd.DataFrame, cuts: Cuts, count: int
) -> pd.DataFrame:
    flow = (
        pd.to_numeric(placed["flow_m3_s"], errors="coerce").to_numpy(float)
        if "flow_m3_s" in placed.columns
        else np.full(count, np.nan)
    )
    name = placed["name"] if "name" in placed.columns else placed["section_id"]
    return pd.DataFrame(
        {
            "section_id": placed["section_id"].to_numpy(dtype=object),
            "name": name.fillna(placed["section_id"]).to_numpy(dtype=object),
            "node": cuts.node[:count],
            "segment_in": cuts.segment_in[:count],
            "reach": network.reach_position[placed["reach_id"]].to_numpy(),
            "measure_m": placed["measure_m"].to_numpy(float),
            "flow_m3_s": flow,
        }
    )

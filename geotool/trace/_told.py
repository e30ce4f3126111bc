"""What a trace says of itself: in a notebook, on a map, and when asked for what it lacks."""

from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from geotool.errors import NetworkError
from geotool.network import RiverNetwork, Scenario
from geotool.trace._show import NOTICES, RELATION_ZH, html_result, ways_text

if TYPE_CHECKING:
    from geotool.trace._result import Trace

SOURCES = "outfalls"
"""Layer whose points are possible sources; sections and intakes are no suspects."""

DIRECTION_ZH = {"upstream": "上游", "downstream": "下游"}


def not_met(trace: "Trace", subject_id: str) -> NetworkError:
    """Say why a trace has no way of a point or reach."""
    rows = trace.excluded[trace.excluded["id"] == subject_id]
    if len(rows):
        why = rows.iloc[0]
        return NetworkError(
            f"追踪没有遇到 {subject_id!r}：{why['reason']}。",
            f"The trace did not meet {subject_id!r}: {why['reason_en']}.",
        )
    side = DIRECTION_ZH[trace.settings["direction"]]
    return NetworkError(
        f"追踪结果里没有编号 {subject_id!r} 的点或河段；请核对编号，或它不在{side}，"
        "见 .points、.reaches 和 .excluded。",
        f"The trace met no point or reach {subject_id!r}; check the id, or it is "
        f"not {trace.settings['direction']}: see .points, .reaches and .excluded.",
    )


def why_stale(
    trace: "Trace", network: RiverNetwork, scenario: Scenario | str | None
) -> tuple[str, str] | None:
    """Say why a trace no longer holds; a scenario that is a text is not asked about."""
    if not trace.is_current(network):
        change = f"{trace.network_hash} → {network.hash}"
        zh = f"结果已过期：河网在溯源之后改过（{change}），请重新溯源"
        en = f"stale: the network was changed after the trace ({change}); trace again"
        return zh, en
    if isinstance(scenario, str):
        return None
    today = scenario.hash if scenario else ""
    if today != trace.settings["scenario_hash"]:
        was, now = trace.settings["scenario"], scenario.name if scenario else "现状"
        zh = f"结果已过期：它用的情景“{was}”与现在的“{now}”不同，请重新溯源"
        en = f"stale: made for scenario {was!r}, which is not today's {now!r}"
        return zh, en
    return None


# ---------------------------------------------------------------- maps
def map_layers(trace: "Trace") -> dict[str, gpd.GeoDataFrame]:
    """Give the layers of a trace for a file: lists as text, ranks of outfalls only."""
    points = _flat(trace.points)
    points["rank"] = points["rank"].where(points["layer"] == SOURCES)
    return {
        "trace_points": points,
        "trace_reaches": _flat(trace.details()),
        "trace_stopped": trace.stopped,
    }


def _flat(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Make text of columns that hold lists."""
    flat = table.copy()
    for column in ("path", "structures", "loops"):
        if column in flat.columns:
            flat[column] = [">".join(cell) for cell in flat[column]]
    return flat


def drawn_layers(trace: "Trace") -> dict[str, gpd.GeoDataFrame]:
    """Give the layers of a map; of the stops, those that one can go and look at."""
    found = trace.map_layers()
    stopped = found.pop("trace_stopped")
    shut = stopped[stopped["kind"].isin(["closed_gate", "gap", "limit"])]
    places = shut.rename(columns={"reason": "name"})[["name", "geometry"]]
    starts = trace._routes.start_points()
    start = gpd.GeoDataFrame(
        {"name": [trace.settings["start"]] * len(starts)},
        geometry=starts,
        crs=trace.reaches.crs,
    )
    return {**found, "trace_ends": places, "trace_start": start}


def heads(trace: "Trace", title: str | None, notice: str | None) -> dict[str, str]:
    """Give the title and warning of a map, where the user gives none."""
    side = trace.settings["direction"]
    stale = "（已过期）" if "stale" in trace.settings else ""
    own = f"{trace.settings['start']} {DIRECTION_ZH[side]}追踪{stale}"
    return {
        "title": own if title is None else title,
        "notice": NOTICES[side] if notice is None else notice,
    }


# ---------------------------------------------------------------- a notebook
def html_of(trace: "Trace") -> str:
    """Give the points met, under Chinese headers, and what was assumed."""
    columns = {
        "rank": "序",
        "name": "名称",
        "relation": "可达性",
        "distance_m": "沿河距离 m",
        "travel_time_min_h": "时间下限 h",
        "travel_time_max_h": "时间上限 h",
        "n_ways": "路径数",
    }
    points = trace.points
    head = points[list(columns)].rename(columns=columns)
    head["可达性"] = head["可达性"].map(RELATION_ZH)
    head["路径数"] = [
        ways_text(n, exact)
        for n, exact in zip(points["n_ways"], points["ways_exact"], strict=True)
    ]
    notes = [trace.settings["stale"]] if "stale" in trace.settings else []
    notes += trace.settings["assumptions"]
    return html_result(_headline(trace), pd.DataFrame(head), notes=notes)


def _headline(trace: "Trace") -> str:
    """Say in Chinese what ``repr`` says in English."""
    settings, km = trace.settings, trace.reaches["length_m"].sum() / 1000
    counts = trace.counts().items()
    numbers = "、".join(f"{RELATION_ZH[level]} {n}" for level, n in counts)
    stale = "（已过期）" if "stale" in settings else ""
    return (
        f"{settings['start']} {DIRECTION_ZH[settings['direction']]}{stale}：水体 "
        f"{km:.1f} km，{len(trace.points)} 个点（{numbers}），止于 "
        f"{len(trace.stopped)} 处，未列入 {len(trace.excluded)}；情景 "
        f"{settings['scenario']}；河网 {trace.network_hash}"
    )

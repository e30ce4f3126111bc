"""Scenarios side by side: what a gate changes, and how often."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool._progress import long_step
from geotool.errors import NetworkError
from geotool.network import RiverNetwork, Scenario
from geotool.trace._comparison import CHANGE_COLUMNS, ScenarioComparison
from geotool.trace._graph import LEVELS
from geotool.trace._points import Points
from geotool.trace._result import Trace
from geotool.trace._trace import trace_downstream, trace_upstream
from geotool.trace._walks import SAME_M, cut_lines

AS_REGISTERED = "现状"
"""Name of the scenario that changes nothing."""

_TAKEN = (
    *("reach_id", "river_id", "name", "layer", "id", "geometry", "length_m"),
    *("from_measure_m", "to_measure_m", "share_min", "share_max"),
)
"""Columns that no scenario can be called after."""

_RANK = {level: k for k, level in enumerate(LEVELS)}


@long_step("情景对比", "comparing scenarios")
def compare_scenarios(
    network: RiverNetwork,
    at: Any,
    scenarios: Sequence[Scenario | None] | Mapping[str, Scenario | None],
    *,
    points: Points | None = None,
    weights: Sequence[float] | Mapping[str, float] | None = None,
    direction: str = "upstream",
    max_distance_m: float | None = None,
    max_time_h: float | None = None,
    max_offset_m: float = 200.0,
) -> ScenarioComparison:
    """
    Trace from one place under several scenarios, and hold them against the first.

    Parameters
    ----------
    network, at
        As :func:`geotool.trace_upstream`.
    scenarios : list of Scenario, or mapping of name to Scenario
        None stands for gates and directions as registered. The first is the base.
    points : GeoDataFrame or mapping of layer name to GeoDataFrame, optional
        Candidates.
    weights : list or mapping of float, optional
        Share of time of each scenario, adding up to 1, or its days or hours.
    direction : {"upstream", "downstream"}
    max_distance_m, max_time_h, max_offset_m
        As :func:`geotool.trace_upstream`.

    Returns
    -------
    ScenarioComparison

    Raises
    ------
    NetworkError
        If there are fewer than two scenarios, two have one name, one names what is
        not on the network, or the weights are no shares.

    Examples
    --------
    >>> import shapely
    >>> from geotool.network import build_network
    >>> lines = [
    ...     shapely.LineString([(0, 0), (100, 0)]),
    ...     shapely.LineString([(100, 80), (100, 0)]),
    ...     shapely.LineString([(100, 0), (300, 0)]),
    ... ]
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": list("ABC"), "direction": "digitized"},
    ...     geometry=lines, crs=4549,
    ... )
    >>> network = build_network(rivers)
    >>> tide = Scenario("涨潮", directions={"A": "backward"})
    >>> both = compare_scenarios(network, ("C", 50.0), [None, tide], weights=[0.9, 0.1])
    >>> both.changes[["scenario", "change", "id", "length_m"]].to_numpy().tolist()
    [['涨潮', 'lost', 'A', 100.0]]
    >>> both.reaches.set_index("reach_id")["share_min"].round(3).to_dict()
    {'C': 1.0, 'A': 0.9, 'B': 1.0}
    """
    named = _named(scenarios)
    shares = _shares(list(named), weights)
    if direction not in ("upstream", "downstream"):
        raise NetworkError(
            f"方向 {direction!r} 应为 upstream（上游）或 downstream（下游）。",
            f"direction={direction!r} must be 'upstream' or 'downstream'.",
        )
    step = trace_upstream if direction == "upstream" else trace_downstream
    traces = {
        name: step(
            network,
            at,
            points=points,
            max_distance_m=max_distance_m,
            max_time_h=max_time_h,
            scenario=scenario,
            max_offset_m=max_offset_m,
        )
        for name, scenario in named.items()
    }
    reaches = _side_by_side(network, traces, shares)
    met = _points_side_by_side(network, traces, shares)
    return ScenarioComparison(
        traces=traces,
        weights=shares,
        reaches=reaches,
        points=met,
        changes=_changes(list(named), reaches, met, traces),
        network_hash=network.hash,
    )


def _named(
    scenarios: Sequence[Scenario | None] | Mapping[str, Scenario | None],
) -> dict[str, Scenario | None]:
    if isinstance(scenarios, Mapping):
        pairs = [(str(name), scenario) for name, scenario in scenarios.items()]
    else:
        pairs = [
            (one.name if isinstance(one, Scenario) else AS_REGISTERED, one)
            for one in scenarios
        ]
    odd = [one for _, one in pairs if not isinstance(one, Scenario | None)]
    if odd:
        raise NetworkError(
            f"情景应为 Scenario 或 None（现状），得到 {type(odd[0]).__name__}；"
            "情景文件请用 read_scenario 读入。",
            f"A scenario must be a Scenario or None, got {type(odd[0]).__name__}; read "
            "files with read_scenario.",
        )
    if len(pairs) < 2:
        raise NetworkError(
            f"对比至少要两个情景，得到 {len(pairs)} 个；现状用 None 表示。",
            f"Two scenarios at least are needed, got {len(pairs)}; None is as "
            "registered.",
        )
    taken = [name for name, _ in pairs if name in _TAKEN or not name.strip()]
    if taken:
        raise NetworkError(
            f"情景不能叫“{taken[0]}”，结果表里另有此列；请改名。",
            f"A scenario cannot be called {taken[0]!r}, a column of the result; rename "
            "it.",
        )
    named = dict(pairs)
    if len(named) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NetworkError(
            f"有两个情景都叫“{twice}”；请改名，或用 {{名称: 情景}} 给出。",
            f"Two scenarios are called {twice!r}; rename one, or give {{name: "
            "scenario}.",
        )
    return named


def _shares(
    names: list[str], weights: Sequence[float] | Mapping[str, float] | None
) -> pd.Series:
    """Share of time of each scenario."""
    if weights is None:
        return pd.Series(np.nan, index=names)
    if isinstance(weights, Mapping):
        if set(weights) != set(names):
            raise NetworkError(
                f"权重的名称 {'、'.join(map(str, weights))} 与情景 {'、'.join(names)} "
                "对不上。",
                f"Weights are for {', '.join(map(str, weights))}, the scenarios are "
                f"{', '.join(names)}.",
            )
        numbers = [float(weights[name]) for name in names]
    else:
        numbers = [float(weight) for weight in weights]
    if len(numbers) != len(names):
        raise NetworkError(
            f"{len(names)} 个情景，却有 {len(numbers)} 个权重。",
            f"{len(names)} scenarios, but {len(numbers)} weights.",
        )
    total = sum(numbers)
    if not all(isfinite(w) and w >= 0 for w in numbers) or total <= 0:
        raise NetworkError(
            f"权重 {numbers} 应为不小于 0 的数，且不全为 0。",
            f"Weights {numbers} must be numbers not below 0, and not all 0.",
        )
    is_shares = max(numbers) <= 1 and min(numbers) < 1
    if is_shares and abs(total - 1) > 1e-6:
        raise NetworkError(
            f"时间占比合计 {total:.9g}，应为 1；也可以给天数或小时数。",
            f"The shares of time add up to {total:.9g}, not 1; days or hours will do "
            "too.",
        )
    return pd.Series([w / total for w in numbers], index=names)


def _sum_shares(table: pd.DataFrame, shares: pd.Series) -> pd.DataFrame:
    """Add the share of time for sure or by scenario, and the possible besides."""
    low, high = np.zeros(len(table)), np.zeros(len(table))
    for name, share in shares.items():
        low += np.where(table[name].isin(LEVELS[:2]), share, 0.0 * share)
        high += np.where(table[name] != "", share, 0.0 * share)
    return table.assign(share_min=low, share_max=high)


def _side_by_side(
    network: RiverNetwork, traces: Mapping[str, Trace], shares: pd.Series
) -> gpd.GeoDataFrame:
    """Cut the stretches of all traces so that each piece has one class in each."""
    spans: dict[str, dict[str, list[tuple[float, float, str]]]] = {}
    for name, trace in traces.items():
        columns = ("reach_id", "from_measure_m", "to_measure_m", "relation")
        for key, low, high, word in zip(
            *(trace.reaches[column] for column in columns), strict=True
        ):
            mine = spans.setdefault(key, {other: [] for other in traces})
            mine[name].append((low, high, word))
    rows = [
        (key, *piece) for key, by_name in spans.items() for piece in _pieces(by_name)
    ]
    names = list(traces)
    table = pd.DataFrame(
        rows, columns=["reach_id", "from_measure_m", "to_measure_m", *names]
    )
    position = network.reach_position[table["reach_id"]].to_numpy()
    source = network.reaches.iloc[position]
    low, high = (table[f"{end}_measure_m"].to_numpy(float) for end in ("from", "to"))
    table.insert(1, "river_id", source["river_id"].to_numpy(dtype=object))
    table.insert(2, "name", source["name"].to_numpy(dtype=object))
    table.insert(5, "length_m", high - low)
    lines = cut_lines(network, position, low, high)
    table = _sum_shares(table, shares)
    return gpd.GeoDataFrame(table, geometry=lines, crs=network.crs)


def _pieces(
    by_name: Mapping[str, list[tuple[float, float, str]]],
) -> list[tuple[Any, ...]]:
    """Cut one reach at all ends of its stretches: low, high, class in each."""
    ends = sorted(
        {end for spans in by_name.values() for span in spans for end in span[:2]}
    )
    cuts = [ends[0]]
    for end in ends[1:]:
        if end - cuts[-1] > SAME_M:
            cuts.append(end)
    found: list[tuple[Any, ...]] = []
    for low, high in pairwise(cuts):
        middle = (low + high) / 2
        words = tuple(
            next((w for a, b, w in spans if a <= middle <= b), "")
            for spans in by_name.values()
        )
        if found and found[-1][1] == low and found[-1][2:] == words:
            low = found.pop()[0]  # cut only where something changes
        if any(words):
            found.append((low, high, *words))
    return found


def _points_side_by_side(
    network: RiverNetwork, traces: Mapping[str, Trace], shares: pd.Series
) -> gpd.GeoDataFrame:
    met: dict[tuple[str, str], dict[str, Any]] = {}
    for name, trace in traces.items():
        _require_own_ids(trace)
        for row in trace.points.to_dict("records"):
            mine = met.setdefault(
                (row["layer"], row["id"]),
                {key: row[key] for key in ("layer", "id", "name", "geometry")},
            )
            mine[name], mine[f"{name} distance_m"] = row["relation"], row["distance_m"]
    names = list(traces)
    distances = [f"{name} distance_m" for name in names]
    columns = ["layer", "id", "name", *names, *distances, "geometry"]
    table = pd.DataFrame(list(met.values()), columns=columns)
    table[names] = table[names].astype(object).where(table[names].notna(), "")
    table[distances] = table[distances].astype(float)
    nearest = table[distances].min(axis=1)
    table = table.iloc[np.lexsort((table["id"].astype(str), nearest))]
    table = _sum_shares(table.reset_index(drop=True), shares)
    order = [column for column in table.columns if column != "geometry"]
    return gpd.GeoDataFrame(
        table[[*order, "geometry"]], geometry="geometry", crs=network.crs
    )


def _require_own_ids(trace: Trace) -> None:
    """Refuse points that cannot be told apart from one scenario to the next."""
    twice = trace.points[trace.points.duplicated(["layer", "id"])]
    if len(twice):
        row = twice.iloc[0]
        raise NetworkError(
            f"图层 {row['layer']} 有两个点编号都是 {row['id']!r}，对比时分不清；"
            "请给每个点自己的编号。",
            f"Two points of layer {row['layer']} have the id {row['id']!r} and cannot "
            "be told apart; give each its own.",
        )


def _changes(
    names: list[str],
    reaches: gpd.GeoDataFrame,
    points: gpd.GeoDataFrame,
    traces: Mapping[str, Trace],
) -> pd.DataFrame:
    """List what each scenario changes against the first."""
    base, rows = names[0], []
    near = {
        name: trace.reaches.groupby("reach_id")["distance_m"].min()
        for name, trace in traces.items()
    }
    for name in names[1:]:
        for row in points.to_dict("records"):
            if row[base] != row[name]:
                rows.append(
                    {
                        **_change(name, row[base], row[name]),
                        **{key: row[key] for key in ("layer", "id", "name")},
                        "distance_before_m": row[f"{base} distance_m"],
                        "distance_after_m": row[f"{name} distance_m"],
                    }
                )
        changed = reaches[reaches[base] != reaches[name]]
        for (key, before, after), part in changed.groupby(
            ["reach_id", base, name], sort=False
        ):
            rows.append(
                {
                    **_change(name, str(before), str(after)),
                    "layer": "reaches",
                    "id": key,
                    "name": part["name"].iloc[0],
                    "distance_before_m": near[base].get(key, np.nan),
                    "distance_after_m": near[name].get(key, np.nan),
                    "length_m": part["length_m"].sum(),
                }
            )
    return pd.DataFrame(rows, columns=list(CHANGE_COLUMNS))


def _change(name: str, before: str, after: str) -> dict[str, str]:
    if not before:
        change = "gained"
    elif not after:
        change = "lost"
    else:
        change = "firmer" if _RANK[after] < _RANK[before] else "vaguer"
    return {"scenario": name, "change": change, "before": before, "after": after}

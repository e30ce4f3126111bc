"""Sources upstream of a place, all at once; ways and the rest of a trace when asked for.

A ranking of ten thousand sources explains some of them. Their distances, times and
classes are read off the search in one go; the way of one, the table of reaches with
their lines and the stops are worked out when somebody looks.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, partial
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.locate import reach_position
from geotool.network import RiverNetwork, Scenario
from geotool.trace._around import surroundings
from geotool.trace._graph import LEVELS, NODE_M, near_graph
from geotool.trace._points import EXCLUDED_COLUMNS, meet_points, point_name, unlocated
from geotool.trace._reached import (
    SECONDS_PER_HOUR,
    Hit,
    Limits,
    Stretches,
    reached_stretches,
    run_searches,
)
from geotool.trace._reasons import Helpers, why_not
from geotool.trace._result import Trace
from geotool.trace._routes import Routes
from geotool.trace._starts import find_starts
from geotool.trace._stops import stops
from geotool.trace._stretches import reach_table, spans
from geotool.trace._told import SOURCES
from geotool.trace._trace import trace_settings

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

Makers = Mapping[str, Callable[[], Any]]


class LaterTrace(Trace):
    """A trace whose tables are made when first looked at."""

    def __init__(
        self, makers: Makers, settings: Mapping[str, Any], network_hash: str
    ) -> None:
        for name, value in (
            ("settings", settings),
            ("network_hash", network_hash),
            ("_makers", makers),
        ):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        # called only for what is not there yet
        maker = self.__dict__.get("_makers", {}).get(name)
        if maker is None:
            raise AttributeError(f"'Trace' object has no attribute {name!r}")
        value = maker()
        object.__setattr__(self, name, value)
        return value

    def whole(self) -> Trace:
        """Give it with all its tables."""
        return Trace(
            self.reaches,
            self.points,
            self.stopped,
            self.excluded,
            self.settings,
            self.network_hash,
            self.ways,
        )

    def checked(
        self, network: RiverNetwork, *, scenario: Scenario | str | None = "same"
    ) -> Trace:
        """Hold the trace against the network of today: see :meth:`Trace.checked`."""
        return self.whole().checked(network, scenario=scenario)

    def __reduce__(self) -> tuple[Any, ...]:
        whole = self.whole()
        names = ("reaches", "points", "stopped", "excluded", "settings")
        told = tuple(getattr(whole, name) for name in names)
        return Trace, (*told, whole.network_hash, whole.ways)


class LaterWay:
    """The way of one source to the start, followed when it is asked for."""

    def __init__(self, routes: Routes, hit: Hit, segment: int) -> None:
        self._asked = routes, hit, segment

    @cached_property
    def _passed(self) -> tuple[Ints, list[str]]:
        routes, hit, segment = self._asked
        k, _, gates = routes.passed(hit)
        reach = routes.stretches.found.graph.segments.reach
        rows = reach[np.append(segment, k[k >= 0])]
        return np.asarray(rows, dtype=np.int64), [name for _, name in gates]

    @property
    def rows(self) -> Ints:
        """Row of the reach of each step."""
        return self._passed[0]

    @property
    def gates(self) -> list[str]:
        """Gates that it passes, in order."""
        return self._passed[1]

    @property
    def path(self) -> list[str]:
        """Ids of the reaches, in order, each once."""
        ids = self._asked[0].network.reaches["reach_id"].iloc[pd.unique(self.rows)]
        return [str(one) for one in ids]


class LaterList:
    """Ids that a way passes; no list, so that no table takes it for a row of cells."""

    def __init__(self, way: LaterWay, part: str) -> None:
        self._way, self._part = way, part

    @property
    def rows(self) -> Ints:
        """Row of the reach of each step of the way."""
        return self._way.rows

    def __iter__(self) -> Iterator[str]:
        return iter(getattr(self._way, self._part))


def sources_upstream(
    network: RiverNetwork,
    at: Any,
    located: gpd.GeoDataFrame,
    *,
    scenario: Scenario | None = None,
    max_offset_m: float = 200.0,
) -> tuple[pd.DataFrame, LaterTrace]:
    """
    Find the sources upstream of a place, as :func:`geotool.trace_upstream` does.

    Parameters
    ----------
    network : RiverNetwork
    at : (reach_id, measure_m)
    located : GeoDataFrame
        Layer ``outfalls`` with an ``outfall_id`` in every row, as
        :func:`geotool.locate_points` gave it.
    scenario : Scenario, optional
    max_offset_m : float

    Returns
    -------
    met : DataFrame
        ``id, name, relation, distance_m, travel_time_min_h, travel_time_max_h,
        reach_id, measure_m, located, path, structures`` of those met, nearest first.
        ``path`` and ``structures`` are iterated over, each once worked out.
    trace : Trace
        Its tables are made when first looked at.
    """
    starts, label = find_starts(network, at, max_offset_m)
    graph = near_graph(network, starts, scenario=scenario, upstream=True)
    found = run_searches(graph, upstream=True)
    stretches = reached_stretches(found, Limits())
    met, rest = _met(network, stretches, located)
    points = {SOURCES: located}
    ask = partial(
        meet_points, network, stretches, points, at=at, max_offset_m=max_offset_m
    )
    answers: dict[int, Any] = {}

    def asked(part: int) -> Any:
        if not answers:
            answers.update(enumerate(ask()))
        return answers[part]

    makers: Makers = {
        "reaches": partial(reach_table, network, stretches),
        "points": partial(asked, 0),
        "ways": partial(asked, 2),
        "excluded": partial(_excluded, network, stretches, rest, max_offset_m),
        "stopped": lambda: stops(*surroundings(network, stretches)),
        "spans": partial(span_table, stretches),
    }
    settings = trace_settings(
        network, stretches, starts, label, scenario, upstream=True
    )
    return met, LaterTrace(makers, settings, network.hash)


def span_table(stretches: Stretches) -> pd.DataFrame:
    """Give the reached stretches without their lines: row of the reach, measures, metres."""
    segment, end, low, high = spans(stretches)
    return pd.DataFrame(
        {
            "row": stretches.found.graph.segments.reach[segment],
            "from_measure_m": low,
            "to_measure_m": high,
            "distance_m": stretches.metres[end, segment],
        }
    )


# ---------------------------------------------------------------- all at once
def _met(
    network: RiverNetwork, stretches: Stretches, located: gpd.GeoDataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """List the sources met, nearest first; and the rows of those that were not."""
    table = pd.DataFrame(located.drop(columns=located.geometry.name))
    on = np.flatnonzero(table["located"].isin(["on", "ambiguous"]).to_numpy())
    placed = table.iloc[on]
    reach = network.reach_position[placed["reach_id"]].to_numpy(np.int64)
    measure = placed["measure_m"].to_numpy(float)
    segment = _segments(stretches, reach, measure)
    hit = many_hits(stretches, segment, measure)
    there = np.flatnonzero(hit["level"] < len(LEVELS))
    rows = placed.iloc[there]
    level = hit["level"][there]
    name = rows["name"] if "name" in rows.columns else pd.Series("", index=rows.index)
    met = pd.DataFrame(
        {
            "id": rows["outfall_id"].astype(str).to_numpy(dtype=object),
            "name": name.fillna("").astype(str).to_numpy(dtype=object),
            "relation": np.array(LEVELS, dtype=object)[level],
            "distance_m": hit["metres"][there],
            "travel_time_min_h": hit["fast"][there] / SECONDS_PER_HOUR,
            "travel_time_max_h": hit["slow"][there] / SECONDS_PER_HOUR,
            "reach_id": rows["reach_id"].to_numpy(dtype=object),
            "measure_m": measure[there],
            "located": rows["located"].to_numpy(dtype=object),
        }
    )
    path, structures = np.empty((2, len(there)), dtype=object)
    routes = Routes(network, stretches)
    for k, place in enumerate(there.tolist()):
        one = Hit(
            int(hit["level"][place]),
            float(hit["metres"][place]),
            float(hit["fast"][place]),
            float(hit["slow"][place]),
            int(hit["node"][place]),
            float(hit["edge"][place]),
        )
        way = LaterWay(routes, one, int(segment[place]))
        path[k], structures[k] = LaterList(way, "path"), LaterList(way, "gates")
    met["path"], met["structures"] = path, structures
    met = met.sort_values(["distance_m", "id"], kind="stable", ignore_index=True)
    missed = np.ones(len(table), dtype=bool)
    missed[on[there]] = False
    return met, table[missed]


def _segments(stretches: Stretches, reach: Ints, measure: Floats) -> Ints:
    """Segment of each place; those of a reach that is in one piece all at once."""
    segments = stretches.found.graph.segments
    order = np.argsort(segments.reach, kind="stable")
    own = segments.reach[order]
    first = np.searchsorted(own, reach)
    count = np.searchsorted(own, reach, side="right") - first
    single = order[np.minimum(first, len(order) - 1)] if len(order) else first
    found = np.where(count == 1, single, len(own) + reach).astype(np.int64)
    for k in np.flatnonzero(count > 1).tolist():
        found[k] = segments.at(int(reach[k]), float(measure[k]))
    return found


def many_hits(
    stretches: Stretches, segment: Ints, measure: Floats
) -> dict[str, NDArray[Any]]:
    """
    Give the firmest way to each of many places, of those the shortest; no limits.

    As :func:`geotool.trace._reached.hits` one by one.

    Parameters
    ----------
    stretches : Stretches
    segment : array of int
    measure : array of float

    Returns
    -------
    dict of array
        ``level`` (as many as there are classes where a place was not reached), ``metres, fast, slow,
        node, edge``.
    """
    found, s = stretches.found, stretches.found.graph.segments
    inside = segment < len(s.reach)
    k = np.where(inside, segment, 0)
    count = len(segment)
    best: dict[str, NDArray[Any]] = {
        "level": np.full(count, len(LEVELS), dtype=np.int64),
        "node": np.zeros(count, dtype=np.int64),
    }
    for name in ("metres", "fast", "slow", "edge"):
        best[name] = np.full(count, np.inf)
    if not len(s.reach):
        return best
    length = s.high[k] - s.low[k]
    for row, edge in enumerate((s.high[k], s.low[k])):
        node = stretches.node[row, k]
        part = np.abs(edge - measure)
        share = np.divide(part, length, out=np.zeros(count), where=length > 0)
        on_node = part <= NODE_M
        own = stretches.entered[row, k] & ~on_node
        for level in range(len(LEVELS)):
            cost = found.metres[level].cost[node]
            may = np.where(
                on_node, np.isfinite(cost), own & (stretches.level[k] == level)
            )
            metres = cost + part
            better = (level < best["level"]) | (
                (level == best["level"]) & (metres < best["metres"])
            )
            take = inside & may & better
            fast = found.fast[level].cost[node] + share * found.graph.seconds_low[k]
            slow = found.slow[level].cost[node] + share * found.graph.seconds_high[k]
            given = {"metres": metres, "fast": fast, "slow": slow}
            for name, values in {**given, "node": node, "edge": edge}.items():
                best[name][take] = values[take]
            best["level"][take] = level
    return best


def _excluded(
    network: RiverNetwork,
    stretches: Stretches,
    rest: pd.DataFrame,
    max_offset_m: float,
) -> pd.DataFrame:
    """Give a plain reason for each source that was not met."""
    helpers = Helpers(network, stretches.found)
    rows = []
    for row in rest.to_dict("records"):
        who = {
            "layer": SOURCES,
            "id": str(row["outfall_id"]),
            "name": point_name(row),
        }
        if row["located"] in ("far", "no_place"):
            rows.append({**who, **unlocated(row, max_offset_m)})
            continue
        measure = float(row["measure_m"])
        reach = reach_position(network, row["reach_id"])
        segment = stretches.found.graph.segments.at(reach, measure)
        kind, zh, en, where = why_not(helpers, segment, measure)
        rows.append({**who, "kind": kind, "reason": zh, "reason_en": en, "at": where})
    return pd.DataFrame(rows, columns=list(EXCLUDED_COLUMNS)).astype(object)

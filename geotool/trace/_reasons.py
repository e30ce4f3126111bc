"""Why a place was not met."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from geotool.network import RiverNetwork
from geotool.trace._graph import NEVER
from geotool.trace._reached import Limits, Searches, Stretches, reached_stretches
from geotool.trace._search import Arcs, Search, all_arcs, search, stacked
from geotool.trace._stops import reach_names

NEAR_START_M = 30.0
"""A point this little on the wrong side of the start is within doubt of placing."""

Reason = tuple[str, str, str, str]
"""Kind, Chinese, English, where."""


@dataclass(frozen=True)
class Helpers:
    """
    Searches that explain why a place was not met, each made when first asked for.

    Attributes
    ----------
    network : RiverNetwork
    found : Searches
    """

    network: RiverNetwork
    found: Searches

    @cached_property
    def names(self) -> list[str]:
        """What each reach is called."""
        return reach_names(self.network)

    @cached_property
    def said(self) -> list[tuple[str, Any]]:
        """Id of each reach, and who says which way it runs."""
        reaches = self.network.reaches
        return list(zip(reaches["reach_id"], reaches["direction_source"], strict=True))

    @cached_property
    def unlimited(self) -> Stretches:
        """What would be reached without limits."""
        return reached_stretches(self.found, Limits())

    @cached_property
    def gates(self) -> Arcs:
        """All gates, both ways, whatever their state."""
        gates = self.found.graph.whole.gates
        near = np.array([gate.near for gate in gates], dtype=np.int64)
        far = np.array([gate.far for gate in gates], dtype=np.int64)
        none = np.full(2 * len(gates), -1)
        return Arcs(
            np.concatenate([near, far]), np.concatenate([far, near]), none, none
        )

    @cached_property
    def shut(self) -> dict[tuple[int, int], str]:
        """Ways through a gate that its state forbids, and which gate."""
        arcs = self.found.graph.whole.gate_arcs[:, :2].tolist()
        there = {(tail, head) for tail, head in arcs}
        found = {}
        for gate in self.found.graph.whole.gates:
            for way in ((gate.near, gate.far), (gate.far, gate.near)):
                if way not in there:
                    found[way] = gate.structure_id
        return found

    @cached_property
    def opened_arcs(self) -> Arcs:
        """Arcs with all gates open."""
        arcs = all_arcs(self.found.graph.whole)
        return stacked(arcs.at(arcs.segment >= 0), self.gates)

    @cached_property
    def opened(self) -> Search:
        """Search with all gates open."""
        return self._run(self.opened_arcs, upstream=self.found.upstream)

    @cached_property
    def other_way(self) -> tuple[Search, Search]:
        """Search in the other direction: without unknown reaches, and with them."""
        arcs = all_arcs(self.found.graph.whole)
        up = not self.found.upstream
        return (
            self._run(arcs.at(arcs.level <= 1), upstream=up),
            self._run(arcs, upstream=up),
        )

    @cached_property
    def undirected_arcs(self) -> Arcs:
        """Arcs both ways through everything."""
        s = self.found.graph.whole.segments
        number = np.arange(len(s.reach))
        both = Arcs(
            np.concatenate([s.start, s.end]),
            np.concatenate([s.end, s.start]),
            np.concatenate([number, number]),
            np.concatenate([s.along, s.against]),
        )
        return stacked(both, self.gates)

    @cached_property
    def undirected(self) -> Search:
        """Search regardless of direction."""
        return self._run(self.undirected_arcs, upstream=True)

    @cached_property
    def wrong_segments(self) -> dict[int, int | None]:
        """Segment that forbids the way from a node, of nodes asked about before."""
        return {}

    def _run(self, arcs: Arcs, *, upstream: bool) -> Search:
        graph = self.found.graph.whole
        return search(
            arcs,
            arcs.weight(graph.segments.length),
            graph.start_nodes,
            nodes=graph.nodes,
            upstream=upstream,
        )


def why_not(helpers: Helpers, segment: int, measure: float) -> Reason:
    """
    Say why a place on a segment was not met: kind, Chinese, English, where.

    The first that holds: a closed gate, the other side of the start, a direction
    against it, another network.
    """
    s, up = helpers.found.graph.whole.segments, helpers.found.upstream
    low, high = int(s.start[segment]), int(s.end[segment])
    # nodes to which, and from which, the water of the segment may run
    along, against = s.along[segment] < NEVER, s.against[segment] < NEVER
    out = [node for node, is_open in ((high, along), (low, against)) if is_open]
    into = [node for node, is_open in ((low, along), (high, against)) if is_open]
    toward, away = (out, into) if up else (into, out)
    node = _nearest(helpers.opened, toward)
    if node is not None:
        return _behind_gate(helpers, node, segment, measure)
    for other, words in zip(helpers.other_way, ("", "可能"), strict=True):
        node = _nearest(other, away)
        if node is not None:
            part = (
                measure - s.low[segment] if node == low else s.high[segment] - measure
            )
            return _other_side(float(other.cost[node] + part), up=up, perhaps=words)
    node = _nearest(helpers.undirected, [low, high])
    if node is not None:
        return _against(helpers, node, segment)
    return (
        "unconnected",
        "与起点所在河网不连通（不同水系，或中间断线）",
        "not connected with the start: another water, or a gap in the drawing",
        "",
    )


def _nearest(found: Search, nodes: list[int]) -> int | None:
    met = [node for node in nodes if np.isfinite(found.cost[node])]
    return min(met, key=lambda node: found.cost[node], default=None)


def _behind_gate(helpers: Helpers, node: int, segment: int, measure: float) -> Reason:
    arcs, s = helpers.opened_arcs, helpers.found.graph.whole.segments
    passed = [
        (int(arcs.tail[arc]), int(arcs.head[arc]))
        for arc, _ in helpers.opened.way(node)
        if arcs.segment[arc] < 0
    ]
    ids = list(
        dict.fromkeys(helpers.shut[way] for way in passed if way in helpers.shut)
    )
    called = {
        gate.structure_id: gate.name or gate.structure_id
        for gate in helpers.found.graph.whole.gates
    }
    names = "、".join(called[key] for key in ids)
    edge = s.low[segment] if int(s.start[segment]) == node else s.high[segment]
    metres = float(helpers.opened.cost[node]) + abs(measure - float(edge))
    return (
        "closed_gate",
        f"被 {names} 隔断（关闭或只向另一侧过水）；若开启，沿河约 {metres:.0f} m",
        f"cut off by {names}; about {metres:.0f} m by water if it were open",
        "、".join(ids),
    )


def _other_side(metres: float, *, up: bool, perhaps: str) -> Reason:
    side, side_en = ("下游", "downstream") if up else ("上游", "upstream")
    doubt = metres <= NEAR_START_M
    known = "（经流向不明的河段）" if perhaps else ""
    return (
        "other_side",
        f"{perhaps}在起点{side}{known}，沿河 {metres:.0f} m"
        + ("；距离小于定位误差，请现场核实在哪一侧" if doubt else ""),
        f"{'perhaps ' if perhaps else ''}{side_en} of the start, {metres:.0f} m by water"
        + ("; nearer than its place is sure, check on site" if doubt else ""),
        "",
    )


def _against(helpers: Helpers, node: int, segment: int) -> Reason:
    """Name the reach nearest to the start whose direction forbids the way."""
    s = helpers.found.graph.whole.segments
    wrong = _wrong_segment(helpers, node)
    wrong = segment if wrong is None else wrong
    row = int(s.reach[wrong])
    key, source = helpers.said[row]
    name = helpers.names[row]
    source = "" if pd.isna(source) else str(source)
    by_zh = f"（{_SOURCES_ZH.get(source, source)}）" if source else ""
    by_en = f" (by {source})" if source else ""
    return (
        "against_flow",
        f"{name}（{key}）的流向{by_zh}背离起点",
        f"{name} ({key}) runs the other way{by_en}",
        str(key),
    )


def _wrong_segment(helpers: Helpers, node: int) -> int | None:
    """
    Find the segment nearest to the start, on the way from a node, that runs against it.

    Ways join on the way: what is known of a node holds for all that pass it.
    """
    arcs, s = helpers.undirected_arcs, helpers.found.graph.whole.segments
    known, passed = helpers.wrong_segments, [(node, -1)]
    if node not in known:
        for arc, far in helpers.undirected.way(node):
            passed.append((far, arc))
            if far in known:
                break
    found = known.get(passed[-1][0])
    # back from the start: of two that are wrong the first stays
    for k in range(len(passed) - 1, -1, -1):
        known[passed[k][0]] = found
        arc = passed[k][1]
        own = int(arcs.segment[arc]) if arc >= 0 else -1
        if found is None and own >= 0:
            forward = int(arcs.tail[arc]) == int(s.start[own])
            if not helpers.found.upstream:  # the water comes from the start
                forward = not forward
            if (s.along[own] if forward else s.against[own]) >= NEVER:
                found = own
    return known[node]


_SOURCES_ZH = {
    "scenario": "情景",
    "user": "用户指定",
    "given": "资料给定",
    "boundary": "边界进出水",
    "drawing": "画线方向",
    "potential": "推断",
    "structure": "闸站状态",
    "elevation": "高程",
}

"""Ways between the start and what a trace met, worked out when asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.network import RiverNetwork
from geotool.trace._graph import LEVELS, NEVER, NODE_M
from geotool.trace._reached import Hit, Stretches
from geotool.trace._walks import Step, Walk
from geotool.trace._ways import NodeWays, count_ways, segment_ways

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

Key = tuple[str, str]
"""Layer and id of a point."""

_Passed = tuple[tuple[str, ...], tuple[str, ...]]
"""Structures and loops that a way passes."""

_Memory = dict[int, _Passed]


@dataclass(frozen=True, eq=False)
class Routes(Mapping[Key, tuple[Step, ...]]):
    """
    Ways of a trace: of points by layer and id, of any reach on demand.

    Attributes
    ----------
    network : RiverNetwork
    stretches : Stretches
    walks : dict
        By layer and id of a point.
    """

    network: RiverNetwork
    stretches: Stretches
    walks: dict[Key, Walk] = field(default_factory=dict)

    def __getitem__(self, key: Key) -> tuple[Step, ...]:
        return self.walks[key].steps

    def __iter__(self) -> Iterator[Key]:
        return iter(self.walks)

    def __len__(self) -> int:
        return len(self.walks)

    @cached_property
    def _ids(self) -> NDArray[np.object_]:
        return self.network.reaches["reach_id"].to_numpy(dtype=object)

    @cached_property
    def _gates(self) -> dict[tuple[int, int], str]:
        return {
            way: gate.structure_id
            for gate in self.stretches.found.graph.gates
            for way in ((gate.near, gate.far), (gate.far, gate.near))
        }

    @cached_property
    def _counted(self) -> dict[int, NodeWays]:
        return {}

    def ways(self, level: int) -> NodeWays:
        """Give the counts of ways at a class, made when first asked for."""
        if level not in self._counted:
            self._counted[level] = count_ways(self.stretches, level)
        return self._counted[level]

    def loop_id(self, level: int, loop: int) -> str:
        """Name a loop after the first of its reaches."""
        s = self.stretches.found.graph.segments
        reaches = self._ids[s.reach[self.ways(level).segments[loop]]]
        return f"环:{min(reaches)}" if len(reaches) else f"环:{loop}"

    # ------------------------------------------------------------ walks
    def walk(self, hit: Hit, segment: int, measure: float) -> Walk:
        """Follow the shortest way of a place that was hit."""
        plain, nodes = self.plain_walk(hit, segment, measure)
        return replace(plain, loops=self._loops(hit.level, nodes))

    def plain_walk(self, hit: Hit, segment: int, measure: float) -> tuple[Walk, Ints]:
        """Follow the shortest way, and give its nodes; loops are not looked for."""
        s = self.stretches.found.graph.segments
        k, nodes, passed = self.passed(hit)
        is_gate = k < 0
        before, k = nodes[:-1][~is_gate], k[~is_gate]
        with_ = s.start[k] == before  # through the segment as it is drawn
        first = np.where(with_, s.low[k], s.high[k]).tolist()
        last = np.where(with_, s.high[k], s.low[k]).tolist()
        steps: list[Step] = [(self._ids[s.reach[segment]], measure, hit.edge)]
        steps += zip(self._ids[s.reach[k]].tolist(), first, last, strict=True)
        used = (segment, *k.tolist())
        return Walk(tuple(steps), tuple(passed), (), used), nodes

    def passed(self, hit: Hit) -> tuple[Ints, Ints, list[tuple[int, str]]]:
        """
        Follow the shortest way of a place that was hit, and name nothing but gates.

        Returns
        -------
        segments : array of int
            Segment of each step; negative at a gate.
        nodes : array of int
            Before each step, and behind the last.
        gates : list of (int, str)
            Each gate, and how many segments the way has had there, its own included.
        """
        found = self.stretches.found
        way = [*found.metres[hit.level].way(hit.node)]
        pairs = np.array(way, dtype=np.int64).reshape(-1, 2)
        nodes = np.append(hit.node, pairs[:, 1])
        k = found.arcs[hit.level].segment[pairs[:, 0]].astype(np.int64)
        after = np.cumsum(k >= 0) + 1
        gates = [
            (int(after[step]), self._gates[(int(nodes[step]), int(nodes[step + 1]))])
            for step in np.flatnonzero(k < 0).tolist()
        ]
        return k, nodes, gates

    def _loops(self, level: int, nodes: Any) -> tuple[str, ...]:
        """Name the loops that a walk over nodes passes, in order."""
        found = self.ways(level).loop[nodes]
        numbers = dict.fromkeys(found[found >= 0].tolist())
        return tuple(self.loop_id(level, number) for number in numbers)

    def place_ways(self, hit: Hit, segment: int, measure: float) -> tuple[int, bool]:
        """Count the ways of a place that was hit; whether the count is exact."""
        ways, s = self.ways(hit.level), self.stretches.found.graph.segments
        for node, edge in (
            (int(s.start[segment]), float(s.low[segment])),
            (int(s.end[segment]), float(s.high[segment])),
        ):
            # a place on a node has all the ways of the node
            if abs(edge - measure) <= NODE_M and ways.count[node]:
                return int(ways.count[node]), bool(ways.exact[node])
        count, exact = segment_ways(
            self.stretches, ways, hit.level, np.array([segment])
        )
        return int(count[0]), bool(exact[0])

    # ------------------------------------------------------------ reaches
    def reach_walk(self, row: Mapping[Any, Any]) -> Walk:
        """Follow the way of the whole stretch of a reach, from its far end."""
        segment, end = (int(v[0]) for v in self._rows(pd.DataFrame([row])))
        low, high = float(row["from_measure_m"]), float(row["to_measure_m"])
        s, stretches = self.stretches.found.graph.segments, self.stretches
        node = int(stretches.node[end, segment])
        edge = float(s.high[segment] if end == 0 else s.low[segment])
        far = low if end == 0 else high
        level = int(stretches.level[segment])
        nothing = float("nan")
        hit = Hit(level, nothing, nothing, nothing, node, edge)
        return self.walk(hit, segment, far)

    def _rows(self, reaches: pd.DataFrame) -> tuple[Ints, Ints]:
        """Segment of each stretch of the table, and the end it was entered through."""
        s, stretches = self.stretches.found.graph.segments, self.stretches
        reach = self.network.reach_position[reaches["reach_id"]].to_numpy()
        low = reaches["from_measure_m"].to_numpy(float)
        high = reaches["to_measure_m"].to_numpy(float)
        order = np.lexsort((s.low, s.reach))
        first = np.searchsorted(s.reach[order], reach)
        segment = order[first]
        several = np.flatnonzero(
            np.searchsorted(s.reach[order], reach, side="right") - first > 1
        )
        for k in several.tolist():
            segment[k] = s.at(int(reach[k]), float(low[k] + high[k]) / 2)
        end = np.argmin(stretches.metres[:, segment], axis=0)
        is_part = (low > s.low[segment] + NODE_M) | (high < s.high[segment] - NODE_M)
        from_low = np.abs(low - s.low[segment]) <= NODE_M
        end = np.where(is_part, np.where(from_low, 1, 0), end)
        return segment.astype(np.int64), end.astype(np.int64)

    def reach_notes(self, reaches: gpd.GeoDataFrame) -> pd.DataFrame:
        """
        Give what the shortest way of each stretch passes, and how many ways it has.

        Returns
        -------
        DataFrame, rows as ``reaches``
            ``n_ways, ways_exact, structures, loops``.
        """
        segment, end = self._rows(reaches)
        level = self.stretches.level[segment]
        node = self.stretches.node[end, segment]
        count = np.zeros(len(segment))
        exact = np.ones(len(segment), dtype=bool)
        passed: list[_Passed] = [((), ())] * len(segment)
        for one in np.unique(level).tolist():
            mine = np.flatnonzero(level == one)
            count[mine], exact[mine] = segment_ways(
                self.stretches, self.ways(one), one, segment[mine]
            )
            memory: _Memory = {}
            # several searches joined: a node's way need not be that of the one before
            alone = len(self.stretches.found.metres[one].searches) == 1
            nearest = mine[np.argsort(self.stretches.metres[end[mine], segment[mine]])]
            for k in nearest.tolist():
                passed[k] = self._passed(one, int(node[k]), memory if alone else {})
        return pd.DataFrame(
            {
                "n_ways": count.astype(np.int64),
                "ways_exact": exact,
                "structures": [list(one) for one, _ in passed],
                "loops": [list(one) for _, one in passed],
            },
            index=reaches.index,
        )

    def _passed(self, level: int, node: int, memory: _Memory) -> _Passed:
        """Structures and loops between a node and the start; nearer nodes are known."""
        stretches, ways = self.stretches, self.ways(level)
        trail: list[tuple[int, str | None]] = []
        here, known = node, memory.get(node)
        if known is None:
            for arc, after in stretches.found.metres[level].way(node):
                is_gate = int(stretches.found.arcs[level].segment[arc]) < 0
                trail.append((here, self._gates[(here, after)] if is_gate else None))
                here = after
                known = memory.get(here)
                if known is not None:
                    break
        if known is None:
            known = ((), self._loops(level, [here]))
            memory[here] = known
        for at, gate in reversed(trail):
            structures, loops = known
            if gate is not None:
                structures = (gate, *structures)
            if ways.loop[at] >= 0:
                name = self.loop_id(level, int(ways.loop[at]))
                loops = loops if name in loops else (name, *loops)
            known = memory[at] = (structures, loops)
        return known

    def loops(self) -> pd.DataFrame:
        """
        List the loops of flow within what was found, per class.

        Returns
        -------
        DataFrame
            ``loop_id, relation, n_reaches, length_m, reaches``.
        """
        s, stretches = self.stretches.found.graph.segments, self.stretches
        rows = []
        for level in np.unique(stretches.level[stretches.level < NEVER]).tolist():
            ways = self.ways(level)
            for loop in np.unique(ways.loop[ways.loop >= 0]).tolist():
                segments = ways.segments[loop]
                ids = sorted(set(self._ids[s.reach[segments]]))
                rows.append(
                    {
                        "loop_id": self.loop_id(level, loop),
                        "relation": LEVELS[level],
                        "n_reaches": len(ids),
                        "length_m": float(s.length[segments].sum()),
                        "reaches": ids,
                    }
                )
        return pd.DataFrame(
            rows, columns=["loop_id", "relation", "n_reaches", "length_m", "reaches"]
        )

    # ------------------------------------------------------------ drawing
    def start_points(self) -> list[shapely.Point]:
        """Give the places where the trace started."""
        graph, s = self.stretches.found.graph, self.stretches.found.graph.segments
        lines = np.asarray(self.network.reaches.geometry, dtype=object)
        found = []
        for node in dict.fromkeys(graph.start_nodes):
            at_start = np.flatnonzero(s.start == node)
            k = int((at_start if len(at_start) else np.flatnonzero(s.end == node))[0])
            measure = float(s.low[k] if len(at_start) else s.high[k])
            found.append(lines[int(s.reach[k])].interpolate(measure))
        return found

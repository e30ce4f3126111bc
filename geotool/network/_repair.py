"""Proposed repairs carried out: open ends led to the water beside them, twins dropped."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.errors import NetworkError
from geotool.network._check_ends import NEAR_M
from geotool.network._log import Log, spot
from geotool.network._model import RiverNetwork
from geotool.network._reaches import node_table

REPAIRABLE = ("dangling_near", "twin_line")
"""Kinds of issues that :func:`apply_repairs` can mend."""

_END_M = 0.5
"""A foot this close to the end of a reach is joined to its node."""


def apply_repairs(
    network: RiverNetwork,
    issues: gpd.GeoDataFrame,
    *,
    only: Collection[str] | None = None,
) -> RiverNetwork:
    """
    Carry out the repairs that issues propose.

    ``dangling_near``: the open end is led to the nearest other reach, which is cut
    there (``B`` becomes ``B.1`` and ``B.2``). ``twin_line``: the second of the pair
    is left out, unless other reaches hang on its ends.

    Parameters
    ----------
    network : RiverNetwork
    issues : GeoDataFrame
        Of :func:`check_network` on this network; rows may have been taken out.
    only : collection of str, optional
        Issue ids or kinds to mend; others stay. Default: all of :data:`REPAIRABLE`.

    Returns
    -------
    RiverNetwork
        With a row in the log for each repair, or for why it was not made.

    Raises
    ------
    NetworkError
        If ``only`` names what is not among the issues that can be repaired.

    Examples
    --------
    >>> from geotool.network import build_network, check_network
    >>> lines = [
    ...     shapely.LineString([(0, 0), (100, 0)]),
    ...     shapely.LineString([(40, 60), (40, 5)]),
    ... ]
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A", "B"]}, geometry=lines, crs=4549)
    >>> network = build_network(rivers)
    >>> mended = apply_repairs(network, check_network(network))
    >>> mended.reaches[["reach_id", "length_m"]].to_numpy().tolist()
    [['A.1', 40.0], ['A.2', 60.0], ['B', 60.0]]
    """
    edit = _Edit(network)
    for row in _chosen(issues, only):
        if row["kind"] == "twin_line":
            edit.drop_twin(*str(row["subject"]).split("、"))
        else:
            edit.lead_on(str(row["subject"]), row["geometry"])
    return edit.result()


def _chosen(
    issues: gpd.GeoDataFrame, only: Collection[str] | None
) -> Iterable[dict[Any, Any]]:
    able = issues[issues["kind"].isin(REPAIRABLE)]
    if only is not None:
        wanted = {only} if isinstance(only, str) else set(only)
        known = {*REPAIRABLE, *able["issue_id"]}
        if wanted - known:
            odd = "、".join(sorted(wanted - known))
            raise NetworkError(
                f"{odd} 不是可自动修复的问题；可修复类型：{'、'.join(REPAIRABLE)}。",
                f"{odd} is no issue that can be repaired; kinds that can: "
                f"{', '.join(REPAIRABLE)}.",
            )
        able = able[able["issue_id"].isin(wanted) | able["kind"].isin(wanted)]
    # twins first: an end must not be led to a line that goes
    return able.sort_values("kind", ascending=False, kind="stable").to_dict("records")


Key = tuple[int, ...]
"""Place of a row: its number, and 1 or 2 for each time it was cut, first half first."""


class _Edit:
    """A network taken apart, changed row by row, and put together again."""

    def __init__(self, network: RiverNetwork) -> None:
        self.network = network
        self.lines = np.asarray(network.reaches.geometry, dtype=object)
        self.tree = shapely.STRtree(self.lines)
        self.rows: dict[Key, dict[Any, Any]] = {}
        self.at: dict[int, set[Key]] = defaultdict(set)
        self.pieces: dict[int, set[Key]] = defaultdict(set)
        self.named: dict[str, Key] = {}
        for k, row in enumerate(network.reaches.to_dict("records")):
            self._put((k,), row)
        self.number = {row["reach_id"]: key[0] for key, row in self.rows.items()}
        self.xy = shapely.get_coordinates(network.nodes.geometry).tolist()
        self.gates = set(network.structures["node_id"].tolist())
        self.log = Log()

    def _put(self, key: Key, row: dict[Any, Any]) -> None:
        self.rows[key] = row
        self.named[row["reach_id"]] = key
        self.pieces[key[0]].add(key)
        for node in (row["from_node"], row["to_node"]):
            self.at[node].add(key)

    def _take(self, key: Key) -> dict[Any, Any]:
        row = self.rows.pop(key)
        del self.named[row["reach_id"]]
        self.pieces[key[0]].discard(key)
        for node in (row["from_node"], row["to_node"]):
            self.at[node].discard(key)
        return row

    def _refuse(self, subject: str, zh: str, en: str) -> None:
        self.log.add("repair_skipped", subject, "", "", f"{zh} {en}")

    def drop_twin(self, first: str, second: str) -> None:
        """Leave out the second of two reaches that almost coincide."""
        if first not in self.named or second not in self.named:
            self._refuse(second, "该河段已不在", "the reach is gone")
            return
        keep, lose = self.named[first], self.named[second]
        stay = {self.rows[keep]["from_node"], self.rows[keep]["to_node"]}
        for node in (self.rows[lose]["from_node"], self.rows[lose]["to_node"]):
            if node not in stay and len(self.at[node]) > 1:
                self._refuse(
                    second, "另有河段接在其端点上，未删除", "others hang on its end"
                )
                return
        gone = self._take(lose)
        self.log.add(
            "repair",
            second,
            f"{gone['length_m']:.2f} m",
            first,
            "近重合线已去掉 twin line left out",
        )

    def lead_on(self, reach_id: str, place: shapely.Point) -> None:
        """Lead an open end of a reach to the nearest other reach and join it there."""
        mine = sorted(self.pieces[self.number.get(reach_id, -1)])
        own = next((key for key in mine if self._is_end(key, place)), None)
        if own is None:
            self._refuse(reach_id, "端点已不是断头", "the end is open no more")
            return
        gap, other = self._nearest(place, own)
        if other is None:
            self._refuse(reach_id, "附近已没有其他河段", "no other reach is near")
            return
        old = self._node_at(own, place)
        node = self._node_on(other, place)
        self._move_end(old, node)
        self.log.add(
            "repair",
            reach_id,
            spot((place.x, place.y)),
            spot(self.xy[node]),
            f"端点延长 {gap:.2f} m 接到线上 end led to the line",
        )

    def _nearest(self, place: shapely.Point, own: Key) -> tuple[float, Key | None]:
        """Give the nearest other reach within reach, as they are by now."""
        # an end was led on by no more than NEAR_M, so that what is near a reach now
        # was near it twice as far at most
        near = self.tree.query(place, predicate="dwithin", distance=2 * NEAR_M)
        keys = [key for k in sorted(near.tolist()) for key in sorted(self.pieces[k])]
        found = [
            (float(self.rows[key]["geometry"].distance(place)), key)
            for key in keys
            if key != own
        ]
        gap, other = min(found, default=(np.inf, own))
        return (gap, other) if gap <= NEAR_M else (gap, None)

    def _halves_of(self, reach_id: str) -> list[str]:
        """Give two ids for the halves of a reach that nobody has yet."""
        made = []
        for text in (f"{reach_id}.1", f"{reach_id}.2"):
            while text in self.named:
                text += "'"
            made.append(text)
        return made

    def _node_at(self, key: Key, place: shapely.Point) -> int:
        ends = (self.rows[key]["from_node"], self.rows[key]["to_node"])
        return min(
            ends, key=lambda n: np.hypot(*np.subtract(self.xy[n], place.coords[0]))
        )

    def _is_end(self, key: Key, place: shapely.Point) -> bool:
        node = self._node_at(key, place)
        gap = np.hypot(*np.subtract(self.xy[node], place.coords[0]))
        return bool(gap < 0.01) and len(self.at[node]) == 1

    def _node_on(self, key: Key, place: shapely.Point) -> int:
        """Give the node at the foot of a place on a reach; the reach is cut for it."""
        row = self.rows[key]
        line = row["geometry"]
        measure = float(line.project(place))
        for node, gap in (
            (row["from_node"], measure),
            (row["to_node"], line.length - measure),
        ):
            if gap <= _END_M and node not in self.gates:
                return int(node)
        foot = line.interpolate(measure)
        self.xy.append([foot.x, foot.y])
        node = len(self.xy) - 1
        xy = shapely.get_coordinates(line)
        along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
        before, after = xy[along < measure - 1e-6], xy[along > measure + 1e-6]
        low = shapely.LineString(np.vstack([before, self.xy[node]]))
        high = shapely.LineString(np.vstack([self.xy[node], after]))
        one, two = self._halves_of(row["reach_id"])
        self._take(key)
        self._put((*key, 1), row | {"reach_id": one, "to_node": node, "geometry": low})
        high_row = row | {"reach_id": two, "from_node": node, "geometry": high}
        self._put((*key, 2), high_row)
        return node

    def _move_end(self, old: int, node: int) -> None:
        (key,) = self.at[old]
        row = self._take(key)
        xy = shapely.get_coordinates(row["geometry"])
        at_start = row["from_node"] == old
        row["from_node" if at_start else "to_node"] = node
        tip = np.array([self.xy[node]])
        xy = np.vstack([tip, xy] if at_start else [xy, tip])
        row["geometry"] = shapely.LineString(xy)
        self._put(key, row)

    def result(self) -> RiverNetwork:
        """Put the tables together again, with nodes that are used only."""
        old = self.network
        rows = [self.rows[key] for key in sorted(self.rows)]
        reaches = gpd.GeoDataFrame(
            pd.DataFrame(rows, columns=old.reaches.columns),
            geometry="geometry",
            crs=old.crs,
        )
        reaches["length_m"] = reaches.geometry.length
        ends = reaches[["from_node", "to_node"]].to_numpy()
        used = np.unique(ends)
        number = np.full(len(self.xy), -1)
        number[used] = np.arange(len(used))
        reaches[["from_node", "to_node"]] = number[ends]
        structures = old.structures.assign(
            node_id=number[old.structures["node_id"].to_numpy(int)]
        )
        nodes = node_table(np.array(self.xy)[used], reaches, structures)
        log = pd.concat([old.log, self.log.table()], ignore_index=True)
        return replace(
            old, reaches=reaches, nodes=nodes, structures=structures, log=log
        )

"""Located points made into nodes: the reaches are cut there, and nothing else moves."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.errors import LocateError
from geotool.locate._positions import reach_position
from geotool.network import RiverNetwork

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SAME_PLACE_M = 1e-3
"""Points this close along a reach, and its ends, share a node."""


def insert_nodes(
    network: RiverNetwork, located: gpd.GeoDataFrame
) -> tuple[RiverNetwork, gpd.GeoDataFrame]:
    """
    Cut reaches where points lie, so that the points are nodes of the network.

    A reach ``A`` cut twice becomes ``A.1``, ``A.2`` and ``A.3``, in the order of its
    drawing and with all its attributes; total length and every direction stay as
    they are. A point at an end of its reach takes the node that is there.

    Parameters
    ----------
    network : RiverNetwork
    located : GeoDataFrame
        Of :func:`geotool.locate_points`: ``reach_id``, ``measure_m`` and ``located``
        (if it is there) are read. Points marked ``far`` or ``no_place`` are not
        inserted.

    Returns
    -------
    network : RiverNetwork
        The log tells of every cut.
    located : GeoDataFrame
        The same rows with ``node_id``, missing where nothing was inserted.

    Raises
    ------
    LocateError
        If a column is missing, a reach is unknown or a measure is not on it.

    Examples
    --------
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(0, 0), (100, 0)])
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[line], crs=4549)
    >>> spots = gpd.GeoDataFrame(
    ...     {"reach_id": ["A", "A"], "measure_m": [30.0, 100.0]},
    ...     geometry=gpd.points_from_xy([30, 101], [2, 0]), crs=4549,
    ... )
    >>> cut, spots = insert_nodes(build_network(rivers), spots)
    >>> cut.reaches[["reach_id", "length_m"]].to_numpy().tolist()
    [['A.1', 30.0], ['A.2', 70.0]]
    >>> cut.nodes["geometry"].iloc[spots["node_id"]].to_wkt().tolist()
    ['POINT (30 0)', 'POINT (100 0)']
    """
    rows = _rows(located)
    reach, measure = _positions(network, located.iloc[rows])
    node, cuts = _nodes(network, reach, measure)
    made = _cut(network, cuts) if len(cuts.reach) else network
    column = pd.array([pd.NA] * len(located), dtype="Int64")
    column[rows] = node
    return made, located.assign(node_id=column)


def _rows(located: gpd.GeoDataFrame) -> Ints:
    missing = [c for c in ("reach_id", "measure_m") if c not in located.columns]
    if missing:
        raise LocateError(
            f"点图层缺少列 {'、'.join(missing)}；请先用 locate_points 定位。",
            f"The points lack {', '.join(missing)}; locate them first.",
        )
    on = located["reach_id"].notna() & located["measure_m"].notna()
    if "located" in located.columns:
        on &= ~located["located"].isin(["far", "no_place"])
    return np.flatnonzero(on.to_numpy())


def _positions(network: RiverNetwork, located: pd.DataFrame) -> tuple[Ints, Floats]:
    reach = [reach_position(network, str(key)) for key in located["reach_id"]]
    measure = located["measure_m"].to_numpy(float)
    length = network.reaches["length_m"].to_numpy(float)[reach]
    off = np.flatnonzero(~((measure >= -1e-6) & (measure <= length + 1e-6)))
    if len(off):
        k = off[0]
        key = located["reach_id"].iloc[k]
        raise LocateError(
            f"里程 {measure[k]:g} m 不在河段 {key}（{length[k]:.1f} m）上；"
            "河网改过之后请重新定位。",
            f"Measure {measure[k]:g} m is not on reach {key} ({length[k]:.1f} m "
            "long); locate again after changing the network.",
        )
    return np.array(reach, dtype=np.int64), np.clip(measure, 0.0, length)


class _Cuts:
    """Places where reaches are cut, sorted, each with the number of its new node."""

    def __init__(self, reach: Ints, measure: Floats, first_node: int) -> None:
        self.reach, self.measure = reach, measure
        self.node = first_node + np.arange(len(reach))

    def by_reach(self) -> Iterator[tuple[int, slice]]:
        """Give each reach that is cut, and where its cuts are."""
        reaches, first = np.unique(self.reach, return_index=True)
        stops = [*first[1:].tolist(), len(self.reach)]
        for reach, at, stop in zip(
            reaches.tolist(), first.tolist(), stops, strict=True
        ):
            yield reach, slice(at, stop)


def _nodes(network: RiverNetwork, reach: Ints, measure: Floats) -> tuple[Ints, _Cuts]:
    """Give the node of each point, and the cuts that make the new ones."""
    ends = network.ends[reach]
    length = network.reaches["length_m"].to_numpy(float)[reach]
    node = np.where(measure <= SAME_PLACE_M, ends[:, 0], -1)
    node = np.where(length - measure <= SAME_PLACE_M, ends[:, 1], node)
    inner = np.flatnonzero(node < 0)
    inner = inner[np.lexsort((measure[inner], reach[inner]))]
    kept: list[int] = []
    of = np.empty(len(inner), dtype=np.int64)
    for k, row in enumerate(inner.tolist()):
        last = kept[-1] if kept else -1
        near = last >= 0 and reach[last] == reach[row]
        if not (near and measure[row] - measure[last] <= SAME_PLACE_M):
            kept.append(row)
        of[k] = len(kept) - 1
    cuts = _Cuts(reach[kept], measure[kept], len(network.nodes))
    node[inner] = cuts.node[of] if len(inner) else node[inner]
    return node, cuts


def _cut(network: RiverNetwork, cuts: _Cuts) -> RiverNetwork:
    """Put pieces in the place of the reaches that are cut."""
    old = network.reaches
    lines = np.asarray(old.geometry, dtype=object)
    foot = shapely.line_interpolate_point(lines[cuts.reach], cuts.measure)
    pieces = np.ones(len(old), dtype=np.int64)
    np.add.at(pieces, cuts.reach, 1)
    row = np.repeat(np.arange(len(old)), pieces)
    begin = np.cumsum(pieces) - pieces
    # the k-th cut ends the piece before it and begins the one after
    before = begin[cuts.reach] + _place_along(cuts.reach)
    table = old.iloc[row].reset_index(drop=True)
    start, end = (table[name].to_numpy(copy=True) for name in ("from_node", "to_node"))
    end[before], start[before + 1] = cuts.node, cuts.node
    line, made_ids = lines[row], old["reach_id"].to_numpy(dtype=object)[row]
    taken, new_ids = set(old["reach_id"]), {}
    for one, mine in cuts.by_reach():
        at = slice(begin[one], begin[one] + pieces[one])
        line[at] = _split(lines[one], cuts.measure[mine], foot[mine])
        new_ids[one] = _new_ids(made_ids[begin[one]], pieces[one], taken)
        made_ids[at] = new_ids[one]
    table = table.assign(
        reach_id=made_ids, from_node=start, to_node=end, length_m=shapely.length(line)
    ).set_geometry(gpd.GeoSeries(line, crs=old.crs))
    nodes = gpd.GeoDataFrame(
        {"node_id": cuts.node, "kind": "pass", "structure_id": None},
        geometry=foot,
        crs=old.crs,
    ).astype({"structure_id": object})
    return replace(
        network,
        reaches=table[list(old.columns)],
        nodes=pd.concat([network.nodes, nodes], ignore_index=True),
        log=_log(network, cuts, new_ids),
        votes=_votes(network, new_ids),
    )


def _place_along(reach: Ints) -> Ints:
    """Count cuts along each reach; `reach` is sorted."""
    return np.arange(len(reach)) - np.searchsorted(reach, reach)


def _split(line: Any, measure: Floats, foot: NDArray[np.object_]) -> list[Any]:
    """Pieces of a line between places along it."""
    xy = shapely.get_coordinates(line)
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    at = shapely.get_coordinates(foot)
    stops = np.concatenate([[-np.inf], measure, [np.inf]])
    made = []
    for k in range(len(stops) - 1):
        # a vertex at a cut is the cut itself
        inner = (along > stops[k] + 1e-9) & (along < stops[k + 1] - 1e-9)
        head, tail = at[k - 1 : k] if k else at[:0], at[k : k + 1]
        made.append(shapely.LineString(np.vstack([head, xy[inner], tail])))
    return made


def _new_ids(reach_id: str, count: int, taken: set[str]) -> list[str]:
    made = []
    for k in range(count):
        text = f"{reach_id}.{k + 1}"
        while text in taken:
            text += "'"
        taken.add(text)
        made.append(text)
    return made


def _log(
    network: RiverNetwork, cuts: _Cuts, new_ids: dict[int, list[str]]
) -> pd.DataFrame:
    ids = network.reaches["reach_id"].to_numpy(dtype=object)
    length = network.reaches["length_m"].to_numpy(float)
    rows = [
        (
            "insert",
            ids[reach],
            f"{length[reach]:.2f} m",
            "、".join(new_ids[reach]),
            "在点位处断开 cut at points: "
            + "、".join(f"{m:.2f} m" for m in cuts.measure[mine].tolist()),
        )
        for reach, mine in cuts.by_reach()
    ]
    columns = ["step", "subject", "before", "after", "note"]
    table = pd.DataFrame(rows, columns=columns).astype(object)
    return pd.concat([network.log, table], ignore_index=True)


def _votes(network: RiverNetwork, new_ids: dict[int, list[str]]) -> pd.DataFrame:
    """Say of the pieces what was said of their reach."""
    votes = network.votes
    if "reach_id" not in votes.columns or len(votes) == 0:
        return votes
    old = network.reaches["reach_id"].to_numpy(dtype=object)
    pieces = {old[reach]: made for reach, made in new_ids.items()}
    said = [pieces.get(key, [key]) for key in votes["reach_id"]]
    spread = votes.assign(reach_id=pd.Series(said, index=votes.index, dtype=object))
    return spread.explode("reach_id", ignore_index=True)

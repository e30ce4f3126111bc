"""Line work made into reaches and nodes."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool._progress import long_step, stage
from geotool.crs import reproject, to_metric
from geotool.errors import NetworkError
from geotool.network._canonical import (
    Parts,
    canonical_parts,
    check_lines,
    log_left_out,
    row_order,
)
from geotool.network._joining import rejoin
from geotool.network._layout import laid_out
from geotool.network._lines import simple_lines
from geotool.network._log import Log
from geotool.network._model import RiverNetwork
from geotool.network._noding import find_meetings
from geotool.network._reaches import assemble, is_directed, texts_of
from geotool.network._snapping import Groups, log_splits, place_cuts, snap_ends
from geotool.network._splitting import cut_lines, drop_doubles, drop_stubs
from geotool.network._structures import PASSING_KINDS, place_structures, structure_facts


@long_step("建河网", "building the network", stages=6)
def build_network(
    rivers: gpd.GeoDataFrame,
    *,
    structures: gpd.GeoDataFrame | None = None,
    snap_m: float = 1.0,
    structure_m: float = 50.0,
    over_m: float = 20.0,
) -> RiverNetwork:
    """
    Make a network of reaches and nodes out of river lines.

    Lines are joined where they share an end, touch or cross; ends within ``snap_m``
    of each other or of a line are joined too, the nearest first, but never by a chain
    of small steps. The result does not depend on the order of the rows, the way
    the lines are drawn or how dense their vertices are.

    Parameters
    ----------
    rivers : GeoDataFrame of lines
        A ``rivers`` layer; all columns are optional. Degrees are projected to the
        three-degree zone of their middle. ``direction`` says which way the water
        runs: ``digitized``, ``reversed``, ``both``, ``unknown``.
    structures : GeoDataFrame of points, optional
        A ``structures`` layer. Each cuts the nearest reach (of the river it names,
        if any). Lines that cross within ``over_m`` of a siphon, aqueduct or
        culvert do not meet.
    snap_m : float
        Tolerance in metres for ends.
    structure_m : float
        Farthest a structure may stand from its reach.
    over_m : float

    Returns
    -------
    RiverNetwork
        Directions only where the source states them: see :func:`orient_network`.
        ``.log`` has every move, split and loss; ``.unplaced`` the structures that
        stand on no reach.

    Raises
    ------
    NetworkError
        If there is no line, a geometry is no line, or a tolerance is negative.
    CrsError
        If the layer has no reference system.

    Examples
    --------
    A canal ends on the side of another, 0.4 m short of it:

    >>> import shapely
    >>> lines = [
    ...     shapely.LineString([(0, 0), (100, 0)]),
    ...     shapely.LineString([(40, 60), (40, 0.4)]),
    ... ]
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A", "B"]}, geometry=lines, crs=4549)
    >>> network = build_network(rivers)
    >>> network
    <RiverNetwork: 3 reaches, 4 nodes, 0.2 km, 1 parts, 0 loops, 0 structures,
    100% of length without direction, EPSG:4549>
    >>> network.reaches[["reach_id", "from_node", "to_node"]].to_numpy().tolist()
    [['A-1', 0, 1], ['A-2', 1, 3], ['B', 2, 1]]
    """
    _check(rivers, snap_m, structure_m, over_m)
    with _uncollected():
        return _built(rivers, structures, snap_m, structure_m, over_m)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Stop looking for garbage while a million lines are made: it takes half the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _built(
    rivers: gpd.GeoDataFrame,
    structures: gpd.GeoDataFrame | None,
    snap_m: float,
    structure_m: float,
    over_m: float,
) -> RiverNetwork:
    log = Log()
    metric, parts, ids, subjects = sorted_rows(in_metres(rivers, log))
    points = prepare_structures(structures, metric.crs)
    log_left_out(metric, parts, subjects, log)
    if len(parts.row) == 0:
        raise NetworkError(
            "河流图层里没有可用的线；请检查几何。",
            "The rivers have no usable line; check the geometry.",
        )
    stage("整理线", "sorting lines")
    parts, rank, home = laid_out(parts)
    simple = simple_lines(parts.shape, parts.row, parts.flipped, rank, home)
    del parts, rank, home  # a million lines are heavy
    stage("求交", "noding")
    meetings = find_meetings(
        simple, over=_passing(points), over_m=over_m, snap_m=snap_m, log=log
    )
    groups = Groups(meetings)
    log_splits(groups, log)
    stage("捕捉端头", "snapping ends")
    clusters = snap_ends(meetings, groups, snap_m=snap_m, log=log)
    cuts = place_cuts(simple, meetings, groups, clusters, snap_m=snap_m, log=log)
    stage("打断", "cutting")
    pieces = cut_lines(simple, cuts)
    del simple, meetings, groups, clusters, cuts
    stage("清理", "cleaning")
    pieces = drop_stubs(pieces, snap_m=snap_m, log=log)
    pieces = drop_doubles(pieces, subjects, log=log)
    pieces = rejoin(pieces, is_directed(metric))
    names = texts_of(metric, "name") if len(points) else []
    placed = [place_structures(pieces, points, names, max_m=structure_m, log=log)]
    del pieces
    stage("成表", "tables")
    return assemble(placed.pop(), metric, ids, log)


def _check(rivers: gpd.GeoDataFrame, *metres: float) -> None:
    if len(rivers) == 0:
        raise NetworkError("河流图层是空的。", "The layer of rivers is empty.")
    for value in metres:
        if not (np.isfinite(value) and value >= 0):
            raise NetworkError(
                f"容差 {value} 应为不小于 0 的米数。",
                f"A tolerance of {value} is no number of metres from 0 up.",
            )


def in_metres(rivers: gpd.GeoDataFrame, log: Log) -> gpd.GeoDataFrame:
    """Project rivers to metres if they are not, and say so."""
    metric = to_metric(rivers, "rivers")
    if metric is not rivers:
        note = "投影到米制 to metres"
        log.add("project", "rivers", str(rivers.crs), str(metric.crs), note)
    return metric


def prepare_structures(
    structures: gpd.GeoDataFrame | None, crs: Any
) -> gpd.GeoDataFrame:
    """
    Bring structures into the system of the network, as points, sorted.

    Raises
    ------
    NetworkError
        If an id occurs twice.
    """
    if structures is None or len(structures) == 0:
        return gpd.GeoDataFrame({"structure_id": []}, geometry=[], crs=crs)
    moved = reproject(structures, crs).reset_index(drop=True)
    odd = set(moved.geom_type.dropna()) - {"Point"}
    if odd:
        moved = moved.set_geometry(moved.geometry.representative_point())
    # the order of rows must not matter, not even for the ids we make up
    place = moved.geometry.get_coordinates().round(3)
    place = place.reindex(moved.index)
    ids = np.array(texts_of(moved, "structure_id"), dtype=str)
    order = np.lexsort((place["y"], place["x"], ids))
    moved = moved.iloc[order].reset_index(drop=True)
    facts = structure_facts(moved)
    twice = facts["structure_id"][facts["structure_id"].duplicated()]
    if len(twice):
        raise NetworkError(
            f"水工建筑物编号重复：{twice.iloc[0]}；请先改正。",
            f"Structure id {twice.iloc[0]} occurs twice; correct it first.",
        )
    return moved


def _passing(points: gpd.GeoDataFrame) -> Any:
    if "kind" not in points.columns:
        return np.array([], dtype=object)
    passing = points["kind"].isin(PASSING_KINDS) & ~points.geometry.is_empty
    return np.asarray(points.geometry[passing & points.geometry.notna()], dtype=object)


class _Subjects(Sequence[str]):
    """What to call each row in the log: its id and name, made when asked for."""

    def __init__(self, ids: list[str], rivers: gpd.GeoDataFrame) -> None:
        self._ids = ids
        self._names = rivers["name"].array if "name" in rivers.columns else None

    def __len__(self) -> int:
        return len(self._ids)

    def __getitem__(self, k: Any) -> Any:
        cell: Any = None if self._names is None else self._names[k]
        name = "" if pd.isna(cell) else str(cell).strip()
        return f"{self._ids[k]} {name}".strip() or f"第 {k + 1} 条"


def sorted_rows(
    rivers: gpd.GeoDataFrame,
) -> tuple[gpd.GeoDataFrame, Parts, list[str], Sequence[str]]:
    """Put rows in an order of their own; give river ids and names for the log."""
    rivers = rivers.reset_index(drop=True)
    ids = texts_of(rivers, "river_id")
    subjects = _Subjects(ids, rivers)
    check_lines(rivers, subjects)
    parts = canonical_parts(np.asarray(rivers.geometry, dtype=object), subjects)
    order = row_order(rivers, parts, ids)
    is_moved = bool((order[1:] < order[:-1]).any())
    made = [ids[k] for k in order.tolist()] if is_moved else ids
    if "" in ids:  # rivers without an id are numbered by place
        taken = set(ids)
        free = (f"RV{k:04d}" for k in count(1) if f"RV{k:04d}" not in taken)
        made = [text or next(free) for text in made]
    if is_moved:
        rivers = rivers.iloc[order].reset_index(drop=True)
    rivers = rivers.assign(source_row=order + 1)
    return rivers, parts.reordered(order), made, _Subjects(made, rivers)

"""Direction of flow: evidence in order of trust, the rest by potential flow."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool._progress import long_step
from geotool.network._boundaries import Boundaries, find_boundaries
from geotool.network._elevation import (
    ELEVATION_ERROR_M,
    Elevation,
    elevation_drops,
    elevation_votes,
)
from geotool.network._faults import without_faults
from geotool.network._flow import potential_flow
from geotool.network._log import spot
from geotool.network._loops import Canals
from geotool.network._model import RiverNetwork
from geotool.network._rim import shut_nodes
from geotool.network._scenario import Scenario
from geotool.network._votes import Votes, log_rows, turned_rows

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]

MIN_AGREEMENT = 0.75
"""An inferred direction must hold in this share of the perturbed flows."""

MAX_INFERRED = 0.85
"""No inferred direction is trusted more; it stays below ``KNOWN_CONFIDENCE``."""

FINDINGS = ("conflict", "no_outlet", "inlet", "outlet")
"""Steps of the log that hold for one orienting only."""

_ASSUMED_WIDTH_M = 10.0


@long_step("推断流向", "orienting the network")
def orient_network(
    network: RiverNetwork,
    *,
    fixed: Mapping[str, str] | None = None,
    inlets: gpd.GeoDataFrame | None = None,
    outlets: gpd.GeoDataFrame | None = None,
    scenario: Scenario | None = None,
    elevation: Elevation | None = None,
    elevation_error_m: float = ELEVATION_ERROR_M,
    drawing_is_flow: bool | Collection[str] = False,
) -> RiverNetwork:
    """
    Give reaches a direction where the evidence suffices.

    Evidence counts in this order: the scenario, ``fixed``, one-way gates and pumps at
    the rim, the source's own attribute, inlets and outlets, heights, the drawing (if
    vouched for), potential flow between inlets and outlets. What nobody can tell
    stays ``unknown``: a state, no error.

    Parameters
    ----------
    network : RiverNetwork
    fixed : mapping, optional
        Reach id or river id → ``forward`` (as the reach is drawn now),
        ``backward``, ``both`` or ``unknown``, as surveyed. A reach id is the closer
        word.
    inlets, outlets : GeoDataFrame of points, optional
        Where water enters and leaves the network; the nearest node is meant.
        Structures with the role ``inlet`` or ``outlet`` at the rim, and open ends
        of reaches with a known direction, count too.
    scenario : Scenario, optional
        Shut gates part the water; its directions come first.
    elevation : Series, ElevationGrid or path, optional
        Heights in metres, by ``node_id`` or of a raster (any system, "no data" is
        left out). Water runs down where a reach falls by more than the error.
    elevation_error_m : float
        Error of such a fall. Raise it on plains rather than trust noise.
    drawing_is_flow : bool or collection of str
        The lines were drawn with the flow, as OpenStreetMap asks; the user vouches,
        for all or for those of some ``rank`` (:data:`OSM_DRAWN_WITH_FLOW`).

    Returns
    -------
    RiverNetwork
        Reaches turned so that ``normal`` ones are drawn with the flow, with
        ``direction_source`` and ``direction_confidence``; ``.votes`` has what each
        source said. Directions by height and by potential form no cycle, no source
        and no sink inside. Geometry is only turned, never built again.

    Raises
    ------
    NetworkError
        If ``fixed`` or the scenario names a reach that is not there.
    SourceError
        If the file of heights cannot be read.

    Examples
    --------
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(100, 0), (0, 0)])
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[line], crs=4549)
    >>> out = gpd.GeoDataFrame(geometry=[shapely.Point(100, 0)], crs=4549)
    >>> network = orient_network(build_network(rivers), outlets=out)
    >>> reach = network.reaches.iloc[0]
    >>> reach.flow_mode, reach.direction_source, reach.geometry.wkt
    ('normal', 'boundary', 'LINESTRING (0 0, 100 0)')
    """
    votes = Votes(network)
    votes.hear_named("scenario", scenario.directions if scenario else {})
    votes.hear_named("user", fixed or {})
    votes.hear_layer()
    votes.hear_structures(scenario)
    if drawing_is_flow:
        classes = None if drawing_is_flow is True else drawing_is_flow
        votes.hear_drawing(classes)
    if elevation is not None:
        drop = elevation_drops(network, elevation)
        heights, votes.elevation_trust = elevation_votes(drop, elevation_error_m)
        votes.said["elevation"] = heights
    rim = find_boundaries(
        network, votes.decide()[0], inlets=inlets, outlets=outlets, scenario=scenario
    )
    votes.said["boundary"] = rim.votes(network)
    sign, source, confidence = votes.decide()
    logs = [votes.conflicts(sign, source), _told(network, rim)]
    sign, source, confidence, drains = _inferred(
        network, votes, rim, scenario, (sign, source, confidence)
    )
    logs.append(_parts_without_outlet(network, drains))
    return _turned(network, votes, logs, (sign, source, confidence))


Decision = tuple[Ints, Texts, Floats]


def _inferred(
    network: RiverNetwork,
    votes: Votes,
    rim: Boundaries,
    scenario: Scenario | None,
    decision: Decision,
) -> tuple[Ints, Texts, Floats, Bools]:
    """Fill in what potential flow tells; take back what cannot be."""
    sign, source, confidence = decision
    canals, order, way = _canals(network, sign, rim, scenario)
    found = potential_flow(canals)
    flow, agreement = np.zeros_like(sign), np.zeros(len(sign))
    flow[order], agreement[order] = found.sign * way, found.agreement
    votes.said["potential"] = flow
    likely = (source == "") & (agreement >= MIN_AGREEMENT) & (flow != 0)
    sign = np.where(likely, flow, sign)
    source = np.where(likely, "potential", source)
    confidence = np.where(likely, np.minimum(agreement, MAX_INFERRED), confidence)
    is_inferred = np.isin(source, ("potential", "elevation")) & (np.abs(sign) == 1)
    trust = np.where(likely, MAX_INFERRED * agreement, confidence)
    stands = np.zeros(len(sign), dtype=bool)
    stands[order] = without_faults(
        canals,
        np.where(np.abs(sign[order]) == 1, sign[order] * way, 0),
        is_inferred[order],
        trust[order],
    )
    taken_back = is_inferred & ~stands
    return (
        np.where(taken_back, 0, sign),
        np.where(taken_back, "", source).astype(object),
        np.where(taken_back, 0.0, confidence),
        found.drains[: len(network.nodes)],
    )


def conductance(network: RiverNetwork) -> Floats:
    """
    Relative conductance of each reach, w^(5/3)/L; a missing width is the median.

    Source: wide-channel flow, tracing.md section 4.
    """
    width = network.reaches["width_m"].to_numpy(float)
    is_known = np.isfinite(width) & (width > 0)
    usual = float(np.median(width[is_known])) if is_known.any() else _ASSUMED_WIDTH_M
    width = np.where(is_known, width, usual)
    return width ** (5 / 3) / np.maximum(
        network.reaches["length_m"].to_numpy(float), 0.1
    )


def _canals(
    network: RiverNetwork, sign: Ints, rim: Boundaries, scenario: Scenario | None
) -> tuple[Canals, Ints, Ints]:
    """
    Arrays for the solve in an order of their own, so that rows and drawing are alike.

    Reaches are put in the order of their ids, nodes from west to east, lines from the
    lower node to the higher.

    Returns
    -------
    canals
    order : array of int
        Reach of each row of the arrays.
    way : array of int
        -1 where the arrays hold it against its drawing.
    """
    names = network.reaches["reach_id"].to_numpy(dtype=str)
    order = np.argsort(names, kind="stable")
    ends = network.ends[order]
    xy = shapely.get_coordinates(network.nodes.geometry.to_numpy())
    rank = np.empty(len(xy), dtype=np.int64)
    rank[np.lexsort((xy[:, 1], xy[:, 0]))] = np.arange(len(xy))
    start, end, nodes = part_shut(
        rank[ends],
        rank[np.unique(shut_nodes(network, scenario)).astype(np.int64)],
        len(xy),
    )
    way = np.where(start <= end, 1, -1)
    # a ring has no lower node; its line tells by itself which way it is drawn
    start, end = np.minimum(start, end), np.maximum(start, end)
    known = np.where(np.abs(sign[order]) == 1, sign[order], 0)
    canals = Canals(
        start=start,
        end=end,
        conductance=conductance(network)[order],
        length=network.reaches["length_m"].to_numpy(float)[order],
        nodes=nodes,
        outlets=np.sort(rank[rim.outlets]),
        inlets=np.sort(rank[rim.inlets]),
        known=known * way,
    )
    return canals, order, way


def part_shut(ends: Ints, shut: Ints, nodes: int) -> tuple[Ints, Ints, int]:
    """
    Part the nodes of shut gates: one reach keeps the node, others get one each.

    Returns
    -------
    start, end : array of int
    nodes : int
        How many there are now.

    Examples
    --------
    >>> start, end, nodes = part_shut(np.array([[0, 1], [1, 2]]), np.array([1]), 3)
    >>> start.tolist(), end.tolist(), nodes
    ([0, 3], [1, 2], 4)
    """
    is_shut = np.zeros(nodes, dtype=bool)
    is_shut[shut] = True
    flat = ends.ravel().copy()
    at = np.flatnonzero(is_shut[flat])
    later = at[np.argsort(flat[at], kind="stable")]
    first = np.unique(flat[later], return_index=True)[1]
    later = np.delete(later, first)
    flat[later] = nodes + np.arange(len(later))
    start, end = flat.reshape(-1, 2).T
    return start, end, nodes + len(later)


# ---------------------------------------------------------------- result
def _told(network: RiverNetwork, rim: Boundaries) -> pd.DataFrame:
    """Write down where water was said to pass; checks want to know it."""
    xy = shapely.get_coordinates(network.nodes.geometry.to_numpy())
    found = [_told_twice(network, rim)]
    for step, nodes in (("inlet", rim.told_in), ("outlet", rim.told_out)):
        places = np.array([spot(xy[k]) for k in nodes.tolist()], dtype=object)
        found.append(log_rows(step, places, "", "", "水由此进出 water passes here"))
    return pd.concat(found, ignore_index=True)


def _told_twice(network: RiverNetwork, rim: Boundaries) -> pd.DataFrame:
    reach = np.flatnonzero(np.isin(network.ends, rim.both).any(axis=1))
    ids = network.reaches["reach_id"].to_numpy(dtype=object)[reach]
    note = "同一处既说进水又说出水，按出水处理 told to be inlet and outlet; taken as outlet"
    return log_rows("conflict", ids, "inlet", "outlet", note)


def _parts_without_outlet(network: RiverNetwork, drains: Bools) -> pd.DataFrame:
    part = network.component
    dry = np.ones(int(part.max(initial=-1)) + 1, dtype=bool)
    dry[part[drains]] = False
    of_reach = part[network.ends[:, 0]]
    parts, first, count = np.unique(of_reach, return_index=True, return_counts=True)
    here = dry[parts]
    ids = network.reaches["reach_id"].to_numpy(dtype=object)[first[here]]
    sizes = np.array([f"{n} reaches" for n in count[here].tolist()], dtype=object)
    note = "该部分没有已知出口，无法推断流向 no outlet known, no direction inferred"
    return log_rows("no_outlet", ids, sizes, "", note)


def _changes(log: pd.DataFrame) -> pd.DataFrame:
    """Leave out what an earlier orienting found; what it turned stays turned."""
    return log[~log["step"].isin(FINDINGS)] if "step" in log else log


def _turned(
    network: RiverNetwork,
    votes: Votes,
    logs: list[pd.DataFrame],
    decision: Decision,
) -> RiverNetwork:
    sign, source, confidence = decision
    reaches = network.reaches.copy()
    stated = source == "stated"
    mode = np.select(
        [stated, np.abs(sign) == 1, sign == 2],
        [reaches["flow_mode"].to_numpy(dtype=object), "normal", "bidirectional"],
        "unknown",
    )
    back = sign == -1
    line = np.array(reaches.geometry, dtype=object)
    line[back] = shapely.reverse(line[back])
    start = reaches["from_node"].to_numpy()
    end = reaches["to_node"].to_numpy()
    reaches["from_node"] = np.where(back, end, start)
    reaches["to_node"] = np.where(back, start, end)
    reaches = reaches.set_geometry(
        gpd.GeoSeries(line, crs=network.crs, index=reaches.index)
    )
    reaches["flow_mode"] = mode
    source = np.where(stated, "given", source)
    reaches["direction_source"] = np.where(source == "pumped", "structure", source)
    reaches["direction_confidence"] = confidence
    ids = reaches["reach_id"].to_numpy(dtype=object)
    logs = [_changes(network.log), *logs, turned_rows(ids[back], source[back])]
    log = pd.concat([rows for rows in logs if len(rows)] or logs[1:], ignore_index=True)
    return replace(network, reaches=reaches, log=log, votes=votes.table())

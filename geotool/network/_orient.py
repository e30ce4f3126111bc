"""Direction of flow: evidence in order of trust, the rest by potential flow."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import scipy.sparse as sp
import shapely
from numpy.typing import NDArray

from geotool.crs import reproject
from geotool.errors import NetworkError
from geotool.network._flow import Canals, potential_flow
from geotool.network._lines import Log
from geotool.network._model import RiverNetwork
from geotool.network._rim import inner_mouths, node_degree, rim_ends, shut_nodes
from geotool.network._scenario import DIRECTIONS, Scenario

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MIN_AGREEMENT = 0.75
"""An inferred direction must hold in this share of the perturbed solutions."""

MAX_INFERRED = 0.85
"""No inferred direction is trusted more; it stays below ``KNOWN_CONFIDENCE``."""

BOUNDARY_M = 200.0
"""Farthest an inlet or outlet point may lie from the node it means."""

TRUST = ("scenario", "user", "given", "stated", "boundary", "drawing", "potential")
"""Sources of a direction, the most trusted first."""

_CONFIDENCE = {
    "scenario": 0.95,
    "user": 0.99,
    "given": 0.95,
    "boundary": 0.9,
    "drawing": 0.9,
}
_SIGN = {"forward": 1, "backward": -1, "both": 2, "unknown": 0}
_ASSUMED_WIDTH_M = 10.0


def orient_network(
    network: RiverNetwork,
    *,
    fixed: Mapping[str, str] | None = None,
    inlets: gpd.GeoDataFrame | None = None,
    outlets: gpd.GeoDataFrame | None = None,
    scenario: Scenario | None = None,
    drawing_is_flow: bool = False,
) -> RiverNetwork:
    """
    Give reaches a direction where the evidence suffices.

    Evidence counts in this order: the scenario, ``fixed``, the source's own
    attribute, structures at the rim, the drawing (if vouched for), potential flow
    between inlets and outlets. What nobody can tell stays ``unknown``: a state, no
    error.

    Parameters
    ----------
    network : RiverNetwork
    fixed : mapping, optional
        Reach id or river id → ``forward`` (as the reach is drawn now),
        ``backward``, ``both`` or ``unknown``, as surveyed.
    inlets, outlets : GeoDataFrame of points, optional
        Where water enters and leaves the network; the nearest node is meant.
        Structures with the role ``inlet`` or ``outlet`` at the rim, and open ends
        of reaches with a known direction, count too.
    scenario : Scenario, optional
        Shut gates part the water; its directions come first.
    drawing_is_flow : bool
        The lines were drawn with the flow, as OpenStreetMap asks; the user vouches.

    Returns
    -------
    RiverNetwork
        Reaches turned so that ``normal`` ones are drawn with the flow, with
        ``direction_source`` and ``direction_confidence``; ``.votes`` has what each
        source said. Inferred directions form no cycle, no source and no sink inside.

    Raises
    ------
    NetworkError
        If ``fixed`` or the scenario names a reach that is not there.

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
    log = Log()
    votes = _votes(network, fixed or {}, scenario, drawing_is_flow=drawing_is_flow)
    sign, _, _ = _decide(network, votes, Log())
    rim_in, rim_out = _boundaries(network, sign, inlets, outlets, scenario)
    votes["boundary"] = _rim_votes(network, rim_in, rim_out)
    sign, source, confidence = _decide(network, votes, log)
    canals = _canals(network, sign, rim_in, rim_out, scenario)
    found = potential_flow(canals)
    votes["potential"] = found.sign
    open_ = (sign == 0) & (source == "")
    inferred = np.where(open_ & (found.agreement >= MIN_AGREEMENT), found.sign, 0)
    inferred = _without_faults(canals, sign, inferred, found.agreement)
    sign = np.where(inferred != 0, inferred, sign)
    source = np.where(inferred != 0, "potential", source)
    confidence = np.where(
        inferred != 0, np.minimum(found.agreement, MAX_INFERRED), confidence
    )
    _log_parts_without_outlet(network, found.drains, log)
    return _turned(network, sign, source, confidence, votes, log)


def _keys(network: RiverNetwork, key: str, what: str) -> NDArray[np.bool_]:
    """Reaches that an id of a reach or river names."""
    reaches = network.reaches
    hit = (reaches["reach_id"] == key).to_numpy()
    if not hit.any():
        hit = (reaches["river_id"] == key).to_numpy()
    if not hit.any():
        raise NetworkError(
            f"{what}中的 {key!r} 不是河段编号，也不是河流编号。",
            f"{what} names {key!r}, which is no reach id and no river id.",
        )
    return hit


def _votes(
    network: RiverNetwork,
    fixed: Mapping[str, str],
    scenario: Scenario | None,
    *,
    drawing_is_flow: bool,
) -> dict[str, Ints]:
    """Ask each source: 1, -1, 2 (both), 0 (unknown, said so), -9 (nothing)."""
    reaches = network.reaches
    count = len(reaches)
    silent = np.full(count, -9, dtype=np.int64)
    votes = {name: silent.copy() for name in TRUST}
    for name, mapping in (
        ("user", fixed),
        ("scenario", scenario.directions if scenario else {}),
    ):
        for key, value in mapping.items():
            if value not in DIRECTIONS:
                raise NetworkError(
                    f"{key} 的流向 {value!r} 不认识；可用：{'、'.join(DIRECTIONS)}。",
                    f"{key}: unknown direction {value!r}; choose one of "
                    f"{', '.join(DIRECTIONS)}.",
                )
            what = "情景 scenario" if name == "scenario" else "fixed"
            votes[name][_keys(network, key, what)] = _SIGN[value]
    mode = reaches["flow_mode"].to_numpy(dtype=object)
    before = reaches["direction_source"].to_numpy(dtype=object)
    for name in ("user", "given", "drawing"):
        said = (before == name) & (votes[name] == -9)
        votes[name][said & (mode == "normal")] = 1
        votes[name][said & (mode == "unknown")] = 0
        special = said & np.isin(mode, ("bidirectional", "controlled", "reservoir"))
        votes["stated"][special] = 2
    if drawing_is_flow:
        votes["drawing"][:] = 1
    return votes


def _decide(
    network: RiverNetwork, votes: dict[str, Ints], log: Log
) -> tuple[Ints, NDArray[Any], Floats]:
    """Take the word of the most trusted source that says anything."""
    count = len(network.reaches)
    sign = np.full(count, -9, dtype=np.int64)
    source = np.full(count, "", dtype=object)
    confidence = np.zeros(count)
    for name in TRUST[:-1]:
        free = (sign == -9) & (votes[name] != -9)
        sign[free] = votes[name][free]
        source[free] = name
        confidence[free] = _CONFIDENCE.get(name, 0.95)
        against = (votes[name] == -sign) & (np.abs(sign) == 1)
        for reach, winner in zip(
            network.reaches["reach_id"][against], source[against], strict=True
        ):
            log.add(
                "conflict",
                reach,
                name,
                winner,
                "流向证据矛盾，取更可信者 evidence differs",
            )
    return np.where(sign == -9, 0, sign), source, confidence


# ---------------------------------------------------------------- boundaries
def _boundaries(
    network: RiverNetwork,
    sign: Ints,
    inlets: gpd.GeoDataFrame | None,
    outlets: gpd.GeoDataFrame | None,
    scenario: Scenario | None,
) -> tuple[Ints, Ints]:
    """Nodes where water enters and leaves."""
    degree = node_degree(network)
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    first = np.where(sign == -1, ends[:, 1], ends[:, 0])
    last = np.where(sign == -1, ends[:, 0], ends[:, 1])
    one_way = np.abs(sign) == 1
    out = set(last[one_way & (degree[last] == 1)].tolist())
    into = set(first[one_way & (degree[first] == 1)].tolist())
    for role, found in (("inlet", into), ("outlet", out)):
        found |= rim_ends(network, role)
    for points, found, what in ((inlets, into, "inlets"), (outlets, out, "outlets")):
        if points is not None and len(points):
            found |= _nearest_nodes(network, points, what)
    shut = set(shut_nodes(network, scenario))
    into |= inner_mouths(network, "inlet", shut=shut)
    # a gate drawn as an outlet inside the network may lead to the water beyond; it is
    # where the water leaves only if that part knows no other way out
    parts = {int(network.component[node]) for node in out}
    mouths = inner_mouths(network, "outlet", shut=shut)
    out |= {node for node in mouths if int(network.component[node]) not in parts}
    return (
        np.array(sorted(into - out), dtype=np.int64),
        np.array(sorted(out), dtype=np.int64),
    )


def _nearest_nodes(
    network: RiverNetwork, points: gpd.GeoDataFrame, what: str
) -> set[int]:
    moved = reproject(points, network.crs)
    tree = shapely.STRtree(np.asarray(network.nodes.geometry, dtype=object))
    (_, node), distance = tree.query_nearest(
        np.asarray(moved.geometry, dtype=object),
        return_distance=True,
        all_matches=False,
    )
    if (distance > BOUNDARY_M).any():
        far = float(distance.max())
        raise NetworkError(
            f"{what} 中有点离最近节点 {far:.0f} m，超过 {BOUNDARY_M:g} m；请核对位置。",
            f"A point of {what} lies {far:.0f} m from any node, more than "
            f"{BOUNDARY_M:g} m; check its place.",
        )
    return {int(each) for each in node}


def _rim_votes(network: RiverNetwork, rim_in: Ints, rim_out: Ints) -> Ints:
    """Reaches at an open boundary run out of an inlet and into an outlet."""
    ends = network.reaches[["from_node", "to_node"]].to_numpy()
    degree = node_degree(network)
    vote = np.full(len(ends), -9, dtype=np.int64)
    for nodes, leaving in ((rim_in, True), (rim_out, False)):
        open_end = np.zeros(len(degree), dtype=bool)
        open_end[nodes] = True
        open_end &= degree == 1
        vote[open_end[ends[:, 0]]] = 1 if leaving else -1
        vote[open_end[ends[:, 1]]] = -1 if leaving else 1
    return vote


# ---------------------------------------------------------------- potential
def conductance(network: RiverNetwork) -> Floats:
    """
    Relative conductance of each reach, w^(5/3)/L; a missing width is the median.

    Source: wide-channel flow, tracing.md section 4.
    """
    width = network.reaches["width_m"].to_numpy(float)
    known = width[width > 0]
    usual = float(np.median(known)) if len(known) else _ASSUMED_WIDTH_M
    width = np.where(width > 0, width, usual)
    return width ** (5 / 3) / np.maximum(
        network.reaches["length_m"].to_numpy(float), 0.1
    )


def _canals(
    network: RiverNetwork,
    sign: Ints,
    rim_in: Ints,
    rim_out: Ints,
    scenario: Scenario | None,
) -> Canals:
    ends = network.reaches[["from_node", "to_node"]].to_numpy(dtype=np.int64)
    start, end = ends[:, 0].copy(), ends[:, 1].copy()
    count = len(network.nodes)
    for node in shut_nodes(network, scenario):
        # a shut gate parts its node in two
        touching = np.flatnonzero((start == node) | (end == node))
        for reach in touching[1:]:
            start[reach] = count if start[reach] == node else start[reach]
            end[reach] = count if end[reach] == node else end[reach]
            count += 1
    names = network.reaches["reach_id"].to_numpy(dtype=str)
    return Canals(
        start=start,
        end=end,
        conductance=conductance(network),
        length=network.reaches["length_m"].to_numpy(float),
        nodes=count,
        outlets=rim_out,
        inlets=rim_in,
        known=np.where(np.abs(sign) == 1, sign, 0),
        order=np.argsort(np.argsort(names, kind="stable"), kind="stable"),
    )


def _without_faults(
    canals: Canals, sign: Ints, inferred: Ints, agreement: Floats
) -> Ints:
    """Take back inferred directions that close a cycle or make a source or sink."""
    inferred = inferred.copy()
    boundary = np.zeros(canals.nodes, dtype=bool)
    boundary[canals.outlets] = boundary[canals.inlets] = True
    degree = np.bincount(
        np.concatenate([canals.start, canals.end]), minlength=canals.nodes
    )
    for _ in range(len(inferred) + 1):
        both = np.where(inferred != 0, inferred, sign)
        bad = _in_cycle(canals, both) & (inferred != 0)
        fault = (degree >= 2) & ~boundary & _one_sided(canals, both)
        touching = (fault[canals.start] | fault[canals.end]) & (inferred != 0)
        # of the reaches at a faulty node only the least sure is taken back
        for node in np.flatnonzero(fault):
            beside = np.flatnonzero(
                touching & ((canals.start == node) | (canals.end == node))
            )
            if len(beside):
                weakest = beside[
                    np.lexsort((canals.order[beside], agreement[beside]))[0]
                ]
                bad[weakest] = True
        if not bad.any():
            return inferred
        inferred[bad] = 0
    return inferred


def _in_cycle(canals: Canals, sign: Ints) -> NDArray[np.bool_]:
    """Whether a directed reach lies on a directed cycle."""
    directed = np.abs(sign) == 1
    tail = np.where(sign == -1, canals.end, canals.start)
    head = np.where(sign == -1, canals.start, canals.end)
    graph = sp.coo_array(
        (np.ones(int(directed.sum())), (tail[directed], head[directed])),
        (canals.nodes, canals.nodes),
    )
    part = sp.csgraph.connected_components(graph, connection="strong")[1]
    return directed & (part[tail] == part[head])


def _one_sided(canals: Canals, sign: Ints) -> NDArray[np.bool_]:
    """Nodes where every reach has a direction and all run in, or all run out."""
    directed = np.abs(sign) == 1
    tail = np.where(sign == -1, canals.end, canals.start)[directed]
    head = np.where(sign == -1, canals.start, canals.end)[directed]
    out = np.bincount(tail, minlength=canals.nodes)
    into = np.bincount(head, minlength=canals.nodes)
    loose = ~directed
    open_ = np.bincount(canals.start[loose], minlength=canals.nodes)
    open_ = open_ + np.bincount(canals.end[loose], minlength=canals.nodes)
    return (open_ == 0) & ((out == 0) | (into == 0))


def _log_parts_without_outlet(
    network: RiverNetwork, drains: NDArray[np.bool_], log: Log
) -> None:
    part = network.component
    dry = ~drains[: len(part)]
    for number in np.unique(part[dry]):
        inside = part == number
        if drains[: len(part)][inside].any():
            continue
        reaches = inside[network.reaches["from_node"].to_numpy()]
        first = network.reaches["reach_id"][reaches].iloc[0] if reaches.any() else ""
        log.add(
            "no_outlet",
            first,
            f"{int(reaches.sum())} reaches",
            "",
            "该部分没有已知出口，无法推断流向 no outlet known, no direction inferred",
        )


# ---------------------------------------------------------------- result
def _turned(
    network: RiverNetwork,
    sign: Ints,
    source: NDArray[Any],
    confidence: Floats,
    votes: dict[str, Ints],
    log: Log,
) -> RiverNetwork:
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
    reaches["direction_source"] = np.where(stated, "given", source)
    reaches["direction_confidence"] = confidence
    for reach, how in zip(reaches["reach_id"][back], source[back], strict=True):
        log.add(
            "turn",
            reach,
            "",
            "",
            f"线方向与流向相反，已翻转（{how}） turned to the flow",
        )
    joined = pd.concat([network.log, log.table()], ignore_index=True)
    return replace(
        network, reaches=reaches, log=joined, votes=_vote_table(network, votes)
    )


def _vote_table(network: RiverNetwork, votes: dict[str, Ints]) -> pd.DataFrame:
    """One row for each thing a source said, in the drawing before it was turned."""
    words = {1: "forward", -1: "backward", 2: "both", 0: "unknown"}
    ids = network.reaches["reach_id"].to_numpy(dtype=object)
    rows = [
        pd.DataFrame(
            {
                "reach_id": ids[said],
                "source": name,
                "direction": [words[int(v)] for v in votes[name][said]],
            }
        )
        for name in TRUST
        for said in [votes[name] != -9 if name != "potential" else votes[name] != 0]
        if said.any()
    ]
    if not rows:
        return pd.DataFrame(columns=["reach_id", "source", "direction"], dtype=object)
    return pd.concat(rows, ignore_index=True)

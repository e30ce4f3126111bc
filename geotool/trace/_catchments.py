"""Who lies above each section: catchments on the network, all sections in one pass."""

from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool._progress import long_step
from geotool.errors import LocateError, NetworkError
from geotool.locate import locate_points, reach_position
from geotool.network import RiverNetwork, Scenario
from geotool.trace._bits import as_words, bits_of, has_bit
from geotool.trace._catchment import Parts, SectionCatchments, three_words
from geotool.trace._membership import Membership, Place, Triple, memberships
from geotool.trace._points import (
    EXCLUDED_COLUMNS,
    Points,
    point_id,
    point_name,
    unlocated,
)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_KIND_COLUMNS = {"outfalls": "category", "sections": "level"}
"""Column that tells the kind of a point within its layer, where it is not ``kind``."""


@long_step("断面上游", "waters above sections")
def section_catchments(
    network: RiverNetwork,
    sections: gpd.GeoDataFrame,
    *,
    points: Points | None = None,
    areas: Mapping[str, float] | pd.Series | None = None,
    scenario: Scenario | None = None,
    max_offset_m: float = 200.0,
) -> SectionCatchments:
    """
    Find who lies above each of many sections, in one pass over the network.

    Each section gets what :func:`geotool.trace_upstream` without limits would find
    above it, class by class; the pass carries sets of sections down the water, so that
    hundreds cost little more than one.

    Parameters
    ----------
    network : RiverNetwork
    sections : GeoDataFrame of points
        With a ``section_id`` (or another layer's id), each once.
    points : GeoDataFrame or mapping of layer name to GeoDataFrame, optional
        Sources and whatever else to count, such as ``{"outfalls": outfalls}``.
    areas : mapping or Series of float, optional
        Reach id → square kilometres that drain to it. A reach cut by a section gives
        each piece its share by length.
    scenario : Scenario, optional
        As registered if None.
    max_offset_m : float
        Farthest a point may lie from the bank.

    Returns
    -------
    SectionCatchments

    Raises
    ------
    NetworkError
        If the network is empty, two sections have one id, an area belongs to no reach
        or is no number, or the scenario names what is not there.
    LocateError
        If no section lies on the network.

    Examples
    --------
    >>> import shapely
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(0, 0), (3000, 0)])
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "direction": ["digitized"]}, geometry=[line], crs=4549
    ... )
    >>> spots = [shapely.Point(1000, 0), shapely.Point(2500, 0)]
    >>> sections = gpd.GeoDataFrame(
    ...     {"section_id": ["S1", "S2"]}, geometry=spots, crs=4549
    ... )
    >>> outfall = gpd.GeoDataFrame(
    ...     {"outfall_id": ["P1"]}, geometry=[shapely.Point(1800, 0)], crs=4549
    ... )
    >>> found = section_catchments(
    ...     build_network(rivers), sections, points={"outfalls": outfall}
    ... )
    >>> found.table[["section_id", "length_km", "own_length_km", "outfalls"]].to_numpy().tolist()
    [['S1', 1.0, 1.0, 0], ['S2', 2.5, 1.5, 1]]
    >>> found.above("S2")["id"].tolist()
    ['P1']
    """
    if len(network.reaches) == 0:
        raise NetworkError("河网是空的，无法统计汇水范围。", "The network is empty.")
    placed, lost = _placed(network, "sections", sections, max_offset_m)
    _check_sections(placed, lost, max_offset_m)
    spots = [
        Place(bit, reach_position(network, row["reach_id"]), float(row["measure_m"]))
        for bit, row in enumerate(placed.to_dict("records"))
    ]
    member = memberships(network, spots, scenario=scenario)
    reach, low, high, group, sets = member.pieces()
    words = three_words(sets, len(spots))
    parts = Parts(reach, low, high, group, sets, words)
    dots, more_lost = _all_points(network, points, max_offset_m)
    point_sets = _sets_of(network, member, dots)
    above, ring = _up_the_water([member.at(one.reach, one.measure) for one in spots])
    table = _table(placed, above, parts, network, _areas(network, areas))
    ids = placed["id"].to_list()
    table["in_loop_with"] = [[ids[bit] for bit in bits_of(one)] for one in ring]
    counts = _point_counts(dots, point_sets, above, ids)
    table = pd.concat([table, counts], axis=1)
    return SectionCatchments(
        table=table,
        points=dots,
        excluded=pd.concat([lost, more_lost], ignore_index=True),
        network_hash=network.hash,
        scenario=scenario.name if scenario else "现状",
        scenario_hash=scenario.hash if scenario else "",
        _network=network,
        _parts=parts,
        _point_sets=point_sets,
        _above=above,
    )


def _placed(
    network: RiverNetwork, layer: str, table: gpd.GeoDataFrame, max_offset_m: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Points on the network, and those that are not, with reasons."""
    kind_column = _KIND_COLUMNS.get(layer, "kind")
    located = locate_points(table, network, max_offset_m=max_offset_m)
    on, off = [], []
    for row in located.to_dict("records"):
        who = {"layer": layer, "id": point_id(row, layer), "name": point_name(row)}
        if row["located"] in ("far", "no_place"):
            off.append({**who, **unlocated(row, max_offset_m)})
            continue
        kind = row.get(kind_column)
        where = {key: row[key] for key in ("reach_id", "measure_m", "located")}
        on.append({**who, "kind": "" if pd.isna(kind) else str(kind), **where})
    columns = ["layer", "id", "name", "kind", "reach_id", "measure_m", "located"]
    return (
        pd.DataFrame(on, columns=columns),
        pd.DataFrame(off, columns=list(EXCLUDED_COLUMNS)).astype(object),
    )


def _check_sections(
    placed: pd.DataFrame, lost: pd.DataFrame, max_offset_m: float
) -> None:
    ids = [*placed["id"], *lost["id"]]
    twice = [key for key in ids if ids.count(key) > 1 or not key]
    if twice:
        raise NetworkError(
            f"断面编号 {twice[0]!r} 为空或重复；每个断面要有自己的编号。",
            f"The section id {twice[0]!r} is empty or occurs twice; each section needs "
            "its own.",
        )
    if not len(placed):
        raise LocateError(
            f"{len(lost)} 个断面都不在河网上（限 {max_offset_m:g} m）；请核对坐标、"
            "坐标系或河网。",
            f"None of {len(lost)} sections lies within {max_offset_m:g} m of a reach; "
            "check coordinates, CRS and network.",
        )


def _all_points(
    network: RiverNetwork, points: Points | None, max_offset_m: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    layers = {"points": points} if isinstance(points, gpd.GeoDataFrame) else points
    pairs = [
        _placed(network, layer, table, max_offset_m)
        for layer, table in (layers or {}).items()
        if len(table)
    ]
    empty = gpd.GeoDataFrame(geometry=[], crs=network.crs)
    pairs = pairs or [_placed(network, "points", empty, max_offset_m)]
    on, off = zip(*pairs, strict=True)
    return pd.concat(on, ignore_index=True), pd.concat(off, ignore_index=True)


def _sets_of(
    network: RiverNetwork, member: Membership, points: pd.DataFrame
) -> list[Triple]:
    rows = network.reach_position[points["reach_id"]].to_numpy()
    return [
        member.at(int(reach), float(measure))
        for reach, measure in zip(rows, points["measure_m"], strict=True)
    ]


def _up_the_water(places: list[Triple]) -> tuple[list[int], list[int]]:
    """Of each section, those strictly up the water as things stand, and those in a ring."""
    to = [one[1] for one in places]
    above, ring = [0] * len(places), [0] * len(places)
    for one, reached in enumerate(to):
        for other in bits_of(reached & ~(1 << one)):
            is_ring = to[other] >> one & 1
            (ring if is_ring else above)[other] |= 1 << one
    return above, ring


def _next_above(above: list[int], bit: int) -> list[int]:
    """Those above a section with none between."""
    mine = above[bit]
    beyond = 0
    for one in bits_of(mine):
        beyond |= above[one]
    return bits_of(mine & ~beyond)


def _areas(
    network: RiverNetwork, areas: Mapping[str, float] | pd.Series | None
) -> Floats | None:
    """Square kilometres of each reach; 0 where none is given."""
    if areas is None:
        return None
    given = pd.Series(areas, dtype=float)
    strange = [key for key in given.index if key not in network.reach_position.index]
    if strange:
        raise NetworkError(
            f"面积表里的河段 {strange[0]!r} 不在河网上（共 {len(strange)} 个）。",
            f"Areas name the reach {strange[0]!r}, which the network does not have "
            f"({len(strange)} in all).",
        )
    odd = given[~(np.isfinite(given) & (given >= 0))]
    if len(odd):
        raise NetworkError(
            f"河段 {odd.index[0]} 的面积 {odd.iloc[0]} 应为不小于 0 的平方公里数。",
            f"The area {odd.iloc[0]} of reach {odd.index[0]} must be km², not below 0.",
        )
    found = np.zeros(len(network.reaches))
    found[network.reach_position[given.index].to_numpy()] = given.to_numpy()
    return found


def _table(
    sections: pd.DataFrame,
    above: list[int],
    parts: Parts,
    network: RiverNetwork,
    areas: Floats | None,
) -> pd.DataFrame:
    metres = parts.high - parts.low
    amounts = {"length": metres / 1000}
    if areas is not None:
        whole = network.reaches["length_m"].to_numpy(float)[parts.reach]
        amounts["area"] = areas[parts.reach] * metres / np.where(whole > 0, whole, 1.0)
    sums = {
        name: np.bincount(parts.group, weights=each, minlength=len(parts.sets))
        for name, each in amounts.items()
    }
    ids = sections["id"].to_list()
    rows = []
    for bit, section in enumerate(sections.to_dict("records")):
        is_in = [has_bit(words, bit) for words in parts.words]
        mine = as_words([above[bit]], len(ids))[0]
        is_own = is_in[1] & ~(parts.words[1] & mine).any(axis=1)
        row = {
            "section_id": section["id"],
            **{key: section[key] for key in ("name", "reach_id", "measure_m")},
        }
        upto = [float(sums["length"][mask].sum()) for mask in is_in]
        row["length_certain_km"] = upto[0]
        row["length_scenario_km"] = float(sums["length"][is_in[1] & ~is_in[0]].sum())
        row["length_possible_km"] = float(sums["length"][is_in[2] & ~is_in[1]].sum())
        row["length_km"] = upto[2]
        row["own_length_km"] = float(sums["length"][is_own].sum())
        if areas is not None:
            row["area_km2"] = float(sums["area"][is_in[2]].sum())
            row["area_share"] = row["area_km2"] / areas.sum() if areas.sum() else 0.0
            row["own_area_km2"] = float(sums["area"][is_own].sum())
        row["next_upstream"] = [ids[one] for one in _next_above(above, bit)]
        rows.append(row)
    return pd.DataFrame(rows)


def _point_counts(
    points: pd.DataFrame, sets: list[Triple], above: list[int], sections: list[str]
) -> pd.DataFrame:
    """Count the points of each layer above each section, and of its own part."""
    count, words = len(above), three_words(sets, len(above))
    layer = points["layer"].to_numpy(dtype=object)
    found: dict[str, list[int]] = {}
    for bit, key in enumerate(sections):
        mine = as_words([above[bit]], count)[0]
        is_itself = (layer == "sections") & (points["id"] == key).to_numpy()
        is_in = has_bit(words[2], bit) & ~is_itself
        is_own = is_in & has_bit(words[1], bit) & ~(words[1] & mine).any(axis=1)
        for name in dict.fromkeys(layer):
            found.setdefault(name, []).append(int((is_in & (layer == name)).sum()))
            found.setdefault(f"own_{name}", []).append(
                int((is_own & (layer == name)).sum())
            )
    return pd.DataFrame(found, index=range(count))

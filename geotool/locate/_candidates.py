"""All reaches a point may belong to, with scores and reasons, for a person to judge."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.errors import LocateError
from geotool.locate._choice import CLASS_M, CLOSE_CALL_M, Choice, rivers_of
from geotool.locate._index import SIDES, Ints, foot_of, index_of, measure_of
from geotool.locate._points import choices, places_of
from geotool.network import RiverNetwork
from geotool.network._engine import engine

CANDIDATE_COLUMNS = (
    "point",
    "candidate",
    "reach_id",
    "river_id",
    "name",
    "river_class",
    "measure_m",
    "offset_m",
    "bank_offset_m",
    "side",
    "score",
    "reason",
    "reason_en",
    "geometry",
)

_REASONS = (
    ("选用：河名与点位所填相符", "taken: the river the point names"),
    (
        f"选用：与最近的相差不到 {CLASS_M:g} 米，取等级高的河",
        f"taken: the higher class of those less than {CLASS_M:g} m apart",
    ),
    ("选用：离岸最近", "taken: the nearest bank"),
    ("选用：限距内只有这一条", "taken: the only one within the limit"),
    ("超出限距；这是最近的一条", "beyond the limit; this is the nearest"),
    ("所选河段的上下段", "continues the reach that was taken"),
    ("与点位所填河名不符", "not the river the point names"),
    (
        f"几乎一样近（相差不到 {CLOSE_CALL_M:g} 米），请核对",
        f"about as near (less than {CLOSE_CALL_M:g} m apart); check",
    ),
    ("离岸较远", "farther away"),
)
_TAKEN = {"name": 0, "class": 1, "distance": 2, "only": 3}


def locate_candidates(
    points: gpd.GeoDataFrame,
    network: RiverNetwork,
    *,
    max_offset_m: float = 200.0,
    most: int = 5,
) -> gpd.GeoDataFrame:
    """
    List the reaches each point may belong to, the one taken first.

    The first candidate of a point is the one :func:`geotool.locate_points` takes,
    with the same score.

    Parameters
    ----------
    points : GeoDataFrame of points
        As for :func:`geotool.locate_points`.
    network : RiverNetwork
    max_offset_m : float
        Farthest from the bank. A point with no reach so near lists the nearest.
    most : int
        Candidates of one point, at most.

    Returns
    -------
    GeoDataFrame
        :data:`CANDIDATE_COLUMNS`, in the order of the points: ``point`` is the row's
        index in `points`, ``candidate`` counts from 1, ``reason`` tells why it was
        taken or passed over; the geometry is the foot on the reach, in the network's
        system. A point without coordinates has no candidates.

    Raises
    ------
    LocateError
        If the network is empty, a geometry is no point, or a limit makes no sense.
    CrsError
        If the points have no reference system.

    Examples
    --------
    >>> from geotool.network import build_network
    >>> lines = [
    ...     shapely.LineString([(0, 0), (100, 0)]),
    ...     shapely.LineString([(0, 60), (100, 60)]),
    ... ]
    >>> rivers = gpd.GeoDataFrame({"name": ["江", "港河"]}, geometry=lines, crs=4549)
    >>> outfall = gpd.GeoDataFrame(
    ...     {"river": ["港河"]}, geometry=[shapely.Point(30, 4)], crs=4549
    ... )
    >>> found = locate_candidates(outfall, build_network(rivers))
    >>> found[["name", "offset_m", "score", "reason"]].to_numpy().tolist()
    [['港河', 56.0, 85.95, '选用：河名与点位所填相符'],
     ['江', 4.0, 48.88, '与点位所填河名不符']]
    """
    if most < 1:
        raise LocateError(
            f"most={most}：每个点至少列一个候选河段。",
            f"most={most}: list one candidate of a point at least.",
        )
    place, there = places_of(points, network, max_offset_m)
    index, parts = index_of(network), []
    for rows, choice in choices(points, place, there, network, max_offset_m):
        number = np.arange(len(choice.pairs.point)) - np.repeat(
            choice.first, choice.count
        )
        kept = np.flatnonzero(number < most)
        pairs = choice.pairs.at(kept)
        row = rows[pairs.point]
        foot = foot_of(index, pairs.segment, pairs.share)
        measure, side = measure_of(
            index, place[row], pairs.reach, pairs.segment, pairs.share
        )
        parts.append(
            pd.DataFrame(
                {
                    "row": row,
                    "candidate": number[kept] + 1,
                    "reach": pairs.reach,
                    "measure_m": measure,
                    "offset_m": pairs.offset_m,
                    "bank_offset_m": choice.bank_m[kept],
                    "side": _take(SIDES, side),
                    "score": choice.score[kept],
                    "why": _reasons(choice, network)[kept],
                    "x": foot[:, 0],
                    "y": foot[:, 1],
                }
            )
        )
    return _table(parts, points, network)


def _reasons(choice: Choice, network: RiverNetwork) -> Ints:
    """Give the reason of each candidate as a position in `_REASONS`."""
    first = np.repeat(choice.first, choice.count)
    reach, best = choice.pairs.reach, choice.pairs.reach[first]
    far = np.repeat(choice.located == "far", choice.count)
    misnamed = choice.is_named[first] & ~choice.is_named
    close = choice.bank_m - choice.bank_m[first] <= CLOSE_CALL_M
    continues = rivers_of(network).continues(best, reach)
    why = np.select([far, continues, misnamed, close], [4, 5, 6, 7], 8)
    taken = np.array([_TAKEN[text] for text in choice.chosen_by], dtype=np.int64)
    why[choice.first] = np.where(choice.located == "far", 4, taken)
    return why


def _table(
    parts: list[pd.DataFrame], points: gpd.GeoDataFrame, network: RiverNetwork
) -> gpd.GeoDataFrame:
    if not parts:
        empty: dict[str, list[Any]] = {column: [] for column in CANDIDATE_COLUMNS}
        return gpd.GeoDataFrame(empty, geometry="geometry", crs=network.crs)
    found = pd.concat(parts, ignore_index=True)
    row, candidate = found["row"].to_numpy(), found["candidate"].to_numpy()
    order = engine(10 * len(found)).ordered(row, candidate, candidate)
    found = found.take(order).reset_index(drop=True)
    reach = found["reach"].to_numpy()
    table: dict[str, Any] = {
        "point": points.index.take(found["row"].to_numpy()),
        "candidate": found["candidate"],
    }
    for column in ("reach_id", "river_id", "name"):
        table[column] = network.reaches[column].array.take(reach)
    table["river_class"] = (
        network.reaches["rank"].array.take(reach)
        if "rank" in network.reaches.columns
        else np.full(len(reach), None, dtype=object)
    )
    for column in ("measure_m", "offset_m", "bank_offset_m", "side", "score"):
        table[column] = found[column]
    table["reason"] = _take([zh for zh, _ in _REASONS], found["why"])
    table["reason_en"] = _take([en for _, en in _REASONS], found["why"])
    place = shapely.points(found["x"].to_numpy(), found["y"].to_numpy())
    return gpd.GeoDataFrame(table, geometry=place, crs=network.crs)


def _take(words: Sequence[str], code: Any) -> Any:
    """Give words by number, in the dtype that text has."""
    return pd.Series(words).array.take(np.asarray(code))

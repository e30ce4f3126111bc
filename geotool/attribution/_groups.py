"""Stretches of water in which a source that is in no register may lie."""

import numpy as np
import pandas as pd

from geotool.attribution._problem import Bools, Canals, Floats, Ints, ReachGroup
from geotool.network import RiverNetwork
from geotool.tables import load_table

BANDS = 8
"""Distance bands into which very many stretches are gathered."""


def reach_groups(
    network: RiverNetwork,
    canals: Canals,
    stretches: pd.DataFrame,
    section_nodes: Ints,
) -> tuple[ReachGroup, ...]:
    """
    Part the water above a section into candidates.

    The finest partition within the table's limit counts: each reach between two
    sections, else each river, else bands of distance.

    Parameters
    ----------
    network : RiverNetwork
    canals : Canals
    stretches : DataFrame
        What a trace reached: ``reach_id`` or its ``row``, ``from_measure_m,
        to_measure_m, distance_m``.
    section_nodes : array of int
    """
    inside, distance = _reached(network, canals, stretches)
    segment = np.flatnonzero(inside & (canals.length_m > 0))
    if not len(segment):
        return ()
    most = int(load_table("attribution")["evidence"]["most_groups"]["value"])
    piece = _pieces_between(canals, section_nodes)[segment]
    number = _numbered((canals.reach[segment], piece))
    if number.max() >= most:
        rivers = network.reaches["river_id"].iloc[canals.reach[segment]]
        number = pd.factorize(rivers)[0]
    if number.max() >= most:
        number = _bands(distance[segment])
    order = np.argsort(number, kind="stable")
    cuts = np.flatnonzero(np.diff(number[order])) + 1
    groups = [_group(network, canals, part) for part in np.split(segment[order], cuts)]
    return tuple(sorted(groups, key=lambda group: group.group_id))


def _numbered(keys: tuple[Ints, ...]) -> Ints:
    """Give the distinct rows of the keys numbers as they come; no key is below zero."""
    packed = np.zeros(len(keys[0]), dtype=np.int64)
    for key in keys:
        packed = packed * (int(key.max(initial=0)) + 1) + key
    return np.asarray(pd.factorize(packed)[0], dtype=np.int64)


def _bands(distance: Floats) -> Ints:
    """Part distances into bands with about as many each; what is equal is together."""
    first = -(-np.arange(1, BANDS) * len(distance) // BANDS) - 1
    edge = np.sort(np.partition(distance, first)[first])
    return np.searchsorted(edge, distance).astype(np.int64)


def _pieces_between(canals: Canals, section_nodes: Ints) -> Ints:
    """Count the sections met along the drawing of each reach before a segment."""
    at_section = np.isin(canals.start, section_nodes) & (canals.low_m > 0)
    met = np.cumsum(at_section)
    first = np.flatnonzero(np.append(True, np.diff(canals.reach) != 0))
    before: Ints = np.repeat(
        met[first] - at_section[first], np.diff(np.append(first, len(met)))
    )
    return np.asarray(met - before, dtype=np.int64)


def _reached(
    network: RiverNetwork, canals: Canals, stretches: pd.DataFrame
) -> tuple[Bools, Floats]:
    """Tell which segments the stretches cover, and how far away those are."""
    row = (
        stretches["row"].to_numpy()
        if "row" in stretches.columns
        else network.reach_position[stretches["reach_id"]].to_numpy()
    )
    low = stretches["from_measure_m"].to_numpy(float)
    high = stretches["to_measure_m"].to_numpy(float)
    metres = stretches["distance_m"].to_numpy(float)
    # every segment with every stretch of its reach (few have two), by the middle
    order = np.argsort(row, kind="stable")
    many = np.bincount(row, minlength=len(network.reaches))
    count = many[canals.reach]
    segment = np.repeat(np.arange(len(count)), count)
    first = np.cumsum(many) - many
    turn = np.arange(len(segment)) - np.repeat(np.cumsum(count) - count, count)
    stretch = order[first[canals.reach[segment]] + turn]
    middle = (canals.low_m + canals.high_m)[segment] / 2
    met = (low[stretch] <= middle) & (middle <= high[stretch])
    at = segment[met]
    inside = np.zeros(len(canals.reach), dtype=bool)
    distance = np.full(len(canals.reach), np.inf)
    inside[at] = True
    np.minimum.at(distance, at, metres[stretch[met]])
    return inside, distance


def _group(network: RiverNetwork, canals: Canals, segments: Ints) -> ReachGroup:
    segments = np.sort(segments)
    rows = np.unique(canals.reach[segments])
    ids = [str(key) for key in network.reaches["reach_id"].iloc[rows[:3]]]
    names = [
        str(name)
        for name in network.reaches["name"].iloc[rows].unique()
        if isinstance(name, str) and name
    ]
    low, high = canals.low_m[segments].min(), canals.high_m[segments].max()
    one = len(rows) == 1
    shown = "、".join(names[:3]) or "、".join(ids)
    more = "等" if (len(names) or len(rows)) > 3 else ""
    span = f" {low / 1000:.2f}–{high / 1000:.2f} km" if one else ""
    label_zh = f"{shown}{more}（{ids[0]}{span}）" if one else f"{shown}{more}"
    label_en = f"{', '.join(names[:3]) or ', '.join(ids)}" + (
        f" ({ids[0]}{span})" if one else ""
    )
    group_id = f"{ids[0]}@{low:.0f}-{high:.0f}" if one else f"{ids[0]}+{len(rows) - 1}"
    return ReachGroup(
        group_id,
        segments,
        float(canals.length_m[segments].sum()),
        rows,
        (label_zh, label_en),
    )

"""How fast the water may run in each reach, and what that rests on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.network import RiverNetwork
from geotool.tables import load_table

BASES = ("scenario", "given", "flow", "assumed")
"""What a velocity rests on, the firmest first."""


def velocity_ranges(
    network: RiverNetwork,
    velocities_m_s: Mapping[str, float] | None = None,
    *,
    rows: NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """
    Give the range of velocities of every reach.

    A velocity of the scenario or the layer is taken as it is; flow, width and depth
    give one within a factor; else the default of ``tables/hydraulics.toml`` is
    assumed, and marked so.

    Parameters
    ----------
    network : RiverNetwork
    velocities_m_s : mapping, optional
        Of a scenario: reach id or river id → m/s.
    rows : array of int, optional
        Only these reaches.

    Returns
    -------
    DataFrame, one row a reach
        ``low_m_s, high_m_s, basis`` (one of :data:`BASES`).

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(0, 0), (100, 0)])
    >>> rivers = gpd.GeoDataFrame(
    ...     {"river_id": ["A"], "velocity_m_s": [0.2]}, geometry=[line], crs=4549
    ... )
    >>> velocity_ranges(build_network(rivers)).to_numpy().tolist()
    [[0.2, 0.2, 'given']]
    """
    reaches, facts = network.reaches, load_table("hydraulics")["velocity"]
    taken = slice(None) if rows is None else rows
    width, depth, flow, stated = (
        reaches[name].iloc[taken].to_numpy(float)
        for name in ("width_m", "depth_m", "flow_m3_s", "velocity_m_s")
    )
    is_large = width >= facts["canal"]["below_width_m"]
    low = np.where(
        is_large,
        _number(facts, "large_river", "low_m_s"),
        _number(facts, "canal", "low_m_s"),
    )
    high = np.where(
        is_large,
        _number(facts, "large_river", "high_m_s"),
        _number(facts, "canal", "high_m_s"),
    )
    basis = np.full(len(width), "assumed", dtype=object)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.abs(flow) / (width * depth)
    from_flow = np.isfinite(mean) & (mean > 0)
    low = np.where(from_flow, mean * _number(facts, "from_flow", "low_factor"), low)
    high = np.where(from_flow, mean * _number(facts, "from_flow", "high_factor"), high)
    basis[from_flow] = "flow"
    given = stated > 0
    low, high = np.where(given, stated, low), np.where(given, stated, high)
    basis[given] = "given"
    # a river first, its single reaches after: what is said more exactly counts
    for column in ("river_id", "reach_id"):
        if not velocities_m_s:
            break
        ids = reaches[column].iloc[taken].to_numpy(dtype=object)
        for key, value in velocities_m_s.items():
            named = ids == key
            low[named] = high[named] = value
            basis[named] = "scenario"
    return pd.DataFrame({"low_m_s": low, "high_m_s": high, "basis": basis})


def _number(facts: dict[str, Any], group: str, name: str) -> float:
    return float(facts[group][name]["value"])

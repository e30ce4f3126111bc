"""How far below an outfall its water is mixed over the whole cross-section.

Nearer than that a section reads too much or too little, by the bank that is sampled:
``0.4 W^2 v / Dy``, ``Dy = 0.6 h u*`` (attribution.md 2.10). With Manning's friction
``u* = v n sqrt(g) / h^(1/6)`` the velocity cancels.
"""

import numpy as np

from geotool.attribution._problem import Floats, Ints, Problem, Words
from geotool.tables import load_table

GRAVITY_M_S2 = 9.81


def mixing_length_m(width_m: Floats, depth_m: Floats) -> Floats:
    """
    Give the length of water over which a discharge at the bank mixes across it.

    Parameters
    ----------
    width_m, depth_m : array of float

    Examples
    --------
    A canal 20 m wide and 2 m deep:

    >>> mixing_length_m(np.array([20.0]), np.array([2.0])).round()
    array([1593.])
    """
    facts = load_table("hydraulics")["mixing"]
    roughness = facts["manning_n"]["value"]
    slip = roughness * np.sqrt(GRAVITY_M_S2) / depth_m ** (1 / 6)
    across = facts["transverse"]["value"] * depth_m * slip
    return np.asarray(facts["bank"]["value"] * width_m**2 / across)


def source_mixing_m(problem: Problem) -> Floats:
    """Give the mixing length at each source, by the width and depth of its reach."""
    canals = problem.canals
    usual = float(load_table("hydraulics")["canal_flow"]["depth_m"]["value"])
    segment = _segments(problem)
    depth = canals.depth_m[segment]
    depth = np.where(depth > 0, depth, usual)
    return mixing_length_m(canals.width_m[segment], depth)


def _segments(problem: Problem) -> Ints:
    """Segment of each source: the last that begins at or before it."""
    canals, sources = problem.canals, problem.sources
    order = np.lexsort((canals.low_m, canals.reach))
    reach, low = canals.reach[order], canals.low_m[order]
    longest = float(canals.high_m.max(initial=0.0)) + 1.0
    key = reach * longest + low
    own = sources["reach"].to_numpy(np.int64) * longest
    own = own + sources["measure_m"].to_numpy(float)
    place = np.searchsorted(key, own, side="right") - 1
    return np.asarray(order[np.maximum(place, 0)], dtype=np.int64)


def near_sections(problem: Problem, k: int, mixing_m: float) -> list[tuple[int, float]]:
    """
    List the sections that a source lies too near above to be mixed.

    Returns
    -------
    list of (section, metres)
        The target by the way of the water; others only where they stand on the same
        reach.
    """
    row = problem.source(k)
    table = problem.sections
    beside = np.abs(table["measure_m"].to_numpy(float) - row["measure_m"])
    metres = np.where(table["reach"].to_numpy() == row["reach"], beside, np.inf)
    metres[problem.target] = row["distance_m"]
    near = np.flatnonzero(metres < mixing_m)
    return list(zip(near.tolist(), metres[near].tolist(), strict=True))


def mixing_words(problem: Problem, mixing_m: Floats) -> list[Words]:
    """Say how many sources stand too near above the section that failed."""
    metres = problem.sources["distance_m"].to_numpy(float)
    near = np.flatnonzero(metres < mixing_m)
    if not len(near):
        return []
    ids = problem.sources["outfall_id"].to_numpy(dtype=object)[near]
    ids = ids[np.argsort(metres[near], kind="stable")]
    shown = "、".join(map(str, ids[:5])) + ("…" if len(ids) > 5 else "")
    return [
        (
            (
                f"{len(near)} 个排污口离断面太近（{shown}），水到断面时未必已横向混匀，"
                "读数随采样的岸边偏高或偏低"
            ),
            (
                f"{len(near)} of the outfalls lie so near above the section "
                f"({shown.replace('、', ', ')}) that their water may not be mixed across: "
                "readings hang on the bank that is sampled"
            ),
        )
    ]

"""Self-tests of every run: water is conserved, and influence answers its equations.

What routes the water must bring back the flow it was made from (attribution.md 2.3:
survival 1, local inflow as the load), psi must solve the adjoint and be nowhere below
zero, and psi times the loads must be what the loads make at the section. A miss beyond
rounding is a fault of ours or of the flow, and is refused; water that an estimate loses
at inner nodes, where nothing is registered to take it, is told.
"""

import numpy as np

from geotool.attribution._operator import Transport
from geotool.attribution._problem import Bools, Canals, Floats, Ints, Problem, Words
from geotool.errors import NetworkError
from geotool.tables import load_table


def _facts() -> dict[str, float]:
    rows = load_table("hydraulics")["self_test"]
    return {key: float(rows[key]["value"]) for key in ("tolerance", "lost_told")}


def require_water(
    part: Transport,
    inflow_m3_s: Floats,
    through_m3_s: Floats,
    *,
    routed: bool,
    state: str = "",
) -> None:
    """
    Refuse a flow that does not keep its water.

    Parameters
    ----------
    part : Transport
        Closed against the flow: with every arc into its nodes.
    inflow_m3_s : array of float, one a node
        Water that enters there.
    through_m3_s : array of float, one a node
        Water that leaves it, withdrawals included.
    routed : bool
        Route the water from its sources too; else only hold each node against those
        above it, which needs no solve.
    state : str
        Name of the flow state, for the message.

    Raises
    ------
    NetworkError
        If a flow is no number, or water appears or vanishes on the way.

    Examples
    --------
    >>> ends = np.array([0, 1]), np.array([1, 2])
    >>> stem = Transport(3, *ends, np.ones(2), np.ones(2))
    >>> require_water(stem, np.array([2.0, 1.0, 0.0]), np.array([2.0, 3.0, 3.0]), routed=True)
    >>> require_water(stem, np.array([2.0, 1.0, 0.0]), np.array([2.0, 3.0, 2.4]), routed=True)
    Traceback (most recent call last):
        ...
    geotool.errors.NetworkError: 水量不守恒：估算的水流差 20%...
    """
    require_numbers(through_m3_s, state=state)
    largest = float(np.abs(through_m3_s).max(initial=0.0))
    if largest <= 0:
        return
    come = part.share * through_m3_s[part.tail]
    met = np.bincount(part.head, come, minlength=part.nodes) + inflow_m3_s
    miss = float(np.abs(met - through_m3_s).max(initial=0.0)) / largest
    if routed and miss <= _facts()["tolerance"]:
        miss = part.continuity_error(inflow_m3_s, through_m3_s)
    if miss > _facts()["tolerance"]:
        named = f"，流态“{state}”" if state else ""
        raise NetworkError(
            f"水量不守恒：估算的水流差 {100 * miss:.2g}%（占最大流量{named}），结果不可信，"
            "已停止；请核对流向、闸站和断面流量。",
            f"Water is not conserved: the flow is off by {100 * miss:.2g} % of its largest "
            f"{state}; stopped, check directions, gates and section flows.",
        )


def require_numbers(flow_m3_s: Floats, *, state: str = "") -> None:
    """
    Refuse a flow that is no finite number.

    Raises
    ------
    NetworkError
        If any is not; else no water would seem to pass the section.
    """
    if not np.isfinite(flow_m3_s).all():
        named = f"（流态“{state}”）" if state else ""
        raise NetworkError(
            f"估算的流量不是有限的数{named}，无法归因；请核对断面流量、河宽和长度。",
            f"The estimated flow is no finite number {state}: nothing can be attributed; "
            "check section flows, widths and lengths.",
        )


def require_influence(
    moved: Transport, psi: Floats, at: Ints, flow_m3_s: Floats, *, loads: Floats | None
) -> None:
    """
    Refuse an influence that does not solve its equations.

    Parameters
    ----------
    moved : Transport
    psi : array of float, sections x nodes
    at : array of int
        Node of each section.
    flow_m3_s : array of float
        Water that leaves it.
    loads : array of float, one a node, or None
        Any load put in: psi times it must be what it makes at each section. None skips
        the forward solve, and looks at the first section only.

    Raises
    ------
    NetworkError
        If psi is negative or no number, or misses either equation.
    """
    top = float(np.abs(psi).max(initial=0.0))
    miss = 0.0
    for row in range(len(at)) if loads is not None else (0,):
        come = moved.weight * psi[row, moved.head]
        made = np.bincount(moved.tail, come, minlength=moved.nodes)
        made[at[row]] += 1.0 / flow_m3_s[row]
        miss = max(miss, float(np.abs(psi[row] - made).max(initial=0.0)))
    tolerance = _facts()["tolerance"]
    good = np.isfinite(top) and (psi >= -tolerance * top).all()
    good = good and miss <= tolerance * max(top, 1e-300)
    if good and loads is not None:
        there = moved.loads(loads)[at] / flow_m3_s
        good = bool(np.allclose(psi @ loads, there, rtol=tolerance, atol=1e-300))
    if not good:
        raise NetworkError(
            "影响系数没有通过自检（负荷与浓度对不上），结果不可信，已停止；请把数据发给 geotool 的维护者。",
            "The influence failed its self-test (loads and concentrations do not close); "
            "stopped: please send the data to the maintainers of geotool.",
        )


# ---------------------------------------------------------------- what is lost
def lost_shares(canals: Canals, flow_m3_s: Floats, free: Bools) -> Floats:
    """
    Give the water that each node loses, as a share of all that leaves.

    Parameters
    ----------
    canals : Canals
    flow_m3_s : array of float, members x segments
    free : array of bool, one a node
        Where water may leave.

    Returns
    -------
    array of float, one a node
        Mean over the members; 0 where water may leave.
    """
    found = np.zeros(canals.nodes)
    for flow in flow_m3_s:
        out = np.bincount(canals.start, flow, minlength=canals.nodes)
        out -= np.bincount(canals.end, flow, minlength=canals.nodes)
        leaving = np.maximum(-out, 0.0)
        found += leaving / max(float(leaving.sum()), 1e-300)
    return np.where(free, 0.0, found / len(flow_m3_s))


def may_leave(canals: Canals, sink: int) -> Bools:
    """Tell where water may leave: outlets, inlets and mouths, and the section itself."""
    free = np.zeros(canals.nodes, dtype=bool)
    for nodes in (canals.outlets, canals.inlets, canals.mouths, [sink]):
        free[nodes] = True
    return free


def lost_words(
    problem: Problem, canals: Canals, flow_m3_s: Floats, *, sink: int
) -> list[Words]:
    """Say how much water an estimate loses at inner nodes, and most of it where."""
    lost = lost_shares(canals, flow_m3_s, may_leave(canals, sink))
    total = float(lost.sum())
    if total < _facts()["lost_told"]:
        return []
    worst = int(np.argmax(lost))
    beside = int(np.flatnonzero((canals.start == worst) | (canals.end == worst))[0])
    reach = str(problem.network.reaches["reach_id"].iloc[canals.reach[beside]])
    return [
        (
            (
                f"按断面流量估算，{total:.0%} 的水在没有登记出口的地方减少（最多在 {reach} 附近）："
                "可能有取水、渗漏或断面流量有误，请核对"
            ),
            (
                f"by the section flows {total:.0%} of the water is lost where no outlet is "
                f"registered (most near {reach}): a withdrawal, seepage or a wrong flow"
            ),
        )
    ]


def require_series_flow(problem: Problem, flow_m3_s: Floats | None) -> None:
    """
    Refuse a flow of the series half that loses water where none can leave.

    Parameters
    ----------
    problem : Problem
    flow_m3_s : array of float, one a segment, or None
        NaN where the series did not look.

    Raises
    ------
    NetworkError
        If a node of which all segments are known loses more than rounding.
    """
    if flow_m3_s is None:
        return
    canals = problem.canals
    sink = int(problem.sections["node"].iloc[problem.target])
    free = may_leave(canals, sink)
    unknown = ~np.isfinite(flow_m3_s)
    free[canals.start[unknown]] = True
    free[canals.end[unknown]] = True
    lost = float(lost_shares(canals, np.nan_to_num(flow_m3_s)[None], free).sum())
    if lost > _facts()["tolerance"]:
        raise NetworkError(
            f"水量不守恒：时间序列拟合的水流在没有出口的地方少了 {lost:.2g}（占总水量），"
            "结果不可信，已停止；请核对流向、闸站和断面流量。",
            f"Water is not conserved: the flow fitted to the series loses {lost:.2g} of all "
            "water where there is no outlet; stopped, check directions, gates and flows.",
        )

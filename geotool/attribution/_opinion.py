"""What the other half says: the means of one window beside the time series.

The two halves rest on different flows and on different readings, and err in different
cases. They are pooled; where the one all but clears what the other puts first, that is
said, too.
"""

from typing import Any

import numpy as np

from geotool.attribution._problem import Floats, Problem, Words
from geotool.tables import load_table

POOLED: Words = (
    "概率由时间序列与超标时段平均浓度两种算法合并而成（几何平均）",
    "probabilities pool two ways of weighing, by series and by means (geometric mean)",
)
"""Said where the two are pooled."""


def pooled(series: Floats, steady: Floats, registered: int) -> Floats:
    """
    Pool the probabilities of the two halves by their weighted geometric mean.

    A logarithmic pool keeps what both agree on and doubts what only one is sure of
    (Genest and Zidek 1986). That the source is in no register is one candidate; where
    it then lies is pooled by itself, so that it does not matter how finely the water
    is parted.

    Parameters
    ----------
    series, steady : array of float
        Probabilities of the candidates, the registered ones first.
    registered : int

    Examples
    --------
    >>> pooled(np.array([0.9, 0.1, 0.0]), np.array([0.5, 0.4, 0.1]), 3).round(2).tolist()
    [0.77, 0.23, 0.0]
    """
    facts = load_table("attribution")["evidence"]["pool"]
    halves = series, steady
    each = [
        np.append(one[:registered], one[registered:].sum(keepdims=True))
        if len(one) > registered
        else one
        for one in halves
    ]
    both = _product(each, facts)
    if len(series) == registered:
        return both
    within = [one[registered:] / max(one[registered:].sum(), 1e-300) for one in halves]
    return np.append(both[:-1], both[-1] * _product(within, facts))


def _product(halves: list[Floats], facts: dict[str, Any]) -> Floats:
    """Give the weighted geometric mean of two distributions, which sums to one."""
    series, steady = (np.maximum(one, facts["floor"]) for one in halves)
    both = series ** facts["series"] * steady ** facts["steady"]
    return np.asarray(both / both.sum())


def contradiction(problem: Problem, series: Floats, steady: Floats) -> list[Words]:
    """
    Say so where the means of the window point to a source that the series clear.

    Parameters
    ----------
    problem : Problem
    series, steady : array of float, one a candidate
        Probabilities of the two halves.

    Returns
    -------
    list of Words
        Empty where the two do not contradict each other.
    """
    if not problem.n:
        return []
    first = int(steady[: problem.n].argmax())
    facts = load_table("attribution")["evidence"]["opinion"]
    if steady[first] < facts["first"] or series[first] >= facts["cleared"]:
        return []
    key = str(problem.sources["outfall_id"].iloc[first])
    name = str(problem.sources["name"].iloc[first])
    shown = f"{key} {name}".strip()
    return [
        (
            (
                f"两种算法不一致：按超标时段的平均浓度比较，先查的是 {shown}"
                f"（{steady[first]:.0%}），时间序列却几乎排除了它；流向或流量可能有误，两者都要查"
            ),
            (
                f"two ways of weighing disagree: by the means of the window {key} comes "
                f"first ({steady[first]:.0%}), while the series all but clear it; directions "
                "or flows may be wrong: look at both"
            ),
        )
    ]

"""What the other half says: the means of one window beside the time series.

The two halves rest on different flows and on different readings. Where the one all but
clears what the other puts first, neither is sure, and that is said.
"""

from geotool.attribution._evidence import log_prior, steady_evidence
from geotool.attribution._observe import Observed
from geotool.attribution._posterior import probabilities
from geotool.attribution._problem import Floats, Problem, Words
from geotool.attribution._states import Influence
from geotool.tables import load_table


def second_opinion(
    problem: Problem,
    influence: Influence,
    observed: Observed,
    arriving: Floats,
    probability: Floats,
) -> list[Words]:
    """
    Say so where the means of the window point to a source that the series clear.

    Parameters
    ----------
    problem, influence, observed
    arriving : array of float
        What the prior of the steady half counts by.
    probability : array of float, one a candidate
        Of the series.

    Returns
    -------
    list of Words
        Empty where the two do not contradict each other.
    """
    if not problem.n:
        return []
    steady = steady_evidence(problem, influence, observed)
    if steady.level == 0:
        return []
    other = probabilities(log_prior(problem, arriving), steady)[: problem.n]
    first = int(other.argmax())
    facts = load_table("attribution")["evidence"]["opinion"]
    own = float(probability[first])
    if other[first] < facts["first"] or own >= facts["cleared"]:
        return []
    key = str(problem.sources["outfall_id"].iloc[first])
    name = str(problem.sources["name"].iloc[first])
    shown = f"{key} {name}".strip()
    return [
        (
            (
                f"两种算法不一致：按超标时段的平均浓度比较，先查的是 {shown}"
                f"（{other[first]:.0%}），时间序列却几乎排除了它；流向或流量可能有误，两者都要查"
            ),
            (
                f"two ways of weighing disagree: by the means of the window {key} comes "
                f"first ({other[first]:.0%}), while the series all but clear it; directions "
                "or flows may be wrong: look at both"
            ),
        )
    ]

"""How far probabilities hang on which flows were drawn: told from search to search."""

from collections.abc import Sequence

import numpy as np

from geotool.attribution._problem import Floats, Problem, Words

STEADY = 0.05
"""An error by the draw below this is not worth a warning."""

NOTHING = 0.005
"""Below this the error of every probability would be told as 0.00."""


def draw_error(left_out: Sequence[Floats], registered: int) -> Floats:
    """
    Give the standard error of probabilities by the jackknife over searches.

    Parameters
    ----------
    left_out : sequence of array, one a search
        Probabilities of the candidates with that search left out.
    registered : int
        How many are; the others are one candidate here.

    Returns
    -------
    array of float
        Of the registered candidates, and of all others together; NaN where there are
        fewer than two searches.

    Notes
    -----
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, 11.2.

    Examples
    --------
    >>> draw_error([np.array([0.2, 0.8]), np.array([0.4, 0.6])], 2).round(2).tolist()
    [0.1, 0.1, 0.0]
    """
    count = len(left_out)
    if count < 2:
        return np.full(registered + 1, np.nan)
    table = np.array([[*one[:registered], one[registered:].sum()] for one in left_out])
    spread = ((table - table.mean(axis=0)) ** 2).sum(axis=0)
    return np.asarray(np.sqrt((count - 1) / count * spread))


def draw_words(problem: Problem, probability: Floats, error: Floats) -> list[Words]:
    """
    Say how far another draw of flows would move the probabilities.

    Parameters
    ----------
    problem : Problem
    probability : array of float, one a candidate
    error : array of float
        From :func:`draw_error`.

    Returns
    -------
    list of Words
        Empty where it is not known.
    """
    own = error[: problem.n]
    if not problem.n or np.isnan(own).any():
        return []
    first, most = int(probability[: problem.n].argmax()), int(own.argmax())
    name = str(problem.sources["outfall_id"].iloc[most])
    zh = "概率是几组独立试出的流量方案的平均；由组间差别看，换一批方案，"
    en = "probabilities are means over independent draws of flows; by how these differ "
    # searches that all missed the same flow look alike: the error is a least one
    if own[most] < NOTHING:
        zh += "各概率几乎不变（差别不到 0.01）；各组若都漏了同一种水流，这样看不出来"
        en += (
            "another draw would hardly move any (by less than 0.01); that all of them "
            "missed a flow would not show"
        )
        return [(zh, en)]
    zh += f"首位的概率至少会变 {own[first]:.2f}，变得最多的 {name} 至少会变 {own[most]:.2f}"
    en += (
        f"another draw would move that of the first by {own[first]:.2f} or more, that of "
        f"{name} the most, by {own[most]:.2f} or more"
    )
    if own[most] < STEADY:
        return [(zh, en)]
    return [
        (f"{zh}；名次不稳，前几位都要查", f"{en}; the order is unsure: look at several")
    ]

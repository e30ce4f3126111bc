"""The source that is in no register: how likely beside the others, and where.

It is one hypothesis, however finely the water above is parted: its probability is that
of all places together, and where it lies is told apart from whether it is one.
"""

import numpy as np

from geotool.attribution._logs import logsumexp
from geotool.attribution._problem import Floats


def sharpened(log_posterior: Floats, registered: int, power: float) -> Floats:
    """
    Raise a posterior to a power, all unregistered sources being one hypothesis.

    Parameters
    ----------
    log_posterior : array of float
        Of the registered candidates first, then of the stretches.
    registered : int
    power : float

    Returns
    -------
    array of float
        Logarithms that sum to one; stretches keep their parts of what is theirs.

    Examples
    --------
    However the same water is parted, the register fares the same:

    >>> whole = np.exp(sharpened(np.log([0.6, 0.4]), 1, 2.0))
    >>> parted = np.exp(sharpened(np.log([0.6, 0.1, 0.3]), 1, 2.0))
    >>> whole.round(3).tolist(), parted.round(3).tolist()
    ([0.692, 0.308], [0.692, 0.077, 0.231])
    """
    own, rest = log_posterior[:registered], log_posterior[registered:]
    total = logsumexp(rest) if len(rest) else -np.inf
    each = np.append(power * own, power * total)
    each = each - logsumexp(each)
    within = rest - total if np.isfinite(total) else rest
    return np.append(each[:-1], each[-1] + within)


def humbled(
    log_posterior: Floats, log_prior: Floats, registered: int, doubt: float
) -> Floats:
    """
    Doubt that a better fit elsewhere shows a source that is in no register.

    A place that is free can absorb an error of the flow that no outfall with a fixed
    place can. With that chance whether it is registered stays as likely as before, and
    only which and where is told.

    Examples
    --------
    >>> even = np.log([0.9, 0.1])
    >>> np.exp(humbled(np.log([0.01, 0.99]), even, 1, 0.2)).round(3).tolist()
    [0.188, 0.812]
    """
    if not 0 < registered < len(log_prior):
        return log_posterior
    found = log_posterior.copy()
    for part in (slice(registered), slice(registered, None)):
        own, before = (logsumexp(one[part]) for one in (log_posterior, log_prior))
        if np.isfinite(own):
            found[part] += (
                np.log((1.0 - doubt) * np.exp(own) + doubt * np.exp(before)) - own
            )
    return np.asarray(found - logsumexp(found))

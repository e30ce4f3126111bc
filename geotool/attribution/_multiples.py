"""How many times its usual load a source would have discharged: summed out, and told."""

import numpy as np

from geotool.attribution._logs import logsumexp
from geotool.attribution._problem import Floats

REACH = 5.0
"""Standard deviations of the logarithm to which an item's own multiple is summed."""

WILD, WILD_SHARE = 2.5, 0.1
"""How much wider is the scatter of declared figures that are plainly wrong; how many."""

FINE_LN = 0.08
"""Step of the logarithm of that sum."""


def summed_gain(
    on: Floats, size: Floats, sigma: Floats, multiples: Floats
) -> tuple[Floats, Floats, Floats]:
    """
    Sum out the multiple: one for all items, each item's own scattered about it.

    ``on`` is the pulse on the residual, ``size`` its square, both weighed: of one item
    the gain of a multiple m is ``m on - m^2 size / 2``. The logarithm of m is normal
    about that of the common one, or wide of it; all common ``multiples`` are as likely.
    """
    trial = np.log(multiples)
    reach = REACH * float(sigma.max())
    own = np.arange(trial[0] - reach, trial[-1] + reach, FINE_LN)
    each = np.exp(own)
    gain = on[..., None] * each - size[..., None] * (each**2 / 2)
    most = gain.max(axis=-1, keepdims=True)
    # what is left lies between 0 and 1: single precision is twice as fast
    likely = np.exp((gain - most).astype(np.float32))
    found = np.empty((*on.shape, len(trial)))
    for one in np.unique(sigma):
        same = sigma == one
        found[:, same] = likely[:, same] @ _scatter(own[:, None] - trial, one).astype(
            np.float32
        )
    item = most + np.log(np.maximum(found, 1e-300))
    total = item.sum(axis=0)
    top = np.argmax(total, axis=-1)
    summed = logsumexp(total, axis=-1) - np.log(len(trial))
    best = np.take_along_axis(item, top[None, ..., None], axis=-1)[..., 0]
    return summed, np.exp(trial[top]), best


def own_multiples(
    on: Floats, size: Floats, sigma: Floats, common: Floats
) -> tuple[Floats, Floats]:
    """
    Give the likeliest multiple of each item beside the common one, and what it costs.

    The cost is the logarithm of its chance beside that of the common one: as ``on``.

    Parameters
    ----------
    on, size : array of float, items x suspects
        As in :func:`summed_gain`.
    sigma, common : array of float, one a suspect

    Examples
    --------
    Readings of one item ask for 500 times the load, those of the other for 20 times:

    >>> multiple, cost = own_multiples(
    ...     np.array([[50.0], [2e4]]), np.array([[0.1], [1e3]]), np.array([0.5]),
    ...     np.array([20.0]))
    >>> multiple.round().tolist(), cost.round(1).tolist()
    ([[234.0], [20.0]], [[-5.0], [0.0]])
    """
    reach = REACH * float(sigma.max(initial=0.0))
    apart = np.arange(-reach, reach, FINE_LN)
    chance = np.array([_scatter(apart, one) for one in sigma.tolist()])
    own = common[:, None] * np.exp(apart)
    gain = on[..., None] * own - size[..., None] * (own**2 / 2) + np.log(chance)
    best = np.argmax(gain, axis=-1)
    cost = np.log(chance / chance.max(axis=1, keepdims=True))
    return common * np.exp(apart[best]), cost[np.arange(len(sigma)), best]


def _scatter(apart: Floats, sigma: float) -> Floats:
    """
    Give the chance of an item's own multiple, by the logarithm of its ratio.

    Normal, but for one in ten that is off by more: a declared figure may be any.
    """
    usual, wild = (np.exp(-((apart / s) ** 2) / 2) for s in (sigma, WILD * sigma))
    usual, wild = usual / usual.sum(axis=0), wild / wild.sum(axis=0)
    return np.asarray((1.0 - WILD_SHARE) * usual + WILD_SHARE * wild)

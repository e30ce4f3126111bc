"""Sums of numbers that are held as logarithms."""

from typing import Any

import numpy as np

from geotool.attribution._problem import Floats


def logsumexp(values: Floats, axis: int | None = None) -> Any:
    """
    Give the logarithm of the sum of the exponentials.

    As ``scipy.special`` has it, whose import takes longer than all that a command
    would sum with it.

    Examples
    --------
    >>> float(logsumexp(np.log([1.0, 2.0, 5.0])).round(6))
    2.079442
    >>> float(logsumexp(np.array([-np.inf, -np.inf])))
    -inf
    """
    logs = np.asarray(values)
    top = logs.max(axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        summed = np.log(np.exp(logs - top).sum(axis=axis, keepdims=True))
    return (summed + top).squeeze(axis=axis)[()]

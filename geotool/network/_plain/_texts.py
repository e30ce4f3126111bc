"""Numbers written as text."""

from geotool.network._ragged import Floats


def written(values: Floats, places: int) -> list[str]:
    """
    Write rows of numbers with some decimals.

    Parameters
    ----------
    values : array of float, shape (n, k)
    places : int
        At least 1, at most 3.

    Examples
    --------
    >>> import numpy as np
    >>> written(np.array([[481152.8141, 3569592.237], [-0.001, 2.5]]), 2)
    ['481152.81 3569592.24', '-0.00 2.50']
    """
    return [" ".join([f"{v:.{places}f}" for v in row]) for row in values.tolist()]

"""Steps of time and the periods they count in, as numbers."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.quality._times import periods_of_months, step_names


@dataclass(frozen=True)
class PeriodsOfSteps:
    """
    Which periods each step counts in.

    Attributes
    ----------
    pairs : DataFrame
        ``step, period``: numbers; a step may count in several periods.
    labels : tuple of str
        What the periods are called, by their number.
    """

    pairs: pd.DataFrame
    labels: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of periods, one at least."""
        return max(len(self.labels), 1)

    def spread(self, table: pd.DataFrame) -> pd.DataFrame:
        """Repeat the rows of a step for every period it counts in."""
        pairs = self.pairs
        if len(pairs) == pairs["step"].nunique():
            steps = pairs["step"].to_numpy()
            order = np.argsort(steps)
            place = order[
                np.searchsorted(steps, table["step"].to_numpy(), sorter=order)
            ]
            return table.assign(period=pairs["period"].to_numpy()[place])
        return table.merge(pairs, on="step")


def periods_of_steps(
    steps: NDArray[np.int64], step: str, period: str
) -> PeriodsOfSteps:
    """
    Pair each step with the periods it counts in.

    Examples
    --------
    >>> made = periods_of_steps(np.array([660, 661, 663]), "M", "quarter")
    >>> made.labels, made.pairs["period"].tolist()
    (('2025-Q1', '2025-Q2'), [0, 0, 1])
    """
    if step == "M":
        at, names = periods_of_months(steps, period)
    else:
        at, names = np.arange(len(steps)), step_names(steps, step)
    codes, labels = pd.factorize(np.array(names, dtype=object))
    pairs = pd.DataFrame({"step": steps[at], "period": codes})
    return PeriodsOfSteps(pairs, tuple(labels))


def numbered(key: NDArray[Any]) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Give keys numbers in the order they are met, and the key of each number."""
    group, keys = pd.factorize(key)
    return group, np.asarray(keys, dtype=np.int64)

"""What building changed, one row a change; written down one by one or in bulk."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from geotool.network._engine import engine
from geotool.network._ragged import Floats

LOG_COLUMNS = ("step", "subject", "before", "after", "note")


class Log:
    """
    What building changed, one row a change.

    Examples
    --------
    >>> log = Log()
    >>> log.add("drop", "A", "0 m", "", "zero length")
    >>> log.extend("split", ["1.00 2.00", "3.00 4.00"], "", ["here", "there"], "why")
    >>> log.table()["after"].tolist()
    ['', 'here', 'there']
    """

    def __init__(self) -> None:
        self._columns: dict[str, list[str]] = {name: [] for name in LOG_COLUMNS}

    def add(
        self, step: str, subject: object, before: object, after: object, note: str
    ) -> None:
        """Write one change down."""
        row = (step, str(subject), str(before), str(after), note)
        for column, cell in zip(self._columns.values(), row, strict=True):
            column.append(cell)

    def extend(self, step: str, *columns: Sequence[str]) -> None:
        """
        Write changes of one kind down.

        Parameters
        ----------
        step : str
        *columns : list of str, or str
            Subject, before, after and note; one text stands for all rows.
        """
        count = next(len(c) for c in columns if not isinstance(c, str))
        for column, cells in zip(self._columns.values(), (step, *columns), strict=True):
            column.extend([cells] * count if isinstance(cells, str) else cells)

    def table(self) -> pd.DataFrame:
        """Give the changes as a table."""
        made = {}
        for name, cells in self._columns.items():
            made[name] = np.empty(len(cells), dtype=object)
            made[name][:] = cells
        return pd.DataFrame(made, columns=list(LOG_COLUMNS), dtype=object)


def spot(xy: Any) -> str:
    """
    Write a place for the log.

    Examples
    --------
    >>> spot((481152.8141, 3569592.237))
    '481152.81 3569592.24'
    """
    return f"{xy[0]:.2f} {xy[1]:.2f}"


def spots(xy: Floats) -> list[str]:
    """
    Write places for the log.

    Examples
    --------
    >>> spots(np.array([[481152.8141, 3569592.237], [-0.001, 2.5]]))
    ['481152.81 3569592.24', '-0.00 2.50']
    """
    return _written(np.asarray(xy, dtype=float).reshape(-1, 2), 2)


def fixed(values: Floats, places: int = 2) -> list[str]:
    """
    Write numbers with a fixed number of decimals, as ``f"{value:.2f}"`` does.

    Examples
    --------
    >>> fixed(np.array([3.14159, 0.005, 20.0]), 3)
    ['3.142', '0.005', '20.000']
    """
    return _written(np.reshape(values, (-1, 1)), places)


def _written(values: Floats, places: int) -> list[str]:
    texts: list[str] = engine(10 * len(values)).written(values, places)
    return texts


def worded(sentence: str, words: list[str]) -> list[str]:
    """
    Put words into a sentence; those that come again share one text.

    Examples
    --------
    >>> worded("{} m", ["0.1", "0.2", "0.1"])
    ['0.1 m', '0.2 m', '0.1 m']
    """
    made = {word: sentence.format(word) for word in set(words)}
    return [made[word] for word in words]

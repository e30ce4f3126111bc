"""The cells of a column as words, each different one once."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Words = tuple[NDArray[np.intp], list[str]]
"""Position of each cell's word in a list, -1 where there is nothing, and the list."""


def words_of(cells: pd.Series, labels: dict[str, str]) -> Words:
    """
    Put cells into words, in the order in which they first appear.

    Parameters
    ----------
    cells : Series
    labels : dict
        Coded value → what a person calls it.

    Examples
    --------
    >>> codes, words = words_of(pd.Series(["gate", None, " 泵 ", "泵"]), {"gate": "闸"})
    >>> codes.tolist(), words
    ([0, -1, 1, 1], ['闸', '泵'])
    """
    codes, values = _different(cells)
    if not labels and all(type(value) is str for value in values):
        texts = [value.replace("\0", "").strip() or None for value in values]
    else:
        texts = [_text(value, labels) for value in values]
    if texts == values:
        return codes, values
    # two values may have become one word, or none
    place, words = pd.factorize(np.array([*texts, None], dtype=object))
    return place[codes], words.tolist()


def _different(cells: pd.Series) -> tuple[NDArray[np.intp], list[Any]]:
    """Position of each cell among the different values, and these; a day as text."""
    if cells.dtype.kind == "M":
        codes, found = pd.factorize(cells)
        days = pd.DatetimeIndex(found)
        midnight = (days == days.normalize()).all()
        return codes, days.strftime(
            "%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M"
        ).tolist()
    plain = isinstance(
        cells.dtype, pd.StringDtype
    )  # kept as such it takes half the time
    codes, values = pd.factorize(cells if plain else cells.astype(object))
    return codes, values.tolist()


def _text(value: object, labels: dict[str, str]) -> str | None:
    if isinstance(value, bool | np.bool_):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column with gaps turns 1 into 1.0
    text = str(value).replace("\0", "").strip()
    return labels.get(text, text) or None

"""Distinct cases among many verdicts: what a million findings have in common."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.zones._zone_set import CAUSES, Verdicts
from geotool.zones._zone_table import DATUMS

Codes = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Cases:
    """
    Cases, and the case of each row.

    Attributes
    ----------
    of_row : array of int
    cause, zone, datum : array of int
        As in ``Verdicts``, and the position in ``DATUMS``.
    inside : array of bool
        Whether a place lies inside the edge that decides.
    unsure_m : array of float
        What the verdict allowed for.
    """

    of_row: NDArray[np.intp]
    cause: NDArray[np.intp]
    zone: NDArray[np.intp]
    datum: NDArray[np.intp]
    inside: NDArray[np.bool_]
    unsure_m: NDArray[np.float64]

    @classmethod
    def of(cls, verdicts: Verdicts, datum: NDArray[np.int8], *, zones: int) -> "Cases":
        """Find the cases of verdicts in so many zones."""
        metres = np.sort(pd.unique(verdicts.unsure_m))
        sizes = (len(CAUSES), 2, len(DATUMS), max(len(metres), 1))
        longer = (verdicts.unsure_m > metre for metre in metres[:-1])
        kind = verdicts.cause.astype(np.min_scalar_type(-int(np.prod(sizes))))
        for size, part in zip(
            sizes[1:], (verdicts.distance_m <= 0, datum, sum(longer, 0)), strict=True
        ):
            kind *= kind.dtype.type(size)
            kind += np.asarray(part, dtype=kind.dtype)
        kind, kinds = _numbered(kind, int(np.prod(sizes)))
        count = (zones + 1) * max(len(kinds), 1)
        row = verdicts.zone.astype(np.min_scalar_type(-count))
        row += 1
        row *= row.dtype.type(max(len(kinds), 1))
        row += kind.astype(row.dtype)
        row, cases = _numbered(row, count)
        zone, kind = np.divmod(cases, max(len(kinds), 1))
        cause, inside, known, metre = np.unravel_index(kinds[kind], sizes)
        unsure = metres[metre] if len(metres) else np.empty(0)
        return cls(
            row.astype(np.intp), cause, zone - 1, known, inside.astype(bool), unsure
        )

    def column(self, values: Sequence[str | None], code: Codes) -> pd.Categorical:
        """Give a column of few texts: the code of each case, none for -1."""
        of_case = categories(values, code)
        return pd.Categorical.from_codes(
            of_case.codes[self.of_row], dtype=of_case.dtype, validate=False
        )


def _numbered(code: Codes, count: int) -> tuple[Codes, NDArray[np.intp]]:
    """Give the codes that there are numbers from 0 on; give numbers and codes."""
    seen = np.zeros(count, dtype=bool)
    seen[code] = True
    codes = np.flatnonzero(seen)
    number = np.zeros(count, dtype=np.min_scalar_type(-max(len(codes), 1)))
    number[codes] = np.arange(len(codes))
    return number[code], codes


def categories(values: Sequence[str | None], code: Codes) -> pd.Categorical:
    """
    Give a column of few distinct texts to many rows.

    Parameters
    ----------
    values : sequence of str or None
        Text of each code; code -1 has none.
    code : array of int

    Examples
    --------
    >>> categories(["甲", None, "甲"], np.array([0, 2, 1, -1])).tolist()
    ['甲', '甲', nan, nan]
    """
    if len(code) == 0:
        return pd.Categorical([], categories=pd.Index([], dtype=object))
    own, texts = pd.factorize(np.asarray(values, dtype=object), use_na_sentinel=True)
    # a count of values lists what is there, not what might be
    used = np.zeros(len(texts) + 1, dtype=bool)
    of_code = np.append(own, -1)  # the last is that of code -1
    used[np.unique(of_code[code])] = True
    new = np.append(np.cumsum(used[:-1]) - 1, -1)
    small = new[of_code].astype(np.min_scalar_type(-max(len(texts), 1)))
    return pd.Categorical.from_codes(
        small[code], categories=pd.Index(texts[used[:-1]], dtype=object), validate=False
    )

"""The heads of a web: many small systems of one pattern, solved as one narrow band."""

import numpy as np
import scipy.sparse as sp
from scipy.linalg import LinAlgError, solveh_banded
from scipy.sparse.csgraph import reverse_cuthill_mckee

from geotool.attribution._problem import Floats, Ints

LIFTED = 1e-12
"""Share by which the diagonal is raised where rounding makes the matrix singular."""


class Band:
    """
    The matrices of nodes joined by conductances, for any conductances.

    The order of the nodes that makes the band narrow, and which segment goes where in
    it, hang on the pattern alone and are found once.

    Parameters
    ----------
    start, end : array of int
        Nodes of each segment.
    nodes : int
    free : array of int
        Nodes whose head is sought, growing; the others hold theirs.

    Examples
    --------
    A canal of two segments, its far end held at nought, 2 m3/s let in at the head:

    >>> band = Band(np.array([0, 1]), np.array([1, 2]), 3, np.array([0, 1]))
    >>> band.solve(np.array([[1.0, 2.0]]), np.array([[2.0, 0.0]])).tolist()
    [[3.0, 1.0]]
    """

    def __init__(self, start: Ints, end: Ints, nodes: int, free: Ints) -> None:
        count = len(free)
        number = np.full(nodes, -1, dtype=np.int64)
        number[free] = np.arange(count)
        ends = np.stack([number[start], number[end]])
        inner = np.flatnonzero((ends >= 0).all(axis=0) & (start != end))
        pairs = ends[:, inner]
        joined = sp.csr_array(
            (np.ones(2 * len(inner)), np.hstack([pairs, pairs[::-1]])),
            shape=(count, count),
        )
        self._order = reverse_cuthill_mckee(joined, symmetric_mode=True)
        place = np.empty(count, dtype=np.int64)
        place[self._order] = np.arange(count)
        low, high = np.sort(place[pairs], axis=0)
        self._rows = int((high - low).max(initial=0)) + 1
        diagonal = [np.flatnonzero((one >= 0) & (start != end)) for one in ends]
        # lower form: row is how far below the diagonal, column the earlier node
        entry = np.concatenate(
            [
                (high - low) * count + low,
                *(place[one[k]] for one, k in zip(ends, diagonal, strict=True)),
            ]
        )
        segment = np.concatenate([inner, *diagonal])
        sign = np.where(np.arange(len(segment)) < len(inner), -1.0, 1.0)
        self._fill = sp.csr_array(
            (sign, (entry, segment)), shape=(self._rows * count, len(start))
        )

    def solve(self, gain: Floats, right: Floats) -> Floats:
        """
        Give the heads of every member.

        Parameters
        ----------
        gain : array, members x segments
            Conductances.
        right : array, members x free nodes
            Water let in at each.
        """
        members, count = right.shape
        if count == 0:
            return np.zeros_like(right)
        band = (self._fill @ gain.T).reshape(self._rows, count, members)
        band = band.transpose(0, 2, 1).reshape(self._rows, members * count)
        wanted = right[:, self._order].ravel()
        try:
            found = solveh_banded(band, wanted, lower=True, check_finite=False)
        except LinAlgError:
            # a part that hangs on the rest by less than a rounding error
            band[0] *= 1.0 + LIFTED
            found = solveh_banded(band, wanted, lower=True, check_finite=False)
        heads = np.empty_like(right)
        heads[:, self._order] = found.reshape(members, count)
        return heads

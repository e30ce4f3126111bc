"""Sweeps along the flow that numpy cannot do, compiled by numba (extra ``fast``).

Only :mod:`geotool.attribution._solver` imports this, for networks where it pays.
"""

from typing import Any

from numba import njit


@njit(cache=True, nogil=True)
def sweep_up(first: Any, head: Any, weight: Any, x: Any) -> None:
    """Add to each node what its heads have, the lowest node first; in place."""
    for node in range(len(first) - 1):
        for arc in range(first[node], first[node + 1]):
            for section in range(x.shape[1]):
                x[node, section] += weight[arc] * x[head[arc], section]


@njit(cache=True, nogil=True)
def sweep_down(first: Any, head: Any, weight: Any, x: Any) -> None:
    """Hand on to the heads what each node has, the highest node first; in place."""
    for node in range(len(first) - 2, -1, -1):
        for arc in range(first[node], first[node + 1]):
            for column in range(x.shape[1]):
                x[head[arc], column] += weight[arc] * x[node, column]

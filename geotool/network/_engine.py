"""Which code does the heavy work: compiled loops where they pay, else numpy and GEOS.

Both give the same answers (``tests/test_network_engines.py``). Compiled loops need the
optional numba, which takes a second to load; small line work is done before that.
"""

from functools import cache
from typing import Any

from geotool.network import _plain

COMPILED_FROM = 1_000_000
"""Vertices from which loading compiled code pays."""

WARM_FROM = 50_000
"""Vertices from which it pays to use it once it is loaded."""


def engine(vertices: int) -> Any:
    """
    Choose who does the work on this many vertices.

    Examples
    --------
    >>> engine(100).__name__
    'geotool.network._plain'
    """
    is_loaded = _compiled.cache_info().currsize > 0
    return (
        _compiled()
        if vertices >= (WARM_FROM if is_loaded else COMPILED_FROM)
        else _plain
    )


@cache
def _compiled() -> Any:
    try:
        from geotool.network import _kernels
    except ImportError:  # numba is an optional extra
        return _plain
    return _kernels

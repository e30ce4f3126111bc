"""Numbers written as text, as compiled loops."""

import math
from typing import Any

import numpy as np

from geotool.network import _plain
from geotool.network._kernels._jit import compiled
from geotool.network._ragged import Floats

_WIDEST = 24
"""Room for a number: a sign, 15 digits before the point, the rest behind it."""

_POINT, _MINUS, _ZERO, _SPACE, _BREAK = map(ord, ".-0 \n")


def written(values: Floats, places: int) -> list[str]:
    """Write rows of numbers with some decimals."""
    if not (np.abs(values) < 1e12).all():
        return _plain.written(values, places)
    out = np.empty(values.size * _WIDEST, dtype=np.uint8)
    used = _written(np.ascontiguousarray(values), places, out)
    return out[:used].tobytes().decode("ascii").splitlines()


@compiled
def _written(values: Any, places: int, out: Any) -> Any:
    n, last = 0, values.shape[1] - 1
    for i in range(values.shape[0]):
        for c in range(last + 1):
            n = _put_number(values[i, c], places, out, n)
            out[n] = _SPACE if c < last else _BREAK
            n += 1
    return n


@compiled
def _put_number(value: float, places: int, out: Any, n: int) -> Any:
    if math.copysign(1.0, value) < 0:
        out[n] = _MINUS
        n += 1
    whole = _scaled(abs(value), 10.0**places)
    size, rest = places + 1, whole // 10 ** (places + 1)
    while rest > 0:
        size += 1
        rest //= 10
    at = n + size
    for k in range(size):
        if k == places:
            out[at] = _POINT
            at -= 1
        out[at] = _ZERO + whole % 10
        whole //= 10
        at -= 1
    return n + size + 1


@compiled
def _scaled(value: float, scale: float) -> Any:
    """Multiply and round to the nearest whole number, half to even, as Python writes."""
    product = value * scale
    # what the product lost to rounding: a half of the bits times the scale is exact
    high = 134217729.0 * value
    high = high - (high - value)
    lost = (high * scale - product) + (value - high) * scale
    whole = math.floor(product)
    over = (product - whole - 0.5) + lost
    if over > 0 or (over == 0 and whole % 2 == 1):
        whole += 1
    return whole

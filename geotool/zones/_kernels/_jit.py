"""How loops are compiled: at their first call, then kept on disk."""

from typing import Any

from numba import njit

compiled: Any = njit(cache=True, nogil=True, error_model="numpy")

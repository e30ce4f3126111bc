"""Values as JSON has them."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd


def text_of(value: Any) -> str | None:
    """Give a value as text; None where there is none."""
    return None if pd.isna(value) else str(value)


def number_of(value: float) -> float | None:
    """Give a number with six digits; None where it is not finite."""
    return float(f"{value:.6g}") if np.isfinite(value) else None


def plain(value: Any) -> Any:
    """
    Give a cell as JSON has it.

    Examples
    --------
    >>> plain([1.23456789, float("nan"), pd.NaT, np.bool_(True), {"S1": np.float64(2)}])
    [1.23457, None, None, True, {'S1': 2.0}]
    """
    if isinstance(value, list | tuple | np.ndarray):
        return [plain(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, float | np.floating):
        return number_of(float(value))
    if isinstance(value, np.integer):
        return int(value)
    if isinstance(value, np.bool_):
        return bool(value)
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return None
    return value if isinstance(value, str | int | bool) else str(value)

"""What is left of a load after a reach or a pool (attribution.md, equations 2)."""

import numpy as np

from geotool.attribution._problem import Floats

SECONDS_PER_DAY = 86_400.0


def survival(decay_per_d: float | Floats, time_s: float | Floats) -> Floats:
    """
    Give the share that is left after a time of plug flow (2a).

    Examples
    --------
    >>> float(survival(0.1, 86_400.0))
    0.9048374
    """
    return np.asarray(np.exp(-np.asarray(decay_per_d) * time_s / SECONDS_PER_DAY))


def pool_survival(
    decay_per_d: float | Floats, volume_m3: float | Floats, flow_m3_s: float | Floats
) -> Floats:
    """
    Give the share that leaves a stirred pool, lake or forebay (2b).

    Examples
    --------
    >>> float(pool_survival(0.05, 5e6, 2.0))
    0.4087039
    """
    rounds = np.asarray(volume_m3) / np.asarray(flow_m3_s) / SECONDS_PER_DAY
    return np.asarray(1.0 / (1.0 + np.asarray(decay_per_d) * rounds))


def lateral_survival(decay_per_d: float | Floats, time_s: float | Floats) -> Floats:
    """
    Give the share left at the end of a reach of a load spread along it.

    Exact: (1 - exp(-kT)) / (kT); SPARROW's half-reach rule is 4 % off at kT = 1.

    Examples
    --------
    >>> float(lateral_survival(0.1, 100_000.0)), float(lateral_survival(0.0, 9.0))
    (0.9442991, 1.0)
    """
    kt = np.asarray(decay_per_d, dtype=float) * time_s / SECONDS_PER_DAY
    safe = np.where(np.abs(kt) < 1e-8, 1.0, kt)
    return np.asarray(
        np.where(np.abs(kt) < 1e-8, 1.0 - kt / 2, -np.expm1(-safe) / safe)
    )

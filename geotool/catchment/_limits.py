"""Limits and words of ``tables/catchment.toml``."""

from typing import Any

from geotool.tables import load_table

STATES = ("ok", "given", "doubtful", "incomplete", "refused")
"""From best to worst."""


def limit(name: str) -> float:
    """
    Look a limit up.

    Examples
    --------
    >>> limit("max_snap_m")
    500.0
    """
    return float(load_table("catchment")["limits"][name]["value"])


def state_of(flags: list[str]) -> str:
    """
    Give the worst state that flags stand for.

    Examples
    --------
    >>> state_of(["no_heights", "raster_edge", "few_cells"]), state_of([])
    ('incomplete', 'ok')
    """
    table = load_table("catchment")["flags"]
    states = [table[flag]["state"] for flag in flags]
    return max(states, key=STATES.index, default="ok")


def words_of(flags: list[str], facts: dict[str, Any]) -> tuple[str, str]:
    """
    Put flags into words, Chinese and English.

    Examples
    --------
    >>> words_of(["few_cells"], {"cells": 9})[0]
    '只有 9 格，相对格网太小'
    """
    table = load_table("catchment")["flags"]
    zh = "；".join(table[flag]["zh"].format(**facts) for flag in flags)
    en = "; ".join(table[flag]["en"].format(**facts) for flag in flags)
    return zh, en

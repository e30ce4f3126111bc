"""Simulated incidents as the analyst has them, and five ways to spoil what he has.

Parts of ``bench_incidents.py``.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool.io import read_readings
from geotool.workspace import open_workspace


@dataclass(frozen=True)
class Case:
    """What the analyst has, and the truth."""

    name: str
    rivers: gpd.GeoDataFrame
    structures: gpd.GeoDataFrame
    outfalls: gpd.GeoDataFrame
    sections: gpd.GeoDataFrame
    readings: pd.DataFrame
    query: dict[str, Any]
    truth: dict[str, Any]


def read_case(folder: Path) -> Case:
    """Read a folder as ``make_incidents.py`` wrote it."""
    layers = open_workspace(folder / "layers.gpkg")
    names = ("rivers", "structures", "outfalls", "sections")
    return Case(
        folder.name,
        *(layers.read(name) for name in names),
        readings=read_readings(folder / "observations.csv")[0],
        query=json.loads((folder / "query.json").read_text(encoding="utf-8")),
        truth=json.loads((folder / "truth.json").read_text(encoding="utf-8")),
    )


# ---------------------------------------------------------------- spoilt
Change = Callable[[Case, np.random.Generator], Case]


def missing(case: Case, rng: np.random.Generator) -> Case:
    """Take three readings in ten away."""
    return replace(case, readings=case.readings[rng.random(len(case.readings)) >= 0.3])


def noisy(case: Case, rng: np.random.Generator) -> Case:
    """Double the noise of 7 %."""
    table = case.readings
    more = np.exp(0.07 * np.sqrt(3.0) * rng.standard_normal(len(table)))
    value = table["value_mg_l"].to_numpy() * more
    # a ranking reads the cell again: value_mg_l alone would change nothing
    return replace(case, readings=table.assign(value_mg_l=value, value=value))


def misdeclared(case: Case, rng: np.random.Generator) -> Case:
    """Make every permitted figure three times too high or too low, each by itself."""
    outfalls = case.outfalls.copy()
    for column in [c for c in outfalls if c.startswith("permitted_")]:
        outfalls[column] *= 3.0 ** rng.choice([-1.0, 1.0], len(outfalls))
    return replace(case, outfalls=outfalls)


def undirected(case: Case, rng: np.random.Generator) -> Case:
    """Let no direction be known; lines are drawn either way."""
    turned = rng.random(len(case.rivers)) < 0.5
    lines = case.rivers.geometry.where(~turned, case.rivers.geometry.reverse())
    rivers = case.rivers.assign(direction="unknown").set_geometry(lines)
    return replace(case, rivers=rivers)


def unlisted(case: Case, _: np.random.Generator) -> Case:
    """Strike the culprit off the register."""
    is_it = case.outfalls["outfall_id"] == case.truth["outfall_id"]
    truth = {**case.truth, "point": case.outfalls[is_it]}
    return replace(case, outfalls=case.outfalls[~is_it], truth=truth)


SPOILT: dict[str, Change] = {
    "30 % of readings missing": missing,
    "noise doubled": noisy,
    "permitted figures x 3 or / 3": misdeclared,
    "every direction unknown": undirected,
    "culprit not in the register": unlisted,
}

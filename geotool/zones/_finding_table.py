"""Findings as columns beside what was screened, each distinct text kept once.

A million findings have a few thousand texts. They are categories, made from the codes
of the verdicts, so that no row costs more than a few bytes.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.schema import layer_kind, layer_kinds
from geotool.tables import load_table
from geotool.zones._cases import Cases
from geotool.zones._findings import Wording, clause_of, grade_of
from geotool.zones._laws import clause_mark, clause_on
from geotool.zones._rules import MARKS, weakest
from geotool.zones._zone_set import CAUSES, Verdicts
from geotool.zones._zone_table import DATUMS

_ZONE_COLUMNS = {
    "zone_id": "zone_id",
    "zone_name": "name",
    "level": "level",
    "zone_status": "status",
}
"""Columns of a finding that are those of its zone."""


def findings_table(
    features: gpd.GeoDataFrame,
    verdicts: Verdicts,
    zones: gpd.GeoDataFrame | None,
    *,
    day: date,
    datum: NDArray[np.int8],
    extra: Mapping[str, NDArray[np.float64]] | None = None,
) -> gpd.GeoDataFrame:
    """
    Put findings beside the ids of what was screened; contacts stay behind.

    Parameters
    ----------
    features : GeoDataFrame
    verdicts : Verdicts
        One for each row.
    zones : GeoDataFrame or None
        What ``verdicts.zone`` counts in.
    day : date
        Decides which law is cited.
    datum : array of int
        Position in ``DATUMS``.
    extra : mapping, optional
        Further columns of figures, put after ``distance_m``.
    """
    graded = [grade_of(each) for each in CAUSES]
    words = load_table("zones")["grades"]
    # the law bans outfalls by a clause of its own; a works is ruled by others
    is_other = "outfall_id" not in features and any(
        layer_kind(kind).id_column in features for kind in ("sources", "projects")
    )
    subject = "project" if is_other else "outfall"
    cited = [clause_of(each, subject=subject) for each in CAUSES]
    clauses = [clause_on(each, day) if each else (None, None) for each in cited]
    columns: dict[str, Any] = kept_columns(features)
    cases = Cases.of(verdicts, datum, zones=0 if zones is None else len(zones))
    columns["grade"] = cases.column(graded, cases.cause)
    columns["grade_zh"] = cases.column(
        [words[each]["zh"] for each in graded], cases.cause
    )
    for name, own in _ZONE_COLUMNS.items():
        values = [] if zones is None else [each or None for each in zones[own]]
        columns[name] = cases.column(values, cases.zone)
    columns["distance_m"] = verdicts.distance_m
    columns.update(extra or {})
    columns["clause"] = cases.column([each[0] for each in clauses], cases.cause)
    columns["clause_en"] = cases.column([each[1] for each in clauses], cases.cause)
    columns["law_on"] = cases.column([day.isoformat()], np.zeros_like(cases.cause))
    columns["datum_status"] = cases.column(list(DATUMS), cases.datum)
    columns["uncertainty_m"] = verdicts.unsure_m
    columns["confidence"] = _confidence(cases, zones, cited, day)
    columns["reason"], columns["reason_en"] = _reasons(
        cases, zones, Wording(day, subject=subject)
    )
    del cases
    # no column is copied: a million points are 8 MB each time
    columns["geometry"] = features.geometry
    table = pd.DataFrame(columns, index=features.index, copy=False)
    return gpd.GeoDataFrame(table, crs=features.crs, copy=False)


def kept_columns(features: gpd.GeoDataFrame) -> dict[str, Any]:
    """Give the id columns and the name of what was screened."""
    ids = {layer_kind(kind).id_column for kind in layer_kinds()} | {"name"}
    return {
        str(name): features[name]
        for name in features.columns
        if name in ids and name != "zone_id"
    }


def _confidence(
    cases: Cases, zones: gpd.GeoDataFrame | None, cited: list[str], day: date
) -> pd.Categorical:
    """Give the weakest mark among the zone's numbers and the clause."""
    marks = list(MARKS)
    own = (
        []
        if zones is None
        else [
            _own_mark(row)
            for row in zip(zones["status"], zones["confidence"], strict=True)
        ]
    )
    of_zone = np.array([*(marks.index(each) for each in own), -1], dtype=np.int8)
    of_cause = [clause_mark(each, day) if each else "V" for each in cited]
    worst = np.array([marks.index(weakest(each)) for each in of_cause], dtype=np.int8)
    return cases.column(marks, np.minimum(of_zone[cases.zone], worst[cases.cause]))


def _own_mark(row: tuple[str, str]) -> str:
    status, confidence = row
    if status == "approved":
        return "V"
    return confidence if confidence in MARKS else "M"  # nothing tells its source


def _records(zones: gpd.GeoDataFrame | None) -> list[dict[str, Any]]:
    if zones is None:
        return []
    names = [name for name in zones.columns if name != "geometry"]
    cells = zip(*(zones[name].tolist() for name in names), strict=True)
    return [dict(zip(names, row, strict=True)) for row in cells]


def _reasons(
    cases: Cases, zones: gpd.GeoDataFrame | None, wording: Wording
) -> tuple[pd.Categorical, pd.Categorical]:
    """Word each case once."""
    records = [*_records(zones), None]
    kinds = zip(
        [CAUSES[cause] for cause in cases.cause.tolist()],
        cases.inside.tolist(),
        [DATUMS[known] for known in cases.datum.tolist()],
        cases.unsure_m.tolist(),
        strict=True,
    )
    said = [
        wording.reason(kind, records[zone])
        for kind, zone in zip(kinds, cases.zone.tolist(), strict=True)
    ]
    each = np.arange(len(said))
    return (
        cases.column([texts[0] for texts in said], each),
        cases.column([texts[1] for texts in said], each),
    )

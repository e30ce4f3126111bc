"""Findings as columns beside what was screened, each distinct text kept once.

A million findings have a few thousand texts. They are categories, made from the codes
of the verdicts, so that no row costs more than a few bytes.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.schema import layer_kind, layer_kinds
from geotool.tables import load_table
from geotool.zones._findings import Case, Wording, clause_of, grade_of
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
    cause = verdicts.cause
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
    columns["grade"] = categories(graded, cause)
    columns["grade_zh"] = categories([words[each]["zh"] for each in graded], cause)
    for name, own in _ZONE_COLUMNS.items():
        values = [] if zones is None else [each or None for each in zones[own]]
        columns[name] = categories([*values, None], verdicts.zone)
    columns["distance_m"] = verdicts.distance_m
    columns.update(extra or {})
    columns["clause"] = categories([each[0] for each in clauses], cause)
    columns["clause_en"] = categories([each[1] for each in clauses], cause)
    columns["law_on"] = categories([day.isoformat()], np.zeros(len(cause), np.int8))
    columns["datum_status"] = categories(list(DATUMS), datum)
    columns["uncertainty_m"] = verdicts.unsure_m
    columns["confidence"] = _confidence(verdicts, zones, cited, day)
    columns["reason"], columns["reason_en"] = _reasons(
        verdicts, zones, datum, Wording(day, subject=subject)
    )
    table = pd.DataFrame(columns, index=features.index, copy=False)
    return gpd.GeoDataFrame(table, geometry=features.geometry.array, crs=features.crs)


def categories(
    values: Sequence[str | None], code: NDArray[np.integer[Any]]
) -> pd.Categorical:
    """
    Give a column of few distinct texts to many rows.

    Parameters
    ----------
    values : sequence of str or None
        Text of each code; the last is also that of code -1.
    code : array of int

    Examples
    --------
    >>> categories(["甲", None, "甲"], np.array([0, 2, 1])).tolist()
    ['甲', '甲', nan]
    """
    if len(code) == 0:
        return pd.Categorical([], categories=pd.Index([], dtype=object))
    own, texts = pd.factorize(np.asarray(values, dtype=object), use_na_sentinel=True)
    # a count of values lists what is there, not what might be
    if len(own) < 100:
        present = np.array([(code == k).any() for k in range(len(own))])
        present[-1] |= bool((code == -1).any())
    else:
        present = np.zeros(len(own), dtype=bool)
        present[code] = True
    used = np.zeros(len(texts), dtype=bool)
    used[own[present & (own >= 0)]] = True
    new = np.where(used, np.cumsum(used) - 1, -1)
    of_code = np.where(own >= 0, new[own] if len(texts) else -1, -1)
    small = of_code.astype(np.min_scalar_type(-max(len(texts), 1)))
    return pd.Categorical.from_codes(
        small[code], categories=pd.Index(texts[used], dtype=object)
    )


def kept_columns(features: gpd.GeoDataFrame) -> dict[str, Any]:
    """Give the id columns and the name of what was screened."""
    ids = {layer_kind(kind).id_column for kind in layer_kinds()} | {"name"}
    return {
        str(name): features[name]
        for name in features.columns
        if name in ids and name != "zone_id"
    }


def _confidence(
    verdicts: Verdicts, zones: gpd.GeoDataFrame | None, cited: list[str], day: date
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
    worst = [marks.index(weakest(each)) for each in of_cause]
    code = np.minimum(
        of_zone[verdicts.zone], np.array(worst, dtype=np.int8)[verdicts.cause]
    )
    return categories([*marks, None], code)


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
    verdicts: Verdicts,
    zones: gpd.GeoDataFrame | None,
    datum: NDArray[np.int8],
    wording: Wording,
) -> tuple[pd.Categorical, pd.Categorical]:
    """Word each distinct case once."""
    inside = verdicts.distance_m <= 0
    metres = np.sort(pd.unique(verdicts.unsure_m))
    known = 0 if zones is None else len(zones)
    largest = (known + 1) * len(CAUSES) * 2 * len(DATUMS) * max(len(metres), 1)
    key = verdicts.zone.astype(np.min_scalar_type(-largest))
    key += 1
    for part, size in (
        (verdicts.cause, len(CAUSES)),
        (inside, 2),
        (datum, len(DATUMS)),
        (
            np.searchsorted(metres, verdicts.unsure_m) if len(metres) > 1 else 0,
            max(len(metres), 1),
        ),
    ):
        key *= key.dtype.type(size)
        key += np.asarray(part, dtype=key.dtype)
    code, keys = pd.factorize(key)
    del key
    some = np.zeros(len(keys), dtype=np.intp)
    some[code[::-1]] = np.arange(len(code) - 1, -1, -1)
    records = _records(zones)
    said = [
        wording.reason(
            Case(
                CAUSES[cause],
                records[zone] if zone >= 0 else None,
                inside=within,
                datum_status=DATUMS[known],
                uncertainty_m=unsure,
            )
        )
        for cause, zone, within, known, unsure in zip(
            verdicts.cause[some].tolist(),
            verdicts.zone[some].tolist(),
            inside[some].tolist(),
            datum[some].tolist(),
            verdicts.unsure_m[some].tolist(),
            strict=True,
        )
    ]
    return categories([each[0] for each in said], code), categories(
        [each[1] for each in said], code
    )

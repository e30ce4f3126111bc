"""Shore rules: what lies within a distance of the bank of a water (岸线).

A rule counts from the bank. A water polygon has its bank as its edge; of a centreline
the bank is taken half the width away, and where the true bank lies farther out the
distance is too long: what is clear by a centreline may not be (domain.md 0.9).
"""

from datetime import date
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.crs import reproject, require_crs, to_metric
from geotool.errors import LayerError
from geotool.tables import load_table
from geotool.zones._area import areas_m2
from geotool.zones._bands import QUADRANT_SEGMENTS
from geotool.zones._cases import categories
from geotool.zones._finding_table import kept_columns
from geotool.zones._laws import as_day, law_on
from geotool.zones._measure import Floats
from geotool.zones._plan import text_of
from geotool.zones._rules import table_number, weakest
from geotool.zones._shore_rules import (
    CLEAR,
    INSIDE,
    NEAR,
    NO_BANK,
    NO_PLACE,
    NO_WATER,
    ShoreRule,
    shore_reason,
    shore_rule,
)
from geotool.zones._zone_table import DATUMS, datum_codes, has_place, unsure_metres

_LINES = ("LineString", "MultiLineString")


def screen_shore(
    features: gpd.GeoDataFrame,
    waters: gpd.GeoDataFrame,
    *,
    rule: str | float,
    on: date | None = None,
    uncertainty_m: float | None = None,
    assumed_width_m: float | None = None,
) -> gpd.GeoDataFrame:
    """
    Tell what lies within a shore rule's distance of the bank.

    Chemical plants within 1 km of the Yangtze, outfalls within the survey band of
    2 km, or any distance. Which features and which waters a rule is about is yours to
    choose: hand over chemical plants only, and the Yangtze only.

    Parameters
    ----------
    features : GeoDataFrame of points, lines or polygons
        ``datum_status`` decides how sure a place is.
    waters : GeoDataFrame of lines or polygons
        Polygons have their bank as edge, basis 岸线; lines are centrelines with
        ``width_m``, basis 中心线.
    rule : str or float
        As :func:`shore_rule`.
    on : date, optional
        Date of the finding; today if None.
    uncertainty_m : float, optional
        As :func:`screen_points`.
    assumed_width_m : float, optional
        Width of lines without one; from ``tables/zones.toml`` if None.

    Returns
    -------
    GeoDataFrame
        One row a feature, order, index and system kept: its id columns and ``name``,
        ``grade, grade_zh, water_name, distance_m`` (from the nearest bank, 0 in the
        water), ``limit_m, basis, overlap_m`` (lines) or ``overlap_m2`` (polygons):
        what lies within the limit, water included, ``rule, clause, clause_en,
        law_on, datum_status, uncertainty_m, confidence, reason, reason_en,
        geometry``. ``grade``: that of the rule within the limit; ``uncertain`` where
        the limit is nearer than the place is sure, where the bank is a guess (no
        width), where there is no place, no water, or no law yet; ``clear``.

    Raises
    ------
    LayerError
        If the waters are neither lines nor polygons.
    TableError
        If there is no such rule.
    CrsError
        If a layer has no reference system.

    Examples
    --------
    >>> river = gpd.GeoDataFrame(
    ...     {"name": ["长江"]}, geometry=[shapely.box(0, 0, 9000, 1500)], crs=4549
    ... )
    >>> plants = gpd.GeoDataFrame(
    ...     {"source_id": ["A", "B"], "datum_status": "known"},
    ...     geometry=gpd.points_from_xy([500, 500], [2400, 2600]), crs=4549,
    ... )
    >>> found = screen_shore(
    ...     plants, river, rule="yangtze_chemical_1km", on=date(2026, 9, 1)
    ... )
    >>> found[["grade", "distance_m"]].to_numpy().tolist()
    [['attention', 900.0], ['clear', 1100.0]]
    """
    chosen, day = shore_rule(rule), as_day(on)
    require_crs(features, "features")
    require_crs(waters, "waters")
    odd = set(waters.geom_type.dropna()) - {*_LINES, "Polygon", "MultiPolygon"}
    if odd:
        raise LayerError(
            f"水体应为线（中心线）或面（水面），得到 {'、'.join(sorted(odd))}。",
            f"Waters must be lines or polygons, got {', '.join(sorted(odd))}.",
        )
    datum = datum_codes(features)
    unsure = unsure_metres(datum, uncertainty_m)
    found = _Found(len(features))
    there, wet = has_place(features), has_place(waters)
    found.case[~there] = NO_PLACE
    if there.any() and wet.any():
        metric = to_metric(waters[wet], "waters")
        moved = reproject(features[there], metric.crs)
        width = assumed_width_m
        if width is None:
            width = table_number("buffers", "assumed_width_m")
        found.measure(moved, metric, np.flatnonzero(there), chosen, unsure, width)
    return _table(features, found, chosen, day, datum, unsure)


class _Found:
    """What was measured, as columns."""

    def __init__(self, count: int) -> None:
        self.case = np.full(count, NO_WATER, dtype=np.int8)
        self.distance = np.full(count, np.nan)
        self.overlap = np.full(count, np.nan)
        self.water = np.full(count, -1, dtype=np.intp)
        self.names: list[str | None] = []
        self.is_line = np.zeros(0, dtype=bool)
        self.is_assumed = np.zeros(0, dtype=bool)

    def measure(
        self,
        features: gpd.GeoDataFrame,
        waters: gpd.GeoDataFrame,
        rows: NDArray[np.intp],
        rule: ShoreRule,
        unsure: Floats,
        assumed_width_m: float,
    ) -> None:
        shapes = shapely.make_valid(np.asarray(features.geometry, dtype=object))
        water = shapely.make_valid(np.asarray(waters.geometry, dtype=object))
        self.is_line = waters.geom_type.isin(_LINES).to_numpy()
        width = np.full(len(waters), np.nan)
        if "width_m" in waters.columns:
            width = pd.to_numeric(waters["width_m"], errors="coerce").to_numpy(float)
        self.is_assumed = self.is_line & ~(width > 0)
        half = np.where(self.is_assumed, assumed_width_m, width) / 2
        half = np.where(self.is_line, half, 0.0)
        self.names = [None] * len(waters)
        if "name" in waters.columns:
            self.names = [text_of(each) or None for each in waters["name"]]
        away, self.water[rows] = _nearest_bank(shapes, water, half)
        self.distance[rows] = away
        limit, doubt = rule.distance_m, unsure[rows]
        # where the width is a guess, so is the bank
        unknown_m = table_number("buffers", "unknown_bank_m")
        guess = np.where(self.is_assumed[self.water[rows]], unknown_m, 0.0)
        self.case[rows] = np.select(
            [
                away < limit - doubt,
                away <= limit + doubt,
                away <= limit + doubt + guess,
            ],
            [INSIDE, NEAR, NO_BANK],
            CLEAR,
        )
        flat = shapely.get_dimensions(shapes)
        reached = np.flatnonzero((flat > 0) & (away <= limit))
        self.overlap[rows[flat > 0]] = 0.0
        for k in reached:  # few, and each needs only the water near it
            near = shapely.distance(water, shapes[k]) <= limit + half
            band = shapely.buffer(
                water[near], limit + half[near], quad_segs=QUADRANT_SEGMENTS
            )
            common = shapely.intersection(shapes[k], shapely.union_all(band))
            layer = gpd.GeoDataFrame(geometry=[common], crs=waters.crs)
            self.overlap[rows[k]] = (
                areas_m2(layer)[0] if flat[k] == 2 else float(common.length)
            )


def _nearest_bank(
    shapes: NDArray[np.object_], water: NDArray[np.object_], half: Floats
) -> tuple[Floats, NDArray[np.intp]]:
    """Give the distance to the nearest bank, and whose it is.

    A wide river's bank may be nearer than that of a river whose centreline is, so the
    waters of each width are asked apart.
    """
    away = np.full(len(shapes), np.inf)
    which = np.full(len(shapes), -1, dtype=np.intp)
    for metres in np.unique(half):
        rows = np.flatnonzero(half == metres)
        (at, near), distance = shapely.STRtree(water[rows]).query_nearest(
            shapes, all_matches=False, return_distance=True
        )
        bank = np.maximum(distance - metres, 0.0)
        closer = bank < away[at]
        away[at[closer]] = bank[closer]
        which[at[closer]] = rows[near[closer]]
    return away, which


def _table(
    features: gpd.GeoDataFrame,
    found: _Found,
    rule: ShoreRule,
    day: date,
    datum: NDArray[np.int8],
    unsure: Floats,
) -> gpd.GeoDataFrame:
    """Put the findings into columns."""
    law = law_on(rule.laws, day)
    is_early = bool(rule.laws) and law is None
    within = "uncertain" if is_early else rule.grade
    grades = [within, "uncertain", "clear", *["uncertain"] * 3]
    words = load_table("zones")["grades"]
    clause = (law["zh"], law["en"]) if law else (None, None)
    mark = weakest(rule.confidence, law["confidence"] if law else "V")
    count = len(features)
    basis = np.where(found.is_line, 1, 0)[found.water] if len(found.names) else None
    assumed = (
        found.is_assumed[found.water] if len(found.names) else np.zeros(count, bool)
    )
    same = np.zeros(count, dtype=np.int8)
    cited = np.isin(found.case, (INSIDE, NEAR)).astype(np.int8)
    columns: dict[str, Any] = kept_columns(features)
    columns["grade"] = categories(grades, found.case)
    columns["grade_zh"] = categories([words[each]["zh"] for each in grades], found.case)
    columns["water_name"] = categories([*found.names, None], found.water)
    columns["distance_m"] = found.distance
    columns["limit_m"] = np.full(count, rule.distance_m)
    columns["basis"] = categories(
        ["岸线", "中心线", None], same + 2 if basis is None else _or(basis, found, 2)
    )
    for name, dimension in (("overlap_m", 1), ("overlap_m2", 2)):
        flat = shapely.get_dimensions(features.geometry.to_numpy())
        if (flat == dimension).any():
            columns[name] = np.where(flat == dimension, found.overlap, np.nan)
    columns["rule"] = categories([rule.key], same)
    columns["clause"] = categories([None, clause[0]], cited)
    columns["clause_en"] = categories([None, clause[1]], cited)
    columns["law_on"] = categories([day.isoformat()], same)
    columns["datum_status"] = categories(list(DATUMS), datum)
    columns["uncertainty_m"] = unsure
    columns["confidence"] = categories(
        [mark, "M", None], np.where(found.water < 0, 2, assumed).astype(np.int8)
    )
    said = [
        shore_reason(
            case, name, is_line, guess, known, metres, rule=rule, is_early=is_early
        )
        for case, name, is_line, guess, known, metres in zip(
            found.case.tolist(),
            columns["water_name"].tolist(),
            [False] * count if basis is None else (basis == 1).tolist(),
            assumed.tolist(),
            datum.tolist(),
            unsure.tolist(),
            strict=True,
        )
    ]
    columns["reason"] = [each[0] for each in said]
    columns["reason_en"] = [each[1] for each in said]
    table = pd.DataFrame(columns, index=features.index)
    return gpd.GeoDataFrame(
        table, geometry=features.geometry.to_numpy(), crs=features.crs
    )


def _or(code: NDArray[np.int_], found: _Found, other: int) -> NDArray[np.int8]:
    return np.where(found.water < 0, other, code).astype(np.int8)

"""Points that lie outside the district their row names, and the likely cause."""

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool._notes import NOTE_COLUMNS
from geotool.crs import (
    GEOGRAPHIC_CRS,
    reproject,
    to_metric,
)
from geotool.errors import LayerError
from geotool.layers._causes import CAUSES, likely_cause
from geotool.layers._names import NameBook
from geotool.schema import layer_kind

PLACE_COLUMNS = (*NOTE_COLUMNS, "id", "cause", "stated", "found", "distance_m")


def check_places(
    layer: gpd.GeoDataFrame,
    admin: gpd.GeoDataFrame,
    *,
    kind: str = "outfalls",
    column: str = "district",
    tolerance_m: float = 100.0,
) -> pd.DataFrame:
    """
    Find points outside the district that their row names, and say why that may be.

    Parameters
    ----------
    layer : GeoDataFrame
        Points; columns by key.
    admin : GeoDataFrame
        Districts: ``admin_id``, ``name``. Their datum must be right.
    kind : str
    column : str
        Where the row names its district (name, full name or code).
    tolerance_m : float
        A point no farther outside than this is not spoken of.

    Returns
    -------
    DataFrame
        Notes (``row, column, before, after, reason, reason_en``) and ``id, cause,
        stated, found, distance_m``. ``after``: where the point would be if the cause
        is right. ``cause``: a key of :data:`geotool.layers._causes.CAUSES`. Nothing is changed.

    Raises
    ------
    LayerError
        If a column is missing.

    Examples
    --------
    >>> admin = gpd.GeoDataFrame(
    ...     {"admin_id": ["321182"], "name": ["扬中市"]},
    ...     geometry=[shapely.box(119.7, 32.1, 119.9, 32.3)], crs=4490)
    >>> outfalls = gpd.GeoDataFrame(
    ...     {"outfall_id": ["a", "b"], "district": ["扬中", "扬中"]},
    ...     geometry=gpd.points_from_xy([119.8, 118.8], [32.2, 32.2]), crs=4490)
    >>> found = check_places(outfalls, admin)
    >>> found[["id", "cause", "after"]].values.tolist()
    [['b', 'wrong_digit', '119.8, 32.2']]
    """
    id_column = layer_kind(kind).id_column
    for table, name in ((layer, column), (layer, id_column), (admin, "name")):
        if name not in table:
            raise LayerError(
                f"缺少“{name}”列，不能核对行政区；现有：{'、'.join(map(str, table))}。",
                f"No column {name}: the districts cannot be checked.",
            )
    points = reproject(layer, GEOGRAPHIC_CRS)
    districts = reproject(admin, GEOGRAPHIC_CRS)
    usable = layer[column].notna() & (points.geom_type == "Point")
    ids = districts.get("admin_id", districts.index)
    book = NameBook(ids, districts["name"].tolist())
    lines: list[dict[str, Any]] = []
    for stated in points.loc[usable, column].unique().tolist():
        rows = gpd.GeoDataFrame(points[usable & (points[column] == stated)])
        places = book.find(stated)
        if not places:
            lines.append(_line(None, "unknown_district", stated, column))
            continue
        area = shapely.union_all(districts.geometry.to_numpy()[places])
        lines += _outside(rows, area, stated, id_column, column, tolerance_m)
    found = pd.DataFrame(lines, columns=list(PLACE_COLUMNS), dtype=object)
    return _where_it_lies(found, points, districts, id_column)


def _outside(
    rows: gpd.GeoDataFrame,
    area: Any,
    stated: object,
    id_column: str,
    column: str,
    tolerance_m: float,
) -> list[dict[str, Any]]:
    x, y = rows.geometry.x.to_numpy(float), rows.geometry.y.to_numpy(float)
    shapely.prepare(area)
    out = ~shapely.contains_xy(area, x, y)
    if not out.any():
        return []
    far = _distances_m(rows[out], area)
    wide = area.buffer(tolerance_m / 111_000)  # the border is as rough for a cause
    shapely.prepare(wide)
    lines = []
    ids = rows[id_column].to_numpy(object)[out]
    for row_id, a, b, distance in zip(
        ids, x[out].tolist(), y[out].tolist(), far.tolist(), strict=True
    ):
        if distance <= tolerance_m:
            continue
        cause, place = likely_cause(a, b, wide, distance)
        line = _line(row_id, cause, stated, column)
        line["distance_m"] = round(distance, 1) if np.isfinite(distance) else None
        line["before"] = f"{a:.9g}, {b:.9g}"
        line["after"] = None if place is None else f"{place[0]:.9g}, {place[1]:.9g}"
        lines.append(line)
    return lines


def _distances_m(rows: gpd.GeoDataFrame, area: Any) -> NDArray[np.float64]:
    """Measure how far points lie outside; infinite where no projection reaches."""
    district = to_metric(gpd.GeoDataFrame(geometry=[area], crs=rows.crs))
    middle = area.centroid
    x, y = rows.geometry.x.to_numpy(float), rows.geometry.y.to_numpy(float)
    near = (np.abs(x - middle.x) < 20) & (np.abs(y - middle.y) < 20)
    found = np.full(len(rows), np.inf)
    moved = rows.geometry[near].to_crs(district.crs)
    found[near] = moved.distance(district.geometry.iloc[0]).to_numpy(float)
    return found


def _line(row_id: Any, cause: str, stated: object, column: str) -> dict[str, Any]:
    zh, en = CAUSES[cause]
    return {
        "row": None,
        "column": column,
        "before": None,
        "after": None,
        "reason": f"坐标不在“{stated}”内：{zh}"
        if row_id is not None
        else f"{stated}：{zh}",
        "reason_en": f"Not in {stated}: {en}"
        if row_id is not None
        else f"{stated}: {en}",
        "id": row_id,
        "cause": cause,
        "stated": stated,
        "distance_m": None,
    }


def _where_it_lies(
    found: pd.DataFrame,
    points: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    id_column: str,
) -> pd.DataFrame:
    """Say in which district every point lies that is not where it should be."""
    if found.empty:
        return found
    wrong = points[points[id_column].isin(found["id"].dropna())]
    at, inside = districts.sindex.query(wrong.geometry, predicate="within")
    names = districts["name"].tolist()
    ids = wrong[id_column].tolist()
    lies = {ids[point]: names[area] for point, area in zip(at, inside, strict=True)}
    found["found"] = pd.Series(
        [lies.get(name) for name in found["id"]], index=found.index, dtype=object
    )
    return found

"""Columns that were read, put together as one table."""

from collections.abc import Collection, Mapping
from types import NoneType

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geotool.layers._values import clean_values

_NUMBERS = (int, float, np.number)


def accepted_rows(
    columns: Mapping[str, pd.Series],
    ours: Collection[str],
    good: NDArray[np.bool_],
    geometry: gpd.GeoSeries | None,
    *,
    plain: Collection[str] = (),
) -> pd.DataFrame:
    """
    Make the layer of the rows that are good.

    Parameters
    ----------
    columns : mapping
        Header or key → cells of all rows.
    ours : collection of str
        Columns that were read already; the others get one type here.
    good : array of bool
    geometry : GeoSeries or None
    plain : collection of str
        Columns known to be clean texts: these are taken as they are.
    """
    rows = np.flatnonzero(good)
    made = {}
    for key, column in columns.items():
        taken = pd.Series(column.array.take(rows), dtype=column.dtype)
        made[key] = taken if key in ours or key in plain else _tidy(taken)
    index = pd.RangeIndex(len(rows))
    if geometry is None:
        return pd.DataFrame(made, index=index, copy=False)
    # the shapes go in with the other columns: set afterwards, all would be copied
    made["geometry"] = gpd.GeoSeries(geometry.to_numpy()[rows], crs=geometry.crs)
    return gpd.GeoDataFrame(made, index=index, geometry="geometry", copy=False)


def layer_crs(layer: pd.DataFrame) -> str | None:
    """Name the reference system of a layer."""
    if not isinstance(layer, gpd.GeoDataFrame) or layer.crs is None:
        return None
    authority = layer.crs.to_authority()
    return ":".join(authority) if authority else str(layer.crs.name)


def free_name(name: str, taken: set[str]) -> str:
    """Make a name that no other column has."""
    unique, number = name, 2
    while unique.casefold() in taken:
        unique, number = f"{name}_原{'' if number == 2 else number}", number + 1
    return unique


def _tidy(cells: pd.Series) -> pd.Series:
    """Give a column of the source one type: numbers, times or text."""
    values = cells.tolist()
    found = set(map(type, values))
    kinds = found - {NoneType}
    if kinds and all(issubclass(k, _NUMBERS) and k is not bool for k in kinds):
        made = cells.astype(float)
        whole = made.notna().all() and (made == made.round()).all()
        return made.astype("int64") if whole and made.abs().max() < 2**53 else made
    if kinds and all(issubclass(kind, pd.Timestamp) for kind in kinds):
        plain = [pd.NaT if c is None else c.tz_localize(None) for c in values]
        return pd.Series(plain, index=cells.index).astype("datetime64[ms]")
    return clean_values(values, found, cells)

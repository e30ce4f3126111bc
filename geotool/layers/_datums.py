"""Which datum a layer is in, told by a layer of the same things on their true places."""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geotool.crs import GEOGRAPHIC_CRS, reproject, require_crs, to_metric, to_wgs84


def guess_datum(layer: gpd.GeoDataFrame, reference: gpd.GeoDataFrame) -> pd.DataFrame:
    """
    Compare a layer with one of the same things whose datum is right.

    Parameters
    ----------
    layer : GeoDataFrame
        Districts, rivers, or points that stand on them, as they came.
    reference : GeoDataFrame
        The same districts or rivers on their true places.

    Returns
    -------
    DataFrame
        ``datum`` (``wgs84``, ``gcj02``, ``bd09``), ``median_m``: how far the layer
        lies from the reference if it is in that datum; the likeliest first.
        ``likely``: whether the first is nearer than half of the second.

    Examples
    --------
    >>> from geotool.crs import wgs84_to_gcj02
    >>> true = gpd.GeoDataFrame(
    ...     geometry=[shapely.box(119.7, 32.1, 119.9, 32.3)], crs=4490)
    >>> amap = shapely.transform(
    ...     true.geometry.iloc[0].segmentize(0.01),
    ...     lambda xy: np.column_stack(wgs84_to_gcj02(*xy.T)))
    >>> guess_datum(gpd.GeoDataFrame(geometry=[amap], crs=4490), true).head(1)
       datum  median_m  likely
    0  gcj02       0.0    True
    """
    degrees = reproject(layer, GEOGRAPHIC_CRS).geometry
    xy = shapely.get_coordinates(degrees.to_numpy())
    xy = xy[:: max(1, len(xy) // 2000)]
    true = to_metric(reproject(reference, GEOGRAPHIC_CRS))
    flat = true.geometry.to_numpy()
    area = shapely.get_dimensions(flat) == 2
    metric = require_crs(true, "reference")
    lines = np.where(area, shapely.boundary(flat), flat)
    tree = shapely.STRtree(
        lines[~(shapely.is_missing(lines) | shapely.is_empty(lines))]
    )
    found = []
    for datum in ("wgs84", "gcj02", "bd09"):
        moved = np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum=datum))
        spots = gpd.GeoSeries(shapely.points(moved), crs=GEOGRAPHIC_CRS)
        spots = spots.to_crs(metric)
        _, far = tree.query_nearest(
            spots.to_numpy(), return_distance=True, all_matches=False
        )
        found.append((datum, round(float(np.median(far)), 1)))
    table = pd.DataFrame(found, columns=["datum", "median_m"])
    table = table.sort_values("median_m", kind="stable", ignore_index=True)
    table["likely"] = False
    table.loc[0, "likely"] = bool(table["median_m"][0] < 0.5 * table["median_m"][1])
    return table

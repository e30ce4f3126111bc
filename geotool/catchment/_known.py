"""What is known better than heights can tell: polders and pumping stations."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.catchment._delineate import Basin
from geotool.crs import reproject, require_crs
from geotool.errors import LayerError
from geotool.schema import canonical_value

Named = tuple[NDArray[Any], list[str]]
"""Shapes and what to call them."""

_SLIVER = 1e-3
"""Share of a catchment below which an overlap is a matter of drawing."""


def known_polygons(polders: gpd.GeoDataFrame | None, crs: Any) -> Named:
    """
    Bring known drainage areas to a system.

    Raises
    ------
    LayerError
        If one is no area.
    CrsError
        If they have no system.
    """
    if polders is None:
        return np.array([], dtype=object), []
    require_crs(polders, "polders")
    layer = reproject(polders[polders.geometry.notna()], crs)
    shapes = shapely.make_valid(np.asarray(layer.geometry, dtype=object))
    if not (shapely.area(shapes) > 0).all():
        raise LayerError(
            "排水分区（圩区）应为面；请检查 polders 的图形。",
            "Known drainage areas must be polygons; check the shapes of polders.",
        )
    return shapes, _names(layer)


def known_pumps(structures: gpd.GeoDataFrame | None, crs: Any) -> Named:
    """Bring the pumping stations of a layer of structures to a system."""
    if structures is None or "kind" not in structures:
        return np.array([], dtype=object), []
    require_crs(structures, "structures")
    kinds = [
        canonical_value(str(kind), "structures", "kind") == "pump"
        for kind in structures["kind"]
    ]
    some = structures[np.array(kinds, dtype=bool) & structures.geometry.notna()]
    layer = reproject(some, crs)
    return np.asarray(layer.geometry, dtype=object), _names(layer)


def _names(layer: gpd.GeoDataFrame) -> list[str]:
    for column in ("name", "structure_id", "zone_id"):
        if column in layer:
            cells = layer[column].tolist()
            return [
                str(cell) if isinstance(cell, str) and cell else f"第 {n} 个"
                for n, cell in enumerate(cells, start=1)
            ]
    return [f"第 {n} 个" for n in range(1, len(layer) + 1)]


def add_known(one: Basin, spot: Any, area: Any, polders: Named, pumps: Named) -> Any:
    """
    Hold a basin against what is known; gives the area to show.

    A point in a known drainage area takes it, whatever the heights say.
    """
    shapes, names = polders
    if spot is not None and not shapely.is_empty(spot) and len(shapes):
        inside = np.flatnonzero(shapely.intersects(shapes, spot))
        if len(inside):
            # of nested areas the smallest is the one meant
            best = int(inside[np.argmin(shapely.area(shapes[inside]))])
            one.flags, one.facts["polders"] = ["given"], names[best]
            return shapes[best]
    if area is None:
        return None
    over = shapely.area(shapely.intersection(shapes, area))
    hit = np.flatnonzero(over > _SLIVER * area.area)
    if len(hit):
        one.flags.append("polders")
        one.facts["polders"] = _some([names[n] for n in hit])
    wet = np.flatnonzero(shapely.intersects(pumps[0], area))
    if len(wet):
        one.flags.append("pumps")
        one.facts["pumps"] = _some([pumps[1][n] for n in wet])
    return area


def _some(names: list[str]) -> str:
    shown = "、".join(names[:5])
    return shown if len(names) <= 5 else f"{shown} 等 {len(names)} 处"

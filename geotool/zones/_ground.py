"""What layers tell of the ground about water sources: water, dykes, limits, basins."""

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from geotool.crs import reproject, require_crs
from geotool.errors import LayerError
from geotool.zones._bands import without_slivers
from geotool.zones._plan import Notes, text_of
from geotool.zones._rules import level_words

Shapes = NDArray[np.object_]

_NONE: Shapes = np.empty(0, dtype=object)


@dataclass(frozen=True, eq=False)
class Ground:
    """
    Layers about the sources, in the metres the zones are drawn in.

    Attributes
    ----------
    water : array of Polygon or MultiPolygon
        Water surfaces; their edge is the bank.
    dykes : array of LineString or MultiLineString
        Landward toes of dykes.
    has_dykes : bool
        Whether a layer of dykes was given, be it empty.
    limit : Polygon or MultiPolygon, optional
        Zones end at its edge.
    basins : array of Polygon or MultiPolygon
        Catchments of sources.
    basin_of : list of str
        The source each catchment is of; empty where its place tells.
    """

    water: Shapes
    dykes: Shapes
    has_dykes: bool
    limit: BaseGeometry | None
    basins: Shapes
    basin_of: list[str]

    def lake(self, place: shapely.Point, within_m: float) -> BaseGeometry | None:
        """Give the water a place lies in or by."""
        if len(self.water) == 0:
            return None
        distance = shapely.distance(self.water, place)
        nearest = int(distance.argmin())
        return self.water[nearest] if distance[nearest] <= within_m else None

    def basin(self, source_id: str, place: shapely.Point) -> BaseGeometry | None:
        """Give the catchment of a source: by its id, else the one it lies in."""
        named = [k for k, of in enumerate(self.basin_of) if of == source_id]
        around = [
            k
            for k, of in enumerate(self.basin_of)
            if not of and shapely.intersects(self.basins[k], place)
        ]
        rows = named or around
        return shapely.union_all(self.basins[rows]) if rows else None


def make_ground(
    crs: Any,
    *,
    water: gpd.GeoDataFrame | None,
    dykes: gpd.GeoDataFrame | None,
    clip: gpd.GeoDataFrame | None,
    catchments: gpd.GeoDataFrame | None,
) -> Ground:
    """
    Bring the layers to one system and see that they are of the right shapes.

    Raises
    ------
    LayerError
        If a layer has other shapes than it must have.
    CrsError
        If a layer has no reference system.
    """
    areas = ("Polygon", "MultiPolygon")
    limit = _shapes(clip, "clip", areas, crs)
    names: list[str] = []
    if catchments is not None:
        kept = catchments[_drawn(catchments)]
        names = (
            [text_of(each) for each in kept["water_source_id"]]
            if "water_source_id" in kept.columns
            else [""] * len(kept)
        )
    return Ground(
        water=_shapes(water, "water", areas, crs),
        dykes=_shapes(dykes, "dykes", ("LineString", "MultiLineString"), crs),
        has_dykes=dykes is not None,
        limit=shapely.union_all(limit) if len(limit) else None,
        basins=_shapes(catchments, "catchments", areas, crs),
        basin_of=names,
    )


def _drawn(layer: gpd.GeoDataFrame) -> NDArray[np.bool_]:
    return ~(layer.geometry.isna() | layer.geometry.is_empty).to_numpy()


def _shapes(
    layer: gpd.GeoDataFrame | None, name: str, kinds: tuple[str, ...], crs: Any
) -> Shapes:
    if layer is None:
        return _NONE
    require_crs(layer, name)
    odd = set(layer.geom_type[_drawn(layer)]) - set(kinds)
    if odd:
        raise LayerError(
            f"{name} 应为{'面' if 'Polygon' in kinds else '线'}图层，得到 "
            f"{'、'.join(sorted(odd))}。",
            f"{name} must hold {' or '.join(kinds)}, got {', '.join(sorted(odd))}.",
        )
    moved = reproject(layer[_drawn(layer)], crs)
    return np.asarray(shapely.make_valid(moved.geometry.to_numpy()), dtype=object)


def cut_to_limit(
    areas: list[BaseGeometry],
    levels: list[str],
    *,
    ground: Ground,
    source_id: str,
    place: shapely.Point,
    notes: Notes,
) -> list[BaseGeometry]:
    """
    Cut the levels of a source, cumulative, to the limit; tell what was cut.

    A source outside the limit is left whole, for the limit cannot be its own.
    """
    limit = ground.limit
    if limit is None or not areas:
        return areas
    if not shapely.intersects(limit, place):
        notes.add(
            source_id,
            "warning",
            "取水口在裁剪界线之外，保护区未裁剪，请核对界线",
            "the intake lies outside the clipping polygons; its zones are not cut",
        )
        return areas
    cut = [without_slivers(shapely.intersection(area, limit)) for area in areas]
    lost = [
        (level_words(level), whole.area - kept.area, whole.area)
        for level, whole, kept in zip(levels, areas, cut, strict=True)
        if whole.area - kept.area > 1.0
    ]
    if lost:
        zh = "、".join(
            f"{w[0]} {gone:.0f} m²（{gone / of:.0%}）" for w, gone, of in lost
        )
        en = ", ".join(
            f"{w[1]} {gone:.0f} m2 ({gone / of:.0%})" for w, gone, of in lost
        )
        notes.add(
            source_id,
            "warning",
            f"按所给界线裁去（各级含内圈）：{zh}；界外部分须由邻区划定",
            f"cut off at the given limit (levels with what they hold): {en}; what lies "
            "beyond is for the neighbour to draw",
        )
    return cut

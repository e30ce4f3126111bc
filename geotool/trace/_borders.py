"""Where water crosses from one district into another."""

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from geotool.crs import reproject, require_crs
from geotool.errors import LayerError
from geotool.network import RiverNetwork
from geotool.schema import layer_kind

BORDERS = "borders"
"""Layer of the places where water crosses from one district into another."""

OUTSIDE = "界外"
"""What lies in no district."""

_BESIDE_M = 1.0
"""How far beside a border its districts are looked up."""


def border_points(network: RiverNetwork, admin: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """
    Find where reaches cross from one district into another.

    Parameters
    ----------
    network : RiverNetwork
    admin : GeoDataFrame of polygons
        Districts, with a ``name``.

    Returns
    -------
    GeoDataFrame of points
        ``id, name, river, reach_id, measure_m``: the name tells both districts, in
        the way the reach is drawn (``A → B``), or those that meet at a node
        (``A / B``). Give it to a trace as ``{"borders": …}``.

    Raises
    ------
    LayerError
        If the districts have no name.

    Examples
    --------
    >>> from geotool.network import build_network
    >>> line = shapely.LineString([(0, 0), (100, 0)])
    >>> rivers = gpd.GeoDataFrame({"river_id": ["A"]}, geometry=[line], crs=4549)
    >>> halves = [shapely.box(-9, -9, 40, 9), shapely.box(40, -9, 200, 9)]
    >>> admin = gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=halves, crs=4549)
    >>> found = border_points(build_network(rivers), admin)
    >>> found[["id", "name", "measure_m"]].to_numpy().tolist()
    [['A@40', '甲 → 乙', 40.0]]
    """
    require_crs(admin, layer_kind("admin").zh)
    if "name" not in admin.columns:
        raise LayerError(
            "行政区图层缺少 name 列，不知道界线两侧是谁。",
            "The districts have no column 'name'; nobody knows whose border it is.",
        )
    areas = reproject(admin, network.crs)
    shapes = np.asarray(areas.geometry, dtype=object)
    names = areas["name"].fillna("").astype(str).to_numpy(dtype=object)
    lines = np.asarray(network.reaches.geometry, dtype=object)
    rows = [*_along_reaches(lines, shapes, names), *_at_nodes(network, shapes, names)]
    reach = [row[0] for row in rows]
    measure = np.array([row[1] for row in rows], dtype=float)
    ids = network.reaches["reach_id"].to_numpy(dtype=object)[reach]
    return gpd.GeoDataFrame(
        {
            "id": [f"{k}@{m:.0f}" for k, m in zip(ids, measure, strict=True)],
            "name": [row[2] for row in rows],
            "river": network.reaches["name"].to_numpy(dtype=object)[reach],
            "reach_id": ids,
            "measure_m": measure,
        },
        geometry=list(shapely.line_interpolate_point(lines[reach], measure)),
        crs=network.crs,
    )


def _along_reaches(lines: Any, shapes: Any, names: Any) -> list[tuple[int, float, str]]:
    """Borders inside reaches: row, measure, and both districts."""
    reach, measure = _crossings(lines, shapes)
    before, after = (
        _districts(shapes, names, shapely.line_interpolate_point(lines[reach], at))
        for at in (measure - _BESIDE_M, measure + _BESIDE_M)
    )
    return [
        (int(row), float(at), f"{one or OUTSIDE} → {other or OUTSIDE}")
        for row, at, one, other in zip(reach, measure, before, after, strict=True)
        if one != other
    ]


def _at_nodes(
    network: RiverNetwork, shapes: Any, names: Any
) -> list[tuple[int, float, str]]:
    """Borders where reaches of several districts meet: many are drawn by district."""
    lines = np.asarray(network.reaches.geometry, dtype=object)
    length = network.reaches["length_m"].to_numpy(float)
    node = network.ends.T
    inside = np.minimum(_BESIDE_M, length / 2)
    places = np.asarray(network.nodes.geometry, dtype=object)
    tree = shapely.STRtree(shapely.boundary(shapes))
    near = np.zeros(len(places), dtype=bool)
    near[tree.query(places, predicate="dwithin", distance=_BESIDE_M)[0]] = True
    met: dict[int, dict[str, tuple[int, float]]] = {}
    for end, at in ((0, inside), (1, length - inside)):
        rows = np.flatnonzero(near[node[end]])
        spots = shapely.line_interpolate_point(lines[rows], at[rows])
        for row, name in zip(
            rows.tolist(), _districts(shapes, names, spots), strict=True
        ):
            edge = 0.0 if end == 0 else float(length[row])
            met.setdefault(int(node[end, row]), {}).setdefault(name, (row, edge))
    return [
        (*min(sides.values()), " / ".join(sorted(name or OUTSIDE for name in sides)))
        for sides in met.values()
        if len(sides) > 1
    ]


def _crossings(lines: Any, shapes: Any) -> tuple[Any, Any]:
    """Reach and measure of each place where a line meets the rim of a shape."""
    rims = shapely.boundary(shapes)
    line, rim = shapely.STRtree(rims).query(lines, predicate="intersects")
    meets = shapely.intersection(lines[line], rims[rim])
    # where a river runs along a border, the ends of that stretch
    pieces, owner = shapely.get_parts(meets, return_index=True)
    xy, piece = shapely.get_coordinates(pieces, return_index=True)
    reach = line[owner[piece]]
    measure = shapely.line_locate_point(lines[reach], shapely.points(xy)).round(3)
    inner = (measure > _BESIDE_M) & (measure < shapely.length(lines[reach]) - _BESIDE_M)
    pairs = np.unique(np.column_stack([reach[inner], measure[inner]]), axis=0)
    return pairs[:, 0].astype(np.int64), pairs[:, 1]


def _districts(shapes: Any, names: Any, places: Any) -> list[str]:
    """Name of the district each place lies in; empty outside."""
    found = [""] * len(places)
    place, shape = shapely.STRtree(shapes).query(places, predicate="intersects")
    for k, s in sorted(zip(place.tolist(), shape.tolist(), strict=True), reverse=True):
        found[k] = names[s]
    return found

"""Shapes of spatial files: of the right type, valid, flat, and where they say they are."""

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray

from geotool.crs import GEOGRAPHIC_CRS, to_wgs84, transformer_to_degrees
from geotool.errors import CrsError
from geotool.layers._coordinates import OUTSIDE, ZERO, check_system, in_china
from geotool.layers._ledger import Ledger, Words
from geotool.schema import LayerKind

EMPTY = Words(
    "没有图形",
    "No geometry",
    "在 GIS 软件中补画，或删除这一行",
    "Draw it, or delete the row",
)
BROKEN = Words(
    "图形坐标不是数字或大得离谱",
    "Coordinates are no numbers, or absurd",
    "重新绘制",
    "Draw it again",
)
_TYPE_ZH = {"Point": "点", "LineString": "线", "Polygon": "面"}


def _wrong_type(kind: LayerKind, found: str) -> Words:
    wanted = "、".join(_TYPE_ZH[t] for t in kind.geometry if t in _TYPE_ZH)
    wanted_en = " or ".join(t for t in kind.geometry if t in _TYPE_ZH)
    return Words(
        f"图形类型是 {found}，{kind.zh}需要{wanted}",
        f"The geometry is {found}, {kind.kind} needs {wanted_en}",
        f"改为{wanted}，或导入到别的图层",
        f"Make it {wanted_en}, or import it as another layer",
    )


def settle_crs(
    shapes: gpd.GeoSeries, crs: pyproj.CRS | None, ledger: Ledger, *, name: str
) -> tuple[gpd.GeoSeries, str]:
    """
    Decide the reference system of the shapes of a file.

    Returns
    -------
    shapes : GeoSeries
    status : str
        ``known`` (the file says it), ``declared`` (the user does) or ``unknown``.
    """
    own = shapes.crs
    if crs is None and own is not None:
        check_system(own, name)
    if crs is not None:
        if own is not None and not _same(own, crs):
            ledger.tell(
                f"文件写的坐标系是 {own.name}，按声明改为 {crs.name}",
                f"The file says {own.name}; {crs.name} was declared and is used",
                before=str(own.name),
                after=str(crs.name),
            )
        return shapes.set_crs(crs, allow_override=True), "declared"
    if own is not None:
        return shapes, "known"
    bounds = shapes.total_bounds
    inside = np.isfinite(bounds).all() and in_china(
        np.array([bounds[0], bounds[2]]), np.array([bounds[1], bounds[3]])
    )
    if np.isfinite(bounds).all() and not np.all(inside):
        raise CrsError(
            f"{name} 没有坐标系（缺 .prj），坐标也不是中国范围内的度数；"
            "请用 crs（--crs EPSG:…）声明。",
            f"{name} has no CRS (.prj missing) and its coordinates are no degrees in "
            "China; declare it with --crs EPSG:….",
        )
    ledger.tell(
        "文件没有坐标系（缺 .prj），坐标是中国范围内的度数，按 EPSG:4490 读；基准不明",
        "No CRS in the file; degrees in China, read as EPSG:4490, datum unknown",
    )
    return shapes.set_crs(GEOGRAPHIC_CRS), "unknown"


def _same(one: pyproj.CRS, other: pyproj.CRS) -> bool:
    return bool(one.equals(other, ignore_axis_order=True))


def shift_back(
    shapes: gpd.GeoSeries, datum: str, ledger: Ledger, *, name: str
) -> gpd.GeoSeries:
    """Undo GCJ-02 or BD-09 on every vertex."""
    if shapes.crs is not None and not shapes.crs.is_geographic:
        raise CrsError(
            f"{datum} 只用于经纬度，{name} 的坐标系是 {shapes.crs.name}；"
            "请先在原软件中导出为经纬度。",
            f"{datum} is for degrees, {name} is in {shapes.crs.name}; export degrees.",
        )

    def back(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.column_stack(to_wgs84(xy[:, 0], xy[:, 1], datum=datum))

    moved = shapely.transform(shapes.to_numpy(), back)
    ledger.tell(
        f"图形按 {datum} 纠偏到 WGS84/CGCS2000",
        f"Shapes shifted back from {datum} to WGS 84",
        before=datum,
        after="wgs84",
    )
    return gpd.GeoSeries(moved, index=shapes.index, crs=shapes.crs)


class ShapeChecker:
    """Checks the shapes of one layer; rows are refused in the ledger."""

    def __init__(self, shapes: gpd.GeoSeries, kind: LayerKind, ledger: Ledger) -> None:
        self.shapes = shapes
        self.kind = kind
        self.ledger = ledger
        self.good = np.ones(len(shapes), dtype=bool)

    def check(self) -> gpd.GeoSeries:
        """Do all checks in order, and give the shapes back."""
        self._empty()
        self._flat()
        self._types()
        self._valid()
        self._region()
        return self.shapes

    def _refuse(self, mask: NDArray[np.bool_], words: Words) -> None:
        mask = mask & self.good
        rows = self.shapes.index.to_numpy()[mask]
        values = ["" if s is None else s.geom_type for s in self.shapes[mask]]
        self.ledger.refuse(rows, "geometry", values, words)
        self.good &= ~mask

    def _empty(self) -> None:
        nothing = (self.shapes.isna() | self.shapes.is_empty).to_numpy(bool)
        if "None" not in self.kind.geometry:
            self._refuse(nothing, EMPTY)
        self.good &= ~nothing
        bounds = self.shapes.bounds.to_numpy(float)
        absurd = ~np.isfinite(bounds).all(axis=1) | (np.abs(bounds) > 1e12).any(axis=1)
        self._refuse(absurd, BROKEN)

    def _flat(self) -> None:
        if any(shape.has_z for shape in self.shapes[self.good]):
            self.shapes = self.shapes.force_2d()
            self.ledger.tell(
                "去掉了图形的高程（Z）", "Heights (Z) of the shapes dropped"
            )

    def _types(self) -> None:
        self._single_parts()
        if self.kind.kind == "structures":
            self._lines_to_points()
        found = self.shapes.geom_type.fillna("").to_numpy(object)
        allowed = {t for t in self.kind.geometry if t != "None"}
        if "LineString" in allowed:
            allowed.add("MultiLineString")
        if "Polygon" in allowed:
            allowed.add("MultiPolygon")
        for name in sorted({str(f) for f in found[self.good]} - allowed):
            self._refuse(found == name, _wrong_type(self.kind, name))

    def _single_parts(self) -> None:
        """Make a multi-part shape of one part that part."""
        multi = self.shapes.geom_type.isin(
            ["MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection"]
        )
        one = multi.to_numpy(bool) & self.good
        one &= np.array([_parts(s) == 1 for s in self.shapes], dtype=bool)
        if one.any():
            self._replace(one, lambda shape: shape.geoms[0])

    def _lines_to_points(self) -> None:
        """Let a culvert drawn as a line stand for a point on the river."""
        lines = self.shapes.geom_type.isin(["LineString", "MultiLineString"])
        mask = lines.to_numpy(bool) & self.good
        if mask.any():
            self._replace(mask, lambda line: line.interpolate(0.5, normalized=True))
            n = int(mask.sum())
            zh = f"{n} 个画成线的建筑物取线的中点"
            self.ledger.tell(zh, f"{n} structures drawn as lines: the middle is taken")

    def _replace(self, mask: NDArray[np.bool_], change: Callable[[Any], Any]) -> None:
        values = self.shapes.to_numpy().copy()
        values[mask] = [change(shape) for shape in values[mask]]
        self.shapes = gpd.GeoSeries(
            values, index=self.shapes.index, crs=self.shapes.crs
        )

    def _valid(self) -> None:
        bad = ~self.shapes.is_valid.to_numpy(bool) & self.good
        if not bad.any():
            return
        rows = self.shapes.index.to_numpy()[bad]
        why = [shapely.is_valid_reason(shape) for shape in self.shapes[bad]]
        self._replace(bad, lambda shape: _repaired(shape, self.kind))
        lost = np.array([shape is None for shape in self.shapes], dtype=bool) & bad
        words = Words(
            "图形无效且无法修复",
            "Invalid geometry beyond repair",
            "重新绘制",
            "Draw it again",
        )
        self._refuse(lost, words)
        for row, reason in zip(rows, why, strict=True):
            if row not in self.ledger.refused:
                self.ledger.tell(
                    "图形无效，已修复",
                    "Invalid geometry repaired",
                    row=int(row),
                    column="geometry",
                    before=reason,
                )

    def _region(self) -> None:
        """Refuse the few shapes outside China; a layer of another country is kept."""
        crs = self.shapes.crs
        if crs is None or not self.good.any():
            return
        bounds = self.shapes.bounds.to_numpy(float)
        bounds = np.where(self.good[:, None], bounds, np.nan)
        x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
        zero = (np.abs(bounds).sum(axis=1) == 0) & self.good
        self._refuse(zero, ZERO)
        to_degrees = transformer_to_degrees(crs)
        lon, lat = to_degrees.transform(x, y)
        outside = self.good & ~in_china(np.asarray(lon), np.asarray(lat))
        if outside.sum() > 0.5 * self.good.sum():
            n = int(outside.sum())
            zh = f"{n} 个图形在中国之外，按文件的坐标系保留；若不该如此，请检查坐标系"
            en = f"{n} shapes lie outside China; kept, check the CRS if that is wrong"
            self.ledger.tell(zh, en)
        else:
            self._refuse(outside, OUTSIDE)


def _parts(shape: Any) -> int:
    return len(shape.geoms) if hasattr(shape, "geoms") else 1


def _repaired(shape: Any, kind: LayerKind) -> Any:
    """Make a shape valid, keeping only parts of the type the layer holds."""
    made = shapely.make_valid(shape)
    parts = list(made.geoms) if hasattr(made, "geoms") else [made]
    flat = [
        p for part in parts for p in (part.geoms if hasattr(part, "geoms") else [part])
    ]
    kept = [
        part for part in flat if part.geom_type in kind.geometry and not part.is_empty
    ]
    if not kept:
        return None
    if len(kept) == 1:
        return kept[0]
    if kept[0].geom_type == "LineString":
        return shapely.MultiLineString(kept)
    return shapely.union_all(kept)

"""Coordinates that stand in columns → points.

The numbers decide what they are: in China longitudes (73 to 136) and latitudes (3 to
54) never overlap, eastings of CGCS2000 with a zone begin with the number of the zone,
and northings are millions. What two readings fit is refused, not guessed.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
from numpy.typing import NDArray

from geotool._angles import is_packed
from geotool.crs import (
    GEOGRAPHIC_CRS,
    reproject,
    to_wgs84,
    transformer_to_degrees,
)
from geotool.errors import CrsError
from geotool.layers._coordinates import (
    ABSURD,
    NO_ZONE,
    OUTSIDE,
    UNSURE,
    ZERO,
    CoordinateReader,
    Floats,
    between,
    in_china,
)

_EASTING, _NORTHING = (100_000.0, 900_000.0), (300_000.0, 6_100_000.0)
_ZONES = {
    **{z: 4513 + z - 25 for z in range(25, 46)},
    **{z: 4491 + z - 13 for z in range(13, 24)},
}
"""Zone number in front of an easting → EPSG: 25 to 45 three degrees, 13 to 23 six."""


@dataclass
class Placed:
    """Points of the rows, and what they refer to."""

    geometry: gpd.GeoSeries
    status: str
    datum: str
    crs_note: str


class Placer(CoordinateReader):
    """Makes points of the coordinate columns of one table."""

    def place(self, *, crs: pyproj.CRS | None, datum: str | None) -> Placed:
        """Decide what the numbers are and make points of them."""
        self.read()
        self.refuse((self.x == 0) & (self.y == 0), ZERO)
        self._scale()
        degrees = (np.abs(self.x) <= 180) & (np.abs(self.y) <= 180) & self.good
        projected = self.good & ~degrees
        if (
            crs is not None
            and not crs.is_geographic
            and degrees.sum() > projected.sum()
        ):
            raise CrsError(
                f"声明的坐标系 {crs.name} 是投影坐标系，但 {self.column} 里是度数；"
                "请改为 EPSG:4490，或不写 crs 而写 datum。",
                f"{crs.name} is projected, but {self.column} holds degrees; declare "
                "EPSG:4490 or a datum instead.",
            )
        self._judge_degrees(degrees, crs)
        systems = self._systems(projected, crs)
        return self._points(degrees & self.good, systems, crs, datum)

    def _scale(self) -> None:
        """Degrees times a million, as some databases keep them."""
        with np.errstate(invalid="ignore"):
            lon, lat = self.x / 1e6, self.y / 1e6
        whole = in_china(lon, lat) & self.good
        turned = in_china(lat, lon) & self.good & ~whole
        for mask in (whole, turned):
            before = [
                f"{a:.0f}, {b:.0f}"
                for a, b in zip(self.x[mask], self.y[mask], strict=True)
            ]
            after = [
                f"{a:.6f}, {b:.6f}" for a, b in zip(lon[mask], lat[mask], strict=True)
            ]
            zh, en = "坐标是度×10⁶，已换算为度", "Degrees times 10⁶: converted"
            self.ledger.tell_each(self.rows[mask], self.column, before, after, zh, en)
        both = whole | turned
        self.x, self.y = np.where(both, lon, self.x), np.where(both, lat, self.y)

    def _judge_degrees(
        self, degrees: NDArray[np.bool_], crs: pyproj.CRS | None
    ) -> None:
        """Swap what is swapped; refuse what lies outside China."""
        here = in_china(self.x, self.y)
        turned = degrees & ~here & in_china(self.y, self.x)
        self.x, self.y = (
            np.where(turned, self.y, self.x),
            np.where(turned, self.x, self.y),
        )
        self._tell_turned(turned)
        outside = degrees & ~here & ~turned
        foreign = crs is not None and outside.sum() > 0.5 * max(degrees.sum(), 1)
        if foreign:
            possible = (np.abs(self.x) <= 180) & (np.abs(self.y) <= 90)
            self.refuse(outside & ~possible, ABSURD)
            zh = f"{int((outside & possible).sum())} 个点在中国之外，按声明的坐标系保留"
            self.ledger.tell(zh, "Most points lie outside China; kept as declared")
        else:
            self.refuse(outside, OUTSIDE)

    def _systems(
        self, projected: NDArray[np.bool_], crs: pyproj.CRS | None
    ) -> NDArray[np.int64]:
        """Find the EPSG code of every projected row; 0 for the declared system."""
        codes = np.full(len(self.x), -1, dtype=np.int64)
        if not projected.any():
            return codes
        if crs is None or crs.is_geographic:
            self._refuse_packed(projected)
        projected = projected & self.good
        east, north = self._oriented(projected)
        zone = np.clip(np.nan_to_num(east) // 1_000_000, -1, 999).astype(int)
        rest = east - zone * 1_000_000.0
        zoned = projected & np.isin(zone, list(_ZONES)) & between(rest, _EASTING)
        zoned &= between(north, _NORTHING)
        bare = projected & between(east, _EASTING) & between(north, _NORTHING)
        self.x, self.y = (
            np.where(projected, east, self.x),
            np.where(projected, north, self.y),
        )
        if crs is not None and not crs.is_geographic:
            codes[projected] = 0
            own = zoned & ~self._fits(crs, zoned)
            self._tell_zoned(own, zone, crs)
            codes[own] = [_ZONES[z] for z in zone[own]]
            return codes
        self._bare(bare & self.good, projected, crs)
        codes[zoned] = [_ZONES[z] for z in zone[zoned]]
        self.refuse(projected & ~zoned, ABSURD)
        return codes

    def _refuse_packed(self, projected: NDArray[np.bool_]) -> None:
        """Refuse a number such as 1194844: 119°48′44″, or a northing."""
        both = [
            bool(maybe) and is_packed(a) and is_packed(b)
            for maybe, a, b in zip(projected, self.x, self.y, strict=True)
        ]
        lon, lat = self.x // 10_000, self.y // 10_000
        here = in_china(lon, lat) | in_china(lat, lon)
        self.refuse(np.array(both, dtype=bool) & here, UNSURE)

    def _oriented(self, projected: NDArray[np.bool_]) -> tuple[Floats, Floats]:
        """Chinese tables call the northing X: the size of the numbers decides."""
        x, y = self.x, self.y
        plain = ((x < 1e6) | (x >= 1.3e7)) & (y < 1.3e7)
        turned = projected & ~plain & between(x, _NORTHING) & ((y < 1e6) | (y >= 1.3e7))
        if turned.any():
            zh = f"{int(turned.sum())} 行的 X 是北坐标、Y 是东坐标，已按此读"
            self.ledger.tell(
                zh, "X is the northing, Y the easting: read so", column=self.column
            )
        return np.where(turned, y, x), np.where(turned, x, y)

    def _bare(
        self,
        bare: NDArray[np.bool_],
        projected: NDArray[np.bool_],
        crs: pyproj.CRS | None,
    ) -> None:
        """Refuse positions without a zone; the whole table when all are so."""
        if not bare.any():
            return
        if bare.sum() > 0.5 * self.good.sum():
            said = f"（声明的 {crs.name} 是经纬度）" if crs is not None else ""
            raise CrsError(
                f"{self.column} 是没有带号的投影坐标，不知道属于哪一带{said}；"
                "请用 crs（--crs EPSG:…）声明，如江苏东部是 EPSG:4549。",
                f"{self.column} holds projected positions without a zone; declare the "
                "CRS with --crs EPSG:… (4549 in eastern Jiangsu).",
            )
        del projected
        self.refuse(bare, NO_ZONE)

    def _fits(self, crs: pyproj.CRS, zoned: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Whether zoned eastings lie in the declared system as they are."""
        easting = next(
            (
                p.value
                for p in (
                    crs.coordinate_operation.params if crs.coordinate_operation else []
                )
                if p.name.casefold() == "false easting"
            ),
            500_000.0,
        )
        return zoned & (np.abs(self.x - easting) < 900_000)

    def _tell_zoned(
        self, mask: NDArray[np.bool_], zone: NDArray[np.int64], crs: pyproj.CRS
    ) -> None:
        if mask.any():
            zones = "、".join(map(str, sorted(set(zone[mask].tolist()))))
            self.ledger.tell(
                f"东坐标带有带号 {zones}，与声明的 {crs.name} 不符，按带号的 CGCS2000 坐标系读",
                f"Eastings carry zone {zones}, unlike {crs.name}: read by their zone",
                column=self.column,
            )

    # ------------------------------------------------------------ making points
    def _points(
        self,
        degrees: NDArray[np.bool_],
        systems: NDArray[np.int64],
        crs: pyproj.CRS | None,
        datum: str | None,
    ) -> Placed:
        codes = sorted(set(systems[self.good & (systems >= 0)].tolist()))
        if codes and datum in ("gcj02", "bd09"):
            raise CrsError(
                f"{datum} 只用于经纬度，{self.column} 里有投影坐标；请分开导入。",
                f"{datum} is for degrees, {self.column} holds projected positions.",
            )
        parts = []
        if degrees.any() or not codes:
            parts.append(self._degree_points(degrees, crs, datum))
        for code in codes:
            parts.append(self._projected_points(systems == code, code, crs))
        whole = {str(part.crs) for part in parts}
        if len(whole) > 1:
            parts = [_reprojected(part) for part in parts]
            self.ledger.tell(
                "坐标分属不同的带（或有度有米），统一为 EPSG:4490",
                "Positions of several zones (or degrees and metres): all made EPSG:4490",
                column=self.column,
            )
        joined = pd.concat(parts) if len(parts) > 1 else parts[0]
        made = gpd.GeoSeries(joined.reindex(self.cells.index), crs=parts[0].crs)
        self._check_region(made)
        declared = crs is not None or (datum is not None and datum != "unknown")
        status = "declared" if declared else "unknown"
        self._tell_datum(datum, status, degrees, codes)
        return Placed(made, status, datum or "unknown", str(made.crs))

    def _degree_points(
        self, mask: NDArray[np.bool_], crs: pyproj.CRS | None, datum: str | None
    ) -> gpd.GeoSeries:
        lon, lat = self.x[mask], self.y[mask]
        if datum in ("gcj02", "bd09"):
            lon, lat = to_wgs84(lon, lat, datum=datum)
        system = crs if crs is not None and crs.is_geographic else GEOGRAPHIC_CRS
        return gpd.GeoSeries(
            gpd.points_from_xy(lon, lat), index=self.cells.index[mask], crs=system
        )

    def _projected_points(
        self, mask: NDArray[np.bool_], code: int, crs: pyproj.CRS | None
    ) -> gpd.GeoSeries:
        mask = mask & self.good
        system = pyproj.CRS.from_epsg(code) if code else crs
        if code:
            self.ledger.tell(
                f"东坐标前的带号说明是 EPSG:{code}（{system.name if system else ''}）",
                f"The zone in front of the easting says EPSG:{code}",
                column=self.column,
            )
        return gpd.GeoSeries(
            gpd.points_from_xy(self.x[mask], self.y[mask]),
            index=self.cells.index[mask],
            crs=system,
        )

    def _check_region(self, made: gpd.GeoSeries) -> None:
        """Refuse projected points that fall outside China; foreign data are kept."""
        if made.crs is None or made.crs.is_geographic or not self.good.any():
            return
        lon, lat = degrees_of(made)
        outside = self.good & ~in_china(lon, lat)
        if outside.sum() > 0.5 * self.good.sum():
            zh = f"{int(outside.sum())} 个点在中国之外，按声明的坐标系保留"
            self.ledger.tell(zh, "Most points lie outside China; kept as declared")
        else:
            self.refuse(outside, OUTSIDE)

    def _tell_datum(
        self,
        datum: str | None,
        status: str,
        degrees: NDArray[np.bool_],
        codes: list[int],
    ) -> None:
        if datum in ("gcj02", "bd09"):
            self.ledger.tell(
                f"坐标声明为 {datum}，已纠偏到 WGS84/CGCS2000；原坐标列保留",
                f"Declared as {datum}: shifted back; the original columns are kept",
                column=self.column,
                before=datum,
                after="wgs84",
            )
        elif status == "unknown" and (degrees.any() or codes):
            self.ledger.tell(
                "坐标基准不明，暂按 CGCS2000；若是高德或百度坐标，偏差可达数百米，请声明 datum",
                "Datum unknown, taken as CGCS2000; positions of Amap or Baidu are off by "
                "hundreds of metres: state the datum",
                column=self.column,
            )


def degrees_of(shapes: gpd.GeoSeries) -> tuple[Floats, Floats]:
    """Give rough degrees of points, only to see which country they are in."""
    transformer = transformer_to_degrees(shapes.crs)
    x = shapes.x.to_numpy(float, na_value=np.nan)
    y = shapes.y.to_numpy(float, na_value=np.nan)
    lon, lat = transformer.transform(x, y)
    return np.asarray(lon, float), np.asarray(lat, float)


def _reprojected(part: gpd.GeoSeries) -> gpd.GeoSeries:
    frame = gpd.GeoDataFrame(geometry=part)
    return reproject(frame, GEOGRAPHIC_CRS).geometry

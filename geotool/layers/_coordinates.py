"""Coordinates that stand in columns, cell by cell; and why one cannot be used."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyproj
from numpy.typing import NDArray

from geotool._angles import Angle, Angles, parse_angles, parse_pair
from geotool._texts import number_text
from geotool.crs import (
    CHINA_LATITUDE,
    CHINA_LONGITUDE,
    DATUMS,
    transformer_to_degrees,
)
from geotool.errors import CrsError
from geotool.layers._ledger import Ledger, Words

Floats = NDArray[np.float64]

NO_PLACE = Words(
    "缺坐标", "No coordinates", "补上经度和纬度", "Fill in longitude and latitude"
)
UNREADABLE = Words(
    "坐标无法识别",
    "The coordinate cannot be read",
    "写成十进制度（120.912345）或 120°54′44.4″",
    "Write decimal degrees (120.912345) or 120°54′44.4″",
)
SIXTY = Words(
    "分或秒不小于 60，或度数过大",
    "Minutes or seconds are 60 or more, or degrees too many",
    "核对原始记录",
    "Check the original record",
)
UNSURE = Words(
    "度分秒有两种读法，不猜",
    "The degrees can be read in two ways",
    "写成 113°18′30″ 或十进制度",
    "Write 113°18′30″ or decimal degrees",
)
ZERO = Words(
    "坐标是 (0, 0)，等于没有填",
    "The coordinates are (0, 0): not filled in",
    "补上经度和纬度",
    "Fill in longitude and latitude",
)
OUTSIDE = Words(
    "坐标不在中国范围内",
    "The point lies outside China",
    "核对经纬度（东经 73–136，北纬 3–54）",
    "Check longitude (73 to 136 E) and latitude (3 to 54 N)",
)
ABSURD = Words(
    "数值不是经纬度，也不是可识别的投影坐标",
    "Neither degrees nor a projected position",
    "核对数值；投影坐标请用 crs（--crs EPSG:…）声明",
    "Check the numbers; declare projected ones with --crs EPSG:…",
)
NO_ZONE = Words(
    "投影坐标没有带号，也没有声明坐标系",
    "A projected position without a zone, and no CRS declared",
    "用 crs（--crs EPSG:…）声明坐标系",
    "Declare the CRS with --crs EPSG:…",
)

_PROBLEMS = {
    "missing": NO_PLACE,
    "unreadable": UNREADABLE,
    "minutes": SIXTY,
    "unsure": UNSURE,
}
_HEADER_DATUM = (
    ("gcj02", r"gcj|火星|高德|腾讯"),
    ("bd09", r"bd-?0?9|百度"),
    ("cgcs2000", r"cgcs|2000|国家"),
    ("wgs84", r"wgs|84"),
)


def between(values: Floats, bounds: tuple[float, float]) -> NDArray[np.bool_]:
    return (values >= bounds[0]) & (values <= bounds[1])


def in_china(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Whether points lie within the bounds of China."""
    return between(lon, CHINA_LONGITUDE) & between(lat, CHINA_LATITUDE)


def check_system(crs: pyproj.CRS, name: str) -> None:
    """Refuse a local system (as CAD drawings have): nobody knows where it lies."""
    try:
        transformer_to_degrees(crs)
    except pyproj.exceptions.ProjError:
        raise CrsError(
            f"{name} 的坐标系“{crs.name}”与经纬度没有换算关系（如 CAD 的局部坐标）；"
            "请用 crs（--crs EPSG:…）声明真实的坐标系。",
            f"No way leads from the CRS {crs.name} of {name} to degrees (a local one, "
            "as of CAD?); declare the true one with --crs EPSG:….",
        ) from None


def checked_datum(
    datum: str | None, headers: Sequence[str], ledger: Ledger
) -> str | None:
    """Give the datum the user states, else the one the headers name."""
    text = unicodedata.normalize("NFKC", " ".join(headers)).casefold()
    named = next((n for n, pattern in _HEADER_DATUM if re.search(pattern, text)), None)
    if datum is not None:
        folded = str(datum).casefold().replace("-", "").replace("_", "")
        if folded not in DATUMS:
            raise CrsError(
                f"不认识的基准 {datum!r}；可用：{'、'.join(DATUMS)}。",
                f"Unknown datum {datum!r}; choose one of {', '.join(DATUMS)}.",
            )
        if named is not None and _shift(named) != _shift(folded):
            zh = f"列名写的坐标基准是 {named}，与声明的 {folded} 不同，按声明处理；请核对"
            en = f"The headers name {named}, {folded} is declared and used: check it"
            ledger.tell(zh, en, before=named, after=folded)
        return folded
    if named is not None:
        zh = f"列名写明了坐标基准，按 {named} 处理"
        ledger.tell(zh, f"The headers name the datum: {named}")
    return named


def _shift(datum: str) -> str:
    """Give the datums that differ by hundreds of metres a name each, others none."""
    return datum if datum in ("gcj02", "bd09") else ""


class CoordinateReader:
    """Reads the coordinate columns of one table as two numbers a row."""

    def __init__(
        self, cells: pd.DataFrame, headers: dict[str, str], ledger: Ledger
    ) -> None:
        self.cells = cells
        self.headers = headers
        self.ledger = ledger
        self.rows = cells.index.to_numpy()
        self.column = "、".join(dict.fromkeys(headers.values()))
        self.x = np.full(len(cells), np.nan)
        self.y = np.full(len(cells), np.nan)
        self.good = np.ones(len(cells), dtype=bool)

    def refuse(self, mask: NDArray[np.bool_], words: Words, column: str = "") -> None:
        """Refuse rows that are still good."""
        mask = mask & self.good
        if not mask.any():
            return
        header = column or self.column
        shown = [name for name in self.headers.values() if not column or name == column]
        values = [
            " ".join("" if cell is None else number_text(cell) for cell in row)
            for row in self.cells.loc[mask, list(dict.fromkeys(shown))].itertuples(
                index=False
            )
        ]
        self.ledger.refuse(self.rows[mask], header, values, words)
        self.good &= ~mask

    def read(self) -> None:
        """Read the cells of all rows as two numbers."""
        if "pair" in self.headers:
            self._read_pairs()
        elif "lon_d" in self.headers:
            for axis in ("lon", "lat"):
                self._read_parts(axis)
        else:
            first, second = self.headers.values()
            angles = self._angles(second)
            self._take(first, self._angles(first), angles)
            self._check_problems(second, angles)

    def _angles(self, header: str) -> Angles:
        return parse_angles(self.cells[header].tolist())

    def _check_problems(self, header: str, angles: Angles) -> None:
        if (angles.problem != "").any():
            for name, words in _PROBLEMS.items():
                self.refuse(angles.problem == name, words, header)

    def _take(self, header: str, first: Angles, second: Angles) -> None:
        """Take two readings as x and y; halves that were written decide the order."""
        self._check_problems(header, first)
        x, y = first.value, second.value
        turned = _are_turned(first, second)
        self.x, self.y = np.where(turned, y, x), np.where(turned, x, y)
        if "pair" not in self.headers:
            self._tell_turned(turned & self.good)

    def _tell_turned(self, mask: NDArray[np.bool_]) -> None:
        before = [
            f"{b:.9g}, {a:.9g}" for a, b in zip(self.x[mask], self.y[mask], strict=True)
        ]
        after = [
            f"{a:.9g}, {b:.9g}" for a, b in zip(self.x[mask], self.y[mask], strict=True)
        ]
        self.ledger.tell_each(
            self.rows[mask],
            self.column,
            before,
            after,
            "经度和纬度填反了，已对调",
            "Longitude and latitude were swapped: corrected",
        )

    def _read_pairs(self) -> None:
        header = self.headers["pair"]
        pairs = [parse_pair(cell) for cell in self.cells[header]]
        second = _gathered([b for _, b in pairs])
        self._check_problems(header, second)
        self._take(header, _gathered([a for a, _ in pairs]), second)

    def _read_parts(self, axis: str) -> None:
        """Read degrees, minutes and seconds that stand in columns of their own."""
        total = np.zeros(len(self.cells))
        negative = np.zeros(len(self.cells), dtype=bool)
        for part, size in (("d", 1.0), ("m", 60.0), ("s", 3600.0)):
            header = self.headers.get(f"{axis}_{part}")
            if header is None:
                continue
            values, _, problem = self._angles(header)
            if part == "s":  # no seconds: the minutes say it all
                values, problem = (
                    np.where(problem == "missing", 0.0, values),
                    np.where(problem == "missing", "", problem),
                )
            for name, words in _PROBLEMS.items():
                self.refuse(problem == name, words, header)
            if part == "d":
                negative = values < 0
            else:
                self.refuse((values >= 60) | (values < 0), SIXTY, header)
            total += np.abs(values) / size
        total = np.where(negative, -total, total)
        if axis == "lon":
            self.x = total
        else:
            self.y = total


def _are_turned(first: Angles, second: Angles) -> NDArray[np.bool_]:
    """Which rows say in the first of two readings that it is a latitude."""
    unsaid = np.asarray(first.half == "", dtype=bool)
    latitude = np.asarray((first.half == "N") | (first.half == "S"), dtype=bool)
    longitude = np.asarray((second.half == "E") | (second.half == "W"), dtype=bool)
    return latitude | (unsaid & longitude)


def _gathered(angles: list[Angle]) -> Angles:
    return Angles(
        np.array([angle.value for angle in angles], dtype=float),
        np.array([angle.half for angle in angles], dtype=object),
        np.array([angle.problem for angle in angles], dtype=object),
    )

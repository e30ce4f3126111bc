"""Pictures of a report: maps and charts as PNG, and photographs of a register."""

import datetime as dt
import io
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from geotool._items import item_table
from geotool.crs import to_degrees
from geotool.errors import GeotoolError
from geotool.quality._limits import limit_table
from geotool.report._phrases import class_text
from geotool.report._word import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from geotool.report._given import Given

MAP_DPI, SMALL_DPI = 170, 150
PHOTO_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp")
_PHOTO_DOTS = 1400
"""Longest side of a photograph in a sheet; a phone's would make it tens of MB."""

_SHOWN, _ENOUGH = pd.Timedelta(days=92), 8
"""Time that a series shows, and readings without which it shows all there is."""

_BACKGROUND = ("admin", "rivers", "structures", "sections", "outfalls", "water_sources")


def figure_picture(figure: "Figure", *, width_mm: float, dpi: float) -> Picture:
    """Make a picture of a figure."""
    made = io.BytesIO()
    figure.savefig(made, format="png", dpi=dpi)
    return Picture(made.getvalue(), width_mm)


def section_map(
    given: "Given",
    results: Mapping[str, gpd.GeoDataFrame],
    *,
    title: str,
    notice: str,
    date: dt.date,
) -> tuple[Picture | None, str]:
    """Draw what was traced over the layers; without a map, say why there is none."""
    from geotool.maps import plot_map

    layers = {**_background(given), **_drawn(results)}
    try:
        figure = plot_map(
            layers, title=title, notice=notice, date=date, orientation="portrait"
        )
    except GeotoolError as error:
        return None, error.zh
    return figure_picture(figure, width_mm=150.0, dpi=MAP_DPI), ""


def place_map(
    given: "Given",
    point: gpd.GeoDataFrame,
    results: Mapping[str, gpd.GeoDataFrame],
    *,
    title: str,
    around_m: float,
    notice: str,
    date: dt.date,
) -> tuple[Picture | None, str]:
    """Draw the surroundings of a point; without a map, say why there is none."""
    from geotool.maps import plot_map

    place: Any = to_degrees(point).geometry.iloc[0]
    north = around_m / 111_320.0
    east = north / max(np.cos(np.radians(place.y)), 0.05)
    extent = (place.x - east, place.y - north, place.x + east, place.y + north)
    wide = (
        place.x - 3 * east, place.y - 3 * north, place.x + 3 * east, place.y + 3 * north,
    )  # fmt: skip
    reached = {name: to_degrees(layer) for name, layer in _drawn(results).items()}
    near = {
        name: layer.cx[wide[0] : wide[2], wide[1] : wide[3]]
        for name, layer in {**_background(given), **reached}.items()
    }
    start = gpd.GeoDataFrame({"name": ["本排口"]}, geometry=[place], crs=4490)
    layers = {name: layer for name, layer in near.items() if len(layer)}
    try:
        figure = plot_map(
            {**layers, "trace_start": start},
            title=title,
            notice=notice,
            extent=extent,
            date=date,
        )
    except GeotoolError as error:
        return None, error.zh
    return figure_picture(figure, width_mm=150.0, dpi=SMALL_DPI), ""


def _background(given: "Given") -> dict[str, gpd.GeoDataFrame]:
    found = {name: given.in_degrees(name) for name in _BACKGROUND}
    return {name: layer for name, layer in found.items() if layer is not None}


def _drawn(results: Mapping[str, gpd.GeoDataFrame]) -> dict[str, gpd.GeoDataFrame]:
    """Drop what is empty, and the stops: the text lists them."""
    return {
        name: layer
        for name, layer in results.items()
        if len(layer) and name != "trace_stopped"
    }


def series_picture(
    readings: pd.DataFrame, item: str, row: pd.Series, *, title: str, standard: str
) -> Picture | None:
    """Draw the readings of an item over the bands of its classes; None for a range."""
    from geotool.maps import plot_series

    water = "lake" if row["water_type"] == "lake" else "river"
    limits = limit_table(standard, water).get(item)
    table = _recent(readings[readings["item"] == item].dropna(subset=["value_mg_l"]))
    if limits is None or len(limits.classes) != 5 or table["time"].nunique() < 2:
        return None  # one reading makes no series
    figure = plot_series(
        table,
        list(limits.classes),
        target=row["target_class"],
        title=f"{title} {item_table()[item].zh}（虚线：{class_text(row['target_class'])}限值）",
        unit=item_table()[item].unit or "",
        lower_is_worse=limits.kind == "lower",
    )
    return figure_picture(figure, width_mm=142.0, dpi=MAP_DPI)


def _recent(table: pd.DataFrame) -> pd.DataFrame:
    """Take the last quarter of a year, if enough was measured in it to see anything."""
    if not len(table):
        return table
    last = table[table["time"] > table["time"].max() - _SHOWN]
    return last if len(last) >= _ENOUGH else table


def photograph(text: Any, folder: Path | None) -> tuple[Picture | None, str]:
    """
    Load a photograph that a register names, from one folder only.

    Parameters
    ----------
    text : object
        The cell: a name from a file, which must not lead out of the folder.
    folder : Path or None

    Returns
    -------
    picture : Picture or None
    why : str
        Why there is none.

    Examples
    --------
    >>> photograph(None, Path("."))
    (None, '登记表没有照片')
    >>> photograph("../../etc/passwd.png", Path("."))[1]
    '照片 ../../etc/passwd.png 不在照片文件夹里，没有采用'
    """
    if not isinstance(text, str) or not text.strip():
        return None, "登记表没有照片"
    name = text.strip().replace("\\", "/")
    shown = name if len(name) <= 80 else f"{name[:80]}…"
    if folder is None:
        return None, f"没有照片文件夹，照片 {shown} 没有采用"
    root = folder.resolve()
    try:
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            return None, f"照片 {shown} 不在照片文件夹里，没有采用"
        if path.suffix.lower() not in PHOTO_ENDINGS:
            return None, f"照片 {shown} 不是 jpg、png 图片，没有采用"
        if not path.is_file():
            return None, f"找不到照片 {shown}"
    except (OSError, ValueError):  # a name no file can have
        return None, f"找不到照片 {shown}"
    return _small_photo(path, shown)


def _small_photo(path: Path, shown: str) -> tuple[Picture | None, str]:
    """Read a photograph, turned upright and no larger than a page shows."""
    from PIL import Image, ImageOps

    try:
        with warnings.catch_warnings():
            # a phone's hundred million dots are no attack; twice as many are refused
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path) as opened:
                opened.draft("RGB", (_PHOTO_DOTS, _PHOTO_DOTS))
                upright = ImageOps.exif_transpose(opened).convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None, f"照片 {shown} 打不开"
    upright.thumbnail((_PHOTO_DOTS, _PHOTO_DOTS))
    made = io.BytesIO()
    upright.save(made, format="JPEG", quality=85)
    width, height = upright.size
    return Picture(made.getvalue(), max(2.0, min(110.0, 80.0 * width / height))), ""

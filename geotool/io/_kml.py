"""KML, KMZ and OVKML: all folders, Chinese field names, shapes.

GDAL's LIBKML driver turns Chinese names in ExtendedData into ``______`` and its KML
driver drops them, so the file is read here: a placemark is a row.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import geopandas as gpd
import pandas as pd
import shapely

from geotool._notes import note
from geotool.errors import SourceError

_OVITAL = (".ovkml", ".ovkmz")
_DATUM_WORDS = (
    ("gcj02", ("gcj", "火星", "mars")),
    ("bd09", ("bd09", "bd-09", "baidu", "百度")),
    ("cgcs2000", ("cgcs", "2000", "4490")),
    ("wgs84", ("wgs", "4326")),
)


def read_kml(
    data: bytes, path: Path
) -> tuple[pd.DataFrame, gpd.GeoSeries, list[dict[str, Any]], dict[str, Any]]:
    """
    Read the placemarks of a KML text.

    Parameters
    ----------
    data : bytes
        The text.
    path : Path
        For the message, and for the ending: Ovital's own files are in GCJ-02.

    Returns
    -------
    cells, geometry, notes, source
    """
    root = _parsed(data, path.name)
    rows, shapes = [], []
    for folders, mark in _placemarks(root, ()):
        rows.append(_attributes(mark, folders))
        shapes.append(_shape(mark))
    if not rows:
        raise SourceError(
            f"{path.name} 里没有地标（Placemark）；请确认导出时选中了对象。",
            f"No placemark in {path.name}; choose the objects when exporting.",
        )
    names = list(dict.fromkeys(name for row in rows for name in row))
    cells = pd.DataFrame(rows, columns=names, dtype=object)
    cells = cells.loc[:, cells.notna().any()]
    cells = cells.where(cells.notna(), None)
    source, notes = _datum(root, path)
    return cells, gpd.GeoSeries(shapes, crs=4326), notes, source


def _parsed(data: bytes, name: str) -> ElementTree.Element:
    text = _decoded(data)
    if re.search(r"<!(DOCTYPE|ENTITY)", text, re.IGNORECASE):
        raise SourceError(
            f"{name} 含有 DOCTYPE 或 ENTITY 声明，出于安全不读；请重新导出。",
            f"{name} declares a DOCTYPE or ENTITY and is not read; export it again.",
        )
    try:
        return ElementTree.fromstring(text)
    except (ElementTree.ParseError, ValueError, RecursionError) as error:
        raise SourceError(
            f"{name} 不是完好的 KML（{error}）；请重新导出。",
            f"{name} is not sound KML ({error}); export it again.",
        ) from None


def _decoded(data: bytes) -> str:
    """Decode by ourselves: the XML parser knows no GBK."""
    found = re.match(rb"\s*<\?xml[^>]*?encoding=[\"']([\w-]+)", data[:200])
    stated = found[1].decode("ascii").lower() if found else ""
    order = ["utf-8-sig", "gb18030"]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        order = ["utf-16"]
    elif stated in ("gbk", "gb2312", "gb18030"):
        order = ["gb18030"]
    elif stated in ("big5", "cp950"):
        order = ["cp950"]
    text = None
    for encoding in order:
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    if text is None:
        text = data.decode(order[0], errors="replace")
    return re.sub(r"^\s*<\?xml[^>]*\?>", "", text)


def _tag(element: ElementTree.Element) -> str:
    return str(element.tag).rsplit("}", 1)[-1]


def _child(element: ElementTree.Element, tag: str) -> ElementTree.Element | None:
    return next((child for child in element if _tag(child) == tag), None)


def _line(element: ElementTree.Element | None) -> str | None:
    if element is None:
        return None
    text = "".join(element.itertext()).strip()
    return text or None


def _placemarks(
    root: ElementTree.Element, folders: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], ElementTree.Element]]:
    """Walk all folders, also those that stand after the document, in order."""
    stack = [(root, folders)]
    while stack:
        element, names = stack.pop()
        if _tag(element) == "Placemark":
            yield names, element
            continue
        if _tag(element) in ("Folder", "Document"):
            name = _line(_child(element, "name"))
            names = (*names, name) if name else names
        stack.extend((child, names) for child in reversed(element))


def _attributes(mark: ElementTree.Element, folders: tuple[str, ...]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": _line(_child(mark, "name")),
        "description": _line(_child(mark, "description")),
        "folder": "/".join(folders) or None,
    }
    extended = _child(mark, "ExtendedData")
    for data in () if extended is None else extended.iter():
        if _tag(data) in ("Data", "SimpleData") and data.get("name"):
            value = _child(data, "value") if _tag(data) == "Data" else data
            key = str(data.get("name"))
            key = f"{key}_2" if key in ("description", "folder") else key
            row[key] = _line(value) or row.get(key)
    return row


def _positions(text: str | None) -> list[tuple[float, float]]:
    """Read ``lon,lat[,height…]`` tuples, also with spaces after the commas."""
    found = []
    for part in re.sub(r"\s*,\s*", ",", text or "").split():
        numbers = part.split(",")
        if len(numbers) >= 2:
            found.append((float(numbers[0]), float(numbers[1])))
    return found


def _shape(element: ElementTree.Element) -> Any:
    """Make the shape of a placemark; None when it has none or a broken one."""
    shapes = []
    for child in element.iter():
        try:
            shape = _simple(child)
        except (ValueError, shapely.errors.GEOSException):
            return None
        if shape is not None:
            shapes.append(shape)
    if len(shapes) <= 1:
        return shapes[0] if shapes else None
    kinds = {shape.geom_type for shape in shapes}
    if len(kinds) > 1:
        return shapely.GeometryCollection(shapes)
    multi: dict[str, Any] = {
        "Point": shapely.MultiPoint,
        "LineString": shapely.MultiLineString,
        "Polygon": shapely.MultiPolygon,
    }
    return multi[kinds.pop()](shapes)


def _simple(element: ElementTree.Element) -> Any:
    tag = _tag(element)
    if tag == "Point":
        positions = _positions(_line(_child(element, "coordinates")))
        return shapely.Point(positions[0]) if positions else None
    if tag == "LineString":
        positions = _positions(_line(_child(element, "coordinates")))
        return shapely.LineString(positions) if positions else None
    if tag == "Polygon":
        outer, inner = [], []
        for child in element:
            rings = [
                _positions(_line(c)) for c in child.iter() if _tag(c) == "coordinates"
            ]
            if _tag(child) == "outerBoundaryIs":
                outer.extend(rings)
            elif _tag(child) == "innerBoundaryIs":
                inner.extend(rings)
        return shapely.Polygon(outer[0], inner) if outer else None
    return None


def _datum(
    root: ElementTree.Element, path: Path
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Say what the coordinates refer to: KML is WGS 84, but Ovital shifts its own."""
    stated = [_line(e) or "" for e in root.iter() if _tag(e) == "OvCoordType"]
    text = " ".join(dict.fromkeys(stated)).casefold()
    for datum, words in _DATUM_WORDS:
        if text and any(word in text for word in words):
            zh = f"文件写明坐标类型 OvCoordType={text}，按 {datum} 处理"
            en = f"The file says OvCoordType={text}: taken as {datum}"
            return {"datum": datum}, [note(zh, en)]
    if path.suffix.lower() in _OVITAL:
        zh = "奥维导出的文件默认是 GCJ-02（火星坐标），按 GCJ-02 处理；如不是，请指定 datum"
        en = "Ovital writes GCJ-02 by default: taken as GCJ-02; state the datum if not"
        return {"datum": "gcj02"}, [note(zh, en)]
    return {}, []

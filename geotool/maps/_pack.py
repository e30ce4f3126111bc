"""A layer as compressed binary columns, in base64, to lie inside the page.

The page's ``onemap_data.js`` reads what is written here. A pack is four bytes (the
length of the header, little-endian), the header (deflated JSON) and blocks of deflated
bytes that the header points to as ``[start, length packed, length unpacked]``.

Numbers are split into byte planes before they are deflated and coordinates into
differences of neighbours: both make them two to three times smaller.
"""

import base64
import datetime as dt
import json
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geotool.maps._look import Look, facet_columns
from geotool.maps._prepare import MapLayer, Parts, value_labels
from geotool.tables import load_table

COORDINATE_STEP = 1_000_000
"""Steps in one degree: a millionth is a decimetre on the ground."""

MISSING = -(2**31)
"""Stands for no value among scaled integers."""

_DICTIONARY_LIMIT = 65_535
_DECIMALS = 7

_POINT, _LINES, _POLYGON = (0,), (1, 2), (3,)  # shapely type ids


class Pack:
    """The blocks of a pack, one after the other."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []
        self.length = 0

    def add(self, raw: bytes) -> list[int]:
        packed = deflate(raw)
        place = [self.length, len(packed), len(raw)]
        self.blocks.append(packed)
        self.length += len(packed)
        return place

    def array(self, values: NDArray[Any]) -> list[int]:
        """Add numbers, split into byte planes."""
        values = np.ascontiguousarray(values)
        planes = values.view("u1").reshape(len(values), values.dtype.itemsize)
        return self.add(planes.T.tobytes())

    def steps(self, values: NDArray[np.integer]) -> list[int]:
        """Add whole numbers as differences, small ones of either sign alike."""
        step = np.diff(values.astype(np.int64), prepend=0).astype(np.int32)
        return self.array(((step << 1) ^ (step >> 31)).astype("<u4"))

    def close(self, header: dict[str, Any]) -> str:
        """Put header and blocks together, as base64."""
        head = deflate(_json(header))
        body = len(head).to_bytes(4, "little") + head + b"".join(self.blocks)
        return base64.b64encode(body).decode("ascii")


def deflate(raw: bytes) -> bytes:
    """
    Compress without a header.

    Examples
    --------
    >>> zlib.decompress(deflate(b"river " * 100), -15) == b"river " * 100
    True
    """
    packer = zlib.compressobj(6, zlib.DEFLATED, -15, 9)
    return packer.compress(raw) + packer.flush()


def pack_layer(layer: MapLayer, look: Look) -> str:
    """
    Pack a layer with its looks.

    Parameters
    ----------
    layer : MapLayer
    look : Look
        As :func:`geotool.maps._look.look_at` gives it.

    Returns
    -------
    str
        Base64.
    """
    pack = Pack()
    facets = facet_columns(look, layer.table)
    columns = [
        _pack_column(layer, key, pack, whole=key in facets) for key in layer.labels
    ]
    header = {
        "name": layer.name,
        "label": layer.label,
        "rows": len(layer.table),
        "undrawn": layer.undrawn,
        "style": page_style(look, columns),
        "columns": columns,
        "classes": {
            key: {**facts, "codes": pack.array(look.codes[key].astype("<i1"))}
            for key, facts in class_heads(look).items()
        },
        "step": COORDINATE_STEP,
        **_pack_geometry(layer.parts, len(layer.table), pack),
    }
    return pack.close(header)


def pack_settings(settings: dict[str, Any]) -> str:
    """Pack what the page needs beside layers, as base64 of UTF-8 JSON."""
    return base64.b64encode(_json(settings)).decode("ascii")


def _json(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")  # a lone surrogate is no UTF-8


# ---------------------------------------------------------------- looks
def class_heads(look: Look) -> dict[str, dict[str, Any]]:
    """List the sets of classes a layer uses: what each is called, and its entries."""
    return {
        key: {
            "label": load_table("styles")["classes"][key]["zh"],
            "entries": [_page_entry(entry) for entry in look.entries(key)],
        }
        for key in look.codes
    }


def page_style(look: Look, columns: list[dict[str, Any]]) -> dict[str, Any]:
    """Style as the page reads it: only what this layer's data can answer."""
    style, keys = look.style, [column["key"] for column in columns]
    coded = {column["key"] for column in columns if column["as"] == "codes"}
    facets = [
        key
        for key in style.get("facets", ())
        if key in look.codes or key in coded & set(keys)
    ]
    return {
        "group": style["group"],
        "order": style["order"],
        "title": style["title"] if style["title"] in keys else _first_text(columns),
        "search": [key for key in style["search"] if key in keys],
        "facets": facets,
        "colorBy": list(look.color_by),
        "by": look.by,
        "rank": style["rank"] if style.get("rank") in keys else "",
        "cluster": bool(style.get("cluster")),
        "casing": bool(style.get("casing")),
        "fade": style.get("fade", 1),
        "extent": style.get("extent", True),
        "labelZoom": style.get("label_zoom", 0),
        "labelNote": style["label_note"] if style.get("label_note") in keys else "",
        "hide": list(style.get("hide", ())),
        "first": list(style.get("first", ())),
        "base": style["base"],
    }


def _first_text(columns: list[dict[str, Any]]) -> str:
    """Call features by the first column that holds words."""
    words = [column["key"] for column in columns if column["as"] in ("codes", "text")]
    return words[0] if words else ""


def _page_entry(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in ("alias", "print")}


# ---------------------------------------------------------------- columns
def _pack_column(
    layer: MapLayer, key: str, pack: Pack, *, whole: bool
) -> dict[str, Any]:
    """Pack one column: numbers scaled to integers, words by a list or one by one."""
    head: dict[str, Any] = {"key": key, "label": layer.labels[key]}
    cells = layer.table[key]
    if pd.api.types.is_numeric_dtype(cells.dtype):
        numbers = _as_numbers(cells)
        if numbers is not None:
            styles = load_table("styles")
            if key in styles["percent"]:
                head["percent"] = True
            if key in styles["decimals"]:
                head["round"] = styles["decimals"][key]
            return {**head, **pack_numbers(numbers, pack)}
    texts = _as_texts(cells, value_labels(layer.name, key))
    codes, words = pd.factorize(texts, use_na_sentinel=True)
    few = len(words) < max(16, len(texts) // 3)
    if (few or whole) and len(words) < _DICTIONARY_LIMIT:
        order = np.argsort(np.asarray(words, dtype=object))
        place = np.zeros(len(words) + 1, dtype=np.int64)
        place[order] = np.arange(len(words)) + 1
        width = "<u1" if len(words) < 255 else "<u2"  # 0 stands for no value
        return {
            **head,
            "as": "codes",
            "width": int(width[-1]),
            "words": [str(words[position]) for position in order],
            "data": pack.array(place[codes].astype(width)),
        }
    joined = "\0".join("" if text is None else text for text in texts)
    return {**head, "as": "text", "data": pack.add(joined.encode("utf-8", "replace"))}


def _as_numbers(cells: pd.Series) -> NDArray[np.float64] | None:
    """Numbers as doubles, or None where a double cannot hold them."""
    numbers = cells.to_numpy(dtype="f8", na_value=np.nan)
    whole = pd.api.types.is_integer_dtype(cells.dtype)
    # an eighteen-digit code is an integer that a double would round
    return None if whole and (np.abs(numbers) > 2**53).any() else numbers


def pack_numbers(numbers: NDArray[np.float64], pack: Pack) -> dict[str, Any]:
    """Pack numbers as scaled integers where few decimals say them, else as doubles."""
    there = np.isfinite(numbers)
    for decimals in range(_DECIMALS):
        scaled = np.round(numbers[there] * 10**decimals)
        if (np.abs(scaled) >= -MISSING).any():
            break
        if np.allclose(scaled / 10**decimals, numbers[there], rtol=1e-12, atol=0):
            values = np.full(len(numbers), MISSING, dtype="<i4")
            values[there] = scaled
            data = pack.array(values)
            return {"as": "decimal", "decimals": decimals, "data": data}
    values = np.where(there, numbers, np.nan).astype("<f8")
    return {"as": "double", "data": pack.array(values)}


def _as_texts(cells: pd.Series, words: dict[str, str]) -> NDArray[np.object_]:
    """Cells as words, None where there is nothing."""
    if isinstance(cells.dtype, pd.DatetimeTZDtype) or cells.dtype.kind == "M":
        midnight = (cells.dropna() == cells.dropna().dt.normalize()).all()
        cells = cells.dt.strftime("%Y-%m-%d" if midnight else "%Y-%m-%d %H:%M")
    codes, found = pd.factorize(cells.astype(object), use_na_sentinel=True)
    if not words and all(type(value) is str for value in found):
        texts = [value.replace("\0", "").strip() or None for value in found]
    else:
        texts = [_text(value, words) for value in found]
    return np.array([*texts, None], dtype=object)[codes]


def _text(value: object, words: dict[str, str]) -> str | None:
    if isinstance(value, bool | np.bool_):
        return "是" if value else "否"
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column with gaps turns 1 into 1.0
    if isinstance(value, dt.date | pd.Timestamp):
        value = str(value)
    text = str(value).replace("\0", "").strip()
    return words.get(text, text) or None


# ---------------------------------------------------------------- geometry
def _pack_geometry(parts: Parts, rows: int, pack: Pack) -> dict[str, Any]:
    """Pack points, lines and polygons apart; a layer may hold all three."""
    kind = shapely.get_type_id(parts.geometry)
    found: dict[str, Any] = {}
    points = np.isin(kind, _POINT)
    if points.any():
        found["points"] = {
            **_coordinates(parts.geometry[points], pack),
            **_rows(parts.row[points], rows, pack),
        }
    lines = np.isin(kind, _LINES)
    if lines.any():
        geometry = parts.geometry[lines]
        found["lines"] = {
            **_coordinates(geometry, pack),
            "counts": pack.steps(shapely.get_num_coordinates(geometry)),
            **_rows(parts.row[lines], rows, pack),
        }
    polygons = np.isin(kind, _POLYGON)
    if polygons.any():
        rings, part = shapely.get_rings(parts.geometry[polygons], return_index=True)
        found["polygons"] = {
            **_coordinates(rings, pack),
            "counts": pack.steps(shapely.get_num_coordinates(rings)),
            "rings": pack.steps(np.bincount(part)),
            **_rows(parts.row[polygons], rows, pack),
        }
    return found


def _coordinates(geometry: Iterable[Any], pack: Pack) -> dict[str, Any]:
    degrees = shapely.get_coordinates(np.asarray(geometry, dtype=object))
    steps = np.round(degrees * COORDINATE_STEP).astype(np.int64)
    return {"x": pack.steps(steps[:, 0]), "y": pack.steps(steps[:, 1])}


def _rows(row: NDArray[np.intp], rows: int, pack: Pack) -> dict[str, Any]:
    """Row of each part, left out where each row has exactly one."""
    if len(row) == rows and (row == np.arange(rows)).all():
        return {}
    return {"row": pack.steps(row.astype(np.int64))}

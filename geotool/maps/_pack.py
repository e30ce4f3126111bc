"""A layer as compressed binary columns, in base64, to lie inside the page.

The page's ``onemap_data.js`` reads what is written here.

Numbers are split into byte planes before they are deflated and coordinates into
differences of neighbours: both make them two to three times smaller.
"""

import base64
from collections.abc import Iterable
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from geotool.maps._blocks import Pack, to_json
from geotool.maps._columns import pack_column
from geotool.maps._look import Look, facet_columns
from geotool.maps._prepare import MapLayer, Parts
from geotool.tables import load_table

COORDINATE_STEP = 1_000_000
"""Steps in one degree: a millionth is a decimetre on the ground."""

_POINT, _LINES, _POLYGON = (0,), (1, 2), (3,)  # shapely type ids


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
        pack_column(layer, key, pack, whole=key in facets) for key in layer.labels
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
    return base64.b64encode(to_json(settings)).decode("ascii")


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

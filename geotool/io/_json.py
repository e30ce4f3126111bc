"""JSON: GeoJSON, a list of records, or a table as the web pages of monitoring give it."""

import html
import json
import re
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from geotool._notes import note
from geotool.errors import SourceError
from geotool.io import _text, _vector

Parts = tuple[pd.DataFrame, gpd.GeoSeries | None, list[dict[str, Any]], dict[str, Any]]

_MARKUP = re.compile(r"<[^>]*>")


def read_json(
    path: Path, *, layer: str | None, encoding: str | None, name: Path
) -> Parts:
    """
    Read a JSON file.

    Parameters
    ----------
    path : Path
    layer, encoding : str, optional
    name : Path
        What to call it in a message.

    Returns
    -------
    cells, geometry, notes, source
    """
    text, used = _text.decode(path.read_bytes(), name=name.name, encoding=encoding)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(
            f"{name.name} 不是完好的 JSON（{error}）；请重新导出。",
            f"{name.name} is not sound JSON ({error}); export it again.",
        ) from None
    if _is_web_table(content):
        return *_web_table(content, name.name), {"encoding": used}
    if isinstance(content, dict) and "type" in content:
        return _geojson(path, layer, text, used, content)
    if not isinstance(content, list) or not all(isinstance(r, dict) for r in content):
        raise SourceError(
            f"{name.name} 不是 GeoJSON，也不是记录列表；请导出为 GeoJSON。",
            f"{name.name} is neither GeoJSON nor a list of records.",
        )
    flat = [
        {
            key: json.dumps(value, ensure_ascii=False)
            if isinstance(value, (dict, list))
            else value
            for key, value in record.items()
        }
        for record in content
    ]
    cells = pd.DataFrame(flat, dtype=object)
    return cells.where(cells.notna(), None), None, [], {"encoding": used}


def _geojson(
    path: Path, layer: str | None, text: str, used: str, content: dict[str, Any]
) -> Parts:
    stated = content["type"]
    if stated not in ("FeatureCollection", "Feature"):
        content = {"type": "Feature", "properties": {}, "geometry": content}
        text = json.dumps(content)
    ours = used != "utf-8-sig" or content["type"] != stated
    source = text.encode("utf-8") if ours else None  # GDAL reads UTF-8 only
    return _vector.read_vector(path, layer=layer, encoding=None, source=source)


def _is_web_table(content: Any) -> bool:
    if not isinstance(content, dict) or not {"thead", "tbody"} <= set(content):
        return False
    head, body = content["thead"], content["tbody"]
    return (
        isinstance(head, list)
        and isinstance(body, list)
        and all(isinstance(row, list) for row in body)
    )


def _web_table(
    content: dict[str, Any], name: str
) -> tuple[pd.DataFrame, None, list[dict[str, Any]]]:
    """Read ``{"thead": […], "tbody": [[…], …]}``, cells dressed in HTML."""
    headers = [_undressed(cell) or "" for cell in content["thead"]]
    rows = [[_undressed(cell) for cell in row] for row in content["tbody"]]
    if any(len(row) != len(headers) for row in rows) or len(set(headers)) < len(
        headers
    ):
        raise SourceError(
            f"{name} 的 thead 和 tbody 列数不一致或列名重复；请重新导出。",
            f"{name}: thead and tbody differ in width, or a header repeats.",
        )
    dressed = any(
        isinstance(cell, str) and "<" in cell
        for row in content["tbody"]
        for cell in row
    )
    notes = []
    if dressed:
        zh = "单元格里的网页标记已去掉，取页面显示的值（title 里的原始值未用）"
        en = "HTML of the cells taken away: the value that the page shows is used"
        notes.append(note(zh, en))
    return pd.DataFrame(rows, columns=headers, dtype=object), None, notes


def _undressed(cell: Any) -> Any:
    """
    Take the HTML off a cell.

    Examples
    --------
    >>> _undressed("水温<br/><span class='unit'>(℃)</span>"), _undressed(3)
    ('水温(℃)', 3)
    """
    if not isinstance(cell, str):
        return cell
    return html.unescape(_MARKUP.sub("", cell)).strip() or None
